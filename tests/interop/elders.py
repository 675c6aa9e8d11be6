"""Stand-ins for what the published homekit_python imports and no Python of today has.

``ed25519`` does not build on Python 3.12 and later, and ``distutils`` is gone from the standard library. Of both, the few
names that are used stand on ``cryptography`` and on nothing of ours.
"""

from collections.abc import Iterator
from contextlib import contextmanager
import sys
from types import ModuleType
from typing import Any, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_SEED_BYTES = 32


class BadSignatureError(Exception):
    """A signature is not of this key and these bytes."""


class VerifyingKey:
    """A public key."""

    def __init__(self, key: bytes) -> None:
        """Take its 32 bytes."""
        self._key = Ed25519PublicKey.from_public_bytes(bytes(key))

    def to_bytes(self) -> bytes:
        """Give its 32 bytes."""
        return self._key.public_bytes_raw()

    def verify(self, signature: bytes, message: bytes) -> None:
        """Raise BadSignatureError unless the signature fits."""
        try:
            self._key.verify(signature, message)
        except InvalidSignature as err:
            raise BadSignatureError from err


class SigningKey:
    """A private key."""

    def __init__(self, key: bytes) -> None:
        """Take its seed, maybe with the public key behind it."""
        self._key = Ed25519PrivateKey.from_private_bytes(bytes(key[:_SEED_BYTES]))

    @classmethod
    def generate(cls) -> Self:
        """Draw one."""
        return cls(Ed25519PrivateKey.generate().private_bytes_raw())

    def get_verifying_key(self) -> VerifyingKey:
        """Give the public key."""
        return VerifyingKey(self._key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """Sign a message, in 64 bytes."""
        return self._key.sign(message)

    def to_bytes(self) -> bytes:
        """Give the seed and the public key."""
        return self._key.private_bytes_raw() + self.get_verifying_key().to_bytes()

    def to_ascii(self, *, encoding: str) -> bytes:
        """Give seed and public key as text; it is only ever asked for in hex."""
        assert encoding == "hex"
        return self.to_bytes().hex().encode()


def create_keypair() -> tuple[SigningKey, VerifyingKey]:
    """Draw a private key; gives the public one as well."""
    key = SigningKey.generate()
    return key, key.get_verifying_key()


def strtobool(text: str) -> int:
    """Read a yes or a no."""
    if (word := text.lower()) in {"y", "yes", "t", "true", "on", "1"}:
        return 1
    if word in {"n", "no", "f", "false", "off", "0"}:
        return 0
    raise ValueError(f"neither yes nor no: {text!r}")


@contextmanager
def in_place() -> Iterator[None]:
    """Let what is imported meanwhile find the stand-ins; nothing else sees them."""
    signatures, folder, util = map(ModuleType, ("ed25519", "distutils", "distutils.util"))
    for each in (BadSignatureError, SigningKey, VerifyingKey, create_keypair):
        setattr(signatures, each.__name__, each)
    util.__dict__["strtobool"] = strtobool
    modules = {each.__name__: each for each in (signatures, folder, util)}
    before = {name: sys.modules.get(name) for name in modules}
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


with in_place():
    import homekit
    import homekit.accessoryserver
    import homekit.controller
    import homekit.controller.controller
    import homekit.controller.ip_implementation
    import homekit.exceptions
    import homekit.http_impl
    import homekit.model
    import homekit.protocol
    import homekit.zeroconf_impl

PLACES: dict[str, dict[str, Any]] = {}
"""Where accessories are, by their id: keys ``ip`` and ``port``."""


def find(accessory_id: str, max_seconds: float = 0) -> dict[str, Any] | None:
    """Say where an accessory is without listening for what is announced."""
    return PLACES.get(accessory_id)


for _module in (homekit.controller.controller, homekit.controller.ip_implementation):
    _module.find_device_ip_and_port = find

__all__ = ["PLACES", "homekit"]
