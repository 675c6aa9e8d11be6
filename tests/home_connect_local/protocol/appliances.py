"""Appliances for tests: the seven synthetic ones, and tiny ones made of a few features."""

from collections.abc import Iterable, Iterator
from functools import cache
import json
from pathlib import Path
from typing import Any

from custom_components.home_connect_local.protocol.messages import (
    description_changes,
    program_reports,
    values,
)
from custom_components.home_connect_local.protocol.model import Appliance
from custom_components.home_connect_local.protocol.profile import Description

VECTORS = Path(__file__).parents[1] / "vectors" / "profiles"

OVEN = "000000000000000303"
DISHWASHER = "BOSCH-SYN0DW01-68A40E530001"
FRIDGE = "BOSCH-SYN0FF06-68A40E530006"
HOOD = "BOSCH-SYN0HD04-68A40E530004"
HOB = "GAGGENAU-SYN0HB07-68A40E530007"
COFFEE = "SIEMENS-SYN0CM05-68A40E530005"
WASHER = "SIEMENS-SYN0WM02-68A40E530002"
ALL = (OVEN, DISHWASHER, FRIDGE, HOOD, HOB, COFFEE, WASHER)


@cache
def stored(name: str) -> dict[str, Any]:
    """Give the golden result of parsing a profile; do not change it."""
    return json.loads((VECTORS / f"{name}_parsed.json").read_text(encoding="utf-8"))


@cache
def seed(name: str) -> dict[str, Any]:
    """Give what the simulator of a profile begins with."""
    return json.loads((VECTORS / f"{name}_sim.json").read_text(encoding="utf-8"))


@cache
def described(name: str) -> Description:
    """Load a profile."""
    return Description.load(stored(name))


def told(name: str) -> Appliance:
    """Give an appliance that has told all it tells when a link begins."""
    appliance = Appliance(described(name))
    appliance.apply_changes(description_changes(seed(name)["allDescriptionChanges"]))
    appliance.apply_values(values(seed(name)["allMandatoryValues"]))
    return appliance


def steps(name: str, scenario: str) -> Iterator[dict[str, Any]]:
    """Go through the steps of a scenario."""
    for each in seed(name)["scenarios"]:
        if each["name"] == scenario:
            yield from each["steps"]


def hear(appliance: Appliance, step: dict[str, Any]) -> frozenset[int]:
    """Let an appliance say what a step of a scenario has it say."""
    data = step["data"]
    match step["resource"]:
        case "/ro/values":
            return appliance.apply_values(values(data))
        case "/ro/descriptionChange":
            return appliance.apply_changes(description_changes(data))
        case resource:
            uid = 256 if resource.endswith("activeProgram") else 257
            reports = program_reports(data)
            return frozenset().union(*(appliance.apply_program(uid, each) for each in reports))


def notify(appliance: Appliance, *items: dict[str, Any]) -> frozenset[int]:
    """Let an appliance tell how it differs from its description."""
    return appliance.apply_changes(description_changes(items))


WIRES = {
    "boolean": "boolean",
    "enumeration": "integer",
    "float": "number",
    "integer": "integer",
    "percent": "number",
    "string": "string",
    "temperatureCelsius": "number",
    "timeSpan": "integer",
    "uidValue": "integer",
}


def feature(
    uid: int, key: str | None = None, kind: str = "setting", **members: Any
) -> dict[str, Any]:
    """Describe one feature; ``content`` names its content type, a boolean unless told."""
    content = members.pop("content", "boolean")
    item: dict[str, Any] = {
        "uid": uid,
        "key": key or f"Test.{kind.capitalize()}.F{uid}",
        "kind": kind,
        "parent": None,
        "available": True,
    }
    if kind not in {"program", "activeProgram", "selectedProgram", "protectionPort"}:
        item |= {"contentType": content, "wire": WIRES.get(content), "list": False, "cid": 0}
        item["access"] = {"status": "read", "event": "read", "command": "writeonly"}.get(
            kind, "readwrite"
        )
    if kind == "program":
        item |= {"execution": "selectandstart", "options": []}
    if kind in {"activeProgram", "selectedProgram"}:
        item["access"] = "readwrite"
    item |= members
    return {name: value for name, value in item.items() if value != "absent"}


def entry(ref: int, **members: Any) -> dict[str, Any]:
    """Describe one option of a program."""
    item = {"ref": ref, "available": True, "access": "readwrite"} | members
    return {name: value for name, value in item.items() if value != "absent"}


def group(uid: int, parent: int | None = None, **members: Any) -> dict[str, Any]:
    """Describe one list."""
    return {
        "uid": uid,
        "key": None,
        "kind": "optionList",
        "parent": parent,
        "access": "readwrite",
        "available": True,
    } | members


def build(
    *features: dict[str, Any],
    lists: Iterable[dict[str, Any]] = (),
    enums: dict[int, dict[int, str | None]] | None = None,
    subsets: dict[int, int] | None = None,
    kind: str = "Washer",
) -> Appliance:
    """Make an appliance of a few features."""
    names = ("type", "brand", "vib", "mac", "serialNumber")
    return Appliance(
        Description.load(
            {
                "format": 1,
                "appliance": {"haId": "TEST", **dict.fromkeys(names)},
                "info": {
                    **dict.fromkeys(("type", "brand", "model", "version", "revision")),
                    "type": kind,
                    "pairableDeviceTypes": [],
                },
                "features": {str(each["uid"]): each for each in features},
                "lists": {str(each["uid"]): each for each in lists},
                "enums": {
                    str(enid): {
                        "key": None,
                        "subsetOf": (subsets or {}).get(enid),
                        "members": {str(raw): name for raw, name in members.items()},
                    }
                    for enid, members in (enums or {}).items()
                },
                "errors": {},
                "warnings": [],
            }
        )
    )


POWER = feature(539, "BSH.Common.Setting.PowerState", content="enumeration", enum=516)
OPERATION = feature(
    552, "BSH.Common.Status.OperationState", "status", content="enumeration", enum=515
)
ACTIVE = feature(256, "BSH.Common.Root.ActiveProgram", "activeProgram")
SELECTED = feature(257, "BSH.Common.Root.SelectedProgram", "selectedProgram")
STATES: dict[int, dict[int, str | None]] = {
    515: {
        0: "Inactive",
        1: "Ready",
        2: "DelayedStart",
        3: "Run",
        4: "Pause",
        5: "ActionRequired",
        6: "Finished",
        7: "Error",
        8: "Aborting",
    },
    516: {0: "MainsOff", 1: "Off", 2: "On", 3: "Standby"},
}
