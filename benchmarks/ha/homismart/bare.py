"""What the contenders have in common that are plain entities on a client."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.helpers.entity import ToggleEntity

import custom_components

DOMAIN = "homismart_bare"
VERSION = 1

# Home Assistant looks for custom components wherever this package lies.
custom_components.__path__.append(str(Path(__file__).parents[1] / "bare_components"))


def data_for(
    client: str,
) -> Callable[[Mapping[str, Any], Mapping[str, str]], dict[str, Any]]:
    """Hand over the card as it is, and which client to use."""

    def entry_data(card: Mapping[str, Any], account: Mapping[str, str]) -> dict[str, Any]:
        return {"card": dict(card), "account": dict(account), "client": client}

    return entry_data


def switches(entry: ConfigEntry[Any]) -> Mapping[str, ToggleEntity]:
    """Give its lights and switches."""
    found: Mapping[str, ToggleEntity] = entry.runtime_data.switches
    return found
