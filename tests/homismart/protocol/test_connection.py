"""The conversation on one websocket, with literal frames and a clock that is handed in."""

from collections.abc import Sequence
from itertools import pairwise
import json
from typing import Any

import pytest

from custom_components.homismart.protocol.connection import (
    Event,
    Failed,
    Listed,
    LoggedIn,
    Pending,
    StoodStill,
    TermsRequired,
)
from custom_components.homismart.protocol.const import (
    CURTAIN_TYPES,
    MAX_FRAMES_PER_S,
    MAX_QUEUED,
    SWITCHED_TYPES,
    Group,
)
from custom_components.homismart.protocol.conversation import Established, Noticed, Settled
from custom_components.homismart.protocol.errors import (
    AuthError,
    CommandError,
    ConnectError,
    DeviceSilentError,
    LinkError,
    PeerSilentError,
    RefusedError,
    SessionRefusedError,
    SupersededError,
    UnansweredError,
    VendorError,
)
from custom_components.homismart.protocol.frames import Control
from custom_components.homismart.protocol.login import VerificationError
from custom_components.homismart.protocol.messages import (
    Command,
    delete_device_timers,
    delete_object,
    delete_timer,
    list_device_timers,
    list_scenes,
    list_timers,
    rename,
    set_closed_position,
    set_icon,
    set_led,
    set_level,
    set_lock,
    set_power,
    stop_curtain,
    switch_group,
)
from tests.common import load_vectors

from .home import (
    BOILER,
    CURTAIN,
    DIGEST,
    DOOR,
    GATE,
    HUB,
    LIGHT,
    MORNING_MS,
    SHARED,
    SHUTTER,
    SOCKET,
    USERNAME,
    lamp,
    objects,
    thing,
)
from .talk import START, Spoken, Talk

LOGIN = ("0002", {"username": USERNAME, "password": DIGEST})
ACCEPTED = ("0003", {"result": True})
NEW_TERMS = ("0003", {"result": True, "shouldConfirmTerms": 1})
LIST, HEARTBEAT = ("0004", {}), ("0072", {})
ALL_OFF = switch_group(False, Group.EVERYTHING, SWITCHED_TYPES, curtains=False)
CLOSE_ALL = switch_group(False, Group.CURTAINS, CURTAIN_TYPES, curtains=True)
MANY = [f"02{number:012}" for number in range(40)]


def kinds(events: Sequence[Event]) -> list[type]:
    """Give the classes of events."""
    return [type(event) for event in events]


def listed(*bodies: object) -> Spoken:
    """Build the list of the account, or of these objects."""
    return "0005", list(bodies) if bodies else objects()


def error(code: object) -> Spoken:
    """Build an error frame."""
    return "9999", {"code": code, "info": "x"}


def alive(talk: Talk, seconds: float) -> None:
    """Let time pass on a link that answers pings."""
    end = talk.now + seconds
    while talk.now < end:
        talk.wait(min(5.0, end - talk.now))
        talk.hear(Control.PONG)


@pytest.fixture
def talk() -> Talk:
    """Give a connection on which login and list are through, long ago enough for anything."""
    talk = Talk().log_in()
    alive(talk, 31)
    talk.forget()
    return talk


@pytest.fixture
def crowd() -> Talk:
    """Give a connection to a home with many lamps beside the fixture's devices."""
    talk = Talk().log_in([*objects(), *(lamp(device_id, power=True) for device_id in MANY)])
    alive(talk, 31)
    talk.forget()
    return talk


# --- login ----------------------------------------------------------------------------------


def test_the_login_is_the_first_frame() -> None:
    """And the only one until it is answered, whatever is heard (§4)."""
    talk = Talk()
    assert talk.take() == [LOGIN]
    talk.hear("garbage", ("0009", thing(LIGHT)), listed(), ("0049", {}), ("0223", {}), Control.PING)
    talk.wait(9.9)
    assert talk.take() == []
    assert talk.pings == 0
    assert not talk.connection.established
    assert not talk.connection.logged_in


def test_silence_after_the_login() -> None:
    """Ten seconds, then it is a matter of the link, not of the password (transcript ``login_silent``)."""
    talk = Talk()
    for _ in range(9):
        talk.wait(1)
        talk.hear("garbage", Control.PONG)
    talk.wait(0.99)
    with pytest.raises(PeerSilentError):
        talk.wait(0.02)


def test_login_answered_in_the_last_moment() -> None:
    """The limit is over with the answer."""
    talk = Talk()
    talk.wait(9.99)
    talk.hear(ACCEPTED)
    talk.wait(14)
    assert talk.connection.logged_in


def test_accepted() -> None:
    """The list is asked for, and nothing is known before it is here (§5)."""
    talk = Talk()
    talk.take()
    assert kinds(talk.hear(ACCEPTED)) == [LoggedIn]
    assert talk.take() == [LIST]
    assert not talk.connection.established
    told = [kind for kind in kinds(talk.hear(listed())) if kind is not Noticed]
    assert told == [Listed, Established]
    assert talk.connection.established
    assert talk.take() == []
    assert talk.statistics.connects == 1
    assert talk.statistics.last_login == talk.wall()


@pytest.mark.parametrize(
    "frame", ['0003{"result":false}', "0003{}", "0003", '0003{"result":"false"}', "0003[]"]
)
def test_refused(frame: str) -> None:
    """An auth error at once, also when the result is missing (§4), at the login and later."""
    for talk in (Talk(), Talk().log_in()):
        with pytest.raises(AuthError) as caught:
            talk.hear(frame)
        assert type(caught.value) is AuthError


@pytest.mark.parametrize(
    "row", load_vectors("homismart", "error_codes")["rows"], ids=lambda row: str(row["code"])
)
def test_error_as_login_answer(row: dict[str, Any]) -> None:
    """Auth codes stop, all others are trouble of the server and retried (§4, §11)."""
    for code in (row["code"], str(row["code"])):
        with pytest.raises(VendorError) as caught:
            Talk().hear(error(code))
        if row["treat_as"].startswith("auth"):
            assert isinstance(caught.value, AuthError)
            wanted = "verification" in row["meaning"]
            assert isinstance(caught.value, VerificationError) is wanted
        else:
            assert isinstance(caught.value, ConnectError)


@pytest.mark.parametrize("body", [{}, {"info": "x"}, {"code": 12345}, {"code": None}, []], ids=str)
def test_unknown_error_as_login_answer(body: object) -> None:
    """What nobody knows is no reason to ask for a password."""
    with pytest.raises(ConnectError):
        Talk().hear(("9999", body))


def test_a_second_login_answer_is_nothing() -> None:
    """It starts nothing anew."""
    talk = Talk().log_in()
    assert talk.hear(ACCEPTED, NEW_TERMS) == []
    assert talk.take() == []


def test_nothing_counts_before_the_login() -> None:
    """What a server says to somebody it has not let in is not news of the home."""
    talk = Talk()
    talk.hear(
        ("0009", thing(LIGHT)),
        ("0013", {"result": True, "status": thing(SOCKET)}),
        ("0015", {"result": True, "status": {"id": LIGHT}}),
        ("0049", {"id": HUB, "onLine": False}),
        listed(),
    )
    assert talk.events == []
    assert not talk.devices


# --- terms ----------------------------------------------------------------------------------


def test_terms_are_confirmed_first() -> None:
    """With the user's consent: confirm, wait for the answer, then ask for the list (§4, ``login_terms``)."""
    talk = Talk(accept_terms=lambda: True)
    talk.take()
    assert TermsRequired in kinds(talk.hear(NEW_TERMS))
    assert talk.take() == [("0222", {})]
    talk.wait(2.9)
    assert talk.take() == []
    talk.hear(("0223", {"result": True}))
    assert talk.take() == [LIST]
    talk.wait(4)
    talk.hear(("0223", {"result": True}))
    assert talk.take() == []


