"""A shutter on its way."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Motion:
    """One run of a shutter motor at constant speed."""

    start: float
    """Percent open when it began."""
    target: int
    """Percent open where it will stop."""
    started_at: float
    """Reading of the loop's clock, in seconds."""
    full_s: float
    """Seconds the motor takes from one end to the other in this direction."""

    @property
    def direction(self) -> str:
        """The word of the wire for where it goes."""
        return "up" if self.target > self.start else "down"

    @property
    def duration_s(self) -> float:
        """Seconds from start to target."""
        return self.full_s * abs(self.target - self.start) / 100

    def level_at(self, now: float) -> float:
        """Tell how far open the shutter is at a reading of the clock."""
        if now >= self.started_at + self.duration_s:
            return self.target
        return self.start + (self.target - self.start) * (now - self.started_at) / self.duration_s
