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
import pytest

from custom_components.dio_chacon.protocol import (
    AuthError,
    ConnectError,
    DioClient,
    LinkClosedError,
    LinkError,
    Movement,
    PeerSilentError,
    UnansweredError,
    VendorError,
)
from custom_components.dio_chacon.protocol.connection import Connection
from custom_components.dio_chacon.protocol.supervisor import exponential_backoff
from custom_components.dio_chacon.protocol.transport import WebSocketTransport, post_login
from tests.support.clock import run_real, run_virtual
from tests.support.fault_proxy import Accept, Cut, FaultProxy, Way
from tests.support.leaks import living, stays_flat

from .cloud import CREDENTIALS, EMAIL, PASSWORD, TOKEN, Cloud, Link, Reply, frame, servers_at
from .home import GREETING, LIGHT, PLUG, REFUSAL, SHUTTER, level, push, record, state, switched
from .running import Running, running, until
from .test_transport import Names, secrets_of

pytestmark = pytest.mark.usefixtures("socket_enabled")

STEADY = exponential_backoff(2.0, 300.0, uniform=lambda low, high: 1.0)


@asynccontextmanager
async def proxied(
    cloud: Cloud | None = None, *, ready: bool = True, **options: Any
) -> AsyncIterator[tuple[Running, FaultProxy]]:
    """Run a client against a cloud behind a proxy."""
    async with cloud or Cloud() as server, FaultProxy(server.port) as proxy:
        options.setdefault("servers", servers_at(proxy.port))
        options.setdefault("backoff", lambda: repeat(1.0))
        async with aiohttp.ClientSession() as session:
            run = Running(DioClient(CREDENTIALS, session, **options), server)
            try:
                if ready:
                    await run.ready()
                yield run, proxy
            finally:
                proxy.cut, proxy.blackhole = None, False
                await run.stop()


def small() -> Cloud:
    """Build a cloud of one device, so that a handshake is few bytes."""
    cloud = Cloud()
    cloud.records = [{"id": PLUG, "type": ".wifi.plug."}]
    cloud.states = {PLUG: state(PLUG, switched(0))}
    return cloud


# --- cut at every byte ----------------------------------------------------------------------


@pytest.mark.parametrize("cut", list(Cut), ids=["FIN", "RST"])
def test_login_cut_at_every_byte(cut: Cut) -> None:
    """Each cut of a login, in either direction, is a problem of the connection; a whole one is an answer."""

    async def main() -> int:
        body = {"email": "a", "password": PASSWORD, "installationId": "i"}
        async with Cloud() as cloud, FaultProxy(cloud.port) as proxy:
            url = servers_at(proxy.port).login_url
            connector = aiohttp.TCPConnector(force_close=True)
            async with aiohttp.ClientSession(connector=connector) as session:
                assert (await post_login(session, url, body)).status == 200
                length, offsets = proxy.passed, proxy.offsets(cut)
                proxy.cut = cut
                for offset in offsets:
                    proxy.count_from_here()
                    proxy.cut_after = offset
                    with pytest.raises(ConnectError) as caught:
                        await post_login(session, url, body)
                    if offset % 35 == 0:
                        assert PASSWORD not in secrets_of(caught.value)
                proxy.cut = None
                assert (await post_login(session, url, body)).status == 200
        return length

    assert run_virtual(main()) > 300


@pytest.mark.parametrize("cut", list(Cut), ids=["FIN", "RST"])
def test_handshake_cut_at_every_byte(cut: Cut) -> None:
    """From the upgrade to the last state: whatever the byte, the client comes back and has lost nothing.

    Each offset is one life of the link, so this is also a thousand reconnects of one client, with bounded memory.
    """

    async def main() -> int:
        async with proxied(small(), backoff=lambda: repeat(0.0)) as (run, proxy):
            proxy.drop_all(Cut.FIN)
            await run.another_drop()
            proxy.count_from_here()
            await run.back()
            length, offsets = proxy.passed, proxy.offsets(cut)
            connects = run.client.statistics.connects
            proxy.cut = cut
            proxy.drop_all(cut)
            await run.another_drop()
            for offset in offsets:  # each cut ends one life, the next begins by itself
                proxy.count_from_here()
                proxy.cut_after = offset
                await run.another_drop()
                assert not run.client.connected
                run.changes.clear()
            proxy.cut = None
            await run.back()
            assert run.device(PLUG).is_on is False
            await run.client.set_on(PLUG, True)
            drops = run.client.statistics.drops
            assert set(drops) <= {"LinkClosedError", "ConnectError", "FrameError"}
            assert drops.total() >= len(offsets)
            assert run.client.statistics.connects - connects <= len(offsets)
            assert len(run.cloud.logins) == 1
            assert proxy.open == 1
        return length

    assert run_virtual(main()) > 1000


