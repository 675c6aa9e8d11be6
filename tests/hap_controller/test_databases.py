"""What becomes of each hand-made description and each simulated accessory, as tables that were read against the mapping.

Devices and entities; what each action on each entity writes; what each value that is told makes of the states.
"""

from collections.abc import Iterator
from importlib import import_module
import json
from pathlib import Path
import re
from typing import Any
from unittest.mock import patch

from homeassistant.const import EVENT_STATE_CHANGED, STATE_UNKNOWN, Platform
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, State, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.entity import Entity
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from custom_components.hap_controller.const import CONF_ALL_CHARACTERISTICS
from custom_components.hap_controller.dispatch import CHARACTERISTICS, SERVICES, is_shown
from custom_components.hap_controller.protocol import CharacteristicUuid as C, Database, ServiceUuid
from custom_components.hap_controller.protocol.messages import Key
from custom_components.hap_controller.protocol.values import full_type
from simulators.hap_controller import MODELS
from tests.support.rooms import act

from .living import (
    ACCESSORY_ID,
    Json,
    Living,
    bridged,
    complete,
    database_names,
    flush,
    read_database,
)
from .operations import actions_of
from .protocol.running import until

# Not the same twice.
VARYING_ATTRIBUTES = {"access_token", "entity_picture", "since"}
# Attributes that tell how something is.
VALUES = [
    "action",
    "brightness",
    "current_humidity",
    "current_position",
    "current_temperature",
    "current_tilt_position",
    "direction",
    "fan_mode",
    "hs_color",
    "humidity",
    "hvac_action",
    "is_closed",
    "is_volume_muted",
    "oscillating",
    "percentage",
    "preset_mode",
    "source",
    "swing_mode",
    "target_temp_high",
    "temperature",
    "valve_type",
    "volume_level",
]
# Whose states are moments.
MOMENTARY = {Platform.BUTTON, Platform.EVENT}
SIMULATED = "simulated_"
NAMES: dict[str, str] = {
    uuid: name
    for kind in (C, ServiceUuid)
    for name, uuid in vars(kind).items()
    if not name.startswith("_")
}
# What accessories tell and no entity shows.
NOT_SHOWN = {
    # They have no row.
    "CAMERA_OPERATING_MODE MANUALLY_DISABLED",
    "CAMERA_RECORDING_MANAGEMENT ACTIVE",
    "DOORBELL VOLUME",
    "FAN_V2 CURRENT_FAN_STATE",
    "INPUT_SOURCE INPUT_SOURCE_TYPE",
    "INPUT_SOURCE TARGET_VISIBILITY_STATE",
    "LOCK_MANAGEMENT VERSION",
    "PROTOCOL_INFORMATION VERSION",
    "SLAT CURRENT_SLAT_STATE",
    "SLAT SWING_MODE",
    "SPEAKER ACTIVE",
    "SPEAKER VOLUME_CONTROL_TYPE",
    # They are targets of what shows how it is.
    "SLAT TARGET_TILT_ANGLE",
    "SMART_SPEAKER TARGET_MEDIA_STATE",
    "TELEVISION TARGET_MEDIA_STATE",
    "WINDOW_COVERING TARGET_HORIZONTAL_TILT_ANGLE",
    "WINDOW_COVERING TARGET_VERTICAL_TILT_ANGLE",
    # Another service tells of the same battery.
    "OCCUPANCY_SENSOR STATUS_LOW_BATTERY",
    "SMOKE_SENSOR STATUS_LOW_BATTERY",
    # They count when there is a new description: for names, and whether an entity is there by default.
    "SMART_SPEAKER CONFIGURED_NAME",
    "SWITCH CONFIGURED_NAME",
    "TELEVISION CONFIGURED_NAME",
    "VALVE IS_CONFIGURED",
}


@pytest.fixture
def off() -> Iterator[set[str]]:
    """Enable what is disabled by default; gives the platforms and unique ids of that."""
    noted: set[str] = set()
    default = Entity.entity_registry_enabled_default.func

    def enabled(entity: Entity) -> bool:
        if not default(entity):
            noted.add(f"{entity.platform.domain} {entity.unique_id}")
        return True

    with patch(
        "homeassistant.helpers.entity.Entity.entity_registry_enabled_default", property(enabled)
    ):
        yield noted


def entities_of(hass: HomeAssistant, entry: MockConfigEntry, off: set[str]) -> dict[str, Any]:
    """Describe all entities by the ends of their unique ids and their platforms; None is left out."""
    table = {}
    for entity in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id):
        state = hass.states.get(entity.entity_id)
        told = {
            "entity_id": entity.entity_id,
            "name": entity.original_name,
            "state": state.state if state else None,
            "category": entity.entity_category,
            "class": entity.original_device_class,
            "disabled": f"{entity.domain} {entity.unique_id}" in off or None,
            "key": entity.translation_key,
            "attributes": {
                name: value
                for name, value in sorted((state.attributes if state else {}).items())
                if name not in VARYING_ATTRIBUTES
            },
        }
        tail = entity.unique_id.removeprefix(ACCESSORY_ID)
        table[f"{entity.domain} {tail}"] = {
            name: value for name, value in told.items() if value is not None
        }
    return table


