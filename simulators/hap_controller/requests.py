"""Strict reading of what controllers ask.

Heads are compared byte by byte with what phones send, since real accessories fail on less (§6.1); what differs is a
misdeed, and what cannot be read is refused.
"""

from dataclasses import dataclass, field
import re
from typing import Any
from urllib.parse import unquote

from .. import strict_json
from ..refusal import Refusal, listed
from .description import Json, Key

PAIRING = "application/pairing+tlv8"
JSON = "application/hap+json"

MAX_HEAD = 8 * 1024
MAX_BODY = 1024 * 1024
_MAX_ID = 2**64 - 1

_METHODS = {
    "/pair-setup": {"POST"},
    "/pair-verify": {"POST"},
    "/identify": {"POST"},
    "/pairings": {"POST"},
    "/accessories": {"GET"},
    "/characteristics": {"GET", "PUT"},
    "/prepare": {"PUT"},
    "/resource": {"POST"},
}
PLAIN = frozenset({"/pair-setup", "/pair-verify", "/identify"})
"""What is asked before anybody proved who he is."""
_TLV_PATHS = {"/pair-setup", "/pair-verify", "/pairings"}
_HANDSHAKES = {"/pair-setup", "/pair-verify"}
_STATE = 0x06
_FLAGS = ("meta", "perms", "type", "ev")
_ITEM = {"aid", "iid", "value", "ev", "authData", "remote", "r"}
_TEXTS = re.compile(rb'"(?:[^"\\]|\\.)*"')


@dataclass(slots=True)
class Request:
    """One request, and what is wrong with its layout."""

    method: str
    target: str
    body: bytes = field(repr=False)
    size: int
    """In bytes, head included."""
    reads: int
    """In how many pieces it came."""
    misdeeds: list[str]
    told: Json | None = None
    """What its JSON says, once that is read."""

    @property
    def step(self) -> str:
        """Name the pairing message that answers it, M2 to M6; empty for what is none."""
        if self.path not in _HANDSHAKES:
            return ""
        at = 0
        while at + 2 < len(self.body):
            if self.body[at] == _STATE:
                return f"M{self.body[at + 2] + 1}"
            at += 2 + self.body[at + 1]
        return ""

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """What follows the path."""
        return self.target.partition("?")[2]

    @property
    def known(self) -> bool:
        """Whether there is such a path."""
        return self.path in _METHODS

    @property
    def allowed(self) -> bool:
        """Whether the path takes the method."""
        return self.method in _METHODS.get(self.path, set())


class RequestReader:
    """Cuts what arrives into requests."""

    def __init__(self, host: str) -> None:
        """Expect requests that name ``host``, the address they were sent to."""
        self._host = f"[{host}]" if ":" in host else host
        self._data = b""
        self._reads = 0

    @property
    def midway(self) -> bool:
        """Whether part of a request is there."""
        return bool(self._data)

    def feed(self, data: bytes) -> list[Request]:
        """Take what arrived; gives the requests that are complete. Raises Refusal for what is none."""
        self._data += data
        self._reads += 1
        found = []
        while self._data and (request := self._next()) is not None:
            found.append(request)
            self._reads = 1 if self._data else 0
        return found

    def _next(self) -> Request | None:
        head, end, rest = self._data.partition(b"\r\n\r\n")
        if len(head) > MAX_HEAD:
            raise Refusal("a head without end")
        if not end:
            return None
        first, *lines = head.split(b"\r\n")
        method, target = _first_line(first)
        headers = [_header(line) for line in lines]
        length = _length(headers)
        if len(rest) < length:
            return None
        size = len(head) + len(end) + length
        body, self._data = rest[:length], rest[length:]
        request = Request(method, target, body, size, self._reads, [])
        request.misdeeds += self._layout(request, headers)
        return request

    def _layout(self, request: Request, headers: list[tuple[str, str]]) -> list[str]:
        """Tell where a head is not as phones send it."""
        kind = PAIRING if request.path in _TLV_PATHS else JSON
        usual = [("Host", self._host)]
        if request.body:
            usual += [("Content-Length", str(len(request.body))), ("Content-Type", kind)]
        found = [f"{name}: {value}" for name, value in headers if (name, value) not in usual]
        if found:
            return [f"a head with {listed(found)}"]
        if headers != usual:
            return ["a head in another order, or without something"]
        return []


def _first_line(line: bytes) -> tuple[str, str]:
    match line.decode("ascii", "replace").split(" "):
        case [method, target, "HTTP/1.1"] if method.isalpha() and target.startswith("/"):
            return method, target
    raise Refusal("a first line that is no request line")


def _header(line: bytes) -> tuple[str, str]:
    name, colon, value = line.decode("ascii", "replace").partition(": ")
    if not colon:
        raise Refusal("a header that is none")
    return name, value


