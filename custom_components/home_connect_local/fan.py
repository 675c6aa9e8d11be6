"""Fans: of hoods and air conditioners."""

from collections.abc import Awaitable
from typing import Any, Final, override

from homeassistant.components.fan import FanEntity, FanEntityDescription, FanEntityFeature
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util.percentage import (
    ordered_list_item_to_percentage,
    percentage_to_ordered_list_item,
)

from .coordinator import Coordinator, HomeConnectConfigEntry
from .entity import ApplianceEntity, covers
from .errors import command_error
from .protocol import (
    ACTIVE_PROGRAM_UID,
    Execution,
    Feature,
    Obstacle,
    PreconditionError,
    venting_speeds,
)

PARALLEL_UPDATES = 1

_LEVELS: Final = (
    "Cooking.Common.Option.Hood.VentingLevel",
    "Cooking.Common.Option.Hood.IntensiveLevel",
)
_VENTING: Final = "Cooking.Common.Program.Hood.Venting"
# Names through the generations, as with rows.
_PRESETS: Final = {
    "automatic": ("Cooking.Common.Program.Hood.Automatic", "Cooking.Hood.Program.Automatic"),
    "delayed_shut_off": (
        "Cooking.Common.Program.Hood.DelayedShutOff",
        "Cooking.Hood.Program.DelayedShutOff",
    ),
    "interval": ("Cooking.Common.Program.Hood.Interval", "Cooking.Hood.Program.Interval"),
}
_DESCRIPTION: Final = FanEntityDescription(key="fan_hood", name=None, translation_key="fan_hood")

_AIR_SPEED: Final = "HeatingVentilationAirConditioning.AirConditioner.Option.FanSpeedPercentage"
_AIR_MODE: Final = "HeatingVentilationAirConditioning.AirConditioner.Option.FanSpeedMode"
_AIR_DESCRIPTION: Final = FanEntityDescription(
    key="fan_air_conditioner", translation_key="fan_air_conditioner"
)
_PERCENT: Final = 100

