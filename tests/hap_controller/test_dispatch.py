"""The one table of what becomes an entity: the platforms serve all of it, and need what it says."""

from importlib import import_module
from typing import Any

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hap_controller.const import CONF_ALL_CHARACTERISTICS
from custom_components.hap_controller.dispatch import (
    CHARACTERISTICS,
    GENERIC_PLATFORMS,
    SERVICES,
    generic_platform,
    is_known,
    leading_services,
    platforms_of,
)
from custom_components.hap_controller.protocol import (
    Characteristic,
    CharacteristicUuid as C,
    Database,
    ServiceUuid as S,
)

from .living import ACCESSORY_ID, Json, accessory, characteristic, complete, service
from .rows import FIRST_AID, bridge_of

VENDOR = "A0000001-0000-4000-8000-ABCDEF012345"


def described(*accessories: Json) -> Database:
    """Give a database of accessories."""
    return Database.from_accessories(complete(accessories))


def found_in(database: Database, iid: int, aid: int = 1) -> Characteristic:
    """Give a characteristic by its number."""
    return database.characteristics[aid, iid]


def needed_by(service_type: str) -> list[str]:
    """List characteristics that are enough for the entity of a service."""
    rule = SERVICES[service_type]
    return [*rule.required, *rule.any_of[:1]]


MORE = {
    # The fan of a humidifier needs a speed.
    S.HUMIDIFIER_DEHUMIDIFIER: [C.ROTATION_SPEED],
    S.BATTERY_SERVICE: [],
}


def whole(service_type: str, *, without: str | None = None) -> Json:
    """Describe a service with just what its entity needs, or without one of that."""
    uuids = [*needed_by(service_type), *MORE.get(service_type, [])]
    return service(
        service_type, *(characteristic(uuid) for uuid in uuids if uuid != without), iid=90
    )


def platforms_with(hass: HomeAssistant, aid: int) -> set[str]:
    """Name the platforms with an entity of the service."""
    unique_ids = f"{ACCESSORY_ID}_{aid}_90", f"{ACCESSORY_ID}_{aid}"
    return {
        entity.domain
        for entity in er.async_get(hass).entities.values()
        if entity.unique_id in unique_ids or entity.unique_id.startswith(f"{unique_ids[0]}_dehum")
    }


