"""Devices and hubs of Homismart in words, in tables and in JSON."""

from collections.abc import Iterable, Mapping
from typing import Any

from custom_components.homismart.protocol import (
    Change,
    Device,
    HomismartClient,
    Kind,
    Motion,
    TermsChanged,
)

from ...lookup import find
from ...output import Json, table
from ...reads import position_text

KINDS: Mapping[Kind, str] = {
    Kind.HUB: "hub",
    Kind.SOCKET: "socket",
    Kind.LIGHT_SWITCH: "light switch",
    Kind.SHUTTER: "shutter",
    Kind.CURTAIN: "curtain",
    Kind.MULTI_GANG: "multi-gang switch",
    Kind.DOUBLE_SWITCH: "double switch",
    Kind.OTHER_SOCKET: "socket",
    Kind.DOOR_LOCK: "door lock",
    Kind.UNKNOWN: "unknown type",
}
COVERS = (Kind.SHUTTER, Kind.CURTAIN)

_STATE_FIELDS = (
    "online",
    "reachable",
    "is_on",
    "position",
    "motion",
    "closed_position",
    "locked",
    "led",
    "consumption",
    "operation_time_s",
    "last_on",
    "updated_at",
    "shared",
    "icon_id",
)
IN_STATE_TEXT = frozenset({"is_on", "locked", "motion", "position", "led"})
IN_LINK_TEXT = frozenset({"online", "reachable"})
# What the client keeps for itself: wishes under way, and what it derives movement from.
_INTERNAL = frozenset({"lit_led", "pending", "standing_level"})
# Comes along with every other change.
STAMPS = frozenset({"updated_at"})


def find_device(client: HomismartClient, wanted: str) -> Device:
    """Find a device or hub of the account by id or name; raises CliError."""
    return find(
        client.devices,
        wanted,
        lambda device: (device.name or "", _hub_name(client, device), device.device_id),
    )


def device_table(client: HomismartClient, devices: Iterable[Device]) -> str:
    """Lay devices and hubs out as a table."""
    return table(
        ("NAME", "KIND", "HUB", "STATE", "LINK", "FIRMWARE", "ID"),
        (
            (
                device.name or "",
                kind_of(device),
                _hub_name(client, device),
                state_text(device),
                link_text(device),
                device.version or "",
                device.device_id,
            )
            for device in devices
        ),
    )


def _hub_name(client: HomismartClient, device: Device) -> str:
    """Name the hub that a device belongs to."""
    hub = client.devices.get(device.hub_id or "")
    return name_of(hub) if hub else ""


def name_of(device: Device) -> str:
    """Give the name, or the id of a device without one."""
    return device.name or device.device_id


def kind_of(device: Device) -> str:
    """Say what a device is."""
    return KINDS[device.kind]


def link_text(device: Device) -> str:
    """Say whether the cloud reaches a device."""
    match device.reachable:
        case True:
            return "online"
        case None:
            return "unknown"
    return "offline" if device.online is False else "hub offline"


def offline(device: Device) -> bool:
    """Tell whether a person should be warned that a device is not reached."""
    return device.reachable is False


def state_text(device: Device) -> str:
    """Say what a device last reported; empty when it has nothing to report."""
    parts: list[str] = []
    if device.kind in COVERS or device.position is not None:
        parts.append(_position_text(device))
    elif device.kind is Kind.DOOR_LOCK:
        parts.append({True: "locked", False: "unlocked", None: "unknown"}[device.locked])
        if device.is_on:
            parts.append("being opened")
    elif device.is_on is not None:
        parts.append("on" if device.is_on else "off")
    elif device.kind not in (Kind.HUB, Kind.UNKNOWN):
        parts.append("unknown")
    if device.locked and device.kind is not Kind.DOOR_LOCK:
        parts.append("buttons locked")
    if device.led:
        parts.append(f"indicator {device.led} %")
    text = ", ".join(parts)
    # What an unreachable device said last may be wrong by now.
    return f"last known: {text}" if text and device.reachable is False else text


def _position_text(device: Device) -> str:
    """Say where a curtain is; of a moving one is only known where it goes to."""
    where = position_text(device.position)
    match device.motion if device.position is not None else None:
        case Motion.OPENING:
            return f"opening, to {where}"
        case Motion.CLOSING:
            return f"closing, to {where}"
    return where


def told_fields(fields: frozenset[str]) -> frozenset[str]:
    """Give the names under which changes are told: percent open instead of the wire's levels."""
    told = fields - _INTERNAL
    return (told - {"level"}) | {"position"} if "level" in told else told


def as_json(device: Device) -> Json:
    """Give all that is known of a device or hub."""
    return {
        "id": device.device_id,
        "name": device.name,
        "kind": device.kind,
        "type": device.type_number,
        "hub": device.hub_id,
        "version": device.version,
        **{name: field(device, name) for name in _STATE_FIELDS},
    }


def field(device: Device, name: str) -> Any:
    """Read one field by the name under which changes are told."""
    return getattr(device, name)


def told(change: Change) -> tuple[Json, str] | None:
    """Put into JSON and into words what the cloud wants of its users."""
    match change:
        case TermsChanged(required=True):
            line: Json = {"event": "terms", "required": True}
            return line, "the cloud wants its new terms of use confirmed"
        case TermsChanged():
            return {"event": "terms", "required": False}, "the terms of use are confirmed"
    return None