def devices_of(hass: HomeAssistant, entry: MockConfigEntry) -> dict[str, Any]:
    """Describe all devices by the ends of their identifiers."""
    registry = dr.async_get(hass)
    table = {}
    for device in dr.async_entries_for_config_entry(registry, entry.entry_id):
        ((_, identifier),) = device.identifiers
        via = registry.async_get(device.via_device_id) if device.via_device_id else None
        table[identifier.removeprefix(ACCESSORY_ID)] = {
            name: value
            for name, value in {
                "name": device.name,
                "manufacturer": device.manufacturer,
                "model": device.model,
                "serial": device.serial_number,
                "software": device.sw_version,
                "hardware": device.hw_version,
                "via": via and via.name,
            }.items()
            if value is not None
        }
    return table


@pytest.fixture
def options(name: str) -> dict[str, Any]:
    """Have everything shown."""
    return {CONF_ALL_CHARACTERISTICS: name == "vendor_unknowns"}


@pytest.fixture
def accessories(name: str) -> list[Json]:
    """Give the description, or that of a simulated accessory."""
    if not name.startswith(SIMULATED):
        return read_database(name)
    simulated = list(MODELS[name.removeprefix(SIMULATED)].build())
    values = {
        (each.aid, part.iid): part.value for each in simulated for part in each.characteristics
    }
    described = [each.describe() for each in simulated]
    for accessory in described:
        for service in accessory["services"]:
            for part in service["characteristics"]:
                part["value"] = values[accessory["aid"], part["iid"]]
    return described


class Story:
    """Has everything be done with a living accessory, and notes what comes of it."""

    def __init__(self, hass: HomeAssistant, entry: MockConfigEntry, living: Living) -> None:
        """Begin with an entry that is set up."""
        self._hass, self._entry, self._living = hass, entry, living
        self._told = {
            (accessory["aid"], each["iid"]): (service, each)
            for accessory in living.description
            for service in accessory["services"]
            for each in service["characteristics"]
        }
        self._changed: dict[str, tuple[State | None, State]] = {}
        hass.bus.async_listen(EVENT_STATE_CHANGED, self._note)

    @callback
    def _note(self, event: Event[EventStateChangedData]) -> None:
        if new := event.data["new_state"]:
            before, _ = self._changed.get(new.entity_id, (event.data["old_state"], None))
            self._changed[new.entity_id] = before, new

    def _take_changes(self) -> str:
        """Tell what became of states since this was asked for last."""
        made = []
        for entity_id, (old, new) in self._changed.items():
            before = old.attributes if old else {}
            parts = [
                f"{name}={new.attributes.get(name)}"
                for name in sorted({*before, *new.attributes} - VARYING_ATTRIBUTES)
                if before.get(name) != new.attributes.get(name)
            ]
            if new.domain not in MOMENTARY and (old is None or old.state != new.state):
                parts.insert(0, new.state)
            if parts:
                made.append(" ".join([f"{entity_id}:", *parts]))
        self._changed.clear()
        return "; ".join(sorted(made))

    def _name(self, aid: int, iid: int) -> str:
        service, told = self._told[aid, iid]
        return f"{aid}.{iid} {_known(service['type'])} {_known(told['type'])}"

    async def reset(self, *keys: Key) -> None:
        """Have something, or everything, be as it was described, and switched on: what is off does not tell much."""
        await until(lambda: self._living.subscribable <= self._living.subscribed)
        for aid, iid in keys or self._told:
            _, each = self._told[aid, iid]
            if "ev" in each["perms"]:
                is_switch = full_type(each["type"]) in {C.ON, C.ACTIVE}
                self._living.push(aid, iid, 1 if is_switch else each.get("value"))
        await flush(self._hass, self._entry)
        self._take_changes()

    async def commands(self) -> dict[str, str]:
        """Perform each action on each entity; gives what each request wrote."""
        made = {}
        registry = er.async_get(self._hass)
        entities = er.async_entries_for_config_entry(registry, self._entry.entry_id)
        for entity in sorted(entities, key=lambda entity: entity.entity_id):
            state = self._hass.states.get(entity.entity_id)
            assert state
            for action, data in actions_of(state):
                self._living.written.clear()
                try:
                    await act(self._hass, Platform(state.domain), action, entity.entity_id, **data)
                except HomeAssistantError as err:
                    told = f"{type(err).__name__} {err.translation_key}"
                else:
                    told = "; ".join(
                        ", ".join(f"{self._name(aid, iid)} = {value}" for aid, iid, value in each)
                        for each in self._living.written
                    )
                asked = (f"{name}={value}" for name, value in data.items())
                made[" ".join([entity.entity_id, action, *asked])] = told
        return made

    async def pushes(self) -> dict[str, str]:
        """Have values be told of everything that tells any; gives what states make of each."""
        await self.reset()
        made = {}
        for key, (_, told) in self._told.items():
            values = values_of(told) if "ev" in told["perms"] else []
            for value in values:
                self._living.push(*key, value)
                await flush(self._hass, self._entry)
                made[f"{self._name(*key)} {value}"] = self._take_changes()
            if values:
                await self.reset(key)
        return made


