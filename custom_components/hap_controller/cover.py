"""Covers: garage doors, blinds, windows, doors, and slats that only tilt (mapping §5.7)."""

from collections.abc import Iterator
from math import trunc
from typing import Any, Final, override

from homeassistant.components.cover import (
    ATTR_POSITION,
    ATTR_TILT_POSITION,
    CoverDeviceClass,
    CoverEntity,
    CoverEntityDescription,
    CoverEntityFeature,
)
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import Coordinator, HapConfigEntry
from .entity import HapEntity, async_add_platform, shown_services
from .limits import Limits, certain, limits_of, number, truth
from .movement import MovingEntity
from .protocol import Accessory, Characteristic, CharacteristicUuid, ServiceUuid

PARALLEL_UPDATES = 0

_OPEN: Final = 100
_CLOSED: Final = 0
_RIGHT_ANGLE: Final = 90
_FULL_TURN: Final = 360
# As the built-in integration spells it.
_ATTR_OBSTRUCTION: Final = "obstruction-detected"


class _Door:
    """Numbers of a garage door's states; targets are the first two."""

    OPEN: Final = 0
    CLOSED: Final = 1
    OPENING: Final = 2
    CLOSING: Final = 3
    STOPPED: Final = 4


class _Motion:
    """Numbers of the motions of what has a position."""

    CLOSING: Final = 0
    OPENING: Final = 1
    STOPPED: Final = 2


