"""One client's websocket session: what it is told, and how oddly."""

import asyncio
from collections import deque
from collections.abc import Mapping
from functools import partial
from typing import Any, override

from custom_components.homismart.protocol.frames import Frame, encode

from ..cloud import CloudSession
from ..faults import Faults
from ..link import WebSocketLink
from ..timers import Timers
from .devices import Device, Json, as_text, with_numeric_id
from .home import Home

# One more than clients must take (§3).
OVERSIZED_CHARS = 16 * 1024 * 1024 + 1
ERROR_INFO = {
    2: "username_password_error",
    3: "not_registered_email",
    5: "main_unit_not_online",
    7: "main_unit_not_found",
    9: "email_format_error",
    11: "user_not_allowed",
    17: "parameter_error",
    40: "no_response",
    72: "permission_denied",
    94: "outside_of_activity_hours",
}
"""The words that go with the codes; those of 2, 3, 5, 40, 72 and 94 are the vendor's."""
# A burst is measured over a little less than a second: frames may lie closer when they arrive than when they left.
_BURST_S = 0.9


class HomismartSession(CloudSession[Home]):
    """The server's side of one connection."""

    def __init__(self, number: int, link: WebSocketLink, faults: Faults, timers: Timers) -> None:
        """Belong to nobody until somebody logs in."""
        super().__init__(number, link, faults, timers)
        self._recent: deque[float] = deque()

    # --- from the client -------------------------------------------------------------------

    def hurries(self, limit: int) -> bool:
        """Count a frame of the client; tells whether there were more than ``limit`` within a second."""
        now = asyncio.get_running_loop().time()
        self._recent.append(now)
        while now - self._recent[0] >= _BURST_S:
            self._recent.popleft()
        if len(self._recent) <= limit:
            return False
        self._recent.clear()  # one burst is one violation
        return True

    # --- to the client ---------------------------------------------------------------------

    @override
    def dismiss(self) -> None:
        """Refuse the client in the middle of its session; nothing is answered or pushed any more."""
        self.dismissed = True
        self.send("0003", {"result": False})

    def push(self, prefix: str, body: Json, device: Device | None) -> None:
        """Tell of something nobody asked for."""
        if self.home is None or self.stuck or self.dismissed:
            return
        if prefix == "0009" and device:
            body = self.shown(body, device)
        self.send(prefix, body)

    def shown(self, members: Mapping[str, Any], device: Device) -> Json:
        """Give an object as faults distort it."""
        shown = dict(members)
        name = described(device)
        if self._faults.take("text_types", device=name):
            shown = as_text(shown)
            device.sent_oddly = True
        if self._faults.take("numeric_id", device=name):
            shown = with_numeric_id(shown)
            device.sent_oddly = True
        return shown

    def error(self, code: int, info: str = "", *, text: bool = False) -> None:
        """Send an error frame, with the usual word unless another is given."""
        word = info or ERROR_INFO.get(code, "error")
        self.send("9999", {"code": str(code) if text else code, "info": word})

    def send(self, prefix: str, body: object) -> None:
        """Send a frame of the wire, unless a fault makes something else of it."""
        # The text of now: a late frame tells what was true when it was made.
        text = encode(Frame(prefix, body))
        if fault := self._faults.take("delay", prefix=prefix):
            self._timers.after(fault["seconds"], partial(self._deliver, prefix, text))
        else:
            self._deliver(prefix, text)

    @override
    def send_oversized(self) -> None:
        """Send a frame that is longer than any client must take."""
        self.link.send_text(encode(Frame("0777", "x" * OVERSIZED_CHARS)))

    def _deliver(self, prefix: str, text: str) -> None:
        if self.stuck:
            return
        if fault := self._faults.take("garble", prefix=prefix):
            self._send_odd(fault["how"], prefix, text)
            return
        self.link.send_text(text)
        if self._faults.take("duplicate", prefix=prefix):
            self.link.send_text(text)

    def _send_odd(self, how: str, prefix: str, text: str) -> None:
        match how:
            case "truncated":
                self.link.send_text(text[: 4 + (len(text) - 4) // 2])
            case "binary":
                self.link.send_bytes(text.encode())
            case "oversized":
                self.send_oversized()
            case "prefix":
                self.link.send_text("0777" + text[4:])
            case _:
                self.link.send_text(_ODD_TEXTS[how].format(prefix))


_ODD_TEXTS = {
    "text": "{}not json",
    "empty": "",
    "short": "000",
    "bare": "{}",
    "array": "{}[1,2]",
    "number": "{}17",
    "null": "{}null",
    "deep": "{}" + "[" * 100_000,
}


def described(device: Device) -> str:
    """Give what the pattern of a fault is searched for in: id and name."""
    return f"{device.device_id} {device.name}"
