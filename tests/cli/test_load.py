"""The protocol core is loaded alone and at once."""

import os
from pathlib import Path
import subprocess
import sys

import pytest

from script.latchkey_cli.vendors import VENDORS
from script.lending import ROOT, lend_core

from .conftest import CLI, clean_environment

START_LIMIT_S = 0.5


@pytest.mark.parametrize("domain", VENDORS)
def test_home_assistant_stays_out(domain: str) -> None:
    """The core has its real name, and neither Home Assistant nor the component's rooms are there."""
    program = f"""
import sys
from script.latchkey_cli.vendors import load
load({domain!r})
ours = {{name for name in sys.modules if name.startswith("custom_components.{domain}.")}}
assert "custom_components.{domain}.protocol.client" in ours
assert all(name.startswith("custom_components.{domain}.protocol") for name in ours), ours
assert "homeassistant" not in sys.modules
"""
    done = subprocess.run(
        [sys.executable, "-P", "-c", program],
        env={**clean_environment(), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_loaded_packages_are_left_alone() -> None:
    """In a process that has the component, the command line takes it as it is."""
    import custom_components.dio_chacon

    lend_core("dio_chacon")
    assert sys.modules["custom_components.dio_chacon"] is custom_components.dio_chacon
    assert custom_components.dio_chacon.__spec__.origin


@pytest.mark.parametrize("domain", VENDORS)
def test_start_is_quick(domain: str) -> None:
    """With its bytecode at hand, as from the second start on, the program costs less than half a second.

    Or, on a slow machine, twice what importing the HTTP client alone does.
    """
    cost = _cost_s(CLI, domain, "--help")
    assert cost < START_LIMIT_S or cost < 2 * _cost_s(sys.executable, "-P", "-c", "import aiohttp")


def _cost_s(*command: str | Path) -> float:
    """Give the processor time of a program that has been started before: how busy the machine is does not count."""
    costs = []
    for _ in range(4):
        before = _children_s()
        subprocess.run(command, env=clean_environment(), stdout=subprocess.DEVNULL, check=True)
        costs.append(_children_s() - before)
    return min(costs[1:])


def _children_s() -> float:
    times = os.times()
    return times.children_user + times.children_system
