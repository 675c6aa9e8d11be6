"""The command line as a person starts it, and a simulated cloud to talk to."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
import json
import os
from pathlib import Path
import subprocess
import sys
import tempfile
from typing import Any
from urllib.request import Request, urlopen

import pytest

from script.latchkey_cli.load import ROOT

CLI = ROOT / "script/cli"
LIMIT_S = 30

type Json = dict[str, Any]
type Environment = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Cloud:
    """A running simulator."""

    line: Json
    """What it printed when it was ready."""
    process: subprocess.Popen[str] = field(repr=False)

    @property
    def options(self) -> list[str]:
        """The options that send the command line there."""
        return ["--url", self.line["ws_url"], "--login-url", self.line["auth_url"]]

    @property
    def environment(self) -> Environment:
        """The credentials of its account."""
        return {
            "DIO_CHACON_USERNAME": self.line["email"],
            "DIO_CHACON_PASSWORD": self.line["password"],
        }

    def state(self) -> Json:
        """Read what it shows to its operator."""
        with urlopen(self.line["control_url"], timeout=LIMIT_S) as answer:
            state: Json = json.load(answer)
        return state

    def operate(self, op: str, **members: object) -> object:
        """Do something at the vendor's side."""
        body = json.dumps({"op": op, **members}).encode()
        request = Request(
            self.line["control_url"], body, headers={"Content-Type": "application/json"}
        )
        with urlopen(request, timeout=LIMIT_S) as answer:
            return json.load(answer)["result"]


@dataclass(frozen=True, slots=True)
class Result:
    """What a person saw."""

    status: int
    output: str
    errors: str

    @property
    def json(self) -> Json:
        """The one object that was printed."""
        (value,) = self.jsons
        return value

    @property
    def jsons(self) -> list[Json]:
        """The objects that were printed, one a line."""
        return [json.loads(line) for line in self.output.splitlines()]


type Run = Callable[..., Result]


BYTECODE = tempfile.TemporaryDirectory(prefix="latchkey-bytecode-")
"""Where programs under test keep their bytecode: compiling anew would be most of each start."""


def clean_environment() -> dict[str, str]:
    """Leave out credentials that the developer may have set."""
    unwanted = ("DIO_CHACON", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    return {**kept, "PYTHONPYCACHEPREFIX": BYTECODE.name}


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    """Run a simulator whose devices hurry."""
    process = subprocess.Popen(
        [sys.executable, "-m", "simulators", "dio_chacon", "--odd-devices", "--speed", "20"],
        cwd=ROOT,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        yield Cloud(json.loads(process.stdout.readline()), process)
    finally:
        process.terminate()
        process.communicate(timeout=LIMIT_S)


@pytest.fixture
def run() -> Run:
    """Start script/cli, without anybody to ask, and wait for its end."""

    def run_cli(
        *words: str, environment: Environment | None = None, cwd: Path | None = None
    ) -> Result:
        done = subprocess.run(
            [CLI, *words],
            env={**clean_environment(), **(environment or {})},
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    return run_cli


@pytest.fixture
def dio(run: Run, cloud: Cloud, socket_enabled: None) -> Run:
    """Start a command of ``script/cli dio_chacon`` on the simulated account."""

    def run_dio(command: str, *words: str) -> Result:
        return run("dio_chacon", command, *cloud.options, *words, environment=cloud.environment)

    return run_dio
