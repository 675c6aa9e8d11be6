"""One websocket to an appliance: frames both ways, the end of it, and each way it can fail to begin."""

import asyncio
from base64 import b64encode
from contextlib import suppress
from hashlib import sha1
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.http import WS_KEY
import pytest
from pytest_socket import socket_allow_hosts

from custom_components.home_connect_local.protocol import transport as transport_room
from custom_components.home_connect_local.protocol.const import MAX_FRAME_BYTES
from custom_components.home_connect_local.protocol.errors import (
    ConnectError,
    FrameError,
    LinkClosedError,
    ThrottledError,
    VendorError,
)
from custom_components.home_connect_local.protocol.frames import Control
from custom_components.home_connect_local.protocol.refusals import (
    KeyRefusedError,
    PeerClosedError,
    SessionsExhaustedError,
    SwitchedOffError,
    WrongLinkError,
)
from custom_components.home_connect_local.protocol.transport import (
    Endpoint,
    WebSocketTransport,
    open_websocket,
    psk_context,
)
from tests.support.clock import run_real, run_virtual

from .appliance import (
    KEY,
    LOOPBACK,
    Appliance,
    Handler,
    RawHandler,
    answering,
    connected,
    listening,
    opening,
    reset,
    server_context,
    serving,
)

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def failing(port: int, *, key: bytes | None = KEY, host: str = LOOPBACK) -> ConnectError:
    """Fail to connect; gives the error, which must not know anything of the key."""
    with pytest.raises(ConnectError) as caught:
        async with opening(port, key=key, host=host):
            pass
    error = caught.value
    assert error.__cause__ is error.__context__ is None
    shown = repr(error) + str(error)
    for secret in (KEY.hex(), repr(KEY), LOOPBACK, str(port), "ssl.SSL"):
        assert secret not in shown
    return error


# --- where ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "url", "name"),
    [
        ("192.0.2.7", "ws://192.0.2.7:8000/homeconnect", "192.0.2.7"),
        ("bosch-dishwasher-1.local", "ws://bosch-dishwasher-1.local:8000/homeconnect", None),
        ("2001:db8::7", "ws://[2001:db8::7]:8000/homeconnect", "2001:db8::7"),
        ("[2001:db8::7]", "ws://[2001:db8::7]:8000/homeconnect", "2001:db8::7"),
        ("fe80::7%eth0", "ws://[fe80::7%25eth0]:8000/homeconnect", "fe80::7"),
        ("[fe80::7%eth0]", "ws://[fe80::7%25eth0]:8000/homeconnect", "fe80::7"),
        ("fe80::7%3", "ws://[fe80::7%253]:8000/homeconnect", "fe80::7"),
    ],
)
def test_endpoint(host: str, url: str, name: str | None) -> None:
    """Literals are bracketed once; the zone is for the socket, not for the peer (§2)."""
    endpoint = Endpoint(host, 8000)
    assert str(endpoint.url).replace("%25", "%") == url.replace("%25", "%")
    assert endpoint.url.raw_host == host.strip("[]")
    assert endpoint.name == (name or host)


def test_endpoint_of_tls() -> None:
    """The default port goes without saying; the key is nowhere to be seen."""
    endpoint = Endpoint("192.0.2.7", 443, psk_context(KEY))
    assert str(endpoint.url) == "wss://192.0.2.7/homeconnect"
    assert KEY.hex() not in repr(endpoint)
    assert repr(KEY) not in repr(endpoint)


@pytest.mark.parametrize("host", ["", "a b", "a/b", "exa mple:80", "192.0.2.7:80", "::1::2", "a%b"])
def test_hosts_that_are_none(host: str) -> None:
    """What a user typed wrongly is an address where nothing is."""

    async def main() -> None:
        await failing(80, key=None, host=host)

    run_real(main())


@pytest.fixture
def ipv6(socket_enabled: None) -> None:
    """Allow loopback by its other address, too, for one test."""
    socket_allow_hosts([LOOPBACK, "::1"])


