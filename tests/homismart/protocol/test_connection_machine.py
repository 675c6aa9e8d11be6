"""Random conversations: whatever a server does, a connection keeps its promises or says that it is over."""

from collections.abc import Mapping
from contextlib import suppress
from itertools import count
import json
from typing import Any

from hypothesis import given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from custom_components.homismart.protocol.connection import (
    Connection,
    Event,
    Failed,
    Listed,
    LoggedIn,
    Pending,
    StoodStill,
    TermsRequired,
)
from custom_components.homismart.protocol.const import (
    COMMAND_LIMIT_S,
    LIST_LIMIT_S,
    PING_INTERVAL_S,
    PONG_LIMIT_S,
    WEBSOCKET_URL,
)
from custom_components.homismart.protocol.conversation import Established, Noticed, Settled
from custom_components.homismart.protocol.errors import CommandError, VendorError
from custom_components.homismart.protocol.frames import Control
from custom_components.homismart.protocol.login import Route
from custom_components.homismart.protocol.messages import (
    Command,
    Deleted,
    ObjectPush,
    read_report,
    set_led,
    set_level,
    set_lock,
    set_power,
    shows,
    stop_curtain,
)
from custom_components.homismart.protocol.model import Inventory

from .home import CREDENTIALS, CURTAIN, DOOR, LIGHT, MORNING, SOCKET, Json, objects, thing
from .strategies import FRAMES
from .talk import START, Spoken, Talk

EVENTS = (
    *(Deleted, Established, Failed, Listed, LoggedIn, Noticed, ObjectPush, Pending, Settled),
    *(StoodStill, TermsRequired),
)
DEVICES = (LIGHT, SOCKET, CURTAIN, DOOR)
# What a command may change beside what it was asked for.
_OWN = {"updateTime", "lastOn"}
_MEMBERS = {"is_on": "power", "led": "led", "locked": "lock", "level": "curtainState"}


@given(
    st.sampled_from(("silent", "let in", "listed")),
    st.lists(
        st.one_of(
            FRAMES.map(lambda frame: frame[0] + json.dumps(frame[1])),
            FRAMES.map(lambda frame: frame[0] + json.dumps(frame[1])),
            st.text(),
            st.sampled_from(list(Control)),
            st.sampled_from([set_power(LIGHT, True), set_level(CURTAIN, 30), set_led(LIGHT, 5)]),
        ),
        max_size=12,
    ),
)
def test_any_frames(start: str, steps: list[str | Control | Command]) -> None:
    """Whatever is heard gives events or an error of ours, and nothing else."""
    inventory = Inventory()
    connection = Connection(
        0.0, count(1), CREDENTIALS, inventory.devices, Route(WEBSOCKET_URL), wall=lambda: MORNING
    )
    before = {"silent": 0, "let in": 1, "listed": 2}[start]
    greeting = ['0003{"result":true}', "0005" + json.dumps(objects())][:before]
    with suppress(VendorError):
        for number, step in enumerate([*greeting, *steps]):
            if isinstance(step, Command):
                connection.submit(step, number * 0.1)
            else:
                for event in connection.receive(step, number * 0.1):
                    assert isinstance(event, EVENTS)
                    repr(event)
                    if isinstance(event, ObjectPush):
                        list(inventory.reported(event.report))
                    elif isinstance(event, Listed):
                        list(inventory.listed(event.reports))
            tuple(connection.tick(number * 0.1))
            for data in connection.outgoing():
                assert isinstance(data, str | Control)


