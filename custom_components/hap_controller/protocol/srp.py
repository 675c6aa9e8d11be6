"""SRP-6a: both ends prove that they know the setup code, and neither tells it.

Source: docs/hap_controller/wire.md §3.1, §3.2; the group is the one of 3,072 bits of RFC 5054.

One exponentiation takes milliseconds, so whatever needs some gives an iterator: each turn of it is a slice, and the
caller may do other things in between.
"""

from collections.abc import Callable, Generator, Iterator
import hashlib
import hmac
import os
from typing import Any, Final, override
import warnings

from .const import PROOF_BYTES, SALT_BYTES, SRP_USERNAME, PairingErrorCode
from .crypto import Random
from .refusals import IllegalKeyError, ProofError

try:
    from cryptography.hazmat.primitives.asymmetric import dh
except ImportError:  # a later version of the library is to come without
    _dh: Any = None
else:
    _dh = dh

N: Final = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74"
    "020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437"
    "4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF05"
    "98DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB"
    "9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718"
    "3995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33"
    "A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864"
    "D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E2"
    "08E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)
G: Final = 5
GROUP_BYTES: Final = 384

_PRIVATE_BYTES: Final = 32
# One draw in 64 does not do (§3.2): so many in a row that do not are no chance.
_MAX_DRAWS: Final = 32

type Power = Callable[[int, int], Generator[None, None, int]]
"""Raises a base, 1 < base < N - 1, to a positive exponent modulo N, in slices."""


def _hash(*parts: bytes) -> bytes:
    return hashlib.sha512(b"".join(parts)).digest()