@pytest.mark.usefixtures("ipv6")
@pytest.mark.parametrize("host", ["::1", "[::1]", "::1%1", "[::1%1]"])
@pytest.mark.parametrize("key", [KEY, None], ids=["tls", "clear"])
def test_addresses_of_ipv6(host: str, key: bytes | None) -> None:
    """Both kinds of links, with and without zone; the peer hears nothing of the zone."""

    async def main() -> None:
        appliance = Appliance()
        tls = server_context() if key else None
        async with serving(appliance, tls, "::1") as port, opening(port, key=key, host=host):
            await appliance.opened.get()
            assert appliance.requests[0].headers["Host"] == f"[::1]:{port}"

    run_real(main())


@pytest.mark.usefixtures("ipv6")
@pytest.mark.parametrize("key", [KEY, None], ids=["tls", "clear"])
def test_what_the_appliance_hears(key: bytes | None) -> None:
    """The path, and nothing that appliances do not know: no compression, protocol, cookies (§1)."""

    async def main() -> None:
        appliance = Appliance()
        async with (
            aiohttp.ClientSession(cookies={"a": "b"}, headers={"X-Of": "others"}) as session,
            serving(appliance, server_context() if key else None, "localhost") as port,
            open_websocket(session, Endpoint("localhost", port, psk_context(key) if key else None)),
        ):
            (request,) = appliance.requests
            assert request.path == "/homeconnect"
            assert request.method == "GET"
            for name in ("Cookie", "Origin", "Sec-WebSocket-Extensions", "X-Of", "Authorization"):
                assert name not in request.headers
            assert "Sec-WebSocket-Protocol" not in request.headers

    run_real(main())


def test_the_session_is_lent() -> None:
    """It is as open afterwards as before."""

    async def main() -> None:
        async with aiohttp.ClientSession() as session, serving(Appliance()) as port:
            for _ in range(2):
                async with open_websocket(session, Endpoint(LOOPBACK, port)):
                    pass
            assert not session.closed
            assert session.connector is not None
            assert not session.connector.closed

    run_real(main())


def test_closed_session() -> None:
    """Nothing to connect with."""

    async def main() -> None:
        async with aiohttp.ClientSession() as session:
            pass
        with pytest.raises(ConnectError):
            async with open_websocket(session, Endpoint(LOOPBACK, 9)):
                pass

    run_real(main())


def test_the_door_of_the_room() -> None:
    """Others need not know which file holds what."""
    assert set(transport_room.__all__) == {
        "Endpoint",
        "WebSocketTransport",
        "open_websocket",
        "psk_context",
    }


# --- frames ---------------------------------------------------------------------------------


@pytest.mark.parametrize("tls", [True, False], ids=["tls", "clear"])
def test_frames_both_ways(tls: bool) -> None:
    """Text stays text and bytes stay bytes, in order (§5.1, §5.3)."""

    async def main() -> None:
        async with connected(tls=tls) as (transport, appliance, websocket):
            await websocket.send_str('{"a":"ü"}')
            await websocket.send_bytes(b"\x00\xff")
            await websocket.send_str("")
            assert [await transport.receive() for _ in range(3)] == ['{"a":"ü"}', b"\x00\xff", ""]
            for data in ("ü", b"\x00\xff", Control.PING):
                await transport.send(data)
            assert await transport.receive() is Control.PONG
            assert [(each.type, each.data) for each in appliance.frames] == [
                (aiohttp.WSMsgType.TEXT, "ü"),
                (aiohttp.WSMsgType.BINARY, b"\x00\xff"),
                (aiohttp.WSMsgType.PING, b""),
            ]

    run_real(main())


def test_pings_of_the_appliance() -> None:
    """They are answered at once with what they carried (§5.2)."""

    async def main() -> None:
        async with connected() as (transport, appliance, websocket):
            await websocket.ping(b"who is there")
            assert await transport.receive() is Control.PING
            while not appliance.frames:
                await asyncio.sleep(0.001)
            (answer,) = appliance.frames
            assert (answer.type, answer.data) == (aiohttp.WSMsgType.PONG, b"who is there")

    run_real(main())


