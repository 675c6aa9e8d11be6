"""What doorbells and shutters tell beside their state, and what the account has that cannot be shown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorEntityDescription
from homeassistant.const import EntityCategory, Platform, UnitOfTime
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import UNSUPPORTED
from .coordinator import Coordinator, DioConfigEntry
from .entity import AccountEntity, AccountRow, DeviceEntity, DeviceRow, async_add_rows
from .protocol import Device, Kind

PARALLEL_UPDATES = 0

# The vendor's words for the state of a memory card; no other one is published.
_SD_CARD_STATES: Final = {"noCard": "no_card"}
_SD_CARD_OTHER: Final = "other"


@dataclass(frozen=True, kw_only=True)
class DioSensorDescription(DeviceRow, SensorEntityDescription):
    """A sensor of a device: how it reads."""

    value_fn: Callable[[Device], datetime | float | str | None]
    attributes_fn: Callable[[Device], Mapping[str, Any] | None] = lambda device: None


@dataclass(frozen=True, kw_only=True)
class DioAccountSensorDescription(AccountRow, SensorEntityDescription):
    """A sensor of the account: how it reads."""

    value_fn: Callable[[Coordinator], int]
    attributes_fn: Callable[[Coordinator], Mapping[str, Any]]


def _sd_card_state(device: Device) -> str | None:
    card = device.sd_card
    return _SD_CARD_STATES.get(card.status, _SD_CARD_OTHER) if card else None


def _sd_card_attributes(device: Device) -> Mapping[str, Any] | None:
    card = device.sd_card
    return {"total": card.total, "free": card.free, "status": card.status} if card else None


SENSORS: Final = (
    DioSensorDescription(
        key="last_ring",
        translation_key="last_ring",
        kinds=(Kind.DOORBELL,),
        watches=("last_ring",),
        value_fn=lambda device: device.last_ring,
        device_class=SensorDeviceClass.TIMESTAMP,
    ),
    DioSensorDescription(
        key="sdcard",
        translation_key="sd_card",
        exists_fn=lambda device: device.sd_card is not None,
        watches=("sd_card",),
        value_fn=_sd_card_state,
        attributes_fn=_sd_card_attributes,
        device_class=SensorDeviceClass.ENUM,
        options=[*_SD_CARD_STATES.values(), _SD_CARD_OTHER],
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
    ),
    *(
        DioSensorDescription(
            key=key,
            translation_key=key,
            exists_fn=lambda device: device.calibration is not None,
            watches=("calibration",),
            value_fn=value_fn,
            device_class=SensorDeviceClass.DURATION,
            native_unit_of_measurement=UnitOfTime.SECONDS,
            suggested_display_precision=1,
            entity_category=EntityCategory.DIAGNOSTIC,
            entity_registry_enabled_default=False,
        )
        for key, value_fn in (
            ("travel_up", lambda device: device.calibration and device.calibration.up_s),
            ("travel_down", lambda device: device.calibration and device.calibration.down_s),
        )
    ),
)
ACCOUNT_SENSORS: Final = (
    DioAccountSensorDescription(
        key="unsupported",
        translation_key="unsupported",
        watches=(UNSUPPORTED,),
        value_fn=lambda coordinator: len(coordinator.unsupported),
        attributes_fn=lambda coordinator: {
            "types": sorted({device.record.type_text for device in coordinator.unsupported})
        },
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: DioConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of an account."""
    async_add_entities(DioAccountSensor(entry.runtime_data, row) for row in ACCOUNT_SENSORS)
    async_add_rows(hass, entry, async_add_entities, Platform.SENSOR, SENSORS, DioSensor)


class DioSensor(DeviceEntity, SensorEntity):
    """Shows a value of a device."""

    entity_description: DioSensorDescription

    @property
    @override
    def native_value(self) -> datetime | float | str | None:
        """The value; None until reported."""
        return self.entity_description.value_fn(self.device)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """What belongs to the value."""
        return self.entity_description.attributes_fn(self.device)


class DioAccountSensor(AccountEntity, SensorEntity):
    """Shows a value of the account."""

    entity_description: DioAccountSensorDescription

    @property
    @override
    def native_value(self) -> int:
        """The value."""
        return self.entity_description.value_fn(self.coordinator)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """What belongs to the value."""
        return self.entity_description.attributes_fn(self.coordinator)
