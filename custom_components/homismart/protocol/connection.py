"""The conversation on one websocket, and where it may lead: decided from frames and clock readings alone.

There are no request numbers: a command is settled by the report that shows what it wants, by an error frame that is
charged to the oldest one, or by silence. Source: docs/homismart/wire.md §4 to §15.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from .const import (
    AUTH_CODES,
    CODE_CONNECTION,
    CODE_DEVICE_SILENT,
    CODE_HUB_OFFLINE,
    CODE_HUB_UNKNOWN,
    CODE_NOT_ALLOWED,
    CODE_VERIFICATION,
    COMMAND_LIMIT_S,
    CONFIRM_LIST_S,
    HEARTBEAT_INTERVAL_S,
    HINT_INTERVAL_S,
    LIST_ATTEMPTS,
    LIST_INTERVAL_S,
    LIST_LIMIT_S,
    LOGIN_LIMIT_S,
    MAX_FRAMES_PER_S,
    MAX_QUEUED,
    MAX_REDIRECTS,
    MAX_UNANSWERED,
    PING_INTERVAL_S,
    PONG_LIMIT_S,
    QUICK_REDIRECTS,
    REDIRECT_DELAY_S,
    TERMS_LIMIT_S,
    VENDOR_DOMAIN,
    WEBSOCKET_URL,
)
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
from .servers import is_loopback

_NEVER: Final = float("inf")
_NOW: Final = float("-inf")
# What is remembered to count unknown names is bounded: the peer chooses them.
_MAX_UNKNOWN: Final = 100


@dataclass(slots=True)
class Statistics:
    """What happened on the links of one client, for diagnostics."""

    connects: int = 0
    drops: Counter[str] = field(default_factory=Counter)
    """Failed attempts and lost links by the name of the error."""
    errors: Counter[int] = field(default_factory=Counter)
    """Error frames by code; codes that are none count as -1."""
    strays: int = 0
    """Error frames that no command could be charged with."""
    unanswered: int = 0
    pushes: int = 0
    last_login: datetime | None = None
    redirects: deque[str] = field(default_factory=lambda: deque(maxlen=10))
    """Hosts that the cloud sent us to."""
    unknown: set[str] = field(default_factory=set)
    """Prefixes and types that this package does not know."""

    def first_seen(self, what: str) -> bool:
        """Remember something unknown; True when it is news."""
        if what in self.unknown or len(self.unknown) >= _MAX_UNKNOWN:
            return False
        self.unknown.add(what)
        return True


@dataclass(frozen=True, slots=True)
class Credentials:
    """What proves who we are."""

    username: str = field(repr=False)
    """E-mail address of the account, as typed."""
    password_digest: str = field(repr=False)
    """As good as the password for this cloud; ``digest()`` makes it."""


class VerificationError(AuthError):
    """The cloud wants a verification code, which its own application asks for at a login."""


class RedirectError(LinkError):
    """The cloud wants us at another server; what is open here is of no more use."""

    def __init__(self, host: str, delay_s: float) -> None:
        """Keep when to go there: in a row of redirects not at once."""
        super().__init__(f"the cloud sends us to {host}")
        self.delay_s = delay_s


@dataclass(frozen=True, slots=True)
class Address:
    """One server to open a websocket to."""

    url: str
    server_hostname: str | None = None
    """Name that the certificate must be valid for when it is not the host of ``url``."""


class Route:
    """Which server to open next, and which redirects are safe to follow (§6): a login carries a reusable digest."""

    def __init__(self, base_url: str) -> None:
        """Start at the configured server."""
        self._base = Address(base_url)
        parts = urlsplit(base_url)
        self._base_host = parts.hostname or ""
        self._next = self._current = self._base
        self._in_a_row = 0

    def take(self) -> Address:
        """Give the server to open now; after a loss that is the configured one again."""
        self._current, self._next = self._next, self._base
        return self._current

    def settled(self) -> None:
        """Note that the server let us in: a later redirect is the first of a row."""
        self._in_a_row = 0

    def lost(self) -> None:
        """Note that a link ended for another reason than a redirect."""
        self._in_a_row = 0

    def follow(self, redirect: Redirect) -> float | None:
        """Plan to follow a redirect; gives the seconds to wait before, None when it must not be followed."""
        target = self._target(redirect)
        if target is None or target == self._current or self._in_a_row >= MAX_REDIRECTS:
            return None
        self._in_a_row += 1
        self._next = target
        return 0 if self._in_a_row <= QUICK_REDIRECTS else REDIRECT_DELAY_S

    def _target(self, redirect: Redirect) -> Address | None:
        host = redirect.host
        parts = urlsplit(self._base.url)
        if is_loopback(self._base_host):
            if not is_loopback(host):
                return None
            literal = f"[{host}]" if ":" in host else host
            return Address(urlunsplit(parts._replace(netloc=f"{literal}:{redirect.port}")))
        # The vendor's own application ignores the announced port; so do we on its servers.
        port = 443 if self._base.url == WEBSOCKET_URL else redirect.port
        try:
            address = ip_address(host)
        except ValueError:
            if not _is_vendor_host(host):
                return None
            return Address(urlunsplit(parts._replace(netloc=f"{host}:{port}")))
        if not address.is_global or not _is_vendor_host(self._base_host):
            return None
        literal = f"[{host}]" if address.version == 6 else host
        return Address(urlunsplit(parts._replace(netloc=f"{literal}:{port}")), self._base_host)


def _is_vendor_host(host: str) -> bool:
    """Tell whether a name is under the vendor's domain, and nothing but a name."""
    labels = host.split(".")
    return host.endswith(f".{VENDOR_DOMAIN}") and all(
        label and label.isascii() and label.replace("-", "").isalnum() for label in labels
    )


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """The cloud accepted the login."""


