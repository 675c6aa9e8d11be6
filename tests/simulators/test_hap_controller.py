"""The simulated HomeKit accessories: what they are, what they do by themselves and what hands do to them."""

from argparse import ArgumentParser
import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import fields
from itertools import pairwise
import json
from pathlib import Path
import re
from typing import Any

import aiohttp
import pytest
from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from custom_components.hap_controller.protocol import PairingAttempt, PairingLostError, StatusError
from simulators.hap_controller import (
    BRIDGED,
    KINDS,
    MODELS,
    SERVICE_TYPE,
    Memory,
    Model,
    Pace,
    Rules,
    SimulatedAccessories,
    SimulatedAccessory,
    add_arguments,
    lamps,
    memories,
    model_from,
    serve,
)
from simulators.hap_controller.faults import FAULTS
from simulators.hap_controller.life import Refused
from tests.hap_controller.protocol.running import paired, running, until
from tests.support.clock import run_virtual

from .hap_client import admitted, bare, controlled

pytestmark = pytest.mark.usefixtures("socket_enabled")

FAST = 1000


def quick() -> Pace:
    """Give a pace at which a garage opens in a hundredth of a second."""
    return Pace(speed=FAST)


@pytest.fixture
async def bridge() -> AsyncIterator[SimulatedAccessory]:
    """Serve the bridge, which nobody has misused in the end."""
    async with SimulatedAccessory("bridge", pace=quick()) as served:
        yield served
        assert not served.violations


class Told:
    """What an accessory told of its characteristics, by their names."""

    def __init__(self, served: SimulatedAccessory, accessory: str) -> None:
        """Listen."""
        self._served = served
        self.accessory = served.house.accessory(accessory)
        self.all: list[tuple[str, Any]] = []
        served.house.subscribe(self._note)

    def _note(self, key: tuple[int, int], value: Any, source: object | None) -> None:
        owner, _, each = self._served.house.places[key]
        if owner is self.accessory:
            self.all.append((each.name, value))

    def of(self, name: str) -> list[Any]:
        """Give the values of one."""
        return [value for told, value in self.all if told == name]


def virtual(
    test: Callable[[SimulatedAccessory], Any], model: str | Model = "bridge", **options: Any
) -> None:
    """Let a test have an accessory at its real pace, in time that passes by itself."""

    async def main() -> None:
        async with SimulatedAccessory(model, **options) as served:
            await test(served)

    run_virtual(main())


# --- who they are --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
async def test_is_paired_and_read(name: str) -> None:
    """Each of the demo's accessories is paired by its code, and described as it is."""
    async with SimulatedAccessory(name, pace=quick()) as served:
        keys = await paired(served.port, served.setup_code)
        assert served.texts["sf"] == "0"
        async with running(keys, served.port) as run:
            found = run.client.database.accessories
            assert {aid: each.name for aid, each in found.items()} == {
                aid: each.name for aid, each in served.house.accessories.items()
            }
            for key, each in run.client.database.characteristics.items():
                if each.metadata.readable and not each.metadata.stateless:
                    assert each.value == served.house.value(key), (each, key)
            for aid in found:
                await run.client.identify(aid)
        assert all(each.identified == 1 for each in served.house.accessories.values())
        assert not served.violations


async def test_the_bridge_has_thirty_kinds(bridge: SimulatedAccessory) -> None:
    """Each stands behind the bridge under an id of its own, which is not the one phones dislike."""
    assert len(bridge.house.accessories) == 31
    assert [each.name for each in bridge.house.accessories.values()][1:] == list(BRIDGED)
    assert 7 not in bridge.house.accessories
    kinds = {each.kind for one in bridge.house.accessories.values() for each in one.services}
    assert len(kinds) > 40
    types = {each.type for one in bridge.house.accessories.values() for each in one.characteristics}
    assert len(types) > 100


async def test_names_lead_to_characteristics(bridge: SimulatedAccessory) -> None:
    """Accessories are found by name or aid, characteristics by name, type or iid, services alike."""
    aid, iid = bridge.key("Front door", "Lock Target State")
    assert bridge.key(aid, iid) == bridge.key(str(aid), "1e") == (aid, iid)
    assert bridge.key("Buttons", "Programmable Switch Event", "Button 2") != bridge.key(
        "Buttons", "Programmable Switch Event"
    )
    assert bridge.key(None, "model") == (1, 4)
    for wrong in (("Attic", "On"), ("Garage", "On"), ("Garage", "Model", "Lightbulb")):
        with pytest.raises(LookupError):
            bridge.key(*wrong)


