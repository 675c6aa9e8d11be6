"""The account's hubs and devices: what changes when news come, and what does not."""

from collections.abc import Iterable
from dataclasses import FrozenInstanceError, fields
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.homismart.protocol.const import MAX_MEMBERS, MAX_OBJECTS, Kind
from custom_components.homismart.protocol.messages import Report, read_report, read_reports
from custom_components.homismart.protocol.model import (
    Device,
    DeviceAdded,
    DeviceChanged,
    DeviceRemoved,
    Inventory,
    ModelChange,
    Motion,
    apply,
)

from .home import (
    BOILER,
    CURTAIN,
    DESK,
    DOOR,
    GARDEN_HUB,
    GATE,
    HUB,
    LIGHT,
    ODD,
    SHARED,
    SHUTTER,
    SOCKET,
    STAIRS,
    lamp,
    objects,
    thing,
)
from .strategies import NAMED

BEHIND_HUB = {LIGHT, SOCKET, CURTAIN, SHUTTER, DOOR, STAIRS, DESK, BOILER, SHARED, ODD}


def said(device_id: object, /, **members: object) -> Report:
    """Read a report of these members."""
    found = read_report({"id": device_id, **members})
    assert found is not None
    return found


def account(*bodies: object) -> Inventory:
    """Build an account of these objects, those of the fixture unless any are given."""
    inventory = Inventory()
    reports = read_reports(list(bodies) or objects())
    assert reports is not None
    list(inventory.listed(reports))
    return inventory


def push(inventory: Inventory, device_id: str, /, **members: object) -> list[ModelChange]:
    """Report something."""
    return list(inventory.reported(said(device_id, **members)))


def changed(changes: Iterable[ModelChange]) -> dict[str, set[str]]:
    """Name the changed fields by device; nothing but changes is expected, one for each device."""
    found: dict[str, set[str]] = {}
    for change in changes:
        assert isinstance(change, DeviceChanged)
        found.setdefault(change.device.device_id, set()).update(change.fields)
    return found


def added(changes: Iterable[ModelChange]) -> list[str]:
    """Name the devices that appeared."""
    return [each.device.device_id for each in changes if isinstance(each, DeviceAdded)]


def removed(changes: Iterable[ModelChange]) -> list[str]:
    """Name the devices that went."""
    return [each.device.device_id for each in changes if isinstance(each, DeviceRemoved)]


# --- one device -----------------------------------------------------------------------------


def test_a_device_is_frozen() -> None:
    """It is replaced as a whole, so that who keeps one keeps what he saw."""
    device = Device(LIGHT)
    with pytest.raises(FrozenInstanceError):
        device.is_on = True  # type: ignore[misc]


def test_what_is_not_known_is_none() -> None:
    """A device of which nothing was reported claims nothing."""
    device = Device(LIGHT)
    for each in fields(Device):
        if each.name not in {"device_id", "pending", "members"}:
            assert getattr(device, each.name) is None
    assert device.kind is Kind.UNKNOWN
    assert device.position is None
    assert device.is_closed is None


def test_fixture_account() -> None:
    """Kinds, hubs and states of the fixture."""
    devices = account().devices
    assert {device_id: device.kind for device_id, device in devices.items()} == {
        HUB: Kind.HUB,
        GARDEN_HUB: Kind.HUB,
        LIGHT: Kind.LIGHT_SWITCH,
        SOCKET: Kind.SOCKET,
        CURTAIN: Kind.CURTAIN,
        SHUTTER: Kind.SHUTTER,
        DOOR: Kind.DOOR_LOCK,
        STAIRS: Kind.MULTI_GANG,
        DESK: Kind.DOUBLE_SWITCH,
        BOILER: Kind.OTHER_SOCKET,
        SHARED: Kind.LIGHT_SWITCH,
        ODD: Kind.UNKNOWN,
        GATE: Kind.LIGHT_SWITCH,
    }
    assert {device_id for device_id, device in devices.items() if not device.reachable} == {
        GARDEN_HUB,
        GATE,
    }
    assert (devices[CURTAIN].level, devices[CURTAIN].position) == (30, 70)
    assert (devices[SHUTTER].is_closed, devices[CURTAIN].is_closed) == (True, False)
    assert devices[DOOR].locked is True
    assert devices[DOOR].operation_time_s == 5
    assert devices[BOILER].consumption == 2100
    assert devices[SHARED].shared is True
    assert devices[ODD].type_number == 3


