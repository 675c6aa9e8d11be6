"""The task that holds a link: attempts, waits, reading, writing, and its end. In virtual time, without sockets."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import islice, repeat
from typing import Any

import pytest

from custom_components.dio_chacon.protocol.errors import (
    AuthError,
    ConnectError,
    FrameError,
    LinkClosedError,
    LinkError,
    PeerSilentError,
    ThrottledError,
    UnsupportedError,
    VendorError,
)
from custom_components.dio_chacon.protocol.supervisor import (
    Backoff,
    Supervisor,
    exponential_backoff,
)
from tests.support.clock import run_virtual

NEVER = float("inf")


class Wire:
    """A transport whose other end is the test."""

    def __init__(self) -> None:
        """Start silent."""
        self.sent: list[str] = []
        self.incoming: asyncio.Queue[str | Exception] = asyncio.Queue()
        self.send_s: float | None = None
        """Seconds that a write takes; None writes without a turn of the loop."""
        self.send_error: Exception | None = None

    async def send(self, data: str) -> None:
        """Write one frame."""
        if self.send_s is not None:
            await asyncio.sleep(self.send_s)
        if self.send_error:
            raise self.send_error
        self.sent.append(data)

    async def receive(self) -> str:
        """Wait for a frame of the test."""
        frame = await self.incoming.get()
        if isinstance(frame, Exception):
            raise frame
        return frame


class Talk:
    """A connection that repeats what it hears and does as the test says."""

    def __init__(self) -> None:
        """Want nothing."""
        self.established = False
        self.due = NEVER
        self.queue: list[str] = []
        self.ticks: list[float] = []
        self.on_tick: Callable[[float], Iterable[str]] = lambda now: ()
        self.due_after_frame: float | None = None

    @property
    def deadline(self) -> float:
        """Say when a tick is due."""
        return float("-inf") if self.queue else self.due

    def receive(self, data: str, now: float) -> Iterable[str]:
        """Take a frame: a word in capitals is an error."""
        if data == "GARBAGE":
            raise FrameError("garbage")
        if data == "REFUSED":
            raise AuthError("refused")
        if self.due_after_frame is not None:
            self.due = now + self.due_after_frame
        return (data,)

    def tick(self, now: float) -> Iterable[str]:
        """Note the time and do as told."""
        self.ticks.append(now)
        if now >= self.due:
            self.due = NEVER
        return self.on_tick(now)

    def outgoing(self) -> Sequence[str]:
        """Hand over what is queued."""
        queue, self.queue = self.queue, []
        return queue


class Bench:
    """A supervisor with everything around it, and a record of what happened when."""

    def __init__(
        self,
        *outcomes: Exception | None,
        backoff: Backoff = lambda: repeat(1.0),
        healthy_after_s: float = 60.0,
    ) -> None:
        """Each attempt to open ends as listed; after the list every one works."""
        self.outcomes = list(outcomes)
        self.attempts: list[float] = []
        self.links: list[tuple[Wire, Talk]] = []
        self.open = 0
        self.events: list[str] = []
        self.errors: list[LinkError] = []
        self.opened = asyncio.Event()
        self.supervisor: Supervisor[str, str] = Supervisor(
            self.open_link,
            deliver=self.events.append,
            report=self.errors.append,
            backoff=backoff,
            healthy_after_s=healthy_after_s,
        )

    @asynccontextmanager
    async def open_link(self) -> AsyncIterator[tuple[Wire, Talk]]:
        """Open a link, or fail as listed."""
        self.attempts.append(asyncio.get_running_loop().time() - 1000.0)
        assert self.open == 0, "attempts overlap"
        outcome = self.outcomes.pop(0) if self.outcomes else None
        await asyncio.sleep(0)
        if outcome:
            raise outcome
        self.open += 1
        link = Wire(), Talk()
        self.links.append(link)
        self.opened.set()
        try:
            yield link
        finally:
            self.open -= 1
            self.opened.clear()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[tuple[Wire, Talk]]:
        """Run the supervisor until the first link is open, and stop it in the end."""
        task = asyncio.create_task(self.supervisor.run())
        try:
            await self.opened.wait()
            await turns()
            yield self.links[-1]
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError, VendorError):
                await task
            assert self.open == 0

    async def run_for(self, seconds: float) -> None:
        """Run the supervisor for some time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.supervisor.run()


async def turns(count: int = 5) -> None:
    """Let the loop turn a few times."""
    for _ in range(count):
        await asyncio.sleep(0)


