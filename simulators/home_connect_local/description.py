"""What an appliance can do, read from its pair of XML files, as far as a simulator needs to know.

Written apart from the component's own parser, so that a wrong belief of the one is not mirrored by the other.
Source: docs/home_connect_local/wire.md §4.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
import json
from typing import Any
from xml.etree import ElementTree as ET

ACTIVE_PROGRAM = 256
SELECTED_PROGRAM = 257

_LISTS = {"statusList", "settingList", "eventList", "commandList", "optionList", "programGroup"}
_SINGLES = {"activeProgram", "selectedProgram", "protectionPort"}
_ROOM_OF_MEMBERS = {"status", "setting", "event", "command", "option", "program"} | _SINGLES
# Content types (§4.3) by the kind of JSON they travel as; a list is an object (§4.3).
_BOOLEAN = {0x01}
_INTEGER = {
    0x02,
    0x03,
    0x10,
    0x12,
    0x13,
    0x14,
    0x15,
    0x18,
    0x1F,
    0x20,
    0x25,
    0x26,
    0x2F,
    0x3A,
    0x3B,
}
_STRING = {0x05, 0x06, 0x0A, 0x16, 0x17, 0x1E, 0x30, 0x32, 0x3D}
_OBJECT = {0x19, 0x1A, 0x1B, 0x28, 0x2A, 0x31, 0x3C, 0x3E, 0x3F, 0x42}
_LIST = 0x80
_LAST = 0x42
UID_VALUE = 0x15
RGB = 0x1E
# Storage types (§4.4): integers, and floats that are kept in integers.
_INTEGERS = range(0x80, 0x88)
_FLOATS_IN_INTEGERS = range(0xA0, 0xA8)
_FLOATS_IN_SIGNED = range(0xA4, 0xA8)


@dataclass(frozen=True, slots=True)
class ProgramOption:
    """What a program says about one of its options."""

    uid: int
    fields: Mapping[str, Any]
    """``access``, ``available``, ``liveUpdate``, ``default``, ``min``, ``max``, ``stepSize``, ``enum``: those it has."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature, as the files have it."""

    uid: int
    kind: str
    """The name of its element, such as ``setting`` or ``activeProgram``."""
    key: str | None
    parent: int
    """The uid of the nearest list, 0 for none."""
    fields: Mapping[str, Any]
    """``access``, ``available``, ``enum``, ``min``, ``max``, ``stepSize``, ``default``, ``execution`` …: those it has."""
    content: int = 0
    storage: int = 0
    options: Mapping[int, ProgramOption] = field(default_factory=dict)

    @property
    def is_list(self) -> bool:
        """Whether its values are lists."""
        return self.content > _LIST

    @property
    def json_kind(self) -> str:
        """The kind of JSON its values are: boolean, integer, number, string, object or any."""
        if self.is_list:
            return "object" if self.content <= _LIST + _LAST else "any"
        for kind, contents in (
            ("boolean", _BOOLEAN),
            ("integer", _INTEGER),
            ("string", _STRING),
            ("object", _OBJECT),
        ):
            if self.content in contents:
                return kind
        return "number" if 0 < self.content <= _LAST else "any"

    def must_be_whole(self, strictly: bool) -> bool:
        """Tell whether a number must be written as a JSON integer.

        What is known to refuse 4.0 keeps its number in a signed integer: the set-points of fridges (§9.3).
        ``strictly`` takes the same for true of whatever an integer holds.
        """
        if strictly:
            return self.storage in _INTEGERS or self.storage in _FLOATS_IN_INTEGERS
        return self.storage in _FLOATS_IN_SIGNED


@dataclass(frozen=True, slots=True)
class FeatureList:
    """A list or group of features."""

    uid: int
    parent: int
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Description:
    """All of one appliance."""

    type: str
    brand: str
    model: str
    features: Mapping[int, Feature]
    lists: Mapping[int, FeatureList]
    enums: Mapping[int, frozenset[int]]
    """Raw members by enumeration; one that is not declared is absent."""
    names: Mapping[int, Mapping[int, str]]
    """Names of raw members by enumeration, where the mapping has them."""
    by_key: Mapping[str, int]

    def programs(self) -> Iterator[Feature]:
        """Go through the programs."""
        return (feature for feature in self.features.values() if feature.kind == "program")


