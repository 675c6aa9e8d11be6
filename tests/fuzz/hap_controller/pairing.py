"""The messages of pairing, both ends."""

from contextlib import suppress

from custom_components.hap_controller.protocol import srp
from custom_components.hap_controller.protocol.const import (
    SETUP_ACCESSORY_SIGN,
    SETUP_CONTROLLER_SIGN,
    SETUP_ENCRYPT,
    SETUP_M5_NONCE,
    SETUP_M6_NONCE,
    VERIFY_ENCRYPT,
    VERIFY_M2_NONCE,
    VERIFY_M3_NONCE,
    ControllerPermission,
    State,
    TlvType,
)
from custom_components.hap_controller.protocol.crypto import KeyExchange, SigningKey, hkdf, seal
from custom_components.hap_controller.protocol.errors import VendorError
from custom_components.hap_controller.protocol.pairing import (
    MisplacedMessageError,
    Pairing,
    PairVerifyAccessory,
    PairVerifyController,
    read_pairings,
)
from custom_components.hap_controller.protocol.pairing.administration import answer_pairings
from custom_components.hap_controller.protocol.pairing.keys import Resumption
from custom_components.hap_controller.protocol.pairing.register import ResumableSessions
from custom_components.hap_controller.protocol.pairing.setup import (
    PairSetupAccessory,
    PairSetupController,
)
from custom_components.hap_controller.protocol.pairing.work import complete
from custom_components.hap_controller.protocol.refusals import TlvError
from custom_components.hap_controller.protocol.tlv8 import Tlv, encode
from tests.hap_controller.protocol.pairing.recorded import (
    CODE,
    SETUP,
    SRP_CASE,
    VECTORS,
    VERIFY,
    keys_of_vectors,
    paired_register,
    register_of_vectors,
    unhex,
)

from ..target import Target, joined, pieces
from .shared import LONG, SETUP_MESSAGES, TLV_WORDS, VERIFY_MESSAGES, staged, vectors


def _srp_ends() -> tuple[srp.SrpController, srp.SrpAccessory]:
    """Give both ends of the recorded proof, each with what it knows before the other's proof comes."""
    draws = {"random": lambda size: unhex(SRP_CASE, "b").rjust(size, b"\0")}
    accessory = srp.SrpAccessory(CODE, unhex(SRP_CASE, "salt"), **draws)  # type: ignore[arg-type]
    for _ in accessory.work():
        pass
    a = unhex(SRP_CASE, "a")
    controller = srp.SrpController(CODE, accessory.salt, accessory.public_key, lambda _: a)
    for _ in controller.work():
        pass
    return controller, accessory


CONTROLLER_SRP, ACCESSORY_SRP = _srp_ends()
SECRET = CONTROLLER_SRP.session_key
SETUP_KEY = hkdf(SECRET, *SETUP_ENCRYPT)
SIGNING_KEY = SigningKey(bytes(range(32)))


def _introduction(kind: int, data: bytes, key: bytes, nonce: bytes, before: bytes) -> bytes:
    """Make of an input what somebody says of itself: as it is, under seal, or under seal and signed.

    What is signed begins with ``before``.
    """
    if kind == 0:
        return data
    if kind == 2:
        identifier, public_key = data, SIGNING_KEY.public_key
        signature = SIGNING_KEY.sign(before + identifier + public_key)
        data = encode(
            [
                (TlvType.IDENTIFIER, identifier),
                (TlvType.PUBLIC_KEY, public_key),
                (TlvType.SIGNATURE, signature),
            ]
        )
    return encode([(TlvType.ENCRYPTED_DATA, seal(key, nonce, data))])


def setup_accessory(data: bytes) -> None:
    """Pair with any controller: each of its messages, and who it is under seal."""
    if not data:
        return
    stage, data = data[0] % 5, data[1:]
    register = register_of_vectors(max_pairings=2)
    end = PairSetupAccessory(register)
    message = data
    if stage == 1:
        register.claimant, end._due, end._srp = end, State.M3, _copy(ACCESSORY_SRP)
    elif stage > 1:
        register.claimant, end._due, end._secret = end, State.M5, SECRET
        message = _introduction(
            stage - 2, data, SETUP_KEY, SETUP_M5_NONCE, hkdf(SECRET, *SETUP_CONTROLLER_SIGN)
        )
        if stage > 2:
            message = encode([(TlvType.STATE, b"\5")]) + message
    try:
        answer = end.receive(message)
    except (TlvError, MisplacedMessageError) as err:
        assert not end.busy
        str(err)
    else:
        refused = TlvType.ERROR in Tlv.decode(answer)
        assert not (refused and (end.busy or register.paired))
    assert end.pairing is None or stage > 1
    assert register.paired == (end.pairing is not None)
    end.close()
    assert register.claimant is None


def _copy(end: srp.SrpAccessory) -> srp.SrpAccessory:
    other = srp.SrpAccessory(CODE, end.salt, end.verifier)
    other._b, other.public_key = end._b, end.public_key
    return other


def setup_controller(data: bytes) -> None:
    """Pair with any accessory: each of its messages, and who it is under seal."""
    if not data:
        return
    stage, data = data[0] % 5, data[1:]
    end = PairSetupController(controller_id="x", signing_key=SIGNING_KEY)
    end.start()
    if stage == 1:
        end._due, end._srp = State.M4, CONTROLLER_SRP
    elif stage > 1:
        end._due, end._key = State.M6, SECRET
        data = _introduction(
            stage - 2, data, SETUP_KEY, SETUP_M6_NONCE, hkdf(SECRET, *SETUP_ACCESSORY_SIGN)
        )
    try:
        end.receive(data)
    except VendorError as err:
        str(err)
        assert not end.done
    assert not end.done or stage > 1


