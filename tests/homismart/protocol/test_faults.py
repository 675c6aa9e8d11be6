"""The faults of a cloud link, injected between client and cloud: every run ends cleanly and leaves nothing.

Virtual time throughout: waits cost nothing, and limits are asserted in the seconds they stand for.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
import gc
from itertools import repeat
import json
import logging
import random
import socket
from typing import Any

import aiohttp
from aiohttp import web
import pytest

from custom_components.homismart.protocol import (
    AuthError,
    CommandError,
    ConnectError,
    FrameError,
    LinkClosedError,
    LinkError,
    PeerSilentError,
    UnansweredError,
    VendorError,
)
from custom_components.homismart.protocol.connection import Connection
from custom_components.homismart.protocol.const import FIRST_DELAY_S, MAX_DELAY_S, MAX_FRAME_BYTES
from custom_components.homismart.protocol.supervisor import exponential_backoff
from custom_components.homismart.protocol.transport import WebSocketTransport
from tests.support.certificates import Authority
from tests.support.clock import run_real, run_virtual
from tests.support.fault_proxy import Accept, Cut, FaultProxy, Way
from tests.support.leaks import living, stays_flat

from .cloud import PATH, PROD, Cloud, Link, Network
from .home import CURTAIN, DIGEST, HUB, LIGHT, PASSWORD, SOCKET, USERNAME, lamp, thing
from .running import Running, at_home, running, until

pytestmark = pytest.mark.usefixtures("socket_enabled")

STEADY = exponential_backoff(FIRST_DELAY_S, MAX_DELAY_S, uniform=lambda low, high: 1.0)
PLUG = {"id": "01", "type": 1, "name": "p", "onLine": True, "power": False}
SECRETS = (USERNAME, PASSWORD, DIGEST)


def now() -> float:
    """Read the loop's clock."""
    return asyncio.get_running_loop().time()


def small() -> Cloud:
    """Build a cloud of one device, so that a handshake is few bytes."""
    cloud = Cloud()
    cloud.objects = [dict(PLUG)]
    return cloud


@asynccontextmanager
async def proxied(
    cloud: Cloud | None = None, **options: Any
) -> AsyncIterator[tuple[Running, FaultProxy, Cloud]]:
    """Run a client against a cloud behind a proxy."""
    async with cloud or Cloud() as server, FaultProxy(server.port) as proxy:
        url = f"ws://127.0.0.1:{proxy.port}{PATH}"
        async with running(url, **options) as run:
            try:
                yield run, proxy, server
            finally:
                proxy.cut, proxy.blackhole = None, False
                proxy.chunk = proxy.delay_s = None


