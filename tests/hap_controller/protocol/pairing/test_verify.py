"""Pair-verify: as recorded, both roles against each other, and everything that must not succeed."""

from dataclasses import replace

import pytest

from custom_components.hap_controller.protocol.const import (
    VERIFY_ENCRYPT,
    VERIFY_M2_NONCE,
    State,
    TlvType,
)
from custom_components.hap_controller.protocol.crypto import KeyExchange, SigningKey, hkdf, seal
from custom_components.hap_controller.protocol.errors import LinkError, SessionRefusedError
from custom_components.hap_controller.protocol.pairing import (
    MisplacedMessageError,
    Pairing,
    PairVerifyAccessory,
    PairVerifyController,
    Register,
    ResumableSessions,
    Resumption,
)
from custom_components.hap_controller.protocol.refusals import (
    AuthTagError,
    IllegalKeyError,
    PairingLostError,
    PairingMessageError,
    PairingRefusedError,
    SignatureError,
    WrongAccessoryError,
)
from custom_components.hap_controller.protocol.tlv8 import Tlv, encode

from .recorded import (
    ACCESSORY_ID,
    ADMIN,
    CODE,
    CONTROLLER_ID,
    RESUME,
    VERIFY,
    converse,
    keys_of_vectors,
    paired_register,
    pairing_of_vectors,
    random_of,
    register_of_vectors,
    unhex,
    until,
)


def test_verify_of_the_vectors() -> None:
    """Both roles say byte for byte what was recorded, and end with opposite keys."""
    recorded = VERIFY["messages"]
    controller = PairVerifyController(
        keys_of_vectors(), key_exchange=KeyExchange(unhex(VERIFY, "controller_x25519_private"))
    )
    accessory = PairVerifyAccessory(
        paired_register(), random=random_of(unhex(VERIFY, "accessory_x25519_private"))
    )
    said = converse(controller, accessory)
    assert [message.hex() for message in said] == [recorded[f"M{number}"] for number in range(1, 5)]
    assert controller.done
    ours, theirs = controller.session, accessory.session
    assert ours is not None and theirs is not None
    assert ours.read_key == theirs.write_key == unhex(VERIFY, "read_key_a2c")
    assert ours.write_key == theirs.read_key == unhex(VERIFY, "write_key_c2a")
    assert ours.shared_secret == theirs.shared_secret == unhex(VERIFY, "shared_secret")
    assert ours.resumption.session_id == unhex(VERIFY, "resume_session_id")
    assert accessory.pairing == pairing_of_vectors()


def test_resume_of_the_vectors() -> None:
    """A session is taken up again as recorded."""
    before = Resumption(unhex(RESUME, "session_id"), unhex(RESUME, "old_shared_secret"))
    controller = PairVerifyController(
        keys_of_vectors(),
        resume=before,
        key_exchange=KeyExchange(unhex(VERIFY, "controller_x25519_private")),
    )
    sessions = ResumableSessions()
    sessions.keep(CONTROLLER_ID, before)
    accessory = PairVerifyAccessory(
        paired_register(), sessions=sessions, random=random_of(unhex(RESUME, "new_session_id"))
    )
    said = converse(controller, accessory)
    assert [message.hex() for message in said] == [RESUME["M1"], RESUME["M2"]]
    assert controller.session is not None and accessory.session is not None
    assert controller.session.shared_secret == unhex(RESUME, "new_shared_secret")
    assert controller.session.read_key == accessory.session.write_key
    assert controller.session.resumption == accessory.session.resumption
    assert controller.session.resumption.session_id == unhex(RESUME, "new_session_id")


def test_verify_with_an_accessory_that_forgot_us() -> None:
    """Unpaired, reset, or unpaired by somebody else: the pairing is lost."""
    other = Pairing("somebody else", bytes(32), ADMIN)
    for register in (
        Register(ACCESSORY_ID, CODE),
        register_of_vectors(),
        register_of_vectors(pairings={other.controller_id: other}),
        register_of_vectors(
            pairings={
                CONTROLLER_ID: replace(
                    pairing_of_vectors(), public_key=SigningKey(bytes(32)).public_key
                )
            }
        ),
    ):
        accessory = PairVerifyAccessory(register)
        controller = PairVerifyController(keys_of_vectors())
        with pytest.raises(PairingLostError):
            converse(controller, accessory)
        assert accessory.session is None
        assert not controller.done


