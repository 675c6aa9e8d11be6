"""The handshakes: recorded ones, both roles against each other, and everything that must not succeed."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
import copy
from dataclasses import replace
from functools import cache
import json
import os
from pathlib import Path
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.hap_controller.protocol.const import (
    MAX_TRIES,
    SETUP_ACCESSORY_SIGN,
    SETUP_ENCRYPT,
    SETUP_M6_NONCE,
    VERIFY_ENCRYPT,
    VERIFY_M2_NONCE,
    ControllerPermission,
    Method,
    SetupFlag,
    State,
    TlvType,
)
from custom_components.hap_controller.protocol.crypto import KeyExchange, SigningKey, hkdf, seal
from custom_components.hap_controller.protocol.errors import (
    FrameError,
    LinkError,
    SessionRefusedError,
    VendorError,
)
from custom_components.hap_controller.protocol.pairing import (
    MisplacedMessageError,
    Need,
    Pairing,
    PairSetupAccessory,
    PairSetupController,
    PairVerifyAccessory,
    PairVerifyController,
    Register,
    ResumableSessions,
    Resumption,
    SessionKeys,
    Work,
    add_pairing,
    answer_pairings,
    complete,
    list_pairings,
    read_pairings,
    remove_pairing,
    setup_method,
    take_turns,
)
from custom_components.hap_controller.protocol.records import PairingKeys
from custom_components.hap_controller.protocol.refusals import (
    AlreadyPairedError,
    AuthTagError,
    BackoffError,
    BusyError,
    IllegalKeyError,
    MaxPeersError,
    MaxTriesError,
    NotAdminError,
    PairingLostError,
    PairingMessageError,
    PairingRefusedError,
    ProofError,
    SetupCodeError,
    SignatureError,
    TlvError,
    UnknownPairingError,
    WrongAccessoryError,
)
from custom_components.hap_controller.protocol.tlv8 import Tlv, encode

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "vectors.json").read_text())
SETUP, VERIFY, RESUME = (VECTORS[name] for name in ("pair_setup", "pair_verify", "pair_resume"))
SRP_CASE = next(case for case in VECTORS["srp"]["cases"] if case["name"] == SETUP["srp_case"])

CODE = "518-08-582"
ACCESSORY_ID = "E1:91:1A:70:85:AA"
CONTROLLER_ID = "3d65d692-90bb-41c2-9bd0-2cb7a3a5dd18"
ADMIN, REGULAR = ControllerPermission.ADMIN, ControllerPermission(0)


def unhex(table: dict[str, Any], key: str) -> bytes:
    """Give the bytes of a vector."""
    return bytes.fromhex(table[key])


def random_of(*values: bytes) -> Callable[[int], bytes]:
    """Give recorded randomness, in the order in which it is asked for."""
    left = list(values)

    def random(length: int) -> bytes:
        value = left.pop(0)
        assert len(value) <= length
        return value

    return random


def controller_of_vectors() -> PairSetupController:
    """The controller of the recorded handshake."""
    return PairSetupController(
        code=CODE,
        controller_id=SETUP["controller_id_text"],
        signing_key=SigningKey(unhex(SETUP, "controller_ltsk_seed")),
        random=random_of(unhex(SRP_CASE, "a")),
    )


def register_of_vectors(**told: Any) -> Register:
    """The accessory of the recorded handshakes."""
    key = SigningKey(unhex(SETUP, "accessory_ltsk_seed"))
    return Register(SETUP["accessory_id_text"], CODE, signing_key=key, **told)


def keys_of_vectors() -> PairingKeys:
    """The pairing that the recorded handshake ends with."""
    return PairingKeys(
        accessory_id=SETUP["accessory_id_text"],
        accessory_ltpk=unhex(SETUP, "accessory_ltpk"),
        controller_id=SETUP["controller_id_text"],
        controller_ltsk=unhex(SETUP, "controller_ltsk_seed"),
        controller_ltpk=unhex(SETUP, "controller_ltpk"),
    )


def pairing_of_vectors() -> Pairing:
    """The same, as the accessory keeps it."""
    return Pairing(SETUP["controller_id_text"], unhex(SETUP, "controller_ltpk"), ADMIN)


def paired_register() -> Register:
    """The accessory of the vectors, paired."""
    pairing = pairing_of_vectors()
    return register_of_vectors(pairings={pairing.controller_id: pairing})


def converse(controller: Any, accessory: Any) -> list[bytes]:
    """Carry messages between two ends until the controller has nothing to say."""
    said = []
    message = controller.start()
    while message is not None:
        answer = accessory.receive(message)
        said += [message, answer]
        message = controller.receive(answer)
    return said


def until(controller: Any, accessory: Any, state: State) -> tuple[bytes, bytes]:
    """Carry messages up to one of the accessory; gives what was asked and that answer, not yet delivered."""
    message = controller.start()
    while True:
        answer = accessory.receive(message)
        if answer[2] == state:
            return message, answer
        message = controller.receive(answer)


# --- recorded handshakes ----------------------------------------------------------------------


def test_setup_of_the_vectors() -> None:
    """Both roles say byte for byte what was recorded, and end with the same record."""
    recorded = SETUP["messages"]
    register = register_of_vectors()
    accessory = PairSetupAccessory(
        register, random=random_of(unhex(SRP_CASE, "salt"), unhex(SRP_CASE, "b"))
    )
    controller = controller_of_vectors()
    said = converse(controller, accessory)
    assert [message.hex() for message in said] == [recorded[f"M{number}"] for number in range(1, 7)]
    assert controller.result == keys_of_vectors()
    assert controller.done
    record = SETUP["resulting_controller_record"]
    assert controller.result.accessory_id == record["AccessoryPairingID"]
    assert controller.result.controller_ltsk.hex() == record["iOSDeviceLTSK"]
    assert accessory.pairing == pairing_of_vectors()
    assert register.pairings == {CONTROLLER_ID: accessory.pairing}
    assert not accessory.busy


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


ERRORS = {
    "setup-already-paired": (AlreadyPairedError, 6),
    "setup-max-tries": (MaxTriesError, 5),
    "setup-busy": (BusyError, 7),
    "setup-wrong-code": (SetupCodeError, 2),
    "setup-bad-m5": (SetupCodeError, 2),
    "setup-backoff-30s": (BackoffError, 3),
    "verify-unknown-controller": (PairingLostError, None),
    "pairings-not-admin": (NotAdminError, 2),
    "pairings-max-peers": (MaxPeersError, 4),
}


@pytest.mark.parametrize("vector", VECTORS["pairing_errors"], ids=lambda vector: vector["name"])
def test_errors_of_the_vectors(vector: dict[str, str]) -> None:
    """Each recorded refusal is the error that says what to do."""
    data = bytes.fromhex(vector["encoded"])
    error, code = ERRORS[vector["name"]]
    exchange = vector["name"].partition("-")[0]
    if exchange == "pairings":
        with pytest.raises(error) as caught:
            read_pairings(data)
    else:
        controller: Any = (
            PairSetupController(code=CODE)
            if exchange == "setup"
            else PairVerifyController(keys_of_vectors())
        )
        controller.start()
        with pytest.raises(error) as caught:
            controller.receive(data)
    assert getattr(caught.value, "code", None) == code
    if isinstance(caught.value, BackoffError):
        assert caught.value.retry_after_s == 30


# --- pair-setup -------------------------------------------------------------------------------


def test_code_is_asked_for_after_m2() -> None:
    """An accessory with a display shows its code when M1 has come; M3 waits for the person."""
    controller = PairSetupController()
    accessory = PairSetupAccessory(Register(ACCESSORY_ID, CODE))
    with pytest.raises(RuntimeError):
        controller.enter_code(CODE)
    assert controller.receive(accessory.receive(controller.start())) is None
    assert controller.awaits_code
    m5 = controller.receive(accessory.receive(controller.enter_code(CODE)))
    assert not controller.awaits_code
    assert m5 is not None and controller.receive(accessory.receive(m5)) is None
    assert controller.result is not None
    assert controller.result.accessory_id == ACCESSORY_ID
    assert len(controller.result.controller_id) == 36
    assert controller.result.controller_id == controller.result.controller_id.lower()


def test_every_pairing_has_its_own_identity() -> None:
    """Controller id and key are made up for each pairing; the accessory's key once."""
    register = Register(ACCESSORY_ID, CODE)
    results = []
    for _ in range(2):
        controller = PairSetupController(code=CODE)
        converse(controller, PairSetupAccessory(register))
        assert controller.result is not None
        results.append(controller.result)
        register.pairings.clear()
    assert results[0].controller_id != results[1].controller_id
    assert results[0].controller_ltsk != results[1].controller_ltsk
    assert results[0].accessory_ltpk == results[1].accessory_ltpk


