"""What is answered, over real sockets."""

import asyncio
from base64 import b64encode
import json
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.hap_controller.protocol.accessory import (
    Accessory,
    AccessoryServer,
    Bridge,
    CharacteristicUuid as C,
    HapStatus,
    ServiceUuid as S,
    StatusError,
)
from custom_components.hap_controller.protocol.accessory.endpoints import Endpoints
from custom_components.hap_controller.protocol.accessory.session import Session
from custom_components.hap_controller.protocol.const import ControllerPermission, SetupFlag
from custom_components.hap_controller.protocol.crypto import SigningKey
from custom_components.hap_controller.protocol.frames import SessionCodec
from custom_components.hap_controller.protocol.http import Request
from custom_components.hap_controller.protocol.pairing import Pairing, Register, add_pairing
from custom_components.hap_controller.protocol.pairing.setup import PairSetupController
from custom_components.hap_controller.protocol.records import PairingKeys

from .conftest import CODE, Connect, Serve, pair
from .controller import TLV, RawController, statuses

ON, BRIGHTNESS = (1, 11), (1, 12)


def bulb() -> Accessory:
    """A light with brightness."""
    accessory = Accessory("Bulb", category=5)
    accessory.add_service(S.LIGHTBULB, [C.BRIGHTNESS])
    return accessory


def light(accessory: Accessory) -> Any:
    """Give the light of a bulb."""
    return accessory.services[2]


async def second_controller(
    controller: RawController, permissions: ControllerPermission
) -> PairingKeys:
    """Have an administrator add another controller; gives its keys."""
    key = SigningKey.generate()
    answer = await controller.tlv("/pairings", add_pairing("second", key.public_key, permissions))
    assert answer.hex() == "060102"
    return PairingKeys(
        accessory_id="",
        accessory_ltpk=b"",
        controller_id="second",
        controller_ltsk=key.seed,
        controller_ltpk=key.public_key,
    )


async def ready(serve: Serve, connect: Connect, accessory: Accessory, **told: Any) -> RawController:
    """Serve an accessory; gives a controller that is paired and verified."""
    server = await serve(accessory, **told)
    return await connect(server, await pair(server))


# --- access -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "target", "code", "body"),
    [
        ("GET", "/accessories", 470, b'{"status":-70411}'),
        ("GET", "/characteristics?id=1.2", 470, b'{"status":-70411}'),
        ("PUT", "/characteristics", 470, b'{"status":-70411}'),
        ("PUT", "/prepare", 470, b'{"status":-70411}'),
        ("POST", "/resource", 470, b'{"status":-70411}'),
        ("POST", "/pairings", 470, b""),
        ("GET", "/pairings", 405, b""),
        ("POST", "/accessories", 405, b""),
        ("GET", "/pair-setup", 405, b""),
        ("GET", "/", 404, b""),
        ("GET", "/accessories/", 404, b""),
    ],
)
async def test_access(
    serve: Serve, connect: Connect, method: str, target: str, code: int, body: bytes
) -> None:
    """Nothing is told without a session; the connection stays for pair-verify."""
    server = await serve(bulb())
    controller = await connect(server)
    answer = await controller.ask(method, target)
    assert (answer.code, answer.body) == (code, body)
    keys = await controller.pair(CODE)
    await controller.verify(keys)
    assert (await controller.ask("GET", "/accessories")).code == 200


@pytest.mark.parametrize(
    ("target", "body"),
    [
        ("/pair-setup", b"\6"),
        ("/pair-verify", b"\6\1"),
        ("/pair-setup", bytes.fromhex("060103")),
        ("/pair-verify", bytes.fromhex("060103050100")),
    ],
)
async def test_pairing_messages_that_are_none(
    serve: Serve, connect: Connect, target: str, body: bytes
) -> None:
    """What cannot be read has no answer, what is misplaced has one; both are bad requests."""
    controller = await connect(await serve(bulb()))
    answer = await controller.ask("POST", target, body, TLV)
    assert answer.code == 400
    assert answer.body.hex() == ("060104070101" if len(body) > 2 else "")


