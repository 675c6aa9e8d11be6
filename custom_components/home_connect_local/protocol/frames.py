"""Frames of a link to clear text and back; the AES link has a room of its own, ``crypto``.

Source: docs/home_connect_local/wire.md §5.
"""

from enum import Enum

from .const import MAX_FRAME_BYTES
from .errors import FrameError
from .refusals import Unreadable, UnreadableError


class Control(Enum):
    """The websocket's own control frames; they carry nothing for us but a sign of life."""

    PING = "ping"
    PONG = "pong"


class PlainCodec:
    """The link whose sealing is TLS: text frames hold the text as it is."""

    def seal(self, text: str) -> str:
        """Turn clear text into a frame."""
        return text

    def open(self, data: str | bytes) -> str:
        """Turn a frame into clear text; some appliances send the same JSON as binary frames.

        Raises FrameError when it is too large and UnreadableError when it is no text.
        """
        if len(data) > MAX_FRAME_BYTES:
            raise FrameError(f"a frame of {len(data)} bytes")
        if isinstance(data, str):
            return data
        try:
            return data.decode()
        except UnicodeDecodeError:
            raise UnreadableError(Unreadable.DECODE) from None
