"""Each fault of the simulated Homismart cloud does what it says, as often as told, and can be cleared."""

import asyncio
from collections.abc import AsyncIterator
import json

import aiohttp
from aiohttp import WSMsgType
import pytest
from yarl import URL

from simulators.homismart import Pace, SimulatedCloud, Terms, demo_home
from tests.common import load_vectors
from tests.simulators.homismart_client import BareClient, connect, login

CORRIDOR, WASHER, BOILER = "Corridor light", "Washing machine", "Boiler"
SHUTTER = "Balcony shutter"
ACCEPTED = ("0003", {"result": True})


@pytest.fixture
async def cloud(socket_enabled: None) -> AsyncIterator[SimulatedCloud]:
    """Serve the demo home, two hundred times as quick as a real one."""
    async with SimulatedCloud(demo_home(pace=Pace(speed=200))) as cloud:
        yield cloud
        assert cloud.violations == []


@pytest.fixture
async def client(http: aiohttp.ClientSession, cloud: SimulatedCloud) -> AsyncIterator[BareClient]:
    """Log in."""
    async with connect(http, cloud) as client:
        yield client


# --- login ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "answer"),
    [
        ({}, ("0003", {"result": False})),
        ({"how": "missing"}, ("0003", {})),
        ({"how": "error"}, ("9999", {"code": 2, "info": "username_password_error"})),
        ({"how": "error", "code": 24, "info": "x"}, ("9999", {"code": 24, "info": "x"})),
        ({"how": "error", "code": 54}, ("9999", {"code": 54, "info": "error"})),
    ],
)
async def test_login_refuse(
    http: aiohttp.ClientSession,
    cloud: SimulatedCloud,
    options: dict[str, str | int],
    answer: object,
) -> None:
    """A good password is refused in each of the ways, as often as told."""
    cloud.faults.arm("login_refuse", count=1, **options)
    async with connect(http, cloud, logged_in=False) as client:
        assert await client.ask("0002", login(cloud.home)) == answer
        assert await client.ask("0002", login(cloud.home)) == ACCEPTED


async def test_login_silence(http: aiohttp.ClientSession, cloud: SimulatedCloud) -> None:
    """The login is taken and never answered; pings are."""
    cloud.faults.arm("login_silence", count=1)
    async with connect(http, cloud, logged_in=False) as client:
        await client.send("0002", login(cloud.home))
        cloud.home.press(WASHER)
        assert await client.quiet()
    async with connect(http, cloud):
        pass


async def test_login_delay(http: aiohttp.ClientSession, cloud: SimulatedCloud) -> None:
    """The login is answered late, and rightly."""
    cloud.faults.arm("login_delay", seconds=30)
    began = asyncio.get_running_loop().time()
    async with connect(http, cloud):
        assert asyncio.get_running_loop().time() - began > 29


@pytest.mark.parametrize("answer", [False, True])
@pytest.mark.parametrize("how", ["close", "fin", "rst"])
async def test_login_close(
    http: aiohttp.ClientSession, cloud: SimulatedCloud, how: str, answer: bool
) -> None:
    """The server hangs up on the login, every time, before or after its answer."""
    cloud.faults.arm("login_close", how=how, code=1013, answer=answer)
    for _ in range(3):
        async with connect(http, cloud, logged_in=False) as client:
            await client.send("0002", login(cloud.home))
            if answer and how != "rst":  # a reset overtakes the answer
                assert await client.next() == ACCEPTED
            await client.end()
            assert client.ws.close_code == (1013 if how == "close" else 1006)
    await cloud.journal.wait_for(lambda: cloud.sessions == [])


@pytest.mark.parametrize(
    ("options", "body"),
    [
        (
            {"ip": "s2.homismart.com", "port": "9443"},
            {"ip": "s2.homismart.com", "port": "9443"},
        ),
        ({"body": "{}"}, {}),
        ({"body": '{"ip":"127.0.0.1","port":9443}'}, {"ip": "127.0.0.1", "port": 9443}),
    ],
)
@pytest.mark.parametrize("answer", [False, True])
async def test_login_redirect(
    http: aiohttp.ClientSession,
    cloud: SimulatedCloud,
    options: dict[str, str],
    body: object,
    answer: bool,
) -> None:
    """The login is answered with any redirect, and only on demand with an answer as well."""
    cloud.faults.arm("login_redirect", answer=answer, count=1, **options)
    async with connect(http, cloud, logged_in=False) as client:
        assert await client.ask("0002", login(cloud.home)) == ("0039", body)
        if answer:
            assert await client.next() == ACCEPTED
        assert await client.quiet()


