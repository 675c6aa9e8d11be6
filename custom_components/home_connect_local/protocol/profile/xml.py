"""Description and mapping files of an appliance: XML to the stored form, once per upload.

Source: docs/home_connect_local/wire.md §4.1 to §4.5 and the rows "Files" of §12. Bounds are ours: real pairs of
files have some 6,000 elements, seven deep.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
import math
from typing import Any, Final, NoReturn, override
from xml.parsers import expat

import orjson

from ..const import Access, Execution, Kind
from .content_types import content_type
from .description import FORMAT, Description, Head
from .errors import ProfileError

MAX_XML_BYTES: Final = 20 * 1024 * 1024
MAX_MARKS: Final = 200_000
"""Most start and end tags of one file, comments counted with them."""
MAX_ATTRIBUTES: Final = 500_000
MAX_DEPTH: Final = 64
MAX_ID: Final = 0xFFFF_FFFF
"""Identifiers have 16 bits on today's appliances."""
MAX_SUBSET_STEPS: Final = 16
MAX_NAME_CHARS: Final = 255
MAX_INFO_CHARS: Final = 64
MAX_LITERAL_CHARS: Final = 64 * 1024
MAX_NUMBER_CHARS: Final = 40
MAX_JSON_DEPTH: Final = 32
MAX_WARNINGS: Final = 200
# What every JSON encoder of Home Assistant can write.
_INTEGERS: Final = range(-(2**63), 2**64)
# Up to here every integral float is one integer.
_EXACT_FLOAT: Final = 2**53

_LISTS: Final = frozenset(
    {"statusList", "settingList", "eventList", "commandList", "optionList", "programGroup"}
)
_KINDS: Final = frozenset(Kind)
_REPEATED: Final = (
    _LISTS
    | _KINDS
    | {
        "description",
        "deviceType",
        "enumerationTypeList",
        "enumerationType",
        "enumeration",
        "featureDescription",
        "feature",
        "errorDescription",
        "error",
        "enumDescriptionList",
        "enumDescription",
        "enumMember",
    }
)

type _Element = Mapping[str, Any]
"""Attributes by name, children of one name as a list, text as ``#text``. What a file should not have may be there."""
type _Columns = Mapping[str, tuple[str, Callable[[str], Any]]]
"""By attribute: under which name it is stored, and how it is read; the latter is the same in all tables."""


def parse_description(device_xml: bytes, mapping_xml: bytes, head: Head) -> Description:
    """Parse the two files that describe an appliance.

    May take a second for files at the limits. Raises ProfileError: ``parse_error``, ``too_large`` or ``unsafe``.
    """
    device = _root(device_xml, "device", "description file")
    mapping = _root(mapping_xml, "featureMappingFile", "mapping file")
    return Description(_Parser(device, mapping, head).stored())


def _root(data: bytes, name: str, file: str) -> _Element:
    """Parse one file; its root must have this local name.

    The counts are taken before: they bound the memory that parsing needs.
    """
    if (
        len(data) > MAX_XML_BYTES
        or data.count(b"<") > MAX_MARKS
        or data.count(b"=") > MAX_ATTRIBUTES
    ):
        raise ProfileError("too_large", f"the {file} is beyond all bounds")
    found, root = _document(data, file, _GuardedParser)
    if ":" in found:  # rare, and not worth the time it takes to look for in all elements
        found, root = _document(data, file, _LocalNamesParser)
    if found != name or not isinstance(root, dict):
        raise ProfileError("parse_error", f"the {file} has no element {name} with content")
    for child, items in root.items():
        if child not in _REPEATED and not _within_depth(items):
            raise ProfileError("unsafe", f"the {file} is nested too deeply")
    return root


def _document(data: bytes, file: str, kind: type[_GuardedParser]) -> tuple[str, object]:
    """Parse a file to the name of its root and what that has."""
    import xmltodict  # noqa: PLC0415  Needed at an upload only, not at every start

    try:
        document = xmltodict.parse(
            data, encoding="utf-8", expat=_Expat(kind, file), force_list=_REPEATED, attr_prefix=""
        )
    except expat.ExpatError as err:
        reason = f"the {file} is not well-formed XML, line {err.lineno}"
        raise ProfileError("parse_error", reason) from None
    ((name, root),) = document.items()
    return name, root