@dataclass(frozen=True, slots=True)
class TermsRequired:
    """The cloud wants its terms of use confirmed."""


@dataclass(frozen=True, slots=True)
class Established:
    """The cloud accepted us and sent the list."""


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
class Settled:
    """A command came to its end."""

    ticket: int
    error: CommandError | None = None


@dataclass(frozen=True, slots=True)
class StoodStill:
    """A curtain has not reported for so long that it cannot be moving any more."""

    device_id: str


@dataclass(frozen=True, slots=True)
class Noticed:
    """The peer said something that this package does not know."""

    what: str


type Event = (
    Deleted
    | Established
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
    sent_at: float = _NEVER
    due: float = _NEVER
    retried: bool = False
    checking: bool = False
    """Whether its time is up and the list must tell."""


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
        accept_terms: bool = False,
        list_interval_s: float = LIST_INTERVAL_S,
        statistics: Statistics | None = None,
    ) -> None:
        """Log in.

        ``devices`` is the stored state, read when a command leaves; ``tickets`` numbers what the client wants, also across
        connections; ``wall`` gives local time of the home.
        """
        self.established = False
        self._tickets = tickets
        self._devices = devices
        self._route = route
        self._wall = wall
        self._accept_terms = accept_terms
        self._list_interval_s = list_interval_s
        self._statistics = statistics or Statistics()
        self.logged_in = False
        self._login_due = now + LOGIN_LIMIT_S
        self._terms_due = _NEVER
        self._heard_at = now
        self._said_at = now
        self._pong_due = _NEVER
        self._outgoing: deque[str | Control] = deque()
        self._events: list[Event] = []
        self._recent: deque[float] = deque(maxlen=MAX_FRAMES_PER_S)
        self._waiting: list[_Flight] = []
        self._flights: list[_Flight] = []
        self._unanswered = 0
        self._lists_asked = 0
        self._list_answer_due = _NEVER
        self._list_due = _NEVER
        self._listed_at = _NOW
        self._list_tickets: list[int] = []
        self._moving: dict[str, float] = {}
        self._deadline: float | None = None
        self._say(log_in(credentials.username, credentials.password_digest), now)

    # --- the four calls ---------------------------------------------------------------------

    @property
    def deadline(self) -> float:
        """Loop time when ``tick`` is due; in the past when there is something to write or to tell."""
        if self._outgoing or self._events:
            return _NOW
        if self._deadline is None:
            self._deadline = self._plan()
        return self._deadline

    def receive(self, data: str | Control, now: float) -> Iterable[Event]:
        """Take one frame and give what it means.

        Raises AuthError when the login is refused, RedirectError when the cloud wants us elsewhere, and other
        LinkErrors when it cannot go on.
        """
        self._heard_at = now
        if self._pong_due != _NEVER:
            self._pong_due = _NEVER
            self._deadline = None
        if isinstance(data, Control):
            return ()
        try:
            message = read_message(decode(data))
        except FrameError:
            return (Noticed("frame that cannot be read"),)
        match message:
            case ObjectPush(report=report):
                return self._pushed(message, report, now)
            case ObjectList(reports=reports):
                self._list(reports, now)
            case ServerError(code=code):
                self._error(code, now)
            case LoginAnswer():
                self._login(message, now)
            case TermsConfirmed():
                if self._terms_due != _NEVER:
                    self._terms_due = _NEVER
                    self._ask_list(now)
            case Redirect():
                self._redirect(message)
            case Deleted(device_id=device_id):
                self._deleted(device_id, now)
                self._events.append(message)
            case HubNotice(report=report):
                if report and "online" in report.values:
                    self._events.append(ObjectPush(report))
                self._hint(now)
            case Unrecognised(what=what):
                return (Noticed(what),)
        self._fill(now)
        return self._take_events()

    def tick(self, now: float) -> Iterable[Event]:
        """Do what time asks for: expire, ping, refresh, send what had to wait.

        Raises PeerSilentError when the peer is silent for too long.
        """
        self._deadline = None
        if not self.logged_in:
            if now >= self._login_due:
                raise PeerSilentError("no answer to the login")
        else:
            self._keep_alive(now)
            if now >= self._terms_due:
                self._terms_due = _NEVER
                self._ask_list(now)
            self._ask_again(now)
            self._expire(now)
            for device_id in [device_id for device_id, due in self._moving.items() if now >= due]:
                del self._moving[device_id]
                self._events.append(StoodStill(device_id))
                self._list_due = min(self._list_due, now)
            if now >= self._list_due and self._list_answer_due == _NEVER:
                self._ask_list(now)
            self._fill(now)
        return self._take_events()

    def submit(self, command: Command, now: float) -> int:
        """Queue a command; gives its ticket, which a later ``Settled`` names.

        Raises CommandError when too many commands wait.
        """
        self._deadline = None
        if len(self._waiting) >= MAX_QUEUED:
            raise CommandError("too many commands wait for the cloud")
        ticket = next(self._tickets)
        if command.is_stop:
            self._clear_way(command)
        elif twin := self._twin(command):
            twin.command = command
            twin.tickets.append(ticket)
            return ticket
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

    def refresh(self, now: float) -> int:
        """Ask for the list now; gives a ticket that a later ``Settled`` names."""
        ticket = next(self._tickets)
        self._list_tickets.append(ticket)
        self._list_due = now
        self._deadline = None
        return ticket

    def confirm_list(self, now: float) -> None:
        """Ask for the list again soon, because the last one lost too much to be believed."""
        self._list_due = min(self._list_due, now + CONFIRM_LIST_S)
        self._deadline = None

    def confirm_terms(self, now: float) -> None:
        """Confirm the terms of use, because the user agreed."""
        self._say(CONFIRM_TERMS, now)
        self._terms_due = now + TERMS_LIMIT_S
        self._deadline = None

    def expect_standing(self, device_id: str, by: float | None) -> None:
        """Expect a moving curtain to stand still by then; None when it does already."""
        if by is None:
            self._moving.pop(device_id, None)
        else:
            self._moving.setdefault(device_id, by)
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
        self._deadline = None
        self._statistics.connects += 1
        self._statistics.last_login = self._wall()
        self._events.append(LoggedIn())
        if answer.must_confirm_terms:
            self._events.append(TermsRequired())
            if self._accept_terms:
                self.confirm_terms(now)
                return
        self._ask_list(now)

    def _redirect(self, redirect: Redirect) -> None:
        """Go elsewhere, if that is safe; else stay where we are."""
        wait = self._route.follow(redirect)
        if wait is None:
            self._events.append(Noticed("redirect that must not be followed"))
            return
        self._statistics.redirects.append(redirect.host)
        raise RedirectError(redirect.host, wait)

    def _pushed(self, push: ObjectPush, report: Report, now: float) -> Sequence[Event]:
        if not self.logged_in:
            return ()
        self._statistics.pushes += 1
        if (
            report.device_id not in self._devices
            and not report.is_hub
            and "type_number" not in report.values
        ):
            self._hint(now)
        self._events.append(push)
        if self._flights:
            self._fulfil(report)
            self._fill(now)
        return self._take_events()

    def _list(self, reports: tuple[Report, ...] | None, now: float) -> None:
        if not self.logged_in or reports is None:
            return  # the answer that was wanted is still missing
        self._deadline = None
        self._lists_asked = 0
        self._list_answer_due = _NEVER
        self._listed_at = now
        self._list_due = now + self._list_interval_s
        self._events.append(Listed(reports))
        listed = {report.device_id: report for report in reports}
        for report in reports:
            self._fulfil(report, listed=True)
        for flight in [flight for flight in self._flights if flight.checking]:
            if flight.command.prefix == "0014" and flight.command.device_id not in listed:
                self._settle(flight, None)
            else:
                self._unanswered_flight(flight)
        self._events.extend(Settled(ticket) for ticket in self._list_tickets)
        self._list_tickets = []
        if not self.established:
            self.established = True
            self._route.settled()
            self._events.append(Established())

    def _error(self, code: int, now: float) -> None:
        """Take an error frame: a verdict on the login, or charged to the oldest command (§12)."""
        self._deadline = None
        self._statistics.errors[code if 0 <= code < 1000 else -1] += 1
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
        oldest = next(
            (flight for flight in self._flights if now < flight.sent_at + COMMAND_LIMIT_S), None
        )
        if oldest is None:
            self._statistics.strays += 1
            return
        self._unanswered = 0
        if code == CODE_CONNECTION and not oldest.retried:
            oldest.retried = True
            self._flights.remove(oldest)
            self._waiting.insert(0, oldest)
            return
        error: CommandError
        if code == CODE_DEVICE_SILENT:
            error = DeviceSilentError("the device does not answer", code)
        else:
            error = RefusedError(f"the cloud answers with error {code}", code)
        self._settle(oldest, error)

    def _deleted(self, device_id: str, now: float) -> None:
        self._moving.pop(device_id, None)
        for flight in [flight for flight in self._flights if flight.command.device_id == device_id]:
            done = "deleted" in flight.command.wants
            self._settle(flight, None if done else RefusedError("the device is gone"))
        self._fill(now)

    def _fulfil(self, report: Report, *, listed: bool = False) -> None:
        """Settle the commands whose wishes a report shows.

        A list tells nothing about a command that has just left: it may have been made before.
        """
        for flight in list(self._flights):
            command = flight.command
            if listed and not flight.checking:
                continue
            if command.types is None:
                affected = report.device_id == command.device_id
            else:
                affected = report.values.get("type_number") in command.types
            if affected and command.wants and shows(report, command.wants):
                self._unanswered = 0
                self._settle(flight, None)

    # --- what goes out ----------------------------------------------------------------------

    def _say(self, frame: Frame, now: float) -> None:
        self._said_at = now
        self._recent.append(now)
        self._outgoing.append(encode(frame))

    def _ask_list(self, now: float) -> None:
        self._deadline = None
        self._lists_asked += 1
        self._list_due = _NEVER
        self._list_answer_due = now + LIST_LIMIT_S
        self._say(LIST_OBJECTS, now)

    def _clear_way(self, stop: Command) -> None:
        """Make way for a stop: nothing that moves the curtain may be carried out after it."""
        for flight in [*self._flights, *self._waiting]:
            if flight.command.device_id == stop.device_id and flight.command.is_level:
                self._settle(flight, SupersededError("a later command took the place of this one"))

    def _twin(self, command: Command) -> _Flight | None:
        """Find a waiting command that this one replaces: the same again, or an older level."""
        for flight in reversed(self._waiting):
            if flight.command.device_id == command.device_id and (
                flight.command == command or (flight.command.is_level and command.is_level)
            ):
                return flight
        return None

    def _fill(self, now: float) -> None:
        """Write waiting commands: one per device at a time, and not too many per second."""
        if not self._waiting or not self.established:
            return
        busy = {
            flight.command.device_id
            for flight in self._flights
            if flight.command.device_id is not None
        }
        for flight in list(self._waiting):
            if len(self._recent) == MAX_FRAMES_PER_S and now - self._recent[0] < 1:
                break
            device_id = flight.command.device_id
            if device_id in busy:
                continue
            device = self._devices.get(device_id) if device_id is not None else None
            self._waiting.remove(flight)
            if device_id is not None and device is None:
                self._settle(flight, RefusedError("the device is gone"))
                continue
            busy.add(device_id or "")
            flight.sent_at, flight.due = now, now + COMMAND_LIMIT_S
            self._flights.append(flight)
            self._say(build(flight.command, device.members if device else {}, self._wall()), now)

    def _settle(self, flight: _Flight, error: CommandError | None) -> None:
        self._deadline = None
        if flight in self._flights:
            self._flights.remove(flight)
        elif flight in self._waiting:
            self._waiting.remove(flight)
        self._events.extend(Settled(ticket, error) for ticket in flight.tickets)
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
        if not self.logged_in:
            return self._login_due
        due = min(
            self._pong_due if self._pong_due != _NEVER else self._heard_at + PING_INTERVAL_S,
            self._said_at + HEARTBEAT_INTERVAL_S,
            self._terms_due,
            self._list_answer_due if self._list_answer_due != _NEVER else self._list_due,
            min((flight.due for flight in self._flights if not flight.checking), default=_NEVER),
            min(self._moving.values(), default=_NEVER),
        )
        if self._waiting and self.established:
            busy = {flight.command.device_id for flight in self._flights}
            if any(flight.command.device_id not in busy for flight in self._waiting):
                due = min(due, self._recent[0] + 1)
        return due

    def _expire(self, now: float) -> None:
        """Have the list decide about commands that nothing was heard of."""
        late = [flight for flight in self._flights if now >= flight.due and not flight.checking]
        for flight in late:
            flight.checking = True
        if late and self._list_answer_due == _NEVER:
            self._ask_list(now)

    def _unanswered_flight(self, flight: _Flight) -> None:
        self._unanswered += 1
        self._statistics.unanswered += 1
        self._settle(flight, UnansweredError("no answer from the cloud"))
        if self._unanswered >= MAX_UNANSWERED:
            raise PeerSilentError("the cloud does not carry out commands any more")

    def _ask_again(self, now: float) -> None:
        """Ask for a list that does not come, a few times."""
        if now < self._list_answer_due:
            return
        if self._lists_asked >= LIST_ATTEMPTS:
            raise PeerSilentError("the cloud does not send the list")
        self._ask_list(now)

    def _keep_alive(self, now: float) -> None:
        if now >= self._pong_due:
            raise PeerSilentError("the cloud does not answer pings any more")
        if self._pong_due == _NEVER and now >= self._heard_at + PING_INTERVAL_S:
            self._outgoing.append(Control.PING)
            self._pong_due = now + PONG_LIMIT_S
        if now >= self._said_at + HEARTBEAT_INTERVAL_S:
            self._say(HEARTBEAT, now)

    def _hint(self, now: float) -> None:
        """Follow a hint that the list is out of date, but not every one of a flood."""
        if self.logged_in and self._list_answer_due == _NEVER:
            self._list_due = min(self._list_due, max(now, self._listed_at + HINT_INTERVAL_S))
            self._deadline = None
