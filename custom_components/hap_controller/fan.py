"""Fans and air purifiers (mapping §5.8a)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.fan import (
    DIRECTION_FORWARD,
    DIRECTION_REVERSE,
    FanEntity,
    FanEntityDescription,
    FanEntityFeature,
)
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import Coordinator, HapConfigEntry
from .dispatch import is_fan_of_climate
from .entity import HapEntity, ServiceEntity, async_add_platform, shown_services
from .limits import Number, Speeds, allowed, named, number, truth
from .protocol import Accessory, Characteristic, CharacteristicUuid, Service, ServiceUuid

PARALLEL_UPDATES = 0

PRESET_AUTO: Final = "auto"

_AUTOMATIC: Final = 1
_MANUAL: Final = 0
_DIRECTIONS: Final = {0: DIRECTION_FORWARD, 1: DIRECTION_REVERSE}


@dataclass(frozen=True, kw_only=True)
class FanRow(FanEntityDescription):
    """A kind of fan."""

    on: str
    """What switches it."""
    preset: str | None = CharacteristicUuid.TARGET_FAN_STATE
    """What leaves the speed to it."""


_FANS: Final = {
    ServiceUuid.FAN: FanRow(key="fan", translation_key="fan", on=CharacteristicUuid.ON),
    ServiceUuid.FAN_V2: FanRow(key="fan_v2", translation_key="fan", on=CharacteristicUuid.ACTIVE),
    ServiceUuid.AIR_PURIFIER: FanRow(
        key="air_purifier",
        translation_key="air_purifier",
        on=CharacteristicUuid.ACTIVE,
        preset=CharacteristicUuid.TARGET_AIR_PURIFIER_STATE,
    ),
}

_HUMIDIFIER: Final = FanRow(
    key="humidifier_fan",
    translation_key="humidifier_fan",
    on=CharacteristicUuid.ACTIVE,
    preset=None,
    entity_registry_enabled_default=False,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HapConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the fans."""
    async_add_platform(hass, entry, async_add_entities, Platform.FAN, _new_entities)


def _new_entities(coordinator: Coordinator, accessory: Accessory) -> Iterator[HapEntity]:
    for service in shown_services(accessory, *_FANS):
        yield ServiceFan(coordinator, service, _FANS[service.type])
    for service in shown_services(accessory, ServiceUuid.HUMIDIFIER_DEHUMIDIFIER):
        if _has_speed(service):
            yield HumidifierFan(coordinator, service, _HUMIDIFIER)


def _has_speed(service: Service) -> bool:
    return service.characteristic(CharacteristicUuid.ROTATION_SPEED) is not None


class ServiceFan(ServiceEntity, FanEntity):
    """A fan or an air purifier."""

    entity_description: FanRow

    _on: Characteristic | None
    _speed: Characteristic | None
    _speeds: Speeds | None
    _preset: Characteristic | None
    _direction: Characteristic | None
    _swing: Characteristic | None
    _last_speed: Number | None = None
    """The speed above 0 that it had last."""

    @override
    def _describe(self) -> None:
        row = self.entity_description
        self._on = self._characteristic(row.on)
        self._speed = self._characteristic(CharacteristicUuid.ROTATION_SPEED)
        self._preset = self._characteristic(row.preset) if row.preset else None
        self._direction = self._characteristic(CharacteristicUuid.ROTATION_DIRECTION)
        self._swing = self._characteristic(CharacteristicUuid.SWING_MODE)
        if _AUTOMATIC not in allowed(self._preset, (_MANUAL, _AUTOMATIC)):
            self._preset = None
        self._speeds = Speeds(self._speed) if self._speed else None
        self._attr_speed_count = self._speeds.count if self._speeds else 100
        self._attr_preset_modes = [PRESET_AUTO] if self._preset else None
        features = FanEntityFeature.TURN_ON | FanEntityFeature.TURN_OFF
        for present, feature in (
            (self._speed, FanEntityFeature.SET_SPEED),
            (self._direction, FanEntityFeature.DIRECTION),
            (self._swing, FanEntityFeature.OSCILLATE),
            (self._preset, FanEntityFeature.PRESET_MODE),
        ):
            if present:
                features |= feature
        self._attr_supported_features = features
        self._attr_entity_registry_enabled_default = (
            row.entity_registry_enabled_default and not is_fan_of_climate(self.service)
        )
        self._async_take()

    @override
    @callback
    def _async_take(self) -> None:
        """Remember the speed for when it is switched on again."""
        speed = number(self._speed)
        if speed is not None and speed > 0:
            self._last_speed = speed

    # --- what it shows ----------------------------------------------------------------------

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether it is on; None until reported."""
        return truth(self._on)

    @property
    @override
    def percentage(self) -> int | None:
        """How fast it is, 0 when it is off; None until reported, or when it has no speeds."""
        if self._speeds is None or self.is_on is None:
            return None
        speed = number(self._speed) if self.is_on else 0
        return None if speed is None else self._speeds.percentage(speed)

    @property
    @override
    def preset_mode(self) -> str | None:
        """Whether the speed is left to it."""
        return PRESET_AUTO if number(self._preset) == _AUTOMATIC else None

    @property
    @override
    def current_direction(self) -> str | None:
        """Which way it turns; None when unknown."""
        return named(self._direction, _DIRECTIONS)

    @property
    @override
    def oscillating(self) -> bool | None:
        """Whether it swings; None when unknown."""
        return truth(self._swing)

    # --- what it does -----------------------------------------------------------------------

    @override
    async def async_turn_on(
        self,
        percentage: int | None = None,
        preset_mode: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Switch it on, with a speed or without; what would come on standing still gets its last speed."""
        if percentage == 0:
            await self.async_turn_off()
            return
        values: dict[Characteristic | None, Any] = {}
        if not self.is_on:
            values[self._on] = 1
        if preset_mode == PRESET_AUTO:
            values[self._preset] = _AUTOMATIC
        elif percentage is not None:
            values |= self._at(percentage)
        elif number(self._speed) == 0 and self._last_speed is not None:
            values[self._speed] = self._last_speed
        await self._write(values)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Switch it off."""
        await self._write({self._on: 0})

    @override
    async def async_set_percentage(self, percentage: int) -> None:
        """Set the speed, and switch it on if need be; 0 is off."""
        if percentage == 0:
            await self.async_turn_off()
        else:
            await self.async_turn_on(percentage)

    @override
    async def async_set_preset_mode(self, preset_mode: str) -> None:
        """Leave the speed to it."""
        await self._write({self._preset: _AUTOMATIC if preset_mode == PRESET_AUTO else _MANUAL})

    @override
    async def async_set_direction(self, direction: str) -> None:
        """Have it turn the other way."""
        await self._write({self._direction: int(direction == DIRECTION_REVERSE)})

    @override
    async def async_oscillate(self, oscillating: bool) -> None:
        """Have it swing or not."""
        await self._write({self._swing: int(oscillating)})

    def _at(self, percentage: int) -> dict[Characteristic | None, Any]:
        """Give what sets a speed, which is then no longer left to it."""
        if self._speeds is None:
            return {}
        return {self._speed: self._speeds.speed(percentage), self._preset: _MANUAL}


class HumidifierFan(ServiceFan):
    """The fan of a humidifier or dehumidifier, which is on when that is."""

    @override
    def _take_name(self) -> None:
        names = self.coordinator.names(self.accessory)
        self._name(names.of_service(self.service, further=True))

    @override
    def _is_shown(self, service: Service) -> bool:
        return super()._is_shown(service) and _has_speed(service)
