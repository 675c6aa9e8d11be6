"""The conversation on one websocket, decided from frames and clock readings alone.

Source: docs/dio_chacon/wire.md §3 to §12.
"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import batched, count
from statistics import median
from typing import Any, Final, NamedTuple

from .const import (
    ANSWER_LIMIT_S,
    BATCH_S,
    GREETING_LIMIT_S,
    HINT_INTERVAL_S,
    LIST_INTERVAL_S,
    MAX_IN_FLIGHT,
    MAX_QUEUED,
    MAX_THROTTLE_S,
    MAX_UNANSWERED,
    PING_INTERVAL_S,
    PONG_LIMIT_S,
    SLIDER_S,
    STATES_CHUNK,
    STATES_INTERVAL_S,
    STATUS_DONE,
    STATUS_THROTTLED,
    THROTTLE_S,
    Kind,
)
from .conversation import NEVER, NOW, Established, LinkStatistics, Noticed, Settled
from .errors import (
    CommandError,
    ConnectError,
    DeviceSilentError,
    FrameError,
    PeerSilentError,
    RefusedError,
    SessionRefusedError,
    SupersededError,
    ThrottledError,
    UnansweredError,
)
from .frames import Control, decode, encode
from .messages import (
    GET_ACCOUNT,
    LIST_DEVICES,
    LIST_ROOMS,
    LOGOUT,
    Account,
    Answer,
    Command,
    Greeting,
    Record,
    RecordPush,
    Report,
    Unrecognised,
    read_account,
    read_message,
    read_records,
    read_reports,
    read_rooms,
    read_states,
    unknown_resources,
)

_AUTH_STATUSES: Final = frozenset({401, 403})
_GONE_STATUSES: Final = frozenset({404, 405, 410})
_SILENT_STATUSES: Final = frozenset({408, 504})


@dataclass(slots=True)
class Statistics(LinkStatistics):
    """What happened on the links of one client, for diagnostics."""

    answers: Counter[int] = field(default_factory=Counter)
    """Answers by status; 0 counts requests never answered, -1 statuses that are none."""
    strays: int = 0
    """Answers that nobody waited for."""
    last_greeting: datetime | None = None
    """When the cloud last greeted us, by the wall clock."""
    answer_times_s: deque[float] = field(default_factory=lambda: deque(maxlen=100))

    @property
    def median_answer_s(self) -> float | None:
        """Median time of the last answers in seconds."""
        return median(self.answer_times_s) if self.answer_times_s else None


@dataclass(frozen=True, slots=True)
class AccountRead:
    """Who is logged in."""

    account: Account


@dataclass(frozen=True, slots=True)
class Listed:
    """A complete device list, with the states of those devices that are new on this connection."""

    records: tuple[Record, ...]
    reports: Mapping[str, Report | None]


@dataclass(frozen=True, slots=True)
class RoomsRead:
    """Names of the rooms by their ids."""

    rooms: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StatesRead:
    """States that were asked for."""

    reports: Mapping[str, Report | None]


@dataclass(frozen=True, slots=True)
class Overdue:
    """Devices did not report within the time they had; their states are being asked for."""

    device_ids: tuple[str, ...]


type Event = (
    AccountRead
    | Established
    | Greeting
    | Listed
    | Noticed
    | Overdue
    | RecordPush
    | Report
    | RoomsRead
    | Settled
    | StatesRead
)


@dataclass(slots=True)
class _Round:
    """States being read in one or more requests, and who waits for them."""

    tickets: tuple[int, ...] = ()
    records: tuple[Record, ...] | None = None
    """The device list that is announced when the states are here."""
    outstanding: int = 0
    reports: dict[str, Report | None] = field(default_factory=dict)
    error: CommandError | None = None


@dataclass(slots=True)
class _Flight:
    """A request that was sent, or waits to be sent."""

    command: Command
    tickets: tuple[int, ...] = ()
    """The requests of the client that this one speaks for."""
    round: _Round | None = None
    asked: tuple[str, ...] = ()
    internal: bool = False
    retried: bool = False
    sent_at: float = 0.0


@dataclass(slots=True)
class _Held:
    """A slider that is being dragged: only where it comes to rest is sent."""

    flight: _Flight
    due: float


class _Expected(NamedTuple):
    """A report that must come."""

    by: float
    value: object


class Connection:
    """What is said on one websocket, from the greeting on."""

    def __init__(
        self,
        now: float,
        tickets: Iterator[int],
        *,
        account_known: bool = False,
        read_unknown: bool = False,
        list_interval_s: float = LIST_INTERVAL_S,
        statistics: Statistics | None = None,
    ) -> None:
        """Start waiting for the greeting.

        ``tickets`` numbers what the client wants, also across connections, so that no old waiter
        takes a new answer; the numbers on the wire are this connection's own.
        ``read_unknown`` asks for the states of devices of unknown types too.
        """
        self.established = False
        self._tickets = tickets
        self._numbers = count(1)
        self._account_known = account_known
        self._read_unknown = read_unknown
        self._list_interval_s = list_interval_s
        self._statistics = statistics or Statistics()
        self.greeted = False
        self._greeting_due = now + GREETING_LIMIT_S
        self._heard_at = now
        self._pong_due = NEVER
        self._outgoing: deque[str | Control] = deque()
        self._events: list[Event] = []
        self._waiting: deque[_Flight] = deque()
        self._in_flight: dict[int, _Flight] = {}
        self._unanswered = 0
        self._throttle_s = 0.0
        self._quiet_until = NOW
        self._kinds: dict[str, Kind] = {}
        self._listing = False
        self._list_tickets: list[int] = []
        self._listed_at = NOW
        self._list_due = NEVER
        self._states_due = NEVER
        self._batch: dict[str, None] = {}
        self._batch_tickets: list[int] = []
        self._batch_due = NEVER
        self._level_sent: dict[str, float] = {}
        self._held: dict[str, _Held] = {}
        self._expected: dict[tuple[str, str], _Expected] = {}
        self._deadline: float | None = None

    # --- the four calls ---------------------------------------------------------------------

    @property
    def deadline(self) -> float:
        """Loop time when ``tick`` is due; in the past when there is something to write or to tell."""
        if self._outgoing or self._events:
            return NOW
        if self._deadline is None:
            self._deadline = self._plan()
        return self._deadline

    def receive(self, data: str | Control, now: float) -> Iterable[Event]:
        """Take one frame and give what it means.

        Raises SessionRefusedError when the cloud refuses the session and other LinkErrors when it cannot go on.
        """
        self._heard_at = now
        if self._pong_due != NEVER:
            self._pong_due = NEVER
            self._deadline = None
        if type(data) is not str:
            return ()
        try:
            message = read_message(decode(data))
        except FrameError:
            return (Noticed("frame that is no JSON object"),)
        if type(message) is Report:
            return self._pushed(message)
        match message:
            case Answer():
                self._answer(message, now)
            case Greeting(accepted=accepted):
                self._greeting(accepted, now)
            case RecordPush(record=record):
                if record.device_id not in self._kinds:
                    self._hint()
                return (message,)
            case Unrecognised(what=what, about_devices=about_devices):
                if about_devices:
                    self._hint()
                return (Noticed(what),)
        return self._take_events()

    def tick(self, now: float) -> Iterable[Event]:
        """Do what time asks for: expire, ping, refresh, send what was held back.

        Raises PeerSilentError when the peer is silent for too long.
        """
        self._deadline = None
        if not self.greeted:
            if now >= self._greeting_due:
                raise PeerSilentError("no greeting from the cloud")
            return self._take_events()
        self._expire(now)
        self._keep_alive(now)
        if now >= self._quiet_until:
            self._read_what_is_due(now)
        for device_id in [device_id for device_id, held in self._held.items() if now >= held.due]:
            self._level_sent[device_id] = now
            self._waiting.append(self._held.pop(device_id).flight)
        self._fill(now)
        return self._take_events()

    def submit(self, command: Command, now: float) -> int:
        """Queue a command; gives its ticket, which a later ``Settled`` names.

        Raises CommandError when the cloud asked for silence or too many commands wait.
        """
        ticket = self._ticket(now)
        if len(self._waiting) >= MAX_QUEUED:
            raise CommandError("too many commands wait for the cloud")
        if command.device_id is None or not self._hold(command, command.device_id, ticket, now):
            self._waiting.append(_Flight(command, (ticket,)))
            self._fill(now)
        return ticket

    def outgoing(self) -> Sequence[str | Control]:
        """Hand over the frames to write, in order."""
        frames = tuple(self._outgoing)
        self._outgoing.clear()
        return frames

    # --- further wishes of the client -------------------------------------------------------

    def told(self) -> Sequence[Event]:
        """Hand over what a call has to tell at once; the rest comes with the next frame or tick."""
        return self._take_events()

    def withdraw(self, ticket: int) -> None:
        """Take back a command that has not left yet: nobody waits for it any more."""
        self._deadline = None
        mine = [*self._waiting, *(held.flight for held in self._held.values())]
        for flight in [each for each in mine if ticket in each.tickets]:
            flight.tickets = tuple(each for each in flight.tickets if each != ticket)
            if not flight.tickets:
                self._waiting = deque(each for each in self._waiting if each is not flight)
                self._held = {
                    key: held for key, held in self._held.items() if held.flight is not flight
                }

    def refresh(self, now: float) -> int:
        """Ask for the list and all states now; gives a ticket that a later ``Settled`` names.

        Raises CommandError when the cloud asked for silence.
        """
        ticket = self._ticket(now)
        self._list_tickets.append(ticket)
        self._list_due = now
        return ticket

    def refresh_state(self, device_id: str, now: float) -> int:
        """Ask for the state of one device, with others wanted within ``BATCH_S``; gives a ticket.

        Raises CommandError when the cloud asked for silence.
        """
        ticket = self._ticket(now)
        self._batch[device_id] = None
        self._batch_tickets.append(ticket)
        self._batch_due = min(self._batch_due, now + BATCH_S)
        return ticket

    def expect(self, device_id: str, what: str, by: float, value: object = None) -> None:
        """Expect a report of a device; when none comes by then its state is asked for, once.

        ``value`` is what it must tell of ``what``; None takes any report about it.
        """
        self._expected[device_id, what] = _Expected(by, value)
        self._deadline = None

    @property
    def expects(self) -> bool:
        """Whether any report is expected."""
        return bool(self._expected)

    def came(self, device_id: str, what: str, value: object = None) -> None:
        """Note a report; strikes off what was expected when it matches."""
        expected = self._expected.get((device_id, what))
        if expected and expected.value in (None, value):
            del self._expected[device_id, what]
            self._deadline = None

    def recheck_list(self) -> None:
        """Ask for the list again soon, because something about it looks odd."""
        self._hint()

    def log_out(self, now: float) -> int:
        """Say goodbye, ahead of everything that waits; gives a ticket."""
        self._waiting.clear()
        ticket = next(self._tickets)
        self._write(_Flight(LOGOUT, (ticket,)), now)
        return ticket

    def _ticket(self, now: float) -> int:
        self._deadline = None
        if now < self._quiet_until:
            raise RefusedError("the cloud asked for fewer requests", STATUS_THROTTLED)
        return next(self._tickets)

    # --- what comes in ----------------------------------------------------------------------

    def _take_events(self) -> Sequence[Event]:
        events, self._events = self._events, []
        return events

    def _pushed(self, report: Report) -> Sequence[Event]:
        self._statistics.pushes += 1
        if report.device_id not in self._kinds:
            self._hint()
        if not self.greeted:
            return ()
        if unknown := unknown_resources(report):
            return (report, *map(Noticed, unknown))
        return (report,)

    def _greeting(self, accepted: bool, now: float) -> None:
        if not accepted:
            raise SessionRefusedError("the cloud refuses the session")
        if self.greeted:
            return
        self.greeted = True
        self._deadline = None
        self._statistics.connects += 1
        self._events.append(Greeting(accepted=True))
        if not self._account_known:
            self._ask(GET_ACCOUNT)
        self._list(now)
        self._ask(LIST_ROOMS)
        self._fill(now)

    def _answer(self, answer: Answer, now: float) -> None:
        flight = self._in_flight.pop(answer.number, None)
        if flight is None:
            self._statistics.strays += 1
            return
        self._deadline = None
        self._unanswered = 0
        self._statistics.answers[answer.status if 0 < answer.status < 1000 else -1] += 1
        self._statistics.answer_times_s.append(now - flight.sent_at)
        if answer.status == STATUS_DONE:
            self._throttle_s = 0.0
            if flight.internal:
                self._read_answer(flight, answer.data, now)
            else:
                self._settle(flight, None)
        else:
            self._refused(answer, flight, now)
        self._fill(now)

    def _refused(self, answer: Answer, flight: _Flight, now: float) -> None:
        """Take an answer that is a failure (§10); numbers are not published, so ranges decide."""
        status = answer.status
        command = flight.command
        if status in _AUTH_STATUSES and command.device_id is None and command is not LIST_ROOMS:
            raise SessionRefusedError(f"the cloud refuses the session with status {status}")
        if status == STATUS_THROTTLED:
            self._throttle(now)
        elif (
            flight.internal and not flight.retried and (status >= 500 or status in _SILENT_STATUSES)
        ):
            self._ask_again(flight)
            return
        refusal: CommandError
        if status in _SILENT_STATUSES:
            refusal = DeviceSilentError(f"the device does not answer, status {status}", status)
        else:
            refusal = RefusedError(f"the cloud refuses with status {status}", status)
            if status in _GONE_STATUSES:
                self._hint()
        self._fail(flight, refusal)

    def _throttle(self, now: float) -> None:
        """Keep silent for a while, longer each time; commands that wait fail now rather than late."""
        if now < self._quiet_until:
            return  # the answers to what was in flight already say the same thing once more
        self._throttle_s = min(MAX_THROTTLE_S, max(THROTTLE_S, self._throttle_s * 2))
        self._quiet_until = now + self._throttle_s
        commands = [flight for flight in self._waiting if not flight.internal]
        commands += [held.flight for held in self._held.values()]
        tickets = [ticket for flight in commands for ticket in flight.tickets]
        tickets += self._list_tickets + self._batch_tickets
        self._waiting = deque(flight for flight in self._waiting if flight.internal)
        self._held.clear()
        self._list_tickets.clear()
        self._batch_tickets.clear()
        self._batch, self._batch_due = {}, NEVER
        error = RefusedError("the cloud asked for fewer requests", STATUS_THROTTLED)
        self._events.extend(Settled(ticket, error) for ticket in tickets)

    def _read_answer(self, flight: _Flight, data: Any, now: float) -> None:
        """Take the answer to a request of our own."""
        if flight.round is not None:
            reports = read_reports(data, flight.asked)
            if reports is None:
                flight.round.error = RefusedError("the answer to a states request is no object")
            else:
                flight.round.reports |= reports
            self._round_done(flight.round)
        elif flight.command is GET_ACCOUNT:
            if (account := read_account(data)) is None:
                raise ConnectError("the cloud does not say whose account it is")
            self._account_known = True
            self._events.append(AccountRead(account))
        elif flight.command is LIST_ROOMS:
            self._events.append(RoomsRead(read_rooms(data)))
        elif (records := read_records(data)) is None:
            self._fail(flight, RefusedError("the answer to the list request is no list"))
        else:
            self._take_list(records, now)
        self._establish()

    def _take_list(self, records: tuple[Record, ...], now: float) -> None:
        """Read the states of devices that are new to this connection before anybody hears of them."""
        self._listing = False
        self._listed_at = now
        self._list_due = now + self._list_interval_s
        kinds = {record.device_id: record.kind for record in records}
        tickets, self._list_tickets = tuple(self._list_tickets), []
        wanted = [
            device_id
            for device_id, kind in kinds.items()
            if self._readable(kind) and (tickets or self._kinds.get(device_id) is not kind)
        ]
        if tickets or not self._kinds:
            self._states_due = now + STATES_INTERVAL_S
        self._kinds = kinds
        self._read(wanted, _Round(tickets, records))

    def _round_done(self, finished: _Round) -> None:
        """Tell of the states of one round when its last answer is here."""
        finished.outstanding -= 1
        if finished.outstanding > 0:
            return
        if finished.error is not None and not self.established:
            raise self._no_handshake(finished.error)
        if finished.records is not None and finished.error is None:
            self._events.append(Listed(finished.records, finished.reports))
        elif finished.reports:
            self._events.append(StatesRead(finished.reports))
        if finished.records is not None and finished.error is not None:
            self._kinds = {}  # nobody has heard of this list: the next one counts as the first
            self._hint()
        self._events.extend(Settled(ticket, finished.error) for ticket in finished.tickets)

    def _establish(self) -> None:
        """Declare the handshake done once account, list and states are here."""
        if self.established or not self._account_known or self._listing:
            return
        if any(flight.round for flight in (*self._in_flight.values(), *self._waiting)):
            return
        self.established = True
        self._events.append(Established())

    # --- what goes out ----------------------------------------------------------------------

    def _ask(self, command: Command) -> None:
        """Queue a request of our own."""
        self._waiting.append(_Flight(command, internal=True))

    def _ask_again(self, flight: _Flight) -> None:
        flight.retried = True
        self._waiting.append(flight)

    def _list(self, now: float) -> None:
        self._listing = True
        self._list_due = NEVER
        self._ask(LIST_DEVICES)
        self._fill(now)

    def _read(self, device_ids: Iterable[str], wanted: _Round) -> None:
        """Ask for states, in chunks; a round without devices is done at once."""
        for chunk in batched(device_ids, STATES_CHUNK, strict=False):
            wanted.outstanding += 1
            flight = _Flight(read_states(chunk), round=wanted, asked=chunk, internal=True)
            self._waiting.append(flight)
        if not wanted.outstanding:
            self._round_done(wanted)

    def _read_what_is_due(self, now: float) -> None:
        """Start the reads whose time has come."""
        late = [key for key, expected in self._expected.items() if now >= expected.by]
        if overdue := tuple(dict.fromkeys(device_id for device_id, _ in late)):
            for key in late:
                del self._expected[key]
            self._events.append(Overdue(overdue))
            self._read([device_id for device_id in overdue if device_id in self._kinds], _Round())
        if now >= self._batch_due:
            tickets, self._batch_tickets = tuple(self._batch_tickets), []
            self._read(self._batch, _Round(tickets))
            self._batch, self._batch_due = {}, NEVER
        if now >= self._list_due and not self._listing:
            self._list(now)
        if now >= self._states_due:
            self._states_due = now + STATES_INTERVAL_S
            self._read(
                [device_id for device_id, kind in self._kinds.items() if self._readable(kind)],
                _Round(),
            )

    def _hold(self, command: Command, device_id: str, ticket: int, now: float) -> bool:
        """Hold a slider back while it is dragged.

        Any other command for the device takes the place of a held one.
        """
        held = self._held.pop(device_id, None)
        if not command.slider:
            if held:
                error = SupersededError("a later command took the place of this one")
                self._settle(held.flight, error)
            return False
        if held is None and now - self._level_sent.get(device_id, NOW) >= SLIDER_S:
            self._level_sent[device_id] = now
            return False
        tickets = (*held.flight.tickets, ticket) if held else (ticket,)
        self._held[device_id] = _Held(_Flight(command, tickets), now + SLIDER_S)
        return True

    def _fill(self, now: float) -> None:
        """Write waiting requests while few enough are in flight and the cloud bears them."""
        while self._waiting and len(self._in_flight) < MAX_IN_FLIGHT and now >= self._quiet_until:
            self._write(self._waiting.popleft(), now)

    def _write(self, flight: _Flight, now: float) -> None:
        number = next(self._numbers)
        flight.sent_at = now
        self._in_flight[number] = flight
        self._outgoing.append(encode(flight.command.frame(number)))

    def _settle(self, flight: _Flight, error: CommandError | None) -> None:
        self._events.extend(Settled(ticket, error) for ticket in flight.tickets)

    def _fail(self, flight: _Flight, error: CommandError) -> None:
        """Take the failure of a request, ours or the client's."""
        if not flight.internal:
            self._settle(flight, error)
        elif flight.round is not None:
            flight.round.error = error
            self._round_done(flight.round)
        elif flight.command is LIST_DEVICES:
            self._listing = False
            if not self.established:
                raise self._no_handshake(error)
            self._list_due = self._listed_at + self._list_interval_s
            self._list_due = max(self._list_due, self._heard_at + HINT_INTERVAL_S)
            tickets, self._list_tickets = self._list_tickets, []
            self._events.extend(Settled(ticket, error) for ticket in tickets)
        elif flight.command is GET_ACCOUNT:
            raise self._no_handshake(error)

    def _no_handshake(self, error: CommandError) -> ConnectError:
        """Build the error of a handshake that cannot be finished because a read failed."""
        if error.code == STATUS_THROTTLED:
            return ThrottledError("the cloud asks for fewer requests", self._throttle_s)
        return ConnectError(f"the account cannot be read: {error}")

    # --- time -------------------------------------------------------------------------------

    def _plan(self) -> float:
        """Find when the next tick is due."""
        if not self.greeted:
            return self._greeting_due
        due = self._pong_due if self._pong_due != NEVER else self._heard_at + PING_INTERVAL_S
        if self._held:
            due = min(due, *(held.due for held in self._held.values()))
        if self._in_flight:  # the oldest comes first: all have the same limit
            due = min(due, next(iter(self._in_flight.values())).sent_at + ANSWER_LIMIT_S)
        if self._waiting and len(self._in_flight) < MAX_IN_FLIGHT:
            return min(due, self._quiet_until)
        reads = min(self._batch_due, NEVER if self._listing else self._list_due, self._states_due)
        if self._expected:
            reads = min(reads, *(expected.by for expected in self._expected.values()))
        return min(due, max(reads, self._quiet_until))

    def _expire(self, now: float) -> None:
        """Give up on requests that were not answered in time."""
        for number, flight in list(self._in_flight.items()):
            if now < flight.sent_at + ANSWER_LIMIT_S:
                break
            del self._in_flight[number]
            if flight.command is LIST_ROOMS:  # nobody promised that there are any
                continue
            self._unanswered += 1
            self._statistics.answers[0] += 1
            if self._unanswered >= MAX_UNANSWERED:
                raise PeerSilentError("the cloud does not answer requests any more")
            if flight.internal and not flight.retried:
                self._ask_again(flight)
            else:
                self._fail(flight, UnansweredError("no answer from the cloud"))

    def _keep_alive(self, now: float) -> None:
        if now >= self._pong_due:
            raise PeerSilentError("the cloud does not answer pings any more")
        if self._pong_due == NEVER and now >= self._heard_at + PING_INTERVAL_S:
            self._outgoing.append(Control.PING)
            self._pong_due = now + PONG_LIMIT_S

    def _hint(self) -> None:
        """Follow a hint that the list is out of date, but not every one of a flood."""
        if not self._listing:
            self._list_due = min(
                self._list_due, max(self._heard_at, self._listed_at + HINT_INTERVAL_S)
            )
            self._deadline = None

    def _readable(self, kind: Kind) -> bool:
        return kind is not Kind.UNKNOWN or self._read_unknown