def test_identities_by_seed() -> None:
    """The same seed makes the same accessories; nobody gets a code that is easy to guess."""
    one, same, other = (memories(["lamp", "lock"], None, seed) for seed in (1, 1, 2))
    assert one == same
    ids = {each.device_id for some in (one, other) for each in some.values()}
    assert len(ids) == 4
    assert Memory.fresh().device_id != Memory.fresh().device_id
    assert "seed" not in repr(one["lamp"])
    assert one["lamp"].setup_code not in repr(one)


async def test_remembers_over_a_restart(tmp_path: Path) -> None:
    """Who it is, whom it knows and the number of its description survive."""
    folder = tmp_path / "new" / "state"

    def served() -> SimulatedAccessory:
        return SimulatedAccessory("bridge", memory=memories(["bridge"], folder, 5)["bridge"])

    async with served() as first:
        keys = await paired(first.port, first.setup_code)
        first.house.remove(first.house.accessory("Alarm"))
        assert first.memory.configuration == 2
    assert (folder / "bridge.json").stat().st_mode & 0o077 == 0
    async with served() as second, controlled(second, keys):
        # The alarm is back: a description of its own once more.
        assert second.memory.configuration == 3
        assert second.setup_code == first.setup_code
    (folder / "bridge.json").write_text("{}")
    with pytest.raises(ValueError, match="holds no accessory"):
        served()


def test_configuration_numbers_go_round() -> None:
    """Behind the last number comes 1; 0 never does."""
    memory = Memory.fresh()
    memory.configuration = 65535
    memory.count_up()
    assert memory.configuration == 1


# --- what they do --------------------------------------------------------------------------------------


def test_garage() -> None:
    """It takes its time both ways, and what is in its way makes it go back."""

    async def test(served: SimulatedAccessory) -> None:
        told = Told(served, "Garage")
        async with controlled(served) as run:
            target = served.key("Garage", "Target Door State")
            await run.client.write({target: 0})
            assert served.value("Garage", "Current Door State") == 2
            began = served.house.now()
            await served.settle()
            assert served.house.now() - began == pytest.approx(12, abs=1)
            await run.client.write({target: 1})
            served.house.life(*_place(served, "Garage")).obstruct(True)  # type: ignore[attr-defined]
            await served.settle()
            assert told.of("Current Door State") == [2, 0, 3, 4, 2, 0]
            assert told.of("Target Door State") == [0, 1, 0]
            assert told.of("Obstruction Detected") == [True]
            with pytest.raises(StatusError) as refused:
                await run.client.write({target: 1})
            assert refused.value.code == -70412
            await until(lambda: run.value(target) == 0)

    virtual(test)


def _place(served: SimulatedAccessory, name: str, service: int = 1) -> Any:
    accessory = served.house.accessory(name)
    return accessory, accessory.services[service]


def life(served: SimulatedAccessory, name: str, service: int = 1) -> Any:
    """Find what a service of an accessory does."""
    return served.house.life(*_place(served, name, service))


def test_covers_move() -> None:
    """A blind tells how far it is, stops where it is told to, and turns its slats."""

    async def test(served: SimulatedAccessory) -> None:
        told = Told(served, "Curtain")
        served.operate("Curtain", "Target Position", 50)
        assert served.value("Curtain", "Position State") == 0
        await served.settle()
        positions = told.of("Current Position")
        assert positions[-1] == 50
        assert len(positions) > 5
        assert all(before > after for before, after in pairwise(positions))
        assert told.of("Position State") == [0, 2]
        served.operate("Curtain", "Target Position", 100)
        served.house.timers.after(5, lambda: served.operate("Curtain", "Hold Position", True))
        await served.settle()
        assert served.value("Curtain", "Current Position") == 75
        assert served.value("Curtain", "Target Position") == 75
        served.operate("Curtain", "Target Vertical Tilt Angle", -30)
        assert served.value("Curtain", "Current Vertical Tilt Angle") == 0
        await served.settle()
        assert served.value("Curtain", "Current Vertical Tilt Angle") == -30
        served.operate("Curtain", "Target Position", 75)
        assert served.value("Curtain", "Position State") == 2

    virtual(test)


def test_covers_meet_obstacles() -> None:
    """What is in the way stops a window, and keeps it until it is gone."""

    async def test(served: SimulatedAccessory) -> None:
        window = life(served, "Skylight")
        window.move(100)
        served.house.timers.after(10, lambda: window.obstruct(True))
        await served.settle()
        assert served.value("Skylight", "Current Position") == 50
        with pytest.raises(Refused):
            served.operate("Skylight", "Target Position", 0)
        window.obstruct(False)
        served.operate("Skylight", "Target Position", 0)
        await served.settle()
        assert served.value("Skylight", "Current Position") == 0
        window.halt()
        assert served.value("Skylight", "Position State") == 2

    virtual(test)


