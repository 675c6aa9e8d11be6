"""The accessory of somebody's bug report, brought to life.

What Home Assistant writes as diagnostics has the description with all values; keys and serial numbers are left out.
"""

import json
from typing import Any

from .demo import BRIDGE, Model
from .description import Accessory, Characteristic, Json, read_accessories
from .values import beginning

_OTHER = 1


def model_from(text: str, name: str) -> Model:
    """Read diagnostics, with or without what Home Assistant wraps them in. Raises ValueError."""
    try:
        told = json.loads(text)
        data = _unwrapped(told)
        described = data["accessories"]
        accessories = read_accessories(described)
        if not accessories:
            raise ValueError("there is no accessory in it")
        category = data.get("category") or (BRIDGE if len(accessories) > 1 else _OTHER)
        return Model(accessories[0].name or name, int(category), lambda: _fresh(described))
    except (AttributeError, LookupError, TypeError, ValueError) as err:
        raise ValueError(f"these are no diagnostics of HomeKit accessories: {err}") from err


def _unwrapped(told: Any) -> Json:
    data: Json = told.get("data", told)
    return data


def _fresh(described: list[Json]) -> list[Accessory]:
    accessories = read_accessories(described)
    for accessory in accessories:
        for each in accessory.characteristics:
            _complete(each)
    return accessories


def _complete(each: Characteristic) -> None:
    """Give a value to what must have one and whose value was not told, or not as it is."""
    if each.value is None and "pr" in each.perms and not each.stateless:
        each.value = beginning(each)
