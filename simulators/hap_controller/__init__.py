"""HomeKit accessories, simulated."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from ..options import positive
from .announce import SERVICE_TYPE
from .demo import BRIDGED, KINDS, MODELS, Model, lamps
from .description import Accessory, Characteristic, Service, read_accessories
from .diagnostics import model_from
from .manners import Pace, Rules
from .memory import Controller, Memory
from .service import Received
from .simulated import SimulatedAccessories, SimulatedAccessory, memories, model_of

__all__ = [
    "BRIDGED",
    "KINDS",
    "MODELS",
    "SERVICE_TYPE",
    "Accessory",
    "Characteristic",
    "Controller",
    "Memory",
    "Model",
    "Pace",
    "Received",
    "Rules",
    "Service",
    "SimulatedAccessories",
    "SimulatedAccessory",
    "add_arguments",
    "lamps",
    "memories",
    "model_from",
    "model_of",
    "read_accessories",
    "serve",
]


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of this vendor to those every simulator has."""
    parser.add_argument(
        "--accessory",
        action="append",
        choices=tuple(MODELS),
        default=[],
        help="serve this one; may be repeated, all by default",
    )
    parser.add_argument("--lamps", type=int, metavar="N", help="serve a bridge with N plain lamps")
    parser.add_argument(
        "--from-diagnostics",
        action="append",
        type=_reported,
        default=[],
        metavar="FILE",
        help="serve the accessory of these diagnostics of Home Assistant; may be repeated",
    )
    parser.add_argument(
        "--state",
        type=Path,
        metavar="FOLDER",
        help="remember identities and pairings in this folder; otherwise they end with the program",
    )
    parser.add_argument(
        "--seed",
        type=int,
        help="make up the same ids and setup codes each time, others for every number",
    )
    parser.add_argument(
        "--announce", action="store_true", help="announce the accessories by mDNS on their address"
    )
    parser.add_argument(
        "--speed",
        type=positive,
        default=1.0,
        help="how much faster than real accessories everything happens",
    )


def _reported(text: str) -> tuple[str, Model]:
    """Read a file of diagnostics; gives a name for it and what it describes."""
    path = Path(text)
    try:
        return path.stem, model_from(path.read_text(encoding="utf-8"), path.stem)
    except (OSError, ValueError) as err:
        raise ArgumentTypeError(str(err)) from err


@asynccontextmanager
async def serve(arguments: Namespace) -> AsyncIterator[dict[str, Any]]:
    """Serve accessories while the context is open; gives what controllers need."""
    models = {name: MODELS[name] for name in arguments.accessory}
    if arguments.lamps is not None:
        models["lamps"] = Model("Lamps", MODELS["bridge"].category, lambda: lamps(arguments.lamps))
    models |= dict(arguments.from_diagnostics)
    models = models or dict(MODELS)
    try:
        known = memories(models, arguments.state, arguments.seed)
    except ValueError as err:
        raise SystemExit(str(err)) from err
    accessories = {
        name: SimulatedAccessory(
            model,
            pace=Pace(speed=arguments.speed),
            memory=known[name],
            host=arguments.host,
            port=arguments.port and arguments.port + number,
            announce=arguments.announce,
        )
        for number, (name, model) in enumerate(models.items())
    }
    async with SimulatedAccessories(accessories) as served:
        yield served.card()
