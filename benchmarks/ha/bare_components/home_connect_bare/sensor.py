"""Sensors that show what was read at the start."""

from typing import Any

from homeassistant.components.sensor import SensorEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from benchmarks.ha import bare

from . import DEVICE, described, values_of


async def async_setup_entry(
    hass: HomeAssistant, entry: bare.BareEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add one per value that is no switch."""
    async_add_entities(
        [
            BareSensor(described(name), value)
            for name, value in values_of(entry, switches=False).items()
        ]
    )


class BareSensor(bare.BareEntity, SensorEntity):
    """One value."""

    def __init__(self, device: dict[str, Any], value: Any) -> None:
        """Belong to the appliance."""
        super().__init__(device)
        self._attr_device_info = DEVICE
        self._attr_name = device["name"]
        self._attr_native_value = value