def test_terms_whose_confirmation_is_not_answered() -> None:
    """After three seconds the list is asked for all the same."""
    talk = Talk(accept_terms=lambda: True)
    talk.hear(NEW_TERMS)
    talk.take()
    talk.wait(2.99)
    assert talk.take() == []
    talk.wait(0.02)
    assert talk.take() == [LIST]


def test_terms_without_consent() -> None:
    """Nobody confirms in the user's name; the list may come without (mapping §4)."""
    talk = Talk()
    talk.take()
    assert kinds(talk.hear(NEW_TERMS)) == [LoggedIn, TermsRequired]
    assert talk.take() == [LIST]
    talk.hear(listed())
    assert talk.connection.established


def test_terms_confirmed_later() -> None:
    """The list is asked for again, for it may have been withheld."""
    talk = Talk()
    talk.hear(NEW_TERMS)
    talk.wait(16)
    talk.forget()
    talk.connection.confirm_terms()
    talk.act()
    assert talk.take() == [("0222", {})]
    talk.hear(("0223", {}))
    assert talk.take() == [LIST]
    talk.hear(listed())
    assert talk.connection.established


def test_confirmation_nobody_asked_for() -> None:
    """Is news of no use."""
    talk = Talk().log_in()
    talk.hear(("0223", {}))
    assert talk.take() == []


# --- list -----------------------------------------------------------------------------------


def test_a_list_that_does_not_come() -> None:
    """It is asked for three times, fifteen seconds apart, then the link is given up (§5)."""
    talk = Talk()
    talk.hear(ACCEPTED)
    talk.said_at.clear()
    talk.take()
    with pytest.raises(PeerSilentError):
        alive(talk, 60)
    assert talk.prefixes() == ["0004", "0004"]
    assert [round(at - START) for at in talk.said_at] == [15, 30]
    assert round(talk.now - START) == 45


@pytest.mark.parametrize("body", [{}, None, "x", 5, {"devices": []}], ids=str)
def test_a_list_that_is_none(body: object) -> None:
    """It is ignored, and asked for again (§5)."""
    talk = Talk()
    talk.hear(ACCEPTED)
    talk.take()
    talk.hear(("0005", body))
    assert not talk.connection.established
    alive(talk, 15.1)
    assert talk.take() == [LIST]
    talk.hear(listed())
    assert talk.connection.established


def test_an_empty_account() -> None:
    """A list of nothing is a list."""
    talk = Talk().log_in([])
    assert talk.connection.established


def test_pushes_before_the_list() -> None:
    """They count: the list may have been made before."""
    talk = Talk()
    talk.hear(ACCEPTED, ("0009", thing(LIGHT, power=False)))
    assert talk.devices[LIGHT].is_on is False


def test_the_list_is_read_now_and_then() -> None:
    """Every ten minutes, which also finds a session that is stuck (§14)."""
    talk = Talk().log_in()
    for _ in range(3):
        alive(talk, 599)
        assert [each for each in talk.prefixes() if each != "0072"] == []
        alive(talk, 2)
        assert "0004" in talk.prefixes()
        alive(talk, 3)
        talk.hear(listed())
        alive(talk, -1)


def test_how_often_is_an_option() -> None:
    """Two minutes to an hour (mapping §4)."""
    talk = Talk(list_interval_s=120.0).log_in()
    alive(talk, 119)
    assert "0004" not in talk.prefixes()
    alive(talk, 2)
    assert "0004" in talk.prefixes()


def test_a_stuck_session_is_noticed_by_the_list() -> None:
    """A server that answers pings and nothing else ends the link (§14, §16.2 #14)."""
    talk = Talk().log_in()
    with pytest.raises(PeerSilentError):
        alive(talk, 600 + 46)


def test_refresh() -> None:
    """The list is asked for now, and the wish is settled by it."""
    talk = Talk().log_in()
    ticket = talk.connection.refresh(talk.now)
    talk.act()
    assert talk.take() == [LIST]
    talk.hear(("0005", {}))
    assert talk.outcomes == {}
    talk.hear(listed())
    assert talk.outcomes == {ticket: None}


def test_refresh_while_a_list_is_on_its_way() -> None:
    """That list may have been made before: another one follows it, once for all who wait."""
    talk = Talk().log_in()
    first = talk.connection.refresh(talk.now)
    talk.act()
    second, third = talk.connection.refresh(talk.now), talk.connection.refresh(talk.now)
    talk.act()
    assert talk.take() == [LIST]
    talk.hear(listed())
    assert talk.outcomes == {first: None}
    assert talk.take() == [LIST]
    talk.hear(listed())
    assert talk.outcomes == {first: None, second: None, third: None}
    alive(talk, 29)
    assert talk.take() == []


# --- hints ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "frame",
    [
        "0049{}",
        "0049",
        '0049{"id":"007A5C11D20E94","onLine":false}',
        '0049{"what":"ever"}',
        '0009{"id":"02664110009397","power":true}',
        '9999{"code":5}',
        '9999{"code":7}',
    ],
)
def test_hints(talk: Talk, frame: str) -> None:
    """News that say that the list is out of date have it read (§8, §11)."""
    talk.hear(frame)
    assert talk.take() == [LIST]


def test_hints_are_followed_every_thirty_seconds(talk: Talk) -> None:
    """However many there are (§8)."""
    asked = []
    for _ in range(200):
        talk.hear(("0049", {}))
        talk.wait(0.5)
        if talk.prefixes():
            asked.append(talk.now)
            talk.hear(listed())
    assert 3 <= len(asked) <= 4
    assert all(later - sooner >= 29.5 for sooner, later in pairwise(asked))


def test_a_hint_right_after_the_list() -> None:
    """It waits, and is not forgotten."""
    talk = Talk().log_in()
    talk.hear(("0049", {}))
    talk.wait(19)
    talk.hear(Control.PONG)
    talk.wait(10.5)
    assert "0004" not in talk.prefixes()
    talk.wait(1)
    assert "0004" in talk.prefixes()


def test_hint_while_a_list_is_on_its_way(talk: Talk) -> None:
    """The list may have been made before: it is read once more."""
    talk.connection.refresh(talk.now)
    talk.act()
    assert talk.take() == [LIST]
    talk.push("02664110009397", power=True)
    talk.hear(listed())
    alive(talk, 31)
    assert talk.prefixes().count("0004") == 1


def test_a_hub_notice_counts_at_once(talk: Talk) -> None:
    """If it says which hub and how (§8)."""
    talk.hear(("0049", {"id": HUB, "onLine": False}))
    assert talk.devices[LIGHT].reachable is False


@pytest.mark.parametrize("body", [{"id": HUB}, {"onLine": False}, [HUB]], ids=str)
def test_a_hub_notice_that_says_too_little(talk: Talk, body: object) -> None:
    """It is only a hint."""
    talk.hear(("0049", body))
    assert talk.changes == []


# --- staying alive --------------------------------------------------------------------------


def test_heartbeat() -> None:
    """After thirty seconds in which nothing was said; pings do not count (transcript ``heartbeat``)."""
    talk = Talk().log_in()
    talk.wait(20)
    talk.hear(Control.PONG)
    talk.wait(9.9)
    assert talk.take() == []
    talk.wait(0.2)
    assert talk.take() == [HEARTBEAT]
    alive(talk, 29)
    assert talk.take() == []
    alive(talk, 1.5)
    assert talk.take() == [HEARTBEAT]


def test_no_heartbeat_when_something_was_said(talk: Talk) -> None:
    """A command is a sign of life as good as any."""
    alive(talk, 20)
    talk.forget()
    talk.submit(set_power(LIGHT, False))
    talk.push(LIGHT, power=False)
    assert talk.prefixes() == ["0006"]
    alive(talk, 29)
    assert talk.take() == []
    alive(talk, 2)
    assert talk.take() == [HEARTBEAT]


