"""A simulated appliance, and an entry of it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any
from unittest.mock import patch

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from syrupy.assertion import SnapshotAssertion

from simulators.home_connect_local import Pace, SimulatedAppliance

from .helpers import new_entry, setup


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Keep snapshots where Home Assistant does; syrupy's own fixture hides that of the plugin."""
    return snapshot.use_extension(HomeAssistantSnapshotExtension)


@pytest.fixture
def all_enabled() -> Iterator[None]:
    """Enable entities that are disabled by default."""
    with patch(
        "homeassistant.helpers.entity.Entity.entity_registry_enabled_default", return_value=True
    ):
        yield


@pytest.fixture
def name() -> str:
    """Name the appliance; tests parametrise this."""
    return "dishwasher"


@pytest.fixture
async def simulated(socket_enabled: None, name: str) -> AsyncIterator[SimulatedAppliance]:
    """Serve an appliance; afterwards nothing may have been asked that it does not understand."""
    async with SimulatedAppliance(name, pace=Pace(speed=1000)) as simulated:
        yield simulated
    assert not simulated.violations


@pytest.fixture
def options() -> dict[str, Any]:
    """Return the options of the entry; tests parametrise this."""
    return {}


@pytest.fixture
async def entry(
    hass: HomeAssistant, simulated: SimulatedAppliance, options: dict[str, Any]
) -> AsyncIterator[MockConfigEntry]:
    """Give an entry of the appliance, not set up; it is unloaded before the appliance goes."""
    entry = new_entry(simulated, options=options)
    entry.add_to_hass(hass)
    yield entry
    if entry.state.recoverable and hass.config_entries.async_get_entry(entry.entry_id):
        await hass.config_entries.async_unload(entry.entry_id)


@pytest.fixture
async def loaded(hass: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    """Return the entry, set up."""
    await setup(hass, entry)
    return entry


@pytest.fixture
def handshakes_fail(hass: HomeAssistant) -> None:
    """Allow clients with a wrong key, or in a hurry: the simulator lives in the loop that reports its refusals."""
    report = hass.loop.get_exception_handler()
    assert report

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if not context["message"].startswith("Error on transport creation for incoming connection"):
            report(loop, context)

    hass.loop.set_exception_handler(handle)
