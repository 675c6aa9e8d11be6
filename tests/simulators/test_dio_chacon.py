"""The simulated DIO cloud: what it answers, what it pushes, and what hands do to its devices."""

import asyncio
from collections.abc import AsyncIterator
import gc
import re

import aiohttp
import pytest
from yarl import URL

from simulators.dio_chacon import (
    Home,
    Pace,
    Rules,
    SimulatedCloud,
    demo_home,
    empty_home,
    large_home,
)
from simulators.dio_chacon.devices import make_device
from tests.common import load_vectors
from tests.simulators.dio_client import (
    BareClient,
    by_password,
    connect,
    greeting,
    links,
    log_in,
    login_body,
)

MOVEMENT = "oic.r.movement.linear"
LEVEL = "oic.r.openlevel"
SWITCH = "oic.r.switch.binary"
QUIET = "gw.r.quietmode"
EVENT = "gw.r.lastEvent"
STATE_MEMBERS = {"rt", "href", "provider", "rc", "t", "di", "n", "links"}


@pytest.fixture
async def cloud(socket_enabled: None) -> AsyncIterator[SimulatedCloud]:
    """Serve the demo home, two hundred times as quick as a real one."""
    async with SimulatedCloud(demo_home(odd_devices=True, pace=Pace(speed=200))) as cloud:
        yield cloud


@pytest.fixture
async def client(http: aiohttp.ClientSession, cloud: SimulatedCloud) -> AsyncIterator[BareClient]:
    """Connect by password."""
    async with connect(http, cloud) as client:
        yield client


def device_id(cloud: SimulatedCloud, name: str) -> str:
    """Find a device of the home by its name."""
    return cloud.home.device(name).device_id


# --- credentials ----------------------------------------------------------------------------


async def test_token_way(http: aiohttp.ClientSession, cloud: SimulatedCloud) -> None:
    """The token of the HTTP login opens the websocket, as often as one likes."""
    token = await log_in(http, cloud)
    assert re.fullmatch(r"r:[0-9a-f]{32}", token)
    for _ in range(2):
        async with connect(http, cloud, sessionToken=token) as client:
            assert (await client.ask("GET", "/user"))["data"]["email"] == cloud.home.email
    assert cloud.violations == []


async def test_wrong_password_at_the_login(
    http: aiohttp.ClientSession, cloud: SimulatedCloud
) -> None:
    """A refused login has HTTP status 200 and status 400 in its body."""
    async with http.post(
        cloud.auth_url, json=login_body(cloud.home) | {"password": "wrong"}
    ) as answer:
        assert answer.status == 200
        body = await answer.json()
    assert body["status"] == 400
    assert isinstance(body["data"], str)
    assert cloud.violations == []


@pytest.mark.parametrize("closes", [False, True])
@pytest.mark.parametrize(
    "query",
    [
        {"email": "demo@example.org", "password": "wrong", "serviceName": "s"},
        {"email": "nobody@example.org", "password": "demo-password", "serviceName": "s"},
        {"sessionToken": "r:00000000000000000000000000000000"},
    ],
    ids=["password", "account", "token"],
)
async def test_refusing_greeting(
    http: aiohttp.ClientSession, cloud: SimulatedCloud, query: dict[str, str], closes: bool
) -> None:
    """Bad credentials are greeted with ``invalid``; whether the server closes then is a rule."""
    cloud.rules.close_after_invalid = closes
    async with connect(http, cloud, greeted=False, **query) as client:
        assert await client.next() == greeting("invalid")
        if closes:
            assert (await client.end()).type is aiohttp.WSMsgType.CLOSE
        else:
            assert await client.quiet()
    assert cloud.violations == []


async def test_logout_ends_the_token(http: aiohttp.ClientSession, cloud: SimulatedCloud) -> None:
    """After a logout the session answers 401 and the token opens nothing any more."""
    token = await log_in(http, cloud)
    async with connect(http, cloud, sessionToken=token) as client:
        assert await client.ask("POST", "/session/logout") == {"id": 1, "status": 200}
        assert (await client.ask("GET", "/user"))["status"] == 401
    async with connect(http, cloud, greeted=False, sessionToken=token) as client:
        assert await client.next() == greeting("invalid")
    assert cloud.tokens == ()


