"""Lights that show what they are told."""

from homeassistant.components.light import ColorMode, LightEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from . import BareEntry, BareToggle

LIGHT_SWITCH = 2


async def async_setup_entry(
    hass: HomeAssistant, entry: BareEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add one per light switch."""
    bare = entry.runtime_data
    async_add_entities([BareLight(bare, members) for members in bare.objects_of(LIGHT_SWITCH)])


class BareLight(BareToggle, LightEntity):
    """One light."""

    _attr_color_mode = ColorMode.ONOFF
    _attr_supported_color_modes = {ColorMode.ONOFF}
