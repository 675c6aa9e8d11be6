"""Typed requests and answers of the endpoints that carry JSON, for both roles.

Nothing a peer says in a body that is JSON raises here: what cannot be understood is left out. Which characteristics
exist, and what their values mean, is the model's business. Source: docs/hap_controller/wire.md §6.5, §6.6, §7, §9.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

import orjson

from .const import (
    LARGE_REQUEST_BYTES,
    LARGE_REQUEST_IDS,
    MAX_FRAME_BYTES,
    MAX_IDS_PER_READ,
    ContentType,
    HapStatus,
    HttpCode,
    Path,
)
from .errors import FrameError, RefusedError
from .refusals import normalised_status
from .values import dumps, loads

type Key = tuple[int, int]
"""Which characteristic: accessory id (aid) and instance id (iid)."""

type Report = tuple[Key, Any, int]
"""What is told of one characteristic: its value, None when there is none, and its status, 0 for success."""

# §6.4
MAX_ID: Final = 2**64 - 1
# Above this a number that was written as a float may stand for several.
_MAX_EXACT: Final = 2**53
# A status that is no number; it must not pass for success.
_ILLEGIBLE_STATUS: Final = -1
# As many as a bridge may have; a request with more of them is an attack. Answers are bounded by their bytes.
MAX_ITEMS: Final = 16_384

# aid, iid and value.
_EVENT_MEMBERS: Final = 3


def read_id(value: object) -> int | None:
    """Read an aid or iid, 1 to 2⁶⁴−1; None when it is none."""
    if type(value) is float and value.is_integer() and value < _MAX_EXACT:
        value = int(value)
    return value if type(value) is int and 0 < value <= MAX_ID else None


def read_status(value: object) -> int:
    """Read a status, whatever its sign; 0 when there is none."""
    if value is None:
        return HapStatus.SUCCESS
    if type(value) is float and value.is_integer():
        value = int(value)
    return normalised_status(value) if type(value) is int else _ILLEGIBLE_STATUS


# --- what the controller asks -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Request:
    """One request, as it goes into HTTP."""

    method: str
    target: str
    content_type: ContentType | None = None
    body: bytes = field(default=b"", repr=False)
    keys: tuple[Key, ...] = ()
    """The characteristics it is about."""


@dataclass(frozen=True, slots=True)
class Write:
    """One value to write, as the accessory takes it."""

    key: Key
    value: Any
    auth_data: str | None = field(default=None, repr=False)
    """Additional authorization, base64."""
    remote: bool | None = None
    """Whether it comes from outside the home."""
    response: bool = False
    """Whether the accessory shall answer with a value."""


ACCESSORIES: Final = Request("GET", Path.ACCESSORIES)
IDENTIFY: Final = Request("POST", Path.IDENTIFY, ContentType.JSON, b"{}")


def read_request(
    keys: Iterable[Key],
    *,
    meta: bool = False,
    perms: bool = False,
    types: bool = False,
    events: bool = False,
) -> Request:
    """Ask for values, each characteristic once, and for what else is wanted of each (§7.2)."""
    once = tuple(dict.fromkeys(keys))
    ids = ",".join(f"{aid}.{iid}" for aid, iid in once)
    return Request(
        "GET",
        f"{Path.CHARACTERISTICS}?id={ids}{_flags(meta, perms, types, events)}",
        keys=once,
    )


def _flags(*wanted: bool) -> str:
    names = ("meta", "perms", "type", "ev")
    return "".join(f"&{name}=1" for name, on in zip(names, wanted, strict=True) if on)


def write_request(writes: Iterable[Write], *, pid: int | None = None) -> Request:
    """Write values; with the ``pid`` of a prepared write when the accessory wants it so (§7.3, §7.4)."""
    writes = tuple(writes)
    return _put(map(_write_item, writes), [write.key for write in writes], pid)


def subscribe_request(keys: Iterable[Key], on: bool) -> Request:
    """Subscribe this connection to changes, or end that (§9)."""
    once = tuple(dict.fromkeys(keys))
    return _put((_event_item(key, on) for key in once), once, None)


def _put(items: Iterable[Mapping[str, Any]], keys: Iterable[Key], pid: int | None) -> Request:
    body: dict[str, Any] = {"characteristics": list(items)}
    if pid is not None:
        body["pid"] = pid
    return Request("PUT", Path.CHARACTERISTICS, ContentType.JSON, dumps(body), tuple(keys))


def _write_item(write: Write) -> dict[str, Any]:
    aid, iid = write.key
    item = {"aid": aid, "iid": iid, "value": write.value}
    if write.auth_data is not None:
        item["authData"] = write.auth_data
    if write.remote is not None:
        item["remote"] = write.remote
    if write.response:
        item["r"] = True
    return item


def _event_item(key: Key, on: bool) -> dict[str, Any]:
    return {"aid": key[0], "iid": key[1], "ev": on}


def prepare_request(ttl_ms: int, pid: int) -> Request:
    """Announce a timed write: the write with this ``pid`` comes within so many milliseconds (§7.4)."""
    body = dumps({"ttl": ttl_ms, "pid": pid})
    return Request("PUT", Path.PREPARE, ContentType.JSON, body)


def resource_request(
    aid: int | None, width: int, height: int, *, reason: int | None = None
) -> Request:
    """Ask a camera for a picture of this many pixels (§7.7); reason 0 is periodic, 1 an event."""
    body: dict[str, Any] = {} if aid is None else {"aid": aid}
    body |= {"resource-type": "image", "image-width": width, "image-height": height}
    if reason is not None:
        body["reason"] = reason
    return Request("POST", Path.RESOURCE, ContentType.JSON, dumps(body))


# --- how much goes into one request -------------------------------------------------------------

# §6.1: everything in a head but the target, the host and the length; ``http`` writes it, its tests compare.
_GET_HEAD_BYTES: Final = len("GET  HTTP/1.1\r\nHost: \r\n\r\n")
_PUT_HEAD_BYTES: Final = (
    len("PUT  HTTP/1.1\r\nHost: \r\nContent-Length: \r\nContent-Type: \r\n\r\n")
    + len(Path.CHARACTERISTICS)
    + len(ContentType.JSON)
)
_READ_TARGET_BYTES: Final = len(f"{Path.CHARACTERISTICS}?id=")
_ALL_FLAGS_BYTES: Final = len(_flags(True, True, True, True))
_PUT_BODY_BYTES: Final = len(b'{"characteristics":[]}')
_PID_BYTES: Final = len(f',"pid":{MAX_ID}')
# IPv6 addresses come without them.
_BRACKETS_BYTES: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Batching:
    """How much an accessory takes in one request.

    Many small accessories fail on requests of more than one frame, and some on few characteristics (§7.2, §9).
    """

    host: str = field(repr=False)
    """As it stands in the head, without brackets."""
    max_bytes: int | None = MAX_FRAME_BYTES
    """Of the whole request, head included; None for any number."""
    max_items: int = MAX_IDS_PER_READ
    one_accessory: bool = False
    """Whether a request to write or subscribe must be about a single accessory of a bridge."""

    def halved(self, items: int) -> Batching:
        """Take half of what an accessory could not bear; at least one item."""
        return replace(self, max_items=max(1, min(self.max_items, items) // 2))

    def large(self) -> Batching:
        """Be for an accessory that has proved to take more than one frame."""
        return replace(self, max_bytes=LARGE_REQUEST_BYTES, max_items=LARGE_REQUEST_IDS)

    def small(self) -> Batching:
        """Be for an accessory of which nothing is known, or for one that did not bear more."""
        return replace(self, max_bytes=MAX_FRAME_BYTES, max_items=MAX_IDS_PER_READ)

    def reads(self, keys: Iterable[Key], *, flags: bool = False) -> list[list[Key]]:
        """Split what is to be read, each characteristic once; ``flags`` keeps room for all of them."""
        fixed = _GET_HEAD_BYTES + _READ_TARGET_BYTES + flags * _ALL_FLAGS_BYTES
        return self._split(dict.fromkeys(keys), fixed, lambda key: len(f"{key[0]}.{key[1]}"))

    def subscriptions(self, keys: Iterable[Key]) -> list[list[Key]]:
        """Split what is to be subscribed to, or not any more, in the order of the accessories."""
        return self._split_items(
            sorted(set(keys)), 0, lambda key: len(f'{{"aid":{key[0]},"iid":{key[1]},"ev":false}}')
        )

    def writes(self, writes: Iterable[Write]) -> list[list[Write]]:
        """Split what is to be written and keep its order; a batch names each characteristic once."""
        return self._split_items(
            writes, _PID_BYTES, lambda write: len(dumps(_write_item(write))), _key_of
        )

    def _split_items[T](
        self,
        items: Iterable[T],
        extra: int,
        bytes_of: Callable[[T], int],
        key_of: Callable[[T], Any] = lambda item: item,
    ) -> list[list[T]]:
        fixed = _PUT_HEAD_BYTES + len(str(self.max_bytes)) + _PUT_BODY_BYTES + extra
        return self._split(items, fixed, bytes_of, key_of, one_accessory=self.one_accessory)

    def _split[T](
        self,
        items: Iterable[T],
        fixed: int,
        bytes_of: Callable[[T], int],
        key_of: Callable[[T], Any] = lambda item: item,
        *,
        one_accessory: bool = False,
    ) -> list[list[T]]:
        """Fill one batch after the other; an item that is too large by itself goes alone."""
        fixed += len(self.host.encode()) + (_BRACKETS_BYTES if ":" in self.host else 0)
        limit = self.max_bytes
        batches: list[list[T]] = []
        batch: list[T] = []
        taken: set[Key] = set()
        aid: int | None = None
        size = fixed
        for item in items:
            key = key_of(item)
            more = 0 if limit is None else bytes_of(item) + 1  # and a comma
            if (
                not batch
                or len(batch) >= self.max_items
                or key in taken
                or (one_accessory and key[0] != aid)
                or (limit is not None and size + more - 1 > limit)  # the last one has no comma
            ):
                batch = []
                batches.append(batch)
                taken.clear()
                size = fixed
            batch.append(item)
            taken.add(key)
            aid = key[0]
            size += more
        return batches


def _key_of(write: Write) -> Key:
    return write.key


# --- what the accessory answers -----------------------------------------------------------------


class ReadAnswer(NamedTuple):
    """What became of a request to read."""

    reports: list[Report]
    """Of what was asked for, as far as the accessory told anything."""
    members: dict[Key, dict[str, Any]]
    """All members of each item, as received."""

    @property
    def failures(self) -> dict[Key, int]:
        """The statuses of what could not be read."""
        return {key: status for key, _, status in self.reports if status}


class Written(NamedTuple):
    """What became of one write or subscription."""

    status: int = HapStatus.SUCCESS
    value: Any = None
    """The write response, when one was asked for."""


def read_event(body: bytes | bytearray | memoryview) -> list[Report]:
    """Read what an event tells, in its order (§9).

    Raises FrameError when it is not JSON; an event that cannot be read is no reason to close.
    """
    reports: list[Report] = []
    try:  # what nearly all are, in a third of the time of the tolerant way
        for item in orjson.loads(body)["characteristics"]:
            aid, iid = item["aid"], item["iid"]
            if len(item) != _EVENT_MEMBERS or type(aid) is not int or type(iid) is not int:
                break
            reports.append(((aid, iid), item["value"], 0))
        else:
            return reports
    except KeyError, TypeError, ValueError:
        pass
    return _reports(_items(loads(body)))


def parse_read_answer(code: int, body: bytes | memoryview, keys: Iterable[Key]) -> ReadAnswer:
    """Read the answer to a request for the values of ``keys``; others in it do not count (§7.2).

    Raises RefusedError when the accessory gave no items, FrameError when a good answer is not JSON.
    """
    asked = dict.fromkeys(keys)
    if code == HttpCode.NO_CONTENT:
        return ReadAnswer([], {})
    items, overall = _answer(code, body)
    members = {key: item for item in items if (key := _key(item)) is not None and key in asked}
    told = {report[0]: report for report in _reports(items) if report[0] in asked}
    if overall:
        told = {key: (key, None, overall) for key in asked} | told
    return ReadAnswer(list(told.values()), members)


def parse_write_answer(
    code: int, body: bytes | memoryview, keys: Iterable[Key]
) -> dict[Key, Written]:
    """Read the answer to a request to write or subscribe ``keys``: what became of each (§7.3).

    What an answer with other items does not mention has succeeded: some accessories list failures only, and some
    statuses that do not say of what. Raises RefusedError when the accessory gave no items for a failure, FrameError
    when a good answer is not JSON.
    """
    keys = dict.fromkeys(keys)
    if code == HttpCode.NO_CONTENT or (code == HttpCode.OK and not bytes(body).strip()):
        return dict.fromkeys(keys, Written())
    items, overall = _answer(code, body)
    told = {key: Written(status, value) for key, value, status in _reports(items) if key in keys}
    unnamed = _unnamed_statuses(items)
    if len(unnamed) == len(keys) and not told:
        told = {key: Written(status) for key, status in zip(keys, unnamed, strict=True)}
    if failure := overall or min(unnamed, default=0):
        rest = failure
    elif code == HttpCode.OK or (
        code == HttpCode.MULTI_STATUS and (told or unnamed or overall is not None)
    ):
        rest = HapStatus.SUCCESS
    else:  # nothing says that these were done
        rest = _ILLEGIBLE_STATUS
    return {key: told.get(key) or Written(rest) for key in keys}


def parse_status(code: int, body: bytes | memoryview) -> int:
    """Read the status of an answer that has no items: /prepare, /identify, /resource (§7.4, §7.5, §7.7).

    0 stands for success. A refusal without a legible status is another number than 0.
    """
    try:
        root = loads(body)
    except FrameError:
        root = None
    status = read_status(root.get("status")) if type(root) is dict else 0
    if code in (HttpCode.OK, HttpCode.NO_CONTENT):
        return status
    return status or _ILLEGIBLE_STATUS


def _answer(code: int, body: bytes | memoryview) -> tuple[list[Any], int | None]:
    """Give the items of an answer and its overall status, None without one; an error may have them too (§6.5)."""
    good = code in (HttpCode.OK, HttpCode.MULTI_STATUS)
    try:
        root = loads(body)
    except FrameError:
        if good:
            raise
        root = None
    items = _items(root)
    status = root.get("status") if type(root) is dict else None
    overall = None if status is None else read_status(status)
    if not good and not items and not overall:
        raise RefusedError(f"the accessory answered with HTTP code {code}", code)
    return items, overall


def _items(root: Any) -> list[Any]:
    items = root.get("characteristics") if type(root) is dict else None
    return items if type(items) is list else []


def _key(item: Any) -> Key | None:
    """Read which characteristic an item is about; None for what is no item (§8.7: Somfy)."""
    if type(item) is not dict:
        return None
    aid, iid = read_id(item.get("aid")), read_id(item.get("iid"))
    return None if aid is None or iid is None else (aid, iid)


def _reports(items: list[Any]) -> list[Report]:
    reports: list[Report] = []
    for item in items:
        try:
            aid, iid, value = item["aid"], item["iid"], item.get("value")
            status = item.get("status")
        except AttributeError, IndexError, KeyError, TypeError:
            continue
        key: Key | None = (aid, iid)
        if type(aid) is not int or type(iid) is not int:  # 1.0, or no number at all
            key = _key(item)
        if key is not None:
            reports.append((key, value, 0 if status is None else read_status(status)))
    return reports


def _unnamed_statuses(items: list[Any]) -> list[int]:
    """Read statuses that do not say what they are about, as Somfy's bridges give them."""
    return [
        read_status(item["status"])
        for item in items
        if type(item) is dict
        and item.get("status") is not None
        and not item.keys() & {"aid", "iid"}
    ]


