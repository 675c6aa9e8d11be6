"""The table that the check prints."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDEST = 240
"""Longer details of what went well are cut."""
PASSED, FAILED, LISTED = "ok", "FAILED", "–"


@dataclass(frozen=True)
class Row:
    """One thing that was checked."""

    home: str
    what: str
    result: str
    seconds: float | None = None
    detail: str = ""

    @property
    def failed(self) -> bool:
        """Tell whether this makes the whole check fail."""
        return self.result == FAILED


def in_full(rows: Sequence[Row]) -> str:
    """Write what failed with more than one line to say; empty when nothing did."""
    return "\n\n".join(
        f"{row.home}, {row.what}:\n{row.detail}"
        for row in rows
        if row.failed and "\n" in row.detail
    )


def _one_line(row: Row) -> str:
    """Say what there is to say in one line; what failed is told at length."""
    line = row.detail.partition("\n")[0]
    return line if row.failed or len(line) <= WIDEST else f"{line[: WIDEST - 1]}…"


def table(rows: Sequence[Row]) -> str:
    """Write the rows below each other, columns aligned."""
    cells = [
        (
            row.home,
            row.what,
            row.result,
            "" if row.seconds is None else f"{row.seconds:.1f} s",
            _one_line(row),
        )
        for row in rows
    ]
    heads = ("home", "what", "result", "time", "")
    widths = [max(len(line[column]) for line in [heads, *cells]) for column in range(4)]
    return "\n".join(
        "  ".join(
            [*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[4]]
        ).rstrip()
        for line in [heads, *cells]
    )
