"""What is sent to select, start, change and stop programs, and what stands against it."""

from collections.abc import Callable
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.home_connect_local.protocol.casts import Fault, InvalidValueError
from custom_components.home_connect_local.protocol.errors import CommandError
from custom_components.home_connect_local.protocol.messages import Request
from custom_components.home_connect_local.protocol.model import Appliance
from custom_components.home_connect_local.protocol.programs import (
    Favorite,
    Obstacle,
    Plan,
    PreconditionError,
    acknowledge_plan,
    base_program,
    check_select,
    check_start,
    command_plan,
    favorites,
    option_plan,
    pause_plan,
    program_labels,
    resume_plan,
    select_plan,
    selectable_programs,
    start_plan,
    startable_programs,
    stop_plan,
    values_plan,
    venting_plan,
    venting_speeds,
)

from .appliances import (
    ACTIVE,
    ALL,
    COFFEE,
    DISHWASHER,
    FRIDGE,
    HOB,
    HOOD,
    OPERATION,
    OVEN,
    POWER,
    SELECTED,
    STATES,
    WASHER,
    build,
    described,
    entry,
    feature,
    hear,
    notify,
    seed,
    steps,
    told,
)

START, SELECT, WRITE = "/ro/activeProgram", "/ro/selectedProgram", "/ro/values"


def sent(plan: Plan) -> list[tuple[str, Any]]:
    """Show the requests of a plan: resource, and program with options or the values."""
    return [_shown(step.request) for step in plan]


def _shown(request: Request) -> tuple[str, Any]:
    assert request.action == "POST"
    if request.resource == WRITE:
        for item in request.data:
            assert list(item) == ["uid", "value"]
        return WRITE, [(item["uid"], item["value"]) for item in request.data]
    (item,) = request.data
    assert list(item) == ["program", "options"]
    return request.resource, (
        item["program"],
        {option["uid"]: option["value"] for option in item["options"]},
    )


def only(plan: Plan) -> tuple[str, Any]:
    """Show the request of a plan of one step."""
    (found,) = sent(plan)
    return found


def opening(plan: Plan) -> tuple[str, Any]:
    """Show the first request of a plan; what follows are ways round."""
    return sent(plan)[0]


def obstacle(call: Callable[[], object]) -> Obstacle:
    """Say what stands against something."""
    with pytest.raises(PreconditionError) as caught:
        call()
    assert isinstance(caught.value, CommandError)
    assert str(caught.value)
    return caught.value.reason


def fault(call: Callable[[], object]) -> Fault:
    """Say why a value is refused."""
    with pytest.raises(InvalidValueError) as caught:
        call()
    return caught.value.reason


# --- the scenarios of the synthetic appliances ----------------------------------------------


def meets(request: Request, expected: dict[str, Any]) -> bool:
    """Say whether a request is what a scenario waits for."""
    data = request.data[0] if request.data else {}
    options = {item["uid"]: item["value"] for item in data.get("options", ())}
    written = {item["uid"]: item["value"] for item in request.data if "uid" in item}
    checks = {
        "action": lambda want: request.action == want,
        "resource": lambda want: request.resource == want,
        "program": lambda want: data.get("program") == want,
        "option": lambda want: options.get(want["uid"]) == want["value"],
        "all_options": lambda want: set(want) <= set(options),
        "uid": lambda want: want in written,
        "uids": lambda want: list(written) == want,
        "value": lambda want: written[expected["uid"]] == want,
        "json_type": lambda want: {type(each) for each in written.values()} == {int},
    }
    return all(checks[name](want) for name, want in expected.items())


@pytest.mark.parametrize(
    ("name", "scenario", "plan"),
    [
        (OVEN, "heat_up", lambda one: start_plan(one, 21761)),
        (DISHWASHER, "wash_cycle", start_plan),
        (DISHWASHER, "start_without_remote_start", start_plan),
        (FRIDGE, "door_alarm", lambda one: acknowledge_plan(one, 13056)),
        (FRIDGE, "setpoint_integer_only", lambda one: values_plan(one, [(12800, -20.0)])),
        (HOOD, "fan_level", lambda one: venting_plan(one, 54528, 2)),
        (HOOD, "ambient_colour", lambda one: values_plan(one, [(591, "#FF8000"), (590, 0)])),
        (HOB, "start_uses_selected_program", lambda one: start_plan(one, 59392)),
        (COFFEE, "brew_full_option_set", start_plan),
        (WASHER, "delayed_finish", lambda one: start_plan(one, finish_in=28800)),
        (WASHER, "stale_program_option", lambda one: select_plan(one, 28676)),
    ],
)
def test_scenario(name: str, scenario: str, plan: Callable[[Appliance], Plan]) -> None:
    """The first request of the plan is what the appliance waits for in its scenario."""
    appliance = told(name)
    waited = 0
    for step in steps(name, scenario):
        if "expect" in step:
            request = plan(appliance)[0].request
            assert meets(request, step["expect"]), _shown(request)
            waited += 1
        else:
            hear(appliance, step)
    assert waited == 1


def test_all_scenarios_that_wait_are_covered() -> None:
    """Scenarios wait for nothing else but the greeting, and a write that is refused."""
    mark = next(each for each in test_scenario.pytestmark if each.name == "parametrize")
    covered = {(name, scenario) for name, scenario, _ in mark.args[1]}
    waiting = {
        (name, each["name"])
        for name in ALL
        for each in seed(name)["scenarios"]
        if any(step.get("expect", {}).get("action") == "POST" for step in each["steps"])
    }
    assert waiting - covered == {(HOOD, "values_write_is_refused_when_idle")}
    assert covered <= waiting


