"""What travels and what it means, both ways: reading never fails, writing says why it does not."""

from contextlib import suppress
from datetime import UTC, date, datetime, time
import json
import math
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.home_connect_local.protocol.casts import (
    Fault,
    InvalidValueError,
    Limits,
    Shows,
    encode,
    read_anything,
    read_boolean,
    read_color,
    read_integer,
    read_list,
    read_number,
    read_object,
    read_text,
    reader,
    snapped,
)
from custom_components.home_connect_local.protocol.errors import CommandError
from custom_components.home_connect_local.protocol.profile import Feature

from .appliances import ALL, build, described, feature

ANYWHERE = Limits()

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["true", "4.0", "0x10", "nan", "#FF8000", '{"a":1}', "[", "9" * 60, "1e999"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)


def made(**members: Any) -> Feature:
    """Describe one feature."""
    found = build(feature(600, **members)).feature(600)
    assert found is not None
    return found


# --- reading --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "meant"),
    [
        (True, True),
        (False, False),
        (1, True),
        (0, False),
        (1.0, True),
        ("true", True),
        ("True", True),
        ("1", True),
        (" false", False),
        ("0", False),
        (2, None),
        ("maybe", None),
        (None, None),
        ([], None),
        ({}, None),
    ],
)
def test_booleans_are_read(raw: object, meant: bool | None) -> None:
    """A boolean comes as such, as a number, or as text."""
    assert read_boolean(raw) is meant


@pytest.mark.parametrize(
    ("raw", "meant"),
    [
        (4, 4),
        (4.0, 4),
        ("4", 4),
        ("4.0", 4),
        (" -4 ", -4),
        (True, 1),
        (2**63 - 1, 2**63 - 1),
        (4.5, None),
        ("4.5", None),
        ("four", None),
        ("9" * 5000, None),
        (10**400, None),
        (math.inf, None),
        (math.nan, None),
        (None, None),
        ([4], None),
    ],
)
def test_integers_are_read(raw: object, meant: int | None) -> None:
    """An integer may come with a zero fraction, or as text."""
    found = read_integer(raw)
    assert found == meant
    assert found is None or type(found) is int


@pytest.mark.parametrize(
    ("raw", "meant"),
    [(4, 4), (4.5, 4.5), ("4.5", 4.5), ("-3", -3), ("1e999", None), (math.nan, None), ({}, None)],
)
def test_numbers_are_read(raw: object, meant: float | None) -> None:
    """A number may be text; it is finite."""
    assert read_number(raw) == meant


@pytest.mark.parametrize(
    ("raw", "meant"),
    [("a", "a"), ("", ""), (4, "4"), (4.5, "4.5"), (True, "true"), (False, "false"), (None, None)],
)
def test_texts_are_read(raw: object, meant: str | None) -> None:
    """A text may have come as what it says."""
    assert read_text(raw) == meant
    assert read_text(["a"]) is None


@pytest.mark.parametrize(
    ("raw", "meant"),
    [
        ("#4A88F8", "#4a88f8"),
        ("4a88f8", "#4a88f8"),
        ("#4a88f", None),
        ("#4a88f8\n", None),
        ("#4a88fg", None),
        ("", None),
        (0x4A88F8, None),
        (None, None),
    ],
)
def test_colors_are_read(raw: object, meant: str | None) -> None:
    """A color comes in any case; a malformed one is not known."""
    assert read_color(raw) == meant


@pytest.mark.parametrize(
    ("raw", "meant"),
    [
        ({"x": 1}, {"x": 1}),
        ([1], [1]),
        ('{"x":1}', {"x": 1}),
        ("[1]", [1]),
        ('{"x":1}"', None),
        ("1", None),
        ("", None),
        (1, None),
        (None, None),
        ("[" * 300 + "]" * 300, None),
        ("[" * 5000 + "]" * 5000, None),
        ('"\\ud800"', None),
    ],
)
def test_objects_are_read(raw: object, meant: object) -> None:
    """An object may have come as text; one too deep to be written again is not known."""
    assert read_object(raw) == meant


@pytest.mark.parametrize(
    ("raw", "meant"),
    [
        ({"length": 2, "list": [1, 2]}, [1, 2]),
        ({"list": []}, []),
        ([1, 2], [1, 2]),
        ('{"length":1,"list":[7]}', [7]),
        ({"length": 2}, None),
        ({"list": 3}, None),
        (3, None),
        (None, None),
    ],
)
def test_lists_are_read(raw: object, meant: object) -> None:
    """A list comes in an object, or bare."""
    assert read_list(raw) == meant


