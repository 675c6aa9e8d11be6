"""The proof of the setup code: recorded exchanges, leading zeros, hostile keys, and how long a slice takes."""

from collections.abc import Callable, Iterator
from contextlib import suppress
import hashlib
import hmac
from importlib.util import module_from_spec, spec_from_file_location
import sys
import time
from typing import Any
import warnings

from cryptography.hazmat.primitives import asymmetric
from hypothesis import given, settings, strategies as st
import pytest

from custom_components.hap_controller.protocol import srp
from custom_components.hap_controller.protocol.refusals import (
    IllegalKeyError,
    PairingRefusedError,
    ProofError,
)
from custom_components.hap_controller.protocol.srp import (
    GROUP_BYTES,
    K_MULTIPLIER,
    G,
    N,
    SrpAccessory,
    SrpController,
    library_power,
    power,
    windowed_power,
)
from tests.common import load_vectors

VECTORS = load_vectors("hap_controller", "vectors")["srp"]
CASES = {case["name"]: case for case in VECTORS["cases"]}
CODE = "518-08-582"
CONVENTIONS = ("padded_convention", "stripped_convention")

hex_ = bytes.fromhex
all_cases = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


def _done(work: Iterator[None]) -> None:
    for _ in work:
        pass


def _value(work: Iterator[None]) -> Any:
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def _draws(*numbers: str) -> Callable[[int], bytes]:
    """Give recorded numbers, and fail when more are wanted."""
    left = [hex_(number) for number in numbers]
    return lambda size: left.pop(0)


def _controller(case: dict[str, Any], key: bytes | None = None, *draws: str) -> SrpController:
    return SrpController(
        case["setup_code_text"],
        hex_(case["salt"]),
        hex_(case["B_384"]) if key is None else key,
        _draws(*(draws or (case["a"],))),
    )


def _accessory(case: dict[str, Any], *draws: str) -> SrpAccessory:
    return SrpAccessory(
        case["setup_code_text"], hex_(case["salt"]), random=_draws(*(draws or (case["b"],)))
    )


def _zeros(case: dict[str, Any], *names: str) -> int:
    return sum(case[f"{name}_leading_zero_bytes"] for name in names)


def test_group() -> None:
    """The constants are the recorded ones (§3.1)."""
    assert f"{N:x}" == VECTORS["N"]
    assert VECTORS["g"] == G
    assert f"{K_MULTIPLIER:x}" == VECTORS["k"]
    assert srp._GROUP_HASH.hex() == VECTORS["H_N_xor_H_g"]
    assert srp._USERNAME_HASH.hex() == VECTORS["H_username"]


@all_cases
def test_numbers(case: dict[str, Any]) -> None:
    """x, v, A, B and u are the recorded ones, salts with leading zeros and all (§3.1)."""
    x = srp._private_number(case["setup_code_text"], hex_(case["salt"]))
    assert x == int(case["x"], 16)
    verifier = _value(power(G, x))
    assert verifier == int(case["v_384"], 16)
    assert _value(power(G, int(case["a"], 16))) == int(case["A_384"], 16)
    blinded = _value(power(G, int(case["b"], 16)))
    assert (K_MULTIPLIER * verifier + blinded) % N == int(case["B_384"], 16)
    u = srp._scrambler(hex_(case["A_384"]), hex_(case["B_384"]))
    assert u == int(case["u"], 16)


@pytest.mark.parametrize(
    "case",
    [case for case in CASES.values() if not _zeros(case, "A", "S", "K")],
    ids=lambda c: c["name"],
)
@pytest.mark.parametrize("convention", CONVENTIONS)
def test_controller(case: dict[str, Any], convention: str) -> None:
    """Key, proof and expected answer are the recorded ones; B counts as it was received (§3.2)."""
    key = hex_(case["B_384"])
    if convention == "stripped_convention":
        key = key.lstrip(b"\0")
    controller = _controller(case, key)
    _done(controller.work())
    expected = case[convention]
    assert controller.public_key.hex() == case["A_384"]
    assert controller.proof.hex() == expected["M1"]
    assert controller.session_key.hex() == expected["K"]
    controller.verify(hex_(expected["M2"]))


