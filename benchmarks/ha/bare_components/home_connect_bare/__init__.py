"""Plain entities on a client of an appliance: for benchmarks, never installed."""

from typing import Any

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceInfo

from benchmarks.ha import bare
from benchmarks.home_connect_local.appliance import is_switch

PLATFORMS = [Platform.SENSOR, Platform.SWITCH]
DEVICE = DeviceInfo(identifiers={("bare", "appliance")}, name="Appliance")


async def async_setup_entry(hass: HomeAssistant, entry: bare.BareEntry) -> bool:
    """Connect and add entities."""
    return await bare.set_up(hass, entry, "home_connect_local", PLATFORMS)


async def async_unload_entry(hass: HomeAssistant, entry: bare.BareEntry) -> bool:
    """Remove the entities and disconnect."""
    return await bare.unload(hass, entry, PLATFORMS)


def values_of(entry: bare.BareEntry, *, switches: bool) -> dict[str, Any]:
    """Give the values that switches show, or all others, by the names of the features."""
    values = entry.runtime_data.client.values.items()
    return {str(uid): value for uid, value in values if is_switch(uid, value) is switches}


def described(name: str) -> dict[str, Any]:
    """Describe a feature as plain entities want it."""
    return {"id": name, "name": f"Feature {name}"}
