"""Devices of DiO in words: what is known is said, what is not known is not made up."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from custom_components.dio_chacon.protocol import (
    Calibration,
    Device,
    Kind,
    LastEvent,
    Movement,
    Record,
    SdCard,
)
from script.latchkey_cli.reads import changed_text
from script.latchkey_cli.vendors.dio_chacon import words
from script.latchkey_cli.vendors.dio_chacon.words import as_json, field, link_text, state_text

RING = LastEvent(
    "ring", datetime(2026, 5, 4, 12, 0, tzinfo=UTC), "https://pictures.example/x?sig=1"
)


def device(kind: Kind, **state: Any) -> Device:
    """Build a device that the cloud reaches."""
    record = Record("id-1", f".wifi.{kind}.", kind, name="Device", mac="02:11:22:33:44:01")
    return replace(Device(record, connected=True, reported=True), **state)


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (device(Kind.SHUTTER, position=0, movement=Movement.STOP), "closed"),
        (device(Kind.SHUTTER, position=100, movement=Movement.STOP), "open"),
        (device(Kind.SHUTTER, position=1), "1 % open"),
        (device(Kind.SHUTTER, position=0, movement=Movement.UP), "closed, opening"),
        (device(Kind.SHUTTER, position=99, movement=Movement.DOWN), "99 % open, closing"),
        (device(Kind.SHUTTER), "position unknown"),
        (
            device(Kind.SHUTTER, position=0, acknowledged_movement=Movement.UP),
            "closed, told to move up",
        ),
        (device(Kind.SHUTTER, position=0, connected=False), "last known: closed"),
        (device(Kind.SHUTTER, connected=False, reported=False), "position unknown"),
        (device(Kind.PLUG, is_on=True), "on"),
        (device(Kind.PLUG, is_on=False, quiet=True), "off, quiet"),
        (device(Kind.LIGHT_SWITCH), "unknown"),
        (device(Kind.LIGHT_SWITCH, is_on=True, connected=False), "last known: on"),
        (device(Kind.DOORBELL), ""),
        (device(Kind.UNKNOWN), ""),
        (device(Kind.UNKNOWN, is_on=False), "off"),
        (device(Kind.UNKNOWN, position=40), "40 % open"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_state(shown: Device, text: str) -> None:
    """A state in words."""
    assert state_text(shown) == text


def test_last_ring_is_local_time() -> None:
    """The server's time is shown by the clock of this machine."""
    local = RING.time.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    assert state_text(device(Kind.DOORBELL, last_event=RING)) == f"last ring {local}"


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ({"connected": True}, "online"),
        ({"connected": False}, "offline"),
        ({"connected": False, "reported": False}, "no state"),
        ({"connected": None, "reported": False}, "not read"),
    ],
)
def test_link(state: dict[str, Any], text: str) -> None:
    """Whether the cloud reaches a device, and whether anybody asked."""
    assert link_text(device(Kind.SHUTTER, **state)) == text


def test_change_names_what_changed() -> None:
    """State and link in words, anything else by name; what is private by name alone."""
    shown = device(Kind.PLUG, is_on=True)
    assert changed_text(words, shown, frozenset({"is_on"})) == "on"
    assert changed_text(words, shown, frozenset({"is_on", "connected"})) == "on, online"
    assert changed_text(words, shown, frozenset({"mac", "name"})) == "mac changed, name Device"


def test_structured_fields() -> None:
    """Values with parts are told in parts, and a signed address not at all."""
    shown = device(
        Kind.DOORBELL,
        calibration=Calibration(24.1, 23.35),
        last_event=RING,
        sd_card=SdCard("ok", "32G", "31G"),
    )
    assert field(shown, "calibration") == {"travel_up_s": 24.1, "travel_down_s": 23.35}
    assert field(shown, "last_event") == {"kind": "ring", "time": RING.time}
    assert field(shown, "sd_card") == {"status": "ok", "total": "32G", "free": "31G"}
    text = str(as_json(shown))
    assert "https" not in text
    assert "02:11" not in text
