"""The simulated appliances: what they are, what they tell, and how they live."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from io import BytesIO
import json
from pathlib import Path
from typing import Any
import zipfile

import aiohttp
import pytest

from simulators.home_connect_local import (
    PROFILES,
    Character,
    Pace,
    Profile,
    SimulatedAppliance,
    SimulatedHousehold,
    archive,
)
from simulators.home_connect_local.description import read_description
from tests.simulators.home_connect_client import BareClient, connect

VECTORS = Path(__file__).resolve().parents[1] / "home_connect_local" / "vectors" / "profiles"
SPEED = 20_000.0

POWER, OPERATION, DOOR = 539, 552, 527
REMOTE_START, LOCAL_CONTROL, REMOTE_CONTROL = 517, 535, 523
ACTIVE, SELECTED = 256, 257
ABORT, PAUSE, RESUME = 512, 537, 546
FINISHED, ABORTED = 540, 545
REMAINING, PROGRESS, ELAPSED = 544, 542, 528
START_IN, FINISH_IN = 558, 551
ECO, QUICK, AUTO = 8195, 8196, 8193
INTENSIVE_ZONE, EXTRA_DRY, HYGIENE, VARIO, BRILLIANCE, HALF = 5126, 5125, 5129, 5127, 5128, 5131
ECO_OPTIONS = tuple((uid, False) for uid in (INTENSIVE_ZONE, VARIO, HYGIENE, BRILLIANCE, HALF))
COTTON, WOOL = 28673, 28676
HOT_AIR, COFFEE = 21761, 17666
VENTING, DELAYED_SHUT_OFF, FAN, INTENSIVE_FAN = 54784, 54786, 54528, 54529


@pytest.fixture
async def homes(socket_enabled: None) -> AsyncIterator[AsyncExitStack]:
    """Hold what a test serves."""
    async with AsyncExitStack() as stack:
        yield stack


async def serve(
    homes: AsyncExitStack, name: str, *, speed: float = SPEED, **options: Any
) -> SimulatedAppliance:
    """Serve one of the seven, quicker than a real one."""
    pace = Pace(speed=speed, reaction_s=0.0)
    return await homes.enter_async_context(SimulatedAppliance(name, pace=pace, **options))


async def meet(
    http: aiohttp.ClientSession, homes: AsyncExitStack, name: str, **options: Any
) -> tuple[SimulatedAppliance, BareClient]:
    """Serve one of the seven and connect to it."""
    served = await serve(homes, name, **options)
    return served, await homes.enter_async_context(connect(http, served))


# --- files --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROFILES)
def test_description(name: str) -> None:
    """The files are read as the golden parses have it, by a parser of its own."""
    profile = PROFILES[name]
    golden = json.loads((VECTORS / f"{profile.ha_id}_parsed.json").read_text())
    features = profile.description.features
    assert features.keys() == {int(uid) for uid in golden["features"]}
    for uid, expected in golden["features"].items():
        found = features[int(uid)]
        assert (found.kind, found.key, found.parent or None) == (
            expected["kind"],
            expected["key"],
            expected["parent"],
        )
        assert found.fields.get("access", "").lower() == expected.get("access", "")
        assert found.fields.get("enum") == expected.get("enum")
        for ours, theirs in (("min", "min"), ("max", "max"), ("stepSize", "step")):
            assert found.fields.get(ours) == expected.get(theirs)
        assert [*found.options] == [option["ref"] for option in expected.get("options", ())]
        if expected.get("wire") not in {None, found.json_kind}:
            # Lists of everything travel as objects.
            assert (found.json_kind, expected["list"]) == ("object", True)
    for enid, expected in golden["enums"].items():
        if int(enid) in profile.description.enums:
            assert profile.description.enums[int(enid)] == {int(raw) for raw in expected["members"]}
            names = {raw: word for raw, word in expected["members"].items() if word}
            known = profile.description.names.get(int(enid), {})
            assert {raw: known.get(int(raw)) for raw in names} == names


@pytest.mark.parametrize("name", PROFILES)
async def test_archive(homes: AsyncExitStack, name: str) -> None:
    """The archive has the head and the two files it names, and is gone with the appliance."""
    async with SimulatedAppliance(name) as served:
        with zipfile.ZipFile(BytesIO(await asyncio.to_thread(served.archive.read_bytes))) as file:
            members = {info.filename: file.read(info) for info in file.infolist()}
        head = json.loads(members[f"{served.ha_id}.json"])
        assert head["haId"] == served.ha_id
        assert members.keys() == {
            f"{served.ha_id}.json",
            head["featureMappingFileName"],
            head["deviceDescriptionFileName"],
        }
        path = served.archive
    assert not path.exists()


async def test_other_profile(
    http: aiohttp.ClientSession, homes: AsyncExitStack, tmp_path: Path
) -> None:
    """Any pair of files becomes an appliance that lives, also without a seed."""
    source = PROFILES["dishwasher"]
    for name, data in source.members().items():
        (tmp_path / name).write_bytes(data)
    profile = Profile.read(tmp_path / f"{source.ha_id}.json")
    served = await homes.enter_async_context(SimulatedAppliance(profile, pace=Pace(speed=SPEED)))
    client = await homes.enter_async_context(connect(http, served))
    values = {item["uid"]: item["value"] for item in await client.get("/ro/allMandatoryValues")}
    assert (values[POWER], values[OPERATION], values[DOOR]) == (2, 1, 1)
    assert await client.start(QUICK, (EXTRA_DRY, False)) is None
    await client.told(FINISHED, 1)
    assert served.violations == []


@pytest.mark.parametrize(
    ("file", "data", "words"),
    [
        ("head", b"[]", "no head"),
        ("device", b"<device", "no XML"),
        ("device", b"<featureMappingFile/>", "the root is"),
    ],
)
def test_unreadable_profiles(tmp_path: Path, file: str, data: bytes, words: str) -> None:
    """Files that are none are refused with a word about them."""
    source = PROFILES["dishwasher"]
    names = {"head": f"{source.ha_id}.json", "device": source.head["deviceDescriptionFileName"]}
    for name, content in source.members().items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / names[file]).write_bytes(data)
    with pytest.raises(ValueError, match=words):
        Profile.read(tmp_path / names["head"])


# --- sessions -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROFILES)
async def test_greeting_and_values(
    http: aiohttp.ClientSession, homes: AsyncExitStack, name: str
) -> None:
    """Each of the seven greets as its generation does, and gives its seed."""
    served, client = await meet(http, homes, name)
    seed = served.profile.seed
    assert client.versions == dict(seed.services)
    assert client.first["version"] == (1 if name == "washer" else 2)
    assert await client.get("/ni/info") == seed.network
    changes = {item["uid"]: item for item in await client.get("/ro/allDescriptionChanges")}
    for expected in seed.changes:
        assert (
            changes[expected["uid"]] | expected == changes[expected["uid"]]
            or name == "coffee_maker"
        )
    assert await client.get("/ro/allMandatoryValues") == seed.values
    assert await client.get("/ro/activeProgram") == [{"program": 0, "options": []}]
    assert served.violations == []


@pytest.mark.parametrize("generation", ["old", "middle", "current"])
@pytest.mark.parametrize("connection_type", ["TLS", "AES"])
async def test_generations(
    http: aiohttp.ClientSession, homes: AsyncExitStack, generation: str, connection_type: str
) -> None:
    """Any appliance can be of any generation, on either link."""
    profile = PROFILES["dishwasher"].linked(connection_type, b"i" * 16)
    served = await homes.enter_async_context(SimulatedAppliance(profile))
    served.rules.be_of(generation)
    client = await homes.enter_async_context(connect(http, served))
    assert ("iz" in client.versions) is (generation == "current")
    assert await client.get("/ni/info")
    assert len(await client.get("/ro/allMandatoryValues")) == len(profile.seed.values)
    assert served.violations == []


async def test_other_answers(http: aiohttp.ClientSession, homes: AsyncExitStack) -> None:
    """The less usual resources have answers, too."""
    served, client = await meet(http, homes, "dishwasher")
    assert (await client.get("/ci/tzInfo"))[0]["tz"]
    assert (await client.get("/ci/registeredDevices"))[0]["deviceName"] == "Bare client"
    answer = await client.ask("/ni/config", data=[{"interfaceID": 0}])
    assert answer["data"][0]["ssid"] == "Test-Net"
    assert (await client.ask("/ni/config", data=[{"interfaceID": 7}]))["code"] == 400
    answer = await client.ask("/ro/values", data=[{"uid": POWER}, {"uid": DOOR}])
    assert answer["data"] == [{"uid": POWER, "value": 2}, {"uid": DOOR, "value": 1}]
    assert (await client.ask("/ro/values", data=[{"uid": 1}]))["code"] == 518
    assert (await client.get("/ro/selectedProgram"))[0]["program"] == ECO
    served.rules.omits_empty = True
    served.appliance.state.deviations.clear()
    assert "data" not in await client.ask("/ro/allDescriptionChanges")


# --- settings -----------------------------------------------------------------------------------


async def test_settings(http: aiohttp.ClientSession, homes: AsyncExitStack) -> None:
    """A written setting is told to everybody, who wrote it included."""
    served, client = await meet(http, homes, "dishwasher")
    other = await homes.enter_async_context(connect(http, served, device_id="c0ffee02"))
    assert await client.write((524, True), (4354, 5)) is None
    for each in (client, other):
        assert await each.told(524) is True
        assert await each.told(4354) == 5
    # What is not pushed is there to be read (§4.1).
    served.appliance.tell_values({27: -71})
    assert await client.write((524, False)) is None
    assert await client.told(524) is False
    assert (await client.get("/ni/info"))[0]["rssi"] == -71
    assert served.violations == []


async def test_power(http: aiohttp.ClientSession, homes: AsyncExitStack) -> None:
    """Off and on again, with what can be done then."""
    served, client = await meet(http, homes, "dishwasher")
    assert await client.write((POWER, 1)) is None
    assert await client.told(POWER) == 1
    assert (await client.described(ACTIVE))["access"] == "NONE"
    assert await client.start(ECO) == 540
    assert await client.select(QUICK) == 526
    assert await client.write((POWER, 2)) is None
    assert await client.told(OPERATION) == 1
    assert (await client.described(ACTIVE))["access"] == "READWRITE"
    assert await client.write((POWER, 0)) == 531
    with pytest.raises(LookupError, match="no power state"):
        served.appliance.power("Sideways")


async def test_ambient_colour(http: aiohttp.ClientSession, homes: AsyncExitStack) -> None:
    """A colour of one's own is taken with, or after, the member that stands for it."""
    _, client = await meet(http, homes, "hood")
    assert await client.write((591, "#ff8000")) == 540
    assert await client.write((591, "#ff8000"), (590, 0)) is None
    assert await client.told(591) == "#ff8000"
    assert await client.write((591, "#FF80")) == 536
    assert await client.write((591, "#00FF00")) is None


