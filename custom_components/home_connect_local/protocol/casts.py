"""What travels ⇄ what a value means, by the kind of the feature (§9.3).

Reading never fails: what cannot be meant is None, "not known". Writing is strict: what a feature does not
take is refused before it is sent, with a reason.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from enum import StrEnum
import math
import re
from typing import Any, Final, NamedTuple

import orjson

from .const import Kind
from .errors import CommandError
from .profile import Feature

# Longest text that is looked at for a number; Python reads longer ones in quadratic time.
_MAX_DIGITS: Final = 40
# The widest storage has 64 bits, or is a double (§4.4); no appliance means more than either takes exactly.
_LARGEST_NUMBER: Final = 2**63 - 1
# Decimals kept after snapping, so that 0.1 + 0.2 travels as 0.3.
_DECIMALS: Final = 9
# §4.4: float and double; all others keep integers, A0–A7 floats that were rounded to them.
_FLOAT_STORAGE: Final = frozenset({0x88, 0x89})

_COLOR: Final = re.compile(r"#[0-9a-fA-F]{6}\Z")
_TRUE: Final = frozenset({"true", "1", "on"})
_FALSE: Final = frozenset({"false", "0", "off"})


class Fault(StrEnum):
    """Why a value cannot be written."""

    WRONG_TYPE = "wrong_type"
    WRONG_FORMAT = "wrong_format"
    OUT_OF_RANGE = "out_of_range"
    NOT_A_MEMBER = "not_a_member"
    UNKNOWN_FEATURE = "unknown_feature"
    CONFLICT = "conflict"


class InvalidValueError(CommandError):
    """A feature does not take the value; nothing was sent."""

    def __init__(self, message: str, reason: Fault) -> None:
        """Keep the reason."""
        super().__init__(message)
        self.reason = reason


class Limits(NamedTuple):
    """What may be set: numbers, raw members, length of a text, or count of a list; None where not limited."""

    min: int | float | None = None
    max: int | float | None = None
    step: int | float | None = None


class Shows(StrEnum):
    """How a value derives from what travels."""

    PLAIN = "plain"
    MEMBER = "member"
    MEMBERS = "members"
    UID = "uid"


class Reader(NamedTuple):
    """How values of one feature are read."""

    exact: type | None
    """What travels and needs no reading; None when everything does."""
    read: Callable[[Any], Any]
    shows: Shows


# --- reading --------------------------------------------------------------------------------


def read_boolean(raw: Any) -> bool | None:
    """Read true and false, 0 and 1, also as text."""
    if isinstance(raw, bool | int | float):
        return bool(raw) if raw in {0, 1} else None
    if isinstance(raw, str):
        text = raw.strip().lower()
        return True if text in _TRUE else False if text in _FALSE else None
    return None


def read_number(raw: Any) -> int | float | None:
    """Read a number, also as text; what is no finite number is not known."""
    if isinstance(raw, str):
        raw = _number_of(raw)
    if isinstance(raw, bool):
        return int(raw)
    if isinstance(raw, int | float) and -_LARGEST_NUMBER <= raw <= _LARGEST_NUMBER:
        return raw
    return None


def read_integer(raw: Any) -> int | None:
    """Read an integral number, also as text or with a zero fraction."""
    number = read_number(raw)
    if isinstance(number, float):
        return int(number) if number.is_integer() else None
    return number


def read_text(raw: Any) -> str | None:
    """Read a text; numbers are taken by their digits."""
    if isinstance(raw, str):
        return raw
    if isinstance(raw, bool):
        return "true" if raw else "false"
    number = read_number(raw)
    return None if number is None else str(number)


def read_color(raw: Any) -> str | None:
    """Read ``#rrggbb`` in any case, with or without the sign; gives it in lower case."""
    if not isinstance(raw, str):
        return None
    text = raw if raw.startswith("#") else f"#{raw}"
    return text.lower() if _COLOR.match(text) else None


def read_object(raw: Any) -> dict[str, Any] | list[Any] | None:
    """Read an object or an array, also when it travels as text that holds it."""
    if isinstance(raw, str):
        try:
            raw = orjson.loads(raw)
            orjson.dumps(
                raw
            )  # what is nested too deeply to be written again cannot be compared either
        except ValueError, TypeError:
            return None
    return raw if isinstance(raw, dict | list) else None


