"""The parts of Home Assistant's API that the demo uses."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

from .errors import DemoError

type Json = dict[str, Any]

ANSWER_LIMIT_S = 60.0
UPLOAD = "/api/file_upload"


class Api:
    """Requests to one Home Assistant, as one user once signed in."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        """Take the session to use and the address of Home Assistant, without a slash."""
        self.session = session
        self.url = url
        self._tokens: dict[str, str] = {}

    @property
    def client_id(self) -> str:
        """How we name ourselves to Home Assistant's authentication."""
        return f"{self.url}/"

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        form: Mapping[str, str] | aiohttp.FormData | None = None,
    ) -> Any:
        """Send one request and return the JSON of the answer, or its text.

        Raises DemoError for an error status and when no answer comes in time.
        """
        async with self._asking(method, path, json=json, data=form) as response:
            is_json = "json" in response.content_type
            return await response.json() if is_json else await response.text()

    async def fetch(self, path: str) -> bytes:
        """Fetch a file; raises DemoError as ``request`` does."""
        async with self._asking("GET", path) as response:
            return await response.read()

    @asynccontextmanager
    async def _asking(
        self, method: str, path: str, **body: Any
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send one request and give the answer while it is read."""
        headers = {}
        if token := self._tokens.get("access_token"):
            headers["Authorization"] = f"Bearer {token}"
        limit = aiohttp.ClientTimeout(total=ANSWER_LIMIT_S)
        try:
            async with self.session.request(
                method, self.url + path, headers=headers, timeout=limit, **body
            ) as response:
                if response.status >= 400:
                    text = await response.text()
                    raise DemoError(f"{method} {path} gave {response.status}: {text[:500]}")
                yield response
        except TimeoutError:
            raise DemoError(f"{method} {path} gave no answer in {ANSWER_LIMIT_S:.0f} s") from None

    async def upload(self, path: Path) -> str:
        """Upload a file as forms do; gives the id by which a form then knows it."""
        form = aiohttp.FormData()
        content = await asyncio.to_thread(path.read_bytes)
        form.add_field("file", content, filename=path.name)
        return str((await self.request("POST", UPLOAD, form=form))["file_id"])

    async def onboard(self, name: str, username: str, password: str) -> bool:
        """Make the first user; tell whether there was none yet."""
        try:
            steps = await self.request("GET", "/api/onboarding")
        except DemoError:
            return False  # after onboarding the endpoint does not exist
        if any(step["step"] == "user" and step["done"] for step in steps):
            return False
        user = {"name": name, "username": username, "password": password, "language": "en"}
        answer = await self.request(
            "POST", "/api/onboarding/users", json={**user, "client_id": self.client_id}
        )
        await self._exchange(answer["auth_code"])
        return True

    async def sign_in(self, username: str, password: str) -> None:
        """Sign in as an existing user.

        Raises DemoError when the password is another one.
        """
        about = {"client_id": self.client_id, "redirect_uri": self.client_id}
        flow = await self.request(
            "POST", "/auth/login_flow", json={**about, "handler": ["homeassistant", None]}
        )
        answer = await self.request(
            "POST",
            f"/auth/login_flow/{flow['flow_id']}",
            json={"username": username, "password": password, "client_id": self.client_id},
        )
        if answer["type"] != "create_entry":
            raise DemoError(
                f"user {username} cannot sign in with the demo's password; was it changed?"
                " script/demo --reset starts anew"
            )
        await self._exchange(answer["result"])

    async def _exchange(self, code: str) -> None:
        """Change an authorization code for tokens."""
        form = {"grant_type": "authorization_code", "code": code, "client_id": self.client_id}
        self._tokens = await self.request("POST", "/auth/token", form=form)

    async def sign_out(self) -> None:
        """Give the tokens back, so that they do not pile up from start to start."""
        if token := self._tokens.get("refresh_token"):
            await self.request("POST", "/auth/revoke", form={"token": token})
            self._tokens = {}

    @asynccontextmanager
    async def socket(self) -> AsyncIterator[Socket]:
        """Open the websocket as the user signed in."""
        url = self.url.replace("http", "ws", 1) + "/api/websocket"
        async with self.session.ws_connect(url, max_msg_size=0, heartbeat=30) as ws:
            await ws.receive_json()  # auth_required
            await ws.send_json({"type": "auth", "access_token": self._tokens["access_token"]})
            if (await ws.receive_json())["type"] != "auth_ok":
                raise DemoError("Home Assistant's websocket refuses the token")
            socket = Socket(ws)
            reader = asyncio.create_task(socket.read(), name="Home Assistant's websocket")
            try:
                yield socket
            finally:
                reader.cancel()
                await asyncio.wait([reader])


class Socket:
    """Commands and subscriptions over one websocket."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        """Take a connection that is authenticated."""
        self._ws = ws
        self._numbers = count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._listeners: dict[int, Callable[[Any], None]] = {}

    async def read(self) -> None:
        """Deliver what comes in until the connection ends."""
        try:
            async for frame in self._ws:
                message = frame.json()
                for item in message if isinstance(message, list) else [message]:
                    self._deliver(item)
        finally:
            for waiter in self._waiting.values():
                if not waiter.done():
                    waiter.set_exception(DemoError("Home Assistant closed the websocket"))

    def _deliver(self, message: dict[str, Any]) -> None:
        """Hand one message to whoever waits for it."""
        if message["type"] == "event":
            if listener := self._listeners.get(message["id"]):
                listener(message["event"])
        elif (waiter := self._waiting.get(message["id"])) and not waiter.done():
            if message.get("success", True):
                waiter.set_result(message.get("result"))
            else:
                error = message["error"]
                waiter.set_exception(DemoError(f"{error['message']} ({error['code']})"))

    async def call(self, kind: str, **data: object) -> Any:
        """Send a command and return its result.

        Raises DemoError when it is refused, or not answered in time.
        """
        return await self._send(next(self._numbers), kind, data)

    async def subscribe(self, kind: str, listener: Callable[[Any], None], **data: object) -> None:
        """Call ``listener`` with every event of a subscription, until the websocket is closed."""
        number = next(self._numbers)
        self._listeners[number] = listener
        await self._send(number, kind, data)

    async def _send(self, number: int, kind: str, data: Mapping[str, object]) -> Any:
        """Send one numbered command and await its answer."""
        waiter = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            await self._ws.send_json({"id": number, "type": kind, **data})
            async with asyncio.timeout(ANSWER_LIMIT_S):
                return await waiter
        except TimeoutError:
            raise DemoError(f"{kind} gave no answer in {ANSWER_LIMIT_S:.0f} s") from None
        except DemoError as err:
            raise DemoError(f"{kind} failed: {err}") from err
        finally:
            del self._waiting[number]
