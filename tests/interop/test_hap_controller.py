"""Published libraries as controllers of our accessory server, over real sockets.

They know nothing of our code, so where both sides agree on what was said and meant, a belief that only our own two
roles share would show. Each test is asked of each library; they are told host and port, but where the announcement is
what a test is about.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
import json
from pathlib import Path
import time
from typing import Any
from uuid import uuid4

from aiohomekit import exceptions
from aiohomekit.characteristic_cache import CharacteristicCacheMemory
from aiohomekit.controller.ip import IpController
from aiohomekit.controller.ip.discovery import IpDiscovery
from aiohomekit.model import Categories
from aiohomekit.model.status_flags import StatusFlags
from aiohomekit.zeroconf import HomeKitService
import pytest
from zeroconf import IPVersion, ServiceBrowser, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

from custom_components.hap_controller.protocol.accessory import (
    Accessory,
    AccessoryServer,
    AccessoryState,
    Bridge,
    CharacteristicUuid as C,
    HapStatus,
    Service,
    ServiceUuid as S,
    StatusError,
)
from custom_components.hap_controller.protocol.const import MAX_TRIES
from custom_components.hap_controller.protocol.crypto import SigningKey
from custom_components.hap_controller.protocol.records import (
    Pairings,
    PreparedPairing,
    import_pairings,
    load_pairings,
    save_pairings,
)
from tests.hap_controller.protocol.running import HOST, bridge_of, bulb, running, until
from tests.support.clock import run_real

from .controllers import CODE, LIMIT_S, Aiohomekit, Controller, HomekitPython, subscribers
from .elders import homekit

pytestmark = pytest.mark.usefixtures("socket_enabled")

LIBRARIES = [Aiohomekit, HomekitPython]
every = pytest.mark.parametrize("library", LIBRARIES)

type Library = Callable[[AccessoryServer], Controller]


def key_of(service: Service, uuid: str) -> tuple[int, int]:
    """Give the numbers of a characteristic."""
    return service[uuid].aid, service[uuid].iid


def lamp() -> tuple[Accessory, Service]:
    """Build a lamp that can be dimmed."""
    return bulb("Lamp", C.BRIGHTNESS)


@asynccontextmanager
async def served(
    accessory: Accessory, state: AccessoryState | None = None
) -> AsyncIterator[AccessoryServer]:
    """Serve an accessory where only who is told finds it."""
    state = state or AccessoryState.fresh(accessory.name, host=HOST, setup_code=CODE)
    async with AccessoryServer(accessory, state, announce=False, event_interval_s=0.0) as server:
        yield server


@asynccontextmanager
async def together(
    library: Library, accessory: Accessory, state: AccessoryState | None = None
) -> AsyncIterator[tuple[Controller, AccessoryServer]]:
    """Serve an accessory and pair it."""
    async with served(accessory, state) as server, library(server) as controller:
        await controller.pair()
        yield controller, server


def everything() -> tuple[Bridge, list[tuple[Service, str, Any]]]:
    """Build a bridge with accessories of many kinds; gives what to write of each as well."""
    bridge = Bridge("Bridge")
    rows: list[tuple[str, str, str, Any]] = [
        ("Lamp", S.LIGHTBULB, C.ON, True),
        ("Coloured lamp", S.LIGHTBULB, C.HUE, 210.0),
        ("Outlet", S.OUTLET, C.ON, True),
        ("Thermostat", S.THERMOSTAT, C.TARGET_TEMPERATURE, 21.5),
        ("Radiator", S.THERMOSTAT, C.TARGET_HEATING_COOLING_STATE, 1),
        ("Lock", S.LOCK_MECHANISM, C.LOCK_TARGET_STATE, 1),
        ("Garage", S.GARAGE_DOOR_OPENER, C.TARGET_DOOR_STATE, 1),
        ("Blind", S.WINDOW_COVERING, C.TARGET_POSITION, 73),
        ("Slats", S.WINDOW_COVERING, C.TARGET_HORIZONTAL_TILT_ANGLE, -45),
        ("Fan", S.FAN_V2, C.ROTATION_SPEED, 33.0),
        ("Alarm", S.SECURITY_SYSTEM, C.SECURITY_SYSTEM_TARGET_STATE, 2),
    ]
    found = []
    for name, kind, uuid, value in rows:
        accessory = Accessory(name)
        service = accessory.add_service(kind, [uuid])
        bridge.add_accessory(accessory)
        found.append((service, uuid, value))
    return bridge, found


@every
def test_whole_life_of_a_pairing(library: Library) -> None:
    """Identified, paired, described, read, written, heard, listed, removed."""

    async def main() -> None:
        accessory, light = lamp()
        shown: list[str] = []
        written: list[Any] = []
        accessory.identify = lambda: shown.append("it is me")
        light[C.ON].setter = written.append
        on, brightness = key_of(light, C.ON), key_of(light, C.BRIGHTNESS)
        async with served(accessory) as server, library(server) as controller:
            await controller.identify()
            assert len(shown) == 1
            assert not server.paired
            await controller.pair()
            assert server.paired
            record = controller.record
            assert record["AccessoryPairingID"] == server.state.register.accessory_id

            (described,) = await controller.describe()
            assert described["aid"] == 1
            kinds = {each["iid"]: each["type"] for each in described["services"]}
            assert kinds[light.iid] == S.LIGHTBULB
            assert kinds[1] == S.ACCESSORY_INFORMATION
            assert await controller.read([on, brightness]) == {
                on: {"value": False},
                brightness: {"value": 0},
            }
            assert await controller.write([(*on, True), (*brightness, 30)]) == {}
            assert written == [True]
            assert light[C.BRIGHTNESS].value == 30
            await controller.identify()
            assert len(shown) == 2

            def change() -> None:
                light[C.BRIGHTNESS].value = 55
                light[C.ON].value = False

            told = await controller.hear([on, brightness], change, 2)
            assert sorted(told) == [(*on, False), (*brightness, 55)]

            (listed,) = await controller.pairings()
            assert (listed["permissions"], listed["controllerType"]) == (1, "admin")
            assert listed["pairingId"] == record["iOSPairingId"]
            assert listed["publicKey"] == record["iOSDeviceLTPK"]
            await controller.remove()
            assert not server.paired
            controller.assume(record)
            with pytest.raises(controller.errors.AuthenticationError):
                await controller.verify()

    run_real(main())


@every
def test_every_kind(library: Library) -> None:
    """What is written arrives as it was meant and is read back alike, of each kind of accessory and value."""

    async def main() -> None:
        bridge, rows = everything()
        async with together(library, bridge) as (controller, _):
            assert len(await controller.describe()) == len(rows) + 1
            values = {key_of(service, uuid): value for service, uuid, value in rows}
            assert await controller.write((*key, value) for key, value in values.items()) == {}
            assert [service[uuid].value for service, uuid, _ in rows] == list(values.values())
            read = await controller.read(list(values))
            assert {key: each["value"] for key, each in read.items()} == values

    run_real(main())


@every
def test_large_bridge(library: Library) -> None:
    """Descriptions, requests and events of many frames."""

    async def main() -> None:
        bridge, lights = bridge_of(library.bridged, C.BRIGHTNESS)
        async with together(library, bridge) as (controller, _):
            assert len(await controller.describe()) == len(lights) + 1
            levels = [key_of(light, C.BRIGHTNESS) for light in lights]
            assert await controller.write((*key, 42) for key in levels) == {}
            assert {light[C.BRIGHTNESS].value for light in lights} == {42}
            read = await controller.read([*levels, *(key_of(light, C.ON) for light in lights)])
            assert len(read) == 2 * len(lights)

            def switch() -> None:
                for light in lights:
                    light[C.ON].value = True

            told = await controller.hear(
                [key_of(light, C.ON) for light in lights], switch, len(lights)
            )
            assert sorted(told) == [(*key_of(light, C.ON), True) for light in lights]

    run_real(main())


@every
def test_refused_values(library: Library) -> None:
    """What cannot be done is refused item by item; the rest is done."""

    async def main() -> None:
        accessory, light = lamp()

        def refuse(value: object) -> None:
            raise StatusError(HapStatus.BUSY)

        light[C.ON].setter = refuse
        on, brightness = key_of(light, C.ON), key_of(light, C.BRIGHTNESS)
        information = accessory.services[0]
        name, identify = key_of(information, C.NAME), key_of(information, C.IDENTIFY)
        async with together(library, accessory) as (controller, _):
            await controller.describe()
            refused = await controller.write([(*on, True), (*brightness, 7), (*name, "Other")])
            assert {key: each["status"] for key, each in refused.items()} == {
                on: HapStatus.BUSY,
                brightness: 0,
                name: HapStatus.READ_ONLY,
            }
            assert light[C.BRIGHTNESS].value == 7
            refused = await controller.write([(*brightness, 101)])
            assert refused[brightness]["status"] == HapStatus.INVALID_VALUE
            read = await controller.read([on, identify, (1, 99)])
            assert read[on] == {"value": False}
            assert read[identify]["status"] == HapStatus.WRITE_ONLY
            assert read[1, 99]["status"] == HapStatus.NOT_FOUND
            refused = await controller.refused_events([name])
            assert refused[name]["status"] == HapStatus.NO_NOTIFICATIONS

    run_real(main())


@every
def test_wrong_setup_code(library: Library) -> None:
    """It is counted, said so, and does no harm to the next attempt."""

    async def main() -> None:
        async with served(lamp()[0]) as server, library(server) as controller:
            with pytest.raises(controller.errors.AuthenticationError):
                await controller.pair("031-45-154")
            assert server.state.register.failed_attempts == 1
            assert not server.paired
            await controller.pair()
            assert server.state.register.failed_attempts == 0
            await controller.verify()

    run_real(main())


@every
def test_refused_pairings(library: Library) -> None:
    """Too many failures, another one amid pairing, already paired: each is told in its own error."""

    async def main() -> None:
        async with (
            served(lamp()[0]) as server,
            library(server) as first,
            library(server) as second,
        ):
            server.state.register.failed_attempts = MAX_TRIES
            with pytest.raises(first.errors.MaxTriesError):
                await first.begin()
            server.state.register.failed_attempts = 0
            await first.begin()
            with pytest.raises(second.errors.BusyError):
                await second.begin()
            with pytest.raises(first.errors.AuthenticationError):
                await first.finish("031-45-154")
            await first.pair()
            with pytest.raises(second.errors.UnavailableError):
                await second.begin()

    run_real(main())


@every
def test_accessory_with_another_key(library: Library) -> None:
    """An accessory that cannot sign as the one that was paired is not believed."""

    async def main() -> None:
        async with together(library, lamp()[0]) as (controller, _):
            record = controller.record
            other = SigningKey.generate().public_key.hex()
            controller.assume(record | {"AccessoryLTPK": other})
            with pytest.raises(controller.errors.InvalidSignatureError):
                await controller.verify()
            controller.assume(record | {"AccessoryPairingID": "12:34:56:78:9A:BC"})
            with pytest.raises(controller.errors.IncorrectPairingIdError):
                await controller.verify()
            controller.assume(record)
            await controller.verify()

    run_real(main())


@every
def test_controller_with_another_key(library: Library) -> None:
    """A controller that cannot sign as the one that was paired, or was not paired at all, is not let in."""

    async def main() -> None:
        async with together(library, lamp()[0]) as (controller, server):
            record = controller.record
            other = SigningKey.generate()
            forged = {"iOSDeviceLTSK": other.seed.hex(), "iOSDeviceLTPK": other.public_key.hex()}
            for change in (forged, {"iOSPairingId": "d0a9ab2b-7c2e-4bdb-8a86-a8e1f3a2cf35"}):
                controller.assume(record | change)
                with pytest.raises(controller.errors.AuthenticationError):
                    await controller.verify()
            assert not any(each.session.secured for each in server._connections)
            controller.assume(record)
            await controller.verify()

    run_real(main())


@every
def test_removed_pairing(library: Library) -> None:
    """A controller whose pairing was removed at the accessory is told so, and may pair anew."""

    async def main() -> None:
        accessory, light = lamp()
        async with together(library, accessory) as (controller, server):
            await controller.read([key_of(light, C.ON)])
            record = controller.record
            await server.forget_pairings()
            await until(lambda: not any(each.session.secured for each in server._connections))
            await controller.close()
            with pytest.raises(controller.errors.AuthenticationError):
                await controller.verify()
            async with library(server) as again:
                await again.pair()
                assert await again.read([key_of(light, C.ON)])
                assert again.record["AccessoryLTPK"] == record["AccessoryLTPK"]
                assert again.record["iOSPairingId"] != record["iOSPairingId"]

    run_real(main())


@every
def test_second_controller(library: Library) -> None:
    """Let in as a user it may use and not administer; each hears what the other does; shut out it stays out."""

    async def main() -> None:
        accessory, light = lamp()
        on = key_of(light, C.ON)
        async with together(library, accessory) as (first, server), library(server) as second:
            key = SigningKey.generate()
            own = {
                "iOSPairingId": "5c9e0f4e-5a0b-4c4c-8b0f-1a2b3c4d5e6f",
                "iOSDeviceLTSK": key.seed.hex(),
                "iOSDeviceLTPK": key.public_key.hex(),
            }
            await first.add(own["iOSPairingId"], own["iOSDeviceLTPK"], "User")
            second.assume(first.record | own)
            listed = {each["pairingId"]: each for each in await first.pairings()}
            assert {each["controllerType"] for each in listed.values()} == {"admin", "regular"}
            assert listed[own["iOSPairingId"]]["publicKey"] == own["iOSDeviceLTPK"]
            with pytest.raises(first.errors.UnpairedError):  # as both call it
                await second.pairings()
            await second.describe()

            def switch() -> None:
                writing.append(asyncio.ensure_future(second.write([(*on, True)])))

            writing: list[asyncio.Future[Any]] = []
            assert await first.hear([on], switch, 1) == [(*on, True)]
            assert await writing[0] == {}

            await second.close()
            await first.remove(own["iOSPairingId"])
            assert len(await first.pairings()) == 1
            with pytest.raises(second.errors.AuthenticationError):
                await second.verify()
            assert await first.read([on]) == {on: {"value": True}}

    run_real(main())


@every
def test_restart_of_the_accessory(library: Library, tmp_path: Path) -> None:
    """It comes back as it was: nobody pairs anew, and the configuration number stays."""

    async def main() -> None:
        path = tmp_path / "state.json"
        state = await AccessoryState.open(path, name="Lamp", host=HOST, setup_code=CODE)
        accessory, light = lamp()
        on = key_of(light, C.ON)
        async with served(accessory, state) as server, library(server) as controller:
            await controller.pair()
            await controller.read([on])
            record, number = controller.record, state.config_number
        again = await AccessoryState.open(path)
        accessory, light = lamp()
        async with served(accessory, again) as server, library(server) as controller:
            controller.assume(record | {"AccessoryPort": server.address[1]})
            light[C.ON].value = True
            assert await controller.read([on]) == {on: {"value": True}}
            assert again.config_number == number
            with pytest.raises(controller.errors.UnavailableError):
                async with library(server) as other:
                    await other.begin()

    run_real(main())


@every
def test_restart_of_the_controller(library: Library) -> None:
    """The stored pairing is all it takes, in either library's hands and in ours."""

    async def main() -> None:
        accessory, light = lamp()
        on = key_of(light, C.ON)
        async with together(library, accessory) as (controller, server):
            record = controller.record
            await controller.close()
            for each in LIBRARIES:
                async with each(server) as again:
                    again.assume(record | {"Connection": "IP"})
                    assert await again.read([on]) == {on: {"value": False}}
            pairings = import_pairings(json.dumps({"lamp": record}).encode(), "controller.json")
            keys = pairings.records["lamp"].keys
            async with running(keys, server.address[1]) as ours:
                await ours.client.write({on: True})
            assert light[C.ON].value is True

    run_real(main())