async def test_alarm_clock(http: aiohttp.ClientSession, homes: AsyncExitStack) -> None:
    """It rings when its time has come."""
    _, client = await meet(http, homes, "oven")
    assert await client.write((538, 60)) is None
    assert await client.told(538) == 60
    assert await client.told(541) == 1
    assert await client.told(541) == 0


async def test_software_needs_the_vendor(
    http: aiohttp.ClientSession, homes: AsyncExitStack
) -> None:
    """What the vendor's servers have to do is refused without them."""
    source = PROFILES["dishwasher"]
    mapping = source.mapping_xml.replace(b"Command.DeactivateWiFi", b"Command.AllowSoftwareUpdate")
    description = read_description(source.device_xml, mapping)
    served = await homes.enter_async_context(
        SimulatedAppliance(replace(source, mapping_xml=mapping, description=description))
    )
    client = await homes.enter_async_context(connect(http, served))
    assert await client.write((1, True)) is None
    served.appliance.tell({"BSH.Common.Status.BackendConnected": False})
    assert await client.write((1, True)) == 542


async def test_permanent_remote_start(http: aiohttp.ClientSession, homes: AsyncExitStack) -> None:
    """Raising the level needs a confirmation (§9.4)."""
    served, client = await meet(http, homes, "dishwasher")
    assert await client.write((15, 2)) is None
    assert await client.write((46, True)) is None
    assert await client.told(15) == 2
    await served.appliance.settle()
    assert served.appliance.state.values[REMOTE_START] is True
    # A door that was opened takes a permanent one back no more.
    served.appliance.open_door()
    assert served.appliance.state.values[REMOTE_START] is True


