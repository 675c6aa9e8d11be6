"""Air conditioners: their power, the programs that are modes, the set-point and the speed of the fan."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final, override

from homeassistant.components.climate import (
    ATTR_HVAC_MODE,
    ClimateEntity,
    ClimateEntityDescription,
    ClimateEntityFeature,
    HVACMode,
)
from homeassistant.const import ATTR_TEMPERATURE, UnitOfTemperature
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import Coordinator, HomeConnectConfigEntry
from .entity import ApplianceEntity, covers
from .protocol import (
    ACTIVE_PROGRAM_UID,
    SELECTED_PROGRAM_UID,
    Appliance,
    Feature,
    Obstacle,
    PreconditionError,
)

PARALLEL_UPDATES = 1

_AIR: Final = "HeatingVentilationAirConditioning.AirConditioner"
_MODES: Final = {
    f"{_AIR}.Program.Auto": HVACMode.AUTO,
    f"{_AIR}.Program.Cool": HVACMode.COOL,
    f"{_AIR}.Program.Dry": HVACMode.DRY,
    f"{_AIR}.Program.Fan": HVACMode.FAN_ONLY,
    f"{_AIR}.Program.Heat": HVACMode.HEAT,
}
_SETPOINT: Final = f"{_AIR}.Option.SetpointTemperature"
_FAN_MODE: Final = f"{_AIR}.Option.FanSpeedMode"
_POWER: Final = "BSH.Common.Setting.PowerState"
_ON: Final = "On"
_REST: Final = ("Standby", "Off", "MainsOff")
# Switching on, and stopping, take an appliance some seconds.
_MOMENT_S: Final = 10.0
_DESCRIPTION: Final = ClimateEntityDescription(
    key="climate_air_conditioner", name=None, translation_key="climate_air_conditioner"
)

covers(_FAN_MODE)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HomeConnectConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the climate of an air conditioner, if it has all that makes one."""
    coordinator = entry.runtime_data
    appliance = coordinator.appliance
    modes = _modes(appliance)
    power, setpoint = appliance.find(_POWER), appliance.find(_SETPOINT)
    if modes and power and setpoint:
        async_add_entities([AirConditioner(coordinator, modes, power, setpoint)])


def _modes(appliance: Appliance) -> dict[HVACMode, Feature]:
    return {mode: found for key, mode in _MODES.items() if (found := appliance.find(key))}