async def test_logout_may_close(http: aiohttp.ClientSession, cloud: SimulatedCloud) -> None:
    """By rule the server closes after the logout, once it has answered."""
    cloud.rules.close_after_logout = True
    async with connect(http, cloud, sessionToken=await log_in(http, cloud)) as client:
        assert (await client.ask("POST", "/session/logout"))["status"] == 200
        assert (await client.end()).data == 1000


async def test_expired_tokens(http: aiohttp.ClientSession, cloud: SimulatedCloud) -> None:
    """Expired tokens refuse new connections; open ones live on, or are answered 401."""
    token = await log_in(http, cloud)
    async with connect(http, cloud, sessionToken=token) as client, connect(http, cloud) as other:
        cloud.expire_tokens()
        assert (await client.ask("GET", "/user"))["status"] == 200
        async with connect(http, cloud, greeted=False, sessionToken=token) as late:
            assert await late.next() == greeting("invalid")
        cloud.expire_tokens(live=True)
        assert (await client.ask("GET", "/user"))["status"] == 401
        assert (await other.ask("GET", "/user"))["status"] == 200


async def test_changed_password(http: aiohttp.ClientSession, cloud: SimulatedCloud) -> None:
    """After a change of the password the old one and its tokens open nothing."""
    old, token = by_password(cloud.home), await log_in(http, cloud)
    cloud.change_password("new one")
    for query in (old, {"sessionToken": token}):
        async with connect(http, cloud, greeted=False, **query) as client:
            assert await client.next() == greeting("invalid")
    async with connect(http, cloud):
        pass
    assert await log_in(http, cloud)


async def test_two_accounts(http: aiohttp.ClientSession, socket_enabled: None) -> None:
    """Each account sees its own devices and pushes."""
    one = demo_home("one@example.org", "1", pace=Pace(speed=200))
    two = demo_home("two@example.org", "2", pace=Pace(speed=200))
    async with (
        SimulatedCloud(one, two) as cloud,
        connect(http, cloud, **by_password(one)) as first,
        connect(http, cloud, **by_password(two)) as second,
    ):
        assert (await second.ask("GET", "/user"))["data"]["email"] == "two@example.org"
        assert set(one.devices).isdisjoint(two.devices)
        two.press("Prise garage")
        assert links(await second.next())[SWITCH]["value"] == 1
        assert await first.quiet()


@pytest.mark.parametrize("row", load_vectors("dio_chacon", "url_query")["rows"])
async def test_encoded_credentials(
    http: aiohttp.ClientSession, socket_enabled: None, row: tuple[dict[str, str], str]
) -> None:
    """The query of each vector opens the account with those credentials."""
    wanted, query = row
    home = empty_home(wanted.get("email", "a@b.c"), wanted.get("password", "p"))
    async with SimulatedCloud(home) as cloud:
        if token := wanted.get("sessionToken"):
            cloud.add_token(token)
        url = URL(f"{cloud.ws_url}?{query}", encoded=True)
        async with http.ws_connect(url) as ws:
            assert await ws.receive_json() == greeting("success")
        assert cloud.violations == []


# --- reads ----------------------------------------------------------------------------------


async def test_reads(client: BareClient, cloud: SimulatedCloud) -> None:
    """Account, list, rooms and the reads of unknown shape are answered in full."""
    account = (await client.ask("GET", "/user"))["data"]
    assert account == cloud.home.user
    records = (await client.ask("GET", "/device"))["data"]
    vector = load_vectors("dio_chacon", "devices")["records"][0]
    assert all(record.keys() == vector.keys() for record in records)
    rooms = (await client.ask("GET", "/room"))["data"]
    assert {record["roomId"] for record in records} <= {room["id"] for room in rooms}
    assert (await client.ask("GET", "/group"))["data"] == []
    assert (await client.ask("GET", "/static/all"))["data"] == {}
    assert cloud.violations == []


async def test_demo_home_has_every_kind(client: BareClient) -> None:
    """The demo has at least three shutters, two light switches, two plugs, a doorbell and a stranger."""
    types = [record["type"] for record in (await client.ask("GET", "/device"))["data"]]

    def count(part: str) -> int:
        return sum(part in text for text in types)

    assert count(".wifi.shutter.") >= 3
    assert count(".wifi.genericSwitch.") >= 2
    assert count(".wifi.plug.") >= 2
    assert count(".wifi.doorBell.") >= 1
    assert count(".wifi.camera.") >= 1
    assert ".wifi.plug.switch." in types  # one without the family token


