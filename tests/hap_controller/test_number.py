"""Numbers: every row up to the state and down to what is written."""

from typing import Any

from homeassistant.components.number import ATTR_VALUE, SERVICE_SET_VALUE
from homeassistant.const import STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hap_controller.const import CONF_ALL_CHARACTERISTICS
from custom_components.hap_controller.number import ROWS
from custom_components.hap_controller.protocol import HapStatus
from tests.support.rooms import act, state_of

from .living import Json, Living, characteristic, flush, redescribe, service
from .rows import FIRST_AID, WRITE, bridge_of, entity_id_of, entity_ids_of, uuid_of

# Service, characteristic, format, limits as described, limits as shown, what is set and what is written.
CASES: list[tuple[str, str, str, dict[str, Any], tuple[float, float, float], float, Any]] = [
    ("VALVE", "SET_DURATION", "uint32", {}, (0, 3600, 1), 299.6, 300),
    (
        "LOCK_MANAGEMENT",
        "LOCK_MANAGEMENT_AUTO_SECURITY_TIMEOUT",
        "uint32",
        {},
        (0, 86400, 1),
        600,
        600,
    ),
    ("MICROPHONE", "VOLUME", "uint8", {"minStep": 10}, (0, 100, 10), 44, 40),
    ("SPEAKER", "VOLUME", "uint8", {}, (0, 100, 1), 45, 45),
    ("OUTLET", "VOCOLINC_HUMIDIFIER_SPRAY_LEVEL", "uint8", {}, (1, 5, 1), 5, 5),
    ("OUTLET", "EVE_DEGREE_ELEVATION", "int", {}, (-450, 9000, 1), -12, -12),
    ("OUTLET", "EVE_MOTION_DURATION", "uint16", {"minValue": 5}, (5, 3600, 1), 5, 5),
    ("OUTLET", "AQARA_GATEWAY_VOLUME", "uint32", {}, (0, 100, 1), 77, 77),
    (
        "OUTLET",
        "AQARA_E1_GATEWAY_VOLUME",
        "int",
        {"minValue": -20, "maxValue": 0},
        (-20, 0, 1),
        -20,
        -20,
    ),
    ("THERMOSTAT", "ECOBEE_HOME_TARGET_HEAT", "float", {}, (7.2, 26.1, 0.1), 21.3, 21.3),
    ("THERMOSTAT", "ECOBEE_HOME_TARGET_COOL", "float", {}, (18.3, 33.3, 0.1), 25, 25.0),
    ("THERMOSTAT", "ECOBEE_SLEEP_TARGET_HEAT", "float", {}, (7.2, 26.1, 0.1), 17.8, 17.8),
    ("THERMOSTAT", "ECOBEE_SLEEP_TARGET_COOL", "float", {}, (18.3, 33.3, 0.1), 26, 26.0),
    ("THERMOSTAT", "ECOBEE_AWAY_TARGET_HEAT", "float", {}, (7.2, 26.1, 0.1), 15, 15.0),
    ("THERMOSTAT", "ECOBEE_AWAY_TARGET_COOL", "float", {}, (18.3, 33.3, 0.1), 29, 29.0),
    ("THERMOSTAT", "ECOBEE_FAN_WRITE_SPEED", "uint8", {}, (0, 100, 1), 50, 50),
]


def described(service_type: str, name: str, format_: str, limits: dict[str, Any]) -> Json:
    """Describe a service with just one number, of whose limits the catalogue fills in none."""
    told = {"minValue": None, "maxValue": None, "minStep": None, **limits}
    return service(
        service_type,
        characteristic(uuid_of(name), 1, perms=WRITE, format=format_, iid=100, **told),
    )


def test_all_rows() -> None:
    """Each row has a case."""
    assert {uuid_of(name) for _, name, *_ in CASES} == set(ROWS)