@pytest.mark.parametrize("accessories", [bridge_of(map(whole, SERVICES))], ids=["all"])
async def test_services(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Each service becomes an entity where the table says, and nowhere else."""
    for aid, (service_type, rule) in enumerate(SERVICES.items(), FIRST_AID):
        found = platforms_with(hass, aid)
        assert found, service_type
        assert found <= set(rule.platforms), service_type


CASES = [(each, uuid) for each, rule in SERVICES.items() for uuid in rule.required] + [
    (each, rule.any_of[0]) for each, rule in SERVICES.items() if rule.any_of
]


@pytest.mark.parametrize(
    "accessories", [bridge_of(whole(each, without=uuid) for each, uuid in CASES)], ids=["all"]
)
async def test_incomplete_services(
    hass: HomeAssistant, loaded: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    """A service without what its entity needs has none, and does no harm."""
    assert [platforms_with(hass, aid) for aid in range(FIRST_AID, FIRST_AID + len(CASES))] == [
        set()
    ] * len(CASES)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
    assert len(hass.states.async_all(Platform.BUTTON)) == len(CASES) + 1


@pytest.mark.parametrize("platform", CHARACTERISTICS)
def test_characteristics(platform: Platform) -> None:
    """The rows of a platform are those that it is loaded for."""
    module: Any = import_module(f"custom_components.hap_controller.{platform}")
    if platform is Platform.LOCK:  # has no rows, but a class for the lock of a garage door
        assert CHARACTERISTICS[platform] == {C.LOCK_TARGET_STATE}
    else:
        assert CHARACTERISTICS[platform] == set(module.ROWS)


def test_platforms() -> None:
    """Platforms are loaded for what there is; all that may be needed when everything is to be shown."""
    assert platforms_of(described(accessory("Bridge")), generic=False) == {
        Platform.BINARY_SENSOR,
        Platform.BUTTON,
    }
    plug = accessory("Plug", service("OUTLET", characteristic("ON"), characteristic(C.MUTE)))
    assert platforms_of(described(plug), generic=False) == {
        Platform.BINARY_SENSOR,
        Platform.BUTTON,
        Platform.SWITCH,
    }
    assert platforms_of(described(plug), generic=True) > GENERIC_PLATFORMS
    odd = accessory(None, service(VENDOR, characteristic(C.FILTER_LIFE_LEVEL)))
    assert Platform.SENSOR in platforms_of(described(odd), generic=False)
    assert is_known(C.FILTER_LIFE_LEVEL)
    assert not is_known(VENDOR)


def test_leading_services() -> None:
    """Batteries and what has no entity do not lead."""
    (found,) = described(
        accessory(
            "Thing",
            service("BATTERY_SERVICE", characteristic("BATTERY_LEVEL", 5)),
            service("SWITCH", characteristic("ON")),
            service("LIGHTBULB"),
            service(VENDOR, characteristic("ON")),
        )
    ).accessories.values()
    assert [each.type for each in leading_services(found)] == [S.SWITCH]


def generic(service_type: str = VENDOR, *, hidden: bool = False, **told: Any) -> Platform | None:
    """Tell what shows a characteristic in a service."""
    part = characteristic(told.pop("type", VENDOR), **{"format": "bool", "iid": 99, **told})
    for key, value in {"perms": ["pr", "ev"]}.items():
        part.setdefault(key, value)
    return generic_platform(
        found_in(described(accessory("Thing", service(service_type, part, hidden=hidden))), 99)
    )


RANGE = {"minValue": 0, "maxValue": 5}
WRITABLE = ["pr", "pw"]


@pytest.mark.parametrize(
    ("told", "platform"),
    [
        ({}, Platform.BINARY_SENSOR),
        ({"perms": WRITABLE}, Platform.SWITCH),
        ({"perms": ["pw"]}, Platform.SWITCH),
        ({"perms": ["pr", "pw", "aa"]}, Platform.BINARY_SENSOR),
        ({"perms": ["pw", "aa"]}, None),
        ({"perms": []}, None),
        ({"perms": ["pr", "hd"]}, None),
        ({"format": "uint8"}, Platform.SENSOR),
        ({"format": "float", **RANGE}, Platform.SENSOR),
        ({"format": "float", "perms": WRITABLE, **RANGE}, Platform.NUMBER),
        ({"format": "int", "perms": ["pw"], **RANGE}, Platform.NUMBER),
        ({"format": "int", "perms": WRITABLE}, Platform.SENSOR),
        ({"format": "int", "perms": ["pw"]}, None),
        ({"format": "int", "perms": WRITABLE, "minValue": 5, "maxValue": 5}, Platform.SENSOR),
        ({"format": "uint8", "valid_values": [0, 2]}, Platform.SENSOR),
        ({"format": "uint8", "perms": WRITABLE, "valid_values": [0, 2]}, Platform.SELECT),
        ({"format": "string"}, Platform.SENSOR),
        ({"format": "string", "perms": WRITABLE}, Platform.SENSOR),
        ({"format": "string", "perms": ["pw"]}, None),
        ({"format": "data", "perms": WRITABLE}, None),
        ({"format": "tlv8"}, None),
        ({"format": "array"}, None),
        ({"format": None}, None),
        # Not unknown, or no state.
        ({"type": C.ON}, Platform.BINARY_SENSOR),
        ({"type": C.ON, "service_type": "LIGHTBULB"}, None),
        ({"type": C.MUTE}, None),
        ({"type": C.NAME, "format": "string"}, None),
        ({"type": C.PROGRAMMABLE_SWITCH_EVENT, "format": "uint8"}, None),
        ({"type": C.AQARA_MIIO_BINDKEY, "format": "string"}, None),
        # Vendors add to services of others.
        ({"service_type": "LIGHTBULB"}, Platform.BINARY_SENSOR),
        ({"service_type": "ACCESSORY_INFORMATION"}, Platform.BINARY_SENSOR),
        ({"service_type": "PAIRING"}, None),
        ({"service_type": "SIRI"}, None),
        ({"service_type": "WI_FI_TRANSPORT"}, None),
        ({"hidden": True}, None),
    ],
)  # fmt: skip
def test_generic(told: dict[str, Any], platform: Platform | None) -> None:
    """By format and permissions; nothing of pairing, networks and assistants, and nothing hidden."""
    assert generic(**told) == platform


@pytest.mark.parametrize("name", ["vendor_unknowns"])
@pytest.mark.parametrize(
    ("options", "count"), [({}, 0), ({CONF_ALL_CHARACTERISTICS: True}, 14)], ids=["off", "on"]
)
async def test_option(hass: HomeAssistant, loaded: MockConfigEntry, count: int) -> None:
    """Only who wants it has what nobody knows, and then disabled."""
    entities = er.async_entries_for_config_entry(er.async_get(hass), loaded.entry_id)
    assert sum(entity.disabled for entity in entities) == count
