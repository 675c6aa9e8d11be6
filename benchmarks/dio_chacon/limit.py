"""The least work that the wire leaves: no model, no checks, no recovery; nobody should use this.

One websocket of the library that the others use too, a JSON decode, one dictionary lookup, one call.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import aiohttp
import orjson

from ..clouds import Listener
from ..echo import echoed

type Json = dict[str, Any]

PING_S = 20.0
COMMAND_BYTES = 150
SWITCH = "oic.r.switch.binary"
LEVEL = "oic.r.openlevel"


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
        self.devices: list[Json] = []
        self.states: dict[str, Json] = {}
        self._card = card
        self._account = account
        self._listeners: dict[str, Listener] = {}
        self._listener: Listener = _nobody
        self._waiters: dict[int, asyncio.Future[Json]] = {}
        self._number = 0
        self._session = session
        self._ws: aiohttp.ClientWebSocketResponse
        self._reader: asyncio.Task[None]

    def decode(self, texts: Sequence[str]) -> int:
        """Find the device and the one value of each frame."""
        understood = 0
        for text in texts:
            data = orjson.loads(text)["data"]
            value = None
            for link in data["links"]:
                if link["rt"] == SWITCH:
                    value = link["value"]
                elif link["rt"] == LEVEL:
                    value = link["openLevel"]
            understood += data["di"] is not None and value is not None
        return understood

    async def connect(self) -> int:
        """Log in, open, greet, list, read: three round trips after the handshakes' two."""
        if self._session is None:  # as Home Assistant lends its own
            self._session = aiohttp.ClientSession()
        body = {**self._account, "installationId": "benchmark"}
        async with self._session.post(self._card["auth_url"], json=body) as response:
            token = orjson.loads(await response.read())["data"]["sessionToken"]
        self._ws = await self._session.ws_connect(
            f"{self._card['ws_url']}?sessionToken={token}", heartbeat=PING_S
        )
        await self._ws.receive()
        self._reader = asyncio.create_task(self._read())
        self.devices = (await self._ask("GET", "/device", {}))["data"]
        ids = [device["id"] for device in self.devices]
        self.states = (await self._ask("POST", "/device/states", {"devices": ids}))["data"]
        self._listeners = dict.fromkeys(ids, self._listener)
        return len(self.states)

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
        """Ask and wait."""
        await self._ask("POST", f"/device/{device_id}/action/switch", {"value": int(on)})

    async def _ask(self, method: str, path: str, parameters: Json) -> Json:
        self._number = number = self._number + 1
        waiter = self._waiters[number] = asyncio.get_running_loop().create_future()
        request = {"method": method, "path": path, "parameters": parameters, "id": number}
        await self._ws.send_str(orjson.dumps(request).decode())
        answer: Json = await waiter
        return answer

    async def _read(self) -> None:
        async for message in self._ws:
            frame = orjson.loads(message.data)
            if "id" in frame:
                self._waiters.pop(frame["id"]).set_result(frame)
            else:
                data = frame["data"]
                listener = self._listeners[data["di"]]
                for link in data["links"]:
                    if link["rt"] == SWITCH:
                        listener(data["di"], link["value"] == 1)


def jobs(card: Mapping[str, Any]) -> Mapping[str, Callable[..., Any]]:
    """Offer what only the limit can measure."""

    async def echo(times: int) -> float:
        """Give the time of one round trip with as many bytes as a command has, in milliseconds."""
        return await echoed(card["echo_url"], times, COMMAND_BYTES)

    return {"echo": echo}