def test_missing_state_is_tolerated_in_verify() -> None:
    """Some accessories leave State out here, too, and have an order of their own."""
    controller = PairVerifyController(keys_of_vectors())
    accessory = PairVerifyAccessory(paired_register())
    m2 = Tlv.decode(accessory.receive(controller.start()))
    order = (TlvType.ENCRYPTED_DATA, TlvType.PUBLIC_KEY)
    m3 = controller.receive(encode((kind, m2[kind]) for kind in order))
    assert m3 is not None
    accessory.receive(m3)
    assert controller.receive(b"") is None
    assert controller.session is not None and accessory.session is not None
    assert controller.session.read_key == accessory.session.write_key


def test_verify_with_another_accessory() -> None:
    """The id is told first: another address may have the right one."""
    register = paired_register()
    register.accessory_id = ACCESSORY_ID.lower()
    controller = PairVerifyController(keys_of_vectors())
    with pytest.raises(WrongAccessoryError):
        converse(controller, PairVerifyAccessory(register))


def test_verify_with_an_impostor() -> None:
    """The right id with another key is not believed."""
    register = paired_register()
    register.signing_key = SigningKey(bytes(32))
    controller = PairVerifyController(keys_of_vectors())
    with pytest.raises(SignatureError):
        converse(controller, PairVerifyAccessory(register))


@pytest.mark.parametrize("code", [1, 4, 200])
def test_verify_refused_for_another_reason(code: int) -> None:
    """The pairing is not given up then."""
    controller = PairVerifyController(keys_of_vectors())
    controller.start()
    with pytest.raises(PairingRefusedError) as caught:
        controller.receive(bytes((6, 1, 2, 7, 1, code)))
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("060102", PairingMessageError),
        ("0601020320" + "00" * 32, PairingMessageError),
        ("060102030100050100", PairingMessageError),
        ("0601020320" + "00" * 32 + "050100", IllegalKeyError),
        ("0601020320" + "09" + "00" * 31 + "0510" + "00" * 16, AuthTagError),
        ("060104", PairingMessageError),
    ],
)
def test_verify_with_nonsense(answer: str, error: type[Exception]) -> None:
    """Nothing but a proper M2 goes on."""
    controller = PairVerifyController(keys_of_vectors())
    controller.start()
    with pytest.raises(error):
        controller.receive(bytes.fromhex(answer))
    with pytest.raises(PairingMessageError):
        controller.receive(bytes.fromhex("060104"))
    assert not controller.done


def test_m2_of_verify_that_lacks_something() -> None:
    """What is sealed is held against the table as well."""
    controller = PairVerifyController(keys_of_vectors())
    theirs = KeyExchange.generate()
    secret = theirs.exchange(Tlv.decode(controller.start())[TlvType.PUBLIC_KEY])
    sealed = seal(
        hkdf(secret, *VERIFY_ENCRYPT),
        VERIFY_M2_NONCE,
        encode([(TlvType.IDENTIFIER, ACCESSORY_ID.encode())]),
    )
    with pytest.raises(PairingMessageError):
        controller.receive(
            encode([(TlvType.PUBLIC_KEY, theirs.public_key), (TlvType.ENCRYPTED_DATA, sealed)])
        )


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        ("060103050100", "060104070101"),  # M3 before M1
        ("060101", "060102070101"),
        ("060101030100", "060102070101"),
        ("0601010320" + "00" * 32, "060102070101"),
        (RESUME["M1"], "060102070101"),  # over IP nothing is taken up again
    ],
)
def test_misplaced_messages_of_verify(message: str, answer: str) -> None:
    """What is not due is answered as such."""
    accessory = PairVerifyAccessory(paired_register())
    with pytest.raises(MisplacedMessageError) as caught:
        accessory.receive(bytes.fromhex(message))
    assert caught.value.answer.hex() == answer
    assert accessory.session is None


