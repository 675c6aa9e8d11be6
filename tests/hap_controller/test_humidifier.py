"""Humidifiers and dehumidifiers, also where one service is both."""

from homeassistant.components.humidifier import HumidifierEntityFeature
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.support.rooms import act, state_of, until_attribute, until_state

from .living import Living, read_database, redescribe

HUMIDIFIER = "humidifier.hygro"
DEHUMIDIFIER = "humidifier.hygro_dehumidifier"
DRYER = "humidifier.dryer"

_ACTIVE = "ACTIVE"
_TARGET = "TARGET_HUMIDIFIER_DEHUMIDIFIER_STATE"
_CURRENT = "CURRENT_HUMIDIFIER_DEHUMIDIFIER_STATE"
_LOW = "RELATIVE_HUMIDITY_HUMIDIFIER_THRESHOLD"
_HIGH = "RELATIVE_HUMIDITY_DEHUMIDIFIER_THRESHOLD"


def find(living: Living, name: str) -> tuple[int, int]:
    """Find a characteristic."""
    return living.find("HUMIDIFIER_DEHUMIDIFIER", name)


@pytest.mark.parametrize("name", ["humidifier_both"])
async def test_both(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """A service that is both has two entities, with unique ids and names of their own."""
    registry = er.async_get(hass)
    unique_ids = {
        entity_id: entity.unique_id
        for entity_id in (HUMIDIFIER, DEHUMIDIFIER)
        if (entity := registry.async_get(entity_id))
    }
    assert unique_ids == {
        HUMIDIFIER: "AA:BB:CC:DD:EE:FF_1_10",
        DEHUMIDIFIER: "AA:BB:CC:DD:EE:FF_1_10_dehumidifier",
    }
    humidifier, dehumidifier = state_of(hass, HUMIDIFIER), state_of(hass, DEHUMIDIFIER)
    assert humidifier.name == "Hygro"
    assert dehumidifier.name == "Hygro Dehumidifier"
    shown = {
        "available_modes": ["auto", "normal"],
        "current_humidity": 48,
        "mode": "auto",
        "action": "humidifying",
        "supported_features": HumidifierEntityFeature.MODES,
    }
    for state, threshold, low, high, step, device_class in (
        (humidifier, 45, 30, 70, 5, "humidifier"),
        (dehumidifier, 55, 0, 100, None, "dehumidifier"),
    ):
        assert state.attributes.get("target_humidity_step") == step
        assert state.state == STATE_ON
        assert state.attributes["device_class"] == device_class
        assert state.attributes["humidity"] == threshold
        assert (state.attributes["min_humidity"], state.attributes["max_humidity"]) == (low, high)
        assert {key: state.attributes[key] for key in shown} == shown


@pytest.mark.parametrize("name", ["humidifier_both"])
async def test_writing(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """Each writes its own threshold and its own target state, which switches it on."""
    active, target = find(living, _ACTIVE), find(living, _TARGET)
    for entity_id, threshold, normal in (
        (HUMIDIFIER, find(living, _LOW), 1),
        (DEHUMIDIFIER, find(living, _HIGH), 2),
    ):
        living.written.clear()
        await act(hass, Platform.HUMIDIFIER, "turn_off", entity_id)
        await act(hass, Platform.HUMIDIFIER, "turn_on", entity_id)
        await act(hass, Platform.HUMIDIFIER, "set_humidity", entity_id, humidity=60)
        assert state_of(hass, entity_id).attributes["humidity"] == 60
        await act(hass, Platform.HUMIDIFIER, "set_mode", entity_id, mode="normal")
        assert state_of(hass, entity_id).attributes["mode"] == "normal"
        other = DEHUMIDIFIER if entity_id == HUMIDIFIER else HUMIDIFIER
        assert state_of(hass, other).attributes["mode"] is None
        await act(hass, Platform.HUMIDIFIER, "set_mode", entity_id, mode="auto")
        assert state_of(hass, other).attributes["mode"] == "auto"
        assert living.written == [
            [(*active, 0)],
            [(*active, 1)],
            [(*threshold, 60)],
            [(*active, 1), (*target, normal)],
            [(*active, 1), (*target, 0)],
        ]


@pytest.mark.parametrize("name", ["humidifier_both"])
async def test_values(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """What is told is shown by both; the action is the current state, the mode the target."""
    for raw, action in {0: "off", 1: "idle", 3: "drying", 2: "humidifying", 9: None}.items():
        living.push(*find(living, _CURRENT), raw)
        for entity_id in (HUMIDIFIER, DEHUMIDIFIER):
            await until_attribute(hass, entity_id, "action", action)
            assert state_of(hass, entity_id).attributes["mode"] == "auto"
    for raw, modes in {1: ("normal", None), 2: (None, "normal"), 7: (None, None)}.items():
        living.push(*find(living, _TARGET), raw)
        await until_attribute(hass, HUMIDIFIER, "mode", modes[0])
        await until_attribute(hass, DEHUMIDIFIER, "mode", modes[1])
    living.push(*find(living, "CURRENT_RELATIVE_HUMIDITY"), 51.5)
    living.push(*find(living, _LOW), 33)
    living.push(*find(living, _HIGH), 66)
    await until_attribute(hass, DEHUMIDIFIER, "humidity", 66)
    assert state_of(hass, HUMIDIFIER).attributes["humidity"] == 33
    for entity_id in (HUMIDIFIER, DEHUMIDIFIER):
        assert state_of(hass, entity_id).attributes["current_humidity"] == 51.5
    living.push(*find(living, _ACTIVE), 0)
    await until_state(hass, HUMIDIFIER, STATE_OFF)
    assert state_of(hass, HUMIDIFIER).attributes["mode"] is None
    living.push(*find(living, _ACTIVE), 3)
    await until_state(hass, DEHUMIDIFIER, STATE_UNKNOWN)


@pytest.mark.parametrize("name", ["dehumidifier"])
async def test_dehumidifier(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """One that only dries is the device, and has no modes where there is but one."""
    state = state_of(hass, DRYER)
    assert state.name == "Dryer"
    assert state.state == STATE_OFF
    assert state.attributes["supported_features"] == 0
    assert "mode" not in state.attributes
    await act(hass, Platform.HUMIDIFIER, "set_humidity", DRYER, humidity=40)
    assert living.written == [[(*find(living, _HIGH), 40)]]


@pytest.mark.parametrize("name", ["humidifier_both"])
async def test_new_description(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """What it is no longer goes, and narrower limits count at once."""
    accessories = read_database("humidifier_both")
    part = accessories[0]["services"][-1]
    part["characteristics"] = [each for each in part["characteristics"] if each["type"] != _LOW]
    for each in part["characteristics"]:
        if each["type"] == _HIGH:
            each.update(minValue=40, maxValue=60)
        if each["type"] == _TARGET:
            each["valid-values"] = [2]
    await redescribe(hass, loaded, living, accessories)
    assert not hass.states.get(HUMIDIFIER)
    attributes = state_of(hass, DEHUMIDIFIER).attributes
    assert (attributes["min_humidity"], attributes["max_humidity"]) == (40, 60)
    assert attributes["supported_features"] == 0
    await redescribe(hass, loaded, living, read_database("humidifier_both"))
    assert state_of(hass, HUMIDIFIER).state == STATE_ON
