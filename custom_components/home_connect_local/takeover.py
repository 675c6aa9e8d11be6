"""Appliances that another local integration has: its profile, its address, and the history of its entities.

The facts about its entries come from its public source: data ``host``, ``psk``, ``aes_iv``, ``description``; the id
of the appliance as unique id; entities named ``<device id of the appliance>-<key>``, with the keys that ours have.
"""

from base64 import urlsafe_b64decode
from collections.abc import Mapping
import logging
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry, ConfigEntryDisabler
from homeassistant.const import CONF_DESCRIPTION
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .const import CONF_HA_ID, CONF_TAKE_OVER, DOMAIN, PLATFORMS
from .protocol import FORMAT, ConnectionType, Description, Profile, ProfileError

_LOGGER = logging.getLogger(__name__)

FOREIGN_DOMAIN: Final = "homeconnect_ws"

_KEY_BYTES: Final = 32
_IV_BYTES: Final = 16
_KINDS: Final = ("status", "setting", "event", "command", "option", "program")
_ROOTS: Final = ("activeProgram", "selectedProgram", "protectionPort")
# As that integration calls what the stored form calls otherwise.
_RENAMED: Final = {
    "name": "key",
    "stepSize": "step",
    "refCID": "cid",
    "refDID": "did",
    "initValue": "initial",
}
_LIST_CONTENT: Final = 0x80


@callback
def foreign_entries(hass: HomeAssistant) -> list[ConfigEntry]:
    """List the entries of the other integration, loaded or not."""
    return hass.config_entries.async_entries(FOREIGN_DOMAIN)


def foreign_profile(entry: ConfigEntry) -> Profile | None:
    """Build a profile of what such an entry keeps; None when it lacks something."""
    try:
        data = entry.data
        iv = data.get("aes_iv")
        profile = Profile(
            ha_id=str(entry.unique_id),
            connection_type=ConnectionType.AES if iv else ConnectionType.TLS,
            key=_secret(data["psk"], _KEY_BYTES),
            iv=_secret(iv, _IV_BYTES) if iv else None,
            created=None,
            description=Description.load(_stored(str(entry.unique_id), data[CONF_DESCRIPTION])),
        )
    except AttributeError, KeyError, TypeError, ValueError, ProfileError:
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
        unique_id = f"{entry.data[CONF_HA_ID]}-{key}"
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


def _stored(ha_id: str, foreign: Mapping[str, Any]) -> dict[str, Any]:
    """Turn the description that the other integration keeps into our stored form; lists it has not."""
    enums: dict[str, Any] = {}
    features: dict[str, Any] = {}

    def take(kind: str, item: Mapping[str, Any]) -> None:
        stored: dict[str, Any] = {"parent": None, "kind": kind, "available": True}
        for name, value in item.items():
            if value is None or name in ("enumeration", "options", "contentType", "protocolType"):
                continue
            stored[_RENAMED.get(name, name)] = value
        stored.setdefault("key", None)
        for name in ("access", "execution"):
            if name in stored:
                stored[name] = str(stored[name]).lower()
        content = item.get("contentType")
        stored["contentType"] = content.removesuffix("List") if content else None
        stored["list"] = stored.get("cid", 0) >= _LIST_CONTENT
        stored["wire"] = str(item["protocolType"]).lower() if item.get("protocolType") else None
        if members := item.get("enumeration"):
            # It keeps them by feature; our form by number, for which the feature's own does.
            stored["enum"] = item["uid"]
            enums[str(item["uid"])] = {"key": None, "subsetOf": None, "members": dict(members)}
        if kind == "program":
            stored["options"] = [
                {"available": True}
                | {
                    {"refUID": "ref", **_RENAMED}.get(name, name): value
                    for name, value in option.items()
                    if value is not None
                }
                for option in item.get("options") or ()
            ]
            stored.setdefault("execution", "selectandstart")
        features[str(item["uid"])] = stored

    for kind in _KINDS:
        for item in foreign.get(kind) or ():
            take(kind, item)
    for kind in _ROOTS:
        if item := foreign.get(kind):
            take(kind, item)
    info = foreign["info"]
    return {
        "format": FORMAT,
        "appliance": {
            "haId": ha_id,
            **{name: info.get(name) for name in ("type", "brand", "vib", "mac", "serialNumber")},
        },
        "info": {
            "type": info.get("type"),
            "brand": info.get("brand"),
            "model": info.get("model"),
            "version": info.get("version"),
            "revision": info.get("revision"),
            "pairableDeviceTypes": [],
        },
        "features": features,
        "lists": {},
        "enums": enums,
        "errors": {},
        "warnings": [],
    }


def _secret(text: str, size: int) -> bytes:
    secret = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if len(secret) != size:
        raise ValueError("not a key")
    return secret
