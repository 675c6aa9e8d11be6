"""What travels and what it means: JSON, types, and the values of characteristics in both directions.

Source: docs/hap_controller/wire.md §6.4, §8.2 to §8.4.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal, DecimalException, localcontext
from enum import StrEnum
from functools import lru_cache
import re
from typing import Any, Final

import orjson

from .catalogue import BASE_SUFFIX, FORMAT_RANGES, STATELESS, characteristic
from .const import Permission
from .errors import CommandError, FrameError
from .refusals import TlvError
from .tlv8 import decode as decode_tlv

type Number = int | float
type ValueClass = type[bool | int | float | str]

# §8.1: what counts for accessories that do not say.
USUAL_MAX_LEN: Final = 64
USUAL_MAX_DATA_LEN: Final = 2_097_152

# Texts that users and scripts enter as numbers; far more than 64 bits have.
_MAX_NUMBER_CHARS: Final = 64
# What no format of whole numbers can have, nor what stores them.
MIN_INTEGER: Final = -(2**63)
MAX_INTEGER: Final = 2**64 - 1
# Powers of ten beyond which a number is none that an accessory could mean; 64 bits have 20 digits.
_MAX_MAGNITUDE: Final = 40
# Bridges have some hundred different types; beyond that they are worked out again.
_KEPT_TYPES: Final = 1024

_FULL_TYPE_CHARS: Final = 36
_SHORT_TYPE_CHARS: Final = 8
_DIGITS: Final = 32


class FormatError(CommandError):
    """A value or a type is not what the format allows; nothing was sent."""


class Format(StrEnum):
    """Formats of values (§8.4); accessories may have others."""

    BOOL = "bool"
    UINT8 = "uint8"
    UINT16 = "uint16"
    UINT32 = "uint32"
    UINT64 = "uint64"
    INT = "int"
    FLOAT = "float"
    STRING = "string"
    TLV8 = "tlv8"
    DATA = "data"
    ARRAY = "array"
    DICT = "dict"


# --- JSON, §6.4 -----------------------------------------------------------------------------

# A text, whole or cut off by the end, is taken as one, so that its commas stay and no byte is looked at twice.
_TEXT_OR_COMMA: Final = rb'("(?:[^"\\]|\\.)*+(?:"|\\?\Z))|,(?=[ \t\r\n]*[}\]])'


def loads(data: bytes | bytearray | memoryview) -> Any:
    """Read JSON, also with commas in front of closing brackets; whole numbers keep all of 64 bits.

    Raises FrameError when it is not JSON or not UTF-8.
    """
    try:
        return orjson.loads(data)
    except ValueError:
        mended = re.sub(_TEXT_OR_COMMA, rb"\1", bytes(data), flags=re.DOTALL)
    try:
        return orjson.loads(mended)
    except ValueError:  # covers nesting too deep; its own words would repeat the peer's
        raise FrameError(f"a body of {len(data)} bytes is not JSON") from None


def dumps(value: Any) -> bytes:
    """Write JSON without any white space (§6.1).

    Raises FormatError for what JSON cannot hold.
    """
    try:
        return orjson.dumps(value)
    except TypeError as err:
        raise FormatError("the value cannot be written as JSON") from err


# --- types, §8.2 ----------------------------------------------------------------------------


@lru_cache(_KEPT_TYPES)
def full_type(text: str) -> str:
    """Give the full UUID, in upper case, of a type in any spelling that accessories use.

    Raises FormatError when it is none.
    """
    digits = text.upper()
    if len(digits) <= _SHORT_TYPE_CHARS:
        full = digits.rjust(_SHORT_TYPE_CHARS, "0") + BASE_SUFFIX
    elif len(digits) == _FULL_TYPE_CHARS:
        full = digits
    else:
        digits = digits.rjust(_DIGITS, "0")
        full = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    if not text or not re.fullmatch(r"[0-9A-F]{8}-(?:[0-9A-F]{4}-){3}[0-9A-F]{12}", full):
        raise FormatError("not a type of services or characteristics")
    return full


def short_type(uuid: str) -> str:
    """Give the short form of a full UUID; vendors' types have none and stay whole."""
    head = uuid.removesuffix(BASE_SUFFIX)
    return uuid if head == uuid else head.lstrip("0") or "0"


