"""Brightness of indicator lights, and where curtains are closed."""

from homeassistant.components.number import ATTR_VALUE
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from simulators.homismart import SimulatedCloud

from .helpers import (
    CLOSED_POSITION,
    CORRIDOR,
    CURTAIN,
    LED,
    SHUTTER,
    WASHER,
    Writes,
    act,
    commands,
    entity_id_of,
    entity_table,
    fails,
    has_entity,
    state_of,
    until_state,
)


async def test_numbers(
    hass: HomeAssistant, all_enabled: None, loaded: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    """The numbers of the fixture account."""
    assert entity_table(hass, loaded, Platform.NUMBER) == snapshot


async def test_what_is_enabled(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Only the calibration of curtains is enabled by default."""
    table = entity_table(hass, loaded, Platform.NUMBER)
    enabled = {unique_id for unique_id, entity in table.items() if not entity["disabled"]}
    assert enabled == {f"{CURTAIN}-closed_position", f"{SHUTTER}-closed_position"}
    assert not has_entity(hass, Platform.NUMBER, f"{WASHER}-closed_position")


@pytest.mark.parametrize(
    ("unique_id", "value", "prefix", "body"),
    [
        (f"{CORRIDOR}-led_level", 50, LED, {"devid": CORRIDOR, "ledDevice": 50}),
        (f"{CORRIDOR}-led_level", 0, LED, {"devid": CORRIDOR, "ledDevice": 0}),
        (
            f"{CURTAIN}-closed_position",
            7,
            CLOSED_POSITION,
            {"deviceSN": CURTAIN, "closedPosition": 7},
        ),
        (
            f"{SHUTTER}-closed_position",
            0,
            CLOSED_POSITION,
            {"deviceSN": SHUTTER, "closedPosition": 0},
        ),
    ],
)
async def test_set(
    hass: HomeAssistant,
    all_enabled: None,
    loaded: MockConfigEntry,
    cloud: SimulatedCloud,
    unique_id: str,
    value: int,
    prefix: str,
    body: dict[str, object],
) -> None:
    """A value is sent in its own request and shown when the device has it."""
    number = entity_id_of(hass, Platform.NUMBER, unique_id)
    await act(hass, Platform.NUMBER, "set_value", number, **{ATTR_VALUE: value})
    (request,) = commands(cloud)
    assert (request.prefix, request.body) == (prefix, body)
    assert state_of(hass, number).state == str(value)


async def test_by_hand(hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud) -> None:
    """Somebody calibrates in the vendor's app."""
    number = entity_id_of(hass, Platform.NUMBER, f"{CURTAIN}-closed_position")
    writes = Writes(hass)
    cloud.home.set_closed_position(CURTAIN, 3)
    await until_state(hass, number, "3")
    assert writes.entities == [number]


async def test_refused(hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud) -> None:
    """A refused value goes back to what it was."""
    number = entity_id_of(hass, Platform.NUMBER, f"{CURTAIN}-closed_position")
    cloud.faults.arm("error", code=17, count=1)
    error = await fails(hass, Platform.NUMBER, "set_value", number, **{ATTR_VALUE: 1})
    assert error.translation_key == "refused"
    assert error.translation_placeholders["code"] == "17"
    assert state_of(hass, number).state == "9"


async def test_limits(hass: HomeAssistant, loaded: MockConfigEntry, cloud: SimulatedCloud) -> None:
    """What is out of range never leaves the house."""
    number = entity_id_of(hass, Platform.NUMBER, f"{CURTAIN}-closed_position")
    with pytest.raises(ServiceValidationError):
        await act(hass, Platform.NUMBER, "set_value", number, **{ATTR_VALUE: 11})
    assert not commands(cloud)