async def spin(condition: Callable[[], object]) -> None:
    """Wait without letting time pass until something holds that needs none."""
    for _ in range(100_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it does not happen by itself")


async def next_life(run: Running, proxy: FaultProxy) -> None:
    """Let a link come up, be lost, and the next attempt begin."""
    proxy.cut = None
    await spin(lambda: run.client.connected)
    before = run.client.statistics.drops.total()
    proxy.drop_all(Cut.RST)
    await spin(lambda: run.client.statistics.drops.total() > before)
    proxy.count_from_here()


# --- cut at every byte ----------------------------------------------------------------------


@pytest.mark.parametrize("cut", list(Cut), ids=["FIN", "RST"])
def test_handshake_cut_at_every_byte(cut: Cut) -> None:
    """From the upgrade to the list: whatever the byte, the client comes back and has lost nothing."""

    async def main() -> int:
        async with proxied(small(), backoff=lambda: repeat(0.0)) as (run, proxy, cloud):
            drops = run.client.statistics.drops
            await next_life(run, proxy)
            await spin(lambda: run.client.connected)
            length, offsets = proxy.passed, proxy.offsets(cut)
            for offset in offsets:
                await next_life(run, proxy)
                proxy.cut, proxy.cut_after = cut, offset
                before = drops.total()
                await spin(lambda before=before: drops.total() > before)
                assert not run.client.connected
                cloud.links.clear()
            proxy.cut = None
            await spin(lambda: run.client.connected)
            assert run.device("01").is_on is False
            await run.client.set_on("01", True)
            assert set(drops) <= {"LinkClosedError", "ConnectError", "FrameError"}
            assert drops.total() >= len(offsets)
            assert proxy.open == 1
            assert run.links().count(True) - run.links().count(False) == 1
        return length

    assert run_virtual(main()) > 500


@pytest.mark.parametrize("cut", list(Cut), ids=["FIN", "RST"])
def test_command_cut_at_every_byte(cut: Cut) -> None:
    """A command and the report that shows it: done, or a failure at once; never sent twice."""

    async def main() -> int:
        async with proxied(small(), backoff=lambda: repeat(0.0)) as (run, proxy, cloud):
            proxy.count_from_here()
            await run.client.set_on("01", True)
            length, done = proxy.passed, 0
            for offset in (*proxy.offsets(cut), length):
                await spin(lambda: run.client.connected)
                link, before = cloud.link, run.client.statistics.drops.total()
                proxy.count_from_here()
                proxy.cut, proxy.cut_after = cut, offset
                try:
                    await run.client.set_on("01", True)
                except LinkClosedError:
                    assert offset <= length
                else:
                    done += 1
                proxy.cut = None
                proxy.drop_all(cut)
                await spin(lambda before=before: run.client.statistics.drops.total() > before)
                await spin(lambda: run.client.connected)
                assert len(link.bodies("0006")) <= 1
                assert cloud.link.bodies("0006") == []
                cloud.links[:-1] = []
            assert done <= 2
        return length

    assert run_virtual(main()) > 100


# --- other damage ---------------------------------------------------------------------------


@pytest.mark.parametrize("way", list(Way), ids=["up", "down"])
def test_damaged_bytes(way: Way) -> None:
    """One flipped byte anywhere in a handshake: understood, ignored, refused, or another attempt; never a crash."""

    async def main() -> None:
        async with proxied(small()) as (run, proxy, cloud):
            length = proxy.passed_by[way]
            for offset in range(0, length, 13):
                await next_life(run, proxy)
                proxy.flip = way, offset
                with suppress(TimeoutError):
                    await run.back(60)
                proxy.flip = None
                if run.task.done():  # an answer that was damaged to a refusal
                    assert isinstance(run.task.exception(), AuthError)
                    run.task = asyncio.create_task(run.client.run())
                await run.back(400)
                assert "01" in run.client.devices
                cloud.links[:-1] = []
            await run.client.refresh()
            await asyncio.sleep(11)
            assert set(run.client.devices) == {"01"}

    logger = logging.getLogger("aiohttp.server")  # the cloud of the tests may not like it
    logger.setLevel(logging.CRITICAL)
    try:
        run_virtual(main())
    finally:
        logger.setLevel(logging.NOTSET)


@pytest.mark.parametrize("manner", ["bytes", "late", "gathered", "jitter"])
def test_segmentation(manner: str) -> None:
    """One byte at a time, late, in large pieces or in any: the same home, the same commands."""

    async def main() -> None:
        cloud = Cloud() if manner != "bytes" else small()
        async with proxied(cloud, ready=False) as (run, proxy, _):
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
            device_id = "01" if manner == "bytes" else SOCKET
            await asyncio.gather(
                run.client.set_on(device_id, True),
                run.client.set_led(device_id, 40),
                run.client.refresh(),
            )
            assert (run.device(device_id).is_on, run.device(device_id).led) == (True, 40)
            for number in range(20):
                await cloud.link.push(device_id, power=number % 2 == 0)
            pushes = run.client.statistics.pushes
            await until(lambda: run.client.statistics.pushes >= 22, 60)
            assert pushes <= 22
            assert run.device(device_id).is_on is False

    run_virtual(main())


def test_slow_loris() -> None:
    """A handshake of which a byte comes every eleven seconds: the limits strike, the client comes back."""

    async def main() -> None:
        async with proxied(ready=False) as (run, proxy, _):
            proxy.chunk, proxy.delay_s = 1, lambda: 11.0
            with pytest.raises(ConnectError):
                await run.client.ready(patient=False)
            proxy.chunk = proxy.delay_s = None
            await run.ready()

    run_virtual(main())


def test_everything_twice() -> None:
    """Answers and reports that come twice change nothing the second time."""

    async def main() -> None:
        cloud = Cloud()

        async def twice(link: Link, prefix: str, body: Any) -> None:
            await cloud.obey(link, prefix, body)
            if prefix != "0014":
                await cloud.obey(link, prefix, body)

        cloud.react = twice
        async with at_home(cloud) as (run, _):
            await run.client.set_on(SOCKET, True)
            await run.client.set_led(SOCKET, 40)
            await run.client.delete(SOCKET)
            await run.client.refresh()
            assert run.links() == [True]
            assert run.added().count(SOCKET) == run.removed().count(SOCKET) == 1
            assert cloud.link.prefixes() == ["0002", "0004", "0006", "0030", "0014", "0004"]

    run_virtual(main())


GARBAGE = {
    "zeros": b"\x00" * 5000,
    "all bytes": bytes(range(256)) * 4,
    "HTTP": b"HTTP/1.1 503 Service Unavailable\r\n\r\n",
    "no UTF-8": b"\x81\x64" + b"\xff" * 100,
    "oversized": b"\x81\x7f" + (MAX_FRAME_BYTES + 2).to_bytes(8),
    "endless": b"\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff",
    "masked": b"\x81\x82\x00\x00\x00\x00{}",
    "reserved": b"\xf1\x02{}",
}


@pytest.mark.parametrize("what", GARBAGE)
def test_garbage(what: str) -> None:
    """Bytes that cannot be a websocket end the link at once, or are no frame; it comes back and works."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            transport = cloud.link.request.transport
            assert transport
            transport.write(GARBAGE[what])
            if what == "masked":  # the library forgives it
                await cloud.link.push(LIGHT, power=False)
                await until(lambda: run.device(LIGHT).is_on is False)
                return
            await run.lost()
            assert isinstance(run.client.statistics.drops, dict)
            assert set(run.client.statistics.drops) <= {
                FrameError.__name__,
                LinkClosedError.__name__,
            }
            await run.back()
            await run.client.set_on(LIGHT, True)
            assert len(cloud.links) == 2

    run_virtual(main())


def test_odd_but_framed() -> None:
    """Frames without sense cost nothing (§3)."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            for text in ("not json", "0009[]", "0009null", "0009{", "\x00", "0009" + "[" * 50_000):
                await cloud.link.text(text)
            deep = '{"id":"' + LIGHT + '","x":' + "[" * 900 + "]" * 900 + "}"
            await cloud.link.text("0009" + deep)
            await cloud.link.text(f"0005[{deep}]")
            await cloud.link.text("0009" + json.dumps(thing(LIGHT, novelty="x" * 100_000)))
            await cloud.link.ws.send_bytes(b"0003{}")
            await cloud.link.push(LIGHT, power=False)
            await until(lambda: run.device(LIGHT).is_on is False)
            assert len(cloud.links) == 1
            await run.client.set_on(LIGHT, True)

    run_virtual(main())


# --- nobody there, or nobody answering ------------------------------------------------------


@pytest.mark.parametrize("manner", ["refused", "hangs", "resets"])
def test_nobody_answers_the_door(manner: str) -> None:
    """Each attempt has its ten seconds, one at a time; afterwards the client is back by itself."""

    async def main() -> None:
        async with proxied(backoff=STEADY) as (run, proxy, _):
            await asyncio.sleep(61)
            if manner == "refused":
                await proxy.refuse()
            proxy.accept = Accept.HANG if manner == "hangs" else Accept.RESET
            proxy.drop_all(Cut.FIN)
            await asyncio.sleep(600)
            assert proxy.open <= 1
            assert 5 <= run.client.statistics.drops["ConnectError"] <= 9
            assert not run.client.connected
            if manner != "refused":
                proxy.accept = Accept.PASS
                await run.back(400)

    run_virtual(main())


def test_name_that_stops_resolving(authority: Authority) -> None:
    """DNS is gone for a day: one attempt after another with the name in the error, and back when it is."""

    async def main() -> None:
        servers: dict[str, Cloud] = {}
        async with Cloud(tls=authority.server("*.homismart.com")) as cloud:
            servers[PROD] = cloud
            network = Network(authority.trusting(), servers)
            async with running(session=network.session(), backoff=STEADY) as run:
                addresses, network._addresses = network._addresses, {}
                cloud.link.abort()
                await run.lost()
                await asyncio.sleep(86_400)
                assert PROD in str(run.client.last_error)
                assert 250 <= len(network.asked) <= 300
                network._addresses = addresses
                await run.back(400)

    run_virtual(main())


@pytest.mark.parametrize("in_flight", [0, 1, 8])
def test_half_open(in_flight: int) -> None:
    """The peer vanishes without a word: noticed within half a minute, commands fail in time, then all is back."""

    async def main() -> None:
        async with proxied() as (run, proxy, _):
            proxy.blackhole = True
            started = now()
            ids = list(run.client.devices)[2 : 2 + in_flight]
            outcomes = await asyncio.gather(
                *(run.client.set_led(device_id, 1) for device_id in ids), return_exceptions=True
            )
            assert {type(each) for each in outcomes} <= {UnansweredError, LinkClosedError}
            assert now() - started < 21
            await run.lost()
            assert now() - started < 31
            assert isinstance(run.client.last_error, PeerSilentError)
            proxy.blackhole = False
            lost = now()
            await run.back()
            assert now() - lost < 5

    run_virtual(main())


def test_peer_that_stops_reading() -> None:
    """Its window is closed and our buffers fill up: the deadlines go on, the link is given up, stopping takes no time."""

    async def main() -> None:
        cloud = Cloud()
        ids = [f"02{number:012}" for number in range(120)]
        cloud.objects = [lamp(device_id, novelty="x" * 60_000) for device_id in ids]
        async with at_home(cloud) as (run, _):
            transport = cloud.link.request.transport
            assert isinstance(transport, asyncio.Transport)
            sock: socket.socket = transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            transport.pause_reading()
            started = now()
            outcomes = await asyncio.gather(
                *(run.client.set_on(device_id, False) for device_id in ids), return_exceptions=True
            )
            assert all(isinstance(each, VendorError) for each in outcomes)
            assert now() - started < 35
            await run.back(60)
            await run.client.set_on(ids[0], False)

    run_virtual(main())


def test_stopping_while_the_peer_does_not_read() -> None:
    """A write that hangs does not hold up the end (guide §1.5)."""

    async def main() -> None:
        cloud = Cloud()
        ids = [f"02{number:012}" for number in range(100)]
        cloud.objects = [lamp(device_id, novelty="x" * 60_000) for device_id in ids]
        async with at_home(cloud) as (run, _):
            transport = cloud.link.request.transport
            assert isinstance(transport, asyncio.Transport)
            transport.pause_reading()
            callers = [asyncio.create_task(run.client.set_on(each, False)) for each in ids]
            await asyncio.sleep(12)
            started = now()
            await run.stop()
            assert now() - started < 5
            outcomes = await asyncio.gather(*callers, return_exceptions=True)
            assert all(isinstance(each, LinkError | CommandError) for each in outcomes)

    run_virtual(main())


def test_quiet_but_alive() -> None:
    """A slow link on which nothing happens is not given up."""

    async def main() -> None:
        async with proxied() as (run, proxy, _):
            proxy.delay_s = lambda: 3.0
            await asyncio.sleep(400)
            assert run.client.connected
            assert run.client.statistics.drops == {}

    run_virtual(main())


# --- storms and floods ----------------------------------------------------------------------


def test_flapping_for_hours(caplog: pytest.LogCaptureFixture) -> None:
    """A network that comes and goes every few seconds: attempts, log and memory stay bounded."""
    caplog.set_level(logging.INFO)

    async def main() -> None:
        numbers, others = random.Random(1), len(living(Connection))
        async with proxied(backoff=STEADY) as (run, proxy, cloud):
            started = now()
            while now() - started < 2 * 3600:
                await asyncio.sleep(numbers.uniform(1, 20))
                proxy.drop_all(numbers.choice(list(Cut)))
                proxy.accept = numbers.choice((Accept.PASS, Accept.PASS, Accept.RESET))
                cloud.links[:-1] = []
            assert proxy.connections < 60
            proxy.accept = Accept.PASS
            await run.back(400)
            run.changes.clear()  # the errors in them hold the frames they passed
            assert len(living(Connection)) - others == 1

    run_virtual(main())
    assert not [each for each in caplog.records if each.name.startswith("custom_components")]


def test_thousand_reconnects() -> None:
    """Nothing is left of nine hundred and ninety-nine links."""
    kinds = (Connection, WebSocketTransport, aiohttp.ClientWebSocketResponse)

    async def main() -> None:
        others = [len(living(kind)) for kind in kinds]
        async with at_home(small(), backoff=lambda: repeat(0.0)) as (run, cloud):

            async def reconnect(count: int) -> None:
                for _ in range(count):
                    before = run.client.statistics.drops.total()
                    cloud.link.abort()
                    await spin(lambda before=before: run.client.statistics.drops.total() > before)
                    await spin(lambda: run.client.connected)
                    cloud.links[:-1] = []
                    cloud.attempts.clear()
                    run.changes.clear()

            await stays_flat(reconnect, 1000)
            assert [len(living(kind)) - 1 for kind in kinds] == others
            assert len(asyncio.all_tasks()) <= 5
            assert run.client.statistics.connects == 1001

    run_virtual(main())


def test_memory_is_flat_over_pushes() -> None:
    """Thirty thousand reports of a whole home: what is kept is the home."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            run.changes.clear()
            heard = 0

            def count(change: object) -> None:
                nonlocal heard
                heard += 1
                run.changes.clear()

            run.client.subscribe(count)

            async def flood(pushes: int) -> None:
                target = run.client.statistics.pushes + pushes
                for number in range(0, pushes, 2):
                    await cloud.link.push(
                        LIGHT, power=number % 4 == 0, **{f"m{number % 90}": number}
                    )
                    await cloud.link.push(CURTAIN, curtainState=str(200 + number % 101))
                while run.client.statistics.pushes < target:
                    await asyncio.sleep(0)

            await stays_flat(flood, 30_000)
            assert heard > 15_000
            assert len(run.device(LIGHT).members) <= 110
            assert run.client.connected

    run_real(main())


def test_flood_leaves_the_loop_to_others() -> None:
    """Thousands of reports in one piece: other work of the loop goes on between them, and commands too."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            transport = cloud.link.request.transport
            assert transport
            text = b'0009{"id":"' + LIGHT.encode() + b'","power":%s}'
            frames = [
                b"\x81" + bytes((len(each),)) + each for each in (text % b"true", text % b"false")
            ]
            transport.write(b"".join(frames * 5000))
            command = asyncio.create_task(run.client.set_led(SOCKET, 5))
            most = before = 0
            while run.client.statistics.pushes < 10_000:
                await asyncio.sleep(0)
                most = max(most, run.client.statistics.pushes - before)
                before = run.client.statistics.pushes
            assert most <= 256
            await command

    run_real(main())


def test_pings_without_end() -> None:
    """Each is answered, and none of them hurts."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            transport = cloud.link.request.transport
            assert transport
            transport.write((b"\x89\x7d" + b"x" * 125) * 3000)
            await run.client.set_on(LIGHT, True)
            await until(lambda: cloud.link.pongs == 3000)
            assert run.client.connected

    run_virtual(main())


def test_devices_without_end() -> None:
    """A peer that invents devices fills neither memory nor registry."""

    async def main() -> None:
        async with at_home() as (run, cloud):
            for number in range(3000):
                await cloud.link.say("0009", {"id": f"02{number:012}", "type": 2})
                await cloud.link.say("0009", {"id": f"03{number:012}", "power": True})
            await cloud.link.push(LIGHT, power=False)
            await until(lambda: run.device(LIGHT).is_on is False)
            assert len(run.client.devices) == 2000
            assert len(cloud.link.bodies("0004")) == 1

    run_real(main())


# --- secrets --------------------------------------------------------------------------------


def secrets_of(error: BaseException) -> str:
    """Collect what an error and everything that hangs on it would show."""
    texts, pending, seen = [], [error], set()
    while pending:
        err = pending.pop()
        if id(err) in seen:
            continue
        seen.add(id(err))
        texts += [str(err), repr(err), repr(err.args), repr(vars(err))]
        pending += [each for each in (err.__cause__, err.__context__) if each]
    return " ".join(texts)


def saying(*frames: tuple[str, object]) -> Callable[[Cloud], None]:
    """Answer a login with these frames."""

    def prepare(cloud: Cloud) -> None:
        cloud.react = cloud.answering(p0002=frames)

    return prepare


def doing(act: Callable[[Link], Awaitable[object]]) -> Callable[[Cloud], None]:
    """Answer a login by doing something."""

    def prepare(cloud: Cloud) -> None:
        async def react(link: Link, prefix: str, body: Any) -> None:
            if prefix == "0002":
                await act(link)
            else:
                await cloud.obey(link, prefix, body)

        cloud.react = react

    return prepare


async def _parrot(link: Link) -> None:
    """Say what was heard, in every way there is."""
    _, body = link.heard[-1]
    for prefix in ("0002", "0003", "0777", "9999"):
        await link.say(prefix, {**body, "result": True, "code": 1, "info": body["password"]})
        await link.text(f"{body['password']}{{}}")


async def _parrot_later(link: Link) -> None:
    """Let the client in, and say then what it should not hear."""
    _, body = link.heard[-1]
    await link.say("0003", {"result": True})
    await link.say("0009", {"id": body["password"], "type": 2, "name": body["username"]})
    await link.say("0777", body)
    await link.text(json.dumps(body))
    await link.close(4000)


def upgrade(status: int, **headers: str) -> Callable[[Cloud], None]:
    """Refuse the websocket."""

    def prepare(cloud: Cloud) -> None:
        cloud.on_upgrade = lambda request: web.Response(status=status, headers=headers, text=DIGEST)

    return prepare


UNLUCKY: dict[str, Callable[[Cloud], None]] = {
    "refused": saying(("0003", {"result": False})),
    "error 2": saying(("9999", {"code": 2, "info": USERNAME})),
    "error 24": saying(("9999", {"code": 24})),
    "error 1": saying(("9999", {"code": 1, "info": DIGEST})),
    "redirect": saying(("0039", {"ip": "evil.example.com", "port": "443"})),
    "silent": saying(),
    "closed": doing(lambda link: link.close(1008)),
    "parrot": doing(_parrot),
    "parrot later": doing(_parrot_later),
    "upgrade 401": upgrade(401),
    "upgrade 302": upgrade(302, Location=f"http://127.0.0.1/{DIGEST}"),
    "upgrade 429": upgrade(429),
    "no list": lambda cloud: setattr(cloud, "react", cloud.ignoring("0004")),
    "commands refused": lambda cloud: setattr(
        cloud, "react", cloud.answering(p0006=[("9999", {"code": 17, "info": DIGEST})])
    ),
}


@pytest.mark.parametrize("fault", UNLUCKY)
def test_no_secret_gets_out(fault: str, caplog: pytest.LogCaptureFixture) -> None:
    """Neither logs at any level, nor errors with all that hangs on them, nor reprs show a credential (§16.2 #17)."""
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []

    async def main() -> None:
        cloud = Cloud()
        UNLUCKY[fault](cloud)
        async with at_home(cloud, ready=False) as (run, _):
            try:
                async with asyncio.timeout(60):
                    await run.client.ready(patient=False)
                await run.client.set_on(SOCKET, True)
            except VendorError as err:
                shown.append(secrets_of(err))
            await asyncio.sleep(3)
            ends = run.client.last_error, run.task.exception() if run.task.done() else None
            shown.extend(secrets_of(error) for error in ends if error)
            shown.append(" ".join(map(repr, (run.client, run.client.statistics, run.task))))

    run_virtual(main())
    assert any(shown)
    ours = [
        each for each in caplog.records if each.name.startswith(("custom_components", "asyncio"))
    ]
    text = " ".join(shown) + " ".join(each.getMessage() + str(each.args) for each in ours)
    for secret in SECRETS:
        assert secret not in text, fault


# --- everything together --------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2])
def test_random_weather(seed: int) -> None:
    """Faults, commands and reports in random order for hours; in the end the client shows what the cloud has."""

    async def main() -> None:
        numbers = random.Random(seed)
        async with proxied(backoff=lambda: repeat(2.0)) as (run, proxy, cloud):
            client = run.client

            async def command() -> None:
                call = numbers.choice(
                    (
                        lambda: client.set_on(SOCKET, numbers.random() < 0.5),
                        lambda: client.set_position(CURTAIN, numbers.randrange(101)),
                        lambda: client.stop(CURTAIN),
                        lambda: client.set_led(LIGHT, numbers.randrange(101)),
                        lambda: client.rename(CURTAIN, f"n{numbers.randrange(9)}"),
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

            tasks = []
            for _ in range(100):
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
                        await cloud.link.text("garbage")
                    case 5:
                        await cloud.link.push(CURTAIN, curtainState=str(numbers.randrange(301)))
                    case 6:
                        cloud.react = cloud.ignoring("0006", "0030")
                    case 7:
                        proxy.cut, proxy.cut_after = Cut.RST, proxy.passed + numbers.randrange(2000)
                    case 8:
                        cloud.react = cloud.answering(p0006=[("9999", {"code": 18})])
                    case _:
                        proxy.blackhole, proxy.accept = False, Accept.PASS
                        proxy.delay_s = proxy.cut = None
                        cloud.react = cloud.obey
                await asyncio.sleep(numbers.expovariate(0.2))
            proxy.blackhole, proxy.accept = False, Accept.PASS
            proxy.delay_s = proxy.cut = None
            cloud.react = cloud.obey
            await asyncio.gather(*tasks)
            await run.back(200)
            await client.refresh()
            for device_id in (SOCKET, LIGHT, HUB, CURTAIN):
                stored = cloud.find(device_id)
                device = run.device(device_id)
                assert (device.is_on, device.led, device.name) == (
                    *(stored.get("power"), stored.get("led"), stored["name"]),
                )
                assert device.pending == {}
            assert client._waiters == {}
            assert proxy.open == 1

    run_virtual(main())
    gc.collect()
    assert not living(Connection)
