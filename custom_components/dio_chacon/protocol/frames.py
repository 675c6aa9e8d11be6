"""Text of the websocket to JSON object and back.

Source: docs/dio_chacon/wire.md §4 and §5.
"""

from enum import Enum
from typing import Any

import orjson

from .const import MAX_FRAME_BYTES
from .errors import FrameError

type Frame = dict[str, Any]
"""One JSON object of the wire."""


class Control(Enum):
    """The websocket's own control frames; they carry nothing for us but a sign of life."""

    PING = "ping"
    PONG = "pong"


def decode(text: str) -> Frame:
    """Read one text frame.

    Raises FrameError when ``text`` is oversized, not JSON or not a JSON object.
    """
    if len(text) > MAX_FRAME_BYTES:
        raise FrameError(f"oversized text of {len(text)} characters")
    try:
        frame = orjson.loads(text)
    except ValueError as err:  # covers nesting too deep and lone surrogates
        raise FrameError(f"text of {len(text)} characters is not JSON") from err
    if type(frame) is not dict:
        raise FrameError(f"JSON {type(frame).__name__} where an object belongs")
    return frame


def encode(frame: Frame) -> str:
    """Write one object as the text of a frame."""
    return orjson.dumps(frame).decode()