async def test_states(client: BareClient, cloud: SimulatedCloud) -> None:
    """States are whole; null for what never reported, missing for strangers, 0 for the unreachable."""
    names = ["Volet cuisine", "Portier", "Volet grenier", "Volet bureau", "Caméra jardin"]
    ids = {name: device_id(cloud, name) for name in names}
    states = await client.states(*ids.values(), "L4HActuator_gone")
    assert set(states) == {ids[name] for name in names[:4]}
    assert states[ids["Volet grenier"]] is None
    assert states[ids["Volet bureau"]]["rc"] == 0
    shutter = states[ids["Volet cuisine"]]
    assert shutter.keys() == STATE_MEMBERS
    assert shutter["rc"] == 1
    vector = load_vectors("dio_chacon", "devices")["states"]
    expected = vector["L4HActuator_5b1f0c2e-9a41-4d17-8f63-20c4e1a7b001"]
    assert [link.keys() for link in shutter["links"]] == [link.keys() for link in expected["links"]]
    bell = vector["Tuya_bf77d0orbe11sample01"]
    assert [link.keys() for link in states[ids["Portier"]]["links"]] == [
        link.keys() for link in bell["links"]
    ]
    assert cloud.violations == []


async def test_fixture_home_answers_as_recorded(
    http: aiohttp.ClientSession, socket_enabled: None
) -> None:
    """A home furnished from the fixture answers with its records and states, unchanged."""
    fixture = load_vectors("dio_chacon", "devices")
    async with (
        SimulatedCloud(Home.from_fixture(fixture, "correct horse")) as cloud,
        connect(http, cloud) as client,
    ):
        assert (await client.ask("GET", "/device"))["data"] == fixture["records"]
        assert await client.states(*fixture["states"]) == fixture["states"]
        assert (await client.ask("GET", "/room"))["data"] == fixture["rooms_assumed"]


async def test_large_home(http: aiohttp.ClientSession, socket_enabled: None) -> None:
    """Three hundred devices are answered in one go, unless a rule limits the ids of a request."""
    home = large_home(300)
    async with SimulatedCloud(home) as cloud, connect(http, cloud) as client:
        ids = [record["id"] for record in (await client.ask("GET", "/device"))["data"]]
        assert len(set(ids)) == 300
        assert len(await client.states(*ids)) == 300
        cloud.rules.states_limit = 50
        assert len(await client.states(*ids[:50])) == 50
        assert cloud.violations == []
        answer = await client.ask("POST", "/device/states", {"devices": ids[:51]})
        assert answer["status"] == 400
        assert "51" in cloud.violations[0].why


async def test_ids_survive_a_restart() -> None:
    """The same account gets the same device ids each time, another account others."""
    assert demo_home().devices.keys() == demo_home().devices.keys()
    assert demo_home().devices.keys().isdisjoint(demo_home("other@example.org").devices)


# --- commands -------------------------------------------------------------------------------


async def test_switch_command(client: BareClient, cloud: SimulatedCloud) -> None:
    """A switch is acknowledged without data, then reports its whole state."""
    lamp = device_id(cloud, "Plafonnier couloir")
    assert await client.act(lamp, "switch", {"value": 1}) == {"id": 1, "status": 200}
    push = await client.next()
    assert push["data"].keys() == STATE_MEMBERS
    assert push["data"]["di"] == lamp
    assert links(push)[SWITCH]["value"] == 1
    # A switch reports also when it was on already.
    await client.act(lamp, "switch", {"value": 1})
    assert links(await client.next())[SWITCH]["value"] == 1


async def test_quiet_mode_command(client: BareClient, cloud: SimulatedCloud) -> None:
    """Quiet mode is written and reported like a switch."""
    plug = device_id(cloud, "Prise lampadaire")
    assert (await client.act(plug, "quietmode", {"value": 1}))["status"] == 200
    assert links(await client.next())[QUIET]["value"] == 1


