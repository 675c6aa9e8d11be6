"""The button that asks for everything."""

from homeassistant.const import STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from simulators.dio_chacon import SimulatedCloud

from .helpers import (
    ACCOUNT,
    PLUG,
    act,
    entity_id_of,
    entity_table,
    fails,
    pass_time,
    reconnect,
    until,
    until_state,
)


@pytest.fixture
def button(hass: HomeAssistant, loaded: MockConfigEntry) -> str:
    """Return the button."""
    return entity_id_of(hass, Platform.BUTTON, f"{ACCOUNT}-refresh")


async def test_buttons(
    hass: HomeAssistant, loaded: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    """The buttons of the fixture account."""
    assert entity_table(hass, loaded, Platform.BUTTON) == snapshot


async def test_press(hass: HomeAssistant, button: str, cloud: SimulatedCloud) -> None:
    """List and states are read, and what no push told shows."""
    plug = entity_id_of(hass, Platform.SWITCH, PLUG)
    cloud.faults.arm("lost_push")
    cloud.home.press(PLUG, on=False)
    cloud.journal.clear()
    await act(hass, Platform.BUTTON, "press", button)
    assert hass.states.get(plug).state == "off"
    assert len(cloud.requests("GET /device$")) == 1
    assert len(cloud.requests("POST /device/states")) == 1


async def test_update_entity(
    hass: HomeAssistant, update_action: None, button: str, cloud: SimulatedCloud
) -> None:
    """Updating an entity of the account asks for everything as well."""
    cloud.journal.clear()
    await hass.services.async_call(
        "homeassistant", "update_entity", {"entity_id": button}, blocking=True
    )
    assert len(cloud.requests("GET /device$")) == 1


async def test_outage(hass: HomeAssistant, button: str, cloud: SimulatedCloud) -> None:
    """Without a link there is nobody to ask."""
    connection = entity_id_of(hass, Platform.BINARY_SENSOR, f"{ACCOUNT}-connection")
    await cloud.link_down()
    await until_state(hass, connection, "off")
    error = await fails(hass, Platform.BUTTON, "press", button)
    assert error.translation_key == "cannot_connect"
    pass_time(hass, 11)
    assert hass.states.get(button).state == STATE_UNAVAILABLE
    await reconnect(hass, cloud)
    await until(hass, lambda: hass.states.get(button).state != STATE_UNAVAILABLE)
