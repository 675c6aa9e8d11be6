"""Thermostats, heaters and coolers (mapping §5.5, §5.6)."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, Final, override

from homeassistant.components.climate import (
    ATTR_HVAC_MODE,
    ATTR_TARGET_TEMP_HIGH,
    ATTR_TARGET_TEMP_LOW,
    DEFAULT_MAX_TEMP,
    DEFAULT_MIN_TEMP,
    FAN_AUTO,
    FAN_HIGH,
    FAN_LOW,
    FAN_MEDIUM,
    FAN_OFF,
    FAN_ON,
    PRESET_AWAY,
    PRESET_HOME,
    PRESET_SLEEP,
    SWING_OFF,
    SWING_VERTICAL,
    ClimateEntity,
    ClimateEntityDescription,
    ClimateEntityFeature,
    HVACAction,
    HVACMode,
)
from homeassistant.const import ATTR_TEMPERATURE, Platform, UnitOfTemperature
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util.unit_conversion import TemperatureConverter

from .const import DOMAIN
from .coordinator import Coordinator, HapConfigEntry
from .dispatch import is_fan_of_climate
from .entity import HapEntity, ServiceEntity, async_add_platform, shown_services
from .limits import Speeds, allowed, coarse_step, fit, limits_of, named, number, truth
from .protocol import Accessory, Characteristic, CharacteristicUuid, Service, ServiceUuid

PARALLEL_UPDATES = 0

type Values = dict[Characteristic | None, Any]

_MIN_HUMIDITY: Final = 30
_MAX_HUMIDITY: Final = 99

_OFF: Final = 0
_THERMOSTAT_MODES: Final = {
    _OFF: HVACMode.OFF,
    1: HVACMode.HEAT,
    2: HVACMode.COOL,
    3: HVACMode.HEAT_COOL,
}
_THERMOSTAT_ACTIONS: Final = {0: HVACAction.IDLE, 1: HVACAction.HEATING, 2: HVACAction.COOLING}
_BLOWING: Final = 2
_THERMOSTAT_FANS: Final = {0: FAN_ON, 1: FAN_AUTO}

_HEATER_COOLER_MODES: Final = {0: HVACMode.HEAT_COOL, 1: HVACMode.HEAT, 2: HVACMode.COOL}
_HEATER_COOLER_ACTIONS: Final = {
    0: HVACAction.OFF,
    1: HVACAction.IDLE,
    2: HVACAction.HEATING,
    3: HVACAction.COOLING,
}
# Of heaters and coolers that do not say; in °C.
_USUAL_STEP: Final = 1.0

PRESET_TEMPORARY: Final = "temporary"
_TEMPORARY: Final = 3
_PRESETS: Final = {0: PRESET_HOME, 1: PRESET_SLEEP, 2: PRESET_AWAY, _TEMPORARY: PRESET_TEMPORARY}

# When the comfort setting is read after another was chosen.
_LATER_S: Final = (2.0, 8.0)

# A fan with no more speeds than this has them named one by one.
_FEW_SPEEDS: Final = 10
_THREE: Final = (FAN_LOW, FAN_MEDIUM, FAN_HIGH)
# Of fans with many speeds: the percentage that is set, and the least that is shown as such.
_PERCENTAGES: Final = {FAN_LOW: 33, FAN_MEDIUM: 66, FAN_HIGH: 100}
_ABOVE: Final = ((66, FAN_HIGH), (33, FAN_MEDIUM), (0, FAN_LOW))
_FAN_AUTOMATIC: Final = 1
_FAN_MANUAL: Final = 0

_CLIMATES: Final = {
    ServiceUuid.THERMOSTAT: ClimateEntityDescription(
        key="thermostat", translation_key="thermostat"
    ),
    ServiceUuid.HEATER_COOLER: ClimateEntityDescription(
        key="heater_cooler", translation_key="heater_cooler"
    ),
}


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HapConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add what heats and cools."""
    async_add_platform(hass, entry, async_add_entities, Platform.CLIMATE, _new_entities)


def _new_entities(coordinator: Coordinator, accessory: Accessory) -> Iterator[HapEntity]:
    for service in shown_services(accessory, *_CLIMATES):
        yield _kind_of(service)(coordinator, service, _CLIMATES[service.type])


