"""A proxy on loopback that does to a connection what networks do: cut, swallow, delay, split, damage, refuse.

Knows nothing of what is said. Put it between a client and a server of a test, set its switches at any time, and read
what passed. Offsets count the bytes of both directions together, from the last call of ``count_from_here``.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
import socket
import struct
from typing import Self, override

# How many of the last pieces are remembered: more than a handshake has.
_ENDS = 500


class Cut(Enum):
    """How a connection ends."""

    FIN = "fin"
    RST = "rst"


class Way(Enum):
    """Which way bytes go."""

    UP = "up"
    """From the client to the server."""
    DOWN = "down"


class Accept(Enum):
    """What happens to a client that connects."""

    PASS = "pass"
    HANG = "hang"
    """The connection is accepted, and nothing follows."""
    RESET = "reset"


class FaultProxy:
    """Passes bytes between clients and one server, with faults."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        """Stand before the server at ``port``; without switches everything passes."""
        self._target = (host, port)
        self.accept = Accept.PASS
        self.cut: Cut | None = None
        self.cut_after = 0
        """Bytes that pass before ``cut`` strikes."""
        self.blackhole = False
        """Whether bytes vanish, with the connection left open."""
        self.delay_s: Callable[[], float] | None = None
        """Gives the seconds that a chunk is late; order is kept."""
        self.chunk: int | None = None
        """Largest number of bytes that are passed on in one piece."""
        self.coalesce_s: float | None = None
        """Seconds for which bytes are gathered before they are passed on in one piece."""
        self.flip: tuple[Way, int] | None = None
        """Offset within one direction of a byte that is damaged; once."""
        self.repeat: tuple[Way, int] | None = None
        """Offset within one direction behind which the chunk so far is sent again; once."""
        self.connections = 0
        self.passed = 0
        self.passed_by = {Way.UP: 0, Way.DOWN: 0}
        self._ends: deque[int] = deque(maxlen=_ENDS)
        self._pairs: set[_Pair] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        """Listen on a port that the system picks."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Pair(self).client, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Drop everything."""
        await self.refuse()
        for pair in tuple(self._pairs):
            pair.drop(Cut.RST)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def port(self) -> int:
        """Where clients connect."""
        assert self._server
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def open(self) -> int:
        """Connections that are open."""
        return len(self._pairs)

    async def refuse(self) -> None:
        """Stop listening: further connections are refused."""
        if self._server:
            self._server.close()

    def count_from_here(self) -> None:
        """Count bytes anew."""
        self.passed = 0
        self.passed_by = {Way.UP: 0, Way.DOWN: 0}
        self._ends.clear()

    def offsets(self, cut: Cut) -> list[int]:
        """Choose where to cut what has passed since bytes were counted: every byte by RST, every seventh by FIN.

        And where pieces meet. Where the cut is decides what is left of a message, which is the same for both.
        """
        every = 1 if cut is Cut.RST else 7
        near = {end + by for end in self._ends for by in (-1, 0, 1)}
        return [at for at in range(self.passed) if at % every == 0 or at in near]

    def drop_all(self, cut: Cut) -> None:
        """End every connection now."""
        for pair in tuple(self._pairs):
            pair.drop(cut)

    def inject(self, data: bytes) -> None:
        """Let every client hear bytes that the server has not said."""
        for pair in tuple(self._pairs):
            pair.write(Way.DOWN, data)

    # --- what happens to bytes --------------------------------------------------------------

    def _damaged(self, way: Way, data: bytes) -> bytes:
        """Flip and repeat where told."""
        start = self.passed_by[way]
        self.passed_by[way] += len(data)
        if self.flip and self.flip[0] is way and 0 <= (at := self.flip[1] - start) < len(data):
            self.flip = None
            data = data[:at] + bytes((data[at] ^ 0x55,)) + data[at + 1 :]
        if (
            self.repeat
            and self.repeat[0] is way
            and 0 <= (at := self.repeat[1] - start) < len(data)
        ):
            self.repeat = None
            data = data[: at + 1] + data
        return data

    def _spawn(self, coroutine: object) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(coroutine)  # type: ignore[arg-type]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _End(asyncio.Protocol):
    """One of the two sockets of a connection."""

    def __init__(self, pair: _Pair, way: Way) -> None:
        """Hand what is read to the pair, as going ``way``."""
        self.transport: asyncio.Transport | None = None
        self._pair, self._way = pair, way

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if self._way is Way.UP:
            self._pair.begin()

    @override
    def data_received(self, data: bytes) -> None:
        self._pair.carry(self._way, data)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._pair.drop(Cut.RST if exc else Cut.FIN)


