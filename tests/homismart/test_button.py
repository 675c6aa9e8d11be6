"""What can be asked of the account."""

from unittest.mock import patch

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulators.homismart import SimulatedCloud
from tests.support.contract.button import RefreshContract

from .helpers import (
    ACCOUNT,
    BOILER,
    CORRIDOR,
    CURTAIN,
    GROUP,
    LIST,
    PROTOCOL,
    VENDOR,
    act,
    commands,
    entity_id_of,
    fails,
    until_state,
)


class TestRefresh(RefreshContract):
    """What the button of all vendors does."""

    vendor = VENDOR
    asked = {LIST: 1}


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
