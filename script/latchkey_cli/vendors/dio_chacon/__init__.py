"""DiO: see the devices, follow them, operate them."""

import argparse
from collections.abc import Callable, Coroutine
from functools import partial
import getpass
import hashlib
import platform

import aiohttp

from custom_components.dio_chacon.protocol import (
    LOGIN_URL,
    WEBSOCKET_URL,
    Credentials,
    DioClient,
    Servers,
    VendorError,
)

from ...credentials import from_environment_or_prompt
from ...errors import CliError, ExitStatus
from ...link import run_linked
from .actions import ACTIONS, Action, operate
from .reads import list_devices, watch

__all__ = ["VendorError", "add_commands", "prepare"]

USERNAME = "DIO_CHACON_USERNAME"
PASSWORD = "DIO_CHACON_PASSWORD"
CONNECT_LIMIT_S = 30.0

type Arguments = argparse.Namespace
type Handler = Callable[[DioClient, Arguments], Coroutine[None, None, ExitStatus]]


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the commands of DiO."""
    parser.description = f"""{parser.description}.

The e-mail address and the password of the account are read from the environment variables
{USERNAME} and {PASSWORD}, or asked for.
DEVICE is the name of a device, in upper or lower case, or its id."""
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    add = partial(commands.add_parser, parents=[_common_options()], suggest_on_error=True)

    about = "list the devices with their states"
    devices = add("devices", help=about, description=about)
    devices.add_argument("names", metavar="DEVICE", nargs="*", help="only these")
    devices.set_defaults(handler=list_devices)

    about = "tell every change until Ctrl-C"
    following = add("watch", help=about, description=about)
    following.add_argument("names", metavar="DEVICE", nargs="*", help="only these")
    following.add_argument(
        "--duration", metavar="SECONDS", type=_seconds, help="end after this time, with status 0"
    )
    following.set_defaults(handler=watch)

    for action in ACTIONS:
        child = add(action.name, help=action.about, description=action.about)
        child.add_argument("device", metavar="DEVICE")
        if action.read_value:
            child.add_argument(
                "value", metavar=action.value_name, type=_reader(action), help=action.value_help
            )
        child.add_argument(
            "--wait", action="store_true", help="wait until the device itself reports it"
        )
        child.add_argument(
            "--wait-timeout",
            metavar="SECONDS",
            type=_seconds,
            help="how long to wait for the report; by default as long as the device may need",
        )
        child.set_defaults(handler=partial(operate, action), value=None)


def _common_options() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--json", action="store_true", help="print JSON, one object per line, instead of text"
    )
    common.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=_seconds,
        default=CONNECT_LIMIT_S,
        help="how long connecting and reading the account may take (%(default)g)",
    )
    common.add_argument(
        "--unknown-devices",
        action="store_true",
        help="read the states of devices of unknown types too",
    )
    common.add_argument(
        "--url", help=f"address of another cloud's websocket, instead of {WEBSOCKET_URL}"
    )
    common.add_argument(
        "--login-url", metavar="URL", help=f"address of its login, instead of {LOGIN_URL}"
    )
    common.add_argument(
        "--debug", action="store_true", help="tell on standard error what the link does"
    )
    return common


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise ValueError
    return value


_seconds.__name__ = "number of seconds"  # argparse names a type that refuses a value by this


def _reader(action: Action) -> Callable[[str], object]:
    """Read the value of an action; what it refuses is a matter of usage."""

    def read(text: str) -> object:
        assert action.read_value is not None
        try:
            return action.read_value(text)
        except (KeyError, ValueError) as err:
            raise argparse.ArgumentTypeError(f"{text!r} is not {action.value_help}") from err

    return read


def prepare(arguments: Arguments) -> Coroutine[None, None, ExitStatus]:
    """Check the addresses and get the credentials.

    Raises CliError and UnsupportedError.
    """
    if (arguments.url is None) != (arguments.login_url is None):
        raise CliError(
            "--url and --login-url belong together: credentials of one cloud are not for another",
            ExitStatus.USAGE,
        )
    servers = Servers(arguments.login_url, arguments.url) if arguments.url else Servers()
    credentials = Credentials(
        from_environment_or_prompt(USERNAME, "E-mail address").strip(),
        from_environment_or_prompt(PASSWORD, "Password", secret=True),
        _installation_id(),
    )
    return _run(arguments, servers, credentials)


def _installation_id() -> str:
    """Name this user's command line on this machine; the cloud wants the same name every time."""
    seed = f"{platform.node()}\n{getpass.getuser()}"
    return f"latchkey-cli-{hashlib.sha256(seed.encode()).hexdigest()[:16]}"


async def _run(arguments: Arguments, servers: Servers, credentials: Credentials) -> ExitStatus:
    handler: Handler = arguments.handler
    async with aiohttp.ClientSession() as session:
        client = DioClient(
            credentials, session, servers=servers, read_unknown=arguments.unknown_devices
        )
        return await run_linked(client, arguments.timeout, lambda: handler(client, arguments))
