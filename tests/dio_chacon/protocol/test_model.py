"""The account's devices: what changes when news come, and what does not."""

from collections.abc import Iterable, Mapping
from dataclasses import FrozenInstanceError, fields, replace
from datetime import UTC, datetime, timedelta
import tracemalloc
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.dio_chacon.protocol.const import MAX_LINKS, Kind, Movement
from custom_components.dio_chacon.protocol.messages import (
    Calibration,
    LastEvent,
    Record,
    Report,
    SdCard,
    read_record,
    read_report,
)
from custom_components.dio_chacon.protocol.model import (
    Device,
    DeviceAdded,
    DeviceChanged,
    DeviceRemoved,
    Inventory,
    ModelChange,
    Rang,
    apply,
    estimated_position,
)
from tests.common import load_vectors

from .strategies import RECORDS, STATES

SHUTTER = Record("s", ".wifi.shutter.", Kind.SHUTTER, name="Volet", model="CERSwd-3B")
PLUG = Record("p", ".wifi.plug.", Kind.PLUG, name="Prise")
BELL = Record("b", ".wifi.doorBell.", Kind.DOORBELL, name="Portier")
NOON = datetime(2026, 4, 3, 12, tzinfo=UTC)


def ring(minutes: int = 0, *, kind: str = "ring", image: bool = False) -> LastEvent:
    """Build an event so many minutes after noon."""
    url = "https://s.example.invalid/a.jpeg" if image else None
    return LastEvent(kind, NOON + timedelta(minutes=minutes), url)


def said(device_id: str, resources: Mapping[str, Any] | None = None, **values: Any) -> Report:
    """Build a report of these values."""
    return Report(device_id, values, resources or {})


def inventory(*records: Record, **reports: Report | None) -> Inventory:
    """Build an account with these devices and states."""
    result = Inventory()
    list(result.listed(records, reports))
    return result


def changed(changes: Iterable[ModelChange]) -> list[set[str]]:
    """Name the fields of each change; nothing but changes is expected."""
    found = []
    for change in changes:
        assert isinstance(change, DeviceChanged)
        found.append(set(change.fields))
    return found


# --- one device -----------------------------------------------------------------------------


def test_a_device_is_frozen() -> None:
    """It is replaced as a whole, so that who keeps one keeps what he saw."""
    device = Device(SHUTTER)
    with pytest.raises(FrozenInstanceError):
        device.position = 5  # type: ignore[misc]


def test_what_is_not_known_is_none() -> None:
    """A device of which nothing was reported claims nothing."""
    device = Device(SHUTTER)
    for name in ("connected", "is_on", "quiet", "movement", "position", "last_event", "sd_card"):
        assert getattr(device, name) is None
    assert not device.reported


def test_properties() -> None:
    """What the record says is at hand on the device."""
    device = Device(replace(SHUTTER, room_name="Cuisine"))
    assert (device.device_id, device.kind, device.name) == ("s", Kind.SHUTTER, "Volet")
    assert device.room_name == "Cuisine"


@pytest.mark.parametrize(
    ("name", "model", "expected"),
    [("Volet", "CER", "Volet"), (None, "CER", "CER"), (None, None, "shutter")],
)
def test_name(name: str | None, model: str | None, expected: str) -> None:
    """A device always has a name to show."""
    assert Device(replace(SHUTTER, name=name, model=model)).name == expected


