"""The AES link against frames that other hands made, and against everything a frame should not be."""

from collections.abc import Iterator
from hashlib import sha256
import hmac
from typing import Any

from Crypto.Cipher import AES
from hypothesis import given, strategies as st
import pytest

from custom_components.home_connect_local.protocol.const import MAX_FRAME_BYTES
from custom_components.home_connect_local.protocol.crypto import AesCodec
from custom_components.home_connect_local.protocol.refusals import SealError, UnreadableError
from tests.common import load_vectors

VECTORS: dict[str, Any] = load_vectors("home_connect_local", "vectors")
SETS: list[dict[str, Any]] = VECTORS["sets"]
NEGATIVE: list[dict[str, Any]] = VECTORS["negative"]
KEY = bytes.fromhex(SETS[0]["psk_hex"])
IV = bytes.fromhex(SETS[0]["iv_hex"])


def by_name(item: Any) -> str | None:
    """Name a case by its name."""
    return item.get("name") if isinstance(item, dict) else None


def chains() -> Iterator[Any]:
    """Give each recorded direction: key set, name, whether the appliance sealed it, its frames."""
    for keys in SETS:
        session = keys["session"]
        for name, appliance, frames in (
            ("app_to_device", False, session["app_to_device"]),
            ("device_to_app", True, session["device_to_app"]),
            ("padding", False, keys["padding_lengths"]["frames"]),
        ):
            yield pytest.param(keys, appliance, frames, id=f"{keys['name']}-{name}")


class Filler:
    """Gives the filler bytes that a vector noted."""

    def __init__(self) -> None:
        """Have none yet."""
        self.pad = b""
        self.asked: list[int] = []

    def __call__(self, size: int) -> bytes:
        """Give those between the zero and the length."""
        self.asked.append(size)
        assert size == len(self.pad) - 2
        return self.pad[1:-1]


def codec(**options: Any) -> AesCodec:
    """Begin a connection with the first key set."""
    return AesCodec(KEY, IV, **options)


def sealed(clear: bytes, *, direction: bytes = b"C") -> bytes:
    """Seal whole blocks as the first frame of a direction, by the letter of §5.3."""
    encryption = hmac.new(KEY, b"ENC", sha256).digest()
    authentication = hmac.new(KEY, b"MAC", sha256).digest()
    ciphertext = AES.new(encryption, AES.MODE_CBC, iv=IV).encrypt(clear)
    mac = hmac.new(authentication, IV + direction + bytes(16) + ciphertext, sha256).digest()
    return ciphertext + mac[:16]


# --- recorded frames ------------------------------------------------------------------------


def test_all_frames_are_there() -> None:
    """Sixty frames and twelve bad ones."""
    frames = [
        frame
        for keys in SETS
        for frames in (*keys["session"].values(), keys["padding_lengths"]["frames"])
        for frame in frames
    ]
    assert len(frames) == 60
    assert len(NEGATIVE) == 12


@pytest.mark.parametrize(("keys", "appliance", "frames"), chains())
def test_recorded_frames(
    keys: dict[str, Any], appliance: bool, frames: list[dict[str, Any]]
) -> None:
    """Each is sealed alike by its side and opened by the other, in one chain (§5.3)."""
    key, iv = bytes.fromhex(keys["psk_hex"]), bytes.fromhex(keys["iv_hex"])
    filler = Filler()
    ours = AesCodec(key, iv, appliance=appliance, fill=filler)
    theirs = AesCodec(key, iv, appliance=not appliance)
    for frame in frames:
        filler.pad = bytes.fromhex(frame["pad_hex"])
        assert ours.seal(frame["clear"]).hex() == frame["frame_hex"]
        assert theirs.open(bytes.fromhex(frame["frame_hex"])) == frame["clear"]
    assert filler.asked == [frame["pad_len"] - 2 for frame in frames]


