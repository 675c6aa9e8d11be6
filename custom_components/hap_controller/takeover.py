"""Accessories that move: from the built-in integration and back, and to a new identity after a factory reset.

The built-in integration keeps the same record, and names entities by the same numbers: ``<id>_<aid>_<iid>_<iid>``. So
devices and entities themselves move, with all that people gave them: names, areas, labels, ids that automations use.
The facts about its registry entries come from its public source.
"""

from collections.abc import Callable, Collection, Container, Mapping
import logging
import re
from typing import Any, Final

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
    ConfigEntryDisabler,
    ConfigEntryState,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.typing import UNDEFINED

from .const import (
    BUILT_IN_DOMAIN,
    CONF_ADDRESS,
    CONF_ADDRESS_PORT,
    CONF_ADDRESSES,
    CONF_PAIRING_ID,
    CONF_TAKE_OVER,
    CONF_TAKEN_OVER,
    DOMAIN,
)
from .devices import parse_unique_id
from .protocol import PairingRecord, RecordError

_LOGGER = logging.getLogger(__name__)

# Why an entry does not start: two controllers must not use one pairing at once.
BUILT_IN_ACTIVE: Final = "built_in_active"

# What identifiers of devices begin with, by integration; the built-in one has not its domain there.
_NAMESPACES: Final = {DOMAIN: DOMAIN, BUILT_IN_DOMAIN: "homekit_controller:accessory-id"}
# Of an accessory, a service or a characteristic; the dehumidifier alone lacks the accessory's number there.
_NUMBERED: Final = re.compile(r".+?(?:_[0-9]+){1,3}")
_DEHUMIDIFIER: Final = re.compile(r"(?P<accessory>.+)_(?P<service>[0-9]+_dehumidifier)")
_OUR_DEHUMIDIFIER: Final = re.compile(r"(?P<accessory>.+)_[0-9]+_(?P<service>[0-9]+_dehumidifier)")


# --- whose accessory it is ----------------------------------------------------------------------


def read_record(entry: ConfigEntry[Any]) -> PairingRecord | None:
    """Read the pairing of an entry, ours or the built-in integration's; None when it cannot be."""
    try:
        return PairingRecord.read(dict(entry.data))
    except RecordError:
        return None


@callback
def built_in_entries(hass: HomeAssistant) -> list[ConfigEntry[Any]]:
    """List the entries of the built-in integration, also those that are disabled."""
    return hass.config_entries.async_entries(BUILT_IN_DOMAIN, include_ignore=False)


@callback
def find_twin(hass: HomeAssistant, entry: ConfigEntry[Any]) -> ConfigEntry[Any] | None:
    """Find the entry of the built-in integration that has the same keys as ours."""
    record = read_record(entry)
    return next(
        (
            each
            for each in built_in_entries(hass)
            if record and (theirs := read_record(each)) and theirs.keys == record.keys
        ),
        None,
    )


@callback
def is_twin_active(hass: HomeAssistant, entry: ConfigEntry[Any]) -> bool:
    """Tell whether the built-in integration uses the pairing: two must not at once (mapping §8.4)."""
    twin = find_twin(hass, entry)
    return twin is not None and twin.disabled_by is None


@callback
def async_watch_twins(hass: HomeAssistant) -> None:
    """Give way when somebody enables an entry of the built-in integration again, and go on when it is gone."""

    @callback
    def changed(_change: ConfigEntryChange, other: ConfigEntry[Any]) -> None:
        if other.domain != BUILT_IN_DOMAIN:
            return
        for entry in hass.config_entries.async_entries(
            DOMAIN, include_ignore=False, include_disabled=False
        ):
            gave_way = entry.error_reason_translation_key == BUILT_IN_ACTIVE
            if (gave_way or entry.state is ConfigEntryState.LOADED) and (
                is_twin_active(hass, entry) is not gave_way
            ):
                hass.config_entries.async_schedule_reload(entry.entry_id)

    async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, changed)


# --- over, and back -----------------------------------------------------------------------------


