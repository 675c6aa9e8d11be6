"""What moves: blinds, windows, doors, and the door of a garage."""

from functools import partial
from typing import Any, override

from custom_components.hap_controller.protocol.catalogue import CharacteristicUuid as C

from ...motion import Motion
from ..description import Characteristic
from ..life import NOT_ALLOWED, Life, Refused

DECREASING, INCREASING, STOPPED = range(3)
OPEN, CLOSED, OPENING, CLOSING, HALTED = range(5)
_TILTS = {
    C.TARGET_HORIZONTAL_TILT_ANGLE: C.CURRENT_HORIZONTAL_TILT_ANGLE,
    C.TARGET_VERTICAL_TILT_ANGLE: C.CURRENT_VERTICAL_TILT_ANGLE,
}


class Cover(Life):
    """A blind, window or door on a motor, with or without slats."""

    motion: Motion | None = None

    @override
    def read(self, each: Characteristic) -> Any:
        """Give the position at this moment."""
        if each.type == C.CURRENT_POSITION and self.motion is not None:
            return round(self.motion.level_at(self.house.now()))
        return each.value

    @override
    def judge(self, uuid: str, value: Any) -> None:
        """Refuse to move on while something is in the way."""
        if uuid == C.TARGET_POSITION and self.get(C.OBSTRUCTION_DETECTED):
            raise Refused(NOT_ALLOWED)

    @override
    def follow(self, uuid: str, value: Any) -> None:
        """Move, hold, or turn the slats."""
        if uuid == C.TARGET_POSITION:
            self.move(value)
        elif uuid == C.HOLD_POSITION and value:
            self.halt()
        elif uuid in _TILTS:
            self.after(self.house.pace.tilt_s, partial(self.put, _TILTS[uuid], value))

    def move(self, target: int) -> None:
        """Set out for a position, by hand or on request."""
        self.put(C.TARGET_POSITION, target)
        at = self._position()
        self._rest()
        if target == at:
            self._arrive(target)
            return
        pace = self.house.pace
        self.motion = Motion(at, target, self.house.now(), pace.lasting(pace.travel_s))
        self.put(C.POSITION_STATE, INCREASING if target > at else DECREASING)
        self._report()

    def halt(self) -> None:
        """Stop where it is."""
        at = self._position()
        self._rest()
        self.put(C.TARGET_POSITION, at)
        self._arrive(at)

    def obstruct(self, obstructed: bool) -> None:
        """Put something in the way, or take it away."""
        if obstructed and self.motion is not None:
            self.halt()
        self.put(C.OBSTRUCTION_DETECTED, obstructed)

    def _position(self) -> int:
        if self.motion is not None:
            return round(self.motion.level_at(self.house.now()))
        return int(self.get(C.CURRENT_POSITION, 0))

    def _rest(self) -> None:
        self.motion = None
        self.call_off()

    def _report(self) -> None:
        """Tell how far it is, until it is there."""
        motion, now = self.motion, self.house.now()
        if motion is None:
            return
        left = motion.started_at + motion.duration_s - now
        if left <= 0:
            self._rest()
            self._arrive(round(motion.target))
            return
        self.put(C.CURRENT_POSITION, round(motion.level_at(now)))
        pace = self.house.pace
        self.after(min(pace.report_s, left * pace.speed), self._report)

    def _arrive(self, position: int) -> None:
        self.put(C.CURRENT_POSITION, position)
        self.put(C.POSITION_STATE, STOPPED)


class Garage(Life):
    """The door of a garage, which reverses when it meets something."""

    @override
    def judge(self, uuid: str, value: Any) -> None:
        """Refuse to close on something."""
        if uuid == C.TARGET_DOOR_STATE and value == CLOSED and self.get(C.OBSTRUCTION_DETECTED):
            raise Refused(NOT_ALLOWED)

    @override
    def follow(self, uuid: str, value: Any) -> None:
        """Open or close."""
        if uuid == C.TARGET_DOOR_STATE:
            self.move(value)

    def move(self, target: int) -> None:
        """Open or close, by hand or on request."""
        self.put(C.TARGET_DOOR_STATE, target)
        self.call_off()
        if self.get(C.CURRENT_DOOR_STATE) == target:
            return
        self.put(C.CURRENT_DOOR_STATE, CLOSING if target == CLOSED else OPENING)
        self.after(self.house.pace.garage_s, partial(self.put, C.CURRENT_DOOR_STATE, target))

    def halt(self) -> None:
        """Stop half way, as the button on the wall does."""
        if self.get(C.CURRENT_DOOR_STATE) in {OPENING, CLOSING}:
            self.call_off()
            self.put(C.CURRENT_DOOR_STATE, HALTED)

    def obstruct(self, obstructed: bool) -> None:
        """Put something in the way, or take it away; a door that is closing opens again."""
        closing = self.get(C.CURRENT_DOOR_STATE) == CLOSING
        self.put(C.OBSTRUCTION_DETECTED, obstructed)
        if obstructed and closing:
            self.halt()
            self.after(self.house.pace.wake_s, partial(self.move, OPEN))
