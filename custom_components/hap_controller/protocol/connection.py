"""The conversation with one accessory over IP, as the controller: verify, greet, ask one thing at a time, hear news.

Decided from bytes and clock readings alone. Source: docs/hap_controller/wire.md §4, §5, §6, §10.
"""

from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Final, NamedTuple

from .const import (
    GREETING_LIMIT_S,
    MAX_DATABASE_BYTES,
    PROBE_LIMIT_S,
    PROBE_SILENCE_S,
    REQUEST_LIMIT_S,
    VERIFY_LIMIT_S,
    ContentType,
    HttpCode,
    Path,
)
from .conversation import NEVER, NOW, Established, LinkStatistics, Noticed, Settled
from .errors import CommandError, FrameError, PeerSilentError, SessionRefusedError
from .frames import SessionCodec
from .http import EventMessage, Response, ResponseParser, encode_request
from .messages import Report, Request, read_event
from .pairing import PairVerifyController
from .refusals import BackoffError, HttpError

# What waits behind a slow accessory is bounded: a caller that asks for more is told so.
MAX_QUEUED: Final = 500

_NO_SESSION: Final = frozenset({HttpCode.AUTHORIZATION_REQUIRED, HttpCode.UNAUTHORIZED})

type Greeting = Generator[Request, Response]
"""Asks for what has to be known before anybody else asks; each yield gives the answer."""


@dataclass(slots=True)
class Statistics(LinkStatistics):
    """What happened on the links to one accessory, for diagnostics."""

    closings: deque[str] = field(default_factory=lambda: deque(maxlen=20))
    """Why the last links ended."""
    requests: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    """By HTTP status."""
    unreadable: int = 0
    """Events that were no JSON."""


class Pushed(NamedTuple):
    """The accessory told changes."""

    reports: list[Report]


type Event = Established | Noticed | Pushed | Settled


@dataclass(slots=True)
class _Flight:
    """One request on its way, or waiting for it."""

    request: Request
    ticket: int | None
    """None for what the conversation asks for itself."""
    limit_s: float = REQUEST_LIMIT_S


