"""The conversation on one websocket, with literal frames and a clock that is handed in."""

from itertools import permutations
from typing import Any

import pytest

from custom_components.dio_chacon.protocol.connection import (
    AccountRead,
    Connection,
    Listed,
    Overdue,
    RoomsRead,
    StatesRead,
    Statistics,
)
from custom_components.dio_chacon.protocol.const import MAX_IN_FLIGHT, MAX_QUEUED, Movement
from custom_components.dio_chacon.protocol.conversation import Established, Noticed, Settled
from custom_components.dio_chacon.protocol.errors import (
    CommandError,
    ConnectError,
    DeviceSilentError,
    LinkError,
    PeerSilentError,
    RefusedError,
    SessionRefusedError,
    SupersededError,
    ThrottledError,
    UnansweredError,
)
from custom_components.dio_chacon.protocol.frames import Control
from custom_components.dio_chacon.protocol.messages import (
    Account,
    Command,
    Greeting,
    RecordPush,
    Report,
    move_shutter,
    set_open_level,
    set_switch,
)

from .home import (
    BELL,
    CAMERA,
    GREETING,
    LIGHT,
    PLUG,
    REFUSAL,
    SHUTTER,
    USER,
    push,
    record,
    state,
    switched,
)
from .talk import Talk

USER_PATH, LIST_PATH, ROOM_PATH = ("GET", "/user"), ("GET", "/device"), ("GET", "/room")
STATES_PATH = ("POST", "/device/states")
SWITCH_ON = set_switch(PLUG, True)


def settled(events: Any) -> list[Settled]:
    """Pick out what came to its end."""
    return [event for event in events if isinstance(event, Settled)]


def outcomes(events: Any) -> dict[int, type[CommandError] | None]:
    """Tell by ticket how requests ended; none may end twice."""
    ended = settled(events)
    assert len({each.ticket for each in ended}) == len(ended)
    return {each.ticket: type(each.error) if each.error else None for each in ended}


def submit(talk: Talk, command: Command) -> int:
    """Submit a command and take what it makes the connection write."""
    ticket = talk.connection.submit(command, talk.now)
    talk.flush()
    return ticket


@pytest.fixture
def talk() -> Talk:
    """Give a connection on which the handshake is through."""
    return Talk().establish()


# --- greeting and handshake -----------------------------------------------------------------


def test_the_server_speaks_first() -> None:
    """Requests before the greeting are not answered reliably, so there are none."""
    talk = Talk(greet=False)
    talk.wait(9.9)
    talk.hear(push(PLUG, switched(1)), "garbage", {"id": 1, "status": 200}, Control.PING)
    assert talk.sent == []
    assert talk.pings == 0
    assert not talk.connection.greeted


def test_greeting_limit() -> None:
    """Ten seconds, whatever else is heard meanwhile."""
    talk = Talk(greet=False)
    for _ in range(10):
        talk.wait(0.999)
        talk.hear("garbage", Control.PONG, {"id": 5, "status": 200}, {"name": "news"})
    with pytest.raises(PeerSilentError):
        talk.wait(0.011)


def test_refused_greeting() -> None:
    """The session is refused; nothing is said of why."""
    with pytest.raises(SessionRefusedError):
        Talk(greet=False).hear(REFUSAL)


def test_refused_in_mid_session(talk: Talk) -> None:
    """The same word later means the same."""
    with pytest.raises(SessionRefusedError):
        talk.hear(REFUSAL)


@pytest.mark.parametrize("action", ["", "paused", None, 1, {"success": True}])
def test_greeting_that_is_none(action: object) -> None:
    """There is no third value; anything else is news of an unknown kind."""
    talk = Talk(greet=False)
    talk.hear({"name": "connection", "action": action, "data": ""})
    assert not talk.connection.greeted
    assert talk.sent == []


def test_first_requests() -> None:
    """After the greeting: account, list, rooms, at once and without waiting for each other."""
    talk = Talk(greet=False)
    assert talk.hear(GREETING) == [Greeting(True)]
    assert [(each["id"], each["method"], each["path"]) for each in talk.sent] == [
        (1, "GET", "/user"),
        (2, "GET", "/device"),
        (3, "GET", "/room"),
    ]
    assert all(each["parameters"] == {} for each in talk.sent)


def test_account_is_asked_once() -> None:
    """It stays the same for good."""
    talk = Talk(account_known=True)
    assert talk.take() == [LIST_PATH, ROOM_PATH]
    talk.answer_all()
    assert talk.connection.established


def test_second_greeting_is_nothing(talk: Talk) -> None:
    """It starts nothing anew."""
    assert talk.hear(GREETING) == []
    assert talk.sent == []


def test_states_follow_the_list() -> None:
    """One request for all supported devices; never for a type that nobody knows."""
    talk = Talk()
    talk.take()
    talk.answer("/device", talk.records)
    assert talk.take() == [STATES_PATH]
    assert talk.find("/states")["parameters"] == {"devices": [SHUTTER, PLUG, LIGHT, BELL]}


@pytest.mark.parametrize("order", permutations(["/user", "/device", "/room"]))
def test_answers_in_any_order(order: tuple[str, ...]) -> None:
    """Everything is told before the connection says that it is established, and that once."""
    talk = Talk()
    for path in order:
        talk.answer(path, talk.data_for({"path": path}))
        if path != "/device":
            continue
        talk.hear(push(PLUG, switched(1)))
        assert not talk.connection.established
        request = talk.find("/states")
        talk.answer(request, talk.data_for(request))
    assert talk.connection.established
    kinds = [type(event) for event in talk.events]
    assert sorted(kind.__name__ for kind in kinds) == [
        *("AccountRead", "Established", "Greeting", "Listed", "Report", "RoomsRead")
    ]
    for needed in (AccountRead, Listed):
        assert kinds.index(needed) < kinds.index(Established)
    assert next(event for event in talk.events if isinstance(event, AccountRead)).account == (
        Account("Zx81QwErTy", "Sam Ple")
    )


