"""Sensors: what accessories measure, and what state they are in (mapping §5.13, §9, §12)."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
import re
from typing import Any, Final, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import (
    LIGHT_LUX,
    MAX_LENGTH_STATE_STATE,
    PERCENTAGE,
    SIGNAL_STRENGTH_DECIBELS,
    SIGNAL_STRENGTH_DECIBELS_MILLIWATT,
    EntityCategory,
    Platform,
    UnitOfDensity,
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfEnergy,
    UnitOfPower,
    UnitOfPressure,
    UnitOfRatio,
    UnitOfSoundPressure,
    UnitOfTemperature,
    UnitOfTime,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util

from .const import DOMAIN, signal_available
from .coordinator import Coordinator, HapConfigEntry
from .dispatch import SETTINGS, is_selectable
from .entity import (
    CharacteristicEntity,
    CharacteristicRow,
    GenericEntity,
    HapEntity,
    ServiceEntity,
    async_add_platform,
    by_uuid,
    described,
    generic,
    shown_services,
)
from .limits import limits_of, named, number
from .protocol import (
    Accessory,
    Characteristic,
    CharacteristicUuid as C,
    Service,
    ServiceUuid as S,
    VendorError,
)

PARALLEL_UPDATES = 0

# A thermometer that has just started says this, which nobody believes before it says it twice (mapping §5.13).
_DOUBTFUL_CELSIUS: Final = 100.0
_DOUBTED_MAKER: Final = "ecobee"
_CONFIRM_AFTER_S: Final = 5.0
# More digits than any of these can measure.
_MAX_DIGITS: Final = 6
# A change of schedule so far ahead is none: a hold without an end.
_INDEFINITE: Final = timedelta(days=366)

type ValueFn = Callable[[Any], Any]


def _plain(value: Any) -> Any:
    return value


def _never_negative(value: Any) -> Any:
    """Leave out what stands for "never"."""
    return None if value < 0 else value


def _moment(text: str) -> datetime | None:
    """Read a local time with a letter behind; None for one that is years ahead, and for what is no time."""
    try:
        moment = datetime.fromisoformat(re.sub(r"[A-Za-z]$", "", text.strip()))
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt_util.get_default_time_zone())
    return moment if moment - dt_util.utcnow() < _INDEFINITE else None


def _first_bit(members: Mapping[int, str], none: str) -> ValueFn:
    """Make what names the first bit, in the order of ``members``, that is set."""
    return lambda bits: next((name for bit, name in members.items() if int(bits) & bit), none)


@dataclass(frozen=True, kw_only=True)
class SensorRow(CharacteristicRow, SensorEntityDescription):
    """A sensor: what it shows of a characteristic."""

    members: Mapping[int, str] | None = None
    """What numbers mean, for states out of a closed set; others are unknown."""
    value_fn: ValueFn = _plain
    """Called with numbers only, or with texts if the row shows such."""
    is_text: bool = False


def _row(
    key: str,
    uuid: str,
    device_class: SensorDeviceClass | None = None,
    unit: str | None = None,
    state_class: SensorStateClass | None = SensorStateClass.MEASUREMENT,
    **told: Any,
) -> SensorRow:
    """Describe what is measured."""
    return SensorRow(
        key=key,
        uuid=uuid,
        translation_key=key,
        device_class=device_class,
        native_unit_of_measurement=unit,
        state_class=state_class,
        **told,
    )


def _enum(key: str, uuid: str, members: Mapping[int, str], **told: Any) -> SensorRow:
    """Describe a state out of a closed set."""
    return SensorRow(
        key=key,
        uuid=uuid,
        translation_key=key,
        device_class=SensorDeviceClass.ENUM,
        members=members,
        options=list(dict.fromkeys(members.values())),
        **told,
    )


def _bits(key: str, uuid: str, members: Mapping[int, str], none: str) -> SensorRow:
    """Describe a state of which several things may be true, the first of which counts."""
    return SensorRow(
        key=key,
        uuid=uuid,
        translation_key=key,
        device_class=SensorDeviceClass.ENUM,
        options=[*members.values(), none],
        value_fn=_first_bit(members, none),
        entity_category=EntityCategory.DIAGNOSTIC,
    )


_DIAGNOSTIC: Final[dict[str, Any]] = {"entity_category": EntityCategory.DIAGNOSTIC}
_OFF: Final[dict[str, Any]] = {**_DIAGNOSTIC, "entity_registry_enabled_default": False}

BATTERY: Final = _row(
    "battery", C.BATTERY_LEVEL, SensorDeviceClass.BATTERY, PERCENTAGE, **_DIAGNOSTIC
)

SERVICES: Final = {
    S.TEMPERATURE_SENSOR: _row(
        "temperature",
        C.CURRENT_TEMPERATURE,
        SensorDeviceClass.TEMPERATURE,
        UnitOfTemperature.CELSIUS,
    ),
    S.HUMIDITY_SENSOR: _row(
        "humidity", C.CURRENT_RELATIVE_HUMIDITY, SensorDeviceClass.HUMIDITY, PERCENTAGE
    ),
    S.LIGHT_SENSOR: _row(
        "light_level", C.CURRENT_AMBIENT_LIGHT_LEVEL, SensorDeviceClass.ILLUMINANCE, LIGHT_LUX
    ),
    S.CARBON_DIOXIDE_SENSOR: _row(
        "carbon_dioxide",
        C.CARBON_DIOXIDE_LEVEL,
        SensorDeviceClass.CO2,
        UnitOfRatio.PARTS_PER_MILLION,
    ),
    S.BATTERY_SERVICE: BATTERY,
}

_AIR: Final = (
    _enum(
        "air_quality",
        C.AIR_QUALITY,
        # 0 is unknown, as Home Assistant has it.
        {1: "excellent", 2: "good", 3: "fair", 4: "inferior", 5: "poor"},
    ),
    *(
        _row(key, uuid, device_class, UnitOfDensity.MICROGRAMS_PER_CUBIC_METER)
        for key, uuid, device_class in (
            ("pm25_density", C.PM2_5_DENSITY, SensorDeviceClass.PM25),
            ("pm10_density", C.PM10_DENSITY, SensorDeviceClass.PM10),
            ("ozone_density", C.OZONE_DENSITY, SensorDeviceClass.OZONE),
            (
                "nitrogen_dioxide_density",
                C.NITROGEN_DIOXIDE_DENSITY,
                SensorDeviceClass.NITROGEN_DIOXIDE,
            ),
            (
                "sulphur_dioxide_density",
                C.SULPHUR_DIOXIDE_DENSITY,
                SensorDeviceClass.SULPHUR_DIOXIDE,
            ),
            ("voc_density", C.VOC_DENSITY, SensorDeviceClass.VOLATILE_ORGANIC_COMPOUNDS),
        )
    ),
    *(
        _row(
            key,
            uuid,
            device_class,
            UnitOfRatio.PARTS_PER_MILLION,
            not_in=frozenset(shown_in),
        )
        for key, uuid, device_class, shown_in in (
            ("carbon_monoxide", C.CARBON_MONOXIDE_LEVEL, SensorDeviceClass.CO, ()),
            ("carbon_monoxide_peak", C.CARBON_MONOXIDE_PEAK_LEVEL, SensorDeviceClass.CO, ()),
            (
                "carbon_dioxide_level",
                C.CARBON_DIOXIDE_LEVEL,
                SensorDeviceClass.CO2,
                (S.CARBON_DIOXIDE_SENSOR,),
            ),
            ("carbon_dioxide_peak", C.CARBON_DIOXIDE_PEAK_LEVEL, SensorDeviceClass.CO2, ()),
        )
    ),
)

_CLIMATE: Final = (
    _row(
        "current_temperature",
        C.CURRENT_TEMPERATURE,
        SensorDeviceClass.TEMPERATURE,
        UnitOfTemperature.CELSIUS,
        not_in=frozenset({S.TEMPERATURE_SENSOR}),
    ),
    _row(
        "current_humidity",
        C.CURRENT_RELATIVE_HUMIDITY,
        SensorDeviceClass.HUMIDITY,
        PERCENTAGE,
        not_in=frozenset({S.HUMIDITY_SENSOR}),
    ),
    _row("water_level", C.WATER_LEVEL, None, PERCENTAGE),
    _row("filter_life", C.FILTER_LIFE_LEVEL, None, PERCENTAGE, **_DIAGNOSTIC),
    _enum(
        "air_purifier_state_current",
        C.CURRENT_AIR_PURIFIER_STATE,
        {0: "inactive", 1: "idle", 2: "purifying"},
        **_DIAGNOSTIC,
    ),
)

_OTHERS: Final = (
    _row(
        "battery",
        C.BATTERY_LEVEL,
        SensorDeviceClass.BATTERY,
        PERCENTAGE,
        not_in=frozenset({S.BATTERY_SERVICE}),
        **_DIAGNOSTIC,
    ),
    _row(
        "remaining_duration",
        C.REMAINING_DURATION,
        SensorDeviceClass.DURATION,
        UnitOfTime.SECONDS,
        None,
    ),
    _enum(
        "program_mode",
        C.PROGRAM_MODE,
        {0: "none_scheduled", 1: "scheduled", 2: "manual"},
    ),
    _enum(
        "lock_last_action",
        C.LOCK_LAST_KNOWN_ACTION,
        {
            0: "locked_inside",
            1: "unlocked_inside",
            2: "locked_outside",
            3: "unlocked_outside",
            4: "locked_keypad",
            5: "unlocked_keypad",
            6: "locked_remotely",
            7: "unlocked_remotely",
            8: "locked_timeout",
            9: "locked_by_hand",
            10: "unlocked_by_hand",
        },
        **_DIAGNOSTIC,
    ),
    _enum("alarm_type", C.SECURITY_SYSTEM_ALARM_TYPE, {0: "none", 1: "unspecified"}),
    _row("output_state", C.PROGRAMMABLE_SWITCH_OUTPUT_STATE, state_class=None),
)

_TRANSPORT: Final = (
    _bits(
        "thread_node_capabilities",
        C.THREAD_NODE_CAPABILITIES,
        {
            0x10: "border_router_capable",
            0x08: "router_eligible",
            0x04: "full",
            0x01: "minimal",
            0x02: "sleepy",
        },
        "none",
    ),
    _bits(
        "thread_status",
        C.THREAD_STATUS,
        {
            0x40: "border_router",
            0x20: "leader",
            0x10: "router",
            0x08: "child",
            0x04: "joining",
            0x02: "detached",
        },
        "disabled",
    ),
    SensorRow(
        key="openthread_version",
        uuid=C.THREAD_OPENTHREAD_VERSION,
        translation_key="openthread_version",
        is_text=True,
        **_OFF,
    ),
    _row(
        "signal_strength",
        C.RECEIVED_SIGNAL_STRENGTH_INDICATION,
        SensorDeviceClass.SIGNAL_STRENGTH,
        SIGNAL_STRENGTH_DECIBELS_MILLIWATT,
        **_OFF,
    ),
    _row(
        "signal_to_noise",
        C.SIGNAL_TO_NOISE_RATIO,
        SensorDeviceClass.SIGNAL_STRENGTH,
        SIGNAL_STRENGTH_DECIBELS,
        **_OFF,
    ),
    *(
        _row(key, uuid, None, SIGNAL_STRENGTH_DECIBELS_MILLIWATT, **_OFF)
        for key, uuid in (
            ("transmit_power", C.TRANSMIT_POWER),
            ("maximum_transmit_power", C.MAXIMUM_TRANSMIT_POWER),
            ("receiver_sensitivity", C.RECEIVER_SENSITIVITY),
            ("cca_signal_threshold", C.CCA_SIGNAL_DETECT_THRESHOLD),
            ("cca_energy_threshold", C.CCA_ENERGY_DETECT_THRESHOLD),
        )
    ),
    *(
        _row(key, uuid, state_class=None, **_OFF)
        for key, uuid in (
            ("mac_retransmission_maximum", C.MAC_RETRANSMISSION_MAXIMUM),
            ("event_retransmission_maximum", C.EVENT_RETRANSMISSION_MAXIMUM),
        )
    ),
    *(
        _row(key, uuid, state_class=SensorStateClass.TOTAL_INCREASING, **_OFF)
        for key, uuid in (
            ("event_transmissions", C.EVENT_TRANSMISSION_COUNTERS),
            ("heart_beat", C.HEART_BEAT),
        )
    ),
)

_ENERGY: Final = (
    *(
        _row("power", uuid, SensorDeviceClass.POWER, UnitOfPower.WATT)
        for uuid in (
            C.EVE_ENERGY_WATT,
            C.KOOGEEK_REALTIME_ENERGY,
            C.KOOGEEK_REALTIME_ENERGY_2,
            C.VOCOLINC_OUTLET_ENERGY,
            C.CONNECTSENSE_ENERGY_WATT,
        )
    ),
    *(
        _row(
            "energy",
            uuid,
            SensorDeviceClass.ENERGY,
            UnitOfEnergy.KILO_WATT_HOUR,
            SensorStateClass.TOTAL_INCREASING,
        )
        for uuid in (C.EVE_ENERGY_KW_HOUR, C.CONNECTSENSE_ENERGY_KW_HOUR)
    ),
    *(
        _row("voltage", uuid, SensorDeviceClass.VOLTAGE, UnitOfElectricPotential.VOLT)
        for uuid in (C.EVE_ENERGY_VOLTAGE, C.CONNECTSENSE_ENERGY_VOLTAGE)
    ),
    *(
        _row("current", uuid, SensorDeviceClass.CURRENT, UnitOfElectricCurrent.AMPERE)
        for uuid in (
            C.EVE_ENERGY_AMPERE,
            C.CONNECTSENSE_ENERGY_AMPS,
            C.CONNECTSENSE_ENERGY_AMPS_20,
        )
    ),
    _row(
        "power_factor",
        C.CONNECTSENSE_ENERGY_POWER_FACTOR,
        SensorDeviceClass.POWER_FACTOR,
        PERCENTAGE,
        entity_registry_enabled_default=False,
    ),
)

_VENDORS: Final = (
    _row(
        "air_pressure",
        C.EVE_DEGREE_AIR_PRESSURE,
        SensorDeviceClass.ATMOSPHERIC_PRESSURE,
        UnitOfPressure.HPA,
    ),
    _row("valve_position", C.EVE_THERMO_VALVE_POSITION, None, PERCENTAGE, **_DIAGNOSTIC),
    _row(
        "voc",
        C.EVE_ROOM_AIR_QUALITY_PPM,
        SensorDeviceClass.VOLATILE_ORGANIC_COMPOUNDS_PARTS,
        UnitOfRatio.PARTS_PER_MILLION,
        entity_registry_enabled_default=False,
    ),
    _row("noise", C.NETATMO_NOISE, SensorDeviceClass.SOUND_PRESSURE, UnitOfSoundPressure.DECIBEL),
    SensorRow(
        key="next_change",
        uuid=C.ECOBEE_NEXT_SCHEDULED_CHANGE_TIME,
        translation_key="next_change",
        device_class=SensorDeviceClass.TIMESTAMP,
        is_text=True,
        value_fn=_moment,
    ),
    _enum(
        "equipment_running",
        C.ECOBEE_EQUIPMENT_RUNNING,
        {0: "idle", 1: "heat", 2: "cool", 3: "fan", 4: "aux"},
        **_OFF,
    ),
    _enum(
        "status",
        C.ECOBEE_STATUS_CODE,
        {0: "ok", 1: "service", 2: "alert", 3: "error"},
        **_OFF,
    ),
    SensorRow(
        key="alert_text",
        uuid=C.ECOBEE_ALERT_TEXT,
        translation_key="alert_text",
        is_text=True,
        **_OFF,
    ),
    *(
        _row(
            key,
            uuid,
            SensorDeviceClass.DURATION,
            UnitOfTime.SECONDS,
            None,
            value_fn=_never_negative,
            entity_registry_enabled_default=False,
        )
        for key, uuid in (
            ("since_motion", C.ECOBEE_MOTION_LAST_ACTIVATION),
            ("since_occupancy", C.ECOBEE_OCCUPANCY_LAST_ACTIVATION),
        )
    ),
)

ROWS: Final = by_uuid(
    *_AIR,
    *_CLIMATE,
    *_OTHERS,
    *_TRANSPORT,
    *_ENERGY,
    *_VENDORS,
    # What can be selected with other accessories.
    *(
        _enum(
            setting.key,
            uuid,
            {**setting.members, **setting.reported},
            exists_fn=lambda characteristic: not is_selectable(characteristic),
            **_DIAGNOSTIC,
        )
        for uuid, setting in SETTINGS.items()
    ),
)

# Units of HomeKit that have one here, for what nobody knows.
_UNITS: Final[Mapping[str, tuple[SensorDeviceClass | None, str]]] = {
    "celsius": (SensorDeviceClass.TEMPERATURE, UnitOfTemperature.CELSIUS),
    "percentage": (None, PERCENTAGE),
    "arcdegrees": (None, "°"),
    "lux": (SensorDeviceClass.ILLUMINANCE, LIGHT_LUX),
    "seconds": (SensorDeviceClass.DURATION, UnitOfTime.SECONDS),
}


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HapConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors."""
    async_add_platform(hass, entry, async_add_entities, Platform.SENSOR, _new_entities)


