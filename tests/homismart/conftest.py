"""A simulated cloud with the fixture account, and an entry that uses it."""

from collections.abc import AsyncIterator, Iterator
from typing import Any
from unittest.mock import patch

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from syrupy.assertion import SnapshotAssertion

from simulators.homismart import Home, Pace, SimulatedCloud
from tests.common import load_vectors

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
async def update_action(hass: HomeAssistant) -> None:
    """Provide the action to update an entity."""
    assert await async_setup_component(hass, "homeassistant", {})


@pytest.fixture
def home() -> Home:
    """Return the fixture account: two hubs, one off line, every kind of device, one shared, one unknown."""
    return Home.from_fixture(
        load_vectors("homismart", "devices"), pace=Pace(speed=100, reaction_s=1.0)
    )


@pytest.fixture
async def cloud(socket_enabled: None, home: Home) -> AsyncIterator[SimulatedCloud]:
    """Serve the account; afterwards nothing may have been asked that the cloud refuses."""
    async with SimulatedCloud(home) as cloud:
        yield cloud
    assert not cloud.violations


@pytest.fixture
def options() -> dict[str, Any]:
    """Return the options of the entry; tests parametrise this."""
    return {}


@pytest.fixture
async def entry(
    hass: HomeAssistant, cloud: SimulatedCloud, options: dict[str, Any]
) -> AsyncIterator[MockConfigEntry]:
    """Give an entry of the account, not set up; it is unloaded before the cloud goes."""
    entry = new_entry(cloud, options=options)
    entry.add_to_hass(hass)
    yield entry
    if entry.state.recoverable and hass.config_entries.async_get_entry(entry.entry_id):
        await hass.config_entries.async_unload(entry.entry_id)


@pytest.fixture
async def loaded(hass: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    """Return the entry, set up."""
    await setup(hass, entry)
    return entry
