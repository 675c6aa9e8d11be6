"""Covers that show what was read at the start."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from benchmarks.dio_chacon.limit import LEVEL
from benchmarks.ha import bare

from . import value


async def async_setup_entry(
    hass: HomeAssistant, entry: bare.BareEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add one per shutter."""
    client = entry.runtime_data.client
    async_add_entities(
        [
            bare.BareCover(device, level)
            for device in client.devices
            if (level := value(client, device["id"], LEVEL, "openLevel")) is not None
        ]
    )
