"""Plain entities on a client of Homismart devices: for benchmarks, never installed."""

from typing import Any

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant

from benchmarks.ha import bare

PLATFORMS = [Platform.COVER, Platform.LIGHT, Platform.SWITCH]


async def async_setup_entry(hass: HomeAssistant, entry: bare.BareEntry) -> bool:
    """Connect and add entities."""
    return await bare.set_up(hass, entry, "homismart", PLATFORMS)


async def async_unload_entry(hass: HomeAssistant, entry: bare.BareEntry) -> bool:
    """Remove the entities and disconnect."""
    return await bare.unload(hass, entry, PLATFORMS)


def objects_of(entry: bare.BareEntry, type_number: int) -> list[dict[str, Any]]:
    """Give the objects of one type."""
    objects = entry.runtime_data.client.objects.values()
    return [members for members in objects if members["type"] == type_number]