def test_setup_can_be_carried_out_in_slices() -> None:
    """Work stops for others and to be stored; nothing is computed in one go."""
    register = Register(ACCESSORY_ID, CODE)
    controller, accessory = PairSetupController(code=CODE), PairSetupAccessory(register)
    needs: list[list[Need]] = []

    def counted[T](work: Work[T]) -> T:
        needs.append([])
        while True:
            try:
                needs[-1].append(next(work))
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]

    message: bytes | None = controller.start()
    while message is not None:
        message = counted(controller.answer(counted(accessory.answer(message))))
    assert register.paired
    assert [set(each) for each in needs] == [
        {Need.TURN},
        {Need.TURN},
        {Need.TURN},
        set(),
        {Need.STORE},
        set(),
    ]


@pytest.mark.parametrize(
    ("flags", "method"), [(0, Method.PAIR_SETUP), (1, Method.PAIR_SETUP_WITH_AUTH), (2, 0), (3, 1)]
)
def test_method_follows_the_announced_features(flags: int, method: int) -> None:
    """Only the coprocessor asks for the other method."""
    assert setup_method(flags) == method


def test_certificate_is_tolerated() -> None:
    """Some bridges send a kilobyte of proof of their maker with M4; it is nothing we could judge."""
    controller = PairSetupController(code=CODE, method=Method.PAIR_SETUP_WITH_AUTH)
    accessory = PairSetupAccessory(Register(ACCESSORY_ID, CODE))
    assert controller.start().hex() == "060101000101"
    _, m4 = until(controller, accessory, State.M4)
    m5 = controller.receive(m4 + encode([(TlvType.ENCRYPTED_DATA, bytes(1000))]))
    assert m5 is not None
    assert controller.receive(accessory.receive(m5)) is None
    assert controller.done