@pytest.mark.parametrize("cut", list(Cut), ids=["FIN", "RST"])
def test_command_cut_at_every_byte(cut: Cut) -> None:
    """A command and its answer: done, or a failure at once; never sent twice."""

    async def main() -> int:
        async with proxied(small(), backoff=lambda: repeat(0.0)) as (run, proxy):
            proxy.count_from_here()
            await run.client.set_on(PLUG, True)
            length, done = proxy.passed, 0
            for offset in (*proxy.offsets(cut), length):
                await run.back()
                seen = len(run.cloud.requests("/switch"))
                proxy.count_from_here()
                proxy.cut, proxy.cut_after = cut, offset
                async with asyncio.timeout(1):
                    try:
                        await run.client.set_on(PLUG, True)
                    except LinkClosedError:
                        assert offset < length + 1
                    else:
                        done += 1
                proxy.cut = None
                proxy.drop_all(cut)
                await run.when(lambda: not run.client.connected)
                assert len(run.cloud.requests("/switch")) - seen <= 1
            assert done >= 1
        return length

    assert run_virtual(main()) > 100


# --- other damage ---------------------------------------------------------------------------


@pytest.mark.parametrize("way", list(Way), ids=["up", "down"])
def test_damaged_bytes(way: Way) -> None:
    """One flipped byte anywhere in a handshake: understood, ignored, or another attempt; never a wrong device."""

    async def main() -> None:
        async with proxied(small(), ready=False) as (run, proxy):
            await run.ready()
            length = proxy.passed_by[way]
            for offset in range(0, length, 3):
                proxy.drop_all(Cut.RST)
                await run.lost()
                proxy.count_from_here()
                proxy.flip = way, offset
                with suppress(TimeoutError):
                    await run.back(50)
                proxy.flip = None
                if run.task.done():  # a greeting or a token that was damaged to a refusal
                    assert isinstance(run.task.exception(), AuthError)
                    return
            # What was damaged does not stay.
            proxy.drop_all(Cut.RST)
            await run.lost()
            await run.back(100)
            await run.client.refresh()
            await run.client.refresh()
            assert set(run.client.devices) == {PLUG}

    logging.getLogger("asyncio").setLevel(
        logging.CRITICAL
    )  # the cloud of the tests may not like it
    try:
        run_virtual(main())
    finally:
        logging.getLogger("asyncio").setLevel(logging.NOTSET)


@pytest.mark.parametrize("manner", ["bytes", "late", "gathered", "jitter"])
def test_segmentation(manner: str) -> None:
    """One byte at a time, late, in large pieces or all of it: the same home, the same commands."""

    async def main() -> None:
        cloud = Cloud() if manner != "bytes" else small()
        async with proxied(cloud, ready=False) as (run, proxy):
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
                run.client.set_on(PLUG, True),
                run.client.move(SHUTTER, Movement.UP),
                run.client.refresh_state(PLUG),
            )
            run.cloud.link.send(*(push(PLUG, switched(number % 2)) for number in range(1, 20)))
            await until(lambda: run.client.statistics.pushes == 19, 60)
            assert run.device(PLUG).is_on is True

    run_virtual(main())


def test_slow_loris() -> None:
    """A handshake of which a byte comes every second: the limits strike, the client comes back."""

    async def main() -> None:
        async with proxied(ready=False) as (run, proxy):
            proxy.chunk, proxy.delay_s = 1, lambda: 11.0
            with pytest.raises(ConnectError):
                await run.client.ready(patient=False)
            proxy.chunk = proxy.delay_s = None
            await run.ready()

    run_virtual(main())


