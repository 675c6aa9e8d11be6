"""The simulated cloud as tests and programs start it: the vendor's address and the control address."""

from dataclasses import replace
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

    def sibling(self, port: int = 0) -> SimulatedCloud:
        """Make a second server of the same homes, to be entered as well; redirects of either lead to the other."""
        second = SimulatedCloud(
            *self.homes, rules=replace(self.rules), host=self.listener.host, port=port
        )
        self.second, second.second = second, self
        return second

    def card(self) -> dict[str, Any]:
        """Give all that a client needs, as the line on standard output tells it."""
        return {
            "domain": "homismart",
            "ws_url": self.ws_url,
            "username": self.home.username,
            "password": self.home.password,
            "control_url": self.control_url,
        }
