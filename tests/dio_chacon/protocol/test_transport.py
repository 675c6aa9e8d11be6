"""The rooms that touch the network, over real sockets: websocket, HTTP login, snapshots, TLS."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
import gzip
from itertools import chain, repeat
import logging
import os
import socket
import ssl
import struct
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
import pytest
from yarl import URL

from custom_components.dio_chacon.protocol.const import (
    MAX_FRAME_BYTES,
    MAX_IMAGE_BYTES,
    MAX_LOGIN_BYTES,
)
from custom_components.dio_chacon.protocol.errors import (
    ConnectError,
    FrameError,
    LinkClosedError,
    LinkError,
    ThrottledError,
    VendorError,
)
from custom_components.dio_chacon.protocol.frames import Control
from custom_components.dio_chacon.protocol.transport import (
    LoginAnswer,
    WebSocketTransport,
    fetch_image,
    open_websocket,
    post_login,
)
from tests.support.certificates import Authority
from tests.support.clock import run_real, run_virtual
from tests.support.running import shown_by

from .cloud import BINARY, CLOSE, PING, PONG, TEXT, Cloud, Link, Reply, frame
from .home import GREETING

pytestmark = pytest.mark.usefixtures("socket_enabled")

SECRET = "hunter2-geheim"
QUERY = f"email=a%40example.org&password={SECRET}"


def address(cloud: Cloud, query: str = QUERY) -> URL:
    """Build the address of the websocket."""
    return URL(f"ws://127.0.0.1:{cloud.port}/ws?{query}", encoded=True)


@asynccontextmanager
async def connected(
    cloud: Cloud, on_open: Callable[[Link], Awaitable[None]] | None = None
) -> AsyncIterator[tuple[WebSocketTransport, Link]]:
    """Open a websocket to a cloud that says nothing by itself."""

    async def silent(link: Link) -> None:
        """Say nothing."""

    cloud.on_open = on_open or silent
    async with (
        cloud,
        aiohttp.ClientSession() as session,
        open_websocket(session, address(cloud)) as transport,
    ):
        yield transport, cloud.link


async def drained(transport: WebSocketTransport, heard: list[object] | None = None) -> None:
    """Read until reading fails."""
    while True:
        frame = await transport.receive()
        if heard is not None:
            heard.append(frame)


# --- websocket ------------------------------------------------------------------------------


def test_texts_both_ways() -> None:
    """What is sent arrives, in order, byte for byte."""

    async def main() -> None:
        cloud = Cloud()
        heard: list[Any] = []

        async def echo(link: Link, request: dict[str, Any]) -> None:
            heard.append(request)
            link.text(f"answer {request['id']}")

        cloud.on_request = echo
        async with connected(cloud) as (transport, link):
            link.send(GREETING)
            assert await transport.receive() == (
                '{"name": "connection", "action": "success", "data": ""}'
            )
            for number in range(20):
                await transport.send(f'{{"id":{number},"text":"été 🚪"}}')
            for number in range(20):
                assert await transport.receive() == f"answer {number}"
            assert heard == [{"id": number, "text": "été 🚪"} for number in range(20)]

    run_real(main())


def test_query_is_sent_as_it_is() -> None:
    """The library must neither quote it again nor decode it (§3.5)."""

    async def main() -> None:
        cloud = Cloud()
        query = "email=a%2Bb%40example.org&password=100%25%23%3F%2F%5C%20%2541&sessionToken=r:0f"
        async with cloud, aiohttp.ClientSession() as session:
            async with open_websocket(session, address(cloud, query)):
                pass
            assert cloud.heads[0].startswith(f"GET /ws?{query} HTTP/1.1\r\n")
            assert cloud.upgrades[0]["password"] == "100%#?/\\ %41"

    run_real(main())


def test_pings_and_pongs() -> None:
    """A ping of the server is answered with the same words; both are told as signs of life."""

    async def main() -> None:
        async with connected(Cloud()) as (transport, link):
            await transport.send(Control.PING)
            assert await transport.receive() is Control.PONG
            assert link.pings == 1
            link.raw(frame(b"are you there", PING))
            assert await transport.receive() is Control.PING
            link.raw(frame(b"unasked", PONG))
            assert await transport.receive() is Control.PONG

    run_real(main())


def test_pong_carries_what_the_ping_did() -> None:
    """RFC 6455 §5.5.3."""

    async def main() -> None:
        pongs = []

        async def listen(link: Link) -> None:
            link.raw(frame(b"are you there", PING))
            pongs.append(await link.receive())

        async with connected(Cloud(), listen) as (transport, _):
            assert await transport.receive() is Control.PING
            while not pongs:
                await asyncio.sleep(0.001)
            assert pongs == [(PONG, b"are you there")]

    run_real(main())


def test_binary_frames_are_ignored() -> None:
    """§4: never used, and not worth a link."""

    async def main() -> None:
        async with connected(Cloud()) as (transport, link):
            link.raw(frame(b"\x00\xff" * 100, BINARY), frame(b"", BINARY), frame("text"))
            assert await transport.receive() == "text"

    run_real(main())


@pytest.mark.parametrize("pieces", [1, 2, 3, 7, 100])
def test_fragments(pieces: int) -> None:
    """A message may come in several frames, with control frames between them."""

    async def main() -> None:
        text = "x" * 1000 + "é"
        data = text.encode()
        size = len(data) // pieces + 1
        cuts = [data[start : start + size] for start in range(0, len(data), size)]
        async with connected(Cloud()) as (transport, link):
            for number, cut in enumerate(cuts):
                last = number == len(cuts) - 1
                link.raw(frame(cut, 0 if number else TEXT, final=last))
                if not last:
                    link.raw(frame(b"", PONG))
            heard = [await transport.receive() for _ in range(len(cuts))]
            assert sorted(map(str, heard)) == sorted([text, *["Control.PONG"] * (len(cuts) - 1)])

    run_real(main())


def test_one_byte_at_a_time() -> None:
    """How the bytes were cut does not matter."""

    async def main() -> None:
        data = frame("first") + frame("x" * 300) + frame(b"", PONG) + frame("last")
        async with connected(Cloud()) as (transport, link):
            for byte in data:
                link.raw(bytes((byte,)))
                await asyncio.sleep(0)
            heard = [await transport.receive() for _ in range(4)]
            assert heard == ["first", "x" * 300, Control.PONG, "last"]

    run_real(main())


@pytest.mark.parametrize("over", [-1, 0])
def test_frame_of_the_limit(over: int) -> None:
    """§4: four mebibytes are allowed."""

    async def main() -> None:
        async with connected(Cloud()) as (transport, link):
            link.raw(frame(b"x" * (MAX_FRAME_BYTES + over)))
            assert len(str(await transport.receive())) == MAX_FRAME_BYTES + over

    run_real(main())


@pytest.mark.parametrize(
    "data",
    [
        frame(b"x" * (MAX_FRAME_BYTES + 1)),
        struct.pack(">BBQ", 0x81, 127, 2**62),  # announces more than ever comes
        struct.pack(">BBQ", 0x81, 127, MAX_FRAME_BYTES + 2),
        frame(b"x" * MAX_FRAME_BYTES, final=False) + frame(b"xx", 0),
        b"\x83\x01x",  # reserved opcode
        b"\xf1\x01x",  # reserved bits
        b"\x89\xfe\x00\xffx",  # a ping beyond 125 bytes
        b"\x09\x01x",  # a ping in fragments
        b"\x80\x01x",  # a continuation of nothing
        frame("a", final=False) + frame("b"),  # a text within a text
        frame(b"\xff\xfe\xfd"),  # no UTF-8
        frame(b"\xed\xa0\x80"),  # a lone surrogate
        frame(struct.pack(">H", 999), CLOSE),  # a close code that does not exist
        frame(b"x", CLOSE),
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        bytes(range(256)),
    ],
    ids=lambda data: f"{len(data)}-{data[:6].hex()}",
)
def test_what_breaks_the_rules_ends_the_link(data: bytes) -> None:
    """Oversized, reserved, fragmented wrongly or not UTF-8: the link is unusable, and soon closed."""

    async def main() -> None:
        async with connected(Cloud()) as (transport, link):
            link.raw(data)
            async with asyncio.timeout(60):
                with pytest.raises((FrameError, LinkClosedError)) as caught:
                    await drained(transport)
            assert len(str(caught.value)) < 100

    run_real(main())


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (lambda link: link.close(), "1000"),
        (lambda link: link.close(1001), "1001"),
        (lambda link: link.close(4321), "4321"),
        (lambda link: link.raw(frame(b"", CLOSE)), "1000"),
        (lambda link: link.finish(), ""),
        (lambda link: link.abort(), ""),
        (lambda link: (link.raw(b"\x81\x7e\x01"), link.finish()), ""),
        (lambda link: (link.raw(b"\x81"), link.abort()), ""),
    ],
    ids=["1000", "1001", "4321", "no code", "FIN", "RST", "FIN in a frame", "RST in a frame"],
)
def test_closed(end: Callable[[Link], object], code: str) -> None:
    """However the peer leaves, reading says so at once, and again when asked again; writing does as well."""

    async def main() -> None:
        async with connected(Cloud()) as (transport, link):
            link.text("last words")
            end(link)
            async with asyncio.timeout(1.5):
                with pytest.raises(LinkClosedError) as caught:
                    await drained(transport)
                assert code in str(caught.value)
                for _ in range(3):
                    with pytest.raises(LinkClosedError):
                        await transport.receive()
                with pytest.raises(LinkClosedError):
                    await transport.send("x")
                with pytest.raises(LinkClosedError) as caught:
                    await transport.send(Control.PING)
                assert SECRET not in shown_by(caught.value)

    run_real(main())


@pytest.mark.parametrize("end", ["finish", "abort"])
def test_ping_that_cannot_be_answered(end: str) -> None:
    """A link that is gone by the time its ping is read is closed, by no other name."""

    async def main() -> None:
        async with connected(Cloud()) as (transport, link):
            link.raw(*[frame(b"x", PING)] * 50)
            await asyncio.sleep(0.01)
            getattr(link, end)()
            await asyncio.sleep(0.01)
            with pytest.raises(LinkClosedError) as caught:
                await drained(transport)
            assert SECRET not in shown_by(caught.value)

    run_real(main())


def test_reading_may_be_cancelled() -> None:
    """A frame that arrives while nobody reads is kept."""

    async def main() -> None:
        heard: list[object] = []
        async with connected(Cloud()) as (transport, link):
            for number in range(20):
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.002):
                        heard.append(await transport.receive())
                link.text(str(number))
                await asyncio.sleep(0)
            link.close()
            with pytest.raises(LinkClosedError):
                await drained(transport, heard)
            assert heard == [str(number) for number in range(20)]

    run_real(main())


@pytest.mark.parametrize("status", [200, 204, 400, 401, 403, 404, 426, 500, 502])
def test_upgrade_refused(status: int) -> None:
    """Whatever HTTP says, it is a problem of the connection; the words of the server are not repeated."""

    async def main() -> None:
        cloud = Cloud()
        cloud.on_upgrade = lambda query: Reply(
            status, b"" if status == 204 else b"words of the server"
        )
        with pytest.raises(ConnectError, match=str(status)) as caught:
            async with connected(cloud):
                pass
        assert not isinstance(caught.value, ThrottledError)
        assert caught.value.retry_after_s is None
        assert "words" not in str(caught.value)
        assert SECRET not in shown_by(caught.value)

    run_real(main())


@pytest.mark.parametrize(
    ("status", "headers", "wait_s"),
    [
        (429, {}, 60),
        (429, {"Retry-After": "120"}, 120),
        (429, {"Retry-After": "0"}, 0),
        (429, {"Retry-After": "-5"}, 60),
        (429, {"Retry-After": "soon"}, 60),
        (429, {"Retry-After": "1e9"}, 60),
        (429, {"Retry-After": "²"}, 60),
        (429, {"Retry-After": "9" * 300}, 60),
        (429, {"Retry-After": "999999"}, 3600),
        (429, {"Retry-After": "Fri, 31 Dec 2199 23:59:59 GMT"}, 60),
        (503, {"Retry-After": "30"}, 30),
        (503, {}, None),
        (500, {"Retry-After": "30"}, None),
    ],
    ids=str,
)
def test_retry_after(status: int, headers: dict[str, str], wait_s: float | None) -> None:
    """What the server asks for is a value within bounds, on the upgrade and on the login alike."""

    async def main() -> None:
        cloud = Cloud()
        cloud.on_upgrade = lambda query: Reply(status, b"", headers)
        cloud.on_login = lambda body: Reply(status, b"", headers)
        async with cloud, aiohttp.ClientSession() as session:
            with pytest.raises(ConnectError) as caught:
                async with open_websocket(session, address(cloud)):
                    pass
            assert caught.value.retry_after_s == wait_s
            answer = await post_login(session, cloud.servers.login_url, {})
            assert answer == LoginAnswer(status, None, wait_s)

    run_real(main())


def test_retry_after_zero_is_no_invitation() -> None:
    """It is the peer's wish, not our decision to come back at once."""

    async def main() -> None:
        cloud = Cloud()
        cloud.on_upgrade = lambda query: Reply(429, b"", {"Retry-After": "0"})
        with pytest.raises(LinkError) as caught:
            async with connected(cloud):
                pass
        assert caught.value.delay_s is None

    run_real(main())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_upgrade_is_not_redirected(status: int) -> None:
    """Another server is not the one that was asked for, whoever sent us there."""

    async def main() -> None:
        cloud, other = Cloud(), Cloud()
        async with other:
            location = f"http://127.0.0.1:{other.port}/ws?stolen=1"
            cloud.on_upgrade = lambda query: Reply(status, b"", {"Location": location})
            with pytest.raises(ConnectError) as caught:
                async with connected(cloud):
                    pytest.fail("a link to another server")
            assert SECRET not in shown_by(caught.value)
            assert SECRET not in "".join(other.heads)
            assert all(link.requests == [] for link in other.links)

    run_real(main())


