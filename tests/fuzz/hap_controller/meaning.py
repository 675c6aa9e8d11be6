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

from ..grammar import both_ways, written
from ..target import Target, joined, pieces
from .shared import DESCRIPTION, EVENT, JSON_WORDS, KEYS, SHORT_DESCRIPTION, WORDS


def database(data: bytes) -> None:
    """Read a description; what is kept of it is the same description."""
    try:
        found = Database.load(written(data, WORDS))
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
    try:
        told = loads(written(data, WORDS))
        described, value = told if isinstance(told, list) and len(told) == 2 else (told, 1)
        service = {"iid": 1, "type": "43", "characteristics": [described]}
        found = Database.load(dumps({"accessories": [{"aid": 1, "services": [service]}]}))
    except FrameError:
        return
    for each in found.characteristics.values():
        for convert in (to_wire, check_value):
            with suppress(FormatError):
                dumps(convert(value, each.metadata))
        initial_value(each.metadata)
        dumps(read_value(value, each.metadata))
        dumps(each.value)


def news(data: bytes) -> None:
    """Take events and answers to reads and writes of any kind; the model stays one that can be stored."""
    found = Database.load(SHORT_DESCRIPTION)
    codes = (200, 204, 207, 400, 404, 422, 470, 500)
    for each in pieces(data):
        if not each:
            continue
        code, keys = codes[each[0] & 7], KEYS[each[0] >> 3 :: 7]
        body = written(each[1:], WORDS)
        with suppress(FrameError):
            found.apply(read_event(body), pushed=True)
        with suppress(CommandError, FrameError):
            found.apply(parse_read_answer(code, body, keys).reports)
        with suppress(CommandError, FrameError):
            wanted = dict.fromkeys(keys, 1)
            found.apply(found.confirmed(wanted, parse_write_answer(code, body, keys)))
        assert isinstance(parse_status(code, body), int)
    assert Database.from_accessories(json.loads(dumps(found.store()))).characteristics.keys() == (
        found.characteristics.keys()
    )


def questions(data: bytes) -> None:
    """Read what controllers ask for."""
    body = written(data, WORDS)
    for parse in (parse_write_body, parse_prepare_body, parse_resource_body):
        with suppress(FrameError):
            repr(parse(body))
    with suppress(FrameError):
        parse_read_target("/characteristics?" + body.decode("latin-1"))


EVENTS = both_ways([EVENT, b'{"status":-70407}'], WORDS)

TARGETS = {
    "database": Target(
        database,
        both_ways(
            [
                DESCRIPTION,
                (
                    b'{"accessories":[{"aid":1,"services":[{"iid":1,"type":"3E","linked":[0,2],'
                    b'"characteristics":[{"iid":2,"type":"14","perms":["pw"],"format":"bool"}]}]}]}'
                ),
            ],
            WORDS,
        ),
        [
            *JSON_WORDS,
            *(b'"services":', b'"characteristics":', b'"perms":["pr"]', b'"format":"uint8"'),
            *(b'"minValue":', b'"maxValue":', b'"minStep":', b'"valid-values":[1]'),
        ],
        16384,
    ),
    "values": Target(
        values,
        both_ways(
            [
                (
                    b'[{"iid":2,"type":"11","format":"float","perms":["pr","pw"],"minValue":10,'
                    b'"maxValue":38,"minStep":0.1},21.53]'
                ),
                b'[{"iid":2,"type":"8","format":"uint8","perms":["pr","pw"],"maxValue":100},"7"]',
                b'[{"iid":2,"type":"23","format":"string","perms":["pr","pw"],"maxLen":3},"abc"]',
                b'[{"iid":2,"type":"4C","format":"tlv8","perms":["pr","pw"]},"AQEB"]',
                b'[{"iid":2,"type":"25","format":"bool","perms":["pr","pw"]},true]',
            ],
            WORDS,
        ),
        JSON_WORDS,
    ),
    "news": Target(
        news,
        [
            joined([bytes((code,)) + each, b"\0" + EVENTS[0]])
            for code in range(8)
            for each in EVENTS
        ],
        JSON_WORDS,
    ),
    "questions": Target(
        questions,
        both_ways(
            [
                EVENT,
                b'{"ttl":5000,"pid":11122333}',
                b'{"aid":2,"resource-type":"image","image-width":320,"image-height":240}',
                b"id=1.2,3.4&meta=1&perms=1&type=1&ev=1",
            ],
            WORDS,
        ),
        [*JSON_WORDS, b'"ttl":', b'"resource-type":"image"', b'"image-width":', b"&meta=1"],
    ),
}
