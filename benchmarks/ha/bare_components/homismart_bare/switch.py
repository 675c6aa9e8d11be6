"""Switches that show what they are told."""

from homeassistant.components.switch import SwitchEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from benchmarks.ha import bare

from . import objects_of

SOCKET = 1


async def async_setup_entry(
    hass: HomeAssistant, entry: bare.BareEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add one per socket."""
    data = entry.runtime_data
    async_add_entities(
        [BareSwitch(data, each, is_on=each["power"]) for each in objects_of(entry, SOCKET)]
    )


class BareSwitch(bare.BareToggle, SwitchEntity):
    """One switch."""