@pytest.mark.parametrize("keys", SETS, ids=by_name)
def test_directions_are_independent(keys: dict[str, Any]) -> None:
    """A client seals and opens in any order without one chain touching the other."""
    session = keys["session"]
    filler = Filler()
    client = AesCodec(bytes.fromhex(keys["psk_hex"]), bytes.fromhex(keys["iv_hex"]), fill=filler)
    incoming, outgoing = iter(session["device_to_app"]), iter(session["app_to_device"])
    for turn in "iioiooioiioiooiooii":
        frame = next(incoming if turn == "i" else outgoing)
        if turn == "i":
            assert client.open(bytes.fromhex(frame["frame_hex"])) == frame["clear"]
        else:
            filler.pad = bytes.fromhex(frame["pad_hex"])
            assert client.seal(frame["clear"]).hex() == frame["frame_hex"]
    assert next(incoming, None) is next(outgoing, None) is None


@pytest.mark.parametrize("case", NEGATIVE, ids=by_name)
def test_recorded_failures(case: dict[str, Any]) -> None:
    """Each fails as noted, or is accepted where a peer may be sloppy."""
    assert case["direction"] == "device_to_app"
    client = codec()
    *before, last = [bytes.fromhex(frame) for frame in case["frames"]]
    for frame in before:
        assert client.open(frame)
    expected = case["expect"].removeprefix("second frame ")
    assert bool(before) == case["expect"].startswith("second")
    if expected == "accept":
        assert client.open(last) == case["clear"]
    elif expected == "decode_error":
        with pytest.raises(UnreadableError) as unreadable:
            client.open(last)
        assert unreadable.value.kind == expected
    else:
        with pytest.raises(SealError) as caught:
            client.open(last)
        assert caught.value.kind == expected
        assert caught.value.first == (not before)


# --- the order of checks --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ("", "not_binary"),
        ("{}", "not_binary"),
        ("x" * 48, "not_binary"),
        (b"", "length_error"),
        (bytes(1), "length_error"),
        (bytes(16), "length_error"),
        (bytes(31), "length_error"),
        (bytes(32), "mac_failure"),
        (bytes(33), "length_error"),
        (bytes(47), "length_error"),
        (bytes(48), "mac_failure"),
        (bytes(MAX_FRAME_BYTES), "mac_failure"),
        (bytes(MAX_FRAME_BYTES + 16), "length_error"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)} bytes",
)
def test_checks(data: str | bytes, kind: str) -> None:
    """Binary, then length, then MAC (§5.3)."""
    with pytest.raises(SealError) as caught:
        codec().open(data)
    assert caught.value.kind == kind
    assert caught.value.first


@pytest.mark.parametrize(
    ("clear", "text"),
    [
        (b"x" * 15 + b"\x01", "x" * 15),
        (b"x" * 14 + b"\xaa\x02", "x" * 14),
        (b"\xaa" * 15 + b"\x10", ""),
        (b"x" * 15 + b"\xaa" * 16 + b"\x11", "x" * 15),
        (b"\xaa" * 31 + b"\x20", ""),
        (b"x" * 32 + b"\xaa" * 223 + b"\xe0", "x" * 32),
        (b"\xaa" * 15 + b"\x11", None),
        (b"\xaa" * 15 + b"\xff", None),
        (b"x" * 15 + b"\x00", None),
        (b"\xaa" * 31 + b"\x21", None),
    ],
)
def test_padding(clear: bytes, text: str | None) -> None:
    """Any length from one to all there is; what it holds does not matter (§5.3)."""
    if text is not None:
        assert codec().open(sealed(clear)) == text
        return
    with pytest.raises(SealError) as caught:
        codec().open(sealed(clear))
    assert caught.value.kind == "padding_error"


def test_no_text_is_a_link_in_the_chain() -> None:
    """A frame that opens but is not UTF-8 costs itself alone."""
    appliance, client = codec(appliance=True), codec()
    with pytest.raises(UnreadableError) as unreadable:
        client.open(sealed(b"\xff" * 14 + b"\x00\x02"))
    assert unreadable.value.kind == "decode_error"
    first = appliance.seal("12345678901234")
    assert len(first) == 32
    with pytest.raises(SealError) as caught:  # the chain has gone on
        client.open(first)
    assert caught.value.kind == "mac_failure"
    assert not caught.value.first