_SERVICES: Final = {
    ServiceUuid.GARAGE_DOOR_OPENER: CoverEntityDescription(
        key="garage_door", translation_key="garage_door", device_class=CoverDeviceClass.GARAGE
    ),
    ServiceUuid.WINDOW_COVERING: CoverEntityDescription(
        key="window_covering", translation_key="window_covering"
    ),
    ServiceUuid.WINDOW: CoverEntityDescription(
        key="window", translation_key="window", device_class=CoverDeviceClass.WINDOW
    ),
    ServiceUuid.DOOR: CoverEntityDescription(
        key="door", translation_key="door", device_class=CoverDeviceClass.DOOR
    ),
    ServiceUuid.SLAT: CoverEntityDescription(key="slat", translation_key="slat"),
}


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HapConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the covers."""
    async_add_platform(hass, entry, async_add_entities, Platform.COVER, _new_entities)


def _new_entities(coordinator: Coordinator, accessory: Accessory) -> Iterator[HapEntity]:
    for service in shown_services(accessory, *_SERVICES):
        match service.type:
            case ServiceUuid.GARAGE_DOOR_OPENER:
                cls: type[HapCover] = GarageDoor
            case ServiceUuid.SLAT:
                cls = Slat
            case _:
                cls = PositionCover
        yield cls(coordinator, service, _SERVICES[service.type])


def tilt_position(angle: float, limits: Limits, *, level_is_open: bool = False) -> int | None:
    """Give the percentage that an angle in degrees is; None when the limits make no range.

    With ``level_is_open`` slats are open at 0°, and closed at the far end of their range.
    """
    low, high = _range(limits)
    if high <= low:
        return None
    if level_is_open and low <= 0 <= high:
        share = 1 - abs(angle) / max(-low, high)
    elif (low, high) == (-_RIGHT_ANGLE, 0):
        share = -angle / _RIGHT_ANGLE
    else:
        share = (angle - low) / (high - low)
    return min(max(round(100 * share), 0), 100)


def tilt_angle(position: float, limits: Limits, *, level_is_open: bool = False) -> int:
    """Give the angle in degrees that a percentage means; the reverse of ``tilt_position``."""
    low, high = _range(limits)
    if level_is_open and low <= 0 <= high:
        return trunc((100 - position) * (low if -low >= high else high) / 100)
    if (low, high) == (-_RIGHT_ANGLE, 0):
        return trunc(position * -_RIGHT_ANGLE / 100)
    return trunc(position * (high - low) / 100 + low)


def _range(limits: Limits) -> tuple[float, float]:
    """Give the range of an angle; nothing turns by more than a full turn, whatever its description says."""
    low, high = (min(max(each, -_FULL_TURN), _FULL_TURN) for each in (limits.low, limits.high))
    return low, high


class HapCover(MovingEntity, CoverEntity):
    """What covers share: they may meet an obstacle, and stop when they are told to."""

    entity_description: CoverEntityDescription
    _obstruction: Characteristic | None
    _hold: Characteristic | None

    @override
    def _describe(self) -> None:
        self._obstruction = self._characteristic(CharacteristicUuid.OBSTRUCTION_DETECTED)
        self._hold = self._characteristic(CharacteristicUuid.HOLD_POSITION)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """Whether something is in the way, only while it is."""
        return {_ATTR_OBSTRUCTION: True} if truth(self._obstruction) else None

    @override
    async def async_stop_cover(self, **kwargs: Any) -> None:
        """Stop where it is."""
        await self._write({self._hold: True})

    @override
    async def async_stop_cover_tilt(self, **kwargs: Any) -> None:
        """Stop where it is."""
        await self._write({self._hold: True})


class GarageDoor(HapCover):
    """A garage door: it has no position, and cannot be stopped."""

    _attr_supported_features = CoverEntityFeature.OPEN | CoverEntityFeature.CLOSE
    _current: Characteristic | None
    _target: Characteristic | None

    @override
    def _describe(self) -> None:
        super()._describe()
        self._current = self._characteristic(CharacteristicUuid.CURRENT_DOOR_STATE)
        self._target = self._characteristic(CharacteristicUuid.TARGET_DOOR_STATE)
        self._async_take()

    @callback
    @override
    def _async_take(self) -> None:
        current = certain(self._current)
        at_rest = current in {_Door.OPEN, _Door.CLOSED}
        self._movement.take(current if at_rest else None, number(self._target))

    @property
    def _begins_to(self) -> float | None:
        """Where it will move when it has begun to; None when it will not."""
        return number(self._target) if self._movement.active else None

    @property
    @override
    def is_opening(self) -> bool:
        """Whether it opens, or was told to and has not begun."""
        return certain(self._current) == _Door.OPENING or self._begins_to == _Door.OPEN

    @property
    @override
    def is_closing(self) -> bool:
        """Whether it closes, or was told to and has not begun."""
        return certain(self._current) == _Door.CLOSING or self._begins_to == _Door.CLOSED

    @property
    @override
    def is_closed(self) -> bool | None:
        """Whether it is closed; None when it does not say what it is."""
        match certain(self._current):
            case _Door.CLOSED:
                return True
            case _Door.OPEN | _Door.OPENING | _Door.CLOSING | _Door.STOPPED:
                return False
            case _:
                return None

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        """Whether something is in the way."""
        return {_ATTR_OBSTRUCTION: truth(self._obstruction) is True}

    @override
    async def async_open_cover(self, **kwargs: Any) -> None:
        """Open it."""
        await self._write({self._target: _Door.OPEN})
        self._movement.expect()

    @override
    async def async_close_cover(self, **kwargs: Any) -> None:
        """Close it."""
        await self._write({self._target: _Door.CLOSED})
        self._movement.expect()


class TiltingCover(HapCover):
    """A cover whose slats tilt, if it has any."""

    _TILTS: tuple[tuple[str, str], ...] = ()
    """Types of angle and wanted angle, of which the first counts whose angle is known."""

    @override
    def _describe(self) -> None:
        super()._describe()
        self._tilts = [
            (current, self._characteristic(target))
            for angle, target in self._TILTS
            if (current := self._characteristic(angle))
        ]
        self._attr_supported_features = self._features()

    def _features(self) -> CoverEntityFeature:
        features = CoverEntityFeature(0)
        if any(target for _, target in self._tilts):
            features |= (
                CoverEntityFeature.OPEN_TILT
                | CoverEntityFeature.CLOSE_TILT
                | CoverEntityFeature.SET_TILT_POSITION
            )
            if self._hold:
                features |= CoverEntityFeature.STOP_TILT
        return features

    @property
    def _tilt(self) -> tuple[Characteristic, Characteristic | None] | None:
        """Angle and wanted angle of the axis that counts now."""
        known = (tilt for tilt in self._tilts if number(tilt[0]) is not None)
        return next(known, self._tilts[-1] if self._tilts else None)

    @property
    def _opens_level(self) -> bool:
        """Whether the user says that the slats are open when they are level."""
        return self.coordinator.options.is_open_when_level(self.service)

    @property
    @override
    def current_cover_tilt_position(self) -> int | None:
        """How far the slats are open, in percent; None when that is not known."""
        current = self._tilt[0] if self._tilt else None
        angle = certain(current)
        if current is None or angle is None:
            return None
        return tilt_position(angle, limits_of(current), level_is_open=self._opens_level)

    @override
    async def async_open_cover_tilt(self, **kwargs: Any) -> None:
        """Open the slats."""
        await self._set_tilt(_OPEN)

    @override
    async def async_close_cover_tilt(self, **kwargs: Any) -> None:
        """Close the slats."""
        await self._set_tilt(_CLOSED)

    @override
    async def async_set_cover_tilt_position(self, **kwargs: Any) -> None:
        """Tilt the slats."""
        await self._set_tilt(kwargs[ATTR_TILT_POSITION])

    async def _set_tilt(self, position: int) -> None:
        target = self._tilt[1] if self._tilt else None
        # The axis that counts may be one that cannot be set.
        target = target or next((each for _, each in self._tilts if each), None)
        if target is not None:
            angle = tilt_angle(
                position,
                limits_of(target),
                level_is_open=self._opens_level,
            )
            await self._write({target: angle})


class PositionCover(TiltingCover):
    """A blind, window or door with a position."""

    _TILTS = (
        (
            CharacteristicUuid.CURRENT_VERTICAL_TILT_ANGLE,
            CharacteristicUuid.TARGET_VERTICAL_TILT_ANGLE,
        ),
        (
            CharacteristicUuid.CURRENT_HORIZONTAL_TILT_ANGLE,
            CharacteristicUuid.TARGET_HORIZONTAL_TILT_ANGLE,
        ),
    )
    _current: Characteristic | None
    _target: Characteristic | None
    _motion: Characteristic | None
    _tells_motion = False
    """Whether it was ever told that it moves: some bridges say that it stands, whatever it does."""

    @override
    def _describe(self) -> None:
        self._current = self._characteristic(CharacteristicUuid.CURRENT_POSITION)
        self._target = self._characteristic(CharacteristicUuid.TARGET_POSITION)
        self._motion = self._characteristic(CharacteristicUuid.POSITION_STATE)
        super()._describe()
        self._async_take()

    @override
    def _features(self) -> CoverEntityFeature:
        features = (
            super()._features()
            | CoverEntityFeature.OPEN
            | CoverEntityFeature.CLOSE
            | CoverEntityFeature.SET_POSITION
        )
        return features | CoverEntityFeature.STOP if self._hold else features

    @callback
    @override
    def _async_take(self) -> None:
        if number(self._motion) in {_Motion.OPENING, _Motion.CLOSING}:
            self._tells_motion = True
        self._movement.take(number(self._current), number(self._target))

    def _moves(self, motion: int) -> bool:
        """Tell whether it moves that way, as it says or, when it never does, as its position tells."""
        told = number(self._motion)
        if told != _Motion.STOPPED or self._tells_motion or not self._movement.active:
            return told == motion
        current, target = number(self._current), number(self._target)
        assert current is not None and target is not None  # else nothing is on its way
        return (target > current) is (motion == _Motion.OPENING)

    @property
    @override
    def is_opening(self) -> bool:
        """Whether it opens."""
        return self._moves(_Motion.OPENING)

    @property
    @override
    def is_closing(self) -> bool:
        """Whether it closes."""
        return self._moves(_Motion.CLOSING)

    @property
    @override
    def current_cover_position(self) -> int | None:
        """How far it is open, in percent; None when that is not known, or it cannot be asked."""
        position = certain(self._current)
        # Less than closed means something else.
        return None if position is None or position < _CLOSED else min(round(position), _OPEN)

    @property
    @override
    def is_closed(self) -> bool | None:
        """Whether it is closed; None when that is not known."""
        position = self.current_cover_position
        return None if position is None else position == _CLOSED

    @override
    async def async_open_cover(self, **kwargs: Any) -> None:
        """Open it fully."""
        await self._move(_OPEN)

    @override
    async def async_close_cover(self, **kwargs: Any) -> None:
        """Close it."""
        await self._move(_CLOSED)

    @override
    async def async_set_cover_position(self, **kwargs: Any) -> None:
        """Open it that far."""
        await self._move(kwargs[ATTR_POSITION])

    async def _move(self, position: int) -> None:
        await self._write({self._target: position})
        self._movement.expect()


class Slat(TiltingCover):
    """Slats of their own, which only tilt."""

    _TILTS = ((CharacteristicUuid.CURRENT_TILT_ANGLE, CharacteristicUuid.TARGET_TILT_ANGLE),)

    @property
    @override
    def is_closed(self) -> bool | None:
        """Whether the slats are closed; None when that is not known."""
        position = self.current_cover_tilt_position
        return None if position is None else position == _CLOSED
