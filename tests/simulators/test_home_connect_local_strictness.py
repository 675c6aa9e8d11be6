"""What the simulated appliances do not take, and what they say to it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest

from simulators.home_connect_local import PLAIN_SUITES, PROFILES, Pace, SimulatedAppliance
from tests.simulators.home_connect_client import BareClient, connect, psk_client, url_of

POWER, OPERATION, CHILD_LOCK, RINSE_AID = 539, 552, 524, 4354
ECO, QUICK = 8195, 8196


@pytest.fixture
async def homes(socket_enabled: None) -> AsyncIterator[AsyncExitStack]:
    """Hold what a test serves."""
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
async def dishwasher(homes: AsyncExitStack) -> SimulatedAppliance:
    """Serve the dishwasher."""
    return await homes.enter_async_context(SimulatedAppliance("dishwasher", pace=Pace(speed=1000)))


@pytest.fixture
async def client(
    http: aiohttp.ClientSession, homes: AsyncExitStack, dishwasher: SimulatedAppliance
) -> BareClient:
    """Connect to it."""
    return await homes.enter_async_context(connect(http, dishwasher))


# --- the link -----------------------------------------------------------------------------------


async def test_wrong_key(http: aiohttp.ClientSession, homes: AsyncExitStack) -> None:
    """TLS fails; the AES link closes on the first frame."""
    for name in ("dishwasher", "washer"):
        served = await homes.enter_async_context(SimulatedAppliance(name))
        if served.connection_type == "TLS":
            with pytest.raises(aiohttp.ClientConnectorError):
                async with connect(http, served, key=bytes(32)):
                    pass
            assert served.violations == []
        else:
            async with connect(http, served, key=bytes(32), greet=False) as client:
                with pytest.raises(AssertionError, match="MAC"):
                    await client.next()
                await client.put("{}")
                assert await client.code() == 1002
            assert "MAC" in served.violations[0].why


async def test_suites(http: aiohttp.ClientSession, dishwasher: SimulatedAppliance) -> None:
    """Only suites with a forward secret are offered, unless others are asked for."""
    url = url_of(dishwasher)
    with pytest.raises(aiohttp.ClientConnectorError):
        await http.ws_connect(url, ssl=psk_client(dishwasher.key, PLAIN_SUITES))
    await dishwasher.speak_tls(PLAIN_SUITES, None)
    async with http.ws_connect(url, ssl=psk_client(dishwasher.key, PLAIN_SUITES)):
        pass


async def test_frames_of_the_wrong_kind(http: aiohttp.ClientSession, homes: AsyncExitStack) -> None:
    """Text belongs to TLS, blocks to AES."""
    dishwasher = await homes.enter_async_context(SimulatedAppliance("dishwasher"))
    async with connect(http, dishwasher) as client:
        await client.ws.send_bytes(b"{}")
        assert await client.code() == 1002
    assert "binary" in dishwasher.violations[0].why
    washer = await homes.enter_async_context(SimulatedAppliance("washer"))
    for data, words in ((b"x" * 16, "16 bytes"), (b"x" * 33, "33 bytes"), (b"x" * 48, "MAC")):
        async with connect(http, washer, greet=False) as client:
            await client.ws.send_bytes(data)
            assert await client.code() == 1002
        assert words in washer.violations[-1].why
    async with connect(http, washer, greet=False) as client:
        await client.ws.send_str("{}")
        assert await client.code() == 1002
    assert "text frame" in washer.violations[-1].why


async def test_other_addresses(http: aiohttp.ClientSession, dishwasher: SimulatedAppliance) -> None:
    """There is one address, asked for in one way."""
    url, context = url_of(dishwasher), psk_client(dishwasher.key)
    async with http.get(f"https{url[3:]}x", ssl=context) as answer:
        assert answer.status == 404
    async with http.ws_connect(f"{url}?x=1", ssl=context, compress=15, protocols=["x"]):
        pass
    told = "".join(violation.why for violation in dishwasher.violations)
    for word in ("/homeconnectx", "query", "Extensions", "Protocol"):
        assert word in told


# --- the greeting -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"action": "GET"}, "before the first message"),
        ({"sID": 1}, "sID"),
        ({"msgID": 1}, "another msgID"),
        ({"version": 1}, "another msgID or version"),
        ({"resource": "/ei/other"}, "nobody asked for"),
        ({"data": []}, "absent"),
        ({"data": [{}]}, "deviceType"),
        (
            {"data": [{"deviceType": 2, "deviceName": "x", "deviceID": "x"}]},
            "'Application' in version 2",
        ),
        (
            {"data": [{"deviceType": "Application", "deviceName": "", "deviceID": "x"}]},
            "deviceName",
        ),
        ({"data": [{"deviceType": "Application", "deviceName": "x", "deviceID": 1}]}, "deviceID"),
        ({"data": [{}, {}]}, "one item"),
    ],
    ids=str,
)
async def test_bad_greetings(
    http: aiohttp.ClientSession, dishwasher: SimulatedAppliance, changes: Any, words: str
) -> None:
    """The first message has one right answer."""
    async with connect(http, dishwasher, greet=False) as client:
        await client.meet()
        await client.send(client.greeting(**changes))
        assert await client.code() == 1002
    assert words in dishwasher.violations[0].why


async def test_old_greeting(http: aiohttp.ClientSession, homes: AsyncExitStack) -> None:
    """Old ones want a number for the type of the device."""
    washer = await homes.enter_async_context(SimulatedAppliance("washer"))
    async with connect(http, washer, greet=False) as client:
        await client.meet()
        item = {"deviceType": "Application", "deviceName": "x", "deviceID": "x"}
        await client.send(client.greeting(data=[item]))
        assert await client.code() == 1002
    assert "2 in version 1" in washer.violations[0].why


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no JSON"),
        ("{", "no JSON"),
        ('{"sID":1,"sID":1}', "no JSON"),
        ("[]", "an object"),
        ("{}", "without"),
        (
            '{"sID":1,"msgID":1,"resource":"/ci/x","version":1,"action":"GET","more":1}',
            "with more",
        ),
        ('{"sID":"1","msgID":1,"resource":"/ci/x","version":1,"action":"GET"}', "sID is a number"),
        (
            '{"sID":1,"msgID":4294967296,"resource":"/ci/x","version":1,"action":"GET"}',
            "msgID is a number",
        ),
        ('{"sID":1,"msgID":1,"resource":"ci","version":1,"action":"GET"}', "a path"),
        ('{"sID":1,"msgID":1,"resource":"/ci/x","version":1,"action":"PUT"}', "action is one of"),
        (
            '{"sID":1,"msgID":1,"resource":"/ci/x","version":1,"action":"GET","data":{}}',
            "a list of objects",
        ),
    ],
)
async def test_malformed(
    http: aiohttp.ClientSession, dishwasher: SimulatedAppliance, text: str, words: str
) -> None:
    """What is no message ends the session."""
    async with connect(http, dishwasher, greet=False) as client:
        await client.put(text)
        assert await client.code() == 1002
    assert words in dishwasher.violations[0].why


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (lambda client: client.message("/ro/values", msgID=client.message_id + 1), "msgID"),
        (lambda client: client.message("/ro/values", sID=1), "sID"),
        (lambda client: client.message("/ro/values", "RESPONSE"), "nobody asked for"),
        (lambda client: client.message("/ro/values", "NOTIFY"), "a notification of a client"),
        (
            lambda client: client.message("/ei/deviceReady", "NOTIFY", version=1),
            "belongs to version 2",
        ),
    ],
)
async def test_bad_numbers(
    client: BareClient,
    dishwasher: SimulatedAppliance,
    message: Callable[[BareClient], Any],
    words: str,
) -> None:
    """Numbers count one by one, and answers need a question."""
    await client.send(message(client))
    assert await client.code() == 1002
    assert words in dishwasher.violations[0].why


async def test_numbers_wrap(http: aiohttp.ClientSession, dishwasher: SimulatedAppliance) -> None:
    """Behind the last of 32 bits comes 0, on both sides."""
    rules = dishwasher.rules
    rules.client_message_id = rules.message_id = rules.session_id = 0xFFFF_FFFF
    async with connect(http, dishwasher) as client:
        assert (client.first["sID"], client.first["msgID"]) == (0xFFFF_FFFF, 0xFFFF_FFFF)
        assert client.message_id < 10
        dishwasher.appliance.remote_start(True)
        assert (await client.notice())["msgID"] == 0
    assert dishwasher.violations == []


# --- requests -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resource", "action", "version", "code", "words"),
    [
        ("/ci/services", "GET", 3, 400, "version 3 instead of 1"),
        ("/ro/values", "GET", 2, 400, "version 2 instead of 1"),
        ("/ro/unknown", "GET", 1, 404, "no /ro/unknown"),
        ("/xx/unknown", "GET", 1, 404, "service that is not there"),
        ("/ci/services", "POST", 1, 405, "POST /ci/services"),
        ("/ci/deregister", "POST", 3, 403, "not for clients"),
        ("/ci/info", "GET", 3, 404, ""),
        ("/ci/authentication", "GET", 3, 404, ""),
    ],
)
async def test_bad_resources(
    client: BareClient,
    dishwasher: SimulatedAppliance,
    resource: str,
    action: str,
    version: int,
    code: int,
    words: str,
) -> None:
    """What is not there is refused, and noted unless a careful client may ask."""
    answer = await client.ask(resource, action, version=version)
    assert answer["code"] == code
    assert "data" not in answer
    if words:
        assert words in dishwasher.violations[0].why
    else:
        assert dishwasher.violations == []


async def test_order_of_the_greeting(http: aiohttp.ClientSession, homes: AsyncExitStack) -> None:
    """Without /ei/deviceReady there is no network, without authentication there are no values."""
    dishwasher = await homes.enter_async_context(SimulatedAppliance("dishwasher"))
    async with connect(http, dishwasher, greet=False) as client:
        await client.meet()
        await client.send(client.greeting())
        assert (await client.ask("/ni/info"))["code"] == 403
        await client.send(client.message("/ei/deviceReady", "NOTIFY", version=2))
        assert await client.get("/ni/info")
    assert dishwasher.violations == []
    washer = await homes.enter_async_context(SimulatedAppliance("washer"))
    async with connect(http, washer, greet=False) as client:
        await client.meet()
        await client.send(client.greeting())
        assert (await client.ask("/ro/allMandatoryValues"))["code"] == 403
        for nonce in ("", "AAAA", 5, "A" * 43 + "="):
            answer = await client.ask("/ci/authentication", data=[{"nonce": nonce}])
            assert answer["code"] == 400
        assert "code" not in await client.ask("/ci/authentication", data=[{"nonce": "A" * 43}])
        assert await client.get("/ro/allMandatoryValues")
    assert "before /ci/authentication" in washer.violations[0].why


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ([{"value": True, "uid": CHILD_LOCK}], 400),
        ([{"uid": CHILD_LOCK}], 400),
        ([{"uid": CHILD_LOCK, "value": True, "more": 1}], 400),
        ([{"uid": str(CHILD_LOCK), "value": True}], 536),
        ([{"uid": 9999, "value": True}], 512),
        ([{"uid": OPERATION, "value": 1}], 518),
        ([{"uid": 512, "value": True}], 518),
        ([{"uid": CHILD_LOCK, "value": 1}], 536),
        ([{"uid": CHILD_LOCK, "value": "true"}], 536),
        ([{"uid": RINSE_AID, "value": 2.0}], 536),
        ([{"uid": RINSE_AID, "value": True}], 536),
        ([{"uid": RINSE_AID, "value": 7}], 531),
        ([{"uid": POWER, "value": 3}], 531),
        ([{"uid": CHILD_LOCK, "value": True}, {"uid": RINSE_AID, "value": 7}], 531),
        ([{"uid": 5125, "value": True}], 518),
        ([{"uid": 1, "value": False}], 531),
        ([], 400),
    ],
    ids=str,
)
async def test_bad_writes(
    client: BareClient, dishwasher: SimulatedAppliance, data: list[Any], code: int
) -> None:
    """Each has its code, and all of a request is refused together."""
    assert await client.post("/ro/values", *data) == code
    await dishwasher.appliance.settle()
    assert dishwasher.appliance.state.values[CHILD_LOCK] is False


async def test_order_of_items_is_noted(client: BareClient, dishwasher: SimulatedAppliance) -> None:
    """The uid stands in front, in options, too (§6.1)."""
    await client.post("/ro/values", {"value": True, "uid": CHILD_LOCK})
    await client.post("/ro/activeProgram", {"program": ECO, "options": [{"value": 1, "uid": 5126}]})
    await client.post("/ro/activeProgram", {"options": [], "program": ECO})
    assert len(dishwasher.violations) == 3
    assert all("in front" in violation.why for violation in dishwasher.violations)


@pytest.mark.parametrize("strict", [False, True])
async def test_numbers(http: aiohttp.ClientSession, homes: AsyncExitStack, strict: bool) -> None:
    """A fridge refuses 4.0; others do only if they are told to."""
    fridge = await homes.enter_async_context(SimulatedAppliance("fridge_freezer"))
    hood = await homes.enter_async_context(SimulatedAppliance("hood"))
    hood.appliance.character.strict_numbers = strict
    async with connect(http, fridge) as client:
        assert await client.write((12801, 4.0)) == 536
        assert await client.write((12801, 4)) is None
        assert await client.write((12801, 9)) == 531
        assert await client.write((12817, 1)) == 524
    async with connect(http, hood) as client:
        assert await client.write((53505, 50.0)) == (536 if strict else None)
        assert await client.write((53505, 50)) is None
        assert await client.write((53505, 9)) == 531
        assert await client.write((53509, 90)) == 531


async def test_lists_and_availability(client: BareClient, dishwasher: SimulatedAppliance) -> None:
    """A list that is not there takes its members along; codes can tell reading from writing."""
    state = dishwasher.appliance.state
    dishwasher.appliance.character.varied_codes = True
    for deviation, writing, reading in (
        ({"uid": CHILD_LOCK, "access": "READ"}, 519, None),
        ({"uid": CHILD_LOCK, "access": "NONE"}, 519, 520),
        ({"uid": CHILD_LOCK, "available": False}, 525, 526),
        ({"uid": 259, "access": "NONE"}, 522, 523),
        ({"uid": 259, "available": False}, 528, 529),
    ):
        dishwasher.appliance.deviate([deviation])
        assert await client.write((CHILD_LOCK, True)) == writing
        answer = await client.ask("/ro/values", data=[{"uid": CHILD_LOCK}])
        assert answer.get("code") == reading
    assert await client.write((9999, 1)) == 513
    assert state.changes()[-1] == {"uid": 259, "parentUID": 0, "access": "NONE", "available": False}


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda client: client.start(0), 532),
        (lambda client: client.start(POWER), 532),
        (lambda client: client.start(9999), 532),
        (lambda client: client.start(ECO), 533),
        (lambda client: client.start(QUICK, (5125, 1)), 536),
        (lambda client: client.start(QUICK, (5126, True)), 400),
        (lambda client: client.start(QUICK, (9999, True)), 512),
        (lambda client: client.start(QUICK, (5125, True), (558, 90000)), 531),
        (lambda client: client.start(QUICK, (5125, True), (558, 61)), 531),
        (lambda client: client.post("/ro/activeProgram"), 400),
        (lambda client: client.post("/ro/activeProgram", {}), 400),
        (lambda client: client.post("/ro/activeProgram", {"program": "1"}), 536),
        (lambda client: client.post("/ro/activeProgram", {"program": QUICK, "options": {}}), 536),
        (lambda client: client.post("/ro/activeProgram", {"program": QUICK, "options": [1]}), 400),
        (lambda client: client.select(0), 532),
    ],
)
async def test_bad_programs(
    client: BareClient,
    dishwasher: SimulatedAppliance,
    ask: Callable[[BareClient], Awaitable[int | None]],
    code: int,
) -> None:
    """Programs that are none, with options that are not theirs, or not all of them."""
    dishwasher.appliance.remote_start(True)
    assert await ask(client) == code
    await dishwasher.appliance.settle()
    assert dishwasher.appliance.process is None


async def test_programs_not_to_be_executed(
    http: aiohttp.ClientSession, homes: AsyncExitStack
) -> None:
    """Some are only to be selected, some only to be started, some are not there."""
    oven = await homes.enter_async_context(SimulatedAppliance("oven"))
    oven.appliance.power("On")
    oven.appliance.remote_start(True)
    programs = {
        feature.fields["execution"]: feature.uid
        for feature in oven.profile.description.programs()
        if "execution" in feature.fields
    }
    async with connect(http, oven) as client:
        assert await client.start(programs["NONE"]) == 530
        oven.appliance.deviate([{"uid": 21761, "available": False}])
        assert await client.start(21761) == 524


# --- sessions -----------------------------------------------------------------------------------


async def test_slots(http: aiohttp.ClientSession, dishwasher: SimulatedAppliance) -> None:
    """There are few sessions; who goes without a word leaves one occupied for a while."""
    dishwasher.rules.slots = 2
    async with connect(http, dishwasher, device_id="1"), connect(http, dishwasher, device_id="2"):
        await _turned_away(http, dishwasher, device_id="3")
    dishwasher.rules.dead_slot_s = 3600
    for _ in range(2):
        await _vanish(http, dishwasher)
    assert dishwasher.dead_slots == 2
    await _turned_away(http, dishwasher)
    dishwasher.dead_slots = 1
    dishwasher.rules.dead_slot_s = 0.05
    await _vanish(http, dishwasher)
    await _until(lambda: dishwasher.dead_slots == 1)
    async with connect(http, dishwasher):
        pass


async def _turned_away(
    http: aiohttp.ClientSession, dishwasher: SimulatedAppliance, device_id: str = "c0ffee01"
) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        async with connect(http, dishwasher, device_id=device_id):
            pass
    assert caught.value.status == 404


async def _vanish(http: aiohttp.ClientSession, dishwasher: SimulatedAppliance) -> None:
    """Connect, and go without a word."""
    async with connect(http, dishwasher) as client:
        transport = client.ws._response.connection
        assert transport
        assert transport.transport
        transport.transport.close()
    await dishwasher.journal.wait_for(lambda: not dishwasher.sessions)


@pytest.mark.parametrize("which", ["new", "old"])
async def test_duplicates(
    http: aiohttp.ClientSession, dishwasher: SimulatedAppliance, which: str
) -> None:
    """Of two sessions of one client one is ended."""
    dishwasher.rules.duplicate = which
    async with (
        connect(http, dishwasher) as first,
        connect(http, dishwasher, greet=False) as second,
        connect(http, dishwasher, device_id="other") as other,
    ):
        await second.meet()
        await second.send(second.greeting())
        assert await (second if which == "new" else first).code() == 1000
        assert len(await other.get("/ci/registeredDevices")) == 2
    assert dishwasher.violations == []


async def test_requests_in_a_crowd(client: BareClient, dishwasher: SimulatedAppliance) -> None:
    """Several at once are answered in their order, and counted."""
    dishwasher.rules.answer_s = 0.05
    requests = [client.message("/ro/values", data=[{"uid": uid}]) for uid in (POWER, OPERATION, 27)]
    for request in requests:
        await client.send(request)
    answers = [await client.next() for _ in requests]
    assert [answer["msgID"] for answer in answers] == [item["msgID"] for item in requests]
    assert dishwasher.sessions[0].crowded == 2


async def test_journal_has_no_secrets(client: BareClient, dishwasher: SimulatedAppliance) -> None:
    """What clients said can be shown: without who they are."""
    await client.write((CHILD_LOCK, True))
    shown = str([entry.as_json() for entry in dishwasher.received])
    assert client.device_id not in shown
    assert "'resource': '/ro/values'" in shown
    assert [message.resource for message in dishwasher.messages("/ro/")] == ["/ro/values"]
    assert dishwasher.profile.head["key"] not in repr(dishwasher.profile)


def test_profiles_have_no_secrets() -> None:
    """Profiles can be printed."""
    for profile in PROFILES.values():
        assert profile.head["key"] not in repr(profile)


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)
