"""Content types of features: their names, and the JSON they travel as (docs/home_connect_local/wire.md §4.3)."""

from typing import Final, TypedDict

LIST_BIT: Final = 0x80
"""Added to a content type for a list of it."""


class ContentType(TypedDict):
    """What values of a feature are, as it is stored (§4.5)."""

    contentType: str | None
    """Name, for lists of their items; None when unknown."""
    list: bool
    wire: str | None
    """``boolean``, ``integer``, ``number``, ``string`` or ``object``; None when unknown."""


_SCALARS: Final[dict[str, dict[int, str]]] = {
    "boolean": {0x01: "boolean"},
    "integer": {
        0x02: "integer",
        0x03: "enumeration",
        0x10: "timeSpan",
        0x12: "dbm",
        0x13: "weight",
        0x14: "liquidVolume",
        0x15: "uidValue",
        0x18: "waterHardness",
        0x1F: "rpm",
        0x20: "flowRate",
        0x25: "bigInteger",
        0x26: "identifier",
        0x2F: "byteLength",
        0x3A: "tray",
        0x3B: "portion",
    },
    "number": {
        0x04: "float",
        0x07: "temperatureCelsius",
        0x08: "temperatureFahrenheit",
        0x11: "percent",
        0x21: "length",
        0x22: "area",
        0x23: "power",
        0x24: "energy",
        0x27: "speed",
        0x29: "weightPound",
        0x2B: "teaspoon",
        0x2C: "tablespoon",
        0x2D: "cup",
        0x2E: "piece",
        0x33: "leaf",
        0x34: "bunch",
        0x35: "casket",
        0x36: "pinch",
        0x37: "stalk",
        0x38: "stick",
        0x39: "branch",
        0x40: "liquidVolumeThroughput",
        0x41: "weightOunces",
    },
    "string": {
        0x05: "string",
        0x06: "dateTime",
        0x0A: "hexBinary",
        0x16: "date",
        0x17: "time",
        0x1E: "rgb",
        0x30: "uuid",
        0x32: "csv",
        0x3D: "utcDateTime",
    },
    "object": {
        0x19: "point2D",
        0x1A: "pose2D",
        0x1B: "line2D",
        0x28: "programInstruction",
        0x2A: "localeString",
        0x31: "timezone",
        0x3C: "genericJson",
        0x3E: "programRunSummary",
        0x3F: "programSessionSummary",
        0x42: "rectangle2D",
    },
}
_KNOWN: Final = (
    {
        cid: ContentType(contentType=name, list=False, wire=wire)
        for wire, names in _SCALARS.items()
        for cid, name in names.items()
    }
    | {
        cid | LIST_BIT: ContentType(contentType=name, list=True, wire="object")
        for names in _SCALARS.values()
        for cid, name in names.items()
    }
    # Ordered lists of points are types in their own right.
    | {
        0x9C: ContentType(contentType="path", list=False, wire="object"),
        0x9D: ContentType(contentType="polygon", list=False, wire="object"),
    }
)


def content_type(cid: int) -> ContentType:
    """Tell what a content type means, to be copied; firmware updates bring unknown ones."""
    if (known := _KNOWN.get(cid)) is not None:
        return known
    return ContentType(contentType=None, list=bool(cid & LIST_BIT), wire=None)
