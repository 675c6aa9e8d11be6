"""Description and mapping files of an appliance: from parsed XML to the stored form, once per upload.

Source: docs/home_connect_local/wire.md §4.1, §4.2, §4.5 and the rows "Files" of §12.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from ..const import Execution, Kind
from .content_types import content_type
from .description import FORMAT, Description, Head
from .errors import ProfileError
from .literals import (
    MAX_WORD_CHARS,
    UNTYPED,
    WRONG,
    read_access,
    read_boolean,
    read_execution,
    read_id,
    read_integer,
    read_literal,
    read_number,
    read_word,
)
from .mapping import FeatureMapping, MappedEnum
from .markup import (
    ATTRIBUTES,
    LISTS,
    MAX_DEPTH,
    Element,
    children,
    elements,
    filled,
    read_description,
    read_mapping,
    text_of,
)
from .warnings import Warnings

MAX_SUBSET_STEPS: Final = 16

_KINDS: Final = frozenset(Kind)
_NONE: Final[Mapping[str, str]] = {}

type _Attributes = Mapping[str, str]
type _Columns = Mapping[str, tuple[str, Callable[[str], Any]]]
"""By attribute: under which name it is stored, and how it is read."""
type _Remembering = Mapping[str, tuple[str, Callable[[str], Any], dict[str, Any]]]
"""The same, with what was read."""


def parse_description(device_xml: bytes, mapping_xml: bytes, head: Head) -> Description:
    """Parse the two files that describe an appliance.

    May take a second for files at the limits. Raises ProfileError: ``parse_error``, ``too_large`` or ``unsafe``.
    """
    warnings = Warnings()
    # The trees of both files at once would take twice the memory, and longer.
    mapping = FeatureMapping(read_mapping(mapping_xml), warnings)
    device = read_description(device_xml)
    return Description(_Parser(device, mapping, head, warnings).stored())


class _Parser:
    """Builds the stored form from the two parsed files."""

    def __init__(
        self, device: Element, mapping: FeatureMapping, head: Head, warnings: Warnings
    ) -> None:
        """Take what was parsed."""
        self._device = device
        self._mapping = mapping
        self._head = head
        self._warn = warnings.add
        self._warnings = warnings
        self._features: dict[int, dict[str, Any]] = {}
        self._lists: dict[int, dict[str, Any]] = {}
        self._enums: dict[int, dict[str, Any]] = {}
        self._programs: list[tuple[dict[str, Any], Element]] = []
        # A few texts come again and again, so each is understood once.
        self._list_columns = _remembering(_LIST_COLUMNS)
        self._option_columns = _remembering(_OPTION_COLUMNS)
        self._feature_columns = _remembering(_FEATURE_COLUMNS)

    def stored(self) -> dict[str, Any]:
        """Build it.

        Raises ProfileError when there is no feature at all.
        """
        self._read_enums()
        self._read_list(self._device, None)
        if not self._features:
            raise ProfileError("parse_error", "the description file has no feature")
        for program, element in self._programs:  # last, since they refer to options
            program["options"] = self._options(program, element)
        head = self._head
        return {
            "format": FORMAT,
            "appliance": {
                "haId": head.ha_id,
                "type": head.type,
                "brand": head.brand,
                "vib": head.vib,
                "mac": head.mac,
                "serialNumber": head.serial_number,
            },
            "info": self._info(),
            "features": {str(uid): members for uid, members in self._features.items()},
            "lists": {str(uid): members for uid, members in self._lists.items()},
            "enums": {str(enid): members for enid, members in self._enums.items()},
            "errors": {str(code): name for code, name in self._mapping.errors.items()},
            "warnings": self._warnings.texts(),
        }

    def _info(self) -> dict[str, Any]:
        element = next(elements(self._device, "description"), {})
        found: dict[str, Any] = {}
        for name in ("type", "brand", "model"):
            found[name] = text_of(element.get(name), MAX_WORD_CHARS)
        for name in ("version", "revision"):
            found[name] = None
            with suppress(*WRONG):
                found[name] = read_integer(text_of(element.get(name), MAX_WORD_CHARS))
        found["pairableDeviceTypes"] = [
            text
            for types in children(element, "pairableDeviceTypes")
            if isinstance(types, dict)
            for item in children(types, "deviceType")
            if (text := text_of(item, MAX_WORD_CHARS)) is not None
        ]
        return found

    # Enumerations, of both files

    def _read_enums(self) -> None:
        """Read all enumerations; what only the mapping has is taken as it stands there."""
        mapped = self._mapping.enums
        declared: dict[int, tuple[int | None, list[int]]] = {}
        for section in elements(self._device, "enumerationTypeList"):
            for item in elements(section, "enumerationType"):
                self._read_enum_type(item, declared)
        for enid, (subset_of, raws) in declared.items():
            key, members = _resolve(enid, raws, declared, mapped)
            if members and not any(members.values()):
                self._warn(f"enum {enid}: no member names")
            elif None in members.values():
                self._warn(f"enum {enid}: members without names")
            self._add_enum(enid, key, subset_of, members)
        for enid, entry in mapped.items():
            if enid not in declared:
                self._add_enum(enid, entry.key, None, entry.names)

    def _read_enum_type(
        self, item: Element, declared: dict[int, tuple[int | None, list[int]]]
    ) -> None:
        try:
            attributes = item[ATTRIBUTES]
            enid = read_id(attributes["enid"])
        except WRONG:
            self._warn("description: an enumeration without id")
            return
        if enid in declared:
            self._warn(f"enum {enid}: declared twice")
            return
        subset_of: int | None = None
        if "subsetOf" in attributes:
            try:
                subset_of = read_id(attributes["subsetOf"])
            except WRONG:
                self._warn(f"enum {enid}: subsetOf is no id")
        raws: list[int] = []
        int_of = self._mapping.integers
        for member in children(item, "enumeration"):
            try:
                raws.append(int_of[member[ATTRIBUTES]["value"]])
            except WRONG:
                self._warn(f"enum {enid}: a member without value")
        declared[enid] = subset_of, raws

    def _add_enum(
        self, enid: int, key: str | None, subset_of: int | None, members: Mapping[int, str | None]
    ) -> None:
        self._enums[enid] = {
            "key": key,
            "subsetOf": subset_of,
            "members": {str(raw): name for raw, name in members.items()},
        }

    # The description file

    def _read_list(self, element: Element, parent: int | None, depth: int = 0) -> None:
        """Read what a list holds."""
        if depth > MAX_DEPTH:
            raise ProfileError("unsafe", "the lists of the description file are nested too deeply")
        for name, items in element.items():
            if name in _KINDS:
                self._read_features(name, items, parent)
            elif name in LISTS:
                for child in filled(items):
                    uid = self._list(name, child.get(ATTRIBUTES, _NONE), parent)
                    self._read_list(child, uid, depth + 1)

    def _list(self, kind: str, attributes: _Attributes, parent: int | None) -> int | None:
        """Read a list itself; give the parent of what it holds."""
        uid = self._new_uid(kind, attributes)
        if uid is None:
            return parent
        members: dict[str, Any] = {
            "uid": uid,
            "key": self._mapping.names.get(uid),
            "kind": kind,
            "parent": parent,
            "available": True,
        }
        self._members(uid, attributes, members, self._list_columns)
        self._lists[uid] = members
        return uid

    def _new_uid(self, kind: str, attributes: _Attributes) -> int | None:
        """Read the uid of a list or feature; None when it has none of its own."""
        try:
            uid = read_id(attributes["uid"])
        except WRONG:
            uid = 0  # on the wire this means none
        if not uid:
            self._warn(f"description: a {kind} without uid")
            return None
        if uid in self._features or uid in self._lists:
            self._warn(f"uid {uid}: declared twice")
            return None
        return uid

    def _read_features(self, kind: str, items: list[Any], parent: int | None) -> None:
        """Read the features of one kind that stand in one list."""
        features, enums, names = self._features, self._enums, self._mapping.names
        if kind in _ROOT_KINDS:
            parent = None
        for element in filled(items):
            attributes = element.get(ATTRIBUTES, _NONE)
            uid = self._new_uid(kind, attributes)
            if uid is None:
                continue
            key = names.get(uid)
            if key is None:
                self._warn(f"uid {uid}: no feature name")
            members: dict[str, Any] = {
                "uid": uid,
                "key": key,
                "kind": kind,
                "parent": parent,
                "available": True,
            }
            self._members(uid, attributes, members, self._feature_columns)
            if "cid" in members:
                kind_of_value = content_type(members["cid"])
                members |= kind_of_value
                if kind_of_value["contentType"] is None:
                    self._warn(f"uid {uid}: unknown content type {members['cid']}")
            wire = members.get("wire", UNTYPED)
            if "default" in attributes:
                members["default"] = self._value(uid, attributes, "default", wire)
            if "initValue" in attributes:
                members["initial"] = self._value(uid, attributes, "initValue", wire)
            if "enum" in members and members["enum"] not in enums:
                self._warn(f"uid {uid}: enumeration {members['enum']} undefined")
            if kind == "program":
                members.setdefault("execution", Execution.SELECT_AND_START.value)
                self._programs.append((members, element))
            features[uid] = members

    def _options(self, program: Mapping[str, Any], element: Element) -> list[dict[str, Any]]:
        """Read the options of a program; their values are of the type of the option meant."""
        uid = program["uid"]
        found: dict[int, dict[str, Any]] = {}
        for item in elements(element, "option"):
            try:
                attributes = item[ATTRIBUTES]
                ref = read_id(attributes["refUID"])
            except WRONG:
                self._warn(f"uid {uid}: an option without uid")
                continue
            if ref in found:
                self._warn(f"uid {uid}: option {ref} given twice")
                continue
            base = self._features.get(ref)
            if base is None:
                self._warn(f"uid {uid}: option {ref} undefined")
            members: dict[str, Any] = {"ref": ref, "available": True}
            self._members(uid, attributes, members, self._option_columns)
            if "default" in attributes:
                wire = UNTYPED if base is None else base.get("wire", UNTYPED)
                members["default"] = self._value(uid, attributes, "default", wire)
            if "enum" in members and members["enum"] not in self._enums:
                self._warn(f"uid {uid}: enumeration {members['enum']} undefined")
            found[ref] = members
        return list(found.values())

    def _members(
        self, uid: int, attributes: _Attributes, members: dict[str, Any], columns: _Remembering
    ) -> None:
        """Read those attributes whose type does not depend on others; what is wrong is left out."""
        for name, text in attributes.items():
            if name in columns:
                column, read, known = columns[name]
                if text in known:
                    members[column] = known[text]
                else:
                    try:
                        members[column] = known[text] = read(text)
                    except WRONG:
                        self._warn(f"uid {uid}: {name} not understood")

    def _value(self, uid: int, attributes: _Attributes, name: str, wire: str | None) -> Any:
        """Read a value, which is of the type of the feature; None for what is beyond repair."""
        try:
            return read_literal(attributes[name], wire)
        except WRONG:
            self._warn(f"uid {uid}: {name} not understood")
            return None


def _remembering(columns: _Columns) -> _Remembering:
    """Give columns that start to remember."""
    return {name: (column, read, {}) for name, (column, read) in columns.items()}


def _resolve(
    enid: int,
    raws: list[int],
    declared: Mapping[int, tuple[int | None, list[int]]],
    mapped: Mapping[int, MappedEnum],
) -> tuple[str | None, dict[int, str | None]]:
    """Find key and member names of an enumeration: its own, else those of what it is a subset of.

    Steps are bounded: files may say that two are subsets of each other.
    """
    key: str | None = None
    members: dict[int, str | None] = dict.fromkeys(raws)
    nameless = len(members)
    step: int | None = enid
    for _ in range(MAX_SUBSET_STEPS):
        if step is None:
            break
        if (entry := mapped.get(step)) is not None:
            key = key or entry.key
            names = entry.names
            for raw, name in members.items():
                if name is None and raw in names:
                    members[raw] = names[raw]
                    nameless -= 1
            if not nameless:
                break
        step = declared[step][0] if step in declared else None
    return key, members


_ROOT_KINDS: Final = frozenset(
    {Kind.ACTIVE_PROGRAM.value, Kind.SELECTED_PROGRAM.value, Kind.PROTECTION_PORT.value}
)


_LIST_COLUMNS: Final[_Columns] = {
    "access": ("access", read_access),
    "available": ("available", read_boolean),
}
_OPTION_COLUMNS: Final[_Columns] = {
    **_LIST_COLUMNS,
    "liveUpdate": ("liveUpdate", read_boolean),
    "min": ("min", read_number),
    "max": ("max", read_number),
    "stepSize": ("step", read_number),
    "enumerationType": ("enum", read_id),
}
_FEATURE_COLUMNS: Final[_Columns] = {
    **_OPTION_COLUMNS,
    "refCID": ("cid", read_id),
    "refDID": ("did", read_id),
    "notifyOnChange": ("notifyOnChange", read_boolean),
    "passwordProtected": ("passwordProtected", read_boolean),
    "fullOptionSet": ("fullOptionSet", read_boolean),
    "validate": ("validate", read_boolean),
    "handling": ("handling", read_word),
    "level": ("level", read_word),
    "execution": ("execution", read_execution),
}
