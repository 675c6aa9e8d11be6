"""What every conversation tells alike: that it stands, how a command ended, what is not known; and what is counted."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from .errors import CommandError

NEVER: Final = float("inf")
NOW: Final = float("-inf")
# What is remembered to count unknown names is bounded: the peer chooses them.
MAX_UNKNOWN: Final = 100


@dataclass(frozen=True, slots=True)
class Established:
    """The peer accepted us and told everything there is to know."""


@dataclass(frozen=True, slots=True)
class Noticed:
    """The peer said something that this package does not know."""

    what: str


@dataclass(frozen=True, slots=True)
class Settled:
    """A command came to its end."""

    ticket: int
    error: CommandError | None = None
    answer: Any = field(default=None, repr=False)
    """What was asked for, if anything."""


@dataclass(slots=True)
class LinkStatistics:
    """What happened on the links of one client, for diagnostics."""

    connects: int = 0
    drops: Counter[str] = field(default_factory=Counter)
    """Failed attempts and lost links by the name of the error."""
    pushes: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    """How often the peer said what this package does not know, by what it was."""

    def first_seen(self, what: str) -> bool:
        """Count something unknown; True when it is news."""
        if what not in self.unknown and len(self.unknown) >= MAX_UNKNOWN:
            return False
        self.unknown[what] += 1
        return self.unknown[what] == 1
