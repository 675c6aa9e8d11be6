"""Processes that measure: each contender has its own, and so has the other side.

Both ways one JSON object per line. A child ends when its standard input does, so none outlives the conductor.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
import json
import os
from pathlib import Path
import select
import subprocess
import sys
import tempfile
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[1]
ANSWER_LIMIT_S = 180.0
END_LIMIT_S = 10.0

type Json = dict[str, Any]


class ChildError(Exception):
    """A child ended, was silent for too long, or its job failed; the text has what it said."""


class Child:
    """A running module that takes one job at a time."""

    def __init__(self, name: str, orders: IO[str], answers: IO[str], log: IO[str]) -> None:
        """Speak over two pipes; ``log`` has what the process wrote on standard error."""
        self.name = name
        self._orders = orders
        self._answers = answers
        self._log = log
        self._announced: Json | None = None

    @property
    def announcement(self) -> Json:
        """What the process said when it was ready. Raises ChildError."""
        if self._announced is None:
            self._announced = self._read()
        return self._announced

    def ask(self, job: str, **members: object) -> Any:
        """Have a job done and give its result. Raises ChildError."""
        self.order(job, **members)
        return self.result()

    def order(self, job: str, **members: object) -> None:
        """Start a job; ``result`` must be asked for before the next. Raises ChildError."""
        _ = self.announcement
        try:
            self._orders.write(json.dumps({"job": job, **members}) + "\n")
            self._orders.flush()
        except OSError as err:
            raise ChildError(f"{self.name} is gone{self._tail()}") from err

    def result(self) -> Any:
        """Wait for the end of the job that was ordered. Raises ChildError."""
        return self._read()["result"]

    def close(self) -> None:
        """Tell the process that there are no more jobs."""
        self._orders.close()
        self._answers.close()

    def _read(self) -> Json:
        # One line answers one job, so nothing can be left in the buffer of the stream.
        readable, _, _ = select.select([self._answers], [], [], ANSWER_LIMIT_S)
        line = self._answers.readline() if readable else ""
        if not line:
            why = "ended" if readable else f"said nothing in {ANSWER_LIMIT_S:.0f} s"
            raise ChildError(f"{self.name} {why}{self._tail()}")
        answer: Json = json.loads(line)
        if "error" in answer:
            raise ChildError(f"{self.name}: {answer['error']}")
        return answer

    def _tail(self) -> str:
        self._log.seek(0)
        lines = self._log.read().strip().splitlines()[-12:]
        return ":\n" + "\n".join(lines) if lines else ""


@contextmanager
def spawned(name: str, module: str, *words: str) -> Iterator[Child]:
    """Run a module until the block ends; it gets ready while the caller goes on."""
    with _running(name, [module, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as (
        process,
        log,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        child = Child(name, process.stdin, process.stdout, log)
        try:
            yield child
        finally:
            child.close()


@contextmanager
def forked(preload: str, crew: Mapping[str, Sequence[str]]) -> Iterator[dict[str, Child]]:
    """Run several modules, given with their words by name, in copies of one process that has imported ``preload``.

    That spares each the seconds that Home Assistant takes to import.
    """
    pipes = {name: (os.pipe(), os.pipe()) for name in crew}
    theirs = {name: (orders[0], answers[1]) for name, (orders, answers) in pipes.items()}
    plan = [[*theirs[name], *words] for name, words in crew.items()]
    inherited = [end for ends in theirs.values() for end in ends]
    words = ["benchmarks.nursery", preload, json.dumps(plan)]
    with _running("nursery", words, stdin=subprocess.DEVNULL, pass_fds=inherited) as (_, log):
        for end in inherited:
            os.close(end)
        with ExitStack() as stack:
            children = {}
            for name, (orders, answers) in pipes.items():
                writer, reader = os.fdopen(orders[1], "w"), os.fdopen(answers[0])
                children[name] = Child(name, writer, reader, log)
                stack.callback(children[name].close)
            yield children


def _environment() -> dict[str, str]:
    """Give every run the same hashes, and so the same collisions; and compiled modules, as users have them."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment


@contextmanager
def _running(
    name: str, words: Sequence[str], **options: Any
) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    """Start a process and see that it ends with the block: by itself, else by force."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *words],
            cwd=ROOT,
            env=_environment(),
            stderr=log,
            text=True,
            **options,
        )
        try:
            yield process, log
        finally:
            try:
                process.wait(timeout=END_LIMIT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
