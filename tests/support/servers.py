"""What asyncio stumbles over when a server ends in the very turn in which it takes a connection.

The connection has no place in the server any more and is closed when it is collected. The server is told so, and calls
its waiters a second time, of which there are none: an exception in a destructor, which fails whatever test runs then.
"""

from asyncio.base_events import Server
from typing import Any

_detach: Any = Server._detach  # type: ignore[attr-defined]


def forgive_late_connections() -> None:
    """Let a server that nobody waits for any more lose a connection that it never had."""

    def detach(self: Any, transport: object) -> None:
        if self._waiters is not None:
            _detach(self, transport)

    Server._detach = detach  # type: ignore[attr-defined]