def test_missing_state_is_tolerated() -> None:
    """Some accessories leave State out; an Error counts nevertheless."""
    controller = PairSetupController(code=CODE)
    accessory = PairSetupAccessory(Register(ACCESSORY_ID, CODE))
    message: bytes | None = controller.start()
    while message is not None:
        message = controller.receive(accessory.receive(message)[3:])
    assert controller.done
    controller = PairSetupController(code=CODE)
    controller.start()
    with pytest.raises(AlreadyPairedError):
        controller.receive(bytes.fromhex("070106"))


def test_wrong_code() -> None:
    """The accessory refuses and counts; the attempt is over at both ends, another one may succeed."""
    register = Register(ACCESSORY_ID, CODE)
    accessory = PairSetupAccessory(register)
    controller = PairSetupController(code="031-45-154")
    with pytest.raises(SetupCodeError):
        converse(controller, accessory)
    assert register.failed_attempts == 1
    assert not accessory.busy
    assert not controller.done
    with pytest.raises(PairingMessageError):
        controller.receive(b"\x06\x01\x04")
    converse(PairSetupController(code=CODE), accessory)
    assert register.paired
    assert register.failed_attempts == 0


def test_accessory_that_does_not_know_the_code() -> None:
    """A controller does not tell who it is before the accessory has proved that it knows the code."""
    controller = PairSetupController(code=CODE)
    _, m4 = until(controller, PairSetupAccessory(Register(ACCESSORY_ID, CODE)), State.M4)
    with pytest.raises(ProofError):
        controller.receive(m4[:-1] + bytes((m4[-1] ^ 1,)))
    assert not controller.done


def test_lock_out() -> None:
    """After a hundred failed attempts nobody may pair, not even with the code; a restart changes nothing."""
    register = Register(ACCESSORY_ID, CODE, failed_attempts=MAX_TRIES - 1)
    with pytest.raises(SetupCodeError):
        converse(PairSetupController(code="031-45-154"), PairSetupAccessory(register))
    assert register.failed_attempts == MAX_TRIES
    with pytest.raises(MaxTriesError):
        converse(PairSetupController(code=CODE), PairSetupAccessory(register))
    assert not register.paired


def test_a_hundred_wrong_codes() -> None:
    """Every wrong proof counts, whatever it looks like."""
    register = Register(ACCESSORY_ID, CODE)
    bad = encode(
        [
            (TlvType.STATE, b"\x03"),
            (TlvType.PUBLIC_KEY, bytes(384)),  # would make the secret known to everybody
            (TlvType.PROOF, bytes(64)),
        ]
    )
    for number in range(MAX_TRIES):
        accessory = PairSetupAccessory(register)
        accessory.receive(bytes.fromhex("060101000100"))
        assert accessory.receive(bad).hex() == "060104070102"
        assert register.failed_attempts == number + 1
    assert (
        PairSetupAccessory(register).receive(bytes.fromhex("060101000100")).hex() == "060102070105"
    )


def test_busy() -> None:
    """One controller pairs at a time; who leaves makes room."""
    register = Register(ACCESSORY_ID, CODE)
    first, second = PairSetupAccessory(register), PairSetupAccessory(register)
    first.receive(PairSetupController(code=CODE).start())
    assert first.busy
    with pytest.raises(BusyError):
        converse(PairSetupController(code=CODE), second)
    first.close()
    converse(PairSetupController(code=CODE), second)
    assert register.paired


def test_already_paired() -> None:
    """A paired accessory lets nobody pair, which counts before all other reasons."""
    register = paired_register()
    register.failed_attempts = MAX_TRIES
    with pytest.raises(AlreadyPairedError):
        converse(PairSetupController(code=CODE), PairSetupAccessory(register))


def test_m1_begins_anew() -> None:
    """A controller that gave up may begin again on the same connection."""
    register = Register(ACCESSORY_ID, CODE)
    accessory = PairSetupAccessory(register)
    accessory.receive(PairSetupController(code=CODE).start())
    converse(PairSetupController(code=CODE), accessory)
    assert register.paired


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        ("060103", "060104070101"),  # M3 before M1
        ("060105", "060106070101"),
        ("060102", "060103070101"),  # one of its own
        ("0601ff", "060100070101"),
        ("0600", "060101070101"),
        ("", "060101070101"),
        ("000100", "060101070101"),
        ("060101000103", "060102070101"),  # another method
    ],
)
def test_misplaced_messages(message: str, answer: str) -> None:
    """What is not due is answered as such and ends the attempt."""
    register = Register(ACCESSORY_ID, CODE)
    accessory = PairSetupAccessory(register)
    with pytest.raises(MisplacedMessageError) as caught:
        accessory.receive(bytes.fromhex(message))
    assert caught.value.answer.hex() == answer
    assert not accessory.busy


def test_misplaced_message_ends_the_attempt() -> None:
    """M5 in the place of M3 does not let one through, and M3 is not due any more."""
    register = Register(ACCESSORY_ID, CODE)
    accessory = PairSetupAccessory(register)
    controller = PairSetupController(code=CODE)
    m3 = controller.receive(accessory.receive(controller.start()))
    assert m3 is not None
    with pytest.raises(MisplacedMessageError):
        accessory.receive(bytes.fromhex("0601050500"))
    assert not accessory.busy
    with pytest.raises(MisplacedMessageError):
        accessory.receive(m3)