@pytest.mark.parametrize("pushes", [1, 20])
def test_repeated_bytes(pushes: int) -> None:
    """Frames that come twice change nothing the second time."""

    async def main() -> None:
        async with running() as run:
            data = b"".join(frame(f'{{"id":{number},"status":200}}') for number in range(1, 9))
            run.cloud.link.raw(data, data)
            run.cloud.link.send(*[push(PLUG, switched(1))] * pushes * 2)
            await until(lambda: run.client.statistics.pushes == pushes * 2)
            assert run.fields(PLUG) == [{"is_on"}]
            assert run.client.statistics.strays == 16
            await run.client.set_on(PLUG, False)

    run_virtual(main())


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00" * 5000,
        bytes(range(256)) * 4,
        b"HTTP/1.1 503 Service Unavailable\r\n\r\n",
        frame(b"\xff" * 100),
        frame(b"x" * (4 * 1024 * 1024 + 1)),
        b"\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff",
    ],
    ids=["zeros", "all bytes", "HTTP", "no UTF-8", "oversized", "endless"],
)
def test_garbage(garbage: bytes) -> None:
    """Bytes that cannot be a websocket end the link at once; it comes back and works."""

    async def main() -> None:
        async with running() as run:
            run.cloud.link.raw(garbage)
            await run.lost()
            await run.back()
            await run.client.set_on(PLUG, True)
            assert len(run.cloud.links) == 2

    run_virtual(main())


def test_odd_but_framed() -> None:
    """Frames without sense cost nothing: §4, §5."""

    async def main() -> None:
        async with running() as run:
            run.cloud.link.text("not json", "[]", "null", "{", "\x00", "x" * 100_000, "[" * 50_000)
            run.cloud.link.send({"a": 1}, {"name": "deviceState"}, {"id": "x"}, {"id": 10**15})
            run.cloud.link.send(push(PLUG, switched(1)))
            await until(lambda: run.device(PLUG).is_on)
            assert len(run.cloud.links) == 1

    run_virtual(main())


def test_message_of_megabytes() -> None:
    """A large account is read; the loop and the link survive it."""

    async def main() -> None:
        cloud = Cloud()
        cloud.records = [
            record(f"L4HActuator_{number}", extra="x" * 1500) for number in range(2500)
        ]
        cloud.states = {}
        async with running(cloud) as run:
            assert len(run.client.devices) == 2000

    run_virtual(main())


# --- nobody there, or nobody answering ------------------------------------------------------


@pytest.mark.parametrize("manner", ["refused", "hangs", "resets"])
def test_nobody_answers_the_door(manner: str) -> None:
    """Each attempt has its ten seconds, one at a time; afterwards the client is back by itself."""

    async def main() -> None:
        async with proxied(backoff=STEADY) as (run, proxy):
            await asyncio.sleep(61)
            if manner == "refused":
                port = proxy.port
                await proxy.refuse()
                proxy.drop_all(Cut.FIN)
                await asyncio.sleep(600)
                assert 5 <= run.client.statistics.drops["ConnectError"] <= 12
                assert not run.client.connected
                async with FaultProxy(run.cloud.port) as again:
                    # The same address comes back to life.
                    sock = socket.create_server(("127.0.0.1", port), reuse_port=False)
                    sock.close()
                    assert again.open == 0
                return
            proxy.accept = Accept.HANG if manner == "hangs" else Accept.RESET
            proxy.drop_all(Cut.FIN)
            await asyncio.sleep(600)
            assert proxy.open <= 1
            assert 5 <= run.client.statistics.drops["ConnectError"] <= 12
            proxy.accept = Accept.PASS
            await run.back(400)

    run_virtual(main())


def test_name_that_stops_resolving() -> None:
    """DNS is gone for a day: one attempt after another, and back when it is."""

    async def main() -> None:
        async with Cloud() as cloud:
            names = Names()
            connector = aiohttp.TCPConnector(resolver=names, use_dns_cache=False)
            async with aiohttp.ClientSession(connector=connector) as session:
                run = Running(DioClient(CREDENTIALS, session, backoff=STEADY), cloud)
                await asyncio.sleep(86_400)
                assert 280 <= len(names.asked) <= 310
                assert isinstance(run.client.last_error, ConnectError)
                assert not run.task.done()
                await run.stop()

    run_virtual(main())