@pytest.mark.parametrize(
    ("href", "parameters", "direction", "end"),
    [
        ("mvtlinear", {"movement": "up"}, "up", 100),
        ("mvtlinear", {"movement": "down"}, "down", 0),
        ("openlevel", {"openLevel": 75}, "up", 75),
        ("openlevel", {"openLevel": 0}, "down", 0),
    ],
)
async def test_shutter_command(
    client: BareClient,
    cloud: SimulatedCloud,
    href: str,
    parameters: dict[str, object],
    direction: str,
    end: int,
) -> None:
    """A shutter reports when it starts, from where it is, and when it stops, where it is then."""
    shutter = device_id(cloud, "Volet cuisine")
    assert await client.act(shutter, href, parameters) == {"id": 1, "status": 200}
    start = links(await client.next())
    assert (start[MOVEMENT]["movement"], start[LEVEL]["openLevel"]) == (direction, 60)
    stop = links(await client.next())
    assert (stop[MOVEMENT]["movement"], stop[LEVEL]["openLevel"]) == ("stop", end)
    assert await client.quiet()


async def test_travel_follows_the_calibration(client: BareClient, cloud: SimulatedCloud) -> None:
    """A shutter takes the share of its travel time that the way is long."""
    shutter = cloud.home.device("Volet chambre")
    cloud.home.pace.speed = 2
    for level, seconds in ((50, 15.48 / 2), (100, 15.48)):
        await client.act(shutter.device_id, "openlevel", {"openLevel": level})
        await client.next()
        assert shutter.motion
        assert shutter.motion.duration_s == pytest.approx(seconds / 2, rel=0.1)
        await client.act(shutter.device_id, "mvtlinear", {"movement": "stop"})
        await client.next()
        shutter.write(LEVEL, openLevel=0)


async def test_stop_half_way(client: BareClient, cloud: SimulatedCloud) -> None:
    """A stop is reported with the level reached; a read under way tells the level of the moment."""
    cloud.home.pace.speed = 5
    cloud.home.pace.reaction_s = 0
    shutter = device_id(cloud, "Volet salon")
    await client.act(shutter, "mvtlinear", {"movement": "down"})
    assert links(await client.next())[LEVEL]["openLevel"] == 100
    await asyncio.sleep(0.5)
    state = (await client.states(shutter))[shutter]
    under_way = {link["rt"]: link for link in state["links"]}
    assert under_way[MOVEMENT]["movement"] == "down"
    level = under_way[LEVEL]["openLevel"]
    assert 0 < level < 100
    await client.act(shutter, "mvtlinear", {"movement": "stop"})
    stop = links(await client.next())
    assert stop[MOVEMENT]["movement"] == "stop"
    assert 0 < stop[LEVEL]["openLevel"] <= level
    assert await client.quiet()  # the end of the old run is forgotten


async def test_new_target_under_way(client: BareClient, cloud: SimulatedCloud) -> None:
    """A running shutter turns round with a report, and goes on in its direction without one."""
    cloud.home.pace.speed = 5
    cloud.home.pace.reaction_s = 0
    shutter = device_id(cloud, "Volet cuisine")
    await client.act(shutter, "mvtlinear", {"movement": "up"})
    assert links(await client.next())[MOVEMENT]["movement"] == "up"
    await client.act(shutter, "mvtlinear", {"movement": "down"})
    assert links(await client.next())[MOVEMENT]["movement"] == "down"
    cloud.home.pace.speed = 200
    await client.act(shutter, "openlevel", {"openLevel": 20})
    stop = links(await client.next())
    assert (stop[MOVEMENT]["movement"], stop[LEVEL]["openLevel"]) == ("stop", 20)
    assert await client.quiet()


@pytest.mark.parametrize("talkative", [False, True])
async def test_command_without_change(
    client: BareClient, cloud: SimulatedCloud, talkative: bool
) -> None:
    """A shutter that is there already reports only if it is told to."""
    cloud.home.pace.report_unchanged = talkative
    shutter = device_id(cloud, "Volet salon")
    for href, parameters in (
        ("mvtlinear", {"movement": "up"}),
        ("mvtlinear", {"movement": "stop"}),
        ("openlevel", {"openLevel": 100}),
    ):
        assert (await client.act(shutter, href, parameters))["status"] == 200
        if talkative:
            assert links(await client.next())[LEVEL]["openLevel"] == 100
        else:
            assert await client.quiet()


async def test_progress_reports(client: BareClient, cloud: SimulatedCloud) -> None:
    """On request a running shutter reports on its way."""
    cloud.home.pace.progress_s = 2
    shutter = device_id(cloud, "Volet chambre")
    await client.act(shutter, "mvtlinear", {"movement": "up"})
    levels = []
    while (push := links(await client.next()))[MOVEMENT]["movement"] == "up":
        levels.append(push[LEVEL]["openLevel"])
    assert len(levels) >= 4
    assert levels == sorted(levels)
    assert push[LEVEL]["openLevel"] == 100


