"""Plain entities on a client of DIO devices: for benchmarks, never installed."""

from typing import Any

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant

from benchmarks.dio_chacon.limit import Client
from benchmarks.ha import bare

PLATFORMS = [Platform.COVER, Platform.SWITCH]


async def async_setup_entry(hass: HomeAssistant, entry: bare.BareEntry) -> bool:
    """Connect and add entities."""
    return await bare.set_up(hass, entry, "dio_chacon", PLATFORMS)


async def async_unload_entry(hass: HomeAssistant, entry: bare.BareEntry) -> bool:
    """Remove the entities and disconnect."""
    return await bare.unload(hass, entry, PLATFORMS)


def value(client: Client, device_id: str, resource: str, member: str) -> Any:
    """Find a value in what the cloud said of a device; None when there is none."""
    for link in client.states[device_id]["links"]:
        if link["rt"] == resource:
            return link[member]
    return None
