"""Valves and faucets (mapping §5.15). A faucet that has valves is the main switch of them, and no valve."""

from collections.abc import Iterator
from typing import Any, Final, override

from homeassistant.components.valve import (
    ValveDeviceClass,
    ValveEntity,
    ValveEntityDescription,
    ValveEntityFeature,
)
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import Coordinator, HapConfigEntry
from .dispatch import is_main_switch
from .entity import HapEntity, ServiceEntity, async_add_platform, shown_services
from .limits import certain, named, truth
from .protocol import Accessory, Characteristic, CharacteristicUuid, Service, ServiceUuid

PARALLEL_UPDATES = 0

_SERVICES: Final = {
    ServiceUuid.VALVE: ValveEntityDescription(
        key="valve", translation_key="valve", device_class=ValveDeviceClass.WATER
    ),
    ServiceUuid.FAUCET: ValveEntityDescription(
        key="faucet", translation_key="faucet", device_class=ValveDeviceClass.WATER
    ),
}
_TYPES: Final = {0: "generic", 1: "irrigation", 2: "shower_head", 3: "water_faucet"}


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HapConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the valves, unless they shall be switches."""
    if entry.runtime_data.options.valves_as_switches:
        registry = er.async_get(hass)
        for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
            if entity.domain == Platform.VALVE:
                registry.async_remove(entity.entity_id)
        return
    async_add_platform(hass, entry, async_add_entities, Platform.VALVE, _new_entities)


def _new_entities(coordinator: Coordinator, accessory: Accessory) -> Iterator[HapEntity]:
    for service in shown_services(accessory, *_SERVICES):
        if not is_main_switch(service):
            yield HapValve(coordinator, service, _SERVICES[service.type])


class HapValve(ServiceEntity, ValveEntity):
    """A valve that is open or closed, and may let water flow or not yet."""

    _attr_reports_position = False
    _attr_supported_features = ValveEntityFeature.OPEN | ValveEntityFeature.CLOSE
    _active: Characteristic | None
    _in_use: Characteristic | None
    _type: Characteristic | None

    @override
    def _describe(self) -> None:
        self._active = self._characteristic(CharacteristicUuid.ACTIVE)
        self._in_use = self._characteristic(CharacteristicUuid.IN_USE)
        self._type = self._characteristic(CharacteristicUuid.VALVE_TYPE)
        configured = self.service.characteristic(CharacteristicUuid.IS_CONFIGURED)
        self._attr_entity_registry_enabled_default = truth(configured) is not False

    @override
    def _is_shown(self, service: Service) -> bool:
        return super()._is_shown(service) and not is_main_switch(service)

    @property
    def _is_open(self) -> bool | None:
        """Whether it was opened; None when that is not known, or it cannot be asked."""
        return None if certain(self._active) is None else truth(self._active)

    @property
    @override
    def is_closed(self) -> bool | None:
        """Whether it was closed; None when that is not known."""
        return None if self._is_open is None else not self._is_open

    @property
    @override
    def is_opening(self) -> bool:
        """Whether it was opened and waits for water."""
        return self._is_open is True and truth(self._in_use) is False

    @property
    @override
    def is_closing(self) -> bool:
        """Whether it was closed and water still flows."""
        return self._is_open is False and truth(self._in_use) is True

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """What it is for."""
        kind = named(self._type, _TYPES)
        return {"valve_type": kind} if kind else None

    @override
    async def async_open_valve(self) -> None:
        """Open it."""
        await self._write({self._active: 1})

    @override
    async def async_close_valve(self) -> None:
        """Close it."""
        await self._write({self._active: 0})
