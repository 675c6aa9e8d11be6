"""Messages as appliances write them, broken ones included, and ours as they want them."""

import json
import math
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.home_connect_local.protocol.const import (
    MAX_COUNTER,
    Access,
    Action,
    Execution,
    Resource,
)
from custom_components.home_connect_local.protocol.errors import CommandError
from custom_components.home_connect_local.protocol.messages import (
    MAX_ITEMS,
    MAX_REPAIRED_CHARS,
    MAX_SERVICES,
    MAX_TEXT_CHARS,
    UNSET,
    ApplianceInfo,
    DescriptionChange,
    Message,
    NetworkInterface,
    ProgramReport,
    Request,
    appliance_info,
    check,
    decode,
    description_changes,
    encode,
    first_message_id,
    primary_interface,
    program_reports,
    read_values,
    select_program,
    services,
    start_program,
    values,
    write_values,
)
from custom_components.home_connect_local.protocol.refusals import UnreadableError
from tests.common import load_vectors, vectors_folder

VECTORS: dict[str, Any] = load_vectors("home_connect_local", "vectors")
HANDSHAKES: dict[str, Any] = VECTORS["handshakes"]
CLEAR = [frame["clear"] for frames in VECTORS["sets"][0]["session"].values() for frame in frames]
SEEDS = sorted((vectors_folder("home_connect_local") / "profiles").glob("*_sim.json"))

HEAD = '{"sID":7,"msgID":9,"resource":"/ro/values","version":1,"action":"NOTIFY","data":['
ITEMS = [{"uid": 1, "value": 10}, {"uid": 2, "value": "b"}, {"uid": 3, "value": {"x": [1, 2]}}]
BODY = json.dumps(ITEMS, separators=(",", ":"))[1:-1]


def message(data: list[dict[str, Any]], *, cut: bool = False, code: int | None = None) -> Message:
    """Give the message that texts beginning with HEAD are."""
    return Message(Resource.VALUES, Action.NOTIFY, data, 1, 7, 9, code, cut)


def unreadable(text: str) -> str:
    """Read what cannot be read; gives the kind of failure."""
    with pytest.raises(UnreadableError) as caught:
        decode(text)
    assert len(str(caught.value)) < 60
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value.kind


# --- the envelope ---------------------------------------------------------------------------


@pytest.mark.parametrize("text", CLEAR, ids=range(len(CLEAR)))
def test_recorded_messages(text: str) -> None:
    """Each reads as the standard parser reads it, and is written as it was (§6.1)."""
    raw = json.loads(text)
    read = decode(text)
    assert read == Message(
        raw["resource"],
        Action(raw["action"]),
        raw.get("data", []),
        raw["version"],
        raw["sID"],
        raw["msgID"],
        raw.get("code"),
    )
    # An appliance said that its refusal has no data; nothing is lost by not saying so.
    assert encode(read) == text.replace(',"data":[]', "")


@pytest.mark.parametrize("generation", ["modern", "legacy"])
def test_recorded_handshakes(generation: str) -> None:
    """Both generations of services survive the codec (§7.2)."""
    for step in HANDSHAKES[generation]:
        read = decode(json.dumps(step["message"]))
        wanted = {name: value for name, value in step["message"].items() if value != []}
        assert json.loads(encode(read)) == wanted
        assert list(json.loads(encode(read))) == list(wanted)


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem)
def test_recorded_states(path: Any) -> None:
    """All that the seven appliances say is read without a loss."""
    seed = json.loads(path.read_text(encoding="utf-8"))
    lists = [seed["allMandatoryValues"], seed["allDescriptionChanges"]]
    for data in lists:
        body = {"sID": 1, "msgID": 2, "resource": "/ro/x", "version": 1, "action": "RESPONSE"}
        assert decode(json.dumps({**body, "data": data})).data == data
    assert values(lists[0]) == [(item["uid"], item["value"]) for item in lists[0]]
    changes = description_changes(lists[1])
    assert [change.uid for change in changes] == [item["uid"] for item in lists[1]]
    for change, item in zip(changes, lists[1], strict=True):
        told = [value for value in change if value is not UNSET]
        assert len(told) == len(item)