@pytest.mark.parametrize(
    ("record", "calibration", "report_s", "stop_s"),
    [
        (SHUTTER, Calibration(18.24, 17.61), 28.24, 37.36),
        (SHUTTER, Calibration(10.0, 20.0), 30.0, 40.0),
        (SHUTTER, None, 70.0, 100.0),
        (PLUG, None, 10.0, 100.0),
    ],
)
def test_limits(
    record: Record, calibration: Calibration | None, report_s: float, stop_s: float
) -> None:
    """§10: ten seconds for a report, travel and ten for a shutter's; mapping §2: travel x 1.5 and ten to stop."""
    device = Device(record, calibration=calibration)
    assert device.report_limit_s == pytest.approx(report_s)
    assert device.stop_limit_s == pytest.approx(stop_s)


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (said("s"), {"reported"}),
        (said("s", connected=True), {"reported", "connected"}),
        (said("s", connected=False), {"reported", "connected"}),
        (said("s", is_on=False), {"reported", "is_on"}),
        (said("s", quiet=False), {"reported", "quiet"}),
        (said("s", movement=Movement.STOP), {"reported", "movement"}),
        (said("s", position=0), {"reported", "position"}),
        (said("s", calibration=Calibration(1, 2)), {"reported", "calibration"}),
        (said("s", sd_card=SdCard("noCard")), {"reported", "sd_card"}),
        (said("s", last_event=ring(kind="motion")), {"reported", "last_event"}),
        (said("s", last_event=ring()), {"reported", "last_event", "last_ring"}),
        (
            said("s", last_event=ring(image=True)),
            {"reported", "last_event", "last_ring", "snapshot_offered"},
        ),
        (None, {"connected"}),
    ],
    ids=lambda value: str(value) if isinstance(value, Report | None) else "",
)
def test_apply(report: Report | None, expected: set[str]) -> None:
    """Each value of a report becomes a field, the second time it is no news."""
    device, names = apply(Device(SHUTTER), report)
    assert names == expected
    again, names = apply(device, report)
    assert names == frozenset()
    assert again == device


def test_what_is_not_said_stays() -> None:
    """§7: merge, and never forget what is missing."""
    full = said(
        "s", connected=True, movement=Movement.STOP, position=60, calibration=Calibration(18, 17)
    )
    device, _ = apply(Device(SHUTTER), full)
    device, names = apply(device, said("s", position=12))
    assert names == {"position"}
    assert (device.connected, device.movement, device.position) == (True, Movement.STOP, 12)
    assert device.calibration == Calibration(18, 17)
    device, names = apply(device, said("s", connected=True))
    assert names == frozenset()


def test_null_state_makes_everything_unknown() -> None:
    """Nothing is invented: no position, no movement, not connected (§6.3)."""
    device, _ = apply(
        Device(SHUTTER),
        said(
            "s",
            connected=True,
            is_on=True,
            quiet=True,
            movement=Movement.UP,
            position=40,
            calibration=Calibration(18, 17),
            last_event=ring(),
            sd_card=SdCard("ok"),
        ),
    )
    device, names = apply(replace(device, acknowledged_movement=Movement.UP), None)
    assert names == {
        *("connected", "reported", "is_on", "quiet", "movement", "position"),
        "acknowledged_movement",
    }
    assert device.connected is False
    for name in ("is_on", "quiet", "movement", "position", "acknowledged_movement"):
        assert getattr(device, name) is None
    assert device.calibration == Calibration(18, 17)
    assert device.last_event == ring()


@pytest.mark.parametrize(
    ("report", "cleared"),
    [
        (said("s", movement=Movement.UP), True),
        (said("s", movement=Movement.STOP), True),
        (said("s", position=50), True),
        (None, True),
        (said("s", connected=True), False),
        (said("s", calibration=Calibration(1, 1)), False),
    ],
    ids=str,
)
def test_acknowledged_movement_gives_way_to_a_report(report: Report | None, cleared: bool) -> None:
    """The device's own word about its motion counts more than the cloud's acceptance."""
    device, names = apply(Device(SHUTTER, acknowledged_movement=Movement.UP), report)
    assert (device.acknowledged_movement is None) is cleared
    assert ("acknowledged_movement" in names) is cleared


@pytest.mark.parametrize(
    ("minutes", "newer"), [(1, True), (0, False), (-1, False), (60 * 24 * 365, True)]
)
def test_only_a_newer_event_counts(minutes: int, newer: bool) -> None:
    """Events are identified by their time; an old one is repeated now and then."""
    device, _ = apply(Device(BELL), said("b", last_event=ring()))
    device, names = apply(device, said("b", last_event=ring(minutes, kind="ring")))
    assert ("last_event" in names) is newer


