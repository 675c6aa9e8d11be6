"""What devices tell beside their state."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory, Platform, UnitOfTime
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .coordinator import HomismartConfigEntry
from .entity import DeviceEntity, DeviceRow, async_add_rows
from .protocol import Device, Kind

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class HomismartSensorDescription(DeviceRow, SensorEntityDescription):
    """A sensor: how it reads."""

    value_fn: Callable[[Device], datetime | float | None]


def _last_on(device: Device) -> datetime | None:
    """Read the wire's local time of the home, which has no time zone."""
    naive = dt_util.parse_datetime(device.last_on) if device.last_on else None
    return naive.replace(tzinfo=dt_util.get_default_time_zone()) if naive else None


SENSORS: Final = (
    HomismartSensorDescription(
        key="operation_time",
        translation_key="operation_time",
        kinds=(Kind.DOOR_LOCK,),
        exists_fn=lambda device: device.operation_time_s is not None,
        watches=("operation_time_s",),
        value_fn=lambda device: device.operation_time_s,
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
    ),
    HomismartSensorDescription(
        key="consumption",
        translation_key="consumption",
        exists_fn=lambda device: device.consumption is not None,
        watches=("consumption",),
        value_fn=lambda device: device.consumption,
        state_class=SensorStateClass.MEASUREMENT,
        entity_registry_enabled_default=False,
    ),
    HomismartSensorDescription(
        key="last_on",
        translation_key="last_on",
        exists_fn=lambda device: "lastOn" in device.members,
        watches=("last_on",),
        value_fn=_last_on,
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_registry_enabled_default=False,
    ),
    HomismartSensorDescription(
        key="last_change",
        translation_key="last_change",
        kinds=frozenset(Kind),
        exists_fn=lambda device: device.updated_at is not None,
        watches=("updated_at",),
        value_fn=lambda device: device.updated_at,
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HomismartConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of an account."""
    async_add_rows(hass, entry, async_add_entities, Platform.SENSOR, SENSORS, HomismartSensor)


class HomismartSensor(DeviceEntity, SensorEntity):
    """Shows a value of a device."""

    entity_description: HomismartSensorDescription

    @property
    @override
    def native_value(self) -> datetime | float | None:
        """The value; None until reported."""
        return self.entity_description.value_fn(self.device)
