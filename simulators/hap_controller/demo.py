"""The accessories to start with: a bridge with one of each kind behind it, and some that stand alone."""

from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from custom_components.hap_controller.protocol.catalogue import (
    CharacteristicUuid as C,
    ServiceUuid as S,
)
from custom_components.hap_controller.protocol.tlv8 import encode

from .description import Accessory, next_aid

# Categories (§1.4).
BRIDGE = 2
LIGHTBULB = 5
LOCK = 6
THERMOSTAT = 9
DOORBELL = 18

_LOW_BATTERY = {C.STATUS_LOW_BATTERY: 0}
_SENSOR = {C.STATUS_ACTIVE: True, C.STATUS_FAULT: 0, C.STATUS_TAMPERED: 0}
_INPUTS = (("Tuner", 2), ("HDMI 1", 3), ("HDMI 2", 3), ("Films", 10))
_BUTTONS = 4
_ZONES = ("Lawn", "Hedge", "Beds")


def _tlv(*items: tuple[int, bytes]) -> str:
    return b64encode(encode(items)).decode()


def bridge() -> list[Accessory]:
    """Build a bridge with all kinds."""
    primary = Accessory.named(1, "Bridge", "LK-BR1", "LKBR0001")
    _say_version(primary)
    accessories = [primary]
    for name, build in BRIDGED.items():
        aid = next_aid(each.aid for each in accessories)
        accessories.append(bridged(aid, name, build))
    return accessories


def bridged(aid: int, name: str, build: Builder) -> Accessory:
    """Build one of those behind a bridge."""
    accessory = Accessory.named(aid, name, f"LK-{build.__name__.strip('_').upper()}", f"LK{aid:06}")
    build(accessory)
    return accessory


def lamps(count: int) -> list[Accessory]:
    """Build a bridge with so many plain lamps."""
    accessories = [Accessory.named(1, "Bridge", "LK-BR1", "LKBR0002")]
    _say_version(accessories[0])
    for number in range(count):
        aid = next_aid(each.aid for each in accessories)
        accessories.append(bridged(aid, f"Lamp {number + 1}", _dimmer))
    return accessories


def _alone(name: str, model: str, serial: str, build: Builder) -> list[Accessory]:
    accessory = Accessory.named(1, name, model, serial)
    build(accessory)
    _say_version(accessory)
    return [accessory]


def _say_version(accessory: Accessory) -> None:
    accessory.add(S.PROTOCOL_INFORMATION, {C.VERSION: "1.1.0"}, perms={C.VERSION: ("pr",)})


# --- kinds ------------------------------------------------------------------------------------------

type Builder = Callable[[Accessory], object]
"""Adds the services of a kind to an accessory."""


def _dimmer(accessory: Accessory) -> None:
    accessory.add(S.LIGHTBULB, {C.ON: False, C.BRIGHTNESS: 80}, primary=True)


def _white_lamp(accessory: Accessory) -> None:
    values = {C.ON: True, C.BRIGHTNESS: 60, C.COLOR_TEMPERATURE: 320}
    accessory.add(
        S.LIGHTBULB,
        values,
        limits={C.COLOR_TEMPERATURE: {"minValue": 153, "maxValue": 454}},
        primary=True,
    )


def _colour_lamp(accessory: Accessory) -> None:
    values = {
        C.ON: True,
        C.BRIGHTNESS: 75,
        C.HUE: 120.0,
        C.SATURATION: 90.0,
        C.COLOR_TEMPERATURE: 250,
    }
    accessory.add(S.LIGHTBULB, values, primary=True)


def _switch(accessory: Accessory) -> None:
    accessory.add(S.SWITCH, {C.ON: False}, primary=True)


def _outlet(accessory: Accessory) -> None:
    accessory.add(S.OUTLET, {C.ON: True, C.OUTLET_IN_USE: True}, primary=True)


def _opening(kind: str, position: int, **more: Any) -> Builder:
    def build(accessory: Accessory) -> None:
        values = {C.CURRENT_POSITION: position, C.TARGET_POSITION: position, C.POSITION_STATE: 2}
        values |= {C.OBSTRUCTION_DETECTED: False} | more.get("values", {})
        accessory.add(kind, values, primary=True)

    build.__name__ = more["model"]
    return build


