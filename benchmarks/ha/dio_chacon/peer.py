"""The integration that Home Assistant brings, on the published client."""

from collections.abc import Mapping
from typing import Any

from dio_chacon_wifi_api import client  # type: ignore[import-untyped]
from homeassistant.components.switch import SwitchEntity
from homeassistant.config_entries import ConfigEntry

DOMAIN = "chacon_dio"
VERSION = 1


def entry_data(card: Mapping[str, Any], account: Mapping[str, str]) -> dict[str, Any]:
    """Lead its client to the counterpart, in this process only: it has no setting for that."""
    client.DIOCHACON_WS_URL = card["ws_url"]
    return {"username": account["email"], "password": account["password"]}


def switches(entry: ConfigEntry[Any]) -> Mapping[str, SwitchEntity]:
    """Give none."""
    return {}
