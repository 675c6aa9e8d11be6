"""The profile of a large appliance, made up: 1,250 features, some 360 KB of XML, always the same.

It has what real profiles have, in like shares: nested lists, subsets without names, programs that
narrow their options, and comments. Nothing in it needs tolerance, so that every parser accepts it.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

FEATURES: Final = 1250
HA_ID: Final = "BOSCH-SYN1250WM-68A40E5300FF"

_NAMESPACE: Final = "http://www.home-connect.com/schemas"
_DAY: Final = "20140417"
_COUNTS: Final = {"status": 330, "setting": 260, "event": 170, "command": 37, "option": 400}
_PROGRAMS: Final = 50
_OPTIONS_PER_PROGRAM: Final = 8
_ENUMS: Final = 99
_SUBSETS: Final = 40
_MEMBERS: Final = 9
_SUBSET_MEMBERS: Final = 5
_FIRST_UID: Final = {
    "status": 0x1000,
    "setting": 0x2000,
    "event": 0x3000,
    "command": 0x3800,
    "option": 0x4000,
    "program": 0x7000,
}
_LIST_UID: Final = {
    "status": 0x102,
    "setting": 0x103,
    "event": 0x104,
    "command": 0x105,
    "option": 0x106,
}
_NESTED_AFTER: Final = 0.7
_ACCESS: Final = {
    "status": "read",
    "setting": "readWrite",
    "event": "read",
    "command": "writeOnly",
    "option": "none",
}
_WORDS: Final = (
    "Temperature",
    "DoorState",
    "ProcessPhase",
    "FillLevel",
    "Duration",
    "SpinSpeed",
    "ChildLock",
    "Volume",
    "Brightness",
    "Intensity",
    "RinsePlus",
    "EnergyForecast",
    "CycleCounter",
)


class _Shape(NamedTuple):
    """Attributes that features of one content type have."""

    content: str
    storage: str
    limits: str = ""


_ENUMERATION: Final = _Shape("03", "80")
_SHAPES: Final = (
    _ENUMERATION,
    _Shape("01", "00"),
    _Shape("10", "82", ' max="86400" min="0" stepSize="60"'),
    _ENUMERATION,
    _Shape("07", "A1", ' max="90" min="-10" stepSize="1"'),
    _Shape("11", "80", ' max="100" min="0"'),
    _Shape("02", "82"),
)


def big_profile() -> tuple[bytes, bytes]:
    """Build the device description and the feature mapping."""
    return "\n".join(_device()).encode(), "\n".join(_mapping()).encode()


def _key(kind: str, number: int) -> str:
    area = "BSH.Common" if number % 5 == 0 else "LaundryCare.Washer"
    word = _WORDS[number * 7 % len(_WORDS)]
    return f"{area}.{kind.capitalize()}.Part{number // len(_WORDS):02}.{word}{number % 97}"


def _device() -> Iterator[str]:
    space = f"{_NAMESPACE}/DeviceDescription/{_DAY}"
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<device xmlns="{space}" xmlns:xi="http://www.w3.org/2001/XInclude" treatment="lazy">'
    for name in ("CTD", "DTD", "DEV"):
        yield (
            f'<xi:include href="{name}.xml" parse="xml"><xi:fallback>'
            f'<error>xinclude error: file "{name}.xml" not found</error></xi:fallback></xi:include>'
        )
    yield "<description><type>Washer</type><brand>BOSCH</brand><model>SYN1250WM</model>"
    yield "<version>7</version><revision>2</revision>"
    yield "<pairableDeviceTypes><deviceType>Application</deviceType></pairableDeviceTypes>"
    yield "</description>"
    for kind, count in _COUNTS.items():
        yield from _list(kind, count)
    yield from _programs()
    yield '<activeProgram access="readWrite" uid="0100" validate="true"/>'
    yield '<selectedProgram access="readWrite" fullOptionSet="false" uid="0101"/>'
    yield '<protectionPort access="readWrite" available="true" uid="0108"/>'
    yield from _enumerations()
    yield "</device>"


def _list(kind: str, count: int) -> Iterator[str]:
    """Build one list; its last members lie in a list of their own."""
    access, uid = _ACCESS[kind], _LIST_UID[kind]
    nested = int(count * _NESTED_AFTER)
    yield f'<{kind}List access="{access}" available="true" uid="{uid:04X}">'
    for number in range(count):
        if number == nested:
            yield f'<{kind}List access="{access}" available="true" uid="{uid + 0x20:04X}">'
        yield _feature(kind, number)
    yield f"</{kind}List></{kind}List>"


def _feature(kind: str, number: int) -> str:
    shape = _ENUMERATION if kind == "event" else _SHAPES[number % len(_SHAPES)]
    extra = shape.limits
    if shape is _ENUMERATION:
        extra += f' enumerationType="{_enum(number):04X}"'
    if kind == "event":
        extra += ' handling="acknowledge" level="hint"'
    if number % 11 == 0:
        extra += ' initValue="0"'
    if number % 13 == 0 and kind in {"status", "option"}:
        extra += ' notifyOnChange="false"'
    comment = f"<!--{_key(kind, number)} -->" if number % 12 == 0 else ""
    return (
        f'{comment}<{kind} access="{_ACCESS[kind]}" available="true"{extra} '
        f'refCID="{shape.content}" refDID="{shape.storage}" uid="{_FIRST_UID[kind] + number:04X}"/>'
    )


def _enum(number: int) -> int:
    """Choose an enumeration or a subset."""
    choice = number * 31 % (_ENUMS + _SUBSETS)
    return 0x5000 + choice if choice < _ENUMS else 0x8000 + choice - _ENUMS


def _programs() -> Iterator[str]:
    yield '<programGroup available="true" uid="0107">'
    for number in range(_PROGRAMS):
        if number == int(_PROGRAMS * _NESTED_AFTER):
            yield '<programGroup available="true" uid="0127">'
        yield (
            '<program available="true" execution="selectAndStart" '
            f'uid="{_FIRST_UID["program"] + number:04X}">'
        )
        for place in range(_OPTIONS_PER_PROGRAM):
            option = (number * 17 + place * 37) % _COUNTS["option"]
            limits = ' default="0" max="2" min="0"' if place % 3 == 0 else ""
            yield (
                f'<option access="readWrite" available="true"{limits} liveUpdate="false" '
                f'refUID="{_FIRST_UID["option"] + option:04X}"/>'
            )
        yield "</program>"
    yield "</programGroup></programGroup>"


def _enumerations() -> Iterator[str]:
    yield "<enumerationTypeList>"
    for number in range(_ENUMS):
        members = "".join(f'<enumeration value="{raw}"/>' for raw in range(_MEMBERS))
        yield f'<enumerationType enid="{0x5000 + number:04X}">{members}</enumerationType>'
    for number in range(_SUBSETS):
        members = "".join(f'<enumeration value="{raw}"/>' for raw in range(_SUBSET_MEMBERS))
        yield (
            f'<enumerationType enid="{0x8000 + number:04X}" subsetOf="{0x5000 + number:04X}">'
            f"{members}</enumerationType>"
        )
    yield "</enumerationTypeList>"


def _mapping() -> Iterator[str]:
    yield '<?xml version="1.0" encoding="utf-8"?>'
    yield f'<featureMappingFile xmlns="{_NAMESPACE}/FeatureMapping/{_DAY}"><featureDescription>'
    for name, uid in (
        ("ActiveProgram", 0x100),
        ("SelectedProgram", 0x101),
        ("ProtectionPort", 0x108),
        *((f"{kind.capitalize()}List", uid) for kind, uid in _LIST_UID.items()),
    ):
        yield f'<feature refUID="{uid:04X}">BSH.Common.Root.{name}</feature>'
    for kind, count in (*_COUNTS.items(), ("program", _PROGRAMS)):
        for number in range(count):
            uid = _FIRST_UID[kind] + number
            yield f'<feature refUID="{uid:04X}">{_key(kind, number)}</feature>'
    yield "</featureDescription><errorDescription>"
    for code in range(512, 545):
        yield f'<error refEID="{code:04X}">BSH.Common.Error.Synthetic{code}</error>'
    yield "</errorDescription><enumDescriptionList>"
    for number in range(_ENUMS):
        word = _WORDS[number % len(_WORDS)]
        members = "".join(
            f'<enumMember refValue="{raw}">{word}{raw}</enumMember>' for raw in range(_MEMBERS)
        )
        yield (
            f'<enumDescription refENID="{0x5000 + number:04X}" '
            f'enumKey="LaundryCare.Washer.EnumType.{word}{number}">{members}</enumDescription>'
        )
    yield "</enumDescriptionList></featureMappingFile>"
