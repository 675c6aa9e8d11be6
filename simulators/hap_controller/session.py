"""One controller's connection: its bytes, what it subscribed to, and the ways it can suffer."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol, cast, override

from ..listener import reset
from ..refusal import Refusal
from .description import Json, Key
from .pairing import Exchange
from .requests import Request, RequestReader
from .seals import Seal


class Host(Protocol):
    """Who serves the connection."""

    def opened(self, session: Session) -> None:
        """Take a connection that a controller opened."""

    def closed(self, session: Session) -> None:
        """Take note of its end."""

    def offended(self, session: Session, why: str) -> None:
        """Take note of something that no controller should send, on which the connection ends."""

    async def serve(self, session: Session, request: Request) -> None:
        """Answer a request."""


class Session(asyncio.Protocol):
    """What belongs to one connection and ends with it."""

    transport: asyncio.Transport

    def __init__(self, host: Host, number: int, exchange: Exchange) -> None:
        """Begin in plain."""
        self.number = number
        self.exchange = exchange
        self.controller_id: str | None = None
        """Who it is, once that is proved."""
        self.subscriptions: set[Key] = set()
        self.prepared: tuple[int, float] | None = None
        """A timed write that was announced: its number, and until when."""
        self.stalled = False
        """Half-open: nothing is read or written, nothing is closed."""
        self.hung_up = False
        self.requests = 0
        self.waiting: dict[Key, Any] = {}
        """Changes that are told next."""
        self.telling: asyncio.TimerHandle | None = None
        self.told_at = float("-inf")
        self.dribble_s = 0.0
        """Between two bytes of what is written; 0 for all at once."""
        self._host = host
        self._seal: Seal | None = None
        self._reader: RequestReader | None = None
        self._queue: deque[Request] = deque()
        self._worker: asyncio.Task[None] | None = None
        self._slow = bytearray()
        self._drop: asyncio.TimerHandle | None = None

    @property
    def secured(self) -> bool:
        """Whether what travels is sealed."""
        return self._seal is not None

    @property
    def answering(self) -> bool:
        """Whether a request is being answered."""
        return self._worker is not None

    # --- the way in ---------------------------------------------------------------------------

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.transport = cast(asyncio.Transport, transport)
        address = self.transport.get_extra_info("sockname") or ("",)
        self._reader = RequestReader(address[0].partition("%")[0])
        self._host.opened(self)

    @override
    def data_received(self, data: bytes) -> None:
        """Take bytes of the controller."""
        if self.stalled or self.hung_up:
            return
        assert self._reader
        try:
            if self._seal is not None:
                data = self._seal.open(data)
            found = self._reader.feed(data) if data else []
        except Refusal as err:
            self._host.offended(self, str(err))
            return
        for request in found:
            if self.answering or self._queue:
                request.misdeeds.append("a request before the one before was answered")
            self._queue.append(request)
        if self._queue and self._worker is None:
            worker = asyncio.create_task(self._work(), eager_start=True)
            self._worker = None if worker.done() else worker

    async def _work(self) -> None:
        """Answer one request after the other."""
        try:
            while self._queue and not self.hung_up:
                await self._host.serve(self, self._queue.popleft())
        finally:
            self._worker = None

    @override
    def eof_received(self) -> bool:
        """Close when the controller does; a stalled connection notices nothing."""
        return self.stalled

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Forget everything that belongs to the connection."""
        self.hung_up = True
        if self._worker is not None:
            self._worker.cancel()
        for timer in (self.telling, self._drop):
            if timer is not None:
                timer.cancel()
        self.telling = None
        self.exchange.close()
        self.subscriptions.clear()
        self._queue.clear()
        self._host.closed(self)

    # --- the way out --------------------------------------------------------------------------

    def put(self, data: bytes, how: str = "") -> None:
        """Write a message, sealed if the session is; ``how`` says what is wrong with its frame."""
        if self.stalled or self.hung_up:
            return
        self.write(data if self._seal is None else self._seal.seal(data, how))

    def write(self, data: bytes) -> None:
        """Write bytes as they are."""
        if self.stalled or self.hung_up:
            return
        if self.dribble_s or self._slow:
            self._slow += data
            if self._drop is None:
                self._dribble()
        else:
            self.transport.write(data)

    def _dribble(self) -> None:
        """Write one byte, and the next one later."""
        self._drop = None
        if self._slow and not self.stalled and not self.hung_up:
            self.transport.write(bytes((self._slow.pop(0),)))
            loop = asyncio.get_running_loop()
            self._drop = loop.call_later(self.dribble_s, self._dribble)

    def establish(self) -> None:
        """Seal what travels from now on, with what pair-verify ended with."""
        found, self.exchange.established = self.exchange.established, None
        assert found
        if self._queue or (self._reader and self._reader.midway):
            self._host.offended(self, "more in plain behind pair-verify")
            return
        self._seal = Seal(found.read_key, found.write_key)
        self.controller_id = found.controller_id

    # --- the ways it can suffer -----------------------------------------------------------------

    def end(self, how: str = "fin") -> None:
        """End it: ``fin`` after what was written, ``rst`` at once."""
        if self.hung_up:
            return
        if how == "rst":
            self.abort()
        else:
            self.hung_up = True
            self.transport.close()

    def abort(self) -> None:
        """End it now, also if it was being ended with something left to write."""
        self.hung_up = True
        reset(self.transport)

    def half(self, data: bytes, how: str) -> None:
        """Write the first half of a message, sealed if the session is, and end the connection."""
        if self.hung_up or self.stalled:
            return
        sealed = data if self._seal is None else self._seal.seal(data)
        self.transport.write(sealed[: len(sealed) // 2])
        self.end(how)

    def stall(self) -> None:
        """Go half-open."""
        self.stalled = True
        self.transport.pause_reading()

    def resume(self) -> None:
        """Come back from a stall; what was to be written meanwhile is lost."""
        if self.stalled and not self.hung_up:
            self.stalled = False
            self.transport.resume_reading()

    # --- events -----------------------------------------------------------------------------

    def tell_later(
        self, key: Key, value: Any, interval_s: float, tell: Callable[[Json], None]
    ) -> None:
        """Tell a change, together with those that come until it is time; the last value of each counts."""
        self.waiting[key] = value
        if self.telling is None:
            loop = asyncio.get_running_loop()
            due = max(self.told_at + interval_s, loop.time())
            self.telling = loop.call_at(due, self._tell, tell)

    def _tell(self, tell: Callable[[Json], None]) -> None:
        self.telling = None
        self.told_at = asyncio.get_running_loop().time()
        waiting, self.waiting = self.waiting, {}
        rows = [
            {"aid": aid, "iid": iid, "value": value}
            for (aid, iid), value in waiting.items()
            if (aid, iid) in self.subscriptions
        ]
        if rows:
            tell({"characteristics": rows})
