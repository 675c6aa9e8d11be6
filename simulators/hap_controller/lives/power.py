"""Lamps, outlets and batteries."""

from typing import Any, override

from custom_components.hap_controller.protocol.catalogue import CharacteristicUuid as C

from ..life import Life

# Hue and saturation of white light, from cold at 140 mired to warm at 500.
_COLD = (222.0, 13.0)
_WARM = (28.0, 65.0)
_COLDEST, _WARMEST = 140, 500
_LOW_PERCENT = 15


class Lamp(Life):
    """A lamp; one with colour shows white by its colour values too."""

    @override
    def follow(self, uuid: str, value: Any) -> None:
        """Let the colour follow the temperature of white."""
        if uuid == C.COLOR_TEMPERATURE and self.has(C.HUE):
            cold = value - _COLDEST < (_WARMEST - _COLDEST) / 3
            hue, saturation = _COLD if cold else _WARM
            self.put(C.HUE, hue)
            self.put(C.SATURATION, saturation)


class Outlet(Life):
    """An outlet, in use while something is plugged in."""

    plugged = True

    def plug(self, plugged: bool) -> None:
        """Plug something in, or pull it out."""
        self.plugged = plugged
        self._look()

    @override
    def follow(self, uuid: str, value: Any) -> None:
        """Look whether it is in use."""
        self._look()

    def _look(self) -> None:
        self.put(C.OUTLET_IN_USE, bool(self.get(C.ON)) and self.plugged)


class Battery(Life):
    """A battery that warns when it is nearly empty."""

    def charge(self, percent: int) -> None:
        """Bring it to so many percent; the sensors of the accessory warn with it."""
        self.put(C.BATTERY_LEVEL, percent)
        low = int(percent < _LOW_PERCENT)
        for service in self.accessory.services:
            self.house.life(self.accessory, service).put(C.STATUS_LOW_BATTERY, low)
