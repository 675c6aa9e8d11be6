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
from .markup import (
    LISTS,
    MAX_DEPTH,
    Element,
    children,
    elements,
    read_root,
    text_of,
    with_attributes,
)

MAX_SUBSET_STEPS: Final = 16
MAX_NAME_CHARS: Final = 255
MAX_WARNINGS: Final = 200

_KINDS: Final = frozenset(Kind)

type _Columns = Mapping[str, tuple[str, Callable[[str], Any]]]
"""By attribute: under which name it is stored, and how it is read."""


def parse_description(device_xml: bytes, mapping_xml: bytes, head: Head) -> Description:
    """Parse the two files that describe an appliance.

    May take a second for files at the limits. Raises ProfileError: ``parse_error``, ``too_large`` or ``unsafe``.
    """
    device = read_root(device_xml, "device", "description file")
    mapping = read_root(mapping_xml, "featureMappingFile", "mapping file")
    return Description(_Parser(device, mapping, head).stored())


class _Parser:
    """Builds the stored form from the two parsed files."""

    def __init__(self, device: Element, mapping: Element, head: Head) -> None:
        """Take what was parsed."""
        self._device = device
        self._mapping = mapping
        self._head = head
        self._names: dict[int, str] = {}
        self._features: dict[int, dict[str, Any]] = {}
        self._lists: dict[int, dict[str, Any]] = {}
        self._enums: dict[int, dict[str, Any]] = {}
        self._programs: list[tuple[dict[str, Any], Element]] = []
        self._understood: dict[Callable[[str], Any], dict[str, Any]] = {
            read: {} for _, read in _FEATURE_COLUMNS.values()
        }
        self._raws: dict[str, int] = {}
        self._warnings: dict[str, None] = {}
        self._more_warnings = 0

    def stored(self) -> dict[str, Any]:
        """Build it.

        Raises ProfileError when there is no feature at all.
        """
        self._read_names()
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
            "errors": self._errors(),
            "warnings": self._all_warnings(),
        }

    def _warn(self, text: str) -> None:
        if len(self._warnings) < MAX_WARNINGS:
            self._warnings[text] = None
        elif text not in self._warnings:
            self._more_warnings += 1

    def _all_warnings(self) -> list[str]:
        more = [f"{self._more_warnings} more"] if self._more_warnings else []
        return [*self._warnings, *more]

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

    # The mapping file

    def _read_names(self) -> None:
        """Read the names of features and lists."""
        names = self._names
        for section in elements(self._mapping, "featureDescription"):
            for item in children(section, "feature"):
                try:
                    uid, name = read_id(item["refUID"]), item["#text"]
                except WRONG:
                    self._warn("mapping: a feature without uid or name")
                    continue
                names.setdefault(uid, name[:MAX_NAME_CHARS])

    def _errors(self) -> dict[str, str]:
        """Read the names of result codes."""
        found: dict[str, str] = {}
        for section in elements(self._mapping, "errorDescription"):
            for item in children(section, "error"):
                try:
                    found.setdefault(str(read_id(item["refEID"])), item["#text"][:MAX_NAME_CHARS])
                except WRONG:
                    self._warn("mapping: an error without code or name")
        return found

    def _mapped_enums(self) -> dict[int, tuple[str | None, dict[int, str]]]:
        """Read keys and member names of enumerations."""
        found: dict[int, tuple[str | None, dict[int, str]]] = {}
        for section in elements(self._mapping, "enumDescriptionList"):
            for item in elements(section, "enumDescription"):
                try:
                    enid = read_id(item["refENID"])
                except WRONG:
                    self._warn("mapping: an enumeration without id")
                    continue
                names: dict[int, str] = {}
                for member in children(item, "enumMember"):
                    try:
                        raw, name = self._raw(member["refValue"]), member["#text"]
                    except WRONG:
                        self._warn(f"enum {enid}: a member without value or name")
                        continue
                    names.setdefault(raw, name[:MAX_NAME_CHARS])
                key = text_of(item.get("enumKey"), MAX_NAME_CHARS)
                found.setdefault(enid, (key, names))
        return found

    # Enumerations, of both files

    def _read_enums(self) -> None:
        """Read all enumerations; what only the mapping has is taken as it stands there."""
        mapped = self._mapped_enums()
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
        for enid, (key, names) in mapped.items():
            if enid not in declared:
                self._add_enum(enid, key, None, names)

    def _read_enum_type(
        self, item: Element, declared: dict[int, tuple[int | None, list[int]]]
    ) -> None:
        try:
            enid = read_id(item["enid"])
        except WRONG:
            self._warn("description: an enumeration without id")
            return
        if enid in declared:
            self._warn(f"enum {enid}: declared twice")
            return
        subset_of: int | None = None
        if "subsetOf" in item:
            try:
                subset_of = read_id(item["subsetOf"])
            except WRONG:
                self._warn(f"enum {enid}: subsetOf is no id")
        raws: list[int] = []
        for member in children(item, "enumeration"):
            try:
                raws.append(self._raw(member["value"]))
            except WRONG:
                self._warn(f"enum {enid}: a member without value")
        declared[enid] = subset_of, raws

    def _raw(self, text: Any) -> int:
        """Read a raw value; the same few come again and again."""
        raws = self._raws
        if text not in raws:
            raws[text] = read_integer(text)
        return raws[text]

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
                for child in with_attributes(items):
                    self._read_list(child, self._list(name, child, parent), depth + 1)

    def _list(self, kind: str, element: Element, parent: int | None) -> int | None:
        """Read a list itself; give the parent of what it holds."""
        uid = self._new_uid(kind, element)
        if uid is None:
            return parent
        members: dict[str, Any] = {
            "uid": uid,
            "key": self._names.get(uid),
            "kind": kind,
            "parent": parent,
            "available": True,
        }
        self._attributes(uid, element, members, _LIST_COLUMNS)
        self._lists[uid] = members
        return uid

    def _new_uid(self, kind: str, element: Element) -> int | None:
        """Read the uid of a list or feature; None when it has none of its own."""
        try:
            uid = read_id(element["uid"])
        except WRONG:
            uid = 0  # on the wire this means none
        if not uid:
            self._warn(f"description: a {kind} without uid")
            return None
        if uid in self._features or uid in self._lists:
            self._warn(f"uid {uid}: declared twice")
            return None
        return uid

    def _read_features(self, kind: str, items: object, parent: int | None) -> None:
        """Read the features of one kind that stand in one list."""
        features, enums, names = self._features, self._enums, self._names
        if kind in _ROOT_KINDS:
            parent = None
        for element in with_attributes(items):
            uid = self._new_uid(kind, element)
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
            self._attributes(uid, element, members, _FEATURE_COLUMNS)
            if "cid" in members:
                kind_of_value = content_type(members["cid"])
                members |= kind_of_value
                if kind_of_value["contentType"] is None:
                    self._warn(f"uid {uid}: unknown content type {members['cid']}")
            wire = members.get("wire", UNTYPED)
            if "default" in element:
                members["default"] = self._value(uid, element, "default", wire)
            if "initValue" in element:
                members["initial"] = self._value(uid, element, "initValue", wire)
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
                ref = read_id(item["refUID"])
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
            self._attributes(uid, item, members, _OPTION_COLUMNS)
            if "default" in item:
                wire = UNTYPED if base is None else base.get("wire", UNTYPED)
                members["default"] = self._value(uid, item, "default", wire)
            if "enum" in members and members["enum"] not in self._enums:
                self._warn(f"uid {uid}: enumeration {members['enum']} undefined")
            found[ref] = members
        return list(found.values())

    def _attributes(
        self, uid: int, element: Element, members: dict[str, Any], columns: _Columns
    ) -> None:
        """Read those attributes whose type does not depend on others; what is wrong is left out.

        A few texts come again and again, so each is understood once.
        """
        understood = self._understood
        for name, text in element.items():
            if name in columns:
                column, read = columns[name]
                try:
                    members[column] = understood[read][text]
                except KeyError, TypeError:
                    try:
                        members[column] = understood[read][text] = read(text)
                    except WRONG:
                        self._warn(f"uid {uid}: {name} not understood")

    def _value(self, uid: int, element: Element, name: str, wire: str | None) -> Any:
        """Read a value, which is of the type of the feature; None for what is beyond repair."""
        try:
            return read_literal(element[name], wire)
        except WRONG:
            self._warn(f"uid {uid}: {name} not understood")
            return None


def _resolve(
    enid: int,
    raws: list[int],
    declared: Mapping[int, tuple[int | None, list[int]]],
    mapped: Mapping[int, tuple[str | None, dict[int, str]]],
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
            key = key or entry[0]
            names = entry[1]
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
