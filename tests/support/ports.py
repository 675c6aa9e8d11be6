"""Ports of the servers in tests: none that an outgoing connection or a test beside may take meanwhile.

A server that listens at port 0 gets one of those that the system also gives to outgoing connections. When it comes
back at "the port as before", one of the thousands of connections of the tests beside may have it.
"""

from collections.abc import Iterator
import errno
from itertools import count
import os
import socket

FIRST, LAST = 12_000, 31_999
"""Below what the system gives to outgoing connections: 32,768 and up on Linux, 49,152 and up elsewhere."""
WORKERS = 8

_bind = socket.socket.bind


def own_ports() -> Iterator[int]:
    """Give the ports of this worker in turn, so that one comes again as late as can be."""
    share = (LAST + 1 - FIRST) // WORKERS
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % WORKERS
    # Another run on the same machine begins elsewhere.
    return (FIRST + worker * share + number % share for number in count(os.getpid() * 7))


def take_own_ports() -> None:
    """Give every TCP socket of this process that is bound to port 0 a port of our own."""
    ports = own_ports()

    def bind(self: socket.socket, address: tuple[object, ...] | str | bytes) -> None:
        if (
            self.type != socket.SOCK_STREAM
            or self.family not in {socket.AF_INET, socket.AF_INET6}
            or isinstance(address, str | bytes)
            or address[1] != 0
        ):
            _bind(self, address)
            return
        for _ in range(100):
            try:
                _bind(self, (address[0], next(ports), *address[2:]))
            except OSError as err:
                if err.errno != errno.EADDRINUSE:
                    raise
            else:
                return
        _bind(self, address)

    socket.socket.bind = bind  # type: ignore[method-assign,assignment]
