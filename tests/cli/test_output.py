"""Tables are aligned, JSON is JSON, and names of peers cannot steer a terminal."""

from datetime import UTC, datetime
from enum import StrEnum
import json

import pytest

from script.latchkey_cli.output import printable, say_json, table


class Colour(StrEnum):
    """Some closed set."""

    RED = "red"


def test_columns_are_aligned() -> None:
    """Each column starts where its heading starts; nothing trails."""
    text = table(("NAME", "STATE"), [("Volet", "open"), ("Prise garage", "")])
    assert text == "NAME          STATE\nVolet         open\nPrise garage"


def test_headings_alone() -> None:
    """A table may be empty."""
    assert table(("NAME", "STATE"), []) == "NAME  STATE"


def test_width_is_counted_in_columns() -> None:
    """Combining marks take no room, wide characters two columns."""
    first, second, third = table(("A", "B"), [("e\u0301", "x"), ("門", "y")]).splitlines()
    assert first == "A   B"
    assert second == "e\u0301   x"
    assert third == "門  y"


@pytest.mark.parametrize("name", ["\x1b[31mred", "two\nlines", "back\rwards", "\u202eltr", "a\x00"])
def test_terminal_cannot_be_steered(name: str) -> None:
    """Escapes, line ends and direction marks in a name are replaced, in tables too."""
    shown = printable(name)
    assert shown.isprintable()
    assert "\ufffd" in shown
    assert shown in table(("NAME",), [(name,)])


def test_printable_text_stays() -> None:
    """Accents and signs are text."""
    assert printable("Prise d'été 門 🔑") == "Prise d'été 門 🔑"


def test_json_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Times are ISO, closed sets are their words, line ends in names are escaped."""
    say_json({"name": "a\nb", "time": datetime(2026, 5, 4, tzinfo=UTC), "kind": Colour.RED})
    line = capsys.readouterr().out
    assert line.count("\n") == 1
    assert json.loads(line) == {
        "name": "a\nb",
        "time": "2026-05-04T00:00:00+00:00",
        "kind": "red",
    }


def test_json_refuses_what_it_cannot_say() -> None:
    """A value without a form is a mistake of the program, not a text."""
    with pytest.raises(TypeError, match="object has no form"):
        say_json({"value": object()})
