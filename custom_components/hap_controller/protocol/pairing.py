"""How controller and accessory come to trust each other: pair-setup, pair-verify, the list of pairings.

Both roles, without a transport: a message goes in, a message comes out, and when nothing more is to be said there is a
result. TCP, Bluetooth and CoAP carry the same messages. Source: docs/hap_controller/wire.md §3, §4, §7.6.

Pair-setup computes for a while. What takes long is ``Work``: a generator that stops whenever the loop may have a turn.
``complete`` does it all at once, ``take_turns`` lets others run in between.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
import os
from typing import Final
from uuid import UUID

from .const import (
    CONTROL_READ,
    CONTROL_WRITE,
    KEY_BYTES,
    MAX_IDENTIFIER_BYTES,
    MAX_TRIES,
    MIN_PAIRINGS,
    RESUME_M1_NONCE,
    RESUME_M2_NONCE,
    RESUME_REQUEST_INFO,
    RESUME_RESPONSE_INFO,
    RESUME_SECRET_INFO,
    RESUME_SESSION_ID,
    SETUP_ACCESSORY_SIGN,
    SETUP_CONTROLLER_SIGN,
    SETUP_ENCRYPT,
    SETUP_M5_NONCE,
    SETUP_M6_NONCE,
    TRANSIENT_READ,
    TRANSIENT_WRITE,
    VERIFY_ENCRYPT,
    VERIFY_M2_NONCE,
    VERIFY_M3_NONCE,
    ControllerPermission,
    Derivation,
    FeatureFlag,
    Method,
    PairingErrorCode,
    SetupFlag,
    State,
    TlvType,
)
from .crypto import KeyExchange, Random, SigningKey, hkdf, open_sealed, seal, verify
from .errors import SessionRefusedError, VendorError
from .records import PairingKeys
from .refusals import (
    AuthTagError,
    IllegalKeyError,
    NotAdminError,
    PairingLostError,
    PairingMessageError,
    PairingRefusedError,
    WrongAccessoryError,
    setup_refusal,
)
from .srp import SrpAccessory, SrpController
from .tlv8 import Tlv, decode, encode, integer, split_records

_NO_FLAGS: Final = SetupFlag(0)
SESSION_ID_BYTES: Final = 8
# Accessory ids seen have 17 characters.
MAX_ACCESSORY_ID_BYTES: Final = 64
# hap-ble §8.4: how many sessions an accessory can take up again.
MAX_RESUMABLE: Final = 16

type Items = Iterable[tuple[int, bytes]]

# --- work that takes long -----------------------------------------------------------------------


class Need(Enum):
    """Why work stops in between."""

    TURN = auto()
    """Others may have the loop."""
    STORE = auto()
    """The register of pairings changed: it must be stored now. An OSError thrown in takes the change back."""


type Work[T] = Generator[Need, None, T]
"""Something to be done in slices of a few milliseconds; see ``complete`` and ``take_turns``."""


def complete[T](work: Work[T]) -> T:
    """Do all work at once; nothing is stored."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]  # the type does not reach the exception


async def take_turns[T](work: Work[T], store: Callable[[], Awaitable[None]] | None = None) -> T:
    """Do work while others have their turns; ``store`` stores the register, or raises OSError."""
    try:
        need = next(work)
        while True:
            if need is Need.STORE and store is not None:
                try:
                    await store()
                except OSError as err:
                    need = work.throw(err)
                    continue
            else:
                await asyncio.sleep(0)
            need = next(work)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]  # the type does not reach the exception
    finally:
        work.close()


# --- results ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SessionKeys:
    """What a session is sealed with, in the words of the one who holds it."""

    read_key: bytes = field(repr=False)
    """Opens what the other one writes."""
    write_key: bytes = field(repr=False)
    shared_secret: bytes = field(repr=False)
    """Other keys derive from it: those of events, broadcasts and of a session taken up again."""
    session_id: bytes | None = field(default=None, repr=False)
    """Given when the session was itself taken up again; see ``resumption``."""

    @property
    def resumption(self) -> Resumption:
        """What it takes to take up the session on another connection (Bluetooth only)."""
        session_id = self.session_id or hkdf(
            self.shared_secret, *RESUME_SESSION_ID, length=SESSION_ID_BYTES
        )
        return Resumption(session_id, self.shared_secret)


@dataclass(frozen=True, slots=True)
class Resumption:
    """A session that can be taken up again (§4.3)."""

    session_id: bytes = field(repr=False)
    shared_secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pairing:
    """A controller that an accessory knows."""

    controller_id: str
    """Compared byte by byte; bytes that are no UTF-8 survive as surrogates."""
    public_key: bytes
    permissions: ControllerPermission

    @property
    def admin(self) -> bool:
        """Whether it may add, remove and list pairings."""
        return ControllerPermission.ADMIN in self.permissions


def _session_keys(
    secret: bytes,
    *,
    accessory: bool,
    read: Derivation = CONTROL_READ,
    write: Derivation = CONTROL_WRITE,
    session_id: bytes | None = None,
) -> SessionKeys:
    """Derive the keys of both directions; "read" and "write" are the controller's words (§4)."""
    keys = hkdf(secret, *read), hkdf(secret, *write)
    read_key, write_key = reversed(keys) if accessory else keys
    return SessionKeys(read_key, write_key, secret, session_id)