def _kind_of(service: Service) -> type[Climate]:
    """Tell what a service speaks like; some heaters and coolers do as thermostats."""
    speaks_own = service.characteristic(CharacteristicUuid.TARGET_HEATER_COOLER_STATE)
    is_own = service.type == ServiceUuid.HEATER_COOLER and speaks_own
    return HeaterCooler if is_own else Thermostat


class Climate(ServiceEntity, ClimateEntity):
    """What thermostats, heaters and coolers have in common; temperatures are in °C."""

    _attr_temperature_unit = UnitOfTemperature.CELSIUS

    _current_temperature: Characteristic | None
    _current_humidity: Characteristic | None
    _target: Characteristic | None
    """The one temperature for all modes."""
    _low: Characteristic | None
    """Below this it heats."""
    _high: Characteristic | None
    """Above this it cools."""
    _modes: Mapping[int, HVACMode]

    @override
    def _describe(self) -> None:
        find = self._characteristic
        self._current_temperature = find(CharacteristicUuid.CURRENT_TEMPERATURE)
        self._current_humidity = find(CharacteristicUuid.CURRENT_RELATIVE_HUMIDITY)
        self._target = find(CharacteristicUuid.TARGET_TEMPERATURE)
        self._low = find(CharacteristicUuid.HEATING_THRESHOLD_TEMPERATURE)
        self._high = find(CharacteristicUuid.COOLING_THRESHOLD_TEMPERATURE)

    def _basic_features(self) -> ClimateEntityFeature:
        """Give the features that follow from modes and temperatures."""
        features = ClimateEntityFeature(0)
        if HVACMode.OFF in self.hvac_modes and len(self.hvac_modes) > 1:
            features |= ClimateEntityFeature.TURN_OFF | ClimateEntityFeature.TURN_ON
        if self._target or self._low or self._high:
            features |= ClimateEntityFeature.TARGET_TEMPERATURE
        if self._low and self._high:
            features |= ClimateEntityFeature.TARGET_TEMPERATURE_RANGE
        return features

    def _is_range(self, mode: HVACMode | None) -> bool:
        """Tell whether a mode works towards a range."""
        return mode is HVACMode.HEAT_COOL and self._low is not None and self._high is not None

    @abstractmethod
    def _target_of(self, mode: HVACMode | None) -> Characteristic | None:
        """Give what holds the one temperature that can be set in a mode; None when there is none."""

    def _threshold_of(self, mode: HVACMode | None) -> Characteristic | None:
        """Give the threshold that counts in a mode, or the only one."""
        low, high = self._low, self._high
        return (high or low) if mode is HVACMode.COOL else (low or high)

    @property
    @abstractmethod
    def _target_mode(self) -> HVACMode | None:
        """The mode whose temperatures are shown and set."""

    @abstractmethod
    def _in_mode(self, mode: HVACMode) -> Values:
        """Give what sets a mode."""

    # --- what it shows ----------------------------------------------------------------------

    @property
    @override
    def current_temperature(self) -> float | None:
        """The temperature of the air."""
        return number(self._current_temperature)

    @property
    @override
    def current_humidity(self) -> float | None:
        """The humidity of the air, in percent."""
        return number(self._current_humidity)

    @property
    @override
    def target_temperature(self) -> float | None:
        """The temperature it works towards; None while that is a range."""
        mode = self._target_mode
        if mode in (None, HVACMode.OFF) or self._is_range(mode):
            return None
        return number(self._target_of(mode))

    @property
    @override
    def target_temperature_low(self) -> float | None:
        """The lower end of the range it works towards."""
        return number(self._low) if self._is_range(self._target_mode) else None

    @property
    @override
    def target_temperature_high(self) -> float | None:
        """The upper end of the range it works towards."""
        return number(self._high) if self._is_range(self._target_mode) else None

    @property
    @override
    def min_temp(self) -> float:
        """The lowest temperature that can be set in this mode."""
        return self._temperatures[0]

    @property
    @override
    def max_temp(self) -> float:
        """The highest temperature that can be set in this mode."""
        return self._temperatures[1]

    @property
    @override
    def target_temperature_step(self) -> float | None:
        """How fine temperatures can be set in this mode, in the unit of the home, which nobody else converts it to."""
        step, unit = self._step, self.hass.config.units.temperature_unit
        if step is None or unit == self.temperature_unit:
            return step
        # There temperatures are shown without a fraction: a finer step would seem to change nothing.
        return max(
            1, round(TemperatureConverter.convert_interval(step, self.temperature_unit, unit))
        )

    @property
    @abstractmethod
    def _step(self) -> float | None:
        """How fine temperatures can be set in this mode, in °C."""

    @property
    def _temperatures(self) -> tuple[float, float]:
        mode = self._target_mode
        lower = upper = self._target_of(mode)
        if self._is_range(mode):
            lower, upper = self._low, self._high
        if lower and upper:
            low, high = limits_of(lower).low, limits_of(upper).high
            if low < high:
                return low, high
        return DEFAULT_MIN_TEMP, DEFAULT_MAX_TEMP

    # --- what it does -----------------------------------------------------------------------

    @override
    async def async_set_hvac_mode(self, hvac_mode: HVACMode) -> None:
        """Set the mode."""
        await self._write(self._in_mode(hvac_mode))

    @override
    async def async_set_temperature(self, **kwargs: Any) -> None:
        """Set what is asked for, with a mode if one is given, in one request."""
        mode: HVACMode | None = kwargs.get(ATTR_HVAC_MODE)
        values: Values = {}
        if mode is not None and mode is not self.hvac_mode:
            self._valid_mode_or_raise("hvac", mode, self.hvac_modes)
            values |= self._in_mode(mode)
        wanted = {
            self._low: kwargs.get(ATTR_TARGET_TEMP_LOW),
            self._high: kwargs.get(ATTR_TARGET_TEMP_HIGH),
        }
        if (temperature := kwargs.get(ATTR_TEMPERATURE)) is not None:
            target = self._target_of(self._target_mode if mode in (None, HVACMode.OFF) else mode)
            if target is None:
                raise ServiceValidationError(
                    translation_domain=DOMAIN, translation_key="range_needed"
                )
            wanted[target] = temperature
        values |= {
            each: fit(value, each)
            for each, value in wanted.items()
            if each is not None and value is not None
        }
        await self._write(values)

    # --- which it is ------------------------------------------------------------------------

    @override
    def _is_shown(self, service: Service) -> bool:
        return super()._is_shown(service) and isinstance(self, _kind_of(service))


