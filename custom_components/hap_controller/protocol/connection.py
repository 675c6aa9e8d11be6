"""The conversation with one accessory over IP, as the controller: verify, greet, ask one thing at a time, hear news.

Decided from bytes and clock readings alone. Source: docs/hap_controller/wire.md §4, §5, §6, §10.
"""

from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final, NamedTuple

from .const import (
    GREETING_LIMIT_S,
    MAX_BODY_BYTES,
    MAX_DATABASE_BYTES,
    PROBE_LIMIT_S,
    PROBE_SILENCE_S,
    REQUEST_LIMIT_S,
    VERIFY_LIMIT_S,
    ContentType,
    HttpCode,
    Path,
)
from .conversation import NEVER, NOW, Established, LinkStatistics, Settled
from .errors import CommandError, FrameError, PeerSilentError, SessionRefusedError
from .frames import SessionCodec
from .http import EventMessage, Response, ResponseParser, encode_request
from .messages import Key, Report, Request, read_event
from .pairing import PairVerifyController
from .refusals import BackoffError, HttpError

# What waits behind a slow accessory is bounded: a caller that asks for more is told so.
MAX_QUEUED: Final = 500

_NO_SESSION: Final = frozenset({HttpCode.AUTHORIZATION_REQUIRED, HttpCode.UNAUTHORIZED})

type Steps[Result] = Generator[Request, Response, Result]
"""Asks for one thing after the other; each yield gives the answer, what is returned is the result.

A LinkError that it raises ends the link, a CommandError only itself.
"""


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


@dataclass(slots=True)
class Pushed:
    """The accessory told changes."""

    reports: list[Report]
    _keys: set[Key] | None = field(default=None, repr=False, compare=False)

    def take(self, reports: list[Report]) -> bool:
        """Take what was told in the same read; False when it tells of something again, as each is news by itself."""
        keys = self._keys
        if keys is None:
            keys = self._keys = {key for key, _, _ in self.reports}
        for key, _, _ in reports:
            if key in keys:
                return False
            keys.add(key)
        self.reports += reports
        return True


class Found(NamedTuple):
    """Steps found something out, told in the order of all else."""

    what: Any


type Event = Established | Found | Pushed | Settled


@dataclass(slots=True)
class _Job:
    """Steps on their way, with the request that is due."""

    steps: Steps[Any]
    done: Callable[[Any, float], None]
    """Takes the result, and when it came."""
    ticket: int | None = None
    """None for what the conversation asks for itself, before all that waits."""
    together: bool = False
    """Whether nothing of others may come between its requests."""
    limit_s: float = REQUEST_LIMIT_S
    request: Request | None = None


