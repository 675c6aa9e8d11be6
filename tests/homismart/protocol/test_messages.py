"""What frames of the server mean, and how ours are put."""

from datetime import UTC, datetime, timedelta, timezone
import json
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.homismart.protocol.const import (
    KIND_BY_TYPE,
    MAX_ID_CHARS,
    MAX_MEMBERS,
    MAX_NAME_CHARS,
    MAX_OBJECTS,
    SAME_CODES,
    SWITCHED_TYPES,
    Group,
    Kind,
    Prefix,
)
from custom_components.homismart.protocol.frames import Frame, decode, encode
from custom_components.homismart.protocol.login import Credentials
from custom_components.homismart.protocol.messages import (
    CONFIRM_TERMS,
    HEARTBEAT,
    LIST_OBJECTS,
    Command,
    CurtainState,
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
    delete_object,
    digest,
    level_for_position,
    log_in,
    read_curtain_state,
    read_message,
    read_report,
    read_reports,
    rename,
    set_closed_position,
    set_icon,
    set_led,
    set_level,
    set_lock,
    set_power,
    shows,
    stop_curtain,
    switch_group,
)
from tests.common import load_vectors

from .home import (
    CURTAIN,
    DIGEST,
    DOOR,
    HUB,
    LIGHT,
    MORNING,
    MORNING_MS,
    SOCKET,
    USERNAME,
    objects,
    thing,
)
from .strategies import BODIES, FRAMES, JSON, NAMED, OBJECTS


def rows(name: str) -> list[Any]:
    """Give the rows of a table of the vectors."""
    found: list[Any] = load_vectors("homismart", name)["rows"]
    return found


def read(text: str) -> object:
    """Read one frame as the server sent it."""
    return read_message(decode(text))


def report(**members: object) -> Report:
    """Read an object of these members."""
    found = read_report({"id": "02", **members})
    assert found is not None
    return found


# --- frames of the server -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('0003{"result":true}', LoginAnswer(True)),
        ('0003{"result":"true"}', LoginAnswer(True)),
        ('0003{"result":true,"shouldConfirmTerms":1}', LoginAnswer(True, True)),
        ('0003{"result":true,"shouldConfirmTerms":true}', LoginAnswer(True, True)),
        ('0003{"result":true,"shouldConfirmTerms":0}', LoginAnswer(True)),
        ('0003{"result":false}', LoginAnswer(False)),
        ('0003{"result":false,"shouldConfirmTerms":1}', LoginAnswer(False, True)),
        ('0003{"result":"false"}', LoginAnswer(False)),
        ('0003{"result":1}', LoginAnswer(False)),
        ('0003{"result":"yes"}', LoginAnswer(False)),
        ('0003{"result":null}', LoginAnswer(False)),
        ('0003{"result":[true]}', LoginAnswer(False)),
        ("0003{}", LoginAnswer(False)),
        ("0003", LoginAnswer(False)),
        ("0003[]", LoginAnswer(False)),
        ("0223{}", TermsConfirmed()),
        ('0223{"result":false}', TermsConfirmed()),
        ("0223", TermsConfirmed()),
        ('0015{"result":true,"status":{"id":"02"}}', Deleted("02")),
        ('0015{"result":"true","status":{"id":2}}', Deleted("2")),
        ('9999{"code":40,"info":"no_response"}', ServerError(40)),
        ('9999{"code":"72","info":"permission_denied"}', ServerError(72)),
        ('9999{"code":12345}', ServerError(12345)),
        ('9999{"info":"x"}', ServerError(0)),
        ('9999{"code":null}', ServerError(0)),
        ('9999{"code":"x"}', ServerError(0)),
        ('9999{"code":true}', ServerError(0)),
        ("9999{}", ServerError(0)),
        ("9999", ServerError(0)),
        ("9999[]", ServerError(0)),
        ('0039{"ip":"s2.homismart.com","port":"9443"}', Redirect("s2.homismart.com", 9443)),
        ('0039{"ip":"S2.Homismart.COM","port":9443}', Redirect("s2.homismart.com", 9443)),
        ('0039{"ip":"203.0.113.7","port":"443"}', Redirect("203.0.113.7", 443)),
        ('0039{"ip":"h","port":"1"}', Redirect("h", 1)),
        ('0039{"ip":"h","port":"65535"}', Redirect("h", 65535)),
        ("0049{}", HubNotice(None)),
        ("0049", HubNotice(None)),
        ("0049[1]", HubNotice(None)),
    ],
)
def test_messages(text: str, message: object) -> None:
    """Every frame of §4 to §8 and §11 that carries no object."""
    assert read(text) == message


