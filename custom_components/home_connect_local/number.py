"""Temperatures, times and amounts to set."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, override

from homeassistant.components.number import (
    NumberDeviceClass,
    NumberEntity,
    NumberEntityDescription,
    NumberMode,
)
from homeassistant.const import (
    PERCENTAGE,
    REVOLUTIONS_PER_MINUTE,
    EntityCategory,
    Platform,
    UnitOfTemperature,
    UnitOfTime,
    UnitOfVolume,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import Coordinator, HomeConnectConfigEntry
from .entity import (
    FeatureRow,
    SettableEntity,
    Survey,
    async_add_features,
    feature_name,
    feature_slug,
    is_number,
    quantity,
    table,
    without,
)
from .protocol import Feature, Kind

PARALLEL_UPDATES = 1

# Where the description leaves the range open.
_RANGES: Final = {
    "percent": (0, 100),
    "temperatureCelsius": (-50, 500),
    "temperatureFahrenheit": (-58, 932),
}
_OPEN_RANGE: Final = (0, 65535)
_FINE_STEP: Final = 0.1


@dataclass(frozen=True, kw_only=True)
class HomeConnectNumberDescription(FeatureRow, NumberEntityDescription):
    """A number. Range and step come from the description of the appliance."""

    stand_in: str | None = None
    """Feature in Fahrenheit, used while the appliance does not offer the one in Celsius."""

    @override
    def suits(self, survey: Survey, feature: Feature) -> bool:
        """Take numbers that can be set."""
        return is_number(feature) and survey.settable(feature)


type Row = HomeConnectNumberDescription


def _row(
    key: str,
    *features: str,
    enabled: bool = True,
    config: bool = False,
    **details: Any,
) -> Row:
    """Describe a number."""
    return HomeConnectNumberDescription(
        key=key,
        features=features,
        entity_registry_enabled_default=enabled,
        entity_category=EntityCategory.CONFIG if config else None,
        **details,
    )


_duration = partial(
    _row,
    device_class=NumberDeviceClass.DURATION,
    native_unit_of_measurement=UnitOfTime.SECONDS,
)
_seconds = partial(_row, native_unit_of_measurement=UnitOfTime.SECONDS)
_percent = partial(_row, native_unit_of_measurement=PERCENTAGE)
_milliliters = partial(_row, native_unit_of_measurement=UnitOfVolume.MILLILITERS)
_celsius = partial(
    _row,
    device_class=NumberDeviceClass.TEMPERATURE,
    native_unit_of_measurement=UnitOfTemperature.CELSIUS,
)


def _set_point(key: str, *features: str, enabled: bool = True) -> tuple[Row, Row]:
    """Describe the temperature of a compartment, by the feature in Celsius and by that in Fahrenheit."""
    fahrenheit = f"{features[-1]}Fahrenheit"
    celsius = _celsius(key, *features, enabled=enabled)
    return (
        replace(celsius, also=(fahrenheit,), stand_in=fahrenheit),
        _row(
            f"{key}_fahrenheit",
            fahrenheit,
            enabled=enabled,
            enabled_fn=lambda appliance: appliance.find(*features) is None,
            device_class=NumberDeviceClass.TEMPERATURE,
            native_unit_of_measurement=UnitOfTemperature.FAHRENHEIT,
        ),
    )


NUMBERS: Final = table(
    _duration("number_duration", "BSH.Common.Option.Duration"),
    _duration("number_start_in", "BSH.Common.Option.StartInRelative", enabled=False),
    _duration("number_finish_in", "BSH.Common.Option.FinishInRelative", enabled=False),
    _duration("number_setting_alarm_clock", "BSH.Common.Setting.AlarmClock", mode=NumberMode.BOX),
    _milliliters(
        "number_fill_quantity",
        "ConsumerProducts.CoffeeMaker.Option.FillQuantity",
        device_class=NumberDeviceClass.VOLUME,
        mode=NumberMode.BOX,
    ),
    _celsius("number_oven_setpoint_temperature", "Cooking.Oven.Option.SetpointTemperature"),
    _row("number_oven_display_brightness", "Cooking.Oven.Setting.DisplayBrightness", config=True),
    _duration(
        "number_cavity_alarm_clock",
        "Cooking.Oven.Setting.Cavity.*.AlarmClock",
        mode=NumberMode.BOX,
    ),
    # These two keys are exchanged, and stay so: they identify entities that exist. The texts are right.
    _seconds("number_hood_interval_off", "Cooking.Hood.Setting.IntervalTimeOn"),
    _seconds("number_hood_interval_on", "Cooking.Hood.Setting.IntervalTimeOff"),
    _seconds("number_hood_delayed_shutoff_time", "Cooking.Hood.Setting.DelayedShutOffTime"),
    _row("number_hood_sensor_sensitivity", "Cooking.Hood.Setting.SensorSensitivity"),
    _percent(
        "number_hood_color_temperature_percent",
        "Cooking.Hood.Setting.ColorTemperaturePercent",
        enabled_fn=without("Cooking.Common.Setting.Lighting", "Cooking.Hood.Setting.Lighting"),
    ),
    _percent("number_laundry_brightness", "LaundryCare.Common.Setting.Brightness", config=True),
    _percent(
        "number_door_light_ring_brightness",
        "LaundryCare.Common.Setting.DoorLightRing.Brightness",
        enabled_fn=without("LaundryCare.Common.Setting.DoorLightRing.Active"),
        config=True,
    ),
    _row(
        "number_laundry_spin_class",
        "LaundryCare.Dryer.Option.SpinClass",
        native_unit_of_measurement=REVOLUTIONS_PER_MINUTE,
    ),
    _milliliters(
        "number_idos1_base_level", "LaundryCare.Washer.Setting.IDos1BaseLevel", config=True
    ),
    _milliliters(
        "number_idos2_base_level", "LaundryCare.Washer.Setting.IDos2BaseLevel", config=True
    ),
    *_set_point(
        "number_setpoint_freezer",
        "Refrigeration.FridgeFreezer.Setting.SetpointTemperatureFreezer",
        "Refrigeration.Common.Setting.Freezer.SetpointTemperature",
    ),
    *_set_point(
        "number_setpoint_refrigerator",
        "Refrigeration.FridgeFreezer.Setting.SetpointTemperatureRefrigerator",
        "Refrigeration.Common.Setting.Refrigerator.SetpointTemperature",
    ),
    *_set_point(
        "number_setpoint_chiller_common",
        "Refrigeration.Common.Setting.ChillerCommon.SetpointTemperature",
        enabled=False,
    ),
    *(
        row
        for key, name in (
            ("bottle_cooler", "BottleCooler"),
            ("chiller_left", "ChillerLeft"),
            ("chiller_right", "ChillerRight"),
            ("flex_compartment", "FlexCompartment"),
            ("wine_compartment", "WineCompartment"),
            ("wine_compartment_2", "WineCompartment2"),
            ("wine_compartment_3", "WineCompartment3"),
        )
        for row in _set_point(
            f"number_setpoint_{key}", f"Refrigeration.Common.Setting.{name}.SetpointTemperature"
        )
    ),
    _percent(
        "number_light_internal_brightness",
        "Refrigeration.Common.Setting.Light.Internal.Brightness",
        enabled_fn=without("Refrigeration.Common.Setting.Light.Internal.Power"),
    ),
    _celsius(
        "number_air_conditioner_setpoint_temperature",
        "HeatingVentilationAirConditioning.AirConditioner.Option.SetpointTemperature",
    ),
)


def generic_row(survey: Survey, feature: Feature) -> Row:
    """Describe a feature without a row."""
    device_class, unit = quantity(feature)
    return _row(
        feature_slug(feature),
        feature.key or "",
        name=feature_name(feature),
        config=feature.kind is Kind.SETTING,
        device_class=device_class and NumberDeviceClass(device_class),
        native_unit_of_measurement=unit,
        mode=NumberMode.BOX if feature.max is None else NumberMode.AUTO,
    )


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HomeConnectConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the numbers of an appliance."""
    async_add_features(
        hass,
        entry,
        async_add_entities,
        Platform.NUMBER,
        NUMBERS,
        HomeConnectNumber,
        generic_row=generic_row,
    )


