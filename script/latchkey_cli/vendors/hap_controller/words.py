"""Accessories, services, characteristics and their values in words, in tables and in JSON."""

from collections.abc import Iterable
from typing import Any

from custom_components.hap_controller.protocol import (
    SERVICE_TYPE,
    Accessory,
    Announcement,
    Characteristic,
    Database,
    Difference,
    Service,
    StatusError,
    catalogue,
    feature_text,
    read_structure,
    status_texts,
)

from ...output import Json, printable, table

UNITS = {"celsius": " °C", "percentage": " %", "arcdegrees": "°", "lux": " lx", "seconds": " s"}
HEADINGS = ("ID", "ACCESSORY", "SERVICE", "CHARACTERISTIC", "VALUE")
_ID_PARTS = 3
"""What stands in front in all dotted names: public.hap.characteristic, public.hap.service."""


# --- announcements -------------------------------------------------------------------------------


def announcement_text(found: Announcement) -> str:
    """Tell all that an accessory announces, as a block with an empty line at its end."""
    address = found.addresses[0] if found.addresses else None
    lines = {
        "Name": f"{found.name}.{SERVICE_TYPE}",
        "Url": url(address, found.port) if address else "none that can be used",
        "Configuration number (c#)": found.config_number,
        "Feature Flags (ff)": f"{feature_text(found.feature_flags)} (Flag: {found.feature_flags})",
        "Device ID (id)": found.device_id,
        "Model Name (md)": found.model,
        "Protocol Version (pv)": found.protocol_version,
        "State Number (s#)": found.state_number,
        "Status Flags (sf)": f"{' '.join(status_texts(found.status_flags))} (Flag: {found.status_flags})",
        "Category Identifier (ci)": f"{category_name(found)} (Id: {found.category_number})",
    }
    return "".join(f"{name}: {printable(str(value))}\n" for name, value in lines.items())


def announcement_json(found: Announcement) -> Json:
    """Give all that an accessory announces."""
    return {
        "name": found.name,
        "device_id": found.device_id,
        "addresses": list(found.addresses),
        "port": found.port,
        "model": found.model,
        "category": category_name(found),
        "category_id": found.category_number,
        "paired": found.paired,
        "status_flags": found.status_flags,
        "feature_flags": found.feature_flags,
        "config_number": found.config_number,
        "state_number": found.state_number,
        "protocol_version": found.protocol_version,
        "setup_hash": found.setup_hash,
    }


def category_name(found: Announcement) -> str:
    """Name a category as the older tools do."""
    return found.category.tool_name or found.category.name


def url(address: str, port: int | None) -> str:
    """Write where an accessory is."""
    return f"http://{f'[{address}]' if ':' in address else address}:{port}"


# --- descriptions --------------------------------------------------------------------------------


def service_name(service: Service) -> str:
    """Give the last part of the dotted name of a service that says something."""
    known = catalogue.service(service.type)
    if known is None:
        return f"Unknown Service: {service.type}"
    if known.id is None:
        return known.name or service.type
    front, _, last = known.id.rpartition(".")
    return ".".join(front.split(".")[_ID_PARTS:]) if last == "service" else last


def characteristic_name(found: Characteristic) -> str:
    """Give the dotted name of a characteristic, without what is the same in all."""
    known = catalogue.characteristic(found.type)
    if known is None:
        return f"Unknown Characteristic {found.type}"
    return ".".join(known.id.split(".")[_ID_PARTS:]) if known.id else known.name or found.type


def description_text(database: Database, *, decode: bool) -> str:
    """Lay out all accessories, services and characteristics."""
    lines = []
    for accessory in database.accessories.values():
        for service in accessory.services:
            lines.append(f"{accessory.aid}.{service.iid}: >{service_name(service)}<")
            lines += [
                f"  {key_text(each)}: {_value_text(each, decode=decode)} ({each.metadata.description or ''})"
                f" >{characteristic_name(each)}< [{','.join(each.metadata.perms)}]"
                for each in service.characteristics
            ]
    return "\n".join(map(printable, lines))


def _value_text(found: Characteristic, *, decode: bool) -> str:
    value = shown(found, decode=decode)
    return "" if value is None else str(value)


