"""Connectivity of the account, of hubs and of devices."""

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from simulators.homismart import SimulatedCloud
from tests.support.contract.binary_sensor import ConnectionContract

from .helpers import (
    GARDEN,
    GATE,
    HUB,
    VENDOR,
    WASHER,
    connection_of,
    entity_id_of,
    entity_table,
    pass_time,
    state_of,
    until_state,
)


class TestConnection(ConnectionContract):
    """What the sensor of the link does, whatever the vendor."""

    vendor = VENDOR


async def test_binary_sensors(
    hass: HomeAssistant, all_enabled: None, loaded: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    """The binary sensors of the fixture account."""
    assert entity_table(hass, loaded, Platform.BINARY_SENSOR) == snapshot


async def test_what_is_enabled(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Hubs and the account are enabled, devices are not."""
    table = entity_table(hass, loaded, Platform.BINARY_SENSOR)
    enabled = {unique_id for unique_id, entity in table.items() if not entity["disabled"]}
    assert len(enabled) == 3
    assert enabled >= {f"{HUB}-connectivity", f"{GARDEN}-connectivity"}


async def test_hub(hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud) -> None:
    """Whether a hub is on line can be seen while there is a link."""
    hub = entity_id_of(hass, Platform.BINARY_SENSOR, f"{HUB}-connectivity")
    garden = entity_id_of(hass, Platform.BINARY_SENSOR, f"{GARDEN}-connectivity")
    assert state_of(hass, hub).state == STATE_ON
    assert state_of(hass, garden).state == STATE_OFF
    cloud.home.set_connected(HUB, connected=False)
    await until_state(hass, hub, STATE_OFF)
    cloud.home.set_connected(GARDEN, connected=True, notice="members")
    await until_state(hass, garden, STATE_ON)
    await cloud.link_down()
    await until_state(hass, connection_of(hass), STATE_OFF)
    pass_time(hass, 11)
    assert state_of(hass, hub).state == STATE_UNAVAILABLE


async def test_device(
    hass: HomeAssistant, all_enabled: None, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A device is reached when it is on line and its hub is."""
    washer = entity_id_of(hass, Platform.BINARY_SENSOR, f"{WASHER}-connectivity")
    gate = entity_id_of(hass, Platform.BINARY_SENSOR, f"{GATE}-connectivity")
    assert state_of(hass, washer).state == STATE_ON
    assert state_of(hass, gate).state == STATE_OFF
    cloud.home.set_connected(HUB, connected=False)
    await until_state(hass, washer, STATE_OFF)
    cloud.home.set_connected(HUB, connected=True)
    await until_state(hass, washer, STATE_ON)
    cloud.home.set_connected(WASHER, connected=False)
    await until_state(hass, washer, STATE_OFF)