class Connection:
    """One TCP connection to one accessory, which may be a bridge."""

    def __init__(
        self,
        now: float,
        host: str,
        verify: PairVerifyController,
        greet: Callable[[], Steps[None]],
        *,
        verify_limit_s: float = VERIFY_LIMIT_S,
        probe: Callable[[], Steps[Any] | None] = lambda: None,
        tickets: Iterable[int] | None = None,
        statistics: Statistics | None = None,
    ) -> None:
        """Begin at ``now`` on a connection just opened to the address ``host``.

        ``greet`` is started when both ends are verified, which may take ``verify_limit_s``; ``probe`` gives steps that
        ask for a sign of life, each answered soon; ``tickets`` numbers requests beyond this connection.
        """
        self.established = False
        self._host = host
        self._verify = verify
        self._greet = greet
        self._probe = probe
        self._tickets = iter(tickets or count(1))
        self._statistics = statistics or Statistics()
        self._parser = ResponseParser()
        self._codec: SessionCodec | None = None
        self._outgoing: list[bytes] = []
        self._events: list[Event] = []
        self._waiting: deque[_Job] = deque()
        self._asking: _Job | None = None
        """Whose request is not answered yet."""
        self._answer_due = NEVER
        self._asked_bytes = 0
        self._greeting_due = now + verify_limit_s
        self._heard = now
        self._deadline: float | None = None
        self._begin(_Job(_verifying(verify), self._verified, limit_s=verify_limit_s), now)

    @property
    def verified(self) -> bool:
        """Whether both ends know each other, and all is sealed."""
        return self._codec is not None

    # --- the four calls ---------------------------------------------------------------------

    @property
    def deadline(self) -> float:
        """Loop time of the next tick, in the past when there is something to write."""
        if self._outgoing:
            return NOW
        if self._deadline is None:
            idle = self.established and self._asking is None
            probe = self._heard + PROBE_SILENCE_S if idle else NEVER
            self._deadline = min(self._answer_due, self._greeting_due, probe)
        return self._deadline

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        """Take bytes; raises LinkError when the link is of no more use, AuthError when the pairing is."""
        self._heard = now
        if self._codec is None:
            self._receive_plain(data, now)
        else:
            for message in self._parser.feed(self._codec.feed(data)):
                if type(message) is EventMessage:
                    self._hear(message[0])
                else:
                    assert isinstance(message, Response)
                    self._answered(message, now)
        events, self._events = self._events, []
        return events

    def tick(self, now: float) -> Sequence[Event]:
        """Do what time asks for; raises PeerSilentError when the accessory is silent for too long."""
        self._deadline = None
        if now >= self._answer_due or now >= self._greeting_due:
            raise PeerSilentError("the accessory does not answer")
        if self.established and self._asking is None and now >= self._heard + PROBE_SILENCE_S:
            if steps := self._probe():
                self._begin(_Job(steps, _nothing, limit_s=PROBE_LIMIT_S), now)
            else:
                self._heard = now  # nothing to ask: the network has to notice by itself
        return self.told()

    @property
    def at_stake(self) -> int:
        """How many bytes the request has that is not answered yet; 0 when there is none."""
        return self._asked_bytes if self._asking is not None else 0

    def submit(
        self,
        steps: Steps[Any],
        now: float,
        *,
        together: bool = False,
        limit_s: float = REQUEST_LIMIT_S,
    ) -> int:
        """Queue steps; gives a ticket, which a later ``Settled`` names with their result or CommandError.

        Others may ask in between unless they belong ``together``; each answer must come within ``limit_s``. Raises
        CommandError when too many wait.
        """
        if len(self._waiting) >= MAX_QUEUED:
            raise CommandError("too many requests wait for the accessory")
        ticket = next(self._tickets)

        def settle(answer: Any, _: float) -> None:
            self._events.append(Settled(ticket, answer=answer))

        self._begin(_Job(steps, settle, ticket, together, limit_s), now)
        return ticket

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

    def tell(self, what: Any) -> None:
        """Have something told that steps found out."""
        self._events.append(Found(what))

    def withdraw(self, ticket: int) -> None:
        """Take back what has not left yet: nobody waits for it any more."""
        self._waiting = deque(each for each in self._waiting if each.ticket != ticket)

    # --- what comes in ----------------------------------------------------------------------

    def _receive_plain(self, data: bytes, now: float) -> None:
        """Take answers of pair-verify; nobody may tell anything before it has shown who it is."""
        for message in self._parser.feed(data):
            if self._codec is not None:  # whoever is on the way could have put it there
                raise FrameError("plain bytes behind the last of pair-verify")
            if not isinstance(message, Response):
                raise FrameError("news before the ends were verified")
            self._answered(message, now)
        if self._codec is not None and self._parser.midway:
            raise FrameError("plain bytes behind the last of pair-verify")

    def _hear(self, body: bytes) -> None:
        """Take news; such as cannot be read are no reason to close (§6.4)."""
        self._statistics.pushes += 1
        try:
            reports = read_event(body)
        except FrameError:
            self._statistics.unreadable += 1
            return
        events = self._events
        if events and type(last := events[-1]) is Pushed and last.take(reports):
            return
        if reports:
            events.append(Pushed(reports))

    def _answered(self, response: Response, now: float) -> None:
        job, self._asking = self._asking, None
        # HTTP numbers nothing: whatever came next could be taken for something else.
        if job is None:
            raise HttpError("an answer that nobody waits for")
        self._answer_due = NEVER
        self._deadline = None
        self._statistics.answers[response.code] += 1
        if self._codec is not None and response.code in _NO_SESSION:
            raise SessionRefusedError("the accessory does not know the session")
        self._advance(job, response, now)
        self._ask_next(now)

    def _verified(self, _: object, now: float) -> None:
        """Seal all that follows, and greet."""
        session = self._verify.session
        assert session is not None
        self._codec = SessionCodec(session.read_key, session.write_key)
        self._greeting_due = now + GREETING_LIMIT_S
        self._begin(_Job(self._greet(), self._greeted), now)

    def _greeted(self, _: object, __: float) -> None:
        self._greeting_due = NEVER
        self.established = True
        self._statistics.connects += 1
        self._events.append(Established())

    # --- what goes out ----------------------------------------------------------------------

    def _begin(self, job: _Job, now: float) -> None:
        self._advance(job, None, now)
        self._ask_next(now)

    def _advance(self, job: _Job, answer: Response | None, now: float) -> None:
        """Take a job one step further, and queue what it asks for next."""
        try:
            job.request = next(job.steps) if answer is None else job.steps.send(answer)
        except StopIteration as end:
            self._deadline = None
            job.done(end.value, now)
        except CommandError as err:
            if job.ticket is None:  # what has to be known cannot be: there is no use in this link
                raise SessionRefusedError(f"the accessory refuses to be asked: {err}") from err
            self._events.append(Settled(job.ticket, error=err))
        else:
            if job.ticket is None or (job.together and answer is not None):
                self._waiting.appendleft(job)
            else:
                self._waiting.append(job)

    def _ask_next(self, now: float) -> None:
        """Send the next request: many accessories cannot bear a second one (§6.1)."""
        if self._asking is not None or not self._waiting:
            return
        job = self._asking = self._waiting.popleft()
        request = job.request
        assert request is not None
        self._answer_due = now + job.limit_s
        self._deadline = None
        self._statistics.requests += 1
        self._parser.body_limit = (
            MAX_DATABASE_BYTES if request.target == Path.ACCESSORIES else MAX_BODY_BYTES
        )
        data = encode_request(
            request.method, request.target, self._host, request.content_type, request.body
        )
        self._asked_bytes = len(data)
        self._outgoing.append(data if self._codec is None else self._codec.seal(data))


def _verifying(verify: PairVerifyController) -> Steps[None]:
    """Verify both ends; raises LinkError, also for what the accessory may think better of, and AuthError."""
    message: bytes | None = verify.start()
    while message is not None:
        answer = yield Request("POST", Path.PAIR_VERIFY, ContentType.TLV, message)
        try:
            message = verify.receive(answer.body)
        except BackoffError as err:
            refused = SessionRefusedError("the accessory asks to wait")
            refused.retry_after_s = err.retry_after_s
            raise refused from err
        except CommandError as err:
            raise SessionRefusedError(f"the accessory does not verify: {err}") from err
        # An empty last message is a good one, but not behind an error.
        if answer.code >= HttpCode.BAD_REQUEST:
            raise SessionRefusedError(f"the accessory does not verify: HTTP code {answer.code}")


def _nothing(_: object, __: float) -> None:
    """Any answer is a sign of life."""
