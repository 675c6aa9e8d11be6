"""Primitives: recorded derivations, seals, signatures and exchanges, and every way in which they refuse."""

from functools import partial
import struct
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings, strategies as st
import pytest

from custom_components.hap_controller.protocol import const
from custom_components.hap_controller.protocol.crypto import (
    KeyExchange,
    SigningKey,
    counter_nonce,
    hkdf,
    open_sealed,
    seal,
    verify,
)
from custom_components.hap_controller.protocol.refusals import (
    AuthTagError,
    IllegalKeyError,
    SignatureError,
)
from custom_components.hap_controller.protocol.tlv8 import Tlv
from tests.common import load_vectors

VECTORS = load_vectors("hap_controller", "vectors")
SETUP = VECTORS["pair_setup"]
VERIFY = VECTORS["pair_verify"]
DERIVATIONS = {
    "pair-setup-encrypt": const.SETUP_ENCRYPT,
    "pair-setup-controller-sign": const.SETUP_CONTROLLER_SIGN,
    "pair-setup-accessory-sign": const.SETUP_ACCESSORY_SIGN,
    "mfi-challenge": const.MFI_CHALLENGE,
    "transient-accessory-encrypt": const.TRANSIENT_READ,
    "transient-controller-encrypt": const.TRANSIENT_WRITE,
    "pair-verify-encrypt": const.VERIFY_ENCRYPT,
    "control-read": const.CONTROL_READ,
    "control-write": const.CONTROL_WRITE,
    "resume-session-id": const.RESUME_SESSION_ID,
}
INFOS = {
    "resume-request": const.RESUME_REQUEST_INFO,
    "resume-response": const.RESUME_RESPONSE_INFO,
    "resume-shared-secret": const.RESUME_SECRET_INFO,
}

hex_ = bytes.fromhex


@pytest.mark.parametrize("vector", VECTORS["hkdf"]["cases"], ids=lambda vector: vector["name"])
def test_derivations(vector: dict[str, Any]) -> None:
    """Every salt and info is spelled as recorded (§3.3, §4)."""
    name = vector["name"]
    salt, info = DERIVATIONS[name] if name in DERIVATIONS else (hex_(vector["salt"]), INFOS[name])
    key = hkdf(hex_(vector["ikm"]), salt, info, vector["length"])
    assert key.hex() == vector["okm"]


def test_length_of_derived_keys() -> None:
    """A key has 32 bytes unless said otherwise."""
    assert len(hkdf(b"key", b"salt", b"info")) == 32


@pytest.mark.parametrize(
    ("messages", "key", "nonce", "message", "content"),
    [
        (SETUP, SETUP["encrypt_key"], const.SETUP_M5_NONCE, "M5", "M5_sub_tlv"),
        (SETUP, SETUP["encrypt_key"], const.SETUP_M6_NONCE, "M6", "M6_sub_tlv"),
        (VERIFY, VERIFY["encrypt_key"], const.VERIFY_M2_NONCE, "M2", "M2_sub_tlv"),
        (VERIFY, VERIFY["encrypt_key"], const.VERIFY_M3_NONCE, "M3", "M3_sub_tlv"),
    ],
    ids=["setup M5", "setup M6", "verify M2", "verify M3"],
)
def test_recorded_seals(
    messages: dict[str, Any], key: str, nonce: bytes, message: str, content: str
) -> None:
    """What is sealed inside of pairing messages opens to what is noted, and is sealed alike."""
    sealed = Tlv.decode(hex_(messages["messages"][message]))[const.TlvType.ENCRYPTED_DATA]
    assert open_sealed(hex_(key), nonce, sealed).hex() == messages[content]
    assert seal(hex_(key), nonce, hex_(messages[content])) == sealed


def test_recorded_nonces() -> None:
    """Eight little-endian bytes behind four zero bytes (§5)."""
    assert counter_nonce(1).hex() == VECTORS["session"]["nonce_for_counter_1"]
    assert counter_nonce(258).hex() == VECTORS["session"]["nonce_for_counter_258"]
    assert const.SETUP_M5_NONCE.hex() == SETUP["M5_nonce"]
    assert const.SETUP_M6_NONCE.hex() == SETUP["M6_nonce"]
    assert counter_nonce(2**64 - 1).hex() == "00000000ffffffffffffffff"
    with pytest.raises(struct.error):
        counter_nonce(2**64)


