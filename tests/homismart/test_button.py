"""What can be asked of the account."""

from unittest.mock import patch

from homeassistant.const import STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from simulators.homismart import SimulatedCloud

from .helpers import (
    ACCOUNT,
    BOILER,
    CORRIDOR,
    CURTAIN,
    GROUP,
    LIST,
    PROTOCOL,
    act,
    commands,
    connection_of,
    entity_id_of,
    entity_table,
    fails,
    pass_time,
    reconnect,
    refresh,
    state_of,
    until,
    until_state,
)


@pytest.fixture
def button(hass: HomeAssistant, loaded: MockConfigEntry) -> str:
    """Return the button that is enabled."""
    return entity_id_of(hass, Platform.BUTTON, f"{ACCOUNT}-refresh")


async def test_buttons(
    hass: HomeAssistant, loaded: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    """The buttons of the fixture account."""
    assert entity_table(hass, loaded, Platform.BUTTON) == snapshot


async def test_refresh(hass: HomeAssistant, button: str, cloud: SimulatedCloud) -> None:
    """The list is read, and what no push told shows."""
    boiler = entity_id_of(hass, Platform.SWITCH, BOILER)
    cloud.faults.arm("lost_push")
    cloud.home.press(BOILER, on=False)
    cloud.journal.clear()
    await refresh(hass)
    assert state_of(hass, boiler).state == "off"
    assert len(cloud.requests(LIST)) == 1


async def test_update_entity(
    hass: HomeAssistant, update_action: None, button: str, cloud: SimulatedCloud
) -> None:
    """Updating an entity of the account asks for the list as well."""
    cloud.journal.clear()
    await hass.services.async_call(
        "homeassistant", "update_entity", {"entity_id": button}, blocking=True
    )
    assert len(cloud.requests(LIST)) == 1


async def test_outage(hass: HomeAssistant, button: str, cloud: SimulatedCloud) -> None:
    """Without a link there is nobody to ask."""
    await cloud.link_down()
    await until_state(hass, connection_of(hass), "off")
    error = await fails(hass, Platform.BUTTON, "press", button)
    assert error.translation_key == "cannot_connect"
    pass_time(hass, 11)
    assert state_of(hass, button).state == STATE_UNAVAILABLE
    await reconnect(hass, cloud)
    await until(hass, lambda: state_of(hass, button).state != STATE_UNAVAILABLE)


async def test_everything_off(
    hass: HomeAssistant, all_enabled: None, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """One frame switches everything off that can be switched."""
    button = entity_id_of(hass, Platform.BUTTON, f"{ACCOUNT}-all_off")
    await act(hass, Platform.BUTTON, "press", button)
    (request,) = commands(cloud)
    assert request.prefix == GROUP
    assert request.body == {"action": "0", "type": 10}
    await until_state(hass, entity_id_of(hass, Platform.SWITCH, BOILER), "off")
    await until_state(hass, entity_id_of(hass, Platform.LIGHT, CORRIDOR), "off")


async def test_close_all(
    hass: HomeAssistant, all_enabled: None, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """One frame closes all curtains and shutters."""
    button = entity_id_of(hass, Platform.BUTTON, f"{ACCOUNT}-close_all")
    await act(hass, Platform.BUTTON, "press", button)
    (request,) = commands(cloud)
    assert request.body == {"action": "0", "type": 45}
    await until_state(hass, entity_id_of(hass, Platform.COVER, CURTAIN), "closed")


async def test_nothing_left_to_do(
    hass: HomeAssistant, all_enabled: None, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """When all are off already nobody reports anything; the list tells that all is well."""
    button = entity_id_of(hass, Platform.BUTTON, f"{ACCOUNT}-all_off")
    await act(hass, Platform.BUTTON, "press", button)
    await cloud.home.settle()
    with patch(f"{PROTOCOL}.connection.COMMAND_LIMIT_S", 0.1):
        await act(hass, Platform.BUTTON, "press", button)
    assert len(commands(cloud, GROUP)) == 2


async def test_group_is_not_carried_out(
    hass: HomeAssistant, all_enabled: None, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A group command that nothing came of is an error."""
    button = entity_id_of(hass, Platform.BUTTON, f"{ACCOUNT}-all_off")
    cloud.faults.arm("silence", prefix=GROUP, count=1)
    with patch(f"{PROTOCOL}.connection.COMMAND_LIMIT_S", 0.1):
        error = await fails(hass, Platform.BUTTON, "press", button)
    assert error.translation_key == "no_answer"
    assert len(commands(cloud, GROUP)) == 1