def test_unreadable_messages() -> None:
    """What is no TLV8 ends the attempt."""
    register = Register(ACCESSORY_ID, CODE)
    accessory = PairSetupAccessory(register)
    accessory.receive(PairSetupController(code=CODE).start())
    with pytest.raises(TlvError):
        accessory.receive(b"\x06")
    assert not accessory.busy
    controller = PairSetupController(code=CODE)
    controller.start()
    with pytest.raises(TlvError):
        controller.receive(b"\x06\x01")


def test_incomplete_messages() -> None:
    """An answer that lacks an item, is another one, or comes when none is due ends the attempt."""
    controller = PairSetupController(code=CODE)
    with pytest.raises(PairingMessageError):
        controller.receive(b"\x06\x01\x02")
    for answer in ("060102", "06010203010a", "060104040100"):
        controller = PairSetupController(code=CODE)
        controller.start()
        with pytest.raises(PairingMessageError):
            controller.receive(bytes.fromhex(answer))


@pytest.mark.parametrize("key", [b"", bytes(384), bytes.fromhex(VECTORS["srp"]["N"])])
def test_illegal_keys_of_an_accessory(key: bytes) -> None:
    """No code is spent on an accessory that does not do its part."""
    controller = PairSetupController(code=CODE)
    controller.start()
    message = encode([(TlvType.STATE, b"\2"), (TlvType.PUBLIC_KEY, key), (TlvType.SALT, bytes(16))])
    with pytest.raises(IllegalKeyError):
        controller.receive(message)


def m6(secret: bytes, key: SigningKey, identifier: bytes, public_key: bytes) -> bytes:
    """Write M6 with whatever in it."""
    signed = hkdf(secret, *SETUP_ACCESSORY_SIGN) + identifier + public_key
    introduction = encode(
        [
            (TlvType.IDENTIFIER, identifier),
            (TlvType.PUBLIC_KEY, public_key),
            (TlvType.SIGNATURE, key.sign(signed)),
        ]
    )
    sealed = seal(hkdf(secret, *SETUP_ENCRYPT), SETUP_M6_NONCE, introduction)
    return encode([(TlvType.STATE, b"\6"), (TlvType.ENCRYPTED_DATA, sealed)])


def awaiting_m6() -> tuple[PairSetupController, bytes]:
    """A controller that has said M5, and the secret that both ends have by then."""
    controller = controller_of_vectors()
    controller.start()
    controller.receive(bytes.fromhex(SETUP["messages"]["M2"]))
    controller.receive(bytes.fromhex(SETUP["messages"]["M4"]))
    return controller, unhex(SRP_CASE["padded_convention"], "K")


@pytest.mark.parametrize(
    ("identifier", "public_key", "error"),
    [
        (ACCESSORY_ID.encode(), bytes(32), SignatureError),  # CozyLife switches
        (ACCESSORY_ID.encode(), SigningKey(bytes(32)).public_key, SignatureError),
        (ACCESSORY_ID.encode(), b"short", PairingMessageError),
        (b"", None, PairingMessageError),
        (bytes(65), None, PairingMessageError),
        (b"\xff\xfe", None, PairingMessageError),
    ],
)
def test_accessories_that_cannot_say_who_they_are(
    identifier: bytes, public_key: bytes | None, error: type[Exception]
) -> None:
    """An accessory without a proper id and a key of its own is not paired with."""
    key = SigningKey(unhex(SETUP, "accessory_ltsk_seed"))
    controller, secret = awaiting_m6()
    with pytest.raises(error):
        controller.receive(m6(secret, key, identifier, public_key or key.public_key))
    assert not controller.done


def test_m6_that_lacks_something() -> None:
    """What is sealed is held against the table as well."""
    controller, secret = awaiting_m6()
    sealed = seal(hkdf(secret, *SETUP_ENCRYPT), SETUP_M6_NONCE, b"")
    with pytest.raises(PairingMessageError):
        controller.receive(encode([(TlvType.ENCRYPTED_DATA, sealed)]))
    controller, _ = awaiting_m6()
    with pytest.raises(AuthTagError):
        controller.receive(encode([(TlvType.ENCRYPTED_DATA, sealed[:-1])]))


@pytest.mark.parametrize("identifier", [b"", bytes(37)])
def test_controllers_that_cannot_say_who_they_are(identifier: bytes) -> None:
    """The accessory stores no id that is none."""
    controller = PairSetupController(code=CODE, controller_id=identifier.decode() or None)
    register = Register(ACCESSORY_ID, CODE)
    accessory = PairSetupAccessory(register)
    if not identifier:
        controller._id = ""
    with pytest.raises(SetupCodeError):
        converse(controller, accessory)
    assert not register.paired
    assert not accessory.busy


