"""The client against simulated appliances over loopback, mostly in virtual time."""

import asyncio
from collections.abc import Callable, Mapping
from copy import deepcopy
from itertools import pairwise
import random
from typing import Any

import aiohttp
import pytest

from custom_components.home_connect_local.protocol import (
    AES_PORT,
    TLS_PORT,
    AuthError,
    CommandError,
    ConnectionType,
    Description,
    HomeConnectClient,
    InfoChanged,
    InvalidValueError,
    KeyRefusedError,
    LinkChanged,
    LinkClosedError,
    LinkError,
    Obstacle,
    PeerClosedError,
    PreconditionError,
    RefusedError,
    Resource,
    SessionsExhaustedError,
    SwitchedOffError,
    Trouble,
    UnansweredError,
    ValuesChanged,
    WrongLinkError,
    startable_programs,
)
from custom_components.home_connect_local.protocol.client import Action, exponential_backoff
from custom_components.home_connect_local.protocol.const import (
    BACKOFF_SPREAD,
    FIRST_DELAY_S,
    MAX_DELAY_S,
    QUICK_CLOSINGS,
)
from simulators.home_connect_local import PROFILES, SimulatedAppliance
from tests.support.clock import run_real, run_virtual
from tests.support.running import now

from .appliances import stored, told
from .running import Running, at_home, profile_of, running, simulate, spin, until

pytestmark = pytest.mark.usefixtures("socket_enabled")

STEADY = exponential_backoff(FIRST_DELAY_S, MAX_DELAY_S, uniform=lambda low, high: 1.0)
# Of the washer.
CHILD_LOCK, VOLUME, DOSE = 524, 25088, 25090
FINISH_IN, SPIN, PREWASH, TEMPERATURE = 551, 25601, 25605, 25600
COTTON, ECO, WOOL = 28673, 28674, 28676
ACTIVE, SELECTED = 256, 257
# Of the fridge.
ALARM, OTHER_ALARM, UPDATE = 13056, 13057, 21
# Of the coffee maker.
COFFEE, ESPRESSO, BEANS, FILL, FLOW = 17666, 17665, 17408, 17410, 17413
# Of the hood.
VENTING, LEVEL, INTENSIVE = 54784, 54528, 54529


def requests(simulated: SimulatedAppliance, resource: str = "", action: str = "") -> list[Any]:
    """Give what was asked: the data of each request of this kind."""
    return [
        each.message.data
        for each in simulated.received
        if each.message
        and each.message.resource.startswith(resource)
        and each.message.action == (action or each.message.action)
    ]


def openings(simulated: SimulatedAppliance) -> list[float]:
    """Tell when websockets were opened, or tried to be."""
    return [each.at for each in simulated.received if each.what == "open"]


# --- first contact --------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROFILES)
def test_first_contact(name: str) -> None:
    """Everything is read before the link counts as up, then told at once."""

    async def main() -> None:
        async with simulate(name) as simulated:
            simulated.appliance.remote_start(False)
            async with running(simulated) as run:
                expected = told(simulated.ha_id)
                for uid, value in simulated.appliance.state.values.items():
                    if uid in expected.description.features:
                        assert run.appliance.raw(uid) == expected.raw(uid), (uid, value)
                assert run.appliance.deviations == expected.deviations
                assert [type(each) for each in run.changes] == [
                    *(InfoChanged, InfoChanged, LinkChanged)
                ]
                assert run.links() == [True]
                assert run.client.services == simulated.rules.services
                assert run.client.info is not None
                assert run.client.network is not None
                assert run.client.statistics.connects == 1
                assert run.client.statistics.strays == 0
                assert run.client.last_error is None
                assert simulated.sessions[0].crowded == 0
            assert simulated.violations == []

    run_virtual(main())


@pytest.mark.parametrize("name", ["dishwasher", "washer"])
def test_first_contact_in_real_time(name: str) -> None:
    """The same, with a clock that does not jump; the link is closed in the orderly way (§5.2)."""

    async def main() -> None:
        async with at_home(name) as (run, simulated):
            await run.client.write(CHILD_LOCK, True)
            await until(lambda: run.appliance.value(CHILD_LOCK) is True)
            await run.stop()
            await until(lambda: not simulated.sessions)
            assert simulated.dead_slots == 0

    run_real(main())


@pytest.mark.parametrize("generation", ["old", "middle", "current"])
@pytest.mark.parametrize("name", ["dishwasher", "washer"])
def test_generations_on_both_links(name: str, generation: str) -> None:
    """What is asked goes by the services, not by the kind of link (§7.2)."""

    async def main() -> None:
        async with simulate(name) as simulated:
            simulated.rules.be_of(generation)
            async with running(simulated) as run:
                assert run.appliance.selected_program
                await run.client.write(CHILD_LOCK, True)
                assert run.client.info is not None
            assert simulated.violations == []

    run_virtual(main())


def test_default_ports() -> None:
    """Those of the kind of link, unless told otherwise (§1)."""
    profile = profile_of(simulate("washer"))
    session: Any = None  # nothing is opened

    def endpoint(**options: Any) -> tuple[str, int]:
        members = {"connection_type": ConnectionType.TLS, "iv": None} if "tls" in options else {}
        options.pop("tls", None)
        client = HomeConnectClient(
            profile_of(simulate("washer"), **members),
            "washer.local",
            session,
            device_id="1",
            device_name="2",
            **options,
        )
        return client.endpoint

    assert profile.connection_type is ConnectionType.AES
    assert endpoint() == ("washer.local", AES_PORT)
    assert endpoint(tls=True) == ("washer.local", TLS_PORT)
    assert endpoint(port=8443) == ("washer.local", 8443)


def test_known_before_the_link() -> None:
    """The description is there, values are not, and nothing can be asked (§7.3)."""

    async def main() -> None:
        async with simulate() as simulated, running(simulated, ready=False) as run:
            client = run.client
            assert run.appliance.find("BSH.Common.Setting.ChildLock") is not None
            assert run.appliance.raw(CHILD_LOCK) is None
            assert not client.connected
            for call in (
                client.write(CHILD_LOCK, True),
                client.write(CHILD_LOCK, "nonsense"),
                client.write_many([]),
                client.set_option(99999, 1),
                client.command(99999),
                client.select_program(99999),
                client.start_program(),
                *(client.stop(), client.pause(), client.resume(), client.vent(1, 1)),
                client.acknowledge(99999),
                *(client.read_values([1]), client.read_network(), client.refresh()),
                client.request("/ci/tzInfo", Action.GET),
            ):
                with pytest.raises(LinkClosedError, match="no link"):
                    await call
            await run.ready()

    run_virtual(main())


# --- values ---------------------------------------------------------------------------------


def test_write() -> None:
    """Done when the appliance says so; the new value comes by itself."""

    async def main() -> None:
        async with at_home() as (run, simulated):
            await run.client.write(VOLUME, "Loud")
            await until(lambda: run.appliance.value(VOLUME) == "Loud")
            assert simulated.appliance.state.values[VOLUME] == 3
            assert run.changed() == [frozenset({VOLUME})]
            assert requests(simulated, "/ro/values", "POST") == [({"uid": VOLUME, "value": 3},)]

    run_virtual(main())


