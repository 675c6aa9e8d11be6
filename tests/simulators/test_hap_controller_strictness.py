"""What the simulated accessories refuse or complain of, and what they answer when nothing is wrong."""

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO
import json
from typing import Any

from PIL import Image
import pytest

from custom_components.hap_controller.protocol.crypto import SigningKey
from custom_components.hap_controller.protocol.pairing import (
    add_pairing,
    list_pairings,
    read_pairings,
    remove_pairing,
)
from custom_components.hap_controller.protocol.pairing.setup import PairSetupController
from custom_components.hap_controller.protocol.refusals import (
    MaxPeersError,
    NotAdminError,
    UnknownPairingError,
)
from custom_components.hap_controller.protocol.tlv8 import encode
from simulators.hap_controller import Characteristic, Pace, SimulatedAccessory
from simulators.hap_controller.values import Invalid, beginning, check

from .hap_client import BareController, admitted, bare, row, writing

pytestmark = pytest.mark.usefixtures("socket_enabled")

JSON_HEAD = b"PUT /characteristics HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\nContent-Type: application/hap+json\r\n\r\n"


@pytest.fixture
async def lamp() -> AsyncIterator[SimulatedAccessory]:
    """Serve a lamp."""
    async with SimulatedAccessory("lamp", pace=Pace(speed=1000)) as served:
        yield served


@pytest.fixture
async def controller(lamp: SimulatedAccessory) -> AsyncIterator[BareController]:
    """Give a connection to the lamp that is verified."""
    async with bare(lamp) as controller:
        lamp.journal.clear()
        yield controller


def whys(served: SimulatedAccessory) -> list[str]:
    """Give what was complained of."""
    return [each.why for each in served.violations]


# --- heads -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /accessories HTTP/1.1\r\nHost: 127.0.0.1:1234\r\n\r\n",
        b"GET /accessories HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",
        b"GET /accessories HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n\r\n",
        b"GET /accessories HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n",
        b"GET /accessories HTTP/1.1\r\n\r\n",
        b"GET /accessories?all=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /accessories HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /accessories HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    ],
)
async def test_complains_of_other_heads(
    lamp: SimulatedAccessory, controller: BareController, request_bytes: bytes
) -> None:
    """What phones never send is answered, and held against the controller."""
    controller.say(request_bytes)
    assert (await controller.answer()).code == 200
    await lamp.journal.wait_for(lambda: bool(lamp.violations))


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"GET accessories HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /accessories HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /accessories HTTP/1.1\r\nHost\r\n\r\n",
        b"PUT /prepare HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"PUT /prepare HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: x\r\n\r\n",
        b"PUT /prepare HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999999\r\n\r\n",
        b"GET /accessories HTTP/1.1\r\n" + b"X: y\r\n" * 2000,
    ],
)
async def test_hangs_up_on_what_is_no_request(
    lamp: SimulatedAccessory, controller: BareController, request_bytes: bytes
) -> None:
    """Nothing can be said to who speaks no HTTP."""
    controller.say(request_bytes)
    assert await controller.ended()
    assert len(lamp.violations) == 1


@pytest.mark.parametrize(
    "frame",
    [b"\1\0" + bytes(17), b"\0\0" + bytes(16), b"\1\4" + bytes(1025 + 16)],
    ids=["tag", "empty", "long"],
)
async def test_hangs_up_on_broken_frames(
    lamp: SimulatedAccessory, controller: BareController, frame: bytes
) -> None:
    """A frame that is not the next one of the session ends it."""
    controller.writer.write(frame)
    assert await controller.ended()
    assert "a frame" in whys(lamp)[0]


async def test_takes_requests_in_pieces(
    lamp: SimulatedAccessory, controller: BareController
) -> None:
    """Cut requests are put together; an accessory that cannot do that hangs up."""
    pieces = (b"GET /accessories HTTP/1.1\r\n", b"Host: 127.0.0.1\r\n", b"\r\n")
    for piece in pieces:
        controller.say(piece)
    assert (await controller.answer()).code == 200
    assert not lamp.violations