# --- waits ----------------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [0.5, 1.0, 1.25, 1.5])
def test_backoff_sequence(factor: float) -> None:
    """§12: min(300, 2 x 2^n) seconds, times a random factor of 0.5 to 1.5."""
    asked = []

    def uniform(low: float, high: float) -> float:
        asked.append((low, high))
        return factor

    waits = list(islice(exponential_backoff(2.0, 300.0, uniform=uniform)(), 12))
    assert waits == [min(300.0, 2.0 * 2**n) * factor for n in range(12)]
    assert set(asked) == {(0.5, 1.5)}


def test_backoff_is_random() -> None:
    """Many homes that lose the same cloud do not come back together."""
    backoff = exponential_backoff(2.0, 300.0)
    for number, waits in enumerate(zip(*(islice(backoff(), 9) for _ in range(50)), strict=True)):
        base = min(300.0, 2.0 * 2**number)
        assert all(0.5 * base <= wait <= 1.5 * base for wait in waits)
        assert len(set(waits)) == 50


def test_backoff_starts_anew() -> None:
    """Each sequence is its own."""
    backoff = exponential_backoff(2.0, 300.0, uniform=lambda low, high: 1.0)
    first = backoff()
    assert [next(first) for _ in range(5)] == [2, 4, 8, 16, 32]
    assert next(backoff()) == 2
    assert next(first) == 64


def test_backoff_never_beyond_the_cap() -> None:
    """A first wait beyond the cap is the cap; after years it is still the cap."""
    waits = exponential_backoff(500.0, 300.0, uniform=lambda low, high: 1.0)()
    assert {next(waits) for _ in range(10_000)} == {300.0}


def test_attempts_wait_longer_and_longer() -> None:
    """An attempt that fails is followed by the next wait, for ever."""

    async def main() -> None:
        errors = [ConnectError(str(number)) for number in range(12)]
        bench = Bench(
            *errors, backoff=exponential_backoff(2.0, 300.0, uniform=lambda low, high: 1.0)
        )
        await bench.run_for(3000)
        waits = [
            later - earlier
            for earlier, later in zip(bench.attempts, bench.attempts[1:], strict=False)
        ]
        assert waits == pytest.approx([2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300])
        assert bench.errors == errors

    run_virtual(main())


@pytest.mark.parametrize(
    ("lived_s", "established", "reset"),
    [(0.0, True, False), (59.9, True, False), (60.0, True, True), (1e6, False, False)],
)
def test_back_off_is_reset_by_health_alone(lived_s: float, established: bool, reset: bool) -> None:
    """A server that accepts and hangs up must not be hammered; one that held for a minute was good."""

    async def main() -> None:
        bench = Bench(
            ConnectError("1"),
            ConnectError("2"),
            backoff=exponential_backoff(2.0, 300.0, uniform=lambda low, high: 1.0),
        )
        async with bench.running() as (wire, talk):
            talk.established = established
            await asyncio.sleep(lived_s)
            wire.incoming.put_nowait(LinkClosedError("closed"))
            await turns()
            lost = asyncio.get_running_loop().time() - 1000.0
            await bench.opened.wait()
            wait = bench.attempts[-1] - lost
            assert wait == pytest.approx(2 if reset else 8)

    run_virtual(main())


def test_accept_and_hang_up() -> None:
    """Three hours of a server that lets us in and closes: attempts stay few."""

    async def main() -> None:
        bench = Bench(backoff=exponential_backoff(2.0, 300.0, uniform=lambda low, high: 0.5))
        task = asyncio.create_task(bench.supervisor.run())
        while asyncio.get_running_loop().time() < 1000.0 + 3 * 3600:
            await bench.opened.wait()
            wire, talk = bench.links[-1]
            talk.established = True
            wire.incoming.put_nowait(LinkClosedError("closed"))
            await asyncio.sleep(0.5)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert len(bench.attempts) < 90

    run_virtual(main())


@pytest.mark.parametrize(
    ("asked_s", "wait_s"), [(0.0, 2), (1.0, 2), (2.0, 2), (90.0, 90), (3600.0, 3600)]
)
def test_the_peer_may_only_lengthen_a_wait(asked_s: float, wait_s: float) -> None:
    """Retry-After is honoured, but is no way to have us come back at once."""

    async def main() -> None:
        bench = Bench(ThrottledError("busy", asked_s), backoff=lambda: repeat(2.0))
        async with bench.running():
            assert bench.attempts == pytest.approx([0, wait_s])

    run_virtual(main())