def read_description(device: bytes, mapping: bytes) -> Description:
    """Read the pair of files. Raises ValueError when they are none."""
    root, texts = _root(device, "device"), _root(mapping, "featureMappingFile")
    keys = {
        int(node.attrib["refUID"], 16): (node.text or "").strip()
        for node in _all(texts, "feature")
        if "refUID" in node.attrib
    }
    features: dict[int, Feature] = {}
    lists: dict[int, FeatureList] = {}
    _read_members(root, 0, keys, features, lists)
    by_key: dict[str, int] = {}
    for feature in features.values():
        if feature.key:
            by_key.setdefault(feature.key, feature.uid)
    about = {
        _local(node): (node.text or "").strip()
        for node in next(iter(_all(root, "description")), ET.Element("none"))
    }
    enums, supersets = _read_enums(root)
    return Description(
        about.get("type", ""),
        about.get("brand", ""),
        about.get("model", ""),
        features,
        lists,
        enums,
        _read_names(texts, enums, supersets),
        by_key,
    )


def _root(data: bytes, name: str) -> ET.Element:
    try:
        # Files that whoever runs the simulator chose himself.
        root = ET.fromstring(data)  # noqa: S314
    except ET.ParseError as err:
        raise ValueError(f"the {name} file is no XML: {err}") from err
    if _local(root) != name:
        raise ValueError(f"the root is {_local(root)!r}, not {name!r}")
    return root


def _local(node: ET.Element) -> str:
    return node.tag.rpartition("}")[2]


def _all(root: ET.Element, name: str) -> list[ET.Element]:
    return [node for node in root.iter() if _local(node) == name]


def _read_members(
    node: ET.Element,
    parent: int,
    keys: Mapping[int, str],
    features: dict[int, Feature],
    lists: dict[int, FeatureList],
) -> None:
    for child in node:
        name = _local(child)
        if name in _LISTS:
            uid = int(child.attrib.get("uid", "0"), 16)
            lists[uid] = FeatureList(uid, parent, _read_fields(child))
            _read_members(child, uid, keys, features, lists)
        elif name in _ROOM_OF_MEMBERS:
            uid = int(child.attrib["uid"], 16)
            features.setdefault(
                uid,
                Feature(
                    uid,
                    name,
                    keys.get(uid),
                    0 if name in _SINGLES else parent,
                    _read_fields(child),
                    int(child.attrib.get("refCID", "0"), 16),
                    int(child.attrib.get("refDID", "0"), 16),
                    {
                        option.uid: option
                        for option in (
                            ProgramOption(int(item.attrib["refUID"], 16), _read_fields(item))
                            for item in child
                        )
                    },
                ),
            )


def _read_fields(node: ET.Element) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, text in node.attrib.items():
        match name:
            case "access" | "execution":
                fields[name] = text.upper()
            case "available" | "liveUpdate" | "fullOptionSet" | "validate" | "notifyOnChange":
                fields[name] = text in {"true", "1"}
            case "min" | "max" | "stepSize":
                fields[name] = _number(text)
            case "enumerationType":
                fields["enum"] = int(text, 16)
            case "default" | "initValue" | "handling" | "level":
                fields[name] = text
    return fields


def _number(text: str) -> int | float:
    value = float(text)
    return int(value) if value.is_integer() else value


def read_literal(feature: Feature, text: str) -> Any:
    """Give a value that the files have as text as it travels; None for one that cannot be read."""
    try:
        match feature.json_kind:
            case "boolean":
                return text in {"true", "1"}
            case "integer":
                return int(text)
            case "number":
                return _number(text)
            case "object":
                return json.loads(text)
            case _:
                return text
    except ValueError:
        return None


def _read_enums(root: ET.Element) -> tuple[dict[int, frozenset[int]], dict[int, int]]:
    enums: dict[int, frozenset[int]] = {}
    supersets: dict[int, int] = {}
    for node in _all(root, "enumerationType"):
        enid = int(node.attrib["enid"], 16)
        enums[enid] = frozenset(int(item.attrib["value"]) for item in node)
        if superset := node.attrib.get("subsetOf"):
            supersets[enid] = int(superset, 16)
    return enums, supersets


def _read_names(
    texts: ET.Element, enums: Mapping[int, frozenset[int]], supersets: Mapping[int, int]
) -> dict[int, dict[int, str]]:
    names = {
        int(node.attrib["refENID"], 16): {
            int(item.attrib["refValue"]): (item.text or "").strip() for item in node
        }
        for node in _all(texts, "enumDescription")
    }
    for enid in enums:
        known = {enid}
        source = enid
        while source not in names and (source := supersets.get(source, 0)) and source not in known:
            known.add(source)
        if source in names:
            names.setdefault(enid, names[source])
    return names
