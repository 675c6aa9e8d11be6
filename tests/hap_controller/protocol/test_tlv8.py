"""TLV8: recorded bytes, lengths around the fragment, what is tolerated, and that nothing breaks the reader."""

from typing import Any

from hypothesis import example, given, strategies as st
import pytest

from custom_components.hap_controller.protocol.const import MAX_TLV_BYTES, TlvType
from custom_components.hap_controller.protocol.refusals import TlvError
from custom_components.hap_controller.protocol.tlv8 import (
    Item,
    Tlv,
    decode,
    decode_struct,
    encode,
    integer,
    split_list,
    split_records,
)
from tests.common import load_vectors

VECTORS = load_vectors("hap_controller", "vectors")
TLV8 = VECTORS["tlv8"]

items_of_any_kind = st.lists(
    st.tuples(
        st.integers(0, 255),
        st.one_of(st.binary(max_size=300), st.integers(0, 1100).map(bytes)),
    ),
    max_size=8,
)


def _items(vector: dict[str, Any]) -> list[Item]:
    return [(kind, bytes.fromhex(value)) for kind, value in vector["items"]]


def _merged(items: list[Item]) -> list[Item]:
    """Say what items read back as: neighbours of one type are one (§2.2)."""
    merged: list[Item] = []
    for kind, value in items:
        if merged and merged[-1][0] == kind:
            merged[-1] = (kind, merged[-1][1] + value)
        else:
            merged.append((kind, value))
    return merged


@pytest.mark.parametrize("vector", TLV8["encode"], ids=lambda vector: vector["name"])
def test_encode(vector: dict[str, Any]) -> None:
    """Recorded items are written, and read back, as noted."""
    assert encode(_items(vector)).hex() == vector["encoded"]
    assert decode(bytes.fromhex(vector["encoded"])) == _items(vector)


@pytest.mark.parametrize("vector", TLV8["decode"], ids=lambda vector: vector["name"])
def test_decode(vector: dict[str, Any]) -> None:
    """Odd but tolerated items read as noted."""
    assert decode(bytes.fromhex(vector["encoded"])) == _items(vector)


@pytest.mark.parametrize("vector", TLV8["invalid"], ids=lambda vector: vector["name"])
def test_invalid(vector: dict[str, Any]) -> None:
    """A message that ends too early is none."""
    with pytest.raises(TlvError):
        decode(bytes.fromhex(vector["encoded"]))


@pytest.mark.parametrize(
    ("length", "heads"),
    [
        (0, [0]),
        (1, [1]),
        (254, [254]),
        (255, [255]),
        (256, [255, 1]),
        (509, [255, 254]),
        (510, [255, 255]),
        (511, [255, 255, 1]),
        (765, [255, 255, 255]),
        (766, [255, 255, 255, 1]),
        (1020, [255, 255, 255, 255]),
    ],
)
def test_fragments(length: int, heads: list[int]) -> None:
    """Multiples of 255 end without an empty fragment (§2.1)."""
    value = bytes(index % 251 for index in range(length))
    written = b""
    for head in heads:
        written += bytes((9, head)) + value[:head]
        value = value[head:]
    value = bytes(index % 251 for index in range(length))
    assert encode([(9, value)]) == written
    assert decode(written) == [(9, value)]
    assert decode(written + b"\x01\x01x") == [(9, value), (1, b"x")]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "00"),
        (1, "01"),
        (0xFF, "ff"),
        (0x100, "0001"),
        (0xFFFF, "ffff"),
        (0x10000, "00000100"),
        (0x0100_0010, "10000001"),
        (0xFFFF_FFFF, "ffffffff"),
        (0x1_0000_0000, "0000000001000000"),
        (2**64 - 1, "ffffffffffffffff"),
    ],
)
def test_integers(value: int, written: str) -> None:
    """As few bytes as 1, 2, 4 and 8 allow, the least first (§2.1)."""
    assert integer(value).hex() == written
    assert Tlv([(TlvType.FLAGS, integer(value))]).number(TlvType.FLAGS) == value


@pytest.mark.parametrize("size", [0, 9, 300])
def test_what_is_no_number(size: int) -> None:
    """An empty or long item is refused where a number is due, and an absent one is no number."""
    tlv = Tlv([(TlvType.RETRY_DELAY, bytes(size))])
    with pytest.raises(TlvError):
        tlv.number(TlvType.RETRY_DELAY)
    assert tlv.number(TlvType.ERROR) is None


