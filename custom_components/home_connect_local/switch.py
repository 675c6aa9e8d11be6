"""What can be switched on and off, the appliance itself among it."""

from dataclasses import dataclass
from functools import partial
from typing import Any, Final, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import Coordinator, HomeConnectConfigEntry
from .entity import (
    FeatureRow,
    SettableEntity,
    Survey,
    async_add_features,
    declared_members,
    feature_name,
    feature_slug,
    is_boolean,
    is_enumeration,
    table,
)
from .protocol import Appliance, Feature, Kind

PARALLEL_UPDATES = 1

_OFF_MEMBERS: Final = ("standby", "off", "mainsoff")


@dataclass(frozen=True, kw_only=True)
class HomeConnectSwitchDescription(FeatureRow, SwitchEntityDescription):
    """A switch."""

    @override
    def suits(self, survey: Survey, feature: Feature) -> bool:
        """Take what is true or false and can be set."""
        return is_boolean(feature) and survey.settable(feature)


@dataclass(frozen=True, kw_only=True)
class PowerSwitchDescription(HomeConnectSwitchDescription):
    """The switch of the appliance itself."""

    @override
    def suits(self, survey: Survey, feature: Feature) -> bool:
        """Take power states that can be set."""
        return is_enumeration(feature) and survey.settable(feature)


type Row = HomeConnectSwitchDescription


def power_members(appliance: Appliance, feature: Feature) -> tuple[str, str] | None:
    """Give the members that mean on and off; None when the appliance cannot be switched (mapping §3)."""
    members = declared_members(appliance, feature)
    on = next((member for member in ("on", "standby") if member in members), None)
    off = next((member for member in _OFF_MEMBERS if member in members and member != on), None)
    return (on, off) if on and off else None


def _is_switchable(appliance: Appliance, feature: Feature) -> bool:
    return power_members(appliance, feature) is not None


def _has_two_states(appliance: Appliance) -> bool:
    """Tell whether a switch says all; with more states there is a select for them."""
    feature = appliance.find("BSH.Common.Setting.PowerState")
    return feature is not None and len(set(declared_members(appliance, feature))) <= 2


def _row(key: str, *features: str, enabled: bool = True, config: bool = False) -> Row:
    """Describe a switch."""
    return HomeConnectSwitchDescription(
        key=key,
        features=features,
        entity_registry_enabled_default=enabled,
        entity_category=EntityCategory.CONFIG if config else None,
    )


_config = partial(_row, config=True)
_off = partial(_row, enabled=False)

