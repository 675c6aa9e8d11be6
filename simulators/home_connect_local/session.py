"""One client's connection, as the appliance knows it."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
import json
from typing import Any

from ..faults import Fault, Faults
from ..link import WebSocketLink
from ..listener import reset
from ..websocket import Session
from .profile import Json
from .seals import AesSeal, PlainSeal, Seal

_COUNTER = 1 << 32
_SHORT, _WIDE = 126, 127
_DEEP = 100_000
_CLOSING_FRAME = 0x88
# What fits into a closing frame beside the code, and how long its answer may take.
_REASON_BYTES = 123
_PATIENCE_S = 1.0


class ApplianceSession(Session):
    """The greeting, the counters and the frames of one connection."""

    def __init__(
        self,
        number: int,
        link: WebSocketLink,
        transport: asyncio.Transport,
        seal: Seal,
        faults: Faults,
        *,
        session_id: int,
        message_id: int,
        client_message_id: int,
    ) -> None:
        """Begin with the counters that the appliance chose."""
        super().__init__(number, link)
        self.session_id = session_id
        self.message_id = message_id
        self.expected_id = client_message_id
        """The ``msgID`` that the client's next message must have."""
        self.device_id: str | None = None
        """None until the client has answered the first message."""
        self.device_name = ""
        self.first_id = 0
        """``msgID`` of the first message, which its answer repeats."""
        self.ready = False
        """Whether the client has sent /ei/deviceReady."""
        self.authenticated = False
        self.crowded = 0
        """How often a request came before the one before it was answered."""
        self.hung_up = False
        """Whether the appliance ended the connection."""
        self.waiting: deque[Callable[[], None]] = deque()
        """Requests that wait for the one before."""
        self._transport = transport
        self._patience: asyncio.TimerHandle | None = None
        self._seal = seal
        self._faults = faults

    @property
    def greeted(self) -> bool:
        """Whether the client has answered the first message."""
        return self.device_id is not None

    def read(self, data: str | bytes) -> str:
        """Open a frame of the client. Raises BrokenSeal."""
        return self._seal.open(data)

    def advance(self) -> None:
        """Expect the client's next number."""
        self.expected_id = (self.expected_id + 1) % _COUNTER

    # --- speaking --------------------------------------------------------------------------

    def say(
        self,
        resource: str,
        action: str,
        version: int,
        data: Sequence[Mapping[str, Any]] | None = None,
    ) -> int:
        """Send a message of the appliance's own; gives its number."""
        number = self.message_id
        self.message_id = (number + 1) % _COUNTER
        self.send(self.message(number, resource, action, version, data))
        return number

    def message(
        self,
        number: int,
        resource: str,
        action: str,
        version: int,
        data: Sequence[Mapping[str, Any]] | None = None,
        code: int | None = None,
    ) -> Json:
        """Build a message; ``data`` may be empty or absent."""
        body: Json = {
            "sID": self.session_id,
            "msgID": number,
            "resource": resource,
            "version": version,
            "action": action,
        }
        if data is not None:
            body["data"] = list(data)
        if code is not None:
            body["code"] = code
        return body

    def send(self, body: Json) -> None:
        """Send a message, unless a fault makes something else of it."""
        which = {"resource": body["resource"], "action": body["action"]}
        if self._faults.take("lost", **which):
            return
        for _ in range(2 if self._faults.take("duplicate", **which) else 1):
            fault = self._faults.take("json", **which)
            text = distort(body, fault["how"]) if fault else write(body)
            self.put(text, self._faults.take("frame", **which))

    def put(self, text: str, fault: Fault | None = None) -> None:
        """Send clear text as a frame."""
        # What is sealed and not sent would break the chain of the link.
        if self.stuck or self.hung_up or self.link.stalled or self.link.close_code is not None:
            return
        data = self._seal.seal(text)
        if fault:
            data = misform(data, fault["how"])
        if isinstance(data, str):
            self.link.send_text(data)
        else:
            self.link.send_bytes(data)

    # --- ending ----------------------------------------------------------------------------

    def finish(self, code: int, reason: str = "") -> None:
        """End the connection in the orderly way, and leave the client time to answer the closing frame.

        Written by hand: aiohttp's server ends the TCP connection without waiting, and over TLS that comes before the
        client can answer.
        """
        if self.hung_up or self.link.stalled:
            return
        self.hung_up = True
        payload = code.to_bytes(2, "big") + reason.encode()[:_REASON_BYTES]
        self._transport.write(bytes((_CLOSING_FRAME, len(payload))) + payload)
        loop = asyncio.get_running_loop()
        self._patience = loop.call_later(_PATIENCE_S, self._transport.close)

    def bury(self) -> None:
        """Let nothing happen any more to a connection that has ended."""
        if self._patience is not None:
            self._patience.cancel()

    def cut(self, how: str, code: int, text: str) -> None:
        """End the connection as a fault says; ``text`` is what would have been sent."""
        self.hung_up = True
        if how.startswith("mid_frame"):
            self._transport.write(half_frame(self._seal.seal(text)))
        match how:
            case "rst":
                reset_link(self._transport)
            case "mid_frame_rst":
                # What was written leaves the socket first.
                asyncio.get_running_loop().call_later(0.01, reset_link, self._transport)
            case "close":
                self.hung_up = False
                self.finish(code)
            case _:
                self.link.hang_up()


