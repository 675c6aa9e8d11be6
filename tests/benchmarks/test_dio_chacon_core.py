"""What the DIO core costs, in counts: requests, frames, ticks, blocks of memory, modules."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
import json
from typing import override

import aiohttp
import orjson
import pytest

from benchmarks.children import Child
from custom_components.dio_chacon.protocol import Credentials, DioClient, Servers
from custom_components.dio_chacon.protocol.connection import Connection
from custom_components.dio_chacon.protocol.frames import Control, encode
from custom_components.dio_chacon.protocol.messages import Report
from custom_components.dio_chacon.protocol.model import Inventory, apply
from simulators.dio_chacon import Home, Pace, SimulatedCloud, large_home
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

EMAIL, PASSWORD = "counts@example.org", "count me"
SWITCH = "oic.r.switch.binary"


@asynccontextmanager
async def connected(cloud: SimulatedCloud) -> AsyncIterator[DioClient]:
    """Run a client on the cloud until it has read everything."""
    async with aiohttp.ClientSession() as session:
        credentials = Credentials(EMAIL, PASSWORD, "counts")
        servers = Servers(login_url=cloud.auth_url, websocket_url=cloud.ws_url)
        client = DioClient(credentials, session, servers=servers, backoff=lambda: iter((0.0,)))
        async with running(client):
            yield client


def home(devices: int) -> Home:
    """Furnish a home."""
    return large_home(devices, EMAIL, PASSWORD, pace=Pace(speed=100))


def said(cloud: SimulatedCloud) -> list[str]:
    """List what clients did, in order."""
    return [
        f"{entry.method} {entry.path}" if entry.what == "request" else entry.what
        for entry in cloud.received
    ]


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize(("devices", "reads"), [(0, 0), (1, 1), (50, 1), (51, 2), (300, 6)])
async def test_requests_of_a_start(devices: int, reads: int) -> None:
    """One login, three questions, and one request for every fifty states."""
    async with SimulatedCloud(home(devices)) as cloud, connected(cloud):
        assert said(cloud) == [
            "login",
            "open",
            "GET /user",
            "GET /device",
            "GET /room",
            *["POST /device/states"] * reads,
        ]


@pytest.mark.usefixtures("socket_enabled")
def test_round_trips_of_a_start() -> None:
    """Questions that do not depend on each other are asked together: two round trips after the greeting."""
    answer_s = 5.0

    async def start() -> float:
        async with SimulatedCloud(home(300)) as cloud:
            cloud.faults.arm("delay", seconds=answer_s)
            started = asyncio.get_running_loop().time()
            async with connected(cloud):
                assert cloud.sessions[0].peak_unanswered == 6
                return asyncio.get_running_loop().time() - started

    assert run_virtual(start()) == pytest.approx(2 * answer_s, abs=0.5)


@pytest.mark.usefixtures("socket_enabled")
async def test_requests_of_a_reconnection() -> None:
    """The token still holds and the account is known: neither login nor account is asked for again."""
    async with SimulatedCloud(home(3)) as cloud, connected(cloud) as client:
        cloud.journal.clear()
        await reconnected(client, cloud.hang_up)
        expected = ["close", "open", "GET /device", "GET /room", "POST /device/states"]
        assert said(cloud) == expected


@pytest.mark.usefixtures("socket_enabled")
async def test_a_command_is_one_request() -> None:
    """Nothing is read before or after a command that the device confirms."""
    async with SimulatedCloud(home(3)) as cloud, connected(cloud) as client:
        plug = next(device for device in cloud.home.devices.values() if device.has(SWITCH))
        reported = asyncio.Event()
        client.subscribe(lambda change: reported.set())
        cloud.journal.clear()
        await client.set_on(plug.device_id, True)
        async with asyncio.timeout(60):
            await reported.wait()
        assert said(cloud) == [f"POST /device/{plug.device_id}/action/switch"]


class Conversation(counting.Conversation):
    """A connection that has read a home, its own clock, and the model behind it."""

    def __init__(self, devices: int) -> None:
        """Read everything, as from a server that answers at once."""
        super().__init__()
        self.home = home(devices)
        self.connection = Connection(self.now, count(1))
        self.inventory = Inventory()
        self.hear('{"name": "connection", "action": "success", "data": ""}')
        self.exchange()
        assert self.connection.established
        assert self.inventory.devices.keys() == self.home.devices.keys()

    @override
    def hear(self, frame: str | Control) -> None:
        for event in self.connection.receive(frame, self.now):
            if hasattr(event, "records"):
                list(self.inventory.listed(event.records, event.reports))
            elif isinstance(event, Report):
                self.inventory.reported(event.device_id, event, pushed=True)

    @override
    def answer(self, text: str) -> None:
        request = json.loads(text)
        path = request["path"]
        self.asked.append(f"{request['method']} {path}")
        devices = self.home.devices
        data: object = []
        if path == "/user":
            data = self.home.user
        elif path == "/device":
            data = [device.record for device in devices.values()]
        elif path == "/device/states":
            data = {name: device.state(0.0) for name, device in devices.items()}
        self.hear(encode({"id": request["id"], "status": 200, "data": data}))


def test_an_idle_hour() -> None:
    """Three pings a minute, the list four times, the states once; nothing wakes for anything else."""
    conversation = Conversation(20)
    conversation.asked.clear()
    ticks = conversation.pass_time(3600)
    assert conversation.pings == pytest.approx(180, abs=3)
    assert conversation.asked.count("GET /device") == pytest.approx(4, abs=1)
    assert conversation.asked.count("POST /device/states") <= 1
    assert len(conversation.asked) <= 6
    assert ticks <= 200


def pushes(conversation: Conversation) -> list[str]:
    """Give two pushes of a plug, on and off."""
    device = next(each for each in conversation.home.devices.values() if each.has(SWITCH))
    texts = []
    for value in (1, 0):
        device.write(SWITCH, value=value)
        texts.append(encode({"name": "deviceState", "action": "update", "data": device.state(0.0)}))
    return texts


def test_a_push_is_one_change() -> None:
    """A push that tells one thing changes one field; the same push again changes nothing."""
    conversation = Conversation(3)
    (event,) = conversation.connection.receive(pushes(conversation)[0], 1.0)
    assert isinstance(event, Report)
    (change,) = conversation.inventory.reported(event.device_id, event, pushed=True)
    assert change.fields == {"is_on"}
    assert conversation.inventory.reported(event.device_id, event, pushed=True) == ()


def test_pushes_leave_nothing_behind() -> None:
    """After ten thousand pushes the heap has as many blocks as before."""
    conversation = Conversation(3)
    texts = pushes(conversation)

    def push() -> None:
        for text in texts:
            for event in conversation.connection.receive(text, 1.0):
                conversation.inventory.reported(event.device_id, event, pushed=True)

    assert blocks_left(push) <= NOISE_BLOCKS


def test_memory_of_a_push() -> None:
    """Taking in a push holds little more than its JSON does."""
    conversation = Conversation(3)
    on, _ = pushes(conversation)

    def take() -> object:
        (event,) = conversation.connection.receive(on, 1.0)
        return event, apply(conversation.inventory.devices[event.device_id], event)

    assert peak_bytes(take) <= 1.2 * peak_bytes(lambda: orjson.loads(on))


def test_modules(importer: Child) -> None:
    """The core brings its own rooms and nothing that a running Home Assistant has not loaded."""
    modules = imported_by_core(importer, "dio_chacon")
    assert [name for name in modules if not name.startswith("custom_components.dio_chacon")] == []
    assert len(modules) <= CORE_MODULES
