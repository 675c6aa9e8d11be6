"""The fixtures of a component's rooms; its ``conftest.py`` takes them in and adds ``vendor`` and ``home``."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from typing import Any
from unittest.mock import AsyncMock, patch

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from syrupy.assertion import SnapshotAssertion

from .contract.diagnostics import download
from .rooms import setup
from .vendor import Peer, Vendor

__all__ = [
    "all_enabled",
    "download",
    "entry",
    "impatient",
    "loaded",
    "options",
    "peer",
    "set_up",
    "snapshot",
    "update_action",
]


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
async def peer(socket_enabled: None, vendor: Vendor, home: Any) -> AsyncIterator[Peer]:
    """Serve the home; afterwards nothing may have been asked that the vendor refuses."""
    async with vendor.simulator(home) as peer:
        yield peer
    assert not peer.violations


@pytest.fixture
def options() -> dict[str, Any]:
    """Return the options of the entry; tests parametrise this."""
    return {}


@pytest.fixture
async def entry(
    hass: HomeAssistant, vendor: Vendor, peer: Peer, options: dict[str, Any]
) -> AsyncIterator[MockConfigEntry]:
    """Give an entry of the home, not set up; it is unloaded before the simulator goes."""
    entry = vendor.new_entry(peer, options=options)
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
async def set_up(hass: HomeAssistant, vendor: Vendor) -> AsyncIterator[AsyncMock]:
    """Keep entries that a form makes from being set up, to the end: that is another test's business."""
    with patch(f"{vendor.package}.async_setup_entry", return_value=True) as mock:
        yield mock
        await hass.async_block_till_done()


@pytest.fixture
def impatient(vendor: Vendor) -> Iterator[None]:
    """Wait only briefly for what commands wait for."""
    with ExitStack() as patches:
        for limit, seconds in vendor.limits.items():
            patches.enter_context(patch(f"{vendor.package}.protocol.{limit}", seconds))
        yield
