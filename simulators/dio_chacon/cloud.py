"""The simulated cloud as tests and programs start it: the vendor's addresses and the control address."""

from functools import cached_property, partial
from typing import Any, override

from ..control import Control, Controlled
from .operations import describe, operations
from .service import Service


class SimulatedCloud(Service, Controlled):
    """A cloud on loopback: ``async with SimulatedCloud(home) as cloud`` serves until the block ends.

    ``faults`` are its switches, ``journal`` tells what clients did, ``home`` is the first of its homes.
    """

    @cached_property
    @override
    def control(self) -> Control:
        """The control address."""
        return Control(partial(describe, self), operations(self), self.listener.host)

    def card(self) -> dict[str, Any]:
        """Give all that a client needs, as the line on standard output tells it."""
        return {
            "domain": "dio_chacon",
            "ws_url": self.ws_url,
            "auth_url": self.auth_url,
            "email": self.home.email,
            "password": self.home.password,
            "control_url": self.control_url,
        }