class Conversation(RuleBasedStateMachine):
    """A server, another controller and a client, each doing what it likes.

    What must hold: every wish is settled exactly once unless the link ends, in bounded time, and as a success only
    when it was shown; a write carries all that was told before it left; never more than ten frames a second; the
    last wish is the last on the wire; the connection is due when something is due, and not without reason.
    """

    def __init__(self) -> None:
        """Open the connection."""
        super().__init__()
        self.talk = Talk()
        self.dead = False
        self.truth: dict[str, Json] = {device_id: thing(device_id) for device_id in DEVICES}
        """What the server has."""
        self.told: dict[str, Json] = {}
        """What it has told the client."""
        self.inbox: list[Spoken] = []
        """Commands the server has not dealt with."""
        self.lists_wanted = 0
        self.wishes: dict[int, tuple[Command, float]] = {}
        """Wishes that are not settled, and when they came up."""
        self.ended: set[int] = set()
        self.taken_back: set[int] = set()
        """Wishes nobody waits for any more; those that had left are settled all the same."""
        self.levels: dict[int, Command] = {}
        """All wishes for a level."""
        self.seen_events = 0
        self.last_led: dict[str, int | None] = {}
        """The last wish for each light that was not taken back; None when that is not sure."""
        self.led_on_the_wire: dict[str, int] = {}
        self.heard_at = START
        self.logged_in = False

    # --- both sides -------------------------------------------------------------------------

    def step(self, *frames: str | Control | Spoken) -> None:
        """Let the connection hear something, or do what is due."""
        if self.dead:
            return
        if frames:
            self.heard_at = self.talk.now
        try:
            self.talk.hear(*frames)
            self.talk.act()
        except VendorError:
            self.dead = True
            return
        self.look()

    def look(self) -> None:
        """Take note of what was said and understood."""
        events, self.seen_events = self.talk.events[self.seen_events :], len(self.talk.events)
        for event in events:
            assert isinstance(event, EVENTS)
            if isinstance(event, Settled):
                self.settled(event)
        for prefix, body in self.talk.take():
            match prefix:
                case "0002":
                    assert not self.logged_in
                case "0004":
                    assert self.logged_in
                    self.lists_wanted += 1
                case "0072":
                    pass
                case _:
                    assert self.talk.connection.established
                    self.check_command(prefix, body)
                    self.inbox.append((prefix, body))

    def settled(self, event: Settled) -> None:
        """A wish ends once, and well only if that was shown."""
        assert event.ticket not in self.ended, "settled twice"
        self.ended.add(event.ticket)
        command, _ = self.wishes.pop(event.ticket)
        if event.error is not None:
            assert isinstance(event.error, CommandError)
            return
        if command.wants:
            report = read_report(self.told[str(command.device_id)])
            assert report is not None
            # Of levels that wait the last one wins, and speaks for all of them.
            shown = [
                shows(report, other.wants)
                for ticket, other in self.levels.items()
                if ticket > event.ticket and command.is_level
            ]
            assert any((shows(report, command.wants), *shown)), "a false success"

    def check_command(self, prefix: str, body: Json) -> None:
        """A whole object holds all that was told, but for what is on its way."""
        if prefix == "0030":
            self.led_on_the_wire[body["devid"]] = body["ledDevice"]
        if prefix != "0006":
            return
        device_id = body["id"]
        wanted = {
            _MEMBERS[name]
            for command, _ in self.wishes.values()
            if command.device_id == device_id
            for name in command.wants
            if name in _MEMBERS
        }
        for name, value in self.told[device_id].items():
            if name not in _OWN | wanted | {"curtainState", "power"}:
                assert body[name] == value, f"{name} is undone"

    def tell(self, device_id: str, names: Mapping[str, Any] | None = None) -> None:
        """Push an object, or some members of it."""
        body = self.truth[device_id]
        if names is not None:
            body = {"id": device_id, **{name: body[name] for name in names}}
        if names is None or device_id in self.told:  # without a type it is held back
            self.told[device_id] = {**self.told.get(device_id, {}), **body}
        self.step(("0009", body))

    # --- the beginning ----------------------------------------------------------------------

    @initialize(start=st.sampled_from(("silent", "let in", "listed", "listed", "listed")))
    def begin(self, start: str) -> None:
        """Mostly login and list come first."""
        self.look()
        if start != "silent":
            self.let_in()
        if start == "listed":
            self.answer_list()

    @precondition(lambda self: not self.logged_in)
    @rule()
    def let_in(self) -> None:
        """Accept the login."""
        self.logged_in = True
        self.step(("0003", {"result": True}))

    # --- the server -------------------------------------------------------------------------

    @precondition(lambda self: self.lists_wanted and self.logged_in)
    @rule()
    def answer_list(self) -> None:
        """Answer a list."""
        self.lists_wanted -= 1
        self.told = {device_id: dict(body) for device_id, body in self.truth.items()}
        self.step(("0005", list(self.truth.values())))

    @precondition(lambda self: self.inbox)
    @rule(index=st.integers(0, 9), whole=st.booleans(), report=st.booleans())
    def obey(self, index: int, whole: bool, report: bool) -> None:
        """Carry out a command, and perhaps tell of it."""
        prefix, body = self.inbox.pop(index % len(self.inbox))
        match prefix:
            case "0006":
                device_id, changes = body["id"], dict(body)
            case "0016":
                device_id = body["devid"]
                changes = {name: body[name] for name in ("name", "lock", "iconId")}
            case _:
                device_id, changes = body["devid"], {"led": body["ledDevice"]}
        self.truth[device_id].update(changes)
        if report:
            self.tell(device_id, None if whole else changes)

    @precondition(lambda self: self.inbox)
    @rule(index=st.integers(0, 9))
    def ignore(self, index: int) -> None:
        """Lose a command."""
        self.inbox.pop(index % len(self.inbox))

    @precondition(lambda self: self.logged_in)
    @rule(code=st.sampled_from((1, 5, 17, 18, 40, 72, 12345)))
    def refuse(self, code: int) -> None:
        """Send an error, whether there is something to refuse or not."""
        if self.inbox:
            self.inbox.pop(0)
        self.last_led = dict.fromkeys(self.last_led)
        self.step(("9999", {"code": code}))

    @precondition(lambda self: self.logged_in)
    @rule(
        device_id=st.sampled_from(DEVICES),
        member=st.sampled_from(
            (("led", 7), ("led", 93), ("name", "Foreign"), ("power", True), ("power", False))
        ),
    )
    def other_controller(self, device_id: str, member: tuple[str, object]) -> None:
        """Somebody else changes something."""
        self.truth[device_id][member[0]] = member[1]
        self.tell(device_id, {member[0]: None})

    @precondition(lambda self: self.logged_in)
    @rule(state=st.sampled_from(("0", "30", "100", "230", "300", "99", "299", "-1", "150")))
    def move(self, state: str) -> None:
        """The curtain tells something."""
        self.truth[CURTAIN]["curtainState"] = state
        self.tell(CURTAIN, {"curtainState": None})

    @rule(frame=FRAMES)
    def say_anything(self, frame: Spoken) -> None:
        """Say something of no use to this home."""
        useless = frame[0] in {"0049", "0223", "0144", "0073"} or not self.logged_in
        if useless and frame[0] not in {"0003", "0039", "9999"}:
            self.step((frame[0], {"novelty": frame[1]}))

    @rule(text=st.one_of(st.text(max_size=3), st.sampled_from(("0009{", "ABCD{}", "0005{}"))))
    def say_garbage(self, text: str) -> None:
        """Say what is no frame."""
        self.step(text)

    @rule()
    def answer_ping(self) -> None:
        """Show a sign of life."""
        self.step(Control.PONG)

    # --- time -------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from((0.01, 0.1, 0.3, 1.0, 5.0, 9.9, 14.9)))
    def wait(self, seconds: float) -> None:
        """Let time pass."""
        if self.dead:
            return
        try:
            self.talk.wait(seconds)
        except VendorError:
            self.dead = True
            return
        self.look()

    # --- the client -------------------------------------------------------------------------

    @precondition(lambda self: self.talk.connection.established)
    @rule(
        device_id=st.sampled_from(DEVICES),
        what=st.sampled_from(("on", "off", "led", "led", "lock", "unlock", "level", "stop")),
        number=st.integers(0, 10),
    )
    def wish(self, device_id: str, what: str, number: int) -> None:
        """Want something."""
        if self.dead:
            return
        match what:
            case "on" | "off":
                command = set_power(device_id, what == "on")
            case "led":
                command = set_led(device_id, number)
                self.last_led[device_id] = number
            case "lock" | "unlock":
                command = set_lock(device_id, what == "lock")
            case "level":
                command = set_level(CURTAIN, number * 10)
            case _:
                command = stop_curtain(CURTAIN)
        try:
            ticket = self.talk.connection.submit(command, self.talk.now)
        except CommandError:
            raise AssertionError("there is room and a name") from None
        assert ticket not in self.wishes
        assert ticket not in self.ended
        self.wishes[ticket] = command, self.talk.now
        if command.is_level:
            self.levels[ticket] = command
        self.step()

    @precondition(lambda self: self.wishes)
    @rule(index=st.integers(0, 9))
    def take_back(self, index: int) -> None:
        """Lose interest."""
        if self.dead:
            return
        ticket = sorted(self.wishes)[index % len(self.wishes)]
        command, _ = self.wishes[ticket]
        if "led" in command.wants:
            self.last_led[str(command.device_id)] = None
        self.talk.connection.withdraw(ticket)
        self.taken_back.add(ticket)
        self.step()

    @precondition(lambda self: self.talk.connection.established)
    @rule()
    def refresh(self) -> None:
        """Want the list."""
        if not self.dead:
            ticket = self.talk.connection.refresh(self.talk.now)
            self.wishes[ticket] = Command("0004"), self.talk.now
            self.step()

    # --- what must hold ---------------------------------------------------------------------

    @invariant()
    def never_too_many_frames(self) -> None:
        """Ten within any second."""
        times = self.talk.said_at
        for first, eleventh in zip(times, times[10:], strict=False):
            assert eleventh - first >= 0.999999

    @invariant()
    def silence_is_noticed(self) -> None:
        """A link on which nothing is heard ends."""
        if not self.dead:
            limit = PING_INTERVAL_S + PONG_LIMIT_S if self.logged_in else 10.0
            assert self.talk.now - self.heard_at <= limit + 0.001 or not self.logged_in

    @invariant()
    def what_is_told_is_stored(self) -> None:
        """The inventory is what the server has told, whatever is on its way."""
        if self.dead:
            return
        for device_id, body in self.told.items():
            device = self.talk.devices[device_id]
            assert (device.is_on, device.led, device.name) == (
                *(body["power"], body["led"], body["name"]),
            )

    @invariant()
    def memory_is_bounded(self) -> None:
        """Nothing that the peer says is counted by its own words without end."""
        assert len(self.talk.statistics.unknown) <= 101
        assert len(self.talk.statistics.errors) <= 1001

    def teardown(self) -> None:
        """Let the server obey everything: every wish must be settled, or the link must end, in time."""
        for _ in range(200):
            if (
                self.dead
                or not set(self.wishes) - self.taken_back
                or not self.talk.connection.established
            ):
                break
            while self.inbox and not self.dead:
                self.obey(0, True, True)
            while self.lists_wanted and not self.dead:
                self.answer_list()
            self.wait(1.0)
            self.step(Control.PONG)
        else:
            raise AssertionError(f"{len(self.wishes)} wishes were never settled")
        if not self.dead:
            for device_id, level in self.last_led.items():
                if level is not None:
                    assert self.led_on_the_wire[device_id] == level, "the last wish is lost"


TestConversation = Conversation.TestCase
TestConversation.settings = settings(stateful_step_count=40)


def test_events_are_complete() -> None:
    """This file knows every event there is."""
    known = {getattr(each, "__value__", each) for each in Event.__value__.__args__}
    assert known == set(EVENTS)


def test_limits_are_those_of_the_wire() -> None:
    """What the machine above takes for granted (§14)."""
    assert (COMMAND_LIMIT_S, LIST_LIMIT_S, PING_INTERVAL_S, PONG_LIMIT_S) == (10, 15, 20, 10)
