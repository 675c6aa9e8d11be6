"""HTTP: recorded requests and answers, every segmentation, every bound, and both ways through the parser."""

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

from hypothesis import example, given, strategies as st
import pytest

from custom_components.hap_controller.protocol.const import (
    MAX_BODY_BYTES,
    MAX_DATABASE_BYTES,
    MAX_HEAD_BYTES,
    ContentType,
    HttpCode,
)
from custom_components.hap_controller.protocol.http import (
    EventMessage,
    Request,
    RequestParser,
    Response,
    ResponseParser,
    encode_event,
    encode_request,
    encode_response,
)
from custom_components.hap_controller.protocol.refusals import HttpError
from tests.common import load_vectors

VECTORS = load_vectors("hap_controller", "vectors")
REQUESTS = {vector["name"]: bytes.fromhex(vector["bytes"]) for vector in VECTORS["http_requests"]}
RESPONSES = {vector["name"]: vector for vector in VECTORS["http_responses"]}
JSON = b'{"characteristics":[{"aid":1,"iid":10,"value":35}]}'
EVENT = (
    b"EVENT/1.0 200 OK\r\nContent-Type: application/hap+json\r\nContent-Length: 51\r\n\r\n" + JSON
)
NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"


def _pieces(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


def _fed(parser: ResponseParser | RequestParser, pieces: Iterable[bytes]) -> tuple[list[Any], bool]:
    """Give what came out before the first error, and whether there was one."""
    messages: list[Any] = []
    for piece in pieces:
        try:
            messages += parser.feed(piece)
        except HttpError:
            return messages, True
    return messages, False


def _bytewise(data: bytes) -> list[bytes]:
    return [data[index : index + 1] for index in range(len(data))]


def _response(head: bytes, body: bytes = b"") -> list[Response | EventMessage]:
    return ResponseParser().feed(head + b"\r\n\r\n" + body)


# --- what controllers send ----------------------------------------------------------------------

_characteristics = "/characteristics"
WRITTEN: dict[str, tuple[Any, ...]] = {
    "get-accessories": ("GET", "/accessories"),
    "get-accessories-ipv6": ("GET", "/accessories"),
    "get-characteristics": ("GET", "/characteristics?id=1.9,1.10"),
    "put-value": ("PUT", _characteristics, b'{"characteristics":[{"aid":1,"iid":9,"value":1}]}'),
    "put-subscribe": (
        "PUT",
        _characteristics,
        b'{"characteristics":[{"aid":2,"iid":12,"ev":true},{"aid":2,"iid":17,"ev":true}]}',
    ),
    "prepare": ("PUT", "/prepare", b'{"ttl":2500,"pid":11122333}'),
    "timed-write": (
        "PUT",
        _characteristics,
        b'{"characteristics":[{"aid":2,"iid":10,"value":1}],"pid":11122333}',
    ),
    "write-response": (
        "PUT",
        _characteristics,
        b'{"characteristics":[{"aid":2,"iid":10,"value":"AQEB","r":true}]}',
    ),
    "resource": (
        "POST",
        "/resource",
        b'{"aid":1,"resource-type":"image","image-width":640,"image-height":480}',
    ),
    "identify": ("POST", "/identify", b"{}"),
    "pair-setup-m1": ("POST", "/pair-setup", bytes.fromhex("060101000100")),
    "pair-verify-m1": (
        "POST",
        "/pair-verify",
        bytes.fromhex(VECTORS["pair_verify"]["messages"]["M1"]),
    ),
    "list-pairings": ("POST", "/pairings", bytes.fromhex(VECTORS["pairings"]["list_request"])),
}


def _content_type(target: str) -> ContentType:
    return ContentType.TLV if target.startswith("/pair") else ContentType.JSON


@pytest.mark.parametrize(("name", "wire"), REQUESTS.items(), ids=REQUESTS.keys())
def test_requests(name: str, wire: bytes) -> None:
    """Byte for byte what picky accessories want (§6.1), and read back by the other role."""
    method, target, *rest = WRITTEN[name]
    body = rest[0] if rest else b""
    host = "2001:db8::10" if name.endswith("ipv6") else "192.0.2.10"
    content_type = _content_type(target)
    assert encode_request(method, target, host, content_type, body) == wire
    expected = Request(method, target, body, content_type if body else None)
    assert RequestParser().feed(wire) == [expected]
    assert _fed(RequestParser(), _bytewise(wire)) == ([expected], False)


def test_request_to_a_scoped_address() -> None:
    """The zone means something to us only."""
    assert b"Host: [fe80::1]\r\n" in encode_request("GET", "/accessories", "fe80::1%eth0")


# --- what accessories send ----------------------------------------------------------------------


@pytest.mark.parametrize("vector", RESPONSES.values(), ids=RESPONSES.keys())
@pytest.mark.parametrize("cut", [lambda chunks: chunks, lambda chunks: _bytewise(b"".join(chunks))])
def test_responses(vector: dict[str, Any], cut: Callable[[list[bytes]], list[bytes]]) -> None:
    """Recorded answers and events read as noted, as they were cut and byte by byte (§6.3)."""
    parser = ResponseParser()
    pieces = cut([chunk.encode() for chunk in vector["chunks_text"]])
    messages = [message for piece in pieces for message in parser.feed(piece)]
    assert [
        ("EVENT" if isinstance(message, EventMessage) else "HTTP", message.code, message.body)
        for message in messages
    ] == [
        (message["proto"], message["code"], message["body_text"].encode())
        for message in vector["messages"]
    ]
    assert not parser.midway


@pytest.mark.parametrize(
    ("head", "code", "content_type"),
    [
        (b"HTTP/1.1 200 OK", 200, None),
        (b"HTTP/1.1 200", 200, None),
        (b"HTTP/1.1 200 ", 200, None),
        (b"http/1.0 470 Connection Authorization Required", 470, None),
        (
            b"HTTP/1.1 207 Multi-Status\r\nCONTENT-TYPE:Application/HAP+JSON; charset=utf-8",
            207,
            "application/hap+json",
        ),
        (b"HTTP/1.1 200 OK\r\n content-type \t:\t image/jpeg ", 200, "image/jpeg"),
        (b"HTTP/1.1 200 OK\r\nContent-Type:", 200, ""),
        (b"HTTP/1.1 200 OK\r\nContent-Type: \xff\xfe", 200, "��"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: " + b"x" * 200, 200, "x" * 100),
        (b"HTTP/1.1 200 OK\r\nX: a:b\r\nDate: now\r\nContent-Length: 0", 200, None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\ncontent-length: 00", 200, None),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity", 200, None),
    ],
)
def test_heads(head: bytes, code: int, content_type: str | None) -> None:
    """Case and blanks do not matter, reasons may be missing, other headers are ignored (§6.3)."""
    assert _response(head) == [Response(code, b"", content_type)]


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1",
        b"HTTP/1.1 OK",
        b"HTTP/1.1 20 OK",
        b"HTTP/1.1 2000 OK",
        b"HTTP/1.1 +20 OK",
        b"HTTP/1.1 \xb2\xb2\xb2 OK",
        b"HTTP 200 OK",
        b"HTTPS/1.1 200 OK",
        b"EVENTS/1.0 200 OK",
        b"RTSP/1.0 200 OK",
        b"/1.1 200 OK",
        b"\r\nHTTP/1.1 200 OK",
        b"GET /accessories HTTP/1.1",
        b"\x16\x03\x01",
        b"HTTP/1.1 200 OK\r\nno header",
        b"HTTP/1.1 200 OK\r\n: no name",
        b"HTTP/1.1 200 OK\r\n  : no name",
        b"HTTP/1.1 200 OK\r\nContent-Length:",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1",
        b"HTTP/1.1 200 OK\r\nContent-Length: +1",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1_0",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0x10",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1 0",
        b"HTTP/1.1 200 OK\r\nContent-Length: ten",
        b"HTTP/1.1 200 OK\r\nContent-Length: \xb2",
        b"HTTP/1.1 200 OK\r\nContent-Length: 999999999",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked",
    ],
)
def test_what_is_no_head(head: bytes) -> None:
    """The conversation ends, and stays at its end (§6.3)."""
    parser = ResponseParser()
    with pytest.raises(HttpError):
        parser.feed(head + b"\r\n\r\n")
    with pytest.raises(HttpError):
        parser.feed(NO_CONTENT)
    assert _fed(ResponseParser(), _bytewise(head + b"\r\n\r\n")) == ([], True)


