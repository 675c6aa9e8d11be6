"""Light switches, for those who want them as lights."""

from typing import Any, Final, override

from homeassistant.components.light import ColorMode, LightEntity, LightEntityDescription
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import DioConfigEntry
from .entity import DeviceEntity, DeviceRow, async_add_rows
from .protocol import Kind

PARALLEL_UPDATES = 0


class DioLightDescription(DeviceRow, LightEntityDescription):
    """A light."""


LIGHTS: Final = (
    DioLightDescription(
        key="light",
        name=None,
        kinds=(Kind.LIGHT_SWITCH,),
        wanted_fn=lambda options: options.lights_as == Platform.LIGHT,
        watches=("is_on",),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: DioConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the lights of an account."""
    async_add_rows(hass, entry, async_add_entities, Platform.LIGHT, LIGHTS, DioLight)


class DioLight(DeviceEntity, LightEntity):
    """A light that shows what its switch reports."""

    entity_description: DioLightDescription

    _attr_color_mode = ColorMode.ONOFF
    _attr_supported_color_modes = {ColorMode.ONOFF}

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether it is on; None until reported."""
        return self.device.is_on

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
