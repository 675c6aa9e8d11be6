"""Published libraries as controllers of the simulated accessories: these are right for others than our own client."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from custom_components.hap_controller.protocol.accessory import AccessoryServer
from custom_components.hap_controller.protocol.crypto import SigningKey
from simulators.hap_controller import Pace, SimulatedAccessory
from tests.support.clock import run_real

from .controllers import Aiohomekit, Controller, HomekitPython

pytestmark = pytest.mark.usefixtures("socket_enabled")

type Library = Callable[[AccessoryServer], Controller]


class Face:
    """A simulated accessory as the controllers look at a server."""

    def __init__(self, served: SimulatedAccessory) -> None:
        """Show it."""
        self._served = served
        self.state = SimpleNamespace(register=SimpleNamespace(accessory_id=served.device_id))
        self.setup_code = served.setup_code
        self.address = served.host, served.port

    @property
    def _connections(self) -> list[Any]:
        return [SimpleNamespace(session=each) for each in self._served.sessions]


every = pytest.mark.parametrize("library", [Aiohomekit, HomekitPython])


@every
def test_whole_life_of_a_pairing(library: Library) -> None:
    """Identified, paired, described, read, written, heard, listed, removed."""

    async def main() -> None:
        async with (
            SimulatedAccessory("bridge", pace=Pace(speed=1000)) as served,
            library(cast(AccessoryServer, Face(served))) as controller,
        ):
            await controller.identify()
            assert served.house.primary.identified == 1
            with pytest.raises(controller.errors.AuthenticationError):
                await controller.pair("518-08-582")
            await controller.pair(served.setup_code)
            described = await controller.describe()
            assert [each["aid"] for each in described] == list(served.house.accessories)
            garage = [
                served.key("Garage", name) for name in ("Target Door State", "Current Door State")
            ]
            read = await controller.read(garage)
            assert [each["value"] for each in read.values()] == [1, 1]

            def by_hand() -> None:
                served.set("Balcony", "Current Temperature", 7.5)

            temperature = served.key("Balcony", "Current Temperature")
            assert await controller.hear([temperature], by_hand, 1) == [(*temperature, 7.5)]
            assert await controller.write([(*garage[0], 0)]) == {}
            await served.settle()
            assert served.value("Garage", "Current Door State") == 0
            served.house.accessory("Garage").reachable = False
            read = await controller.read([*garage, temperature])
            lost = {key for key, each in read.items() if each.get("status") == -70402}
            assert lost == set(garage)
            assert read[temperature]["value"] == 7.5
            assert [each["controllerType"] for each in await controller.pairings()] == ["admin"]
            complaints = {each.why for each in served.violations}
            await controller.remove()
            assert not served.memory.paired
        if library is Aiohomekit:
            assert complaints == {"the setup code is wrong"}
        else:  # it lays its requests out in a way that some accessories refuse, as is known of it
            assert any("a head with" in why for why in complaints)

    run_real(main())


@every
def test_who_is_who(library: Library) -> None:
    """Another key on either side, a second controller, restarts of both, and removal: as the server of the product."""

    async def main() -> None:
        async with SimulatedAccessory("lamp", pace=Pace(speed=1000)) as served:
            face = cast(AccessoryServer, Face(served))
            on = served.key(None, "On")
            async with library(face) as first, library(face) as second:
                await first.pair(served.setup_code)
                record, key = first.record, SigningKey.generate()
                name = "5c9e0f4e-5a0b-4c4c-8b0f-1a2b3c4d5e6f"
                keys = {"iOSDeviceLTSK": key.seed.hex(), "iOSDeviceLTPK": key.public_key.hex()}
                second.assume(record | {"AccessoryLTPK": key.public_key.hex()})
                with pytest.raises(second.errors.InvalidSignatureError):
                    await second.verify()
                for forged in (keys, {"iOSPairingId": name}):
                    second.assume(record | forged)
                    with pytest.raises(second.errors.AuthenticationError):
                        await second.verify()

                await first.add(name, keys["iOSDeviceLTPK"], "User")
                second.assume(record | keys | {"iOSPairingId": name})
                assert await second.write([(*on, True)]) == {}
                assert await first.read([on]) == {on: {"value": True}}
                with pytest.raises(second.errors.UnpairedError):  # as both call it
                    await second.pairings()
                for each in (first, second):
                    await each.close()

            await served.reboot(0.0)
            async with library(face) as first, library(face) as second:  # as after a restart
                first.assume(record)
                second.assume(record | keys | {"iOSPairingId": name})
                assert await second.read([on]) == {on: {"value": True}}
                await second.close()
                await first.remove(name)
                with pytest.raises(second.errors.AuthenticationError):
                    await second.verify()
                assert await first.read([on]) == {on: {"value": True}}
                await first.close()
                served.unpair()
                with pytest.raises(first.errors.AuthenticationError):
                    await first.verify()

    run_real(main())