@given(JSON)
def test_reading_never_fails(raw: object) -> None:
    """Whatever travels gives a value of the right type, or none."""
    assert read_boolean(raw) in {True, False, None}
    assert type(read_integer(raw)) in {int, type(None)}
    assert type(read_number(raw)) in {int, float, type(None)}
    assert type(read_text(raw)) in {str, type(None)}
    assert type(read_color(raw)) in {str, type(None)}
    assert type(read_object(raw)) in {dict, list, type(None)}
    assert type(read_list(raw)) in {list, type(None)}
    assert read_anything(raw) is raw


@given(JSON)
def test_reading_twice_changes_nothing(raw: object) -> None:
    """What was read once is in its final form."""
    for read in (read_boolean, read_integer, read_number, read_text, read_color, read_object):
        once = read(raw)
        assert read(once) == once


@pytest.mark.parametrize("name", ALL)
def test_every_feature_has_a_reader(name: str) -> None:
    """What may skip the reading is what reading gives."""
    samples: dict[type | None, Any] = {bool: True, int: 3, float: 4.5, str: "a", dict: {"a": 1}}
    for each in described(name).features.values():
        found = reader(each)
        if found.exact is not None:
            assert found.read(samples[found.exact]) == samples[found.exact]
        assert found.read(None) is None


@pytest.mark.parametrize(
    ("members", "exact", "shows"),
    [
        ({"content": "boolean"}, bool, Shows.PLAIN),
        ({"content": "enumeration"}, int, Shows.MEMBER),
        ({"content": "uidValue"}, int, Shows.UID),
        ({"content": "rgb", "wire": "string"}, None, Shows.PLAIN),
        ({"content": "enumeration", "list": True, "wire": "object"}, None, Shows.MEMBERS),
        ({"content": "string", "list": True, "wire": "object"}, None, Shows.PLAIN),
        ({"content": "point2D", "wire": "object"}, dict, Shows.PLAIN),
        ({"content": None, "wire": None}, None, Shows.PLAIN),
        ({"kind": "activeProgram"}, int, Shows.UID),
        ({"kind": "program"}, None, Shows.PLAIN),
    ],
)
def test_readers(members: dict[str, Any], exact: type | None, shows: Shows) -> None:
    """The kind of a feature decides how it is read."""
    found = reader(made(**members))
    assert (found.exact, found.shows) == (exact, shows)


# --- writing --------------------------------------------------------------------------------


def written(value: object, limits: Limits = ANYWHERE, **members: Any) -> Any:
    """Encode, and tell integers from floats and booleans in the result."""
    return json.dumps(encode(made(**members), value, limits))


@pytest.mark.parametrize(
    ("members", "limits", "value", "wire"),
    [
        ({"content": "boolean"}, ANYWHERE, True, "true"),
        ({"content": "boolean"}, ANYWHERE, 0, "false"),
        ({"content": "boolean"}, ANYWHERE, "On", "true"),
        ({"content": "integer"}, ANYWHERE, 4.0, "4"),
        ({"content": "integer"}, ANYWHERE, "4", "4"),
        ({"content": "integer"}, ANYWHERE, 4.6, "5"),
        ({"content": "integer"}, Limits(0, 60, 0.5), 4.5, "5"),
        ({"content": "timeSpan"}, Limits(0, 86400, 60), 89, "60"),
        ({"content": "timeSpan"}, Limits(0, 86400, 60), 90, "120"),
        # A step that is whole, or storage that keeps integers: integers.
        ({"content": "temperatureCelsius", "did": 164}, Limits(2, 8, 1), 4.0, "4"),
        ({"content": "temperatureCelsius", "did": 164}, Limits(2, 8), 4.0, "4"),
        ({"content": "temperatureCelsius", "did": 161}, Limits(30, 300, 5), 161.0, "160"),
        ({"content": "percent", "did": 128}, Limits(10, 100), 80.0, "80"),
        ({"content": "percent", "did": 160}, ANYWHERE, 80, "80"),
        # A step that is a fraction, or storage that keeps floats: floats.
        ({"content": "temperatureCelsius", "did": 164}, Limits(2, 8, 0.5), 4, "4.0"),
        ({"content": "temperatureCelsius", "did": 164}, Limits(2, 8, 0.5), 4.4, "4.5"),
        ({"content": "float", "did": 136}, ANYWHERE, 4, "4.0"),
        ({"content": "float", "did": 137}, Limits(0, 10, 0), 4, "4.0"),
        ({"content": "float"}, ANYWHERE, 4, "4.0"),
        ({"content": "float"}, ANYWHERE, 4.25, "4.25"),
        ({"content": "float", "did": 164}, ANYWHERE, 4.25, "4.25"),
        ({"content": "float"}, Limits(0, 1, 0.1), 0.30000000000000004, "0.3"),
        ({"content": "string"}, Limits(0, 3), "abc", '"abc"'),
        ({"content": "rgb", "wire": "string"}, ANYWHERE, "#FF8000", '"#ff8000"'),
        ({"content": "date", "wire": "string"}, ANYWHERE, date(2025, 3, 1), '"2025-03-01"'),
        ({"content": "date", "wire": "string"}, ANYWHERE, "2025-03-01", '"2025-03-01"'),
        ({"content": "time", "wire": "string"}, ANYWHERE, time(7, 30), '"07:30:00"'),
        ({"content": "time", "wire": "string"}, ANYWHERE, "07:30", '"07:30:00"'),
        (
            {"content": "dateTime", "wire": "string"},
            ANYWHERE,
            datetime(2025, 3, 1, 7, 30, 0, 999),
            '"2025-03-01T07:30:00"',
        ),
        ({"content": "point2D", "wire": "object"}, ANYWHERE, {"x": 1}, '{"x": 1}'),
        ({"content": "point2D", "wire": "object"}, ANYWHERE, '{"x":1}', '{"x": 1}'),
        (
            {"content": "string", "list": True, "wire": "object"},
            Limits(0, 2),
            ["a", "b"],
            '{"length": 2, "list": ["a", "b"]}',
        ),
        (
            {"content": "string", "list": True, "wire": "object"},
            ANYWHERE,
            {"length": 9, "list": ["a"]},
            '{"length": 1, "list": ["a"]}',
        ),
        ({"kind": "selectedProgram"}, ANYWHERE, 8195, "8195"),
    ],
)
def test_values_are_written(
    members: dict[str, Any], limits: Limits, value: object, wire: str
) -> None:
    """Each kind travels in the JSON type that appliances accept."""
    assert written(value, limits, **members) == wire


