"""HomeKit accessories: find, pair and operate them on the local network, and serve one of our own."""

import argparse
from collections.abc import Coroutine
import logging
from pathlib import Path
import sys

from custom_components.hap_controller.protocol import ConnectionKind, VendorError

from ...errors import ExitStatus
from ...options import (
    Add,
    Arguments,
    add_duration,
    add_timeout,
    command_adder,
    common_options,
    seconds,
)
from . import characteristics, pairing, proxy, remote, serve, storage
from .pairing import CODE
from .storage import FILE

__all__ = ["VendorError", "add_commands", "prepare"]

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
SEARCH_S = 10.0


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the commands."""
    parser.description = f"""{parser.description}.

Pairings are kept in a file, under names of your own, aliases. FILE may stand in {FILE} instead of -f, and
-a is needed only where the file has several. Accessories are reached where they were last, else they are looked
for by mDNS; --host HOST:PORT leads to one in a network without mDNS.
AID.IID names a characteristic by the numbers that get-accessories shows."""
    common = common_options()
    common.add_argument(
        "--log", choices=LEVELS, metavar="LEVEL", help=f"log on standard error: {', '.join(LEVELS)}"
    )
    add = command_adder(parser, common)
    _add_storage(add)
    _add_unpaired(add)
    _add_pairings(add)
    _add_characteristics(add)
    _add_serve(add)


def _add_storage(add: Add) -> None:
    about = "make an empty file for pairings; one that exists is left alone"
    init = add("init-storage", help=about, description=about)
    _add_file(init)
    init.set_defaults(handler=storage.init_storage)

    about = "take over pairings from homekit_python, aiohomekit or Home Assistant"
    taken = add(
        "import",
        help=about,
        description=f"""{about}.
SOURCE is a controller's file of homekit_python or aiohomekit, Home Assistant's .storage/core.config_entries, one of
its entries, or the data of one. It is only read. What is paired in FILE already is left alone.""",
    )
    _add_file(taken)
    taken.add_argument("source", metavar="SOURCE", type=Path)
    taken.add_argument("-a", dest="alias", metavar="ALIAS", help="name for the only pairing in it")
    taken.add_argument(
        "--descriptions",
        metavar="FILE",
        type=Path,
        help="aiohomekit's charmap.json or Home Assistant's homekit_controller-entity-map",
    )
    taken.set_defaults(handler=storage.import_)


def _add_unpaired(add: Add) -> None:
    about = "list the accessories that announce themselves"
    discover = add("discover", help=about, description=about)
    discover.add_argument(
        "-t",
        dest="seconds",
        metavar="SECONDS",
        type=seconds,
        default=SEARCH_S,
        help="how long to listen (%(default)g)",
    )
    discover.add_argument("-u", dest="unpaired", action="store_true", help="only those not paired")
    _add_interface(discover)
    discover.set_defaults(handler=pairing.discover)

    about = "have an accessory show which one it is"
    identify = add(
        "identify",
        help=about,
        description=f"{about}: with -d one that is not paired, else one of the pairings",
    )
    identify.add_argument("-d", dest="device", metavar="DEVICE_ID", help="as discover shows it")
    _add_pairing(identify)
    identify.set_defaults(handler=pairing.identify)

    about = "pair an accessory by its setup code"
    pair = add(
        "pair",
        help=about,
        description=f"""{about}.