@pytest.mark.parametrize("name", ["leading-zero-A", "leading-zero-S", "leading-zero-K"])
def test_controller_draws_again(name: str) -> None:
    """Where implementations disagree on leading zeros there are none (§3.2)."""
    assert _zeros(CASES[name], "A", "S", "K")
    controller = _controller(CASES[name], None, CASES[name]["a"], CASES["main"]["a"])
    _done(controller.work())
    assert controller.public_key.hex() == CASES["main"]["A_384"]
    other = SrpAccessory(CODE, controller.salt, random=_draws(CASES[name]["b"]))
    _done(other.work())
    _done(other.verify(controller.public_key, controller.proof))
    assert other.session_key == controller.session_key


# Found by trying: with the recorded salt and B of the main case, this private number gives a proof that begins with 0.
ZERO_PROOF_A = "478fa287ca95171dbce0e15557dde9eb25ae071e75fa9ebc9c32505349c301f9"


def test_controller_draws_again_for_its_proof() -> None:
    """A proof with a leading zero is what homekit_python would send too short."""
    case = CASES["main"]
    x, salt, theirs = int(case["x"], 16), hex_(case["salt"]), hex_(case["B_384"])
    a = int(ZERO_PROOF_A, 16)
    key = pow(G, a, N).to_bytes(GROUP_BYTES)
    base = (int(case["B_384"], 16) - K_MULTIPLIER * int(case["v_384"], 16)) % N
    secret = pow(base, a + srp._scrambler(key, theirs) * x, N).to_bytes(GROUP_BYTES)
    session_key = hashlib.sha512(secret).digest()
    assert srp._controller_proof(salt, key, theirs, session_key)[0] == 0
    assert key[0]
    assert secret[0]
    assert session_key[0]
    controller = _controller(case, None, ZERO_PROOF_A, case["a"])
    _done(controller.work())
    assert controller.public_key.hex() == case["A_384"]


@pytest.mark.parametrize(
    "case", [case for case in CASES.values() if not _zeros(case, "B")], ids=lambda c: c["name"]
)
@pytest.mark.parametrize("convention", CONVENTIONS)
def test_accessory(case: dict[str, Any], convention: str) -> None:
    """Whatever convention a controller follows, its proof passes, and the key is the one it has (§3.2)."""
    accessory = _accessory(case)
    _done(accessory.work())
    assert accessory.public_key.hex() == case["B_384"]
    assert accessory.verifier == int(case["v_384"], 16)
    expected = case[convention]
    key = hex_(case["A_384"])
    _done(accessory.verify(key, hex_(expected["M1"])))
    assert accessory.session_key.hex() == expected["K"]
    answer = hashlib.sha512(key + hex_(expected["M1"]) + hex_(expected["K"])).digest()
    assert accessory.proof == answer
    if convention == "padded_convention" or not _zeros(case, "A"):
        assert accessory.proof.hex() == expected["M2"]


def test_accessory_takes_all_four_candidates() -> None:
    """A stripped or padded, S stripped or padded, in any combination; and nothing else (§3.2)."""
    case = CASES["leading-zero-A"]
    salt, a_384, b_384 = (hex_(case[name]) for name in ("salt", "A_384", "B_384"))
    secret = hex_(case["S_384"])
    for sent in (a_384, a_384.lstrip(b"\0")):
        proof = srp._controller_proof(salt, sent, b_384, hashlib.sha512(secret).digest())
        for wire in (a_384, a_384.lstrip(b"\0")):
            accessory = _accessory(case)
            _done(accessory.work())
            _done(accessory.verify(wire, proof))
            assert accessory.session_key == hashlib.sha512(secret).digest()
    case = CASES["leading-zero-S"]
    salt, a_384, b_384 = (hex_(case[name]) for name in ("salt", "A_384", "B_384"))
    secret = hex_(case["S_384"])
    for counted in (secret, secret.lstrip(b"\0")):
        session_key = hashlib.sha512(counted).digest()
        proof = srp._controller_proof(salt, a_384, b_384, session_key)
        accessory = _accessory(case)
        _done(accessory.work())
        _done(accessory.verify(a_384, proof))
        assert accessory.session_key == session_key
    wrong = hashlib.sha512(secret[2:]).digest()
    accessory = _accessory(case)
    _done(accessory.work())
    with pytest.raises(ProofError):
        _done(accessory.verify(a_384, srp._controller_proof(salt, a_384, b_384, wrong)))