def test_an_answer_to_a_heartbeat_is_nothing(talk: Talk) -> None:
    """Whether there is one is not known (§18)."""
    talk.hear("0073{}")
    assert talk.take() == []


def test_ping() -> None:
    """Every twenty seconds of silence, answered within ten, else the peer is gone (§14)."""
    talk = Talk().log_in()
    talk.wait(19.9)
    assert talk.pings == 0
    talk.wait(0.2)
    assert talk.pings == 1
    talk.wait(9.8)
    with pytest.raises(PeerSilentError):
        talk.wait(0.2)


@pytest.mark.parametrize(
    "frame",
    [Control.PONG, Control.PING, "garbage", "0777{}", '0009{"id":"02664110009301"}'],
    ids=repr,
)
def test_whatever_is_heard_is_a_sign_of_life(frame: str | Control) -> None:
    """Also what nobody understands."""
    talk = Talk().log_in()
    for _ in range(10):
        talk.wait(29.9)
        talk.hear(frame)
    assert talk.pings == 10
    talk.hear(frame)
    talk.wait(19)
    assert talk.pings == 10


def test_a_dead_link_is_noticed_within_thirty_seconds() -> None:
    """Whenever it died, and whatever is being waited for."""
    talk = Talk().log_in()
    talk.submit(set_power(LIGHT, False))
    with pytest.raises(PeerSilentError):
        talk.wait(30.1)
    assert talk.now - START <= 30.1


# --- odd frames -----------------------------------------------------------------------------


def test_odd_frames(talk: Talk) -> None:
    """None of them ends the link, and the next one counts (§3, transcript ``odd_frames``)."""
    for text in ("", "0", "0009{", "ABCD{}", '0777{"x":1}', "0005{}", "0009[]", "99999"):
        for event in talk.hear(text):
            assert isinstance(event, Noticed | Failed)
    assert changed_power(talk, LIGHT, False)


def changed_power(talk: Talk, device_id: str, on: bool) -> bool:
    """Report a switch, and tell whether that was taken."""
    talk.push(device_id, power=on)
    return talk.devices[device_id].is_on is on


def test_unknown_prefixes_are_noticed_briefly(talk: Talk) -> None:
    """By their number, which is all that is kept of them."""
    (event,) = talk.hear(("0777", {"secret": "x"}))
    assert event == Noticed("0777")


def test_unknown_types_and_codes_are_noticed(talk: Talk) -> None:
    """So that users can report them (§18)."""
    events = [*talk.hear(("0009", lamp("77", type=77))), *talk.hear(error(12345))]
    noticed = [event.what for event in events if isinstance(event, Noticed)]
    assert any("77" in what for what in noticed)
    assert any("12345" in what for what in noticed)


# --- commands -------------------------------------------------------------------------------


def test_a_command_is_settled_by_a_report_that_shows_it(talk: Talk) -> None:
    """Nothing acknowledges it directly (§10, §12)."""
    ticket = talk.submit(set_power(SOCKET, True))
    body = talk.taken("0006")
    assert body == {
        **thing(SOCKET),
        "power": True,
        "lastOn": "2026-04-01 08:00:31",
        "updateTime": MORNING_MS + 31_000,
    }
    talk.push(SOCKET, led=5)
    talk.push(LIGHT, power=True)
    talk.push(SOCKET, power=False)
    assert talk.outcomes == {}
    talk.push(SOCKET, power=True)
    assert talk.outcomes == {ticket: None}
    talk.push(SOCKET, power=True)
    assert talk.outcomes == {ticket: None}


@pytest.mark.parametrize(
    ("command", "members"),
    [
        (set_power(LIGHT, True), {"power": True}),
        (set_level(CURTAIN, 30), {"curtainState": "230"}),
        (set_lock(DOOR, True), {"lock": "2"}),
        (set_led(LIGHT, 100), {"led": 100}),
        (rename(LIGHT, "Corridor"), {"name": "Corridor"}),
    ],
    ids=["power", "level", "lock", "led", "name"],
)
def test_commands_are_always_sent(talk: Talk, command: Command, members: dict[str, object]) -> None:
    """What is stored may be the thing that is wrong (§12, §16.2 #6)."""
    ticket = talk.submit(command)
    assert len(talk.take()) == 1
    assert talk.outcomes == {}
    talk.push(str(command.device_id), **members)
    assert talk.outcomes == {ticket: None}


def test_what_is_on_its_way_is_told(talk: Talk) -> None:
    """By field, from the submission to the end."""
    talk.submit(set_power(SOCKET, True))
    talk.submit(set_led(SOCKET, 40))
    assert talk.devices[SOCKET].pending == {"is_on": True, "led": 40}
    assert talk.devices[SOCKET].is_on is False
    talk.push(SOCKET, power=True)
    assert talk.devices[SOCKET].pending == {"led": 40}
    talk.hear(error(40))
    assert talk.devices[SOCKET].pending == {}
    assert [event for event in talk.events if isinstance(event, Pending)][-1].wants == {}


def test_an_unknown_device(talk: Talk) -> None:
    """There is no object to send back."""
    ticket = talk.submit(set_power("02nobody", True))
    assert talk.take() == []
    assert talk.outcomes == {ticket: RefusedError}


def test_one_command_of_a_device_at_a_time(talk: Talk) -> None:
    """Further ones wait, those of other devices do not (§12)."""
    for command in (set_power(SOCKET, True), set_led(SOCKET, 40), set_power(LIGHT, False)):
        talk.submit(command)
    assert talk.prefixes() == ["0006", "0006"]
    talk.push(SOCKET, power=True)
    assert talk.take() == [("0030", {"devid": SOCKET, "ledDevice": 40})]


def test_order_is_kept(talk: Talk) -> None:
    """Commands of one device leave in the order in which they were given."""
    wishes = [
        (set_power(SOCKET, True), {"power": True}),
        (set_led(SOCKET, 40), {"led": 40}),
        (rename(SOCKET, "Dryer"), {"name": "Dryer"}),
        (set_power(SOCKET, False), {"power": False}),
        (set_led(SOCKET, 0), {"led": 0}),
    ]
    tickets = [talk.submit(command) for command, _ in wishes]
    left = []
    for _, members in wishes:
        left += talk.prefixes()
        talk.push(SOCKET, **members)
    assert left == ["0006", "0030", "0016", "0006", "0030"]
    assert talk.outcomes == dict.fromkeys(tickets)


def test_queue_limit(talk: Talk) -> None:
    """A caller that asks for ever more is told no."""
    talk.submit(set_power(SOCKET, True))
    for number in range(MAX_QUEUED):
        talk.connection.submit(rename(SOCKET, f"n{number}"), talk.now)
    with pytest.raises(CommandError):
        talk.connection.submit(rename(SOCKET, "one more"), talk.now)


# --- the next write carries what has become known -------------------------------------------


@pytest.mark.parametrize(
    ("first", "members"),
    [
        (set_led(CURTAIN, 40), {"led": 40}),
        (rename(CURTAIN, "Window"), {"name": "Window"}),
        (set_icon(CURTAIN, "7"), {"iconId": "7"}),
        (set_lock(CURTAIN, True), {"lock": "2"}),
        (set_closed_position(CURTAIN, 4), {"closedPosition": 4}),
        (set_power(CURTAIN, True), {"power": True}),
        (set_level(CURTAIN, 80), {"curtainState": "280"}),
    ],
    ids=["led", "name", "icon", "lock", "closed position", "power", "level"],
)
@pytest.mark.parametrize("whole", [True, False], ids=["whole", "partial"])
def test_next_write_carries_what_the_first_has_done(
    talk: Talk, first: Command, members: dict[str, object], whole: bool
) -> None:
    """Two quick commands do not undo each other (§10.1, §16.2 #5, transcript ``two_commands``)."""
    second = set_power(CURTAIN, False) if "curtainState" in members else set_level(CURTAIN, 50)
    talk.submit(first)
    talk.submit(second)
    talk.take()
    talk.push(CURTAIN, **({**thing(CURTAIN), **members} if whole else members))
    body = talk.taken("0006")
    for name, value in members.items():
        assert body[name] == value


