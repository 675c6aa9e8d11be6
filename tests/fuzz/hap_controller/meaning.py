"""What is described, reported and asked."""

from contextlib import suppress
import json

from custom_components.hap_controller.protocol.errors import CommandError, FrameError
from custom_components.hap_controller.protocol.messages import (
    parse_prepare_body,
    parse_read_answer,
    parse_read_target,
    parse_resource_body,
    parse_status,
    parse_write_answer,
    parse_write_body,
    read_event,
)
from custom_components.hap_controller.protocol.model import Database, difference
from custom_components.hap_controller.protocol.values import (
    FormatError,
    check_value,
    dumps,
    initial_value,
    loads,
    read_value,
    to_wire,
)

from ..target import Target, joined, pieces
from .shared import DESCRIPTION, EVENT, JSON_WORDS, KEYS


def database(data: bytes) -> None:
    """Read a description; what is kept of it is the same description."""
    try:
        found = Database.load(data)
    except FrameError:
        return
    again = Database.from_accessories(json.loads(dumps(found.store())))
    assert again.store() == found.store()
    assert not difference(found, again)
    assert set(found.readable()) | set(found.subscribable()) <= set(found.characteristics)
    for each in found.accessories.values():
        assert each.available in {True, False} and isinstance(each.name, str | None)
        repr((each, list(each.characteristics)))


def values(data: bytes) -> None:
    """Convert any value for and from a characteristic as anybody describes it."""
    described, _, rest = data.partition(b"\0")
    one = b'{"accessories":[{"aid":1,"services":[{"iid":1,"type":"43","characteristics":[%b]}]}]}'
    try:
        found = Database.load(one % described)
        value = loads(rest or b"1")
    except FrameError:
        return
    for each in found.characteristics.values():
        for convert in (to_wire, check_value):
            with suppress(FormatError):
                dumps(convert(value, each.metadata))
        initial_value(each.metadata)
        with suppress(FormatError):
            read_value(value, each.metadata)


def news(data: bytes) -> None:
    """Take events and answers to reads and writes of any kind; the model stays one that can be stored."""
    found = Database.load(DESCRIPTION)
    codes = (200, 204, 207, 400, 404, 422, 470, 500)
    for each in pieces(data):
        if not each:
            continue
        code, keys, body = codes[each[0] & 7], KEYS[each[0] >> 3 :: 7], each[1:]
        with suppress(FrameError):
            found.apply(read_event(body), pushed=True)
        with suppress(CommandError, FrameError):
            found.apply(parse_read_answer(code, body, keys).reports)
        with suppress(CommandError, FrameError):
            wanted = dict.fromkeys(keys, 1)
            found.written(wanted, parse_write_answer(code, body, keys))
        assert isinstance(parse_status(code, body), int)
    assert Database.from_accessories(json.loads(dumps(found.store()))).characteristics.keys() == (
        found.characteristics.keys()
    )


def questions(data: bytes) -> None:
    """Read what controllers ask for."""
    for parse in (parse_write_body, parse_prepare_body, parse_resource_body):
        with suppress(FrameError):
            repr(parse(data))
    with suppress(FrameError):
        parse_read_target("/characteristics?" + data.decode("latin-1"))


TARGETS = {
    "database": Target(
        database,
        [
            DESCRIPTION,
            (
                b'{"accessories":[{"aid":1,"services":[{"iid":1,"type":"3E","linked":[0,2],'
                b'"characteristics":[{"iid":2,"type":"14","perms":["pw"],"format":"bool"}]}]}]}'
            ),
        ],
        [
            *JSON_WORDS,
            *(b'"services":', b'"characteristics":', b'"perms":["pr"]', b'"format":"uint8"'),
            *(b'"minValue":', b'"maxValue":', b'"minStep":', b'"valid-values":[1]'),
        ],
        16384,
    ),
    "values": Target(
        values,
        [
            b'{"iid":2,"type":"11","format":"float","perms":["pr","pw"],"minValue":10,'
            b'"maxValue":38,"minStep":0.1}\0' + b"21.53",
            b'{"iid":2,"type":"8","format":"uint8","perms":["pr","pw"],"maxValue":100}\0"7"',
            b'{"iid":2,"type":"23","format":"string","perms":["pr","pw"],"maxLen":3}\0"abc"',
            b'{"iid":2,"type":"4C","format":"tlv8","perms":["pr","pw"]}\0"AQEB"',
            b'{"iid":2,"type":"25","format":"bool","perms":["pr","pw"]}\0true',
        ],
        JSON_WORDS,
    ),
    "news": Target(
        news,
        [joined([bytes((code,)) + EVENT]) for code in range(8)]
        + [joined([b"\2" + b'{"status":-70407}', b"\0" + EVENT])],
        JSON_WORDS,
    ),
    "questions": Target(
        questions,
        [
            EVENT,
            b'{"ttl":5000,"pid":11122333}',
            b'{"aid":2,"resource-type":"image","image-width":320,"image-height":240}',
            b"id=1.2,3.4&meta=1&perms=1&type=1&ev=1",
        ],
        [*JSON_WORDS, b'"ttl":', b'"resource-type":"image"', b'"image-width":', b"&meta=1"],
    ),
}
