"""Appliances that another local integration has: its profile, its address, and the history of its entities.

The facts about its entries come from its public source: data ``host``, ``psk``, ``aes_iv``; the id of the appliance
as unique id; entities named ``<device id of the appliance>-<key>``, most with the keys that ours have. The description is
kept parsed in ``description``; from its version 1.0.5 on as the two files of the profile in Home Assistant's storage,
named by ``description_filename`` and ``feature_filename``; and by a fork as their text, ``description_xml`` and
``feature_mapping_xml``.
"""

from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
import logging
from pathlib import Path
import re
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry, ConfigEntryDisabler
from homeassistant.const import CONF_DESCRIPTION
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.storage import STORAGE_DIR

from .const import CONF_HA_ID, CONF_TAKE_OVER, DOMAIN, PLATFORMS
from .entity import slug
from .protocol import (
    FORMAT,
    MAX_ARCHIVE_BYTES,
    ConnectionType,
    Description,
    Head,
    Profile,
    ProfileError,
    content_type,
    parse_description,
    read_literal,
    read_number,
)

_LOGGER = logging.getLogger(__name__)

FOREIGN_DOMAIN: Final = "homeconnect_ws"

_FILES: Final = ("description_filename", "feature_filename")
_FILES_INFO: Final = "appliance_info"
_TEXTS: Final = ("description_xml", "feature_mapping_xml")
_HEAD: Final = ("type", "brand", "vib", "mac", "serialNumber")
_KEY_BYTES: Final = 32
_IV_BYTES: Final = 16
_KINDS: Final = ("status", "setting", "event", "command", "option", "program")
_ROOTS: Final = ("activeProgram", "selectedProgram", "protectionPort")
# Entities that have other keys there than rows have here: lights, and what an appliance may have several of.
_PART: Final = "(?P<part>[^_]+)"
_CAVITY: Final = "Cooking.Oven.{}.Cavity.*."
_KEYS: Final = {
    "light_cooking_lighting": "light_hood",
    "light_cooking_ambient_lighting": "light_ambient",
    f"sensor_oven_water_tank_{_PART}": f"{_CAVITY.format('Status')}WaterTankUnplugged",
    f"sensor_oven_current_temperature_{_PART}": f"{_CAVITY.format('Status')}CurrentTemperature",
    f"sensor_oven_current_meatprobe_temperature_{_PART}": (
        f"{_CAVITY.format('Status')}CurrentMeatprobeTemperature"
    ),
    f"binary_sensor_oven_meatprobe_plugged_{_PART}": f"{_CAVITY.format('Status')}MeatprobePlugged",
    f"binary_sensor_oven_alarm_clock_elapsed_{_PART}": (
        f"{_CAVITY.format('Event')}AlarmClockElapsed"
    ),
    f"number_oven_setting_{_PART}_alarm_clock": f"{_CAVITY.format('Setting')}AlarmClock",
    **{
        f"sensor_hob_zone_{_PART}_{key}": f"Cooking.Hob.Status.Zone.*.{name}"
        for key, name in (
            ("state", "State"),
            ("operationstate", "OperationState"),
            ("power_level", "PowerLevel"),
            ("frying_sensor_level", "FryingSensorLevel"),
            ("current_temperature", "CurrentTemperature"),
            ("heatup_progress", "HeatupProgress"),
            ("duration", "Duration"),
            ("elapsed_program_time", "ElapsedProgramTime"),
            ("remaining_program_time", "RemainingProgramTime"),
            ("program_progress", "ProgramProgress"),
        )
    },
}
# As that integration calls what the stored form calls otherwise.
_RENAMED: Final = {
    "name": "key",
    "stepSize": "step",
    "refCID": "cid",
    "refDID": "did",
    "initValue": "initial",
    "refUID": "ref",
}
# What it keeps in other words than ours, or not at all on its own.
_DERIVED: Final = frozenset({"contentType", "enumeration", "options", "protocolType"})
_NUMBERS: Final = frozenset({"min", "max", "step"})
_LITERALS: Final = frozenset({"default", "initial"})
_WORDS: Final = frozenset({"access", "execution", "handling", "level"})


async def async_foreign_profiles(hass: HomeAssistant) -> list[tuple[ConfigEntry, Profile]]:
    """List the entries of the other integration, loaded or not, that keep all of a profile."""
    storage = Path(hass.config.path(STORAGE_DIR, FOREIGN_DOMAIN))
    entries = hass.config_entries.async_entries(FOREIGN_DOMAIN)
    profiles = await hass.async_add_executor_job(
        lambda: [foreign_profile(entry, storage) for entry in entries]
    )
    return [(entry, profile) for entry, profile in zip(entries, profiles, strict=True) if profile]


def foreign_profile(entry: ConfigEntry, storage: Path) -> Profile | None:
    """Build a profile of what such an entry keeps, with files in ``storage``; None when it lacks something.

    May block: it may read files, and XML.
    """
    try:
        data = entry.data
        iv = data.get("aes_iv")
        profile = Profile(
            ha_id=str(entry.unique_id),
            connection_type=ConnectionType.AES if iv else ConnectionType.TLS,
            key=_secret(data["psk"], _KEY_BYTES),
            iv=_secret(iv, _IV_BYTES) if iv else None,
            created=None,
            description=_description(str(entry.unique_id), data, storage),
        )
    except AttributeError, KeyError, OSError, TypeError, ValueError, ProfileError:
        return None
    return profile if entry.unique_id else None