def test_next_write_carries_what_another_controller_did_between(talk: Talk) -> None:
    """A foreign push between two commands of ours goes along with the second (§10.1)."""
    talk.submit(set_power(CURTAIN, True))
    talk.submit(set_level(CURTAIN, 50))
    talk.take()
    talk.push(CURTAIN, closedPosition=3, name="Window", novelty={"scene": 4})
    talk.push(CURTAIN, power=True)
    body = talk.taken("0006")
    assert (body["closedPosition"], body["name"], body["novelty"]) == (3, "Window", {"scene": 4})
    assert (body["power"], body["curtainState"]) == (True, "50")


def test_next_write_carries_what_came_together_with_the_settlement(talk: Talk) -> None:
    """One report may settle our command and bring a foreign change at once."""
    talk.submit(set_led(CURTAIN, 40))
    talk.submit(set_level(CURTAIN, 50))
    talk.take()
    talk.push(CURTAIN, led=40, closedPosition=3)
    assert talk.taken("0006")["closedPosition"] == 3


def test_next_write_carries_what_the_list_says(talk: Talk) -> None:
    """Also when the first was settled by the list."""
    talk.submit(set_led(CURTAIN, 40))
    talk.submit(set_level(CURTAIN, 50))
    talk.take()
    alive(talk, 10.5)
    assert talk.take() == [LIST]
    talk.hear(listed(*[{**each, "led": 40, "closedPosition": 3} for each in objects()]))
    body = talk.taken("0006")
    assert (body["led"], body["closedPosition"]) == (40, 3)


def test_next_write_carries_no_wish_that_has_failed(talk: Talk) -> None:
    """What was refused has not happened."""
    talk.submit(set_power(CURTAIN, True))
    talk.submit(set_level(CURTAIN, 50))
    talk.take()
    talk.hear(error(40))
    body = talk.taken("0006")
    assert (body["power"], body["curtainState"]) == (False, "50")


def test_a_write_is_built_when_it_leaves(talk: Talk) -> None:
    """Not when it is asked for: news in between, and the time, count."""
    talk.submit(set_power(SOCKET, True))
    talk.submit(set_power(SOCKET, False))
    talk.take()
    alive(talk, 5)
    talk.push(SOCKET, power=True, consumption=7)
    body = talk.taken("0006")
    assert body["consumption"] == 7
    assert body["updateTime"] == MORNING_MS + 36_000


def test_waiting_command_of_a_deleted_device(talk: Talk) -> None:
    """What is gone is not written to any more."""
    first, second = talk.submit(set_power(SOCKET, True)), talk.submit(set_led(SOCKET, 5))
    talk.take()
    talk.hear(("0015", {"result": True, "status": {"id": SOCKET}}))
    assert talk.take() == []
    assert talk.outcomes == {first: RefusedError, second: RefusedError}


@pytest.mark.parametrize("depth", [100, 260, 1000])
def test_what_is_stored_can_be_written(talk: Talk, depth: int) -> None:
    """A peer cannot make a command fail in the middle, let alone the link."""
    talk.hear(f'0009{{"id":"{SOCKET}","novelty":{"[" * depth}{"]" * depth}}}')
    ticket = talk.submit(set_power(SOCKET, True))
    talk.taken("0006")
    talk.push(SOCKET, power=True)
    assert talk.outcomes == {ticket: None}


# --- merging --------------------------------------------------------------------------------


def wire(talk: Talk, *commands: Command) -> tuple[list[object], list[int]]:
    """Submit commands of one device at once and let each take effect; gives what left, and the tickets."""
    tickets = [talk.submit(command) for command in commands]
    left: list[object] = []
    for _ in range(20):
        taken = talk.take()
        if not taken:
            break
        ((prefix, body),) = taken
        match prefix:
            case "0006":
                member = "power" if "curtainState" not in body else "curtainState"
                left.append(body[member])
                talk.push(body["id"], **{member: body[member]})
            case "0016":
                left.append((body["name"], body["lock"]))
                talk.push(body["devid"], name=body["name"], lock=body["lock"])
            case _:
                left.append(body["ledDevice"])
                talk.push(body["devid"], led=body["ledDevice"])
    return left, tickets


def test_identical_commands_are_merged(talk: Talk) -> None:
    """Those that wait and are the same are one, and all their callers hear of its end (§12)."""
    on, off = set_power(SOCKET, True), set_power(SOCKET, False)
    left, tickets = wire(talk, on, off, off, off)
    assert left == [True, False]
    assert talk.outcomes == dict.fromkeys(tickets)


@pytest.mark.parametrize(
    ("commands", "expected"),
    [
        ([set_power(SOCKET, on) for on in (True, False, True, False)], False),
        ([set_power(SOCKET, on) for on in (False, True, False, True, False, True)], True),
        ([set_lock(SOCKET, locked) for locked in (True, False, True, False)], ("Washer", "1")),
        ([set_lock(SOCKET, locked) for locked in (False, True, False, True)], ("Washer", "2")),
        ([rename(SOCKET, name) for name in ("A", "B", "A", "B", "A")], ("A", "1")),
        ([set_led(SOCKET, level) for level in (0, 50, 0, 50)], 50),
    ],
    ids=["on and off", "off and on", "unlock last", "lock last", "name", "led"],
)
def test_identical_commands_merge_only_in_order(
    talk: Talk, commands: list[Command], expected: object
) -> None:
    """The last wish is what counts in the end, whatever was wished before."""
    left, tickets = wire(talk, *commands)
    assert left[-1] == expected
    assert talk.outcomes == dict.fromkeys(tickets)


def test_merging_looks_at_one_device_only(talk: Talk) -> None:
    """The same wish for another device is another wish."""
    for device_id in (LIGHT, SOCKET):
        talk.submit(set_led(device_id, 1))
        talk.submit(set_led(device_id, 2))
        talk.submit(set_led(device_id, 2))
    talk.take()
    talk.push(LIGHT, led=1)
    talk.push(SOCKET, led=1)
    assert [body["devid"] for _, body in talk.take()] == [LIGHT, SOCKET]


def test_the_last_level_wins(talk: Talk) -> None:
    """Of levels that wait only the last is sent; every caller hears of its end (§12)."""
    tickets = [talk.submit(set_level(CURTAIN, level)) for level in (10, 20, 30, 40, 50)]
    assert talk.taken("0006")["curtainState"] == "10"
    talk.push(CURTAIN, curtainState="10")
    assert talk.taken("0006")["curtainState"] == "50"
    assert talk.outcomes == {tickets[0]: None}
    talk.push(CURTAIN, curtainState="50")
    assert talk.outcomes == dict.fromkeys(tickets)


def test_a_level_does_not_overtake_what_was_asked_before(talk: Talk) -> None:
    """A newer level takes the place of the older one, behind what waits before it."""
    for command in (set_led(CURTAIN, 1), set_level(CURTAIN, 10), set_led(CURTAIN, 2)):
        talk.submit(command)
    talk.submit(set_level(CURTAIN, 90))
    talk.take()
    talk.push(CURTAIN, led=1)
    following = talk.take()
    assert [prefix for prefix, _ in following] in (["0006"], ["0030"])
    talk.push(CURTAIN, curtainState="90", led=2)
    assert len(talk.take()) == 1
    states = [body.get("curtainState") for prefix, body in following if prefix == "0006"]
    assert "10" not in states


# --- stop -----------------------------------------------------------------------------------


