"""The published ``homismart-client`` and our client on one simulated cloud at the same time.

Neither knows of the other's code, so where they agree on what was said, what was meant and what a device is, a belief
that only our client and our simulator share would show.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import repeat
from typing import Any, override

import aiohttp
from homismart_client import HomismartClient as PublishedClient
import pytest

from custom_components.homismart.protocol import (
    AuthError,
    CommandError,
    Credentials,
    Device,
    DeviceAdded,
    DeviceRemoved,
    HomismartClient,
    Kind,
    RefusedError,
    Servers,
    digest,
)
from simulators.homismart import Home, Pace, SimulatedCloud
from tests.common import load_vectors

from .sides import LIMIT_S, Side, View, running

HUB, GARDEN_HUB = "007A5C11D20E94", "007A5C11D20E95"
LIGHT, SOCKET = "02664110009301", "01664110009302"
CURTAIN, SHUTTER = "05664110009303", "04664110009304"
DOOR, BOILER, SHARED = "09664110009305", "08664110009308", "02664110009309"
GATE = "02664110009311"
EVENTS = (
    *("session_authenticated", "session_error", "new_device_added", "device_updated"),
    *("device_deleted", "new_hub_added", "hub_updated", "hub_deleted"),
)

type Spoken = tuple[str, Any]
"""Prefix and body of a request."""


class Peer(Side):
    """The published client; it can be pointed at another server only behind its back."""

    def __init__(self, cloud: SimulatedCloud, password: str) -> None:
        """Listen to all of its events."""
        super().__init__()
        self.client = PublishedClient(cloud.home.username, password)
        self.client._ws_url = cloud.ws_url
        for name in EVENTS:
            self.client.session.register_event_listener(name, self._listener(name))

    def _listener(self, name: str) -> Callable[[Any], None]:
        return lambda about: self.hear((name, about))

    @property
    @override
    def view(self) -> View:
        """Ask each of its objects for all it offers."""
        session = self.client.session
        view: View = {}
        for device in (*session.get_all_hubs(), *session.get_all_devices()):
            known = {
                "name": device.name,
                "type": device.device_type_code,
                "online": device.is_online,
                "on": device.is_on,
                "led": device.led_state,
                "shared": device.shared,
                "permission": device.permission,
                "hours": device.allowed_time,
                "hub": device.pid,
                "version": str(device.version),
                "icon": device.icon_id,
            }
            for name in ("current_level", "closed_position_calibration", "is_locked"):
                if hasattr(device, name):
                    known[name] = getattr(device, name)
            view[device.id] = known
        return view

    def device(self, device_id: str) -> Any:
        """Give one of its objects."""
        return self.client.session.get_device_by_id(device_id)


class Ours(Side):
    """Our client."""

    def __init__(self, client: HomismartClient) -> None:
        """Listen to it."""
        super().__init__()
        self.client = client
        client.subscribe(self.hear)

    @property
    @override
    def view(self) -> View:
        """Say of every device what the published client would."""
        return {key: in_their_words(device) for key, device in self.client.devices.items()}


def in_their_words(device: Device) -> dict[str, Any]:
    """Describe a device as the published client does: what a hub does not have is false or nothing to it."""
    view = {
        "name": device.name,
        "type": device.type_number,
        "online": device.online,
        "on": device.is_on or False,
        "led": device.led,
        "shared": device.shared or False,
        "permission": device.members.get("permission"),
        "hours": device.members.get("allowedTime"),
        "hub": device.hub_id,
        "version": device.version,
        "icon": device.icon_id,
    }
    if device.kind in {Kind.CURTAIN, Kind.SHUTTER}:
        view |= {
            "current_level": device.level,
            "closed_position_calibration": device.closed_position,
        }
    if device.kind is Kind.DOOR_LOCK:
        view["is_locked"] = device.locked
    return view


@pytest.fixture
async def cloud(socket_enabled: None) -> AsyncIterator[SimulatedCloud]:
    """Serve the fixture account; afterwards neither client may have asked what the cloud refuses."""
    home = Home.from_fixture(
        load_vectors("homismart", "devices"), pace=Pace(speed=50, reaction_s=1.0)
    )
    home.share(SHARED)
    async with SimulatedCloud(home) as cloud:
        yield cloud
    assert cloud.violations == []


@asynccontextmanager
async def published(cloud: SimulatedCloud) -> AsyncIterator[Peer]:
    """Run the published client."""
    peer = Peer(cloud, cloud.home.password)
    await peer.client.connect(timeout=LIMIT_S)
    try:
        await peer.until(lambda view: len(view) == len(cloud.home.devices))
        yield peer
    finally:
        await peer.client.disconnect()


@asynccontextmanager
async def own(cloud: SimulatedCloud) -> AsyncIterator[Ours]:
    """Run our client."""
    async with aiohttp.ClientSession() as session:
        credentials = Credentials(cloud.home.username, digest(cloud.home.password))
        client = HomismartClient(
            credentials, session, servers=Servers(cloud.ws_url), backoff=lambda: repeat(0.1)
        )
        ours = Ours(client)
        async with running(client):
            async with asyncio.timeout(LIMIT_S):
                await client.ready()
            yield ours


@pytest.fixture
async def both(cloud: SimulatedCloud) -> AsyncIterator[tuple[Peer, Ours]]:
    """Run both clients, the published one on the first connection."""
    async with published(cloud) as peer, own(cloud) as ours:
        yield peer, ours


def said(cloud: SimulatedCloud, session: int, pattern: str = "") -> list[Spoken]:
    """Give what the client of a connection has requested, but for what its clock filled in."""
    return [
        (
            item.prefix,
            {
                name: value
                for name, value in item.body.items()
                if name not in {"updateTime", "lastOn"}
            },
        )
        for item in cloud.requests(pattern)
        if item.session == session
    ]


async def agree(peer: Peer, ours: Ours, condition: Callable[[View], object]) -> None:
    """Wait until both know something, and compare all that they know."""
    await peer.until(condition)
    await ours.until(condition)
    assert peer.view == ours.view


# --- what they know -------------------------------------------------------------------------


async def test_the_same_home(cloud: SimulatedCloud, both: tuple[Peer, Ours]) -> None:
    """Both log in with the same words, and see the same hubs and devices in all they offer."""
    peer, ours = both
    assert said(cloud, 1) == said(cloud, 2)
    assert [prefix for prefix, _ in said(cloud, 1)] == ["0002", "0004"]
    assert peer.view == ours.view
    assert len(peer.view) == 13
    assert ("session_authenticated", cloud.home.username) in peer.told


async def test_hands_on_the_devices(cloud: SimulatedCloud, both: tuple[Peer, Ours]) -> None:
    """What people do at home reaches both, and means the same to both."""
    peer, ours = both
    home = cloud.home
    home.press(LIGHT, False)
    await agree(peer, ours, lambda view: view[LIGHT]["on"] is False)
    home.set_lock(DOOR, False)
    await agree(peer, ours, lambda view: view[DOOR]["is_locked"] is False)
    home.set_led(SOCKET, 40)
    await agree(peer, ours, lambda view: view[SOCKET]["led"] == 40)
    home.set_closed_position(CURTAIN, 4)
    await agree(peer, ours, lambda view: view[CURTAIN]["closed_position_calibration"] == 4)
    home.move_to(CURTAIN, 80)
    await agree(peer, ours, lambda view: view[CURTAIN]["current_level"] == 80)
    await home.settle()
    home.rename(LIGHT, "Corridor north")
    await agree(peer, ours, lambda view: view[LIGHT]["name"] == "Corridor north")
    home.unshare(SHARED)
    await peer.until(lambda view: view[SHARED]["shared"] is False)
    await ours.until(lambda view: view[SHARED]["shared"] is False)


async def test_hubs(cloud: SimulatedCloud, both: tuple[Peer, Ours]) -> None:
    """Both hear of the hub; only we take its devices along, which the published client leaves on line (§7.2)."""
    peer, ours = both
    cloud.home.set_connected(HUB, False)
    await agree(peer, ours, lambda view: view[HUB]["online"] is False)
    assert peer.device(LIGHT).is_online
    assert ours.client.devices[LIGHT].reachable is False
    cloud.home.set_connected(HUB, True)
    await agree(peer, ours, lambda view: view[HUB]["online"] is True)
    assert ours.client.devices[LIGHT].reachable is True


async def test_coming_and_going(cloud: SimulatedCloud, both: tuple[Peer, Ours]) -> None:
    """New and deleted devices and hubs are news of the same kind to both."""
    peer, ours = both
    peer.told.clear()
    ours.told.clear()
    lamp = cloud.home.add("light_switch", "Lamp").device_id
    hub = cloud.home.add("hub", "Attic unit").device_id
    socket = cloud.home.add("socket", "Socket", announce="answer").device_id
    await agree(peer, ours, lambda view: {lamp, hub, socket} <= set(view))
    for device_id in (lamp, hub):
        cloud.home.remove(device_id)
    await agree(peer, ours, lambda view: not {lamp, hub} & set(view))
    assert [(name, about.id) for name, about in peer.told] == [
        ("new_device_added", lamp),
        ("new_hub_added", hub),
        ("new_device_added", socket),
        ("device_deleted", lamp),
        ("hub_deleted", hub),
    ]
    assert [(type(change), change.device.device_id) for change in ours.told] == [
        (DeviceAdded, lamp),
        (DeviceAdded, hub),
        (DeviceAdded, socket),
        (DeviceRemoved, lamp),
        (DeviceRemoved, hub),
    ]


# --- what they ask --------------------------------------------------------------------------

WISHES: dict[
    str,
    tuple[
        Callable[[Peer], Awaitable[None]],
        Callable[[HomismartClient], Awaitable[None]],
        Callable[[View], object],
    ],
] = {
    "on": (
        lambda peer: peer.device(SOCKET).turn_on(),
        lambda client: client.set_on(SOCKET, True),
        lambda view: view[SOCKET]["on"],
    ),
    "off": (
        lambda peer: peer.device(LIGHT).turn_off(),
        lambda client: client.set_on(LIGHT, False),
        lambda view: not view[LIGHT]["on"],
    ),
    "toggle": (
        lambda peer: peer.device(BOILER).toggle(),
        lambda client: client.toggle(BOILER),
        lambda view: not view[BOILER]["on"],
    ),
    "level": (
        lambda peer: peer.device(CURTAIN).set_level(70),
        lambda client: client.set_position(CURTAIN, 30),
        lambda view: view[CURTAIN]["current_level"] == 70,
    ),
    "open": (
        lambda peer: peer.device(SHUTTER).open_fully(),
        lambda client: client.set_position(SHUTTER, 100),
        lambda view: view[SHUTTER]["current_level"] == 0,
    ),
    "close": (
        lambda peer: peer.device(CURTAIN).close_fully(),
        lambda client: client.set_position(CURTAIN, 0),
        lambda view: view[CURTAIN]["current_level"] == 100,
    ),
    "unlock": (
        lambda peer: peer.device(DOOR).unlock_device(),
        lambda client: client.set_locked(DOOR, False),
        lambda view: view[DOOR]["is_locked"] is False,
    ),
    "led": (
        lambda peer: peer.device(SOCKET).set_led_state(35),
        lambda client: client.set_led(SOCKET, 35),
        lambda view: view[SOCKET]["led"] == 35,
    ),
    "closed position": (
        lambda peer: peer.device(CURTAIN).set_closed_position_calibration(3),
        lambda client: client.set_closed_position(CURTAIN, 3),
        lambda view: view[CURTAIN]["closed_position_calibration"] == 3,
    ),
    "name": (
        lambda peer: peer.device(LIGHT).set_name("Hall"),
        lambda client: client.rename(LIGHT, "Hall"),
        lambda view: view[LIGHT]["name"] == "Hall",
    ),
    "name of a hub": (
        lambda peer: peer.client.session.get_hub_by_id(HUB).set_name("Cellar unit"),
        lambda client: client.rename(HUB, "Cellar unit"),
        lambda view: view[HUB]["name"] == "Cellar unit",
    ),
    "icon": (
        lambda peer: peer.device(LIGHT).set_icon("12"),
        lambda client: client.set_icon(LIGHT, "12"),
        lambda view: view[LIGHT]["icon"] == "12",
    ),
    "delete": (
        lambda peer: peer.device(SOCKET).delete(),
        lambda client: client.delete(SOCKET),
        lambda view: SOCKET not in view,
    ),
}


@pytest.mark.parametrize("what", WISHES)
async def test_the_published_client_operates(
    cloud: SimulatedCloud, both: tuple[Peer, Ours], what: str
) -> None:
    """Our client sees it happen."""
    peer, ours = both
    wish, _, condition = WISHES[what]
    await wish(peer)
    await agree(peer, ours, condition)


@pytest.mark.parametrize("what", WISHES)
async def test_we_operate(cloud: SimulatedCloud, both: tuple[Peer, Ours], what: str) -> None:
    """The published client sees it happen, and when our call returns it has."""
    peer, ours = both
    _, wish, condition = WISHES[what]
    await wish(ours.client)
    assert condition(ours.view)
    await agree(peer, ours, condition)


@pytest.mark.parametrize("what", WISHES)
async def test_the_same_words(socket_enabled: None, what: str) -> None:
    """Asked for the same by each in a home of its own, the cloud hears the same request."""
    words = []
    for number in range(2):
        home = Home.from_fixture(
            load_vectors("homismart", "devices"), pace=Pace(speed=50, reaction_s=1.0)
        )
        async with SimulatedCloud(home) as cloud:
            if number == 0:
                async with published(cloud) as peer:
                    await WISHES[what][0](peer)
                    await peer.until(WISHES[what][2])
            else:
                async with own(cloud) as ours:
                    await WISHES[what][1](ours.client)
            words.append(said(cloud, 1))
            assert cloud.violations == []
    assert words[0] == words[1]
    assert len(words[0]) == 3


async def test_stop(cloud: SimulatedCloud, both: tuple[Peer, Ours]) -> None:
    """Each stops what the other has set in motion."""
    peer, ours = both
    cloud.home.pace.speed = 5
    for move, stop in (
        (lambda: peer.device(CURTAIN).close_fully(), lambda: ours.client.stop(CURTAIN)),
        (lambda: ours.client.set_position(CURTAIN, 100), lambda: peer.device(CURTAIN).stop()),
    ):
        await move()
        await ours.until(lambda view: ours.client.devices[CURTAIN].motion)
        await stop()
        await ours.until(lambda view: ours.client.devices[CURTAIN].motion is None)
        level = cloud.home.device(CURTAIN).level
        await agree(peer, ours, lambda view, level=level: view[CURTAIN]["current_level"] == level)
        assert 0 < level < 100


# --- where we differ on purpose -------------------------------------------------------------


async def test_two_quick_commands(cloud: SimulatedCloud, both: tuple[Peer, Ours]) -> None:
    """The published client writes the old light back with the second command (§16.2 #5); ours does not."""
    peer, ours = both
    await peer.device(SOCKET).set_led_state(40)
    await peer.device(SOCKET).turn_on()
    await cloud.home.settle()
    assert cloud.home.device(SOCKET).members["led"] == 0
    await ours.client.set_led(SOCKET, 0)
    await asyncio.gather(ours.client.set_led(SOCKET, 40), ours.client.set_on(SOCKET, True))
    assert cloud.home.device(SOCKET).members["led"] == 40
    assert cloud.home.device(SOCKET).members["power"] is True


async def test_a_command_that_fails(cloud: SimulatedCloud, both: tuple[Peer, Ours]) -> None:
    """The published client returns as if it had worked, and tells of an error of nobody's (#4); ours raises."""
    peer, ours = both
    await peer.device(GATE).turn_on()
    await peer.until(lambda view: any(name == "session_error" for name, _ in peer.told))
    with pytest.raises(RefusedError) as caught:
        await ours.client.set_on(GATE, True)
    assert caught.value.code == 5


async def test_already_on(cloud: SimulatedCloud, both: tuple[Peer, Ours]) -> None:
    """What is believed to be on already is sent all the same, but by the published client it is not (#6)."""
    peer, ours = both
    await peer.device(LIGHT).turn_on()
    await ours.client.set_on(LIGHT, True)
    assert said(cloud, 1, "0006") == []
    assert len(said(cloud, 2, "0006")) == 1


async def test_wrong_password(cloud: SimulatedCloud) -> None:
    """The published client runs into its time limit (#1); ours says what is wrong, at once and once."""
    peer = Peer(cloud, "wrong")
    with pytest.raises(TimeoutError):
        await peer.client.connect(timeout=0.3)
    await peer.client.disconnect()
    cloud.home.password = "changed"
    async with aiohttp.ClientSession() as session:
        credentials = Credentials(cloud.home.username, digest("wrong"))
        client = HomismartClient(credentials, session, servers=Servers(cloud.ws_url))
        task = asyncio.create_task(client.run())
        with pytest.raises(AuthError):
            await client.ready()
        with pytest.raises(AuthError):
            await task


async def test_text_typed(cloud: SimulatedCloud, both: tuple[Peer, Ours]) -> None:
    """The text "false" is true to the published client (#10), and what it says to us."""
    peer, ours = both
    cloud.faults.arm("text_types", device=LIGHT)
    cloud.home.press(LIGHT, False)
    await ours.until(lambda view: view[LIGHT]["on"] is False)
    await peer.until(lambda view: peer.device(LIGHT).raw["power"] == "false")
    assert peer.device(LIGHT).is_on is not False


async def test_a_device_that_does_not_answer(
    cloud: SimulatedCloud, both: tuple[Peer, Ours]
) -> None:
    """Each hears of it in its own way, and both go on."""
    peer, ours = both
    cloud.home.set_connected(BOILER, False)
    await agree(peer, ours, lambda view: view[BOILER]["online"] is False)
    with pytest.raises(CommandError):
        await ours.client.set_on(BOILER, False)
    cloud.home.set_connected(BOILER, True)
    await agree(peer, ours, lambda view: view[BOILER]["online"] is True)
    await ours.client.set_on(BOILER, False)
    await agree(peer, ours, lambda view: view[BOILER]["on"] is False)
