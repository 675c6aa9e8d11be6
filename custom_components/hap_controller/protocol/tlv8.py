"""TLV8: the items that pairing messages and some characteristics are made of.

Source: docs/hap_controller/wire.md §2.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, override

from .const import MAX_TLV_BYTES, TlvType
from .refusals import TlvError

_FRAGMENT_BYTES: Final = 255

type Item = tuple[int, bytes]
"""Type, 0–255, and value of any length."""


def encode(items: Iterable[Item]) -> bytes:
    """Write items in their order, values of more than 255 bytes as fragments."""
    parts: list[bytes] = []
    for kind, value in items:
        # A value of n·255 bytes has n fragments: an empty one behind them would be an item of its own.
        for start in range(0, len(value) or 1, _FRAGMENT_BYTES):
            fragment = value[start : start + _FRAGMENT_BYTES]
            parts.append(bytes((kind, len(fragment))))
            parts.append(fragment)
    return b"".join(parts)


def integer(value: int) -> bytes:
    """Write an unsigned number as items carry it: little-endian in 1, 2, 4 or 8 bytes (§2.1)."""
    size = next(size for size in (1, 2, 4, 8) if value < 1 << 8 * size)
    return value.to_bytes(size, "little")


def decode(data: bytes, *, strict: bool = True) -> list[Item]:
    """Read all items, unknown ones too; what directly follows an item of its own type continues it.

    Raises TlvError beyond 64 KiB, and when the end is missing; if not ``strict`` the end of the data is then taken
    for the end of the value, as Schlage locks need it for their characteristics (§2.2).
    """
    size = len(data)
    if size > MAX_TLV_BYTES:
        raise TlvError(f"TLV8 of {size} bytes")
    items: list[Item] = []
    last = -1
    start = 0
    while start < size - 1:
        kind = data[start]
        end = start + 2 + data[start + 1]
        value = data[start + 2 : end]
        start = end
        if kind != last:
            items.append((kind, value))
            last = kind
            continue
        # Joined once, however short the peer cuts its fragments.
        fragments = [items.pop()[1], value]
        while start < size - 1 and data[start] == kind:
            end = start + 2 + data[start + 1]
            fragments.append(data[start + 2 : end])
            start = end
        items.append((kind, b"".join(fragments)))
    if start != size and strict:
        raise TlvError("TLV8 ends within an item")
    return items


def split_records(items: Iterable[Item]) -> list[list[Item]]:
    """Cut a list of pairings into its records: each begins at an Identifier, separated or not (§2.2).

    What stands in front of the first Identifier, State and Error, is no record.
    """
    records: list[list[Item]] = []
    for item in items:
        if item[0] == TlvType.IDENTIFIER:
            records.append([item])
        elif records and item[0] != TlvType.SEPARATOR:
            records[-1].append(item)
    return records


def split_list(items: Iterable[Item], separator: int = 0x00) -> list[list[Item]]:
    """Cut the list in a characteristic into its elements, which empty items of type 0 separate (§2.1)."""
    elements: list[list[Item]] = [[]]
    for kind, value in items:
        if kind == separator and not value:
            elements.append([])
        else:
            elements[-1].append((kind, value))
    return [element for element in elements if element]


class Tlv(Mapping[int, bytes]):
    """The items of one message by type; of several of one type the first counts."""

    __slots__ = ("_items",)

    def __init__(self, items: Iterable[Item]) -> None:
        """Keep the items."""
        self._items: dict[int, bytes] = {}
        for kind, value in items:
            self._items.setdefault(kind, value)

    @classmethod
    def decode(cls, data: bytes) -> Tlv:
        """Read a pairing message; raises TlvError."""
        return cls(decode(data))

    @override
    def __getitem__(self, kind: int) -> bytes:
        return self._items[kind]

    @override
    def __iter__(self) -> Iterator[int]:
        return iter(self._items)

    @override
    def __len__(self) -> int:
        return len(self._items)

    @override
    def __repr__(self) -> str:
        """Name types and sizes; values may be keys."""
        sizes = ", ".join(f"{kind:#04x}: {len(value)}" for kind, value in self._items.items())
        return f"Tlv({{{sizes}}})"

    def number(self, kind: int) -> int | None:
        """Read an unsigned little-endian number of up to 8 bytes; None when the item is absent.

        Raises TlvError when it is empty or longer.
        """
        value = self._items.get(kind)
        if value is None:
            return None
        if not 0 < len(value) <= 8:
            raise TlvError(f"a number of {len(value)} bytes in item {kind:#04x}")
        return int.from_bytes(value, "little")


def decode_struct(data: bytes) -> Tlv:
    """Read the value of a TLV8 characteristic, with what is there of a truncated one.

    Raises TlvError beyond 64 KiB.
    """
    return Tlv(decode(data, strict=False))
