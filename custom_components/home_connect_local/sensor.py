"""What appliances measure and count, what they are doing, and when they will be done."""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Self, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import (
    PERCENTAGE,
    SIGNAL_STRENGTH_DECIBELS_MILLIWATT,
    EntityCategory,
    Platform,
    UnitOfMass,
    UnitOfTemperature,
    UnitOfTime,
)
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from .const import NETWORK_INTERVAL_S
from .coordinator import Coordinator, HomeConnectConfigEntry
from .entity import (
    NO_PROGRAM,
    OPERATION_STATE,
    ApplianceEntity,
    FeatureEntity,
    FeatureRow,
    Programs,
    Survey,
    async_add_features,
    async_programs,
    covers,
    declared_members,
    feature_name,
    feature_slug,
    is_enumeration,
    is_number,
    quantity,
    readable,
    table,
)
from .protocol import ACTIVE_PROGRAM_UID, Appliance, Feature, Kind, VendorError, base_program

PARALLEL_UPDATES = 0
# Home Assistant asks only the sensors that want to be asked: those of the Wi-Fi signal.
SCAN_INTERVAL = timedelta(seconds=NETWORK_INTERVAL_S)

ACTIVE: Final = frozenset({"run", "pause", "delayedstart"})
ENDED: Final = ACTIVE | {"finished"}
PRESENT: Final = frozenset({"present", "confirmed"})

REMAINING_TIME: Final = "BSH.Common.Option.RemainingProgramTime"
START_IN: Final = "BSH.Common.Option.StartInRelative"
FINISH_IN: Final = "BSH.Common.Option.FinishInRelative"
BASE_PROGRAM: Final = "BSH.Common.Option.BaseProgram"
TOTAL_TIME: Final = "BSH.Common.Option.EstimatedTotalProgramTime"

# A new estimate replaces the time shown only if it differs by more than this, or by this share of what remains.
JITTER: Final = timedelta(seconds=60)
JITTER_SHARE: Final = 0.01
COUNT_INTERVAL: Final = timedelta(minutes=1)

_TEMPERATURES: Final = frozenset({"temperatureCelsius", "temperatureFahrenheit"})

type SensorValue = datetime | float | int | str | None


def _plain(value: Any) -> SensorValue:
    """Give a value as it is, members of enumerations in the spelling of their texts."""
    return value.lower() if isinstance(value, str) else value


def _items(value: Any) -> list[Any]:
    """Read a list, which travels with or without its length (§4.3)."""
    if isinstance(value, dict):
        value = value.get("list")
    return value if isinstance(value, list) else []


def _count(value: Any) -> SensorValue:
    return None if value is None else len(_items(value))


def _end(value: Any) -> SensorValue:
    """Read the end of a session, which is in local time unless it says otherwise (§9.5, §12)."""
    end = value.get("end") if isinstance(value, dict) else None
    parsed = dt_util.parse_datetime(end) if isinstance(end, str) else None
    if parsed is None or parsed.tzinfo:
        return parsed
    return parsed.replace(tzinfo=dt_util.get_default_time_zone())


@dataclass(frozen=True, kw_only=True)
class HomeConnectSensorDescription(FeatureRow, SensorEntityDescription):
    """A sensor: how it reads, and when what it reads means something."""

    value_fn: Callable[[Any], SensorValue] = _plain
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
    return replace(row, value_fn=lambda value: None if value is None else str(value))


