"""What is chosen from a list, programs among it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import Coordinator, HomeConnectConfigEntry
from .entity import (
    ApplianceEntity,
    FeatureRow,
    Programs,
    SettableEntity,
    Survey,
    async_add_features,
    async_programs,
    declared_members,
    feature_name,
    feature_slug,
    is_enumeration,
    table,
    without,
)
from .protocol import (
    ACTIVE_PROGRAM_UID,
    SELECTED_PROGRAM_UID,
    Appliance,
    Feature,
    Kind,
    startable_programs,
)

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class HomeConnectSelectDescription(FeatureRow, SelectEntityDescription):
    """A select. Its options are the members that the appliance allows at the moment."""

    @override
    def suits(self, survey: Survey, feature: Feature) -> bool:
        """Take enumerations that can be set."""
        return is_enumeration(feature) and feature.enum is not None and survey.settable(feature)


type Row = HomeConnectSelectDescription


def _row(
    key: str,
    *features: str,
    enabled: bool = True,
    config: bool = False,
    exists_fn: Callable[[Appliance, Feature], bool] = lambda appliance, feature: True,
    enabled_fn: Callable[[Appliance], bool] = lambda appliance: True,
) -> Row:
    """Describe a select."""
    return HomeConnectSelectDescription(
        key=key,
        features=features,
        exists_fn=exists_fn,
        enabled_fn=enabled_fn,
        entity_registry_enabled_default=enabled,
        entity_category=EntityCategory.CONFIG if config else None,
    )


_config = partial(_row, config=True)


def _at_least(count: int) -> Callable[[Appliance, Feature], bool]:
    """Give a condition: so many members may be set."""

    def condition(appliance: Appliance, feature: Feature) -> bool:
        return len(set(declared_members(appliance, feature))) >= count

    return condition


SELECTS: Final = table(
    _row(
        "select_power_state",
        "BSH.Common.Setting.PowerState",
        exists_fn=_at_least(3),
    ),
    _config(
        "select_temperature_unit",
        "BSH.Common.Setting.TemperatureUnit",
        exists_fn=_at_least(2),
        enabled=False,
    ),
    _config("select_time_format", "BSH.Common.Setting.TimeFormat"),
    _config("select_language", "BSH.Common.Setting.Language", enabled=False),
    _row(
        "select_ambient_light_color",
        "BSH.Common.Setting.AmbientLightColor",
        enabled_fn=without("BSH.Common.Setting.AmbientLightEnabled"),
    ),
    _row(
        "select_hood_color_temperature",
        "Cooking.Hood.Setting.ColorTemperature",
        enabled_fn=without("Cooking.Common.Setting.Lighting", "Cooking.Hood.Setting.Lighting"),
    ),
    _row("select_oven_warming_level", "Cooking.Oven.Option.WarmingLevel"),
    _row("select_current_map", "ConsumerProducts.CleaningRobot.Setting.CurrentMap"),
    _row("select_reference_map", "ConsumerProducts.CleaningRobot.Option.ReferenceMapId"),
    _row("select_cleaning_mode", "ConsumerProducts.CleaningRobot.Option.CleaningMode"),
    _row("select_suction_power", "ConsumerProducts.CleaningRobot.Option.SuctionPower"),
    _config("select_remote_control_level", "BSH.Common.Setting.RemoteControlLevel", enabled=False),
    _row("select_coffee_temperature", "ConsumerProducts.CoffeeMaker.Option.CoffeeTemperature"),
    _row("select_bean_amount", "ConsumerProducts.CoffeeMaker.Option.BeanAmount"),
    _row("select_beverage_size", "ConsumerProducts.CoffeeMaker.Option.BeverageSize"),
    _row("select_coffee_milk_ratio", "ConsumerProducts.CoffeeMaker.Option.CoffeeMilkRatio"),
    _row("select_hot_water_temperature", "ConsumerProducts.CoffeeMaker.Option.HotWaterTemperature"),
    _row("select_flow_rate", "ConsumerProducts.CoffeeMaker.Option.FlowRate"),
    _row("select_coarsness", "ConsumerProducts.CoffeeMaker.Option.Coarsness"),
    _row("select_coffee_strength", "ConsumerProducts.CoffeeMaker.Option.CoffeeStrength"),
    _row("select_aroma_select", "ConsumerProducts.CoffeeMaker.Option.AromaSelect"),
    _row("select_bean_container", "ConsumerProducts.CoffeeMaker.Option.BeanContainerSelection"),
    _row("select_shot_count", "ConsumerProducts.CoffeeMaker.Option.Shot.Count"),
    _row("select_cups", "ConsumerProducts.CoffeeMaker.Option.Cups"),
    _row("select_oven_level", "Cooking.Oven.Option.Level"),
    _row("select_oven_used_heating_mode", "Cooking.Oven.Option.UsedHeatingMode"),
    _row("select_pyrolysis_level", "Cooking.Oven.Option.PyrolysisLevel"),
    _config("select_oven_child_lock_setting", "Cooking.Oven.Setting.ConfigureChildLock"),
    _config("select_oven_switch_on_delay", "Cooking.Oven.Setting.SwitchOnDelay"),
    _config("select_oven_cooling_fan_runtime", "Cooking.Oven.Setting.CoolingFanRunOnTime"),
    _config("select_oven_signal_duration", "Cooking.Oven.Setting.SignalDuration"),
    _row("select_hood_interval_stage", "Cooking.Hood.Setting.IntervalStage"),
    _config("select_hob_ventilation", "Cooking.Hob.Setting.Ventilation"),
    _row("select_hob_delaye_shutoff_stage", "Cooking.Hood.Setting.DelayedShutOffStage"),
    _config("select_hood_carbon_filter_type", "Cooking.Hood.Setting.CarbonFilterType"),
    _config(
        "select_drying_assistant_all_programs",
        "Dishcare.Dishwasher.Setting.DryingAssistantAllPrograms",
        enabled=False,
    ),
    _config("select_hot_water", "Dishcare.Dishwasher.Setting.HotWater", enabled=False),
    _config("select_rinse_aid", "Dishcare.Dishwasher.Setting.RinseAid", enabled=False),
    _config(
        "select_sound_level_signal", "Dishcare.Dishwasher.Setting.SoundLevelSignal", enabled=False
    ),
    _config("select_sound_level_key", "Dishcare.Dishwasher.Setting.SoundLevelKey", enabled=False),
    _config("select_water_hardness", "Dishcare.Dishwasher.Setting.WaterHardness", enabled=False),
    _config(
        "select_sensitivity_turbidity",
        "Dishcare.Dishwasher.Setting.SensitivityTurbidity",
        enabled=False,
    ),
    _config("select_eco_as_default", "Dishcare.Dishwasher.Setting.EcoAsDefault", enabled=False),
    _config("select_flexspray_type", "Dishcare.Dishwasher.Option.FlexSpray.Type", enabled=False),
    _config(
        "select_flexspray_front_left",
        "Dishcare.Dishwasher.Option.FlexSpray.FrontLeft",
        enabled=False,
    ),
    _config(
        "select_flexspray_back_left", "Dishcare.Dishwasher.Option.FlexSpray.BackLeft", enabled=False
    ),
    _config(
        "select_flexspray_back_right",
        "Dishcare.Dishwasher.Option.FlexSpray.BackRight",
        enabled=False,
    ),
    _config(
        "select_flexspray_front_right",
        "Dishcare.Dishwasher.Option.FlexSpray.FrontRight",
        enabled=False,
    ),
    _config(
        "select_flexspray_custom_front_left",
        "Dishcare.Dishwasher.Setting.FlexSpray.Custom.FrontLeft",
        enabled=False,
    ),
    _config(
        "select_flexspray_custom_back_left",
        "Dishcare.Dishwasher.Setting.FlexSpray.Custom.BackLeft",
        enabled=False,
    ),
    _config(
        "select_flexspray_custom_back_right",
        "Dishcare.Dishwasher.Setting.FlexSpray.Custom.BackRight",
        enabled=False,
    ),
    _config(
        "select_flexspray_custom_front_right",
        "Dishcare.Dishwasher.Setting.FlexSpray.Custom.FrontRight",
        enabled=False,
    ),
    _config("select_auto_power_off", "LaundryCare.Common.Setting.AutoPowerOff"),
    _config("select_laundry_brightness", "LaundryCare.Common.Setting.BrightnessLevel"),
    _config("select_door_light_ring_mode", "LaundryCare.Common.Setting.DoorLightRing.ActiveMode"),
    _config(
        "select_door_light_ring_brightness",
        "LaundryCare.Common.Setting.DoorLightRing.BrightnessLevel",
    ),
    _config("select_laundry_end_signal_volume", "LaundryCare.Common.Setting.EndSignalVolume"),
    _config("select_laundry_key_signal_volume", "LaundryCare.Common.Setting.KeySignalVolume"),
    _config("select_laundry_sound_volume", "LaundryCare.Common.Setting.Sound.Volume"),
    _config("select_laundry_power_rating", "LaundryCare.Common.Setting.SupplyPower.PowerRating"),
    _row("select_laundry_wrinkle_guard", "LaundryCare.Dryer.Option.WrinkleGuard"),
    _row(
        "select_laundry_cupboard_dry_fine_adjust", "LaundryCare.Dryer.Setting.CupboardDryFineAdjust"
    ),
    _row(
        "select_laundry_cupboard_dry_plus_fine_adjust",
        "LaundryCare.Dryer.Setting.CupboardDryPlusFineAdjust",
    ),
    _row("select_laundry_iron_dry_fine_adjust", "LaundryCare.Dryer.Setting.IronDryFineAdjust"),
    _row(
        "select_laundry_spin_speed_before_drying", "LaundryCare.Dryer.Setting.SpinSpeedBeforeDrying"
    ),
    _row("select_laundry_drying_target", "LaundryCare.Dryer.Option.DryingTarget"),
    _row("select_laundry_refresher", "LaundryCare.Dryer.Option.Refresher"),
    _row("select_laundry_idos2_content", "LaundryCare.Washer.Setting.IDos2Content"),
    _row("select_laundry_idos2_level", "LaundryCare.Washer.Option.IDos2DosingLevel"),
    _row("select_laundry_idos1_level", "LaundryCare.Washer.Option.IDos1DosingLevel"),
    _row("select_laundry_vario_perfect", "LaundryCare.Common.Option.VarioPerfect"),
    _row(
        "select_laundry_hygienic_steam_intensity",
        "LaundryCare.Common.Option.HygienicSteamIntensity",
    ),
    _row("select_laundry_multiple_soak", "LaundryCare.Washer.Option.MultipleSoak"),
    _row("select_laundry_rinseplus", "LaundryCare.Washer.Option.RinsePlus"),
    _row("select_laundry_spin_speed", "LaundryCare.Washer.Option.SpinSpeed"),
    _row("select_laundry_option_stains", "LaundryCare.Washer.Option.Stains"),
    _row("select_laundry_option_temperature", "LaundryCare.Washer.Option.Temperature"),
    _row(
        "select_laundry_option_water_and_rinse_plus",
        "LaundryCare.Washer.Option.WaterAndRinsePlus",
        enabled=False,
    ),
    _row(
        "select_refrigerator_door_assistant_freezer_trigger",
        "Refrigeration.Common.Setting.Door.AssistantTriggerFreezer",
    ),
    _row(
        "select_refrigerator_door_assistant_freezer_force",
        "Refrigeration.Common.Setting.Door.AssistantForceFreezer",
    ),
    _row(
        "select_chiller_common_preset",
        "Refrigeration.Common.Setting.ChillerCommon.Preset",
        enabled=False,
    ),
    _row(
        "select_chiller_left_humidity",
        "Refrigeration.Common.Setting.ChillerLeft.Humidity",
        enabled=False,
    ),
    _row(
        "select_chiller_right_humidity",
        "Refrigeration.Common.Setting.ChillerRight.Humidity",
        enabled=False,
    ),
)

PROGRAM: Final = SelectEntityDescription(key="select_program")


def generic_row(survey: Survey, feature: Feature) -> Row:
    """Describe a feature without a row."""
    return HomeConnectSelectDescription(
        key=feature_slug(feature),
        features=(feature.key or "",),
        name=feature_name(feature),
        entity_category=EntityCategory.CONFIG if feature.kind is Kind.SETTING else None,
    )


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HomeConnectConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the selects of an appliance."""
    coordinator = entry.runtime_data
    others: list[SelectEntity] = []
    if coordinator.appliance.programs:
        programs = await async_programs(hass, coordinator)
        others.append(ProgramSelect(coordinator, PROGRAM, programs))
    async_add_features(
        hass,
        entry,
        async_add_entities,
        Platform.SELECT,
        SELECTS,
        HomeConnectSelect,
        generic_row=generic_row,
        others=others,
    )


