"""What an accessory consists of."""

from typing import Any

import pytest

from custom_components.hap_controller.protocol.accessory.definition import (
    Accessory,
    Bridge,
    Characteristic,
    fingerprint,
)
from custom_components.hap_controller.protocol.catalogue import (
    CharacteristicUuid as C,
    ServiceUuid as S,
    categories,
    services,
)
from custom_components.hap_controller.protocol.model import Database
from custom_components.hap_controller.protocol.values import FormatError, dumps


def bulb() -> Accessory:
    """A light with brightness."""
    accessory = Accessory("Bulb", category=5)
    accessory.add_service(S.LIGHTBULB, [C.BRIGHTNESS])
    return accessory


def test_every_accessory_says_what_it_is() -> None:
    """The accessory information is first and has iid 1; a primary one names the protocol as well."""
    accessory = Accessory(
        "Lamp", manufacturer="Maker", model="One", serial_number="7", firmware_revision="2.1"
    )
    information, protocol = accessory.describe()["services"]
    assert information["iid"] == 1 and information["type"] == "3E"
    assert [each["type"] for each in information["characteristics"]] == [
        *("14", "20", "21", "23", "30", "52")
    ]
    assert [each.value for each in accessory.information.characteristics[1:]] == [
        *("Maker", "One", "Lamp", "7", "2.1")
    ]
    assert protocol["type"] == "A2"
    assert accessory.services[1]["37"].value == "1.1.0"
    assert accessory.name == "Lamp"


def test_ids_are_stable_and_unique() -> None:
    """The same program gives the same ids; own ones are kept free."""
    assert bulb().describe() == bulb().describe()
    assert fingerprint(bulb()) == fingerprint(bulb())
    accessory = bulb()
    iids = [each.iid for each in accessory.characteristics] + [
        each.iid for each in accessory.services
    ]
    assert len(set(iids)) == len(iids)
    fan = accessory.add_service(S.FAN, iid=100)
    assert fan["25"].iid == 101
    assert fan.add(C.ROTATION_SPEED, iid=200).iid == 200
    for iid in (0, 100, 1 << 64):
        with pytest.raises(ValueError, match="taken or none"):
            accessory.assign(iid)


def test_required_characteristics_are_there() -> None:
    """Every service of the catalogue can be had, with all it requires whose format is known."""
    for each in services():
        service = Accessory("x").add_service(each.uuid)
        assert {one.type for one in service.characteristics} <= set(each.required)
        assert service.type == each.uuid


def test_optional_characteristics_are_there_or_refused() -> None:
    """None is left out in silence; one that is required anyway is there once."""
    light = Accessory("Bulb").add_service(S.LIGHTBULB, [C.ON, C.BRIGHTNESS, C.BRIGHTNESS])
    assert [each.type for each in light.characteristics] == [C.ON, C.BRIGHTNESS]
    with pytest.raises(ValueError, match="not known"):
        Accessory("Bulb").add_service(S.LIGHTBULB, ["F00D"])


def test_names_of_services() -> None:
    """A name is set where the type has one, and added where not."""
    accessory = bulb()
    assert accessory.add_service(S.OUTLET, name="Left")[C.NAME].value == "Left"
    assert accessory.add_service(S.OUTLET, [C.NAME], name="Right")[C.NAME].value == "Right"


def test_description_is_what_controllers_read() -> None:
    """Our own controller's model takes it; limits of 0 are told."""
    accessory = bulb()
    light = accessory.services[2]
    light.primary = True
    light.linked.append(accessory.add_service(S.SERVICE_LABEL, hidden=True))
    described = accessory.describe()
    brightness = described["services"][2]["characteristics"][1]
    assert brightness == {
        "iid": 12,
        "type": "8",
        "perms": ["pr", "pw", "ev"],
        "format": "int",
        "description": "Brightness",
        "unit": "percentage",
        "minValue": 0,
        "maxValue": 100,
        "minStep": 1,
    }
    assert described["services"][2]["primary"] is True
    assert described["services"][2]["linked"] == [described["services"][3]["iid"]]
    assert described["services"][3]["hidden"] is True
    database = Database.load(dumps({"accessories": [described]}))
    assert database.characteristics[1, 12].type == C.BRIGHTNESS


def test_valid_values_are_told() -> None:
    """They were missing in the server that this one succeeds."""
    lock = Accessory("Lock").add_service(S.LOCK_MECHANISM)
    told = lock[C.LOCK_TARGET_STATE].describe()
    assert tuple(told["valid-values"]) == (0, 1)
    ranged = lock.add("99", format="uint8", perms=("pr",), valid_values_range=(2, 4), value=3)
    assert tuple(ranged.describe()["valid-values-range"]) == (2, 4)


def test_types_of_ones_own() -> None:
    """A vendor's types need format and permissions, and stay whole."""
    accessory = Accessory("x")
    vendor = "F0000001-0000-4000-8000-000000000001"
    service = accessory.add_service(vendor)
    assert service.characteristics == []
    for told in ({}, {"format": "float"}, {"perms": ("pr",)}):
        with pytest.raises(ValueError, match="not known"):
            service.add(vendor, **told)
    each = service.add(vendor, format="float", perms=("pr",), value=1.5)
    assert each.describe() == {"iid": each.iid, "type": vendor, "perms": ["pr"], "format": "float"}
    assert service[vendor.lower()] is each
    assert vendor in service and C.ON not in service
    with pytest.raises(KeyError):
        service[C.ON]
    with pytest.raises(ValueError, match="already"):
        service.add(vendor)
    with pytest.raises(FormatError):
        accessory.add_service("no type")