@pytest.mark.parametrize("over", [0, 1], ids=["limit", "above"])
@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
def test_frame_of_the_limit(binary: bool, over: int) -> None:
    """Four mebibytes arrive, one byte more ends the link."""

    async def main() -> None:
        async with connected(tls=False) as (transport, _, websocket):
            data = b"x" * (MAX_FRAME_BYTES + over)
            coroutine = websocket.send_bytes(data) if binary else websocket.send_str(data.decode())
            sending = asyncio.create_task(coroutine)
            if over:
                with pytest.raises(FrameError):
                    await transport.receive()
            else:
                assert len(await transport.receive()) == MAX_FRAME_BYTES
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    run_real(main())


def test_a_cancelled_wait_loses_nothing() -> None:
    """Alarms cancel it all the time."""

    async def main() -> None:
        async with connected() as (transport, _, websocket):
            for number in range(20):
                waiting = asyncio.create_task(transport.receive())
                await asyncio.sleep(0)
                await websocket.send_str(str(number))
                if number % 2:
                    waiting.cancel()
                    results = await asyncio.gather(waiting, return_exceptions=True)
                    got = results[0]
                    if isinstance(got, BaseException):
                        got = await transport.receive()
                else:
                    got = await waiting
                assert got == str(number)

    run_real(main())


# --- the end --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "seen"), [(1000, 1000), (1001, 1001), (1011, 1011), (4000, 4000), (None, 1005)]
)
@pytest.mark.parametrize("tls", [True, False], ids=["tls", "clear"])
def test_closed_by_the_appliance(code: int | None, seen: int, tls: bool) -> None:
    """The code tells a deliberate end from others, also to those who ask later (§7.3)."""

    async def main() -> None:
        async with connected(tls=tls) as (transport, appliance, websocket):
            if code is None:
                assert websocket._writer is not None
                await websocket._writer.send_frame(b"", aiohttp.WSMsgType.CLOSE)
            else:
                closing = asyncio.create_task(websocket.close(code=code, message=b"bye"))
            for _ in range(2):
                with pytest.raises(PeerClosedError) as caught:
                    await transport.receive()
                assert caught.value.code == seen
                assert "bye" not in str(caught.value)
            if code is not None:
                await closing
            await appliance.ended.wait()

    run_real(main())


@pytest.mark.parametrize("how", ["fin", "rst"])
@pytest.mark.parametrize("tls", [True, False], ids=["tls", "clear"])
def test_vanished(how: str, tls: bool) -> None:
    """Without a close frame it is no deliberate end, whatever the library calls it (§7.3)."""

    async def main() -> None:
        async with connected(tls=tls) as (transport, appliance, _):
            transport_ = appliance.requests[0].transport
            assert transport_ is not None
            if how == "fin":
                transport_.close()
            else:
                transport_.abort()
            with pytest.raises(PeerClosedError) as caught:
                await transport.receive()
            assert caught.value.code == 1006
            with pytest.raises(LinkClosedError):
                await insist(transport)
            with pytest.raises(PeerClosedError):
                await transport.receive()

    run_real(main())


async def insist(transport: WebSocketTransport) -> None:
    """Write until that fails: the first words may still go into a buffer."""
    for data in ("{}", b"{}", Control.PING) * 10:
        await transport.send(data)
        await asyncio.sleep(0.001)


def test_answering_a_ping_fails() -> None:
    """The link ended between the ping and its answer."""

    async def main() -> None:
        async with connected(tls=False) as (transport, appliance, websocket):
            await websocket.ping()
            await asyncio.sleep(0.01)
            ours: Any = transport._websocket
            ours._writer.transport.abort()
            await asyncio.sleep(0)
            with pytest.raises(LinkClosedError):
                await transport.receive()
            await appliance.ended.wait()

    run_real(main())


