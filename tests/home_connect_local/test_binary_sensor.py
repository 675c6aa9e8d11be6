"""Doors, events, and whether the appliance is there."""

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from custom_components.home_connect_local.binary_sensor import (
    BINARY_SENSORS,
    HomeConnectBinarySensor,
)
from simulators.home_connect_local import SimulatedAppliance

from .helpers import NAMES, entity_id_of, entity_of, made_appliance, state_of, table_of, until_state

DOOR = {
    "key": "BSH.Common.Status.DoorState",
    "contentType": "enumeration",
    "wire": "integer",
    "enum": 1,
}


@pytest.mark.parametrize("name", NAMES)
async def test_binary_sensors(
    hass: HomeAssistant, all_enabled: None, loaded: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    """The binary sensors of each appliance."""
    assert table_of(hass, loaded, Platform.BINARY_SENSOR) == snapshot


async def test_door(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """The door by hand."""
    door = entity_id_of(hass, loaded, Platform.BINARY_SENSOR, "binary_sensor_door_state")
    simulated.appliance.open_door()
    await until_state(hass, door, STATE_ON)
    simulated.appliance.close_door()
    await until_state(hass, door, STATE_OFF)
    simulated.appliance.tell({"BSH.Common.Status.DoorState": 9})
    await until_state(hass, door, STATE_UNKNOWN)


async def test_event(
    hass: HomeAssistant,
    all_enabled: None,
    loaded: MockConfigEntry,
    simulated: SimulatedAppliance,
) -> None:
    """Conditions last while they are confirmed, but for those that confirming ends."""
    lasting = entity_id_of(hass, loaded, Platform.BINARY_SENSOR, "binary_sensor_drainpumpblocked")
    brief = entity_id_of(hass, loaded, Platform.BINARY_SENSOR, "binary_sensor_aqua_stop")
    for raw, states in ((0, ("off", "off")), (1, ("on", "on")), (2, ("on", "off"))):
        simulated.appliance.tell(
            {
                "Dishcare.Dishwasher.Event.DrainPumpBlocked": raw,
                "BSH.Common.Event.AquaStopOccured": raw,
            }
        )
        await until_state(hass, lasting, states[0])
        await until_state(hass, brief, states[1])


@pytest.mark.parametrize("name", ["fridge_freezer"])
async def test_compartments(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """With doors of compartments the sum of them is disabled."""
    table = table_of(hass, loaded, Platform.BINARY_SENSOR)
    assert table[f"{simulated.ha_id}-binary_sensor_door_state"]["disabled"]
    freezer = entity_id_of(hass, loaded, Platform.BINARY_SENSOR, "binary_sensor_freezer_door_state")
    simulated.appliance.open_door("Freezer")
    await until_state(hass, freezer, STATE_ON)


@pytest.mark.parametrize("name", ["coffee_maker"])
async def test_serious_events_are_problems(
    hass: HomeAssistant, all_enabled: None, loaded: MockConfigEntry
) -> None:
    """An event is a problem from a warning on, if its row does not say otherwise."""
    classes = {
        key: state_of(
            hass, entity_id_of(hass, loaded, Platform.BINARY_SENSOR, f"binary_sensor_{key}")
        ).attributes.get("device_class")
        for key in ("descaling_in_20_cups", "device_descaling_overdue")
    }
    assert classes == {"descaling_in_20_cups": None, "device_descaling_overdue": "problem"}


@pytest.mark.parametrize("name", ["washer"])
async def test_switched_off(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """An appliance that says good-bye is disconnected and off, at once."""
    connected = entity_id_of(hass, loaded, Platform.BINARY_SENSOR, "binary_sensor_connected")
    power = entity_id_of(hass, loaded, Platform.SENSOR, "sensor_power_state")
    child_lock = entity_id_of(hass, loaded, Platform.SWITCH, "switch_child_lock")
    simulated.appliance.power("MainsOff")
    await until_state(hass, connected, STATE_OFF)
    await until_state(hass, power, "off")
    assert state_of(hass, child_lock).state == STATE_UNAVAILABLE


@pytest.mark.parametrize(
    ("raw", "door", "lock"),
    [
        (0, True, True),
        (1, False, True),
        (2, False, False),
        (3, True, True),
        (4, None, None),
        (9, None, None),
        (None, None, None),
    ],
)
def test_lock(raw: int | None, door: bool | None, lock: bool | None) -> None:
    """Doors that can be locked show it; a state that is not known is neither open nor closed."""
    appliance = made_appliance(
        DOOR, enums={1: {0: "Open", 1: "Closed", 2: "Locked", 3: "Ajar", 4: "Detached"}}
    )
    appliance.apply_values([(1, raw)])
    for key, state in (("binary_sensor_door_state", door), ("binary_sensor_door_lock", lock)):
        entity = entity_of(appliance, BINARY_SENSORS, HomeConnectBinarySensor, key)
        assert entity.is_on is state


def test_no_lock() -> None:
    """Others have no such sensor."""
    appliance = made_appliance(DOOR, enums={1: {0: "Open", 1: "Closed"}})
    with pytest.raises(LookupError):
        entity_of(appliance, BINARY_SENSORS, HomeConnectBinarySensor, "binary_sensor_door_lock")


def test_event_that_was_never_told() -> None:
    """Events that the list of values leaves out are off; a status is unknown."""
    appliance = made_appliance(
        {
            "key": "BSH.Common.Event.ProgramAborted",
            "contentType": "enumeration",
            "wire": "integer",
            "enum": 1,
        },
        {"key": "BSH.Common.Status.InteriorIlluminationActive", "contentType": "boolean"},
        enums={1: {0: "Off", 1: "Present", 2: "Confirmed"}},
    )
    for key, state in (
        ("binary_sensor_program_aborted", False),
        ("binary_sensor_interior_illumination", None),
    ):
        entity = entity_of(appliance, BINARY_SENSORS, HomeConnectBinarySensor, key)
        assert entity.is_on is state
