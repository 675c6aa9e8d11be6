"""Each fault of the simulated DIO cloud does what it says, as often as told, and can be cleared."""

import asyncio
from collections.abc import AsyncIterator
import json
from typing import Any

import aiohttp
from aiohttp import WSMsgType
import pytest

from simulators.dio_chacon import Pace, SimulatedCloud, demo_home
from tests.simulators.dio_client import BareClient, connect, greeting, links, log_in, login_body

SWITCH = "oic.r.switch.binary"


@pytest.fixture
async def cloud(socket_enabled: None) -> AsyncIterator[SimulatedCloud]:
    """Serve the demo home, two hundred times as quick as a real one."""
    async with SimulatedCloud(demo_home(pace=Pace(speed=200))) as cloud:
        yield cloud
        assert cloud.violations == []


@pytest.fixture
async def client(http: aiohttp.ClientSession, cloud: SimulatedCloud) -> AsyncIterator[BareClient]:
    """Connect by password."""
    async with connect(http, cloud) as client:
        yield client


async def attempt(
    http: aiohttp.ClientSession, cloud: SimulatedCloud
) -> tuple[int, str, dict[str, str]]:
    """Try to log in once; gives status, text and headers."""
    async with http.post(
        cloud.auth_url, json=login_body(cloud.home), allow_redirects=False
    ) as answer:
        return answer.status, await answer.text(), dict(answer.headers)


# --- HTTP login -----------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 400, 401])
async def test_login_refuse(
    http: aiohttp.ClientSession, cloud: SimulatedCloud, status: int
) -> None:
    """A refusal stands in the body, whatever the HTTP status; once is once."""
    cloud.faults.arm("login_refuse", http_status=status, count=1)
    got, text, _ = await attempt(http, cloud)
    assert (got, json.loads(text)["status"]) == (status, 400)
    assert await log_in(http, cloud)


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"status": 502}, "text/html"),
        ({"status": 404, "text": "gone"}, "text/html"),
        ({"status": 410, "text": ""}, "text/html"),
        ({"status": 200, "text": "{}"}, "application/json"),
        ({"status": 429, "text": '{"status":429}', "retry_after": "120"}, "application/json"),
        ({"status": 307, "location": "https://elsewhere.invalid/"}, "text/html"),
    ],
)
async def test_login_status(
    http: aiohttp.ClientSession, cloud: SimulatedCloud, options: dict[str, Any], kind: str
) -> None:
    """The login answers any status with any body, until it is cleared."""
    cloud.faults.arm("login_status", **options)
    for _ in range(2):
        status, text, headers = await attempt(http, cloud)
        assert status == options["status"]
        assert text == options.get("text", "<html>Bad gateway</html>")
        assert headers["Content-Type"].startswith(kind)
        assert headers.get("Retry-After") == options.get("retry_after")
        assert headers.get("Location") == options.get("location")
    cloud.faults.clear("login_status")
    assert await log_in(http, cloud)


async def test_login_hang(http: aiohttp.ClientSession, cloud: SimulatedCloud) -> None:
    """The login is taken and never answered."""
    cloud.faults.arm("login_hang", count=1)
    hanging = asyncio.create_task(log_in(http, cloud))
    await cloud.journal.wait_for(lambda: bool(cloud.received))
    assert cloud.received[-1].what == "login"
    assert await log_in(http, cloud)
    assert not hanging.done()
    hanging.cancel()
    await asyncio.wait({hanging})


async def test_login_delay(http: aiohttp.ClientSession, cloud: SimulatedCloud) -> None:
    """The login is answered late, and rightly."""
    cloud.faults.arm("login_delay", seconds=30)
    began = asyncio.get_running_loop().time()
    assert await log_in(http, cloud)
    assert asyncio.get_running_loop().time() - began > 29


# --- opening --------------------------------------------------------------------------------


async def test_greeting_faults(http: aiohttp.ClientSession, cloud: SimulatedCloud) -> None:
    """No greeting, a late one, a refusing one."""
    cloud.faults.arm("greeting_none", count=1)
    async with connect(http, cloud, greeted=False) as client:
        assert await client.quiet()
    cloud.faults.arm("greeting_delay", seconds=0.3, count=1)
    async with connect(http, cloud, greeted=False) as client:
        assert await client.quiet()
        assert await client.next() == greeting("success")
    cloud.faults.arm("greeting_invalid", count=1)
    async with connect(http, cloud, greeted=False) as client:
        assert await client.next() == greeting("invalid")
        cloud.home.press("Prise garage")
        assert await client.quiet()


