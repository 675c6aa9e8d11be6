"""The life of the link as entities show it, and what the registries are told of an appliance."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
import logging
import os
from typing import Any, ClassVar, override
from unittest.mock import patch

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryDisabler, ConfigEntryState
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from custom_components.home_connect_local.const import CONF_DESCRIPTION, DOMAIN
from custom_components.home_connect_local.coordinator import brand_name
from custom_components.home_connect_local.lifeline import GRACE_S, TRY_REFUSED_AGAIN_S
from custom_components.home_connect_local.protocol import UnsupportedError
from simulators.home_connect_local import Pace, SimulatedAppliance
from tests.support.contract.lifeline import Ending, LinkContract

from .extended import extended
from .forms import announce
from .helpers import (
    NAMES,
    act,
    entity_id_of,
    new_entry,
    pass_time,
    setup,
    state_of,
    stored_description,
    unavailable,
    until,
    until_state,
)
from .vendor import SWITCH, VENDOR, Peer

CLIENT = "custom_components.home_connect_local.protocol.client"
COORDINATOR = "custom_components.home_connect_local.coordinator"

pytestmark = pytest.mark.usefixtures("handshakes_fail")


def connection_of(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """Return the entity that shows the link."""
    return entity_id_of(hass, entry, Platform.BINARY_SENSOR, "binary_sensor_connected")


async def eventually(hass: HomeAssistant, condition: Callable[[], object]) -> None:
    """Skip the waits between attempts until they make something true."""
    for attempt in range(1, 50):
        pass_time(hass, 400)
        # What was begun needs its time, more of it on a machine that is busy: passing time would end that as well.
        for _ in range(10 * attempt):
            if condition():
                return
            await asyncio.sleep(0.01)
    pytest.fail("it does not come true")


async def settled(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Wait until the link is up again, skipping the waits between attempts."""
    await eventually(hass, lambda: entry.runtime_data.connected)
    await until_state(hass, connection_of(hass, entry), STATE_ON)


class TestLink(LinkContract):
    """What links of all components do."""

    vendor = VENDOR
    peer_name = "appliance"
    drops = ("abort", "hang_up", "cut_mid_frame")
    commands = "^/ro/values"
    cut: ClassVar[Mapping[str, Any]] = {"resource": "^/ro/values", "action": "POST"}
    refusable = (Platform.SWITCH, "turn_off", SWITCH, "write")

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
    def is_on(self, peer: Peer) -> bool:
        """Tell how the switch is."""
        return peer.home.is_on(SWITCH)

    @override
    async def test_command_in_flight_fails_when_the_link_drops(
        self, hass: HomeAssistant, loaded: MockConfigEntry, peer: Peer
    ) -> None:
        """A command whose end nobody knows is an error, shows as it was, and is not repeated."""
        peer.faults.arm("refuse", count=1, **self.cut)  # else it would be carried out before
        await super().test_command_in_flight_fails_when_the_link_drops(hass, loaded, peer)

    @override
    async def test_link_ends_because_the_peer_changed(
        self, hass: HomeAssistant, ending: Ending, loaded: MockConfigEntry
    ) -> None:
        """What no retry can mend makes the entry say so, instead of hanging in the air."""
        error = UnsupportedError("it speaks another language")
        with patch(f"{COORDINATOR}.new_client", side_effect=error):
            ending.with_error(error)
            await until(hass, lambda: loaded.state is ConfigEntryState.SETUP_ERROR)
        assert loaded.error_reason_translation_key == "unsupported"


