"""Sensors: values, conditions, programs, and times without jitter."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from custom_components.home_connect_local.const import CONF_SIGNAL_STRENGTH, NETWORK_INTERVAL_S
from custom_components.home_connect_local.entity import Survey
from custom_components.home_connect_local.protocol import NetworkInterface
from custom_components.home_connect_local.readings import (
    FINISH_TIME,
    SENSORS,
    SIGNAL_STRENGTH,
    START_TIME,
    generic_row,
)
from custom_components.home_connect_local.sensor import (
    FinishTimeSensor,
    NetworkSignalSensor,
    StartTimeSensor,
    new_sensor,
)
from simulators.home_connect_local import SimulatedAppliance

from .extended import extended
from .helpers import (
    NAMES,
    act,
    allow_remote_start,
    coordinator_of,
    entity_id_of,
    entity_of,
    made_appliance,
    pass_time,
    state_of,
    table_of,
    until,
    until_attribute,
    until_state,
)

EVENT = {"contentType": "enumeration", "wire": "integer", "enum": 1}
EVENTS = {1: {0: "Off", 1: "Present", 2: "Confirmed"}}
PROGRAM_TIMES = (
    {
        "key": "BSH.Common.Status.OperationState",
        "contentType": "enumeration",
        "wire": "integer",
        "enum": 1,
    },
    *(
        {"key": f"BSH.Common.Option.{name}", "contentType": "timeSpan", "wire": "integer"}
        for name in (
            "RemainingProgramTime",
            "StartInRelative",
            "FinishInRelative",
            "EstimatedTotalProgramTime",
        )
    ),
)
OPERATIONS = {
    1: {
        0: "Inactive",
        1: "Ready",
        2: "DelayedStart",
        3: "Run",
        4: "Pause",
        5: "ActionRequired",
        6: "Finished",
        7: "Error",
        8: "Aborting",
    }
}
OPERATION, REMAINING, START_IN, FINISH_IN, TOTAL = 1, 2, 3, 4, 5
READY, WAITING, RUN, PAUSE, FINISHED = 1, 2, 3, 4, 6


@pytest.mark.parametrize("name", NAMES)
async def test_sensors(
    hass: HomeAssistant, all_enabled: None, loaded: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    """The sensors of each appliance."""
    assert table_of(hass, loaded, Platform.SENSOR) == snapshot


# --- conditions ---------------------------------------------------------------------------------


async def test_consumables(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """The worst of several conditions is shown."""
    salt = entity_id_of(hass, loaded, Platform.SENSOR, "sensor_salt")
    for lack, nearly, state in (
        (0, 1, "nearly_empty"),
        (1, 1, "empty"),
        (2, 0, "empty"),
        (0, 2, "nearly_empty"),
        (0, 0, "full"),
    ):
        simulated.appliance.tell(
            {
                "Dishcare.Dishwasher.Event.SaltLack": lack,
                "Dishcare.Dishwasher.Event.SaltNearlyEmpty": nearly,
            }
        )
        await until_state(hass, salt, state)


@pytest.mark.parametrize(
    ("kind", "values", "state"),
    [
        ("Event", (None, None), "full"),
        ("Event", (None, 1), "nearly_empty"),
        ("Event", (2, 1), "empty"),
        ("Status", (None, False), None),
        ("Status", (False, False), "full"),
        ("Status", (True, False), "empty"),
    ],
)
def test_conditions_that_were_never_told(
    kind: str, values: tuple[Any, ...], state: str | None
) -> None:
    """An event that was not told is not there; a status that was not told is unknown."""
    form = EVENT if kind == "Event" else {"contentType": "boolean", "wire": "boolean"}
    appliance = made_appliance(
        *(
            {"key": f"Dishcare.Dishwasher.Event.Salt{name}", "kind": kind.lower(), **form}
            for name in ("Lack", "NearlyEmpty")
        ),
        enums=EVENTS,
    )
    appliance.apply_values(list(enumerate(values, 1)))
    entity = entity_of(appliance, SENSORS, new_sensor, "sensor_salt")
    assert entity.native_value == state
    assert entity.options == ["empty", "nearly_empty", "full"]
    assert entity.extra_state_attributes is None


# --- programs -----------------------------------------------------------------------------------


async def test_active_program(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """The running program is shown, with its uid if the profile does not have it."""
    active = entity_id_of(hass, loaded, Platform.SENSOR, "sensor_active_program")
    assert state_of(hass, active).state == "none"
    simulated.appliance.tell({"BSH.Common.Root.ActiveProgram": 8196})
    await until_state(hass, active, "dishcare_dishwasher_program_quick65")
    simulated.appliance.tell({"BSH.Common.Root.ActiveProgram": 4711})
    await until_attribute(hass, active, "uid", 4711)
    assert state_of(hass, active).state == STATE_UNKNOWN


@pytest.mark.parametrize("name", ["coffee_maker"])
async def test_active_favorite(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """A favourite is shown by its name, with the program that it is made of."""
    active = entity_id_of(hass, loaded, Platform.SENSOR, "sensor_active_program")
    simulated.appliance.tell(
        {
            "BSH.Common.Setting.Favorite.001.Name": "Before work",
            "BSH.Common.Option.BaseProgram": 17665,
            "BSH.Common.Root.ActiveProgram": 32828,
        }
    )
    state = await until_state(hass, active, "Before work")
    assert state.attributes["base_program"] == (
        "consumerproducts_coffeemaker_program_beverage_espresso"
    )
    assert "Before work" in state.attributes["options"]


async def test_left_overs(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """The remaining time means nothing when no program runs, and progress nothing before one did."""
    remaining = entity_id_of(hass, loaded, Platform.SENSOR, "sensor_remaining_program_time")
    progress = entity_id_of(hass, loaded, Platform.SENSOR, "sensor_program_progress")
    for operation, states in (
        (3, ("0.5", "40")),
        (4, ("0.5", "40")),
        (6, (STATE_UNKNOWN, "40")),
        (1, (STATE_UNKNOWN, STATE_UNKNOWN)),
        (2, ("0.5", "40")),
        (7, (STATE_UNKNOWN, STATE_UNKNOWN)),
    ):
        simulated.appliance.tell(
            {
                "BSH.Common.Status.OperationState": operation,
                "BSH.Common.Option.RemainingProgramTime": 1800,
                "BSH.Common.Option.ProgramProgress": 40,
            }
        )
        await until_state(hass, remaining, states[0])
        await until_state(hass, progress, states[1])


async def test_access_does_not_matter(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """A sensor whose feature loses its access keeps its value; one whose feature is gone is unavailable."""
    phase = entity_id_of(hass, loaded, Platform.SENSOR, "sensor_program_phase")
    uid = simulated.appliance.state.uid("Dishcare.Dishwasher.Status.ProgramPhase")
    simulated.appliance.deviate([{"uid": uid, "access": "NONE"}])
    simulated.appliance.tell({"Dishcare.Dishwasher.Status.ProgramPhase": 3})
    await until_state(hass, phase, "finalrinse")
    simulated.appliance.deviate([{"uid": uid, "available": False}])
    await until_state(hass, phase, STATE_UNAVAILABLE)


async def test_last_program(
    hass: HomeAssistant,
    all_enabled: None,
    loaded: MockConfigEntry,
    simulated: SimulatedAppliance,
) -> None:
    """The end of the last program is in local time; error codes are counted and listed."""
    last = entity_id_of(hass, loaded, Platform.SENSOR, "sensor_last_program_end")
    codes = entity_id_of(hass, loaded, Platform.SENSOR, "sensor_error_codes")
    assert state_of(hass, last).state == "2025-03-01T04:13:40+00:00"
    for end, state in (
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05+00:00"),
        ("soon", STATE_UNKNOWN),
        ("2026-01-02T03:04:06", "2026-01-02T11:04:06+00:00"),
        ("2026-02-30T03:04:05", STATE_UNKNOWN),
        (None, STATE_UNKNOWN),
    ):
        simulated.appliance.tell({"BSH.Common.Status.ProgramSessionSummary.Latest": {"end": end}})
        await until_state(hass, last, state)
    simulated.appliance.tell(
        {"BSH.Common.Status.ErrorCodesList": {"length": 2, "list": ["E18", "E24"]}}
    )
    state_now = await until_state(hass, codes, "2")
    assert state_now.attributes["codes"] == ["E18", "E24"]


# --- moments ------------------------------------------------------------------------------------


class Story:
    """An appliance of which only the times matter, and a clock."""

    def __init__(self, freezer: FrozenDateTimeFactory, *, start: bool = False) -> None:
        """Begin without any value, at noon."""
        freezer.move_to("2026-03-01T12:00:00+00:00")
        self.freezer = freezer
        self.noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
        self.appliance = made_appliance(*PROGRAM_TIMES, enums=OPERATIONS)
        coordinator = coordinator_of(self.appliance)
        self.sensor = (
            StartTimeSensor(coordinator, START_TIME)
            if start
            else FinishTimeSensor(coordinator, FINISH_TIME)
        )

    def tell(self, after_s: float = 0, **values: Any) -> float | None:
        """Take values after a while; gives the seconds from noon to what is shown."""
        self.freezer.tick(timedelta(seconds=after_s))
        names = {"operation": OPERATION, "remaining": REMAINING, "start_in": START_IN}
        names |= {"finish_in": FINISH_IN, "total": TOTAL}
        self.appliance.apply_values([(names[name], value) for name, value in values.items()])
        self.sensor._async_take()
        shown = self.sensor.native_value
        return (shown - self.noon).total_seconds() if isinstance(shown, datetime) else None


def test_finish_time_without_jitter(freezer: FrozenDateTimeFactory) -> None:
    """A new estimate counts only if it differs by more than a minute, or by a percent of what remains."""
    story = Story(freezer)
    assert story.tell(remaining=3600) is None
    assert story.tell(operation=RUN) == 3600
    assert story.tell(60, remaining=3540) == 3600
    assert story.tell(45, remaining=3540) == 3600
    assert story.tell(1, remaining=3600) == 3706
    assert story.tell(0, remaining=36000) == 36106
    assert story.tell(0, remaining=36300) == 36106
    assert story.tell(0, remaining=36600) == 36706


def test_finish_time_in_a_pause(freezer: FrozenDateTimeFactory) -> None:
    """A pause freezes the moment; it moves when the program goes on, stays at the end, and goes afterwards."""
    story = Story(freezer)
    assert story.tell(operation=RUN, remaining=600) == 600
    assert story.tell(100, operation=PAUSE, remaining=500) == 600
    assert story.tell(1000, remaining=500) == 600
    assert story.tell(0, operation=RUN) == 1600
    assert story.tell(500, operation=FINISHED, remaining=0) == 1600
    assert story.tell(60, operation=READY) is None


def test_times_out_of_the_calendar(freezer: FrozenDateTimeFactory) -> None:
    """A time that no program takes is not known; those told after it are."""
    story = Story(freezer)
    assert story.tell(operation=RUN, remaining=2**62) is None
    assert story.tell(remaining=600) == 600


def test_finish_time_found_in_a_pause(freezer: FrozenDateTimeFactory) -> None:
    """What is met in a pause has a moment, what is met finished has none."""
    assert Story(freezer).tell(operation=PAUSE, remaining=600) == 600
    assert Story(freezer).tell(operation=FINISHED, remaining=600) is None


@pytest.mark.parametrize(
    ("values", "finish", "start"),
    [
        ({"start_in": 3600, "remaining": 7200}, 10800, 3600),
        ({"start_in": 3600, "remaining": 0, "total": 600}, 4200, 3600),
        ({"start_in": 3600}, None, 3600),
        ({"finish_in": 10800, "remaining": 7200}, 10800, 3600),
        ({"finish_in": 10800}, 10800, None),
        ({"finish_in": 3600, "total": 7200}, 3600, 0),
        ({"remaining": 7200}, None, None),
    ],
)
def test_delayed_start(
    freezer: FrozenDateTimeFactory,
    values: dict[str, Any],
    finish: float | None,
    start: float | None,
) -> None:
    """A program that waits for its time has both moments, by whichever delay is told."""
    assert Story(freezer).tell(operation=WAITING, **values) == finish
    assert Story(freezer, start=True).tell(operation=WAITING, **values) == start


def test_start_time_is_for_the_future(freezer: FrozenDateTimeFactory) -> None:
    """A program that runs has no start time."""
    story = Story(freezer, start=True)
    assert story.tell(operation=WAITING, start_in=600) == 600
    assert story.tell(600, operation=RUN, start_in=0) is None


async def test_finish_time_of_a_run(
    hass: HomeAssistant,
    all_enabled: None,
    loaded: MockConfigEntry,
    simulated: SimulatedAppliance,
) -> None:
    """A started program has a finish time; without one there is none."""
    finish = entity_id_of(hass, loaded, Platform.SENSOR, "sensor_finish_time")
    start = entity_id_of(hass, loaded, Platform.BUTTON, "button_start_program")
    simulated.appliance.pace.speed = 1
    assert state_of(hass, finish).state == STATE_UNKNOWN
    await allow_remote_start(hass, loaded, simulated)
    await act(hass, Platform.BUTTON, "press", start)
    await until(hass, lambda: state_of(hass, finish).state != STATE_UNKNOWN)
    assert datetime.fromisoformat(state_of(hass, finish).state) > datetime.now(UTC)


# --- counting -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["hob"])
async def test_auto_counting(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulated: SimulatedAppliance,
) -> None:
    """A time that the appliance leaves us to count is counted by the minute while its zone runs."""
    zone = "Cooking.Hob.Status.Zone.101"
    remaining = entity_id_of(
        hass, loaded, Platform.SENSOR, "cooking_hob_status_zone_101_remainingprogramtime"
    )

    minutes = count(1)

    def minute() -> None:
        pass_time(hass, 61 * next(minutes))

    simulated.appliance.tell(
        {
            f"{zone}.OperationState": 3,
            f"{zone}.RemainingProgramTime": 150,
            f"{zone}.RemainingProgramTime.AutoCounting": True,
        }
    )
    state = await until_state(hass, remaining, "150")
    assert state.attributes["auto_counting"] is True
    for seconds in ("90", "30", "0", "0"):
        minute()
        await until_state(hass, remaining, seconds)
    simulated.appliance.tell({f"{zone}.RemainingProgramTime": 600})
    await until_state(hass, remaining, "600")
    minute()
    await until_state(hass, remaining, "540")
    simulated.appliance.tell({f"{zone}.OperationState": 4})
    operation = entity_id_of(
        hass, loaded, Platform.SENSOR, "cooking_hob_status_zone_101_operationstate"
    )
    await until_state(hass, operation, "pause")
    minute()
    await hass.async_block_till_done()
    assert state_of(hass, remaining).state == "540"


# --- signal strength ----------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{CONF_SIGNAL_STRENGTH: True}])
async def test_signal_strength(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulated: SimulatedAppliance,
) -> None:
    """Appliances do not push it: it is asked for, and an appliance that cannot say is asked again."""
    signal = entity_id_of(hass, loaded, Platform.SENSOR, "sensor_wifi_signal_strength")
    assert state_of(hass, signal).state == "-58"
    uid = simulated.appliance.state.uid("BSH.Common.Status.WiFiSignalStrength")
    assert uid

    async def update() -> None:
        await hass.services.async_call(
            "homeassistant", "update_entity", {"entity_id": signal}, blocking=True
        )

    assert await async_setup_component(hass, "homeassistant", {})
    simulated.appliance.state.values[uid] = -70
    simulated.faults.arm("refuse", resource="^/ro/values", code=403)
    await update()
    assert state_of(hass, signal).state == "-58"
    simulated.faults.clear()
    await update()
    assert state_of(hass, signal).state == "-70"
    simulated.appliance.state.values[uid] = -72
    pass_time(hass, NETWORK_INTERVAL_S + 1)
    await until_state(hass, signal, "-72")


async def test_signal_strength_is_not_asked_for_unasked(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Unless the user wants it."""
    table = table_of(hass, loaded, Platform.SENSOR)
    assert table[f"{simulated.ha_id}-sensor_wifi_signal_strength"]["disabled"]


