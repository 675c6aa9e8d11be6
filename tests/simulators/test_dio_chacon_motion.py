"""Where a shutter is at any moment of its way."""

import pytest

from simulators.dio_chacon.motion import Motion


@pytest.mark.parametrize(
    ("start", "target", "direction", "duration", "levels"),
    [
        (0, 100, "up", 20, {10: 0, 15: 25, 20: 50, 29: 95, 30: 100, 99: 100}),
        (100, 0, "down", 20, {10: 100, 20: 50, 30: 0}),
        (60.0, 75, "up", 3, {10: 60, 11: 65, 13: 75, 14: 75}),
        (50, 50, "down", 0, {10: 50, 11: 50}),
    ],
)
def test_level(
    start: float, target: int, direction: str, duration: float, levels: dict[float, float]
) -> None:
    """The level runs from start to target at the speed of the motor, and stays there."""
    motion = Motion(start, target, started_at=10, full_s=20)
    assert motion.direction == direction
    assert motion.duration_s == pytest.approx(duration)
    assert {now: motion.level_at(now) for now in levels} == pytest.approx(levels)