# --- metadata -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What is fixed about a characteristic; equal ones of an accessory share one."""

    type: str
    """Full UUID."""
    perms: tuple[str, ...] = ()
    format: str | None = None
    """None for vendors' types that do not say."""
    unit: str | None = None
    description: str | None = None
    min_value: Number | None = None
    max_value: Number | None = None
    min_step: Number | None = None
    max_len: int | None = None
    """Characters of a text."""
    max_data_len: int | None = None
    """Bytes of data, decoded."""
    valid_values: tuple[Number, ...] | None = None
    valid_values_range: tuple[Number, Number] | None = None
    handle: int | None = None
    """Bluetooth LE only, as are the next two."""
    broadcast_events: bool | None = None
    disconnected_events: bool | None = None

    readable: bool = field(init=False, repr=False, compare=False)
    writable: bool = field(init=False, repr=False, compare=False)
    notifies: bool = field(init=False, repr=False, compare=False)
    """Whether changes can be subscribed to."""
    has_news: bool = field(init=False, repr=False, compare=False)
    """Whether changes can be heard of at all, by reading or by being told."""
    timed: bool = field(init=False, repr=False, compare=False)
    """Whether writes must be prepared (§7.4)."""
    stateless: bool = field(init=False, repr=False, compare=False)
    """Whether it tells events and has no state (§8.6): never polled, never equal to the one before."""
    value_class: ValueClass | None = field(init=False, repr=False, compare=False)
    """Of values of the format; None where they may be anything."""
    plain_class: ValueClass | None = field(init=False, repr=False, compare=False)
    """Of values that are taken as they are; None where each must be looked at."""

    def limits(self) -> dict[str, Any]:
        """Give the limits by their names on the wire, without what is not limited (§7.2)."""
        told = {
            "unit": self.unit,
            "minValue": self.min_value,
            "maxValue": self.max_value,
            "minStep": self.min_step,
            "maxLen": self.max_len,
            "maxDataLen": self.max_data_len,
            "valid-values": self.valid_values and list(self.valid_values),
            "valid-values-range": self.valid_values_range and list(self.valid_values_range),
        }
        return {name: limit for name, limit in told.items() if limit is not None}

    def __post_init__(self) -> None:
        """Work out once what every value asks for."""
        stateless = self.type in STATELESS
        value_class = _VALUE_CLASSES.get(self.format or "")
        derived = {
            "readable": Permission.READ in self.perms,
            "writable": Permission.WRITE in self.perms,
            "notifies": Permission.EVENTS in self.perms,
            "has_news": Permission.READ in self.perms or Permission.EVENTS in self.perms,
            "timed": Permission.TIMED_WRITE in self.perms,
            "stateless": stateless,
            "value_class": value_class,
            "plain_class": None if stateless else value_class,
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)

    @property
    def is_integer(self) -> bool:
        """Whether values are whole numbers."""
        return self.value_class is int

    @property
    def is_number(self) -> bool:
        """Whether values are numbers."""
        return self.value_class is int or self.value_class is float


_VALUE_CLASSES: Final[Mapping[str, ValueClass]] = {
    Format.BOOL: bool,
    Format.UINT8: int,
    Format.UINT16: int,
    Format.UINT32: int,
    Format.UINT64: int,
    Format.INT: int,
    Format.FLOAT: float,
    Format.STRING: str,
    Format.TLV8: str,
    Format.DATA: str,
}


def standard_metadata(uuid: str, **overrides: Any) -> Metadata:
    """Give what the catalogue says of a type, with other values of fields where wanted.

    A type that is not in the catalogue has what ``overrides`` say.
    """
    known = characteristic(uuid)
    if known is None:
        return Metadata(type=uuid, **overrides)
    usual: dict[str, Any] = {
        "perms": known.perms,
        "format": known.format,
        "unit": known.unit,
        "description": known.name,
        "min_value": known.min_value,
        "max_value": known.max_value,
        "min_step": known.min_step,
        "max_len": known.max_len,
        "max_data_len": known.max_data_len,
    }
    if known.values and not known.bitmask:
        usual["valid_values"] = tuple(number for number, _ in known.values)
    return Metadata(type=uuid, **usual | overrides)


