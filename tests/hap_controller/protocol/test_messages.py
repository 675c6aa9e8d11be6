"""Requests as accessories take them, answers as they give them, and how much goes into one request."""

from contextlib import suppress
from itertools import pairwise
from typing import Any

from hypothesis import given, strategies as st
import orjson
import pytest

from benchmarks.hap_controller.bridge import lights, notifying
from custom_components.hap_controller.protocol.const import ContentType, HapStatus
from custom_components.hap_controller.protocol.errors import FrameError, RefusedError
from custom_components.hap_controller.protocol.http import encode_request
from custom_components.hap_controller.protocol.messages import (
    ACCESSORIES,
    IDENTIFY,
    MAX_ITEMS,
    Batching,
    Item,
    Key,
    Prepared,
    ReadQuery,
    Request,
    ResourceQuery,
    Write,
    WriteQuery,
    Written,
    characteristics_body,
    parse_prepare_body,
    parse_read_answer,
    parse_read_target,
    parse_resource_body,
    parse_status,
    parse_write_answer,
    parse_write_body,
    prepare_request,
    read_event,
    read_id,
    read_request,
    read_status,
    resource_request,
    subscribe_request,
    write_request,
)
from custom_components.hap_controller.protocol.values import FormatError

from ...common import load_vectors

VECTORS = load_vectors("hap_controller", "vectors")
HOST = "192.0.2.10"


def wire(request: Request, host: str = HOST) -> bytes:
    """Write a request as it goes to the accessory."""
    return encode_request(request.method, request.target, host, request.content_type, request.body)


def body(*items: Any, **members: Any) -> bytes:
    """Write the body of an answer or an event."""
    return orjson.dumps({"characteristics": items, **members})


def item(aid: int, iid: int, **members: Any) -> dict[str, Any]:
    """Write one item."""
    return {"aid": aid, "iid": iid, **members}


# --- requests -----------------------------------------------------------------------------------

REQUESTS = {
    "get-accessories": (ACCESSORIES, HOST),
    "get-accessories-ipv6": (ACCESSORIES, "2001:db8::10"),
    "get-characteristics": (read_request([(1, 9), (1, 10), (1, 9)]), HOST),
    "put-value": (write_request([Write((1, 9), 1)]), HOST),
    "put-subscribe": (subscribe_request([(2, 12), (2, 17), (2, 12)], on=True), HOST),
    "prepare": (prepare_request(2500, 11122333), HOST),
    "timed-write": (write_request([Write((2, 10), 1)], pid=11122333), HOST),
    "write-response": (write_request([Write((2, 10), "AQEB", response=True)]), HOST),
    "resource": (resource_request(1, 640, 480), HOST),
    "identify": (IDENTIFY, HOST),
}
RECORDED = {vector["name"]: bytes.fromhex(vector["bytes"]) for vector in VECTORS["http_requests"]}


@pytest.mark.parametrize("name", REQUESTS)
def test_requests_are_as_recorded(name: str) -> None:
    """Byte for byte: nothing but what is needed, in the one order, each characteristic once."""
    assert wire(*REQUESTS[name]) == RECORDED[name]


def test_recorded_requests_are_all_there() -> None:
    """What else is recorded belongs to pairing."""
    others = {"pair-setup-m1", "pair-verify-m1", "list-pairings"}
    assert RECORDED.keys() == REQUESTS.keys() | others


def test_flags_stand_in_their_order_and_only_when_on() -> None:
    """The tado bridge refuses ``meta=0``."""
    request = read_request([(1, 2)], meta=True, perms=True, types=True, events=True)
    assert request.target == "/characteristics?id=1.2&meta=1&perms=1&type=1&ev=1"
    assert read_request([(1, 2)], events=True).target == "/characteristics?id=1.2&ev=1"
    assert request.keys == ((1, 2),)