def test_accessory_draws_again() -> None:
    """B never begins with a zero (§3.2)."""
    case = CASES["leading-zero-B"]
    accessory = _accessory(case, case["b"], CASES["main"]["b"])
    _done(accessory.work())
    assert accessory.public_key.hex() == CASES["main"]["B_384"]


@pytest.mark.parametrize("length", [0, 1, 62, 63, 64])
def test_proofs_without_leading_zeros(length: int) -> None:
    """A short proof gets its zeros back (§3.1)."""
    assert srp._full_proof(b"\1" * length) == bytes(64 - length) + b"\1" * length


def test_proofs_of_another_length() -> None:
    """What lacks a byte or has one too many matches nothing."""
    case = CASES["main"]
    controller, accessory = _controller(case), _accessory(case)
    _done(accessory.work())
    _done(controller.work())
    ours = controller.proof
    for proof in (b"", ours[1:], ours[:-1], ours + b"\0", b"\0" + ours, bytes(64)):
        with pytest.raises(ProofError):
            _done(accessory.verify(controller.public_key, proof))
    _done(accessory.verify(controller.public_key, ours))
    theirs = accessory.proof
    for proof in (b"", theirs[1:], theirs[:-1], theirs + b"\0", b"\0" + theirs, bytes(64)):
        with pytest.raises(ProofError):
            controller.verify(proof)
    controller.verify(theirs)


def test_short_proof_of_homekit_python() -> None:
    """It strips a proof's leading zero before it sends; ours is found all the same."""
    case = CASES["main"]
    key = pow(G, int(ZERO_PROOF_A, 16), N).to_bytes(GROUP_BYTES)
    base = (int(case["B_384"], 16) - K_MULTIPLIER * int(case["v_384"], 16)) % N
    u = srp._scrambler(key, hex_(case["B_384"]))
    secret = pow(base, int(ZERO_PROOF_A, 16) + u * int(case["x"], 16), N).to_bytes(GROUP_BYTES)
    session_key = hashlib.sha512(secret).digest()
    proof = srp._controller_proof(hex_(case["salt"]), key, hex_(case["B_384"]), session_key)
    accessory = _accessory(case)
    _done(accessory.work())
    _done(accessory.verify(key, proof.lstrip(b"\0")))
    assert accessory.session_key == session_key
    assert accessory.proof == hashlib.sha512(key + proof + session_key).digest()


def test_wrong_code() -> None:
    """Neither end passes, and the errors say no code."""
    case = CASES["main"]
    accessory = SrpAccessory("031-45-154", hex_(case["salt"]))
    _done(accessory.work())
    controller = SrpController(CODE, accessory.salt, accessory.public_key)
    _done(controller.work())
    with pytest.raises(ProofError) as caught:
        _done(accessory.verify(controller.public_key, controller.proof))
    assert caught.value.code == 2
    assert isinstance(caught.value, PairingRefusedError)
    assert accessory.proof == accessory.session_key == b""
    with pytest.raises(ProofError) as caught:
        controller.verify(bytes(64))
    assert caught.value.code == 2
    assert CODE not in str(caught.value)


def test_no_proof_before_the_work_is_done() -> None:
    """An answer that comes before there was a question passes nothing."""
    controller = _controller(CASES["main"])
    with pytest.raises(ProofError):
        controller.verify(hashlib.sha512(b"").digest())


@pytest.mark.parametrize(
    "key",
    [b"", b"\0", bytes(384), bytes(385), N.to_bytes(384), N.to_bytes(385), b"\1" + bytes(384)],
    ids=["none", "zero", "zeros", "more zeros", "N", "long N", "too long"],
)
def test_hostile_keys(key: bytes) -> None:
    """A or B of nothing modulo N would make the secret known to everybody (§3.1)."""
    case = CASES["main"]
    with pytest.raises(IllegalKeyError):
        _done(_controller(case, key).work())
    accessory = _accessory(case)
    _done(accessory.work())
    with pytest.raises(IllegalKeyError):
        _done(accessory.verify(key, bytes(64)))