async def async_take_over(hass: HomeAssistant, entry: ConfigEntry, device_id: str) -> None:
    """Give the entities of the replaced entry to this one: same entity ids, so that their history goes on.

    The replaced entry is disabled first: two clients would take up two of the few sessions of the appliance.
    """
    foreign = hass.config_entries.async_get_entry(entry.data[CONF_TAKE_OVER])
    if foreign is not None:
        if foreign.disabled_by is None:
            await hass.config_entries.async_set_disabled_by(
                foreign.entry_id, ConfigEntryDisabler.USER
            )
        _move_entities(hass, foreign, entry, device_id)
    hass.config_entries.async_update_entry(
        entry, data={key: value for key, value in entry.data.items() if key != CONF_TAKE_OVER}
    )


@callback
def _move_entities(
    hass: HomeAssistant, foreign: ConfigEntry, entry: ConfigEntry, device_id: str
) -> None:
    registry = er.async_get(hass)
    for each in er.async_entries_for_config_entry(registry, foreign.entry_id):
        _, _, key = each.unique_id.rpartition("-")
        unique_id = f"{entry.data[CONF_HA_ID]}-{own_key(key)}"
        if each.domain not in PLATFORMS or registry.async_get_entity_id(
            each.domain, DOMAIN, unique_id
        ):
            continue
        try:
            registry.async_update_entity_platform(
                each.entity_id,
                DOMAIN,
                new_config_entry_id=entry.entry_id,
                new_unique_id=unique_id,
                new_device_id=device_id,
            )
        except ValueError as err:  # still in use: it stays where it is
            _LOGGER.warning("Entity %s is not taken over: %s", each.entity_id, err)
            continue
        if each.disabled_by is er.RegistryEntryDisabler.CONFIG_ENTRY:
            registry.async_update_entity(each.entity_id, disabled_by=None)


def own_key(key: str) -> str:
    """Give the key that an entity of the other integration has here."""
    for theirs, ours in _KEYS.items():
        if found := re.fullmatch(theirs, key):
            return slug(ours.replace("*", found.groupdict().get("part", "")))
    return key


def _description(ha_id: str, data: Mapping[str, Any], storage: Path) -> Description:
    """Read the description in the form that an entry has it; raises what ``foreign_profile`` expects."""
    if _FILES[0] in data:
        device, mapping = (_file(storage, data[name]) for name in _FILES)
        info = data[_FILES_INFO]
    elif _TEXTS[0] in data:
        device, mapping = (data[name].encode() for name in _TEXTS)
        info = data[CONF_DESCRIPTION]["info"]
    else:
        return Description.load(_stored(ha_id, data[CONF_DESCRIPTION]))
    return parse_description(device, mapping, Head(ha_id, *(info.get(name) for name in _HEAD)))


def _file(storage: Path, name: str) -> bytes:
    """Read a file of the other integration; raises ValueError for one that is elsewhere, or no description."""
    path = (storage / name).resolve()
    if not path.is_relative_to(storage.resolve()) or path.stat().st_size > MAX_ARCHIVE_BYTES:
        raise ValueError("not a file of a profile")
    return path.read_bytes()


def _stored(ha_id: str, foreign: Mapping[str, Any]) -> dict[str, Any]:
    """Turn the description that the other integration keeps into our stored form.

    It has no lists, and of the options of programs neither ranges nor members: a fresh archive brings them.
    Raises KeyError, TypeError or ValueError when it is none.
    """
    enums: dict[str, Any] = {}
    features: dict[str, Any] = {}
    items = [(kind, item) for kind in _KINDS for item in foreign.get(kind) or ()]
    items += [(kind, foreign[kind]) for kind in _ROOTS if foreign.get(kind)]
    wires: dict[Any, str | None] = {}
    for kind, item in items:
        found = content_type(item["refCID"]) if "refCID" in item else None
        wires[item["uid"]] = found["wire"] if found else None
        feature = _members(item, wires[item["uid"]])
        feature = {"key": None, "available": True, **feature, "parent": None, "kind": kind}
        if found:
            feature |= found
        if members := item.get("enumeration"):
            # It keeps them by feature; our form by number, for which the feature's own does.
            feature["enum"] = item["uid"]
            enums[str(item["uid"])] = {"key": None, "subsetOf": None, "members": dict(members)}
        if kind == "program":
            feature.setdefault("execution", "selectandstart")
        features[str(item["uid"])] = feature
    for kind, item in items:
        if kind == "program":
            features[str(item["uid"])]["options"] = [
                {"available": True, **_members(option, wires.get(option["refUID"]))}
                for option in item.get("options") or ()
            ]
    info = foreign["info"]
    return {
        "format": FORMAT,
        "appliance": {
            "haId": ha_id,
            **{name: info.get(name) for name in _HEAD},
        },
        "info": {
            **{name: info.get(name) for name in ("type", "brand", "model", "version", "revision")},
            "pairableDeviceTypes": [],
        },
        "features": features,
        "lists": {},
        "enums": enums,
        "errors": {},
        "warnings": [],
    }


def _members(item: Mapping[str, Any], wire: str | None) -> dict[str, Any]:
    """Name and read what both keep; it keeps most as the text of the files. What cannot be read is left out."""
    members: dict[str, Any] = {}
    for name, value in item.items():
        if value is None or name in _DERIVED:
            continue
        name = _RENAMED.get(name, name)  # noqa: PLW2901
        read: Callable[[str], Any] | None = None
        if isinstance(value, str):
            if name in _NUMBERS:
                read = read_number
            elif name in _LITERALS:
                read = partial(read_literal, wire=wire)
            elif name in _WORDS:
                read = str.lower
        with suppress(ValueError):
            members[name] = read(value) if read else value
    return members


def _secret(text: str, size: int) -> bytes:
    secret = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if len(secret) != size:
        raise ValueError("not a key")
    return secret