def test_hood_refuses_levels_while_idle() -> None:
    """The level of a fan that stands still is not even tried."""
    assert obstacle(lambda: values_plan(told(HOOD), [(54528, 1)])) is Obstacle.NOT_WRITABLE


# --- starting: what has to be done first ----------------------------------------------------


def ready(name: str) -> Appliance:
    """Give an appliance whose remote start is enabled."""
    appliance = told(name)
    appliance.apply_values([(517, True)])
    return appliance


def test_obstacles_come_in_their_order() -> None:
    """Each obstacle that is out of the way shows the next."""
    appliance = told(OVEN)
    appliance.apply_values([(539, 3), (527, 0), (552, 3)])
    notify(appliance, {"uid": 21761, "execution": "SELECTONLY", "available": False})
    for expected, remedy in (
        (Obstacle.POWER_OFF, lambda: appliance.apply_values([(539, 2)])),
        (Obstacle.REMOTE_START_OFF, lambda: appliance.apply_values([(517, True)])),
        (Obstacle.DOOR_OPEN, lambda: appliance.apply_values([(527, 1)])),
        (Obstacle.PROGRAM_RUNNING, lambda: appliance.apply_values([(552, 1)])),
        (Obstacle.NO_PROGRAM, lambda: appliance.apply_values([(257, 999)])),
        (Obstacle.UNKNOWN_PROGRAM, lambda: appliance.apply_values([(257, 21761)])),
        (
            Obstacle.NOT_EXECUTABLE,
            lambda: notify(appliance, {"uid": 21761, "execution": "STARTONLY"}),
        ),
        (Obstacle.NOT_AVAILABLE, lambda: notify(appliance, {"uid": 21761, "available": True})),
        (Obstacle.NOT_WRITABLE, lambda: notify(appliance, {"uid": 256, "access": "READWRITE"})),
    ):
        assert obstacle(lambda: check_start(appliance)) is expected
        remedy()
    check_start(appliance)
    check_start(appliance, 21762)


@pytest.mark.parametrize(
    ("state", "runs"),
    [(0, False), (1, False), (2, True), (3, True), (4, True), (5, False), (6, True), (7, False)],
)
def test_a_running_program_is_an_obstacle(state: int, runs: bool) -> None:
    """Delayed, running, paused and finished programs have to go first."""
    appliance = ready(WASHER)
    appliance.apply_values([(552, state)])
    if runs:
        assert obstacle(lambda: check_start(appliance)) is Obstacle.PROGRAM_RUNNING
    else:
        check_start(appliance)


def test_what_is_not_known_is_no_obstacle() -> None:
    """An appliance that lacks states, or has not told them, decides by itself."""
    appliance = build(ACTIVE, SELECTED, feature(700, kind="program"))
    check_start(appliance, 700)
    appliance = Appliance(described(DISHWASHER))
    check_start(appliance, 8195)
    assert obstacle(lambda: check_start(appliance, 257)) is Obstacle.UNKNOWN_PROGRAM


def test_states_without_names_are_known_by_number() -> None:
    """Numbers of states are the same everywhere, also where the description has no names for them."""
    appliance = build(
        ACTIVE,
        SELECTED,
        POWER,
        {**OPERATION, "enum": 8},
        feature(527, "BSH.Common.Status.DoorState", "status", content="enumeration", enum=9),
        feature(700, kind="program"),
        enums={8: dict.fromkeys(range(9))},
    )
    check_start(appliance, 700)
    for news, expected in (
        ((552, 3), Obstacle.PROGRAM_RUNNING),
        ((527, 0), Obstacle.DOOR_OPEN),
        ((539, 3), Obstacle.POWER_OFF),
    ):
        appliance.apply_values([news])
        assert obstacle(lambda: check_start(appliance, 700)) is expected


def test_a_fan_needs_no_remote_start() -> None:
    """Functions that can only be started take each other's place."""
    appliance = told(HOOD)
    assert appliance.value(517) is False
    appliance.apply_values([(256, 54784), (552, 3)])
    check_start(appliance, 54785)


def test_hobs_start_what_is_selected() -> None:
    """A hob does not let its active program be written, and need not."""
    appliance = ready(HOB)
    appliance.apply_values([(539, 2)])
    assert not appliance.writable(256)
    check_start(appliance, 59392)
    assert obstacle(lambda: check_start(appliance, 59394)) is Obstacle.NOT_EXECUTABLE
    notify(appliance, {"uid": 257, "access": "READ"})
    assert obstacle(lambda: check_start(appliance, 59392)) is Obstacle.NOT_WRITABLE
    nameless = build(SELECTED, feature(700, kind="program", key=None) | {"key": None}, kind="Hob")
    assert only(start_plan(nameless, 700)) == (SELECT, (700, {}))
    elsewhere = build(ACTIVE, feature(700, kind="program") | {"key": None}, kind="Oven")
    assert only(start_plan(elsewhere, 700)) == (START, (700, {}))


# --- starting: which options ----------------------------------------------------------------


