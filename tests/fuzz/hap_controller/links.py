"""Whole conversations, both ends."""

import asyncio
import atexit
from collections.abc import Generator
from contextlib import suppress
from functools import cache, partial
import json
import logging
from typing import override

from custom_components.hap_controller.protocol.accessory.endpoints import Endpoints
from custom_components.hap_controller.protocol.accessory.session import Session
from custom_components.hap_controller.protocol.client import Change, HapClient
from custom_components.hap_controller.protocol.connection import Connection
from custom_components.hap_controller.protocol.const import MAX_FRAME_BYTES
from custom_components.hap_controller.protocol.crypto import KeyExchange
from custom_components.hap_controller.protocol.errors import CommandError, FrameError, VendorError
from custom_components.hap_controller.protocol.frames import SessionCodec
from custom_components.hap_controller.protocol.http import (
    Response,
    encode_event,
    encode_request,
    encode_response,
)
from custom_components.hap_controller.protocol.messages import (
    Request,
    Write,
    parse_read_answer,
    read_request,
)
from custom_components.hap_controller.protocol.pairing import (
    PairVerifyAccessory,
    PairVerifyController,
)
from custom_components.hap_controller.protocol.values import (
    FormatError,
    dumps,
    initial_value,
    to_wire,
)
from tests.hap_controller.protocol.pairing.recorded import (
    VERIFY,
    keys_of_vectors,
    paired_register,
    register_of_vectors,
    unhex,
)

from ..grammar import BUILT, recipe, written
from ..target import Target, joined, pieces
from .shared import (
    EVENT,
    HOME,
    HOST,
    HTTP_WORDS,
    JSON_WORDS,
    KEYS,
    READ_KEY,
    REQUESTS,
    STREAMS,
    VERIFY_MESSAGES,
    WORDS,
    WRITE_KEY,
)


def _greeting() -> Generator[Request, Response]:
    answer = yield read_request(KEYS[:3])
    with suppress(CommandError):
        parse_read_answer(answer.code, answer.body, KEYS[:3])


def _said_by_accessory(data: bytes) -> bytes:
    """Give bytes as they are, or an answer or event with a body that is built."""
    kind, body = data[:1], data[2:]
    if kind == b"\1":
        code = CODES[data[1] % len(CODES)] if body else 204
        return encode_response(code, written(BUILT + body, WORDS), "application/hap+json")
    return encode_event(written(BUILT + body, WORDS)) if kind == b"\2" else data[1:]


def _said_by_controller(data: bytes) -> bytes:
    """Give bytes as they are, or a request with a body that is built."""
    if data[:1] != b"\1" or len(data) < 2:
        return data[1:]
    method, target = QUESTIONS[data[1] % len(QUESTIONS)]
    return encode_request(method, target, HOST, "x/y", written(BUILT + data[2:], WORDS))


def controller_link(data: bytes) -> None:
    """Hold the link to an accessory that says anything, before and behind pair-verify."""
    if not data:
        return
    sealed, data = data[0] & 1, data[1:]
    exchange = KeyExchange(unhex(VERIFY, "controller_x25519_private"))
    verify = PairVerifyController(keys_of_vectors(), key_exchange=exchange)
    connection = Connection(0.0, HOST, verify, _greeting)
    connection.outgoing()
    try:
        codec = _verified(connection) if sealed else None
        for number, each in enumerate(pieces(data)):
            if number < 3:
                connection.submit(_greeting(), 1.0)
            said = _said_by_accessory(each)
            connection.receive(codec.seal(said) if codec and said else said, 1.0)
            connection.outgoing()
            assert connection.deadline > 0
    except VendorError as err:
        str(err)


def _verified(connection: Connection) -> SessionCodec:
    """Answer as the recorded accessory does, up to the first thing that is asked under seal."""
    private = unhex(VERIFY, "accessory_x25519_private")
    accessory = PairVerifyAccessory(paired_register(), random=lambda _: private)
    for message in VERIFY_MESSAGES[0::2]:
        connection.receive(encode_response(200, accessory.receive(message)), 0.0)
        connection.outgoing()
    assert accessory.session
    return SessionCodec(accessory.session.read_key, accessory.session.write_key)


def _switch(found: HapClient) -> list[Write]:
    """Write what can be written, with the least that can be written."""
    writes = []
    for each in found.database.characteristics.values():
        with suppress(FormatError):
            writes.append(Write(each.key, to_wire(initial_value(each.metadata), each.metadata)))
    return writes[:3]


def client(data: bytes) -> None:
    """Be the client of an accessory that says anything: describe, subscribe, read, hear."""
    found = HapClient(keys_of_vectors(), [HOST], 1)
    found._now = lambda: 1.0  # type: ignore[method-assign]  # no loop runs here
    told: list[Change] = []
    found.subscribe(told.append)
    exchange = KeyExchange(unhex(VERIFY, "controller_x25519_private"))
    verify = PairVerifyController(keys_of_vectors(), key_exchange=exchange)
    upkeep = found._upkeep
    upkeep._clock = found._now
    connection = Connection(0.0, HOST, verify, upkeep.greet, probe=upkeep.probe)
    upkeep.begin(connection, HOST)
    with suppress(VendorError), found._conversing(connection):
        codec = _verified(connection)
        for each in pieces(data):
            said = _said_by_accessory(each)
            for event in connection.receive(codec.seal(said) if said else b"", 1.0):
                found._deliver(event)
            if found.connected and connection._asking is None:
                connection.submit(upkeep.reading_all(), 1.0)
                connection.submit(upkeep.writing(partial(_switch, found), timed=True), 1.0)
            connection.outgoing()
    dumps(found.database.store())
    repr(told)


