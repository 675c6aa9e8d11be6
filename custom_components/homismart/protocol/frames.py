"""Text of the websocket to prefix and JSON body and back.

Source: docs/homismart/wire.md §3.
"""

from enum import Enum
from typing import Any, NamedTuple, override

import orjson

from .const import MAX_FRAME_BYTES
from .errors import FrameError

_PREFIX_CHARS = 4


class Control(Enum):
    """The websocket's own control frames; they carry nothing for us but a sign of life."""

    PING = "ping"
    PONG = "pong"


class Frame(NamedTuple):
    """One text message of the wire."""

    prefix: str
    """Four digits."""
    body: Any
    """The JSON behind it; None when there is none."""

    @override
    def __repr__(self) -> str:
        """Leave out the body: that of a login is a secret."""
        return f"Frame({self.prefix!r})"


def decode(text: str) -> Frame:
    """Split one text message into its four-digit prefix and JSON body.

    Raises FrameError when ``text`` is oversized, unprefixed or not JSON.
    """
    prefix = text[:_PREFIX_CHARS]
    if (
        len(text) > MAX_FRAME_BYTES
        or len(prefix) < _PREFIX_CHARS
        or not (prefix.isascii() and prefix.isdigit())
    ):
        raise FrameError(f"unframeable text of {len(text)} characters")
    if len(text) == _PREFIX_CHARS:
        return Frame(prefix, None)
    try:
        return Frame(prefix, orjson.loads(text[_PREFIX_CHARS:]))
    except ValueError as err:  # covers nesting too deep and lone surrogates
        raise FrameError(f"body of {prefix} is not JSON") from err


def bytes_of(body: object) -> int | None:
    """Tell how long a body is when written; None when it cannot be: reading bears deeper nesting than writing."""
    try:
        return len(orjson.dumps(body))
    except TypeError:
        return None


def encode(frame: Frame) -> str:
    """Write one frame as text."""
    return frame.prefix + orjson.dumps(frame.body).decode()