# --- reading, §8.4 --------------------------------------------------------------------------


def read_value(value: Any, metadata: Metadata) -> Any:
    """Read a value that an accessory sent; None when it is none of this format.

    A value outside of its own limits is kept as it is. Data and TLV8 stay base64.
    """
    cls = metadata.value_class
    if value is None or value.__class__ is cls:
        return value
    is_number = isinstance(value, int | float)
    if cls is bool:
        return bool(value) if is_number else None
    if cls is int or cls is float:
        if not is_number:
            return None
        if isinstance(value, bool):
            return int(value)
        if cls is int and not MIN_INTEGER <= value <= MAX_INTEGER:
            return None
        return int(value) if cls is int and value.is_integer() else value
    if cls is str:
        if metadata.format == Format.STRING and is_number and not isinstance(value, bool):
            return str(value)
        return None
    return value if _is_shallow(value) else None


def _is_shallow(value: Any) -> bool:
    """Tell whether a value can be written again: reading bears deeper nesting than writing."""
    try:
        orjson.dumps(value)
    except TypeError:
        return False
    return True


# --- writing, §8.4 --------------------------------------------------------------------------

_TRUE: Final = frozenset({"y", "yes", "t", "true", "on", "1"})
_FALSE: Final = frozenset({"n", "no", "f", "false", "off", "0"})


def to_wire(value: Any, metadata: Metadata) -> Any:
    """Convert a value to what the accessory takes: within its limits, on its steps.

    Booleans become 1 and 0. Data may be bytes. Raises FormatError for what is none of the format.
    """
    if metadata.format == Format.BOOL:
        return int(_truth(value))
    if metadata.is_number:
        value = _on_step(_number(value), metadata)
    elif metadata.value_class is str:
        return _text(value, metadata)
    elif isinstance(value, bool):
        return int(value)
    dumps(value)  # limits that an accessory made up can lead beyond 64 bits
    return value


def _truth(value: Any) -> bool:
    if isinstance(value, int | float) and value in (0, 1):
        return bool(value)
    if isinstance(value, str):
        word = value.strip().lower()
        if word in _TRUE or word in _FALSE:
            return word in _TRUE
    raise FormatError("not a truth value")


def _number(value: Any) -> Decimal:
    """Read a number by its shortest text."""
    if isinstance(value, bool):
        return Decimal(int(value))
    try:
        if isinstance(value, int | float):
            value = repr(value)
        if not isinstance(value, str) or len(value) > _MAX_NUMBER_CHARS:
            raise FormatError("not a number")
        number = Decimal(value.strip())
    except DecimalException, ValueError:  # numbers too large to be written are of the latter
        raise FormatError("not a number") from None
    if not number.is_finite() or number.adjusted() > _MAX_MAGNITUDE:
        raise FormatError("not a number that an accessory could take")
    return number if number.adjusted() > -_MAX_MAGNITUDE else Decimal(0)


def _decimal(limit: Number | None) -> Decimal | None:
    return None if limit is None else Decimal(repr(limit))


def _limits(metadata: Metadata) -> tuple[Decimal | None, Decimal | None]:
    """Give the least and the greatest value; the format limits what the accessory leaves open."""
    least, greatest = FORMAT_RANGES.get(metadata.format or "", (None, None))
    return (
        _decimal(least if metadata.min_value is None else metadata.min_value),
        _decimal(greatest if metadata.max_value is None else metadata.max_value),
    )


def _on_step(number: Decimal, metadata: Metadata) -> Number:
    low, high = _limits(metadata)
    step = _decimal(metadata.min_step)
    # Enough for 64 bits in steps of the smallest float that anybody could mean.
    with localcontext(Context(prec=3 * _MAX_MAGNITUDE)):
        if low is not None:
            number = max(number, low)
        if high is not None:
            number = min(number, high)
        if step and step > 0:
            base = _decimal(metadata.min_value) or Decimal(0)
            steps = ((number - base) / step).to_integral_value(ROUND_HALF_UP)
            number = base + steps * step
            if high is not None and number > high:
                number -= step
        if not metadata.is_integer:
            return float(number)
        whole = number.to_integral_value(ROUND_HALF_UP)
        if high is not None and whole > high:
            whole = high.to_integral_value(ROUND_FLOOR)
        return int(whole)


