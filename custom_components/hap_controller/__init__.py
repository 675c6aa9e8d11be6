"""HomeKit accessories, controlled by Home Assistant itself over the local network."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryError
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.typing import ConfigType

from .cache import async_get_cache
from .const import CONF_PAIRING_ID, CONF_TAKE_OVER, DOMAIN
from .coordinator import Coordinator, HapConfigEntry
from .issues import async_delete_issues
from .leftovers import async_get_leftovers, async_unpair
from .services import async_setup_services
from .takeover import (
    BUILT_IN_ACTIVE,
    async_leave_behind,
    async_settle,
    async_take_over,
    async_watch_twins,
    is_twin_active,
)

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register what is there whether or not an accessory is."""
    async_setup_services(hass)
    async_watch_twins(hass)
    leftovers = await async_get_leftovers(hass)
    hass.async_create_background_task(leftovers.async_take_back_all(), f"{DOMAIN} leftovers")
    return True


async def async_setup_entry(hass: HomeAssistant, entry: HapConfigEntry) -> bool:
    """Add the entities of an accessory or bridge, which may be off."""
    if is_twin_active(hass, entry):
        raise ConfigEntryError(translation_domain=DOMAIN, translation_key=BUILT_IN_ACTIVE)
    if CONF_TAKE_OVER in entry.data:
        async_take_over(hass, entry)
    coordinator = Coordinator(hass, entry, await async_get_cache(hass))
    await coordinator.async_connect()
    entry.runtime_data = coordinator
    await coordinator.async_load_platforms()
    if CONF_TAKE_OVER in entry.data:
        async_settle(hass, entry, coordinator.database.accessories)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: HapConfigEntry) -> bool:
    """Remove the entities; the entry then stops the link, which it owns."""
    if entry.disabled_by:  # nothing to mend in what is not used
        async_delete_issues(hass, entry.entry_id)
    return await entry.runtime_data.async_unload_platforms()


async def async_remove_entry(hass: HomeAssistant, entry: HapConfigEntry) -> None:
    """Leave nothing behind: no repair issue, no description, and on the accessory no pairing, if it can be reached and nobody else has it."""
    async_delete_issues(hass, entry.entry_id)
    async_leave_behind(hass, entry)
    if isinstance(pairing_id := entry.data.get(CONF_PAIRING_ID), str):
        (await async_get_cache(hass)).drop(pairing_id)
    await async_unpair(hass, entry)


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: HapConfigEntry, device_entry: dr.DeviceEntry
) -> bool:
    """Let a device be deleted by hand when no accessory is behind it, as far as that is known now."""
    if entry.state is not ConfigEntryState.LOADED:
        return False
    aid = entry.runtime_data.devices.aid_of(device_entry)
    return aid is None or aid not in entry.runtime_data.database.accessories