def test_the_view_cannot_be_written() -> None:
    """Consumers look, they do not touch."""
    with pytest.raises(TypeError):
        account().devices[LIGHT] = Device(LIGHT)  # type: ignore[index]


def test_apply_names_what_changed() -> None:
    """Fields by name; what is as it was is no news."""
    device, news = apply(Device(LIGHT), said(LIGHT, type=2, power=True, led=0, name="Lamp"))
    assert news == {"type_number", "is_on", "led", "name"}
    again, news = apply(device, said(LIGHT, type="2", power="true", led="0", name=" Lamp "))
    assert news == frozenset()
    assert again == device
    _, news = apply(device, said(LIGHT, power=False))
    assert news == {"is_on"}


def test_members_are_merged() -> None:
    """Members of the message replace stored ones, missing ones stay, unknown ones too (§8)."""
    inventory = account(thing(LIGHT, novelty={"a": 1}))
    push(inventory, LIGHT, power=False, other=[2])
    members = inventory.devices[LIGHT].members
    assert members == {**thing(LIGHT, novelty={"a": 1}), "power": False, "other": [2]}
    assert changed(push(inventory, LIGHT, novelty={"a": 2})) == {}
    assert inventory.devices[LIGHT].members["novelty"] == {"a": 2}


def test_members_are_bounded() -> None:
    """The peer names them, so there is a limit (a device has about twenty)."""
    inventory = account(thing(LIGHT))
    for number in range(5 * MAX_MEMBERS):
        push(inventory, LIGHT, **{f"m{number}": number})
    assert len(inventory.devices[LIGHT].members) <= MAX_MEMBERS


def test_nonsense_changes_nothing_that_is_known() -> None:
    """A member that cannot be read says nothing."""
    inventory = account()
    before = inventory.devices[LIGHT]
    nonsense = {"led": "x", "type": {}, "name": "", "pid": "", "version": [], "updateTime": -1}
    assert push(inventory, LIGHT, **nonsense) == []
    assert inventory.devices[LIGHT] == before


def test_nonsense_about_what_matters() -> None:
    """A lock, a switch or a link of which nobody knows how it is, is not what it was."""
    inventory = account()
    assert changed(push(inventory, DOOR, lock="3")) == {DOOR: {"locked"}}
    assert inventory.devices[DOOR].locked is None
    assert changed(push(inventory, LIGHT, power=None)) == {LIGHT: {"is_on"}}
    assert inventory.devices[LIGHT].is_on is None
    assert changed(push(inventory, SOCKET, onLine="?")) == {SOCKET: {"online", "reachable"}}
    assert inventory.devices[SOCKET].reachable is None


def test_shared_members_stay() -> None:
    """A push that does not mention sharing leaves it (§8, transcript ``shared_device``)."""
    inventory = account()
    assert changed(push(inventory, SHARED, type=2, onLine=True, power=True, updateTime=1)) == {
        SHARED: {"is_on", "updated_at"}
    }
    device = inventory.devices[SHARED]
    assert device.shared is True
    assert device.members["permission"] == "control"
    assert device.members["allowedTime"] == "08:00-20:00"
    assert changed(push(inventory, SHARED, shared=False)) == {SHARED: {"shared"}}


def test_the_light_remembers_how_bright_it_was() -> None:
    """Lighting it again uses the last level that was not dark."""
    inventory = account(lamp("02", led=40))
    push(inventory, "02", led=0)
    assert (inventory.devices["02"].led, inventory.devices["02"].lit_led) == (0, 40)
    push(inventory, "02", led=70)
    assert inventory.devices["02"].lit_led == 70


