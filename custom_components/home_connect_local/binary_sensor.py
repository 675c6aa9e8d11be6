"""Doors, conditions that appliances report as events, and whether the appliance is there."""

from dataclasses import dataclass
from functools import partial
from typing import Any, Final, override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import signal_connected
from .coordinator import Coordinator, HomeConnectConfigEntry
from .entity import (
    ApplianceEntity,
    FeatureEntity,
    FeatureRow,
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

PARALLEL_UPDATES = 0

# Conditions last until they are mended; a confirmed one is still there, but for some that end with it.
PRESENT_OR_CONFIRMED: Final = frozenset({"present", "confirmed"})
PRESENT: Final = frozenset({"present"})
_SERIOUS: Final = frozenset({"warning", "alert", "critical"})


@dataclass(frozen=True, kw_only=True)
class HomeConnectBinarySensorDescription(FeatureRow, BinarySensorEntityDescription):
    """A binary sensor: which members mean on, and off; other ones are not known to mean either."""

    on: frozenset[str] = frozenset()
    off: frozenset[str] | None = None
    """None for all other members that the description names."""

    @override
    def suits(self, survey: Survey, feature: Feature) -> bool:
        """Take what is true or false, and members if it is said what they mean."""
        return is_boolean(feature) or (bool(self.on) and is_enumeration(feature))


type Row = HomeConnectBinarySensorDescription

_row: Final = HomeConnectBinarySensorDescription


def _event(
    key: str,
    *features: str,
    device_class: BinarySensorDeviceClass | None = BinarySensorDeviceClass.PROBLEM,
    category: EntityCategory | None = EntityCategory.DIAGNOSTIC,
    enabled: bool = True,
    on: frozenset[str] = PRESENT_OR_CONFIRMED,
) -> Row:
    """Describe a condition, by default a problem."""
    return _row(
        key=key,
        features=features,
        on=on,
        device_class=device_class,
        entity_category=category,
        entity_registry_enabled_default=enabled,
    )


def _door(key: str, *features: str, enabled: bool = True) -> Row:
    """Describe the door of a compartment."""
    return _row(
        key=key,
        features=features,
        on=frozenset({"open", "ajar"}),
        off=frozenset({"closed", "locked"}),
        device_class=BinarySensorDeviceClass.DOOR,
        entity_registry_enabled_default=enabled,
    )


def _has_compartments(appliance: Appliance) -> bool:
    return any(
        appliance.find(f"Refrigeration.Common.Status.Door.{name}") for name in _COMPARTMENTS
    ) or any(
        appliance.find(f"Refrigeration.FridgeFreezer.Status.{name}")
        for name in ("DoorFreezer", "DoorRefrigerator", "ChillerCommon")
    )


def _can_lock(appliance: Appliance, feature: Feature) -> bool:
    return "locked" in declared_members(appliance, feature)


_off = partial(_event, enabled=False)

_COMPARTMENTS: Final = {
    "BottleCooler": "bottle_cooler",
    "Chiller": "chiller",
    "ChillerCommon": "chiller_common",
    "ChillerLeft": "chiller_left",
    "ChillerRight": "chiller_right",
    "FlexCompartment": "flex_compartment",
    "Freezer": "freezer",
    "Refrigerator": "refrigerator",
    "Refrigerator2": "refrigerator_2",
    "Refrigerator3": "refrigerator_3",
    "WineCompartment": "wine_compartment",
    "WineCompartment2": "wine_compartment_2",
    "WineCompartment3": "wine_compartment_3",
}

COMMON: Final = table(
    _row(
        key="binary_sensor_door_state",
        features=("BSH.Common.Status.DoorState",),
        on=frozenset({"open", "ajar"}),
        off=frozenset({"closed", "locked"}),
        enabled_fn=lambda appliance: not _has_compartments(appliance),
        device_class=BinarySensorDeviceClass.DOOR,
    ),
    _row(
        key="binary_sensor_door_lock",
        features=("BSH.Common.Status.DoorState",),
        exists_fn=_can_lock,
        on=frozenset({"open", "ajar", "closed"}),
        off=frozenset({"locked"}),
        device_class=BinarySensorDeviceClass.LOCK,
        entity_registry_enabled_default=False,
    ),
    _off("binary_sensor_aqua_stop", "BSH.Common.Event.AquaStopOccured", on=PRESENT),
    _off("binary_sensor_low_water_pressure", "BSH.Common.Event.LowWaterPressure", on=PRESENT),
    _row(
        key="binary_remote_start_allowed",
        features=("BSH.Common.Status.RemoteControlStartAllowed",),
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
    ),
    _event("binary_sensor_program_aborted", "BSH.Common.Event.ProgramAborted"),
    _event("binary_sensor_program_finished", "BSH.Common.Event.ProgramFinished", device_class=None),
    _row(
        key="binary_sensor_interior_illumination",
        features=("BSH.Common.Status.InteriorIlluminationActive",),
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    _event(
        "binary_sensor_alarm_clock_elapsed",
        "BSH.Common.Event.AlarmClockElapsed",
        device_class=None,
        category=None,
    ),
    _row(
        key="binary_sensor_remote_control_active",
        features=("BSH.Common.Status.RemoteControlActive",),
    ),
    _row(
        key="binary_sensor_local_control_active",
        features=("BSH.Common.Status.LocalControlActive",),
    ),
    _row(
        key="binary_sensor_battery_charging_state",
        features=("BSH.Common.Status.BatteryChargingState",),
        on=frozenset({"charging"}),
        off=frozenset({"discharging", "notcharging"}),
        device_class=BinarySensorDeviceClass.BATTERY_CHARGING,
    ),
    _row(
        key="binary_sensor_charging_connection",
        features=("BSH.Common.Status.ChargingConnection",),
        on=frozenset({"connected"}),
        off=frozenset({"disconnected"}),
        device_class=BinarySensorDeviceClass.PLUG,
    ),
    _row(
        key="binary_sensor_backend_connected",
        features=("BSH.Common.Status.BackendConnected",),
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
    ),
    _off(
        "binary_sensor_favorite_external_trigger",
        "BSH.Common.Event.Favorite.*.ExternalTrigger",
        device_class=None,
    ),
)

COFFEE_MAKER: Final = table(
    _event(
        "binary_sensor_bean_container_empty",
        "ConsumerProducts.CoffeeMaker.Event.BeanContainerEmpty",
        category=None,
        on=PRESENT,
    ),
    *(
        _off(f"binary_sensor_{key}", f"ConsumerProducts.CoffeeMaker.Event.{name}")
        for key, name in (
            ("water_tank_empty", "WaterTankEmpty"),
            ("water_tank_nearly_empty", "WaterTankNearlyEmpty"),
            ("water_tank_not_inserted", "WaterTankNotInserted"),
            ("drip_tray_full", "DripTrayFull"),
            ("drip_tray_not_inserted", "DripTrayNotInserted"),
        )
    ),
    *(
        _event(
            f"binary_sensor_{key}",
            f"ConsumerProducts.CoffeeMaker.Event.{name}",
            device_class=None,
        )
        for key, name in (
            ("keep_milk_tank_cool", "KeepMilkTankCool"),
            ("descaling_in_20_cups", "DescalingIn20Cups"),
            ("descaling_in_15_cups", "DescalingIn15Cups"),
            ("descaling_in_10_cups", "DescalingIn10Cups"),
            ("descaling_in_5_cups", "DescalingIn5Cups"),
            ("device_should_be_descaled", "DeviceShouldBeDescaled"),
            ("device_descaling_overdue", "DeviceDescalingOverdue"),
            ("device_descaling_blockage", "DeviceDescalingBlockage"),
            ("device_should_be_cleaned", "DeviceShouldBeCleaned"),
            ("device_cleaning_overdue", "DeviceCleaningOverdue"),
            ("calc_n_clean_in_20_cups", "CalcNCleanIn20Cups"),
            ("calc_n_clean_in_15_cups", "CalcNCleanIn15Cups"),
            ("calc_n_clean_in_10_cups", "CalcNCleanIn10Cups"),
            ("calc_n_clean_in_5_cups", "CalcNCleanIn5Cups"),
            ("device_should_be_calc_n_cleaned", "DeviceShouldBeCalcNCleaned"),
            ("device_calc_n_clean_overdue", "DeviceCalcNCleanOverdue"),
            ("device_calc_n_clean_blockage", "DeviceCalcNCleanBlockage"),
        )
    ),
)

CLEANING_ROBOT: Final = table(
    *(
        _row(
            key=f"binary_sensor_{key}", features=(f"ConsumerProducts.CleaningRobot.Status.{name}",)
        )
        for key, name in (
            ("dust_box_inserted", "DustBoxInserted"),
            ("lifted", "Lifted"),
            ("lost", "Lost"),
        )
    ),
    *(
        _event(
            f"binary_sensor_{key}",
            f"ConsumerProducts.CleaningRobot.Event.{name}",
            device_class=None,
        )
        for key, name in (
            ("empty_dust_box_and_clean_filter", "EmptyDustBoxAndCleanFilter"),
            ("robot_is_stuck", "RobotIsStuck"),
            ("docking_station_not_found", "DockingStationNotFound"),
        )
    ),
)

DISHWASHER: Final = table(
    _row(
        key="binary_sensor_eco_dry_active",
        features=("Dishcare.Dishwasher.Status.EcoDryActive",),
        entity_registry_enabled_default=False,
    ),
    _event("binary_sensor_machinecarereminder", "Dishcare.Dishwasher.Event.MachineCareReminder"),
    _off("binary_sensor_low_voltage", "Dishcare.Dishwasher.Event.LowVoltage"),
    _event(
        "binary_sensor_machinecareandfiltercleaningreminder",
        "Dishcare.Dishwasher.Event.MachineCareAndFilterCleaningReminder",
    ),
    _event("binary_sensor_waterheatercalcified", "Dishcare.Dishwasher.Event.WaterheaterCalcified"),
    _event(
        "binary_sensor_smartfiltercleaningreminder",
        "Dishcare.Dishwasher.Event.SmartFilterCleaningReminder",
    ),
    _off("binary_sensor_checkfiltersystem", "Dishcare.Dishwasher.Event.CheckFilterSystem"),
    _off("binary_sensor_drainingnotpossible", "Dishcare.Dishwasher.Event.DrainingNotPossible"),
    _off("binary_sensor_drainpumpblocked", "Dishcare.Dishwasher.Event.DrainPumpBlocked"),
    _off(
        "binary_sensor_flexspray_error_blocked",
        "Dishcare.Dishwasher.Event.FlexSpray.Error.Blocked",
    ),
    _off(
        "binary_sensor_flexspray_error_general",
        "Dishcare.Dishwasher.Event.FlexSpray.Error.General",
    ),
    _off(
        "binary_sensor_flexspray_error_spray_arm_not_mounted",
        "Dishcare.Dishwasher.Event.FlexSpray.Error.SprayArmNotMounted",
    ),
    *(
        _off(f"binary_sensor_{key}", f"Dishcare.Dishwasher.Event.{name}")
        for key, name in (
            ("salt_lack", "SaltLack"),
            ("salt_nearly_empty", "SaltNearlyEmpty"),
            ("rinse_aid_lack", "RinseAidLack"),
            ("rinse_aid_nearly_empty", "RinseAidNearlyEmpty"),
        )
    ),
    *(
        _event(f"binary_sensor_{key}", f"Dishcare.Dishwasher.Event.{name}", device_class=None)
        for key, name in (
            (
                "machine_care_and_low_maintenance_filter_cleaning_reminder",
                "MachineCareAndLowMaintenanceFilterCleaningReminder",
            ),
            ("program_blocked_salt_lack", "ProgramBlockedSaltLack"),
        )
    ),
)

LAUNDRY: Final = table(
    _row(
        key="binary_sensor_refresher_level",
        features=("LaundryCare.Dryer.Status.RefresherFillLevel",),
        on=frozenset({"poor"}),
        off=frozenset({"filled"}),
        device_class=BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    _event(
        "binary_sensor_condensate_container_full",
        "LaundryCare.Dryer.Event.CondensateContainerFull",
    ),
    _event("binary_sensor_lint_filter_full", "LaundryCare.Dryer.Event.LintFilterFull"),
    _event("binary_sensor_maintenance_reminder", "LaundryCare.Dryer.Event.Maintenance.Remind"),
    _event(
        "binary_sensor_drying_process_finished",
        "LaundryCare.Dryer.Event.DryingProcessFinished",
        device_class=None,
    ),
    _event("binary_sensor_foam_detection", "LaundryCare.Common.Event.FoamDetection"),
    _off(
        "binary_sensor_supply_voltage_too_low",
        "LaundryCare.Common.Event.SupplyPower.SupplyVoltageTooLow",
    ),
    _off(
        "binary_sensor_water_level_too_high",
        "LaundryCare.Common.Event.DoorLock.WaterLevelTooHigh",
    ),
    _off("binary_sensor_door_not_lockable", "LaundryCare.Common.Event.DoorNotLockable"),
    _off("binary_sensor_door_not_unlockable", "LaundryCare.Common.Event.DoorNotUnlockable"),
    _off("binary_sensor_fatal_error_occurred", "LaundryCare.Common.Event.FatalErrorOccured"),
    _event("binary_sensor_drum_clean_reminder", "LaundryCare.Washer.Event.DrumCleanReminder"),
    _event("binary_sensor_idos1_fill_level_poor", "LaundryCare.Washer.Event.IDos1FillLevelPoor"),
    _event("binary_sensor_idos2_fill_level_poor", "LaundryCare.Washer.Event.IDos2FillLevelPoor"),
    _off("binary_sensor_idos_unit_defect", "LaundryCare.Washer.Event.IDosUnitDefect"),
    _off("binary_sensor_pump_error", "LaundryCare.Washer.Event.PumpError"),
    _off("binary_sensor_spin_abort", "LaundryCare.Washer.Event.Spin.SpinAbort"),
    _off(
        "binary_sensor_release_rinse_hold_pending",
        "LaundryCare.Washer.Event.ReleaseRinseHoldPending",
    ),
    _event("binary_sensor_idos_open_tray", "LaundryCare.Washer.Event.IDos.IDosOpenTray"),
)

REFRIGERATION: Final = table(
    _door(
        "binary_sensor_chiller_common_door_state",
        "Refrigeration.Common.Status.Door.ChillerCommon",
        "Refrigeration.FridgeFreezer.Status.ChillerCommon",
        enabled=False,
    ),
    _door(
        "binary_sensor_freezer_door_state",
        "Refrigeration.Common.Status.Door.Freezer",
        "Refrigeration.FridgeFreezer.Status.DoorFreezer",
    ),
    _door(
        "binary_sensor_fridge_door_state",
        "Refrigeration.Common.Status.Door.Refrigerator",
        "Refrigeration.FridgeFreezer.Status.DoorRefrigerator",
    ),
    *(
        _door(f"binary_sensor_{key}_door_state", f"Refrigeration.Common.Status.Door.{name}")
        for name, key in _COMPARTMENTS.items()
        if name not in {"ChillerCommon", "Freezer", "Refrigerator"}
    ),
    _off(
        "binary_sensor_door_alarm_chiller_common",
        "Refrigeration.FridgeFreezer.Event.DoorAlarmChillerCommon",
        "Refrigeration.Common.Event.Door.AlarmChillerCommon",
    ),
    _event(
        "binary_sensor_door_alarm_freezer",
        "Refrigeration.FridgeFreezer.Event.DoorAlarmFreezer",
        "Refrigeration.Common.Event.Door.AlarmFreezer",
    ),
    _event(
        "binary_sensor_door_alarm_fridge",
        "Refrigeration.FridgeFreezer.Event.DoorAlarmRefrigerator",
        "Refrigeration.Common.Event.Door.AlarmRefrigerator",
    ),
    *(
        _event(f"binary_sensor_door_alarm_{key}", f"Refrigeration.Common.Event.Door.Alarm{name}")
        for name, key in _COMPARTMENTS.items()
        if name not in {"ChillerCommon", "Freezer", "Refrigerator"}
    ),
    _event(
        "binary_sensor_temperature_alarm_freezer",
        "Refrigeration.FridgeFreezer.Event.TemperatureAlarmFreezer",
        "Refrigeration.Common.Event.Freezer.TemperatureAlarm",
    ),
    *(
        _event(
            f"binary_sensor_temperature_alarm_{key}",
            f"Refrigeration.Common.Event.{name}.TemperatureAlarm",
        )
        for name, key in _COMPARTMENTS.items()
        if name != "Freezer"
    ),
    _row(
        key="binary_sensor_refrigerator_defrost",
        features=(
            "Refrigeration.Common.Status.Freezer.Defrost",
            "Refrigeration.FridgeFreezer.Status.DefrostFreezer",
        ),
    ),
    _event(
        "binary_sensor_water_filter_full", "Refrigeration.Common.Event.Dispenser.WaterFilterFull"
    ),
    _event(
        "binary_sensor_freezer_appliance_error",
        "Refrigeration.FridgeFreezer.Event.ApplianceError",
    ),
    _event("binary_sensor_freezer_low_voltage", "Refrigeration.FridgeFreezer.Event.LowVoltageHint"),
)

COOKING: Final = table(
    _event(
        "binary_sensor_preheat_finished", "Cooking.Oven.Event.PreheatFinished", device_class=None
    ),
    _event(
        "binary_sensor_regular_preheat_finished",
        "Cooking.Oven.Event.RegularPreheatFinished",
        device_class=None,
    ),
    _event(
        "binary_sensor_cavity_alarm_clock_elapsed",
        "Cooking.Oven.Event.Cavity.*.AlarmClockElapsed",
        device_class=None,
        category=None,
    ),
    _door("binary_sensor_cavity_door_state", "Cooking.Oven.Status.Cavity.*.DoorState"),
    _row(
        key="binary_sensor_cavity_light",
        features=(
            "Cooking.Oven.Status.Cavity.*.InteriorIlluminationActive",
            "Cooking.Oven.Status.Cavity.*.Light",
        ),
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    _row(
        key="binary_sensor_cavity_meat_probe_plugged",
        features=("Cooking.Oven.Status.Cavity.*.MeatprobePlugged",),
        device_class=BinarySensorDeviceClass.PLUG,
    ),
    _row(
        key="binary_sensor_meat_probe_plugged",
        features=("Cooking.Oven.Status.MeatprobePlugged",),
        device_class=BinarySensorDeviceClass.PLUG,
    ),
    _event(
        "binary_sensor_grease_filter_max_saturation_nearly_reached",
        "Cooking.Common.Event.Hood.GreaseFilterMaxSaturationNearlyReached",
        device_class=None,
    ),
    _event(
        "binary_sensor_grease_filter_max_saturation_reached",
        "Cooking.Common.Event.Hood.GreaseFilterMaxSaturationReached",
        device_class=None,
    ),
)

BINARY_SENSORS: Final = (
    *COMMON,
    *COFFEE_MAKER,
    *CLEANING_ROBOT,
    *DISHWASHER,
    *LAUNDRY,
    *REFRIGERATION,
    *COOKING,
)

CONNECTED: Final = BinarySensorEntityDescription(
    key="binary_sensor_connected",
    device_class=BinarySensorDeviceClass.CONNECTIVITY,
    entity_category=EntityCategory.DIAGNOSTIC,
)


def generic_row(survey: Survey, feature: Feature) -> Row:
    """Describe a feature without a row."""
    return _row(
        key=feature_slug(feature),
        features=(feature.key or "",),
        name=feature_name(feature),
        on=PRESENT_OR_CONFIRMED if feature.kind is Kind.EVENT else frozenset(),
        entity_category=EntityCategory.DIAGNOSTIC,
    )


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HomeConnectConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the binary sensors of an appliance."""
    async_add_features(
        hass,
        entry,
        async_add_entities,
        Platform.BINARY_SENSOR,
        BINARY_SENSORS,
        HomeConnectBinarySensor,
        generic_row=generic_row,
        others=(ConnectionSensor(entry.runtime_data, CONNECTED),),
    )


class HomeConnectBinarySensor(FeatureEntity, BinarySensorEntity):
    """Shows whether something is the case."""

    entity_description: HomeConnectBinarySensorDescription

    def __init__(self, coordinator: Coordinator, feature: Feature, row: Row) -> None:
        """Describe the sensor; a serious event is a problem."""
        super().__init__(coordinator, feature, row)
        if row.device_class is None and feature.level in _SERIOUS:
            self._attr_device_class = BinarySensorDeviceClass.PROBLEM

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether it is the case; None when unknown."""
        value: Any = self.reading
        if value is None:  # events that the list of values leaves out are not there (§9.4)
            off = self.feature.kind is Kind.EVENT and self.appliance.raw(self.uid) is None
            return False if off else None
        if isinstance(value, bool):
            return value
        row = self.entity_description
        member = str(value).lower()
        if member in row.on:
            return True
        return False if row.off is None or member in row.off else None


class ConnectionSensor(ApplianceEntity, BinarySensorEntity):
    """Shows whether the appliance is connected to us; always available."""

    @property
    @override
    def available(self) -> bool:
        """Whether the state is known, which it always is."""
        return True

    @property
    @override
    def is_on(self) -> bool:
        """Whether the link is up."""
        return self.coordinator.connected

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the link at once, without the grace that others have."""
        await super().async_added_to_hass()
        self._listen(signal_connected(self.coordinator.entry_id))

    async def async_update(self) -> None:
        """Look for the appliance at once, as whoever asks Home Assistant to update this knows that it is back."""
        self.coordinator.look_for()
