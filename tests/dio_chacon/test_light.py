"""Light switches as lights."""

from homeassistant.const import STATE_OFF, STATE_ON, Platform
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from simulators.dio_chacon import SimulatedCloud

from .helpers import (
    LIGHT_SWITCH,
    PLUG,
    act,
    device_of,
    entity_id_of,
    entity_table,
    has_entity,
    until_state,
)

as_lights = pytest.mark.parametrize("options", [{"lights_as": "light"}])


@as_lights
async def test_lights(
    hass: HomeAssistant, loaded: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    """The lights of the fixture account; plugs stay switches."""
    assert entity_table(hass, loaded, Platform.LIGHT) == snapshot
    assert not has_entity(hass, Platform.SWITCH, LIGHT_SWITCH)
    assert has_entity(hass, Platform.SWITCH, f"{LIGHT_SWITCH}-quietmode")
    assert has_entity(hass, Platform.SWITCH, PLUG)


@as_lights
async def test_both_ways(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A light does what it is told, and follows the hand on the wall."""
    lamp = entity_id_of(hass, Platform.LIGHT, LIGHT_SWITCH)
    for action, value, state in (("turn_on", 1, STATE_ON), ("turn_off", 0, STATE_OFF)):
        cloud.journal.clear()
        await act(hass, Platform.LIGHT, action, lamp)
        (request,) = cloud.requests("/action/switch")
        assert request.parameters == {"value": value}
        await until_state(hass, lamp, state)
    cloud.home.press(LIGHT_SWITCH)
    await until_state(hass, lamp, STATE_ON)


async def test_there_and_back(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Changing the option swaps the entity; the device, and what hangs on it, stays."""

    async def choose(lights_as: str) -> None:
        result = await hass.config_entries.options.async_init(loaded.entry_id)
        chosen = {
            "lights_as": lights_as,
            "estimate_position": False,
            "unknown_devices": False,
            "list_refresh_minutes": 15,
        }
        await hass.config_entries.options.async_configure(result["flow_id"], chosen)
        await hass.async_block_till_done()

    device = device_of(hass, loaded, LIGHT_SWITCH)
    assert has_entity(hass, Platform.SWITCH, LIGHT_SWITCH)
    await choose("light")
    assert not has_entity(hass, Platform.SWITCH, LIGHT_SWITCH)
    light = entity_id_of(hass, Platform.LIGHT, LIGHT_SWITCH)
    assert hass.states.get(light).state == STATE_OFF
    assert device_of(hass, loaded, LIGHT_SWITCH).id == device.id
    await choose("switch")
    assert not has_entity(hass, Platform.LIGHT, LIGHT_SWITCH)
    assert hass.states.get(light) is None
    switch = entity_id_of(hass, Platform.SWITCH, LIGHT_SWITCH)
    assert hass.states.get(switch).state == STATE_OFF
    assert device_of(hass, loaded, LIGHT_SWITCH).id == device.id