def test_other_events_are_no_rings() -> None:
    """Somebody passing by does not press the button."""
    device, _ = apply(Device(BELL), said("b", last_event=ring()))
    device, names = apply(device, said("b", last_event=ring(5, kind="motion")))
    assert names == {"last_event"}
    assert device.last_ring == NOON


def test_a_snapshot_once_offered_stays_offered() -> None:
    """The entity that shows it does not come and go with each event."""
    device, _ = apply(Device(BELL), said("b", last_event=ring(image=True)))
    device, names = apply(device, said("b", last_event=ring(1)))
    assert device.snapshot_offered
    assert names == {"last_event", "last_ring"}


def test_resources_are_kept_for_diagnostics() -> None:
    """They are merged by type, and are no field that anybody is told of."""
    device, _ = apply(Device(SHUTTER), said("s", resources={"a": {"v": 1}, "b": {"v": 1}}))
    device, names = apply(device, said("s", resources={"b": {"v": 2}}))
    assert names == frozenset()
    assert device.resources == {"a": {"v": 1}, "b": {"v": 2}}
    assert "'v'" not in repr(device)


def test_resources_are_bounded() -> None:
    """A peer that invents names for ever does not fill the memory."""
    device = Device(SHUTTER)
    for number in range(1000):
        names = {f"r{number}.{each}": {"rt": "x"} for each in range(7)}
        device, _ = apply(device, said("s", resources=names))
        assert len(device.resources) <= MAX_LINKS
        assert device.resources.items() >= names.items()


# --- the account ----------------------------------------------------------------------------


def test_first_list() -> None:
    """Each device is told of once, with its state; devices without one are there all the same."""
    account = Inventory()
    changes = list(
        account.listed([SHUTTER, PLUG, BELL], {"s": said("s", connected=True), "p": None})
    )
    assert changes == [
        DeviceAdded(Device(SHUTTER, connected=True, reported=True)),
        DeviceAdded(Device(PLUG, connected=False)),
        DeviceAdded(Device(BELL)),
    ]
    assert list(account.devices) == ["s", "p", "b"]
    assert list(account.listed([SHUTTER, PLUG, BELL], {})) == []


def test_the_table_of_devices_is_read_only() -> None:
    """Who looks at it cannot change it."""
    with pytest.raises(TypeError):
        inventory(SHUTTER).devices["x"] = Device(PLUG)  # type: ignore[index]


def test_added_later() -> None:
    """A device that a later list has is added, and nothing else is told."""
    account = inventory(SHUTTER)
    changes = list(account.listed([SHUTTER, PLUG], {"p": said("p", connected=True, is_on=True)}))
    assert changes == [DeviceAdded(Device(PLUG, connected=True, reported=True, is_on=True))]


def test_removed_by_two_lists() -> None:
    """One list without it is no proof."""
    account = inventory(SHUTTER, PLUG)
    assert list(account.listed([SHUTTER], {})) == []
    assert account.missing()
    assert "p" in account.devices
    changes = list(account.listed([SHUTTER], {}))
    assert changes == [DeviceRemoved(Device(PLUG))]
    assert not account.missing()
    assert "p" not in account.devices


def test_back_in_the_next_list() -> None:
    """The lists that lack a device must follow each other."""
    account = inventory(SHUTTER, PLUG)
    for _ in range(5):
        assert list(account.listed([SHUTTER], {})) == []
        assert list(account.listed([SHUTTER, PLUG], {})) == []
        assert not account.missing()
    assert "p" in account.devices


def test_suddenly_empty() -> None:
    """An empty list removes nothing before a second says the same."""
    account = inventory(SHUTTER, PLUG)
    assert list(account.listed([], {})) == []
    assert len(account.devices) == 2
    assert len(list(account.listed([], {}))) == 2
    assert not account.devices