def _within_depth(value: object) -> bool:
    """Tell whether what is none of a description's own elements is nested no more than reasonable."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return True
    return False


class _GuardedParser:
    """A parser of XML that takes its handlers from xmltodict, and refuses what a profile has no need of."""

    StartElementHandler: Callable[[str, dict[str, str]], None]
    EndElementHandler: Callable[[str], None]
    CharacterDataHandler: Callable[[str], None]

    def __init__(self, file: str, encoding: str) -> None:
        """Prepare for one file."""
        self._file = file
        self._encoding = encoding

    def Parse(self, data: bytes, is_final: bool) -> None:  # noqa: FBT001
        """Parse all at once; the name is that of the expat module."""
        parser = expat.ParserCreate(self._encoding)
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        parser.StartElementHandler = self.StartElementHandler
        parser.EndElementHandler = self.EndElementHandler
        parser.CharacterDataHandler = self.CharacterDataHandler
        parser.Parse(data, is_final)

    def _refuse_doctype(self, *_: object) -> NoReturn:
        raise ProfileError("unsafe", f"the {self._file} has a document type declaration")


class _LocalNamesParser(_GuardedParser):
    """Gives local names only; namespaces are left unresolved, since files trimmed by tools lack them (§4.2)."""

    @override
    def Parse(self, data: bytes, is_final: bool) -> None:
        """Parse all at once."""
        start, end = self.StartElementHandler, self.EndElementHandler
        self.StartElementHandler = lambda name, attributes: start(_local(name), attributes)
        self.EndElementHandler = lambda name: end(_local(name))
        super().Parse(data, is_final)


def _local(name: str) -> str:
    """Give a name without its prefix; an inclusion is none of the description's own elements."""
    return name if name.startswith("xi:") else name.rpartition(":")[2]


class _Expat:
    """What xmltodict takes for the expat module."""

    def __init__(self, kind: type[_GuardedParser], file: str) -> None:
        """Know the parser to make, and which file errors are about."""
        self._kind = kind
        self._file = file

    def ParserCreate(self, encoding: str, _separator: str | None) -> _GuardedParser:
        """Make a parser; the name is that of the expat module."""
        return self._kind(self._file, encoding)


