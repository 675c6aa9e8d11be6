"""Movements that nobody tells of: when they are believed in, and for how long."""

from collections.abc import Iterator

from homeassistant.core import HomeAssistant
import pytest

from custom_components.hap_controller.movement import LIMIT_S, Movement
from tests.support.rooms import pass_time

type Step = tuple[float | None, float | None, bool]


class Shown:
    """Stands for an entity: what it needs is a loop, and to be told to write its state."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin unwritten."""
        self.hass = hass
        self.written = 0

    def async_write_ha_state(self) -> None:
        """Count."""
        self.written += 1


@pytest.fixture
def shown(hass: HomeAssistant) -> Shown:
    """Give what shows the movement."""
    return Shown(hass)


@pytest.fixture
def movement(shown: Shown) -> Iterator[Movement]:
    """Give a movement; no timer of it may outlive the test."""
    movement = Movement(shown)  # type: ignore[arg-type]
    yield movement
    movement.close()


@pytest.mark.parametrize(
    "steps",
    [
        # How it was found tells nothing.
        [(0, 1, False), (0, 1, False)],
        # A new target does, until it is reached or nothing is known.
        [(0, 0, False), (0, 1, True), (1, 1, False)],
        [(0, 0, False), (0, 1, True), (None, 1, False), (0, 1, False)],
        [(0, 0, False), (0, 1, True), (0, None, False), (0, 1, False)],
        # By hand, with a target that stays.
        [(1, 1, False), (0, 1, False), (1, 1, False)],
        # By hand, when somebody wants it back at the same time.
        [(0, 1, False), (1, 0, False), (0, 0, False)],
        # On the way, and pulled back from it.
        [(0, 0, False), (0, 100, True), (40, 100, True), (30, 100, False), (60, 100, True)],
        # Found on the way.
        [(20, 100, False), (30, 100, True)],
        # Past it by hand.
        [(50, 50, False), (50, 60, True), (75, 60, False)],
    ],
)
async def test_take(movement: Movement, steps: list[Step]) -> None:
    """What is and what shall be tell together whether it moves."""
    for current, target, active in steps:
        movement.take(current, target)
        assert movement.active is active


async def test_expect(hass: HomeAssistant, shown: Shown, movement: Movement) -> None:
    """A command is a movement, unless there is nothing to do or to know; a minute later it is none any more."""
    for current, target in ((None, 1), (1, None), (1, 1)):
        movement.take(current, target)
        movement.expect()
        assert not movement.active
    assert not shown.written
    movement.take(0, 1)
    movement.expect()
    assert movement.active
    assert shown.written == 1
    pass_time(hass, LIMIT_S / 2)
    assert movement.active
    pass_time(hass, LIMIT_S + 1)
    assert not movement.active
    assert shown.written == 2


async def test_close(movement: Movement, shown: Shown) -> None:
    """What has gone neither moves nor begins to, though a command of it ends."""
    movement.take(0, 0)
    movement.take(0, 1)
    movement.close()
    assert not movement.active
    movement.take(0, 2)
    movement.expect()
    assert not movement.active
    assert not shown.written