SWITCHES: Final = table(
    PowerSwitchDescription(
        key="switch_power_state",
        features=("BSH.Common.Setting.PowerState",),
        exists_fn=_is_switchable,
        enabled_fn=_has_two_states,
    ),
    _row("switch_child_lock", "BSH.Common.Setting.ChildLock"),
    _config(
        "switch_allow_backend_connection",
        "BSH.Common.Setting.AllowBackendConnection",
        enabled=False,
    ),
    _config("switch_synchronize_with_time_server", "BSH.Common.Setting.SynchronizeWithTimeServer"),
    _row("switch_multiple_beverages", "ConsumerProducts.CoffeeMaker.Option.MultipleBeverages"),
    _row("switch_cup_warmer", "ConsumerProducts.CoffeeMaker.Setting.CupWarmer"),
    _row("switch_oven_fast_pre_heat", "Cooking.Oven.Option.FastPreHeat"),
    _config("switch_oven_button_tones", "Cooking.Oven.Setting.ButtonTones"),
    _config("switch_oven_light_during_operation", "Cooking.Oven.Setting.OvenLightDuringOperation"),
    _config("switch_oven_sabbath_mode", "Cooking.Oven.Setting.SabbathMode"),
    _row("switch_hood_boost", "Cooking.Common.Option.Hood.Boost"),
    _row("switch_hood_silence_mode", "Cooking.Hood.Setting.NoiseReduction"),
    _row("switch_extra_dry_option", "Dishcare.Dishwasher.Option.ExtraDry"),
    _row("switch_hygiene_plus", "Dishcare.Dishwasher.Option.HygienePlus"),
    _row("switch_intensiv_zone", "Dishcare.Dishwasher.Option.IntensivZone"),
    _row("switch_vario_speed_plus", "Dishcare.Dishwasher.Option.VarioSpeedPlus"),
    _row("switch_silence_on_demand", "Dishcare.Dishwasher.Option.SilenceOnDemand"),
    _row("switch_brilliance_dry", "Dishcare.Dishwasher.Option.BrillianceDry"),
    _config("switch_zeolite_dry", "Dishcare.Dishwasher.Option.ZeoliteDry", enabled=False),
    _config("switch_extra_dry", "Dishcare.Dishwasher.Setting.ExtraDry", enabled=False),
    _config("switch_speed_on_demand", "Dishcare.Dishwasher.Setting.SpeedOnDemand", enabled=False),
    _config("switch_info_light", "Dishcare.Dishwasher.Setting.InfoLight", enabled=False),
    _row(
        "switch_half_load",
        "Dishcare.Dishwasher.Option.HalfLoad",
        "LaundryCare.Dryer.Option.HalfLoad",
    ),
    _row("switch_extra_rinse", "Dishcare.Dishwasher.Option.ExtraRinse"),
    _row("switch_eco_dry", "Dishcare.Dishwasher.Option.EcoDry"),
    _off("switch_door_light_ring", "LaundryCare.Common.Setting.DoorLightRing.Active"),
    _off("switch_drum_light", "LaundryCare.Common.Setting.DrumLight.Active"),
    _config("switch_laundry_end_signal", "LaundryCare.Common.Setting.EndSignal"),
    _config("switch_laundry_sound_mute", "LaundryCare.Common.Setting.Sound.Mute"),
    _config("switch_laundry_time_light", "LaundryCare.Common.Setting.TimeLight.Active"),
    _config("switch_laundry_wrinkle_guard", "LaundryCare.Common.Setting.WrinkleGuard"),
    _row("switch_laundry_silent_mode", "LaundryCare.Common.Option.SilentMode"),
    _row(
        "switch_laundry_speed_perfect",
        "LaundryCare.Common.Option.SpeedPerfect",
        "LaundryCare.Washer.Option.SpeedPerfect",
    ),
    _row(
        "switch_laundry_low_temperature_hygiene", "LaundryCare.Common.Option.LowTemperatureHygiene"
    ),
    _row("switch_laundry_gentle", "LaundryCare.Dryer.Option.Gentle"),
    _row("switch_laundry_hygiene", "LaundryCare.Dryer.Option.Hygiene"),
    _row(
        "switch_laundry_idos1_active",
        "LaundryCare.Washer.Option.IDos1Active",
        "LaundryCare.Washer.Option.IDos1.Active",
    ),
    _row(
        "switch_laundry_idos2_active",
        "LaundryCare.Washer.Option.IDos2Active",
        "LaundryCare.Washer.Option.IDos2.Active",
    ),
    _row("switch_laundry_intensive_plus", "LaundryCare.Washer.Option.IntensivePlus"),
    _row("switch_laundry_less_ironing", "LaundryCare.Washer.Option.LessIroning"),
    _row("switch_laundry_silent_wash", "LaundryCare.Washer.Option.SilentWash"),
    _off("switch_laundry_soak", "LaundryCare.Washer.Option.Soak"),
    _row("switch_laundry_prewash", "LaundryCare.Washer.Option.Prewash"),
    _row("switch_laundry_rinse_hold", "LaundryCare.Washer.Option.RinseHold"),
    _off("switch_laundry_rinse_plus1", "LaundryCare.Washer.Option.RinsePlus1"),
    _off("switch_laundry_rinse_plus3", "LaundryCare.Washer.Option.RinsePlus3"),
    _row("switch_laundry_water_and_rinse_plus1", "LaundryCare.Washer.Option.WaterAndRinsePlus1"),
    _row("switch_laundry_water_plus", "LaundryCare.Washer.Option.WaterPlus"),
    _row("switch_laundry_disinfectant", "LaundryCare.Washer.Option.Disinfectant"),
    _row("switch_laundry_hygienic_steam", "LaundryCare.Washer.Option.HygienicSteam"),
    _row("switch_laundry_mini_load", "LaundryCare.Washer.Option.MiniLoad"),
    _row(
        "switch_super_freezer",
        "Refrigeration.FridgeFreezer.Setting.SuperModeFreezer",
        "Refrigeration.Common.Setting.Freezer.SuperMode",
    ),
    _row(
        "switch_super_refrigerator",
        "Refrigeration.FridgeFreezer.Setting.SuperModeRefrigerator",
        "Refrigeration.Common.Setting.Refrigerator.SuperMode",
    ),
    *(
        _row(f"switch_super_{key}", f"Refrigeration.Common.Setting.{name}.SuperMode")
        for key, name in (
            ("bottle_cooler", "BottleCooler"),
            ("chiller_common", "ChillerCommon"),
            ("chiller_left", "ChillerLeft"),
            ("chiller_right", "ChillerRight"),
            ("flex_compartment", "FlexCompartment"),
            ("wine_compartment", "WineCompartment"),
            ("wine_compartment_2", "WineCompartment2"),
            ("wine_compartment_3", "WineCompartment3"),
        )
    ),
    _row(
        "switch_refrigerator_eco",
        "Refrigeration.FridgeFreezer.Setting.EcoMode",
        "Refrigeration.Common.Setting.EcoMode",
    ),
    _row(
        "switch_refrigerator_vacation",
        "Refrigeration.FridgeFreezer.Setting.VacationMode",
        "Refrigeration.Common.Setting.VacationMode",
    ),
    _row("switch_refrigerator_dispenser_enabled", "Refrigeration.Common.Setting.Dispenser.Enabled"),
    _config(
        "switch_refrigerator_sabbath_mode",
        "Refrigeration.Common.Setting.SabbathMode",
        "Refrigeration.FridgeFreezer.Setting.SabbathMode",
    ),
    _config(
        "switch_refrigerator_door_assistant_freezer",
        "Refrigeration.Common.Setting.Door.AssistantFreezer",
    ),
    _config(
        "switch_refrigerator_door_assistant_fridge",
        "Refrigeration.Common.Setting.Door.AssistantFridge",
    ),
    _off(
        "switch_refrigeration_light_internal", "Refrigeration.Common.Setting.Light.Internal.Power"
    ),
    _row(
        "switch_refrigeration_light_theater_mode",
        "Refrigeration.Common.Setting.Light.Internal.EnableTheaterMode",
    ),
    _config(
        "switch_refrigerator_fresh_mode",
        "Refrigeration.FridgeFreezer.Setting.FreshMode",
        "Refrigeration.Common.Setting.FreshMode",
    ),
)