# --- programs -----------------------------------------------------------------------------------


async def test_programme_runs_and_ends(http: aiohttp.ClientSession, homes: AsyncExitStack) -> None:
    """Start, phases, time, end, and rest; with the accesses of each moment."""
    served, client = await meet(http, homes, "dishwasher")
    assert await client.start(ECO, *ECO_OPTIONS) == 538
    served.appliance.remote_start(True)
    assert await client.start(ECO, *ECO_OPTIONS) is None
    assert await client.told(ACTIVE) == ECO
    assert await client.told(OPERATION) == 3
    assert (await client.described(ABORT))["access"] == "WRITEONLY"
    assert served.appliance.state.access(SELECTED) == "READ"
    assert await client.told(4096) in {1, 2}
    assert await client.told(REMAINING) < 12600
    assert await client.told(PROGRESS) > 0
    assert await client.told(OPERATION) == 6
    assert await client.told(FINISHED) == 1
    assert await client.told(OPERATION) == 1
    assert await client.told(ACTIVE) == 0
    assert served.appliance.state.access(ABORT) == "NONE"
    values = served.appliance.state.values
    assert (values[615], values[616], values[625]["counter"]) == (413, 398, 413)
    assert served.violations == []


async def test_select(http: aiohttp.ClientSession, homes: AsyncExitStack) -> None:
    """Values and descriptions of options follow the program, and nothing starts by it."""
    served, client = await meet(http, homes, "washer")
    assert await client.select(WOOL) is None
    assert await client.told(SELECTED) == WOOL
    changed = await client.described(25600)
    assert changed["parentUID"] == 25840
    assert served.appliance.state.field(25600, "enum") == 0xA001
    assert served.appliance.state.access(25602) == "NONE"
    values = served.appliance.state.values
    assert (values[25600], values[25601], values[ACTIVE]) == (2, 3, 0)
    # An option of the program before, or a member it does not have.
    assert await client.write((25602, 1)) == 518
    assert await client.select(WOOL, (25602, 1)) == 400
    assert await client.write((25600, 4)) == 531
    assert await client.write((25600, 3)) is None
    assert await client.told(25600) == 3
    assert served.violations == []


