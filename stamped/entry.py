"""The life of a config entry: connected, unloaded, removed."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceEntry

from .cloud import async_delete_issues
from .const import DOMAIN, PLATFORMS
from .coordinator import CloudConfigEntry, Coordinator


async def async_setup_entry(hass: HomeAssistant, entry: CloudConfigEntry) -> bool:
    """Connect an account and add its entities, which then all have a state."""
    coordinator = Coordinator(hass, entry)
    await coordinator.async_connect()
    entry.runtime_data = coordinator
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: CloudConfigEntry) -> bool:
    """Remove the entities; the entry then stops the link, which it owns."""
    if entry.disabled_by:  # nothing to mend in what is not used
        async_delete_issues(hass, entry.entry_id)
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: CloudConfigEntry) -> None:
    """Leave no repair issue behind."""
    async_delete_issues(hass, entry.entry_id)


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: CloudConfigEntry, device_entry: DeviceEntry
) -> bool:
    """Allow to delete a device that is no longer in the account; the vendor's account stays untouched."""
    if entry.state is not ConfigEntryState.LOADED:
        return False
    coordinator = entry.runtime_data
    present = {*coordinator.devices, coordinator.account_id}
    return not any(
        domain == DOMAIN and device_id in present for domain, device_id in device_entry.identifiers
    )
