"""One connection of a controller, without its socket: plain, then pair-verify, then framed.

Bytes become requests, answers and events become bytes; what the connection subscribed to, prepared and is pairing
lives and ends with it. Source: docs/hap_controller/wire.md §5, §9, §12.4, §12.7.
"""

from collections import deque
from collections.abc import Callable
from typing import Any, Final

from ..const import MAX_FRAME_BYTES
from ..conversation import NEVER, NOW
from ..errors import FrameError
from ..frames import SessionCodec
from ..http import Request, RequestParser, Response, encode_event, encode_response
from ..messages import Key, characteristics_body
from ..pairing import Pairing, PairVerifyAccessory, Register, SessionKeys
from ..pairing.setup import PairSetupAccessory

# §9: between two messages of events, in seconds.
EVENT_INTERVAL_S: Final = 1.0
# A message must be complete so long after its first byte.
MESSAGE_LIMIT_S: Final = 30.0
# §3: the code is asked from the user amid pairing; but others are kept out as long.
PAIRING_LIMIT_S: Final = 600.0
# What anybody may send; messages of pairing have hundreds of bytes.
MAX_PLAIN_BODY_BYTES: Final = 64 * 1024
# Presses of buttons that wait for a controller that does not read.
MAX_WAITING_PRESSES: Final = 32


