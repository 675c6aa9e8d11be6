"""The published ``dio-chacon-wifi-api`` and our client on one simulated cloud at the same time.

Neither knows of the other's code, so where they agree on what was said, what was meant and what a device is, a belief
that only our client and our simulator share would show. Each request of the published client takes half a second of
sleep, its own, so few are made.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from inspect import getmembers
from itertools import repeat
from pathlib import Path
import re
from typing import Any, override

import aiohttp
from dio_chacon_wifi_api import DIOChaconAPIClient
from dio_chacon_wifi_api.const import DeviceTypeEnum, ShutterMoveEnum
from dio_chacon_wifi_api.exceptions import DIOChaconAPIError, DIOChaconInvalidAuthError
import pytest

from custom_components.dio_chacon.protocol import (
    AuthError,
    CommandError,
    Credentials,
    Device,
    DioClient,
    Kind,
    Movement,
    Rang,
    Servers,
)
from simulators.dio_chacon import Home, Pace, SimulatedCloud
from tests.common import load_vectors

from .sides import LIMIT_S, Side, View, running

# What an encoder can get wrong, the blank and the plus above all.
PASSWORD = "correct horse %41+&#é"
TOKEN = "r:0f1e2d3c4b5a69788796a5b4c3d2e1f0"
SERVICE = "ha-witness"
SHUTTER = "L4HActuator_5b1f0c2e-9a41-4d17-8f63-20c4e1a7b001"
OFFLINE_SHUTTER = "L4HActuator_5b1f0c2e-9a41-4d17-8f63-20c4e1a7b002"
SILENT_SHUTTER = "L4HActuator_01d0f1e2-3344-4566-8778-99aabbccdd01"
LIGHT_SWITCH = "L4HActuator_7d3a9e10-1c55-4f0b-a2d8-61b0f3c9d101"
PLUG = "L4HActuator_c0ffee12-77aa-4b3c-9d21-0f9e8d7c6b01"
DOORBELL = "Tuya_bf77d0orbe11sample01"
DECISIONS = Path(__file__).parents[2] / "docs/dio_chacon/decisions.md"

# Its own use of an old name of the logging module, for a device whose state is null.
pytestmark = pytest.mark.filterwarnings("ignore:The 'warn' method:DeprecationWarning")

# Kinds in the words of the published client.
TYPES = {
    Kind.SHUTTER: DeviceTypeEnum.SHUTTER.value,
    Kind.LIGHT_SWITCH: DeviceTypeEnum.SWITCH_LIGHT.value,
    Kind.PLUG: DeviceTypeEnum.SWITCH_PLUG.value,
    Kind.DOORBELL: DeviceTypeEnum.DOORBELL.value,
}


class Peer(Side):
    """The published client; what its callback gives is merged into what a search has found, as its users do."""

    def __init__(self, cloud: SimulatedCloud, password: str, token: str | None) -> None:
        """Point it at the simulated cloud; its own way for tests is a private method."""
        super().__init__()
        self._found: View = {}
        self.client = DIOChaconAPIClient(
            cloud.home.email, password, SERVICE, self.hear, session_token=token
        )
        self.client._set_server_urls(cloud.ws_url)
        self._answer = self.client._get_message_response_with_id
        self.client._get_message_response_with_id = self._answer_on_a_busy_machine

    async def _answer_on_a_busy_machine(self, number: int) -> Any:
        """Wait for an answer as it does, which is half a second and no more, but several times."""
        for _ in range(20):
            with suppress(DIOChaconAPIError):
                return await self._answer(number)
        return await self._answer(number)

    @property
    @override
    def view(self) -> View:
        """What a search has found, with all that was told since."""
        return self._found

    @override
    def hear(self, news: dict[str, Any]) -> None:
        """Merge one push."""
        self._found.setdefault(news["id"], {}).update(news)
        super().hear(news)

    async def search(self) -> None:
        """Look for all devices, with their states."""
        self._found = await self.client.search_all_devices(with_state=True)


class Ours(Side):
    """Our client."""

    def __init__(self, client: DioClient) -> None:
        """Listen to it."""
        super().__init__()
        self.client = client
        client.subscribe(self.hear)

    @property
    @override
    def view(self) -> View:
        """Say of every supported device what the published client would."""
        return {
            device_id: in_their_words(device)
            for device_id, device in self.client.devices.items()
            if device.kind in TYPES
        }


def in_their_words(device: Device) -> dict[str, Any]:
    """Describe a device as the published client does: what is not known is left out."""
    event = device.last_event
    view = {
        "id": device.device_id,
        "name": device.name,
        "type": TYPES[device.kind],
        "model": f"{device.record.model}_{device.record.software_version}",
        "connected": device.connected,
        "openlevel": device.position,
        "movement": device.movement,
        "is_on": device.is_on,
        "last_event_type": event and event.kind,
        "last_event_timestamp": event and event.time,
        "last_event_image": event and event.image_url,
    }
    return {name: value for name, value in view.items() if value is not None}


def with_times(view: View) -> View:
    """Read the time stamps of the published client, which leaves them as texts."""
    return {
        device_id: {
            name: datetime.fromisoformat(value) if name == "last_event_timestamp" else value
            for name, value in device.items()
        }
        for device_id, device in view.items()
    }


def with_inventions(view: View) -> View:
    """Add what the published client makes up for a device whose state is null; ours leaves it unknown (§15.13)."""
    invented = {"openlevel": 0, "movement": "stop"}
    return view | {SILENT_SHUTTER: view[SILENT_SHUTTER] | invented}


def opened(cloud: SimulatedCloud) -> dict[int, Mapping[str, str]]:
    """Give the queries that websockets were opened with, by the number of the connection."""
    return {item.session: item.parameters for item in cloud.received if item.what == "open"}


def said_by_peer(cloud: SimulatedCloud) -> list[tuple[str, Any]]:
    """Give what the published client has requested: method and path, and parameters."""
    (session,) = [number for number, query in opened(cloud).items() if "serviceName" in query]
    return [
        (f"{item.method} {item.path}", item.parameters)
        for item in cloud.requests()
        if item.session == session
    ]


@pytest.fixture
async def cloud(socket_enabled: None) -> AsyncIterator[SimulatedCloud]:
    """Serve the fixture account; afterwards neither client may have asked what the cloud refuses."""
    home = Home.from_fixture(
        load_vectors("dio_chacon", "devices"), PASSWORD, pace=Pace(speed=50, reaction_s=0.5)
    )
    async with SimulatedCloud(home) as cloud:
        yield cloud
    assert cloud.violations == []


@asynccontextmanager
async def published(
    cloud: SimulatedCloud, password: str = PASSWORD, token: str | None = None
) -> AsyncIterator[Peer]:
    """Give the published client, and end it."""
    peer = Peer(cloud, password, token)
    try:
        yield peer
    finally:
        await peer.client.disconnect()
        # Its listener looks whether it is still wanted only when it wakes up, which can take minutes after a failed
        # attempt; nothing in its interface ends it.
        listener = peer.client._session._listen_task
        listener.cancel()
        await asyncio.wait([listener])


@asynccontextmanager
async def our_own(cloud: SimulatedCloud, password: str = PASSWORD) -> AsyncIterator[Ours]:
    """Give our client while it runs."""
    async with aiohttp.ClientSession() as session:
        ours = Ours(
            DioClient(
                Credentials(cloud.home.email, password, "interop"),
                session,
                servers=Servers(cloud.auth_url, cloud.ws_url),
                backoff=lambda: repeat(0.1),
            )
        )
        async with running(ours.client, AuthError):
            yield ours


@asynccontextmanager
async def both(cloud: SimulatedCloud) -> AsyncIterator[tuple[Peer, Ours]]:
    """Give both clients, connected, with all devices found."""
    async with published(cloud) as peer, our_own(cloud) as ours, asyncio.timeout(6 * LIMIT_S):
        await asyncio.gather(peer.search(), ours.client.ready())
        yield peer, ours


@pytest.mark.parametrize("token", [None, TOKEN], ids=["by password", "by token"])
async def test_login(cloud: SimulatedCloud, token: str | None) -> None:
    """Both ways into the websocket lead to the account that ours finds, and disconnecting leaves no connection."""
    cloud.add_token(TOKEN)
    async with our_own(cloud) as ours:
        async with published(cloud, token=token) as peer:
            user, _ = await asyncio.gather(peer.client.get_user_id(), ours.client.ready())
            account = ours.client.account
            assert account and user == account.account_id == cloud.home.user["id"]
            by_password = {
                "email": cloud.home.email,
                "password": PASSWORD,
                "serviceName": SERVICE,
            }
            queries = list(opened(cloud).values())
            assert ({"sessionToken": TOKEN} if token else by_password) in queries
            assert len(queries) == len(cloud.sessions) == 2
        await cloud.journal.wait_for(lambda: len(cloud.sessions) == 1)
        assert ours.client.connected
    await cloud.journal.wait_for(lambda: not cloud.sessions)


async def test_refused_password(cloud: SimulatedCloud) -> None:
    """Both take the refusal for what it is."""
    async with published(cloud, "wrong") as peer, our_own(cloud, "wrong") as ours:
        with pytest.raises(DIOChaconInvalidAuthError):
            await peer.client.get_user_id()
        with pytest.raises(AuthError):
            await ours.client.ready()
    assert cloud.requests() == []


async def test_discovery(cloud: SimulatedCloud) -> None:
    """Both find the same devices in the same states, but for what the other one makes up."""
    async with both(cloud) as (peer, ours):
        found = with_times(peer.view)
        assert found == with_inventions(ours.view)
        assert {device["type"] for device in found.values()} == set(TYPES.values())
        assert found[OFFLINE_SHUTTER]["connected"] is False
        supported = list(found)
        states = with_times(await peer.client.get_status_details([SHUTTER, PLUG, DOORBELL]))
        assert states == {
            device_id: {
                name: value
                for name, value in ours.view[device_id].items()
                if name not in {"name", "type", "model"}
            }
            for device_id in (SHUTTER, PLUG, DOORBELL)
        }
        assert said_by_peer(cloud) == [
            ("GET /device", {}),
            ("POST /device/states", {"devices": supported}),
            ("POST /device/states", {"devices": [SHUTTER, PLUG, DOORBELL]}),
        ]
        asked_by_us = cloud.requests("POST /device/states")[0].parameters["devices"]
        assert sorted(asked_by_us) == sorted(supported)


async def test_commands(cloud: SimulatedCloud) -> None:
    """What the published client commands the devices do, and both are told the same of it."""
    async with both(cloud) as (peer, ours):
        before = len(said_by_peer(cloud))
        cloud.home.pace.speed = 2  # slow enough to be stopped on the way
        await asyncio.gather(
            peer.client.move_shutter_direction(SHUTTER, ShutterMoveEnum.DOWN),
            peer.client.switch_switch(LIGHT_SWITCH, True),
        )
        for side in (peer, ours):
            await side.until(lambda view: view[SHUTTER]["movement"] == "down")
            await side.until(lambda view: view[LIGHT_SWITCH]["is_on"] is True)
        await asyncio.gather(
            peer.client.move_shutter_direction(SHUTTER, ShutterMoveEnum.STOP),
            peer.client.switch_switch(LIGHT_SWITCH, False),
        )
        for side in (peer, ours):
            await side.until(lambda view: view[SHUTTER]["movement"] == "stop")
            await side.until(lambda view: view[LIGHT_SWITCH]["is_on"] is False)
            assert 0 < side.view[SHUTTER]["openlevel"] < 60
        cloud.home.pace.speed = 50
        _, refused = await asyncio.gather(
            peer.client.move_shutter_percentage(SHUTTER, 75),
            peer.client.move_shutter_direction(OFFLINE_SHUTTER, ShutterMoveEnum.UP),
            return_exceptions=True,
        )
        assert isinstance(refused, DIOChaconAPIError)
        with pytest.raises(CommandError):
            await ours.client.move(OFFLINE_SHUTTER, Movement.UP)
        for side in (peer, ours):
            await side.until(lambda view: view[SHUTTER]["openlevel"] == 75)
            await side.until(lambda view: view[SHUTTER]["movement"] == "stop")
        action = f"POST /device/{SHUTTER}/action"
        switch = f"POST /device/{LIGHT_SWITCH}/action/switch"
        assert said_by_peer(cloud)[before:] == [
            (f"{action}/mvtlinear", {"movement": "down"}),
            (switch, {"value": 1}),
            (f"{action}/mvtlinear", {"movement": "stop"}),
            (switch, {"value": 0}),
            (f"{action}/openlevel", {"openLevel": 75}),
            (f"POST /device/{OFFLINE_SHUTTER}/action/mvtlinear", {"movement": "up"}),
        ]
        assert with_times(peer.view) == with_inventions(ours.view)


async def test_pushes(cloud: SimulatedCloud) -> None:
    """Hands, remotes, visitors and our own commands: both are told the same, and of a ring exactly once."""
    async with both(cloud) as (peer, ours):
        of_the_bell: list[dict[str, Any]] = []
        peer.client.set_callback_device_state_by_device(DOORBELL, of_the_bell.append)
        asked = len(said_by_peer(cloud))
        lit = cloud.home.press(LIGHT_SWITCH)
        cloud.home.move(SHUTTER, "up")
        cloud.home.set_connected(OFFLINE_SHUTTER, True)
        stamp = cloud.home.ring(DOORBELL, image="https://snapshots.example.invalid/a.jpeg?x=1")
        plugged = not ours.view[PLUG]["is_on"]
        await ours.client.set_on(PLUG, plugged)
        for side in (peer, ours):
            await side.until(lambda view: view[SHUTTER]["openlevel"] == 100)
            await side.until(lambda view: view[PLUG]["is_on"] is plugged)
            assert side.view[LIGHT_SWITCH]["is_on"] is lit
            assert side.view[OFFLINE_SHUTTER]["connected"] is True
            assert "a.jpeg" in side.view[DOORBELL]["last_event_image"]
        assert [each["last_event_timestamp"] for each in of_the_bell] == [stamp]
        rings = [each.event.time for each in ours.told if isinstance(each, Rang)]
        assert rings == [datetime.fromisoformat(stamp)]
        assert ours.client.devices[SHUTTER].movement is Movement.STOP
        assert len(said_by_peer(cloud)) == asked
        assert with_times(peer.view) == with_inventions(ours.view)


async def test_every_call_has_its_counterpart(cloud: SimulatedCloud) -> None:
    """The table of the decisions has each public call of the published client, and what stands for it exists."""
    text = DECISIONS.read_text(encoding="utf-8")
    theirs = [name for name in vars(DIOChaconAPIClient) if not name.startswith("_")]
    assert len(theirs) == 9
    assert [name for name in theirs if f"| `{name}(" not in text] == []
    named = set(re.findall(r"`DioClient\.(\w+)", text))
    async with our_own(cloud) as ours:
        assert [name for name in named if not hasattr(ours.client, name)] == []
    assert {
        name
        for name, value in getmembers(DioClient)  # those of its base too
        if not name.startswith("_") and (callable(value) or isinstance(value, property))
    } <= named