def test_limits() -> None:
    """Controllers take so many services and characteristics; more is a mistake of the program."""
    accessory = Accessory("x")
    service = accessory.add_service(S.LIGHTBULB)
    told: dict[str, Any] = {"format": "uint8", "perms": ("pr",)}
    for number in range(99):
        service.add(f"F{number:03}", **told)
    with pytest.raises(ValueError, match="too many"):
        service.add("FFFF", **told)
    for _ in range(97):
        accessory.add_service(S.LIGHTBULB)
    with pytest.raises(ValueError, match="too many"):
        accessory.add_service(S.LIGHTBULB)


def watched(each: Characteristic) -> list[tuple[Any, object]]:
    """Record changes."""
    seen: list[tuple[Any, object]] = []
    each.watch(lambda characteristic, value, source: seen.append((value, source)))
    return seen


def test_changes_are_told() -> None:
    """Watchers hear of news, not of repetitions, until they leave."""
    on = bulb().services[2][C.ON]
    seen: list[Any] = []
    unwatch = on.watch(lambda each, value, source: seen.append((each.iid, value, source)))
    on.value = True
    on.value = True
    on.value = 0
    on.store(1, "me")
    unwatch()
    on.value = False
    assert seen == [(11, True, None), (11, False, None), (11, True, "me")]
    assert on.value is False
    assert repr(on) == "<Characteristic 1.11 25>"


def test_values_must_be_valid() -> None:
    """A program that sets nonsense learns it at once; nothing is told."""
    light = bulb().services[2]
    seen = watched(light[C.BRIGHTNESS])
    for value in (101, 100.4, -1, -0.1, "much", None):
        with pytest.raises(FormatError):
            light[C.BRIGHTNESS].value = value
    assert seen == [] and light[C.BRIGHTNESS].value == 0
    with pytest.raises(FormatError):
        Accessory("x" * 65)


def test_measured_numbers_go_to_the_next_step() -> None:
    """A sensor knows nothing of steps; a controller that writes does, and is refused."""
    room = Accessory("Room").add_service(S.TEMPERATURE_SENSOR)[C.CURRENT_TEMPERATURE]
    seen = watched(room)
    for value in (21.3712, 21.42, 0.04, 99.96):
        room.value = value
    assert seen == [(21.4, None), (0.0, None), (100.0, None)]
    with pytest.raises(FormatError):
        room.value = -300.0  # nobody shall take it for the least
    with pytest.raises(FormatError):
        room.check(21.37)
    level = bulb().services[2][C.BRIGHTNESS]
    level.value = 41.5
    assert level.value == 42 and type(level.value) is int
    state = Accessory("Alarm").add_service(S.SECURITY_SYSTEM)[C.SECURITY_SYSTEM_CURRENT_STATE]
    assert state.fit(2.0) == 2
    odd = (
        Accessory("Odd")
        .add_service("F001")
        .add("F002", format="uint8", perms=("pr",), valid_values=(1, 3))
    )
    with pytest.raises(FormatError):
        odd.value = 2


def test_presses_have_no_state() -> None:
    """A button is pressed again and again, and its value is never known."""
    button = Accessory("b").add_service(S.STATELESS_PROGRAMMABLE_SWITCH)[
        C.PROGRAMMABLE_SWITCH_EVENT
    ]
    seen = watched(button)
    button.value = 0
    button.value = 0
    assert seen == [(0, None), (0, None)]
    assert button.value is None


def test_data_are_base64() -> None:
    """Bytes are welcome."""
    each = (
        Accessory("x")
        .add_service(S.LIGHTBULB)
        .add("F00", format="data", perms=("pr",), value=b"\1\2")
    )
    assert each.value == "AQI="


def test_bridge() -> None:
    """Bridged accessories have ids of their own, without 7, and say nothing of the protocol."""
    bridge = Bridge("Bridge")
    for number in range(7):
        bridge.add_accessory(Accessory(f"{number}"))
    assert [each.aid for each in bridge.accessories] == [1, 2, 3, 4, 5, 6, 8, 9]
    assert bridge.category == 2
    second = bridge.accessories[1]
    assert all(each.aid == 2 for each in second.characteristics)
    assert [each["type"] for each in second.describe()["services"]] == ["3E"]
    assert second.add_service(S.LIGHTBULB)[C.ON].aid == 2
    bridge.add_accessory(Accessory("own id"), aid=1 << 60)
    for aid in (1, 2, 0, 1 << 64):
        with pytest.raises(ValueError, match="taken or none"):
            bridge.add_accessory(Accessory("x"), aid=aid)
    with pytest.raises(ValueError, match="behind a bridge"):
        bridge.add_accessory(Bridge("another"))
    with pytest.raises(ValueError, match="behind a bridge"):
        bridge.add_accessory(second)


def test_bridge_limit() -> None:
    """150 with the bridge itself."""
    bridge = Bridge("Bridge", category=3, model="Mine")
    assert bridge.category == 3
    for number in range(149):
        bridge.add_accessory(Accessory(f"{number}"))
    with pytest.raises(ValueError, match="too many"):
        bridge.add_accessory(Accessory("x"))


def test_fingerprint_is_that_of_what_is_fixed() -> None:
    """Values do not count, everything else does."""
    one, other = bulb(), bulb()
    other.services[2][C.ON].value = True
    assert fingerprint(one) == fingerprint(other)
    other.add_service(S.FAN)
    assert fingerprint(one) != fingerprint(other)


def test_identify() -> None:
    """Without a callback nothing happens."""
    assert Accessory("x").make_noticeable() is None
    assert Accessory("x", identify=lambda: 5).make_noticeable() == 5
    assert {each.number for each in categories()} >= {1, 2, 5}