def test_dishwasher_sends_its_options() -> None:
    """The full set, as nothing else is declared: values as last told, no delay, no telemetry."""
    appliance = told(DISHWASHER)
    appliance.apply_values([(5127, True)])
    assert opening(start_plan(appliance)) == (
        START,
        (8195, {5126: False, 5127: True, 5129: False, 5128: False, 5131: False}),
    )
    assert opening(start_plan(appliance, options={5131: "on", 558: 3599.0})) == (
        START,
        (8195, {558: 3600, 5126: False, 5127: True, 5129: False, 5128: False, 5131: True}),
    )


def test_another_program_begins_with_its_defaults() -> None:
    """Values of the program before are not those of the one that is started."""
    appliance = told(COFFEE)
    appliance.apply_values([(17410, 200), (17408, 4)])
    assert opening(start_plan(appliance)) == (
        START,
        (17666, {17408: 4, 17409: 92, 17413: 0, 17414: 0, 17411: False, 17410: 200}),
    )
    assert opening(start_plan(appliance, 17665, {17409: "94c"})) == (
        START,
        (17665, {17408: 2, 17409: 94, 17413: 0, 17414: 0, 17411: False, 17410: 40}),
    )
    assert opening(start_plan(appliance, 32828)) == (START, (32828, {}))


def test_a_value_out_of_range_gives_way_to_a_default() -> None:
    """What the program does not take is not sent: default, then the least, then the first member."""
    appliance = told(COFFEE)
    appliance.apply_values([(17410, 20), (17408, 77), (17411, None)])
    _, (_, options) = opening(start_plan(appliance))
    assert (options[17410], options[17408], options[17411]) == (120, 2, False)
    full = feature(256, kind="activeProgram", fullOptionSet=True)
    lone = build(
        full,
        SELECTED,
        feature(600, kind="option", content="integer", min=5, max=9, default=6),
        feature(601, kind="option", content="integer", min=5, max=9),
        feature(602, kind="option", content="enumeration", enum=7, min=2),
        feature(603, kind="option"),
        feature(604, kind="option", content="string"),
        feature(605, kind="option", content="integer", access="read"),
        feature(606, kind="option", available=False),
        feature(607, "BSH.Common.Option.BaseProgram", "option", content="uidValue"),
        feature(
            700,
            kind="program",
            options=[
                *(entry(uid, access="absent") for uid in (600, 601, 602, 603, 604, 605, 607, 999)),
                entry(606, available=False),
            ],
        ),
        enums={7: {1: "One", 2: "Two"}},
    )
    assert opening(start_plan(lone, 700)) == (START, (700, {600: 6, 601: 5, 602: 2, 603: False}))


def test_a_program_may_ask_for_all_or_not() -> None:
    """What a program declares of its option set goes before what the appliance does."""
    option = feature(600, kind="option", default=True)
    for declared, options in ((True, {600: True}), (False, {})):
        appliance = build(
            feature(256, kind="activeProgram", fullOptionSet=not declared),
            option,
            feature(700, kind="program", fullOptionSet=declared, options=[entry(600)]),
        )
        assert opening(start_plan(appliance, 700)) == (START, (700, options))


def test_without_a_full_set_known_values_go_along() -> None:
    """An appliance that does not ask for all gets what is known of the current program."""
    appliance = build(
        feature(256, kind="activeProgram", fullOptionSet=False),
        SELECTED,
        feature(600, kind="option", content="integer", min=1, max=9, default=6),
        feature(601, kind="option", content="integer", min=1, max=9, default=6),
        feature(602, kind="option", content="integer", min=1, max=9, default=6),
        feature(700, kind="program", options=[entry(600), entry(601), entry(602)]),
    )
    appliance.apply_values([(257, 700), (600, 4), (601, 12)])
    assert opening(start_plan(appliance)) == (START, (700, {600: 4}))


def test_oven_is_not_given_a_duration_that_nobody_wants() -> None:
    """A duration that is not known stays out, unless the appliance insists."""
    appliance = ready(OVEN)
    first, second, third = start_plan(appliance, 21761, {21504: 180})
    assert _shown(first.request) == (START, (21761, {21504: 180, 21505: False}))
    assert 533 in first.fallback_on
    assert _shown(second.request) == (START, (21761, {21504: 180, 21505: False, 548: 1}))
    assert 533 not in second.fallback_on
    assert _shown(third.request) == (START, (21761, {21504: 180}))
    assert not third.fallback_on
    assert opening(start_plan(appliance, 21761, {548: 1800.0})) == (
        START,
        (21761, {21504: 160, 548: 1800, 21505: False}),
    )
    assert opening(start_plan(appliance, 21768)) == (START, (21768, {548: 60}))


def test_options_that_a_program_does_not_have() -> None:
    """What the program has no entry for, what only tells, and what does not exist is refused."""
    appliance = told(DISHWASHER)
    assert obstacle(lambda: start_plan(appliance, None, {5125: True})) is Obstacle.NOT_WRITABLE
    assert obstacle(lambda: start_plan(appliance, None, {544: 60})) is Obstacle.NOT_WRITABLE
    assert obstacle(lambda: start_plan(appliance, None, {539: "On"})) is Obstacle.NOT_WRITABLE
    assert fault(lambda: start_plan(appliance, None, {9999: 1})) is Fault.UNKNOWN_FEATURE
    assert fault(lambda: start_plan(appliance, None, {5126: 7})) is Fault.WRONG_TYPE
    assert obstacle(lambda: start_plan(appliance, 9999)) is Obstacle.UNKNOWN_PROGRAM
    appliance.apply_values([(257, 0)])
    assert obstacle(lambda: start_plan(appliance)) is Obstacle.NO_PROGRAM


