"""Where a motor is at any moment of its way."""

import pytest

from simulators.motion import Motion


@pytest.mark.parametrize(
    ("start", "target", "duration", "levels"),
    [
        (0, 100, 20, {10: 0, 15: 25, 20: 50, 29: 95, 30: 100, 99: 100}),
        (100, 0, 20, {10: 100, 20: 50, 30: 0}),
        (60.0, 75, 3, {10: 60, 11: 65, 13: 75, 14: 75}),
        (50, 50, 0, {10: 50, 11: 50}),
    ],
)
def test_level(start: float, target: float, duration: float, levels: dict[float, float]) -> None:
    """The level runs from start to target at the speed of the motor, and stays there."""
    motion = Motion(start, target, started_at=10, full_s=20)
    assert motion.duration_s == pytest.approx(duration)
    assert {now: motion.level_at(now) for now in levels} == pytest.approx(levels)
