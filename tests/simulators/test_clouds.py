"""What every simulated cloud does alike: its life, and the ways in which all its connections can suffer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
import json
from typing import Any

import aiohttp
from aiohttp import WSMsgType
import pytest
from yarl import URL

from simulators import dio_chacon, homismart
from tests.simulators import dio_client, homismart_client
from tests.simulators.bare_client import LIMIT_S

MIB = 1024 * 1024


async def _reach_dio(http: aiohttp.ClientSession, cloud: Any) -> None:
    await dio_client.log_in(http, cloud)


async def _reach_nothing_else(http: aiohttp.ClientSession, cloud: Any) -> None:
    pass


async def _hear_greeting(reader: asyncio.StreamReader) -> None:
    head = await reader.readexactly(2)
    assert json.loads(await reader.readexactly(head[1])) == dio_client.greeting("success")


async def _hear_nothing(reader: asyncio.StreamReader) -> None:
    pass


async def _ask_dio(client: dio_client.BareClient) -> None:
    await client.send("GET", "/user")


async def _ask_homismart(client: homismart_client.BareClient) -> None:
    await client.send("0004", {})


async def _bother_homismart(client: homismart_client.BareClient) -> None:
    await client.send("0004", {})
    await client.send("9998", {})


@dataclass(frozen=True, kw_only=True)
class Vendor:
    """What the tests here have to know of a cloud."""

    simulator: Any
    connect: Callable[..., AbstractAsyncContextManager[Any]]
    address: Callable[[Any], URL]
    """Where a websocket is had."""
    reach: Callable[[aiohttp.ClientSession, Any], Awaitable[None]]
    """Uses the other addresses of the cloud."""
    hear_opening: Callable[[asyncio.StreamReader], Awaitable[None]]
    """Reads what the server says unasked."""
    ask: Callable[[Any], Awaitable[None]]
    """Sends a request that is in order."""
    bother: Callable[[Any], Awaitable[None]]
    """The same, with one that is not if there may be no answer to that."""
    asked: str
    """What finds that request in the journal."""
    answers: Callable[[Any], bool]
    """Whether a frame is the answer to it."""
    switch: str
    """A device to press."""
    oversized: int
    """Characters that clients must take."""


VENDORS = {
    "dio_chacon": Vendor(
        simulator=dio_chacon,
        connect=dio_client.connect,
        address=lambda cloud: URL(cloud.ws_url).with_query(dio_client.by_password(cloud.home)),
        reach=_reach_dio,
        hear_opening=_hear_greeting,
        ask=_ask_dio,
        bother=_ask_dio,
        asked="^GET /user$",
        answers=lambda frame: frame["status"] == 200,
        switch="Prise garage",
        oversized=4 * MIB,
    ),
    "homismart": Vendor(
        simulator=homismart,
        connect=homismart_client.connect,
        address=lambda cloud: URL(cloud.ws_url),
        reach=_reach_nothing_else,
        hear_opening=_hear_nothing,
        ask=_ask_homismart,
        bother=_bother_homismart,
        asked="^0004$",
        answers=lambda frame: frame[0] == "0005",
        switch="Washing machine",
        oversized=16 * MIB,
    ),
}


@pytest.fixture(params=VENDORS)
def vendor(request: pytest.FixtureRequest) -> Vendor:
    """Give one vendor after the other."""
    return VENDORS[request.param]


@pytest.fixture
async def cloud(vendor: Vendor, socket_enabled: None) -> AsyncIterator[Any]:
    """Serve the demo home, two hundred times as quick as a real one."""
    home = vendor.simulator.demo_home(pace=vendor.simulator.Pace(speed=200))
    async with vendor.simulator.SimulatedCloud(home) as cloud:
        yield cloud
        assert cloud.violations == []


@pytest.fixture
async def client(http: aiohttp.ClientSession, vendor: Vendor, cloud: Any) -> AsyncIterator[Any]:
    """Connect, with a session in order."""
    async with vendor.connect(http, cloud) as client:
        yield client


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_upgrade_status(
    http: aiohttp.ClientSession, vendor: Vendor, cloud: Any, status: int
) -> None:
    """The websocket is refused with a status."""
    cloud.faults.arm("upgrade_status", status=status, retry_after="7", count=1)
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        async with vendor.connect(http, cloud):
            pass
    assert refusal.value.status == status
    assert refusal.value.headers and refusal.value.headers["Retry-After"] == "7"
    async with vendor.connect(http, cloud):
        pass


async def test_upgrade_hang(http: aiohttp.ClientSession, vendor: Vendor, cloud: Any) -> None:
    """The handshake is never answered."""
    cloud.faults.arm("upgrade_hang", count=1)
    hanging = asyncio.ensure_future(http.ws_connect(vendor.address(cloud)))
    await cloud.journal.wait_for(lambda: bool(cloud.received))
    assert cloud.sessions == []
    async with vendor.connect(http, cloud):
        assert [session.number for session in cloud.sessions] == [2]
    assert not hanging.done()
    hanging.cancel()
    await asyncio.wait({hanging})


async def test_drop(client: Any, cloud: Any) -> None:
    """Closing tells the code."""
    cloud.close_sessions(1012)
    assert (await client.end()).data == 1012


async def test_hang_up(client: Any, cloud: Any) -> None:
    """FIN alone ends the connection without a code."""
    cloud.hang_up()
    await client.end()
    assert client.ws.close_code == 1006
    await cloud.journal.wait_for(lambda: cloud.sessions == [])


@pytest.mark.parametrize("how", ["fin", "rst", "half"])
async def test_end_of_the_tcp_connection(vendor: Vendor, cloud: Any, how: str) -> None:
    """FIN ends the stream, RST is an error at the socket, and half a frame is half a frame."""
    url = vendor.address(cloud)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(
        f"GET {url.raw_path_qs} HTTP/1.1\r\nHost: {url.authority}\r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
    )
    async with asyncio.timeout(LIMIT_S):
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        await vendor.hear_opening(reader)
        await cloud.journal.wait_for(lambda: bool(cloud.sessions))
        match how:
            case "fin":
                cloud.hang_up()
                assert await reader.read() == b""
            case "rst":
                cloud.abort()
                with pytest.raises(ConnectionResetError):
                    await reader.read()
            case "half":
                cloud.cut_mid_frame()
                head = await reader.readexactly(2)
                assert head[0] == 0x81
                assert 0 < len(await reader.read()) < head[1]
        await cloud.journal.wait_for(lambda: cloud.sessions == [])
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@pytest.mark.parametrize("size", [125, 126, 65535, 65536])
async def test_half_frames_of_any_size(client: Any, cloud: Any, size: int) -> None:
    """A frame that is cut is never taken for a message, in each of the three forms of its length."""
    cloud.sessions[0].link.cut_mid_frame("x" * size)
    message = await client.end()
    assert message.type in {WSMsgType.CLOSED, WSMsgType.ERROR}
    assert client.ws.close_code == 1006


async def test_stall(http: aiohttp.ClientSession, vendor: Vendor, client: Any, cloud: Any) -> None:
    """A half-open link takes no notice of anything and stays; new ones work, unless they stall too."""
    cloud.stall()
    await vendor.ask(client)
    cloud.home.press(vendor.switch)
    assert await client.mute()
    assert not client.ws.closed
    assert cloud.requests(vendor.asked) == []
    async with vendor.connect(http, cloud) as other:
        await vendor.ask(other)
        assert vendor.answers(await other.next())
    cloud.stall(later=True)
    async with vendor.connect(http, cloud) as other:
        assert await other.mute()
    await cloud.reset()
    # What was sent meanwhile lay in the socket, as on a real half-open link that heals.
    assert vendor.answers(await client.next())


async def test_stick(http: aiohttp.ClientSession, vendor: Vendor, client: Any, cloud: Any) -> None:
    """A stuck session answers pings and nothing else."""
    cloud.stick(later=True)
    async with vendor.connect(http, cloud) as other:
        for stuck in (client, other):
            await vendor.bother(stuck)
            assert await stuck.quiet()
    cloud.home.press(vendor.switch)
    assert await client.quiet()
    assert len(cloud.requests(vendor.asked)) == 2
    await cloud.reset()
    await vendor.ask(client)
    assert vendor.answers(await client.next())


async def test_oversized_frame(vendor: Vendor, client: Any, cloud: Any) -> None:
    """The frame is longer than what clients must take."""
    cloud.send_oversized()
    assert len((await client.ws.receive()).data) > vendor.oversized


async def test_link_down_and_up(
    http: aiohttp.ClientSession, vendor: Vendor, client: Any, cloud: Any
) -> None:
    """Without the link clients are reset and refused, at all addresses, until it is back at the same port."""
    await vendor.reach(http, cloud)
    await cloud.link_down()
    assert not cloud.link_up
    await client.end()
    for _ in range(2):
        with pytest.raises(aiohttp.ClientConnectorError):
            await http.ws_connect(vendor.address(cloud))
        if vendor.reach is not _reach_nothing_else:
            with pytest.raises(aiohttp.ClientConnectorError):
                await vendor.reach(http, cloud)
    await cloud.link_down()
    await cloud.link_restored()
    await cloud.link_restored()
    assert cloud.link_up
    async with vendor.connect(http, cloud):
        await vendor.reach(http, cloud)


async def test_reset_forgets_everything(client: Any, cloud: Any) -> None:
    """After a reset no fault is left, the link is up and the journal is empty."""
    for name in cloud.faults.kinds:
        cloud.faults.arm(name)
    await client.ws.send_str("?")
    await cloud.journal.wait_for(lambda: bool(cloud.violations))
    await cloud.link_down()
    await cloud.reset()
    assert cloud.faults.armed == ()
    assert cloud.link_up
    assert cloud.violations == []


async def test_pings_are_answered_and_counted(client: Any, cloud: Any) -> None:
    """Pings of the client get their pongs, and pings of the server are answered by the client."""
    assert await client.quiet()
    assert len(cloud.sessions[0].pings) == 1
    cloud.ping()
    assert (await client.ws.receive()).type is WSMsgType.PING
    await client.ws.pong()
    await cloud.journal.wait_for(lambda: len(cloud.sessions[0].pongs) == 1)


async def test_a_cloud_can_be_started_again(vendor: Vendor, socket_enabled: None) -> None:
    """A port given back can be taken at once, and one in use is refused."""
    new, home = vendor.simulator.SimulatedCloud, vendor.simulator.empty_home
    async with new(home()) as first:
        port = URL(first.ws_url).port
        assert port
        with pytest.raises(OSError, match="in use"):
            await new(home(), port=port).open()
    async with new(home(), port=port) as second:
        assert URL(second.ws_url).port == port
