"""What values may be: the limits of an accessory, those that are usual, and the speeds of fans."""

from typing import Any

import pytest

from custom_components.hap_controller.limits import (
    Limits,
    Speeds,
    allowed,
    coarse_step,
    fit,
    fit_above_zero,
    limits_of,
    named,
    number,
    truth,
)
from custom_components.hap_controller.protocol import Characteristic, Database

from .living import accessory, characteristic, complete, service


def described(type_: str, value: Any = None, **told: Any) -> Characteristic:
    """Make a characteristic as an accessory describes it; a limit that is None is left out."""
    part = service("SWITCH", characteristic(type_, value, **told))
    database = Database.from_accessories(complete([accessory(None, part)]))
    return next(iter(database.characteristics.values()))


def speeds(
    *, low: float = 0, high: float | None = 100, step: float | None = None, **told: Any
) -> Speeds:
    """Make the speeds of a fan."""
    return Speeds(described("ROTATION_SPEED", 0, minValue=low, maxValue=high, minStep=step, **told))


NONE: dict[str, Any] = {"minValue": None, "maxValue": None, "minStep": None}


@pytest.mark.parametrize(
    ("type_", "low", "high", "step"),
    [
        ("TARGET_TEMPERATURE", 10, 38, 0.1),
        ("COOLING_THRESHOLD_TEMPERATURE", 10, 35, 0.1),
        ("HEATING_THRESHOLD_TEMPERATURE", 0, 25, 0.1),
        ("COLOR_TEMPERATURE", 140, 500, 1),
        ("HUE", 0, 360, 1),
        ("SATURATION", 0, 100, 1),
        ("BRIGHTNESS", 0, 100, 1),
        ("CURRENT_VERTICAL_TILT_ANGLE", -90, 90, 1),
        ("ROTATION_SPEED", 0, 100, 1),
        ("SET_DURATION", 0, 3600, 1),
    ],
)
def test_usual_limits(type_: str, low: float, high: float, step: float) -> None:
    """What an accessory does not say is as usual for the type; what it says counts."""
    assert limits_of(described(type_, **NONE)) == Limits(low, high, step)
    assert limits_of(described(type_, minValue=1, maxValue=2, minStep=0.5)) == Limits(1, 2, 0.5)


def test_unknown_limits() -> None:
    """Types that nobody knows have the limits that the caller thinks of, unless they say theirs."""
    unknown = described("11111111-0000-0000-0000-000000000000", format="float", perms=["pr"])
    assert limits_of(unknown) == Limits(0, 100, 1)
    assert limits_of(unknown, low=-5, high=5, step=0.1) == Limits(-5, 5, 0.1)


@pytest.mark.parametrize(
    ("format_", "value", "as_number", "as_truth"),
    [
        ("bool", True, 1, True),
        ("bool", 0, 0, False),
        ("uint8", 1, 1, True),
        ("uint8", 2, 2, None),
        ("float", 1.0, 1.0, True),
        ("float", 0.5, 0.5, None),
        ("string", "1", None, None),
        ("array", [1], None, None),
        ("dict", {"1": 1}, None, None),
        ("uint8", None, None, None),
    ],
)
def test_values(format_: str, value: Any, as_number: float | None, as_truth: bool | None) -> None:
    """Values that are no number, or none of a set, are unknown; nothing raises."""
    found = described("ACTIVE", value, format=format_)
    assert number(found) == as_number
    assert truth(found) is as_truth
    assert named(found, {0: "no", 1: "yes"}) == {True: "yes", False: "no", None: None}[as_truth]


@pytest.mark.parametrize(
    ("step", "coarse"),
    [(5, 5), (2.0, 2), (1, None), (0.1, None), (0, None), (1e9, None), (-2, None)],
)
def test_coarse_steps(step: float, coarse: int | None) -> None:
    """Only steps that leave out whole numbers are worth a word."""
    assert coarse_step(described("TARGET_RELATIVE_HUMIDITY", minStep=step)) == coarse
    assert coarse_step(None) is None


