"""What bytes are: TLV8, frames, HTTP, JSON."""

from base64 import b64encode
from collections.abc import Iterable
from contextlib import suppress
import json
from typing import Any

from custom_components.hap_controller.protocol.catalogue import (
    CharacteristicUuid as C,
    characteristic,
)
from custom_components.hap_controller.protocol.const import MAX_FRAME_BYTES
from custom_components.hap_controller.protocol.errors import FrameError
from custom_components.hap_controller.protocol.frames import SessionCodec
from custom_components.hap_controller.protocol.http import RequestParser, ResponseParser
from custom_components.hap_controller.protocol.refusals import HttpError, TlvError
from custom_components.hap_controller.protocol.structures import read_structure
from custom_components.hap_controller.protocol.tlv8 import (
    Tlv,
    decode,
    decode_struct,
    encode,
    split_list,
    split_records,
)
from custom_components.hap_controller.protocol.values import dumps, loads
from tests.hap_controller.protocol.pairing.recorded import VECTORS

from ..target import Target, cut, pieces
from .shared import (
    HTTP_WORDS,
    JSON_WORDS,
    LONG,
    READ_KEY,
    REQUESTS,
    STREAMS,
    TLV8,
    TLV_WORDS,
    WRITE_KEY,
    staged,
)


def tlv8(data: bytes) -> None:
    """Read items strictly and leniently: where the first can, both agree, and it is written back to the same."""
    lenient = decode(data, strict=False)
    with suppress(TlvError):
        items = decode(data)
        assert items == lenient
        assert decode(encode(items)) == items
    split_records(lenient)
    split_list(lenient)
    assert set(Tlv(lenient)) == set(decode_struct(data))
    repr(Tlv(lenient))


STRUCTURES = sorted(
    uuid
    for name, uuid in vars(C).items()
    if name.isupper() and (known := characteristic(uuid)) is not None and known.tlv_struct
)


def structures(data: bytes) -> None:
    """Read the value of a TLV8 characteristic into what can be shown."""
    if data:
        uuid = STRUCTURES[data[0] % len(STRUCTURES)]
        found = read_structure(b64encode(data[1:]).decode(), uuid)
        assert found is not None
        json.dumps(found)


def frames(data: bytes) -> None:
    """Open, in either role, what was sealed, cut anywhere; of what was changed on the way nothing comes through."""
    if len(data) < 4:
        return
    accessory, cuts, flip, text = data[0] & 1, data[1:3], data[3], data[4:]
    bound = {"max_frame_bytes": MAX_FRAME_BYTES} if accessory else {}
    sent = [*pieces(text)]
    sender = SessionCodec(WRITE_KEY, READ_KEY)
    wire = b"".join(sender.seal(each) for each in sent if each)
    if flip and wire:
        place = int.from_bytes(cuts, "little") % len(wire)
        wire = bytes((*wire[:place], wire[place] ^ flip, *wire[place + 1 :]))
    receiver = SessionCodec(READ_KEY, WRITE_KEY, **bound)
    got, whole = b"", b"".join(sent)
    try:
        for each in cut(wire, cuts):
            got += receiver.feed(each)
    except FrameError:
        assert flip
    assert got == whole or (flip and whole.startswith(got))


def frames_of_strangers(data: bytes) -> None:
    """Without the key nothing comes through, in either role."""
    for bound in ({}, {"max_frame_bytes": MAX_FRAME_BYTES}):
        receiver = SessionCodec(READ_KEY, WRITE_KEY, **bound)
        with suppress(FrameError):
            for each in cut(data, data[:4]):
                assert receiver.feed(each) == b""


type Outcome = tuple[list[Any], bool]


def _parsed(parser: Any, reads: Iterable[bytes]) -> Outcome:
    """Give the messages of a stream and whether it ended in an error."""
    messages: list[Any] = []
    try:
        for read in reads:
            messages += parser.feed(read)
    except HttpError:
        return messages, True
    return messages, False


def _http(kind: type[Any], data: bytes) -> None:
    limit, places, stream = 1 << (data[0] % 21), data[1:5], data[5:]
    slow = type(kind.__name__, (kind,), {"feed": kind._feed})
    messages, failed = _parsed(kind(body_limit=limit), (bytes((each,)) for each in stream))
    for each in (kind, slow):
        for reads in ([stream], cut(stream, places)):
            found, ended = _parsed(each(body_limit=limit), reads)
            assert ended == failed
            # Of the read with the error nothing is delivered.
            assert found == messages[: len(found)] and (ended or len(found) == len(messages))
    assert all(len(each.body) <= limit for each in messages)


def responses(data: bytes) -> None:
    """Read answers and events: however they are cut, and by either way through the parser, alike."""
    if data:
        _http(ResponseParser, data)


def requests(data: bytes) -> None:
    """Read requests, likewise."""
    if data:
        _http(RequestParser, data)


def json_(data: bytes) -> None:
    """Read JSON with its tolerated faults; what is read can be written and read again."""
    with suppress(FrameError):
        value = loads(data)
        assert loads(dumps(value)) == value


TARGETS = {
    "tlv8": Target(
        tlv8,
        [
            b"",
            *(bytes.fromhex(each["encoded"]) for each in (*TLV8["encode"], *TLV8["decode"])),
            LONG,
        ],
        TLV_WORDS,
    ),
    "structures": Target(
        structures,
        [bytes((kind,)) + bytes((1, 1, 0, 2, 1, 3)) for kind in range(len(STRUCTURES))],
    ),
    "frames": Target(frames, staged((0, [b"\1\0\0\5\0abcde"]), (1, [b"\0\0\1\1\0a"]))),
    "frames of strangers": Target(
        frames_of_strangers, [bytes(20), b"\1\4" + bytes(1043), b"\0\4" + bytes(1042)]
    ),
    "responses": Target(responses, [b"\x14\3\4\5\6" + each for each in STREAMS], HTTP_WORDS, 2048),
    "requests": Target(requests, [b"\x14\3\4\5\6" + each for each in REQUESTS], HTTP_WORDS, 2048),
    "json": Target(
        json_,
        [each["input_json"].encode() for each in VECTORS["json_tolerance"]],
        JSON_WORDS,
    ),
}
