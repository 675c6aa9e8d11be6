"""JSON as accessories write it, types in any spelling, values in both directions."""

from base64 import b64encode
from contextlib import suppress
from decimal import Decimal
import json
from typing import Any

from hypothesis import given, strategies as st
import orjson
import pytest

from custom_components.hap_controller.protocol.catalogue import CharacteristicUuid
from custom_components.hap_controller.protocol.errors import FrameError
from custom_components.hap_controller.protocol.values import (
    Format,
    FormatError,
    Metadata,
    check_value,
    dumps,
    full_type,
    initial_value,
    loads,
    read_value,
    short_type,
    standard_metadata,
    to_wire,
)

from ...common import load_vectors

VECTORS = load_vectors("hap_controller", "vectors")
TYPE = "34AB8811-AC7F-4340-BAC3-FD6A85F9943B"


def of(format_: str | None, **limits: Any) -> Metadata:
    """Describe a characteristic of a format."""
    return Metadata(type=TYPE, format=format_, **limits)


# --- JSON ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", VECTORS["json_tolerance"], ids=lambda vector: vector["name"])
def test_json_tolerance(vector: dict[str, Any]) -> None:
    """Commas in front of closing brackets are no error; those in texts stay."""
    assert loads(vector["input_json"].encode()) == vector["value"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b'{"a":"\\"},]",}', {"a": '"},]'}),
        (b'["\\\\",]', ["\\"]),
        (b"[1 ,\r\n\t ]", [1]),
        (b"[27, 27.0, 2.7e1]", [27, 27.0, 27.0]),
        (b"[18446744073709551615]", [2**64 - 1]),
    ],
)
def test_json_is_read(text: bytes, value: Any) -> None:
    """Escapes do not hide the end of a text, and whole numbers keep all their bits."""
    assert loads(memoryview(text)) == value


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[1,,]",
        b'"\\',
        b'{"a":"',
        b"\xff",
        b'["\xc3"]',
        b"[NaN]",
        b"[1]]",
        b"[" * 2000 + b"]" * 2000,
    ],
)
def test_other_bytes_are_no_json(text: bytes) -> None:
    """The error does not repeat what the peer sent."""
    with pytest.raises(FrameError, match=f"^a body of {len(text)} bytes is not JSON$"):
        loads(text)


@pytest.mark.parametrize("text", [b'"\\"' * 300_000, b"[" + b"," * 900_000, b'"' + b"\\" * 900_001])
@pytest.mark.timeout(10)
def test_mending_takes_no_longer_than_reading(text: bytes) -> None:
    """A hostile body cannot make the tolerant way look at its bytes again and again."""
    with pytest.raises(FrameError):
        loads(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(0, 2**64 - 1) | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
        ),
    )
)
def test_trailing_commas_change_nothing(value: Any) -> None:
    """Whatever the document, commas behind last members are dropped and nothing else."""
    document = json.dumps(value)
    assert loads(document.encode()) == value
    outside = json.dumps([value, {"a": value}])[:-2] + ",},]"
    assert loads(outside.encode()) == [value, {"a": value}]


@given(st.binary(max_size=64))
def test_any_bytes_give_a_value_or_the_error(data: bytes) -> None:
    """Nothing else is raised."""
    with suppress(FrameError):
        loads(data)


def test_json_is_written_without_white_space() -> None:
    """Some accessories choke on it."""
    assert dumps({"a": [1, 27.0, "é"]}) == '{"a":[1,27.0,"é"]}'.encode()
    for value in (2**64, object(), "\ud800"):
        with pytest.raises(FormatError):
            dumps(value)


# --- types --------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", VECTORS["uuid"], ids=lambda vector: vector["input_text"])
def test_types_in_any_spelling(vector: dict[str, str]) -> None:
    """Short, full, small letters, or 32 digits without dashes as Nanoleaf sends them."""
    assert full_type(vector["input_text"]) == vector["full_text"]
    assert short_type(vector["full_text"]) == vector["short_text"]


@pytest.mark.parametrize(
    "text", ["", "XYZ", "G" * 32, "1" * 33, "1" * 36, "1" * 5000, "-" * 8, "٣E"]
)
def test_other_texts_are_no_types(text: str) -> None:
    """Only hexadecimal digits make a type."""
    with pytest.raises(FormatError):
        full_type(text)


def test_short_type_of_nothing_is_zero() -> None:
    """A type of zeros keeps a digit."""
    assert short_type(full_type("0")) == "0"


# --- metadata -----------------------------------------------------------------------------------


