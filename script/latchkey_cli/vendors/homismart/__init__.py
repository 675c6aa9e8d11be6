"""Homismart: see the devices and hubs, follow them, operate them."""

import argparse
from collections.abc import Coroutine

import aiohttp

from custom_components.homismart.protocol import (
    WEBSOCKET_URL,
    Credentials,
    HomismartClient,
    Servers,
    VendorError,
    digest,
)

from ...actions import warn
from ...credentials import account, variables
from ...errors import CliError, ExitStatus
from ...link import run_linked
from ...options import Arguments, Handler, add_actions, add_reads, cloud_options, command_adder
from . import words
from .actions import ACTIONS, GROUPS, operate, operate_all

__all__ = ["VendorError", "add_commands", "prepare"]

DOMAIN = "homismart"
TERMS = "the cloud has new terms of use; agree to them in the Homismart app, or with --accept-terms"


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the commands of Homismart."""
    parser.description = f"""{parser.description}.

The user name (e-mail address) and the password of the account are read from the environment
variables {" and ".join(variables(DOMAIN))}, or asked for.
DEVICE is the name of a device or hub, in upper or lower case, or its id.
A command is done when the device itself has reported what was wanted."""
    common = cloud_options(WEBSOCKET_URL)
    common.add_argument(
        "--accept-terms",
        action="store_true",
        help="agree to changed terms of use, should the cloud ask",
    )
    add = command_adder(parser, common)
    add_reads(add, words)
    add_actions(add, ACTIONS, operate)
    about = "switch all lights and sockets, or open or close all curtains and shutters, at once"
    everything = add("all", help=about, description=about)
    everything.add_argument("action", choices=GROUPS)
    everything.set_defaults(handler=operate_all)


def prepare(arguments: Arguments) -> Coroutine[None, None, ExitStatus]:
    """Check the address and get the credentials.

    Raises CliError and UnsupportedError.
    """
    servers = Servers(arguments.url) if arguments.url else Servers()
    username, password = account(DOMAIN, "User name (e-mail address)")
    return _run(arguments, servers, Credentials(username, digest(password)))


async def _run(arguments: Arguments, servers: Servers, credentials: Credentials) -> ExitStatus:
    handler: Handler = arguments.handler
    async with aiohttp.ClientSession() as session:
        client = HomismartClient(
            credentials, session, servers=servers, accept_terms=arguments.accept_terms
        )
        try:
            status = await run_linked(client, arguments.timeout, lambda: handler(client, arguments))
        except (CliError, VendorError) as err:
            # The list may be held back until the terms are confirmed.
            if client.terms_required and not client.devices:
                raise CliError(TERMS, ExitStatus.REFUSED) from err
            raise
        if client.terms_required:
            warn(TERMS)
        return status
