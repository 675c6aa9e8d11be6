"""The faults of a local link, injected between client and appliance: every run ends cleanly and leaves nothing.

Virtual time throughout: waits cost nothing, and limits are asserted in the seconds they stand for.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
import gc
from itertools import repeat
import logging
import random
import time
from typing import Any

import aiohttp
import pytest

from custom_components.home_connect_local.protocol import (
    AuthError,
    CommandError,
    KeyRefusedError,
    LinkClosedError,
    LinkError,
    UnansweredError,
    VendorError,
)
from custom_components.home_connect_local.protocol.client import exponential_backoff
from custom_components.home_connect_local.protocol.connection import Connection
from custom_components.home_connect_local.protocol.const import (
    FIRST_DELAY_S,
    MAX_DELAY_S,
    MAX_FRAME_BYTES,
)
from custom_components.home_connect_local.protocol.transport import WebSocketTransport
from simulators.home_connect_local import SimulatedAppliance
from tests.support.clock import run_real, run_virtual
from tests.support.fault_proxy import Accept, Cut, FaultProxy, Way
from tests.support.leaks import living, stays_flat
from tests.support.running import now, shown_by

from .running import DEVICE_ID, Running, at_home, profile_of, running, simulate, spin, until

pytestmark = pytest.mark.usefixtures("socket_enabled")

STEADY = exponential_backoff(FIRST_DELAY_S, MAX_DELAY_S, uniform=lambda low, high: 1.0)
BOTH = ("dishwasher", "washer")
LOCK = 524
NORMAL_DROPS = {"ConnectError", "LinkClosedError", "PeerClosedError", "FrameError"}


def small(name: str = "washer") -> SimulatedAppliance:
    """Make an appliance that has little to say, so that a handshake is few bytes."""
    simulated = simulate(name, speed=1.0)
    simulated.rules.services = {"ci": 3, "ei": 2, "ro": 1}
    simulated.rules.initial_version = 2
    simulated.rules.slots = 10**6
    state = simulated.appliance.state
    state.values = {uid: state.values[uid] for uid in (LOCK, 256)}
    state.deviations.clear()
    return simulated


@asynccontextmanager
async def proxied(
    simulated: SimulatedAppliance | str = "washer", **options: Any
) -> AsyncIterator[tuple[Running, FaultProxy, SimulatedAppliance]]:
    """Run a client against an appliance behind a proxy."""
    if isinstance(simulated, str):
        simulated = simulate(simulated, speed=1.0)
        simulated.rules.slots = 10**6
    async with (
        simulated as server,
        FaultProxy(server.port) as proxy,
        running(server, port=proxy.port, **options) as run,
    ):
        try:
            yield run, proxy, server
        finally:
            proxy.cut, proxy.blackhole = None, False
            proxy.chunk = proxy.delay_s = None


async def failed(run: Running, before: int) -> None:
    """Wait until an attempt has failed or the link was lost, once more than before."""
    await until(lambda: run.client.statistics.drops.total() > before, 2000)


# --- cut at every byte ----------------------------------------------------------------------


async def next_attempt(run: Running, proxy: FaultProxy) -> None:
    """Let a link come up, be lost, and the next attempt begin."""
    proxy.cut = None
    drops = run.client.statistics.drops
    await spin(lambda: run.client.connected)
    before = drops.total()
    proxy.drop_all(Cut.RST)
    await spin(lambda: drops.total() > before)
    proxy.count_from_here()


def sweep_handshake(name: str, step: int) -> tuple[int, set[str]]:
    """Cut handshakes at every so many bytes, by turns with FIN and RST; gives the attempts, and how they failed."""

    async def main() -> tuple[int, set[str]]:
        async with proxied(small(name), backoff=lambda: repeat(0.0)) as (run, proxy, server):
            drops = run.client.statistics.drops
            length, attempts = proxy.passed, 0
            for offset in range(0, length - 64, step):
                # A key that is refused three times in a row is given up.
                if name == "dishwasher" or not attempts:
                    await next_attempt(run, proxy)
                proxy.count_from_here()
                proxy.cut, proxy.cut_after = (Cut.FIN, Cut.RST)[attempts % 2], offset
                before = drops.total()
                await spin(lambda before=before: drops.total() > before)
                assert not run.client.connected
                assert not run.task.done()
                attempts += 1
                server.journal.clear()
            proxy.cut = None
            await spin(lambda: run.client.connected)
            assert run.appliance.value(LOCK) is False
            await run.client.write(LOCK, True)
            assert proxy.open == 1
            assert run.links().count(True) - run.links().count(False) == 1
            return attempts, set(drops)

    return run_virtual(main())


def test_handshake_cut_at_every_byte() -> None:
    """From the upgrade to the list: whatever the byte, the client comes back and works."""
    attempts, kinds = sweep_handshake("washer", 1)
    assert attempts > 1500
    assert kinds <= NORMAL_DROPS | {"WrongLinkError"}


def test_tls_handshake_cut() -> None:
    """The same with TLS around it, at every 19th byte: within a record all bytes are alike."""
    attempts, kinds = sweep_handshake("dishwasher", 19)
    assert attempts > 100
    assert kinds <= NORMAL_DROPS | {"WrongLinkError", "KeyRefusedError"}
    assert "KeyRefusedError" in kinds


def sweep_command(name: str, step: int) -> int:
    """Cut a command and what follows at every so many bytes, by turns with FIN and RST; gives how many there are."""

    async def main() -> int:
        async with proxied(small(name), backoff=lambda: repeat(0.0)) as (run, proxy, server):
            drops = run.client.statistics.drops
            proxy.count_from_here()
            await run.client.write(LOCK, True)
            length, done = proxy.passed, 0
            for offset in range(0, length + 1, step):
                await spin(lambda: run.client.connected)
                server.journal.clear()
                before, cut = drops.total(), (Cut.FIN, Cut.RST)[offset // step % 2]
                proxy.count_from_here()
                proxy.cut, proxy.cut_after = cut, offset
                try:
                    await run.client.write(LOCK, offset % 2 == 0)
                except LinkClosedError:
                    pass
                else:
                    done += 1
                    assert offset > length / 2
                proxy.cut = None
                proxy.drop_all(cut)
                await spin(lambda before=before: drops.total() > before)
                await spin(lambda: run.client.connected)
                posts = [
                    each
                    for each in server.received
                    if each.message and each.message.action == "POST"
                ]
                assert len(posts) <= 1, "it was sent again"
                assert run.client._waiters == {}
            assert done < length / step / 2
            return length

    return run_virtual(main())


def test_command_cut_at_every_byte() -> None:
    """A command, its answer and the news of it: done, or a failure at once; never sent twice."""
    assert sweep_command("washer", 1) > 400


def test_command_cut_on_tls() -> None:
    """The same at every fifth byte."""
    assert sweep_command("dishwasher", 5) > 400


@pytest.mark.parametrize(
    ("name", "how"),
    [
        *(("washer", "close"), ("washer", "fin"), ("washer", "rst"), ("washer", "mid_frame")),
        *(("washer", "mid_frame_rst"), ("dishwasher", "rst"), ("dishwasher", "mid_frame")),
    ],
)
def test_every_step_cut_by_the_appliance(name: str, how: str) -> None:
    """On each request of the greeting, in each manner: a failed attempt, back-off, and back (§7.1)."""

    async def main() -> None:
        async with simulate(name) as simulated:
            simulated.rules.slots = 99
            async with running(simulated) as run:
                steps = [each.message.resource for each in simulated.received if each.message]
                before = 0
                for resource in dict.fromkeys(steps[1:]):
                    if resource == "/ei/deviceReady":
                        continue
                    simulated.faults.arm("cut", how=how, resource=resource, count=1)
                    simulated.abort()
                    await failed(run, before + 1)
                    before = run.client.statistics.drops.total()
                    assert not simulated.faults.armed
                    await run.back()
                assert set(run.client.statistics.drops) <= NORMAL_DROPS
                assert simulated.violations == []

    run_virtual(main())


# --- other damage ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("way", list(Way), ids=["up", "down"])
def test_damaged_bytes(way: Way, name: str) -> None:
    """One flipped byte anywhere in a handshake: another attempt with back-off, or no harm; never a crash."""

    async def main() -> None:
        async with proxied(small(name)) as (run, proxy, server):
            length = proxy.passed_by[way]
            step = 29 if name == "washer" else 89
            for offset in range(0, length, step):
                proxy.drop_all(Cut.RST)
                await run.lost()
                proxy.count_from_here()
                proxy.flip = way, offset
                await run.back(200)
                proxy.flip = None
                server.journal.clear()
            assert run.client.statistics.drops.total() > length / step
            await run.client.write(LOCK, True)
            assert not run.task.done()

    logger = logging.getLogger("aiohttp.server")  # the simulator's may not like it
    logger.setLevel(logging.CRITICAL)
    try:
        run_virtual(main())
    finally:
        logger.setLevel(logging.NOTSET)


@pytest.mark.parametrize("how", ["mac", "ciphertext", "short", "unaligned", "kind"])
def test_broken_seal(how: str) -> None:
    """Fatal for the link, not for the key: one reconnect with back-off, all that follows is dropped (§5.3)."""

    async def main() -> None:
        async with at_home() as (run, simulated):
            simulated.faults.arm("frame", how=how, action="NOTIFY", count=1)
            simulated.appliance.tell_values({LOCK: True})
            for _ in range(50):  # an appliance in this state can flood
                simulated.appliance.tell_values({LOCK: False}, again=True)
            pushes = run.client.statistics.pushes
            opened = now()
            await run.lost()
            await run.back()
            assert 1 <= now() - opened < 2
            assert run.client.statistics.pushes == pushes
            assert run.client.statistics.seal_failures == 1
            assert run.client.statistics.drops == {"SealError": 1}
            assert run.appliance.value(LOCK) is False

    run_virtual(main())


def test_seals_that_break_for_ever() -> None:
    """Attempts grow rare; the key is not suspected, since some frames could be opened."""

    async def main() -> None:
        async with simulate() as simulated:
            simulated.rules.slots = 99
            simulated.faults.arm("frame", how="mac", resource="/ci/services")
            async with running(simulated, ready=False, backoff=STEADY) as run:
                await asyncio.sleep(3600)
                assert 10 < run.client.statistics.seal_failures < 20
                assert set(run.client.statistics.drops) == {"SealError"}
                simulated.faults.clear()
                await run.back(400)

    run_virtual(main())


def test_frames_of_the_other_kind_on_tls() -> None:
    """The same JSON in a binary frame is the same (§1)."""

    async def main() -> None:
        async with simulate("dishwasher") as simulated:
            simulated.faults.arm("frame", how="kind")
            async with running(simulated) as run:
                await run.client.write(LOCK, True)
                await until(lambda: run.appliance.value(LOCK) is True)
                assert run.client.statistics.drops == {}

    run_virtual(main())


def test_replayed_bytes() -> None:
    """What was said before does not count again: the chain rejects it, and the link begins anew."""

    async def main() -> None:
        async with proxied() as (run, proxy, server):
            proxy.count_from_here()
            proxy.repeat = Way.DOWN, 5
            server.appliance.tell_values({LOCK: True})
            await run.lost()
            assert run.client.statistics.drops.total() == 1
            assert run.client.statistics.seal_failures == 1
            await run.back()
            assert run.appliance.value(LOCK) is True

    run_virtual(main())


def test_replayed_records_of_tls() -> None:
    """TLS rejects them itself."""

    async def main() -> None:
        async with proxied("dishwasher") as (run, proxy, server):
            proxy.count_from_here()
            proxy.repeat = Way.DOWN, 5
            server.appliance.tell_values({LOCK: True})
            await run.lost()
            await run.back()
            assert run.appliance.value(LOCK) is True

    run_virtual(main())


@pytest.mark.parametrize("name", BOTH)
def test_everything_twice(name: str) -> None:
    """Answers and news that come twice change nothing the second time; strays satisfy nobody (§6.1)."""

    async def main() -> None:
        async with simulate(name) as simulated:
            for how in ("again", "unknown"):
                simulated.faults.arm("stray", how=how)
            simulated.faults.arm("duplicate", action="NOTIFY")
            async with running(simulated) as run:
                for value in (True, False, True):
                    await run.client.write(LOCK, value)
                    await until(lambda value=value: run.appliance.value(LOCK) is value)
                await run.client.refresh()
                assert run.client.statistics.strays >= 6
                assert len(run.changed()) == 3
            assert simulated.violations == []

    run_virtual(main())


JSON_FAULTS = (
    *("bracket", "quote", "doubled_quote", "truncated", "control", "text_numbers", "single"),
    *("unknown_members", "no_action", "no_version", "garbage", "array", "empty", "deep"),
)


@pytest.mark.parametrize("how", JSON_FAULTS)
def test_malformed_list(how: str) -> None:
    """Repaired, asked for again, or done without: the link comes up (§6.3)."""

    async def main() -> None:
        async with simulate("dishwasher") as simulated:
            simulated.faults.arm("json", how=how, resource="allMandatoryValues", count=1)
            async with running(simulated) as run:
                await until(lambda: not run.client._missing)
                if how != "single":  # which is a list, of one
                    assert run.appliance.value(539) == "On"
                    assert run.appliance.value(4365) == "Low"
                assert run.client.statistics.drops == {}

    run_virtual(main())


@pytest.mark.parametrize("how", JSON_FAULTS)
def test_malformed_news(how: str) -> None:
    """Each message for itself: the next one counts, the link stays."""

    async def main() -> None:
        async with at_home() as (run, simulated):
            simulated.faults.arm("json", how=how, action="NOTIFY", count=3)
            for value in (True, False, True):
                simulated.appliance.tell_values({LOCK: value})
            simulated.appliance.tell_values({25088: 0})
            await until(lambda: run.appliance.raw(25088) == 0)
            assert run.links() == [True]
            await run.client.write(LOCK, False)

    run_virtual(main())


@pytest.mark.parametrize("how", JSON_FAULTS)
def test_malformed_everything(how: str) -> None:
    """All messages of an appliance that knows no other way: up, or not, but no crash and no storm."""

    async def main() -> None:
        async with simulate() as simulated:
            simulated.rules.slots = 99
            simulated.faults.arm("json", how=how)
            async with running(simulated, ready=False, backoff=STEADY) as run:
                with suppress(TimeoutError):
                    await run.back(600)
                assert not run.task.done()
                assert run.client.statistics.drops.total() < 20
                simulated.faults.clear()
                await run.back(400)

    run_virtual(main())


GARBAGE = {
    "zeros": b"\x00" * 5000,
    "all bytes": bytes(range(256)) * 4,
    "HTTP": b"HTTP/1.1 503 Service Unavailable\r\n\r\n",
    "no UTF-8": b"\x81\x64" + b"\xff" * 100,
    "oversized": b"\x82\x7f" + (MAX_FRAME_BYTES + 2).to_bytes(8),
    "endless": b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff",
    "reserved": b"\xf1\x02{}",
    "empty": b"\x82\x00",
    "text": b"\x81\x02{}",
}


@pytest.mark.parametrize("what", GARBAGE)
@pytest.mark.parametrize("name", BOTH)
def test_garbage(name: str, what: str) -> None:
    """Bytes that cannot be of this link end it at once; it comes back and works."""

    async def main() -> None:
        async with proxied(name) as (run, proxy, _):
            proxy.inject(GARBAGE[what])
            # What is less than a record of TLS is noticed by what follows it.
            await until(run.client.statistics.drops.total, 21)
            assert set(run.client.statistics.drops) <= NORMAL_DROPS | {"SealError"}
            await run.back()
            await run.client.write(LOCK, True)

    run_virtual(main())


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("manner", ["bytes", "late", "gathered", "jitter"])
def test_segmentation(manner: str, name: str) -> None:
    """One byte at a time, late, in large pieces or in any: the same appliance, the same commands."""

    async def main() -> None:
        async with proxied(small(name), ready=False) as (run, proxy, server):
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
            await asyncio.gather(
                run.client.write(LOCK, True), run.client.refresh(), run.client.write(LOCK, False)
            )
            for number in range(20):
                server.appliance.tell_values({LOCK: number % 2 == 0})
            await until(lambda: run.client.statistics.pushes >= 22, 60)
            assert run.appliance.value(LOCK) is False
            assert run.links() == [True]
            assert server.violations == []

    run_virtual(main())


# --- nobody there, or nobody answering ------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "manner"),
    [
        *(("washer", "refused"), ("washer", "hangs"), ("washer", "resets")),
        *(("dishwasher", "refused"), ("dishwasher", "hangs")),
    ],
)
def test_nobody_answers_the_door(name: str, manner: str) -> None:
    """Each attempt has its ten seconds, one at a time; afterwards the client is back by itself."""

    async def main() -> None:
        async with proxied(name, backoff=STEADY) as (run, proxy, _):
            await asyncio.sleep(61)
            if manner == "refused":
                await proxy.refuse()
            proxy.accept = Accept.HANG if manner == "hangs" else Accept.RESET
            proxy.drop_all(Cut.FIN)
            await asyncio.sleep(600)
            assert proxy.open <= 1
            assert 4 <= run.client.statistics.drops["ConnectError"] <= 8
            assert not run.client.connected
            if manner != "refused":
                proxy.accept = Accept.PASS
                await run.back(400)

    run_virtual(main())


@pytest.mark.parametrize("how", ["silence", "other", "garbage", "no_id"])
@pytest.mark.parametrize("name", BOTH)
def test_first_message_that_is_none(name: str, how: str) -> None:
    """Within half a minute given up, tried again with back-off (§7.1)."""

    async def main() -> None:
        async with simulate(name) as simulated:
            simulated.rules.slots = 99
            simulated.faults.arm("first_message", how=how)
            async with running(simulated, ready=False, backoff=STEADY) as run:
                started = now()
                with pytest.raises(LinkError):
                    await run.client.ready(patient=False)
                late = how in {"silence", "garbage"}
                assert 30 * late <= now() - started < 30 * late + 1
                await asyncio.sleep(600)
                assert run.client.statistics.drops.total() < 10
                simulated.faults.clear()
                await run.back(400)

    run_virtual(main())


def test_first_message_in_other_words() -> None:
    """Numbers as texts are numbers (§6.1)."""

    async def main() -> None:
        async with simulate() as simulated:
            simulated.faults.arm("first_message", how="text")
            async with running(simulated) as run:
                await run.client.write(LOCK, True)
            assert simulated.violations == []

    run_virtual(main())


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("in_flight", [0, 1, 8])
def test_half_open(in_flight: int, name: str) -> None:
    """The peer vanishes without a word: noticed within half a minute, commands fail in time, then all is back."""

    async def main() -> None:
        async with proxied(name) as (run, proxy, _):
            await asyncio.sleep(3)
            proxy.blackhole = True
            started = now()
            outcomes = await asyncio.gather(
                *(run.client.write(LOCK, True) for _ in range(in_flight)), return_exceptions=True
            )
            assert all(isinstance(each, LinkClosedError | UnansweredError) for each in outcomes)
            assert now() - started < 31
            await run.lost()
            assert now() - started < 31
            assert run.client.statistics.drops == {"PeerSilentError": 1}
            proxy.blackhole = False
            await run.back(60)  # until then the appliance takes our name for that of another

    run_virtual(main())


@pytest.mark.parametrize("after", range(0, 1500, 250))
def test_half_open_in_the_handshake(after: int) -> None:
    """Wherever it goes silent, the attempt ends within a minute."""

    async def main() -> None:
        async with proxied(small(), ready=False) as (run, proxy, _):
            await spin(lambda: proxy.passed >= after)
            proxy.blackhole = True
            started = now()
            with pytest.raises(LinkError):
                await run.client.ready(patient=False)
            assert now() - started <= 60
            proxy.blackhole = False
            await run.back()

    run_virtual(main())


def test_stuck() -> None:
    """Pings are answered and nothing else: noticed by what is asked (§5.2)."""

    async def main() -> None:
        async with at_home() as (run, simulated):
            simulated.stick()
            await asyncio.sleep(3600)
            assert run.client.connected  # nothing was asked, so nothing is wrong
            for _ in range(2):
                with pytest.raises((UnansweredError, LinkClosedError)):
                    await run.client.write(LOCK, True)
            await run.lost()
            await run.back()
            await run.client.write(LOCK, True)

    run_virtual(main())


def test_slow_loris() -> None:
    """A handshake of which a byte comes every eleven seconds: the limits strike, the client comes back."""

    async def main() -> None:
        async with proxied(ready=False) as (run, proxy, _):
            proxy.chunk, proxy.delay_s = 1, lambda: 11.0
            with pytest.raises(LinkError):
                await run.client.ready(patient=False)
            proxy.chunk = proxy.delay_s = None
            await run.ready()

    run_virtual(main())


def test_quiet_but_alive() -> None:
    """A slow link on which nothing happens for an hour is not given up."""

    async def main() -> None:
        async with proxied() as (run, proxy, _):
            proxy.delay_s = lambda: 3.0
            await asyncio.sleep(3600)
            assert run.client.connected
            assert run.client.statistics.drops == {}

    run_virtual(main())


# --- appliances that change -----------------------------------------------------------------


@pytest.mark.parametrize("name", BOTH)
def test_reboot(name: str) -> None:
    """It comes back with other numbers, and is spoken to with those."""

    async def main() -> None:
        async with simulate(name, speed=1.0) as simulated:
            simulated.rules.session_id, simulated.rules.client_message_id = 1, 0xFFFF_FFFE
            async with running(simulated) as run:
                for session_id in (0xFFFF_FFFF, 7, 7):
                    simulated.rules.session_id = session_id
                    simulated.rules.client_message_id = session_id + 5 & 0xFFFF_FFFF
                    simulated.appliance.state.values[LOCK] = session_id == 7
                    simulated.reboot(1.0)
                    await run.lost()
                    await run.back()
                    assert run.appliance.value(LOCK) is (session_id == 7)
                    await run.client.write(LOCK, True)
                assert simulated.violations == []

    run_virtual(main())


def test_new_greeting_on_the_old_link() -> None:
    """A link on which the appliance begins anew is given up for a new one."""

    async def main() -> None:
        async with at_home() as (run, simulated):
            simulated.sessions[0].say("/ei/initialValues", "POST", 1, [{"edMsgID": 1}])
            await run.lost()
            await run.back()
            await run.client.write(LOCK, True)

    run_virtual(main())


@pytest.mark.parametrize("name", BOTH)
def test_factory_reset(name: str) -> None:
    """Another key: the user has to bring a new archive, with which all is well again."""

    async def main() -> None:
        async with simulate(name, speed=1.0) as simulated:
            simulated.rules.slots = 99
            async with running(simulated, backoff=STEADY) as run:
                await simulated.pair_anew()
                assert isinstance(await run.end(), AuthError)
                attempts = len([each for each in simulated.received if each.what == "open"])
                await asyncio.sleep(3600)
                assert len([e for e in simulated.received if e.what == "open"]) == attempts
                assert run.links() == [True, False]
            async with running(simulated, profile=profile_of(simulated)) as run:
                assert run.client.connected

    run_virtual(main())


def test_moved() -> None:
    """The address changed: gone at the old one, found at the new one as soon as it is announced."""

    async def main() -> None:
        async with proxied(backoff=STEADY) as (run, proxy, server), FaultProxy(server.port) as new:
            await proxy.refuse()
            proxy.drop_all(Cut.RST)
            await asyncio.sleep(1000)
            assert not run.client.connected
            run.client.move_to("127.0.0.1", new.port)
            started = now()
            await run.back(400)
            assert now() - started < 1 or run.client.statistics.drops["ConnectError"]
            assert new.open == 1

    run_virtual(main())


def test_another_appliance_at_the_old_address() -> None:
    """Its key is another, whatever it answers: nothing of it is believed."""

    async def main() -> None:
        async with (
            simulate("washer") as ours,
            simulate("fridge_freezer") as other,
            running(ours, backoff=STEADY) as run,
        ):
            run.client.move_to("127.0.0.1", other.port)
            before = run.appliance.raw(25088)
            ours.abort()
            await until(lambda: isinstance(run.client.last_error, KeyRefusedError), 60)
            assert run.appliance.raw(25088) == before
            assert run.client.info is not None
            assert all(each.message is None for each in other.received)
            run.client.move_to("127.0.0.1", ours.port)
            await run.back(60)

    run_virtual(main())


# --- storms and floods ----------------------------------------------------------------------


def test_flapping_for_hours(caplog: pytest.LogCaptureFixture) -> None:
    """A network that comes and goes every few seconds: attempts, log and memory stay bounded."""
    caplog.set_level(logging.INFO)

    async def main() -> None:
        numbers, others = random.Random(1), len(living(Connection))
        async with proxied(backoff=STEADY) as (run, proxy, server):
            started = now()
            while now() - started < 2 * 3600:
                await asyncio.sleep(numbers.uniform(1, 20))
                proxy.drop_all(numbers.choice(list(Cut)))
                proxy.accept = numbers.choice((Accept.PASS, Accept.PASS, Accept.RESET))
                server.journal.clear()
            assert proxy.connections < 45
            proxy.accept = Accept.PASS
            await run.back(400)
            run.changes.clear()  # the errors in them hold the frames they passed
            assert len(living(Connection)) - others == 1
            assert len(run.client.statistics.closings) <= 20

    run_virtual(main())
    assert not [each for each in caplog.records if each.name.startswith("custom_components")]


def test_hundreds_of_reconnects() -> None:
    """Nothing is left of a hundred and ninety-nine links."""
    kinds = (Connection, WebSocketTransport, aiohttp.ClientWebSocketResponse)

    async def main() -> None:
        others = [len(living(kind)) for kind in kinds]
        async with small() as simulated, running(simulated, backoff=lambda: repeat(0.0)) as run:

            async def reconnect(count: int) -> None:
                for _ in range(count):
                    before = run.client.statistics.drops.total()
                    simulated.abort()
                    await spin(lambda before=before: run.client.statistics.drops.total() > before)
                    await spin(lambda: run.client.connected)
                    run.changes.clear()
                    simulated.journal.clear()

            await stays_flat(reconnect, 199)
            assert [len(living(kind)) - 1 for kind in kinds] == others
            assert len(asyncio.all_tasks()) <= 5
            assert run.client.statistics.connects == 200

    run_virtual(main())


def test_memory_is_flat_over_pushes() -> None:
    """Fifty thousand pushes, many of features that nobody described: what is kept is the appliance."""

    async def main() -> None:
        async with simulate("dishwasher", speed=1.0) as simulated, running(simulated) as run:
            heard = 0

            def count(change: object) -> None:
                nonlocal heard
                heard += 1
                run.changes.clear()

            run.client.subscribe(count)
            session = simulated.sessions[0]

            async def flood(pushes: int) -> None:
                target = run.client.statistics.pushes + pushes
                for number in range(pushes):
                    text = (
                        '{"sID":1,"msgID":1,"resource":"/ro/values","version":1,"action":"NOTIFY","data":'
                        f'[{{"uid":544,"value":{number}}},{{"uid":{number % 5000 + 60000},"value":"{number}"}}]}}'
                    )
                    session.link.send_text(text)
                    if number % 100 == 99:
                        await asyncio.sleep(0)
                while run.client.statistics.pushes < target:
                    await asyncio.sleep(0)

            await stays_flat(flood, 50_000)
            assert heard >= 49_000
            assert len(run.appliance.unknown) <= 256
            assert run.client.connected

    run_real(main())


@pytest.mark.parametrize("name", BOTH)
def test_flood_leaves_the_loop_to_others(name: str) -> None:
    """Thousands of messages in one piece: nothing takes more than 50 ms of work at once, commands pass."""

    async def main() -> None:
        async with simulate(name, speed=1.0) as simulated, running(simulated) as run:
            session = simulated.sessions[0]
            longest, before, stopped = 0.0, time.thread_time(), False

            async def watch() -> None:
                nonlocal longest, before
                while not stopped:
                    await asyncio.sleep(0)
                    longest, before = (
                        max(longest, time.thread_time() - before),
                        time.thread_time(),
                    )

            watcher = asyncio.create_task(watch())
            for block in range(20):
                for number in range(100):
                    session.say("/ro/values", "NOTIFY", 1, [{"uid": 544, "value": block + number}])
                before = time.thread_time()  # what the simulator took is not counted
                await asyncio.sleep(0)
            await run.client.write(LOCK, True)
            await until(lambda: run.client.statistics.pushes > 2000)
            stopped = True
            await watcher
            assert longest < 0.05

    run_real(main())


def test_large_list() -> None:
    """Ten thousand items of a description's worth and beyond, in one message: read in one go, under 50 ms."""

    async def main() -> None:
        async with at_home("dishwasher") as (run, simulated):
            items = ",".join(f'{{"uid":{uid},"value":{uid}}}' for uid in range(10_000))
            simulated.sessions[0].link.send_text(
                '{"resource":"/ro/values","action":"POST","version":1,"sID":1,"msgID":1,"data":['
                + items
                + "]}"
            )
            await until(lambda: run.client.statistics.pushes)
            assert len(run.appliance.unknown) == 256
            assert run.client.connected

    run_virtual(main())


