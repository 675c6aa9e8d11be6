"""JSON is read as the standard has it."""

import pytest

from simulators.strict_json import loads


def test_json() -> None:
    """What is JSON is read."""
    assert loads('{"a": [1, 2.5, "x", null, true]}') == {"a": [1, 2.5, "x", None, True]}


@pytest.mark.parametrize(
    "text", ["", "{", "[1,]", "NaN", '{"x":-Infinity}', '{"a":1,"a":1}', "[" * 100_000]
)
def test_anything_else(text: str) -> None:
    """What is not, or what two readers might read differently, is refused."""
    with pytest.raises(ValueError):
        loads(text)
