"""What lets water run."""

from typing import Any, override

from custom_components.hap_controller.protocol.catalogue import (
    CharacteristicUuid as C,
    ServiceUuid as S,
)

from ..description import Characteristic
from ..life import Life


class Valve(Life):
    """A valve that closes by itself after the time that is set."""

    _ends_at = 0.0
    """When it closes, by the clock of the house; 0 while no time runs."""

    @override
    def read(self, each: Characteristic) -> Any:
        """Give the time that is left at this moment."""
        return self.left_s() if each.type == C.REMAINING_DURATION else each.value

    @override
    def follow(self, uuid: str, value: Any) -> None:
        """Open or close; a time set while it is open counts the next time, as with real ones."""
        if uuid == C.ACTIVE:
            self.open(bool(value))

    def left_s(self) -> int:
        """Give the seconds until it closes by itself."""
        if not self._ends_at:
            return 0
        left = (self._ends_at - self.house.now()) * self.house.pace.speed
        return max(0, round(left))

    def open(self, wanted: bool) -> None:
        """Open or close it, by hand or on request."""
        self.call_off()
        seconds = self.get(C.SET_DURATION, 0) if wanted else 0
        self._ends_at = self.house.now() + self.house.pace.lasting(seconds) if seconds else 0.0
        self.put(C.ACTIVE, int(wanted))
        self.put(C.IN_USE, int(wanted))
        self.put(C.REMAINING_DURATION, seconds)
        if seconds:
            self.after(seconds, self._close)
        self._tell_system()

    def _close(self) -> None:
        self.open(False)

    def _tell_system(self) -> None:
        for kind in (S.IRRIGATION_SYSTEM, S.FAUCET):
            for system in self.siblings(kind):
                if isinstance(system, WaterSystem):
                    system.look()


class WaterSystem(Life):
    """A sprinkler system or a tap: it lets all its valves be opened, or closes them."""

    @override
    def follow(self, uuid: str, value: Any) -> None:
        """Close all valves with it; a tap opens its own."""
        if uuid != C.ACTIVE:
            return
        opens = self.service.type == S.FAUCET
        for valve in self._valves():
            if bool(valve.get(C.ACTIVE)) != bool(value) and (opens or not value):
                valve.open(bool(value))
        self.look()

    def look(self) -> None:
        """Tell what the valves make of it."""
        used = [valve for valve in self._valves() if valve.get(C.IN_USE)]
        self.put(C.IN_USE, int(bool(used)))
        self.put(C.REMAINING_DURATION, sum(valve.left_s() for valve in used))
        if self.service.type == S.FAUCET:
            self.put(C.ACTIVE, int(bool(used)))

    @override
    def read(self, each: Characteristic) -> Any:
        """Give the time that is left at this moment."""
        if each.type == C.REMAINING_DURATION:
            return sum(valve.left_s() for valve in self._valves())
        return each.value

    def _valves(self) -> list[Valve]:
        return [valve for valve in self.siblings(S.VALVE) if isinstance(valve, Valve)]
