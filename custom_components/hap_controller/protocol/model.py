"""The accessories of one pairing: what there is, and its state as last reported.

The description is built once and stays; values and statuses change in place, by ``apply`` alone, which says what
changed. A new description (§10.5) is a new ``Database``; ``difference`` tells the two apart. Nothing here knows which
transport a report came by. Source: docs/hap_controller/wire.md §8.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, override

import orjson

from .catalogue import CharacteristicUuid, ServiceUuid, characteristic as catalogue_entry
from .const import MAX_NAME_CHARS, HapStatus
from .errors import FrameError
from .messages import Key, Report, Written, read_id
from .values import (
    MAX_INTEGER,
    MIN_INTEGER,
    FormatError,
    Metadata,
    Number,
    dumps,
    full_type,
    loads,
    read_value,
)

# HAP allows 150 accessories, 100 services in each and 100 characteristics in each of those; some have more.
MAX_ACCESSORIES: Final = 1000
MAX_SERVICES: Final = 400
MAX_CHARACTERISTICS: Final = 400
# Enough for a look at what is odd about an accessory.
MAX_FAULTS: Final = 16
# Texts of metadata reach registries; longer formats, units and permissions are none.
_MAX_WORD_CHARS: Final = 32
_MAX_PERMS: Final = 16
# Several bridges have hundreds between them; beyond that they are read again.
_KEPT_METADATA: Final = 1024
# With all valid values of a byte; members that nobody knows are not worth keeping.
_MAX_KEPT_BYTES: Final = 2048
# Kinds of services are fewer, and have some ten characteristics.
_KEPT_SERVICES: Final = 256
_MAX_KEPT_SERVICE_BYTES: Final = 8192
# iid, type and characteristics.
_USUAL_SERVICE_MEMBERS: Final = 3
# A byte has no more values.
_MAX_VALID_VALUES: Final = 256

_UNREACHABLE: Final = int(HapStatus.UNREACHABLE)
# Status of what was asked for and not told, which is no status of HAP.
UNTOLD: Final = -1

# What accessories say of themselves, which changes only with a new description.
_IDENTITY: Final = frozenset(
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
        return self.status != _UNREACHABLE


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
        return None if found is None else _plain(found.value)


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
        polled = [each for each in self.characteristics if _is_polled(each.metadata)]
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
        _Builder(database).read(accessories)
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

    def written(self, values: Mapping[Key, Any], results: Mapping[Key, Written]) -> list[Change]:
        """Take our own writes that the accessory confirmed; it does not report them to us (§7.3).

        What cannot be read is not echoed. A write response is the truth where there is one.
        """
        confirmed = [
            (key, value if result.value is None else result.value, 0)
            for key, value in values.items()
            if (result := results.get(key)) is not None
            and not result.status
            and (found := self.characteristics.get(key)) is not None
            and found.metadata.readable
        ]
        return self.apply(confirmed)

    def readable(self, *, identity: bool = False) -> list[Key]:
        """List what can be polled; names, serial numbers and the like only with ``identity``."""
        return [
            key
            for key, each in self.characteristics.items()
            if _is_polled(each.metadata, identity=identity)
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
        return [
            {
                "aid": accessory.aid,
                "services": [_store_service(service) for service in accessory.services],
            }
            for accessory in self.accessories.values()
        ]


def _is_polled(metadata: Metadata, *, identity: bool = False) -> bool:
    """Tell whether a characteristic has a value that may change without a new description."""
    return (
        metadata.readable
        and not metadata.stateless
        and (identity or metadata.type not in _IDENTITY)
    )


def _apply_uncommon(found: Characteristic, told: Any, status: int, pushed: bool) -> list[Change]:
    """Take a report that is about more than a value of the usual kind."""
    if status:
        # While it cannot be reached, other failures are no news of it.
        if found.status in (status, _UNREACHABLE):
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


# --- reading a description ----------------------------------------------------------------------


class _Builder:
    """Fills a database from decoded JSON, which is used up by that."""

    def __init__(self, database: Database) -> None:
        """Take an empty database."""
        self._accessories = database.accessories
        self._every = database.characteristics
        self._faults = database.faults

    def _skip(self, what: str) -> None:
        if len(self._faults) < MAX_FAULTS:
            self._faults.append(what)

    def read(self, raws: list[Any]) -> None:
        """Read all accessories."""
        if len(raws) > MAX_ACCESSORIES:
            self._skip(f"accessories beyond {MAX_ACCESSORIES}")
        for raw in raws[:MAX_ACCESSORIES]:
            aid = read_id(raw.get("aid")) if type(raw) is dict else None
            services = raw.get("services") if aid is not None else None
            if aid is None or type(services) is not list or aid in self._accessories:
                self._skip("an accessory without number or services, or with the number of another")
                continue
            accessory = self._accessories[aid] = Accessory(aid)
            accessory.services = self._services(accessory, services)

    def _services(self, accessory: Accessory, raws: list[Any]) -> tuple[Service, ...]:
        if len(raws) > MAX_SERVICES:
            self._skip(f"services of {accessory.aid} beyond {MAX_SERVICES}")
        services: dict[int, Service] = {}
        links: list[tuple[Service, list[Any]]] = []
        for raw in raws[:MAX_SERVICES]:
            try:
                iid, uuid = raw["iid"], full_type(raw["type"])
            except AttributeError, FormatError, KeyError, TypeError:
                iid = uuid = None  # no object, or of other things
            if type(iid) is not int or iid <= 0:
                iid = read_id(iid)
            if iid is None or uuid is None or iid in services:
                self._skip(f"a service of {accessory.aid} without number or type, or twice")
                continue
            service = services[iid] = Service(accessory, iid, uuid)
            # §8.7: Eve shows a Bluetooth service that has none.
            if type(characteristics := raw.get("characteristics")) is list:
                service.characteristics = self._characteristics(service, characteristics)
            if len(raw) > _USUAL_SERVICE_MEMBERS:
                service.primary = _boolean(raw.get("primary"))
                service.hidden = _boolean(raw.get("hidden"))
                if type(linked := raw.get("linked")) is list:
                    links.append((service, linked))
        for service, linked in links:
            # §8.7: Schlage names 0, Yeelight services that do not exist.
            service.linked_iids = tuple(
                iid
                for raw in linked[:MAX_SERVICES]
                if (iid := read_id(raw)) is not None and iid in services
            )
        return tuple(services.values())

    def _characteristics(self, service: Service, raws: list[Any]) -> tuple[Characteristic, ...]:
        """Read the characteristics of a service: thousands on a large bridge, so no call for each that is not needed."""
        aid = service.accessory.aid
        if len(raws) > MAX_CHARACTERISTICS:
            self._skip(f"characteristics of {aid}.{service.iid} beyond {MAX_CHARACTERISTICS}")
            del raws[MAX_CHARACTERISTICS:]
        every = self._every
        built = []
        values = [raw.pop("value", None) if type(raw) is dict else None for raw in raws]
        for (iid, metadata), told in zip(_fixed(raws), values, strict=True):
            if metadata is None or iid is None or (key := (aid, iid)) in every:
                self._skip(
                    f"a characteristic of {aid}.{service.iid} without number or type, or twice"
                )
                continue
            value = told
            if value.__class__ is not metadata.plain_class and value is not None:
                value = None if metadata.stateless else read_value(told, metadata)
            every[key] = found = Characteristic(key, service, metadata, value)
            built.append(found)
        raws.clear()  # while all of it is at hand
        return tuple(built)


type _Fixed = tuple[int | None, Metadata | None]
"""Number and metadata of a characteristic; None for what is unusable."""


def _fixed(raws: list[Any]) -> Sequence[_Fixed]:
    """Read all of the characteristics of a service but their values, which uses them up.

    A large bridge has many services that differ in nothing else: those share the result.
    """
    try:
        what = orjson.dumps(raws)
    except TypeError:  # one of them is nested too deep, which is no fault of the others
        return [_fixed_one(raw) for raw in raws]
    if (known := _kept_services.get(what)) is None:
        known = [_fixed_one(raw) for raw in raws]
        if len(what) <= _MAX_KEPT_SERVICE_BYTES:
            if len(_kept_services) >= _KEPT_SERVICES:
                _kept_services.clear()
            _kept_services[what] = known
    return known


def _fixed_one(raw: Any) -> _Fixed:
    try:
        iid = raw.pop("iid")
        what = orjson.dumps(raw)
    except AttributeError, KeyError, TypeError:  # no object, no number, or nested too deep
        return None, None
    return read_id(iid), _kept_metadata.get(what) or _read_metadata(what)


def _read_metadata(what: bytes) -> Metadata | None:
    """Read what is fixed about a characteristic; None when it has no usable type. The catalogue fills gaps.

    ``what`` is all of it but number and value, as JSON: on a large bridge hundreds are alike, and then share the result.
    """
    raw = orjson.loads(what)
    uuid = _type(raw.get("type"))
    if uuid is None:
        return None
    usual = catalogue_entry(uuid)
    perms = raw.get("perms")
    metadata = Metadata(
        type=uuid,
        perms=tuple(filter(None, map(_word, perms[:_MAX_PERMS]))) if type(perms) is list else (),
        format=_word(raw.get("format")) or (usual.format if usual else None),
        unit=_word(raw.get("unit")) or (usual.unit if usual else None),
        description=_plain(raw.get("description")) or (usual.name if usual else None),
        min_value=_number(raw.get("minValue")),
        max_value=_number(raw.get("maxValue")),
        min_step=_number(raw.get("minStep")),
        max_len=_count(raw.get("maxLen")),
        max_data_len=_count(raw.get("maxDataLen")),
        valid_values=_numbers(raw.get("valid-values")),
        valid_values_range=_span(raw.get("valid-values-range")),
        handle=_count(raw.get("handle")),
        broadcast_events=_boolean(raw.get("broadcast_events")),
        disconnected_events=_boolean(raw.get("disconnected_events")),
    )
    if len(what) < _MAX_KEPT_BYTES:
        if len(_kept_metadata) >= _KEPT_METADATA:
            _kept_metadata.clear()
        _kept_metadata[what] = metadata
    return metadata


_kept_metadata: Final[dict[bytes, Metadata]] = {}
"""What was read before; cheaper to look up than what forgets one by one."""
_kept_services: Final[dict[bytes, Sequence[_Fixed]]] = {}
"""The same for whole services."""


def _type(raw: object) -> str | None:
    try:
        return full_type(raw) if type(raw) is str else None
    except FormatError:
        return None


def _word(raw: object) -> str | None:
    return raw if type(raw) is str and 0 < len(raw) <= _MAX_WORD_CHARS else None


def _plain(raw: object) -> str | None:
    """Make a text fit for people and registries: short, without control characters; None when nothing is left."""
    if type(raw) is not str:
        return None
    return (
        "".join(filter(str.isprintable, raw[: 4 * MAX_NAME_CHARS])).strip()[:MAX_NAME_CHARS] or None
    )


def _number(raw: object) -> Number | None:
    """Take a number as accessories have them; a limit beyond is none."""
    if type(raw) is not int and type(raw) is not float:
        return None
    return raw if MIN_INTEGER <= raw <= MAX_INTEGER else None


def _numbers(raw: object) -> tuple[Number, ...] | None:
    if type(raw) is not list:
        return None
    numbers = (_number(each) for each in raw[:_MAX_VALID_VALUES])
    return tuple(each for each in numbers if each is not None) or None


def _span(raw: object) -> tuple[Number, Number] | None:
    match _numbers(raw):
        case (first, last):
            return first, last
        case _:
            return None


def _count(raw: object) -> int | None:
    return raw if type(raw) is int and raw >= 0 else None


def _boolean(raw: object) -> bool | None:
    return bool(raw) if type(raw) in (bool, int) and raw in (0, 1) else None


# --- writing it, §11.2 --------------------------------------------------------------------------


def _store_service(service: Service) -> dict[str, Any]:
    stored: dict[str, Any] = {
        "iid": service.iid,
        "type": service.type,
        "characteristics": [_store_characteristic(each) for each in service.characteristics],
    }
    if service.primary is not None:
        stored["primary"] = service.primary
    if service.hidden is not None:
        stored["hidden"] = service.hidden
    if service.linked_iids:
        stored["linked"] = list(service.linked_iids)
    return stored


def _store_characteristic(characteristic: Characteristic) -> dict[str, Any]:
    metadata = characteristic.metadata
    members = {
        "format": metadata.format,
        "value": characteristic.value if metadata.readable else None,
        "description": metadata.description,
        "unit": metadata.unit,
        "minValue": metadata.min_value,
        "maxValue": metadata.max_value,
        "minStep": metadata.min_step,
        "maxLen": metadata.max_len,
        "maxDataLen": metadata.max_data_len,
        "valid-values": metadata.valid_values and list(metadata.valid_values),
        "valid-values-range": metadata.valid_values_range and list(metadata.valid_values_range),
        "handle": metadata.handle,
        "disconnected_events": metadata.disconnected_events,
        "broadcast_events": metadata.broadcast_events,
    }
    return {
        "type": metadata.type,
        "iid": characteristic.key[1],
        "perms": list(metadata.perms),
        **{name: value for name, value in members.items() if value is not None},
    }


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
            if after[key].type in _IDENTITY and before[key].value != after[key].value
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