def test_no_characteristic() -> None:
    """What an accessory lacks has no value and allows nothing."""
    assert number(None) is None
    assert truth(None) is None
    assert named(None, {0: "no"}) is None
    assert allowed(None, (0, 1)) == []


@pytest.mark.parametrize(
    ("told", "left"),
    [
        (NONE, [0, 1, 2, 3]),
        ({"valid_values": [0, 1]}, [0, 1]),
        ({"valid_values": [3, 1, 7]}, [1, 3]),
        ({"valid_values_range": [1, 2]}, [1, 2]),
        ({"minValue": 1}, [1, 2, 3]),
        ({"maxValue": 1}, [0, 1]),
        ({"valid_values": [7]}, [0, 1, 2, 3]),
    ],
)
def test_allowed(told: dict[str, Any], left: list[int]) -> None:
    """Of a closed set an accessory allows some; that it allows none is not meant."""
    assert allowed(described("TARGET_HEATING_COOLING_STATE", **told), range(4)) == left


@pytest.mark.parametrize(
    ("type_", "told", "value", "wanted"),
    [
        ("HUE", NONE, 359.5, 360),
        ("HUE", {"minStep": 0.5}, 359.5, 359.5),
        ("COLOR_TEMPERATURE", NONE, 100, 140),
        ("COLOR_TEMPERATURE", {"minValue": 50}, 100, 100),
        ("TARGET_TEMPERATURE", NONE, 50, 38),
        ("BRIGHTNESS", {"valid_values": [10, 50, 100]}, 60, 50),
        ("BRIGHTNESS", {"format": "tlv8"}, 60, 60),
    ],
)
def test_fit(type_: str, told: dict[str, Any], value: float, wanted: float) -> None:
    """A value is clamped and snapped; what cannot be written the protocol refuses later."""
    assert fit(value, described(type_, **told)) == wanted


@pytest.mark.parametrize(
    ("told", "percent", "wanted"),
    [
        ({}, 0, 1),
        ({}, 1, 1),
        ({"minStep": 25}, 12, 25),
        ({"minStep": 25}, 13, 25),
        ({"minStep": 25}, 40, 50),
        ({"minValue": 10}, 1, 10),
        ({"minValue": -10, "minStep": 4}, 0, 2),
        ({"valid_values": [0, 30, 60]}, 1, 30),
        ({"format": "string"}, 12, "12"),
    ],
)
def test_above_zero(told: dict[str, Any], percent: float, wanted: object) -> None:
    """Where 0 means off, a light that shall shine does."""
    assert fit_above_zero(percent, described("BRIGHTNESS", **told)) == wanted


# Mapping §5.8a; where it ends in 0, a correction there takes the least instead.
READS = [
    (3, 1, {1: 33, 2: 66, 3: 100}),
    (4, 1, {1: 25, 2: 50, 3: 75, 4: 100}),
    (100, 25, {25: 25, 50: 50, 75: 75, 100: 100, 33: 33}),
    (100, None, {each: each for each in range(101)}),
]
WRITES = [
    (3, 1, {25: 1, 33: 1, 34: 1, 50: 2, 66: 2, 67: 2, 75: 2, 100: 3, 1: 1}),
    (4, 1, {33: 1, 50: 2, 66: 3, 100: 4, 1: 1}),
    (100, 25, {1: 25, 25: 25, 33: 25, 40: 50, 66: 75, 100: 100}),
    (100, 20, {25: 20, 33: 40, 34: 40, 50: 60, 66: 60, 1: 20}),
    (100, None, {each: each for each in range(1, 101)}),
]


@pytest.mark.parametrize(("high", "step", "table"), READS)
def test_reading_speeds(high: float, step: float | None, table: dict[float, int]) -> None:
    """A speed has the percentage of the table."""
    fan = speeds(high=high, step=step)
    assert {speed: fan.percentage(speed) for speed in table} == table
    assert fan.percentage(0) == 0


@pytest.mark.parametrize(("high", "step", "table"), WRITES)
def test_writing_speeds(high: float, step: float | None, table: dict[int, float]) -> None:
    """A percentage has the speed of the table, and never stands still."""
    fan = speeds(high=high, step=step)
    assert {percentage: fan.speed(percentage) for percentage in table} == table


