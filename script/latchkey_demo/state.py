"""The folder that keeps the demo's state from one start to the next."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
import fcntl
import json
import os
from pathlib import Path
import shutil
from typing import Any

from .errors import DemoError

KEPT = "demo.json"
RUNNING = "running.json"
LOCK = "demo.lock"


@dataclass
class State:
    """What the next start has to know."""

    port: int | None = None
    simulator_ports: dict[str, int] = field(default_factory=dict)
    forms: dict[str, str] = field(default_factory=dict)
    """Per component: digest of what was last typed into its form."""
    dashboard: str | None = None
    """Digest of the dashboard as generated last; another one is the user's own work."""


class StateFolder:
    """Paths, lock and stored state."""

    def __init__(self, path: Path) -> None:
        """Name the folder; it is made when the lock is taken."""
        self.path = path
        self.config = path / "config"
        self.logs = path / "logs"
        self.output = self.logs / "home-assistant.log"
        self.temporary = path / "temporary"
        """For temporary files of what runs: those of another Home Assistant on this machine have the same names."""
        self.state = State()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder for this process alone, and load what is stored.

        Raises DemoError when another demo has it, or when it cannot be written.
        """
        try:
            foreign = self.path.exists() and any(self.path.iterdir()) and not self._is_ours()
            self.path.mkdir(parents=True, exist_ok=True)
            if foreign:
                raise DemoError(f"{self.path} holds something else; name another --folder")
            handle = (self.path / LOCK).open("a+", encoding="utf-8")
        except OSError as err:
            raise DemoError(f"{self.path} cannot be used: {err.strerror}") from err
        with handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise DemoError(self._occupied()) from None
            self.load()
            shutil.rmtree(self.temporary, ignore_errors=True)  # what a killed demo left
            try:
                yield
            finally:
                self.withdraw()

    def _is_ours(self) -> bool:
        """Tell whether a demo made this folder, so that --reset deletes nothing else."""
        return (self.path / LOCK).exists() or (self.path / KEPT).exists()

    def _occupied(self) -> str:
        """Say that another demo runs, and where it is found."""
        url = self._read(RUNNING).get("url")
        where = f" at {url}" if url else " (still starting or stopping)"
        return (
            f"a demo with the folder {self.path} runs already{where}."
            " Stop it with Ctrl-C in its terminal, or name another --folder."
        )

    def reset(self) -> None:
        """Delete all but the lock, which is held."""
        for item in self.path.iterdir():
            if item.name == LOCK:
                continue
            if item.is_dir() and not item.is_symlink():
                shutil.rmtree(item)
            else:
                item.unlink()
        self.state = State()

    def load(self) -> None:
        """Read what is stored; what cannot be read is as if nothing were stored."""
        stored = self._read(KEPT)
        known = {key: value for key, value in stored.items() if key in asdict(State())}
        self.state = State(**known)

    def save(self) -> None:
        """Store the state, all of it or nothing."""
        self._write(KEPT, asdict(self.state))

    def publish(self, running: dict[str, Any]) -> None:
        """Tell programs where the running demo is found."""
        self._write(RUNNING, running)

    def withdraw(self) -> None:
        """Take back what publish said."""
        with suppress(OSError):
            (self.path / RUNNING).unlink(missing_ok=True)

    def _read(self, name: str) -> dict[str, Any]:
        """Read a JSON object; empty when there is none."""
        try:
            found = json.loads((self.path / name).read_text(encoding="utf-8"))
        except OSError, ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self, name: str, content: dict[str, Any]) -> None:
        """Replace a JSON file in one go."""
        fresh = self.path / f"{name}.new"
        fresh.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        os.replace(fresh, self.path / name)  # noqa: PTH105  pathlib's would need the same two paths
