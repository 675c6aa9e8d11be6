"""What becomes an entity: which platforms show which services and characteristics (mapping §2).

The one table from which platforms are loaded and entities made; that the platforms serve all of it, a test says.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from homeassistant.const import Platform

from .protocol import (
    BASE_SUFFIX,
    Accessory,
    Characteristic,
    CharacteristicUuid as C,
    Database,
    Format,
    Metadata,
    Permission,
    Service,
    ServiceUuid as S,
)


@dataclass(frozen=True, slots=True)
class ServiceRule:
    """What shows a service."""

    platforms: tuple[Platform, ...]
    required: tuple[str, ...] = ()
    """Characteristics without which there is no entity (mapping §2.3)."""
    any_of: tuple[str, ...] = ()
    """Of these there must be one."""
    leads: bool = True
    """Whether its entity may stand for the whole device, and then bears no name of its own."""
    not_below: frozenset[str] = frozenset()
    """Services whose entity shows it, too, when they link to it: then it has none of its own."""
    shared: bool = False
    """Whether an accessory has one entity for all services of the kind."""


def _rule(
    platform: Platform, *required: str, leads: bool = True, any_of: tuple[str, ...] = ()
) -> ServiceRule:
    return ServiceRule((platform,), required, any_of, leads)


SERVICES: Final[Mapping[str, ServiceRule]] = {
    S.LIGHTBULB: _rule(Platform.LIGHT, C.ON),
    S.SWITCH: _rule(Platform.SWITCH, C.ON),
    S.OUTLET: _rule(Platform.SWITCH, C.ON),
    S.FAUCET: ServiceRule((Platform.VALVE, Platform.SWITCH), (C.ACTIVE,)),
    S.VALVE: ServiceRule((Platform.VALVE, Platform.SWITCH), (C.ACTIVE,)),
    S.IRRIGATION_SYSTEM: _rule(Platform.SWITCH, C.ACTIVE),
    S.THERMOSTAT: _rule(
        Platform.CLIMATE,
        C.TARGET_HEATING_COOLING_STATE,
        any_of=(
            C.TARGET_TEMPERATURE,
            C.COOLING_THRESHOLD_TEMPERATURE,
            C.HEATING_THRESHOLD_TEMPERATURE,
        ),
    ),
    # Some speak of their mode as thermostats do.
    S.HEATER_COOLER: _rule(
        Platform.CLIMATE,
        any_of=(C.TARGET_HEATER_COOLER_STATE, C.TARGET_HEATING_COOLING_STATE),
    ),
    S.SECURITY_SYSTEM: _rule(
        Platform.ALARM_CONTROL_PANEL,
        C.SECURITY_SYSTEM_CURRENT_STATE,
        C.SECURITY_SYSTEM_TARGET_STATE,
    ),
    S.GARAGE_DOOR_OPENER: _rule(Platform.COVER, C.CURRENT_DOOR_STATE, C.TARGET_DOOR_STATE),
    S.WINDOW_COVERING: _rule(Platform.COVER, C.CURRENT_POSITION, C.TARGET_POSITION),
    S.WINDOW: _rule(Platform.COVER, C.CURRENT_POSITION, C.TARGET_POSITION),
    S.DOOR: _rule(Platform.COVER, C.CURRENT_POSITION, C.TARGET_POSITION),
    S.SLAT: ServiceRule(
        (Platform.COVER,),
        (C.CURRENT_TILT_ANGLE, C.TARGET_TILT_ANGLE),
        not_below=frozenset({S.WINDOW_COVERING, S.WINDOW, S.DOOR}),
    ),
    S.LOCK_MECHANISM: _rule(Platform.LOCK, C.LOCK_CURRENT_STATE, C.LOCK_TARGET_STATE),
    S.CONTACT_SENSOR: _rule(Platform.BINARY_SENSOR, C.CONTACT_SENSOR_STATE),
    S.MOTION_SENSOR: _rule(Platform.BINARY_SENSOR, C.MOTION_DETECTED),
    S.OCCUPANCY_SENSOR: _rule(Platform.BINARY_SENSOR, C.OCCUPANCY_DETECTED),
    S.LEAK_SENSOR: _rule(Platform.BINARY_SENSOR, C.LEAK_DETECTED),
    S.SMOKE_SENSOR: _rule(Platform.BINARY_SENSOR, C.SMOKE_DETECTED),
    S.CARBON_MONOXIDE_SENSOR: _rule(Platform.BINARY_SENSOR, C.CARBON_MONOXIDE_DETECTED),
    S.CARBON_DIOXIDE_SENSOR: _rule(Platform.SENSOR, C.CARBON_DIOXIDE_LEVEL),
    S.HUMIDITY_SENSOR: _rule(Platform.SENSOR, C.CURRENT_RELATIVE_HUMIDITY),
    S.TEMPERATURE_SENSOR: _rule(Platform.SENSOR, C.CURRENT_TEMPERATURE),
    S.LIGHT_SENSOR: _rule(Platform.SENSOR, C.CURRENT_AMBIENT_LIGHT_LEVEL),
    # Without a level it is a binary sensor.
    S.BATTERY_SERVICE: ServiceRule(
        (Platform.SENSOR, Platform.BINARY_SENSOR),
        any_of=(C.BATTERY_LEVEL, C.STATUS_LOW_BATTERY),
        leads=False,
    ),
    # Its speed, if there is one, is a fan.
    S.HUMIDIFIER_DEHUMIDIFIER: ServiceRule(
        (Platform.HUMIDIFIER, Platform.FAN),
        (C.ACTIVE, C.TARGET_HUMIDIFIER_DEHUMIDIFIER_STATE),
        any_of=(
            C.RELATIVE_HUMIDITY_HUMIDIFIER_THRESHOLD,
            C.RELATIVE_HUMIDITY_DEHUMIDIFIER_THRESHOLD,
        ),
    ),
    S.FAN: _rule(Platform.FAN, C.ON),
    S.FAN_V2: _rule(Platform.FAN, C.ACTIVE),
    S.AIR_PURIFIER: _rule(Platform.FAN, C.ACTIVE),
    S.TELEVISION: ServiceRule((Platform.MEDIA_PLAYER, Platform.REMOTE), (C.ACTIVE,)),
    S.SMART_SPEAKER: _rule(Platform.MEDIA_PLAYER, C.CURRENT_MEDIA_STATE),
    S.CAMERA_RTP_STREAM_MANAGEMENT: ServiceRule((Platform.CAMERA,), shared=True),
    S.DOORBELL: _rule(Platform.EVENT, C.PROGRAMMABLE_SWITCH_EVENT),
    S.STATELESS_PROGRAMMABLE_SWITCH: _rule(Platform.EVENT, C.PROGRAMMABLE_SWITCH_EVENT),
    S.STATEFUL_PROGRAMMABLE_SWITCH: _rule(Platform.EVENT, C.PROGRAMMABLE_SWITCH_EVENT),
}

# Characteristics that have a row of their own wherever they occur, by platform.
CHARACTERISTICS: Final[Mapping[Platform, frozenset[str]]] = {
    Platform.BINARY_SENSOR: frozenset(
        {
            C.STATUS_LOW_BATTERY,
            C.STATUS_FAULT,
            C.STATUS_TAMPERED,
            C.STATUS_ACTIVE,
            C.CARBON_DIOXIDE_DETECTED,
            C.FILTER_CHANGE_INDICATION,
            C.OBSTRUCTION_DETECTED,
            C.CHARGING_STATE,
            C.OUTLET_IN_USE,
            C.IN_USE,
            C.CURRENT_DOOR_STATE,
            C.ECOBEE_AUX_HEAT_ACTIVE,
        }
    ),
    Platform.BUTTON: frozenset(
        {C.IDENTIFY, C.RESET_FILTER_INDICATION, C.HAA_SETUP, C.HAA_UPDATE, C.ECOBEE_CLEAR_HOLD}
    ),
    # A garage door opener may have a lock.
    Platform.LOCK: frozenset({C.LOCK_TARGET_STATE}),
    Platform.NUMBER: frozenset(
        {
            C.SET_DURATION,
            C.VOLUME,
            C.LOCK_MANAGEMENT_AUTO_SECURITY_TIMEOUT,
            C.VOCOLINC_HUMIDIFIER_SPRAY_LEVEL,
            C.EVE_DEGREE_ELEVATION,
            C.EVE_MOTION_DURATION,
            C.AQARA_GATEWAY_VOLUME,
            C.AQARA_E1_GATEWAY_VOLUME,
            C.ECOBEE_HOME_TARGET_HEAT,
            C.ECOBEE_HOME_TARGET_COOL,
            C.ECOBEE_SLEEP_TARGET_HEAT,
            C.ECOBEE_SLEEP_TARGET_COOL,
            C.ECOBEE_AWAY_TARGET_HEAT,
            C.ECOBEE_AWAY_TARGET_COOL,
            C.ECOBEE_FAN_WRITE_SPEED,
        }
    ),
    Platform.SELECT: frozenset(
        {
            C.TEMPERATURE_DISPLAY_UNITS,
            C.TARGET_AIR_PURIFIER_STATE,
            C.EVE_MOTION_SENSITIVITY,
            C.ECOBEE_CURRENT_MODE,
            C.PICTURE_MODE,
        }
    ),
    Platform.SENSOR: frozenset(
        {
            C.CURRENT_TEMPERATURE,
            C.CURRENT_RELATIVE_HUMIDITY,
            C.AIR_QUALITY,
            C.PM2_5_DENSITY,
            C.PM10_DENSITY,
            C.OZONE_DENSITY,
            C.NITROGEN_DIOXIDE_DENSITY,
            C.SULPHUR_DIOXIDE_DENSITY,
            C.VOC_DENSITY,
            C.CARBON_MONOXIDE_LEVEL,
            C.CARBON_MONOXIDE_PEAK_LEVEL,
            C.CARBON_DIOXIDE_LEVEL,
            C.CARBON_DIOXIDE_PEAK_LEVEL,
            C.BATTERY_LEVEL,
            C.FILTER_LIFE_LEVEL,
            C.WATER_LEVEL,
            C.CURRENT_AIR_PURIFIER_STATE,
            C.REMAINING_DURATION,
            C.PROGRAM_MODE,
            C.LOCK_LAST_KNOWN_ACTION,
            C.SECURITY_SYSTEM_ALARM_TYPE,
            C.PROGRAMMABLE_SWITCH_OUTPUT_STATE,
            # Where they cannot be selected.
            C.TEMPERATURE_DISPLAY_UNITS,
            C.TARGET_AIR_PURIFIER_STATE,
            C.EVE_MOTION_SENSITIVITY,
            C.ECOBEE_CURRENT_MODE,
            C.PICTURE_MODE,
            C.THREAD_NODE_CAPABILITIES,
            C.THREAD_STATUS,
            C.THREAD_OPENTHREAD_VERSION,
            C.HEART_BEAT,
            C.RECEIVED_SIGNAL_STRENGTH_INDICATION,
            C.SIGNAL_TO_NOISE_RATIO,
            C.TRANSMIT_POWER,
            C.MAXIMUM_TRANSMIT_POWER,
            C.RECEIVER_SENSITIVITY,
            C.CCA_SIGNAL_DETECT_THRESHOLD,
            C.CCA_ENERGY_DETECT_THRESHOLD,
            C.MAC_RETRANSMISSION_MAXIMUM,
            C.EVENT_RETRANSMISSION_MAXIMUM,
            C.EVENT_TRANSMISSION_COUNTERS,
            C.EVE_ENERGY_WATT,
            C.EVE_ENERGY_KW_HOUR,
            C.EVE_ENERGY_VOLTAGE,
            C.EVE_ENERGY_AMPERE,
            C.EVE_DEGREE_AIR_PRESSURE,
            C.EVE_THERMO_VALVE_POSITION,
            C.EVE_ROOM_AIR_QUALITY_PPM,
            C.KOOGEEK_REALTIME_ENERGY,
            C.KOOGEEK_REALTIME_ENERGY_2,
            C.VOCOLINC_OUTLET_ENERGY,
            C.CONNECTSENSE_ENERGY_WATT,
            C.CONNECTSENSE_ENERGY_AMPS,
            C.CONNECTSENSE_ENERGY_AMPS_20,
            C.CONNECTSENSE_ENERGY_KW_HOUR,
            C.CONNECTSENSE_ENERGY_VOLTAGE,
            C.CONNECTSENSE_ENERGY_POWER_FACTOR,
            C.NETATMO_NOISE,
            C.ECOBEE_NEXT_SCHEDULED_CHANGE_TIME,
            C.ECOBEE_EQUIPMENT_RUNNING,
            C.ECOBEE_STATUS_CODE,
            C.ECOBEE_ALERT_TEXT,
            C.ECOBEE_MOTION_LAST_ACTIVATION,
            C.ECOBEE_OCCUPANCY_LAST_ACTIVATION,
        }
    ),
    Platform.SWITCH: frozenset(
        {
            C.LOCK_PHYSICAL_CONTROLS,
            C.MUTE,
            C.AIRPLAY_ENABLE,
            C.SWING_MODE,
            C.AUDIO_FEEDBACK,
            C.ADMINISTRATOR_ONLY_ACCESS,
            C.CLOSED_CAPTIONS,
            C.SLEEP_DISCOVERY_MODE,
            C.HOMEKIT_CAMERA_ACTIVE,
            C.CAMERA_OPERATING_MODE_INDICATOR,
            C.EVENT_SNAPSHOTS_ACTIVE,
            C.PERIODIC_SNAPSHOTS_ACTIVE,
            C.RECORDING_AUDIO_ACTIVE,
            C.NIGHT_VISION,
            C.AQARA_PAIRING_MODE,
            C.AQARA_E1_PAIRING_MODE,
            C.AIRVERSA_SLEEP_MODE,
        }
    ),
}


@dataclass(frozen=True, slots=True)
class Setting:
    """What can be one of several: a select where it can be written, else a sensor."""

    key: str
    """Of its texts."""
    members: Mapping[int, str]
    """What its numbers mean."""
    writes: str | None = None
    """UUID of another characteristic of the service that takes what is selected; None for the same one."""
    reported: Mapping[int, str] = field(default_factory=dict)
    """What may be so, but cannot be selected."""

    def target(self, characteristic: Characteristic) -> Characteristic | None:
        """Give what takes the selected number."""
        if self.writes is None:
            return characteristic
        return characteristic.service.characteristic(self.writes)


SETTINGS: Final[Mapping[str, Setting]] = {
    C.TEMPERATURE_DISPLAY_UNITS: Setting(
        "temperature_display_units", {0: "celsius", 1: "fahrenheit"}
    ),
    C.TARGET_AIR_PURIFIER_STATE: Setting(
        "air_purifier_state_target", {0: "manual", 1: "automatic"}
    ),
    C.EVE_MOTION_SENSITIVITY: Setting("motion_sensitivity", {0: "high", 4: "medium", 7: "low"}),
    C.ECOBEE_CURRENT_MODE: Setting(
        "ecobee_mode",
        {0: "home", 1: "sleep", 2: "away"},
        writes=C.ECOBEE_SET_HOLD_SCHEDULE,
        reported={3: "temporary"},
    ),
    C.PICTURE_MODE: Setting(
        "picture_mode",
        {
            0: "other",
            1: "standard",
            2: "calibrated",
            3: "calibrated_dark",
            4: "vivid",
            5: "game",
            6: "computer",
            7: "custom",
        },
    ),
}

# Platforms that can show characteristics nobody knows (mapping §12.2).
GENERIC_PLATFORMS: Final = frozenset(
    {Platform.BINARY_SENSOR, Platform.NUMBER, Platform.SELECT, Platform.SENSOR, Platform.SWITCH}
)
# Services about pairing, networks, assistants and the like, of which nothing is shown that has no row.
_NEVER_GENERIC_IN: Final = frozenset(
    {
        S.ACCESS_CODE,
        S.ACCESS_CONTROL,
        S.ASSET_UPDATE,
        S.ASSISTANT,
        S.AQARA_MIIO_SERVICE,
        S.AQARA_MIIO_SERVICE_2,
        S.BLUETOOTH_GENERIC_ATTRIBUTE,
        S.CLOUD_RELAY,
        S.DATA_STREAM_TRANSPORT_MANAGEMENT,
        S.FIRMWARE_UPDATE,
        S.KOOGEEK_DFU,
        S.KOOGEEK_FIRMWARE_UPGRADE,
        S.NFC_ACCESS,
        S.PAIRING,
        S.PROTOCOL_INFORMATION,
        S.SIRI,
        S.SIRI_ENDPOINT,
        S.TAP_MANAGEMENT,
        S.THREAD_TRANSPORT,
        S.TRANSFER_TRANSPORT_MANAGEMENT,
        S.TUNNEL,
        S.WI_FI_ROUTER,
        S.WI_FI_SATELLITE,
        S.WI_FI_TRANSPORT,
    }
)
# Services without an entity whose own characteristics are shown with something else.
_SHOWN_ELSEWHERE: Final = frozenset(
    {
        S.ACCESSORY_INFORMATION,
        S.BRIDGING_STATE,
        S.INPUT_SOURCE,
        S.SERVICE_LABEL,
        S.TARGET_CONTROL,
        S.TARGET_CONTROL_MANAGEMENT,
    }
)
# Names and the like, what other entities read or write, and secrets.
_NEVER_GENERIC: Final = frozenset(
    {
        C.NAME,
        C.CONFIGURED_NAME,
        C.IDENTIFIER,
        C.SERVICE_LABEL_INDEX,
        C.VERSION,
        C.ECOBEE_FAN_READ_SPEED,
        C.ECOBEE_SET_HOLD_SCHEDULE,
        C.AQARA_MIIO_BINDKEY,
        C.AQARA_MIIO_BINDKEY_2,
        C.AQARA_MIIO_DID,
        C.AQARA_MIIO_DID_2,
    }
)

_BY_CHARACTERISTIC: Final[dict[str, set[Platform]]] = {}
for _platform, _uuids in CHARACTERISTICS.items():
    for _uuid in _uuids:
        _BY_CHARACTERISTIC.setdefault(_uuid, set()).add(_platform)


def is_shown(service: Service) -> bool:
    """Tell whether a service has what its entity cannot be without."""
    rule = SERVICES.get(service.type)
    if rule is None:
        return False
    present = {each.type for each in service.characteristics}
    return (
        present.issuperset(rule.required)
        and (not rule.any_of or not present.isdisjoint(rule.any_of))
        and not any(service.iid in each.linked_iids for each in _of_types(service, rule.not_below))
    )


def _of_types(service: Service, types: frozenset[str]) -> Iterable[Service]:
    """Give the services of some types beside one."""
    return (each for each in service.accessory.services if each.type in types) if types else ()


def is_fan_of_climate(service: Service) -> bool:
    """Tell whether a fan is that of a heater or cooler, whose entity has its speed, too (mapping §5.6)."""
    return service.type == S.FAN_V2 and any(
        service.iid in each.linked_iids
        for each in service.accessory.services
        if each.type == S.HEATER_COOLER
    )


def has_slats(service: Service) -> bool:
    """Tell whether a service is a cover whose slats can be tilted."""
    return is_shown(service) and any(
        service.characteristic(uuid)
        for uuid in (
            C.TARGET_VERTICAL_TILT_ANGLE,
            C.TARGET_HORIZONTAL_TILT_ANGLE,
            C.TARGET_TILT_ANGLE,
        )
    )


def is_main_switch(service: Service) -> bool:
    """Tell whether a faucet is the main switch of valves, rather than a valve (mapping §5.15)."""
    return service.type == S.FAUCET and any(each.type == S.VALVE for each in service.linked)


def leading_services(accessory: Accessory) -> list[Service]:
    """List the services whose entity may stand for the whole device."""
    leading: list[Service] = []
    shared: set[str] = set()
    for service in accessory.services:
        rule = SERVICES.get(service.type)
        if not rule or not rule.leads or service.type in shared or is_fan_of_climate(service):
            continue
        if is_shown(service):
            leading.append(service)
            if rule.shared:
                shared.add(service.type)
    return leading


def speaker_of(player: Service) -> Service | None:
    """Give the service that has the volume of a player: the speaker of a television, or a smart speaker itself.

    That of a television is linked to it; some do not say so, and then the only one is meant.
    """
    if player.type == S.SMART_SPEAKER:
        return player
    if player.type != S.TELEVISION:
        return None
    speakers = [each for each in player.accessory.services if each.type == S.SPEAKER]
    for each in speakers:
        if each.iid in player.linked_iids:
            return each
    players = [each for each in player.accessory.services if each.type == S.TELEVISION]
    return speakers[0] if len(speakers) == len(players) == 1 else None


def is_of_player(service: Service) -> bool:
    """Tell whether a media player shows the volume of a service, and whether it is muted."""
    return any(
        is_shown(each) and speaker_of(each) is service for each in service.accessory.services
    )


def is_known(uuid: str) -> bool:
    """Tell whether some platform has a row for a characteristic."""
    return uuid in _BY_CHARACTERISTIC


def is_selectable(characteristic: Characteristic, setting: Setting | None = None) -> bool:
    """Tell whether a setting can be selected, and not only shown; ``setting`` is for what is not in the table."""
    found = setting or SETTINGS.get(characteristic.type)
    target = found.target(characteristic) if found else None
    return target is not None and target.metadata.writable


def generic_platform(characteristic: Characteristic) -> Platform | None:
    """Tell which platform can show a characteristic that nobody has a row for; None when none should (mapping §12.2)."""
    metadata = characteristic.metadata
    service = characteristic.service
    if (
        is_known(metadata.type)
        or metadata.type in _NEVER_GENERIC
        or metadata.stateless
        or Permission.HIDDEN in metadata.perms
        or service.hidden
        or service.type in _NEVER_GENERIC_IN
        # Entities of services show what is part of these.
        or (
            metadata.type.endswith(BASE_SUFFIX)
            and (service.type in SERVICES or service.type in _SHOWN_ELSEWHERE)
        )
    ):
        return None
    writable = metadata.writable and Permission.ADDITIONAL_AUTHORIZATION not in metadata.perms
    if metadata.format == Format.BOOL:
        shown = Platform.SWITCH if writable else Platform.BINARY_SENSOR
    elif metadata.is_number and metadata.valid_values:
        shown = Platform.SELECT if writable else Platform.SENSOR
    elif metadata.is_number and writable and _has_range(metadata):
        shown = Platform.NUMBER
    elif metadata.is_number or metadata.format == Format.STRING:
        shown, writable = Platform.SENSOR, False
    else:
        return None
    return shown if writable or metadata.readable else None


def _has_range(metadata: Metadata) -> bool:
    low, high = metadata.min_value, metadata.max_value
    return low is not None and high is not None and low < high


def platforms_of(database: Database, *, generic: bool) -> frozenset[Platform]:
    """Give the platforms that a description needs; with ``generic`` those of unknown characteristics, too."""
    needed = {Platform.BINARY_SENSOR}  # that of the link
    if generic:
        needed |= GENERIC_PLATFORMS
    for accessory in database.accessories.values():
        needed |= _of_services(accessory.services)
    return frozenset(needed)


def _of_services(services: Iterable[Service]) -> set[Platform]:
    needed: set[Platform] = set()
    for service in services:
        if is_shown(service):
            needed.update(SERVICES[service.type].platforms)
        for each in service.characteristics:
            needed |= _BY_CHARACTERISTIC.get(each.type, set())
    return needed
