"""Light switches, plugs and their quiet mode."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.switch import SwitchDeviceClass, SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import DioConfigEntry
from .entity import DeviceEntity, DeviceRow, async_add_rows
from .protocol import Device, DioClient, Kind

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class DioSwitchDescription(DeviceRow, SwitchEntityDescription):
    """A switch: how it reads and writes."""

    is_on_fn: Callable[[Device], bool | None] = lambda device: device.is_on
    set_fn: Callable[[DioClient, str, bool], Awaitable[None]] = DioClient.set_on


SWITCHES: Final = (
    DioSwitchDescription(
        key="light_switch",
        name=None,
        kinds=(Kind.LIGHT_SWITCH,),
        wanted_fn=lambda options: options.lights_as == Platform.SWITCH,
        watches=("is_on",),
        device_class=SwitchDeviceClass.SWITCH,
    ),
    DioSwitchDescription(
        key="plug",
        name=None,
        kinds=(Kind.PLUG,),
        watches=("is_on",),
        device_class=SwitchDeviceClass.OUTLET,
    ),
    DioSwitchDescription(
        key="generic",
        name=None,
        kinds=(Kind.UNKNOWN,),
        wanted_fn=lambda options: options.unknown_devices,
        exists_fn=lambda device: device.is_on is not None,
        watches=("is_on",),
        entity_registry_enabled_default=False,
    ),
    DioSwitchDescription(
        key="quietmode",
        translation_key="quiet_mode",
        exists_fn=lambda device: device.quiet is not None,
        watches=("quiet",),
        is_on_fn=lambda device: device.quiet,
        set_fn=DioClient.set_quiet,
        entity_category=EntityCategory.CONFIG,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: DioConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the switches of an account."""
    async_add_rows(hass, entry, async_add_entities, Platform.SWITCH, SWITCHES, DioSwitch)


class DioSwitch(DeviceEntity, SwitchEntity):
    """A switch that shows what the device reports."""

    entity_description: DioSwitchDescription

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether it is on; None until reported."""
        return self.entity_description.is_on_fn(self.device)

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Turn it on."""
        await self._async_set(on=True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Turn it off."""
        await self._async_set(on=False)

    async def _async_set(self, *, on: bool) -> None:
        coordinator = self.coordinator
        await coordinator.async_command(
            self.entity_description.set_fn(coordinator.client, self._subject_id, on)
        )
