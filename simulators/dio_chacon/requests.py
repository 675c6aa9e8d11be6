"""Strict reading of what a client sends: every deviation from the wire is refused, with the reason.

The borrowed codec is not used here. It is lenient by design, and would forgive a client that shares it.
Source: docs/dio_chacon/wire.md §3, §5 and §6.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
import re
from typing import Any
from urllib.parse import parse_qsl, unquote

from .. import refusal, strict_json
from ..refusal import listed
from .devices import MOVEMENT, OPEN_LEVEL, QUIET_MODE, SWITCH, Json

_ENVELOPE = {"method", "path", "parameters", "id"}
_BY_PASSWORD = {"email", "password", "serviceName"}
_BY_TOKEN = {"sessionToken"}
_LOGIN = {"email", "password", "installationId"}
_ACTION = re.compile(r"/device/([^/]+)/action/([^/]+)")


class Refusal(refusal.Refusal):
    """Something the real service would not take, with what an answer to it needs."""

    def __init__(self, why: str, *, number: object = None, status: int = 400) -> None:
        """Keep the id to answer to, None when the client gave none."""
        super().__init__(why)
        self.number = number
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """One request that is well formed."""

    number: int
    method: str
    path: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Login:
    """A request for a token, well formed."""

    email: str
    password: str = field(repr=False)
    installation_id: str = field(repr=False)


def read_request(text: str, last_number: int) -> Request:
    """Read a text frame; ``last_number`` is the id of the request before it.

    Raises Refusal.
    """
    frame = _read_object(text, "frame")
    number = frame.get("id")
    if type(number) is not int:
        raise Refusal("'id' is missing or no integer", number=number)
    if number <= last_number:
        raise Refusal(f"'id' {number} does not count up from {last_number}", number=number)
    if number < 1:
        raise Refusal("'id' is not positive", number=number)
    if wrong := frame.keys() ^ _ENVELOPE:
        raise Refusal(f"members missing or too many: {listed(wrong)}", number=number)
    method, path, parameters = frame["method"], frame["path"], frame["parameters"]
    if method not in {"GET", "POST"}:
        raise Refusal("'method' is neither GET nor POST", number=number)
    if not isinstance(path, str) or not path.startswith("/"):
        raise Refusal("'path' is no path", number=number)
    if not isinstance(parameters, dict):
        raise Refusal("'parameters' is no object", number=number)
    return Request(number, method, path, parameters)


def read_query(target: str) -> dict[str, str]:
    """Read the credentials behind the websocket address, still encoded as they came.

    Raises Refusal unless they are exactly those of one of the two ways of §3.
    """
    query = target.partition("?")[2]
    if re.search(r"%(?![0-9A-Fa-f]{2})|[^\x21-\x7e]", query):
        raise Refusal("the query is not percent-encoded")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError as err:  # also for what is not UTF-8
        raise Refusal("the query is no list of names and values in UTF-8") from err
    values = dict(pairs)
    if len(values) != len(pairs):
        raise Refusal("a member of the query is repeated")
    if values.keys() not in (_BY_PASSWORD, _BY_TOKEN):
        raise Refusal(f"the query has the wrong members: {listed(values)}")
    if empty := [name for name, value in values.items() if not value]:
        raise Refusal(f"members of the query are empty: {listed(empty)}")
    return values


def read_login(content_type: str | None, body: bytes) -> Login:
    """Read the body of an HTTP login.

    Raises Refusal.
    """
    media_type = (content_type or "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Refusal("'Content-Type' is not application/json")
    try:
        text = body.decode()
    except UnicodeDecodeError as err:
        raise Refusal("the body is not UTF-8") from err
    members = _read_object(text, "body")
    if wrong := members.keys() ^ _LOGIN:
        raise Refusal(f"members missing or too many: {listed(wrong)}")
    for name, value in members.items():
        if not isinstance(value, str) or not value:
            raise Refusal(f"{name!r} is no text or empty")
    return Login(members["email"], members["password"], members["installationId"])


@dataclass(frozen=True, slots=True)
class Action:
    """How one kind of action is asked for."""

    resource: str
    member: str
    wanted: str
    accepts: Callable[[Any], bool]


# §6.4 to §6.7, by href; nothing else is ever written by a published client.
ACTIONS = {
    "switch": Action(
        SWITCH, "value", "the integer 0 or 1", lambda value: type(value) is int and value in {0, 1}
    ),
    "quietmode": Action(
        QUIET_MODE,
        "value",
        "the integer 0 or 1",
        lambda value: type(value) is int and value in {0, 1},
    ),
    "openlevel": Action(
        OPEN_LEVEL,
        "openLevel",
        "an integer from 0 to 100",
        lambda value: type(value) is int and 0 <= value <= 100,
    ),
    "mvtlinear": Action(
        MOVEMENT,
        "movement",
        "'up', 'down' or 'stop'",
        lambda value: isinstance(value, str) and value in {"up", "down", "stop"},
    ),
}


def read_target(path: str) -> tuple[str, str] | None:
    """Take the device id and the href out of the path of an action; None for other paths."""
    if match := _ACTION.fullmatch(path):
        return unquote(match[1]), match[2]
    return None


def read_value(href: str, parameters: Mapping[str, Any]) -> tuple[str, Any]:
    """Give the resource type an action writes and the value it asks for.

    Raises Refusal.
    """
    if (action := ACTIONS.get(href)) is None:
        raise Refusal(f"nobody writes {href!r}", status=404)
    if parameters.keys() != {action.member}:
        raise Refusal(f"the parameters of {href!r} are exactly {action.member!r}")
    value = parameters[action.member]
    if not action.accepts(value):
        raise Refusal(f"{action.member!r} is not {action.wanted}")
    return action.resource, value


def read_device_ids(parameters: Mapping[str, Any], limit: int | None) -> list[str]:
    """Read the ids of a request for states, at most ``limit``.

    Raises Refusal.
    """
    if parameters.keys() != {"devices"}:
        raise Refusal("the parameters of a states request are exactly 'devices'")
    ids = parameters["devices"]
    if not isinstance(ids, list) or not ids:
        raise Refusal("'devices' is no list or empty")
    if not all(isinstance(item, str) and item for item in ids):
        raise Refusal("'devices' holds something that is no id")
    if limit is not None and len(ids) > limit:
        raise Refusal(f"'devices' holds {len(ids)} ids, more than {limit}")
    return ids


def _read_object(text: str, what: str) -> Json:
    try:
        value = strict_json.loads(text)
    except ValueError as err:
        raise Refusal(f"the {what} is not JSON: {err}") from err
    if not isinstance(value, dict):
        raise Refusal(f"the {what} is no JSON object")
    return value
