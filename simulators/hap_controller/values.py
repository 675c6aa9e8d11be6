"""What a controller may write: kind, range, step and length (§8.4)."""

from base64 import b64decode
from decimal import Decimal
from typing import Any

from custom_components.hap_controller.protocol.catalogue import FORMAT_RANGES

from .description import NUMBERS, Characteristic

_MAX_TEXT = 64
_MAX_DATA = 2_097_152
# Of a step: what sums of floats are off by.
_NOISE = Decimal("1e-6")


class Invalid(Exception):
    """A value that the characteristic does not take; the text says why."""


def check(each: Characteristic, value: Any) -> Any:
    """Give the value as it is kept. Raises Invalid.

    A truth value may be written as 1 and 0, or in words; what is true is no number otherwise.
    """
    match each.format:
        case "bool":
            if type(value) not in {bool, int} or value not in {0, 1}:
                raise Invalid("no truth value")
            return bool(value)
        case "string":
            if type(value) is not str:
                raise Invalid("no text")
            if len(value) > each.limits.get("maxLen", _MAX_TEXT):
                raise Invalid("a text that is too long")
            return value
        case "tlv8" | "data":
            return _check_data(each, value)
        case kind if kind in NUMBERS:
            return _check_number(each, value)
    return value


def _check_data(each: Characteristic, value: Any) -> str:
    if type(value) is not str:
        raise Invalid("no base64")
    try:
        data = b64decode(value, validate=True)
    except ValueError as err:
        raise Invalid("no base64") from err
    if len(data) > each.limits.get("maxDataLen", _MAX_DATA):
        raise Invalid("data that are too long")
    return value


def _check_number(each: Characteristic, value: Any) -> int | float:
    if type(value) not in {int, float}:
        raise Invalid("no number")
    limits = each.limits
    low, high = FORMAT_RANGES.get(each.format or "", (None, None))
    low, high = limits.get("minValue", low), limits.get("maxValue", high)
    if (low is not None and value < low) or (high is not None and value > high):
        raise Invalid(f"{value} is not in {low} to {high}")
    if each.format != "float" and value != int(value):
        raise Invalid(f"{value} is not whole")
    if step := limits.get("minStep"):
        steps = (Decimal(repr(value)) - Decimal(repr(limits.get("minValue", 0)))) / Decimal(
            repr(step)
        )
        if abs(steps - steps.to_integral_value()) > _NOISE:
            raise Invalid(f"{value} is between two steps of {step}")
    valid = limits.get("valid-values")
    if valid is not None and value not in valid:
        raise Invalid(f"{value} is none of {valid}")
    span = limits.get("valid-values-range")
    if span is not None and not span[0] <= value <= span[1]:
        raise Invalid(f"{value} is not in {span[0]} to {span[1]}")
    return int(value) if each.format != "float" else float(value)


def beginning(each: Characteristic) -> Any:
    """Give a value for what has to have one and whose value nobody knows."""
    match each.format:
        case "bool":
            return False
        case "string":
            return ""
        case "tlv8" | "data":
            return ""
        case kind if kind in NUMBERS:
            valid = each.limits.get("valid-values")
            if valid:
                return valid[0]
            low, high = (each.limits.get(name) for name in ("minValue", "maxValue"))
            value = max(0, low) if low is not None else 0
            return min(value, high) if high is not None else value
    return None
