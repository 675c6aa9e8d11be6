"""Door locks."""

from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.lock import LockEntity, LockEntityDescription, LockEntityFeature
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import HomismartConfigEntry
from .entity import DeviceEntity, DeviceRow, async_add_rows
from .protocol import Kind

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class HomismartLockDescription(DeviceRow, LockEntityDescription):
    """A lock."""


LOCKS: Final = (
    HomismartLockDescription(key="lock", name=None, kinds=(Kind.DOOR_LOCK,), watches=("locked",)),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HomismartConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the locks of an account."""
    async_add_rows(hass, entry, async_add_entities, Platform.LOCK, LOCKS, HomismartLock)


class HomismartLock(DeviceEntity, LockEntity):
    """A lock that never shows more than the device reports.

    A command in doubt is never sent again by itself: the door may have been opened meanwhile.
    """

    entity_description: HomismartLockDescription

    @property
    @override
    def supported_features(self) -> LockEntityFeature:
        """The opener only where the user has said that there is one."""
        return LockEntityFeature(
            LockEntityFeature.OPEN if self.coordinator.options.door_open else 0
        )

    @property
    @override
    def is_locked(self) -> bool | None:
        """Whether it reports to be locked; None when it reports neither."""
        return self.device.locked

    @property
    @override
    def is_locking(self) -> bool:
        """Whether locking is on the way."""
        return self.device.pending.get("locked") is True

    @property
    @override
    def is_unlocking(self) -> bool:
        """Whether unlocking is on the way."""
        return self.device.pending.get("locked") is False

    @override
    async def async_lock(self, **kwargs: Any) -> None:
        """Lock."""
        await self._async_set_locked(locked=True)

    @override
    async def async_unlock(self, **kwargs: Any) -> None:
        """Unlock."""
        await self._async_set_locked(locked=False)

    @override
    async def async_open(self, **kwargs: Any) -> None:
        """Let the opener buzz; the cloud ends that by itself."""
        await self.coordinator.async_command(
            self.coordinator.client.set_on(self._subject_id, on=True)
        )

    async def _async_set_locked(self, *, locked: bool) -> None:
        await self.coordinator.async_command(
            self.coordinator.client.set_locked(self._subject_id, locked)
        )