@pytest.mark.parametrize(
    "bad", ["text", b"short", bytes(32), sealed(bytes(16))], ids=["text", "short", "mac", "padding"]
)
def test_a_failure_is_final(bad: str | bytes) -> None:
    """What comes behind a bad frame is not believed, be it the right one (§5.3)."""
    client = codec()
    with pytest.raises(SealError) as first:
        client.open(bad)
    for _ in range(2):
        with pytest.raises(SealError) as later:
            client.open(codec(appliance=True).seal("{}"))
        assert later.value.kind == first.value.kind


def test_each_bit_counts() -> None:
    """No bit of a frame can be turned without notice."""
    frame = codec(appliance=True).seal('{"uid":1}')
    for bit in range(len(frame) * 8):
        turned = bytearray(frame)
        turned[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SealError) as caught:
            codec().open(bytes(turned))
        assert caught.value.kind == "mac_failure"


@pytest.mark.parametrize("other", [(KEY[:-1] + b"\x00", IV), (KEY, IV[:-1] + b"\x00")])
def test_wrong_key(other: tuple[bytes, bytes]) -> None:
    """A first frame that does not open tells of a wrong key or iv (§5.3)."""
    with pytest.raises(SealError) as caught:
        codec().open(AesCodec(*other, appliance=True).seal("{}"))
    assert caught.value.kind == "mac_failure"
    assert caught.value.first


def test_own_frames_do_not_open() -> None:
    """What is reflected to us is not the appliance's word."""
    client = codec()
    with pytest.raises(SealError):
        client.open(client.seal("{}"))


def test_new_chains_for_each_connection() -> None:
    """The same first text gives the same first frame, for the iv is constant; but no later one does (§5.3)."""
    fill = bytes
    one, two = codec(fill=fill), codec(fill=fill)
    assert one.seal("{}") == two.seal("{}")
    assert one.seal("{}") != codec(fill=fill).seal("{}")


def test_filler_is_random() -> None:
    """By default it is not ours to predict."""
    assert codec().seal("{}") != codec().seal("{}")


def test_secrets_stay_inside() -> None:
    """Neither the codec nor its errors show key or iv."""
    with pytest.raises(SealError) as caught:
        codec().open(bytes(32))
    shown = repr(codec()) + repr(caught.value) + str(caught.value)
    for secret in (KEY, IV):
        assert secret.hex() not in shown
        assert repr(secret) not in shown


# --- anything -------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [*range(36), 46, 47, 48, 255, 256, 4095, 4096, 4097])
def test_lengths(length: int) -> None:
    """Around every block boundary: the shortest padding that leaves room for its first and last byte."""
    client, appliance = codec(), codec(appliance=True)
    for _ in range(3):
        frame = client.seal("x" * length)
        assert len(frame) % 16 == 0
        assert 2 <= len(frame) - 16 - length <= 17
        assert appliance.open(frame) == "x" * length


@given(st.lists(st.text(), max_size=10))
def test_round_trip(texts: list[str]) -> None:
    """What one side seals the other opens, in order."""
    client, appliance = codec(), codec(appliance=True)
    for text in texts:
        assert appliance.open(client.seal(text)) == text
        assert client.open(appliance.seal(text)) == text


@given(
    st.one_of(st.binary(max_size=200), st.text(), st.integers(2, 12).map(lambda n: bytes(16 * n)))
)
def test_any_frame(data: str | bytes) -> None:
    """Nothing opens without the key, and all that happens is the one error."""
    with pytest.raises(SealError):
        codec().open(data)


@given(st.integers(1, 8).flatmap(lambda n: st.binary(min_size=16 * n, max_size=16 * n)))
def test_any_clear_text(clear: bytes) -> None:
    """A peer with the key may send what it likes: text or one of our errors."""
    try:
        text = codec().open(sealed(clear))
    except UnreadableError:
        return
    except SealError as err:
        assert err.kind == "padding_error"  # noqa: PT017  Either may come
        assert not 0 < clear[-1] <= len(clear)
        return
    assert text.encode() == clear[: -clear[-1]]
