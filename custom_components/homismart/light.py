"""Light switches."""

from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.light import ColorMode, LightEntity, LightEntityDescription
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import HomismartConfigEntry
from .entity import DeviceEntity, DeviceRow, async_add_rows
from .protocol import Kind

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class HomismartLightDescription(DeviceRow, LightEntityDescription):
    """A light."""


LIGHTS: Final = (
    HomismartLightDescription(
        key="light",
        name=None,
        kinds=(Kind.LIGHT_SWITCH,),
        wanted_fn=lambda options: options.lights_as == Platform.LIGHT,
        watches=("is_on",),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HomismartConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the lights of an account."""
    async_add_rows(hass, entry, async_add_entities, Platform.LIGHT, LIGHTS, HomismartLight)


class HomismartLight(DeviceEntity, LightEntity):
    """A light that shows what its switch reports, or what is wanted of it while that is on the way."""

    entity_description: HomismartLightDescription

    _attr_color_mode = ColorMode.ONOFF
    _attr_supported_color_modes = {ColorMode.ONOFF}

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether it is on; None until reported."""
        is_on: bool | None = self.device.expected("is_on")
        return is_on

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Turn it on."""
        await self._async_set(on=True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Turn it off."""
        await self._async_set(on=False)

    async def _async_set(self, *, on: bool) -> None:
        await self.coordinator.async_command(self.coordinator.client.set_on(self._subject_id, on))
