"""Start pytest with what every run has in common, and judge the coverage it leaves behind."""

import json
import os
from pathlib import Path
import subprocess
from typing import Optional

from .console import ROOT, Argument, say
from .coverage_table import shortfalls, table, tally
from .project import component_folders

WORKERS = "2"


def data_file(release: Optional[str]) -> Path:
    """Name the file that holds the coverage of a run; each release has its own."""
    return ROOT / (f".coverage-{release}" if release else ".coverage")


def pytest_command(python: Path, words: list[str]) -> list[Argument]:
    """Build the command: two workers unless ``words`` say otherwise, and coverage."""
    alone = any(word.startswith(("-n", "--numprocesses")) or word == "no:xdist" for word in words)
    # Groups keep the browser tests on one worker, which share a browser and a demo.
    parallel = [] if alone else ["-n", WORKERS, "--dist", "loadgroup"]
    coverage = ["--cov", "--cov-branch", "--cov-report="]
    return [python, "-m", "pytest", *parallel, *coverage, *words]


def run_tests(python: Path, words: list[str], data: Path) -> int:
    """Run pytest on this terminal and return its verdict."""
    return subprocess.run(
        pytest_command(python, words),
        cwd=ROOT,
        # Both workers must give a test the same name, also one made from a set.
        env={"PYTHONHASHSEED": "0", **os.environ, "COVERAGE_FILE": str(data)},
        check=False,
    ).returncode


def judge(python: Path, data: Path, *, everything: bool) -> list[str]:
    """Print the coverage of each component; return what falls short, if everything was run."""
    report = subprocess.run(
        [python, "-m", "coverage", "json", "-q", "-o", "-"],
        cwd=ROOT,
        env={**os.environ, "COVERAGE_FILE": str(data)},
        capture_output=True,
        text=True,
        check=False,
    )
    if report.returncode:
        told = report.stdout.strip() or report.stderr.strip()
        return [f"coverage was not measured: {told}"] if everything else []
    components = tally(json.loads(report.stdout))
    say("\n" + "\n".join(table(components)))
    expected = [folder.name for folder in component_folders(ROOT)]
    return shortfalls(components, expected) if everything else []
