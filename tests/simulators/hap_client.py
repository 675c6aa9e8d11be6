"""Controllers for the tests of the simulated accessories: the client at work, and a bare one that says anything."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import json
from typing import Any

from custom_components.hap_controller.protocol import PairingKeys
from custom_components.hap_controller.protocol.frames import SessionCodec
from custom_components.hap_controller.protocol.http import (
    EventMessage,
    Response,
    ResponseParser,
    encode_request,
)
from custom_components.hap_controller.protocol.pairing import PairVerifyController
from simulators.hap_controller import SimulatedAccessory
from tests.hap_controller.protocol.running import Running, running

LIMIT_S = 60.0
TLV = "application/pairing+tlv8"
JSON = "application/hap+json"


def admitted(served: SimulatedAccessory, *, admin: bool = True) -> PairingKeys:
    """Pair without the handshake."""
    record = served.admit(admin=admin)
    return PairingKeys(
        accessory_id=record["AccessoryPairingID"],
        accessory_ltpk=bytes.fromhex(record["AccessoryLTPK"]),
        controller_id=record["iOSPairingId"],
        controller_ltsk=bytes.fromhex(record["iOSDeviceLTSK"]),
        controller_ltpk=bytes.fromhex(record["iOSDeviceLTPK"]),
    )


@asynccontextmanager
async def controlled(
    served: SimulatedAccessory, keys: PairingKeys | None = None, **options: Any
) -> AsyncIterator[Running]:
    """Run a client that is paired."""
    async with running(keys or admitted(served), served.port, **options) as run:
        yield run


class BareController:
    """One connection, read message by message."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Begin in plain."""
        self.reader = reader
        self.writer = writer
        self.events: list[Any] = []
        self._parser = ResponseParser()
        self._codec: SessionCodec | None = None
        self._read: list[Response | EventMessage] = []

    async def verify(self, keys: PairingKeys) -> None:
        """Prove who we are."""
        verifier = PairVerifyController(keys)
        message: bytes | None = verifier.start()
        while message is not None:
            answer = await self.ask("POST", "/pair-verify", message)
            message = verifier.receive(answer.body)
        assert verifier.session
        self._codec = SessionCodec(verifier.session.read_key, verifier.session.write_key)

    def say(self, data: bytes) -> None:
        """Send bytes, sealed if the session is."""
        self.writer.write(self._codec.seal(data) if self._codec else data)

    async def ask(self, method: str, target: str, body: object = None) -> Response:
        """Send a request as it should be, and read the answer; bytes are a pairing message, all else JSON."""
        if isinstance(body, bytes):
            self.say(encode_request(method, target, "127.0.0.1", TLV, body))
        elif body is None:
            self.say(encode_request(method, target, "127.0.0.1"))
        else:
            text = json.dumps(body, separators=(",", ":")).encode()
            self.say(encode_request(method, target, "127.0.0.1", JSON, text))
        return await self.answer()

    async def answer(self) -> Response:
        """Read the next answer; events that come before are kept."""
        async with asyncio.timeout(LIMIT_S):
            while True:
                while self._read:
                    message = self._read.pop(0)
                    if isinstance(message, Response):
                        return message
                    self.events.append(json.loads(message.body)["characteristics"])
                data = await self.reader.read(65536)
                if not data:
                    raise EOFError("the accessory hung up")
                self._read += self._parser.feed(self._codec.feed(data) if self._codec else data)

    async def event(self) -> Any:
        """Read the next event."""
        async with asyncio.timeout(LIMIT_S):
            while not self.events:
                data = await self.reader.read(65536)
                assert data, "the accessory hung up"
                for message in self._parser.feed(self._codec.feed(data) if self._codec else data):
                    assert isinstance(message, EventMessage)
                    self.events.append(json.loads(message.body)["characteristics"])
        return self.events.pop(0)

    async def rows(self, method: str, target: str, body: object = None) -> list[Any]:
        """Ask for something that is answered row by row."""
        answer = await self.ask(method, target, body)
        rows: list[Any] = json.loads(answer.body)["characteristics"]
        return rows

    async def ended(self) -> bool:
        """Tell whether the accessory hangs up."""
        try:
            async with asyncio.timeout(LIMIT_S):
                while await self.reader.read(65536):
                    pass
        except ConnectionError:
            pass
        return True


@asynccontextmanager
async def bare(
    served: SimulatedAccessory, keys: PairingKeys | None = None, *, plain: bool = False
) -> AsyncIterator[BareController]:
    """Connect, and verify unless it is to stay ``plain``."""
    reader, writer = await asyncio.open_connection(served.host, served.port)
    controller = BareController(reader, writer)
    try:
        if not plain:
            await controller.verify(keys or admitted(served))
        yield controller
    finally:
        writer.transport.abort()


def row(key: tuple[int, int], **members: Any) -> dict[str, Any]:
    """Build an item of a request."""
    return {"aid": key[0], "iid": key[1], **members}


def writing(*rows: dict[str, Any], **members: Any) -> dict[str, Any]:
    """Build the body of a request to write."""
    return {"characteristics": list(rows), **members}
