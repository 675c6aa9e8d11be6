"""Write the tables of services and characteristics from the catalogue of HomeKit types."""

from collections import Counter
import json
from pathlib import Path
import re
from typing import Any

SOURCE = Path("tests/hap_controller/vectors/catalogue.json")
TARGET = Path("custom_components/hap_controller/protocol/catalogue/tables.py")

# What a row holds, in the order of the fields of the typed classes.
SERVICE_FIELDS = ("name", "id", "vendor", "required", "optional", "aliases")
CHARACTERISTIC_FIELDS = (
    "name",
    "id",
    "vendor",
    "format",
    "perms",
    "unit",
    "min",
    "max",
    "step",
    "max_len",
    "max_data_len",
    "values",
    "bitmask",
    "admin_only",
    "stateless_event",
    "tlv_struct",
    "tlv_array",
    "notes",
    "aliases",
)
# Name and dotted name.
ALWAYS = 2
TUPLES = {"required", "optional", "aliases", "perms", "values", "admin_only"}
FLAGS = {"bitmask", "stateless_event", "tlv_array"}

HEAD = '''"""What services and characteristics there are; written by script/hap_catalogue, do not change by hand.

Rows hold the fields of ``ServiceType`` and ``CharacteristicType`` up to the last one that says something.
"""

from typing import Any, Final

# ruff: noqa: S105 - characteristics are called Token and Password Setting
# fmt: off
'''


def catalogue_text(root: Path) -> str:
    """Build the text of the tables from the catalogue of a tree."""
    catalogue = json.loads((root / SOURCE).read_text(encoding="utf-8"))
    services = sorted(catalogue["services"], key=_by_uuid)
    characteristics = sorted(catalogue["characteristics"], key=_by_uuid)
    parts = [
        HEAD,
        _table("BASE_SUFFIX", "str", catalogue["base_uuid_suffix"]),
        _mapping(
            "FORMAT_RANGES",
            "dict[str, tuple[int, int]]",
            {name: tuple(span) for name, span in catalogue["format_ranges"].items()},
        ),
        _mapping(
            "CATEGORIES",
            "dict[int, tuple[str, str | None]]",
            {each["id"]: (each["name"], each["cli_name"]) for each in catalogue["categories"]},
        ),
        _mapping(
            "TLV_STRUCTS",
            "dict[str, tuple[tuple[int, str, str, str | None], ...]]",
            {name: _layout(fields) for name, fields in catalogue["tlv_structs"].items()},
        ),
        _mapping(
            "TLV_ENUMS",
            "dict[str, dict[int, str]]",
            {
                name: {int(number): text for number, text in values.items()}
                for name, values in catalogue["tlv_enums"].items()
            },
        ),
        _mapping(
            "SERVICES",
            "dict[str, tuple[Any, ...]]",
            {each["uuid"]: _row(each, SERVICE_FIELDS) for each in services},
        ),
        _mapping(
            "CHARACTERISTICS",
            "dict[str, tuple[Any, ...]]",
            {each["uuid"]: _row(each, CHARACTERISTIC_FIELDS) for each in characteristics},
        ),
        _names("ServiceUuid", "UUIDs of services by name.", services),
        _names("CharacteristicUuid", "UUIDs of characteristics by name.", characteristics),
    ]
    return "\n".join(parts)


def write_catalogue(root: Path) -> None:
    """Write the tables of a tree."""
    (root / TARGET).write_text(catalogue_text(root), encoding="utf-8")


def is_fresh(root: Path) -> bool:
    """Tell whether the tables of a tree are those of its catalogue."""
    target = root / TARGET
    return target.is_file() and target.read_text(encoding="utf-8") == catalogue_text(root)


def _by_uuid(each: "dict[str, Any]") -> "tuple[bool, str]":
    """Sort Apple's types before those of vendors."""
    return each["short"] is None, each["uuid"]


def _row(each: "dict[str, Any]", fields: "tuple[str, ...]") -> "tuple[Any, ...]":
    """Take the fields of a row, without what says nothing at its end."""
    row = [_value(field, each.get(field)) for field in fields]
    while len(row) > ALWAYS and (row[-1] is None or row[-1] is False or row[-1] == ()):
        row.pop()
    return tuple(row)


def _value(field: str, value: Any) -> Any:
    if field == "values":
        return tuple((each["value"], each["name"]) for each in value or ())
    if field in TUPLES:
        return tuple(value or ())
    if field in FLAGS:
        return bool(value)
    return value


def _layout(fields: "list[dict[str, Any]]") -> "tuple[tuple[Any, ...], ...]":
    return tuple((each["type"], each["name"], each["kind"], each.get("values")) for each in fields)


def _table(name: str, kind: str, value: Any) -> str:
    return f"{name}: Final[{kind}] = {_literal(value)}\n"


def _mapping(name: str, kind: str, table: "dict[Any, Any]") -> str:
    rows = "".join(f"    {_literal(key)}: {_literal(row)},\n" for key, row in table.items())
    return f"{name}: Final[{kind}] = {{\n{rows}}}\n"


def _literal(value: Any) -> str:
    """Write a value as the formatter would."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, tuple):
        inner = ", ".join(map(_literal, value))
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_literal(k)}: {_literal(v)}" for k, v in value.items()) + "}"
    return repr(value)


def _names(name: str, text: str, types: "list[dict[str, Any]]") -> str:
    """Write a class with one constant for each type that has a name.

    Types of vendors carry the vendor's name in front; equal names are numbered in the order of their UUIDs.
    """
    rows = []
    seen: Counter[str] = Counter()
    for each in types:
        if not each["name"]:
            continue
        constant = _constant(each["name"], each["vendor"])
        seen[constant] += 1
        if seen[constant] > 1:
            constant += f"_{seen[constant]}"
        rows.append(f"    {constant}: Final = {_literal(each['uuid'])}\n")
    return f'\nclass {name}:\n    """{text}"""\n\n{"".join(rows)}'


def _constant(name: str, vendor: "str | None") -> str:
    brand = re.split(r"[ (]", vendor)[0] if vendor else ""
    if not name.lower().startswith(brand.lower()):
        name = f"{brand} {name}"
    return re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_")
