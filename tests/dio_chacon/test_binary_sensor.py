"""Connectivity of the account and of devices."""

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from simulators.dio_chacon import SimulatedCloud
from tests.support.contract.binary_sensor import ConnectionContract

from .helpers import (
    OFFLINE_SHUTTER,
    PLUG,
    VENDOR,
    connection_of,
    entity_id_of,
    entity_table,
    pass_time,
    reconnect,
    until_state,
)


class TestConnection(ConnectionContract):
    """What the sensor of the link does, whatever the vendor."""

    vendor = VENDOR


async def test_binary_sensors(
    hass: HomeAssistant, loaded: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    """The binary sensors of the fixture account."""
    assert entity_table(hass, loaded, Platform.BINARY_SENSOR) == snapshot


async def test_connectivity_of_a_device(
    hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Without a link nobody knows which devices are reached."""
    plug = entity_id_of(hass, Platform.BINARY_SENSOR, f"{PLUG}-connectivity")
    shutter = entity_id_of(hass, Platform.BINARY_SENSOR, f"{OFFLINE_SHUTTER}-connectivity")
    connection = connection_of(hass)
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