def test_write_many() -> None:
    """One request, in the given order."""

    async def main() -> None:
        async with at_home() as (run, simulated):
            await run.client.write_many(
                [(DOSE, 61), (VOLUME, 0), (CHILD_LOCK, True)]  # 61 is between two steps
            )
            await until(lambda: run.appliance.value(CHILD_LOCK) is True)
            (data,) = requests(simulated, "/ro/values", "POST")
            assert [tuple(item.values()) for item in data] == [
                *((DOSE, 60), (VOLUME, 0), (CHILD_LOCK, True))
            ]
            await run.client.write_many([])
            assert len(requests(simulated, "/ro/values", "POST")) == 1

    run_virtual(main())


def test_what_cannot_be_written() -> None:
    """It is told before anything is sent."""

    async def main() -> None:
        async with at_home() as (run, simulated):
            for uid, value, error in (
                *((VOLUME, "Deafening", InvalidValueError), (DOSE, 1000, InvalidValueError)),
                *((VOLUME, 9, InvalidValueError), (99999, 1, InvalidValueError)),
                *((CHILD_LOCK, object(), InvalidValueError), (552, 1, PreconditionError)),
            ):
                with pytest.raises(error):
                    await run.client.write(uid, value)
            assert requests(simulated, "/ro/values") == []

    run_virtual(main())


@pytest.mark.parametrize(
    ("code", "wanted"),
    [(539, RefusedError), (541, RefusedError), (413, RefusedError), (500, RefusedError)],
)
def test_refused(code: int, wanted: type[CommandError]) -> None:
    """The number is told; nothing is shown as done."""

    async def main() -> None:
        async with at_home() as (run, simulated):
            simulated.faults.arm("refuse", resource="^/ro/values", code=code)
            with pytest.raises(wanted) as caught:
                await run.client.write(CHILD_LOCK, True)
            assert caught.value.code == code
            await asyncio.sleep(1)
            assert run.appliance.value(CHILD_LOCK) is False
            assert run.changed() == []
            assert run.client.connected
            assert run.client.statistics.refusals == {code: 1}

    run_virtual(main())


def test_local_control() -> None:
    """Somebody at the panel is in the way, and then no longer."""

    async def main() -> None:
        async with at_home("dishwasher") as (run, simulated):
            simulated.appliance.remote_control(False)
            with pytest.raises(RefusedError) as caught:
                await run.client.write(CHILD_LOCK, True)
            assert caught.value.code == 537
            simulated.appliance.remote_control(True)
            await run.client.write(CHILD_LOCK, True)

    run_virtual(main())


def test_read_values() -> None:
    """Of many features in requests that an appliance can take; they come as changes."""

    async def main() -> None:
        async with at_home("dishwasher") as (run, simulated):
            simulated.appliance.state.values[CHILD_LOCK] = True  # without a word
            uids = [
                uid
                for uid in run.appliance.description.features
                if run.appliance.readable(uid) and uid in simulated.appliance.state.values
            ]
            assert len(uids) > 50
            await run.client.read_values(uids)
            assert run.appliance.value(CHILD_LOCK) is True
            assert run.changed() == [frozenset({CHILD_LOCK})]
            assert [len(data) for data in requests(simulated, "/ro/values", "GET")] == [
                *(50, len(uids) - 50)
            ]
            await run.client.read_values([])

    run_virtual(main())


def test_refresh() -> None:
    """Everything once more; no news, no change."""

    async def main() -> None:
        async with at_home() as (run, simulated):
            await run.client.refresh()
            assert run.changed() == []
            simulated.appliance.state.values[CHILD_LOCK] = True
            del simulated.appliance.state.values[VOLUME]
            await run.client.refresh()
            assert run.changed() == [frozenset({CHILD_LOCK})]
            assert run.appliance.raw(VOLUME) == 2  # what is not mentioned stays (§9.1)

    run_virtual(main())


def test_read_network() -> None:
    """The strength of the signal is not told by itself."""

    async def main() -> None:
        async with at_home("dishwasher") as (run, simulated):
            await run.client.read_network()
            assert [type(each) for each in run.changes].count(InfoChanged) == 2  # no news
            state = simulated.appliance.state
            state.values[state.uid("BSH.Common.Status.WiFiSignalStrength") or 0] = -70
            interface = await run.client.read_network()
            assert interface is run.client.network
            assert interface is not None
            assert interface.rssi == -70
            assert [type(each) for each in run.changes].count(InfoChanged) == 3

    run_virtual(main())


def test_any_request() -> None:
    """What has no method of its own; gives the data of the answer."""

    async def main() -> None:
        async with at_home("dishwasher") as (run, simulated):
            client = run.client
            assert await client.request("/ci/tzInfo", Action.GET) == [
                {"tz": "CET-1CEST,M3.5.0/2,M10.5.0/3"}
            ]
            item = {"interfaceID": 0}
            assert (await client.request("/ni/config", Action.GET, [item]))[0]["automaticIPv4"]
            assert await client.request(Resource.DEVICE_READY, Action.NOTIFY) is None
            with pytest.raises(CommandError, match="path"):
                await client.request("nonsense", Action.GET)
            with pytest.raises(CommandError, match="JSON"):
                await client.request("/ro/values", Action.POST, [{"uid": 1, "value": 2**80}])
            with pytest.raises(RefusedError) as caught:
                await client.request("/ro/values", Action.GET, [{"uid": 99999}])
            assert caught.value.code == 512
            assert client.troubles == frozenset()  # nobody said that it has that
            with pytest.raises(RefusedError):
                await client.read_values([99999])
            assert client.troubles == frozenset()
            assert run.links() == [True]
            assert simulated.violations == []

    run_virtual(main())


def test_changes_of_description() -> None:
    """On demand as unasked: told at once, without a moment in which all is as it was described."""

    async def main() -> None:
        async with at_home() as (run, simulated):
            simulated.appliance.deviate([{"uid": VOLUME, "access": "READ"}])
            await until(lambda: run.changed() == [frozenset({VOLUME})])
            assert not run.appliance.writable(VOLUME)
            seen: list[bool] = []
            run.client.subscribe(lambda _: seen.append(run.appliance.writable(VOLUME)))
            await run.client.request(Resource.DESCRIPTION_CHANGES, Action.GET)
            assert not any(seen)
            del simulated.appliance.state.deviations[VOLUME]
            await run.client.request(Resource.DESCRIPTION_CHANGES, Action.GET)
            assert seen[-1]
            assert VOLUME in run.changed()[-1]

    run_virtual(main())


# --- commands and events --------------------------------------------------------------------


def test_command() -> None:
    """Only what is one, while it can be given."""

    async def main() -> None:
        async with at_home("oven") as (run, _simulated):
            await run.client.command(586)
            await until(lambda: run.value("BSH.Common.Status.DoorState") == "Open")
            with pytest.raises(PreconditionError) as caught:
                await run.client.command(512)  # nothing runs
            assert caught.value.reason is Obstacle.NOT_EXECUTABLE
            with pytest.raises(PreconditionError):
                await run.client.command(CHILD_LOCK)

    run_virtual(main())


