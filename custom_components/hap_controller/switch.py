"""Switches: switches, outlets, and what accessories let be switched (mapping §5.14)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.switch import SwitchDeviceClass, SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import Coordinator, HapConfigEntry
from .entity import (
    CharacteristicEntity,
    CharacteristicRow,
    HapEntity,
    ServiceEntity,
    async_add_platform,
    by_uuid,
    described,
    shown_services,
)
from .protocol import Accessory, Characteristic, CharacteristicUuid, ServiceUuid

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class SwitchRow(CharacteristicRow, SwitchEntityDescription):
    """A switch for one characteristic."""


ROWS: Final = by_uuid(
    SwitchRow(
        key="lock_physical_controls",
        uuid=CharacteristicUuid.LOCK_PHYSICAL_CONTROLS,
        translation_key="lock_physical_controls",
        entity_category=EntityCategory.CONFIG,
    ),
)

_SERVICES: Final = {
    ServiceUuid.SWITCH: SwitchEntityDescription(
        key="switch", translation_key="switch", device_class=SwitchDeviceClass.SWITCH
    ),
    ServiceUuid.OUTLET: SwitchEntityDescription(
        key="outlet", translation_key="outlet", device_class=SwitchDeviceClass.OUTLET
    ),
}


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HapConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the switches."""
    async_add_platform(hass, entry, async_add_entities, Platform.SWITCH, _new_entities)


def _new_entities(coordinator: Coordinator, accessory: Accessory) -> Iterator[HapEntity]:
    for service in shown_services(accessory, *_SERVICES):
        yield ServiceSwitch(coordinator, service, _SERVICES[service.type])
    for characteristic, row in described(accessory, ROWS):
        yield CharacteristicSwitch(coordinator, characteristic, row)


class ServiceSwitch(ServiceEntity, SwitchEntity):
    """A switch or outlet."""

    _on: Characteristic | None

    @override
    def _describe(self) -> None:
        self._on = self._characteristic(CharacteristicUuid.ON)

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether it is on; None until reported."""
        return self._on.value if self._on else None

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Switch it on."""
        await self._write({self._on: True})

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Switch it off."""
        await self._write({self._on: False})


class CharacteristicSwitch(CharacteristicEntity, SwitchEntity):
    """Something else that is on or off."""

    entity_description: SwitchRow

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether it is on; None until reported."""
        return None if self.value is None else bool(self.value)

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Switch it on."""
        await self._write({self.characteristic: 1})

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Switch it off."""
        await self._write({self.characteristic: 0})