def test_reading_amid_a_move_tells_where_it_is() -> None:
    """A read is not bound to the last report."""

    async def test(served: SimulatedAccessory) -> None:
        served.house.pace.report_s = 100
        served.operate("Cat door", "Target Position", 100)
        served.house.timers.after(
            4, lambda: read.append(served.value("Cat door", "Current Position"))
        )
        read: list[int] = []
        await served.settle()
        assert read == [20]

    virtual(test)


def test_locks() -> None:
    """The bolt moves first; it can get stuck, be freed, and turned with the key."""

    async def test(served: SimulatedAccessory) -> None:
        told = Told(served, "Front door")
        lock = life(served, "Front door")
        async with controlled(served) as run:
            target = served.key("Front door", "Lock Target State")
            current = served.key("Front door", "Lock Current State")
            await run.client.write({target: 0})
            assert served.value("Front door", "Lock Current State") == 1
            await served.settle()
            await until(lambda: run.value(current) == 0)
            lock.jam(True)
            await run.client.write({target: 1})
            await served.settle()
            await until(lambda: run.value(current) == 2)
            lock.jam(False)
            await served.settle()
            await until(lambda: run.value(current) == 1)
            lock.turn(False)
            await until(lambda: run.value(target) == run.value(current) == 0)
        assert told.of("Lock Current State") == [0, 2, 1, 0]
        assert told.of("Lock Last Known Action") == [7, 6, 1]
        served.operate("Front door", "Lock Management Auto Security Timeout", 30)
        served.operate("Front door", "Lock Target State", 1)
        await served.settle()
        served.operate("Front door", "Lock Target State", 0)
        await served.settle()
        assert served.value("Front door", "Lock Current State") == 1
        assert told.of("Lock Last Known Action")[-1] == 8

    virtual(test)


def test_alarm() -> None:
    """It waits for everybody to leave, goes off, and rests when it is disarmed."""

    async def test(served: SimulatedAccessory) -> None:
        told = Told(served, "Alarm")
        alarm = life(served, "Alarm")
        with pytest.raises(ValueError, match="not armed"):
            alarm.trigger()
        served.operate("Alarm", "Security System Target State", 1)
        assert served.value("Alarm", "Security System Current State") == 3
        await served.settle()
        alarm.trigger()
        served.operate("Alarm", "Security System Target State", 3)
        served.operate("Alarm", "Security System Target State", 2)
        assert told.of("Security System Current State") == [1, 4, 3, 2]
        assert told.of("Security System Alarm Type") == [1, 0]

    virtual(test)


def test_climate() -> None:
    """A room becomes as warm as is wanted, and no warmer; a thermostat says what it does for that."""

    async def test(served: SimulatedAccessory) -> None:
        told = Told(served, "Living room")
        served.operate("Living room", "Target Temperature", 23.0)
        await served.settle()
        assert told.of("Current Temperature") == [22.0, 22.5, 23.0]
        assert told.of("Current Heating Cooling State") == [1, 0]
        served.operate("Living room", "Target Temperature", 20.0)
        served.operate("Living room", "Target Heating Cooling State", 2)
        await served.settle()
        assert served.value("Living room", "Current Temperature") == 20.0
        served.operate("Living room", "Target Heating Cooling State", 3)
        life(served, "Living room").feel(17.0)
        await served.settle()
        assert served.value("Living room", "Current Temperature") == 19.0
        served.operate("Living room", "Target Heating Cooling State", 0)
        life(served, "Living room").feel(10)
        await served.settle()
        assert served.value("Living room", "Current Temperature") == 10.0
        told = Told(served, "Bedroom")
        life(served, "Bedroom").feel(27.0)
        served.operate("Bedroom", "Active", 1)
        await served.settle()
        assert served.value("Bedroom", "Current Temperature") == 25.0
        served.operate("Bedroom", "Target Heater-Cooler State", 1)
        served.operate("Bedroom", "Heating Threshold Temperature", 24.0)
        served.operate("Bedroom", "Target Heater-Cooler State", 2)
        served.operate("Bedroom", "Active", 0)
        assert told.of("Current Heater-Cooler State") == [3, 1, 0]

    virtual(test)


