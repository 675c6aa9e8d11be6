"""DiO: see the devices, follow them, operate them."""

import argparse
from collections.abc import Coroutine
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

from ...credentials import account, variables
from ...errors import CliError, ExitStatus
from ...link import run_linked
from ...options import (
    Arguments,
    Handler,
    add_actions,
    add_reads,
    cloud_options,
    command_adder,
    seconds,
)
from . import words
from .actions import ACTIONS, operate

__all__ = ["VendorError", "add_commands", "prepare"]

DOMAIN = "dio_chacon"


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the commands of DiO."""
    parser.description = f"""{parser.description}.

The e-mail address and the password of the account are read from the environment variables
{" and ".join(variables(DOMAIN))}, or asked for.
DEVICE is the name of a device, in upper or lower case, or its id."""
    common = cloud_options(WEBSOCKET_URL)
    common.add_argument(
        "--login-url", metavar="URL", help=f"address of its login, instead of {LOGIN_URL}"
    )
    common.add_argument(
        "--unknown-devices",
        action="store_true",
        help="read the states of devices of unknown types too",
    )
    add = command_adder(parser, common)
    add_reads(add, words)
    for child in add_actions(add, ACTIONS, operate):
        child.add_argument(
            "--wait", action="store_true", help="wait until the device itself reports it"
        )
        child.add_argument(
            "--wait-timeout",
            metavar="SECONDS",
            type=seconds,
            help="how long to wait for the report; by default as long as the device may need",
        )


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
    credentials = Credentials(*account(DOMAIN, "E-mail address"), _installation_id())
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
