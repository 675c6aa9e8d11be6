"""Bytes as accessories send them, written down by hand: no contender's codec has a part in what all must read."""

from struct import Struct

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from .contender import HOST

FRAME_BYTES = 1024
_NONCE = Struct("<4xQ").pack


class Sealed:
    """One direction of a session."""

    def __init__(self, key: bytes, skipped: int = 0, message_bytes: int = 64 * 1024) -> None:
        """Begin; behind so many messages of a size that is known, if need be."""
        self._seal = ChaCha20Poly1305(key).encrypt
        self._counter = skipped * -(-message_bytes // FRAME_BYTES)

    def message(self, data: bytes) -> bytes:
        """Cut one message into frames."""
        frames = []
        for start in range(0, len(data), FRAME_BYTES):
            plain = data[start : start + FRAME_BYTES]
            length = len(plain).to_bytes(2, "little")
            frames.append(length + self._seal(_NONCE(self._counter), plain, length))
            self._counter += 1
        return b"".join(frames)


def request(path: str, message: bytes) -> bytes:
    """Write a request that is part of a handshake."""
    line = f"POST {path} HTTP/1.1\r\nHost: {HOST}".encode()
    return _message(line, message, b"application/pairing+tlv8")


def response(body: bytes) -> bytes:
    """Write an answer."""
    return _message(b"HTTP/1.1 200 OK", body)


def event(body: bytes) -> bytes:
    """Write an event."""
    return _message(b"EVENT/1.0 200 OK", body)


def _message(line: bytes, body: bytes, kind: bytes = b"application/hap+json") -> bytes:
    head = b"%b\r\nContent-Length: %d\r\nContent-Type: %b\r\n\r\n" % (line, len(body), kind)
    return head + body
