"""Text to messages and back, and what their items mean.

Nothing that an appliance sends raises anything but UnreadableError here; items that are wrong are left out.
Source: docs/home_connect_local/wire.md §6, §7, §9.1, §10.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from json import JSONDecoder
from math import isfinite
import re
from typing import Any, Final, Literal, NamedTuple, override

import orjson

from .const import MAX_COUNTER, Access, Action, Execution, Resource
from .errors import CommandError
from .refusals import Unreadable, UnreadableError

# Eight times what the largest description has; more would hold the event loop.
MAX_ITEMS: Final = 10_000
# Reading with repairs is slow, and the longest answers seen have some ten kilobytes.
MAX_REPAIRED_CHARS: Final = 128 * 1024
MAX_SERVICES: Final = 64
# Longer than any text of an appliance about itself; registries get them.
MAX_TEXT_CHARS: Final = 64
# Each level takes two characters, and what has fewer than 255 levels can be written again.
_SHALLOW_CHARS: Final = 2 * 254
_MAX_NUMBER_CHARS: Final = 32
# Quotes and brackets behind the last value of a message.
_MAX_TAIL_CHARS: Final = 64

type Item = dict[str, Any]
type Value = tuple[int, Any]
"""A uid and its raw value."""


class Unset(Enum):
    """Stands for a field that an item does not name."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET
type Maybe[Field] = Field | Literal[Unset.UNSET]


# --- the envelope ---------------------------------------------------------------------------


class Message(NamedTuple):
    """One message of the wire (§6.1)."""

    resource: str
    action: Action
    data: list[Item] = []
    version: int = 1
    session_id: int | None = None
    message_id: int | None = None
    code: int | None = None
    """Why a request is refused; 0 when the reason is no number."""
    cut: bool = False
    """Whether the end was missing."""

    @override
    def __repr__(self) -> str:
        """Leave out the data: they hold names and numbers that are nobody's business."""
        code = "" if self.code is None else f", code={self.code}"
        return f"Message({self.action} {self.resource!r}, {len(self.data)} items{code})"


class Request(NamedTuple):
    """What we ask or tell; the connection numbers it."""

    resource: str
    action: Action
    data: tuple[Item, ...] = ()

    @override
    def __repr__(self) -> str:
        """Leave out the data."""
        return f"Request({self.action} {self.resource!r}, {len(self.data)} items)"


# Those of a message that refuses nothing.
_FIELDS: Final = 6
_ACTIONS: Final[Mapping[object, Action]] = {action.value: action for action in Action}


def decode(text: str) -> Message:
    """Read one message; raises UnreadableError when it is none, even with repairs (§6.3)."""
    try:
        raw = orjson.loads(text)
        if len(text) > _SHALLOW_CHARS:
            orjson.dumps(raw)  # fails on what nobody could show or pass on
    except ValueError, TypeError:
        return _tolerated(*_repaired(text))
    # Nearly all messages are as they should be, and come by the hundred.
    try:
        resource, action, data = raw["resource"], _ACTIONS[raw["action"]], raw["data"]
        version, session_id, message_id = raw["version"], raw["sID"], raw["msgID"]
    except LookupError, TypeError:
        return _tolerated(raw, cut=False)
    if (
        type(data) is list
        and len(raw) == _FIELDS
        and len(data) <= MAX_ITEMS
        and type(resource) is str
        and type(version) is int
        and type(session_id) is int
        and type(message_id) is int
    ):
        for item in data:
            if type(item) is not dict:
                break
        else:
            # What its own constructor does, in a third of the time.
            return tuple.__new__(
                Message, (resource, action, data, version, session_id, message_id, None, False)
            )
    return _tolerated(raw, cut=False)


def encode(message: Message) -> str:
    """Write one message; raises CommandError when its data cannot be written."""
    body: Item = {}
    if message.session_id is not None:
        body["sID"] = message.session_id
    if message.message_id is not None:
        body["msgID"] = message.message_id
    body["resource"] = message.resource
    body["version"] = message.version
    body["action"] = message.action
    if message.code is not None:
        body["code"] = message.code
    if message.data:
        body["data"] = message.data
    return _json(body)


def check(request: Request) -> None:
    """Make sure that a request can be written; raises CommandError."""
    _json(request.data)


def _json(body: object) -> str:
    try:
        return orjson.dumps(body).decode()
    except TypeError:
        raise CommandError("a value cannot be written as JSON") from None


