"""Frames to typed messages, and commands to frames.

Nothing a peer sends raises here: what cannot be understood becomes ``None``, is left out, or is an ``Unrecognised``.
Source: docs/homismart/wire.md §4 to §13.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import md5
import re
from typing import Any, Final

from .const import (
    HUB_ID_START,
    LEVEL_CLOSED,
    LEVEL_OPEN,
    LEVEL_STOP,
    LOCKED,
    MAX_CLOSED_POSITION,
    MAX_ID_CHARS,
    MAX_LED,
    MAX_MEMBERS,
    MAX_NAME_CHARS,
    MAX_OBJECT_BYTES,
    MAX_OBJECTS,
    SAME_CODES,
    STANDING_OFFSET,
    UNLOCKED,
    Prefix,
)
from .frames import Frame, bytes_of

# --- what the server says -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LoginAnswer:
    """Whether the login was accepted (§4)."""

    accepted: bool
    must_confirm_terms: bool = False


@dataclass(frozen=True, slots=True)
class TermsConfirmed:
    """The confirmation of the terms of use was taken."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """Log in at another server (§6); whether to follow is decided elsewhere."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class CurtainState:
    """What one ``curtainState`` tells (§7.3)."""

    level: int | None
    """0 open, 100 closed; None to keep the last one."""
    standing: bool | None
    """Whether the motor is known to stand still; None when this says nothing about it."""


@dataclass(frozen=True, slots=True)
class Report:
    """One device or hub as far as one frame tells it."""

    device_id: str
    members: Mapping[str, Any] = field(repr=False)
    """The members as received: a control command sends the whole object back."""
    values: Mapping[str, Any]
    """Typed values of the members that are understood, by the names of the model's fields.

    None where a member says something that nobody understands and what was known before must not be shown any more.
    """
    curtain: CurtainState | None = None

    @property
    def is_hub(self) -> bool:
        """Whether this is a hub."""
        return self.device_id.startswith(HUB_ID_START)


@dataclass(frozen=True, slots=True)
class ObjectList:
    """The complete list of hubs and devices; None when the answer was no list."""

    reports: tuple[Report, ...] | None


@dataclass(frozen=True, slots=True)
class ObjectPush:
    """One device or hub changed or appeared."""

    report: Report


@dataclass(frozen=True, slots=True)
class Deleted:
    """A device or hub was deleted."""

    device_id: str


@dataclass(frozen=True, slots=True)
class HubNotice:
    """A hub came or went; what exactly is not known (§8)."""

    report: Report | None


@dataclass(frozen=True, slots=True)
class ServerError:
    """An error frame (§11); it does not say to what."""

    code: int
    """The number that all with the same meaning share; 0 when there was none."""


@dataclass(frozen=True, slots=True)
class OtherAnswer:
    """The answer to a question about something else than devices; its shape is not known."""

    prefix: str
    body: Any = field(repr=False)
    done: bool = True
    """False when it says that nothing came of it."""


@dataclass(frozen=True, slots=True)
class Unrecognised:
    """A frame this package has no use for."""

    what: str


type Message = (
    Deleted
    | HubNotice
    | LoginAnswer
    | ObjectList
    | ObjectPush
    | OtherAnswer
    | Redirect
    | ServerError
    | TermsConfirmed
    | Unrecognised
)


