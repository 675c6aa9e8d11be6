"""The conversation with one appliance, with literal messages and a clock that is handed in."""

from collections.abc import Mapping
import json
from typing import Any

import pytest

from custom_components.home_connect_local.protocol.connection import (
    MAX_QUEUED,
    Described,
    Identity,
    Introduced,
    Listed,
    Networked,
    Programmed,
    Redescribed,
    Statistics,
    Valued,
)
from custom_components.home_connect_local.protocol.const import Action
from custom_components.home_connect_local.protocol.conversation import Established, Noticed, Settled
from custom_components.home_connect_local.protocol.crypto import AesCodec
from custom_components.home_connect_local.protocol.errors import (
    CommandError,
    LinkClosedError,
    PeerSilentError,
    RefusedError,
    UnansweredError,
)
from custom_components.home_connect_local.protocol.frames import Control
from custom_components.home_connect_local.protocol.messages import (
    Message,
    Request,
    encode,
    start_program,
    write_values,
)
from custom_components.home_connect_local.protocol.refusals import KeyRefusedError, SealError
from tests.common import load_vectors

from .talk import (
    ALL,
    AUTHENTICATION,
    CHANGES,
    CURRENT,
    DEVICE_ID,
    DEVICE_NAME,
    FIRST_ID,
    INFO,
    MIDDLE,
    NETWORK,
    NONCE,
    OLD,
    OLD_INFO,
    READY,
    SERVICES,
    SESSION_ID,
    START,
    VALUES,
    Json,
    Talk,
    get,
    listed,
    post,
)

VECTORS = load_vectors("home_connect_local", "vectors")
INFO_ITEM = {"deviceID": "0042", "vib": "SYN0DW01", "swVersion": "9.9.9.9", "mac": "02-00"}
NETWORK_ITEM = {"interfaceID": 0, "ssid": "K", "rssi": -61, "primary": True}
WRITE = write_values([(539, 2)])


def kinds(talk: Talk) -> list[type]:
    """Give the classes of all events."""
    return [type(event) for event in talk.events]


def told(talk: Talk, kind: type) -> list[Any]:
    """Give all events of a class."""
    return [event for event in talk.events if isinstance(event, kind)]


@pytest.fixture
def talk() -> Talk:
    """Give a connection whose greeting is through."""
    return Talk().establish()


# --- the recorded greetings -----------------------------------------------------------------


@pytest.mark.parametrize("name", ["modern", "legacy"])
def test_recorded_handshake(name: str) -> None:
    """Word for word as recorded: order, numbers, versions, members."""
    talk = Talk()
    for line in VECTORS["handshakes"][name]:
        if line["from"] == "device":
            talk.hear(line["message"])
        else:
            said = talk.sent.pop(0)
            assert said == line["message"]
            assert list(said)[:5] == ["sID", "msgID", "resource", "version", "action"]
    assert talk.sent == []
    assert talk.connection.established
    last = VECTORS["handshakes"][name][-1]["message"]["data"]
    assert told(talk, Listed)[0].items == [(item["uid"], item["value"]) for item in last]
    assert talk.statistics.connects == 1


GENERATIONS: dict[str, tuple[Mapping[str, int], list[str]]] = {
    "old": (OLD, [SERVICES, AUTHENTICATION, OLD_INFO, CHANGES, ALL]),
    "middle": (MIDDLE, [SERVICES, AUTHENTICATION, OLD_INFO, READY, NETWORK, CHANGES, ALL]),
    "current": (CURRENT, [SERVICES, INFO, READY, NETWORK, CHANGES, ALL]),
    "old greeting, new services": (
        {"ci": 3, "ei": 1, "iz": 1, "ni": 1, "ro": 1},
        [SERVICES, INFO, NETWORK, CHANGES, ALL],
    ),
    "two ways to ask who it is": (
        {"ci": 2, "ei": 2, "iz": 1, "ro": 1},
        [SERVICES, AUTHENTICATION, OLD_INFO, INFO, READY, CHANGES, ALL],
    ),
    "no ci, no ei": ({"ro": 1}, [SERVICES, READY, CHANGES, ALL]),
    "later than known": ({"ci": 4, "ei": 3, "iz": 2, "ro": 2}, [SERVICES, INFO, CHANGES, ALL]),
}


@pytest.mark.parametrize("name", GENERATIONS)
def test_generation(name: str) -> None:
    """Each step depends on the version of its service, and is said in it (§7.2)."""
    services, expected = GENERATIONS[name]
    talk = Talk()
    talk.greet(1 if services.get("ei") == 1 else 2)
    greeting = talk.take()[0]["data"][0]
    assert greeting["deviceType"] == (2 if services.get("ei") == 1 else "Application")
    talk.reach(ALL, services).answer([])
    assert talk.connection.established
    said = talk.said[1:]
    assert [message["resource"] for message in said] == expected
    for message in said:
        service = message["resource"].split("/")[1]
        wanted = 1 if message["resource"] == SERVICES else services.get(service, 1)
        assert message["version"] == wanted
        assert message["sID"] == SESSION_ID
    assert [message["msgID"] for message in said] == [FIRST_ID + n for n in range(len(said))]
    assert talk.connection.services == services


