"""A small controller for tests: its own HTTP, the handshakes of the package, nothing else of it."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
import json
from typing import Any, NamedTuple, Self

from custom_components.hap_controller.protocol.frames import SessionCodec
from custom_components.hap_controller.protocol.pairing import PairVerifyController
from custom_components.hap_controller.protocol.pairing.setup import PairSetupController
from custom_components.hap_controller.protocol.records import PairingKeys

LIMIT_S = 60.0
TLV = "application/pairing+tlv8"
JSON = "application/hap+json"


class Answer(NamedTuple):
    """An answer, or an event with code 0."""

    code: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class RawController:
    """One connection to an accessory."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Begin in plain."""
        self.reader = reader
        self.writer = writer
        self.codec: SessionCodec | None = None
        self.plain = b""
        self.events: list[Any] = []

    @classmethod
    async def connect(cls, address: tuple[str, int]) -> Self:
        """Open a connection."""
        return cls(*await asyncio.open_connection(*address))

    async def __aenter__(self) -> Self:
        """Be connected."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Hang up."""
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()

    def send(self, data: bytes) -> None:
        """Write bytes, sealed if they are to be."""
        self.writer.write(self.codec.seal(data) if self.codec else data)

    async def _more(self) -> None:
        async with asyncio.timeout(LIMIT_S):
            data = await self.reader.read(65536)
        if not data:
            raise ConnectionResetError("hung up")
        self.plain += self.codec.feed(data) if self.codec else data

    async def receive(self) -> Answer:
        """Wait for the next message."""
        while b"\r\n\r\n" not in self.plain:
            await self._more()
        head, _, rest = self.plain.partition(b"\r\n\r\n")
        start, *lines = head.decode().split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        length = int(headers.get("content-length", "0"))
        self.plain = rest
        while len(self.plain) < length:
            await self._more()
        body, self.plain = self.plain[:length], self.plain[length:]
        protocol, code = start.split()[:2]
        return Answer(0 if protocol == "EVENT/1.0" else int(code), headers, body)

    async def answer(self) -> Answer:
        """Wait for an answer; events on the way are kept."""
        while not (message := await self.receive()).code:
            self.events.append(message.json["characteristics"])
        return message

    async def event(self) -> Any:
        """Wait for an event."""
        if not self.events:
            message = await self.receive()
            assert not message.code
            self.events.append(message.json["characteristics"])
        return self.events.pop(0)

    async def ask(
        self, method: str, target: str, body: bytes = b"", content_type: str = JSON
    ) -> Answer:
        """Ask and wait for the answer."""
        self.send(request(method, target, body, content_type))
        return await self.answer()

    async def tlv(self, target: str, body: bytes) -> bytes:
        """Send a pairing message; gives what is answered."""
        return (await self.ask("POST", target, body, TLV)).body

    async def pair(self, code: str) -> PairingKeys:
        """Pair."""
        setup = PairSetupController(code=code)
        message: bytes | None = setup.start()
        while message is not None:
            message = setup.receive(await self.tlv("/pair-setup", message))
        assert setup.result is not None
        return setup.result

    async def verify(self, keys: PairingKeys) -> None:
        """Secure the connection."""
        verify = PairVerifyController(keys)
        message: bytes | None = verify.start()
        while message is not None:
            message = verify.receive(await self.tlv("/pair-verify", message))
        assert verify.session is not None
        self.codec = SessionCodec(verify.session.read_key, verify.session.write_key)

    async def get(self, *keys: tuple[int, int], flags: str = "") -> Answer:
        """Read characteristics."""
        ids = ",".join(f"{aid}.{iid}" for aid, iid in keys)
        return await self.ask("GET", f"/characteristics?id={ids}{flags}")

    async def put(self, *items: Mapping[str, Any], **members: Any) -> Answer:
        """Write characteristics."""
        body = {"characteristics": items, **members}
        return await self.ask("PUT", "/characteristics", json.dumps(body).encode())

    async def subscribe(self, *keys: tuple[int, int], on: bool = True) -> Answer:
        """Subscribe to characteristics."""
        return await self.put(*({"aid": aid, "iid": iid, "ev": on} for aid, iid in keys))

    async def closed(self) -> bool:
        """Wait until the accessory hangs up."""
        try:
            while True:
                await self._more()
        except ConnectionError:
            return True


def request(method: str, target: str, body: bytes = b"", content_type: str = JSON) -> bytes:
    """Write a request."""
    lines = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1"]
    if body:
        lines += [f"Content-Length: {len(body)}", f"Content-Type: {content_type}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def statuses(answer: Answer) -> Sequence[int]:
    """Give the statuses of an answer in its order."""
    return [item["status"] for item in answer.json["characteristics"]]
