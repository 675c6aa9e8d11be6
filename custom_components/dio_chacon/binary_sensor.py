"""Whether the cloud is there, and whether it reaches the devices."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import CONNECTED
from .coordinator import Coordinator, DioConfigEntry
from .entity import AccountEntity, AccountRow, DeviceEntity, DeviceRow, async_add_rows
from .protocol import Device

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class DioBinarySensorDescription(DeviceRow, BinarySensorEntityDescription):
    """A binary sensor of a device: how it reads, and when what it reads may be shown."""

    is_on_fn: Callable[[Device], bool | None]
    available_fn: Callable[[Coordinator], bool]


@dataclass(frozen=True, kw_only=True)
class DioAccountBinarySensorDescription(AccountRow, BinarySensorEntityDescription):
    """A binary sensor of the account: how it reads."""

    is_on_fn: Callable[[Coordinator], bool]
    attributes_fn: Callable[[Coordinator], Mapping[str, Any]]


BINARY_SENSORS: Final = (
    DioBinarySensorDescription(
        key="connectivity",
        # Availability changes whenever the connection of the device does.
        is_on_fn=lambda device: device.connected is True,
        available_fn=lambda coordinator: coordinator.linked,
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
)
ACCOUNT_BINARY_SENSORS: Final = (
    DioAccountBinarySensorDescription(
        key="connection",
        translation_key="connection",
        watches=(CONNECTED,),
        is_on_fn=lambda coordinator: coordinator.client.connected,
        attributes_fn=lambda coordinator: {
            "since": coordinator.since.isoformat(),
            "reconnects": max(0, coordinator.client.statistics.connects - 1),
            "last_error": coordinator.last_error,
        },
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
    async_add_entities(
        DioAccountBinarySensor(entry.runtime_data, row) for row in ACCOUNT_BINARY_SENSORS
    )
    async_add_rows(
        hass, entry, async_add_entities, Platform.BINARY_SENSOR, BINARY_SENSORS, DioBinarySensor
    )


class DioBinarySensor(DeviceEntity, BinarySensorEntity):
    """Shows a fact about a device."""

    entity_description: DioBinarySensorDescription

    @property
    @override
    def available(self) -> bool:
        """Whether the fact may be shown."""
        return self.entity_description.available_fn(self.coordinator)

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether it is so; None until reported."""
        return self.entity_description.is_on_fn(self.device)


class DioAccountBinarySensor(AccountEntity, BinarySensorEntity):
    """Shows a fact about the account."""

    entity_description: DioAccountBinarySensorDescription

    @property
    @override
    def available(self) -> bool:
        """Always: that there is no link is worth showing."""
        return True

    @property
    @override
    def is_on(self) -> bool:
        """Whether it is so."""
        return self.entity_description.is_on_fn(self.coordinator)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """What belongs to the fact."""
        return self.entity_description.attributes_fn(self.coordinator)
