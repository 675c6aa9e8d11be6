"""What the clients of our protocol cores have in common as contenders."""

from abc import ABC, abstractmethod
import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, override

import aiohttp

from .clouds import Listener
from .echo import commanded

QUICK = {"email": "quick@example.org", "password": "quick"}
"""An account of the server that only answers, which takes any."""


class OurClient(ABC):
    """Our client behind the calls that all contenders have."""

    def __init__(self, card: Mapping[str, Any], account: Mapping[str, str]) -> None:
        """Nothing is opened before ``connect``."""
        self._card = card
        self._account = account
        self._session: aiohttp.ClientSession | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._client: Any
        self._task: asyncio.Task[Any]

    @abstractmethod
    def make(self, session: aiohttp.ClientSession) -> Any:
        """Make a client of the core."""

    @abstractmethod
    def known(self) -> int:
        """Count what the state was read of."""

    @abstractmethod
    def hearing(self, listener: Listener) -> Callable[[Any], None]:
        """Turn the changes of the core into news for ``listener``."""

    @abstractmethod
    async def switch(self, device_id: str, on: bool) -> None:
        """Switch a device."""

    @abstractmethod
    def decode(self, texts: Sequence[str]) -> int:
        """Read frames to typed reports."""

    async def connect(self) -> int:
        """Run a new client until it is ready."""
        if self._session is None:  # as Home Assistant lends its own
            self._session = aiohttp.ClientSession()
        self._unsubscribe = None
        self._client = self.make(self._session)
        self._task = asyncio.create_task(self._client.run())
        await self._client.ready()
        return self.known()

    @property
    def connected(self) -> bool:
        """Whether the first link is still up."""
        connected: bool = self._client.connected and self._client.statistics.connects == 1
        return connected

    async def disconnect(self) -> None:
        """Stop as its documentation says."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def close(self) -> None:
        """Give up the session, which nobody else uses."""
        if self._session:
            await self._session.close()

    def watch(self, listener: Listener) -> None:
        """Subscribe."""
        if self._unsubscribe:
            self._unsubscribe()
        self._unsubscribe = self._client.subscribe(self.hearing(listener))


class OurCloudClient(OurClient):
    """Our client of a cloud, which has devices."""

    changed: Any
    """The class of the core for the change of a device."""

    @abstractmethod
    def knows(self, device: Any) -> bool:
        """Tell whether the state of a device was read."""

    @override
    def known(self) -> int:
        return sum(map(self.knows, self._client.devices.values()))

    @override
    def hearing(self, listener: Listener) -> Callable[[Any], None]:
        changed = self.changed

        def take(change: Any) -> None:
            if type(change) is changed and "is_on" in change.fields:
                listener(change.device.device_id, change.device.is_on is True)

        return take

    @override
    async def switch(self, device_id: str, on: bool) -> None:
        await self._client.set_on(device_id, on)

    @classmethod
    def jobs(cls, quick: Mapping[str, Any], device_id: str) -> Mapping[str, Callable[..., Any]]:
        """Offer what is compared with the limit's echo; ``quick`` leads to the server that only answers."""

        async def acknowledged(times: int) -> float:
            """Give the time of a command to that server, in milliseconds."""
            client = cls(quick, QUICK)
            taken = await commanded(client, device_id, times)
            await client.close()
            return taken

        return {"acknowledged": acknowledged}
