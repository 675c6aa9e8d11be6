"""What the simulated appliances can be told to do wrong, and what of it a client sees."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
import json
from typing import Any

import aiohttp
import pytest

from simulators.home_connect_local import Pace, SimulatedAppliance
from tests.simulators.home_connect_client import BareClient, connect

POWER, CHILD_LOCK, REMOTE_START = 539, 524, 517
CLOSING = (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)


@pytest.fixture
async def homes(socket_enabled: None) -> AsyncIterator[AsyncExitStack]:
    """Hold what a test serves."""
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture(params=["dishwasher", "washer"])
async def served(homes: AsyncExitStack, request: pytest.FixtureRequest) -> SimulatedAppliance:
    """Serve an appliance of either link."""
    pace = Pace(speed=1000, reaction_s=0.0)
    return await homes.enter_async_context(SimulatedAppliance(request.param, pace=pace))


@pytest.fixture
async def client(
    http: aiohttp.ClientSession, homes: AsyncExitStack, served: SimulatedAppliance
) -> BareClient:
    """Connect to it."""
    return await homes.enter_async_context(connect(http, served))


# --- opening ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [404, 503])
async def test_upgrade_status(
    http: aiohttp.ClientSession, served: SimulatedAppliance, status: int
) -> None:
    """The websocket is refused as by an appliance without a slot, or switched off."""
    served.faults.arm("upgrade_status", status=status, count=1)
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        async with connect(http, served):
            pass
    assert caught.value.status == status
    async with connect(http, served):
        pass


async def test_upgrade_hang(http: aiohttp.ClientSession, served: SimulatedAppliance) -> None:
    """The websocket request is never answered."""
    served.faults.arm("upgrade_hang")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2), connect(http, served):
            pass


@pytest.mark.parametrize("how", ["close", "fin", "rst"])
async def test_upgrade_close(
    http: aiohttp.ClientSession, served: SimulatedAppliance, how: str
) -> None:
    """The end comes before the first message."""
    served.faults.arm("upgrade_close", how=how)
    # A reset may come before the answer to the upgrade has been read.
    with pytest.raises((AssertionError, aiohttp.ClientError)):
        async with connect(http, served, greet=False) as client:
            await client.next()


@pytest.mark.parametrize("how", ["other", "silence", "garbage", "no_id", "text"])
async def test_first_message(
    http: aiohttp.ClientSession, served: SimulatedAppliance, how: str
) -> None:
    """The appliance begins with something else."""
    served.faults.arm("first_message", how=how)
    async with connect(http, served, greet=False) as client:
        if how == "silence":
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await client.next()
            return
        text = await client.text()
    match how:
        case "other":
            assert json.loads(text)["resource"] == "/ro/values"
        case "garbage":
            with pytest.raises(json.JSONDecodeError):
                json.loads(text)
        case "no_id":
            assert json.loads(text)["data"] == [{"other": 1}]
        case _:
            assert isinstance(json.loads(text)["data"][0]["edMsgID"], str)


# --- requests -----------------------------------------------------------------------------------


async def test_refuse(client: BareClient, served: SimulatedAppliance) -> None:
    """A request is answered with a code; carried out all the same if that is wanted."""
    served.faults.arm("refuse", resource="^/ni/", code=500)
    assert (await client.ask("/ni/info"))["code"] == 500
    assert await client.get("/ro/allMandatoryValues")
    served.faults.arm("refuse", action="POST", code=501, count=1)
    assert await client.write((CHILD_LOCK, True)) == 501
    served.faults.arm("refuse", action="POST", code=504, act=True, count=1)
    assert await client.write((CHILD_LOCK, True)) == 504
    assert await client.told(CHILD_LOCK) is True
    served.faults.clear()
    assert await client.get("/ni/info")


async def test_silence(client: BareClient, served: SimulatedAppliance) -> None:
    """A request is lost; the next is not."""
    served.faults.arm("silence", resource="^/ro/values$", count=1)
    await client.send(client.message("/ro/values", data=[{"uid": POWER}]))
    assert await client.get("/ni/info")


async def test_delay(client: BareClient, served: SimulatedAppliance) -> None:
    """A request waits, and lets those behind it wait."""
    served.faults.arm("delay", seconds=0.1, count=1)
    requests = [client.message("/ro/values", data=[{"uid": uid}]) for uid in (POWER, CHILD_LOCK)]
    began = asyncio.get_running_loop().time()
    for request in requests:
        await client.send(request)
    for request in requests:
        assert (await client.next())["msgID"] == request["msgID"]
    assert asyncio.get_running_loop().time() - began >= 0.09


async def test_stray(client: BareClient, served: SimulatedAppliance) -> None:
    """Answers come twice, or to questions nobody asked."""
    served.faults.arm("stray", count=1)
    answer = await client.ask("/ni/info")
    assert await client.next() == answer
    served.faults.arm("stray", how="unknown", count=1)
    answer = await client.ask("/ni/info")
    assert (await client.next())["msgID"] != answer["msgID"]


async def test_early(client: BareClient, served: SimulatedAppliance) -> None:
    """A notification comes between a request and its answer."""
    served.faults.arm("early", uid=4711, value=5, count=1)
    await client.ask("/ni/info")
    assert client.notices[0]["data"] == [{"uid": 4711, "value": 5}]


@pytest.mark.parametrize("how", ["close", "fin", "rst", "mid_frame", "mid_frame_rst"])
@pytest.mark.parametrize("act", [False, True])
async def test_cut(client: BareClient, served: SimulatedAppliance, how: str, act: bool) -> None:
    """The connection ends on a request."""
    served.faults.arm("cut", how=how, action="POST")
    if not act:
        served.faults.arm("refuse", action="POST")
    await client.send(client.message("/ro/values", "POST", [{"uid": CHILD_LOCK, "value": True}]))
    end = await client.end()
    assert (end.type is aiohttp.WSMsgType.CLOSE) is (how == "close")
    await served.appliance.settle()
    assert served.appliance.state.values[CHILD_LOCK] is act
    await served.journal.wait_for(lambda: not served.sessions)
    assert served.dead_slots == 0
    assert served.violations == []


# --- messages -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "how",
    [
        *("bracket", "quote", "doubled_quote", "truncated", "control", "text_numbers", "single"),
        *("unknown_members", "no_action", "no_version", "garbage", "array", "empty", "deep"),
    ],
)
async def test_json(client: BareClient, served: SimulatedAppliance, how: str) -> None:
    """A message is spoilt as the notes on the wire have it."""
    served.faults.arm("json", how=how, resource="^/ro/allMandatoryValues$", count=1)
    request = client.message("/ro/allMandatoryValues")
    await client.send(request)
    text = await client.text()
    values = served.profile.seed.values
    match how:
        case "bracket":
            assert json.loads(text[:-1] + "]}")["data"] == values
        case "quote":
            assert text.endswith(']"}')
            assert json.loads(text[:-2] + "}")["data"] == values
        case "doubled_quote":
            assert text.endswith('"}')
        case "truncated":
            assert 100 < len(text) < len(json.dumps(values))
        case "control":
            assert json.loads(text, strict=False)["data"] == values
        case "text_numbers":
            assert json.loads(text)["msgID"] == str(request["msgID"])
        case "single":
            assert json.loads(text)["data"] == values[0]
        case "unknown_members":
            assert json.loads(text).keys() > {"extra", "info", "data"}
        case "no_action" | "no_version":
            assert how[3:] not in json.loads(text)
        case "array":
            assert json.loads(text) == [1, 2]
        case "empty":
            assert text == ""
        case "deep":
            assert text.startswith("[" * 1000)
        case _:
            assert text.startswith("not json")
    # The next one is in order again.
    assert await client.get("/ro/allMandatoryValues") == values


async def test_json_without_data(client: BareClient, served: SimulatedAppliance) -> None:
    """What has no data cannot have a wrong bracket."""
    served.faults.arm("json", how="bracket", action="RESPONSE", count=1)
    await client.send(client.message("/ro/values", "POST", [{"uid": CHILD_LOCK, "value": True}]))
    assert (await client.text()).startswith("not json")


@pytest.mark.parametrize("how", ["mac", "ciphertext", "short", "unaligned", "kind"])
async def test_frame(client: BareClient, served: SimulatedAppliance, how: str) -> None:
    """A frame is not what the link wants; TLS knows the kind alone."""
    served.faults.arm("frame", how=how, action="NOTIFY", count=1)
    served.appliance.remote_start(True)
    message = await client.ws.receive()
    plain = served.connection_type == "TLS"
    match how:
        case "kind":
            assert (message.type is aiohttp.WSMsgType.BINARY) is plain
        case "short" if not plain:
            assert len(message.data) == 16
        case "unaligned" if not plain:
            assert len(message.data) % 16
        case _ if plain:
            assert json.loads(message.data)["resource"] == "/ro/values"
        case _:
            assert client._chain
            with pytest.raises(AssertionError, match="MAC"):
                client._chain.open(message.data)


async def test_lost_and_duplicate(client: BareClient, served: SimulatedAppliance) -> None:
    """Notifications get lost, or come twice."""
    served.faults.arm("lost", count=1)
    served.faults.arm("duplicate", resource="/ro/values", action="NOTIFY", count=1)
    served.appliance.tell({"BSH.Common.Status.RemoteControlStartAllowed": True})
    served.appliance.tell({"BSH.Common.Status.RemoteControlStartAllowed": False})
    for _ in range(2):
        assert await client.told(REMOTE_START) is False


async def test_flood(client: BareClient, served: SimulatedAppliance) -> None:
    """The same is told over and over."""
    served.flood(500, POWER)
    for _ in range(500):
        assert await client.told(POWER) == 2


# --- the link -----------------------------------------------------------------------------------


async def test_ends(http: aiohttp.ClientSession, served: SimulatedAppliance) -> None:
    """All connections end at once, in every way there is; no slot is lost by it."""
    for end in (
        lambda: served.close_sessions(1000),
        served.hang_up,
        served.abort,
        served.cut_mid_frame,
    ):
        async with connect(http, served) as client:
            end()
            await client.end()
        await served.journal.wait_for(lambda: not served.sessions)
    assert served.dead_slots == 0


async def test_stall(client: BareClient, served: SimulatedAppliance) -> None:
    """Half-open: nothing comes, and nothing is lost of the chain when it is over."""
    served.stall()
    assert await client.mute()
    served.appliance.remote_start(True)
    served.close_sessions()
    await served.reset()
    served.appliance.remote_start(False)
    assert await client.told(REMOTE_START) is False


async def test_stick(client: BareClient, served: SimulatedAppliance) -> None:
    """Pings are answered, requests are not."""
    served.stick()
    await client.send(client.message("/ni/info"))
    await client.ws.ping()
    assert (await client.ws.receive()).type is aiohttp.WSMsgType.PONG


async def test_refusing_connections(
    http: aiohttp.ClientSession, client: BareClient, served: SimulatedAppliance
) -> None:
    """Nobody is let in for a while; open connections are reset."""
    await served.link_down()
    await client.end()
    with pytest.raises(aiohttp.ClientConnectorError):
        async with connect(http, served):
            pass
    served.spawn(served.refuse_for(0.01))
    await _until(lambda: served.link_up)
    async with connect(http, served) as again:
        down = _soon(lambda: not served.link_up)
        served.spawn(served.refuse_for(0.01))
        await again.end()
        await down
    await _until(lambda: served.link_up)


async def test_reboot(
    http: aiohttp.ClientSession, client: BareClient, served: SimulatedAppliance
) -> None:
    """Afterwards sessions have other numbers, and the values are what they were."""
    served.dead_slots = 3
    down = _soon(lambda: not served.link_up)
    served.reboot(0.05)
    await client.end()
    await down
    await _until(lambda: served.link_up)
    async with connect(http, served) as again:
        assert again.first["sID"] != client.first["sID"]
        assert again.first["data"] != client.first["data"]
        assert await again.get("/ro/allMandatoryValues") == served.profile.seed.values


async def test_new_key(
    http: aiohttp.ClientSession, client: BareClient, served: SimulatedAppliance
) -> None:
    """The one before is worth nothing; the archive has the new one."""
    before = await asyncio.to_thread(served.archive.read_bytes)
    old = served.profile.key
    await served.pair_anew()
    assert await client.code() == 1000
    assert await asyncio.to_thread(served.archive.read_bytes) != before
    with pytest.raises((AssertionError, aiohttp.ClientConnectorError)):
        async with connect(http, served, key=old):
            pass
    async with connect(http, served):
        pass
    assert served.violations == []


async def test_generation_of_handshake_faults(
    http: aiohttp.ClientSession, served: SimulatedAppliance
) -> None:
    """Optional steps can be refused one by one."""
    for resource in ("/ci/services", "/ni/info", "/ro/allDescriptionChanges"):
        served.faults.arm("refuse", resource=resource, code=404)
    async with connect(http, served, greet=False) as client:
        await client.meet()
        await client.send(client.greeting())
        assert (await client.ask("/ci/services"))["code"] == 404
        assert (await client.ask("/ro/allDescriptionChanges"))["code"] == 404


async def test_hanging_client(homes: AsyncExitStack, http: aiohttp.ClientSession) -> None:
    """A client that does not answer a closing frame is not waited for for ever."""
    washer = await homes.enter_async_context(SimulatedAppliance("washer"))
    client = await homes.enter_async_context(connect(http, washer))
    transport: Any = client.ws.get_extra_info("socket")
    assert transport
    washer.appliance.power("MainsOff")
    await _until(lambda: not washer.link_up and not washer.sessions)
    assert (await client.end()).type in {*CLOSING, aiohttp.WSMsgType.ERROR}


async def test_switched_on_while_it_leaves(
    homes: AsyncExitStack, http: aiohttp.ClientSession
) -> None:
    """Who switches it on again before all clients have gone finds it back all the same."""
    washer = await homes.enter_async_context(SimulatedAppliance("washer"))
    await homes.enter_async_context(connect(http, washer))
    washer.appliance.power("MainsOff")
    washer.appliance.power("On")
    await _until(lambda: not washer.sessions)
    await _until(lambda: washer.link_up)
    async with connect(http, washer) as again:
        assert not again.ws.closed


async def _until(condition: Any) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)


def _soon(condition: Callable[[], bool]) -> asyncio.Task[None]:
    """Look out for something that lasts but a moment, from before it happens."""
    return asyncio.create_task(_until(condition))