def test_expected() -> None:
    """What is on its way goes before what was reported; the report itself stays."""
    inventory = account()
    assert changed(inventory.pending(LIGHT, {"is_on": False})) == {LIGHT: {"pending"}}
    device = inventory.devices[LIGHT]
    assert (device.is_on, device.expected("is_on"), device.expected("led")) == (True, False, 100)
    assert changed(inventory.pending(LIGHT, {"is_on": False})) == {}
    assert changed(inventory.pending(LIGHT, {})) == {LIGHT: {"pending"}}
    assert inventory.devices[LIGHT].expected("is_on") is True
    assert list(inventory.pending("nobody", {"is_on": True})) == []


def test_a_lost_link_settles_nothing_any_more() -> None:
    """What was on its way is no longer expected; what was reported stays."""
    inventory = account()
    list(inventory.pending(LIGHT, {"is_on": False}))
    assert changed(inventory.lost()) == {LIGHT: {"pending"}}
    assert inventory.devices[LIGHT].is_on is True


def test_reprs_hide_raw_members() -> None:
    """They may hold what a share grants."""
    assert "08:00-20:00" not in repr(account().devices[SHARED])


# --- type -----------------------------------------------------------------------------------


def test_type_is_kept_when_it_is_not_told() -> None:
    """Neither a partial push nor a zero unmakes a device."""
    inventory = account()
    assert changed(push(inventory, LIGHT, type=0, power=False)) == {LIGHT: {"is_on"}}
    assert inventory.devices[LIGHT].kind is Kind.LIGHT_SWITCH


def test_type_change() -> None:
    """A device that becomes another says so once."""
    inventory = account()
    assert changed(push(inventory, LIGHT, type="1")) == {LIGHT: {"type_number", "kind"}}
    assert inventory.devices[LIGHT].kind is Kind.SOCKET
    assert changed(push(inventory, LIGHT, type=1)) == {}


def test_type_change_within_what_nobody_knows() -> None:
    """Numbers that are not in the table are all one kind."""
    inventory = account()
    assert changed(push(inventory, ODD, type=77)) == {ODD: {"type_number"}}
    assert inventory.devices[ODD].kind is Kind.UNKNOWN


def test_hubs_are_told_by_their_id() -> None:
    """Whatever type they claim, or none (§7.1)."""
    inventory = account({"id": "00AA", "type": 2}, {"id": "00BB"})
    assert {device.kind for device in inventory.devices.values()} == {Kind.HUB}


# --- appearing and going --------------------------------------------------------------------


def test_hubs_come_first() -> None:
    """So that a device never appears before the hub it belongs to."""
    inventory = Inventory()
    reports = read_reports(list(reversed(objects())))
    assert reports is not None
    order = added(inventory.listed(reports))
    assert set(order[:2]) == {HUB, GARDEN_HUB}
    assert len(order) == 13


def test_the_list_replaces() -> None:
    """What is missing from it no longer exists, what differs has changed, the rest is no news (§5)."""
    inventory = account()
    shorter = [each for each in objects() if each["id"] not in {SOCKET, GARDEN_HUB}]
    reports = read_reports([*shorter, lamp("02")])
    assert reports is not None
    changes = list(inventory.listed(reports))
    assert added(changes) == ["02"]
    assert set(removed(changes)) == {SOCKET, GARDEN_HUB}
    assert len(changes) == 3
    assert list(inventory.listed(reports)) == []


def test_a_list_that_is_not_believed_removes_nothing() -> None:
    """Its news count all the same."""
    inventory = account()
    reports = read_reports([thing(LIGHT, power=False)])
    assert reports is not None
    assert changed(inventory.listed(reports, complete=False)) == {LIGHT: {"is_on"}}
    assert len(inventory.devices) == 13


