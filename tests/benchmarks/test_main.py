"""The command: everything runs, every result is checked, nothing is left out."""

import json
from pathlib import Path
import subprocess
import sys

from homeassistant import runner
import pytest

ROOT = Path(__file__).resolve().parents[2]
WHEN_ALL_IS_BUSY_S = 300


def benchmark(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(
    not hasattr(runner, "create_event_loop"),
    reason="benchmarks are made for the release of Home Assistant that requirements_test.txt pins",
)
@pytest.mark.timeout(WHEN_ALL_IS_BUSY_S)
@pytest.mark.parametrize(
    ("part", "rows", "without_peer"),
    [
        (
            "dio",
            10,
            {"command to bare acknowledgement, limit = echo", "heap growth over 2,000 pushes"},
        ),
        ("dio-ha", 14, set()),
        (
            "homismart",
            10,
            {"command to bare report, limit = echo", "heap growth over 2,000 pushes"},
        ),
        (
            "homismart-ha",
            14,
            {"import of the integration", "import of the integration, CPU"},
        ),
        (
            "home-connect",
            18,
            {
                "stored profile loaded, limit = ElementTree, CPU",
                "heap growth over 2,000 pushes",
            },
        ),
        (
            "home-connect-ha",
            20,
            {
                "push to state, burst, CPU",
                "push to state, limit = entity write + core",
                "dishwasher: entry to entities",
                "dishwasher: entry to entities, CPU",
                "dishwasher: entities",
                "dishwasher: unload",
                "dishwasher: heap of the entry",
                "import of the integration",
                "import of the integration, CPU",
            },
        ),
        ("hap", 17, set()),
        ("hap-ha", 22, set()),
    ],
)
def test_smoke(part: str, rows: int, without_peer: set[str]) -> None:
    """A run with next to no rounds has a figure for every contender that a row is about."""
    done = benchmark("--smoke", "--json", "--only", part)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["rows"]
    assert len(found) == rows
    assert all(row["ours"] is not None for row in found)
    assert {row["metric"] for row in found if row["peer"] is None} == without_peer
    assert {row["met"] for row in found} <= {True, False, None}


def test_unknown_part() -> None:
    """A part that does not exist is refused, with those that do."""
    done = benchmark("--only", "nonsense")
    assert done.returncode == 2
    assert "there are dio" in done.stderr