@pytest.mark.parametrize(
    "text",
    [
        "0009",
        "0009{}",
        "0009null",
        "0009[]",
        "00095",
        '0009{"name":"no id"}',
        '0009{"id":null}',
        '0009{"id":""}',
        '0009{"id":true}',
        '0009{"id":-5}',
        '0009{"id":1.5}',
        '0009{"id":["02"]}',
        "0013{}",
        "0013",
        '0013{"result":false}',
        '0013{"result":true}',
        '0013{"result":true,"status":[]}',
        '0013{"result":true,"status":{}}',
        '0013{"result":false,"status":{"id":"02","type":2}}',
        "0015{}",
        '0015{"result":false}',
        '0015{"result":false,"status":{"id":"02"}}',
        '0015{"result":true}',
        '0015{"result":true,"status":"02"}',
        '0015{"result":true,"status":{"id":null}}',
        "0039{}",
        "0039",
        "0039[]",
        '0039{"ip":"s2.homismart.com"}',
        '0039{"port":"443"}',
        '0039{"ip":"","port":"443"}',
        '0039{"ip":"s2.homismart.com","port":""}',
        '0039{"ip":"s2.homismart.com","port":"https"}',
        '0039{"ip":"s2.homismart.com","port":"0"}',
        '0039{"ip":"s2.homismart.com","port":"65536"}',
        '0039{"ip":"s2.homismart.com","port":"-443"}',
        '0039{"ip":"s2.homismart.com","port":" 443"}',
        '0039{"ip":"s2.homismart.com","port":"443.0"}',
        '0039{"ip":"s2.homismart.com","port":443.5}',
        '0039{"ip":"s2.homismart.com","port":true}',
        '0039{"ip":"s2.homismart.com","port":null}',
        '0039{"ip":7,"port":"443"}',
        '0039{"ip":["s2.homismart.com"],"port":"443"}',
        '0039{"ip":"' + "a" * 254 + '","port":"443"}',
        "0073{}",
        '0777{"x":1}',
        "0000",
    ],
)
def test_unrecognised(text: str) -> None:
    """What cannot be used is a value that says so in few words of our own."""
    message = read(text)
    assert isinstance(message, Unrecognised)
    assert len(message.what) < 40
    assert "homismart.com" not in message.what


def test_objects_in_messages() -> None:
    """Pushes, add answers, hub notices and lists carry objects (§8)."""
    light, hub = thing(LIGHT), thing(HUB)
    for text, kind in (
        ("0009" + json.dumps(light), ObjectPush),
        ("0013" + json.dumps({"result": True, "status": light}), ObjectPush),
        ("0013" + json.dumps({"result": "true", "status": light}), ObjectPush),
        ("0049" + json.dumps(light), HubNotice),
    ):
        message = read(text)
        assert isinstance(message, kind)
        assert message.report is not None
        assert message.report.device_id == LIGHT
        assert message.report.members == light
        assert not message.report.is_hub
    message = read("0009" + json.dumps(hub))
    assert isinstance(message, ObjectPush)
    assert message.report.is_hub


KNOWN = {
    "0003": LoginAnswer,
    "0005": ObjectList,
    "0009": ObjectPush,
    "0013": ObjectPush,
    "0015": Deleted,
    "0039": Redirect,
    "0049": HubNotice,
    "0023": OtherAnswer,
    "0025": OtherAnswer,
    "0029": OtherAnswer,
    "0045": OtherAnswer,
    "0113": OtherAnswer,
    "0223": TermsConfirmed,
    "9999": ServerError,
}
"""What the server's prefixes mean to us; all others are news of no use."""
FITTING: dict[str, object] = {
    "0003": {"result": True},
    "0005": [],
    "0009": {"id": "02", "type": 2},
    "0013": {"result": True, "status": {"id": "02", "type": 2}},
    "0015": {"result": True, "status": {"id": "02"}},
    "0039": {"ip": "s2.homismart.com", "port": "443"},
    "0049": {"id": "00", "onLine": False},
    "9999": {"code": 1},
}


@pytest.mark.parametrize(
    ("prefix", "direction"), [(row["prefix"], row["direction"]) for row in rows("prefixes")]
)
def test_prefixes(prefix: str, direction: str) -> None:
    """A prefix means what it means in the server's mouth, never what it means in ours (§13)."""
    for body in (FITTING.get(prefix, {}), {"id": "02", "closedPosition": 7}, {}, [], None):
        message = read_message(Frame(prefix, body))
        if direction == "in" or (prefix in KNOWN and prefix == "9999"):
            expected = KNOWN.get(prefix, Unrecognised)
            if body == FITTING.get(prefix, {}):
                assert type(message) is expected
            else:
                assert isinstance(message, expected | Unrecognised)
        elif prefix not in {row["prefix"] for row in rows("prefixes") if row["direction"] == "in"}:
            assert type(message) is Unrecognised