# --- appliances that are off --------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
async def test_set_up_while_off(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulated: SimulatedAppliance,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """All entities are there, unavailable, and come up without a reload when the appliance does."""
    caplog.set_level(logging.INFO, "custom_components.home_connect_local")
    await simulated.link_down()
    await setup(hass, entry)
    coordinator = entry.runtime_data
    states = {state.entity_id for state in hass.states.async_all()}
    connection = connection_of(hass, entry)
    assert state_of(hass, connection).state == STATE_OFF
    assert unavailable(hass) == states - {connection}
    assert len(states) > 10
    await simulated.link_restored()
    await settled(hass, entry)
    await hass.async_block_till_done()
    assert len(unavailable(hass)) < len(states) / 2
    assert entry.runtime_data is coordinator
    assert {state.entity_id for state in hass.states.async_all()} == states
    ours = [
        record.getMessage()
        for record in caplog.records
        if record.name == COORDINATOR or record.name.endswith("lifeline")
    ]
    assert len(ours) == 2
    assert ours[0].startswith("The appliance does not answer: ")
    assert ours[1].startswith("Connection to the appliance is back")


async def test_set_up_while_it_says_nothing(
    hass: HomeAssistant, entry: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """An appliance that hangs does not hold the set-up up for long."""
    simulated.faults.arm("first_message", how="silence")
    with patch(f"{COORDINATOR}.SETUP_LIMIT_S", 0.1):
        await setup(hass, entry)
    assert entry.runtime_data.last_error is None
    assert state_of(hass, connection_of(hass, entry)).state == STATE_OFF


@pytest.mark.parametrize("name", ["washer"])
async def test_switched_off(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """One that says that it goes is off at once, without a grace; its power still shows."""
    power = entity_id_of(hass, loaded, Platform.SENSOR, "sensor_power_state")
    operation = entity_id_of(hass, loaded, Platform.SENSOR, "sensor_operation_state")
    assert state_of(hass, power).state == "on"
    simulated.appliance.power("MainsOff")
    await until_state(hass, connection_of(hass, loaded), STATE_OFF)
    assert state_of(hass, power).state == "off"
    assert state_of(hass, operation).state == STATE_UNAVAILABLE
    assert loaded.runtime_data.client.switched_off
    await eventually(hass, lambda: not simulated.link_up)
    simulated.appliance.power("On")
    await settled(hass, loaded)
    await until_state(hass, power, "on")
    assert state_of(hass, operation).state != STATE_UNAVAILABLE


@pytest.mark.parametrize("name", ["washer"])
async def test_looked_for(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Whoever knows that the appliance is back need not wait for the next attempt."""
    assert await async_setup_component(hass, "homeassistant", {})
    client = loaded.runtime_data.client
    simulated.appliance.power("MainsOff")
    await until_state(hass, connection_of(hass, loaded), STATE_OFF)
    # Until the waits between attempts would last for the rest of the test.
    await eventually(hass, lambda: client.statistics.drops["ConnectError"] >= 2)
    simulated.appliance.power("On")
    await simulated.link_restored()
    with patch(f"{CLIENT}.MOVE_INTERVAL_S", 0.0):
        await act(hass, "homeassistant", "update_entity", connection_of(hass, loaded))
        await until_state(hass, connection_of(hass, loaded), STATE_ON)
    # One that is there is left alone.
    await act(hass, "homeassistant", "update_entity", connection_of(hass, loaded))
    assert client.statistics.connects == 2
    assert len(simulated.sessions) == 1


async def test_lost_for_longer(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """An appliance that vanishes without a word is unavailable after a moment, its power too."""
    power = entity_id_of(hass, loaded, Platform.SENSOR, "sensor_power_state")
    await simulated.link_down()
    await until_state(hass, connection_of(hass, loaded), STATE_OFF)
    assert state_of(hass, power).state == "on"
    pass_time(hass, GRACE_S + 1)
    await until_state(hass, power, STATE_UNAVAILABLE)


# --- the key ------------------------------------------------------------------------------------


async def test_rejected_key(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Once may be anything; a key that is rejected again and again asks the user, and nobody is hammered."""
    await simulated.pair_anew(os.urandom(32))
    await until_state(hass, connection_of(hass, loaded), STATE_OFF)
    client = loaded.runtime_data.client
    await eventually(hass, lambda: client.statistics.drops["KeyRefusedError"] == 2)
    assert not hass.config_entries.flow.async_progress()
    await eventually(hass, hass.config_entries.flow.async_progress)
    assert client.statistics.drops["AuthError"] == 1
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH
    lock = entity_id_of(hass, loaded, Platform.SWITCH, "switch_child_lock")
    assert state_of(hass, lock).state == STATE_UNAVAILABLE
    opened = len(simulated.received)
    pass_time(hass, TRY_REFUSED_AGAIN_S - 100)
    await hass.async_block_till_done()
    assert len(simulated.received) == opened


@pytest.mark.parametrize("by", ["time", "announcement", "action"])
async def test_key_that_serves_again(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance, by: str
) -> None:
    """Who refused the key was another appliance at the address, or this one out of its mind: nobody is asked then."""
    assert await async_setup_component(hass, "homeassistant", {})
    key, coordinator = simulated.key, loaded.runtime_data
    simulated.change_key(os.urandom(32))
    (flow,) = await asked(hass)

    async def look() -> None:
        assert coordinator.client.ended
        match by:
            case "time":
                pass_time(hass, TRY_REFUSED_AGAIN_S + 1)
            case "announcement":
                assert (await announce(hass, simulated))["reason"] == "already_configured"
            case _:
                await act(hass, "homeassistant", "update_entity", connection_of(hass, loaded))
        assert not coordinator.client.ended

    # As long as it is refused, the form that somebody may be filling in stays.
    await look()
    await eventually(hass, lambda: coordinator.client.ended)
    assert await asked(hass) == [flow]
    simulated.key = key
    await look()
    await until_state(hass, connection_of(hass, loaded), STATE_ON)
    assert not hass.config_entries.flow.async_progress()
    assert loaded.runtime_data is coordinator
    lock = entity_id_of(hass, loaded, Platform.SWITCH, "switch_child_lock")
    assert state_of(hass, lock).state != STATE_UNAVAILABLE


async def asked(hass: HomeAssistant) -> list[Any]:
    """Wait until another key is asked for."""
    await eventually(hass, hass.config_entries.flow.async_progress)
    return hass.config_entries.flow.async_progress()


async def test_no_timer_outlives_the_entry(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """An entry that waits for its key can be unloaded."""
    simulated.change_key(os.urandom(32))
    await asked(hass)
    assert await hass.config_entries.async_unload(loaded.entry_id)
    opened = len(simulated.received)
    pass_time(hass, TRY_REFUSED_AGAIN_S + 1)
    await hass.async_block_till_done()
    assert len(simulated.received) == opened


async def test_rejected_key_at_set_up(
    hass: HomeAssistant, entry: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """At set-up alike; the entities of an entry that waits for its key stay."""
    await simulated.pair_anew(os.urandom(32))
    with patch(f"{CLIENT}.KEY_REFUSALS", 1):
        await setup(hass, entry, ConfigEntryState.SETUP_ERROR)
    assert entry.error_reason_translation_key == "invalid_auth"
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH


async def test_unreadable_profile(
    hass: HomeAssistant, entry: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """A stored profile of an unknown format is a clear error, not tried again, and the appliance is left alone."""
    for broken in ({**stored_description("dishwasher"), "format": 99}, {}, {"format": 1}):
        hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_DESCRIPTION: broken})
        await setup(hass, entry, ConfigEntryState.SETUP_ERROR)
        assert entry.error_reason_translation_key == "stored_profile"
        assert not simulated.received
        await hass.config_entries.async_unload(entry.entry_id)


# --- registries ---------------------------------------------------------------------------------


def device_of(hass: HomeAssistant, entry: MockConfigEntry) -> dr.DeviceEntry:
    """Return the device."""
    (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return device


@pytest.mark.parametrize("name", NAMES)
async def test_device(
    hass: HomeAssistant, loaded: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    """An appliance is registered with all that is known of it."""
    device = device_of(hass, loaded)
    assert {
        "name": device.name,
        "identifiers": sorted(device.identifiers),
        "connections": sorted(device.connections),
        "manufacturer": device.manufacturer,
        "model": device.model,
        "model_id": device.model_id,
        "serial_number": device.serial_number,
        "hw_version": device.hw_version,
        "sw_version": device.sw_version,
    } == snapshot


async def test_device_while_off(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """What the appliance told once stays; what is new is taken over when it tells it."""
    before = device_of(hass, loaded)
    assert before.sw_version == "3.7.1.4"
    await simulated.link_down()
    await hass.config_entries.async_reload(loaded.entry_id)
    assert device_of(hass, loaded) == before
    info = simulated.profile.seed.info
    with patch.dict(info, {"swVersion": "4.0"}):
        await simulated.link_restored()
        await settled(hass, loaded)
    assert device_of(hass, loaded).sw_version == "4.0"


@pytest.mark.parametrize("name", [extended("dishwasher", kind="DishPolisher")])
async def test_unknown_type(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """A type that nobody has heard of is called by its name."""
    assert device_of(hass, loaded).name == "Bosch DishPolisher"


async def test_odd_address(
    hass: HomeAssistant, entry: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """What is no MAC address connects the device with nothing."""
    description = stored_description("dishwasher")
    odd = {**description, "appliance": {**description["appliance"], "mac": "unknown"}}
    hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_DESCRIPTION: odd})
    await setup(hass, entry)
    assert not device_of(hass, entry).connections


@pytest.mark.parametrize(
    ("brand", "name"),
    [("BOSCH", "Bosch"), ("Neff", "Neff"), (None, "Home Connect"), ("", "Home Connect")],
)
def test_brand_name(brand: str | None, name: str) -> None:
    """Brands are written as people do."""
    assert brand_name(brand) == name


# --- troubles -----------------------------------------------------------------------------------


def issues(hass: HomeAssistant) -> dict[str, str | None]:
    """Return what the user is told, by what it is about."""
    return {
        str(issue.translation_key): (issue.translation_placeholders or {}).get("appliance")
        for (domain, _), issue in ir.async_get(hass).issues.items()
        if domain == DOMAIN
    }


async def provoke(hass: HomeAssistant, entry: MockConfigEntry, peer: SimulatedAppliance) -> None:
    """Have the appliance not know a feature of its profile."""
    lock = entity_id_of(hass, entry, Platform.SWITCH, "switch_child_lock")
    peer.faults.arm("refuse", resource="^/ro/values", action="POST", code=512, count=1)
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, Platform.SWITCH, "turn_on", lock)
    assert caught.value.translation_key == "unknown_feature"


async def test_identity_of_somebody_else(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """An appliance that hangs up on the greeting again and again knows another by our name, it seems."""
    simulated.faults.arm("upgrade_close", how="close", code=1000)
    simulated.abort()
    await eventually(hass, lambda: issues(hass) == {"identity": loaded.title})
    simulated.faults.clear()
    await eventually(hass, lambda: loaded.runtime_data.connected)
    assert not issues(hass)


async def test_description_out_of_date(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """An appliance that does not know a feature of its profile wants a fresh one."""
    await provoke(hass, loaded, simulated)
    assert issues(hass) == {"description": loaded.title}
    # It is about what was stored, so that a reload forgets it until it happens again.
    await hass.config_entries.async_reload(loaded.entry_id)
    assert not issues(hass)


async def test_no_free_session(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Sessions that are taken for an hour want the appliance to be unplugged; then all is well by itself."""
    simulated.faults.arm("upgrade_status", status=404)
    simulated.abort()
    await until_state(hass, connection_of(hass, loaded), STATE_OFF)
    with patch(f"{CLIENT}.SLOTS_TROUBLE_S", 0):
        await eventually(hass, lambda: issues(hass) == {"slots": loaded.title})
    simulated.faults.clear()
    await eventually(hass, lambda: loaded.runtime_data.connected)
    assert not issues(hass)


async def test_issues_go_with_the_entry(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Nothing needs to be mended of an entry that is disabled or removed."""
    await provoke(hass, loaded, simulated)
    await hass.config_entries.async_set_disabled_by(loaded.entry_id, ConfigEntryDisabler.USER)
    assert not issues(hass)
    await hass.config_entries.async_set_disabled_by(loaded.entry_id, None)
    await hass.async_block_till_done()
    await provoke(hass, loaded, simulated)
    await hass.config_entries.async_remove(loaded.entry_id)
    assert not issues(hass)


async def test_two_appliances(hass: HomeAssistant, simulated: SimulatedAppliance) -> None:
    """Each entry goes its own way."""
    async with SimulatedAppliance("oven", pace=Pace(speed=1000)) as oven:
        entries = [new_entry(simulated), new_entry(oven)]
        for entry in entries:
            entry.add_to_hass(hass)
            if entry.state is ConfigEntryState.NOT_LOADED:
                await setup(hass, entry)
        connections = [connection_of(hass, entry) for entry in entries]
        await oven.link_down()
        await until_state(hass, connections[1], STATE_OFF)
        assert state_of(hass, connections[0]).state == STATE_ON
        for entry in entries:
            assert await hass.config_entries.async_unload(entry.entry_id)