@pytest.mark.parametrize("times", [1, 5])
def test_news_of_the_peer_cut_a_wait_short(times: int) -> None:
    """The next attempt begins at once, once, and the wait after it is the next one."""

    async def main() -> None:
        bench = Bench(
            *(ConnectError(str(number)) for number in range(4)),
            backoff=exponential_backoff(10.0, 300.0, uniform=lambda low, high: 1.0),
        )
        task = asyncio.create_task(bench.supervisor.run())
        await asyncio.sleep(3)
        for _ in range(times):
            bench.supervisor.hurry()
        await asyncio.sleep(50)
        assert bench.attempts == pytest.approx([0, 3, 23])
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    run_virtual(main())


def test_news_of_the_peer_outside_of_a_wait() -> None:
    """Change nothing: before it runs, while a link is open, after it was stopped."""

    async def main() -> None:
        bench = Bench(ConnectError("1"), backoff=lambda: repeat(2.0))
        bench.supervisor.hurry()
        async with bench.running() as (wire, _talk):
            assert bench.attempts == pytest.approx([0, 2])
            bench.supervisor.hurry()
            wire.incoming.put_nowait("still there")
            await turns()
            assert bench.events == ["still there"]
            assert bench.open == 1
        bench.supervisor.hurry()

    run_virtual(main())


def test_own_decision_to_go_on_at_once() -> None:
    """One further login does not wait, and takes nothing from the back-off."""

    async def main() -> None:
        at_once = LinkClosedError("token expired")
        at_once.delay_s = 0
        bench = Bench(
            ConnectError("1"),
            at_once,
            ConnectError("2"),
            backoff=exponential_backoff(2.0, 300.0, uniform=lambda low, high: 1.0),
        )
        async with bench.running():
            assert bench.attempts == pytest.approx([0, 2, 2, 6])

    run_virtual(main())


@pytest.mark.parametrize(
    "error", [AuthError("no"), UnsupportedError("no"), VendorError("no"), ZeroDivisionError("no")]
)
def test_what_a_retry_cannot_mend(error: Exception) -> None:
    """Lasting errors and programming mistakes end the task; nothing is tried again."""

    async def main() -> None:
        bench = Bench(ConnectError("1"), error)
        with pytest.raises(type(error)):
            await bench.supervisor.run()
        assert len(bench.attempts) == 2
        assert [str(each) for each in bench.errors] == ["1"]

    run_virtual(main())


def test_lasting_error_from_the_conversation() -> None:
    """A refusal in mid-session ends the task as well, with the link closed."""

    async def main() -> None:
        bench = Bench()
        task = asyncio.create_task(bench.supervisor.run())
        await bench.opened.wait()
        bench.links[0][0].incoming.put_nowait("REFUSED")
        with pytest.raises(AuthError):
            await task
        assert bench.open == 0
        assert bench.errors == []

    run_virtual(main())


# --- reading --------------------------------------------------------------------------------


def test_events_in_order() -> None:
    """What is heard is delivered as it came."""

    async def main() -> None:
        bench = Bench()
        async with bench.running() as (wire, _):
            for number in range(1000):
                wire.incoming.put_nowait(str(number))
                if number % 7 == 0:
                    await asyncio.sleep(0)
            await turns(20)
            assert bench.events == [str(number) for number in range(1000)]

    run_virtual(main())


@pytest.mark.parametrize("broken", ["heard", "received", "ticked", "written", "woken"])
def test_a_broken_link_is_opened_again(broken: str) -> None:
    """Wherever the error shows: it is told once, the link is closed, the next is opened after the wait."""

    async def main() -> None:
        bench = Bench()
        error = PeerSilentError("silent") if broken == "ticked" else LinkClosedError("closed")

        def silent(now: float) -> Iterable[str]:
            raise error

        async with bench.running() as (wire, talk):
            match broken:
                case "heard":
                    wire.incoming.put_nowait("GARBAGE")
                case "received":
                    wire.incoming.put_nowait(error)
                case "ticked":
                    talk.on_tick, talk.due = silent, 1000.0
                    bench.supervisor.wake()
                case "written":
                    wire.send_error = error
                    talk.due = 1000.0
                    talk.on_tick = lambda now: talk.queue.append("x") or ()  # type: ignore[func-returns-value]
                    bench.supervisor.wake()
                case "woken":
                    wire.send_error = error
                    talk.queue.append("x")
                    bench.supervisor.wake()
            await turns(10)
            assert bench.open == 0
            await bench.opened.wait()
            await turns()
            assert len(bench.errors) == 1
            assert bench.attempts == pytest.approx([0, 1])
            bench.links[-1][0].incoming.put_nowait("hello")
            await turns()
            assert bench.events == ["hello"]

    run_virtual(main())