class Connection:
    """One TCP connection to one accessory, which may be a bridge."""

    def __init__(
        self,
        now: float,
        host: str,
        verify: PairVerifyController,
        greet: Callable[[], Greeting],
        *,
        probe: Callable[[], Request | None] = lambda: None,
        tickets: Iterable[int] | None = None,
        statistics: Statistics | None = None,
    ) -> None:
        """Begin at ``now`` on a connection just opened to the address ``host``.

        ``greet`` is started when both ends are verified; ``probe`` gives a small request for a sign of life; ``tickets``
        numbers requests beyond this connection.
        """
        self.established = False
        self._host = host
        self._verify = verify
        self._greet = greet
        self._probe = probe
        self._tickets = iter(tickets or count(1))
        self._statistics = statistics or Statistics()
        self._parser = ResponseParser(body_limit=MAX_DATABASE_BYTES)
        self._codec: SessionCodec | None = None
        self._steps: Greeting | None = None
        self._outgoing: list[bytes] = []
        self._events: list[Event] = []
        self._waiting: deque[_Flight] = deque()
        self._flight: _Flight | None = None
        self._flight_due = NEVER
        self._greeting_due = now + VERIFY_LIMIT_S
        self._heard = now
        self._deadline: float | None = None
        self._ask(_verify_request(verify.start()), now, VERIFY_LIMIT_S)

    # --- the four calls ---------------------------------------------------------------------

    @property
    def deadline(self) -> float:
        """Loop time of the next tick, in the past when there is something to write."""
        if self._outgoing:
            return NOW
        if self._deadline is None:
            probe = self._heard + PROBE_SILENCE_S if self.established else NEVER
            self._deadline = min(self._flight_due, self._greeting_due, probe)
        return self._deadline

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        """Take bytes; raises LinkError when the link is of no more use, AuthError when the pairing is."""
        self._heard = now
        for message in self._parser.feed(self._codec.feed(data) if self._codec else data):
            if type(message) is EventMessage:
                self._hear(message)
            else:
                assert isinstance(message, Response)
                self._answered(message, now)
        return self.told()

    def tick(self, now: float) -> Sequence[Event]:
        """Do what time asks for; raises PeerSilentError when the accessory is silent for too long."""
        self._deadline = None
        if now >= self._flight_due or now >= self._greeting_due:
            raise PeerSilentError("the accessory does not answer")
        if self.established and now >= self._heard + PROBE_SILENCE_S and self._flight is None:
            if request := self._probe():
                self._ask(request, now, PROBE_LIMIT_S)
            else:
                self._heard = now  # nothing to ask: the network has to notice by itself
        return self.told()

    def submit(self, request: Request, now: float) -> int:
        """Queue a request; gives its ticket, which a later ``Settled`` names, with the answer of any HTTP status.

        Raises CommandError when too many wait.
        """
        if len(self._waiting) >= MAX_QUEUED:
            raise CommandError("too many requests wait for the accessory")
        flight = _Flight(request, next(self._tickets))
        assert flight.ticket is not None
        self._waiting.append(flight)
        self._send_next(now)
        return flight.ticket

    def outgoing(self) -> Sequence[bytes]:
        """Hand over what to write, each in one write."""
        if not self._outgoing:
            return ()
        batch, self._outgoing = self._outgoing, []
        return batch

    # --- further wishes of the client -------------------------------------------------------

    def told(self) -> Sequence[Event]:
        """Hand over what a call has to tell at once; the rest comes with the next bytes or tick."""
        if not self._events:
            return ()
        events, self._events = self._events, []
        return events

    def withdraw(self, ticket: int) -> None:
        """Take back a request that has not left yet: nobody waits for it any more."""
        self._waiting = deque(each for each in self._waiting if each.ticket != ticket)

    # --- what comes in ----------------------------------------------------------------------

    def _hear(self, message: EventMessage) -> None:
        """Take news; such as cannot be read are no reason to close (§6.4)."""
        if self._codec is None:  # nobody may tell anything before it has shown who it is
            raise FrameError("news before the ends were verified")
        self._statistics.pushes += 1
        try:
            reports = read_event(message.body)
        except FrameError:
            self._statistics.unreadable += 1
            return
        if reports:
            self._events.append(Pushed(reports))

    def _answered(self, response: Response, now: float) -> None:
        flight = self._flight
        if (
            flight is None
        ):  # HTTP numbers nothing: whatever came next could be taken for something else
            raise HttpError("an answer that nobody waits for")
        self._flight = None
        self._flight_due = NEVER
        self._deadline = None
        self._statistics.answers[response.code] += 1
        if self._codec is None:
            self._verified(response, now)
            return
        if response.code in _NO_SESSION:
            raise SessionRefusedError("the accessory does not know the session")
        if flight.ticket is not None:
            self._events.append(Settled(flight.ticket, answer=response))
        elif self._steps is not None:
            self._step(response, now)
        self._send_next(now)

    def _verified(self, response: Response, now: float) -> None:
        """Take the next message of pair verify; behind the last one everything is sealed."""
        try:
            reply = self._verify.receive(response.body)
        except BackoffError as err:
            refused = SessionRefusedError("the accessory asks to wait")
            refused.retry_after_s = err.retry_after_s
            raise refused from err
        except CommandError as err:
            raise SessionRefusedError(f"the accessory does not verify: {err}") from err
        if reply is not None:
            self._ask(_verify_request(reply), now, VERIFY_LIMIT_S)
            return
        session = self._verify.session
        if session is None or self._parser.midway:
            raise FrameError("sealed bytes before the ends were verified")
        self._codec = SessionCodec(session.read_key, session.write_key)
        self._greeting_due = now + GREETING_LIMIT_S
        self._steps = self._greet()
        self._step(None, now)

    def _step(self, answer: Response | None, now: float) -> None:
        """Take the greeting one step further."""
        assert self._steps is not None
        try:
            request = next(self._steps) if answer is None else self._steps.send(answer)
        except StopIteration:
            self._steps = None
            self._greeting_due = NEVER
            self.established = True
            self._statistics.connects += 1
            self._events.append(Established())
            return
        self._ask(request, now, REQUEST_LIMIT_S)

    # --- what goes out ----------------------------------------------------------------------

    def _ask(self, request: Request, now: float, limit_s: float) -> None:
        """Ask for something of our own before all that waits."""
        self._waiting.appendleft(_Flight(request, None, limit_s))
        self._send_next(now)

    def _send_next(self, now: float) -> None:
        """Send the next request: many accessories cannot bear a second one (§6.1)."""
        if self._flight is not None or not self._waiting:
            return
        flight = self._flight = self._waiting.popleft()
        self._flight_due = now + flight.limit_s
        self._deadline = None
        self._statistics.requests += 1
        request = flight.request
        data = encode_request(
            request.method, request.target, self._host, request.content_type, request.body or b""
        )
        self._outgoing.append(self._codec.seal(data) if self._codec else data)


def _verify_request(body: bytes) -> Request:
    return Request("POST", Path.PAIR_VERIFY, ContentType.TLV, body)
