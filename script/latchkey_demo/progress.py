"""Say line by line what is going on and how long it took."""

import sys
import time


class Progress:
    """Lines on standard output, each with the seconds since the start."""

    def __init__(self) -> None:
        """Start the clock."""
        self._started = time.monotonic()
        self._open = True

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started

    def say(self, text: str) -> None:
        """Print one line with the time."""
        self.show(f"{self.elapsed_s:6.1f} s  {text}")

    def show(self, text: str) -> None:
        """Print text as it is; once the terminal has gone, print no more."""
        if not self._open:
            return
        try:
            print(text, flush=True)
        except OSError:  # the shutdown that follows must not stumble over it
            self._open = False

    @staticmethod
    def complain(text: str) -> None:
        """Print an error."""
        try:
            print(f"\nscript/demo: {text}", file=sys.stderr, flush=True)
        except OSError:
            return
