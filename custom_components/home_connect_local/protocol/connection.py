"""The conversation with one appliance: greeting, numbering, one request at a time, deadlines.

Decided from frames and clock readings alone. Source: docs/home_connect_local/wire.md §5.2, §6, §7.
"""

from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
import re
from typing import Any, Final, NamedTuple, Protocol, final

from .const import (
    ASSUMED_SERVICES,
    BUSY_DELAY_S,
    BUSY_RETRIES,
    DESCRIPTION_RETRIES,
    FIRST_MESSAGE_LIMIT_S,
    HANDSHAKE_LIMIT_S,
    HANDSHAKE_STEP_LIMIT_S,
    MAX_COUNTER,
    OPTIONAL_STEP_LIMIT_S,
    PING_INTERVAL_S,
    PONG_LIMIT_S,
    REQUEST_LIMIT_S,
    THROTTLE_S,
    VALUE_RETRIES_S,
    Action,
    Code,
    Resource,
)
from .conversation import NEVER, NOW, Established, LinkStatistics, Noticed, Settled
from .errors import CommandError, LinkClosedError, PeerSilentError, RefusedError, UnansweredError
from .frames import Control
from .messages import (
    ApplianceInfo,
    DescriptionChange,
    Message,
    NetworkInterface,
    ProgramReport,
    Request,
    appliance_info,
    check,
    decode,
    description_changes,
    encode,
    first_message_id,
    primary_interface,
    program_reports,
    services,
    values,
)
from .refusals import KeyRefusedError, SealError, UnreadableError

# What waits behind a slow appliance is bounded: a caller that asks for more is told so.
MAX_QUEUED: Final = 200
# Unanswered requests in a row that mean a stuck appliance.
MAX_UNANSWERED: Final = 2
# §6.1: the old generation names the kind of client by number.
_OLD_DEVICE_TYPE: Final = 2
_DEVICE_TYPE: Final = "Application"
_OLD_GREETING: Final = 1
_READY_SERVICE: Final = 2
_AUTHENTICATION_GONE: Final = 3
_READ_RETRY_S: Final = 2.0

_BUSY: Final = frozenset({Code.BUSY, Code.BUSY_READ, Code.BUSY_WRITE})
_SERVER_ERRORS: Final = frozenset(
    {
        Code.SERVER_ERROR,
        Code.NOT_IMPLEMENTED,
        Code.BAD_GATEWAY,
        Code.SERVICE_UNAVAILABLE,
        Code.GATEWAY_TIMEOUT,
    }
)
_ACCEPTED: Final = frozenset({None, 200, 202})
# What is counted by its number; the appliance chooses it.
_CODES: Final = range(1000)
_ANSWERED: Final = frozenset({Action.GET, Action.POST})
# Members of an enumeration are found more slowly than names of a module.
_NOTIFY: Final = Action.NOTIFY
_VALUES: Final = Resource.VALUES
_RESOURCE: Final = re.compile(r"/[^/]+/")


class Codec(Protocol):
    """Seals what is written and opens what is read, in the order of the wire."""

    def seal(self, text: str) -> str | bytes:
        """Turn clear text into a frame."""

    def open(self, data: str | bytes) -> str:
        """Turn a frame into clear text; raises SealError or UnreadableError."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What we call ourselves (§7.4)."""

    device_id: str = field(repr=False)
    """8 to 16 hex digits; one connection each."""
    device_name: str
    """Shown in the vendor's app."""


@dataclass(slots=True)
class Statistics(LinkStatistics):
    """What happened on the links to one appliance, for diagnostics."""

    closings: deque[str] = field(default_factory=lambda: deque(maxlen=20))
    """Why the last links ended."""
    seal_failures: int = 0
    unreadable: int = 0
    """Messages that could not be repaired (§6.3)."""
    cut: int = 0
    """Messages of which the end was missing."""
    strays: int = 0
    """Answers that nobody waited for."""
    unanswered: int = 0
    refusals: Counter[int] = field(default_factory=Counter)
    """Refused requests by code."""


# --- events ---------------------------------------------------------------------------------


# Values come by the hundred, and this is made in a quarter of the time of a tuple or of what cannot be changed.
@final
@dataclass(slots=True)
class Valued:
    """The appliance told values."""

    items: list[tuple[int, Any]]