The code is asked for once the accessory is ready, since some show it only then. {CODE} may hold it.""",
    )
    pair.add_argument("-d", dest="device", metavar="DEVICE_ID", help="as discover shows it")
    pair.add_argument(
        "-p", dest="code", metavar="CODE", help="NNN-NN-NNN; others on this machine can see it"
    )
    pair.add_argument(
        "-s",
        dest="method",
        choices=tuple(pairing.METHODS),
        default="auto",
        help="how the accessory proves what it is: as it announces, by hardware, by software",
    )
    pair.add_argument(
        "--allow-insecure", action="store_true", help="take a code that everybody would guess"
    )
    _add_pairing(pair)
    pair.set_defaults(handler=pairing.pair)


def _add_pairings(add: Add) -> None:
    about = "list the controllers that an accessory is paired with"
    _add_pairing(add("list-pairings", help=about, description=about), remote.list_pairings)

    about = "remove a pairing, by default our own and its alias"
    remove = add("remove-pairing", help=about, description=about)
    _add_pairing(remove, remote.remove_pairing)
    remove.add_argument("-i", dest="controller", metavar="CONTROLLER_ID", help="of another one")
    remove.add_argument(
        "--forget",
        action="store_true",
        help="remove the alias alone: of an accessory that was reset, or does not exist any more",
    )

    about = "begin to be added to an accessory by a controller that is paired with it (1 of 3)"
    prepare = add("prepare-add-remote-pairing", help=about, description=about)
    _add_file(prepare)
    prepare.add_argument("-a", dest="alias", metavar="ALIAS", required=True, help="a new name")
    prepare.set_defaults(handler=remote.prepare)

    about = "add another controller to an accessory (2 of 3)"
    added = add("add-additional-pairing", help=about, description=about)
    _add_pairing(added, remote.add)
    added.add_argument("-i", dest="controller", metavar="ID", required=True, help="its id")
    added.add_argument("-k", dest="key", metavar="KEY", required=True, help="its public key")
    added.add_argument(
        "-p",
        dest="permission",
        choices=tuple(remote.PERMISSIONS),
        required=True,
        help="whether it may change pairings as well",
    )

    about = "finish being added to an accessory (3 of 3)"
    finish = add("finish-add-remote-pairing", help=about, description=about)
    _add_pairing(finish, remote.finish)
    finish.add_argument(
        "-c", dest="connection", choices=[ConnectionKind.IP.value], required=True, help="the way"
    )
    finish.add_argument("-i", dest="device", metavar="DEVICE_ID", required=True, help="its id")
    finish.add_argument("-k", dest="key", metavar="KEY", required=True, help="its public key")


def _add_characteristics(add: Add) -> None:
    about = "show what an accessory consists of, with its values"
    get = add("get-accessories", help=about, description=about)
    _add_pairing(get, characteristics.get_accessories)
    get.add_argument("-o", dest="output", choices=("json", "compact"), default="compact")

    about = "read characteristics"
    read = add("get-characteristic", help=about, description=about)
    _add_pairing(read, characteristics.get_characteristic)
    _add_keys(read, required=True)
    for letter, name, about in (
        ("-m", "meta", "tell format, unit and limits as well"),
        ("-p", "perms", "tell what may be done with it as well"),
        ("-t", "type", "tell the type as well"),
        ("-e", "ev", "tell whether changes are told on this connection as well"),
    ):
        read.add_argument(letter, dest=name, action="store_true", help=about)
    for child in (get, read):
        child.add_argument(
            "-d", dest="decode", action="store_true", help="put known TLV8 values into words"
        )

    about = "have a camera take a picture"
    image = add("get-image", help=about, description=about)
    _add_pairing(image, characteristics.get_image)
    image.add_argument("output", metavar="OUTPUT", type=Path, help="file for the JPEG")
    image.add_argument("-A", dest="aid", metavar="AID", type=int, help="accessory behind a bridge")
    image.add_argument("--width", type=int, default=640, help="in pixels (%(default)s)")
    image.add_argument("--height", type=int, default=480, help="in pixels (%(default)s)")

    about = "write characteristics"
    put = add(
        "put-characteristic",
        help=about,
        description=f"""{about}.
VALUE is converted to what the characteristic takes, within its limits; @FILE reads it from a file.
Data and TLV8 are base64.""",
    )
    _add_pairing(put, characteristics.put_characteristic)
    put.add_argument(
        "-c",
        dest="values",
        metavar=("AID.IID", "VALUE"),
        nargs=2,
        action="append",
        required=True,
        help="may be repeated",
    )

    about = "print every event until a limit or Ctrl-C"
    events = add("get-events", help=about, description=about)
    _add_pairing(events, characteristics.get_events)
    _add_keys(events, required=True)
    events.add_argument(
        "-e", dest="count", metavar="N", type=int, default=-1, help="end after so many; -1: never"
    )
    events.add_argument(
        "-s", dest="seconds", metavar="SECONDS", type=float, default=-1, help="end then; -1: never"
    )

    about = "show the values that an accessory tells, then every change, until Ctrl-C"
    watch = add("watch", help=about, description=about)
    _add_pairing(watch, characteristics.watch)
    _add_keys(watch, required=False)
    add_duration(watch)


def _add_serve(add: Add) -> None:
    about = "be an accessory for others to pair with, until Ctrl-C"
    child = add(
        "serve",
        help=about,
        description=f"""{about}.