def test_options_that_nobody_named_are_left_out_when_refused() -> None:
    """Firmware may not know an option of its description, or not with the others: the caller named none of them."""
    appliance = told(DISHWASHER)
    first, second = start_plan(appliance, options={5131: True})
    assert first.fallback_on == {400, 512, 513, 534}
    assert _shown(first.request)[1][1].keys() > {5131}
    assert _shown(second.request) == (START, (8195, {5131: True}))
    assert not second.fallback_on
    assert len(start_plan(told(COFFEE), 32828)) == 1  # a favourite has none at all


def test_an_option_told_at_run_time_can_be_given() -> None:
    """The appliance may offer more than the program's entry says."""
    appliance = told(DISHWASHER)
    notify(appliance, {"uid": 5125, "access": "READWRITE", "available": True})
    _, (_, options) = opening(start_plan(appliance, None, {5125: True}))
    assert options[5125] is True


# --- starting: delays -----------------------------------------------------------------------


def delay(appliance: Appliance, program: int | None = None, **wish: Any) -> dict[int, int]:
    """Give the delay that goes along."""
    _, (_, options) = sent(start_plan(appliance, program, **wish))[0]
    return {uid: each for uid, each in options.items() if uid in {551, 558}}


def test_a_start_can_be_delayed() -> None:
    """Seconds go to the nearest step within the range; none are not sent."""
    appliance = told(DISHWASHER)
    assert delay(appliance, start_in=7200) == {558: 7200}
    assert delay(appliance, start_in=7229) == {558: 7200}
    assert delay(appliance, start_in=7231.4) == {558: 7260}
    assert delay(appliance, start_in=999999) == {558: 86400}
    assert delay(appliance, start_in=0) == {}
    assert delay(appliance, start_in=10) == {}
    assert delay(appliance, options={558: 0}) == {}
    assert delay(appliance, options={558: 60}, start_in=120) == {558: 120}
    assert delay(appliance, options={558: 60}, start_in=0) == {}


def test_an_end_can_be_delayed() -> None:
    """The end is not before the program can end, and never less than asked."""
    appliance = told(WASHER)
    assert delay(appliance, finish_in=28800) == {551: 28800}
    assert delay(appliance, finish_in=28801) == {551: 28860}
    assert delay(appliance, finish_in=60) == {551: 8400}
    assert delay(appliance, finish_in=999999) == {551: 86400}
    assert delay(appliance, finish_in=0) == {}
    appliance.apply_values([(531, 9001)])
    assert delay(appliance, finish_in=60) == {551: 9060}
    appliance.apply_values([(531, 86399)])
    assert delay(appliance, finish_in=60) == {551: 86400}
    notify(appliance, {"uid": 551, "max": 86390})
    assert delay(appliance, finish_in=86400) == {551: 86340}


def test_a_delay_is_converted() -> None:
    """A program that only knows one end gets the other by how long it takes."""
    washer = told(WASHER)
    assert delay(washer, start_in=3600) == {551: 12000}  # no end before 8400 s
    washer.apply_values([(544, 9000)])
    assert delay(washer, start_in=3600) == {551: 12600}
    washer.apply_values([(531, 9600)])
    assert delay(washer, start_in=3600) == {551: 13200}
    assert delay(washer, 28674, start_in=3600) == {551: 7200}  # of another little is known
    dishwasher = told(DISHWASHER)
    assert obstacle(lambda: start_plan(dishwasher, finish_in=20000)) is Obstacle.UNKNOWN_DURATION
    dishwasher.apply_values([(544, 12600)])
    assert delay(dishwasher, finish_in=20000) == {558: 7380}
    assert delay(dishwasher, finish_in=12600) == {}
    assert delay(dishwasher, finish_in=600) == {}
    dishwasher.apply_values([(552, 6)])  # some keep the last value
    assert obstacle(lambda: start_plan(dishwasher, finish_in=20000)) is Obstacle.UNKNOWN_DURATION
    assert obstacle(lambda: start_plan(dishwasher, 8196, finish_in=9)) is Obstacle.UNKNOWN_DURATION


def test_a_duration_is_known_by_its_option() -> None:
    """What a program is told to take, it takes."""
    oven = ready(OVEN)
    assert delay(oven, 21761, options={548: 1800}, finish_in=7200) == {558: 5400}
    oven.apply_values([(257, 21761), (548, 600)])
    assert delay(oven, finish_in=7200) == {558: 6600}
    assert delay(oven, finish_in=7200, options={558: 60}) == {558: 6600}
    assert delay(oven, 21762, options={548: 1800}, finish_in=7200) == {558: 5400}


def test_delays_that_cannot_be() -> None:
    """Not both ends, no negative or odd ones, and only where the program has one."""
    washer = told(WASHER)
    assert fault(lambda: start_plan(washer, start_in=60, finish_in=60)) is Fault.CONFLICT
    assert fault(lambda: start_plan(washer, start_in=-1)) is Fault.OUT_OF_RANGE
    assert fault(lambda: start_plan(washer, start_in=float("inf"))) is Fault.OUT_OF_RANGE
    assert fault(lambda: start_plan(washer, start_in=float("nan"))) is Fault.OUT_OF_RANGE
    assert fault(lambda: start_plan(washer, None, {551: "soon"})) is Fault.WRONG_TYPE
    assert fault(lambda: start_plan(washer, None, {551: True})) is Fault.WRONG_TYPE
    assert obstacle(lambda: start_plan(ready(OVEN), 21768, start_in=60)) is Obstacle.NO_DELAY
    assert obstacle(lambda: start_plan(told(HOOD), 54784, finish_in=60)) is Obstacle.NO_DELAY
    lone = build(
        ACTIVE,
        feature(551, "BSH.Common.Option.FinishInRelative", "option", content="timeSpan"),
        feature(700, kind="program", options=[entry(551)]),
    )
    assert obstacle(lambda: start_plan(lone, 700, start_in=60)) is Obstacle.UNKNOWN_DURATION
    assert delay(lone, 700, finish_in=61) == {551: 61}