@pytest.mark.parametrize(
    ("version", "kind"), [(1, 2), (2, "Application"), (3, "Application"), (0, "Application")]
)
def test_who_we_are(version: int, kind: object) -> None:
    """Depends on the version of the first message alone; the answer repeats its number (§7.1)."""
    talk = Talk()
    talk.greet(version, msgID=0xFFFF_FFFF)
    answer = talk.take()[0]
    assert answer == {
        "sID": SESSION_ID,
        "msgID": 0xFFFF_FFFF,
        "resource": "/ei/initialValues",
        "version": version,
        "action": "RESPONSE",
        "data": [{"deviceType": kind, "deviceName": DEVICE_NAME, "deviceID": DEVICE_ID}],
    }


def test_identity_hides_its_id() -> None:
    """Whoever has it can throw us out."""
    assert DEVICE_ID not in repr(Identity(DEVICE_ID, DEVICE_NAME))


# --- the first message ----------------------------------------------------------------------


def test_nothing_is_said_first() -> None:
    """The appliance begins; half a minute is its time, with pings meanwhile (§7.1)."""
    talk = Talk()
    talk.alive(29.9)
    assert talk.take() == []
    assert talk.pings == [START + 20]
    with pytest.raises(PeerSilentError, match="does not greet"):
        talk.wait(0.2)


def test_greeting_in_the_last_moment() -> None:
    """It has its own minute."""
    talk = Talk()
    talk.alive(29.9)
    talk.greet()
    assert len(talk.take()) == 2
    talk.alive(29)
    assert not talk.connection.established


@pytest.mark.parametrize(
    "message",
    [
        {"resource": VALUES, "action": "NOTIFY", "data": [{"uid": 1, "value": 1}]},
        {"resource": "/ei/initialValues", "action": "POST", "data": []},
        {"resource": "/ei/initialValues", "action": "POST", "data": [{"other": 1}]},
        {"resource": "/ei/initialValues", "action": "POST", "data": [{"edMsgID": "x"}]},
        {"resource": "/ei/initialValues", "action": "POST", "data": [{"edMsgID": -1}]},
        {"resource": "/ci/services", "action": "RESPONSE", "data": listed(CURRENT)},
    ],
    ids=str,
)
def test_another_first_message(message: Json) -> None:
    """Is none of an appliance (§7.1)."""
    talk = Talk()
    with pytest.raises(LinkClosedError):
        talk.hear({"sID": 1, "msgID": 1, "version": 1, **message})
    assert talk.take() == []


def test_unreadable_first_message() -> None:
    """Is dropped; the next one counts."""
    talk = Talk()
    talk.hear("no json", b"\xff\xfe", "[]")
    assert talk.statistics.unreadable == 3
    talk.greet()
    assert talk.connection.greeted


@pytest.mark.parametrize(
    ("members", "session_id", "version", "first"),
    [
        ({"sID": "11", "data": {"edMsgID": "500"}, "version": "1"}, 11, 1, 500),
        ({"sID": 0xFFFF_FFFF, "data": [{"edMsgID": 0}]}, 0xFFFF_FFFF, 2, 0),
        ({"version": "9" * 30}, SESSION_ID, 1, FIRST_ID),
        ({"version": 10**30}, SESSION_ID, 1, FIRST_ID),
        ({"version": -1.0}, SESSION_ID, 1, FIRST_ID),
        ({"sID": 10**30}, None, 2, FIRST_ID),
    ],
    ids=str,
)
def test_odd_first_message(members: Json, session_id: int | None, version: int, first: int) -> None:
    """Numbers as texts, at their limits or beyond: what is repeated can be written (§6.1)."""
    talk = Talk()
    talk.greet(**members)
    answer, services = talk.take()
    assert answer["version"] == version
    assert (answer.get("sID"), services.get("sID")) == (session_id, session_id)
    assert services["msgID"] == first


def test_greeting_in_the_middle_of_a_session(talk: Talk) -> None:
    """The appliance has forgotten us: only a new link begins anew."""
    talk.read(1)
    with pytest.raises(LinkClosedError, match="new session"):
        talk.greet()


def test_numbers_wrap() -> None:
    """From 2³²−1 to 0 (§6.1), and answers are found on both sides of it."""
    talk = Talk()
    talk.greet(data=[{"edMsgID": 0xFFFF_FFFE}])
    talk.reach(ALL).answer([{"uid": 1, "value": 1}])
    numbers = [message["msgID"] for message in talk.said[1:]]
    assert numbers == [0xFFFF_FFFE, 0xFFFF_FFFF, 0, 1, 2, 3]
    assert talk.connection.established


# --- services (step 3) ----------------------------------------------------------------------

ASSUMED = [INFO, READY, NETWORK, CHANGES, ALL]


@pytest.mark.parametrize(
    "answer",
    [
        {"code": 403},
        {"code": 404},
        {"code": 500},
        {"code": "strange"},
        {"data": []},
        {"data": [{"service": 5}, {"version": 1}, "x", {"service": "ci", "version": "x"}]},
    ],
    ids=str,
)
def test_services_that_are_not_told(answer: Json) -> None:
    """A current appliance is assumed (§7.1)."""
    talk = Talk()
    talk.greet()
    talk.take()
    talk.answer(**answer)
    talk.reach(ALL).answer([])
    assert talk.asked() == ASSUMED
    assert [message["version"] for message in talk.said[3:]] == [2, 1, 1, 1]
    assert talk.connection.established


