"""The least that an integration of these devices can do: for benchmarks, never installed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity, ToggleEntity

PLATFORMS = [Platform.COVER, Platform.LIGHT, Platform.SWITCH]


@dataclass
class Bare:
    """What the platforms need."""

    client: Any
    """A contender of ``benchmarks.homismart`` that has ``objects``."""
    switches: dict[str, ToggleEntity] = field(default_factory=dict)

    def objects_of(self, *types: int) -> Iterator[dict[str, Any]]:
        """Give the objects of some types."""
        return (item for item in self.client.objects.values() if item["type"] in types)


type BareEntry = ConfigEntry[Bare]


async def async_setup_entry(hass: HomeAssistant, entry: BareEntry) -> bool:
    """Connect, add entities, and hand each push to its entity."""
    contender = import_module(f"benchmarks.homismart.{entry.data['client']}")
    session = async_get_clientsession(hass)
    client = contender.Client(entry.data["card"], entry.data["account"], session)
    await client.connect()
    entry.runtime_data = bare = Bare(client)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)

    def take(device_id: str, on: bool) -> None:
        entity = bare.switches[device_id]
        entity._attr_is_on = on  # noqa: SLF001
        entity.async_write_ha_state()

    client.watch(take)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: BareEntry) -> bool:
    """Remove the entities and disconnect."""
    await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    await entry.runtime_data.client.disconnect()
    return True


class BareEntity(Entity):
    """The main entity of a device."""

    _attr_has_entity_name = True
    _attr_name = None
    _attr_should_poll = False

    def __init__(self, members: dict[str, Any]) -> None:
        """Name the device."""
        self._attr_unique_id = members["id"]
        self._attr_device_info = DeviceInfo(
            identifiers={("homismart_bare", members["id"])}, name=members["name"]
        )


class BareToggle(BareEntity, ToggleEntity):
    """What can be switched."""

    def __init__(self, bare: Bare, members: dict[str, Any]) -> None:
        """Start with the state that was read."""
        super().__init__(members)
        self._client = bare.client
        self._attr_is_on = members["power"]
        bare.switches[members["id"]] = self

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Ask and wait."""
        await self._client.switch(self._attr_unique_id or "", True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Ask and wait."""
        await self._client.switch(self._attr_unique_id or "", False)