def test_events() -> None:
    """Acknowledged or rejected by their uid (§9.4)."""

    async def main() -> None:
        async with at_home("fridge_freezer") as (run, simulated):
            for uid in (ALARM, UPDATE):
                simulated.appliance.event(uid, "Present")
            await until(lambda: run.appliance.value(UPDATE) == "Present")
            await run.client.acknowledge(ALARM)
            await until(lambda: run.appliance.value(ALARM) == "Confirmed")
            await run.client.acknowledge(UPDATE, reject=True)
            await until(lambda: run.appliance.value(UPDATE) == "Off")
            with pytest.raises(PreconditionError):
                await run.client.acknowledge(ALARM, reject=True)
            with pytest.raises(RefusedError) as caught:
                await run.client.acknowledge(OTHER_ALARM)
            assert caught.value.code == 535

    run_virtual(main())


# --- programs -------------------------------------------------------------------------------


def test_life_of_a_program() -> None:
    """Selected, started, paused, resumed, stopped."""

    async def main() -> None:
        async with at_home() as (run, simulated):
            client = run.client
            await client.select_program(WOOL)
            await until(lambda: run.appliance.selected_program == WOOL)
            await client.start_program()
            state = "BSH.Common.Status.OperationState"
            await until(lambda: run.value(state) == "Run")
            assert run.appliance.active_program == WOOL
            with pytest.raises(PreconditionError) as caught:
                await client.start_program()
            assert caught.value.reason is Obstacle.PROGRAM_RUNNING
            await client.pause()
            await until(lambda: run.value(state) == "Pause")
            await client.resume()
            await until(lambda: run.value(state) == "Run")
            await client.stop()
            await until(lambda: run.value(state) == "Ready", 60)
            assert run.appliance.active_program is None
            assert [each[0]["program"] for each in requests(simulated, "/ro/activeProgram")] == [
                WOOL
            ]

    run_virtual(main())


def test_start_with_options_and_delay() -> None:
    """What is asked for counts; the rest is as it is (§10.4)."""

    async def main() -> None:
        async with at_home() as (run, simulated):
            await run.client.start_program(COTTON, {SPIN: "RPM800"}, finish_in=20_000)
            await until(lambda: run.appliance.active_program == COTTON)
            ((item,),) = requests(simulated, "/ro/activeProgram", "POST")
            options = {option["uid"]: option["value"] for option in item["options"]}
            assert run.appliance.all_members(SPIN)[options[SPIN]] == "RPM800"
            assert options[FINISH_IN] >= 20_000
            assert options[TEMPERATURE] == run.appliance.raw(TEMPERATURE)
            await until(lambda: run.value("BSH.Common.Status.OperationState") == "DelayedStart")

    run_virtual(main())


def test_start_right_after_selecting() -> None:
    """What was agreed to counts at once: the report of it comes a moment later."""

    async def main() -> None:
        async with simulate(speed=1.0) as simulated:
            simulated.appliance.remote_start(True)
            async with running(simulated) as run:
                other = next(
                    uid
                    for uid in startable_programs(run.appliance)
                    if uid not in (run.appliance.selected_program, None)
                )
                before = run.appliance.selected_program
                await run.client.select_program(other)
                assert run.appliance.selected_program == before  # not reported yet
                await run.client.start_program()
                ((item,),) = requests(simulated, "/ro/activeProgram", "POST")
                assert item["program"] == other

    run_virtual(main())


def test_start_right_after_setting_an_option() -> None:
    """An option that was agreed to goes along, and not the value it had before."""

    async def main() -> None:
        async with simulate(speed=1.0) as simulated:
            simulated.appliance.remote_start(True)
            async with running(simulated) as run:
                await run.client.select_program(COTTON)
                await until(lambda: run.appliance.selected_program == COTTON)
                before = run.appliance.raw(SPIN)
                wanted = next(raw for raw in run.appliance.members(SPIN) if raw != before)
                await run.client.set_option(SPIN, wanted)
                assert run.appliance.raw(SPIN) == before  # not reported yet
                await run.client.start_program()
                ((item,),) = requests(simulated, "/ro/activeProgram", "POST")
                assert {"uid": SPIN, "value": wanted} in list(item["options"])

    run_virtual(main())


def test_what_is_reported_goes_before_what_was_agreed() -> None:
    """Somebody at the appliance may have chosen otherwise since."""

    async def main() -> None:
        async with at_home() as (run, simulated):
            chosen, other = startable_programs(run.appliance)[:2]
            await run.client.select_program(chosen)
            await until(lambda: run.appliance.selected_program == chosen)
            simulated.appliance.press_select(other)
            await until(lambda: run.appliance.selected_program == other)
            await run.client.start_program()
            ((item,),) = requests(simulated, "/ro/activeProgram", "POST")
            assert item["program"] == other

    run_virtual(main())


def test_start_that_is_not_allowed() -> None:
    """What is in the way is told before anything is sent, and afterwards by the appliance."""

    async def main() -> None:
        async with at_home() as (run, simulated):
            simulated.appliance.remote_start(False)
            await until(lambda: run.value("BSH.Common.Status.RemoteControlStartAllowed") is False)
            with pytest.raises(PreconditionError) as caught:
                await run.client.start_program()
            assert caught.value.reason is Obstacle.REMOTE_START_OFF
            assert requests(simulated, "/ro/activeProgram") == []
            simulated.appliance.remote_start(True)
            await until(lambda: run.value("BSH.Common.Status.RemoteControlStartAllowed"))
            simulated.faults.arm("refuse", resource="^/ro/activeProgram", code=538)
            with pytest.raises(RefusedError):
                await run.client.start_program()
            assert len(requests(simulated, "/ro/activeProgram")) == 1

    run_virtual(main())


def dryer_of(simulated: SimulatedAppliance) -> Any:
    """Give the profile of a washer whose programs are those of a dryer."""
    description = deepcopy(stored(simulated.ha_id))
    program = description["features"][str(COTTON)]
    program["key"] = program["key"].replace("Washer", "Dryer")
    return profile_of(simulated, description=Description.load(description))


def test_start_without_what_nobody_named() -> None:
    """An option that is refused, and that the caller did not name, does not stand in the way (§8)."""

    async def main() -> None:
        async with at_home("hood") as (run, simulated):
            await run.client.start_program(VENTING, {LEVEL: 1})
            await until(lambda: run.appliance.active_program)
            simulated.faults.arm("refuse", resource="^/ro/", action="POST", code=400, count=2)
            await run.client.vent(LEVEL, 2)
            *_, refused, taken = requests(simulated, "/ro/activeProgram", "POST")
            named = {LEVEL, INTENSIVE}
            assert {item["uid"] for item in refused[0]["options"]} > named
            assert {item["uid"] for item in taken[0]["options"]} == named

    run_virtual(main())


