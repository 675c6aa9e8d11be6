"""What can be asked of the demo."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import ROOT

DEFAULT_FOLDER = ROOT / ".demo"
AUTO, OWN, HOST = "auto", "own", "host"
"""Which network the demo runs in."""

DESCRIPTION = """\
Start a real Home Assistant with a simulated home for every component: nothing to own, nothing to
install. The web page, the user and what to try are printed when all is ready; Ctrl-C stops it."""


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """What the command line said."""

    check: bool = False
    reset: bool = False
    open_browser: bool = True
    port: int | None = None
    folder: Path | None = None
    by_hand: frozenset[str] = frozenset()
    network: str = AUTO


def parse(words: Sequence[str] | None, domains: Sequence[str]) -> Arguments:
    """Read the command line; ``domains`` are the components that have a simulated home."""
    parser = argparse.ArgumentParser(prog="script/demo", description=DESCRIPTION)
    parser.add_argument(
        "--check",
        action="store_true",
        help="without a person, in a folder thrown away afterwards: operate every device from both"
        " sides, cut every link, read the log; exit 0 when all is well, else 1",
    )
    parser.add_argument(
        "--reset", action="store_true", help="forget what earlier starts have stored"
    )
    parser.add_argument(
        "--port", type=_port, help="port of the web page (8123, or the next free one)"
    )
    parser.add_argument(
        "--no-browser",
        dest="open_browser",
        action="store_false",
        help="do not open the page in a browser",
    )
    parser.add_argument(
        "--by-hand",
        action="append",
        choices=domains,
        default=[],
        metavar="DOMAIN",
        help="leave this component for you to add in the web page; what to type is printed"
        f" (one of {', '.join(domains)}; can be repeated)",
    )
    parser.add_argument(
        "--folder", type=Path, help="where the state is kept (.demo in the repository)"
    )
    parser.add_argument(
        "--network",
        choices=(AUTO, OWN, HOST),
        default=AUTO,
        help=f"{OWN}, for --check: a network that only the demo is in, where devices are discovered by"
        f" mDNS; {HOST}: this machine's, where they are added by their addresses; {AUTO}, which is the"
        " usual: its own for --check if Linux allows it",
    )
    found = parser.parse_args(words)
    if found.network == OWN and not found.check:
        parser.error(f"argument --network: no browser could reach the page; {OWN} is for --check")
    return Arguments(
        check=found.check,
        reset=found.reset,
        open_browser=found.open_browser,
        port=found.port,
        folder=found.folder.absolute() if found.folder else None,
        by_hand=frozenset(found.by_hand),
        network=found.network,
    )


def _port(text: str) -> int:
    """Read a port that an ordinary user may open."""
    port = int(text)
    if not 1024 <= port <= 65535:
        raise argparse.ArgumentTypeError("a port lies between 1024 and 65535")
    return port
