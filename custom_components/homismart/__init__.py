"""Homismart: switches, curtains, door locks and their hubs on the vendor's cloud."""

import logging

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_PASSWORD
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceEntry

from .cloud import async_delete_issues
from .const import CONF_PASSWORD_MD5, DOMAIN, PLATFORMS
from .coordinator import Coordinator, HomismartConfigEntry, account_id_of
from .protocol import digest

_LOGGER = logging.getLogger(__name__)


async def async_setup_entry(hass: HomeAssistant, entry: HomismartConfigEntry) -> bool:
    """Connect an account and add its entities, which then all have a state."""
    coordinator = Coordinator(hass, entry)
    await coordinator.async_connect()
    entry.runtime_data = coordinator
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: HomismartConfigEntry) -> bool:
    """Remove the entities; the entry then stops the link, which it owns."""
    if entry.disabled_by:  # nothing to mend in what is not used
        async_delete_issues(hass, entry.entry_id)
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_migrate_entry(hass: HomeAssistant, entry: HomismartConfigEntry) -> bool:
    """Take over an entry of the earlier integration of this domain.

    It kept the password itself, and the user name as typed for its unique id. Its entities have the ids of ours.
    """
    if entry.version == 1:
        data = dict(entry.data)
        # Should there be none, the cloud refuses the login and the user is asked.
        data.setdefault(CONF_PASSWORD_MD5, digest(data.pop(CONF_PASSWORD, "")))
        account_id = account_id_of(data)
        other = hass.config_entries.async_entry_for_domain_unique_id(DOMAIN, account_id)
        if other not in (None, entry):
            _LOGGER.error(
                "%s is the same account as another entry; remove one of them", entry.title
            )
            return False
        hass.config_entries.async_update_entry(
            entry, data=data, unique_id=account_id, version=2, minor_version=1
        )
    return True


async def async_remove_entry(hass: HomeAssistant, entry: HomismartConfigEntry) -> None:
    """Leave no repair issue behind."""
    async_delete_issues(hass, entry.entry_id)


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: HomismartConfigEntry, device_entry: DeviceEntry
) -> bool:
    """Allow to delete a device that is no longer in the account; the vendor's account stays untouched."""
    if entry.state is not ConfigEntryState.LOADED:
        return False
    coordinator = entry.runtime_data
    present = {*coordinator.devices, coordinator.account_id}
    return not any(
        domain == DOMAIN and device_id in present for domain, device_id in device_entry.identifiers
    )