def test_writes_say_what_they_must() -> None:
    """Authorization and origin go along when given; the value of a write is not shown."""
    write = Write((1, 2), "x", auth_data="c2VjcmV0", remote=False)
    request = write_request([write])
    assert request.body == (
        b'{"characteristics":[{"aid":1,"iid":2,"value":"x","authData":"c2VjcmV0","remote":false}]}'
    )
    assert "c2VjcmV0" not in repr(write) + repr(request)
    with pytest.raises(FormatError):
        write_request([Write((1, 2), 2**64)])


def test_unsubscribing() -> None:
    """Truth values of our own are written as such."""
    assert subscribe_request([(2**64 - 1, 3)], on=False).body == (
        b'{"characteristics":[{"aid":18446744073709551615,"iid":3,"ev":false}]}'
    )


def test_pictures_may_have_a_reason() -> None:
    """A single accessory needs no number."""
    assert resource_request(None, 1, 2, reason=1).body == (
        b'{"resource-type":"image","image-width":1,"image-height":2,"reason":1}'
    )


# --- batches ------------------------------------------------------------------------------------


def test_many_subscriptions_are_few_requests() -> None:
    """396 characteristics of 99 accessories, each request within one frame."""
    keys = notifying(lights(99))
    assert len(keys) == 396
    for host in (HOST, "192.168.178.210"):
        batches = Batching(host=host).subscriptions(keys)
        assert len(batches) <= 16
        assert (
            max(
                len(wire(subscribe_request(batch, on), host))
                for batch in batches
                for on in (True, False)
            )
            <= 1024
        )
        assert [key for batch in batches for key in batch] == sorted(keys)


def test_few_large_requests_where_they_are_taken() -> None:
    """An accessory that has proved itself gets everything at once."""
    batching = Batching(host=HOST, max_bytes=None, max_items=500)
    assert len(batching.subscriptions(notifying(lights(99)))) == 1


KEYS = st.tuples(
    st.integers(1, 300) | st.integers(1, 2**64 - 1), st.integers(1, 50) | st.integers(1, 2**64 - 1)
)
BATCHING = st.builds(
    Batching,
    host=st.sampled_from([HOST, "2001:db8::10", "fd00:1234:5678:9abc:def0:1234:5678:9abc"]),
    max_bytes=st.sampled_from([None, 300, 1024, 5000]),
    max_items=st.integers(1, 60),
    one_accessory=st.booleans(),
)


def check(batching: Batching, batches: list[list[Any]], requests: list[Request]) -> None:
    """Hold batches against the limits."""
    for batch, request in zip(batches, requests, strict=True):
        assert 0 < len(batch) <= batching.max_items
        assert len(set(request.keys)) == len(request.keys) == len(batch)
        if batching.max_bytes is not None and len(batch) > 1:
            assert len(wire(request, batching.host)) <= batching.max_bytes
        if batching.one_accessory and request.method == "PUT":
            assert len({aid for aid, _ in request.keys}) == 1


@given(st.lists(KEYS, max_size=80), BATCHING, st.booleans())
def test_reads_are_split(keys: list[Key], batching: Batching, flags: bool) -> None:
    """Everything once, in order, within the limits, and no batch that the next item had fitted into."""
    batches = batching.reads(keys, flags=flags)
    assert [key for batch in batches for key in batch] == list(dict.fromkeys(keys))
    more = dict.fromkeys(("meta", "perms", "types", "events"), flags)
    check(batching, batches, [read_request(batch, **more) for batch in batches])
    for batch, following in pairwise(batches):
        fuller = wire(read_request([*batch, following[0]], **more), batching.host)
        limit = batching.max_bytes or len(fuller)
        assert len(batch) == batching.max_items or len(fuller) > limit


@given(st.lists(KEYS, max_size=80), BATCHING)
def test_subscriptions_are_split(keys: list[Key], batching: Batching) -> None:
    """Sorted, so that one accessory is in as few requests as can be."""
    batches = batching.subscriptions(keys)
    assert [key for batch in batches for key in batch] == sorted(set(keys))
    check(batching, batches, [subscribe_request(batch, on=False) for batch in batches])


