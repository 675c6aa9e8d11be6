"""The other end of the link: real sockets on loopback that do as they are told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
import socket
import ssl
import struct

import aiohttp
from aiohttp import web

from custom_components.home_connect_local.protocol.transport import (
    Endpoint,
    WebSocketTransport,
    open_websocket,
    psk_context,
)

KEY = bytes(range(32))
HINT = "HCCOM_Local_App"
LOOPBACK = "127.0.0.1"

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
type RawHandler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def server_context(
    key: bytes = KEY,
    *,
    ciphers: str = "ECDHE-PSK-CHACHA20-POLY1305",
    hint: str | None = HINT,
    identities: list[str | None] | None = None,
    version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2,
) -> ssl.SSLContext:
    """Build the TLS side of an appliance; ``identities`` collects what clients call themselves."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = context.maximum_version = version
    context.set_ciphers(f"{ciphers}:@SECLEVEL=0")

    def key_of(identity: str | None) -> bytes:
        if identities is not None:
            identities.append(identity)
        return key

    context.set_psk_server_callback(key_of, hint)
    return context


@asynccontextmanager
async def serving(
    handler: Handler, tls: ssl.SSLContext | None = None, host: str = LOOPBACK
) -> AsyncIterator[int]:
    """Answer HTTP with ``handler``; gives the port."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return await handler(request)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, 0, ssl_context=tls)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@asynccontextmanager
async def listening(handler: RawHandler, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Answer with bytes; gives the port."""
    server = await asyncio.start_server(handler, LOOPBACK, 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        server.close_clients()
        await server.wait_closed()


def alerting(tls: ssl.SSLContext) -> RawHandler:
    """Shake hands by hand, and tell why when it fails, as appliances do; the event loop's own server just hangs up."""

    async def shake(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        peer = tls.wrap_bio(incoming, outgoing, server_side=True)
        while True:
            try:
                peer.do_handshake()
            except ssl.SSLWantReadError:
                writer.write(outgoing.read())
                incoming.write(await reader.read(65536))
            except ssl.SSLError:
                break
        writer.write(outgoing.read())
        writer.close()

    return shake


def reset(writer: asyncio.StreamWriter) -> None:
    """Hang up by RST."""
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def answering(status: int, **headers: str) -> Handler:
    """Answer every request with a status."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(
            status=status, headers={name.replace("_", "-"): text for name, text in headers.items()}
        )

    return answer


class Appliance:
    """Accepts websockets and keeps what was said."""

    def __init__(self) -> None:
        """Nobody called yet."""
        self.requests: list[web.Request] = []
        self.frames: list[aiohttp.WSMessage] = []
        self.close_codes: list[int | None] = []
        self.opened: asyncio.Queue[web.WebSocketResponse] = asyncio.Queue()
        self.ended = asyncio.Event()

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        """Take one websocket until it ends."""
        self.requests.append(request)
        websocket = web.WebSocketResponse(autoping=False, compress=True)
        await websocket.prepare(request)
        self.opened.put_nowait(websocket)
        async for message in websocket:
            self.frames.append(message)
            if message.type is aiohttp.WSMsgType.PING:
                await websocket.pong(message.data)
        self.close_codes.append(websocket.close_code)
        self.ended.set()
        return websocket


@asynccontextmanager
async def opening(
    port: int, *, key: bytes | None = KEY, host: str = LOOPBACK
) -> AsyncIterator[WebSocketTransport]:
    """Open a websocket as the client does; without a key in the clear."""
    context = None if key is None else psk_context(key)
    async with (
        aiohttp.ClientSession() as session,
        open_websocket(session, Endpoint(host, port, context)) as transport,
    ):
        yield transport


@asynccontextmanager
async def connected(
    *, tls: bool = True
) -> AsyncIterator[tuple[WebSocketTransport, Appliance, web.WebSocketResponse]]:
    """Connect a client to an appliance."""
    appliance = Appliance()
    async with (
        serving(appliance, server_context() if tls else None) as port,
        opening(port, key=KEY if tls else None) as transport,
    ):
        yield transport, appliance, await appliance.opened.get()