# --- paths and sessions ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/nothing", 404),
        ("POST", "/accessories", 405),
        ("DELETE", "/characteristics", 405),
        ("POST", "/identify", 400),
    ],
)
async def test_refuses_other_paths(
    lamp: SimulatedAccessory, controller: BareController, method: str, path: str, code: int
) -> None:
    """Paths and methods that are not there are refused, and identifying one that is paired."""
    assert (await controller.ask(method, path)).code == code


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/accessories", {"status": -70411}),
        ("GET", "/characteristics?id=1.2", {"status": -70411}),
        ("POST", "/pairings", None),
    ],
)
async def test_answers_strangers_nothing(
    lamp: SimulatedAccessory, method: str, path: str, body: object
) -> None:
    """Before pair-verify only that is told."""
    async with bare(lamp, plain=True) as stranger:
        answer = await stranger.ask(method, path)
        assert answer.code == 470
        assert (json.loads(answer.body) if answer.body else None) == body
    assert whys(lamp) == [f"{path.partition('?')[0]} before pair-verify"]


async def test_identifies_while_unpaired(lamp: SimulatedAccessory) -> None:
    """An accessory that is not paired shows which one it is."""
    async with bare(lamp, plain=True) as stranger:
        assert (await stranger.ask("POST", "/identify", {})).code == 204
    assert lamp.house.primary.identified == 1


# --- reading -------------------------------------------------------------------------------------------


async def test_reads_values_and_what_is_known_of_them(
    lamp: SimulatedAccessory, controller: BareController
) -> None:
    """Each flag adds what it is for."""
    hue = lamp.key(None, "Hue")
    (told,) = await controller.rows(
        "GET", f"/characteristics?id=1.{hue[1]}&meta=1&perms=1&type=1&ev=1"
    )
    assert told == {
        "aid": 1,
        "iid": hue[1],
        "value": 120.0,
        "format": "float",
        "unit": "arcdegrees",
        "minValue": 0,
        "maxValue": 360,
        "minStep": 1,
        "perms": ["pr", "pw", "ev"],
        "type": "13",
        "ev": False,
    }
    assert not lamp.violations


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", 400),
        ("?id=", 400),
        ("?id=x.y", 400),
        ("?id=1.0", 400),
        ("?id=1.2&all=1", 400),
        ("?id=1%2E9", 200),
        ("?id=1.9,1.9", 200),
        ("?id=1.9&meta=0", 200),
        ("?id=1.9&type=1&meta=1", 200),
        ("?id=1.9&meta=true", 200),
        ("?id=1.4711", 207),
        ("?id=1.2", 207),
    ],
)
async def test_complains_of_other_queries(
    lamp: SimulatedAccessory, controller: BareController, query: str, code: int
) -> None:
    """What picky accessories fail on is held against the controller, and answered if it can be."""
    assert (await controller.ask("GET", f"/characteristics{query}")).code == code
    assert len(lamp.violations) == 1


async def test_buttons_are_not_read() -> None:
    """A button has no state: reading it could be taken for a press."""
    async with SimulatedAccessory("doorbell") as served, bare(served) as controller:
        aid, iid = served.key(None, "Programmable Switch Event")
        (told,) = await controller.rows("GET", f"/characteristics?id={aid}.{iid}")
        assert told["value"] is None
        assert whys(served) == ["Programmable Switch Event has no state to be read"]


# --- writing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "members", "status"),
    [
        ("On", {"value": 0}, 0),
        ("On", {"value": 2}, -70410),
        ("On", {"value": "1"}, -70410),
        ("Brightness", {"value": 101}, -70410),
        ("Brightness", {"value": -1}, -70410),
        ("Brightness", {"value": 1.5}, -70410),
        ("Brightness", {"value": True}, -70410),
        ("Brightness", {"value": None}, -70410),
        ("Hue", {"value": 359.4}, -70410),
        ("Hue", {"value": 359}, 0),
        ("Color Temperature", {"value": 139}, -70410),
        ("Name", {"value": "Lamp"}, -70404),
        ("Name", {"ev": True}, -70406),
        ("On", {}, -70410),
        ("Identify", {"value": 1, "r": True}, -70405),
        ("Identify", {"value": 1}, 0),
        ("On", {"ev": True}, 0),
    ],
)
async def test_judges_writes(
    lamp: SimulatedAccessory, controller: BareController, name: str, members: Any, status: int
) -> None:
    """Values out of range, off the steps or of another kind are refused, and complained of."""
    key = lamp.key(None, name)
    answer = await controller.ask("PUT", "/characteristics", writing(row(key, **members)))
    if status:
        assert json.loads(answer.body)["characteristics"] == [row(key, status=status)]
        assert answer.code == 207
    else:
        assert answer.code == 204
    assert bool(lamp.violations) == bool(status)
    assert len(lamp.wishes) == (not status and "value" in members)


