"""Faults between controller and accessory: every run ends cleanly, and nothing is done twice."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from itertools import repeat
from typing import Any

import pytest

from custom_components.hap_controller.protocol import (
    CharacteristicUuid,
    Database,
    LinkClosedError,
    LinkError,
    PairingKeys,
    PairingLostError,
)
from custom_components.hap_controller.protocol.accessory import (
    AccessoryServer,
    AccessoryState,
    Service,
)
from custom_components.hap_controller.protocol.const import SLOW_VERIFY_LIMIT_S
from tests.support.clock import run_virtual
from tests.support.fault_proxy import Accept, Cut, FaultProxy, Way

from .running import HOST, Running, bulb, pair, running, serving, until

pytestmark = pytest.mark.usefixtures("socket_enabled")

ON = CharacteristicUuid.ON


class Home:
    """A lamp behind a proxy, and what it takes to control it."""

    def __init__(self, server: AccessoryServer, proxy: FaultProxy, keys: PairingKeys) -> None:
        """Know nothing of the lamp yet."""
        self.server = server
        self.proxy = proxy
        self.keys = keys
        self.light: Service
        self.stored: Any = None

    @property
    def key(self) -> tuple[int, int]:
        """The numbers of the switch."""
        return 1, self.light[ON].iid

    def controlled(self, **options: Any) -> Any:
        """Run a client that knows the description, so that what it says is little."""
        if self.stored is not None:
            options |= {"database": Database.from_accessories(self.stored), "configuration": 1}
        options.setdefault("backoff", lambda: repeat(0.01))
        return running(self.keys, self.proxy.port, **options)


@asynccontextmanager
async def home() -> AsyncIterator[Home]:
    """Set everything up."""
    lamp, light = bulb()
    state = AccessoryState.fresh(host=HOST)
    keys = pair(state.register)
    async with serving(lamp, state) as server, FaultProxy(server.address[1]) as proxy:
        there = Home(server, proxy, keys)
        there.light = light
        async with there.controlled() as run:
            there.stored = run.client.database.store()
        yield there


async def spin(condition: Callable[[], object]) -> None:
    """Wait without letting time pass until something holds that needs none."""
    for _ in range(100_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it does not happen by itself")


async def dropped(run: Running, proxy: FaultProxy) -> None:
    """Lose the link, and count bytes from the next attempt on."""
    before = run.client.statistics.drops.total()
    proxy.drop_all(Cut.RST)
    await spin(lambda: run.client.statistics.drops.total() > before)
    proxy.count_from_here()


@pytest.mark.parametrize("cut", list(Cut), ids=["FIN", "RST"])
def test_cut_at_every_byte_of_the_way_in(cut: Cut) -> None:
    """From the first byte of pair-verify to the first value: whatever the byte, the client tries again.

    Each cut ends one attempt, and the next begins by itself; those that are left whole come through.
    """

    async def main() -> int:
        async with home() as there, there.controlled(backoff=lambda: repeat(0.0)) as run:
            proxy, drops = there.proxy, run.client.statistics.drops

            async def attempt() -> None:
                proxy.count_from_here()
                before = drops.total()
                await spin(lambda: run.client.connected or drops.total() > before)

            async def cut_at(offset: int) -> None:
                proxy.cut, proxy.cut_after = cut, offset
                await attempt()
                while (
                    run.client.connected
                ):  # it knew the description from the one before, and said less
                    await dropped(run, proxy)
                    await attempt()

            await dropped(run, proxy)
            await spin(lambda: run.client.connected)
            length = proxy.passed
            for number, offset in enumerate(proxy.offsets(cut)):
                if number % 50 == 0:
                    proxy.cut = None
                    await spin(lambda: run.client.connected)
                    await dropped(run, proxy)
                await cut_at(offset)
            proxy.cut = None
            await spin(lambda: run.client.connected)
            assert set(drops) == {"LinkClosedError"}
            await run.client.write({there.key: True})
            assert there.light[ON].value is True
            await until(lambda: there.server.connections == 1)
        return length

    assert run_virtual(main()) > 1000


@pytest.mark.parametrize("cut", list(Cut), ids=["FIN", "RST"])
def test_cut_at_every_byte_of_a_command(cut: Cut) -> None:
    """A command is done, or fails at once; the accessory never gets it twice."""

    async def main() -> int:
        async with home() as there, there.controlled() as run:
            proxy = there.proxy
            got: list[bool] = []
            there.light[ON].setter = got.append
            proxy.count_from_here()
            await run.client.write({there.key: True})
            length, done, drops = proxy.passed, 0, run.client.statistics.drops
            for offset in (*proxy.offsets(cut), length):
                before = drops.total()
                proxy.count_from_here()
                proxy.cut, proxy.cut_after = cut, offset
                got.clear()
                try:
                    await run.client.write({there.key: bool(offset % 2)})
                except LinkClosedError:
                    assert len(got) <= 1
                else:
                    assert len(got) == 1
                    done += 1
                proxy.cut = None
                proxy.drop_all(cut)
                await until(lambda before=before: drops.total() > before)  # type: ignore[misc]  # int
                await until(lambda: run.client.connected)
                assert len(got) <= 1
            assert done == 1
        return length

    assert run_virtual(main()) > 200


@pytest.mark.parametrize("way", list(Way), ids=["up", "down"])
def test_damaged_bytes_of_the_way_in(way: Way) -> None:
    """A flipped byte anywhere is noticed by one side, and the next attempt goes well.

    Only when the accessory itself says that it does not know us, because our signature was damaged, there is none.
    """

    async def main() -> None:
        async with home() as there:
            proxy = there.proxy
            proxy.count_from_here()
            async with there.controlled():
                length = proxy.passed_by[way]
            for offset in range(0, length, 11):
                proxy.count_from_here()
                proxy.flip = way, offset
                async with there.controlled(ready=False) as run:
                    await until(lambda run=run: run.client.connected or run.task.done(), 200)  # type: ignore[misc]  # its own
                    if run.task.done():
                        assert way is Way.UP
                        assert isinstance(run.task.exception(), PairingLostError)
                    else:
                        assert run.value(there.key) is False
                assert proxy.flip is None

    run_virtual(main())


@pytest.mark.parametrize("way", list(Way), ids=["up", "down"])
def test_damaged_sealed_frames(way: Way) -> None:
    """A flipped byte of a sealed command or answer never passes for another one."""

    async def main() -> None:
        async with home() as there, there.controlled() as run:
            proxy = there.proxy
            got: list[bool] = []
            there.light[ON].setter = got.append
            proxy.count_from_here()
            await run.client.write({there.key: True})
            for offset in range(0, proxy.passed_by[way], 5):
                proxy.count_from_here()
                proxy.flip = way, offset
                got.clear()
                with pytest.raises(LinkError):
                    await run.client.write({there.key: True})
                # The length may have grown: then the rest never comes, and the limit ends it.
                assert got == ([] if way is Way.UP else [True])
                await until(lambda: run.client.connected)

    run_virtual(main())


@pytest.mark.parametrize("way", list(Way), ids=["up", "down"])
def test_repeated_frames(way: Way) -> None:
    """A frame that comes a second time ends the link: a command is not done twice."""

    async def main() -> None:
        async with home() as there, there.controlled() as run:
            proxy = there.proxy
            got: list[bool] = []
            there.light[ON].setter = got.append
            proxy.count_from_here()
            await run.client.write({there.key: True})
            length = proxy.passed_by[way]
            proxy.count_from_here()
            proxy.repeat = way, length - 1
            with suppress(
                LinkClosedError
            ):  # what came in one piece with the second one is not believed
                await run.client.write({there.key: False})
            await run.lost()
            assert got in ([True], [True, False])
            await run.back()
            assert run.value(there.key) is there.light[ON].value

    run_virtual(main())


@pytest.mark.parametrize("accept", [Accept.HANG, Accept.RESET])
def test_nobody_behind_the_door(accept: Accept) -> None:
    """A port that takes connections and says nothing costs one attempt after the other, each with its limit."""

    async def main() -> None:
        async with home() as there:
            there.proxy.accept = accept
            async with there.controlled(ready=False, backoff=lambda: repeat(10.0)) as run:
                await asyncio.sleep(100)
                assert 4 <= there.proxy.connections <= 12
                there.proxy.accept = Accept.PASS
                # The attempt under way may be one of those that give slow accessories their time.
                await until(lambda: run.client.connected, SLOW_VERIFY_LIMIT_S + 20)

    run_virtual(main())


def test_one_byte_at_a_time() -> None:
    """However the bytes are cut, they say the same."""

    async def main() -> None:
        async with home() as there:
            there.proxy.chunk = 1
            async with there.controlled() as run:
                await run.client.write({there.key: True})
                there.light[ON].value = False
                await until(lambda: run.value(there.key) is False)
                assert run.links() == [True]

    run_virtual(main())


def test_stall() -> None:
    """An answer that stops in the middle ends the request at its limit, and the link with it."""

    async def main() -> None:
        async with home() as there, there.controlled() as run:
            loop = asyncio.get_running_loop()
            there.light[ON].setter = lambda _: setattr(there.proxy, "blackhole", True)
            begun = loop.time()
            with pytest.raises(LinkClosedError):
                await run.client.write({there.key: True})
            assert loop.time() - begun == pytest.approx(30, abs=0.5)
            there.proxy.blackhole = False
            there.light[ON].setter = None
            await until(lambda: run.client.connected, 60)
            await run.client.write({there.key: False})

    run_virtual(main())
