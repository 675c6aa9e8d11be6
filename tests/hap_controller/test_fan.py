"""Fans and air purifiers: speeds as percentages, presets, and what switches them on."""

from homeassistant.components.fan import FanEntityFeature as Feature
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.support.rooms import act, state_of, until_attribute, until_state

from .living import (
    Json,
    Living,
    accessory,
    bridged,
    characteristic,
    flush,
    read_database,
    redescribe,
    service,
)

CEILING = "fan.ceiling_fan"
TOWER = "fan.tower"
PURIFIER = "fan.purifier"

_SWITCHED = Feature.TURN_ON | Feature.TURN_OFF


@pytest.mark.parametrize(
    "accessories",
    [
        bridged(
            "fan_three_speeds",
            "fan_quarters",
            "fan_tower",
            "air_purifier",
            "air_conditioner",
            "humidifier_both",
        )
    ],
)
async def test_abilities(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """What a fan has decides what it is able to do; without what switches it there is none."""
    speed, preset = Feature.SET_SPEED, Feature.PRESET_MODE
    for entity_id, features, step in (
        (CEILING, speed | Feature.DIRECTION, 100 / 3),
        ("fan.table_fan", speed, 25),
        ("fan.vent", Feature(0), None),
        (TOWER, speed | Feature.DIRECTION | Feature.OSCILLATE | preset, 100 / 9),
        (PURIFIER, speed | Feature.OSCILLATE | preset, 100 / 3),
    ):
        attributes = state_of(hass, entity_id).attributes
        assert attributes["supported_features"] == features | _SWITCHED
        assert attributes.get("percentage_step") == step
        assert attributes.get("preset_modes") == (["auto"] if preset in features else None)
    assert not hass.states.get("fan.dead_vent")
    # The fans of a climate and of a humidifier are there for those who want them by themselves.
    registry = er.async_get(hass)
    disabled = {
        each.unique_id: each.disabled_by
        for each in er.async_entries_for_config_entry(registry, loaded.entry_id)
        if each.domain == Platform.FAN and each.disabled_by
    }
    assert disabled == {
        f"AA:BB:CC:DD:EE:FF_{place}": er.RegistryEntryDisabler.INTEGRATION
        for place in ("8_30", "9_10")
    }


@pytest.mark.parametrize("name", ["fan_three_speeds"])
async def test_fan_v1(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """A fan with three speeds, which stands still."""
    on, speed, direction = (
        living.find("FAN", name) for name in ("ON", "ROTATION_SPEED", "ROTATION_DIRECTION")
    )
    state = state_of(hass, CEILING)
    assert state.state == STATE_OFF
    assert state.attributes["percentage"] == 0
    assert state.attributes["direction"] == "reverse"
    # A speed switches it on.
    await act(hass, Platform.FAN, "set_percentage", CEILING, percentage=1)
    assert living.written == [[(*on, 1), (*speed, 1)]]
    assert state_of(hass, CEILING).attributes["percentage"] == 33
    table = {25: 1, 33: 1, 34: 1, 50: 2, 66: 2, 67: 2, 75: 2, 100: 3}
    for percentage, raw in table.items():
        await act(hass, Platform.FAN, "set_percentage", CEILING, percentage=percentage)
        assert living.written[-1] == [(*speed, raw)]
    for raw, percentage in {1: 33, 2: 66, 3: 100}.items():
        living.push(*speed, raw)
        await until_attribute(hass, CEILING, "percentage", percentage)
    await act(hass, Platform.FAN, "set_percentage", CEILING, percentage=0)
    assert living.written[-1] == [(*on, 0)]
    assert state_of(hass, CEILING).attributes["percentage"] == 0
    # It comes on at the speed that it has; what has none gets the last one.
    await act(hass, Platform.FAN, "turn_on", CEILING)
    assert living.written[-1] == [(*on, 1)]
    living.push(*speed, 0)
    living.push(*on, False)
    await until_state(hass, CEILING, STATE_OFF)
    await act(hass, Platform.FAN, "turn_on", CEILING)
    assert living.written[-1] == [(*on, 1), (*speed, 3)]
    before = len(living.written)
    await act(hass, Platform.FAN, "turn_on", CEILING)
    assert len(living.written) == before
    await act(hass, Platform.FAN, "turn_on", CEILING, percentage=50)
    assert living.written[-1] == [(*speed, 2)]
    await act(hass, Platform.FAN, "increase_speed", CEILING)
    assert living.written[-1] == [(*speed, 3)]
    await act(hass, Platform.FAN, "turn_off", CEILING)
    assert living.written[-1] == [(*on, 0)]
    await act(hass, Platform.FAN, "turn_on", CEILING, percentage=0)
    assert living.written[-1] == [(*on, 0)]
    # Which way it turns.
    for name, raw in {"forward": 0, "reverse": 1}.items():
        await act(hass, Platform.FAN, "set_direction", CEILING, direction=name)
        assert living.written[-1] == [(*direction, raw)]
        assert state_of(hass, CEILING).attributes["direction"] == name
    living.push(*direction, 5)
    await until_attribute(hass, CEILING, "direction", None)


@pytest.mark.parametrize("name", ["fan_three_speeds"])
async def test_never_seen_turning(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """The speed of a fan that nobody saw turning is left to it."""
    await act(hass, Platform.FAN, "turn_on", CEILING)
    assert living.written == [[(*living.find("FAN", "ON"), 1)]]


@pytest.mark.parametrize("name", ["fan_quarters"])
async def test_steps(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """Steps of a quarter: a low percentage is the least speed."""
    fan, speed = "fan.table_fan", living.find("FAN", "ROTATION_SPEED", aid=2)
    for percentage, raw in {1: 25, 25: 25, 33: 25, 40: 50, 66: 75, 100: 100}.items():
        await act(hass, Platform.FAN, "set_percentage", fan, percentage=percentage)
        assert living.written[-1] == [(*speed, raw)]
        assert state_of(hass, fan).attributes["percentage"] == raw
    # One without speeds is switched, and that is all.
    await act(hass, Platform.FAN, "turn_off", "fan.vent")
    await act(hass, Platform.FAN, "turn_on", "fan.vent", percentage=50)
    on = living.find("FAN", "ON", aid=3)
    assert living.written[-2:] == [[(*on, 0)], [(*on, 1)]]
    assert "percentage" not in state_of(hass, "fan.vent").attributes


@pytest.mark.parametrize("name", ["fan_tower"])
async def test_fan_v2(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """A fan whose least speed is not 0, and that can do as it likes."""
    active, speed, swing, target = (
        living.find("FAN_V2", name)
        for name in ("ACTIVE", "ROTATION_SPEED", "SWING_MODE", "TARGET_FAN_STATE")
    )
    state = state_of(hass, TOWER)
    assert state.state == STATE_ON
    assert state.attributes["percentage"] == 22
    assert state.attributes["oscillating"] is True
    assert state.attributes["preset_mode"] is None
    await act(hass, Platform.FAN, "set_preset_mode", TOWER, preset_mode="auto")
    assert living.written == [[(*target, 1)]]
    assert state_of(hass, TOWER).attributes["preset_mode"] == "auto"
    with pytest.raises(ServiceValidationError):
        await act(hass, Platform.FAN, "set_preset_mode", TOWER, preset_mode="breeze")
    # A speed is set by hand.
    await act(hass, Platform.FAN, "set_percentage", TOWER, percentage=1)
    assert living.written[-1] == [(*speed, 20), (*target, 0)]
    assert state_of(hass, TOWER).attributes["preset_mode"] is None
    assert state_of(hass, TOWER).attributes["percentage"] == 11
    await act(hass, Platform.FAN, "turn_off", TOWER)
    await act(hass, Platform.FAN, "set_percentage", TOWER, percentage=100)
    assert living.written[-2:] == [
        [(*active, 0)],
        [(*active, 1), (*speed, 100), (*target, 0)],
    ]
    await act(hass, Platform.FAN, "turn_off", TOWER)
    await act(hass, Platform.FAN, "turn_on", TOWER, preset_mode="auto")
    assert living.written[-1] == [(*active, 1), (*target, 1)]
    await act(hass, Platform.FAN, "oscillate", TOWER, oscillating=False)
    await act(hass, Platform.FAN, "oscillate", TOWER, oscillating=True)
    assert living.written[-2:] == [[(*swing, 0)], [(*swing, 1)]]
    living.push(*swing, 0)
    await until_attribute(hass, TOWER, "oscillating", False)
    living.push(*swing, 9)
    await until_attribute(hass, TOWER, "oscillating", None)
    living.push(*target, 0)
    await until_attribute(hass, TOWER, "preset_mode", None)
    living.push(*active, 7)
    await until_state(hass, TOWER, STATE_UNKNOWN)
    living.push(*active, 1)
    living.push(*speed, 10)
    await until_attribute(hass, TOWER, "percentage", 11)


@pytest.mark.parametrize("name", ["air_purifier"])
async def test_air_purifier(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """An air purifier in steps of a third, which can do as it likes."""
    active, speed, target = (
        living.find("AIR_PURIFIER", name)
        for name in ("ACTIVE", "ROTATION_SPEED", "TARGET_AIR_PURIFIER_STATE")
    )
    state = state_of(hass, PURIFIER)
    assert state.attributes["percentage"] == 66
    assert state.attributes["preset_mode"] == "auto"
    for percentage, raw in {1: 33.33, 33: 33.33, 60: 66.66, 100: 99.99}.items():
        await act(hass, Platform.FAN, "set_percentage", PURIFIER, percentage=percentage)
        assert living.written[-1] == [(*speed, raw), (*target, 0)]
    assert state_of(hass, PURIFIER).attributes["percentage"] == 100
    await act(hass, Platform.FAN, "turn_off", PURIFIER)
    await act(hass, Platform.FAN, "turn_on", PURIFIER, preset_mode="auto")
    assert living.written[-2:] == [[(*active, 0)], [(*active, 1), (*target, 1)]]
    living.push(*target, 0)
    await until_attribute(hass, PURIFIER, "preset_mode", None)


# --- fans of other things -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["humidifier_both"])
@pytest.mark.usefixtures("all_enabled")
async def test_humidifier_fan(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """The speed of a humidifier is a fan, which is on when that is, and goes when the speed does."""
    fan = "fan.hygro_fan"
    active, speed = (
        living.find("HUMIDIFIER_DEHUMIDIFIER", name) for name in ("ACTIVE", "ROTATION_SPEED")
    )
    assert state_of(hass, fan).attributes["percentage"] == 66
    await act(hass, Platform.FAN, "set_percentage", fan, percentage=100)
    await act(hass, Platform.FAN, "turn_off", fan)
    assert living.written == [[(*speed, 3)], [(*active, 0)]]
    accessories = read_database("humidifier_both")
    parts = accessories[0]["services"][-1]["characteristics"]
    parts[:] = [each for each in parts if each["type"] != "ROTATION_SPEED"]
    await redescribe(hass, loaded, living, accessories)
    assert not hass.states.get(fan)


# --- new descriptions, nonsense -----------------------------------------------------------------


def _tower(**limits: object) -> list[Json]:
    """Describe the tower with other speeds."""
    accessories = read_database("fan_tower")
    for part in accessories[0]["services"][-1]["characteristics"]:
        if part["type"] == "ROTATION_SPEED":
            part.update(limits)
    return accessories


@pytest.mark.parametrize("name", ["fan_tower"])
async def test_new_description(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """Other speeds and abilities count at once; the preset goes where it must not be set."""
    accessories = _tower(minValue=0, maxValue=4, minStep=1, value=2)
    for part in accessories[0]["services"][-1]["characteristics"]:
        if part["type"] == "TARGET_FAN_STATE":
            part["valid-values"] = [0]
    await redescribe(hass, loaded, living, accessories)
    await flush(hass, loaded)
    attributes = state_of(hass, TOWER).attributes
    assert attributes["percentage"] == 50
    assert attributes["percentage_step"] == 25
    assert Feature.PRESET_MODE not in Feature(attributes["supported_features"])
    await act(hass, Platform.FAN, "set_percentage", TOWER, percentage=75)
    assert living.written == [[(*living.find("FAN_V2", "ROTATION_SPEED"), 3)]]


@pytest.mark.parametrize(
    "accessories",
    [
        [
            accessory(
                "Fan",
                service(
                    "FAN_V2",
                    characteristic("ACTIVE"),
                    characteristic("ROTATION_SPEED", "fast", format="string"),
                    characteristic("SWING_MODE", [1], format="array"),
                    characteristic("TARGET_FAN_STATE", 9),
                ),
            )
        ]
    ],
)
async def test_nonsense(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """Values that are none are unknown; what is unknown is switched on."""
    state = state_of(hass, "fan.fan")
    assert state.state == STATE_UNKNOWN
    for name in ("percentage", "oscillating", "preset_mode"):
        assert state.attributes[name] is None
    await act(hass, Platform.FAN, "turn_on", "fan.fan")
    assert living.written == [[(*living.find("FAN_V2", "ACTIVE"), 1)]]
