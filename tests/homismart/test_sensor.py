"""What devices tell beside their state."""

from homeassistant.const import STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from simulators.homismart import SimulatedCloud

from .helpers import (
    BOILER,
    CORRIDOR,
    DOOR,
    HUB,
    WASHER,
    entity_id_of,
    entity_table,
    has_entity,
    state_of,
    until_state,
)


async def test_sensors(
    hass: HomeAssistant, all_enabled: None, loaded: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    """The sensors of the fixture account."""
    assert entity_table(hass, loaded, Platform.SENSOR) == snapshot


async def test_none_is_enabled(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """None is of daily use, or certain in its meaning."""
    table = entity_table(hass, loaded, Platform.SENSOR)
    assert table
    assert all(entity["disabled"] for entity in table.values())
    assert f"{DOOR}-operation_time" in table
    assert f"{WASHER}-operation_time" not in table
    assert f"{HUB}-last_change" in table
    assert f"{HUB}-consumption" not in table


async def test_consumption(
    hass: HomeAssistant, all_enabled: None, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A value without a unit, for the unit is not known."""
    sensor = entity_id_of(hass, Platform.SENSOR, f"{BOILER}-consumption")
    assert state_of(hass, sensor).state == "2100"
    assert "unit_of_measurement" not in state_of(hass, sensor).attributes
    cloud.home.write(BOILER, {"consumption": 12.5})
    await until_state(hass, sensor, "12.5")


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Asia/Jerusalem", "2026-03-31T18:15:00+00:00"),
        ("Europe/London", "2026-03-31T20:15:00+00:00"),
    ],
)
async def test_last_on(
    hass: HomeAssistant,
    all_enabled: None,
    entry: MockConfigEntry,
    cloud: SimulatedCloud,
    zone: str,
    shown: str,
) -> None:
    """The wire's local time is that of the home, not of the machine; empty means never."""
    await hass.config.async_set_time_zone(zone)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    sensor = entity_id_of(hass, Platform.SENSOR, f"{CORRIDOR}-last_on")
    assert state_of(hass, sensor).state == shown
    washer = entity_id_of(hass, Platform.SENSOR, f"{WASHER}-last_on")
    assert state_of(hass, washer).state == STATE_UNKNOWN


async def test_last_change(
    hass: HomeAssistant, all_enabled: None, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """Every report says when it was."""
    sensor = entity_id_of(hass, Platform.SENSOR, f"{WASHER}-last_change")
    assert state_of(hass, sensor).state == "2026-03-31T23:33:20+00:00"
    cloud.home.write(WASHER, {"updateTime": 1775030400123})
    await until_state(hass, sensor, "2026-04-01T08:00:00+00:00")


async def test_appears_later(
    hass: HomeAssistant, all_enabled: None, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A member that a device shows for the first time has its sensor from then on."""
    new = cloud.home.add("socket", "New socket", announce="none")
    for name in ("consumption", "lastOn"):
        del new.members[name]
    cloud.home.write("New socket", {"power": True})
    await until_state(hass, "switch.new_socket", "on")
    assert not has_entity(hass, Platform.SENSOR, f"{new.device_id}-consumption")
    cloud.home.write("New socket", {"consumption": 5, "lastOn": ""})
    await until_state(hass, "sensor.new_socket_consumption", "5")
