"""Random conversations: whatever a server does, a connection keeps its promises or says that it is over."""

from contextlib import suppress
from itertools import count
import json
from typing import Any, cast

from hypothesis import given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
import pytest

from custom_components.dio_chacon.protocol.connection import (
    AccountRead,
    Connection,
    Event,
    Listed,
    Overdue,
    RoomsRead,
    StatesRead,
    Statistics,
)
from custom_components.dio_chacon.protocol.const import (
    ANSWER_LIMIT_S,
    GREETING_LIMIT_S,
    MAX_IN_FLIGHT,
    PING_INTERVAL_S,
    PONG_LIMIT_S,
    STATES_CHUNK,
    Movement,
)
from custom_components.dio_chacon.protocol.conversation import Established, Noticed, Settled
from custom_components.dio_chacon.protocol.errors import CommandError, LinkError
from custom_components.dio_chacon.protocol.frames import Control, decode
from custom_components.dio_chacon.protocol.messages import (
    Greeting,
    RecordPush,
    Report,
    move_shutter,
    set_open_level,
    set_switch,
)

from .home import BELL, GREETING, LIGHT, PLUG, SHUTTER, USER, push, record, switched
from .strategies import DATA, FRAMES

# Only failures are worth the definitions of all strategies.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")

EVENTS = (
    *(AccountRead, Established, Greeting, Listed, Noticed, Overdue, RecordPush, Report),
    *(RoomsRead, Settled, StatesRead),
)
DEVICES = (SHUTTER, PLUG, LIGHT, BELL, "L4HActuator_new")


@given(
    st.booleans(),
    st.lists(
        st.one_of(
            FRAMES.map(json.dumps),
            FRAMES.map(json.dumps),
            st.text(),
            st.sampled_from(list(Control)),
        ),
        max_size=10,
    ),
)
def test_any_frames(greeted: bool, frames: list[str | Control]) -> None:
    """Whatever is heard gives events or an error of the link, and nothing else."""
    connection = Connection(0.0, count(1), read_unknown=True)
    with suppress(LinkError):
        if greeted:
            tuple(connection.receive(json.dumps(GREETING), 0.0))
        for number, frame in enumerate(frames):
            for event in connection.receive(frame, number * 0.1):
                assert isinstance(event, EVENTS)
                repr(event)
            for data in connection.outgoing():
                assert isinstance(data, str | Control)


