"""Home Connect appliances, simulated."""

from argparse import ArgumentParser, Namespace
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from ..options import positive
from .announce import SERVICE_TYPE, announced
from .appliance import Appliance
from .codes import Code
from .demo import PROFILES, profile_of
from .manners import Character, Pace, Rules
from .profile import Profile, archive
from .requests import Message
from .seals import FORWARD_SUITES, PLAIN_SUITES, psk_context
from .service import Received
from .simulated import SimulatedAppliance, SimulatedHousehold

__all__ = [
    "FORWARD_SUITES",
    "PLAIN_SUITES",
    "PROFILES",
    "SERVICE_TYPE",
    "Appliance",
    "Character",
    "Code",
    "Message",
    "Pace",
    "Profile",
    "Received",
    "Rules",
    "SimulatedAppliance",
    "SimulatedHousehold",
    "add_arguments",
    "announced",
    "archive",
    "profile_of",
    "psk_context",
    "serve",
]


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of this vendor to those every simulator has."""
    parser.add_argument(
        "--appliance",
        action="append",
        choices=tuple(PROFILES),
        default=[],
        help="serve this one of the seven appliances; may be repeated, all by default",
    )
    parser.add_argument(
        "--profile",
        action="append",
        type=Path,
        default=[],
        metavar="HEAD.json",
        help="serve the appliance of this head file and the XML files it names; may be repeated",
    )
    parser.add_argument(
        "--folder", type=Path, help="where to put the archives (a temporary folder by default)"
    )
    parser.add_argument(
        "--announce", action="store_true", help="announce the appliances by mDNS on their address"
    )
    parser.add_argument(
        "--no-remote-start",
        action="store_true",
        help="leave remote start as the profiles have it, not allowed in most",
    )
    parser.add_argument(
        "--speed",
        type=positive,
        default=1.0,
        help="how much faster than real appliances react and run their programs",
    )


@asynccontextmanager
async def serve(arguments: Namespace) -> AsyncIterator[dict[str, Any]]:
    """Serve a household while the context is open; gives what clients need."""
    profiles: list[Profile | str] = [*arguments.appliance]
    profiles += [Profile.read(path) for path in arguments.profile]
    household = SimulatedHousehold(
        profiles or PROFILES,
        pace=Pace(speed=arguments.speed),
        host=arguments.host,
        port=arguments.port,
        folder=arguments.folder,
        announce=arguments.announce,
    )
    if not arguments.no_remote_start:
        for served in household.appliances:
            served.appliance.remote_start(True)
    async with household:
        yield household.card()
