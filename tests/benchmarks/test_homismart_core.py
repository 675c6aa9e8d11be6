"""What the Homismart core costs, in counts: frames, ticks, blocks of memory, modules."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from typing import override

import aiohttp
import orjson
import pytest

from benchmarks.children import Child
from custom_components.homismart.protocol import (
    Credentials,
    DeviceChanged,
    HomismartClient,
    Servers,
    digest,
)
from custom_components.homismart.protocol.connection import Connection, Listed
from custom_components.homismart.protocol.frames import Control, Frame, decode, encode
from custom_components.homismart.protocol.login import Route
from custom_components.homismart.protocol.messages import ObjectPush, set_power
from custom_components.homismart.protocol.model import Inventory, apply
from simulators.homismart import Home, Pace, SimulatedCloud, large_home
from tests.support.clock import run_virtual

from . import counting
from .counting import (
    CORE_MODULES,
    NOISE_BLOCKS,
    blocks_left,
    imported_by_core,
    peak_bytes,
    reconnected,
    running,
)

USERNAME, PASSWORD = "counts@example.org", "count me"
CREDENTIALS = Credentials(USERNAME, digest(PASSWORD))
LOGIN, LIST, SET, PUSH, HEARTBEAT = "0002", "0004", "0006", "0009", "0072"


@asynccontextmanager
async def connected(cloud: SimulatedCloud) -> AsyncIterator[HomismartClient]:
    """Run a client on the cloud until it has read everything."""
    async with aiohttp.ClientSession() as session:
        servers = Servers(cloud.ws_url)
        client = HomismartClient(
            CREDENTIALS, session, servers=servers, backoff=lambda: iter((0.0,))
        )
        async with running(client):
            yield client


def home(devices: int) -> Home:
    """Furnish a home."""
    return large_home(devices, USERNAME, PASSWORD, pace=Pace(speed=100))


def first_switch(home: Home) -> str:
    """Give the id of a light switch."""
    return next(name for name, device in home.devices.items() if device.type_number == 2)


def said(cloud: SimulatedCloud) -> list[str]:
    """List what clients did, in order."""
    return [entry.prefix or entry.what for entry in cloud.received]


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize("devices", [0, 1, 300])
async def test_frames_of_a_start(devices: int) -> None:
    """One login and one list, however many devices there are."""
    async with SimulatedCloud(home(devices)) as cloud, connected(cloud) as client:
        assert len(client.devices) == devices + 1
        assert said(cloud) == ["open", LOGIN, LIST]


@pytest.mark.usefixtures("socket_enabled")
def test_round_trips_of_a_start() -> None:
    """Two answers are waited for after the handshake, and nothing else is."""
    answer_s = 5.0

    async def start() -> float:
        async with SimulatedCloud(home(300)) as cloud:
            cloud.faults.arm("delay", seconds=answer_s)
            started = asyncio.get_running_loop().time()
            async with connected(cloud):
                return asyncio.get_running_loop().time() - started

    assert run_virtual(start()) == pytest.approx(2 * answer_s, abs=0.5)


@pytest.mark.usefixtures("socket_enabled")
async def test_frames_of_a_reconnection() -> None:
    """This cloud resumes nothing: a reconnection says what a start does, once."""
    async with SimulatedCloud(home(3)) as cloud, connected(cloud) as client:
        cloud.journal.clear()
        await reconnected(client, cloud.hang_up)
        assert said(cloud) == ["close", "open", LOGIN, LIST]


@pytest.mark.usefixtures("socket_enabled")
async def test_a_command_is_one_frame() -> None:
    """Nothing is read before or after a command that a report settles."""
    async with SimulatedCloud(home(3)) as cloud, connected(cloud) as client:
        switch = first_switch(cloud.home)
        cloud.journal.clear()
        await client.set_on(switch, True)
        assert client.devices[switch].is_on
        await client.set_on(switch, False)
        assert said(cloud) == [SET, SET]
        assert cloud.violations == []


class Conversation(counting.Conversation):
    """A connection that has read a home, its own clock, and the model behind it."""

    def __init__(self, devices: int) -> None:
        """Read everything, as from a server that answers at once."""
        super().__init__()
        self.home = home(devices)
        self.inventory = Inventory()
        self.connection = Connection(
            self.now,
            count(1),
            CREDENTIALS,
            self.inventory.devices,
            Route("wss://cloud.example.org/websocket"),
            wall=lambda: datetime(2026, 4, 1, 8, tzinfo=UTC),
        )
        self.pass_time(0)
        assert self.connection.established
        assert self.inventory.devices.keys() == self.home.devices.keys()

    @override
    def hear(self, frame: str | Control) -> None:
        for event in self.connection.receive(frame, self.now):
            if isinstance(event, Listed):
                list(self.inventory.listed(event.reports))
            elif isinstance(event, ObjectPush):
                list(self.inventory.reported(event.report))

    @override
    def answer(self, text: str) -> None:
        frame = decode(text)
        self.asked.append(frame.prefix)
        objects = [device.members for device in self.home.devices.values()]
        answers = {
            LOGIN: Frame("0003", {"result": True}),
            LIST: Frame("0005", objects),
            SET: Frame(PUSH, frame.body),
        }
        if answer := answers.get(frame.prefix):
            self.hear(encode(answer))


def test_an_idle_hour() -> None:
    """Three pings and at most two heartbeats a minute, the list six times; nothing wakes for anything else."""
    conversation = Conversation(20)
    conversation.asked.clear()
    ticks = conversation.pass_time(3600)
    assert conversation.pings == pytest.approx(180, abs=3)
    assert conversation.asked.count(LIST) == pytest.approx(6, abs=1)
    assert conversation.asked.count(HEARTBEAT) <= 120
    assert set(conversation.asked) == {LIST, HEARTBEAT}
    assert ticks <= 2 * (conversation.pings + len(conversation.asked))


def test_a_command_wakes_nothing() -> None:
    """A command leaves and is settled by its report without one wake-up."""
    conversation = Conversation(3)
    conversation.asked.clear()
    conversation.connection.submit(set_power(first_switch(conversation.home), True), 1.0)
    conversation.exchange()
    assert conversation.asked == [SET]
    assert conversation.pass_time(1.0) <= 1


def pushes(conversation: Conversation) -> list[str]:
    """Give two pushes of a light switch, on and off, with the times that real ones have."""
    members = conversation.home.devices[first_switch(conversation.home)].members
    on = {"power": True, "lastOn": "2026-04-01 08:00:00", "updateTime": 1775030400123}
    off = on | {"power": False, "updateTime": 1775030401123}
    return [encode(Frame(PUSH, members | changes)) for changes in (on, off)]


def push_of(conversation: Conversation, text: str) -> ObjectPush:
    """Receive a push."""
    (event,) = conversation.connection.receive(text, 1.0)
    assert isinstance(event, ObjectPush)
    return event


def test_a_push_is_one_change() -> None:
    """A push is one change of what it tells; the same push again changes nothing."""
    conversation = Conversation(3)
    event = push_of(conversation, pushes(conversation)[0])
    (change,) = conversation.inventory.reported(event.report)
    assert isinstance(change, DeviceChanged)
    assert change.fields == {"is_on", "last_on", "updated_at"}
    assert list(conversation.inventory.reported(event.report)) == []


def test_pushes_leave_nothing_behind() -> None:
    """After ten thousand pushes the heap has as many blocks as before."""
    conversation = Conversation(3)
    texts = pushes(conversation)

    def push() -> None:
        for text in texts:
            conversation.hear(text)

    assert blocks_left(push) <= NOISE_BLOCKS


def test_memory_of_a_push() -> None:
    """Taking in a push holds little more than its JSON does: the report, the device and its members."""
    conversation = Conversation(3)
    on, _ = pushes(conversation)

    def take() -> object:
        report = push_of(conversation, on).report
        return report, apply(conversation.inventory.devices[report.device_id], report)

    assert peak_bytes(take) <= 3 * peak_bytes(lambda: orjson.loads(on[4:]))


def test_modules(importer: Child) -> None:
    """The core brings its own rooms and nothing that a running Home Assistant has not loaded."""
    modules = imported_by_core(importer, "homismart")
    assert [name for name in modules if not name.startswith("custom_components.homismart")] == []
    assert len(modules) <= CORE_MODULES