def _text(value: Any, metadata: Metadata) -> str:
    if metadata.format == Format.STRING:
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            raise FormatError("not a text")
        dumps(value)  # fails on halves of characters
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        value = b64encode(value).decode()
    data = _data(value)
    if metadata.format == Format.TLV8:
        try:
            decode_tlv(data)
        except TlvError as err:
            raise FormatError("not TLV8") from err
    return str(value)


def _data(value: Any) -> bytes:
    if not isinstance(value, str):
        raise FormatError("not base64")
    try:
        return b64decode(value, validate=True)
    except ValueError:
        raise FormatError("not base64") from None


# --- the accessory's side, §8.4 -------------------------------------------------------------

# Of a step: what sums of floats are off by.
_STEP_NOISE: Final = Decimal("1e-6")


def check_value(value: Any, metadata: Metadata) -> Any:
    """Convert a value that a controller wrote, and hold it against the limits of the characteristic.

    Raises FormatError for what the accessory must refuse as an invalid value.
    """
    if metadata.format == Format.BOOL:
        return _truth(value)
    if metadata.is_number:
        return _checked_number(value, metadata)
    if metadata.value_class is str:
        text = _text(value, metadata)
        if metadata.format == Format.STRING:
            if len(text) > (USUAL_MAX_LEN if metadata.max_len is None else metadata.max_len):
                raise FormatError("the text is too long")
        elif metadata.format == Format.DATA:
            limit = metadata.max_data_len
            if len(_data(text)) > (USUAL_MAX_DATA_LEN if limit is None else limit):
                raise FormatError("the data are too long")
        return text
    return value


def _checked_number(value: Any, metadata: Metadata) -> Number:
    number = _number(value)
    low, high = _limits(metadata)
    if (low is not None and number < low) or (high is not None and number > high):
        raise FormatError("the number is out of range")
    if metadata.is_integer and number != number.to_integral_value():
        raise FormatError("the number is not whole")
    step = _decimal(metadata.min_step)
    if step and step > 0:
        with localcontext(Context(prec=3 * _MAX_MAGNITUDE)):
            steps = (number - (_decimal(metadata.min_value) or 0)) / step
            if abs(steps - steps.to_integral_value()) > _STEP_NOISE:
                raise FormatError("the number is between two steps")
    if metadata.valid_values is not None and number not in map(_decimal, metadata.valid_values):
        raise FormatError("the number is none of the valid values")
    if (span := metadata.valid_values_range) is not None and not span[0] <= number <= span[1]:
        raise FormatError("the number is none of the valid values")
    return int(number) if metadata.is_integer else float(number)


def measured_value(value: Any, metadata: Metadata) -> Any:
    """Convert a value of the accessory's own program: what was measured is brought to the next step, never into range.

    Raises FormatError as ``check_value``.
    """
    try:
        return check_value(value, metadata)
    except FormatError:
        if not metadata.is_number:
            raise
    number = _number(value)
    low, high = _limits(metadata)
    if (low is not None and number < low) or (high is not None and number > high):
        raise FormatError("the number is out of range")
    return check_value(_on_step(number, metadata), metadata)


def initial_value(metadata: Metadata) -> Any:
    """Give the value of a characteristic that nobody has set: the nearest valid one to zero; None for data."""
    if metadata.format == Format.BOOL:
        return False
    if metadata.format == Format.STRING:
        return ""
    if not metadata.is_number:
        return None
    if metadata.valid_values:
        return metadata.valid_values[0]
    value: Number = 0 if metadata.is_integer else 0.0
    if metadata.min_value is not None:
        value = max(value, metadata.min_value)
    if metadata.max_value is not None:
        value = min(value, metadata.max_value)
    return value
