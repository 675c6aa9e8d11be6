"""One web application on one TCP port that can be taken away and given back."""

import asyncio
import socket
import ssl
import struct
import sys
from typing import cast

from aiohttp import web

# With no time to linger, closing a socket answers the peer with RST instead of FIN.
NO_LINGER = struct.pack("ii", 1, 0)


class Listener:
    """Serve an application on a fixed port, which can refuse connections for a while."""

    def __init__(self, application: web.Application, host: str, port: int = 0) -> None:
        """Serve ``application``; with port 0 the system picks one when the listener opens."""
        self.host = host
        self.port = port
        # A handler whose client has gone is cancelled, so one that hangs on purpose ends with its client.
        self._runner = web.AppRunner(
            application, handler_cancellation=True, shutdown_timeout=0.05, access_log=None
        )
        self.context: ssl.SSLContext | None = None
        """For TLS; what it is when connections are taken counts until they are refused."""
        self._site: web.SockSite | None = None
        self._keeper: socket.socket | None = None
        self._turn = asyncio.Lock()

    @property
    def authority(self) -> str:
        """Host and port as they stand in an address."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def accepting(self) -> bool:
        """Whether new connections are taken."""
        return self._site is not None

    async def open(self) -> None:
        """Start to serve. Raises OSError when the address cannot be had."""
        keeper = bind(self.host, self.port)
        self.port = keeper.getsockname()[1]
        if sys.platform == "linux":
            # Bound without listening it refuses connections and keeps the port ours while the link is down.
            self._keeper = keeper
        else:  # elsewhere two sockets on one port exclude each other
            keeper.close()
        try:
            await self._runner.setup()
            await self.accept()
        except BaseException:
            await self.close()
            raise

    async def accept(self) -> None:
        """Take connections, again."""
        # Cancelled halfway, a server would listen that nobody knows of, and keep the port from the next one.
        await asyncio.shield(asyncio.create_task(self._accept()))

    async def _accept(self) -> None:
        async with self._turn:
            if self._site is None:
                bound = bind(self.host, self.port)
                site = web.SockSite(self._runner, bound, ssl_context=self.context)
                await site.start()
                self._site = site

    async def refuse(self) -> None:
        """Refuse new connections and reset the open ones."""
        async with self._turn:
            if self._site is not None:
                site, self._site = self._site, None
                await site.stop()
        self.reset_connections()

    async def close(self) -> None:
        """Stop at once and leave nothing behind, whatever the clients do."""
        self.reset_connections()
        await self._runner.cleanup()
        self._site = None
        if self._keeper is not None:
            self._keeper.close()
            self._keeper = None
        await asyncio.sleep(0)  # closed transports give back their sockets in the next round

    def reset_connections(self) -> None:
        """Reset every open connection, with or without a request under way."""
        server = self._runner.server
        for connection in server.connections if server else ():
            if connection.transport is not None:
                reset(connection.transport)


def bind(host: str, port: int) -> socket.socket:
    """Have a port, or any with 0, without listening yet. Raises OSError when it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except BaseException:
        bound.close()
        raise
    return bound


def reset(transport: asyncio.BaseTransport) -> None:
    """End a connection with RST: what was not sent yet is lost."""
    connection = transport.get_extra_info("socket")
    if connection is not None and connection.fileno() >= 0:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    cast(asyncio.Transport, transport).abort()
