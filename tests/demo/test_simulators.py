"""Simulated homes as the demo starts them."""

from pathlib import Path

import pytest

from script.latchkey_demo import simulators
from script.latchkey_demo.homes import Home
from script.latchkey_demo.state import StateFolder

pytestmark = pytest.mark.usefixtures("socket_enabled")


def lamp_home() -> Home:
    """A home with one lamp, which can be announced."""
    return Home(
        domain="hap_controller",
        title="HomeKit",
        icon="mdi:home",
        hurried=("--accessory", "lamp"),
        remembers=True,
        announces=True,
        forms=lambda line: (),
        by_hand=lambda line: (),
        try_this=(),
        scenarios=(),
    )


async def test_announced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a network of the demo's own what can be announced is, at an address that Home Assistant listens to."""
    monkeypatch.setattr(simulators, "OWN_ADDRESS", "127.0.0.2")
    folder = StateFolder(tmp_path)
    with folder.locked():
        simulator = await simulators.start(lamp_home(), folder, hurried=True, announced=True)
        assert await simulator.child.stop(simulators.STOP_LIMIT_S)
    assert simulator.line["announced"] is True
    assert simulator.line["accessories"][0]["host"] == "127.0.0.2"
    assert simulator.line["control_url"].startswith("http://127.0.0.2:")


async def test_what_has_to_outlive_the_program(tmp_path: Path) -> None:
    """The next start finds the same accessory at the same port; a reset is a new one."""
    home = lamp_home()
    folder = StateFolder(tmp_path)
    found = []
    with folder.locked():
        for _ in range(2):
            simulator = await simulators.start(home, folder, hurried=True)
            (card,) = simulator.line["accessories"]
            found.append((card["device_id"], card["setup_code"], card["port"]))
            assert await simulator.child.stop(simulators.STOP_LIMIT_S)
            assert (simulator.line["announced"], card["host"]) == (False, "127.0.0.1")
        assert found[0] == found[1]
        assert (tmp_path / "simulators" / "hap_controller" / "lamp.json").exists()
        folder.reset()
        assert not (tmp_path / "simulators").exists()
