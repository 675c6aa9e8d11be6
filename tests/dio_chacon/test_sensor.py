"""Sensors."""

from homeassistant.const import STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from simulators.dio_chacon import Home, SimulatedCloud

from .helpers import (
    ACCOUNT,
    DOORBELL,
    SHUTTER,
    act,
    entity_id_of,
    entity_table,
    has_entity,
    setup,
    until,
    until_state,
)


async def test_sensors(
    hass: HomeAssistant,
    all_enabled: None,
    loaded: MockConfigEntry,
    snapshot: SnapshotAssertion,
) -> None:
    """The sensors of the fixture account."""
    assert entity_table(hass, loaded, Platform.SENSOR) == snapshot


async def test_few_are_enabled(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Only what is of daily use is enabled by default."""
    table = entity_table(hass, loaded, Platform.SENSOR)
    enabled = [unique_id for unique_id, entity in table.items() if not entity["disabled"]]
    assert enabled == [f"{DOORBELL}-last_ring"]


@pytest.mark.parametrize(("status", "shown"), [("noCard", "no_card"), ("formatting", "other")])
async def test_sd_card(
    hass: HomeAssistant,
    all_enabled: None,
    loaded: MockConfigEntry,
    cloud: SimulatedCloud,
    status: str,
    shown: str,
) -> None:
    """A state of the card that nobody has described is "other"; the vendor's word is an attribute."""
    card = entity_id_of(hass, Platform.SENSOR, f"{DOORBELL}-sdcard")
    cloud.home.write(
        DOORBELL, "gw.r.camera.sdcard", {"status": status, "total": "32G", "free": "8G"}
    )
    await until(hass, lambda: hass.states.get(card).attributes["total"] == "32G")
    state = hass.states.get(card)
    assert state.state == shown
    assert state.attributes["status"] == status
    assert state.attributes["free"] == "8G"


async def test_no_ring_yet(
    hass: HomeAssistant, home: Home, cloud: SimulatedCloud, entry: MockConfigEntry
) -> None:
    """A doorbell that has never rung has no last ring."""
    home.device(DOORBELL).resources["gw.r.lastEvent"] |= {"type": "motion"}
    await setup(hass, entry)
    sensor = entity_id_of(hass, Platform.SENSOR, f"{DOORBELL}-last_ring")
    assert hass.states.get(sensor).state == STATE_UNKNOWN


async def test_calibration_changes(
    hass: HomeAssistant, all_enabled: None, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """A new calibration shows at once."""
    up = entity_id_of(hass, Platform.SENSOR, f"{SHUTTER}-travel_up")
    cloud.home.write(SHUTTER, "gw.r.shutter.calibration", {"up_ms": 20000})
    await until_state(hass, up, "20.0")


async def test_known_values_stay_after_a_restart_without_them(
    hass: HomeAssistant,
    all_enabled: None,
    loaded: MockConfigEntry,
    cloud: SimulatedCloud,
) -> None:
    """Sensors whose resource is not told any more are unknown, not gone."""
    assert await hass.config_entries.async_unload(loaded.entry_id)
    del cloud.home.device(SHUTTER).resources["gw.r.shutter.calibration"]
    del cloud.home.device(DOORBELL).resources["gw.r.camera.sdcard"]
    await setup(hass, loaded)
    for unique_id in (f"{SHUTTER}-travel_up", f"{DOORBELL}-sdcard"):
        state = hass.states.get(entity_id_of(hass, Platform.SENSOR, unique_id))
        assert state.state == STATE_UNKNOWN


async def test_unsupported_devices(
    hass: HomeAssistant, all_enabled: None, loaded: MockConfigEntry, cloud: SimulatedCloud
) -> None:
    """How many devices nobody knows, and of which types."""
    sensor = entity_id_of(hass, Platform.SENSOR, f"{ACCOUNT}-unsupported")
    assert hass.states.get(sensor).state == "1"
    heater = cloud.home.add("unknown_switch", "Radiateur")
    button = entity_id_of(hass, Platform.BUTTON, f"{ACCOUNT}-refresh")
    await act(hass, Platform.BUTTON, "press", button)
    await until_state(hass, sensor, "2")
    assert hass.states.get(sensor).attributes["types"] == [
        ".dio1.wifi.heater.switch.",
        ".wifi.camera.videostream.",
    ]
    # Once the vendor gives it a type that is known, it is a device like any other.
    cloud.home.change_type(heater.device_id, ".dio1.wifi.plug.switch.")
    await until_state(hass, sensor, "1")
    await until(hass, lambda: has_entity(hass, Platform.SWITCH, heater.device_id))