def test_account_answered_last() -> None:
    """The states may be here before the account is."""
    talk = Talk()
    talk.answer("/device", talk.records)
    request = talk.find("/states")
    talk.answer(request, talk.data_for(request))
    assert not talk.connection.established
    events = talk.answer("/user", USER)
    assert [type(event) for event in events] == [AccountRead, Established]


@pytest.mark.parametrize(
    ("records", "read_unknown", "asked"),
    [
        ([], False, None),
        ([], True, None),
        ([record(CAMERA)], False, None),
        ([record(CAMERA)], True, [CAMERA]),
        ([None, {}, {"id": ""}], True, None),
        ([record(PLUG), record(CAMERA)], False, [PLUG]),
        ([record(PLUG), record(PLUG)], False, [PLUG]),
    ],
    ids=str,
)
def test_states_are_never_asked_of_none(
    records: list[Any], read_unknown: bool, asked: list[str] | None
) -> None:
    """An account without devices to ask for is ready after its list."""
    talk = Talk(read_unknown=read_unknown)
    talk.answer("/user", USER)
    talk.answer("/device", records)
    if asked:
        request = talk.find("/states")
        assert request["parameters"] == {"devices": asked}
        talk.answer(request, {})
    assert ("POST", "/device/states") not in talk.take() or asked
    assert talk.connection.established


def test_null_and_missing_states() -> None:
    """They are told as None, not left out."""
    talk = Talk()
    talk.answer("/device", talk.records)
    events = talk.answer("/states", {PLUG: None, LIGHT: state(LIGHT, switched(1))})
    listed = next(event for event in events if isinstance(event, Listed))
    assert set(listed.reports) == {SHUTTER, PLUG, LIGHT, BELL}
    assert listed.reports[PLUG] is None
    assert listed.reports[SHUTTER] is None
    report = listed.reports[LIGHT]
    assert report
    assert report.values == {"connected": True, "is_on": True}


@pytest.mark.parametrize("count", [1, 49, 50, 51, 100, 101, 300, 1000])
def test_states_in_chunks(count: int) -> None:
    """Fifty devices per request, in the order of the list, ten requests at a time."""
    talk = Talk()
    talk.records = [record(f"L4HActuator_{number}") for number in range(count)]
    talk.answer_all()
    assert talk.connection.established
    requests = [each["parameters"]["devices"] for each in talk.sent if "states" in each["path"]]
    assert [len(each) for each in requests[:-1]] == [50] * ((count - 1) // 50)
    assert [each for chunk in requests for each in chunk] == [each["id"] for each in talk.records]


@pytest.mark.parametrize("path", ["/user", "/device", "/states"])
@pytest.mark.parametrize(
    ("status", "error"),
    [
        *((status, ConnectError) for status in (0, 201, 400, 404, 405, 410, 418)),
        *((status, SessionRefusedError) for status in (401, 403)),
        (429, ThrottledError),
    ],
)
def test_handshake_refused(path: str, status: int, error: type[LinkError]) -> None:
    """What cannot be read now is tried on another connection; the session may need a new login."""
    talk = Talk()
    if path == "/states":
        talk.answer("/device", talk.records)
    with pytest.raises(error) as caught:
        talk.answer(path, "a text of the server", status)
    assert "a text of the server" not in str(caught.value)
    assert type(caught.value) is error
    if error is ThrottledError:
        assert caught.value.retry_after_s == 60


@pytest.mark.parametrize("path", ["/user", "/device", "/states"])
@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 599])
def test_handshake_reads_are_retried_once(path: str, status: int) -> None:
    """§10: a back end that fails once is asked again."""
    talk = Talk()
    if path == "/states":
        talk.answer("/device", talk.records)
    talk.take()
    talk.answer(path, None, status)
    assert [each[1] for each in talk.take()] == [f"/device{path}" if path == "/states" else path]
    with pytest.raises(ConnectError):
        talk.answer(path, None, status)

    talk = Talk()
    if path == "/states":
        talk.answer("/device", talk.records)
    talk.answer(path, None, status)
    talk.answer_all()
    assert talk.connection.established


@pytest.mark.parametrize(
    ("path", "data"),
    [
        *(("/user", data) for data in (None, [], {}, {"id": None}, {"id": ""}, {"id": 5})),
        *(("/device", data) for data in (None, {}, "none", 0)),
        *(("/states", data) for data in (None, [], "none", 0)),
    ],
    ids=str,
)
def test_handshake_answers_of_another_shape(path: str, data: object) -> None:
    """An account that cannot be read is no empty account."""
    talk = Talk()
    if path == "/states":
        talk.answer("/device", talk.records)
    with pytest.raises(ConnectError):
        talk.answer(path, data)


@pytest.mark.parametrize("status", [0, 400, 401, 403, 404, 408, 429, 500, 504])
def test_rooms_are_optional(status: int) -> None:
    """Whatever the cloud says to the request for rooms, the account is read."""
    talk = Talk()
    talk.answer("/room", "no", status)
    while not talk.connection.established:
        talk.wait(1)
        talk.hear(Control.PONG)
        for request in list(talk.open.values()):
            talk.answer(request, talk.data_for(request), 500 if "room" in request["path"] else 200)
        assert talk.now < 1100
    assert not any(isinstance(event, RoomsRead) for event in talk.events)


def test_rooms_never_answered() -> None:
    """A cloud that keeps silent about rooms alone is no stuck cloud."""
    talk = Talk()
    for _ in range(8):
        for request in list(talk.open.values()):
            if request["path"] != "/room":
                talk.answer(request, talk.data_for(request))
        talk.hear(Control.PONG)
        talk.wait(15)
    assert talk.connection.established


@pytest.mark.parametrize("data", [None, {}, "rooms", [None], [{"id": 5}]])
def test_rooms_of_another_shape(data: object) -> None:
    """They are no rooms."""
    assert Talk().answer("/room", data) == [RoomsRead({})]