# --- the accessory's side -----------------------------------------------------------------------


class ReadQuery(NamedTuple):
    """What a controller wants to read."""

    keys: tuple[Key, ...]
    meta: bool = False
    perms: bool = False
    types: bool = False
    events: bool = False


class Item(NamedTuple):
    """One item of a request to write or subscribe."""

    key: Key
    value: Any = None
    has_value: bool = False
    """Null is a value here: it says so, and is none of any format."""
    events: bool | None = None
    auth_data: str | None = None
    remote: bool = False
    response: bool = False


class WriteQuery(NamedTuple):
    """What a controller wants to write or subscribe to."""

    items: tuple[Item, ...]
    pid: int | None = None
    """The number of a prepared write."""


class Prepared(NamedTuple):
    """A timed write that a controller announces."""

    ttl_ms: int
    pid: int


class ResourceQuery(NamedTuple):
    """A picture that a controller wants."""

    aid: int | None
    kind: str
    width: int
    height: int
    reason: int | None = None


def parse_read_target(target: str) -> ReadQuery:
    """Read the target of a request to read (§7.2).

    Raises FrameError when it names no characteristic, or something that is none.
    """
    _, _, query = target.partition("?")
    parameters: dict[str, str] = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        parameters.setdefault(name, unquote(value))
    keys = []
    for text in parameters.get("id", "").split(","):
        aid, _, iid = text.partition(".")
        if (key := _key({"aid": _decimal(aid), "iid": _decimal(iid)})) is None:
            raise FrameError("a request to read names no characteristic")
        keys.append(key)
    if len(keys) > MAX_ITEMS:
        raise FrameError("a request to read names too many characteristics")
    wanted = (parameters.get(name) in ("1", "true") for name in ("meta", "perms", "type", "ev"))
    return ReadQuery(tuple(keys), *wanted)


