"""Sensors: every row from the pushed value up to the state, and what is told by nobody."""

from typing import Any

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hap_controller.const import CONF_ALL_CHARACTERISTICS
from custom_components.hap_controller.protocol import HapStatus, ServiceUuid
from custom_components.hap_controller.sensor import ROWS, SERVICES
from tests.support.rooms import pass_time, state_of

from .living import Json, Living, accessory, characteristic, flush, poll, redescribe, service
from .protocol.running import until
from .rows import FIRST_AID, READ, bridge_of, entity_id_of, entity_ids_of, uuid_of

# Service, characteristic, its value at first, the value pushed then, and the state that makes.
CASES: list[tuple[str, str, Any, Any, str]] = [
    ("TEMPERATURE_SENSOR", "CURRENT_TEMPERATURE", 20.5, -3.25, "-3.25"),
    ("HUMIDITY_SENSOR", "CURRENT_RELATIVE_HUMIDITY", 40.0, 41.5, "41.5"),
    ("LIGHT_SENSOR", "CURRENT_AMBIENT_LIGHT_LEVEL", 0.5, 100000, "100000"),
    ("CARBON_DIOXIDE_SENSOR", "CARBON_DIOXIDE_LEVEL", 400.0, 1800.0, "1800.0"),
    ("BATTERY_SERVICE", "BATTERY_LEVEL", 100, 7, "7"),
    ("THERMOSTAT", "CURRENT_TEMPERATURE", 20.5, 21.0, "21.0"),
    ("HEATER_COOLER", "CURRENT_RELATIVE_HUMIDITY", 20.0, 21.0, "21.0"),
    ("AIR_QUALITY_SENSOR", "AIR_QUALITY", 5, 1, "excellent"),
    ("AIR_QUALITY_SENSOR", "PM2_5_DENSITY", 1.0, 2.0, "2.0"),
    ("AIR_QUALITY_SENSOR", "PM10_DENSITY", 1.0, 3.0, "3.0"),
    ("AIR_QUALITY_SENSOR", "OZONE_DENSITY", 1.0, 4.0, "4.0"),
    ("AIR_QUALITY_SENSOR", "NITROGEN_DIOXIDE_DENSITY", 1.0, 5.0, "5.0"),
    ("AIR_QUALITY_SENSOR", "SULPHUR_DIOXIDE_DENSITY", 1.0, 6.0, "6.0"),
    ("AIR_QUALITY_SENSOR", "VOC_DENSITY", 1.0, 7.0, "7.0"),
    ("CARBON_MONOXIDE_SENSOR", "CARBON_MONOXIDE_LEVEL", 1.0, 8.0, "8.0"),
    ("CARBON_MONOXIDE_SENSOR", "CARBON_MONOXIDE_PEAK_LEVEL", 1.0, 9.0, "9.0"),
    ("AIR_QUALITY_SENSOR", "CARBON_DIOXIDE_LEVEL", 1.0, 10.0, "10.0"),
    ("CARBON_DIOXIDE_SENSOR", "CARBON_DIOXIDE_PEAK_LEVEL", 1.0, 11.0, "11.0"),
    ("HUMIDIFIER_DEHUMIDIFIER", "WATER_LEVEL", 80.0, 79.0, "79.0"),
    ("FILTER_MAINTENANCE", "FILTER_LIFE_LEVEL", 100.0, 12.0, "12.0"),
    ("AIR_PURIFIER", "CURRENT_AIR_PURIFIER_STATE", 0, 2, "purifying"),
    ("LOCK_MECHANISM", "BATTERY_LEVEL", 90, 89, "89"),
    ("VALVE", "REMAINING_DURATION", 0, 299, "299"),
    ("IRRIGATION_SYSTEM", "PROGRAM_MODE", 0, 2, "manual"),
    ("LOCK_MANAGEMENT", "LOCK_LAST_KNOWN_ACTION", 0, 8, "locked_timeout"),
    ("SECURITY_SYSTEM", "SECURITY_SYSTEM_ALARM_TYPE", 0, 1, "unspecified"),
    ("STATEFUL_PROGRAMMABLE_SWITCH", "PROGRAMMABLE_SWITCH_OUTPUT_STATE", 0, 1, "1"),
    ("THREAD_TRANSPORT", "THREAD_NODE_CAPABILITIES", 2, 5, "full"),
    ("THREAD_TRANSPORT", "THREAD_STATUS", 1, 0x30, "leader"),
    ("THREAD_TRANSPORT", "THREAD_OPENTHREAD_VERSION", "1", "1.3.0", "1.3.0"),
    ("DIAGNOSTICS", "RECEIVED_SIGNAL_STRENGTH_INDICATION", -50, -51, "-51"),
    ("DIAGNOSTICS", "SIGNAL_TO_NOISE_RATIO", 20, 21, "21"),
    ("DIAGNOSTICS", "TRANSMIT_POWER", 4, 5, "5"),
    ("DIAGNOSTICS", "MAXIMUM_TRANSMIT_POWER", 8, 9, "9"),
    ("DIAGNOSTICS", "RECEIVER_SENSITIVITY", -100, -99, "-99"),
    ("DIAGNOSTICS", "CCA_SIGNAL_DETECT_THRESHOLD", -75, -74, "-74"),
    ("DIAGNOSTICS", "CCA_ENERGY_DETECT_THRESHOLD", -75, -73, "-73"),
    ("DIAGNOSTICS", "MAC_RETRANSMISSION_MAXIMUM", 3, 4, "4"),
    ("DIAGNOSTICS", "EVENT_RETRANSMISSION_MAXIMUM", 3, 5, "5"),
    ("DIAGNOSTICS", "EVENT_TRANSMISSION_COUNTERS", 10, 4294967295, "4294967295"),
    ("ACCESSORY_RUNTIME_INFORMATION", "HEART_BEAT", 1, 2, "2"),
    ("OUTLET", "EVE_ENERGY_WATT", 0.0, 12.5, "12.5"),
    ("OUTLET", "EVE_ENERGY_KW_HOUR", 1.0, 1.25, "1.25"),
    ("OUTLET", "EVE_ENERGY_VOLTAGE", 230.0, 231.0, "231.0"),
    ("OUTLET", "EVE_ENERGY_AMPERE", 0.1, 0.2, "0.2"),
    ("OUTLET", "KOOGEEK_REALTIME_ENERGY", 0.0, 3.5, "3.5"),
    ("OUTLET", "KOOGEEK_REALTIME_ENERGY_2", 0.0, 4.5, "4.5"),
    ("OUTLET", "VOCOLINC_OUTLET_ENERGY", 0.0, 5.5, "5.5"),
    ("OUTLET", "CONNECTSENSE_ENERGY_WATT", 0.0, 6.5, "6.5"),
    ("OUTLET", "CONNECTSENSE_ENERGY_KW_HOUR", 0.0, 7.5, "7.5"),
    ("OUTLET", "CONNECTSENSE_ENERGY_VOLTAGE", 120.0, 119.5, "119.5"),
    ("OUTLET", "CONNECTSENSE_ENERGY_AMPS", 0.0, 0.5, "0.5"),
    ("OUTLET", "CONNECTSENSE_ENERGY_AMPS_20", 0.0, 0.75, "0.75"),
    ("OUTLET", "CONNECTSENSE_ENERGY_POWER_FACTOR", 0, 97, "97"),
    ("TEMPERATURE_SENSOR", "EVE_DEGREE_AIR_PRESSURE", 1000.0, 1001.5, "1001.5"),
    ("THERMOSTAT", "EVE_THERMO_VALVE_POSITION", 0, 35, "35"),
    ("AIR_QUALITY_SENSOR", "EVE_ROOM_AIR_QUALITY_PPM", 450, 500, "500"),
    ("TEMPERATURE_SENSOR", "NETATMO_NOISE", 38, 52, "52"),
    (
        "THERMOSTAT",
        "ECOBEE_NEXT_SCHEDULED_CHANGE_TIME",
        "2026-11-21T06:30:00-05:00T",
        "2026-11-21T07:00:00T",
        "2026-11-21T15:00:00+00:00",  # tests live eight hours behind Greenwich
    ),
    ("THERMOSTAT", "ECOBEE_EQUIPMENT_RUNNING", 0, 4, "aux"),
    ("THERMOSTAT", "ECOBEE_STATUS_CODE", 0, 2, "alert"),
    ("THERMOSTAT", "ECOBEE_ALERT_TEXT", "", "Filter", "Filter"),
    ("MOTION_SENSOR", "ECOBEE_MOTION_LAST_ACTIVATION", -1, 60, "60"),
    ("OCCUPANCY_SENSOR", "ECOBEE_OCCUPANCY_LAST_ACTIVATION", 60, 0, "0"),
    # Not writable, and so no selects.
    ("THERMOSTAT", "TEMPERATURE_DISPLAY_UNITS", 0, 1, "fahrenheit"),
    ("AIR_PURIFIER", "TARGET_AIR_PURIFIER_STATE", 0, 1, "automatic"),
    ("MOTION_SENSOR", "EVE_MOTION_SENSITIVITY", 0, 7, "low"),
    ("THERMOSTAT", "ECOBEE_CURRENT_MODE", 0, 3, "temporary"),
    ("TELEVISION", "PICTURE_MODE", 0, 3, "calibrated_dark"),
]
FORMATS = {bool: "bool", int: "int", float: "float", str: "string"}


