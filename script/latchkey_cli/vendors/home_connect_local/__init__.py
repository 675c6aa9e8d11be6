"""Home Connect: read profile archives; see one appliance, follow it, operate it, on the local network."""

import argparse
from collections.abc import Coroutine
from functools import partial
import hashlib
import os
from pathlib import Path
import platform
import socket

import aiohttp

from custom_components.home_connect_local.protocol import (
    AuthError,
    HomeConnectClient,
    Profile,
    VendorError,
    default_hosts,
    parse_host,
)

from ...errors import CliError, ExitStatus
from ...link import run_linked
from ...options import (
    Add,
    Arguments,
    Handler,
    add_duration,
    add_timeout,
    command_adder,
    common_options,
    seconds,
)
from ...output import say, say_json
from . import actions, profiles, words

__all__ = ["VendorError", "add_commands", "prepare"]

ARCHIVE, HOST, APPLIANCE = (
    f"HOME_CONNECT_LOCAL_{name}" for name in ("ARCHIVE", "HOST", "APPLIANCE")
)
NAME = "Latchkey"
_ID_BYTES = 4


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the commands of Home Connect."""
    parser.description = f"""{parser.description}.

The key of an appliance comes from its profile archive, as Home Connect Profile Downloader writes it.
--archive, --host and --appliance may stand in {ARCHIVE},
{HOST} and {APPLIANCE} instead.
FEATURE and PROGRAM are names as in BSH.Common.Setting.PowerState, the ends of such names, or uids.
A command is done when the appliance has acknowledged it."""
    add = command_adder(parser, common_options())
    about = "show what is in a profile archive; asks no appliance"
    parse = add("parse", help=about, description=about)
    parse.add_argument("archive", metavar="ARCHIVE", type=Path)
    _add_appliance(parse)
    parse.set_defaults(handler=_parse)
    _add_reads(add)
    _add_writes(add)
    about = "list, select, start and control programs"
    program = add("program", help=about, description=about, parents=[])
    _add_programs(command_adder(program, common_options()))


def _add_reads(add: Add) -> None:
    about = "tell what the appliance is and how it is reached"
    _add_link(add("info", help=about, description=about), actions.info)
    about = "show features with their values, all or those that are named"
    get = _add_link(add("get", help=about, description=about), actions.get)
    about = "tell every change until Ctrl-C"
    watch = _add_link(add("watch", help=about, description=about), actions.watch)
    for child in (get, watch):
        child.add_argument("features", metavar="FEATURE", nargs="*", help="only these")
        child.add_argument(
            "--all", action="store_true", help="features whose value is not known, too"
        )
    add_duration(watch)


def _add_writes(add: Add) -> None:
    about = "set a setting, or an option of the selected or running program"
    child = _add_link(add("set", help=about, description=about), actions.set_value)
    child.add_argument("feature", metavar="FEATURE")
    child.add_argument("value", metavar="VALUE", help="a number, true or false, or a member's name")
    about = "give a command"
    child = _add_link(add("command", help=about, description=about), actions.command)
    child.add_argument("feature", metavar="FEATURE")
    child.add_argument("value", metavar="VALUE", nargs="?", help="true by default, or an event")


def _add_programs(add: Add) -> None:
    about = "list the programs"
    _add_link(add("list", help=about, description=about), actions.list_programs)
    about = "select a program"
    select = _add_link(add("select", help=about, description=about), actions.select)
    select.add_argument("program", metavar="PROGRAM")
    about = "start a program, by default the selected one"
    start = _add_link(add("start", help=about, description=about), actions.start)
    start.add_argument("program", metavar="PROGRAM", nargs="?")
    delay = start.add_mutually_exclusive_group()
    for option in ("--start-in", "--finish-in"):
        delay.add_argument(option, metavar="SECONDS", type=seconds)
    for child in (select, start):
        child.add_argument(
            "--option", metavar="FEATURE=VALUE", action="append", default=[], help="may be repeated"
        )
    for name, about in (
        ("stop", "stop the running program"),
        ("pause", "pause the running program"),
        ("resume", "go on with the paused program"),
    ):
        child = _add_link(add(name, help=about, description=about), actions.control)
        child.set_defaults(control=name)


def _add_link(parser: argparse.ArgumentParser, handler: Handler) -> argparse.ArgumentParser:
    """Add what is needed to reach an appliance."""
    parser.add_argument("--archive", metavar="FILE", type=Path, help="profile archive")
    parser.add_argument(
        "--host",
        metavar="HOST[:PORT]",
        help="where the appliance is; else it is looked for under the name that routers give it",
    )
    _add_appliance(parser)
    add_timeout(parser)
    parser.set_defaults(handler=handler)
    return parser


def _add_appliance(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--appliance",
        metavar="ID",
        help="which one of an archive with several: its id, the end of it, its type or model",
    )


def prepare(arguments: Arguments) -> Coroutine[None, None, ExitStatus]:
    """Read the archive and the address.

    Raises CliError.
    """
    if arguments.handler == _parse:
        return _parse(arguments)
    path = arguments.archive or os.environ.get(ARCHIVE)
    if not path:
        raise CliError(f"name the profile archive with --archive or {ARCHIVE}", ExitStatus.USAGE)
    wanted = arguments.appliance or os.environ.get(APPLIANCE)
    profile = profiles.choose(profiles.read(Path(path)), wanted)
    return _run(arguments, profile, *_address(arguments, profile))


async def _parse(arguments: Arguments) -> ExitStatus:
    """Show what is in an archive."""
    archive = profiles.read(arguments.archive)
    found = list(archive.profiles)
    if arguments.appliance:
        found = [profiles.choose(archive, arguments.appliance)]
    if arguments.json:
        for profile in found:
            say_json(words.profile_json(profile))
        return ExitStatus.DONE
    say(words.profile_table(found))
    for profile in found:
        for warning in profile.description.warnings:
            say(f"{profiles.name_of(profile)}: {warning}")
    return ExitStatus.DONE


def _address(arguments: Arguments, profile: Profile) -> tuple[str, int | None]:
    """Give host and port: as told, else the name under which routers know the appliance.

    Raises CliError.
    """
    if text := arguments.host or os.environ.get(HOST):
        try:
            return parse_host(text)
        except ValueError as err:
            raise CliError(f"{text!r} is no host, address or host:port", ExitStatus.USAGE) from err
    for name in default_hosts(profile.description.head, profile.connection_type):
        try:
            socket.getaddrinfo(name, None)
        except OSError:
            continue
        return name, None
    raise CliError(
        f"this network has no name for the appliance; name its address with --host or {HOST}",
        ExitStatus.USAGE,
    )


def _device_id(arguments: Arguments) -> str:
    """Name ourselves: the same every time, since each new name takes up a session of the appliance.

    ``watch`` has a name of its own: an appliance ends the link of whoever comes twice.
    """
    role = "watch" if arguments.handler is actions.watch else "operate"
    seed = f"{platform.node()}\nlatchkey-cli {role}"
    return hashlib.sha256(seed.encode()).digest()[:_ID_BYTES].hex()


async def _run(arguments: Arguments, profile: Profile, host: str, port: int | None) -> ExitStatus:
    handler: Handler = arguments.handler
    async with aiohttp.ClientSession() as session:
        client = HomeConnectClient(
            profile,
            host,
            session,
            port=port,
            device_id=_device_id(arguments),
            device_name=NAME,
        )
        try:
            return await run_linked(client, arguments.timeout, partial(handler, client, arguments))
        except AuthError as err:
            raise CliError(
                f"{err}; the appliance was paired anew: fetch a new profile archive",
                ExitStatus.REFUSED,
            ) from err
