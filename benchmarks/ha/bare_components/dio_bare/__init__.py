"""The least that an integration of these devices can do: for benchmarks, never installed."""

from dataclasses import dataclass, field
from typing import Any

from homeassistant.components.switch import SwitchEntity
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from benchmarks.dio_chacon.limit import Client

PLATFORMS = [Platform.COVER, Platform.SWITCH]


@dataclass
class Bare:
    """What the platforms need."""

    client: Client
    switches: dict[str, SwitchEntity] = field(default_factory=dict)


type BareEntry = ConfigEntry[Bare]


async def async_setup_entry(hass: HomeAssistant, entry: BareEntry) -> bool:
    """Connect and add entities."""
    client = Client(entry.data["card"], entry.data["account"], async_get_clientsession(hass))
    await client.connect()
    entry.runtime_data = Bare(client)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: BareEntry) -> bool:
    """Remove the entities and disconnect."""
    await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    await entry.runtime_data.client.disconnect()
    return True


def value(client: Client, device_id: str, resource: str, member: str) -> Any:
    """Find a value in what the cloud said of a device; None when there is none."""
    for link in client.states[device_id]["links"]:
        if link["rt"] == resource:
            return link[member]
    return None
