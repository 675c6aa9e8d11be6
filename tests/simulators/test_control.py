"""The control address: every operation through HTTP, the state, the page, and what is refused."""

from collections.abc import AsyncIterator
import json
import re
from typing import Any

import aiohttp
import pytest

from simulators.dio_chacon import Pace, SimulatedCloud, demo_home
from tests.simulators.dio_client import BareClient, connect, greeting, links, log_in
from tests.simulators.programs import said, state

SWITCH = "oic.r.switch.binary"


@pytest.fixture
async def cloud(socket_enabled: None) -> AsyncIterator[SimulatedCloud]:
    """Serve the demo home, two hundred times as quick as a real one."""
    async with SimulatedCloud(demo_home(pace=Pace(speed=200))) as cloud:
        yield cloud


@pytest.fixture
async def client(http: aiohttp.ClientSession, cloud: SimulatedCloud) -> AsyncIterator[BareClient]:
    """Connect by password."""
    async with connect(http, cloud) as client:
        yield client


class Panel:
    """A program that uses the control address."""

    def __init__(self, http: aiohttp.ClientSession, cloud: SimulatedCloud) -> None:
        """Speak to the control address of ``cloud``."""
        self.http = http
        self.url = cloud.control_url

    async def do(self, op: str, **members: object) -> Any:
        """Do an operation that works; gives its result."""
        done, result = await said(self.http, self.url, op, **members)
        assert done, result
        return result

    async def refused(self, **body: Any) -> str:
        """Ask for something that does not work; gives the reason."""
        async with self.http.post(self.url, **body) as answer:
            body = await answer.json()
            assert (answer.status, body["ok"]) == (400, False)
        reason: str = body["error"]
        return reason

    async def state(self) -> dict[str, Any]:
        """Read the state."""
        shown: dict[str, Any] = await state(self.http, self.url)
        return shown


@pytest.fixture
def panel(http: aiohttp.ClientSession, cloud: SimulatedCloud) -> Panel:
    """Give a program that uses the control address."""
    return Panel(http, cloud)


async def test_hands(panel: Panel, client: BareClient) -> None:
    """Each operation of a hand on a device is done and pushed."""
    assert await panel.do("press", device="Prise garage") is True
    assert links(await client.next())[SWITCH]["value"] == 1
    await panel.do("press", device="Prise garage", on=False)
    assert links(await client.next())[SWITCH]["value"] == 0
    await panel.do("move", device="Volet cuisine", movement="up")
    assert links(await client.next())["oic.r.movement.linear"]["movement"] == "up"
    await client.next()
    await panel.do("level", device="Volet cuisine", level=90)
    await client.next()
    assert links(await client.next())["oic.r.openlevel"]["openLevel"] == 90
    await panel.do("quiet", device="Prise lampadaire", on=True)
    assert links(await client.next())["gw.r.quietmode"]["value"] == 1
    await panel.do("online", device="Prise garage", online=False)
    assert (await client.next())["data"]["rc"] == 0
    await panel.do("reported", device="Prise lampadaire", reported=False)
    assert await client.quiet()
    members = {"status": "full"}
    await panel.do("write", device="Portier", resource="gw.r.camera.sdcard", members=members)
    assert links(await client.next())["gw.r.camera.sdcard"]["status"] == "full"


async def test_rings(panel: Panel, client: BareClient) -> None:
    """A doorbell rings with or without an image, again, at another time, and as something else."""
    stamp = await panel.do("ring", device="Portier")
    plain = links(await client.next())["gw.r.lastEvent"]
    assert (plain["ts"], plain["data"]) == (stamp, {"reason": None})
    assert await panel.do("ring", device="Portier", repeat=True, image=True) == stamp
    assert links(await client.next())["gw.r.lastEvent"]["data"]["image"].startswith("https://")
    await panel.do("ring", device="Portier", image="https://x.invalid/1.jpeg")
    event = links(await client.next())["gw.r.lastEvent"]
    assert event["data"]["image"] == "https://x.invalid/1.jpeg"
    await panel.do("ring", device="Portier", kind="motion", ts="2020-01-01T00:00:00Z", empty=True)
    event = links(await client.next())["gw.r.lastEvent"]
    assert (event["type"], event["ts"], event["data"]) == ("motion", "2020-01-01T00:00:00Z", None)