def test_services_in_silence() -> None:
    """Half a minute, then a current appliance is assumed; its late answer is nobody's."""
    talk = Talk()
    talk.greet()
    late = talk.response(listed(OLD))
    talk.take()
    talk.alive(29.9)
    assert talk.take() == []
    talk.alive(0.2)
    assert talk.asked() == [INFO]
    talk.hear(late)
    assert talk.statistics.strays == 1
    talk.reach(ALL).answer([])
    assert talk.connection.established


def test_services_unreadable() -> None:
    """Asked for once more, then assumed (§6.3)."""
    talk = Talk()
    talk.greet()
    talk.take()
    talk.hear("garbage")
    assert talk.asked() == [SERVICES]
    talk.hear("garbage")
    assert talk.asked() == [INFO]


def test_services_as_texts_and_too_many() -> None:
    """What can be read counts, and no version is too large to be said."""
    talk = Talk()
    talk.greet()
    talk.take()
    many = [{"service": f"x{number}", "version": 1} for number in range(200)]
    talk.answer(
        [{"service": "ci", "version": "3"}, {"service": "ro", "version": 10**25}, *many],
        code="200",
    )
    assert talk.connection.services["ci"] == 3
    assert "ro" not in talk.connection.services
    assert len(talk.connection.services) <= 64
    talk.reach(ALL)
    assert talk.said[-1]["version"] == 1


# --- optional steps (4 to 8) ----------------------------------------------------------------


@pytest.mark.parametrize("how", [403, 404, 500, 501, "silence", "garbage"])
@pytest.mark.parametrize(
    ("step", "services"),
    [
        (AUTHENTICATION, OLD),
        (OLD_INFO, OLD),
        (AUTHENTICATION, MIDDLE),
        (INFO, CURRENT),
        (NETWORK, CURRENT),
    ],
)
def test_optional_step_that_fails(step: str, services: Mapping[str, int], how: int | str) -> None:
    """It is gone without (§7.1)."""
    talk = Talk().reach(step, services)
    talk.take()
    match how:
        case "silence":
            talk.alive(7.9)
            assert talk.take() == []
            talk.alive(0.2)
        case "garbage":
            talk.hear("garbage", "garbage")
        case _:
            talk.answer(code=how)
    assert talk.said[-1]["resource"] != step
    talk.reach(ALL, services).answer([])
    assert talk.connection.established
    assert told(talk, Introduced) == [(None, services)]


def test_all_optional_steps_silent() -> None:
    """The minute is enough for all of them."""
    talk = Talk()
    talk.greet()
    talk.answer(listed({**CURRENT, "ci": 2}))
    talk.alive(33)
    talk.reach(ALL).answer([])
    assert talk.connection.established


def test_nonce() -> None:
    """Old generations get 32 bytes; what they answer does not matter (§7.1)."""
    talk = Talk().reach(AUTHENTICATION, MIDDLE)
    assert talk.said[-1]["data"] == [{"nonce": NONCE}]
    assert talk.said[-1]["version"] == 2


def test_introduction() -> None:
    """Who it is, in the words of both generations, the newer ones counting."""
    talk = Talk().reach(OLD_INFO, {**CURRENT, "ci": 2})
    talk.answer([{"vib": "OLD", "customerIndex": 2, "deviceType": 33}])
    talk.answer([INFO_ITEM])
    (event,) = told(talk, Introduced)
    assert (event.info.vib, event.info.sw_version) == ("SYN0DW01", "9.9.9.9")
    assert event.services == {**CURRENT, "ci": 2}
    assert "0042" not in repr(event.info)


def test_introduction_by_the_old_way_alone() -> None:
    """An answer without content does not undo the one before."""
    talk = Talk().reach(OLD_INFO, {**CURRENT, "ci": 2})
    talk.answer([{"vib": "OLD", "customerIndex": 2}])
    talk.answer([])
    (event,) = told(talk, Introduced)
    assert (event.info.vib, event.info.customer_index) == ("OLD", "2")


def test_network() -> None:
    """Told in the greeting, on demand, and unasked."""
    talk = Talk().reach(NETWORK)
    talk.answer([{"rssi": -80}, NETWORK_ITEM])
    talk.reach(ALL).answer([])
    talk.submit(get(NETWORK))
    talk.answer([{**NETWORK_ITEM, "rssi": -50}])
    talk.notify(NETWORK, {**NETWORK_ITEM, "rssi": -40})
    talk.notify(NETWORK)
    assert [event.interface.rssi for event in told(talk, Networked)] == [-61, -50, -40]


# --- description (step 9) -------------------------------------------------------------------


@pytest.mark.parametrize("failures", [1, 2, 3])
def test_description_refused(failures: int) -> None:
    """Asked for at once again, twice; then it counts as it is (§7.1)."""
    talk = Talk().reach(CHANGES)
    talk.take()
    for _ in range(failures):
        talk.answer(code=500)
    if failures < 3:
        talk.answer([{"uid": 512, "access": "NONE"}])
    assert talk.asked() == [CHANGES] * min(failures, 2) + [ALL]
    (event,) = told(talk, Described)
    assert [change.uid for change in event.changes] == ([512] if failures < 3 else [])