class Conversation(RuleBasedStateMachine):
    """A server and a client at the two ends of one connection, each doing what it likes.

    What must hold: every ticket is settled exactly once unless the link ends, in bounded time; few requests are in
    flight; numbers count up; an answer settles its own request only; the connection is due when something is due.
    """

    def __init__(self) -> None:
        """Open the connection."""
        super().__init__()
        self.now = 1000.0
        self.statistics = Statistics()
        self.connection = Connection(
            self.now, count(1), read_unknown=True, statistics=self.statistics
        )
        self.dead = False
        self.tickets: dict[int, float] = {}
        """Tickets that are not settled, by when they were taken."""
        self.settled: set[int] = set()
        self.open: dict[int, dict[str, Any]] = {}
        """Requests on the wire without an answer."""
        self.sent_at: dict[int, float] = {}
        self.last_number = 0
        self.quiet_until = 0.0
        """Until when nothing but pings may be written, by the first refusal of a burst."""
        self.heard_at = self.now

    # --- what the machine does -------------------------------------------------------------

    def flush(self) -> None:
        """Read what is written, as the server."""
        for data in self.connection.outgoing():
            if data is Control.PING:
                continue
            request = decode(cast(str, data))
            assert set(request) == {"method", "path", "parameters", "id"}
            assert request["id"] > self.last_number, "numbers count up"
            assert self.connection.greeted, "nothing before the greeting"
            if request["path"] == "/device/states":
                assert 1 <= len(request["parameters"]["devices"]) <= STATES_CHUNK
            if request["path"] != "/session/logout":
                assert self.now >= self.quiet_until, "nothing while silence is asked for"
            self.last_number = request["id"]
            self.open[request["id"]] = request
            self.sent_at[request["id"]] = self.now

    def take(self, events: Any) -> None:
        """Take events, as the client."""
        for event in events:
            assert isinstance(event, EVENTS)
            if isinstance(event, Settled):
                assert event.ticket not in self.settled, "settled twice"
                assert event.ticket in self.tickets, "settled without being asked for"
                assert event.error is None or isinstance(event.error, CommandError)
                self.settled.add(event.ticket)
                del self.tickets[event.ticket]
            if isinstance(event, Overdue):
                assert event.device_ids

    def hear(self, data: str | Control) -> None:
        """Let the connection hear something."""
        if self.dead:
            return
        self.heard_at = self.now
        try:
            self.take(self.connection.receive(data, self.now))
        except LinkError:
            self.dead = True
            return
        self.flush()

    def say(self, frame: object) -> None:
        """Let the connection hear JSON."""
        self.hear(json.dumps(frame))

    def tick(self) -> None:
        """Let the connection do what is due."""
        try:
            self.take(self.connection.tick(self.now))
        except LinkError:
            self.dead = True
            return
        self.flush()

    @initialize(start=st.sampled_from(("silent", "greeted", "established", "established")))
    def begin(self, start: str) -> None:
        """Mostly the handshake comes first."""
        if start != "silent":
            self.say(GREETING)
        while start == "established" and not self.connection.established:
            request = self.open.pop(min(self.open))
            self.say({"id": request["id"], "status": 200, "data": self.right(request, 4)})

    @staticmethod
    def right(request: dict[str, Any], devices: int) -> object:
        """Give an answer of the right shape."""
        return {
            "/user": USER,
            "/device": [record(device_id) for device_id in DEVICES[:devices]],
            "/room": [],
            "/device/states": {},
        }.get(request["path"])

    @rule()
    def greet(self) -> None:
        """Greet, perhaps once more."""
        self.say(GREETING)

    @rule(frame=FRAMES)
    def say_anything(self, frame: object) -> None:
        """Say something of roughly the right shape; an answer in it is an answer."""
        if isinstance(frame, dict) and "id" in frame:
            frame = {**frame, "id": 0}
        self.say(frame)

    @rule(text=st.one_of(st.text(max_size=10), st.sampled_from(list(Control))))
    def say_garbage(self, text: str | Control) -> None:
        """Say what is no frame."""
        self.hear(text)

    @rule(device_id=st.sampled_from(DEVICES), value=st.sampled_from((0, 1)))
    def push(self, device_id: str, value: int) -> None:
        """Report something."""
        self.say(push(device_id, switched(value)))

    @precondition(lambda self: self.open)
    @rule(
        index=st.integers(0, 20),
        status=st.sampled_from((200, 200, 200, 200, 404, 500, 504, 429, 400)),
        data=st.one_of(st.just("right"), st.just("right"), st.just("right"), DATA),
        as_text=st.booleans(),
    )
    def answer(self, index: int, status: int, data: object, as_text: bool) -> None:
        """Answer any of the open requests, in any order."""
        number = sorted(self.open)[index % len(self.open)]
        request = self.open.pop(number)
        if data == "right":
            data = self.right(request, index % 6)
        late = self.now >= self.sent_at[number] + ANSWER_LIMIT_S
        if status == 429 and not late and self.now >= self.quiet_until:
            self.quiet_until = self.now + 60
        before = len(self.settled)
        strays = self.statistics.strays
        self.say({"id": str(number) if as_text else number, "status": status, "data": data})
        if not self.dead and "/action/" in request["path"]:
            expired = self.statistics.strays > strays
            if expired:
                assert len(self.settled) == before, "a late answer settles nothing"
            elif status != 429:
                assert len(self.settled) >= before + 1

    @precondition(lambda self: self.last_number)
    @rule(back=st.integers(0, 5), status=st.sampled_from((200, 429, 500)))
    def answer_again(self, back: int, status: int) -> None:
        """Answer what was answered already, or was never asked."""
        number = self.last_number - back
        if number not in self.open:
            before = set(self.settled)
            self.say({"id": number, "status": status})
            assert self.settled == before

    @rule(seconds=st.sampled_from((0.01, 0.1, 0.25, 1.0, 5.0, 14.9, 31.0, 300.0)))
    def wait(self, seconds: float) -> None:
        """Let time pass; the connection is asked to tick only when it wants to be."""
        end, idle = self.now + seconds, 0
        while not self.dead and (due := self.connection.deadline) <= end:
            idle = idle + 1 if due <= self.now else 0
            assert idle < 5, "due again and again without reason"
            self.now = max(self.now, due)
            self.tick()
        self.now = end

    @rule(seconds=st.floats(0, 20))
    def early_tick(self, seconds: float) -> None:
        """Tick when nothing asks for it, perhaps late; that costs nothing."""
        if not self.dead:
            self.now += seconds
            self.tick()

    @precondition(lambda self: self.connection.established)
    @rule(
        what=st.sampled_from(("switch", "level", "level", "stop", "states", "all")),
        device_id=st.sampled_from(DEVICES),
    )
    def submit(self, what: str, device_id: str) -> None:
        """Want something."""
        if self.dead:
            return
        try:
            match what:
                case "switch":
                    ticket = self.connection.submit(set_switch(device_id, True), self.now)
                case "level":
                    ticket = self.connection.submit(set_open_level(device_id, 50), self.now)
                case "stop":
                    command = move_shutter(device_id, Movement.STOP)
                    ticket = self.connection.submit(command, self.now)
                case "states":
                    ticket = self.connection.refresh_state(device_id, self.now)
                case _:
                    ticket = self.connection.refresh(self.now)
        except CommandError:
            assert self.now < self.quiet_until + 240, "refused without being asked for silence"
            return
        assert ticket not in self.tickets
        assert ticket not in self.settled
        self.tickets[ticket] = self.now
        self.flush()
        self.tick()  # as the pump does: a held position may have been superseded

    @precondition(lambda self: self.connection.established)
    @rule(device_id=st.sampled_from(DEVICES), seconds=st.floats(0, 30), came=st.booleans())
    def expect(self, device_id: str, seconds: float, came: bool) -> None:
        """Expect a report, and perhaps have it."""
        if not self.dead:
            self.connection.expect(device_id, "is_on", self.now + seconds)
            if came:
                self.connection.came(device_id, "is_on")

    @rule()
    def log_out(self) -> None:
        """Say goodbye now and then; what waits for its turn is given up then."""
        if self.dead or not self.connection.greeted or len(self.open) > 3:
            return
        self.tickets[self.connection.log_out(self.now)] = self.now
        self.flush()
        self.dead = True

    # --- what must hold --------------------------------------------------------------------

    @invariant()
    def few_in_flight(self) -> None:
        """Ten at most, and the one that says goodbye."""
        if not self.dead:
            waited = [
                number for number in self.open if self.now < self.sent_at[number] + ANSWER_LIMIT_S
            ]
            assert len(waited) <= MAX_IN_FLIGHT

    @invariant()
    def nothing_takes_for_ever(self) -> None:
        """Two answers' time for each of the requests that a wish may need, and the longest silence."""
        if not self.dead and self.connection.deadline > self.now:
            for taken in self.tickets.values():
                assert self.now - taken < 8 * ANSWER_LIMIT_S + 700

    @invariant()
    def silence_is_noticed(self) -> None:
        """A link on which nothing is heard ends, or has just been ticked late."""
        if self.dead or self.connection.deadline <= self.now:
            return
        if self.connection.greeted:
            assert self.now - self.heard_at <= PING_INTERVAL_S + PONG_LIMIT_S + 20
        else:
            assert self.now < 1000.0 + GREETING_LIMIT_S

    @invariant()
    def memory_is_bounded(self) -> None:
        """Nothing that the peer says is counted by its own words without end."""
        assert len(self.statistics.unknown) <= 100
        assert len(self.statistics.answers) <= 1001

    def teardown(self) -> None:
        """Leave the server silent: every wish must be settled, or the link must end, in time."""
        for _ in range(100):
            if self.dead or not self.tickets:
                return
            self.wait(20.0)
            self.hear(Control.PONG)
        raise AssertionError(f"{len(self.tickets)} wishes were never settled")


TestConversation = Conversation.TestCase
TestConversation.settings = settings(stateful_step_count=40)


def event_types() -> tuple[type, ...]:
    """Give the members of the union of events, for the test below."""
    return tuple(getattr(each, "__value__", each) for each in Event.__value__.__args__)


def test_events_are_complete() -> None:
    """This file knows every event there is."""
    assert set(event_types()) == set(EVENTS)