# --- messages -----------------------------------------------------------------------------------

type _Table = Mapping[State, tuple[TlvType, ...]]

# What each message cannot do without. Odd ones are the controller's.
_SETUP: Final[_Table] = {
    State.M1: (),
    State.M2: (TlvType.PUBLIC_KEY, TlvType.SALT),
    State.M3: (TlvType.PUBLIC_KEY, TlvType.PROOF),
    State.M4: (TlvType.PROOF,),
    State.M5: (TlvType.ENCRYPTED_DATA,),
    State.M6: (TlvType.ENCRYPTED_DATA,),
}
_VERIFY: Final[_Table] = {
    State.M1: (TlvType.PUBLIC_KEY,),
    State.M2: (TlvType.PUBLIC_KEY, TlvType.ENCRYPTED_DATA),
    State.M3: (TlvType.ENCRYPTED_DATA,),
    State.M4: (),
}
_RESUME: Final[_Table] = {
    State.M1: (TlvType.PUBLIC_KEY, TlvType.SESSION_ID, TlvType.ENCRYPTED_DATA),
    State.M2: (TlvType.SESSION_ID, TlvType.ENCRYPTED_DATA),
}
_PAIRINGS: Final[_Table] = {State.M1: (TlvType.METHOD,), State.M2: ()}
_INTRODUCTION: Final = (TlvType.IDENTIFIER, TlvType.SIGNATURE)


class MisplacedMessageError(PairingMessageError):
    """The other one sent a message that is not due or lacks an item; ``answer`` says so (§3.6: with HTTP code 400)."""

    def __init__(self, message: str, answer: bytes) -> None:
        """Keep what to answer."""
        super().__init__(message)
        self.answer = answer


class _RefusedError(Exception):
    """The accessory role refuses what was asked, by the table of §2.5."""

    def __init__(self, code: PairingErrorCode) -> None:
        super().__init__(code)
        self.code = code


def _message(state: State, *items: tuple[int, bytes]) -> bytes:
    return encode([(TlvType.STATE, bytes((state,))), *items])


def _number(value: bytes | None) -> int:
    """Read an item that holds a little number; an absent or empty one is 0."""
    return int.from_bytes(value or b"", "little")


def _flags_item(flags: SetupFlag) -> list[tuple[int, bytes]]:
    """Write flags as short as they go (§2.3)."""
    return [(TlvType.FLAGS, integer(flags))] if flags else []


def _need(tlv: Tlv, types: Iterable[TlvType]) -> None:
    for type_ in types:
        if type_ not in tlv:
            raise PairingMessageError(f"a pairing message lacks {type_.name}")


def _sized(tlv: Tlv, type_: TlvType, length: int = KEY_BYTES) -> bytes:
    value = tlv[type_]
    if len(value) != length:
        raise PairingMessageError(f"{type_.name} has {len(value)} bytes instead of {length}")
    return value


def _read_answer(data: bytes, due: State | None, refusal: Callable[[int, Tlv], VendorError]) -> Tlv:
    """Read what an accessory answers; raises what ``refusal`` makes of an Error item, wherever that stands.

    A missing State is taken for the right one: some accessories leave it out (§2.2).
    """
    if due is None:
        raise PairingMessageError("a pairing message came when none was due")
    tlv = Tlv.decode(data)
    if TlvType.ERROR in tlv:
        raise refusal(_number(tlv[TlvType.ERROR]), tlv)
    if TlvType.STATE in tlv and tlv[TlvType.STATE] != bytes((due,)):
        raise PairingMessageError(f"pairing message {due.name} was due, another one came")
    return tlv


def _read_request(data: bytes, table: _Table, due: tuple[State, ...]) -> tuple[State, Tlv]:
    """Read what a controller asks; raises TlvError, and MisplacedMessageError with what to answer."""
    tlv = Tlv.decode(data)
    number = _number(tlv.get(TlvType.STATE))
    try:
        if number not in due:
            raise PairingMessageError(f"pairing message {number} is not due")
        _need(tlv, table[State(number)])
    except PairingMessageError as err:
        raise _misplaced(str(err), number) from err
    return State(number), tlv


def _misplaced(message: str, number: int) -> MisplacedMessageError:
    answer = encode(
        [
            (TlvType.STATE, bytes((number + 1 & 0xFF,))),
            (TlvType.ERROR, bytes((PairingErrorCode.UNKNOWN,))),
        ]
    )
    return MisplacedMessageError(message, answer)


def _refusal(state: State, code: PairingErrorCode) -> bytes:
    return _message(state, (TlvType.ERROR, bytes((code,))))


def _introduce(
    key: bytes, nonce: bytes, signing_key: SigningKey, parts: tuple[bytes, str, bytes], items: Items
) -> bytes:
    """Say under seal who we are; ``parts`` are what is signed, our identifier amid."""
    before, name, after = parts
    identifier = _identifier(name)
    signature = signing_key.sign(before + identifier + after)
    introduction = encode(
        [(TlvType.IDENTIFIER, identifier), *items, (TlvType.SIGNATURE, signature)]
    )
    return seal(key, nonce, introduction)


