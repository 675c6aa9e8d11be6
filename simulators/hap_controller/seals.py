"""Frames of a session at the accessory's end, also broken ones (§5)."""

from itertools import batched
import struct

from custom_components.hap_controller.protocol.crypto import open_sealed, seal
from custom_components.hap_controller.protocol.errors import VendorError

from ..refusal import Refusal

MAX_FRAME = 1024
_TAG = 16
_LENGTH = struct.Struct("<H")
_COUNTER = struct.Struct("<4xQ")
# What only controllers have to take.
_LONG_FRAME = 4096


class Seal:
    """Both directions of one session."""

    def __init__(self, read_key: bytes, write_key: bytes) -> None:
        """Start both counters."""
        self._read_key = read_key
        self._write_key = write_key
        self._read = 0
        self._written = 0
        self._rest = b""
        self._last = b""

    @property
    def midway(self) -> bool:
        """Whether part of a frame is there."""
        return bool(self._rest)

    def open(self, data: bytes) -> bytes:
        """Give the plaintext of all frames that are complete. Raises Refusal."""
        self._rest += data
        opened = b""
        while len(self._rest) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._rest)
            if not 0 < length <= MAX_FRAME:
                raise Refusal(f"a frame of {length} bytes")
            end = _LENGTH.size + length + _TAG
            if len(self._rest) < end:
                break
            head, body = self._rest[: _LENGTH.size], self._rest[_LENGTH.size : end]
            try:
                opened += open_sealed(self._read_key, _COUNTER.pack(self._read), body, head)
            except VendorError as err:
                raise Refusal("a frame that cannot be opened") from err
            self._rest = self._rest[end:]
            self._read += 1
        return opened

    def seal(self, data: bytes, how: str = "") -> bytes:
        """Give the frames of a message; ``how`` says what is wrong with the last one."""
        size = _LONG_FRAME if how == "long" else MAX_FRAME
        frames = [self._frame(bytes(piece)) for piece in batched(data, size, strict=False)]
        last, self._last = self._last, frames[-1]
        match how:
            case "tag":
                frames[-1] = frames[-1][:-1] + bytes((frames[-1][-1] ^ 1,))
            case "text":
                frames[-1] = frames[-1][:2] + bytes((frames[-1][2] ^ 1,)) + frames[-1][3:]
            case "length":
                frames[-1] = bytes((frames[-1][0] ^ 1,)) + frames[-1][1:]
            case "replay":
                frames = [last or frames[-1], *frames]
            case "skip":
                self._written += 1
                frames = [self._frame(data[:MAX_FRAME])]
            case "plain":
                frames = [data]
            case "small":
                self._written -= len(frames)
                frames = [self._frame(bytes(piece)) for piece in batched(data, 7, strict=False)]
        return b"".join(frames)

    def _frame(self, data: bytes) -> bytes:
        head = _LENGTH.pack(len(data))
        sealed = seal(self._write_key, _COUNTER.pack(self._written), data, head)
        self._written += 1
        return head + sealed
