"""What the conversations written down by hand have in common.

One websocket of the library that ours uses too, a JSON decode, one dictionary lookup, one call.
"""

from abc import ABC, abstractmethod
import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import aiohttp

from .clouds import Listener
from .echo import echoed

PING_S = 20.0


def _nobody(device_id: str, on: bool) -> None:
    """Hear nothing."""


class LimitClient(ABC):
    """A conversation written down by hand."""

    def __init__(
        self,
        card: Mapping[str, Any],
        account: Mapping[str, str],
        session: aiohttp.ClientSession | None = None,
    ) -> None:
        """Nothing is opened before ``connect``."""
        self._card = card
        self._account = account
        self._session = session
        self._listeners: dict[str, Listener] = {}
        self._listener: Listener = _nobody
        self._ws: aiohttp.ClientWebSocketResponse
        self._reader: asyncio.Task[None]

    @abstractmethod
    def decode(self, texts: Sequence[str]) -> int:
        """Find the device and the one value of each frame."""

    @abstractmethod
    async def connect(self) -> int:
        """Log in and read everything."""

    @abstractmethod
    async def switch(self, device_id: str, on: bool) -> None:
        """Ask and wait."""

    @property
    def session(self) -> aiohttp.ClientSession:
        """The session: its own, unless Home Assistant has lent one."""
        if self._session is None:
            self._session = aiohttp.ClientSession()
        return self._session

    @property
    def connected(self) -> bool:
        """Whether the websocket is open."""
        return not self._ws.closed

    async def disconnect(self) -> None:
        """Close the websocket."""
        self._reader.cancel()
        with suppress(asyncio.CancelledError):
            await self._reader
        await self._ws.close()

    def listen(self, device_ids: Iterable[str]) -> None:
        """Have the listener called for these devices."""
        self._listeners = dict.fromkeys(device_ids, self._listener)

    def watch(self, listener: Listener) -> None:
        """Have the listener called for every device."""
        self._listener = listener
        self.listen(self._listeners)


def echo_job(card: Mapping[str, Any], size: int) -> Mapping[str, Callable[..., Any]]:
    """Offer what only the limit can measure: round trips with as many bytes as a command has."""

    async def echo(times: int) -> float:
        """Give the time of one round trip, in milliseconds."""
        return await echoed(card["echo_url"], times, size)

    return {"echo": echo}
