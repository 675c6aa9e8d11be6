"""The faults of a cloud link, injected between client and cloud: every run ends cleanly and leaves nothing.

Virtual time throughout: waits cost nothing, and limits are asserted in the seconds they stand for.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
import json
import random
import socket
from typing import Any, override

from aiohttp import web
import pytest

from custom_components.homismart.protocol.connection import Connection
from custom_components.homismart.protocol.const import FIRST_DELAY_S, MAX_DELAY_S, MAX_FRAME_BYTES
from custom_components.homismart.protocol.supervisor import exponential_backoff
from custom_components.homismart.protocol.transport import WebSocketTransport
from tests.support.certificates import Authority
from tests.support.clock import run_real, run_virtual
from tests.support.contract.faults import CloudFaults
from tests.support.fault_proxy import FaultProxy
from tests.support.leaks import stays_flat

from .cloud import PATH, PROD, Cloud, Link, Network
from .home import CURTAIN, DIGEST, HUB, LIGHT, PASSWORD, SOCKET, USERNAME, lamp, thing
from .running import Running, at_home, running, until

pytestmark = pytest.mark.usefixtures("socket_enabled")

STEADY = exponential_backoff(FIRST_DELAY_S, MAX_DELAY_S, uniform=lambda low, high: 1.0)
SECRETS = (USERNAME, PASSWORD, DIGEST)


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


# --- other damage ---------------------------------------------------------------------------


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


# --- storms and floods ----------------------------------------------------------------------


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


# --- what happens to all clouds --------------------------------------------------------------


class TestFaults(CloudFaults):
    """What the clients of all clouds bear."""

    new_cloud = Cloud
    kinds = (Connection, WebSocketTransport)
    max_frame_bytes = MAX_FRAME_BYTES
    steady = staticmethod(STEADY)
    switch = SOCKET
    handshake_bytes = 500
    secrets = SECRETS
    unlucky = UNLUCKY
    minds_hang_ups = True
    longest_s = 200.0

    @override
    def small(self) -> Cloud:
        cloud = Cloud()
        cloud.objects = [{"id": SOCKET, "type": 1, "name": "p", "onLine": True, "power": False}]
        return cloud

    @override
    def proxied(
        self, cloud: Cloud | None = None, **options: Any
    ) -> AbstractAsyncContextManager[tuple[Running, FaultProxy, Cloud]]:
        return proxied(cloud, **options)

    @override
    def at_home(
        self, cloud: Cloud | None = None, **options: Any
    ) -> AbstractAsyncContextManager[tuple[Running, Cloud]]:
        return at_home(cloud, **options)

    @override
    def raw(self, cloud: Cloud, data: bytes) -> None:
        cloud.link.raw(data)

    @override
    def push(self, device_id: str, on: bool) -> bytes:
        text = b"0009" + json.dumps({"id": device_id, "power": on}).encode()
        return b"\x81" + bytes((len(text),)) + text

    @override
    def heard(self, cloud: Cloud) -> int:
        return sum(len(link.bodies("0006")) for link in cloud.links)

    @override
    def forget(self, cloud: Cloud) -> None:
        super().forget(cloud)
        cloud.attempts.clear()

    @override
    def crowded(self) -> Cloud:
        cloud = Cloud()
        cloud.objects = [lamp(f"02{number:012}", novelty="x" * 60_000) for number in range(120)]
        return cloud

    @override
    def stop_reading(self, cloud: Cloud) -> None:
        cloud.link.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        cloud.link.request.transport.pause_reading()

    @override
    def wishes(self, run: Running) -> list[Coroutine[Any, Any, Any]]:
        return [run.client.set_on(device_id, False) for device_id in run.client.devices]

    @override
    async def use(self, run: Running) -> None:
        await run.client.set_on(SOCKET, True)

    @override
    def wish(self, run: Running, numbers: random.Random) -> Callable[[], Awaitable[Any]]:
        client = run.client
        return numbers.choice(
            (
                lambda: client.set_on(SOCKET, numbers.random() < 0.5),
                lambda: client.set_position(CURTAIN, numbers.randrange(101)),
                lambda: client.stop(CURTAIN),
                lambda: client.set_led(LIGHT, numbers.randrange(101)),
                lambda: client.rename(CURTAIN, f"n{numbers.randrange(9)}"),
                client.refresh,
            )
        )

    @override
    async def hinder(self, cloud: Cloud, numbers: random.Random) -> None:
        match numbers.randrange(3):
            case 0:
                await cloud.link.push(CURTAIN, curtainState=str(numbers.randrange(301)))
            case 1:
                cloud.react = cloud.ignoring("0006", "0030")
            case _:
                cloud.react = cloud.answering(p0006=[("9999", {"code": 18})])

    @override
    def calm(self, cloud: Cloud) -> None:
        cloud.react = cloud.obey

    @override
    async def check(self, run: Running, cloud: Cloud) -> None:
        # What was sent just before its caller left is still to be settled.
        await until(lambda: not any(each.pending for each in run.client.devices.values()), 60)
        for device_id in (SOCKET, LIGHT, HUB, CURTAIN):
            stored, device = cloud.find(device_id), run.device(device_id)
            shown = (device.is_on, device.led, device.name)
            assert shown == (stored.get("power"), stored.get("led"), stored["name"])