def test_description_in_silence() -> None:
    """Half a minute, then the link is of no use."""
    talk = Talk().reach(CHANGES)
    with pytest.raises(PeerSilentError, match=CHANGES):
        talk.alive(30.1)


def test_description_unreadable() -> None:
    """Once more each time: it stays bounded."""
    talk = Talk().reach(CHANGES)
    talk.take()
    for _ in range(6):
        talk.hear("garbage")
    assert talk.asked() == [CHANGES] * 5 + [ALL]


# --- values (step 10) -----------------------------------------------------------------------


def test_values_refused() -> None:
    """Again after 1, 3 and 10 s, then without (§7.1); hobs and washers do that."""
    talk = Talk().reach(ALL)
    talk.forget()
    for seconds in (1, 3, 10):
        talk.answer(code=500)
        talk.alive(seconds - 0.1)
        assert talk.take() == []
        talk.alive(0.2)
        assert talk.asked() == [ALL]
    assert not talk.connection.established
    talk.answer(code=500)
    assert kinds(talk) == [Listed, Established]
    assert told(talk, Listed) == [([], True)]
    talk.alive(100)
    assert talk.take() == []


@pytest.mark.parametrize("code", [400, 403, 429, 503, 507, 0])
def test_values_refused_once(code: int) -> None:
    """Whatever the reason, the next answer counts."""
    talk = Talk().reach(ALL)
    talk.answer(code=code)
    talk.alive(1.1)
    talk.answer([{"uid": 1, "value": 2}], code=200)
    assert told(talk, Listed) == [([(1, 2)], False)]
    assert talk.connection.established


def test_values_in_silence() -> None:
    """The link is of no use."""
    talk = Talk().reach(ALL)
    with pytest.raises(PeerSilentError):
        talk.alive(30.1)


def test_the_whole_greeting_has_a_minute() -> None:
    """However busy it looks (§6.1)."""
    talk = Talk().reach(NETWORK)
    for _ in range(7):
        talk.alive(7.9)
        talk.notify(VALUES, {"uid": 1, "value": 1})
        if talk.said[-1]["resource"] in {NETWORK, CHANGES}:
            talk.answer(code=500)
    with pytest.raises(PeerSilentError, match="too long"):
        talk.alive(10)


def test_cut_list() -> None:
    """What is complete counts, and it is told that there was more (§6.3)."""
    talk = Talk().reach(ALL)
    whole = json.dumps(talk.response([{"uid": n, "value": n} for n in range(100)]))
    talk.hear(whole[: whole.index('{"uid": 60')])
    (event,) = told(talk, Listed)
    assert event.cut
    assert event.items == [(n, n) for n in range(60)]
    assert talk.statistics.cut == 1
    assert talk.connection.established


@pytest.mark.parametrize("how", ["bracket", "quote", "control"])
def test_broken_list_that_can_be_repaired(how: str) -> None:
    """It is whole (§6.3)."""
    talk = Talk().reach(ALL)
    text = json.dumps(talk.response([{"uid": 1, "value": "a"}, {"uid": 2, "value": 2}]))
    head, _, tail = text.rpartition("]")
    match how:
        case "bracket":
            text = head + tail
        case "quote":
            text = head + ']"' + tail
        case _:
            text = text.replace('"a"', '"a\t\x01"')
    talk.hear(text)
    (event,) = told(talk, Listed)
    assert len(event.items) == 2
    assert not event.cut


def test_news_during_the_greeting() -> None:
    """Told in the order in which it came, between any steps (§7.1)."""
    talk = Talk()
    talk.greet()
    talk.notify(VALUES, {"uid": 1, "value": 1})
    talk.answer(listed(CURRENT))
    talk.notify("/ro/descriptionChange", {"uid": 2, "access": "READ"})
    talk.reach(CHANGES)
    talk.notify(VALUES, {"uid": 1, "value": 2})
    talk.answer([{"uid": 2, "access": "NONE"}])
    talk.notify("/ro/activeProgram", {"program": 5, "options": []})
    talk.answer([{"uid": 1, "value": 3}])
    talk.notify(VALUES, {"uid": 1, "value": 4})
    assert [kind for kind in kinds(talk) if kind is not Introduced] == [
        *(Valued, Redescribed, Valued, Described, Programmed),
        *(Listed, Established, Valued),
    ]


# --- answers --------------------------------------------------------------------------------


def test_answer(talk: Talk) -> None:
    """Found by its number, and by that alone."""
    ticket = talk.read(1)
    assert talk.take() == [
        {
            "sID": SESSION_ID,
            "msgID": FIRST_ID + 6,
            "resource": VALUES,
            "version": 1,
            "action": "GET",
            "data": [{"uid": 1}],
        }
    ]
    talk.answer([{"uid": 1, "value": 5}])
    assert talk.events == [Valued([(1, 5)]), Settled(ticket, answer=[{"uid": 1, "value": 5}])]


