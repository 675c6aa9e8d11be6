"""Features and programs of an appliance in words, in tables and in JSON."""

from collections.abc import Iterable, Mapping
import json
from typing import Any

from custom_components.home_connect_local.protocol import (
    Appliance,
    Feature,
    Kind,
    Profile,
    program_labels,
    selectable_programs,
    startable_programs,
)

from ...errors import CliError, ExitStatus
from ...output import Json, table
from .profiles import name_of

WIDEST = 60
"""Longer values, whole objects mostly, are cut in tables."""
SHOWN = 12
"""So many candidates are listed when a name fits several features."""


# --- what is meant -------------------------------------------------------------------------------


def find_feature(appliance: Appliance, wanted: str, *kinds: Kind) -> Feature:
    """Find a feature by its name, by the end of its name, in upper or lower case, or by its uid.

    Raises CliError when there is none, or more than one.
    """
    features = [
        each for each in appliance.description.features.values() if not kinds or each.kind in kinds
    ]
    return _only(features, wanted, "feature")


def find_program(appliance: Appliance, wanted: str) -> int:
    """Find a program as a feature is found, or a favourite by the name that its user gave it.

    Raises CliError.
    """
    for uid, label in program_labels(appliance).items():
        if label.casefold() == wanted.strip().casefold():
            return uid
    return _only(list(appliance.programs.values()), wanted, "program").uid


def _only(features: list[Feature], wanted: str, what: str) -> Feature:
    name = wanted.strip().casefold()
    if name.isdecimal():
        found = [each for each in features if each.uid == int(name)]
    else:
        found = [each for each in features if (each.key or "").casefold() == name]
        found = found or [
            each for each in features if (each.key or "").casefold().endswith(f".{name}")
        ]
    if len(found) == 1:
        return found[0]
    if not found:
        similar = [each for each in features if name in (each.key or "").casefold()]
        problem = f"there is no {what} {wanted!r} here"
        problem += "; similar ones are" if similar else ""
    else:
        similar = found
        problem = f"{len(found)} {what}s are named {wanted!r}; use the whole name"
    rows = sorted((each.key or "", str(each.uid)) for each in similar)
    listed = f":\n{table((what.upper(), 'UID'), rows[:SHOWN])}" if rows else ""
    if len(rows) > SHOWN:
        listed += f"\nand {len(rows) - SHOWN} more"
    raise CliError(problem + listed, ExitStatus.USAGE)


def read_options(appliance: Appliance, words: Iterable[str]) -> dict[int, str]:
    """Read options that were given as ``NAME=VALUE``; raises CliError."""
    found: dict[int, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise CliError(f"{word!r} is not NAME=VALUE", ExitStatus.USAGE)
        found[find_feature(appliance, name, Kind.OPTION).uid] = value
    return found


# --- values --------------------------------------------------------------------------------------


def key_of(appliance: Appliance, uid: int) -> str:
    """Name a feature; by its number when its profile has no name for it."""
    feature = appliance.feature(uid)
    return (feature and feature.key) or str(uid)


def value_of(appliance: Appliance, uid: int) -> Any:
    """Give a value as it is meant: members and programs by name, a member without a name by its number."""
    feature, value = appliance.feature(uid), appliance.value(uid)
    if feature and feature.kind in {Kind.ACTIVE_PROGRAM, Kind.SELECTED_PROGRAM}:
        return None if value is None else key_of(appliance, value)
    return appliance.raw(uid) if value is None else value


def value_text(appliance: Appliance, uid: int) -> str:
    """Say a value; empty when it is not known, or there is none."""
    value = value_of(appliance, uid)
    if value is None or value == "":
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _cut(text: str) -> str:
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"


def settable_text(appliance: Appliance, uid: int) -> str:
    """Say what can be set: members, or a range; empty when anything goes."""
    if members := appliance.members(uid):
        return ", ".join(members.values())
    low, high, step = appliance.limits(uid)
    if low is None and high is None:
        return ""
    text = f"{'' if low is None else low}–{'' if high is None else high}"
    return f"{text} in steps of {step}" if step and step != 1 else text


def feature_table(appliance: Appliance, features: Iterable[Feature]) -> str:
    """Lay features out as a table, by name."""
    return table(
        ("FEATURE", "KIND", "VALUE", "ACCESS", "UID"),
        sorted(
            (
                each.key or "",
                each.kind.value,
                _cut(value_text(appliance, each.uid)),
                appliance.access(each.uid).value
                if appliance.available(each.uid)
                else "not available",
                str(each.uid),
            )
            for each in features
        ),
    )


def feature_json(appliance: Appliance, feature: Feature) -> Json:
    """Give all that is known of a feature right now."""
    uid = feature.uid
    about: Json = {
        "feature": feature.key,
        "uid": uid,
        "kind": feature.kind,
        "value": value_of(appliance, uid),
        "raw": appliance.raw(uid),
        "access": appliance.access(uid),
        "available": appliance.available(uid),
    }
    limits = appliance.limits(uid)._asdict()
    about |= {name: limit for name, limit in limits.items() if limit is not None}
    if members := appliance.members(uid):
        about["members"] = {str(raw): name for raw, name in members.items()}
    return about


# --- programs ------------------------------------------------------------------------------------


def programs_json(appliance: Appliance) -> list[Json]:
    """List the programs with what can be done with them now."""
    selectable, startable = set(selectable_programs(appliance)), set(startable_programs(appliance))
    return [
        {
            "program": key_of(appliance, uid),
            "uid": uid,
            "label": label,
            "selectable": uid in selectable,
            "startable": uid in startable,
            "selected": uid == appliance.selected_program,
            "active": uid == appliance.active_program,
            "options": [
                key_of(appliance, option.ref) for option in appliance.programs[uid].options
            ],
        }
        for uid, label in program_labels(appliance).items()
    ]


def program_table(appliance: Appliance) -> str:
    """Lay the programs out as a table."""
    can = {"selectable": "select", "startable": "start"}
    now = ("selected", "active")
    return table(
        ("PROGRAM", "CAN", "NOW", "UID"),
        (
            (
                each["program"],
                ", ".join(word for name, word in can.items() if each[name]) or "–",
                ", ".join(name for name in now if each[name]),
                str(each["uid"]),
            )
            for each in programs_json(appliance)
        ),
    )


# --- appliances ----------------------------------------------------------------------------------


def profile_table(profiles: Iterable[Profile]) -> str:
    """Lay the appliances of an archive out as a table."""
    return table(
        ("NAME", "MODEL", "LINK", "FEATURES", "PROGRAMS", "FETCHED", "ID"),
        (
            (
                name_of(profile),
                profile.description.model or "",
                profile.connection_type.value,
                str(len(profile.description.features)),
                str(_programs(profile)),
                (profile.created or "")[:10],
                profile.ha_id,
            )
            for profile in profiles
        ),
    )


def _programs(profile: Profile) -> int:
    return sum(each.kind is Kind.PROGRAM for each in profile.description.features.values())


def profile_json(profile: Profile) -> Json:
    """Give all that a profile says, but for the key."""
    return {
        "id": profile.ha_id,
        "name": name_of(profile),
        "connection_type": profile.connection_type,
        "created": profile.created,
        "description": profile.description.store(),
    }


def kinds_text(features: Mapping[int, Feature]) -> str:
    """Count features by kind."""
    counts: dict[str, int] = {}
    for feature in features.values():
        counts[feature.kind.value] = counts.get(feature.kind.value, 0) + 1
    return ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
