"""The accessories of one pairing and their state as last reported.

The description is built once and stays; values and statuses change in place, by ``apply`` alone, which says what
changed. A new description (§10.5) is a new ``Database``; ``difference`` tells the two apart. Nothing here knows which
transport a report came by. Source: docs/hap_controller/wire.md §8.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, override

from .accessories import IDENTITY, UNREACHABLE, Accessory, Characteristic, is_polled
from .description import DescriptionReader, store_accessory
from .errors import FrameError
from .messages import Key, Report, Written
from .values import FormatError, dumps, loads, read_value

# Status of what was asked for and not told, which is no status of HAP.
UNTOLD: Final = -1

type Change = tuple[Characteristic, Any]
"""A characteristic whose value or status changed, or that told an event; with the value at that moment."""


class Database:
    """All accessories of one pairing."""

    def __init__(self) -> None:
        """Begin without accessories; ``load`` and ``from_accessories`` fill it."""
        self.accessories: dict[int, Accessory] = {}
        self.characteristics: dict[Key, Characteristic] = {}
        self.faults: list[str] = []
        """What was left out and why, the first few; without any text of the accessory's."""

    @override
    def __repr__(self) -> str:
        """Tell how large it is."""
        return f"<Database of {len(self.accessories)} accessories>"

    @classmethod
    def load(cls, body: bytes | bytearray | memoryview) -> Database:
        """Build it from the answer to /accessories (§7.1, §8.1). What cannot be understood is left out.

        Raises FrameError when it is not JSON, or describes no accessory.
        """
        root = loads(body)
        accessories = root.get("accessories") if type(root) is dict else None
        if type(accessories) is not list:
            raise FrameError("a description has no accessories")
        database = cls()
        reader = DescriptionReader()
        reader.read(accessories)
        database.accessories = reader.accessories
        database.characteristics = reader.characteristics
        database.faults = reader.faults
        if not database.accessories:
            raise FrameError("a description has no usable accessory")
        return database

    @classmethod
    def from_accessories(cls, accessories: Any) -> Database:
        """Build it from accessories as ``store`` gave them, or as another transport or program described them.

        Raises FrameError when they are none.
        """
        try:
            return cls.load(dumps({"accessories": accessories}))
        except FormatError as err:
            raise FrameError("a stored description is not JSON") from err

    def apply(self, reports: Iterable[Report], *, pushed: bool = False) -> list[Change]:
        """Take what was read, or what the accessory ``pushed``; gives what changed, in order.

        Null and nonsense change no value, only its status. Stateless characteristics (§8.6) only count when pushed,
        and then always.
        """
        changes: list[Change] = []
        find = self.characteristics.get
        for key, value, status in reports:
            if (found := find(key)) is None:
                continue
            if status or found.status or value.__class__ is not found.metadata.plain_class:
                changes += _apply_uncommon(found, value, status, pushed)
            elif value != found.value:
                found.value = value
                changes.append((found, value))
        return changes

    def confirmed(self, values: Mapping[Key, Any], results: Mapping[Key, Written]) -> list[Report]:
        """Tell of our own writes what the accessory confirmed; it does not report them to us (§7.3).

        What cannot be read is not echoed. A write response is the truth where there is one.
        """
        return [
            (key, value if result.value is None else result.value, 0)
            for key, value in values.items()
            if (result := results.get(key)) is not None
            and not result.status
            and (found := self.characteristics.get(key)) is not None
            and found.metadata.readable
        ]

    def agrees(self, report: Report) -> bool:
        """Tell whether a report says what is known already."""
        key, value, status = report
        found = self.characteristics.get(key)
        return (
            found is not None
            and found.status == status
            and found.value == read_value(value, found.metadata)
        )

    def readable(self, *, identity: bool = False) -> list[Key]:
        """List what can be polled; names, serial numbers and the like only with ``identity``."""
        return [
            key
            for key, each in self.characteristics.items()
            if is_polled(each.metadata, identity=identity)
        ]

    def subscribable(self) -> list[Key]:
        """List what tells its changes."""
        return [key for key, each in self.characteristics.items() if each.metadata.notifies]

    def find(self, service_uuid: str, characteristic_uuid: str) -> Iterator[Characteristic]:
        """Find all characteristics of a type in all services of a type, in the order of the description."""
        for accessory in self.accessories.values():
            for service in accessory.services:
                if service.type == service_uuid:
                    for each in service.characteristics:
                        if each.metadata.type == characteristic_uuid:
                            yield each

    def store(self) -> list[dict[str, Any]]:
        """Give the description with the present values, as §8.1 writes it, with full UUIDs."""
        return [store_accessory(each) for each in self.accessories.values()]


