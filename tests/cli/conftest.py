"""The command line as a person starts it, and simulated clouds to talk to.

A module whose tests want a cloud says in a fixture ``cloud`` which one.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
import json
import os
from pathlib import Path
import signal
import subprocess
import sys
import tempfile
import threading
import time
from typing import Any
from urllib.request import Request, urlopen

import pytest

from script.lending import ROOT

from .nursery import Nursery, Program

CLI, SETUP = ROOT / "script/cli", ROOT / "script/setup"
LIMIT_S = 90

type Json = dict[str, Any]
type Environment = Mapping[str, str]


# What the command line wants to know of a simulator's line, by vendor.
OPTIONS = {
    "dio_chacon": {"--url": "ws_url", "--login-url": "auth_url"},
    "home_connect_local": {"--archive": "archive", "--host": "address"},
    "homismart": {"--url": "ws_url"},
}
CREDENTIALS: Mapping[str, Mapping[str, str]] = {
    "dio_chacon": {"DIO_CHACON_USERNAME": "email", "DIO_CHACON_PASSWORD": "password"},
    "home_connect_local": {},  # keys are in the archive
    "homismart": {"HOMISMART_USERNAME": "username", "HOMISMART_PASSWORD": "password"},
}


@dataclass(frozen=True, slots=True)
class Cloud:
    """A running simulator."""

    line: Json
    """What it printed when it was ready."""
    process: subprocess.Popen[str] = field(repr=False)

    @property
    def options(self) -> list[str]:
        """The options that send the command line there."""
        names = OPTIONS[self.line["domain"]]
        return [word for option, name in names.items() for word in (option, self.line[name])]

    @property
    def environment(self) -> Environment:
        """The credentials of its account."""
        names = CREDENTIALS[self.line["domain"]]
        return {variable: self.line[name] for variable, name in names.items()}

    def state(self) -> Json:
        """Read what it shows to its operator."""
        with urlopen(self.line["control_url"], timeout=LIMIT_S) as answer:
            state: Json = json.load(answer)
        return state

    def device_id(self, name: str) -> str:
        """Look an id up at the vendor's side."""
        return str(next(each["id"] for each in self.state()["devices"] if each["name"] == name))

    def wait_for(self, condition: Callable[[Json], object]) -> None:
        """Wait until something can be said of what it shows."""
        deadline = time.monotonic() + LIMIT_S
        while not condition(self.state()):
            assert time.monotonic() < deadline, "it does not happen"
            time.sleep(0.02)

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
"""Where programs under test keep their bytecode if the tests keep none: compiling anew is most of a start."""


def clean_environment() -> dict[str, str]:
    """Leave out credentials that the developer may have set."""
    unwanted = (
        "DIO_CHACON",
        "HAP_CONTROLLER",
        "HOME_CONNECT_LOCAL",
        "HOMISMART",
        "PYTHONDONTWRITEBYTECODE",
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    return {**kept, "PYTHONPYCACHEPREFIX": BYTECODE.name} if sys.dont_write_bytecode else kept


@contextmanager
def simulated(domain: str, *options: str) -> Iterator[Cloud]:
    """Run a simulator whose devices hurry."""
    process = subprocess.Popen(
        [sys.executable, "-m", "simulators", domain, "--speed", "20", *options],
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


class Follower:
    """A ``watch`` under way."""

    def __init__(self, process: Program) -> None:
        """Read what it prints; a silent one is killed when the time is over."""
        self.process = process
        self._timer = threading.Timer(LIMIT_S, process.kill)
        self._timer.start()

    def line(self) -> str:
        """Wait for the next line."""
        line = self.process.stdout.readline()
        assert line, "it ended or was silent"
        return line.rstrip("\n")

    def event(self, name: str) -> Json:
        """Wait for an event of this name."""
        while True:
            event: Json = json.loads(self.line())
            if event["event"] == name:
                return event

    def text(self, part: str) -> str:
        """Wait for a line with this in it."""
        while part not in (line := self.line()):
            pass
        return line

    def end(self, number: signal.Signals) -> Result:
        """Send a signal and wait for the end."""
        self.process.send_signal(number)
        output, errors = self.process.communicate(timeout=LIMIT_S)
        return Result(self.process.returncode, output, errors)

    def stop(self) -> None:
        """Leave nothing running."""
        self._timer.cancel()
        self._timer.join()
        self.process.close()


type Follow = Callable[..., Follower]


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Import the command line once for all tests of a worker."""
    nursery = Nursery(clean_environment(), ROOT)
    yield nursery
    nursery.close()


@pytest.fixture
def run(nursery: Nursery) -> Run:
    """Run script/cli in a process of its own, without anybody to ask, and wait for its end."""

    def run_cli(
        *words: str, environment: Environment | None = None, cwd: Path | None = None
    ) -> Result:
        program = nursery.start(words, {**clean_environment(), **(environment or {})}, cwd)
        try:
            output, errors = program.communicate(timeout=LIMIT_S)
            return Result(program.wait(LIMIT_S), output, errors)
        finally:
            program.close()

    return run_cli


@pytest.fixture(scope="session")
def environment_there() -> None:
    """Have the environment of ``script/cli`` there: another one may be that of the tests."""
    subprocess.run([SETUP], env=clean_environment(), capture_output=True, check=True)


@pytest.fixture
def run_alone(environment_there: None) -> Run:
    """Start script/cli as a person does, and wait for its end."""

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
def on_cloud(run: Run, cloud: Cloud, socket_enabled: None) -> Run:
    """Start a command of the vendor's on the simulated account."""

    def run_command(command: str, *words: str) -> Result:
        return run(
            cloud.line["domain"], command, *cloud.options, *words, environment=cloud.environment
        )

    return run_command


@pytest.fixture
def follow(
    nursery: Nursery, cloud: Cloud, socket_enabled: None, request: pytest.FixtureRequest
) -> Follow:
    """Start ``watch`` on the simulated account."""

    def start(*words: str) -> Follower:
        program = nursery.start(
            [cloud.line["domain"], "watch", *cloud.options, *words],
            {**clean_environment(), **cloud.environment},
        )
        follower = Follower(program)
        request.addfinalizer(follower.stop)
        return follower

    return start