async def test_signal_strength_of_the_network() -> None:
    """Without a feature for it the interface is asked; nothing is asked without a link."""
    asked: list[str] = []

    async def read_network() -> None:
        asked.append("network")

    appliance = made_appliance({"key": "A.B.Status.X", "contentType": "boolean"})
    coordinator = coordinator_of(appliance, network=None, read_network=read_network)
    entity = NetworkSignalSensor(coordinator, SIGNAL_STRENGTH)
    assert entity.native_value is None
    await entity.async_update()
    coordinator.connected = False
    await entity.async_update()
    assert asked == ["network"]
    coordinator.client.network = NetworkInterface(rssi=-61)
    assert entity.native_value == -61


@pytest.mark.parametrize("options", [{CONF_SIGNAL_STRENGTH: True}])
@pytest.mark.parametrize(
    "name",
    [
        extended(
            "dishwasher",
            leave_out=(
                "BSH.Common.Status.WiFiSignalStrength",
                "BSH.Common.Status.OperationState",
            ),
        )
    ],
)
async def test_signal_strength_without_a_feature(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """It is that of the network then, asked for in the same way; times need to know what the appliance does."""
    signal = entity_id_of(hass, loaded, Platform.SENSOR, "sensor_wifi_signal_strength")
    assert state_of(hass, signal).state == "-58"
    asked = len(simulated.messages("/ni/info"))
    pass_time(hass, NETWORK_INTERVAL_S + 1)
    await simulated.journal.wait_for(lambda: len(simulated.messages("/ni/info")) > asked)
    table = table_of(hass, loaded, Platform.SENSOR)
    assert f"{simulated.ha_id}-sensor_finish_time" not in table
    assert f"{simulated.ha_id}-sensor_start_time" not in table


# --- types --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("feature", "raw", "value", "device_class", "unit"),
    [
        ({"contentType": "percent", "wire": "number"}, 40, 40, None, "%"),
        ({"contentType": "power", "wire": "number"}, 2000, 2000, "power", "W"),
        ({"contentType": "float", "wire": "number"}, 1.5, 1.5, None, None),
        ({"contentType": "string", "wire": "string"}, "On", "On", None, None),
        ({"contentType": "string", "wire": "string"}, "x" * 300, "x" * 255, None, None),
        ({"contentType": "uidValue", "wire": "integer"}, 2, "Some thing", None, None),
        ({"contentType": "uidValue", "wire": "integer"}, 0, None, None, None),
        ({"contentType": "uidValue", "wire": "integer"}, 99, None, None, None),
        (
            {"contentType": "enumeration", "wire": "integer", "enum": 1},
            1,
            "present",
            "enum",
            None,
        ),
        ({"contentType": "enumeration", "wire": "integer", "enum": 7}, 3, 3, None, None),
    ],
)
def test_generic_sensor(
    feature: dict[str, Any], raw: Any, value: Any, device_class: str | None, unit: str | None
) -> None:
    """Features without a row are shown by their type."""
    appliance = made_appliance(
        {"key": "A.B.Status.X", **feature},
        {"key": "A.B.Program.SomeThing", "kind": "program"},
        enums=EVENTS,
    )
    found = appliance.feature(1)
    assert found
    entity: Any = new_sensor(
        coordinator_of(appliance), found, generic_row(Survey(appliance), found)
    )
    assert entity.native_value is None
    appliance.apply_values([(1, raw)])
    assert entity.native_value == value
    assert (entity.device_class, entity.native_unit_of_measurement) == (device_class, unit)
    assert entity.options == (["off", "present", "confirmed"] if device_class == "enum" else None)


def test_fahrenheit() -> None:
    """A row in Celsius follows a description in Fahrenheit."""
    appliance = made_appliance(
        {
            "key": "Cooking.Oven.Status.CurrentCavityTemperature",
            "contentType": "temperatureFahrenheit",
            "wire": "number",
        }
    )
    entity = entity_of(appliance, SENSORS, new_sensor, "sensor_oven_current_temperature")
    assert entity.native_unit_of_measurement == "°F"
