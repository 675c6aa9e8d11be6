"""Thermostats, heaters and coolers: modes, temperatures and ranges, fans, presets."""

from typing import Any

from homeassistant.components.climate import ClimateEntityFeature as Feature
from homeassistant.const import STATE_OFF, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util.unit_system import US_CUSTOMARY_SYSTEM
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.support.rooms import act, pass_time, setup, state_of, until_attribute, until_state

from .living import (
    Json,
    Living,
    accessory,
    bridged,
    characteristic,
    flush,
    poll,
    read_database,
    redescribe,
    service,
)

HALL = "climate.hall"
RADIATOR = "climate.radiator"
BEDROOM = "climate.bedroom"

_SWITCHED = Feature.TURN_ON | Feature.TURN_OFF
_ONE = Feature.TARGET_TEMPERATURE
_TWO = Feature.TARGET_TEMPERATURE_RANGE


class Parts:
    """The characteristics of the service of a climate by short names."""

    def __init__(self, living: Living, type_: str, *, aid: int = 1) -> None:
        """Begin with a living accessory."""
        self._of = living, type_, aid

    def __getattr__(self, name: str) -> tuple[int, int]:
        """Find a characteristic."""
        names = {
            "mode": "TARGET_HEATING_COOLING_STATE",
            "action": "CURRENT_HEATING_COOLING_STATE",
            "own_mode": "TARGET_HEATER_COOLER_STATE",
            "own_action": "CURRENT_HEATER_COOLER_STATE",
            "target": "TARGET_TEMPERATURE",
            "low": "HEATING_THRESHOLD_TEMPERATURE",
            "high": "COOLING_THRESHOLD_TEMPERATURE",
            "fan": "TARGET_FAN_STATE",
            "speed": "ROTATION_SPEED",
            "swing": "SWING_MODE",
            "active": "ACTIVE",
        }
        living, type_, aid = self._of
        return living.find(type_, names.get(name, name), aid=aid)


@pytest.fixture
def thermostat(living: Living) -> Parts:
    """Give the thermostat of the accessory."""
    return Parts(living, "THERMOSTAT")


@pytest.fixture
def cooler(living: Living) -> Parts:
    """Give the heater or cooler of the accessory."""
    return Parts(living, "HEATER_COOLER")


def shown(hass: HomeAssistant, entity_id: str, *names: str) -> dict[str, Any]:
    """Give some attributes, without those that are not there."""
    attributes = state_of(hass, entity_id).attributes
    return {name: attributes[name] for name in names if name in attributes}


def targets(hass: HomeAssistant, entity_id: str) -> tuple[Any, Any, Any]:
    """Give the target temperature, and the range."""
    found = shown(hass, entity_id, "temperature", "target_temp_low", "target_temp_high")
    assert len(found) in (1, 3)
    return tuple(found.values()) if len(found) > 1 else (*found.values(), None, None)  # type: ignore[return-value]


def limits(hass: HomeAssistant, entity_id: str) -> tuple[float, float, float | None]:
    """Give what can be set: from, to, in which steps."""
    attributes = state_of(hass, entity_id).attributes
    return attributes["min_temp"], attributes["max_temp"], attributes["target_temp_step"]