async def test_applies_what_is_valid_beside_what_is_not(
    lamp: SimulatedAccessory, controller: BareController
) -> None:
    """One bad item does not spoil the others."""
    on, name = lamp.key(None, "On"), lamp.key(None, "Name")
    body = writing(row(on, value=0, r=True), row(name, value="x"), row((9, 9), value=1))
    rows = await controller.rows("PUT", "/characteristics", body)
    assert rows == [
        row(on, status=0, value=False),
        row(name, status=-70404),
        row((9, 9), status=-70409),
    ]
    assert lamp.value(None, "On") is False


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"not json", 400),
        (b"[]", 400),
        (b'{"characteristics":[]}', 400),
        (b'{"characteristics":[1]}', 400),
        (b'{"characteristics":[{"aid":1,"iid":"9","value":1}]}', 400),
        (b'{"characteristics":[{"aid":1,"aid":1,"iid":9,"value":1}]}', 400),
        (b'{"characteristics":[{"aid":1,"iid":9,"value":1}],"pid":"x"}', 400),
        (b'{"characteristics":[{"aid":1,"iid":9,"value":1},{"aid":1,"iid":9,"value":0}]}', 422),
        (b'{"characteristics":[{"aid":1,"iid":9,"value":true}]}', 204),
        (b'{"characteristics": [{"aid": 1, "iid": 9, "value": 1}]}', 204),
        (b'{"characteristics":[{"aid":1,"iid":9,"ev":1}]}', 204),
        (b'{"characteristics":[{"aid":1,"iid":9,"value":1,"x":1}],"y":2}', 204),
    ],
)
async def test_complains_of_other_bodies(
    lamp: SimulatedAccessory, controller: BareController, body: bytes, code: int
) -> None:
    """White space and words for truth values are for picky accessories to refuse; others complain only."""
    assert lamp.key(None, "On") == (1, 9)
    controller.say(JSON_HEAD % len(body) + body)
    assert (await controller.answer()).code == code
    assert lamp.violations
    lamp.rules.picky = True
    controller.say(JSON_HEAD % len(body) + body)
    assert (await controller.answer()).code == (422 if code == 422 else 400)


async def test_timed_writes(lamp: SimulatedAccessory, controller: BareController) -> None:
    """What takes timed writes only takes them once, in time, and with their number."""
    key = lamp.key(None, "On")
    each = lamp.house.places[key][2]
    each.perms = (*each.perms, "tw")

    async def write(**members: Any) -> int:
        return (
            await controller.ask("PUT", "/characteristics", writing(row(key, value=0), **members))
        ).code

    assert await write() == 207
    assert (
        await controller.ask("PUT", "/prepare", {"ttl": 5000, "pid": 7})
    ).body == b'{"status":0}'
    assert await write(pid=8) == 207
    assert await write(pid=7) == 207, "it is used up"
    await controller.ask("PUT", "/prepare", {"ttl": 0, "pid": 7})
    lamp.journal.clear()
    await asyncio.sleep(0.001)
    assert await write(pid=7) == 207, "it came too late"
    await controller.ask("PUT", "/prepare", {"ttl": 5000, "pid": 7})
    assert await write(pid=7) == 204
    assert whys(lamp) == ["a timed write that was not prepared, or comes too late"]
    assert (await controller.ask("PUT", "/prepare", {"ttl": "1", "pid": 7})).code == 400