def test_start_without_what_is_needed() -> None:
    """An appliance that wants all options says so, and the first refusal tells why it is refused."""

    async def main() -> None:
        async with at_home("dishwasher") as (run, simulated):
            simulated.faults.arm("refuse", resource="^/ro/activeProgram", code=512, count=1)
            with pytest.raises(RefusedError) as caught:
                await run.client.start_program()
            assert caught.value.code == 512
            _, bare = requests(simulated, "/ro/activeProgram", "POST")
            assert bare[0]["options"] == []
            assert run.client.statistics.refusals == {512: 1, 533: 1}
            assert run.client.troubles == {Trouble.DESCRIPTION}  # a fresh profile helps

    run_virtual(main())


def test_start_the_other_way() -> None:
    """Some dryers refuse the usual way, and start by a value (§10.6)."""

    async def main() -> None:
        async with simulate(speed=1.0) as simulated:
            simulated.appliance.character.starts_by_value = True
            simulated.appliance.character.window_open = True
            async with running(simulated, profile=dryer_of(simulated)) as run:
                await run.client.start_program(COTTON)
                assert run.appliance.active_program == COTTON
                (data,) = requests(simulated, "/ro/values", "POST")
                assert [item["uid"] for item in data] == [FINISH_IN, ACTIVE]

    run_virtual(main())


@pytest.mark.parametrize("lost", [False, True])
def test_start_the_other_way_in_vain(lost: bool) -> None:
    """Most accept it and do nothing: that is no success (§10.6), and no link is none either."""

    async def main() -> None:
        async with simulate(speed=1.0) as simulated:
            simulated.faults.arm("refuse", resource="^/ro/activeProgram", code=541)
            async with running(simulated, profile=dryer_of(simulated)) as run:
                started = now()
                call = asyncio.create_task(run.client.start_program(COTTON))
                await asyncio.sleep(5)
                assert not call.done()
                if lost:
                    simulated.abort()
                    with pytest.raises(LinkClosedError):
                        await call
                    assert now() - started < 6
                else:
                    with pytest.raises(UnansweredError, match="did not start"):
                        await call
                    assert 10 <= now() - started < 11

    run_virtual(main())


def test_start_of_a_hood() -> None:
    """By the program with its level; running by the level; 0 stops (§10.6)."""

    async def main() -> None:
        async with at_home("hood") as (run, simulated):
            await run.client.vent(LEVEL, 2)
            await until(lambda: run.appliance.active_program == VENTING)
            await until(lambda: run.appliance.raw(LEVEL) == 2)
            await run.client.vent(INTENSIVE, 1)
            await until(lambda: run.appliance.raw(INTENSIVE) == 1)
            await run.client.vent(None)
            await until(lambda: not run.appliance.active_program)
            sent = len(simulated.received)
            await run.client.vent(LEVEL, 0)  # it stands still already
            assert len(simulated.received) == sent

    run_virtual(main())


def test_the_way_round() -> None:
    """The next step is taken only after a code that it is for, and the last refusal counts."""

    async def main() -> None:
        async with at_home("coffee_maker") as (run, simulated):
            for codes, expected in (
                *(((541,), None), ((541, 400), 400), ((539,), 539), ((518, 538), 538)),
            ):
                simulated.faults.clear()
                for resource, code in zip(
                    ("^/ro/values", "^/ro/selectedProgram"), codes, strict=False
                ):
                    simulated.faults.arm("refuse", resource=resource, action="POST", code=code)
                call = run.client.set_option(BEANS, "Mild")
                if expected in {None, 400}:
                    await call  # kept for later at worst
                else:
                    with pytest.raises(RefusedError) as caught:
                        await call
                    assert caught.value.code == expected

    run_virtual(main())


# --- options that wait for the start --------------------------------------------------------


def refuse_options(simulated: SimulatedAppliance, code: int = 541) -> None:
    """Take no option of a program that does not run."""
    for resource in ("^/ro/values", "^/ro/selectedProgram"):
        simulated.faults.arm("refuse", resource=resource, action="POST", code=code)


@pytest.mark.parametrize("code", [400, 518, 519, 541])
def test_option_that_waits(code: int) -> None:
    """It goes along with the start of its program; what is said of the start counts more."""

    async def main() -> None:
        async with at_home("coffee_maker") as (run, simulated):
            refuse_options(simulated, code)
            await run.client.set_option(BEANS, "Mild")
            mild = run.appliance.encode(BEANS, "Mild")
            assert run.client.pending == {BEANS: mild}
            assert run.changed() == [frozenset({BEANS})]
            await run.client.set_option(BEANS, "Mild")
            assert run.changed() == [frozenset({BEANS})]
            await run.client.set_option(FILL, 100)
            await run.client.set_option(FLOW, "Intense")
            assert set(run.client.pending) == {BEANS, FILL, FLOW}
            await run.client.start_program(options={FILL: 120})
            ((item,),) = requests(simulated, "/ro/activeProgram", "POST")
            options = {option["uid"]: option["value"] for option in item["options"]}
            assert (options[BEANS], options[FILL], options[FLOW]) == (mild, 120, 1)
            assert run.client.pending == {}
            assert {BEANS, FILL, FLOW} in run.changed()

    run_virtual(main())


def test_option_that_does_not_wait_any_more() -> None:
    """Once the appliance takes it, nothing is kept."""

    async def main() -> None:
        async with at_home("coffee_maker") as (run, simulated):
            refuse_options(simulated)
            await run.client.set_option(BEANS, "Mild")
            await run.client.set_option(FILL, 100)
            simulated.faults.clear()
            await run.client.set_option(BEANS, "Strong")
            assert set(run.client.pending) == {FILL}
            await until(lambda: run.appliance.value(BEANS) == "Strong")

    run_virtual(main())


@pytest.mark.parametrize("meanwhile", [False, True], ids=["linked", "while the link was down"])
def test_waiting_options_belong_to_their_program(meanwhile: bool) -> None:
    """Another selected program drops them, also one that was selected while nobody listened."""

    async def main() -> None:
        async with at_home("coffee_maker") as (run, simulated):
            refuse_options(simulated)
            await run.client.set_option(BEANS, "Mild")
            if meanwhile:
                await simulated.listener.refuse()
                await run.lost()
                assert set(run.client.pending) == {BEANS}
                simulated.appliance.press_select(ESPRESSO)
                await simulated.listener.accept()
                await run.back()
            else:
                simulated.appliance.press_select(ESPRESSO)
            await until(lambda: run.appliance.selected_program == ESPRESSO)
            assert run.client.pending == {}
            assert any(BEANS in uids for uids in run.changed()[1:])

    run_virtual(main())


def test_options_that_may_not_wait() -> None:
    """Those of other refusals, of running programs, and what is no option of the program."""

    async def main() -> None:
        async with at_home("coffee_maker") as (run, simulated):
            refuse_options(simulated, 539)
            with pytest.raises(RefusedError):
                await run.client.set_option(BEANS, "Mild")
            simulated.faults.clear()
            refuse_options(simulated)
            with pytest.raises(RefusedError):
                await run.client.set_option(CHILD_LOCK, True)
            with pytest.raises(InvalidValueError):
                await run.client.set_option(BEANS, "Tea")
            assert run.client.pending == {}

    run_virtual(main())


