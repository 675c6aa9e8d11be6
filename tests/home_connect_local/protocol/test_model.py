"""State of an appliance: values, what may be done with features, and what changed when news come."""

from collections.abc import Iterable, Mapping
from typing import Any

from hypothesis import given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
import pytest

from custom_components.home_connect_local.protocol.casts import Fault, InvalidValueError, Limits
from custom_components.home_connect_local.protocol.const import Access, Execution, Kind
from custom_components.home_connect_local.protocol.messages import (
    ProgramReport,
    description_changes,
    values,
)
from custom_components.home_connect_local.protocol.model import (
    MAX_UNKNOWN,
    MAX_UNKNOWN_CHARS,
    Appliance,
)
from custom_components.home_connect_local.protocol.profile import Description

from .appliances import (
    ACTIVE,
    ALL,
    COFFEE,
    DISHWASHER,
    FRIDGE,
    HOB,
    HOOD,
    OVEN,
    SELECTED,
    WASHER,
    build,
    described,
    entry,
    feature,
    group,
    hear,
    notify,
    seed,
    steps,
    stored,
    told,
)

NONE: frozenset[int] = frozenset()


# --- the seven synthetic appliances ---------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_what_is_told_is_known(name: str) -> None:
    """After all is told every value told is known, and telling it again is no news."""
    appliance = told(name)
    listed = {item["uid"]: item["value"] for item in seed(name)["allMandatoryValues"]}
    assert dict(appliance.unknown) == {}
    for uid, raw in listed.items():
        each = appliance.feature(uid)
        assert each is not None
        assert appliance.raw(uid) == (raw["list"] if each.is_list else raw), each
        assert appliance.value(uid) is not None or (each.content_type == "uidValue" or uid < 258), (
            each
        )
    assert appliance.apply_values(values(seed(name)["allMandatoryValues"])) == NONE
    changes = description_changes(seed(name)["allDescriptionChanges"])
    assert appliance.apply_changes(changes) == NONE
    assert set(appliance.deviations) == {change.uid for change in changes}


@pytest.mark.parametrize("name", ALL)
def test_everything_can_be_asked(name: str) -> None:
    """Every feature answers every question, in every state of the appliance."""
    for appliance in (Appliance(described(name)), told(name)):
        for uid, each in appliance.description.features.items():
            assert appliance.feature(uid) is each
            assert isinstance(appliance.access(uid), Access)
            assert isinstance(appliance.available(uid), bool)
            assert isinstance(appliance.execution(uid), Execution)
            assert isinstance(appliance.limits(uid), Limits)
            assert appliance.members(uid).items() <= appliance.all_members(uid).items()
            assert appliance.executable(uid) <= appliance.available(uid)
            assert appliance.readable(uid) <= appliance.available(uid)
            assert appliance.writable(uid) <= appliance.available(uid)


def test_dishwasher() -> None:
    """Eco is selected: its options can be written, those of other programs are not there."""
    appliance = told(DISHWASHER)
    assert appliance.selected_program == appliance.current_program == 8195
    assert appliance.active_program is None
    assert appliance.access(512) is Access.NONE
    assert not appliance.executable(512)
    assert appliance.writable(558)
    assert appliance.limits(558) == Limits(0, 86400, 60)
    assert appliance.available(5126)
    assert not appliance.available(5125)
    assert appliance.access(5125) is Access.NONE
    assert appliance.available(544)  # of no program: always there
    assert appliance.value(539) == "On"
    assert appliance.members(539) == {1: "Off", 2: "On"}
    assert appliance.all_members(539) == {0: "MainsOff", 1: "Off", 2: "On", 3: "Standby"}
    assert appliance.value(614) == []
    assert appliance.value(625)["counter"] == 412
    assert appliance.live_update(5126) is True
    assert appliance.live_update(558) is False
    assert appliance.live_update(544) is None
    assert appliance.live_update(1) is None
    assert appliance.live_update(9999) is None


def test_dishwasher_washes() -> None:
    """A wash changes what can be done, and every change is told."""
    appliance = told(DISHWASHER)
    heard = [hear(appliance, step) for step in steps(DISHWASHER, "wash_cycle") if "data" in step]
    assert heard[0] == {517}
    assert heard[1] == {552, 256, 4096, 544}  # 542 was 0 before
    assert heard[2] == {512, 256, 257}
    assert heard[3] == {544, 542}
    assert heard[-1] == {512, 256, 257}
    assert appliance.current_program == 8195
    assert appliance.value(540) == "Off"
    assert appliance.writable(257)


