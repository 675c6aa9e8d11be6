"""Whether the cloud is there, and whether it reaches the devices."""

from typing import Final

from homeassistant.components.binary_sensor import BinarySensorDeviceClass
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import DioConfigEntry
from .entity import async_add_rows
from .platforms import (
    CONNECTION,
    AccountBinarySensor,
    DeviceBinarySensor,
    DeviceBinarySensorDescription,
)

PARALLEL_UPDATES = 0

BINARY_SENSORS: Final = (
    DeviceBinarySensorDescription(
        key="connectivity",
        # Availability changes whenever the connection of the device does.
        is_on_fn=lambda device: device.connected is True,
        available_fn=lambda coordinator: coordinator.linked,
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: DioConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the binary sensors of an account."""
    async_add_entities([AccountBinarySensor(entry.runtime_data, CONNECTION)])
    async_add_rows(
        hass, entry, async_add_entities, Platform.BINARY_SENSOR, BINARY_SENSORS, DeviceBinarySensor
    )
