"""What devices can be told: rows that the command line reads its commands from."""

import argparse
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
import sys
from typing import Any

from .errors import CliError, ExitStatus
from .output import Json, printable
from .reads import Words


@dataclass(frozen=True, kw_only=True)
class Action[Client, Device]:
    """A command for one device."""

    name: str
    about: str
    suits: Callable[[Device], bool]
    """Whether a device can do it."""
    send: Callable[[Client, str, Any], Awaitable[None]]
    read_value: Callable[[str], object] | None = None
    """From the argument to the value; raises KeyError or ValueError."""
    value_name: str = ""
    value_help: str = ""

    def check(self, device: Device, name: str, kind: str) -> None:
        """Raise CliError when the device cannot do it."""
        if not self.suits(device):
            raise CliError(
                f"{printable(name)} ({kind}) does not offer {self.name!r}", ExitStatus.USAGE
            )


async def send(
    words: Words[Any, Any], action: Action[Any, Any], client: Any, arguments: argparse.Namespace
) -> tuple[Any, str]:
    """Send a command to the device that was named, if it suits; gives the device and its name in print.

    Raises CliError.
    """
    device = words.find_device(client, arguments.device)
    name = printable(words.name_of(device))
    action.check(device, words.name_of(device), words.kind_of(device))
    if words.offline(device):
        warn(f"{name} is offline as far as the cloud knows; sending all the same")
    await action.send(client, device.device_id, arguments.value)
    return device, name


def result(action: Action[Any, Any], device: Any, value: object, **members: object) -> Json:
    """Tell of a command in JSON; ``members`` say what became of it."""
    return {
        "device": device.device_id,
        "name": device.name,
        "command": action.name,
        "value": value,
        **members,
    }


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """Make a reader of numbers from ``low`` to ``high``."""

    def read(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise ValueError
        return value

    return read


def warn(text: str) -> None:
    """Tell what the user should know beside the result."""
    print(f"script/cli: {text}", file=sys.stderr, flush=True)