def test_washer_selects_another_program() -> None:
    """Options of the program before are no longer there; deviations of the new one count first."""
    appliance = told(WASHER)
    assert appliance.limits(551) == Limits(8400, 86400, 60)
    assert appliance.members(25600)[5] == "GC90"
    assert list(appliance.members(25601)) == [0, 1, 2, 3, 4, 5, 6, 7]  # up to max 7 of Cotton
    gone = {25602, 25605, 25606, 25607, 25608, 25609}
    heard = [
        hear(appliance, each) for each in steps(WASHER, "stale_program_option") if "data" in each
    ]
    assert heard[0] == gone | {257, 25600, 25601, 25611}  # load: another default
    assert heard[1] == {25602}
    for uid in gone:
        assert not appliance.available(uid)
        assert appliance.raw(uid) is not None
    assert appliance.access(25605) is Access.READ_WRITE  # told, but of no use
    assert appliance.members(25600) == {0: "Cold", 1: "GC20", 2: "GC30", 3: "GC40"}
    assert appliance.members(25601) == {
        0: "Off",
        1: "RPM400",
        2: "RPM600",
        3: "RPM800",
        4: "RPM1000",
    }
    assert appliance.all_members(25601)[7] == "RPM1600"
    # As it would be while another program is selected: as described, whatever was told.
    assert appliance.effective(25602, 28673).writable
    assert appliance.members(25600, 28673)[5] == "GC90"
    assert appliance.effective(551, 28673).min == 3600
    assert appliance.effective(25602, 28676) == appliance.effective(25602)


def test_washer_power_is_a_subset() -> None:
    """Names of a subset come from the set; what lies outside it can still be named."""
    appliance = told(WASHER)
    assert appliance.members(539) == {0: "MainsOff", 2: "On"}
    assert not appliance.writable(539)
    appliance.apply_values([(539, 3)])
    assert appliance.value(539) == "Standby"


def test_oven_meat_probe() -> None:
    """A probe that is plugged in becomes available; its value follows."""
    appliance = told(OVEN)
    assert not appliance.available(20994)
    plug, value = steps(OVEN, "meat_probe")
    assert hear(appliance, plug) == {20994}
    assert hear(appliance, value) == {20994, 20997}
    assert appliance.readable(20994)
    assert appliance.value(20994) == 43.5
    assert appliance.reset_changes() == {20994, 256}
    assert not appliance.available(20994)


def test_oven_options_belong_to_a_program() -> None:
    """Without a program options are as described; with one its entries count."""
    appliance = told(OVEN)
    assert appliance.current_program is None
    assert appliance.access(21504) is Access.NONE
    assert appliance.available(21507)
    changed = appliance.apply_values([(257, 21761)])
    assert changed == {257, 548, 558, 21504, 21505, 21507}
    assert appliance.limits(21504) == Limits(30, 275, 5)
    assert appliance.effective(21504).default == 160
    assert appliance.writable(548)
    assert not appliance.available(21507)
    # Running: the running program counts, then the selected one again.
    assert 21507 in appliance.apply_values([(256, 21767)])
    assert appliance.available(21507)
    assert not appliance.available(21504)
    assert appliance.apply_values([(256, 0)]) == {256, 548, 21504, 21505, 21507}
    assert appliance.apply_values([(257, 0)]) == changed


def test_oven_may_not_describe_its_program() -> None:
    """A program that the description lacks is told, and has no options of its own."""
    appliance = told(OVEN)
    assert appliance.apply_values([(257, 999)]) == {257}
    assert appliance.selected_program == 999
    assert appliance.value(257) == 999
    assert appliance.current_program is None
    assert appliance.apply_values([(257, 21761)]) >= {257, 21504}
    assert appliance.apply_values([(256, 999)]) >= {256, 21504}
    assert appliance.current_program is None


def test_oven_programs() -> None:
    """Programs differ in what may be done with them."""
    appliance = told(OVEN)
    assert appliance.executable(21761)
    assert appliance.execution(21769) is Execution.NONE
    assert not appliance.executable(21769)
    assert not appliance.executable(21770)  # not available
    assert set(appliance.programs) == set(range(21761, 21771))
    assert appliance.option(21761, 21504) is not None
    assert appliance.option(21761, 21507) is None
    assert appliance.option(999, 21504) is None