class HomeConnectSelect(SettableEntity, SelectEntity):
    """Sets a member of an enumeration."""

    entity_description: HomeConnectSelectDescription

    @property
    @override
    def options(self) -> list[str]:
        """The members that may be set."""
        members = self.appliance.members(self.uid).values()
        return list(dict.fromkeys(member.lower() for member in members))

    @property
    @override
    def current_option(self) -> str | None:
        """The member; None when unknown."""
        value = self.reading
        return value.lower() if isinstance(value, str) else None

    @override
    async def async_select_option(self, option: str) -> None:
        """Set the first member of that name."""
        members = self.appliance.members(self.uid)
        await self.async_set(next(raw for raw, name in members.items() if name.lower() == option))


class ProgramSelect(ApplianceEntity, SelectEntity):
    """Selects a program; one that can only be started is started."""

    def __init__(
        self, coordinator: Coordinator, row: SelectEntityDescription, programs: Programs
    ) -> None:
        """Watch the programs, and what favourites are called."""
        super().__init__(coordinator, row)
        self._programs = programs
        self._watch(ACTIVE_PROGRAM_UID, SELECTED_PROGRAM_UID, *programs.name_uids)
        self._watch(*self.appliance.programs)

    @property
    @override
    def available(self) -> bool:
        """Whether the appliance lets a program be selected, or started."""
        appliance = self.appliance
        return self.coordinator.linked and (
            appliance.writable(SELECTED_PROGRAM_UID)
            or (appliance.writable(ACTIVE_PROGRAM_UID) and bool(startable_programs(appliance)))
        )

    @property
    @override
    def options(self) -> list[str]:
        """The programs that can be selected, and the one that is."""
        names = list(self._programs.selectable())
        current = self.current_option
        return names if current is None or current in names else [*names, current]

    @property
    @override
    def current_option(self) -> str | None:
        """The running program, else the selected one; None when there is none or it is unknown."""
        uid = self._current
        return None if uid is None else self._programs.name(uid)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, int] | None:
        """The uid of a program that the description does not know."""
        uid = self._current
        return None if uid is None or self._programs.name(uid) else {"uid": uid}

    @override
    async def async_select_option(self, option: str) -> None:
        """Select the program, or start it if that is all one can do with it."""
        uid = next(uid for uid, name in self._programs.names().items() if name == option)
        await self.coordinator.async_command(self.coordinator.client.select_program(uid))

    @property
    def _current(self) -> int | None:
        return self.appliance.active_program or self.appliance.selected_program
