"""The least that an integration on a client can do: plain entities that show what they are told.

For benchmarks, never installed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, override

from homeassistant.components.cover import CoverEntity
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity, ToggleEntity

import custom_components

VERSION = 1

# Home Assistant looks for custom components wherever this package lies.
custom_components.__path__.append(str(Path(__file__).with_name("bare_components")))


@dataclass
class Bare:
    """What the platforms need."""

    client: Any
    """A contender, as far as it tells what it read."""
    switches: dict[str, ToggleEntity] = field(default_factory=dict)


type BareEntry = ConfigEntry[Bare]


def data_for(
    contender: str,
) -> Callable[[Mapping[str, Any], Mapping[str, str]], dict[str, Any]]:
    """Hand over the card as it is, and which contender to use."""

    def entry_data(card: Mapping[str, Any], account: Mapping[str, str]) -> dict[str, Any]:
        return {"card": dict(card), "account": dict(account), "contender": contender}

    return entry_data


def switches(entry: BareEntry) -> Mapping[str, ToggleEntity]:
    """Give the entities whose state can be written by hand."""
    return entry.runtime_data.switches


async def set_up(
    hass: HomeAssistant, entry: BareEntry, vendor: str, platforms: Sequence[Platform]
) -> bool:
    """Connect, add entities, and hand each push to its entity."""
    contender = import_module(f"benchmarks.{vendor}.{entry.data['contender']}")
    session = async_get_clientsession(hass)
    client = contender.Client(entry.data["card"], entry.data["account"], session)
    await client.connect()
    entry.runtime_data = bare = Bare(client)
    await hass.config_entries.async_forward_entry_setups(entry, platforms)

    def take(device_id: str, on: bool) -> None:
        entity = bare.switches[device_id]
        entity._attr_is_on = on  # noqa: SLF001
        entity.async_write_ha_state()

    client.watch(take)
    return True


async def unload(hass: HomeAssistant, entry: BareEntry, platforms: Sequence[Platform]) -> bool:
    """Remove the entities and disconnect."""
    await hass.config_entries.async_unload_platforms(entry, platforms)
    await entry.runtime_data.client.disconnect()
    return True


class BareEntity(Entity):
    """The main entity of a device."""

    _attr_has_entity_name = True
    _attr_name = None
    _attr_should_poll = False

    def __init__(self, device: Mapping[str, Any]) -> None:
        """Name the device."""
        self._attr_unique_id = device["id"]
        self._attr_device_info = DeviceInfo(
            identifiers={("bare", device["id"])}, name=device["name"]
        )


class BareToggle(BareEntity, ToggleEntity):
    """What can be switched."""

    def __init__(self, bare: Bare, device: Mapping[str, Any], *, is_on: bool) -> None:
        """Start with the state that was read."""
        super().__init__(device)
        self._client = bare.client
        self._attr_is_on = is_on
        bare.switches[device["id"]] = self

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Ask and wait."""
        await self._client.switch(self._attr_unique_id or "", True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Ask and wait."""
        await self._client.switch(self._attr_unique_id or "", False)


class BareCover(BareEntity, CoverEntity):
    """What opens and closes."""

    def __init__(self, device: Mapping[str, Any], percent_open: int) -> None:
        """Start with the state that was read."""
        super().__init__(device)
        self._attr_current_cover_position = percent_open
        self._attr_is_closed = percent_open == 0
