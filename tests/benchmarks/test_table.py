"""Figures, ratios and verdicts of the table."""

import pytest

from benchmarks.table import Row, Target, render


def row(target: Target | None = None, **samples: list[float]) -> Row:
    """Build a row."""
    return Row("metric", "ms", samples, target)


def test_figures_are_medians() -> None:
    """One bad round does not count."""
    assert row(ours=[1.0, 2.0, 90.0]).figure("ours") == 2.0
    assert row().figure("ours") is None


def test_ratios_compare_round_by_round() -> None:
    """What slows both sides of a round leaves the ratio alone."""
    noisy = row(ours=[2.0, 20.0, 200.0], limit=[1.0, 10.0, 100.0])
    assert noisy.ratio("ours", "limit") == 2.0


def test_ratios_of_unlike_rounds_compare_medians() -> None:
    """A contender that takes a second per round has fewer of them."""
    assert row(ours=[1.0, 2.0, 3.0], peer=[1000.0]).ratio("peer", "ours") == 500.0
    assert row(ours=[1.0], peer=[0.0]).ratio("ours", "peer") is None
    assert row(ours=[1.0]).ratio("ours", "peer") is None


@pytest.mark.parametrize(
    ("target", "met"),
    [
        (None, None),
        (Target(3), True),
        (Target(1.9), False),
        (Target(2, "limit"), True),
        (Target(1.9, "limit"), False),
        (Target(0.5, "peer"), True),
        (Target(0.4, "peer"), False),
        (Target(1, "nobody"), None),
    ],
)
def test_verdicts(target: Target | None, met: bool | None) -> None:
    """A target is a figure, or a multiple of another contender's; without that one there is no verdict."""
    assert row(target, limit=[1.0], peer=[4.0], ours=[2.0]).met is met


def test_rendering() -> None:
    """The table is Markdown; a rate is shown as one, and a missing contender is a gap."""
    rate = Row(
        "frames", "1/s", {"ours": [2.0], "limit": [1.0]}, Target(1.5, "limit"), lambda us: 1e6 / us
    )
    lines = render([rate, row(Target(10), ours=[0.012345])]).splitlines()
    assert len({len(line) for line in lines}) == 1
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert cells[2] == [
        "frames [1/s]",
        "1,000,000",
        "",
        "500,000",
        "2.00x",
        "",
        "≤ 1.5x limit",
        "MISSED",
    ]
    assert cells[3] == ["metric [ms]", "", "", "0.0123", "", "", "≤ 10", "met"]


def test_json() -> None:
    """Programs get every sample."""
    data = row(Target(2, "limit"), ours=[2.0, 4.0], limit=[1.0, 1.0]).as_json()
    assert data["ours"] == 3.0
    assert data["ours/limit"] == 3.0
    assert data["met"] is False
    assert data["samples"] == {"ours": [2.0, 4.0], "limit": [1.0, 1.0]}
