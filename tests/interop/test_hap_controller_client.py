"""Our controller and **HAP-python** accessories: nobody here wrote the other side.

Sockets are real, on loopback. The accessories do not announce themselves: the controller is told host and port.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import repeat
from pathlib import Path
import socket
from typing import Any, Self
from uuid import uuid4

from pyhap.accessory import Accessory, Bridge  # type: ignore[import-untyped]  # tells no types
from pyhap.accessory_driver import AccessoryDriver  # type: ignore[import-untyped]  # tells no types
from pyhap.characteristic import Characteristic  # type: ignore[import-untyped]  # tells no types
from pyhap.const import CATEGORY_BRIDGE, CATEGORY_LIGHTBULB, STANDALONE_AID  # type: ignore[import-untyped]  # tells no types
from pyhap.loader import Loader  # type: ignore[import-untyped]  # tells no types
import pytest
from zeroconf import IPVersion
from zeroconf.asyncio import AsyncZeroconf

from custom_components.hap_controller.protocol import (
    AlreadyPairedError,
    CharacteristicUuid,
    ControllerPermission,
    HapStatus,
    LinkError,
    PairingAttempt,
    PairingKeys,
    PairingLostError,
    ServiceUuid,
    SetupCodeError,
    SignatureError,
    StatusError,
    WrongAccessoryError,
)
from custom_components.hap_controller.protocol.accessory import AccessoryServer, AccessoryState
from custom_components.hap_controller.protocol.crypto import SigningKey
from custom_components.hap_controller.protocol.setup_code import setup_hash_text
from custom_components.hap_controller.protocol.transport import Browser
from tests.hap_controller.protocol.running import HOST, Running, bulb, paired, running, until
from tests.support.clock import run_real

pytestmark = pytest.mark.usefixtures("socket_enabled")

CODE = "031-45-154"
# Read once and outside of any loop: it comes from files.
LOADER = Loader()
KINDS = {
    "Lamp": ("Lightbulb", ["Brightness", "Hue", "Saturation"]),
    "Thermostat": ("Thermostat", ["CurrentRelativeHumidity"]),
    "Lock": ("LockMechanism", []),
    "Garage": ("GarageDoorOpener", []),
    "Blind": ("WindowCovering", ["CurrentHorizontalTiltAngle", "TargetHorizontalTiltAngle"]),
    "Fan": ("Fanv2", ["RotationSpeed"]),
    "Button": ("StatelessProgrammableSwitch", []),
    "Outlet": ("Outlet", []),
    "Temperature": ("TemperatureSensor", ["StatusLowBattery"]),
    "Motion": ("MotionSensor", []),
    "Alarm": ("SecuritySystem", []),
}


EVENTS = {"Lamp": "On", "Thermostat": "CurrentHeatingCoolingState", "Lock": "LockCurrentState"}


def quickly() -> Iterator[float]:
    """Wait a moment between attempts; time is real here."""
    return repeat(0.1)


class NoAdvertiser:
    """Announces nothing."""

    async def async_register_service(self, *_: Any, **__: Any) -> None:
        """Say nothing."""

    async_update_service = async_unregister_service = async_close = async_register_service


class Witness:
    """Accessories of HAP-python behind a bridge, one of each kind or so many lamps, or one of a kind by itself."""

    def __init__(
        self,
        folder: Path,
        lamps: int = 0,
        alone: str | None = None,
        name: str = "Bridge",
        zeroconf: AsyncZeroconf | None = None,
    ) -> None:
        """Remember what there is to be; ``folder`` keeps the pairings over restarts."""
        self._name = name
        self._zeroconf = zeroconf or NoAdvertiser()
        self._file = folder / "accessory.state"
        self._lamps = lamps
        self._alone = alone
        # The library takes a fixed port when it is given none, and tests run beside each other.
        with socket.create_server((HOST, 0)) as free:
            self._port: int = free.getsockname()[1]
        self.driver: AccessoryDriver
        self.accessories: dict[str, Accessory] = {}

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._port

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        await self.stop()

    async def start(self) -> None:
        """Make everything anew and listen; at the same port as before."""
        driver = self.driver = AccessoryDriver(
            address=HOST,
            port=self._port,
            persist_file=str(self._file),
            pincode=CODE.encode(),
            loader=LOADER,
            loop=asyncio.get_running_loop(),
            async_zeroconf_instance=self._zeroconf,
        )
        self.accessories = {}
        if self._alone:
            await asyncio.to_thread(driver.add_accessory, self._make(self._alone, STANDALONE_AID))
        else:
            bridge = Bridge(driver, self._name)
            bridge.category = CATEGORY_BRIDGE
            lamps = (f"Lamp {number}" for number in range(self._lamps))
            for aid, name in enumerate(lamps if self._lamps else KINDS, STANDALONE_AID + 1):
                bridge.add_accessory(self._make(name, aid))
            await asyncio.to_thread(driver.add_accessory, bridge)
        await driver.async_start()
        self._port = driver.http_server.server.sockets[0].getsockname()[1]

    def _make(self, name: str, aid: int) -> Accessory:
        service, optional = KINDS.get(name, ("Lightbulb", ["Brightness"]))
        accessory = self.accessories[name] = Accessory(self.driver, name, aid=aid)
        accessory.category = CATEGORY_LIGHTBULB
        accessory.add_preload_service(service, chars=optional)
        return accessory

    async def stop(self) -> None:
        """Stop; controllers lose the link."""
        await self.driver.async_stop()
        await self.driver.http_server.server.wait_closed()
        # It stores what changes in threads that nobody waits for.
        await asyncio.to_thread(self.driver.persist)

    def characteristic(self, name: str, type_: str) -> tuple[Characteristic, tuple[int, int]]:
        """Find a characteristic by names; gives its numbers as well."""
        accessory = self.accessories[name]
        for service in accessory.services[1:]:
            for each in service.characteristics:
                if each.display_name == type_:
                    return each, (accessory.aid, accessory.iid_manager.get_iid(each))
        raise KeyError(type_)


@asynccontextmanager
async def together(folder: Path, **options: Any) -> AsyncIterator[tuple[Running, Witness]]:
    """Pair with accessories of HAP-python and hold the link."""
    async with Witness(folder, **options) as witness:
        keys = await paired(witness.port, CODE)
        async with running(keys, witness.port, backoff=quickly) as run:
            yield run, witness


def test_all_kinds(tmp_path: Path) -> None:
    """Each kind of accessory is described, read, written and heard."""

    async def main() -> None:
        async with together(tmp_path) as (run, witness):
            database = run.client.database
            assert [each.name for each in database.accessories.values()] == ["Bridge", *KINDS]
            assert not database.faults
            for accessory in witness.accessories.values():
                for service in accessory.services[1:]:
                    for each in service.characteristics:
                        key = accessory.aid, accessory.iid_manager.get_iid(each)
                        known = database.characteristics[key]
                        assert known.type == str(each.type_id).upper()
                        if not known.metadata.stateless and known.metadata.readable:
                            assert known.value == each.value, each.display_name
                        assert (key in run.client.subscribed) is known.metadata.notifies

    run_real(main())


@pytest.mark.parametrize(
    ("name", "type_", "value"),
    [
        ("Lamp", "On", True),
        ("Lamp", "Brightness", 42),
        ("Lamp", "Hue", 123),
        ("Thermostat", "TargetTemperature", 21.5),
        ("Thermostat", "TargetHeatingCoolingState", 2),
        ("Lock", "LockTargetState", 1),
        ("Garage", "TargetDoorState", 1),
        ("Blind", "TargetPosition", 73),
        ("Blind", "TargetHorizontalTiltAngle", -45),
        ("Fan", "Active", 1),
        ("Outlet", "On", True),
        ("Alarm", "SecuritySystemTargetState", 2),
    ],
)
def test_write(tmp_path: Path, name: str, type_: str, value: Any) -> None:
    """What we write arrives as it was meant, and is read back alike."""

    async def main() -> None:
        async with together(tmp_path) as (run, witness):
            there, key = witness.characteristic(name, type_)
            got: list[Any] = []
            there.setter_callback = got.append
            await run.client.write({key: value})
            assert got == [value]
            assert there.value == value
            assert await run.client.read([key]) == {key: value}
            assert run.values() in ([], [(key, value)])  # nothing is told that was so before
            assert run.value(key) == value

    run_real(main())


def test_events(tmp_path: Path) -> None:
    """What happens there is told here; each press of a button by itself."""

    async def main() -> None:
        async with together(tmp_path) as (run, witness):
            news = {
                ("Lamp", "On"): True,
                ("Thermostat", "CurrentTemperature"): 23.4,
                ("Lock", "LockCurrentState"): 1,
                ("Motion", "MotionDetected"): True,
                ("Temperature", "StatusLowBattery"): 1,
            }
            expected = {}
            before = run.requests
            for names, value in news.items():
                there, key = witness.characteristic(*names)
                there.set_value(value)
                expected[key] = value
            await until(lambda: dict(run.values()) == expected)
            press, key = witness.characteristic("Button", "ProgrammableSwitchEvent")
            presses: list[Any] = []
            for _ in range(2):
                press.set_value(0)
                presses.append((key, 0))
                await until(lambda: run.values()[len(expected) :] == presses)
            assert run.requests == before
            await run.client.watch([key])
            lamp, lamp_key = witness.characteristic("Lamp", "On")
            lamp.set_value(False)
            press.set_value(1)
            await until(lambda: run.values()[-1] == (key, 1))
            assert run.value(lamp_key) is True
            await run.client.refresh()
            assert run.value(lamp_key) is False

    run_real(main())


@pytest.mark.parametrize(
    ("name", "type_", "value"),
    [
        ("Lamp", "Brightness", 42),
        ("Thermostat", "TargetTemperature", 19.5),
        ("Lock", "LockTargetState", 1),
    ],
)
def test_alone(tmp_path: Path, name: str, type_: str, value: Any) -> None:
    """An accessory that is no bridge's is spoken to in the same way."""

    async def main() -> None:
        async with together(tmp_path, alone=name) as (run, witness):
            assert [each.name for each in run.client.database.accessories.values()] == [name]
            there, key = witness.characteristic(name, type_)
            await run.client.write({key: value})
            assert there.value == value
            there, key = witness.characteristic(name, EVENTS[name])
            there.set_value(1)
            await until(lambda: run.value(key) == 1)

    run_real(main())


