"""Numbers that can be set: durations, volumes, levels (mapping §5.12, §9, §12)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.number import (
    NumberDeviceClass,
    NumberEntity,
    NumberEntityDescription,
    NumberMode,
)
from homeassistant.const import (
    PERCENTAGE,
    EntityCategory,
    Platform,
    UnitOfLength,
    UnitOfTemperature,
    UnitOfTime,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import Coordinator, HapConfigEntry
from .dispatch import is_of_player
from .entity import (
    CharacteristicEntity,
    CharacteristicRow,
    GenericEntity,
    HapEntity,
    async_add_platform,
    by_uuid,
    described,
    generic,
)
from .limits import limits_of, number
from .protocol import Accessory, Characteristic, CharacteristicUuid as C, ServiceUuid as S

PARALLEL_UPDATES = 0

# With more steps a slider can no longer be set to each of them.
_MAX_SLIDER_STEPS: Final = 256


@dataclass(frozen=True, kw_only=True)
class NumberRow(CharacteristicRow, NumberEntityDescription):
    """A number: what it is called, and what counts where the accessory sets no limits."""

    reads: str | None = None
    """UUID of another characteristic of the service that tells the value; None for the same one."""
    least: float = 0
    greatest: float = 100

    @override
    def suits(self, characteristic: Characteristic) -> bool:
        """Take what can be written."""
        return characteristic.metadata.writable and super().suits(characteristic)


def _row(key: str, uuid: str, unit: str | None = None, **told: Any) -> NumberRow:
    return NumberRow(
        key=key,
        uuid=uuid,
        translation_key=key,
        native_unit_of_measurement=unit,
        entity_category=EntityCategory.CONFIG,
        **told,
    )


_OFF: Final[dict[str, Any]] = {"entity_registry_enabled_default": False}

ROWS: Final = by_uuid(
    _row("duration", C.SET_DURATION, UnitOfTime.SECONDS, device_class=NumberDeviceClass.DURATION),
    _row(
        "auto_lock",
        C.LOCK_MANAGEMENT_AUTO_SECURITY_TIMEOUT,
        UnitOfTime.SECONDS,
        device_class=NumberDeviceClass.DURATION,
        greatest=86400,
    ),
    _row("microphone_volume", C.VOLUME, PERCENTAGE, services=frozenset({S.MICROPHONE})),
    _row(
        "speaker_volume",
        C.VOLUME,
        PERCENTAGE,
        services=frozenset({S.SPEAKER}),
        exists_fn=lambda characteristic: not is_of_player(characteristic.service),
    ),
    _row("spray_quantity", C.VOCOLINC_HUMIDIFIER_SPRAY_LEVEL),
    _row(
        "elevation",
        C.EVE_DEGREE_ELEVATION,
        UnitOfLength.METERS,
        device_class=NumberDeviceClass.DISTANCE,
        least=-450,
        greatest=9000,
    ),
    _row(
        "motion_duration",
        C.EVE_MOTION_DURATION,
        UnitOfTime.SECONDS,
        device_class=NumberDeviceClass.DURATION,
        greatest=3600,
    ),
    _row("gateway_volume", C.AQARA_GATEWAY_VOLUME, PERCENTAGE),
    _row("gateway_volume", C.AQARA_E1_GATEWAY_VOLUME, PERCENTAGE),
    *(
        _row(
            f"{name}_target_{what}",
            uuid,
            UnitOfTemperature.CELSIUS,
            device_class=NumberDeviceClass.TEMPERATURE,
            **_OFF,
        )
        for name, what, uuid in (
            ("home", "heat", C.ECOBEE_HOME_TARGET_HEAT),
            ("home", "cool", C.ECOBEE_HOME_TARGET_COOL),
            ("sleep", "heat", C.ECOBEE_SLEEP_TARGET_HEAT),
            ("sleep", "cool", C.ECOBEE_SLEEP_TARGET_COOL),
            ("away", "heat", C.ECOBEE_AWAY_TARGET_HEAT),
            ("away", "cool", C.ECOBEE_AWAY_TARGET_COOL),
        )
    ),
    _row(
        "fan_speed",
        C.ECOBEE_FAN_WRITE_SPEED,
        PERCENTAGE,
        reads=C.ECOBEE_FAN_READ_SPEED,
        **_OFF,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HapConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the numbers."""
    async_add_platform(hass, entry, async_add_entities, Platform.NUMBER, _new_entities)


def _new_entities(coordinator: Coordinator, accessory: Accessory) -> Iterator[HapEntity]:
    for characteristic, row in described(accessory, ROWS):
        yield CharacteristicNumber(coordinator, characteristic, row)
    for characteristic in generic(coordinator, accessory, Platform.NUMBER):
        yield GenericNumber(coordinator, characteristic, _generic_row(characteristic))


def _generic_row(characteristic: Characteristic) -> NumberRow:
    units = {"celsius": UnitOfTemperature.CELSIUS, "percentage": PERCENTAGE, "seconds": "s"}
    unit = characteristic.metadata.unit
    return NumberRow(
        key="generic",
        uuid=characteristic.type,
        native_unit_of_measurement=units.get(unit, unit) if unit else None,
    )


class CharacteristicNumber(CharacteristicEntity, NumberEntity):
    """A number that can be set."""

    entity_description: NumberRow

    @override
    def _describe(self) -> None:
        super()._describe()
        row = self.entity_description
        self._source = self.characteristic
        if row.reads is not None:
            found = self._track(self.characteristic.service, row.reads)
            self._source = found or self.characteristic
        limits = limits_of(self.characteristic, low=row.least, high=row.greatest)
        step = limits.step if limits.step > 0 else 1
        self._attr_native_min_value = limits.low
        self._attr_native_max_value = max(limits.low, limits.high)
        self._attr_native_step = step
        is_fine = (limits.high - limits.low) / step > _MAX_SLIDER_STEPS
        self._attr_mode = NumberMode.BOX if is_fine else NumberMode.SLIDER

    @property
    @override
    def native_value(self) -> float | None:
        """What was reported last; None while unknown."""
        return number(self._source)

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Set it."""
        await self._write({self.characteristic: value})


class GenericNumber(GenericEntity, CharacteristicNumber):
    """A number that nobody knows."""

    @override
    def _describe(self) -> None:
        self.entity_description = _generic_row(self.characteristic)
        super()._describe()
