"""What the TLV8 of characteristics holds, by the layouts of the catalogue.

Source: docs/hap_controller/wire.md §2.1, §15.
"""

from base64 import b64decode
from collections.abc import Iterable
import struct
from typing import Any, Final

from .catalogue import TlvField, characteristic, tlv_struct
from .refusals import TlvError
from .tlv8 import Item, decode

_NUMBERS: Final = frozenset({"u8", "u16le", "u32le"})
_MAX_NUMBER_BYTES: Final = 8
_FLOAT: Final = struct.Struct("<f")
# Keys of camera streams are nobody's business where values are shown.
_SECRET: Final = frozenset({"master_key", "master_salt"})


def read_structure(value: Any, uuid: str) -> dict[str, Any] | list[dict[str, Any]] | None:
    """Read the value of a TLV8 characteristic, base64, into plain objects; None where there is no layout, or no TLV8.

    Numbers with a name become that name, bytes hexadecimal, what the layout lacks stands under its number. Keys are
    left out.
    """
    known = characteristic(uuid)
    if known is None or known.tlv_struct is None or type(value) is not str:
        return None
    fields = _layout(known.tlv_struct)
    try:
        items = decode(b64decode(value, validate=True), strict=False)
    except ValueError, TlvError:
        return None
    if known.tlv_array:
        return [_read(element, fields) for element in _elements(items, fields)]
    return _read(items, fields)


def _layout(name: str) -> tuple[TlvField, ...]:
    """Find a layout; of one for writing and one for reading it is the latter."""
    return tlv_struct(name) or tlv_struct(name.rpartition("/")[2].split()[0]) or ()


def _is_list(field: TlvField | None) -> bool:
    return field is not None and field.kind.startswith("list<")


def _elements(items: Iterable[Item], fields: Iterable[TlvField]) -> list[list[Item]]:
    """Cut a list into structures.

    Empty items of type 0 separate them, in some accessories nothing does; inside of a structure the same separates the
    elements of a list that it has.
    """
    lists = {field.type for field in fields if _is_list(field)}
    elements: list[list[Item]] = []
    seen: set[int] = set()
    separated = True
    for kind, data in items:
        if not kind and not data:
            separated = True
            continue
        again = kind in seen
        if (again and kind not in lists) or (separated and not again):
            elements.append([])
            seen = set()
        elements[-1].append((kind, data))
        seen.add(kind)
        separated = False
    return elements


def _read(items: Iterable[Item], fields: Iterable[TlvField]) -> dict[str, Any]:
    """Read one structure; it is no deeper than the layouts are."""
    by_type = {field.type: field for field in fields}
    told: dict[str, Any] = {}
    for kind, data in items:
        field = by_type.get(kind)
        if field is None:
            if kind or data:  # else it is a separator
                told.setdefault(f"{kind:#04x}", data.hex())
        elif _is_list(field):
            inner = _layout(field.kind.removeprefix("list<").removesuffix(">"))
            elements = _elements(decode(data, strict=False), inner)
            told.setdefault(field.name, []).extend(_read(each, inner) for each in elements)
        elif field.name not in _SECRET:
            told.setdefault(field.name, _value(data, field))
    return told


def _value(data: bytes, field: TlvField) -> Any:
    """Read one item that is no list."""
    if inner := tlv_struct(field.kind):
        return _read(decode(data, strict=False), inner)
    if field.kind in _NUMBERS and 0 < len(data) <= _MAX_NUMBER_BYTES:
        number = int.from_bytes(data, "little")
        return (field.values or {}).get(number, number)
    if field.kind == "f32le" and len(data) == _FLOAT.size:
        return _FLOAT.unpack(data)[0]
    if field.kind == "utf8":
        return data.decode(errors="replace")
    return data.hex()