def test_hood_levels() -> None:
    """Levels can be read while the fan stands still, and be written while it runs."""
    appliance = told(HOOD)
    assert appliance.access(54528) is Access.READ
    assert appliance.access(54530) is Access.NONE
    assert appliance.members(53508) == {1: "FanStage01", 2: "FanStage02", 3: "FanStage03"}
    heard = [hear(appliance, each) for each in steps(HOOD, "fan_level") if "data" in each]
    assert heard[0] == {256, 552, 54528, 54529}  # defaults of the program
    assert heard[1] == {54528, 54529, 54530}
    assert heard[2] == {54528, 256, 552, 54529}
    assert appliance.encode(53514, -2) == -2
    assert appliance.value(591) == "#4a88f8"


def test_hob_is_odd() -> None:
    """What the description leaves open stays usable."""
    appliance = told(HOB)
    assert appliance.members(59136) == {101: "101", 102: "102", 103: "103"}
    assert appliance.value(58627) == 2  # undefined enumeration
    assert appliance.members(58627) == {}
    assert appliance.all_members(58627) == {}
    assert appliance.value(58624) == [101, 102, 103]
    assert appliance.value(57608) == {"x": 100, "y": 120}
    assert appliance.value(58626) is True
    assert appliance.raw(58625) is None
    assert appliance.apply_values([(58625, {"any": ["thing"]})]) == {58625}
    assert appliance.value(58625) == {"any": ["thing"]}
    assert appliance.execution(59395) is Execution.SELECT_AND_START
    assert appliance.encode(59136, 102) == appliance.encode(59136, "102") == 102
    assert appliance.feature(264) is not None
    assert appliance.value(264) is None


def test_coffee_maker() -> None:
    """Deviations for one uid may come in several items; a favorite has no options."""
    appliance = told(COFFEE)
    assert appliance.limits(17410) == Limits(60, 250, 10)
    assert appliance.effective(17410).default == 120
    assert appliance.access(17410) is Access.READ_WRITE
    assert appliance.members(17409) == {
        88: "88C",
        90: "90C",
        92: "92C",
        94: "94C",
        95: "95C",
        96: "96C",
    }
    assert appliance.value(32826)["program"] == 17666
    assert appliance.value(32773) is None
    assert appliance.effective(17410, 17665).min == 35
    assert appliance.effective(17410, 999).available is False
    appliance.apply_values([(257, 32828)])
    assert not appliance.available(17410)
    assert appliance.available(32773)


def test_fridge() -> None:
    """Set-points take whole numbers; what is not available cannot be written."""
    appliance = told(FRIDGE)
    assert appliance.find("None.Such", "Refrigeration.Common.Setting.Freezer.SetpointTemperature")
    assert appliance.find("None.Such") is None
    assert appliance.encode(12800, -20.0) == -20
    assert type(appliance.encode(12800, -20.0)) is int
    assert not appliance.writable(12817)
    assert not appliance.writable(12818)
    assert appliance.current_program is None
    with pytest.raises(InvalidValueError):
        appliance.encode(12800, -15)


# --- values ---------------------------------------------------------------------------------


def test_values_begin_unknown() -> None:
    """Only what has an initial value is known at the start."""
    appliance = Appliance(described(WASHER))
    known = {uid for uid in appliance.description.features if appliance.raw(uid) is not None}
    assert known == {
        int(uid) for uid, each in stored(WASHER)["features"].items() if "initial" in each
    }


def test_values_come_in_several_forms() -> None:
    """The same meaning in another form is no news."""
    appliance = build(
        feature(600),
        feature(601, content="integer"),
        feature(602, content="percent"),
        feature(603, content="rgb", wire="string"),
        feature(604, content="point2D", wire="object"),
    )
    news = [(600, 1), (601, "4"), (602, 4), (603, "#FF8000"), (604, '{"x":1}')]
    assert appliance.apply_values(news) == {600, 601, 602, 603, 604}
    again = [(600, "true"), (601, 4.0), (602, "4.0"), (603, "#ff8000"), (604, {"x": 1})]
    assert appliance.apply_values(again) == NONE
    assert [appliance.value(uid) for uid in range(600, 605)] == [True, 4, 4, "#ff8000", {"x": 1}]
    assert appliance.apply_values([(uid, None) for uid in range(600, 605)]) == set(range(600, 605))
    assert [appliance.value(uid) for uid in range(600, 605)] == [None] * 5