def test_air() -> None:
    """Fans, purifier, filter and humidifier do what they are switched to."""

    async def test(served: SimulatedAccessory) -> None:
        served.operate("Ceiling fan", "Rotation Speed", 0)
        served.operate("Ceiling fan", "On", True, "Fan")
        assert served.value("Ceiling fan", "Rotation Speed") == 100
        served.operate("Ceiling fan", "Rotation Speed", 0)
        assert served.value("Ceiling fan", "On") is False
        fan = Told(served, "Stand fan")
        served.operate("Stand fan", "Rotation Speed", 60.0)
        await served.settle()
        served.operate("Stand fan", "Rotation Speed", 0.0)
        served.operate("Stand fan", "Active", 1)
        await served.settle()
        assert fan.of("Active") == [1, 0, 1]
        assert fan.of("Current Fan State") == [2, 0, 2]
        assert fan.of("Rotation Speed") == [60, 0, 50]
        served.operate("Air purifier", "Target Air Purifier State", 1)
        life(served, "Air purifier").clear(True)
        assert served.value("Air purifier", "Current Air Purifier State") == 1
        await served.settle()
        life(served, "Air purifier", 2).wear(4)
        assert served.value("Air purifier", "Filter Change Indication") == 1
        served.operate("Air purifier", "Reset Filter Indication", 1)
        assert served.value("Air purifier", "Filter Life Level") == 100
        assert served.value("Air purifier", "Filter Change Indication") == 0
        moist = Told(served, "Humidifier")
        served.operate("Humidifier", "Active", 1)
        await served.settle()
        assert served.value("Humidifier", "Current Relative Humidity") == 45
        life(served, "Humidifier").feel(62)
        await served.settle()
        assert served.value("Humidifier", "Current Relative Humidity") == 60
        served.operate("Humidifier", "Active", 0)
        states = moist.of("Current Humidifier-Dehumidifier State")
        assert states == [2, 1, 3, 1, 0]

    virtual(test)


def test_water() -> None:
    """Valves close by themselves, and their system tells what is left of all of them."""

    async def test(served: SimulatedAccessory) -> None:
        told = Told(served, "Sprinklers")
        served.operate("Sprinklers", "Set Duration", 60, "Lawn")
        served.operate("Sprinklers", "Active", 1, "Lawn")
        served.operate("Sprinklers", "Active", 1, "Beds")
        assert served.value("Sprinklers", "Remaining Duration", "Irrigation System") == 660
        left: list[int] = []
        served.house.timers.after(
            20, lambda: left.append(served.value("Sprinklers", "Remaining Duration", "Lawn"))
        )
        served.house.timers.after(
            100, lambda: left.append(served.value("Sprinklers", "Remaining Duration", "Beds"))
        )
        await served.settle()
        assert left == [40, 500]
        assert told.of("In Use") == [1, 1, 1, 0, 0, 0]
        served.operate("Sprinklers", "Active", 1, "Hedge")
        served.operate("Sprinklers", "Active", 0, "Irrigation System")
        assert served.value("Sprinklers", "In Use", "Hedge") == 0
        tap = Told(served, "Kitchen tap")
        served.operate("Kitchen tap", "Active", 1, "Faucet")
        assert served.value("Kitchen tap", "In Use") == 1
        served.operate("Kitchen tap", "Active", 0, "Tap")
        assert tap.of("Active") == [1, 1, 0, 0]

    virtual(test)


def test_media() -> None:
    """A television wakes up, plays and pauses, changes inputs, and gets louder."""

    async def test(served: SimulatedAccessory) -> None:
        told = Told(served, "Television")
        served.operate("Television", "Active", 1, "Television")
        await served.settle()
        served.operate("Television", "Remote Key", 11)
        served.operate("Television", "Remote Key", 11)
        served.operate("Television", "Target Media State", 1)
        served.operate("Television", "Active", 0, "Television")
        assert told.of("Current Media State") == [0, 1, 0, 1, 2]
        assert life(served, "Television").keys == [11, 11]
        served.operate("Television", "Active Identifier", 3)
        with pytest.raises(Refused):
            served.operate("Television", "Active Identifier", 9)
        for louder in (0, 0, 1):
            served.operate("Television", "Volume Selector", louder)
        assert told.of("Volume") == [35, 40, 35]

    virtual(test)


