"""A cloud: one websocket address that serves the homes of some accounts."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any, override

from aiohttp import web

from .faults import FaultKind, Faults
from .home import Home
from .link import WebSocketLink
from .timers import Timers
from .websocket import Session, WebSocketService


class CloudSession[H: Home[Any, Any]](Session, ABC):
    """The server's side of one connection, which belongs to an account once that was accepted."""

    def __init__(self, number: int, link: WebSocketLink, faults: Faults, timers: Timers) -> None:
        """Belong to nobody yet."""
        super().__init__(number, link)
        self.home: H | None = None
        self.dismissed = False
        """Whether the client was refused in the middle of its session; it is told nothing more."""
        self._faults = faults
        self._timers = timers

    @property
    def account(self) -> str | None:
        """The address of the account, None while it belongs to nobody."""
        return self.home.account if self.home else None

    @abstractmethod
    def dismiss(self) -> None:
        """Refuse the client in the middle of its session; what it had asked stays unanswered."""

    @abstractmethod
    def send_oversized(self) -> None:
        """Send a frame that is longer than any client must take."""


class CloudService[S: CloudSession[Any], Entry, H: Home[Any, Any]](WebSocketService[S, Entry]):
    """The websocket of a cloud, for the accounts of some homes.

    All of it may be used and changed while it runs, from the same event loop.
    """

    def __init__(
        self,
        path: str,
        kinds: Iterable[FaultKind],
        homes: Sequence[H],
        *,
        host: str,
        port: int,
        routes: Iterable[web.RouteDef] = (),
    ) -> None:
        """Serve ``homes``; with port 0 the system picks one when the service opens."""
        super().__init__(path, kinds, host=host, port=port, routes=routes)
        self.homes = tuple(homes)
        self._unsubscribe: list[Callable[[], None]] = []

    @abstractmethod
    def listen(self, home: H) -> Callable[[], None]:
        """Hear of the pushes of a home until the returned function is called."""

    @override
    async def open(self) -> None:
        """Start to serve. Raises OSError when the address cannot be had."""
        await super().open()
        self._unsubscribe = [self.listen(home) for home in self.homes]

    @override
    async def close(self) -> None:
        """Stop at once, with every connection; the homes rest when nobody serves them any more."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe.clear()
        for home in self.homes:
            if not home.watched:
                home.stop()
        await super().close()

    @property
    def home(self) -> H:
        """The first of the homes."""
        return self.homes[0]

    def home_with(self, device: str) -> H:
        """Find the home a device stands in, by the id or name of the device; raises LookupError."""
        for home in self.homes:
            if home.knows(device):
                return home
        raise LookupError(f"there is no device {device!r}")

    def home_of(self, account: str | None) -> H:
        """Find the home of an account, the first by default; raises LookupError."""
        for home in self.homes:
            if account in {None, home.account}:
                return home
        raise LookupError(f"there is no account {account!r}")

    def send_invalid(self) -> None:
        """Tell every client in the middle of its session that it is not accepted any more."""
        for session in self.sessions:
            session.dismiss()

    def send_oversized(self) -> None:
        """Send every client a frame that is longer than any client must take."""
        for session in self.sessions:
            session.send_oversized()