def test_controllers_of_three_authors() -> None:
    """Each is let in by the one before; what one switches, the others hear."""

    async def main() -> None:
        accessory, light = lamp()
        on, brightness = key_of(light, C.ON), key_of(light, C.BRIGHTNESS)
        async with (
            together(Aiohomekit, accessory) as (first, server),
            HomekitPython(server) as second,
        ):
            pairings = Pairings()
            for alias, inviting in (("second", first), ("third", second)):
                prepared = PreparedPairing.generate()
                await inviting.add(prepared.controller_id, prepared.controller_ltpk.hex(), "Admin")
                register = server.state.register
                assert register.signing_key
                pairings.put(
                    alias, prepared.finish(register.accessory_id, register.signing_key.public_key)
                )
                if alias == "second":
                    stored = json.loads(pairings.dump())["second"]
                    host, port = server.address
                    second.assume(stored | {"AccessoryIP": host, "AccessoryPort": port})
            async with running(pairings.records["third"].keys, server.address[1]) as third:
                assert len(await third.client.list_pairings()) == 3

                def switch() -> None:
                    writing.append(asyncio.ensure_future(third.client.write({on: True})))

                writing: list[asyncio.Future[Any]] = []
                heard = [each.hear([on], switch, 1) for each in (first, second)]
                assert await heard[0] == [(*on, True)]
                light[C.ON].value = False
                assert await heard[1] == [(*on, True)]
                await asyncio.gather(*writing)
                await second.write([(*brightness, 77)])
                await until(lambda: third.value(brightness) == 77)

    run_real(main())


