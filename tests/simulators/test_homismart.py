"""The simulated Homismart cloud: what it answers, what it pushes, and what hands do to its devices."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
import gc
from itertools import pairwise
import time
from typing import Any

import aiohttp
import pytest
from yarl import URL

from simulators.homismart import (
    Pace,
    SimulatedCloud,
    Terms,
    demo_home,
    empty_home,
    large_home,
    make_device,
)
from tests.common import load_vectors
from tests.simulators.homismart_client import BareClient, connect, login, spoken, whole

CORRIDOR, WASHER, BOILER = "Corridor light", "Washing machine", "Boiler"
CURTAIN, SHUTTER, DOOR = "Living room curtain", "Balcony shutter", "Street door"
SHARED, GARDEN, FOUNTAIN = "Neighbour's gate light", "Garden unit", "Fountain"


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


def id_of(cloud: SimulatedCloud, name: str) -> str:
    """Find a device of the home by its name."""
    return cloud.home.device(name).device_id


# --- login ----------------------------------------------------------------------------------


@pytest.mark.parametrize("closes", [False, True])
@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"password": "0" * 32}, ("0003", {"result": False})),
        (
            {"username": "nobody@example.org"},
            ("9999", {"code": 3, "info": "not_registered_email"}),
        ),
        ({"username": "demo"}, ("9999", {"code": 9, "info": "email_format_error"})),
    ],
    ids=["password", "account", "no address"],
)
async def test_refused_login(
    http: aiohttp.ClientSession,
    cloud: SimulatedCloud,
    changes: dict[str, object],
    answer: object,
    closes: bool,
) -> None:
    """Bad credentials are refused, each in its own way; whether the server closes then is a rule."""
    cloud.rules.close_after_refusal = closes
    async with connect(http, cloud, logged_in=False) as client:
        assert await client.ask("0002", login(cloud.home, **changes)) == answer
        if closes:
            assert (await client.end()).data == 1000
        else:
            # Nothing of the home reaches who is not logged in.
            cloud.home.press(CORRIDOR)
            assert await client.quiet()
    assert cloud.violations == []


@pytest.mark.parametrize(("password", "digest"), load_vectors("homismart", "password_md5")["rows"])
async def test_digests(
    http: aiohttp.ClientSession, socket_enabled: None, password: str, digest: str
) -> None:
    """The digest of each vector opens the account with that password."""
    async with (
        SimulatedCloud(empty_home(password=password)) as cloud,
        connect(http, cloud, logged_in=False) as client,
    ):
        body = {"username": cloud.home.username.upper(), "password": digest}
        assert await client.ask("0002", body) == ("0003", {"result": True})
        assert await client.list() == {}


async def test_changed_password(
    http: aiohttp.ClientSession, client: BareClient, cloud: SimulatedCloud
) -> None:
    """After a change of the password the old one opens nothing; open connections live on."""
    old = login(cloud.home)
    cloud.change_password("new one")
    async with connect(http, cloud, logged_in=False) as other:
        assert await other.ask("0002", old) == ("0003", {"result": False})
        # The socket stays open, and another try may do better.
        assert await other.ask("0002", login(cloud.home)) == ("0003", {"result": True})
    assert await client.list()


async def test_two_accounts(http: aiohttp.ClientSession, socket_enabled: None) -> None:
    """Each account sees its own devices and pushes."""
    one = demo_home("one@example.org", "1", pace=Pace(speed=200))
    two = demo_home("two@example.org", "2", pace=Pace(speed=200))
    async with (
        SimulatedCloud(one, two) as cloud,
        connect(http, cloud) as first,
        connect(http, cloud, logged_in=False) as second,
    ):
        assert await second.ask("0002", login(two)) == ("0003", {"result": True})
        assert set(one.devices).isdisjoint(two.devices)
        assert (await second.list()).keys() == two.devices.keys()
        two.press(WASHER)
        assert (await second.push())["power"] is True
        assert await first.quiet()


@pytest.mark.parametrize("withhold", [False, True])
async def test_changed_terms(
    http: aiohttp.ClientSession, cloud: SimulatedCloud, withhold: bool
) -> None:
    """The login says that the terms changed until they are confirmed; lists may be withheld so long."""
    cloud.home.terms = Terms(changed=True, withhold=withhold)
    for _ in range(2):
        async with connect(http, cloud, logged_in=False) as client:
            answer = await client.ask("0002", login(cloud.home))
            assert answer == ("0003", {"result": True, "shouldConfirmTerms": 1})
            await client.send("0004", {})
            if withhold:
                assert await client.quiet()
            else:
                assert (await client.next())[0] == "0005"
    async with connect(http, cloud, logged_in=False) as client:
        await client.ask("0002", login(cloud.home))
        assert await client.ask("0222", {}) == ("0223", {"result": True})
        assert await client.list()
    async with connect(http, cloud) as client:
        assert await client.list()
    assert cloud.violations == []


# --- reads ----------------------------------------------------------------------------------


async def test_demo_home_has_everything(client: BareClient) -> None:
    """The demo has two hubs on line, every type of device, and a shared one that can be operated."""
    objects = (await client.list()).values()
    hubs = {item["id"] for item in objects if item["id"].startswith("00")}
    devices = [item for item in objects if item["id"] not in hubs]
    assert len(hubs) == 2
    assert all(item["onLine"] for item in objects)
    assert {item["type"] for item in devices} == set(range(1, 10))
    assert {item["pid"] for item in devices} == hubs
    assert all(len(item["id"]) == 14 for item in objects)
    assert all(item["id"][:2] == f"{item['type']:02}" for item in devices)
    assert [item["name"] for item in devices if item["shared"]] == [SHARED]
    await client.set(SHARED, power=True)
    assert (await client.push())["power"] is True


async def test_objects_have_the_members_of_the_fixture(client: BareClient) -> None:
    """Each kind of object has the members, and their types, that the fixture has."""

    def form(item: dict[str, Any]) -> dict[str, type]:
        return {name: type(value) for name, value in item.items()}

    fixture = {
        (item["type"], item.get("shared")): form(item)
        for item in load_vectors("homismart", "devices")["devices"]
    }
    for item in (await client.list()).values():
        assert form(item) == fixture[item["type"], item.get("shared")]


async def test_large_home(http: aiohttp.ClientSession, socket_enabled: None) -> None:
    """Five thousand devices come in one frame, above the usual limit of 1 MiB."""
    home = large_home(5000)
    async with SimulatedCloud(home) as cloud, connect(http, cloud) as client:
        await client.send("0004", {})
        text = (await client.ws.receive()).data
        assert len(text) > 1024 * 1024
        assert len({item["id"] for item in spoken(text)[1]}) == 5001


async def test_ids_survive_a_restart() -> None:
    """The same account gets the same ids each time, another account others."""
    assert demo_home().devices.keys() == demo_home().devices.keys()
    assert demo_home().devices.keys().isdisjoint(demo_home("other@example.org").devices)


async def test_timers_there_are_none(client: BareClient, cloud: SimulatedCloud) -> None:
    """Requests for timers are taken, and find none."""
    device = id_of(cloud, WASHER)
    assert await client.ask("0022", {"id": "1"}) == ("0023", {"result": False})
    assert await client.ask("0024", {"deviceSN": device}) == ("0025", {"result": True})
    assert await client.ask("0028", {"devid": device}) == ("0029", [])
    assert cloud.violations == []


async def test_heartbeat_is_not_answered(client: BareClient, cloud: SimulatedCloud) -> None:
    """A heartbeat is taken in silence."""
    await client.send("0072", {})
    assert await client.quiet()
    assert [item.prefix for item in cloud.requests("0072")] == ["0072"]
    assert cloud.violations == []


# --- commands -------------------------------------------------------------------------------


async def test_switch_command(client: BareClient, cloud: SimulatedCloud) -> None:
    """The object as it was sent is stored and pushed, for the command that changes nothing, too."""
    sent = whole(cloud.home, WASHER, power=True)
    for _ in range(2):
        await client.send("0006", sent)
        assert await client.push() == sent
        assert (await client.list())[sent["id"]] == sent
    await client.set(WASHER, power=False)
    off = await client.push()
    assert (off["power"], off["lastOn"]) == (False, sent["lastOn"])
    assert cloud.violations == []


async def test_nothing_happens_before_the_reaction(
    client: BareClient, cloud: SimulatedCloud
) -> None:
    """A list asked for right behind a command still tells the old state."""
    cloud.home.pace = Pace(reaction_s=0.05)
    await client.set(WASHER, power=True)
    assert (await client.list())[id_of(cloud, WASHER)]["power"] is False
    assert (await client.push())["power"] is True


async def test_the_whole_object_is_written(client: BareClient, cloud: SimulatedCloud) -> None:
    """Whatever stale member a command carries is written, too, but for what the cloud knows better."""
    stale = whole(cloud.home, CORRIDOR, power=True)
    cloud.home.set_led(CORRIDOR, 10)
    cloud.home.rename(CORRIDOR, "Hall")
    cloud.home.write("Hall", {"consumption": 12, "version": 3})
    for _ in range(3):
        await client.push()
    await client.send("0006", stale)
    pushed = await client.push()
    assert (pushed["led"], pushed["name"]) == (100, CORRIDOR)
    assert (pushed["consumption"], pushed["version"]) == (12, 3)


async def test_two_commands_keep_their_order(client: BareClient, cloud: SimulatedCloud) -> None:
    """A later object undoes what an earlier command had changed, as it does in the real cloud."""
    stale = whole(cloud.home, WASHER, power=False)
    await client.set(WASHER, power=True)
    await asyncio.sleep(0.001)
    await client.send("0030", {"devid": stale["id"], "ledDevice": 40})
    await asyncio.sleep(0.001)
    await client.send("0006", stale)
    states = [(item["power"], item["led"]) for item in [await client.push() for _ in range(3)]]
    assert states == [(True, 0), (True, 40), (False, 0)]


@pytest.mark.parametrize("level", [0, 10, 50, 90, 100])
async def test_curtain_command(client: BareClient, cloud: SimulatedCloud, level: int) -> None:
    """A curtain echoes where it is sent, and tells when it stands there."""
    await client.set(CURTAIN, curtainState=str(level))
    assert (await client.push())["curtainState"] == str(level)
    assert (await client.push())["curtainState"] == str(200 + level)
    assert await client.quiet()
    assert cloud.home.device(CURTAIN).level == level
    # Sent where it is, it stands there at once.
    await client.set(CURTAIN, curtainState=str(level))
    assert [(await client.push())["curtainState"] for _ in range(2)] == [
        str(level),
        str(200 + level),
    ]


async def test_travel_takes_time(client: BareClient, cloud: SimulatedCloud) -> None:
    """A curtain takes the share of its travel time that the way is long, by its pace."""
    cloud.home.pace.speed = 40
    await client.set(SHUTTER, curtainState="50")
    await client.push()
    began = asyncio.get_running_loop().time()
    assert (await client.push())["curtainState"] == "250"
    assert asyncio.get_running_loop().time() - began == pytest.approx(20 / 2 / 40, abs=0.05)


@pytest.mark.parametrize("bare", [False, True])
async def test_stop_half_way(client: BareClient, cloud: SimulatedCloud, bare: bool) -> None:
    """A stop is reported with the level reached, or as a bare 99; the end of the run is forgotten."""
    cloud.home.pace = Pace(speed=20, reaction_s=0, bare_stop=bare)
    await client.set(SHUTTER, curtainState="100")
    await client.push()
    await asyncio.sleep(0.2)
    await client.set(SHUTTER, curtainState="99")
    state = (await client.push())["curtainState"]
    level = cloud.home.device(SHUTTER).level
    assert 0 < level < 100
    assert state == ("99" if bare else str(200 + level))
    assert await client.quiet()
    # It goes on from where it stands, whatever its state says.
    await client.set(SHUTTER, curtainState="100")
    assert [(await client.push())["curtainState"] for _ in range(2)] == ["100", "300"]
    assert cloud.violations == []


async def test_new_target_under_way(client: BareClient, cloud: SimulatedCloud) -> None:
    """A curtain that is sent elsewhere on its way arrives there only."""
    cloud.home.pace.speed = 50
    await client.set(CURTAIN, curtainState="100")
    assert (await client.push())["curtainState"] == "100"
    await client.set(CURTAIN, curtainState="20")
    assert (await client.push())["curtainState"] == "20"
    assert (await client.push())["curtainState"] == "220"
    assert await client.quiet()


async def test_a_carried_state_moves_nothing(client: BareClient, cloud: SimulatedCloud) -> None:
    """A standing state that a command carries along is no order."""
    cloud.home.write(CURTAIN, {"color": "red"})
    await client.push()
    sent = whole(cloud.home, CURTAIN, led=5)
    await client.send("0006", sent)
    assert await client.push() == sent
    assert await client.quiet()
    assert cloud.violations == []


async def test_progress_reports(client: BareClient, cloud: SimulatedCloud) -> None:
    """On request a curtain reports on its way."""
    cloud.home.pace.progress_s = 3
    await client.set(SHUTTER, curtainState="100")
    states = []
    while (state := int((await client.push())["curtainState"])) < 200:
        states.append(state)
    assert states[0] == 100
    assert len(states) >= 3
    assert all(one < two for one, two in pairwise(states[1:]))
    assert not {1, 99} & set(states)
    assert state == 300


async def test_door_opener(client: BareClient, cloud: SimulatedCloud) -> None:
    """A door opens for its operation time; the cloud ends the pulse."""
    cloud.home.pace.speed = 50
    await client.set(DOOR, power=True)
    assert (await client.push())["power"] is True
    began = asyncio.get_running_loop().time()
    after = await client.push()
    assert after["power"] is False
    assert after["lock"] == "2"
    assert asyncio.get_running_loop().time() - began == pytest.approx(5 / 50, abs=0.05)
    # A second pulse begins anew, and a client may end it.
    cloud.home.press(DOOR)
    assert (await client.push())["power"] is True
    await client.set(DOOR, power=False)
    assert (await client.push())["power"] is False
    assert await client.quiet()
    assert cloud.violations == []


async def test_name_lock_and_icon(client: BareClient, cloud: SimulatedCloud) -> None:
    """The four members of a 0016 are written together, those of hubs as far as they have them."""
    door = id_of(cloud, DOOR)
    body = {"devid": door, "name": "Front door", "lock": "1", "iconId": "7"}
    await client.send("0016", body)
    pushed = await client.push()
    assert [pushed[name] for name in ("name", "lock", "iconId")] == ["Front door", "1", "7"]
    hub = id_of(cloud, GARDEN)
    await client.send("0016", {**body, "devid": hub, "name": "Shed"})
    pushed = await client.push()
    assert (pushed["id"], pushed["name"]) == (hub, "Shed")
    assert "lock" not in pushed
    assert cloud.violations == []


async def test_light_and_calibration(client: BareClient, cloud: SimulatedCloud) -> None:
    """Indicator light and closed position are written at the ends of their ranges."""
    for led in (0, 100):
        await client.send("0030", {"devid": id_of(cloud, CORRIDOR), "ledDevice": led})
        assert (await client.push())["led"] == led
    for position in (0, 10):
        body = {"deviceSN": id_of(cloud, CURTAIN), "closedPosition": position}
        await client.send("0144", body)
        assert (await client.push())["closedPosition"] == position
    assert cloud.violations == []


@pytest.mark.parametrize(
    ("number", "on", "names"),
    [
        (10, False, [CORRIDOR, BOILER, FOUNTAIN]),
        (1, False, [FOUNTAIN]),
        (1, True, [WASHER]),
        (2, True, ["Kitchen light", SHARED, "Garden path light"]),
        (6, True, ["Stairs"]),
        (9, True, []),
    ],
)
async def test_group_of_switches(
    client: BareClient, cloud: SimulatedCloud, number: int, on: bool, names: list[str]
) -> None:
    """A group command reaches all switches of a type, or all; each that changes reports."""
    await client.send("0138", {"action": str(int(on)), "type": number})
    pushes = [await client.push() for _ in names]
    assert [push["name"] for push in pushes] == names
    assert all(push["power"] is on for push in pushes)
    assert await client.quiet()
    assert cloud.violations == []


async def test_group_of_curtains(client: BareClient, cloud: SimulatedCloud) -> None:
    """A group command closes all curtains that are not closed, and leaves out what cannot be reached."""
    cloud.home.set_connected(GARDEN, False)
    await client.push()
    await client.send("0138", {"action": "0", "type": 45})
    pushes = [await client.push() for _ in range(4)]
    assert sorted((push["name"], push["curtainState"]) for push in pushes) == [
        (SHUTTER, "100"),
        (SHUTTER, "300"),
        (CURTAIN, "100"),
        (CURTAIN, "300"),
    ]
    cloud.home.pace.report_unchanged = True
    await client.send("0138", {"action": "0", "type": 4})
    assert [(await client.push())["curtainState"] for _ in range(2)] == ["100", "300"]
    assert await client.quiet()


async def test_every_client_of_the_account_hears(
    http: aiohttp.ClientSession, client: BareClient, cloud: SimulatedCloud
) -> None:
    """What one client commands is pushed to the other too."""
    async with connect(http, cloud) as phone:
        await phone.set(WASHER, power=True)
        assert await phone.push() == await client.push()


async def test_delete_command(
    http: aiohttp.ClientSession, client: BareClient, cloud: SimulatedCloud
) -> None:
    """A deletion is told to all clients; one of what is gone is refused to who asked."""
    gone = id_of(cloud, WASHER)
    async with connect(http, cloud) as phone:
        for asked in (client, phone):
            expected = {"result": True, "status": {"id": gone}}
            if asked is client:
                await client.send("0014", {"devid": gone})
            assert await asked.next() == ("0015", expected)
        assert await client.ask("0014", {"devid": gone}) == ("0015", {"result": False})
        assert await phone.quiet()
    assert gone not in await client.list()
    assert cloud.violations == []


# --- what commands meet ---------------------------------------------------------------------


async def test_hub_off_line(client: BareClient, cloud: SimulatedCloud) -> None:
    """A command to anything behind a hub that is off line fails with code 5."""
    cloud.home.set_connected(GARDEN, False)
    pushed = await client.push()
    assert (pushed["id"], pushed["onLine"]) == (id_of(cloud, GARDEN), False)
    await client.set(FOUNTAIN, power=False)
    assert await client.next() == ("9999", {"code": 5, "info": "main_unit_not_online"})
    # The devices' own state is not touched.
    assert (await client.list())[id_of(cloud, FOUNTAIN)]["onLine"] is True
    assert cloud.violations == []


async def test_hub_that_is_gone(client: BareClient, cloud: SimulatedCloud) -> None:
    """Without its hub a device cannot be reached, and neither can the hub itself."""
    hub = cloud.home.remove(GARDEN).device_id
    assert await client.next() == ("0015", {"result": True, "status": {"id": hub}})
    await client.set(FOUNTAIN, power=False)
    assert await client.error() == 7
    await client.send("0016", {"devid": hub, "name": "x", "lock": "1", "iconId": "0"})
    assert await client.error() == 7
    assert cloud.violations == []


async def test_device_that_is_gone(client: BareClient, cloud: SimulatedCloud) -> None:
    """A command for a device that was deleted is refused, which is no fault of the client."""
    sent = whole(cloud.home, WASHER, power=True)
    cloud.home.remove(WASHER, announce=False)
    for prefix, body in (
        ("0006", sent),
        ("0030", {"devid": sent["id"], "ledDevice": 1}),
        ("0144", {"deviceSN": sent["id"], "closedPosition": 1}),
    ):
        await client.send(prefix, body)
        assert await client.error() == 17
    assert cloud.violations == []


async def test_device_off_line(client: BareClient, cloud: SimulatedCloud) -> None:
    """A device that its hub does not reach does not respond, which takes a while to find out."""
    cloud.home.set_connected(WASHER, False)
    assert (await client.push())["onLine"] is False
    await client.set(WASHER, power=True)
    assert await client.next() == ("9999", {"code": 40, "info": "no_response"})
    assert (await client.list())[id_of(cloud, WASHER)]["power"] is False


@pytest.mark.parametrize(
    ("hours", "hour", "allowed"),
    [
        ("08:00-20:00", 7, False),
        ("08:00-20:00", 8, True),
        ("08:00-20:00", 20, False),
        ("22:00-06:00", 23, True),
        ("22:00-06:00", 5, True),
        ("22:00-06:00", 6, False),
        ("00:00-24:00", 23, True),
        ("whenever", 3, True),
    ],
)
async def test_hours_of_a_share(
    client: BareClient, cloud: SimulatedCloud, hours: str, hour: int, allowed: bool
) -> None:
    """A shared device obeys within its hours, by the clock of the home."""
    cloud.home.clock = lambda: datetime(2026, 4, 1, hour, 0, tzinfo=UTC)
    cloud.rules.fresh_s = None
    cloud.home.share(SHARED, hours=hours)
    pushed = await client.push()
    assert (pushed["shared"], pushed["allowedTime"]) == (True, hours)
    await client.set(SHARED, power=True)
    if allowed:
        assert (await client.push())["power"] is True
    else:
        assert await client.next() == (
            "9999",
            {"code": 94, "info": "outside_of_activity_hours"},
        )
    assert cloud.violations == []


async def test_permission_of_a_share(client: BareClient, cloud: SimulatedCloud) -> None:
    """A share may forbid to operate; what is no longer shared obeys."""
    cloud.home.share(SHARED, permission="view")
    assert (await client.push())["permission"] == "view"
    await client.set(SHARED, power=True)
    assert await client.next() == ("9999", {"code": 72, "info": "permission_denied"})
    cloud.home.unshare(SHARED)
    pushed = await client.push()
    assert pushed["shared"] is False
    assert not {"permission", "allowedTime"} & pushed.keys()
    await client.set(SHARED, power=True)
    assert (await client.push())["power"] is True


# --- hands ----------------------------------------------------------------------------------


async def test_press(client: BareClient, cloud: SimulatedCloud) -> None:
    """The wall button toggles, or sets; each press is pushed, and switching on is dated."""
    assert cloud.home.press(WASHER) is True
    pushed = await client.push()
    assert pushed["power"] is True
    dated = datetime.strptime(pushed["lastOn"], "%Y-%m-%d %H:%M:%S")
    assert abs((datetime.now() - dated).total_seconds()) < 60
    assert abs(pushed["updateTime"] / 1000 - time.time()) < 60
    assert cloud.home.press(WASHER, on=True) is True
    assert (await client.push())["power"] is True
    assert cloud.home.press(WASHER) is False
    after = await client.push()
    assert (after["power"], after["lastOn"]) == (False, pushed["lastOn"])


async def test_curtain_by_hand(client: BareClient, cloud: SimulatedCloud) -> None:
    """Buttons and app move a curtain, also to levels that commands cannot reach."""
    cloud.home.pace.speed = 50
    cloud.home.move(CURTAIN, "close")
    assert (await client.push())["curtainState"] == "100"
    cloud.home.move(CURTAIN, "stop")
    assert 230 <= int((await client.push())["curtainState"]) < 300
    cloud.home.move_to(CURTAIN, 47)
    assert [(await client.push())["curtainState"] for _ in range(2)] == ["47", "247"]
    cloud.home.move(CURTAIN, "open")
    assert [(await client.push())["curtainState"] for _ in range(2)] == ["0", "200"]


@pytest.mark.parametrize("report", [True, False])
async def test_block(client: BareClient, cloud: SimulatedCloud, report: bool) -> None:
    """A curtain that somebody holds stops before its target, and tells so or not."""
    cloud.home.move(SHUTTER, "close")
    assert (await client.push())["curtainState"] == "100"
    cloud.home.block(SHUTTER, at=50, report=report)
    await cloud.home.settle()
    level = cloud.home.device(SHUTTER).level
    assert 40 <= level <= 75
    if report:
        assert (await client.push())["curtainState"] == str(200 + level)
    assert await client.quiet()
    state = (await client.list())[id_of(cloud, SHUTTER)]["curtainState"]
    assert state == (str(200 + level) if report else "100")


async def test_app_changes_are_pushed(client: BareClient, cloud: SimulatedCloud) -> None:
    """Names, icons, versions, types, locks, lights and calibration are pushed with the object."""
    home = cloud.home
    device = id_of(cloud, CURTAIN)
    home.rename(device, "Drapes")
    home.set_icon(device, "12")
    home.set_version(device, "3.1")
    home.change_type(device, 4)
    home.set_lock(device, locked=True)
    home.set_led(device, 33)
    home.set_closed_position(device, 4)
    home.write(device, {"timers": True, "unheard": {"of": [1]}})
    pushes = [await client.push() for _ in range(8)]
    assert [push["id"] for push in pushes] == [device] * 8
    last = pushes[-1]
    expected = {
        "name": "Drapes",
        "iconId": "12",
        "version": "3.1",
        "type": 4,
        "lock": "2",
        "led": 33,
        "closedPosition": 4,
        "timers": True,
        "unheard": {"of": [1]},
    }
    assert {name: last[name] for name in expected} == expected
    assert (await client.list())[device] == last
    home.rename(GARDEN, "Shed")
    assert (await client.push())["name"] == "Shed"


async def test_written_curtain(client: BareClient, cloud: SimulatedCloud) -> None:
    """The cloud can be made to tell any state of a curtain, which then stands where that says."""
    cloud.home.move(CURTAIN, "close")
    await client.push()
    cloud.home.write(CURTAIN, {"curtainState": "260"})
    assert (await client.push())["curtainState"] == "260"
    assert await client.quiet()
    cloud.home.write(CURTAIN, {"curtainState": "x"})
    assert (await client.push())["curtainState"] == "x"
    assert cloud.home.device(CURTAIN).level == 60


@pytest.mark.parametrize("partial", [False, True])
async def test_partial_pushes(client: BareClient, cloud: SimulatedCloud, partial: bool) -> None:
    """On request pushes hold only what changed."""
    cloud.home.pace.partial = partial
    cloud.home.press(CORRIDOR)
    pushed = await client.push()
    if partial:
        assert pushed.keys() == {"id", "power", "updateTime"}
    else:
        assert pushed == cloud.home.device(CORRIDOR).members


async def test_added_devices(client: BareClient, cloud: SimulatedCloud) -> None:
    """What is paired is told by a push, an answer, a push without a type, or the next list only."""
    home = cloud.home
    lamp = home.add("light_switch", "Attic light")
    assert await client.next() == ("0009", lamp.members)
    curtain = home.add("curtain", "Attic curtain", hub=GARDEN, announce="answer")
    assert curtain.hub_id == id_of(cloud, GARDEN)
    assert await client.next() == ("0013", {"result": True, "status": curtain.members})
    stranger = home.add("strange_switch", "Attic heater", announce="partial")
    assert await client.next() == ("0009", {"id": stranger.device_id, "power": False})
    hub = home.add("hub", "Attic unit")
    assert await client.next() == ("0009", hub.members)
    silent = home.add("socket", "Attic socket", announce="none")
    home.put(make_device("socket", "Cellar socket", seed="x", hub_id=hub.device_id))
    assert await client.quiet()
    names = {item["name"] for item in (await client.list()).values()}
    assert {"Attic light", "Attic curtain", "Attic heater", "Attic unit"} < names
    assert {"Attic socket", "Cellar socket"} < names
    await client.set(silent.device_id, power=True)
    assert (await client.push())["power"] is True


async def test_removed_while_moving(client: BareClient, cloud: SimulatedCloud) -> None:
    """What is deleted on its way, or with a command ahead, is not heard of any more."""
    cloud.home.move(CURTAIN, "close")
    await client.push()
    await client.set(WASHER, power=True)
    await cloud.journal.wait_for(lambda: bool(cloud.requests("0006")))
    cloud.home.remove(WASHER)
    cloud.home.remove(CURTAIN)
    assert [(await client.next())[0] for _ in range(2)] == ["0015", "0015"]
    assert await client.quiet()


async def test_device_off_line_and_back(client: BareClient, cloud: SimulatedCloud) -> None:
    """What happens on a device meanwhile is heard of when it is back."""
    cloud.home.set_connected(WASHER, False)
    assert (await client.push())["onLine"] is False
    cloud.home.press(WASHER)
    assert await client.quiet()
    assert (await client.list())[id_of(cloud, WASHER)]["power"] is False
    assert cloud.home.press(WASHER) is False
    cloud.home.press(WASHER)
    cloud.home.set_connected(WASHER, True)
    pushed = await client.push()
    assert (pushed["onLine"], pushed["power"]) == (True, True)
    assert await client.quiet()


async def test_hub_off_line_and_back(client: BareClient, cloud: SimulatedCloud) -> None:
    """Nothing is heard of what is behind a hub without a link; when it is back it tells what it missed."""
    cloud.home.set_connected(GARDEN, False)
    assert (await client.push())["onLine"] is False
    cloud.home.press(FOUNTAIN)
    cloud.home.set_connected("Garden path light", False)
    cloud.home.move("Pergola shutter", "close")
    assert await client.quiet()
    cloud.home.set_connected(GARDEN, True)
    pushes = {item["name"]: item for item in [await client.push() for _ in range(4)]}
    assert pushes[GARDEN]["onLine"] is True
    assert pushes[FOUNTAIN]["power"] is False
    assert pushes["Garden path light"]["onLine"] is False
    assert pushes["Pergola shutter"]["curtainState"] == "300"
    assert await client.quiet()


@pytest.mark.parametrize(
    ("notice", "prefixes", "body"),
    [
        ("push", ["0009"], None),
        ("members", ["0049"], {"id": "", "onLine": False}),
        ("bare", ["0049"], {}),
        ("both", ["0009", "0049"], {}),
        ("none", [], None),
    ],
)
async def test_notices_of_hubs(
    client: BareClient, cloud: SimulatedCloud, notice: str, prefixes: list[str], body: object
) -> None:
    """That a hub went is told in one of the ways that are thought possible, and always in the list."""
    hub = id_of(cloud, GARDEN)
    cloud.home.set_connected(GARDEN, False, notice=notice)
    frames = [await client.next() for _ in prefixes]
    assert [prefix for prefix, _ in frames] == prefixes
    if body is not None:
        expected = {"id": hub, "onLine": False} if body else {}
        assert frames[-1] == ("0049", expected)
    assert await client.quiet()
    assert (await client.list())[hub]["onLine"] is False


async def test_stale_rewrite_by_hand(client: BareClient, cloud: SimulatedCloud) -> None:
    """Another client writes an object it remembers, and with it an old state."""
    cloud.home.remember(WASHER)
    await client.set(WASHER, power=True)
    assert (await client.push())["power"] is True
    cloud.home.rewrite(WASHER, {"led": 70})
    pushed = await client.push()
    assert (pushed["power"], pushed["led"]) == (False, 70)
    assert abs(pushed["updateTime"] / 1000 - time.time()) < 60


@pytest.mark.parametrize(
    ("operation", "arguments", "error"),
    [
        ("press", ("nothing",), LookupError),
        ("press", (CURTAIN,), ValueError),
        ("press", (GARDEN,), ValueError),
        ("move", (WASHER, "open"), ValueError),
        ("move", (CURTAIN, "up"), ValueError),
        ("move_to", (CURTAIN, 101), ValueError),
        ("move_to", (CURTAIN, 99), ValueError),
        ("block", (CURTAIN,), ValueError),
        ("set_lock", (GARDEN, True), ValueError),
        ("set_led", (WASHER, 101), ValueError),
        ("set_closed_position", (CURTAIN, 11), ValueError),
        ("set_closed_position", (WASHER, 1), ValueError),
        ("set_connected", (WASHER, False, "shout"), ValueError),
        ("add", ("socket", "Socket", None, "shout"), ValueError),
        ("write", (WASHER, {"id": "x"}), ValueError),
        ("add", ("toaster", "Toaster"), ValueError),
        ("rewrite", (WASHER,), LookupError),
    ],
)
async def test_hands_cannot_do_everything(
    operation: str, arguments: tuple[object, ...], error: type[Exception]
) -> None:
    """A hand operation that makes no sense says so."""
    with pytest.raises(error):
        getattr(demo_home(), operation)(*arguments)


async def test_ambiguous_name() -> None:
    """Two devices of one name must be told apart by id."""
    home = demo_home()
    home.rename(WASHER, BOILER)
    with pytest.raises(LookupError):
        home.press(BOILER)


# --- two servers ----------------------------------------------------------------------------


async def test_two_servers_share_the_home(
    http: aiohttp.ClientSession, client: BareClient, cloud: SimulatedCloud
) -> None:
    """A second server has the same devices and pushes, and a journal and faults of its own."""
    async with cloud.sibling() as second, connect(http, second) as other:
        assert await other.list() == await client.list()
        await other.set(WASHER, power=True)
        assert await client.push() == await other.push()
        assert [len(server.requests("0006")) for server in (cloud, second)] == [0, 1]
        second.faults.arm("login_silence")
        async with connect(http, cloud):
            pass
    # The home lives on with the first.
    cloud.home.move(SHUTTER, "close")
    assert [(await client.push())["curtainState"] for _ in range(2)] == ["100", "300"]


@pytest.mark.parametrize("closes", [False, True])
async def test_redirect_while_running(
    http: aiohttp.ClientSession, client: BareClient, cloud: SimulatedCloud, closes: bool
) -> None:
    """Clients are sent to the second server, and back, or wherever one likes."""
    cloud.rules.close_after_redirect = closes
    async with cloud.sibling() as second:
        cloud.redirect()
        prefix, body = await client.next()
        url = URL(second.ws_url)
        assert (prefix, body) == ("0039", {"ip": url.host, "port": str(url.port)})
        if closes:
            assert (await client.end()).data == 1000
        else:  # who does not follow is still served
            assert await client.list()
            cloud.redirect("s2.homismart.com", "9443")
            assert await client.next() == ("0039", {"ip": "s2.homismart.com", "port": "9443"})
        async with connect(http, second) as moved:
            assert await moved.list()
            second.redirect()
            back = await moved.next()
            assert back == ("0039", {"ip": "127.0.0.1", "port": str(URL(cloud.ws_url).port)})


async def test_redirect_without_a_second_server(client: BareClient, cloud: SimulatedCloud) -> None:
    """With nowhere else to go a redirect leads back, which a client must see through."""
    cloud.redirect()
    port = str(URL(cloud.ws_url).port)
    assert await client.next() == ("0039", {"ip": "127.0.0.1", "port": port})


# --- life -----------------------------------------------------------------------------------


async def test_journal(http: aiohttp.ClientSession, cloud: SimulatedCloud) -> None:
    """Connections, requests and closes are recorded in order, and shown without secrets."""
    async with connect(http, cloud) as client:
        await client.list()
        await client.ws.close(code=1000)
    await cloud.journal.wait_for(lambda: cloud.received[-1].what == "close")
    assert [entry.what for entry in cloud.received] == ["open", "request", "request", "close"]
    assert [entry.prefix for entry in cloud.requests()] == ["0002", "0004"]
    assert cloud.received[-1].body == 1000
    digest = cloud.requests("0002")[0].body["password"]
    shown = str([entry.as_json() for entry in cloud.received])
    for text in (repr(cloud.received), shown):
        assert digest not in text
        assert cloud.home.username not in text


@pytest.mark.parametrize("trouble", ["none", "stall", "login", "upgrade", "running"])
async def test_close_is_quick_and_leaves_nothing(
    http: aiohttp.ClientSession, socket_enabled: None, trouble: str
) -> None:
    """Closing takes no time and leaves no task, whatever the clients are doing."""
    before = asyncio.all_tasks()
    cloud = SimulatedCloud(demo_home())
    hanging: asyncio.Task[object] | None = None
    async with cloud:
        ws = await http.ws_connect(cloud.ws_url)
        client = BareClient(ws, cloud.home)
        await client.ask("0002", login(cloud.home))
        match trouble:
            case "stall":
                cloud.stall()
            case "login":
                cloud.faults.arm("login_delay", seconds=60)
                other = BareClient(await http.ws_connect(cloud.ws_url), cloud.home)
                await other.send("0002", login(cloud.home))
                await cloud.journal.wait_for(lambda: len(cloud.requests("0002")) == 2)
            case "upgrade":
                cloud.faults.arm("upgrade_hang")
                hanging = asyncio.ensure_future(http.ws_connect(cloud.ws_url))
                await cloud.journal.wait_for(lambda: cloud.received[-1].session == 2)
            case "running":
                cloud.home.move(SHUTTER, "close")
                cloud.home.press(DOOR)
                cloud.faults.arm("delay", seconds=60)
                await client.send("0004", {})
                await cloud.journal.wait_for(lambda: bool(cloud.requests("0004")))
        began = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - began < 0.1
    assert cloud.sessions == []
    assert cloud.home.device(SHUTTER).motion is None
    if trouble == "running":
        assert cloud.home.device(SHUTTER).members["curtainState"] == "200"
        assert cloud.home.device(DOOR).members["power"] is False
    if hanging:
        with pytest.raises(aiohttp.ClientError):
            await hanging
    await ws.close()
    await asyncio.sleep(0)
    assert {task for task in asyncio.all_tasks() if not task.done()} == before
    gc.collect()  # would report sockets that were left open