def test_identifiers_are_opaque() -> None:
    """An id that is no UTF-8 is kept byte for byte, through pair-verify and in the list."""
    identifier = b"\xff\x00\xfeid".decode("utf-8", "surrogateescape")
    register = Register(ACCESSORY_ID, CODE)
    controller = PairSetupController(code=CODE, controller_id=identifier)
    converse(controller, PairSetupAccessory(register))
    assert controller.result is not None
    verify = PairVerifyController(controller.result)
    converse(verify, PairVerifyAccessory(register))
    assert verify.done
    listed = complete(answer_pairings(register, list_pairings(), admin=True))
    assert b"\xff\x00\xfeid" in listed
    assert read_pairings(listed)[0].controller_id == identifier


# --- transient and split setup ----------------------------------------------------------------


def test_transient_setup() -> None:
    """A transient setup ends with M4, and with keys instead of a pairing."""
    register = Register(ACCESSORY_ID, CODE)
    controller = PairSetupController(code=CODE, flags=SetupFlag.TRANSIENT)
    accessory = PairSetupAccessory(register)
    said = converse(controller, accessory)
    assert said[0].hex() == "060101000100130110"
    assert len(said) == 4
    assert Tlv.decode(said[1])[TlvType.FLAGS] == b"\x10"
    assert controller.done and controller.result is None
    assert controller.session is not None and accessory.session is not None
    assert controller.session.read_key == accessory.session.write_key
    assert controller.session.write_key == accessory.session.read_key
    assert controller.session.read_key == hkdf(
        controller.session.shared_secret, b"SplitSetupSalt", b"AccessoryEncrypt-Control"
    )
    assert not register.paired
    assert register.split is None
    assert not accessory.busy


def test_split_setup() -> None:
    """The second part goes on with the verifier of the first one."""
    register = Register(ACCESSORY_ID, CODE)
    accessory = PairSetupAccessory(register)
    first = PairSetupController(code=CODE, flags=SetupFlag.TRANSIENT | SetupFlag.SPLIT)
    said = converse(first, accessory)
    assert said[0].hex() == "060101000100130410000001"
    assert register.split is not None
    second = PairSetupController(code=CODE, flags=SetupFlag.SPLIT)
    again = converse(second, accessory)
    assert Tlv.decode(again[1])[TlvType.SALT] == Tlv.decode(said[1])[TlvType.SALT]
    assert second.result is not None
    assert register.paired
    assert register.split is None


def test_split_without_its_first_part() -> None:
    """There is no verifier to go on with."""
    controller = PairSetupController(code=CODE, flags=SetupFlag.SPLIT)
    with pytest.raises(SetupCodeError):
        converse(controller, PairSetupAccessory(Register(ACCESSORY_ID, CODE)))


def test_flags_mean_nothing_with_the_other_method() -> None:
    """Neither role heeds flags there, and unknown flags never."""
    controller = PairSetupController(
        code=CODE, method=Method.PAIR_SETUP_WITH_AUTH, flags=SetupFlag.TRANSIENT
    )
    assert controller.start().hex() == "060101000101"
    for message in ("060101000101130110", "060101000100130101", "06010100010013080000000000000080"):
        accessory = PairSetupAccessory(Register(ACCESSORY_ID, CODE))
        assert TlvType.FLAGS not in Tlv.decode(accessory.receive(bytes.fromhex(message)))


# --- what must be stored ----------------------------------------------------------------------


def fail_to_store[T](work: Work[T]) -> T:
    """Do work while the disk is full."""
    try:
        need = next(work)
        while True:
            need = work.throw(OSError("disk full")) if need is Need.STORE else next(work)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]


def test_pairing_that_cannot_be_stored() -> None:
    """A controller is told so, and is not paired."""
    register = Register(ACCESSORY_ID, CODE)
    controller, accessory = PairSetupController(code=CODE), PairSetupAccessory(register)
    m5 = controller.receive(until(controller, accessory, State.M4)[1])
    assert m5 is not None
    with pytest.raises(UnknownPairingError):
        controller.receive(fail_to_store(accessory.answer(m5)))
    assert not register.paired
    assert accessory.pairing is None
    assert not accessory.busy


def test_attempts_that_cannot_be_stored() -> None:
    """Nobody guesses on while the counter cannot be kept."""
    register = Register(ACCESSORY_ID, CODE)
    accessory = PairSetupAccessory(register)
    controller = PairSetupController(code="031-45-154")
    m3 = controller.receive(accessory.receive(controller.start()))
    assert m3 is not None
    with pytest.raises(UnknownPairingError):
        controller.receive(fail_to_store(accessory.answer(m3)))
    assert register.failed_attempts == 1


async def test_turns_are_taken() -> None:
    """Others run between the slices, and storing is waited for."""
    register = Register(ACCESSORY_ID, CODE)
    accessory = PairSetupAccessory(register)
    controller = PairSetupController(code=CODE)
    stored: list[bool] = []
    turns = 0

    async def store() -> None:
        await asyncio.sleep(0)
        stored.append(register.paired)

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(others())
    message: bytes | None = controller.start()
    while message is not None:
        answer = await take_turns(accessory.answer(message), store)
        message = await take_turns(controller.answer(answer))
    task.cancel()
    assert stored == [True]
    assert turns > 5


async def test_storing_that_fails_is_answered() -> None:
    """An OSError reaches the work, which takes its change back."""
    register = paired_register()

    async def store() -> None:
        raise OSError

    work = answer_pairings(register, remove_pairing(CONTROLLER_ID), admin=True)
    assert (await take_turns(work, store)).hex() == "060102070101"
    assert register.paired


