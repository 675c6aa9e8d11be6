"""Say what is being done, run programs, and stop with one clear message."""

from collections.abc import Mapping, Sequence
import os
from pathlib import Path
import subprocess
import sys
from typing import NoReturn, Optional, Union

ROOT = Path(__file__).resolve().parents[2]
Argument = Union[str, Path]


class ScriptError(Exception):
    """A script cannot go on; the text tells the user what was tried and what to do."""


def say(text: str) -> None:
    """Print one line of progress at once."""
    print(text, flush=True)


def stop(error: ScriptError) -> NoReturn:
    """End the program with the message of ``error`` on standard error."""
    print(f"{Path(sys.argv[0]).name}: {error}", file=sys.stderr, flush=True)
    sys.exit(1)


def run(
    command: Sequence[Argument],
    *,
    cwd: Optional[Path] = None,
    env: Optional[Mapping[str, str]] = None,
    timeout_s: Optional[float] = None,
) -> str:
    """Run a program quietly and return what it printed.

    Raises ScriptError with the end of its output when it fails, hangs or is missing.
    """
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout_s,
            check=False,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as err:
        raise ScriptError(f"{words[0]} could not be started: {err.strerror}") from err
    except subprocess.TimeoutExpired as err:
        raise ScriptError(f"{words[0]} gave no answer in {timeout_s:.0f} s") from err
    if done.returncode:
        tail = "\n".join(done.stdout.strip().splitlines()[-12:])
        raise ScriptError(f"{Path(words[0]).name} {' '.join(words[1:3])} failed:\n{tail}")
    return done.stdout
