"""The two kinds of links at the appliance's end.

Frames to clients are sealed by the component's codec; those of clients are opened here, by stricter rules.
Source: docs/home_connect_local/wire.md §5.
"""

from collections.abc import Callable
import hmac
import ssl
from typing import Protocol, override

from Crypto.Cipher import AES

from custom_components.home_connect_local.protocol.crypto import AesCodec

HINT = "HCCOM_Local_App"
FORWARD_SUITES = (
    "ECDHE-PSK-CHACHA20-POLY1305:ECDHE-PSK-AES128-CBC-SHA256:ECDHE-PSK-AES256-CBC-SHA384"
)
PLAIN_SUITES = "PSK-AES256-GCM-SHA384"
_BLOCK = _MAC = 16


class BrokenSeal(Exception):
    """A client's frame is not the next one; the text says why."""


class Seal(Protocol):
    """One link's way of carrying clear text."""

    def seal(self, text: str) -> str | bytes:
        """Make the next frame."""

    def open(self, data: str | bytes) -> str:
        """Read the client's next frame. Raises BrokenSeal."""


class PlainSeal(Seal):
    """The link that TLS protects: text frames as they are."""

    @override
    def seal(self, text: str) -> str:
        """Make the next frame."""
        return text

    @override
    def open(self, data: str | bytes) -> str:
        """Read the client's next frame. Raises BrokenSeal."""
        if isinstance(data, bytes):
            raise BrokenSeal("a binary frame on the TLS link")
        return data


class AesSeal(Seal):
    """The link whose frames are encrypted and chained."""

    def __init__(self, key: bytes, iv: bytes) -> None:
        """Start both chains."""
        self._codec = AesCodec(key, iv, appliance=True)
        self._iv = iv
        self._mac_key = hmac.digest(key, b"MAC", "sha256")
        self._chain = bytes(_MAC)
        self._cipher = AES.new(hmac.digest(key, b"ENC", "sha256"), AES.MODE_CBC, iv)

    @override
    def seal(self, text: str) -> bytes:
        """Make the next frame."""
        return self._codec.seal(text)

    @override
    def open(self, data: str | bytes) -> str:
        """Read the client's next frame. Raises BrokenSeal."""
        if isinstance(data, str):
            raise BrokenSeal("a text frame on the AES link")
        if len(data) < _BLOCK + _MAC or len(data) % _BLOCK:
            raise BrokenSeal(f"a frame of {len(data)} bytes")
        body, mac = data[:-_MAC], data[-_MAC:]
        told = hmac.digest(self._mac_key, self._iv + b"E" + self._chain + body, "sha256")[:_MAC]
        if mac != told:
            raise BrokenSeal("the MAC is not the next of the chain")
        self._chain = mac
        clear = self._cipher.decrypt(body)
        size = clear[-1]
        # One byte would leave no room for the zero in front (§5.3).
        if not 1 < size <= min(_BLOCK + 1, len(clear)) or clear[-size]:
            raise BrokenSeal(f"padding of {size} bytes")
        try:
            return clear[:-size].decode()
        except UnicodeDecodeError:
            raise BrokenSeal("clear text that is not UTF-8") from None


def psk_context(
    key: Callable[[], bytes], *, hint: str | None = HINT, suites: str = FORWARD_SUITES
) -> ssl.SSLContext:
    """Build the context of a server that knows clients by a key, whatever they call themselves."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(suites)
    context.set_psk_server_callback(lambda identity: key(), hint)
    return context