def test_metadata_of_the_catalogue() -> None:
    """Known types come with what is usual, and with what is said to be different."""
    usual = standard_metadata(CharacteristicUuid.BRIGHTNESS, max_value=50)
    assert (usual.format, usual.unit, usual.min_value, usual.max_value) == (
        "int",
        "percentage",
        0,
        50,
    )
    assert usual.readable and usual.writable and usual.notifies and not usual.timed
    assert usual.is_integer and usual.is_number and not usual.stateless
    assert standard_metadata(CharacteristicUuid.CURRENT_DOOR_STATE).valid_values == (0, 1, 2, 3, 4)
    assert standard_metadata(CharacteristicUuid.ACCESSORY_FLAGS).valid_values is None
    assert standard_metadata(CharacteristicUuid.BUTTON_EVENT).stateless
    assert standard_metadata(TYPE, perms=("pw", "tw")).timed
    assert standard_metadata("2" * 36, format="int") == Metadata(type="2" * 36, format="int")
    assert not of(None).readable


# --- reading ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("format_", "told", "value"),
    [
        ("bool", 1, True),
        ("bool", 0.0, False),
        ("bool", "1", None),
        ("uint8", 27.0, 27),
        ("uint8", True, 1),
        ("uint8", 27.5, 27.5),
        ("uint64", 2.0**62, 2**62),
        ("int", -1e121, None),
        ("int", "27", None),
        ("float", 27, 27),
        ("float", True, 1),
        ("float", [], None),
        ("string", 1.5, "1.5"),
        ("string", False, None),
        ("tlv8", 5, None),
        ("data", "AQ==", "AQ=="),
        (None, {"a": [1]}, {"a": [1]}),
        ("array", [True], [True]),
        ("float", None, None),
    ],
)
def test_values_are_read(format_: str | None, told: Any, value: Any) -> None:
    """Truth values may be numbers, whole numbers may have a point; anything else is no value."""
    found = read_value(told, of(format_))
    assert loads(dumps(found)) == found  # it can be stored
    assert found == value
    assert type(found) is type(value)


def test_values_outside_of_their_limits_are_kept() -> None:
    """Ecobee and others report what their own metadata exclude."""
    assert read_value(300, of("uint8", min_value=0, max_value=100)) == 300
    for number in (1e308, -1e308, 2.0**64, -(2.0**64)):
        assert read_value(number, of("uint64")) is None
        assert read_value(number, of("float")) == number


def test_values_nested_too_deep_are_none() -> None:
    """They could not be written to a file again."""
    deep: Any = 1
    for _ in range(300):
        deep = [deep]
    assert read_value(deep, of("array")) is None


# --- writing ------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", VECTORS["write_conversion"], ids=str)
def test_write_conversion(vector: dict[str, Any]) -> None:
    """Limits, then steps, as text on the wire."""
    metadata = of(
        vector["format"],
        min_value=vector.get("min"),
        max_value=vector.get("max"),
        min_step=vector.get("step"),
    )
    assert dumps(to_wire(vector["input"], metadata)).decode() == vector["wire_json"]


@pytest.mark.parametrize(
    ("metadata", "value", "wire"),
    [
        # Steps count from the least value, and never lead past the greatest (Honeywell, Lennox).
        (of("float", min_value=4.5, max_value=32, min_step=0.5), 20.74, 20.5),
        (of("float", min_value=0, max_value=1, min_step=0.3), 1, 0.9),
        (of("uint8", min_value=0, max_value=10, min_step=4), 10, 8),
        (of("int", max_value=10.5), 99, 10),
        (of("float", min_step=-1), 21.3, 21.3),
        # What the accessory leaves open the format limits.
        (of("uint8"), 300, 255),
        (of("uint16"), -1, 0),
        (of("uint8", max_value=1000), 900, 900),
        (of("uint64"), 2**64 - 1, 2**64 - 1),
        (of("int"), " 7 ", 7),
        (of("int"), True, 1),
        (of("float"), "2.7e1", 27.0),
        (of("int"), 2.5, 3),
        (of("float"), 5e-324, 0.0),
        (of("int", min_value=-10), -2.5, -3),
        (of("bool"), 1.0, 1),
        (of("bool"), " YES ", 1),
        (of("string"), "Küche", "Küche"),
        (of("string"), 21.5, "21.5"),
        (of("data"), b"\x01", "AQ=="),
        (of("data"), "AQ==", "AQ=="),
        (of("tlv8"), b"\x01\x01\x05", "AQEF"),
        (of(None), True, 1),
        (of(None), "raw", "raw"),
        (of("dict"), {"a": 1}, {"a": 1}),
    ],
)
def test_values_are_written(metadata: Metadata, value: Any, wire: Any) -> None:
    """Each becomes what the accessory takes."""
    assert dumps(to_wire(value, metadata)) == dumps(wire)


@pytest.mark.parametrize(
    ("format_", "value"),
    [
        ("bool", "maybe"),
        ("bool", 2),
        ("bool", None),
        ("int", "seven"),
        ("int", None),
        ("int", "nan"),
        ("float", float("inf")),
        pytest.param("uint64", 10**5000, id="more digits than Python prints"),
        ("float", "1e999999999"),
        ("float", "1" * 65),
        ("string", True),
        ("string", None),
        ("string", "\ud800"),
        ("data", "not base64"),
        ("data", "AQ=\n="),
        ("data", 5),
        ("tlv8", "AQ=="),
        (None, object()),
        ("array", [2**70]),
    ],
)
def test_values_that_are_none_of_the_format(format_: str | None, value: Any) -> None:
    """Nothing is sent."""
    with pytest.raises(FormatError):
        to_wire(value, of(format_))


