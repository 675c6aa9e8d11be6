"""A loop whose clock runs ahead whenever nothing is left to do, so that waits cost nothing.

Sockets are real. Before the clock jumps, the sockets get a moment to tell what they have: on loopback that is what
one process wrote to itself, so what was sent arrives before any time limit strikes.
"""

import asyncio
from collections.abc import Coroutine
import selectors
from typing import override

from .leaks import no_leaks

# Real seconds that sockets are given before the clock jumps; loopback needs microseconds.
_GRACE_S = 0.001


class _JumpingSelector(selectors.EpollSelector):
    """Turns the time a loop would wait into time that has passed."""

    passed_s = 0.0

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Look for events; without any, let the time pass at once."""
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        ready = super().select(_GRACE_S if timeout is not None else 5.0)
        if ready:
            return ready
        if timeout is None:
            raise RuntimeError("the test waits for something that never comes")
        self.passed_s += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Event loop with a clock of its own that starts at a thousand seconds."""

    def __init__(self) -> None:
        """Take the selector that makes time pass."""
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    @override
    def time(self) -> float:
        """Give the virtual time."""
        return 1000.0 + self._jumping.passed_s


def run_virtual[Result](main: Coroutine[object, object, Result]) -> Result:
    """Run a coroutine in virtual time; nothing of it may stay behind."""
    with asyncio.Runner(loop_factory=VirtualLoop, debug=False) as runner:
        return runner.run(no_leaks(main))


def run_real[Result](main: Coroutine[object, object, Result]) -> Result:
    """Run a coroutine in real time in a plain loop, quicker than one in debug mode; nothing may stay behind."""
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop, debug=False) as runner:
        return runner.run(no_leaks(main))