def test_stop(talk: Talk) -> None:
    """It is sent all the same when nothing moves; a standing report settles it (transcript ``curtain_stop_99``)."""
    ticket = talk.submit(stop_curtain(CURTAIN))
    assert talk.taken("0006")["curtainState"] == "99"
    talk.push(CURTAIN, curtainState="99")
    assert talk.outcomes == {ticket: None}
    assert talk.devices[CURTAIN].level == 30


@pytest.mark.parametrize("state", ["260", "99", "299"])
def test_stop_supersedes_a_movement(talk: Talk, state: str) -> None:
    """It does not wait for the movement to be confirmed, whose caller is told (transcript ``curtain_stop``)."""
    level = talk.submit(set_level(CURTAIN, 100))
    waiting = talk.submit(set_level(CURTAIN, 50))
    stop = talk.submit(stop_curtain(CURTAIN))
    assert [body["curtainState"] for _, body in talk.take()] == ["100", "99"]
    assert talk.outcomes == {level: SupersededError, waiting: SupersededError}
    talk.push(CURTAIN, curtainState="100")
    assert talk.outcomes.get(stop, "open") == "open"
    talk.push(CURTAIN, curtainState=state)
    assert talk.outcomes[stop] is None
    talk.wait(1)
    assert talk.take() == []


@pytest.mark.parametrize(
    "command",
    [
        set_led(CURTAIN, 5),
        rename(CURTAIN, "x"),
        set_closed_position(CURTAIN, 5),
        set_lock(CURTAIN, True),
    ],
    ids=["led", "name", "closed position", "lock"],
)
def test_stop_does_not_wait_for_other_commands(talk: Talk, command: Command) -> None:
    """Somebody may have a hand in there."""
    talk.submit(command)
    talk.submit(set_icon(CURTAIN, "3"))
    talk.take()
    talk.submit(stop_curtain(CURTAIN))
    assert talk.taken("0006")["curtainState"] == "99"


def test_stop_goes_ahead_of_the_queue(crowd: Talk) -> None:
    """The limit of frames holds it up for a second at most, not for all that waits before."""
    crowd.submit(set_level(CURTAIN, 100))
    for device_id in MANY:
        crowd.submit(set_power(device_id, False))
    crowd.submit(stop_curtain(CURTAIN))
    crowd.wait(1.01)
    sent = [body for prefix, body in crowd.take() if prefix == "0006"]
    position = next(index for index, body in enumerate(sent) if body.get("curtainState") == "99")
    assert position <= MAX_FRAMES_PER_S


def test_stop_is_not_overtaken_by_what_was_asked_before(crowd: Talk) -> None:
    """Nothing that waits and moves the curtain is sent after a stop, also not a group."""
    for device_id in MANY[:12]:
        crowd.submit(set_power(device_id, False))
    group = crowd.submit(CLOSE_ALL)
    crowd.submit(stop_curtain(CURTAIN))
    crowd.wait(5)
    order = [
        "group" if prefix == "0138" else body["curtainState"]
        for prefix, body in crowd.take()
        if prefix == "0138" or "curtainState" in body
    ]
    assert order in (["group", "99"], ["99"])
    if order == ["99"]:
        assert crowd.outcomes[group] is SupersededError


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
def test_stops_that_wait_are_merged(crowd: Talk, busy: bool) -> None:
    """Pressing the button again does not make a queue of stops."""
    for device_id in MANY[:15]:
        crowd.submit(set_power(device_id, False))
    if busy:
        crowd.submit(set_led(CURTAIN, 5))
    tickets = [crowd.submit(stop_curtain(CURTAIN)) for _ in range(5)]
    crowd.wait(5)
    assert [body.get("curtainState") for _, body in crowd.take()].count("99") == 1
    crowd.push(CURTAIN, curtainState="230")
    assert {ticket: crowd.outcomes[ticket] for ticket in tickets} == dict.fromkeys(tickets)


def test_stop_keeps_the_order_of_the_others(crowd: Talk) -> None:
    """It goes ahead, but what waits does not change places: the last wish for a curtain stays the last."""
    for device_id in MANY[:10]:
        crowd.submit(set_power(device_id, False))
    crowd.submit(set_level(SHUTTER, 50))
    crowd.submit(CLOSE_ALL)
    crowd.submit(stop_curtain(CURTAIN))
    crowd.take()
    crowd.wait(5)
    order = ["group" if prefix == "0138" else body["curtainState"] for prefix, body in crowd.take()]
    if "group" in order:
        assert order.index("50") < order.index("group") < order.index("99")


@pytest.mark.parametrize(
    ("command", "member", "value"),
    [
        (set_led(CURTAIN, 5), "led", 5),
        (set_closed_position(CURTAIN, 4), "closedPosition", 4),
        (rename(CURTAIN, "Window"), "name", "Window"),
        (set_lock(CURTAIN, True), "lock", "2"),
        (set_icon(CURTAIN, "7"), "iconId", "7"),
        (set_power(CURTAIN, True), "power", True),
    ],
    ids=["led", "closed position", "name", "lock", "icon", "power"],
)
def test_stop_undoes_nothing_that_is_on_its_way(
    talk: Talk, command: Command, member: str, value: object
) -> None:
    """It leaves beside an unfulfilled command, so its object holds what that one wants, too (§10.1)."""
    talk.submit(command)
    talk.take()
    talk.submit(stop_curtain(CURTAIN))
    body = talk.taken("0006")
    assert (body["curtainState"], body[member]) == ("99", value)


def test_movement_after_a_stop(talk: Talk) -> None:
    """What is asked for after it is carried out after it."""
    stop = talk.submit(stop_curtain(CURTAIN))
    level = talk.submit(set_level(CURTAIN, 100))
    assert [body["curtainState"] for _, body in talk.take()] == ["99"]
    talk.push(CURTAIN, curtainState="260")
    assert talk.taken("0006")["curtainState"] == "100"
    talk.push(CURTAIN, curtainState="100")
    assert talk.outcomes == {stop: None, level: None}


def test_stop_leaves_other_curtains_alone(talk: Talk) -> None:
    """It is for one."""
    other = talk.submit(set_level(SHUTTER, 50))
    talk.submit(stop_curtain(CURTAIN))
    assert other not in talk.outcomes


def test_a_second_stop_is_sent(talk: Talk) -> None:
    """One that is unanswered does not make the next one wait for the list."""
    first = talk.submit(stop_curtain(CURTAIN))
    talk.take()
    alive(talk, 2)
    second = talk.submit(stop_curtain(CURTAIN))
    talk.act()
    talk.push(CURTAIN, curtainState="260")
    assert talk.outcomes[first] is None
    alive(talk, 0.5)
    talk.push(CURTAIN, curtainState="260")
    assert talk.outcomes[second] is None


# --- too many frames ------------------------------------------------------------------------


def most_within_a_second(times: Sequence[float]) -> int:
    """Count the frames of the busiest second."""
    return max(sum(start <= at < start + 1 for at in times) for start in times)


def test_ten_frames_per_second(crowd: Talk) -> None:
    """The rest waits its turn, in order (§12)."""
    crowd.said_at.clear()
    for device_id in MANY:
        crowd.submit(set_power(device_id, False))
    assert len(crowd.sent) == MAX_FRAMES_PER_S == 10
    crowd.wait(3.1)
    assert [body["id"] for _, body in crowd.take()] == MANY
    assert most_within_a_second(crowd.said_at) <= 10


@pytest.mark.parametrize("offset", [0.0, 0.1, 0.3, 1 / 3, 0.7, 0.9])
def test_rate_limit_does_not_spin(crowd: Talk, offset: float) -> None:
    """When it is due it does something, whatever the clock's fractions round to."""
    crowd.wait(offset)
    for device_id in MANY:
        crowd.submit(set_power(device_id, False))
        crowd.wait(0.01)
    crowd.wait(5)
    assert len(crowd.take()) == len(MANY)