def test_m3_counts_once() -> None:
    """A message that was good once is not due a second time; what follows a refusal neither."""
    accessory = PairVerifyAccessory(paired_register())
    m3 = until(PairVerifyController(keys_of_vectors()), accessory, State.M4)[0]
    assert accessory.session is not None
    with pytest.raises(MisplacedMessageError):
        accessory.receive(m3)
    assert accessory.session is None
    accessory.receive(PairVerifyController(keys_of_vectors()).start())
    assert accessory.receive(bytes.fromhex("060103050100")).hex() == "060104070102"
    with pytest.raises(MisplacedMessageError):
        accessory.receive(m3)


# --- sessions taken up again ------------------------------------------------------------------


def resumable() -> tuple[Register, ResumableSessions, Resumption]:
    """An accessory and a session with it that ended."""
    register, sessions = paired_register(), ResumableSessions()
    controller = PairVerifyController(keys_of_vectors())
    converse(controller, PairVerifyAccessory(register, sessions=sessions))
    assert controller.session is not None
    return register, sessions, controller.session.resumption


def test_session_is_taken_up_again_and_again() -> None:
    """Each session gives what it takes for the next one; each serves once."""
    register, sessions, resumption = resumable()
    for _ in range(3):
        controller = PairVerifyController(keys_of_vectors(), resume=resumption)
        accessory = PairVerifyAccessory(register, sessions=sessions)
        assert len(converse(controller, accessory)) == 2
        assert controller.session is not None and accessory.session is not None
        assert controller.session.write_key == accessory.session.read_key
        assert accessory.pairing == pairing_of_vectors()
        assert sessions.take(resumption.session_id) is None
        resumption = controller.session.resumption


def test_session_that_is_not_known_any_more() -> None:
    """The accessory answers as to an ordinary pair-verify, and that goes on with the same key."""
    register, _, resumption = resumable()
    controller = PairVerifyController(keys_of_vectors(), resume=resumption)
    said = converse(controller, PairVerifyAccessory(register, sessions=ResumableSessions()))
    assert len(said) == 4
    assert controller.done


def test_session_of_a_removed_pairing() -> None:
    """It is not taken up again: pair-verify tells that the pairing is gone."""
    register, sessions, resumption = resumable()
    del register.pairings[CONTROLLER_ID]
    register.pairings["other"] = Pairing("other", bytes(32), ADMIN)
    controller = PairVerifyController(keys_of_vectors(), resume=resumption)
    with pytest.raises(SessionRefusedError):
        converse(controller, PairVerifyAccessory(register, sessions=sessions))
    with pytest.raises(PairingLostError):
        converse(
            PairVerifyController(keys_of_vectors()),
            PairVerifyAccessory(register, sessions=sessions),
        )


def test_session_taken_up_with_another_secret() -> None:
    """The accessory refuses, and an M2 without the secret is not believed."""
    register, sessions, resumption = resumable()
    controller = PairVerifyController(
        keys_of_vectors(), resume=replace(resumption, shared_secret=bytes(32))
    )
    with pytest.raises(SessionRefusedError):
        converse(controller, PairVerifyAccessory(register, sessions=sessions))
    controller = PairVerifyController(keys_of_vectors(), resume=resumption)
    controller.start()
    with pytest.raises(AuthTagError):
        controller.receive(bytes.fromhex(RESUME["M2"]))
    assert not controller.done


@pytest.mark.parametrize("message", ["0001060320", "0001060e0800000000000000000320"])
def test_resume_that_lacks_something(message: str) -> None:
    """A request without session id or seal is none."""
    register, sessions, _ = resumable()
    accessory = PairVerifyAccessory(register, sessions=sessions)
    with pytest.raises(MisplacedMessageError):
        accessory.receive(bytes.fromhex("060101" + message) + bytes(range(32)))


@pytest.mark.parametrize("index", [5, 20, 36])
def test_keys_of_verify_changed_on_their_way(index: int) -> None:
    """Who stands in between and changes a key learns nothing and lets nobody in."""
    accessory = PairVerifyAccessory(paired_register())
    controller = PairVerifyController(keys_of_vectors())
    m1 = bytearray(controller.start())
    m1[index] ^= 0x02
    with pytest.raises(LinkError):
        controller.receive(accessory.receive(bytes(m1)))
    assert accessory.session is None