def _introduced(key: bytes, nonce: bytes, data: bytes, needed: tuple[TlvType, ...]) -> Tlv:
    """Open what the other one says of itself; nothing in it is verified yet."""
    tlv = Tlv.decode(open_sealed(key, nonce, data))
    _need(tlv, needed)
    return tlv


def _identifier(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _name(identifier: bytes) -> str:
    return identifier.decode("utf-8", "surrogateescape")


# --- pair-setup, controller ---------------------------------------------------------------------


def setup_method(feature_flags: int) -> Method:
    """Choose the method by what an accessory announces as ``ff`` (§3.4)."""
    if feature_flags & FeatureFlag.HARDWARE_AUTH:
        return Method.PAIR_SETUP_WITH_AUTH
    return Method.PAIR_SETUP


def _setup_refusal(code: int, tlv: Tlv) -> PairingRefusedError:
    delay = tlv.get(TlvType.RETRY_DELAY)
    return setup_refusal(code, retry_after_s=None if delay is None else _number(delay))


class PairSetupController:
    """One attempt to pair, as the controller.

    ``start()`` gives M1. M2 is answered at once when the code is known from the start; otherwise ``awaits_code`` turns
    true, since some accessories show their code only then, and ``enter_code`` gives M3. After M6 ``result`` holds the
    new pairing; with ``SetupFlag.TRANSIENT`` M4 is the last message and ``session`` the result (§3.5). Any error ends
    the attempt: another one starts with a new object, on a new connection.
    """

    def __init__(
        self,
        *,
        code: str | None = None,
        method: Method = Method.PAIR_SETUP,
        flags: SetupFlag = _NO_FLAGS,
        controller_id: str | None = None,
        signing_key: SigningKey | None = None,
        random: Random = os.urandom,
    ) -> None:
        """Prepare; ``code`` is dashed. Identity and key are made up for this pairing unless they are given."""
        self.result: PairingKeys | None = None
        self.session: SessionKeys | None = None
        self._code = code
        self._method = method
        self._flags = flags if method is Method.PAIR_SETUP else _NO_FLAGS
        self._random = random
        self._id = controller_id or str(UUID(bytes=random(16), version=4))
        self._signing_key = signing_key or SigningKey.generate(random)
        self._due: State | None = None
        self._challenge: tuple[bytes, bytes] | None = None
        self._srp: SrpController | None = None
        self._key = b""

    @property
    def awaits_code(self) -> bool:
        """Whether ``enter_code`` is what comes next."""
        return self._challenge is not None

    @property
    def done(self) -> bool:
        """Whether the attempt came to its good end."""
        return self.result is not None or self.session is not None

    def start(self) -> bytes:
        """Give M1."""
        self._due = State.M2
        method = (TlvType.METHOD, bytes((self._method,)))
        return _message(State.M1, method, *_flags_item(self._flags))

    def receive(self, data: bytes) -> bytes | None:
        """Take a message and give the next one; None when it is not up to us. Raises as ``answer``."""
        return complete(self.answer(data))

    def enter_code(self, code: str) -> bytes:
        """Give M3, which proves that the code is known. Raises as ``prove``."""
        return complete(self.prove(code))

    def answer(self, data: bytes) -> Work[bytes | None]:
        """Take a message and give the next one, in slices.

        Raises PairingRefusedError when the accessory refuses or could not prove that it knows the code, and LinkError
        when it says something that cannot be.
        """
        due, self._due = self._due, None  # whatever goes wrong from here on is the end
        tlv = _read_answer(data, due, _setup_refusal)
        assert due is not None
        _need(tlv, _SETUP[due])
        match due:
            case State.M2:
                self._challenge = tlv[TlvType.SALT], tlv[TlvType.PUBLIC_KEY]
                return (yield from self.prove(self._code)) if self._code is not None else None
            case State.M4:
                return self._identify(tlv)
            case _:
                self.result = self._meet(tlv)
                return None

    def prove(self, code: str) -> Work[bytes]:
        """Give M3, in slices; raises IllegalKeyError when no honest accessory says what this one did."""
        if self._challenge is None:
            raise RuntimeError("the accessory did not ask for the code yet")
        (salt, public_key), self._challenge, self._code = self._challenge, None, None
        self._srp = SrpController(code, salt, public_key, self._random)
        for _ in self._srp.work():
            yield Need.TURN
        self._due = State.M4
        return _message(
            State.M3,
            (TlvType.PUBLIC_KEY, self._srp.public_key),
            (TlvType.PROOF, self._srp.proof),
        )

    def _identify(self, tlv: Tlv) -> bytes | None:
        """Answer M4; the certificate that some send with it is nothing we could judge (§3.3)."""
        assert self._srp is not None
        self._srp.verify(tlv[TlvType.PROOF])
        secret, self._srp = self._srp.session_key, None
        if SetupFlag.TRANSIENT in self._flags:
            self.session = _session_keys(
                secret, accessory=False, read=TRANSIENT_READ, write=TRANSIENT_WRITE
            )
            return None
        self._key = secret
        public_key = self._signing_key.public_key
        introduction = _introduce(
            hkdf(secret, *SETUP_ENCRYPT),
            SETUP_M5_NONCE,
            self._signing_key,
            (hkdf(secret, *SETUP_CONTROLLER_SIGN), self._id, public_key),
            [(TlvType.PUBLIC_KEY, public_key)],
        )
        self._due = State.M6
        return _message(State.M5, (TlvType.ENCRYPTED_DATA, introduction))

    def _meet(self, tlv: Tlv) -> PairingKeys:
        """Take M6, in which the accessory says who it is."""
        secret, self._key = self._key, b""
        introduction = _introduced(
            hkdf(secret, *SETUP_ENCRYPT),
            SETUP_M6_NONCE,
            tlv[TlvType.ENCRYPTED_DATA],
            (*_INTRODUCTION, TlvType.PUBLIC_KEY),
        )
        identifier = introduction[TlvType.IDENTIFIER]
        public_key = _sized(introduction, TlvType.PUBLIC_KEY)
        if not 0 < len(identifier) <= MAX_ACCESSORY_ID_BYTES:
            raise PairingMessageError(f"an accessory id of {len(identifier)} bytes")
        try:
            accessory_id = identifier.decode()
        except UnicodeDecodeError as err:
            raise PairingMessageError("the accessory id is no text") from err
        signed = hkdf(secret, *SETUP_ACCESSORY_SIGN) + identifier + public_key
        verify(public_key, introduction[TlvType.SIGNATURE], signed)
        return PairingKeys(
            accessory_id=accessory_id,
            accessory_ltpk=public_key,
            controller_id=self._id,
            controller_ltsk=self._signing_key.seed,
            controller_ltpk=self._signing_key.public_key,
        )


# --- pair-verify, controller --------------------------------------------------------------------


class PairVerifyController:
    """Proves on a new connection that both ends are still those that paired, as the controller.

    ``start()`` gives M1, ``receive`` M3, and after M4 ``session`` holds the keys of what follows. With ``resume``, a
    session of before is taken up again where the accessory still knows it: then M2 is the last message (§4.3).
    """

    def __init__(
        self,
        keys: PairingKeys,
        *,
        resume: Resumption | None = None,
        key_exchange: KeyExchange | None = None,
    ) -> None:
        """Prepare; the key of the exchange is made up unless it is given."""
        self.session: SessionKeys | None = None
        self._keys = keys
        self._resume = resume
        self._exchange = key_exchange or KeyExchange.generate()
        self._due: State | None = None
        self._secret = b""

    @property
    def done(self) -> bool:
        """Whether both ends were verified."""
        return self.session is not None

    def start(self) -> bytes:
        """Give M1."""
        self._due = State.M2
        public_key = self._exchange.public_key
        if self._resume is None:
            return _message(State.M1, (TlvType.PUBLIC_KEY, public_key))
        return _message(
            State.M1,
            (TlvType.METHOD, bytes((Method.PAIR_RESUME,))),
            (TlvType.PUBLIC_KEY, public_key),
            (TlvType.SESSION_ID, self._resume.session_id),
            (
                TlvType.ENCRYPTED_DATA,
                seal(_resume_request_key(self._resume, public_key), RESUME_M1_NONCE, b""),
            ),
        )

    def receive(self, data: bytes) -> bytes | None:
        """Take a message and give the next one, None when none is due.

        Raises PairingLostError when the accessory does not know us any more, WrongAccessoryError and SignatureError
        when it is not the one we paired with, PairingRefusedError when it refuses for another reason, and LinkError
        when it says something that cannot be.
        """
        due, self._due = self._due, None
        tlv = _read_answer(data, due, self._refusal)
        if due is State.M4:
            self.session = _session_keys(self._secret, accessory=False)
            self._secret = b""
            return None
        if self._resume is not None and _number(tlv.get(TlvType.METHOD)) == Method.PAIR_RESUME:
            self.session = self._resumed(self._resume, tlv)
            return None
        return self._prove(tlv)

    def _refusal(self, code: int, tlv: Tlv) -> VendorError:
        if code != PairingErrorCode.AUTHENTICATION:
            return _setup_refusal(code, tlv)
        if self._resume is not None:
            return SessionRefusedError("the accessory does not take the session up again")
        return PairingLostError("the accessory does not know this controller any more")

    def _prove(self, tlv: Tlv) -> bytes:
        """Answer M2, in which the accessory says who it is."""
        _need(tlv, _VERIFY[State.M2])
        theirs = _sized(tlv, TlvType.PUBLIC_KEY)
        ours = self._exchange.public_key
        self._secret = self._exchange.exchange(theirs)
        key = hkdf(self._secret, *VERIFY_ENCRYPT)
        introduction = _introduced(key, VERIFY_M2_NONCE, tlv[TlvType.ENCRYPTED_DATA], _INTRODUCTION)
        identifier = introduction[TlvType.IDENTIFIER]
        if identifier != _identifier(self._keys.accessory_id):
            raise WrongAccessoryError("another accessory answers at this address")
        signed = theirs + identifier + ours
        verify(self._keys.accessory_ltpk, introduction[TlvType.SIGNATURE], signed)
        introduction_of_ours = _introduce(
            key,
            VERIFY_M3_NONCE,
            SigningKey(self._keys.controller_ltsk),
            (ours, self._keys.controller_id, theirs),
            (),
        )
        self._due = State.M4
        return _message(State.M3, (TlvType.ENCRYPTED_DATA, introduction_of_ours))

    def _resumed(self, resume: Resumption, tlv: Tlv) -> SessionKeys:
        """Take M2 by which the accessory takes up the session of before."""
        _need(tlv, _RESUME[State.M2])
        session_id = _sized(tlv, TlvType.SESSION_ID, SESSION_ID_BYTES)
        salt = self._exchange.public_key + session_id
        key = hkdf(resume.shared_secret, salt, RESUME_RESPONSE_INFO)
        open_sealed(key, RESUME_M2_NONCE, tlv[TlvType.ENCRYPTED_DATA])
        secret = hkdf(resume.shared_secret, salt, RESUME_SECRET_INFO)
        return _session_keys(secret, accessory=False, session_id=session_id)


def _resume_request_key(resume: Resumption, public_key: bytes) -> bytes:
    return hkdf(resume.shared_secret, public_key + resume.session_id, RESUME_REQUEST_INFO)


# --- what an accessory knows --------------------------------------------------------------------


@dataclass(slots=True)
class Register:
    """Who an accessory is and which controllers it knows; shared by all its connections.

    Whoever drives the work of the accessory role stores it on ``Need.STORE``: before the answer leaves, so that
    neither a pairing nor a failed attempt is forgotten by a restart.
    """

    accessory_id: str
    setup_code: str = field(repr=False)
    """Dashed."""
    signing_key: SigningKey | None = field(default=None, repr=False)
    """Made up at the first pairing, kept from then on."""
    pairings: dict[str, Pairing] = field(default_factory=dict)
    failed_attempts: int = 0
    """Since the last good one (§3.6)."""
    max_pairings: int = MIN_PAIRINGS
    split: tuple[bytes, int] | None = field(default=None, repr=False)
    """Salt and verifier kept for the second part of a split setup (§3.5); not stored."""
    claimant: object | None = field(default=None, repr=False)
    """Which exchange is pairing; there may be one at a time."""

    @property
    def paired(self) -> bool:
        """Whether any controller is known."""
        return bool(self.pairings)

    def keep_admins(self) -> None:
        """Forget all controllers when none of them is an administrator (§12.6)."""
        if not any(pairing.admin for pairing in self.pairings.values()):
            self.pairings.clear()


class ResumableSessions:
    """The sessions that an accessory can take up again; the oldest is forgotten, each serves once."""

    def __init__(self, capacity: int = MAX_RESUMABLE) -> None:
        """Begin with none."""
        self._capacity = capacity
        self._sessions: OrderedDict[bytes, tuple[str, Resumption]] = OrderedDict()

    def keep(self, controller_id: str, resumption: Resumption) -> None:
        """Remember a session."""
        self._sessions[resumption.session_id] = controller_id, resumption
        while len(self._sessions) > self._capacity:
            self._sessions.popitem(last=False)

    def take(self, session_id: bytes) -> tuple[str, Resumption] | None:
        """Give a session and forget it."""
        return self._sessions.pop(session_id, None)


# --- pair-setup, accessory ----------------------------------------------------------------------


class PairSetupAccessory:
    """Pair-setup on one connection, as the accessory.

    Each message gets an answer; M1 begins anew at any time. ``close`` must be called when the connection ends, so
    that others may pair. ``pairing`` is the controller that was added, ``session`` what a transient setup ended with.
    """

    def __init__(self, register: Register, *, random: Random = os.urandom) -> None:
        """Prepare for whatever is asked."""
        self.pairing: Pairing | None = None
        self.session: SessionKeys | None = None
        self._register = register
        self._random = random
        self._due = State.M1
        self._flags = _NO_FLAGS
        self._srp: SrpAccessory | None = None
        self._secret = b""

    @property
    def busy(self) -> bool:
        """Whether a controller is amid pairing here, which keeps all others from it."""
        return self._register.claimant is self

    def close(self) -> None:
        """Abandon what is under way."""
        self._due = State.M1
        self._srp = None
        self._secret = b""
        if self.busy:
            self._register.claimant = None

    def receive(self, data: bytes) -> bytes:
        """Take a message and give the answer; nothing is stored. Raises as ``answer``."""
        return complete(self.answer(data))

    def answer(self, data: bytes) -> Work[bytes]:
        """Take a message and give the answer, in slices.

        Raises TlvError for what cannot be read and MisplacedMessageError for what is not due; either ends the attempt.
        """
        going_on = False
        try:
            state, tlv = _read_request(data, _SETUP, (State.M1, self._due))
            try:
                match state:
                    case State.M1:
                        reply = yield from self._challenge(tlv)
                    case State.M3:
                        reply = yield from self._judge(tlv)
                    case _:
                        reply = yield from self._admit(tlv)
            except _RefusedError as err:
                return _refusal(State(state + 1), err.code)
            going_on = self._due is not State.M1
            return reply
        finally:
            if not going_on:
                self.close()

    def _challenge(self, tlv: Tlv) -> Work[bytes]:
        """Answer M1."""
        register = self._register
        self.close()
        method = _number(tlv.get(TlvType.METHOD))
        if method not in (Method.PAIR_SETUP, Method.PAIR_SETUP_WITH_AUTH):
            raise _misplaced(f"method {method} is no pair-setup", State.M1)
        if register.paired:
            raise _RefusedError(PairingErrorCode.UNAVAILABLE)
        if register.failed_attempts >= MAX_TRIES:
            raise _RefusedError(PairingErrorCode.MAX_TRIES)
        if register.claimant is not None:
            raise _RefusedError(PairingErrorCode.BUSY)
        flags = _NO_FLAGS
        if method == Method.PAIR_SETUP:  # with the other one flags mean nothing
            known = SetupFlag.TRANSIENT | SetupFlag.SPLIT
            flags = known & SetupFlag(_number(tlv.get(TlvType.FLAGS)) & known)
        salt = verifier = None
        if flags == SetupFlag.SPLIT:
            if register.split is None:
                raise _RefusedError(PairingErrorCode.AUTHENTICATION)
            salt, verifier = register.split
        register.claimant = self
        self._flags = flags
        self._srp = SrpAccessory(
            register.setup_code, salt=salt, verifier=verifier, random=self._random
        )
        for _ in self._srp.work():
            yield Need.TURN
        self._due = State.M3
        return _message(
            State.M2,
            (TlvType.PUBLIC_KEY, self._srp.public_key),
            (TlvType.SALT, self._srp.salt),
            *_flags_item(flags),
        )

    def _judge(self, tlv: Tlv) -> Work[bytes]:
        """Answer M3."""
        srp, register = self._srp, self._register
        assert srp is not None
        try:
            for _ in srp.verify(tlv[TlvType.PUBLIC_KEY], tlv[TlvType.PROOF]):
                yield Need.TURN
        except VendorError:
            register.failed_attempts += 1
            yield from self._stored()
            raise _RefusedError(PairingErrorCode.AUTHENTICATION) from None
        if register.failed_attempts:
            register.failed_attempts = 0
            yield from self._stored()
        reply = _message(State.M4, (TlvType.PROOF, srp.proof))
        if SetupFlag.TRANSIENT in self._flags:
            if SetupFlag.SPLIT in self._flags:
                register.split = srp.salt, srp.verifier
            self.session = _session_keys(
                srp.session_key, accessory=True, read=TRANSIENT_READ, write=TRANSIENT_WRITE
            )
            self._due = State.M1
        else:
            self._secret = srp.session_key
            self._due = State.M5
        return reply

    def _admit(self, tlv: Tlv) -> Work[bytes]:
        """Answer M5, in which the controller says who it is."""
        register, secret = self._register, self._secret
        key = hkdf(secret, *SETUP_ENCRYPT)
        try:
            introduction = _introduced(
                key,
                SETUP_M5_NONCE,
                tlv[TlvType.ENCRYPTED_DATA],
                (*_INTRODUCTION, TlvType.PUBLIC_KEY),
            )
            identifier = introduction[TlvType.IDENTIFIER]
            public_key = _sized(introduction, TlvType.PUBLIC_KEY)
            signed = hkdf(secret, *SETUP_CONTROLLER_SIGN) + identifier + public_key
            verify(public_key, introduction[TlvType.SIGNATURE], signed)
        except VendorError:
            raise _RefusedError(PairingErrorCode.AUTHENTICATION) from None
        if not 0 < len(identifier) <= MAX_IDENTIFIER_BYTES:
            raise _RefusedError(PairingErrorCode.AUTHENTICATION)
        if register.signing_key is None:
            register.signing_key = SigningKey.generate(self._random)
        pairing = Pairing(_name(identifier), public_key, ControllerPermission.ADMIN)
        register.pairings[pairing.controller_id] = pairing
        try:
            yield from self._stored()
        except _RefusedError:
            del register.pairings[pairing.controller_id]
            raise
        register.split = None
        self.pairing = pairing
        self._due = State.M1
        ours = register.signing_key.public_key
        reply = _introduce(
            key,
            SETUP_M6_NONCE,
            register.signing_key,
            (hkdf(secret, *SETUP_ACCESSORY_SIGN), register.accessory_id, ours),
            [(TlvType.PUBLIC_KEY, ours)],
        )
        return _message(State.M6, (TlvType.ENCRYPTED_DATA, reply))

    @staticmethod
    def _stored() -> Work[None]:
        """Have the register stored, or refuse without a reason."""
        try:
            yield Need.STORE
        except OSError:
            raise _RefusedError(PairingErrorCode.UNKNOWN) from None


# --- pair-verify, accessory ---------------------------------------------------------------------


class PairVerifyAccessory:
    """Pair-verify on one connection, as the accessory.

    After M4, or M2 of a session taken up again, ``session`` and ``pairing`` are set: what comes next is sealed. A new M1
    begins anew.
    """

    def __init__(
        self,
        register: Register,
        *,
        sessions: ResumableSessions | None = None,
        random: Random = os.urandom,
    ) -> None:
        """Prepare; without ``sessions`` none is taken up again, as over IP."""
        self.session: SessionKeys | None = None
        self.pairing: Pairing | None = None
        self._register = register
        self._sessions = sessions
        self._random = random
        self._due = State.M1
        self._ours = self._theirs = self._secret = b""

    def receive(self, data: bytes) -> bytes:
        """Take a message and give the answer.

        Raises TlvError for what cannot be read and MisplacedMessageError for what is not due; either ends the attempt.
        """
        due, self._due = self._due, State.M1
        self.session = self.pairing = None
        state, tlv = _read_request(data, _VERIFY, (State.M1, due))
        try:
            return self._greet(tlv) if state is State.M1 else self._judge(tlv)
        except _RefusedError as err:
            return _refusal(State(state + 1), err.code)

    def _greet(self, tlv: Tlv) -> bytes:
        """Answer M1."""
        theirs = tlv[TlvType.PUBLIC_KEY]
        method = _number(tlv.get(TlvType.METHOD, bytes((Method.PAIR_VERIFY,))))
        resumes = method == Method.PAIR_RESUME
        if len(theirs) != KEY_BYTES or (resumes and self._sessions is None):
            raise _misplaced("no pair-verify that is understood", State.M1)
        register = self._register
        # Unpaired is told in M4 if it can be: some controllers do not look for an error before, and try for ever.
        if register.signing_key is None:
            raise _RefusedError(PairingErrorCode.AUTHENTICATION)
        if resumes and (reply := self._resumed(theirs, tlv)) is not None:
            return reply
        exchange = KeyExchange.generate(self._random)
        try:
            self._secret = exchange.exchange(theirs)
        except IllegalKeyError as err:
            raise _misplaced("no key of pair-verify", State.M1) from err
        self._ours, self._theirs = exchange.public_key, theirs
        introduction = _introduce(
            hkdf(self._secret, *VERIFY_ENCRYPT),
            VERIFY_M2_NONCE,
            register.signing_key,
            (self._ours, register.accessory_id, theirs),
            (),
        )
        self._due = State.M3
        return _message(
            State.M2,
            (TlvType.PUBLIC_KEY, self._ours),
            (TlvType.ENCRYPTED_DATA, introduction),
        )

    def _judge(self, tlv: Tlv) -> bytes:
        """Answer M3, in which the controller says who it is."""
        secret, self._secret = self._secret, b""
        try:
            introduction = _introduced(
                hkdf(secret, *VERIFY_ENCRYPT),
                VERIFY_M3_NONCE,
                tlv[TlvType.ENCRYPTED_DATA],
                _INTRODUCTION,
            )
            identifier = introduction[TlvType.IDENTIFIER]
            pairing = self._register.pairings[_name(identifier)]
            signed = self._theirs + identifier + self._ours
            verify(pairing.public_key, introduction[TlvType.SIGNATURE], signed)
        except KeyError, VendorError:
            raise _RefusedError(PairingErrorCode.AUTHENTICATION) from None
        self._established(pairing, _session_keys(secret, accessory=True))
        return _message(State.M4)

    def _established(self, pairing: Pairing, session: SessionKeys) -> None:
        self.pairing, self.session = pairing, session
        if self._sessions is not None:
            self._sessions.keep(pairing.controller_id, session.resumption)

    def _resumed(self, theirs: bytes, tlv: Tlv) -> bytes | None:
        """Answer M1 that names a session of before; None when it is not known any more."""
        assert self._sessions is not None
        with suppress(PairingMessageError):
            _need(tlv, _RESUME[State.M1])
            kept = self._sessions.take(tlv[TlvType.SESSION_ID])
            pairing = self._register.pairings.get(kept[0]) if kept else None
            if kept is None or pairing is None:
                return None
            return self._resume(theirs, tlv, pairing, kept[1])
        raise _misplaced("no request to take up a session", State.M1)

    def _resume(self, theirs: bytes, tlv: Tlv, pairing: Pairing, kept: Resumption) -> bytes:
        try:
            open_sealed(
                _resume_request_key(kept, theirs), RESUME_M1_NONCE, tlv[TlvType.ENCRYPTED_DATA]
            )
        except AuthTagError:
            raise _RefusedError(PairingErrorCode.AUTHENTICATION) from None
        session_id = self._random(SESSION_ID_BYTES)
        salt = theirs + session_id
        secret = hkdf(kept.shared_secret, salt, RESUME_SECRET_INFO)
        self._established(pairing, _session_keys(secret, accessory=True, session_id=session_id))
        key = hkdf(kept.shared_secret, salt, RESUME_RESPONSE_INFO)
        return _message(
            State.M2,
            (TlvType.METHOD, bytes((Method.PAIR_RESUME,))),
            (TlvType.SESSION_ID, session_id),
            (TlvType.ENCRYPTED_DATA, seal(key, RESUME_M2_NONCE, b"")),
        )


# --- the list of pairings -----------------------------------------------------------------------


def add_pairing(controller_id: str, public_key: bytes, permissions: ControllerPermission) -> bytes:
    """Ask an accessory to know another controller, or to change what a known one may."""
    return _message(
        State.M1,
        (TlvType.METHOD, bytes((Method.ADD_PAIRING,))),
        (TlvType.IDENTIFIER, _identifier(controller_id)),
        (TlvType.PUBLIC_KEY, public_key),
        (TlvType.PERMISSIONS, bytes((permissions,))),
    )


def remove_pairing(controller_id: str) -> bytes:
    """Ask an accessory to forget a controller; it agrees also when it does not know it."""
    return _message(
        State.M1,
        (TlvType.METHOD, bytes((Method.REMOVE_PAIRING,))),
        (TlvType.IDENTIFIER, _identifier(controller_id)),
    )


def list_pairings() -> bytes:
    """Ask an accessory which controllers it knows."""
    return _message(State.M1, (TlvType.METHOD, bytes((Method.LIST_PAIRINGS,))))


def read_pairings(data: bytes) -> list[Pairing]:
    """Read the answer to any of the three requests; gives the controllers if it lists them.

    Raises NotAdminError and what else stands below PairingRefusedError, TlvError and PairingMessageError.
    """
    _read_answer(data, State.M2, _pairings_refusal)
    return [
        Pairing(
            _name(record[TlvType.IDENTIFIER]),
            record[TlvType.PUBLIC_KEY],
            ControllerPermission(_number(record.get(TlvType.PERMISSIONS)) & 1),
        )
        for record in map(Tlv, split_records(decode(data)))
        if TlvType.PUBLIC_KEY in record
    ]


def _pairings_refusal(code: int, tlv: Tlv) -> PairingRefusedError:
    if code == PairingErrorCode.AUTHENTICATION:
        return NotAdminError("the accessory lets only administrators do this", code)
    return _setup_refusal(code, tlv)


def answer_pairings(register: Register, data: bytes, *, admin: bool) -> Work[bytes]:
    """Answer any of the three requests of a controller, as the accessory; ``admin`` is what it may as of now.

    Afterwards ``register`` tells whose connections must end: those of controllers that it does not hold any more.
    Raises TlvError for what cannot be read and MisplacedMessageError for what is no such request.
    """
    _, tlv = _read_request(data, _PAIRINGS, (State.M1,))
    method = _number(tlv[TlvType.METHOD])
    if method not in (Method.ADD_PAIRING, Method.REMOVE_PAIRING, Method.LIST_PAIRINGS):
        raise _misplaced(f"method {method} is not about pairings", State.M1)
    if not admin:
        return _refusal(State.M2, PairingErrorCode.AUTHENTICATION)
    if method == Method.LIST_PAIRINGS:
        return _message(State.M2, *_listed(register))
    before = dict(register.pairings)
    try:
        try:
            if method == Method.ADD_PAIRING:
                _add(register, tlv)
            else:
                _need(tlv, (TlvType.IDENTIFIER,))
                register.pairings.pop(_name(tlv[TlvType.IDENTIFIER]), None)
        except PairingMessageError as err:
            raise _misplaced(str(err), State.M1) from err
        register.keep_admins()
        if register.pairings != before:
            yield Need.STORE
    except _RefusedError as err:
        return _refusal(State.M2, err.code)
    except OSError:
        register.pairings = before
        return _refusal(State.M2, PairingErrorCode.UNKNOWN)
    return _message(State.M2)


def _listed(register: Register) -> Items:
    for index, pairing in enumerate(register.pairings.values()):
        if index:
            yield TlvType.SEPARATOR, b""
        yield TlvType.IDENTIFIER, _identifier(pairing.controller_id)
        yield TlvType.PUBLIC_KEY, pairing.public_key
        yield TlvType.PERMISSIONS, bytes((pairing.permissions,))


def _add(register: Register, tlv: Tlv) -> None:
    """Add a controller or change what it may (§7.6)."""
    _need(tlv, (TlvType.IDENTIFIER, TlvType.PUBLIC_KEY, TlvType.PERMISSIONS))
    identifier, public_key = tlv[TlvType.IDENTIFIER], _sized(tlv, TlvType.PUBLIC_KEY)
    if not 0 < len(identifier) <= MAX_IDENTIFIER_BYTES:
        raise PairingMessageError("no identity of a controller")
    name = _name(identifier)
    known = register.pairings.get(name)
    if known is not None and known.public_key != public_key:
        raise _RefusedError(PairingErrorCode.UNKNOWN)
    if known is None and len(register.pairings) >= register.max_pairings:
        raise _RefusedError(PairingErrorCode.MAX_PEERS)
    permissions = ControllerPermission(_number(tlv[TlvType.PERMISSIONS]) & 1)
    register.pairings[name] = Pairing(name, public_key, permissions)