def test_timed_write(tmp_path: Path) -> None:
    """What takes a preparation gets one; by itself the write is refused over there."""

    async def main() -> None:
        async with Witness(tmp_path) as witness:
            there, key = witness.characteristic("Lock", "LockTargetState")
            there.properties["Permissions"] = [*there.properties["Permissions"], "tw"]
            async with running(await paired(witness.port, CODE), witness.port) as run:
                before = run.requests
                await run.client.write({key: 1})
                assert there.value == 1
                assert run.requests == before + 2

    run_real(main())


def test_image(tmp_path: Path) -> None:
    """A still comes as it is."""

    async def main() -> None:
        async with together(tmp_path) as (run, witness):
            asked: list[dict[str, Any]] = []
            accessory = witness.accessories["Button"]
            still = bytes(range(256)) * 50

            async def snapshot(request: dict[str, Any]) -> bytes:
                asked.append(request)
                return still

            accessory.async_get_snapshot = snapshot
            assert await run.client.image(accessory.aid, 640, 480) == still
            assert (asked[0]["image-width"], asked[0]["image-height"]) == (640, 480)
            _, key = witness.characteristic("Outlet", "On")
            await run.client.write({key: True})  # what follows is in step

    run_real(main())


def test_refused(tmp_path: Path) -> None:
    """A setter that fails is a status of its item; the others of the same request are done."""

    async def main() -> None:
        async with together(tmp_path) as (run, witness):
            lamp, lamp_key = witness.characteristic("Lamp", "On")
            lock, lock_key = witness.characteristic("Lock", "LockTargetState")

            def fail(_: Any) -> None:
                raise ValueError("stuck")

            lock.setter_callback = fail
            good = asyncio.create_task(run.client.write({lamp_key: True}))
            bad = asyncio.create_task(run.client.write({lock_key: 0}))
            assert await good == {}
            with pytest.raises(StatusError) as caught:
                await bad
            assert caught.value.code == HapStatus.UNREACHABLE
            assert lamp.value is True

    run_real(main())


