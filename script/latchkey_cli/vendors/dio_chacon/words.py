"""Devices of DiO in words, in tables and in JSON."""

from collections.abc import Iterable, Mapping
from typing import Any

from custom_components.dio_chacon.protocol import Change, Device, DioClient, Kind, Movement, Rang

from ...lookup import find
from ...output import Json, table
from ...reads import about, position_text

KINDS: Mapping[Kind, str] = {
    Kind.SHUTTER: "shutter",
    Kind.LIGHT_SWITCH: "light switch",
    Kind.PLUG: "plug",
    Kind.DOORBELL: "doorbell",
    Kind.UNKNOWN: "unknown type",
}
MOVING: Mapping[Movement | None, str] = {Movement.UP: "opening", Movement.DOWN: "closing"}

_STATE_FIELDS = (
    "connected",
    "is_on",
    "quiet",
    "movement",
    "position",
    "acknowledged_movement",
    "calibration",
    "last_event",
    "last_ring",
    "sd_card",
)
IN_STATE_TEXT = frozenset(
    {
        "acknowledged_movement",
        "is_on",
        "last_event",
        "last_ring",
        "movement",
        "position",
        "quiet",
    }
)
IN_LINK_TEXT = frozenset({"connected", "reported"})
STAMPS = frozenset[str]()
# Of these only the fact that they changed is told.
_PRIVATE = frozenset({"mac", "room_id"})


def find_device(client: DioClient, wanted: str) -> Device:
    """Find a device of the account by id or name; raises CliError."""
    return find(
        client.devices,
        wanted,
        lambda device: (device.name, device.room_name or "", device.device_id),
    )


def device_table(client: DioClient, devices: Iterable[Device]) -> str:
    """Lay devices out as a table."""
    return table(
        ("NAME", "KIND", "ROOM", "STATE", "LINK", "MODEL", "FIRMWARE", "ID"),
        (
            (
                device.name,
                KINDS[device.kind],
                device.room_name or "",
                state_text(device),
                link_text(device),
                device.record.model or "",
                device.record.software_version or "",
                device.device_id,
            )
            for device in devices
        ),
    )


def name_of(device: Device) -> str:
    """Give the name."""
    return device.name


def kind_of(device: Device) -> str:
    """Say what a device is."""
    return KINDS[device.kind]


def link_text(device: Device) -> str:
    """Say whether the cloud reaches a device."""
    if device.connected:
        return "online"
    if device.reported:
        return "offline"
    return "not read" if device.connected is None else "no state"


def offline(device: Device) -> bool:
    """Tell whether a person should be warned that a device is not reached."""
    return not device.connected


def state_text(device: Device) -> str:
    """Say what a device last reported; empty when it has nothing to report."""
    parts: list[str] = []
    if device.kind is Kind.SHUTTER or device.position is not None:
        parts.append(position_text(device.position))
        if device.movement in MOVING:
            parts.append(MOVING[device.movement])
        elif device.acknowledged_movement:
            parts.append(f"told to move {device.acknowledged_movement}")
    if device.is_on is not None:
        parts.append("on" if device.is_on else "off")
    elif device.kind in (Kind.LIGHT_SWITCH, Kind.PLUG):
        parts.append("unknown")
    if device.quiet:
        parts.append("quiet")
    if device.last_event:
        stamp = device.last_event.time.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        parts.append(f"last {device.last_event.kind} {stamp}")
    text = ", ".join(parts)
    # What an unreachable device said last may be wrong by now.
    return f"last known: {text}" if text and device.reported and not device.connected else text


def told_fields(fields: frozenset[str]) -> frozenset[str]:
    """Give the names under which changes are told: all of them."""
    return fields


def told(change: Change) -> tuple[Json, str] | None:
    """Put a ring into JSON and into words."""
    match change:
        case Rang(device=device, event=event):
            line = {**about("rang", device), "kind": event.kind, "rang_at": event.time}
            return line, f"{device.name}: {event.kind}"
    return None


def as_json(device: Device) -> Json:
    """Give all that is known of a device and may be shown to others."""
    return {
        "id": device.device_id,
        "name": device.name,
        "kind": device.kind,
        "type": device.record.type_text,
        "room": device.room_name,
        "vendor": device.record.vendor,
        "model": device.record.model,
        "software_version": device.record.software_version,
        "hardware_version": device.record.hardware_version,
        "reported": device.reported,
        **{name: field(device, name) for name in _STATE_FIELDS},
    }


def field(device: Device, name: str) -> Any:
    """Read one field by the name under which changes are told."""
    match name:
        case "calibration" if calibration := device.calibration:
            return {"travel_up_s": calibration.up_s, "travel_down_s": calibration.down_s}
        case "last_event" if event := device.last_event:
            return {"kind": event.kind, "time": event.time}  # never the picture's signed address
        case "sd_card" if card := device.sd_card:
            return {"status": card.status, "total": card.total, "free": card.free}
    if name in _PRIVATE:
        return "changed"
    return getattr(device, name) if hasattr(device, name) else getattr(device.record, name)
