"""The conversation on one websocket, decided from frames and clock readings alone.

There are no request numbers: a command is settled by the report that shows what it wants, by an error frame that is
charged to the oldest one, or by silence. Source: docs/homismart/wire.md §4 to §15.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .const import (
    AUTH_CODES,
    CODE_BAD_PARAMETER,
    CODE_CONNECTION,
    CODE_DEVICE_SILENT,
    CODE_HUB_OFFLINE,
    CODE_HUB_UNKNOWN,
    CODE_NOT_ALLOWED,
    CODE_VERIFICATION,
    COMMAND_LIMIT_S,
    HEALTHY_AFTER_S,
    HEARTBEAT_INTERVAL_S,
    HINT_INTERVAL_S,
    KIND_BY_TYPE,
    KNOWN_CODES,
    LIST_ATTEMPTS,
    LIST_INTERVAL_S,
    LIST_LIMIT_S,
    LOGIN_LIMIT_S,
    MAX_FRAMES_PER_S,
    MAX_QUEUED,
    MAX_UNANSWERED,
    PING_INTERVAL_S,
    PONG_LIMIT_S,
    TERMS_LIMIT_S,
    Kind,
    Prefix,
)
from .conversation import NEVER, NOW, Established, LinkStatistics, Noticed, Settled
from .errors import (
    AuthError,
    CommandError,
    ConnectError,
    DeviceSilentError,
    FrameError,
    LinkError,
    PeerSilentError,
    RefusedError,
    SessionRefusedError,
    SupersededError,
    UnansweredError,
)
from .frames import Control, Frame, decode, encode
from .login import Credentials, RedirectError, Route, VerificationError
from .messages import (
    CONFIRM_TERMS,
    HEARTBEAT,
    LIST_OBJECTS,
    Command,
    Deleted,
    HubNotice,
    LoginAnswer,
    ObjectList,
    ObjectPush,
    OtherAnswer,
    Redirect,
    Report,
    ServerError,
    TermsConfirmed,
    Unrecognised,
    build,
    log_in,
    read_message,
    shows,
)
from .model import Device


@dataclass(slots=True)
class Statistics(LinkStatistics):
    """What happened on the links of one client, for diagnostics."""

    errors: Counter[int] = field(default_factory=Counter)
    """Error frames by code; codes that are none count as -1."""
    strays: int = 0
    """Error frames that no command could be charged with."""
    unanswered: int = 0
    last_login: datetime | None = None
    redirects: deque[str] = field(default_factory=lambda: deque(maxlen=10))
    """Hosts that the cloud sent us to."""


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """The cloud accepted the login."""


@dataclass(frozen=True, slots=True)
class TermsRequired:
    """The cloud wants its terms of use confirmed."""


@dataclass(frozen=True, slots=True)
class Listed:
    """The complete list of hubs and devices."""

    reports: tuple[Report, ...]


@dataclass(frozen=True, slots=True)
class Pending:
    """What commands on the way want of a device; empty when all are settled."""

    device_id: str
    wants: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Failed:
    """The cloud sent an error that no command can be charged with."""

    code: int


@dataclass(frozen=True, slots=True)
class StoodStill:
    """A curtain has not reported for so long that it cannot be moving any more."""

    device_id: str


type Event = (
    Deleted
    | Established
    | Failed
    | Listed
    | LoggedIn
    | Noticed
    | ObjectPush
    | Pending
    | Settled
    | StoodStill
    | TermsRequired
)


@dataclass(slots=True)
class _Flight:
    """A command that waits to be sent, or to be settled."""

    command: Command
    tickets: list[int]
    """The requests of the client that it speaks for."""
    sent_at: float = NEVER
    due: float = NEVER
    retried: bool = False
    decided_by: float = NEVER
    """Number of the first list that may decide about it; only when its time is up."""


class Connection:
    """What is said on one websocket, from the login on."""

    def __init__(
        self,
        now: float,
        tickets: Iterator[int],
        credentials: Credentials,
        devices: Mapping[str, Device],
        route: Route,
        *,
        wall: Callable[[], datetime],
        accept_terms: Callable[[], bool] = lambda: False,
        list_interval_s: float = LIST_INTERVAL_S,
        statistics: Statistics | None = None,
    ) -> None:
        """Log in.

        ``devices`` is the stored state, read when a command leaves; ``tickets`` numbers what the client wants, also across
        connections; ``wall`` gives local time of the home.
        """
        self.established = False
        self.logged_in = False
        self.terms_asked = False
        self._tickets = tickets
        self._devices = devices
        self._route = route
        self._wall = wall
        self._accept_terms = accept_terms
        self._list_interval_s = list_interval_s
        self._statistics = statistics or Statistics()
        self._login_due = now + LOGIN_LIMIT_S
        self._established_at = NEVER
        self._terms_wanted = False
        self._terms_due = NEVER
        self._heard_at = now
        self._said_at = now
        self._pong_due = NEVER
        self._outgoing: deque[str | Control] = deque()
        self._events: list[Event] = []
        self._failing: LinkError | None = None
        self._recent: deque[float] = deque(maxlen=MAX_FRAMES_PER_S)
        self._waiting: list[_Flight] = []
        self._flights: list[_Flight] = []
        self._unanswered = 0
        self._lists_asked = 0
        self._lists_unanswered = 0
        self._list_answer_due = NEVER
        self._list_due = NEVER
        self._listed_at = NOW
        self._again_by = NEVER
        self._list_tickets: list[int] = []
        self._next_list_tickets: list[int] = []
        self._moving: dict[str, float] = {}
        self._deadline: float | None = None
        self._say(log_in(credentials.username, credentials.password_digest), now)

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

        What waits to be sent leaves at the next tick: a whole object that is written back has to carry what this
        frame tells, and that is stored only when the events are delivered.

        Raises AuthError when the login is refused, RedirectError when the cloud wants us elsewhere, and other
        LinkErrors when it cannot go on.
        """
        self._heard_at = now
        self._pong_due = NEVER
        if type(data) is not str:
            self._deadline = None
            return ()
        try:
            message = read_message(decode(data))
        except FrameError:
            return (Noticed("frame that cannot be read"),)
        if type(message) is ObjectPush and self.logged_in:
            self._pushed(message, now)
            return self._take_events()
        self._deadline = None
        match message:
            case LoginAnswer():
                self._login(message, now)
            case Redirect():
                self._redirect(message, now)
            case ServerError(code=code):
                self._error(code, now)
            case Unrecognised(what=what):
                self._events.append(Noticed(what))
            case _ if not self.logged_in:
                pass  # nothing counts before the login
            case ObjectList(reports=reports):
                self._list(reports, now)
            case Deleted(device_id=device_id):
                self._deleted(device_id)
                self._events.append(message)
            case HubNotice(report=report):
                if report and "online" in report.values:
                    self._events.append(ObjectPush(report))
                self._hint(now)
            case OtherAnswer():
                self._answered(message)
            case TermsConfirmed():
                if self._terms_due != NEVER:
                    self._terms_settled(now)
        return self._take_events()

    def tick(self, now: float) -> Iterable[Event]:
        """Do what time asks for: expire, ping, refresh, send what had to wait.

        Raises PeerSilentError when the peer is silent for too long.
        """
        self._deadline = None
        if self._failing:
            raise self._failing
        if not self.logged_in:
            if now >= self._login_due:
                raise PeerSilentError("no answer to the login")
            return self._take_events()
        self._keep_alive(now)
        if self._terms_wanted and self._may_say(now):
            self._terms_wanted = False
            self._terms_due = now + TERMS_LIMIT_S
            self._say(CONFIRM_TERMS, now)
        if now >= self._terms_due:
            self._terms_settled(now)
        self._expire(now)
        for device_id in [device_id for device_id, due in self._moving.items() if now >= due]:
            del self._moving[device_id]
            self._events.append(StoodStill(device_id))
            self._want_list(now)
        self._ask_list_when_due(now)
        self._fill(now)
        return self._take_events()

    def submit(self, command: Command, now: float) -> int:
        """Queue a command; gives its ticket, which a later ``Settled`` names.

        Raises CommandError when too many commands wait, or when it cannot be said of this device.
        """
        self._deadline = None
        if len(self._waiting) >= MAX_QUEUED:
            raise CommandError("too many commands wait for the cloud")
        if command.prefix == Prefix.MODIFY and not self._has_name(command):
            raise CommandError("the device has no name, which has to be sent along")
        ticket = next(self._tickets)
        if command.is_stop:
            self._clear_way(command)
        if twin := self._twin(command):
            twin.command = command
            twin.tickets.append(ticket)
        elif command.is_stop:
            self._waiting.insert(self._ahead(), _Flight(command, [ticket]))
        else:
            self._waiting.append(_Flight(command, [ticket]))
        self._fill(now)
        self._tell_pending(command.device_id)
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
        for flight in self._waiting:
            if ticket in flight.tickets:
                flight.tickets.remove(ticket)
                if not flight.tickets:
                    self._settle(flight, None)
                return

    def refresh(self, now: float) -> int:
        """Ask for the list now; gives a ticket that a later ``Settled`` names."""
        ticket = next(self._tickets)
        self._next_list_tickets.append(ticket)
        self._want_list(now)
        return ticket

    def confirm_list(self, by: float) -> None:
        """Ask for the list again, because the last one lost too much to be believed."""
        self._want_list(by)

    def confirm_terms(self) -> None:
        """Confirm the terms of use, because the user agreed."""
        self._terms_wanted = True
        self._deadline = None

    def expects_standing(self, device_id: str) -> bool:
        """Whether a moving curtain is expected to stand still."""
        return device_id in self._moving

    def expect_standing(self, device_id: str, by: float | None) -> None:
        """Expect a moving curtain to stand still by then; None when it does already."""
        if by is None:
            self._moving.pop(device_id, None)
        else:
            self._moving[device_id] = by
        self._deadline = None

    # --- what comes in ----------------------------------------------------------------------

    def _take_events(self) -> Sequence[Event]:
        events, self._events = self._events, []
        return events

    def _login(self, answer: LoginAnswer, now: float) -> None:
        """Take the login answer; a refusal in mid-session counts alike."""
        if not answer.accepted:
            raise AuthError("the cloud refuses the user name or the password")
        if self.logged_in:
            return
        self.logged_in = True
        self._statistics.connects += 1
        self._statistics.last_login = self._wall()
        self._events.append(LoggedIn())
        self.terms_asked = answer.must_confirm_terms
        if answer.must_confirm_terms:
            self._events.append(TermsRequired())
        if answer.must_confirm_terms and self._accept_terms():
            self._terms_wanted = True
        else:
            self._want_list(now)

    def _terms_settled(self, now: float) -> None:
        """Ask for the list, also when that was done: it may have been withheld until now."""
        self._terms_due = self._list_answer_due = NEVER
        self._want_list(now)

    def _redirect(self, redirect: Redirect, now: float) -> None:
        """Go elsewhere, if that is safe; else stay where we are."""
        if now - self._established_at >= HEALTHY_AFTER_S:
            self._route.forget()
        wait = self._route.follow(redirect)
        if wait is None:
            self._events.append(Noticed("redirect that must not be followed"))
            return
        self._statistics.redirects.append(redirect.host)
        raise RedirectError(redirect.host, wait)

    def _pushed(self, push: ObjectPush, now: float) -> None:
        report = push.report
        self._statistics.pushes += 1
        type_number = report.values.get("type_number")
        if type_number is None:
            if report.device_id not in self._devices and not report.is_hub:
                self._hint(now)
        elif type_number not in KIND_BY_TYPE:
            self._notice_type(report)
        self._events.append(push)
        if self._flights:
            self._fulfil(report)

    def _list(self, reports: tuple[Report, ...] | None, now: float) -> None:
        if reports is None:
            return  # the answer that was wanted is still missing
        self._lists_unanswered = 0
        self._list_answer_due = NEVER
        self._listed_at = now
        self._list_due = min(now + self._list_interval_s, self._again_by)
        self._again_by = NEVER
        self._events.append(Listed(reports))
        for report in reports:
            self._notice_type(report)
        self._decide(reports)
        self._events.extend(Settled(ticket) for ticket in self._list_tickets)
        self._list_tickets = []
        if not self.established:
            self.established = True
            self._established_at = now
            self._events.append(Established())

    def _decide(self, reports: tuple[Report, ...]) -> None:
        """Let a list decide about the commands that nothing was heard of before it was asked for."""
        listed = {report.device_id: report for report in reports}
        hubs_away = {r.device_id for r in reports if r.is_hub and r.values.get("online") is False}
        for flight in [
            flight for flight in self._flights if flight.decided_by <= self._lists_asked
        ]:
            command = flight.command
            if command.types is not None:
                reached = [
                    report
                    for report in reports
                    if report.values.get("type_number") in command.types
                    and report.values.get("online") is not False
                    and report.values.get("hub_id") not in hubs_away
                ]
                done = all(shows(report, command.wants) for report in reached)
            elif "deleted" in command.wants:
                done = command.device_id not in listed
            else:
                report = listed.get(command.device_id or "")
                done = report is not None and bool(command.wants) and shows(report, command.wants)
            if done:
                self._unanswered = 0
                self._settle(flight, None)
                continue
            self._give_up(flight)

    def _give_up(self, flight: _Flight) -> None:
        """Tell that nothing shows that a command was carried out; twice in a row means a stuck session."""
        self._unanswered += 1
        self._statistics.unanswered += 1
        self._settle(flight, UnansweredError("no answer from the cloud"))
        if self._unanswered >= MAX_UNANSWERED:  # the rest is told before the link goes
            self._failing = PeerSilentError("the cloud does not carry out commands any more")

    def _error(self, code: int, now: float) -> None:
        """Take an error frame: a verdict on the login, or charged to the oldest command (§12)."""
        self._statistics.errors[code if 0 <= code < 1000 else -1] += 1
        if code not in KNOWN_CODES:
            self._events.append(Noticed(f"error code {code}"))
        if not self.logged_in:
            if code == CODE_VERIFICATION:
                raise VerificationError("the cloud wants a verification code")
            if code in AUTH_CODES or code == CODE_NOT_ALLOWED:
                raise AuthError("the cloud refuses the user name or the password")
            raise ConnectError(f"the cloud answers the login with error {code}")
        if code in AUTH_CODES:
            raise SessionRefusedError(f"the cloud refuses the session with error {code}")
        if code in (CODE_HUB_OFFLINE, CODE_HUB_UNKNOWN):
            self._hint(now)
        charged = [flight for flight in self._flights if now < flight.sent_at + COMMAND_LIMIT_S]
        if not charged:
            self._statistics.strays += 1
            self._events.append(Failed(code))
            return
        self._unanswered = 0
        self._charge(charged[0], code)

    def _charge(self, flight: _Flight, code: int) -> None:
        command = flight.command
        device = self._devices.get(command.device_id or "")
        is_door = device is not None and device.kind is Kind.DOOR_LOCK
        if code == CODE_CONNECTION and not flight.retried and not is_door:
            flight.retried = True
            self._flights.remove(flight)
            self._waiting.insert(0, flight)
            return
        if code == CODE_BAD_PARAMETER:
            members = ", ".join(sorted(command.changes))
            self._events.append(Noticed(f"refused parameters of {command.prefix}: {members}"))
        error: CommandError
        if code == CODE_DEVICE_SILENT:
            error = DeviceSilentError("the device does not answer", code)
        else:
            error = RefusedError(f"the cloud answers with error {code}", code)
        self._settle(flight, error)

    def _answered(self, answer: OtherAnswer) -> None:
        """Settle the oldest question that this answers."""
        for flight in self._flights:
            if flight.command.answer == answer.prefix:
                error = None if answer.done else RefusedError("the cloud answers that it did not")
                self._unanswered = 0
                self._settle(flight, error, answer.body)
                return

    def _deleted(self, device_id: str) -> None:
        """Settle what was on the way to a device that is gone."""
        self._moving.pop(device_id, None)
        for flight in [*self._flights, *self._waiting]:
            if flight.command.device_id == device_id:
                done = "deleted" in flight.command.wants and flight in self._flights
                self._settle(flight, None if done else RefusedError("the device is gone"))

    def _fulfil(self, report: Report) -> None:
        """Settle the commands whose wishes a pushed report shows."""
        for flight in list(self._flights):
            command = flight.command
            if command.types is None:
                affected = report.device_id == command.device_id
            else:
                device = self._devices.get(report.device_id)
                known = device.type_number if device else None
                affected = report.values.get("type_number", known) in command.types
            if affected and command.wants and shows(report, command.wants):
                self._unanswered = 0
                self._settle(flight, None)

    def _notice_type(self, report: Report) -> None:
        number = report.values.get("type_number")
        if number is not None and number not in KIND_BY_TYPE and not report.is_hub:
            self._events.append(Noticed(f"type {number}"))

    # --- what goes out ----------------------------------------------------------------------

    def _free_at(self) -> float:
        """Tell when one more frame is not too many for a second."""
        return self._recent[0] + 1 if len(self._recent) == MAX_FRAMES_PER_S else NOW

    def _may_say(self, now: float) -> bool:
        return now >= self._free_at()

    def _say(self, frame: Frame, now: float) -> None:
        self._said_at = now
        self._recent.append(now)
        self._outgoing.append(encode(frame))

    def _has_name(self, command: Command) -> bool:
        device = self._devices.get(command.device_id or "")
        return bool(command.changes.get("name") or (device and device.name))

    def _twin(self, command: Command) -> _Flight | None:
        """Find a waiting command that this one replaces: the same again, or an older level.

        Only what came last counts, so nothing is merged across a command that wants something else.
        """
        waiting = [each for each in self._waiting if each.command.device_id == command.device_id]
        if command.is_stop:
            return next((flight for flight in waiting if flight.command.is_stop), None)
        if waiting and waiting[-1].command == command:
            return waiting[-1]
        if command.is_level and command.device_id is not None:
            for flight in reversed(waiting):
                if flight.command.is_stop:
                    return None
                if flight.command.is_level:
                    return flight
        return None

    def _clear_way(self, stop: Command) -> None:
        """Drop what would move a curtain again after it was stopped."""
        for flight in [*self._flights, *self._waiting]:
            if flight.command.device_id == stop.device_id and flight.command.is_level:
                self._settle(flight, SupersededError("a later command took the place of this one"))

    def _ahead(self) -> int:
        """Find the place of a stop: ahead of all but what moves all curtains, which must not come after it."""
        for index in range(len(self._waiting), 0, -1):
            command = self._waiting[index - 1].command
            if command.types and command.is_level:
                return index
        return 0

    def _on_the_way(self, device_id: str) -> dict[str, Any]:
        """Collect the members that commands on the way change, so that a whole object does not undo them."""
        members: dict[str, Any] = {}
        for flight in self._flights:
            if flight.command.device_id == device_id:
                members |= flight.command.changes
        if "ledDevice" in members:
            members["led"] = members.pop("ledDevice")
        return members

    def _sendable(self) -> list[_Flight]:
        """List the waiting commands that may leave: one per device at a time, but a stop at any time."""
        busy = {flight.command.device_id for flight in self._flights} - {None}
        sendable = []
        for flight in self._waiting:
            device_id = flight.command.device_id
            if device_id not in busy or flight.command.is_stop:
                sendable.append(flight)
            if device_id is not None:
                busy.add(device_id)
        return sendable

    def _fill(self, now: float) -> None:
        """Write waiting commands, as long as they are not too many per second."""
        if not self._waiting or not self.established:
            return
        for flight in self._sendable():
            if not self._may_say(now):
                return
            command = flight.command
            device = self._devices.get(command.device_id) if command.device_id else None
            if command.device_id is not None and device is None:
                self._settle(flight, RefusedError("the device is gone"))
                continue
            members = {**device.members, **self._on_the_way(device.device_id)} if device else {}
            self._waiting.remove(flight)
            flight.sent_at, flight.due = now, now + COMMAND_LIMIT_S
            self._flights.append(flight)
            self._say(build(command, members, self._wall()), now)

    def _settle(self, flight: _Flight, error: CommandError | None, answer: Any = None) -> None:
        self._deadline = None
        if flight in self._flights:
            self._flights.remove(flight)
        elif flight in self._waiting:
            self._waiting.remove(flight)
        self._events.extend(Settled(ticket, error, answer) for ticket in flight.tickets)
        self._tell_pending(flight.command.device_id)

    def _tell_pending(self, device_id: str | None) -> None:
        if device_id is not None:
            wants: dict[str, Any] = {}
            for flight in (*self._flights, *self._waiting):
                if flight.command.device_id == device_id:
                    wants |= flight.command.wants
            self._events.append(Pending(device_id, wants))

    # --- time -------------------------------------------------------------------------------

    def _plan(self) -> float:
        """Find when the next tick is due."""
        if self._failing:
            return NOW
        if not self.logged_in:
            return self._login_due
        due = min(
            self._pong_due if self._pong_due != NEVER else self._heard_at + PING_INTERVAL_S,
            self._said_at + HEARTBEAT_INTERVAL_S,
            self._terms_due,
            min((each.due for each in self._flights if each.decided_by == NEVER), default=NEVER),
            min(self._moving.values(), default=NEVER),
        )
        to_say = self._list_answer_due if self._list_answer_due != NEVER else self._list_due
        if self._terms_wanted or (self._waiting and self.established and self._sendable()):
            to_say = NOW
        return min(due, max(to_say, self._free_at()))

    def _expire(self, now: float) -> None:
        """Have the next list decide about commands that nothing was heard of."""
        for flight in list(self._flights):
            if now >= flight.due and flight.command.answer:
                # Whether the cloud knows the question is not known either: no sign of a stuck session.
                self._settle(flight, UnansweredError("no answer from the cloud"))
            elif now >= flight.due and flight.decided_by == NEVER:
                flight.decided_by = self._lists_asked + 1
                self._want_list(now)
                if self._pong_due == NEVER:  # is anybody there at all?
                    self._ping(now)

    def _ask_list_when_due(self, now: float) -> None:
        """Ask for the list, again and again when it does not come, but not for ever."""
        waiting = self._list_answer_due != NEVER
        if now < (self._list_answer_due if waiting else self._list_due):
            return
        if self._lists_unanswered >= LIST_ATTEMPTS:
            raise PeerSilentError("the cloud does not send the list")
        if not self._may_say(now):
            return
        if waiting:  # those who wait for its verdict have waited long enough
            for flight in [each for each in self._flights if each.decided_by <= self._lists_asked]:
                self._give_up(flight)
        self._lists_asked += 1
        self._lists_unanswered += 1
        self._list_answer_due = now + LIST_LIMIT_S
        self._list_due = NEVER
        self._list_tickets += self._next_list_tickets
        self._next_list_tickets = []
        self._say(LIST_OBJECTS, now)

    def _keep_alive(self, now: float) -> None:
        if now >= self._pong_due:
            raise PeerSilentError("the cloud does not answer pings any more")
        if self._pong_due == NEVER and now >= self._heard_at + PING_INTERVAL_S:
            self._ping(now)
        if now >= self._said_at + HEARTBEAT_INTERVAL_S:
            self._say(HEARTBEAT, now)

    def _ping(self, now: float) -> None:
        self._outgoing.append(Control.PING)
        self._pong_due = now + PONG_LIMIT_S

    def _hint(self, now: float) -> None:
        """Follow a hint that the list is out of date, but not every one of a flood."""
        on_its_way = self._list_answer_due != NEVER
        self._want_list(max(now, (now if on_its_way else self._listed_at) + HINT_INTERVAL_S))

    def _want_list(self, by: float) -> None:
        """Have the list asked for by then; one that is on its way already may be too old."""
        self._deadline = None
        if self._list_answer_due != NEVER:
            self._again_by = min(self._again_by, by)
        else:
            self._list_due = min(self._list_due, by)