def test_missing_items_leave_values() -> None:
    """A message names what changed, nothing else."""
    appliance = told(WASHER)
    before = {uid: appliance.raw(uid) for uid in appliance.description.features}
    assert appliance.apply_values([(544, 8400)]) == {544}
    after = {uid: appliance.raw(uid) for uid in appliance.description.features}
    assert after == before | {544: 8400}
    assert appliance.apply_values([]) == NONE


def test_an_unmapped_member_is_no_value() -> None:
    """A number that has no name gives none, but is kept."""
    appliance = told(WASHER)
    assert appliance.apply_values([(552, 77)]) == {552}
    assert appliance.value(552) is None
    assert appliance.raw(552) == 77


def test_lists_of_members() -> None:
    """Items of a list of enumeration values have names where there are some."""
    appliance = build(
        feature(600, content="enumeration", list=True, wire="object", enum=7),
        feature(601, content="enumeration", list=True, wire="object", enum=8),
        enums={7: {1: "One", 2: "Two"}},
    )
    appliance.apply_values([(600, {"length": 3, "list": [1, 3, "x"]}), (601, [1])])
    assert appliance.value(600) == ["One", 3, "x"]
    assert appliance.value(601) == [1]


def test_a_program_is_told_twice() -> None:
    """A program message after the value message is no news; options without a program are taken."""
    appliance = told(WASHER)
    report = ProgramReport(28674, [(25600, 4), (25601, 6)])
    assert appliance.apply_program(257, report) >= {257, 25600, 25602}
    assert appliance.apply_values([(257, 28674)]) == NONE
    assert appliance.apply_program(257, report) == NONE
    assert appliance.apply_program(257, ProgramReport(None, [(25600, 3)])) == {25600}
    assert appliance.selected_program == 28674
    assert appliance.apply_program(257, ProgramReport(0, [])) >= {257}
    assert appliance.selected_program is None


def test_unknown_uids_are_kept_for_diagnostics() -> None:
    """What the description lacks is no news; the table of it is bounded."""
    appliance = told(FRIDGE)
    assert appliance.value(90000) is appliance.raw(90000) is None
    assert appliance.access(90000) is Access.NONE
    assert not appliance.available(90000)
    assert appliance.members(90000) == appliance.all_members(90000) == {}
    news = [(90000, "x" * 1000), (90001, [1, 2]), (90002, {"a": 1}), (90003, 4), (256, 0)]
    assert appliance.apply_values(news) == NONE
    assert appliance.apply_changes(description_changes([{"uid": 90004, "access": "READ"}])) == NONE
    assert appliance.apply_changes(description_changes([{"uid": 90005, "value": 5}])) == NONE
    assert dict(appliance.unknown) == {
        90000: "x" * MAX_UNKNOWN_CHARS,
        90001: "list of 2",
        90002: "dict of 1",
        90003: 4,
        256: 0,  # a fridge has no programs
        90004: None,
        90005: 5,
    }
    appliance.apply_values([(uid, 1) for uid in range(80000, 80000 + MAX_UNKNOWN)])
    appliance.apply_values([(90003, 5), (99999, 5)])
    assert len(appliance.unknown) == MAX_UNKNOWN
    assert appliance.unknown[90003] == 5
    assert 99999 not in appliance.unknown


def test_forgotten_values() -> None:
    """What a new list leaves out is not known, initial or, of events, off; the rest stays."""
    appliance = told(WASHER)
    appliance.apply_values([(25345, 1), (27, -40)])
    changed = appliance.forget_values({552, 257})
    assert changed >= {25345, 27, 539}
    assert not {552, 257, 25344} & changed
    assert appliance.raw(27) == 0
    assert appliance.value(25345) == "Off"
    assert appliance.value(539) is None
    assert appliance.selected_program == 28673
    assert appliance.forget_values({552, 257}) == NONE
    assert appliance.forget_values() >= {257, 552, 25600}  # no program: options as described
    assert appliance.current_program is None


def test_events_are_unknown_until_all_is_told() -> None:
    """Nobody said that an event is off before the appliance has listed what is not."""
    appliance = Appliance(described(WASHER))
    assert appliance.value(25345) is None
    assert 25345 in appliance.forget_values()
    assert appliance.value(25345) == "Off"


# --- access and availability ----------------------------------------------------------------


NESTED = (
    feature(600, parent=30),
    feature(601, parent=31),
    feature(602, parent=31, available=False, access="read"),
    feature(603),
)
LISTS = (group(30), group(31, 30), group(32, 31, kind="settingList"))