@given(
    wish=st.integers(1, 200_000),
    low=st.integers(0, 20_000),
    span=st.integers(0, 90_000),
    step=st.sampled_from([None, 1, 60, 900]),
)
def test_delays_fit(wish: int, low: int, span: int, step: int | None) -> None:
    """Whatever is asked for, what is sent lies in the range, and the end not before what was asked."""
    appliance = told(WASHER)
    change = {"uid": 551, "min": low, "max": low + span, "stepSize": step or 1}
    notify(appliance, change)
    seconds = delay(appliance, finish_in=wish)[551]
    assert low <= seconds <= low + span
    assert seconds >= min(wish, low + span - (step or 1) + 1)


# --- starting: dryers -----------------------------------------------------------------------


def dryer(**finish: Any) -> Appliance:
    """Make a dryer with a program."""
    return build(
        ACTIVE,
        SELECTED,
        OPERATION,
        feature(551, "BSH.Common.Option.FinishInRelative", "option", content="timeSpan", **finish),
        feature(
            700, "LaundryCare.Dryer.Program.Cotton", "program", options=[entry(551, max=86400)]
        ),
        enums=STATES,
        kind="Dryer",
    )


def test_heat_pump_dryers_start_another_way() -> None:
    """What refuses because of its state is given its end and its program as values."""
    appliance = dryer(min=7200, step=60)
    first, second = start_plan(appliance, 700)
    assert _shown(first.request) == (START, (700, {}))
    assert first.fallback_on == {541}
    assert _shown(second.request) == (WRITE, [(551, 7200), (256, 700)])
    first, second = start_plan(appliance, 700, finish_in=10000)
    assert _shown(first.request) == (START, (700, {551: 10020}))
    assert _shown(second.request) == (WRITE, [(551, 10020), (256, 700)])
    known = dryer()
    assert only(start_plan(known, 700)) == (START, (700, {}))
    known.apply_values([(551, 9000)])
    assert sent(start_plan(known, 700))[1] == (WRITE, [(551, 9000), (256, 700)])
    lone = build(ACTIVE, feature(700, "LaundryCare.Dryer.Program.Cotton", "program"))
    assert len(start_plan(lone, 700)) == 1


# --- selecting ------------------------------------------------------------------------------


def test_selecting_sends_no_stale_options() -> None:
    """Only what the caller names goes along."""
    appliance = told(WASHER)
    assert only(select_plan(appliance, 28676)) == (SELECT, (28676, {}))
    assert only(select_plan(appliance, 28676, {25600: "gc30"})) == (SELECT, (28676, {25600: 2}))
    assert fault(lambda: select_plan(appliance, 28676, {25600: "gc90"})) is Fault.NOT_A_MEMBER
    coffee = told(COFFEE)
    assert only(select_plan(coffee, 17665)) == (SELECT, (17665, {}))


def test_selecting_may_need_the_full_set() -> None:
    """An appliance that asks for all options gets those of the new program; if it does not take them, none."""
    appliance = build(
        feature(257, kind="selectedProgram", fullOptionSet=True),
        feature(600, kind="option", content="timeSpan", min=5),
        feature(601, kind="option", default=True),
        feature(700, kind="program", options=[entry(600), entry(601)]),
    )
    full, bare = select_plan(appliance, 700)
    assert _shown(full.request) == (SELECT, (700, {601: True, 600: 5}))
    assert 400 in full.fallback_on
    assert _shown(bare.request) == (SELECT, (700, {}))
    appliance.apply_values([(257, 700), (600, 9)])
    write, again = option_plan(appliance, 601, False)
    assert _shown(write.request) == (WRITE, [(601, False)])
    assert _shown(again.request) == (SELECT, (700, {600: 9, 601: False}))


def test_obstacles_to_selecting() -> None:
    """Power, a running program, what may be done with the program, and with the choice."""
    appliance = told(OVEN)
    appliance.apply_values([(552, 3)])
    for expected, remedy in (
        (Obstacle.POWER_OFF, lambda: appliance.apply_values([(539, 2)])),
        (Obstacle.PROGRAM_RUNNING, lambda: appliance.apply_values([(552, 6)])),
    ):
        assert obstacle(lambda: select_plan(appliance, 21761)) is expected
        remedy()
    check_select(appliance, 21761)
    assert obstacle(lambda: select_plan(appliance, 21769)) is Obstacle.NOT_EXECUTABLE
    assert obstacle(lambda: select_plan(appliance, 21770)) is Obstacle.NOT_AVAILABLE
    assert obstacle(lambda: select_plan(appliance, 257)) is Obstacle.UNKNOWN_PROGRAM
    assert obstacle(lambda: select_plan(appliance, 0)) is Obstacle.NO_PROGRAM
    notify(appliance, {"uid": 257, "access": "READ"})
    assert obstacle(lambda: select_plan(appliance, 21761)) is Obstacle.NOT_WRITABLE


