"""Devices of Homismart in words: what is known is said, what is not known is not made up."""

from dataclasses import replace
from typing import Any

import pytest

from custom_components.homismart.protocol import Device, LinkChanged, Motion, TermsChanged
from script.latchkey_cli.reads import changed_text
from script.latchkey_cli.vendors.homismart import words
from script.latchkey_cli.vendors.homismart.words import (
    as_json,
    link_text,
    state_text,
    told,
    told_fields,
)

HUB_ID = "0002AABBCCDDEE"
SOCKET, LIGHT, SHUTTER, CURTAIN, LOCK, ODD = 1, 2, 4, 5, 9, 77


def device(type_number: int, **state: Any) -> Device:
    """Build a device that the cloud reaches."""
    made = Device(f"{type_number:02}345678901234", type_number, name="Device", hub_id=HUB_ID)
    return replace(made, **{"online": True, "reachable": True, **state})


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (device(CURTAIN, level=100), "closed"),
        (device(CURTAIN, level=0), "open"),
        (device(SHUTTER, level=70), "30 % open"),
        (device(SHUTTER, level=0, motion=Motion.OPENING), "opening, to open"),
        (device(SHUTTER, level=100, motion=Motion.CLOSING), "closing, to closed"),
        (device(CURTAIN, level=60, motion=Motion.CLOSING), "closing, to 40 % open"),
        (device(CURTAIN), "position unknown"),
        (device(CURTAIN, is_on=True), "position unknown"),
        (device(CURTAIN, level=100, reachable=False), "last known: closed"),
        (device(SOCKET, is_on=True, led=0), "on"),
        (device(LIGHT, is_on=False, led=40, locked=True), "off, buttons locked, indicator 40 %"),
        (device(LIGHT), "unknown"),
        (device(LOCK, locked=True, is_on=False), "locked"),
        (device(LOCK, locked=False, is_on=True), "unlocked, being opened"),
        (device(LOCK), "unknown"),
        (device(LOCK, locked=True, reachable=False), "last known: locked"),
        (device(ODD), ""),
        (device(ODD, is_on=False), "off"),
        (device(ODD, level=60), "40 % open"),
        (Device(HUB_ID, 0, online=True, reachable=True), ""),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_state(shown: Device, text: str) -> None:
    """A state in words."""
    assert state_text(shown) == text


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ({}, "online"),
        ({"online": False, "reachable": False}, "offline"),
        ({"online": True, "reachable": False}, "hub offline"),
        ({"online": None, "reachable": None}, "unknown"),
    ],
)
def test_link(state: dict[str, Any], text: str) -> None:
    """Whether the cloud reaches a device, and if not, whose fault it is."""
    assert link_text(device(LIGHT, **state)) == text


def test_levels_are_told_as_percent_open() -> None:
    """The wire counts the other way round; what the client notes for itself is nobody's business."""
    fields = told_fields(frozenset({"level", "standing_level", "motion", "pending"}))
    assert fields == {"position", "motion"}
    assert told_fields(frozenset({"pending", "lit_led"})) == frozenset()


def test_change_names_what_changed() -> None:
    """State and link in words, anything else by name; the time of the report only when it is alone."""
    shown = device(LIGHT, is_on=True, version="3")
    assert changed_text(words, shown, frozenset({"is_on", "updated_at"})) == "on"
    assert changed_text(words, shown, frozenset({"is_on", "reachable"})) == "on, online"
    assert changed_text(words, shown, frozenset({"name", "version"})) == "name Device, version 3"
    assert changed_text(words, shown, frozenset({"updated_at"})) == "updated_at None"


def test_json_has_no_raw_object() -> None:
    """All that is understood, in the units of the documentation."""
    shown = as_json(device(CURTAIN, level=30, members={"id": "x", "secret": "y"}))
    assert (shown["kind"], shown["type"], shown["position"]) == ("curtain", CURTAIN, 70)
    assert "secret" not in str(shown)


def test_terms() -> None:
    """What the cloud wants of its users is told; what all vendors tell is told elsewhere."""
    line, text = told(TermsChanged(required=True)) or ({}, "")
    assert line == {"event": "terms", "required": True}
    assert "terms" in text
    line, text = told(TermsChanged(required=False)) or ({}, "")
    assert line == {"event": "terms", "required": False}
    assert told(LinkChanged(connected=True)) is None