def read_message(frame: Frame) -> Message:
    """Tell what a frame of the server means; several prefixes mean something else when we send them."""
    body = frame.body
    match frame.prefix:
        case Prefix.OBJECT:
            report = read_report(body)
            return ObjectPush(report) if report else Unrecognised("0009 without an id")
        case Prefix.LIST_ANSWER:
            return ObjectList(read_reports(body))
        case Prefix.LOGIN_ANSWER:
            members = body if isinstance(body, dict) else {}
            result = members.get("result")
            return LoginAnswer(
                result is True or result == "true",
                _boolean(members.get("shouldConfirmTerms")) is True,
            )
        case Prefix.ADDED if isinstance(body, dict) and _boolean(body.get("result")):
            report = read_report(body.get("status"))
            return ObjectPush(report) if report else Unrecognised("0013 without an id")
        case Prefix.DELETED if isinstance(body, dict) and _boolean(body.get("result")):
            status = body.get("status")
            device_id = _identifier(status.get("id")) if isinstance(status, dict) else None
            return Deleted(device_id) if device_id else Unrecognised("0015 without an id")
        case Prefix.REDIRECT:
            return _redirect(body)
        case Prefix.HUB_NOTICE:
            return HubNotice(read_report(body))
        case Prefix.TERMS_CONFIRMED:
            return TermsConfirmed()
        case Prefix.ERROR:
            code = _integer(body.get("code")) if isinstance(body, dict) else None
            return ServerError(SAME_CODES.get(code, code) if code is not None else 0)
        case (
            Prefix.DEVICE_TIMERS_ANSWER
            | Prefix.SCENES_ANSWER
            | Prefix.TIMER_DELETED
            | Prefix.TIMERS_ANSWER
            | Prefix.TIMERS_DELETED
        ):
            refused = isinstance(body, dict) and _boolean(body.get("result")) is False
            return OtherAnswer(frame.prefix, body, done=not refused)
    return Unrecognised(frame.prefix)


def read_report(body: object) -> Report | None:
    """Read one device or hub (§7), whole or partial; None when it has no usable id."""
    if (
        type(body) is not dict
        or (device_id := _identifier(body.get("id"))) is None
        or len(body) > MAX_MEMBERS
        or (size := bytes_of(body)) is None
        or size > MAX_OBJECT_BYTES
    ):
        return None
    values = {}
    for member, raw in body.items():
        if reader := _READERS.get(member):
            name, read = reader
            if (value := read(raw)) is not None or member in _FORGOTTEN:
                values[name] = value
    return Report(device_id, body, values, read_curtain_state(body.get("curtainState")))


def read_reports(body: object) -> tuple[Report, ...] | None:
    """Read the device list; None when it is no list. One bad entry does not spoil the rest."""
    if type(body) is not list:
        return None
    return tuple(report for item in body[:MAX_OBJECTS] if (report := read_report(item)))


def read_curtain_state(raw: object) -> CurtainState | None:
    """Read a ``curtainState``; None when it is no number."""
    value = _integer(raw)
    if value is None:
        return None
    standing: bool | None = None
    if value >= STANDING_OFFSET:
        standing, value = True, value - STANDING_OFFSET
    elif value == LEVEL_STOP:
        standing = True
    elif 0 <= value <= LEVEL_CLOSED:
        standing = False
    if not 0 <= value <= LEVEL_CLOSED or value == LEVEL_STOP:
        return CurtainState(None, standing)
    return CurtainState(0 if value == 1 else value, standing)


def level_for_position(position: int) -> int:
    """Convert percent open to the level to send: tens, halves towards closed (§7.3).

    Tens keep 99, which would be a stop, and 1 off the wire.
    """
    return (LEVEL_CLOSED - position + 5) // 10 * 10


def digest(password: str) -> str:
    """Build what the cloud wants instead of the password; it is as good as the password."""
    return md5(password.encode(), usedforsecurity=False).hexdigest()


def _redirect(body: object) -> Message:
    host = body.get("ip") if isinstance(body, dict) else None
    port = _integer(body.get("port")) if isinstance(body, dict) else None
    if type(host) is not str or not 0 < len(host) <= 253 or port is None or not 0 < port < 65536:
        return Unrecognised("0039 without host and port")
    return Redirect(host.lower(), port)


def _identifier(value: object) -> str | None:
    if type(value) is int and 0 <= value < 10**20:
        value = str(value)
    return value if type(value) is str and 0 < len(value) <= MAX_ID_CHARS else None


def _text(value: object) -> str | None:
    """Read a text of the peer, cut to what a registry can bear; None when empty or no text."""
    if type(value) is int:
        value = str(value)
    return value[:MAX_NAME_CHARS].strip() or None if type(value) is str else None


def _integer(value: object) -> int | None:
    """Read a whole number that may come as text."""
    number = _number(value)
    if number is None or not number.is_integer() or (type(value) is str and "." in value):
        return None
    return int(number)


def _number(value: object) -> float | None:
    """Read a number that may come as text."""
    if type(value) is int:
        return value if abs(value) < 10**15 else None
    if type(value) is float:
        return value
    if type(value) is str and len(value) < 20 and _DECIMAL.fullmatch(value):
        return float(value) if "." in value else int(value)
    return None


