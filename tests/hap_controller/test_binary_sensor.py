"""Binary sensors: every row from the pushed value up to the state, batteries, and the link."""

from typing import Any

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hap_controller.binary_sensor import ROWS, SERVICES
from custom_components.hap_controller.protocol import HapStatus, ServiceUuid
from tests.support.rooms import pass_time, state_of, until, until_state

from .living import Json, Living, characteristic, flush, poll, redescribe, service
from .rows import FIRST_AID, READ, bridge_of, entity_id_of, entity_ids_of, uuid_of

# Service, characteristic, what is off, and what is on.
CASES: list[tuple[str, str, Any, Any]] = [
    ("MOTION_SENSOR", "MOTION_DETECTED", False, True),
    ("CONTACT_SENSOR", "CONTACT_SENSOR_STATE", 0, 1),
    ("OCCUPANCY_SENSOR", "OCCUPANCY_DETECTED", 0, 1),
    ("LEAK_SENSOR", "LEAK_DETECTED", 0, 1),
    ("SMOKE_SENSOR", "SMOKE_DETECTED", 0, 1),
    ("CARBON_MONOXIDE_SENSOR", "CARBON_MONOXIDE_DETECTED", 0, 1),
    ("BATTERY_SERVICE", "STATUS_LOW_BATTERY", 0, 1),
    ("BATTERY_SERVICE", "CHARGING_STATE", 0, 1),
    ("THERMOSTAT", "STATUS_LOW_BATTERY", 0, 1),
    ("IRRIGATION_SYSTEM", "STATUS_FAULT", 0, 1),
    ("LIGHT_SENSOR", "STATUS_TAMPERED", 0, 1),
    ("LIGHT_SENSOR", "STATUS_ACTIVE", False, True),
    ("CARBON_DIOXIDE_SENSOR", "CARBON_DIOXIDE_DETECTED", 0, 1),
    ("FILTER_MAINTENANCE", "FILTER_CHANGE_INDICATION", 0, 1),
    ("GARAGE_DOOR_OPENER", "OBSTRUCTION_DETECTED", False, True),
    ("WINDOW_COVERING", "OBSTRUCTION_DETECTED", False, True),
    ("WINDOW", "OBSTRUCTION_DETECTED", False, True),
    ("DOOR", "OBSTRUCTION_DETECTED", False, True),
    ("OUTLET", "OUTLET_IN_USE", False, True),
    ("VALVE", "IN_USE", 0, 1),
    ("LOCK_MANAGEMENT", "CURRENT_DOOR_STATE", 1, 0),
    ("THERMOSTAT", "ECOBEE_AUX_HEAT_ACTIVE", False, True),
]


def described(service_type: str, name: str, value: Any) -> Json:
    """Describe a service with just one characteristic."""
    found = characteristic(
        uuid_of(name), value, perms=READ, format="bool" if value in (True, False) else "uint8"
    )
    if not isinstance(value, bool):
        found["format"] = "uint8"
    return service(service_type, {**found, "iid": 100})


def test_all_rows() -> None:
    """Each row has a case, and each service."""
    assert {uuid_of(name) for _, name, *_ in CASES} == {
        *ROWS,
        *(row.uuid for row in SERVICES.values()),
    }
    assert SERVICES.keys() <= {getattr(ServiceUuid, service_type) for service_type, *_ in CASES}


