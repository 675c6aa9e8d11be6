"""What an accessory consists of: services, characteristics, and the words they are described in.

Metadata come from the catalogue, or, for the accessory of a bug report, from its own description.
Source: docs/hap_controller/wire.md §8.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
import re
from typing import Any

from custom_components.hap_controller.protocol.catalogue import (
    BASE_SUFFIX,
    CharacteristicUuid as C,
    ServiceUuid as S,
    characteristic as known_characteristic,
    service as known_service,
)

type Json = dict[str, Any]
type Key = tuple[int, int]
"""Which characteristic: accessory id (aid) and instance id (iid)."""

STATELESS = frozenset({C.PROGRAMMABLE_SWITCH_EVENT, C.BUTTON_EVENT})
"""What tells events and has no state (§8.6)."""
NUMBERS = frozenset({"uint8", "uint16", "uint32", "uint64", "int", "float"})
# What a description says of a characteristic apart from its value and whether it is subscribed to.
_LIMITS = {
    "unit": "unit",
    "minValue": "min_value",
    "maxValue": "max_value",
    "minStep": "min_step",
    "maxLen": "max_len",
    "maxDataLen": "max_data_len",
}
_MOVING = ("value", "ev", "status")
_UNLUCKY_AID = 7


@dataclass(slots=True, eq=False)
class Characteristic:
    """One value of a service."""

    type: str
    """Full UUID, in upper case."""
    iid: int
    perms: tuple[str, ...]
    format: str | None
    limits: Json
    """Unit, range and the like, by their names in the description."""
    value: Any = None
    extra: Json = field(default_factory=dict)
    """Whatever else the description says."""
    told_type: str | None = None
    """How the description spells the type; None for the short form."""
    status: int = 0
    """What reads and writes are answered with; 0 when it works."""

    @property
    def name(self) -> str:
        """What it is called."""
        known = known_characteristic(self.type)
        return (known.name if known else None) or str(self.extra.get("description") or self.type)

    @property
    def stateless(self) -> bool:
        """Whether it tells events and has no state."""
        return self.type in STATELESS

    def describe(self) -> Json:
        """Give what is fixed about it."""
        told: Json = {
            "iid": self.iid,
            "type": self.told_type or short(self.type),
            "perms": list(self.perms),
        }
        if self.format is not None:
            told["format"] = self.format
        return told | self.limits | self.extra


@dataclass(slots=True, eq=False)
class Service:
    """One function of an accessory."""

    type: str
    iid: int
    characteristics: list[Characteristic] = field(default_factory=list)
    linked: list[int] = field(default_factory=list)
    extra: Json = field(default_factory=dict)
    """``primary``, ``hidden``, and what else a description says."""
    told_type: str | None = None

    @property
    def name(self) -> str:
        """What it is called: by its user, else by its type."""
        for uuid in (C.CONFIGURED_NAME, C.NAME):
            if (each := self.find(uuid)) is not None and each.value:
                return str(each.value)
        return self.kind

    @property
    def kind(self) -> str:
        """What its type is called."""
        known = known_service(self.type)
        return (known.name if known else None) or self.type

    def find(self, uuid: str) -> Characteristic | None:
        """Find a characteristic by its full UUID."""
        return next((each for each in self.characteristics if each.type == uuid), None)

    def describe(self) -> Json:
        """Give what is fixed about it."""
        told: Json = {"iid": self.iid, "type": self.told_type or short(self.type), **self.extra}
        if self.linked:
            told["linked"] = list(self.linked)
        return told | {"characteristics": [each.describe() for each in self.characteristics]}


class Accessory:
    """One accessory: it alone, or one of those behind a bridge.

    Built by ``add``, service by service; ids are given in that order, so they are the same each time.
    """

    def __init__(self, aid: int, services: Iterable[Service] = ()) -> None:
        """Begin with these services."""
        self.aid = aid
        self.services = list(services)
        self.reachable = True
        """Whether a bridge can speak with it."""
        self.identified = 0
        """How often it was asked to show which one it is."""
        self.extra: Json = {}

    @classmethod
    def named(cls, aid: int, name: str, model: str, serial: str) -> Accessory:
        """Build one that only says who it is."""
        accessory = cls(aid)
        accessory.add(
            S.ACCESSORY_INFORMATION,
            {
                C.IDENTIFY: None,
                C.MANUFACTURER: "Latchkey",
                C.MODEL: model,
                C.NAME: name,
                C.SERIAL_NUMBER: serial,
                C.FIRMWARE_REVISION: "1.2.3",
            },
        )
        return accessory

    @property
    def name(self) -> str:
        """What its user calls it."""
        information = self.service(S.ACCESSORY_INFORMATION)
        named = information.find(C.NAME) if information else None
        return str(named.value) if named and named.value else f"Accessory {self.aid}"

    @property
    def characteristics(self) -> Iterator[Characteristic]:
        """All of all services."""
        for service in self.services:
            yield from service.characteristics

    def service(self, uuid: str) -> Service | None:
        """Find the first service of a type."""
        return next((each for each in self.services if each.type == uuid), None)

    def add(
        self,
        uuid: str,
        values: Mapping[str, Any],
        *,
        limits: Mapping[str, Json] | None = None,
        perms: Mapping[str, tuple[str, ...]] | None = None,
        linked: Iterable[Service] = (),
        **extra: Any,
    ) -> Service:
        """Add a service with these characteristics and their values; ``limits`` override those of the catalogue.

        ``linked`` are the services it belongs to: each of them is told so.
        """
        service = Service(uuid, self._next_iid(), extra=extra)
        self.services.append(service)
        for kind, value in values.items():
            each = standard(kind, self._next_iid(), value)
            each.limits |= (limits or {}).get(kind, {})
            each.perms = (perms or {}).get(kind, each.perms)
            service.characteristics.append(each)
        for other in linked:
            other.linked.append(service.iid)
        return service

    def _next_iid(self) -> int:
        ids = [service.iid for service in self.services]
        ids += [each.iid for each in self.characteristics]
        return max(ids, default=0) + 1

    def describe(self) -> Json:
        """Give what is fixed about it."""
        return {
            "aid": self.aid,
            **self.extra,
            "services": [each.describe() for each in self.services],
        }


def standard(uuid: str, iid: int, value: Any) -> Characteristic:
    """Build a characteristic as the catalogue has it."""
    known = known_characteristic(uuid)
    if known is None or known.format is None:
        raise LookupError(f"the catalogue does not say what {uuid} is like")
    limits = {
        name: limit for name, row in _LIMITS.items() if (limit := getattr(known, row)) is not None
    }
    return Characteristic(uuid, iid, known.perms, known.format, limits, value)


def next_aid(taken: Iterable[int]) -> int:
    """Give the id of an accessory that comes to a bridge; phones misbehave on 7 (§8.1)."""
    aid = max(taken, default=0) + 1
    return aid + 1 if aid == _UNLUCKY_AID else aid


def short(uuid: str) -> str:
    """Give the short form of a type of Apple's; others have none."""
    head = uuid.removesuffix(BASE_SUFFIX)
    return uuid if head == uuid else head.lstrip("0") or "0"