def test_start_of_another_program_leaves_waiting_options_out() -> None:
    """They are not its."""

    async def main() -> None:
        async with at_home("coffee_maker") as (run, simulated):
            refuse_options(simulated)
            await run.client.set_option(FILL, 100)
            await run.client.start_program(ESPRESSO)
            ((item,),) = requests(simulated, "/ro/activeProgram", "POST")
            assert {"uid": FILL, "value": 100} not in item["options"]
            assert run.client.pending == {}

    run_virtual(main())


# --- links come and go ----------------------------------------------------------------------


def test_values_after_a_reconnect() -> None:
    """All stale until all is read; then told together (§7.3)."""

    async def main() -> None:
        async with at_home() as (run, simulated):
            simulated.appliance.deviate([{"uid": VOLUME, "access": "READ"}])
            simulated.appliance.event(540, "Present")
            await until(lambda: not run.appliance.writable(VOLUME))
            await simulated.listener.refuse()
            await run.lost()
            run.changes.clear()
            state = simulated.appliance.state
            state.values |= {CHILD_LOCK: True, DOSE: 70}
            del state.values[25091], state.values[540], state.deviations[VOLUME]
            await asyncio.sleep(20)
            assert run.appliance.value(CHILD_LOCK) is False  # who shows it decides how long
            await simulated.listener.accept()
            await run.back()
            assert [each for each in run.changes if not isinstance(each, InfoChanged)] == [
                LinkChanged(connected=True)
            ]
            assert run.appliance.value(CHILD_LOCK) is True
            assert run.appliance.value(DOSE) == 70
            assert run.appliance.raw(25091) is None
            assert run.appliance.value(540) == "Off"
            assert run.appliance.writable(VOLUME)

    run_virtual(main())


def test_news_during_the_greeting_survive_the_list() -> None:
    """What was told on this link is known, even if the list does not mention it."""

    async def main() -> None:
        async with simulate("coffee_maker") as simulated:
            state = simulated.appliance.state
            del state.values[SELECTED], state.values[BEANS], state.values[CHILD_LOCK]
            simulated.faults.arm("delay", seconds=1.0, resource="^/ro/all")
            async with running(simulated, ready=False) as run:
                await until(lambda: requests(simulated, Resource.MANDATORY_VALUES))
                option = {"uid": BEANS, "value": 1}
                notify = simulated.appliance.notify
                notify("/ro/selectedProgram", [{"program": COFFEE, "options": [option]}])
                notify("/ro/descriptionChange", [{"uid": CHILD_LOCK, "value": True}])
                notify("/ro/values", [{"uid": 16896, "value": True}])
                await run.ready()
                assert run.appliance.selected_program == COFFEE
                assert run.appliance.raw(BEANS) == 1
                assert run.appliance.value(CHILD_LOCK) is True
                assert run.appliance.value(16896) is False  # the list is younger

    run_virtual(main())


@pytest.mark.parametrize("times", [2, 4])
def test_list_that_is_refused(times: int) -> None:
    """Again after 1, 3 and 10 s; then the link is up with what notifications bring (§7.1)."""

    async def main() -> None:
        async with simulate() as simulated:
            simulated.appliance.event(540, "Present")
            async with running(simulated, backoff=STEADY) as run:
                assert run.appliance.value(540) == "Present"
                simulated.faults.arm(
                    "refuse", resource="/ro/allMandatoryValues", code=500, count=times
                )
                simulated.abort()
                await run.lost()
                await run.back(60)
                if times == 4:
                    assert run.appliance.raw(VOLUME) is None
                    assert run.appliance.value(540) == "Off"
                    simulated.appliance.tell_values({VOLUME: 4})
                    await until(lambda: run.appliance.raw(VOLUME) == 4)
                else:
                    assert run.appliance.raw(VOLUME) == 2
                    assert run.appliance.value(540) == "Present"

    run_virtual(main())


def cut_list(simulated: SimulatedAppliance) -> None:
    """Lose the last third of the next list."""
    simulated.faults.arm("json", how="truncated", resource="/ro/allMandatoryValues", count=1)


def test_list_that_is_cut() -> None:
    """What its end would have told is asked for (§6.3)."""

    async def main() -> None:
        async with simulate("dishwasher") as simulated:
            cut_list(simulated)
            async with running(simulated) as run:
                await until(lambda: not run.client._missing)
                expected = told(simulated.ha_id)
                asked = [item["uid"] for data in requests(simulated, "/ro/values") for item in data]
                assert 10 < len(asked) == len(set(asked))
                assert not any(uid in run.appliance.programs for uid in asked)
                for uid in run.appliance.description.features:
                    if uid != 517 and run.appliance.readable(uid):  # remote start is allowed here
                        assert run.appliance.raw(uid) == expected.raw(uid), uid
                assert run.links() == [True]

    run_virtual(main())


def test_list_that_is_cut_on_an_appliance_that_refuses() -> None:
    """One feature that it does not have costs no other; what it does not tell is not known."""

    async def main() -> None:
        async with simulate("dishwasher") as simulated:
            appliance = simulated.appliance
            features = appliance.profile.description.features
            appliance.event(4618, "Present")
            appliance.event(4617, "Present")
            async with running(simulated) as run:
                at_first: list[str] = []
                run.client.subscribe(
                    lambda change: (
                        at_first.append(run.appliance.value(4618))
                        if change == LinkChanged(connected=True)
                        else None
                    )
                )
                feature = features.pop(4619)
                try:
                    del appliance.state.values[4618]
                    cut_list(simulated)
                    simulated.abort()
                    await run.lost()
                    await run.back()
                    await until(lambda: not run.client._missing)
                finally:
                    features[4619] = feature
                asked = [len(data) for data in requests(simulated, "/ro/values")]
                assert asked[-1] == 1 < asked[0]
                assert at_first == ["Present"]  # it was not over as long as it was asked for
                assert run.appliance.value(4618) == "Off"
                assert run.appliance.value(4617) == "Present"
                assert run.client.troubles == {Trouble.DESCRIPTION}
                assert not run.client._waiters

    run_virtual(main())


def test_list_that_is_cut_on_an_appliance_that_has_enough() -> None:
    """Nothing more is asked, and nothing stale is shown."""

    async def main() -> None:
        async with simulate("dishwasher") as simulated:
            simulated.appliance.event(4618, "Present")
            async with running(simulated) as run:
                cut_list(simulated)
                simulated.faults.arm("refuse", resource="^/ro/values", code=429, count=1)
                simulated.abort()
                await run.lost()
                await run.back()
                await until(lambda: not run.client._missing)
                assert len(requests(simulated, "/ro/values")) == 1
                assert run.appliance.value(4618) == "Off"
                assert run.client.connected

    run_virtual(main())


def test_several_subscribers() -> None:
    """All are told, in order, whatever one of them does; one that left is not."""

    async def main() -> None:
        async with at_home() as (run, simulated):
            heard: list[str] = []

            def fail(_change: object) -> None:
                raise RuntimeError("a listener of the test")

            leave = run.client.subscribe(lambda _: heard.append("first"))
            run.client.subscribe(fail)
            run.client.subscribe(lambda _: heard.append("second"))
            simulated.appliance.tell_values({VOLUME: 0})
            await until(lambda: run.appliance.raw(VOLUME) == 0)
            leave()
            leave()
            simulated.appliance.tell_values({VOLUME: 1})
            await until(lambda: run.appliance.raw(VOLUME) == 1)
            assert heard == ["first", "second", "second"]

    run_virtual(main())


