"""The component."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.helpers.entity import ToggleEntity
import orjson

from benchmarks.home_connect_local.appliance import DEVICE_ID, KEY, encoded
from benchmarks.home_connect_local.big_profile import HA_ID
from benchmarks.home_connect_local.ours import parsed
from custom_components.home_connect_local.entity import feature_slug

DOMAIN = "home_connect_local"
VERSION = 1
# Nothing in the made-up profile is known by name.
OPTIONS = {"all_features": True}


def entry_data(card: Mapping[str, Any], account: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in what the form stores."""
    return {
        "ha_id": HA_ID,
        "host": account["host"],
        "port": account["port"],
        "connection_type": account["link"],
        "key": encoded(KEY),
        "device_id": DEVICE_ID,
        "description": orjson.loads(orjson.dumps(parsed().store())),
    }


def unique_id(device_id: str) -> str:
    """Name the entity of a feature."""
    return f"{HA_ID}-{feature_slug(parsed().features[int(device_id)])}"


def switches(entry: ConfigEntry[Any]) -> Mapping[str, ToggleEntity]:
    """Give none: its entities show what the appliance reports and nothing else."""
    return {}