def reset_link(transport: asyncio.Transport) -> None:
    """End a connection with RST, unless it has ended already."""
    # A TLS transport that was closed twice has forgotten its socket.
    with suppress(AttributeError):
        reset(transport)


def make_seal(connection_type: str, key: bytes, iv: bytes) -> Seal:
    """Begin the seal of a link."""
    return AesSeal(key, iv) if connection_type == "AES" else PlainSeal()


def write(body: Json) -> str:
    """Write a message as appliances do."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)


def distort(body: Json, how: str) -> str:
    """Write a message as it should not be."""
    text = write(body)
    # In messages without data there is no bracket to be wrong.
    head, bracket, tail = text.rpartition("]")
    match how:
        case "bracket" if bracket:
            return head + tail
        case "quote" if bracket:
            return f'{head}]"{tail}'
        case "doubled_quote":
            return f'{text[:-1]}"' + "}"
        case "truncated":
            return text[: len(text) * 2 // 3]
        case "control":
            return text.replace('"action"', '"info":"a\tb\nc\x01","action"', 1)
        case "text_numbers":
            return write(
                {name: str(item) if type(item) is int else item for name, item in body.items()}
            )
        case "single":
            return write({**body, "data": body.get("data", [{}])[0]})
        case "unknown_members":
            return write({"extra": {"deep": [1, None]}, **body, "info": "text"})
        case "no_action" | "no_version":
            return write({name: item for name, item in body.items() if name != how[3:]})
        case "array":
            return "[1,2]"
        case "empty":
            return ""
        case "deep":
            return "[" * _DEEP
        case _:
            return "not json" + text[:10]


def misform(data: str | bytes, how: str) -> str | bytes:
    """Spoil a frame."""
    if isinstance(data, str):  # TLS carries any text; only the kind of frame can be another
        return data.encode() if how == "kind" else data
    match how:
        case "mac":
            return data[:-1] + bytes((data[-1] ^ 1,))
        case "ciphertext":
            return bytes((data[0] ^ 1,)) + data[1:]
        case "short":
            return data[:16]
        case "unaligned":
            return data[:-1]
        case _:
            return data.hex()


def half_frame(data: str | bytes) -> bytes:
    """Give the head and the first half of a websocket frame."""
    payload = data.encode() if isinstance(data, str) else data
    opcode = 0x81 if isinstance(data, str) else 0x82
    if len(payload) < _SHORT:
        head = bytes((opcode, len(payload)))
    elif len(payload) < 1 << 16:
        head = bytes((opcode, _SHORT)) + len(payload).to_bytes(2, "big")
    else:
        head = bytes((opcode, _WIDE)) + len(payload).to_bytes(8, "big")
    return head + payload[: len(payload) // 2]