async def test_work_without_a_store() -> None:
    """A register that nobody stores changes all the same."""
    register = paired_register()
    work = answer_pairings(register, remove_pairing(CONTROLLER_ID), admin=True)
    assert (await take_turns(work)).hex() == "060102"
    assert not register.paired


# --- pair-verify ------------------------------------------------------------------------------


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


def test_old_sessions_are_forgotten() -> None:
    """There is room for a bounded number."""
    sessions = ResumableSessions(capacity=2)
    for number in range(3):
        sessions.keep("someone", Resumption(bytes((number,)), bytes(32)))
    assert sessions.take(b"\0") is None
    assert sessions.take(b"\1") == ("someone", Resumption(b"\1", bytes(32)))
    assert sessions.take(b"\1") is None


# --- pairings ---------------------------------------------------------------------------------

PAIRINGS = VECTORS["pairings"]
SECOND = PAIRINGS["list_response_parsed"][1]


def second(permissions: ControllerPermission = REGULAR) -> Pairing:
    """The second controller of the vectors."""
    return Pairing(SECOND["pairingId"], bytes.fromhex(SECOND["publicKey"]), permissions)


def answered(register: Register, request: bytes, *, admin: bool = True) -> str:
    """Have a request answered."""
    return complete(answer_pairings(register, request, admin=admin)).hex()


def test_pairings_of_the_vectors() -> None:
    """All requests and answers are as recorded, in both roles."""
    each = second()
    register = paired_register()
    added = add_pairing(each.controller_id, each.public_key, each.permissions)
    assert added.hex() == PAIRINGS["add_request"]
    assert answered(register, added) == PAIRINGS["ok_response"]
    assert list_pairings().hex() == PAIRINGS["list_request"]
    listed = answered(register, list_pairings())
    assert listed == PAIRINGS["list_response"]
    pairings = read_pairings(bytes.fromhex(listed))
    assert [
        {
            "pairingId": pairing.controller_id,
            "publicKey": pairing.public_key.hex(),
            "permissions": int(pairing.permissions),
            "controllerType": "admin" if pairing.admin else "regular",
        }
        for pairing in pairings
    ] == PAIRINGS["list_response_parsed"]
    removed = remove_pairing(each.controller_id)
    assert removed.hex() == PAIRINGS["remove_request"]
    assert answered(register, removed) == PAIRINGS["ok_response"]
    assert list(register.pairings) == [CONTROLLER_ID]


def test_list_without_separators() -> None:
    """Some accessories send none; a record without a key is none, one without permissions a regular user's."""
    key = "0320" + "07" * 32
    answer = f"060102010161{key}0b0101" + f"010162{key}" + "010163"
    assert read_pairings(bytes.fromhex(answer)) == [
        Pairing("a", b"\7" * 32, ADMIN),
        Pairing("b", b"\7" * 32, REGULAR),
    ]


def test_adding_again_changes_permissions() -> None:
    """The same id with the same key is updated, with another one refused."""
    register = paired_register()
    each = second()
    answered(register, add_pairing(each.controller_id, each.public_key, REGULAR))
    answered(register, add_pairing(each.controller_id, each.public_key, ADMIN))
    assert register.pairings[each.controller_id].admin
    other = add_pairing(each.controller_id, bytes(range(32)), ADMIN)
    assert answered(register, other) == "060102070101"
    with pytest.raises(UnknownPairingError):
        read_pairings(complete(answer_pairings(register, other, admin=True)))
    assert register.pairings[each.controller_id].public_key == each.public_key


def test_max_peers() -> None:
    """There is room for so many; those that are known can still be changed."""
    register = paired_register()
    register.max_pairings = 16
    for number in range(15):
        assert answered(register, add_pairing(f"{number}", bytes(32), REGULAR)) == "060102"
    assert answered(register, add_pairing("another", bytes(32), REGULAR)) == "060102070104"
    assert answered(register, add_pairing("3", bytes(32), ADMIN)) == "060102"
    assert len(register.pairings) == 16


def test_only_administrators_may() -> None:
    """A regular user is refused whatever it asks."""
    register = paired_register()
    for request in (
        list_pairings(),
        remove_pairing(CONTROLLER_ID),
        add_pairing("x", bytes(32), ADMIN),
    ):
        assert answered(register, request, admin=False) == "060102070102"
    assert list(register.pairings) == [CONTROLLER_ID]


def test_unknown_pairing_is_removed() -> None:
    """Removing what is not there succeeds, and changes nothing."""
    register = paired_register()
    work = answer_pairings(register, remove_pairing("nobody"), admin=True)
    with pytest.raises(StopIteration):
        next(work)
    assert list(register.pairings) == [CONTROLLER_ID]


@pytest.mark.parametrize("by", ["removal", "demotion"])
def test_nobody_stays_without_an_administrator(by: str) -> None:
    """When the last administrator goes, or becomes a regular user, all go."""
    register = paired_register()
    each = second()
    answered(register, add_pairing(each.controller_id, each.public_key, REGULAR))
    own = pairing_of_vectors()
    request = (
        remove_pairing(CONTROLLER_ID)
        if by == "removal"
        else add_pairing(CONTROLLER_ID, own.public_key, REGULAR)
    )
    assert answered(register, request) == "060102"
    assert not register.paired
    assert register.signing_key is not None