class _Pair:
    """A client's connection and the one to the server that belongs to it."""

    def __init__(self, proxy: FaultProxy) -> None:
        """Wait for the client."""
        self._proxy = proxy
        self.client = _End(self, Way.UP)
        self.server = _End(self, Way.DOWN)
        self._ended = False
        self._hanging = False
        self._early: list[bytes] = []
        self._late: deque[tuple[Way, bytes]] = deque()
        self._pacing = False

    def begin(self) -> None:
        """Take a client in, or not."""
        proxy = self._proxy
        proxy.connections += 1
        proxy._pairs.add(self)
        self._hanging = proxy.accept is Accept.HANG
        if proxy.accept is Accept.RESET:
            self.drop(Cut.RST)
        elif proxy.accept is Accept.PASS:
            proxy._spawn(self._connect())

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: self.server, *self._proxy._target)
        except OSError:
            self.drop(Cut.RST)
            return
        if self._ended:
            self._close(self.server, Cut.RST)
        early, self._early = self._early, []
        for data in early:
            self.carry(Way.UP, data)

    def carry(self, way: Way, data: bytes) -> None:
        """Pass bytes on, as the switches say."""
        proxy = self._proxy
        if self._ended or self._hanging or proxy.blackhole:
            return
        if way is Way.UP and self.server.transport is None:
            self._early.append(data)
            return
        data = proxy._damaged(way, data)
        if proxy.cut and proxy.passed + len(data) >= proxy.cut_after:
            self.write(way, data[: max(0, proxy.cut_after - proxy.passed)])
            proxy.passed = proxy.cut_after
            self.drop(proxy.cut)
            return
        proxy.passed += len(data)
        proxy._ends.append(proxy.passed)
        if proxy.delay_s or proxy.chunk or proxy.coalesce_s or self._pacing:
            self._late.append((way, data))
            if not self._pacing:
                self._pacing = True
                proxy._spawn(self._pace())
        else:
            self.write(way, data)

    async def _pace(self) -> None:
        """Pass bytes on late, in small pieces, or in large ones."""
        proxy = self._proxy
        try:
            while self._late:
                if proxy.coalesce_s:
                    await asyncio.sleep(proxy.coalesce_s)
                way, data = self._late.popleft()
                while proxy.coalesce_s and self._late and self._late[0][0] is way:
                    data += self._late.popleft()[1]
                if proxy.delay_s:
                    await asyncio.sleep(proxy.delay_s())
                size = proxy.chunk or len(data)
                for start in range(0, len(data), size):
                    self.write(way, data[start : start + size])
                    await asyncio.sleep(0)
        finally:
            self._pacing = False

    def write(self, way: Way, data: bytes) -> None:
        """Pass bytes on as they are."""
        end = self.server if way is Way.UP else self.client
        if data and end.transport and not end.transport.is_closing():
            end.transport.write(data)

    def drop(self, cut: Cut) -> None:
        """End both connections."""
        if self._ended:
            return
        self._ended = True
        self._proxy._pairs.discard(self)
        self._close(self.client, cut)
        self._close(self.server, cut)

    @staticmethod
    def _close(end: _End, cut: Cut) -> None:
        transport = end.transport
        if transport is None or transport.is_closing():
            return
        if cut is Cut.RST:
            with suppress(OSError):
                sock: socket.socket = transport.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        else:
            transport.close()
