"""Binary sensors: what accessories detect, what troubles them, and whether they are there (mapping §5.2, §6.3)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import signal_connected
from .coordinator import Coordinator, HapConfigEntry
from .entity import (
    CharacteristicEntity,
    CharacteristicRow,
    GenericEntity,
    HapEntity,
    ServiceEntity,
    async_add_platform,
    by_uuid,
    described,
    generic,
    shown_services,
)
from .limits import certain, named
from .naming import label_of
from .protocol import Accessory, Characteristic, CharacteristicUuid as C, Service, ServiceUuid as S

PARALLEL_UPDATES = 0

_COVERS: Final = frozenset({S.GARAGE_DOOR_OPENER, S.WINDOW_COVERING, S.WINDOW, S.DOOR})
_ON_OFF: Final = MappingProxyType({0: False, 1: True})


@dataclass(frozen=True, kw_only=True)
class BinarySensorRow(CharacteristicRow, BinarySensorEntityDescription):
    """A binary sensor: what numbers mean; others are not known to mean either."""

    members: Mapping[int, bool] = _ON_OFF


def _row(
    key: str, uuid: str, device_class: BinarySensorDeviceClass | None = None, **told: Any
) -> BinarySensorRow:
    return BinarySensorRow(
        key=key, uuid=uuid, translation_key=key, device_class=device_class, **told
    )


# --- low batteries ------------------------------------------------------------------------------


def _is_low_battery(characteristic: Characteristic) -> bool:
    """Tell whether this one of all that tell of a low battery stands for its source (mapping §5.2).

    Several sensors in one housing have one battery, and each tells of it.
    """
    service = characteristic.service
    accessory = service.accessory
    if accessory.service(S.BATTERY_SERVICE) is not None:
        return False
    return service.iid == min(
        each.service.iid
        for each in accessory.characteristics
        if each.type == C.STATUS_LOW_BATTERY and _battery_of(each.service) == _battery_of(service)
    )


def _battery_of(service: Service) -> object:
    """Give what tells batteries apart: label, else name, else there is one."""
    if (label := label_of(service)) is not None:
        return service.type, label
    name = _folded(service.name)
    return name if name != _folded(service.accessory.name) else ""


def _folded(text: str | None) -> str:
    return "".join((text or "").casefold().split())


def _has_level(service: Service) -> bool:
    """Tell whether a service is a battery that tells its level, and so is a sensor."""
    return service.type == S.BATTERY_SERVICE and service.characteristic(C.BATTERY_LEVEL) is not None


def _can_charge(characteristic: Characteristic) -> bool:
    """Leave out what is not chargeable, by what it says it may be, or is."""
    valid = characteristic.metadata.valid_values
    return characteristic.value != _NOT_CHARGEABLE and (
        valid is None or not {0, 1}.isdisjoint(valid)
    )


_NOT_CHARGEABLE: Final = 2

# --- rows ---------------------------------------------------------------------------------------

_DIAGNOSTIC: Final[dict[str, Any]] = {"entity_category": EntityCategory.DIAGNOSTIC}

SERVICES: Final = {
    S.MOTION_SENSOR: _row("motion", C.MOTION_DETECTED, BinarySensorDeviceClass.MOTION),
    S.CONTACT_SENSOR: _row("contact", C.CONTACT_SENSOR_STATE, BinarySensorDeviceClass.OPENING),
    S.OCCUPANCY_SENSOR: _row("occupancy", C.OCCUPANCY_DETECTED, BinarySensorDeviceClass.OCCUPANCY),
    S.LEAK_SENSOR: _row("leak", C.LEAK_DETECTED, BinarySensorDeviceClass.MOISTURE),
    S.SMOKE_SENSOR: _row("smoke", C.SMOKE_DETECTED, BinarySensorDeviceClass.SMOKE),
    S.CARBON_MONOXIDE_SENSOR: _row(
        "carbon_monoxide", C.CARBON_MONOXIDE_DETECTED, BinarySensorDeviceClass.CO
    ),
    S.BATTERY_SERVICE: _row(
        "low_battery", C.STATUS_LOW_BATTERY, BinarySensorDeviceClass.BATTERY, **_DIAGNOSTIC
    ),
}

ROWS: Final = by_uuid(
    # Beside a level it says what the accessory thinks of that.
    _row(
        "low_battery",
        C.STATUS_LOW_BATTERY,
        BinarySensorDeviceClass.BATTERY,
        exists_fn=lambda characteristic: _has_level(characteristic.service),
        entity_registry_enabled_default=False,
        **_DIAGNOSTIC,
    ),
    _row(
        "low_battery",
        C.STATUS_LOW_BATTERY,
        BinarySensorDeviceClass.BATTERY,
        exists_fn=_is_low_battery,
        **_DIAGNOSTIC,
    ),
    _row(
        "charging",
        C.CHARGING_STATE,
        BinarySensorDeviceClass.BATTERY_CHARGING,
        exists_fn=_can_charge,
        members={**_ON_OFF, _NOT_CHARGEABLE: False},
        **_DIAGNOSTIC,
    ),
    _row("problem", C.STATUS_FAULT, BinarySensorDeviceClass.PROBLEM, **_DIAGNOSTIC),
    _row("tampered", C.STATUS_TAMPERED, BinarySensorDeviceClass.TAMPER, **_DIAGNOSTIC),
    _row(
        "active",
        C.STATUS_ACTIVE,
        BinarySensorDeviceClass.RUNNING,
        entity_registry_enabled_default=False,
        **_DIAGNOSTIC,
    ),
    _row("carbon_dioxide_alarm", C.CARBON_DIOXIDE_DETECTED, BinarySensorDeviceClass.PROBLEM),
    _row("replace_filter", C.FILTER_CHANGE_INDICATION, BinarySensorDeviceClass.PROBLEM),
    _row(
        "obstruction",
        C.OBSTRUCTION_DETECTED,
        BinarySensorDeviceClass.PROBLEM,
        services=_COVERS,
    ),
    _row("outlet_in_use", C.OUTLET_IN_USE, BinarySensorDeviceClass.POWER, **_DIAGNOSTIC),
    _row("in_use", C.IN_USE, BinarySensorDeviceClass.RUNNING),
    _row(
        "door",
        C.CURRENT_DOOR_STATE,
        BinarySensorDeviceClass.DOOR,
        services=frozenset({S.LOCK_MANAGEMENT, S.LOCK_MECHANISM}),
        # Open, closed, opening, closing, stopped in between.
        members={0: True, 1: False, 2: True, 3: True, 4: True},
    ),
    _row(
        "auxiliary_heat",
        C.ECOBEE_AUX_HEAT_ACTIVE,
        BinarySensorDeviceClass.RUNNING,
        entity_registry_enabled_default=False,
        **_DIAGNOSTIC,
    ),
)

CONNECTION: Final = BinarySensorEntityDescription(
    key="connection",
    translation_key="connection",
    device_class=BinarySensorDeviceClass.CONNECTIVITY,
    entity_category=EntityCategory.DIAGNOSTIC,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HapConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the binary sensors."""
    async_add_platform(hass, entry, async_add_entities, Platform.BINARY_SENSOR, _new_entities)


