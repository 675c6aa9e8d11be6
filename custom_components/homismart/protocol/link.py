"""What every client does alike: hold one link, tell its listeners, let callers wait for their answers.

Knows no vendor and nothing of what is said: the vendor's client opens the link, turns events into changes, and offers
commands.
"""

from abc import ABC, abstractmethod
import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from itertools import count
import logging
from typing import Any, ClassVar, NoReturn, Protocol

from .conversation import LinkStatistics, Settled
from .errors import LinkClosedError, LinkError, VendorError
from .supervisor import Backoff, Connection, Supervisor, Transport

_LOGGER = logging.getLogger(__name__)


class Conversation[Data, Event](Connection[Data, Event], Protocol):
    """A connection that takes commands; each gets a ticket, which a later ``Settled`` names."""

    def told(self) -> Sequence[Event]:
        """Hand over what a call has to tell at once; the rest comes with the next frame or tick."""

    def withdraw(self, ticket: int) -> None:
        """Take back a command that has not left yet: nobody waits for it any more."""


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """The link came up, with everything read, or was lost."""

    connected: bool
    error: VendorError | None = None
    """Why it was lost."""


class LinkClient[ConversationT: Conversation[Any, Any], EventT, ChangeT](ABC):
    """One peer and the link to it.

    Nothing happens before ``run()``, which whoever made the client keeps as a task and cancels to stop: that closes
    within a few seconds. All calls belong to the loop that runs it.
    """

    peer: ClassVar[str] = "the peer"
    """What is at the other end, in the words of messages."""
    notice_level: ClassVar[int] = logging.INFO
    """How loud something unknown is logged."""
    statistics: LinkStatistics
    """What happened; a vendor's client may count more."""

    def __init__(self, *, backoff: Backoff, healthy_after_s: float) -> None:
        """Prepare; ``healthy_after_s`` is how long a link must live to start the back-off anew."""
        self.last_error: VendorError | None = None
        self._connection: ConversationT | None = None
        """The conversation on the link that is open, also while it is not established."""
        self._tickets = count(1)
        self._waiters: dict[int, asyncio.Future[Any]] = {}
        self._listeners: tuple[tuple[object, Callable[[ChangeT | LinkChanged], None]], ...] = ()
        self._was_connected = False
        self._ended = False
        self._lasting: VendorError | None = None
        self._up = asyncio.Event()
        self._news = asyncio.Event()
        self._supervisor: Supervisor[Any, EventT] = Supervisor(
            self._open_link,
            deliver=self._deliver,
            report=self._report,
            backoff=backoff,
            healthy_after_s=healthy_after_s,
        )

    # --- what differs between vendors -------------------------------------------------------

    @abstractmethod
    def _open_link(self) -> AbstractAsyncContextManager[tuple[Transport[Any], ConversationT]]:
        """Open the link and be on it, with ``_conversing``, for as long as the context lasts."""

    @abstractmethod
    def _deliver(self, event: EventT) -> None:
        """Turn an event into changes; hands ``Established``, ``Settled`` and ``Noticed`` to the methods below."""

    @abstractmethod
    def _lost(self) -> None:
        """Tell what is not known any more, now that an established link was lost."""

    # --- life -------------------------------------------------------------------------------

    async def run(self) -> NoReturn:
        """Keep the link up until cancelled.

        Raises AuthError or UnsupportedError when trying again cannot help; what ended can be run again all the same.
        """
        self._ended, self._lasting = False, None
        self._news.clear()
        self._up.clear()
        try:
            await self._supervisor.run()
        except VendorError as err:
            self._lasting = err
            self._report(err)
            raise
        finally:
            self._ended = True
            self._up.set()
            self._news.set()

    async def ready(self, *, patient: bool = True) -> None:
        """Wait until the link is up and everything was read on it.

        A patient caller waits through lost links, bounds that with ``asyncio.timeout`` and reads ``last_error`` when
        it strikes; any other gets the first LinkError that ``run()`` would wait after. Raises AuthError or
        UnsupportedError when ``run()`` ended with it, and LinkClosedError when it was stopped.
        """
        await self._news.wait()
        while patient and not (self.connected or self._ended):
            await self._up.wait()
        if self._lasting:
            raise self._lasting
        if not self.connected:
            raise self.last_error or LinkClosedError(f"stopped before {self.peer} answered")

    @property
    def ended(self) -> bool:
        """Whether ``run()`` came to its end: nothing more is tried before it is run again."""
        return self._ended

    @property
    def connected(self) -> bool:
        """Whether the link is up and everything was read on it."""
        return self._connection is not None and self._connection.established

    def subscribe(self, listener: Callable[[ChangeT | LinkChanged], None]) -> Callable[[], None]:
        """Have every change told, in order; gives back what ends that."""
        entry = (object(), listener)  # the same listener may be there twice
        self._listeners = (*self._listeners, entry)

        def unsubscribe() -> None:
            self._listeners = tuple(each for each in self._listeners if each is not entry)

        return unsubscribe

    # --- the way out ------------------------------------------------------------------------

    async def _settled(self, submit: Callable[[ConversationT], int]) -> Any:
        """Have something submitted and wait for its end; gives the answer, if there is one.

        Raises LinkError when there is no link or it drops, and what the command ended with.
        """
        connection = self._connection
        if connection is None or not connection.established:
            raise LinkClosedError(f"there is no link to {self.peer}")
        ticket = submit(connection)
        waiter = self._waiters[ticket] = asyncio.get_running_loop().create_future()
        for event in connection.told():  # counts at once, also for the next caller
            self._deliver(event)
        self._supervisor.wake()
        try:
            return await waiter
        except asyncio.CancelledError:
            connection.withdraw(ticket)
            self._supervisor.wake()
            raise
        finally:
            del self._waiters[ticket]

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    # --- the link ---------------------------------------------------------------------------

    @contextmanager
    def _conversing(self, connection: ConversationT) -> Iterator[None]:
        """Be on a link: callers can ask, and are told that it was lost when they still wait at its end."""
        self._connection = connection
        try:
            yield
        finally:
            self._connection = None
            self._up.clear()
            for waiter in self._waiters.values():
                if not waiter.done():
                    waiter.set_exception(LinkClosedError(f"the link to {self.peer} was lost"))

    def _report(self, err: VendorError) -> None:
        """Take the reason why an attempt failed or the link was lost."""
        self.last_error = err
        if not isinstance(err, LinkError) or err.delay_s is None:  # else it is part of our way in
            self._news.set()
        self.statistics.drops[type(err).__name__] += 1
        _LOGGER.debug("Link to %s: %s", self.peer, err)
        if self._was_connected:
            self._was_connected = False
            self._lost()
            self._emit(LinkChanged(connected=False, error=err))

    # --- the way in -------------------------------------------------------------------------

    def _established(self) -> None:
        """Take ``Established``."""
        self._was_connected = True
        self.last_error = None
        self._up.set()
        self._news.set()
        self._emit(LinkChanged(connected=True))

    def _settle(self, settled: Settled) -> None:
        """Give a caller what its command ended with."""
        waiter = self._waiters.get(settled.ticket)
        if waiter and not waiter.done():
            if settled.error:
                waiter.set_exception(settled.error)
            else:
                waiter.set_result(settled.answer)

    def _notice(self, what: str) -> None:
        """Log what is not known, once each, so that users can report it."""
        if self.statistics.first_seen(what):
            _LOGGER.log(self.notice_level, "Something unknown came from %s: %r", self.peer, what)

    def _emit(self, change: ChangeT | LinkChanged) -> None:
        """Tell every listener; one that fails costs the others nothing."""
        for _, listener in self._listeners:
            try:
                listener(change)
            except Exception:  # the listener's fault must not end the link
                _LOGGER.exception("A listener failed on %s", type(change).__name__)
