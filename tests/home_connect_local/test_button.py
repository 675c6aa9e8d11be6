"""Buttons: programs, doors, filters, and answers to events."""

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from custom_components.home_connect_local.button import BUTTONS, HomeConnectButton, answers
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
    until,
    until_state,
)


@pytest.mark.parametrize("name", NAMES)
async def test_buttons(
    hass: HomeAssistant, all_enabled: None, loaded: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    """The buttons of each appliance."""
    assert table_of(hass, loaded, Platform.BUTTON) == snapshot


@pytest.mark.parametrize("name", ["washer"])
async def test_run(
    hass: HomeAssistant,
    all_enabled: None,
    loaded: MockConfigEntry,
    simulated: SimulatedAppliance,
) -> None:
    """A program is started, paused, resumed and stopped; buttons are there when they can be used."""
    simulated.appliance.pace.speed = 100
    start, pause, resume, stop = (
        entity_id_of(hass, loaded, Platform.BUTTON, f"button_{key}_program")
        for key in ("start", "pause", "resume", "abort")
    )
    operation = entity_id_of(hass, loaded, Platform.SENSOR, "sensor_operation_state")
    for button in (pause, resume, stop):
        assert state_of(hass, button).state == STATE_UNAVAILABLE
    await allow_remote_start(hass, loaded, simulated)
    await act(hass, Platform.BUTTON, "press", start)
    await until_state(hass, operation, "run")
    await until(hass, lambda: state_of(hass, pause).state != STATE_UNAVAILABLE)
    await act(hass, Platform.BUTTON, "press", pause)
    await until_state(hass, operation, "pause")
    await until(hass, lambda: state_of(hass, resume).state != STATE_UNAVAILABLE)
    await act(hass, Platform.BUTTON, "press", resume)
    await until_state(hass, operation, "run")
    await act(hass, Platform.BUTTON, "press", stop)
    await until_state(hass, operation, "ready")
    assert simulated.appliance.process is None
    assert state_of(hass, stop).state == STATE_UNAVAILABLE


async def test_remote_start_is_off(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """The start is there all the same: the error says what to press."""
    start = entity_id_of(hass, loaded, Platform.BUTTON, "button_start_program")
    simulated.appliance.remote_start(False)
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, Platform.BUTTON, "press", start)
    assert caught.value.translation_key == "remote_start_off"
    simulated.appliance.tell({"BSH.Common.Root.SelectedProgram": 0})
    await until_state(hass, start, STATE_UNAVAILABLE)


@pytest.mark.parametrize("name", ["hood"])
async def test_stop_of_a_fan(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """A running fan can be stopped, whatever the command to abort allows."""
    stop = entity_id_of(hass, loaded, Platform.BUTTON, "button_abort_program")
    program = entity_id_of(hass, loaded, Platform.SELECT, "select_program")
    assert state_of(hass, stop).state == STATE_UNAVAILABLE
    option = "cooking_common_program_hood_automatic"
    await act(hass, Platform.SELECT, "select_option", program, option=option)
    await until(hass, lambda: state_of(hass, stop).state != STATE_UNAVAILABLE)
    await act(hass, Platform.BUTTON, "press", stop)
    await until_state(hass, stop, STATE_UNAVAILABLE)
    assert simulated.appliance.process is None


def test_stop_without_a_command() -> None:
    """Hoods without the command can be stopped, too."""
    appliance = made_appliance({"key": "Cooking.Common.Program.Hood.Venting", "kind": "program"})
    entity = entity_of(appliance, BUTTONS, HomeConnectButton, "button_abort_program")
    assert not entity.available


@pytest.mark.parametrize("name", ["oven"])
async def test_command(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """A command that the appliance takes is carried out; others are unavailable."""
    open_door = entity_id_of(hass, loaded, Platform.BUTTON, "button_open_door")
    partly = entity_id_of(hass, loaded, Platform.BUTTON, "button_partly_open_door")
    assert state_of(hass, partly).state == STATE_UNAVAILABLE
    await act(hass, Platform.BUTTON, "press", open_door)
    door = entity_id_of(hass, loaded, Platform.BINARY_SENSOR, "binary_sensor_door_state")
    await until_state(hass, door, "on")


@pytest.mark.parametrize("name", ["fridge_freezer"])
async def test_acknowledge(
    hass: HomeAssistant,
    all_enabled: None,
    loaded: MockConfigEntry,
    simulated: SimulatedAppliance,
) -> None:
    """An event is acknowledged while it is present, by a button called after it."""
    key = "button_acknowledge_refrigeration_common_event_door_alarmfreezer"
    button = entity_id_of(hass, loaded, Platform.BUTTON, key)
    alarm = entity_id_of(hass, loaded, Platform.BINARY_SENSOR, "binary_sensor_door_alarm_freezer")
    assert state_of(hass, button).name.endswith("Acknowledge: Freezer door alarm")
    assert state_of(hass, button).state == STATE_UNAVAILABLE
    uid = simulated.appliance.state.uid("Refrigeration.Common.Event.Door.AlarmFreezer")
    assert uid
    simulated.appliance.event(uid, "Present")
    await until_state(hass, alarm, "on")
    await until_state(hass, button, STATE_UNKNOWN)
    await act(hass, Platform.BUTTON, "press", button)
    await until_state(hass, button, STATE_UNAVAILABLE)


def test_answers() -> None:
    """Only decisions can be rejected, and only if the appliance has the commands."""
    events = [
        {"key": f"A.B.Event.{handling}", "contentType": "enumeration", "handling": handling}
        for handling in ("none", "acknowledge", "decision")
    ]
    acknowledge, reject = (
        {"key": f"BSH.Common.Command.{name}Event", "contentType": "uidValue"}
        for name in ("Acknowledge", "Reject")
    )

    def keys(*features: dict[str, str]) -> list[str]:
        return [row.key for _, row in answers(made_appliance(*features))]

    assert keys(*events) == []
    assert keys(*events, acknowledge) == [
        "button_acknowledge_a_b_event_acknowledge",
        "button_acknowledge_a_b_event_decision",
    ]
    assert keys(*events, acknowledge, reject)[2:] == ["button_reject_a_b_event_decision"]