def _new_entities(coordinator: Coordinator, accessory: Accessory) -> Iterator[HapEntity]:
    if accessory.aid == min(coordinator.database.accessories):
        yield ConnectionSensor(coordinator, accessory)
    for service in shown_services(accessory, *SERVICES):
        if not _has_level(service):
            yield ServiceBinarySensor(coordinator, service, SERVICES[service.type])
    for characteristic, row in described(accessory, ROWS):
        yield CharacteristicBinarySensor(coordinator, characteristic, row)
    for characteristic in generic(coordinator, accessory, Platform.BINARY_SENSOR):
        row = BinarySensorRow(key="generic", uuid=characteristic.type)
        yield GenericBinarySensor(coordinator, characteristic, row)


class ConnectionSensor(HapEntity, BinarySensorEntity):
    """Whether the accessory, or the bridge, can be heard."""

    def __init__(self, coordinator: Coordinator, accessory: Accessory) -> None:
        """Describe the entity."""
        super().__init__(coordinator, accessory, CONNECTION)
        self._attr_unique_id = f"{coordinator.pairing_id}_{CONNECTION.key}"

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the link at once, too."""
        await super().async_added_to_hass()
        self.async_on_remove(
            async_dispatcher_connect(
                self.hass,
                signal_connected(self.coordinator.entry_id),
                self._async_changed,
            )
        )

    @property
    @override
    def available(self) -> bool:
        """Always: that there is no link is worth showing."""
        return True

    @property
    @override
    def is_on(self) -> bool:
        """Whether there is one."""
        return self.coordinator.connected

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Since when, and what happened before."""
        coordinator = self.coordinator
        return {
            "since": coordinator.since.isoformat(),
            "reconnects": max(0, coordinator.client.statistics.connects - 1),
            "last_error": coordinator.last_error,
        }


class HapBinarySensor(HapEntity, BinarySensorEntity):
    """Shows one characteristic."""

    entity_description: BinarySensorRow

    _shown: Characteristic | None = None

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether it is so; None until reported, for what nobody knows the meaning of, and if it could not be read last.

        An old "closed" or "dry" is worth nothing.
        """
        if certain(self._shown) is None:
            return None
        return named(self._shown, self.entity_description.members)


class ServiceBinarySensor(ServiceEntity, HapBinarySensor):
    """A binary sensor that is a service."""

    entity_description: BinarySensorRow

    @override
    def _describe(self) -> None:
        self._shown = self._characteristic(self.entity_description.uuid)

    @override
    def _is_shown(self, service: Service) -> bool:
        return not _has_level(service) and super()._is_shown(service)


class CharacteristicBinarySensor(CharacteristicEntity, HapBinarySensor):
    """A binary sensor that is one characteristic."""

    entity_description: BinarySensorRow

    @override
    def _describe(self) -> None:
        super()._describe()
        self._shown = self.characteristic


class GenericBinarySensor(GenericEntity, CharacteristicBinarySensor):
    """A binary sensor for what nobody knows."""
