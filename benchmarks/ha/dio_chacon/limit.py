"""An integration that is nothing but the limit's conversation and plain entities."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from homeassistant.components.switch import SwitchEntity
from homeassistant.config_entries import ConfigEntry

import custom_components

DOMAIN = "dio_bare"
VERSION = 1

# Home Assistant looks for custom components wherever this package lies.
custom_components.__path__.append(str(Path(__file__).parents[1] / "bare_components"))


def entry_data(card: Mapping[str, Any], account: Mapping[str, str]) -> dict[str, Any]:
    """Hand over the card as it is."""
    return {"card": dict(card), "account": dict(account)}


def switches(entry: ConfigEntry[Any]) -> Mapping[str, SwitchEntity]:
    """Give its switches."""
    found: Mapping[str, SwitchEntity] = entry.runtime_data.switches
    return found
