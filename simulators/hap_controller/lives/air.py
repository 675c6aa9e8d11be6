"""What moves, cleans and moistens the air."""

from typing import Any, override

from custom_components.hap_controller.protocol.catalogue import CharacteristicUuid as C

from ..life import Life

INACTIVE, IDLE, WORKING = range(3)
HUMIDIFYING, DEHUMIDIFYING = 2, 3
_WORN_PERCENT = 10


class Fan(Life):
    """A fan of the first kind: standing still is being off."""

    @override
    def follow(self, uuid: str, value: Any) -> None:
        """Switch with the speed."""
        if uuid == C.ROTATION_SPEED:
            self.put(C.ON, value > 0)
        elif uuid == C.ON and value and not self.get(C.ROTATION_SPEED, 100.0):
            self.put(C.ROTATION_SPEED, 100.0)


class _Blowing(Life):
    """What blows while it is active."""

    current = ""
    target = ""

    @override
    def follow(self, uuid: str, value: Any) -> None:
        """Switch with the speed, and tell what it does after a moment."""
        if uuid == C.ROTATION_SPEED:
            self.put(C.ACTIVE, int(value > 0))
        elif uuid == C.ACTIVE and value and not self.get(C.ROTATION_SPEED, 100.0):
            self.put(C.ROTATION_SPEED, 50.0)
        self.call_off()
        if self.get(C.ACTIVE):
            self.after(self.house.pace.wake_s, self._show)
        else:
            self._show()

    def _show(self) -> None:
        acts = INACTIVE
        if self.get(C.ACTIVE):
            acts = IDLE if self.get(self.target) and self.rests() else WORKING
        self.put(self.current, acts)

    def rests(self) -> bool:
        """Tell whether there is nothing to do for one that decides by itself."""
        return False


class FanV2(_Blowing):
    """A fan of the second kind."""

    current = C.CURRENT_FAN_STATE
    target = C.TARGET_FAN_STATE


class AirPurifier(_Blowing):
    """An air purifier; by itself it works while the air is bad."""

    current = C.CURRENT_AIR_PURIFIER_STATE
    target = C.TARGET_AIR_PURIFIER_STATE
    clean = False

    @override
    def rests(self) -> bool:
        """Tell whether the air is clean."""
        return self.clean

    def clear(self, clean: bool) -> None:
        """Let the air be clean or not."""
        self.clean = clean
        self._show()


class Filter(Life):
    """A filter that wears out and is changed."""

    @override
    def follow(self, uuid: str, value: Any) -> None:
        """Begin anew with a fresh filter."""
        if uuid == C.RESET_FILTER_INDICATION and value:
            self.wear(100.0)

    def wear(self, percent: float) -> None:
        """Bring it to so many percent of its life."""
        self.put(C.FILTER_LIFE_LEVEL, float(percent))
        self.put(C.FILTER_CHANGE_INDICATION, int(percent < _WORN_PERCENT))


class Humidifier(Life):
    """A humidifier, dehumidifier, or both."""

    @override
    def start(self) -> None:
        """Begin to work if that is wanted."""
        self.adjust()

    @override
    def follow(self, uuid: str, value: Any) -> None:
        """Do what is wanted now."""
        self.adjust()

    def feel(self, percent: float) -> None:
        """Let a room have another humidity."""
        self.put(C.CURRENT_RELATIVE_HUMIDITY, float(percent))
        self.adjust()

    def adjust(self) -> None:
        """Do what is needed now."""
        self.call_off()
        now = float(self.get(C.CURRENT_RELATIVE_HUMIDITY, 50.0))
        mode = self.get(C.TARGET_HUMIDIFIER_DEHUMIDIFIER_STATE, 0)
        low = float(self.get(C.RELATIVE_HUMIDITY_HUMIDIFIER_THRESHOLD, 0.0))
        high = float(self.get(C.RELATIVE_HUMIDITY_DEHUMIDIFIER_THRESHOLD, 100.0))
        acts = IDLE
        if not self.get(C.ACTIVE):
            acts = INACTIVE
        elif mode != 2 and now < low:
            acts = HUMIDIFYING
        elif mode != 1 and now > high:
            acts = DEHUMIDIFYING
        self.put(C.CURRENT_HUMIDIFIER_DEHUMIDIFIER_STATE, acts)
        if acts in {HUMIDIFYING, DEHUMIDIFYING}:
            self.after(self.house.pace.degree_s, self._change)

    def _change(self) -> None:
        acts = self.get(C.CURRENT_HUMIDIFIER_DEHUMIDIFIER_STATE)
        now = float(self.get(C.CURRENT_RELATIVE_HUMIDITY, 50.0))
        self.put(C.CURRENT_RELATIVE_HUMIDITY, now + (1 if acts == HUMIDIFYING else -1))
        self.adjust()