def _tolerated(raw: object, cut: bool) -> Message:
    """Read an envelope that lacks something or puts it in another way (§6.1)."""
    if type(raw) is not dict:
        raise UnreadableError(Unreadable.ENVELOPE) from None
    resource, action = raw.get("resource"), raw.get("action")
    code: int | None = None
    if (said := raw.get("code")) is not None:
        code = _integer(said) or 0  # whatever it says, it is no success
        action = Action.RESPONSE if action is None else action
    if type(resource) is not str or not isinstance(action, str) or action not in _ACTIONS:
        raise UnreadableError(Unreadable.ENVELOPE) from None
    data = raw.get("data")
    if type(data) is dict:
        data = [data]
    items = [item for item in data if type(item) is dict] if type(data) is list else []
    version = _counter(raw.get("version"))
    return Message(
        resource,
        _ACTIONS[action],
        items[:MAX_ITEMS],
        1 if version is None else version,
        _counter(raw.get("sID")),
        _counter(raw.get("msgID")),
        code,
        cut or len(items) > MAX_ITEMS,
    )


# --- repairs --------------------------------------------------------------------------------


def _float(text: str) -> object:
    value = float(text)
    return value if isfinite(value) else _UNWRITABLE


_UNWRITABLE: Final = object()
"""Stands for numbers that are none: an item with one is left out."""
_DECODER: Final = JSONDecoder(
    strict=False,  # control characters
    parse_float=_float,
    parse_constant=lambda _: _UNWRITABLE,
)
_DATA: Final = re.compile(r'"data"\s*+:\s*+\[')
_BETWEEN: Final = re.compile(r"[\s,]*+")
_KEY: Final = re.compile(r'"\w++"\s*+:')
_AROUND: Final = "\ufeff\x00 \t\r\n"
_BEHIND: Final = '"]} \t\r\n'


def _repaired(text: str) -> tuple[Item, bool]:
    """Make the best of broken JSON; tells also whether its end is missing. Raises UnreadableError."""
    best: Item | None = None
    if len(text) <= MAX_REPAIRED_CHARS:
        text = text.strip(_AROUND)
        for candidate in (text, *_with_fewer_quotes(text)):
            try:
                raw, cut = _salvaged(candidate)
            except ValueError, TypeError, RecursionError:
                continue
            if not cut:
                return raw, False
            if best is None or len(raw["data"]) > len(best["data"]):
                best = raw
    if best is None:
        raise UnreadableError(Unreadable.JSON) from None
    return best, True


def _with_fewer_quotes(text: str) -> list[str]:
    """Drop the quotes among the last brackets, but for those that may end a string."""
    body = text.rstrip(_BEHIND)
    tail = text[len(body) :]
    if '"' not in tail or len(tail) > _MAX_TAIL_CHARS:
        return []
    ending = len(tail) - len(tail.lstrip('"'))
    brackets = tail.replace('"', "")
    return [body + '"' * kept + brackets for kept in (1, 2, 0) if kept <= ending]


def _salvaged(text: str) -> tuple[Item, bool]:
    """Read the items one by one, then the envelope around them.

    Raises ValueError, TypeError or RecursionError when there is no envelope.
    """
    start = _DATA.search(text)
    if start is None:
        return _object(text), False
    items, end, cut = _items(text, start.end())
    head = text[: start.end()] + "]"
    rest = text[end:]
    if rest.startswith("]"):
        rest = rest[1:]
    elif _KEY.match(rest):  # the bracket is missing, the comma was there
        rest = "," + rest
    raw: Item
    try:
        raw = _object(head + rest)
    except ValueError:
        raw, cut = _object(head + "}"), True
    raw["data"] = items
    return raw, cut


def _items(text: str, start: int) -> tuple[list[Item], int, bool]:
    """Read what is complete; gives also where it ends, and whether something is missing there."""
    items: list[Item] = []
    at = start
    for _ in range(MAX_ITEMS + 1):
        between = _BETWEEN.match(text, at)
        assert between is not None  # nothing is something between, too
        at = between.end()
        if text[at : at + 1] != "{":
            return items, at, False
        try:
            item, at = _DECODER.raw_decode(text, at)
        except ValueError, RecursionError:
            break
        try:
            items.append(orjson.loads(orjson.dumps(item)))
        except TypeError, ValueError:  # too deep, no number or no text: the others count
            continue
    return items, len(text), True


def _object(text: str) -> Item:
    """Read an object with nothing but quotes and brackets behind it."""
    raw, end = _DECODER.raw_decode(text)
    if type(raw) is not dict or text[end:].strip(_BEHIND):
        raise ValueError
    found: Item = orjson.loads(orjson.dumps(raw))
    return found


# --- items ----------------------------------------------------------------------------------