class Session:
    """What one connection is at and has asked for.

    ``feed`` takes bytes and ``next_request`` gives the requests in them one by one, each of which must be answered
    with ``respond`` before the next. Times are those of the loop.
    """

    def __init__(
        self,
        register: Register,
        now: float,
        *,
        event_interval_s: float = EVENT_INTERVAL_S,
        random: Callable[[int], bytes] | None = None,
    ) -> None:
        """Begin in plain."""
        self.setup = (
            PairSetupAccessory(register, random=random) if random else PairSetupAccessory(register)
        )
        self.verify = (
            PairVerifyAccessory(register, random=random)
            if random
            else PairVerifyAccessory(register)
        )
        self.transient = False
        """Whether the session is one of a transient pair-setup, in which nothing else is done (§3.5)."""
        self.last_heard = now
        self.subscriptions: set[Key] = set()
        self._register = register
        self._event_interval_s = event_interval_s
        self._pairing: Pairing | None = None
        self._codec: SessionCodec | None = None
        self._parser = RequestParser(body_limit=MAX_PLAIN_BODY_BYTES)
        self._requests: deque[Request] = deque()
        self._begun: float | None = None
        self._prepared: tuple[int, float] | None = None
        self._changed: dict[Key, Any] = {}
        self._presses: deque[tuple[Key, Any]] = deque(maxlen=MAX_WAITING_PRESSES)
        self._corrections: dict[Key, Any] = {}
        self._told = NOW

    # --- who it is --------------------------------------------------------------------------

    @property
    def secured(self) -> bool:
        """Whether what travels is sealed."""
        return self._codec is not None

    @property
    def pairing(self) -> Pairing | None:
        """The pairing of the controller as it is now; None before pair-verify and when it was removed."""
        if self._pairing is None:
            return None
        now = self._register.pairings.get(self._pairing.controller_id)
        return now if now is not None and now.public_key == self._pairing.public_key else None

    @property
    def admin(self) -> bool:
        """Whether the controller is an administrator, as of now."""
        return (pairing := self.pairing) is not None and pairing.admin

    @property
    def outlived(self) -> bool:
        """Whether the pairing by which it was verified is gone, so that it must end."""
        return self._pairing is not None and self.pairing is None

    # --- the way in -------------------------------------------------------------------------

    def feed(self, data: bytes, now: float) -> None:
        """Take what was received; raises FrameError, after which the connection must be closed."""
        self.last_heard = now
        if self._codec is not None:
            data = self._codec.feed(data)
        self._requests.extend(self._parser.feed(data))
        if not self._parser.midway:
            self._begun = None
        elif self._begun is None or self._requests:
            self._begun = now

    def next_request(self) -> Request | None:
        """Give the next request, None when there is none."""
        return self._requests.popleft() if self._requests else None

    @property
    def more(self) -> bool:
        """Whether requests wait behind the last one given."""
        return bool(self._requests)

    @property
    def deadline(self) -> float:
        """When the connection must be closed unless something complete comes."""
        begun = NEVER if self._begun is None else self._begun + MESSAGE_LIMIT_S
        pairing = self.last_heard + PAIRING_LIMIT_S if self.setup.busy else NEVER
        return min(begun, pairing)

    # --- the way out ------------------------------------------------------------------------

    def respond(self, response: Response) -> bytes:
        """Give the bytes of the answer to the request that was given last; what follows may be sealed anew.

        Raises FrameError when a plain request came behind the last one of pair-verify: it must not pass for sealed.
        """
        data = self._seal(encode_response(*response))
        for key, value in self._corrections.items():
            self.notify(key, value, press=False)
        self._corrections.clear()
        verify, setup = self.verify, self.setup
        if verify.session is not None:
            self._secure(verify.session)
            self._pairing, verify.session = verify.pairing, None
        elif setup.session is not None:
            self._secure(setup.session)
            self.transient, setup.session = True, None
        return data

    def _seal(self, data: bytes) -> bytes:
        return data if self._codec is None else self._codec.seal(data)

    def _secure(self, keys: SessionKeys) -> None:
        if self._requests or self._parser.midway:
            raise FrameError("more came in plain than a controller may say")
        self._codec = SessionCodec(keys.read_key, keys.write_key, max_frame_bytes=MAX_FRAME_BYTES)
        self._parser = RequestParser()

    # --- events -----------------------------------------------------------------------------

    def notify(self, key: Key, value: Any, *, press: bool) -> None:
        """Take a change if it was subscribed to; a ``press`` is told each time and at once, others by their last."""
        if key not in self.subscriptions:
            return
        if press:
            self._presses.append((key, value))
        else:
            self._changed[key] = value

    def knows(self, key: Key) -> None:
        """Take note that the controller wrote or read a newer value itself: what waits to be told would undo it."""
        self._changed.pop(key, None)

    def correct(self, key: Key, value: Any) -> None:
        """Tell a value behind the answer: a controller takes what it wrote for true when it is acknowledged."""
        self._corrections[key] = value

    @property
    def events_due(self) -> float:
        """When ``events`` has something to give."""
        if self._presses:
            return NOW
        return self._told + self._event_interval_s if self._changed else NEVER

    def events(self, now: float) -> bytes:
        """Give the bytes of the events that are due, without what is not subscribed to any more."""
        out = b""
        while self._presses:
            out += self._event([self._presses.popleft()])
        if self._changed and self._told + self._event_interval_s <= now:
            out += self._event(list(self._changed.items()))
            self._changed.clear()
            self._told = now
        return out

    def _event(self, items: list[tuple[Key, Any]]) -> bytes:
        told = [
            {"aid": aid, "iid": iid, "value": value}
            for (aid, iid), value in items
            if (aid, iid) in self.subscriptions
        ]
        return self._seal(encode_event(characteristics_body(told))) if told else b""

    # --- timed writes, §7.4 -----------------------------------------------------------------

    def prepare(self, pid: int, ttl_ms: int, now: float) -> None:
        """Expect a write within so many milliseconds; it takes the place of one that was prepared before."""
        self._prepared = pid, now + ttl_ms / 1000

    def redeem(self, pid: int, now: float) -> bool:
        """Use up what was prepared; tells whether it was for this write and is in time."""
        prepared, self._prepared = self._prepared, None
        return prepared is not None and prepared[0] == pid and now <= prepared[1]

    # --- the end ----------------------------------------------------------------------------

    def close(self) -> None:
        """Forget everything that belongs to the connection."""
        self.setup.close()
        self.subscriptions.clear()
        self._changed.clear()
        self._presses.clear()
        self._corrections.clear()
        self._prepared = None
        self._requests.clear()
