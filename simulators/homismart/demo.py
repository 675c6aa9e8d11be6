"""Homes to start with."""

from datetime import timedelta

from .devices import Device, Json, make_device
from .home import Home, Pace

USERNAME = "demo@example.org"
PASSWORD = "demo-password"  # noqa: S105  protects nothing

HOUSE, GARDEN = "House unit", "Garden unit"
SHARED_HOURS = "00:00-24:00"
# Product, name, hub, and members beyond those of a new one.
_DEVICES: tuple[tuple[str, str, str, Json], ...] = (
    ("light_switch", "Corridor light", HOUSE, {"power": True, "led": 100}),
    ("light_switch", "Kitchen light", HOUSE, {"led": 40}),
    ("socket", "Washing machine", HOUSE, {}),
    ("other_socket", "Boiler", HOUSE, {"power": True, "consumption": 2100, "led": 100}),
    ("curtain", "Living room curtain", HOUSE, {"curtainState": "230", "closedPosition": 9}),
    ("curtain", "Bedroom curtain", HOUSE, {"curtainState": "300"}),
    ("shutter", "Balcony shutter", HOUSE, {"curtainState": "200"}),
    ("multi_gang", "Stairs", HOUSE, {}),
    ("double_switch", "Desk", HOUSE, {"led": 20}),
    ("door_lock", "Street door", HOUSE, {}),
    ("undefined", "Aquarium", HOUSE, {"power": True}),
    (
        "light_switch",
        "Neighbour's gate light",
        HOUSE,
        {"shared": True, "permission": "control", "allowedTime": SHARED_HOURS},
    ),
    ("light_switch", "Garden path light", GARDEN, {}),
    ("socket", "Fountain", GARDEN, {"power": True}),
    ("shutter", "Pergola shutter", GARDEN, {"curtainState": "250"}),
)
# How long their motors take.
_TRAVEL_S = {"Living room curtain": 16.0, "Bedroom curtain": 12.0, "Pergola shutter": 24.0}


def empty_home(
    username: str = USERNAME, password: str = PASSWORD, *, pace: Pace | None = None
) -> Home:
    """An account without hubs and devices."""
    return Home(username, password, pace=pace)


def demo_home(
    username: str = USERNAME,
    password: str = PASSWORD,
    *,
    garden_online: bool = True,
    pace: Pace | None = None,
) -> Home:
    """A pleasant home with two hubs and every type of device."""
    home = empty_home(username, password, pace=pace)
    hubs = {name: _furnish(home, "hub", name) for name in (HOUSE, GARDEN)}
    for kind, name, hub, members in _DEVICES:
        device = _furnish(home, kind, name, hubs[hub])
        device.members |= members
        if device.members["power"]:
            device.members["lastOn"] = home.local_time(timedelta(hours=2))
        device.travel_s = _TRAVEL_S.get(name, device.travel_s)
        device.place()
    hubs[GARDEN].members["onLine"] = garden_online
    return home


def large_home(
    count: int, username: str = USERNAME, password: str = PASSWORD, *, pace: Pace | None = None
) -> Home:
    """A home with one hub and ``count`` devices: light switches, sockets and curtains in turn."""
    home = empty_home(username, password, pace=pace)
    hub = _furnish(home, "hub", HOUSE)
    kinds = {"light_switch": "Light", "socket": "Socket", "curtain": "Curtain"}
    for number in range(count):
        kind = tuple(kinds)[number % len(kinds)]
        _furnish(home, kind, f"{kinds[kind]} {number + 1}", hub)
    return home


def _furnish(home: Home, kind: str, name: str, hub: Device | None = None) -> Device:
    updated = home.clock() - timedelta(hours=2)
    device = make_device(
        kind,
        name,
        seed=f"{home.username}/{name}",
        hub_id=hub.device_id if hub else None,
        updated_ms=int(updated.timestamp() * 1000),
    )
    home.put(device)
    return device