@pytest.mark.parametrize("code", [200, 202, "200", None])
def test_success(talk: Talk, code: object) -> None:
    """Nothing else is one (§8)."""
    ticket = talk.submit(WRITE)
    talk.answer(code=code)
    assert talk.settled == {ticket: []}


@pytest.mark.parametrize(
    "code", [0, 1, 201, 204, 300, 400, 403, 404, 405, 507, 512, 530, 541, 544, 999, 10**9, "no"]
)
def test_refusal(talk: Talk, code: object) -> None:
    """Everything else is a refusal, with its number."""
    ticket = talk.submit(WRITE)
    talk.answer(code=code)
    error = talk.settled[ticket]
    assert isinstance(error, RefusedError)
    assert error.code == (code if isinstance(code, int) else 0)
    assert str(error.code) in str(error)
    counted = error.code if error.code < 1000 else 0
    assert talk.statistics.refusals == {counted: 1}


def test_refusal_without_action(talk: Talk) -> None:
    """Some leave it out (§6.1)."""
    ticket = talk.submit(WRITE)
    body = talk.response(code=541)
    del body["action"]
    talk.hear(body)
    assert talk.settled[ticket].code == 541


@pytest.mark.parametrize(
    "members",
    [
        {"msgID": FIRST_ID},
        {"msgID": 0},
        {"msgID": None},
        {"msgID": "x"},
        {"action": "NOTIFY", "resource": "/ro/other"},
        {"action": "POST", "resource": "/ro/other"},
        {"action": "GET", "resource": "/ro/other"},
    ],
    ids=str,
)
def test_what_is_no_answer(talk: Talk, members: Json) -> None:
    """Late, unknown, or of the appliance's own counter with the same number (§6.1)."""
    ticket = talk.submit(WRITE)
    talk.answer(**members)
    assert ticket not in talk.settled
    talk.answer()
    assert talk.settled == {ticket: []}


def test_pushes_with_our_number(talk: Talk) -> None:
    """They are news, and answer nothing."""
    ticket = talk.submit(WRITE)
    number = talk.said[-1]["msgID"]
    talk.notify(VALUES, {"uid": 539, "value": 2}, msgID=number)
    talk.notify(VALUES, {"uid": 539, "value": 2}, msgID=number, action="POST")
    assert talk.settled == {}
    assert len(told(talk, Valued)) == 2
    talk.answer()
    assert ticket in talk.settled


def test_answers_twice(talk: Talk) -> None:
    """The second one is nobody's, also when another request waits."""
    first = talk.submit(WRITE)
    response = talk.response(code=541)
    talk.hear(response)
    second = talk.submit(WRITE)
    talk.hear(response)
    assert list(talk.settled) == [first]
    assert talk.statistics.strays == 1
    talk.answer()
    assert talk.settled[second] == []


def test_answer_while_nothing_was_asked(talk: Talk) -> None:
    """It is counted, and forgotten."""
    talk.hear(talk.response([{"uid": 1, "value": 1}]))
    assert talk.events == []
    assert talk.statistics.strays == 1


@pytest.mark.parametrize(
    ("resource", "item", "expected"),
    [
        (VALUES, {"uid": 1, "value": 2}, Valued([(1, 2)])),
        (ALL, {"uid": 1, "value": 2}, Valued([(1, 2)])),
        (CHANGES, {"uid": 1}, Described),
        ("/ro/activeProgram", {"program": 5}, Programmed),
        ("/ro/selectedProgram", {"program": 5}, Programmed),
        ("/ci/tzInfo", {"tz": "CET"}, None),
    ],
)
def test_what_answers_tell(talk: Talk, resource: str, item: Json, expected: Any) -> None:
    """It counts as if it had been told unasked."""
    ticket = talk.submit(get(resource))
    talk.answer([item])
    *news, settled = talk.events
    assert settled == Settled(ticket, answer=[item])
    if expected is None:
        assert news == []
    elif isinstance(expected, type):
        assert [type(each) for each in news] == [expected]
    else:
        assert news == [expected]


@pytest.mark.parametrize("resource", [VALUES, "/ro/activeProgram"])
def test_answers_without_content(talk: Talk, resource: str) -> None:
    """Tell nothing."""
    ticket = talk.submit(get(resource))
    talk.answer()
    assert talk.events == [Settled(ticket, answer=[])]


def test_something_unknown(talk: Talk) -> None:
    """Is told by its name, which is cut, and harms nobody (§3 of the house style)."""
    talk.notify("/xx/" + "y" * 500, {"uid": 1})
    talk.hear({"resource": "/ro/values", "action": "DANCE"})
    names = [event.what for event in told(talk, Noticed)]
    assert len(names) == 2
    assert len(names[0]) < 80
    assert talk.connection.established


@pytest.mark.parametrize("action", ["NOTIFY", "POST"])
def test_cut_news(talk: Talk, action: str) -> None:
    """What is complete counts."""
    items = [{"uid": n, "value": n} for n in range(9)]
    body = {"sID": 1, "msgID": 1, "resource": VALUES, "version": 1, "action": action, "data": items}
    text = json.dumps(body)
    talk.hear(text[: text.index('{"uid": 5')])
    assert told(talk, Valued) == [Valued([(n, n) for n in range(5)])]
    assert talk.statistics.cut == 1
    assert talk.statistics.pushes == 1


