"""Descriptions of accessories, kept apart from the entries: large, and read anew when they are lost (mapping §1.1)."""

from typing import Any, Final, TypedDict

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.singleton import singleton
from homeassistant.helpers.storage import Store
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .protocol import Database, VendorError

_VERSION: Final = 1
_SAVE_AFTER_S: Final = 10.0


class Description(TypedDict):
    """What is kept of one pairing."""

    config_num: int | None
    """``c#`` under which the accessory announced it."""
    accessories: list[dict[str, Any]]


class DescriptionCache:
    """All descriptions, by pairing id in lower case."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Prepare; ``async_load`` reads what is stored."""
        self._store: Store[dict[str, Description]] = Store(hass, _VERSION, f"{DOMAIN}.descriptions")
        self._descriptions: dict[str, Description] = {}

    async def async_load(self) -> None:
        """Read what is stored; what cannot be read is as good as not there."""
        stored = await self._store.async_load()
        self._descriptions = stored if isinstance(stored, dict) else {}

    def get(self, pairing_id: str) -> tuple[Database, int | None] | None:
        """Give a description and its number; None when there is none, or it cannot be understood."""
        stored = self._descriptions.get(pairing_id.lower())
        try:
            return stored and (
                Database.from_accessories(stored["accessories"]),
                stored["config_num"],
            )
        except VendorError, KeyError, TypeError:
            del self._descriptions[pairing_id.lower()]
            return None

    @callback
    def put(self, pairing_id: str, database: Database, configuration: int | None) -> None:
        """Keep a description."""
        self._descriptions[pairing_id.lower()] = {
            "config_num": configuration,
            "accessories": database.store(),
        }
        self._store.async_delay_save(lambda: self._descriptions, _SAVE_AFTER_S)

    @callback
    def drop(self, pairing_id: str) -> None:
        """Forget a description."""
        if self._descriptions.pop(pairing_id.lower(), None):
            self._store.async_delay_save(lambda: self._descriptions, _SAVE_AFTER_S)


_ANNOUNCED: Final[HassKey[dict[str, int]]] = HassKey(f"{DOMAIN}.announced")


@callback
def async_announced_numbers(hass: HomeAssistant) -> dict[str, int]:
    """Give the numbers of descriptions that accessories with an entry announced since the start, by id in lower case.

    What is announced while an entry is being set up is not repeated.
    """
    return hass.data.setdefault(_ANNOUNCED, {})


_CACHE: Final[HassKey[DescriptionCache]] = HassKey(f"{DOMAIN}.descriptions")


@singleton(_CACHE, async_=True)
async def async_get_cache(hass: HomeAssistant) -> DescriptionCache:
    """Give the one cache, loaded."""
    cache = DescriptionCache(hass)
    await cache.async_load()
    return cache
