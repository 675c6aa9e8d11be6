"""What the kinds of services do by themselves."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from custom_components.hap_controller.protocol.catalogue import ServiceUuid as S

from ..description import Accessory, Service
from ..life import Life
from .air import AirPurifier, Fan, FanV2, Filter, Humidifier
from .climate import HeaterCooler, Thermostat
from .guards import Alarm, Lock, LockManagement
from .media import Speaker, Television
from .openings import Cover, Garage
from .power import Battery, Lamp, Outlet
from .water import Valve, WaterSystem

if TYPE_CHECKING:
    from ..house import House

LIVES: Mapping[str, type[Life]] = {
    S.AIR_PURIFIER: AirPurifier,
    S.BATTERY_SERVICE: Battery,
    S.DOOR: Cover,
    S.FAN: Fan,
    S.FAN_V2: FanV2,
    S.FAUCET: WaterSystem,
    S.FILTER_MAINTENANCE: Filter,
    S.GARAGE_DOOR_OPENER: Garage,
    S.HEATER_COOLER: HeaterCooler,
    S.HUMIDIFIER_DEHUMIDIFIER: Humidifier,
    S.IRRIGATION_SYSTEM: WaterSystem,
    S.LIGHTBULB: Lamp,
    S.LOCK_MANAGEMENT: LockManagement,
    S.LOCK_MECHANISM: Lock,
    S.OUTLET: Outlet,
    S.SECURITY_SYSTEM: Alarm,
    S.SPEAKER: Speaker,
    S.TELEVISION: Television,
    S.THERMOSTAT: Thermostat,
    S.VALVE: Valve,
    S.WINDOW: Cover,
    S.WINDOW_COVERING: Cover,
}
"""Kinds of services with a life of their own."""


def life_of(house: House, accessory: Accessory, service: Service) -> Life:
    """Bring a service to life."""
    return LIVES.get(service.type, Life)(house, accessory, service)
