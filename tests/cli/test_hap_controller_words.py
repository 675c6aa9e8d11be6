"""What the command line says of accessories, services and characteristics."""

import argparse
from typing import Any

import pytest

from custom_components.hap_controller.protocol import (
    Characteristic,
    CharacteristicUuid,
    Database,
    ServiceUuid,
    difference,
    read_announcement,
)
from script.latchkey_cli.vendors.hap_controller import characteristics, words

VENDOR = "12345678-ABCD-4321-8765-0123456789AB"


def described(*services: dict[str, Any]) -> Database:
    """Build the description of one accessory."""
    return Database.from_accessories([{"aid": 1, "services": list(services)}])


def service(type_: str, *members: dict[str, Any], iid: int = 10) -> dict[str, Any]:
    """Describe a service with readable characteristics."""
    usual = {"perms": ["pr", "ev"]}
    return {
        "iid": iid,
        "type": type_,
        "characteristics": [
            {"iid": iid + number, **usual, **each} for number, each in enumerate(members, 1)
        ],
    }


def one(**members: Any) -> Characteristic:
    """Build one characteristic."""
    (found,) = described(service(ServiceUuid.THERMOSTAT, members)).characteristics.values()
    return found


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({"type": CharacteristicUuid.ON, "format": "bool", "value": True}, "true"),
        (
            {
                "type": CharacteristicUuid.CURRENT_TEMPERATURE,
                "format": "float",
                "value": 21.5,
                "unit": "celsius",
            },
            "21.5 °C",
        ),
        (
            {
                "type": CharacteristicUuid.TARGET_HEATING_COOLING_STATE,
                "format": "uint8",
                "value": 1,
            },
            "Heat (1)",
        ),
        (
            {
                "type": CharacteristicUuid.TARGET_HEATING_COOLING_STATE,
                "format": "uint8",
                "value": 9,
            },
            "9",
        ),
        ({"type": CharacteristicUuid.NAME, "format": "string"}, ""),
        ({"type": VENDOR, "format": "string", "value": "x"}, "x"),
    ],
)
def test_values(members: dict[str, Any], text: str) -> None:
    """With units, and by the names that numbers have."""
    found = one(**members)
    assert words.value_text(found, found.value) == text


def test_unknown_types() -> None:
    """Vendors' types stand there by their UUID, or by what they say of themselves; missing values are empty."""
    database = described(
        service(VENDOR, {"type": VENDOR, "format": "string"}),
        service(
            ServiceUuid.CAMERA_RTP_STREAM_MANAGEMENT,
            {"type": CharacteristicUuid.STREAMING_STATUS, "format": "tlv8", "value": "AQEB"},
            iid=20,
        ),
    )
    assert words.description_text(database, decode=False).splitlines() == [
        f"1.10: >Unknown Service: {VENDOR}<",
        f"  1.11:  () >Unknown Characteristic {VENDOR}< [pr,ev]",
        "1.20: >camera-rtp-stream-management<",
        "  1.21: AQEB (Streaming Status) >streaming-status< [pr,ev]",
    ]
    assert "{'status': 'in use'}" in words.description_text(database, decode=True)
    told = words.description_json(database, decode=True)
    assert told[0]["services"][1]["characteristics"][0]["value"] == {"status": "in use"}
    assert "value" not in told[0]["services"][0]["characteristics"][0]
    found = database.characteristics[1, 11]
    assert words.change_text(found, None) == (
        f"accessory 1, Unknown Service: {VENDOR}, Unknown Characteristic {VENDOR} (1.11): "
    )
    found.status = -70402
    assert words.change_text(found, None).endswith("(1.11): not reachable")
    assert words.value_json(found, None)["available"] is False


def test_text_of_accessories_cannot_move_the_cursor() -> None:
    """Whatever an accessory calls itself, a terminal shows it as text."""
    found = described(
        service(
            ServiceUuid.ACCESSORY_INFORMATION,
            {"type": CharacteristicUuid.MODEL, "format": "string", "value": "a\x1b[2Jb"},
        )
    )
    assert "\x1b" not in words.description_text(found, decode=False)
    announced = read_announcement(
        "La\x1bmp._hap._tcp.local.", {"id": "AA:BB:CC:DD:EE:FF", "md": "x\x1b"}, [], None
    )
    assert announced is not None
    text = words.announcement_text(announced)
    assert "\x1b" not in text
    assert "Url: none that can be used\n" in text


def test_urls() -> None:
    """IPv6 has brackets."""
    assert words.url("2001:db8::1", 80) == "http://[2001:db8::1]:80"


def test_difference() -> None:
    """What came and went is counted."""
    light = service(ServiceUuid.LIGHTBULB, {"type": CharacteristicUuid.ON, "format": "bool"})
    more = service(ServiceUuid.SWITCH, {"type": CharacteristicUuid.ON, "format": "bool"}, iid=20)
    told = words.difference_json(difference(described(light), described(light, more)))
    assert words.difference_text(told) == (
        "the accessory describes itself in another way: 1 added services, 1 added characteristics"
    )


@pytest.mark.parametrize("text", ["1", "1.", ".1", "a.b", "1.1.1", "-1.1", f"1.{2**64}"])
def test_no_characteristics(text: str) -> None:
    """Two numbers of 64 bits name a characteristic, nothing else does."""
    assert characteristics.read_key(f"{2**64 - 1}.1") == (2**64 - 1, 1)
    with pytest.raises(argparse.ArgumentTypeError):
        characteristics.read_key(text)