_vertical_blind = _opening(
    S.WINDOW_COVERING,
    100,
    model="blind_v",
    values={
        C.CURRENT_VERTICAL_TILT_ANGLE: 0,
        C.TARGET_VERTICAL_TILT_ANGLE: 0,
        C.HOLD_POSITION: None,
    },
)
_horizontal_blind = _opening(
    S.WINDOW_COVERING,
    0,
    model="blind_h",
    values={C.CURRENT_HORIZONTAL_TILT_ANGLE: 45, C.TARGET_HORIZONTAL_TILT_ANGLE: 45},
)
_window = _opening(S.WINDOW, 0, model="window", values={C.HOLD_POSITION: None})
_door = _opening(S.DOOR, 0, model="door")


def _garage(accessory: Accessory) -> None:
    values = {C.CURRENT_DOOR_STATE: 1, C.TARGET_DOOR_STATE: 1, C.OBSTRUCTION_DETECTED: False}
    accessory.add(S.GARAGE_DOOR_OPENER, values, primary=True)


def _lock(accessory: Accessory) -> None:
    accessory.add(S.LOCK_MECHANISM, {C.LOCK_CURRENT_STATE: 1, C.LOCK_TARGET_STATE: 1}, primary=True)


def _managed_lock(accessory: Accessory) -> None:
    _lock(accessory)
    values = {
        C.LOCK_CONTROL_POINT: None,
        C.VERSION: "1.0",
        C.LOCK_LAST_KNOWN_ACTION: 6,
        C.LOCK_MANAGEMENT_AUTO_SECURITY_TIMEOUT: 0,
        C.AUDIO_FEEDBACK: True,
        C.ADMINISTRATOR_ONLY_ACCESS: False,
    }
    accessory.add(S.LOCK_MANAGEMENT, values)
    _battery(accessory, 88)


def _battery(accessory: Accessory, percent: int) -> None:
    values = {C.BATTERY_LEVEL: percent, C.CHARGING_STATE: 2, C.STATUS_LOW_BATTERY: 0}
    accessory.add(S.BATTERY_SERVICE, values)


def _thermostat(accessory: Accessory) -> None:
    values = {
        C.CURRENT_HEATING_COOLING_STATE: 0,
        C.TARGET_HEATING_COOLING_STATE: 1,
        C.CURRENT_TEMPERATURE: 21.5,
        C.TARGET_TEMPERATURE: 21.0,
        C.TEMPERATURE_DISPLAY_UNITS: 0,
        C.CURRENT_RELATIVE_HUMIDITY: 45.0,
        C.HEATING_THRESHOLD_TEMPERATURE: 19.0,
        C.COOLING_THRESHOLD_TEMPERATURE: 25.0,
    }
    accessory.add(S.THERMOSTAT, values, primary=True)


def _air_conditioner(accessory: Accessory) -> None:
    values = {
        C.ACTIVE: 0,
        C.CURRENT_HEATER_COOLER_STATE: 0,
        C.TARGET_HEATER_COOLER_STATE: 0,
        C.CURRENT_TEMPERATURE: 23.0,
        C.COOLING_THRESHOLD_TEMPERATURE: 25.0,
        C.HEATING_THRESHOLD_TEMPERATURE: 20.0,
        C.ROTATION_SPEED: 40.0,
        C.SWING_MODE: 0,
        C.LOCK_PHYSICAL_CONTROLS: 0,
        C.TEMPERATURE_DISPLAY_UNITS: 0,
    }
    accessory.add(S.HEATER_COOLER, values, primary=True)


def _ceiling_fan(accessory: Accessory) -> None:
    values = {C.ON: False, C.ROTATION_SPEED: 50.0, C.ROTATION_DIRECTION: 0, C.NAME: "Fan"}
    accessory.add(S.FAN, values, limits={C.ROTATION_SPEED: {"minStep": 25}}, primary=True)
    accessory.add(S.LIGHTBULB, {C.ON: False, C.NAME: "Light"})