def test_scrambler_of_nothing() -> None:
    """With u of 0 a stolen verifier would do; the hash never gives it, but who knows what is fed to it (§3.1)."""
    with pytest.raises(IllegalKeyError):
        srp._checked(bytes(64))
    assert srp._checked(bytes(63) + b"\1") == 1


@pytest.mark.parametrize("base", [0, 1, N - 1])
def test_keys_that_make_the_secret_trivial(base: int) -> None:
    """Whoever knows the verifier could force one of two secrets, and without an end to our draws."""
    case = CASES["main"]
    key = (base + K_MULTIPLIER * int(case["v_384"], 16)) % N
    with pytest.raises(IllegalKeyError):
        _done(_controller(case, key.to_bytes(384)).work())


@pytest.mark.parametrize("target", [1, N - 1])
def test_controller_keys_that_make_the_secret_trivial(target: int) -> None:
    """The accessory refuses what gives a secret of 1, whatever u may be."""
    accessory = SrpAccessory(None, bytes(16), 1, random=lambda size: bytes(range(1, size + 1)))
    _done(accessory.work())
    with pytest.raises(IllegalKeyError):
        _done(accessory.verify(target.to_bytes(384), bytes(64)))


def test_draws_have_an_end() -> None:
    """Numbers that never do end the attempt instead of the loop."""
    drawn = 0

    def draw(size: int) -> bytes:
        nonlocal drawn
        drawn += 1
        return hex_(CASES["leading-zero-A"]["a"])

    case = CASES["leading-zero-A"]
    controller = SrpController(CODE, hex_(case["salt"]), hex_(case["B_384"]), draw)
    with pytest.raises(IllegalKeyError):
        _done(controller.work())
    assert drawn == 32
    case = CASES["leading-zero-B"]
    accessory = SrpAccessory(CODE, hex_(case["salt"]), random=lambda size: hex_(case["b"]))
    with pytest.raises(IllegalKeyError):
        _done(accessory.work())


def test_verifier_of_an_earlier_attempt() -> None:
    """Split pairing goes on with it and its salt, without the code (§3.5)."""
    first = SrpAccessory(CODE)
    _done(first.work())
    assert len(first.salt) == 16
    second = SrpAccessory(None, first.salt, first.verifier)
    _done(second.work())
    assert second.public_key != first.public_key
    controller = SrpController(CODE, second.salt, second.public_key)
    _done(controller.work())
    _done(second.verify(controller.public_key, controller.proof))
    controller.verify(second.proof)


def test_randomness() -> None:
    """Private numbers have 256 bits, salts 128, and a number of nothing is not used (§3.1)."""
    sizes: list[int] = []

    def draw(size: int) -> bytes:
        sizes.append(size)
        return bytes(size)

    accessory = SrpAccessory(CODE, random=draw)
    _done(accessory.work())
    assert sizes[:2] == [16, 32]
    assert accessory.salt == bytes((1, *bytes(15)))  # homekit_python leaves leading zeros out
    assert accessory.public_key == ((K_MULTIPLIER * accessory.verifier + G) % N).to_bytes(384)


@settings(max_examples=8)
@given(
    st.from_regex(r"[0-9]{3}-[0-9]{2}-[0-9]{3}", fullmatch=True),
    st.binary(min_size=16, max_size=20),
)
def test_round_trip(code: str, salt: bytes) -> None:
    """Both ends find the same key, whatever code and salt."""
    accessory = SrpAccessory(code, salt)
    _done(accessory.work())
    controller = SrpController(code, salt, accessory.public_key)
    _done(controller.work())
    _done(accessory.verify(controller.public_key, controller.proof))
    controller.verify(accessory.proof)
    assert controller.session_key == accessory.session_key
    assert controller.public_key[0]
    assert accessory.public_key[0]


@settings(max_examples=20)
@given(st.binary(max_size=400), st.binary(max_size=80))
def test_any_key_and_proof(key: bytes, proof: bytes) -> None:
    """Whatever a peer sends ends in one of the two errors."""
    accessory = SrpAccessory(None, bytes(16), 12345, random=lambda size: b"\7" * size)
    _done(accessory.work())
    with pytest.raises((IllegalKeyError, ProofError)):
        _done(accessory.verify(key, proof))
    controller = SrpController(CODE, proof, key)
    with suppress(IllegalKeyError):
        _done(controller.work())
    with pytest.raises(ProofError):
        controller.verify(proof)