@pytest.mark.parametrize(
    ("kept", "new", "doubtful"),
    [(13, 0, False), (7, 0, False), (6, 0, True), (1, 0, True), (0, 0, True), (0, 13, True)],
)
def test_shrinking(kept: int, new: int, doubtful: bool) -> None:
    """An empty list, or one without more than half of what there was, is to be confirmed."""
    listed = [*objects()[:kept], *(lamp(f"02{number}") for number in range(new))]
    reports = read_reports(listed)
    assert reports is not None
    assert account().shrinks(reports) is doubtful


def test_the_first_list_cannot_shrink() -> None:
    """An empty account is one."""
    assert not Inventory().shrinks(())


def test_doubles_in_a_list() -> None:
    """The last entry of an id counts, once."""
    inventory = Inventory()
    reports = read_reports([lamp("02", power=False), lamp("02", power=True)])
    assert reports is not None
    assert added(inventory.listed(reports)) == ["02"]
    assert inventory.devices["02"].is_on is True


def test_a_push_adds() -> None:
    """An unknown id with a type is a new device, told once."""
    inventory = account()
    assert added(push(inventory, "02664110009399", type=2, power=True)) == ["02664110009399"]
    assert added(push(inventory, "02664110009399", type=2, power=True)) == []


def test_a_partial_push_of_an_unknown_device_is_held_back() -> None:
    """It is told when its type is, not first untyped and then typed (§8)."""
    inventory = account()
    assert push(inventory, "02664110009397", power=True) == []
    assert "02664110009397" not in inventory.devices
    (change,) = push(inventory, "02664110009397", type=2, power=True)
    assert isinstance(change, DeviceAdded)
    assert change.device.is_on is True
    assert change.device.kind is Kind.LIGHT_SWITCH


def test_a_hub_needs_no_type() -> None:
    """It is known by its id."""
    assert added(push(account(), "007A5C11D20E96", onLine=True)) == ["007A5C11D20E96"]


def test_deleting() -> None:
    """Once, and what nobody knows is no news."""
    inventory = account()
    assert removed(inventory.deleted(SOCKET)) == [SOCKET]
    assert list(inventory.deleted(SOCKET)) == []
    assert SOCKET not in inventory.devices


def test_devices_are_bounded() -> None:
    """A peer that invents ids does not fill the memory."""
    inventory = account()
    for number in range(MAX_OBJECTS + 50):
        push(inventory, f"02{number:012}", type=2)
    assert len(inventory.devices) <= MAX_OBJECTS
    assert changed(push(inventory, LIGHT, power=False)) == {LIGHT: {"is_on"}}


# --- hubs -----------------------------------------------------------------------------------


def test_a_hub_takes_its_devices_along() -> None:
    """Even those whose own ``onLine`` still says true, and nobody else's (§7.2)."""
    inventory = account()
    changes = changed(push(inventory, HUB, onLine=False))
    assert changes.pop(HUB) >= {"online"}
    assert changes == {each: {"reachable"} for each in BEHIND_HUB}
    assert all(inventory.devices[each].reachable is False for each in BEHIND_HUB)
    assert all(inventory.devices[each].online is True for each in BEHIND_HUB)
    changes = changed(push(inventory, HUB, onLine=True))
    assert set(changes) == {HUB, *BEHIND_HUB}
    assert all(inventory.devices[each].reachable is True for each in BEHIND_HUB)


def test_a_hub_that_comes_back_does_not_wake_what_is_off_line() -> None:
    """A device that is off line itself stays unreachable, without news."""
    inventory = account()
    assert set(changed(push(inventory, GARDEN_HUB, onLine=True))) == {GARDEN_HUB}
    assert inventory.devices[GATE].reachable is False
    assert changed(push(inventory, GATE, onLine=True)) == {GATE: {"online", "reachable"}}


def test_a_device_of_a_hub_that_is_away() -> None:
    """It may claim to be on line; nobody can reach it."""
    inventory = account()
    assert changed(push(inventory, GATE, onLine=True)) == {GATE: {"online"}}
    assert inventory.devices[GATE].reachable is False


