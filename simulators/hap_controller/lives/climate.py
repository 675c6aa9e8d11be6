"""What makes rooms warm and cold."""

from typing import Any, override

from custom_components.hap_controller.protocol.catalogue import CharacteristicUuid as C

from ..life import Life

OFF, HEAT, COOL, AUTO = range(4)
INACTIVE, IDLE, HEATING, COOLING = range(4)
# How near to what is wanted is near enough, in degrees, and the step a thermometer tells.
_NEAR = 0.05
_STEP = 0.5


class _Room(Life):
    """A room whose temperature follows what heats and cools it."""

    @override
    def start(self) -> None:
        """Begin to heat or cool if that is wanted."""
        self.adjust()

    @override
    def follow(self, uuid: str, value: Any) -> None:
        """Heat, cool or rest according to what is wanted now."""
        self.adjust()

    def feel(self, celsius: float) -> None:
        """Let a room have another temperature."""
        self.put(C.CURRENT_TEMPERATURE, float(celsius))
        self.adjust()

    def aim(self) -> tuple[float, float] | None:
        """Give up to which temperature is heated and down to which is cooled; None when it is off."""
        raise NotImplementedError

    def show(self, acts: int) -> None:
        """Tell what it is doing: IDLE, HEATING or COOLING; INACTIVE when it is off."""
        raise NotImplementedError

    def adjust(self) -> None:
        """Do what is needed now."""
        self.call_off()
        aim = self.aim()
        now = float(self.get(C.CURRENT_TEMPERATURE, 20.0))
        if aim is None:
            self.show(INACTIVE)
        elif now < aim[0] - _NEAR:
            self.show(HEATING)
            self._warm(min(_STEP, aim[0] - now))
        elif now > aim[1] + _NEAR:
            self.show(COOLING)
            self._warm(-min(_STEP, now - aim[1]))
        else:
            self.show(IDLE)

    def _warm(self, degrees: float) -> None:
        def arrive() -> None:
            now = float(self.get(C.CURRENT_TEMPERATURE, 20.0))
            self.put(C.CURRENT_TEMPERATURE, round(now + degrees, 1))
            self.adjust()

        self.after(self.house.pace.degree_s * abs(degrees), arrive)


class Thermostat(_Room):
    """A thermostat: heat, cool, or both between two thresholds."""

    @override
    def aim(self) -> tuple[float, float] | None:
        """Give what the mode and its temperatures say."""
        target = float(self.get(C.TARGET_TEMPERATURE, 20.0))
        match self.get(C.TARGET_HEATING_COOLING_STATE, OFF):
            case 1:
                return target, float("inf")
            case 2:
                return float("-inf"), target
            case 3:
                low = float(self.get(C.HEATING_THRESHOLD_TEMPERATURE, target))
                return low, max(low, float(self.get(C.COOLING_THRESHOLD_TEMPERATURE, target)))
        return None

    @override
    def show(self, acts: int) -> None:
        """Tell it; resting is being off."""
        state = {HEATING: HEAT, COOLING: COOL}.get(acts, OFF)
        self.put(C.CURRENT_HEATING_COOLING_STATE, state)


class HeaterCooler(_Room):
    """An air conditioner or heater."""

    @override
    def aim(self) -> tuple[float, float] | None:
        """Give what the mode and its thresholds say."""
        if not self.get(C.ACTIVE):
            return None
        low = float(self.get(C.HEATING_THRESHOLD_TEMPERATURE, float("-inf")))
        high = float(self.get(C.COOLING_THRESHOLD_TEMPERATURE, float("inf")))
        match self.get(C.TARGET_HEATER_COOLER_STATE, 0):
            case 1:
                return low, float("inf")
            case 2:
                return float("-inf"), high
        return low, max(low, high)

    @override
    def show(self, acts: int) -> None:
        """Tell it."""
        self.put(C.CURRENT_HEATER_COOLER_STATE, acts)