def _fan(accessory: Accessory) -> None:
    values = {
        C.ACTIVE: 0,
        C.CURRENT_FAN_STATE: 0,
        C.TARGET_FAN_STATE: 0,
        C.ROTATION_SPEED: 30.0,
        C.ROTATION_DIRECTION: 0,
        C.SWING_MODE: 0,
        C.LOCK_PHYSICAL_CONTROLS: 0,
    }
    accessory.add(S.FAN_V2, values, primary=True)


def _air_purifier(accessory: Accessory) -> None:
    values = {
        C.ACTIVE: 1,
        C.CURRENT_AIR_PURIFIER_STATE: 2,
        C.TARGET_AIR_PURIFIER_STATE: 0,
        C.ROTATION_SPEED: 60.0,
        C.SWING_MODE: 0,
        C.LOCK_PHYSICAL_CONTROLS: 0,
    }
    purifier = accessory.add(S.AIR_PURIFIER, values, primary=True)
    wear = {
        C.FILTER_CHANGE_INDICATION: 0,
        C.FILTER_LIFE_LEVEL: 70.0,
        C.RESET_FILTER_INDICATION: None,
    }
    accessory.add(S.FILTER_MAINTENANCE, wear, linked=[purifier])
    accessory.add(
        S.AIR_QUALITY_SENSOR, {C.AIR_QUALITY: 2, C.PM2_5_DENSITY: 12.0}, linked=[purifier]
    )


def _climate_sensor(accessory: Accessory) -> None:
    accessory.add(
        S.TEMPERATURE_SENSOR, {C.CURRENT_TEMPERATURE: 19.4, **_SENSOR, **_LOW_BATTERY}, primary=True
    )
    accessory.add(S.HUMIDITY_SENSOR, {C.CURRENT_RELATIVE_HUMIDITY: 52.0, **_LOW_BATTERY})
    _battery(accessory, 64)


def _presence_sensor(accessory: Accessory) -> None:
    accessory.add(S.MOTION_SENSOR, {C.MOTION_DETECTED: False, **_SENSOR}, primary=True)
    accessory.add(S.OCCUPANCY_SENSOR, {C.OCCUPANCY_DETECTED: 0})
    accessory.add(S.LIGHT_SENSOR, {C.CURRENT_AMBIENT_LIGHT_LEVEL: 240.0})


def _air_monitor(accessory: Accessory) -> None:
    quality = {
        C.AIR_QUALITY: 2,
        C.PM2_5_DENSITY: 8.0,
        C.PM10_DENSITY: 14.0,
        C.VOC_DENSITY: 220.0,
        C.NITROGEN_DIOXIDE_DENSITY: 12.0,
        C.OZONE_DENSITY: 30.0,
        C.SULPHUR_DIOXIDE_DENSITY: 2.0,
    }
    accessory.add(S.AIR_QUALITY_SENSOR, quality, primary=True)
    dioxide = {
        C.CARBON_DIOXIDE_DETECTED: 0,
        C.CARBON_DIOXIDE_LEVEL: 640.0,
        C.CARBON_DIOXIDE_PEAK_LEVEL: 1450.0,
    }
    accessory.add(S.CARBON_DIOXIDE_SENSOR, dioxide)


def _smoke_detector(accessory: Accessory) -> None:
    accessory.add(S.SMOKE_SENSOR, {C.SMOKE_DETECTED: 0, **_SENSOR, **_LOW_BATTERY}, primary=True)
    monoxide = {
        C.CARBON_MONOXIDE_DETECTED: 0,
        C.CARBON_MONOXIDE_LEVEL: 1.0,
        C.CARBON_MONOXIDE_PEAK_LEVEL: 4.0,
    }
    accessory.add(S.CARBON_MONOXIDE_SENSOR, monoxide)
    _battery(accessory, 95)


def _leak_sensor(accessory: Accessory) -> None:
    accessory.add(S.LEAK_SENSOR, {C.LEAK_DETECTED: 0, **_LOW_BATTERY}, primary=True)


def _contact_sensor(accessory: Accessory) -> None:
    accessory.add(
        S.CONTACT_SENSOR, {C.CONTACT_SENSOR_STATE: 0, **_SENSOR, **_LOW_BATTERY}, primary=True
    )


