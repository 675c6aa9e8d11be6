"""Frames: recorded sessions, lengths around the limit, every segmentation, and that nothing false is opened."""

from collections.abc import Callable, Iterable
from itertools import pairwise
import random
from typing import Any

from hypothesis import example, given, strategies as st
import pytest

from custom_components.hap_controller.protocol.const import MAX_FRAME_BYTES
from custom_components.hap_controller.protocol.crypto import counter_nonce, seal
from custom_components.hap_controller.protocol.errors import FrameError
from custom_components.hap_controller.protocol.frames import SessionCodec
from custom_components.hap_controller.protocol.refusals import AuthTagError, CountersExhaustedError
from tests.common import load_vectors

SESSION = load_vectors("hap_controller", "vectors")["session"]
READ_KEY = bytes.fromhex(SESSION["read_key_a2c"])
WRITE_KEY = bytes.fromhex(SESSION["write_key_c2a"])
OVERHEAD_BYTES = 18
LENGTHS = (0, 1, 2, 17, 1022, 1023, 1024, 1025, 2047, 2048, 2049, 3072, 5000)
LAST_COUNTER = 2**64 - 1


def _controller(**options: int) -> SessionCodec:
    return SessionCodec(READ_KEY, WRITE_KEY, **options)


def _accessory(**options: int) -> SessionCodec:
    options.setdefault("max_frame_bytes", MAX_FRAME_BYTES)
    return SessionCodec(WRITE_KEY, READ_KEY, **options)


def _content(length: int) -> bytes:
    return random.Random(length).randbytes(length)


def _frame(content: bytes, counter: int, key: bytes = READ_KEY) -> bytes:
    """Seal one frame of any length, by another way than the codec's."""
    length = len(content).to_bytes(2, "little")
    return length + seal(key, counter_nonce(counter), content, length)


