"""Switches that show what they are told."""

from homeassistant.components.switch import SwitchEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from benchmarks.dio_chacon.limit import SWITCH
from benchmarks.ha import bare

from . import value


async def async_setup_entry(
    hass: HomeAssistant, entry: bare.BareEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add one per device that can be switched."""
    data = entry.runtime_data
    async_add_entities(
        [
            BareSwitch(data, device, is_on=on == 1)
            for device in data.client.devices
            if (on := value(data.client, device["id"], SWITCH, "value")) is not None
        ]
    )


class BareSwitch(bare.BareToggle, SwitchEntity):
    """One switch."""