def _new_entities(coordinator: Coordinator, accessory: Accessory) -> Iterator[HapEntity]:
    for service in shown_services(accessory, *SERVICES):
        row = SERVICES[service.type]
        if service.characteristic(row.uuid) is None:  # a battery may have no level
            continue
        is_thermometer = service.type == S.TEMPERATURE_SENSOR
        yield (Thermometer if is_thermometer else ServiceSensor)(coordinator, service, row)
    for characteristic, row in described(accessory, ROWS):
        yield CharacteristicSensor(coordinator, characteristic, row)
    for characteristic in generic(coordinator, accessory, Platform.SENSOR):
        yield GenericSensor(coordinator, characteristic, _generic_row(characteristic))


def _digits(step: float) -> int:
    """Tell how many digits behind the point a value on steps has."""
    exponent = Decimal(repr(step)).normalize().as_tuple().exponent
    return min(_MAX_DIGITS, max(0, -int(exponent)))


def _generic_row(characteristic: Characteristic) -> SensorRow:
    """Describe a sensor for what nobody knows: texts, members of a closed set, and numbers."""
    metadata = characteristic.metadata
    if not metadata.is_number:
        return SensorRow(key="generic", uuid=characteristic.type, is_text=True)
    if metadata.valid_values:
        members = {int(each): str(int(each)) for each in metadata.valid_values}
        return SensorRow(
            key="generic",
            uuid=characteristic.type,
            device_class=SensorDeviceClass.ENUM,
            members=members,
            options=list(members.values()),
        )
    device_class, unit = _UNITS.get(metadata.unit or "", (None, metadata.unit))
    return SensorRow(
        key="generic",
        uuid=characteristic.type,
        device_class=device_class,
        native_unit_of_measurement=unit,
        state_class=SensorStateClass.MEASUREMENT,
    )