def read_list(raw: Any) -> list[Any] | None:
    """Read ``{"length": n, "list": […]}`` (§9.5), or a bare array."""
    found = read_object(raw)
    if isinstance(found, dict):
        found = found.get("list")
    return found if isinstance(found, list) else None


def read_anything(raw: Any) -> Any:
    """Take what travels: the kind of the feature is not known."""
    return raw


_BY_WIRE: Final[dict[str | None, Reader]] = {
    "boolean": Reader(bool, read_boolean, Shows.PLAIN),
    "integer": Reader(int, read_integer, Shows.PLAIN),
    "number": Reader(float, read_number, Shows.PLAIN),
    "string": Reader(str, read_text, Shows.PLAIN),
    "object": Reader(dict, read_object, Shows.PLAIN),
}
_MEMBER: Final = Reader(int, read_integer, Shows.MEMBER)
_UID: Final = Reader(int, read_integer, Shows.UID)
_BY_CONTENT_TYPE: Final[dict[str | None, Reader]] = {
    "enumeration": _MEMBER,
    "uidValue": _UID,
    "rgb": Reader(None, read_color, Shows.PLAIN),
}
_LIST: Final = Reader(None, read_list, Shows.PLAIN)
_MEMBERS: Final = Reader(None, read_list, Shows.MEMBERS)
_ANYTHING: Final = Reader(None, read_anything, Shows.PLAIN)
# Their kind tells what they hold, whatever else is declared.
_HOLD_PROGRAMS: Final = frozenset({Kind.ACTIVE_PROGRAM, Kind.SELECTED_PROGRAM})


def reader(feature: Feature) -> Reader:
    """Say how values of a feature are read."""
    if feature.is_list:
        return _MEMBERS if feature.content_type == "enumeration" else _LIST
    if feature.kind in _HOLD_PROGRAMS:
        return _UID
    found = _BY_CONTENT_TYPE.get(feature.content_type)
    return found or _BY_WIRE.get(feature.wire, _ANYTHING)


# --- writing --------------------------------------------------------------------------------


def encode(
    feature: Feature, value: Any, limits: Limits, members: Mapping[int, str] | None = None
) -> Any:
    """Give what has to travel so that the feature takes ``value``.

    ``members`` are those that may be set, by raw number; None when the feature is no enumeration, or one of
    unknown members. Raises InvalidValueError.
    """
    if value is None:
        raise InvalidValueError("nothing is no value", Fault.WRONG_TYPE)
    if feature.is_list:
        return _encode_list(value, limits)
    if members is not None:
        return _encode_member(value, members)
    encoder = _ENCODERS_BY_CONTENT_TYPE.get(feature.content_type) or _ENCODERS.get(
        "integer" if feature.kind in _HOLD_PROGRAMS else feature.wire
    )
    if encoder is None:
        raise InvalidValueError("the kind of the feature is not known", Fault.WRONG_TYPE)
    return encoder(feature, value, limits)


def snapped(number: float, limits: Limits) -> int | float:
    """Give the nearest value that can be set: from the least on, in steps, not past the greatest.

    Raises InvalidValueError outside the range.
    """
    low, high, step = limits
    if (low is not None and number < low) or (high is not None and number > high):
        raise InvalidValueError(
            f"only {_bound(low)} to {_bound(high)} can be set", Fault.OUT_OF_RANGE
        )
    if not step or step < 0:
        return number
    start = low or 0
    steps = math.floor((number - start) / step + 0.5)
    if high is not None and start + steps * step > high:
        steps -= 1
    return round(start + steps * step, _DECIMALS)


def _encode_boolean(_feature: Feature, value: Any, _limits: Limits) -> bool:
    found = read_boolean(value)
    if found is None:
        raise InvalidValueError("only true or false can be set", Fault.WRONG_TYPE)
    return found


def _encode_integer(_feature: Feature, value: Any, limits: Limits) -> int:
    step = limits.step if limits.step and float(limits.step).is_integer() else 1
    return int(snapped(_number(value), limits._replace(step=step)))