@pytest.mark.parametrize("over", [0, 1], ids=["limit", "above"])
def test_length_of_heads(over: int) -> None:
    """8 KiB, and not a byte more is waited for (§ reliability)."""
    head = b"HTTP/1.1 200 OK\r\nX: "
    head += b"x" * (MAX_HEAD_BYTES + over - len(head))
    wire = head + b"\r\n\r\n"
    expected = ([], True) if over else ([Response(200)], False)
    assert _fed(ResponseParser(), [wire]) == expected
    assert _fed(ResponseParser(), _bytewise(wire)) == expected
    endless = ResponseParser()
    assert endless.feed(head[: MAX_HEAD_BYTES + 3]) == []
    with pytest.raises(HttpError):
        endless.feed(b"x" * 4)


def _chunked(body: bytes, sizes: Iterable[int]) -> bytes:
    wire = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"
    for size in sizes:
        if body:
            part, body = body[:size], body[size:]
            wire += b"%X\r\n%b\r\n" % (len(part), part)
    return wire + (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n"


@pytest.mark.parametrize(
    "chunks",
    [
        b"33\r\n" + JSON + b"\r\n0\r\n\r\n",
        b"0033;name=value\r\n" + JSON + b"\r\n00\r\n\r\n",
        b" 33 \r\n" + JSON + b"\r\n0 ; last\r\n\r\n",
        b"1\r\n{\r\n32\r\n" + JSON[1:] + b"\r\n0\r\n\r\n",
        b"33\r\n" + JSON + b"\r\n0\r\nX-Trailer: 1\r\nAnother: 2\r\n\r\n",
    ],
    ids=["one", "extension", "blanks", "two", "trailers"],
)
def test_chunks(chunks: bytes) -> None:
    """Sizes are hexadecimal, extensions and trailers ignored (§6.3); chunks win over a length."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
    wire = head + chunks + NO_CONTENT
    expected = [Response(200, JSON), Response(204)]
    assert ResponseParser().feed(wire) == expected
    assert _fed(ResponseParser(), _bytewise(wire)) == (expected, False)


@pytest.mark.parametrize(
    "chunks",
    [
        b"\r\n",
        b"g\r\n",
        b"-1\r\n",
        b"+1\r\n",
        b"0x1\r\n",
        b"1_0\r\n",
        b"\xb2\r\n",
        b";\r\n",
        b"123456789\r\n",
        b"ffffffff\r\n",
        b"1\r\nab\r\n",
        b"1\r\na0\r\n\r\n",
        b"1x1\r\n",
        b"1" * 258,
        b"1;" + b"x" * 260,
        b"0\r\n" + b"X: 1\r\n" * 1366,
    ],
    ids=lambda chunks: repr(chunks[:12]),
)
def test_what_is_no_chunk(chunks: bytes) -> None:
    """The conversation ends, however the bytes are cut."""
    wire = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
    assert _fed(ResponseParser(), [wire]) == ([], True)
    assert _fed(ResponseParser(), _bytewise(wire)) == ([], True)


@pytest.mark.parametrize("over", [0, 1], ids=["limit", "above"])
@pytest.mark.parametrize("limit", [10, MAX_BODY_BYTES, MAX_DATABASE_BYTES])
def test_length_of_bodies(limit: int, over: int) -> None:
    """The limit of the moment counts, for a length and for chunks; the head alone tells."""
    body = bytes(limit + over)
    whole = encode_response(200, body, ContentType.JSON)
    for wire in (whole, _chunked(body, [limit // 2, limit // 3])):
        parser = ResponseParser()
        assert parser.body_limit == MAX_BODY_BYTES
        parser.body_limit = limit
        messages, failed = _fed(parser, [wire[:100], *_pieces(wire[100:], range(0, limit, 65536))])
        assert failed == bool(over)
        assert [len(message.body) for message in messages] == ([] if over else [limit])
    if over:
        head, _, _ = whole.partition(bytes(8))
        assert _fed(ResponseParser(body_limit=limit), [head]) == ([], True)


def test_limit_counts_on_the_short_way_too() -> None:
    """A head that passed under a larger limit does not pass under a smaller one."""
    parser = ResponseParser(body_limit=51)
    assert parser.feed(EVENT) == parser.feed(EVENT) == [EventMessage(JSON)]
    parser.body_limit = 50
    with pytest.raises(HttpError):
        parser.feed(EVENT)


def test_midway() -> None:
    """Whoever has a deadline for a message knows whether one has begun."""
    parser = ResponseParser()
    assert not parser.midway
    for piece in _bytewise(EVENT)[:-1]:
        assert parser.feed(piece) == []
        assert parser.midway
    assert parser.feed(EVENT[-1:]) == [EventMessage(JSON)]
    assert not parser.midway
    assert parser.feed(b"") == []
    assert not parser.midway
    parser.feed(EVENT + EVENT[:-1])
    assert parser.midway


def test_event_amid_an_answer_in_pieces() -> None:
    """Between any two messages, also in one read with both (§6.3)."""
    answer = encode_response(HttpCode.OK, b"x" * 3000, ContentType.JSON)
    parser = ResponseParser()
    assert parser.feed(EVENT + answer[:1000]) == [EventMessage(JSON)]
    assert parser.feed(answer[1000:2000]) == []
    assert parser.feed(answer[2000:] + EVENT + EVENT[:5]) == [
        Response(200, b"x" * 3000, ContentType.JSON),
        EventMessage(JSON),
    ]
    assert parser.feed(EVENT[5:]) == [EventMessage(JSON)]


# --- the short way and the long one ---------------------------------------------------------------


def test_short_way_is_taken() -> None:
    """The second message with the same head is not parsed again: its head is that of the first."""
    parser = ResponseParser()
    parser.feed(EVENT)
    (head,) = parser._heads
    kept = parser._heads[head]
    assert EVENT.startswith(head)
    assert parser.feed(EVENT.replace(b"35", b"36")) == [EventMessage(JSON.replace(b"35", b"36"))]
    assert parser._heads[head] is kept
    assert parser._data == EVENT  # the long way would have left the last one here


def test_known_heads_cut_anywhere() -> None:
    """Several messages with heads seen before are the same wherever the reads end."""
    stream = EVENT + encode_response(207, JSON, ContentType.JSON) + NO_CONTENT + EVENT
    expected = ResponseParser().feed(stream)
    assert len(expected) == 4
    parser = ResponseParser()
    for cut in range(len(stream) + 1):
        assert parser.feed(stream[:cut]) + parser.feed(stream[cut:]) == expected
    assert parser.feed(stream * 3) == expected * 3


@pytest.mark.parametrize("parser", [ResponseParser, RequestParser])
def test_kept_heads_are_bounded(parser: type[ResponseParser | RequestParser]) -> None:
    """A peer that varies its heads fills no memory, and long ones are not kept at all."""
    tested = parser()
    first = b"GET / HTTP/1.1" if parser is RequestParser else b"HTTP/1.1 200 OK"
    for number in range(200):
        assert len(tested.feed(b"%b\r\nX: %d\r\n\r\n" % (first, number))) == 1
        assert len(tested._heads) <= 64
    kept = dict(tested._heads)
    tested.feed(b"%b\r\nX: %b\r\n\r\n" % (first, b"x" * 600))
    assert tested._heads == kept


def _header(name: bytes) -> st.SearchStrategy[bytes]:
    values = {
        b"Content-Length": st.integers(0, 40).map(lambda n: b"%d" % n) | st.just(b"x"),
        b"Transfer-Encoding": st.sampled_from([b"chunked", b"identity", b"gzip"]),
        b"Content-Type": st.sampled_from([b"application/hap+json", b"image/jpeg; q"]),
        b"X": st.binary(max_size=6),
    }
    return values[name].map(lambda value: name + b": " + value)


headers = st.lists(
    st.sampled_from(
        [b"Content-Length", b"Content-Length", b"Transfer-Encoding", b"Content-Type", b"X"]
    ).flatmap(_header),
    max_size=3,
)
answers = st.builds(
    encode_response,
    st.sampled_from([200, 204, 207, 400, 470]),
    st.binary(max_size=40),
    st.sampled_from([*ContentType]),
)
events = st.builds(encode_event, st.binary(max_size=40))
requests = st.builds(
    encode_request,
    st.sampled_from(["GET", "PUT", "POST"]),
    st.sampled_from(["/accessories", "/characteristics?id=1.9"]),
    st.just("192.0.2.10"),
    st.sampled_from([*ContentType]),
    st.binary(max_size=40),
)
in_chunks = st.builds(_chunked, st.binary(max_size=40), st.lists(st.integers(1, 20), max_size=4))
first_lines = st.sampled_from(
    [b"HTTP/1.1 200 OK", b"EVENT/1.0 200 OK", b"HTTP/1.1 204", b"X/1 200", b"PUT /x HTTP/1.1"]
)
built = st.builds(
    lambda first, lines, body: b"\r\n".join([first, *lines]) + b"\r\n\r\n" + body,
    first_lines,
    headers,
    st.binary(max_size=40) | st.just(b"3\r\nabc\r\n0\r\n\r\n"),
)
streams = st.lists(
    answers | events | requests | in_chunks | built | st.binary(max_size=30), max_size=6
).map(b"".join)
twice = streams.map(lambda stream: stream * 2)


class _LongWay(ResponseParser):
    """The parser without its short ways."""

    feed = ResponseParser._feed

    def _whole(self) -> list[Any]:
        return []


class _LongWayOfRequests(RequestParser):
    feed = RequestParser._feed

    def _whole(self) -> list[Any]:
        return []


PARSERS = [(ResponseParser, _LongWay), (RequestParser, _LongWayOfRequests)]


@pytest.mark.parametrize(("parser", "long_way"), PARSERS, ids=["responses", "requests"])
@given(st.lists(answers | events | requests | built, min_size=1, max_size=4), st.integers(0, 50))
@example([EVENT], 51)
@example([NO_CONTENT, EVENT], 0)
def test_both_ways_agree(
    parser: type[Any], long_way: type[Any], reads: list[bytes], limit: int
) -> None:
    """What was seen before and is read again gives the same messages or error as without a memory."""
    short, long = parser(body_limit=limit), long_way(body_limit=limit)
    for read in [*reads, *reads, *(read[:-1] for read in reads), *(read + b"\r" for read in reads)]:
        assert _fed(short, [read]) == _fed(long, [read])
        assert short.midway == long.midway


@pytest.mark.parametrize(("parser", "long_way"), PARSERS, ids=["responses", "requests"])
@given(streams | twice, st.lists(st.integers(0, 2**16), max_size=8))
def test_every_segmentation(
    parser: type[Any], long_way: type[Any], stream: bytes, cuts: list[int]
) -> None:
    """However the bytes are cut, the messages are the same; before an error at most fewer of them."""
    bytewise, failed = _fed(parser(), _bytewise(stream))
    for pieces in ([stream], _pieces(stream, cuts)):
        messages, also_failed = _fed(parser(), pieces)
        assert also_failed == failed
        assert messages == (bytewise[: len(messages)] if failed else bytewise)


@pytest.mark.parametrize("parser", [ResponseParser, RequestParser])
@given(st.lists(st.binary(max_size=50), max_size=5))
def test_any_bytes(parser: type[Any], pieces: list[bytes]) -> None:
    """Anything gives messages or the one error."""
    _fed(parser(), pieces)


def test_dribbled_head_and_body() -> None:
    """A slow peer costs no more than a fast one, but for its turns."""
    body = b"x" * 20_000
    wire = encode_response(200, body, ContentType.BINARY)
    assert _fed(ResponseParser(), _bytewise(wire)) == (
        [Response(200, body, ContentType.BINARY)],
        False,
    )


# --- the accessory role -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "wire"),
    [
        ((204,), b"HTTP/1.1 204 No Content\r\n\r\n"),
        (
            (HttpCode.OK, b"{}", ContentType.JSON),
            b"HTTP/1.1 200 OK\r\nContent-Type: application/hap+json\r\nContent-Length: 2\r\n\r\n{}",
        ),
        ((470,), b"HTTP/1.1 470 Connection Authorization Required\r\nContent-Length: 0\r\n\r\n"),
        (
            (207, b"x", ContentType.TLV),
            b"HTTP/1.1 207 Multi-Status\r\nContent-Type: application/pairing+tlv8\r\nContent-Length: 1\r\n\r\nx",
        ),
        ((418,), b"HTTP/1.1 418\r\nContent-Length: 0\r\n\r\n"),
    ],
)
def test_answers(arguments: tuple[Any, ...], wire: bytes) -> None:
    """As recorded accessories answer; without a body the length says so, but for 204 (§12.4)."""
    assert encode_response(*arguments) == wire
    code, body, content_type = (*arguments, b"", None)[:3] if len(arguments) < 3 else arguments
    assert ResponseParser().feed(wire) == [Response(code, body, content_type)]


@pytest.mark.parametrize("code", HttpCode)
def test_reasons(code: HttpCode) -> None:
    """Each answer has its words."""
    line, _, _ = encode_response(code).partition(b"\r\n")
    assert len(line.split(b" ", 2)) == 3


def test_event() -> None:
    """The recorded event."""
    assert encode_event(JSON) == EVENT
    recorded = next(
        message
        for message in VECTORS["session"]["messages"]
        if message["plaintext_text"].startswith("EVENT")
    )["plaintext_text"].encode()
    _, _, body = recorded.partition(b"\r\n\r\n")
    assert encode_event(body) == recorded


@pytest.mark.parametrize(
    "head",
    [
        b"GET /accessories",
        b"GET  /accessories HTTP/1.1",
        b"GET /acc essories HTTP/1.1",
        b"GET accessories HTTP/1.1",
        b"GET http://192.0.2.10/accessories HTTP/1.1",
        b"GET /\xc3\xa9 HTTP/1.1",
        b"GET /\x00 HTTP/1.1",
        b"GET /\t HTTP/1.1",
        b"GET /accessories HTTP/2.0",
        b"GET /accessories RTSP/1.0",
        b"get /accessories HTTP/1.1",
        b"G3T /accessories HTTP/1.1",
        b" /accessories HTTP/1.1",
        b"HTTP/1.1 200 OK",
        b"PRI * HTTP/2.0",
        b"PUT / HTTP/1.1\r\nContent-Length: 2000000",
    ],
)
def test_what_is_no_request(head: bytes) -> None:
    """The conversation ends."""
    assert _fed(RequestParser(), [head + b"\r\n\r\n"]) == ([], True)


def test_requests_of_others() -> None:
    """Phones and libraries add headers, use lower case and pipeline."""
    first = b"PUT /characteristics HTTP/1.1\r\nhost: x:1\r\ncontent-length: 2\r\ncontent-type: application/hap+json\r\n\r\n{}"
    second = b"GET /characteristics?id=1.1&meta=1 http/1.0\r\nUser-Agent: y\r\nAccept-Encoding: gzip\r\n\r\n"
    assert RequestParser().feed(first + second) == [
        Request("PUT", "/characteristics", b"{}", "application/hap+json"),
        Request("GET", "/characteristics?id=1.1&meta=1"),
    ]


@pytest.mark.parametrize(
    "message",
    [
        Response(200, b"secret", "image/jpeg"),
        EventMessage(b"secret"),
        Request("PUT", "/characteristics", b"secret", "application/hap+json"),
    ],
)
def test_nothing_secret_is_shown(message: Response | EventMessage | Request) -> None:
    """Bodies may hold the keys of a camera; what kind of message it was is told."""
    assert "secret" not in f"{message!r} {message} {message!s}"
    assert "6 bytes" in repr(message)