class HapSensor(HapEntity, SensorEntity):
    """Shows one characteristic."""

    entity_description: SensorRow

    _shown: Characteristic | None = None

    def _take_precision(self) -> None:
        """Show as many digits as the accessory has: 21.3 arrives as 21.299999237 from many."""
        step = limits_of(self._shown).step if self._shown and self._is_measured else None
        self._attr_suggested_display_precision = _digits(step) if step else None

    @property
    def _is_measured(self) -> bool:
        row = self.entity_description
        return row.state_class is not None and row.options is None

    @property
    @override
    def native_value(self) -> Any:
        """What the accessory reports; None while that is unknown, or nothing that can be."""
        row = self.entity_description
        found = self._shown
        if found is None or found.value is None:
            return None
        if row.is_text:
            if not isinstance(found.value, str):
                return None
            shown = row.value_fn(found.value)
            return shown[:MAX_LENGTH_STATE_STATE] if isinstance(shown, str) else shown
        if row.members is not None:
            return named(found, row.members)
        value = number(found)
        return None if value is None else row.value_fn(value)


class ServiceSensor(ServiceEntity, HapSensor):
    """A sensor that is a service."""

    entity_description: SensorRow

    @override
    def _describe(self) -> None:
        self._shown = self._characteristic(self.entity_description.uuid)
        self._take_precision()

    @override
    def _is_shown(self, service: Service) -> bool:
        return service.characteristic(self.entity_description.uuid) is not None