def test_cancelled_callers() -> None:
    """What has not left never does; what has is not sent again; others get theirs."""

    async def main() -> None:
        async with at_home() as (run, simulated):
            simulated.faults.arm("delay", seconds=5.0, resource="^/ro/values", count=1)
            calls = [asyncio.create_task(run.client.write(VOLUME, number)) for number in range(4)]
            await asyncio.sleep(1)
            for number in (0, 2):
                calls[number].cancel()
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
            assert [type(each) for each in outcomes] == [
                *(asyncio.CancelledError, type(None), asyncio.CancelledError, type(None))
            ]
            sent = [data[0]["value"] for data in requests(simulated, "/ro/values", "POST")]
            assert sent == [0, 1, 3]
            assert run.client._waiters == {}

    run_virtual(main())


def test_commands_in_flight_when_the_link_drops() -> None:
    """Fail at once, and are not sent again."""

    async def main() -> None:
        async with at_home() as (run, simulated):
            simulated.faults.arm("silence", resource="^/ro/values")
            started = now()
            calls = [asyncio.create_task(run.client.write(VOLUME, number)) for number in (3, 4)]
            await asyncio.sleep(1)
            simulated.abort()
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
            assert [type(each) for each in outcomes] == [LinkClosedError] * 2
            assert now() - started < 2
            simulated.faults.clear()
            await run.back()
            await asyncio.sleep(60)
            assert len(requests(simulated, "/ro/values", "POST")) == 1
            assert run.appliance.raw(VOLUME) == 2

    run_virtual(main())


def test_silence() -> None:
    """One unanswered request is the caller's affair, two in a row end the link."""

    async def main() -> None:
        async with at_home() as (run, simulated):
            simulated.faults.arm("silence", resource="^/ro/values")
            started = now()
            with pytest.raises(UnansweredError):
                await run.client.write(VOLUME, 3)
            assert 20 <= now() - started < 21
            assert run.client.connected
            with pytest.raises((UnansweredError, LinkClosedError)):
                await run.client.write(VOLUME, 3)
            await run.lost()
            simulated.faults.clear()
            await run.back()
            assert run.client.statistics.drops == {"PeerSilentError": 1}

    run_virtual(main())


# --- when to try again ----------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2])
def test_waits_between_attempts(seed: int) -> None:
    """5, 10, 20 … 300 s, each a fifth more or less (§7.3)."""

    async def main() -> None:
        random.seed(seed)
        async with simulate() as simulated:
            simulated.faults.arm("upgrade_status", status=500)
            async with running(simulated, ready=False, backoff=None) as run:
                await asyncio.sleep(3600)
                waits = [later - earlier for earlier, later in pairwise(openings(simulated))]
                assert len(waits) > 12
                expected = [5.0, 10, 20, 40, 80, 160, *[300] * len(waits)]
                for wait_s, expected_s in zip(waits, expected, strict=False):
                    assert 0.8 * expected_s <= wait_s <= 1.2 * expected_s + 0.1
                assert len({round(wait_s, 3) for wait_s in waits}) == len(waits)
                assert isinstance(run.client.last_error, WrongLinkError)
                assert run.links() == []
        assert BACKOFF_SPREAD == (0.8, 1.2)

    run_virtual(main())


@pytest.mark.parametrize(("lived_s", "wait_s"), [(30.0, 10.0), (70.0, 5.0)])
def test_waits_begin_anew(lived_s: float, wait_s: float) -> None:
    """After a minute of steady state, not before (§7.3)."""

    async def main() -> None:
        async with simulate() as simulated:
            simulated.rules.dead_slot_s = 0.0
            simulated.faults.arm("upgrade_status", status=500, count=1)
            async with running(simulated, backoff=STEADY) as run:
                await asyncio.sleep(lived_s)
                simulated.abort()
                await run.lost()
                lost = now()
                await run.back(60)
                assert now() - lost == pytest.approx(wait_s, abs=0.5)

    run_virtual(main())


def test_session_slots() -> None:
    """A minute at least between attempts, whatever discovery says; after an hour the user is told (§5.1, §12)."""

    async def main() -> None:
        async with simulate() as simulated:
            simulated.dead_slots = 99
            async with running(simulated, ready=False, backoff=STEADY) as run:
                with pytest.raises(SessionsExhaustedError):
                    await run.client.ready(patient=False)
                for _ in range(350):
                    await asyncio.sleep(10)
                    run.client.move_to(simulated.host, simulated.port)
                times = openings(simulated)
                assert all(later - earlier >= 60 for earlier, later in pairwise(times))
                assert run.client.troubles == frozenset()
                await asyncio.sleep(500)
                assert run.client.troubles == {Trouble.SLOTS}
                assert run.troubles() == [frozenset({Trouble.SLOTS})]
                simulated.dead_slots = 0
                await run.back(400)
                assert run.troubles() == [frozenset({Trouble.SLOTS}), frozenset()]

    run_virtual(main())


def test_session_slots_with_pauses() -> None:
    """An appliance that was away in between has been switched: the hour begins anew."""

    async def main() -> None:
        async with simulate() as simulated:
            simulated.dead_slots = 99
            async with running(simulated, ready=False, backoff=STEADY) as run:
                for _ in range(3):
                    await asyncio.sleep(3000)
                    await simulated.listener.refuse()
                    await asyncio.sleep(700)
                    await simulated.listener.accept()
                assert run.client.troubles == frozenset()

    run_virtual(main())


def test_our_name_is_taken() -> None:
    """Somebody else with our device id: the user is told after five links that end in the greeting (§7.4)."""

    async def main() -> None:
        async with (
            simulate() as simulated,
            running(simulated) as other,
            running(simulated, ready=False) as run,
        ):
            await until(lambda: run.client.troubles, 60)
            assert run.client.troubles == {Trouble.IDENTITY}
            assert run.client.statistics.drops == {"PeerClosedError": QUICK_CLOSINGS}
            assert not run.client.switched_off
            await other.stop()
            await run.back()
            assert run.client.troubles == frozenset()
            assert other.links() == [True]

    run_virtual(main())


def test_links_that_end_in_the_greeting_for_another_reason() -> None:
    """In between something else went wrong: nobody is suspected."""

    async def main() -> None:
        async with simulate() as simulated, running(simulated, ready=False) as run:
            for _ in range(3):
                simulated.faults.arm("upgrade_close", count=QUICK_CLOSINGS - 1)
                await until(lambda: not simulated.faults.armed, 30)
                simulated.faults.arm("upgrade_status", count=1, status=500)
                await until(lambda: not simulated.faults.armed, 30)
            assert run.client.troubles == frozenset()
            await run.back()

    run_virtual(main())