def _boolean(value: object) -> bool | None:
    """Read a truth value that may come as text or number."""
    if type(value) is bool:
        return value
    if type(value) is str:
        value = value.lower()
        return True if value in ("true", "1") else False if value in ("false", "0") else None
    return bool(value) if type(value) is int and value in (0, 1) else None


def _within(limit: int) -> Callable[[object], int | None]:
    def read(value: object) -> int | None:
        number = _integer(value)
        return number if number is not None and 0 <= number <= limit else None

    return read


def _time(value: object) -> datetime | None:
    milliseconds = _integer(value)
    if milliseconds is None or not 0 < milliseconds < 10**13:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _locked(value: object) -> bool | None:
    return {LOCKED: True, UNLOCKED: False}.get(_text(value) or "")


def _last_on(value: object) -> str | None:
    text = _text(value)
    if text is None or len(text) != _LAST_ON_CHARS or text[10] != " ":
        return None
    try:
        datetime.fromisoformat(text)  # ten times as fast as by the format
    except ValueError:
        return None
    return text


_DECIMAL: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")
LAST_ON_FORMAT: Final = "%Y-%m-%d %H:%M:%S"
_LAST_ON_CHARS: Final = 19
_READERS: Final[dict[str, tuple[str, Callable[[object], object]]]] = {
    "type": ("type_number", _integer),
    "name": ("name", _text),
    "pid": ("hub_id", _identifier),
    "version": ("version", _text),
    "onLine": ("online", _boolean),
    "power": ("is_on", _boolean),
    "consumption": ("consumption", _number),
    "updateTime": ("updated_at", _time),
    "lock": ("locked", _locked),
    "lastOn": ("last_on", _last_on),
    "led": ("led", _within(MAX_LED)),
    "iconId": ("icon_id", _text),
    "shared": ("shared", _boolean),
    "closedPosition": ("closed_position", _within(MAX_CLOSED_POSITION)),
    "operationTime": ("operation_time_s", _number),
}

# A door that reports neither locked nor unlocked is not locked because it once was.
_FORGOTTEN: Final = frozenset({"lock", "onLine", "power"})

# --- what we ask ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Command:
    """One thing to ask of the cloud, and how its success will show.

    There are no request numbers and no acknowledgements: a command has succeeded when a report shows what it wants.
    """

    prefix: str
    device_id: str | None = None
    """The device or hub that is acted upon."""
    changes: Mapping[str, Any] = field(default_factory=dict)
    """Members to send; the rest of the object is filled in when it leaves."""
    wants: Mapping[str, Any] = field(default_factory=dict)
    """Values of the model's fields that fulfil it; ``standing`` and ``deleted`` beside them."""
    types: frozenset[int] | None = None
    """Type numbers of all the devices that are acted upon; None for a single device."""
    answer: str | None = None
    """Prefix of the answer that settles it, for questions about something else than devices."""

    @property
    def is_level(self) -> bool:
        """Whether only the last of several for the same device counts."""
        return "level" in self.wants

    @property
    def is_stop(self) -> bool:
        """Whether this must not wait behind anything."""
        return "standing" in self.wants


LIST_OBJECTS: Final = Frame(Prefix.LIST, {})
HEARTBEAT: Final = Frame(Prefix.HEARTBEAT, {})
CONFIRM_TERMS: Final = Frame(Prefix.CONFIRM_TERMS, {})


def log_in(username: str, password_digest: str) -> Frame:
    """Build the login; the digest is a secret."""
    return Frame(Prefix.LOGIN, {"username": username, "password": password_digest})


def set_power(device_id: str, on: bool) -> Command:
    """Switch a device; the moment of switching on is filled in when it leaves."""
    return Command(Prefix.SET, device_id, {"power": on}, {"is_on": on})


def set_level(device_id: str, level: int) -> Command:
    """Move a curtain to a level, 0 open to 100 closed, in tens."""
    return Command(Prefix.SET, device_id, {"curtainState": str(level)}, {"level": level})


def stop_curtain(device_id: str) -> Command:
    """Stop a curtain where it is."""
    return Command(Prefix.SET, device_id, {"curtainState": str(LEVEL_STOP)}, {"standing": True})


