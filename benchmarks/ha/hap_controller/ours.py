"""The component."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

from homeassistant.components.zeroconf import DATA_INSTANCE
from homeassistant.components.zeroconf.models import HaAsyncZeroconf
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import ToggleEntity

from benchmarks.hap_controller.bridge import SERVICE_IID
from benchmarks.hap_controller.contender import ACCESSORY_ID, HOST

from .jobs import HapRoomJobs as Jobs

__all__ = [
    "DEPENDENCIES",
    "DOMAIN",
    "VERSION",
    "Jobs",
    "announce",
    "entry_data",
    "prepare",
    "switches",
    "unique_id",
]

DOMAIN = "hap_controller"
VERSION = 1
DEPENDENCIES = frozenset({"file_upload", "repairs", "zeroconf"})


async def prepare(hass: HomeAssistant) -> None:
    """Have nothing be announced: nobody listens to multicast here, and all is given by address."""
    silent = SimpleNamespace(cache=SimpleNamespace(entries_with_name=lambda name: ()))
    hass.data[DATA_INSTANCE] = cast(HaAsyncZeroconf, SimpleNamespace(zeroconf=silent))


def entry_data(card: Mapping[str, Any], account: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in what the form stores, which is what the built-in integration stores, too."""
    return {
        "AccessoryPairingID": account["accessory_id"],
        "AccessoryLTPK": account["accessory_ltpk"],
        "iOSPairingId": account["controller_id"],
        "iOSDeviceLTPK": account["controller_ltpk"],
        "iOSDeviceLTSK": account["controller_ltsk"],
        "Connection": "IP",
        "AccessoryIP": HOST,
        "AccessoryIPs": [HOST],
        "AccessoryPort": account["port"],
    }


def announce(entry: ConfigEntry[Any]) -> None:
    """Have the bridge announce itself, as all do: a description that has a number is kept."""
    entry.runtime_data.announced(1, [HOST], entry.data["AccessoryPort"])


def unique_id(device_id: str) -> str:
    """Name the entity of a light."""
    return f"{ACCESSORY_ID}_{device_id}_{SERVICE_IID}"


def switches(entry: ConfigEntry[Any]) -> Mapping[str, ToggleEntity]:
    """Give none: its entities show what the bridge reports and nothing else."""
    return {}