@pytest.mark.parametrize(
    ("members", "limits", "value", "reason"),
    [
        ({"content": "boolean"}, ANYWHERE, None, Fault.WRONG_TYPE),
        ({"content": "boolean"}, ANYWHERE, 2, Fault.WRONG_TYPE),
        ({"content": "integer"}, ANYWHERE, True, Fault.WRONG_TYPE),
        ({"content": "integer"}, ANYWHERE, "four", Fault.WRONG_TYPE),
        ({"content": "integer"}, ANYWHERE, math.nan, Fault.WRONG_TYPE),
        ({"content": "integer"}, ANYWHERE, 2**64, Fault.WRONG_TYPE),
        ({"content": "integer"}, Limits(1, 8), 0, Fault.OUT_OF_RANGE),
        ({"content": "integer"}, Limits(1, 8), 9, Fault.OUT_OF_RANGE),
        ({"content": "integer"}, Limits(max=0), 1, Fault.OUT_OF_RANGE),
        ({"content": "percent"}, Limits(0, 100), 100.5, Fault.OUT_OF_RANGE),
        ({"content": "percent"}, ANYWHERE, [], Fault.WRONG_TYPE),
        ({"content": "string"}, Limits(0, 3), "abcd", Fault.OUT_OF_RANGE),
        ({"content": "string"}, Limits(1, 3), "", Fault.OUT_OF_RANGE),
        ({"content": "string"}, ANYWHERE, 4, Fault.WRONG_TYPE),
        ({"content": "rgb", "wire": "string"}, ANYWHERE, "orange", Fault.WRONG_FORMAT),
        ({"content": "date", "wire": "string"}, ANYWHERE, "1.3.2025", Fault.WRONG_FORMAT),
        ({"content": "date", "wire": "string"}, ANYWHERE, 20250301, Fault.WRONG_TYPE),
        (
            {"content": "dateTime", "wire": "string"},
            ANYWHERE,
            datetime(2025, 3, 1, tzinfo=UTC),
            Fault.WRONG_FORMAT,
        ),
        ({"content": "time", "wire": "string"}, ANYWHERE, "25:00", Fault.WRONG_FORMAT),
        ({"content": "point2D", "wire": "object"}, ANYWHERE, "x", Fault.WRONG_TYPE),
        (
            {"content": "string", "list": True, "wire": "object"},
            ANYWHERE,
            "a",
            Fault.WRONG_TYPE,
        ),
        (
            {"content": "string", "list": True, "wire": "object"},
            Limits(0, 1),
            ["a", "b"],
            Fault.OUT_OF_RANGE,
        ),
        ({"content": None, "wire": None}, ANYWHERE, 1, Fault.WRONG_TYPE),
    ],
)
def test_what_does_not_fit_is_refused(
    members: dict[str, Any], limits: Limits, value: object, reason: Fault
) -> None:
    """What a feature does not take is refused with a reason, before it is sent."""
    with pytest.raises(InvalidValueError) as caught:
        encode(made(**members), value, limits)
    assert caught.value.reason is reason
    assert isinstance(caught.value, CommandError)
    assert caught.value.code is None
    assert str(caught.value)