def test_pings_without_end() -> None:
    """Each is answered, and none of them hurts."""

    async def main() -> None:
        async with proxied() as (run, proxy, simulated):
            proxy.inject((b"\x89\x7d" + b"x" * 125) * 3000)
            await run.client.write(LOCK, True)
            await until(lambda: len(simulated.sessions[0].pongs) >= 100)
            assert run.client.connected

    run_virtual(main())


# --- secrets --------------------------------------------------------------------------------


UNLUCKY: dict[str, Callable[[SimulatedAppliance], object]] = {
    "wrong key": lambda each: each.change_key(bytes(32)),
    "refused": lambda each: each.faults.arm("refuse", resource="/ro/values", code=541),
    "silent": lambda each: each.faults.arm("silence", resource="/ro/all"),
    "closed": lambda each: each.faults.arm("cut", how="close", resource="/ro/values"),
    "reset": lambda each: each.faults.arm("cut", how="rst", resource="/ro/values"),
    "upgrade 404": lambda each: setattr(each, "dead_slots", 99),
    "upgrade 302": lambda each: each.faults.arm(
        "upgrade_status", status=302, location="http://127.0.0.1/x"
    ),
    "broken seal": lambda each: each.faults.arm("frame", how="mac"),
    "garbage": lambda each: each.faults.arm("json", how="truncated"),
    "first message": lambda each: each.faults.arm("first_message", how="other"),
    "nobody": lambda each: None,
}


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("fault", UNLUCKY)
def test_no_secret_gets_out(fault: str, name: str, caplog: pytest.LogCaptureFixture) -> None:
    """Neither logs at any level, nor errors with all that hangs on them, nor reprs show a secret (§13)."""
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []

    async def main() -> list[str]:
        async with simulate(name) as simulated:
            simulated.rules.slots = 99
            profile = profile_of(simulated)
            UNLUCKY[fault](simulated)
            port = 1 if fault == "nobody" else None
            async with running(simulated, ready=False, profile=profile, port=port) as run:
                try:
                    async with asyncio.timeout(60):
                        await run.client.ready(patient=False)
                    await run.client.write(LOCK, True)
                except VendorError as err:
                    shown.append(shown_by(err))
                except TimeoutError:
                    pass
                await asyncio.sleep(8)
                ends = run.client.last_error, run.task.exception() if run.task.done() else None
                shown.extend(shown_by(error) for error in ends if error)
                shown.append(" ".join(map(repr, (run.client, run.client.statistics, run.task))))
                shown.append(" ".join(map(repr, (profile, run.client._identity, run.changes))))
            secrets = [profile.key.hex(), repr(profile.key)[2:-1], DEVICE_ID]
            secrets += [item["ssid"] for item in simulated.profile.seed.network]
            secrets.append(simulated.profile.seed.info["serialNumber"])
            return secrets

    secrets = run_virtual(main())
    ours = [
        each for each in caplog.records if each.name.startswith(("custom_components", "asyncio"))
    ]
    text = " ".join(shown) + " ".join(each.getMessage() + str(each.args) for each in ours)
    for secret in secrets:
        assert secret not in text, fault


