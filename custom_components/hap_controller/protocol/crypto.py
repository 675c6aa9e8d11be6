"""The primitives of pairing and sessions, from the library that Home Assistant ships.

Source: docs/hap_controller/wire.md §3.3, §4, §5.
"""

from collections.abc import Callable
import os
from struct import Struct
from typing import Final

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .const import KEY_BYTES
from .refusals import AuthTagError, IllegalKeyError, SignatureError

type Random = Callable[[int], bytes]
"""Gives as many unpredictable bytes as it is asked for."""

counter_nonce: Final = Struct("<4xQ").pack
"""Give the nonce of a counter: four zero bytes and 64 bits, little-endian (§5).

Raises struct.error beyond 64 bits, where nonces would begin anew.
"""

_NO_KEY: Final = bytes(KEY_BYTES)


def hkdf(key: bytes, salt: bytes, info: bytes, length: int = KEY_BYTES) -> bytes:
    """Derive a key by RFC 5869 with SHA-512; salts and infos stand in ``const``."""
    return HKDF(hashes.SHA512(), length, salt, info).derive(key)


def seal(key: bytes, nonce: bytes, data: bytes, aad: bytes = b"") -> bytes:
    """Encrypt with ChaCha20-Poly1305; the tag, 16 bytes, follows the ciphertext."""
    return ChaCha20Poly1305(key).encrypt(nonce, data, aad)


def open_sealed(key: bytes, nonce: bytes, data: bytes, aad: bytes = b"") -> bytes:
    """Decrypt what ``seal`` gave; raises AuthTagError when it is anything else."""
    try:
        return ChaCha20Poly1305(key).decrypt(nonce, data, aad)
    except InvalidTag as err:
        raise AuthTagError("a sealed message cannot be opened") from err


class SigningKey:
    """A long-term Ed25519 key."""

    __slots__ = ("_key", "public_key", "seed")

    def __init__(self, seed: bytes) -> None:
        """Take the seed, 32 bytes, as records keep it; raises ValueError for any other length."""
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.seed = seed
        self.public_key = self._key.public_key().public_bytes_raw()

    @classmethod
    def generate(cls, random: Random = os.urandom) -> SigningKey:
        """Make a new key."""
        return cls(random(KEY_BYTES))

    def sign(self, data: bytes) -> bytes:
        """Give the signature, 64 bytes."""
        return self._key.sign(data)


def verify(public_key: bytes, signature: bytes, data: bytes) -> None:
    """Check an Ed25519 signature; raises SignatureError, also when the key is none."""
    # CozyLife switches sometimes send a key of zeros, under which anybody can sign (§3.4).
    if public_key == _NO_KEY:
        raise SignatureError("the peer's long-term key is all zeros")
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, data)
    except (InvalidSignature, ValueError) as err:
        raise SignatureError("the peer's signature does not match its long-term key") from err


class KeyExchange:
    """Our half of one X25519 exchange."""

    __slots__ = ("_key", "public_key")

    def __init__(self, private_key: bytes) -> None:
        """Take 32 bytes; raises ValueError for any other length."""
        self._key = X25519PrivateKey.from_private_bytes(private_key)
        self.public_key = self._key.public_key().public_bytes_raw()

    @classmethod
    def generate(cls, random: Random = os.urandom) -> KeyExchange:
        """Make an ephemeral key."""
        return cls(random(KEY_BYTES))

    def exchange(self, public_key: bytes) -> bytes:
        """Give the shared secret, 32 bytes.

        Raises IllegalKeyError when the peer's key has another length, or makes the secret known to everybody (§4).
        """
        try:
            return self._key.exchange(X25519PublicKey.from_public_bytes(public_key))
        except ValueError as err:
            raise IllegalKeyError("the peer's ephemeral key is unusable") from err
