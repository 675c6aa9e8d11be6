"""Connectivity of the account and of devices."""

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from simulators.dio_chacon import SimulatedCloud

from .helpers import (
    ACCOUNT,
    OFFLINE_SHUTTER,
    PLUG,
    entity_id_of,
    entity_table,
    pass_time,
    reconnect,
    until_state,
)


async def test_binary_sensors(
    hass: HomeAssistant, loaded: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    """The binary sensors of the fixture account."""
    assert entity_table(hass, loaded, Platform.BINARY_SENSOR) == snapshot


async def test_connection_of_the_account(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """The link shows at once, also while it is down: since when, how often, and why."""
    connection = entity_id_of(hass, Platform.BINARY_SENSOR, f"{ACCOUNT}-connection")
    before = hass.states.get(connection)
    assert before.state == STATE_ON
    assert before.attributes["reconnects"] == 0
    assert before.attributes["last_error"] is None
    await cloud.link_down()
    lost = await until_state(hass, connection, STATE_OFF)
    assert lost.attributes["last_error"] == "LinkClosedError"
    since = dt_util.parse_datetime(lost.attributes["since"])
    assert since > dt_util.parse_datetime(before.attributes["since"])
    pass_time(hass, 60)
    assert hass.states.get(connection).state == STATE_OFF
    await reconnect(hass, cloud)
    back = hass.states.get(connection)
    assert back.attributes["reconnects"] == 1
    assert back.attributes["last_error"] == "LinkClosedError"
    assert dt_util.parse_datetime(back.attributes["since"]) > since


async def test_connectivity_of_a_device(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Without a link nobody knows which devices are reached."""
    plug = entity_id_of(hass, Platform.BINARY_SENSOR, f"{PLUG}-connectivity")
    shutter = entity_id_of(hass, Platform.BINARY_SENSOR, f"{OFFLINE_SHUTTER}-connectivity")
    connection = entity_id_of(hass, Platform.BINARY_SENSOR, f"{ACCOUNT}-connection")
    assert hass.states.get(plug).state == STATE_ON
    assert hass.states.get(shutter).state == STATE_OFF
    await cloud.link_down()
    await until_state(hass, connection, STATE_OFF)
    pass_time(hass, 11)
    for entity_id in (plug, shutter):
        assert hass.states.get(entity_id).state == STATE_UNAVAILABLE
    cloud.home.set_connected(OFFLINE_SHUTTER, connected=True)
    await reconnect(hass, cloud)
    for entity_id in (plug, shutter):
        assert hass.states.get(entity_id).state == STATE_ON