def test_ten_frames_per_second_overall(crowd: Talk) -> None:
    """Lists, terms and heartbeats count and wait like commands."""
    crowd.said_at.clear()
    for device_id in MANY[:10]:
        crowd.submit(set_power(device_id, False))
    crowd.connection.refresh(crowd.now)
    crowd.connection.confirm_terms()
    crowd.act()
    crowd.hear(("0049", {}), ("0223", {}))
    crowd.wait(1.5)
    sent = crowd.prefixes()
    assert "0004" in sent
    assert "0222" in sent
    assert most_within_a_second(crowd.said_at) <= 10


def test_waiting_group_is_planned(crowd: Talk) -> None:
    """A group command that waits for its turn is sent when it has come."""
    crowd.submit(ALL_OFF)
    for device_id in MANY[:9]:
        crowd.submit(set_power(device_id, False))
    crowd.submit(CLOSE_ALL)
    assert crowd.prefixes().count("0138") == 1
    crowd.wait(1.1)
    assert crowd.prefixes() == ["0138"]


# --- silence --------------------------------------------------------------------------------


def test_unanswered(talk: Talk) -> None:
    """After ten seconds the list decides; if it does not show it either, there was no answer (§12)."""
    ticket = talk.submit(set_power(SOCKET, True))
    talk.take()
    alive(talk, 9.9)
    assert talk.take() == []
    alive(talk, 0.2)
    assert talk.take() == [LIST]
    assert talk.outcomes == {}
    talk.hear(listed())
    assert talk.outcomes == {ticket: UnansweredError}
    assert talk.statistics.unanswered == 1


def test_the_list_shows_it(talk: Talk) -> None:
    """Then it has happened, only the report was lost."""
    ticket = talk.submit(set_power(SOCKET, True))
    talk.take()
    alive(talk, 10.1)
    talk.hear(
        listed(*[each if each["id"] != SOCKET else {**each, "power": True} for each in objects()])
    )
    assert talk.outcomes == {ticket: None}
    assert talk.statistics.unanswered == 0


def test_a_report_while_the_list_is_on_its_way(talk: Talk) -> None:
    """Late is not never."""
    ticket = talk.submit(set_power(SOCKET, True))
    alive(talk, 10.1)
    talk.push(SOCKET, power=True)
    assert talk.outcomes == {ticket: None}
    talk.hear(listed())
    assert talk.outcomes == {ticket: None}


def test_silence_while_a_list_is_on_its_way(talk: Talk) -> None:
    """The next one decides, and it is asked for as soon as the other is here."""
    ticket = talk.submit(set_power(SOCKET, True))
    alive(talk, 9)
    talk.connection.refresh(talk.now)
    talk.take()
    alive(talk, 2)
    assert talk.take() == [LIST]
    talk.hear(listed())
    assert talk.take() == [LIST]
    talk.hear(listed())
    assert talk.outcomes[ticket] is UnansweredError


def test_a_list_that_does_not_decide(talk: Talk) -> None:
    """Whoever waits for its verdict waits for one list, not for three (at most 25 s)."""
    ticket = talk.submit(set_power(SOCKET, True))
    alive(talk, 24.9)
    assert talk.outcomes == {}
    alive(talk, 0.2)
    assert talk.outcomes == {ticket: UnansweredError}


def test_a_list_that_was_asked_for_before(talk: Talk) -> None:
    """It tells nothing about a command that has just left: it may have been made before."""
    talk.connection.refresh(talk.now)
    talk.act()
    ticket = talk.submit(set_power(LIGHT, True))
    talk.hear(listed())
    assert ticket not in talk.outcomes


@pytest.mark.parametrize(
    ("command", "members", "fulfilled"),
    [
        (set_level(CURTAIN, 70), {"curtainState": "70"}, True),
        (set_level(CURTAIN, 70), {"curtainState": "270"}, True),
        (set_level(CURTAIN, 70), {"curtainState": "99"}, False),
        (stop_curtain(CURTAIN), {"curtainState": "260"}, True),
        (stop_curtain(CURTAIN), {"curtainState": "100"}, False),
        (stop_curtain(CURTAIN), {"curtainState": "150"}, False),
        (set_closed_position(CURTAIN, 7), {"closedPosition": 7}, True),
        (set_lock(CURTAIN, True), {"lock": "2"}, True),
        (set_lock(CURTAIN, True), {"lock": "3"}, False),
    ],
)
def test_what_the_list_decides(
    talk: Talk, command: Command, members: dict[str, object], fulfilled: bool
) -> None:
    """By the same rule as a push."""
    ticket = talk.submit(command)
    alive(talk, 10.1)
    talk.hear(listed(thing(CURTAIN, **members)))
    assert talk.outcomes == {ticket: None if fulfilled else UnansweredError}


def test_two_unanswered_commands_end_the_link(talk: Talk) -> None:
    """The session is stuck (§12, §16.2 #14)."""
    talk.submit(set_power(SOCKET, True))
    alive(talk, 10.1)
    talk.hear(listed())
    alive(talk, 1)
    talk.submit(set_power(LIGHT, False))
    alive(talk, 10.1)
    with pytest.raises(PeerSilentError):
        talk.hear(listed())


@pytest.mark.parametrize("sign", ["report", "error"])
def test_unanswered_commands_do_not_add_up(talk: Talk, sign: str) -> None:
    """One that was answered in between shows that the session works."""
    for number in range(4):
        talk.submit(set_power(SOCKET, number % 2 == 0))
        alive(talk, 10.1)
        talk.hear(listed(thing(LIGHT), thing(SOCKET, power=number % 2 == 1)))
        talk.submit(set_led(LIGHT, number))
        if sign == "report":
            talk.push(LIGHT, led=number)
        else:
            talk.hear(error(40))
    assert talk.statistics.unanswered == 4


def test_second_unanswered_command_loses_nothing(talk: Talk) -> None:
    """What the list says, and what it shows of other commands, counts before the link is given up."""
    talk.submit(set_power(BOILER, False))
    alive(talk, 10.1)
    talk.hear(listed())
    done = talk.submit(set_power(SOCKET, True))
    lost = [talk.submit(set_power(LIGHT, False)), talk.submit(set_power(BOILER, False))]
    alive(talk, 10.1)
    changed = [each if each["id"] != SOCKET else {**each, "power": True} for each in objects()]
    with pytest.raises(PeerSilentError):
        talk.hear(listed(*changed))
    assert talk.outcomes[done] is None
    assert [talk.outcomes[ticket] for ticket in lost] == [UnansweredError, UnansweredError]
    assert talk.devices[SOCKET].is_on is True


def test_silence_does_not_hold_up_other_devices(talk: Talk) -> None:
    """And what waits for the same device has its turn afterwards."""
    talk.submit(set_power(SOCKET, True))
    second = talk.submit(set_led(SOCKET, 5))
    talk.take()
    alive(talk, 5)
    talk.submit(set_power(LIGHT, False))
    assert talk.prefixes() == ["0006"]
    talk.push(LIGHT, power=False)
    alive(talk, 5.1)
    talk.hear(listed(thing(LIGHT, power=False), *objects()[3:]))
    assert talk.prefixes() == ["0004", "0030"]
    talk.push(SOCKET, led=5)
    assert talk.outcomes[second] is None


# --- errors ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "row",
    [
        row
        for row in load_vectors("homismart", "error_codes")["rows"]
        if not row["treat_as"].startswith("auth") or row["code"] == 11
    ],
    ids=lambda row: str(row["code"]),
)
def test_errors_after_the_login(talk: Talk, row: dict[str, Any]) -> None:
    """They fail the command, with the number that all of one meaning share, and the link stays up (§11)."""
    ticket = talk.submit(set_power(SOCKET, True))
    talk.hear(error(row["code"]))
    if row["code"] == 18:
        talk.hear(error(row["code"]))
    assert talk.outcomes == {ticket: DeviceSilentError if row["code"] == 40 else RefusedError}
    assert talk.error_of(ticket).code == row["same_as"]
    assert changed_power(talk, SOCKET, True)


