"""Search the parsers for input that they cannot bear, guided by the branches that an input takes.

Each target has a process of its own, so that one that hangs or eats memory is a finding like any other. What is learnt
lies under the folder of --corpus and is where the next search begins; findings lie beside it.
"""

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
import json
from pathlib import Path
import re
import subprocess
import sys

ROOT = Path(__file__).resolve().parents[2]
COMPONENTS = ("hap_controller",)
SECONDS_EACH = 60.0
# One input may take this long and this much on a busy machine; each target is bounded far below.
SLOW_S = 10
MEMORY_MB = 1024
# How much longer than it was told a search may take to begin and end.
GRACE_S = 120.0

DONE = re.compile(r"#\d+\s+DONE\s+cov: (\d+) ft: (\d+) corp: (\d+)/")
RUNS = re.compile(r"stat::number_of_executed_units: (\d+)")
MEMORY = re.compile(r"stat::peak_rss_mb:\s+(\d+)")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the search of one target."""

    target: str
    executions: int
    branches: int
    """Edges of the program that any input took."""
    corpus: int
    """Inputs that each take a way of their own."""
    memory_mb: int
    findings: tuple[str, ...]
    """Files that hold what should not be."""


def label(group: str, name: str) -> str:
    """Make the name of a file of a target's."""
    return re.sub(r"[^a-z0-9]+", "-", f"{group}-{name}".lower())


def escaped(word: bytes) -> str:
    """Write a word as the dictionaries of the search have it."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in word) + '"'


def search(component: str, group: str, name: str, folder: Path, seconds: float) -> Outcome:
    """Search one target in a process of its own."""
    target = label(group, name)
    corpus, findings = folder / "corpus" / target, folder / "findings" / target
    corpus.mkdir(parents=True, exist_ok=True)
    findings.mkdir(parents=True, exist_ok=True)
    before = {*findings.iterdir()}
    command = [sys.executable, "-m", "tests.fuzz", component, "--only", f"{group}/{name}"]
    command += ["--corpus", str(folder), "--seconds", str(seconds), "--here"]
    try:
        ended = subprocess.run(
            command,
            cwd=ROOT,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds + GRACE_S,
            check=False,
        )
        said = ended.stdout + ended.stderr
    except subprocess.TimeoutExpired as err:
        said = str(err)
    (findings / "log.txt").write_text(said)
    found = sorted({*findings.iterdir()} - before - {findings / "log.txt"})
    done, runs, memory = DONE.search(said), RUNS.search(said), MEMORY.search(said)
    if not (done and runs) and not found:  # it ended in a way that leaves no input behind
        found = [findings / "log.txt"]
    return Outcome(
        f"{group}, {name}",
        int(runs[1]) if runs else 0,
        int(done[1]) if done else 0,
        int(done[3]) if done else 0,
        int(memory[1]) if memory else 0,
        tuple(str(each) for each in found),
    )


def search_here(component: str, group: str, name: str, folder: Path, seconds: float) -> None:
    """Search one target in this process, which ends with it."""
    import atheris

    sys.path.insert(0, str(ROOT / "script"))
    lend_core = import_module("lending").lend_core
    lend_core(component)
    with atheris.instrument_imports(include=[f"custom_components.{component}"]):
        target = import_module(f"tests.fuzz.{component}").TARGETS[group][name]
    place = label(group, name)
    corpus, findings = folder / "corpus" / place, folder / "findings" / place
    for number, seed in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    options = [
        *(f"-max_total_time={seconds:.0f}", f"-max_len={target.max_bytes}", f"-timeout={SLOW_S}"),
        *(f"-rss_limit_mb={MEMORY_MB}", f"-artifact_prefix={findings}/", "-print_final_stats=1"),
        *("-reload=0", str(corpus)),
    ]
    if target.words:
        words = folder / f"{place}.dict"
        words.write_text("".join(f"{escaped(word)}\n" for word in target.words))
        options.append(f"-dict={words}")
    atheris.Setup([sys.argv[0], *options], target.run)
    atheris.Fuzz()


def table(outcomes: Iterable[Outcome]) -> list[str]:
    """Show what was searched, for people."""
    rows = [("target", "executions", "branches", "corpus", "memory", "findings")]
    rows += [
        (
            each.target,
            f"{each.executions:,}",
            str(each.branches),
            str(each.corpus),
            f"{each.memory_mb} MB",
            str(len(each.findings)),
        )
        for each in outcomes
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if not index else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def main(words: Sequence[str] | None = None) -> int:
    """Search what the arguments name; 1 when anything was found."""
    parser = argparse.ArgumentParser(prog="script/fuzz", description=__doc__)
    parser.add_argument("component", choices=COMPONENTS)
    parser.add_argument(
        "--only",
        action="append",
        metavar="GROUP[/TARGET]",
        help="search this group or target only; may be given more than once",
    )
    parser.add_argument(
        "--seconds", type=float, default=SECONDS_EACH, help="for each target (%(default).0f)"
    )
    parser.add_argument(
        "--corpus",
        type=Path,
        default=ROOT / ".cache" / "fuzz",
        help="folder of what is learnt and found (.cache/fuzz)",
    )
    parser.add_argument("--list", action="store_true", help="tell what there is to search")
    parser.add_argument("--json", action="store_true", help="tell the outcome in JSON")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    told = parser.parse_args(words)
    folder = told.corpus.resolve()
    if told.here:
        group, _, name = told.only[0].partition("/")
        search_here(told.component, group, name, folder, told.seconds)
    targets = import_module(f"tests.fuzz.{told.component}").TARGETS
    chosen = [
        (group, name)
        for group, names in targets.items()
        for name in names
        if not told.only or group in told.only or f"{group}/{name}" in told.only
    ]
    if told.list:
        print("\n".join(f"{group}/{name}" for group, name in chosen))
        return 0
    if not chosen:
        parser.error("there is no such target; --list tells them")
    outcomes = []
    for group, name in chosen:
        print(f"Searching {group}, {name} for {told.seconds:.0f} s", file=sys.stderr)
        outcomes.append(search(told.component, group, name, folder, told.seconds))
    if told.json:
        print(
            json.dumps([dict(zip(each.__slots__, _plain(each), strict=True)) for each in outcomes])
        )
    else:
        print("\n".join(table(outcomes)))
    found = [path for each in outcomes for path in each.findings]
    for path in found:
        print(f"Found: {path}", file=sys.stderr)
    return 1 if found else 0


def _plain(outcome: Outcome) -> list[object]:
    return [getattr(outcome, name) for name in outcome.__slots__]


if __name__ == "__main__":
    sys.exit(main())
