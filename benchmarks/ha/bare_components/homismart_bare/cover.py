"""Covers that show what was read at the start."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from benchmarks.ha import bare

from . import objects_of

CURTAIN = 5
STANDING = 200


async def async_setup_entry(
    hass: HomeAssistant, entry: bare.BareEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add one per curtain."""
    async_add_entities(
        [
            bare.BareCover(members, 100 - int(members["curtainState"]) % STANDING)
            for members in objects_of(entry, CURTAIN)
        ]
    )