@pytest.mark.parametrize(
    "location", ["/ws", "", "ftp://x/", "http://[", "//", "\x00", "http://127.0.0.1:1/"]
)
def test_redirects_in_circles(location: str) -> None:
    """A server that sends us round and round, or nowhere, is a problem of the connection."""

    async def main() -> None:
        cloud = Cloud()
        cloud.on_upgrade = lambda query: Reply(302, b"", {"Location": location})
        cloud.pages["/ws"] = lambda: Reply(302, b"", {"Location": location})
        with pytest.raises(ConnectError) as caught:
            async with connected(cloud):
                pass
        assert SECRET not in shown_by(caught.value)
        assert cloud.connections + len(cloud.upgrades) < 30

    run_real(main())


def test_no_websocket_at_all() -> None:
    """A server that speaks something else."""

    async def main() -> None:
        for words in (b"", b"SSH-2.0-OpenSSH\r\n", b"\x00" * 100, b"HTTP/1.1 101 Yes\r\n\r\n"):

            async def speak(
                reader: asyncio.StreamReader, writer: asyncio.StreamWriter, words: bytes = words
            ) -> None:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(words)
                writer.close()

            server = await asyncio.start_server(speak, "127.0.0.1", 0)
            port = server.sockets[0].getsockname()[1]
            async with server, aiohttp.ClientSession() as session:
                for url in (f"ws://127.0.0.1:{port}/ws?{QUERY}",):
                    with pytest.raises(ConnectError) as caught:
                        async with open_websocket(session, URL(url, encoded=True)):
                            pass
                    assert SECRET not in shown_by(caught.value)
                with pytest.raises(ConnectError) as caught:
                    await post_login(session, f"http://127.0.0.1:{port}/", {"password": SECRET})
                assert SECRET not in shown_by(caught.value)

    run_real(main())


