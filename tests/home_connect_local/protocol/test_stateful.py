"""Random conversations: whatever an appliance does, a connection keeps its promises or says that it is over."""

from contextlib import suppress
import json
from typing import Any

from hypothesis import given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from custom_components.home_connect_local.protocol.connection import (
    MAX_QUEUED,
    Described,
    Event,
    Introduced,
    Listed,
    Networked,
    Programmed,
    Redescribed,
    Valued,
)
from custom_components.home_connect_local.protocol.const import (
    BUSY_RETRIES,
    HANDSHAKE_LIMIT_S,
    MAX_COUNTER,
    PING_INTERVAL_S,
    PONG_LIMIT_S,
    REQUEST_LIMIT_S,
    Action,
)
from custom_components.home_connect_local.protocol.conversation import Established, Noticed, Settled
from custom_components.home_connect_local.protocol.errors import CommandError, LinkError
from custom_components.home_connect_local.protocol.frames import Control
from custom_components.home_connect_local.protocol.messages import Request
from custom_components.home_connect_local.protocol.model import Appliance
from custom_components.home_connect_local.protocol.refusals import SealError

from .appliances import WASHER, described
from .talk import CURRENT, MIDDLE, OLD, SERVICES, START, VALUES, Json, Talk, get, listed, post

EVENTS = (
    *(Described, Established, Introduced, Listed, Networked, Noticed, Programmed, Redescribed),
    *(Settled, Valued),
)
BUSY = (515, 516, 517)
CODES = (0, 400, 403, 404, 429, 500, 502, 503, 512, 515, 516, 517, 538, 541, 999)
UIDS = st.sampled_from((256, 257, 524, 539, 25088, 28673, 258, 99999))
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=5), UIDS
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
ITEMS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "uid": st.one_of(UIDS, JSON),
            "value": JSON,
            "program": st.one_of(UIDS, JSON),
            "options": st.one_of(
                st.lists(st.fixed_dictionaries({"uid": UIDS, "value": JSON})), JSON
            ),
            "access": st.sampled_from(("READWRITE", "NONE", "x")),
            "available": JSON,
            "parentUID": JSON,
            "min": JSON,
            "enumerationType": JSON,
            "service": st.sampled_from(("ci", "ei", "ro", "iz", "ni")),
            "version": st.one_of(st.integers(0, 4), JSON),
            "edMsgID": st.one_of(st.integers(0, 2**32), JSON),
            "rssi": JSON,
            "primary": JSON,
            "vib": JSON,
        },
    ),
    max_size=3,
)
RESOURCES = st.one_of(
    st.sampled_from(
        (
            *("/ei/initialValues", "/ci/services", "/ci/authentication", "/ci/info", "/iz/info"),
            *("/ni/info", "/ro/allDescriptionChanges", "/ro/allMandatoryValues", "/ro/values"),
            *("/ro/descriptionChange", "/ro/selectedProgram", "/ro/activeProgram", "/x/y"),
        )
    ),
    st.text(max_size=6),
)
MESSAGES = st.fixed_dictionaries(
    {"resource": RESOURCES, "action": st.sampled_from([*Action, "x"])},
    optional={
        "sID": st.one_of(st.integers(0, 2**32), JSON),
        "msgID": st.one_of(st.integers(0, 12), JSON),
        "version": st.one_of(st.integers(0, 3), JSON),
        "data": st.one_of(ITEMS, JSON),
        "code": st.one_of(st.sampled_from(CODES), JSON),
    },
)


def follow(appliance: Appliance, event: Event) -> None:
    """Do with an event what a client does to its appliance."""
    match event:
        case Valued(items=items):
            appliance.apply_values(items)
        case Listed(items=items):
            appliance.forget_values({uid for uid, _ in items})
            appliance.apply_values(items)
        case Described(changes=changes):
            appliance.reset_changes()
            appliance.apply_changes(changes)
        case Redescribed(changes=changes):
            appliance.apply_changes(changes)
        case Programmed(resource=resource, reports=reports):
            for report in reports:
                appliance.apply_program(256 if "active" in resource else 257, report)