def test_lists_hold_for_all_in_them() -> None:
    """What is told of a list holds for its members at any depth."""
    appliance = build(*NESTED, lists=LISTS)
    assert notify(appliance, {"uid": 30, "available": False}) == {600, 601}
    assert not appliance.available(601)
    assert appliance.access(601) is Access.READ_WRITE
    assert notify(appliance, {"uid": 602, "available": True}) == NONE
    assert notify(appliance, {"uid": 31, "access": "NONE"}) == {601, 602}
    assert appliance.access(601) is Access.NONE
    assert notify(appliance, {"uid": 30, "available": "true"}) == {600, 601, 602}
    assert appliance.available(602)
    assert not appliance.readable(602)
    # Only ``none`` matters: otherwise the access of the member counts.
    assert notify(appliance, {"uid": 31, "access": "READ"}) == {601, 602}
    assert appliance.access(601) is Access.READ_WRITE
    assert appliance.access(602) is Access.READ
    assert appliance.deviations == {
        30: {"available": True},
        31: {"access": Access.READ},
        602: {"available": True},
    }
    assert appliance.reset_changes() == {602}
    assert appliance.deviations == {}
    assert appliance.reset_changes() == NONE


def test_lists_may_be_described_as_closed() -> None:
    """A list that begins without access, or not available, is so for its members."""
    appliance = build(
        feature(600, parent=30),
        feature(601, parent=31),
        lists=(group(30, access="none"), group(31, available=False)),
    )
    assert appliance.access(600) is Access.NONE
    assert not appliance.available(601)
    assert notify(appliance, {"uid": 30, "access": "READWRITE"}) == {600}
    assert appliance.writable(600)


def test_lists_that_hold_each_other() -> None:
    """A description with a cycle of lists is odd, but not endless."""
    appliance = build(
        feature(600, parent=30), lists=(group(30, 31), group(31, 30, available=False))
    )
    assert not appliance.available(600)
    assert notify(appliance, {"uid": 30, "access": "NONE"}) == {600}
    assert notify(appliance, {"uid": 31, "available": True}) == {600}
    assert appliance.available(600)


@pytest.mark.parametrize(
    ("kind", "access"),
    [
        ("status", Access.READ),
        ("event", Access.READ),
        ("setting", Access.READ_WRITE),
        ("option", Access.READ_WRITE),
        ("command", Access.WRITE_ONLY),
        ("program", Access.READ),
        ("activeProgram", Access.READ_WRITE),
        ("selectedProgram", Access.READ_WRITE),
        ("protectionPort", Access.READ),
    ],
)
def test_access_that_is_not_declared(kind: str, access: Access) -> None:
    """What declares no access has the usual one of its kind."""
    assert build(feature(600, kind=Kind(kind), access="absent")).access(600) is access


PROGRAMS = (
    ACTIVE,
    SELECTED,
    feature(
        600, kind="option", content="integer", access="none", min=0, max=100, step=10, default=50
    ),
    feature(
        601, kind="option", content="enumeration", enum=7, min=1, access="none", available=False
    ),
    feature(602, kind="option", access="read", liveUpdate=True),
    feature(603, kind="option", access="read"),
    feature(700, kind="program", options=[entry(600, max=60, default=30), entry(601, enum=8)]),
    feature(701, kind="program", options=[entry(600, access="read", liveUpdate=True), entry(602)]),
    feature(702, kind="program", options=[entry(600, available=False), entry(600)]),
)
ENUMS: dict[int, dict[int, str | None]] = {
    7: {0: "Off", 1: "Low", 2: "High", 3: "Top"},
    8: {1: None, 2: None},
    9: {2: None, 3: "Most", 4: None},
    16385: {1: "Hex"},
}


def machine() -> Appliance:
    """Make an appliance with programs."""
    return build(*PROGRAMS, enums=ENUMS, subsets={8: 7, 9: 8})


