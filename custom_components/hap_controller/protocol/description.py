"""Descriptions of accessories: read from JSON with all that is odd about it, and written.

Source: docs/hap_controller/wire.md §8.1, §8.7, §11.2.
"""

from collections.abc import Sequence
from typing import Any, Final

import orjson

from .accessories import Accessory, Characteristic, Service, plain
from .catalogue import characteristic as catalogue_entry
from .messages import Key, read_id
from .values import MAX_INTEGER, MIN_INTEGER, FormatError, Metadata, Number, full_type, read_value

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


class DescriptionReader:
    """Reads accessories from decoded JSON, which is used up by that; what cannot be understood is left out."""

    def __init__(self) -> None:
        """Begin without accessories."""
        self.accessories: dict[int, Accessory] = {}
        self.characteristics: dict[Key, Characteristic] = {}
        self.faults: list[str] = []
        """What was left out and why, the first few; without any text of the accessory's."""

    def _skip(self, what: str) -> None:
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(what)

    def read(self, raws: list[Any]) -> None:
        """Read all accessories."""
        if len(raws) > MAX_ACCESSORIES:
            self._skip(f"accessories beyond {MAX_ACCESSORIES}")
        for raw in raws[:MAX_ACCESSORIES]:
            aid = read_id(raw.get("aid")) if type(raw) is dict else None
            services = raw.get("services") if aid is not None else None
            if aid is None or type(services) is not list or aid in self.accessories:
                self._skip("an accessory without number or services, or with the number of another")
                continue
            accessory = self.accessories[aid] = Accessory(aid)
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
        every = self.characteristics
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
        description=plain(raw.get("description")) or (usual.name if usual else None),
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


def store_accessory(accessory: Accessory) -> dict[str, Any]:
    """Write an accessory with the present values as §8.1 has it, with full UUIDs."""
    return {
        "aid": accessory.aid,
        "services": [_store_service(service) for service in accessory.services],
    }


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
        **metadata.limits(),
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