async def test_pause_and_abort(http: aiohttp.ClientSession, homes: AsyncExitStack) -> None:
    """Commands are there when they make sense."""
    served, client = await meet(http, homes, "washer", speed=60)
    served.appliance.remote_start(True)
    options = _full(served, COTTON)
    assert await client.write((PAUSE, True)) == 518
    assert await client.start(COTTON, *options) is None
    assert await client.told(OPERATION) == 3
    await client.described(PAUSE)
    assert await client.write((PAUSE, True)) is None
    assert await client.told(OPERATION) == 4
    await client.described(RESUME)
    assert await client.write((RESUME, True)) is None
    assert await client.told(OPERATION) == 3
    assert await client.start(COTTON, *options) == 541
    assert await client.select(WOOL) == 541
    assert await client.write((ABORT, False)) == 531
    assert await client.write((ABORT, True)) is None
    assert await client.told(OPERATION) == 8
    assert await client.told(ABORTED) == 1
    assert await client.told(OPERATION) == 1
    assert await client.told(ABORTED, 0) == 0


async def test_delayed_start(http: aiohttp.ClientSession, homes: AsyncExitStack) -> None:
    """A program that waits counts down, then runs."""
    served, client = await meet(http, homes, "washer")
    served.appliance.remote_start(True)
    options = _full(served, COTTON)
    assert await client.start(COTTON, *options, (FINISH_IN, 3600)) == 531
    assert await client.start(COTTON, *options, (FINISH_IN, 8700)) is None
    assert await client.told(OPERATION) == 2
    assert await client.told(FINISH_IN) < 8700
    assert await client.told(OPERATION) == 3
    assert await client.told(FINISH_IN, 0) == 0


async def test_both_delays(http: aiohttp.ClientSession, homes: AsyncExitStack) -> None:
    """An option twice is inconsistent."""
    served, client = await meet(http, homes, "dishwasher")
    served.appliance.remote_start(True)
    assert await client.start(QUICK, (EXTRA_DRY, True), (EXTRA_DRY, False)) == 534
    assert await client.start(QUICK, (EXTRA_DRY, True), (START_IN, 600)) is None
    assert await client.told(OPERATION) == 2
    assert await client.told(OPERATION) == 3


