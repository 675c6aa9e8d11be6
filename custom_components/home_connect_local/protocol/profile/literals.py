"""Texts of attributes to values (docs/home_connect_local/wire.md §4.1, §4.5).

Every reader takes whatever an attribute may be and raises one of WRONG for what it cannot be.
"""

from collections.abc import Iterator
from contextlib import suppress
import math
from typing import Any, Final

import orjson

from ..const import Access, Execution

WRONG: Final = (AttributeError, KeyError, TypeError, ValueError)
"""What a reader raises: the text is no text, or not of the kind it should be."""

MAX_ID: Final = 0xFFFF_FFFF
"""Identifiers have 16 bits on today's appliances."""
MAX_WORD_CHARS: Final = 64
MAX_LITERAL_CHARS: Final = 64 * 1024
MAX_NUMBER_CHARS: Final = 40
MAX_JSON_DEPTH: Final = 32
# What every JSON encoder of Home Assistant can write.
_INTEGERS: Final = range(-(2**63), 2**64)
# Up to here every integral float is one integer.
_EXACT_FLOAT: Final = 2**53

UNTYPED: Final = "untyped"
"""Stands for the JSON kind of what has no content type: the uids of programs."""
_BOOLEANS: Final = {"true": True, "false": False, "1": True, "0": False}


def read_id(text: Any) -> int:
    """Read an identifier: hexadecimal, with or without leading zeros or ``0x``.

    Raises TypeError or ValueError.
    """
    if 0 <= (value := int(text, 16)) <= MAX_ID:
        return value
    raise ValueError("not an identifier")


def read_integer(text: Any) -> int:
    """Read an integer.

    Raises TypeError or ValueError.
    """
    if len(text) > MAX_NUMBER_CHARS:
        raise ValueError("not a number")
    value = int(text)
    if value not in _INTEGERS:
        raise ValueError("beyond 64 bits")
    return value


def read_number(text: Any) -> int | float:
    """Read a number; one without a fraction becomes an integer.

    Raises TypeError or ValueError.
    """
    try:
        return read_integer(text)
    except ValueError:
        if len(text) > MAX_NUMBER_CHARS:
            raise
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("not a number")
    return int(value) if value.is_integer() and abs(value) <= _EXACT_FLOAT else value


def read_boolean(text: Any) -> bool:
    """Read a boolean.

    Raises AttributeError or KeyError.
    """
    return _BOOLEANS[text.strip().lower()]


def read_access(text: Any) -> str:
    """Read what may be done with a feature, in any case of letters."""
    return Access(text.lower()).value


def read_execution(text: Any) -> str:
    """Read what may be done with a program, in any case of letters."""
    return Execution(text.lower()).value


def read_word(text: Any) -> str:
    """Read one of the words for what a user may do or how severe it is; new ones are let through."""
    word: str = text.lower()
    return word[:MAX_WORD_CHARS]


def read_literal(text: Any, wire: str | None) -> Any:
    """Read a value.

    Raises AttributeError, TypeError or ValueError.
    """
    if not isinstance(text, str) or len(text) > MAX_LITERAL_CHARS:
        raise ValueError("not a literal")
    match wire:
        case "boolean":
            if (value := _BOOLEANS.get(text.strip().lower())) is None:
                raise ValueError("not a boolean")
            return value
        case "integer":
            number = read_number(text)
            if isinstance(number, float):
                raise ValueError("not an integer")  # noqa: TRY004  The text is wrong, not its type
            return number
        case "number":
            return read_number(text)
        case "object":
            return _json(text)
        case "untyped":
            with suppress(ValueError):
                return read_number(text)
    return text


def _json(text: str) -> Any:
    """Read JSON as files have it: some end with a quote or a bracket too many (§4.5, §12).

    Raises ValueError.
    """
    for candidate in _repairs(text):
        with suppress(orjson.JSONDecodeError):
            value = orjson.loads(candidate)
            if _deeper(value, MAX_JSON_DEPTH):
                raise ValueError("nested too deeply")
            return value
    raise ValueError("not JSON")


def _repairs(text: str) -> Iterator[str]:
    """Give the text and what it may have been meant to be, in the order of preference."""
    yield text
    text = text.rstrip()
    if text.endswith('"'):
        yield text[:-1]
    if text.endswith('"]'):
        yield text[:-2]
        yield f"{text[:-2]}]"
    if text.endswith("]"):
        yield text[:-1]


def _deeper(value: object, limit: int) -> bool:
    """Tell whether a value is nested more deeply; the limit bounds this recursion."""
    if not isinstance(value, dict | list):
        return False
    if not limit:
        return True
    items = value.values() if isinstance(value, dict) else value
    return any(_deeper(item, limit - 1) for item in items)
