"""Show the devices, once or as they change."""

import argparse
import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Protocol

from .errors import ExitStatus
from .output import Json, printable, say, say_json


class Subscribed(Protocol):
    """What tells its changes."""

    def subscribe(self, listener: Callable[[Any], None]) -> Callable[[], None]:
        """Have every change told."""


class Client[Device](Subscribed, Protocol):
    """What is read of the clients of accounts."""

    @property
    def devices(self) -> Mapping[str, Device]:
        """All devices by id."""


class Words[ClientT, Device](Protocol):
    """What the ``words`` module of a vendor offers."""

    IN_STATE_TEXT: frozenset[str]
    """The fields that ``state_text`` tells."""
    IN_LINK_TEXT: frozenset[str]
    """The fields that ``link_text`` tells."""
    STAMPS: frozenset[str]
    """The fields that come along with every change of another one."""

    def find_device(self, client: ClientT, wanted: str) -> Device:
        """Find a device by id or name; raises CliError."""

    def device_table(self, client: ClientT, devices: Iterable[Device]) -> str:
        """Lay devices out as a table."""

    def as_json(self, device: Device) -> Json:
        """Give all that may be shown of a device."""

    def name_of(self, device: Device) -> str:
        """Give the name, or what stands for it."""

    def kind_of(self, device: Device) -> str:
        """Say what a device is."""

    def state_text(self, device: Device) -> str:
        """Say what a device last reported; empty when it has nothing to report."""

    def told_fields(self, fields: frozenset[str]) -> frozenset[str]:
        """Give the names under which changes of these fields are told; none for what is nobody's business."""

    def link_text(self, device: Device) -> str:
        """Say whether the vendor's system reaches a device; empty when that is no question."""

    def offline(self, device: Device) -> bool:
        """Tell whether a person should be warned that a device is not reached."""

    def field(self, device: Device, name: str) -> Any:
        """Read one field by the name under which changes are told."""

    def told(self, change: Any) -> tuple[Json, str] | None:
        """Put a change that only this vendor has into JSON and into words; None for all others."""


async def list_devices(
    words: Words[Any, Any], client: Client[Any], arguments: argparse.Namespace
) -> ExitStatus:
    """Print what the account has."""
    devices = _wanted(words, client, arguments.names)
    if arguments.json:
        say_json({"devices": [words.as_json(device) for device in devices]})
    elif devices:
        say(words.device_table(client, devices))
    else:
        say("This account has no devices")
    return ExitStatus.DONE


async def watch(
    words: Words[Any, Any], client: Client[Any], arguments: argparse.Namespace
) -> ExitStatus:
    """Print the devices, then every change until the time is over or the program is stopped."""
    devices = _wanted(words, client, arguments.names)
    only = {device.device_id for device in devices} if arguments.names else None
    if arguments.json:
        for device in devices:
            say_json({"time": now(), "event": "device", **words.as_json(device)})
    else:
        say(words.device_table(client, devices))

    def tell(change: Any) -> None:
        if not _concerns(change, only) or (news_told := _told(words, change)) is None:
            return
        line, text = news_told
        if arguments.json:
            say_json({"time": now(), **line})
        else:
            say(f"{datetime.now():%H:%M:%S}  {printable(text)}")

    await follow(client, arguments.duration, tell)
    return ExitStatus.DONE


async def follow(client: Subscribed, duration_s: float | None, tell: Callable[[Any], None]) -> None:
    """Tell every change from now on, until the time is over; for ever without one."""
    # Told outside of the listener: a reader that goes away must end the program, not be a listener's failure.
    news: asyncio.Queue[Any] = asyncio.Queue()
    client.subscribe(news.put_nowait)
    with suppress(TimeoutError):
        async with asyncio.timeout(duration_s):
            while True:
                tell(await news.get())


def _wanted(words: Words[Any, Any], client: Client[Any], names: Iterable[str]) -> list[Any]:
    """Give the devices that were named, or all of them, by name."""
    found = [words.find_device(client, name) for name in names]
    wanted = {device.device_id: device for device in found} or client.devices
    return sorted(
        wanted.values(), key=lambda device: (words.name_of(device).casefold(), device.device_id)
    )


def _concerns(change: Any, only: set[str] | None) -> bool:
    device = getattr(change, "device", None)
    return only is None or device is None or device.device_id in only


def _told(words: Words[Any, Any], change: Any) -> tuple[Json, str] | None:
    """Put a change into JSON and into words; None when there is nothing to tell.

    Changes are told apart by the names of their classes, which are the same in every protocol core.
    """
    device = getattr(change, "device", None)
    name = "" if device is None else words.name_of(device)
    match type(change).__name__:
        case "LinkChanged" if change.connected:
            return {"event": "connected"}, "connected to the cloud again"
        case "LinkChanged":
            reason = str(change.error)
            return {"event": "disconnected", "reason": reason}, f"connection lost: {reason}"
        case "DeviceAdded":
            parts = filter(None, (words.kind_of(device), words.state_text(device)))
            return {
                "event": "added",
                **words.as_json(device),
            }, f"{name}: added, {', '.join(parts)}"
        case "DeviceRemoved":
            return about("removed", device), f"{name}: removed from the account"
        case "DeviceChanged":
            if not (fields := words.told_fields(change.fields)):
                return None
            changed = {field: words.field(device, field) for field in sorted(fields)}
            text = f"{name}: {changed_text(words, device, fields)}"
            return {**about("changed", device), "changed": changed}, text
    return words.told(change)


def changed_text(words: Words[Any, Any], device: Any, fields: frozenset[str]) -> str:
    """Say what changed: state and link in words, anything else by name and value."""
    parts = [words.state_text(device)] if fields & words.IN_STATE_TEXT else []
    parts += [words.link_text(device)] if fields & words.IN_LINK_TEXT else []
    rest = fields - words.IN_STATE_TEXT - words.IN_LINK_TEXT
    if parts or rest - words.STAMPS:
        rest -= words.STAMPS
    parts += [f"{name} {words.field(device, name)}" for name in sorted(rest)]
    return ", ".join(parts)


def position_text(percent_open: int | None) -> str:
    """Say how far open a cover is."""
    match percent_open:
        case None:
            return "position unknown"
        case 0:
            return "closed"
        case 100:
            return "open"
    return f"{percent_open} % open"


def about(event: str, device: Any) -> Json:
    """Begin to tell of a device."""
    return {"event": event, "id": device.device_id, "name": device.name}


def now() -> datetime:
    """Tell the time, with the zone."""
    return datetime.now().astimezone()
