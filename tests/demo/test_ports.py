"""Ports stay the same from start to start unless somebody else has them."""

from collections.abc import Iterator
import socket

import pytest

from script.latchkey_demo import ports
from script.latchkey_demo.errors import DemoError
from script.latchkey_demo.ports import LOOPBACK, any_free, is_free, keep_or_pick, next_free

pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which something listens."""
    with socket.socket() as server:
        server.bind((LOOPBACK, 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_taken_port_is_not_free(taken: int) -> None:
    """A listening server is noticed."""
    assert not is_free(taken)
    assert is_free(any_free())


def test_next_free_goes_past_a_taken_port(taken: int) -> None:
    """The usual port is used when it is free, else one behind it."""
    assert next_free(taken) != taken
    free = any_free()
    assert next_free(free) == free


def test_next_free_gives_up_the_range() -> None:
    """At the end of the range any port will do."""
    assert next_free(65536) < 65536


def test_a_stored_port_is_kept(taken: int) -> None:
    """A start finds the port of the last one again, unless it is taken meanwhile."""
    free = any_free()
    assert keep_or_pick(free) == free
    assert keep_or_pick(taken) != taken
    assert keep_or_pick(free, [free]) != free
    assert keep_or_pick(None) > 0


def test_several_in_a_row(taken: int) -> None:
    """All of them are free, and nobody else's; a row that is broken is given up."""
    first = keep_or_pick(None, (), 7)
    assert all(map(is_free, range(first, first + 7)))
    assert keep_or_pick(first, (), 7) == first
    assert keep_or_pick(first, (first + 6,), 7) != first
    assert keep_or_pick(taken - 3, (), 7) != taken - 3


def test_no_row_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking for one comes to an end."""
    monkeypatch.setattr(ports, "ROWS", [65533])
    with pytest.raises(DemoError, match="no 7 free ports in a row"):
        keep_or_pick(None, (), 7)