def test_the_first_that_says_something_counts() -> None:
    """Field by field: what was told, else the program's entry, else the option itself."""
    appliance = machine()
    assert appliance.effective(600)[:6] == (Access.NONE, True, 0, 100, 10, 50)
    assert not appliance.available(601)
    appliance.apply_values([(257, 700)])
    assert appliance.effective(600)[:6] == (Access.READ_WRITE, True, 0, 60, 10, 30)
    assert appliance.available(601)
    assert appliance.members(601) == {1: "Low", 2: "High"}
    assert notify(appliance, {"uid": 600, "max": "50", "stepSize": 5, "default": "20"}) == {600}
    assert appliance.effective(600)[:6] == (Access.READ_WRITE, True, 0, 50, 5, 20)
    assert notify(appliance, {"uid": 600, "max": 50}) == NONE
    assert notify(appliance, {"uid": 601, "enumerationType": 9, "min": 3}) == {601}
    assert appliance.members(601) == {3: "Most", 4: "4"}
    assert appliance.all_members(601) == {2: "High", 3: "Most", 4: "4", 1: "Low", 0: "Off"}
    appliance.apply_values([(257, 701)])
    assert appliance.effective(600)[:6] == (Access.READ, True, 0, 50, 5, 20)
    assert appliance.live_update(600) is True
    assert appliance.live_update(602) is True
    assert appliance.live_update(603) is None
    assert not appliance.available(601)
    assert appliance.available(603)
    appliance.apply_values([(257, 702)])  # the first of two entries
    assert not appliance.available(600)


def test_enumerations_that_are_told() -> None:
    """An enumeration may come as hexadecimal text; an unknown one is not taken."""
    appliance = machine()
    assert notify(appliance, {"uid": 601, "enumerationType": "0x4001"}) == {601}
    assert appliance.members(601) == {1: "Hex"}
    assert appliance.reset_changes() == {601}
    assert notify(appliance, {"uid": 601, "enumerationType": "4001"}) == {601}
    assert appliance.members(601) == {1: "Hex"}
    assert notify(appliance, {"uid": 601, "enumerationType": 12345}) == NONE
    assert notify(appliance, {"uid": 601, "enumerationType": 8}) == {601}


def test_enumerations_that_are_subsets_of_each_other() -> None:
    """A description with a cycle of subsets is odd, but not endless."""
    appliance = build(
        feature(600, content="enumeration", enum=7),
        enums={7: {1: None, 2: "Two"}, 8: {1: "One"}},
        subsets={7: 8, 8: 7},
    )
    assert appliance.members(600) == {1: "One", 2: "Two"}


def test_a_change_may_carry_a_value() -> None:
    """A value in a change is like a value message, and may change the program as well."""
    appliance = machine()
    appliance.apply_values([(257, 700)])
    assert notify(appliance, {"uid": 600, "value": 40}) == {600}
    assert notify(appliance, {"uid": 600, "value": "40"}) == NONE
    assert notify(appliance, {"uid": 600, "access": "READ", "value": None}) == {600}
    assert appliance.value(600) is None
    assert notify(appliance, {"uid": 257, "value": 701}, {"uid": 600, "max": 10}) == {
        257,
        600,
        601,
        602,
    }
    assert appliance.limits(600) == Limits(0, 10, 10)


def test_a_change_that_the_program_undoes_is_no_news() -> None:
    """Only the difference between before and after counts."""
    appliance = machine()
    appliance.apply_values([(257, 700)])
    notify(appliance, {"uid": 601, "available": True}, {"uid": 602, "available": False})
    appliance.apply_values([(257, 701)])
    notify(appliance, {"uid": 602, "access": "READWRITE"})
    changed = notify(
        appliance,
        {"uid": 257, "value": 700},
        {"uid": 602, "access": "READ"},
        {"uid": 602, "access": "READWRITE"},
        {"uid": 600, "access": "READ", "max": 100, "default": 50},
    )
    assert 602 not in changed
    assert 600 not in changed


def test_execution_is_told() -> None:
    """What may be done with a program changes at run time."""
    appliance = machine()
    assert appliance.executable(700)
    assert notify(appliance, {"uid": 700, "execution": "SELECTONLY"}) == {700}
    assert not appliance.executable(700)
    assert appliance.execution(700) is Execution.SELECT_ONLY
    assert appliance.execution(600) is Execution.NONE
    assert notify(appliance, {"uid": 600, "execution": "STARTONLY"}) == NONE
    missing = build(feature(700, kind="program", execution="absent"))
    assert missing.execution(700) is Execution.SELECT_AND_START


# --- writing --------------------------------------------------------------------------------


