"""Our client on an appliance whose messages and seals are those of the published ``homeconnect-websocket``.

What that library ships for tests is no server, only a stand-in for its own client. So the conversation of this
appliance is written here, from the seed of a profile; how bytes become messages, and messages bytes, is the library's.
"""

import asyncio
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, override

import aiohttp
from aiohttp import web
from homeconnect_websocket import hc_socket
from homeconnect_websocket.message import Action as TheirAction, Message, load_message
import pytest

from custom_components.home_connect_local.protocol import (
    ConnectionType,
    HomeConnectClient,
    Profile,
    RefusedError,
)
from simulators.home_connect_local import psk_context
from tests.home_connect_local.protocol.appliances import ALL, OVEN, WASHER, described, seed, told
from tests.home_connect_local.protocol.running import until
from tests.support.clock import run_real

pytestmark = pytest.mark.usefixtures("socket_enabled")

KEY, IV = bytes(range(32)), bytes(range(100, 116))
SESSION_ID, FIRST_ID = 0xFEDC_BA98, 0xFFFF_FFFD
CHILD_LOCK = 524


class TheirSeal(hc_socket.AesSocket):
    """The library's AES socket, on a websocket that was accepted instead of one that it opened."""

    def __init__(self, websocket: web.WebSocketResponse) -> None:
        """Take the appliance's end."""
        super().__init__("unused", urlsafe_b64encode(KEY).decode(), urlsafe_b64encode(IV).decode())
        self._accepted = websocket

    @override
    async def _ws_connect(self, **_: Any) -> Any:
        return self._accepted


class TheirAppliance:
    """Answers what it is asked with the seed of a profile."""

    def __init__(self, name: str, *, sealed: bool) -> None:
        """Begin as the seed says."""
        self.sealed = sealed
        self.seed = seed(name)
        self.heard: list[Message] = []
        self._websocket: web.WebSocketResponse | None = None
        self._seal: TheirSeal | None = None

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Take one client until it ends."""
        self._websocket = web.WebSocketResponse()
        await self._websocket.prepare(request)
        if self.sealed:
            self._seal = TheirSeal(self._websocket)
            self._seal._owned_session = False
            await self._seal.connect()
        data = [{"edMsgID": FIRST_ID}]
        await self.say(Message(SESSION_ID, 1, "/ei/initialValues", 2, TheirAction.POST, data))
        async for frame in self._websocket:
            text = await self._seal._receive(frame) if self._seal else frame.data
            message = load_message(text)
            self.heard.append(message)
            if message.action in {TheirAction.GET, TheirAction.POST}:
                await self.answer(message)
        return self._websocket

    async def say(self, message: Message) -> None:
        """Send a message as the library does."""
        assert self._websocket is not None
        if self._seal:
            await self._seal._send(message.dump())
        else:
            await self._websocket.send_str(message.dump())

    async def answer(self, message: Message) -> None:
        """Answer one request."""
        response = message.responde(self.content(message))
        if message.resource == "/ro/activeProgram":
            response.code = 538
        await self.say(response)
        if message.resource == "/ro/values" and message.action is TheirAction.POST:
            await self.notify(message.data)

    async def notify(self, data: Any) -> None:
        """Tell values."""
        await self.say(Message(SESSION_ID, 77, "/ro/values", 1, TheirAction.NOTIFY, data))

    def content(self, message: Message) -> list[dict[str, Any]] | None:
        """Give what an answer holds."""
        match message.resource:
            case "/ci/services":
                return self.seed["services"]
            case "/ci/authentication":
                return [{"response": "x"}]
            case "/ci/info" | "/iz/info":
                return [self.seed["info"]]
            case "/ro/allDescriptionChanges":
                return self.seed["allDescriptionChanges"]
            case "/ro/allMandatoryValues":
                return self.seed["allMandatoryValues"]
        return None


@asynccontextmanager
async def connected(
    name: str, *, sealed: bool
) -> AsyncIterator[tuple[HomeConnectClient, TheirAppliance]]:
    """Run our client on such an appliance until the block ends."""
    appliance = TheirAppliance(name, sealed=sealed)
    application = web.Application()
    application.router.add_get("/homeconnect", appliance.serve)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    context = None if sealed else psk_context(lambda: KEY)
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    kind = ConnectionType.AES if sealed else ConnectionType.TLS
    profile = Profile(name, kind, KEY, IV if sealed else None, None, described(name))
    try:
        async with aiohttp.ClientSession() as session:
            client = HomeConnectClient(
                profile,
                "127.0.0.1",
                session,
                port=runner.addresses[0][1],
                device_id="c0ffee01",
                device_name="Küche's client",
            )
            task = asyncio.create_task(client.run())
            try:
                async with asyncio.timeout(60):
                    await client.ready()
                yield client, appliance
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
    finally:
        await runner.cleanup()


@pytest.fixture
def their_role(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the library's socket take the other end of the chain: it is written for clients only."""
    monkeypatch.setattr(hc_socket, "ENCRYPT_DIRECTION", b"\x43")
    monkeypatch.setattr(hc_socket, "DECRYPT_DIRECTION", b"\x45")


def on_both(test: Callable[..., None]) -> Callable[..., None]:
    """Run a test on both kinds of links."""
    return pytest.mark.usefixtures("their_role")(
        pytest.mark.parametrize("sealed", [False, True], ids=["TLS", "AES"])(test)
    )


@on_both
@pytest.mark.parametrize("name", ALL)
def test_everything_is_read(name: str, sealed: bool) -> None:
    """What their codec wrote, ours read, and the other way round, for every profile."""

    async def main() -> None:
        async with connected(name, sealed=sealed) as (client, appliance):
            expected = told(name)
            for uid in expected.description.features:
                assert client.appliance.raw(uid) == expected.raw(uid), uid
            services = {each["service"]: each["version"] for each in appliance.seed["services"]}
            assert client.services == services
            greeting = appliance.heard[0]
            assert (greeting.sid, greeting.msg_id) == (SESSION_ID, 1)
            assert greeting.data is not None
            assert greeting.data[0]["deviceName"] == "Küche's client"
            numbers = [message.msg_id for message in appliance.heard[1:]]
            assert numbers == [(FIRST_ID + n) % 2**32 for n in range(len(numbers))]

    run_real(main())


@on_both
def test_values_both_ways(sealed: bool) -> None:
    """Written, told, told unasked, refused, over many frames of the chain."""

    async def main() -> None:
        async with connected(WASHER, sealed=sealed) as (client, appliance):
            for number in range(40):
                await client.write(CHILD_LOCK, number % 2 == 0)
                await until(lambda n=number: client.appliance.raw(CHILD_LOCK) is (n % 2 == 0))
            for size in range(60):  # paddings of all lengths
                await appliance.notify([{"uid": 99999, "value": "x" * size}])
            await appliance.notify([{"uid": 517, "value": True}])
            await until(lambda: client.appliance.raw(517) is True)
            with pytest.raises(RefusedError) as caught:
                await client.start_program()
            assert caught.value.code == 538
            last = appliance.heard[-1]
            assert last.data is not None
            assert list(last.data[0]) == ["program", "options"]
            assert client.statistics.drops == {}

    run_real(main())


@on_both
def test_it_ends_with_a_closing_frame(sealed: bool) -> None:
    """So that the appliance has its session back (§5.2)."""

    async def main() -> None:
        async with connected(OVEN, sealed=sealed) as (_, appliance):
            websocket = appliance._websocket
        assert websocket is not None
        assert websocket.closed

    run_real(main())