@pytest.mark.parametrize(
    ("how", "end", "code"),
    [
        ("close", WSMsgType.CLOSE, 1001),
        ("fin", WSMsgType.CLOSED, 1006),
        ("rst", WSMsgType.CLOSED, 1006),
    ],
)
async def test_greeting_close(
    http: aiohttp.ClientSession, cloud: SimulatedCloud, how: str, end: WSMsgType, code: int
) -> None:
    """The server hangs up right after the greeting, every time."""
    cloud.faults.arm("greeting_close", how=how, code=1001)
    for _ in range(2):
        async with connect(http, cloud, greeted=False) as client:
            message = await client.end()
            assert message.type is end or (how == "rst" and message.type is WSMsgType.ERROR)
            assert client.ws.close_code == code
    await cloud.journal.wait_for(lambda: cloud.sessions == [])


# --- all connections ------------------------------------------------------------------------


async def test_invalid_in_mid_session(client: BareClient, cloud: SimulatedCloud) -> None:
    """The refusal comes out of the blue; nothing is answered or pushed after it."""
    cloud.send_invalid()
    assert await client.next() == greeting("invalid")
    await client.send("GET", "/user")
    cloud.home.press("Prise garage")
    assert await client.quiet()


async def test_oversized_frame(client: BareClient, cloud: SimulatedCloud) -> None:
    """The frame is longer than the 4 MiB that clients must take."""
    cloud.send_oversized()
    message = await client.ws.receive()
    assert len(message.data) > 4 * 1024 * 1024
    assert json.loads(message.data)["name"] == "news"


async def test_any_text(client: BareClient, cloud: SimulatedCloud) -> None:
    """Any text can be sent as a frame."""
    cloud.send_text('{"id": 999}')
    assert await client.next() == {"id": 999}


# --- frames ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "how", ["text", "truncated", "binary", "array", "number", "null", "oversized"]
)
async def test_garble(client: BareClient, cloud: SimulatedCloud, how: str) -> None:
    """So many frames of the server, whatever they were, are replaced; the next one is whole."""
    cloud.faults.arm("garble", how=how, count=2)
    await client.send("GET", "/user")
    cloud.home.press("Prise garage")
    for _ in range(2):
        message = await client.ws.receive()
        if how == "binary":
            assert message.type is WSMsgType.BINARY
        elif how in {"text", "truncated"}:
            with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
                json.loads(message.data)
        elif how == "oversized":
            assert len(message.data) > 4 * 1024 * 1024
        else:
            assert not isinstance(json.loads(message.data), dict)
    assert (await client.ask("GET", "/user"))["status"] == 200


async def test_duplicate(client: BareClient, cloud: SimulatedCloud) -> None:
    """A frame comes twice."""
    cloud.faults.arm("duplicate", count=1)
    cloud.home.press("Prise garage")
    assert await client.next() == await client.next()
    assert await client.quiet()


async def test_lost_push(client: BareClient, cloud: SimulatedCloud) -> None:
    """A push of the named device does not arrive; its state is true all the same."""
    plug = cloud.home.device("Prise garage").device_id
    cloud.faults.arm("lost_push", device=plug)
    cloud.home.press("Prise garage")
    cloud.home.press("Plafonnier couloir")
    assert (await client.next())["data"]["di"] != plug
    assert await client.quiet()
    state = (await client.states(plug))[plug]
    assert next(link for link in state["links"] if link["rt"] == SWITCH)["value"] == 1


# --- answers --------------------------------------------------------------------------------


async def test_delay(client: BareClient, cloud: SimulatedCloud) -> None:
    """Answers to matching requests come late; others overtake them, and are counted as open."""
    cloud.faults.arm("delay", seconds=0.2, path="^/user$")
    first = await client.send("GET", "/user")
    second = await client.send("GET", "/device")
    assert [(await client.next())["id"] for _ in range(2)] == [second, first]
    assert cloud.sessions[0].peak_unanswered == 2
    assert cloud.sessions[0].unanswered == 0


