"""Child processes that never outlive the demo."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
import ctypes
import os
from pathlib import Path
import signal
import sys

from .errors import DemoError

PR_SET_PDEATHSIG = 1
TAIL_LINES = 25

_started: set[Child] = set()
"""Children that were started and not yet stopped."""


def kill_all() -> None:
    """End every child at once, for the user who does not want to wait."""
    for child in _started:
        child.kill()


def _leash() -> Callable[[], None] | None:
    """Return what ties a child to this process: when we die, the kernel ends it.

    Only Linux can do that; elsewhere a child outlives us when we are killed without warning.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def tie() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # we died between fork and prctl
            os._exit(1)

    return tie


def _environment(temporary: Path | None) -> dict[str, str]:
    """Make the environment of a child, and the place for its temporary files."""
    environment = {key: text for key, text in os.environ.items() if key != "PYTHONPATH"}
    if temporary is not None:
        temporary.mkdir(parents=True, exist_ok=True)
        environment["TMPDIR"] = str(temporary)
    return environment


class Child:
    """One running program, in a process group of its own so that Ctrl-C reaches only us."""

    def __init__(self, name: str, log: Path) -> None:
        """Name the child; what it prints goes to the file ``log``."""
        self.name = name
        self.log = log
        self._process: asyncio.subprocess.Process | None = None
        self._copying: asyncio.Task[None] | None = None

    async def start(
        self, words: Sequence[str | Path], folder: Path, temporary: Path | None = None
    ) -> None:
        """Start the program in a folder, with a pipe as standard output, and a place of its own for temporary files.

        It imports what that folder offers and nothing else of the repository.
        Raises DemoError when it cannot be started.
        """
        with self._open_log() as handle:
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *map(str, words),
                    cwd=folder,
                    env=_environment(temporary),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=handle,
                    start_new_session=True,
                    preexec_fn=_leash(),
                )
            except OSError as err:
                raise DemoError(f"{self.name} cannot be started: {err.strerror}") from err
        _started.add(self)

    @contextmanager
    def _open_log(self) -> Iterator[int]:
        """Open the log file for appending."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            yield handle
        finally:
            os.close(handle)

    async def first_line(self, timeout_s: float) -> str:
        """Return the first line that the program prints.

        Raises DemoError when it ends or stays silent.
        """
        stream = self._running.stdout
        assert stream is not None
        try:
            async with asyncio.timeout(timeout_s):
                line = await stream.readline()
        except TimeoutError:
            raise DemoError(f"{self.name} said nothing in {timeout_s:.0f} s{self.tail()}") from None
        if not line:
            await self._running.wait()
            raise DemoError(f"{self.name} ended at once{self.tail()}")
        return line.decode()

    def copy_output(self) -> None:
        """Let what the program prints from now on go to the log."""
        self._copying = asyncio.create_task(self._copy(), name=f"output of {self.name}")

    async def _copy(self) -> None:
        """Append each piece of output to the log."""
        stream = self._running.stdout
        assert stream is not None
        with self._open_log() as handle:
            while piece := await stream.read(65536):
                os.write(handle, piece)

    @property
    def _running(self) -> asyncio.subprocess.Process:
        """The process, once started."""
        assert self._process is not None
        return self._process

    @property
    def pid(self) -> int:
        """Process id."""
        return self._running.pid

    @property
    def exit_code(self) -> int | None:
        """What it ended with; None while it runs."""
        return self._running.returncode

    async def ended(self) -> int:
        """Wait for the end and return the exit code."""
        return await self._running.wait()

    def tail(self) -> str:
        """Return the last lines of the log, ready to be put behind an error."""
        return last_lines(self.log)

    async def stop(self, grace_s: float) -> bool:
        """End the program and all it started; tell whether it went by itself."""
        if self._process is None:
            return True
        process, gently = self._process, True
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.terminate()
            try:
                async with asyncio.timeout(grace_s):
                    await process.wait()
            except TimeoutError:
                gently = False
        self.kill()
        await process.wait()
        if self._copying is not None:
            await self._copying
        self._process = None
        _started.discard(self)
        return gently

    def kill(self) -> None:
        """Kill whatever is left of the program's process group."""
        if self._process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)


def last_lines(path: Path, count: int = TAIL_LINES) -> str:
    """Return the last lines of a file below a heading; empty when there are none."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    lines = text.strip().splitlines()[-count:]
    return "\n".join([f"; last lines of {path}:", *lines]) if lines else ""
