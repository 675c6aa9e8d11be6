"""A client at work against an accessory server of our own, or whatever else listens."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Self

from custom_components.hap_controller.protocol import (
    Change,
    ControllerPermission,
    HapClient,
    LinkChanged,
    PairingAttempt,
    PairingKeys,
    ValuesChanged,
    VendorError,
)
from custom_components.hap_controller.protocol.accessory import (
    Accessory,
    AccessoryServer,
    AccessoryState,
    Bridge,
    Service,
    ServiceUuid,
)
from custom_components.hap_controller.protocol.accessory.session import Session
from custom_components.hap_controller.protocol.const import ContentType
from custom_components.hap_controller.protocol.crypto import SigningKey
from custom_components.hap_controller.protocol.http import Request, Response, encode_event
from custom_components.hap_controller.protocol.pairing import Pairing, Register
from tests.support.running import at_once, until

HOST = "127.0.0.1"


def bulb(name: str = "Lamp", *optional: str) -> tuple[Accessory, Service]:
    """Build a lamp."""
    lamp = Accessory(name, category=5)
    return lamp, lamp.add_service(ServiceUuid.LIGHTBULB, optional)


def bridge_of(count: int, *optional: str) -> tuple[Bridge, list[Service]]:
    """Build a bridge with so many lamps."""
    bridge = Bridge("Bridge")
    lights = []
    for number in range(count):
        lamp, light = bulb(f"Lamp {number}", *optional)
        bridge.add_accessory(lamp)
        lights.append(light)
    return bridge, lights


def pair(register: Register) -> PairingKeys:
    """Pair with an accessory without its taking part, since the handshake has tests of its own."""
    key = SigningKey.generate()
    register.signing_key = register.signing_key or SigningKey.generate()
    keys = PairingKeys(
        accessory_id=register.accessory_id,
        accessory_ltpk=register.signing_key.public_key,
        controller_id="5d1f8c8e-6d0f-4b8e-9d51-0c1d4e8b9a77",
        controller_ltsk=key.seed,
        controller_ltpk=key.public_key,
    )
    register.pairings[keys.controller_id] = Pairing(
        keys.controller_id, key.public_key, ControllerPermission.ADMIN
    )
    return keys


def serving(
    accessory: Accessory, state: AccessoryState | None = None, **options: Any
) -> AccessoryServer:
    """Make a server on loopback on a port that the system picks."""
    options.setdefault("event_interval_s", 0.0)
    return AccessoryServer(
        accessory, state or AccessoryState.fresh(host=HOST), announce=False, **options
    )


type Answers = Callable[[Request], Response | Sequence[bytes | Response] | None]
"""Gives what an odd accessory answers, with bodies of events before and after it; None hangs up."""


class Odd:
    """An accessory that verifies as it should and then answers as a test says."""

    def __init__(self, answers: Answers) -> None:
        """Answer nothing yet."""
        self.register = Register("AA:BB:CC:DD:EE:FF", "031-45-154")
        self.keys = pair(self.register)
        self.answers = answers
        self.think_s = 0.0
        """How long it takes for an answer."""
        self.in_one_write = True
        """Whether events come in one write with the answer."""
        self.requests: list[Request] = []
        self.connections = 0
        self.verify_takes_s = 0.0
        """How long it thinks about each message of pair verify."""
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, HOST, 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop, with all that goes on."""
        assert self._server
        self._server.close()
        self._server.abort_clients()
        await self._server.wait_closed()

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def asked(self, path: str) -> list[Request]:
        """Give what was asked of a path."""
        return [each for each in self.requests if each.target.startswith(path)]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        session = Session(self.register, 0.0)
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                session.feed(data, 0.0)
                while request := session.next_request():
                    if not session.secured:
                        await asyncio.sleep(self.verify_takes_s)
                        body = session.verify.receive(request.body)
                        writer.write(session.respond(Response(200, body, ContentType.TLV)))
                        continue
                    self.requests.append(request)
                    await asyncio.sleep(self.think_s)
                    answer = self.answers(request)
                    if answer is None:
                        writer.transport.abort()
                        return
                    for number, data in enumerate(self._written(session, answer)):
                        await asyncio.sleep(0.1 if number else 0)
                        writer.write(data)
        writer.close()

    def _written(
        self, session: Session, answer: Response | Sequence[bytes | Response]
    ) -> list[bytes]:
        """Seal messages in their order."""
        messages = [answer] if isinstance(answer, Response) else answer
        written = [
            session.respond(each)
            if isinstance(each, Response)
            else session._seal(encode_event(each))
            for each in messages
        ]
        return [b"".join(written)] if self.in_one_write else written


async def paired(port: int, code: str) -> PairingKeys:
    """Pair by the setup code."""
    async with PairingAttempt.open([HOST], port) as attempt:
        await attempt.begin()
        return await attempt.finish(code)


class Running:
    """A client, its task, and all that it told."""

    def __init__(self, client: HapClient) -> None:
        """Subscribe."""
        self.client = client
        self.changes: list[Change] = []
        client.subscribe(self.changes.append)
        self.task: asyncio.Task[Any] = asyncio.create_task(client.run())

    def links(self) -> list[bool]:
        """Give the changes of the link."""
        return [each.connected for each in self.changes if isinstance(each, LinkChanged)]

    def values(self) -> list[tuple[tuple[int, int], Any]]:
        """Give the changed values in order."""
        return [
            (found.key, value)
            for each in self.changes
            if isinstance(each, ValuesChanged)
            for found, value in each.changes
        ]

    def value(self, key: tuple[int, int]) -> Any:
        """Give a value as it is known now."""
        return self.client.database.characteristics[key].value

    @property
    def requests(self) -> int:
        """How much was asked so far."""
        return self.client.statistics.requests

    async def ready(self) -> None:
        """Wait until everything is read."""
        async with asyncio.timeout(120):
            await self.client.ready()

    async def lost(self, times: int = 1) -> None:
        """Wait until the link was lost so often."""
        await until(lambda: self.links().count(False) >= times, 100)

    async def back(self, limit_s: float = 30.0) -> None:
        """Wait until the link is up."""
        await until(lambda: self.client.connected, limit_s)

    async def end(self) -> BaseException | None:
        """Wait until the task ends by itself; gives its error."""
        async with asyncio.timeout(600):
            await asyncio.wait([self.task])
        return self.task.exception()

    async def stop(self) -> None:
        """Cancel the task and await it."""
        self.task.cancel()
        with suppress(asyncio.CancelledError, VendorError):
            await self.task


@asynccontextmanager
async def running(
    keys: PairingKeys,
    port: int,
    *,
    hosts: Sequence[str] = (HOST,),
    ready: bool = True,
    **options: Any,
) -> AsyncIterator[Running]:
    """Run a client against what listens at a port, and stop it in the end."""
    options.setdefault("backoff", at_once)
    run = Running(HapClient(keys, hosts, port, **options))
    try:
        if ready:
            await run.ready()
        yield run
    finally:
        await run.stop()


@asynccontextmanager
async def at_home(
    accessory: Accessory, state: AccessoryState | None = None, **options: Any
) -> AsyncIterator[tuple[Running, AccessoryServer]]:
    """Run a client against an accessory of its own."""
    state = state or AccessoryState.fresh(host=HOST)
    keys = pair(state.register)
    async with (
        serving(accessory, state) as server,
        running(keys, server.address[1], **options) as run,
    ):
        yield run, server