def test_ticks_when_due() -> None:
    """The connection says when; nothing is due in between, and no time is spent waiting idly."""

    async def main() -> None:
        bench = Bench()
        async with bench.running() as (wire, talk):
            dues = [1007.0, 1007.5, 1300.0, 90_000.0]

            def on_tick(now: float) -> Iterable[str]:
                talk.due = dues.pop(0) if dues else NEVER
                return ("tick",)

            talk.on_tick = on_tick
            talk.due = 1003.0
            bench.supervisor.wake()
            await asyncio.sleep(100_000)
            due = [time for time in talk.ticks if time > 1000.0]
            assert due == pytest.approx([1003.0, 1007.0, 1007.5, 1300.0, 90_000.0])
            assert len(talk.ticks) <= 7
            assert wire.sent == []

    run_virtual(main())


def test_frames_may_bring_the_deadline_forward() -> None:
    """A frame after which something is due sooner does not have to wait for the old alarm."""

    async def main() -> None:
        bench = Bench()
        async with bench.running() as (wire, talk):
            talk.due_after_frame = 1.0
            talk.due = 5000.0
            bench.supervisor.wake()
            await asyncio.sleep(10)
            wire.incoming.put_nowait("x")
            await asyncio.sleep(5)
            assert talk.ticks[-1] == pytest.approx(1011.0)

    run_virtual(main())


def test_a_flood_leaves_room_for_others() -> None:
    """Frames that are there already are read a few at a time: the loop opens front doors as well."""

    async def main() -> None:
        bench = Bench()
        async with bench.running() as (wire, _):
            for number in range(20_000):
                wire.incoming.put_nowait(str(number))
            most = before = 0
            while len(bench.events) < 20_000:
                await asyncio.sleep(0)
                most = max(most, len(bench.events) - before)
                before = len(bench.events)
            assert most <= 256

    run_virtual(main())


# --- writing --------------------------------------------------------------------------------


def test_wake_without_a_link_is_nothing() -> None:
    """Before the first, between two and after the last."""

    async def main() -> None:
        bench = Bench(ConnectError("1"))
        bench.supervisor.wake()
        task = asyncio.create_task(bench.supervisor.run())
        await turns()
        bench.supervisor.wake()
        await bench.opened.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        bench.supervisor.wake()
        await turns()

    run_virtual(main())


def test_wake_writes() -> None:
    """What is queued is on the wire within a turn of the loop or two."""

    async def main() -> None:
        bench = Bench()
        async with bench.running() as (wire, talk):
            for number in range(100):
                talk.queue.append(str(number))
                bench.supervisor.wake()
                await turns(3)
                assert wire.sent[-1] == str(number)
            assert len(wire.sent) == 100

    run_virtual(main())


def test_writes_go_on_during_a_flood() -> None:
    """Commands do not wait for the peer to pause."""

    async def main() -> None:
        bench = Bench()
        async with bench.running() as (wire, talk):
            for number in range(5000):
                wire.incoming.put_nowait(str(number))
            talk.queue.append("command")
            bench.supervisor.wake()
            for _ in range(5):
                await asyncio.sleep(0)
            assert wire.sent == ["command"]

    run_virtual(main())


@pytest.mark.parametrize("send_s", [0.0, 0.01, 1.0])
def test_order_of_writes(send_s: float) -> None:
    """However slowly the network takes them, frames leave in the order they were queued."""

    async def main() -> None:
        bench = Bench()
        async with bench.running() as (wire, talk):
            wire.send_s = send_s
            expected = []
            for number in range(60):
                for part in "ab":
                    talk.queue.append(f"{number}{part}")
                    expected.append(f"{number}{part}")
                bench.supervisor.wake()
                if number % 3:
                    talk.due = asyncio.get_running_loop().time()
                    wire.incoming.put_nowait("x")
                await asyncio.sleep(send_s * (number % 5) / 2)
            await asyncio.sleep(200)
            assert wire.sent == expected

    run_virtual(main())


def test_order_of_writes_when_a_write_has_just_ended() -> None:
    """A write that starts between the end of another and the reader's turn is not overtaken."""

    async def main() -> None:
        bench = Bench()
        async with bench.running() as (wire, talk):
            wire.send_s = 1.0
            for at in range(40):
                wire.sent.clear()
                talk.queue += ["1", "2"]
                bench.supervisor.wake()
                talk.due = asyncio.get_running_loop().time()  # the reader turns to writing as well
                bench.supervisor.wake()
                await asyncio.sleep(2.0)
                await turns(at)
                talk.queue += ["3", "4"]
                bench.supervisor.wake()
                await turns(at % 4)
                talk.queue += ["5"]
                bench.supervisor.wake()
                await asyncio.sleep(10)
                assert wire.sent == ["1", "2", "3", "4", "5"]

    run_virtual(main())