async def test_events_go_to_all_but_their_author(lamp: SimulatedAccessory) -> None:
    """Who wrote a value knows it; others are told, and so are both of what happens by hand."""
    on, brightness = lamp.key(None, "On"), lamp.key(None, "Brightness")
    async with bare(lamp) as one, bare(lamp) as other:
        for each in (one, other):
            await each.ask(
                "PUT", "/characteristics", writing(row(on, ev=True), row(brightness, ev=True))
            )
        await one.ask("PUT", "/characteristics", writing(row(on, value=0)))
        assert await other.event() == [row(on, value=False)]
        lamp.set(None, "Brightness", 33)
        assert await one.event() == await other.event() == [row(brightness, value=33)]
        assert not one.events
        await one.ask("PUT", "/characteristics", writing(row(on, ev=False)))
        lamp.set(None, "On", True)
        lamp.set(None, "Brightness", 34)
        assert await one.event() == [row(brightness, value=34)]


async def test_changes_are_told_together(lamp: SimulatedAccessory) -> None:
    """Between two messages of events there is an interval; of each value the last one counts."""
    lamp.house.pace.event_s = 100.0
    on, brightness = lamp.key(None, "On"), lamp.key(None, "Brightness")
    async with bare(lamp) as one:
        await one.ask(
            "PUT", "/characteristics", writing(row(on, ev=True), row(brightness, ev=True))
        )
        lamp.set(None, "Brightness", 1)
        assert await one.event() == [row(brightness, value=1)]
        lamp.set(None, "Brightness", 2)
        lamp.set(None, "On", False)
        lamp.set(None, "Brightness", 3)
        assert await one.event() == [row(brightness, value=3), row(on, value=False)]


@pytest.mark.parametrize(
    ("kind", "limits", "good", "bad"),
    [
        ("string", {}, "x" * 64, "x" * 65),
        ("string", {"maxLen": 3}, "abc", "abcd"),
        ("string", {}, "", 7),
        ("tlv8", {}, "AQEA", "?"),
        ("data", {"maxDataLen": 3}, "AQEA", "AQEAAA=="),
        ("data", {}, "", None),
        ("uint8", {}, 255, 256),
        ("uint16", {"valid-values": [1, 3]}, 3, 2),
        ("uint32", {"valid-values-range": [2, 5]}, 5, 6),
        ("uint64", {}, 2**64 - 1, -1),
        ("int", {"minStep": 0}, -5, 0.5),
        ("float", {"minValue": 0.1, "minStep": 0.2}, 0.7, 0.8),
        ("float", {}, 1e9, "1"),
        ("bool", {}, 1, 1.0),
    ],
)
def test_values(kind: str, limits: dict[str, Any], good: Any, bad: Any) -> None:
    """Each format has its own idea of what is a value."""
    each = Characteristic("0", 1, ("pr", "pw"), kind, limits)
    assert check(each, good) == good
    with pytest.raises(Invalid):
        check(each, bad)


@pytest.mark.parametrize(
    ("kind", "limits", "value"),
    [
        ("bool", {}, False),
        ("string", {}, ""),
        ("tlv8", {}, ""),
        ("uint8", {"valid-values": [3, 4]}, 3),
        ("float", {"minValue": 10.0, "maxValue": 30.0}, 10.0),
        ("int", {"maxValue": -5}, -5),
        ("vendor", {}, None),
    ],
)
def test_values_that_nobody_knows(kind: str, limits: dict[str, Any], value: Any) -> None:
    """What has to have a value has one that may be."""
    assert beginning(Characteristic("0", 1, ("pr",), kind, limits)) == value


# --- pairing ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "message",
    [b"\6", b"", encode([(6, b"\3")]), encode([(6, b"\1"), (0, b"\5")]), encode([(6, b"\5")])],
)
async def test_pair_setup_out_of_turn(lamp: SimulatedAccessory, message: bytes) -> None:
    """A message that is not due ends the attempt."""
    async with bare(lamp, plain=True) as stranger:
        assert (await stranger.ask("POST", "/pair-setup", message)).code == 400
    assert len(lamp.violations) == 1