def test_seeds_are_there() -> None:
    """Seven appliances."""
    assert len(SEEDS) == 7


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"sID": "7"}, "session_id", 7),
        ({"sID": 7.0}, "session_id", 7),
        ({"sID": MAX_COUNTER}, "session_id", MAX_COUNTER),
        ({"sID": str(MAX_COUNTER + 1)}, "session_id", None),
        ({"sID": "-1"}, "session_id", None),
        ({"sID": None}, "session_id", None),
        ({"sID": True}, "session_id", None),
        ({"sID": [7]}, "session_id", None),
        ({"sID": "7" * 40}, "session_id", None),
        ({"sID": "٧"}, "session_id", None),
        ({"sID": "7.5"}, "session_id", None),
        ({"msgID": "9"}, "message_id", 9),
        ({"msgID": ""}, "message_id", None),
        ({"version": "2"}, "version", 2),
        ({"version": None}, "version", 1),
        ({"version": "new"}, "version", 1),
        ({"code": 541}, "code", 541),
        ({"code": "541"}, "code", 541),
        ({"code": 200}, "code", 200),
        ({"code": None}, "code", None),
        ({"code": "NoAccess"}, "code", 0),
        ({"code": True}, "code", 0),
        ({"code": 1.5}, "code", 0),
        ({"code": {}}, "code", 0),
        ({"data": {"uid": 1}}, "data", [{"uid": 1}]),
        ({"data": []}, "data", []),
        ({"data": None}, "data", []),
        ({"data": "x"}, "data", []),
        ({"data": 5}, "data", []),
        ({"data": [{"uid": 1}, 5, None, "x", [], {"uid": 2}]}, "data", [{"uid": 1}, {"uid": 2}]),
        ({"info": "x", "more": [1]}, "data", ITEMS),
        ({"resource": ""}, "resource", ""),
    ],
)
def test_tolerance(changes: dict[str, Any], field: str, value: object) -> None:
    """Numbers as text, fields missing or unknown, a single object for a list (§6.1)."""
    raw = {**json.loads(HEAD + BODY + "]}"), **changes}
    assert decode(json.dumps(raw)) == message(ITEMS)._replace(**{field: value})


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [("sID", "session_id", None), ("msgID", "message_id", None), ("version", "version", 1)],
)
def test_missing_numbers(name: str, field: str, value: object) -> None:
    """What is missing is not known; the version is 1 then."""
    raw = json.loads(HEAD + BODY + "]}")
    del raw[name]
    assert decode(json.dumps(raw)) == message(ITEMS)._replace(**{field: value})


def test_refusal_without_action() -> None:
    """It can only be a response (§6.1); a code that cannot be read is no success either."""
    read = decode('{"sID":7,"msgID":9,"resource":"/ro/values","version":1,"code":400}')
    assert read == Message("/ro/values", Action.RESPONSE, [], 1, 7, 9, 400)
    assert decode('{"resource":"/a","code":"x"}') == Message("/a", Action.RESPONSE, code=0)


@pytest.mark.parametrize(
    "text",
    [
        "null",
        "5",
        '"x"',
        "[]",
        "[{}]",
        "{}",
        '{"resource":"/a"}',
        '{"action":"GET"}',
        '{"resource":null,"action":"GET"}',
        '{"resource":5,"action":"GET"}',
        '{"resource":["/a"],"action":"GET"}',
        '{"resource":"/a","action":"PUT"}',
        '{"resource":"/a","action":"get"}',
        '{"resource":"/a","action":5}',
        '{"resource":"/a","action":["GET"]}',
        '{"resource":"/a","action":{"GET":1}}',
        '{"resource":"/a","action":"PUT","code":400}',
        HEAD.replace("NOTIFY", "SHOUT") + "]}",
        HEAD.replace('"/ro/values"', "5") + "]}",
        HEAD.replace('"NOTIFY"', "[]") + "]}",
    ],
)
def test_no_message(text: str) -> None:
    """JSON that is none of ours."""
    assert unreadable(text) == "envelope"


def test_too_many_items() -> None:
    """No description has a tenth of that; what is beyond counts as missing."""
    item = '{"uid":1}'
    assert len(decode(HEAD + ",".join([item] * MAX_ITEMS) + "]}").data) == MAX_ITEMS
    for ending in ("]}", "]}\x00", '"}'):
        read = decode(HEAD + ",".join([item] * (MAX_ITEMS + 1)) + ending)
        assert len(read.data) == MAX_ITEMS
        assert read.cut