def _int(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _pad(number: int) -> bytes:
    return number.to_bytes(GROUP_BYTES, "big")


def _strip(data: bytes) -> bytes:
    return data.lstrip(b"\0")


K_MULTIPLIER: Final = _int(_hash(_pad(N), _pad(G)))
_GROUP_HASH: Final = bytes(
    left ^ right for left, right in zip(_hash(_pad(N)), _hash(bytes((G,))), strict=True)
)
_USERNAME_HASH: Final = _hash(SRP_USERNAME)


# --- exponentiation -----------------------------------------------------------------------------


def power(base: int, exponent: int) -> Generator[None, None, int]:
    """Raise to a power modulo N, by the library if it can, and in slices.

    The library's C code takes 1–4 ms, a tenth of ``pow``, in a time that does not depend on the exponent. It has it
    as an exchange of Diffie-Hellman, which it means to drop; then this slows down and nothing else.
    """
    yield
    if (result := library_power(base, exponent)) is not None:
        return result
    return (yield from windowed_power(base, exponent))


def library_power(base: int, exponent: int) -> int | None:
    """Raise by the library; None when it has no such thing, or does not take these numbers."""
    # It announces the end of this part at each use; not news for users, as there is the other way.
    warnings.filterwarnings("ignore", "Diffie-Hellman over finite fields", module=__name__)
    try:
        # Our prime with another generator is a group it knows, and need not prove at each use. The public number that
        # goes with our private one is not looked at, so it need not be worked out.
        group = _dh.DHParameterNumbers(N, 2)
        public = _dh.DHPublicNumbers(base, group).public_key()
        private = _dh.DHPrivateNumbers(exponent, _dh.DHPublicNumbers(4, group)).private_key()
        return _int(private.exchange(public))
    except AttributeError, ValueError:  # absent, or not to its liking
        return None


def windowed_power(base: int, exponent: int) -> Generator[None, None, int]:
    """Raise by four bits of the exponent at a time, about a millisecond in each slice.

    ``pow`` would keep everything else waiting for all of 30 ms, in an executor too: it holds the interpreter.
    """
    powers = [1]
    for _ in range(15):
        powers.append(powers[-1] * base % N)
    result = 1
    for index, digit in enumerate(f"{exponent:x}"):
        if index % 16 == 15:
            yield
        # The multiplication by one, too: what takes time tells nothing of the digit.
        result = pow(result, 16, N) * powers[int(digit, 16)] % N
    return result


# --- what both roles have in common -----------------------------------------------------------------


def _private_number(code: str, salt: bytes) -> int:
    """Give x; the salt counts as it was received, with all its zeros."""
    return _int(_hash(salt, _hash(SRP_USERNAME, b":", code.encode())))


def _public_number(data: bytes) -> int:
    """Read A or B; raises IllegalKeyError when it makes the secret known to everybody."""
    number = _int(data)
    if len(data) > GROUP_BYTES or number % N == 0:
        raise IllegalKeyError("the peer's SRP key is none")
    return number


def _scrambler(controller_key: bytes, accessory_key: bytes) -> int:
    """Give u of both keys, padded."""
    return _checked(_hash(controller_key, accessory_key))


def _checked(digest: bytes) -> int:
    if not (number := _int(digest)):
        raise IllegalKeyError("the SRP keys leave the setup code out")
    return number


def _new_salt(random: Random) -> bytes:
    """Draw a salt without a leading zero: homekit_python would leave that out (§3.2)."""
    first, *rest = random(SALT_BYTES)
    return bytes((first or 1, *rest))


def _controller_proof(
    salt: bytes, controller_key: bytes, accessory_key: bytes, key: bytes
) -> bytes:
    return _hash(_GROUP_HASH, _USERNAME_HASH, salt, controller_key, accessory_key, key)


def _accessory_proof(controller_key: bytes, controller_proof: bytes, key: bytes) -> bytes:
    return _hash(controller_key, controller_proof, key)


def _full_proof(proof: bytes) -> bytes:
    """Pad what some send without its leading zeros; what is longer matches nothing."""
    return proof.rjust(PROOF_BYTES, b"\0")


class _Role:
    """One end of one attempt."""

    __slots__ = ("_power", "_random", "proof", "public_key", "salt", "session_key")

    def __init__(self, salt: bytes, random: Random, power: Power) -> None:
        self._random = random
        self._power = power
        self.salt = salt
        self.public_key = b""
        """Ours, 384 bytes."""
        self.proof = b""
        """Ours, 64 bytes."""
        self.session_key = b""
        """64 bytes, K."""

    @override
    def __repr__(self) -> str:
        """Show nothing: all of it is secret or noise."""
        return f"{type(self).__name__}()"


class SrpController(_Role):
    """The end that a person tells the setup code to.

    Run ``work`` to its end, send ``public_key`` and ``proof``, then ``verify`` the answer.
    """

    __slots__ = ("_accessory_key", "_code")

    def __init__(
        self,
        code: str,
        salt: bytes,
        accessory_key: bytes,
        random: Random = os.urandom,
        *,
        power: Power = power,
    ) -> None:
        """Take the code with its dashes, and salt and key as the accessory sent them."""
        super().__init__(salt, random, power)
        self._code = code
        self._accessory_key = accessory_key

    def work(self) -> Iterator[None]:
        """Work out our key, the session's and our proof; raises IllegalKeyError."""
        theirs = _public_number(self._accessory_key)
        x = _private_number(self._code, self.salt)
        verifier = yield from self._power(G, x)
        base = (theirs - K_MULTIPLIER * verifier) % N
        if base in {0, 1, N - 1}:  # would make one of two secrets of every private number
            raise IllegalKeyError("the peer's SRP key is none")
        for _ in range(_MAX_DRAWS):
            a = _int(self._random(_PRIVATE_BYTES)) or 1
            public_key = _pad((yield from self._power(G, a)))
            if not public_key[0]:
                continue
            u = _scrambler(public_key, _pad(theirs))
            secret = _pad((yield from self._power(base, a + u * x)))
            key = _hash(secret)
            proof = _controller_proof(self.salt, public_key, self._accessory_key, key)
            # Implementations disagree on what becomes of leading zeros, so there must be none (§3.2).
            if secret[0] and key[0] and proof[0]:
                self.public_key, self.session_key, self.proof = public_key, key, proof
                return
        raise IllegalKeyError("no SRP key goes with the peer's")

    def verify(self, proof: bytes) -> None:
        """Check the accessory's proof; raises ProofError."""
        expected = _accessory_proof(self.public_key, self.proof, self.session_key)
        if not (self.proof and hmac.compare_digest(expected, _full_proof(proof))):
            raise ProofError(
                "the accessory did not prove that it knows the setup code",
                PairingErrorCode.AUTHENTICATION,
            )


class SrpAccessory(_Role):
    """The end that has the setup code printed on it.

    Run ``work`` to its end, send ``salt`` and ``public_key``, run ``verify`` on the answer, and send ``proof``.
    """

    __slots__ = ("_b", "_code", "_verifier")

    def __init__(
        self,
        code: str | None,
        salt: bytes | None = None,
        verifier: int | None = None,
        random: Random = os.urandom,
        *,
        power: Power = power,
    ) -> None:
        """Take the code with its dashes, or the verifier and salt of an attempt before."""
        super().__init__(_new_salt(random) if salt is None else salt, random, power)
        self._code = code
        self._verifier = verifier
        self._b = 0

    @property
    def verifier(self) -> int:
        """What stands for the code and its salt, for a later attempt; known once ``work`` is done."""
        assert self._verifier is not None
        return self._verifier

    def work(self) -> Iterator[None]:
        """Work out our key."""
        if self._verifier is None:
            assert self._code is not None
            self._verifier = yield from self._power(G, _private_number(self._code, self.salt))
        for _ in range(_MAX_DRAWS):
            b = _int(self._random(_PRIVATE_BYTES)) or 1
            blinded = yield from self._power(G, b)
            public_key = _pad((K_MULTIPLIER * self._verifier + blinded) % N)
            if public_key[0]:  # else implementations disagree (§3.2)
                self._b, self.public_key = b, public_key
                return
        raise IllegalKeyError("no SRP key goes with this setup code")

    def verify(self, controller_key: bytes, proof: bytes) -> Iterator[None]:
        """Check the controller's proof and work out ours; raises ProofError and IllegalKeyError."""
        assert self._verifier is not None
        theirs = _public_number(controller_key)
        padded = _pad(theirs)
        u = _scrambler(padded, self.public_key)
        blinded = theirs * (yield from self._power(self._verifier, u)) % N
        if blinded in {0, 1, N - 1}:  # would make one of two secrets of every code
            raise IllegalKeyError("the peer's SRP key is none")
        secret = _pad((yield from self._power(blinded, self._b)))
        theirs_proof = _full_proof(proof)
        matched = b""
        for key in (_hash(_strip(secret)), _hash(secret)):
            for sent_key in (_strip(padded), padded):
                expected = _controller_proof(self.salt, sent_key, self.public_key, key)
                if hmac.compare_digest(expected, theirs_proof):
                    matched = key
        if not matched:
            raise ProofError(
                "the controller used another setup code", PairingErrorCode.AUTHENTICATION
            )
        self.session_key = matched
        self.proof = _accessory_proof(padded, theirs_proof, matched)
