"""A bare client of the Homismart cloud for the tests of its simulator: websocket, JSON and nothing clever."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from hashlib import md5
import json
import time
from typing import Any

import aiohttp

from simulators.homismart import Home, SimulatedCloud

LIMIT_S = 5.0
MUTE_S = 0.05

type Json = dict[str, Any]
type Spoken = tuple[str, Any]
"""Prefix and body of a frame; None for no body."""


def spoken(text: str) -> Spoken:
    """Split a text frame."""
    return text[:4], json.loads(text[4:]) if text[4:] else None


class BareClient:
    """One websocket, read frame by frame."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse, home: Home) -> None:
        """Speak over ``ws``, which leaves pings and pongs to us, to the cloud of ``home``."""
        self.ws = ws
        self.home = home

    async def next(self) -> Spoken:
        """Read one frame."""
        async with asyncio.timeout(LIMIT_S):
            message = await self.ws.receive()
        assert message.type is aiohttp.WSMsgType.TEXT, message
        return spoken(message.data)

    async def push(self) -> Json:
        """Read one frame, which must be a push of an object."""
        prefix, body = await self.next()
        assert prefix == "0009", (prefix, body)
        pushed: Json = body
        return pushed

    async def error(self) -> int | str:
        """Read one frame, which must be an error; gives its code."""
        prefix, body = await self.next()
        assert prefix == "9999", (prefix, body)
        assert body.keys() == {"code", "info"}
        code: int | str = body["code"]
        return code

    async def end(self) -> aiohttp.WSMessage:
        """Read the end of the connection, whatever comes before."""
        async with asyncio.timeout(LIMIT_S):
            while (message := await self.ws.receive()).type in {
                aiohttp.WSMsgType.TEXT,
                aiohttp.WSMsgType.BINARY,
            }:
                pass
        return message

    async def quiet(self) -> bool:
        """Tell whether nothing is waiting to be read once the devices have come to rest."""
        await self.home.settle()
        await self.ws.ping()
        async with asyncio.timeout(LIMIT_S):
            return (await self.ws.receive()).type is aiohttp.WSMsgType.PONG

    async def mute(self) -> bool:
        """Tell whether not even a ping is answered for a moment."""
        await self.ws.ping()
        try:
            async with asyncio.timeout(MUTE_S):
                await self.ws.receive()
        except TimeoutError:
            return True
        return False

    async def send(self, prefix: str, body: object) -> None:
        """Send a frame."""
        await self.ws.send_str(prefix + json.dumps(body))

    async def ask(self, prefix: str, body: object) -> Spoken:
        """Send a frame and read the next one."""
        await self.send(prefix, body)
        return await self.next()

    async def list(self) -> dict[str, Json]:
        """Ask for the list; gives it by ids."""
        prefix, objects = await self.ask("0004", {})
        assert prefix == "0005"
        return {item["id"]: item for item in objects}

    async def set(self, name: str, /, **changes: object) -> None:
        """Send a whole object that is in order but for ``changes``."""
        await self.send("0006", whole(self.home, name, **changes))


@asynccontextmanager
async def connect(
    http: aiohttp.ClientSession, cloud: SimulatedCloud, *, logged_in: bool = True
) -> AsyncIterator[BareClient]:
    """Open a websocket, and log in."""
    async with http.ws_connect(cloud.ws_url, autoping=False, max_msg_size=0) as ws:
        client = BareClient(ws, cloud.home)
        if logged_in:
            assert await client.ask("0002", login(cloud.home)) == ("0003", {"result": True})
        yield client


def login(home: Home, /, **changes: object) -> Json:
    """Build the body of a login."""
    digest = md5(home.password.encode(), usedforsecurity=False).hexdigest()
    return {"username": home.username, "password": digest, **changes}


def whole(home: Home, name: str, /, **changes: object) -> Json:
    """Build the whole object of a device with changes, as a command sends it."""
    now: Json = {"updateTime": int(time.time() * 1000)}
    if changes.get("power") is True:
        now["lastOn"] = datetime.now().strftime("%Y-%m-%d %H:%M:%S")
    return {**home.device(name).members, **now, **changes}


def without_times(value: object) -> object:
    """Take the time of the last change out of an object or a list of them."""
    if isinstance(value, list):
        return [without_times(item) for item in value]
    if isinstance(value, dict):
        return {name: item for name, item in value.items() if name != "updateTime"}
    return value