# --- broken JSON ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        HEAD + BODY + "}",
        HEAD + BODY + "} ",
        HEAD + BODY + ",}",
        HEAD + BODY + ']"}',
        HEAD + BODY + ']}"',
        HEAD + BODY + ']"}"',
        HEAD + BODY + ']}""',
        HEAD + BODY + '"]}',
        HEAD + BODY + '"}',
        HEAD + BODY + ",]}",
        HEAD + BODY + "]}}",
        HEAD + BODY + "]}]",
        HEAD + BODY + "]}\x00",
        HEAD + BODY + "]}\x00\x00\r\n",
        "\ufeff" + HEAD + BODY + "]}",
        "\x00" + HEAD + BODY + "]}",
        HEAD.replace('"data":[', '"data" : [ ') + BODY + "}",
        HEAD + BODY.replace(",{", " {") + "]}",
        HEAD + BODY + ',"info":"x"}',
        HEAD + BODY + ',"info" : "x"}"',
        HEAD + BODY + '],"info":"x""}',
        HEAD + BODY + '],"info":"""}',
        HEAD + BODY + '],"info":""}"',
    ],
)
def test_repairs(text: str) -> None:
    """A missing bracket, quotes too many, junk around: nothing is lost (§6.3)."""
    with pytest.raises(ValueError):
        json.loads(text)
    assert decode(text) == message(ITEMS)


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ('{"uid":4,"value":"a\nb\x01"}', {"uid": 4, "value": "a\nb\x01"}),
        ('{"uid":4,"value":"\t"}', {"uid": 4, "value": "\t"}),
        ('{"uid":4,"value":"\x00"}', {"uid": 4, "value": "\x00"}),
    ],
)
def test_control_characters(text: str, item: dict[str, Any]) -> None:
    """They stand in strings as they are (§6.3)."""
    assert decode(HEAD + text + "," + BODY + "]}") == message([item, *ITEMS])
    assert decode(HEAD + BODY + "," + text + "}") == message([*ITEMS, item])


@pytest.mark.parametrize("value", ['"c"', '""', "5", '{"y":"c"}', "[]", '[""]'])
@pytest.mark.parametrize("ending", ['"}]}', '"]}', '}"]}', '}]"}', '}]}"', '}"]"}"'])
def test_quotes_at_the_end(value: str, ending: str) -> None:
    """A quote too many anywhere among the last brackets (§6.3)."""
    text = HEAD + BODY + ',{"uid":4,"value":' + value + ending
    wanted = [*ITEMS, {"uid": 4, "value": json.loads(value)}]
    if ending == '"]}':  # the brace is missing too: the last item is not whole
        assert decode(text) == message(ITEMS, cut=True)
    else:
        assert decode(text) == message(wanted)


@pytest.mark.parametrize(
    "item",
    [
        '{"uid":4,"value":NaN}',
        '{"uid":4,"value":[Infinity]}',
        '{"uid":4,"value":-Infinity}',
        '{"uid":4,"value":1e999}',
        '{"uid":4,"value":"\\ud800"}',
        '{"uid":4,"value":' + "[" * 300 + "]" * 300 + "}",
        '{"uid":4,"value":' + '{"a":' * 300 + "1" + "}" * 300 + "}",
        '{"uid":4,"value":' + "[" * 2000 + "]" * 2000 + "}",
    ],
    ids=lambda text: text[:24],
)
def test_one_bad_item(item: str) -> None:
    """It is left out, and the others count (guide, list of faults)."""
    assert decode(HEAD + item + "," + BODY + "]}") == message(ITEMS)
    assert decode(HEAD + BODY + "," + item + "]}") == message(ITEMS)


def test_refusal_behind_the_data() -> None:
    """A repair does not turn a refusal into a success."""
    for text in (HEAD + BODY + ',"code":541}', HEAD + BODY + '],"code":541}"'):
        assert decode(text) == message(ITEMS, code=541)
    text = HEAD + BODY + '],"code":5'
    assert decode(text).cut


