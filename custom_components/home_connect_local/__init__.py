"""Home Connect Local: appliances of the Home Connect brands on the local network, without the vendor's cloud."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.typing import ConfigType

from .const import CONF_HA_ID, CONF_TAKE_OVER, DOMAIN, PLATFORMS
from .coordinator import Coordinator, HomeConnectConfigEntry, async_delete_issues
from .services import async_setup_services
from .takeover import async_take_over

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the actions, which are there whether or not an appliance is."""
    async_setup_services(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: HomeConnectConfigEntry) -> bool:
    """Add the entities of an appliance, which may be switched off."""
    coordinator = Coordinator(hass, entry)
    await coordinator.async_connect()
    entry.runtime_data = coordinator
    if CONF_TAKE_OVER in entry.data:
        await async_take_over(hass, entry, coordinator.device_id)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: HomeConnectConfigEntry) -> bool:
    """Remove the entities; the entry then stops the link, which it owns."""
    if entry.disabled_by:  # nothing to mend in what is not used
        async_delete_issues(hass, entry.entry_id)
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: HomeConnectConfigEntry) -> None:
    """Leave no repair issue behind."""
    async_delete_issues(hass, entry.entry_id)


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: HomeConnectConfigEntry, device_entry: dr.DeviceEntry
) -> bool:
    """Let a device be deleted by hand unless it is the appliance."""
    return (DOMAIN, entry.data[CONF_HA_ID]) not in device_entry.identifiers
