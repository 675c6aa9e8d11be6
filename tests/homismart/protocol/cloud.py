"""A cloud on loopback that does exactly what a test wants, and a network in which it has the vendor's names.

It shares nothing with the core nor with the simulator: frames are text and JSON here, so that a misunderstanding of
them is not mirrored.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
import json
import socket
import ssl
from typing import Any, Self, override

import aiohttp
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from .home import Json, objects

PATH = "/homismartmain/websocket"
PROD = "prod.homismart.com"

type React = Callable[[Link, str, Any], Awaitable[None]]


class Link:
    """One websocket as the server has it."""

    def __init__(self, request: web.Request, ws: web.WebSocketResponse) -> None:
        """Belong to nobody until the client says who it is."""
        self.request, self.ws = request, ws
        self.host = request.host
        self.socket = request.transport.get_extra_info("socket") if request.transport else None
        self.heard: list[tuple[str, Any]] = []
        self.pings = self.pongs_heard = 0
        self.close_code: int | None = None
        """What the client said when it closed; None when it did not say anything."""
        self.ended = asyncio.Event()

    @property
    def name(self) -> str | None:
        """The name that the client asked for when it set up TLS."""
        transport = self.request.transport
        tls = transport.get_extra_info("ssl_object") if transport else None
        name: str | None = getattr(tls, "asked_for", None)
        return name

    async def say(self, prefix: str, body: object) -> None:
        """Send a frame."""
        await self.text(prefix + json.dumps(body))

    async def push(self, device_id: str, /, **members: object) -> None:
        """Report members of one device."""
        await self.say("0009", {"id": device_id, **members})

    async def text(self, text: str) -> None:
        """Send any text."""
        with suppress(ConnectionError):
            await self.ws.send_str(text)

    def raw(self, data: bytes) -> None:
        """Send bytes."""
        if (transport := self.request.transport) and not transport.is_closing():
            transport.write(data)

    async def close(self, code: int = 1000) -> None:
        """Close as the standard says."""
        await self.ws.close(code=code)

    def abort(self) -> None:
        """Reset the connection."""
        if self.request.transport:
            self.request.transport.abort()

    def prefixes(self) -> list[str]:
        """Give what was heard, in short."""
        return [prefix for prefix, _ in self.heard]

    def bodies(self, prefix: str) -> list[Any]:
        """Give the bodies of what was heard under a prefix."""
        return [body for found, body in self.heard if found == prefix]


class Cloud:
    """A server with the fixture account; every reaction can be replaced."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        """Prepare a well-behaved cloud."""
        self._tls, self._host = tls, host
        self.objects: list[Json] = objects()
        self.links: list[Link] = []
        self.attempts: list[float] = []
        """When somebody asked for a websocket."""
        self.react: React = self.obey
        self.on_open: Callable[[Link], Awaitable[None]] | None = None
        self.on_upgrade: Callable[[web.Request], web.Response | None] = lambda request: None
        self.pongs = True
        self._runner: web.AppRunner | None = None
        self._opened = asyncio.Event()
        if tls:
            tls.sni_callback = _remember_name

    async def __aenter__(self) -> Self:
        """Listen on a port that the system picks."""
        application = web.Application()
        application.router.add_get("/{path:.*}", self._serve)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.01)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, 0, ssl_context=self._tls).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Drop everything."""
        for link in self.links:
            link.abort()
        assert self._runner
        await self._runner.cleanup()

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._runner
        port: int = self._runner.addresses[0][1]
        return port

    @property
    def url(self) -> str:
        """Address for a client on this machine."""
        return f"ws://127.0.0.1:{self.port}{PATH}"

    @property
    def link(self) -> Link:
        """The newest websocket."""
        return self.links[-1]

    async def opened(self) -> Link:
        """Wait for the next websocket."""
        self._opened.clear()
        await self._opened.wait()
        return self.link

    def logins(self) -> list[Json]:
        """Give what clients said to be let in."""
        return [body for link in self.links for body in link.bodies("0002")]

    def find(self, device_id: object) -> Json:
        """Find a stored object."""
        return next(each for each in self.objects if each["id"] == device_id)

    # --- reactions --------------------------------------------------------------------------

    async def obey(self, link: Link, prefix: str, body: Any) -> None:
        """Let everybody in, and carry out what is asked at once."""
        match prefix:
            case "0002":
                await link.say("0003", {"result": True})
            case "0004":
                await link.say("0005", self.objects)
            case "0006":
                await self.change(link, body["id"], **body)
            case "0014":
                self.objects.remove(self.find(body["devid"]))
                await link.say("0015", {"result": True, "status": {"id": body["devid"]}})
            case "0016":
                await self.change(link, body["devid"], **{**body, "devid": None})
            case "0030":
                await self.change(link, body["devid"], led=body["ledDevice"])
            case "0144":
                await self.change(link, body["deviceSN"], closedPosition=body["closedPosition"])
            case "0222":
                await link.say("0223", {"result": True})

    async def change(self, link: Link, device_id: str, /, **members: object) -> None:
        """Change an object and push it."""
        found = self.find(device_id)
        found.update({name: value for name, value in members.items() if name != "devid"})
        await link.say("0009", found)

    def ignoring(self, *prefixes: str) -> React:
        """Do as told, but for some prefixes nothing at all."""

        async def react(link: Link, prefix: str, body: Any) -> None:
            if prefix not in prefixes:
                await self.obey(link, prefix, body)

        return react

    def answering(self, **answers: Sequence[tuple[str, object]]) -> React:
        """Do as told, but answer some prefixes, given as ``p0006``, with these frames."""

        async def react(link: Link, prefix: str, body: Any) -> None:
            frames = answers.get(f"p{prefix}")
            if frames is None:
                await self.obey(link, prefix, body)
                return
            for frame in frames:
                await link.say(*frame)

        return react

    # --- websocket --------------------------------------------------------------------------

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.attempts.append(asyncio.get_running_loop().time())
        if reply := self.on_upgrade(request):
            return reply
        ws = web.WebSocketResponse(autoping=False, max_msg_size=0, timeout=1.0)
        await ws.prepare(request)
        link = Link(request, ws)
        self.links.append(link)
        self._opened.set()
        try:
            if self.on_open:
                await self.on_open(link)
            while await self._listen(link, await ws.receive()):
                pass
        finally:
            link.ended.set()
        return ws

    async def _listen(self, link: Link, message: aiohttp.WSMessage) -> bool:
        """Take one message; False when it was the last."""
        acknowledge(link.socket)
        match message.type:
            case aiohttp.WSMsgType.TEXT:
                frame = message.data[:4], json.loads(message.data[4:])
                link.heard.append(frame)
                await self.react(link, *frame)
            case aiohttp.WSMsgType.PING:
                link.pings += 1
                if self.pongs:
                    with suppress(ConnectionError):
                        await link.ws.pong(message.data)
            case aiohttp.WSMsgType.PONG:
                link.pongs_heard += 1
            case aiohttp.WSMsgType.CLOSE:
                link.close_code = message.data
                return False
            case _:
                return False
        return True