@given(
    st.sampled_from(("silent", "greeted", "established")),
    st.lists(
        st.one_of(
            MESSAGES.map(json.dumps),
            MESSAGES.map(json.dumps),
            st.sampled_from(("answer", "ask", "time")),
            st.text(max_size=20),
            st.binary(max_size=20),
            st.sampled_from(list(Control)),
        ),
        max_size=12,
    ),
)
def test_any_frames(start: str, steps: list[str | bytes | Control]) -> None:
    """Whatever is heard gives events or an error of the link, and nothing else; what is said can be written."""
    talk, appliance = Talk(), Appliance(described(WASHER))
    if start == "greeted":
        talk.greet(data=[{"edMsgID": 0}])
    elif start == "established":
        talk.establish()
    with suppress(LinkError):
        for step in steps:
            seen = len(talk.events)
            match step:
                case "answer" if talk.said[1:]:
                    talk.answer([{"uid": 524, "value": 1}])
                case "ask" if talk.connection.established:
                    with suppress(CommandError):
                        talk.submit(get(VALUES, {"uid": 1}))
                case "time":
                    talk.wait(9.0)
                case _:
                    talk.hear(step)
            for event in talk.events[seen:]:
                assert isinstance(event, EVENTS)
                repr(event)
                follow(appliance, event)
    for uid in appliance.description.features:
        appliance.effective(uid)
        appliance.value(uid)