@callback
def async_take_over(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Have devices and entities of the replaced entry be ours, before any of ours are made."""
    theirs = hass.config_entries.async_get_entry(entry.data[CONF_TAKE_OVER])
    moved = list(entry.data.get(CONF_TAKEN_OVER, ()))
    if theirs is not None and theirs.disabled_by is not None:
        moved += _move(hass, theirs, entry, _as_ours)
    _update_data(hass, entry, {CONF_TAKEN_OVER: moved})


@callback
def async_settle(hass: HomeAssistant, entry: ConfigEntry[Any], present: Container[int]) -> None:
    """Give back those entities that none of ours has claimed, now that all of the accessories ``present`` are made.

    A bridge that has just started lists some of its accessories later; theirs wait for them here.
    """
    registry = er.async_get(hass)
    theirs = hass.config_entries.async_get_entry(entry.data[CONF_TAKE_OVER])
    claimed = []
    for each in er.async_entries_for_config_entry(registry, entry.entry_id):
        if each.id not in entry.data[CONF_TAKEN_OVER]:
            continue
        unique_id = _as_theirs(each)
        place = parse_unique_id(entry.data[CONF_PAIRING_ID], each.unique_id)
        # All of ours have names of their own, and Home Assistant notes that; theirs have not.
        if (
            each.has_entity_name
            or theirs is None
            or unique_id is None
            or (place is not None and place[0] not in present)
        ):
            claimed.append(each.id)
        else:
            _hand_over(hass, each, theirs, unique_id, _counterpart(hass, each, entry, theirs))
    _update_data(hass, entry, {CONF_TAKE_OVER: None, CONF_TAKEN_OVER: claimed})


async def async_move_back(
    hass: HomeAssistant, entry: ConfigEntry[Any], theirs: ConfigEntry[Any]
) -> None:
    """Disable our entry and enable the other one, with its devices and entities, and where the accessory is now."""
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    _give_back(hass, entry, theirs)
    _update_data(hass, entry, {CONF_TAKEN_OVER: None})
    await hass.config_entries.async_set_disabled_by(theirs.entry_id, None)


@callback
def async_leave_behind(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Give back what was taken over before an entry of ours is gone, with all that is its own; whose it was stays disabled."""
    theirs = find_twin(hass, entry)
    if CONF_TAKEN_OVER in entry.data and theirs is not None and theirs.disabled_by is not None:
        _give_back(hass, entry, theirs)


def _give_back(hass: HomeAssistant, entry: ConfigEntry[Any], theirs: ConfigEntry[Any]) -> None:
    _move(hass, entry, theirs, _as_theirs, set(entry.data.get(CONF_TAKEN_OVER, ())))
    places = {
        name: entry.data.get(name) for name in (CONF_ADDRESS, CONF_ADDRESSES, CONF_ADDRESS_PORT)
    }
    _update_data(hass, theirs, places)


def _update_data(hass: HomeAssistant, entry: ConfigEntry[Any], changes: Mapping[str, Any]) -> None:
    """Change members of an entry's data; None takes them away."""
    data = {name: value for name, value in {**entry.data, **changes}.items() if value is not None}
    hass.config_entries.async_update_entry(entry, data=data)


def _move(
    hass: HomeAssistant,
    source: ConfigEntry[Any],
    target: ConfigEntry[Any],
    rename: Callable[[er.RegistryEntry, int], str | None],
    chosen: Collection[str] | None = None,
) -> list[str]:
    """Move devices and entities; gives the registry ids of the latter.

    ``rename`` gives the unique id that an entity has there, None for one that stays; of several those ``chosen`` move.
    """
    devices, entities = dr.async_get(hass), er.async_get(hass)
    moved = []
    for device in dr.async_entries_for_config_entry(devices, source.entry_id):
        if (found := _accessory_of(device, source)) is None:
            continue
        identifier = (_NAMESPACES[target.domain], found.string)
        there = devices.async_get_device_by_identifier(identifier, target.entry_id) or device
        for each in er.async_entries_for_device(
            entities, device.id, include_disabled_entities=True
        ):
            unique_id = rename(each, int(found["aid"]))
            if (
                each.config_entry_id == source.entry_id
                and (chosen is None or each.id in chosen)
                and unique_id is not None
                and _hand_over(hass, each, target, unique_id, there.id)
            ):
                moved.append(each.id)
            elif each.config_entry_id == source.entry_id and there is device:
                # It would vanish with the device.
                entities.async_update_entity(each.entity_id, device_id=None)
        if there is device:
            devices.async_update_device(
                device.id,
                new_config_entry_id=target.entry_id,
                new_identifiers={identifier},
                new_connections=set(),
            )
    return moved


def _accessory_of(device: dr.DeviceEntry, entry: ConfigEntry[Any]) -> re.Match[str] | None:
    """Read which accessory of a pairing a device stands for."""
    pattern = re.compile(re.escape(entry.data[CONF_PAIRING_ID]) + r":aid:(?P<aid>[0-9]{1,20})")
    for identifier in device.identifiers:
        if identifier[0] == _NAMESPACES[entry.domain] and (
            found := pattern.fullmatch(identifier[1])
        ):
            return found
    return None


def _counterpart(
    hass: HomeAssistant,
    each: er.RegistryEntry,
    source: ConfigEntry[Any],
    target: ConfigEntry[Any],
) -> str | None:
    """Give the device of the same accessory as an entity's in another entry; None when there is none."""
    here, there = (
        {
            device.id: found.string
            for device in dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
            if (found := _accessory_of(device, entry))
        }
        for entry in (source, target)
    )
    accessory = here.get(each.device_id or "")
    return next((device_id for device_id, other in there.items() if other == accessory), None)


def _hand_over(
    hass: HomeAssistant,
    each: er.RegistryEntry,
    target: ConfigEntry[Any],
    unique_id: str,
    device_id: str | None,
) -> bool:
    """Make an entity one of another integration, which creates it anew; tells whether that can be."""
    registry = er.async_get(hass)
    if registry.async_get_entity_id(each.domain, target.domain, unique_id):
        return False
    try:
        registry.async_update_entity_platform(
            each.entity_id,
            target.domain,
            new_config_entry_id=target.entry_id,
            # The same one would be taken: by itself.
            new_unique_id=UNDEFINED if unique_id == each.unique_id else unique_id,
            new_device_id=device_id,
        )
    except ValueError as err:  # still in use: it stays where it is
        _LOGGER.warning("Entity %s stays where it is: %s", each.entity_id, err)
        return False
    by_entry = er.RegistryEntryDisabler.CONFIG_ENTRY
    if target.disabled_by is None and each.disabled_by is by_entry:
        registry.async_update_entity(each.entity_id, disabled_by=None)
    elif target.disabled_by is not None and each.disabled_by is None:
        registry.async_update_entity(each.entity_id, disabled_by=by_entry)
    return True


def _as_ours(each: er.RegistryEntry, aid: int) -> str | None:
    """Give the unique id that an entity of the built-in integration has here; None for one that we never have."""
    if found := _DEHUMIDIFIER.fullmatch(each.unique_id):
        return f"{found['accessory']}_{aid}_{found['service']}"
    return each.unique_id if _NUMBERED.fullmatch(each.unique_id) else None


def _as_theirs(each: er.RegistryEntry, _aid: int | None = None) -> str | None:
    """Give the unique id that an entity has in the built-in integration; None for one that it never has."""
    if found := _OUR_DEHUMIDIFIER.fullmatch(each.unique_id):
        return f"{found['accessory']}_{found['service']}"
    return each.unique_id if _NUMBERED.fullmatch(each.unique_id) else None


# --- another identity ---------------------------------------------------------------------------


@callback
def async_change_identity(hass: HomeAssistant, entry: ConfigEntry[Any], old: str, new: str) -> None:
    """Have devices and entities follow an accessory that has another id since it was reset to factory settings."""
    devices, entities = dr.async_get(hass), er.async_get(hass)
    for each in er.async_entries_for_config_entry(entities, entry.entry_id):
        if each.unique_id.startswith(f"{old}_"):
            unique_id = new + each.unique_id.removeprefix(old)
            entities.async_update_entity(each.entity_id, new_unique_id=unique_id)
    for device in dr.async_entries_for_config_entry(devices, entry.entry_id):
        if found := _accessory_of(device, entry):
            identifier = (DOMAIN, f"{new}:aid:{found['aid']}")
            devices.async_update_device(device.id, new_identifiers={identifier})