def test_description_that_does_not_fit() -> None:
    """The appliance does not know what its profile has (§8)."""

    async def main() -> None:
        async with at_home() as (run, simulated):
            for call in (
                lambda: run.client.write(VOLUME, 1),
                lambda: run.client.read_values([VOLUME]),
            ):
                simulated.faults.arm("refuse", resource="^/ro/values", code=513, count=1)
                with pytest.raises(RefusedError):
                    await call()
            assert run.troubles() == [frozenset({Trouble.DESCRIPTION})]
            await run.client.write(VOLUME, 1)
            assert run.client.troubles == {Trouble.DESCRIPTION}

    run_virtual(main())


# --- off ------------------------------------------------------------------------------------


def test_washer_that_is_switched_off() -> None:
    """It says goodbye and leaves the network: off, until it is back (§7.3)."""

    async def main() -> None:
        async with at_home(backoff=STEADY) as (run, simulated):
            simulated.appliance.power("MainsOff")
            await run.lost()
            assert run.client.switched_off
            for _ in range(20):
                await asyncio.sleep(30)
                assert run.client.switched_off
            assert run.client.statistics.drops["ConnectError"] > 2
            simulated.appliance.power("On")
            await run.back(400)
            assert not run.client.switched_off
            assert run.links() == [True, False, True]

    run_virtual(main())


@pytest.mark.parametrize(("code", "off"), [(1000, True), (1001, True), (1011, False)])
def test_how_it_closes(code: int, off: bool) -> None:
    """Some codes are deliberate (§7.3)."""

    async def main() -> None:
        async with at_home() as (run, simulated):
            simulated.close_sessions(code)
            await run.lost()
            assert run.client.switched_off is off
            (change,) = [each for each in run.changes if each == run.changes[-1]]
            assert isinstance(change, LinkChanged)
            assert isinstance(change.error, PeerClosedError)
            assert change.error.code == code
            await run.back()
            assert not run.client.switched_off

    run_virtual(main())


def test_network_that_fails_is_not_off() -> None:
    """Only the appliance can say so, with a closing frame or HTTP 503 (§5.1)."""

    async def main() -> None:
        async with at_home("hob") as (run, simulated):
            await simulated.listener.refuse()
            await run.lost()
            assert not run.client.switched_off
            simulated.faults.arm("upgrade_status", status=503)
            await simulated.listener.accept()
            await until(lambda: isinstance(run.client.last_error, SwitchedOffError), 60)
            assert run.client.switched_off
            simulated.faults.clear()
            await run.back()
            assert not run.client.switched_off

    run_virtual(main())


# --- keys -----------------------------------------------------------------------------------


def wrong_key(simulated: SimulatedAppliance) -> Any:
    """Give a profile from before a factory reset."""
    return profile_of(simulated, key=bytes(32))


@pytest.mark.parametrize("name", ["dishwasher", "washer"])
def test_wrong_key(name: str) -> None:
    """Three refusals within ten minutes: the user is asked for a new profile, and nothing more is tried (§5.1)."""

    async def main() -> None:
        async with simulate(name) as simulated:
            simulated.rules.slots = 99
            async with running(
                simulated, ready=False, profile=wrong_key(simulated), backoff=STEADY
            ) as run:
                with pytest.raises(KeyRefusedError):
                    await run.client.ready(patient=False)
                error = await run.end()
                assert type(error) is AuthError
                with pytest.raises(AuthError):
                    await run.client.ready()
                assert run.client.statistics.drops == {"KeyRefusedError": 2, "AuthError": 1}
                assert run.client.last_error is error
                assert "\0" * 8 not in str(error)
                assert run.client.ended
                # Run again it begins anew, with the three refusals too.
                again = asyncio.create_task(run.client.run())
                await asyncio.sleep(0)
                assert not run.client.ended
                with pytest.raises(KeyRefusedError):
                    await run.client.ready(patient=False)
                with pytest.raises(AuthError):
                    await again
                assert run.client.statistics.drops == {"KeyRefusedError": 4, "AuthError": 2}

    run_virtual(main())


def test_key_refused_now_and_then() -> None:
    """Twice is no reason, nor is three times over days."""

    async def main() -> None:
        async with simulate() as simulated:
            simulated.rules.slots = 99
            key, wrong = simulated.key, bytes(32)
            async with running(simulated, backoff=STEADY) as run:
                for _ in range(4):
                    simulated.change_key(wrong)
                    await until(lambda: isinstance(run.client.last_error, KeyRefusedError), 400)
                    simulated.key = key
                    await run.back(400)
            async with running(
                simulated,
                ready=False,
                profile=wrong_key(simulated),
                backoff=lambda: iter([301.0] * 9),
            ) as run:
                await asyncio.sleep(1500)
                assert not run.task.done()
                assert run.client.statistics.drops["KeyRefusedError"] >= 4

    run_virtual(main())


def test_key_refused_elsewhere() -> None:
    """Another appliance at the old address says nothing about the key at the new one."""

    async def main() -> None:
        async with (
            simulate() as simulated,
            simulate("fridge_freezer") as other,
            running(other, ready=False, profile=profile_of(simulated), backoff=STEADY) as run,
        ):
            await until(lambda: run.client.statistics.drops["KeyRefusedError"] == 2, 60)
            run.client.move_to(simulated.host, simulated.port)
            simulated.key = bytes(32)
            await until(lambda: run.client.statistics.drops["KeyRefusedError"] == 3, 60)
            assert not run.task.done()
            simulated.key = simulated.profile.key
            await run.back(60)

    run_virtual(main())


def test_key_of_an_appliance_that_speaks_otherwise() -> None:
    """A profile for TLS and an appliance that speaks plain HTTP, and the other way round: no word about the key."""

    async def main() -> None:
        for name, members in (
            ("washer", {"connection_type": ConnectionType.TLS, "iv": None}),
            ("dishwasher", {"connection_type": ConnectionType.AES, "iv": bytes(16)}),
        ):
            async with (
                simulate(name) as simulated,
                running(simulated, ready=False, profile=profile_of(simulated, **members)) as run,
            ):
                with pytest.raises(LinkError) as caught:
                    await run.client.ready(patient=False)
                assert not isinstance(caught.value, KeyRefusedError)
                await asyncio.sleep(60)
                assert not run.task.done()

    run_virtual(main())


# --- addresses ------------------------------------------------------------------------------


def test_new_address() -> None:
    """Tried at once, and not more often than every ten seconds (§7.3)."""

    async def main() -> None:
        async with (
            simulate() as simulated,
            running(simulated, port=1, ready=False, backoff=lambda: iter([1e6] * 99)) as run,
        ):
            attempts = run.client.statistics.drops
            await until(lambda: attempts.total() == 1)
            run.client.move_to(simulated.host, 2)
            await asyncio.sleep(9)
            assert attempts.total() == 1  # that was just now
            await asyncio.sleep(2)
            assert attempts.total() == 2
            for number in range(40):
                run.client.move_to(simulated.host, 3 + number)
                await asyncio.sleep(1)
            assert 4 <= attempts.total() <= 7
            run.client.move_to(simulated.host, simulated.port)
            await run.back(20)
            assert run.client.endpoint == (simulated.host, simulated.port)
            sessions = simulated.sessions[:]
            run.client.move_to("192.0.2.1")
            await asyncio.sleep(60)
            assert run.client.connected  # anyone can announce anything
            assert simulated.sessions == sessions
            assert run.client.endpoint == ("192.0.2.1", AES_PORT)

    run_virtual(main())