@given(st.binary(max_size=60), st.binary(max_size=8), st.data())
def test_changed_seals(content: bytes, aad: bytes, data: st.DataObject) -> None:
    """One flipped bit, another length, nonce, key or context: nothing opens."""
    key, nonce = bytes(range(32)), counter_nonce(7)
    sealed = seal(key, nonce, content, aad)
    assert open_sealed(key, nonce, sealed, aad) == content
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    flipped = bytearray(sealed)
    flipped[bit // 8] ^= 1 << bit % 8
    cut = sealed[: data.draw(st.integers(0, len(sealed) - 1))]
    for attempt in (
        partial(open_sealed, key, nonce, bytes(flipped), aad),
        partial(open_sealed, key, nonce, cut, aad),
        partial(open_sealed, key, counter_nonce(8), sealed, aad),
        partial(open_sealed, bytes(32), nonce, sealed, aad),
        partial(open_sealed, key, nonce, sealed, aad + b"\0"),
    ):
        with pytest.raises(AuthTagError):
            attempt()


@pytest.mark.parametrize("role", ["controller", "accessory"])
def test_recorded_keys(role: str) -> None:
    """A seed makes the recorded key, and the key the recorded signatures (§3.3)."""
    key = SigningKey(hex_(SETUP[f"{role}_ltsk_seed"]))
    assert key.public_key.hex() == SETUP[f"{role}_ltpk"]
    assert key.seed.hex() == SETUP[f"{role}_ltsk_seed"]
    message, prefix = ("M5", "iOSDeviceX") if role == "controller" else ("M6", "AccessoryX")
    introduction = Tlv.decode(hex_(SETUP[f"{message}_sub_tlv"]))
    signed = hex_(SETUP[prefix]) + introduction[const.TlvType.IDENTIFIER] + key.public_key
    assert key.sign(signed) == introduction[const.TlvType.SIGNATURE]
    verify(key.public_key, introduction[const.TlvType.SIGNATURE], signed)


@pytest.mark.parametrize(
    ("public_key", "signature"),
    [
        (bytes(32), bytes(64)),
        (b"", bytes(64)),
        (bytes(31) + b"\1", bytes(64)),
        (bytes(33), bytes(64)),
        (b"\xff" * 32, bytes(64)),
        (hex_(SETUP["accessory_ltpk"]), bytes(64)),
        (hex_(SETUP["accessory_ltpk"]), b""),
        (hex_(SETUP["accessory_ltpk"]), bytes(65)),
    ],
    ids=[
        "zero key",
        "no key",
        "unknown key",
        "long key",
        "no point",
        "zero signature",
        "no signature",
        "long signature",
    ],
)
def test_bad_signatures(public_key: bytes, signature: bytes) -> None:
    """None of them passes, and the one error says so; a key of zeros was seen in the wild (§3.4)."""
    with pytest.raises(SignatureError):
        verify(public_key, signature, b"data")


def _library_accepts(public_key: bytes, signature: bytes, data: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, data)
    except InvalidSignature:
        return False
    return True


def test_anybody_signs_under_a_key_of_zeros() -> None:
    """Why it is refused by name: the arithmetic accepts a signature that took no secret for some data."""
    signature = b"\x01" + bytes(63)
    data = next(
        data for data in map(bytes, range(100)) if _library_accepts(bytes(32), signature, data)
    )
    with pytest.raises(SignatureError, match="all zeros"):
        verify(bytes(32), signature, data)


@given(st.binary(max_size=70), st.binary(max_size=70), st.binary(max_size=20))
def test_any_signature(public_key: bytes, signature: bytes, data: bytes) -> None:
    """Whatever a peer sends is refused with the one error."""
    with pytest.raises(SignatureError):
        verify(public_key, signature, data)


def test_recorded_exchange() -> None:
    """Both ends find the recorded secret (§4)."""
    ours = KeyExchange(hex_(VERIFY["controller_x25519_private"]))
    theirs = KeyExchange(hex_(VERIFY["accessory_x25519_private"]))
    assert ours.public_key.hex() == VERIFY["controller_x25519_public"]
    assert theirs.public_key.hex() == VERIFY["accessory_x25519_public"]
    assert ours.exchange(theirs.public_key).hex() == VERIFY["shared_secret"]
    assert theirs.exchange(ours.public_key).hex() == VERIFY["shared_secret"]


# The points whose order divides eight, RFC 7748 §7: they make the secret zero.
@pytest.mark.parametrize(
    "public_key",
    [
        "00" * 32,
        "01" + "00" * 31,
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ec" + "ff" * 30 + "7f",
        "ed" + "ff" * 30 + "7f",
        "ee" + "ff" * 30 + "7f",
        "",
        "09" + "00" * 30,
        "09" + "00" * 32,
    ],
)
def test_unusable_keys(public_key: str) -> None:
    """All-zero secrets and keys of another length end the exchange (§4)."""
    with pytest.raises(IllegalKeyError):
        KeyExchange(bytes(range(32))).exchange(hex_(public_key))


@settings(max_examples=30)
@given(st.binary(max_size=40))
def test_any_key(public_key: bytes) -> None:
    """Whatever a peer sends gives a secret or the one error."""
    try:
        secret = KeyExchange(bytes(range(32))).exchange(public_key)
    except IllegalKeyError:
        return
    assert len(secret) == 32
    assert any(secret)


def test_fresh_keys() -> None:
    """Randomness is asked for once, 32 bytes, and used as it is."""
    drawn: list[int] = []

    def draw(size: int) -> bytes:
        drawn.append(size)
        return bytes(range(size))

    assert SigningKey.generate(draw).seed == bytes(range(32))
    assert KeyExchange.generate(draw).public_key == KeyExchange(bytes(range(32))).public_key
    assert drawn == [32, 32]
    assert SigningKey.generate().seed != SigningKey.generate().seed
    assert KeyExchange.generate().public_key != KeyExchange.generate().public_key


@pytest.mark.parametrize("make", [SigningKey, KeyExchange])
@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_stored_keys_of_another_length(make: type, size: int) -> None:
    """What records hold is our own affair: ValueError, not an error of the peer."""
    with pytest.raises(ValueError):
        make(bytes(size))


def test_nothing_secret_is_shown() -> None:
    """Private keys stay out of texts."""
    seed = bytes(range(32))
    for key in (SigningKey(seed), KeyExchange(seed)):
        assert str(seed) not in repr(key)
        assert seed.hex() not in repr(key)
