"""The other side of every HAP contender: bridges, an accessory that can be paired again and again, and a control line.

``python -m benchmarks.hap_controller.counterpart CONTENDER...`` gives each contender a bridge with a hundred lights that
it is paired with, announces all addresses, and serves until its input ends. The bridges answer from tables: what takes
time is the contender. Sessions are those of our accessory role, whose codec vectors guard.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
import json
import logging
import sys
from typing import Any

import orjson

from script.lending import lend_core

from ..jobs import say
from . import bridge
from .contender import ACCESSORY_ID, HOST, SETUP_CODE, Json, Key
from .wire import FRAME_BYTES

lend_core("hap_controller")

from custom_components.hap_controller.protocol.accessory.session import Session  # noqa: E402  after lending
from custom_components.hap_controller.protocol.const import ContentType, ControllerPermission  # noqa: E402
from custom_components.hap_controller.protocol.crypto import SigningKey  # noqa: E402
from custom_components.hap_controller.protocol.http import Request, Response  # noqa: E402
from custom_components.hap_controller.protocol.messages import parse_read_target, parse_write_body  # noqa: E402
from custom_components.hap_controller.protocol.pairing import Pairing, Register  # noqa: E402

CONTROLLER_ID = "5d1f8c8e-6d0f-4b8e-9d51-0c1d4e8b9a77"
# Length and tag around the plaintext.
_OVERHEAD_BYTES = 18
_READ_BYTES = 256 * 1024


class Bridge:
    """The bridge of one contender."""

    def __init__(self, name: str) -> None:
        """Be paired already."""
        self.name = name
        accessories = bridge.lights(bridge.LIGHTS)
        self.described = Response(200, bridge.body(accessories), ContentType.JSON)
        self.values = bridge.values(accessories)
        self.switches = bridge.switched(accessories)
        self.values |= dict.fromkeys(self.switches, False)
        self.subscribed: set[Key] = set()
        self.requests = 0
        self.violations: list[str] = []
        self.port = 0
        key, self._controller = SigningKey.generate(), SigningKey.generate()
        admin = ControllerPermission.ADMIN
        pairing = Pairing(CONTROLLER_ID, self._controller.public_key, admin)
        self._register = Register(
            ACCESSORY_ID, SETUP_CODE, signing_key=key, pairings={CONTROLLER_ID: pairing}
        )

    def account(self) -> Json:
        """Tell what its contender has stored."""
        assert self._register.signing_key
        return {
            "name": self.name,
            "port": self.port,
            "accessory_id": ACCESSORY_ID,
            "accessory_ltpk": self._register.signing_key.public_key.hex(),
            "controller_id": CONTROLLER_ID,
            "controller_ltsk": self._controller.seed.hex(),
            "controller_ltpk": self._controller.public_key.hex(),
        }

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        session = self.begin(writer)
        subscribed = self.subscribed = session.subscriptions
        with suppress(ConnectionError):
            while data := await reader.read(_READ_BYTES):
                session.feed(data, 0.0)
                while request := session.next_request():
                    if not session.secured:
                        answer = Response(
                            200, session.verify.receive(request.body), ContentType.TLV
                        )
                    else:
                        self.requests += 1
                        self.look_at(data)
                        answer = self.answer(request, subscribed)
                    await self.think()
                    writer.write(session.respond(answer))
        writer.close()

    # --- what another bridge does in another way --------------------------------------------

    def begin(self, writer: asyncio.StreamWriter) -> Session:
        """Begin a session with whoever connected."""
        return Session(self._register, 0.0)

    def look_at(self, data: bytes) -> None:
        """Mind how large requests are."""
        if len(data) > FRAME_BYTES + _OVERHEAD_BYTES:
            self.violations.append(f"{len(data)} bytes in a request")

    async def think(self) -> None:
        """Answer at once."""

    def answer(self, request: Request, subscribed: set[Key]) -> Response:
        """Answer out of tables."""
        if request.method == "PUT":
            for item in parse_write_body(request.body).items:
                if item.events is not None:
                    (subscribed.add if item.events else subscribed.discard)(item.key)
                if item.has_value:
                    self.values[item.key] = item.value
            return Response(204)
        if request.target == "/accessories":
            return self.described
        told = [
            {"aid": key[0], "iid": key[1], "value": self.values[key]}
            for key in parse_read_target(request.target).keys
        ]
        return Response(200, orjson.dumps({"characteristics": told}), ContentType.JSON)

    # --- orders -----------------------------------------------------------------------------

    def asked(self) -> Json:
        """Tell what was asked since the last time, and what that led to."""
        requests, self.requests = self.requests, 0
        return {
            "requests": requests,
            "subscribed": len(self.subscribed),
            "on": [bool(self.values[key]) for key in self.switches].count(True),
        }


async def pair(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Be an accessory that nobody has paired with yet, for one connection."""
    session = Session(Register(ACCESSORY_ID, SETUP_CODE), 0.0)
    with suppress(ConnectionError):
        while data := await reader.read(_READ_BYTES):
            session.feed(data, 0.0)
            while request := session.next_request():
                body = session.setup.receive(request.body)
                writer.write(session.respond(Response(200, body, ContentType.TLV)))
    writer.close()


class Control:
    """Takes the orders of contenders about their bridges."""

    def __init__(self, bridges: Mapping[str, Bridge]) -> None:
        """Take the bridges by name."""
        self._bridges = bridges

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take orders of one contender until it leaves."""
        while line := await reader.readline():
            order = json.loads(line)
            one = self._bridges[order["account"]]
            result: Any = one.asked() if order["op"] == "asked" else one.violations
            writer.write(json.dumps({"result": result}).encode() + b"\n")
        writer.close()


async def run(contenders: Sequence[str]) -> None:
    """Announce all addresses and serve until standard input ends."""
    bridges = {name: Bridge(name) for name in contenders}
    control = Control(bridges).serve
    servers = [
        await asyncio.start_server(each, HOST, 0)
        for each in (control, pair, *(one.serve for one in bridges.values()))
    ]
    ports = [server.sockets[0].getsockname()[1] for server in servers]
    for one, port in zip(bridges.values(), ports[2:], strict=True):
        one.port = port
    accessories = bridge.lights(bridge.LIGHTS)
    say(
        {
            "control_port": ports[0],
            "setup_port": ports[1],
            "accounts": {name: one.account() for name, one in bridges.items()},
            "lights": len(bridge.switched(accessories)),
            "notifying": len(bridge.notifying(accessories)),
        }
    )
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    for server in servers:
        server.close()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(run(sys.argv[1:]))