async def test_refusals_of_pairing_are_no_http_errors(serve: Serve, connect: Connect) -> None:
    """They are told in the TLV, with code 200."""
    server = await serve(bulb())
    await pair(server)
    controller = await connect(server)
    answer = await controller.ask("POST", "/pair-setup", bytes.fromhex("060101000100"), TLV)
    assert (answer.code, answer.body.hex()) == (200, "060102070106")
    assert answer.headers["content-type"] == TLV


async def test_pair_verify_happens_once(serve: Serve, connect: Connect) -> None:
    """On a connection that is sealed it is refused."""
    controller = await ready(serve, connect, bulb())
    answer = await controller.ask("POST", "/pair-verify", bytes.fromhex("060101"), TLV)
    assert answer.code == 400


async def test_transient_sessions_may_do_nothing(serve: Serve, connect: Connect) -> None:
    """But go on with pair-setup."""
    server = await serve(bulb())
    controller = await connect(server)
    setup = PairSetupController(code=CODE, flags=SetupFlag.TRANSIENT | SetupFlag.SPLIT)
    message: bytes | None = setup.start()
    while message is not None:
        message = setup.receive(await controller.tlv("/pair-setup", message))
    assert setup.session is not None
    controller.codec = SessionCodec(setup.session.read_key, setup.session.write_key)
    for method, target in (("GET", "/accessories"), ("POST", "/pairings"), ("POST", "/identify")):
        assert (await controller.ask(method, target)).code == 400
    split = PairSetupController(code=CODE, flags=SetupFlag.SPLIT)
    message = split.start()
    while message is not None:
        message = split.receive(await controller.tlv("/pair-setup", message))
    assert split.result is not None
    assert server.paired


# --- identify ---------------------------------------------------------------------------------


async def test_identify_while_unpaired(serve: Serve, connect: Connect) -> None:
    """Anybody may find out which accessory it is, until it is paired."""
    seen: list[str] = []
    accessory = Accessory("Bulb", identify=lambda: seen.append("here"))
    server = await serve(accessory)
    controller = await connect(server)
    assert (await controller.ask("POST", "/identify", b"{}")).code == 204
    assert (await controller.ask("POST", "/identify")).code == 204
    assert seen == ["here", "here"]
    await pair(server)
    answer = await controller.ask("POST", "/identify")
    assert (answer.code, answer.json) == (400, {"status": -70401})
    assert len(seen) == 2


async def test_identify_that_fails(serve: Serve, connect: Connect) -> None:
    """Nobody is told that something blinked when nothing did."""

    def refuse() -> None:
        raise StatusError(HapStatus.BUSY)

    controller = await connect(await serve(Accessory("Bulb", identify=refuse)))
    answer = await controller.ask("POST", "/identify")
    assert (answer.code, answer.json) == (500, {"status": -70403})


async def test_identify_while_paired(serve: Serve, connect: Connect) -> None:
    """It is a characteristic then, of each accessory; coroutines are awaited."""
    seen: list[str] = []

    async def identify() -> None:
        await asyncio.sleep(0)
        seen.append("here")

    bridge = Bridge("Bridge")
    bridge.add_accessory(Accessory("Bulb", identify=identify))
    controller = await ready(serve, connect, bridge)
    assert (await controller.put({"aid": 2, "iid": 2, "value": True})).code == 204
    assert (await controller.put({"aid": 2, "iid": 2, "value": False})).code == 204
    assert (await controller.put({"aid": 1, "iid": 2, "value": 1})).code == 204
    assert seen == ["here"]


# --- the description --------------------------------------------------------------------------


