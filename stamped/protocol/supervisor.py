"""One task that holds one link: open it, pump it, back off, again.

Knows nothing of what is said. The connection decides what bytes mean and when to give up; the
opener decides where to connect and what to say last.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, suppress
import random
from typing import Final, NoReturn, Protocol

from .errors import LinkError

# A flood that is buffered already is read without a turn of the loop; after so many frames others get theirs.
MAX_FRAMES_IN_A_ROW: Final = 256


class Transport[Data](Protocol):
    """What carries frames; both calls may be cancelled without losing a frame."""

    async def send(self, data: Data) -> None:
        """Write one frame; raises LinkError."""

    async def receive(self) -> Data:
        """Wait for the next frame; raises LinkError when there will be none."""


class Connection[Data, Event](Protocol):
    """What frames mean; never waits."""

    @property
    def deadline(self) -> float:
        """Loop time of the next tick, in the past when there is something to write."""

    @property
    def established(self) -> bool:
        """Whether the handshake is through."""

    def receive(self, data: Data, now: float) -> Iterable[Event]:
        """Take one frame; raises VendorError when the link is of no more use."""

    def tick(self, now: float) -> Iterable[Event]:
        """Do what time asks for; raises VendorError when the link is of no more use."""

    def outgoing(self) -> Sequence[Data]:
        """Hand over the frames to write."""


type Backoff = Callable[[], Iterator[float]]
"""Starts a sequence of waits in seconds, one per failed attempt, without end."""


def exponential_backoff(
    first_s: float,
    cap_s: float,
    spread: tuple[float, float] = (0.5, 1.5),
    uniform: Callable[[float, float], float] = random.uniform,
    *,
    factor: float = 2.0,
) -> Backoff:
    """Build waits that grow by ``factor`` from ``first_s`` to ``cap_s``, each times a random number within ``spread``."""

    def waits() -> Iterator[float]:
        wait = min(first_s, cap_s)
        while True:
            yield wait * uniform(*spread)
            wait = min(cap_s, wait * factor)

    return waits


class Supervisor[Data, Event]:
    """Holds one link open until cancelled."""

    def __init__(
        self,
        open_link: Callable[
            [], AbstractAsyncContextManager[tuple[Transport[Data], Connection[Data, Event]]]
        ],
        *,
        deliver: Callable[[Event], None],
        report: Callable[[LinkError], None],
        backoff: Backoff,
        healthy_after_s: float,
    ) -> None:
        """Prepare; nothing happens before ``run``.

        ``deliver`` gets every event in order and must not raise; ``report`` gets the reason of every failed attempt
        and lost link. The back-off starts anew only after a link that lived for ``healthy_after_s``: a peer that
        accepts and hangs up must not be hammered.
        """
        self._open_link = open_link
        self._deliver = deliver
        self._report = report
        self._backoff = backoff
        self._healthy_after_s = healthy_after_s
        self._link: tuple[Transport[Data], Connection[Data, Event]] | None = None
        self._to_write: deque[Data] = deque()
        self._writer: asyncio.Task[None] | None = None
        self._alarm: asyncio.Timeout | None = None
        self._resting: asyncio.Timeout | None = None
        self._limit = 0.0

    async def run(self) -> NoReturn:
        """Hold one connection open until cancelled; raise only what a retry cannot mend."""
        clock = asyncio.get_running_loop().time
        delays = self._backoff()
        while True:
            healthy = False
            try:
                async with self._open_link() as (transport, connection):
                    opened = clock()
                    self._link = transport, connection
                    try:
                        await self._pump(transport, connection)
                    finally:
                        await self._let_go()
                        healthy = (
                            connection.established and clock() - opened >= self._healthy_after_s
                        )
            except LinkError as err:
                self._report(err)
                delay_s, asked_s = err.delay_s, err.retry_after_s or 0
            if healthy:
                delays = self._backoff()
            await self._rest(max(next(delays), asked_s) if delay_s is None else delay_s)

    def hurry(self) -> None:
        """End a wait between attempts: the peer was heard of."""
        if self._resting is not None:
            with suppress(RuntimeError):  # about to end anyway
                self._resting.reschedule(asyncio.get_running_loop().time())

    async def _rest(self, delay_s: float) -> None:
        """Wait before the next attempt."""
        with suppress(TimeoutError):
            async with asyncio.timeout(delay_s) as self._resting:
                await asyncio.get_running_loop().create_future()

    def wake(self) -> None:
        """Write what there is to write, and wait no longer than the connection now wants."""
        if self._link is None:
            return
        transport, connection = self._link
        self._flush(transport, connection)
        self._ring_by(connection.deadline)

    def _flush(
        self, transport: Transport[Data], connection: Connection[Data, Event]
    ) -> asyncio.Task[None] | None:
        """Take over what there is to write; one task writes it, in order.

        The task starts at once, so that a command does not wait for a turn of the loop, and is nobody's but ours, so
        that a cancelled caller cannot cut a frame short. Reading and deadlines go on while a write hangs.
        """
        self._to_write.extend(connection.outgoing())
        writer = self._writer
        if self._to_write and (writer is None or (writer.done() and not writer.exception())):
            self._writer = asyncio.create_task(self._write(transport), eager_start=True)
            if self._writer.done():  # as good as always: the socket took it at once
                self._written(self._writer)
            else:
                self._writer.add_done_callback(self._written)
        return self._writer

    async def _write(self, transport: Transport[Data]) -> None:
        while self._to_write:
            await transport.send(self._to_write.popleft())

    def _written(self, writer: asyncio.Task[None]) -> None:
        """Have the pump raise what a write ended with."""
        if not writer.cancelled() and writer.exception():
            self._ring_by(float("-inf"))

    def _ring_by(self, when: float) -> None:
        """Have the alarm ring by then, if the pump waits."""
        if self._alarm is not None and when < self._limit:
            self._limit = when
            with suppress(RuntimeError):  # not waiting: the pump looks anyway before it waits
                self._alarm.reschedule(when)

    async def _let_go(self) -> None:
        """Leave nothing of a link that ends."""
        self._link = self._alarm = None
        self._to_write.clear()
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)

    async def _pump(
        self, transport: Transport[Data], connection: Connection[Data, Event]
    ) -> NoReturn:
        """Carry frames both ways; the connection alone decides what they mean and when to give up."""
        clock = asyncio.get_running_loop().time
        deliver = self._deliver
        while True:
            writer = self._flush(transport, connection)
            if writer is not None and writer.done():
                writer.result()
            self._limit = connection.deadline
            try:
                async with asyncio.timeout_at(self._limit) as self._alarm:
                    # One alarm serves many frames: arming it anew for each would cost as much as reading one.
                    for _ in range(MAX_FRAMES_IN_A_ROW):
                        for event in connection.receive(await transport.receive(), clock()):
                            deliver(event)
                        if connection.deadline < self._limit:
                            break
                    else:
                        await asyncio.sleep(0)
            except TimeoutError:
                for event in connection.tick(clock()):
                    deliver(event)
