"""The services and characteristics that are known, by UUID and by name.

What a concrete accessory says of its characteristics overrides the catalogue; types that are not in it are as good
as those that are. Source: docs/hap_controller/wire.md §15.
"""

from collections.abc import Iterator
from functools import cache
from typing import Final, NamedTuple

from .tables import (
    BASE_SUFFIX,
    CATEGORIES,
    CHARACTERISTICS,
    FORMAT_RANGES,
    SERVICES,
    TLV_ENUMS,
    TLV_STRUCTS,
    CharacteristicUuid,
    ServiceUuid,
)

__all__ = [
    "BASE_SUFFIX",
    "FORMAT_RANGES",
    "OTHER_CATEGORY",
    "STATELESS",
    "Category",
    "CharacteristicType",
    "CharacteristicUuid",
    "ServiceType",
    "ServiceUuid",
    "TlvField",
    "categories",
    "category",
    "category_named",
    "characteristic",
    "characteristics",
    "service",
    "services",
    "tlv_struct",
]

# What a description without a category means (§1.2).
OTHER_CATEGORY: Final = 1

# §8.6: characteristics that tell events and have no state.
STATELESS: Final = frozenset(
    {CharacteristicUuid.PROGRAMMABLE_SWITCH_EVENT, CharacteristicUuid.BUTTON_EVENT}
)


class Category(NamedTuple):
    """What an accessory says it mainly is; for icons only."""

    number: int
    name: str
    tool_name: str | None = None
    """How state files and tools of other programs spell it; None where they do not know it."""


class ServiceType(NamedTuple):
    """A type of service."""

    uuid: str
    name: str | None
    id: str | None
    """Its dotted name, ``public.hap.service.…``; None for vendors' types."""
    vendor: str | None = None
    required: tuple[str, ...] = ()
    """UUIDs of the characteristics it always has."""
    optional: tuple[str, ...] = ()
    """UUIDs of others that it may have, or that were seen in it."""
    aliases: tuple[str, ...] = ()


class CharacteristicType(NamedTuple):
    """A type of characteristic, with what is usual for it."""

    uuid: str
    name: str | None
    id: str | None
    """Its dotted name, ``public.hap.characteristic.…``; None for vendors' types."""
    vendor: str | None = None
    format: str | None = None
    perms: tuple[str, ...] = ()
    unit: str | None = None
    min_value: float | None = None
    max_value: float | None = None
    min_step: float | None = None
    max_len: int | None = None
    max_data_len: int | None = None
    values: tuple[tuple[int, str], ...] = ()
    """What its values, or the bits of them, are called."""
    bitmask: bool = False
    admin_only: tuple[str, ...] = ()
    """Accesses that only administrators have: read, write, notify."""
    stateless: bool = False
    """Whether it tells events and has no state."""
    tlv_struct: str | None = None
    """What its TLV8 holds, as ``tlv_struct`` knows it."""
    tlv_array: bool = False
    """Whether its TLV8 holds several of them."""
    notes: str | None = None
    aliases: tuple[str, ...] = ()


class TlvField(NamedTuple):
    """One item of a TLV8 structure."""

    type: int
    name: str
    kind: str
    """u8, u16le, u32le, f32le, bytes16, bytes, utf8, another structure, or ``list<…>`` of one."""
    values: dict[int, str] | None
    """What its values are called."""


@cache  # as many as there are rows: others are not kept
def _service(uuid: str) -> ServiceType:
    return ServiceType(uuid, *SERVICES[uuid])


@cache
def _characteristic(uuid: str) -> CharacteristicType:
    return CharacteristicType(uuid, *CHARACTERISTICS[uuid])


def service(uuid: str) -> ServiceType | None:
    """Find a type of service by its full UUID in upper case; None when it is not known."""
    return _service(uuid) if uuid in SERVICES else None


def characteristic(uuid: str) -> CharacteristicType | None:
    """Find a type of characteristic by its full UUID in upper case; None when it is not known."""
    return _characteristic(uuid) if uuid in CHARACTERISTICS else None


def services() -> Iterator[ServiceType]:
    """Give all types of services."""
    return map(_service, SERVICES)


def characteristics() -> Iterator[CharacteristicType]:
    """Give all types of characteristics."""
    return map(_characteristic, CHARACTERISTICS)


def category(number: int) -> Category:
    """Name a category; a number that is not known is kept (§1.4)."""
    return Category(number, *CATEGORIES.get(number, (f"Unknown ({number})",)))


def categories() -> Iterator[Category]:
    """Give all categories."""
    return map(category, CATEGORIES)


def category_named(name: str) -> Category | None:
    """Find a category by either of its names, in any case; None when there is none."""
    wanted = name.casefold()
    for each in categories():
        if wanted == each.name.casefold() or (
            each.tool_name and wanted == each.tool_name.casefold()
        ):
            return each
    return None


def tlv_struct(name: str) -> tuple[TlvField, ...] | None:
    """Give the items of a TLV8 structure; None when it is not known."""
    if (fields := TLV_STRUCTS.get(name)) is None:
        return None
    return tuple(
        TlvField(number, field, kind, TLV_ENUMS[values] if values else None)
        for number, field, kind, values in fields
    )
