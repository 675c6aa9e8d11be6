"""Set-up, unload and removal of an entry."""

from collections.abc import AsyncIterator
import json
from typing import Any, override

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_OFF, STATE_ON, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.home_connect_local import async_remove_config_entry_device
from custom_components.home_connect_local.const import DOMAIN, PLATFORMS
from simulators.home_connect_local import SimulatedAppliance
from tests.support.contract.init import EntryContract

from .helpers import NAMES, act, entity_id_of, setup, state_of, until_state
from .test_coordinator import settled
from .vendor import VENDOR, Peer, credentials_of

pytestmark = pytest.mark.usefixtures("handshakes_fail")


class TestEntry(EntryContract):
    """What entries of all components do; this one is an appliance, which may be off, and nothing else."""

    vendor = VENDOR
    present = ()
    # An appliance has no devices that come and go, and its options do not change what its client does.
    test_three_hundred_devices = None  # type: ignore[assignment]
    test_options_reach_the_client = None  # type: ignore[assignment]
    # One that cannot be reached does not fail the set-up.
    test_not_ready = None  # type: ignore[assignment]
    test_time_limit_of_set_up = None  # type: ignore[assignment]
    # What is not the appliance may always go: see below.
    test_deleting_a_device_by_hand = None  # type: ignore[assignment]
    # Each kind of appliance is registered as the tests of the coordinator show.
    test_devices = None  # type: ignore[assignment]

    @pytest.fixture
    async def peer(self, socket_enabled: None) -> AsyncIterator[Peer]:
        """Serve the appliance of the shared tests."""
        async with Peer() as peer:
            yield peer
        assert not peer.violations

    @pytest.fixture
    def simulated(self, peer: Peer) -> Peer:
        """Have the entry made for it."""
        return peer

    @override
    async def bustle(self, hass: HomeAssistant, peer: Any) -> None:
        """Let a program, a command, a refusal and something unknown happen."""
        switch = VENDOR.switch_of(hass)
        await act(hass, Platform.SWITCH, "turn_off", switch)
        await until_state(hass, switch, STATE_OFF)
        peer.appliance.notify("/ro/values", [{"uid": 60000, "value": 1}])
        await act(hass, Platform.SWITCH, "turn_on", switch)
        await until_state(hass, switch, STATE_ON)

    @override
    def said_goodbye(self, peer: Any) -> bool:
        """Tell whether every link was closed with a frame: dead sessions are what fills an appliance."""
        return [entry.what for entry in peer.received][-1] == "close" and not peer.dead_slots

    @override
    async def test_reload_during_an_outage(
        self, hass: HomeAssistant, loaded: MockConfigEntry, peer: Any
    ) -> None:
        """A reload during an outage goes on without the appliance, and keeps every entity."""
        registry = er.async_get(hass)
        before = len(er.async_entries_for_config_entry(registry, loaded.entry_id))
        await peer.link_down()
        assert await hass.config_entries.async_reload(loaded.entry_id)
        assert loaded.state is ConfigEntryState.LOADED
        await peer.link_restored()
        await settled(hass, loaded)
        assert len(er.async_entries_for_config_entry(registry, loaded.entry_id)) == before


@pytest.mark.parametrize("name", NAMES)
async def test_entry_can_be_stored(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """What an entry keeps is plain JSON, the same after a restart, and no key of the link is in its title."""
    stored = json.loads(json.dumps(dict(loaded.data)))
    assert stored == dict(loaded.data)
    for secret in credentials_of(simulated):
        assert secret not in loaded.title


async def test_actions_without_an_entry(hass: HomeAssistant) -> None:
    """The actions are there whether or not an appliance is."""
    assert await async_setup_component(hass, DOMAIN, {})
    assert hass.services.has_service(DOMAIN, "start_program")


async def test_entities_keep_their_ids(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Unique ids begin with the id of the appliance, and entities with a key of their own."""
    entities = er.async_entries_for_config_entry(er.async_get(hass), loaded.entry_id)
    assert entities
    assert all(each.unique_id.startswith(f"{simulated.ha_id}-") for each in entities)
    assert {each.domain for each in entities} <= {str(platform) for platform in PLATFORMS}


async def test_set_up_twice(
    hass: HomeAssistant, entry: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Between the set-ups the appliance has one session free, and the other in use is ours alone."""
    simulated.rules.slots = 1
    for _ in range(3):
        await setup(hass, entry)
        connection = entity_id_of(hass, entry, Platform.BINARY_SENSOR, "binary_sensor_connected")
        assert state_of(hass, connection).state == STATE_ON
        assert await hass.config_entries.async_unload(entry.entry_id)
        await simulated.journal.wait_for(lambda: not simulated.sessions)
        assert not simulated.dead_slots


async def test_deleting_the_device_by_hand(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """The appliance stays as long as its entry; what else may ever have hung on that can go."""
    registry = dr.async_get(hass)
    (appliance,) = dr.async_entries_for_config_entry(registry, loaded.entry_id)
    other = registry.async_get_or_create(
        config_entry_id=loaded.entry_id, identifiers={(DOMAIN, "another")}
    )
    for _ in range(2):
        assert not await async_remove_config_entry_device(hass, loaded, appliance)
        assert await async_remove_config_entry_device(hass, loaded, other)
        await hass.config_entries.async_unload(loaded.entry_id)