def described(service_type: str, name: str, value: Any) -> Json:
    """Describe a service with just one characteristic, which can be read and subscribed to."""
    return service(
        service_type,
        characteristic(
            uuid_of(name),
            value,
            perms=READ,
            format=FORMATS[type(value)],
            minValue=None,
            maxValue=None,
            iid=100,
        ),
    )


def test_all_rows() -> None:
    """Each row has a case."""
    assert {uuid_of(name) for _, name, *_ in CASES} == {
        *ROWS,
        *(row.uuid for row in SERVICES.values()),
    }
    assert {(uuid, row.uuid) for uuid, row in SERVICES.items()} <= {
        (getattr(ServiceUuid, service_type), uuid_of(name)) for service_type, name, *_ in CASES
    }


@pytest.mark.usefixtures("all_enabled")
@pytest.mark.parametrize(
    "accessories", [bridge_of(described(*case[:3]) for case in CASES)], ids=["all"]
)
async def test_rows(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """Each row shows what is pushed, and is unknown when that means nothing."""
    ids = {}
    for aid, (_, name, _, value, _) in enumerate(CASES, FIRST_AID):
        (ids[aid],) = entity_ids_of(hass, Platform.SENSOR, aid)
        assert state_of(hass, ids[aid]).state != STATE_UNAVAILABLE, name
        living.push(aid, 100, value)
    await flush(hass, loaded)
    shown = {name: state_of(hass, ids[aid]).state for aid, (_, name, *_) in enumerate(CASES, 2)}
    assert shown == {name: state for _, name, _, _, state in CASES}


UNKNOWN = [
    ("AIR_QUALITY_SENSOR", "AIR_QUALITY", 2, 0),
    ("AIR_QUALITY_SENSOR", "AIR_QUALITY", 2, 6),
    ("AIR_PURIFIER", "CURRENT_AIR_PURIFIER_STATE", 1, -1),
    ("THERMOSTAT", "ECOBEE_NEXT_SCHEDULED_CHANGE_TIME", "2026-11-21T06:30:00T", "soon"),
    ("THERMOSTAT", "ECOBEE_NEXT_SCHEDULED_CHANGE_TIME", "x", "2035-01-01T00:00:00T"),
    ("THERMOSTAT", "ECOBEE_NEXT_SCHEDULED_CHANGE_TIME", "x", "9999-12-31T23:59:59T"),
    ("MOTION_SENSOR", "ECOBEE_MOTION_LAST_ACTIVATION", 5, -1),
    ("THERMOSTAT", "ECOBEE_CURRENT_MODE", 0, 9),
]
BITS = [
    ("THREAD_TRANSPORT", "THREAD_NODE_CAPABILITIES", 1, 0, "none"),
    ("THREAD_TRANSPORT", "THREAD_NODE_CAPABILITIES", 0, 3, "minimal"),
    ("THREAD_TRANSPORT", "THREAD_NODE_CAPABILITIES", 0, 0x1F, "border_router_capable"),
    ("THREAD_TRANSPORT", "THREAD_STATUS", 2, 1, "disabled"),
    ("THREAD_TRANSPORT", "THREAD_STATUS", 2, 0, "disabled"),
    ("THREAD_TRANSPORT", "THREAD_STATUS", 1, 0x4A, "border_router"),
]
SEVERAL = [*((*each, STATE_UNKNOWN) for each in UNKNOWN), *BITS]


@pytest.mark.usefixtures("all_enabled")
@pytest.mark.parametrize(
    "accessories", [bridge_of(described(*each[:3]) for each in SEVERAL)], ids=["all"]
)
async def test_odd_values(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """What nobody knows is unknown; of several bits the first counts."""
    for aid, (_, _, _, value, _) in enumerate(SEVERAL, FIRST_AID):
        living.push(aid, 100, value)
    await flush(hass, loaded)
    for aid, (_, name, _, value, state) in enumerate(SEVERAL, FIRST_AID):
        (entity_id,) = entity_ids_of(hass, Platform.SENSOR, aid)
        assert (name, value, state_of(hass, entity_id).state) == (name, value, state)


@pytest.mark.parametrize(
    "accessories",
    [
        bridge_of(
            [
                service("TEMPERATURE_SENSOR", characteristic("CURRENT_TEMPERATURE")),
                service("E863F00A", characteristic(uuid_of("NETATMO_NOISE"), [1], perms=READ)),
                service(
                    "THERMOSTAT",
                    characteristic(
                        uuid_of("ECOBEE_NEXT_SCHEDULED_CHANGE_TIME"),
                        1764000000,
                        format="uint32",
                        perms=READ,
                    ),
                ),
                service(
                    "BATTERY_SERVICE",
                    characteristic("BATTERY_LEVEL", "high", format="string", perms=READ),
                ),
            ]
        )
    ],
)
async def test_no_numbers(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Numbers and texts that are none, or were never told, are unknown."""
    states = [state.state for state in hass.states.async_all(Platform.SENSOR)]
    assert states == [STATE_UNKNOWN] * 4


STEPS = {0.1: 1, 1: 0, 0.25: 2, 50: 0, 1e-9: 6, 0: 1}
"""Of values, and how many digits those have behind the point; without, as Home Assistant likes."""


@pytest.mark.parametrize(
    "accessories",
    [
        bridge_of(
            service(
                "TEMPERATURE_SENSOR",
                characteristic("CURRENT_TEMPERATURE", 21.299999, minStep=step),
            )
            for step in STEPS
        )
    ],
    ids=["all"],
)
async def test_precision(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """As many digits are shown as the accessory has, which sends more of them."""
    registry = er.async_get(hass)
    found = {}
    for aid, step in enumerate(STEPS, FIRST_AID):
        (entity_id,) = entity_ids_of(hass, Platform.SENSOR, aid)
        assert state_of(hass, entity_id).state == "21.299999"
        entity = registry.async_get(entity_id)
        assert entity
        found[step] = entity.options["sensor"]["suggested_display_precision"]
    assert found == STEPS


@pytest.mark.parametrize("name", ["ecobee"])
async def test_doubtful_temperature(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """A thermometer that has just started and says 100 °C is asked again before that is shown."""
    porch, kitchen = "sensor.porch_temperature", "sensor.kitchen_temperature"
    assert state_of(hass, porch).state == STATE_UNKNOWN
    assert state_of(hass, kitchen).state == "21.5"
    asked = len(living.asked("/characteristics"))
    pass_time(hass, 6)
    await until(lambda: len(living.asked("/characteristics")) > asked)
    await flush(hass, loaded)
    assert state_of(hass, porch).state == "100.0"
    key = living.find("TEMPERATURE_SENSOR", "CURRENT_TEMPERATURE", aid=3)
    living.push(*key, 15.0)
    await flush(hass, loaded)
    assert state_of(hass, porch).state == "15.0"
    # What was confirmed once needs no confirmation before the next connection.
    living.push(*key, 100.0)
    await flush(hass, loaded)
    assert state_of(hass, porch).state == "100.0"


@pytest.mark.parametrize("name", ["ecobee"])
async def test_doubtful_temperature_of_a_silent_sensor(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """What cannot be confirmed is not shown; the first other value is."""
    key = living.find("TEMPERATURE_SENSOR", "CURRENT_TEMPERATURE", aid=3)
    living.fail(*key, HapStatus.BUSY)
    asked = len(living.asked("/characteristics"))
    pass_time(hass, 6)
    await until(lambda: len(living.asked("/characteristics")) > asked)
    await flush(hass, loaded)
    assert state_of(hass, "sensor.porch_temperature").state == STATE_UNKNOWN
    living.fail(*key, 0)
    living.push(*key, 14.5)
    await flush(hass, loaded)
    assert state_of(hass, "sensor.porch_temperature").state == "14.5"


@pytest.mark.parametrize(
    "accessories",
    [
        [
            accessory(
                "Thing",
                service(
                    "BATTERY_SERVICE",
                    characteristic("BATTERY_LEVEL", 50, iid=100),
                    characteristic("STATUS_LOW_BATTERY", 0, iid=101),
                    iid=99,
                ),
            )
        ]
    ],
)
async def test_battery_without_a_level_any_more(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living, accessories: list[Json]
) -> None:
    """A battery that no longer tells its level is a binary sensor, and the other way round."""
    sensor = "sensor.thing_battery"
    assert state_of(hass, sensor).state == "50"
    battery = accessories[0]["services"][1]
    level = battery["characteristics"].pop(0)
    await redescribe(hass, loaded, living, accessories)
    assert hass.states.get(sensor) is None
    flag = entity_id_of(hass, Platform.BINARY_SENSOR, 1, 99)
    assert state_of(hass, flag).state == "off"
    battery["characteristics"].insert(0, level)
    await redescribe(hass, loaded, living, accessories)
    assert state_of(hass, sensor).state == "50"
    assert hass.states.get(flag) is None


@pytest.mark.usefixtures("all_enabled")
@pytest.mark.parametrize("name", ["vendor_unknowns"])
@pytest.mark.parametrize("options", [{CONF_ALL_CHARACTERISTICS: True}])
async def test_generic(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """What nobody knows is shown as it comes; a new description may make it something else."""
    for entity_id, iid, value, state in (
        ("sensor.gadget_coil", 15, 20.5, "20.5"),
        ("sensor.gadget_stage", 17, 0, "0"),
        ("sensor.gadget_stage", 17, 5, STATE_UNKNOWN),
        ("sensor.gadget_display", 18, "x" * 300, "x" * 255),
        ("binary_sensor.gadget_overheated", 12, True, "on"),
    ):
        living.push(1, iid, value)
        await flush(hass, loaded)
        assert state_of(hass, entity_id).state == state
    assert entity_id_of(hass, Platform.SENSOR, 1, 8, 15) == "sensor.gadget_coil"
    accessories = living.description
    coil = next(
        each
        for each in accessories[0]["services"][1]["characteristics"]
        if each.get("description") == "Coil"
    )
    coil |= {"minValue": 0, "maxValue": 50, "perms": ["pr", "pw", "ev"]}
    await redescribe(hass, loaded, living, accessories)
    assert hass.states.get("sensor.gadget_coil") is None
    assert state_of(hass, "number.gadget_coil").attributes["max"] == 50


@pytest.mark.parametrize(
    "accessories",
    [
        bridge_of(
            [
                service(
                    "OUTLET",
                    characteristic(
                        uuid_of("EVE_ENERGY_VOLTAGE"), 230.0, iid=100, format="float", perms=["pr"]
                    ),
                )
            ]
        )
    ],
)
async def test_poll(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """What the accessory does not tell by itself is read."""
    living.set(2, 100, 229.0)
    await poll(hass, loaded, living)
    assert state_of(hass, "sensor.accessory_2_voltage").state == "229.0"
