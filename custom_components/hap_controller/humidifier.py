"""Humidifiers and dehumidifiers, also where one service is both (mapping §5.8)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Final, override

from homeassistant.components.humidifier import (
    MODE_AUTO,
    MODE_NORMAL,
    HumidifierAction,
    HumidifierDeviceClass,
    HumidifierEntity,
    HumidifierEntityDescription,
    HumidifierEntityFeature,
)
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import Coordinator, HapConfigEntry
from .entity import HapEntity, ServiceEntity, async_add_platform, shown_services
from .limits import allowed, coarse_step, named, number, truth
from .protocol import Accessory, Characteristic, CharacteristicUuid, Service, ServiceUuid

PARALLEL_UPDATES = 0

_AUTOMATIC: Final = 0
_ACTIONS: Final = {
    0: HumidifierAction.OFF,
    1: HumidifierAction.IDLE,
    2: HumidifierAction.HUMIDIFYING,
    3: HumidifierAction.DRYING,
}


@dataclass(frozen=True, kw_only=True)
class HumidifierRow(HumidifierEntityDescription):
    """One of the two things that the service can be."""

    threshold: str
    """The humidity that it works towards."""
    normal: int
    """Target state in which it does just this."""


_HUMIDIFIER: Final = HumidifierRow(
    key="humidifier",
    translation_key="humidifier",
    device_class=HumidifierDeviceClass.HUMIDIFIER,
    threshold=CharacteristicUuid.RELATIVE_HUMIDITY_HUMIDIFIER_THRESHOLD,
    normal=1,
)
_DEHUMIDIFIER: Final = HumidifierRow(
    key="dehumidifier",
    translation_key="dehumidifier",
    device_class=HumidifierDeviceClass.DEHUMIDIFIER,
    threshold=CharacteristicUuid.RELATIVE_HUMIDITY_DEHUMIDIFIER_THRESHOLD,
    normal=2,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HapConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the humidifiers."""
    async_add_platform(hass, entry, async_add_entities, Platform.HUMIDIFIER, _new_entities)


def _new_entities(coordinator: Coordinator, accessory: Accessory) -> Iterator[HapEntity]:
    for service in shown_services(accessory, ServiceUuid.HUMIDIFIER_DEHUMIDIFIER):
        if service.characteristic(_HUMIDIFIER.threshold):
            yield Humidifier(coordinator, service, _HUMIDIFIER)
        if service.characteristic(_DEHUMIDIFIER.threshold):
            yield Dehumidifier(coordinator, service, _DEHUMIDIFIER)


class Humidifier(ServiceEntity, HumidifierEntity):
    """A humidifier; where the service is a dehumidifier, too, both are switched by the same."""

    entity_description: HumidifierRow

    _active: Characteristic | None
    _threshold: Characteristic | None
    _target: Characteristic | None
    _current: Characteristic | None
    _humidity: Characteristic | None

    @override
    def _describe(self) -> None:
        row = self.entity_description
        self._active = self._characteristic(CharacteristicUuid.ACTIVE)
        self._threshold = self._characteristic(row.threshold)
        self._target = self._characteristic(CharacteristicUuid.TARGET_HUMIDIFIER_DEHUMIDIFIER_STATE)
        self._current = self._characteristic(
            CharacteristicUuid.CURRENT_HUMIDIFIER_DEHUMIDIFIER_STATE
        )
        self._humidity = self._characteristic(CharacteristicUuid.CURRENT_RELATIVE_HUMIDITY)
        self._attr_min_humidity, self._attr_max_humidity = 0, 100
        self._attr_target_humidity_step = coarse_step(self._threshold)
        if self._threshold:
            metadata = self._threshold.metadata
            self._attr_min_humidity = int(metadata.min_value or 0)
            if metadata.max_value is not None:
                self._attr_max_humidity = int(metadata.max_value)
        names = {_AUTOMATIC: MODE_AUTO, row.normal: MODE_NORMAL}
        self._modes = {raw: names[raw] for raw in allowed(self._target, names)}
        self._attr_available_modes = list(self._modes.values())
        self._attr_supported_features = (
            HumidifierEntityFeature.MODES if len(self._modes) > 1 else HumidifierEntityFeature(0)
        )

    # --- what it shows ----------------------------------------------------------------------

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether it is on; None until reported."""
        return truth(self._active)

    @property
    @override
    def current_humidity(self) -> float | None:
        """The humidity of the air, in percent."""
        return number(self._humidity)

    @property
    @override
    def target_humidity(self) -> float | None:
        """The humidity that it works towards, in percent."""
        return number(self._threshold)

    @property
    @override
    def mode(self) -> str | None:
        """Whether it decides by itself; None when it does the other thing that it can, or that is unknown."""
        return named(self._target, self._modes)

    @property
    @override
    def action(self) -> HumidifierAction | None:
        """What it does now; None when unknown."""
        return named(self._current, _ACTIONS)

    # --- what it does -----------------------------------------------------------------------

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Switch it on."""
        await self._write({self._active: 1})

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Switch it off."""
        await self._write({self._active: 0})

    @override
    async def async_set_humidity(self, humidity: int) -> None:
        """Set the humidity to work towards."""
        await self._write({self._threshold: humidity})

    @override
    async def async_set_mode(self, mode: str) -> None:
        """Set the mode, and switch it on."""
        raw = _AUTOMATIC if mode == MODE_AUTO else self.entity_description.normal
        await self._write({self._active: 1, self._target: raw})

    # --- which it is ------------------------------------------------------------------------

    @override
    def _is_shown(self, service: Service) -> bool:
        threshold = service.characteristic(self.entity_description.threshold)
        return super()._is_shown(service) and threshold is not None


class Dehumidifier(Humidifier):
    """A dehumidifier, whose unique id must not be that of a humidifier of the same service."""

    tail: ClassVar[str] = "dehumidifier"

    @override
    def _take_name(self) -> None:
        names = self.coordinator.names(self.accessory)
        is_both = self.service.characteristic(_HUMIDIFIER.threshold) is not None
        self._name(names.of_service(self.service, further=is_both))