def _known(type_: str) -> str:
    """Name a type, if it has a name."""
    return NAMES.get(full_type(type_), type_)


def values_of(told: Json) -> list[Any]:
    """Give values that something may tell: all of a closed set and one beyond, one of a range, or some."""
    if told["format"] == "bool":
        return [True, False]
    if told["format"] == "string":
        return ["Other"]
    if told["format"] in {"tlv8", "data"}:
        return []
    low, high = told.get("minValue", 0), told.get("maxValue", 100)
    if told["format"] == "float":
        return [round(low + 0.37 * (high - low), 1)]
    if "valid-values" not in told and "maxValue" not in told:
        return [0, 1, 37]
    valid = told.get("valid-values") or range(low, high + 1)
    return [*valid, max(valid) + 1] if len(valid) <= 20 else [round(low + 0.37 * (high - low))]


@pytest.mark.parametrize("name", [*database_names(), *(f"{SIMULATED}{name}" for name in MODELS)])
async def test_tables(
    hass: HomeAssistant,
    off: set[str],
    loaded: MockConfigEntry,
    living: Living,
    snapshot: SnapshotAssertion,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Devices and entities are these, all with names of their own; so is all that can be done with them and is told."""
    entities = entities_of(hass, loaded, off)
    assert devices_of(hass, loaded) == snapshot(name="devices")
    assert json.loads(json.dumps(entities, default=str)) == snapshot(name="entities")
    story = Story(hass, loaded, living)
    await story.reset()
    assert await story.commands() == snapshot(name="commands")
    assert await story.pushes() == snapshot(name="pushes")
    assert [record.getMessage() for record in caplog.records if record.levelno >= 40] == []


def untold() -> list[Json]:
    """Give all descriptions as one, in which nothing but names and what tells things apart has a value."""
    names = {C.NAME, C.CONFIGURED_NAME, C.IDENTIFIER, C.SERVICE_LABEL_INDEX}
    # That one is about its numbers.
    described = complete(bridged(*(name for name in database_names() if name != "odd_bridge")))
    for accessory in described:
        for service in accessory["services"]:
            for part in service["characteristics"]:
                if part["type"] not in names:
                    part.pop("value", None)
    return described


@pytest.mark.parametrize("accessories", [untold()], ids=["all"])
@pytest.mark.usefixtures("off", "loaded")
async def test_nothing_is_made_up(hass: HomeAssistant) -> None:
    """What was never told is unknown, never off, closed or zero."""
    shown = {state.entity_id: state.state for state in hass.states.async_all()}
    assert {
        state
        for entity_id, state in shown.items()
        if not entity_id.startswith("camera.") and not entity_id.endswith("_connection")
    } == {STATE_UNKNOWN}
    made_up = {
        f"{state.entity_id} {name}={state.attributes[name]}"
        for state in hass.states.async_all()
        for name in VALUES
        if state.attributes.get(name) is not None
    }
    assert made_up == set()


def test_everything_is_shown() -> None:
    """What accessories tell is shown, in one description or another, unless there is nothing to show it."""
    tables = (Path(__file__).parent / "snapshots" / "test_databases.ambr").read_text()
    told = re.findall(
        r"^    '[0-9.]+ ([A-Z0-9_]+ [A-Z0-9_]+) [^']*': ['\"](.*)['\"],$", tables, re.MULTILINE
    )
    shown = {what for what, made in told if made}
    assert shown
    assert {what for what, _ in told} - shown == NOT_SHOWN


def test_every_row_and_service() -> None:
    """There is a description for each row of each platform, and for each service that becomes an entity."""
    found = [Database.from_accessories(complete(read_database(name))) for name in database_names()]
    characteristics = [each for database in found for each in database.characteristics.values()]
    services = {each.service.type for each in characteristics if is_shown(each.service)}
    assert services >= SERVICES.keys()
    rows = [
        row
        for platform in CHARACTERISTICS.keys() - {Platform.LOCK}
        for alike in import_module(f"custom_components.hap_controller.{platform}").ROWS.values()
        for row in alike
    ]
    missing = [row for row in rows if not any(map(row.suits, characteristics))]
    assert rows
    assert missing == []
