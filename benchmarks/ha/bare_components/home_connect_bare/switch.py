"""Switches that show what they are told."""

from typing import Any

from homeassistant.components.switch import SwitchEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from benchmarks.ha import bare

from . import DEVICE, described, values_of


async def async_setup_entry(
    hass: HomeAssistant, entry: bare.BareEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add one per setting that is on or off."""
    async_add_entities(
        [
            BareSwitch(entry.runtime_data, described(name), is_on=value)
            for name, value in values_of(entry, switches=True).items()
        ]
    )


class BareSwitch(bare.BareToggle, SwitchEntity):
    """One switch."""

    def __init__(self, bare_data: bare.Bare, device: dict[str, Any], *, is_on: bool) -> None:
        """Belong to the appliance."""
        super().__init__(bare_data, device, is_on=is_on)
        self._attr_device_info = DEVICE
        self._attr_name = device["name"]
