"""The component."""

from collections.abc import Mapping
from typing import Any

from homeassistant.components.switch import SwitchEntity
from homeassistant.config_entries import ConfigEntry

DOMAIN = "dio_chacon"
VERSION = 1


def entry_data(card: Mapping[str, Any], account: Mapping[str, str]) -> dict[str, Any]:
    """Fill in what the form asks for, the advanced addresses too."""
    return {
        "username": account["email"],
        "password": account["password"],
        "installation_id": "benchmark",
        "login_url": card["auth_url"],
        "websocket_url": card["ws_url"],
    }


def switches(entry: ConfigEntry[Any]) -> Mapping[str, SwitchEntity]:
    """Give none: its entities show what the device reports and nothing else."""
    return {}
