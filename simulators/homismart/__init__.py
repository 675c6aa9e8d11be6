"""The Homismart cloud, simulated."""

from argparse import ArgumentParser, Namespace
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from ..options import add_cloud_options
from .cloud import SimulatedCloud
from .demo import PASSWORD, USERNAME, demo_home, empty_home, large_home
from .devices import Device, make_device
from .home import Home, Obstacle, Pace, Terms
from .service import Received, Rules

__all__ = [
    "Device",
    "Home",
    "Obstacle",
    "Pace",
    "Received",
    "Rules",
    "SimulatedCloud",
    "Terms",
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
        "--username",
        USERNAME,
        PASSWORD,
        progress="let moving curtains report this often; whether real ones do is not known",
    )
    parser.add_argument(
        "--garden-offline", action="store_true", help="let the second hub be off line"
    )
    parser.add_argument(
        "--second",
        action="store_true",
        help="serve the home on a second port, too, where redirects lead",
    )


@asynccontextmanager
async def serve(arguments: Namespace) -> AsyncIterator[dict[str, Any]]:
    """Serve a home while the context is open; gives what clients need."""
    pace = Pace(speed=arguments.speed, progress_s=arguments.progress)
    account = arguments.username, arguments.password
    if arguments.devices is not None:
        home = large_home(arguments.devices, *account, pace=pace)
    else:
        home = demo_home(*account, garden_online=not arguments.garden_offline, pace=pace)
    async with SimulatedCloud(home, host=arguments.host, port=arguments.port) as cloud:
        if not arguments.second:
            yield cloud.card()
            return
        async with cloud.sibling() as second:
            addresses = {
                "second_ws_url": second.ws_url,
                "second_control_url": second.control_url,
            }
            yield cloud.card() | addresses
