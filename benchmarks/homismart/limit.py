"""The least work that the wire leaves: no model, no checks, no recovery; nobody should use this.

One websocket of the library that ours uses too, a JSON decode, one dictionary lookup, one call.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from hashlib import md5
import time
from typing import Any

import aiohttp
import orjson

from ..clouds import Listener
from ..echo import echoed
from .echo import COMMAND_BYTES

type Json = dict[str, Any]

PING_S = 20.0


def _nobody(device_id: str, on: bool) -> None:
    """Hear nothing."""


class Client:
    """A conversation written down by hand."""

    def __init__(
        self,
        card: Mapping[str, Any],
        account: Mapping[str, str],
        session: aiohttp.ClientSession | None = None,
    ) -> None:
        """Nothing is opened before ``connect``."""
        self.objects: dict[str, Json] = {}
        self._card = card
        digest = md5(account["password"].encode(), usedforsecurity=False).hexdigest()
        self._login = {"username": account["email"], "password": digest}
        self._listeners: dict[str, Listener] = {}
        self._listener: Listener = _nobody
        self._waiters: dict[str, tuple[bool, asyncio.Future[None]]] = {}
        self._session = session
        self._ws: aiohttp.ClientWebSocketResponse
        self._reader: asyncio.Task[None]

    def decode(self, texts: Sequence[str]) -> int:
        """Find the device and the one value of each frame."""
        understood = 0
        for text in texts:
            data = orjson.loads(text[4:])
            value = data.get("curtainState") or data["power"]
            understood += text[:4] == "0009" and data["id"] is not None and value is not None
        return understood

    async def connect(self) -> int:
        """Open, log in, list: two round trips after the handshake's."""
        if self._session is None:  # as Home Assistant lends its own
            self._session = aiohttp.ClientSession()
        self._ws = await self._session.ws_connect(self._card["ws_url"], heartbeat=PING_S)
        await self._ask("0002", self._login)
        self.objects = {item["id"]: item for item in await self._ask("0004", {})}
        self._reader = asyncio.create_task(self._read())
        self._listeners = dict.fromkeys(self.objects, self._listener)
        return sum("onLine" in item for item in self.objects.values())

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

    def watch(self, listener: Listener) -> None:
        """Have the listener called for every device."""
        self._listener = listener
        self._listeners = dict.fromkeys(self._listeners, listener)

    async def switch(self, device_id: str, on: bool) -> None:
        """Write the whole object and wait until it is reported like that."""
        members = self.objects[device_id] | {"power": on, "updateTime": int(time.time() * 1000)}
        if on:
            members["lastOn"] = time.strftime("%Y-%m-%d %H:%M:%S")
        waiter = asyncio.get_running_loop().create_future()
        self._waiters[device_id] = on, waiter
        await self._say("0006", members)
        await waiter

    async def _say(self, prefix: str, body: Json) -> None:
        await self._ws.send_str(prefix + orjson.dumps(body).decode())

    async def _ask(self, prefix: str, body: Json) -> Any:
        await self._say(prefix, body)
        return orjson.loads((await self._ws.receive()).data[4:])

    async def _read(self) -> None:
        async for message in self._ws:
            if message.data[:4] == "0009":
                data = orjson.loads(message.data[4:])
                device_id, on = data["id"], data["power"]
                self.objects[device_id] = data
                self._listeners[device_id](device_id, on)
                if device_id in self._waiters and self._waiters[device_id][0] is on:
                    self._waiters.pop(device_id)[1].set_result(None)


def jobs(card: Mapping[str, Any]) -> Mapping[str, Callable[..., Any]]:
    """Offer what only the limit can measure."""

    async def echo(times: int) -> float:
        """Give the time of one round trip with as many bytes as a command has, in milliseconds."""
        return await echoed(card["echo_url"], times, COMMAND_BYTES)

    return {"echo": echo}
