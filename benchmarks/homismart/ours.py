"""The protocol core of the component, without Home Assistant."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import aiohttp

from custom_components.homismart.protocol import (
    Change,
    Credentials,
    DeviceChanged,
    HomismartClient,
    Servers,
    digest,
)
from custom_components.homismart.protocol.frames import decode
from custom_components.homismart.protocol.messages import ObjectPush, read_message

from ..clouds import Listener
from ..echo import commanded
from .echo import DEVICE


class Client:
    """Our client behind the calls that all contenders have."""

    def __init__(self, card: Mapping[str, Any], account: Mapping[str, str]) -> None:
        """Nothing is opened before ``connect``."""
        self._servers = Servers(card["ws_url"])
        self._credentials = Credentials(account["email"], digest(account["password"]))
        self._session: aiohttp.ClientSession | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._client: HomismartClient
        self._task: asyncio.Task[Any]

    def decode(self, texts: Sequence[str]) -> int:
        """Read frames to typed reports."""
        understood = 0
        for text in texts:
            message = read_message(decode(text))
            understood += type(message) is ObjectPush and bool(message.report.values)
        return understood

    async def connect(self) -> int:
        """Run a new client until it is ready."""
        if self._session is None:  # as Home Assistant lends its own
            self._session = aiohttp.ClientSession()
        self._unsubscribe = None
        self._client = HomismartClient(self._credentials, self._session, servers=self._servers)
        self._task = asyncio.create_task(self._client.run())
        await self._client.ready()
        return sum(device.online is not None for device in self._client.devices.values())

    @property
    def connected(self) -> bool:
        """Whether the first link is still up."""
        return self._client.connected and self._client.statistics.connects == 1

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

        def take(change: Change) -> None:
            if type(change) is DeviceChanged and "is_on" in change.fields:
                listener(change.device.device_id, change.device.is_on is True)

        if self._unsubscribe:
            self._unsubscribe()
        self._unsubscribe = self._client.subscribe(take)

    async def switch(self, device_id: str, on: bool) -> None:
        """Switch a device."""
        await self._client.set_on(device_id, on)


def jobs(card: Mapping[str, Any]) -> Mapping[str, Callable[..., Any]]:
    """Offer what is compared with the limit's echo."""

    async def acknowledged(times: int) -> float:
        """Give the time of a command to a server that only reports, in milliseconds."""
        account = {"email": "quick@example.org", "password": "quick"}
        client = Client({"ws_url": card["quick_ws_url"]}, account)
        taken = await commanded(client, DEVICE, times)
        await client.close()
        return taken

    return {"acknowledged": acknowledged}