@given(
    st.lists(st.builds(Write, KEYS, st.integers(0, 100) | st.text(max_size=200)), max_size=60),
    BATCHING,
)
def test_writes_are_split(writes: list[Write], batching: Batching) -> None:
    """The order of the caller stays, and no request names a characteristic twice."""
    batches = batching.writes(writes)
    assert [write for batch in batches for write in batch] == writes
    check(batching, batches, [write_request(batch, pid=2**53) for batch in batches])


def test_the_same_twice_is_two_requests() -> None:
    """Ecobee: a hold is cleared by false and then true; in one request that would be refused."""
    writes = [Write((1, 5), 0), Write((1, 5), 1)]
    assert Batching(host=HOST).writes(writes) == [[writes[0]], [writes[1]]]


def test_a_value_too_large_for_a_frame_goes_alone() -> None:
    """It cannot be cut."""
    writes = [Write((1, 5), 0), Write((1, 6), "x" * 2000), Write((1, 7), 0)]
    assert [len(batch) for batch in Batching(host=HOST).writes(writes)] == [1, 1, 1]


def test_halving() -> None:
    """Half of what was too much, down to one."""
    batching = Batching(host=HOST)
    assert batching.halved(49).max_items == 24
    assert batching.halved(10).max_items == 5
    assert batching.halved(200).max_items == 24
    assert batching.halved(1).max_items == 1
    assert HOST not in repr(batching)


# --- numbers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        (1, 1),
        (2**64 - 1, 2**64 - 1),
        (27.0, 27),
        (0, None),
        (-1, None),
        (2**64, None),
        (1.5, None),
        (2.0**60, None),
        (True, None),
        ("1", None),
        (None, None),
    ],
)
def test_ids(raw: Any, number: int | None) -> None:
    """All of 64 bits, and never a float that could stand for another number (Dirigera, Hue)."""
    assert read_id(raw) == number


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (None, 0),
        (0, 0),
        (-70402, HapStatus.UNREACHABLE),
        (70402, HapStatus.UNREACHABLE),
        (-6, -6),
        (-70402.0, -70402),
        ("broken", -1),
        (True, -1),
        (1.5, -1),
    ],
)
def test_statuses(raw: Any, status: int) -> None:
    """MyQ sends them positive, Nanoleaf has its own; what is none is no success."""
    assert read_status(raw) == status


# --- events -------------------------------------------------------------------------------------


def test_events_are_read_in_order() -> None:
    """Each item is a report, also several of one characteristic."""
    event = body(item(1, 9, value=1), item(2, 9, value=0), item(1, 9, value=2))
    assert read_event(event) == [((1, 9), 1, 0), ((2, 9), 0, 0), ((1, 9), 2, 0)]
    assert read_event(memoryview(event)) == read_event(event)


def test_events_with_more_or_less_than_usual() -> None:
    """A status, a missing value, ids with a point, commas too many."""
    event = b"""{"characteristics":[
        {"aid":1,"iid":2,"value":5},
        {"aid":1,"iid":2,"status":-70402},
        {"aid":1.0,"iid":2e0,"value":7},
        {"aid":3,"iid":4,"value":true,"status":0},
        {"aid":3,"value":1},
        {"aid":"3","iid":4,"value":1},
        {"aid":[3],"iid":4,"value":1},
        true, null, "text", [], {},
    ]}"""
    assert read_event(event) == [
        ((1, 2), 5, 0),
        ((1, 2), None, -70402),
        ((1, 2), 7, 0),
        ((3, 4), True, 0),
    ]


@pytest.mark.parametrize(
    "event", [b"[]", b"{}", b'{"characteristics":{"aid":1}}', b"5", b'"x"', b"null"]
)
def test_other_events_tell_nothing(event: bytes) -> None:
    """JSON of another shape is no error."""
    assert read_event(event) == []


