"""A loop whose clock runs ahead whenever nothing is left to do, so that waits cost nothing.

Sockets are real. Before the clock jumps, nothing may be on its way: on loopback that is what one process wrote to
itself, and the system knows of each socket what has not arrived. So what was sent arrives before any time limit strikes.
"""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, ThreadPoolExecutor
from fcntl import ioctl
import selectors
import socket
import struct
import termios
from typing import override

from .leaks import no_leaks

# Real seconds that bytes on their way are given at a time; loopback needs microseconds.
_GRACE_S = 0.001
# The plugin of Home Assistant has a guard in its place while tests run without network.
_SOCKET = socket.socket
# How often they are given them, as on a machine that is busy with something else.
_PATIENCE = 100


class _JumpingSelector(selectors.EpollSelector):
    """Turns the time a loop would wait into time that has passed."""

    passed_s = 0.0
    _stuck: object = None
    """What was on its way when the clock jumped last: it may wait for a peer that never reads."""

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Look for events; without any, and without what may become one, let the time pass at once."""
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            if ready := super().select(30.0):
                return ready
            raise RuntimeError("the test waits for something that never comes")
        for _ in range(_PATIENCE):
            if (moving := on_the_way(self)) is None or moving == self._stuck:
                break
            if ready := super().select(_GRACE_S):
                return ready
        if ready := super().select(0):  # it has arrived while we looked
            return ready
        self._stuck = on_the_way(self)
        self.passed_s += timeout
        return []


def on_the_way(selector: selectors.BaseSelector) -> object:
    """Tell what its sockets have sent that was not acknowledged, and which still connect; None when nothing is."""
    keys = selector.get_map().values()
    for key in keys:
        _acknowledge(key.fd)
    found = []
    for key in keys:
        if key.events & selectors.EVENT_WRITE:
            found.append((key.fd, -1))
        try:
            (unacknowledged,) = struct.unpack("i", ioctl(key.fd, termios.TIOCOUTQ, b"0000"))
        except OSError:  # no socket of this kind
            continue
        if unacknowledged:
            found.append((key.fd, unacknowledged))
    return found or None


def _acknowledge(fd: int) -> None:
    """Let a socket acknowledge now what it has read; of itself it waits 40 ms for something to say along with it."""
    try:
        sock = _SOCKET(socket.AF_INET, socket.SOCK_STREAM, fileno=fd)
    except OSError:  # what is watched is no socket
        return
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
    except OSError:  # not one of this kind
        pass
    finally:
        sock.detach()


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

    @override
    def run_in_executor[Result](
        self, executor: Executor | None, func: Callable[..., Result], *args: object
    ) -> asyncio.Future[Result]:
        """Have a thread do something while no time passes."""
        future: asyncio.Future[Result] = self.create_future()
        with ThreadPoolExecutor(1) as pool:
            work = pool.submit(func, *args)
        if error := work.exception():
            future.set_exception(error)
        else:
            future.set_result(work.result())
        return future


def real_limit_s(limit_s: float) -> float:
    """Give a limit as it is in virtual time; in real time, of which a busy machine may have little for us, a minute."""
    virtual = isinstance(asyncio.get_running_loop(), VirtualLoop)
    return limit_s if virtual else max(limit_s, 60.0)


def run_virtual[Result](main: Coroutine[object, object, Result]) -> Result:
    """Run a coroutine in virtual time; nothing of it may stay behind."""
    with asyncio.Runner(loop_factory=VirtualLoop, debug=False) as runner:
        return runner.run(no_leaks(main))


def run_real[Result](main: Coroutine[object, object, Result]) -> Result:
    """Run a coroutine in real time in a plain loop, quicker than one in debug mode; nothing may stay behind."""
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop, debug=False) as runner:
        return runner.run(no_leaks(main, turns=2000))  # of a busy machine
