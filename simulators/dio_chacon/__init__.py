"""The DIO Chacon cloud, simulated."""

from argparse import ArgumentParser, Namespace
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from ..options import add_cloud_options
from .cloud import SimulatedCloud
from .demo import EMAIL, PASSWORD, demo_home, empty_home, large_home
from .devices import Device, make_device
from .home import Home, Pace
from .service import Received, Rules

__all__ = [
    "Device",
    "Home",
    "Pace",
    "Received",
    "Rules",
    "SimulatedCloud",
    "add_arguments",
    "demo_home",
    "empty_home",
    "large_home",
    "make_device",
    "serve",
]


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of this vendor to those every simulator has."""
    add_cloud_options(
        parser,
        "--email",
        EMAIL,
        PASSWORD,
        progress="let running shutters report this often; real ones are known to report start and stop",
    )
    parser.add_argument(
        "--odd-devices",
        action="store_true",
        help="add a shutter that never reported and one that is not connected",
    )


@asynccontextmanager
async def serve(arguments: Namespace) -> AsyncIterator[dict[str, Any]]:
    """Serve a home while the context is open; gives what clients need."""
    pace = Pace(speed=arguments.speed, progress_s=arguments.progress)
    account = arguments.email, arguments.password
    if arguments.devices is not None:
        home = large_home(arguments.devices, *account, pace=pace)
    else:
        home = demo_home(*account, odd_devices=arguments.odd_devices, pace=pace)
    async with SimulatedCloud(home, host=arguments.host, port=arguments.port) as cloud:
        yield cloud.card()