def test_unknown_hubs_do_not_matter() -> None:
    """A device whose hub is not in the account goes by its own word (mapping §3)."""
    inventory = account(lamp("02", pid="00FFFFFFFFFFFF"), lamp("03", pid=""))
    assert [device.reachable for device in inventory.devices.values()] == [True, True]


def test_a_hub_that_appears_later() -> None:
    """Its devices follow it from then on."""
    inventory = account(lamp("02", pid="00AB"))
    assert changed(push(inventory, "02", power=False)) == {"02": {"is_on"}}
    changes = push(inventory, "00AB", onLine=False)
    assert added(changes) == ["00AB"]
    assert changed(changes[1:]) == {"02": {"reachable"}}


def test_a_hub_that_is_deleted() -> None:
    """Its devices stay, and go by their own word, until a list lacks them (mapping §6)."""
    inventory = account()
    push(inventory, HUB, onLine=False)
    changes = list(inventory.deleted(HUB))
    assert removed(changes) == [HUB]
    assert set(changed(changes[1:])) == BEHIND_HUB
    assert all(inventory.devices[each].reachable for each in BEHIND_HUB)


def test_a_device_that_moves_to_another_hub() -> None:
    """It follows the new one."""
    inventory = account()
    assert changed(push(inventory, LIGHT, pid=GARDEN_HUB)) == {LIGHT: {"hub_id", "reachable"}}
    assert changed(push(inventory, HUB, onLine=False)).keys() == (BEHIND_HUB | {HUB}) - {LIGHT}


def test_a_hub_of_unknown_state_does_not_matter() -> None:
    """Only a hub that is known to be away takes its devices along."""
    inventory = account({"id": "00AB"}, lamp("02", pid="00AB"))
    assert inventory.devices["02"].reachable is True


@pytest.mark.parametrize("hub_id", [SOCKET, LIGHT], ids=["another", "itself"])
def test_pid_that_is_no_hub(hub_id: str) -> None:
    """Only hubs take anything along: a ``pid`` that names a device is checked first (§7.1)."""
    inventory = account(thing(SOCKET, onLine=False), thing(LIGHT, pid=hub_id))
    push(inventory, LIGHT, onLine=False)
    push(inventory, LIGHT, onLine=True)
    assert inventory.devices[LIGHT].reachable is True


# --- curtains -------------------------------------------------------------------------------


class Curtain:
    """One curtain, told of by its states."""

    def __init__(self, *states: object) -> None:
        """Begin with these reports."""
        self.inventory = account(thing(HUB), thing(CURTAIN, curtainState="x"))
        for state in states:
            self.tell(state)

    def tell(self, state: object) -> set[str]:
        """Report a state; gives the fields that changed."""
        return changed(push(self.inventory, CURTAIN, curtainState=state)).get(CURTAIN, set())

    @property
    def device(self) -> Device:
        """The curtain as stored."""
        return self.inventory.devices[CURTAIN]

    @property
    def shown(self) -> tuple[int | None, Motion | None, bool | None]:
        """Level, motion, and whether it is closed."""
        return self.device.level, self.device.motion, self.device.is_closed


OPENING, CLOSING = Motion.OPENING, Motion.CLOSING


