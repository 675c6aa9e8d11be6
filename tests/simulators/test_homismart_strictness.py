"""The simulated Homismart cloud refuses what the real one would, says why, and keeps a record of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
import json
from typing import Any

import aiohttp
import pytest

from simulators.homismart import Pace, SimulatedCloud, demo_home
from tests.simulators.homismart_client import BareClient, connect, login, whole

HOME = demo_home()
WASHER, CURTAIN, DOOR, HUB = (
    HOME.device(name).device_id
    for name in ("Washing machine", "Living room curtain", "Street door", "House unit")
)


@pytest.fixture
async def cloud(socket_enabled: None) -> AsyncIterator[SimulatedCloud]:
    """Serve the demo home."""
    async with SimulatedCloud(demo_home(pace=Pace(speed=200))) as cloud:
        yield cloud


@pytest.fixture
async def client(http: aiohttp.ClientSession, cloud: SimulatedCloud) -> AsyncIterator[BareClient]:
    """Log in."""
    async with connect(http, cloud) as client:
        yield client


async def refused(client: BareClient, cloud: SimulatedCloud, text: str) -> str:
    """Send a text that must be refused, with the session living on; gives the reason."""
    await client.ws.send_str(text)
    assert await client.next() == ("9999", {"code": 17, "info": "parameter_error"})
    assert len(cloud.violations) == 1
    assert cloud.violations[0].session == 1
    assert await client.list()
    return cloud.violations[0].why


# --- address --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("?token=1", {}),
        ("", {"Authorization": "Bearer x"}),
        ("", {"Cookie": "x=1"}),
        ("", {"Sec-WebSocket-Protocol": "chat"}),
    ],
)
async def test_bad_opening(
    http: aiohttp.ClientSession, cloud: SimulatedCloud, query: str, headers: dict[str, str]
) -> None:
    """The websocket is opened without query, sub-protocol and credentials."""
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        await http.ws_connect(cloud.ws_url + query, headers=headers)
    assert refusal.value.status == 400
    assert len(cloud.violations) == 1
    assert cloud.sessions == []


async def test_other_addresses(http: aiohttp.ClientSession, cloud: SimulatedCloud) -> None:
    """There is one address, and it is for websockets."""
    async with http.get(cloud.ws_url.replace("ws:", "http:")) as answer:
        assert answer.status == 400
    async with http.post(cloud.ws_url.replace("ws:", "http:")) as answer:
        assert answer.status == 404
    assert cloud.received[-1].body == "POST /homismartmain/websocket"
    assert len(cloud.violations) == 2


# --- login ----------------------------------------------------------------------------------


@pytest.mark.parametrize("answers", [False, True])
@pytest.mark.parametrize("prefix", ["0004", "0072", "0222"])
async def test_request_before_the_login(
    http: aiohttp.ClientSession, cloud: SimulatedCloud, prefix: str, answers: bool
) -> None:
    """The first frame is a login; whether anything else is answered then is a rule."""
    cloud.rules.refuse_before_login = answers
    async with connect(http, cloud, logged_in=False) as client:
        await client.send(prefix, {})
        if answers:
            assert await client.next() == ("9999", {"code": 11, "info": "user_not_allowed"})
        assert await client.quiet()
        assert [violation.why[:4] for violation in cloud.violations] == [prefix]
        # It is no use after a login that was refused either.
        await client.ask("0002", login(cloud.home, password="0" * 32))
        await client.send(prefix, {})
        if answers:
            assert await client.error() == 11
        assert await client.quiet()
        assert len(cloud.violations) == 2


@pytest.mark.parametrize(
    "body",
    [
        {"username": "demo@example.org"},
        {"password": "0" * 32},
        {"username": "demo@example.org", "password": "0" * 32, "token": "x"},
        {"username": "", "password": "0" * 32},
        {"username": 5, "password": "0" * 32},
        {"username": "demo@example.org", "password": "demo-password"},
        {"username": "demo@example.org", "password": "A" * 32},
        {"username": "demo@example.org", "password": "0" * 31},
        {"username": "demo@example.org", "password": "0" * 33},
        {"username": "demo@example.org", "password": None},
        [],
    ],
    ids=json.dumps,
)
async def test_bad_login(http: aiohttp.ClientSession, cloud: SimulatedCloud, body: object) -> None:
    """A login has exactly the address and the digest."""
    async with connect(http, cloud, logged_in=False) as client:
        await client.send("0002", body)
        assert await client.error() == 17
        assert len(cloud.violations) == 1
        assert "demo-password" not in cloud.violations[0].why
        assert await client.ask("0002", login(cloud.home)) == ("0003", {"result": True})


async def test_second_login(client: BareClient, cloud: SimulatedCloud) -> None:
    """One connection is logged in once."""
    why = await refused(client, cloud, "0002" + json.dumps(login(cloud.home)))
    assert "second login" in why


# --- frames ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "000",
        "abcd{}",
        "٠٠٠٤{}",
        "0004",
        "0004{",
        "0004null",
        "0004[]",
        '0004{"x":NaN}',
        '0030{"devid":"1","devid":"1","ledDevice":1}',
        "0004" + "[" * 100_000,
        '0004{"x":1}',
        '0072{"now":1}',
        '0222{"result":true}',
        '0044{"devid":"1"}',
        "0028{}",
        "0012{}",
        "0018{}",
        "0777{}",
        "0000",
        "9999{}",
    ],
    ids=lambda text: text[:30],
)
async def test_bad_frame(client: BareClient, cloud: SimulatedCloud, text: str) -> None:
    """A frame that is not exactly one of those whose form is known is refused."""
    await refused(client, cloud, text)


async def test_binary_frame(client: BareClient, cloud: SimulatedCloud) -> None:
    """A binary frame ends the connection."""
    await client.ws.send_bytes(b"0004{}")
    assert (await client.end()).data == 1003
    assert cloud.violations[0].why == "a binary frame"


async def test_oversized_frame(client: BareClient, cloud: SimulatedCloud) -> None:
    """A frame above 4 MiB ends the connection."""
    with suppress(ConnectionError):  # it may have ended before all of it was sent
        await client.ws.send_str("0004" + " " * 4 * 1024 * 1024)
    await client.end()
    await cloud.journal.wait_for(lambda: cloud.sessions == [])
    assert "no websocket frame" in cloud.violations[0].why


# --- commands -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prefix", "body"),
    [
        ("0016", {"devid": DOOR, "name": "Door", "lock": "1"}),
        ("0016", {"devid": DOOR, "name": "Door", "lock": "1", "iconId": "0", "led": "1"}),
        ("0016", {"devid": DOOR, "name": "", "lock": "1", "iconId": "0"}),
        ("0016", {"devid": DOOR, "name": " ", "lock": "1", "iconId": "0"}),
        ("0016", {"devid": DOOR, "name": None, "lock": "1", "iconId": "0"}),
        ("0016", {"devid": DOOR, "name": "Door", "lock": 1, "iconId": "0"}),
        ("0016", {"devid": DOOR, "name": "Door", "lock": "3", "iconId": "0"}),
        ("0016", {"devid": DOOR, "name": "Door", "lock": "true", "iconId": "0"}),
        ("0016", {"devid": DOOR, "name": "Door", "lock": "1", "iconId": 0}),
        ("0016", {"devid": DOOR, "name": "Door", "lock": "1", "iconId": "x"}),
        ("0030", {"devid": WASHER, "ledDevice": 101}),
        ("0030", {"devid": WASHER, "ledDevice": -1}),
        ("0030", {"devid": WASHER, "ledDevice": "50"}),
        ("0030", {"devid": WASHER, "ledDevice": 50.0}),
        ("0030", {"devid": WASHER, "ledDevice": True}),
        ("0030", {"devid": WASHER, "led": 50}),
        ("0030", {"devid": HUB, "ledDevice": 50}),
        ("0144", {"deviceSN": CURTAIN, "closedPosition": 11}),
        ("0144", {"deviceSN": CURTAIN, "closedPosition": "7"}),
        ("0144", {"devid": CURTAIN, "closedPosition": 7}),
        ("0144", {"deviceSN": WASHER, "closedPosition": 7}),
        ("0138", {"action": 1, "type": 10}),
        ("0138", {"action": "2", "type": 10}),
        ("0138", {"action": "1", "type": "10"}),
        ("0138", {"action": "1", "type": 3}),
        ("0138", {"action": "1", "type": True}),
        ("0014", {"id": WASHER}),
        ("0014", {"devid": int(WASHER)}),
        ("0006", {"power": True}),
        ("0006", {"id": [WASHER], "power": True}),
    ],
    ids=lambda value: value if isinstance(value, str) else json.dumps(value)[:60],
)
async def test_bad_command(
    client: BareClient, cloud: SimulatedCloud, prefix: str, body: object
) -> None:
    """Members of commands have their names, types and ranges."""
    before = [dict(device.members) for device in cloud.home.devices.values()]
    why = await refused(client, cloud, prefix + json.dumps(body))
    assert why.startswith(prefix)
    assert await client.quiet()
    assert [device.members for device in cloud.home.devices.values()] == before


@pytest.mark.parametrize("member", [name for name in HOME.device(CURTAIN).members if name != "id"])
async def test_object_that_is_not_whole(
    client: BareClient, cloud: SimulatedCloud, member: str
) -> None:
    """Every member that the stored object has must be there."""
    sent = whole(cloud.home, CURTAIN, curtainState="50")
    del sent[member]
    why = await refused(client, cloud, "0006" + json.dumps(sent))
    assert f"lacks {member}" in why
    assert await client.quiet()


async def test_unknown_members_belong_to_the_whole(
    client: BareClient, cloud: SimulatedCloud
) -> None:
    """A member that nobody knows must be sent back as well, with its type."""
    cloud.home.write(WASHER, {"mode": {"eco": True}})
    await client.push()
    sent = whole(cloud.home, WASHER, power=True)
    await client.send("0006", sent)
    assert (await client.push())["mode"] == {"eco": True}
    why = await refused(client, cloud, "0006" + json.dumps({**sent, "mode": "eco"}))
    assert "'mode' is of type str, not dict" in why


@pytest.mark.parametrize(
    "changes",
    [
        {"power": "true"},
        {"power": 1},
        {"power": None},
        {"updateTime": "1775000000000"},
        {"updateTime": 1775000000000.5},
        {"lastOn": None},
        {"lastOn": "2026-04-01T08:00:00"},
        {"lastOn": "2026-13-01 08:00:00"},
        {"led": "5"},
        {"led": True},
        {"led": 101},
        {"lock": 1},
        {"lock": "3"},
        {"iconId": 0},
        {"type": 2},
        {"type": "1"},
        {"pid": HUB[:-1]},
        {"deviceId": "01"},
        {"name": 5},
        {"onLine": "true"},
        {"shared": 0},
        {"brightness": 5},
        {"curtainState": "50"},
    ],
    ids=json.dumps,
)
async def test_bad_object(
    client: BareClient, cloud: SimulatedCloud, changes: dict[str, Any]
) -> None:
    """Members of an object have their types and ranges, identity stays, and nothing is added."""
    why = await refused(client, cloud, "0006" + json.dumps(whole(cloud.home, WASHER, **changes)))
    assert next(iter(changes)) in why
    assert await client.quiet()


@pytest.mark.parametrize(
    "state", ["1", "5", "55", "98", "101", "110", "-10", "200", "250", "", "010", "x", 50, None]
)
async def test_bad_level(client: BareClient, cloud: SimulatedCloud, state: object) -> None:
    """Levels are multiples of ten, or 99 for a stop, as text."""
    sent = whole(cloud.home, CURTAIN, curtainState=state)
    why = await refused(client, cloud, "0006" + json.dumps(sent))
    assert "curtainState" in why
    assert cloud.home.device(CURTAIN).motion is None


@pytest.mark.parametrize("changes", [{"closedPosition": 11}, {"closedPosition": "7"}])
async def test_bad_calibration(
    client: BareClient, cloud: SimulatedCloud, changes: dict[str, object]
) -> None:
    """The closed position is bounded in an object, too."""
    sent = whole(cloud.home, CURTAIN, curtainState="50", **changes)
    assert "closedPosition" in await refused(client, cloud, "0006" + json.dumps(sent))


async def test_hub_as_a_device(client: BareClient, cloud: SimulatedCloud) -> None:
    """A hub has nothing to set."""
    assert "hub" in await refused(client, cloud, "0006" + json.dumps(whole(cloud.home, HUB)))


# --- what is noted and done all the same ----------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"updateTime": 1775000000000}, "updateTime"),
        ({"updateTime": 1795000000}, "updateTime"),
        ({"lastOn": ""}, "lastOn"),
        ({"lastOn": "2026-03-31 21:15:00"}, "lastOn"),
    ],
)
async def test_stale_times(
    client: BareClient, cloud: SimulatedCloud, changes: dict[str, object], complaint: str
) -> None:
    """A command that switches on is dated now; others are noted, and carried out."""
    await client.set(WASHER, power=True, **changes)
    assert (await client.push())["power"] is True
    assert [complaint in violation.why for violation in cloud.violations] == [True]


@pytest.mark.parametrize("hours", [-12, 0, 14])
async def test_any_zone_will_do(client: BareClient, cloud: SimulatedCloud, hours: int) -> None:
    """The home may be in any time zone."""
    now = datetime.now(UTC) + timedelta(hours=hours)
    await client.set(WASHER, power=True, lastOn=now.strftime("%Y-%m-%d %H:%M:%S"))
    assert (await client.push())["power"] is True
    assert cloud.violations == []


async def test_hurry(client: BareClient, cloud: SimulatedCloud) -> None:
    """More than ten frames within a second are noted once a burst, and served."""
    for _ in range(9):  # with the login ten
        await client.send("0072", {})
    assert await client.list()  # one too many
    assert [violation.why for violation in cloud.violations] == [
        "more than 10 frames within a second"
    ]
    for _ in range(10):
        await client.send("0072", {})
    assert await client.quiet()
    assert len(cloud.violations) == 1
    await asyncio.sleep(1)
    await client.send("0072", {})
    assert await client.quiet()
    assert len(cloud.violations) == 1
    cloud.rules.max_frames_per_s = None
    for _ in range(30):
        await client.send("0072", {})
    assert await client.quiet()
    assert len(cloud.violations) == 1


# --- odd objects ----------------------------------------------------------------------------


async def test_what_was_told_oddly_may_come_back_oddly(
    client: BareClient, cloud: SimulatedCloud
) -> None:
    """A client that was told text for numbers may send it back; what it changes has its own type."""
    cloud.faults.arm("text_types")
    told = (await client.list())[WASHER]
    assert (told["type"], told["power"], told["led"]) == ("1", "false", "0")
    cloud.faults.clear()
    sent = {**told, "power": True, **_now()}
    await client.send("0006", sent)
    pushed = await client.push()
    assert (pushed["type"], pushed["power"], pushed["led"]) == (1, True, 0)
    assert cloud.violations == []
    why = await refused(client, cloud, "0006" + json.dumps({**sent, "led": "x"}))
    assert "led" in why


async def test_numeric_ids_come_back_without_zeros(
    client: BareClient, cloud: SimulatedCloud
) -> None:
    """A client that was told its id as a number may name the device by it, as number or text."""
    number = int(WASHER)
    assert str(number) != WASHER
    await client.send("0030", {"devid": str(number), "ledDevice": 5})
    assert await client.error() == 17  # nobody was told so yet
    cloud.faults.arm("numeric_id", device="Washing")
    _, objects = await client.ask("0004", {})
    told = next(item for item in objects if item["id"] == number)
    sent = {**told, "power": True, **_now()}
    await client.send("0006", sent)
    assert await client.push() == {**sent, "id": number}
    await client.send("0030", {"devid": str(number), "ledDevice": 5})
    assert (await client.push())["led"] == 5
    assert cloud.violations == []


def _now() -> dict[str, object]:
    """Give the times of a command that switches on."""
    now = datetime.now()
    return {
        "updateTime": int(now.timestamp() * 1000),
        "lastOn": now.strftime("%Y-%m-%d %H:%M:%S"),
    }
