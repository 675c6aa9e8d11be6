"""The AES link: frames sealed by a chained cipher and a chained MAC.

Source: docs/home_connect_local/wire.md §5.3.
"""

from collections.abc import Callable
import hmac
import os
from typing import Final

from Crypto.Cipher import AES

from .const import MAX_FRAME_BYTES
from .refusals import SealError, SealFailure, Unreadable, UnreadableError

_BLOCK_BYTES: Final = 16
_MAC_BYTES: Final = 16
_MIN_FRAME_BYTES: Final = _BLOCK_BYTES + _MAC_BYTES
_FIRST_MAC: Final = bytes(_MAC_BYTES)
_TO_APPLIANCE: Final = b"E"
_TO_CLIENT: Final = b"C"


class AesCodec:
    """Both directions of one connection: chains start with it and end with it."""

    def __init__(
        self,
        key: bytes,
        iv: bytes,
        *,
        appliance: bool = False,
        fill: Callable[[int], bytes] = os.urandom,
    ) -> None:
        """Derive the keys: 32 bytes of ``key`` and 16 of ``iv`` from the profile.

        ``appliance`` takes the other role. ``fill`` gives as many filler bytes as it is asked for.
        """
        encryption_key = hmac.digest(key, b"ENC", "sha256")
        mac_key = hmac.digest(key, b"MAC", "sha256")
        ours, theirs = (_TO_CLIENT, _TO_APPLIANCE) if appliance else (_TO_APPLIANCE, _TO_CLIENT)
        self._fill = fill
        # What every MAC of a direction begins with is hashed once.
        self._sealing_mac = hmac.new(mac_key, iv + ours, "sha256")
        self._opening_mac = hmac.new(mac_key, iv + theirs, "sha256")
        self._encrypt = AES.new(encryption_key, AES.MODE_CBC, iv=iv).encrypt
        self._decrypt = AES.new(encryption_key, AES.MODE_CBC, iv=iv).decrypt
        self._sealed = _FIRST_MAC
        self._opened = _FIRST_MAC
        self._failure: SealFailure | None = None

    def seal(self, text: str) -> bytes:
        """Turn clear text into the next frame; frames must be sent in the order they were sealed."""
        clear = text.encode()
        padding = _BLOCK_BYTES - len(clear) % _BLOCK_BYTES
        if padding == 1:  # there must be room for the zero in front and the length behind
            padding += _BLOCK_BYTES
        ciphertext = self._encrypt(
            b"%b\x00%b%c" % (clear, self._fill(padding - 2), padding),
        )
        mac = self._sealing_mac.copy()
        mac.update(self._sealed + ciphertext)
        self._sealed = mac.digest()[:_MAC_BYTES]
        return ciphertext + self._sealed

    def open(self, data: str | bytes) -> str:
        """Turn the peer's next frame into clear text.

        Raises SealError when it is not the next frame of the chain, and from then on always: what comes behind must
        not be believed. Raises UnreadableError when it is, but holds no text.
        """
        if isinstance(data, str):
            raise self._failed(SealFailure.NOT_BINARY)
        size = len(data)
        if size < _MIN_FRAME_BYTES or size % _BLOCK_BYTES or size > MAX_FRAME_BYTES:
            raise self._failed(SealFailure.LENGTH)
        ciphertext = data[:-_MAC_BYTES]
        mac = self._opening_mac.copy()
        mac.update(self._opened + ciphertext)
        expected = mac.digest()[:_MAC_BYTES]
        if self._failure or not hmac.compare_digest(expected, data[-_MAC_BYTES:]):
            raise self._failed(SealFailure.MAC)
        clear = bytearray(size - _MAC_BYTES)  # to have it written into is quicker than a copy
        self._decrypt(ciphertext, clear)
        padding = clear[-1]
        # Filler and the zero in front are the peer's affair.
        if not 0 < padding <= len(clear):
            raise self._failed(SealFailure.PADDING)
        self._opened = expected
        try:
            return clear[:-padding].decode()
        except UnicodeDecodeError:
            raise UnreadableError(Unreadable.DECODE) from None

    def _failed(self, failure: SealFailure) -> SealError:
        """Remember the first failure: it is what every later frame fails with."""
        first = self._opened is _FIRST_MAC
        self._failure = self._failure or failure
        return SealError(self._failure, first=first)