def test_removed_devices_leave_nothing() -> None:
    """An account whose devices change for ever does not fill the memory."""
    account = Inventory()

    def churn(start: int) -> None:
        for number in range(start, start + 300):
            records = [replace(SHUTTER, device_id=f"{number}.{each}") for each in range(5)]
            list(account.listed(records, {}))
            for record in records:
                report = said(record.device_id, movement=Movement.UP, position=5)
                list(account.reported(record.device_id, report, pushed=True))
                list(account.overdue(record.device_id))
            list(account.listed([], {}))
            list(account.listed([], {}))

    churn(0)
    tracemalloc.start()
    try:
        churn(1000)
        before = tracemalloc.get_traced_memory()[0]
        churn(2000)
        assert tracemalloc.get_traced_memory()[0] - before < 16 * 1024
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("member", "value", "field"),
    [
        ("name", "Autre", "name"),
        ("model", "X", "model"),
        ("vendor", "Chacon", "vendor"),
        ("hardware_version", "2", "hardware_version"),
        ("software_version", "1.0.9", "software_version"),
        ("mac", "02:00:00:00:00:01", "mac"),
        ("room_name", "Salon", "room_name"),
    ],
)
def test_recorded(member: str, value: str, field: str) -> None:
    """What the cloud says of a device itself is told by the name of the field."""
    account = inventory(SHUTTER)
    record = replace(SHUTTER, **{member: value})
    assert changed(account.recorded(record)) == [{field}]
    assert getattr(account.devices["s"].record, member) == value
    assert list(account.recorded(record)) == []


def test_what_a_record_does_not_say_stays() -> None:
    """Any member can be missing (§6.2)."""
    full = replace(SHUTTER, room_id="rm-1", room_name="Cuisine", software_version="1", mac="02:")
    account = inventory(full)
    assert list(account.recorded(Record("s", "", Kind.UNKNOWN))) == []
    assert account.devices["s"].record == full


def test_type_changed() -> None:
    """Another kind is told of: the device needs other entities."""
    account = inventory(PLUG)
    assert changed(account.recorded(replace(PLUG, type_text=".new.", kind=Kind.UNKNOWN))) == [
        {"kind"}
    ]
    assert account.devices["p"].kind is Kind.UNKNOWN


def test_type_text_alone_is_no_news() -> None:
    """A newer text of the same kind is stored, but changes nothing that anybody shows."""
    account = inventory(PLUG)
    record = replace(PLUG, type_text=".dio2.wifi.plug.switch.")
    assert list(account.recorded(record)) == []
    assert account.devices["p"].record.type_text == ".dio2.wifi.plug.switch."


def test_rooms_before_and_after_the_list() -> None:
    """Names come from another answer, which may be the first or the last."""
    record = replace(SHUTTER, room_id="rm-1")
    account = Inventory()
    assert list(account.roomed({"rm-1": "Cuisine"})) == []
    list(account.listed([record], {}))
    assert account.devices["s"].room_name == "Cuisine"

    account = inventory(record)
    assert account.devices["s"].room_name is None
    assert changed(account.roomed({"rm-1": "Cuisine"})) == [{"room_name"}]
    assert list(account.roomed({"rm-1": "Cuisine"})) == []


def test_room_renamed() -> None:
    """Names follow the cloud."""
    account = inventory(replace(SHUTTER, room_id="rm-1"))
    list(account.roomed({"rm-1": "Cuisine"}))
    assert changed(account.roomed({"rm-1": "Salon"})) == [{"room_name"}]
    assert account.devices["s"].room_name == "Salon"


