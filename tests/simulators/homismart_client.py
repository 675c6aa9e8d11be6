"""A bare client of the Homismart cloud for the tests of its simulator: websocket, JSON and nothing clever."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from hashlib import md5
import json
import time
from typing import Any

import aiohttp

from simulators.homismart import Home, SimulatedCloud

from .bare_client import BareSocket, Json

type Spoken = tuple[str, Any]
"""Prefix and body of a frame; None for no body."""


def spoken(text: str) -> Spoken:
    """Split a text frame."""
    return text[:4], json.loads(text[4:]) if text[4:] else None


class BareClient(BareSocket):
    """One websocket, read frame by frame."""

    async def next(self) -> Spoken:
        """Read one frame."""
        return spoken(await self.text())

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
