"""A bare client of Home Connect appliances for the tests of their simulator: websocket, JSON and nothing clever.

The AES link is written here once more, so that what the simulator seals is opened by something else than its codec.
"""

import asyncio
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
import hmac
import json
import os
import ssl
from typing import Any

import aiohttp
from Crypto.Cipher import AES

from simulators.home_connect_local import SimulatedAppliance

LIMIT_S = 60.0
MUTE_S = 0.05

type Json = dict[str, Any]


class Chain:
    """Both directions of an AES link at the client's end."""

    def __init__(self, key: bytes, iv: bytes) -> None:
        """Start the chains."""
        self._iv = iv
        self._mac_key = hmac.digest(key, b"MAC", "sha256")
        cipher_key = hmac.digest(key, b"ENC", "sha256")
        self._encrypt = AES.new(cipher_key, AES.MODE_CBC, iv)
        self._decrypt = AES.new(cipher_key, AES.MODE_CBC, iv)
        self._sent = self._read = bytes(16)

    def seal(self, text: str) -> bytes:
        """Make a frame."""
        clear = text.encode()
        size = 16 - len(clear) % 16
        size += 16 * (size == 1)
        body = self._encrypt.encrypt(clear + b"\0" + os.urandom(size - 2) + bytes((size,)))
        self._sent = self._mac(b"E", self._sent, body)
        return body + self._sent

    def open(self, data: bytes) -> str:
        """Read a frame, which must be the next one."""
        assert len(data) >= 32
        assert not len(data) % 16
        self._read = self._mac(b"C", self._read, data[:-16])
        assert data[-16:] == self._read, "the MAC is wrong"
        clear = self._decrypt.decrypt(data[:-16])
        return clear[: -clear[-1]].decode()

    def _mac(self, direction: bytes, before: bytes, body: bytes) -> bytes:
        return hmac.digest(self._mac_key, self._iv + direction + before + body, "sha256")[:16]