async def test_accessories(serve: Serve, connect: Connect) -> None:
    """Everything with values where they can be read; presses are null, control points silent."""
    bridge = Bridge("Bridge")
    bulb_ = Accessory("Bulb")
    on = bulb_.add_service(S.LIGHTBULB)[C.ON]
    on.getter = lambda: True
    button = bulb_.add_service(S.STATELESS_PROGRAMMABLE_SWITCH)
    point = bulb_.add_service("F001").add("F002", format="tlv8", perms=("pr", "pw", "wr"))
    failing = bulb_.add_service("F003").add(
        "F004", format="int", perms=("pr",), getter=lambda: 1 / 0
    )
    bridge.add_accessory(bulb_)
    controller = await ready(serve, connect, bridge)
    answer = await controller.ask("GET", "/accessories")
    assert answer.headers["content-type"] == "application/hap+json"
    first, second = answer.json["accessories"]
    assert first["aid"] == 1 and second["aid"] == 2
    told = {
        each["iid"]: each for service in second["services"] for each in service["characteristics"]
    }
    assert told[on.iid]["value"] is True
    assert "value" not in told[2]  # Identify
    press = told[button[C.PROGRAMMABLE_SWITCH_EVENT].iid]
    assert press["value"] is None and press["valid-values"] == [0, 1, 2]
    assert "value" not in told[point.iid]
    assert told[failing.iid]["value"] is None
    assert b" " not in answer.body.replace(b'"Accessory Information"', b"")[:40]


async def test_large_description(serve: Serve, connect: Connect) -> None:
    """150 accessories make hundreds of frames."""
    bridge = Bridge("Bridge")
    for number in range(149):
        bridge.add_accessory(bulb() if number % 2 else Accessory(f"{number}"))
    controller = await ready(serve, connect, bridge)
    answer = await controller.ask("GET", "/accessories")
    assert len(answer.json["accessories"]) == 150
    assert len(answer.body) > 100_000


# --- reading ----------------------------------------------------------------------------------


async def test_reading(serve: Serve, connect: Connect) -> None:
    """Values alone, or with what else is asked for."""
    accessory = bulb()
    controller = await ready(serve, connect, accessory)
    answer = await controller.get(ON, BRIGHTNESS, ON)
    assert answer.code == 200
    assert answer.body == (
        b'{"characteristics":[{"aid":1,"iid":11,"value":false},{"aid":1,"iid":12,"value":0}]}'
    )
    await controller.subscribe(ON)
    answer = await controller.get(ON, BRIGHTNESS, flags="&meta=1&perms=1&type=true&ev=1")
    on, brightness = answer.json["characteristics"]
    assert on == {
        "aid": 1,
        "iid": 11,
        "value": False,
        "format": "bool",
        "perms": ["pr", "pw", "ev"],
        "type": "25",
        "ev": True,
    }
    assert brightness["ev"] is False
    assert brightness["minValue"] == 0 and brightness["unit"] == "percentage"


async def test_reading_what_cannot_be_read(serve: Serve, connect: Connect) -> None:
    """Each item has its status, the good ones too; failed ones have no value."""
    controller = await ready(serve, connect, bulb())
    answer = await controller.get(ON, (1, 2), (1, 99), (2, 11))
    assert answer.code == 207
    assert answer.json["characteristics"] == [
        {"aid": 1, "iid": 11, "status": 0, "value": False},
        {"aid": 1, "iid": 2, "status": -70405},
        {"aid": 1, "iid": 99, "status": -70409},
        {"aid": 2, "iid": 11, "status": -70409},
    ]


@pytest.mark.parametrize("query", ["", "?id=", "?id=1", "?id=1.x", "?meta=1", "?id=1.2,,1.3"])
async def test_reading_nothing(serve: Serve, connect: Connect, query: str) -> None:
    """A request that names nothing is a bad one; the connection lives."""
    controller = await ready(serve, connect, bulb())
    assert (await controller.ask("GET", f"/characteristics{query}")).code == 400
    assert (await controller.get(ON)).code == 200