class _Parser:
    """Builds the stored form from the two parsed files."""

    def __init__(self, device: _Element, mapping: _Element, head: Head) -> None:
        """Take what was parsed."""
        self._device = device
        self._mapping = mapping
        self._head = head
        self._names: dict[int, str] = {}
        self._features: dict[int, dict[str, Any]] = {}
        self._lists: dict[int, dict[str, Any]] = {}
        self._enums: dict[int, dict[str, Any]] = {}
        self._programs: list[tuple[dict[str, Any], _Element]] = []
        self._understood: dict[tuple[str, str], Any] = {}
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
        element = next(_children(self._device, "description"), {})
        texts: dict[str, Any] = {
            name: _short(_text(element.get(name)), MAX_INFO_CHARS)
            for name in ("type", "brand", "model")
        }
        for name in ("version", "revision"):
            texts[name] = None
            with suppress(TypeError, ValueError):
                texts[name] = _integer(_text(element.get(name)))
        texts["pairableDeviceTypes"] = [
            name[:MAX_INFO_CHARS]
            for types in _all(element, "pairableDeviceTypes")
            if isinstance(types, dict)
            for item in _all(types, "deviceType")
            if (name := _text(item))
        ]
        return texts

    # The mapping file

    def _read_names(self) -> None:
        """Read the names of features and lists."""
        names = self._names
        for section in _children(self._mapping, "featureDescription"):
            for item in _all(section, "feature"):
                try:
                    uid, name = _id(item["refUID"]), item["#text"]
                except KeyError, TypeError, ValueError:
                    self._warn("mapping: a feature without uid or name")
                    continue
                if len(name) > MAX_NAME_CHARS:
                    self._warn(f"uid {uid}: name too long")
                else:
                    names.setdefault(uid, name)

    def _errors(self) -> dict[str, str]:
        """Read the names of result codes."""
        found: dict[str, str] = {}
        for section in _children(self._mapping, "errorDescription"):
            for item in _all(section, "error"):
                try:
                    found.setdefault(str(_id(item["refEID"])), item["#text"][:MAX_NAME_CHARS])
                except KeyError, TypeError, ValueError:
                    self._warn("mapping: an error without code or name")
        return found

    def _mapped_enums(self) -> dict[int, tuple[str | None, dict[int, str]]]:
        """Read keys and member names of enumerations."""
        found: dict[int, tuple[str | None, dict[int, str]]] = {}
        for section in _children(self._mapping, "enumDescriptionList"):
            for item in _children(section, "enumDescription"):
                try:
                    enid = _id(item["refENID"])
                except KeyError, TypeError, ValueError:
                    self._warn("mapping: an enumeration without id")
                    continue
                names: dict[int, str] = {}
                for member in _all(item, "enumMember"):
                    try:
                        raw, name = self._raw(member["refValue"]), member["#text"]
                    except KeyError, TypeError, ValueError:
                        self._warn(f"enum {enid}: a member without value or name")
                        continue
                    if len(name) > MAX_NAME_CHARS:
                        self._warn(f"enum {enid}: name too long")
                    else:
                        names.setdefault(raw, name)
                key = item.get("enumKey")
                found.setdefault(
                    enid,
                    (_short(key if isinstance(key, str) else None, MAX_NAME_CHARS), names),
                )
        return found

    # Enumerations, of both files

    def _read_enums(self) -> None:
        """Read all enumerations; what only the mapping has is taken as it stands there."""
        mapped = self._mapped_enums()
        declared: dict[int, tuple[int | None, list[int]]] = {}
        for section in _children(self._device, "enumerationTypeList"):
            for item in _children(section, "enumerationType"):
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
        self, item: _Element, declared: dict[int, tuple[int | None, list[int]]]
    ) -> None:
        try:
            enid = _id(item["enid"])
        except KeyError, TypeError, ValueError:
            self._warn("description: an enumeration without id")
            return
        if enid in declared:
            self._warn(f"enum {enid}: declared twice")
            return
        subset_of: int | None = None
        if "subsetOf" in item:
            try:
                subset_of = _id(item["subsetOf"])
            except TypeError, ValueError:
                self._warn(f"enum {enid}: subsetOf is no id")
        raws: list[int] = []
        for member in _all(item, "enumeration"):
            try:
                raws.append(self._raw(member["value"]))
            except KeyError, TypeError, ValueError:
                self._warn(f"enum {enid}: a member without value")
        declared[enid] = subset_of, raws

    def _raw(self, text: Any) -> int:
        """Read a raw value; the same few come again and again."""
        raws = self._raws
        if text not in raws:
            raws[text] = _integer(text)
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

    def _read_list(self, element: _Element, parent: int | None, depth: int = 0) -> None:
        """Read what a list holds."""
        if depth > MAX_DEPTH:
            raise ProfileError("unsafe", "the lists of the description file are nested too deeply")
        for name, children in element.items():
            if name in _KINDS:
                self._read_features(name, children, parent)
            elif name in _LISTS:
                for child in _elements(children):
                    self._read_list(child, self._list(name, child, parent), depth + 1)

    def _list(self, kind: str, element: _Element, parent: int | None) -> int | None:
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

    def _new_uid(self, kind: str, element: _Element) -> int | None:
        """Read the uid of a list or feature; None when it has none of its own."""
        try:
            uid = _id(element["uid"])
        except KeyError, TypeError, ValueError:
            uid = 0  # on the wire this means none
        if not uid:
            self._warn(f"description: a {kind} without uid")
            return None
        if uid in self._features or uid in self._lists:
            self._warn(f"uid {uid}: declared twice")
            return None
        return uid

    def _read_features(self, kind: str, elements: object, parent: int | None) -> None:
        """Read the features of one kind that stand in one list."""
        is_program = kind == "program"
        if kind in _ROOT_KINDS:
            parent = None
        for element in _elements(elements):
            uid = self._new_uid(kind, element)
            if uid is None:
                continue
            key = self._names.get(uid)
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
                cid = members["cid"]
                members["contentType"], members["list"], members["wire"] = content_type(cid)
                if members["contentType"] is None:
                    self._warn(f"uid {uid}: unknown content type {cid}")
            if "initValue" in element or "default" in element:
                self._literals(uid, element, members, members.get("wire", _UNTYPED))
            if "enum" in members and members["enum"] not in self._enums:
                self._warn(f"uid {uid}: enumeration {members['enum']} undefined")
            if is_program:
                members.setdefault("execution", Execution.SELECT_AND_START.value)
                self._programs.append((members, element))
            self._features[uid] = members

    def _options(self, program: Mapping[str, Any], element: _Element) -> list[dict[str, Any]]:
        """Read the options of a program; their values are of the type of the option meant."""
        uid = program["uid"]
        found: dict[int, dict[str, Any]] = {}
        for item in _children(element, "option"):
            try:
                ref = _id(item["refUID"])
            except KeyError, TypeError, ValueError:
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
                wire = _UNTYPED if base is None else base.get("wire", _UNTYPED)
                self._literals(uid, item, members, wire)
            if "enum" in members and members["enum"] not in self._enums:
                self._warn(f"uid {uid}: enumeration {members['enum']} undefined")
            found[ref] = members
        return list(found.values())

    def _attributes(
        self, uid: int, element: _Element, members: dict[str, Any], columns: _Columns
    ) -> None:
        """Read those attributes whose type does not depend on others; what is wrong is left out.

        A few texts come again and again, so each is understood once.
        """
        understood = self._understood
        for name, text in element.items():
            if (column := columns.get(name)) is None:
                continue
            try:
                members[column[0]] = understood[name, text]
            except KeyError, TypeError:
                try:
                    members[column[0]] = understood[name, text] = column[1](text)
                except AttributeError, KeyError, TypeError, ValueError:
                    self._warn(f"uid {uid}: {name} not understood")

    def _literals(
        self, uid: int, element: _Element, members: dict[str, Any], wire: str | None
    ) -> None:
        """Read values, which are of the type of the feature; None for what is beyond repair."""
        for name, column in _LITERALS.items():
            if name in element and (column != "initial" or "uid" in members):
                try:
                    members[column] = _literal(element[name], wire)
                except AttributeError, TypeError, ValueError:
                    self._warn(f"uid {uid}: {name} not understood")
                    members[column] = None


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