def test_a_write_that_hangs() -> None:
    """A peer that stops reading does not stop the clock: the connection can give up on it."""

    async def main() -> None:
        bench = Bench()
        async with bench.running() as (wire, talk):

            def silent(now: float) -> Iterable[str]:
                if now >= 1030.0:
                    raise PeerSilentError("silent")
                talk.due = 1030.0
                talk.queue.append("ping")
                return ()

            wire.send_s = 1e9
            talk.on_tick, talk.due = silent, 1020.0
            talk.queue.append("command")
            bench.supervisor.wake()
            await asyncio.sleep(45)
            assert [str(error) for error in bench.errors] == ["silent"]
            assert bench.attempts[1] < 60

    run_virtual(main())


def test_a_caller_that_gives_up_does_not_cut_a_write() -> None:
    """The write is not the caller's: it is cancelled, the frame is complete."""

    async def main() -> None:
        bench = Bench()
        async with bench.running() as (wire, talk):
            wire.send_s = 1.0

            async def call() -> None:
                talk.queue.append("command")
                bench.supervisor.wake()
                await asyncio.sleep(100)

            caller = asyncio.create_task(call())
            await asyncio.sleep(0.5)
            caller.cancel()
            await asyncio.sleep(1)
            assert wire.sent == ["command"]

    run_virtual(main())


# --- the end --------------------------------------------------------------------------------


@pytest.mark.parametrize("at", ["opening", "reading", "writing", "woken", "waiting", "ticking"])
def test_cancelled(at: str) -> None:
    """Wherever it strikes: the link is closed, the cancellation is passed on, nothing runs on."""

    async def main() -> None:
        bench = Bench(
            *([ConnectError("1")] if at == "waiting" else []), backoff=lambda: repeat(9.0)
        )
        task = asyncio.create_task(bench.supervisor.run())
        if at == "opening":
            await asyncio.sleep(0)
        elif at == "waiting":
            await asyncio.sleep(1)
        else:
            await bench.opened.wait()
            await turns()
            wire, talk = bench.links[0]
            if at == "writing":
                wire.send_s = 5.0
                talk.due = 1000.0
                talk.on_tick = lambda now: talk.queue.append("x") or ()  # type: ignore[func-returns-value]
                bench.supervisor.wake()
                await turns()
            elif at == "woken":
                wire.send_s = 5.0
                talk.queue.append("x")
                bench.supervisor.wake()
                await turns()
            elif at == "ticking":  # the alarm strikes in the same turn of the loop
                talk.due = asyncio.get_running_loop().time() + 3
                bench.supervisor.wake()
                await asyncio.sleep(3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert bench.open == 0
        assert bench.errors == [] or at == "waiting"

    run_virtual(main())


def test_cancelled_at_any_turn() -> None:
    """Stopping is safe at every single step of a busy link."""

    async def main() -> None:
        for step in range(120):
            bench = Bench(ConnectError("1"), backoff=lambda: repeat(0.0))
            task = asyncio.create_task(bench.supervisor.run())

            async def stir(bench: Bench = bench) -> None:
                await bench.opened.wait()
                wire, talk = bench.links[-1]
                wire.send_s = 0.0
                for number in range(20):
                    talk.queue.append(str(number))
                    bench.supervisor.wake()
                    wire.incoming.put_nowait("x" if number % 5 else "GARBAGE")
                    await asyncio.sleep(0)

            stirrer = asyncio.create_task(stir())
            await turns(step)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert task.cancelled()
            assert bench.open == 0
            stirrer.cancel()
            await asyncio.gather(stirrer, return_exceptions=True)

    run_virtual(main())


def test_it_can_run_again() -> None:
    """Nothing of the first run is left in the way of a second."""

    async def main() -> None:
        bench = Bench()
        for _ in range(3):
            async with bench.running() as (wire, talk):
                talk.queue.append("command")
                bench.supervisor.wake()
                await turns()
                assert wire.sent == ["command"]

    run_virtual(main())


def test_the_default_of_the_factor_is_random() -> None:
    """The generator of the standard library is used unless another is handed in."""
    values: list[Any] = list(islice(exponential_backoff(1.0, 1.0, (1.0, 2.0))(), 100))
    assert all(1.0 <= value <= 2.0 for value in values)
    assert len(set(values)) > 90