def test_limits_that_nobody_can_write() -> None:
    """An accessory cannot make us write more than 64 bits."""
    with pytest.raises(FormatError):
        to_wire(5, of("int", min_value=1e300, max_value=1e301))


LIMITS = st.none() | st.integers(-1000, 1000) | st.floats(-1000, 1000).map(lambda x: round(x, 3))
METADATA = st.builds(
    of,
    st.sampled_from([*map(str, Format), None, "odd"]),
    min_value=LIMITS | st.floats(allow_nan=False, allow_infinity=False),
    max_value=LIMITS | st.floats(allow_nan=False, allow_infinity=False),
    min_step=LIMITS | st.floats(allow_nan=False, allow_infinity=False),
)
ANY = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=8)
    | st.lists(st.integers(), max_size=2)
)


@given(ANY, METADATA)
def test_anything_is_written_or_refused(value: Any, metadata: Metadata) -> None:
    """Whatever users and accessories say, the result can be sent, or the one error is raised."""
    for convert in (to_wire, check_value):
        try:
            wire = convert(value, metadata)
        except FormatError:
            continue
        if convert is to_wire:
            orjson.dumps(wire)


@given(
    st.floats(-2000, 2000),
    st.integers(-100, 100),
    st.integers(0, 200),
    st.sampled_from([0.1, 0.5, 1, 2, 3.6, 10]),
)
def test_written_numbers_are_within_limits_and_on_steps(
    value: float, low: int, span: int, step: float
) -> None:
    """What we write is what an accessory takes: both sides agree on limits and steps."""
    metadata = of("float", min_value=low, max_value=low + span, min_step=step)
    wire = to_wire(value, metadata)
    assert low <= wire <= low + span
    assert (Decimal(repr(wire)) - low) % Decimal(repr(step)) == 0
    assert check_value(wire, metadata) == wire


# --- the accessory's side -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metadata", "value", "kept"),
    [
        (of("bool"), 1, True),
        (of("uint8", min_value=0, max_value=100, min_step=5), 15, 15),
        (of("float", min_value=10, max_value=38, min_step=0.1), 10 + 3 * 0.1, 10 + 3 * 0.1),
        (of("float"), 21, 21.0),
        (of("uint8", valid_values=(0, 2)), 2, 2),
        (of("uint8", valid_values_range=(1, 3)), 3, 3),
        (of("string", max_len=4), "four", "four"),
        (of("string"), "x" * 64, "x" * 64),
        (of("data", max_data_len=2), "AQI=", "AQI="),
        (of("tlv8"), "AQEF", "AQEF"),
        (of("dict"), {"a": 1}, {"a": 1}),
    ],
)
def test_valid_values_are_taken(metadata: Metadata, value: Any, kept: Any) -> None:
    """They are converted to what the format says."""
    found = check_value(value, metadata)
    assert found == kept
    assert type(found) is type(kept)


@pytest.mark.parametrize(
    ("metadata", "value"),
    [
        (of("bool"), 2),
        (of("uint8"), 256),
        (of("uint8"), -1),
        (of("uint8"), 1.5),
        (of("int", min_value=5), 4),
        (of("int", max_value=5), 6),
        (of("uint8", min_value=0, min_step=5), 7),
        (of("float", min_value=10, min_step=0.5), 10.3),
        (of("uint8", valid_values=(0, 2)), 1),
        (of("uint8", valid_values_range=(1, 3)), 4),
        (of("string", max_len=4), "fives"),
        (of("string"), "x" * 65),
        (of("data", max_data_len=1), "AQI="),
        (of("tlv8"), "AQE="),
    ],
)
def test_other_values_are_refused(metadata: Metadata, value: Any) -> None:
    """The controller is told that the value is invalid."""
    with pytest.raises(FormatError):
        check_value(value, metadata)


def test_large_data_are_within_the_usual_limit() -> None:
    """Two megabytes, decoded, where the accessory does not say."""
    check_value(b64encode(bytes(1000)).decode(), of("data"))
    with pytest.raises(FormatError):
        check_value(b64encode(bytes(2_097_153)).decode(), of("data"))


@pytest.mark.parametrize(
    ("metadata", "value"),
    [
        (of("bool"), False),
        (of("string"), ""),
        (of("data"), None),
        (of(None), None),
        (of("uint8"), 0),
        (of("float"), 0.0),
        (of("uint8", valid_values=(3, 4)), 3),
        (of("float", min_value=10, max_value=38), 10),
        (of("int", max_value=-5), -5),
    ],
)
def test_initial_values(metadata: Metadata, value: Any) -> None:
    """The nearest valid one to zero."""
    assert initial_value(metadata) == value
