"""Plain lights on a client of a bridge: for benchmarks, never installed."""

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant

from benchmarks.ha import bare

PLATFORMS = [Platform.LIGHT]


async def async_setup_entry(hass: HomeAssistant, entry: bare.BareEntry) -> bool:
    """Connect and add entities."""
    return await bare.set_up(hass, entry, "hap_controller.listening", PLATFORMS)


async def async_unload_entry(hass: HomeAssistant, entry: bare.BareEntry) -> bool:
    """Remove the entities and disconnect."""
    return await bare.unload(hass, entry, PLATFORMS)