def test_writing_takes_names_and_numbers() -> None:
    """Members are those of the program meant, uids may be named."""
    appliance = machine()
    appliance.apply_values([(257, 700)])
    assert appliance.encode(601, "low") == 1
    for value in ("top", "off", 3):
        with pytest.raises(InvalidValueError) as caught:
            appliance.encode(601, value)
        assert caught.value.reason is Fault.NOT_A_MEMBER
    assert appliance.encode(601, "top", 701) == 3
    assert appliance.encode(600, 44) == 40
    assert appliance.encode(600, 98, 701) == 100
    assert appliance.encode(257, 700) == 700
    assert appliance.encode(257, "700") == 700
    assert appliance.encode(257, 0) == 0
    assert appliance.encode(257, "Test.Program.F701") == 701


@pytest.mark.parametrize(
    ("uid", "value", "reason"),
    [
        (999, 1, Fault.UNKNOWN_FEATURE),
        (257, 999, Fault.UNKNOWN_FEATURE),
        (257, "Test.None", Fault.WRONG_TYPE),
        (257, True, Fault.WRONG_TYPE),
        (257, None, Fault.WRONG_TYPE),
        (600, None, Fault.WRONG_TYPE),
        (600, 101, Fault.OUT_OF_RANGE),
    ],
)
def test_writing_what_does_not_fit(uid: int, value: object, reason: Fault) -> None:
    """What a feature does not take has a reason."""
    with pytest.raises(InvalidValueError) as caught:
        machine().encode(uid, value)
    assert caught.value.reason is reason


@pytest.mark.parametrize("name", ALL)
def test_known_values_can_be_written_back(name: str) -> None:
    """What an appliance reports of what can be written, it takes; by value and as it travels."""
    appliance = told(name)
    for uid in appliance.description.features:
        raw, value = appliance.raw(uid), appliance.value(uid)
        if raw is None or not appliance.writable(uid) or uid in {256, 257}:
            continue
        low, high, _ = appliance.limits(uid)
        if isinstance(raw, int | float) and not (low or raw) <= raw <= (
            raw if high is None else high
        ):
            continue  # a duration of 0 means none
        assert appliance.encode(uid, raw) == raw
        assert value is None or appliance.encode(uid, value) == raw


# --- size -----------------------------------------------------------------------------------


def test_an_appliance_is_small() -> None:
    """Names of enumerations are shared, and what was not asked was not worked out."""
    appliance = told(WASHER)
    assert appliance.all_members(25603) is appliance.all_members(25604)
    assert appliance.members(25603) is appliance.members(25603)
    assert appliance.effective(25603) is appliance.effective(25603)


# --- any sequence of news -------------------------------------------------------------------


def scratch(
    description: Description,
    raws: Mapping[int, Any],
    deviations: Mapping[int, Mapping[str, Any]],
    uid: int,
) -> tuple[Any, ...]:
    """Work out what may be done with a feature in the plainest way."""
    one = description.features[uid]
    programs = {each.uid: each for each in description.features.values() if each.kind == "program"}
    current = raws.get(256) or raws.get(257)
    listed = {option.ref for each in programs.values() for option in each.options}
    told_here = dict(deviations.get(uid, {}))
    layers: list[dict[str, Any]] = [told_here]
    fields = ("access", "available", "min", "max", "step", "default", "enum")
    if one.kind == "option" and current in programs:
        entries = [each for each in programs[current].options if each.ref == uid]
        if entries:
            layers.append({name: getattr(entries[0], name) for name in fields})
        elif uid in listed:
            layers.append({"available": False})
    layers.append({name: getattr(one, name) for name in fields})
    found = {
        name: next((each[name] for each in layers if each.get(name) is not None), None)
        for name in fields
    }
    around = one.parent
    while around in description.lists:
        each = description.lists[around]
        here = deviations.get(around, {})
        if here.get("access", each.access) is Access.NONE:
            found["access"] = Access.NONE
        if not here.get("available", each.available):
            found["available"] = False
        around = each.parent
    execution = Execution.NONE
    if one.kind == "program":
        execution = told_here.get("execution") or one.execution or Execution.SELECT_AND_START
    return (
        found["access"],
        found["available"],
        found["min"],
        found["max"],
        found["step"],
        found["default"],
        found["enum"],
        execution,
    )