def test_events_that_are_no_json() -> None:
    """The caller ignores them."""
    with pytest.raises(FrameError):
        read_event(b'{"characteristics":[{"aid":1,')


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["aid", "iid", "value", "status", "x"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)
ITEMS = st.lists(
    st.fixed_dictionaries(
        {"aid": st.integers(1, 3) | JSON, "iid": st.integers(1, 3) | JSON},
        optional={"value": JSON, "status": st.integers(-70412, 0) | JSON},
    )
    | JSON,
    max_size=5,
)
BODIES = st.binary(max_size=20) | st.builds(
    lambda items, more: orjson.dumps(more | {"characteristics": items}),
    ITEMS | JSON,
    st.fixed_dictionaries({}, optional={"status": JSON, "pid": JSON, "ttl": JSON}),
)


@given(BODIES)
def test_any_event_is_read_or_refused(data: bytes) -> None:
    """Reports have ids that can be looked up, and statuses that are numbers."""
    with suppress(FrameError):
        for (aid, iid), _, status in read_event(data):
            assert type(aid) is int and type(iid) is int
            assert type(status) is int and status <= 0


# --- answers ------------------------------------------------------------------------------------

ASKED: list[Key] = [(1, 9), (1, 10), (2, 9)]


def test_values_are_read() -> None:
    """With all their members, for those who asked for more."""
    answer = parse_read_answer(
        200, body(item(1, 9, value=False), item(1, 10, value=5, ev=True)), ASKED
    )
    assert answer.reports == [((1, 9), False, 0), ((1, 10), 5, 0)]
    assert answer.members[1, 10]["ev"] is True
    assert answer.failures == {}


def test_mixed_statuses_are_read() -> None:
    """207: each item has its own; a missing one says nothing."""
    data = body(item(1, 9, status=0, value=1), item(1, 10, status=70402))
    answer = parse_read_answer(207, data, ASKED)
    assert answer.reports == [((1, 9), 1, 0), ((1, 10), None, -70402)]
    assert answer.failures == {(1, 10): -70402}


def test_what_nobody_asked_for_does_not_count() -> None:
    """A stray item never stands for another."""
    data = body(item(7, 7, value=1), True, item(1, 9, value=2), {"aid": 1}, item(1, [], value=1))
    answer = parse_read_answer(200, data, ASKED)
    assert answer.reports == [((1, 9), 2, 0)]
    assert answer.members.keys() == {(1, 9)}


def test_a_status_of_the_whole_answer_is_that_of_what_is_missing() -> None:
    """Resideo refuses more than a hundred at once with one status."""
    assert parse_read_answer(207, b'{"status":-70407}', ASKED).failures == dict.fromkeys(
        ASKED, -70407
    )
    data = body(item(1, 9, value=1), status=-70407)
    assert parse_read_answer(200, data, ASKED).failures == {(1, 10): -70407, (2, 9): -70407}


def test_answers_without_items() -> None:
    """Nothing asked for, nothing told."""
    assert parse_read_answer(204, b"", ASKED) == ([], {})
    assert parse_read_answer(200, b"{}", ASKED) == ([], {})


def test_errors_may_have_items() -> None:
    """A 400 whose body says what became of each is no reason to close."""
    data = body(item(1, 9, status=-70409))
    assert parse_read_answer(400, data, ASKED).failures == {(1, 9): -70409}
    assert parse_read_answer(500, b'{"status":-70402}', [(1, 9)]).failures == {(1, 9): -70402}


@pytest.mark.parametrize("data", [b"", b"<html>", b"{}", b"[]", b'{"status":0}'])
@pytest.mark.parametrize("parse", [parse_read_answer, parse_write_answer])
def test_errors_without_items_are_refusals(parse: Any, data: bytes) -> None:
    """The caller gets the HTTP code."""
    with pytest.raises(RefusedError) as caught:
        parse(422, data, ASKED)
    assert caught.value.code == 422


@pytest.mark.parametrize("parse", [parse_read_answer, parse_write_answer])
def test_good_answers_that_are_no_json(parse: Any) -> None:
    """The link cannot be trusted any more."""
    with pytest.raises(FrameError):
        parse(207, b"\xff", ASKED)


