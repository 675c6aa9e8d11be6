"""The parts of a vendor's command line that are the same for all."""

import argparse
from collections.abc import Callable, Coroutine, Iterable, Sequence
from functools import partial
from typing import Any, Protocol

from .actions import Action
from .errors import ExitStatus
from .reads import Words, list_devices, watch

CONNECT_LIMIT_S = 30.0

type Arguments = argparse.Namespace
type Handler = Callable[[Any, Arguments], Coroutine[None, None, ExitStatus]]
"""Runs one command on a client that knows everything."""


class Add(Protocol):
    """Adds a command to a parser."""

    def __call__(
        self,
        name: str,
        *,
        help: str,
        description: str,
        parents: Sequence[argparse.ArgumentParser] = ...,
    ) -> argparse.ArgumentParser:
        """Give the parser of the new command; it has the common options unless told otherwise."""


def common_options() -> argparse.ArgumentParser:
    """Make the options that every command has."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--json", action="store_true", help="print JSON, one object per line, instead of text"
    )
    common.add_argument(
        "--debug", action="store_true", help="tell on standard error what the link does"
    )
    return common


def add_timeout(parser: argparse.ArgumentParser) -> None:
    """Let the time be bounded in which all is known."""
    parser.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=seconds,
        default=CONNECT_LIMIT_S,
        help="how long connecting and reading everything may take (%(default)g)",
    )


def cloud_options(websocket_url: str) -> argparse.ArgumentParser:
    """Make the options that every command has that asks a cloud."""
    common = common_options()
    add_timeout(common)
    common.add_argument(
        "--url", help=f"address of another cloud's websocket, instead of {websocket_url}"
    )
    return common


def command_adder(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> Add:
    """Let commands be added to the parser of a vendor."""
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    return partial(commands.add_parser, parents=[common], suggest_on_error=True)


def add_reads(add: Add, words: Words[Any, Any]) -> None:
    """Add the commands that only look."""
    about = "list the devices with their states"
    devices = add("devices", help=about, description=about)
    devices.add_argument("names", metavar="DEVICE", nargs="*", help="only these")
    devices.set_defaults(handler=partial(list_devices, words))

    about = "tell every change until Ctrl-C"
    following = add("watch", help=about, description=about)
    following.add_argument("names", metavar="DEVICE", nargs="*", help="only these")
    add_duration(following)
    following.set_defaults(handler=partial(watch, words))


def add_duration(parser: argparse.ArgumentParser) -> None:
    """Let something that has no end be bounded."""
    parser.add_argument(
        "--duration", metavar="SECONDS", type=seconds, help="end after this time, with status 0"
    )


def add_actions[ActionT: Action[Any, Any]](
    add: Add,
    actions: Iterable[ActionT],
    operate: Callable[[ActionT, Any, Arguments], Coroutine[None, None, ExitStatus]],
) -> list[argparse.ArgumentParser]:
    """Add the commands for one device; gives their parsers."""
    children = []
    for action in actions:
        child = add(action.name, help=action.about, description=action.about)
        child.add_argument("device", metavar="DEVICE")
        if action.read_value:
            child.add_argument(
                "value", metavar=action.value_name, type=_reader(action), help=action.value_help
            )
        child.set_defaults(handler=partial(operate, action))
        if not action.read_value:
            child.set_defaults(value=None)
        children.append(child)
    return children


def seconds(text: str) -> float:
    """Read a length of time."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise ValueError
    return value


seconds.__name__ = "number of seconds"  # argparse names a type that refuses a value by this


def _reader(action: Action[Any, Any]) -> Callable[[str], object]:
    """Read the value of an action; what it refuses is a matter of usage."""

    def read(text: str) -> object:
        assert action.read_value is not None
        try:
            return action.read_value(text)
        except (KeyError, ValueError) as err:
            raise argparse.ArgumentTypeError(f"{text!r} is not {action.value_help}") from err

    return read