async def test_door_of_a_dishwasher(http: aiohttp.ClientSession, homes: AsyncExitStack) -> None:
    """Opened by hand it pauses the program; afterwards remote start is gone."""
    served, client = await meet(http, homes, "dishwasher", speed=60)
    served.appliance.remote_start(True)
    assert await client.start(ECO, *ECO_OPTIONS) is None
    assert await client.told(OPERATION) == 3
    served.appliance.open_door()
    assert await client.told(DOOR) == 0
    assert await client.told(OPERATION) == 4
    assert await client.told(REMOTE_START) is False
    served.appliance.close_door()
    assert await client.told(OPERATION) == 3
    served.appliance.finish()
    assert await client.told(OPERATION) == 6
    served.appliance.open_door()
    assert await client.told(ACTIVE) == 0
    served.appliance.remote_start(True)
    assert await client.start(ECO, *ECO_OPTIONS) == 540


async def test_locked_door(http: aiohttp.ClientSession, homes: AsyncExitStack) -> None:
    """A washer does not let itself be opened while it washes."""
    served, client = await meet(http, homes, "washer", speed=60)
    served.appliance.press_start()
    await client.told(OPERATION, 3)
    with pytest.raises(ValueError, match="locked"):
        served.appliance.open_door()


async def test_washer_leaves(http: aiohttp.ClientSession, homes: AsyncExitStack) -> None:
    """Switched off it says good-bye, cannot be reached, and comes back by hand."""
    served, client = await meet(http, homes, "washer")
    assert await client.write((536, True)) is None
    assert await client.told(POWER) == 0
    assert await client.code() == 1001
    await _until(lambda: not served.link_up)
    with pytest.raises(aiohttp.ClientConnectorError):
        async with connect(http, served):
            pass
    served.appliance.power("On")
    await _until(lambda: served.link_up)
    async with connect(http, served) as again:
        values = {item["uid"]: item["value"] for item in await again.get("/ro/allMandatoryValues")}
    assert values[POWER] == 2
    assert served.violations == []


async def test_oven(http: aiohttp.ClientSession, homes: AsyncExitStack) -> None:
    """From standby to hot to finished, with the door opened on request."""
    served, client = await meet(http, homes, "oven")
    served.appliance.remote_start(True)
    options = ((21504, 160), (548, 1800), (21505, False))
    assert await client.start(HOT_AIR, *options) == 540
    assert await client.write((POWER, 2)) is None
    assert await client.told(OPERATION) == 1
    assert await client.select(HOT_AIR) is None
    assert await client.told(21504) == 160
    await served.appliance.settle()
    assert await client.start(HOT_AIR, *options) is None
    assert await client.told(20992) > 21
    assert await client.told(21506, 100) == 100
    assert await client.told(21248) == 1
    assert await client.told(OPERATION, 6) == 6
    assert await client.told(ACTIVE) == 0
    assert await client.told(20993, 21.0) == 21.0
    assert await client.write((586, True)) is None
    assert await client.told(DOOR) == 0
    assert served.violations == []


async def test_coffee_maker(http: aiohttp.ClientSession, homes: AsyncExitStack) -> None:
    """It wants all options, and counts its cups."""
    served, client = await meet(http, homes, "coffee_maker")
    options = _full(served, COFFEE)
    assert {uid for uid, _ in options} == {17408, 17409, 17410, 17411, 17413, 17414}
    assert await client.start(COFFEE, *options[:-1]) == 533
    assert await client.start(COFFEE, *options) is None
    assert await client.told(OPERATION) == 3
    assert await client.told(16688) > 0
    assert await client.told(OPERATION) == 6
    assert await client.told(ACTIVE, 0) == 0
    values = served.appliance.state.values
    assert (values[16641], values[16672]) == (1631, 59)