def _decimal(text: str) -> int | None:
    """Read digits, no more than 64 bits have; ``int`` alone takes signs, blanks and underscores too."""
    return (
        int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(MAX_ID)) else None
    )


def parse_write_body(body: bytes | memoryview) -> WriteQuery:
    """Read the body of a request to write or subscribe (§7.3).

    Raises FrameError when it is not JSON, has no items, or one that names no characteristic.
    """
    root = _object(body)
    items = root.get("characteristics")
    if type(items) is not list or not 0 < len(items) <= MAX_ITEMS:
        raise FrameError("a request to write has no items")
    pid = root.get("pid")
    return WriteQuery(tuple(map(_item, items)), None if pid is None else _whole(pid))


def _item(raw: Any) -> Item:
    if (key := _key(raw)) is None:
        raise FrameError("an item names no characteristic")
    auth_data = raw.get("authData")
    return Item(
        key,
        raw.get("value"),
        "value" in raw,
        _flag(raw.get("ev")),
        auth_data if type(auth_data) is str else None,
        _flag(raw.get("remote")) or False,
        _flag(raw.get("r")) or False,
    )


def _flag(value: object) -> bool | None:
    return bool(value) if type(value) in (bool, int) and value in (0, 1) else None


def parse_prepare_body(body: bytes | memoryview) -> Prepared:
    """Read the announcement of a timed write (§7.4).

    Raises FrameError when it is none.
    """
    root = _object(body)
    return Prepared(_whole(root.get("ttl")), _whole(root.get("pid")))


def parse_resource_body(body: bytes | memoryview) -> ResourceQuery:
    """Read a request for a picture (§7.7).

    Raises FrameError when it is none.
    """
    root = _object(body)
    kind, aid, reason = root.get("resource-type"), root.get("aid"), root.get("reason")
    if type(kind) is not str or (aid is not None and read_id(aid) is None):
        raise FrameError("not a request for a resource")
    return ResourceQuery(
        read_id(aid),
        kind,
        _whole(root.get("image-width")),
        _whole(root.get("image-height")),
        None if reason is None else _whole(reason),
    )


def _object(body: bytes | memoryview) -> dict[str, Any]:
    root = loads(body)
    if type(root) is not dict:
        raise FrameError("a body is no object")
    return root


def _whole(value: object) -> int:
    if type(value) is float and value.is_integer() and abs(value) < _MAX_EXACT:
        value = int(value)
    if type(value) is not int or not 0 <= value <= MAX_ID:
        raise FrameError("a member of a body is no whole number")
    return value


def characteristics_body(items: Sequence[Mapping[str, Any]]) -> bytes:
    """Write items as the body of an answer or an event."""
    return dumps({"characteristics": items})