async def test_forged_introductions(lamp: SimulatedAccessory) -> None:
    """Messages that anybody could have made are refused, and complained of."""
    setup = PairSetupController(code=lamp.setup_code)
    async with bare(lamp, plain=True) as stranger:
        second = await stranger.ask("POST", "/pair-setup", setup.start())
        third = setup.receive(second.body)
        assert third
        await stranger.ask("POST", "/pair-setup", third)
        forged = encode([(6, b"\5"), (5, bytes(100))])
        assert (await stranger.ask("POST", "/pair-setup", forged)).body == b"\6\1\6\7\1\2"
    assert whys(lamp) == ["PS-Msg05 cannot be opened"]
    assert not lamp.memory.paired
    keys = admitted(lamp)
    async with bare(lamp, plain=True) as stranger:
        for message in (bytes(31), bytes(32)):
            body = encode([(6, b"\1"), (3, message)])
            assert (await stranger.ask("POST", "/pair-verify", body)).code == 400
    async with bare(lamp, keys) as known:
        assert (await known.ask("POST", "/pair-verify", encode([(6, b"\1")]))).code == 400


async def test_pairings(lamp: SimulatedAccessory) -> None:
    """Administrators add, list and remove controllers; others may not, and who was removed is out."""
    owner, guest = admitted(lamp), SigningKey.generate().public_key
    user = admitted(lamp, admin=False)
    async with bare(lamp, owner) as one, bare(lamp, user) as other:

        async def ask(message: bytes, who: BareController = one) -> list[Any]:
            return read_pairings((await who.ask("POST", "/pairings", message)).body)

        with pytest.raises(NotAdminError):
            await ask(list_pairings(), other)
        admin = 1
        await ask(add_pairing("guest", guest, admin))
        with pytest.raises(UnknownPairingError):
            await ask(add_pairing("guest", bytes(32), admin))
        assert [(each.controller_id, each.admin) for each in await ask(list_pairings())] == [
            (owner.controller_id, True),
            (user.controller_id, False),
            ("guest", True),
        ]
        lamp.rules.max_pairings = 3
        with pytest.raises(MaxPeersError):
            await ask(add_pairing("another", guest, admin))
        await ask(remove_pairing(user.controller_id))
        assert await other.ended()
        await ask(remove_pairing("guest"))
        await ask(remove_pairing("nobody"))
        await ask(remove_pairing(owner.controller_id))
        assert await one.ended()
    assert not lamp.memory.paired
    assert not lamp.violations
    assert lamp.texts["sf"] == "1"


async def test_without_administrators_all_are_forgotten(lamp: SimulatedAccessory) -> None:
    """A controller that nobody could ever remove would lock its owner out."""
    owner, user = admitted(lamp), admitted(lamp, admin=False)
    async with bare(lamp, owner) as one, bare(lamp, user) as other:
        await one.ask("POST", "/pairings", remove_pairing(owner.controller_id))
        assert await one.ended()
        assert await other.ended()
    assert not lamp.memory.controllers


# --- pictures -------------------------------------------------------------------------------------------


async def test_pictures() -> None:
    """A camera gives a JPEG of the size that was asked for; others give none."""
    async with SimulatedAccessory("doorbell") as served, bare(served) as controller:
        body = {"resource-type": "image", "image-width": 321, "image-height": 200}
        answer = await controller.ask("POST", "/resource", body)
        assert answer.content_type == "image/jpeg"
        assert answer.body[:2] + answer.body[-2:] == b"\xff\xd8\xff\xd9"
        assert b"\xff\xc0\0\x0b\x08\0\xc8\x01\x41\1" in answer.body
        with Image.open(BytesIO(answer.body)) as picture:
            darkest, lightest = picture.getextrema()
            assert picture.size == (321, 200)
            assert darkest < 40
            assert lightest > 200
        assert (await controller.ask("POST", "/resource", {**body, "aid": 9})).code == 404
        assert (await controller.ask("POST", "/resource", {**body, "image-width": 0})).code == 400
    async with SimulatedAccessory("lamp") as served, bare(served) as controller:
        assert (await controller.ask("POST", "/resource", body)).code == 404
