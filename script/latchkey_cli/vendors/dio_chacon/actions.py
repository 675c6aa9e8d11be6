"""What a device can be told."""

import argparse
import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from custom_components.dio_chacon.protocol import Device, DioClient, Kind, Movement, VendorError

from ...actions import Action, result, send, warn, whole_number
from ...errors import ExitStatus
from ...output import say, say_json
from . import words
from .words import MOVING


@dataclass(frozen=True, kw_only=True)
class DioAction(Action[DioClient, Device]):
    """A command whose end the device reports."""

    reached: Callable[[Device, Any], bool]
    """Whether the device reports what was asked for."""
    limit_s: Callable[[Device], float]
    """How long its report may take."""


def _is_shutter(device: Device) -> bool:
    return device.kind is Kind.SHUTTER or device.position is not None


def _is_switch(device: Device) -> bool:
    return device.kind in (Kind.LIGHT_SWITCH, Kind.PLUG) or device.is_on is not None


def _rests_at(device: Device, position: int) -> bool:
    return device.position == position and device.movement not in MOVING


_run = partial(DioAction, suits=_is_shutter, limit_s=lambda device: device.stop_limit_s)
_switch = partial(DioAction, suits=_is_switch, limit_s=lambda device: device.report_limit_s)

ACTIONS = (
    _run(
        name="open",
        about="run a shutter up to its end stop",
        send=lambda client, device_id, value: client.move(device_id, Movement.UP),
        reached=lambda device, value: _rests_at(device, 100),
    ),
    _run(
        name="close",
        about="run a shutter down to its end stop",
        send=lambda client, device_id, value: client.move(device_id, Movement.DOWN),
        reached=lambda device, value: _rests_at(device, 0),
    ),
    _run(
        name="stop",
        about="stop a shutter where it is",
        send=lambda client, device_id, value: client.move(device_id, Movement.STOP),
        reached=lambda device, value: device.movement is Movement.STOP,
    ),
    _run(
        name="position",
        about="run a shutter to a position",
        send=lambda client, device_id, value: client.set_position(device_id, value),
        reached=_rests_at,
        read_value=whole_number(0, 100),
        value_name="PERCENT",
        value_help="how far open: 0 is closed, 100 is open",
    ),
    _switch(
        name="on",
        about="switch a light or a plug on",
        send=lambda client, device_id, value: client.set_on(device_id, True),
        reached=lambda device, value: device.is_on is True,
    ),
    _switch(
        name="off",
        about="switch a light or a plug off",
        send=lambda client, device_id, value: client.set_on(device_id, False),
        reached=lambda device, value: device.is_on is False,
    ),
    _switch(
        name="quiet",
        about="set the quiet mode (status light) of a light switch or plug",
        suits=lambda device: device.quiet is not None,
        send=lambda client, device_id, value: client.set_quiet(device_id, value),
        reached=lambda device, value: device.quiet is value,
        read_value=lambda text: {"on": True, "off": False}[text.casefold()],
        value_name="on|off",
        value_help="on or off",
    ),
)


async def operate(
    action: DioAction, client: DioClient, arguments: argparse.Namespace
) -> ExitStatus:
    """Send one command, and wait for the device's own report when that is wanted."""
    device, name = await send(words, action, client, arguments)
    if not arguments.json:
        say(f"{name}: {action.name} acknowledged by the cloud")
    confirmed = None
    if arguments.wait:
        limit_s = arguments.wait_timeout or action.limit_s(device)
        confirmed = await _confirmed(action, client, device.device_id, arguments.value, limit_s)
        device = client.devices.get(device.device_id, device)
        if not arguments.json:
            say(f"{name}: the device reports {words.state_text(device) or 'nothing'}")
        if not confirmed:
            warn(f"{name} did not report {action.name} within {limit_s:g} s")
    if arguments.json:
        told = result(action, device, arguments.value, acknowledged=True, confirmed=confirmed)
        say_json(told | ({"state": words.as_json(device)} if arguments.wait else {}))
    return ExitStatus.UNCONFIRMED if confirmed is False else ExitStatus.DONE


async def _confirmed(
    action: DioAction, client: DioClient, device_id: str, value: object, limit_s: float
) -> bool:
    """Wait until the device reports what it was told; gives whether it did in time."""
    news = asyncio.Event()
    client.subscribe(lambda change: news.set())

    def reached() -> bool:
        device = client.devices.get(device_id)
        return device is not None and action.reached(device, value)

    with suppress(TimeoutError, VendorError):
        async with asyncio.timeout(limit_s):
            if reached():  # maybe from before the command, which then may bring no report
                await client.refresh_state(device_id)
            while not reached():
                news.clear()
                await news.wait()
            return True
    try:
        await client.refresh_state(device_id)
    except VendorError:
        return False
    return reached()