def unused_port() -> int:
    """Find a port on which nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def test_nobody_there() -> None:
    """Refused is a problem of the connection, told without the address."""

    async def main() -> None:
        port = unused_port()
        async with aiohttp.ClientSession() as session:
            for attempt in (
                open_websocket(
                    session, URL(f"ws://127.0.0.1:{port}/ws?{QUERY}", encoded=True)
                ).__aenter__(),
                post_login(session, f"http://127.0.0.1:{port}/", {"password": SECRET}),
            ):
                with pytest.raises(ConnectError) as caught:
                    await attempt
                assert SECRET not in shown_by(caught.value)
                assert caught.value.retry_after_s is None

    run_real(main())


class Names(AbstractResolver):
    """Name resolution of the test: known names are this machine, others do not exist."""

    def __init__(self, **ports: int) -> None:
        """Know these names, with underscores for dots."""
        self._ports = {name.replace("__", "."): port for name, port in ports.items()}
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Look a name up."""
        self.asked.append(host)
        if host not in self._ports:
            raise OSError(None, "no such name")
        return [
            ResolveResult(
                hostname=host,
                host="127.0.0.1",
                port=self._ports[host] or port,
                family=socket.AF_INET,
                proto=0,
                flags=0,
            )
        ]

    async def close(self) -> None:
        """Keep nothing."""