# --- everything together --------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", BOTH)
def test_random_weather(name: str, seed: int) -> None:
    """Faults, commands and news in random order for hours; in the end the client shows what the appliance has."""

    async def main() -> None:
        numbers = random.Random(seed)
        async with proxied(name, backoff=lambda: repeat(301.0)) as (run, proxy, server):
            client = run.client

            async def command() -> None:
                call = numbers.choice(
                    (
                        lambda: client.write(LOCK, numbers.random() < 0.5),
                        lambda: client.write_many([(LOCK, True), (3, numbers.random() < 0.5)]),
                        lambda: client.read_values([LOCK, 3, 544]),
                        client.read_network,
                        client.refresh,
                    )
                )
                started = now()
                try:
                    async with asyncio.timeout(numbers.choice((0.001, 200))):
                        await call()
                except VendorError, TimeoutError:
                    pass
                assert now() - started < 200

            def clear_up() -> None:
                proxy.blackhole, proxy.accept = False, Accept.PASS
                proxy.delay_s = proxy.cut = None
                server.faults.clear()
                for session in server.sessions:
                    session.stuck = False

            tasks = []
            for _ in range(100):
                tasks.append(asyncio.create_task(command()))
                if run.task.done():  # TLS was cut short three times
                    assert isinstance(run.task.exception(), AuthError)
                    run.task = asyncio.create_task(client.run())
                if not client.connected and numbers.random() < 0.3:
                    client.move_to("127.0.0.1", proxy.port)
                match numbers.randrange(13):
                    case 0:
                        proxy.drop_all(numbers.choice(list(Cut)))
                    case 1:
                        proxy.blackhole = True
                    case 2:
                        proxy.accept = Accept.HANG
                    case 3:
                        proxy.delay_s = lambda: numbers.uniform(0, 5)
                    case 4:
                        server.send_text("garbage")
                    case 5:
                        server.appliance.tell_values({3: numbers.random() < 0.5})
                    case 6:
                        server.faults.arm("silence", resource="/ro/values")
                    case 7:
                        proxy.cut, proxy.cut_after = Cut.RST, proxy.passed + numbers.randrange(2000)
                    case 8:
                        server.faults.arm("refuse", code=numbers.choice((429, 500, 515, 541)))
                    case 9:
                        server.stick()
                    case _:
                        clear_up()
                await asyncio.sleep(numbers.expovariate(0.05))
                server.journal.clear()
            clear_up()
            await asyncio.gather(*tasks)
            if run.task.done():
                run.task = asyncio.create_task(client.run())
            await until(lambda: client.connected, 1000)
            server.faults.clear()
            with suppress(CommandError):  # it may ask for a moment
                await client.refresh()
            await asyncio.sleep(31)
            await client.refresh()
            for uid in (LOCK, 3):
                assert run.appliance.raw(uid) == server.appliance.state.values[uid]
            assert client._waiters == {}
            assert proxy.open == 1

    run_virtual(main())
    gc.collect()
    assert not living(Connection)