async def test_partial_reports(client: BareClient, cloud: SimulatedCloud) -> None:
    """On request reports hold only what changed."""
    cloud.home.pace.partial = True
    cloud.home.press("Prise garage")
    push = await client.next()
    assert push["data"].keys() == {"di", "rc", "links"}
    assert links(push).keys() == {SWITCH}


async def test_unreachable_device(client: BareClient, cloud: SimulatedCloud) -> None:
    """A command for a device that is not connected times out in the cloud."""
    shutter = device_id(cloud, "Volet bureau")
    answer = await client.act(shutter, "mvtlinear", {"movement": "up"})
    assert answer == {"id": 1, "status": 500, "data": "timeout"}
    assert cloud.violations == []


async def test_unknown_device(client: BareClient, cloud: SimulatedCloud) -> None:
    """A command for a device that is gone is answered 404, which is no fault of the client."""
    gone = cloud.home.remove("Prise garage").device_id
    answer = await client.act(gone, "switch", {"value": 1})
    assert (answer["status"], answer["data"]) == (404, "Object not found.")
    assert cloud.violations == []


async def test_unknown_types_act_by_the_general_rule(
    client: BareClient, cloud: SimulatedCloud
) -> None:
    """A device of unknown type with a switch or a level obeys like the known ones."""
    heater = cloud.home.add("unknown_switch", "Chauffage")
    awning = cloud.home.add("unknown_cover", "Store")
    await client.act(heater.device_id, "switch", {"value": 1})
    assert links(await client.next())[SWITCH]["value"] == 1
    await client.act(awning.device_id, "openlevel", {"openLevel": 40})
    assert links(await client.next())[MOVEMENT]["movement"] == "down"
    assert links(await client.next())[LEVEL]["openLevel"] == 40


async def test_every_client_of_the_account_hears(
    http: aiohttp.ClientSession, client: BareClient, cloud: SimulatedCloud
) -> None:
    """What one client commands is reported to the other too."""
    async with connect(http, cloud) as phone:
        await phone.act(device_id(cloud, "Prise garage"), "switch", {"value": 1})
        assert await phone.next() == await client.next()


# --- hands ----------------------------------------------------------------------------------


async def test_press(client: BareClient, cloud: SimulatedCloud) -> None:
    """The wall button toggles, or sets; each press is reported."""
    assert cloud.home.press("Plafonnier couloir") is True
    assert links(await client.next())[SWITCH]["value"] == 1
    assert cloud.home.press("Plafonnier couloir", on=True) is True
    assert links(await client.next())[SWITCH]["value"] == 1
    assert cloud.home.press("Plafonnier couloir") is False
    assert links(await client.next())[SWITCH]["value"] == 0


async def test_remote(client: BareClient, cloud: SimulatedCloud) -> None:
    """The remote moves a shutter, which reports without having been asked."""
    cloud.home.move("Volet cuisine", "down")
    assert links(await client.next())[MOVEMENT]["movement"] == "down"
    cloud.home.move("Volet cuisine", "stop")
    assert links(await client.next())[MOVEMENT]["movement"] == "stop"
    cloud.home.move_to("Volet cuisine", 100)
    assert links(await client.next())[MOVEMENT]["movement"] == "up"
    assert links(await client.next())[LEVEL]["openLevel"] == 100


async def test_ring(client: BareClient, cloud: SimulatedCloud) -> None:
    """A ring pushes the event alone, with a stamp later than the last, and is kept for reads."""
    url = "https://snapshots.example.invalid/b.jpeg?x=1"
    stamp = cloud.home.ring("Portier", image=url)
    push = await client.next()
    assert push["data"].keys() == {"di", "rc", "links"}
    event = links(push)[EVENT]
    assert (event["type"], event["ts"]) == ("ring", stamp)
    assert event["data"] == {"reason": None, "image": url}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", stamp)
    assert cloud.home.ring("Portier") > stamp
    assert "image" not in links(await client.next())[EVENT]["data"]
    bell = device_id(cloud, "Portier")
    state = (await client.states(bell))[bell]
    assert next(link for link in state["links"] if link["rt"] == EVENT)["ts"] > stamp


