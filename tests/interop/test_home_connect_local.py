"""The published ``homeconnect-websocket`` on our simulated appliances, in both modes and for every profile.

It knows nothing of our code, so where it reads what our files and simulator say, a belief that only our parts share
would show.
"""

# --- their client, our simulator ---

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from homeconnect_websocket import (
    AuthenticationError,
    CodeResponsError,
    ConnectionState,
    DeviceDescription,
    HomeAppliance,
    parse_device_description,
)
import pytest

from simulators.home_connect_local import PROFILES, Pace, Profile, SimulatedAppliance

LIMIT_S = 60
POWER, CHILD_LOCK, ACTIVE, SELECTED = 539, 524, 256, 257
OPERATION = "BSH.Common.Status.OperationState"
REMOTE_START = "BSH.Common.Status.RemoteControlStartAllowed"
FINISHED = "BSH.Common.Event.ProgramFinished"
# What each of them can be asked to start, with the options that it takes and that differ from what it has.
PROGRAMS: dict[str, tuple[str, dict[int, Any]]] = {
    "dishwasher": ("Dishcare.Dishwasher.Program.Eco50", {}),
    "washer": ("LaundryCare.Washer.Program.Cotton", {25600: 2}),
    "oven": ("Cooking.Oven.Program.HeatingMode.HotAir", {21504: 180, 548: 1800}),
    "hood": ("Cooking.Common.Program.Hood.Venting", {54528: 2}),
    "coffee_maker": ("ConsumerProducts.CoffeeMaker.Program.Beverage.Coffee", {}),
}


def described(profile: Profile) -> DeviceDescription:
    """Read the files with the published parser."""
    mapping = profile.mapping_xml
    if profile.type == "Hob":
        # It gives up on two defects that the hob's files have on purpose: a subset of an enumeration that is not
        # declared, and features without a name.
        names = b"".join(
            b'<feature refUID="%04X">Unnamed.%d</feature>' % (feature.uid, feature.uid)
            for feature in profile.description.features.values()
            if feature.key is None
        )
        enums = b"".join(
            b'<enumDescription refENID="%04X" enumKey="Undeclared.%d">%b</enumDescription>'
            % (enid, enid, b'<enumMember refValue="101">101</enumMember>')
            for enid in (0x8E01, 0xE0FF)
        )
        mapping = mapping.replace(b"</featureDescription>", names + b"</featureDescription>")
        mapping = mapping.replace(b"</enumDescriptionList>", enums + b"</enumDescriptionList>")
    return parse_device_description(profile.device_xml.decode(), mapping.decode())