def new_sensor(coordinator: Coordinator, feature: Feature, row: Row) -> FeatureSensor:
    """Make the sensor that a row needs."""
    if row.key == POWER_STATE.key:
        return PowerSensor(coordinator, feature, row)
    if row.key == SIGNAL_STRENGTH.key:
        return SignalSensor(
            coordinator,
            feature,
            replace(row, entity_registry_enabled_default=coordinator.options.signal_strength),
        )
    if row.states:
        return CombinedSensor(coordinator, feature, row)
    if row.counts:
        return CountingSensor(coordinator, feature, row)
    if feature.content_type == "uidValue":
        return ReferenceSensor(coordinator, feature, row)
    if row.key == "sensor_error_codes":
        return ErrorCodesSensor(coordinator, feature, row)
    return FeatureSensor(coordinator, feature, row)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HomeConnectConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of an appliance."""
    coordinator = entry.runtime_data
    appliance = coordinator.appliance
    others: list[SensorEntity] = []
    if appliance.programs:
        programs = await async_programs(hass, coordinator)
        others.append(ActiveProgramSensor(coordinator, ACTIVE_PROGRAM, programs))
    if appliance.find(OPERATION_STATE):
        if appliance.find(REMAINING_TIME, FINISH_IN):
            others.append(FinishTimeSensor(coordinator, FINISH_TIME))
        if appliance.find(START_IN, FINISH_IN):
            others.append(StartTimeSensor(coordinator, START_TIME))
    if not appliance.find(*SIGNAL_STRENGTH.features):
        enabled = coordinator.options.signal_strength
        row = replace(SIGNAL_STRENGTH, entity_registry_enabled_default=enabled)
        others.append(NetworkSignalSensor(coordinator, row))
    async_add_features(
        hass,
        entry,
        async_add_entities,
        Platform.SENSOR,
        SENSORS,
        new_sensor,
        generic_row=generic_row,
        others=others,
    )


class FeatureSensor(FeatureEntity, SensorEntity):
    """Shows the value of a feature."""

    entity_description: HomeConnectSensorDescription

    def __init__(self, coordinator: Coordinator, feature: Feature, row: Row) -> None:
        """Describe the sensor; the description of the appliance knows best what is measured."""
        super().__init__(coordinator, feature, row)
        unit = row.native_unit_of_measurement
        if feature.content_type in _TEMPERATURES or (unit is None and is_number(feature)):
            unit = quantity(feature)[1]
            self._attr_native_unit_of_measurement = unit

    @property
    @override
    def options(self) -> list[str] | None:
        """All members that the description names."""
        if self.entity_description.device_class is not SensorDeviceClass.ENUM:
            return None
        members = self.appliance.all_members(self.uid).values()
        return list(dict.fromkeys(member.lower() for member in members))

    @property
    @override
    def native_value(self) -> SensorValue:
        """The value; None when unknown, or left over from what is over."""
        row = self.entity_description
        if row.during and self.operation_state not in (*row.during, None):
            return None
        return row.value_fn(self.reading)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """What belongs to the value."""
        attributes = super().extra_state_attributes
        if not (also := self.entity_description.attributes):
            return attributes
        shown = {
            name: _plain(self.appliance.value(feature.uid))
            for name, key in also.items()
            if (feature := self.appliance.find(key))
        }
        return {**(attributes or {}), **shown} or None


class PowerSensor(FeatureSensor):
    """Shows the power state, which is known too when the appliance said good-bye."""

    @property
    @override
    def available(self) -> bool:
        """Whether the appliance has the value, or was switched off before our eyes."""
        return self.coordinator.client.switched_off or super().available

    @property
    @override
    def options(self) -> list[str]:
        """All members, and off, which is what remains when the appliance leaves the network."""
        return list(dict.fromkeys((*(super().options or ()), "off")))

    @property
    @override
    def native_value(self) -> SensorValue:
        """The power state."""
        return "off" if self.coordinator.client.switched_off else super().native_value


class CombinedSensor(FeatureSensor):
    """Shows which of several conditions is present, the first one first."""

    def __init__(self, coordinator: Coordinator, feature: Feature, row: Row) -> None:
        """Find the features that the appliance has."""
        super().__init__(coordinator, feature, row)
        self._states = {
            found.uid: state
            for key, state in zip(row.features, row.states, strict=False)
            if (found := self.appliance.find(key))
        }
        self._events = frozenset(
            uid
            for uid in self._states
            if (found := self.appliance.feature(uid)) and found.kind is Kind.EVENT
        )
        self._watch(*self._states)

    @property
    @override
    def available(self) -> bool:
        """Whether the appliance has any of the values."""
        return self.coordinator.linked and any(map(self.appliance.available, self._states))

    @property
    @override
    def options(self) -> list[str]:
        """The states of the row."""
        return list(self.entity_description.states)

    @property
    @override
    def native_value(self) -> str | None:
        """The first state whose condition is present; None when a status is unknown."""
        values = {uid: _plain(self.appliance.value(uid)) for uid in self._states}
        for uid, state in self._states.items():
            if values[uid] is True or values[uid] in PRESENT:
                return state
        # Events that the list of values leaves out are not there (§9.4).
        unknown = any(value is None and uid not in self._events for uid, value in values.items())
        return None if unknown else self.entity_description.states[-1]

    @property
    @override
    def extra_state_attributes(self) -> None:
        """Nothing: the raw value of one condition says nothing."""
        return


class CountingSensor(FeatureSensor):
    """Shows a time that appliances may leave us to count on (§11)."""

    def __init__(self, coordinator: Coordinator, feature: Feature, row: Row) -> None:
        """Find out what tells whether it is running."""
        super().__init__(coordinator, feature, row)
        own = f"{row.features[0].rpartition('.')[0]}.OperationState"
        self._process = own if self.appliance.find(own) else OPERATION_STATE
        self._watch_keys(self._process)
        self._told: Any = None
        self._counted = 0
        self._stop: CALLBACK_TYPE | None = None

    @override
    async def async_added_to_hass(self) -> None:
        """Count on from what is known."""
        await super().async_added_to_hass()
        self.async_on_remove(self._async_stop)
        self._async_take()

    @property
    @override
    def native_value(self) -> SensorValue:
        """The time told, and what was counted since."""
        value = super().native_value
        if not self._counted or not isinstance(value, int | float):
            return value
        return max(0, value + self.entity_description.counts * self._counted)

    @callback
    @override
    def _async_take(self) -> None:
        """Start anew from what the appliance told; count only while it runs and wants us to."""
        value = self.appliance.value(self.uid)
        if value != self._told:
            self._async_stop()
            self._told, self._counted = value, 0
        process = self._read(self._process)
        running = isinstance(process, str) and process.lower() == "run"
        auto = self._read((self.entity_description.attributes or {})["auto_counting"])
        if not (self.coordinator.linked and running and auto is True and value):
            self._async_stop()
        elif self._stop is None:
            self._stop = async_track_time_interval(
                self.hass, self._async_count, COUNT_INTERVAL, cancel_on_shutdown=True
            )

    @callback
    def _async_count(self, _now: datetime) -> None:
        self._counted += int(COUNT_INTERVAL.total_seconds())
        self.async_write_ha_state()

    @callback
    def _async_stop(self) -> None:
        if self._stop:
            self._stop()
            self._stop = None


class ReferenceSensor(FeatureSensor):
    """Shows to what other feature a feature refers."""

    @property
    @override
    def native_value(self) -> str | None:
        """The readable name of the feature referred to; None when there is none."""
        found = self.appliance.feature(self.reading) if isinstance(self.reading, int) else None
        return None if found is None else readable((found.key or str(found.uid)).split(".")[-1])


class ErrorCodesSensor(FeatureSensor):
    """Shows how many errors the appliance reports, and which."""

    _unrecorded_attributes = frozenset({"codes"})

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """The codes."""
        return {"codes": _items(self.reading)}


class SignalSensor(FeatureSensor):
    """Shows the strength of the Wi-Fi signal, which has to be asked for."""

    _attr_should_poll = True

    async def async_update(self) -> None:
        """Ask; what cannot be had now is asked for the next time."""
        if self.coordinator.connected:
            with suppress(VendorError):
                await self.coordinator.client.read_values([self.uid])


class NetworkSignalSensor(ApplianceEntity, SensorEntity):
    """Shows the strength of the Wi-Fi signal of an appliance that has no feature for it."""

    entity_description: HomeConnectSensorDescription
    _attr_should_poll = True

    @property
    @override
    def native_value(self) -> int | None:
        """The strength when last asked."""
        network = self.coordinator.client.network
        return network.rssi if network else None

    async def async_update(self) -> None:
        """Ask; what cannot be had now is asked for the next time."""
        if self.coordinator.connected:
            with suppress(VendorError):
                await self.coordinator.client.read_network()


class ActiveProgramSensor(ApplianceEntity, SensorEntity):
    """Shows which program runs."""

    def __init__(
        self, coordinator: Coordinator, row: SensorEntityDescription, programs: Programs
    ) -> None:
        """Watch the program, and what favourites are called."""
        super().__init__(coordinator, row)
        self._programs = programs
        self._watch(ACTIVE_PROGRAM_UID, *programs.name_uids)
        self._watch_keys(BASE_PROGRAM)

    @property
    @override
    def options(self) -> list[str]:
        """All programs, favourites by the names they have now."""
        return [*self._programs.names().values(), NO_PROGRAM]

    @property
    @override
    def native_value(self) -> str | None:
        """The running program; None when unknown."""
        if (uid := self.appliance.active_program) is not None:
            return self._programs.name(uid)
        return None if self.appliance.raw(ACTIVE_PROGRAM_UID) is None else NO_PROGRAM

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """The uid of a program that the description does not know; what a favourite consists of."""
        if (uid := self.appliance.active_program) is None:
            return None
        if self._programs.name(uid) is None:
            return {"uid": uid}
        base = base_program(self.appliance)
        return None if base is None else {"base_program": self._programs.name(base)}


class MomentSensor(ApplianceEntity, SensorEntity):
    """Shows a moment reckoned from a span that the appliance tells, without its jitter."""

    _attr_native_value: datetime | None = None
    states: frozenset[str]
    """Operation states in which the moment lies ahead."""
    frozen: frozenset[str] = frozenset()
    """Those in which what was shown stays."""

    def __init__(self, coordinator: Coordinator, row: SensorEntityDescription) -> None:
        """Watch what the moment is reckoned from."""
        super().__init__(coordinator, row)
        self._watch_keys(OPERATION_STATE, REMAINING_TIME, START_IN, FINISH_IN, TOTAL_TIME)
        self._state: str | None = None

    @override
    async def async_added_to_hass(self) -> None:
        """Reckon from what is known."""
        await super().async_added_to_hass()
        self._async_take()

    @callback
    @override
    def _async_take(self) -> None:
        """Reckon the moment anew, now that a message came."""
        before, self._state = self._state, self.operation_state
        shown = self._attr_native_value
        if self._state in self.frozen and shown is not None:
            return
        span = self._span() if self._state in self.states else None
        if span is None:
            self._attr_native_value = None
            return
        moment = dt_util.utcnow().replace(microsecond=0) + span
        tolerance = max(JITTER, span * JITTER_SHARE)
        if shown is None or self._state != before or abs(moment - shown) > tolerance:
            self._attr_native_value = moment

    @abstractmethod
    def _span(self) -> timedelta | None:
        """Give the time from now to the moment; None when unknown."""

    def _seconds(self, *keys: str) -> timedelta | None:
        """Give the first of these times that is known and not over."""
        for key in keys:
            value = self._read(key)
            if isinstance(value, int | float) and value > 0:
                return timedelta(seconds=value)
        return None


class FinishTimeSensor(MomentSensor):
    """Shows when the program will be done; in a pause, and afterwards, what it showed before."""

    states = ACTIVE
    frozen = frozenset({"pause", "finished"})

    @override
    def _span(self) -> timedelta | None:
        if self._state != "delayedstart":
            return self._seconds(REMAINING_TIME)
        if span := self._seconds(FINISH_IN):
            return span
        start, duration = self._seconds(START_IN), self._seconds(REMAINING_TIME, TOTAL_TIME)
        return start + duration if start and duration else None


class StartTimeSensor(MomentSensor):
    """Shows when the program will start that waits for its time."""

    states = frozenset({"delayedstart"})

    @override
    def _span(self) -> timedelta | None:
        if span := self._seconds(START_IN):
            return span
        finish, duration = self._seconds(FINISH_IN), self._seconds(REMAINING_TIME, TOTAL_TIME)
        return max(finish - duration, timedelta()) if finish and duration else None
