"""The simulated HomeKit accessories: pairing, reading, writing, and what they do by themselves."""

import pytest

from custom_components.hap_controller.protocol import PairingAttempt
from simulators.hap_controller import BRIDGED, MODELS, Pace, SimulatedAccessory
from tests.hap_controller.protocol.running import running

pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.mark.parametrize("name", MODELS)
async def test_is_paired_and_read(name: str) -> None:
    """Each of the demo's accessories is paired by its code, and described as it is."""
    async with SimulatedAccessory(name, pace=Pace(speed=1000)) as served:
        async with PairingAttempt.open([served.host], served.port) as attempt:
            await attempt.begin()
            keys = await attempt.finish(served.setup_code)
        async with running(keys, served.port) as run:
            names = [each.name for each in served.house.accessories.values()]
            assert [each.name for each in run.client.database.accessories.values()] == names
            if name == "bridge":
                assert len(names) == len(BRIDGED) + 1 == 31
        assert not served.violations
