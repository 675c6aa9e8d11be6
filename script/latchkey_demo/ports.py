"""Choose loopback ports."""

from collections.abc import Collection
import secrets
import socket

from .errors import DemoError

LOOPBACK = "127.0.0.1"
ROWS = range(20_000, 32_000)
"""Where rows of ports begin: below those that systems hand out, or one of the row could be gone at any moment."""


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def any_free() -> int:
    """Return a port that the system picks."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port


def next_free(first: int, *, tries: int = 100) -> int:
    """Return the first free port from ``first`` on, or one that the system picks."""
    for port in range(first, min(first + tries, 65536)):
        if is_free(port):
            return port
    return any_free()


def keep_or_pick(stored: int | None, taken: Collection[int] = (), count: int = 1) -> int:
    """Return the stored port while it is free, else one that nobody has; and so with those behind it.

    Raises DemoError when so many in a row are not to be had.
    """

    def usable(port: int) -> bool:
        wanted = range(port, port + count)
        return wanted[-1] < 65536 and all(each not in taken and is_free(each) for each in wanted)

    if stored is not None and usable(stored):
        return stored
    for _ in range(100):
        if usable(port := any_free() if count == 1 else secrets.choice(ROWS)):
            return port
    raise DemoError(f"there are no {count} free ports in a row")