def test_what_can_only_be_started_is_started() -> None:
    """Selecting a function of a hood starts it."""
    appliance = told(HOOD)
    assert only(select_plan(appliance, 54785)) == (START, (54785, {}))
    appliance.apply_values([(539, 1)])
    assert obstacle(lambda: select_plan(appliance, 54785)) is Obstacle.POWER_OFF


# --- options and values ---------------------------------------------------------------------


def test_an_option_is_written_or_selected_anew() -> None:
    """An option travels as a value; where that is refused, with its program."""
    appliance = told(WASHER)
    write, again = option_plan(appliance, 25600, "gc60")
    assert _shown(write.request) == (WRITE, [(25600, 4)])
    assert write.fallback_on == {400, 518, 519, 541}
    assert _shown(again.request) == (SELECT, (28673, {25600: 4}))
    assert not again.fallback_on


def test_an_option_of_a_running_program() -> None:
    """Only what may be changed live is, and nothing is selected meanwhile."""
    appliance = told(DISHWASHER)
    appliance.apply_values([(256, 8195), (552, 3)])
    assert only(option_plan(appliance, 5126, True)) == (WRITE, [(5126, True)])
    assert obstacle(lambda: option_plan(appliance, 558, 60)) is Obstacle.NOT_LIVE


@pytest.mark.parametrize(
    "change",
    [
        {"uid": 257, "access": "READ"},
        {"uid": 28673, "execution": "STARTONLY"},
        {"uid": 256, "value": 28674},
    ],
)
def test_an_option_without_a_second_way(change: dict[str, Any]) -> None:
    """Where the program cannot be selected there is only the value."""
    appliance = told(WASHER)
    notify(appliance, change)
    assert len(option_plan(appliance, 25600, "gc40")) == 1
    alone = build(feature(600, kind="option"))
    assert len(option_plan(alone, 600, True)) == 1


def test_an_option_of_a_hob_must_not_start_it() -> None:
    """On a hob selecting is starting."""
    appliance = told(HOB)
    appliance.apply_values([(257, 59392)])
    assert only(option_plan(appliance, 59137, "boost")) == (WRITE, [(59137, 100)])


def test_an_option_that_is_not_there() -> None:
    """Options of other programs, and those that only tell, are refused."""
    appliance = told(WASHER)
    appliance.apply_values([(257, 28676)])
    assert obstacle(lambda: option_plan(appliance, 25605, True)) is Obstacle.NOT_AVAILABLE
    assert obstacle(lambda: option_plan(appliance, 544, 60)) is Obstacle.NOT_WRITABLE
    assert only(option_plan(appliance, 25090, 100)) == (WRITE, [(25090, 100)])  # a setting


def test_values_are_checked_and_kept_in_order() -> None:
    """Several values travel in one request, in the order given."""
    appliance = told(HOOD)
    assert only(values_plan(appliance, [(591, "4A88F8"), (590, "customcolor"), (588, 1)])) == (
        WRITE,
        [(591, "#4a88f8"), (590, 0), (588, True)],
    )
    assert values_plan(appliance, []) == ()
    assert fault(lambda: values_plan(appliance, [(53505, 5)])) is Fault.OUT_OF_RANGE
    assert fault(lambda: values_plan(appliance, [(9999, 5)])) is Fault.UNKNOWN_FEATURE
    assert obstacle(lambda: values_plan(appliance, [(53760, 5)])) is Obstacle.NOT_WRITABLE
    fridge = told(FRIDGE)
    assert obstacle(lambda: values_plan(fridge, [(12818, True)])) is Obstacle.NOT_AVAILABLE


# --- commands and events --------------------------------------------------------------------


def test_commands_are_given_while_they_are_taken() -> None:
    """Access of a command toggles with the process."""
    appliance = told(WASHER)
    assert obstacle(lambda: stop_plan(appliance)) is Obstacle.NOT_RUNNING
    assert obstacle(lambda: pause_plan(appliance)) is Obstacle.NOT_EXECUTABLE
    notify(
        appliance,
        {"uid": 512, "access": "WRITEONLY"},
        {"uid": 537, "access": "WRITEONLY"},
        {"uid": 546, "access": "READWRITE"},
    )
    assert only(stop_plan(appliance)) == (WRITE, [(512, True)])
    assert only(pause_plan(appliance)) == (WRITE, [(537, True)])
    assert only(resume_plan(appliance)) == (WRITE, [(546, True)])
    assert only(command_plan(appliance, 536)) == (WRITE, [(536, True)])
    assert obstacle(lambda: pause_plan(told(DISHWASHER))) is Obstacle.NOT_SUPPORTED
    assert obstacle(lambda: command_plan(appliance, 539)) is Obstacle.NOT_SUPPORTED
    assert obstacle(lambda: command_plan(appliance, 9999)) is Obstacle.NOT_SUPPORTED


def test_stopping_what_cannot_be_stopped() -> None:
    """A running program without a way to stop it is told apart from none."""
    appliance = told(DISHWASHER)
    appliance.apply_values([(256, 8195)])
    assert obstacle(lambda: stop_plan(appliance)) is Obstacle.NOT_EXECUTABLE
    without = build(ACTIVE, feature(700, kind="program"))
    without.apply_values([(256, 700)])
    assert obstacle(lambda: stop_plan(without)) is Obstacle.NOT_SUPPORTED