@pytest.mark.parametrize("prefix", ["0144", "0146", "0149", "0150", "0151", "0152"])
def test_prefixes_that_mean_two_things(prefix: str) -> None:
    """What the server says under a number of ours changes nothing (§13)."""
    body = {"deviceSN": CURTAIN, "closedPosition": 7, "id": CURTAIN, "result": True}
    assert read_message(Frame(prefix, body)) == Unrecognised(prefix)


def test_our_prefixes_are_the_vendors() -> None:
    """Each prefix in the code stands in the table."""
    assert {prefix.value for prefix in Prefix} <= {row["prefix"] for row in rows("prefixes")}


# --- error codes ----------------------------------------------------------------------------


@pytest.mark.parametrize("row", rows("error_codes"), ids=lambda row: str(row["code"]))
def test_error_codes(row: dict[str, Any]) -> None:
    """Numbers of one meaning are one number to us (§11), sent as number or as text."""
    for code in (row["code"], str(row["code"])):
        assert read_message(Frame("9999", {"code": code})) == ServerError(row["same_as"])


def test_same_codes_are_complete() -> None:
    """The table in the code holds the rows that differ, and no others."""
    expected = {row["code"]: row["same_as"] for row in rows("error_codes")}
    assert {code: same for code, same in expected.items() if code != same} == SAME_CODES


# --- objects --------------------------------------------------------------------------------


def test_every_member() -> None:
    """All members of §7.1 that are understood, and all that are not are kept."""
    body = {
        **thing(LIGHT, consumption=12.5, operationTime=5, closedPosition=9, curtainState="230"),
        "permission": "control",
        "novelty": [1],
    }
    found = read_report(body)
    assert found is not None
    assert found.members == body
    assert dict(found.values) == {
        "name": "Corridor",
        "type_number": 2,
        "hub_id": HUB,
        "version": "2",
        "online": True,
        "is_on": True,
        "consumption": 12.5,
        "updated_at": datetime(2026, 3, 31, 23, 33, 20, tzinfo=UTC),
        "locked": False,
        "last_on": "2026-03-31 21:15:00",
        "led": 100,
        "icon_id": "0",
        "shared": False,
        "closed_position": 9,
        "operation_time_s": 5,
    }
    assert found.curtain == CurtainState(30, True)


def test_fixture_account() -> None:
    """Every object of the account is read."""
    found = read_reports(objects())
    assert found is not None
    assert [each.device_id for each in found] == [each["id"] for each in objects()]
    assert [each.is_hub for each in found] == [True, True] + [False] * 11


BOOLEANS = [
    (True, True),
    (False, False),
    (1, True),
    (0, False),
    ("true", True),
    ("false", False),
    ("True", True),
    ("FALSE", False),
    ("1", True),
    ("0", False),
    (2, None),
    (-1, None),
    (0.0, None),
    ("", None),
    ("on", None),
    ("yes", None),
    (None, None),
    ([], None),
    ({"on": True}, None),
]


@pytest.mark.parametrize(("raw", "value"), BOOLEANS, ids=repr)
@pytest.mark.parametrize(
    ("member", "name"), [("onLine", "online"), ("power", "is_on"), ("shared", "shared")]
)
def test_booleans(member: str, name: str, raw: object, value: bool | None) -> None:
    """The text "false" is false; what is no truth value says nothing (§7.1)."""
    assert report(**{member: raw}).values.get(name) is value