async def test_odd_rings(client: BareClient, cloud: SimulatedCloud) -> None:
    """Other kinds, repeated and older stamps and events without details are pushed as told."""
    stamp = cloud.home.ring("Portier", kind="motion")
    assert links(await client.next())[EVENT]["type"] == "motion"
    assert cloud.home.ring("Portier", ts=stamp) == stamp
    assert links(await client.next())[EVENT]["ts"] == stamp
    cloud.home.ring("Portier", ts="2020-01-01T00:00:00.000Z", empty=True)
    event = links(await client.next())[EVENT]
    assert (event["ts"], event["data"]) == ("2020-01-01T00:00:00.000Z", None)
    # The older one has not displaced the newest.
    assert cloud.home.device("Portier").read(EVENT, "ts") == stamp


async def test_app_changes_are_pushed_as_records(client: BareClient, cloud: SimulatedCloud) -> None:
    """Name, room, firmware and type arrive as the record push of the vector."""
    members = load_vectors("dio_chacon", "rename")["steps"][0]["json"]["data"].keys()
    home = cloud.home
    lamp = device_id(cloud, "Plafonnier couloir")
    home.rename(lamp, "Applique")
    home.assign_room(lamp, "Grenier")
    home.assign_room(lamp, None)
    home.set_firmware(lamp, "2.0")
    home.change_type(lamp, ".wifi.plug.switch.")
    pushes = [await client.next() for _ in range(5)]
    assert all((push["name"], push["action"]) == ("device", "update") for push in pushes)
    assert all(push["data"].keys() == members for push in pushes)
    named, moved, homeless, updated, changed = (push["data"] for push in pushes)
    assert named["name"] == "Applique"
    assert (moved["roomName"], homeless["roomName"], homeless["roomId"]) == ("Grenier", None, None)
    assert updated["softwareVersion"] == "2.0"
    assert changed["type"] == ".wifi.plug.switch."
    records = {record["id"]: record for record in (await client.ask("GET", "/device"))["data"]}
    assert records[lamp]["name"] == "Applique"
    assert "Grenier" in [room["name"] for room in (await client.ask("GET", "/room"))["data"]]


async def test_added_and_removed_devices(client: BareClient, cloud: SimulatedCloud) -> None:
    """No push tells of devices that come or go; the list does, and a report of the new one."""
    added = cloud.home.add("plug", "Prise salon", room="Salon")
    cloud.home.remove("Prise garage")
    assert await client.quiet()
    names = [record["name"] for record in (await client.ask("GET", "/device"))["data"]]
    assert "Prise salon" in names
    assert "Prise garage" not in names
    cloud.home.press(added.device_id)
    assert (await client.next())["data"]["di"] == added.device_id
    loud = cloud.home.add("shutter", "Volet neuf", announce=True)
    assert (await client.next())["data"]["di"] == loud.device_id
    cloud.home.put(make_device("plug", "Prise cave", seed="cave"))
    assert "Prise cave" in [
        record["name"] for record in (await client.ask("GET", "/device"))["data"]
    ]


async def test_offline_and_back(client: BareClient, cloud: SimulatedCloud) -> None:
    """A device that leaves is reported with rc 0, keeps quiet, and comes back with what happened."""
    cloud.home.set_connected("Prise garage", False)
    assert (await client.next())["data"]["rc"] == 0
    cloud.home.press("Prise garage")
    cloud.home.set_connected("Prise garage", False)
    assert await client.quiet()
    cloud.home.set_connected("Prise garage", True)
    push = await client.next()
    assert push["data"]["rc"] == 1
    assert links(push)[SWITCH]["value"] == 1


async def test_null_state(client: BareClient, cloud: SimulatedCloud) -> None:
    """A device can lose its state, keeps quiet then, and reports when it has one again."""
    plug = device_id(cloud, "Prise garage")
    cloud.home.set_reported(plug, False)
    assert await client.states(plug) == {plug: None}
    assert (await client.act(plug, "switch", {"value": 1}))["status"] == 200
    assert await client.quiet()
    cloud.home.set_reported(plug, True)
    assert links(await client.next())[SWITCH]["value"] == 1
    attic = device_id(cloud, "Volet grenier")
    cloud.home.set_reported(attic, True)
    assert LEVEL in links(await client.next())