def test_controller_file_of_homekit_python(tmp_path: Path) -> None:
    """It writes one that we read, and reads the one that we write; neither loses anything."""

    async def main() -> None:
        accessory, light = lamp()
        on = key_of(light, C.ON)
        path = tmp_path / "controller.json"
        async with together(HomekitPython, accessory) as (controller, server):
            await controller.describe()  # it keeps the description beside the keys
            await controller.close()
            controller.controller.save_data(path)
            before = json.loads(path.read_bytes())
            save_pairings(path, load_pairings(path))
            assert json.loads(path.read_bytes()) == before
            async with HomekitPython(server) as again:
                again.controller.load_data(path)
                assert await again.read([on]) == {on: {"value": False}}
            (record,) = load_pairings(path).records.values()
            assert record.port == server.address[1]
            async with running(record.keys, record.port, hosts=record.hosts) as ours:
                assert ours.value(on) is False

    run_real(main())


def test_aiohomekit_comes_back() -> None:
    """After a restart of the accessory it subscribes anew by itself, and when it is removed there it gives up."""

    async def main() -> None:
        accessory, light = lamp()
        brightness = key_of(light, C.BRIGHTNESS)
        async with together(Aiohomekit, accessory) as (controller, server):
            server.state.port = server.address[1]
            pairing = controller._pairing
            told: list[Any] = []
            pairing.dispatcher_connect(told.append)
            await pairing.subscribe([brightness])
            await server.stop()
            await until(lambda: not pairing.is_connected, LIMIT_S)
            await server.start()
            await until(lambda: subscribers(server, [brightness]), LIMIT_S)
            light[C.BRIGHTNESS].value = 12
            await until(lambda: {brightness: {"value": 12}} in told, LIMIT_S)
            await server.forget_pairings()
            error = exceptions.AuthenticationError
            await until(lambda: isinstance(pairing.connection.last_connector_error, error), LIMIT_S)

    run_real(main())


