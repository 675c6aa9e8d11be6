"""Homes to start with."""

from uuid import NAMESPACE_URL, uuid5

from .devices import CALIBRATION, OPEN_LEVEL, SWITCH, Device, make_device
from .home import Home, Pace

EMAIL = "demo@example.org"
PASSWORD = "demo-password"  # noqa: S105  protects nothing

_ROOMS = ("Cuisine", "Salon", "Chambre", "Couloir", "Terrasse", "Bureau", "Garage", "Jardin")
# Product, name, room, and how far open or whether on.
_DEVICES = (
    ("shutter", "Volet cuisine", "Cuisine", 60),
    ("shutter", "Volet salon", "Salon", 100),
    ("shutter", "Volet chambre", "Chambre", 0),
    ("light_switch", "Plafonnier couloir", "Couloir", 0),
    ("light_switch", "Applique terrasse", "Terrasse", 1),
    ("plug", "Prise lampadaire", "Bureau", 1),
    ("plain_plug", "Prise garage", "Garage", 0),
    ("doorbell", "Portier", "Couloir", None),
    ("camera", "Caméra jardin", "Jardin", None),
)
# How long their motors take, up and down, in ms.
_TRAVEL_MS = {
    "Volet cuisine": (18240, 17610),
    "Volet salon": (24100, 23350),
    "Volet chambre": (15480, 14920),
}


def empty_home(email: str = EMAIL, password: str = PASSWORD, *, pace: Pace | None = None) -> Home:
    """An account without devices."""
    user = {
        "id": uuid5(NAMESPACE_URL, email).hex[:10],
        "name": "DIO demo",
        "email": email,
        "isNewsletter": False,
        "isPromoNotification": False,
        "isAIImageObjectDetection": False,
        "bleKey": "00112233445566778899aabbccddeeff",
    }
    return Home(user, password, pace=pace)


def demo_home(
    email: str = EMAIL,
    password: str = PASSWORD,
    *,
    odd_devices: bool = False,
    pace: Pace | None = None,
) -> Home:
    """A pleasant home with every kind of device.

    With ``odd_devices`` it has a shutter more that never reported and one that is not connected.
    """
    home = empty_home(email, password, pace=pace)
    for room in _ROOMS:
        home.room_id(room)
    for kind, name, room, value in _DEVICES:
        device = _furnish(home, kind, name, room)
        if device.has(SWITCH):
            device.write(SWITCH, value=value)
        if device.has(OPEN_LEVEL):
            up_ms, down_ms = _TRAVEL_MS[name]
            device.write(OPEN_LEVEL, openLevel=value)
            device.write(CALIBRATION, up_ms=up_ms, down_ms=down_ms)
    if odd_devices:
        _furnish(home, "shutter", "Volet grenier", "Grenier").reported = False
        _furnish(home, "shutter", "Volet bureau", "Bureau").connected = False
    return home


def large_home(
    count: int, email: str = EMAIL, password: str = PASSWORD, *, pace: Pace | None = None
) -> Home:
    """A home with ``count`` devices: shutters, light switches and plugs in turn."""
    home = empty_home(email, password, pace=pace)
    kinds = {"shutter": "Volet", "light_switch": "Lampe", "plug": "Prise"}
    for number in range(count):
        kind = tuple(kinds)[number % len(kinds)]
        _furnish(home, kind, f"{kinds[kind]} {number + 1}", f"Étage {number // 30}")
    return home


def _furnish(home: Home, kind: str, name: str, room: str) -> Device:
    device = make_device(kind, name, seed=f"{home.email}/{name}", room_id=home.room_id(room))
    home.put(device)
    return device