def _encode_number(feature: Feature, value: Any, limits: Limits) -> int | float:
    number = snapped(_number(value), limits)
    if not float(number).is_integer():
        return number
    if limits.step:
        integral = float(limits.step).is_integer()
    else:
        integral = feature.did is not None and feature.did not in _FLOAT_STORAGE
    # Appliances that keep integers refuse 4.0.
    return int(number) if integral else float(number)


def _encode_text(_feature: Feature, value: Any, limits: Limits) -> str:
    if not isinstance(value, str):
        raise InvalidValueError("only text can be set", Fault.WRONG_TYPE)
    _check_count(len(value), limits)
    return value


def _encode_color(_feature: Feature, value: Any, _limits: Limits) -> str:
    color = read_color(value)
    if color is None:
        raise InvalidValueError("a color is written as #rrggbb", Fault.WRONG_FORMAT)
    return color


def _encode_moment(_feature: Feature, value: Any, _limits: Limits) -> str:
    return _moment(datetime, value)


def _encode_date(_feature: Feature, value: Any, _limits: Limits) -> str:
    return _moment(date, value)


def _encode_time(_feature: Feature, value: Any, _limits: Limits) -> str:
    return _moment(time, value)


def _encode_object(_feature: Feature, value: Any, _limits: Limits) -> dict[str, Any] | list[Any]:
    found = read_object(value)
    if found is None:
        raise InvalidValueError("only an object can be set", Fault.WRONG_TYPE)
    return found


def _encode_list(value: Any, limits: Limits) -> dict[str, Any]:
    found = read_list(value)
    if found is None:
        raise InvalidValueError("only a list can be set", Fault.WRONG_TYPE)
    _check_count(len(found), limits)
    return {"length": len(found), "list": found}


def _encode_member(value: Any, members: Mapping[int, str]) -> int:
    """Find a member by its name in any case, else by its number."""
    if isinstance(value, str):
        wanted = value.strip().casefold()
        for number, name in members.items():  # the first of two with the same name
            if name.casefold() == wanted:
                return number
    elif isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidValueError("a member is a name or a number", Fault.WRONG_TYPE)
    raw = read_integer(value)
    if raw is None or raw not in members:
        raise InvalidValueError("that cannot be chosen now", Fault.NOT_A_MEMBER)
    return raw


type _Encoder = Callable[[Feature, Any, Limits], Any]

_ENCODERS: Final[dict[str | None, _Encoder]] = {
    "boolean": _encode_boolean,
    "integer": _encode_integer,
    "number": _encode_number,
    "string": _encode_text,
    "object": _encode_object,
}
_ENCODERS_BY_CONTENT_TYPE: Final[dict[str | None, _Encoder]] = {
    "rgb": _encode_color,
    "dateTime": _encode_moment,
    "date": _encode_date,
    "time": _encode_time,
}


def _moment(kind: type[datetime | date | time], value: Any) -> str:
    """Write a moment without zone: appliances keep local time (§4.3)."""
    if isinstance(value, str):
        try:
            value = kind.fromisoformat(value)
        except ValueError as err:
            raise InvalidValueError(
                "dates are YYYY-MM-DD, times hh:mm:ss, both with a T between", Fault.WRONG_FORMAT
            ) from err
    if type(value) is not kind:
        raise InvalidValueError(f"only a {kind.__name__} can be set", Fault.WRONG_TYPE)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    if value.tzinfo is not None:
        raise InvalidValueError("appliances keep local time, without a zone", Fault.WRONG_FORMAT)
    return value.isoformat(timespec="seconds")


def _number(value: Any) -> int | float:
    """Take a number that was meant as one."""
    number = None if isinstance(value, bool) else read_number(value)
    if number is None:
        raise InvalidValueError("only a number can be set", Fault.WRONG_TYPE)
    return number


def _check_count(count: int, limits: Limits) -> None:
    low, high, _ = limits
    if (low is not None and count < low) or (high is not None and count > high):
        raise InvalidValueError(
            f"only a length of {_bound(low)} to {_bound(high)} can be set", Fault.OUT_OF_RANGE
        )


def _bound(limit: float | None) -> str:
    return "any" if limit is None else str(limit)


def _number_of(text: str) -> int | float | None:
    if len(text) <= _MAX_DIGITS:
        for kind in (int, float):
            try:
                return kind(text)
            except ValueError:
                continue
    return None