class Thermometer(ServiceSensor):
    """A thermometer, of which some are not believed at once when they have just started."""

    _is_doubted = True
    _confirmation: Callable[[], None] | None = None

    @override
    async def async_added_to_hass(self) -> None:
        """Doubt what is said right behind a connection."""
        await super().async_added_to_hass()
        self.async_on_remove(
            async_dispatcher_connect(
                self.hass, signal_available(self.coordinator.entry_id), self._async_doubt
            )
        )
        self.async_on_remove(self._forget_confirmation)
        self._async_doubt()

    @property
    def _is_doubtful(self) -> bool:
        maker = self.accessory.information(C.MANUFACTURER) or ""
        return (
            self._shown is not None
            and self._shown.value == _DOUBTFUL_CELSIUS == self._shown.metadata.max_value
            and maker.casefold().startswith(_DOUBTED_MAKER)
        )

    @callback
    def _async_doubt(self) -> None:
        """Ask again, if it says what it says when it does not know."""
        self._forget_confirmation()
        self._is_doubted = self._is_doubtful
        if self._is_doubted and self.coordinator.connected:
            self._confirmation = async_call_later(self.hass, _CONFIRM_AFTER_S, self._confirm)

    @callback
    def _confirm(self, _now: datetime) -> None:
        self._confirmation = None
        self.coordinator.entry.async_create_background_task(
            self.hass, self._async_confirm(), f"{DOMAIN} confirmation of {self.entity_id}"
        )

    async def _async_confirm(self) -> None:
        if self._shown:
            with suppress(VendorError):
                await self.coordinator.client.read([self._shown.key])
                self._is_doubted = False
                self.async_write_ha_state()

    @callback
    def _forget_confirmation(self) -> None:
        if self._confirmation:
            self._confirmation()
            self._confirmation = None

    @property
    @override
    def native_value(self) -> Any:
        """Degrees; None until what cannot be was said twice."""
        return None if self._is_doubted and self._is_doubtful else super().native_value


class CharacteristicSensor(CharacteristicEntity, HapSensor):
    """A sensor that is one characteristic."""

    entity_description: SensorRow

    @override
    def _describe(self) -> None:
        super()._describe()
        self._shown = self.characteristic
        self._take_precision()


class GenericSensor(GenericEntity, CharacteristicSensor):
    """A sensor for what nobody knows."""

    @override
    def _rebind(self) -> bool:
        # What it is made of cannot change while it lives: a new one takes its place.
        return super()._rebind() and _generic_row(self.characteristic) == self.entity_description

    @override
    def _describe(self) -> None:
        self.entity_description = _generic_row(self.characteristic)
        super()._describe()
