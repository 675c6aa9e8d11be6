"""Figures side by side, and whether what was promised holds."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, override

type Samples = Mapping[str, Sequence[float]]
"""By contender, one figure per round; every figure is a cost, so less is better."""

LIMIT, PEER, OURS = "limit", "peer", "ours"


@dataclass(frozen=True, slots=True)
class Target:
    """What is promised: our cost is at most ``bound`` times that of ``beside``, or ``bound`` itself."""

    bound: float
    beside: str | None = None

    @override
    def __str__(self) -> str:
        """Say it in the words of the table."""
        return f"≤ {self.bound:g}" + (f"x {self.beside}" if self.beside else "")


@dataclass(frozen=True, slots=True)
class Row:
    """One metric of one component."""

    metric: str
    unit: str
    samples: Samples
    target: Target | None = None
    shown: Callable[[float], float] = field(default=lambda cost: cost)
    """From a cost to the figure in the table, for what is better told as a rate."""

    def figure(self, contender: str) -> float | None:
        """Give the median of a contender, None when it did not take part."""
        samples = self.samples.get(contender)
        return median(samples) if samples else None

    def ratio(self, contender: str, other: str) -> float | None:
        """Give how many times the cost of ``other`` a contender took.

        Rounds with both are compared round by round: a busy machine slows both sides of a round.
        """
        ours, theirs = self.samples.get(contender), self.samples.get(other)
        if not ours or not theirs:
            return None
        if len(ours) == len(theirs) and all(theirs):
            return median(mine / their for mine, their in zip(ours, theirs, strict=True))
        return median(ours) / median(theirs) if median(theirs) else None

    @property
    def met(self) -> bool | None:
        """Whether the target holds, None when that cannot be told."""
        if self.target is None:
            return None
        beside = self.target.beside
        cost = self.ratio(OURS, beside) if beside else self.figure(OURS)
        return None if cost is None else cost <= self.target.bound

    def as_json(self) -> dict[str, Any]:
        """Give everything, for programs."""
        return {
            "metric": self.metric,
            "unit": self.unit,
            "limit": self._shown(LIMIT),
            "peer": self._shown(PEER),
            "ours": self._shown(OURS),
            "ours/limit": self.ratio(OURS, LIMIT),
            "peer/ours": self.ratio(PEER, OURS),
            "target": str(self.target) if self.target else None,
            "met": self.met,
            "samples": {name: list(samples) for name, samples in self.samples.items()},
        }

    def cells(self) -> tuple[str, ...]:
        """Give the line of the table."""
        verdict = {True: "met", False: "MISSED", None: "–"}[self.met]
        return (
            f"{self.metric} [{self.unit}]",
            *(_number(self._shown(name)) for name in (LIMIT, PEER, OURS)),
            _times(self.ratio(OURS, LIMIT)),
            _times(self.ratio(PEER, OURS)),
            str(self.target or "–"),
            verdict,
        )

    def _shown(self, contender: str) -> float | None:
        cost = self.figure(contender)
        return None if cost is None else self.shown(cost)


HEADER = ("metric", "limit", "peer", "ours", "ours/limit", "peer/ours", "target", "verdict")


def render(rows: Iterable[Row]) -> str:
    """Draw the table; as it stands it is also a table in Markdown."""
    lines = [HEADER, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADER))]
    # Names to the left, figures to the right.
    aligned = [
        [
            cell.rjust(width) if 0 < column < 6 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        for line in lines
    ]
    rule = [
        "-" * (width - 1) + (":" if 0 < column < 6 else "-") for column, width in enumerate(widths)
    ]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (aligned[0], rule, *aligned[1:]))


def _number(value: float | None) -> str:
    """Write three significant digits, as far as they stand behind the point."""
    if value is None:
        return ""
    for bound, digits in ((100, 0), (10, 1), (1, 2)):
        if abs(value) >= bound:
            return f"{value:,.{digits}f}"
    return f"{value:#.3g}"


def _times(value: float | None) -> str:
    return "" if value is None else f"{_number(value)}x"
