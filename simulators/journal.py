"""What clients did, what they should not have done, and a way to wait for it."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

# What is kept of the past; a simulator may run for weeks.
KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Violation:
    """Something no client should have done."""

    why: str
    session: int = 0
    """Number of the connection, counted from 1; 0 for what belongs to none."""

    def as_json(self) -> dict[str, Any]:
        """Describe it for the control address."""
        return asdict(self)


class Journal[Entry]:
    """The record of one simulator, oldest first."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.received: deque[Entry] = deque(maxlen=KEPT)
        self.violations: deque[Violation] = deque(maxlen=KEPT)
        self._waiters: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []

    def note(self, entry: Entry) -> None:
        """Record what a client did."""
        self.received.append(entry)
        self.wake()

    def violate(self, why: str, session: int = 0) -> None:
        """Record what a client should not have done."""
        self.violations.append(Violation(why, session))
        self.wake()

    def clear(self) -> None:
        """Forget everything."""
        self.received.clear()
        self.violations.clear()

    def wake(self) -> None:
        """Look whether something that is waited for has become true."""
        for condition, waiter in self._waiters:
            if not waiter.done() and condition():
                waiter.set_result(None)

    async def wait_for(self, condition: Callable[[], bool], limit_s: float = 60.0) -> None:
        """Wait until something that clients do makes ``condition`` true; raises TimeoutError."""
        if condition():
            return
        waiter = (condition, asyncio.get_running_loop().create_future())
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout(limit_s):
                await waiter[1]
        finally:
            self._waiters.remove(waiter)
