"""The faults of a cloud link, injected between client and cloud: every run ends cleanly and leaves nothing.

Virtual time throughout: waits cost nothing, and limits are asserted in the seconds they stand for.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from itertools import repeat
import json
import random
import socket
from typing import Any, override

import aiohttp
import pytest

from custom_components.dio_chacon.protocol import ConnectError, DioClient, Movement
from custom_components.dio_chacon.protocol.connection import Connection
from custom_components.dio_chacon.protocol.const import MAX_FRAME_BYTES
from custom_components.dio_chacon.protocol.supervisor import exponential_backoff
from custom_components.dio_chacon.protocol.transport import WebSocketTransport, post_login
from tests.support.clock import run_real, run_virtual
from tests.support.contract.faults import CloudFaults
from tests.support.fault_proxy import Cut, FaultProxy
from tests.support.leaks import stays_flat
from tests.support.running import shown_by

from .cloud import CREDENTIALS, EMAIL, PASSWORD, TOKEN, Cloud, Link, Reply, frame, servers_at
from .home import GREETING, LIGHT, PLUG, REFUSAL, SHUTTER, level, push, record, state, switched
from .running import Running, running, until
from .test_transport import Names

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
                proxy.chunk = proxy.delay_s = None
                await run.stop()


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
                        assert PASSWORD not in shown_by(caught.value)
                proxy.cut = None
                assert (await post_login(session, url, body)).status == 200
        return length

    assert run_virtual(main()) > 300


# --- other damage ---------------------------------------------------------------------------


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


# --- storms and floods ----------------------------------------------------------------------


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


# --- what happens to all clouds --------------------------------------------------------------


class TestFaults(CloudFaults):
    """What the clients of all clouds bear."""

    new_cloud = Cloud
    kinds = (Connection, WebSocketTransport)
    max_frame_bytes = MAX_FRAME_BYTES
    steady = staticmethod(STEADY)
    switch = PLUG
    handshake_bytes = 1000
    secrets = SECRETS
    unlucky = UNLUCKY
    minds_hang_ups = False
    longest_s = 61.0

    @override
    def small(self) -> Cloud:
        cloud = Cloud()
        cloud.records = [{"id": PLUG, "type": ".wifi.plug."}]
        cloud.states = {PLUG: state(PLUG, switched(0))}
        return cloud

    @override
    @asynccontextmanager
    async def proxied(
        self, cloud: Cloud | None = None, **options: Any
    ) -> AsyncIterator[tuple[Running, FaultProxy, Cloud]]:
        async with proxied(cloud, **options) as (run, proxy):
            yield run, proxy, run.cloud

    @override
    @asynccontextmanager
    async def at_home(
        self, cloud: Cloud | None = None, **options: Any
    ) -> AsyncIterator[tuple[Running, Cloud]]:
        async with running(cloud, **options) as run:
            yield run, run.cloud

    @override
    def raw(self, cloud: Cloud, data: bytes) -> None:
        cloud.link.raw(data)

    @override
    def push(self, device_id: str, on: bool) -> bytes:
        return frame(json.dumps(push(device_id, switched(int(on)))))

    @override
    def heard(self, cloud: Cloud) -> int:
        return len(cloud.requests("/switch"))

    @override
    def forget(self, cloud: Cloud) -> None:
        super().forget(cloud)
        cloud.heads.clear()
        cloud.upgrades.clear()

    @override
    def crowded(self) -> Cloud:
        cloud = Cloud()
        # Ids as long as they may be, so that requests for states are large.
        cloud.records = [record("L4HActuator_" + f"{number:04}" * 29) for number in range(2000)]
        cloud.states = {}
        return cloud

    @override
    def stop_reading(self, cloud: Cloud) -> None:
        sock = cloud.link.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        cloud.link.writer.transport.pause_reading()

    @override
    def wishes(self, run: Running) -> list[Coroutine[Any, Any, Any]]:
        commands = [
            run.client.set_on(device_id, True) for device_id in list(run.client.devices)[:500]
        ]
        return [run.client.refresh(), *commands]

    @override
    def wish(self, run: Running, numbers: random.Random) -> Callable[[], Awaitable[Any]]:
        client = run.client
        return numbers.choice(
            (
                lambda: client.set_on(PLUG, numbers.random() < 0.5),
                lambda: client.set_position(SHUTTER, numbers.randrange(101)),
                lambda: client.move(SHUTTER, numbers.choice(list(Movement))),
                lambda: client.refresh_state(LIGHT),
                client.refresh,
            )
        )

    @override
    async def hinder(self, cloud: Cloud, numbers: random.Random) -> None:
        if numbers.random() < 0.5:
            cloud.link.send(push(SHUTTER, level(numbers.randrange(101))))
        else:
            cloud.refuse(numbers.choice((404, 500, 504)), "/action/")

    @override
    def calm(self, cloud: Cloud) -> None:
        cloud.on_request = cloud.answer

    @override
    async def check(self, run: Running, cloud: Cloud) -> None:
        cloud.states[PLUG] = state(PLUG, switched(1))
        await run.client.refresh()
        assert run.device(PLUG).is_on is True
