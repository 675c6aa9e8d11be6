"""How much is measured."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Counts that decide how long a run takes."""

    rounds: int
    """Of what takes fractions of a second."""
    trips: int
    """Rounds of what takes milliseconds and varies with the machine's other work."""
    slow_rounds: int
    """Of what takes the published client a second or more."""
    pushes: int
    """In one burst."""
    paced_rounds: int
    paced_pushes: int
    memory_pushes: int
    idle_s: float
    """Seconds that an idle link is watched, by its own clock."""
    hurry: float
    """How many of them pass in one second of the wall clock; the less, the longer may an answer take meanwhile."""


DEFAULT = Scale(
    rounds=7,
    trips=20,
    slow_rounds=5,
    pushes=5_000,
    paced_rounds=5,
    paced_pushes=75,
    memory_pushes=100_000,
    idle_s=180,
    hurry=60,
)
FULL = Scale(
    rounds=25,
    trips=200,
    slow_rounds=9,
    pushes=20_000,
    paced_rounds=11,
    paced_pushes=600,
    memory_pushes=100_000,
    idle_s=70,
    hurry=1,
)
SMOKE = Scale(
    rounds=1,
    trips=1,
    slow_rounds=1,
    pushes=500,
    paced_rounds=1,
    paced_pushes=20,
    memory_pushes=2_000,
    idle_s=10,
    hurry=5,
)
