"""What appliances measure and count, what they are doing, and when they will be done."""

from abc import abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorEntityDescription
from homeassistant.const import Platform
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
    Programs,
    async_add_features,
    async_programs,
    is_number,
    quantity,
    readable,
)
from .protocol import ACTIVE_PROGRAM_UID, Feature, Kind, VendorError, base_program
from .readings import (
    ACTIVE,
    ACTIVE_PROGRAM,
    BASE_PROGRAM,
    FINISH_IN,
    FINISH_TIME,
    POWER_STATE,
    PRESENT,
    REMAINING_TIME,
    SENSORS,
    SIGNAL_STRENGTH,
    START_IN,
    START_TIME,
    TOTAL_TIME,
    HomeConnectSensorDescription,
    Row,
    SensorValue,
    generic_row,
    items,
    plain,
)

PARALLEL_UPDATES = 0
# Home Assistant asks only the sensors that want to be asked: those of the Wi-Fi signal.
SCAN_INTERVAL = timedelta(seconds=NETWORK_INTERVAL_S)

# A new estimate replaces the time shown only if it differs by more than this, or by this share of what remains.
JITTER: Final = timedelta(seconds=60)
JITTER_SHARE: Final = 0.01
# No program takes longer, or waits so long; what says so would lead out of the calendar.
LONGEST: Final = timedelta(days=366)
COUNT_INTERVAL: Final = timedelta(minutes=1)

_TEMPERATURES: Final = frozenset({"temperatureCelsius", "temperatureFahrenheit"})


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
            name: plain(self.appliance.value(feature.uid))
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
        values = {uid: plain(self.appliance.value(uid)) for uid in self._states}
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
        return {"codes": items(self.reading)}


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
            if isinstance(value, int | float) and 0 < value <= LONGEST.total_seconds():
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