@pytest.mark.parametrize("leaving", ["quietly", "by error", "cancelled"])
def test_we_close_with_a_close_frame(leaving: str) -> None:
    """Half-open sessions are what fills the table of the appliance (§5.2)."""

    async def main() -> None:
        appliance, staying = Appliance(), asyncio.Event()

        async def stay(port: int) -> None:
            async with opening(port):
                await appliance.opened.get()
                staying.set()
                if leaving == "by error":
                    raise FrameError("enough")
                if leaving == "cancelled":
                    await asyncio.sleep(60)

        async with serving(appliance, server_context()) as port:
            task = asyncio.create_task(stay(port))
            if leaving == "cancelled":
                await staying.wait()
                task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await appliance.ended.wait()
            assert appliance.close_codes == [1000]

    run_real(main())


def test_an_appliance_that_does_not_read() -> None:
    """Not even it can hold up the end for longer than two seconds (guide §1.5)."""

    async def upgrade(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await accept(reader, writer)
        transport: Any = writer.transport
        transport.pause_reading()
        await over.wait()

    async def main() -> None:
        nonlocal over
        over = asyncio.Event()
        clock = asyncio.get_running_loop().time
        async with listening(upgrade) as port:
            async with opening(port, key=None) as transport:
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(flood(transport), 5)
                started = clock()
            assert clock() - started <= 2.1
            over.set()

    over: asyncio.Event
    run_virtual(main())


async def flood(transport: WebSocketTransport) -> None:
    """Write until it goes no further."""
    while True:
        await transport.send(b"x" * 1_000_000)


async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say yes to a websocket by hand."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    key = next(
        line.partition(": ")[2]
        for line in head.split("\r\n")
        if line.startswith("Sec-WebSocket-Key")
    )
    answer = b64encode(sha1(key.encode() + WS_KEY).digest())
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + answer + b"\r\n\r\n"
    )
    await writer.drain()


