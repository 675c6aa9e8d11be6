"""Frames of the TLS link: text as it is, whichever kind of frame it came in."""

from hypothesis import given, strategies as st
import pytest

from custom_components.home_connect_local.protocol.const import MAX_FRAME_BYTES
from custom_components.home_connect_local.protocol.errors import FrameError
from custom_components.home_connect_local.protocol.frames import Control, PlainCodec
from custom_components.home_connect_local.protocol.refusals import UnreadableError


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("", ""),
        ('{"a":"ü"}', '{"a":"ü"}'),
        (b"", ""),
        (b'{"a":"\xc3\xbc"}', '{"a":"ü"}'),
        (bytearray(b"{}"), "{}"),
    ],
    ids=repr,
)
def test_open(data: str | bytes, text: str) -> None:
    """Text frames are what they are, binary frames hold the same in UTF-8 (§5.1)."""
    assert PlainCodec().open(data) == text


def test_seal() -> None:
    """We send text."""
    assert PlainCodec().seal('{"a":"ü"}') == '{"a":"ü"}'


@pytest.mark.parametrize("data", [b"\xff", b'{"a":"\xfc"}', b"\xed\xa0\x80", b"\xc3"], ids=repr)
def test_no_text(data: bytes) -> None:
    """What is not UTF-8 costs a message, not the link."""
    with pytest.raises(UnreadableError) as caught:
        PlainCodec().open(data)
    assert caught.value.kind == "decode_error"
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("kind", [str, bytes])
@pytest.mark.parametrize("over", [0, 1], ids=["limit", "above"])
def test_length(kind: type, over: int) -> None:
    """Four mebibytes; one more is not worth reading."""
    text = " " * (MAX_FRAME_BYTES + over)
    data = text if kind is str else text.encode()
    if over:
        with pytest.raises(FrameError):
            PlainCodec().open(data)
    else:
        assert PlainCodec().open(data) == text


def test_limit() -> None:
    """A message of this size is read within the time that the loop may be held."""
    assert MAX_FRAME_BYTES == 2**20


def test_control_frames() -> None:
    """They carry nothing but a sign of life."""
    assert {each.value for each in Control} == {"ping", "pong"}


@given(st.one_of(st.binary(), st.text()))
def test_any_frame(data: str | bytes) -> None:
    """Anything gives a text or the one error."""
    try:
        text = PlainCodec().open(data)
    except UnreadableError:
        return
    assert PlainCodec().open(PlainCodec().seal(text)) == text
