"""The simulated cloud as tests and programs start it: the vendor's addresses and the control address."""

from functools import partial
from typing import Any, Self

from ..control import Control
from .home import Home
from .operations import describe, operations
from .service import Rules, Service


class SimulatedCloud(Service):
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

    @property
    def control_url(self) -> str:
        """Address of the hand operations, for programs and browsers."""
        return self.control.url

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

    async def __aenter__(self) -> Self:
        """Start to serve. Raises OSError when the address cannot be had."""
        await self.open()
        try:
            await self.control.listener.open()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop at once, whatever clients do, and leave nothing behind."""
        await self.close()
        await self.control.listener.close()