@pytest.mark.parametrize(
    "frame",
    [b"\x83\x00", b"\x81\x01\xff", b"\xc1\x01x", b"\x89\x7e\x00\x7e" + b"x" * 126, b"\x88\x01x"],
    ids=["opcode", "no text", "compressed", "long ping", "short close"],
)
def test_frames_that_are_none(frame: bytes) -> None:
    """A peer that breaks the rules of websockets is not listened to any longer."""

    async def upgrade(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await accept(reader, writer)
        writer.write(frame)
        await reader.read()
        writer.close()

    async def main() -> None:
        async with listening(upgrade) as port, opening(port, key=None) as transport:
            with pytest.raises(FrameError):
                await transport.receive()

    run_real(main())


# --- failing to connect ---------------------------------------------------------------------


@pytest.mark.parametrize("key", [KEY, None], ids=["tls", "clear"])
@pytest.mark.parametrize(
    ("handler", "kind"),
    [
        (answering(404), SessionsExhaustedError),
        (answering(503), SwitchedOffError),
        (answering(200), WrongLinkError),
        (answering(400), WrongLinkError),
        (answering(401), WrongLinkError),
        (answering(403), WrongLinkError),
        (answering(429), WrongLinkError),
        (answering(500), WrongLinkError),
        (answering(304), WrongLinkError),
        (answering(301, Location="/elsewhere"), WrongLinkError),
        (answering(302, Location="http://192.0.2.7/homeconnect"), WrongLinkError),
        (answering(307, Location="https://example.com/homeconnect"), WrongLinkError),
        (answering(308), WrongLinkError),
    ],
)
def test_statuses(handler: Handler, kind: type[ConnectError], key: bytes | None) -> None:
    """What an answer means that is no websocket; nobody sends us elsewhere (§5.1)."""
    asked: list[str] = []

    async def counted(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        return await handler(request)

    async def main() -> None:
        async with serving(counted, server_context() if key else None) as port:
            error = await failing(port, key=key)
        assert type(error) is kind
        assert asked == ["/homeconnect"]
        if isinstance(error, ThrottledError):
            assert error.retry_after_s == 60
        else:
            assert error.retry_after_s is None

    run_real(main())


def test_wrong_key() -> None:
    """The appliance refuses within TLS (§5.1)."""

    async def main() -> None:
        async with serving(Appliance(), server_context(bytes(32))) as port:
            assert type(await failing(port)) is KeyRefusedError

    run_real(main())


def hanging_up(after: int, calls: list[int], *, rst: bool) -> RawHandler:
    """Hang up after some bytes of the client; notes each call."""

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        calls.append(after)
        if after:
            await reader.readexactly(after)
        if rst:
            reset(writer)
        else:
            writer.close()

    return hang_up


@pytest.mark.parametrize("rst", [False, True], ids=["fin", "rst"])
@pytest.mark.parametrize("after", [0, 1, 5, 50])
def test_hung_up_within_tls(after: int, rst: bool) -> None:
    """TCP was there, TLS never: the library calls it a connection error like others (§5.1)."""

    async def main() -> None:
        calls: list[int] = []
        async with listening(hanging_up(after, calls, rst=rst)) as port:
            assert type(await failing(port)) is KeyRefusedError
        assert calls == [after]

    run_real(main())


@pytest.mark.parametrize("rst", [False, True], ids=["fin", "rst"])
@pytest.mark.parametrize("after", [0, 1, 50])
def test_hung_up_in_the_clear(after: int, rst: bool) -> None:
    """Without TLS there is no key to be refused; nor is an appliance asked twice in a row."""

    async def main() -> None:
        calls: list[int] = []
        async with listening(hanging_up(after, calls, rst=rst)) as port:
            assert type(await failing(port, key=None)) is ConnectError
        assert calls == [after]

    run_real(main())


@pytest.mark.parametrize("after", [0, 1, 100])
def test_hung_up_behind_tls(after: int) -> None:
    """TLS was finished, so the key was right."""

    async def main() -> None:
        calls: list[int] = []
        async with listening(hanging_up(after, calls, rst=False), server_context()) as port:
            assert type(await failing(port)) is ConnectError
        assert calls == [after]

    run_real(main())


def saying(words: bytes) -> RawHandler:
    """Answer whatever comes with some bytes."""

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(words)
        await writer.drain()
        await reader.read()
        writer.close()

    return say


@pytest.mark.parametrize(
    "words",
    [
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.0 404 Not Found\r\n\r\n",
        b"<html><body>no</body></html>\r\n",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"\x00" * 64,
        b"\xff" * 64,
    ],
    ids=["http", "old http", "html", "ssh", "zeros", "ones"],
)
def test_no_tls(words: bytes) -> None:
    """What answers is another kind of link or host, and says nothing about the key (§5.1)."""

    async def main() -> None:
        async with listening(saying(words)) as port:
            assert type(await failing(port)) is WrongLinkError

    run_real(main())


def test_plain_server_for_tls() -> None:
    """A real HTTP server where TLS is expected."""

    async def main() -> None:
        async with serving(answering(200)) as port:
            assert type(await failing(port)) in {WrongLinkError, KeyRefusedError}

    run_real(main())


def test_tls_server_in_the_clear() -> None:
    """An appliance of the TLS kind is no appliance of the AES kind."""

    async def main() -> None:
        async with serving(Appliance(), server_context()) as port:
            assert isinstance(await failing(port, key=None), ConnectError)

    run_real(main())


@pytest.mark.parametrize(
    "words",
    [
        b"\x15\x03\x01\x00\x02\x02\x46" * 4 + b"\r\n\r\n",
        b"HTTP/9.9 banana\r\n\r\n",
        b"%b%b"
        % (
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n",
            b"Connection: Upgrade\r\nSec-WebSocket-Accept: wrong\r\n\r\n",
        ),
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 301 Moved\r\nLocation: \x00\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
    ],
    ids=["alert", "banana", "challenge", "upgrade", "location", "long"],
)
def test_no_http(words: bytes) -> None:
    """Whatever answers in the clear, it is no appliance of this kind."""

    async def main() -> None:
        async with listening(saying(words)) as port:
            assert type(await failing(port, key=None)) is WrongLinkError

    run_real(main())


@pytest.mark.parametrize("key", [KEY, None], ids=["tls", "clear"])
def test_nothing_there(key: bytes | None) -> None:
    """Refused by TCP itself: off, or elsewhere (§5.1)."""

    async def main() -> None:
        async with listening(saying(b"")) as port:
            pass
        assert type(await failing(port, key=key)) is ConnectError

    run_real(main())


def test_name_that_does_not_resolve() -> None:
    """Appliances are often known by names of the router."""

    class Nowhere(aiohttp.abc.AbstractResolver):
        """Knows no name."""

        async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[Any]:
            """Say so."""
            raise OSError(None, "no such name")

        async def close(self) -> None:
            """Nothing to close."""

    async def main() -> None:
        connector = aiohttp.TCPConnector(resolver=Nowhere())
        async with aiohttp.ClientSession(connector=connector) as session:
            with pytest.raises(ConnectError, match="does not resolve"):
                async with open_websocket(session, Endpoint("bosch-oven-1", 80)):
                    pass

    run_real(main())


@pytest.mark.parametrize("key", [KEY, None], ids=["tls", "clear"])
def test_silence(key: bytes | None) -> None:
    """An appliance that accepts and says nothing costs ten seconds, and says nothing about the key (§12)."""

    async def main() -> None:
        clock = asyncio.get_running_loop().time
        async with listening(saying(b"")) as port:
            started = clock()
            assert type(await failing(port, key=key)) is ConnectError
            assert clock() - started == pytest.approx(10, abs=0.5)

    run_virtual(main())


def test_cancelled_while_connecting() -> None:
    """Unloading does not wait for a silent appliance, and leaves nothing behind."""

    async def main() -> None:
        async with listening(saying(b"")) as port:

            async def connect() -> None:
                async with opening(port):
                    pass

            task = asyncio.create_task(connect())
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    run_real(main())


def test_cut_anywhere() -> None:
    """Whichever byte of the appliance is the last, it is one of our errors, at once."""

    async def greet(request: web.Request) -> web.StreamResponse:
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        await websocket.send_str("hello")
        await websocket.close()
        return websocket

    async def outcome(port: int) -> str:
        try:
            async with opening(port) as transport:
                assert await transport.receive() == "hello"
                await transport.receive()
        except VendorError as err:
            return type(err).__name__
        return "open"

    async def main() -> None:
        outcomes: list[str] = []
        unused: list[int] = [0]
        async with serving(greet, server_context()) as target:
            while not unused[-1]:
                limit = 7 * len(outcomes)
                async with (
                    listening(relaying(target, limit, unused)) as port,
                    asyncio.timeout(60),
                ):
                    outcomes.append(await outcome(port))
        # In this order: within TLS, within HTTP, within the frames; the last time all of them came.
        stages = ["KeyRefusedError", "ConnectError", "PeerClosedError"]
        assert sorted(outcomes, key=stages.index) == outcomes
        assert set(outcomes) == set(stages)

    run_real(main())


def relaying(target: int, limit: int, unused: list[int]) -> RawHandler:
    """Carry bytes both ways, but only so many of the appliance's; notes how many it did not need."""

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream, sink = await asyncio.open_connection(LOOPBACK, target)

        async def forward() -> None:
            while data := await reader.read(65536):
                sink.write(data)

        forwarding = asyncio.create_task(forward())
        left = limit
        try:
            with suppress(ConnectionError):
                while left and (data := await upstream.read(left)):
                    left -= len(data)
                    writer.write(data)
                    await writer.drain()
        finally:  # also when the test is done with it before it is
            unused.append(left)
        forwarding.cancel()
        await asyncio.gather(forwarding, return_exceptions=True)
        sink.transport.abort()
        writer.close()

    return relay