# --- requests -------------------------------------------------------------------------------


def test_one_at_a_time(talk: Talk) -> None:
    """The next one leaves when the one before is answered (§6.1), in the order they came up."""
    tickets = [talk.submit(write_values([(uid, 1)])) for uid in range(5)]
    for uid in range(5):
        (message,) = talk.take()
        assert message["data"] == [{"uid": uid, "value": 1}]
        talk.answer(code=None if uid % 2 else 541)
    assert list(talk.settled) == tickets
    assert talk.take() == []


def test_bounded_queue(talk: Talk) -> None:
    """One on its way and two hundred behind it; more are told so."""
    tickets = [talk.submit(WRITE) for _ in range(MAX_QUEUED + 1)]
    with pytest.raises(CommandError, match="too many"):
        talk.submit(WRITE)
    for _ in tickets:
        talk.answer()
    assert len(talk.settled) == MAX_QUEUED + 1


def test_due_at_once_when_there_is_something_to_write(talk: Talk) -> None:
    """And not before, nor after."""
    talk.wait(1)
    assert talk.connection.deadline > talk.now
    talk.connection.submit(WRITE, talk.now)
    assert talk.connection.deadline < talk.now
    assert len(talk.connection.outgoing()) == 1
    assert talk.connection.deadline > talk.now
    assert talk.connection.outgoing() == ()


@pytest.mark.parametrize(
    "request_",
    [
        Request("values", Action.GET),
        Request("", Action.GET),
        Request("/", Action.GET),
        Request("//x", Action.GET),
        Request("/ro", Action.POST),
        Request(VALUES, Action.POST, ({"uid": 1, "value": object()},)),
        Request(VALUES, Action.POST, ({"uid": 1, "value": 2**70},)),
        Request(VALUES, Action.POST, ({"uid": 1, "value": "\ud800"},)),
    ],
    ids=repr,
)
def test_what_cannot_be_said(talk: Talk, request_: Request) -> None:
    """It is refused at once, and the link does not suffer."""
    with pytest.raises(CommandError):
        talk.submit(request_)
    ticket = talk.read(1)
    talk.answer([])
    assert talk.settled == {ticket: []}


def test_what_is_no_question(talk: Talk) -> None:
    """Nobody answers it; it is said in its turn, and that was it."""
    first = talk.read(1)
    ticket = talk.submit(Request(READY, Action.NOTIFY))
    last = talk.read(2)
    assert talk.asked() == [VALUES]
    talk.answer([])
    assert talk.asked() == [READY, VALUES]
    assert talk.settled == {first: [], ticket: None}
    talk.answer([])
    talk.alive(60)
    assert list(talk.settled) == [first, ticket, last]
    assert talk.statistics.unanswered == 0


def test_versions_of_requests() -> None:
    """That of the service, 1 of one that is not listed (§6.1)."""
    talk = Talk().establish({"ci": 2, "ei": 2, "ro": 7})
    for resource, version in ((VALUES, 7), ("/ci/tzInfo", 2), ("/zz/top", 1), (SERVICES, 1)):
        talk.submit(get(resource))
        assert talk.take()[0]["version"] == version
        talk.answer([])


def test_withdrawn_before_it_left(talk: Talk) -> None:
    """It never leaves."""
    first, second, third = talk.read(1), talk.read(2), talk.read(3)
    talk.connection.withdraw(second)
    talk.connection.withdraw(12345)
    talk.take()
    talk.answer([])
    assert talk.take()[0]["data"] == [{"uid": 3}]
    talk.answer([])
    assert list(talk.settled) == [first, third]


def test_withdrawn_on_its_way(talk: Talk) -> None:
    """Its answer is still waited for, since appliances get one at a time."""
    first, second = talk.read(1), talk.read(2)
    talk.connection.withdraw(first)
    talk.take()
    talk.act()
    assert talk.take() == []
    talk.answer([])
    assert talk.asked() == [VALUES]
    talk.answer([])
    assert second in talk.settled


def test_withdrawn_while_the_appliance_is_busy(talk: Talk) -> None:
    """It is not repeated."""
    ticket = talk.submit(WRITE)
    talk.answer(code=515)
    talk.connection.withdraw(ticket)
    talk.take()
    talk.alive(10)
    assert talk.take() == []


# --- refusals that are not the last word ----------------------------------------------------


@pytest.mark.parametrize("code", [515, 516, 517])
@pytest.mark.parametrize("times", [1, 3, 4])
def test_busy(talk: Talk, code: int, times: int) -> None:
    """Again after two seconds, at most three times (§8); those behind wait as well."""
    ticket, behind = talk.submit(WRITE), talk.read(1)
    talk.take()
    for number in range(times):
        talk.answer(code=code)
        if number < 3:
            talk.alive(1.9)
            assert talk.take() == []
            talk.alive(0.2)
            assert [each["action"] for each in talk.take()] == ["POST"]
    if times < 4:
        assert ticket not in talk.settled
        talk.answer()
        assert talk.settled == {ticket: []}
    else:
        assert talk.settled[ticket].code == code
    assert [each["action"] for each in talk.take()] == ["GET"]
    talk.answer([])
    assert behind in talk.settled


