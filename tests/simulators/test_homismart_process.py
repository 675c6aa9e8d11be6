"""The simulated Homismart cloud as a program of its own, operated through its control address."""

from collections.abc import AsyncIterator
import json
import signal
from typing import Any

import aiohttp
import pytest

from simulators.homismart import Pace, SimulatedCloud, demo_home
from tests.simulators.homismart_client import BareClient, connect, login
from tests.simulators.programs import operate, running, state


@pytest.fixture
async def cloud(socket_enabled: None) -> AsyncIterator[SimulatedCloud]:
    """Serve the demo home, two hundred times as quick as a real one."""
    async with SimulatedCloud(demo_home(pace=Pace(speed=200))) as cloud:
        yield cloud


@pytest.fixture
async def client(http: aiohttp.ClientSession, cloud: SimulatedCloud) -> AsyncIterator[BareClient]:
    """Log in."""
    async with connect(http, cloud) as client:
        yield client


async def test_program(http: aiohttp.ClientSession) -> None:
    """One line tells all that a client needs; the program serves until it is told to end."""
    options = ("--second", "--speed", "100", "--username", "me@example.org", "--garden-offline")
    async with running("homismart", *options) as (process, line):
        assert line.keys() == {
            "domain",
            "ws_url",
            "username",
            "password",
            "control_url",
            "second_ws_url",
            "second_control_url",
        }
        assert (line["domain"], line["username"]) == ("homismart", "me@example.org")
        home = demo_home(line["username"], line["password"])
        for name in ("ws_url", "second_ws_url"):
            async with http.ws_connect(line[name]) as ws:
                client = BareClient(ws, home)
                assert await client.ask("0002", login(home)) == ("0003", {"result": True})
                objects = await client.list()
                assert objects.keys() == home.devices.keys()
                hub = home.device("Garden unit").device_id
                assert objects[hub]["onLine"] is False
                await operate(http, line["control_url"], "press", device="Washing machine")
                assert (await client.push())["name"] == "Washing machine"
        await operate(http, line["control_url"], "link", action="down")
        with pytest.raises(aiohttp.ClientConnectorError):
            await http.ws_connect(line["ws_url"])
        await operate(http, line["control_url"], "link", action="up")
        async with http.ws_connect(line["ws_url"]):
            pass
        process.send_signal(signal.SIGTERM)
        output, errors = await process.communicate()
        assert (process.returncode, output, errors) == (0, b"", b"")


async def test_options(http: aiohttp.ClientSession) -> None:
    """A line has exactly its five members; a home can have any number of devices."""
    async with running("homismart", "--devices", "9", "--progress", "1") as (_, line):
        assert line.keys() == {"domain", "ws_url", "username", "password", "control_url"}
        shown = await state(http, line["control_url"])
        assert len(shown["devices"]) == 10


@pytest.mark.parametrize("options", [("--speed", "0"), ("--speed", "x"), ("--port", "1.5")])
async def test_bad_options(options: tuple[str, str], socket_enabled: None) -> None:
    """Options that make no sense are refused with a word about them."""
    async with running("homismart", *options) as (process, line):
        assert line is None
        _, errors = await process.communicate()
        assert process.returncode == 2
        assert options[0] in errors.decode()


async def test_page_and_state(
    http: aiohttp.ClientSession, client: BareClient, cloud: SimulatedCloud
) -> None:
    """A browser gets a page, a program the state; neither shows a secret."""
    async with http.get(cloud.control_url, headers={"Accept": "text/html"}) as answer:
        assert "<html" in await answer.text()
    await client.list()
    cloud.faults.arm("login_delay", count=2)
    shown = await state(http, cloud.control_url)
    assert shown["domain"] == "homismart"
    assert shown["link"] == "up"
    assert shown["faults"] == [{"name": "login_delay", "count": 2, "seconds": 1.0}]
    assert {kind["name"] for kind in shown["fault_kinds"]} == cloud.faults.kinds.keys()
    assert [entry.get("prefix") for entry in shown["received"]] == [None, "0002", "0004"]
    assert [item["account"] for item in shown["connections"]] == [cloud.home.username]
    digest = cloud.requests("0002")[0].body["password"]
    assert digest not in str(shown)
    assert cloud.home.password not in str(shown)
    devices = {item["name"]: item for item in shown["devices"]}
    assert devices["Boiler"]["about"] == "other socket · House unit"
    assert devices["Garden unit"]["about"] == "hub"
    assert devices["Street door"]["values"]["lock"] == "2"


async def test_every_button_works(http: aiohttp.ClientSession, cloud: SimulatedCloud) -> None:
    """Whatever the page offers for the cloud and its devices can be done."""
    shown = await state(http, cloud.control_url)
    actions = [action for item in shown["devices"] for action in item["actions"]]
    labels = {action["label"] for action in actions}
    assert {"Open", "Stop", "Close", "Half", "Press", "Unlock", "Off line", "Remove"} < labels
    removals = [action for action in actions if action["label"] == "Remove"]
    others = [action for action in actions if action["label"] != "Remove"]
    for action in (*others, *removals, *shown["actions"]):
        await operate(http, cloud.control_url, **action["do"])
    assert cloud.home.devices == {}