def _alarm(accessory: Accessory) -> None:
    values = {
        C.SECURITY_SYSTEM_CURRENT_STATE: 3,
        C.SECURITY_SYSTEM_TARGET_STATE: 3,
        C.SECURITY_SYSTEM_ALARM_TYPE: 0,
        C.STATUS_FAULT: 0,
        C.STATUS_TAMPERED: 0,
    }
    accessory.add(S.SECURITY_SYSTEM, values, primary=True)


def _humidifier(accessory: Accessory) -> None:
    values = {
        C.ACTIVE: 0,
        C.CURRENT_RELATIVE_HUMIDITY: 41.0,
        C.CURRENT_HUMIDIFIER_DEHUMIDIFIER_STATE: 0,
        C.TARGET_HUMIDIFIER_DEHUMIDIFIER_STATE: 0,
        C.RELATIVE_HUMIDITY_HUMIDIFIER_THRESHOLD: 45.0,
        C.RELATIVE_HUMIDITY_DEHUMIDIFIER_THRESHOLD: 60.0,
        C.ROTATION_SPEED: 50.0,
        C.WATER_LEVEL: 80.0,
        C.SWING_MODE: 0,
        C.LOCK_PHYSICAL_CONTROLS: 0,
    }
    accessory.add(S.HUMIDIFIER_DEHUMIDIFIER, values, primary=True)


def _valve(accessory: Accessory, name: str, kind: int, index: int) -> Any:
    values = {
        C.ACTIVE: 0,
        C.IN_USE: 0,
        C.VALVE_TYPE: kind,
        C.SET_DURATION: 600,
        C.REMAINING_DURATION: 0,
        C.IS_CONFIGURED: 1,
        C.SERVICE_LABEL_INDEX: index,
        C.NAME: name,
    }
    return accessory.add(S.VALVE, values)


def _sprinklers(accessory: Accessory) -> None:
    values = {C.ACTIVE: 1, C.PROGRAM_MODE: 0, C.IN_USE: 0, C.REMAINING_DURATION: 0}
    system = accessory.add(S.IRRIGATION_SYSTEM, values, primary=True)
    valves = [_valve(accessory, name, 1, index + 1) for index, name in enumerate(_ZONES)]
    system.linked += [valve.iid for valve in valves]


def _tap(accessory: Accessory) -> None:
    faucet = accessory.add(S.FAUCET, {C.ACTIVE: 0, C.STATUS_FAULT: 0}, primary=True)
    faucet.linked.append(_valve(accessory, "Tap", 3, 1).iid)


def _television(accessory: Accessory) -> None:
    values = {
        C.ACTIVE: 0,
        C.ACTIVE_IDENTIFIER: 1,
        C.CONFIGURED_NAME: "Television",
        C.SLEEP_DISCOVERY_MODE: 1,
        C.REMOTE_KEY: None,
        C.CURRENT_MEDIA_STATE: 2,
        C.TARGET_MEDIA_STATE: 2,
        C.POWER_MODE_SELECTION: None,
    }
    television = accessory.add(S.TELEVISION, values, primary=True)
    for number, (name, kind) in enumerate(_INPUTS, 1):
        source = {
            C.IDENTIFIER: number,
            C.CONFIGURED_NAME: name,
            C.NAME: name,
            C.INPUT_SOURCE_TYPE: kind,
            C.IS_CONFIGURED: 1,
            C.CURRENT_VISIBILITY_STATE: 0,
            C.TARGET_VISIBILITY_STATE: 0,
        }
        accessory.add(S.INPUT_SOURCE, source, linked=[television])
    sound = {
        C.MUTE: False,
        C.ACTIVE: 1,
        C.VOLUME: 30,
        C.VOLUME_CONTROL_TYPE: 3,
        C.VOLUME_SELECTOR: None,
    }
    accessory.add(S.SPEAKER, sound, linked=[television])


