"""Numbers."""

from typing import Any

from homeassistant.const import STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from custom_components.home_connect_local.entity import Survey
from custom_components.home_connect_local.number import NUMBERS, HomeConnectNumber, generic_row
from simulators.home_connect_local import SimulatedAppliance

from .helpers import (
    NAMES,
    act,
    coordinator_of,
    entity_id_of,
    made_appliance,
    state_of,
    table_of,
    until,
    until_state,
)


@pytest.mark.parametrize("name", NAMES)
async def test_numbers(
    hass: HomeAssistant, all_enabled: None, loaded: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    """The numbers of each appliance."""
    assert table_of(hass, loaded, Platform.NUMBER) == snapshot


@pytest.mark.parametrize("name", ["fridge_freezer"])
async def test_set_point(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """A set-point travels as an integer; what is out of range is refused."""
    simulated.appliance.character.strict_numbers = True
    freezer = entity_id_of(hass, loaded, Platform.NUMBER, "number_setpoint_freezer")
    await act(hass, Platform.NUMBER, "set_value", freezer, value=-20)
    await until_state(hass, freezer, "-20")
    with pytest.raises(ServiceValidationError):
        await act(hass, Platform.NUMBER, "set_value", freezer, value=5)


@pytest.mark.parametrize("name", ["fridge_freezer"])
async def test_fahrenheit_stands_in(
    hass: HomeAssistant,
    all_enabled: None,
    loaded: MockConfigEntry,
    simulated: SimulatedAppliance,
) -> None:
    """While the appliance works in Fahrenheit the set-point is that feature, shown in the user's unit."""
    freezer = entity_id_of(hass, loaded, Platform.NUMBER, "number_setpoint_freezer")
    other = entity_id_of(hass, loaded, Platform.NUMBER, "number_setpoint_freezer_fahrenheit")
    assert state_of(hass, other).state == STATE_UNAVAILABLE
    state = simulated.appliance.state
    celsius = state.uid("Refrigeration.Common.Setting.Freezer.SetpointTemperature")
    fahrenheit = state.uid("Refrigeration.Common.Setting.Freezer.SetpointTemperatureFahrenheit")
    simulated.appliance.deviate(
        [
            {"uid": celsius, "available": False},
            {"uid": fahrenheit, "available": True, "access": "READWRITE", "value": -4},
        ]
    )
    simulated.appliance.tell_values({fahrenheit: -4}, again=True)
    await until(hass, lambda: state_of(hass, other).state != STATE_UNAVAILABLE)
    await until_state(hass, freezer, "-20.0")
    await act(hass, Platform.NUMBER, "set_value", freezer, value=-18)
    await until(hass, lambda: simulated.appliance.state.values[fahrenheit] == 0)


@pytest.mark.parametrize("name", ["coffee_maker"])
async def test_option(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Range and step are those of the selected program."""
    fill = entity_id_of(hass, loaded, Platform.NUMBER, "number_fill_quantity")
    program = entity_id_of(hass, loaded, Platform.SELECT, "select_program")
    option = "consumerproducts_coffeemaker_program_beverage_espresso"
    await act(hass, Platform.SELECT, "select_option", program, option=option)
    await until(hass, lambda: state_of(hass, fill).state != STATE_UNAVAILABLE)
    attributes = state_of(hass, fill).attributes
    value = attributes["min"] + attributes["step"]
    await act(hass, Platform.NUMBER, "set_value", fill, value=value)
    await until(hass, lambda: float(state_of(hass, fill).state) == value)


@pytest.mark.parametrize(
    ("feature", "low", "high", "step", "unit"),
    [
        ({"contentType": "percent", "wire": "number"}, 0, 100, 1, "%"),
        ({"contentType": "temperatureFahrenheit", "wire": "number"}, -58, 932, 1, "°F"),
        ({"contentType": "integer", "wire": "integer"}, 0, 65535, 1, None),
        ({"contentType": "float", "wire": "number"}, 0, 65535, 0.1, None),
        (
            {"contentType": "float", "wire": "number", "min": 0, "max": 0, "step": 0},
            0,
            0,
            0.1,
            None,
        ),
        (
            {"contentType": "weight", "wire": "integer", "min": -5, "max": 5, "step": 5},
            -5,
            5,
            5,
            "g",
        ),
    ],
)
def test_what_the_description_leaves_open(
    feature: dict[str, Any], low: float, high: float, step: float, unit: str | None
) -> None:
    """Range, step and unit of a number without a row follow from its type."""
    appliance = made_appliance({"key": "A.B.Setting.X", **feature})
    found = appliance.feature(1)
    assert found
    row = generic_row(Survey(appliance), found)
    entity = HomeConnectNumber(coordinator_of(appliance), found, row)
    assert (entity.native_min_value, entity.native_max_value) == (low, high)
    assert entity.native_step == step
    assert entity.native_unit_of_measurement == unit
    assert entity.native_value is None


def test_exchanged_keys() -> None:
    """Keys that identify existing entities are kept, although they say the opposite."""
    keys = {row.features[0].rpartition(".")[2]: row.key for row in NUMBERS}
    assert keys["IntervalTimeOn"] == "number_hood_interval_off"
    assert keys["IntervalTimeOff"] == "number_hood_interval_on"
