"""What platforms do alike: the same row, shown and switched as a switch and as a light."""

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulators.dio_chacon import SimulatedCloud

from .helpers import (
    LIGHT_SWITCH,
    act,
    connection_of,
    entity_id_of,
    fails,
    pass_time,
    reconnect,
    until_state,
)


@pytest.mark.parametrize("options", [{"lights_as": "switch"}, {"lights_as": "light"}])
async def test_toggling(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    cloud: SimulatedCloud,
    options: dict[str, str],
) -> None:
    """Both follow the device, command it, and know nothing without a link."""
    platform = Platform(options["lights_as"])
    entity = entity_id_of(hass, platform, LIGHT_SWITCH)
    for action, state in (("turn_on", STATE_ON), ("turn_off", STATE_OFF), ("toggle", STATE_ON)):
        await act(hass, platform, action, entity)
        await until_state(hass, entity, state)
    await cloud.link_down()
    await until_state(hass, connection_of(hass), STATE_OFF)
    error = await fails(hass, platform, "turn_off", entity)
    assert error.translation_key == "cannot_connect"
    pass_time(hass, 11)
    assert hass.states.get(entity).state == STATE_UNAVAILABLE
    await reconnect(hass, cloud)
    await until_state(hass, entity, STATE_ON)


async def test_what_belongs_to_the_connection(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """It counts its reconnections and remembers why the link was lost."""
    connection = connection_of(hass)
    before = hass.states.get(connection).attributes
    assert (before["reconnects"], before["last_error"]) == (0, None)
    await cloud.link_down()
    await until_state(hass, connection, STATE_OFF)
    await reconnect(hass, cloud)
    after = hass.states.get(connection)
    assert after.state == STATE_ON
    assert after.attributes["reconnects"] == 1
    assert after.attributes["last_error"] == "LinkClosedError"
    assert after.attributes["since"] > before["since"]