async def test_any_resource_can_be_written(client: BareClient, cloud: SimulatedCloud) -> None:
    """A hand may write any value of any resource, also one the device did not have."""
    cloud.home.write("Portier", "gw.r.camera.sdcard", {"status": "full", "free": "0G"})
    assert links(await client.next())["gw.r.camera.sdcard"]["status"] == "full"
    cloud.home.write("Prise garage", "x.r.new", {"href": "new", "value": [1]})
    assert links(await client.next())["x.r.new"]["value"] == [1]


@pytest.mark.parametrize(
    ("operation", "arguments", "error"),
    [
        ("press", ("nothing",), LookupError),
        ("press", ("Volet salon",), ValueError),
        ("move", ("Prise garage", "up"), ValueError),
        ("move", ("Volet salon", "UP"), ValueError),
        ("move_to", ("Volet salon", 101), ValueError),
        ("ring", ("Volet salon",), ValueError),
        ("set_quiet", ("Prise garage", True), ValueError),
        ("add", ("toaster", "Grille-pain"), ValueError),
        ("write", ("Caméra jardin", SWITCH, {"value": 1}), ValueError),
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
    home.rename("Volet salon", "Volet cuisine")
    with pytest.raises(LookupError):
        home.press("Volet cuisine")


# --- life -----------------------------------------------------------------------------------


async def test_journal(http: aiohttp.ClientSession, cloud: SimulatedCloud) -> None:
    """Logins, connections, requests and closes are recorded in order, and shown without secrets."""
    token = await log_in(http, cloud)
    async with connect(http, cloud, sessionToken=token) as client:
        await client.ask("GET", "/device")
        await client.ws.close(code=1000)
    await cloud.journal.wait_for(lambda: cloud.received[-1].what == "close")
    assert [entry.what for entry in cloud.received] == ["login", "open", "request", "close"]
    assert cloud.received[-1].parameters == 1000
    assert [entry.path for entry in cloud.requests("^GET /device$")] == ["/device"]
    assert cloud.requests("POST") == []
    for shown in (repr(cloud.received), str([entry.as_json() for entry in cloud.received])):
        assert token not in shown
        assert cloud.home.password not in shown


async def test_wait_for_gives_up(cloud: SimulatedCloud) -> None:
    """Waiting for what does not happen ends in time."""
    with pytest.raises(TimeoutError):
        await cloud.journal.wait_for(lambda: False, limit_s=0.01)


@pytest.mark.parametrize("trouble", ["none", "stall", "greeting", "login", "upgrade", "running"])
async def test_close_is_quick_and_leaves_nothing(
    http: aiohttp.ClientSession, socket_enabled: None, trouble: str
) -> None:
    """Closing takes no time and leaves no task, whatever the clients are doing."""
    before = asyncio.all_tasks()
    cloud = SimulatedCloud(demo_home(), rules=Rules())
    hanging: asyncio.Task[object] | None = None
    async with cloud:
        url = URL(cloud.ws_url).with_query(by_password(cloud.home))
        client = other = await http.ws_connect(url)
        await client.receive()
        match trouble:
            case "stall":
                cloud.stall()
            case "greeting":
                cloud.faults.arm("greeting_delay", seconds=60)
                other = await http.ws_connect(url)
            case "login":
                cloud.faults.arm("login_hang")
                hanging = asyncio.ensure_future(log_in(http, cloud))
                await cloud.journal.wait_for(lambda: cloud.received[-1].what == "login")
            case "upgrade":
                cloud.faults.arm("upgrade_hang")
                hanging = asyncio.ensure_future(http.ws_connect(f"{cloud.ws_url}?sessionToken=r:0"))
                await cloud.journal.wait_for(lambda: cloud.received[-1].session == 2)
            case "running":
                cloud.home.move("Volet cuisine", "up")
                cloud.faults.arm("delay", seconds=60)
                await client.send_str('{"method":"GET","path":"/user","parameters":{},"id":1}')
                await cloud.journal.wait_for(lambda: bool(cloud.requests()))
        began = asyncio.get_running_loop().time()
    # A wait for a client to answer would take a second or more.
    assert asyncio.get_running_loop().time() - began < 0.5
    assert cloud.sessions == []
    assert cloud.home.device("Volet cuisine").motion is None
    if hanging:
        with pytest.raises(aiohttp.ClientError):
            await hanging
    await client.close()
    await other.close()
    await asyncio.sleep(0)
    assert {task for task in asyncio.all_tasks() if not task.done()} == before
    gc.collect()  # would report sockets that were left open