async def test_lamps_outlets_and_batteries(bridge: SimulatedAccessory) -> None:
    """White light has a colour; an outlet is used while something is plugged in; batteries warn."""
    told = Told(bridge, "Colour lamp")
    bridge.operate("Colour lamp", "Color Temperature", 450)
    assert told.all == [("Color Temperature", 450), ("Hue", 30.0), ("Saturation", 84.0)]
    bridge.operate("Colour lamp", "Color Temperature", 140)
    assert (told.of("Hue")[-1], told.of("Saturation")[-1]) == (222.0, 6.0)
    life(bridge, "Coffee machine").plug(False)
    assert bridge.value("Coffee machine", "Outlet In Use") is False
    life(bridge, "Coffee machine").plug(True)
    bridge.operate("Coffee machine", "On", False)
    assert bridge.value("Coffee machine", "Outlet In Use") is False
    balcony = Told(bridge, "Balcony")
    life(bridge, "Balcony", 3).charge(9)
    assert balcony.of("Battery Level") == [9]
    assert balcony.of("Status Low Battery") == [1, 1, 1]


async def test_buttons_and_bells(bridge: SimulatedAccessory) -> None:
    """Each press is told at once, also when it is the same as the one before."""
    async with controlled(bridge) as run:
        bridge.press("Doorbell")
        bridge.press("Doorbell")
        bridge.press("Buttons", 2, "Button 3")
        bell = bridge.key("Doorbell", "Programmable Switch Event")
        button = bridge.key("Buttons", "Programmable Switch Event", "Button 3")
        await until(lambda: run.values() == [(bell, 0), (bell, 0), (button, 2)])


# --- a bridge and what is behind it ----------------------------------------------------------------------


async def test_accessories_come_and_go(bridge: SimulatedAccessory) -> None:
    """The number of the description goes up with each of them, and ids are never given twice."""
    async with controlled(bridge, configuration=1) as run:
        bridge.house.remove(bridge.house.accessory("Doorbell"))
        added = bridge.house.next_aid()
        assert added not in bridge.house.gone
        control = bridge.control
        assert await control.operate({"op": "add", "kind": "switch", "name": "Pump"}) == added
        await control.operate({"op": "rename", "accessory": "Pump", "name": "Well"})
        assert bridge.texts["c#"] == "4"
        run.client.announced(4)
        await until(lambda: run.client.configuration == 4)
        names = [each.name for each in run.client.database.accessories.values()]
        assert "Doorbell" not in names
        assert names[-1] == "Well"
        await control.operate({"op": "remove", "accessory": "Well"})
        with pytest.raises(ValueError, match="primary"):
            bridge.house.remove(bridge.house.primary)
        # The controller does not know yet that it is gone: no misdeed.
        with pytest.raises(StatusError) as refused:
            await run.client.read([(added, 9)])
        assert refused.value.code == -70409


async def test_a_bridge_loses_an_accessory(bridge: SimulatedAccessory) -> None:
    """All of it cannot be read, written or heard of; the others work."""
    lost, there = bridge.key("Desk lamp", "On"), bridge.key("Fountain", "On")
    async with controlled(bridge) as run:
        await bridge.control.operate({"op": "reach", "accessory": "Desk lamp"})
        await run.client.refresh()
        found = run.client.database.characteristics
        assert not found[lost].available
        assert found[there].available
        with pytest.raises(StatusError) as refused:
            await run.client.write({lost: True})
        assert refused.value.code == -70402
        bridge.set("Desk lamp", "On", True)
        bridge.set("Fountain", "On", True)
        await until(lambda: run.value(there) is True)
        assert run.value(lost) is False
        bridge.house.accessory("Desk lamp").reachable = True
        await run.client.refresh()
        assert run.value(lost) is True


async def test_kinds_can_all_be_added(bridge: SimulatedAccessory) -> None:
    """Whatever the control address offers to add can be."""
    for kind in KINDS:
        await bridge.control.operate({"op": "add", "kind": kind, "name": f"New {kind}"})
    async with controlled(bridge) as run:
        assert len(run.client.database.accessories) == 31 + len(KINDS)
    with pytest.raises(Exception, match="there is no kind"):
        await bridge.control.operate({"op": "add", "kind": "rocket", "name": "New"})


async def test_many_lamps() -> None:
    """A bridge can have any number of plain lamps."""
    model = Model("Lamps", 2, lambda: lamps(100))
    async with SimulatedAccessory(model) as served, controlled(served) as run:
        assert len(run.client.database.accessories) == 101
        assert not served.violations


