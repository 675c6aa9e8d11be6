"""The faults of a cloud link, injected between client and cloud: every run ends cleanly and leaves nothing.

Virtual time throughout: waits cost nothing, and limits are asserted in the seconds they stand for.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
import gc
from itertools import repeat
import logging
import random
from typing import Any, ClassVar

import aiohttp
import pytest

from tests.support.clock import run_real, run_virtual
from tests.support.fault_proxy import Accept, Cut, FaultProxy, Way
from tests.support.leaks import living, stays_flat
from tests.support.running import RunningClient, now, shown_by, until

from .base import Contract, for_each

GARBAGE = {
    "zeros": b"\x00" * 5000,
    "all bytes": bytes(range(256)) * 4,
    "HTTP": b"HTTP/1.1 503 Service Unavailable\r\n\r\n",
    "no UTF-8": b"\x81\x64" + b"\xff" * 100,
    "endless": b"\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff",
    "reserved": b"\xf1\x02{}",
}
_MANNERS = ("bytes", "late", "gathered", "jitter")
_CLOSED = ("refused", "hangs", "resets")
_IN_FLIGHT = (0, 1, 5)
_SEEDS = (1, 2)


class CloudFaults(Contract):
    """A client bears whatever happens between it and its cloud."""

    new_cloud: ClassVar[Callable[[], Any]]
    """Makes a cloud of the tests with the fixture account."""
    kinds: ClassVar[Sequence[type]]
    """The conversation and the transport of the core: of each there is one per link."""
    max_frame_bytes: ClassVar[int]
    steady: ClassVar[Callable[[], Any]]
    """The vendor's back-off without chance."""
    switch: ClassVar[str]
    """Id of a switch, which is off and the only device of a small cloud."""
    handshake_bytes: ClassVar[int]
    """A small cloud's handshake is longer than that."""
    secrets: ClassVar[Sequence[str]]
    """What nobody must be shown."""
    unlucky: ClassVar[Mapping[str, Callable[[Any], None]]]
    """What can go wrong with a login or a link, by name: prepares a cloud for it."""
    minds_hang_ups: ClassVar[bool]
    """Whether a login that is hung up on several times in a row is tried more slowly."""
    longest_s: ClassVar[float]
    """No command may take longer, whatever happens."""

    # --- what differs between vendors -------------------------------------------------------

    def small(self) -> Any:
        """Build a cloud of one switch, so that a handshake is few bytes."""
        raise NotImplementedError

    def proxied(
        self, cloud: Any = None, **options: Any
    ) -> AbstractAsyncContextManager[tuple[RunningClient, FaultProxy, Any]]:
        """Run a client against a cloud behind a proxy."""
        raise NotImplementedError

    def at_home(
        self, cloud: Any = None, **options: Any
    ) -> AbstractAsyncContextManager[tuple[RunningClient, Any]]:
        """Run a client against a cloud."""
        raise NotImplementedError

    def raw(self, cloud: Any, data: bytes) -> None:
        """Let the cloud send bytes."""
        raise NotImplementedError

    def push(self, device_id: str, on: bool) -> bytes:
        """Build the websocket frame with which a switch reports."""
        raise NotImplementedError

    def heard(self, cloud: Any) -> int:
        """Count the commands that the cloud heard on all its links."""
        raise NotImplementedError

    def forget(self, cloud: Any) -> None:
        """Let a cloud forget what it wrote down, but for the newest link."""
        cloud.links[:-1] = []

    def crowded(self) -> Any:
        """Build a cloud of which the wishes below make many bytes."""
        raise NotImplementedError

    def stop_reading(self, cloud: Any) -> None:
        """Let the newest link read nothing more."""
        raise NotImplementedError

    def wishes(self, run: RunningClient) -> list[Coroutine[Any, Any, Any]]:
        """Ask a crowded cloud for so much that it does not fit into the buffers of the system."""
        raise NotImplementedError

    async def use(self, run: RunningClient) -> None:
        """Do something with a link that is up, in the hope that a secret gets out."""

    def wish(self, run: RunningClient, numbers: random.Random) -> Callable[[], Awaitable[Any]]:
        """Choose a command."""
        raise NotImplementedError

    async def hinder(self, cloud: Any, numbers: random.Random) -> None:
        """Let the cloud itself do something odd."""
        raise NotImplementedError

    def calm(self, cloud: Any) -> None:
        """Let the cloud do as it should again."""
        raise NotImplementedError

    async def check(self, run: RunningClient, cloud: Any) -> None:
        """Compare what the client shows with what the cloud has."""
        raise NotImplementedError

    # --- cut at every byte ------------------------------------------------------------------

    @staticmethod
    async def next_attempt(run: RunningClient, proxy: FaultProxy) -> None:
        """Let a link come up, be lost, and the next attempt begin."""
        proxy.cut = None
        await run.back()
        before = run.drops.total()
        proxy.drop_all(Cut.RST)
        await run.dropped(before)
        proxy.count_from_here()

    @for_each("cut", list(Cut))
    def test_handshake_cut_at_every_byte(self, cut: Cut) -> None:
        """From the upgrade to the last state: whatever the byte, the client comes back and has lost nothing."""

        async def main() -> int:
            async with self.proxied(self.small(), backoff=lambda: repeat(0.0)) as (
                run,
                proxy,
                cloud,
            ):
                await self.next_attempt(run, proxy)
                await run.back()
                length, offsets = proxy.passed, proxy.offsets(cut)
                await self.next_attempt(run, proxy)
                for offset in offsets:
                    if self.minds_hang_ups:
                        await self.next_attempt(run, proxy)
                    proxy.count_from_here()
                    proxy.cut, proxy.cut_after = cut, offset
                    await run.another_drop()
                    assert not run.client.connected
                    self.forget(cloud)
                    run.changes.clear()
                proxy.cut = None
                await run.back()
                assert run.device(self.switch).is_on is False
                await run.client.set_on(self.switch, True)
                assert set(run.drops) <= {"LinkClosedError", "ConnectError", "FrameError"}
                assert run.drops.total() >= len(offsets)
                assert proxy.open == 1
            return length

        assert run_virtual(main()) > self.handshake_bytes

    @for_each("cut", list(Cut))
    def test_command_cut_at_every_byte(self, cut: Cut) -> None:
        """A command and what comes of it: done, or a failure at once; never sent twice."""

        async def main() -> int:
            async with self.proxied(self.small(), backoff=lambda: repeat(0.0)) as (
                run,
                proxy,
                cloud,
            ):
                proxy.count_from_here()
                await run.client.set_on(self.switch, True)
                length, done = proxy.passed, 0
                for offset in (*proxy.offsets(cut), length):
                    await run.back()
                    self.forget(cloud)
                    heard, drops = self.heard(cloud), run.drops.total()
                    proxy.count_from_here()
                    proxy.cut, proxy.cut_after = cut, offset
                    async with asyncio.timeout(1):
                        try:
                            await run.client.set_on(self.switch, True)
                        except run.protocol.LinkClosedError:
                            assert offset <= length
                        else:
                            done += 1
                    proxy.cut = None
                    proxy.drop_all(cut)
                    await run.dropped(drops)
                    await run.back()
                    assert self.heard(cloud) - heard <= 1
                assert done <= 2
            return length

        assert run_virtual(main()) > 100

    # --- other damage -----------------------------------------------------------------------

    @for_each("way", list(Way))
    def test_damaged_bytes(self, way: Way) -> None:
        """One flipped byte anywhere in a handshake: understood, ignored, refused, or another attempt; never a crash."""

        async def main() -> None:
            async with self.proxied(self.small()) as (run, proxy, cloud):
                length = proxy.passed_by[way]
                for offset in range(0, length, 13):
                    await self.next_attempt(run, proxy)
                    proxy.flip = way, offset
                    with suppress(TimeoutError):
                        await run.back(60)
                    proxy.flip = None
                    if run.task.done():  # an answer that was damaged to a refusal
                        assert isinstance(run.task.exception(), run.protocol.AuthError)
                        run.task = asyncio.create_task(run.client.run())
                    await run.back(400)
                    assert self.switch in run.client.devices
                    self.forget(cloud)
                # What was damaged does not stay.
                await run.client.refresh()
                await asyncio.sleep(11)
                await run.client.refresh()
                assert set(run.client.devices) == {self.switch}

        loggers = [logging.getLogger(name) for name in ("aiohttp.server", "asyncio")]
        for logger in loggers:  # the cloud of the tests may not like it
            logger.setLevel(logging.CRITICAL)
        try:
            run_virtual(main())
        finally:
            for logger in loggers:
                logger.setLevel(logging.NOTSET)

    @for_each("manner", _MANNERS)
    def test_segmentation(self, manner: str) -> None:
        """One byte at a time, late, in large pieces or in any: the same home, the same commands."""

        async def main() -> None:
            cloud = self.small() if manner == "bytes" else None
            async with self.proxied(cloud, ready=False) as (run, proxy, server):
                match manner:
                    case "bytes":
                        proxy.chunk = 1
                    case "late":
                        proxy.delay_s = lambda: 1.0
                    case "gathered":
                        proxy.coalesce_s = 0.5
                    case _:
                        numbers = random.Random(7)
                        proxy.delay_s, proxy.chunk = lambda: numbers.uniform(0, 0.3), 100
                await run.ready()
                switch = self.switch
                await asyncio.gather(run.client.set_on(switch, True), run.client.refresh())
                pushes = run.client.statistics.pushes
                for number in range(20):
                    self.raw(server, self.push(switch, number % 2 == 0))
                await until(lambda: run.client.statistics.pushes == pushes + 20, 60)
                assert run.device(switch).is_on is False

        run_virtual(main())

    def test_slow_loris(self) -> None:
        """A handshake of which a byte comes every eleven seconds: the limits strike, the client comes back."""

        async def main() -> None:
            async with self.proxied(ready=False) as (run, proxy, _):
                proxy.chunk, proxy.delay_s = 1, lambda: 11.0
                with pytest.raises(run.protocol.ConnectError):
                    await run.client.ready(patient=False)
                proxy.chunk = proxy.delay_s = None
                await run.ready()

        run_virtual(main())

    @for_each("what", [*GARBAGE, "oversized"])
    def test_garbage(self, what: str) -> None:
        """Bytes that cannot be a websocket end the link at once; it comes back and works."""
        oversized = b"\x81\x7f" + (self.max_frame_bytes + 2).to_bytes(8)

        async def main() -> None:
            async with self.at_home() as (run, cloud):
                self.raw(cloud, GARBAGE.get(what, oversized))
                await run.lost()
                assert set(run.drops) <= {"FrameError", "LinkClosedError"}
                await run.back()
                await run.client.set_on(self.switch, True)
                assert len(cloud.links) == 2

        run_virtual(main())

    def test_masked_frame(self) -> None:
        """What only a client may send is forgiven by the library, and is no frame of ours."""

        async def main() -> None:
            async with self.at_home() as (run, cloud):
                self.raw(cloud, b"\x81\x82\x00\x00\x00\x00{}" + self.push(self.switch, on=True))
                await run.when(lambda: run.device(self.switch).is_on)
                assert len(cloud.links) == 1

        run_virtual(main())

    # --- nobody there, or nobody answering --------------------------------------------------

    @for_each("manner", _CLOSED)
    def test_nobody_answers_the_door(self, manner: str) -> None:
        """Each attempt has its ten seconds, one at a time; afterwards the client is back by itself."""

        async def main() -> None:
            async with self.proxied(backoff=self.steady) as (run, proxy, _):
                await asyncio.sleep(61)
                if manner == "refused":
                    await proxy.refuse()
                proxy.accept = Accept.HANG if manner == "hangs" else Accept.RESET
                proxy.drop_all(Cut.FIN)
                await asyncio.sleep(600)
                assert proxy.open <= 1
                assert 5 <= run.drops["ConnectError"] <= 12
                assert not run.client.connected
                if manner != "refused":
                    proxy.accept = Accept.PASS
                    await run.back(400)

        run_virtual(main())

    @for_each("in_flight", _IN_FLIGHT)
    def test_half_open(self, in_flight: int) -> None:
        """The peer vanishes without a word: noticed within half a minute, commands fail in time, then all is back."""

        async def main() -> None:
            async with self.proxied() as (run, proxy, _):
                protocol = run.protocol
                proxy.blackhole = True
                started = now()
                ids = list(run.client.devices)[-in_flight:] if in_flight else []
                outcomes = await asyncio.gather(
                    *(run.client.set_on(each, True) for each in ids), return_exceptions=True
                )
                ends = {protocol.UnansweredError, protocol.LinkClosedError}
                assert len(outcomes) == in_flight
                assert {type(each) for each in outcomes} <= ends
                assert now() - started < 21
                await run.lost()
                assert now() - started < 31
                assert isinstance(run.client.last_error, protocol.PeerSilentError)
                proxy.blackhole = False
                lost = now()
                await run.back()
                assert now() - lost < 5

        run_virtual(main())

    def test_peer_that_stops_reading(self) -> None:
        """Its window is closed and our buffers fill up: the deadlines go on, the link is given up, and comes back."""

        async def main() -> None:
            async with self.at_home(self.crowded()) as (run, cloud):
                self.stop_reading(cloud)
                started = now()
                outcomes = await asyncio.gather(*self.wishes(run), return_exceptions=True)
                assert all(isinstance(each, run.protocol.VendorError) for each in outcomes)
                assert now() - started < 60
                await run.back(60)
                await run.client.refresh()

        run_virtual(main())

    def test_stopping_while_the_peer_does_not_read(self) -> None:
        """A write that hangs does not hold up the end."""

        async def main() -> None:
            async with self.at_home(self.crowded()) as (run, cloud):
                self.stop_reading(cloud)
                callers = [asyncio.create_task(each) for each in self.wishes(run)]
                await asyncio.sleep(12)
                started = now()
                await run.stop()
                assert now() - started < 5
                outcomes = await asyncio.gather(*callers, return_exceptions=True)
                assert all(isinstance(each, run.protocol.VendorError) for each in outcomes)

        run_virtual(main())

    def test_quiet_but_alive(self) -> None:
        """A slow link on which nothing happens is not given up."""

        async def main() -> None:
            async with self.proxied() as (run, proxy, _):
                proxy.delay_s = lambda: 3.0
                await asyncio.sleep(400)
                assert run.client.connected
                assert run.drops == {}

        run_virtual(main())

    # --- storms and floods ------------------------------------------------------------------

    def test_flapping_for_hours(self, caplog: pytest.LogCaptureFixture) -> None:
        """A network that comes and goes every few seconds: attempts, log and memory stay bounded."""
        caplog.set_level(logging.INFO)
        kind = self.kinds[0]

        async def main() -> None:
            numbers, others = random.Random(1), len(living(kind))
            async with self.proxied(backoff=self.steady) as (run, proxy, cloud):
                started = now()
                while now() - started < 2 * 3600:
                    await asyncio.sleep(numbers.uniform(1, 20))
                    proxy.drop_all(numbers.choice(list(Cut)))
                    proxy.accept = numbers.choice((Accept.PASS, Accept.PASS, Accept.RESET))
                    self.forget(cloud)
                assert proxy.connections < 100
                proxy.accept = Accept.PASS
                await run.back(400)
                run.changes.clear()  # the errors in them hold the frames they passed
                assert len(living(kind)) - others == 1

        run_virtual(main())
        ours = [each for each in caplog.records if each.name.startswith("custom_components")]
        assert not [each for each in ours if "unknown" not in each.message]

    def test_thousand_reconnects(self) -> None:
        """Nothing is left of nine hundred and ninety-nine links."""

        async def main() -> None:
            async with self.at_home(self.small(), backoff=lambda: repeat(0.0)) as (run, cloud):
                kinds = (*self.kinds, aiohttp.ClientWebSocketResponse)
                before = [len(living(kind)) for kind in kinds]

                async def reconnect(count: int) -> None:
                    for _ in range(count):
                        drops = run.drops.total()
                        cloud.link.abort()
                        await run.dropped(drops)
                        await run.back()
                        self.forget(cloud)
                        run.changes.clear()

                await stays_flat(reconnect, 1000)
                assert [len(living(kind)) for kind in kinds] == before
                assert len(asyncio.all_tasks()) <= 5
                assert run.client.statistics.connects == 1001

        run_virtual(main())

    def test_flood_leaves_the_loop_to_others(self) -> None:
        """Thousands of reports in one piece: other work of the loop goes on between them, and commands too."""

        async def main() -> None:
            async with self.at_home() as (run, cloud):
                statistics = run.client.statistics
                pair = self.push(self.switch, on=True) + self.push(self.switch, on=False)
                self.raw(cloud, pair * 5000)
                command = asyncio.create_task(run.client.refresh())
                most = before = 0
                while statistics.pushes < 10_000:
                    await asyncio.sleep(0)
                    most = max(most, statistics.pushes - before)
                    before = statistics.pushes
                assert most <= 256
                await command

        run_real(main())

    def test_pings_without_end(self) -> None:
        """Each is answered, and none of them hurts."""

        async def main() -> None:
            async with self.at_home() as (run, cloud):
                self.raw(cloud, (b"\x89\x7d" + b"x" * 125) * 3000)
                await run.client.set_on(self.switch, True)
                await until(lambda: cloud.link.pongs_heard == 3000)
                assert run.client.connected

        run_virtual(main())

    # --- secrets ----------------------------------------------------------------------------

    @for_each("fault", "unlucky")
    def test_no_secret_gets_out(self, fault: str, caplog: pytest.LogCaptureFixture) -> None:
        """Neither logs at any level, nor errors with all that hangs on them, nor reprs show a credential."""
        caplog.set_level(logging.DEBUG)
        shown: list[str] = []

        async def main() -> None:
            cloud = self.new_cloud()
            self.unlucky[fault](cloud)
            async with self.at_home(cloud, ready=False) as (run, _):
                try:
                    async with asyncio.timeout(60):
                        await run.client.ready(patient=False)
                    await self.use(run)
                except run.protocol.VendorError as err:
                    shown.append(shown_by(err))
                await asyncio.sleep(3)
                ends = run.client.last_error, run.task.exception() if run.task.done() else None
                shown.extend(shown_by(error) for error in ends if error)
                shown.append(" ".join(map(repr, (run.client, run.client.statistics, run.task))))

        run_virtual(main())
        assert any(shown)
        ours = [
            each
            for each in caplog.records
            if each.name.startswith(("custom_components", "asyncio", "aiohttp.client"))
        ]
        text = " ".join(shown) + " ".join(each.getMessage() + str(each.args) for each in ours)
        for secret in self.secrets:
            assert secret not in text, fault

    # --- everything together ----------------------------------------------------------------

    @for_each("seed", _SEEDS)
    def test_random_weather(self, seed: int) -> None:
        """Faults, commands and reports in random order for hours; in the end the client shows what the cloud has."""
        kind = self.kinds[0]

        async def main() -> None:
            numbers = random.Random(seed)
            async with self.proxied(backoff=lambda: repeat(2.0)) as (run, proxy, cloud):

                async def command() -> None:
                    started = now()
                    with suppress(run.protocol.VendorError, TimeoutError):
                        async with asyncio.timeout(numbers.choice((0.001, self.longest_s))):
                            await self.wish(run, numbers)()
                    assert now() - started < self.longest_s

                def calm() -> None:
                    proxy.blackhole, proxy.accept = False, Accept.PASS
                    proxy.delay_s = proxy.cut = None
                    self.calm(cloud)

                tasks = []
                for _ in range(150):
                    tasks.append(asyncio.create_task(command()))
                    match numbers.randrange(12):
                        case 0:
                            proxy.drop_all(numbers.choice(list(Cut)))
                        case 1:
                            proxy.blackhole = True
                        case 2:
                            proxy.accept = Accept.HANG
                        case 3:
                            proxy.delay_s = lambda: numbers.uniform(0, 5)
                        case 4:
                            self.raw(cloud, b"\x81\x07garbage")
                        case 5:
                            after = proxy.passed + numbers.randrange(2000)
                            proxy.cut, proxy.cut_after = Cut.RST, after
                        case 6 | 7 | 8:
                            await self.hinder(cloud, numbers)
                        case _:
                            calm()
                    await asyncio.sleep(numbers.expovariate(0.2))
                calm()
                await asyncio.gather(*tasks)
                await run.back(200)
                await run.client.refresh()
                await self.check(run, cloud)
                assert run.client._waiters == {}
                assert proxy.open == 1

        others = len(living(kind))
        run_virtual(main())
        gc.collect()
        assert len(living(kind)) == others
