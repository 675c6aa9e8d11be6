"""Pair-setup: who knows the setup code becomes a controller of the accessory. Both roles.

Source: docs/hap_controller/wire.md §3.
"""

import os
from typing import Final
from uuid import UUID

from ..const import (
    MAX_IDENTIFIER_BYTES,
    MAX_TRIES,
    SETUP_ACCESSORY_SIGN,
    SETUP_CONTROLLER_SIGN,
    SETUP_ENCRYPT,
    SETUP_M5_NONCE,
    SETUP_M6_NONCE,
    TRANSIENT_READ,
    TRANSIENT_WRITE,
    ControllerPermission,
    FeatureFlag,
    Method,
    PairingErrorCode,
    SetupFlag,
    State,
    TlvType,
)
from ..crypto import Random, SigningKey, hkdf, verify
from ..errors import VendorError
from ..records import HalfKeys, PairingKeys
from ..refusals import PairingMessageError, PairingRefusedError
from ..srp import SrpAccessory, SrpController
from ..tlv8 import Tlv, integer
from .keys import SessionKeys, session_keys
from .messages import (
    INTRODUCTION,
    RefusalError,
    Table,
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
from .register import Pairing, Register
from .work import Need, Work, complete

_NO_FLAGS: Final = SetupFlag(0)
# Accessory ids seen have 17 characters.
MAX_ACCESSORY_ID_BYTES: Final = 64

_SETUP: Final[Table] = {
    State.M1: (),
    State.M2: (TlvType.PUBLIC_KEY, TlvType.SALT),
    State.M3: (TlvType.PUBLIC_KEY, TlvType.PROOF),
    State.M4: (TlvType.PROOF,),
    State.M5: (TlvType.ENCRYPTED_DATA,),
    State.M6: (TlvType.ENCRYPTED_DATA,),
}


def _flags_item(flags: SetupFlag) -> list[tuple[int, bytes]]:
    """Write flags as short as they go (§2.3)."""
    return [(TlvType.FLAGS, integer(flags))] if flags else []


# --- controller ---------------------------------------------------------------------------------


def setup_method(feature_flags: int) -> Method:
    """Choose the method by what an accessory announces as ``ff`` (§3.4)."""
    if feature_flags & FeatureFlag.HARDWARE_AUTH:
        return Method.PAIR_SETUP_WITH_AUTH
    return Method.PAIR_SETUP


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
        self.introduced = False
        """Whether the accessory may know us from now on: it was told who we are, and did not refuse."""
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

    def half(self, accessory_id: str | None) -> HalfKeys:
        """Give what is known of the pairing from the start, with which it can be taken back."""
        return HalfKeys(accessory_id, self._id, self._signing_key.seed)

    def start(self) -> bytes:
        """Give M1."""
        self._due = State.M2
        method = (TlvType.METHOD, bytes((self._method,)))
        return write_message(State.M1, method, *_flags_item(self._flags))

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
        try:
            tlv = read_answer(data, due, pairing_refusal)
        except PairingRefusedError:
            self.introduced = False
            raise
        assert due is not None
        require(tlv, _SETUP[due])
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
        return write_message(
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
            self.session = session_keys(
                secret, accessory=False, read=TRANSIENT_READ, write=TRANSIENT_WRITE
            )
            return None
        self._key = secret
        public_key = self._signing_key.public_key
        introduction = introduce(
            hkdf(secret, *SETUP_ENCRYPT),
            SETUP_M5_NONCE,
            self._signing_key,
            (hkdf(secret, *SETUP_CONTROLLER_SIGN), self._id, public_key),
            [(TlvType.PUBLIC_KEY, public_key)],
        )
        self._due = State.M6
        self.introduced = True
        return write_message(State.M5, (TlvType.ENCRYPTED_DATA, introduction))

    def _meet(self, tlv: Tlv) -> PairingKeys:
        """Take M6, in which the accessory says who it is."""
        secret, self._key = self._key, b""
        introduction = introduced(
            hkdf(secret, *SETUP_ENCRYPT),
            SETUP_M6_NONCE,
            tlv[TlvType.ENCRYPTED_DATA],
            (*INTRODUCTION, TlvType.PUBLIC_KEY),
        )
        identifier = introduction[TlvType.IDENTIFIER]
        public_key = sized(introduction, TlvType.PUBLIC_KEY)
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


# --- accessory ----------------------------------------------------------------------------------


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
            state, tlv = read_request(data, _SETUP, (State.M1, self._due))
            try:
                match state:
                    case State.M1:
                        reply = yield from self._challenge(tlv)
                    case State.M3:
                        reply = yield from self._judge(tlv)
                    case _:
                        reply = yield from self._admit(tlv)
            except RefusalError as err:
                return write_refusal(State(state + 1), err.code)
            going_on = self._due is not State.M1
            return reply
        finally:
            if not going_on:
                self.close()

    def _challenge(self, tlv: Tlv) -> Work[bytes]:
        """Answer M1."""
        register = self._register
        self.close()
        method = number_of(tlv.get(TlvType.METHOD))
        if method not in (Method.PAIR_SETUP, Method.PAIR_SETUP_WITH_AUTH):
            raise misplaced(f"method {method} is no pair-setup", State.M1)
        if register.paired:
            raise RefusalError(PairingErrorCode.UNAVAILABLE)
        if register.failed_attempts >= MAX_TRIES:
            raise RefusalError(PairingErrorCode.MAX_TRIES)
        if register.claimant is not None:
            raise RefusalError(PairingErrorCode.BUSY)
        flags = _NO_FLAGS
        if method == Method.PAIR_SETUP:  # with the other one flags mean nothing
            known = SetupFlag.TRANSIENT | SetupFlag.SPLIT
            flags = known & SetupFlag(number_of(tlv.get(TlvType.FLAGS)) & known)
        salt = verifier = None
        if flags == SetupFlag.SPLIT:
            if register.split is None:
                raise RefusalError(PairingErrorCode.AUTHENTICATION)
            salt, verifier = register.split
        register.claimant = self
        self._flags = flags
        self._srp = SrpAccessory(
            register.setup_code, salt=salt, verifier=verifier, random=self._random
        )
        for _ in self._srp.work():
            yield Need.TURN
        self._due = State.M3
        return write_message(
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
            raise RefusalError(PairingErrorCode.AUTHENTICATION) from None
        if register.failed_attempts:
            register.failed_attempts = 0
            yield from self._stored()
        reply = write_message(State.M4, (TlvType.PROOF, srp.proof))
        if SetupFlag.TRANSIENT in self._flags:
            if SetupFlag.SPLIT in self._flags:
                register.split = srp.salt, srp.verifier
            self.session = session_keys(
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
            introduction = introduced(
                key,
                SETUP_M5_NONCE,
                tlv[TlvType.ENCRYPTED_DATA],
                (*INTRODUCTION, TlvType.PUBLIC_KEY),
            )
            identifier = introduction[TlvType.IDENTIFIER]
            public_key = sized(introduction, TlvType.PUBLIC_KEY)
            signed = hkdf(secret, *SETUP_CONTROLLER_SIGN) + identifier + public_key
            verify(public_key, introduction[TlvType.SIGNATURE], signed)
        except VendorError:
            raise RefusalError(PairingErrorCode.AUTHENTICATION) from None
        if not 0 < len(identifier) <= MAX_IDENTIFIER_BYTES:
            raise RefusalError(PairingErrorCode.AUTHENTICATION)
        if register.signing_key is None:
            register.signing_key = SigningKey.generate(self._random)
        pairing = Pairing(name_of(identifier), public_key, ControllerPermission.ADMIN)
        register.pairings[pairing.controller_id] = pairing
        try:
            yield from self._stored()
        except RefusalError:
            del register.pairings[pairing.controller_id]
            raise
        register.split = None
        self.pairing = pairing
        self._due = State.M1
        ours = register.signing_key.public_key
        reply = introduce(
            key,
            SETUP_M6_NONCE,
            register.signing_key,
            (hkdf(secret, *SETUP_ACCESSORY_SIGN), register.accessory_id, ours),
            [(TlvType.PUBLIC_KEY, ours)],
        )
        return write_message(State.M6, (TlvType.ENCRYPTED_DATA, reply))

    @staticmethod
    def _stored() -> Work[None]:
        """Have the register stored, or refuse without a reason."""
        try:
            yield Need.STORE
        except OSError:
            raise RefusalError(PairingErrorCode.UNKNOWN) from None