def test_rooms_read() -> None:
    """Names by id."""
    assert Talk().answer("/room", [{"id": "rm-1", "name": "Cuisine"}]) == [
        RoomsRead({"rm-1": "Cuisine"})
    ]


def test_silence_after_the_greeting() -> None:
    """Nothing is answered: two requests without an answer are enough to give up."""
    talk = Talk()
    talk.hear(Control.PONG)
    talk.wait(14.9)
    with pytest.raises(PeerSilentError):
        talk.wait(0.2)


# --- requests and answers -------------------------------------------------------------------


def test_command(talk: Talk) -> None:
    """A command is on the wire at once and ends with its answer."""
    ticket = submit(talk, SWITCH_ON)
    assert talk.sent[-1]["path"] == f"/device/{PLUG}/action/switch"
    assert talk.sent[-1]["parameters"] == {"value": 1}
    assert talk.answer("/switch") == [Settled(ticket)]


def test_number_as_text(talk: Talk) -> None:
    """§5: the number may come back as text."""
    ticket = submit(talk, SWITCH_ON)
    assert talk.hear({"id": str(talk.sent[-1]["id"]), "status": 200}) == [Settled(ticket)]


def test_an_answer_with_a_name_is_an_answer(talk: Talk) -> None:
    """§5: a number that is waited for counts, whatever else the frame holds."""
    ticket = submit(talk, SWITCH_ON)
    frame = {"id": talk.sent[-1]["id"], "name": "session", "action": "logout", "status": 200}
    assert talk.hear(frame) == [Settled(ticket)]


@pytest.mark.parametrize("number", [0, -1, 999, "999", 2**63])
def test_unknown_number(talk: Talk, number: object) -> None:
    """It is dropped quietly and settles nothing."""
    submit(talk, SWITCH_ON)
    assert talk.hear({"id": number, "status": 200}) == []
    assert len(settled(talk.answer("/switch"))) == 1


def test_answered_twice(talk: Talk) -> None:
    """The second answer is nobody's."""
    submit(talk, SWITCH_ON)
    frame = {"id": talk.sent[-1]["id"], "status": 200}
    assert len(settled(talk.hear(frame))) == 1
    assert talk.hear(frame) == []


def test_answers_out_of_order_with_pushes_between(talk: Talk) -> None:
    """Each answer ends the request of its number."""
    tickets = [submit(talk, set_switch(f"d{number}", True)) for number in range(5)]
    for index in (3, 0, 4, 2, 1):
        talk.hear(push(PLUG, switched(1)), "garbage")
        assert talk.answer(f"d{index}/action/switch") == [Settled(tickets[index])]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        *((status, RefusedError) for status in (0, -5, 201, 204, 302, 400, 401, 403, 404, 405)),
        *((status, RefusedError) for status in (409, 410, 500, 502, 503, 599, 12345, 2**63)),
        *((status, DeviceSilentError) for status in (408, 504)),
        *((status, RefusedError) for status in ("200", None, True, [200], {}, 200.0)),
    ],
    ids=str,
)
def test_refused_command(talk: Talk, status: object, error: type[CommandError]) -> None:
    """§10: a number other than 200 is a failure of this command, and of nothing else."""
    ticket = submit(talk, SWITCH_ON)
    (end,) = settled(talk.answer("/switch", "text of the peer", status))
    assert end.ticket == ticket
    assert type(end.error) is error
    assert end.error
    assert end.error.code == (status if type(status) is int else 0)
    assert "text of the peer" not in str(end.error)
    # Not sent again, and the link goes on.
    assert sum(path.endswith("switch") for _, path in talk.take()) == 1
    assert talk.hear(push(PLUG, switched(1)))
    second = submit(talk, SWITCH_ON)
    assert talk.answer("/switch") == [Settled(second)]


@pytest.mark.parametrize("status", [401, 403])
def test_forbidden_device_is_no_lost_session(talk: Talk, status: int) -> None:
    """§3.4.6: on one device it is a refusal, on the account it ends the session."""
    submit(talk, SWITCH_ON)
    talk.answer("/switch", None, status)
    talk.connection.refresh(talk.now)
    talk.wait(0)
    with pytest.raises(SessionRefusedError):
        talk.answer("/device", "Invalid session token", status)


@pytest.mark.parametrize(("status", "again"), [(404, True), (400, False), (500, False)])
def test_unknown_device_refreshes_the_list(talk: Talk, status: int, again: bool) -> None:
    """§10: a device that the cloud does not know any more may be gone from the account."""
    submit(talk, SWITCH_ON)
    talk.answer("/switch", "Object not found.", status)
    talk.take()
    idle(talk, 31)
    assert (LIST_PATH in talk.take()) is again


def test_unanswered_command(talk: Talk) -> None:
    """Fifteen seconds; an answer after that is known to be late and settles nothing."""
    ticket = submit(talk, SWITCH_ON)
    number = talk.sent[-1]["id"]
    assert settled(talk.wait(14.99)) == []
    (end,) = settled(talk.wait(0.02))
    assert (end.ticket, type(end.error)) == (ticket, UnansweredError)
    assert talk.hear({"id": number, "status": 200}) == []
    assert talk.connection.established


def test_answer_at_the_last_moment(talk: Talk) -> None:
    """What the published client took for a failure after half a second is a success."""
    ticket = submit(talk, SWITCH_ON)
    talk.wait(14.99)
    assert talk.answer("/switch") == [Settled(ticket)]
    talk.events.clear()
    idle(talk, 60)
    assert settled(talk.events) == []


def test_two_unanswered_in_a_row(talk: Talk) -> None:
    """A server that answers pings and pushes, but no requests, is stuck."""
    submit(talk, SWITCH_ON)
    talk.wait(1)
    submit(talk, SWITCH_ON)
    talk.wait(13.5)
    talk.hear(Control.PONG, push(PLUG, switched(1)))
    assert outcomes(talk.wait(1)) == {1: UnansweredError}
    with pytest.raises(PeerSilentError):
        talk.wait(1)


