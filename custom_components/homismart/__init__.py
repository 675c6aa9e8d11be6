"""Homismart: switches, curtains, door locks and their hubs on the vendor's cloud."""

import logging

from homeassistant.const import CONF_PASSWORD
from homeassistant.core import HomeAssistant

from .const import CONF_PASSWORD_MD5, DOMAIN
from .coordinator import HomismartConfigEntry, account_id_of
from .entry import (
    async_remove_config_entry_device,
    async_remove_entry,
    async_setup_entry,
    async_unload_entry,
)
from .protocol import digest

__all__ = [
    "async_migrate_entry",
    "async_remove_config_entry_device",
    "async_remove_entry",
    "async_setup_entry",
    "async_unload_entry",
]

_LOGGER = logging.getLogger(__name__)


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
                "An entry of the earlier integration is of the same account as another entry;"
                " remove one of them"
            )
            return False
        hass.config_entries.async_update_entry(
            entry, data=data, unique_id=account_id, version=2, minor_version=1
        )
    return True