class Published:
    """Their client on one appliance."""

    def __init__(self, served: SimulatedAppliance, *, key: str | None = None) -> None:
        """Know the appliance by its files."""
        head = served.profile.head
        self.connected = asyncio.Event()
        self.client = HomeAppliance(
            described(served.profile),
            served.host,
            "Published client",
            "c0ffee99",
            key or head["key"],
            head.get("iv"),
            reconect=False,
            connection_callback=self._heard,
        )
        # It knows no port but 443 and 80.
        socket = self.client.session._socket
        socket._url = socket._url.with_port(served.port)
        self._news = asyncio.Event()
        for entity in self.client.entities.values():
            entity.register_callback(self._told)

    async def _heard(self, state: ConnectionState) -> None:
        if state is ConnectionState.CONNECTED:
            self.connected.set()

    async def _told(self, _: object) -> None:
        self._news.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until what it is told makes ``condition`` true."""
        async with asyncio.timeout(LIMIT_S):
            while not condition():
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def published(served: SimulatedAppliance) -> AsyncIterator[Published]:
    """Let their client connect and read everything."""
    theirs = Published(served)
    await theirs.client.connect()
    try:
        # Reading is done when this is called.
        await asyncio.wait_for(theirs.connected.wait(), LIMIT_S)
        yield theirs
    finally:
        await theirs.client.close()


@pytest.fixture
def expected_lingering_timers() -> bool:
    """Forgive their client the heartbeat that it leaves behind when it closes while it reads."""
    return True


@pytest.fixture(params=["TLS", "AES"])
def mode(request: pytest.FixtureRequest) -> str:
    """Take either link."""
    return str(request.param)


def profile_of(name: str, mode: str) -> Profile:
    """Give an appliance the other link, where it has not got it by itself."""
    profile = PROFILES[name]
    return profile if profile.connection_type == mode else profile.linked(mode, bytes(range(16)))


@pytest.fixture
def pace() -> Pace:
    """Let programs run within a second."""
    return Pace(speed=20_000, reaction_s=0)


@pytest.mark.parametrize("name", PROFILES)
async def test_reads_everything(socket_enabled: None, name: str, mode: str, pace: Pace) -> None:
    """It shakes hands and knows every value that there is, and who it talks to."""
    async with SimulatedAppliance(profile_of(name, mode), pace=pace) as served:
        async with published(served) as theirs:
            known = theirs.client.entities_uid
            seed = {item["uid"]: item["value"] for item in served.profile.seed.values}
            read = {uid: known[uid].value_raw for uid in seed if uid in known}
            assert read == {uid: seed[uid] for uid in read}
            assert len(read) > 30
            for change in served.profile.seed.changes:
                entity = known[change["uid"]]
                access = served.appliance.state.access(change["uid"])
                assert (entity.access or "").upper() == access
            assert theirs.client.session.service_versions == served.rules.services
            assert theirs.client.info["vib"] == served.profile.head["vib"]
        # Good-bye is said with a closing frame.
        await served.journal.wait_for(lambda: not served.sessions)
        assert (served.dead_slots, served.violations) == (0, [])


@pytest.mark.parametrize("name", PROFILES)
async def test_hears_and_writes(socket_enabled: None, name: str, mode: str, pace: Pace) -> None:
    """Values and descriptions change on both sides, by hand and on request."""
    async with (
        SimulatedAppliance(profile_of(name, mode), pace=pace) as served,
        published(served) as theirs,
    ):
        setting = theirs.client.settings["BSH.Common.Setting.SynchronizeWithTimeServer"]
        assert setting.value is True
        await setting.set_value(False)
        await theirs.until(lambda: setting.value is False)
        assert served.appliance.state.values[setting.uid] is False
        served.appliance.deviate([{"uid": setting.uid, "access": "READ"}])
        await theirs.until(lambda: setting.access == "read")
        served.appliance.local_control(True)
        local = theirs.client.status["BSH.Common.Status.LocalControlActive"]
        await theirs.until(lambda: local.value is True)
        assert served.violations == []


@pytest.mark.parametrize("name", PROGRAMS)
async def test_starts_a_program(socket_enabled: None, name: str, mode: str, pace: Pace) -> None:
    """A program it starts runs, and it sees it end."""
    key, options = PROGRAMS[name]
    async with SimulatedAppliance(profile_of(name, mode), pace=pace) as served:
        served.appliance.power("On")
        served.appliance.remote_start(True)
        async with published(served) as theirs:
            program = theirs.client.programs[key]
            operation = theirs.client.status[OPERATION]
            seen: list[Any] = []

            async def watch(entity: Any) -> None:
                seen.append(entity.value)

            operation.register_callback(watch)
            if name == "oven":
                await program.select(override_options=True)
                await theirs.until(lambda: theirs.client.selected_program is program)
            full = {
                uid: served.appliance.state.values[uid]
                for uid, option in served.profile.description.features[program.uid].options.items()
                if option.fields["access"] == "READWRITE" and uid not in {551, 558}
            }
            await program.start(full | options, override_options=True)
            await theirs.until(lambda: theirs.client.active_program is program)
            for uid, value in options.items():
                assert theirs.client.entities_uid[uid].value_raw == value
            if name == "hood":
                await theirs.client.options["Cooking.Common.Option.Hood.VentingLevel"].set_value(
                    "FanOff"
                )
            await theirs.until(lambda: theirs.client.active_program is None)
            assert "Run" in seen
            assert ("Finished" in seen) is (name != "hood")
        assert served.violations == []


async def test_full_sets(socket_enabled: None, mode: str, pace: Pace) -> None:
    """What it makes of a full set of options by itself is what the coffee maker wants."""
    async with (
        SimulatedAppliance(profile_of("coffee_maker", mode), pace=pace) as served,
        published(served) as theirs,
    ):
        program = theirs.client.selected_program
        assert program
        await program.start()
        await theirs.until(lambda: theirs.client.events[FINISHED].value == "Present")
        assert served.violations == []


async def test_refusals(socket_enabled: None, mode: str, pace: Pace) -> None:
    """It reads our codes as its own."""
    async with (
        SimulatedAppliance(profile_of("dishwasher", mode), pace=pace) as served,
        published(served) as theirs,
    ):
        program = theirs.client.programs["Dishcare.Dishwasher.Program.Eco50"]
        with pytest.raises(CodeResponsError) as caught:
            await program.start()
        assert caught.value.code == 538
        served.faults.arm("refuse", code=515, action="POST")
        with pytest.raises(CodeResponsError) as caught:
            await theirs.client.settings["BSH.Common.Setting.ChildLock"].set_value(True)
        assert caught.value.code == 515


async def test_acknowledges(socket_enabled: None, mode: str, pace: Pace) -> None:
    """An event is confirmed by its uid."""
    async with (
        SimulatedAppliance(profile_of("fridge_freezer", mode), pace=pace) as served,
        published(served) as theirs,
    ):
        event = theirs.client.events["Refrigeration.Common.Event.Door.AlarmFreezer"]
        served.appliance.open_door("Freezer")
        await theirs.until(lambda: event.value == "Present")
        await event.acknowledge()
        await theirs.until(lambda: event.value == "Confirmed")


async def test_wrong_key(socket_enabled: None) -> None:
    """TLS with another key is refused."""
    async with SimulatedAppliance("dishwasher") as served:
        theirs = Published(served, key="A" * 43)
        with pytest.raises(AuthenticationError):
            await theirs.client.connect()
        await theirs.client.close()
        if theirs.client.session._socket._session:
            await theirs.client.session._socket._session.close()
