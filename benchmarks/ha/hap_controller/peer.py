"""The integration that Home Assistant brings, on the published controller."""

from typing import Any

from aiohomekit.controller import Controller, TransportType
from aiohomekit.controller.ip import IpController
from homeassistant.components.homekit_controller.const import CONTROLLER
from homeassistant.components.homekit_controller.storage import async_get_entity_storage
from homeassistant.core import HomeAssistant

from .jobs import HapRoomJobs as Jobs
from .ours import VERSION, entry_data, switches, unique_id

__all__ = [
    "DEPENDENCIES",
    "DOMAIN",
    "VERSION",
    "Jobs",
    "entry_data",
    "prepare",
    "switches",
    "unique_id",
]

DOMAIN = "homekit_controller"
DEPENDENCIES = frozenset({"bluetooth_adapters", "zeroconf"})


async def prepare(hass: HomeAssistant) -> None:
    """Make its controller, which would otherwise listen to multicast first; here all is given by address."""
    storage = await async_get_entity_storage(hass)
    controller = Controller(char_cache=storage)
    nobody: Any = None
    controller.transports[TransportType.IP] = IpController(storage, zeroconf_instance=nobody)
    hass.data[CONTROLLER] = controller