def test_events_are_acknowledged_and_rejected() -> None:
    """What may be done about an event depends on the event."""
    fridge = told(FRIDGE)
    assert only(acknowledge_plan(fridge, 13056)) == (WRITE, [(6, 13056)])
    assert obstacle(lambda: acknowledge_plan(fridge, 13056, reject=True)) is Obstacle.NOT_SUPPORTED
    assert only(acknowledge_plan(fridge, 21)) == (WRITE, [(6, 21)])
    assert only(acknowledge_plan(fridge, 21, reject=True)) == (WRITE, [(16, 21)])
    assert obstacle(lambda: acknowledge_plan(told(WASHER), 25344)) is Obstacle.NOT_SUPPORTED
    assert fault(lambda: acknowledge_plan(fridge, 539)) is Fault.UNKNOWN_FEATURE
    assert fault(lambda: acknowledge_plan(fridge, 9999)) is Fault.UNKNOWN_FEATURE


# --- the fan of a hood ----------------------------------------------------------------------

IDLE = {54528: 0, 54529: 0, 54530: False}


def venting() -> Appliance:
    """Give a hood whose fan runs at level 2."""
    appliance = told(HOOD)
    for step in list(steps(HOOD, "fan_level"))[1:3]:
        hear(appliance, step)
    return appliance


def test_speeds_of_a_fan() -> None:
    """Venting levels come first, intensive ones after them."""
    assert venting_speeds(told(HOOD)) == [
        (54528, 1),
        (54528, 2),
        (54528, 3),
        (54529, 1),
        (54529, 2),
    ]
    assert venting_speeds(told(WASHER)) == []


def test_a_fan_that_stands_still_is_started() -> None:
    """The level goes along with the program, the other one as zero."""
    appliance = told(HOOD)
    assert only(venting_plan(appliance, 54528, 2)) == (START, (54784, {54528: 2, 54529: 0}))
    assert only(venting_plan(appliance, 54529, "intensivestage1")) == (
        START,
        (54784, {54528: 0, 54529: 1}),
    )
    assert venting_plan(appliance, None) == ()
    assert venting_plan(appliance, 54528, 0) == ()


def test_a_fan_that_runs_is_written_to() -> None:
    """Levels are values while the fan runs; where that is refused the program is started anew."""
    appliance = venting()
    appliance.apply_values([(54530, True)])
    write, start, bare = venting_plan(appliance, 54529, 2)
    assert _shown(write.request) == (WRITE, [(54529, 2), (54528, 0)])
    assert {400, 518, 541} <= write.fallback_on
    assert not {429, 515, 516, 517, 537, 538, 539} & write.fallback_on
    assert _shown(start.request) == (START, (54784, {54528: 0, 54529: 2, 54530: True}))
    assert _shown(bare.request) == (START, (54784, {54528: 0, 54529: 2}))
    notify(appliance, {"uid": 54528, "access": "READ"})
    assert sent(venting_plan(appliance, 54529, 2))[0] == (WRITE, [(54529, 2)])
    notify(appliance, {"uid": 54529, "access": "READ"})
    assert {resource for resource, _ in sent(venting_plan(appliance, 54529, 2))} == {START}


def test_a_fan_is_stopped_by_level_program_and_command() -> None:
    """Level zero; refused, the program with level zero; refused, the command. Power stays on."""
    appliance = venting()
    appliance.apply_values([(54530, True)])
    plan = venting_plan(appliance, None)
    assert sent(plan) == [
        (WRITE, [(54528, 0), (54529, 0)]),
        (START, (54784, IDLE)),
        (WRITE, [(512, True)]),
    ]
    assert all(400 in step.fallback_on for step in plan[:-1])
    assert sent(venting_plan(appliance, 54529, "IntensiveStageOff")) == sent(plan)
    assert sent(stop_plan(appliance)) == sent(plan)[:2]
    notify(appliance, {"uid": 512, "access": "WRITEONLY"})
    stop = stop_plan(appliance)
    assert sent(stop) == [(WRITE, [(512, True)]), *sent(plan)[:2]]
    assert 400 in stop[0].fallback_on


def test_another_program_of_a_hood_is_stopped() -> None:
    """Levels of an automatic program cannot be written."""
    appliance = told(HOOD)
    appliance.apply_values([(256, 54785), (552, 3)])
    expected = [(START, (54784, IDLE)), (WRITE, [(512, True)])]
    assert sent(venting_plan(appliance, None)) == expected
    assert only(venting_plan(appliance, 54528, 1)) == (START, (54784, {54528: 1, 54529: 0}))
    silent = Appliance(described(HOOD))  # nobody knows what runs
    assert sent(venting_plan(silent, None)) == expected
    running = venting()
    notify(running, {"uid": 54528, "access": "READ"}, {"uid": 54529, "access": "READ"})
    assert sent(venting_plan(running, None)) == [(WRITE, [(512, True)])]