@pytest.mark.parametrize("code", [2, 3, 9, 24, 30, 31, 41, 47, 54])
def test_auth_codes_after_the_login(talk: Talk, code: int) -> None:
    """The session is no longer accepted; a new login tells whether the credentials still hold."""
    with pytest.raises(SessionRefusedError):
        talk.hear(error(code))


@pytest.mark.parametrize("body", [{"code": 12345}, {"info": "x"}, {}, None, {"code": "x"}], ids=str)
def test_unknown_errors(talk: Talk, body: object) -> None:
    """They are errors all the same (transcript ``errors``)."""
    ticket = talk.submit(set_power(SOCKET, True))
    talk.hear(("9999", body))
    assert talk.outcomes == {ticket: RefusedError}


def test_an_error_is_charged_to_the_oldest_command(talk: Talk) -> None:
    """One error, one command (§12)."""
    tickets = [
        talk.submit(command)
        for command in (set_power(SOCKET, True), set_power(LIGHT, False), set_power(BOILER, False))
    ]
    talk.hear(error(40))
    assert talk.outcomes == {tickets[0]: DeviceSilentError}
    talk.push(LIGHT, power=False)
    talk.hear(error(94))
    assert talk.outcomes == {
        tickets[0]: DeviceSilentError,
        tickets[1]: None,
        tickets[2]: RefusedError,
    }
    assert talk.error_of(tickets[2]).code == 94


def test_an_error_is_not_charged_to_what_waits(talk: Talk) -> None:
    """What has not left cannot have failed."""
    first, second = talk.submit(set_power(SOCKET, True)), talk.submit(set_led(SOCKET, 5))
    talk.hear(error(40))
    assert talk.outcomes == {first: DeviceSilentError}
    talk.push(SOCKET, led=5)
    assert talk.outcomes[second] is None


def test_an_error_is_not_charged_to_what_is_older_than_ten_seconds(talk: Talk) -> None:
    """That is for the list to decide (§12)."""
    old = talk.submit(set_power(SOCKET, True))
    alive(talk, 10.1)
    new = talk.submit(set_power(LIGHT, False))
    talk.hear(error(40))
    assert talk.outcomes == {new: DeviceSilentError}
    assert old not in talk.outcomes


def test_stray_error_is_an_event(talk: Talk) -> None:
    """With no command to charge, it is told as it is (§12)."""
    events = talk.hear(error(94))
    assert [event.code for event in events if isinstance(event, Failed)] == [94]
    assert talk.statistics.strays == 1
    assert talk.statistics.errors[94] == 1
    talk.submit(set_power(SOCKET, True))
    assert not [event for event in talk.hear(error(94)) if isinstance(event, Failed)]


def test_codes_are_counted_within_bounds(talk: Talk) -> None:
    """The peer chooses them."""
    for code in (*range(990, 1100), -5, 10**9):
        talk.hear(error(code))
    assert len(talk.statistics.errors) <= 1001


def test_code_18_is_tried_once_more(talk: Talk) -> None:
    """The server could not connect; the second time it is a failure (§11)."""
    ticket = talk.submit(set_power(SOCKET, True))
    talk.take()
    talk.hear(error(18))
    assert talk.taken("0006")["power"] is True
    assert talk.outcomes == {}
    alive(talk, 9)
    talk.hear(error(18))
    assert talk.take() == []
    assert talk.outcomes == {ticket: RefusedError}
    assert talk.error_of(ticket).code == 18


def test_code_18_and_then_success(talk: Talk) -> None:
    """The second attempt may go well, and it goes ahead of what waits."""
    first, second = talk.submit(set_power(SOCKET, True)), talk.submit(set_led(SOCKET, 5))
    talk.take()
    talk.hear(error(18))
    talk.push(SOCKET, power=True)
    assert talk.prefixes() == ["0006", "0030"]
    assert talk.outcomes == {first: None}
    talk.push(SOCKET, led=5)
    assert talk.outcomes == {first: None, second: None}


@pytest.mark.parametrize(
    "command",
    [set_lock(DOOR, False), set_lock(DOOR, True), set_power(DOOR, True)],
    ids=["unlock", "lock", "open"],
)
def test_code_18_never_repeats_a_door(talk: Talk, command: Command) -> None:
    """A door is not tried again by itself (mapping §2.3)."""
    ticket = talk.submit(command)
    talk.take()
    talk.hear(error(18))
    talk.wait(1)
    assert talk.take() == []
    assert talk.outcomes == {ticket: RefusedError}


@pytest.mark.parametrize("code", [5, 7])
def test_hub_errors_refresh_the_list(talk: Talk, code: int) -> None:
    """The command fails, and the list tells what is left (§11)."""
    ticket = talk.submit(set_power(GATE, True))
    talk.take()
    talk.hear(error(code))
    assert talk.outcomes == {ticket: RefusedError}
    assert talk.take() == [LIST]


# --- other endings --------------------------------------------------------------------------


def test_deleting(talk: Talk) -> None:
    """The answer names the device (transcript ``deleted``)."""
    ticket = talk.submit(delete_object(SOCKET))
    assert talk.take() == [("0014", {"devid": SOCKET})]
    talk.hear(("0015", {"result": True, "status": {"id": SOCKET}}))
    assert talk.outcomes == {ticket: None}
    assert SOCKET not in talk.devices


def test_deleting_shown_by_the_list(talk: Talk) -> None:
    """A device that the list lacks is deleted."""
    ticket = talk.submit(delete_object(SOCKET))
    alive(talk, 10.1)
    talk.hear(listed(*[each for each in objects() if each["id"] != SOCKET]))
    assert talk.outcomes == {ticket: None}


def test_deleting_refused_by_silence(talk: Talk) -> None:
    """A result of false says nothing about whom; the list shows that it is still there."""
    ticket = talk.submit(delete_object(SOCKET))
    talk.hear(("0015", {"result": False}))
    assert SOCKET in talk.devices
    alive(talk, 10.1)
    talk.hear(listed())
    assert talk.outcomes == {ticket: UnansweredError}


def test_a_device_deleted_by_somebody_else(talk: Talk) -> None:
    """A command that waits for its report will not see one."""
    ticket = talk.submit(set_power(SOCKET, True))
    talk.hear(("0015", {"result": True, "status": {"id": SOCKET}}))
    assert talk.outcomes == {ticket: RefusedError}


@pytest.mark.parametrize(
    "members", [{"name": None}, {"name": ""}, {"name": "  "}], ids=["missing", "empty", "blank"]
)
@pytest.mark.parametrize(
    "command", [set_lock("02x", True), set_icon("02x", "4")], ids=["lock", "icon"]
)
def test_modify_of_a_device_without_a_name(
    talk: Talk, members: dict[str, object], command: Command
) -> None:
    """The name travels along, and an empty one would be written: it is not sent (§10.2)."""
    talk.hear(("0009", {"id": "02x", "type": 2, "lock": "1", **members}))
    talk.take()
    with pytest.raises(CommandError):
        talk.submit(command)
    assert talk.take() == []


def test_naming_a_device_without_a_name(talk: Talk) -> None:
    """That is the way out."""
    talk.hear(("0009", {"id": "02x", "type": 2}))
    talk.submit(rename("02x", "Lamp"))
    assert talk.take() == [("0016", {"devid": "02x", "name": "Lamp", "lock": "1", "iconId": "0"})]


def test_numeric_id(talk: Talk) -> None:
    """The object goes back as it came; other requests name the device by text."""
    talk.hear(("0009", {"id": 12345, "type": 2, "name": "numeric id", "power": False}))
    talk.submit(set_power("12345", True))
    assert talk.taken("0006")["id"] == 12345
    talk.hear(("0009", {"id": 12345, "power": True}))
    talk.submit(set_led("12345", 5))
    assert talk.taken("0030")["devid"] == "12345"


