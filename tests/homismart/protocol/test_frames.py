"""Text frames: what is one, what is none, and nothing in between."""

import json

from hypothesis import given, strategies as st
import pytest

from custom_components.homismart.protocol.const import MAX_FRAME_BYTES
from custom_components.homismart.protocol.errors import FrameError
from custom_components.homismart.protocol.frames import Frame, decode, encode
from tests.common import load_vectors, vector_names

from .strategies import FRAMES, JSON


@pytest.mark.parametrize(
    ("text", "prefix", "body"),
    [
        ("0004{}", "0004", {}),
        ("0005[]", "0005", []),
        ('0003{"result":true}', "0003", {"result": True}),
        ('0039{"ip":"s2","port":"9443"}', "0039", {"ip": "s2", "port": "9443"}),
        ("0009", "0009", None),
        ("0009null", "0009", None),
        ("00095", "0009", 5),
        ('0009"x"', "0009", "x"),
        ('0009 {"id" : "1"}\r\n', "0009", {"id": "1"}),
        ('0009{"name":"\\u05e1\\u05dc\\u05d5\\u05df"}', "0009", {"name": "סלון"}),
        ('0009{"a":1,"a":2}', "0009", {"a": 2}),
    ],
)
def test_frames(text: str, prefix: str, body: object) -> None:
    """Four digits, directly followed by JSON or by nothing (§3)."""
    assert decode(text) == Frame(prefix, body)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "000",
        "ABCD{}",
        " 0009{}",
        "009{}",
        "-009{}",
        "+009{}",
        "1e03{}",
        "00.9{}",
        "٠٠٠٩{}",
        "²²²²{}",
        "{}",
        "0009{",
        "0009{}{}",
        "0009{'id':1}",
        "0009NaN",
        '0009{"a":Infinity}',
        '0009{"a":1e999}',
        '0009{"a":01}',
        '0009{"a":"\ud800"}',
        '0009{"a":"\\ud800"}',
        '0009{"a":"\x00"}',
        "0009\ufeff{}",
        '0009{"a":1,}',
        "99990009",
    ],
    ids=repr,
)
def test_what_is_no_frame(text: str) -> None:
    """Anything else is the documented error; its message does not repeat the peer's words."""
    with pytest.raises(FrameError) as caught:
        decode(text)
    assert len(text) < 10 or text not in str(caught.value)


@pytest.mark.parametrize("depth", [10, 254, 255, 256, 1022, 1023, 1024, 100_000])
def test_nesting(depth: int) -> None:
    """Depth is bounded by the parser, and going past it is an error like any other."""
    text = '0009{"id":"1","x":' + "[" * depth + "]" * depth + "}"
    try:
        decode(text)
    except FrameError:
        assert depth > 1000
    else:
        assert depth < 2000


@pytest.mark.parametrize(
    ("length", "fits"),
    [(MAX_FRAME_BYTES - 1, True), (MAX_FRAME_BYTES, True), (MAX_FRAME_BYTES + 1, False)],
    ids=["below", "limit", "above"],
)
def test_length(length: int, fits: bool) -> None:
    """The list of a large home is one frame; sixteen mebibytes are the limit, one more is none."""
    text = '0005["' + "x" * (length - 8) + '"]'
    assert len(text) == length
    if fits:
        assert decode(text).prefix == "0005"
    else:
        with pytest.raises(FrameError):
            decode(text)


def test_limit() -> None:
    """Sixteen mebibytes (§3)."""
    assert MAX_FRAME_BYTES == 16 * 2**20


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        (Frame("0004", {}), "0004{}"),
        (Frame("0030", {"devid": "1", "ledDevice": 50}), '0030{"devid":"1","ledDevice":50}'),
        (Frame("0016", {"name": "סלון"}), '0016{"name":"סלון"}'),
        (Frame("0016", {"name": "a \"b\" 'c'"}), '0016{"name":"a \\"b\\" \'c\'"}'),
    ],
    ids=["empty", "led", "hebrew", "quotes"],
)
def test_frames_are_written_as_the_vendor_writes_them(frame: Frame, text: str) -> None:
    """The prefix, then JSON without blanks, in the order given, UTF-8 unescaped."""
    assert encode(frame) == text


@pytest.mark.parametrize("name", vector_names("homismart"))
def test_transcripts_survive_the_codec(name: str) -> None:
    """Every frame of the transcripts reads as Python's own parser reads it, and is written back alike."""
    for step in load_vectors("homismart", name).get("steps", ()):
        if step.get("kind") == "frame":
            frame = Frame(step["prefix"], step["json"])
            assert decode(step["prefix"] + json.dumps(step["json"])) == frame
            assert encode(frame)[:4] == step["prefix"]
            assert json.loads(encode(frame)[4:]) == step["json"]


@given(
    st.one_of(
        st.text(),
        st.text(alphabet="0123456789").map(lambda digits: digits[:6] + "{}"),
        st.text(alphabet='{}[]",:0123456789.eE+-\\ntfu ').map("0009".__add__),
        st.binary().map(repr),
    )
)
def test_any_text(text: str) -> None:
    """No text gives anything but a frame or the documented error."""
    try:
        frame = decode(text)
    except FrameError:
        return
    assert len(frame.prefix) == 4
    assert frame.prefix.isascii()
    assert frame.prefix.isdigit()
    assert decode(encode(frame)) == frame


@given(st.integers(0, 9999), JSON)
def test_round_trip(number: int, body: object) -> None:
    """What is written is read back alike."""
    frame = Frame(f"{number:04}", body)
    assert decode(encode(frame)) == frame


@given(FRAMES)
def test_agrees_with_the_standard_parser(frame: tuple[str, object]) -> None:
    """The quick parser and Python's own see the same."""
    prefix, body = frame
    text = json.dumps(body)
    assert decode(prefix + text) == Frame(prefix, json.loads(text))