def generic_row(survey: Survey, feature: Feature) -> Row:
    """Describe a feature without a row."""
    return HomeConnectSwitchDescription(
        key=feature_slug(feature),
        features=(feature.key or "",),
        name=feature_name(feature),
        entity_category=EntityCategory.CONFIG if feature.kind is Kind.SETTING else None,
    )


def new_switch(coordinator: Coordinator, feature: Feature, row: Row) -> HomeConnectSwitch:
    """Make the switch that a row needs."""
    if isinstance(row, PowerSwitchDescription):
        return PowerSwitch(coordinator, feature, row)
    return HomeConnectSwitch(coordinator, feature, row)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HomeConnectConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the switches of an appliance."""
    async_add_features(
        hass,
        entry,
        async_add_entities,
        Platform.SWITCH,
        SWITCHES,
        new_switch,
        generic_row=generic_row,
    )


class HomeConnectSwitch(SettableEntity, SwitchEntity):
    """Switches what is true or false."""

    entity_description: HomeConnectSwitchDescription

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether it is on; None when unknown."""
        value = self.reading
        return value if isinstance(value, bool) else None

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Switch it on."""
        await self.async_set(value=True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Switch it off."""
        await self.async_set(value=False)


class PowerSwitch(HomeConnectSwitch):
    """Switches the appliance itself."""

    def __init__(self, coordinator: Coordinator, feature: Feature, row: Row) -> None:
        """Find out what on and off mean."""
        super().__init__(coordinator, feature, row)
        members = power_members(self.appliance, feature)
        assert members  # the row exists for no other appliance
        self._on, self._off = members

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether it is on; all other known states are off."""
        value = self.reading
        return value.lower() == self._on if isinstance(value, str) else None

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Switch the appliance on."""
        await self.async_set(self._raw(self._on))

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Switch the appliance off, or as far off as it goes."""
        await self.async_set(self._raw(self._off))

    def _raw(self, member: str) -> int:
        """Give a member as it travels."""
        members = self.appliance.all_members(self.uid)
        return next(raw for raw, name in members.items() if name.lower() == member)
