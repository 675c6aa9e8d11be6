"""How controllers get to know the accessory, prove themselves, and see to each other: the accessory's side of it.

Written from the notes, apart from the component's own accessory role, so that both cannot share a mistake; only the
arithmetic is borrowed. Source: docs/hap_controller/wire.md §2 to §4, §7.6.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
import os

from custom_components.hap_controller.protocol.crypto import (
    KeyExchange,
    hkdf,
    open_sealed,
    seal,
    verify,
)
from custom_components.hap_controller.protocol.errors import VendorError
from custom_components.hap_controller.protocol.srp import SrpAccessory
from custom_components.hap_controller.protocol.tlv8 import decode, encode, integer

from ..faults import Faults
from ..refusal import Refusal
from .memory import Controller, Memory

# Types of items (§2.3).
METHOD = 0x00
IDENTIFIER = 0x01
SALT = 0x02
PUBLIC_KEY = 0x03
PROOF = 0x04
ENCRYPTED_DATA = 0x05
STATE = 0x06
ERROR = 0x07
RETRY_DELAY = 0x08
CERTIFICATE = 0x09
SIGNATURE = 0x0A
PERMISSIONS = 0x0B
FLAGS = 0x13
SEPARATOR = 0xFF

# Errors (§2.5).
UNKNOWN = 1
AUTHENTICATION = 2
MAX_PEERS = 4
MAX_TRIES = 5
UNAVAILABLE = 6
BUSY = 7

_SETUP, _SETUP_WITH_AUTH, _VERIFY, _ADD, _REMOVE, _LIST = range(6)
_MAX_TRIES = 100
_KEY_BYTES = 32
_MAX_ID_BYTES = 36
# The first four bytes of the nonces are zero.
_NONCE = b"\0\0\0\0%b"
# What an accessory with a chip of the vendor sends along (§3.3): nobody else can judge it.
_CERTIFICATE_BYTES = 1000

type Items = list[tuple[int, bytes]]


class Misplaced(Refusal):
    """A pairing message that is not due, or cannot be read; ``answer`` goes with HTTP code 400."""

    def __init__(self, why: str, answer: bytes = b"") -> None:
        """Say why, and what to answer."""
        super().__init__(why)
        self.answer = answer


class _Refused(Exception):
    """A pairing message that is refused with an error item."""

    def __init__(self, code: int, why: str = "", *, retry_after_s: int = 0) -> None:
        super().__init__(why)
        self.code = code
        self.retry_after_s = retry_after_s

    def answer(self, number: int) -> bytes:
        """Give the message that says so."""
        items = [(ERROR, bytes((self.code,)))]
        if self.retry_after_s:
            items.append((RETRY_DELAY, integer(self.retry_after_s)))
        return _state(number, *items)


@dataclass(slots=True)
class Established:
    """What pair-verify ends with."""

    controller_id: str
    read_key: bytes = field(repr=False)
    """Opens what the controller writes."""
    write_key: bytes = field(repr=False)


def _state(number: int, *items: tuple[int, bytes]) -> bytes:
    return encode([(STATE, bytes((number,))), *items])


def _read(body: bytes, due: Iterable[int]) -> tuple[int, dict[int, bytes]]:
    """Read a message; raises Misplaced unless its number is one of those that are due."""
    try:
        items = dict(reversed(decode(body)))
    except VendorError as err:
        raise Misplaced(f"a pairing message that is no TLV8: {err}") from err
    number = int.from_bytes(items.get(STATE, b""), "little")
    if number not in due:
        answer = _state(number + 1 & 0xFF, (ERROR, bytes((UNKNOWN,))))
        raise Misplaced(f"pairing message {number} out of turn", answer)
    return number, items


def _need(number: int, items: dict[int, bytes], *types: int) -> None:
    for kind in types:
        if kind not in items:
            answer = _state(number + 1, (ERROR, bytes((UNKNOWN,))))
            raise Misplaced(f"pairing message {number} lacks item {kind}", answer)


class Exchange:
    """Both handshakes on one connection."""

    def __init__(self, memory: Memory, faults: Faults, claim: Claim) -> None:
        """Expect the first message of either."""
        self.established: Established | None = None
        self.paired = False
        """Whether the last message made a pairing, so that it is to be announced."""
        self.complaint = ""
        """What was wrong with the last message that was refused."""
        self._memory = memory
        self._faults = faults
        self._claim = claim
        self._setup_due = self._verify_due = 1
        self._srp: SrpAccessory | None = None
        self._secret = b""
        self._keys = (b"", b"")

    def close(self) -> None:
        """Give up what is under way; others may pair."""
        self._setup_due = 1
        self._srp = None
        if self._claim.owner is self:
            self._claim.owner = None

    # --- pair-setup ----------------------------------------------------------------------------

    async def setup(self, body: bytes) -> bytes:
        """Answer a message of pair-setup. Raises Misplaced."""
        self.paired = False
        self.complaint = ""
        due, self._setup_due = self._setup_due, 1
        try:
            number, items = _read(body, {1, due})
            try:
                return await self._set_up(number, items)
            except _Refused as err:
                self.complaint = str(err)
                return err.answer(number + 1)
        finally:
            if self._setup_due == 1:
                self.close()

    async def _set_up(self, number: int, items: dict[int, bytes]) -> bytes:
        fault = self._faults.take("pair_error", step=f"M{number + 1}")
        if fault:
            raise _Refused(fault["code"], retry_after_s=fault["retry_after_s"])
        match number:
            case 1:
                return await self._challenge(items)
            case 3:
                return await self._judge(items)
            case _:
                return self._admit(items)

    async def _challenge(self, items: dict[int, bytes]) -> bytes:
        self.close()
        method = int.from_bytes(items.get(METHOD, b""), "little")
        if method not in {_SETUP, _SETUP_WITH_AUTH}:
            raise Misplaced(f"method {method} is no pair-setup")
        if self._memory.paired:
            raise _Refused(UNAVAILABLE)
        if self._memory.failed_attempts >= _MAX_TRIES:
            raise _Refused(MAX_TRIES)
        if self._claim.owner is not None:
            raise _Refused(BUSY)
        self._claim.owner = self
        fault = self._faults.take("pair_odd", how="zero_salt")
        self._srp = SrpAccessory(self._memory.setup_code, salt=bytes(16) if fault else None)
        for _ in self._srp.work():
            await asyncio.sleep(0)
        self._setup_due = 3
        salt = (SALT, self._srp.salt)
        return self._say(2, [(PUBLIC_KEY, self._srp.public_key), salt])

    async def _judge(self, items: dict[int, bytes]) -> bytes:
        _need(3, items, PUBLIC_KEY, PROOF)
        srp = self._srp
        assert srp is not None
        try:
            for _ in srp.verify(items[PUBLIC_KEY], items[PROOF]):
                await asyncio.sleep(0)
        except VendorError as err:
            self._memory.failed_attempts += 1
            raise _Refused(AUTHENTICATION, "the setup code is wrong") from err
        self._memory.failed_attempts = 0
        self._secret = srp.session_key
        self._setup_due = 5
        proof = srp.proof
        if self._faults.take("pair_odd", how="proof"):
            proof = bytes(64)
        told = [(PROOF, proof)]
        if self._faults.take("pair_odd", how="certificate"):
            told.append((ENCRYPTED_DATA, os.urandom(_CERTIFICATE_BYTES)))
        return self._say(4, told)

    def _admit(self, items: dict[int, bytes]) -> bytes:
        _need(5, items, ENCRYPTED_DATA)
        secret = self._secret
        key = hkdf(secret, b"Pair-Setup-Encrypt-Salt", b"Pair-Setup-Encrypt-Info")
        told = _opened(key, b"PS-Msg05", items, IDENTIFIER, PUBLIC_KEY, SIGNATURE)
        signed = hkdf(
            secret, b"Pair-Setup-Controller-Sign-Salt", b"Pair-Setup-Controller-Sign-Info"
        )
        signed += told[IDENTIFIER] + told[PUBLIC_KEY]
        _check_signature(told[PUBLIC_KEY], told[SIGNATURE], signed)
        if not 0 < len(told[IDENTIFIER]) <= _MAX_ID_BYTES:
            raise _Refused(AUTHENTICATION, "the controller's id is too long")
        self._memory.controllers[_name(told[IDENTIFIER])] = Controller(told[PUBLIC_KEY], admin=True)
        self.paired = True
        return self._say(6, [(ENCRYPTED_DATA, self._introduction(key, secret))])

    def _introduction(self, key: bytes, secret: bytes) -> bytes:
        """Say who the accessory is."""
        signer = self._memory.signing_key
        ours = self._memory.device_id.encode()
        signed = hkdf(secret, b"Pair-Setup-Accessory-Sign-Salt", b"Pair-Setup-Accessory-Sign-Info")
        signature = signer.sign(signed + ours + signer.public_key)
        public_key = signer.public_key
        if self._faults.take("pair_odd", how="signature"):
            signature = bytes(64)
        if self._faults.take("pair_odd", how="zero_key"):  # §3.4: CozyLife
            public_key = bytes(_KEY_BYTES)
        if self._faults.take("pair_odd", how="tag"):
            key = bytes(_KEY_BYTES)
        said = [(IDENTIFIER, ours), (PUBLIC_KEY, public_key), (SIGNATURE, signature)]
        return seal(key, _NONCE % b"PS-Msg06", encode(said))

    def _say(self, number: int, items: Items) -> bytes:
        """Give an answer, as odd as it was asked for."""
        step = f"M{number}"
        if self._faults.take("pair_odd", how="no_state", step=step):
            return encode(items)
        if self._faults.take("pair_odd", how="other_state", step=step):
            number += 1
        if self._faults.take("pair_odd", how="unknown_items", step=step):
            items = [(0x7E, b"?" * 300), *items]
        return _state(number, *items)

    # --- pair-verify ---------------------------------------------------------------------------

    def verify(self, body: bytes) -> bytes:
        """Answer a message of pair-verify; ``established`` is set when it was the last one. Raises Misplaced."""
        self.complaint = ""
        due, self._verify_due = self._verify_due, 1
        number, items = _read(body, {1, due})
        try:
            if fault := self._faults.take("verify", step=f"M{number + 1}", how="error"):
                raise _Refused(fault["code"])
            return self._greet(items) if number == 1 else self._recognise(items)
        except _Refused as err:
            self.complaint = str(err)
            return err.answer(number + 1)

    def _greet(self, items: dict[int, bytes]) -> bytes:
        _need(1, items, PUBLIC_KEY)
        theirs = items[PUBLIC_KEY]
        method = int.from_bytes(items.get(METHOD, bytes((_VERIFY,))), "little")
        if len(theirs) != _KEY_BYTES or method != _VERIFY:
            answer = _state(2, (ERROR, bytes((UNKNOWN,))))
            raise Misplaced("the first message of pair-verify is another one", answer)
        exchange = KeyExchange.generate()
        try:
            self._secret = exchange.exchange(theirs)
        except VendorError as err:
            raise Misplaced("the key of pair-verify is none") from err
        self._keys = theirs, exchange.public_key
        said = self._proof(theirs, exchange.public_key)
        self._verify_due = 3
        told = [(PUBLIC_KEY, exchange.public_key), (ENCRYPTED_DATA, said)]
        if self._faults.take("verify", how="no_state"):
            return encode(told)
        return _state(2, *told)

    def _proof(self, theirs: bytes, ephemeral: bytes) -> bytes:
        """Say who the accessory is, as wrongly as it was asked for."""
        signer = self._memory.signing_key
        ours = self._memory.device_id.encode()
        if self._faults.take("verify", how="id"):
            ours = b"00:00:00:00:00:00"
        signature = signer.sign(ephemeral + ours + theirs)
        if self._faults.take("verify", how="signature"):
            signature = bytes(64)
        key = hkdf(self._secret, b"Pair-Verify-Encrypt-Salt", b"Pair-Verify-Encrypt-Info")
        if self._faults.take("verify", how="tag"):
            key = bytes(_KEY_BYTES)
        said = [(IDENTIFIER, ours), (SIGNATURE, signature)]
        return seal(key, _NONCE % b"PV-Msg02", encode(said))

    def _recognise(self, items: dict[int, bytes]) -> bytes:
        _need(3, items, ENCRYPTED_DATA)
        key = hkdf(self._secret, b"Pair-Verify-Encrypt-Salt", b"Pair-Verify-Encrypt-Info")
        told = _opened(key, b"PV-Msg03", items, IDENTIFIER, SIGNATURE)
        name = _name(told[IDENTIFIER])
        controller = self._memory.controllers.get(name)
        if controller is None:
            raise _Refused(AUTHENTICATION)  # removed meanwhile: no fault of the controller's
        theirs, ours = self._keys
        _check_signature(controller.public_key, told[SIGNATURE], theirs + told[IDENTIFIER] + ours)
        write = hkdf(self._secret, b"Control-Salt", b"Control-Read-Encryption-Key")
        read = hkdf(self._secret, b"Control-Salt", b"Control-Write-Encryption-Key")
        self.established = Established(name, read, write)
        return _state(4)


@dataclass(slots=True)
class Claim:
    """Who is pairing: one controller at a time."""

    owner: Exchange | None = None


def _opened(key: bytes, nonce: bytes, items: dict[int, bytes], *needed: int) -> dict[int, bytes]:
    try:
        told = dict(reversed(decode(open_sealed(key, _NONCE % nonce, items[ENCRYPTED_DATA]))))
    except VendorError as err:
        raise _Refused(AUTHENTICATION, f"{nonce.decode()} cannot be opened") from err
    if any(kind not in told for kind in needed):
        raise _Refused(AUTHENTICATION, f"{nonce.decode()} lacks an item")
    return told


def _check_signature(public_key: bytes, signature: bytes, signed: bytes) -> None:
    try:
        verify(public_key, signature, signed)
    except (VendorError, ValueError) as err:
        raise _Refused(AUTHENTICATION, "the controller's signature is wrong") from err


def _name(identifier: bytes) -> str:
    return identifier.decode("utf-8", "surrogateescape")


# --- the list of pairings -------------------------------------------------------------------------


def pairings(memory: Memory, body: bytes, *, admin: bool, room: int) -> bytes:
    """Answer a request about other controllers; ``room`` is for how many there is. Raises Misplaced."""
    number, items = _read(body, {1})
    _need(number, items, METHOD)
    method = items[METHOD][0] if items[METHOD] else 0
    if method not in {_ADD, _REMOVE, _LIST}:
        raise Misplaced(f"method {method} is not about pairings")
    if not admin:
        return _state(2, (ERROR, bytes((AUTHENTICATION,))))
    if method == _LIST:
        return _state(2, *_listed(memory))
    _need(number, items, IDENTIFIER)
    name = _name(items[IDENTIFIER])
    code = 0
    if method == _REMOVE:
        memory.controllers.pop(name, None)
    else:
        _need(number, items, PUBLIC_KEY, PERMISSIONS)
        code = _add(memory, name, items, room)
    memory.keep_admins()
    return _state(2, (ERROR, bytes((code,)))) if code else _state(2)


def _listed(memory: Memory) -> Items:
    items: Items = []
    for name, controller in memory.controllers.items():
        if items:
            items.append((SEPARATOR, b""))
        items += [
            (IDENTIFIER, name.encode("utf-8", "surrogateescape")),
            (PUBLIC_KEY, controller.public_key),
            (PERMISSIONS, bytes((controller.admin,))),
        ]
    return items


def _add(memory: Memory, name: str, items: dict[int, bytes], room: int) -> int:
    """Add a controller, or change what it may; gives an error, 0 for none."""
    known = memory.controllers.get(name)
    if len(items[PUBLIC_KEY]) != _KEY_BYTES:
        raise Misplaced("a controller's key has another length")
    if known is not None and known.public_key != items[PUBLIC_KEY]:
        return UNKNOWN
    if known is None and len(memory.controllers) >= room:
        return MAX_PEERS
    admin = bool(items[PERMISSIONS] and items[PERMISSIONS][0] & 1)
    memory.controllers[name] = Controller(items[PUBLIC_KEY], admin)
    return 0