class Thermostat(Climate):
    """A thermostat."""

    _mode: Characteristic | None
    _action: Characteristic | None
    _fan_action: Characteristic | None
    _fan: Characteristic | None
    _humidity: Characteristic | None
    _comfort: Characteristic | None
    """Which comfort setting an ecobee follows."""
    _hold: Characteristic | None
    """Has an ecobee follow a comfort setting."""

    @override
    def _describe(self) -> None:
        super()._describe()
        find = self._characteristic
        self._mode = find(CharacteristicUuid.TARGET_HEATING_COOLING_STATE)
        self._action = find(CharacteristicUuid.CURRENT_HEATING_COOLING_STATE)
        self._fan_action = find(CharacteristicUuid.CURRENT_FAN_STATE)
        self._fan = find(CharacteristicUuid.TARGET_FAN_STATE)
        self._humidity = find(CharacteristicUuid.TARGET_RELATIVE_HUMIDITY)
        self._comfort = find(CharacteristicUuid.ECOBEE_CURRENT_MODE)
        self._hold = self.service.characteristic(CharacteristicUuid.ECOBEE_SET_HOLD_SCHEDULE)
        self._modes = {
            raw: _THERMOSTAT_MODES[raw] for raw in allowed(self._mode, _THERMOSTAT_MODES)
        }
        self._attr_hvac_modes = list(self._modes.values())
        features = self._basic_features()
        if self._humidity:
            features |= ClimateEntityFeature.TARGET_HUMIDITY
            metadata = self._humidity.metadata
            low, high = metadata.min_value, metadata.max_value
            self._attr_min_humidity = _MIN_HUMIDITY if low is None else int(low)
            self._attr_max_humidity = _MAX_HUMIDITY if high is None else int(high)
            self._attr_target_humidity_step = coarse_step(self._humidity)
        self._attr_fan_modes = None
        if self._fan:
            features |= ClimateEntityFeature.FAN_MODE
            self._attr_fan_modes = [
                _THERMOSTAT_FANS[raw] for raw in allowed(self._fan, _THERMOSTAT_FANS)
            ]
        if self._comfort and self._hold:
            features |= ClimateEntityFeature.PRESET_MODE
        self._attr_supported_features = features

    @override
    def _target_of(self, mode: HVACMode | None) -> Characteristic | None:
        return self._target or (None if self._is_range(mode) else self._threshold_of(mode))

    @property
    @override
    def _target_mode(self) -> HVACMode | None:
        return self.hvac_mode

    @property
    @override
    def _step(self) -> float | None:
        stepped = self._target or self._low or self._high
        return limits_of(stepped).step if stepped else None

    @override
    def _in_mode(self, mode: HVACMode) -> Values:
        return {self._mode: next(raw for raw, each in self._modes.items() if each is mode)}

    # --- what it shows ----------------------------------------------------------------------

    @property
    @override
    def hvac_mode(self) -> HVACMode | None:
        """The mode; None when unknown."""
        return named(self._mode, _THERMOSTAT_MODES)

    @property
    @override
    def hvac_action(self) -> HVACAction | None:
        """What it does now; None when unknown. Some valves claim to heat while they are off."""
        action = named(self._action, _THERMOSTAT_ACTIONS)
        if action is HVACAction.IDLE and number(self._fan_action) == _BLOWING:
            return HVACAction.FAN
        return HVACAction.OFF if number(self._mode) == _OFF else action

    @property
    @override
    def target_humidity(self) -> float | None:
        """The humidity it works towards, in percent."""
        humidity = number(self._humidity)
        return None if humidity is None else round(humidity)

    @property
    @override
    def fan_mode(self) -> str | None:
        """Whether the fan always runs; None when unknown."""
        return named(self._fan, _THERMOSTAT_FANS)

    @property
    @override
    def preset_modes(self) -> list[str]:
        """The comfort settings; that temperatures were set by hand cannot be chosen, but is there while it is so."""
        return [
            name
            for raw, name in _PRESETS.items()
            if raw != _TEMPORARY or number(self._comfort) == _TEMPORARY
        ]

    @property
    @override
    def preset_mode(self) -> str | None:
        """The comfort setting that it follows; None when unknown."""
        return named(self._comfort, _PRESETS)

    # --- what it does -----------------------------------------------------------------------

    @override
    async def async_set_humidity(self, humidity: int) -> None:
        """Set the humidity to work towards."""
        await self._write({self._humidity: humidity})

    @override
    async def async_set_fan_mode(self, fan_mode: str) -> None:
        """Have the fan run always, or as needed."""
        await self._write({self._fan: int(fan_mode == FAN_AUTO)})

    @override
    async def async_set_preset_mode(self, preset_mode: str) -> None:
        """Have it follow a comfort setting; temperatures set by hand are left as they are."""
        if preset_mode != PRESET_TEMPORARY:
            raw = next(raw for raw, name in _PRESETS.items() if name == preset_mode)
            await self._write({self._hold: raw})
            # Some firmware tells what it follows only when it is asked.
            assert self._comfort
            self.coordinator.async_read_later((self._comfort.key,), *_LATER_S)


