"""Pair-setup: as recorded, both roles against each other, and everything that must not succeed."""

import pytest

from custom_components.hap_controller.protocol.const import (
    MAX_TRIES,
    SETUP_ACCESSORY_SIGN,
    SETUP_ENCRYPT,
    SETUP_M6_NONCE,
    Method,
    SetupFlag,
    State,
    TlvType,
)
from custom_components.hap_controller.protocol.crypto import SigningKey, hkdf, seal
from custom_components.hap_controller.protocol.pairing import (
    MisplacedMessageError,
    PairVerifyAccessory,
    PairVerifyController,
    Register,
    list_pairings,
    read_pairings,
)
from custom_components.hap_controller.protocol.pairing.administration import answer_pairings
from custom_components.hap_controller.protocol.pairing.setup import (
    PairSetupAccessory,
    PairSetupController,
    setup_method,
)
from custom_components.hap_controller.protocol.pairing.work import Need, Work, complete
from custom_components.hap_controller.protocol.refusals import (
    AlreadyPairedError,
    AuthTagError,
    BusyError,
    IllegalKeyError,
    MaxTriesError,
    PairingMessageError,
    ProofError,
    SetupCodeError,
    SignatureError,
    TlvError,
    UnknownPairingError,
)
from custom_components.hap_controller.protocol.tlv8 import Tlv, encode

from .recorded import (
    ACCESSORY_ID,
    CODE,
    CONTROLLER_ID,
    SETUP,
    SRP_CASE,
    VECTORS,
    controller_of_vectors,
    converse,
    keys_of_vectors,
    paired_register,
    pairing_of_vectors,
    random_of,
    register_of_vectors,
    unhex,
    until,
)


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