def test_bridge_of_100(tmp_path: Path) -> None:
    """A hundred lamps: described, subscribed and read in few requests, and switched in few."""

    async def main() -> None:
        async with together(tmp_path, lamps=100) as (run, witness):
            assert run.requests <= 30
            found = list(run.client.database.find(ServiceUuid.LIGHTBULB, CharacteristicUuid.ON))
            assert len(found) == 100
            before = run.requests
            await asyncio.gather(*(run.client.write({each.key: True}) for each in found))
            assert run.requests - before <= 4
            assert all(witness.characteristic(name, "On")[0].value for name in witness.accessories)
            for name in witness.accessories:
                witness.characteristic(name, "Brightness")[0].set_value(77)
            await until(lambda: [value for _, value in run.values()].count(77) == 100)

    run_real(main())


def test_identify(tmp_path: Path) -> None:
    """An accessory shows which one it is."""

    async def main() -> None:
        async with together(tmp_path) as (run, witness):
            aid = witness.accessories["Fan"].aid
            information = witness.accessories["Fan"].get_service("AccessoryInformation")
            got: list[Any] = []
            information.get_characteristic("Identify").setter_callback = got.append
            await run.client.identify(aid)
            assert got == [True]

    run_real(main())


def test_wrong_code_then_right(tmp_path: Path) -> None:
    """A wrong code is called that, and the right one still works."""

    async def main() -> None:
        async with Witness(tmp_path) as witness:
            async with PairingAttempt.open([HOST], witness.port) as attempt:
                await attempt.begin()
                with pytest.raises(SetupCodeError):
                    await attempt.finish("111-22-334")
            keys = await paired(witness.port, CODE)
            assert keys.accessory_id == witness.driver.state.mac
            async with PairingAttempt.open([HOST], witness.port) as attempt:
                with pytest.raises(AlreadyPairedError):
                    await attempt.begin()
            async with PairingAttempt.open([HOST], witness.port) as attempt:
                with pytest.raises(AlreadyPairedError):
                    await attempt.identify()

    run_real(main())