def test_truncated_anywhere() -> None:
    """What is complete before the cut counts, nothing else, and the cut is told (§6.3)."""
    whole = HEAD + BODY + "]}"
    ends = [len(HEAD) + BODY.index(text) + len(text) for text in ("10}", '"b"}', "]}}")]
    for length in range(len(whole)):
        text = whole[:length]
        if length < len(HEAD):
            assert unreadable(text) == "json"
        else:
            complete = sum(end <= length for end in ends)
            assert decode(text) == message(ITEMS[:complete], cut=True)
    assert decode(whole) == message(ITEMS)


def test_truncated_answer_of_a_large_appliance() -> None:
    """A thousand values of which the last hundred bytes are missing."""
    items = [{"uid": uid, "value": f"text {uid}"} for uid in range(1000)]
    text = HEAD + json.dumps(items)[1:]
    read = decode(text[:-100])
    assert read.cut
    assert 990 <= len(read.data) < 1000
    assert read.data == items[: len(read.data)]


def test_first_list_that_is_not_the_best() -> None:
    """Of several ways to read a cut message the one that saves most counts."""
    text = HEAD + BODY + ',{"uid":4,"value":"c""},{"uid":5'
    assert decode(text) == message(ITEMS, cut=True)
    text = HEAD + BODY + ',{"uid":4,"value":"c""}'
    assert decode(text) == message([*ITEMS, {"uid": 4, "value": "c"}], cut=True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        '"',
        "{",
        "}",
        "[",
        '{"data":[',
        '{"data":[{"uid":1}]',
        '{"data":5',
        '{"resource":"/a","action":"GET"} x',
        "\x16\x03\x01",
        "HTTP/1.1 404 Not Found",
        '[{"data":[{"uid":1}',
        '{"resource":NaN,"action":"GET"}',
        '{"resource":"/a","action":"GET","info":"\\ud800"}',
        '{"a":' * 100_000,
        "[" * 100_000,
        '{"resource":"/a","action":"GET","info":' + "[" * 300 + "]" * 300 + "}",
        '"' * 100_000,
        HEAD[:-1] + "{" * 50_000,
        '{"data":["' + '"}]' * 30,
        "1" * 5000,
    ],
    ids=lambda text: repr(text[:24]),
)
def test_beyond_repair(text: str) -> None:
    """One kind of error, whatever it is."""
    assert unreadable(text) in {"json", "envelope"}


def test_long_broken_message() -> None:
    """Above what any appliance says a message must be sound; repairs would hold the event loop."""
    filler = '{"uid":4,"value":"' + "x" * (MAX_REPAIRED_CHARS - len(HEAD) - len(BODY) - 22) + '"}'
    text = HEAD + BODY + "," + filler + "}"
    assert len(text) == MAX_REPAIRED_CHARS
    assert len(decode(text).data) == 4
    assert len(decode(text.replace('"}}', ' "}]}')).data) == 4
    assert unreadable(text.replace('"}}', ' "}}')) == "json"


# --- the quick way and the slow way agree ---------------------------------------------------

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"])),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4),
    ),
    max_leaves=8,
)
OBJECTS = st.one_of(
    st.fixed_dictionaries({"uid": st.integers(0, 65535), "value": JSON}),
    st.dictionaries(st.sampled_from(["uid", "value", "program", "options", "min"]), JSON),
)
COUNTERS = st.integers(0, MAX_COUNTER)
MESSAGES = st.builds(
    Message,
    st.one_of(st.sampled_from(list(map(str, Resource))), st.text(alphabet="/abc", max_size=9)),
    st.sampled_from(Action),
    st.lists(OBJECTS, max_size=6),
    st.integers(0, 9),
    COUNTERS,
    COUNTERS,
    st.one_of(st.none(), st.integers(0, 999)),
    st.just(False),
)


def written(read: Message, *, ascii_only: bool = True, **layout: Any) -> str:
    """Write a message as the standard library does."""
    body: dict[str, Any] = {
        "sID": read.session_id,
        "msgID": read.message_id,
        "resource": read.resource,
        "version": read.version,
        "action": read.action.value,
    }
    if read.code is not None:
        body["code"] = read.code
    return json.dumps({**body, "data": read.data}, ensure_ascii=ascii_only, **layout)


