"""The least work that the wire leaves: no model, no checks, no recovery; nobody should use this.

One websocket of the library that ours uses too, a JSON decode, one dictionary lookup, one call.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from hashlib import md5
import time
from typing import Any, override

import orjson

from ..limit import PING_S, LimitClient, echo_job
from .echo import COMMAND_BYTES

type Json = dict[str, Any]


class Client(LimitClient):
    """A conversation written down by hand."""

    objects: dict[str, Json]
    _waiters: dict[str, tuple[bool, asyncio.Future[None]]]

    @override
    def decode(self, texts: Sequence[str]) -> int:
        """Find the device and the one value of each frame."""
        understood = 0
        for text in texts:
            data = orjson.loads(text[4:])
            value = data.get("curtainState") or data["power"]
            understood += text[:4] == "0009" and data["id"] is not None and value is not None
        return understood

    @override
    async def connect(self) -> int:
        """Open, log in, list: two round trips after the handshake's."""
        self._waiters = {}
        self._ws = await self.session.ws_connect(self._card["ws_url"], heartbeat=PING_S)
        digest = md5(self._account["password"].encode(), usedforsecurity=False).hexdigest()
        await self._ask("0002", {"username": self._account["email"], "password": digest})
        self.objects = {item["id"]: item for item in await self._ask("0004", {})}
        self._reader = asyncio.create_task(self._read())
        self.listen(self.objects)
        return sum("onLine" in item for item in self.objects.values())

    @override
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
    return echo_job(card, COMMAND_BYTES)
