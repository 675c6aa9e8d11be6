"""Every message of the handshakes: refusals, cut and changed ones, and nonsense."""

from collections.abc import Callable
from contextlib import suppress
import copy
from dataclasses import replace
from functools import cache
import os
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.hap_controller.protocol.const import MAX_RETRY_DELAY_S, State, TlvType
from custom_components.hap_controller.protocol.crypto import KeyExchange
from custom_components.hap_controller.protocol.errors import FrameError, VendorError
from custom_components.hap_controller.protocol.pairing import (
    MisplacedMessageError,
    PairVerifyAccessory,
    PairVerifyController,
    read_pairings,
)
from custom_components.hap_controller.protocol.pairing.administration import answer_pairings
from custom_components.hap_controller.protocol.pairing.setup import (
    PairSetupAccessory,
    PairSetupController,
)
from custom_components.hap_controller.protocol.pairing.work import complete
from custom_components.hap_controller.protocol.refusals import (
    AlreadyPairedError,
    BackoffError,
    BusyError,
    MaxPeersError,
    MaxTriesError,
    NotAdminError,
    PairingLostError,
    PairingRefusedError,
    SetupCodeError,
)
from custom_components.hap_controller.protocol.tlv8 import Tlv, encode
from tests.fuzz.hap_controller import pairing

from .recorded import (
    CODE,
    ITEMS,
    SRP_CASE,
    VECTORS,
    VERIFY,
    controller_of_vectors,
    keys_of_vectors,
    paired_register,
    random_of,
    register_of_vectors,
    unhex,
)

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


@pytest.mark.parametrize("size", [8, 9, 2000])
def test_numbers_of_any_size(size: int) -> None:
    """A number so large that Python would not even print it is like any other that means nothing."""
    number = b"\xff" * size
    for accessory in (
        PairSetupAccessory(register_of_vectors()),
        PairVerifyAccessory(paired_register()),
    ):
        for items in (
            [(TlvType.STATE, number)],
            [(TlvType.STATE, b"\x01"), (TlvType.METHOD, number), (TlvType.PUBLIC_KEY, bytes(32))],
        ):
            with pytest.raises(MisplacedMessageError):
                accessory.receive(encode(items))
    request = encode([(TlvType.STATE, b"\x01"), (TlvType.METHOD, number)])
    with pytest.raises(MisplacedMessageError):
        complete(answer_pairings(paired_register(), request, admin=True))
    with pytest.raises(PairingRefusedError):
        read_pairings(encode([(TlvType.ERROR, number)]))
    for refused, error in (
        ([(TlvType.ERROR, number)], PairingRefusedError),
        ([(TlvType.ERROR, b"\x03"), (TlvType.RETRY_DELAY, number)], BackoffError),
    ):
        for controller in (
            PairSetupController(code=CODE),
            PairVerifyController(keys_of_vectors()),
        ):
            controller.start()
            with pytest.raises(error) as caught:
                controller.receive(encode(refused))
            assert getattr(caught.value, "retry_after_s", None) in {None, MAX_RETRY_DELAY_S}


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


@given(
    st.sampled_from(
        [
            *((pairing.setup_accessory, 3), (pairing.setup_controller, 3)),
            *((pairing.verify_accessory, 2), (pairing.verify_controller, 2)),
        ]
    ),
    ITEMS,
)
def test_any_introduction(place: tuple[Callable[[bytes], None], int], items: list[Any]) -> None:
    """Whoever holds the key of the handshake may still say anything of itself; nothing of it is believed unsigned."""
    target, stage = place
    target(bytes((stage,)) + encode(items))
