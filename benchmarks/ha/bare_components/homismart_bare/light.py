"""Lights that show what they are told."""

from homeassistant.components.light import ColorMode, LightEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from benchmarks.ha import bare

from . import objects_of

LIGHT_SWITCH = 2


async def async_setup_entry(
    hass: HomeAssistant, entry: bare.BareEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add one per light switch."""
    data = entry.runtime_data
    async_add_entities(
        [BareLight(data, each, is_on=each["power"]) for each in objects_of(entry, LIGHT_SWITCH)]
    )


class BareLight(bare.BareToggle, LightEntity):
    """One light."""

    _attr_color_mode = ColorMode.ONOFF
    _attr_supported_color_modes = {ColorMode.ONOFF}