class AirConditioner(ApplianceEntity, ClimateEntity):
    """An air conditioner: what it does is the program that runs."""

    _attr_temperature_unit = UnitOfTemperature.CELSIUS

    def __init__(
        self,
        coordinator: Coordinator,
        modes: dict[HVACMode, Feature],
        power: Feature,
        setpoint: Feature,
    ) -> None:
        """Describe the entity."""
        super().__init__(coordinator, _DESCRIPTION)
        self._modes = modes
        self._power = power
        self._setpoint = setpoint
        self._fan = self.appliance.find(_FAN_MODE)
        self._watch(power.uid, setpoint.uid, ACTIVE_PROGRAM_UID, SELECTED_PROGRAM_UID)
        features = (
            ClimateEntityFeature.TARGET_TEMPERATURE
            | ClimateEntityFeature.TURN_ON
            | ClimateEntityFeature.TURN_OFF
        )
        if self._fan:
            self._watch(self._fan.uid)
            features |= ClimateEntityFeature.FAN_MODE
        self._attr_supported_features = features
        self._attr_hvac_modes = [HVACMode.OFF, *modes]

    @property
    @override
    def hvac_mode(self) -> HVACMode | None:
        """What it does; None when unknown."""
        power = self.appliance.value(self._power.uid)
        if power is None:
            return None
        if power != _ON:
            return HVACMode.OFF
        program = self.appliance.active_program or self.appliance.selected_program
        return next((mode for mode, each in self._modes.items() if each.uid == program), None)

    @property
    @override
    def target_temperature(self) -> float | None:
        """The set-point; None when unknown."""
        return self._number(self._setpoint)

    @property
    @override
    def min_temp(self) -> float:
        """The lowest set-point it takes now."""
        limit = self.appliance.limits(self._setpoint.uid).min
        return super().min_temp if limit is None else limit

    @property
    @override
    def max_temp(self) -> float:
        """The highest set-point it takes now."""
        limit = self.appliance.limits(self._setpoint.uid).max
        return super().max_temp if limit is None else limit

    @property
    @override
    def target_temperature_step(self) -> float | None:
        """How fine the set-point is."""
        return self.appliance.limits(self._setpoint.uid).step

    @property
    @override
    def fan_modes(self) -> list[str] | None:
        """The speeds of the fan that may be set now."""
        return self._members(self._fan)

    @property
    @override
    def fan_mode(self) -> str | None:
        """The speed of the fan; None when unknown."""
        return self._member(self._fan)

    @override
    async def async_set_hvac_mode(self, hvac_mode: HVACMode) -> None:
        """Start the program of the mode, after switching it on; or switch it off."""
        if hvac_mode is HVACMode.OFF:
            await self.async_turn_off()
            return
        await self.coordinator.async_command(self._start(self._modes[hvac_mode].uid))

    @override
    async def async_turn_on(self) -> None:
        """Switch it on; it goes on as it was."""
        await self.coordinator.async_command(self.coordinator.client.write(self._power.uid, _ON))

    @override
    async def async_turn_off(self) -> None:
        """Switch it off, as far as it goes."""
        members = self.appliance.members(self._power.uid).values()
        rest = next((name for name in _REST if name in members), _REST[0])
        await self.coordinator.async_command(self.coordinator.client.write(self._power.uid, rest))

    @override
    async def async_set_temperature(self, **kwargs: Any) -> None:
        """Set the set-point, in a mode if one is given."""
        mode, temperature = kwargs.get(ATTR_HVAC_MODE), kwargs.get(ATTR_TEMPERATURE)
        if mode in self._modes and temperature is not None:
            # With the start: on its own it would come before the program runs, or too late for it.
            options = {self._setpoint.uid: temperature}
            await self.coordinator.async_command(self._start(self._modes[mode].uid, options))
            return
        if mode is not None:
            await self.async_set_hvac_mode(mode)
        if temperature is not None:
            await self.coordinator.async_command(
                self.coordinator.client.set_option(self._setpoint.uid, temperature)
            )

    @override
    async def async_set_fan_mode(self, fan_mode: str) -> None:
        """Set the speed of the fan."""
        assert self._fan is not None
        await self.coordinator.async_command(
            self.coordinator.client.set_option(self._fan.uid, fan_mode)
        )

    async def _start(self, program: int, options: Mapping[int, Any] | None = None) -> None:
        """Start the program of a mode: switched on first, and in place of the mode that runs."""
        client, options = self.coordinator.client, options or {}
        running = self.appliance.active_program
        if self.appliance.value(self._power.uid) != _ON:
            await client.write(self._power.uid, _ON)
            await self._until(
                lambda: self.appliance.value(self._power.uid) == _ON, Obstacle.POWER_OFF
            )
        elif running == program:
            for uid, value in options.items():
                await client.set_option(uid, value)
            return
        elif running in {each.uid for each in self._modes.values()}:
            await client.stop()
            await self._until(
                lambda: self.appliance.active_program is None, Obstacle.PROGRAM_RUNNING
            )
        await client.start_program(program, options)

    async def _until(self, condition: Callable[[], bool], obstacle: Obstacle) -> None:
        """Wait for what the appliance takes a moment for: before it there is no use in going on."""
        done = asyncio.Event()

        def look(_change: object = None) -> None:
            if condition():
                done.set()

        unsubscribe = self.coordinator.client.subscribe(look)
        look()
        try:
            async with asyncio.timeout(_MOMENT_S):
                await done.wait()
        except TimeoutError:
            raise PreconditionError(obstacle) from None
        finally:
            unsubscribe()