def psk_client(key: bytes, suites: str = "PSK") -> ssl.SSLContext:
    """Build the context of a client that knows a key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(suites)
    context.set_psk_client_callback(lambda hint: (None, key))
    return context


class BareClient:
    """One websocket, read message by message."""

    def __init__(
        self, ws: aiohttp.ClientWebSocketResponse, chain: Chain | None, device_id: str
    ) -> None:
        """Speak over ``ws``, which leaves pings and pongs to us."""
        self.ws = ws
        self.device_id = device_id
        self.first: Json = {}
        self.session_id = 0
        self.message_id = 0
        self.versions: dict[str, int] = {}
        self.notices: list[Json] = []
        """What the appliance told by itself, oldest first."""
        self._chain = chain

    # --- frames ----------------------------------------------------------------------------

    async def text(self) -> str:
        """Read one frame's clear text; the answer to a ping of ours is none."""
        async with asyncio.timeout(LIMIT_S):
            while (message := await self.ws.receive()).type is aiohttp.WSMsgType.PONG:
                pass
        if self._chain:
            assert message.type is aiohttp.WSMsgType.BINARY, message
            return self._chain.open(message.data)
        assert message.type is aiohttp.WSMsgType.TEXT, message
        return str(message.data)

    async def next(self) -> Json:
        """Read one message."""
        message: Json = json.loads(await self.text())
        return message

    async def send(self, message: Json) -> None:
        """Send a message as it is."""
        await self.put(json.dumps(message))

    async def put(self, text: str) -> None:
        """Send clear text."""
        if self._chain:
            await self.ws.send_bytes(self._chain.seal(text))
        else:
            await self.ws.send_str(text)

    async def end(self) -> aiohttp.WSMessage:
        """Read the end of the connection, whatever comes before."""
        data = {aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.PING}
        async with asyncio.timeout(LIMIT_S):
            while (message := await self.ws.receive()).type in data:
                pass
        return message

    async def code(self) -> int | None:
        """Read the end of the connection; gives its code."""
        await self.end()
        return self.ws.close_code

    async def mute(self) -> bool:
        """Tell whether not even a ping is answered for a moment."""
        await self.ws.ping()
        try:
            async with asyncio.timeout(MUTE_S):
                await self.ws.receive()
        except TimeoutError:
            return True
        return False

    # --- messages --------------------------------------------------------------------------

    def message(
        self,
        resource: str,
        action: str = "GET",
        data: Sequence[Mapping[str, Any]] = (),
        **changes: Any,
    ) -> Json:
        """Build the next message, in order but for ``changes``."""
        service = resource.split("/")[1]
        version = 1 if resource == "/ci/services" else self.versions.get(service, 1)
        body: Json = {
            "sID": self.session_id,
            "msgID": self.message_id,
            "resource": resource,
            "version": version,
            "action": action,
        }
        if data:
            body["data"] = list(data)
        self.message_id = (self.message_id + 1) % (1 << 32)
        return body | changes

    async def ask(
        self,
        resource: str,
        action: str = "GET",
        data: Sequence[Mapping[str, Any]] = (),
        **changes: Any,
    ) -> Json:
        """Send a request and read until its answer; what is told in between is kept."""
        request = self.message(resource, action, data, **changes)
        await self.send(request)
        return await self.answer(request)

    async def answer(self, request: Json) -> Json:
        """Read until the answer to a request."""
        while (message := await self.next())["action"] != "RESPONSE":
            self.notices.append(message)
        for name in ("sID", "msgID", "resource", "version"):
            assert message[name] == request[name], (message, request)
        return message

    async def get(self, resource: str) -> list[Json]:
        """Read a resource, which must be given."""
        answer = await self.ask(resource)
        assert "code" not in answer, answer
        data: list[Json] = answer["data"]
        return data

    async def post(self, resource: str, *data: Mapping[str, Any]) -> int | None:
        """Send a POST; gives the code of the answer, None for success."""
        code: int | None = (await self.ask(resource, "POST", data)).get("code")
        return code

    async def write(self, *items: tuple[int, Any]) -> int | None:
        """Write values."""
        return await self.post(
            "/ro/values", *({"uid": uid, "value": value} for uid, value in items)
        )

    async def select(self, program: int, *options: tuple[int, Any]) -> int | None:
        """Select a program."""
        return await self.post("/ro/selectedProgram", instruction(program, *options))

    async def start(self, program: int, *options: tuple[int, Any]) -> int | None:
        """Start a program."""
        return await self.post("/ro/activeProgram", instruction(program, *options))

    async def notice(self) -> Json:
        """Take what the appliance told by itself, or wait for it."""
        if self.notices:
            return self.notices.pop(0)
        message = await self.next()
        assert message["action"] == "NOTIFY", message
        return message

    async def told(self, uid: int, value: Any = ...) -> Any:
        """Read notifications until a value is told, a certain one if it is given."""
        while True:
            message = await self.notice()
            if message["resource"] == "/ro/values":
                items = message["data"]
                for number, item in enumerate(items):
                    if item["uid"] == uid and value in (..., item["value"]):
                        # What the same message told beside it is still to be read.
                        self.notices.insert(
                            0, message | {"data": items[:number] + items[number + 1 :]}
                        )
                        return item["value"]

    async def described(self, uid: int) -> Json:
        """Read notifications until the description of a feature changes."""
        while True:
            message = await self.notice()
            if message["resource"] == "/ro/descriptionChange":
                items = message["data"]
                for number, item in enumerate(items):
                    if item["uid"] == uid:
                        self.notices.insert(
                            0, message | {"data": items[:number] + items[number + 1 :]}
                        )
                        return dict(item)

    # --- the greeting ----------------------------------------------------------------------

    async def meet(self) -> None:
        """Read the first message."""
        self.first = await self.next()
        assert (self.first["action"], self.first["resource"]) == ("POST", "/ei/initialValues")
        self.session_id = self.first["sID"]
        self.message_id = self.first["data"][0]["edMsgID"]

    def greeting(self, **changes: Any) -> Json:
        """Build the answer to the first message."""
        item = {
            "deviceType": 2 if self.first["version"] == 1 else "Application",
            "deviceName": "Bare client",
            "deviceID": self.device_id,
        }
        return {**self.first, "action": "RESPONSE", "data": [item]} | changes

    async def greet(self) -> None:
        """Go through the whole greeting, as the services ask for it (§7.1)."""
        await self.meet()
        await self.send(self.greeting())
        self.versions = {
            item["service"]: item["version"] for item in await self.get("/ci/services")
        }
        if self.versions["ci"] < 3:
            nonce = urlsafe_b64encode(os.urandom(32)).decode().rstrip("=")
            answer = await self.ask("/ci/authentication", data=[{"nonce": nonce}])
            assert answer["data"][0]["response"]
            await self.get("/ci/info")
        if "iz" in self.versions:
            await self.get("/iz/info")
        if self.versions["ei"] == 2:
            await self.send(self.message("/ei/deviceReady", "NOTIFY"))


def instruction(program: int, *options: tuple[int, Any]) -> Json:
    """Build what selects or starts a program."""
    return {
        "program": program,
        "options": [{"uid": uid, "value": value} for uid, value in options],
    }


@asynccontextmanager
async def connect(
    http: aiohttp.ClientSession,
    served: SimulatedAppliance,
    *,
    greet: bool = True,
    device_id: str = "c0ffee01",
    key: bytes | None = None,
) -> AsyncIterator[BareClient]:
    """Open a websocket, and go through the greeting."""
    chain = None
    context: ssl.SSLContext | bool = True
    key = key or served.profile.key
    if served.connection_type == "AES":
        chain = Chain(key, served.profile.iv)
    else:
        context = psk_client(key)
    async with http.ws_connect(url_of(served), ssl=context, autoping=False, max_msg_size=0) as ws:
        client = BareClient(ws, chain, device_id)
        if greet:
            await client.greet()
        yield client


def url_of(served: SimulatedAppliance) -> str:
    """Give the address of an appliance."""
    scheme = "ws" if served.connection_type == "AES" else "wss"
    return f"{scheme}://{served.host}:{served.port}/homeconnect"