class Listed(NamedTuple):
    """The appliance told all its values."""

    items: list[tuple[int, Any]]
    cut: bool
    """The end of the list is missing."""


class Redescribed(NamedTuple):
    """The appliance told how its description differs."""

    changes: list[DescriptionChange]


class Described(NamedTuple):
    """The appliance told all differences; what it does not name is as in the description again."""

    changes: list[DescriptionChange]


class Programmed(NamedTuple):
    """The appliance told a program and its options."""

    resource: str
    reports: list[ProgramReport]


class Introduced(NamedTuple):
    """The appliance told about itself."""

    info: ApplianceInfo | None
    """None when it does not want to say."""
    services: Mapping[str, int]


class Networked(NamedTuple):
    """The appliance told about its network."""

    interface: NetworkInterface


type Event = (
    Described
    | Established
    | Introduced
    | Listed
    | Networked
    | Noticed
    | Programmed
    | Redescribed
    | Settled
    | Valued
)


class _Step(NamedTuple):
    """One request of the greeting."""

    request: Request
    limit_s: float = HANDSHAKE_STEP_LIMIT_S
    optional: bool = False
    """Whether silence means no more than a refusal."""


class _Pause(NamedTuple):
    """A wait within the greeting."""

    seconds: float


type _Greeting = Generator[_Step | _Pause, Message | None]


@dataclass(slots=True)
class _Flight:
    """One request on its way, or waiting for it."""

    request: Request
    ticket: int | None
    """None for steps of the greeting."""
    limit_s: float = REQUEST_LIMIT_S
    optional: bool = False
    busy: int = 0
    """How often the appliance was too busy for it."""
    again: bool = True
    """Whether a read may be repeated once."""


