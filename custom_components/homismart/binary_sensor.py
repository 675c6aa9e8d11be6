"""Whether the cloud is there, and whether it reaches hubs and devices."""

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
from .coordinator import Coordinator, HomismartConfigEntry
from .entity import AccountEntity, AccountRow, DeviceEntity, DeviceRow, async_add_rows
from .protocol import Device, Kind

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class HomismartBinarySensorDescription(DeviceRow, BinarySensorEntityDescription):
    """A binary sensor of a device: how it reads, and when what it reads may be shown."""

    is_on_fn: Callable[[Device], bool | None]
    available_fn: Callable[[Coordinator], bool]


@dataclass(frozen=True, kw_only=True)
class HomismartAccountBinarySensorDescription(AccountRow, BinarySensorEntityDescription):
    """A binary sensor of the account: how it reads."""

    is_on_fn: Callable[[Coordinator], bool]
    attributes_fn: Callable[[Coordinator], Mapping[str, Any]]


BINARY_SENSORS: Final = (
    HomismartBinarySensorDescription(
        key="connectivity",
        kinds=(Kind.HUB,),
        # Availability changes whenever what it shows does.
        is_on_fn=lambda device: device.online is True,
        available_fn=lambda coordinator: coordinator.linked,
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    HomismartBinarySensorDescription(
        key="connectivity",
        is_on_fn=lambda device: device.reachable is True,
        available_fn=lambda coordinator: coordinator.linked,
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
    ),
)
ACCOUNT_BINARY_SENSORS: Final = (
    HomismartAccountBinarySensorDescription(
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
    entry: HomismartConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the binary sensors of an account."""
    async_add_entities(
        HomismartAccountBinarySensor(entry.runtime_data, row) for row in ACCOUNT_BINARY_SENSORS
    )
    async_add_rows(
        hass,
        entry,
        async_add_entities,
        Platform.BINARY_SENSOR,
        BINARY_SENSORS,
        HomismartBinarySensor,
    )


class HomismartBinarySensor(DeviceEntity, BinarySensorEntity):
    """Shows a fact about a device."""

    entity_description: HomismartBinarySensorDescription

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


class HomismartAccountBinarySensor(AccountEntity, BinarySensorEntity):
    """Shows a fact about the account."""

    entity_description: HomismartAccountBinarySensorDescription

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
