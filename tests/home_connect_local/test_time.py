"""The clock of appliances that have no calendar."""

from homeassistant.const import STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from simulators.home_connect_local import SimulatedAppliance

from .helpers import NAMES, act, entity_id_of, table_of, until_state
from .test_fan import commands

CLOCK = 521

pytestmark = pytest.mark.usefixtures("all_enabled")


@pytest.mark.parametrize("name", NAMES)
async def test_clocks(
    hass: HomeAssistant, loaded: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    """The clocks of each appliance."""
    assert table_of(hass, loaded, Platform.TIME) == snapshot


async def test_clock(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """It shows and takes a time of day."""
    clock = entity_id_of(hass, loaded, Platform.TIME, "time_appliance")
    simulated.appliance.tell_values({CLOCK: "12:30:00"})
    await until_state(hass, clock, "12:30:00")
    await act(hass, Platform.TIME, "set_value", clock, time="07:05:09")
    assert commands(simulated) == [("write", (CLOCK, "07:05:09"))]
    await until_state(hass, clock, "07:05:09")


@pytest.mark.parametrize("told", ["", "noon", "25:00:00", 5])
async def test_no_time(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance, told: object
) -> None:
    """What is no time is not known."""
    clock = entity_id_of(hass, loaded, Platform.TIME, "time_appliance")
    simulated.appliance.tell_values({CLOCK: "12:30:00"})
    simulated.appliance.tell_values({CLOCK: told})
    await until_state(hass, clock, STATE_UNKNOWN)


async def test_refused(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """What the appliance refuses is an error that says why."""
    clock = entity_id_of(hass, loaded, Platform.TIME, "time_appliance")
    simulated.faults.arm("refuse", resource="^/ro/values", action="POST", code=539)
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, Platform.TIME, "set_value", clock, time="07:05:09")
    assert caught.value.translation_key == "local_control"
