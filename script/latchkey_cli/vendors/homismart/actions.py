"""What devices, hubs and all devices together can be told."""

import argparse
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from operator import methodcaller

from custom_components.homismart.protocol import (
    MAX_CLOSED_POSITION,
    MAX_LED,
    Device,
    HomismartClient,
    Kind,
)

from ...actions import Action, result, send, whole_number
from ...errors import ExitStatus
from ...output import printable, say, say_json
from . import words
from .words import COVERS, state_text

OPEN, CLOSED = 100, 0


def _is_cover(device: Device) -> bool:
    return device.kind in COVERS or device.position is not None


def _is_switch(device: Device) -> bool:
    """Tell what is switched; what "on" does to a door is another matter."""
    others = device.is_hub or device.kind is Kind.DOOR_LOCK or _is_cover(device)
    return not others and (device.kind is not Kind.UNKNOWN or device.is_on is not None)


def _has_lock(device: Device) -> bool:
    return device.kind is Kind.DOOR_LOCK or device.locked is not None


def _name(text: str) -> str:
    """Read a name; raises ValueError for an empty one."""
    if not (name := text.strip()):
        raise ValueError
    return name


@dataclass(frozen=True, kw_only=True)
class HomismartAction(Action[HomismartClient, Device]):
    """A command that the client ends when a report shows what was wanted."""

    reported: Callable[[Device], str] = state_text
    """What of the report to tell."""


_cover = partial(HomismartAction, suits=_is_cover)
_switch = partial(HomismartAction, suits=_is_switch)
_lock = partial(HomismartAction, suits=_has_lock)

ACTIONS: tuple[HomismartAction, ...] = (
    _switch(
        name="on",
        about="switch a light or a socket on",
        send=lambda client, device_id, value: client.set_on(device_id, True),
    ),
    _switch(
        name="off",
        about="switch a light or a socket off",
        send=lambda client, device_id, value: client.set_on(device_id, False),
    ),
    _switch(
        name="toggle",
        about="switch a light or a socket to the other state",
        send=lambda client, device_id, value: client.toggle(device_id),
    ),
    _cover(
        name="open",
        about="open a curtain or shutter",
        send=lambda client, device_id, value: client.set_position(device_id, OPEN),
    ),
    _cover(
        name="close",
        about="close a curtain or shutter",
        send=lambda client, device_id, value: client.set_position(device_id, CLOSED),
    ),
    _cover(
        name="stop",
        about="stop a curtain or shutter where it is",
        send=lambda client, device_id, value: client.stop(device_id),
    ),
    _cover(
        name="level",
        about="run a curtain or shutter to a level; the motors know steps of ten",
        send=lambda client, device_id, value: client.set_position(device_id, value),
        read_value=whole_number(CLOSED, OPEN),
        value_name="PERCENT",
        value_help="percent open: 0 is closed, 100 is open; rounded to tens, halves towards closed",
    ),
    HomismartAction(
        name="closed-position",
        about="calibrate where a curtain or shutter is closed",
        reported=lambda device: f"closed position {device.closed_position}",
        suits=lambda device: device.closed_position is not None,
        send=lambda client, device_id, value: client.set_closed_position(device_id, value),
        read_value=whole_number(0, MAX_CLOSED_POSITION),
        value_name="POSITION",
        value_help=f"a number from 0 to {MAX_CLOSED_POSITION}",
    ),
    _lock(
        name="lock",
        about="lock a door, or the buttons of another device; see the documentation for what is"
        " not certain about doors",
        send=lambda client, device_id, value: client.set_locked(device_id, True),
    ),
    _lock(
        name="unlock",
        about="unlock a door, or the buttons of another device",
        send=lambda client, device_id, value: client.set_locked(device_id, False),
    ),
    HomismartAction(
        name="led",
        about="set the indicator light of a device",
        suits=lambda device: device.led is not None,
        send=lambda client, device_id, value: client.set_led(device_id, value),
        read_value=whole_number(0, MAX_LED),
        value_name="PERCENT",
        value_help=f"how bright: 0 is off, {MAX_LED} is full",
    ),
    HomismartAction(
        name="rename",
        about="give a device or hub another name, which the app shows as well",
        reported=lambda device: f"the name {device.name}",
        suits=lambda device: True,
        send=lambda client, device_id, value: client.rename(device_id, value),
        read_value=_name,
        value_name="NAME",
        value_help="a name",
    ),
)

GROUPS: Mapping[str, Callable[[HomismartClient], Awaitable[None]]] = {
    "on": methodcaller("switch_all", on=True),
    "off": methodcaller("switch_all", on=False),
    "open": methodcaller("move_all", opening=True),
    "close": methodcaller("move_all", opening=False),
}


async def operate(
    action: HomismartAction, client: HomismartClient, arguments: argparse.Namespace
) -> ExitStatus:
    """Send one command; it is done when a report of the device, or the list, shows it."""
    device, name = await send(words, action, client, arguments)
    device = client.devices.get(device.device_id, device)
    if arguments.json:
        state = words.as_json(device)
        say_json(result(action, device, arguments.value, confirmed=True, state=state))
    else:
        reported = printable(action.reported(device))
        say(f"{name}: {action.name} confirmed; the device reports {reported}")
    return ExitStatus.DONE


async def operate_all(client: HomismartClient, arguments: argparse.Namespace) -> ExitStatus:
    """Send one command to all devices."""
    await GROUPS[arguments.action](client)
    if arguments.json:
        say_json({"command": "all", "value": arguments.action, "confirmed": True})
    else:
        say(f"all {arguments.action}: confirmed by what the devices report")
    return ExitStatus.DONE