MEMBERS = {2: "GC30", 3: "GC40", 10: "10", 45: "GC30"}


@pytest.mark.parametrize(
    ("value", "raw"),
    [("GC40", 3), ("gc40", 3), (" Gc40 ", 3), (3, 3), (3.0, 3), ("3", 3), ("10", 10), ("gc30", 2)],
)
def test_members_are_written_by_name_or_number(value: object, raw: int) -> None:
    """A name counts in any case, the first of two alike; a number does when no name looks like it."""
    assert encode(made(content="enumeration"), value, ANYWHERE, MEMBERS) == raw


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("GC90", Fault.NOT_A_MEMBER),
        (5, Fault.NOT_A_MEMBER),
        ("5", Fault.NOT_A_MEMBER),
        (3.5, Fault.NOT_A_MEMBER),
        (True, Fault.WRONG_TYPE),
        ([3], Fault.WRONG_TYPE),
        (None, Fault.WRONG_TYPE),
    ],
)
def test_what_is_no_member_is_refused(value: object, reason: Fault) -> None:
    """Only members that may be set right now are."""
    with pytest.raises(InvalidValueError) as caught:
        encode(made(content="enumeration"), value, ANYWHERE, MEMBERS)
    assert caught.value.reason is reason


def test_an_enumeration_without_members_takes_its_numbers() -> None:
    """Of an undefined enumeration only the range is known."""
    assert encode(made(content="enumeration"), 2, Limits(1, 3)) == 2
    with pytest.raises(InvalidValueError):
        encode(made(content="enumeration"), 4, Limits(1, 3))


@pytest.mark.parametrize(
    ("number", "limits", "nearest"),
    [
        (160, Limits(30, 300, 5), 160),
        (162.5, Limits(30, 300, 5), 165),
        (10, Limits(0, 10, 4), 8),  # never past the greatest
        (7, Limits(2, 20, 10), 12),
        (-21.4, Limits(-24, -16, 1), -21),
        (7, Limits(None, None, 5), 5),
        (7.3, Limits(), 7.3),
        (7.3, Limits(0, 10, -1), 7.3),
        (0.7, Limits(0, 1, 0.1), 0.7),
    ],
)
def test_snapping(number: float, limits: Limits, nearest: float) -> None:
    """A number goes to the nearest step, counted from the least."""
    assert snapped(number, limits) == nearest


@given(
    low=st.integers(-1000, 1000),
    span=st.integers(0, 1000),
    step=st.sampled_from([None, 0, 1, 5, 0.5, 0.1, 2.5]),
    part=st.floats(0, 1),
)
def test_what_is_written_reads_back(low: int, span: int, step: float | None, part: float) -> None:
    """What travels is in the range, at most half a step away, and reads as what travels."""
    limits = Limits(low, low + span, step)
    value = low + part * span
    raw = encode(made(content="temperatureCelsius", did=164), value, limits)
    assert read_number(raw) == raw
    assert low <= raw <= low + span
    if step and step <= span:
        assert abs(raw - value) <= step / 2 + 1e-6 or raw + step > low + span
    assert encode(made(content="temperatureCelsius", did=164), raw, limits) == raw


@given(st.sampled_from(sorted(MEMBERS)))
def test_members_read_back(raw: int) -> None:
    """A name that is the only one of its kind gives back its number."""
    name = MEMBERS[raw]
    assert MEMBERS[encode(made(content="enumeration"), name, ANYWHERE, MEMBERS)] == name


@given(JSON)
def test_writing_fails_in_one_way_only(value: object) -> None:
    """Whatever a caller gives is written or refused with a reason."""
    for members in (
        {"content": "boolean"},
        {"content": "integer"},
        {"content": "float"},
        {"content": "string"},
        {"content": "rgb", "wire": "string"},
        {"content": "date", "wire": "string"},
        {"content": "time", "wire": "string"},
        {"content": "dateTime", "wire": "string"},
        {"content": "genericJson", "wire": "object"},
        {"content": "string", "list": True, "wire": "object"},
    ):
        one = made(**members)
        with suppress(InvalidValueError):
            assert reader(one).read(encode(one, value, Limits(0, 100, 1))) is not None
