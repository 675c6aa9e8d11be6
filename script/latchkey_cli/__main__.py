"""Read the command line, run one vendor's command, end with a status that tells how it went."""

import argparse
import asyncio
from collections.abc import Coroutine, Sequence
import io
import logging
import os
import signal
import sys

from .errors import EXIT_HELP, CliError, ExitStatus, explained
from .vendors import VENDORS, Vendor, load


def main(words: Sequence[str]) -> int:
    """Run the program; gives the exit status."""
    try:
        return _run(words)
    except KeyboardInterrupt:  # also while everything is being loaded
        return ExitStatus.INTERRUPTED


def _run(words: Sequence[str]) -> int:
    domain = next((word for word in words if word in VENDORS), None)
    vendor = load(domain) if domain else None
    arguments = _parser(domain, vendor).parse_args(words)
    assert vendor is not None  # argparse takes nothing else
    if arguments.debug:
        logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
        logging.getLogger("custom_components").setLevel(logging.DEBUG)
    for stream in (sys.stdout, sys.stderr):
        # Names from a cloud must not end the program where a terminal cannot show them.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        return asyncio.run(_until_terminated(vendor.prepare(arguments)))
    except CliError as err:
        return _fail(err)
    except vendor.VendorError as err:
        return _fail(explained(err))
    except asyncio.CancelledError:
        return ExitStatus.TERMINATED
    except BrokenPipeError:  # whoever read the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitStatus.DONE


def _parser(domain: str | None, vendor: Vendor | None) -> argparse.ArgumentParser:
    """Build the parser; only the vendor that was named has its commands in it."""
    parser = argparse.ArgumentParser(
        prog="script/cli",
        description="Talk to a vendor's system from the command line, without Home Assistant.",
        epilog=EXIT_HELP + "\nscript/cli VENDOR --help lists the commands of a vendor.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        suggest_on_error=True,
    )
    vendors = parser.add_subparsers(metavar="VENDOR", required=True)
    for name, about in VENDORS.items():
        child = vendors.add_parser(
            name,
            help=about,
            description=about,
            epilog=EXIT_HELP,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            suggest_on_error=True,
        )
        if vendor and name == domain:
            vendor.add_commands(child)
    return parser


async def _until_terminated(command: Coroutine[None, None, ExitStatus]) -> ExitStatus:
    """Run a command so that SIGTERM, like Ctrl-C, lets it say goodbye."""
    task = asyncio.create_task(command)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task


def _fail(error: CliError) -> ExitStatus:
    print(f"script/cli: {error}", file=sys.stderr, flush=True)
    return error.status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