# --- exponentiation -----------------------------------------------------------------------------

EXPONENTS = [1, 2, 15, 16, 255, 2**256 - 1, 2**512 - 3, 2**1024 + 1, 2**1023, N - 2]


@pytest.mark.parametrize(
    "exponent", EXPONENTS, ids=lambda exponent: f"{exponent.bit_length()} bits"
)
@pytest.mark.parametrize(
    "base", [2, 3, G, 2**1000 + 1, N - 2, N // 2], ids=lambda base: f"{base:x}"[:8]
)
def test_ways_to_raise(base: int, exponent: int) -> None:
    """The library, the loop and the language agree, also where the base is no square."""
    expected = pow(base, exponent, N)
    assert _value(windowed_power(base, exponent)) == expected
    assert _value(power(base, exponent)) == expected
    assert library_power(base, exponent) in {expected, None}


def test_library_is_used() -> None:
    """With the version of today it is there; without it pairing takes ten times as long."""
    assert library_power(G, 12345) == pow(G, 12345, N)


@pytest.mark.parametrize("base", [0, 1, N - 1, N])
def test_what_the_library_refuses(base: int) -> None:
    """Bases without a secret in them are left to the loop."""
    assert library_power(base, 12345) is None
    assert _value(power(base, 12345)) == pow(base, 12345, N)


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """A later version may lack it: everything works as before, in more and short slices."""
    monkeypatch.delattr(asymmetric, "dh")
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.dh", None)
    spec = spec_from_file_location(f"{srp.__name__}_alone", srp.__file__)
    assert spec is not None
    assert spec.loader is not None
    alone = module_from_spec(spec)
    spec.loader.exec_module(alone)
    assert alone.library_power(G, 12345) is None
    case = CASES["main"]
    controller = alone.SrpController(
        CODE, hex_(case["salt"]), hex_(case["B_384"]), _draws(case["a"])
    )
    assert sum(1 for _ in controller.work()) > 20
    assert controller.proof.hex() == case["padded_convention"]["M1"]


def test_no_warning() -> None:
    """That the library means to drop the exchange is no news for users, who can do nothing about it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert library_power(G, 3) == 125
    assert not caught


@pytest.mark.parametrize("raised", [power, windowed_power])
def test_slices_are_short(raised: srp.Power) -> None:
    """No slice comes near the 10 ms that pairing may hold up everything else; CPU time, so that others do not count."""
    case = CASES["main"]
    controller = SrpController(
        CODE, hex_(case["salt"]), hex_(case["B_384"]), _draws(case["a"]), power=raised
    )
    slices = []
    work = controller.work()
    done = False
    while not done:
        start = time.thread_time()
        try:
            next(work)
        except StopIteration:
            done = True
        slices.append(time.thread_time() - start)
    assert controller.proof.hex() == case["padded_convention"]["M1"]
    assert max(slices) < 0.05  # generous, on whatever machine; the benchmark measures


def test_nothing_secret_is_shown() -> None:
    """Codes, keys and private numbers stay out of texts."""
    case = CASES["main"]
    controller, accessory = _controller(case), _accessory(case)
    _done(controller.work())
    _done(accessory.work())
    assert repr(controller) == "SrpController()"
    assert repr(accessory) == "SrpAccessory()"


def test_proofs_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each candidate of the accessory, matched or not, and the controller's one."""
    compared: list[bool] = []

    def compare(left: bytes, right: bytes) -> bool:
        compared.append(hmac.compare_digest(left, right))
        return compared[-1]

    case = CASES["main"]
    controller, accessory = _controller(case), _accessory(case)
    _done(controller.work())
    _done(accessory.work())
    monkeypatch.setattr(srp, "hmac", type("hmac", (), {"compare_digest": staticmethod(compare)}))
    _done(accessory.verify(controller.public_key, controller.proof))
    assert len(compared) == 4
    controller.verify(accessory.proof)
    assert len(compared) == 5
