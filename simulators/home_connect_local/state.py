"""What an appliance is at the moment: values, and what at run time deviates from its description."""

from collections.abc import Iterable, Iterator, Mapping
import re
from typing import Any

from .codes import Code, Refused
from .description import (
    ACTIVE_PROGRAM,
    RGB,
    SELECTED_PROGRAM,
    UID_VALUE,
    Description,
    Feature,
    read_literal,
)
from .profile import Json, Seed

READABLE = {"READ", "READSTATIC", "READWRITE"}
WRITABLE = {"READWRITE", "WRITEONLY"}
_COLOUR = re.compile("#[0-9A-Fa-f]{6}")
# The members of a description change (§9.1) by the names the description has for them.
_CHANGEABLE = ("access", "available", "min", "max", "stepSize", "default", "execution")
# What an appliance of which nothing is known but its files starts with.
_BEGINNINGS = {
    "BSH.Common.Setting.PowerState": "On",
    "BSH.Common.Status.OperationState": "Ready",
    "BSH.Common.Status.DoorState": "Closed",
    "BSH.Common.Status.RemoteControlActive": True,
    "BSH.Common.Status.RemoteControlStartAllowed": True,
    "BSH.Common.Status.BackendConnected": True,
}


class State:
    """Values and run-time deviations of one appliance."""

    def __init__(self, description: Description, seed: Seed) -> None:
        """Begin with what the seed says."""
        self.description = description
        self.values: dict[int, Any] = {}
        self.deviations: dict[int, Json] = {}
        for item in seed.changes:
            self.deviate(item)
        if seed.values:
            self.values.update((item["uid"], item["value"]) for item in seed.values)
        else:
            self.values.update(self._beginnings())

    def _beginnings(self) -> Iterator[tuple[int, Any]]:
        for feature in self.description.features.values():
            if feature.kind not in {"program", "command", "protectionPort"}:
                yield feature.uid, self._beginning(feature)

    def _beginning(self, feature: Feature) -> Any:
        word = _BEGINNINGS.get(feature.key or "")
        if isinstance(word, str) and (raw := self.raw_of(feature.uid, word)) is not None:
            return raw
        if isinstance(word, bool):
            return word
        for name in ("initValue", "default"):
            if (text := feature.fields.get(name)) is not None:
                return read_literal(feature, text)
        if feature.kind in {"activeProgram", "selectedProgram"}:
            return 0
        members = self.description.enums.get(feature.fields.get("enum", -1))
        lowest = feature.fields.get("min", 0)
        if members:
            return min((raw for raw in members if raw >= lowest), default=0)
        if feature.content == RGB:
            return "#000000"
        empty = {"boolean": False, "string": "", "integer": lowest, "number": lowest}
        return empty.get(feature.json_kind, {"length": 0, "list": []} if feature.is_list else {})

    # --- reading ---------------------------------------------------------------------------

    def uid(self, *keys: str) -> int | None:
        """Find the first feature that exists of those with these keys."""
        return next(
            (self.description.by_key[key] for key in keys if key in self.description.by_key), None
        )

    def get(self, key: str) -> Any:
        """Give the value of a feature by its key; None when there is none."""
        uid = self.uid(key)
        return None if uid is None else self.values.get(uid)

    def word(self, key: str) -> str | None:
        """Name the member that an enumeration is at; None when it has no name or there is none."""
        uid = self.uid(key)
        return None if uid is None else self.names(uid).get(self.values.get(uid, -1))

    def names(self, uid: int) -> Mapping[int, str]:
        """Name the members of a feature's enumeration."""
        return self.description.names.get(self.field(uid, "enum", -1), {})

    def raw_of(self, uid: int, word: str) -> int | None:
        """Find the raw member by its name."""
        members = self.description.enums.get(self.description.features[uid].fields.get("enum", -1))
        names = self.description.names.get(
            self.description.features[uid].fields.get("enum", -1), {}
        )
        return next(
            (raw for raw, name in names.items() if name == word and raw in (members or names)), None
        )

    @property
    def program(self) -> int:
        """The uid of the active program, else of the selected one; 0 for neither."""
        return int(self.values.get(ACTIVE_PROGRAM) or self.values.get(SELECTED_PROGRAM) or 0)

    def entry(self, uid: int) -> Mapping[str, Any]:
        """Give what the current program says about an option."""
        program = self.description.features.get(self.program)
        option = program.options.get(uid) if program else None
        return option.fields if option else {}

    def field(self, uid: int, name: str, default: Any = None) -> Any:
        """Give a field of a feature or list as it is now: run time, then program, then description (§9.2)."""
        for source in (self.deviations.get(uid, {}), self.entry(uid)):
            if name in source:
                return source[name]
        known = self.description.features.get(uid) or self.description.lists.get(uid)
        return known.fields.get(name, default) if known else default

    def apart_from_program(self, uid: int) -> Json:
        """Give the fields of a feature or list as they are, whatever the current program says about it."""
        known = self.description.features.get(uid) or self.description.lists.get(uid)
        return {**(known.fields if known else {}), **self.deviations.get(uid, {})}

    def access(self, uid: int) -> str:
        """Tell what may be done with a feature or list."""
        return str(self.field(uid, "access", "READ"))

    def above(self, uid: int) -> Iterator[int]:
        """Go through the lists a feature lies in, the nearest first."""
        feature = self.description.features[uid]
        parent = feature.parent
        while parent and (known := self.description.lists.get(parent)):
            yield parent
            parent = known.parent

    def changes(self) -> list[Json]:
        """List all deviations, as they are told."""
        return [self.told(uid, deviation) for uid, deviation in self.deviations.items()]

    def told(self, uid: int, deviation: Mapping[str, Any]) -> Json:
        """Write a deviation as an item of a message."""
        item: Json = {"uid": uid}
        if (feature := self.description.features.get(uid)) is not None:
            item["parentUID"] = feature.parent
        elif (known := self.description.lists.get(uid)) is not None:
            item["parentUID"] = known.parent
        item |= {name: deviation[name] for name in _CHANGEABLE if name in deviation}
        if "enum" in deviation:
            item["enumerationType"] = deviation["enum"]
        return item

    def all_values(self) -> list[Json]:
        """List all values, as they are told."""
        return [{"uid": uid, "value": value} for uid, value in self.values.items()]

    # --- changing --------------------------------------------------------------------------

    def deviate(self, item: Json) -> None:
        """Take over an item of a description change, as it is told; it may carry a value."""
        deviation = self.deviations.setdefault(item["uid"], {})
        deviation.update((name, item[name]) for name in _CHANGEABLE if name in item)
        if "enumerationType" in item:
            deviation["enum"] = item["enumerationType"]
        if "value" in item:
            self.values[item["uid"]] = item["value"]

    # --- checking --------------------------------------------------------------------------

    def check_known(self, uid: int) -> Feature:
        """Find a feature that a client named. Raises Refused."""
        feature = self.description.features.get(uid)
        if feature is None:
            raise Refused(Code.UNKNOWN_UID)
        return feature

    def check_reachable(self, uid: int, accesses: Iterable[str]) -> None:
        """Raise Refused unless the feature is available and has one of these accesses."""
        lists = tuple(self.above(uid))
        if not all(self.field(parent, "available", True) for parent in lists):
            raise Refused(Code.NOT_AVAILABLE_BY_LIST)
        if any(self.access(parent) == "NONE" for parent in lists):
            raise Refused(Code.NO_ACCESS_BY_LIST)
        if not self.field(uid, "available", True):
            raise Refused(Code.NOT_AVAILABLE)
        if self.access(uid) not in accesses:
            raise Refused(Code.NO_ACCESS)

    def check_value(
        self, feature: Feature, value: Any, fields: Mapping[str, Any], *, strictly: bool
    ) -> None:
        """Raise Refused unless a value is of the right kind and lies where it may.

        ``fields`` are those in force: of the feature now, or of an option of the program it is for.
        """
        _check_kind(feature, value, strictly)
        if (enid := fields.get("enum")) is not None:
            members = self.description.enums.get(enid)
            if members is not None and value not in members:
                raise Refused(Code.OUT_OF_RANGE)
        _check_range(feature, value, fields)
        if feature.content == RGB and not _COLOUR.fullmatch(value):
            raise Refused(Code.INVALID_FORMAT)
        if feature.content == UID_VALUE and value and value not in self.description.features:
            raise Refused(Code.INVALID_UID)

    def fields(self, uid: int) -> Json:
        """Give the fields a value is checked against, as they are now."""
        names = ("enum", "min", "max", "stepSize")
        found = {name: self.field(uid, name) for name in names}
        return {name: value for name, value in found.items() if value is not None}

    def fields_in(self, program: int, uid: int) -> Json:
        """Give them as they are while another program is selected."""
        if program == self.program:
            return self.fields(uid)
        option = self.description.features[program].options.get(uid)
        return {
            **self.description.features[uid].fields,
            **(option.fields if option else {}),
        }


def _check_kind(feature: Feature, value: Any, strictly: bool) -> None:
    """Raise Refused unless the JSON type is the one of the feature; true is no number and 4.0 no integer."""
    kinds: Mapping[str, tuple[type, ...]] = {
        "boolean": (bool,),
        "integer": (int,),
        "number": (int,) if feature.must_be_whole(strictly) else (int, float),
        "string": (str,),
        "object": (dict,),
        "any": (bool, int, float, str, dict, list),
    }
    if type(value) not in kinds[feature.json_kind]:
        raise Refused(Code.INVALID_FORMAT)


def _check_range(feature: Feature, value: Any, fields: Mapping[str, Any]) -> None:
    match value:
        case str():
            size: int | float = len(value)
        case dict():
            size = len(value.get("list", ()))
        case _:
            size = value
    # Delays may always be given up (§10.4).
    if not size and (feature.key or "").endswith(("StartInRelative", "FinishInRelative")):
        return
    lowest, highest, step = (fields.get(name) for name in ("min", "max", "stepSize"))
    if (lowest is not None and size < lowest) or (highest is not None and size > highest):
        raise Refused(Code.OUT_OF_RANGE)
    if step and (size - (lowest or 0)) % step:
        raise Refused(Code.OUT_OF_RANGE)