async def test_login_redirects_lead_in_circles(
    http: aiohttp.ClientSession, cloud: SimulatedCloud
) -> None:
    """Two servers can send a client to each other for ever."""
    async with cloud.sibling() as second:
        for server, other in ((cloud, second), (second, cloud)):
            server.faults.arm("login_redirect")
            async with connect(http, server, logged_in=False) as client:
                prefix, body = await client.ask("0002", login(cloud.home))
                assert (prefix, body["port"]) == ("0039", str(URL(other.ws_url).port))
        assert [len(server.requests("0002")) for server in (cloud, second)] == [1, 1]


# --- list -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "expected"), [("object", {}), ("null", None), ("bare", None), ("empty", [])]
)
async def test_odd_list(
    client: BareClient, cloud: SimulatedCloud, how: str, expected: object
) -> None:
    """A list is answered with something else, so often; the next is right."""
    cloud.faults.arm("list", how=how, count=2)
    for _ in range(2):
        assert await client.ask("0004", {}) == ("0005", expected)
    assert len(await client.list()) == len(cloud.home.devices)


async def test_garbled_list(client: BareClient, cloud: SimulatedCloud) -> None:
    """A list breaks off in the middle of its JSON."""
    cloud.faults.arm("list", how="truncated", count=1)
    await client.send("0004", {})
    text = (await client.ws.receive()).data
    assert text.startswith("0005[{")
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        json.loads(text[4:])


async def test_shrunk_list(client: BareClient, cloud: SimulatedCloud) -> None:
    """A list lacks more than half of the home."""
    cloud.faults.arm("list", how="shrunk", count=1)
    assert 0 < len(await client.list()) < len(cloud.home.devices) / 2


async def test_strangers_in_the_list(client: BareClient, cloud: SimulatedCloud) -> None:
    """A list has entries that are none, beside all the others."""
    cloud.faults.arm("list", how="strangers", count=1)
    _, objects = await client.ask("0004", {})
    assert objects[:3] == [1, {"name": "no id"}, {"id": 5, "type": 2}]
    assert len(objects) == len(cloud.home.devices) + 3


async def test_withheld_list(http: aiohttp.ClientSession, cloud: SimulatedCloud) -> None:
    """Without the terms confirmed the list does not come, also not later for the first request."""
    cloud.home.terms = Terms(changed=True, withhold=True)
    async with connect(http, cloud, logged_in=False) as client:
        await client.ask("0002", login(cloud.home))
        await client.send("0004", {})
        assert await client.quiet()
        assert await client.ask("0222", {}) == ("0223", {"result": True})
        assert await client.quiet()


# --- all connections ------------------------------------------------------------------------


async def test_refused_in_mid_session(client: BareClient, cloud: SimulatedCloud) -> None:
    """The refusal comes out of the blue; nothing is answered or pushed after it."""
    cloud.send_invalid()
    assert await client.next() == ("0003", {"result": False})
    await client.send("0004", {})
    cloud.home.press(WASHER)
    assert await client.quiet()


async def test_error_out_of_the_blue(
    http: aiohttp.ClientSession, client: BareClient, cloud: SimulatedCloud
) -> None:
    """An error frame belongs to nothing, and only to those who are logged in."""
    async with connect(http, cloud, logged_in=False) as other:
        cloud.send_error(109)
        cloud.send_error(5)
        cloud.send_error(1, "busy")
        assert [await client.next() for _ in range(3)] == [
            ("9999", {"code": 109, "info": "error"}),
            ("9999", {"code": 5, "info": "main_unit_not_online"}),
            ("9999", {"code": 1, "info": "busy"}),
        ]
        assert await other.quiet()
    assert await client.list()


async def test_any_frame(client: BareClient, cloud: SimulatedCloud) -> None:
    """Any frame and any text can be sent."""
    cloud.send_frame("0049", [1])
    assert await client.next() == ("0049", [1])
    cloud.send_text("0777")
    assert await client.next() == ("0777", None)


