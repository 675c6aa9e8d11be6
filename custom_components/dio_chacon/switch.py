"""Light switches, plugs and their quiet mode."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from homeassistant.components.switch import SwitchDeviceClass
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import DioConfigEntry
from .entity import async_add_rows
from .platforms import DeviceSwitch, DeviceSwitchDescription
from .protocol import Device, DioClient, Kind

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class DioSwitchDescription(DeviceSwitchDescription):
    """A switch; most are about power."""

    watches: tuple[str, ...] = ("is_on",)
    is_on_fn: Callable[[Device], bool | None] = lambda device: device.is_on
    set_fn: Callable[[DioClient, str, bool], Awaitable[None]] = DioClient.set_on


SWITCHES: Final = (
    DioSwitchDescription(
        key="light_switch",
        name=None,
        kinds=(Kind.LIGHT_SWITCH,),
        wanted_fn=lambda options: options.lights_as == Platform.SWITCH,
        device_class=SwitchDeviceClass.SWITCH,
    ),
    DioSwitchDescription(
        key="plug",
        name=None,
        kinds=(Kind.PLUG,),
        device_class=SwitchDeviceClass.OUTLET,
    ),
    DioSwitchDescription(
        key="generic",
        name=None,
        kinds=(Kind.UNKNOWN,),
        exists_fn=lambda device: device.is_on is not None,
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
    async_add_rows(hass, entry, async_add_entities, Platform.SWITCH, SWITCHES, DeviceSwitch)