# --- ends -----------------------------------------------------------------------------------


def test_news_right_after_an_attempt() -> None:
    """An appliance that announces itself before it listens is not made to wait for the next attempt (§7.3)."""

    async def main() -> None:
        async with (
            simulate() as simulated,
            running(simulated, ready=False, backoff=lambda: iter([1e6] * 99)) as run,
        ):
            await run.back(1)
            await simulated.link_down()
            await until(lambda: not run.client.connected)
            run.client.hurry()
            drops = run.client.statistics.drops
            await asyncio.sleep(11)
            assert drops.total() == 2  # the loss, and the attempt ten seconds after the first
            run.client.hurry()
            run.client.hurry()
            await asyncio.sleep(8)
            assert drops.total() == 2
            await asyncio.sleep(2)
            assert drops.total() == 3
            run.client.hurry()
            await simulated.link_restored()
            await asyncio.sleep(5)
            assert not run.client.connected
            await until(lambda: run.client.connected, 100)
            run.client.hurry()
            await asyncio.sleep(60)
            assert run.client.statistics.connects == 2

    run_virtual(main())


def test_stopped_while_in_a_hurry() -> None:
    """No timer is left behind."""

    async def main() -> None:
        async with (
            simulate() as simulated,
            running(simulated, port=1, ready=False, backoff=lambda: iter([1e6] * 99)) as run,
        ):
            await until(lambda: run.client.statistics.drops.total() == 1)
            run.client.hurry()
        await asyncio.sleep(60)
        assert run.client.statistics.drops.total() == 1

    run_virtual(main())


@pytest.mark.parametrize("name", ["dishwasher", "washer"])
@pytest.mark.parametrize(
    "where", ["upgrade_hang", "/ci/services", "/ro/all", "pause", "established"]
)
def test_stopped(name: str, where: str) -> None:
    """At once, with a closing frame where there is a websocket, leaving no slot taken."""

    async def main() -> None:
        async with simulate(name) as simulated:
            match where:
                case "upgrade_hang":
                    simulated.faults.arm("upgrade_hang")
                case "pause":
                    simulated.faults.arm("refuse", resource="/ro/allMandatory", code=500)
                case "established":
                    pass
                case _:
                    simulated.faults.arm("silence", resource=where)
            async with running(simulated, ready=False) as run:
                waiting = asyncio.create_task(run.client.ready())
                await asyncio.sleep(0.5)
                started = now()
                await run.stop()
                assert now() - started < 5
                if where == "established":
                    await waiting
                else:
                    with pytest.raises(LinkClosedError):
                        await waiting
            await until(lambda: not simulated.sessions)
            assert simulated.dead_slots == 0
            if (
                name == "washer"
            ):  # with TLS the library of the simulator cannot answer, and forgets the code
                closed = [each.body for each in simulated.received if each.what == "close"]
                assert closed == ([] if where == "upgrade_hang" else [1000])

    run_virtual(main())


def test_cancelled_at_any_turn() -> None:
    """Whatever it is about at the moment, it ends, and leaves nothing (see ``no_leaks``)."""

    async def main() -> None:
        async with simulate() as simulated:
            simulated.rules.slots = 10**6
            for turns in range(90):
                async with running(simulated, ready=False) as run:
                    for _ in range(turns):
                        await asyncio.sleep(0)
                    started = now()
                    await run.stop()
                    assert now() - started < 5
                    assert run.client._waiters == {}
            async with running(simulated) as run:
                assert run.client.connected

    run_virtual(main())


def test_commands_cancelled_at_any_turn() -> None:
    """The caller goes; the link and the others stay."""

    async def main() -> None:
        async with at_home() as (run, _simulated):
            for turns in range(12):
                call = asyncio.create_task(run.client.write(VOLUME, turns % 5))
                for _ in range(turns):
                    await asyncio.sleep(0)
                call.cancel()
                await asyncio.gather(call, return_exceptions=True)
                assert run.client._waiters == {}
            await run.client.write(VOLUME, 4)
            await until(lambda: run.appliance.raw(VOLUME) == 4)
            assert run.links() == [True]

    run_virtual(main())


def test_closed_session_of_the_owner() -> None:
    """It is an error of the link, not a crash."""

    async def main() -> None:
        async with simulate() as simulated:
            session = aiohttp.ClientSession()
            await session.close()
            client = HomeConnectClient(
                profile_of(simulated),
                simulated.host,
                session,
                device_id="1",
                device_name="2",
                port=simulated.port,
            )
            run = Running(client)
            with pytest.raises(LinkError):
                await client.ready(patient=False)
            await run.stop()

    run_virtual(main())


def test_no_secret_in_reprs() -> None:
    """Of whatever a log could show."""

    async def main() -> None:
        async with at_home() as (run, simulated):
            await run.client.write(VOLUME, 1)
            texts = " ".join(
                map(
                    repr,
                    (
                        *(run.client, run.client.statistics, run.client.info, run.changes),
                        *(run.client.network, run.client._profile, run.client._identity),
                    ),
                )
            )
            for secret in (simulated.profile.key, simulated.profile.iv):
                assert repr(secret) not in texts
                assert secret.hex() not in texts
            assert "c0ffee01" not in texts

    run_virtual(main())


def test_changes_are_what_they_say() -> None:
    """Frozen, comparable, and small."""
    assert ValuesChanged(frozenset({1})) == ValuesChanged(frozenset({1}))
    assert InfoChanged() == InfoChanged()
    checks: Mapping[str, Callable[[], object]] = {
        "values": lambda: setattr(ValuesChanged(frozenset()), "uids", 1),
        "link": lambda: setattr(LinkChanged(connected=True), "connected", 1),
    }
    for check in checks.values():
        with pytest.raises(AttributeError):
            check()


def test_news_wakes_nobody_without_news() -> None:
    """The same value again is no change."""

    async def main() -> None:
        async with at_home() as (run, simulated):
            for _ in range(5):
                simulated.appliance.tell_values({VOLUME: 2}, again=True)
            await spin(lambda: run.client.statistics.pushes >= 5)
            assert run.changed() == []

    run_virtual(main())


def test_unknown_things_are_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """So that users can report them; of what cannot be read nothing is shown (§6.3, §13)."""
    caplog.set_level("INFO")

    async def main() -> None:
        async with at_home("dishwasher") as (run, simulated):
            for _ in range(3):
                simulated.appliance.notify("/ro/novelty", [{"uid": 1, "value": "secret"}])
                simulated.send_text('{"resource":"/ro/values","data":[{"secret')
            simulated.appliance.tell_values({CHILD_LOCK: True})
            await until(lambda: run.appliance.value(CHILD_LOCK) is True)
            assert run.client.statistics.unknown == {
                "NOTIFY /ro/novelty": 3,
                "a message that cannot be read: envelope": 3,
            }

    run_virtual(main())
    ours = [each.getMessage() for each in caplog.records if each.name.startswith("custom")]
    assert len(ours) == 2
    assert "secret" not in " ".join(ours)
