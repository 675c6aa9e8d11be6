"""One client's websocket session: what it said, and the frames it gets."""

from functools import partial
from typing import override

from custom_components.dio_chacon.protocol.frames import Frame, encode

from ..cloud import CloudSession
from ..faults import Faults
from ..link import WebSocketLink
from ..timers import Timers
from .home import Home

# One more than clients must take (§4).
OVERSIZED_CHARS = 4 * 1024 * 1024 + 1
_ODD_TEXTS = {"text": "not json", "array": "[1,2]", "number": "17", "null": "null"}
_UNKNOWN_ID_OFFSET = 1_000_000


class DioSession(CloudSession[Home]):
    """The server's side of one connection."""

    def __init__(
        self,
        number: int,
        link: WebSocketLink,
        home: Home | None,
        token: str | None,
        faults: Faults,
        timers: Timers,
    ) -> None:
        """Belong to ``home``, or to nobody when the credentials were refused."""
        super().__init__(number, link, faults, timers)
        self.home = home
        self.token = token
        self.greeted = False
        self.revoked = False
        self.last_id = 0
        self.unanswered = 0
        self.peak_unanswered = 0
        self._kept: list[str] = []

    # --- from the client -------------------------------------------------------------------

    def count(self, number: int) -> None:
        """Note a request that waits for its answer."""
        self.last_id = number
        self.unanswered += 1
        self.peak_unanswered = max(self.peak_unanswered, self.unanswered)

    # --- to the client ---------------------------------------------------------------------

    def greet(self, *, accepted: bool) -> None:
        """Speak first."""
        self.greeted = accepted
        action = "success" if accepted else "invalid"
        self.send({"name": "connection", "action": action, "data": ""})

    @override
    def dismiss(self) -> None:
        """Refuse the client in the middle of its session; what it had asked stays unanswered."""
        self.dismissed = True
        self.send({"name": "connection", "action": "invalid", "data": ""})

    def push(self, text: str) -> None:
        """Send what nobody asked for, to a client that is listening."""
        if self.greeted and not self.stuck and not self.dismissed:
            self.send_text(text)

    def answer(self, number: object, status: int, data: object, path: str) -> None:
        """Answer a request, as late and as wrongly as the faults for ``path`` demand."""
        frame = _answer_frame(number, status, data)
        if fault := self._faults.take("answer_id", path=path):
            match fault["how"], number:
                case "missing", _:
                    del frame["id"]
                case "unknown", int():
                    frame["id"] = number + _UNKNOWN_ID_OFFSET
                case _:
                    frame["id"] = str(number)
        if fault := self._faults.take("reorder"):
            if not self._kept:
                self._timers.after(fault["seconds"], self._release)
            self._kept.append(encode(frame))
        elif fault := self._faults.take("delay", path=path):
            # The text of now: an answer tells what was true when it was given.
            self._timers.after(fault["seconds"], partial(self._deliver, encode(frame)))
        else:
            self._deliver(encode(frame))

    def cut_answer(self, number: int, status: int, data: object) -> None:
        """Begin to answer a request and end the connection half way."""
        self.link.cut_mid_frame(encode(_answer_frame(number, status, data)))

    def send(self, frame: Frame) -> None:
        """Send a frame of the wire."""
        self.send_text(encode(frame))

    def send_text(self, text: str) -> None:
        """Send a text frame, unless a fault makes something else of it."""
        if fault := self._faults.take("garble"):
            self._send_odd(fault["how"], text)
            return
        self.link.send_text(text)
        if self._faults.take("duplicate"):
            self.link.send_text(text)

    @override
    def send_oversized(self) -> None:
        """Send a frame that is longer than any client must take."""
        filling = "x" * OVERSIZED_CHARS
        self.link.send_text(encode({"name": "news", "action": "show", "data": filling}))

    def _send_odd(self, how: str, text: str) -> None:
        if how == "truncated":
            self.link.send_text(text[: len(text) // 2])
        elif how == "binary":
            self.link.send_bytes(text.encode())
        elif how == "oversized":
            self.send_oversized()
        else:
            self.link.send_text(_ODD_TEXTS[how])

    def _deliver(self, answer: str) -> None:
        self.unanswered = max(0, self.unanswered - 1)
        if not self.stuck:
            self.send_text(answer)

    def _release(self) -> None:
        kept, self._kept = self._kept, []
        for answer in reversed(kept):
            self._deliver(answer)


def _answer_frame(number: object, status: int, data: object) -> Frame:
    """Build an answer; acknowledgements have no data at all."""
    frame: Frame = {"id": number, "status": status}
    return frame if data is None else frame | {"data": data}