def test_unanswered_not_in_a_row(talk: Talk) -> None:
    """One that is answered in between shows that the server lives."""
    for _ in range(5):
        submit(talk, set_switch(LIGHT, True))
        talk.wait(1)
        submit(talk, SWITCH_ON)
        talk.wait(13)
        talk.hear(Control.PONG)
        talk.answer(f"{PLUG}/action/switch")
        talk.wait(2)
        talk.open.clear()
    assert talk.connection.established


def test_numbers_count_up_on_the_wire(talk: Talk) -> None:
    """§5: positive, unique, counting up, also when commands are held back or asked again."""
    submit(talk, set_open_level(SHUTTER, 10))
    submit(talk, set_open_level(SHUTTER, 20))
    submit(talk, SWITCH_ON)
    talk.connection.refresh(talk.now)
    talk.wait(0.3)
    talk.answer("/device", None, 500)
    talk.connection.refresh_state(PLUG, talk.now)
    talk.wait(0.3)
    numbers = [each["id"] for each in talk.sent]
    assert len(numbers) == 6
    assert numbers == sorted(set(numbers))
    assert all(type(number) is int and number > 0 for number in numbers)


def test_few_in_flight(talk: Talk) -> None:
    """Ten at a time; each answer lets the next go, in order."""
    tickets = [submit(talk, set_switch(f"d{number}", True)) for number in range(25)]
    assert len(talk.open) == MAX_IN_FLIGHT == 10
    done = []
    while talk.open:
        request = next(reversed(talk.open.values()))
        done += [event.ticket for event in settled(talk.answer(request))]
        assert len(talk.open) <= 10
    assert sorted(done) == tickets
    assert [each["path"] for each in talk.sent] == [
        f"/device/d{number}/action/switch" for number in range(25)
    ]


def test_limit_counts_from_the_wire(talk: Talk) -> None:
    """A command that waits for its turn has its fifteen seconds from when it is sent."""
    for number in range(11):
        submit(talk, set_switch(f"d{number}", True))
    talk.wait(14)
    for number in range(10):
        talk.answer(f"d{number}/action/switch")
    talk.wait(14)
    assert outcomes(talk.answer("d10/action/switch")) == {11: None}


def test_queue_is_bounded(talk: Talk) -> None:
    """A thousand wait; more are refused at once, and the others still go out."""
    for number in range(MAX_IN_FLIGHT + MAX_QUEUED):
        submit(talk, set_switch(f"d{number}", True))
    with pytest.raises(CommandError) as caught:
        submit(talk, SWITCH_ON)
    assert caught.value.code is None
    talk.answer_all()
    assert len(settled(talk.events)) == MAX_IN_FLIGHT + MAX_QUEUED


# --- what nobody waits for any more ---------------------------------------------------------


def test_withdrawn_before_it_left(talk: Talk) -> None:
    """A command that waits for its turn is not sent; what is sent already runs its course."""
    tickets = [submit(talk, set_switch(f"d{number}", True)) for number in range(12)]
    for ticket in (tickets[0], tickets[10], tickets[10], 999):
        talk.connection.withdraw(ticket)
    talk.answer_all()
    assert f"/device/d{10}/action/switch" not in [each["path"] for each in talk.sent]
    assert len(talk.sent) == 11
    assert outcomes(talk.events) == dict.fromkeys([*tickets[:10], tickets[11]])


def test_withdrawing_one_of_two_alike(talk: Talk) -> None:
    """The same command of another caller stays."""
    for number in range(MAX_IN_FLIGHT):
        submit(talk, set_switch(f"d{number}", True))
    first, second = (submit(talk, SWITCH_ON) for _ in range(2))
    talk.connection.withdraw(first)
    talk.answer_all()
    ended = outcomes(talk.events)
    assert first not in ended
    assert ended[second] is None
    assert len(talk.sent) == MAX_IN_FLIGHT + 1


def test_withdrawn_slider(talk: Talk) -> None:
    """A position that is held back goes out only while somebody waits for it."""
    submit(talk, set_open_level(SHUTTER, 10))
    held = [submit(talk, set_open_level(SHUTTER, position)) for position in (20, 30)]
    talk.connection.withdraw(held[0])
    talk.wait(1)
    assert levels(talk) == [10, 30]
    ticket = submit(talk, set_open_level(SHUTTER, 40))
    talk.wait(0.01)
    last = submit(talk, set_open_level(SHUTTER, 50))
    talk.connection.withdraw(last)
    talk.wait(10)
    assert levels(talk) == [10, 30, 40]
    talk.answer_all()
    assert outcomes(talk.events) == dict.fromkeys([1, held[1], ticket])


def test_what_a_call_tells_is_told_once(talk: Talk) -> None:
    """The client hears at once of a position that a stop takes the place of, and not again later."""
    submit(talk, set_open_level(SHUTTER, 10))
    held = submit(talk, set_open_level(SHUTTER, 20))
    talk.connection.submit(move_shutter(SHUTTER, Movement.STOP), talk.now)
    told = talk.connection.told()
    assert outcomes(told) == {held: SupersededError}
    assert talk.connection.told() == []
    talk.flush()
    talk.answer_all()
    assert held not in outcomes(talk.events)


def test_commands_during_the_handshake() -> None:
    """They go behind the requests of the handshake."""
    talk = Talk()
    ticket = submit(talk, SWITCH_ON)
    assert [path for _, path in talk.take()][:3] == ["/user", "/device", "/room"]
    assert Settled(ticket) in talk.answer_all()


# --- sliders --------------------------------------------------------------------------------


def levels(talk: Talk) -> list[int]:
    """Give the positions that were sent."""
    return [
        each["parameters"]["openLevel"] for each in talk.sent if "openLevel" in each["parameters"]
    ]


