"""Movements that an accessory was asked for and does not tell of: shown for a while, until what is meets what shall be.

A target that differs from what is does not tell of a movement by itself: doors and locks are turned by hand, and some
accessories keep the old target for ever then.
"""

from datetime import datetime
from typing import Final, override

from homeassistant.core import CALLBACK_TYPE, HassJob, callback
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.event import async_call_later

from .coordinator import Coordinator
from .entity import HapEntity, ServiceEntity
from .limits import Number
from .protocol import Service

# A movement that is not told to have ended is not believed in for longer (mapping §5.7, §5.10).
LIMIT_S: Final = 60.0


class Movement:
    """Whether something is on its way to where it shall be."""

    def __init__(self, entity: HapEntity) -> None:
        """Take the entity that shows it."""
        self._entity = entity
        self._current: Number | None = None
        self._target: Number | None = None
        self._end: CALLBACK_TYPE | None = None
        self._closed = False

    @property
    def active(self) -> bool:
        """Whether it moves, as far as can be told."""
        return self._end is not None

    @callback
    def take(self, current: Number | None, target: Number | None) -> None:
        """Take what is and what shall be, each as reported; None while that is not known."""
        was, self._current = self._current, current
        wanted, self._target = self._target, target
        if current is None or target is None or current == target:
            self.end()
        elif wanted is not None and target != wanted:
            # Told at once that it left where it shall be: which came first cannot be seen, and what is counts.
            if target == was:
                self.end()
            else:
                self._begin()
        elif current != was and was is not None:
            # What comes nearer moves; what goes away from its target was moved by hand.
            if abs(target - current) < abs(target - was):
                self._begin()
            else:
                self.end()

    @callback
    def expect(self) -> None:
        """Take that a command was accepted, which need not change the target."""
        known = self._current is not None and self._target is not None
        if known and self._current != self._target and not self._closed:
            self._begin()
            self._entity.async_write_ha_state()

    @callback
    def end(self) -> None:
        """Stop believing in it."""
        if self._end:
            self._end()
            self._end = None

    @callback
    def close(self) -> None:
        """Stop for good: the entity goes, maybe while a command of its is under way."""
        self._closed = True
        self.end()

    def _begin(self) -> None:
        self.end()
        if not self._closed:
            self._end = async_call_later(
                self._entity.hass, LIMIT_S, HassJob(self._expired, cancel_on_shutdown=True)
            )

    @callback
    def _expired(self, _now: datetime) -> None:
        self._end = None
        self._entity.async_write_ha_state()


class MovingEntity(ServiceEntity):
    """An entity of something that takes its time to become what it was told to be."""

    def __init__(self, coordinator: Coordinator, service: Service, row: EntityDescription) -> None:
        """Describe the entity."""
        self._movement = Movement(self)
        super().__init__(coordinator, service, row)

    @override
    async def async_added_to_hass(self) -> None:
        """Forget a movement when the entity goes."""
        await super().async_added_to_hass()
        self.async_on_remove(self._movement.close)
