"""A living accessory server, and an entry of it."""

from collections.abc import AsyncIterator, Iterator
from typing import Any
from unittest.mock import MagicMock, patch

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from syrupy.assertion import SnapshotAssertion

from tests.support.rooms import setup

from .home import Clock
from .living import Json, Living, new_entry, read_database


@pytest.fixture(autouse=True)
def enable_event_loop_debug() -> None:
    """Leave the loop as it is: its debug mode notes the stack at each call, which takes half the time of these tests."""


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
    """Name the description in ``databases``; tests parametrise this."""
    return "lamp"


@pytest.fixture
def accessories(name: str) -> list[Json]:
    """Give the description; tests that make one of their own parametrise or replace this."""
    return read_database(name)


@pytest.fixture
async def living(socket_enabled: None, accessories: list[Json]) -> AsyncIterator[Living]:
    """Serve the description."""
    async with Living(accessories) as living:
        yield living


@pytest.fixture
def options() -> dict[str, Any]:
    """Return the options of the entry; tests parametrise this."""
    return {}


@pytest.fixture
def network(hass: HomeAssistant, mock_async_zeroconf: MagicMock) -> MagicMock:
    """Keep Home Assistant off the network: nothing is announced. Tests of announcements replace this."""
    # What an entry does not need takes longer to set up than the entry itself.
    hass.config.components |= {"file_upload", "repairs", "zeroconf"}
    return mock_async_zeroconf


@pytest.fixture
async def entry(
    hass: HomeAssistant, network: object, living: Living, options: dict[str, Any]
) -> AsyncIterator[MockConfigEntry]:
    """Give an entry of the accessory, not set up; it is unloaded before the accessory goes."""
    entry = new_entry(living, options=options)
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
def clock(hass: HomeAssistant) -> Iterator[Clock]:
    """Give a clock; that of the loop goes on, so that sockets live."""
    clock = Clock(hass)
    with patch("homeassistant.util.dt.utcnow", clock.now):
        yield clock