@pytest.mark.parametrize(
    ("high", "step", "count"), [(3, 1, 3), (4, 1, 4), (100, 25, 4), (100, None, 100), (255, 1, 100)]
)
def test_counting_speeds(high: float, step: float | None, count: int) -> None:
    """So many speeds are told apart."""
    assert speeds(high=high, step=step).count == count


@pytest.mark.parametrize(
    ("fan", "levels", "reads", "writes"),
    [
        # Standing still is none of the speeds: what was 0 % of the range is the least of them.
        (
            speeds(low=20, step=10),
            (20, 30, 40, 50, 60, 70, 80, 90, 100),
            {20: 11, 25: 11, 30: 22, 100: 100},
            {1: 20, 11: 20, 22: 30, 100: 100},
        ),
        (speeds(low=1, high=3, step=1), (1, 2, 3), {1: 33, 2: 66, 3: 100}, {1: 1, 50: 2, 66: 2}),
        # Steps that are no whole percentages.
        (
            speeds(step=33.33),
            (33.33, 66.66, 99.99),
            {33.33: 33, 66.66: 66, 99.99: 100, 100: 100, 5: 33},
            {1: 33.33, 33: 33.33, 60: 66.66, 100: 99.99},
        ),
        # Only some values are legal.
        (
            speeds(valid_values=[0, 10, 90]),
            (10, 90),
            {10: 50, 90: 100, 50: 50},
            {1: 10, 50: 10, 75: 90, 100: 90},
        ),
        # Below 0 it does what nobody knows.
        (speeds(low=-2, high=2, step=2), (2,), {-2: 0, 2: 100}, {1: 2, 100: 2}),
        # A step beyond all limits.
        (speeds(low=-1, high=1, step=50), (1,), {1: 100}, {1: 1, 100: 1}),
    ],
    ids=["least 20", "least 1", "thirds", "valid values", "negative", "coarse"],
)
def test_odd_speeds(
    fan: Speeds,
    levels: tuple[float, ...],
    reads: dict[float, int],
    writes: dict[int, float],
) -> None:
    """Ranges that do not begin at 0, or whose steps are fractions, have their legal speeds told apart."""
    assert fan.levels == levels
    assert {speed: fan.percentage(speed) for speed in reads} == reads
    assert {percentage: fan.speed(percentage) for percentage in writes} == writes


@pytest.mark.parametrize(
    "fan",
    [
        speeds(step=0.001),
        speeds(high=0.5, step=0.0001),
        speeds(low=-1e300, high=1e300, step=1e-300),
        speeds(low=5, high=5),
        speeds(low=7, high=3),
        speeds(high=0),
        speeds(high=-4, low=-8),
        speeds(step=0),
        speeds(step=-1),
        speeds(step=1e300),
        speeds(valid_values=[0]),
    ],
)
def test_nonsense_speeds(fan: Speeds) -> None:
    """Whatever an accessory says, percentages stay percentages and a fan that shall turn does."""
    assert fan.percentage(-5) == 0
    for speed in (1e-9, 0.3, 1, 50, 100, 1e300):
        assert 1 <= fan.percentage(speed) <= 100
    for percentage in (1, 33, 50, 99, 100):
        assert fan.speed(percentage) > 0
    assert 1 <= fan.count <= 100
    assert fan.rank(0) == 0


@pytest.mark.parametrize(
    ("fan", "can_stop"),
    [
        (speeds(), True),
        (speeds(low=1), False),
        (speeds(valid_values=[0, 50]), True),
        (speeds(valid_values=[20, 50]), False),
    ],
)
def test_standing_still(fan: Speeds, can_stop: bool) -> None:
    """Some fans have a speed of 0."""
    assert fan.can_stop is can_stop


@pytest.mark.parametrize(
    "fan", [speeds(), speeds(step=25), speeds(high=3, step=1), speeds(low=20, step=10)]
)
def test_round_trip(fan: Speeds) -> None:
    """Each speed survives being shown and set again."""
    for level in fan.levels:
        assert fan.speed(fan.percentage(level)) == level