def _apply_uncommon(found: Characteristic, told: Any, status: int, pushed: bool) -> list[Change]:
    """Take a report that is about more than a value of the usual kind."""
    if status:
        # While it cannot be reached, other failures are no news of it.
        if found.status in (status, UNREACHABLE):
            return []
        found.status = status
        return [(found, found.value)]
    value = read_value(told, found.metadata)
    # What is known stays, but after null or nonsense nobody knows whether it still is so.
    is_doubtful = value is None and found.value is not None and not found.metadata.stateless
    status = UNTOLD if is_doubtful else 0
    turned, found.status = found.status != status, status
    if found.metadata.stateless:
        if pushed and value is not None:
            return [(found, value)]
    elif value is not None and value != found.value:
        found.value = value
        return [(found, value)]
    return [(found, found.value)] if turned else []


# --- two descriptions ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """What a new description has that an old one had not, and the other way round; never empty sets of what stayed."""

    added_accessories: frozenset[int]
    removed_accessories: frozenset[int]
    added_services: frozenset[Key]
    """Accessory and service numbers; one whose type changed is removed and added."""
    removed_services: frozenset[Key]
    added_characteristics: frozenset[Key]
    """One whose type changed, or that moved to another service, is removed and added."""
    removed_characteristics: frozenset[Key]
    changed_characteristics: frozenset[Key]
    """Those that stayed with other metadata: limits, permissions, format."""
    changed_services: frozenset[Key]
    """Those that stayed with other links, or are primary or hidden now, or no longer."""
    changed_information: frozenset[Key]
    """Characteristics that stayed and say another thing of what they belong to, as a name or a version."""

    def __bool__(self) -> bool:
        """Tell whether there is any."""
        return any(getattr(self, name) for name in self.__slots__)


def difference(old: Database, new: Database) -> Difference:
    """Compare two descriptions of the same pairing; values that may change at any time do not count."""
    old_services, new_services = _services(old), _services(new)
    before, after = old.characteristics, new.characteristics
    stayed = {
        key
        for key in before.keys() & after.keys()
        if _identity(before[key]) == _identity(after[key])
    }
    return Difference(
        frozenset(new.accessories.keys() - old.accessories.keys()),
        frozenset(old.accessories.keys() - new.accessories.keys()),
        frozenset(key for key, _ in new_services.keys() - old_services.keys()),
        frozenset(key for key, _ in old_services.keys() - new_services.keys()),
        frozenset(after.keys() - stayed),
        frozenset(before.keys() - stayed),
        frozenset(key for key in stayed if before[key].metadata != after[key].metadata),
        frozenset(
            each[0] for each, rank in new_services.items() if old_services.get(each, rank) != rank
        ),
        frozenset(
            key
            for key in stayed
            if after[key].type in IDENTITY and before[key].value != after[key].value
        ),
    )


def _services(database: Database) -> dict[tuple[Key, str], tuple[Any, ...]]:
    """Give what is said of services, by number and type, beside what they have."""
    return {
        ((aid, service.iid), service.type): (
            service.linked_iids,
            service.primary,
            service.hidden,
        )
        for aid, accessory in database.accessories.items()
        for service in accessory.services
    }


def _identity(characteristic: Characteristic) -> tuple[str, int, str]:
    service = characteristic.service
    return characteristic.type, service.iid, service.type
