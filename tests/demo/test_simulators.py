"""Simulated homes as the demo starts them."""

from pathlib import Path

import pytest

from script.latchkey_demo import simulators
from script.latchkey_demo.homes import Home
from script.latchkey_demo.state import StateFolder

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def test_what_has_to_outlive_the_program(tmp_path: Path) -> None:
    """The next start finds the same accessory at the same port; a reset is a new one."""
    home = Home(
        domain="hap_controller",
        title="HomeKit",
        icon="mdi:home",
        hurried=("--accessory", "lamp"),
        remembers=True,
        forms=lambda line: (),
        by_hand=lambda line: (),
        try_this=(),
        scenarios=(),
    )
    folder = StateFolder(tmp_path)
    found = []
    with folder.locked():
        for _ in range(2):
            simulator = await simulators.start(home, folder, hurried=True)
            (card,) = simulator.line["accessories"]
            found.append((card["device_id"], card["setup_code"], card["port"]))
            assert await simulator.child.stop(simulators.STOP_LIMIT_S)
        assert found[0] == found[1]
        assert (tmp_path / "simulators" / "hap_controller" / "lamp.json").exists()
        folder.reset()
        assert not (tmp_path / "simulators").exists()