def _buttons(accessory: Accessory) -> None:
    label = accessory.add(S.SERVICE_LABEL, {C.SERVICE_LABEL_NAMESPACE: 1})
    for number in range(1, _BUTTONS + 1):
        values = {
            C.PROGRAMMABLE_SWITCH_EVENT: None,
            C.SERVICE_LABEL_INDEX: number,
            C.NAME: f"Button {number}",
        }
        accessory.add(S.STATELESS_PROGRAMMABLE_SWITCH, values, linked=[label], primary=number == 1)
    _battery(accessory, 80)


def _doorbell(accessory: Accessory) -> None:
    accessory.add(S.DOORBELL, {C.PROGRAMMABLE_SWITCH_EVENT: None}, primary=True)
    video = _tlv((1, bytes((1, 1, 0))))
    stream = {
        C.SUPPORTED_VIDEO_STREAM_CONFIGURATION: video,
        C.SUPPORTED_AUDIO_STREAM_CONFIGURATION: _tlv((1, bytes((1, 1, 3))), (2, b"\0")),
        C.SUPPORTED_RTP_CONFIGURATION: _tlv((2, b"\0")),
        C.SELECTED_RTP_STREAM_CONFIGURATION: "",
        C.SETUP_ENDPOINTS: "",
        C.STREAMING_STATUS: _tlv((1, b"\0")),
    }
    accessory.add(S.CAMERA_RTP_STREAM_MANAGEMENT, stream)
    accessory.add(S.MICROPHONE, {C.VOLUME: 80, C.MUTE: False})
    accessory.add(S.SPEAKER, {C.MUTE: False, C.VOLUME: 50})
    accessory.add(S.MOTION_SENSOR, {C.MOTION_DETECTED: False})


BRIDGED: Mapping[str, Builder] = {
    "Desk lamp": _dimmer,
    "Ceiling lamp": _white_lamp,
    "Colour lamp": _colour_lamp,
    "Fountain": _switch,
    "Coffee machine": _outlet,
    "Curtain": _vertical_blind,
    "Blind": _horizontal_blind,
    "Skylight": _window,
    "Cat door": _door,
    "Garage": _garage,
    "Front door": _managed_lock,
    "Back door": _lock,
    "Living room": _thermostat,
    "Bedroom": _air_conditioner,
    "Ceiling fan": _ceiling_fan,
    "Stand fan": _fan,
    "Air purifier": _air_purifier,
    "Balcony": _climate_sensor,
    "Hall": _presence_sensor,
    "Study": _air_monitor,
    "Smoke detector": _smoke_detector,
    "Cellar": _leak_sensor,
    "Terrace door": _contact_sensor,
    "Alarm": _alarm,
    "Humidifier": _humidifier,
    "Sprinklers": _sprinklers,
    "Kitchen tap": _tap,
    "Television": _television,
    "Buttons": _buttons,
    "Doorbell": _doorbell,
}
"""What is behind the bridge, by its name, in the order of the ids."""

KINDS: Mapping[str, Builder] = {
    build.__name__.strip("_"): build
    for build in (
        _dimmer,
        _white_lamp,
        _colour_lamp,
        _switch,
        _outlet,
        _garage,
        _lock,
        _managed_lock,
        _thermostat,
        _air_conditioner,
        _fan,
        _climate_sensor,
        _presence_sensor,
        _leak_sensor,
        _contact_sensor,
        _alarm,
        _buttons,
    )
}
"""What can be added to a bridge while it runs."""


@dataclass(frozen=True, slots=True)
class Model:
    """What can be served at one address."""

    name: str
    category: int
    build: Callable[[], Iterable[Accessory]]


MODELS: Mapping[str, Model] = {
    "bridge": Model("Bridge", BRIDGE, bridge),
    "lamp": Model(
        "Reading lamp", LIGHTBULB, lambda: _alone("Reading lamp", "LK-L1", "LKL0001", _colour_lamp)
    ),
    "lock": Model("Gate", LOCK, lambda: _alone("Gate", "LK-K1", "LKK0001", _managed_lock)),
    "thermostat": Model(
        "Hallway", THERMOSTAT, lambda: _alone("Hallway", "LK-T1", "LKT0001", _thermostat)
    ),
    "doorbell": Model("Porch", DOORBELL, lambda: _alone("Porch", "LK-D1", "LKD0001", _doorbell)),
}
"""What there is, by a short name."""
