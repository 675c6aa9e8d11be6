"""The vendors: one module each, imported only when it is asked for."""

import argparse
from collections.abc import Coroutine, Mapping
from importlib import import_module
from typing import Protocol, cast

from script.lending import lend_core

from ..errors import ExitStatus

VENDORS: Mapping[str, str] = {
    "dio_chacon": "DiO Wi-Fi shutters, switches, plugs and doorbells, through the vendor's cloud",
    "hap_controller": "HomeKit accessories, on the local network",
    "home_connect_local": "Home Connect appliances, on the local network",
    "homismart": "Homismart switches, curtains, door locks and hubs, through the vendor's cloud",
}
"""Domain to what it is about; the module has the name of the domain."""


class Vendor(Protocol):
    """What the module of a vendor offers."""

    VendorError: type[Exception]
    """Base of the errors of its protocol core."""

    def add_commands(self, parser: argparse.ArgumentParser) -> None:
        """Add the vendor's commands."""

    def prepare(self, arguments: argparse.Namespace) -> Coroutine[None, None, ExitStatus]:
        """Check the arguments and get the credentials; gives what is to be run in a loop."""


def load(domain: str) -> Vendor:
    """Import the module of one vendor with its protocol core, and nothing of Home Assistant."""
    lend_core(domain)
    return cast(Vendor, import_module(f"{__name__}.{domain}"))