@pytest.mark.parametrize(
    "message",
    [
        "",
        "060101",
        "060103000105",
        "060101000100",
        "060101000104",
        "060101000103",
        "060101000103010161" + "0b0100",
        "060101000103010161" + "030107" + "0b0100",
        "060101000103" + "0100" + "0320" + "07" * 32 + "0b0100",
        "060101000103" + "0125" + "61" * 37 + "0320" + "07" * 32 + "0b0100",
        "060101000103010161" + "0320" + "07" * 32,
    ],
)
def test_requests_that_are_none(message: str) -> None:
    """What lacks an item or is of another kind is answered as such."""
    register = paired_register()
    with pytest.raises(MisplacedMessageError) as caught:
        answered(register, bytes.fromhex(message))
    assert caught.value.answer.hex().endswith("070101")
    assert list(register.pairings) == [CONTROLLER_ID]


def test_answers_about_pairings_that_are_none() -> None:
    """Errors are found wherever they stand."""
    with pytest.raises(TlvError):
        read_pairings(b"\6")
    with pytest.raises(PairingMessageError):
        read_pairings(bytes.fromhex("060104"))
    with pytest.raises(PairingRefusedError):
        read_pairings(bytes.fromhex("0701c8"))
    assert read_pairings(b"") == []


# --- every message cut and flipped ------------------------------------------------------------


@cache
def recorded(kind: str) -> list[bytes]:
    """What both ends say in a recorded handshake."""
    messages = VECTORS[f"pair_{kind}"]["messages"]
    return [bytes.fromhex(messages[f"M{number}"]) for number in range(1, len(messages) + 1)]


@cache
def receiver(kind: str, number: int) -> Any:
    """Play a recorded handshake up to a message (1 for M1); gives who waits for it. To be copied."""
    ends: tuple[Any, Any]
    if kind == "setup":
        random = random_of(unhex(SRP_CASE, "salt"), unhex(SRP_CASE, "b"))
        accessory = PairSetupAccessory(register_of_vectors(), random=random)
        ends = accessory, controller_of_vectors()
    else:
        private = unhex(VERIFY, "controller_x25519_private")
        random = random_of(unhex(VERIFY, "accessory_x25519_private"))
        ends = (
            PairVerifyAccessory(paired_register(), random=random),
            PairVerifyController(keys_of_vectors(), key_exchange=KeyExchange(private)),
        )
    ends[1].start()
    for index, message in enumerate(recorded(kind)[: number - 1]):
        ends[index % 2].receive(message)
    return ends[(number - 1) % 2]


def copied(end: Any) -> Any:
    """Copy one end as far as it changes."""
    end = copy.copy(end)
    if isinstance(end, PairSetupAccessory):
        end._register = replace(end._register, claimant=None, pairings={})
        end._register.claimant = end if end._due is not State.M1 else None
        end._random = os.urandom
        end._srp = copy.copy(end._srp)
    elif isinstance(end, PairVerifyAccessory | PairSetupController):
        end._random = os.urandom
        if isinstance(end, PairSetupController):
            end._code = (
                None  # what becomes of a changed M2 when the code is known is tested by itself
            )
    return end


def succeeded(end: Any) -> bool:
    """Tell whether one end believes in the other."""
    if isinstance(end, PairSetupAccessory):
        return end.pairing is not None or end._register.paired
    if isinstance(end, PairVerifyAccessory):
        return end.session is not None or end.pairing is not None
    return bool(end.done)


LAST = {("setup", 5), ("setup", 6), ("verify", 3), ("verify", 4)}
MESSAGES = [("setup", number) for number in range(1, 7)] + [
    ("verify", number) for number in range(1, 5)
]


def is_refusal(answer: bytes | None) -> bool:
    """Tell whether an accessory refused."""
    return answer is not None and TlvType.ERROR in Tlv.decode(answer)


def outcome(kind: str, number: int, data: bytes) -> str:
    """Deliver a message that is not the recorded one; gives how it ends."""
    end = copied(receiver(kind, number))
    try:
        answer = end.receive(data)
    except VendorError:
        assert not succeeded(end)
        return "error"
    if is_refusal(answer):
        assert not succeeded(end)
        return "refusal"
    if succeeded(end):
        return "success"
    following = recorded(kind)[number] if number < len(recorded(kind)) else None
    return "same" if answer == following else "other"


@pytest.mark.parametrize(("kind", "number"), MESSAGES)
def test_recorded_messages(kind: str, number: int) -> None:
    """What is not changed goes on as recorded, so what follows tests what it says."""
    end = copied(receiver(kind, number))
    answer = end.receive(recorded(kind)[number - 1])
    if 2 + (kind == "setup") <= number < len(recorded(kind)):  # before, randomness comes in
        assert answer == recorded(kind)[number]
    assert succeeded(end) == ((kind, number) in LAST)


@pytest.mark.parametrize(("kind", "number"), MESSAGES)
def test_cut_messages(kind: str, number: int) -> None:
    """No message may be cut anywhere, but where the rest is nothing that counts."""
    data = recorded(kind)[number - 1]
    for end in range(len(data)):
        result = outcome(kind, number, data[:end])
        if (kind, number, end) == ("verify", 4, 0):
            assert result == "success"  # M4 is nothing but a State, which may be missing
        elif (kind, number, end) == ("setup", 1, 3):
            assert result == "other"  # M1 without its method, answered with another key
        else:
            assert result in {"error", "refusal"}, end