def _remember_name(tls: Any, name: str | None, context: ssl.SSLContext) -> None:
    tls.asked_for = name


class Network:
    """Names and addresses of the world, some of which lead to clouds of the test; all others lead nowhere."""

    def __init__(self, trust: ssl.SSLContext, servers: Mapping[str, Cloud]) -> None:
        """Let each host, by name or address, be a cloud of the test, on every port."""
        self._trust = trust
        self._servers = servers
        self._addresses = {
            host: host if _is_address(host) else f"198.18.0.{number}"
            for number, host in enumerate(servers, 1)
        }
        self.asked: list[str] = []
        """Names that were looked up."""
        self.dialled: list[tuple[str, int]] = []
        """Hosts and ports that somebody tried to reach."""

    def session(self) -> aiohttp.ClientSession:
        """Make a session that lives in this network."""
        connector = aiohttp.TCPConnector(
            ssl=self._trust,
            resolver=_Names(self),
            use_dns_cache=False,
            socket_factory=lambda info: _Wire(self, info[0], info[1], info[2]),
        )
        return aiohttp.ClientSession(connector=connector)

    def address_of(self, host: str) -> str:
        """Look a name up; raises OSError."""
        self.asked.append(host)
        if host not in self._addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return self._addresses[host]

    def port_of(self, address: str, port: int) -> int:
        """Find the port on loopback that stands for an address; raises OSError."""
        hosts = [host for host, known in self._addresses.items() if known == address]
        self.dialled.append((hosts[0] if hosts else address, port))
        if not hosts:
            raise ConnectionRefusedError("not in this network")
        return self._servers[hosts[0]].port


def _is_address(host: str) -> bool:
    try:
        socket.inet_aton(host)
    except OSError:
        return False
    return True


class _Names(AbstractResolver):
    """Looks names up in a network of the test."""

    def __init__(self, network: Network) -> None:
        self._network = network

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=self._network.address_of(host),
                port=port,
                family=socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    @override
    async def close(self) -> None:
        """Hold nothing."""


class Prompt(socket.socket):
    """A socket that acknowledges at once what it reads: virtual time waits for bytes on their way."""

    @override
    def recv(self, size: int, flags: int = 0, /) -> bytes:
        data = super().recv(size, flags)
        acknowledge(self)
        return data


def acknowledge(sock: Any) -> None:
    """Acknowledge what was read; by default that waits for something to say."""
    with suppress(OSError, AttributeError):  # it may be gone
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


def prompt_session() -> aiohttp.ClientSession:
    """Make a session of prompt sockets."""
    connector = aiohttp.TCPConnector(socket_factory=lambda info: Prompt(info[0], info[1], info[2]))
    return aiohttp.ClientSession(connector=connector)


class _Wire(Prompt):
    """A socket that reaches loopback only, whatever it is told."""

    def __init__(self, network: Network, family: int, kind: int, proto: int) -> None:
        super().__init__(family, kind, proto)
        self._network = network

    @override
    def connect(self, address: Any) -> None:
        super().connect(("127.0.0.1", self._network.port_of(address[0], address[1])))
