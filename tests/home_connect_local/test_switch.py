"""Switches, that of the appliance among them."""

from typing import Any

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from custom_components.home_connect_local.entity import Survey, described
from custom_components.home_connect_local.select import SELECTS
from custom_components.home_connect_local.switch import SWITCHES, new_switch, power_members
from simulators.home_connect_local import SimulatedAppliance

from .helpers import (
    NAMES,
    act,
    allow_remote_start,
    entity_id_of,
    entity_of,
    made_appliance,
    state_of,
    table_of,
    until_state,
)

STATES = {0: "MainsOff", 1: "Off", 2: "On", 3: "Standby"}


def power(low: int | None = None, high: int | None = None, **details: Any) -> dict[str, Any]:
    """Return the feature of the power state."""
    limits = {"min": low, "max": high}
    return {
        "key": "BSH.Common.Setting.PowerState",
        "contentType": "enumeration",
        "wire": "integer",
        "enum": 1,
        "access": "readwrite",
        **{name: limit for name, limit in limits.items() if limit is not None},
        **details,
    }


@pytest.mark.parametrize("name", NAMES)
async def test_switches(
    hass: HomeAssistant, all_enabled: None, loaded: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    """The switches of each appliance."""
    assert table_of(hass, loaded, Platform.SWITCH) == snapshot


async def test_both_ways(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """A setting is written, and shown as the appliance reports it."""
    lock = entity_id_of(hass, loaded, Platform.SWITCH, "switch_child_lock")
    for action, on in (("turn_on", True), ("turn_off", False)):
        await act(hass, Platform.SWITCH, action, lock)
        await until_state(hass, lock, STATE_ON if on else STATE_OFF)
        assert simulated.appliance.state.get("BSH.Common.Setting.ChildLock") is on


async def test_power(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """The appliance is switched off and on."""
    switch = entity_id_of(hass, loaded, Platform.SWITCH, "switch_power_state")
    sensor = entity_id_of(hass, loaded, Platform.SENSOR, "sensor_power_state")
    assert state_of(hass, switch).state == STATE_ON
    await act(hass, Platform.SWITCH, "turn_off", switch)
    await until_state(hass, switch, STATE_OFF)
    await until_state(hass, sensor, "off")
    await act(hass, Platform.SWITCH, "turn_on", switch)
    await until_state(hass, switch, STATE_ON)


async def test_option(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """An option of the selected program is set; one that it lacks is unavailable."""
    zone = entity_id_of(hass, loaded, Platform.SWITCH, "switch_intensiv_zone")
    dry = entity_id_of(hass, loaded, Platform.SWITCH, "switch_extra_dry_option")
    assert state_of(hass, dry).state == STATE_UNAVAILABLE
    await act(hass, Platform.SWITCH, "turn_on", zone)
    await until_state(hass, zone, STATE_ON)


async def test_option_is_held_until_the_start(
    hass: HomeAssistant,
    all_enabled: None,
    loaded: MockConfigEntry,
    simulated: SimulatedAppliance,
) -> None:
    """An option that the appliance does not take yet waits, visibly, and goes along with the start."""
    zone = entity_id_of(hass, loaded, Platform.SWITCH, "switch_intensiv_zone")
    start = entity_id_of(hass, loaded, Platform.BUTTON, "button_start_program")
    await allow_remote_start(hass, loaded, simulated)
    simulated.faults.arm("refuse", resource="^/ro/(values|selectedProgram)", code=541)
    await act(hass, Platform.SWITCH, "turn_on", zone)
    state = await until_state(hass, zone, STATE_ON)
    assert state.attributes["pending"] is True
    simulated.faults.clear()
    await act(hass, Platform.BUTTON, "press", start)
    operation = entity_id_of(hass, loaded, Platform.SENSOR, "sensor_operation_state")
    await until_state(hass, operation, "run")
    await hass.async_block_till_done()
    assert "pending" not in state_of(hass, zone).attributes
    assert simulated.appliance.state.get("Dishcare.Dishwasher.Option.IntensivZone") is True


async def test_setting_without_access(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """A setting that cannot be set at the moment is unavailable."""
    lock = entity_id_of(hass, loaded, Platform.SWITCH, "switch_child_lock")
    uid = simulated.appliance.state.uid("BSH.Common.Setting.ChildLock")
    simulated.appliance.deviate([{"uid": uid, "access": "READ"}])
    await until_state(hass, lock, STATE_UNAVAILABLE)


async def test_option_without_access(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """An option that can only be read shows its value, and says on use that it cannot be set."""
    zone = entity_id_of(hass, loaded, Platform.SWITCH, "switch_intensiv_zone")
    lock = entity_id_of(hass, loaded, Platform.SWITCH, "switch_child_lock")
    uid = simulated.appliance.state.uid("Dishcare.Dishwasher.Option.IntensivZone")
    simulated.appliance.deviate([{"uid": uid, "access": "READ"}])
    simulated.appliance.tell({"BSH.Common.Setting.ChildLock": True})
    await until_state(hass, lock, STATE_ON)
    assert state_of(hass, zone).state == STATE_OFF
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, Platform.SWITCH, "turn_on", zone)
    assert caught.value.translation_key == "not_writable"


@pytest.mark.parametrize(
    ("low", "high", "names", "members", "is_select"),
    [
        (1, 2, STATES, ("on", "off"), False),
        (2, 3, STATES, ("on", "standby"), False),
        (None, None, {0: "MainsOff", 2: "On"}, ("on", "mainsoff"), False),
        (None, None, {0: "MainsOff", 3: "Standby"}, ("standby", "mainsoff"), False),
        (None, None, {1: "Off", 3: "Standby"}, ("standby", "off"), False),
        (None, None, STATES, ("on", "standby"), True),
        (0, 2, STATES, ("on", "off"), True),
        (0, 1, STATES, None, False),
        (2, 2, STATES, None, False),
        (0, 0, STATES, None, False),
    ],
)
def test_power_members(
    low: int | None,
    high: int | None,
    names: dict[int, str],
    members: tuple[str, str] | None,
    is_select: bool,
) -> None:
    """What on and off mean follows from what can be set; bound 0 is a bound."""
    appliance = made_appliance(power(low, high), enums={1: names})
    feature = appliance.feature(1)
    assert feature
    assert power_members(appliance, feature) == members
    survey = Survey(appliance)
    (row,) = [row for _, row in described(survey, SWITCHES)] or [None]
    assert (row is not None) is (members is not None)
    assert row is None or row.entity_registry_enabled_default is not is_select
    keys = [row.key for _, row in described(survey, SELECTS)]
    assert keys == (["select_power_state"] if is_select else [])


def test_power_that_can_only_be_read() -> None:
    """It has a sensor and nothing else."""
    survey = Survey(made_appliance(power(access="read"), enums={1: STATES}))
    assert not list(described(survey, SWITCHES))
    assert not list(described(survey, SELECTS))


@pytest.mark.parametrize(("raw", "on"), [(2, True), (0, False), (1, False), (3, False), (9, None)])
def test_power_states(raw: int, on: bool | None) -> None:
    """All known states but on are off."""
    appliance = made_appliance(power(2, 3), enums={1: STATES})
    appliance.apply_values([(1, raw)])
    assert entity_of(appliance, SWITCHES, new_switch, "switch_power_state").is_on is on
