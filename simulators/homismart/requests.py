"""Strict reading of what a client sends: every deviation from the wire is refused, with the reason.

The borrowed codec is not used here. It is lenient by design, and would forgive a client that shares it.
Source: docs/homismart/wire.md §3, §4, §7.1 and §10.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
import re
from typing import Any

from .. import strict_json
from ..refusal import Refusal, listed
from .devices import STOP, Device, Json, as_text, with_numeric_id

LAST_ON_FORMAT = "%Y-%m-%d %H:%M:%S"
_PREFIX = re.compile(r"[0-9]{4}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{32}", re.ASCII)
_LEVEL = re.compile(r"0|[1-9]0|100|99", re.ASCII)
_ICON = re.compile(r"[0-9]{1,4}", re.ASCII)
_LAST_ON = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)
# §10.6: everything and all curtains, beside the types of §9.
GROUPS = frozenset({1, 2, 4, 5, 6, 7, 8, 9, 10, 45})


@dataclass(frozen=True, slots=True)
class Check:
    """What a member of a request must be."""

    wanted: str
    passes: Callable[[Any], bool]


def _integer_to(limit: int) -> Check:
    return Check(
        f"an integer from 0 to {limit}", lambda value: type(value) is int and 0 <= value <= limit
    )


_TEXT = Check("text", lambda value: type(value) is str and bool(value))
_LOCK = Check('"1" or "2"', lambda value: type(value) is str and value in {"1", "2"})
_ICON_ID = Check(
    "a number as text", lambda value: type(value) is str and _ICON.fullmatch(value) is not None
)
_NAME = Check("a name", lambda value: type(value) is str and bool(value.strip()))

FORMS: Mapping[str, Mapping[str, Check]] = {
    "0002": {
        "username": _TEXT,
        "password": Check(
            "32 lower-case hexadecimal digits",
            lambda value: type(value) is str and _DIGEST.fullmatch(value) is not None,
        ),
    },
    "0004": {},
    "0014": {"devid": _TEXT},
    "0016": {"devid": _TEXT, "name": _NAME, "lock": _LOCK, "iconId": _ICON_ID},
    "0022": {"id": _TEXT},
    "0024": {"deviceSN": _TEXT},
    "0028": {"devid": _TEXT},
    "0030": {"devid": _TEXT, "ledDevice": _integer_to(100)},
    "0044": {},
    "0072": {},
    "0112": {},
    "0138": {
        "action": Check('"1" or "0"', lambda value: type(value) is str and value in {"0", "1"}),
        "type": Check(
            f"one of {', '.join(map(str, sorted(GROUPS)))}",
            lambda value: type(value) is int and value in GROUPS,
        ),
    },
    "0144": {"deviceSN": _TEXT, "closedPosition": _integer_to(10)},
    "0222": {},
}
"""The members of every request whose form is known, but for the whole objects of 0006."""

SET_OBJECT = "0006"

_NUMBER = (int, float)
_TYPES: Mapping[str, tuple[type, ...]] = {
    "id": (str,),
    "deviceId": (str,),
    "name": (str,),
    "type": (int,),
    "pid": (str,),
    "version": (int, str),
    "onLine": (bool,),
    "power": (bool,),
    "consumption": _NUMBER,
    "updateTime": (int,),
    "lock": (str,),
    "lastOn": (str,),
    "led": (int,),
    "iconId": (str,),
    "shared": (bool,),
    "curtainState": (str,),
    "closedPosition": (int,),
    "operationTime": _NUMBER,
    "timers": (bool,),
}
"""Types of the known members of an object (§7.1)."""

_MAY_BE_NEW = {"lastOn", "timers", "updateTime"}
"""What a client may add to an object that lacks it."""

_IDENTITY = ("id", "deviceId", "type", "pid")
"""What no client may change."""


def read_frame(text: str) -> tuple[str, Json]:
    """Split a text frame into its prefix and its members, and check them by ``FORMS``.

    Raises Refusal.
    """
    prefix = text[:4]
    if not _PREFIX.fullmatch(prefix):
        raise Refusal("the frame does not begin with four digits")
    try:
        body = strict_json.loads(text[4:])
    except ValueError as err:
        raise Refusal(f"{prefix}: the body is not JSON: {err}") from err
    if not isinstance(body, dict):
        raise Refusal(f"{prefix}: the body is no JSON object")
    if prefix == SET_OBJECT:
        if not isinstance(body.get("id"), str | int):
            raise Refusal(f"{prefix}: 'id' is missing or neither text nor number")
    elif (form := FORMS.get(prefix)) is None:
        raise Refusal(f"{prefix}: nobody sends this, or its members are not known")
    else:
        if wrong := body.keys() ^ form.keys():
            raise Refusal(f"{prefix}: members missing or too many: {listed(wrong)}")
        for name, check in form.items():
            if not check.passes(body[name]):
                raise Refusal(f"{prefix}: {name!r} is not {check.wanted}")
    return prefix, body


def read_object(sent: Json, device: Device) -> Json:
    """Check that the object of a 0006 is the whole object of the device (§10.1); gives its members, typed.

    Raises Refusal.
    """
    stored = device.members
    if missing := stored.keys() - sent.keys():
        raise Refusal(f"0006: the object is not whole, it lacks {listed(missing)}")
    if "updateTime" not in sent:
        raise Refusal("0006: 'updateTime' is missing")
    if strange := sent.keys() - stored.keys() - _MAY_BE_NEW:
        raise Refusal(f"0006: the object never had {listed(strange)}")
    typed = {name: _typed(name, value, device) for name, value in sent.items()}
    for name in _IDENTITY:
        if name in stored and typed[name] != stored[name]:
            raise Refusal(f"0006: {name!r} is not what it was")
    for name in ("led", "closedPosition"):
        check = _integer_to(100 if name == "led" else 10)
        if name in typed and typed[name] != stored[name] and not check.passes(typed[name]):
            raise Refusal(f"0006: {name!r} is not {check.wanted}")
    if "lock" in typed and typed["lock"] != stored["lock"] and not _LOCK.passes(typed["lock"]):
        raise Refusal(f"0006: 'lock' is not {_LOCK.wanted}")
    if "curtainState" in typed:
        _check_curtain(typed["curtainState"], stored["curtainState"])
    if "lastOn" in typed and typed["lastOn"] and read_last_on(typed["lastOn"]) is None:
        raise Refusal("0006: 'lastOn' is no date and time")
    return typed


def read_last_on(text: str) -> datetime | None:
    """Read the local time of ``lastOn``, without a zone; None when it is none."""
    try:
        return datetime.strptime(text, LAST_ON_FORMAT) if _LAST_ON.fullmatch(text) else None
    except ValueError:
        return None


def _check_curtain(value: str, stored: object) -> None:
    if not _LEVEL.fullmatch(value) and value != stored:
        raise Refusal(f"0006: 'curtainState' is neither a multiple of ten nor {STOP}")


def _typed(name: str, value: object, device: Device) -> Any:
    """Give a member its own type back if the client was told it with a wrong one.

    Raises Refusal when the type is wrong.
    """
    stored = device.members.get(name)
    if device.sent_oddly:
        oddities = (as_text(device.members), with_numeric_id(device.members))
        # Told as the text of another value, too: what was told may be out of date.
        if type(value) in {type(odd.get(name)) for odd in oddities} - {type(stored)}:
            return _restored(name, value, stored)
    allowed = _TYPES.get(name, (type(stored),))
    if type(value) not in allowed:
        words = " or ".join(kind.__name__ for kind in allowed)
        raise Refusal(f"0006: {name!r} is of type {type(value).__name__}, not {words}")
    return value


def _restored(name: str, value: object, stored: object) -> Any:
    if isinstance(stored, bool):
        return value == "true"
    try:
        if isinstance(stored, int | float):
            return type(stored)(str(value))
    except ValueError as err:
        raise Refusal(f"0006: {name!r} is no number") from err
    text = str(value)
    return stored if isinstance(stored, str) and stored.lstrip("0") == text else text