async def test_odd_frames(client: BareClient, cloud: SimulatedCloud) -> None:
    """Odd frames cover those of the vectors that say nothing about the home."""
    cloud.send_odd_frames()
    cloud.home.press(WASHER)
    texts = []
    while not (text := (await client.ws.receive()).data).startswith('0009{"id"'):
        texts.append(text)
    steps = load_vectors("homismart", "odd_frames")["steps"]
    raw = {step["text"] for step in steps if step["kind"] == "raw"}
    # Those that ask for the list, or are one, are sent by the test that wants them.
    assert raw - set(texts) == {"0049{}", '0005[1,{"name":"no id"},{"id":5,"type":2}]'}


# --- frames ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "text"),
    [
        ("text", "0009not json"),
        ("empty", ""),
        ("short", "000"),
        ("bare", "0009"),
        ("array", "0009[1,2]"),
        ("number", "000917"),
        ("null", "0009null"),
        ("deep", "0009" + "[" * 100_000),
    ],
)
async def test_garble(client: BareClient, cloud: SimulatedCloud, how: str, text: str) -> None:
    """So many frames of the server are replaced; the next one is whole."""
    cloud.faults.arm("garble", how=how, prefix="0009", count=2)
    assert await client.list()
    for _ in range(2):
        cloud.home.press(WASHER)
        assert (await client.ws.receive()).data == text
    cloud.home.press(WASHER)
    assert await client.push()


async def test_garble_beyond_text(client: BareClient, cloud: SimulatedCloud) -> None:
    """Frames are cut short, sent as binary, with a strange prefix, or far too long."""
    for how in ("truncated", "binary", "prefix", "oversized"):
        cloud.faults.arm("garble", how=how, count=1)
        cloud.home.press(WASHER)
        message = await client.ws.receive()
        match how:
            case "truncated":
                assert message.data.startswith('0009{"id"')
                with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
                    json.loads(message.data[4:])
            case "binary":
                assert message.type is WSMsgType.BINARY
                assert message.data.startswith(b'0009{"id"')
            case "prefix":
                assert message.data.startswith('0777{"id"')
            case "oversized":
                assert len(message.data) > 16 * 1024 * 1024


async def test_duplicate(client: BareClient, cloud: SimulatedCloud) -> None:
    """A frame comes twice."""
    cloud.faults.arm("duplicate", count=1)
    cloud.home.press(WASHER)
    assert await client.next() == await client.next()
    assert await client.quiet()


async def test_delay(client: BareClient, cloud: SimulatedCloud) -> None:
    """A frame comes late, as it was when it was made; others overtake it."""
    cloud.faults.arm("delay", seconds=0.05, prefix="0009", count=1)
    cloud.home.press(WASHER)
    cloud.home.press(WASHER)
    assert (await client.push())["power"] is False
    assert (await client.push())["power"] is True


async def test_lost_push(client: BareClient, cloud: SimulatedCloud) -> None:
    """A push of the named device does not arrive; its state is true all the same."""
    cloud.faults.arm("lost_push", device=WASHER)
    cloud.home.press(WASHER)
    cloud.home.press(BOILER)
    assert (await client.push())["name"] == BOILER
    assert await client.quiet()
    washer = cloud.home.device(WASHER).device_id
    assert (await client.list())[washer]["power"] is True


async def test_text_types(client: BareClient, cloud: SimulatedCloud) -> None:
    """Objects are sent as in the vector of wrong types, in pushes and lists."""
    cloud.faults.arm("text_types", device=SHUTTER)
    cloud.home.set_led(SHUTTER, 30)
    pushed = await client.push()
    expected = {
        "type": "4",
        "onLine": "true",
        "power": "false",
        "led": "30",
        "curtainState": 200,
        "closedPosition": "10",
        "lock": "1",
        "lastOn": "",
    }
    assert {name: pushed[name] for name in expected} == expected
    assert (await client.list())[pushed["id"]] == pushed
    cloud.home.press(WASHER)
    assert (await client.push())["power"] is True


async def test_numeric_id(client: BareClient, cloud: SimulatedCloud) -> None:
    """Ids are sent as numbers; those of hubs are none."""
    cloud.faults.arm("numeric_id")
    cloud.home.press(WASHER)
    washer = cloud.home.device(WASHER)
    assert (await client.push())["id"] == int(washer.device_id)
    kinds = {type(key) for key in await client.list()}
    assert kinds == {int, str}