def test_what_is_no_fan() -> None:
    """Other appliances do not vent; a fan that cannot be stopped says so."""
    assert obstacle(lambda: venting_plan(told(WASHER), None)) is Obstacle.NOT_SUPPORTED
    assert fault(lambda: venting_plan(told(HOOD), 54530, 1)) is Fault.UNKNOWN_FEATURE
    assert fault(lambda: venting_plan(told(HOOD), 54528, 4)) is Fault.NOT_A_MEMBER
    level = feature(
        600, "Cooking.Common.Option.Hood.VentingLevel", "option", content="enumeration", enum=7
    )
    program = feature(700, "Cooking.Common.Program.Hood.Venting", "program", options=[entry(600)])
    enums: dict[int, dict[int, str | None]] = {7: {0: "Off", 1: "On"}}
    lone = build(ACTIVE, level | {"min": 1}, program, enums=enums)
    assert only(venting_plan(lone, 600, 1)) == (START, (700, {600: 1}))
    assert obstacle(lambda: venting_plan(lone, None)) is Obstacle.NOT_SUPPORTED
    simple = build(ACTIVE, level, program, enums=enums)
    assert only(venting_plan(simple, None)) == (START, (700, {600: 0}))


# --- lists of programs ----------------------------------------------------------------------


def test_programs_to_choose_from() -> None:
    """Parts of others, and what is not available, are no choice; the rest is sorted by name."""
    oven = told(OVEN)
    assert selectable_programs(oven) == startable_programs(oven)
    assert selectable_programs(oven) == [21767, 21766, 21761, 21763, 21765, 21764, 21762, 21768]
    hob = told(HOB)
    assert selectable_programs(hob) == [59395, 59392, 59394]
    assert startable_programs(hob) == [59395, 59393, 59392]
    hood = told(HOOD)
    assert selectable_programs(hood) == []
    assert startable_programs(hood) == [54785, 54786, 54784, 54787]
    notify(hood, {"uid": 263, "available": False})
    assert startable_programs(hood) == []
    block = build(feature(700, "BSH.Common.Program.BuildingBlock.Heat", "program"))
    assert selectable_programs(block) == startable_programs(block) == []


def test_labels_of_programs() -> None:
    """Programs are named by their key, favorites as their user did."""
    labels = program_labels(told(COFFEE))
    assert labels[17666] == "consumerproducts_coffeemaker_program_beverage_coffee"
    assert labels[32828] == "Morning cup"
    assert program_labels(told(HOB))[59394] == "program_59394"


def favorite(number: str, uid: int) -> tuple[dict[str, Any], ...]:
    """Describe a favorite with its settings."""
    start = f"BSH.Common.Setting.Favorite.{number}."
    return (
        feature(uid, f"BSH.Common.Program.Favorite.{number}", "program"),
        feature(uid + 1, f"{start}Name", content="string"),
        feature(uid + 2, f"{start}Functionality", content="enumeration", enum=7),
        feature(uid + 3, f"{start}Program", content="programInstruction", wire="object"),
    )


def test_favorites() -> None:
    """Names follow their settings and are told apart; what is no program is no choice."""
    appliance = build(
        ACTIVE,
        *favorite("001", 710),
        *favorite("002", 720),
        *favorite("003", 730),
        *favorite("005", 760),
        feature(740, "BSH.Common.Program.Favorite.004", "program"),
        feature(750, "A.Program", "program"),
        feature(751, "a.program", "program"),
        enums={7: {0: "None", 1: "Program", 2: "ExternalTrigger"}},
    )
    assert favorites(appliance)[710] == Favorite(710, "001", None, None, is_program=True)
    assert base_program(appliance) is None
    appliance.apply_values(
        [
            (711, " Tea "),
            (712, 1),
            (713, {"program": 750, "options": []}),
            (721, "Tea"),
            (722, 2),
            (723, {"program": "x"}),
            (731, "  "),
            (732, 0),
            (733, [1]),
            (762, 1),
            (763, {"program": 0, "options": []}),
            (256, 710),
        ]
    )
    assert favorites(appliance) == {
        710: Favorite(710, "001", "Tea", 750, is_program=True),
        720: Favorite(720, "002", "Tea", None, is_program=False),
        730: Favorite(730, "003", None, None, is_program=False),
        740: Favorite(740, "004", None, None, is_program=True),
        760: Favorite(760, "005", None, None, is_program=False),
    }
    assert program_labels(appliance) == {
        750: "a_program",
        710: "Tea",
        720: "Tea 002",
        730: "favorite_003",
        740: "favorite_004",
        760: "favorite_005",
        751: "a_program 751",
    }
    assert selectable_programs(appliance) == [750, 710, 740, 751]
    assert base_program(appliance) == 750
    appliance.apply_values([(711, "x" * 1000)])
    assert favorites(appliance)[710].name == "x" * 100
    appliance.apply_values([(256, 750)])
    assert base_program(appliance) is None


def test_the_base_of_a_favorite_is_told() -> None:
    """While a favorite runs the appliance says what it is made of."""
    appliance = told(COFFEE)
    assert base_program(appliance) is None
    appliance.apply_values([(256, 32828)])
    assert base_program(appliance) == 17666  # as its setting says
    appliance.apply_values([(32773, 17665)])
    assert base_program(appliance) == 17665


# --- any appliance --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_every_startable_program_has_a_plan(name: str) -> None:
    """What may be started can be planned, with values that the program takes and nothing that only tells."""
    appliance = told(name)
    for program in startable_programs(appliance):
        for resource, (uid, options) in sent(start_plan(appliance, program)):
            assert resource in {START, SELECT}
            assert uid == program
            for option, raw in options.items():
                assert appliance.encode(option, raw, program) == raw
                assert appliance.effective(option, program).writable
                assert option not in {551, 558, 542, 544, 25611}
