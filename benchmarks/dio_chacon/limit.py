"""The least work that the wire leaves: no model, no checks, no recovery; nobody should use this.

One websocket of the library that the others use too, a JSON decode, one dictionary lookup, one call.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, override

import orjson

from ..limit import PING_S, LimitClient, echo_job

type Json = dict[str, Any]

COMMAND_BYTES = 150
SWITCH = "oic.r.switch.binary"
LEVEL = "oic.r.openlevel"


class Client(LimitClient):
    """A conversation written down by hand."""

    devices: list[Json]
    states: dict[str, Json]
    _waiters: dict[int, asyncio.Future[Json]]
    _number: int

    @override
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

    @override
    async def connect(self) -> int:
        """Log in, open, greet, list, read: three round trips after the handshakes' two."""
        self._waiters, self._number = {}, 0
        body = {name: self._account[name] for name in ("email", "password")}
        body["installationId"] = "benchmark"
        async with self.session.post(self._card["auth_url"], json=body) as response:
            token = orjson.loads(await response.read())["data"]["sessionToken"]
        self._ws = await self.session.ws_connect(
            f"{self._card['ws_url']}?sessionToken={token}", heartbeat=PING_S
        )
        await self._ws.receive()
        self._reader = asyncio.create_task(self._read())
        self.devices = (await self._ask("GET", "/device", {}))["data"]
        ids = [device["id"] for device in self.devices]
        self.states = (await self._ask("POST", "/device/states", {"devices": ids}))["data"]
        self.listen(ids)
        return len(self.states)

    @override
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
    return echo_job(card, COMMAND_BYTES)
