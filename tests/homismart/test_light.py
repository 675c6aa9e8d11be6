"""Light switches as lights."""

from typing import Any

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from simulators.homismart import SimulatedCloud

from .helpers import (
    CORRIDOR,
    GARDEN,
    GATE,
    SET,
    WASHER,
    Writes,
    act,
    commands,
    device_of,
    entity_id_of,
    entity_table,
    has_entity,
    state_of,
    until_state,
)


async def test_lights(
    hass: HomeAssistant, loaded: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    """The lights of the fixture account; sockets stay switches."""
    assert entity_table(hass, loaded, Platform.LIGHT) == snapshot
    assert not has_entity(hass, Platform.SWITCH, CORRIDOR)
    assert has_entity(hass, Platform.SWITCH, f"{CORRIDOR}-led")
    assert has_entity(hass, Platform.SWITCH, WASHER)


async def test_both_ways(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A light does what it is told, and follows the hand on the wall."""
    lamp = entity_id_of(hass, Platform.LIGHT, CORRIDOR)
    for action, on in (("turn_off", False), ("turn_on", True)):
        cloud.journal.clear()
        await act(hass, Platform.LIGHT, action, lamp)
        (request,) = commands(cloud)
        assert request.prefix == SET
        assert request.body["power"] is on
        assert state_of(hass, lamp).state == (STATE_ON if on else STATE_OFF)
    writes = Writes(hass)
    cloud.home.press(CORRIDOR)
    await until_state(hass, lamp, STATE_OFF)
    assert writes.entities == [lamp]


async def test_hub_comes_back(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A light is there when both it and its hub are on line."""
    gate = entity_id_of(hass, Platform.LIGHT, GATE)
    assert state_of(hass, gate).state == STATE_UNAVAILABLE
    cloud.home.set_connected(GARDEN, connected=True)
    cloud.home.set_connected(GATE, connected=True)
    await until_state(hass, gate, STATE_OFF)


async def test_there_and_back(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Changing the option swaps the entity; the device, and what hangs on it, stays."""

    async def choose(lights_as: str) -> None:
        result = await hass.config_entries.options.async_init(loaded.entry_id)
        chosen: dict[str, Any] = {
            "lights_as": lights_as,
            "door_open": False,
            "unknown_devices": False,
            "list_refresh_minutes": 10,
            "accept_terms": False,
        }
        await hass.config_entries.options.async_configure(result["flow_id"], chosen)
        await hass.async_block_till_done()

    device = device_of(hass, loaded, CORRIDOR)
    light = entity_id_of(hass, Platform.LIGHT, CORRIDOR)
    await choose("switch")
    assert not has_entity(hass, Platform.LIGHT, CORRIDOR)
    assert hass.states.get(light) is None
    switch = entity_id_of(hass, Platform.SWITCH, CORRIDOR)
    assert state_of(hass, switch).state == STATE_ON
    assert "device_class" in state_of(hass, switch).attributes
    assert device_of(hass, loaded, CORRIDOR).id == device.id
    await choose("light")
    assert not has_entity(hass, Platform.SWITCH, CORRIDOR)
    assert state_of(hass, entity_id_of(hass, Platform.LIGHT, CORRIDOR)).state == STATE_ON


@pytest.mark.parametrize("options", [{"lights_as": "switch"}])
async def test_as_switches(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud, options: dict[str, Any]
) -> None:
    """Light switches are switches when the user prefers that."""
    assert not hass.states.async_all("light")
    switch = entity_id_of(hass, Platform.SWITCH, CORRIDOR)
    await act(hass, Platform.SWITCH, "turn_off", switch)
    assert cloud.home.device(CORRIDOR).members["power"] is False
