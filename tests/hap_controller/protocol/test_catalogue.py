"""Types, names, categories and structures are found, and what is not known is no error."""

from typing import Any

import pytest

from custom_components.hap_controller.protocol.catalogue import (
    BASE_SUFFIX,
    STATELESS,
    CharacteristicUuid,
    ServiceUuid,
    TlvField,
    categories,
    category,
    category_named,
    characteristic,
    characteristics,
    service,
    services,
    tlv_struct,
)
from custom_components.hap_controller.protocol.catalogue.tables import TLV_STRUCTS

from ...common import load_vectors

CATALOGUE = load_vectors("hap_controller", "catalogue")


def test_every_service_is_there() -> None:
    """Each row says what the catalogue says."""
    assert {each.uuid for each in services()} == {each["uuid"] for each in CATALOGUE["services"]}
    for row in CATALOGUE["services"]:
        found = service(row["uuid"])
        assert found is not None
        assert (found.name, found.id, found.vendor) == (row["name"], row["id"], row["vendor"])
        assert list(found.required) == row["required"]
        assert list(found.optional) == row["optional"]
        assert list(found.aliases) == row.get("aliases", [])


@pytest.mark.parametrize(
    ("field", "member", "absent"),
    [
        ("name", "name", None),
        ("id", "id", None),
        ("vendor", "vendor", None),
        ("format", "format", None),
        ("perms", "perms", ()),
        ("unit", "unit", None),
        ("min_value", "min", None),
        ("max_value", "max", None),
        ("min_step", "step", None),
        ("max_len", "max_len", None),
        ("max_data_len", "max_data_len", None),
        ("bitmask", "bitmask", False),
        ("admin_only", "admin_only", ()),
        ("stateless", "stateless_event", False),
        ("tlv_struct", "tlv_struct", None),
        ("tlv_array", "tlv_array", False),
        ("notes", "notes", None),
        ("aliases", "aliases", ()),
    ],
)
def test_every_characteristic_is_there(field: str, member: str, absent: Any) -> None:
    """Each row says what the catalogue says, field by field."""
    rows = {row["uuid"]: row for row in CATALOGUE["characteristics"]}
    assert {each.uuid for each in characteristics()} == rows.keys()
    for uuid, row in rows.items():
        value = getattr(characteristic(uuid), field)
        wanted = row.get(member, absent)
        assert (list(value) if type(value) is tuple else value) == (
            list(wanted) if type(wanted) is tuple else wanted
        ), uuid


def test_values_have_names() -> None:
    """Numbers of an enumeration and bits of a mask are named."""
    found = characteristic(CharacteristicUuid.CURRENT_DOOR_STATE)
    assert found is not None
    assert dict(found.values)[2] == "Opening"


def test_names_lead_to_types() -> None:
    """Constants hold the UUIDs of their types."""
    named = ServiceUuid.LIGHTBULB, CharacteristicUuid.ON
    assert named == (f"00000043{BASE_SUFFIX}", f"00000025{BASE_SUFFIX}")
    assert CharacteristicUuid.EVE_ENERGY_WATT == "E863F10D-079E-48FF-8F27-9C2605A29F52"
    for constants, find in ((ServiceUuid, service), (CharacteristicUuid, characteristic)):
        values = [value for name, value in vars(constants).items() if not name.startswith("_")]
        assert len(values) == len(set(values)) > 80
        assert all(find(value) for value in values)


def test_stateless_types_are_those_of_the_catalogue() -> None:
    """Nobody polls a button."""
    assert {each.uuid for each in characteristics() if each.stateless} == STATELESS


def test_unknown_types_are_no_error() -> None:
    """Vendors invent types."""
    assert service("2") is None
    assert characteristic("34AB8811-AC7F-4340-BAC3-FD6A85F9943C") is None
    assert tlv_struct("Nothing") is None


def test_categories() -> None:
    """Numbers that nobody knows are kept; either spelling of a name is found."""
    assert [(each.number, each.name, each.tool_name) for each in categories()] == [
        (row["id"], row["name"], row["cli_name"]) for row in CATALOGUE["categories"]
    ]
    assert category(5).name == "Lightbulb"
    assert category(4711) == (4711, "Unknown (4711)", None)
    assert category_named("garage") == category_named("Garage Door Opener") == category(4)
    assert category_named("") is category_named("Toaster") is None


def test_structures_name_their_items() -> None:
    """Enumerations come with the items that have them; every structure can be read."""
    assert tlv_struct("StreamingStatus") == (
        TlvField(1, "status", "u8", {0: "available", 1: "in use", 2: "unavailable"}),
    )
    assert all(tlv_struct(name) for name in TLV_STRUCTS)
