"""The component."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.helpers.entity import ToggleEntity

from custom_components.homismart.protocol import digest

DOMAIN = "homismart"
VERSION = 2


def entry_data(card: Mapping[str, Any], account: Mapping[str, str]) -> dict[str, Any]:
    """Fill in what the form asks for, the advanced address too."""
    return {
        "username": account["email"],
        "password_md5": digest(account["password"]),
        "websocket_url": card["ws_url"],
    }


def switches(entry: ConfigEntry[Any]) -> Mapping[str, ToggleEntity]:
    """Give none: its entities show what the device reports and nothing else."""
    return {}
