"""Texts to values."""

from typing import Any

import orjson
import pytest

from custom_components.home_connect_local.protocol.profile.literals import (
    MAX_JSON_DEPTH,
    MAX_LITERAL_CHARS,
    WRONG,
    read_id,
    read_integer,
    read_literal,
    read_number,
    read_word,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("-7", -7),
        ("007", 7),
        ("4.0", 4),
        ("4.50", 4.5),
        ("1e3", 1000),
        (str(2**64 - 1), 2**64 - 1),
        (str(-(2**63)), -(2**63)),
        ("1e20", 1e20),
    ],
)
def test_number(text: str, value: float) -> None:
    """Integral text becomes an integer; all can be written as JSON."""
    found = read_number(text)
    assert (found, type(found)) == (value, type(value))
    assert orjson.loads(orjson.dumps(found)) == value


@pytest.mark.parametrize(
    "text", ["", "x", "nan", "inf", "-1e400", "9" * 41, "0x1", "1,5", None, []]
)
def test_no_number(text: Any) -> None:
    """Nothing but numbers of a reasonable length."""
    with pytest.raises(WRONG):
        read_number(text)


@pytest.mark.parametrize("text", [str(2**64), "4.0", "", None, ["1"]])
def test_no_integer(text: Any) -> None:
    """An integer has 64 bits and no point."""
    with pytest.raises(WRONG):
        read_integer(text)


@pytest.mark.parametrize("text", ["", "-1", "1FFFFFFFF", "G", None, {}])
def test_no_id(text: Any) -> None:
    """An identifier is hexadecimal and positive."""
    with pytest.raises(WRONG):
        read_id(text)


def test_word() -> None:
    """Unknown words are let through, cut."""
    assert read_word("Critical") == "critical"
    assert len(read_word("x" * 999)) == 64


@pytest.mark.parametrize(
    ("text", "wire", "value"),
    [
        (" True", "boolean", True),
        ("0", "boolean", False),
        ("3", "integer", 3),
        ("3.0", "integer", 3),
        ("3.5", "number", 3.5),
        ("3", "string", "3"),
        ("3", None, "3"),
        ("3", "untyped", 3),
        ("three", "untyped", "three"),
        ('{"a":[1]}', "object", {"a": [1]}),
        ('{"x":1}"', "object", {"x": 1}),
        ('{"x":1}" ', "object", {"x": 1}),
        ('{"x":1}"]', "object", {"x": 1}),
        ('[{"x":1}"]', "object", [{"x": 1}]),
        ('{"length":1,"list":[2]}]', "object", {"length": 1, "list": [2]}),
        ('"text"', "object", "text"),
        ("null", "object", None),
    ],
)
def test_literal(text: str, wire: str | None, value: object) -> None:
    """Values have the type of the feature; JSON is repaired as far as files need it."""
    found = read_literal(text, wire)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        ("yes", "boolean"),
        ("3.5", "integer"),
        ("x", "integer"),
        ("9" * 40, "integer"),
        ("1e20", "integer"),
        ("x", "number"),
        ('{"x":1}""', "object"),
        ("{", "object"),
        ("NaN", "object"),
        ('"\\ud800"', "object"),
        ("[" * (MAX_JSON_DEPTH + 1) + "]" * (MAX_JSON_DEPTH + 1), "object"),
        ("[" * 20_000, "object"),
        ("x" * (MAX_LITERAL_CHARS + 1), "string"),
        (None, "string"),
        (["x"], "string"),
    ],
)
def test_no_literal(text: Any, wire: str) -> None:
    """What cannot be stored is refused."""
    with pytest.raises(WRONG):
        read_literal(text, wire)


def test_deepest_literal() -> None:
    """JSON may be nested as deeply as the bound says."""
    text = "[" * MAX_JSON_DEPTH + "]" * MAX_JSON_DEPTH
    assert orjson.dumps(read_literal(text, "object")).decode() == text
