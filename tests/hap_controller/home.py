"""A bridge with lamps that goes away and comes back, its devices, what the user is told of it, and a clock."""

from datetime import datetime, timedelta

from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.hap_controller.const import DOMAIN
from tests.support.rooms import until_state

from .living import HOST, Json, Living, accessory, characteristic, service

LINK = "binary_sensor.bridge_connection"


def lamp(aid: int, *more: Json) -> Json:
    """Describe one of many lamps."""
    on = characteristic("ON", False, iid=100)
    return accessory(f"Lamp {aid}", service("SWITCH", on, *more, iid=99), aid=aid)


def home(lamps: int = 2) -> list[Json]:
    """Describe a bridge with some lamps, from aid 2 on."""
    return [accessory("Bridge"), *(lamp(aid) for aid in range(2, 2 + lamps))]


def devices_of(hass: HomeAssistant, entry: MockConfigEntry) -> list[str | None]:
    """Name the devices of an entry."""
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return [device.name for device in devices]


def issues_of(hass: HomeAssistant) -> set[str]:
    """Name what the user is told."""
    return {
        str(issue.translation_key)
        for issue in ir.async_get(hass).issues.values()
        if issue.domain == DOMAIN and issue.active
    }


async def goes_away(hass: HomeAssistant, living: Living) -> None:
    """Switch the accessory off, and wait until that is noticed."""
    await living.stop()
    await until_state(hass, LINK, STATE_OFF)


async def comes_back(hass: HomeAssistant, entry: MockConfigEntry, living: Living) -> None:
    """Switch it on again, and wait until it was heard."""
    await living.start()
    entry.runtime_data.announced(None, [HOST], living.port)
    await until_state(hass, LINK, STATE_ON)


class Clock:
    """The clock on the wall, which can be put forward."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin now."""
        self._hass = hass
        self._now = dt_util.utcnow
        self._passed = timedelta()

    def now(self) -> datetime:
        """Tell the time."""
        return self._now() + self._passed

    async def passes(self, seconds: float) -> None:
        """Let time go by: whatever waits that long happens now."""
        self._passed += timedelta(seconds=seconds)
        async_fire_time_changed(self._hass, self.now())
        await self._hass.async_block_till_done()


def last_asked(living: Living) -> list[str]:
    """Give what was asked for in the last request."""
    return living.asked("/characteristics")[-1].partition("=")[2].split(",")
