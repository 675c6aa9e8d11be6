"""What accessories announce of themselves on the network, as Home Assistant has heard it."""

import asyncio
from typing import Final

from homeassistant.components.zeroconf import async_get_async_instance
from homeassistant.core import HomeAssistant
from zeroconf import BadTypeInNameException, Zeroconf
from zeroconf.asyncio import AsyncServiceInfo

from .protocol import SERVICE_TYPE, Announcement, read_announcement

# Whoever announces chooses how many there are.
_MAX_INSTANCES: Final = 300
_ASK_LIMIT_MS: Final = 3000


async def async_announced(hass: HomeAssistant) -> dict[str, Announcement]:
    """Give all accessories that announce themselves, by their id in lower case."""
    zeroconf = (await async_get_async_instance(hass)).zeroconf
    records = zeroconf.cache.entries_with_name(SERVICE_TYPE)
    names = [name for record in records if (name := getattr(record, "alias", None))]
    found = await asyncio.gather(*(_ask(zeroconf, name) for name in names[:_MAX_INSTANCES]))
    return {each.key: each for each in found if each is not None}


async def async_find(hass: HomeAssistant, accessory_id: str) -> Announcement | None:
    """Give what an accessory announces of itself, if it does."""
    return (await async_announced(hass)).get(accessory_id.lower())


async def _ask(zeroconf: Zeroconf, name: str) -> Announcement | None:
    """Complete what is known of one announcement."""
    try:
        info = AsyncServiceInfo(SERVICE_TYPE, name)
    except BadTypeInNameException:
        return None
    if not info.load_from_cache(zeroconf):
        await info.async_request(zeroconf, _ASK_LIMIT_MS)
    return read_announcement(name, info.properties, info.parsed_scoped_addresses(), info.port)