def test_pairings(tmp_path: Path) -> None:
    """A second controller is let in, works, and is locked out."""

    async def main() -> None:
        async with together(tmp_path) as (run, witness):
            client, key = run.client, SigningKey.generate()
            second = "b9d8f1a6-5c1e-4e34-8d3f-6f3b8c8f3a11"
            await client.add_pairing(second, key.public_key, ControllerPermission.ADMIN)
            listed = {each.controller_id: each.public_key for each in await client.list_pairings()}
            assert listed[second] == key.public_key
            assert len(listed) == 2
            keys = replace(
                client._keys,
                controller_id=second,
                controller_ltsk=key.seed,
                controller_ltpk=key.public_key,
            )
            async with running(keys, witness.port) as other:
                _, switch = witness.characteristic("Outlet", "On")
                await other.client.write({switch: True})
                await until(lambda: run.value(switch) is True)
                await client.remove_pairing(second)
            # The other side lets a link that is up live on; there is no next one.
            async with running(keys, witness.port, ready=False) as other:
                assert isinstance(await other.end(), PairingLostError)
            assert [each.controller_id for each in await client.list_pairings()] == [
                client._keys.controller_id
            ]

    run_real(main())


def test_unpair(tmp_path: Path) -> None:
    """After that the accessory can be paired anew, and the old keys are worth nothing."""

    async def main() -> None:
        async with together(tmp_path) as (run, witness):
            await run.client.remove_pairing()
            assert isinstance(await run.end(), PairingLostError)
            assert not witness.driver.state.paired
            keys = await paired(witness.port, CODE)
            async with running(keys, witness.port) as again:
                assert again.client.connected

    run_real(main())


def test_removed_at_the_accessory(tmp_path: Path) -> None:
    """An accessory that forgot us is not asked again and again."""

    async def main() -> None:
        async with together(tmp_path) as (run, witness):
            await witness.stop()
            await run.lost()
            (tmp_path / "accessory.state").unlink()
            await witness.start()
            error = await run.end()
            assert isinstance(error, PairingLostError)

    run_real(main())


def test_wrong_long_term_key(tmp_path: Path) -> None:
    """An accessory that cannot sign as the one we paired with is not believed."""

    async def main() -> None:
        async with Witness(tmp_path) as witness:
            keys: PairingKeys = await paired(witness.port, CODE)
            forged = replace(keys, accessory_ltpk=SigningKey.generate().public_key)
            async with running(forged, witness.port, ready=False) as run:
                with pytest.raises(SignatureError):
                    await run.client.ready(patient=False)

    run_real(main())


def test_another_controller_key(tmp_path: Path) -> None:
    """A controller that cannot sign as the one that was paired is not let in, and does not try for ever."""

    async def main() -> None:
        async with Witness(tmp_path) as witness:
            keys = await paired(witness.port, CODE)
            other = SigningKey.generate()
            for forged in (
                replace(keys, controller_ltsk=other.seed, controller_ltpk=other.public_key),
                replace(keys, controller_id="d0a9ab2b-7c2e-4bdb-8a86-a8e1f3a2cf35"),
            ):
                async with running(forged, witness.port, ready=False) as run:
                    assert isinstance(await run.end(), PairingLostError)

    run_real(main())


