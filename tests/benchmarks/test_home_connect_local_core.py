"""What the Home Connect core costs, in counts: messages, wake-ups, calls, blocks of memory, modules."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import gc
import json
from pathlib import Path
import sys
import tracemalloc
from typing import cast

import aiohttp
import orjson
import pytest

from benchmarks.children import Child
from benchmarks.home_connect_local.appliance import is_switch, write_files
from benchmarks.home_connect_local.big_profile import FEATURES, big_profile
from custom_components.home_connect_local.protocol import (
    Appliance,
    Change,
    ConnectionType,
    Description,
    HomeConnectClient,
    Profile,
    ValuesChanged,
)
from custom_components.home_connect_local.protocol.connection import Valued
from custom_components.home_connect_local.protocol.frames import Control
from custom_components.home_connect_local.protocol.profile import Head, parse_description
from simulators.home_connect_local import PROFILES, Pace, Profile as Files, SimulatedAppliance
from tests.home_connect_local.protocol.appliances import DISHWASHER, described, told
from tests.home_connect_local.protocol.talk import SESSION_ID, Talk

from .counting import NOISE_BLOCKS, imported_by_core, peak_bytes, reconnected, running

START = [
    "/ei/initialValues",
    "/ci/services",
    "/iz/info",
    "/ei/deviceReady",
    "/ni/info",
    "/ro/allDescriptionChanges",
    "/ro/allMandatoryValues",
]
"""All that is said until every value is known, whatever the size of the appliance."""
POWER = 539
# Python functions from a frame to the listener: receive, open, decode, values, the event, deliver, change, apply,
# the news, emit, the listener.
CALLS_PER_PUSH = 11
# An object with its slots, and its place in a dictionary; measured 165.
STATE_BYTES_PER_FEATURE = 200
# Without the cipher, which only an AES link loads; measured 28.
CORE_MODULES = 30


@asynccontextmanager
async def connected(
    simulated: SimulatedAppliance, description: Description | None = None
) -> AsyncIterator[HomeConnectClient]:
    """Run a client on an appliance until it has read everything."""
    files = simulated.profile
    link = ConnectionType(files.connection_type)
    iv = files.iv if link is ConnectionType.AES else None
    known = description or described(files.ha_id)
    profile = Profile(files.ha_id, link, files.key, iv, None, known)
    async with aiohttp.ClientSession() as session:
        client = HomeConnectClient(
            profile,
            simulated.host,
            session,
            port=simulated.port,
            device_id="c0ffee01",
            device_name="Counts",
            backoff=lambda: iter((0.0,)),
        )
        async with running(client):
            yield client


def large() -> Description:
    """Describe the made-up appliance."""
    return parse_description(*big_profile(), Head("X"))


def said(simulated: SimulatedAppliance) -> list[str]:
    """List what the client said, in order."""
    return [message.resource for message in simulated.messages()]


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize("mode", ["TLS", "AES"])
async def test_messages_of_a_start(mode: str) -> None:
    """One answer, one note and five questions, over either link."""
    linked = PROFILES["dishwasher"].linked(mode, bytes(range(16)))
    async with SimulatedAppliance(linked) as simulated, connected(simulated):
        assert said(simulated) == START
        assert simulated.violations == []


@pytest.mark.usefixtures("socket_enabled")
async def test_messages_of_a_large_appliance(tmp_path: Path) -> None:
    """1,250 features are asked for like eighty, and every value is known."""
    profile = Files.read(write_files(tmp_path))
    async with (
        SimulatedAppliance(profile) as simulated,
        connected(simulated, large()) as client,
    ):
        assert said(simulated) == START
        values = simulated.appliance.state.values
        assert len(values) > 0.9 * FEATURES
        assert [uid for uid in values if client.appliance.raw(uid) is None] == []
        switches = {uid: raw for uid, raw in values.items() if is_switch(uid, raw)}
        assert {uid: client.appliance.raw(uid) for uid in switches} == switches


@pytest.mark.usefixtures("socket_enabled")
async def test_messages_of_a_reconnection() -> None:
    """An appliance resumes nothing: a reconnection says what a start does, once."""
    async with (
        SimulatedAppliance("dishwasher", pace=Pace(speed=100)) as simulated,
        connected(simulated) as client,
    ):
        before = len(said(simulated))
        await reconnected(client, simulated.abort)
        assert said(simulated)[before:] == START


@pytest.mark.usefixtures("socket_enabled")
async def test_a_command_is_one_message() -> None:
    """Nothing is read before or after a value that the appliance confirms."""
    async with (
        SimulatedAppliance("dishwasher", pace=Pace(speed=100)) as simulated,
        connected(simulated) as client,
    ):
        before = len(said(simulated))
        told_back = asyncio.Event()
        client.subscribe(lambda change: told_back.set())
        feature = client.appliance.find("BSH.Common.Setting.ChildLock")
        assert feature is not None
        await client.write(feature.uid, not client.appliance.value(feature.uid))
        async with asyncio.timeout(60):
            await told_back.wait()
        assert said(simulated)[before:] == ["/ro/values"]


def greeted() -> Talk:
    """Give a conversation that is through with its greeting."""
    return Talk().establish()


def test_an_idle_hour() -> None:
    """Three pings a minute and their time limits; nothing is asked, and nothing wakes for anything else."""
    talk = greeted()
    said_before, pings = len(talk.said), len(talk.pings)
    ticks = 0
    end = talk.now + 3600
    while (due := talk.connection.deadline) <= end:
        talk.now = max(talk.now, due)
        ticks += 1
        assert not talk.connection.tick(talk.now)
        written = len(talk.pings)
        talk.flush()
        if len(talk.pings) > written:
            talk.hear(Control.PONG)
    assert len(talk.said) == said_before
    assert len(talk.pings) - pings == pytest.approx(180, abs=2)
    assert ticks <= 2 * 180 + 2


def push(value: object, number: int = 1) -> str:
    """Write a push of one value."""
    return json.dumps(
        {
            "sID": SESSION_ID,
            "msgID": number,
            "resource": "/ro/values",
            "version": 1,
            "action": "NOTIFY",
            "data": [{"uid": POWER, "value": value}],
        }
    )


def test_a_push_is_one_change() -> None:
    """A push that tells one thing changes one feature; the same push again changes nothing."""
    talk, appliance = greeted(), told(DISHWASHER)
    for changed in ({POWER}, set()):
        (event,) = talk.hear(push(1))
        assert isinstance(event, Valued)
        assert appliance.apply_values(event.items) == changed


class Pushed:
    """A client whose link is a conversation, with one listener."""

    def __init__(self) -> None:
        """Know everything."""
        self.talk = greeted()
        self.heard: list[frozenset[int]] = []
        profile = Profile("X", ConnectionType.TLS, bytes(32), None, None, described(DISHWASHER))
        session = cast(aiohttp.ClientSession, None)  # nothing is opened
        self.client = HomeConnectClient(
            profile, "127.0.0.1", session, device_id="c0ffee01", device_name="Counts"
        )
        self.client._connection = self.talk.connection
        self.client._established()
        self.client.subscribe(self.listen)

    def listen(self, change: Change) -> None:
        """Take news."""
        if isinstance(change, ValuesChanged):
            self.heard.append(change.uids)

    def take(self, text: str) -> None:
        """Do what the pump does with a frame."""
        for event in self.talk.connection.receive(text, self.talk.now):
            self.client._deliver(event)


def test_calls_of_a_push() -> None:
    """From the frame to the listener it is a handful of Python functions."""
    pushed, texts = Pushed(), [push(1), push(2)]
    pushed.take(texts[1])
    pushed.heard.clear()
    calls: list[str] = []

    def count(frame: object, event: str, _argument: object) -> None:
        if event == "call":
            calls.append(frame.f_code.co_qualname)  # type: ignore[attr-defined]  # a frame

    sys.setprofile(count)
    try:
        pushed.take(texts[0])
    finally:
        sys.setprofile(None)
    assert pushed.heard == [{POWER}]
    assert len([name for name in calls if name != "Pushed.take"]) <= CALLS_PER_PUSH, calls


def test_pushes_leave_nothing_behind() -> None:
    """After ten thousand pushes the heap has as many blocks as before."""
    pushed, texts = Pushed(), [push(1), push(2)]

    def take(times: int) -> int:
        for _ in range(times):
            for text in texts:
                pushed.take(text)
        pushed.heard.clear()
        gc.collect()
        return sys.getallocatedblocks()

    before = take(100)
    assert take(5_000) - before <= NOISE_BLOCKS


def test_memory_of_a_push() -> None:
    """Taking in a push holds little more than its JSON does."""
    pushed, text = Pushed(), push(1)
    assert peak_bytes(lambda: pushed.take(text)) <= 3 * peak_bytes(lambda: orjson.loads(text))


def test_bytes_of_a_model() -> None:
    """What is known of a feature takes little beside its description."""
    description = large()
    Appliance(description)
    gc.collect()
    tracemalloc.start()
    try:
        appliance = Appliance(description)
        gc.collect()
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert appliance.raw(0) is None
    assert used <= FEATURES * STATE_BYTES_PER_FEATURE


def test_modules(importer: Child) -> None:
    """The core brings its own rooms, and no cipher before a link needs one."""
    modules = imported_by_core(importer, "home_connect_local")
    foreign = [name for name in modules if not name.startswith("custom_components.")]
    assert foreign == []
    assert len(modules) <= CORE_MODULES