async def test_every_operation(
    http: aiohttp.ClientSession, client: BareClient, cloud: SimulatedCloud
) -> None:
    """Each operation does what its name says; none is left out here."""
    washer, curtain, door, garden = (
        cloud.home.device(name)
        for name in ("Washing machine", "Living room curtain", "Street door", "Garden unit")
    )
    tried = set()

    async def do(op: str, **members: object) -> Any:
        tried.add(op)
        return await operate(http, cloud.control_url, op, **members)

    def on(device: Any) -> dict[str, str]:
        return {"device": device.device_id}

    # Hands and the app: the members that change, as the next push tells them.
    assert await do("press", **on(washer)) is True
    assert (await client.push())["power"] is True
    await do("remember", **on(washer))
    curtain.travel_s = 100_000.0  # it tells of no arrival amid what follows
    for op, members, device, expected in (
        ("press", {"on": False}, washer, {"power": False}),
        ("rewrite", {"members": {"led": 9}}, washer, {"power": True, "led": 9}),
        ("move", {"movement": "close"}, curtain, {"curtainState": "100"}),
        ("block", {"at": 0}, curtain, {"curtainState": None}),
        ("level", {"level": 0}, curtain, {"curtainState": "0"}),
        ("write", {"members": {"curtainState": "240"}}, curtain, {"curtainState": "240"}),
        ("lock", {"locked": False}, door, {"lock": "1"}),
        ("led", {"level": 7}, washer, {"led": 7}),
        ("closed_position", {"position": 3}, curtain, {"closedPosition": 3}),
        ("online", {"online": False}, garden, {"onLine": False}),
        ("rename", {"name": "Shed"}, garden, {"name": "Shed"}),
        ("icon", {"icon_id": "4"}, washer, {"iconId": "4"}),
        ("firmware", {"version": "2.1"}, washer, {"version": "2.1"}),
        ("type", {"type": 8}, washer, {"type": 8}),
        ("share", {"hours": "08:00-09:00"}, washer, {"allowedTime": "08:00-09:00"}),
        ("unshare", {}, washer, {"shared": False}),
    ):
        await do(op, **on(device), **members)
        pushed = await client.push()
        assert pushed["id"] == device.device_id
        for name, value in expected.items():
            assert pushed[name] == value or (value is None and int(pushed[name]) >= 230)
    added = await do("add", kind="socket", name="New", hub=garden.device_id, announce="answer")
    prefix, body = await client.next()
    assert (prefix, body["status"]["id"], body["status"]["pid"]) == (
        "0013",
        added,
        garden.device_id,
    )
    await do("remove", device=added, announce=False)
    assert added not in cloud.home.devices
    await do("remove", device=washer.device_id)
    assert (await client.next())[0] == "0015"

    # The account.
    await do("password", password="changed", username=cloud.home.username)
    assert cloud.home.password == "changed"
    await do("terms", withhold=True)
    assert (cloud.home.terms.changed, cloud.home.terms.withhold) == (True, True)
    await do("terms", changed=False)
    assert not cloud.home.terms.changed

    # Frames.
    await do("error", code=40)
    assert await client.error() == 40
    await do("frame", prefix="0049", body={})
    assert await client.next() == ("0049", {})
    await do("send", text="0777")
    assert await client.next() == ("0777", None)
    await do("redirect", ip="s2.homismart.com", port="1")
    assert await client.next() == ("0039", {"ip": "s2.homismart.com", "port": "1"})
    await do("odd_frames")
    while (await client.ws.receive()).data != "9999":
        pass
    await do("oversized")
    assert len((await client.ws.receive()).data) > 16 * 1024 * 1024
    await do("ping")
    assert (await client.ws.receive()).type is aiohttp.WSMsgType.PING
    await do("invalid")
    assert await client.next() == ("0003", {"result": False})

    # Manners and switches.
    await do("pace", speed=300, partial=True, bare_stop=True, reaction_s=0.1, progress_s=1)
    await do("pace", report_unchanged=True)
    assert cloud.home.pace == Pace(300, 0.1, 1, True, True, True)
    await do("rules", refuse_before_login=True, max_frames_per_s=0, fresh_s=0)
    assert (cloud.rules.max_frames_per_s, cloud.rules.fresh_s) == (None, None)
    await do("fault", name="list", how="empty", count=1)
    await do("fault", name="silence")
    await do("clear", name="silence")
    assert [fault.kind.name for fault in cloud.faults.armed] == ["list"]
    await do("stall", later=True)
    assert cloud.sessions[0].link.stalled
    await do("stick", later=True)
    await do("reset")
    assert cloud.faults.armed == ()

    # Ends.
    ends: tuple[tuple[str, dict[str, object]], ...] = (
        ("drop", {}),
        ("drop", {"code": None}),
        ("abort", {}),
        ("abort", {"mid_frame": True}),
        ("link", {"action": "down"}),
    )
    for op, options in ends:
        async with connect(http, cloud) as other:
            await do(op, **options)
            await other.end()
    await do("link", action="up")
    assert tried == (await state(http, cloud.control_url))["operations"].keys()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"op": "press", "device": "nothing"}, "no device"),
        ({"op": "press"}, "missing"),
        ({"op": "press", "device": 5}, "text"),
        ({"op": "level", "device": "Stairs", "level": 5}, "no curtainState"),
        ({"op": "move", "device": "Balcony shutter", "movement": "up"}, "open"),
        ({"op": "add", "kind": "toaster", "name": "x"}, "no product"),
        ({"op": "rewrite", "device": "Stairs"}, "nobody remembers"),
        ({"op": "password", "password": "x", "username": "y"}, "no account"),
        ({"op": "terms", "username": "y"}, "no account"),
        ({"op": "link", "action": "sideways"}, "'down' or 'up'"),
        ({"op": "pace", "speed": 0}, "above 0"),
        ({"op": "fault", "name": "nothing"}, "no fault"),
        ({"op": "fault", "name": "list", "how": "x"}, "one of"),
        ({"op": "fault", "name": "login_refuse", "code": "2"}, "int"),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else None,
)
async def test_bad_operations(
    http: aiohttp.ClientSession, cloud: SimulatedCloud, body: dict[str, Any], words: str
) -> None:
    """What cannot be done is refused with the reason."""
    assert words in await operate(http, cloud.control_url, **body)