def full(text: str) -> str:
    """Give the full UUID of a type in any spelling; what is none stays as it is."""
    digits = re.sub("[^0-9A-Fa-f]", "", text).upper()
    if len(digits) <= len("0000003E"):
        return digits.rjust(8, "0") + BASE_SUFFIX
    digits = digits.rjust(32, "0")
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def read_accessories(described: Iterable[Json]) -> list[Accessory]:
    """Build accessories from a description with values, as a controller has read it.

    Raises LookupError, TypeError or ValueError when it is none.
    """
    return [_read_accessory(each) for each in described]


def _read_accessory(told: Json) -> Accessory:
    accessory = Accessory(int(told["aid"]), map(_read_service, told["services"]))
    accessory.extra = {name: told[name] for name in told if name not in {"aid", "services"}}
    return accessory


def _read_service(told: Json) -> Service:
    own = {"iid", "type", "characteristics", "linked"}
    return Service(
        full(told["type"]),
        int(told["iid"]),
        [_read_characteristic(each) for each in told.get("characteristics", ())],
        list(told.get("linked") or ()),
        {name: told[name] for name in told if name not in own},
        told["type"],
    )


def _read_characteristic(told: Json) -> Characteristic:
    limits = (*_LIMITS, "valid-values", "valid-values-range")
    own = {"iid", "type", "perms", "format", *limits, *_MOVING}
    uuid = full(told["type"])
    known = known_characteristic(uuid)
    return Characteristic(
        uuid,
        int(told["iid"]),
        tuple(told.get("perms") or (known.perms if known else ())),
        told.get("format") or (known.format if known else None),
        {name: told[name] for name in limits if told.get(name) is not None},
        told.get("value"),
        {name: told[name] for name in told if name not in own},
        told["type"],
        int(told.get("status") or 0),
    )


def spelled(name: str) -> str:
    """Give a name without case, blanks and marks, to compare it."""
    return re.sub("[^0-9a-z]", "", name.casefold())