@given(MESSAGES, st.booleans(), st.sampled_from([None, 0, 2]))
def test_agrees_with_the_standard_parser(read: Message, ascii_only: bool, indent: int) -> None:
    """The quick way sees what the strict parser sees, however the text is laid out."""
    text = written(read, ascii_only=ascii_only, indent=indent)
    assert decode(text) == read
    assert json.loads(encode(read)) == {
        name: value for name, value in json.loads(text).items() if (name, value) != ("data", [])
    }


@given(MESSAGES, st.sampled_from(['"', "\x00", "}", ']"']))
def test_the_way_of_repairs_agrees(read: Message, junk: str) -> None:
    """The same text with junk behind it takes the slow way, and is read alike."""
    assert decode(written(read) + junk) == read


@given(MESSAGES)
def test_a_missing_bracket_makes_no_difference(read: Message) -> None:
    """Not to any item (§6.3)."""
    text = written(read)
    assert text.endswith("]}")
    assert decode(text[:-2] + "}") == read


@given(MESSAGES, st.data())
def test_a_cut_gives_a_beginning(read: Message, data: st.DataObject) -> None:
    """Items before a cut are those that were sent; none is made up."""
    text = written(read)
    at = data.draw(st.integers(0, len(text) - 1))
    try:
        found = decode(text[:at])
    except UnreadableError:
        return
    assert found == read._replace(data=read.data[: len(found.data)], cut=True)


@given(
    st.one_of(
        st.text(),
        st.text(alphabet='{}[]",:0123456789.eE+-\\ntfu '),
        st.text(alphabet='{}[]",:01 \x00').map(HEAD.__add__),
        st.text(alphabet='{}[]",:01 \x00').map((HEAD + BODY).__add__),
        JSON.map(json.dumps),
        JSON.map(json.dumps).map(HEAD.__add__),
    )
)
def test_any_text(text: str) -> None:
    """No text gives anything but a message or the one error; and a message can be written again."""
    try:
        read = decode(text)
    except UnreadableError:
        return
    assert decode(encode(read)) == read._replace(cut=False)
    values(read.data)
    description_changes(read.data)
    program_reports(read.data)
    services(read.data)
    appliance_info(read.data)
    primary_interface(read.data)
    first_message_id(read)


@given(MESSAGES)
def test_round_trip(read: Message) -> None:
    """What is written is read back alike."""
    assert decode(encode(read)) == read


# --- items ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ([], []),
        (None, []),
        ({"uid": 1, "value": 2}, []),
        ("uid", []),
        ([{"uid": 1, "value": 2}], [(1, 2)]),
        (({"uid": 1, "value": 2},), [(1, 2)]),
        ([{"uid": "1", "value": "2"}], [(1, "2")]),
        ([{"uid": 1, "value": None}], [(1, None)]),
        ([{"uid": 1, "value": {"list": [1]}}], [(1, {"list": [1]})]),
        ([{"uid": 1}, {"uid": 2, "value": 0}], [(2, 0)]),
        ([{"value": 1}], []),
        ([{"uid": None, "value": 1}], []),
        ([{"uid": True, "value": 1}], []),
        ([{"uid": "0x1F", "value": 1}], []),
        ([{"uid": -1.5, "value": 1}], []),
        ([{"uid": [1], "value": 1}], []),
        ([5, None, "uid", ["uid", "value"], {"uid": 2, "value": 1}], [(2, 1)]),
        ([{"uid": 1, "value": 1}, {"uid": 1, "value": 2}], [(1, 1), (1, 2)]),
    ],
)
def test_values(data: object, found: list[tuple[int, Any]]) -> None:
    """In order, each with its uid; items without uid or value tell nothing (§9.1)."""
    assert values(data) == found