class HeaterCooler(Climate):
    """A heater, a cooler, or both; also showers and kettles."""

    _active: Characteristic | None
    _mode: Characteristic | None
    _action: Characteristic | None
    _swing: Characteristic | None
    _speed: Characteristic | None
    _fan: Characteristic | None
    """Leaves the speed to it."""
    _fans: Mapping[str, Any]
    """Speeds by their names."""
    _speeds: Speeds | None

    @override
    def _describe(self) -> None:
        super()._describe()
        find = self._characteristic
        self._active = find(CharacteristicUuid.ACTIVE)
        self._mode = find(CharacteristicUuid.TARGET_HEATER_COOLER_STATE)
        self._action = find(CharacteristicUuid.CURRENT_HEATER_COOLER_STATE)
        self._swing = find(CharacteristicUuid.SWING_MODE)
        self._modes = {
            raw: _HEATER_COOLER_MODES[raw] for raw in allowed(self._mode, _HEATER_COOLER_MODES)
        }
        self._attr_hvac_modes = list(self._modes.values())
        if self._active:
            self._attr_hvac_modes.append(HVACMode.OFF)
        features = self._basic_features()
        if self._swing:
            features |= ClimateEntityFeature.SWING_MODE
            self._attr_swing_modes = [SWING_OFF, SWING_VERTICAL]
        self._describe_fan()
        if self._speed:
            features |= ClimateEntityFeature.FAN_MODE
        self._attr_supported_features = features

    def _describe_fan(self) -> None:
        """Work out the names of the speeds of its own fan, or of the one that goes with it."""
        linked = next((each for each in self.service.linked if is_fan_of_climate(each)), None)
        speed = CharacteristicUuid.ROTATION_SPEED
        self._speed = self._characteristic(speed) or self._track(linked, speed)
        self._fan = self._track(linked, CharacteristicUuid.TARGET_FAN_STATE)
        self._speeds = Speeds(self._speed) if self._speed else None
        self._fans = _fan_modes(self._speeds) if self._speeds else {}
        self._attr_fan_modes = list(self._fans)
        if _FAN_AUTOMATIC in allowed(self._fan, (_FAN_MANUAL, _FAN_AUTOMATIC)):
            self._attr_fan_modes.append(FAN_AUTO)

    @override
    def _target_of(self, mode: HVACMode | None) -> Characteristic | None:
        return None if self._is_range(mode) else self._threshold_of(mode) or self._target

    @property
    @override
    def _target_mode(self) -> HVACMode | None:
        # Also while it is off: it is what it goes on with.
        return named(self._mode, _HEATER_COOLER_MODES)

    @override
    def _in_mode(self, mode: HVACMode) -> Values:
        if mode is HVACMode.OFF:
            return {self._active: 0}
        raw = next(raw for raw, each in self._modes.items() if each is mode)
        return {self._active: 1, self._mode: raw}

    # --- what it shows ----------------------------------------------------------------------

    @property
    @override
    def hvac_mode(self) -> HVACMode | None:
        """The mode; None when unknown."""
        is_active = truth(self._active) if self._active else True
        if is_active is None:
            return None
        return self._target_mode if is_active else HVACMode.OFF

    @property
    @override
    def hvac_action(self) -> HVACAction | None:
        """What it does now; None when unknown."""
        if truth(self._active) is False:
            return HVACAction.OFF
        return named(self._action, _HEATER_COOLER_ACTIONS)

    @property
    @override
    def _step(self) -> float | None:
        target = self._target_of(self._target_mode) or self._low
        return (target.metadata.min_step if target else None) or _USUAL_STEP

    @property
    @override
    def fan_mode(self) -> str | None:
        """The speed of the fan; None when unknown."""
        speed = number(self._speed)
        if FAN_AUTO in (self._attr_fan_modes or ()) and number(self._fan) == _FAN_AUTOMATIC:
            return FAN_AUTO
        if self._speeds is None or speed is None:
            return None
        if speed <= 0:
            return FAN_OFF if FAN_OFF in self._fans else None
        if len(self._speeds.levels) <= _FEW_SPEEDS:
            names = [name for name in self._fans if name != FAN_OFF]
            return names[min(self._speeds.rank(speed), len(names)) - 1]
        percentage = self._speeds.percentage(speed)
        return next(name for limit, name in _ABOVE if percentage > limit)

    @property
    @override
    def swing_mode(self) -> str | None:
        """Whether it swings; None when unknown."""
        swings = truth(self._swing)
        if swings is None:
            return None
        return SWING_VERTICAL if swings else SWING_OFF

    # --- what it does -----------------------------------------------------------------------

    @override
    async def async_turn_on(self) -> None:
        """Switch it on; it goes on as it was."""
        await self._write({self._active: 1})

    @override
    async def async_set_fan_mode(self, fan_mode: str) -> None:
        """Set the speed of the fan, or leave it to the fan."""
        if fan_mode == FAN_AUTO:
            await self._write({self._fan: _FAN_AUTOMATIC})
        else:
            await self._write({self._speed: self._fans[fan_mode], self._fan: _FAN_MANUAL})

    @override
    async def async_set_swing_mode(self, swing_mode: str) -> None:
        """Have it swing or not."""
        await self._write({self._swing: int(swing_mode != SWING_OFF)})


def _fan_modes(speeds: Speeds) -> dict[str, Any]:
    """Name the speeds of a fan: all if they are few, else three of them."""
    stopped = {FAN_OFF: 0} if speeds.can_stop else {}
    levels = speeds.levels
    if len(levels) == len(_THREE):
        return stopped | dict(zip(_THREE, levels, strict=True))
    if len(levels) <= _FEW_SPEEDS:
        return stopped | {str(index): level for index, level in enumerate(levels, 1)}
    return stopped | {name: speeds.speed(percent) for name, percent in _PERCENTAGES.items()}