@pytest.mark.usefixtures("all_enabled")
@pytest.mark.parametrize(
    "accessories", [bridge_of(described(*case[:3]) for case in CASES)], ids=["all"]
)
async def test_rows(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """Each row is off, on, and unknown when the number means nothing."""
    ids = {}
    for aid in range(FIRST_AID, FIRST_AID + len(CASES)):
        (ids[aid],) = entity_ids_of(hass, Platform.BINARY_SENSOR, aid)

    def shown() -> dict[str, str]:
        return {
            f"{service_type} {name}": state_of(hass, ids[aid]).state
            for aid, (service_type, name, *_) in enumerate(CASES, FIRST_AID)
        }

    assert set(shown().values()) == {STATE_OFF}
    for aid, (*_, value) in enumerate(CASES, FIRST_AID):
        living.push(aid, 100, value)
    await flush(hass, loaded)
    assert set(shown().values()) == {STATE_ON}, shown()
    for aid in ids:
        living.push(aid, 100, 7)
    await flush(hass, loaded)
    # Whatever number a truth value has, it is true.
    assert {name for name, state in shown().items() if state != STATE_UNKNOWN} == {
        f"{service_type} {name}" for service_type, name, off, _ in CASES if off is False
    }


@pytest.mark.parametrize(
    "accessories", [bridge_of([described("LOCK_MANAGEMENT", "CURRENT_DOOR_STATE", 1)])]
)
async def test_door_of_a_lock(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """A door that is anywhere but closed is open."""
    entity_id = entity_id_of(hass, Platform.BINARY_SENSOR, 2, 8, 100)
    for value, state in (
        (2, STATE_ON),
        (1, STATE_OFF),
        (3, STATE_ON),
        (4, STATE_ON),
        (0, STATE_ON),
    ):
        living.push(2, 100, value)
        await flush(hass, loaded)
        assert state_of(hass, entity_id).state == state


@pytest.mark.parametrize(
    "accessories", [bridge_of([described("CONTACT_SENSOR", "CONTACT_SENSOR_STATE", 0)])]
)
async def test_window_that_cannot_be_read(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """Who cannot be asked may have been opened since."""
    key = living.find("CONTACT_SENSOR", "CONTACT_SENSOR_STATE", aid=FIRST_AID)
    entity_id = "binary_sensor.accessory_2"
    for status, shown in ((HapStatus.TIMED_OUT, STATE_UNKNOWN), (0, STATE_OFF)):
        living.fail(*key, status)
        await poll(hass, loaded, living)
        assert state_of(hass, entity_id).state == shown


def labelled(service_type: str, label: int | None, *more: Json, name: str | None = None) -> Json:
    """Describe a sensor that tells of its battery."""
    told = [characteristic("STATUS_LOW_BATTERY", 0), *more]
    if label is not None:
        told.append(characteristic("SERVICE_LABEL_INDEX", label))
    if name is not None:
        told.append(characteristic("NAME", name))
    return service(service_type, *told)


MOTION = characteristic("MOTION_DETECTED", False)
CONTACT = characteristic("CONTACT_SENSOR_STATE", 0)


# Services of an accessory, and how many batteries those have.
BATTERIES: list[tuple[list[Json], int]] = [
    # One battery in one housing.
    ([labelled("MOTION_SENSOR", None, MOTION), labelled("CONTACT_SENSOR", None, CONTACT)], 1),
    # Labels tell of the same type apart, but not what has the same label.
    ([labelled("CONTACT_SENSOR", 1, CONTACT), labelled("CONTACT_SENSOR", 4, CONTACT)], 2),
    ([labelled("CONTACT_SENSOR", 1, CONTACT), labelled("CONTACT_SENSOR", 1, CONTACT)], 1),
    ([labelled("CONTACT_SENSOR", 1, CONTACT), labelled("MOTION_SENSOR", 1, MOTION)], 2),
    # So do names, unless they are that of the accessory.
    (
        [
            labelled("CONTACT_SENSOR", None, CONTACT, name="Left"),
            labelled("MOTION_SENSOR", None, MOTION, name=" LEFT"),
        ],
        1,
    ),
    (
        [
            labelled("CONTACT_SENSOR", None, CONTACT, name="Left"),
            labelled("MOTION_SENSOR", None, MOTION, name="Right"),
        ],
        2,
    ),
    (
        [
            labelled("CONTACT_SENSOR", None, CONTACT, name="accessory8"),
            labelled("MOTION_SENSOR", None, MOTION),
        ],
        1,
    ),
    # A battery of its own says it all.
    (
        [
            labelled("CONTACT_SENSOR", None, CONTACT),
            service("BATTERY_SERVICE", characteristic("BATTERY_LEVEL", 3)),
        ],
        0,
    ),
]


@pytest.mark.parametrize("accessories", [bridge_of(each for each, _ in BATTERIES)], ids=["all"])
async def test_low_batteries(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """There is one for each battery, not for each that tells of it."""
    counts = [
        sum(
            state_of(hass, each).attributes["device_class"] == "battery"
            for each in entity_ids_of(hass, Platform.BINARY_SENSOR, aid)
        )
        for aid in range(FIRST_AID, FIRST_AID + len(BATTERIES))
    ]
    assert counts == [count for _, count in BATTERIES]


# What a battery says of its charging at first, what it may say, and whether that is shown.
CHARGING: list[tuple[int | None, list[int] | None, bool]] = [
    (0, None, True),
    (1, [0, 1], True),
    (2, None, False),
    (0, [2], False),
    (None, None, True),
]


@pytest.mark.parametrize(
    "accessories",
    [
        bridge_of(
            service(
                "BATTERY_SERVICE",
                characteristic("BATTERY_LEVEL", 3),
                characteristic("CHARGING_STATE", value, valid_values=told, iid=100),
            )
            for value, told, _ in CHARGING
        )
    ],
    ids=["all"],
)
async def test_charging(hass: HomeAssistant, loaded: MockConfigEntry, living: Living) -> None:
    """What cannot be charged has no sensor for that."""
    for aid, (_, _, exists) in enumerate(CHARGING, FIRST_AID):
        entity_id = f"binary_sensor.accessory_{aid}_charging"
        assert (hass.states.get(entity_id) is not None) is exists
        if exists:
            living.push(aid, 100, 2)
            await flush(hass, loaded)
            assert state_of(hass, entity_id).state == STATE_OFF


LINK = "binary_sensor.lamp_connection"


async def test_connection(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    living: Living,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The link is shown at once; what it is about only becomes unavailable when it stays away."""
    assert state_of(hass, LINK).state == STATE_ON
    assert state_of(hass, LINK).attributes["reconnects"] == 0
    await living.stop()
    await until_state(hass, LINK, STATE_OFF)
    assert state_of(hass, "switch.lamp").state == STATE_OFF
    pass_time(hass, 11)
    await until_state(hass, "switch.lamp", STATE_UNAVAILABLE)
    assert state_of(hass, LINK).state == STATE_OFF
    assert state_of(hass, LINK).attributes["last_error"]
    await living.start()
    loaded.runtime_data.announced(1, ["127.0.0.1"], living.port)
    await until_state(hass, LINK, STATE_ON)
    await until(hass, lambda: state_of(hass, "switch.lamp").state == STATE_OFF)
    assert state_of(hass, LINK).attributes["reconnects"] == 1


async def test_connection_over_a_new_description(
    hass: HomeAssistant, loaded: MockConfigEntry, living: Living
) -> None:
    """Whatever else the accessory becomes, the link stays."""
    accessories = living.description
    accessories[0]["services"].pop()
    await redescribe(hass, loaded, living, accessories)
    assert hass.states.get("switch.lamp") is None
    assert state_of(hass, LINK).state == STATE_ON