def test_room_renamed_by_a_push() -> None:
    """The push of a device that names its room is the newest word, until the list of rooms says otherwise."""
    account = inventory(replace(SHUTTER, room_id="rm-1"))
    list(account.roomed({"rm-1": "Cuisine"}))
    pushed = replace(SHUTTER, room_id="rm-1", room_name="Salon")
    assert changed(account.recorded(pushed)) == [{"room_name"}]
    assert list(account.listed([replace(SHUTTER, room_id="rm-1")], {})) == []
    assert account.devices["s"].room_name == "Salon"


def test_moved_to_another_room() -> None:
    """The name of the old room goes with it, whether the new one's is known or not."""
    account = inventory(replace(SHUTTER, room_id="rm-1"))
    list(account.roomed({"rm-1": "Cuisine", "rm-2": "Salon"}))
    list(account.recorded(replace(SHUTTER, room_id="rm-2")))
    assert account.devices["s"].room_name == "Salon"
    list(account.recorded(replace(SHUTTER, room_id="rm-3")))
    assert account.devices["s"].room_name is None


def test_room_of_two_devices() -> None:
    """A push about one device names the room for the others as well, at the next occasion."""
    other = replace(PLUG, room_id="rm-1")
    account = inventory(replace(SHUTTER, room_id="rm-1"), other)
    list(account.recorded(replace(SHUTTER, room_id="rm-1", room_name="Salon")))
    list(account.listed([replace(SHUTTER, room_id="rm-1"), other], {}))
    assert account.devices["p"].room_name == "Salon"


def test_rooms_are_bounded() -> None:
    """Rooms that come and go with pushes do not fill the memory."""
    account = inventory(SHUTTER)
    tracemalloc.start()
    try:
        for number in range(3000):
            if number == 2500:
                before = tracemalloc.get_traced_memory()[0]
            record = replace(SHUTTER, room_id=f"rm-{number}", room_name=f"Room {number}")
            list(account.recorded(record))
            list(account.roomed({f"rx-{number}": "x"}))
        assert tracemalloc.get_traced_memory()[0] - before < 16 * 1024
    finally:
        tracemalloc.stop()


def test_reported() -> None:
    """News are told once."""
    account = inventory(PLUG)
    report = said("p", connected=True, is_on=True)
    assert changed(account.reported("p", report)) == [{"reported", "connected", "is_on"}]
    assert list(account.reported("p", report)) == []


@pytest.mark.parametrize(("pushed", "rings"), [(True, 1), (False, 0)])
def test_only_a_push_rings(pushed: bool, rings: int) -> None:
    """An answer tells of the last event, possibly days old."""
    account = inventory(BELL, b=said("b", connected=True, last_event=ring()))
    changes = list(account.reported("b", said("b", last_event=ring(5)), pushed=pushed))
    assert sum(isinstance(change, Rang) for change in changes) == rings
    assert account.devices["b"].last_event == ring(5)


def test_rings_once_for_each_time() -> None:
    """A repeat, an older one and one that an answer told of before do not ring."""
    account = inventory(BELL, b=said("b", connected=True, last_event=ring()))
    rung = []
    for minutes, pushed in ((0, True), (1, True), (1, True), (0, True), (2, False), (2, True)):
        rung += [
            change.event.time.minute
            for change in account.reported("b", said("b", last_event=ring(minutes)), pushed=pushed)
            if isinstance(change, Rang)
        ]
    assert rung == [1]


def test_first_event_ever_rings() -> None:
    """A bell that never rang, or whose state the cloud does not know, rings on its first push."""
    for report in (None, said("b", connected=True)):
        account = inventory(BELL, b=report)
        changes = list(account.reported("b", said("b", last_event=ring()), pushed=True))
        assert [type(change) for change in changes] == [DeviceChanged, Rang]


def test_acknowledged() -> None:
    """What the cloud took shows until something tells better."""
    account = inventory(SHUTTER)
    assert changed(account.acknowledged("s", Movement.UP)) == [{"acknowledged_movement"}]
    assert list(account.acknowledged("s", Movement.UP)) == []
    assert changed(account.acknowledged("s", None)) == [{"acknowledged_movement"}]
    assert list(account.acknowledged("gone", Movement.UP)) == []


