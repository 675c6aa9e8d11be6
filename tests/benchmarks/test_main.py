"""The command: everything runs, every result is checked, nothing is left out."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
import json
from pathlib import Path
import subprocess
import sys
import tempfile
from typing import IO, Self

from homeassistant import runner
import pytest

ROOT = Path(__file__).resolve().parents[2]
WHEN_ALL_IS_BUSY_S = 300


@dataclass(frozen=True, slots=True)
class Run:
    """The command under way."""

    process: subprocess.Popen[str]
    output: IO[str]
    errors: IO[str]

    @classmethod
    def of(cls, *words: str) -> Self:
        """Start it."""
        output, errors = (tempfile.TemporaryFile("w+", encoding="utf-8") for _ in range(2))
        command = [sys.executable, "-m", "benchmarks", *words]
        return cls(
            subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=errors, text=True),
            output,
            errors,
        )

    def result(self) -> tuple[int, str, str]:
        """Wait for its end; gives its status and what it printed."""
        with self.output, self.errors:
            status = self.process.wait()
            for stream in (self.output, self.errors):
                stream.seek(0)
            return status, self.output.read(), self.errors.read()


type Smoke = Callable[[str], tuple[int, str, str]]


@pytest.fixture(scope="module")
def smoke(request: pytest.FixtureRequest) -> Iterator[Smoke]:
    """Run parts with next to no rounds, the next one beside the one that is waited for: half their time is sleep."""
    runs: dict[str, Run] = {}
    parts = deque(
        item.callspec.params["part"]
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.originalname == "test_smoke"
    )

    def run(part: str) -> tuple[int, str, str]:
        while parts and (part not in runs or len(runs) < 2):
            following = parts.popleft()
            runs[following] = Run.of("--smoke", "--json", "--only", following)
        return runs.pop(part).result()

    yield run
    for each in runs.values():
        each.result()


@pytest.mark.skipif(
    not hasattr(runner, "create_event_loop"),
    reason="benchmarks are made for the release of Home Assistant that requirements_test.txt pins",
)
@pytest.mark.xdist_group("benchmarks")
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
def test_smoke(smoke: Smoke, part: str, rows: int, without_peer: set[str]) -> None:
    """A run with next to no rounds has a figure for every contender that a row is about."""
    status, output, errors = smoke(part)
    assert status == 0, errors
    found = json.loads(output)["rows"]
    assert len(found) == rows
    assert all(row["ours"] is not None for row in found)
    assert {row["metric"] for row in found if row["peer"] is None} == without_peer
    assert {row["met"] for row in found} <= {True, False, None}


def test_unknown_part() -> None:
    """A part that does not exist is refused, with those that do."""
    status, _, errors = Run.of("--only", "nonsense").result()
    assert status == 2
    assert "there are dio" in errors
