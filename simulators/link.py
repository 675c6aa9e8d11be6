"""One client's websocket as the server has it: frames in order, and the ways a link can suffer."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

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
        self._sending: set[asyncio.Task[None]] = set()
        self._ended = False
        self.stalled = False

    @property
    def close_code(self) -> int | None:
        """The code the connection ended with, once it has; 1006 when there was none."""
        return self._ws.close_code

    async def run(self, take: Callable[[WSMessage], None]) -> None:
        """Give every message of the client to ``take`` until either side ends the connection."""
        try:
            async for message in self._ws:
                if not self.stalled:
                    take(message)
        finally:
            self._ended = True
            for task in self._sending:
                task.cancel()

    def send_text(self, text: str) -> None:
        """Send a text frame."""
        self._put(self._ws.send_str(text))

    def send_bytes(self, data: bytes) -> None:
        """Send a binary frame."""
        self._put(self._ws.send_bytes(data))

    def ping(self, data: bytes = b"") -> None:
        """Ask the client for a pong."""
        self._put(self._ws.ping(data))

    def pong(self, data: bytes) -> None:
        """Answer a ping of the client."""
        self._put(self._ws.pong(data))

    def close(self, code: int, reason: str = "") -> None:
        """Close in the orderly way, after what was sent before; the reason is cut to what a frame can carry."""
        self._put(self._ws.close(code=code, message=reason.encode()[:123]))

    def hang_up(self) -> None:
        """End the TCP connection with FIN and no closing frame, after what was sent before."""
        if not self.stalled:
            self._transport.close()

    def cut_mid_frame(self, text: str) -> None:
        """Send the head and the first half of a text frame, then end the TCP connection."""
        payload = text.encode()
        if len(payload) < _SHORT_LENGTH:
            head = bytes((_TEXT_FRAME, len(payload)))
        elif len(payload) < 1 << 16:
            head = bytes((_TEXT_FRAME, _SHORT_LENGTH)) + len(payload).to_bytes(2, "big")
        else:
            head = bytes((_TEXT_FRAME, _WIDE_LENGTH)) + len(payload).to_bytes(8, "big")

        if not self.stalled:
            self._transport.write(head + payload[: len(payload) // 2])
            self._transport.close()

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

    def _put(self, write: Coroutine[Any, Any, object]) -> None:
        """Write at once; what is left to wait for, such as a full socket, holds up nobody."""
        if self.stalled or self._ended:
            write.close()
            return
        task = asyncio.create_task(_write(write), eager_start=True)
        if not task.done():
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)


async def _write(write: Coroutine[Any, Any, object]) -> None:
    with suppress(ConnectionError):  # the client has gone; the reader finds out by itself
        await write
