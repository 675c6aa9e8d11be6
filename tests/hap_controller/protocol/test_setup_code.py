"""Setup codes, payloads and hashes: recorded ones, all that is wrong with others, and round trips."""

from typing import Any

from hypothesis import example, given, strategies as st
import pytest

from custom_components.hap_controller.protocol.refusals import (
    InsecureCodeError,
    MalformedCodeError,
    SetupPayloadError,
)
from custom_components.hap_controller.protocol.setup_code import (
    INSECURE_CODES,
    SetupPayload,
    parse_code,
    read_code,
    setup_hash,
    setup_hash_text,
)
from tests.common import load_vectors

VECTORS = load_vectors("hap_controller", "vectors")
CODES = VECTORS["setup_code"]


def _text(number: int) -> str:
    digits = f"{number:08}"
    return f"{digits[:3]}-{digits[3:5]}-{digits[5:]}"


@pytest.mark.parametrize("code", CODES["valid"])
def test_valid_codes(code: str) -> None:
    """They stay as they are."""
    assert parse_code(code) == code


@pytest.mark.parametrize("code", CODES["forbidden"])
def test_insecure_codes(code: str) -> None:
    """Nobody may use them, unless the person at the form insists (§1.7)."""
    with pytest.raises(InsecureCodeError) as caught:
        parse_code(code.replace("-", ""))
    assert code not in str(caught.value)
    assert parse_code(code, allow_insecure=True) == code


def test_insecure_codes_are_those_of_the_table() -> None:
    """No more and no less."""
    assert set(CODES["forbidden"]) == INSECURE_CODES


@pytest.mark.parametrize(
    "code",
    [
        *(code for code in CODES["malformed"] if code != "12345678"),
        "518_08_582",
        "518--08-582",
        "-51808582",
        "518 08 582",
        "518-08-582\n518-08-582",
        "５１８-08-582",
        "518-08-58²",
    ],
)
@pytest.mark.parametrize("allow_insecure", [True, False])
def test_malformed_codes(code: str, allow_insecure: bool) -> None:
    """Eight ASCII digits, dashes at their places or missing; the error does not repeat what was entered."""
    with pytest.raises(MalformedCodeError) as caught:
        parse_code(code, allow_insecure=allow_insecure)
    assert not code or code not in str(caught.value)


@pytest.mark.parametrize("vector", CODES["normalise"], ids=lambda vector: vector["input_text"])
def test_dashes(vector: dict[str, str]) -> None:
    """They are put where the proof wants them."""
    assert parse_code(vector["input_text"]) == vector["output_text"]


def test_dashes_are_optional() -> None:
    """The table counts digits alone as malformed on the wire; a person may enter them (§1.7)."""
    assert "12345678" in CODES["malformed"]
    assert parse_code("12345679") == "123-45-679"


@pytest.mark.parametrize("vector", VECTORS["setup_hash"], ids=lambda vector: vector["hash"])
def test_hash(vector: dict[str, str]) -> None:
    """As recorded, whatever the case of the device id."""
    for device_id in (vector["device_id_text"], vector["device_id_text"].lower()):
        assert setup_hash(vector["setup_id_text"], device_id).hex() == vector["hash"]
        assert setup_hash_text(vector["setup_id_text"], device_id) == vector["txt_sh_b64"]


@pytest.mark.parametrize("vector", VECTORS["setup_payload"], ids=lambda vector: vector["uri_text"])
def test_payload(vector: dict[str, Any]) -> None:
    """Recorded payloads are written and read as noted."""
    payload = SetupPayload(
        category=vector["category"],
        setup_code=vector["setup_code_text"],
        setup_id=None if vector["setup_id_text"] == "0000" else vector["setup_id_text"],
        ip=vector["ip"],
        ble=vector["ble"],
        paired=vector["paired"],
    )
    assert payload.encode() == vector["uri_text"]
    assert SetupPayload.decode(vector["uri_text"]) == payload


@pytest.mark.parametrize(
    "text",
    [
        "",
        "X-HM://",
        "0071WK4SM7OSX",
        "x-hm://0071WK4SM7OSX",
        "X-HM://0071WK4SM7OS",
        "X-HM://0071WK4SM7OSXX",
        "X-HM://0071wk4sm7OSX",
        "X-HM://0071WK4SM7OSx",
        "X-HM://0071WK4S-7OSX",
        "X-HM://X-HM://0071WK4SM7OSX",
        "X-HM://0071WK4SM7OSX\n",
        "X-HM://0071WK4SM7OS\N{FULLWIDTH DIGIT ONE}",
        # 2**43 and 100,000,000
        "X-HM://348VAODFK0000",
        "X-HM://0001NJCHS0000",
    ],
)
def test_no_payload(text: str) -> None:
    """Another length, alphabet, version, or a code of nine digits is refused (§1.7)."""
    with pytest.raises(SetupPayloadError):
        SetupPayload.decode(text)