def test_slider_comes_to_rest(talk: Talk) -> None:
    """The first position goes at once; of a drag only the last follows, a quarter of a second after it."""
    tickets = []
    for position in range(0, 50, 5):
        tickets.append(submit(talk, set_open_level(SHUTTER, position)))
        talk.wait(0.1)
    assert levels(talk) == [0]
    talk.answer("/openlevel")
    talk.wait(0.14)
    assert levels(talk) == [0]
    talk.wait(0.02)
    assert levels(talk) == [0, 45]
    talk.answer("/openlevel")
    assert outcomes(talk.events) == dict.fromkeys(tickets)


@pytest.mark.parametrize(("pause_s", "sent"), [(0.0, [10]), (0.249, [10]), (0.25, [10, 20])])
def test_slider_pause(talk: Talk, pause_s: float, sent: list[int]) -> None:
    """Two positions a quarter of a second apart are two commands."""
    submit(talk, set_open_level(SHUTTER, 10))
    talk.now += pause_s
    submit(talk, set_open_level(SHUTTER, 20))
    assert levels(talk) == sent
    talk.wait(0.25)
    assert levels(talk) == [10, 20]


def test_sliders_of_two_devices(talk: Talk) -> None:
    """They do not wait for each other."""
    submit(talk, set_open_level(SHUTTER, 10))
    submit(talk, set_open_level("L4HActuator_other", 20))
    assert levels(talk) == [10, 20]


@pytest.mark.parametrize("movement", list(Movement))
def test_a_later_command_takes_the_place_of_a_held_position(talk: Talk, movement: Movement) -> None:
    """Who presses stop must not see the shutter run off a moment later."""
    first = submit(talk, set_open_level(SHUTTER, 10))
    held = [submit(talk, set_open_level(SHUTTER, position)) for position in (20, 30)]
    stop = submit(talk, move_shutter(SHUTTER, movement))
    talk.wait(5)
    assert levels(talk) == [10]
    assert talk.sent[-1]["parameters"] == {"movement": movement.value}
    talk.answer("/openlevel")
    talk.answer("/mvtlinear")
    ends = outcomes(talk.events)
    assert ends == {first: None, stop: None, **dict.fromkeys(held, SupersededError)}


def test_a_command_for_another_device_leaves_a_held_position_alone(talk: Talk) -> None:
    """Only commands for the same device count."""
    submit(talk, set_open_level(SHUTTER, 10))
    submit(talk, set_open_level(SHUTTER, 20))
    submit(talk, SWITCH_ON)
    talk.wait(0.3)
    assert levels(talk) == [10, 20]


def test_refused_slider(talk: Talk) -> None:
    """Every caller whose position was replaced hears how the last one ended."""
    submit(talk, set_open_level(SHUTTER, 10))
    held = [submit(talk, set_open_level(SHUTTER, position)) for position in (20, 30, 40)]
    talk.wait(0.3)
    talk.answer("/openlevel")
    talk.events.clear()
    talk.answer("/openlevel", None, 504)
    assert outcomes(talk.events) == dict.fromkeys(held, DeviceSilentError)


# --- keep-alive -----------------------------------------------------------------------------


def test_ping(talk: Talk) -> None:
    """After twenty seconds of silence, and each twenty seconds after an answer."""
    talk.wait(19.99)
    assert talk.pings == 0
    talk.wait(0.02)
    assert talk.pings == 1
    for count in range(2, 30):
        talk.wait(0.05)
        talk.hear(Control.PONG)
        talk.wait(20)
        assert talk.pings == count


def test_missing_pong(talk: Talk) -> None:
    """Ten seconds late is dead: a half-open link is noticed within half a minute."""
    talk.wait(29.99)
    with pytest.raises(PeerSilentError):
        talk.wait(0.02)


@pytest.mark.parametrize("sign", [Control.PONG, Control.PING, push(PLUG, switched(1)), "garbage"])
def test_any_frame_is_a_sign_of_life(talk: Talk, sign: object) -> None:
    """Whatever is heard shows that the link is not half-open."""
    talk.wait(25)
    talk.hear(sign)
    talk.wait(10)
    assert talk.pings == 1
    for _ in range(20):
        talk.wait(19)
        talk.hear(sign)
    assert talk.pings <= 2


def test_no_ping_while_the_server_talks(talk: Talk) -> None:
    """A busy link needs none."""
    for _ in range(100):
        talk.wait(10)
        talk.hear(push(PLUG, switched(1)))
        talk.answer_all()
    assert talk.pings == 0


# --- what is read by itself -----------------------------------------------------------------


def idle(talk: Talk, seconds: float) -> None:
    """Let time pass on a healthy link where everything is answered."""
    end = talk.now + seconds
    while talk.now < end:
        talk.wait(min(5.0, end - talk.now))
        talk.hear(Control.PONG)
        talk.answer_all()


def test_list_every_quarter_of_an_hour(talk: Talk) -> None:
    """The only way to notice devices that were added or removed; states are not asked again."""
    idle(talk, 899)
    assert talk.take() == []
    idle(talk, 6)
    assert talk.take() == [LIST_PATH]
    idle(talk, 900)
    assert talk.take() == [LIST_PATH]


@pytest.mark.parametrize("interval_s", [300.0, 7200.0])
def test_list_interval(interval_s: float) -> None:
    """The user may choose it."""
    talk = Talk(list_interval_s=interval_s).establish()
    idle(talk, interval_s - 1)
    assert LIST_PATH not in talk.take()
    idle(talk, 6)
    assert LIST_PATH in talk.take()


def test_all_states_every_hour(talk: Talk) -> None:
    """Guards against lost pushes."""
    idle(talk, 3590)
    assert talk.take() == [LIST_PATH] * 3
    idle(talk, 15)
    assert sorted(talk.take()) == [LIST_PATH, STATES_PATH]
    reports = [event for event in talk.events if isinstance(event, StatesRead)]
    assert [set(each.reports) for each in reports] == [{SHUTTER, PLUG, LIGHT, BELL}]


def test_new_device_in_a_later_list(talk: Talk) -> None:
    """Only its state is read, before anybody hears of it."""
    talk.records = [*talk.records, record("L4HActuator_new")]
    idle(talk, 905)
    assert talk.take() == [LIST_PATH, STATES_PATH]
    (listed,) = [event for event in talk.events if isinstance(event, Listed)]
    assert len(listed.records) == 6
    assert set(listed.reports) == {"L4HActuator_new"}