class DescriptionChange(NamedTuple):
    """How one feature or list now differs from its description; only named fields change (§9.1)."""

    uid: int
    parent: Maybe[int] = UNSET
    access: Maybe[Access] = UNSET
    available: Maybe[bool] = UNSET
    min: Maybe[int | float] = UNSET
    max: Maybe[int | float] = UNSET
    step: Maybe[int | float] = UNSET
    default: Any = UNSET
    execution: Maybe[Execution] = UNSET
    enum: Maybe[int] = UNSET
    value: Any = UNSET

    @override
    def __repr__(self) -> str:
        """Leave out the values."""
        named = [name for name, value in zip(self._fields, self, strict=True) if value is not UNSET]
        return f"DescriptionChange({self.uid}: {', '.join(named[1:])})"


class ProgramReport(NamedTuple):
    """A program with its options, as told (§10.8)."""

    program: int | None
    """0 when there is none; None when it was not said."""
    options: list[Value]

    @override
    def __repr__(self) -> str:
        """Leave out the values."""
        return f"ProgramReport({self.program}, {len(self.options)} options)"


@dataclass(frozen=True, slots=True)
class ApplianceInfo:
    """What an appliance says about itself (§6.2); None when it does not."""

    device_id: str | None = field(default=None, repr=False)
    e_number: str | None = None
    brand: str | None = None
    vib: str | None = None
    mac: str | None = field(default=None, repr=False)
    ha_version: str | None = None
    sw_version: str | None = None
    hw_version: str | None = None
    device_type: str | None = None
    device_info: str | None = None
    customer_index: str | None = None
    serial_number: str | None = field(default=None, repr=False)
    fd_string: str | None = None
    ship_ski: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class NetworkInterface:
    """One network interface of an appliance (§6.2); None when it does not say."""

    interface_id: int | None = None
    type: str | None = None
    ssid: str | None = field(default=None, repr=False)
    rssi: int | None = None
    """dBm."""
    primary: bool = False
    status: str | None = None
    configured: bool | None = None
    mac: str | None = field(default=None, repr=False)
    address: str | None = field(default=None, repr=False)


def values(data: object) -> list[Value]:
    """Read ``[{uid, value}]``; items without a value tell nothing."""
    found: list[Value] = []
    if type(data) is not list and type(data) is not tuple:
        return found
    for item in data:
        try:
            uid, value = item["uid"], item["value"]
        except LookupError, TypeError:
            continue
        if type(uid) is int or (uid := _counter(uid)) is not None:
            found.append((uid, value))
    return found


def description_changes(data: object) -> list[DescriptionChange]:
    """Read how the description differs; a field that cannot be read counts as not named."""
    found = []
    for item in _dicts(data):
        if (uid := _counter(item.get("uid"))) is not None:
            fields = {}
            for name, raw in item.items():
                if reader := _CHANGE_READERS.get(name):
                    field_name, read = reader
                    if (value := read(raw)) is not None:
                        fields[field_name] = value
                elif name in ("default", "value"):
                    fields[name] = raw
            found.append(DescriptionChange(uid, **fields))
    return found


def program_reports(data: object) -> list[ProgramReport]:
    """Read ``[{program, options}]``."""
    found = []
    for item in _dicts(data):
        program, options = _counter(item.get("program")), values(item.get("options"))
        if program is not None or options:
            found.append(ProgramReport(program, options))
    return found


def services(data: object) -> dict[str, int]:
    """Read which services the appliance has, in which version."""
    found: dict[str, int] = {}
    for item in _dicts(data):
        service, version = _text(item.get("service")), _counter(item.get("version"))
        if service and version is not None and len(found) < MAX_SERVICES:
            found[service] = version
    return found


def first_message_id(message: Message) -> int | None:
    """Give the number that our own messages begin with (§6.1); None when it is not said."""
    return _counter(message.data[0].get("edMsgID")) if message.data else None


def appliance_info(data: object) -> ApplianceInfo | None:
    """Read what an appliance says about itself; None when it says nothing."""
    for item in _dicts(data):
        info = ApplianceInfo(**{name: _text(item.get(key)) for key, name in _INFO.items()})
        return info if info != ApplianceInfo() else None
    return None


def primary_interface(data: object) -> NetworkInterface | None:
    """Read the network interface in use: the one called primary, else the first."""
    found = [_interface(item) for item in _dicts(data)]
    return next((each for each in found if each.primary), found[0] if found else None)


def _interface(item: Item) -> NetworkInterface:
    ipv4 = item.get("ipV4")
    return NetworkInterface(
        interface_id=_integer(item.get("interfaceID")),
        type=_text(item.get("type")),
        ssid=_text(item.get("ssid")),
        rssi=_integer(item.get("rssi")),
        primary=_boolean(item.get("primary")) is True,
        status=_text(item.get("status")),
        configured=_boolean(item.get("configured")),
        mac=_text(item.get("euiAddress")),
        address=_text(ipv4.get("ipAddress")) if type(ipv4) is dict else None,
    )


