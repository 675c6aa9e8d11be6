"""Whole conversations, both ends."""

import asyncio
import atexit
from collections.abc import Generator
from contextlib import suppress
from functools import cache
from itertools import pairwise
import logging
from typing import override

from custom_components.hap_controller.protocol.accessory.endpoints import Endpoints
from custom_components.hap_controller.protocol.accessory.session import Session
from custom_components.hap_controller.protocol.connection import Connection
from custom_components.hap_controller.protocol.const import MAX_FRAME_BYTES
from custom_components.hap_controller.protocol.crypto import KeyExchange
from custom_components.hap_controller.protocol.errors import CommandError, FrameError, VendorError
from custom_components.hap_controller.protocol.frames import SessionCodec
from custom_components.hap_controller.protocol.http import Response, encode_response
from custom_components.hap_controller.protocol.messages import (
    Request,
    parse_read_answer,
    read_request,
)
from custom_components.hap_controller.protocol.pairing import (
    PairVerifyAccessory,
    PairVerifyController,
)
from tests.hap_controller.protocol.pairing.recorded import (
    VERIFY,
    keys_of_vectors,
    paired_register,
    register_of_vectors,
    unhex,
)

from ..target import Target, joined, pieces
from .shared import (
    HOME,
    HOST,
    HTTP_WORDS,
    JSON_WORDS,
    KEYS,
    READ_KEY,
    REQUESTS,
    STREAMS,
    VERIFY_MESSAGES,
    WRITE_KEY,
)


def _greeting() -> Generator[Request, Response]:
    answer = yield read_request(KEYS[:3])
    with suppress(CommandError):
        parse_read_answer(answer.code, answer.body, KEYS[:3])


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
            connection.receive(codec.seal(each) if codec and each else each, 1.0)
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
            session.feed(codec.seal(each) if codec and each else each, 0.0)
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


TARGETS = {
    "controller": Target(
        controller_link,
        [
            b"\1" + joined([*before, *after])
            for before, after in pairwise([*([each] for each in STREAMS), []])
        ]
        + [b"\0" + joined([encode_response(200, VERIFY_MESSAGES[1])])],
        [*HTTP_WORDS, *JSON_WORDS],
        2048,
    ),
    "accessory": Target(
        accessory_link,
        [
            bytes((kind,)) + joined([each])
            for kind in range(3)
            for each in (*REQUESTS, b"POST /pairings HTTP/1.1\r\n\r\n")
        ],
        [*HTTP_WORDS, *JSON_WORDS],
        2048,
    ),
}