def test_name_that_does_not_resolve() -> None:
    """DNS failures are retried like any other."""

    async def main() -> None:
        connector = aiohttp.TCPConnector(resolver=Names())
        async with aiohttp.ClientSession(connector=connector) as session:
            url = URL(f"wss://cloud.example.invalid/ws?{QUERY}", encoded=True)
            for attempt in (
                open_websocket(session, url).__aenter__(),
                post_login(session, "https://cloud.example.invalid/l", {"password": SECRET}),
            ):
                with pytest.raises(ConnectError) as caught:
                    await attempt
                assert SECRET not in shown_by(caught.value)

    run_real(main())


def test_accepts_and_stays_silent() -> None:
    """Ten seconds for an upgrade or a login, whatever trickles in meanwhile; no longer, and no second attempt."""

    async def main() -> None:
        connections = 0

        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal connections
            connections += 1
            try:
                writer.write(b"HTTP/1.1 200 OK\r\n")
                while True:
                    writer.write(b"X: y\r\n")
                    await asyncio.sleep(0.9)
                    await writer.drain()
            except OSError:
                pass
            finally:
                writer.transport.abort()

        loop = asyncio.get_running_loop()
        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with aiohttp.ClientSession() as session:
            url = URL(f"ws://127.0.0.1:{port}/ws?{QUERY}", encoded=True)
            for attempt in (
                open_websocket(session, url).__aenter__(),
                post_login(session, f"http://127.0.0.1:{port}/", {"password": SECRET}),
            ):
                started = loop.time()
                with pytest.raises(ConnectError) as caught:
                    await attempt
                assert loop.time() - started == pytest.approx(10, abs=0.5)
                assert SECRET not in shown_by(caught.value)
        assert connections == 2
        server.close()
        await asyncio.sleep(30)

    run_virtual(main())


