"""Show the devices, once or as they change."""

import argparse
import asyncio
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime

from custom_components.dio_chacon.protocol import (
    Change,
    Device,
    DeviceAdded,
    DeviceChanged,
    DeviceRemoved,
    DioClient,
    LinkChanged,
    Rang,
)

from ...errors import ExitStatus
from ...output import Json, printable, say, say_json
from .words import KINDS, as_json, changed_text, device_table, field, find_device, state_text


async def list_devices(client: DioClient, arguments: argparse.Namespace) -> ExitStatus:
    """Print what the account has."""
    devices = _wanted(client, arguments.names)
    if arguments.json:
        say_json({"devices": [as_json(device) for device in devices]})
    elif devices:
        say(device_table(devices))
    else:
        say("This account has no devices")
    return ExitStatus.DONE


async def watch(client: DioClient, arguments: argparse.Namespace) -> ExitStatus:
    """Print the devices, then every change until the time is over or the program is stopped."""
    devices = _wanted(client, arguments.names)
    only = {device.device_id for device in devices} if arguments.names else None
    # Printed outside of the listener: a reader that goes away must end the program, not be a listener's failure.
    news: asyncio.Queue[Change] = asyncio.Queue()
    client.subscribe(news.put_nowait)
    if arguments.json:
        for device in devices:
            say_json({"time": _now(), "event": "device", **as_json(device)})
    else:
        say(device_table(devices))
    with suppress(TimeoutError):
        async with asyncio.timeout(arguments.duration):
            while True:
                change = await news.get()
                if not _concerns(change, only):
                    continue
                line, text = _told(change)
                if arguments.json:
                    say_json({"time": _now(), **line})
                else:
                    say(f"{datetime.now():%H:%M:%S}  {printable(text)}")
    return ExitStatus.DONE


def _wanted(client: DioClient, names: Iterable[str]) -> list[Device]:
    """Give the devices that were named, or all of them, by name."""
    named = {device.device_id: device for device in (find_device(client, name) for name in names)}
    found = named or client.devices
    return sorted(found.values(), key=lambda device: (device.name.casefold(), device.device_id))


def _concerns(change: Change, only: set[str] | None) -> bool:
    return only is None or isinstance(change, LinkChanged) or change.device.device_id in only


def _told(change: Change) -> tuple[Json, str]:
    """Put a change into JSON and into words."""
    match change:
        case LinkChanged(connected=True):
            return {"event": "connected"}, "connected to the cloud again"
        case LinkChanged(error=error):
            return {"event": "disconnected", "reason": str(error)}, f"connection lost: {error}"
        case DeviceAdded(device=device):
            words = filter(None, (KINDS[device.kind], state_text(device)))
            text = f"{device.name}: added, {', '.join(words)}"
            return {"event": "added", **as_json(device)}, text
        case DeviceRemoved(device=device):
            return _about("removed", device), f"{device.name}: removed from the account"
        case Rang(device=device, event=event):
            about = {**_about("rang", device), "kind": event.kind, "rang_at": event.time}
            return about, f"{device.name}: {event.kind}"
        case DeviceChanged(device=device, fields=fields):
            changed = {name: field(device, name) for name in sorted(fields)}
            text = f"{device.name}: {changed_text(device, fields)}"
            return {**_about("changed", device), "changed": changed}, text


def _about(event: str, device: Device) -> Json:
    return {"event": event, "id": device.device_id, "name": device.name}


def _now() -> datetime:
    return datetime.now().astimezone()
