"""A cloud on loopback, written by hand down to the bytes, that does exactly what a test wants it to do.

It shares nothing with the core nor with the simulator: HTTP and websockets are spelled out here, so that a
misunderstanding of either is not mirrored, and every byte can be wrong on purpose.
"""

import asyncio
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha1
import json
import ssl
import struct
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from custom_components.dio_chacon.protocol import Credentials, Servers

from .home import BELL, CAMERA, GREETING, LIGHT, PLUG, SHUTTER, USER, record, states

EMAIL, PASSWORD = "someone+secret@example.org", "correct horse & battery=%41"
CREDENTIALS = Credentials(EMAIL, PASSWORD, "ha-sample")
TOKEN = "r:0f1e2d3c4b5a69788796a5b4c3d2e1f0"
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


@dataclass
class Reply:
    """An answer of HTTP."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, body: object, status: int = 200, **headers: str) -> Self:
        """Build an answer of JSON."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls(status, json.dumps(body).encode(), {"Content-Type": "application/json", **names})

    def encode(self) -> bytes:
        """Write it down."""
        headers = {"Content-Length": str(len(self.body)), **self.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"HTTP/1.1 {self.status} Sample\r\n{head}\r\n".encode() + self.body


def frame(payload: bytes | str, opcode: int = TEXT, *, final: bool = True) -> bytes:
    """Build a frame as a server sends it: unmasked."""
    data = payload.encode() if isinstance(payload, str) else payload
    first = (0x80 if final else 0) | opcode
    if len(data) < 126:
        return bytes((first, len(data))) + data
    if len(data) < 65536:
        return struct.pack(">BBH", first, 126, len(data)) + data
    return struct.pack(">BBQ", first, 127, len(data)) + data


class Link:
    """One websocket as the server has it."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, query: str
    ) -> None:
        """Take over a connection after its upgrade."""
        self.reader, self.writer = reader, writer
        self.query = query
        self.parameters = dict(parse_qsl(query, keep_blank_values=True))
        self.requests: list[dict[str, Any]] = []
        self.pings = self.pongs_heard = 0
        self.close_code: int | None = None
        self.pongs = True
        self.ended = asyncio.Event()

    def send(self, *frames: object) -> None:
        """Send JSON, each in a frame of its own but in one piece."""
        self.raw(*(frame(json.dumps(each)) for each in frames))

    def text(self, *texts: str) -> None:
        """Send texts as they are."""
        self.raw(*(frame(each) for each in texts))

    def raw(self, *data: bytes) -> None:
        """Send bytes."""
        if not self.writer.is_closing():
            self.writer.write(b"".join(data))

    def close(self, code: int = 1000) -> None:
        """Close as the standard says."""
        self.raw(frame(struct.pack(">H", code), CLOSE))

    def finish(self) -> None:
        """Close the connection without a word (FIN)."""
        self.writer.close()

    def abort(self) -> None:
        """Reset the connection (RST)."""
        sock = self.writer.get_extra_info("socket")
        with suppress(OSError):
            sock.setsockopt(1, 13, struct.pack("ii", 1, 0))  # SOL_SOCKET, SO_LINGER
        self.writer.transport.abort()

    async def receive(self) -> tuple[int, bytes]:
        """Read one frame of the client; it has to be masked."""
        first, second = await self.reader.readexactly(2)
        assert first & 0x80, "clients need not fragment"
        assert second & 0x80, "clients mask"
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack(">H", await self.reader.readexactly(2))
        elif length == 127:
            (length,) = struct.unpack(">Q", await self.reader.readexactly(8))
        mask = await self.reader.readexactly(4)
        data = await self.reader.readexactly(length)
        key = int.from_bytes((mask * (length // 4 + 1))[:length])
        return first & 0x0F, (int.from_bytes(data) ^ key).to_bytes(length)


class Cloud:
    """A server with one small home; every reaction can be replaced."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        """Prepare a well-behaved cloud."""
        self._tls, self._host = tls, host
        self.records = [record(each) for each in (SHUTTER, PLUG, LIGHT, BELL, CAMERA)]
        self.states: dict[str, Any] = dict(states())
        self.rooms: object = []
        self.logins: list[dict[str, Any]] = []
        self.upgrades: list[dict[str, str]] = []
        self.connections = 0
        self.links: list[Link] = []
        self.heads: list[str] = []
        """Request lines and headers, in order."""
        self.on_login: Callable[[dict[str, Any]], Reply] = lambda body: Reply.of(
            {"status": 200, "data": {"sessionToken": TOKEN}}
        )
        self.on_upgrade: Callable[[dict[str, str]], Reply | None] = lambda query: None
        self.on_open: Callable[[Link], Awaitable[None]] = self.greet
        self.on_request: Callable[[Link, dict[str, Any]], Awaitable[None]] = self.answer
        self.pages: dict[str, Callable[[], Reply | Iterable[bytes]]] = {}
        """Further pages of HTTP by path; an iterable is sent piece by piece and the connection closed."""
        self.pause_s = 0.0
        """Seconds between the pieces of a page."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._opened = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Listen on a port that the system picks."""
        self._server = await asyncio.start_server(
            self._serve, self._host, 0, ssl=self._tls, limit=2**24
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Drop everything."""
        assert self._server
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def servers(self) -> Servers:
        """Addresses for the client."""
        return servers_at(self.port)

    @property
    def link(self) -> Link:
        """The newest websocket."""
        return self.links[-1]

    async def opened(self) -> Link:
        """Wait for the next websocket."""
        self._opened.clear()
        await self._opened.wait()
        return self.link

    async def greet(self, link: Link) -> None:
        """Let the client in."""
        link.send(GREETING)

    async def answer(self, link: Link, request: dict[str, Any]) -> None:
        """Answer as the vendor would."""
        answer: dict[str, Any] = {"id": request["id"], "status": 200}
        match request["path"]:
            case "/user":
                answer["data"] = USER
            case "/device":
                answer["data"] = self.records
            case "/room":
                answer["data"] = self.rooms
            case "/device/states":
                ids = request["parameters"]["devices"]
                answer["data"] = {each: self.states.get(each) for each in ids}
        link.send(answer)

    def refuse(self, status: int, path: str = "") -> None:
        """Answer requests whose path contains ``path`` with a status, all others well."""

        async def refuse(link: Link, request: dict[str, Any]) -> None:
            if path in request["path"]:
                link.send({"id": request["id"], "status": status, "data": "text of the peer"})
            else:
                await self.answer(link, request)

        self.on_request = refuse

    def requests(self, path: str = "") -> list[dict[str, Any]]:
        """Give all requests of all links whose path contains ``path``."""
        return [each for link in self.links for each in link.requests if path in each["path"]]

    # --- bytes ------------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        self.connections += 1
        try:
            while await self._talk(reader, writer):
                pass
        except EOFError, OSError:
            pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serve one request of HTTP; True when another may follow."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        self.heads.append(head)
        line, *rest = head.split("\r\n")
        method, target, _ = line.split(" ")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (header.partition(":") for header in rest if header)
        }
        parts = urlsplit(target)
        if headers.get("upgrade", "").lower() == "websocket":
            return await self._upgrade(reader, writer, headers, parts.query)
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        if method == "POST" and parts.path == "/api/session/login":
            assert headers["content-type"] == "application/json"
            self.logins.append(json.loads(body))
            reply: Reply | Iterable[bytes] = self.on_login(self.logins[-1])
        else:
            page = self.pages.get(parts.path)
            reply = page() if page else Reply(404)
        if isinstance(reply, Reply):
            writer.write(reply.encode())
            await writer.drain()
            return True
        for piece in reply:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(self.pause_s)
        writer.close()
        return False

    async def _upgrade(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        headers: Mapping[str, str],
        query: str,
    ) -> bool:
        parameters = dict(parse_qsl(query, keep_blank_values=True))
        self.upgrades.append(parameters)
        if reply := self.on_upgrade(parameters):
            writer.write(reply.encode())
            await writer.drain()
            return True
        accept = b64encode(sha1(headers["sec-websocket-key"].encode() + _GUID).digest()).decode()
        link = Link(reader, writer, query)
        link.raw(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
        self.links.append(link)
        self._opened.set()
        try:
            await self.on_open(link)
            await self._listen(link)
        finally:
            link.ended.set()
        return False

    async def _listen(self, link: Link) -> None:
        while True:
            opcode, data = await link.receive()
            match opcode:
                case 1:
                    link.requests.append(json.loads(data))
                    await self.on_request(link, link.requests[-1])
                case 8:
                    (link.close_code,) = struct.unpack(">H", data[:2]) if data else (1005,)
                    link.raw(frame(data, CLOSE))
                    with suppress(OSError):
                        await link.writer.drain()
                    return
                case 9:
                    link.pings += 1
                    if link.pongs:
                        link.raw(frame(data, PONG))
                case 10:
                    link.pongs_heard += 1
                case _:
                    raise AssertionError(f"a client never sends opcode {opcode}")


def servers_at(port: int) -> Servers:
    """Build the addresses of a plain server on loopback."""
    return Servers(f"http://127.0.0.1:{port}/api/session/login", f"ws://127.0.0.1:{port}/ws")