def _pieces(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


def _messages(direction: str) -> list[dict[str, Any]]:
    return [message for message in SESSION["messages"] if message["direction"] == direction]


@pytest.mark.parametrize(
    ("direction", "sender", "receiver"),
    [
        ("controller_to_accessory", _controller, _accessory),
        ("accessory_to_controller", _accessory, _controller),
    ],
)
def test_recorded_session(direction: str, sender: Any, receiver: Any) -> None:
    """Each message is sealed to the recorded frames and opens, the counters going on through the list."""
    sealing, opening = sender(), receiver()
    messages = _messages(direction)
    assert messages
    for message in messages:
        plaintext = message["plaintext_text"].encode()
        wire = bytes.fromhex("".join(message["frames"]))
        assert sealing.seal(plaintext) == wire
        assert opening.feed(wire) == plaintext
        fresh = receiver(received=message["counter_start"])
        assert fresh.feed(wire) == plaintext
        assert sender(sent=message["counter_start"]).seal(plaintext) == wire


@pytest.mark.parametrize("length", LENGTHS)
def test_lengths(length: int) -> None:
    """Full frames of 1,024 bytes and a shorter one; nothing is sent of nothing (§5)."""
    content = _content(length)
    parts = [content[start : start + 1024] for start in range(0, length, 1024)]
    wire = b"".join(_frame(part, counter, WRITE_KEY) for counter, part in enumerate(parts))
    assert _controller().seal(content) == wire
    assert _accessory().feed(wire) == content


def test_counters_go_on() -> None:
    """They count frames, not messages, and each direction by itself (§5)."""
    controller, accessory = _controller(), _accessory()
    for length in LENGTHS * 2:
        assert accessory.feed(controller.seal(_content(length))) == _content(length)
        assert controller.feed(accessory.seal(_content(length + 1))) == _content(length + 1)


@given(
    st.lists(st.sampled_from(LENGTHS) | st.integers(0, 3000), min_size=1, max_size=5),
    st.lists(st.integers(0, 2**20), max_size=12),
)
@example([2048, 1, 1024], [1, 2, 3])
@example([1024, 1024], [1042, 1043, 1044])
@example([1025], [1042 + 1])
def test_every_segmentation(lengths: list[int], cuts: list[int]) -> None:
    """However the bytes are cut, the plaintext is the same, and as early as its frame is complete."""
    controller, accessory = _controller(), _accessory()
    contents = [_content(length) for length in lengths]
    wire = b"".join(map(controller.seal, contents))
    assert b"".join(map(accessory.feed, _pieces(wire, cuts))) == b"".join(contents)


def test_one_byte_at_a_time() -> None:
    """Each frame opens with its last byte."""
    contents = [_content(length) for length in (5, 1024, 1025, 1)]
    wire = b"".join(map(_controller().seal, contents))
    accessory = _accessory()
    opened = [accessory.feed(wire[index : index + 1]) for index in range(len(wire))]
    assert b"".join(opened) == b"".join(contents)
    assert [len(part) for part in opened if part] == [5, 1024, 1024, 1, 1]
    assert [index + 1 for index, part in enumerate(opened) if part] == [
        23,
        23 + 1042,
        23 + 2 * 1042,
        23 + 2 * 1042 + 19,
        23 + 2 * 1042 + 2 * 19,
    ]


def test_mixed_lengths_in_one_read() -> None:
    """Runs of full frames, short ones between them, and lengths that look full in one byte only."""
    full = [1024]
    lengths = [*full * 6, 4, *full * 4, 1028, 1024, 0x0304, *full * 5, 0x0500, *full * 3, 0, 7]
    wire = b"".join(_frame(_content(length), counter) for counter, length in enumerate(lengths))
    assert _controller().feed(wire) == b"".join(map(_content, lengths))
    assert _controller().feed(wire[:-1]) == b"".join(map(_content, lengths[:-1]))


@pytest.mark.parametrize("length", [1025, 4096, 65535])
def test_long_frames(length: int) -> None:
    """Controllers take them, accessories end the session at the second byte (§5)."""
    wire = _frame(_content(length), 0)
    assert _controller().feed(wire) == _content(length)
    accessory = SessionCodec(READ_KEY, WRITE_KEY, max_frame_bytes=MAX_FRAME_BYTES)
    assert accessory.feed(wire[:1]) == b""
    with pytest.raises(FrameError, match=f"{length} bytes"):
        accessory.feed(wire[1:2])
    with pytest.raises(AuthTagError):
        accessory.feed(b"")
    accessory = SessionCodec(READ_KEY, WRITE_KEY, max_frame_bytes=MAX_FRAME_BYTES)
    with pytest.raises(FrameError, match=f"{length} bytes"):
        accessory.feed(wire)


def test_longest_frame_for_accessories() -> None:
    """1,024 bytes are taken."""
    assert _accessory().feed(_frame(_content(1024), 0, WRITE_KEY)) == _content(1024)


def test_slow_long_frame() -> None:
    """The longest frame, byte by byte, is put together once."""
    wire = _frame(_content(65535), 0)
    controller = _controller()
    opened = [controller.feed(bytes((byte,))) for byte in wire]
    assert opened[-1] == _content(65535)
    assert not any(opened[:-1])


@pytest.mark.parametrize(
    "lengths", [[10], [1024, 1024], [1024, 10], [1024] * 5, [3, 1024, 1024, 1024, 1024]], ids=repr
)
@given(data=st.data())
def test_tampered_frames(lengths: list[int], data: st.DataObject) -> None:
    """One flipped bit anywhere ends the session or leaves the codec waiting; nothing of that frame is given."""
    wire = bytearray(b"".join(_frame(_content(n), i) for i, n in enumerate(lengths)))
    bit = data.draw(st.integers(0, len(wire) * 8 - 1))
    wire[bit // 8] ^= 1 << bit % 8
    intact = 0
    while sum(lengths[: intact + 1]) + OVERHEAD_BYTES * (intact + 1) <= bit // 8:
        intact += 1
    opened = b""
    controller = _controller()
    try:
        for byte in wire:
            opened += controller.feed(bytes((byte,)))
    except AuthTagError:
        with pytest.raises(AuthTagError):
            controller.feed(b"")
    assert opened == b"".join(map(_content, lengths[:intact]))
    try:  # in one read nothing at all is given
        assert _controller().feed(bytes(wire)) == opened
    except AuthTagError:
        assert intact < len(lengths)


@pytest.mark.parametrize("size", [10, 1024])
def test_replayed_and_reordered_frames(size: int) -> None:
    """A frame opens at its place only."""
    first, second = (_frame(_content(size), counter) for counter in (0, 1))
    for wire in (first + first, second, second + first):
        with pytest.raises(AuthTagError):
            _controller().feed(wire)
    controller = _controller()
    assert controller.feed(first) == _content(size)
    with pytest.raises(AuthTagError):
        controller.feed(first)
    with pytest.raises(AuthTagError):  # the right one comes too late
        controller.feed(second)


def test_own_frames_do_not_open() -> None:
    """Directions have keys of their own: what is sent back to us is refused."""
    controller = _controller()
    with pytest.raises(AuthTagError):
        controller.feed(controller.seal(b"GET /accessories"))


@pytest.mark.parametrize("length", [1, 1024, 2048])
def test_last_frames_sealed(length: int) -> None:
    """The last nonce is used, and none after it."""
    frames = -(-length // 1024)
    controller = _controller(sent=LAST_COUNTER + 1 - frames)
    assert controller.seal(_content(length)).endswith(
        _frame(_content(length)[(frames - 1) * 1024 :], LAST_COUNTER, WRITE_KEY)
    )
    for _ in range(2):
        with pytest.raises(CountersExhaustedError):
            controller.seal(b"x")
        with pytest.raises(CountersExhaustedError):
            controller.seal(_content(2048))
    assert controller.seal(b"") == b""


@pytest.mark.parametrize("length", [1, 1024])
def test_last_frames_opened(length: int) -> None:
    """A frame beyond the last nonce is not even tried."""
    controller = _controller(received=LAST_COUNTER)
    assert controller.feed(_frame(_content(length), LAST_COUNTER)) == _content(length)
    with pytest.raises(CountersExhaustedError):
        controller.feed(_frame(_content(length), 0))
    with pytest.raises(AuthTagError):
        controller.feed(b"")


def test_exhausted_within_a_message() -> None:
    """A message of which only a part could be sealed is not sent at all."""
    controller = _controller(sent=LAST_COUNTER)
    with pytest.raises(CountersExhaustedError):
        controller.seal(_content(1025))


@pytest.mark.parametrize("role", [_controller, _accessory])
@given(pieces=st.lists(st.binary(max_size=80), max_size=6))
@example(pieces=[bytes(18)])
@example(pieces=[b"\x00\x04" + bytes(1040)])
@example(pieces=[b"\x01\x04" + bytes(1041)])
def test_any_bytes(role: Callable[[], SessionCodec], pieces: list[bytes]) -> None:
    """Anything is waited with or refused, in either role; nothing is given of it."""
    end = role()
    try:
        for piece in pieces:
            assert end.feed(piece) == b""
    except FrameError:
        with pytest.raises(FrameError):
            end.feed(_frame(b"x", 0))


def test_nothing_secret_is_shown() -> None:
    """Keys stay out of texts."""
    assert READ_KEY.hex() not in repr(_controller())
    with pytest.raises(AuthTagError) as caught:
        _controller().feed(bytes(18))
    assert "0000" not in str(caught.value)
