"""The hubs and devices of a simulated home as the cloud stores them.

Source of members and types: docs/homismart/wire.md §7 and §9.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
import re
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from ..motion import Motion

type Json = dict[str, Any]

HUB_ID_START = "00"
SWITCHED_TYPES = frozenset({1, 2, 6, 7, 8})
CURTAIN_TYPES = frozenset({4, 5})
LOCK_TYPE = 9
STANDING = 200
STOP = 99
# How long a motor takes from one end to the other; the one published transcript fits about twenty seconds.
_TRAVEL_S = 20.0
_NUMERIC = re.compile(r"-?\d{1,9}")


@dataclass(frozen=True, slots=True)
class Product:
    """A product as it comes out of its box."""

    type_number: int
    members: Mapping[str, Any] = field(default_factory=dict)
    """What its object has beyond the members that all devices have."""
    version: int = 2


_CURTAIN: Json = {"curtainState": "200", "closedPosition": 10}

PRODUCTS = {
    "hub": Product(0, version=14),
    "socket": Product(1),
    "light_switch": Product(2),
    "undefined": Product(3),
    "shutter": Product(4, _CURTAIN),
    "curtain": Product(5, _CURTAIN),
    "multi_gang": Product(6),
    "double_switch": Product(7),
    "other_socket": Product(8),
    "door_lock": Product(LOCK_TYPE, {"lock": "2", "operationTime": 5}),
    # Not in the vendor's table, with and without a motor.
    "strange_switch": Product(77),
    "strange_curtain": Product(78, {"curtainState": "200"}),
}


@dataclass(slots=True, eq=False)
class Device:
    """One hub or device: its object in the cloud, and what it is doing."""

    members: Json
    """The whole object, as the list answers it."""
    travel_s: float = _TRAVEL_S
    """Seconds from fully open to fully closed."""
    motion: Motion | None = field(default=None, repr=False)
    unseen: Json = field(default_factory=dict, repr=False)
    """What happened on the device while the cloud could not reach it."""
    sent_oddly: bool = field(default=False, repr=False)
    """Whether a client was told members with the wrong types, and may send them back like that."""
    level: int = 0
    """Where the curtain stands, or stood when it began to move: 0 open, 100 closed."""

    def __post_init__(self) -> None:
        """Begin where the object says the motor is."""
        self.place()

    def place(self) -> None:
        """Let the motor stand where the object says it is, if it says that."""
        value = read_integer(self.members.get("curtainState"))
        if value is not None:
            value -= STANDING if value >= STANDING else 0
            if 0 <= value <= 100 and value != STOP:
                self.level = value

    @property
    def device_id(self) -> str:
        """The id by which the cloud addresses it."""
        return str(self.members["id"])

    @property
    def name(self) -> str:
        """The name the user gave it."""
        return str(self.members.get("name") or "")

    @property
    def type_number(self) -> int | None:
        """What it is, by the vendor's table."""
        return read_integer(self.members.get("type"))

    @property
    def hub_id(self) -> str | None:
        """The hub it belongs to; None for a hub."""
        return None if self.is_hub else str(self.members.get("pid"))

    @property
    def is_hub(self) -> bool:
        """Whether it is a hub."""
        return self.device_id.startswith(HUB_ID_START)

    @property
    def online(self) -> bool:
        """Whether it is in touch with what it hangs on: a device with its hub, a hub with the cloud."""
        return bool(self.members.get("onLine"))

    def has(self, member: str) -> bool:
        """Tell whether its object has a member."""
        return member in self.members

    def read(self, member: str) -> Any:
        """Give what the device itself would say, None when it has no such member."""
        return self.unseen.get(member, self.members.get(member))

    def level_at(self, now: float) -> float:
        """Tell how far a curtain is closed, in percent."""
        return self.motion.level_at(now) if self.motion else self.level

    def answers_to(self, device_id: str) -> bool:
        """Tell whether an id means this device, also when its leading zero was lost on the way."""
        own = self.device_id
        return own == device_id or (self.sent_oddly and own.lstrip("0") == device_id)


def make_device(
    kind: str, name: str, *, seed: str, hub_id: str | None = None, updated_ms: int = 0
) -> Device:
    """Take a product out of its box and give it a name; the same ``seed`` gives the same id.

    Raises ValueError for an unknown ``kind``.
    """
    if (product := PRODUCTS.get(kind)) is None:
        raise ValueError(f"there is no product {kind!r}; known are {', '.join(PRODUCTS)}")
    unique = uuid5(NAMESPACE_URL, f"{kind}/{seed}")
    members: Json
    if kind == "hub":
        members = {
            # Behind the zeros, the bit for locally administered addresses: no maker's.
            "id": f"{HUB_ID_START}02{unique.hex[:10].upper()}",
            "name": name,
            "type": product.type_number,
            "onLine": True,
            "version": product.version,
            "updateTime": updated_ms,
            "iconId": "0",
        }
    else:
        device_id = f"{product.type_number:02}{unique.int % 10**12:012}"
        members = {
            "id": device_id,
            "deviceId": device_id,
            "name": name,
            "type": product.type_number,
            "pid": hub_id or "",
            "version": product.version,
            "onLine": True,
            "power": False,
            "consumption": 0,
            "updateTime": updated_ms,
            "lock": "1",
            "lastOn": "",
            "led": 0,
            "iconId": "0",
            "shared": False,
            **product.members,
        }
    return Device(members)


def as_text(members: Mapping[str, Any]) -> Json:
    """Give an object with its booleans and numbers as text, and the state of a curtain as a number."""
    odd: Json = {}
    for name, value in members.items():
        if isinstance(value, bool):
            odd[name] = str(value).lower()
        elif isinstance(value, int | float):
            odd[name] = str(value)
        elif name == "curtainState" and (number := read_integer(value)) is not None:
            odd[name] = number
        else:
            odd[name] = value
    return odd


def with_numeric_id(members: Mapping[str, Any]) -> Json:
    """Give an object with its id as a number, where it is one."""
    number = members.get("id")
    if isinstance(number, str) and number.isascii() and number.isdigit():
        return {**members, "id": int(number)}
    return dict(members)


def read_integer(value: object) -> int | None:
    """Read a whole number that may be text; None when it is none."""
    if type(value) is int:
        return value
    return int(value) if type(value) is str and _NUMERIC.fullmatch(value) else None