class _Strict(logging.Handler):
    """Takes a fault that is logged and answered for one that is found."""

    @override
    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.ERROR:
            raise AssertionError(record.getMessage())


LOGGER = logging.getLogger("custom_components.hap_controller")


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """Give the loop that answers are made in."""
    loop = asyncio.new_event_loop()
    atexit.register(loop.close)
    return loop


VALUES = [(each, each.value) for home in HOME.accessories for each in home.characteristics]


async def _stored() -> None:
    """Store nothing."""


async def _nothing() -> None:
    """Do nothing, so that the loop has turned once."""


def accessory_link(data: bytes) -> None:
    """Serve a controller that says anything, before and behind pair-verify."""
    if not data:
        return
    kind, data = data[0] % 3, data[1:]
    register = paired_register() if kind else register_of_vectors()
    session = Session(register, 0.0)
    endpoints = Endpoints(HOME, register, store=_stored, now=lambda: 1.0)
    codec = None
    if kind == 2:
        session._codec = SessionCodec(READ_KEY, WRITE_KEY, max_frame_bytes=MAX_FRAME_BYTES)
        (session._pairing,) = register.pairings.values()
        codec = SessionCodec(WRITE_KEY, READ_KEY)
    strict = _Strict()
    LOGGER.addHandler(strict)
    try:
        for each in pieces(data):
            said = _said_by_controller(each)
            session.feed(codec.seal(said) if codec and said else said, 0.0)
            while (request := session.next_request()) is not None:
                answer = _loop().run_until_complete(endpoints.answer(session, request))
                assert answer.code in {200, 204, 207, 400, 404, 405, 422, 470}, answer.code
                session.respond(answer)
                if session.outlived:
                    return
            for key in session.subscriptions:
                session.notify(key, 1, press=False)
            session.events(100.0)
            assert session.deadline > 0
    except FrameError as err:
        str(err)
    finally:
        LOGGER.removeHandler(strict)
        session.close()
        for each, value in VALUES:
            each._value = value
        _loop().run_until_complete(_nothing())


CODES = (200, 204, 207, 400, 404, 422, 470, 500)
QUESTIONS = (
    ("PUT", "/characteristics"),
    ("PUT", "/prepare"),
    ("POST", "/resource"),
    ("GET", "/characteristics?id=2.9,2.10&ev=1&meta=1&perms=1&type=1"),
    ("GET", "/accessories"),
)
# Few types, whose texts the recipe knows.
DESCRIBED = (
    b'{"accessories":[{"aid":2,"services":[{"iid":8,"type":"43","characteristics":['
    b'{"iid":9,"type":"25","perms":["pr","pw","ev"],"format":"bool","value":0},'
    b'{"iid":10,"type":"8","perms":["pr","pw","ev","tw"],"format":"int","value":3},'
    b'{"iid":11,"type":"73","perms":["pr","ev"],"format":"uint8"}]}]}]}'
)
BODIES = [
    recipe(json.loads(each), WORDS)
    for each in (
        EVENT,
        b'{"ttl":5000,"pid":1}',
        b'{"pid":1,"characteristics":[{"aid":2,"iid":9,"value":1,"r":true}]}',
        b'{"characteristics":[{"aid":2,"iid":9,"ev":true},{"aid":3,"iid":10,"value":30}]}',
        b'{"aid":2,"resource-type":"image","image-width":9,"image-height":9}',
    )
]
TARGETS = {
    "controller": Target(
        controller_link,
        [
            b"\1" + joined([b"\1\0" + BODIES[0], first, b"\2\0" + BODIES[0]])
            for first in (b"\1\2" + BODIES[0], *(b"\0" + each for each in STREAMS))
        ]
        + [b"\0" + joined([b"\0" + encode_response(200, VERIFY_MESSAGES[1])])],
        [*HTTP_WORDS, *JSON_WORDS],
        2048,
    ),
    "client": Target(
        client,
        [
            joined(
                [
                    b"\1\0" + recipe(json.loads(DESCRIBED), WORDS),
                    *subscribed,
                    b"\1\0" + BODIES[0],
                    b"\2\0" + BODIES[0],
                    b"\1\2" + BODIES[0],
                ]
            )
            for subscribed in ([b"\1\0"], [b"\1\2" + BODIES[0]] * 2)
        ],
        [*HTTP_WORDS, *JSON_WORDS],
        2048,
    ),
    "accessory": Target(
        accessory_link,
        [
            bytes((kind,)) + joined([b"\0" + each])
            for kind in range(3)
            for each in (*REQUESTS, b"POST /pairings HTTP/1.1\r\n\r\n")
        ]
        + [
            b"\2" + joined([bytes((1, place)) + first, bytes((1, 0)) + BODIES[2]])
            for place in range(len(QUESTIONS))
            for first in BODIES
        ],
        [*HTTP_WORDS, *JSON_WORDS],
        2048,
    ),
}
