"""What every client does alike: its life, its listeners, its callers. In virtual time, without sockets."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from itertools import repeat
import logging
from typing import override

import pytest

from custom_components.dio_chacon.protocol.conversation import (
    Established,
    LinkStatistics,
    Noticed,
    Settled,
)
from custom_components.dio_chacon.protocol.errors import (
    AuthError,
    ConnectError,
    LinkClosedError,
    LinkError,
    RefusedError,
    SessionRefusedError,
    UnansweredError,
    VendorError,
)
from custom_components.dio_chacon.protocol.link import LinkChanged, LinkClient
from tests.support.clock import run_virtual

type Event = Established | Noticed | Settled | str
type Change = LinkChanged | str


class Wire:
    """A transport whose other end is the test."""

    def __init__(self) -> None:
        """Start silent."""
        self.sent: list[str] = []
        self.incoming: asyncio.Queue[Event | Exception] = asyncio.Queue()

    async def send(self, data: str) -> None:
        """Write one frame."""
        self.sent.append(data)

    async def receive(self) -> Event:
        """Wait for what the test wants to be understood."""
        event = await self.incoming.get()
        if isinstance(event, Exception):
            raise event
        return event


class Talk:
    """A conversation that understands events as they are, and asks whatever it is told to."""

    deadline = float("inf")

    def __init__(self) -> None:
        """Start before the handshake."""
        self.established = False
        self.queue: list[str] = []
        self.events: list[Event] = []
        self.withdrawn: list[int] = []

    def receive(self, data: Event, now: float) -> Iterable[Event]:
        """Take an event."""
        if isinstance(data, Established):
            self.established = True
        return (data,)

    def tick(self, now: float) -> Iterable[Event]:
        """Have nothing to do."""
        return ()

    def outgoing(self) -> Sequence[str]:
        """Hand over what was asked."""
        queue, self.queue = self.queue, []
        return queue

    def told(self) -> Sequence[Event]:
        """Hand over what a call had to tell."""
        events, self.events = self.events, []
        return events

    def withdraw(self, ticket: int) -> None:
        """Note what is not wanted any more."""
        self.withdrawn.append(ticket)


class Client(LinkClient[Talk, Event, Change]):
    """A client of whatever the test is."""

    peer = "the test"

    def __init__(self, *outcomes: Exception | None) -> None:
        """Each attempt to open ends as listed; after the list every one works."""
        super().__init__(backoff=lambda: repeat(10.0), healthy_after_s=60)
        self.statistics = LinkStatistics()
        self.outcomes = list(outcomes)
        self.links: list[tuple[Wire, Talk]] = []
        self.close_s = 0.0
        """Seconds that closing a link takes."""
        self.changes: list[Change] = []
        self.subscribe(self.changes.append)

    @property
    def wire(self) -> Wire:
        """The transport that was opened last."""
        return self.links[-1][0]

    @property
    def talk(self) -> Talk:
        """The conversation that began last."""
        return self.links[-1][1]

    @override
    @asynccontextmanager
    async def _open_link(self) -> AsyncIterator[tuple[Wire, Talk]]:
        outcome = self.outcomes.pop(0) if self.outcomes else None
        await asyncio.sleep(0)
        if outcome:
            raise outcome
        self.links.append((Wire(), Talk()))
        try:
            with self._conversing(self.talk):
                yield self.links[-1]
        finally:
            await asyncio.sleep(self.close_s)

    @override
    def _deliver(self, event: Event) -> None:
        match event:
            case Established():
                self._established()
            case Settled():
                self._settle(event)
            case Noticed(what=what):
                self._notice(what)
            case _:
                self._emit(event)

    @override
    def _lost(self) -> None:
        self._emit("nothing is known any more")

    async def ask(self, question: str, *, told: Sequence[Event] = ()) -> object:
        """Ask the test."""

        def submit(talk: Talk) -> int:
            talk.queue.append(question)
            talk.events.extend(told)
            return next(self._tickets)

        return await self._settled(submit)

    async def hears(self, *events: Event | Exception) -> None:
        """Have the link bring something, and let it arrive."""
        for event in events:
            self.wire.incoming.put_nowait(event)
        await turns()


async def turns() -> None:
    """Let everything happen that can happen now."""
    for _ in range(20):
        await asyncio.sleep(0)


@asynccontextmanager
async def running(
    *outcomes: Exception | None, established: bool = True
) -> AsyncIterator[tuple[Client, asyncio.Task[None]]]:
    """Run a client."""
    client = Client(*outcomes)
    task: asyncio.Task[None] = asyncio.create_task(client.run())
    await turns()
    if established:
        await client.hears(Established())
    try:
        yield client, task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


# --- life -----------------------------------------------------------------------------------


def test_ready_when_everything_was_read() -> None:
    """An open link is not enough; who waits goes on in the moment it is established."""

    async def main() -> None:
        async with running(established=False) as (client, _):
            waiters = [asyncio.create_task(client.ready(patient=each)) for each in (True, False)]
            await turns()
            assert not client.connected
            assert not any(waiter.done() for waiter in waiters)
            await client.hears(Established())
            await asyncio.gather(*waiters)
            assert client.connected
            assert client.changes == [LinkChanged(connected=True)]

    run_virtual(main())


def test_patience() -> None:
    """A patient caller waits through failures; any other hears of the first one."""

    async def main() -> None:
        async with running(ConnectError("first"), ConnectError("second"), established=False) as (
            client,
            _,
        ):
            patient = asyncio.create_task(client.ready())
            with pytest.raises(ConnectError, match="first"):
                await client.ready(patient=False)
            assert isinstance(client.last_error, ConnectError)
            assert client.statistics.drops == {"ConnectError": 1}
            await asyncio.sleep(25)
            assert not patient.done()
            await client.hears(Established())
            await patient
            await client.ready(patient=False)
            assert client.last_error is None
            assert client.statistics.drops == {"ConnectError": 2}

    run_virtual(main())


def test_a_retry_by_our_own_decision_is_no_verdict() -> None:
    """A refused session that is opened anew at once is part of the way in."""

    async def main() -> None:
        detour = SessionRefusedError("once more")
        detour.delay_s = 0
        async with running(detour, established=False) as (client, _):
            waiter = asyncio.create_task(client.ready(patient=False))
            await turns()
            await client.hears(Established())
            await waiter
            assert client.statistics.drops == {"SessionRefusedError": 1}

    run_virtual(main())


def test_lasting_error() -> None:
    """What a retry cannot mend ends the task, and everybody who waits or asks hears of it."""

    async def main() -> None:
        async with running(AuthError("refused"), established=False) as (client, task):
            for patient in (True, False):
                with pytest.raises(AuthError):
                    await client.ready(patient=patient)
            with pytest.raises(AuthError):
                await task
            assert isinstance(client.last_error, AuthError)
            with pytest.raises(LinkClosedError, match="no link to the test"):
                await client.ask("anybody?")

    run_virtual(main())


def test_lasting_error_later() -> None:
    """It counts as a lost link, too."""

    async def main() -> None:
        async with running() as (client, _):
            error = AuthError("refused meanwhile")
            await client.hears(error)
            assert client.changes[1:] == [
                "nothing is known any more",
                LinkChanged(connected=False, error=error),
            ]
            with pytest.raises(AuthError):
                await client.ready()

    run_virtual(main())


@pytest.mark.parametrize("established", [True, False])
def test_stopped(*, established: bool) -> None:
    """Who waits for a client that is stopped is not left waiting, and stopping is no loss to tell of."""

    async def main() -> None:
        async with running(established=established) as (client, task):
            waiter = None if established else asyncio.create_task(client.ready())
            await turns()
            told = list(client.changes)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            for late in (waiter, client.ready(), client.ready(patient=False)):
                if late:
                    with pytest.raises(LinkClosedError, match="stopped before the test answered"):
                        await late
            assert client.changes == told
            assert not client.connected

    run_virtual(main())


def test_lost_and_back() -> None:
    """Each is told once, in order: what is unknown now before that the link is lost."""

    async def main() -> None:
        async with running() as (client, _):
            error = LinkClosedError("the test hung up")
            await client.hears(error)
            assert not client.connected
            client.outcomes = [ConnectError("still away")]
            await asyncio.sleep(25)
            await client.hears(Established())
            assert client.changes == [
                LinkChanged(connected=True),
                "nothing is known any more",
                LinkChanged(connected=False, error=error),
                LinkChanged(connected=True),
            ]

    run_virtual(main())


def test_ready_while_a_lost_link_is_closed() -> None:
    """Closing takes its time; who waits meanwhile waits for the next link and keeps nobody from running."""

    async def main() -> None:
        async with running() as (client, _):
            client.close_s = 5
            await client.hears(LinkClosedError("the test hung up"))
            waiter = asyncio.create_task(client.ready())
            await asyncio.sleep(20)
            assert not waiter.done()
            await client.hears(Established())
            await waiter
            client.close_s = 0

    run_virtual(main())


# --- callers --------------------------------------------------------------------------------


def test_answers_find_their_callers() -> None:
    """In whatever order they come, and a failure is an exception."""

    async def main() -> None:
        async with running() as (client, _):
            callers = [asyncio.create_task(client.ask(f"question {n}")) for n in range(3)]
            await turns()
            assert client.wire.sent == ["question 0", "question 1", "question 2"]
            error = RefusedError("no")
            await client.hears(Settled(3, answer="third"), Settled(1), Settled(2, error))
            outcomes = await asyncio.gather(*callers, return_exceptions=True)
            assert outcomes == [None, error, "third"]
            await client.hears(Settled(1), Settled(99))  # twice, and to nobody
            assert client._waiters == {}

    run_virtual(main())


def test_what_asking_tells_counts_at_once() -> None:
    """The news is out before the call has to wait."""

    async def main() -> None:
        async with running() as (client, _):
            caller = asyncio.create_task(client.ask("question", told=["wanted", Settled(1)]))
            await asyncio.sleep(0)
            assert client.changes[1:] == ["wanted"]
            await caller

    run_virtual(main())


def test_callers_without_a_link() -> None:
    """They are told at once: before the link is established and after it is lost."""

    async def main() -> None:
        async with running(established=False) as (client, _):
            with pytest.raises(LinkClosedError, match="no link to the test"):
                await client.ask("too early")
            await client.hears(Established())
            caller = asyncio.create_task(client.ask("in time"))
            await turns()
            await client.hears(LinkError("gone"))
            with pytest.raises(LinkClosedError, match="the link to the test was lost"):
                await caller
            with pytest.raises(LinkClosedError):
                await client.ask("too late")
            assert client._waiters == {}

    run_virtual(main())


def test_old_answers_reach_no_new_caller() -> None:
    """Tickets go on counting on the next link."""

    async def main() -> None:
        async with running() as (client, _):
            old = asyncio.create_task(client.ask("old"))
            await turns()
            await client.hears(LinkClosedError("gone"))
            await asyncio.gather(old, return_exceptions=True)
            await asyncio.sleep(15)
            await client.hears(Established())
            new = asyncio.create_task(client.ask("new"))
            await turns()
            await client.hears(Settled(1, answer="for the old one"))
            assert not new.done()
            await client.hears(Settled(2, answer="for the new one"))
            assert await new == "for the new one"

    run_virtual(main())


def test_cancelled_caller() -> None:
    """It takes back what it asked; the answer goes nowhere, and to nobody else."""

    async def main() -> None:
        async with running() as (client, _):
            caller, other = (asyncio.create_task(client.ask(word)) for word in ("a", "b"))
            await turns()
            caller.cancel()
            await turns()
            assert caller.cancelled()
            assert client.talk.withdrawn == [1]
            await client.hears(Settled(1, answer="a"), Settled(2, answer="b"))
            assert await other == "b"
            assert client._waiters == {}

    run_virtual(main())


def test_answer_and_cancellation_at_once() -> None:
    """A caller that is cancelled when its answer is there already is cancelled, and nothing breaks."""

    async def main() -> None:
        async with running() as (client, _):
            caller = asyncio.create_task(client.ask("question"))
            await turns()
            client._settle(Settled(1, UnansweredError("no answer")))
            client._settle(Settled(1))
            caller.cancel()
            with pytest.raises(asyncio.CancelledError):
                await caller
            assert client._waiters == {}
            assert client.connected

    run_virtual(main())


# --- listeners ------------------------------------------------------------------------------


def test_listeners_are_told_in_order() -> None:
    """All of all, until they leave; one that is there twice is told twice."""

    async def main() -> None:
        async with running() as (client, _):
            heard: list[Change] = []
            leave = [client.subscribe(heard.append) for _ in range(2)]
            await client.hears("one", "two")
            leave[0]()
            leave[0]()
            await client.hears("three")
            leave[1]()
            await client.hears("four")
            assert heard == ["one", "one", "two", "two", "three"]
            assert client.changes[1:] == ["one", "two", "three", "four"]

    run_virtual(main())


def test_a_listener_that_leaves_while_told() -> None:
    """It hears no more, and the others miss nothing."""

    async def main() -> None:
        async with running() as (client, _):
            heard: list[Change] = []
            leave: list[Callable[[], None]] = []

            def once(change: Change) -> None:
                heard.append(change)
                leave[0]()

            leave.append(client.subscribe(once))
            last: list[Change] = []
            client.subscribe(last.append)
            await client.hears("one", "two")
            assert heard == ["one"]
            assert last == ["one", "two"]

    run_virtual(main())


def test_a_listener_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    """Its fault is logged, costs the others nothing, and the link goes on."""

    async def main() -> None:
        async with running() as (client, _):

            def fail(change: Change) -> None:
                raise ZeroDivisionError("the listener's own fault")

            client.subscribe(fail)
            later: list[Change] = []
            client.subscribe(later.append)
            await client.hears("one", "two")
            assert later == ["one", "two"]
            assert client.connected
            assert len(client.links) == 1

    run_virtual(main())
    failures = [each for each in caplog.records if each.exc_info]
    assert [each.getMessage() for each in failures] == ["A listener failed on str"] * 2


@pytest.mark.parametrize("level", [logging.INFO, logging.DEBUG])
def test_unknown_things_are_logged_once(level: int, caplog: pytest.LogCaptureFixture) -> None:
    """As loud as the vendor's client says."""
    caplog.set_level(logging.DEBUG)

    async def main() -> None:
        async with running() as (client, _):
            client.notice_level = level
            await client.hears(*[Noticed("odd word")] * 3)
            assert client.statistics.unknown == {"odd word": 3}

    run_virtual(main())
    lines = [each for each in caplog.records if "odd word" in each.getMessage()]
    assert [each.levelno for each in lines] == [level]


def test_attempts_are_no_lines_above_debug(caplog: pytest.LogCaptureFixture) -> None:
    """Home Assistant logs the loss once; what happens in between is for who wants it."""
    caplog.set_level(logging.DEBUG)
    errors: list[VendorError | None] = [ConnectError(f"attempt {number}") for number in range(5)]

    async def main() -> None:
        async with running(*errors, established=False) as (client, _):
            await asyncio.sleep(55)
            await client.hears(Established())

    run_virtual(main())
    lines = [each for each in caplog.records if "attempt" in each.getMessage()]
    assert [each.getMessage() for each in lines] == [
        f"Link to the test: attempt {number}" for number in range(5)
    ]
    assert {each.levelno for each in lines} == {logging.DEBUG}