@pytest.mark.usefixtures("all_enabled")
@pytest.mark.parametrize(
    "accessories", [bridge_of(described(*case[:4]) for case in CASES)], ids=["all"]
)
async def test_rows(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """Each row has the limits of the accessory, else usual ones; what is set is written, what is pushed is shown."""
    for aid, (_, name, *_, shown, value, written) in enumerate(CASES, FIRST_AID):
        (entity_id,) = entity_ids_of(hass, Platform.NUMBER, aid)
        state = state_of(hass, entity_id)
        assert (name, *(state.attributes[key] for key in ("min", "max", "step"))) == (name, *shown)
        await act(hass, Platform.NUMBER, SERVICE_SET_VALUE, entity_id, **{ATTR_VALUE: value})
        assert living.written[-1] == [(aid, 100, written)]
        assert float(state_of(hass, entity_id).state) == written
        living.push(aid, 100, 3)
        await flush(hass, loaded)
        assert float(state_of(hass, entity_id).state) == 3
    assert len(living.written) == len(CASES)


MODES: list[tuple[dict[str, Any], str]] = [
    ({"maxValue": 256}, "slider"),
    ({"maxValue": 257}, "box"),
    ({"maxValue": 7200, "minStep": 60}, "slider"),
    # Limits that contradict each other.
    ({"minValue": 9, "maxValue": 3}, "slider"),
    ({"minStep": 0}, "box"),
]


@pytest.mark.parametrize(
    "accessories",
    [bridge_of(described("VALVE", "SET_DURATION", "uint32", limits) for limits, _ in MODES)],
    ids=["all"],
)
async def test_modes(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Few steps are a slider, many a box."""
    for aid, (_, mode) in enumerate(MODES, FIRST_AID):
        state = state_of(hass, f"number.accessory_{aid}_duration")
        assert state.attributes["mode"] == mode
        assert state.attributes["min"] <= state.attributes["max"]
        assert state.attributes["step"] > 0


@pytest.mark.parametrize(
    "accessories", [bridge_of([described("VALVE", "SET_DURATION", "uint32", {"maxValue": 1800})])]
)
async def test_errors_and_new_limits(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, accessories: list[Json]
) -> None:
    """What the accessory refuses is told and not shown; new limits count at once."""
    entity_id = entity_id_of(hass, Platform.NUMBER, 2, 8, 100)
    living.fail(2, 100, HapStatus.NOT_ALLOWED)
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, Platform.NUMBER, SERVICE_SET_VALUE, entity_id, **{ATTR_VALUE: 5})
    assert caught.value.translation_key == "not_allowed"
    assert state_of(hass, entity_id).state == "1"
    with pytest.raises(ServiceValidationError):
        await act(hass, Platform.NUMBER, SERVICE_SET_VALUE, entity_id, **{ATTR_VALUE: 1801})
    accessories[1]["services"][1]["characteristics"][0]["maxValue"] = 7200
    await redescribe(hass, loaded, living, accessories)
    await act(hass, Platform.NUMBER, SERVICE_SET_VALUE, entity_id, **{ATTR_VALUE: 1801})
    assert living.written[-1] == [(2, 100, 1801)]


@pytest.mark.usefixtures("all_enabled")
@pytest.mark.parametrize("name", ["ecobee"])
async def test_fan_speed(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """The speed that is told stands in another characteristic than the one that is set."""
    read = living.find("THERMOSTAT", "ECOBEE_FAN_READ_SPEED")
    write = living.find("THERMOSTAT", "ECOBEE_FAN_WRITE_SPEED")
    entity_id = "number.homew_fan_speed"
    assert state_of(hass, entity_id).state == "100"
    await act(hass, Platform.NUMBER, SERVICE_SET_VALUE, entity_id, **{ATTR_VALUE: 30})
    assert living.writes == [(*write, 30)]
    living.push(*read, 31)
    await flush(hass, loaded)
    assert state_of(hass, entity_id).state == "31"


@pytest.mark.parametrize(
    "accessories",
    [
        bridge_of(
            [
                service("VALVE", characteristic("SET_DURATION", 5, perms=["pr", "ev"])),
                service("SPEAKER", characteristic("VOLUME", "loud", format="string")),
            ]
        )
    ],
)
async def test_no_numbers(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """What cannot be set is no number; what is none is unknown."""
    (state,) = hass.states.async_all(Platform.NUMBER)
    assert state.state == STATE_UNKNOWN


@pytest.mark.usefixtures("all_enabled")
@pytest.mark.parametrize("name", ["vendor_unknowns"])
@pytest.mark.parametrize("options", [{CONF_ALL_CHARACTERISTICS: True}])
async def test_generic(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """A number that nobody knows can be set within its range."""
    entity_id = "number.gadget_fan_limit"
    await act(hass, Platform.NUMBER, SERVICE_SET_VALUE, entity_id, **{ATTR_VALUE: 62})
    assert living.writes == [(1, 13, 60)]
    assert state_of(hass, entity_id).state == "60"
