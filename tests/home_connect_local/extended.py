"""Profiles with features that none of the files has, for the simulator to bring to life."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from simulators.home_connect_local import PROFILES, Profile
from simulators.home_connect_local.description import read_description

_LISTS = {
    "status": "statusList",
    "setting": "settingList",
    "event": "eventList",
    "command": "commandList",
    "option": "optionList",
    "program": "programGroup",
}


def extended(
    name: str,
    *features: tuple[int, str, str],
    enums: Mapping[int, tuple[str, ...]] | None = None,
    values: Mapping[int, Any] | None = None,
    leave_out: tuple[str, ...] = (),
    kind: str | None = None,
) -> Profile:
    """Give the profile of an appliance with features added: uid, name, and attributes or, of a program, its options.

    ``enums`` gives the members of new enumerations, ``values`` what the features start with, ``leave_out`` names of
    features that it shall lack, ``kind`` another type of appliance.
    """
    profile = PROFILES[name]
    device, mapping = profile.device_xml.decode(), profile.mapping_xml.decode()
    for key in leave_out:
        mapping = mapping.replace(f">{key}</feature>", f">{key}Renamed</feature>")
    for uid, key, attributes in features:
        element = next(part.lower() for part in key.split(".") if part.lower() in _LISTS)
        body = f'<{element} {attributes} uid="{uid:04X}"/>'
        if element == "program":
            body = f'<program available="true" execution="selectAndStart" uid="{uid:04X}">{attributes}</program>'
        closing = f"</{_LISTS[element]}>"
        if closing not in device:
            around = f'<{_LISTS[element]} available="true" uid="7{uid:03X}"></{_LISTS[element]}>'
            device = device.replace("<enumerationTypeList>", f"{around}<enumerationTypeList>")
        device = device.replace(closing, f"{body}{closing}")
        mapping = mapping.replace(
            "</featureDescription>",
            f'<feature refUID="{uid:04X}">{key}</feature></featureDescription>',
        )
    for enid, members in (enums or {}).items():
        types = "".join(f'<enumeration value="{raw}"/>' for raw in range(len(members)))
        names = "".join(
            f'<enumMember refValue="{raw}">{member}</enumMember>'
            for raw, member in enumerate(members)
        )
        device = device.replace(
            "</enumerationTypeList>",
            f'<enumerationType enid="{enid:04X}">{types}</enumerationType></enumerationTypeList>',
        )
        mapping = mapping.replace(
            "</enumDescriptionList>",
            f'<enumDescription refENID="{enid:04X}" enumKey="Test.EnumType.E{enid}">{names}'
            "</enumDescription></enumDescriptionList>",
        )
    if kind:
        device = device.replace(f"<type>{profile.type}</type>", f"<type>{kind}</type>")
    seed = profile.seed
    values = [item for item in seed.values if item["uid"] not in (values or {})] + [
        {"uid": uid, "value": value} for uid, value in (values or {}).items()
    ]
    return replace(
        profile,
        head={**profile.head, "type": kind or profile.type},
        device_xml=device.encode(),
        mapping_xml=mapping.encode(),
        description=read_description(device.encode(), mapping.encode()),
        seed=replace(seed, values=values),
    )


_AIR = "HeatingVentilationAirConditioning.AirConditioner"
_WRITABLE = 'available="true" access="readWrite"'
_AIR_OPTIONS = "".join(
    f'<option access="readWrite" available="true" liveUpdate="true" refUID="{uid:04X}"/>'
    for uid in (0x7201, 0x7202, 0x7203)
)


def air_conditioner(*, fan_mode: bool = True, setpoint: bool = True) -> Profile:
    """Give the profile of an air conditioner, made of a dishwasher: the vendor's files of one are not known."""
    options = [
        (
            0x7201,
            f"{_AIR}.Option.SetpointTemperature",
            f'{_WRITABLE} refCID="07" refDID="80" min="16" max="30" stepSize="1"',
        ),
        (
            0x7202,
            f"{_AIR}.Option.FanSpeedPercentage",
            f'{_WRITABLE} refCID="11" refDID="80" min="1" max="100" stepSize="1"',
        ),
        (
            0x7203,
            f"{_AIR}.Option.FanSpeedMode",
            f'{_WRITABLE} refCID="03" refDID="80" enumerationType="7301"',
        ),
    ]
    features = options[0 if setpoint else 1 : 3 if fan_mode else 2]
    modes = ("Cool", "Heat", "Auto", "Dry", "Fan")
    features += [
        (0x7100 + place, f"{_AIR}.Program.{mode}", _AIR_OPTIONS) for place, mode in enumerate(modes)
    ]
    return extended(
        "dishwasher",
        *features,
        enums={0x7301: ("Automatic", "Manual")},
        values={0x7201: 21, 0x7202: 50, 0x7203: 0},
        kind="AirConditioner",
    )