class HomeConnectNumber(SettableEntity, NumberEntity):
    """Sets a number within the range that the appliance allows at the moment."""

    entity_description: HomeConnectNumberDescription

    def __init__(self, coordinator: Coordinator, feature: Feature, row: Row) -> None:
        """Describe the number, and find what stands in for it."""
        super().__init__(coordinator, feature, row)
        self._main = feature
        self._stand_in = self.appliance.find(row.stand_in) if row.stand_in else None
        self._async_take()

    @override
    async def async_added_to_hass(self) -> None:
        """Use the feature that the appliance offers by now."""
        await super().async_added_to_hass()
        self._async_take()

    @property
    @override
    def native_unit_of_measurement(self) -> str | None:
        """The unit of the feature in use; the description of the appliance knows best."""
        unit = self.entity_description.native_unit_of_measurement
        content = self.feature.content_type or ""
        if unit is None or content.startswith("temperature"):
            return quantity(self.feature)[1]
        return unit

    @property
    @override
    def native_value(self) -> float | None:
        """The value; None when unknown."""
        value = self.reading
        return value if isinstance(value, int | float) else None

    @property
    @override
    def native_min_value(self) -> float:
        """The least that can be set."""
        low = self.appliance.limits(self.uid).min
        return self._range[0] if low is None else low

    @property
    @override
    def native_max_value(self) -> float:
        """The most that can be set."""
        high = self.appliance.limits(self.uid).max
        return self._range[1] if high is None else high

    @property
    @override
    def native_step(self) -> float:
        """The step between values that can be set."""
        step = self.appliance.limits(self.uid).step
        if step and step > 0:
            return step
        whole = self.feature.wire == "integer" or self.feature.content_type in _RANGES
        return 1 if whole else _FINE_STEP

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Set the value."""
        await self.async_set(value)

    @property
    def _range(self) -> tuple[int, int]:
        return _RANGES.get(self.feature.content_type or "", _OPEN_RANGE)

    @callback
    @override
    def _async_take(self) -> None:
        """Use the feature that the appliance offers; it tells which unit it works in at run time."""
        main, other = self._main, self._stand_in
        swap = (
            other is not None
            and not self.appliance.available(main.uid)
            and self.appliance.available(other.uid)
        )
        self.feature = other if swap and other else main
        self.uid = self.feature.uid