async def test_app(panel: Panel, client: BareClient, cloud: SimulatedCloud) -> None:
    """Names, rooms, versions, types, devices and the password change."""
    lamp = cloud.home.device("Plafonnier couloir").device_id
    for op, member, value, pushed in (
        ("rename", "name", "Lustre", "name"),
        ("rename", "name", None, "name"),
        ("room", "room", "Cave", "roomName"),
        ("room", "room", None, "roomName"),
        ("firmware", "version", "3.0", "softwareVersion"),
        ("type", "type", ".x.", "type"),
    ):
        await panel.do(op, **{"device": lamp, member: value})
        assert (await client.next())["data"][pushed] == value
    added = await panel.do("add", kind="plug", name="Neuve", room="Cave", announce=True)
    assert (await client.next())["data"]["di"] == added
    await panel.do("remove", device=added)
    assert added not in cloud.home.devices
    await panel.do("password", password="other")
    assert cloud.home.password == "other"
    await panel.do("password", password="third", email=cloud.home.email)
    assert cloud.home.password == "third"


async def test_connections(
    panel: Panel, http: aiohttp.ClientSession, cloud: SimulatedCloud
) -> None:
    """Everything that can happen to all connections can be asked for."""
    token = await log_in(http, cloud)
    async with connect(http, cloud, sessionToken=token) as client:
        await panel.do("send", text='{"id":7}')
        assert await client.next() == {"id": 7}
        await panel.do("ping")
        assert (await client.ws.receive()).type is aiohttp.WSMsgType.PING
        await panel.do("oversized")
        assert len((await client.ws.receive()).data) > 4 * 1024 * 1024
        await panel.do("expire_tokens", live=True)
        assert (await client.ask("GET", "/user"))["status"] == 401
        await panel.do("stick")
        await client.send("GET", "/user")
        assert await client.quiet()
        await panel.do("reset")
        await panel.do("invalid")
        assert await client.next() == greeting("invalid")
        await panel.do("stall")
        assert await client.mute()
    for op, members, code in (
        ("drop", {}, 1001),
        ("drop", {"code": 1012}, 1012),
        ("drop", {"code": None}, 1006),
        ("abort", {}, 1006),
        ("abort", {"mid_frame": True}, 1006),
        ("link", {"action": "down"}, 1006),
    ):
        async with connect(http, cloud) as client:
            await panel.do(op, **members)
            await client.end()
            assert client.ws.close_code == code
    assert (await panel.state())["link"] == "down"
    with pytest.raises(aiohttp.ClientConnectorError):
        await log_in(http, cloud)
    await panel.do("link", action="up")
    assert await log_in(http, cloud)


async def test_switches(panel: Panel, client: BareClient, cloud: SimulatedCloud) -> None:
    """Faults are switched on and off, pace and rules are set."""
    await panel.do("fault", name="answer_status", status=418, path="/user", count=3)
    await panel.do("fault", name="duplicate")
    assert (await panel.state())["faults"] == [
        {"name": "answer_status", "count": 3, "status": 418, "data": "timeout", "path": "/user"},
        {"name": "duplicate", "count": None},
    ]
    await panel.do("clear", name="duplicate")
    assert (await client.ask("GET", "/user"))["status"] == 418
    await panel.do("clear")
    assert (await client.ask("GET", "/user"))["status"] == 200
    await panel.do("pace", speed=2, reaction_s=0, progress_s=0.5, report_unchanged=True)
    assert cloud.home.pace == Pace(2, 0, 0.5, True, False)
    await panel.do("rules", states_limit=50, close_after_logout=True)
    assert cloud.rules.states_limit == 50
    await panel.do("rules", states_limit=0)
    assert cloud.rules.states_limit is None
    assert cloud.rules.close_after_logout is True


async def test_state(panel: Panel, client: BareClient, cloud: SimulatedCloud) -> None:
    """The state shows link, connections, devices, faults, requests and violations, and no secret."""
    await client.ask("GET", "/device")
    await client.ask("GET", "/nowhere")
    state = await panel.state()
    assert (state["link"], state["accounts"]) == ("up", [cloud.home.email])
    (connection,) = state["connections"]
    assert connection["account"] == cloud.home.email
    assert (connection["greeted"], connection["stalled"], connection["stuck"]) == (
        True,
        False,
        False,
    )
    devices = {device["name"]: device for device in state["devices"]}
    assert devices["Volet cuisine"]["values"]["openlevel"] == 60
    assert devices["Caméra jardin"]["values"] == {"online": True, "reported": True}
    assert [entry["what"] for entry in state["received"]] == ["open", "request", "request"]
    (violation,) = state["violations"]
    assert "/nowhere" in violation["why"]
    assert {kind["name"] for kind in state["fault_kinds"]} == set(cloud.faults.kinds)
    assert state["operations"]["press"]["members"] == {
        "device": {"type": "text", "required": True},
        "on": {"type": "true or false or null", "required": False},
    }
    assert all(operation["about"] for operation in state["operations"].values())
    assert cloud.home.password not in json.dumps(state)


