"""Coloured lights that show what they are told."""

from typing import Any

from homeassistant.components.light import ColorMode, LightEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from benchmarks.ha import bare
from benchmarks.hap_controller.bridge import BRIGHTNESS_IID, HUE_IID, ON_IID, SATURATION_IID

_FULL = 255
_PERCENT = 100


async def async_setup_entry(
    hass: HomeAssistant, entry: bare.BareEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add one per light."""
    data = entry.runtime_data
    aids = [aid for aid, iid in data.client.values if iid == ON_IID]
    async_add_entities([BareLight(data, aid) for aid in aids])


class BareLight(bare.BareToggle, LightEntity):
    """One light, with what there is to show of one that has colours."""

    def __init__(self, data: bare.Bare, aid: int) -> None:
        """Start with the values that were read."""
        values: dict[tuple[int, int], Any] = data.client.values
        device = {"id": str(aid), "name": f"Light {aid}"}
        super().__init__(data, device, is_on=bool(values[aid, ON_IID]))
        self._attr_brightness = round(values[aid, BRIGHTNESS_IID] * _FULL / _PERCENT)
        self._attr_hs_color = values[aid, HUE_IID], values[aid, SATURATION_IID]
        self._attr_color_mode = ColorMode.HS
        self._attr_supported_color_modes = {ColorMode.HS, ColorMode.COLOR_TEMP}
        self._attr_min_color_temp_kelvin = 2000
        self._attr_max_color_temp_kelvin = 6500