WORLD = (
    *({**each, "parent": 31 if each["uid"] in {600, 601} else None} for each in PROGRAMS[:6]),
    *({**each, "parent": 40, "access": "read"} for each in PROGRAMS[6:]),
    feature(610, parent=30, content="integer"),
)
UIDS = st.sampled_from([256, 257, 600, 601, 602, 603, 610, 700, 701, 702, 999])
RAWS = st.sampled_from([None, 0, 1, 2, 3, 40, "1", 2.0, 600, 700, 701, 702, 999, True, "x", [1]])
ITEMS = st.lists(st.tuples(UIDS, RAWS), max_size=4, unique_by=lambda item: item[0])
CHANGES = st.lists(
    st.fixed_dictionaries(
        {"uid": st.sampled_from([30, 31, 40, 256, 257, 600, 601, 602, 603, 610, 700, 701, 999])},
        optional={
            "access": st.sampled_from(["NONE", "READ", "READWRITE", "WRITEONLY", "odd", None]),
            "available": st.sampled_from([True, False, "true", "odd"]),
            "min": st.sampled_from([0, 1, "2", None]),
            "max": st.sampled_from([3, "50", 100]),
            "stepSize": st.sampled_from([1, "5"]),
            "default": st.sampled_from([0, "1", None, "x"]),
            "execution": st.sampled_from(["NONE", "SELECTONLY", "STARTONLY"]),
            "enumerationType": st.sampled_from([7, 8, "9", "4001", 12345]),
            "value": RAWS,
        },
    ),
    max_size=4,
    unique_by=lambda item: item["uid"],
)


class News(RuleBasedStateMachine):
    """Whatever an appliance says, in whatever order: what was kept equals what is worked out anew."""

    @initialize()
    def begin(self) -> None:
        """Begin as described."""
        self.appliance = build(
            *WORLD, lists=(group(30), group(31, 30), group(40)), enums=ENUMS, subsets={8: 7, 9: 8}
        )
        self.uids = list(self.appliance.description.features)
        self.before = self.picture()

    def picture(self) -> dict[int, tuple[Any, ...]]:
        """Give all that can be seen of each feature; reads everything, so that everything is kept."""
        return {
            uid: (
                self.appliance.raw(uid),
                self.appliance.effective(uid),
                dict(self.appliance.members(uid)),
            )
            for uid in self.uids
        }

    def check(self, changed: Iterable[int]) -> None:
        """Compare what is said to have changed with what has."""
        after = self.picture()
        assert changed == {uid for uid in self.uids if after[uid] != self.before[uid]}
        self.before = after

    @rule(items=ITEMS)
    def values(self, items: list[tuple[int, Any]]) -> None:
        """The appliance tells values, then says the same again."""
        self.check(self.appliance.apply_values(items))
        assert self.appliance.apply_values(items) == NONE

    @rule(changes=CHANGES)
    def changes(self, changes: list[dict[str, Any]]) -> None:
        """The appliance tells how it differs, then says the same again."""
        self.check(self.appliance.apply_changes(description_changes(changes)))
        assert self.appliance.apply_changes(description_changes(changes)) == NONE

    @rule(uid=st.sampled_from([256, 257]), program=RAWS, options=ITEMS)
    def program(self, uid: int, program: Any, options: list[tuple[int, Any]]) -> None:
        """The appliance tells a program."""
        options = [item for item in options if item[0] not in {256, 257}]
        number = program if type(program) is int else None
        self.check(self.appliance.apply_program(uid, ProgramReport(number, options)))

    @rule()
    def reset(self) -> None:
        """A new link begins."""
        self.check(self.appliance.reset_changes())
        assert self.appliance.deviations == {}

    @rule(keep=st.sets(UIDS, max_size=5))
    def forget(self, keep: set[int]) -> None:
        """A new list of values left some out."""
        self.check(self.appliance.forget_values(keep))

    @invariant()
    def nothing_is_stale(self) -> None:
        """What is kept is what description, deviations and values give."""
        appliance = self.appliance
        raws = {uid: appliance.raw(uid) for uid in (256, 257)}
        # Text and odd values were read before they were kept.
        deviations = appliance.deviations
        for uid in self.uids:
            assert appliance.effective(uid) == scratch(appliance.description, raws, deviations, uid)


TestNews = News.TestCase
TestNews.settings = settings(stateful_step_count=25)


@given(st.lists(st.tuples(UIDS, RAWS), max_size=8))
def test_uids_may_come_twice_in_a_message(items: list[tuple[int, Any]]) -> None:
    """The last value counts; what differs afterwards is among what changed."""
    appliance = machine()
    before = {uid: appliance.raw(uid) for uid in appliance.description.features}
    changed = appliance.apply_values(items)
    after = {uid: appliance.raw(uid) for uid in appliance.description.features}
    assert {uid for uid in after if after[uid] != before[uid]} <= changed
    assert appliance.apply_values(dict(items).items()) == NONE