def verify_accessory(data: bytes) -> None:
    """Verify any controller: each of its messages, who it is under seal, and sessions of before."""
    if not data:
        return
    stage, data = data[0] % 4, data[1:]
    register = paired_register()
    register.pairings["me"] = Pairing("me", SIGNING_KEY.public_key, ControllerPermission(0))
    sessions = ResumableSessions()
    sessions.keep("me", Resumption(bytes(8), bytes(32)))
    private = unhex(VERIFY, "accessory_x25519_private")
    end = PairVerifyAccessory(
        register, sessions=sessions if stage & 1 else None, random=lambda size: private[:size]
    )
    if stage > 1:
        theirs = KeyExchange(unhex(VERIFY, "controller_x25519_private"))
        ours = KeyExchange(private)
        end._due, end._ours, end._theirs = State.M3, ours.public_key, theirs.public_key
        end._secret = ours.exchange(theirs.public_key)
        key = hkdf(end._secret, *VERIFY_ENCRYPT)
        data = encode([(TlvType.STATE, b"\3")]) + _introduction(1, data, key, VERIFY_M3_NONCE, b"")
    for each in [data] if stage > 1 else pieces(data):
        try:
            Tlv.decode(end.receive(each))
        except (TlvError, MisplacedMessageError) as err:
            str(err)
        assert (end.session is None) == (end.pairing is None)


def verify_controller(data: bytes) -> None:
    """Verify any accessory: each of its messages, who it is under seal, and sessions of before."""
    if not data:
        return
    stage, data = data[0] % 4, data[1:]
    exchange = KeyExchange(unhex(VERIFY, "controller_x25519_private"))
    resume = Resumption(bytes(8), bytes(32)) if stage == 1 else None
    end = PairVerifyController(keys_of_vectors(), resume=resume, key_exchange=exchange)
    end.start()
    if stage == 2:
        theirs = KeyExchange(unhex(VERIFY, "accessory_x25519_private")).public_key
        key = hkdf(exchange.exchange(theirs), *VERIFY_ENCRYPT)
        data = encode([(TlvType.STATE, b"\2"), (TlvType.PUBLIC_KEY, theirs)]) + _introduction(
            1, data, key, VERIFY_M2_NONCE, b""
        )
    elif stage == 3:
        end._due, end._secret = State.M4, bytes(range(32))
    try:
        end.receive(data)
    except VendorError as err:
        str(err)
        assert not end.done
    assert not end.done or stage == 3


def pairings(data: bytes) -> None:
    """Ask anything about pairings, as administrator and as user, and read anything as the answer to it."""
    with suppress(VendorError):
        for each in read_pairings(data):
            repr(each)
    register = paired_register()
    register.max_pairings = 4
    for each in pieces(data):
        admin, message = bool(each[:1] != b"\0"), encode([(TlvType.STATE, b"\1")]) + each[1:]
        before = dict(register.pairings)
        try:
            answer = complete(answer_pairings(register, message, admin=admin))
            with suppress(VendorError):
                assert len(read_pairings(answer)) <= 4
        except (TlvError, MisplacedMessageError) as err:
            str(err)
        assert admin or register.pairings == before
        assert len(register.pairings) <= 4
        assert not register.paired or any(each.admin for each in register.pairings.values())


def _introductions(first: bytes) -> list[bytes]:
    """Give nothing, what is in the vectors, and a long one."""
    return [b"", first, encode([(TlvType.IDENTIFIER, b"x" * 300), (TlvType.SIGNATURE, bytes(64))])]


TARGETS = {
    "setup, accessory": Target(
        setup_accessory,
        staged(
            (0, [SETUP_MESSAGES[0], LONG]),
            (1, [SETUP_MESSAGES[2], LONG]),
            (2, [SETUP_MESSAGES[4]]),
            (3, _introductions(unhex(SETUP, "M5_sub_tlv"))),
            (4, [b"me", b"\xff", b"x" * 37]),
        ),
        TLV_WORDS,
        4096,
    ),
    "setup, controller": Target(
        setup_controller,
        staged(
            (0, [SETUP_MESSAGES[1], *vectors("pairing_errors", "encoded"), LONG]),
            (1, [SETUP_MESSAGES[3]]),
            (2, [SETUP_MESSAGES[5]]),
            (3, _introductions(unhex(SETUP, "M6_sub_tlv"))),
            (4, [b"me"]),
        ),
        TLV_WORDS,
        4096,
    ),
    "verify, accessory": Target(
        verify_accessory,
        staged(
            (0, [joined([VERIFY_MESSAGES[0], VERIFY_MESSAGES[2]]), joined([LONG])]),
            (1, [joined([unhex(VECTORS["pair_resume"], "M1")])]),
            (2, _introductions(unhex(VERIFY, "M3_sub_tlv"))),
            (3, [b""]),
        ),
        TLV_WORDS,
        4096,
    ),
    "verify, controller": Target(
        verify_controller,
        staged(
            (0, [VERIFY_MESSAGES[1], *vectors("pairing_errors", "encoded"), LONG]),
            (1, [unhex(VECTORS["pair_resume"], "M2")]),
            (2, _introductions(unhex(VERIFY, "M2_sub_tlv"))),
            (3, [VERIFY_MESSAGES[3], b""]),
        ),
        TLV_WORDS,
        4096,
    ),
    "pairings": Target(
        pairings,
        [
            joined([b"\1" + bytes.fromhex(VECTORS["pairings"][name])[3:]])
            for name in ("add_request", "remove_request", "list_request")
        ]
        + [bytes.fromhex(VECTORS["pairings"]["list_response"]), LONG],
        TLV_WORDS,
        4096,
    ),
}
