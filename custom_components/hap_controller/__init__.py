"""HomeKit accessories, controlled by Home Assistant itself over the local network."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.typing import ConfigType

from .cache import async_get_cache
from .const import DOMAIN
from .coordinator import Coordinator, HapConfigEntry, async_delete_issues

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register what is there whether or not an accessory is."""
    return True


async def async_setup_entry(hass: HomeAssistant, entry: HapConfigEntry) -> bool:
    """Add the entities of an accessory or bridge, which may be off."""
    coordinator = Coordinator(hass, entry, await async_get_cache(hass))
    await coordinator.async_connect()
    entry.runtime_data = coordinator
    await coordinator.async_load_platforms()
    return True


async def async_unload_entry(hass: HomeAssistant, entry: HapConfigEntry) -> bool:
    """Remove the entities; the entry then stops the link, which it owns."""
    if entry.disabled_by:  # nothing to mend in what is not used
        async_delete_issues(hass, entry.entry_id)
    return await hass.config_entries.async_unload_platforms(entry, entry.runtime_data.platforms)


async def async_remove_entry(hass: HomeAssistant, entry: HapConfigEntry) -> None:
    """Leave no repair issue behind."""
    async_delete_issues(hass, entry.entry_id)


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: HapConfigEntry, device_entry: dr.DeviceEntry
) -> bool:
    """Let a device be deleted by hand when no accessory is behind it."""
    aid = entry.runtime_data.aid_of(device_entry)
    return aid is None or aid not in entry.runtime_data.database.accessories