# --- abilities ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "accessories",
    [
        bridged(
            "thermostat_fan",
            "thermostat_valve",
            "ecobee",
            "air_conditioner",
            "cooler_speeds",
            "heater_without_active",
            "shower_heater",
        )
    ],
)
async def test_abilities(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """What a climate has decides what it is able to do; without any mode there is none."""
    modes = ["off", "heat", "cool", "heat_cool"]
    fan, humid = Feature.FAN_MODE, Feature.TARGET_HUMIDITY
    expected = {
        HALL: (_SWITCHED | _ONE | _TWO | humid | fan, modes),
        RADIATOR: (_SWITCHED | _ONE, modes[:2]),
        "climate.homew_thermostat": (
            _SWITCHED | _ONE | _TWO | humid | Feature.PRESET_MODE,
            modes,
        ),
        BEDROOM: (
            _SWITCHED | _ONE | _TWO | fan | Feature.SWING_MODE,
            ["heat_cool", "heat", "cool", "off"],
        ),
        "climate.study": (_SWITCHED | _ONE | fan, ["cool", "off"]),
        "climate.salon": (_SWITCHED | _ONE | fan, ["heat_cool", "heat", "cool", "off"]),
        "climate.floor": (_ONE, ["heat_cool", "heat", "cool"]),
        "climate.sauna": (_SWITCHED | _ONE, modes),
        "climate.boiler": (_SWITCHED | _ONE, ["heat_cool", "off"]),
    }
    assert {
        state.entity_id: (state.attributes["supported_features"], state.attributes["hvac_modes"])
        for state in hass.states.async_all(Platform.CLIMATE)
    } == expected


# --- thermostats --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["thermostat_fan"])
async def test_thermostat_modes(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, thermostat: Parts
) -> None:
    """The mode decides what it works towards, and within which limits."""
    one, two = (10, 38, 0.1), (0, 35, 0.1)
    for raw, mode, temperatures, expected in (
        (3, "heat_cool", (None, 19, 25), two),
        (1, "heat", (20, None, None), one),
        (2, "cool", (20, None, None), one),
        (0, "off", (None, None, None), one),
        (7, STATE_UNKNOWN, (None, None, None), one),
    ):
        living.push(*thermostat.mode, raw)
        await until_state(hass, HALL, mode)
        assert targets(hass, HALL) == temperatures
        assert limits(hass, HALL) == expected
    for mode, raw in {"heat": 1, "cool": 2, "heat_cool": 3, "off": 0}.items():
        await act(hass, Platform.CLIMATE, "set_hvac_mode", HALL, hvac_mode=mode)
        assert living.written[-1] == [(*thermostat.mode, raw)]
        assert state_of(hass, HALL).state == mode
    await act(hass, Platform.CLIMATE, "turn_on", HALL)
    assert living.written[-1] == [(*thermostat.mode, 3)]
    await act(hass, Platform.CLIMATE, "turn_off", HALL)
    assert living.written[-1] == [(*thermostat.mode, 0)]


@pytest.mark.parametrize("name", ["thermostat_fan"])
async def test_thermostat_action(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, thermostat: Parts
) -> None:
    """What it does: its fan may run while it is idle; what is off does not heat, whatever it says."""
    for mode, now, fan, action in (
        (1, 0, 0, "idle"),
        (1, 0, 1, "idle"),
        (1, 0, 2, "fan"),
        (1, 1, 2, "heating"),
        (2, 2, 2, "cooling"),
        (0, 0, 2, "fan"),
        (0, 0, 0, "off"),
        (0, 1, 0, "off"),
        (0, 1, 2, "off"),
        (1, 9, 0, None),
        (0, 9, 0, "off"),
    ):
        living.push(*thermostat.mode, mode)
        living.push(*thermostat.action, now)
        living.push(*thermostat.CURRENT_FAN_STATE, fan)
        await flush(hass, loaded)
        found = shown(hass, HALL, "hvac_action").get("hvac_action")
        assert found == action, (mode, now, fan)


@pytest.mark.parametrize("name", ["thermostat_fan"])
async def test_thermostat_temperatures(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, thermostat: Parts
) -> None:
    """What is asked for is written, with the mode if it is another one, in one request; and nothing else."""
    low, high, target, mode = thermostat.low, thermostat.high, thermostat.target, thermostat.mode

    async def written(**asked: Any) -> list[tuple[int, int, Any]]:
        await act(hass, Platform.CLIMATE, "set_temperature", HALL, **asked)
        return living.written[-1]

    # In a range.
    both = {"target_temp_low": 18.04, "target_temp_high": 24}
    assert await written(**both) == [(*low, 18), (*high, 24)]
    assert targets(hass, HALL) == (None, 18, 24)
    assert await written(temperature=21) == [(*target, 21)]
    # In another mode, one that there is and one that is asked for.
    assert await written(temperature=22.5, hvac_mode="heat") == [(*mode, 1), (*target, 22.5)]
    assert targets(hass, HALL) == (22.5, None, None)
    assert await written(temperature=23, hvac_mode="heat") == [(*target, 23)]
    assert await written(**both) == [(*low, 18), (*high, 24)]
    assert state_of(hass, HALL).state == "heat"
    assert await written(hvac_mode="heat_cool", **both) == [(*mode, 3), (*low, 18), (*high, 24)]
    assert await written(hvac_mode="off", temperature=20) == [(*mode, 0), (*target, 20)]
    assert await written(temperature=19) == [(*target, 19)]
    for name, part, value in (("target", target, 15.5), ("low", low, 17), ("high", high, 26)):
        living.push(*part, value)
        assert name
    living.push(*mode, 3)
    await until_attribute(hass, HALL, "target_temp_high", 26)
    assert targets(hass, HALL) == (None, 17, 26)
    living.push(*mode, 1)
    await until_attribute(hass, HALL, "temperature", 15.5)


@pytest.mark.parametrize("name", ["thermostat_fan"])
async def test_thermostat_one_bound(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, thermostat: Parts
) -> None:
    """One end of a range is written alone."""
    entity = hass.data["entity_components"][Platform.CLIMATE].get_entity(HALL)
    await entity.async_set_temperature(target_temp_low=16)
    await entity.async_set_temperature(target_temp_high=27)
    assert living.written == [[(*thermostat.low, 16)], [(*thermostat.high, 27)]]
    assert targets(hass, HALL) == (None, 16, 27)


@pytest.mark.parametrize("name", ["thermostat_fan"])
async def test_thermostat_air(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, thermostat: Parts
) -> None:
    """Temperature and humidity of the air, the humidity to work towards, and the fan."""
    assert shown(
        hass, HALL, "current_temperature", "current_humidity", "humidity", "fan_mode", "fan_modes"
    ) == {
        "current_temperature": 21,
        "current_humidity": 44,
        "humidity": 50,
        "fan_mode": "auto",
        "fan_modes": ["on", "auto"],
    }
    assert shown(hass, HALL, "min_humidity", "max_humidity") == {
        "min_humidity": 30,
        "max_humidity": 99,
    }
    await act(hass, Platform.CLIMATE, "set_humidity", HALL, humidity=40)
    await act(hass, Platform.CLIMATE, "set_fan_mode", HALL, fan_mode="on")
    await act(hass, Platform.CLIMATE, "set_fan_mode", HALL, fan_mode="auto")
    assert living.written == [
        [(*thermostat.TARGET_RELATIVE_HUMIDITY, 40)],
        [(*thermostat.fan, 0)],
        [(*thermostat.fan, 1)],
    ]
    living.push(*thermostat.CURRENT_TEMPERATURE, 20.56)
    living.push(*thermostat.CURRENT_RELATIVE_HUMIDITY, 47)
    living.push(*thermostat.TARGET_RELATIVE_HUMIDITY, 41.4)
    living.push(*thermostat.fan, 0)
    await until_attribute(hass, HALL, "fan_mode", "on")
    assert shown(hass, HALL, "current_temperature", "current_humidity", "humidity") == {
        "current_temperature": 20.6,
        "current_humidity": 47,
        "humidity": 41,
    }
    living.push(*thermostat.fan, 4)
    await until_attribute(hass, HALL, "fan_mode", None)


@pytest.mark.parametrize("name", ["thermostat_valve"])
async def test_radiator(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, thermostat: Parts
) -> None:
    """A valve with two modes: on is the other one, and the limits stay when it is off."""
    state = state_of(hass, RADIATOR)
    assert state.state == STATE_OFF
    assert state.attributes["hvac_action"] == "off"  # although it claims to heat
    assert limits(hass, RADIATOR) == (5, 30, 0.5)
    await act(hass, Platform.CLIMATE, "turn_on", RADIATOR)
    assert living.written == [[(*thermostat.mode, 1)]]
    assert limits(hass, RADIATOR) == (5, 30, 0.5)
    assert state_of(hass, RADIATOR).attributes["hvac_action"] == "heating"
    await act(hass, Platform.CLIMATE, "set_temperature", RADIATOR, temperature=20.3)
    assert living.written[-1] == [(*thermostat.target, 20.5)]
    for mode in ("cool", "heat_cool"):
        with pytest.raises(ServiceValidationError):
            await act(
                hass,
                Platform.CLIMATE,
                "set_temperature",
                RADIATOR,
                temperature=20,
                hvac_mode=mode,
            )
    assert len(living.written) == 2


@pytest.mark.parametrize("name", ["thermostat_range"])
async def test_range_only(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, thermostat: Parts
) -> None:
    """One without a target of its own has the thresholds for one; in a range it takes two."""
    office = "climate.office"
    assert targets(hass, office) == (None, 19, 25)
    assert limits(hass, office) == (10, 30, 0.1)
    with pytest.raises(ServiceValidationError) as caught:
        await act(hass, Platform.CLIMATE, "set_temperature", office, temperature=20)
    assert caught.value.translation_key == "range_needed"
    for mode, raw, part, edges in (
        ("heat", 1, thermostat.low, (10, 26)),
        ("cool", 2, thermostat.high, (16, 30)),
    ):
        await act(hass, Platform.CLIMATE, "set_temperature", office, temperature=22, hvac_mode=mode)
        assert living.written[-1] == [(*thermostat.mode, raw), (*part, 22)]
        assert targets(hass, office) == (22, None, None)
        assert limits(hass, office)[:2] == edges


@pytest.mark.parametrize("name", ["ecobee"])
async def test_presets(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, thermostat: Parts
) -> None:
    """The comfort settings of an ecobee; what was set by hand is shown, and cannot be chosen."""
    ecobee = "climate.homew_thermostat"
    comfort = living.find("THERMOSTAT", "ECOBEE_CURRENT_MODE")
    hold = living.find("THERMOSTAT", "ECOBEE_SET_HOLD_SCHEDULE")
    assert shown(hass, ecobee, "preset_mode", "preset_modes") == {
        "preset_mode": "home",
        "preset_modes": ["home", "sleep", "away"],
    }
    for preset, raw in {"sleep": 1, "away": 2, "home": 0}.items():
        await act(hass, Platform.CLIMATE, "set_preset_mode", ecobee, preset_mode=preset)
        assert living.written[-1] == [(*hold, raw)]
    # It tells what it follows when it is asked, soon after.
    living.set(*comfort, 2)
    pass_time(hass, 3)
    await until_attribute(hass, ecobee, "preset_mode", "away")
    with pytest.raises(ServiceValidationError):
        await act(hass, Platform.CLIMATE, "set_preset_mode", ecobee, preset_mode="temporary")
    living.set(*comfort, 3)
    await poll(hass, loaded, living)
    assert shown(hass, ecobee, "preset_mode", "preset_modes") == {
        "preset_mode": "temporary",
        "preset_modes": ["home", "sleep", "away", "temporary"],
    }
    before = len(living.written)
    await act(hass, Platform.CLIMATE, "set_preset_mode", ecobee, preset_mode="temporary")
    assert len(living.written) == before
    living.set(*comfort, 8)
    await poll(hass, loaded, living)
    assert state_of(hass, ecobee).attributes["preset_mode"] is None


@pytest.mark.parametrize(
    "accessories", [bridged("thermostat_fan", "thermostat_valve", "cooler_speeds")]
)
async def test_fahrenheit(hass: HomeAssistant, entry: MockConfigEntry, living: Living) -> None:
    """Where people think in °F each step is one that can be seen, and what is set is what is shown."""
    hass.config.units = US_CUSTOMARY_SYSTEM
    await setup(hass, entry)
    steps = {"climate.hall": 1, RADIATOR: 1, "climate.study": 2}
    for entity_id, step in steps.items():
        assert limits(hass, entity_id)[2] == step
        await act(hass, Platform.CLIMATE, "turn_on", entity_id)
        if entity_id == HALL:
            await act(hass, Platform.CLIMATE, "set_hvac_mode", HALL, hvac_mode="heat")
        shown_before = None
        for wanted in range(67, 79, step):
            await act(hass, Platform.CLIMATE, "set_temperature", entity_id, temperature=wanted)
            now = targets(hass, entity_id)[0]
            assert abs(now - wanted) <= step / 2
            assert now != shown_before
            shown_before = now
    assert limits(hass, HALL)[:2] == (50, 100)


# --- heaters and coolers ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["air_conditioner"])
async def test_cooler_modes(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, cooler: Parts
) -> None:
    """Mode and power go together, and the mode decides what it works towards."""
    assert state_of(hass, BEDROOM).state == "cool"
    for raw, mode, temperatures, expected in (
        (2, "cool", (24, None, None), (16, 31, 0.5)),
        (1, "heat", (20, None, None), (14, 30, 0.5)),
        (0, "heat_cool", (None, 20, 24), (14, 31, 0.5)),
        (9, STATE_UNKNOWN, (None, None, None), (14, 30, 0.5)),
    ):
        living.push(*cooler.own_mode, raw)
        await until_state(hass, BEDROOM, mode)
        assert targets(hass, BEDROOM) == temperatures
        assert limits(hass, BEDROOM) == expected
    for mode, raw in {"heat": 1, "cool": 2, "heat_cool": 0}.items():
        await act(hass, Platform.CLIMATE, "set_hvac_mode", BEDROOM, hvac_mode=mode)
        assert living.written[-1] == [(*cooler.active, 1), (*cooler.own_mode, raw)]
        assert state_of(hass, BEDROOM).state == mode
    await act(hass, Platform.CLIMATE, "set_hvac_mode", BEDROOM, hvac_mode="off")
    assert living.written[-1] == [(*cooler.active, 0)]
    assert state_of(hass, BEDROOM).state == STATE_OFF
    assert targets(hass, BEDROOM) == (None, 20, 24)  # what it goes on with
    await act(hass, Platform.CLIMATE, "turn_on", BEDROOM)
    assert living.written[-1] == [(*cooler.active, 1)]
    assert state_of(hass, BEDROOM).state == "heat_cool"
    await act(hass, Platform.CLIMATE, "turn_off", BEDROOM)
    assert living.written[-1] == [(*cooler.active, 0)]
    living.push(*cooler.active, 5)
    await until_state(hass, BEDROOM, STATE_UNKNOWN)


@pytest.mark.parametrize("name", ["air_conditioner"])
async def test_cooler_action(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, cooler: Parts
) -> None:
    """What it does; while it is off it does nothing, whatever it says."""
    for active, raw, action in (
        (1, 0, "off"),
        (1, 1, "idle"),
        (1, 2, "heating"),
        (1, 3, "cooling"),
        (0, 3, "off"),
        (1, 8, None),
    ):
        living.push(*cooler.active, active)
        living.push(*cooler.own_action, raw)
        await flush(hass, loaded)
        assert shown(hass, BEDROOM, "hvac_action").get("hvac_action") == action


@pytest.mark.parametrize("name", ["air_conditioner"])
async def test_cooler_temperatures(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, cooler: Parts
) -> None:
    """The threshold of the mode is set, or both, with the mode in one request."""

    async def written(**asked: Any) -> list[tuple[int, int, Any]]:
        await act(hass, Platform.CLIMATE, "set_temperature", BEDROOM, **asked)
        return living.written[-1]

    active, mode = (*cooler.active, 1), cooler.own_mode
    both = {"target_temp_low": 19, "target_temp_high": 25.3}
    assert await written(temperature=23.3) == [(*cooler.high, 23.5)]
    assert targets(hass, BEDROOM) == (23.5, None, None)
    assert await written(temperature=21, hvac_mode="heat") == [
        active,
        (*mode, 1),
        (*cooler.low, 21),
    ]
    assert await written(temperature=22) == [(*cooler.low, 22)]
    assert await written(**both, hvac_mode="heat_cool") == [
        active,
        (*mode, 0),
        (*cooler.low, 19),
        (*cooler.high, 25.5),
    ]
    assert targets(hass, BEDROOM) == (None, 19, 25.5)
    assert await written(**both) == [(*cooler.low, 19), (*cooler.high, 25.5)]
    before = len(living.written)
    with pytest.raises(ServiceValidationError):
        await written(temperature=22)
    assert len(living.written) == before
    assert await written(hvac_mode="cool", temperature=20) == [
        active,
        (*mode, 2),
        (*cooler.high, 20),
    ]
    assert await written(hvac_mode="off", temperature=20) == [
        (*cooler.active, 0),
        (*cooler.high, 20),
    ]
    assert await written(temperature=26) == [(*cooler.high, 26)]


@pytest.mark.parametrize("name", ["air_conditioner"])
async def test_cooler_fan(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, cooler: Parts
) -> None:
    """Three names for many speeds; the fan that goes with it can do as it likes."""
    target = living.find("FAN_V2", "TARGET_FAN_STATE")
    assert shown(hass, BEDROOM, "fan_mode", "fan_modes", "swing_mode", "swing_modes") == {
        "fan_mode": "medium",
        "fan_modes": ["off", "low", "medium", "high", "auto"],
        "swing_mode": "off",
        "swing_modes": ["off", "vertical"],
    }
    for mode, speed in {"low": 33, "medium": 66, "high": 100, "off": 0}.items():
        await act(hass, Platform.CLIMATE, "set_fan_mode", BEDROOM, fan_mode=mode)
        assert living.written[-1] == [(*cooler.speed, speed), (*target, 0)]
        assert state_of(hass, BEDROOM).attributes["fan_mode"] == mode
    for speed, mode in {
        0: "off",
        1: "low",
        33: "low",
        34: "medium",
        66: "medium",
        67: "high",
    }.items():
        living.push(*cooler.speed, speed)
        await flush(hass, loaded)
        assert state_of(hass, BEDROOM).attributes["fan_mode"] == mode
    await act(hass, Platform.CLIMATE, "set_fan_mode", BEDROOM, fan_mode="auto")
    assert living.written[-1] == [(*target, 1)]
    assert state_of(hass, BEDROOM).attributes["fan_mode"] == "auto"
    living.push(*target, 0)
    await until_attribute(hass, BEDROOM, "fan_mode", "high")
    for mode, raw in {"vertical": 1, "off": 0}.items():
        await act(hass, Platform.CLIMATE, "set_swing_mode", BEDROOM, swing_mode=mode)
        assert living.written[-1] == [(*cooler.swing, raw)]
        assert state_of(hass, BEDROOM).attributes["swing_mode"] == mode
    living.push(*cooler.swing, 4)
    await until_attribute(hass, BEDROOM, "swing_mode", None)


@pytest.mark.parametrize("name", ["cooler_speeds"])
async def test_few_speeds(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """Few speeds are named one by one; what has no speed of 0 is not switched off by it."""
    study, salon = Parts(living, "HEATER_COOLER", aid=2), Parts(living, "HEATER_COOLER", aid=3)
    assert shown(hass, "climate.study", "fan_mode", "fan_modes") == {
        "fan_mode": "medium",
        "fan_modes": ["off", "low", "medium", "high"],
    }
    assert limits(hass, "climate.study") == (10, 35, 1)
    for mode, raw in {"low": 1, "medium": 2, "high": 3, "off": 0}.items():
        await act(hass, Platform.CLIMATE, "set_fan_mode", "climate.study", fan_mode=mode)
        assert living.written[-1] == [(*study.speed, raw)]
        assert state_of(hass, "climate.study").attributes["fan_mode"] == mode
    assert shown(hass, "climate.salon", "fan_mode", "fan_modes") == {
        "fan_mode": "2",
        "fan_modes": ["1", "2", "3", "4", "5"],
    }
    await act(hass, Platform.CLIMATE, "set_fan_mode", "climate.salon", fan_mode="5")
    assert living.written[-1] == [(*salon.speed, 100)]
    living.push(*salon.speed, 0)
    await until_attribute(hass, "climate.salon", "fan_mode", None)
    # Without any threshold there is the one temperature.
    assert targets(hass, "climate.salon") == (22, None, None)
    assert limits(hass, "climate.salon") == (16, 30, 1)
    await act(hass, Platform.CLIMATE, "set_temperature", "climate.salon", temperature=25)
    assert living.written[-1] == [(*salon.target, 25)]


@pytest.mark.parametrize(
    "accessories",
    [
        [
            accessory(
                "Loft",
                service(
                    "HEATER_COOLER",
                    characteristic("ACTIVE", 1),
                    characteristic("TARGET_HEATER_COOLER_STATE", 2),
                    characteristic("COOLING_THRESHOLD_TEMPERATURE", 22),
                    linked=[30],
                ),
                service(
                    "FAN_V2",
                    characteristic("ACTIVE", 1),
                    characteristic("ROTATION_SPEED", 2, maxValue=2),
                    iid=30,
                ),
            )
        ]
    ],
)
async def test_linked_fan(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """The speed may be that of the fan that goes with it; the climate is the device all the same."""
    assert shown(hass, "climate.loft", "fan_mode", "fan_modes") == {
        "fan_mode": "2",
        "fan_modes": ["off", "1", "2"],
    }
    speed = living.find("FAN_V2", "ROTATION_SPEED")
    await act(hass, Platform.CLIMATE, "set_fan_mode", "climate.loft", fan_mode="1")
    assert living.written == [[(*speed, 1)]]
    living.push(*speed, 0)
    await until_attribute(hass, "climate.loft", "fan_mode", "off")


@pytest.mark.parametrize("name", ["heater_without_active"])
async def test_without_active(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """Without power there is no off; one that speaks as a thermostat is one."""
    floor, sauna = Parts(living, "HEATER_COOLER", aid=2), Parts(living, "HEATER_COOLER", aid=3)
    assert state_of(hass, "climate.floor").state == "heat"
    assert state_of(hass, "climate.floor").attributes["hvac_action"] == "heating"
    await act(hass, Platform.CLIMATE, "set_hvac_mode", "climate.floor", hvac_mode="heat_cool")
    assert living.written[-1] == [(*floor.own_mode, 0)]
    # The only threshold is the target in each mode.
    assert targets(hass, "climate.floor") == (22, None, None)
    await act(
        hass,
        Platform.CLIMATE,
        "set_temperature",
        "climate.floor",
        temperature=24,
        hvac_mode="cool",
    )
    assert living.written[-1] == [(*floor.own_mode, 2), (*floor.low, 24)]
    assert state_of(hass, "climate.sauna").state == "heat"
    await act(hass, Platform.CLIMATE, "turn_off", "climate.sauna")
    assert living.written[-1] == [(*sauna.mode, 0)]


@pytest.mark.parametrize("name", ["shower_heater"])
async def test_shower(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, cooler: Parts
) -> None:
    """A shower stays in one mode with one threshold, which is its target."""
    boiler = "climate.boiler"
    assert state_of(hass, boiler).state == "heat_cool"
    assert targets(hass, boiler) == (38, None, None)
    assert limits(hass, boiler) == (30, 50, 0.5)
    await act(hass, Platform.CLIMATE, "set_temperature", boiler, temperature=41)
    await act(hass, Platform.CLIMATE, "turn_off", boiler)
    assert living.written == [[(*cooler.low, 41)], [(*cooler.active, 0)]]
    assert targets(hass, boiler) == (41, None, None)


# --- new descriptions, nonsense -----------------------------------------------------------------


@pytest.mark.parametrize("name", ["heater_without_active"])
async def test_new_description(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """Modes and limits follow; one that speaks otherwise becomes another, under the same unique id."""
    accessories = read_database("heater_without_active")
    floor, sauna, nothing = (accessories[each]["services"][-1] for each in (1, 2, 3))
    floor["characteristics"].append(characteristic("ACTIVE", 1))
    for part in floor["characteristics"]:
        if part["type"] == "TARGET_HEATER_COOLER_STATE":
            part["valid-values"] = [1]
        if part["type"] == "HEATING_THRESHOLD_TEMPERATURE":
            part["maxValue"] = 30
    sauna["characteristics"].append(characteristic("TARGET_HEATER_COOLER_STATE", 1))
    nothing["characteristics"].append(characteristic("TARGET_HEATER_COOLER_STATE", 2))
    await redescribe(hass, loaded, living, accessories)
    assert state_of(hass, "climate.floor").attributes["hvac_modes"] == ["heat", "off"]
    assert limits(hass, "climate.floor") == (0, 30, 0.1)
    assert state_of(hass, "climate.sauna").attributes["hvac_modes"][-1] == "off"
    assert state_of(hass, "climate.nothing").state == "cool"
    await act(hass, Platform.CLIMATE, "turn_off", "climate.sauna")
    assert living.written == [[(*living.find("HEATER_COOLER", "ACTIVE", aid=3), 0)]]


def _nonsense() -> list[Json]:
    odd: dict[str, Any] = {"format": "dict"}
    return [
        accessory(
            "Odd 1",
            service(
                "THERMOSTAT",
                characteristic("TARGET_HEATING_COOLING_STATE", {"a": 1}, **odd),
                characteristic("CURRENT_HEATING_COOLING_STATE", [2], format="array"),
                characteristic("TARGET_TEMPERATURE", 20, minValue=30, maxValue=10),
                characteristic("CURRENT_TEMPERATURE", "warm", format="string"),
                characteristic("TARGET_FAN_STATE", {"a": 1}, **odd),
                characteristic("TARGET_RELATIVE_HUMIDITY"),
            ),
        ),
        accessory(
            "Odd 2",
            service(
                "HEATER_COOLER",
                characteristic("ACTIVE"),
                characteristic("TARGET_HEATER_COOLER_STATE", 1.5, format="float"),
                characteristic("ROTATION_SPEED", "x", format="string"),
                characteristic("SWING_MODE", {"a": 1}, **odd),
                characteristic("HEATING_THRESHOLD_TEMPERATURE"),
                linked=[99],
            ),
            aid=2,
        ),
        # Without any temperature it still has modes.
        accessory(
            "Odd 3",
            service("HEATER_COOLER", characteristic("TARGET_HEATER_COOLER_STATE", 1)),
            aid=3,
        ),
        # What can be nothing but off is not switched.
        accessory(
            "Odd 4",
            service(
                "THERMOSTAT",
                characteristic("TARGET_HEATING_COOLING_STATE", 0, valid_values=[0]),
                characteristic("TARGET_TEMPERATURE", 20),
            ),
            aid=4,
        ),
    ]


@pytest.mark.parametrize("accessories", [_nonsense()])
async def test_nonsense(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Values that are none are unknown, limits that are none are the usual ones."""
    for entity_id in ("climate.odd_1", "climate.odd_2"):
        state = state_of(hass, entity_id)
        assert state.state == STATE_UNKNOWN
        assert state.attributes["fan_mode"] is None
        assert targets(hass, entity_id) == (None, None, None)
        assert "hvac_action" not in state.attributes
    assert limits(hass, "climate.odd_1")[:2] == (7, 35)
    assert state_of(hass, "climate.odd_3").state == "heat"
    assert state_of(hass, "climate.odd_3").attributes["supported_features"] == 0
    assert state_of(hass, "climate.odd_4").attributes["supported_features"] == _ONE