def _children(element: _Element, name: str) -> Iterator[_Element]:
    """Give the children of this name that have attributes or children themselves."""
    return _elements(element.get(name))


def _elements(children: object) -> Iterator[_Element]:
    if isinstance(children, list):
        for child in children:
            if isinstance(child, dict):
                yield child


def _all(element: _Element, name: str) -> list[Any]:
    """Give all children of this name, whatever they are."""
    children = element.get(name)
    if isinstance(children, list):
        return children
    return [] if children is None else [children]


def _text(child: object) -> str | None:
    """Give the text of a child, with or without attributes."""
    if isinstance(child, dict):
        child = child.get("#text")
    return child if isinstance(child, str) else None


def _short(text: str | None, limit: int) -> str | None:
    """Give a text that is not beyond a limit."""
    return None if text is None else text[:limit]


def _id(text: Any) -> int:
    """Read an identifier: hexadecimal, with or without leading zeros or ``0x``.

    Raises TypeError or ValueError.
    """
    if 0 <= (value := int(text, 16)) <= MAX_ID:
        return value
    raise ValueError("not an identifier")


def _integer(text: Any) -> int:
    """Read an integer.

    Raises TypeError or ValueError.
    """
    if len(text) > MAX_NUMBER_CHARS:
        raise ValueError("not a number")
    value = int(text)
    if value not in _INTEGERS:
        raise ValueError("beyond 64 bits")
    return value


