"""Selects, that of the program among them."""

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from custom_components.home_connect_local.select import SELECTS, HomeConnectSelect
from simulators.home_connect_local import SimulatedAppliance

from .helpers import (
    NAMES,
    act,
    entity_id_of,
    entity_of,
    made_appliance,
    state_of,
    table_of,
    until,
    until_attribute,
    until_state,
)

PROGRAM = "dishcare_dishwasher_program"


@pytest.mark.parametrize("name", NAMES)
async def test_selects(
    hass: HomeAssistant, all_enabled: None, loaded: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    """The selects of each appliance."""
    assert table_of(hass, loaded, Platform.SELECT) == snapshot


async def test_setting(
    hass: HomeAssistant,
    all_enabled: None,
    loaded: MockConfigEntry,
    simulated: SimulatedAppliance,
) -> None:
    """A member is chosen by its name and travels by its number."""
    rinse_aid = entity_id_of(hass, loaded, Platform.SELECT, "select_rinse_aid")
    await act(hass, Platform.SELECT, "select_option", rinse_aid, option="r05")
    await until_state(hass, rinse_aid, "r05")
    assert simulated.appliance.state.get("Dishcare.Dishwasher.Setting.RinseAid") == 5
    with pytest.raises(ServiceValidationError):
        await act(hass, Platform.SELECT, "select_option", rinse_aid, option="r99")


async def test_options_follow_the_range(
    hass: HomeAssistant,
    all_enabled: None,
    loaded: MockConfigEntry,
    simulated: SimulatedAppliance,
) -> None:
    """What may be chosen is what the appliance allows at the moment."""
    rinse_aid = entity_id_of(hass, loaded, Platform.SELECT, "select_rinse_aid")
    uid = simulated.appliance.state.uid("Dishcare.Dishwasher.Setting.RinseAid")
    simulated.appliance.deviate([{"uid": uid, "min": 2, "max": 4}])
    await until_attribute(hass, rinse_aid, "options", ["r02", "r03", "r04"])


async def test_program(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """A program is selected, here or on the panel."""
    program = entity_id_of(hass, loaded, Platform.SELECT, "select_program")
    assert state_of(hass, program).state == f"{PROGRAM}_eco50"
    await act(hass, Platform.SELECT, "select_option", program, option=f"{PROGRAM}_auto2")
    await until_state(hass, program, f"{PROGRAM}_auto2")
    assert simulated.appliance.process is None
    uid = simulated.appliance.state.uid("Dishcare.Dishwasher.Program.PreRinse")
    assert uid
    simulated.appliance.press_select(uid)
    await until_state(hass, program, f"{PROGRAM}_prerinse")


async def test_unknown_program(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """A program that the profile does not have is unknown, with its uid; none is unknown without."""
    program = entity_id_of(hass, loaded, Platform.SELECT, "select_program")
    simulated.appliance.tell({"BSH.Common.Root.SelectedProgram": 4711})
    await until_attribute(hass, program, "uid", 4711)
    assert state_of(hass, program).state == STATE_UNKNOWN
    simulated.appliance.tell({"BSH.Common.Root.SelectedProgram": 0})
    await until_attribute(hass, program, "uid", None)
    assert state_of(hass, program).state == STATE_UNKNOWN


async def test_availability_of_programs(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Programs that cannot be selected leave the list; without access to any the select is unavailable."""
    program = entity_id_of(hass, loaded, Platform.SELECT, "select_program")
    uid = simulated.appliance.state.uid("Dishcare.Dishwasher.Program.PreRinse")
    simulated.appliance.deviate([{"uid": uid, "available": False}])
    await until(
        hass,
        lambda: f"{PROGRAM}_prerinse" not in state_of(hass, program).attributes["options"],
    )
    simulated.appliance.deviate([{"uid": 257, "access": "READ"}, {"uid": 256, "access": "READ"}])
    await until_state(hass, program, STATE_UNAVAILABLE)


@pytest.mark.parametrize("name", ["hood"])
async def test_program_that_can_only_be_started(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """Choosing the function of a hood starts it; while it runs no other can be chosen."""
    program = entity_id_of(hass, loaded, Platform.SELECT, "select_program")
    active = entity_id_of(hass, loaded, Platform.SENSOR, "sensor_active_program")
    option = "cooking_common_program_hood_automatic"
    await act(hass, Platform.SELECT, "select_option", program, option=option)
    await until_state(hass, active, option)
    await until_state(hass, program, STATE_UNAVAILABLE)
    simulated.appliance.deviate([{"uid": 257, "access": "READWRITE"}])
    await until_state(hass, program, option)


@pytest.mark.parametrize("name", ["coffee_maker"])
async def test_favorite(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """A favourite goes by the name that its user gives it, also after that changes."""
    program = entity_id_of(hass, loaded, Platform.SELECT, "select_program")
    simulated.appliance.tell({"BSH.Common.Setting.Favorite.001.Name": "Before work"})
    await until(hass, lambda: "Before work" in state_of(hass, program).attributes["options"])
    await act(hass, Platform.SELECT, "select_option", program, option="Before work")
    await until_state(hass, program, "Before work")
    simulated.appliance.tell({"BSH.Common.Setting.Favorite.001.Name": ""})
    await until_state(hass, program, "favorite_001")


async def test_refused(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """A program that the appliance does not let be selected is an error that says why."""
    program = entity_id_of(hass, loaded, Platform.SELECT, "select_program")
    simulated.faults.arm("refuse", resource="^/ro/selectedProgram", code=526)
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, Platform.SELECT, "select_option", program, option=f"{PROGRAM}_auto2")
    assert caught.value.translation_key == "not_available"


def test_members_named_twice() -> None:
    """Of two members of one name the first counts."""
    appliance = made_appliance(
        {
            "key": "BSH.Common.Setting.TemperatureUnit",
            "contentType": "enumeration",
            "wire": "integer",
            "enum": 1,
        },
        enums={1: {0: "Celsius", 1: "Fahrenheit", 2: "celsius"}},
    )
    entity = entity_of(appliance, SELECTS, HomeConnectSelect, "select_temperature_unit")
    assert entity.options == ["celsius", "fahrenheit"]
    for raw, option in ((2, "celsius"), (7, None), (None, None)):
        appliance.apply_values([(1, raw)])
        assert entity.current_option == option