async def heard_by_aiohomekit(state: AccessoryState) -> AsyncIterator[HomeKitService]:
    """Give what it makes of an accessory's announcement, as often as it is asked."""
    zeroconf = AsyncZeroconf(interfaces=[HOST], ip_version=IPVersion.V4Only)
    # It listens with the browser of whoever runs it.
    browser = AsyncServiceBrowser(
        zeroconf.zeroconf, ["_hap._tcp.local."], handlers=[lambda **_: None]
    )
    controller = IpController(CharacteristicCacheMemory(), zeroconf)
    try:
        async with controller:
            while True:
                found = await controller.async_find(state.register.accessory_id, timeout=LIMIT_S)
                assert isinstance(found, IpDiscovery)
                yield found.description
                await asyncio.sleep(0.05)
    finally:
        # Of other accessories, those of other tests too, it still asks.
        for task in asyncio.all_tasks():
            if "_async_handle_service" in str(task.get_coro()):
                task.cancel()
        await browser.async_cancel()
        await zeroconf.async_close()


class Listener(homekit.zeroconf_impl.CollectingListener):  # type: ignore[misc]  # tells no types
    """Its own, with what today's library of mDNS asks for."""

    def update_service(self, *_: object) -> None:
        """Heed only what is new."""


def heard_by_homekit_python(name: str) -> dict[str, Any]:
    """Give what it makes of an accessory's announcement; blocks until there is one."""
    zeroconf = Zeroconf(interfaces=[HOST], ip_version=IPVersion.V4Only)
    heard = Listener()
    browser = ServiceBrowser(zeroconf, "_hap._tcp.local.", heard)
    try:
        end = time.monotonic() + LIMIT_S
        while time.monotonic() < end:
            for info in heard.get_data():
                if info.name == name:
                    told = homekit.zeroconf_impl.decode_discovery_properties(info.properties)
                    parsed = homekit.zeroconf_impl.parse_discovery_properties(told)
                    address = (info.parsed_addresses()[0], info.port)
                    return {**parsed, "address": address, "name": info.name}
            time.sleep(0.05)
        raise AssertionError("nothing was heard")
    finally:
        browser.cancel()
        zeroconf.close()