# --- hands ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "accessory", "name", "value"),
    [
        (
            {"op": "set", "characteristic": "Current Temperature", "value": 7},
            "Balcony",
            "Current Temperature",
            7,
        ),
        ({"op": "operate", "characteristic": "On", "value": True}, "Fountain", "On", True),
        ({"op": "turn", "locked": False}, "Back door", "Lock Current State", 0),
        ({"op": "move_to", "target": 30}, "Blind", "Current Position", 30),
        ({"op": "move_to", "target": 0}, "Garage", "Current Door State", 0),
        ({"op": "obstruct"}, "Blind", "Obstruction Detected", True),
        ({"op": "plug", "plugged": False}, "Coffee machine", "Outlet In Use", False),
        ({"op": "charge", "percent": 3}, "Front door", "Battery Level", 3),
        ({"op": "wear", "percent": 3}, "Air purifier", "Filter Change Indication", 1),
        ({"op": "feel", "value": 30}, "Bedroom", "Current Temperature", 30),
        ({"op": "feel", "value": 30}, "Humidifier", "Current Relative Humidity", 30),
        ({"op": "clear_air"}, "Air purifier", "Current Air Purifier State", 2),
        ({"op": "arm", "target": 0}, "Alarm", "Security System Current State", 0),
        ({"op": "halt"}, "Blind", "Position State", 2),
    ],
)
async def test_hands(
    bridge: SimulatedAccessory, members: dict[str, Any], accessory: str, name: str, value: Any
) -> None:
    """The control address does what hands do."""
    await bridge.control.operate({**members, "accessory": accessory})
    await bridge.settle()
    assert bridge.value(accessory, name) == value


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({"op": "jam", "accessory": "Blind"}, "cannot do that"),
        ({"op": "trigger", "accessory": "Alarm"}, "not armed"),
        ({"op": "turn", "accessory": "Attic"}, "no accessory"),
        ({"op": "set", "characteristic": "On", "value": 1, "accessory": "Alarm"}, "has no On"),
        ({"op": "pace", "speed": 0.0}, "above 0"),
        ({"op": "link", "action": "sideways"}, "'down' or 'up'"),
        ({"op": "fault", "name": "flood"}, "there is no fault"),
    ],
)
async def test_hands_that_cannot(bridge: SimulatedAccessory, members: Any, why: str) -> None:
    """What cannot be done is explained."""
    with pytest.raises(ValueError, match=why):
        await bridge.control.operate(members)


async def test_more_hands(bridge: SimulatedAccessory) -> None:
    """What has no value of its own to look at."""
    operate = bridge.control.operate
    await operate({"op": "jam", "accessory": "Back door"})
    bridge.operate("Back door", "Lock Target State", 0)
    await bridge.settle()
    assert bridge.value("Back door", "Lock Current State") == 2
    await operate({"op": "arm", "accessory": "Alarm", "target": 2})
    await operate({"op": "trigger", "accessory": "Alarm"})
    assert bridge.value("Alarm", "Security System Current State") == 4
    told = Told(bridge, "Buttons")
    await operate({"op": "press", "accessory": "Buttons", "kind": 1})
    assert told.of("Programmable Switch Event") == [1]
    await operate({"op": "pace", "speed": 5.0})
    assert bridge.house.pace.speed == 5
    await operate({"op": "rules", "picky": True})
    assert bridge.rules.picky
    assert bridge.rules.max_sessions == 16
    await operate({"op": "failed_attempts", "count": 3})
    assert bridge.memory.failed_attempts == 3
    card = await operate({"op": "factory_reset"})
    assert card == bridge.card()
    await operate({"op": "advertise", "texts": {"sf": 1, "md": "absent"}})
    assert bridge.texts["sf"] == "1"
    assert "md" not in bridge.texts


async def test_the_page_shows_everything(http: aiohttp.ClientSession) -> None:
    """The page has a card for each accessory with buttons that work, alone and for several addresses."""
    names = ("bridge", "lamp")
    every = {name: SimulatedAccessory(name, pace=quick()) for name in names}
    async with SimulatedAccessories(every) as served:
        assert served["Bridge"] is served["bridge"] is every["bridge"]
        assert served[every["lamp"].device_id] is every["lamp"]
        with pytest.raises(LookupError):
            served["kettle"]
        for url, count in ((served.control_url, 32), (every["bridge"].control_url, 31)):
            async with http.get(url) as answer:
                state = await answer.json()
            assert len(state["devices"]) == count
            assert state["violations"] == []
            for device in state["devices"]:
                for action in device["actions"]:
                    if action["label"] != "Break in":
                        async with http.post(url, json=action["do"]) as answer:
                            assert await answer.json() == {"ok": True, "result": None}, action
            for action in state["actions"]:
                async with http.post(url, json=action["do"]) as answer:
                    assert (await answer.json())["ok"], action
            json.dumps(state)