class Conversation(RuleBasedStateMachine):
    """An appliance and a client, each doing what it likes.

    What must hold: one request at a time, numbered without a gap; every request is settled exactly once unless the
    link ends, in bounded time, as a success only when the appliance said so to that very number; a wish is said
    twice only when the appliance was too busy for it; silence is noticed; the connection is due when something is
    due, and not without reason.
    """

    def __init__(self) -> None:
        """Open the connection."""
        super().__init__()
        self.talk = Talk()
        self.dead = False
        self.services = dict(CURRENT)
        self.open: Json | None = None
        """What the appliance was asked and has not answered."""
        self.last: Json | None = None
        """What the client asked last."""
        self.given_up: list[Json] = []
        """What the client does not wait for any more."""
        self.next_id = 0
        self.requests: dict[int, tuple[Action, int]] = {}
        """Requests that are not settled: their action, and the mark they carry."""
        self.ended: set[int] = set()
        self.marks = 0
        self.said: dict[int, int] = {}
        """How often each marked request was said."""
        self.busy: dict[int, int] = {}
        self.again: set[int] = set()
        """Marks of reads that may be said once more."""
        self.answered: set[int] = set()
        """Marks of requests that the appliance accepted."""
        self.taken_back: set[int] = set()
        self.seen_events = 0
        self.heard_at = START
        self.began_at = START

    # --- both sides -------------------------------------------------------------------------

    def step(self, *frames: str | bytes | Control | Json) -> None:
        """Let the connection hear something, or do what is due."""
        if self.dead:
            return
        if frames:
            self.heard_at = self.talk.now
        try:
            self.talk.hear(*frames)
            self.talk.act()
        except LinkError:
            self.dead = True
            return
        self.look()

    def look(self) -> None:
        """Take note of what was said and understood."""
        for message in self.talk.take():
            self.check_said(message)
        events, self.seen_events = self.talk.events[self.seen_events :], len(self.talk.events)
        for event in events:
            assert isinstance(event, EVENTS)
            if isinstance(event, Settled):
                self.settled(event)

    def check_said(self, message: Json) -> None:
        """Numbers go on without a gap, and nothing is asked while something else is."""
        if message["action"] == "RESPONSE":
            return
        assert message["msgID"] == self.next_id
        self.next_id = 0 if self.next_id == MAX_COUNTER else self.next_id + 1
        service = message["resource"].split("/")[1]
        if message["resource"] != SERVICES:
            assert message["version"] == self.talk.connection.services.get(service, 1)
        if message["action"] == "NOTIFY":
            return
        if self.open is not None:  # given up in the meantime
            self.given_up.append(self.open)
        self.open = self.last = message
        if (mark := self.mark_of(message)) is not None:
            assert self.talk.connection.established
            self.said[mark] = self.said.get(mark, 0) + 1
            allowed = 1 + self.busy.get(mark, 0) + (mark in self.again)
            assert self.said[mark] <= allowed, "it is said too often"

    @staticmethod
    def mark_of(message: Json) -> int | None:
        """Give the mark that a request of the test carries."""
        if message["resource"] != VALUES:
            return None
        mark: int = message["data"][0]["mark"]
        return mark

    def settled(self, event: Settled) -> None:
        """A request ends once, and well only if the appliance said so."""
        assert event.ticket not in self.ended, "settled twice"
        self.ended.add(event.ticket)
        action, mark = self.requests.pop(event.ticket)
        if event.error is None:
            assert action is Action.NOTIFY or mark in self.answered, "a false success"
        else:
            assert isinstance(event.error, CommandError)
            assert mark not in self.answered, "a false failure"

    def answer_open(self, **members: Any) -> None:
        """Answer what is open."""
        assert self.open is not None
        body = {name: self.open[name] for name in ("sID", "msgID", "resource", "version")}
        self.open = None
        self.step({**body, "action": "RESPONSE", **members})

    # --- the beginning ----------------------------------------------------------------------

    @initialize(
        services=st.sampled_from((OLD, MIDDLE, CURRENT)),
        first=st.sampled_from((0, 500, MAX_COUNTER - 3, MAX_COUNTER)),
        far=st.booleans(),
    )
    def begin(self, services: dict[str, int], first: int, far: bool) -> None:
        """Say the first message; mostly the whole greeting follows."""
        self.services = dict(services)
        self.next_id = first
        self.heard_at = self.talk.now
        self.talk.greet(services["ei"], data=[{"edMsgID": first}])
        self.look()
        while far and self.open is not None:
            self.accept([])

    # --- the appliance ----------------------------------------------------------------------

    def accept(self, data: list[Json]) -> None:
        """Carry out what was asked."""
        assert self.open is not None
        if self.open["resource"] == SERVICES:
            data = listed(self.services)
        if (mark := self.mark_of(self.open)) is not None:
            self.answered.add(mark)
        self.answer_open(data=data)

    @precondition(lambda self: self.open is not None)
    @rule(data=ITEMS)
    def obey(self, data: list[Json]) -> None:
        """Carry out what was asked, and tell anything."""
        self.accept(data)

    @precondition(lambda self: self.open is not None)
    @rule(code=st.sampled_from(CODES))
    def refuse(self, code: int) -> None:
        """Refuse what was asked."""
        assert self.open is not None
        if (mark := self.mark_of(self.open)) is not None:
            if code in BUSY and self.busy.get(mark, 0) < BUSY_RETRIES:
                self.busy[mark] = self.busy.get(mark, 0) + 1
            elif code in {500, 502, 503} and self.open["action"] == "GET":
                self.again.add(mark)
        self.answer_open(code=code)

    @precondition(lambda self: self.open is not None)
    @rule()
    def forget(self) -> None:
        """Lose what was asked."""
        assert self.open is not None
        self.given_up.append(self.open)
        self.open = None

    @rule(number=st.sampled_from((0, 1, 500, 501, MAX_COUNTER)), code=st.sampled_from((None, 541)))
    def answer_nobody(self, number: int, code: int | None) -> None:
        """Answer what was never asked, or long ago."""
        if self.open is not None and self.open["msgID"] == number:
            return
        members = {} if code is None else {"code": code}
        if any(each["msgID"] == number for each in self.given_up):
            return  # the client may still wait for it
        self.step(
            {"sID": 1, "msgID": number, "resource": VALUES, "version": 1, "action": "RESPONSE"}
            | members
        )

    @rule(message=MESSAGES, number=st.integers(0, 600))
    def tell(self, message: Json, number: int) -> None:
        """Tell anything, with any number, but no answer and no new beginning."""
        if message["resource"] != "/ei/initialValues":
            action = "NOTIFY" if message["action"] == "RESPONSE" else message["action"]
            if action == "x":
                self.spoil()
            self.step({**message, "msgID": number, "action": action, "code": None})

    @rule(text=st.sampled_from(("garbage", "", "[]", "{", b"\xff")))
    def garbage(self, text: str | bytes) -> None:
        """Say what is no message; it may have been the answer."""
        self.spoil()
        self.step(text)

    def spoil(self) -> None:
        """Expect that a read is repeated: what cannot be read may have been its answer."""
        if self.last is not None and self.last["action"] == "GET":
            if (mark := self.mark_of(self.last)) is not None:
                self.again.add(mark)
            self.given_up.append(self.last)
            self.open = None

    @rule()
    def pong(self) -> None:
        """Show a sign of life."""
        self.step(Control.PONG)

    # --- time -------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from((0.01, 0.5, 1.9, 2.0, 5.0, 9.9, 19.9)))
    def wait(self, seconds: float) -> None:
        """Let time pass."""
        if self.dead:
            return
        try:
            self.talk.wait(seconds)
        except LinkError:
            self.dead = True
            return
        self.look()

    # --- the client -------------------------------------------------------------------------

    @precondition(lambda self: self.talk.connection.established)
    @rule(action=st.sampled_from((Action.GET, Action.POST, Action.POST, Action.NOTIFY)))
    def ask(self, action: Action) -> None:
        """Ask for something, or tell something."""
        if self.dead:
            return
        self.marks += 1
        if action is Action.NOTIFY:
            request = Request("/ei/deviceReady", action)
        else:
            make = get if action is Action.GET else post
            request = make(VALUES, {"uid": 524, "mark": self.marks})
        try:
            ticket = self.talk.connection.submit(request, self.talk.now)
        except CommandError as err:
            assert err.code == 429 or len(self.requests) > MAX_QUEUED  # noqa: PT017
            return
        assert ticket not in self.requests
        assert ticket not in self.ended
        self.requests[ticket] = action, self.marks
        self.talk.events += self.talk.connection.told()
        self.step()

    @precondition(lambda self: self.requests)
    @rule(index=st.integers(0, 9))
    def take_back(self, index: int) -> None:
        """Lose interest."""
        if self.dead:
            return
        ticket = sorted(self.requests)[index % len(self.requests)]
        self.talk.connection.withdraw(ticket)
        self.taken_back.add(ticket)
        self.step()

    # --- what must hold ---------------------------------------------------------------------

    @invariant()
    def silence_is_noticed(self) -> None:
        """A link on which nothing is heard ends, and so does a greeting without an end."""
        if self.dead:
            return
        assert self.talk.now - self.heard_at <= PING_INTERVAL_S + PONG_LIMIT_S + 0.001
        if not self.talk.connection.established:
            assert self.talk.now - self.began_at <= HANDSHAKE_LIMIT_S

    @invariant()
    def nothing_is_left_to_say(self) -> None:
        """What is due was done."""
        if not self.dead:
            assert self.talk.connection.outgoing() == ()
            assert self.talk.connection.told() == ()
            assert self.talk.connection.deadline >= self.talk.now

    @invariant()
    def memory_is_bounded(self) -> None:
        """Nothing that the appliance says is counted by its own words without end."""
        assert len(self.talk.statistics.refusals) <= 1000
        assert len(self.talk.connection.services) <= 64

    def teardown(self) -> None:
        """Let the appliance do all it is asked: every request must be settled, or the link must end, in time."""
        for _ in range(600):
            if self.dead or not self.talk.connection.established:
                break
            if not set(self.requests) - self.taken_back:
                break
            if self.open is not None:
                self.accept([])
            self.wait(1.0)
            self.step(Control.PONG)
        else:
            raise AssertionError(f"{len(self.requests)} requests were never settled")


TestConversation = Conversation.TestCase
TestConversation.settings = settings(stateful_step_count=40)


def test_events_are_complete() -> None:
    """This file knows every event there is."""
    known = {getattr(each, "__value__", each) for each in Event.__value__.__args__}
    assert known == set(EVENTS)


def test_limits_are_those_of_the_wire() -> None:
    """What the machine above takes for granted (§5.2, §6.1)."""
    assert (HANDSHAKE_LIMIT_S, REQUEST_LIMIT_S, PING_INTERVAL_S, PONG_LIMIT_S) == (60, 20, 20, 10)
    assert not issubclass(SealError, CommandError)