# --- groups ---------------------------------------------------------------------------------


def test_group_is_settled_by_a_report(talk: Talk) -> None:
    """Of any device of these types that shows it (transcript ``group``)."""
    ticket = talk.submit(ALL_OFF)
    assert talk.take() == [("0138", {"action": "0", "type": 10})]
    talk.push(CURTAIN, type=5, power=False)
    talk.push(LIGHT, type=2, led=5)
    assert talk.outcomes == {}
    talk.push(LIGHT, type=2, power=False)
    assert talk.outcomes == {ticket: None}


def test_group_is_settled_by_a_partial_report(talk: Talk) -> None:
    """The type is known, whether it is repeated or not."""
    ticket = talk.submit(ALL_OFF)
    talk.push(LIGHT, power=False)
    assert talk.outcomes == {ticket: None}


def test_group_that_changes_nothing(talk: Talk) -> None:
    """Nobody reports when all are off already: the list shows it."""
    ticket = talk.submit(ALL_OFF)
    alive(talk, 10.1)
    talk.hear(listed(*[{**each, "power": False} for each in objects()]))
    assert talk.outcomes == {ticket: None}


def test_group_that_did_nothing(talk: Talk) -> None:
    """That some were off before is no success: all that can be reached have to show it."""
    ticket = talk.submit(ALL_OFF)
    alive(talk, 10.1)
    talk.hear(listed())
    assert talk.outcomes == {ticket: UnansweredError}


def test_group_does_not_wait_for_the_unreachable(talk: Talk) -> None:
    """What is off line cannot have heard it."""
    ticket = talk.submit(ALL_OFF)
    alive(talk, 10.1)
    bodies = [{**each, "power": False} for each in objects() if each["id"] != GATE]
    talk.hear(listed(*bodies, thing(GATE, power=True)))
    assert talk.outcomes == {ticket: None}


def test_group_of_curtains(talk: Talk) -> None:
    """All curtains and shutters, to the same end."""
    ticket = talk.submit(CLOSE_ALL)
    assert talk.take() == [("0138", {"action": "0", "type": 45})]
    talk.push(CURTAIN, type=5, curtainState="50")
    assert talk.outcomes == {}
    talk.push(CURTAIN, type=5, curtainState="100")
    assert talk.outcomes == {ticket: None}


def test_group_error(talk: Talk) -> None:
    """It fails like any other."""
    ticket = talk.submit(ALL_OFF)
    talk.hear(error(1))
    assert talk.outcomes == {ticket: RefusedError}


# --- questions ------------------------------------------------------------------------------

QUESTIONS = [
    (list_timers(), ("0044", {}), "0045"),
    (list_device_timers(LIGHT), ("0028", {"devid": LIGHT}), "0029"),
    (list_scenes(), ("0112", {}), "0113"),
    (delete_timer("7"), ("0022", {"id": "7"}), "0023"),
    (delete_device_timers(LIGHT), ("0024", {"deviceSN": LIGHT}), "0025"),
]


@pytest.mark.parametrize(
    ("question", "frame", "answer"), QUESTIONS, ids=lambda value: str(value)[2:6]
)
def test_questions(talk: Talk, question: Command, frame: Spoken, answer: str) -> None:
    """They are settled by their answer, which is handed on as it is (§10.8, transcript ``optional_lists``)."""
    ticket = talk.submit(question)
    assert talk.take() == [frame]
    for other in {"0045", "0029", "0113", "0023", "0025"} - {answer}:
        talk.hear((other, []))
    assert talk.outcomes == {}
    talk.hear((answer, {"result": True, "x": [1]}))
    assert talk.outcomes == {ticket: None}
    (settled,) = [event for event in talk.events if isinstance(event, Settled)]
    assert settled.answer == {"result": True, "x": [1]}
    assert "x" not in repr(settled)


def test_an_answer_nobody_asked_for(talk: Talk) -> None:
    """It settles nothing, now or later."""
    talk.hear(("0045", [1]))
    ticket = talk.submit(list_timers())
    assert talk.outcomes == {}
    talk.hear(("0045", [2]))
    assert talk.outcomes == {ticket: None}


def test_a_question_that_fails(talk: Talk) -> None:
    """An error is charged to it like to a command."""
    ticket = talk.submit(list_scenes())
    talk.hear(error(72))
    assert talk.outcomes == {ticket: RefusedError}


def test_unanswered_questions_cost_no_link(talk: Talk) -> None:
    """Whether a server answers them is not known (§10.9), so silence says nothing about the session."""
    tickets = [talk.submit(question) for question, _, _ in QUESTIONS[:3]]
    for _ in range(8):
        alive(talk, 5)
        if "0004" in talk.prefixes():
            talk.hear(listed())
    assert talk.outcomes == dict.fromkeys(tickets, UnansweredError)
    assert changed_power(talk, LIGHT, False)


# --- movement -------------------------------------------------------------------------------


def test_a_movement_without_end(talk: Talk) -> None:
    """After the limit nobody believes it any more, and the list is read once (§7.3)."""
    talk.connection.expect_standing(CURTAIN, talk.now + 90)
    alive(talk, 89)
    assert not [each for each in talk.prefixes() if each != "0072"]
    alive(talk, 1.5)
    assert [event for event in talk.events if isinstance(event, StoodStill)] == [
        StoodStill(CURTAIN)
    ]
    assert "0004" in talk.prefixes()
    talk.hear(listed())
    alive(talk, 100)
    assert "0004" not in talk.prefixes()


def test_a_movement_that_ended(talk: Talk) -> None:
    """Nothing strikes any more."""
    talk.connection.expect_standing(CURTAIN, talk.now + 90)
    talk.connection.expect_standing(CURTAIN, None)
    alive(talk, 100)
    assert not [event for event in talk.events if isinstance(event, StoodStill)]


def test_a_movement_of_a_device_that_is_gone(talk: Talk) -> None:
    """There is nothing to tell any more."""
    talk.connection.expect_standing(CURTAIN, talk.now + 90)
    talk.hear(("0015", {"result": True, "status": {"id": CURTAIN}}))
    alive(talk, 100)
    assert not [event for event in talk.events if isinstance(event, StoodStill)]


# --- anything else --------------------------------------------------------------------------


def test_shared_devices_are_operated_like_others(talk: Talk) -> None:
    """The share goes along in the whole object; what is forbidden the cloud says (§11, transcript ``errors``)."""
    ticket = talk.submit(set_power(SHARED, True))
    body = talk.taken("0006")
    assert (body["shared"], body["permission"], body["allowedTime"]) == (
        *(True, "control", "08:00-20:00"),
    )
    talk.hear(error(94))
    assert talk.error_of(ticket).code == 94


def test_large_list() -> None:
    """The list of a large home is one frame of many megabytes (§3, §16.2 #21)."""
    talk = Talk()
    talk.hear(ACCEPTED)
    bodies = [lamp(f"02{number:012}", novelty="x" * 3000) for number in range(1900)]
    text = "0005" + json.dumps(bodies)
    assert 5 * 2**20 < len(text) < 16 * 2**20
    talk.hear(text)
    assert len(talk.devices) == 1900


def test_link_errors_are_link_errors() -> None:
    """Whoever holds the link catches them all by one name."""
    for kind in (PeerSilentError, SessionRefusedError, ConnectError):
        assert issubclass(kind, LinkError)


def test_deadline_of_what_is_to_be_done_is_now(talk: Talk) -> None:
    """Whatever waits to be written or told makes the connection due at once."""
    talk.connection.submit(set_power(SOCKET, True), talk.now)
    assert talk.connection.deadline <= talk.now
    talk.act()
    assert talk.connection.deadline > talk.now