def test_overdue_command() -> None:
    """No report came: the direction goes, the position stays what was reported."""
    account = inventory(SHUTTER, s=said("s", connected=True, movement=Movement.STOP, position=60))
    list(account.acknowledged("s", Movement.UP))
    assert changed(account.overdue("s")) == [{"acknowledged_movement"}]
    assert account.devices["s"].position == 60
    assert account.devices["s"].movement is Movement.STOP
    assert list(account.overdue("s")) == []
    assert list(account.overdue("gone")) == []


def test_overdue_stop() -> None:
    """A motor that should have stopped long ago is not shown as running, whatever the cloud repeats."""
    running = said("s", connected=True, movement=Movement.UP, position=60)
    account = inventory(SHUTTER)
    list(account.reported("s", running, pushed=True))
    assert changed(account.overdue("s")) == [{"movement"}]
    assert account.devices["s"].movement is None
    # The state that is read then may repeat the stale direction.
    assert list(account.reported("s", running)) == []
    assert account.devices["s"].movement is None
    # The motor's own word ends the doubt.
    list(account.reported("s", said("s", movement=Movement.STOP, position=100), pushed=True))
    assert account.devices["s"].movement is Movement.STOP
    list(account.reported("s", running, pushed=True))
    assert account.devices["s"].movement is Movement.UP


def test_overdue_stop_and_an_answer_that_says_stop() -> None:
    """An answer that the motor stands is believed."""
    account = inventory(SHUTTER)
    list(account.reported("s", said("s", connected=True, movement=Movement.UP), pushed=True))
    list(account.overdue("s"))
    list(account.reported("s", said("s", movement=Movement.STOP, position=80)))
    assert account.devices["s"].movement is Movement.STOP
    list(account.reported("s", said("s", movement=Movement.DOWN)))
    assert account.devices["s"].movement is Movement.DOWN


@pytest.mark.parametrize(
    ("report", "counts"),
    [
        (said("s", movement=Movement.UP), True),
        (said("s", position=5), True),
        (said("s", connected=True), False),
        (None, False),
    ],
    ids=str,
)
def test_motion_reports(report: Report | None, counts: bool) -> None:
    """They tell whether a report came while a command waited for its answer, even one without news."""
    account = inventory(SHUTTER)
    assert account.motion_reports("s") == 0
    for _ in range(2):
        list(account.reported("s", report))
    assert account.motion_reports("s") == (2 if counts else 0)


@pytest.mark.parametrize(
    ("start", "movement", "elapsed_s", "expected"),
    [
        (50, Movement.UP, 0, 50),
        (50, Movement.UP, 5, 75),
        (50, Movement.UP, 1000, 99),
        (50, Movement.DOWN, 2, 40),
        (50, Movement.DOWN, 1000, 1),
        (0, Movement.UP, 0.1, 0),
        (100, Movement.DOWN, 0.05, 100),
        (50, Movement.STOP, 5, 50),
    ],
)
def test_estimated_position(
    start: int, movement: Movement, elapsed_s: float, expected: int
) -> None:
    """A guess from the travel times that never reaches an end: only the motor says open or closed."""
    assert estimated_position(start, movement, elapsed_s, Calibration(20, 20)) == expected


@given(
    st.integers(0, 100),
    st.sampled_from((Movement.UP, Movement.DOWN)),
    st.floats(0, 1e6),
    st.floats(0.001, 600),
)
def test_any_estimate(start: int, movement: Movement, elapsed_s: float, travel_s: float) -> None:
    """A guess is a position, and lies in the direction of the motion."""
    guess = estimated_position(start, movement, elapsed_s, Calibration(travel_s, travel_s))
    assert 0 <= guess <= 100
    if 1 <= start <= 99:
        assert guess >= start if movement is Movement.UP else guess <= start


# --- anything -------------------------------------------------------------------------------

FIELDS = {each.name for each in fields(Device)} | {each.name for each in fields(Record)} | {"kind"}


