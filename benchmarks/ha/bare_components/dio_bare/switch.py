"""Switches that show what they are told."""

from typing import Any, override

from homeassistant.components.switch import SwitchEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from benchmarks.dio_chacon.limit import SWITCH, Client

from . import BareEntry, value


async def async_setup_entry(
    hass: HomeAssistant, entry: BareEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add one per device that can be switched, and hand each push to its entity."""
    bare = entry.runtime_data
    client = bare.client
    bare.switches = {
        device["id"]: BareSwitch(client, device, is_on=on == 1)
        for device in client.devices
        if (on := value(client, device["id"], SWITCH, "value")) is not None
    }
    async_add_entities(bare.switches.values())

    def take(device_id: str, on: bool) -> None:
        entity = bare.switches[device_id]
        entity._attr_is_on = on  # noqa: SLF001
        entity.async_write_ha_state()

    client.watch(take)


class BareSwitch(SwitchEntity):
    """One switch."""

    _attr_has_entity_name = True
    _attr_name = None
    _attr_should_poll = False

    def __init__(self, client: Client, device: dict[str, Any], *, is_on: bool) -> None:
        """Start with the state that was read."""
        self._client = client
        self._attr_unique_id = device["id"]
        self._attr_is_on = is_on
        self._attr_device_info = DeviceInfo(
            identifiers={("dio_bare", device["id"])}, name=device["name"]
        )

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Ask and wait."""
        await self._client.switch(self._attr_unique_id or "", True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Ask and wait."""
        await self._client.switch(self._attr_unique_id or "", False)
