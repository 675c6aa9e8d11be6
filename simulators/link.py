"""One client's websocket as the server has it: an ordered outbox, and the ways a link can suffer."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from aiohttp import WSMessage, web

from .listener import reset

# Longest form of the length in a frame's head, for frames that are written by hand.
_WIDE_LENGTH = 127
_SHORT_LENGTH = 126
_TEXT_FRAME = 0x81


class WebSocketLink:
    """Carry frames to one client in the order they were given, without making anybody wait."""

    def __init__(self, ws: web.WebSocketResponse, transport: asyncio.Transport) -> None:
        """Serve ``ws``, which must not answer pings by itself, over ``transport``."""
        self._ws = ws
        self._transport = transport
        self._outbox: asyncio.Queue[Callable[[], Awaitable[object]]] = asyncio.Queue()
        self.stalled = False

    @property
    def close_code(self) -> int | None:
        """The code the connection ended with, once it has; 1006 when there was none."""
        return self._ws.close_code

    async def run(self, take: Callable[[WSMessage], None]) -> None:
        """Give every message of the client to ``take`` until either side ends the connection."""
        async with asyncio.TaskGroup() as tasks:
            writer = tasks.create_task(self._write())
            async for message in self._ws:
                if not self.stalled:
                    take(message)
            writer.cancel()

    def send_text(self, text: str) -> None:
        """Send a text frame."""
        self._put(partial(self._ws.send_str, text))

    def send_bytes(self, data: bytes) -> None:
        """Send a binary frame."""
        self._put(partial(self._ws.send_bytes, data))

    def ping(self, data: bytes = b"") -> None:
        """Ask the client for a pong."""
        self._put(partial(self._ws.ping, data))

    def pong(self, data: bytes) -> None:
        """Answer a ping of the client."""
        self._put(partial(self._ws.pong, data))

    def close(self, code: int, reason: str = "") -> None:
        """Close in the orderly way, after what was sent before; the reason is cut to what a frame can carry."""
        self._put(partial(self._ws.close, code=code, message=reason.encode()[:123]))

    def hang_up(self) -> None:
        """End the TCP connection with FIN and no closing frame, after what was sent before."""

        async def finish() -> None:
            self._transport.close()

        self._put(finish)

    def cut_mid_frame(self, text: str) -> None:
        """Send the head and the first half of a text frame, then end the TCP connection."""
        payload = text.encode()
        if len(payload) < _SHORT_LENGTH:
            head = bytes((_TEXT_FRAME, len(payload)))
        elif len(payload) < 1 << 16:
            head = bytes((_TEXT_FRAME, _SHORT_LENGTH)) + len(payload).to_bytes(2, "big")
        else:
            head = bytes((_TEXT_FRAME, _WIDE_LENGTH)) + len(payload).to_bytes(8, "big")

        async def write_half() -> None:
            self._transport.write(head + payload[: len(payload) // 2])
            self._transport.close()

        self._put(write_half)

    def abort(self) -> None:
        """Reset the TCP connection now."""
        reset(self._transport)

    def stall(self) -> None:
        """Go half-open: neither read nor write any more, not even pongs, and keep the connection."""
        self.stalled = True
        self._transport.pause_reading()

    def resume(self) -> None:
        """Come back from a stall; what was to be sent meanwhile is lost."""
        if self.stalled:
            self.stalled = False
            self._transport.resume_reading()

    def _put(self, write: Callable[[], Awaitable[object]]) -> None:
        if not self.stalled:
            self._outbox.put_nowait(write)

    async def _write(self) -> None:
        while True:
            write = await self._outbox.get()
            if self.stalled:
                continue
            try:
                await write()
            except ConnectionError:  # the client has gone; the reader finds out by itself
                return