async def test_hood(http: aiohttp.ClientSession, homes: AsyncExitStack) -> None:
    """Venting is a program; its level is changed while it runs, and 0 ends it."""
    served, client = await meet(http, homes, "hood")
    assert await client.write((FAN, 2)) == 541
    assert await client.select(VENTING) == 530
    assert await client.start(VENTING, (FAN, 2)) is None
    assert await client.told(ACTIVE) == VENTING
    assert (await client.described(FAN))["access"] == "READWRITE"
    assert await client.write((FAN, 3)) is None
    assert await client.told(FAN) == 3
    # Starting it again is another way to change the level.
    assert await client.start(VENTING, (FAN, 1), (INTENSIVE_FAN, 0)) is None
    assert await client.told(FAN, 1) == 1
    assert await client.write((FAN, 0)) is None
    assert await client.told(ACTIVE) == 0
    assert (await client.described(FAN))["access"] == "READ"
    assert await client.start(DELAYED_SHUT_OFF) is None
    assert await client.told(ACTIVE) == DELAYED_SHUT_OFF
    assert await client.told(FAN) == 1
    assert await client.told(FINISHED) == 1
    assert await client.told(ACTIVE) == 0
    assert await client.start(VENTING, (FAN, 2)) is None
    assert await client.told(ACTIVE) == VENTING
    await served.appliance.settle()
    assert await client.write((ABORT, True)) is None
    assert await client.told(ACTIVE) == 0
    assert await client.write((54016, True)) is None
    assert await client.told(53760) == 0
    assert served.violations == []


async def test_hob(http: aiohttp.ClientSession, homes: AsyncExitStack) -> None:
    """Selecting is starting: a zone, a level, a time."""
    served, client = await meet(http, homes, "hob")
    assert await client.select(59392, (59136, 101), (59137, 45)) == 540
    served.appliance.power("On")
    assert await client.start(59392, (59136, 101), (59137, 45), (548, 60)) == 518
    assert await client.select(0) == 512
    assert await client.select(59392, (59137, 45)) == 533
    assert await client.select(59392, (59136, 104)) == 531
    assert await client.select(59392, (59136, 101), (59137, 45)) is None
    assert await client.told(57602) == 45
    await served.appliance.settle()
    assert served.appliance.state.values[57600] == 2
    assert await client.select(59392, (59136, 101), (59137, 0)) is None
    assert await client.told(57602) == 0
    assert await client.select(59393) == 530
    # A zone with a time ends by itself.
    assert await client.select(59392, (59136, 102), (59137, 90), (548, 120)) is None
    assert await client.told(57858, 90) == 90
    assert await client.told(57858) == 0


async def test_dryer_that_starts_by_value(
    http: aiohttp.ClientSession, homes: AsyncExitStack
) -> None:
    """It refuses to be started the usual way; uid 256 behind the delay does it, for a while (§10.6)."""
    served, client = await meet(http, homes, "washer", speed=300)
    served.appliance.character.starts_by_value = True
    served.appliance.remote_start(False)
    assert await client.start(COTTON, *_full(served, COTTON)) == 538
    assert await client.write((FINISH_IN, 8700), (ACTIVE, COTTON)) == 518
    served.appliance.remote_start(True)
    while (await client.described(ACTIVE))["access"] != "READWRITE":
        pass
    assert await client.start(COTTON, *_full(served, COTTON)) == 541
    assert await client.write((ACTIVE, COTTON), (FINISH_IN, 8700)) == 400
    assert await client.write((FINISH_IN, 8700), (ACTIVE, COTTON)) is None
    assert await client.told(OPERATION) == 2


async def test_window_closes(http: aiohttp.ClientSession, homes: AsyncExitStack) -> None:
    """Too late is too late."""
    served, client = await meet(http, homes, "washer")
    served.appliance.character.starts_by_value = True
    served.appliance.remote_start(True)
    assert (await client.described(ACTIVE))["access"] == "READ"
    assert await client.write((FINISH_IN, 8700), (ACTIVE, COTTON)) == 518


async def test_uid_256_is_ignored(http: aiohttp.ClientSession, homes: AsyncExitStack) -> None:
    """Most appliances take it through /ro/values and do nothing."""
    served, client = await meet(http, homes, "dishwasher")
    assert await client.write((ACTIVE, ECO)) is None
    await served.appliance.settle()
    assert served.appliance.state.values[ACTIVE] == 0


async def test_program_messages(http: aiohttp.ClientSession, homes: AsyncExitStack) -> None:
    """Some tell programs by messages of their own, too (§10.8)."""
    served, client = await meet(http, homes, "dishwasher")
    served.appliance.character.tells_programs = True
    assert await client.select(QUICK) is None
    while (message := await client.notice())["resource"] != "/ro/selectedProgram":
        pass
    assert message["data"][0]["program"] == QUICK
    assert {"uid": EXTRA_DRY, "value": False} in message["data"][0]["options"]


