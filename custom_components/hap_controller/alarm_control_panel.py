"""Security systems (mapping §5.1)."""

from collections.abc import Iterator
from typing import Final, override

from homeassistant.components.alarm_control_panel import (
    AlarmControlPanelEntity,
    AlarmControlPanelEntityDescription,
    AlarmControlPanelEntityFeature,
    AlarmControlPanelState,
)
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import Coordinator, HapConfigEntry
from .entity import HapEntity, ServiceEntity, async_add_platform, shown_services
from .limits import allowed, certain, named, number
from .protocol import Accessory, Characteristic, CharacteristicUuid, ServiceUuid

PARALLEL_UPDATES = 0

_HOME: Final = 0
_AWAY: Final = 1
_NIGHT: Final = 2
_DISARMED: Final = 3
_TRIGGERED: Final = 4
_STATES: Final = {
    _HOME: AlarmControlPanelState.ARMED_HOME,
    _AWAY: AlarmControlPanelState.ARMED_AWAY,
    _NIGHT: AlarmControlPanelState.ARMED_NIGHT,
    _DISARMED: AlarmControlPanelState.DISARMED,
    _TRIGGERED: AlarmControlPanelState.TRIGGERED,
}
_ARMED: Final = frozenset(_STATES[raw] for raw in (_HOME, _AWAY, _NIGHT))
_FEATURES: Final = {
    _HOME: AlarmControlPanelEntityFeature.ARM_HOME,
    _AWAY: AlarmControlPanelEntityFeature.ARM_AWAY,
    _NIGHT: AlarmControlPanelEntityFeature.ARM_NIGHT,
}

_ALARM: Final = AlarmControlPanelEntityDescription(
    key="security_system", translation_key="security_system"
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HapConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the security systems."""
    async_add_platform(hass, entry, async_add_entities, Platform.ALARM_CONTROL_PANEL, _new_entities)


def _new_entities(coordinator: Coordinator, accessory: Accessory) -> Iterator[HapEntity]:
    for service in shown_services(accessory, ServiceUuid.SECURITY_SYSTEM):
        yield SecuritySystem(coordinator, service, _ALARM)


class SecuritySystem(ServiceEntity, AlarmControlPanelEntity):
    """A security system; HomeKit knows no code, and no way to set it off."""

    _attr_code_arm_required = False

    _current: Characteristic | None
    _target: Characteristic | None

    @override
    def _describe(self) -> None:
        self._current = self._characteristic(CharacteristicUuid.SECURITY_SYSTEM_CURRENT_STATE)
        self._target = self._characteristic(CharacteristicUuid.SECURITY_SYSTEM_TARGET_STATE)
        features = AlarmControlPanelEntityFeature(0)
        for raw in allowed(self._target, (*_FEATURES, _DISARMED)):
            features |= _FEATURES.get(raw, AlarmControlPanelEntityFeature(0))
        self._attr_supported_features = features

    @property
    @override
    def alarm_state(self) -> AlarmControlPanelState | None:
        """What it is, or on the way to; None when unknown. An alarm stays one until it is over."""
        current = None if certain(self._current) is None else named(self._current, _STATES)
        target = number(self._target)
        if current is AlarmControlPanelState.DISARMED and target in _FEATURES:
            return AlarmControlPanelState.ARMING
        if target == _DISARMED and current in _ARMED:
            return AlarmControlPanelState.DISARMING
        return current

    @override
    async def async_alarm_arm_home(self, code: str | None = None) -> None:
        """Arm it for people at home."""
        await self._write({self._target: _HOME})

    @override
    async def async_alarm_arm_away(self, code: str | None = None) -> None:
        """Arm it for nobody at home."""
        await self._write({self._target: _AWAY})

    @override
    async def async_alarm_arm_night(self, code: str | None = None) -> None:
        """Arm it for people asleep."""
        await self._write({self._target: _NIGHT})

    @override
    async def async_alarm_disarm(self, code: str | None = None) -> None:
        """Disarm it."""
        await self._write({self._target: _DISARMED})