@pytest.mark.parametrize(
    ("item", "change"),
    [
        ({"uid": 5}, DescriptionChange(5)),
        ({"uid": "5"}, DescriptionChange(5)),
        (
            {
                "uid": 5,
                "parentUID": 258,
                "access": "READWRITE",
                "available": True,
                "min": 0,
                "max": 43200,
                "stepSize": 0.5,
                "default": 7,
                "execution": "SELECTANDSTART",
                "enumerationType": 513,
                "value": 1,
            },
            DescriptionChange(
                5,
                258,
                Access.READ_WRITE,
                True,
                0,
                43200,
                0.5,
                7,
                Execution.SELECT_AND_START,
                513,
                1,
            ),
        ),
        ({"uid": 5, "access": "READSTATIC"}, DescriptionChange(5, access=Access.READ_STATIC)),
        ({"uid": 5, "access": "writeOnly"}, DescriptionChange(5, access=Access.WRITE_ONLY)),
        ({"uid": 5, "access": "NONE"}, DescriptionChange(5, access=Access.NONE)),
        ({"uid": 5, "access": "MAYBE"}, DescriptionChange(5)),
        ({"uid": 5, "access": 3}, DescriptionChange(5)),
        (
            {"uid": 5, "execution": "startOnly"},
            DescriptionChange(5, execution=Execution.START_ONLY),
        ),
        ({"uid": 5, "execution": None}, DescriptionChange(5)),
        ({"uid": 5, "available": False}, DescriptionChange(5, available=False)),
        ({"uid": 5, "available": "false"}, DescriptionChange(5, available=False)),
        ({"uid": 5, "available": "True"}, DescriptionChange(5, available=True)),
        ({"uid": 5, "available": 1}, DescriptionChange(5, available=True)),
        ({"uid": 5, "available": 0}, DescriptionChange(5, available=False)),
        ({"uid": 5, "available": 2}, DescriptionChange(5)),
        ({"uid": 5, "available": "perhaps"}, DescriptionChange(5)),
        ({"uid": 5, "min": "1", "max": "2.5"}, DescriptionChange(5, min=1, max=2.5)),
        ({"uid": 5, "min": "-5", "max": "+5"}, DescriptionChange(5, min=-5, max=5)),
        ({"uid": 5, "min": None, "max": "lots"}, DescriptionChange(5)),
        ({"uid": 5, "min": "1e9", "max": True}, DescriptionChange(5)),
        ({"uid": 5, "stepSize": "0.5"}, DescriptionChange(5, step=0.5)),
        ({"uid": 5, "default": None}, DescriptionChange(5, default=None)),
        ({"uid": 5, "value": None}, DescriptionChange(5, value=None)),
        ({"uid": 5, "value": False}, DescriptionChange(5, value=False)),
        ({"uid": 5, "parentUID": 0}, DescriptionChange(5, parent=0)),
        ({"uid": 5, "parentUID": "258"}, DescriptionChange(5, parent=258)),
        ({"uid": 5, "parentUID": -1}, DescriptionChange(5)),
        ({"uid": 5, "enumerationType": "513"}, DescriptionChange(5, enum=513)),
        ({"uid": 5, "enumerationType": "0201"}, DescriptionChange(5, enum=513)),
        ({"uid": 5, "enumerationType": "0x201"}, DescriptionChange(5, enum=513)),
        ({"uid": 5, "enumerationType": "1F0a"}, DescriptionChange(5, enum=0x1F0A)),
        ({"uid": 5, "enumerationType": "0"}, DescriptionChange(5, enum=0)),
        ({"uid": 5, "enumerationType": "zone"}, DescriptionChange(5)),
        ({"uid": 5, "enumerationType": "F" * 9}, DescriptionChange(5)),
        ({"uid": 5, "enumerationType": 1.5}, DescriptionChange(5)),
        ({"uid": 5, "colour": "red", "uidx": 1}, DescriptionChange(5)),
    ],
)
def test_description_changes(item: dict[str, Any], change: DescriptionChange) -> None:
    """Only what an item names changes; what it names wrongly counts as not named (§9.1)."""
    found = description_changes([item])
    assert found == [change]
    assert [type(field) for field in found[0]] == [type(field) for field in change]


@pytest.mark.parametrize(
    "data", [None, [], {}, "x", [5], [{}], [{"uid": None}], [{"access": "READ"}]]
)
def test_no_description_changes(data: object) -> None:
    """Without a uid there is nothing to change."""
    assert description_changes(data) == []