def snapshot(device: Device) -> dict[str, Any]:
    """Give the values that somebody could show."""
    values = {each.name: getattr(device, each.name) for each in fields(Device)}
    values |= {each.name: getattr(device.record, each.name) for each in fields(Record)}
    for hidden in ("record", "resources", "type_text"):
        del values[hidden]
    return values


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("listed"), st.lists(RECORDS, max_size=3)),
            st.tuples(st.just("recorded"), RECORDS),
            st.tuples(st.just("pushed"), STATES),
            st.tuples(st.just("read"), st.one_of(STATES, st.none())),
            st.tuples(st.just("acknowledged"), st.sampled_from((None, *Movement))),
            st.tuples(st.just("overdue"), st.none()),
            st.tuples(st.just("roomed"), st.dictionaries(st.just("rm-1"), st.text(min_size=1))),
        ),
        max_size=12,
    )
)
def test_any_course(steps: list[tuple[str, Any]]) -> None:
    """Whoever applies the changes told, and those alone, sees the account as it is."""
    account = Inventory()
    seen: dict[str, dict[str, Any]] = {}
    for step, value in steps:
        device_id = next(iter(account.devices), None)
        changes: Iterable[ModelChange] = ()
        if step == "listed":
            records = [record for item in value if (record := read_record(item))]
            changes = account.listed(records, {})
        elif step == "roomed":
            changes = account.roomed(value)
        elif device_id is None:
            continue
        elif step == "recorded" and (record := read_record({**value, "id": device_id})):
            changes = account.recorded(record)
        elif step == "pushed" and (report := read_report(value, device_id)):
            changes = account.reported(device_id, report, pushed=True)
        elif step == "read":
            changes = account.reported(device_id, value and read_report(value, device_id))
        elif step == "acknowledged":
            changes = account.acknowledged(device_id, value)
        elif step == "overdue":
            changes = account.overdue(device_id)
        follow(seen, changes)
        assert {key: snapshot(device) for key, device in account.devices.items()} == seen


def follow(seen: dict[str, dict[str, Any]], changes: Iterable[ModelChange]) -> None:
    """Keep a copy of the account from what is told, field by field."""
    for change in changes:
        device_id = change.device.device_id
        match change:
            case DeviceAdded(device=device):
                assert device_id not in seen
                seen[device_id] = snapshot(device)
            case DeviceRemoved():
                del seen[device_id]
            case DeviceChanged(device=device, fields=names):
                assert names
                assert names <= FIELDS
                new: Mapping[str, Any] = snapshot(device)
                for name in names:
                    assert seen[device_id][name] != new[name] or name == "kind"
                    seen[device_id][name] = new[name]
            case Rang(device=device, event=event):
                assert device.last_event == event


def test_two_accounts_do_not_meet() -> None:
    """State is held per account, none in the module."""
    first, second = inventory(PLUG), inventory(PLUG)
    list(first.reported("p", said("p", connected=True, is_on=True)))
    assert second.devices["p"].is_on is None


def test_fixture_account() -> None:
    """The expectations of the discovery transcript hold for the model."""
    data = load_vectors("dio_chacon", "devices")
    records = [record for item in data["records"] if (record := read_record(item))]
    reports = {
        key: read_report(state, key) if state else None for key, state in data["states"].items()
    }
    account = inventory(*records)
    list(account.listed(records, reports))
    expected = load_vectors("dio_chacon", "discovery")["expect"]
    for device_id, values in expected["devices"].items():
        device = account.devices[device_id]
        assert device.kind == values["kind"]
        assert device.connected is values["connected"]
        assert device.position == values.get("position")
        assert device.movement == values.get("movement")
        assert device.is_on == values.get("on")
        assert device.quiet == values.get("quiet")
    for device_id in expected["ignored"]:
        assert account.devices[device_id].kind is Kind.UNKNOWN
        assert account.devices[device_id].connected is None