def test_announcement() -> None:
    """Both find the accessory by real mDNS, and take from it what is meant."""

    async def main() -> None:
        state = AccessoryState.fresh(f"Lamp {uuid4()}", 5, host=HOST, setup_code=CODE)
        async with (
            AccessoryServer(lamp()[0], state) as server,
            Aiohomekit(server) as controller,
            aclosing(heard_by_aiohomekit(state)) as descriptions,
        ):
            name, identifier = server.announced_name, state.register.accessory_id
            assert name
            found = await anext(descriptions)
            assert found.name == name.removesuffix("._hap._tcp.local.")
            assert (found.id, found.category) == (identifier.lower(), Categories.LIGHTBULB)
            assert (found.address, found.port) == server.address
            assert (found.config_num, found.status_flags) == (1, StatusFlags.UNPAIRED)
            told = await asyncio.to_thread(heard_by_homekit_python, name)
            assert told["address"] == server.address
            assert told["id"] == identifier
            assert (told["c#"], told["sf"], told["ff"], told["s#"]) == ("1", "1", 0, "1")
            assert (told["ci"], told["category"]) == ("5", "Lightbulb")
            assert (told["md"], told["pv"]) == (state.name, "1.1")
            await controller.pair()
            async with asyncio.timeout(LIMIT_S):
                async for found in descriptions:
                    if not found.status_flags:
                        break

    # Closed, the library of mDNS may leave a timer behind that does nothing.
    asyncio.run(main(), loop_factory=asyncio.SelectorEventLoop)
