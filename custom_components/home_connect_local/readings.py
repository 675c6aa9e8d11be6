"""What sensors read of appliances: a row for each value, condition and time."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Final, Self, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import (
    MAX_LENGTH_STATE_STATE,
    PERCENTAGE,
    SIGNAL_STRENGTH_DECIBELS_MILLIWATT,
    EntityCategory,
    UnitOfMass,
    UnitOfTemperature,
    UnitOfTime,
)

from .entity import (
    OPERATION_STATE,
    FeatureRow,
    Survey,
    covers,
    declared_members,
    feature_name,
    feature_slug,
    is_enumeration,
    is_number,
    local_moment,
    quantity,
    table,
)
from .protocol import Appliance, Feature

ACTIVE: Final = frozenset({"run", "pause", "delayedstart"})
ENDED: Final = ACTIVE | {"finished"}
PRESENT: Final = frozenset({"present", "confirmed"})

REMAINING_TIME: Final = "BSH.Common.Option.RemainingProgramTime"
START_IN: Final = "BSH.Common.Option.StartInRelative"
FINISH_IN: Final = "BSH.Common.Option.FinishInRelative"
BASE_PROGRAM: Final = "BSH.Common.Option.BaseProgram"
TOTAL_TIME: Final = "BSH.Common.Option.EstimatedTotalProgramTime"

type SensorValue = datetime | float | int | str | None


def plain(value: Any) -> SensorValue:
    """Give a value as it is, members of enumerations in the spelling of their texts."""
    return value.lower() if isinstance(value, str) else value


def items(value: Any) -> list[Any]:
    """Read a list, which travels with or without its length (§4.3)."""
    if isinstance(value, dict):
        value = value.get("list")
    return value if isinstance(value, list) else []


def _count(value: Any) -> SensorValue:
    return None if value is None else len(items(value))


def _end(value: Any) -> SensorValue:
    """Read the end of a session (§9.5)."""
    return local_moment(value.get("end")) if isinstance(value, dict) else None


def _text(value: Any) -> SensorValue:
    """Give a text as far as a state can hold it: some appliances have whole files in one."""
    return None if value is None else str(value)[:MAX_LENGTH_STATE_STATE]


@dataclass(frozen=True, kw_only=True)
class HomeConnectSensorDescription(FeatureRow, SensorEntityDescription):
    """A sensor: how it reads, and when what it reads means something."""

    value_fn: Callable[[Any], SensorValue] = plain
    states: tuple[str, ...] = ()
    """States that belong to ``features``, which are then all shown at once, and the one when nothing is present."""
    during: frozenset[str] | None = None
    """Operation states in which the value is not just a left-over; None for all."""
    attributes: Mapping[str, str] | None = None
    """Attributes with the features they show."""
    counts: int = 0
    """1 counts up and -1 down by itself while the attribute ``auto_counting`` says that the appliance does not."""
    content_types: frozenset[str] = frozenset()
    """Content types it can show, if they are neither numbers nor enumerations."""

    @override
    def of(self, survey: Survey) -> Iterator[Self]:
        """Give the row for each part; attributes are the first of what it watches besides its feature."""
        for row in super().of(survey):
            attributes = row.attributes and dict(zip(row.attributes, row.also, strict=False))
            yield row if attributes == row.attributes else replace(row, attributes=attributes)

    @override
    def suits(self, survey: Survey, feature: Feature) -> bool:
        """Take what has the form of the state."""
        if self.states:
            return True
        if self.content_types:
            return feature.content_type in self.content_types
        if self.device_class is SensorDeviceClass.ENUM:
            return is_enumeration(feature) and feature.enum is not None
        return is_number(feature)


type Row = HomeConnectSensorDescription


def _row(
    key: str,
    *features: str,
    attributes: Mapping[str, str] | None = None,
    during: frozenset[str] | None = None,
    enabled: bool = True,
    diagnostic: bool = False,
    **details: Any,
) -> Row:
    """Describe a sensor; features that it depends on are watched."""
    also = tuple((attributes or {}).values()) + ((OPERATION_STATE,) if during else ())
    return HomeConnectSensorDescription(
        key=key,
        features=features,
        also=also,
        attributes=attributes,
        during=during,
        entity_registry_enabled_default=enabled,
        entity_category=EntityCategory.DIAGNOSTIC if diagnostic else None,
        **details,
    )


_enum = partial(_row, device_class=SensorDeviceClass.ENUM)
_percent = partial(_row, native_unit_of_measurement=PERCENTAGE)
_seconds = partial(
    _row,
    device_class=SensorDeviceClass.DURATION,
    native_unit_of_measurement=UnitOfTime.SECONDS,
)
_duration = partial(_seconds, suggested_unit_of_measurement=UnitOfTime.HOURS)
_celsius = partial(
    _row,
    device_class=SensorDeviceClass.TEMPERATURE,
    native_unit_of_measurement=UnitOfTemperature.CELSIUS,
)
_counter = partial(_row, state_class=SensorStateClass.TOTAL_INCREASING, enabled=False)
_countdown = partial(_row, state_class=SensorStateClass.MEASUREMENT, enabled=False)


def _has_many_members(appliance: Appliance, feature: Feature) -> bool:
    return len(set(declared_members(appliance, feature))) > 2


COMMON: Final = table(
    _duration(
        "sensor_remaining_program_time",
        REMAINING_TIME,
        during=ACTIVE,
        attributes={
            "is_estimated": "BSH.Common.Option.RemainingProgramTimeIsEstimated",
            "auto_counting": "BSH.Common.Option.RemainingProgramTime.AutoCounting",
        },
        counts=-1,
    ),
    _duration("sensor_elapsed_program_time", "BSH.Common.Option.ElapsedProgramTime"),
    _percent("sensor_program_progress", "BSH.Common.Option.ProgramProgress", during=ENDED),
    _percent("sensor_water_forecast", "BSH.Common.Option.WaterForecast", diagnostic=True),
    _percent("sensor_energy_forecast", "BSH.Common.Option.EnergyForecast", diagnostic=True),
    _enum("sensor_operation_state", OPERATION_STATE),
    _duration("sensor_start_in", START_IN),
    _duration("sensor_finish_in", FINISH_IN),
    _counter(
        "sensor_count_started", "BSH.Common.Status.Program.All.Count.Started", diagnostic=True
    ),
    _counter(
        "sensor_count_completed", "BSH.Common.Status.Program.All.Count.Completed", diagnostic=True
    ),
    _enum(
        "sensor_end_trigger",
        "BSH.Common.Status.ProgramRunDetail.EndTrigger",
        enabled=False,
        diagnostic=True,
    ),
    _enum("sensor_flex_start", "BSH.Common.Status.FlexStart"),
    _duration("sensor_estimated_remaining_program_time", TOTAL_TIME),
    _duration(
        "sensor_current_step_remaining_time",
        "BSH.Common.Option.CurrentStepRemainingTime",
        during=ACTIVE,
    ),
    _enum(
        "sensor_door_state",
        "BSH.Common.Status.DoorState",
        exists_fn=_has_many_members,
    ),
    _percent(
        "sensor_battery_level",
        "BSH.Common.Status.BatteryLevel",
        device_class=SensorDeviceClass.BATTERY,
    ),
    _enum("sensor_camera_state", "BSH.Common.Status.Video.CameraState"),
    _row(
        "sensor_error_codes",
        "BSH.Common.Status.ErrorCodesList",
        value_fn=_count,
        content_types=frozenset({"string"}),
        diagnostic=True,
    ),
    _row(
        "sensor_last_program_end",
        "BSH.Common.Status.ProgramSessionSummary.Latest",
        value_fn=_end,
        content_types=frozenset({"programSessionSummary"}),
        device_class=SensorDeviceClass.TIMESTAMP,
    ),
)

POWER_STATE: Final = _enum("sensor_power_state", "BSH.Common.Setting.PowerState")

# Appliances do not push it, so it is asked for (§4.1).
SIGNAL_STRENGTH: Final = _row(
    "sensor_wifi_signal_strength",
    "BSH.Common.Status.WiFiSignalStrength",
    device_class=SensorDeviceClass.SIGNAL_STRENGTH,
    native_unit_of_measurement=SIGNAL_STRENGTH_DECIBELS_MILLIWATT,
    enabled=False,
    diagnostic=True,
)

COFFEE_MAKER: Final = table(
    *(
        _countdown(
            f"sensor_countdown_{key}",
            f"ConsumerProducts.CoffeeMaker.Status.BeverageCountdown{name}",
        )
        for key, name in (
            ("calc_n_clean", "CalcNClean"),
            ("cleaning", "Cleaning"),
            ("descaling", "Descaling"),
            ("water_filter", "Waterfilter"),
        )
    ),
    *(
        _counter(
            f"sensor_count_{key}", f"ConsumerProducts.CoffeeMaker.Status.BeverageCounter{name}"
        )
        for key, name in (
            ("ristretto_espresso", "RistrettoEspresso"),
            ("coffee", "Coffee"),
            ("coffee_milk", "CoffeeAndMilk"),
            ("frothy_milk", "FrothyMilk"),
            ("hot_milk", "HotMilk"),
            ("hot_water", "HotWater"),
            ("hot_water_cups", "HotWaterCups"),
            ("milk", "Milk"),
            ("powder_coffee", "PowderCoffee"),
        )
    ),
    _enum(
        "sensor_coffeemaker_process_phase",
        "ConsumerProducts.CoffeeMaker.Status.ProcessPhase",
        enabled=False,
    ),
    _enum(
        "sensor_water_tank",
        "ConsumerProducts.CoffeeMaker.Event.WaterTankEmpty",
        "ConsumerProducts.CoffeeMaker.Event.WaterTankNearlyEmpty",
        "ConsumerProducts.CoffeeMaker.Event.WaterTankNotInserted",
        states=("empty", "nearly_empty", "not_inserted", "full"),
    ),
    _enum(
        "sensor_drip_tray",
        "ConsumerProducts.CoffeeMaker.Event.DripTrayFull",
        "ConsumerProducts.CoffeeMaker.Event.DripTrayNotInserted",
        states=("full", "not_inserted", "ok"),
    ),
)

CLEANING_ROBOT: Final = table(
    _enum("sensor_last_selected_map", "ConsumerProducts.CleaningRobot.Status.LastSelectedMap"),
    _enum(
        "sensor_cleaning_robot_process_phase",
        "ConsumerProducts.CleaningRobot.Option.ProcessPhase",
    ),
)

DISHWASHER: Final = table(
    _enum("sensor_program_phase", "Dishcare.Dishwasher.Status.ProgramPhase"),
    _enum(
        "sensor_rinse_aid",
        "Dishcare.Dishwasher.Event.RinseAidLack",
        "Dishcare.Dishwasher.Event.RinseAidNearlyEmpty",
        states=("empty", "nearly_empty", "full"),
    ),
    _enum(
        "sensor_salt",
        "Dishcare.Dishwasher.Event.SaltLack",
        "Dishcare.Dishwasher.Event.SaltNearlyEmpty",
        states=("empty", "nearly_empty", "full"),
    ),
)

LAUNDRY: Final = table(
    _enum("sensor_laundry_reload", "LaundryCare.Common.Status.Laundry.Reload"),
    _enum("sensor_laundry_process_phase", "LaundryCare.Common.Option.ProcessPhase"),
    _enum("sensor_dryer_process_phase", "LaundryCare.Dryer.Option.ProcessPhase"),
    _enum("sensor_laundry_spin_speed", "LaundryCare.Washer.Option.SpinSpeed"),
    _row(
        "sensor_laundry_load_recommendation",
        "LaundryCare.Common.Option.LoadRecommendation",
        device_class=SensorDeviceClass.WEIGHT,
        native_unit_of_measurement=UnitOfMass.GRAMS,
        suggested_unit_of_measurement=UnitOfMass.KILOGRAMS,
    ),
    _enum(
        "sensor_laundry_status_idos1_fill_level",
        "LaundryCare.Washer.Status.IDos1FillLevel",
        enabled=False,
    ),
    _enum(
        "sensor_laundry_status_idos2_fill_level",
        "LaundryCare.Washer.Status.IDos2FillLevel",
        enabled=False,
    ),
)

REFRIGERATION: Final = table(
    _celsius(
        "sensor_temperature_ambient",
        "Refrigeration.FridgeFreezer.Status.TemperatureAmbient",
        "Refrigeration.Common.Status.TemperatureAmbient",
    ),
    _celsius(
        "sensor_temperature_memory_freezer",
        "Refrigeration.Common.Status.Freezer.MemoryTemperature",
        enabled=False,
    ),
)

HOOD: Final = table(
    _seconds("sensor_interval_time_off", "Cooking.Hood.Setting.IntervalTimeOff", enabled=False),
    _seconds("sensor_interval_time_on", "Cooking.Hood.Setting.IntervalTimeOn", enabled=False),
    _seconds(
        "sensor_delayed_shutoff_time", "Cooking.Hood.Setting.DelayedShutOffTime", enabled=False
    ),
    _percent("sensor_grease_filter_saturation", "Cooking.Hood.Status.GreaseFilterSaturation"),
    _percent("sensor_carbon_filter_saturation", "Cooking.Hood.Status.CarbonFilterSaturation"),
)

OVEN: Final = table(
    _percent("sensor_heatup_progress", "Cooking.Oven.Option.HeatupProgress"),
    _enum(
        "sensor_oven_water_tank",
        "Cooking.Oven.Status.WaterTankUnplugged",
        "Cooking.Oven.Status.WaterTankEmpty",
        states=("unplugged", "empty", "ok"),
    ),
    _celsius("sensor_oven_current_temperature", "Cooking.Oven.Status.CurrentCavityTemperature"),
    _celsius(
        "sensor_oven_current_meatprobe_temperature",
        "Cooking.Oven.Status.CurrentMeatprobeTemperature",
    ),
    _celsius("sensor_cavity_temperature", "Cooking.Oven.Status.Cavity.*.CurrentTemperature"),
    _celsius(
        "sensor_cavity_meat_probe_temperature",
        "Cooking.Oven.Status.Cavity.*.CurrentMeatprobeTemperature",
    ),
    _enum(
        "sensor_cavity_water_tank",
        "Cooking.Oven.Status.Cavity.*.WaterTankUnplugged",
        "Cooking.Oven.Status.Cavity.*.WaterTankEmpty",
        states=("unplugged", "empty", "ok"),
    ),
)

_ZONE: Final = "Cooking.Hob.Status.Zone.*."
HOB: Final = table(
    _enum("sensor_zone_state", f"{_ZONE}State", attributes={"type": f"{_ZONE}Type"}),
    _enum("sensor_zone_operation_state", f"{_ZONE}OperationState"),
    _enum("sensor_zone_power_level", f"{_ZONE}PowerLevel"),
    _enum("sensor_zone_frying_sensor_level", f"{_ZONE}FryingSensorLevel"),
    _celsius("sensor_zone_temperature", f"{_ZONE}CurrentTemperature"),
    _percent("sensor_zone_heatup_progress", f"{_ZONE}HeatupProgress"),
    _percent("sensor_zone_program_progress", f"{_ZONE}ProgramProgress"),
    _seconds("sensor_zone_duration", f"{_ZONE}Duration"),
    _seconds(
        "sensor_zone_elapsed_program_time",
        f"{_ZONE}ElapsedProgramTime",
        attributes={"auto_counting": f"{_ZONE}ElapsedProgramTime.AutoCounting"},
        counts=1,
    ),
    _seconds(
        "sensor_zone_remaining_program_time",
        f"{_ZONE}RemainingProgramTime",
        attributes={"auto_counting": f"{_ZONE}RemainingProgramTime.AutoCounting"},
        counts=-1,
    ),
)

SENSORS: Final = (
    *COMMON,
    *table(POWER_STATE, SIGNAL_STRENGTH),
    *COFFEE_MAKER,
    *CLEANING_ROBOT,
    *DISHWASHER,
    *LAUNDRY,
    *REFRIGERATION,
    *HOOD,
    *OVEN,
    *HOB,
)

covers(BASE_PROGRAM)

ACTIVE_PROGRAM: Final = SensorEntityDescription(
    key="sensor_active_program", device_class=SensorDeviceClass.ENUM
)
FINISH_TIME: Final = SensorEntityDescription(
    key="sensor_finish_time", device_class=SensorDeviceClass.TIMESTAMP
)
START_TIME: Final = SensorEntityDescription(
    key="sensor_start_time", device_class=SensorDeviceClass.TIMESTAMP
)


def generic_row(survey: Survey, feature: Feature) -> Row:
    """Describe a feature without a row."""
    row = _row(
        feature_slug(feature), feature.key or "", name=feature_name(feature), diagnostic=True
    )
    if is_enumeration(feature):
        named = bool(survey.appliance.all_members(feature.uid))
        return replace(row, device_class=SensorDeviceClass.ENUM) if named else row
    if is_number(feature):
        device_class, unit = quantity(feature)
        return replace(
            row,
            device_class=device_class and SensorDeviceClass(device_class),
            native_unit_of_measurement=unit,
        )
    return replace(row, value_fn=_text)
