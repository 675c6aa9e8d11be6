"""Our controller and accessories of **homekit_python**, the oldest of the published servers and the least alike (§12.8).

Sockets are real, on loopback. The accessories do not announce themselves: the controller is told host and port.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import repeat
import json
from pathlib import Path
import threading
from typing import Any, Self

import pytest

from custom_components.hap_controller.protocol import (
    AlreadyPairedError,
    ControllerPermission,
    HapStatus,
    LinkError,
    PairingAttempt,
    PairingKeys,
    PairingLostError,
    PairingRecord,
    Pairings,
    SetupCodeError,
    SignatureError,
    StatusError,
    load_pairings,
    save_pairings,
)
from custom_components.hap_controller.protocol.accessory import (
    Accessory,
    AccessoryServer,
    AccessoryState,
    CharacteristicUuid as C,
    ServiceUuid as S,
)
from custom_components.hap_controller.protocol.crypto import SigningKey
from tests.hap_controller.protocol.running import HOST, Running, paired, running, until
from tests.support.clock import run_real

from .elders import homekit

pytestmark = pytest.mark.usefixtures("socket_enabled")

CODE = "031-45-154"


class NoZeroconf:
    """Announces nothing."""

    def register_service(self, *_: Any, **__: Any) -> None:
        """Say nothing."""

    unregister_service = close = register_service


class Elder:
    """Accessories of homekit_python, one of each service that it knows."""

    def __init__(self, folder: Path) -> None:
        """Write the state it begins with; ``folder`` keeps it over restarts."""
        self.path = folder / "demoserver.json"
        state = {
            "name": "DemoAccessory",
            "host_ip": HOST,
            "host_port": 0,
            "accessory_pairing_id": "12:00:00:00:00:00",
            "accessory_pin": CODE,
            "peers": {},
            "unsuccessful_tries": 0,
            "c#": 0,
            "category": "Lightbulb",
        }
        self.path.write_text(json.dumps(state))
        self.port = 0
        """Where it listens; the system picks it at the first start."""
        self.server: Any
        self.bulb: Any
        self.thermostat: Any
        self.identified = 0
        self._thread: threading.Thread

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        await self.stop()

    async def start(self) -> None:
        """Make everything anew, as another process would, and listen."""
        homekit.model.mixin.id_counter = 0
        homekit.accessoryserver.Zeroconf = NoZeroconf
        self.server = homekit.AccessoryServer(str(self.path), None)
        self.port = self.server.data.data["host_port"] = self.server.server_address[1]
        self.server.data.increase_configuration_number()  # which writes the file
        self.server.set_identify_callback(self._identify)
        first = homekit.model.Accessory("Lamp", "Witness", "Colour", "1", "0.1")
        first.set_identify_callback(self._identify)
        self.bulb = homekit.model.services.BHSLightBulbService()
        first.add_service(self.bulb)
        second = homekit.model.Accessory("Rest", "Witness", "Rest", "2", "0.1")
        self.thermostat = homekit.model.services.ThermostatService()
        second.add_service(self.thermostat)
        second.add_service(homekit.model.services.FanService())
        second.add_service(homekit.model.services.OutletService())
        self.server.add_accessory(first)
        self.server.add_accessory(second)
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self._thread.start()

    def _identify(self) -> None:
        self.identified += 1

    async def stop(self) -> None:
        """Stop, with all that goes on; controllers lose the link."""
        await asyncio.to_thread(self.server.shutdown)
        await asyncio.to_thread(self.server.server_close)
        await asyncio.to_thread(self._thread.join)

    def find(self, service: Any, word: str) -> tuple[Any, tuple[int, int]]:
        """Find a characteristic by what its class is called; gives its numbers as well."""
        for accessory in self.server.accessories.accessories:
            if service in accessory.services:
                for each in service.characteristics:
                    if type(each).__name__ == f"{word}Characteristic":
                        return each, (accessory.aid, each.iid)
        raise KeyError(word)

    def change(self, characteristic: Any, key: tuple[int, int], value: Any) -> None:
        """Have a value change at the accessory."""
        characteristic.value = value
        self.server.write_event([key])


async def paired_with(elder: Elder) -> PairingKeys:
    """Pair; of its public key it hashes no leading zeros, so that one attempt in 256 fails."""
    for _ in range(2):
        try:
            return await paired(elder.port, CODE)
        except SetupCodeError:
            continue
    return await paired(elder.port, CODE)


@asynccontextmanager
async def together(folder: Path) -> AsyncIterator[tuple[Running, Elder]]:
    """Pair with the accessories and hold the link."""
    async with Elder(folder) as elder:
        keys = await paired_with(elder)
        async with running(keys, elder.port, backoff=lambda: repeat(0.1)) as run:
            yield run, elder


def test_whole_life_of_a_pairing(tmp_path: Path) -> None:
    """Identified, paired, described, written, read, heard, listed, removed."""

    async def main() -> None:
        async with Elder(tmp_path) as elder:
            async with PairingAttempt.open([HOST], elder.port) as attempt:
                await attempt.identify()
            assert elder.identified == 1
            keys = await paired_with(elder)
            assert keys.accessory_id == "12:00:00:00:00:00"
            async with PairingAttempt.open([HOST], elder.port) as attempt:
                with pytest.raises(AlreadyPairedError):
                    await attempt.identify()
            async with PairingAttempt.open([HOST], elder.port) as attempt:
                with pytest.raises(AlreadyPairedError):
                    await attempt.begin()
            async with running(keys, elder.port) as run:
                database = run.client.database
                assert [each.name for each in database.accessories.values()] == ["Lamp", "Rest"]
                assert not database.faults
                await run.client.identify()
                assert elder.identified == 2

                values = {}
                for service, word, value in (
                    (elder.bulb, "On", True),
                    (elder.bulb, "Brightness", 42),
                    (elder.bulb, "Hue", 210.0),
                    (elder.thermostat, "TargetTemperature", 21.5),
                    (elder.thermostat, "TargetHeatingCoolingState", 2),
                ):
                    there, key = elder.find(service, word)
                    await run.client.write({key: value})
                    assert there.value == value
                    values[key] = value
                assert await run.client.read(list(values)) == values

                there, key = elder.find(elder.thermostat, "CurrentTemperature")
                assert key in run.client.subscribed
                elder.change(there, key, 25.4)
                await until(lambda: run.value(key) == 25.4)

                (listed,) = await run.client.list_pairings()
                assert listed.admin
                assert listed.controller_id == keys.controller_id
                assert listed.public_key == keys.controller_ltpk
                await run.client.remove_pairing()
                assert isinstance(await run.end(), PairingLostError)
            assert not elder.server.data.is_paired

    run_real(main())


def test_refused_values(tmp_path: Path) -> None:
    """It answers 400 where all of a request failed: what became of each item counts."""

    async def main() -> None:
        async with together(tmp_path) as (run, elder):
            hue, key = elder.find(elder.bulb, "Hue")

            def refuse(value: object) -> None:
                raise ValueError("stuck")

            hue.set_set_value_callback(refuse)
            with pytest.raises(StatusError) as caught:
                await run.client.write({key: 7})
            assert caught.value.code == HapStatus.OUT_OF_RESOURCES
            _, other = elder.find(elder.bulb, "Brightness")
            good = asyncio.create_task(run.client.write({other: 8}))
            with pytest.raises(StatusError):
                await run.client.write({key: 8})
            assert await good == {}
            assert run.value(other) == 8
            assert run.client.connected

    run_real(main())


def test_wrong_setup_code(tmp_path: Path) -> None:
    """It refuses with an HTTP error; it is the error of pairing that counts."""

    async def main() -> None:
        async with Elder(tmp_path) as elder:
            async with PairingAttempt.open([HOST], elder.port) as attempt:
                await attempt.begin()
                with pytest.raises(SetupCodeError):
                    await attempt.finish("111-22-334")
            async with running(await paired_with(elder), elder.port) as run:
                assert run.client.connected

    run_real(main())


def test_wrong_keys(tmp_path: Path) -> None:
    """Neither side takes another key for the one that was paired."""

    async def main() -> None:
        async with Elder(tmp_path) as elder:
            keys = await paired_with(elder)
            other = SigningKey.generate()
            forged = replace(keys, accessory_ltpk=other.public_key)
            async with running(forged, elder.port, ready=False) as run:
                with pytest.raises(SignatureError):
                    await run.client.ready(patient=False)
            forged = replace(keys, controller_ltsk=other.seed, controller_ltpk=other.public_key)
            async with running(forged, elder.port, ready=False) as run:
                assert isinstance(await run.end(), PairingLostError)

    run_real(main())


def test_second_controller(tmp_path: Path) -> None:
    """Let in it works, and each hears what the other does; shut out it stays out."""

    async def main() -> None:
        async with together(tmp_path) as (run, elder):
            key = SigningKey.generate()
            name = "b9d8f1a6-5c1e-4e34-8d3f-6f3b8c8f3a11"
            await run.client.add_pairing(name, key.public_key, ControllerPermission(0))
            assert len(await run.client.list_pairings()) == 2
            keys = replace(
                run.client._keys,
                controller_id=name,
                controller_ltsk=key.seed,
                controller_ltpk=key.public_key,
            )
            _, on = elder.find(elder.bulb, "On")
            async with running(keys, elder.port) as other:
                await other.client.write({on: True})
                await until(lambda: run.value(on) is True)
            await run.client.remove_pairing(name)
            async with running(keys, elder.port, ready=False) as other:
                assert isinstance(await other.end(), PairingLostError)

    run_real(main())


def test_restart(tmp_path: Path) -> None:
    """The link comes back by itself, with subscriptions and the values of now, under another configuration number."""

    async def main() -> None:
        async with together(tmp_path) as (run, elder):
            await elder.stop()
            await run.lost()
            with pytest.raises(LinkError):
                async with asyncio.timeout(60):
                    await run.client.ready(patient=False)
            await elder.start()
            there, key = elder.find(elder.bulb, "Brightness")
            there.value = 10
            await run.back()
            assert run.value(key) == 10
            elder.change(there, key, 20)
            await until(lambda: run.value(key) == 20)

    run_real(main())


def test_restart_of_the_controller(tmp_path: Path) -> None:
    """What was stored is all it takes."""

    async def main() -> None:
        async with Elder(tmp_path) as elder:
            pairings = Pairings()
            keys = await paired_with(elder)
            pairings.put("lamp", PairingRecord(keys, hosts=(HOST,), port=elder.port))
            save_pairings(tmp_path / "home.json", pairings)
            async with running(keys, elder.port) as run:
                assert run.client.connected
            record = load_pairings(tmp_path / "home.json").records["lamp"]
            assert record.port
            _, key = elder.find(elder.bulb, "Brightness")
            async with running(record.keys, record.port, hosts=record.hosts) as again:
                await again.client.write({key: 31})
                assert await again.client.read([key]) == {key: 31}

    run_real(main())


def test_removed_at_the_accessory(tmp_path: Path) -> None:
    """An accessory that forgot us is not asked again and again; it can be paired anew."""

    async def main() -> None:
        async with together(tmp_path) as (run, elder):
            await elder.stop()
            await run.lost()
            state = json.loads(elder.path.read_text())
            elder.path.write_text(json.dumps(state | {"peers": {}}))
            await elder.start()
            assert isinstance(await run.end(), PairingLostError)
            async with running(await paired_with(elder), elder.port) as again:
                assert again.client.connected

    run_real(main())


def test_our_server_takes_its_place(tmp_path: Path) -> None:
    """Its state file is all we need to go on as the same accessory, for the controllers it was paired with."""

    async def main() -> None:
        async with Elder(tmp_path) as elder:
            keys = await paired_with(elder)
        state = await AccessoryState.open(elder.path)
        lamp = Accessory("Lamp")
        light = lamp.add_service(S.LIGHTBULB)
        async with AccessoryServer(lamp, state, announce=False) as server:
            assert server.address == (HOST, elder.port)
            assert server.setup_code == CODE
            async with running(keys, elder.port) as run:
                await run.client.write({(1, light[C.ON].iid): True})
                assert light[C.ON].value is True
            with pytest.raises(AlreadyPairedError):
                await paired(elder.port, CODE)

    run_real(main())
