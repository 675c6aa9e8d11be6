"""The published ``aiohomekit`` as the controller of our accessory server, over real sockets and real mDNS.

It knows nothing of our code, so where the two agree on what was said and meant, a belief that only our own two roles
share would show.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from aiohomekit import exceptions
from aiohomekit.characteristic_cache import CharacteristicCacheMemory
from aiohomekit.controller.ip import IpController
from aiohomekit.controller.ip.discovery import IpDiscovery
from aiohomekit.controller.ip.pairing import IpPairing
import pytest
from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

from custom_components.hap_controller.protocol.accessory import (
    Accessory,
    AccessoryServer,
    AccessoryState,
    Bridge,
    CharacteristicUuid as C,
    HapStatus,
    ServiceUuid as S,
    StatusError,
)

CODE = "518-08-582"
ON, BRIGHTNESS = (1, 11), (1, 12)
LIMIT_S = 20.0


@pytest.fixture(autouse=True)
def sockets(socket_enabled: None) -> None:
    """Use sockets, of loopback."""


@pytest.fixture
def expected_lingering_timers() -> bool:
    """Take it that the published controller leaves its timers behind when it stops."""
    return True


def bulb(name: str = "Interop bulb") -> Accessory:
    """A light with brightness."""
    accessory = Accessory(name, category=5)
    accessory.add_service(S.LIGHTBULB, [C.BRIGHTNESS])
    return accessory


def fresh(name: str = "Interop bulb") -> AccessoryState:
    """Remember an accessory as long as the test lives."""
    return AccessoryState.fresh(name, host="127.0.0.1", setup_code=CODE)


class Peer:
    """The published controller, on loopback."""

    def __init__(self, zeroconf: AsyncZeroconf) -> None:
        """Take the instance it listens with."""
        self.controller = IpController(CharacteristicCacheMemory(), zeroconf)
        self.opened: list[IpDiscovery | IpPairing] = []

    async def find(self, server: AccessoryServer) -> IpDiscovery:
        """Find an accessory by what it announces."""
        found = await self.controller.async_find(
            server.state.register.accessory_id.lower(), timeout=LIMIT_S
        )
        assert isinstance(found, IpDiscovery)
        self.opened.append(found)
        return found

    async def pair(
        self, server: AccessoryServer, alias: str = "bulb", code: str = CODE
    ) -> IpPairing:
        """Pair with an accessory."""
        finish = await (await self.find(server)).async_start_pairing(alias)
        pairing = await finish(code)
        assert isinstance(pairing, IpPairing)
        self.opened.append(pairing)
        return pairing


@asynccontextmanager
async def peer() -> AsyncIterator[Peer]:
    """Have the published controller run."""
    zeroconf = AsyncZeroconf(interfaces=["127.0.0.1"], ip_version=IPVersion.V4Only)
    # It listens with the browser of whoever runs it.
    browser = AsyncServiceBrowser(
        zeroconf.zeroconf, ["_hap._tcp.local.", "_hap._udp.local."], handlers=[lambda **_: None]
    )
    one = Peer(zeroconf)
    try:
        async with one.controller:
            yield one
    finally:
        for each in one.opened:
            with suppress(exceptions.AuthenticationError):  # tells once more why it gave up
                await each.close()
        await browser.async_cancel()
        await zeroconf.async_close()


async def until(condition: Callable[[], Any]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(LIMIT_S):
        while not condition():
            await asyncio.sleep(0.01)


def secured(server: AccessoryServer) -> int:
    """Count the connections behind pair-verify; the published controller comes back without, again and again."""
    return sum(each.session.secured for each in server._connections)


async def test_whole_life_of_a_pairing() -> None:
    """Found, paired, read, written, subscribed, told, listed, removed."""
    accessory = bulb()
    light = accessory.services[2]
    seen: list[Any] = []
    light[C.ON].setter = seen.append
    async with AccessoryServer(accessory, fresh(), event_interval_s=0.0) as server, peer() as one:
        description = (await one.find(server)).description
        assert description.name.startswith("Interop bulb")
        assert description.category == 5
        assert description.status_flags == 1
        assert description.config_num == 1
        pairing = await one.pair(server)
        assert server.paired
        described = await pairing.list_accessories_and_characteristics()
        assert [service["iid"] for service in described[0]["services"]] == [1, 8, 10]
        assert await pairing.get_characteristics([ON, BRIGHTNESS]) == {
            ON: {"value": False},
            BRIGHTNESS: {"value": 0},
        }
        assert await pairing.put_characteristics([(*ON, True), (*BRIGHTNESS, 30)]) == {}
        assert seen == [True]
        assert light[C.BRIGHTNESS].value == 30

        told: list[Any] = []
        pairing.dispatcher_connect(told.append)
        await pairing.subscribe([ON, BRIGHTNESS])
        light[C.BRIGHTNESS].value = 55
        await until(lambda: {BRIGHTNESS: {"value": 55}} in told)
        light[C.ON].value = False
        await until(lambda: {ON: {"value": False}} in told)
        await pairing.unsubscribe([ON, BRIGHTNESS])

        listed = await pairing.list_pairings()
        assert [each["permissions"] for each in listed] == [1]
        assert listed[0]["pairingId"] == pairing.pairing_data["iOSPairingId"]
        await pairing.remove_pairing(pairing.pairing_data["iOSPairingId"])
        assert not server.paired
        await until(lambda: not secured(server))


async def test_refusals() -> None:
    """What cannot be done is refused in words that the published controller understands."""
    accessory = bulb()

    def refuse(value: object) -> None:
        raise StatusError(HapStatus.NOT_ALLOWED)

    accessory.services[2][C.ON].setter = refuse
    async with AccessoryServer(accessory, fresh()) as server, peer() as one:
        with pytest.raises(exceptions.AuthenticationError):
            await one.pair(server, code="031-45-154")
        assert server.state.register.failed_attempts == 1
        pairing = await one.pair(server)
        failed = await pairing.put_characteristics([(*ON, True)])
        assert failed[ON]["status"] == HapStatus.NOT_ALLOWED
        read = await pairing.get_characteristics([ON, (1, 2), (1, 99)])
        assert read[ON] == {"value": False}
        assert read[1, 2]["status"] == HapStatus.WRITE_ONLY
        assert read[1, 99]["status"] == HapStatus.NOT_FOUND
        second = await one.find(server)
        with pytest.raises(exceptions.UnavailableError):
            await second.async_start_pairing("another")


async def test_bridge_of_a_hundred() -> None:
    """Large descriptions, many subscriptions."""
    bridge = Bridge("Interop bridge")
    for number in range(99):
        bridge.add_accessory(bulb(f"Bulb {number}"))
    async with AccessoryServer(bridge, fresh("Interop bridge")) as server, peer() as one:
        pairing = await one.pair(server)
        assert len(await pairing.list_accessories_and_characteristics()) == 100
        switches = [each.services[1][C.ON] for each in bridge.accessories[1:]]
        keys = [(each.aid, each.iid) for each in switches]
        told: list[Any] = []
        pairing.dispatcher_connect(told.append)
        await pairing.subscribe(keys)
        for each in switches:
            each.value = True
        await until(lambda: sum(len(each) for each in told if isinstance(each, dict)) >= 99)
        assert {key for each in told for key in each} >= set(keys)


async def test_second_controller_and_restart(tmp_path: Path) -> None:
    """Another controller is added and removed; the accessory restarts in between and nobody pairs anew."""
    path = tmp_path / "state.json"
    state = await AccessoryState.open(path, name="Interop bulb", host="127.0.0.1", setup_code=CODE)
    async with peer() as one:
        async with AccessoryServer(bulb(), state) as server:
            pairing = await one.pair(server)
            await pairing.list_accessories_and_characteristics()
            state.port = server.address[1]
        again = await AccessoryState.open(path)
        again.port = state.port
        accessory = bulb()
        async with AccessoryServer(accessory, again, event_interval_s=0.0) as server:
            async with asyncio.timeout(LIMIT_S):
                while True:
                    try:
                        assert await pairing.get_characteristics([ON]) == {ON: {"value": False}}
                        break
                    except exceptions.AccessoryDisconnectedError:
                        await asyncio.sleep(0.2)
            key = bytes(range(32)).hex()
            await pairing.add_pairing("second", key, "User")
            assert [each["controllerType"] for each in await pairing.list_pairings()] == [
                *("admin", "regular")
            ]
            await pairing.remove_pairing("second")
            assert len(await pairing.list_pairings()) == 1


async def test_pairing_removed_elsewhere() -> None:
    """A controller whose pairing is gone is told so."""
    async with AccessoryServer(bulb(), fresh()) as server, peer() as one:
        pairing = await one.pair(server)
        await pairing.list_accessories_and_characteristics()
        await server.forget_pairings()
        await until(lambda: not secured(server))
        await until(
            lambda: isinstance(
                pairing.connection.last_connector_error, exceptions.AuthenticationError
            )
        )
