"""Rows of sensors: what they take, and what they make of it."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.util import dt as dt_util
import pytest

from custom_components.home_connect_local.entity import Survey, described
from custom_components.home_connect_local.readings import SENSORS, items, plain

from .helpers import described_appliance, made_appliance

ROWS = {row.key: row for row in SENSORS}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"length": 2, "list": ["a", "b"]}, ["a", "b"]),
        (["a"], ["a"]),
        ({"length": 1, "list": "a"}, []),
        ({}, []),
        ("a", []),
        (None, []),
    ],
)
def test_lists(value: Any, expected: list[Any]) -> None:
    """They come with or without their length; what is none is empty."""
    assert items(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [("Run", "run"), (4, 4), (1.5, 1.5), (True, True), (None, None)]
)
def test_plain_values(value: Any, expected: Any) -> None:
    """Members are spelt as their texts are; all else is as it is."""
    assert plain(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"end": "2026-03-01T10:00:00"}, datetime(2026, 3, 1, 18, tzinfo=UTC)),
        ({"end": "2026-03-01T10:00:00Z"}, datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ({"end": "2026-02-30T10:00:00"}, None),
        ({"end": 5}, None),
        ({}, None),
        ("2026-03-01T10:00:00", None),
        (None, None),
    ],
)
def test_end_of_a_session(value: Any, expected: datetime | None) -> None:
    """It is in the time of the home unless it says otherwise; no date of the calendar is none."""
    home = dt_util.get_default_time_zone()
    dt_util.set_default_time_zone(ZoneInfo("America/Los_Angeles"))
    try:
        assert ROWS["sensor_last_program_end"].value_fn(value) == expected
    finally:
        dt_util.set_default_time_zone(home)


def test_error_codes_are_counted() -> None:
    """None that are known are not the same as none that are there."""
    count = ROWS["sensor_error_codes"].value_fn
    assert (count(None), count({"length": 0, "list": []}), count(["E18", "E24"])) == (None, 0, 2)


def test_parts_have_their_own_attributes() -> None:
    """Each zone of a hob shows its own type beside its state."""
    survey = Survey(described_appliance("hob"))
    zones = {row.key: row for _, row in described(survey, [ROWS["sensor_zone_state"]])}
    assert zones["cooking_hob_status_zone_102_state"].attributes == {
        "type": "Cooking.Hob.Status.Zone.102.Type"
    }
    assert len(zones) == 3


def test_what_rows_take() -> None:
    """A feature of another form than the row's is left to a generic sensor."""
    appliance = made_appliance(
        {"key": "A.B.Status.Number", "contentType": "percent", "wire": "number"},
        {"key": "A.B.Status.Member", "contentType": "enumeration", "wire": "integer", "enum": 1},
        {"key": "A.B.Status.Raw", "contentType": "enumeration", "wire": "integer"},
        {"key": "A.B.Status.Summary", "contentType": "programSessionSummary", "wire": "object"},
        enums={1: {0: "A"}},
    )
    survey = Survey(appliance)
    features = [appliance.description.features[uid] for uid in (1, 2, 3, 4)]

    def takes(key: str) -> list[bool]:
        return [ROWS[key].suits(survey, feature) for feature in features]

    assert takes("sensor_heatup_progress") == [True, False, False, False]
    assert takes("sensor_program_phase") == [False, True, False, False]
    assert takes("sensor_last_program_end") == [False, False, False, True]
    assert takes("sensor_salt") == [True] * 4  # its features are conditions of whatever form
    assert ROWS["sensor_program_phase"].device_class is SensorDeviceClass.ENUM
