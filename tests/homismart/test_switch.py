"""Sockets, switches, indicator lights and button locks."""

import asyncio
from typing import Any

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from simulators.homismart import Home, SimulatedCloud

from .helpers import (
    BOILER,
    CORRIDOR,
    DESK,
    DOOR,
    GATE,
    LED,
    MODIFY,
    SET,
    SHUTTER,
    STAIRS,
    THING,
    WASHER,
    Writes,
    act,
    commands,
    entity_id_of,
    entity_table,
    fails,
    has_device,
    has_entity,
    note_states,
    setup,
    state_of,
    until,
    until_state,
)


async def test_switches(
    hass: HomeAssistant, all_enabled: None, loaded: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    """The switches of the fixture account."""
    assert entity_table(hass, loaded, Platform.SWITCH) == snapshot


async def test_what_is_enabled(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Main entities and indicator lights are enabled; button locks, whose meaning is not certain, are not."""
    table = entity_table(hass, loaded, Platform.SWITCH)
    disabled = {unique_id for unique_id, entity in table.items() if entity["disabled"]}
    assert disabled == {unique_id for unique_id in table if unique_id.endswith("-button_lock")}
    assert f"{DOOR}-button_lock" not in table
    assert f"{DOOR}-led" in table


@pytest.mark.parametrize("unique_id", [WASHER, STAIRS, DESK, BOILER])
async def test_both_ways(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud, unique_id: str
) -> None:
    """A switch sends its whole object, and returns when the device has reported."""
    entity_id = entity_id_of(hass, Platform.SWITCH, unique_id)
    for action, on in (("turn_on", True), ("turn_off", False)) * 2:
        cloud.journal.clear()
        before = dict(cloud.home.device(unique_id).members)
        await act(hass, Platform.SWITCH, action, entity_id)
        (request,) = commands(cloud)
        assert request.prefix == SET
        changed = {name for name, value in request.body.items() if before.get(name) != value}
        assert changed - {"power"} <= {"updateTime", "lastOn"}
        assert ("lastOn" in changed) <= on
        assert request.body["power"] is on
        assert cloud.home.device(unique_id).members["power"] is on
        assert state_of(hass, entity_id).state == (STATE_ON if on else STATE_OFF)


async def test_by_hand(hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud) -> None:
    """Every push of a button shows, and wakes nobody else."""
    washer = entity_id_of(hass, Platform.SWITCH, WASHER)
    writes = Writes(hass)
    cloud.home.press(WASHER)
    await until_state(hass, washer, STATE_ON)
    cloud.home.press(WASHER)
    await until_state(hass, washer, STATE_OFF)
    assert writes.entities == [washer, washer]


async def test_always_sent(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A belief that a switch is on already may be wrong: it is told so all the same."""
    boiler = entity_id_of(hass, Platform.SWITCH, BOILER)
    cloud.faults.arm("lost_push", device=BOILER, count=1)
    cloud.home.press(BOILER, on=False)
    await act(hass, Platform.SWITCH, "turn_on", boiler)
    assert len(commands(cloud)) == 1
    assert cloud.home.device(BOILER).members["power"] is True


async def test_wish_shows_until_it_is_settled(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """What is wanted shows at once; when the cloud refuses it, what is true shows again."""
    washer = entity_id_of(hass, Platform.SWITCH, WASHER)
    cloud.faults.arm("error", code=40, count=1)
    seen = note_states(hass, Platform.SWITCH)
    error = await fails(hass, Platform.SWITCH, "turn_on", washer)
    assert error.translation_key == "device_silent"
    await hass.async_block_till_done()
    assert [state.state for state in seen] == [STATE_ON, STATE_OFF]


async def test_two_quick_commands(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Of two quick commands to one device none undoes the other."""
    washer = entity_id_of(hass, Platform.SWITCH, WASHER)
    led = entity_id_of(hass, Platform.SWITCH, f"{WASHER}-led")
    for on in (True, False, True):
        action = "turn_on" if on else "turn_off"
        cloud.journal.clear()
        await asyncio.gather(
            act(hass, Platform.SWITCH, action, washer), act(hass, Platform.SWITCH, action, led)
        )
        members = cloud.home.device(WASHER).members
        assert members["power"] is on
        assert members["led"] == (100 if on else 0)
        assert [request.prefix for request in commands(cloud)] == [SET, LED]
        cloud.journal.clear()
        # The other way about: the object that is written has the light that was just set.
        action = "turn_off" if on else "turn_on"
        await asyncio.gather(
            act(hass, Platform.SWITCH, action, led), act(hass, Platform.SWITCH, action, washer)
        )
        members = cloud.home.device(WASHER).members
        assert members["power"] is not on
        assert members["led"] == (0 if on else 100)
        await act(hass, Platform.SWITCH, "turn_on" if on else "turn_off", led)


async def test_indicator_light(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """On is the level it last had, or full; off is zero."""
    led = entity_id_of(hass, Platform.SWITCH, f"{CORRIDOR}-led")
    assert state_of(hass, led).state == STATE_ON
    cloud.home.set_led(CORRIDOR, 40)
    for action, level in (("turn_off", 0), ("turn_on", 40)):
        cloud.journal.clear()
        await act(hass, Platform.SWITCH, action, led)
        (request,) = commands(cloud)
        assert request.prefix == LED
        assert request.body == {"devid": CORRIDOR, "ledDevice": level}
        assert state_of(hass, led).state == (STATE_ON if level else STATE_OFF)
    other = entity_id_of(hass, Platform.SWITCH, f"{BOILER}-led")
    assert state_of(hass, other).state == STATE_OFF
    await act(hass, Platform.SWITCH, "turn_on", other)
    assert commands(cloud)[-1].body["ledDevice"] == 100


async def test_button_lock(
    hass: HomeAssistant, all_enabled: None, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Locked buttons are "2", with the name and the icon that must go along."""
    lock = entity_id_of(hass, Platform.SWITCH, f"{WASHER}-button_lock")
    for action, value, state in (("turn_on", "2", STATE_ON), ("turn_off", "1", STATE_OFF)):
        cloud.journal.clear()
        await act(hass, Platform.SWITCH, action, lock)
        (request,) = commands(cloud)
        assert request.prefix == MODIFY
        assert request.body == {"devid": WASHER, "name": "Washer", "lock": value, "iconId": "0"}
        assert state_of(hass, lock).state == state
    cloud.home.set_lock(WASHER, locked=True)
    await until_state(hass, lock, STATE_ON)


async def test_never_told(
    hass: HomeAssistant, home: Home, cloud: SimulatedCloud, entry: MockConfigEntry
) -> None:
    """A switch that told nothing yet is unknown, not off; what it lacks has no entity until it tells it."""
    for name in ("power", "led"):
        del home.device(WASHER).members[name]
    await setup(hass, entry)
    washer = entity_id_of(hass, Platform.SWITCH, WASHER)
    assert state_of(hass, washer).state == STATE_UNKNOWN
    assert not has_entity(hass, Platform.SWITCH, f"{WASHER}-led")
    home.write(WASHER, {"power": True, "led": 10})
    await until(hass, lambda: has_entity(hass, Platform.SWITCH, f"{WASHER}-led"))
    await hass.async_block_till_done()
    led = entity_id_of(hass, Platform.SWITCH, f"{WASHER}-led")
    assert state_of(hass, led).state == STATE_ON
    assert state_of(hass, washer).state == STATE_ON


async def test_update_entity(
    hass: HomeAssistant, update_action: None, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """The action to update an entity brings what no push told."""
    washer = entity_id_of(hass, Platform.SWITCH, WASHER)
    cloud.faults.arm("lost_push", device=WASHER)
    cloud.home.press(WASHER, on=True)
    await hass.services.async_call(
        "homeassistant", "update_entity", {"entity_id": washer}, blocking=True
    )
    assert state_of(hass, washer).state == STATE_ON


# --- devices of unknown types ---------------------------------------------------------------


async def test_unknown_devices_stay_out(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Nothing shows a device of an unknown type unless the user wants it, whatever it reports."""
    cloud.home.rename(THING, "Another name")
    cloud.home.press(THING, on=True)
    await act(hass, Platform.SWITCH, "turn_off", entity_id_of(hass, Platform.SWITCH, BOILER))
    assert not has_device(hass, loaded, THING)
    assert not has_entity(hass, Platform.SWITCH, THING)


@pytest.mark.parametrize("options", [{"unknown_devices": True}])
async def test_unknown_switch(
    hass: HomeAssistant,
    cloud: SimulatedCloud,
    loaded: MockConfigEntry,
    options: dict[str, Any],
    entity_registry: er.EntityRegistry,
) -> None:
    """With the option there is a plain switch, disabled at first; without it both are gone again."""
    entity_id = entity_id_of(hass, Platform.SWITCH, THING)
    found = entity_registry.async_get(entity_id)
    assert found
    assert found.disabled_by is er.RegistryEntryDisabler.INTEGRATION
    entity_registry.async_update_entity(entity_id, disabled_by=None)
    await hass.config_entries.async_reload(loaded.entry_id)
    assert state_of(hass, entity_id).state == STATE_OFF
    assert "device_class" not in state_of(hass, entity_id).attributes
    await act(hass, Platform.SWITCH, "turn_on", entity_id)
    assert cloud.home.device(THING).members["power"] is True
    hass.config_entries.async_update_entry(loaded, options={})
    await hass.config_entries.async_reload(loaded.entry_id)
    assert not has_entity(hass, Platform.SWITCH, THING)
    assert not has_device(hass, loaded, THING)


async def test_curtains_and_doors_are_no_switches(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """What has a ``power`` member is not a switch for that; nor is a light switch by default."""
    for device_id in (SHUTTER, DOOR, CORRIDOR, GATE):
        assert not has_entity(hass, Platform.SWITCH, device_id)
