"""Run one simulator until it is told to stop.

``python -m simulators DOMAIN [--host HOST] [--port PORT] [options of the vendor]`` prints one line of JSON
with all that a client needs as soon as the simulator listens, and serves until SIGINT or SIGTERM.
The package of a vendor gives ``add_arguments(parser)`` and ``serve(arguments)``, an asynchronous context
manager that yields what the line says.
"""

import argparse
import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from importlib import import_module
import json
import pkgutil
import signal
import sys
from typing import Any, Protocol, cast

from script.lending import lend_codec

from . import __path__ as folders


class Simulator(Protocol):
    """What the package of a vendor offers to this program."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the options of the vendor to the common ones."""

    def serve(self, arguments: argparse.Namespace) -> AbstractAsyncContextManager[dict[str, Any]]:
        """Serve while the context is open; gives what clients need."""


def domains() -> list[str]:
    """Name the vendors that have a simulator."""
    return sorted(module.name for module in pkgutil.iter_modules(folders) if module.ispkg)


def load(domain: str) -> Simulator:
    """Import the simulator of one vendor, without the component it belongs to."""
    lend_codec(domain)
    return cast(Simulator, import_module(f"{__package__}.{domain}"))


async def run(simulator: Simulator, arguments: argparse.Namespace) -> None:
    """Announce the simulator when it is ready and serve until a signal asks for the end."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    async with simulator.serve(arguments) as ready:
        print(json.dumps(ready), flush=True)
        await ended.wait()


def main(words: Sequence[str]) -> int:
    """Read the command line and run; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m simulators", description="Simulate the other side of a component."
    )
    names = domains()
    parser.add_argument("domain", choices=names, help="which component to serve")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument(
        "--port", type=int, default=0, help="port for clients; the system picks one by default"
    )
    simulator = load(words[0]) if words and words[0] in names else None
    if simulator:
        simulator.add_arguments(parser)
    arguments = parser.parse_args(words)
    if simulator is None:
        parser.error("name the domain before any option")
    try:
        asyncio.run(run(simulator, arguments))
    except OSError as err:  # the address is taken, or not ours
        print(f"cannot serve on {arguments.host}:{arguments.port}: {err.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