def test_busy_in_the_greeting() -> None:
    """The same."""
    talk = Talk().reach(ALL)
    talk.take()
    talk.answer(code=517)
    talk.alive(2.1)
    assert talk.asked() == [ALL]
    talk.answer([{"uid": 1, "value": 1}])
    assert talk.connection.established


@pytest.mark.parametrize("code", [500, 501, 502, 503, 504])
def test_reads_that_fail_are_repeated_once(talk: Talk, code: int) -> None:
    """After two seconds (§8)."""
    ticket = talk.read(1)
    talk.take()
    talk.answer(code=code)
    talk.alive(1.9)
    assert talk.take() == []
    talk.alive(0.2)
    assert talk.asked() == [VALUES]
    talk.answer(code=code)
    assert talk.settled[ticket].code == code
    talk.alive(10)
    assert talk.take() == []


@pytest.mark.parametrize("code", [500, 503])
def test_writes_that_fail_are_not_repeated(talk: Talk, code: int) -> None:
    """They may have been carried out (§8)."""
    ticket = talk.submit(WRITE)
    talk.take()
    talk.answer(code=code)
    talk.alive(10)
    assert talk.take() == []
    assert talk.settled[ticket].code == code


def test_too_many_requests(talk: Talk) -> None:
    """Nothing leaves for half a minute, and who asks is told so at once (§8)."""
    tickets = [talk.submit(WRITE), talk.read(1), talk.read(2)]
    talk.take()
    talk.answer(code=429)
    assert talk.outcomes(tickets) == [RefusedError] * 3
    assert {error.code for error in talk.settled.values()} == {429}
    talk.alive(29.9)
    with pytest.raises(RefusedError) as caught:
        talk.submit(WRITE)
    assert caught.value.code == 429
    assert talk.take() == []
    talk.alive(0.2)
    ticket = talk.submit(WRITE)
    talk.answer()
    assert talk.settled[ticket] == []


# --- answers that cannot be read ------------------------------------------------------------


def test_unreadable_answer(talk: Talk) -> None:
    """A question is repeated once (§6.3)."""
    ticket = talk.read(1)
    talk.take()
    talk.hear("garbage")
    assert talk.asked() == [VALUES]
    talk.answer([{"uid": 1, "value": 1}])
    assert talk.settled[ticket] == [{"uid": 1, "value": 1}]
    assert talk.statistics.unreadable == 1


def test_unreadable_answer_twice(talk: Talk) -> None:
    """Then the caller is told; the next request goes on."""
    ticket, behind = talk.read(1), talk.read(2)
    talk.hear("garbage", "garbage")
    error = talk.settled[ticket]
    assert type(error) is CommandError
    talk.answer([])
    assert talk.settled[behind] == []


def test_unreadable_news_while_asking(talk: Talk) -> None:
    """It may have been the answer: asked again, and the answer to the first time is nobody's."""
    ticket = talk.read(1)
    first = talk.response([])
    talk.hear("garbage", first)
    assert talk.settled == {}
    assert talk.statistics.strays == 1
    talk.answer([])
    assert ticket in talk.settled


def test_unreadable_answer_to_a_wish(talk: Talk) -> None:
    """It is not repeated, for it may have been carried out; the time limit tells."""
    ticket = talk.submit(WRITE)
    talk.take()
    talk.hear("garbage")
    talk.alive(20.1)
    assert talk.take() == []
    assert talk.outcomes([ticket]) == [UnansweredError]


def test_unreadable_news(talk: Talk) -> None:
    """Is told once per kind by the client, counted, and nothing else."""
    talk.hear("garbage", b"\xff", "[]", "{}", '{"resource":"/ro/values"}')
    assert {event.what for event in told(talk, Noticed)} == {
        "a message that cannot be read: json",
        "a message that cannot be read: decode_error",
        "a message that cannot be read: envelope",
    }
    assert talk.statistics.unreadable == 5
    assert talk.take() == []


# --- time -----------------------------------------------------------------------------------


def test_unanswered(talk: Talk) -> None:
    """Twenty seconds; what became of it is not known. The next one has its own (§6.1)."""
    ticket, behind = talk.submit(WRITE), talk.read(1)
    late = talk.response()
    talk.take()
    talk.alive(19.9)
    assert talk.settled == {}
    talk.alive(0.2)
    assert talk.outcomes([ticket]) == [UnansweredError]
    assert talk.asked() == [VALUES]
    talk.hear(late)
    assert talk.statistics.strays == 1
    assert behind not in talk.settled
    talk.answer([])
    assert talk.settled[behind] == []
    assert talk.statistics.unanswered == 1


def test_two_unanswered_in_a_row(talk: Talk) -> None:
    """A stuck appliance, even if it answers pings."""
    talk.submit(WRITE)
    talk.submit(WRITE)
    with pytest.raises(PeerSilentError, match="stopped answering"):
        talk.alive(40.2)


def test_unanswered_with_answers_between(talk: Talk) -> None:
    """Not in a row: also a refusal is a sign of life."""
    for _ in range(3):
        talk.submit(WRITE)
        talk.alive(20.1)
        talk.submit(WRITE)
        talk.answer(code=541)
    assert talk.statistics.unanswered == 3


