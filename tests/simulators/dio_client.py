"""A bare client of the DIO cloud for the tests of its simulator: websocket, JSON and nothing clever."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import json
from urllib.parse import quote

import aiohttp
from yarl import URL

from simulators.dio_chacon import Home, SimulatedCloud

from .bare_client import BareSocket, Json


class BareClient(BareSocket):
    """One websocket, read frame by frame."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse, home: Home) -> None:
        """Speak over ``ws``, which leaves pings and pongs to us, to the cloud of ``home``."""
        super().__init__(ws, home)
        self.number = 0

    async def next(self) -> Json:
        """Read one frame."""
        frame: Json = json.loads(await self.text())
        return frame

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
