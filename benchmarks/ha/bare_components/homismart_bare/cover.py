"""Covers that show what was read at the start."""

from typing import Any

from homeassistant.components.cover import CoverEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from . import BareEntity, BareEntry

CURTAIN = 5
STANDING = 200


async def async_setup_entry(
    hass: HomeAssistant, entry: BareEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add one per curtain."""
    async_add_entities([BareCover(each) for each in entry.runtime_data.objects_of(CURTAIN)])


class BareCover(BareEntity, CoverEntity):
    """One curtain."""

    def __init__(self, members: dict[str, Any]) -> None:
        """Start with the state that was read."""
        super().__init__(members)
        level = int(members["curtainState"]) % STANDING
        self._attr_current_cover_position = 100 - level
        self._attr_is_closed = level == 100
