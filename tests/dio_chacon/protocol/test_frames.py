"""Text frames: what is one, what is none, and nothing in between."""

import json

from hypothesis import given, strategies as st
import pytest

from custom_components.dio_chacon.protocol.const import MAX_FRAME_BYTES
from custom_components.dio_chacon.protocol.errors import FrameError
from custom_components.dio_chacon.protocol.frames import decode, encode
from tests.common import load_vectors, vector_names

from .strategies import FRAMES, JSON


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        ("{}", {}),
        (' {"id" : 1}\r\n', {"id": 1}),
        (
            '{"name":"connection","action":"success","data":""}',
            {"name": "connection", "action": "success", "data": ""},
        ),
        ('{"id":12,"status":200,"data":null}', {"id": 12, "status": 200, "data": None}),
        ('{"name":"\\u00e9t\\u00e9 \\ud83d\\udeaa"}', {"name": "été 🚪"}),
        ('{"name":"Volet d\'été \\"haut\\""}', {"name": 'Volet d\'été "haut"'}),
        ('{"a":1,"a":2}', {"a": 2}),
        ('{"t":18446744073709551615}', {"t": 2**64 - 1}),
        ('{"t":1e3}', {"t": 1000.0}),
    ],
)
def test_objects(text: str, frame: dict[str, object]) -> None:
    """One JSON object is one frame."""
    assert decode(text) == frame


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "not json",
        '{"name":',
        "{'name': 1}",
        "[1,2]",
        "17",
        "null",
        "true",
        '"text"',
        "{}{}",
        "{} x",
        '{"a":NaN}',
        '{"a":Infinity}',
        '{"a":1e999}',
        '{"a":01}',
        '{"a":"\ud800"}',
        '{"a":"\\ud800"}',
        '{"a":"\x00"}',
        "\ufeff{}",
        '{"a":1,}',
        "// comment\n{}",
    ],
    ids=repr,
)
def test_what_is_no_frame(text: str) -> None:
    """Anything else is the documented error; its message does not repeat the peer's words."""
    with pytest.raises(FrameError) as caught:
        decode(text)
    assert len(text) < 8 or text not in str(caught.value)


@pytest.mark.parametrize("depth", [10, 254, 255, 256, 1023, 1024, 1025, 100_000])
def test_nesting(depth: int) -> None:
    """Depth is bounded by the parser, and going past it is an error like any other."""
    text = '{"a":' * depth + "1" + "}" * depth
    try:
        frame = decode(text)
    except FrameError:
        assert depth > 1000
    else:
        assert depth < 2000
        assert set(frame) == {"a"}


@pytest.mark.parametrize(
    ("length", "fits"),
    [
        (MAX_FRAME_BYTES - 1, True),
        (MAX_FRAME_BYTES, True),
        (MAX_FRAME_BYTES + 1, False),
    ],
)
def test_length(length: int, fits: bool) -> None:
    """Four mebibytes are a frame, one more character is none."""
    frame = {"data": ""}
    frame["data"] = "x" * (length - len(encode(frame)))
    text = encode(frame)
    assert len(text) == length
    if fits:
        assert decode(text) == frame
    else:
        with pytest.raises(FrameError, match="oversized"):
            decode(text)


def test_requests_are_written_as_the_vendor_writes_them() -> None:
    """Members in the order of the captures, no blanks, UTF-8 unescaped."""
    frame = {"method": "GET", "path": "/device", "parameters": {}, "id": 12}
    assert encode(frame) == '{"method":"GET","path":"/device","parameters":{},"id":12}'
    assert encode({"name": "été"}) == '{"name":"été"}'


@pytest.mark.parametrize("name", vector_names("dio_chacon"))
def test_transcripts_survive_the_codec(name: str) -> None:
    """Every frame of the transcripts reads as Python's own parser reads it, and is written back alike."""
    vectors = load_vectors("dio_chacon", name)
    for step in vectors.get("steps", ()):
        if step.get("kind") == "text":
            assert decode(json.dumps(step["json"])) == step["json"]
            assert json.loads(encode(step["json"])) == step["json"]


@given(
    st.one_of(st.text(), st.text(alphabet='{}[]",:0123456789.eE+-\\ntfu '), st.binary().map(repr))
)
def test_any_text(text: str) -> None:
    """No text gives anything but an object or the documented error."""
    try:
        frame = decode(text)
    except FrameError:
        return
    assert type(frame) is dict
    assert decode(encode(frame)) == frame


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=5))
def test_round_trip(frame: dict[str, object]) -> None:
    """What is written is read back alike."""
    assert decode(encode(frame)) == frame


@given(FRAMES)
def test_agrees_with_the_standard_parser(frame: object) -> None:
    """The quick parser and Python's own see the same object."""
    text = json.dumps(frame)
    try:
        ours = decode(text)
    except FrameError:
        assert type(json.loads(text)) is not dict
    else:
        assert ours == json.loads(text)