async def test_remaining_stays(http: aiohttp.ClientSession, homes: AsyncExitStack) -> None:
    """Some leave the remaining time as it was (§11)."""
    served, client = await meet(http, homes, "dishwasher")
    served.appliance.character.remaining_stays = True
    served.appliance.press_start(QUICK)
    await client.told(FINISHED, 1)
    assert served.appliance.state.values[REMAINING] > 0


# --- hands --------------------------------------------------------------------------------------


async def test_locks(http: aiohttp.ClientSession, homes: AsyncExitStack) -> None:
    """Somebody at the panel, and remote control switched off."""
    served, client = await meet(http, homes, "dishwasher")
    served.appliance.local_control(True)
    assert await client.told(LOCAL_CONTROL) is True
    assert await client.write((524, True)) == 539
    assert await client.select(QUICK) == 539
    served.appliance.local_control(False)
    served.appliance.remote_control(False)
    assert await client.write((524, True)) == 537
    assert await client.start(QUICK, (EXTRA_DRY, False)) == 537


async def test_panel(http: aiohttp.ClientSession, homes: AsyncExitStack) -> None:
    """Programs selected and started by hand need no permission."""
    served, client = await meet(http, homes, "dishwasher", speed=60)
    served.appliance.press_select(QUICK)
    assert await client.told(SELECTED) == QUICK
    served.appliance.press_start()
    assert await client.told(ACTIVE) == QUICK
    with pytest.raises(ValueError, match="busy"):
        served.appliance.press_start()
    with pytest.raises(LookupError, match="no program"):
        served.appliance.press_select(POWER)
    served.appliance.abort()
    assert await client.told(OPERATION, 8) == 8


async def test_door_alarm(http: aiohttp.ClientSession, homes: AsyncExitStack) -> None:
    """A door that stands open complains, is acknowledged, and is content when closed."""
    served, client = await meet(http, homes, "fridge_freezer")
    assert {*served.appliance.compartments()} == {"Freezer", "Refrigerator", "ChillerCommon"}
    assert await client.write((6, 13056)) == 535
    served.appliance.open_door("Freezer")
    assert await client.told(12544) == 0
    assert await client.told(DOOR) == 0
    assert await client.told(13056) == 1
    assert await client.write((6, 13056)) is None
    assert await client.told(13056) == 2
    served.appliance.open_door("Refrigerator")
    served.appliance.close_door("Freezer")
    assert await client.told(13056) == 0
    assert served.appliance.door_open
    served.appliance.close_door("Refrigerator")
    assert await client.told(DOOR, 1) == 1
    served.appliance.open_door()
    served.appliance.close_door()
    assert not served.appliance.door_open
    with pytest.raises(LookupError, match="no compartment"):
        served.appliance.open_door("Cellar")


async def test_events(http: aiohttp.ClientSession, homes: AsyncExitStack) -> None:
    """Events come, are told again, are acknowledged or rejected where they may be."""
    served, client = await meet(http, homes, "dishwasher")
    for _ in range(2):
        served.appliance.event(4610, "Present")
        assert await client.told(4610) == 1
    assert await client.write((6, 4610)) == 535
    served.appliance.event(21, "Present")
    assert await client.told(21) == 1
    assert await client.write((16, 21)) is None
    assert await client.told(21) == 0
    assert await client.write((6, 1)) == 532
    assert await client.write((6, 999)) == 532
    with pytest.raises(LookupError, match="no event"):
        served.appliance.event(POWER, "Present")
    with pytest.raises(ValueError, match="an event is"):
        served.appliance.event(21, "Gone")


# --- scenarios ----------------------------------------------------------------------------------


async def test_wash_cycle(http: aiohttp.ClientSession, homes: AsyncExitStack) -> None:
    """The scenario of the dishwasher, waiting for its start."""
    served, client = await meet(http, homes, "dishwasher")
    scenario = served.play("wash_cycle")
    assert await client.told(REMOTE_START) is True
    assert await client.start(ECO) is None
    assert await client.told(OPERATION) == 3
    assert await client.told(FINISHED) == 1
    assert await client.told(DOOR) == 0
    assert (await client.described(ACTIVE))["access"] == "READWRITE"
    await scenario.done.wait()
    assert scenario.waits_for is None


