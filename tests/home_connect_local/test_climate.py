"""Air conditioners."""

from typing import Any

from homeassistant.components.climate import ClimateEntityFeature, HVACMode
from homeassistant.const import STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from simulators.home_connect_local import SimulatedAppliance

from .extended import air_conditioner
from .helpers import act, entity_id_of, state_of, table_of, until_attribute, until_state
from .test_fan import commands

POWER, ACTIVE, SELECTED = 539, 256, 257
COOL, HEAT = 0x7100, 0x7101
SETPOINT, FAN_MODE = 0x7201, 0x7203


def climate_of(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """Return the climate."""
    return entity_id_of(hass, entry, Platform.CLIMATE, "climate_air_conditioner")


@pytest.fixture
def name() -> Any:
    """Serve an air conditioner."""
    return air_conditioner()


@pytest.fixture(autouse=True)
def started(simulated: SimulatedAppliance) -> None:
    """Let it be on, idle, and without a button that has to be pressed first."""
    simulated.appliance.character.needs_remote_start = False
    simulated.appliance.state.values |= {POWER: 2, ACTIVE: 0, SELECTED: 0}
    simulated.appliance.remote_start(True)


async def test_air_conditioner(
    hass: HomeAssistant, loaded: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    """What it is able to do comes from its description."""
    assert table_of(hass, loaded, Platform.CLIMATE) == snapshot
    state = state_of(hass, climate_of(hass, loaded))
    assert state.attributes["hvac_modes"] == ["off", "auto", "cool", "dry", "fan_only", "heat"]
    assert state.attributes["min_temp"] == 16
    assert state.attributes["max_temp"] == 30
    assert state.attributes["target_temp_step"] == 1
    assert state.attributes["fan_modes"] == ["automatic", "manual"]


async def test_mode(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """A mode is a program."""
    climate = climate_of(hass, loaded)
    await until_state(hass, climate, STATE_UNKNOWN)  # on, without a program
    await act(hass, Platform.CLIMATE, "set_hvac_mode", climate, hvac_mode="cool")
    await until_state(hass, climate, "cool")
    ((kind, (program, _)),) = commands(simulated)
    assert (kind, program) == ("start", COOL)


async def test_mode_with_temperature(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """The set-point goes along with the start."""
    climate = climate_of(hass, loaded)
    await act(hass, Platform.CLIMATE, "set_temperature", climate, temperature=24, hvac_mode="heat")
    await until_state(hass, climate, "heat")
    ((kind, (program, options)),) = commands(simulated)
    assert (kind, program, options[SETPOINT]) == ("start", HEAT, 24)
    await until_attribute(hass, climate, "temperature", 24)
    await act(hass, Platform.CLIMATE, "set_temperature", climate, temperature=18)
    await until_attribute(hass, climate, "temperature", 18)
    assert commands(simulated)[1:] == [("write", (SETPOINT, 18))]
    await act(hass, Platform.CLIMATE, "set_fan_mode", climate, fan_mode="manual")
    await until_attribute(hass, climate, "fan_mode", "manual")
    assert commands(simulated)[2:] == [("write", (FAN_MODE, 1))]


async def test_power(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Off is the power of the appliance; a mode switches it on first, and waits for that."""
    climate = climate_of(hass, loaded)
    await act(hass, Platform.CLIMATE, "turn_off", climate)
    await until_state(hass, climate, HVACMode.OFF)
    ((kind, (uid, off)),) = commands(simulated)
    assert (kind, uid) == ("write", POWER)
    assert off != 2
    await act(hass, Platform.CLIMATE, "set_hvac_mode", climate, hvac_mode="cool")
    await until_state(hass, climate, "cool")
    assert commands(simulated)[1] == ("write", (POWER, 2))
    assert commands(simulated)[2][0] == "start"


async def test_turning_on_and_off(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """It goes on as it was; mode off with a temperature is off first of all."""
    climate = climate_of(hass, loaded)
    await act(hass, Platform.CLIMATE, "set_hvac_mode", climate, hvac_mode="off")
    await until_state(hass, climate, HVACMode.OFF)
    await act(hass, Platform.CLIMATE, "turn_on", climate)
    await until_state(hass, climate, STATE_UNKNOWN)
    assert commands(simulated)[1:] == [("write", (POWER, 2))]
    await act(hass, Platform.CLIMATE, "set_temperature", climate, hvac_mode="off", temperature=20)
    await until_state(hass, climate, HVACMode.OFF)


async def test_another_mode(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """A mode takes the place of the one that runs, which is stopped first; the same one is not started again."""
    climate = climate_of(hass, loaded)
    await act(hass, Platform.CLIMATE, "set_hvac_mode", climate, hvac_mode="cool")
    await until_state(hass, climate, "cool")
    await act(hass, Platform.CLIMATE, "set_hvac_mode", climate, hvac_mode="heat")
    await until_state(hass, climate, "heat")
    abort = simulated.appliance.state.uid("BSH.Common.Command.AbortProgram")
    (_, stop, (kind, (program, _))) = commands(simulated)
    assert stop == ("write", (abort, True))
    assert (kind, program) == ("start", HEAT)
    await act(hass, Platform.CLIMATE, "set_temperature", climate, temperature=25, hvac_mode="heat")
    await until_attribute(hass, climate, "temperature", 25)
    assert commands(simulated)[3:] == [("write", (SETPOINT, 25))]


async def test_slow_to_switch_on(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulated: SimulatedAppliance,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One that does not come on is not asked for a program."""
    monkeypatch.setattr("custom_components.home_connect_local.climate._MOMENT_S", 0.05)
    climate = climate_of(hass, loaded)
    await act(hass, Platform.CLIMATE, "turn_off", climate)
    await until_state(hass, climate, HVACMode.OFF)
    simulated.appliance.pace.reaction_s = 3600 * simulated.appliance.pace.speed
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, Platform.CLIMATE, "set_hvac_mode", climate, hvac_mode="cool")
    assert caught.value.translation_key == "power_off"
    assert [kind for kind, _ in commands(simulated)] == ["write", "write"]


async def test_refused(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """What the appliance refuses is an error that says why."""
    simulated.faults.arm("refuse", resource="^/ro/", action="POST", code=539)
    climate = climate_of(hass, loaded)
    for action, data in (
        ("set_hvac_mode", {"hvac_mode": "cool"}),
        ("set_temperature", {"temperature": 20, "hvac_mode": "heat"}),
        ("turn_off", {}),
        ("turn_on", {}),
    ):
        with pytest.raises(HomeAssistantError) as caught:
            await act(hass, Platform.CLIMATE, action, climate, **data)
        assert caught.value.translation_key == "local_control"


async def test_what_is_not_known(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Nothing is made up."""
    climate = climate_of(hass, loaded)
    simulated.appliance.tell_values({ACTIVE: COOL, SETPOINT: "?", FAN_MODE: 9})
    await until_state(hass, climate, "cool")
    await until_attribute(hass, climate, "temperature", None)
    await until_attribute(hass, climate, "fan_mode", None)
    simulated.appliance.tell_values({ACTIVE: 8200})
    await until_state(hass, climate, STATE_UNKNOWN)
    simulated.appliance.tell_values({POWER: 77})
    await until_state(hass, climate, STATE_UNKNOWN)


async def test_selected_program_counts_while_none_runs(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """The mode that it would start with is shown."""
    simulated.appliance.tell_values({SELECTED: HEAT})
    await until_state(hass, climate_of(hass, loaded), "heat")


@pytest.mark.parametrize("name", [air_conditioner(fan_mode=False)])
async def test_without_modes_of_the_fan(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """The mode of the fan may be missing."""
    state = state_of(hass, climate_of(hass, loaded))
    assert not state.attributes["supported_features"] & ClimateEntityFeature.FAN_MODE
    assert state.attributes.get("fan_modes") is None


@pytest.mark.parametrize("name", [air_conditioner(setpoint=False), "dishwasher"])
async def test_what_makes_no_climate(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Without a set-point, or programs that are modes, there are the plain entities only."""
    assert not table_of(hass, loaded, Platform.CLIMATE)
