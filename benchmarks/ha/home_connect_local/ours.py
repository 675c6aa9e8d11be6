"""The component."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.helpers.entity import ToggleEntity
import orjson

from benchmarks.home_connect_local.appliance import DEVICE_ID, encoded
from benchmarks.home_connect_local.big_profile import HA_ID
from benchmarks.home_connect_local.ours import parsed
from custom_components.home_connect_local.entity import feature_slug
from custom_components.home_connect_local.protocol import read_archive

DOMAIN = "home_connect_local"
VERSION = 1
# Nothing in the made-up profile is known by name.
OPTIONS = {"all_features": True}


def entry_data(card: Mapping[str, Any], account: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in what the form stores of the archive that the user has."""
    (profile,) = read_archive(Path(account["archive"]).read_bytes()).profiles
    return {
        "ha_id": profile.ha_id,
        "host": account["host"],
        "port": account["port"],
        "connection_type": profile.connection_type,
        "key": encoded(profile.key),
        "device_id": DEVICE_ID,
        # As Home Assistant reads it at its start.
        "description": orjson.loads(orjson.dumps(profile.description.store())),
    }


def unique_id(device_id: str) -> str:
    """Name the entity of a feature."""
    return f"{HA_ID}-{feature_slug(parsed().features[int(device_id)])}"


def switches(entry: ConfigEntry[Any]) -> Mapping[str, ToggleEntity]:
    """Give none: its entities show what the appliance reports and nothing else."""
    return {}
