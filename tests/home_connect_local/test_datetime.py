"""The clock of appliances that have a calendar."""

from homeassistant.const import STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from simulators.home_connect_local import SimulatedAppliance

from .helpers import NAMES, act, entity_id_of, table_of, until_state
from .test_fan import commands

CLOCK = 520

pytestmark = pytest.mark.usefixtures("all_enabled")


@pytest.mark.parametrize("name", NAMES)
async def test_clocks(
    hass: HomeAssistant, loaded: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    """The clocks of each appliance."""
    assert table_of(hass, loaded, Platform.DATETIME) == snapshot


@pytest.mark.parametrize("name", ["oven"])
async def test_clock(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """The appliance keeps the time of the home without saying so."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    clock = entity_id_of(hass, loaded, Platform.DATETIME, "datetime_appliance")
    simulated.appliance.tell_values({CLOCK: "2026-07-01T12:30:00"})
    await until_state(hass, clock, "2026-07-01T10:30:00+00:00")
    await act(hass, Platform.DATETIME, "set_value", clock, datetime="2026-12-24T17:00:00+00:00")
    assert commands(simulated) == [("write", (CLOCK, "2026-12-24T18:00:00"))]
    await until_state(hass, clock, "2026-12-24T17:00:00+00:00")
    # Should one say its zone, that counts.
    simulated.appliance.tell_values({CLOCK: "2026-07-01T12:30:00+00:00"})
    await until_state(hass, clock, "2026-07-01T12:30:00+00:00")


@pytest.mark.parametrize("name", ["oven"])
@pytest.mark.parametrize("told", ["", "yesterday", "2026-02-30T00:00:00", "0000-00-00T00:00:00", 5])
async def test_no_date(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance, told: object
) -> None:
    """What is no date is not known."""
    clock = entity_id_of(hass, loaded, Platform.DATETIME, "datetime_appliance")
    simulated.appliance.tell_values({CLOCK: "2026-07-01T12:30:00"})
    simulated.appliance.tell_values({CLOCK: told})
    await until_state(hass, clock, STATE_UNKNOWN)


@pytest.mark.parametrize("name", ["oven"])
async def test_refused(
    hass: HomeAssistant, loaded: MockConfigEntry, simulated: SimulatedAppliance
) -> None:
    """What the appliance refuses is an error that says why."""
    clock = entity_id_of(hass, loaded, Platform.DATETIME, "datetime_appliance")
    simulated.faults.arm("refuse", resource="^/ro/values", action="POST", code=536)
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, Platform.DATETIME, "set_value", clock, datetime="2026-12-24T17:00:00")
    assert caught.value.translation_key == "wrong_format"