async def test_reorder(client: BareClient, cloud: SimulatedCloud) -> None:
    """Answers are collected and come last first; pushes do not wait."""
    cloud.faults.arm("reorder", seconds=0.2)
    asked = [await client.send("GET", "/user") for _ in range(3)]
    await cloud.journal.wait_for(lambda: len(cloud.requests()) == 3)
    cloud.home.press("Prise garage")
    assert links(await client.next())[SWITCH]["value"] == 1
    assert [(await client.next())["id"] for _ in range(3)] == asked[::-1]


@pytest.mark.parametrize(("how", "expected"), [("text", "1"), ("unknown", 1_000_001)])
async def test_answer_id(
    client: BareClient, cloud: SimulatedCloud, how: str, expected: object
) -> None:
    """The id of an answer is text, or of no request."""
    cloud.faults.arm("answer_id", how=how, count=1)
    await client.send("GET", "/user")
    assert (await client.next())["id"] == expected
    assert (await client.ask("GET", "/user"))["status"] == 200


async def test_answer_without_id(client: BareClient, cloud: SimulatedCloud) -> None:
    """An answer can lack its id."""
    cloud.faults.arm("answer_id", how="missing", count=1)
    await client.send("GET", "/user")
    assert (await client.next()).keys() == {"status", "data"}


async def test_answer_status(client: BareClient, cloud: SimulatedCloud) -> None:
    """So many matching requests get the status and are not carried out."""
    cloud.faults.arm("answer_status", status=429, data="Too many", path="/action/", count=2)
    assert (await client.ask("GET", "/user"))["status"] == 200
    plug = cloud.home.device("Prise garage").device_id
    for _ in range(2):
        answer = await client.act(plug, "switch", {"value": 1})
        assert (answer["status"], answer["data"]) == (429, "Too many")
    assert await client.quiet()
    assert (await client.act(plug, "switch", {"value": 1}))["status"] == 200


@pytest.mark.parametrize("act", [False, True])
async def test_silence(client: BareClient, cloud: SimulatedCloud, act: bool) -> None:
    """Matching requests are not answered; the device acts only if told so."""
    cloud.faults.arm("silence", path="/action/switch$", act=act)
    plug = cloud.home.device("Prise garage").device_id
    await client.send("POST", f"/device/{plug}/action/switch", {"value": 1})
    await cloud.journal.wait_for(lambda: bool(cloud.requests()))
    if act:
        assert links(await client.next())[SWITCH]["value"] == 1
    assert await client.quiet()
    assert (await client.ask("GET", "/user"))["status"] == 200


@pytest.mark.parametrize("act", [False, True])
@pytest.mark.parametrize("how", ["close", "fin", "rst", "mid_frame"])
async def test_cut(client: BareClient, cloud: SimulatedCloud, how: str, act: bool) -> None:
    """The connection ends on a request, whether it is carried out or not."""
    cloud.faults.arm("cut", how=how, act=act, path="/action/", count=1)
    plug = cloud.home.device("Prise garage")
    assert (await client.ask("GET", "/user"))["status"] == 200
    await client.send("POST", f"/device/{plug.device_id}/action/switch", {"value": 1})
    message = await client.end()
    assert (message.type is WSMsgType.CLOSE) is (how == "close")
    await cloud.home.settle()
    assert plug.read(SWITCH, "value") == int(act)


async def test_odd_states(client: BareClient, cloud: SimulatedCloud) -> None:
    """States are null or missing, of one device or of all."""
    one, two = (
        cloud.home.device(name).device_id for name in ("Prise garage", "Plafonnier couloir")
    )
    cloud.faults.arm("null_state", device=one)
    states = await client.states(one, two)
    assert states[one] is None
    assert states[two]
    cloud.faults.arm("missing_state")
    assert await client.states(one, two) == {}
    cloud.faults.clear()
    assert all((await client.states(one, two)).values())


async def test_deaf_device(client: BareClient, cloud: SimulatedCloud) -> None:
    """The command is acknowledged and nothing happens."""
    cloud.faults.arm("deaf", count=1)
    plug = cloud.home.device("Prise garage").device_id
    assert (await client.act(plug, "switch", {"value": 1}))["status"] == 200
    assert await client.quiet()
    await client.act(plug, "switch", {"value": 1})
    assert links(await client.next())[SWITCH]["value"] == 1
