"""The fan of hoods: its speeds are levels of a program; and that of air conditioners."""

from typing import Any

from homeassistant.components.fan import FanEntityFeature
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from simulators.home_connect_local import SimulatedAppliance

from .extended import air_conditioner, extended
from .helpers import NAMES, act, entity_id_of, state_of, table_of, until_attribute, until_state

ACTIVE = 256
LEVEL, INTENSIVE, BOOST = 54528, 54529, 54530
VENTING, AUTOMATIC, SHUT_OFF, INTERVAL = 54784, 54785, 54786, 54787
OPERATION = "BSH.Common.Status.OperationState"


def fan_of(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """Return the fan of the hood."""
    return entity_id_of(hass, entry, Platform.FAN, "fan_hood")


def commands(simulated: SimulatedAppliance) -> list[tuple[str, Any]]:
    """Return what was written or started so far."""
    found: list[tuple[str, Any]] = []
    for message in simulated.messages("/ro/"):
        if message.action != "POST":
            continue
        for item in message.data or ():
            if "program" in item:
                options = {each["uid"]: each["value"] for each in item["options"]}
                found.append(("start", (item["program"], options)))
            else:
                found.append(("write", (item["uid"], item["value"])))
    return found


@pytest.mark.parametrize("name", NAMES)
async def test_fans(
    hass: HomeAssistant, all_enabled: None, loaded: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    """The fans of each appliance."""
    assert table_of(hass, loaded, Platform.FAN) == snapshot


# --- hoods --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["hood"])
async def test_life(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """An idle fan is started with a level, a running one is written to, and stopped by level 0."""
    fan = fan_of(hass, loaded)
    state = state_of(hass, fan)
    assert state.state == STATE_OFF
    assert state.attributes["percentage"] == 0
    assert state.attributes["percentage_step"] == 20
    assert state.attributes["preset_modes"] == ["automatic", "delayed_shut_off", "interval"]
    await act(hass, Platform.FAN, "set_percentage", fan, percentage=60)
    await until_attribute(hass, fan, "percentage", 60)
    assert state_of(hass, fan).state == STATE_ON
    await act(hass, Platform.FAN, "set_percentage", fan, percentage=100)
    await until_attribute(hass, fan, "percentage", 100)
    await act(hass, Platform.FAN, "turn_off", fan)
    await until_state(hass, fan, STATE_OFF)
    (kind, (program, options)), *writes = commands(simulated)
    assert (kind, program) == ("start", VENTING)
    assert options.items() >= {LEVEL: 3, INTENSIVE: 0}.items()
    assert sorted(writes[:2]) == [("write", (LEVEL, 0)), ("write", (INTENSIVE, 2))]
    assert sorted(writes[2:]) == [("write", (LEVEL, 0)), ("write", (INTENSIVE, 0))]
    assert state_of(hass, fan).attributes["percentage"] == 0


@pytest.mark.parametrize("name", ["hood"])
@pytest.mark.parametrize(
    ("percentage", "level", "intensive", "shown"),
    [
        (1, 1, 0, 20),
        (20, 1, 0, 20),
        (21, 2, 0, 40),
        (50, 3, 0, 60),
        (80, 0, 1, 80),
        (81, 0, 2, 100),
    ],
)
async def test_speeds(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulated: SimulatedAppliance,
    percentage: int,
    level: int,
    intensive: int,
    shown: int,
) -> None:
    """The levels and the intensive levels make five speeds, evenly spaced."""
    fan = fan_of(hass, loaded)
    await act(hass, Platform.FAN, "turn_on", fan, percentage=percentage)
    await until_attribute(hass, fan, "percentage", shown)
    values = simulated.appliance.state.values
    assert (values[LEVEL], values[INTENSIVE]) == (level, intensive)


@pytest.mark.parametrize("name", ["hood"])
async def test_plain_start(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Without a speed it starts as weak as can be; percentage 0 stops it, once."""
    fan = fan_of(hass, loaded)
    await act(hass, Platform.FAN, "turn_on", fan)
    await until_attribute(hass, fan, "percentage", 20)
    await act(hass, Platform.FAN, "set_percentage", fan, percentage=0)
    await until_state(hass, fan, STATE_OFF)
    count = len(commands(simulated))
    await act(hass, Platform.FAN, "turn_off", fan)
    assert len(commands(simulated)) == count
    assert simulated.appliance.is_on  # the hood itself, and its light, stay on


@pytest.mark.parametrize("name", ["hood"])
@pytest.mark.parametrize(
    ("preset", "program"),
    [("automatic", AUTOMATIC), ("delayed_shut_off", SHUT_OFF), ("interval", INTERVAL)],
)
async def test_presets(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulated: SimulatedAppliance,
    preset: str,
    program: int,
) -> None:
    """A preset is a program that decides on the speed."""
    fan = fan_of(hass, loaded)
    await act(hass, Platform.FAN, "turn_on", fan, preset_mode=preset)
    state = await until_attribute(hass, fan, "preset_mode", preset)
    assert state.state == STATE_ON
    assert state.attributes["percentage"] is None
    (command,) = commands(simulated)
    assert command[0] == "start"
    assert command[1][0] == program


@pytest.mark.parametrize("name", ["hood"])
async def test_what_runs_is_shown(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """A level that is not known, and a program that is no preset, may well turn it."""
    fan = fan_of(hass, loaded)
    simulated.appliance.tell_values({LEVEL: "?", INTENSIVE: 0, ACTIVE: VENTING})
    state = await until_state(hass, fan, STATE_ON)
    assert state.attributes["percentage"] is None
    assert state.attributes["preset_mode"] is None
    simulated.appliance.tell_values({LEVEL: 0})
    await until_state(hass, fan, STATE_OFF)
    simulated.appliance.tell_values({ACTIVE: 4711})
    await until_state(hass, fan, STATE_ON)
    simulated.appliance.tell_values({ACTIVE: "?"})
    await until_state(hass, fan, STATE_UNKNOWN)


@pytest.mark.parametrize("name", ["hood"])
async def test_writing_is_refused(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """A running fan that does not take its level is started anew with it."""
    fan = fan_of(hass, loaded)
    await act(hass, Platform.FAN, "turn_on", fan)
    await until_attribute(hass, fan, "percentage", 20)
    simulated.faults.arm("refuse", resource="^/ro/values", action="POST", code=541, count=1)
    await act(hass, Platform.FAN, "set_percentage", fan, percentage=40)
    await until_attribute(hass, fan, "percentage", 40)
    assert [kind for kind, _ in commands(simulated)] == ["start", "write", "write", "start"]


@pytest.mark.parametrize("name", ["hood"])
async def test_stopping_is_refused(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Level 0, then venting at level 0, then the command to abort; the hood is never switched off."""
    fan = fan_of(hass, loaded)
    await act(hass, Platform.FAN, "turn_on", fan)
    await until_state(hass, fan, STATE_ON)
    simulated.faults.arm("refuse", resource="^/ro/values", action="POST", code=541, count=1)
    simulated.faults.arm("refuse", resource="^/ro/activeProgram", action="POST", code=530, count=1)
    await act(hass, Platform.FAN, "turn_off", fan)
    await until_state(hass, fan, STATE_OFF)
    assert [kind for kind, _ in commands(simulated)] == [
        "start",
        "write",
        "write",
        "start",
        "write",
    ]
    assert commands(simulated)[-1] == ("write", (512, True))
    assert simulated.appliance.is_on


@pytest.mark.parametrize("name", ["hood"])
async def test_refused(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """A hood that refuses says why; one that is off is not even asked."""
    fan = fan_of(hass, loaded)
    simulated.faults.arm("refuse", resource="^/ro/", action="POST", code=539)
    for data in ({}, {"preset_mode": "automatic"}):
        with pytest.raises(HomeAssistantError) as caught:
            await act(hass, Platform.FAN, "turn_on", fan, **data)
        assert caught.value.translation_key == "local_control"
    simulated.faults.clear()
    simulated.appliance.power("Off")
    power = entity_id_of(hass, loaded, Platform.SENSOR, "sensor_power_state")
    await until_state(hass, power, "off")
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, Platform.FAN, "turn_on", fan, preset_mode="automatic")
    assert caught.value.translation_key == "power_off"


@pytest.mark.parametrize("name", ["hood"])
async def test_no_speed_left(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """A hood that takes no level at the moment says so."""
    fan = fan_of(hass, loaded)
    simulated.appliance.tell_values({ACTIVE: VENTING, LEVEL: 1})
    simulated.appliance.deviate(
        [{"uid": LEVEL, "min": 0, "max": 0}, {"uid": INTENSIVE, "min": 0, "max": 0}]
    )
    await until_attribute(hass, fan, "percentage_step", 100)
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, Platform.FAN, "turn_on", fan, percentage=50)
    assert caught.value.translation_key == "not_available"


@pytest.mark.parametrize(
    "name",
    [
        extended(
            "hood",
            leave_out=(
                "Cooking.Common.Program.Hood.Automatic",
                "Cooking.Common.Program.Hood.DelayedShutOff",
                "Cooking.Hood.Program.Interval",
                "Cooking.Common.Option.Hood.IntensiveLevel",
            ),
        )
    ],
)
async def test_plain_hood(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Some have speeds alone."""
    state = state_of(hass, fan_of(hass, loaded))
    assert not state.attributes["supported_features"] & FanEntityFeature.PRESET_MODE
    assert state.attributes["percentage_step"] == pytest.approx(100 / 3)


# --- air conditioners ---------------------------------------------------------------------------


def air_fan(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """Return the fan of the air conditioner."""
    return entity_id_of(hass, entry, Platform.FAN, "fan_air_conditioner")


@pytest.mark.parametrize("name", [air_conditioner()])
async def test_air_conditioner(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """It runs with a program; speed and mode are options of that."""
    fan = air_fan(hass, loaded)
    assert state_of(hass, fan).state == STATE_OFF
    for told, state in (("?", STATE_UNKNOWN), (0, STATE_OFF)):
        simulated.appliance.tell_values({ACTIVE: told})
        await until_state(hass, fan, state)
    simulated.appliance.begin(0x7100, {0x7202: 40, 0x7203: 0})
    await until_state(hass, fan, STATE_ON)
    shown = await until_attribute(hass, fan, "percentage", 40)
    assert shown.attributes["preset_modes"] == ["automatic", "manual"]
    await until_attribute(hass, fan, "preset_mode", "automatic")
    await act(hass, Platform.FAN, "set_percentage", fan, percentage=70)
    await until_attribute(hass, fan, "percentage", 70)
    await act(hass, Platform.FAN, "set_preset_mode", fan, preset_mode="manual")
    await until_attribute(hass, fan, "preset_mode", "manual")
    assert commands(simulated) == [("write", (0x7202, 70)), ("write", (0x7203, 1))]
    simulated.appliance.tell_values({0x7202: "?", 0x7203: 9})
    await until_attribute(hass, fan, "percentage", None)
    await until_attribute(hass, fan, "preset_mode", None)


@pytest.mark.parametrize("name", [air_conditioner(fan_mode=False)])
async def test_air_conditioner_without_modes(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """The mode of the fan may be missing."""
    fan = air_fan(hass, loaded)
    state = state_of(hass, fan)
    assert state.attributes["supported_features"] == FanEntityFeature.SET_SPEED
    assert state.attributes.get("preset_modes") is None


@pytest.mark.parametrize("name", ["dishwasher"])
async def test_others_have_none(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Only hoods and air conditioners have a fan."""
    entities = er.async_entries_for_config_entry(er.async_get(hass), loaded.entry_id)
    assert not [each for each in entities if each.domain == Platform.FAN]
