"""Locks, also those of garage doors (mapping §5.10, §5.7). Locked is only what reports to be."""

from collections.abc import Iterator
from typing import Any, Final, override

from homeassistant.components.lock import LockEntity, LockEntityDescription
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import Coordinator, HapConfigEntry
from .entity import HapEntity, async_add_platform, shown_services
from .limits import certain, number
from .movement import MovingEntity
from .protocol import Accessory, Characteristic, CharacteristicUuid, Service, ServiceUuid

PARALLEL_UPDATES = 0

# Numbers of states; targets are the first two.
_UNLOCKED: Final = 0
_LOCKED: Final = 1
_JAMMED: Final = 2
# Some locks do not tell what became of a command: so long after one they are asked, in seconds.
_LOOK_AFTER_S: Final = (2.0, 8.0)

_LOCK: Final = LockEntityDescription(key="lock", translation_key="lock")
_GARAGE_LOCK: Final = LockEntityDescription(key="garage_lock", translation_key="garage_lock")
_STATES: Final = (CharacteristicUuid.LOCK_CURRENT_STATE, CharacteristicUuid.LOCK_TARGET_STATE)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HapConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the locks."""
    async_add_platform(hass, entry, async_add_entities, Platform.LOCK, _new_entities)


def _new_entities(coordinator: Coordinator, accessory: Accessory) -> Iterator[HapEntity]:
    for service in shown_services(accessory, ServiceUuid.LOCK_MECHANISM):
        yield HapLock(coordinator, service, _LOCK)
    for service in shown_services(accessory, ServiceUuid.GARAGE_DOOR_OPENER):
        if _has_lock(service):
            yield GarageLock(coordinator, service, _GARAGE_LOCK)


def _has_lock(service: Service) -> bool:
    return all(service.characteristic(uuid) for uuid in _STATES)


class HapLock(MovingEntity, LockEntity):
    """A lock: what it was told to be shows only as a movement, and not for long."""

    _current: Characteristic | None
    _target: Characteristic | None

    @override
    def _describe(self) -> None:
        self._current, self._target = map(self._characteristic, _STATES)
        self._async_take()

    @callback
    @override
    def _async_take(self) -> None:
        current = certain(self._current)
        is_sure = current in {_UNLOCKED, _LOCKED}
        self._movement.take(current if is_sure else None, number(self._target))

    @property
    def _goes_to(self) -> float | None:
        """What it is about to become; None when nothing."""
        return number(self._target) if self._movement.active else None

    @property
    @override
    def is_locked(self) -> bool | None:
        """Whether it reports to be locked; None when it does not know, says something else, or cannot be asked."""
        current = certain(self._current)
        return current == _LOCKED if current in {_UNLOCKED, _LOCKED, _JAMMED} else None

    @property
    @override
    def is_jammed(self) -> bool:
        """Whether the bolt is stuck."""
        return certain(self._current) == _JAMMED

    @property
    @override
    def is_locking(self) -> bool:
        """Whether it was told to lock and is not locked yet."""
        return self._goes_to == _LOCKED

    @property
    @override
    def is_unlocking(self) -> bool:
        """Whether it was told to unlock and is not unlocked yet."""
        return self._goes_to == _UNLOCKED

    @override
    async def async_lock(self, **kwargs: Any) -> None:
        """Lock it."""
        await self._turn(_LOCKED)

    @override
    async def async_unlock(self, **kwargs: Any) -> None:
        """Unlock it."""
        await self._turn(_UNLOCKED)

    async def _turn(self, target: int) -> None:
        await self._write({self._target: target})
        self._movement.expect()
        keys = [each.key for each in (self._current, self._target) if each]
        self.coordinator.async_read_later(keys, *_LOOK_AFTER_S)


class GarageLock(HapLock):
    """The lock of a garage door, beside the door itself."""

    @override
    def _take_name(self) -> None:
        # The door stands for the device.
        self._name(self.coordinator.names(self.accessory).of_service(self.service, further=True))

    @override
    def _is_shown(self, service: Service) -> bool:
        return super()._is_shown(service) and _has_lock(service)