@pytest.mark.parametrize(
    ("data", "reports"),
    [
        ([{"program": 8196, "options": []}], [ProgramReport(8196, [])]),
        ([{"program": 8196}], [ProgramReport(8196, [])]),
        ([{"program": 0}], [ProgramReport(0, [])]),
        ([{"program": "8196"}], [ProgramReport(8196, [])]),
        (
            [{"program": 8196, "options": [{"uid": 5, "value": 1}, {"uid": 6}, 7]}],
            [ProgramReport(8196, [(5, 1)])],
        ),
        ([{"options": [{"uid": 5, "value": 1}]}], [ProgramReport(None, [(5, 1)])]),
        ([{"program": None, "options": None}], []),
        ([{"program": "Cotton"}], []),
        ([{}], []),
        ([5], []),
        (None, []),
        ([{"program": 1}, {"program": 2}], [ProgramReport(1, []), ProgramReport(2, [])]),
    ],
)
def test_program_reports(data: object, reports: list[ProgramReport]) -> None:
    """A program and what is set for it (§10.8)."""
    assert program_reports(data) == reports


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ([{"service": "ci", "version": 3}, {"service": "ro", "version": "1"}], {"ci": 3, "ro": 1}),
        ([{"service": "ci"}, {"version": 1}, {"service": 5, "version": 1}, 7], {"5": 1}),
        ([{"service": "", "version": 1}, {"service": "ei", "version": None}], {}),
        (None, {}),
    ],
)
def test_services(data: object, found: dict[str, int]) -> None:
    """What the appliance speaks, in which version (§7.1)."""
    assert services(data) == found


def test_services_are_bounded() -> None:
    """No appliance has a tenth of that."""
    data = [{"service": f"s{number}", "version": 1} for number in range(MAX_SERVICES + 5)]
    assert len(services(data)) == MAX_SERVICES


@pytest.mark.parametrize(
    ("data", "number"),
    [
        ([{"edMsgID": 4294967200}], 4294967200),
        ([{"edMsgID": "500"}], 500),
        ([{"edMsgID": 0}], 0),
        ([{"edMsgID": -1}], None),
        ([{"edMsgID": MAX_COUNTER + 1}], None),
        ([{"edMsgID": None}], None),
        ([{}], None),
        ([], None),
    ],
)
def test_first_message_id(data: list[dict[str, Any]], number: int | None) -> None:
    """Where our own numbers begin (§6.1)."""
    assert first_message_id(Message(Resource.INITIAL_VALUES, Action.POST, data)) == number


def info_of(generation: str, resource: str) -> ApplianceInfo | None:
    """Read the recorded introduction of an appliance."""
    answers = [
        step["message"]
        for step in HANDSHAKES[generation]
        if step["from"] == "device" and step["message"]["resource"] == resource
    ]
    return appliance_info(answers[0]["data"])


def test_appliance_info() -> None:
    """Both generations; numbers become text (§6.2)."""
    modern, legacy = info_of("modern", "/iz/info"), info_of("legacy", "/ci/info")
    assert modern is not None
    assert legacy is not None
    assert modern.e_number == "SYN0DW01/01"
    assert (modern.device_type, modern.customer_index) == ("Dishwasher", "01")
    assert modern.device_info is None
    assert (legacy.device_type, legacy.customer_index) == ("33", "2")
    assert (legacy.sw_version, legacy.hw_version) == ("1.4.9", "5056000000")
    for info in (modern, legacy):
        assert info.device_id
        assert info.serial_number
        assert info.mac
        shown = repr(info)
        for secret in (info.device_id, info.serial_number, info.mac):
            assert secret not in shown


@pytest.mark.parametrize("data", [None, [], {}, [5], [{}], [{"brand": ""}], [{"colour": "red"}]])
def test_no_appliance_info(data: object) -> None:
    """Nothing said is nothing known."""
    assert appliance_info(data) is None


def test_texts_are_bounded() -> None:
    """Registries get them: short, printable, not blank."""
    info = appliance_info(
        [{"brand": "B" * 1000, "vib": " a\x00b\n", "swVersion": " \t", "mac": {}}]
    )
    assert info == ApplianceInfo(brand="B" * MAX_TEXT_CHARS, vib="ab")


@pytest.mark.parametrize(
    ("data", "interface"),
    [
        (
            [
                {
                    "interfaceID": 0,
                    "type": "WiFi",
                    "ssid": "Küche",
                    "rssi": -61,
                    "primary": True,
                    "status": "CONNECTED",
                    "configured": True,
                    "euiAddress": "C8D7780000AA",
                    "ipV4": {"ipAddress": "192.0.2.7", "prefixSize": 24},
                }
            ],
            NetworkInterface(
                0, "WiFi", "Küche", -61, True, "CONNECTED", True, "C8D7780000AA", "192.0.2.7"
            ),
        ),
        (
            [{"rssi": -70}, {"rssi": "-50", "primary": "true"}],
            NetworkInterface(rssi=-50, primary=True),
        ),
        ([{"rssi": -70}, {"rssi": -50}], NetworkInterface(rssi=-70)),
        ([5, {"rssi": None, "ipV4": "x", "configured": "no"}], NetworkInterface()),
        ([{}], NetworkInterface()),
        ([], None),
        (None, None),
    ],
)
def test_primary_interface(data: object, interface: NetworkInterface | None) -> None:
    """The one in use, else the first (§6.2)."""
    assert primary_interface(data) == interface


