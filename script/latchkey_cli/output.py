"""Print results: a table for people, JSON for programs."""

from collections.abc import Iterable, Sequence
from datetime import datetime
import json
from typing import Any
import unicodedata

type Json = dict[str, Any]

GAP = "  "
_WIDE = ("W", "F")


def say(text: str) -> None:
    """Print one piece of output at once."""
    print(text, flush=True)


def say_json(value: Json) -> None:
    """Print one object on a line of its own."""
    say(json.dumps(value, ensure_ascii=False, default=_plain))


def printable(text: str) -> str:
    """Make text of a peer safe for a terminal: nothing in it can move the cursor or change colours."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Align columns; text of peers is made printable."""
    lines = [list(headings), *([printable(cell) for cell in row] for row in rows)]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        GAP.join(
            cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    )


def _width(text: str) -> int:
    """Count the columns that a terminal needs."""
    return sum(
        0
        if unicodedata.combining(character)
        else 2
        if unicodedata.east_asian_width(character) in _WIDE
        else 1
        for character in text
    )


def _plain(value: object) -> str:
    """Write what JSON has no form for."""
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no form in JSON")