def test_pings(talk: Talk) -> None:
    """Every twenty seconds while all is well (§5.2); nothing else is said on a quiet link."""
    talk.pings.clear()
    talk.alive(3600)
    assert len(talk.pings) == 180
    assert talk.take() == []
    assert talk.events == []


@pytest.mark.parametrize(
    "sign",
    [
        Control.PONG,
        Control.PING,
        "garbage",
        '{"sID":1,"msgID":1,"resource":"/ro/values","version":1,"action":"NOTIFY","data":[]}',
    ],
)
def test_signs_of_life(talk: Talk, sign: str | Control) -> None:
    """Whatever is heard."""
    for _ in range(20):
        talk.wait(9.9)
        talk.hear(sign)
    assert talk.connection.established


def test_sign_of_life_in_the_same_moment(talk: Talk) -> None:
    """A pong that comes within one reading of the clock counts."""
    talk.wait(20)
    talk.hear(Control.PONG)
    talk.wait(19)
    assert talk.connection.established


def test_no_sign_of_life(talk: Talk) -> None:
    """Ten seconds after a ping that nothing followed (§5.2)."""
    talk.hear(Control.PONG)
    talk.pings.clear()
    talk.wait(29.99)
    with pytest.raises(PeerSilentError, match="no sign"):
        talk.wait(1)
    assert talk.pings == [START + 20]
    assert talk.now == START + 30


# --- sealed links ---------------------------------------------------------------------------

KEY, IV = bytes(range(32)), bytes(range(16))


def sealed_greeting(codec: AesCodec) -> bytes:
    """Seal a first message."""
    return codec.seal(
        encode(
            Message(
                resource="/ei/initialValues",
                action=Action.POST,
                data=[{"edMsgID": 5}],
                session_id=1,
                message_id=1,
            )
        )
    )


class Spoken(Talk):
    """A talk whose frames are sealed."""

    def __init__(self) -> None:
        """Share the key."""
        self.theirs = AesCodec(KEY, IV, appliance=True)
        self.clear: list[Json] = []
        super().__init__(AesCodec(KEY, IV))

    def flush(self) -> None:
        """Open what is said."""
        for data in self.connection.outgoing():
            if isinstance(data, bytes):
                self.clear.append(json.loads(self.theirs.open(data)))


def test_sealed_greeting() -> None:
    """Frames are sealed in the order in which they leave."""
    talk = Spoken()
    talk.hear(sealed_greeting(talk.theirs))
    assert [message["action"] for message in talk.clear] == ["RESPONSE", "GET"]


def test_wrong_key() -> None:
    """The first frame tells (§5.3)."""
    talk = Spoken()
    with pytest.raises(KeyRefusedError):
        talk.hear(sealed_greeting(AesCodec(bytes(32), IV, appliance=True)))
    assert talk.statistics.seal_failures == 1


def test_wrong_iv() -> None:
    """It is part of every MAC."""
    talk = Spoken()
    with pytest.raises(KeyRefusedError):
        talk.hear(sealed_greeting(AesCodec(KEY, bytes(16), appliance=True)))


@pytest.mark.parametrize("frame", ["text", b"", b"x" * 31, b"x" * 33], ids=repr)
def test_first_frame_of_another_kind(frame: str | bytes) -> None:
    """It does not speak against the key."""
    with pytest.raises(SealError):
        Spoken().hear(frame)


def test_broken_seal_later() -> None:
    """The chain is broken, the key is not (§5.3); replayed frames are no better."""
    for spoil in ("flip", "replay"):
        talk = Spoken()
        first = sealed_greeting(talk.theirs)
        talk.hear(first)
        frame = first if spoil == "replay" else sealed_greeting(talk.theirs)[:-1] + b"?"
        with pytest.raises(SealError) as caught:
            talk.hear(frame)
        assert caught.value.kind == "mac_failure"
        assert talk.statistics.seal_failures == 1


def test_broken_seal_behind_an_unreadable_message() -> None:
    """What was opened is proof of the key, whatever it said."""
    talk = Spoken()
    talk.hear(talk.theirs.seal("garbage"))
    with pytest.raises(SealError):
        talk.hear(sealed_greeting(AesCodec(bytes(32), IV, appliance=True)))


# --- the rest -------------------------------------------------------------------------------


def test_statistics_are_shared() -> None:
    """They count over all links of a client."""
    statistics = Statistics()
    assert statistics.refusals == {}
    assert len(statistics.closings) == 0
    for number in range(100):
        statistics.closings.append(str(number))
    assert len(statistics.closings) == 20


def test_programs_are_asked_for_as_they_should(talk: Talk) -> None:
    """The uid comes first in each item (§6.1)."""
    talk.submit(start_program(5, [(7, 1)]))
    (message,) = talk.take()
    assert message["data"] == [{"program": 5, "options": [{"uid": 7, "value": 1}]}]
    assert list(message["data"][0]["options"][0]) == ["uid", "value"]
    talk.answer()
    talk.submit(post(VALUES, {"uid": 1, "value": None}))
    assert talk.take()[0]["data"] == [{"uid": 1, "value": None}]
