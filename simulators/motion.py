"""A motor on its way."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Motion:
    """One run of a shutter or curtain motor at constant speed."""

    start: float
    """Level when it began, in percent as the vendor counts."""
    target: float
    """Level where it will stop."""
    started_at: float
    """Reading of the loop's clock, in seconds."""
    full_s: float
    """Seconds the motor takes from one end to the other in this direction."""

    @property
    def duration_s(self) -> float:
        """Seconds from start to target."""
        return self.full_s * abs(self.target - self.start) / 100

    def level_at(self, now: float) -> float:
        """Tell the level at a reading of the clock."""
        if now >= self.started_at + self.duration_s:
            return self.target
        return self.start + (self.target - self.start) * (now - self.started_at) / self.duration_s