async def test_the_page_shows_what_controllers_wrote(
    bridge: SimulatedAccessory, http: aiohttp.ClientSession
) -> None:
    """What was said in JSON is shown as it was said."""
    aid, iid = bridge.key("Desk lamp", "On")
    async with controlled(bridge) as run:
        await run.client.write({(aid, iid): True})
        async with http.get(bridge.control_url) as answer:
            received = (await answer.json())["received"]
    written = {"characteristics": [{"aid": aid, "iid": iid, "value": 1}]}
    assert written in [each.get("body") for each in received]


# --- where they are -------------------------------------------------------------------------------------


async def test_reboots_moves_and_resets(bridge: SimulatedAccessory) -> None:
    """It comes back with another number, at another port, or as if it were new."""
    keys = admitted(bridge)
    port, device_id = bridge.port, bridge.device_id
    await bridge.reboot(count_up=True)
    assert (bridge.port, bridge.texts["c#"]) == (port, "2")
    assert await bridge.move() == bridge.port != port
    async with bare(bridge, keys):
        pass
    await bridge.factory_reset(new_id=False)
    assert bridge.device_id == device_id
    with pytest.raises(PairingLostError):
        async with bare(bridge, keys):
            pass
    await bridge.factory_reset()
    assert bridge.device_id != device_id
    await paired(bridge.port, bridge.setup_code)


async def test_announces_itself() -> None:
    """What mDNS says follows pairings, descriptions and addresses; the end is a goodbye."""
    unique = f"Lamp {Memory.fresh().device_id}"
    async with SimulatedAccessory("lamp", name=unique, announce=True) as served:
        name = served.announced_name
        assert name == f"{unique}.{SERVICE_TYPE}"
        assert await found(name, sf="1", id=served.device_id, **{"c#": "1"}) == served.port
        await paired(served.port, served.setup_code)
        served.house.rename(served.house.primary, "Floor lamp")
        port = await served.move()
        assert await found(name, sf="0", **{"c#": "2"}) == port


async def found(name: str, **wanted: str) -> int:
    """Look for an announcement that says all this; gives its port."""
    for _ in range(100):
        # With a fresh cache: what changes twice within seconds is held back by it.
        async with AsyncZeroconf(interfaces=["127.0.0.1"], ip_version=IPVersion.V4Only) as zeroconf:
            info = AsyncServiceInfo(SERVICE_TYPE, name)
            if await info.async_request(zeroconf.zeroconf, 500):
                texts = info.decoded_properties
                if wanted.items() <= texts.items() and info.port:
                    return info.port
        await asyncio.sleep(0.05)
    pytest.fail(f"never announced: {wanted}")


async def test_serves_what_the_command_line_says(tmp_path: Path) -> None:
    """The card names every address; ports follow each other, and a seed or a folder keeps identities."""
    parser = ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    add_arguments(parser)
    async with serve(parser.parse_args(["--seed", "1"])) as card:
        assert [each["name"] for each in card["accessories"]] == [
            model.name for model in MODELS.values()
        ]
        assert all(
            each.keys()
            >= {"host", "port", "device_id", "setup_code", "setup_payload", "control_url"}
            for each in card["accessories"]
        )
    ids = [each["device_id"] for each in card["accessories"]]
    report = tmp_path / "report.json"
    async with SimulatedAccessory("lock") as source, bare(source) as controller:
        report.write_bytes((await controller.ask("GET", "/accessories")).body)
    words = [
        "--seed",
        "1",
        "--accessory",
        "lamp",
        "--lamps",
        "3",
        "--from-diagnostics",
        str(report),
    ]
    words += ["--state", str(tmp_path / "state"), "--speed", "10"]
    async with serve(parser.parse_args(words)) as card:
        assert [each["name"] for each in card["accessories"]] == ["Reading lamp", "Lamps", "Gate"]
        assert [each["accessories"] for each in card["accessories"]] == [1, 4, 1]
        assert card["accessories"][0]["device_id"] == ids[1]
    async with serve(parser.parse_args([*words, "--seed", "2"])) as again:
        assert again["accessories"][0]["setup_code"] == card["accessories"][0]["setup_code"]
        port = str(again["accessories"][0]["port"])
        with pytest.raises(OSError, match="in use"):
            async with serve(parser.parse_args(["--port", port])):
                pass
    (tmp_path / "state" / "lamp.json").write_text("[]")
    with pytest.raises(SystemExit, match="holds no accessory"):
        async with serve(parser.parse_args(words)):
            pass
    report.write_text("{}")
    for wrong in (str(report), str(tmp_path / "missing.json")):
        with pytest.raises(SystemExit):
            parser.parse_args(["--from-diagnostics", wrong])


