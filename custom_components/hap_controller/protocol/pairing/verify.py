"""Pair-verify: both ends prove on a new connection that they are still those that paired. Both roles.

Source: docs/hap_controller/wire.md §4.
"""

from contextlib import suppress
import os
from typing import Final

from ..const import (
    KEY_BYTES,
    RESUME_M1_NONCE,
    RESUME_M2_NONCE,
    RESUME_REQUEST_INFO,
    RESUME_RESPONSE_INFO,
    RESUME_SECRET_INFO,
    VERIFY_ENCRYPT,
    VERIFY_M2_NONCE,
    VERIFY_M3_NONCE,
    Method,
    PairingErrorCode,
    State,
    TlvType,
)
from ..crypto import KeyExchange, Random, SigningKey, hkdf, open_sealed, seal, verify
from ..errors import SessionRefusedError, VendorError
from ..records import HalfKeys, PairingKeys
from ..refusals import (
    AuthTagError,
    IllegalKeyError,
    PairingLostError,
    PairingMessageError,
    WrongAccessoryError,
)
from ..tlv8 import Tlv
from .keys import SESSION_ID_BYTES, Resumption, SessionKeys, session_keys
from .messages import (
    INTRODUCTION,
    RefusalError,
    Table,
    identifier_of,
    introduce,
    introduced,
    misplaced,
    name_of,
    number_of,
    pairing_refusal,
    read_answer,
    read_request,
    require,
    sized,
    write_message,
    write_refusal,
)
from .register import Pairing, Register, ResumableSessions

_VERIFY: Final[Table] = {
    State.M1: (TlvType.PUBLIC_KEY,),
    State.M2: (TlvType.PUBLIC_KEY, TlvType.ENCRYPTED_DATA),
    State.M3: (TlvType.ENCRYPTED_DATA,),
    State.M4: (),
}
_RESUME: Final[Table] = {
    State.M1: (TlvType.PUBLIC_KEY, TlvType.SESSION_ID, TlvType.ENCRYPTED_DATA),
    State.M2: (TlvType.SESSION_ID, TlvType.ENCRYPTED_DATA),
}


def _resume_request_key(resume: Resumption, public_key: bytes) -> bytes:
    return hkdf(resume.shared_secret, public_key + resume.session_id, RESUME_REQUEST_INFO)


# --- controller ---------------------------------------------------------------------------------


