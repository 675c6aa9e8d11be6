"""What there is behind one pairing: accessories, their services and characteristics, each with its last known value.

Source: docs/hap_controller/wire.md §8.
"""

from collections.abc import Iterator
from typing import Any, Final, override

from .catalogue import CharacteristicUuid, ServiceUuid
from .const import MAX_NAME_CHARS, HapStatus
from .messages import Key
from .values import Metadata

UNREACHABLE: Final = int(HapStatus.UNREACHABLE)

# What accessories say of themselves, which changes only with a new description.
IDENTITY: Final = frozenset(
    {
        CharacteristicUuid.FIRMWARE_REVISION,
        CharacteristicUuid.HARDWARE_REVISION,
        CharacteristicUuid.MANUFACTURER,
        CharacteristicUuid.MODEL,
        CharacteristicUuid.NAME,
        CharacteristicUuid.SERIAL_NUMBER,
        CharacteristicUuid.SERVICE_SIGNATURE,
        CharacteristicUuid.VERSION,
    }
)


class Characteristic:
    """One characteristic; the object stays the same while its value changes."""

    __slots__ = ("key", "metadata", "service", "status", "value")

    def __init__(self, key: Key, service: Service, metadata: Metadata, value: Any) -> None:
        """Begin with the value of the description, None when it had none."""
        self.key = key
        self.service = service
        self.metadata = metadata
        self.value = value
        """As last reported, None while not known; always None for stateless ones. Data and TLV8 are base64."""
        self.status = 0
        """Why it could not be read last, 0 when it could; ``UNREACHABLE`` stays until it can be again."""

    @override
    def __repr__(self) -> str:
        """Leave out the value, which may be a user's name or a code."""
        return f"<Characteristic {self.key[0]}.{self.key[1]} {self.metadata.type}>"

    @property
    def aid(self) -> int:
        """The number of its accessory."""
        return self.key[0]

    @property
    def iid(self) -> int:
        """Its own number."""
        return self.key[1]

    @property
    def type(self) -> str:
        """The full UUID of its type."""
        return self.metadata.type

    @property
    def available(self) -> bool:
        """Whether the accessory could reach what it belongs to (§8.5)."""
        return self.status != UNREACHABLE


class Service:
    """One service of an accessory."""

    __slots__ = ("accessory", "characteristics", "hidden", "iid", "linked_iids", "primary", "type")

    def __init__(self, accessory: Accessory, iid: int, type_: str) -> None:
        """Begin without characteristics."""
        self.accessory = accessory
        self.iid = iid
        self.type = type_
        """Full UUID."""
        self.characteristics: tuple[Characteristic, ...] = ()
        self.primary: bool | None = None
        self.hidden: bool | None = None
        self.linked_iids: tuple[int, ...] = ()
        """Only of services that exist."""

    @override
    def __repr__(self) -> str:
        """Tell where and what it is."""
        return f"<Service {self.accessory.aid}.{self.iid} {self.type}>"

    @property
    def available(self) -> bool:
        """Whether all its characteristics are."""
        return all(each.available for each in self.characteristics)

    @property
    def linked(self) -> tuple[Service, ...]:
        """The services it is linked to."""
        return tuple(each for each in self.accessory.services if each.iid in self.linked_iids)

    @property
    def name(self) -> str | None:
        """Its own name, cut to what registries bear; None when it has none."""
        return self.text(CharacteristicUuid.NAME)

    def characteristic(self, uuid: str) -> Characteristic | None:
        """Find the first characteristic of a type; None when there is none."""
        for each in self.characteristics:
            if each.metadata.type == uuid:
                return each
        return None

    def text(self, uuid: str) -> str | None:
        """Give the text of its first characteristic of a type, cut to what registries bear; None when empty or missing."""
        found = self.characteristic(uuid)
        return None if found is None else plain(found.value)


class Accessory:
    """One accessory: the only one of its pairing, a bridge, or one behind a bridge."""

    __slots__ = ("aid", "services")

    def __init__(self, aid: int) -> None:
        """Begin without services."""
        self.aid = aid
        self.services: tuple[Service, ...] = ()

    @override
    def __repr__(self) -> str:
        """Tell which it is."""
        return f"<Accessory {self.aid}, {len(self.services)} services>"

    @property
    def available(self) -> bool:
        """Whether all its services are."""
        return all(each.available for each in self.services)

    @property
    def reachable(self) -> bool:
        """Whether its bridge reaches it: of what is polled, if anything, something can be had."""
        polled = [each for each in self.characteristics if is_polled(each.metadata)]
        return not polled or any(each.available for each in polled)

    @property
    def characteristics(self) -> Iterator[Characteristic]:
        """All characteristics, in their order."""
        return (each for service in self.services for each in service.characteristics)

    def service(self, uuid: str) -> Service | None:
        """Find the first service of a type; None when there is none."""
        return next((each for each in self.services if each.type == uuid), None)

    def information(self, uuid: str) -> str | None:
        """Give a text of the accessory information, cut to what registries bear; None when it is empty or missing.

        None of them is an identity (§8.7): serial numbers are empty, shared, or equal to something else.
        """
        service = self.service(ServiceUuid.ACCESSORY_INFORMATION)
        return None if service is None else service.text(uuid)

    @property
    def name(self) -> str | None:
        """The accessory's name."""
        return self.information(CharacteristicUuid.NAME)


def is_polled(metadata: Metadata, *, identity: bool = False) -> bool:
    """Tell whether a characteristic has a value that may change without a new description."""
    return (
        metadata.readable and not metadata.stateless and (identity or metadata.type not in IDENTITY)
    )


def plain(raw: object) -> str | None:
    """Make a text fit for people and registries: short, without control characters; None when nothing is left."""
    if type(raw) is not str:
        return None
    return (
        "".join(filter(str.isprintable, raw[: 4 * MAX_NAME_CHARS])).strip()[:MAX_NAME_CHARS] or None
    )