@pytest.mark.parametrize(("kind", "number"), MESSAGES)
@pytest.mark.parametrize("flip", [0x01, 0x80])
def test_flipped_messages(kind: str, number: int, flip: int) -> None:
    """A byte that is changed anywhere ends the handshake; what is not believed anyway changes nothing."""
    data = recorded(kind)[number - 1]
    for index in range(len(data)):
        changed = bytearray(data)
        changed[index] ^= flip
        result = outcome(kind, number, bytes(changed))
        place = f"byte {index}: {result}"
        if result in {"success", "same"}:
            # The State of an answer: a missing one is tolerated, and what proves something is as it was.
            assert number % 2 == 0 and index == 0, place
        elif result == "other":
            # Not proved yet: what is answered differs, and does not help; see below.
            assert number < 3, place
        else:
            assert result in {"error", "refusal"}


@pytest.mark.parametrize("index", [5, 40, 200, 380, 400])
def test_m2_of_setup_changed_on_its_way(index: int) -> None:
    """Keys and salt are part of the proof: who changes them makes the code look wrong."""
    register = Register(ACCESSORY_ID, CODE)
    accessory = PairSetupAccessory(register)
    controller = PairSetupController(code=CODE)
    m2 = bytearray(accessory.receive(controller.start()))
    m2[index] ^= 0x40
    m3 = controller.receive(bytes(m2))
    assert m3 is not None
    with pytest.raises(SetupCodeError):
        controller.receive(accessory.receive(m3))
    assert not register.paired


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


@given(st.binary(max_size=300))
def test_garbage(data: bytes) -> None:
    """Any bytes at any place give a documented error or an answer, never a success."""
    for controller in (PairSetupController(code=CODE), PairVerifyController(keys_of_vectors())):
        controller.start()
        with pytest.raises(VendorError):
            controller.receive(data)
    for accessory in (
        PairSetupAccessory(paired_register()),
        PairVerifyAccessory(paired_register()),
    ):
        with suppress(FrameError):
            accessory.receive(data)
        assert accessory.session is None
        assert accessory.pairing is None
    register = paired_register()
    with suppress(FrameError):
        complete(answer_pairings(register, data, admin=True))
    with suppress(VendorError):
        read_pairings(data)


ITEMS = st.lists(
    st.tuples(
        st.sampled_from([*TlvType, 0x30]),
        st.one_of(
            st.binary(max_size=3),
            st.sampled_from([bytes(8), bytes(16), bytes(32), bytes(36), bytes(64), bytes(384)]),
            st.sampled_from([b"\x01", b"\x02", b"\x03", b"\x04", b"\x05", b"\x06"]),
        ),
    ),
    max_size=6,
)


@given(st.sampled_from(MESSAGES), ITEMS, ITEMS, st.booleans())
def test_well_formed_nonsense(
    place: tuple[str, int],
    before: list[tuple[int, bytes]],
    behind: list[tuple[int, bytes]],
    keep: bool,
) -> None:
    """Items that nobody asked for, in front of a recorded message, behind it or in its place."""
    kind, number = place
    message = recorded(kind)[number - 1] if keep else b""
    end = copied(receiver(kind, number))
    try:
        answer = end.receive(encode(before) + message + encode(behind))
    except VendorError:
        assert not succeeded(end)
    else:
        # What is sealed is as it was, or nothing has to be: the last of pair-verify may be nothing at all.
        assert not succeeded(end) or (place in LAST and (keep or place == ("verify", 4)))
        assert answer is None or Tlv.decode(answer)


@given(st.lists(st.tuples(st.booleans(), ITEMS), max_size=8))
def test_requests_about_pairings(requests: list[tuple[bool, list[tuple[int, bytes]]]]) -> None:
    """Whatever is asked in whatever order, an accessory with pairings has an administrator, and not too many."""
    register = paired_register()
    register.max_pairings = 3
    for admin, items in requests:
        before = dict(register.pairings)
        request = encode([(TlvType.STATE, b"\x01"), *items])
        with suppress(FrameError):
            read_pairings_quietly(complete(answer_pairings(register, request, admin=admin)))
        assert admin or register.pairings == before
        assert len(register.pairings) <= 3
        assert not register.paired or any(each.admin for each in register.pairings.values())


def read_pairings_quietly(data: bytes) -> None:
    """Read an answer, refusals as well."""
    with suppress(PairingRefusedError):
        read_pairings(data)


def test_secrets_are_not_shown() -> None:
    """Neither keys nor codes appear where objects are shown."""
    secret = bytes(range(32))
    shown = repr(
        [
            SessionKeys(secret, secret, secret, secret[:8]),
            Resumption(secret[:8], secret),
            register_of_vectors(split=(secret, 5)),
            PairSetupController(code=CODE),
            PairVerifyController(keys_of_vectors()),
            PairSetupAccessory(Register(ACCESSORY_ID, CODE)),
        ]
    )
    assert repr(secret)[2:20] not in shown
    assert CODE not in shown
    assert SETUP["accessory_ltsk_seed"][:8] not in shown