async def test_every_button_of_the_page_works(panel: Panel, cloud: SimulatedCloud) -> None:
    """What the page offers for devices, links and faults is accepted as it stands."""
    state = await panel.state()
    buttons = [action for device in state["devices"] for action in device["actions"]]
    assert len({button["label"] for button in buttons}) >= 10
    # Those that end a device come last.
    for button in sorted(buttons + state["actions"], key=lambda each: each["label"] == "Remove"):
        body = dict(button["do"])
        await panel.do(body.pop("op"), **body)
    for kind in state["fault_kinds"]:
        await panel.do("fault", name=kind["name"], count=1)
    assert cloud.home.devices == {}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"data": "{}"}, "Content-Type"),
        ({"data": "{", "headers": {"Content-Type": "application/json"}}, "not JSON"),
        ({"json": []}, "JSON object"),
        ({"json": {}}, "'op' is one of press"),
        ({"json": {"op": ["press"]}}, "'op' is one of press"),
        ({"json": {"op": "press"}}, "'device' is missing"),
        ({"json": {"op": "press", "device": 7}}, "'device' is text"),
        ({"json": {"op": "press", "device": "x", "off": True}}, "no member 'off'"),
        ({"json": {"op": "press", "device": "x", "on": 1}}, "'on' is true or false or null"),
        ({"json": {"op": "press", "device": "x"}}, "no device 'x'"),
        ({"json": {"op": "press", "device": "Portier"}}, "Portier has no oic.r.switch"),
        ({"json": {"op": "write", "device": "Portier", "resource": "x", "members": []}}, "object"),
        ({"json": {"op": "link", "action": "sideways"}}, "'down' or 'up'"),
        ({"json": {"op": "fault", "name": "earthquake"}}, "no fault 'earthquake'"),
        ({"json": {"op": "fault", "name": "delay", "seconds": "1"}}, "of type float"),
        ({"json": {"op": "fault", "name": "delay", "metres": 1}}, "no option 'metres'"),
        ({"json": {"op": "fault", "name": "delay", "count": "1"}}, "'count' is an integer or null"),
        ({"json": {"op": "pace", "speed": 0}}, "above 0"),
        ({"json": {"op": "password", "password": "x", "email": "nobody"}}, "no account"),
        ({"json": {"op": "add", "kind": "toaster", "name": "x"}}, "no product 'toaster'"),
    ],
    ids=str,
)
async def test_refusals(panel: Panel, body: dict[str, Any], reason: str) -> None:
    """A request that makes no sense is refused with the reason."""
    assert reason in await panel.refused(**body)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8000", 200),
        ("127.0.0.1", 200),
        ("[::1]:8000", 200),
        ("192.0.2.1:8000", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example:8000", 403),
        ("localhost.evil.example", 403),
        ("[::1", 403),
    ],
)
async def test_foreign_names(
    http: aiohttp.ClientSession, cloud: SimulatedCloud, host: str, status: int
) -> None:
    """A page whose name was made to lead here can neither read nor operate."""
    headers = {"Host": host}
    async with http.get(cloud.control_url, headers=headers) as answer:
        assert answer.status == status
        assert ("operations" in await answer.json()) is (status == 200)
    request = {"op": "password", "password": "stolen"}
    if status == 403:
        async with http.post(cloud.control_url, headers=headers, json=request) as answer:
            assert (answer.status, (await answer.json())["ok"]) == (403, False)


async def test_page(http: aiohttp.ClientSession, cloud: SimulatedCloud) -> None:
    """A browser gets a page that needs nothing else."""
    headers = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    async with http.get(cloud.control_url, headers=headers) as answer:
        assert answer.content_type == "text/html"
        page = await answer.text()
    assert not re.search(r"(?:src|href)\s*=\s*\"(?!data:)|@import|https?://", page)