def _number(text: Any) -> int | float:
    """Read a number; one without a fraction becomes an integer.

    Raises TypeError or ValueError.
    """
    try:
        return _integer(text)
    except ValueError:
        if len(text) > MAX_NUMBER_CHARS:
            raise
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("not a number")
    return int(value) if value.is_integer() and abs(value) <= _EXACT_FLOAT else value


def _boolean(text: Any) -> bool:
    """Read a boolean.

    Raises AttributeError or KeyError.
    """
    return _BOOLEANS[text.strip().lower()]


def _access(text: Any) -> str:
    return Access(text.lower()).value


def _execution(text: Any) -> str:
    return Execution(text.lower()).value


def _word(text: Any) -> str:
    """Read one of the words for what a user may do or how severe it is; new ones are let through."""
    word: str = text.lower()
    return word[:MAX_INFO_CHARS]


def _literal(text: Any, wire: str | None) -> Any:
    """Read a value.

    Raises AttributeError, TypeError or ValueError.
    """
    if not isinstance(text, str) or len(text) > MAX_LITERAL_CHARS:
        raise ValueError("not a literal")
    match wire:
        case "boolean":
            if (value := _BOOLEANS.get(text.strip().lower())) is None:
                raise ValueError("not a boolean")
            return value
        case "integer":
            if not isinstance(number := _number(text), int):
                raise ValueError("not an integer")
            return number
        case "number":
            return _number(text)
        case "object":
            return _json(text)
        case "untyped":
            with suppress(ValueError):
                return _number(text)
    return text


def _json(text: str) -> Any:
    """Read JSON as files have it: some end with a quote or a bracket too many (§4.5, §12).

    Raises ValueError.
    """
    for candidate in _repairs(text):
        with suppress(orjson.JSONDecodeError):
            value = orjson.loads(candidate)
            if _deeper(value, MAX_JSON_DEPTH):
                raise ValueError("nested too deeply")
            return value
    raise ValueError("not JSON")


def _repairs(text: str) -> Iterator[str]:
    """Give the text and what it may have been meant to be, in the order of preference."""
    yield text
    text = text.rstrip()
    if text.endswith('"'):
        yield text[:-1]
    if text.endswith('"]'):
        yield text[:-2]
        yield f"{text[:-2]}]"
    if text.endswith("]"):
        yield text[:-1]


def _deeper(value: object, limit: int) -> bool:
    """Tell whether a value is nested more deeply; the limit bounds this recursion."""
    if not isinstance(value, dict | list):
        return False
    if not limit:
        return True
    items = value.values() if isinstance(value, dict) else value
    return any(_deeper(item, limit - 1) for item in items)


_UNTYPED: Final = "untyped"
"""Stands for the JSON kind of what has no content type: the uids of programs."""
_ROOT_KINDS: Final = frozenset(
    {Kind.ACTIVE_PROGRAM.value, Kind.SELECTED_PROGRAM.value, Kind.PROTECTION_PORT.value}
)
_BOOLEANS: Final = {"true": True, "false": False, "1": True, "0": False}

_LIST_COLUMNS: Final[_Columns] = {
    "access": ("access", _access),
    "available": ("available", _boolean),
}
_OPTION_COLUMNS: Final[_Columns] = {
    **_LIST_COLUMNS,
    "liveUpdate": ("liveUpdate", _boolean),
    "min": ("min", _number),
    "max": ("max", _number),
    "stepSize": ("step", _number),
    "enumerationType": ("enum", _id),
}
_FEATURE_COLUMNS: Final[_Columns] = {
    **_OPTION_COLUMNS,
    "refCID": ("cid", _id),
    "refDID": ("did", _id),
    "notifyOnChange": ("notifyOnChange", _boolean),
    "passwordProtected": ("passwordProtected", _boolean),
    "fullOptionSet": ("fullOptionSet", _boolean),
    "validate": ("validate", _boolean),
    "handling": ("handling", _word),
    "level": ("level", _word),
    "execution": ("execution", _execution),
}
_LITERALS: Final = {"default": "default", "initValue": "initial"}
