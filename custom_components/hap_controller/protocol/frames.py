"""Frames of a session: plaintext to sealed frames and back, by two counters.

Source: docs/hap_controller/wire.md §5.
"""

from itertools import chain, count, islice, repeat
from struct import Struct, error as StructError
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from .const import MAX_FRAME_BYTES, MAX_RECEIVED_FRAME_BYTES, TAG_BYTES
from .crypto import counter_nonce
from .errors import FrameError
from .refusals import AuthTagError, CountersExhaustedError

_LENGTH_BYTES: Final = 2
_LENGTH: Final = Struct("<H").pack
_OVERHEAD_BYTES: Final = _LENGTH_BYTES + TAG_BYTES
# Long messages are full frames but the last: those are cut, sealed and opened without a turn of the interpreter each.
_FULL: Final = _LENGTH(MAX_FRAME_BYTES)
_FULL_FRAME_BYTES: Final = MAX_FRAME_BYTES + _OVERHEAD_BYTES
# Fewer do not pay for it.
_MIN_RUN_BYTES: Final = 4 * _FULL_FRAME_BYTES
_full_plaintexts: Final = Struct(f"{MAX_FRAME_BYTES}s").iter_unpack
_full_ciphertexts: Final = Struct(f"{_LENGTH_BYTES}x{MAX_FRAME_BYTES + TAG_BYTES}s").iter_unpack


class SessionCodec:
    """Both directions of one session: keys and counters start with it and end with it."""

    __slots__ = (
        "_decrypt",
        "_encrypt",
        "_max_frame_bytes",
        "_opening_nonces",
        "_rest",
        "_sealing_nonces",
        "_usable",
    )

    def __init__(
        self,
        read_key: bytes,
        write_key: bytes,
        *,
        max_frame_bytes: int = MAX_RECEIVED_FRAME_BYTES,
        received: int = 0,
        sent: int = 0,
    ) -> None:
        """Take the keys as whoever holds the codec uses them: what it reads with, what it writes with.

        ``max_frame_bytes`` bounds the plaintext of received frames; accessories take 1,024. ``received`` and ``sent``
        are the numbers of the next frames.
        """
        self._decrypt = ChaCha20Poly1305(read_key).decrypt
        self._encrypt = ChaCha20Poly1305(write_key).encrypt
        self._max_frame_bytes = max_frame_bytes
        self._opening_nonces = map(counter_nonce, count(received))
        self._sealing_nonces = map(counter_nonce, count(sent))
        self._rest = bytearray()
        self._usable = True

    def seal(self, data: bytes) -> bytes:
        """Give all frames of one message; they must be sent in the order they were sealed, in one write.

        Raises CountersExhaustedError when the key has no nonce left.
        """
        full, rest = divmod(len(data), MAX_FRAME_BYTES)
        frames = [_FULL] * (2 * full)
        try:
            if full:
                view = memoryview(data)[: full * MAX_FRAME_BYTES]
                plaintexts = chain.from_iterable(_full_plaintexts(view))
                nonces = islice(self._sealing_nonces, full)
                frames[1::2] = map(self._encrypt, nonces, plaintexts, repeat(_FULL))
            if rest:
                length = _LENGTH(rest)
                frames.append(length)
                frames.append(self._encrypt(next(self._sealing_nonces), data[-rest:], length))
        except StructError as err:
            raise CountersExhaustedError("no frame can be sealed any more") from err
        return b"".join(frames)

    def feed(self, data: bytes) -> bytes:
        """Take what was received and give the plaintext of all frames that it completes.

        Raises AuthTagError when a frame is not the next one of the session, FrameError when it is longer than taken,
        and CountersExhaustedError; from then on always one of them: what comes behind must not be believed.
        """
        try:
            # A read that is just one frame, as most events are, takes no detour.
            if (
                self._usable
                and not self._rest
                and (size := len(data) - _OVERHEAD_BYTES) > 0
                and size == data[0] | data[1] << 8
                and size <= self._max_frame_bytes
            ):
                return self._decrypt(next(self._opening_nonces), data[2:], data[:2])
            return self._feed(data)
        except InvalidTag as err:
            self._usable = False
            raise AuthTagError("a frame cannot be opened") from err
        except StructError as err:
            self._usable = False
            raise CountersExhaustedError("no frame can be opened any more") from err
        except FrameError:
            self._usable = False
            raise

    def _feed(self, data: bytes) -> bytes:
        if not self._usable:
            raise AuthTagError("the session ended with a frame that cannot be opened")
        decrypt, nonces = self._decrypt, self._opening_nonces
        longest = self._max_frame_bytes + _OVERHEAD_BYTES
        start = 0
        opened: list[bytes] = []
        if (
            rest := self._rest
        ):  # only the frame that was cut is put together, not all that follows it
            start = self._complete(data)
            if start < 0:
                return b""
            opened.append(decrypt(next(nonces), rest[_LENGTH_BYTES:], rest[:_LENGTH_BYTES]))
            rest.clear()
        size = len(data)
        while size - start >= _LENGTH_BYTES:
            if (
                size - start >= _MIN_RUN_BYTES
                and data.startswith(_FULL, start)
                and (full := self._full_frames(data, start))
            ):
                end = start + full * _FULL_FRAME_BYTES
                ciphertexts = chain.from_iterable(_full_ciphertexts(memoryview(data)[start:end]))
                opened.extend(map(decrypt, islice(nonces, full), ciphertexts, repeat(_FULL)))
            else:
                body = start + _LENGTH_BYTES
                end = body + (data[start] | data[start + 1] << 8) + TAG_BYTES
                if end > size or end - start > longest:
                    self._frame_bytes(data, start)  # raises if the frame is too long
                    break
                opened.append(decrypt(next(nonces), data[body:end], data[start:body]))
            start = end
        if start < size:
            rest += data[start:]
        return opened[0] if len(opened) == 1 else b"".join(opened)

    def _complete(self, data: bytes) -> int:
        """Move the missing bytes of the cut frame over; give their number, or -1 while some are missing."""
        rest = self._rest
        taken = 0
        if len(rest) < _LENGTH_BYTES:
            taken = _LENGTH_BYTES - len(rest)
            rest += data[:taken]
            if len(rest) < _LENGTH_BYTES:
                return -1
        missing = self._frame_bytes(rest, 0) - len(rest)
        rest += data[taken : taken + missing]
        taken += missing
        return taken if taken <= len(data) else -1

    def _frame_bytes(self, data: bytes | bytearray, start: int) -> int:
        """Read how long a frame is, all in all."""
        length = data[start] | data[start + 1] << 8
        if length > self._max_frame_bytes:
            raise FrameError(f"a frame of {length} bytes")
        return length + _OVERHEAD_BYTES

    @staticmethod
    def _full_frames(data: bytes, start: int) -> int:
        """Count the complete full frames that follow each other from here."""
        present = (len(data) - start) // _FULL_FRAME_BYTES
        end = start + present * _FULL_FRAME_BYTES
        low = data[start:end:_FULL_FRAME_BYTES]
        high = data[start + 1 : end : _FULL_FRAME_BYTES]
        return min(
            present - len(low.lstrip(_FULL[:1])),
            present - len(high.lstrip(_FULL[1:])),
        )