@pytest.mark.parametrize(
    ("member", "name", "raw", "value"),
    [
        ("led", "led", 0, 0),
        ("led", "led", 100, 100),
        ("led", "led", "30", 30),
        ("led", "led", 50.0, 50),
        ("led", "led", 101, None),
        ("led", "led", -1, None),
        ("led", "led", "x", None),
        ("led", "led", "", None),
        ("led", "led", True, None),
        ("led", "led", 50.5, None),
        ("led", "led", "9" * 5000, None),
        ("closedPosition", "closed_position", 0, 0),
        ("closedPosition", "closed_position", 10, 10),
        ("closedPosition", "closed_position", "8", 8),
        ("closedPosition", "closed_position", 11, None),
        ("type", "type_number", 2, 2),
        ("type", "type_number", "2", 2),
        ("type", "type_number", 0, 0),
        ("type", "type_number", 99, 99),
        ("type", "type_number", "two", None),
        ("type", "type_number", None, None),
        ("version", "version", 14, "14"),
        ("version", "version", "1.4", "1.4"),
        ("version", "version", None, None),
        ("consumption", "consumption", 0, 0),
        ("consumption", "consumption", 2100, 2100),
        ("consumption", "consumption", 0.5, 0.5),
        ("consumption", "consumption", "2100", 2100),
        ("consumption", "consumption", "12.5", 12.5),
        ("consumption", "consumption", "nan", None),
        ("consumption", "consumption", "inf", None),
        ("consumption", "consumption", "1e999", None),
        ("consumption", "consumption", "1_0", None),
        ("consumption", "consumption", "", None),
        ("operationTime", "operation_time_s", 5, 5),
        ("operationTime", "operation_time_s", "5", 5),
        ("operationTime", "operation_time_s", "2.5", 2.5),
        ("iconId", "icon_id", "0", "0"),
        ("iconId", "icon_id", 12, "12"),
        ("pid", "hub_id", HUB, HUB),
        ("pid", "hub_id", "", None),
        ("pid", "hub_id", 12, "12"),
        ("lock", "locked", "2", True),
        ("lock", "locked", 2, True),
        ("lock", "locked", "1", False),
        ("lock", "locked", 1, False),
        ("lock", "locked", "3", None),
        ("lock", "locked", "", None),
        ("lock", "locked", True, None),
        ("lock", "locked", None, None),
        ("lastOn", "last_on", "2026-03-31 21:15:00", "2026-03-31 21:15:00"),
        ("lastOn", "last_on", "", None),
        ("lastOn", "last_on", "2026-02-30 21:15:00", None),
        ("lastOn", "last_on", "2026-03-31T21:15:00", None),
        ("lastOn", "last_on", 0, None),
        ("name", "name", "Corridor", "Corridor"),
        ("name", "name", "  Corridor ", "Corridor"),
        ("name", "name", "", None),
        ("name", "name", "  ", None),
        ("name", "name", 12, "12"),
        ("name", "name", None, None),
        ("name", "name", "n" * MAX_NAME_CHARS, "n" * MAX_NAME_CHARS),
        ("name", "name", "n" * (MAX_NAME_CHARS + 1), "n" * MAX_NAME_CHARS),
        (
            "updateTime",
            "updated_at",
            1_775_000_000_000,
            datetime(2026, 3, 31, 23, 33, 20, tzinfo=UTC),
        ),
        (
            "updateTime",
            "updated_at",
            "1775000000000",
            datetime(2026, 3, 31, 23, 33, 20, tzinfo=UTC),
        ),
        ("updateTime", "updated_at", 0, None),
        ("updateTime", "updated_at", -1, None),
        ("updateTime", "updated_at", 10**18, None),
        ("updateTime", "updated_at", "", None),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_numbers_and_texts(member: str, name: str, raw: object, value: object) -> None:
    """Numbers may come as text and the other way round; nonsense says nothing (§7.1)."""
    found = report(**{member: raw}).values.get(name)
    assert found == value
    assert isinstance(found, bool) is isinstance(value, bool)


@pytest.mark.parametrize(
    ("raw", "device_id"),
    [
        ("02664110009301", "02664110009301"),
        (5, "5"),
        (0, "0"),
        (2664110009301, "2664110009301"),
        ("x", "x"),
        ("i" * MAX_ID_CHARS, "i" * MAX_ID_CHARS),
        ("i" * (MAX_ID_CHARS + 1), None),
        ("", None),
        (None, None),
        (True, None),
        (-5, None),
        (5.0, None),
        ([], None),
        (2**64 - 1, str(2**64 - 1)),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_ids(raw: object, device_id: str | None) -> None:
    """A number is taken for an id by turning it into text; an object without one is unusable (§5)."""
    found = read_report({"id": raw, "type": 2})
    assert (found.device_id if found else None) == device_id


@pytest.mark.parametrize("body", [None, [], "x", 5, True, {}, {"name": "no id"}], ids=repr)
def test_what_is_no_object(body: object) -> None:
    """Nothing comes of it."""
    assert read_report(body) is None


def test_one_bad_entry_does_not_spoil_the_list() -> None:
    """Numbers, lists and objects without an id are skipped; the rest counts (§5)."""
    found = read_reports(
        [1, {"name": "no id"}, {"id": 5, "type": 2}, None, [thing(LIGHT)], thing(LIGHT)]
    )
    assert found is not None
    assert [each.device_id for each in found] == ["5", LIGHT]


@pytest.mark.parametrize("body", [None, {}, "x", 5, {"0": thing(LIGHT)}], ids=repr)
def test_what_is_no_list(body: object) -> None:
    """That is not an empty home, it is no answer (§5)."""
    assert read_reports(body) is None
    assert read_message(Frame("0005", body)) == ObjectList(None)


def test_objects_are_bounded() -> None:
    """Neither many members nor long ones nor many objects are kept."""
    assert read_report({"id": "02", **{f"m{number}": 1 for number in range(MAX_MEMBERS - 1)}})
    assert read_report({"id": "02", **{f"m{number}": 1 for number in range(MAX_MEMBERS)}}) is None
    found = read_reports([{"id": number, "type": 2} for number in range(MAX_OBJECTS + 1)])
    assert found is not None
    assert len(found) <= MAX_OBJECTS


@pytest.mark.parametrize(
    "member",
    [{"novelty": "x" * 2**20}, {"x" * 2**20: 1}, {"name": "n" * 2**20}, {"novelty": [0] * 2**18}],
    ids=["value", "name of a member", "name", "array"],
)
def test_huge_members(member: dict[str, Any]) -> None:
    """No device has a member of a megabyte, and what is kept of each is sent back with every command."""
    assert read_report({"id": "02", "type": 2, **member}) is None


@pytest.mark.parametrize("depth", [10, 100, 253, 254, 255, 256, 1000, 1022])
def test_deep_objects(depth: int) -> None:
    """A command sends the object back as it was, so one that cannot be written is unusable from the start."""
    body = decode('0009{"id":"02","type":2,"x":' + "[" * depth + "]" * depth + "}").body
    if found := read_report(body):
        assert decode(encode(build(set_power("02", True), found.members, MORNING)))
    else:
        assert depth > 200


def test_other_answers_hide_what_they_hold() -> None:
    """Nobody knows what they are made of."""
    message = read_message(Frame("0045", [{"mail": USERNAME}]))
    assert isinstance(message, OtherAnswer)
    assert message.body == [{"mail": USERNAME}]
    assert USERNAME not in repr(message)


@pytest.mark.parametrize(
    ("member", "name"), [("lock", "locked"), ("onLine", "online"), ("power", "is_on")]
)
@pytest.mark.parametrize("raw", [None, "3", "maybe", [], {}, 7], ids=repr)
def test_what_is_not_understood_is_not_what_it_was(member: str, name: str, raw: object) -> None:
    """A door that says neither locked nor unlocked is not shown as locked because it once was."""
    assert report(**{member: raw}).values == {name: None}


def test_reports_hide_raw_members() -> None:
    """They may hold what a share grants; a repr must not show them."""
    assert "control" not in repr(report(permission="control"))


# --- curtains -------------------------------------------------------------------------------


@pytest.mark.parametrize("row", rows("curtain_states"), ids=lambda row: repr(row["curtainState"]))
def test_curtain_states(row: dict[str, Any]) -> None:
    """Level and standing, as noted (§7.3)."""
    state = read_curtain_state(row["curtainState"])
    if row["level"] is None:
        assert state is None
        return
    assert state is not None
    assert state.level == (None if row["level"] == "keep" else row["level"])
    assert state.standing is row["standing"]


@pytest.mark.parametrize("row", rows("position_to_level"), ids=lambda row: str(row["ha_position"]))
def test_position_to_level(row: dict[str, Any]) -> None:
    """Tens, halves towards closed (§7.3)."""
    command = set_level(CURTAIN, level_for_position(row["ha_position"]))
    assert command.changes == {"curtainState": row["curtainState"]}


def test_no_position_is_a_stop() -> None:
    """Neither 99, which stops, nor 1, which is shown as 0, nor anything but tens is ever sent."""
    levels = [level_for_position(position) for position in range(101)]
    assert set(levels) == set(range(0, 101, 10))
    assert levels == sorted(levels, reverse=True)
    assert (levels[0], levels[100]) == (100, 0)


# --- device types ---------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "meaning"), rows("device_types"))
def test_device_types(number: int, meaning: str) -> None:
    """Each number of §9 is of the kind that the table names."""
    kinds = {
        "socket": Kind.SOCKET,
        "light switch": Kind.LIGHT_SWITCH,
        "shutter": Kind.SHUTTER,
        "curtain": Kind.CURTAIN,
        "multi-gang switch (assumed)": Kind.MULTI_GANG,
        "double switch or socket": Kind.DOUBLE_SWITCH,
        "socket, other model (assumed)": Kind.OTHER_SOCKET,
        "door lock": Kind.DOOR_LOCK,
    }
    assert KIND_BY_TYPE.get(number) == kinds.get(meaning)
    if "only in group commands" in meaning:
        assert Group(number).name.lower() in meaning


# --- our frames -----------------------------------------------------------------------------


@pytest.mark.parametrize(("password", "expected"), rows("password_md5"))
def test_digest(password: str, expected: str) -> None:
    """MD5 of the UTF-8 password, in lower case, without salt (§4)."""
    assert digest(password) == expected


def test_fixture_digest() -> None:
    """The account's password and digest belong together."""
    assert digest("Mitnick's cat 7") == DIGEST


def test_login() -> None:
    """The address as typed, and the digest (§4)."""
    assert encode(log_in(USERNAME, DIGEST)) == (
        '0002{"username":"home.owner@example.net","password":"8206f662a7a06bafd574d0ace3fa3375"}'
    )
    assert json.loads(encode(log_in(" Jörg@Example.NET ", DIGEST))[4:])["username"] == (
        " Jörg@Example.NET "
    )


def test_login_hides_the_digest() -> None:
    """The digest is as good as the password; a repr must not show it, nor the address."""
    for shown in (repr(log_in(USERNAME, DIGEST)), repr(Credentials(USERNAME, DIGEST))):
        assert DIGEST not in shown
        assert USERNAME not in shown


def test_requests_without_parameters_carry_an_empty_object() -> None:
    """Not nothing (§3)."""
    assert [encode(each) for each in (LIST_OBJECTS, HEARTBEAT, CONFIRM_TERMS)] == [
        *("0004{}", "0072{}", "0222{}")
    ]


def built(command: Command, members: dict[str, Any] | None = None, now: datetime = MORNING) -> Any:
    """Build the frame of a command for an object; gives prefix and body."""
    frame = build(command, {} if members is None else members, now)
    return frame.prefix, frame.body


def test_switching_on() -> None:
    """The whole object, power, the moment of switching on in local time, a fresh time of change (§10.1)."""
    assert built(set_power(SOCKET, True), thing(SOCKET, novelty={"x": [1]})) == (
        "0006",
        thing(
            SOCKET,
            power=True,
            lastOn="2026-04-01 08:00:00",
            updateTime=MORNING_MS,
            novelty={"x": [1]},
        ),
    )


def test_switching_off() -> None:
    """The moment of switching on stays as it was (§10.1)."""
    assert built(set_power(LIGHT, False), thing(LIGHT)) == (
        "0006",
        thing(LIGHT, power=False, updateTime=MORNING_MS),
    )


def test_local_time_of_the_home() -> None:
    """``lastOn`` is local, ``updateTime`` is not."""
    now = datetime(2026, 4, 1, 11, 0, tzinfo=timezone(timedelta(hours=3)))
    _, body = built(set_power(SOCKET, True), thing(SOCKET), now)
    assert body["lastOn"] == "2026-04-01 11:00:00"
    assert body["updateTime"] == MORNING_MS


@pytest.mark.parametrize(
    ("command", "state"),
    [
        (set_level(CURTAIN, 70), "70"),
        (set_level(CURTAIN, 0), "0"),
        (set_level(CURTAIN, 100), "100"),
        (stop_curtain(CURTAIN), "99"),
    ],
    ids=["70", "open", "closed", "stop"],
)
def test_moving(command: Command, state: str) -> None:
    """The level as text, 99 to stop; ``lastOn`` is none of its business (§10.1)."""
    assert built(command, thing(CURTAIN)) == (
        "0006",
        thing(CURTAIN, curtainState=state, updateTime=MORNING_MS),
    )


@pytest.mark.parametrize(
    ("command", "members", "body"),
    [
        (
            rename(LIGHT, "Corridor north"),
            thing(LIGHT),
            {"devid": LIGHT, "name": "Corridor north", "lock": "1", "iconId": "0"},
        ),
        (
            set_icon(LIGHT, "12"),
            thing(LIGHT),
            {"devid": LIGHT, "name": "Corridor", "lock": "1", "iconId": "12"},
        ),
        (
            set_lock(DOOR, True),
            thing(DOOR),
            {"devid": DOOR, "name": "Street door", "lock": "2", "iconId": "0"},
        ),
        (
            set_lock(DOOR, False),
            thing(DOOR),
            {"devid": DOOR, "name": "Street door", "lock": "1", "iconId": "0"},
        ),
        (
            rename(DOOR, "Gate"),
            thing(DOOR),
            {"devid": DOOR, "name": "Gate", "lock": "2", "iconId": "0"},
        ),
        (
            rename(HUB, "Attic unit"),
            thing(HUB),
            {"devid": HUB, "name": "Attic unit", "lock": "1", "iconId": "0"},
        ),
        (
            set_icon(LIGHT, "3"),
            thing(LIGHT, name=12, lock=2, iconId=5),
            {"devid": LIGHT, "name": "12", "lock": "2", "iconId": "3"},
        ),
        (
            rename(LIGHT, "x"),
            {"id": LIGHT, "type": 2, "lock": None, "iconId": None},
            {"devid": LIGHT, "name": "x", "lock": "1", "iconId": "0"},
        ),
        (
            set_lock(LIGHT, True),
            thing(LIGHT, name="n" * 200),
            {"devid": LIGHT, "name": "n" * 200, "lock": "2", "iconId": "0"},
        ),
    ],
    ids=[
        *("name", "icon", "lock", "unlock", "name keeps the lock", "hub", "texts"),
        *("defaults", "long name"),
    ],
)
def test_modifying(command: Command, members: dict[str, Any], body: object) -> None:
    """Name, lock and icon travel together, all as text, with the current values of the others (§10.2)."""
    assert built(command, members) == ("0016", body)


def test_indicator_light() -> None:
    """An integer under another name than the state's (§10.3)."""
    assert built(set_led(LIGHT, 50)) == ("0030", {"devid": LIGHT, "ledDevice": 50})


def test_closed_position() -> None:
    """An integer, and the id under a name of its own (§10.4)."""
    assert built(set_closed_position(CURTAIN, 7)) == (
        "0144",
        {"deviceSN": CURTAIN, "closedPosition": 7},
    )


def test_deleting() -> None:
    """Only the id (§10.5)."""
    assert built(delete_object(SOCKET)) == ("0014", {"devid": SOCKET})


@pytest.mark.parametrize(
    ("command", "body"),
    [
        (switch_group(False, Group.EVERYTHING, SWITCHED_TYPES, curtains=False), ("0", 10)),
        (switch_group(True, 1, {1}, curtains=False), ("1", 1)),
        (switch_group(True, Group.CURTAINS, {4, 5}, curtains=True), ("1", 45)),
        (switch_group(False, Group.CURTAINS, {4, 5}, curtains=True), ("0", 45)),
    ],
    ids=["all off", "sockets on", "curtains open", "curtains closed"],
)
def test_groups(command: Command, body: tuple[str, int]) -> None:
    """The action as text, the type as number (§10.6)."""
    action, number = body
    text = encode(Frame(*built(command)))
    assert text == f'0138{{"action":"{action}","type":{number}}}'


def test_building_changes_nothing_that_is_stored() -> None:
    """The stored object is the cloud's word; a wish is not written into it."""
    members = thing(LIGHT)
    for command in (set_power(LIGHT, False), rename(LIGHT, "x"), set_level(LIGHT, 10)):
        build(command, members, MORNING)
    assert members == thing(LIGHT)


# --- success --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "members", "fulfilled"),
    [
        (set_power(LIGHT, True), {"power": True}, True),
        (set_power(LIGHT, True), {"power": "true"}, True),
        (set_power(LIGHT, True), {"power": False}, False),
        (set_power(LIGHT, True), {"led": 5}, False),
        (set_power(LIGHT, True), {"power": None}, False),
        (set_power(LIGHT, False), {"power": "false"}, True),
        (set_power(LIGHT, False), {}, False),
        (set_level(CURTAIN, 70), {"curtainState": "70"}, True),
        (set_level(CURTAIN, 70), {"curtainState": "270"}, True),
        (set_level(CURTAIN, 70), {"curtainState": 70}, True),
        (set_level(CURTAIN, 70), {"curtainState": "60"}, False),
        (set_level(CURTAIN, 70), {"curtainState": "99"}, False),
        (set_level(CURTAIN, 0), {"curtainState": "1"}, True),
        (set_level(CURTAIN, 100), {"curtainState": "-1"}, False),
        (set_level(CURTAIN, 100), {"curtainState": "150"}, False),
        (set_level(CURTAIN, 0), {}, False),
        (stop_curtain(CURTAIN), {"curtainState": "260"}, True),
        (stop_curtain(CURTAIN), {"curtainState": "99"}, True),
        (stop_curtain(CURTAIN), {"curtainState": "299"}, True),
        (stop_curtain(CURTAIN), {"curtainState": "60"}, False),
        (stop_curtain(CURTAIN), {"curtainState": "-1"}, False),
        (stop_curtain(CURTAIN), {}, False),
        (set_lock(DOOR, True), {"lock": "2"}, True),
        (set_lock(DOOR, True), {"lock": "1"}, False),
        (set_lock(DOOR, True), {"lock": "3"}, False),
        (set_lock(DOOR, False), {"lock": 1}, True),
        (set_led(LIGHT, 0), {"led": "0"}, True),
        (set_led(LIGHT, 0), {}, False),
        (set_led(LIGHT, 50), {"led": 40}, False),
        (set_closed_position(CURTAIN, 7), {"closedPosition": "7"}, True),
        (rename(LIGHT, "x"), {"name": "x"}, True),
        (rename(LIGHT, "x"), {"name": "y"}, False),
        (set_icon(LIGHT, "12"), {"iconId": 12}, True),
    ],
    ids=lambda value: value.prefix if isinstance(value, Command) else repr(value),
)
def test_what_shows_success(command: Command, members: dict[str, Any], fulfilled: bool) -> None:
    """Only a report of the wanted value does; curtains: the target, or a standing value after a stop (§12)."""
    assert shows(report(**members), command.wants) is fulfilled


def test_long_name_is_recognised() -> None:
    """A name that is longer than what we keep of it counts as well."""
    name = "n" * (MAX_NAME_CHARS + 20)
    command = rename(LIGHT, name)
    assert built(command, thing(LIGHT))[1]["name"] == name
    assert shows(report(name=name), command.wants)


# --- anything -------------------------------------------------------------------------------


@given(FRAMES)
def test_any_frame(frame: tuple[str, object]) -> None:
    """Whatever a server says gives a message that can be shown."""
    message = read_message(Frame(*frame))
    repr(message)


@given(st.one_of(OBJECTS, JSON))
def test_any_object(body: object) -> None:
    """Values are of the promised types and within their bounds, whatever an object holds."""
    found = read_report(body)
    if found is None:
        return
    assert isinstance(body, dict)
    assert found.members == body
    types: dict[str, type | tuple[type, ...]] = {
        "type_number": int,
        "name": str,
        "hub_id": str,
        "version": str,
        "online": bool,
        "is_on": bool,
        "consumption": (int, float),
        "updated_at": datetime,
        "locked": bool,
        "last_on": str,
        "led": int,
        "icon_id": str,
        "shared": bool,
        "closed_position": int,
        "operation_time_s": (int, float),
    }
    for name, value in found.values.items():
        if value is None:
            assert name in {"locked", "online", "is_on"}
            continue
        assert isinstance(value, types[name])
        assert not isinstance(value, str) or 0 < len(value) <= MAX_NAME_CHARS
    assert 0 <= found.values.get("led", 0) <= 100
    assert 0 <= found.values.get("closed_position", 0) <= 10
    if found.curtain and found.curtain.level is not None:
        assert 0 <= found.curtain.level <= 100
        assert found.curtain.level not in (1, 99)


@given(st.one_of(st.lists(OBJECTS, max_size=6), BODIES))
def test_any_list(body: object) -> None:
    """A list gives what is usable of it, in its order; anything else is none."""
    found = read_reports(body)
    assert (found is None) is not isinstance(body, list)
    if found is not None:
        assert isinstance(body, list)
        usable = [report for item in body if (report := read_report(item))]
        assert list(found) == usable


@given(
    NAMED,
    st.sampled_from(
        [
            set_power(LIGHT, True),
            set_power(LIGHT, False),
            set_level(LIGHT, 30),
            stop_curtain(LIGHT),
            set_lock(LIGHT, True),
            rename(LIGHT, "x"),
            set_icon(LIGHT, "4"),
            set_led(LIGHT, 7),
            set_closed_position(LIGHT, 7),
            delete_object(LIGHT),
        ]
    ),
)
def test_any_stored_object_can_be_sent_back(members: dict[str, Any], command: Command) -> None:
    """Whatever the cloud told of a device, every command to it can be written, and keeps what it does not change."""
    frame = build(command, members, MORNING)
    sent = json.loads(encode(frame)[4:])
    if command.prefix != "0006":
        assert LIGHT in sent.values()
        return
    changed = {*command.changes, "updateTime"}
    if command.changes.get("power") is True:
        changed.add("lastOn")
    assert {name: value for name, value in sent.items() if name not in changed} == {
        name: value for name, value in members.items() if name not in changed
    }
    for name, value in command.changes.items():
        assert sent[name] == value