def set_lock(device_id: str, locked: bool) -> Command:
    """Lock or unlock a door, or the buttons of another device."""
    return Command(
        Prefix.MODIFY, device_id, {"lock": LOCKED if locked else UNLOCKED}, {"locked": locked}
    )


def rename(device_id: str, name: str) -> Command:
    """Name a device or hub."""
    return Command(Prefix.MODIFY, device_id, {"name": name}, {"name": _text(name)})


def set_icon(device_id: str, icon_id: str) -> Command:
    """Choose the icon that the vendor's application shows."""
    return Command(Prefix.MODIFY, device_id, {"iconId": icon_id}, {"icon_id": icon_id})


def set_led(device_id: str, level: int) -> Command:
    """Set the indicator light, 0 to 100."""
    return Command(Prefix.LED, device_id, {"ledDevice": level}, {"led": level})


def set_closed_position(device_id: str, position: int) -> Command:
    """Calibrate where a curtain is closed, 0 to 10."""
    return Command(
        Prefix.CLOSED_POSITION,
        device_id,
        {"closedPosition": position},
        {"closed_position": position},
    )


def delete_object(device_id: str) -> Command:
    """Remove a device from the vendor's account."""
    return Command(Prefix.DELETE, device_id, {}, {"deleted": True})


def list_timers() -> Command:
    """Ask for all timers."""
    return Command(Prefix.TIMERS, answer=Prefix.TIMERS_ANSWER)


def list_device_timers(device_id: str) -> Command:
    """Ask for the timers of a device."""
    members = {"devid": device_id}
    return Command(Prefix.DEVICE_TIMERS, changes=members, answer=Prefix.DEVICE_TIMERS_ANSWER)


def list_scenes() -> Command:
    """Ask for all scenes."""
    return Command(Prefix.SCENES, answer=Prefix.SCENES_ANSWER)


def delete_timer(timer_id: str) -> Command:
    """Delete a timer."""
    return Command(Prefix.DELETE_TIMER, changes={"id": timer_id}, answer=Prefix.TIMER_DELETED)


def delete_device_timers(device_id: str) -> Command:
    """Delete all timers of a device."""
    members = {"deviceSN": device_id}
    return Command(Prefix.DELETE_TIMERS, changes=members, answer=Prefix.TIMERS_DELETED)


def switch_group(on: bool, number: int, types: Iterable[int], *, curtains: bool) -> Command:
    """Act upon all devices of a kind at once; on means open for curtains."""
    wants = {"level": LEVEL_OPEN if on else LEVEL_CLOSED} if curtains else {"is_on": on}
    return Command(
        Prefix.GROUP, None, {"action": str(int(on)), "type": number}, wants, frozenset(types)
    )


def build(command: Command, members: Mapping[str, Any], now: datetime) -> Frame:
    """Build the frame of a command for an object as it is stored at this moment.

    A ``0006`` writes the whole object, so what is stored now goes along; ``now`` is local time of the home.
    """
    device_id = command.device_id
    match command.prefix:
        case Prefix.SET:
            body = {**members, **command.changes, "updateTime": int(now.timestamp() * 1000)}
            if command.changes.get("power") is True:
                body["lastOn"] = now.strftime(LAST_ON_FORMAT)
        case Prefix.MODIFY:
            defaults = {"lock": UNLOCKED, "iconId": "0"}
            known = {
                name: str(members[name])
                for name in ("name", "lock", "iconId")
                if members.get(name) is not None
            }
            body = {"devid": device_id, **defaults, **known, **command.changes}
        case Prefix.CLOSED_POSITION:
            body = {"deviceSN": device_id, **command.changes}
        case Prefix.LED | Prefix.DELETE:
            body = {"devid": device_id, **command.changes}
        case _:
            body = dict(command.changes)
    return Frame(command.prefix, body)


def shows(report: Report, wants: Mapping[str, Any]) -> bool:
    """Tell whether a report shows everything that a command wants."""
    for name, wanted in wants.items():
        if name == "level":
            value: object = report.curtain.level if report.curtain else None
        elif name == "standing":
            value = report.curtain.standing if report.curtain else None
        else:
            value = report.values.get(name)
        if value != wanted:
            return False
    return True