def test_type_that_changed(talk: Talk) -> None:
    """A device of another kind counts as new; one that became unknown is not asked."""
    talk.records = [record(CAMERA, type=".wifi.plug."), record(PLUG, type=".new.")]
    idle(talk, 905)
    (listed,) = [event for event in talk.events if isinstance(event, Listed)]
    assert set(listed.reports) == {CAMERA}


@pytest.mark.parametrize(
    ("frame", "hint"),
    [
        (push("L4HActuator_never_seen"), True),
        ({"name": "device", "action": "update", "data": {"id": "L4HActuator_never_seen"}}, True),
        ({"name": "device", "action": "update", "data": {}}, True),
        ({"name": "device", "action": "added", "data": {}}, True),
        ({"name": "device", "action": None}, True),
        ({"name": "deviceState", "action": "delete", "data": {"di": PLUG}}, True),
        (push(PLUG), False),
        (push(CAMERA), False),
        ({"name": "device", "action": "update", "data": {"id": PLUG}}, False),
        ({"name": "news", "action": "show"}, False),
        ({"id": 999, "status": 404}, False),
        ("garbage", False),
    ],
    ids=str,
)
def test_hints(talk: Talk, frame: object, hint: bool) -> None:
    """§9, §13.6: some news mean that the list is out of date."""
    idle(talk, 60)
    talk.hear(frame)
    idle(talk, 1)
    assert (LIST_PATH in talk.take()) is hint


def test_flood_of_hints(talk: Talk) -> None:
    """However many hints come, the list is read once in half a minute."""
    lists = 0
    for number in range(3000):
        talk.hear(push(f"L4HActuator_{number}"))
        talk.wait(0.1)
        talk.answer_all()
        lists += talk.take().count(LIST_PATH)
    assert 9 <= lists <= 11


def test_hint_while_the_list_is_read(talk: Talk) -> None:
    """The list that is on its way answers it."""
    idle(talk, 60)
    talk.hear(push("L4HActuator_new"))
    talk.wait(0)
    talk.hear(push("L4HActuator_new"))
    talk.records = [*talk.records, record("L4HActuator_new")]
    talk.answer_all()
    talk.hear(push("L4HActuator_new"))
    idle(talk, 60)
    assert talk.take() == [LIST_PATH, STATES_PATH]


def test_list_that_fails_removes_nothing(talk: Talk) -> None:
    """An error tells nothing about devices; the list is read again later."""
    for status, data in ((500, None), (200, {}), (400, None), (200, None)):
        talk.events.clear()
        idle(talk, 60)
        talk.connection.recheck_list()
        talk.wait(0)
        for _ in range(2):
            if talk.open:
                talk.answer("/device", data, status)
        assert not any(isinstance(event, Listed) for event in talk.events)
    talk.take()
    idle(talk, 960)
    assert LIST_PATH in talk.take()


def test_list_whose_states_failed_is_read_again_soon(talk: Talk) -> None:
    """A device without a state is not shown, so it must not stay hidden for a quarter of an hour."""
    talk.records = [*talk.records, record("L4HActuator_new")]
    idle(talk, 60)
    talk.hear(push("L4HActuator_new"))
    talk.wait(0)
    talk.answer("/device", talk.records)
    talk.answer("/states", "no")
    assert not any(isinstance(event, Listed) for event in talk.events)
    talk.take()
    idle(talk, 35)
    assert talk.take()[0] == LIST_PATH
    (listed,) = [event for event in talk.events if isinstance(event, Listed)]
    assert "L4HActuator_new" in listed.reports
    assert talk.connection.established


def test_refresh(talk: Talk) -> None:
    """List and all states at once, whoever asks and however often."""
    tickets = [talk.connection.refresh(talk.now) for _ in range(3)]
    talk.wait(0)
    talk.answer_all()
    assert talk.take() == [LIST_PATH, STATES_PATH]
    (listed,) = [event for event in talk.events if isinstance(event, Listed)]
    assert set(listed.reports) == {SHUTTER, PLUG, LIGHT, BELL}
    assert outcomes(talk.events) == dict.fromkeys(tickets)
    assert talk.events.index(listed) < talk.events.index(Settled(tickets[0]))


def test_refresh_while_the_list_is_read(talk: Talk) -> None:
    """It is satisfied by what is on its way, and reads all states."""
    idle(talk, 31)
    talk.connection.recheck_list()
    talk.wait(0)
    assert talk.take() == [LIST_PATH]
    ticket = talk.connection.refresh(talk.now)
    talk.answer_all()
    talk.wait(1)
    talk.answer_all()
    assert outcomes(talk.events) == {ticket: None}
    assert any(isinstance(event, Listed) and len(event.reports) == 4 for event in talk.events)


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ([("/device", 404)], RefusedError),
        ([("/device", 500), ("/device", 500)], RefusedError),
        ([("/device", 504), ("/device", 408)], DeviceSilentError),
        ([("/device", 200), ("/states", 400)], RefusedError),
        ([("/device", 200), ("/states", 500), ("/states", 504)], DeviceSilentError),
    ],
    ids=str,
)
def test_refresh_that_fails(
    talk: Talk, answers: list[tuple[str, int]], error: type[CommandError]
) -> None:
    """The caller hears of it, and the link stays up."""
    ticket = talk.connection.refresh(talk.now)
    talk.wait(0)
    for path, status in answers:
        talk.answer(path, talk.records if status == 200 else None, status)
    assert outcomes(talk.events) == {ticket: error}
    assert talk.connection.established


def test_unanswered_refresh(talk: Talk) -> None:
    """Asked twice without an answer is a stuck server."""
    talk.connection.refresh(talk.now)
    talk.wait(15.1)
    talk.hear(Control.PONG)
    with pytest.raises(PeerSilentError):
        talk.wait(15.1)