@pytest.mark.parametrize(("code", "data"), [(204, b""), (200, b""), (200, b" \r\n"), (200, b"{}")])
def test_writes_have_succeeded(code: int, data: bytes) -> None:
    """Each that was asked for."""
    assert parse_write_answer(code, data, ASKED) == dict.fromkeys(ASKED, Written())


def test_writes_have_failed_one_by_one() -> None:
    """Some accessories list failures only, some all; values are write responses."""
    data = body(item(1, 9, status=-70410), item(2, 9, status=0, value="AQ=="))
    assert parse_write_answer(207, data, ASKED) == {
        (1, 9): Written(-70410),
        (1, 10): Written(),
        (2, 9): Written(0, "AQ=="),
    }


@pytest.mark.parametrize(
    "data", [b"{}", b'{"characteristics":[]}', body(item(7, 7, status=0)), body(True)]
)
def test_mixed_answers_that_mention_nothing_are_no_success(data: bytes) -> None:
    """Nobody said that the door is locked."""
    assert all(written.status for written in parse_write_answer(207, data, ASKED).values())


UNNAMED = [{"status": 0}, {"status": -70402}, {"status": 0}]


@pytest.mark.parametrize(
    ("code", "data", "statuses"),
    [
        (207, body({"status": 0}), [0, 0, 0]),
        (207, body(*3 * [{"status": 0}]), [0, 0, 0]),
        (207, b'{"status":0}', [0, 0, 0]),
        (207, body(*UNNAMED), [0, -70402, 0]),
        (200, body(*UNNAMED), [0, -70402, 0]),
        (200, body({"status": -70402}), [-70402] * 3),
        (207, body({"status": 0}, {"status": 70402}), [-70402] * 3),
        (207, body(item(1, 10, status=0), {"status": -70402}), [-70402, 0, -70402]),
    ],
)
def test_statuses_that_do_not_say_of_what(code: int, data: bytes, statuses: list[int]) -> None:
    """Somfy leaves out the numbers: as many as were asked for are in their order, and a failure is one of all."""
    results = parse_write_answer(code, data, ASKED)
    assert [results[key].status for key in ASKED] == statuses


def test_an_error_confirms_only_what_it_says() -> None:
    """In a 400 the silent items have failed too."""
    results = parse_write_answer(400, body(item(1, 9, status=-70404)), ASKED)
    assert results[1, 9].status == -70404
    assert results[1, 10].status < 0
    assert parse_write_answer(400, b'{"status":-70411}', ASKED) == dict.fromkeys(
        ASKED, Written(-70411)
    )


@pytest.mark.parametrize(
    ("code", "data", "status"),
    [
        (200, b'{"status":0}', 0),
        (204, b"", 0),
        (200, b'{"status":-70410}', -70410),
        (400, b'{"status":-70401}', -70401),
        (400, b'{"status":70401}', -70401),
        (404, b"", -1),
        (500, b'{"status":0}', -1),
        (200, b"[]", 0),
    ],
)
def test_single_statuses(code: int, data: bytes, status: int) -> None:
    """Of /prepare, /identify and /resource; a refusal is never success."""
    assert parse_status(code, data) == status


@given(st.sampled_from([200, 204, 207, 400, 422, 500]), BODIES)
def test_any_answer_is_read_or_refused(code: int, data: bytes) -> None:
    """Only what was asked for comes out, and a garbled answer is no success."""
    with suppress(FrameError, RefusedError):
        assert {report[0] for report in parse_read_answer(code, data, ASKED).reports} <= set(ASKED)
    with suppress(FrameError, RefusedError):
        results = parse_write_answer(code, data, ASKED)
        assert results.keys() == set(ASKED)
        assert all(isinstance(written.status, int) for written in results.values())
    assert parse_status(code, data) <= 0


# --- the accessory's side -----------------------------------------------------------------------