@pytest.mark.parametrize("in_flight", [0, 1, 10])
def test_half_open(in_flight: int) -> None:
    """The peer vanishes without a word: noticed within a minute, commands fail in time, then all is back."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with proxied() as (run, proxy):
            proxy.blackhole = True
            started = loop.time()
            outcomes = await asyncio.gather(
                *(run.client.set_on(f"d{number}", True) for number in range(in_flight)),
                return_exceptions=True,
            )
            assert {type(each) for each in outcomes} <= {UnansweredError, LinkClosedError}
            assert loop.time() - started < 31
            await run.lost()
            assert loop.time() - started < 60
            assert isinstance(run.client.last_error, LinkError)
            proxy.blackhole = False
            lost = loop.time()
            await run.back()
            assert loop.time() - lost < 5

    run_virtual(main())


def test_peer_that_stops_reading() -> None:
    """Its window is closed and our buffers fill up: the deadlines go on, the link is given up."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        cloud = Cloud()
        # Ids as long as they may be, so that requests for states are large.
        cloud.records = [record("L4HActuator_" + f"{number:04}" * 29) for number in range(2000)]
        cloud.states = {}
        async with running(cloud) as run:
            stopped = asyncio.Event()

            async def stop_reading(link: Link, request: dict[str, Any]) -> None:
                link.writer.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_RCVBUF, 4096
                )
                link.writer.transport.pause_reading()  # type: ignore[attr-defined]
                await stopped.wait()

            cloud.on_request = stop_reading
            started = loop.time()
            calls = [run.client.refresh(), *(run.client.set_on(f"d{n}", True) for n in range(500))]
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
            assert all(isinstance(each, VendorError) for each in outcomes)
            assert loop.time() - started < 60
            cloud.on_request = cloud.answer
            stopped.set()
            await run.back(60)

    run_virtual(main())


def test_clock_runs_while_nothing_is_heard() -> None:
    """A link that is quiet but alive is not given up, for hours."""

    async def main() -> None:
        async with proxied() as (run, proxy):
            proxy.delay_s = lambda: 3.0
            await asyncio.sleep(3600)
            assert run.client.connected
            assert run.client.statistics.drops == {}

    run_virtual(main())


# --- storms and floods ----------------------------------------------------------------------


def test_flapping_for_hours(caplog: pytest.LogCaptureFixture) -> None:
    """A network that comes and goes every few seconds: attempts, log and memory stay bounded."""
    caplog.set_level(logging.INFO)

    async def main() -> None:
        numbers, others = random.Random(1), len(living(Connection))
        async with proxied(backoff=STEADY) as (run, proxy):
            loop = asyncio.get_running_loop()
            started = loop.time()
            while loop.time() - started < 4 * 3600:
                await asyncio.sleep(numbers.uniform(1, 20))
                proxy.drop_all(numbers.choice(list(Cut)))
                proxy.accept = numbers.choice((Accept.PASS, Accept.PASS, Accept.RESET))
            assert proxy.connections < 200
            proxy.accept = Accept.PASS
            await run.back(400)
            run.changes.clear()  # the errors in them hold the frames they passed
            assert len(living(Connection)) - others == 1

    run_virtual(main())
    assert [each for each in caplog.records if each.name.startswith("custom_components")] == [
        each for each in caplog.records if "unknown" in each.message
    ]


def test_thousand_reconnects() -> None:
    """Nothing is left of nine hundred and ninety-nine links."""

    kinds = (Connection, WebSocketTransport, aiohttp.ClientWebSocketResponse)

    async def main() -> None:
        others = [len(living(kind)) for kind in kinds]
        async with running(small(), backoff=lambda: repeat(0.0)) as run:

            async def reconnect(count: int) -> None:
                for _ in range(count):
                    run.cloud.link.finish()
                    await run.another_drop()
                    await run.back()
                    run.cloud.links[:-1] = []
                    run.cloud.heads.clear()
                    run.cloud.upgrades.clear()
                    run.changes.clear()

            await stays_flat(reconnect, 1000)
            assert [len(living(kind)) - 1 for kind in kinds] == others
            assert len(asyncio.all_tasks()) <= 4
            assert run.client.statistics.connects == 1001

    run_virtual(main())