@pytest.mark.parametrize("count", [1, 2, 49, 50, 51, 120])
def test_wishes_for_states_share_a_request(talk: Talk, count: int) -> None:
    """Within a tenth of a second: one request of all, in chunks of fifty."""
    tickets = [
        talk.connection.refresh_state(f"L4HActuator_{number % 60}", talk.now)
        for number in range(count)
    ]
    talk.wait(0.09)
    assert talk.sent == []
    talk.wait(0.02)
    talk.answer_all()
    asked = [each["parameters"]["devices"] for each in talk.sent]
    assert [len(each) for each in asked] == {60: [50, 10]}.get(
        min(count, 60), [min(count, 50)] + ([min(count, 60) - 50] if 50 < count < 60 else [])
    )
    assert outcomes(talk.events) == dict.fromkeys(tickets)


def test_wishes_do_not_postpone_each_other(talk: Talk) -> None:
    """The first of a batch says when it leaves."""
    for _ in range(10):
        talk.connection.refresh_state(PLUG, talk.now)
        talk.wait(0.03)
    talk.answer_all()
    assert 2 <= talk.take().count(STATES_PATH) <= 3


def test_wish_refused(talk: Talk) -> None:
    """Each caller of the batch hears of it."""
    tickets = [talk.connection.refresh_state(each, talk.now) for each in (PLUG, LIGHT)]
    talk.wait(0.1)
    talk.answer("/states", None, 400)
    assert outcomes(talk.events) == dict.fromkeys(tickets, RefusedError)


# --- overdue reports ------------------------------------------------------------------------


def test_overdue_report_is_read_once(talk: Talk) -> None:
    """§10: a 200 means that the cloud took it; without the device's own word its state is asked for, once."""
    talk.connection.expect(PLUG, "is_on", talk.now + 10)
    assert talk.wait(9.99) == []
    assert talk.wait(0.02) == [Overdue((PLUG,))]
    assert talk.find("/states")["parameters"] == {"devices": [PLUG]}
    assert talk.answer("/states", {PLUG: state(PLUG, switched(1))}) == [
        StatesRead({PLUG: Report(PLUG, *report_of(switched(1)))})
    ]
    talk.take()
    idle(talk, 300)
    assert talk.take() == []