# --- login ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "body"),
    [
        (Reply.of({"status": 200}), {"status": 200}),
        (Reply.of({"status": 400}, 400), {"status": 400}),
        (Reply.of({}, 500), {}),
        (Reply(200, b'{"status": 200}', {"Content-Type": "text/html"}), {"status": 200}),
        (Reply(200, b'\xef\xbb\xbf{"status": 200}'), None),
        (Reply(502, b"<html>Bad gateway</html>"), None),
        (Reply(200, b""), None),
        (Reply(204), None),
        (Reply(200, b"[1]"), None),
        (Reply(200, b"null"), None),
        (Reply(200, b'"r:0"'), None),
        (Reply(200, b'{"status": 200'), None),
        (Reply(200, b"\xff\xfe"), None),
        (Reply(200, b"[" * 60_000), None),
        (Reply(302, b"", {"Location": "https://elsewhere.example.invalid/"}), None),
        (
            Reply(200, gzip.compress(b'{"status": 200}'), {"Content-Encoding": "gzip"}),
            {"status": 200},
        ),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_login_answers(reply: Reply, body: object) -> None:
    """The status of HTTP, and the body when it is an object; redirects are not followed."""

    async def main() -> None:
        cloud = Cloud()
        cloud.on_login = lambda request: reply
        async with cloud, aiohttp.ClientSession() as session:
            request = {"email": "a", "password": SECRET, "installationId": "i"}
            answer = await post_login(session, cloud.servers.login_url, request)
            assert answer == LoginAnswer(reply.status, body)  # type: ignore[arg-type]
            assert cloud.logins == [request]
            assert SECRET not in repr(answer)
            assert "sessionToken" not in repr(LoginAnswer(200, {"sessionToken": "r:0"}))

    run_real(main())


def bomb() -> Reply:
    """Build a small body that unpacks to a huge one."""
    return Reply(200, gzip.compress(b" " * 30_000_000), {"Content-Encoding": "gzip"})


@pytest.mark.parametrize(
    ("reply", "fits"),
    [
        (lambda: Reply(200, b"{}" + b" " * (MAX_LOGIN_BYTES - 2)), True),
        (lambda: Reply(200, b"{}" + b" " * (MAX_LOGIN_BYTES - 1)), False),
        (lambda: Reply(200, b"{}" + b" " * 5_000_000), False),
        (bomb, False),
    ],
    ids=["limit", "one more", "long", "packed"],
)
def test_login_answer_is_bounded(reply: Callable[[], Reply], fits: bool) -> None:
    """A token needs no more."""

    async def main() -> None:
        cloud = Cloud()
        cloud.on_login = lambda request: reply()
        async with cloud, aiohttp.ClientSession() as session:
            if fits:
                answer = await post_login(session, cloud.servers.login_url, {})
                assert answer.body == {}
            else:
                with pytest.raises(LinkError):
                    await post_login(session, cloud.servers.login_url, {})

    run_real(main())


@pytest.mark.parametrize(
    "words",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 999999 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"y" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
        b"\x16\x03\x01\x00\x00",
        os.urandom(0) + bytes(range(256)),
    ],
    ids=lambda words: repr(words[:40]),
)
def test_login_answered_with_garbage(words: bytes) -> None:
    """No answer of HTTP at all is a problem of the connection."""

    async def main() -> None:
        async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(words)
            writer.close()

        server = await asyncio.start_server(speak, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, aiohttp.ClientSession() as session:
            with pytest.raises(ConnectError) as caught:
                await post_login(session, f"http://127.0.0.1:{port}/l", {"password": SECRET})
            assert SECRET not in shown_by(caught.value)

    run_real(main())


# --- snapshots and TLS ----------------------------------------------------------------------

PICTURE = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 8
STORE, OTHER = "snapshots.example.invalid", "cdn.example.invalid"


def picture(data: bytes = PICTURE, content_type: str = "image/jpeg", status: int = 200) -> Reply:
    """Build an answer that holds a picture."""
    return Reply(status, data, {"Content-Type": content_type})


@asynccontextmanager
async def store(
    authority_context: ssl.SSLContext, server_context: ssl.SSLContext
) -> AsyncIterator[tuple[Cloud, aiohttp.ClientSession, Names]]:
    """Run a store of snapshots behind real TLS, under names of its own."""
    async with Cloud(tls=server_context) as cloud:
        names = Names(
            **{STORE.replace(".", "__"): cloud.port, OTHER.replace(".", "__"): cloud.port}
        )
        connector = aiohttp.TCPConnector(resolver=names, ssl=authority_context, force_close=True)
        async with aiohttp.ClientSession(connector=connector) as session:
            try:
                yield cloud, session, names
            finally:
                await asyncio.sleep(0.01)


@pytest.fixture(scope="module")
def contexts(authority: Authority) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Give the contexts of a client that trusts and a server that is trusted."""
    return authority.trusting(), authority.server(STORE, OTHER)


def test_snapshot(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    """Fetched over verified TLS; the signature in the query arrives as it was given."""

    async def main() -> None:
        async with store(*contexts) as (cloud, session, _):
            cloud.pages["/a.jpeg"] = picture
            url = f"https://{STORE}/a.jpeg?Expires=1&Signature=x%2By~%3D"
            assert await fetch_image(session, url) == (PICTURE, "image/jpeg")
            assert "GET /a.jpeg?Expires=1&Signature=x%2By~%3D HTTP/1.1" in cloud.heads[0]

    run_real(main())


@pytest.mark.parametrize(
    "reply",
    [
        lambda: Reply(404),
        lambda: Reply(403, b"<xml>AccessDenied</xml>"),
        lambda: Reply(500),
        lambda: picture(status=201),
        lambda: picture(status=206),
        lambda: picture(content_type="text/html"),
        lambda: picture(content_type="application/octet-stream"),
        lambda: picture(content_type="imagejpeg"),
        lambda: picture(content_type="image/svg+xml"),
        lambda: Reply(200, PICTURE),
        lambda: picture(PICTURE * 3000),
        lambda: picture(b"x" * (MAX_IMAGE_BYTES + 1)),
        lambda: [b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n", *[b"x" * 2**20] * 6],
        lambda: [b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 9\r\n\r\nx"],
        lambda: [b"HTTP/1.1 200 OK\r\nContent-Ty"],
        lambda: [b""],
        lambda: Reply(
            200,
            gzip.compress(b"x" * 20_000_000),
            {"Content-Type": "image/jpeg", "Content-Encoding": "gzip"},
        ),
    ],
    ids=[
        *(
            "404",
            "403",
            "500",
            "201",
            "206",
            "html",
            "bytes",
            "no subtype",
            "svg",
            "no type",
            "too long",
        ),
        *("one too long", "endless", "cut body", "cut head", "closed", "packed"),
    ],
)
def test_no_snapshot(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext], reply: Callable[[], Reply | Iterable[bytes]]
) -> None:
    """Anything but a whole picture of a bounded size is none, and the address is told to nobody."""

    async def main() -> None:
        async with store(*contexts) as (cloud, session, _):
            cloud.pages["/a.jpeg"] = reply
            with pytest.raises(ConnectError) as caught:
                await fetch_image(session, f"https://{STORE}/a.jpeg?Signature={SECRET}")
            assert SECRET not in shown_by(caught.value)
            assert "AccessDenied" not in shown_by(caught.value)

    run_real(main())


def test_snapshot_of_the_limit(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    """Five mebibytes are a picture."""

    async def main() -> None:
        async with store(*contexts) as (cloud, session, _):
            cloud.pages["/a.png"] = lambda: picture(b"x" * MAX_IMAGE_BYTES, "image/png")
            data, content_type = await fetch_image(session, f"https://{STORE}/a.png")
            assert (len(data), content_type) == (MAX_IMAGE_BYTES, "image/png")

    run_real(main())


@pytest.mark.parametrize(
    ("hops", "found"), [(0, True), (1, True), (3, True), (4, False), (99, False)]
)
def test_snapshot_redirected(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext], hops: int, found: bool
) -> None:
    """Three redirects are followed, over verified TLS, also to another host."""

    async def main() -> None:
        async with store(*contexts) as (cloud, session, _):
            for number in range(hops):
                host = OTHER if number % 2 else STORE
                location = f"https://{host}/{number + 1}" if number % 3 else f"/{number + 1}"
                cloud.pages[f"/{number}"] = lambda location=location: Reply(
                    (301, 302, 303, 307, 308)[len(location) % 5], b"", {"Location": location}
                )
            cloud.pages[f"/{hops}"] = picture
            if found:
                assert (await fetch_image(session, f"https://{STORE}/0"))[0] == PICTURE
            else:
                with pytest.raises(ConnectError):
                    await fetch_image(session, f"https://{STORE}/0")
            assert len(cloud.heads) <= 4

    run_real(main())


@pytest.mark.parametrize(
    "location",
    [
        f"http://{STORE}/b",
        "https://127.0.0.1/b",
        "https://localhost/b",
        "https://2130706433/b",
        "//127.0.0.1/b",
        f"https://user:pw@{STORE}/b",
        "file:///etc/passwd",
        "ftp://example.invalid/b",
        "https://[::1]/b",
        "https://[",
        "",
        "javascript:alert(1)",
    ],
)
def test_snapshot_redirected_elsewhere(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext], location: str
) -> None:
    """Every address on the way is checked like the first."""

    async def main() -> None:
        async with store(*contexts) as (cloud, session, names):
            headers = {"Location": location} if location else {}
            cloud.pages["/a"] = lambda: Reply(302, b"", headers)
            cloud.pages["/b"] = lambda: pytest.fail("fetched")
            with pytest.raises(ConnectError):
                await fetch_image(session, f"https://{STORE}/a")
            assert set(names.asked) == {STORE}

    run_real(main())


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "https://localhost/", "", "x", f"https://u@{STORE}/"]
)
def test_snapshot_from_an_unsafe_address(url: str) -> None:
    """It is not even looked up."""

    async def main() -> None:
        names = Names()
        connector = aiohttp.TCPConnector(resolver=names)
        async with aiohttp.ClientSession(connector=connector) as session:
            with pytest.raises(ConnectError):
                await fetch_image(session, url)
            assert names.asked == []

    run_real(main())


def test_snapshot_that_trickles(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    """Ten seconds in all."""

    async def main() -> None:
        async with store(*contexts) as (cloud, session, _):
            loop = asyncio.get_running_loop()
            started = loop.time()

            head = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n"
            cloud.pages["/a"] = lambda: chain([head], repeat(b"x"))
            cloud.pause_s = 0.5
            with pytest.raises(ConnectError):
                await fetch_image(session, f"https://{STORE}/a")
            assert loop.time() - started == pytest.approx(10, abs=0.6)

    run_virtual(main())


def test_untrusted_certificates(authority: Authority) -> None:
    """TLS is verified always: authority, name and time, for websocket, login and snapshot."""
    ours = authority.trusting()
    default = ssl.create_default_context()
    cases = {
        "unknown authority": (default, authority.server(STORE)),
        "other name": (ours, authority.server("elsewhere.example.invalid")),
        "expired": (ours, authority.server(STORE, expired=True)),
        "address instead of name": (ours, authority.server("127.0.0.1")),
    }

    async def main(client: ssl.SSLContext, server: ssl.SSLContext) -> None:
        async with store(client, server) as (cloud, session, _):
            url = URL(f"wss://{STORE}/ws?{QUERY}", encoded=True)
            cloud.pages["/a"] = picture
            for attempt in (
                open_websocket(session, url).__aenter__(),
                post_login(session, f"https://{STORE}/api/session/login", {"password": SECRET}),
                fetch_image(session, f"https://{STORE}/a?Signature={SECRET}"),
            ):
                with pytest.raises(ConnectError) as caught:
                    await attempt
                assert SECRET not in shown_by(caught.value)
            assert cloud.heads == [], "a word was said before the certificate was verified"
            assert cloud.logins == []

    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # the server's side of the refusals
    try:
        for client, server in cases.values():
            run_real(main(client, server))
    finally:
        logging.getLogger("asyncio").setLevel(logging.NOTSET)


def test_everything_over_tls(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    """With a certificate that holds, login and websocket work over TLS."""

    async def main() -> None:
        async with store(*contexts) as (_, session, _):
            answer = await post_login(session, f"https://{STORE}/api/session/login", {"a": 1})
            assert answer.status == 200
            url = URL(f"wss://{STORE}/ws?{QUERY}", encoded=True)
            async with open_websocket(session, url) as transport:
                assert "success" in str(await transport.receive())

    run_real(main())


@pytest.mark.parametrize("target", ["ws", "wss-other", "wss-same"])
def test_upgrade_redirected_from_tls(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext], target: str
) -> None:
    """From TLS nothing leads to plain text nor to another name."""

    async def main() -> None:
        async with Cloud() as plain, store(*contexts) as (cloud, session, _):
            location = {
                "ws": f"http://127.0.0.1:{plain.port}/ws",
                "wss-other": f"https://{OTHER}/ws",
                "wss-same": f"https://{STORE}/elsewhere",
            }[target]
            replies: list[Reply | None] = [Reply(302, b"", {"Location": location})]
            cloud.on_upgrade = lambda query: replies.pop() if replies else None
            url = URL(f"wss://{STORE}/ws?{QUERY}", encoded=True)
            if target == "wss-same":
                async with open_websocket(session, url) as transport:
                    assert "success" in str(await transport.receive())
                return
            with pytest.raises(ConnectError):
                async with open_websocket(session, url):
                    pass
            for link in (*plain.links, *cloud.links):
                assert link.requests == []

    run_real(main())


def test_every_error_is_ours() -> None:
    """Errors of the library do not get past these rooms."""
    for kind in (ConnectError, FrameError, LinkClosedError):
        assert issubclass(kind, VendorError)
