"""HTTP as accessories speak it: requests, answers and events, for both roles.

Source: docs/hap_controller/wire.md §6.1, §6.3, §12.4.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from io import BytesIO
from typing import Final, NamedTuple, override

from .const import MAX_BODY_BYTES, MAX_HEAD_BYTES, ContentType, HttpCode
from .refusals import HttpError

# A size in hexadecimal, and extensions that nobody uses.
_MAX_CHUNK_LINE_BYTES: Final = 256
_MAX_SIZE_DIGITS: Final = 8
_DIGITS: Final = {10: b"0123456789", 16: b"0123456789abcdefABCDEF"}
# An accessory repeats a handful of heads that differ in the length only.
_KEPT_HEADS: Final = 64
_MAX_KEPT_HEAD_BYTES: Final = 512
_END_OF_HEAD: Final = b"\r\n\r\n"
_MAX_CONTENT_TYPE_BYTES: Final = 100

_REASONS: Final[dict[int, str]] = {
    HttpCode.OK: "OK",
    HttpCode.NO_CONTENT: "No Content",
    HttpCode.MULTI_STATUS: "Multi-Status",
    HttpCode.BAD_REQUEST: "Bad Request",
    HttpCode.UNAUTHORIZED: "Unauthorized",
    HttpCode.NOT_FOUND: "Not Found",
    HttpCode.METHOD_NOT_ALLOWED: "Method Not Allowed",
    HttpCode.UNPROCESSABLE: "Unprocessable Entity",
    HttpCode.TOO_MANY_REQUESTS: "Too Many Requests",
    HttpCode.AUTHORIZATION_REQUIRED: "Connection Authorization Required",
    HttpCode.INTERNAL_ERROR: "Internal Server Error",
    HttpCode.UNAVAILABLE: "Service Unavailable",
}


class Response(NamedTuple):
    """The answer to the oldest open request."""

    code: int
    body: bytes = b""
    content_type: str | None = None
    """In lower case, without parameters; None when the head names none."""

    @override
    def __repr__(self) -> str:
        """Say what it is; bodies may hold keys of cameras."""
        return f"Response({self.code}, {len(self.body)} bytes, {self.content_type})"


class EventMessage(NamedTuple):
    """News that nobody asked for."""

    body: bytes
    code: int = HttpCode.OK

    @override
    def __repr__(self) -> str:
        """Say what it is, not what it says."""
        return f"EventMessage({self.code}, {len(self.body)} bytes)"


class Request(NamedTuple):
    """What a controller asks of an accessory."""

    method: str
    target: str
    """Path and query as they were sent."""
    body: bytes = b""
    content_type: str | None = None
    """As in ``Response``."""

    @override
    def __repr__(self) -> str:
        """Say what it is, not what it says."""
        return f"Request({self.method} {self.target}, {len(self.body)} bytes, {self.content_type})"


def encode_request(
    method: str, target: str, host: str, content_type: str | None = None, body: bytes = b""
) -> bytes:
    """Write a request exactly as picky accessories want it, to be sent in one write.

    ``host`` is the address that the connection is to, IPv6 without brackets. Without a body there is no content type.
    """
    if ":" in host:
        host = f"[{host.partition('%')[0]}]"
    if not body:
        return f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    head = (
        f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n"
        f"Content-Length: {len(body)}\r\nContent-Type: {content_type}\r\n\r\n"
    )
    return head.encode() + body


def encode_response(code: int, body: bytes = b"", content_type: str | None = None) -> bytes:
    """Write an answer of the accessory role, to be sent in one write.

    Without a body its length is told nevertheless, or general clients wait for more; only 204 has none by its nature.
    """
    start = f"HTTP/1.1 {int(code)} {_REASONS.get(code, '')}".rstrip()
    if body:
        return f"{start}\r\n{_body_headers(content_type, body)}\r\n\r\n".encode() + body
    if code == HttpCode.NO_CONTENT:
        return f"{start}\r\n\r\n".encode()
    return f"{start}\r\nContent-Length: 0\r\n\r\n".encode()


def encode_event(body: bytes) -> bytes:
    """Write an event of the accessory role."""
    return f"EVENT/1.0 200 OK\r\n{_body_headers(ContentType.JSON, body)}\r\n\r\n".encode() + body


def _body_headers(content_type: str | None, body: bytes) -> str:
    return f"Content-Type: {content_type}\r\nContent-Length: {len(body)}"


class _Head[MessageT](NamedTuple):
    """What a head says."""

    size: int | None
    """Of the body in bytes; None when it comes in chunks."""
    finish: Callable[[bytes], MessageT]
    """Makes the message when the body is there."""


class _Parser[MessageT](ABC):
    """Bytes to messages, however they are cut.

    What has a head seen before and is there as a whole takes a short way; everything else goes through ``_message``,
    which alone knows the rules.
    """

    def __init__(self, *, body_limit: int = MAX_BODY_BYTES) -> None:
        """Start between two messages."""
        self.body_limit = body_limit
        """The largest body taken, in bytes; may be changed before a message begins."""
        self._data = b""
        """What was received; what stands in front of ``_start`` is done with."""
        self._start = 0
        self._underway: Generator[None, None, MessageT] | None = None
        self._heads: dict[bytes, _Head[MessageT]] = {}
        """Heads seen before, by what they are without the empty line."""
        self._whole_ones: dict[int, tuple[bytes, Callable[[bytes], MessageT]]] = {}
        """The same with the empty line, and what makes the message, by how long one with them is."""
        self._usable = True

    @property
    def midway(self) -> bool:
        """Whether a message has begun and not ended."""
        return self._underway is not None

    def feed(self, data: bytes) -> list[MessageT]:
        """Take what was received and give the messages that it completes.

        Raises HttpError for what is no HTTP or too large, and from then on always.
        """
        if self._underway is None and (known := self._whole_ones.get(len(data))):
            head, finish = known
            if data.startswith(head) and len(data) - len(head) <= self.body_limit:
                return [finish(data[len(head) :])]
        return self._feed(data)

    def _feed(self, data: bytes) -> list[MessageT]:
        if not self._usable:
            raise HttpError("the conversation ended with bytes that are no HTTP")
        self._data = self._data[self._start :] + data
        self._start = 0
        messages: list[MessageT] = []
        try:
            while self._start < len(self._data):
                if self._underway is None:
                    messages += self._whole()
                    if self._start == len(self._data):
                        break
                    self._underway = self._message()
                try:
                    next(self._underway)
                except StopIteration as end:
                    self._underway = None
                    messages.append(end.value)
                else:
                    break
        except HttpError:
            self._usable = False
            raise
        return messages

    def _whole(self) -> list[MessageT]:
        """Take the next messages as far as they are all there and their heads are known."""
        messages: list[MessageT] = []
        data, start = self._data, self._start
        while (end := data.find(_END_OF_HEAD, start)) > 0:
            head = self._heads.get(data[start:end])
            if head is None or head.size is None or head.size > self.body_limit:
                break
            begin = end + len(_END_OF_HEAD)
            behind = begin + head.size
            if behind > len(data):
                break
            messages.append(head.finish(data[begin:behind]))
            start = behind
        self._start = start
        return messages

    @abstractmethod
    def _finish(self, line: bytes, content_type: str | None) -> Callable[[bytes], MessageT]:
        """Read the first line; gives what makes the message when its body is there. Raises HttpError."""

    # --- one message, in the order of its bytes; every ``yield`` waits for more of them ---------------

    def _message(self) -> Generator[None, None, MessageT]:
        head = self._head((yield from self._until(_END_OF_HEAD, MAX_HEAD_BYTES)))
        if head.size is None:
            return head.finish((yield from self._chunks()))
        if head.size > self.body_limit:
            raise HttpError(f"a body of {head.size} bytes")
        return head.finish((yield from self._exactly(head.size)))

    def _chunks(self) -> Generator[None, None, bytes]:
        body = BytesIO()
        while size := _chunk_size((yield from self._until(b"\r\n", _MAX_CHUNK_LINE_BYTES))):
            if body.tell() + size > self.body_limit:
                raise HttpError(f"a body of more than {self.body_limit} bytes")
            body.write((yield from self._exactly(size)))
            if (yield from self._exactly(2)) != b"\r\n":
                raise HttpError("a chunk that does not end where it should")
        left = MAX_HEAD_BYTES
        while trailer := (yield from self._until(b"\r\n", left)):
            left -= len(trailer) + 2
        return body.getvalue()

    def _until(self, mark: bytes, limit: int) -> Generator[None, None, bytes]:
        """Read up to a mark and past it; what stands in front of it is given, ``limit`` bytes at most."""
        while True:
            end = self._data.find(mark, self._start)
            # As soon as the mark can only come too late: at the same byte, however they are cut.
            if (end if end >= 0 else len(self._data) - len(mark) + 1) - self._start > limit:
                raise HttpError("a line or head without end")
            if end >= 0:
                found = self._data[self._start : end]
                self._start = end + len(mark)
                return found
            yield

    def _exactly(self, size: int) -> Generator[None, None, bytes]:
        end = self._start + size
        if end <= len(self._data):
            found = self._data[self._start : end]
            self._start = end
            return found
        gathered = BytesIO()
        while True:
            missing = size - gathered.tell()
            gathered.write(memoryview(self._data)[self._start : self._start + missing])
            self._start = min(self._start + missing, len(self._data))
            if gathered.tell() == size:
                return gathered.getvalue()
            yield

    # --- heads ----------------------------------------------------------------------------------

    def _head(self, data: bytes) -> _Head[MessageT]:
        """Read a head, and keep it: the next is likely to be the same."""
        if head := self._heads.get(data):
            return head
        first, *lines = data.split(b"\r\n")
        size, content_type = _headers(lines)
        head = _Head(size, self._finish(first, content_type))
        if len(data) <= _MAX_KEPT_HEAD_BYTES:
            if len(self._heads) >= _KEPT_HEADS:
                self._heads.clear()
                self._whole_ones.clear()
            self._heads[data] = head
            if size is not None:
                text = data + _END_OF_HEAD
                self._whole_ones[len(text) + size] = text, head.finish
        return head


class ResponseParser(_Parser[Response | EventMessage]):
    """What an accessory sends, as a controller reads it."""

    @override
    def _finish(
        self, line: bytes, content_type: str | None
    ) -> Callable[[bytes], Response | EventMessage]:
        fields = line.split(None, 2)
        if len(fields) < 2 or len(fields[1]) != 3 or not fields[1].isdigit():
            raise HttpError("a first line that is no status line")
        protocol, slash, _ = fields[0].partition(b"/")
        code = int(fields[1])
        new = tuple.__new__  # what the constructor comes down to
        match slash and protocol.upper():
            case b"HTTP":
                return lambda body: new(Response, (code, body, content_type))
            case b"EVENT":
                return lambda body: new(EventMessage, (body, code))
        raise HttpError("a message that is neither an answer nor an event")


class RequestParser(_Parser[Request]):
    """What a controller sends, as an accessory reads it."""

    @override
    def _finish(self, line: bytes, content_type: str | None) -> Callable[[bytes], Request]:
        fields = line.split(b" ")
        if len(fields) != 3 or not fields[2].upper().startswith(b"HTTP/1."):
            raise HttpError("a first line that is no request line")
        method, target, _ = fields
        if not (method.isalpha() and method.isupper()):
            raise HttpError("a request without a method")
        if not (target.startswith(b"/") and target.isascii() and target.decode().isprintable()):
            raise HttpError("a request without a target")
        name, where = method.decode(), target.decode()
        return lambda body: Request(name, where, body, content_type)


def _headers(lines: list[bytes]) -> tuple[int | None, str | None]:
    """Read what matters: the size of the body, None for chunks, and its type."""
    size: int | None = None
    chunked = False
    content_type: str | None = None
    for line in lines:
        name, colon, value = line.partition(b":")
        name, value = name.strip().lower(), value.strip()
        if not (colon and name):
            raise HttpError("a header that is none")
        match name:
            case b"content-length":
                length = _number(value, 10)
                if size not in {None, length}:
                    raise HttpError("a body of two lengths")
                size = length
            case b"transfer-encoding":
                if value.lower() not in {b"chunked", b"identity"}:
                    raise HttpError("a body in an encoding that nobody offered")
                chunked = chunked or value.lower() == b"chunked"
            case b"content-type":
                essence = value.partition(b";")[0].strip()[:_MAX_CONTENT_TYPE_BYTES]
                content_type = essence.decode("ascii", "replace").lower()
            case _:
                pass
    return (None if chunked else size or 0), content_type


def _chunk_size(line: bytes) -> int:
    return _number(line.partition(b";")[0].strip(), 16)


def _number(text: bytes, base: int) -> int:
    """Read a size; int() alone would take signs, underscores, prefixes and any length."""
    if not 0 < len(text) <= _MAX_SIZE_DIGITS or text.strip(_DIGITS[base]):
        raise HttpError("a size that is no number")
    return int(text, base)