def _length(headers: list[tuple[str, str]]) -> int:
    found = [value for name, value in headers if name.lower() == "content-length"]
    if any(name.lower() == "transfer-encoding" for name, _ in headers):
        raise Refusal("a body in pieces, which accessories do not take")
    if not found:
        return 0
    if len(found) > 1 or not found[0].isdecimal() or int(found[0]) > MAX_BODY:
        raise Refusal("a body of no length")
    return int(found[0])


# --- bodies and queries -------------------------------------------------------------------------------


@dataclass(slots=True)
class Reading:
    """What is to be read."""

    keys: tuple[Key, ...]
    flags: frozenset[str]


@dataclass(slots=True)
class Item:
    """One characteristic that is written or subscribed to."""

    key: Key
    raw: Json

    @property
    def writes(self) -> bool:
        """Whether a value is written."""
        return "value" in self.raw

    @property
    def value(self) -> Any:
        """The value that is written."""
        return self.raw.get("value")

    @property
    def subscribes(self) -> bool | None:
        """Whether it is subscribed to, or not any more; None when it says nothing of that."""
        told = self.raw.get("ev")
        return None if told is None else bool(told)

    @property
    def asks(self) -> bool:
        """Whether a value is wanted for an answer."""
        return bool(self.raw.get("r"))


@dataclass(slots=True)
class Writing:
    """What is to be written or subscribed to."""

    items: tuple[Item, ...]
    pid: int | None


def read_reading(request: Request) -> Reading:
    """Read what a GET asks for. Raises Refusal; other misdeeds are noted in the request."""
    ids, *flags = request.query.split("&")
    if not ids.startswith("id=") or ids == "id=":
        raise Refusal("a request to read that does not begin with ids")
    if "%" in ids:
        request.misdeeds.append("ids in another encoding")
    keys = tuple(map(_read_key, unquote(ids.removeprefix("id=")).split(",")))
    if len(set(keys)) != len(keys):
        request.misdeeds.append("an id twice in one request")
    names = [flag.partition("=")[0] for flag in flags]
    if any(name not in _FLAGS for name in names):
        raise Refusal(f"unknown parameters: {listed(set(names) - set(_FLAGS))}")
    if flags != [f"{name}=1" for name in _FLAGS if name in names]:
        request.misdeeds.append("flags in another order or form, or twice")
    on = {name for name, flag in zip(names, flags, strict=True) if flag.endswith(("=1", "=true"))}
    return Reading(keys, frozenset(on))


def _read_key(text: str) -> Key:
    aid, dot, iid = text.partition(".")
    if not (dot and aid.isdecimal() and iid.isdecimal()):
        raise Refusal("an id that is none")
    return _key(int(aid), int(iid))


def _key(aid: object, iid: object) -> Key:
    for number in (aid, iid):
        if type(number) is not int or not 0 < number <= _MAX_ID:
            raise Refusal("an id that is none")
    return aid, iid  # type: ignore[return-value]  # looked at above


def read_json(request: Request) -> Json:
    """Read a body. Raises Refusal; white space is a misdeed (§6.1: tado)."""
    try:
        told = strict_json.loads(request.body.decode())
    except ValueError as err:
        raise Refusal(f"a body that is no JSON: {err}") from err
    if type(told) is not dict:
        raise Refusal("a body that is no object")
    if re.search(rb"\s", _TEXTS.sub(b"", request.body)):
        request.misdeeds.append("white space in JSON")
    request.told = told
    return told


def read_writing(request: Request) -> Writing:
    """Read what a PUT wants. Raises Refusal; other misdeeds are noted in the request."""
    told = read_json(request)
    if unknown := told.keys() - {"characteristics", "pid"}:
        request.misdeeds.append(f"unknown members: {listed(unknown)}")
    rows = told.get("characteristics")
    if type(rows) is not list or not rows or any(type(row) is not dict for row in rows):
        raise Refusal("a request to write without items")
    items = tuple(Item(_key(row.get("aid"), row.get("iid")), row) for row in rows)
    for item in items:
        if unknown := item.raw.keys() - _ITEM:
            request.misdeeds.append(f"unknown members of an item: {listed(unknown)}")
        for name in ("ev", "r", "remote"):
            if type(item.raw.get(name, False)) is not bool:
                request.misdeeds.append(f"{name!r} is not true or false")
        if type(item.value) is bool:
            request.misdeeds.append("a truth value in words instead of 1 or 0")
    pid = told.get("pid")
    if pid is not None and (type(pid) is not int or not 0 <= pid <= _MAX_ID):
        raise Refusal("a pid that is none")
    return Writing(items, pid)


def whole(told: Json, name: str) -> int:
    """Read a member that is a whole number. Raises Refusal."""
    value = told.get(name)
    if type(value) is not int or not 0 <= value <= _MAX_ID:
        raise Refusal(f"{name!r} is no whole number")
    return value