def description_json(database: Database, *, decode: bool) -> list[Json]:
    """Give all accessories as they describe themselves, with full UUIDs."""
    stored = database.store()
    if decode:
        for accessory in stored:
            for service in accessory["services"]:
                for each in service["characteristics"]:
                    if (told := read_structure(each.get("value"), each["type"])) is not None:
                        each["value"] = told
    return stored


def shown(found: Characteristic, *, decode: bool) -> Any:
    """Give a value as it is, or of TLV8 with a known layout what it says."""
    told = read_structure(found.value, found.type) if decode else None
    return found.value if told is None else told


def key_text(found: Characteristic) -> str:
    """Write the numbers of a characteristic."""
    return f"{found.aid}.{found.iid}"


# --- single characteristics ----------------------------------------------------------------------


def characteristic_json(found: Characteristic, **wanted: bool) -> Json:
    """Tell of one characteristic what was wanted: value, and ``meta``, ``perms``, ``type``, ``decode``."""
    metadata = found.metadata
    told: Json = {"value": shown(found, decode=wanted.get("decode", False))}
    if found.status:
        told = failure_json(found.status)
    if wanted.get("meta"):
        limits = {
            "format": metadata.format,
            **metadata.limits(),
            "description": metadata.description,
        }
        told |= {name: limit for name, limit in limits.items() if limit is not None}
    if wanted.get("perms"):
        told["perms"] = list(metadata.perms)
    if wanted.get("type"):
        told["type"] = found.type
    return told


def failure_json(status: int) -> Json:
    """Tell why a characteristic could not be read."""
    return {"status": status, "description": str(StatusError(status))}


def value_text(found: Characteristic, value: Any) -> str:
    """Say a value for people: with its unit, and with the name that it has."""
    if value is None:
        return ""
    metadata = found.metadata
    known = catalogue.characteristic(found.type)
    if known and not known.bitmask and not isinstance(value, bool):
        names = dict(known.values)
        if value in names:
            return f"{names[value]} ({value})"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value}{UNITS.get(metadata.unit or '', '')}"


def accessory_name(accessory: Accessory) -> str:
    """Name an accessory; by its number when it has no name."""
    return accessory.name or f"accessory {accessory.aid}"


def characteristic_label(found: Characteristic) -> str:
    """Say what a characteristic is, for people."""
    return found.metadata.description or characteristic_name(found)


def service_label(service: Service) -> str:
    """Say what a service is, for people: by its own name, where it has one."""
    known = catalogue.service(service.type)
    return service.name or (known and known.name) or service_name(service)


def value_table(wanted: Iterable[Characteristic]) -> str:
    """Lay characteristics out with their values."""
    return table(
        HEADINGS,
        (
            (
                key_text(each),
                accessory_name(each.service.accessory),
                service_label(each.service),
                characteristic_label(each),
                value_text(each, each.value),
            )
            for each in wanted
        ),
    )


def value_json(found: Characteristic, value: Any) -> Json:
    """Tell of a value: whose it is, and what."""
    return {
        "id": key_text(found),
        "accessory": accessory_name(found.service.accessory),
        "service": service_label(found.service),
        "characteristic": characteristic_label(found),
        "type": found.type,
        "value": value,
        "available": found.available,
    }


def change_text(found: Characteristic, value: Any) -> str:
    """Say what changed."""
    names = (
        accessory_name(found.service.accessory),
        service_label(found.service),
        characteristic_label(found),
    )
    text = value_text(found, value) if found.available else "not reachable"
    return f"{', '.join(dict.fromkeys(names))} ({key_text(found)}): {text}"


def difference_json(difference: Difference) -> Json:
    """Count what an accessory has gained and lost."""
    counts = {
        f"{verb}_{what}": len(getattr(difference, f"{verb}_{what}"))
        for what in ("accessories", "services", "characteristics")
        for verb in ("added", "removed")
    }
    return counts | {"changed_characteristics": len(difference.changed_characteristics)}


def difference_text(counts: Json) -> str:
    """Say what an accessory has gained and lost."""
    told = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items() if count)
    return f"the accessory describes itself in another way: {told}"