# --- from a bug report -----------------------------------------------------------------------------------


@pytest.mark.parametrize("wrapped", [True, False])
async def test_lives_from_diagnostics(wrapped: bool) -> None:
    """What somebody's Home Assistant wrote down is an accessory again, and lives as others of its kinds."""
    async with SimulatedAccessory("bridge") as source, bare(source) as controller:
        described = json.loads((await controller.ask("GET", "/accessories")).body)["accessories"]
    for accessory in described:
        accessory["services"][0]["characteristics"][4]["value"] = "**REDACTED**"
        for service in accessory["services"]:
            for each in service["characteristics"]:
                if each["format"] == "tlv8" and "value" in each:
                    each["value"] = "**REDACTED**"
    data = {"accessories": described, "category": 2, "pairing": "**REDACTED**"}
    text = json.dumps(
        {"home_assistant": {"version": "2026.10.0"}, "data": data} if wrapped else data
    )
    model = model_from(text, "report")
    assert (model.name, model.category) == ("Bridge", 2)
    async with SimulatedAccessory(model, pace=quick()) as served, controlled(served) as run:
        for key, each in run.client.database.characteristics.items():
            assert each.value == served.house.value(key) or each.metadata.stateless
        await run.client.write({served.key("Garage", "Target Door State"): 0})
        await served.settle()
        assert served.value("Garage", "Current Door State") == 0
        assert served.house.describe() == source.house.describe()
        assert not served.violations


async def test_odd_diagnostics() -> None:
    """Vendors' types, missing members, odd spellings and large ids stay as they were."""
    odd = [
        {
            "aid": 2**63 + 7,
            "services": [
                {
                    "iid": 1,
                    "type": "0000003e00001000800000 26bb765291".replace(" ", ""),
                    "characteristics": [],
                },
                {
                    "iid": 9,
                    "type": "E863F007-079E-48FF-8F27-9C2605A29F52",
                    "linked": [0, 4711],
                    "hidden": True,
                    "characteristics": [
                        {
                            "iid": 10,
                            "type": "E863F10D-079E-48FF-8F27-9C2605A29F52",
                            "perms": ["pr"],
                            "value": 3.5,
                        },
                        {"iid": 11, "type": "25", "perms": ["pr", "pw", "ev"], "format": "bool"},
                        {
                            "iid": 12,
                            "type": "8",
                            "format": "int",
                            "value": 250,
                            "minStep": 0,
                            "vendor": {"x": 1},
                        },
                    ],
                },
            ],
        }
    ]
    model = model_from(json.dumps({"accessories": odd}), "odd")
    async with SimulatedAccessory(model) as served, controlled(served) as run:
        aid = 2**63 + 7
        assert run.client.database.accessories.keys() == {aid}
        assert run.value((aid, 11)) is False
        await run.client.write({(aid, 11): True, (aid, 12): 20})
        assert served.value(aid, 11) is True
        assert [each["services"] for each in served.house.describe()][0][1]["linked"] == [0, 4711]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"accessories":[]}', '{"accessories":[{"aid":1}]}']
)
def test_refuses_what_is_no_diagnostics(text: str) -> None:
    """What cannot be an accessory is explained."""
    with pytest.raises(ValueError, match="no diagnostics"):
        model_from(text, "report")


async def test_pairs_by_a_code_shown_late() -> None:
    """The code is asked for between the second and the third message, and the wrong one is counted."""
    async with SimulatedAccessory("lock") as served:
        async with PairingAttempt.open([served.host], served.port) as attempt:
            await attempt.begin()
            with pytest.raises(Exception, match="code"):
                await attempt.finish("518-08-582")
        assert served.memory.failed_attempts == 1
        assert [each.why for each in served.violations] == ["the setup code is wrong"]
        await paired(served.port, served.setup_code)
        assert served.memory.failed_attempts == 0


def test_the_page_explains_everything() -> None:
    """Every operation, rule and fault stands on the page about the simulator."""
    page = (Path(__file__).parents[2] / "docs/hap_controller/simulator.md").read_text(
        encoding="utf-8"
    )
    named = set(re.findall(r"`(\w+)`", page))
    rules = {field.name for field in fields(Rules)}
    operations = SimulatedAccessory("lamp").control.state()["operations"].keys()
    for names in (rules, operations, MODELS.keys(), {kind.name for kind in FAULTS}):
        assert names <= named, names - named