# --- requests -------------------------------------------------------------------------------


@pytest.mark.parametrize("act", [False, True])
@pytest.mark.parametrize("text", [False, True])
async def test_error(client: BareClient, cloud: SimulatedCloud, act: bool, text: bool) -> None:
    """The next command of a device meets an error, and is carried out only if told so."""
    cloud.faults.arm("error", code=18, text=text, act=act, device=WASHER, count=1)
    assert await client.list()
    await client.set(BOILER, power=False)
    assert (await client.push())["name"] == BOILER
    await client.set(WASHER, power=True)
    assert await client.error() == ("18" if text else 18)
    if act:
        assert (await client.push())["power"] is True
    assert await client.quiet()
    await client.set(WASHER, power=True)
    assert (await client.push())["power"] is True


async def test_error_for_a_list(client: BareClient, cloud: SimulatedCloud) -> None:
    """Any request can meet an error, by its prefix."""
    cloud.faults.arm("error", code=1, prefix="0004", count=1)
    await client.send("0004", {})
    assert await client.error() == 1
    assert await client.list()


async def test_silence(client: BareClient, cloud: SimulatedCloud) -> None:
    """A command comes to nothing; a list only if its prefix is named."""
    cloud.faults.arm("silence")
    await client.set(WASHER, power=True)
    await client.send("0138", {"action": "0", "type": 10})
    assert await client.quiet()
    assert await client.list()
    cloud.faults.arm("silence", prefix="0004", count=1)
    await client.send("0004", {})
    assert await client.quiet()
    assert cloud.home.device(WASHER).members["power"] is False


@pytest.mark.parametrize("act", [False, True])
@pytest.mark.parametrize("how", ["close", "fin", "rst", "mid_frame"])
async def test_cut(client: BareClient, cloud: SimulatedCloud, how: str, act: bool) -> None:
    """The connection ends on a command, whether it is carried out or not."""
    cloud.faults.arm("cut", how=how, act=act, count=1)
    assert await client.list()
    await client.set(WASHER, power=True)
    message = await client.end()
    assert (message.type is WSMsgType.CLOSE) is (how == "close")
    await cloud.home.settle()
    assert cloud.home.device(WASHER).members["power"] is act


# --- devices --------------------------------------------------------------------------------


@pytest.mark.parametrize("report", [True, False])
async def test_obstacle(client: BareClient, cloud: SimulatedCloud, report: bool) -> None:
    """A curtain stops half-way of where it was sent, and tells so or not; a stop is no run."""
    cloud.faults.arm("obstacle", device=SHUTTER, report=report, count=1)
    await client.set(SHUTTER, curtainState="99")
    assert (await client.push())["curtainState"] == "200"
    await client.set(SHUTTER, curtainState="80")
    assert (await client.push())["curtainState"] == "80"
    if report:
        assert (await client.push())["curtainState"] == "240"
    assert await client.quiet()
    await client.set(SHUTTER, curtainState="80")
    assert [(await client.push())["curtainState"] for _ in range(2)] == ["80", "280"]


async def test_stale_rewrite(client: BareClient, cloud: SimulatedCloud) -> None:
    """A while after a command another client writes the object as it was before."""
    cloud.faults.arm("stale_rewrite", device=WASHER, seconds=0.02, count=1)
    await client.send("0030", {"devid": cloud.home.device(BOILER).device_id, "ledDevice": 1})
    assert (await client.push())["led"] == 1
    await client.set(WASHER, power=True)
    assert (await client.push())["power"] is True
    undone = await client.push()
    assert (undone["power"], undone["lastOn"]) == (False, "")
    assert await client.quiet()


async def test_stale_rewrite_of_a_curtain(client: BareClient, cloud: SimulatedCloud) -> None:
    """An old standing state that is written back moves no curtain."""
    cloud.faults.arm("stale_rewrite", seconds=0.05, count=1)
    await client.set(SHUTTER, curtainState="20")
    states = [(await client.push())["curtainState"] for _ in range(2)]
    assert states == ["20", "220"]
    assert (await client.push())["curtainState"] == "220"
    assert await client.quiet()