def test_items_are_bounded() -> None:
    """Lists inside of items too."""
    many = [{"uid": 1, "service": "x", "version": 1}] * (MAX_ITEMS + 1)
    assert len(description_changes(many)) == MAX_ITEMS


# --- what we ask ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        (
            read_values([5, 6]),
            '"/ro/values","version":1,"action":"GET","data":[{"uid":5},{"uid":6}]',
        ),
        (read_values([]), '"/ro/values","version":1,"action":"GET"'),
        (
            write_values([(551, 3600), (256, 8196)]),
            (
                '"/ro/values","version":1,"action":"POST",'
                '"data":[{"uid":551,"value":3600},{"uid":256,"value":8196}]'
            ),
        ),
        (
            write_values([(5, "ü"), (6, 4.5), (7, True), (8, {"a": [1]})]),
            (
                '"/ro/values","version":1,"action":"POST","data":[{"uid":5,"value":"ü"},'
                '{"uid":6,"value":4.5},{"uid":7,"value":true},{"uid":8,"value":{"a":[1]}}]'
            ),
        ),
        (
            select_program(8196),
            '"/ro/selectedProgram","version":1,"action":"POST","data":[{"program":8196,"options":[]}]',
        ),
        (
            start_program(8196, [(558, 3600)]),
            (
                '"/ro/activeProgram","version":1,"action":"POST",'
                '"data":[{"program":8196,"options":[{"uid":558,"value":3600}]}]'
            ),
        ),
    ],
)
def test_requests(request_: Request, text: str) -> None:
    """As recorded: the uid first in each item, no blanks, no data where there are none (§6.1, §10)."""
    read = Message(request_.resource, request_.action, list(request_.data), 1, 7, 9)
    assert encode(read) == '{"sID":7,"msgID":9,"resource":' + text + "}"
    check(request_)


def test_answers_with_a_code() -> None:
    """It stands before the data, as recorded."""
    read = Message("/a", Action.RESPONSE, [{"uid": 1}], 1, 7, 9, 541)
    assert encode(read).endswith('"action":"RESPONSE","code":541,"data":[{"uid":1}]}')
    assert encode(Message("/a", Action.GET)) == '{"resource":"/a","version":1,"action":"GET"}'


@pytest.mark.parametrize("value", [2**70, "\ud800", object(), {1: 2}, math.inf])
def test_values_that_cannot_be_written(value: Any) -> None:
    """The caller is told; the link has nothing to do with it."""
    if value == math.inf:  # the writer makes it null, which no appliance takes for a number
        assert encode(Message("/a", Action.POST, [{"uid": 1, "value": value}])).endswith("null}]}")
        return
    with pytest.raises(CommandError):
        check(write_values([(1, value)]))
    with pytest.raises(CommandError) as caught:
        encode(Message("/a", Action.POST, [{"uid": 1, "value": value}]))
    assert caught.value.code is None


def test_data_stay_out_of_sight() -> None:
    """No repr shows what is written or read."""
    secret = "Sunday roast for Ada"
    item = {"uid": 5, "value": secret}
    shown = [
        message([item]),
        message([item], code=541),
        write_values([(5, secret)]),
        start_program(1, [(5, secret)]),
        DescriptionChange(5, access=Access.READ, value=secret, default=secret),
        ProgramReport(1, [(5, secret)]),
        NetworkInterface(ssid=secret, mac=secret, address=secret),
    ]
    for each in shown:
        assert secret not in repr(each)
        assert secret not in str(each)
    assert repr(shown[1]) == "Message(NOTIFY <Resource.VALUES: '/ro/values'>, 1 items, code=541)"
    assert repr(shown[4]) == "DescriptionChange(5: access, default, value)"