async def test_refusing_scenarios(http: aiohttp.ClientSession, homes: AsyncExitStack) -> None:
    """Scenarios answer with their own codes, and with another one when a detail is missing."""
    served, client = await meet(http, homes, "fridge_freezer")
    setpoint = served.play("setpoint_integer_only")
    await _until(lambda: setpoint.waits_for)
    assert await client.write((12800, -20.0)) == 536
    assert await client.write((12800, -20)) is None
    assert await client.told(12800) == -20
    hob, other = await meet(http, homes, "hob")
    scenario = hob.play("mandatory_values_500")
    await _until(lambda: scenario.waits_for)
    for expected in (500, 500, None):
        assert (await other.ask("/ro/allMandatoryValues")).get("code") == expected
    truncated = hob.play("truncated_json")
    await _until(lambda: truncated.waits_for)
    await other.send(other.message("/ro/allMandatoryValues"))
    text = await other.text()
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)
    assert json.loads(text[:-1] + "]}")["data"] == hob.profile.seed.values
    with pytest.raises(LookupError, match="no scenario"):
        hob.play("unknown")


async def test_switch_off_scenario(http: aiohttp.ClientSession, homes: AsyncExitStack) -> None:
    """The washer says good-bye and is gone for a while."""
    served, client = await meet(http, homes, "washer", speed=100)
    # Looked out for from the beginning: it is gone but for a moment.
    gone = asyncio.create_task(_until(lambda: not served.link_up))
    scenario = served.play("switch_off")
    assert await client.told(POWER) == 0
    assert await client.code() == 1000
    await gone
    await scenario.done.wait()
    async with connect(http, served):
        pass


@pytest.mark.parametrize(
    ("name", "scenario"),
    [(name, scenario) for name in PROFILES for scenario in PROFILES[name].seed.scenarios],
)
async def test_scenarios_can_be_stopped(homes: AsyncExitStack, name: str, scenario: str) -> None:
    """Each scenario can be begun, and broken off wherever it is."""
    served = await serve(homes, name)
    playing = served.play(scenario)
    await asyncio.sleep(0.01)
    await served.reset()
    assert served.scenarios == []
    await playing.done.wait()


# --- households ---------------------------------------------------------------------------------


async def test_household(http: aiohttp.ClientSession, homes: AsyncExitStack) -> None:
    """Several appliances, one archive, one control address, found by name or id."""
    household = await homes.enter_async_context(SimulatedHousehold(["oven", "hood"]))
    card = household.card()
    assert card["domain"] == "home_connect_local"
    assert [each["haId"] for each in card["appliances"]] == [
        "000000000000000303",
        "BOSCH-SYN0HD04-68A40E530004",
    ]
    with zipfile.ZipFile(
        BytesIO(await asyncio.to_thread(Path(card["archive"]).read_bytes))
    ) as file:
        assert len(file.namelist()) == 6
    assert household["oven"] is household["000000000000000303"]
    with pytest.raises(LookupError, match="no appliance"):
        household["toaster"]
    async with http.post(
        household.control_url, json={"op": "power", "appliance": "oven", "state": "On"}
    ) as answer:
        assert (await answer.json())["ok"]
    assert household["oven"].appliance.is_on
    async with http.get(household.control_url) as answer:
        shown = await answer.json()
    assert [device["name"] for device in shown["devices"]] == ["Oven", "Hood"]
    assert shown["violations"] == []


def test_archive_of_many() -> None:
    """One archive can hold all."""
    with zipfile.ZipFile(BytesIO(archive(PROFILES.values()))) as file:
        assert len(file.namelist()) == 3 * len(PROFILES)


async def _until(condition: Any) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)


def _full(served: SimulatedAppliance, program: int) -> list[tuple[int, Any]]:
    """Give every option of a program that can be written, but the delays, at what it is now."""
    state = served.appliance.state
    options = served.profile.description.features[program].options
    return [
        (uid, state.values[uid])
        for uid, option in options.items()
        if option.fields["access"] == "READWRITE" and uid not in {START_IN, FINISH_IN}
    ]


def test_characters() -> None:
    """Types differ."""
    assert Character.of("Washer").leaves_network
    assert not Character.of("Hood").needs_remote_start
    assert Character.of("Hob").starts_by_selecting
