"""Switches that show what they are told."""

from homeassistant.components.switch import SwitchEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from . import BareEntry, BareToggle

SOCKET = 1


async def async_setup_entry(
    hass: HomeAssistant, entry: BareEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add one per socket."""
    bare = entry.runtime_data
    async_add_entities([BareSwitch(bare, members) for members in bare.objects_of(SOCKET)])


class BareSwitch(BareToggle, SwitchEntity):
    """One switch."""