class Connection:
    """One websocket to one appliance."""

    def __init__(
        self,
        now: float,
        codec: Codec,
        identity: Identity,
        *,
        nonce: Callable[[], str],
        tickets: Iterable[int] | None = None,
        statistics: Statistics | None = None,
    ) -> None:
        """Begin at ``now`` on a websocket just opened; the appliance speaks first.

        ``codec`` is new for each connection; ``nonce`` gives 32 random bytes as base64url text; ``tickets`` numbers
        requests beyond this connection.
        """
        self.established = False
        self.services: Mapping[str, int] = {}
        self.greeted = False
        """Whether the appliance said its first message."""
        self._codec = codec
        self._identity = identity
        self._nonce = nonce
        self._tickets = iter(tickets or count(1))
        self._statistics = statistics or Statistics()
        self._session_id: int | None = None
        self._next_id = 0
        self._outgoing: list[Message | Control] = []
        self._events: list[Event] = []
        self._waiting: deque[_Flight] = deque()
        self._flight: _Flight | None = None
        self._flight_id = 0
        self._flight_due = NEVER
        self._hold_until = NOW
        self._throttled_until = NOW
        self._unanswered = 0
        self._steps: _Greeting | None = None
        self._pause_due = NEVER
        self._greeting_due = now + FIRST_MESSAGE_LIMIT_S
        self._opened_one = False
        self._heard = now
        self._pinged = NOW
        self._ping_due = now + PING_INTERVAL_S
        self._pong_due = NEVER
        self._deadline: float | None = None

    # --- the four calls ---------------------------------------------------------------------

    @property
    def deadline(self) -> float:
        """Loop time of the next tick, in the past when there is something to write."""
        if self._outgoing:
            return NOW
        if self._deadline is None:
            self._deadline = min(
                self._ping_due,
                self._pong_due,
                self._greeting_due,
                self._pause_due,
                self._flight_due,
                self._hold_until if self._waiting and self._flight is None else NEVER,
            )
        return self._deadline

    def receive(self, data: str | bytes | Control, now: float) -> Sequence[Event]:
        """Take one frame; raises LinkError when the link is of no more use."""
        self._heard = now
        if isinstance(data, Control):
            return ()
        try:
            message = decode(self._codec.open(data))
        except UnreadableError as err:
            self._opened_one = True
            self._deadline = None
            self._unreadable(err, now)
            return self.told()
        except SealError as err:
            self._statistics.seal_failures += 1
            if not self._opened_one and err.kind == "mac_failure":
                raise KeyRefusedError("the first frame does not open with the key") from err
            raise
        self._opened_one = True
        # What comes by the hundred goes first.
        if (
            message.action is _NOTIFY
            and message.resource == _VALUES
            and not message.cut
            and self.greeted
        ):
            self._statistics.pushes += 1
            return (Valued(values(message.data)),)
        self._deadline = None
        self._take(message, now)
        return self.told()

    def tick(self, now: float) -> Sequence[Event]:
        """Do what time asks for; raises PeerSilentError when the appliance is silent for too long."""
        self._deadline = None
        if now >= self._greeting_due:
            raise PeerSilentError(
                "the greeting takes too long" if self.greeted else "the appliance does not greet"
            )
        self._keep_alive(now)
        if now >= self._pause_due:
            self._pause_due = NEVER
            self._step(None, now)
        if self._flight is not None and now >= self._flight_due:
            self._expire(self._flight, now)
        self._send_next(now)
        return self.told()

    def submit(self, request: Request, now: float) -> int:
        """Queue a request; gives its ticket, which a later ``Settled`` names.

        What is no question (neither GET nor POST) has come to its end when it was said. Raises CommandError when it
        cannot be written or too many wait, RefusedError when the appliance asked to be left alone.
        """
        self._deadline = None
        if not _RESOURCE.match(request.resource):
            raise CommandError("a resource is a path of two parts")
        check(request)
        if len(self._waiting) >= MAX_QUEUED:
            raise CommandError("too many requests wait for the appliance")
        if now < self._throttled_until:
            raise RefusedError("the appliance asked for fewer requests", Code.TOO_MANY_REQUESTS)
        flight = _Flight(request, next(self._tickets))
        assert flight.ticket is not None
        self._waiting.append(flight)
        self._send_next(now)
        return flight.ticket

    def outgoing(self) -> Sequence[str | bytes | Control]:
        """Hand over the frames to write, sealed in this order."""
        if not self._outgoing:
            return ()
        batch, self._outgoing = self._outgoing, []
        return [
            each if isinstance(each, Control) else self._codec.seal(encode(each)) for each in batch
        ]

    # --- further wishes of the client -------------------------------------------------------

    def told(self) -> Sequence[Event]:
        """Hand over what a call has to tell at once; the rest comes with the next frame or tick."""
        if not self._events:
            return ()
        events, self._events = self._events, []
        return events

    def withdraw(self, ticket: int) -> None:
        """Take back a request that has not left yet: nobody waits for it any more."""
        self._deadline = None
        self._waiting = deque(each for each in self._waiting if each.ticket != ticket)

    # --- what comes in ----------------------------------------------------------------------

    def _take(self, message: Message, now: float) -> None:
        if not self.greeted:
            self._greet(message, now)
        elif message.action is Action.RESPONSE:
            self._answered(message, now)
        elif message.resource == Resource.INITIAL_VALUES:
            # Behind it the appliance counts anew, and forgot what we said.
            raise LinkClosedError("the appliance begins a new session")
        else:
            self._pushed(message)

    def _greet(self, message: Message, now: float) -> None:
        """Answer the first message (§7.1, steps 1 and 2) and ask on."""
        first = first_message_id(message)
        if message.resource != Resource.INITIAL_VALUES or first is None:
            raise LinkClosedError("the appliance begins with another message than the first")
        self.greeted = True
        self._session_id = message.session_id
        self._next_id = first & MAX_COUNTER
        self._greeting_due = now + HANDSHAKE_LIMIT_S
        old = message.version == _OLD_GREETING
        self._outgoing.append(
            Message(
                resource=message.resource,
                action=Action.RESPONSE,
                data=[
                    {
                        "deviceType": _OLD_DEVICE_TYPE if old else _DEVICE_TYPE,
                        "deviceName": self._identity.device_name,
                        "deviceID": self._identity.device_id,
                    }
                ],
                version=message.version,
                session_id=message.session_id,
                message_id=message.message_id,
            )
        )
        self._steps = self._greeting()
        self._step(None, now)

    def _pushed(self, message: Message) -> None:
        """Take what the appliance says of itself; what it posts counts like what it notifies."""
        self._statistics.pushes += 1
        if message.cut:
            self._statistics.cut += 1
        match message.resource:
            case Resource.VALUES:
                self._events.append(Valued(values(message.data)))
            case Resource.DESCRIPTION_CHANGE:
                self._events.append(Redescribed(description_changes(message.data)))
            case Resource.ACTIVE_PROGRAM | Resource.SELECTED_PROGRAM:
                self._events.append(Programmed(message.resource, program_reports(message.data)))
            case Resource.NETWORK:
                self._networked(message)
            case _:
                self._events.append(Noticed(f"{message.action} {message.resource[:64]}"))

    def _answered(self, message: Message, now: float) -> None:
        flight = self._flight
        if flight is None or message.message_id != self._flight_id:
            self._statistics.strays += 1
            return
        self._land()
        self._unanswered = 0
        if message.cut:
            self._statistics.cut += 1
        if self._repeats(flight, message.code, now):
            self._send_next(now)
            return
        if flight.ticket is None:
            self._step(message, now)
        elif message.code in _ACCEPTED:
            self._learn(message)
            self._events.append(Settled(flight.ticket, answer=message.data))
        else:
            self._refused(flight.ticket, message, now)
        self._send_next(now)

    def _repeats(self, flight: _Flight, code: int | None, now: float) -> bool:
        """Put a request back that the appliance is too busy for, and a read that failed once (§8)."""
        if code in _BUSY and flight.busy < BUSY_RETRIES:
            flight.busy += 1
            self._hold_until = now + BUSY_DELAY_S
        elif (
            code in _SERVER_ERRORS
            and flight.again
            and flight.ticket is not None
            and flight.request.action is Action.GET
        ):
            flight.again = False
            self._hold_until = now + _READ_RETRY_S
        else:
            return False
        self._waiting.appendleft(flight)
        return True

    def _refused(self, ticket: int, message: Message, now: float) -> None:
        code = message.code or 0
        self._statistics.refusals[code if code in _CODES else 0] += 1
        if code == Code.TOO_MANY_REQUESTS:
            self._throttled_until = now + THROTTLE_S
            for flight in self._waiting:
                assert flight.ticket is not None  # the greeting is over
                self._events.append(Settled(flight.ticket, _refusal(code)))
            self._waiting.clear()
        self._events.append(Settled(ticket, _refusal(code)))

    def _learn(self, message: Message) -> None:
        """Take in what an answer tells besides answering."""
        match message.resource:
            case Resource.VALUES | Resource.MANDATORY_VALUES:
                if items := values(message.data):
                    self._events.append(Valued(items))
            case Resource.DESCRIPTION_CHANGES:
                self._events.append(Described(description_changes(message.data)))
            case Resource.ACTIVE_PROGRAM | Resource.SELECTED_PROGRAM:
                if message.data:
                    self._events.append(Programmed(message.resource, program_reports(message.data)))
            case Resource.NETWORK:
                self._networked(message)

    def _networked(self, message: Message) -> None:
        if interface := primary_interface(message.data):
            self._events.append(Networked(interface))

    def _unreadable(self, err: UnreadableError, now: float) -> None:
        """Drop what cannot be repaired; it may have been the answer that is waited for (§6.3)."""
        self._statistics.unreadable += 1
        self._events.append(Noticed(f"a message that cannot be read: {err.kind}"))
        flight = self._flight
        if flight is None or flight.request.action is not Action.GET:
            return
        self._land()
        if flight.again:
            flight.again = False
            self._waiting.appendleft(flight)
        elif flight.ticket is None:
            self._step(None, now)
        else:
            self._events.append(
                Settled(flight.ticket, CommandError("the answer of the appliance is unreadable"))
            )
        self._send_next(now)

    # --- the greeting -----------------------------------------------------------------------

    def _greeting(self) -> _Greeting:
        """Ask what the appliance speaks and is, in which state; each yield gives the answer, None for silence."""
        answer = yield _Step(Request(Resource.SERVICES, Action.GET), optional=True)
        offered = services(answer.data) if answer and answer.code in _ACCEPTED else {}
        self.services = offered or ASSUMED_SERVICES
        info: ApplianceInfo | None = None
        if self.services.get("ci", _AUTHENTICATION_GONE) < _AUTHENTICATION_GONE:
            yield self._optional(Resource.AUTHENTICATION, {"nonce": self._nonce()})
            info = self._info((yield self._optional(Resource.OLD_INFO)))
        if "iz" in self.services:
            info = self._info((yield self._optional(Resource.INFO))) or info
        self._events.append(Introduced(info, self.services))
        if self.services.get("ei", _READY_SERVICE) == _READY_SERVICE:
            self._say(Request(Resource.DEVICE_READY, Action.NOTIFY))
        if "ni" in self.services:
            answer = yield self._optional(Resource.NETWORK)
            if answer and answer.code in _ACCEPTED:
                self._networked(answer)
        yield from self._description()
        yield from self._values()

    def _description(self) -> _Greeting:
        """Ask how the description differs (step 9); without an answer it counts as it is."""
        for _ in range(1 + DESCRIPTION_RETRIES):
            answer = yield _Step(Request(Resource.DESCRIPTION_CHANGES, Action.GET))
            if answer and answer.code in _ACCEPTED:
                self._events.append(Described(description_changes(answer.data)))
                return
        self._events.append(Described([]))

    def _values(self) -> _Greeting:
        """Ask for all values (step 10); without an answer notifications bring them."""
        for wait_s in (*VALUE_RETRIES_S, None):
            answer = yield _Step(Request(Resource.MANDATORY_VALUES, Action.GET))
            if answer and answer.code in _ACCEPTED:
                self._events.append(Listed(values(answer.data), answer.cut))
                return
            if wait_s is not None:
                yield _Pause(wait_s)
        self._events.append(Listed([], cut=True))

    @staticmethod
    def _optional(resource: Resource, *data: dict[str, Any]) -> _Step:
        return _Step(Request(resource, Action.GET, data), OPTIONAL_STEP_LIMIT_S, optional=True)

    @staticmethod
    def _info(answer: Message | None) -> ApplianceInfo | None:
        return appliance_info(answer.data) if answer and answer.code in _ACCEPTED else None

    def _step(self, answer: Message | None, now: float) -> None:
        """Take the greeting one step further."""
        assert self._steps is not None
        try:
            step = self._steps.send(answer)
        except StopIteration:
            self._steps = None
            self._greeting_due = NEVER
            self.established = True
            self._statistics.connects += 1
            self._events.append(Established())
            return
        if isinstance(step, _Pause):
            self._pause_due = now + step.seconds
            return
        self._waiting.appendleft(_Flight(step.request, None, step.limit_s, step.optional))
        self._send_next(now)

    # --- what goes out ----------------------------------------------------------------------

    def _send_next(self, now: float) -> None:
        """Send the next request: appliances are slow, and get one at a time (§6.1)."""
        while self._flight is None and self._waiting and now >= self._hold_until:
            flight = self._waiting.popleft()
            number = self._say(flight.request)
            if flight.ticket is not None and flight.request.action not in _ANSWERED:
                self._events.append(Settled(flight.ticket))
                continue
            self._flight, self._flight_id = flight, number
            self._flight_due = now + flight.limit_s

    def _say(self, request: Request) -> int:
        """Queue a message of our own; gives its number."""
        number = self._next_id
        self._next_id = 0 if number >= MAX_COUNTER else number + 1
        version = 1
        if request.resource != Resource.SERVICES:  # always asked with version 1
            version = self.services.get(request.resource.split("/", 2)[1], 1)
        self._outgoing.append(
            Message(
                resource=request.resource,
                action=request.action,
                data=list(request.data),
                version=version,
                session_id=self._session_id,
                message_id=number,
            )
        )
        return number

    def _land(self) -> None:
        self._flight = None
        self._flight_due = NEVER

    # --- time -------------------------------------------------------------------------------

    def _expire(self, flight: _Flight, now: float) -> None:
        """Give up a request; whether the appliance carried it out is not known."""
        self._land()
        self._statistics.unanswered += 1
        if flight.ticket is None:
            if not flight.optional:
                raise PeerSilentError(f"no answer to {flight.request.resource}")
            self._step(None, now)
            return
        self._events.append(
            Settled(flight.ticket, UnansweredError("the appliance did not answer in time"))
        )
        self._unanswered += 1
        if self._unanswered >= MAX_UNANSWERED:
            raise PeerSilentError("the appliance stopped answering")

    def _keep_alive(self, now: float) -> None:
        if now >= self._pong_due:
            if self._heard < self._pinged:
                raise PeerSilentError("no sign of life")
            self._pong_due = NEVER
        if now >= self._ping_due:
            self._outgoing.append(Control.PING)
            self._pinged = now
            self._ping_due = now + PING_INTERVAL_S
            self._pong_due = now + PONG_LIMIT_S


def _refusal(code: int) -> RefusedError:
    return RefusedError(f"the appliance refuses with code {code}", code)
