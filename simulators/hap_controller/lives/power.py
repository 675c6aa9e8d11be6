"""Lamps, outlets and batteries."""

from itertools import pairwise
from typing import Any, override

from custom_components.hap_controller.protocol.catalogue import CharacteristicUuid as C

from ..life import Life

# How whites look, warm to cold: mired, hue and saturation, as Home Assistant approximates them.
_WHITES = ((500, 31, 95), (370, 28, 66), (250, 27, 35), (154, 49, 2))
# Beyond the last of them it is blue that is mixed in.
_COLDEST = (222.0, 6.0)
_LOW_PERCENT = 15


class Lamp(Life):
    """A lamp; one with colour shows white by its colour values too."""

    @override
    def follow(self, uuid: str, value: Any) -> None:
        """Let the colour follow the temperature of white."""
        if uuid == C.COLOR_TEMPERATURE and self.has(C.HUE):
            hue, saturation = _white(value)
            self.put(C.HUE, hue)
            self.put(C.SATURATION, saturation)


def _white(mired: float) -> tuple[float, float]:
    """Give hue and saturation of white light."""
    for (warm, *of_warm), (cold, *of_cold) in pairwise(_WHITES):
        if mired >= cold:
            part = (mired - cold) / (warm - cold)
            hue, saturation = (
                round(high * part + low * (1 - part))
                for high, low in zip(of_warm, of_cold, strict=True)
            )
            return float(hue), float(saturation)
    return _COLDEST


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