covers(*_LEVELS, _AIR_SPEED, _AIR_MODE)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HomeConnectConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the fan of a hood, or of an air conditioner."""
    coordinator = entry.runtime_data
    find = coordinator.appliance.find
    if find(_VENTING) and venting_speeds(coordinator.appliance):
        async_add_entities([HoodFan(coordinator, _DESCRIPTION)])
    if speed := find(_AIR_SPEED):
        async_add_entities([AirConditionerFan(coordinator, speed, find(_AIR_MODE))])


class HoodFan(ApplianceEntity, FanEntity):
    """The fan of a hood: its speeds are levels of a program, its presets other programs."""

    def __init__(self, coordinator: Coordinator, row: FanEntityDescription) -> None:
        """Describe the entity."""
        super().__init__(coordinator, row)
        self._watch(ACTIVE_PROGRAM_UID)
        self._watch_keys(*_LEVELS)
        self._programs: dict[str, Feature] = {
            name: program
            for name, keys in _PRESETS.items()
            if (program := self.appliance.find(*keys)) and program.execution is not Execution.NONE
        }
        self._attr_preset_modes = list(self._programs)
        self._attr_supported_features = (
            FanEntityFeature.SET_SPEED | FanEntityFeature.TURN_ON | FanEntityFeature.TURN_OFF
        )
        if self._programs:
            self._attr_supported_features |= FanEntityFeature.PRESET_MODE

    @property
    def _speeds(self) -> list[tuple[int, int]]:
        """All speeds, weak to strong; which there are may change at run time."""
        return venting_speeds(self.appliance)

    @property
    def _speed(self) -> tuple[int, int] | None:
        """The speed it has; None when it stands still, or a preset or the appliance itself decides."""
        venting = self.appliance.find(_VENTING)
        if venting is None or self.appliance.active_program != venting.uid:
            return None
        return next(
            (speed for speed in reversed(self._speeds) if self.appliance.raw(speed[0]) == speed[1]),
            None,
        )

    @property
    @override
    def speed_count(self) -> int:
        """How many speeds there are."""
        return max(1, len(self._speeds))

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether it runs; None when unknown."""
        if self.appliance.raw(ACTIVE_PROGRAM_UID) is None:
            return None
        if self.appliance.active_program is None:
            return False
        # A level that is not known, or another program, may well turn it.
        return not self._stands_still

    @property
    def _stands_still(self) -> bool:
        """Whether it is to vent at level 0."""
        venting = self.appliance.find(_VENTING)
        if venting is None or self.appliance.active_program != venting.uid:
            return False
        levels = [found.uid for key in _LEVELS if (found := self.appliance.find(key))]
        return all(self.appliance.raw(uid) == 0 for uid in levels)

    @property
    @override
    def percentage(self) -> int | None:
        """How fast it runs; None when it decides by itself."""
        if self._speed is not None:
            return ordered_list_item_to_percentage(self._speeds, self._speed)
        return 0 if self.is_on is False else None

    @property
    @override
    def preset_mode(self) -> str | None:
        """The program that decides on the speed."""
        active = self.appliance.active_program
        return next((name for name, each in self._programs.items() if each.uid == active), None)

    @override
    async def async_turn_on(
        self, percentage: int | None = None, preset_mode: str | None = None, **kwargs: Any
    ) -> None:
        """Start it: with a preset, at a speed, or as weak as can be."""
        if preset_mode is not None:
            await self.async_set_preset_mode(preset_mode)
        elif percentage is not None:
            await self.async_set_percentage(percentage)
        else:
            await self.async_set_percentage(1)  # the weakest

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Stop it; the hood and its light stay on."""
        await self._async_do(self.coordinator.client.vent(None))

    @override
    async def async_set_percentage(self, percentage: int) -> None:
        """Run at a speed; 0 stops."""
        if not percentage:
            await self.async_turn_off()
            return
        if not (speeds := self._speeds):
            raise command_error(PreconditionError(Obstacle.NOT_AVAILABLE))
        speed = percentage_to_ordered_list_item(speeds, percentage)
        await self._async_do(self.coordinator.client.vent(*speed))

    @override
    async def async_set_preset_mode(self, preset_mode: str) -> None:
        """Start the program that decides on the speed."""
        await self._async_do(self.coordinator.client.start_program(self._programs[preset_mode].uid))

    async def _async_do(self, command: Awaitable[None]) -> None:
        await self.coordinator.async_command(command)


class AirConditionerFan(ApplianceEntity, FanEntity):
    """The fan of an air conditioner: it runs as long as a program does."""

    def __init__(self, coordinator: Coordinator, speed: Feature, mode: Feature | None) -> None:
        """Describe the entity."""
        super().__init__(coordinator, _AIR_DESCRIPTION)
        self._speed = speed
        self._mode = mode
        self._watch(speed.uid, ACTIVE_PROGRAM_UID, *([mode.uid] if mode else []))
        self._attr_supported_features = FanEntityFeature.SET_SPEED
        if mode:
            self._attr_supported_features |= FanEntityFeature.PRESET_MODE

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether it runs; None when unknown."""
        if self.appliance.raw(ACTIVE_PROGRAM_UID) is None:
            return None
        return self.appliance.active_program is not None

    @property
    @override
    def percentage(self) -> int | None:
        """How fast it runs."""
        value = self._number(self._speed)
        return None if value is None else max(0, min(_PERCENT, round(value)))

    @property
    @override
    def preset_modes(self) -> list[str] | None:
        """How it may decide on its speed."""
        return self._members(self._mode)

    @property
    @override
    def preset_mode(self) -> str | None:
        """How it decides on its speed; None when unknown."""
        return self._member(self._mode)

    @override
    async def async_set_percentage(self, percentage: int) -> None:
        """Set the speed."""
        await self._async_set(self._speed, percentage)

    @override
    async def async_set_preset_mode(self, preset_mode: str) -> None:
        """Set how it decides on its speed."""
        assert self._mode is not None
        await self._async_set(self._mode, preset_mode)

    async def _async_set(self, option: Feature, value: Any) -> None:
        await self.coordinator.async_command(self.coordinator.client.set_option(option.uid, value))