def test_another_accessory(tmp_path: Path) -> None:
    """Whoever answers under another id is not the accessory, and is told nothing."""

    async def main() -> None:
        async with Witness(tmp_path) as witness:
            keys = await paired(witness.port, CODE)
            elsewhere = replace(keys, accessory_id="12:34:56:78:9A:BC")
            async with running(elsewhere, witness.port, ready=False) as run:
                with pytest.raises(WrongAccessoryError):
                    await run.client.ready(patient=False)

    run_real(main())


def test_removed_while_connected(tmp_path: Path) -> None:
    """A pairing removed over there ends with the link: the next one is refused for good."""

    async def main() -> None:
        async with together(tmp_path) as (run, witness):
            (client,) = witness.driver.state.paired_clients
            witness.driver.state.remove_paired_client(client)
            await witness.stop()
            await witness.start()
            assert isinstance(await run.end(), PairingLostError)

    run_real(main())


def test_restart_of_the_accessory(tmp_path: Path) -> None:
    """The link comes back by itself, with subscriptions and the values of now."""

    async def main() -> None:
        async with together(tmp_path) as (run, witness):
            await witness.stop()
            await run.lost()
            with pytest.raises(LinkError):
                async with asyncio.timeout(60):
                    await run.client.ready(patient=False)
            await witness.start()
            there, key = witness.characteristic("Blind", "CurrentPosition")
            there.set_value(10)
            await run.back()
            await until(lambda: run.value(key) == 10)  # read, or told by now
            there.set_value(20)
            await until(lambda: run.value(key) == 20)

    run_real(main())


def test_restart_of_the_controller(tmp_path: Path) -> None:
    """The keys are all it takes; a kept description is read anew, since nothing announced that it still holds."""

    async def main() -> None:
        async with together(tmp_path) as (run, witness):
            keys, database, asked = run.client._keys, run.client.database, run.requests
            await run.stop()
            async with running(keys, witness.port, database=database, configuration=2) as again:
                assert again.requests == asked
                there, key = witness.characteristic("Fan", "RotationSpeed")
                there.set_value(66)
                await until(lambda: again.value(key) == 66)

    run_real(main())


def test_our_server_takes_its_place(tmp_path: Path) -> None:
    """Its state file is all we need to go on as the same accessory, for the controllers it was paired with."""

    async def main() -> None:
        async with Witness(tmp_path, alone="Lamp") as witness:
            keys = await paired(witness.port, CODE)
        state = await AccessoryState.of_hap_python(
            tmp_path / "accessory.state",
            tmp_path / "state.json",
            name="Lamp",
            host=HOST,
            port=witness.port,
        )
        number = witness.driver.state.config_version
        lamp, light = bulb()
        async with (
            AccessoryServer(lamp, state, announce=False),
            running(keys, witness.port) as run,
        ):
            assert state.config_number == number + 1
            await run.client.write({(1, light[CharacteristicUuid.ON].iid): True})
            assert light[CharacteristicUuid.ON].value is True
            (listed,) = await run.client.list_pairings()
            assert (listed.controller_id, listed.admin) == (keys.controller_id, True)

    run_real(main())


def test_announcement(tmp_path: Path) -> None:
    """Found by real mDNS, paired where it says it is, and heard to be paired."""

    async def main() -> None:
        zeroconf = AsyncZeroconf(interfaces=[HOST], ip_version=IPVersion.V4Only)
        name = f"Bridge {uuid4().hex[:8]}"  # the name of the host is made of it as well
        async with Witness(tmp_path, name=name, zeroconf=zeroconf) as witness:
            state = witness.driver.state
            async with Browser(interfaces=[HOST]) as browser:
                found = await browser.find(state.mac, 60)
                assert found
                assert found.name.startswith(name)
                assert found.device_id == state.mac
                assert (found.addresses, found.port) == ((HOST,), witness.port)
                assert found.category.name == "Bridge"
                assert found.config_number == state.config_version
                assert not found.paired
                assert found.setup_hash == setup_hash_text(state.setup_id, state.mac)
                keys = await paired(found.port, CODE)
                assert keys.accessory_id == found.device_id
                await until(lambda: browser.announcements[found.key].paired, 60)
        await zeroconf.async_close()

    # Closed, the library of mDNS may leave a timer behind that does nothing.
    asyncio.run(main(), loop_factory=asyncio.SelectorEventLoop)
