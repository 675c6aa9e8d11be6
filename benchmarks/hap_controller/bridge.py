"""Bridges, made up and always the same: what a large one describes, and what it tells.

The description has what those of real bridges have, in like shares: short types, what each is called, metadata on
numbers only, texts that most accessories share, and names that none do. It is as compact as that of the bridge software
that most large ones run. Nothing in it needs tolerance, so that every parser accepts it.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import orjson

ACCESSORIES: Final = 150
"""As many as one bridge may have."""

LIGHTS: Final = 100
"""Behind the bridge that is connected to."""

type Json = dict[str, Any]

ON: Final = "25"

SERVICE_IID: Final = 8
"""Of what an accessory is, behind its information."""

ON_IID, BRIGHTNESS_IID, HUE_IID, SATURATION_IID = range(SERVICE_IID + 1, SERVICE_IID + 5)
"""Of a coloured light."""

_NAMES: Final = {
    "8": "Brightness",
    "11": "Current Temperature",
    "13": "Hue",
    "14": "Identify",
    "1D": "Lock Current State",
    "1E": "Lock Target State",
    "20": "Manufacturer",
    "21": "Model",
    "22": "Motion Detected",
    "23": "Name",
    "25": "On",
    "26": "Outlet In Use",
    "2F": "Saturation",
    "30": "Serial Number",
    "33": "Target Heating Cooling State",
    "35": "Target Temperature",
    "36": "Temperature Display Units",
    "37": "Version",
    "52": "Firmware Revision",
    "6D": "Current Position",
    "72": "Position State",
    "73": "Programmable Switch Event",
    "75": "Status Active",
    "79": "Status Low Battery",
    "7C": "Target Position",
    "CB": "Service Label Index",
    "F": "Current Heating Cooling State",
}
_READ: Final = ["pr"]
_EVENTS: Final = ["pr", "ev"]
_WRITE: Final = ["pr", "pw", "ev"]
_PERCENT: Final = {"unit": "percentage", "minValue": 0, "maxValue": 100, "minStep": 1}
_CELSIUS: Final = {"unit": "celsius", "minStep": 0.1}


def _number(type_: str, format_: str, perms: list[str], value: Any, **limits: Any) -> Json:
    return {"type": type_, "perms": perms, "format": format_, "value": value, **limits}


def _enum(type_: str, perms: list[str], last: int, value: int = 0) -> Json:
    return _number(type_, "uint8", perms, value, minValue=0, maxValue=last, minStep=1)


def _on(value: bool) -> Json:
    return _number(ON, "bool", _WRITE, value)


def _light(number: int) -> tuple[str, list[Json]]:
    return "43", [
        _on(number % 2 == 0),
        _number("8", "int", _WRITE, number % 101, **_PERCENT),
        _number(
            "13", "float", _WRITE, 30.5, unit="arcdegrees", minValue=0, maxValue=360, minStep=1
        ),
        _number("2F", "float", _WRITE, 75.0, **_PERCENT),
    ]


def _dimmer(number: int) -> tuple[str, list[Json]]:
    return "43", [_on(number % 2 == 0), _number("8", "int", _WRITE, number % 101, **_PERCENT)]


def _outlet(number: int) -> tuple[str, list[Json]]:
    return "47", [_on(number % 2 == 0), _number("26", "bool", _EVENTS, True)]


def _blind(number: int) -> tuple[str, list[Json]]:
    position = number % 101
    return "8C", [
        _number("6D", "uint8", _EVENTS, position, **_PERCENT),
        _number("7C", "uint8", _WRITE, position, **_PERCENT),
        _enum("72", _EVENTS, 2, 2),
    ]


def _lock(number: int) -> tuple[str, list[Json]]:
    return "45", [_enum("1D", _EVENTS, 3, number % 2), _enum("1E", _WRITE, 1, number % 2)]


def _thermostat(number: int) -> tuple[str, list[Json]]:
    return "4A", [
        _enum("F", _EVENTS, 2),
        _enum("33", _WRITE, 3, number % 4),
        _number("11", "float", _EVENTS, 20.5 + number % 5, minValue=-40, maxValue=100, **_CELSIUS),
        _number("35", "float", _WRITE, 21.0, minValue=10, maxValue=38, **_CELSIUS),
        _enum("36", _WRITE, 1),
    ]


def _climate(number: int) -> tuple[str, list[Json]]:
    return "8A", [
        _number("11", "float", _EVENTS, 19.5 + number % 7, minValue=-40, maxValue=100, **_CELSIUS),
        _number("75", "bool", _EVENTS, True),
        _enum("79", _EVENTS, 1),
    ]


def _motion(number: int) -> tuple[str, list[Json]]:
    return "85", [_number("22", "bool", _EVENTS, number % 3 == 0), _enum("79", _EVENTS, 1)]


def _button(number: int) -> tuple[str, list[Json]]:
    return "89", [_enum("73", _EVENTS, 2) | {"value": None}, _enum("CB", _READ, 9, 1 + number % 4)]


_KINDS: Final = (
    _light,
    _dimmer,
    _outlet,
    _light,
    _blind,
    _lock,
    _thermostat,
    _climate,
    _motion,
    _button,
)


def bridge(accessories: int = ACCESSORIES) -> list[Json]:
    """Describe a bridge with one accessory of each kind in turn behind it."""
    return [_bridge_itself(), *map(_accessory, range(2, accessories + 1))]


def lights(accessories: int = 99) -> list[Json]:
    """Describe a bridge with coloured lights behind it: four characteristics each that tell events."""
    return [_bridge_itself(), *(_accessory(aid, _light) for aid in range(2, accessories + 2))]


def _bridge_itself() -> Json:
    version = {"type": "37", "perms": _READ, "format": "string", "value": "1.1.0"}
    protocol = _service(9, "A2", [version])
    return {"aid": 1, "services": [_information("Made-up Bridge", 1), protocol]}


def _accessory(aid: int, kind: Any = None) -> Json:
    type_, characteristics = (kind or _KINDS[aid % len(_KINDS)])(aid)
    name = {"type": "23", "perms": _READ, "format": "string", "value": f"Room {aid}"}
    services = [
        _information(f"Accessory {aid}", aid),
        _service(SERVICE_IID, type_, [*characteristics, name]),
    ]
    return {"aid": aid, "services": services}


def _information(name: str, number: int) -> Json:
    texts = {"20": "Made-up Works", "21": f"M-{number % 10}", "23": name, "30": f"SN-{number:06}"}
    texts["52"] = "1.4.2"
    identify = {"type": "14", "perms": ["pw"], "format": "bool"}
    return _service(
        1,
        "3E",
        [
            identify,
            *(
                {"type": type_, "perms": _READ, "format": "string", "value": text}
                for type_, text in texts.items()
            ),
        ],
    )


def _service(iid: int, type_: str, characteristics: list[Json]) -> Json:
    numbered = [
        {"iid": iid + 1 + place, **each, "description": _NAMES[each["type"]]}
        for place, each in enumerate(characteristics)
    ]
    return {"iid": iid, "type": type_, "characteristics": numbered}


def body(accessories: Iterable[Json]) -> bytes:
    """Write the answer to a request for the description."""
    return orjson.dumps({"accessories": list(accessories)})


def keys(accessories: Iterable[Json]) -> list[tuple[int, int]]:
    """List the aid and iid of all characteristics."""
    return [key for key, _ in _characteristics(accessories)]


def values(accessories: Iterable[Json]) -> dict[tuple[int, int], Any]:
    """Give all values, by aid and iid; what cannot be read has none."""
    return {key: each.get("value") for key, each in _characteristics(accessories)}


def switched(accessories: Iterable[Json]) -> dict[tuple[int, int], Any]:
    """Give the value of what is on or off, by aid and iid."""
    return {key: each["value"] for key, each in _characteristics(accessories) if each["type"] == ON}


def notifying(accessories: Iterable[Json]) -> list[tuple[int, int]]:
    """List the aid and iid of what tells events."""
    return [key for key, each in _characteristics(accessories) if "ev" in each["perms"]]


def _characteristics(accessories: Iterable[Json]) -> Iterator[tuple[tuple[int, int], Json]]:
    for accessory in accessories:
        for service in accessory["services"]:
            for each in service["characteristics"]:
                yield (accessory["aid"], each["iid"]), each


def event(aid: int, iid: int, value: Any) -> bytes:
    """Write the body of an event about one characteristic."""
    return orjson.dumps({"characteristics": [{"aid": aid, "iid": iid, "value": value}]})