def test_memory_is_flat_over_pushes() -> None:
    """A hundred thousand reports of a whole home: what is kept is the home."""

    async def main() -> None:
        async with running() as run:
            run.changes.clear()
            heard = 0

            def count(change: object) -> None:
                nonlocal heard
                heard += 1
                run.changes.clear()

            run.client.subscribe(count)
            batches = [
                b"".join(
                    frame(json.dumps(each))
                    for number in range(250)
                    for each in (
                        push(PLUG, switched(number % 2)),
                        push(
                            SHUTTER,
                            level((number + batch) % 101),
                            {"rt": f"gw.r.odd{(number + batch) % 300}"},
                        ),
                    )
                )
                for batch in range(8)
            ]

            async def flood(pushes: int) -> None:
                target = run.client.statistics.pushes + pushes
                for number in range(pushes // 500):
                    run.cloud.link.raw(batches[number % 8])
                    await run.cloud.link.writer.drain()
                    while run.client.statistics.pushes < target - pushes + (number + 1) * 500:
                        await asyncio.sleep(0)

            await stays_flat(flood, 100_000)
            assert run.client.statistics.pushes == 100_000
            assert heard > 50_000
            assert run.client.connected

    run_real(main())


def test_flood_leaves_the_loop_to_others() -> None:
    """Thousands of pushes in one piece: other work of the loop goes on between them, and commands too."""

    async def main() -> None:
        async with running() as run:
            most = before = 0
            run.cloud.link.send(*(push(SHUTTER, level(number % 101)) for number in range(20_000)))
            command = asyncio.create_task(run.client.set_on(PLUG, True))
            while run.client.statistics.pushes < 20_000:
                await asyncio.sleep(0)
                most = max(most, run.client.statistics.pushes - before)
                before = run.client.statistics.pushes
            assert most <= 256
            await command

    run_real(main())


def test_ping_flood() -> None:
    """Each ping is answered, and none of them hurts."""

    async def main() -> None:
        async with running() as run:
            run.cloud.link.raw(*[frame(b"x" * 125, 9)] * 5000)
            await run.client.set_on(PLUG, True)
            assert run.client.connected

    run_virtual(main())


# --- credentials ----------------------------------------------------------------------------


def test_token_expires_during_an_outage() -> None:
    """The link is lost, the token with it: one login more, and on it goes."""

    async def main() -> None:
        async with proxied() as (run, proxy):
            valid = "r:new"
            run.cloud.on_login = lambda body: Reply.of(
                {"status": 200, "data": {"sessionToken": valid}}
            )

            async def check(link: Link) -> None:
                link.send(GREETING if link.parameters.get("sessionToken") == valid else REFUSAL)

            run.cloud.on_open = check
            proxy.drop_all(Cut.RST)
            await run.lost()
            await run.back()
            assert len(run.cloud.logins) == 2
            assert run.links() == [True, False, True]

    run_virtual(main())


def test_login_server_goes_down_while_the_token_expires() -> None:
    """No verdict on the password is none: the client waits for the login server to come back."""

    async def main() -> None:
        async with running() as run:
            good = run.cloud.on_login
            run.cloud.on_login = lambda body: Reply(503, b"<html>")

            async def refuse(link: Link) -> None:
                link.send(REFUSAL)

            run.cloud.on_open = refuse
            run.cloud.link.finish()
            await run.lost()
            await asyncio.sleep(100)
            assert not run.task.done()
            assert isinstance(run.client.last_error, ConnectError)
            run.cloud.on_login, run.cloud.on_open = good, run.cloud.greet
            await run.back()

    run_virtual(main())


SECRETS = (EMAIL, PASSWORD, TOKEN, "someone%2Bsecret", "correct%20horse", TOKEN[2:], "peer said")


def unlucky_clouds() -> dict[str, Callable[[Cloud], None]]:
    """Name everything that can go wrong with a login or a link."""

    def login(reply: Reply) -> Callable[[Cloud], None]:
        return lambda cloud: setattr(cloud, "on_login", lambda body: reply)

    def upgrade(reply: Reply, *, by_password: bool = False) -> Callable[[Cloud], None]:
        def prepare(cloud: Cloud) -> None:
            if by_password:
                cloud.on_login = lambda body: Reply(404)
            cloud.on_upgrade = lambda query: reply

        return prepare

    def link(
        act: Callable[[Link], Awaitable[None]], *, by_password: bool
    ) -> Callable[[Cloud], None]:
        def prepare(cloud: Cloud) -> None:
            if by_password:
                cloud.on_login = lambda body: Reply(404)
            cloud.on_open = act

        return prepare

    async def refuse(each: Link) -> None:
        each.send(REFUSAL)

    async def trash(each: Link) -> None:
        each.raw(b"\xff\xffpeer said")

    async def close(each: Link) -> None:
        each.close(4000)

    echo = Reply(500, f"peer said {EMAIL} {PASSWORD} {TOKEN}".encode())
    away = Reply(302, b"", {"Location": f"http://127.0.0.1:9/?{EMAIL}={PASSWORD}&{TOKEN}"})
    result: dict[str, Callable[[Cloud], None]] = {
        "login refused": login(Reply.of({"status": 400, "data": f"peer said {EMAIL} {PASSWORD}"})),
        "login 500": login(echo),
        "login 429": login(Reply(429)),
        "login redirected": login(away),
        "login token of another type": login(
            Reply.of({"status": 200, "data": {"sessionToken": [TOKEN]}})
        ),
        "all refused": lambda cloud: cloud.refuse(400),
        "all throttled": lambda cloud: cloud.refuse(429),
        "all unauthorised": lambda cloud: cloud.refuse(401),
    }
    for by_password in (False, True):
        suffix = " (password)" if by_password else ""
        result |= {
            f"upgrade 403{suffix}": upgrade(Reply(403, echo.body), by_password=by_password),
            f"upgrade 429{suffix}": upgrade(Reply(429), by_password=by_password),
            f"upgrade redirected{suffix}": upgrade(away, by_password=by_password),
            f"refused{suffix}": link(refuse, by_password=by_password),
            f"trash{suffix}": link(trash, by_password=by_password),
            f"closed{suffix}": link(close, by_password=by_password),
        }
    return result


UNLUCKY = unlucky_clouds()


@pytest.mark.parametrize("fault", UNLUCKY)
def test_no_secret_gets_out(fault: str, caplog: pytest.LogCaptureFixture) -> None:
    """Neither logs at any level, nor errors with all that hangs on them, nor reprs show a credential."""
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []

    async def main() -> None:
        cloud = Cloud()
        UNLUCKY[fault](cloud)
        async with running(cloud, ready=False) as run:
            try:
                await run.client.ready(patient=False)
            except VendorError as err:
                shown.append(secrets_of(err))
            await asyncio.sleep(3)
            ended = run.task.exception() if run.task.done() else None
            shown.extend(secrets_of(each) for each in (run.client.last_error, ended) if each)
            shown.append(
                " ".join(map(repr, (run.client, run.client.statistics, run.changes, run.task)))
            )

    run_virtual(main())
    assert any(shown)
    text = " ".join(shown) + caplog.text + "".join(str(each.args) for each in caplog.records)
    for secret in SECRETS:
        assert secret not in text, fault


# --- everything together --------------------------------------------------------------------


def test_random_weather() -> None:
    """Faults, commands and pushes in random order for hours; in the end the client shows what the cloud has."""

    async def main(seed: int) -> None:
        numbers, others = random.Random(seed), len(living(Connection))
        async with proxied(backoff=lambda: repeat(2.0)) as (run, proxy):
            loop = asyncio.get_running_loop()
            done: dict[type, int] = {}

            async def command() -> None:
                call = numbers.choice(
                    (
                        lambda: run.client.set_on(PLUG, numbers.random() < 0.5),
                        lambda: run.client.set_position(SHUTTER, numbers.randrange(101)),
                        lambda: run.client.move(SHUTTER, numbers.choice(list(Movement))),
                        lambda: run.client.refresh_state(LIGHT),
                        run.client.refresh,
                    )
                )
                started = loop.time()
                try:
                    async with asyncio.timeout(numbers.choice((0.001, 60))):
                        await call()
                except (VendorError, TimeoutError) as err:
                    done[type(err)] = done.get(type(err), 0) + 1
                assert loop.time() - started < 61

            tasks = []
            for _ in range(300):
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
                        run.cloud.link.text("garbage")
                    case 5:
                        run.cloud.link.send(push(SHUTTER, level(numbers.randrange(101))))
                    case 6:
                        run.cloud.refuse(numbers.choice((404, 500, 504, 200)), "/action/")
                    case 7:
                        proxy.cut, proxy.cut_after = Cut.RST, proxy.passed + numbers.randrange(2000)
                    case _:
                        proxy.blackhole, proxy.accept = False, Accept.PASS
                        proxy.delay_s = proxy.cut = None
                await asyncio.sleep(numbers.expovariate(0.2))
            proxy.blackhole, proxy.accept = False, Accept.PASS
            proxy.delay_s = proxy.cut = None
            await asyncio.gather(*tasks)
            run.cloud.on_request = run.cloud.answer
            await run.back(200)
            run.cloud.states[PLUG] = state(PLUG, switched(1))
            await run.client.refresh()
            assert run.device(PLUG).is_on is True
            assert run.client._waiters == {}
            assert proxy.open == 1
            run.changes.clear()
            tasks.clear()
            assert len(living(Connection)) - others == 1
            assert done

    for seed in range(2):
        run_virtual(main(seed))
        gc.collect()


def test_silence_is_an_error_of_its_own() -> None:
    """What the tests above call lost is told by the right name."""

    async def main() -> None:
        async with proxied() as (run, proxy):
            proxy.blackhole = True
            await run.lost()
            assert isinstance(run.client.last_error, PeerSilentError)

    run_virtual(main())