async def test_getters(serve: Serve, connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    """Plain and coroutine functions; what they raise, and nonsense they give, is the item's status alone."""
    accessory = Accessory("Sensors")

    async def slow() -> float:
        await asyncio.sleep(0)
        return 21.5

    async def lost() -> float:
        raise asyncio.CancelledError

    async def never() -> float:
        await asyncio.Event().wait()
        return 0

    def gone() -> float:
        raise StatusError(HapStatus.BUSY)

    keys = []
    for getter in (slow, lambda: 20, gone, lambda: 1 / 0, lambda: "warm", lost, never):
        each = accessory.add_service(S.TEMPERATURE_SENSOR)[C.CURRENT_TEMPERATURE]
        each.getter = getter
        keys.append((1, each.iid))
    controller = await ready(serve, connect, accessory, response_limit_s=0.2)
    answer = await controller.get(*keys)
    assert statuses(answer) == [0, 0, -70403, -70402, -70410, -70402, -70408]
    assert [item.get("value") for item in answer.json["characteristics"][:3]] == [21.5, 20.0, None]
    assert caplog.text.count("A callback of the accessory failed") == 1


async def test_news_that_a_getter_brings_is_told_to_others(serve: Serve, connect: Connect) -> None:
    """Who reads knows; who subscribed hears."""
    accessory = bulb()
    server = await serve(accessory)
    keys = await pair(server)
    reader, subscriber = await connect(server, keys), await connect(server, keys)
    await subscriber.subscribe(ON)
    light(accessory)[C.ON].getter = lambda: True
    assert (await reader.get(ON)).json["characteristics"][0]["value"] is True
    assert await subscriber.event() == [{"aid": 1, "iid": 11, "value": True}]
    assert reader.events == []


# --- writing ----------------------------------------------------------------------------------


async def test_writing(serve: Serve, connect: Connect) -> None:
    """Setters are told in the order of the items, in the type of the format."""
    accessory = bulb()
    seen: list[Any] = []
    light(accessory)[C.ON].setter = seen.append

    async def dim(value: int) -> None:
        await asyncio.sleep(0)
        seen.append(value)

    light(accessory)[C.BRIGHTNESS].setter = dim
    controller = await ready(serve, connect, accessory)
    answer = await controller.put(
        {"aid": 1, "iid": 11, "value": 1}, {"aid": 1, "iid": 12, "value": 40.0}
    )
    assert (answer.code, answer.body) == (204, b"")
    assert seen == [True, 40] and seen[0] is True and type(seen[1]) is int
    assert light(accessory)[C.BRIGHTNESS].value == 40
    assert [
        each["value"] for each in (await controller.get(ON, BRIGHTNESS)).json["characteristics"]
    ] == [True, 40]


@pytest.mark.parametrize(
    ("item", "status"),
    [
        ({"iid": 99, "value": 1}, -70409),
        ({"iid": 3, "value": "Other maker"}, -70404),
        ({"iid": 3, "ev": True}, -70406),
        ({"iid": 12, "value": 101}, -70410),
        ({"iid": 12, "value": 1.5}, -70410),
        ({"iid": 12, "value": "much"}, -70410),
        ({"iid": 12, "value": None}, -70410),
        ({"iid": 12}, -70410),
        ({"iid": 2, "value": 1, "r": True}, -70405),
        ({"iid": 2, "ev": True, "value": True}, -70406),
    ],
)
async def test_bad_items_do_not_hold_up_good_ones(
    serve: Serve, connect: Connect, item: dict[str, Any], status: int
) -> None:
    """All valid items are carried out; then every item has its status."""
    accessory = bulb()
    controller = await ready(serve, connect, accessory)
    answer = await controller.put({"aid": 1} | item, {"aid": 1, "iid": 11, "value": True})
    assert answer.code == 207
    assert answer.json["characteristics"] == [
        {"aid": 1, "iid": item["iid"], "status": status},
        {"aid": 1, "iid": 11, "status": 0},
    ]
    assert light(accessory)[C.ON].value is True
    assert light(accessory)[C.BRIGHTNESS].value == 0


async def test_setters_that_fail(
    serve: Serve, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    """What they raise is the item's status, and the value stays as it was; who is too slow is given up."""
    accessory = bulb()
    controller = await ready(serve, connect, accessory, response_limit_s=0.1)
    on = light(accessory)[C.ON]

    def refuse(value: bool) -> None:
        raise StatusError(HapStatus.NOT_ALLOWED)

    async def hang(value: bool) -> None:
        await asyncio.Event().wait()

    for setter, status in ((refuse, -70412), (lambda value: 1 / 0, -70402), (hang, -70408)):
        on.setter = setter
        answer = await controller.put({"aid": 1, "iid": 11, "value": True})
        assert (answer.code, statuses(answer)) == (207, [status])
        assert on.value is False
    assert caplog.text.count("A callback of the accessory failed") == 1


async def test_setter_that_knows_better(serve: Serve, connect: Connect) -> None:
    """What a setter sets itself stays, and the writer is told behind the answer, each time."""
    accessory = bulb()
    controller = await ready(serve, connect, accessory)
    brightness = light(accessory)[C.BRIGHTNESS]

    def dim(value: int) -> None:
        brightness.value = min(value, 50)

    brightness.setter = dim
    await controller.subscribe(BRIGHTNESS)
    for _ in range(2):  # the second time it is 50 already
        assert (await controller.put({"aid": 1, "iid": 12, "value": 80})).code == 204
        assert controller.events == []
        assert await controller.event() == [{"aid": 1, "iid": 12, "value": 50}]
        assert brightness.value == 50


@pytest.mark.parametrize("wait", [False, True])
async def test_setter_that_sets_what_was_written(
    serve: Serve, connect: Connect, wait: bool
) -> None:
    """That is no news to who wrote it, but to others; what it sets later is."""
    accessory = bulb()
    server = await serve(accessory)
    keys = await pair(server)
    controller, other = await connect(server, keys), await connect(server, keys)
    brightness = light(accessory)[C.BRIGHTNESS]
    later: list[asyncio.Task[None]] = []
    go_on = asyncio.Event()

    async def fade() -> None:
        await go_on.wait()
        brightness.value = 7
        await asyncio.sleep(0)
        brightness.value = 8

    async def dim(value: int) -> None:
        later.append(asyncio.create_task(fade()))
        if wait:
            await asyncio.sleep(0)
        brightness.value = 0
        brightness.value = value

    brightness.setter = dim
    for each in (controller, other):
        await each.subscribe(BRIGHTNESS)
    assert (await controller.put({"aid": 1, "iid": 12, "value": 8})).code == 204
    assert await other.event() == [{"aid": 1, "iid": 12, "value": 8}]
    await controller.get(ON)
    assert controller.events == []
    go_on.set()
    for each in (controller, other):
        told = await each.event()
        while told[-1]["value"] != 8:
            told = await each.event()
    await asyncio.gather(*later)


async def test_setter_that_fails_after_all(serve: Serve, connect: Connect) -> None:
    """What it had set by then is told, to the writer as well: that hears of a failure only."""
    accessory = bulb()
    controller = await ready(serve, connect, accessory)
    on = light(accessory)[C.ON]

    def stumble(value: bool) -> None:
        on.value = value
        raise StatusError(HapStatus.BUSY)

    on.setter = stumble
    await controller.subscribe(ON)
    assert statuses(await controller.put({"aid": 1, "iid": 11, "value": True})) == [-70403]
    assert await controller.event() == [{"aid": 1, "iid": 11, "value": True}]


async def test_news_of_before_the_own_write(serve: Serve, connect: Connect) -> None:
    """A change that waits to be told does not undo, in the eyes of the controller, what it wrote or read since."""
    accessory = bulb()
    controller = await ready(serve, connect, accessory, event_interval_s=0.05)
    brightness = light(accessory)[C.BRIGHTNESS]
    await controller.subscribe(ON, BRIGHTNESS)
    brightness.value = 1
    assert await controller.event() == [{"aid": 1, "iid": 12, "value": 1}]
    brightness.value = 2
    light(accessory)[C.ON].value = True  # what waits behind it is told
    assert (await controller.put({"aid": 1, "iid": 12, "value": 3})).code == 204
    told = controller.events or [await controller.event()]
    if {"aid": 1, "iid": 12, "value": 2} not in told[0]:  # else it was told before the write
        assert told == [[{"aid": 1, "iid": 11, "value": True}]]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"characteristics":[]}',
        b'{"characteristics":[1]}',
        b'{"characteristics":[{"aid":1,"iid":11,"value":1}],"pid":"x"}',
    ],
)
async def test_writing_nonsense(serve: Serve, connect: Connect, body: bytes) -> None:
    """A body that is none is a bad request; nothing is written."""
    accessory = bulb()
    controller = await ready(serve, connect, accessory)
    answer = await controller.ask("PUT", "/characteristics", body)
    assert (answer.code, answer.json) == (400, {"status": -70410})
    assert light(accessory)[C.ON].value is False