def test_accessories_read_what_controllers_write() -> None:
    """Each request is understood by the other side."""
    request = read_request(ASKED, meta=True, events=True)
    assert parse_read_target(request.target) == ReadQuery(tuple(ASKED), meta=True, events=True)
    writes = [Write((1, 9), 5, auth_data="AQ==", remote=True, response=True), Write((1, 10), None)]
    assert parse_write_body(write_request(writes, pid=7).body) == WriteQuery(
        (Item((1, 9), 5, True, None, "AQ==", True, True), Item((1, 10), None, True)), 7
    )
    assert parse_write_body(subscribe_request([(1, 9)], on=True).body) == WriteQuery(
        (Item((1, 9), events=True),)
    )
    assert parse_prepare_body(prepare_request(2500, 5).body) == Prepared(2500, 5)
    assert parse_resource_body(resource_request(3, 640, 480, reason=0).body) == ResourceQuery(
        3, "image", 640, 480, 0
    )
    assert parse_resource_body(resource_request(None, 1, 2).body).aid is None


def test_other_spellings_are_read() -> None:
    """Encoded commas, words for flags, numbers for truth values."""
    target = "/characteristics?perms=true&id=1.2%2C3.4&meta=0&ev"
    assert parse_read_target(target) == ReadQuery(((1, 2), (3, 4)), perms=True)
    data = b'{"characteristics":[{"aid":1,"iid":2.0,"ev":1,"r":0,"remote":"no","authData":5}],"pid":7.0}'
    assert parse_write_body(data) == WriteQuery((Item((1, 2), events=True),), 7)


@pytest.mark.parametrize(
    "target",
    [
        "/characteristics",
        "/characteristics?id=",
        "/characteristics?id=1",
        "/characteristics?id=1.2,",
        "/characteristics?id=1.2.3",
        "/characteristics?id=-1.2",
        "/characteristics?id=1_0.2",
        "/characteristics?id=0.2",
        f"/characteristics?id=1.{2**64}",
        "/characteristics?id=" + "9" * 5000 + ".1",
        "/characteristics?id=" + ",".join(["1.1"] * (MAX_ITEMS + 1)),
    ],
)
def test_targets_that_name_nothing(target: str) -> None:
    """They are refused."""
    with pytest.raises(FrameError):
        parse_read_target(target)


@pytest.mark.parametrize(
    ("parse", "data"),
    [
        (parse_write_body, b"5"),
        (parse_write_body, b"{"),
        (parse_write_body, b"{}"),
        (parse_write_body, b'{"characteristics":[]}'),
        (parse_write_body, b'{"characteristics":[true]}'),
        (parse_write_body, b'{"characteristics":[{"aid":1}]}'),
        (parse_write_body, b'{"characteristics":[{"aid":1,"iid":1}],"pid":"x"}'),
        (parse_write_body, b'{"characteristics":[' + b"{}," * MAX_ITEMS + b"{}]}"),
        (parse_prepare_body, b'{"ttl":5}'),
        (parse_prepare_body, b'{"ttl":-5,"pid":1}'),
        (parse_prepare_body, b'{"ttl":1.5,"pid":1}'),
        (parse_prepare_body, b'{"ttl":true,"pid":1}'),
        (parse_resource_body, b"{}"),
        (parse_resource_body, b'{"resource-type":"image","image-width":1}'),
        (parse_resource_body, b'{"resource-type":"image","aid":0}'),
    ],
)
def test_bodies_that_say_nothing(parse: Any, data: bytes) -> None:
    """They are refused."""
    with pytest.raises(FrameError):
        parse(data)


@given(BODIES, st.text(max_size=20))
def test_any_request_is_read_or_refused(data: bytes, query: str) -> None:
    """Controllers are not trusted either."""
    for parse in (parse_write_body, parse_prepare_body, parse_resource_body):
        with suppress(FrameError):
            parse(data)
    with suppress(FrameError):
        parse_read_target(f"/characteristics?{query}")


def test_answers_are_written() -> None:
    """As compact as requests."""
    assert characteristics_body([item(1, 2, value=True)]) == (
        b'{"characteristics":[{"aid":1,"iid":2,"value":true}]}'
    )
    assert IDENTIFY.content_type is ContentType.JSON
