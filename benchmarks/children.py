"""Processes that measure: each contender has its own, and so has the other side.

Both ways one JSON object per line. A child ends when its standard input does, so none outlives the conductor.
"""

import json
import os
from pathlib import Path
import select
import subprocess
import sys
import tempfile
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[1]
type Json = dict[str, Any]


class ChildError(Exception):
    """A child ended, was silent for too long, or its job failed; the text has what it said."""


class Child:
    """A running module that takes one job at a time."""

    def __init__(self, name: str, module: str, *words: str, limit_s: float = 120.0) -> None:
        """Start ``module``; it gets ready while the caller goes on."""
        self.name = name
        self._limit_s = limit_s
        self._log = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *words],
            cwd=ROOT,
            # The same hashes in every run, and so the same collisions.
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self._announced: Json | None = None

    def __enter__(self) -> Self:
        """Stay until the block ends."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        self.close()

    @property
    def announcement(self) -> Json:
        """What the process said when it was ready. Raises ChildError."""
        if self._announced is None:
            self._announced = self._read()
        return self._announced

    def ask(self, job: str, **members: object) -> Any:
        """Have a job done and give its result. Raises ChildError."""
        _ = self.announcement
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"job": job, **members}) + "\n")
            self._process.stdin.flush()
        except OSError as err:
            raise ChildError(f"{self.name} is gone{self._tail()}") from err
        return self._read()["result"]

    def close(self) -> None:
        """Let the process end by itself, and end it when it does not."""
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        self._log.close()

    def _read(self) -> Json:
        stream = self._process.stdout
        assert stream is not None
        # One line answers one job, so nothing can be left in the buffer of the stream.
        readable, _, _ = select.select([stream], [], [], self._limit_s)
        line = stream.readline() if readable else ""
        if not line:
            why = "ended" if readable else f"said nothing in {self._limit_s:.0f} s"
            raise ChildError(f"{self.name} {why}{self._tail()}")
        answer: Json = json.loads(line)
        if "error" in answer:
            raise ChildError(f"{self.name}: {answer['error']}")
        return answer

    def _tail(self) -> str:
        self._log.seek(0)
        lines = self._log.read().strip().splitlines()[-12:]
        return ":\n" + "\n".join(lines) if lines else ""
