"""Covers that show what was read at the start."""

from typing import Any

from homeassistant.components.cover import CoverEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from benchmarks.dio_chacon.limit import LEVEL

from . import BareEntry, value


async def async_setup_entry(
    hass: HomeAssistant, entry: BareEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add one per shutter."""
    client = entry.runtime_data.client
    async_add_entities(
        [
            BareCover(device, level)
            for device in client.devices
            if (level := value(client, device["id"], LEVEL, "openLevel")) is not None
        ]
    )


class BareCover(CoverEntity):
    """One shutter."""

    _attr_has_entity_name = True
    _attr_name = None
    _attr_should_poll = False

    def __init__(self, device: dict[str, Any], level: int) -> None:
        """Start with the state that was read."""
        self._attr_unique_id = device["id"]
        self._attr_current_cover_position = level
        self._attr_is_closed = level == 0
        self._attr_device_info = DeviceInfo(
            identifiers={("dio_bare", device["id"])}, name=device["name"]
        )
