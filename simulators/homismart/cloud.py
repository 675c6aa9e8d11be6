"""The simulated cloud as tests and programs start it: the vendor's address and the control address."""

from dataclasses import replace
from functools import partial
from typing import Any

from ..cloud import Controlled
from ..control import Control
from .home import Home
from .operations import describe, operations
from .service import Rules, Service


class SimulatedCloud(Service, Controlled):
    """A cloud on loopback: ``async with SimulatedCloud(home) as cloud`` serves until the block ends.

    ``faults`` are its switches, ``journal`` tells what clients did, ``home`` is the first of its homes.
    """

    def __init__(
        self,
        home: Home,
        *others: Home,
        rules: Rules | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        """Serve the accounts of one or more homes; with port 0 the system picks one."""
        super().__init__((home, *others), rules=rules, host=host, port=port)
        self.control = Control(partial(describe, self), operations(self), host)

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
