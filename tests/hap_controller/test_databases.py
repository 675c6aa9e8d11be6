"""What becomes of each hand-made description: devices and entities, as tables that were read against the mapping."""

from collections.abc import Iterator
import json
from typing import Any
from unittest.mock import patch

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.entity import Entity
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from custom_components.hap_controller.const import CONF_ALL_CHARACTERISTICS

from .living import ACCESSORY_ID, database_names

# Not the same twice.
VARYING_ATTRIBUTES = {"access_token", "entity_picture", "since"}


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


@pytest.mark.parametrize("name", database_names())
async def test_tables(
    hass: HomeAssistant,
    off: set[str],
    loaded: MockConfigEntry,
    snapshot: SnapshotAssertion,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Devices and entities are these, all with names of their own, and none is in the way of another."""
    entities = entities_of(hass, loaded, off)
    assert devices_of(hass, loaded) == snapshot(name="devices")
    assert json.loads(json.dumps(entities, default=str)) == snapshot(name="entities")
    assert [record.getMessage() for record in caplog.records if record.levelno >= 40] == []