@pytest.mark.parametrize(("number", "base36"), [(2**43, "348VAODFK"), (10**8, "0001NJCHS")])
def test_numbers_of_the_test_above(number: int, base36: str) -> None:
    """The first of each range that is too large."""
    assert int(base36, 36) == number


@pytest.mark.parametrize(
    "payload",
    [
        SetupPayload(category=-1),
        SetupPayload(category=256),
        SetupPayload(category=5, setup_id="abcd"),
        SetupPayload(category=5, setup_id="ABC"),
        SetupPayload(category=5, setup_id="ABCDE"),
    ],
    ids=repr,
)
def test_no_fields(payload: SetupPayload) -> None:
    """What has no room in a payload is not written."""
    with pytest.raises(SetupPayloadError):
        payload.encode()


def test_malformed_code_in_a_payload() -> None:
    """It is named as what it is."""
    with pytest.raises(MalformedCodeError):
        SetupPayload(category=5, setup_code="518-08").encode()


def test_code_is_not_shown() -> None:
    """A payload holds what opens the door."""
    assert "518" not in repr(SetupPayload(category=5, setup_code="518-08-582"))


@given(
    st.integers(0, 255),
    st.none() | st.integers(1, 99_999_999),
    st.none() | st.from_regex(r"[0-9A-Z]{4}", fullmatch=True).filter("0000".__ne__),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_round_trip(
    category: int, code: int | None, setup_id: str | None, ip: bool, ble: bool, paired: bool
) -> None:
    """What was written is read, and always has 13 characters behind the prefix."""
    payload = SetupPayload(
        category=category,
        setup_code=None if code is None else _text(code),
        setup_id=setup_id,
        ip=ip,
        ble=ble,
        paired=paired,
    )
    text = payload.encode()
    assert len(text) == 20
    assert SetupPayload.decode(text) == payload


@given(st.text(max_size=24) | st.from_regex(r"X-HM://[0-9A-Z]{13}", fullmatch=True))
@example("X-HM://ZZZZZZZZZZZZZ")
def test_any_text(text: str) -> None:
    """Anything gives a payload that is written the same but for reserved bits, or the one error."""
    try:
        payload = SetupPayload.decode(text)
    except SetupPayloadError:
        return
    assert SetupPayload.decode(payload.encode()) == payload


@given(st.text(max_size=14))
def test_any_code(text: str) -> None:
    """Anything gives a code with its dashes or the one error."""
    try:
        code = parse_code(text, allow_insecure=True)
    except MalformedCodeError:
        return
    assert code == _text(int(code.replace("-", "")))


@pytest.mark.parametrize(
    "text",
    [
        "518-08-582",
        "51808582",
        " 5180 8582\n",
        "518 08 582",
        "518.08.582",
        "518\u201108\u2013582",
        "518\u00a008\u00a0582",
        SetupPayload(category=5, setup_code="518-08-582", setup_id="7OSX", ip=True).encode(),
        SetupPayload(category=5, setup_code="518-08-582").encode().lower(),
    ],
)
def test_what_people_enter(text: str) -> None:
    """Whatever stands between the digits, and the text of what is to be scanned, is the code."""
    assert read_code(text) == "518-08-582"


@pytest.mark.parametrize("text", ["", "1234567", "123456789", "518_08_582", "a1808582"])
def test_what_is_no_code(text: str) -> None:
    """Too little, too much or something else is none."""
    with pytest.raises(MalformedCodeError):
        read_code(text)


@pytest.mark.parametrize("text", ["X-HM://", "x-hm://00", SetupPayload(category=1).encode()])
def test_what_is_no_payload(text: str) -> None:
    """A payload that is none, or has no code, is no help."""
    with pytest.raises(SetupPayloadError):
        read_code(text)


def test_insecure_code_entered() -> None:
    """Codes that nobody may use are known in any form."""
    for text in ("1111 1111", SetupPayload(category=1, setup_code="111-11-111").encode()):
        with pytest.raises(InsecureCodeError):
            read_code(text)
        assert read_code(text, allow_insecure=True) == "111-11-111"