class PairVerifyController:
    """Proves on a new connection that both ends are still those that paired, as the controller.

    ``start()`` gives M1, ``receive`` M3, and after M4 ``session`` holds the keys of what follows. With ``resume``, a
    session of before is taken up again where the accessory still knows it: then M2 is the last message (§4.3). With
    ``HalfKeys`` the accessory proves nothing.
    """

    def __init__(
        self,
        keys: PairingKeys | HalfKeys,
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
            return write_message(State.M1, (TlvType.PUBLIC_KEY, public_key))
        return write_message(
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
        tlv = read_answer(data, due, self._refusal)
        if due is State.M4:
            self.session = session_keys(self._secret, accessory=False)
            self._secret = b""
            return None
        if self._resume is not None and number_of(tlv.get(TlvType.METHOD)) == Method.PAIR_RESUME:
            self.session = self._resumed(self._resume, tlv)
            return None
        return self._prove(tlv)

    def _refusal(self, code: int, tlv: Tlv) -> VendorError:
        if code != PairingErrorCode.AUTHENTICATION:
            return pairing_refusal(code, tlv)
        if self._resume is not None:
            return SessionRefusedError("the accessory does not take the session up again")
        return PairingLostError("the accessory does not know this controller any more")

    def _prove(self, tlv: Tlv) -> bytes:
        """Answer M2, in which the accessory says who it is."""
        require(tlv, _VERIFY[State.M2])
        theirs = sized(tlv, TlvType.PUBLIC_KEY)
        ours = self._exchange.public_key
        self._secret = self._exchange.exchange(theirs)
        key = hkdf(self._secret, *VERIFY_ENCRYPT)
        introduction = introduced(key, VERIFY_M2_NONCE, tlv[TlvType.ENCRYPTED_DATA], INTRODUCTION)
        identifier = introduction[TlvType.IDENTIFIER]
        if not self._is_meant(identifier):
            raise WrongAccessoryError("another accessory answers at this address")
        if isinstance(self._keys, PairingKeys):
            signed = theirs + identifier + ours
            verify(self._keys.accessory_ltpk, introduction[TlvType.SIGNATURE], signed)
        introduction_of_ours = introduce(
            key,
            VERIFY_M3_NONCE,
            SigningKey(self._keys.controller_ltsk),
            (ours, self._keys.controller_id, theirs),
            (),
        )
        self._due = State.M4
        return write_message(State.M3, (TlvType.ENCRYPTED_DATA, introduction_of_ours))

    def _is_meant(self, identifier: bytes) -> bool:
        """Tell whether this is the id of the accessory that we want to talk to."""
        if isinstance(self._keys, PairingKeys):
            return identifier == identifier_of(self._keys.accessory_id)
        announced = self._keys.accessory_id
        return announced is None or identifier.lower() == identifier_of(announced.lower())

    def _resumed(self, resume: Resumption, tlv: Tlv) -> SessionKeys:
        """Take M2 by which the accessory takes up the session of before."""
        require(tlv, _RESUME[State.M2])
        session_id = sized(tlv, TlvType.SESSION_ID, SESSION_ID_BYTES)
        salt = self._exchange.public_key + session_id
        key = hkdf(resume.shared_secret, salt, RESUME_RESPONSE_INFO)
        open_sealed(key, RESUME_M2_NONCE, tlv[TlvType.ENCRYPTED_DATA])
        secret = hkdf(resume.shared_secret, salt, RESUME_SECRET_INFO)
        return session_keys(secret, accessory=False, session_id=session_id)


# --- accessory ----------------------------------------------------------------------------------


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
        state, tlv = read_request(data, _VERIFY, (State.M1, due))
        try:
            return self._greet(tlv) if state is State.M1 else self._judge(tlv)
        except RefusalError as err:
            return write_refusal(State(state + 1), err.code)

    def _greet(self, tlv: Tlv) -> bytes:
        """Answer M1."""
        theirs = tlv[TlvType.PUBLIC_KEY]
        method = number_of(tlv.get(TlvType.METHOD, bytes((Method.PAIR_VERIFY,))))
        resumes = method == Method.PAIR_RESUME
        if len(theirs) != KEY_BYTES or (resumes and self._sessions is None):
            raise misplaced("no pair-verify that is understood", State.M1)
        register = self._register
        # Unpaired is told in M4 if it can be: some controllers do not look for an error before, and try for ever.
        if register.signing_key is None:
            raise RefusalError(PairingErrorCode.AUTHENTICATION)
        if resumes and (reply := self._resumed(theirs, tlv)) is not None:
            return reply
        exchange = KeyExchange.generate(self._random)
        try:
            self._secret = exchange.exchange(theirs)
        except IllegalKeyError as err:
            raise misplaced("no key of pair-verify", State.M1) from err
        self._ours, self._theirs = exchange.public_key, theirs
        introduction = introduce(
            hkdf(self._secret, *VERIFY_ENCRYPT),
            VERIFY_M2_NONCE,
            register.signing_key,
            (self._ours, register.accessory_id, theirs),
            (),
        )
        self._due = State.M3
        return write_message(
            State.M2,
            (TlvType.PUBLIC_KEY, self._ours),
            (TlvType.ENCRYPTED_DATA, introduction),
        )

    def _judge(self, tlv: Tlv) -> bytes:
        """Answer M3, in which the controller says who it is."""
        secret, self._secret = self._secret, b""
        try:
            introduction = introduced(
                hkdf(secret, *VERIFY_ENCRYPT),
                VERIFY_M3_NONCE,
                tlv[TlvType.ENCRYPTED_DATA],
                INTRODUCTION,
            )
            identifier = introduction[TlvType.IDENTIFIER]
            pairing = self._register.pairings[name_of(identifier)]
            signed = self._theirs + identifier + self._ours
            verify(pairing.public_key, introduction[TlvType.SIGNATURE], signed)
        except KeyError, VendorError:
            raise RefusalError(PairingErrorCode.AUTHENTICATION) from None
        self._established(pairing, session_keys(secret, accessory=True))
        return write_message(State.M4)

    def _established(self, pairing: Pairing, session: SessionKeys) -> None:
        self.pairing, self.session = pairing, session
        if self._sessions is not None:
            self._sessions.keep(pairing.controller_id, session.resumption)

    def _resumed(self, theirs: bytes, tlv: Tlv) -> bytes | None:
        """Answer M1 that names a session of before; None when it is not known any more."""
        assert self._sessions is not None
        with suppress(PairingMessageError):
            require(tlv, _RESUME[State.M1])
            kept = self._sessions.take(tlv[TlvType.SESSION_ID])
            pairing = self._register.pairings.get(kept[0]) if kept else None
            if kept is None or pairing is None:
                return None
            return self._resume(theirs, tlv, pairing, kept[1])
        raise misplaced("no request to take up a session", State.M1)

    def _resume(self, theirs: bytes, tlv: Tlv, pairing: Pairing, kept: Resumption) -> bytes:
        try:
            open_sealed(
                _resume_request_key(kept, theirs), RESUME_M1_NONCE, tlv[TlvType.ENCRYPTED_DATA]
            )
        except AuthTagError:
            raise RefusalError(PairingErrorCode.AUTHENTICATION) from None
        session_id = self._random(SESSION_ID_BYTES)
        salt = theirs + session_id
        secret = hkdf(kept.shared_secret, salt, RESUME_SECRET_INFO)
        self._established(pairing, session_keys(secret, accessory=True, session_id=session_id))
        key = hkdf(kept.shared_secret, salt, RESUME_RESPONSE_INFO)
        return write_message(
            State.M2,
            (TlvType.METHOD, bytes((Method.PAIR_RESUME,))),
            (TlvType.SESSION_ID, session_id),
            (TlvType.ENCRYPTED_DATA, seal(key, RESUME_M2_NONCE, b"")),
        )
