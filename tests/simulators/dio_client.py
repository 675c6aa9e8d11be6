"""A bare client of the DIO cloud for the tests of its simulator: websocket, JSON and nothing clever."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import json
from typing import Any
from urllib.parse import quote

import aiohttp
from yarl import URL

from simulators.dio_chacon import Home, SimulatedCloud

LIMIT_S = 5.0
MUTE_S = 0.05

type Json = dict[str, Any]


class BareClient:
    """One websocket, read frame by frame."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse, home: Home) -> None:
        """Speak over ``ws``, which leaves pings and pongs to us, to the cloud of ``home``."""
        self.ws = ws
        self.home = home
        self.number = 0

    async def next(self) -> Json:
        """Read one frame."""
        async with asyncio.timeout(LIMIT_S):
            message = await self.ws.receive()
        assert message.type is aiohttp.WSMsgType.TEXT, message
        frame: Json = json.loads(message.data)
        return frame

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

    async def send(self, method: str, path: str, parameters: Json | None = None) -> int:
        """Send a request that is in order; gives its id."""
        self.number += 1
        frame = {"method": method, "path": path, "parameters": parameters or {}, "id": self.number}
        await self.ws.send_str(json.dumps(frame))
        return self.number

    async def ask(self, method: str, path: str, parameters: Json | None = None) -> Json:
        """Send a request and read the next frame, which must be its answer."""
        number = await self.send(method, path, parameters)
        answer = await self.next()
        assert answer["id"] == number, answer
        return answer

    async def act(self, device_id: str, href: str, parameters: Json) -> Json:
        """Ask for an action."""
        return await self.ask("POST", f"/device/{device_id}/action/{href}", parameters)

    async def states(self, *device_ids: str) -> Json:
        """Ask for states."""
        answer = await self.ask("POST", "/device/states", {"devices": list(device_ids)})
        assert answer["status"] == 200
        data: Json = answer["data"]
        return data


@asynccontextmanager
async def connect(
    http: aiohttp.ClientSession, cloud: SimulatedCloud, *, greeted: bool = True, **query: str
) -> AsyncIterator[BareClient]:
    """Open a websocket, by password unless the query says otherwise."""
    home = cloud.home
    query = query or by_password(home)
    encoded = "&".join(f"{name}={quote(value, safe=':')}" for name, value in query.items())
    url = URL(f"{cloud.ws_url}?{encoded}", encoded=True)
    async with http.ws_connect(url, autoping=False, max_msg_size=0) as ws:
        client = BareClient(ws, home)
        if greeted:
            assert await client.next() == greeting("success")
        yield client


async def log_in(http: aiohttp.ClientSession, cloud: SimulatedCloud) -> str:
    """Log in over HTTP; gives the token."""
    credentials = login_body(cloud.home)
    async with http.post(cloud.auth_url, json=credentials) as answer:
        assert answer.status == 200
        token: str = (await answer.json())["data"]["sessionToken"]
    return token


def by_password(home: Home) -> dict[str, str]:
    """Give the query of the password way."""
    return {"email": home.email, "password": home.password, "serviceName": "test"}


def login_body(home: Home) -> dict[str, str]:
    """Give the body of the HTTP login."""
    return {"email": home.email, "password": home.password, "installationId": "test"}


def greeting(action: str) -> Json:
    """Build the first frame of the server."""
    return {"name": "connection", "action": action, "data": ""}


def links(push: Json) -> dict[str, Json]:
    """Give the resources of a state push by type."""
    assert (push["name"], push["action"]) == ("deviceState", "update"), push
    return {link["rt"]: link for link in push["data"]["links"]}