async def test_writing_twice_in_one(serve: Serve, connect: Connect) -> None:
    """Which of the two counts is not guessed."""
    accessory = bulb()
    controller = await ready(serve, connect, accessory)
    item = {"aid": 1, "iid": 11, "value": True}
    assert (await controller.put(item, item)).code == 422
    assert light(accessory)[C.ON].value is False


async def test_write_responses(serve: Serve, connect: Connect) -> None:
    """Who asks for an answer gets the setter's, or the value."""
    accessory = bulb()
    point = accessory.add_service("F001").add("F002", format="tlv8", perms=("pr", "pw", "wr"))
    point.setter = lambda value: "AQEC"
    controller = await ready(serve, connect, accessory)
    answer = await controller.put(
        {"aid": 1, "iid": point.iid, "value": "AQEB", "r": True},
        {"aid": 1, "iid": 12, "value": 7, "r": True},
    )
    assert answer.code == 207
    assert answer.json["characteristics"] == [
        {"aid": 1, "iid": point.iid, "status": 0, "value": "AQEC"},
        {"aid": 1, "iid": 12, "status": 0, "value": 7},
    ]


async def test_answers_of_setters_that_are_none(
    serve: Serve, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    """What cannot be written down is the fault of its item; without ``wr`` there is the value only."""
    accessory = bulb()
    point = accessory.add_service("F001").add("F002", format="tlv8", perms=("pr", "pw", "wr"))
    point.setter = light(accessory)[C.ON].setter = lambda value: object()
    controller = await ready(serve, connect, accessory)
    answer = await controller.put(
        {"aid": 1, "iid": point.iid, "value": "AQEB", "r": True},
        {"aid": 1, "iid": 11, "value": True, "r": True},
    )
    assert answer.json["characteristics"] == [
        {"aid": 1, "iid": point.iid, "status": -70410},
        {"aid": 1, "iid": 11, "status": 0, "value": True},
    ]
    assert "gave an answer that is not valid" in caplog.text


async def test_additional_authorization(
    serve: Serve, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    """Without a judge, without data and with wrong ones nothing is written."""
    accessory = Accessory("Lock")
    seen: list[Any] = []
    lock = accessory.add_service("F001")
    each = lock.add("F002", format="bool", perms=("pr", "pw", "aa"), setter=seen.append)
    controller = await ready(serve, connect, accessory)
    item = {"aid": 1, "iid": each.iid, "value": True}
    right = {"authData": b64encode(b"sesame").decode()}
    assert statuses(await controller.put(item | right)) == [-70411]
    each.authorize = lambda data: data == b"sesame"
    for wrong in ({}, {"authData": "b3Blbg=="}, {"authData": "?"}):
        assert statuses(await controller.put(item | wrong)) == [-70411]
    assert seen == []
    assert (await controller.put(item | right)).code == 204
    assert seen == [True]
    each.authorize = lambda data: bool(1 / 0)
    assert statuses(await controller.put(item | right)) == [-70402]
    assert "A callback of the accessory failed" in caplog.text


async def test_timed_writes(serve: Serve, connect: Connect) -> None:
    """A characteristic that wants it so is written only as announced: in time, once, by its number."""
    accessory = Accessory("Lock")
    each = accessory.add_service("F001").add("F002", format="bool", perms=("pr", "pw", "tw"))
    server = await serve(accessory)
    keys = await pair(server)
    controller, other = await connect(server, keys), await connect(server, keys)
    item = {"aid": 1, "iid": each.iid, "value": True}

    async def prepare(pid: int, ttl: int) -> None:
        answer = await controller.ask(
            "PUT", "/prepare", json.dumps({"ttl": ttl, "pid": pid}).encode()
        )
        assert (answer.code, answer.json) == (200, {"status": 0})

    assert statuses(await controller.put(item)) == [-70410]
    assert statuses(await controller.put(item, pid=5)) == [-70410]
    await prepare(5, 5000)
    assert statuses(await other.put(item, pid=5)) == [-70410]
    assert statuses(await controller.put(item, pid=6)) == [-70410]
    assert statuses(await controller.put(item, pid=5)) == [-70410]
    await prepare(7, 0)
    await asyncio.sleep(0.01)
    assert statuses(await controller.put(item, pid=7)) == [-70410]
    assert each.value is False
    await prepare(2**64 - 1, 5000)
    assert (await controller.put(item, pid=2**64 - 1)).code == 204
    assert each.value is True


@pytest.mark.parametrize("body", [b"", b"{}", b'{"ttl":1}', b'{"pid":1}', b'{"ttl":-1,"pid":1}'])
async def test_preparing_nonsense(serve: Serve, connect: Connect, body: bytes) -> None:
    """It is a bad request."""
    controller = await ready(serve, connect, bulb())
    answer = await controller.ask("PUT", "/prepare", body)
    assert (answer.code, answer.json) == (400, {"status": -70410})


async def test_what_only_administrators_may(serve: Serve, connect: Connect) -> None:
    """Regular users neither read, write nor hear some characteristics, nor touch pairings."""
    accessory = Accessory("Remote")
    target = accessory.add_service(S.TARGET_CONTROL_MANAGEMENT)[C.TARGET_CONTROL_LIST]
    target.getter = lambda: "AQEB"
    button = accessory.add_service("F001").add(C.BUTTON_EVENT)
    server = await serve(accessory)
    admin = await connect(server, await pair(server))
    keys = await second_controller(admin, ControllerPermission(0))
    user = await connect(server, _known(server, keys))
    assert statuses(await user.get((1, target.iid))) == [-70401]
    assert statuses(await user.put({"aid": 1, "iid": target.iid, "value": "AQEB"})) == [-70401]
    assert statuses(await user.subscribe((1, button.iid))) == [-70401]
    assert (await user.tlv("/pairings", bytes.fromhex("060101000105"))).hex() == "060102070102"
    assert (await admin.get((1, target.iid))).code == 200
    assert (await admin.put({"aid": 1, "iid": target.iid, "value": "AQEB"})).code == 204
    assert (await admin.subscribe((1, button.iid))).code == 204
    for controller, told in ((user, False), (admin, True)):
        described = (await controller.ask("GET", "/accessories")).json
        each = described["accessories"][0]["services"][2]["characteristics"]
        one = next(item for item in each if item["iid"] == target.iid)
        assert ("value" in one) is told
    # An administrator who becomes a regular user is one at once, and the other way round.
    again = add_pairing("second", keys.controller_ltpk, ControllerPermission.ADMIN)
    assert (await admin.tlv("/pairings", again)).hex() == "060102"
    assert (await user.get((1, target.iid))).code == 200


def _known(server: AccessoryServer, keys: PairingKeys) -> PairingKeys:
    """Complete the keys of a controller that was added."""
    register = server.state.register
    assert register.signing_key is not None
    return PairingKeys(
        accessory_id=register.accessory_id,
        accessory_ltpk=register.signing_key.public_key,
        controller_id=keys.controller_id,
        controller_ltsk=keys.controller_ltsk,
        controller_ltpk=keys.controller_ltpk,
    )


# --- pictures ---------------------------------------------------------------------------------


def picture(**told: Any) -> bytes:
    """Ask for a picture."""
    asked = {"resource-type": "image", "image-width": 320, "image-height": 240}
    return json.dumps(asked | told).encode()


async def test_pictures(serve: Serve, connect: Connect) -> None:
    """By accessory, in the size that was asked for."""
    bridge = Bridge("Bridge")

    async def image(width: int, height: int) -> bytes:
        await asyncio.sleep(0)
        return b"\xff\xd8" + bytes(5000) + f"{width}x{height}".encode()

    bridge.add_accessory(Accessory("Camera", image=image))
    bridge.add_accessory(Accessory("Broken", image=lambda width, height: bytes(1 // 0)))
    bridge.add_accessory(Accessory("Odd", image=lambda width, height: "no picture"))
    controller = await ready(serve, connect, bridge)
    answer = await controller.ask("POST", "/resource", picture(aid=2))
    assert (answer.code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert answer.body.endswith(b"320x240") and len(answer.body) == 5009
    for body, code in (
        (picture(), 404),
        (picture(aid=9), 404),
        (picture(aid=2, **{"resource-type": "sound"}), 404),
        (picture(aid=3), 500),
        (picture(aid=4), 500),
        (picture(aid=2, **{"image-width": 0}), 400),
        (picture(aid=2, **{"image-height": 100_000}), 400),
        (b"{}", 400),
    ):
        assert (await controller.ask("POST", "/resource", body)).code == code


async def test_faults_of_ours_do_not_end_the_connection(
    serve: Serve,
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whatever fails is answered."""
    accessory = bulb()
    controller = await ready(serve, connect, accessory)
    monkeypatch.setattr(accessory, "describe", lambda: 1 / 0)
    answer = await controller.ask("GET", "/accessories")
    assert (answer.code, answer.json) == (500, {"status": -70402})
    assert "No answer to GET /accessories" in caplog.text
    assert (await controller.get(ON)).code == 200


# --- fuzzing ----------------------------------------------------------------------------------

NUMBERS = st.one_of(st.integers(-3, 14), st.integers(), st.floats(allow_nan=False), st.booleans())
VALUES = st.recursive(
    st.one_of(st.none(), NUMBERS, st.text(max_size=5), st.sampled_from(["AQEB", "image"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)
MEMBERS = st.dictionaries(
    st.sampled_from(
        [
            *("aid", "iid", "value", "ev", "r", "authData", "remote", "pid", "ttl"),
            *("resource-type", "image-width", "image-height"),
        ]
    ),
    VALUES,
)
BODIES = st.one_of(
    st.builds(
        lambda members, items: members | {"characteristics": items}, MEMBERS, st.lists(MEMBERS)
    ),
    MEMBERS,
    VALUES,
)


@given(BODIES, st.text(max_size=20))
def test_any_json(body: Any, query: str) -> None:
    """Whatever a controller asks for, it is answered, and never with a fault of ours."""

    async def store() -> None:
        raise AssertionError("nothing of this changes the register")

    async def ask() -> None:
        register = Register("12:00:00:00:00:00", CODE)
        pairing = Pairing("x", bytes(32), ControllerPermission.ADMIN)
        register.pairings["x"] = pairing
        session = Session(register, 0)
        session._pairing = pairing
        endpoints = Endpoints(bulb(), register, store=store, now=lambda: 0)
        data = json.dumps(body).encode()
        for method, target in (
            ("PUT", "/characteristics"),
            ("PUT", "/prepare"),
            ("POST", "/resource"),
            ("GET", f"/characteristics?id={query}"),
        ):
            answer = await endpoints.answer(session, Request(method, target, data))
            assert answer.code in {200, 204, 207, 400, 404, 422}
            assert not answer.body or json.loads(answer.body)

    asyncio.run(ask())