def report_of(*links: dict[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    """Build the values and the raw resources of a plug's report."""
    return {"connected": True, "is_on": True}, {str(link["rt"]): link for link in links}


def test_report_in_time(talk: Talk) -> None:
    """What came is not asked for."""
    talk.connection.expect(PLUG, "is_on", talk.now + 10)
    talk.wait(5)
    talk.connection.came(PLUG, "is_on")
    talk.connection.came(PLUG, "is_on")
    talk.connection.came(LIGHT, "is_on")
    idle(talk, 60)
    assert talk.take() == []


def test_other_report_in_time(talk: Talk) -> None:
    """What a device says of something else leaves the expectation alone."""
    talk.connection.expect(PLUG, "is_on", talk.now + 10)
    talk.connection.came(PLUG, "quiet")
    assert Overdue((PLUG,)) in talk.wait(10)


def test_only_a_matching_report_counts(talk: Talk) -> None:
    """§10: a report of the old value does not confirm the command."""
    talk.connection.expect(PLUG, "is_on", talk.now + 10, True)
    talk.connection.came(PLUG, "is_on", False)
    assert Overdue((PLUG,)) in talk.wait(10)
    talk.answer_all()
    talk.connection.expect(PLUG, "is_on", talk.now + 10, False)
    talk.connection.came(PLUG, "is_on", False)
    assert talk.wait(10) == []


def test_overdue_reports_share_a_request(talk: Talk) -> None:
    """Devices that are late together are asked together, and none that left the account."""
    for device_id, what in ((PLUG, "is_on"), (PLUG, "quiet"), (LIGHT, "is_on"), ("gone", "is_on")):
        talk.connection.expect(device_id, what, talk.now + 10)
    assert talk.wait(10) == [Overdue((PLUG, LIGHT, "gone"))]
    assert talk.find("/states")["parameters"] == {"devices": [PLUG, LIGHT]}


def test_later_expectation_replaces_the_earlier(talk: Talk) -> None:
    """The last command counts."""
    talk.connection.expect(PLUG, "is_on", talk.now + 10)
    talk.connection.expect(PLUG, "is_on", talk.now + 15)
    assert talk.wait(14) == []
    assert talk.wait(1) == [Overdue((PLUG,))]


# --- silence that the cloud asks for --------------------------------------------------------


def test_throttle_grows(talk: Talk) -> None:
    """60 s, doubled on repetition up to 300 s; a request that is answered well starts it anew."""
    waits = []
    submit(talk, SWITCH_ON)
    for _ in range(5):
        talk.answer("/switch", "Too many requests", 429)
        waits.append(silence(talk))
    assert waits == [60, 120, 240, 300, 300]
    talk.answer("/switch")
    submit(talk, SWITCH_ON)
    talk.answer("/switch", None, 429)
    assert silence(talk) == 60


def silence(talk: Talk) -> float:
    """Tell how long commands are refused; the one that is taken at last stays open."""
    started = talk.now
    while True:
        try:
            submit(talk, SWITCH_ON)
        except RefusedError as err:
            refusal = err
        else:
            return talk.now - started
        assert refusal.code == 429
        talk.now += 0.5


def test_throttle_counts_a_burst_once(talk: Talk) -> None:
    """Answers to what was in flight together say one and the same thing."""
    for number in range(10):
        submit(talk, set_switch(f"d{number}", True))
    for number in range(10):
        talk.answer(f"d{number}/action/switch", None, 429)
    assert set(outcomes(talk.events).values()) == {RefusedError}
    talk.now += 59.9
    with pytest.raises(RefusedError):
        submit(talk, SWITCH_ON)
    talk.now += 0.2
    submit(talk, SWITCH_ON)


def test_throttle_fails_what_waits(talk: Talk) -> None:
    """Commands that would leave a minute late fail now; nothing is on the wire meanwhile but pings."""
    tickets = [submit(talk, set_switch(f"d{number}", True)) for number in range(15)]
    tickets += [submit(talk, set_open_level(SHUTTER, position)) for position in (10, 20)]
    talk.answer("d0/action/switch", None, 429)
    for number in range(1, 10):
        talk.answer(f"d{number}/action/switch")
    ends = outcomes(talk.events)
    assert set(ends) == set(tickets)
    assert [ends[ticket] for ticket in tickets] == (
        [RefusedError] + [None] * 9 + [RefusedError] * 5 + [RefusedError] * 2
    )
    talk.take()
    for _ in range(11):
        talk.wait(5)
        talk.hear(Control.PONG)
    assert talk.take() == []


def test_pings_go_on_in_the_silence(talk: Talk) -> None:
    """The link is watched all the time."""
    submit(talk, SWITCH_ON)
    talk.answer("/switch", None, 429)
    talk.wait(25)
    assert talk.pings == 1
    with pytest.raises(PeerSilentError):
        talk.wait(6)


def test_reads_wait_for_the_end_of_the_silence(talk: Talk) -> None:
    """What is due meanwhile is done afterwards."""
    submit(talk, SWITCH_ON)
    talk.answer("/switch", None, 429)
    talk.connection.expect(PLUG, "is_on", talk.now + 10)
    talk.connection.recheck_list()
    talk.take()
    for _ in range(11):
        talk.wait(5)
        talk.hear(Control.PONG)
    assert talk.take() == []
    talk.wait(6)
    assert sorted(talk.take()) == [LIST_PATH, STATES_PATH]


def test_refresh_while_throttled(talk: Talk) -> None:
    """Nobody waits for minutes: wishes are refused like commands, those that wait already as well."""
    waiting = [talk.connection.refresh_state(PLUG, talk.now), talk.connection.refresh(talk.now)]
    submit(talk, SWITCH_ON)
    talk.answer("/switch", None, 429)
    talk.wait(1)
    ends = outcomes(talk.events)
    assert {ends.get(ticket) for ticket in waiting} == {RefusedError}
    for wish in (
        lambda: talk.connection.refresh(talk.now),
        lambda: talk.connection.refresh_state(PLUG, talk.now),
    ):
        with pytest.raises(RefusedError) as caught:
            wish()
        assert caught.value.code == 429


def test_read_refused_with_429(talk: Talk) -> None:
    """Our own reads obey as well."""
    talk.connection.refresh(talk.now)
    talk.wait(0)
    talk.answer("/device", None, 429)
    assert set(outcomes(talk.events).values()) == {RefusedError}
    with pytest.raises(RefusedError):
        submit(talk, SWITCH_ON)


# --- the end --------------------------------------------------------------------------------


def test_logout_goes_first(talk: Talk) -> None:
    """Ahead of everything that waits, also when ten are in flight or the cloud wants silence."""
    for number in range(20):
        submit(talk, set_switch(f"d{number}", True))
    ticket = talk.connection.log_out(talk.now)
    talk.flush()
    assert talk.sent[-1]["method"] == "POST"
    assert talk.sent[-1]["path"] == "/session/logout"
    assert talk.sent[-1]["parameters"] == {}
    talk.sent.clear()
    assert Settled(ticket) in talk.answer("/logout")
    assert talk.sent == []


# --- news -----------------------------------------------------------------------------------


def test_pushes(talk: Talk) -> None:
    """A push is told as it came; an unknown resource in it is told as well."""
    assert [type(event) for event in talk.hear(push(PLUG, switched(1)))] == [Report]
    events = talk.hear(push(PLUG, {"rt": "gw.r.new"}, {"rt": "oic.wk.p"}))
    assert events[1:] == [Noticed("gw.r.new")]


def test_renamed(talk: Talk) -> None:
    """A record that is pushed is told."""
    (event,) = talk.hear({"name": "device", "action": "update", "data": {"id": PLUG, "name": "N"}})
    assert isinstance(event, RecordPush)
    assert event.record.name == "N"


def test_odd_frames_are_noticed(talk: Talk) -> None:
    """They are told as something unknown, and cost nothing else."""
    assert talk.hear("not json", "[1]") == [Noticed("frame that is no JSON object")] * 2
    assert talk.hear({"name": "news", "action": "show"}) == [Noticed("news/show")]
    assert talk.connection.established


def test_statistics() -> None:
    """What happened is counted, by numbers that the peer cannot multiply."""
    statistics = Statistics()
    talk = Talk(statistics=statistics).establish()
    assert statistics.connects == 1
    assert statistics.answers == {200: 4}
    for status in (404, "x", 10**9, -3, *range(1000)):
        submit(talk, SWITCH_ON)
        talk.now += 0.001
        talk.answer("/switch", None, status if status != 429 else 404)
    talk.hear({"id": 99999, "status": 200}, push(PLUG))
    submit(talk, SWITCH_ON)
    talk.wait(15)
    assert statistics.answers[404] == 3
    assert statistics.answers[-1] == 4
    assert statistics.answers[0] == 1
    assert len(statistics.answers) <= 1001
    assert statistics.strays == 1
    assert statistics.pushes == 1
    assert statistics.median_answer_s == pytest.approx(0.001)
    assert len(statistics.answer_times_s) == 100
    assert Statistics().median_answer_s is None


def test_unknown_names_are_few() -> None:
    """A peer that invents names does not fill the memory nor the log."""
    statistics = Statistics()
    assert sum(statistics.first_seen(f"n{number % 500}") for number in range(10_000)) == 100
    assert len(statistics.unknown) == 100
    assert not statistics.first_seen("n0")


def test_one_connection_is_one_conversation() -> None:
    """Two connections share nothing but what they were given."""
    first, second = Talk().establish(), Talk().establish()
    submit(first, SWITCH_ON)
    assert second.hear({"id": first.sent[-1]["id"], "status": 200}) == []
    assert isinstance(first.connection, Connection)
