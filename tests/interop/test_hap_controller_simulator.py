"""Published libraries as controllers of the simulated accessories: these are right for others than our own client."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from custom_components.hap_controller.protocol.accessory import AccessoryServer
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


@pytest.mark.parametrize("library", [Aiohomekit, HomekitPython])
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
