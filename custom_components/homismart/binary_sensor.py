"""Whether the cloud is there, and whether it reaches hubs and devices."""

from typing import Final

from homeassistant.components.binary_sensor import BinarySensorDeviceClass
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import HomismartConfigEntry
from .entity import async_add_rows
from .platforms import (
    CONNECTION,
    AccountBinarySensor,
    DeviceBinarySensor,
    DeviceBinarySensorDescription,
)
from .protocol import Kind

PARALLEL_UPDATES = 0

BINARY_SENSORS: Final = (
    DeviceBinarySensorDescription(
        key="connectivity",
        kinds=(Kind.HUB,),
        # Availability changes whenever what it shows does.
        is_on_fn=lambda device: device.online is True,
        available_fn=lambda coordinator: coordinator.linked,
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    DeviceBinarySensorDescription(
        key="connectivity",
        is_on_fn=lambda device: device.reachable is True,
        available_fn=lambda coordinator: coordinator.linked,
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HomismartConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the binary sensors of an account."""
    async_add_entities([AccountBinarySensor(entry.runtime_data, CONNECTION)])
    async_add_rows(
        hass,
        entry,
        async_add_entities,
        Platform.BINARY_SENSOR,
        BINARY_SENSORS,
        DeviceBinarySensor,
    )