@pytest.mark.parametrize(
    ("states", "level", "motion", "closed"),
    [
        ((), None, None, None),
        (("-1",), None, None, None),
        (("99",), None, None, None),
        (("299",), None, None, None),
        (("230",), 30, None, False),
        (("300",), 100, None, True),
        (("200",), 0, None, False),
        (("30",), 30, None, False),
        (("100",), 100, CLOSING, False),
        (("100", "300"), 100, None, True),
        (("100", "260"), 60, None, False),
        (("230", "70"), 70, CLOSING, False),
        (("230", "0"), 0, OPENING, False),
        (("230", "100"), 100, CLOSING, False),
        (("230", "30"), 30, None, False),
        (("230", "70", "270"), 70, None, False),
        (("230", "100", "300"), 100, None, True),
        (("230", "100", "100"), 100, CLOSING, False),
        (("230", "100", "100", "300"), 100, None, True),
        (("230", "70", "70"), 70, None, False),
        (("270", "0", "0"), 0, None, False),
        (("230", "100", "99", "100"), 100, CLOSING, False),
        (("230", "100", "260"), 60, None, False),
        (("230", "40", "50", "100"), 100, CLOSING, False),
        (("230", "99"), 30, None, False),
        (("230", "299"), 30, None, False),
        (("230", "-1"), 30, None, False),
        (("230", "150"), 30, None, False),
        (("300", "99"), 100, None, True),
        (("230", "100", "-1"), 100, CLOSING, False),
        (("230", "100", "150"), 100, CLOSING, False),
        (("230", "100", "99"), None, None, None),
        (("230", "100", "299"), None, None, None),
        (("230", "100", "99", "260"), 60, None, False),
        (("230", "100", "99", "99"), None, None, None),
        (("230", "1"), 0, OPENING, False),
        (("201",), 0, None, False),
        (("301",), None, None, None),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else str(value),
)
def test_movement(
    states: tuple[str, ...], level: int | None, motion: Motion | None, closed: bool | None
) -> None:
    """A target that is not where it stood is movement, 200 and more is standing (§7.3).

    Stopped on its way, the level is not known: the one told last was only where it went to.
    """
    assert Curtain(*states).shown == (level, motion, closed)


@pytest.mark.parametrize(
    ("states", "motion"),
    [
        (("300", "0", "100"), CLOSING),
        (("200", "100", "0"), OPENING),
        (("230", "100", "30"), OPENING),
        (("270", "0", "70"), CLOSING),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else None,
)
def test_sent_back_to_where_it_came_from(states: tuple[str, ...], motion: Motion) -> None:
    """While it moves, a new target is a new movement: it is not there because it once was."""
    curtain = Curtain(*states)
    assert curtain.device.motion is motion
    assert curtain.device.is_closed is False
    curtain.tell(f"2{states[-1]:>02}" if states[-1] != "100" else "300")
    target = int(states[-1])
    assert curtain.shown == (target, None, target == 100)


def test_asked_by_hand_to_close_once_more() -> None:
    """Two presses on the wall tell the target twice while the curtain is still half open: it is not closed (§7.3)."""
    curtain = Curtain("200", "100")
    for _ in range(3):
        assert curtain.tell("100") == set()
        assert curtain.shown == (100, CLOSING, False)
    assert curtain.tell("260") == {"level", "motion", "standing_level"}
    assert curtain.shown == (60, None, False)


def test_the_list_says_closed() -> None:
    """What the cloud knows when nothing has moved for long counts, also where the motor never tells that it stands."""
    curtain = Curtain("230", "100", "100")
    list(curtain.inventory.stood_still(CURTAIN))
    assert curtain.shown == (None, None, None)
    list(curtain.inventory.listed([said(HUB), said(CURTAIN, curtainState="100")]))
    assert curtain.shown == (100, None, True)


def test_echo_of_a_command_is_no_second_report() -> None:
    """Asked to close once more while it closes, a curtain is not closed because the cloud repeats the target."""
    curtain = Curtain("230", "100")
    list(curtain.inventory.pending(CURTAIN, {"level": 100}))
    curtain.tell("100")
    assert curtain.shown == (100, CLOSING, False)
    list(curtain.inventory.pending(CURTAIN, {}))
    curtain.tell("300")
    assert curtain.shown == (100, None, True)


@pytest.mark.parametrize(
    "states",
    [("270", "0", "60", "50", "10"), ("230", "100", "40", "50", "90")],
    ids=["opening", "closing"],
)
def test_reports_on_the_way(states: tuple[str, ...]) -> None:
    """Whether curtains send them is not known (§18); they do not turn the direction round."""
    curtain = Curtain(states[0])
    expected = OPENING if states[1] == "0" else CLOSING
    for state in states[1:]:
        curtain.tell(state)
        assert curtain.shown == (int(state), expected, False)


def test_position_the_right_way_round() -> None:
    """Level 0 is fully open; a consumer counts the other way (§7.3)."""
    assert [Curtain(state).device.position for state in ("200", "230", "300")] == [100, 70, 0]


def test_other_news_do_not_stop_a_curtain() -> None:
    """A push without the state says nothing about it."""
    curtain = Curtain("230", "100")
    assert changed(push(curtain.inventory, CURTAIN, led=5)) == {CURTAIN: {"led", "lit_led"}}
    assert curtain.device.motion is CLOSING


def test_repeated_news_of_standing_are_none() -> None:
    """A repeat costs nothing downstream."""
    curtain = Curtain("230")
    assert curtain.tell("230") == set()
    assert curtain.tell("30") == set()
    assert curtain.tell("100") == {"level", "motion"}
    assert curtain.tell("300") == {"motion", "standing_level"}


def test_it_cannot_be_moving_any_more() -> None:
    """After the limit nobody knows where it stands, until it tells."""
    curtain = Curtain("230", "100")
    assert changed(curtain.inventory.stood_still(CURTAIN))[CURTAIN] >= {"motion", "level"}
    assert curtain.shown == (None, None, None)
    assert list(curtain.inventory.stood_still(CURTAIN)) == []
    assert list(curtain.inventory.stood_still("nobody")) == []
    curtain.tell("100")
    assert curtain.shown == (100, CLOSING, False)
    curtain.tell("300")
    assert curtain.shown == (100, None, True)


def test_standing_still_is_no_news_for_one_that_stands() -> None:
    """The limit of a movement that has ended strikes nothing."""
    curtain = Curtain("230")
    assert list(curtain.inventory.stood_still(CURTAIN)) == []
    assert curtain.shown == (30, None, False)


# --- anything -------------------------------------------------------------------------------


@given(
    st.lists(
        st.one_of(
            NAMED,
            st.lists(NAMED, max_size=6),
            st.sampled_from(("delete", "lost", "stood")).flatmap(
                lambda what: st.tuples(st.just(what), st.sampled_from((LIGHT, CURTAIN, HUB)))
            ),
        ),
        max_size=12,
    )
)
def test_any_news(news: list[Any]) -> None:
    """Every change is told, once, with exactly the fields that differ; what was told adds up to what is stored."""
    inventory = Inventory()
    told: dict[str, Device] = {}
    for each in news:
        match each:
            case dict():
                changes = inventory.reported(_report(each))
            case list():
                changes = inventory.listed([_report(item) for item in each])
            case ("delete", device_id):
                changes = inventory.deleted(device_id)
            case ("lost", _):
                changes = inventory.lost()
            case (_, device_id):
                changes = inventory.stood_still(device_id)
            case _:
                raise AssertionError
        for change in changes:
            device = change.device
            match change:
                case DeviceAdded():
                    assert device.device_id not in told
                    assert device.is_hub or device.type_number is not None
                    told[device.device_id] = device
                case DeviceRemoved():
                    assert told.pop(device.device_id) is not None
                case DeviceChanged(fields=names):
                    before = told[device.device_id]
                    differing = {
                        name
                        for name in (*(each.name for each in fields(Device)), "kind")
                        if name != "members" and getattr(before, name) != getattr(device, name)
                    }
                    assert differing == names
                    told[device.device_id] = device
        assert told == dict(inventory.devices)
        for device in inventory.devices.values():
            hub = inventory.devices.get(device.hub_id or "")
            if hub is not None and hub.is_hub and hub.online is False and device is not hub:
                assert device.reachable is False
            if device.motion is not None:
                assert device.is_closed is not True


def _report(body: dict[str, Any]) -> Report:
    found = read_report(body)
    assert found is not None
    return found