@pytest.mark.parametrize(
    ("data", "items"),
    [
        ("0103616263020564", [(1, b"abc"), (2, b"d")]),
        ("010361626302", [(1, b"abc")]),
        ("01", []),
        ("01ff6162", [(1, b"ab")]),
        ("01016101ff62", [(1, b"ab")]),
        ("0103", [(1, b"")]),
        ("", []),
    ],
)
def test_truncated_characteristics(data: str, items: list[Item]) -> None:
    """What is there of the value of a characteristic is used (§2.2)."""
    assert decode(bytes.fromhex(data), strict=False) == items
    assert dict(decode_struct(bytes.fromhex(data))) == dict(items)
    if data:
        with pytest.raises(TlvError):
            decode(bytes.fromhex(data))


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("over", [0, 1], ids=["limit", "above"])
def test_size(over: int, strict: bool) -> None:
    """No message has more than 64 KiB."""
    data = (b"\x01\xfe" + bytes(254)) * (MAX_TLV_BYTES // 256) + bytes(over)
    if over:
        with pytest.raises(TlvError, match="65537 bytes"):
            decode(data, strict=strict)
    else:
        assert decode(data, strict=strict) == [(1, bytes(254 * 256))]


def test_many_short_fragments() -> None:
    """Fragments of one byte each are one value."""
    assert decode(b"\x01\x01x" * 20_000) == [(1, b"x" * 20_000)]


def test_first_of_a_type_counts() -> None:
    """A second item of the same type does not take the place of the first."""
    tlv = Tlv.decode(bytes.fromhex("010161060102010162f000"))
    assert dict(tlv) == {1: b"a", 6: b"\x02", 0xF0: b""}
    assert len(tlv) == 3
    assert TlvType.IDENTIFIER in tlv
    assert TlvType.PROOF not in tlv
    assert tlv.get(TlvType.PROOF) is None
    assert tlv.number(TlvType.STATE) == 2


def test_nothing_secret_is_shown() -> None:
    """Values may be keys; their sizes say enough."""
    assert repr(Tlv([(3, b"secret"), (0x13, b"")])) == "Tlv({0x03: 6, 0x13: 0})"


@pytest.mark.parametrize("separator", ["ff00", ""], ids=["separated", "not separated"])
def test_records_of_a_list(separator: str) -> None:
    """Pairings begin at their Identifier; homekit_python writes no separators (§2.2)."""
    listed = VECTORS["pairings"]["list_response"].replace("ff00", separator)
    assert ("ff00" in listed) == bool(separator)
    records = split_records(decode(bytes.fromhex(listed)))
    assert [
        (dict(record)[1].decode(), dict(record)[3].hex(), dict(record)[0x0B][0])
        for record in records
    ] == [
        (pairing["pairingId"], pairing["publicKey"], pairing["permissions"])
        for pairing in VECTORS["pairings"]["list_response_parsed"]
    ]


def test_no_records() -> None:
    """What stands in front of the first Identifier belongs to the message."""
    assert split_records(decode(bytes.fromhex("060102070102"))) == []


@pytest.mark.parametrize(
    ("data", "elements"),
    [
        ("", []),
        ("010101", [[(1, b"\x01")]]),
        ("0101010000010102", [[(1, b"\x01")], [(1, b"\x02")]]),
        ("0000010101000000000101020000", [[(1, b"\x01")], [(1, b"\x02")]]),
        (
            "01010102010200000101010201ff0000",
            [[(1, b"\x01"), (2, b"\x02")], [(1, b"\x01"), (2, b"\xff")]],
        ),
    ],
)
def test_elements_of_a_characteristic(data: str, elements: list[list[Item]]) -> None:
    """Empty items of type 0 stand between them (§2.1)."""
    assert split_list(decode(bytes.fromhex(data))) == elements


@given(items_of_any_kind)
@example([(255, b""), (255, b"")])
@example([(1, bytes(255)), (1, b"")])
def test_round_trip(items: list[Item]) -> None:
    """What was written is read, neighbours of one type as one; and writing that again changes nothing more."""
    read = decode(encode(items))
    assert read == _merged(items)
    assert decode(encode(read)) == read


@given(st.binary(max_size=700), st.booleans())
def test_any_bytes(data: bytes, strict: bool) -> None:
    """Anything gives items or the one error, and without strictness always items."""
    try:
        items = decode(data, strict=strict)
    except TlvError:
        assert strict
        return
    assert sum(len(value) for _, value in items) <= len(data)
    split_records(items)
    split_list(items)
    assert set(Tlv(items)) == {kind for kind, _ in items}


@given(items_of_any_kind, st.data())
def test_every_truncation(items: list[Item], data: st.DataObject) -> None:
    """A message without its end is an error or a shorter message, never another one."""
    written = encode(items)
    cut = written[: data.draw(st.integers(0, len(written)))]
    lenient = decode(cut, strict=False)
    whole = _merged(items)
    assert lenient[:-1] == whole[: len(lenient[:-1])]
    if lenient:
        kind, value = whole[len(lenient) - 1]
        assert lenient[-1][0] == kind
        assert value.startswith(lenient[-1][1])
