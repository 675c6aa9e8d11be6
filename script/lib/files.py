"""Change files so that a reader, or a run beside this one, never sees half of it."""

from collections.abc import Iterator
from contextlib import contextmanager
import os
from pathlib import Path
import shutil
import tempfile

from .console import run, say

NOT_OURS = {"__pycache__", "build", "dist", "node_modules"}
"""Folders that no tool of this project reads, besides those with a leading dot."""


def cache_folder() -> Path:
    """Return the folder for what is fetched once and used by every clone."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "latchkey"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock, telling once when another run has it."""
    import fcntl  # not on Windows, where only script/install has to work

    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another run is setting up; waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def building(target: Path) -> Iterator[Path]:
    """Give a temporary folder beside ``target`` and put it in its place when all went well."""
    folder = Path(tempfile.mkdtemp(prefix=f"{target.name}.new-", dir=target.parent))
    try:
        yield folder
        folder.chmod(0o755)
        replace_folder(folder, target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def replace_folder(source: Path, target: Path) -> None:
    """Move ``source`` to ``target``; an old target goes only when the new one stands."""
    old = Path(tempfile.mkdtemp(prefix=f"{target.name}.old-", dir=target.parent))
    try:
        if target.exists():
            target.rename(old / target.name)
        try:
            source.rename(target)
        except OSError:
            if (old / target.name).exists():
                (old / target.name).rename(target)
            raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def tracked(root: Path) -> list[Path]:
    """List the files that git knows, or would add; in a tree without git, all that look like it.

    Raises ScriptError when there is a repository that git cannot read.
    """
    if (root / ".git").exists():
        listed = run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=root
        )
        paths = {root / name for name in listed.split("\0") if name}
    else:
        paths = {path for path in root.rglob("*") if not _is_foreign(path.relative_to(root))}
    return sorted(path for path in paths if path.is_file())


def _is_foreign(path: Path) -> bool:
    """Tell whether a path lies in an environment, a cache or a result."""
    hidden = any(part.startswith(".") for part in path.parts[:-1] if part not in (".ci", ".github"))
    return hidden or bool(NOT_OURS.intersection(path.parts))