def _dicts(data: object) -> list[Item]:
    if type(data) is not list and type(data) is not tuple:
        return []
    return [item for item in data[:MAX_ITEMS] if type(item) is dict]


def _number(value: object) -> int | float | None:
    """Read a number that may come as text."""
    if type(value) is int or type(value) is float:
        return value
    if type(value) is not str or len(value) > _MAX_NUMBER_CHARS or not _DECIMAL.fullmatch(value):
        return None
    return float(value) if "." in value else int(value)


def _integer(value: object) -> int | None:
    """Read a whole number that may come as text or with a zero behind the point."""
    number = _number(value)
    return int(number) if number is not None and number.is_integer() else None


def _counter(value: object) -> int | None:
    """Read a number of 32 bits: counters and uids."""
    number = _integer(value)
    return number if number is not None and 0 <= number <= MAX_COUNTER else None


def _boolean(value: object) -> bool | None:
    """Read a truth value that may come as text or number."""
    if type(value) is str:
        value = _BOOLEANS.get(value.lower())
    elif type(value) is int and value in (0, 1):
        return value == 1
    return value if type(value) is bool else None


def _text(value: object) -> str | None:
    """Read a text of the appliance, cut to what a registry can bear; numbers count as text."""
    if type(value) is int:
        value = str(value)
    if type(value) is not str:
        return None
    return "".join(filter(str.isprintable, value[:MAX_TEXT_CHARS])).strip() or None


def _enumeration(value: object) -> int | None:
    """Read an enumeration's number: decimal, or text in the hexadecimal form of descriptions."""
    if type(value) is str and _HEXADECIMAL.fullmatch(value):
        return int(value, 16)
    return _counter(value)


def _member[Member: (Access, Execution)](kind: type[Member]) -> Callable[[object], Member | None]:
    members = {member.value: member for member in kind}
    return lambda value: members.get(value.lower()) if type(value) is str else None


_DECIMAL: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
# A prefix, a zero in front or a letter tell it from decimal.
_HEXADECIMAL: Final = re.compile(
    r"0[xX][0-9a-fA-F]{1,8}|0[0-9a-fA-F]{0,8}|[0-9]{0,7}[a-fA-F][0-9a-fA-F]{0,7}"
)
_BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}
_CHANGE_READERS: Final[Mapping[str, tuple[str, Callable[[object], Any]]]] = {
    "parentUID": ("parent", _counter),
    "access": ("access", _member(Access)),
    "available": ("available", _boolean),
    "min": ("min", _number),
    "max": ("max", _number),
    "stepSize": ("step", _number),
    "execution": ("execution", _member(Execution)),
    "enumerationType": ("enum", _enumeration),
}
_INFO: Final[Mapping[str, str]] = {
    "deviceID": "device_id",
    "eNumber": "e_number",
    "brand": "brand",
    "vib": "vib",
    "mac": "mac",
    "haVersion": "ha_version",
    "swVersion": "sw_version",
    "hwVersion": "hw_version",
    "deviceType": "device_type",
    "deviceInfo": "device_info",
    "customerIndex": "customer_index",
    "serialNumber": "serial_number",
    "fdString": "fd_string",
    "shipSki": "ship_ski",
}


# --- what we ask ----------------------------------------------------------------------------


def read_values(uids: Iterable[int]) -> Request:
    """Ask for the values of some features."""
    return Request(Resource.VALUES, Action.GET, tuple({"uid": uid} for uid in uids))


def write_values(items: Iterable[Value]) -> Request:
    """Write raw values, in this order."""
    return Request(Resource.VALUES, Action.POST, _written(items))


def select_program(uid: int, options: Iterable[Value] = ()) -> Request:
    """Select a program (§10.2)."""
    return _program(Resource.SELECTED_PROGRAM, uid, options)


def start_program(uid: int, options: Iterable[Value] = ()) -> Request:
    """Start a program (§10.4)."""
    return _program(Resource.ACTIVE_PROGRAM, uid, options)


def _program(resource: Resource, uid: int, options: Iterable[Value]) -> Request:
    item = {"program": uid, "options": list(_written(options))}
    return Request(resource, Action.POST, (item,))


def _written(items: Iterable[Value]) -> tuple[Item, ...]:
    """Put the uid first: some appliances refuse another order (§6.1)."""
    return tuple({"uid": uid, "value": value} for uid, value in items)