What it is and who has paired it is kept in FILE, also one of homekit_python; a missing one is made. In a terminal
Enter switches it by hand.""",
    )
    child.add_argument(
        "-f",
        dest="state",
        metavar="FILE",
        type=Path,
        default=Path("demoserver.json"),
        help="state of the accessory (%(default)s)",
    )
    child.add_argument(
        "--kind", choices=serve.KINDS, default="lightbulb", help="what to be (%(default)s)"
    )
    _add_server(child)
    child.set_defaults(handler=serve.serve)

    about = "stand in front of a paired accessory, and show all that controllers do with it"
    child = add(
        "debug-proxy",
        help=about,
        description=f"""{about}.
What is paired with the proxy instead of the accessory sees the same services and characteristics; reads, writes,
events and pictures go through. CODE is a Python file with get_filters and set_filters, {{AID: {{IID: function}}}}: each
function takes a value and gives the one that goes on, None for the same.""",
    )
    _add_pairing(child, proxy.debug_proxy)
    child.add_argument("-c", "--client-data", dest="file", metavar="FILE", type=Path, help="as -f")
    child.add_argument("--alias", dest="alias", metavar="ALIAS", help="as -a")
    child.add_argument(
        "-s",
        "--server-data",
        dest="state",
        metavar="FILE",
        type=Path,
        default=Path("proxy.json"),
        help="state of the proxy (%(default)s)",
    )
    child.add_argument("-C", "--code", metavar="CODE", type=Path, help="filters for values")
    _add_server(child)


def _add_server(parser: argparse.ArgumentParser) -> None:
    """Add what accessories of our own have in common."""
    parser.add_argument("--name", help="name in a new FILE")
    parser.add_argument("--address", metavar="ADDRESS", help="where to listen, in a new FILE")
    parser.add_argument("--port", type=int, help="where to listen, in a new FILE")
    parser.add_argument(
        "--no-announce", action="store_true", help="do not announce it by mDNS: tell host and port"
    )
    add_duration(parser)


def _add_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-f", dest="file", metavar="FILE", type=Path, help="file with the pairings")


def _add_pairing(
    parser: argparse.ArgumentParser, handler: object = None
) -> argparse.ArgumentParser:
    """Add what is needed to reach one of the pairings."""
    _add_file(parser)
    parser.add_argument("-a", dest="alias", metavar="ALIAS", help="which pairing")
    parser.add_argument(
        "--host", metavar="HOST:PORT", help="where the accessory is, instead of looking for it"
    )
    _add_interface(parser)
    add_timeout(parser)
    if handler is not None:
        parser.set_defaults(handler=handler)
    return parser


def _add_interface(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--interface",
        dest="interfaces",
        metavar="ADDRESS",
        action="append",
        default=[],
        help="address of this machine to speak mDNS at, instead of all; may be repeated",
    )


def _add_keys(parser: argparse.ArgumentParser, *, required: bool) -> None:
    parser.add_argument(
        "-c",
        dest="keys",
        metavar="AID.IID",
        type=characteristics.read_key,
        action="append",
        required=required,
        default=[],
        help="which characteristic; may be repeated",
    )


def prepare(arguments: Arguments) -> Coroutine[None, None, ExitStatus]:
    """Give the command that was asked for."""
    if arguments.log:
        logging.basicConfig(
            stream=sys.stderr,
            level=arguments.log,
            format="%(asctime)s %(filename)s:%(lineno)d %(levelname)s %(message)s",
        )
    command: Coroutine[None, None, ExitStatus] = arguments.handler(arguments)
    return command
