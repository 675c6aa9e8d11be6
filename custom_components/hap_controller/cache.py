"""Descriptions of accessories, kept apart from the entries: large, and read anew when they are lost (mapping §1.1)."""

from typing import Any, Final, NamedTuple
from zlib import compress, decompress

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.json import json_bytes
from homeassistant.helpers.singleton import singleton
from homeassistant.helpers.storage import Store
from homeassistant.util.hass_dict import HassKey
from homeassistant.util.json import json_loads

from .const import DOMAIN
from .protocol import Database, VendorError

_VERSION: Final = 1
_SAVE_AFTER_S: Final = 10.0
# A bridge of a hundred lights takes half a millisecond, and is a fiftieth then.
_QUICKLY: Final = 1


class Known(NamedTuple):
    """What is known of an accessory before it is asked."""

    database: Database
    configuration: int | None
    """``c#`` under which the accessory announced it."""
    takes_large: bool | None = None
    """Whether it bears requests of more than one frame; None as long as that was not tried."""
    fresh: bool = False
    """Whether it was read just now and has not been used: so it needs no number to be believed."""


class _Kept(NamedTuple):
    """The same as it is kept: as the JSON that it was told in, packed, for it says much the same again and again."""

    accessories: bytes
    configuration: int | None
    takes_large: bool | None
    fresh: bool = False

    def store(self) -> dict[str, Any]:
        return {
            "config_num": self.configuration,
            "takes_large": self.takes_large,
            **json_loads(decompress(self.accessories)),  # type: ignore[dict-item]
        }


class DescriptionCache:
    """All descriptions, by pairing id in lower case."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Prepare; ``async_load`` reads what is stored."""
        self._store: Store[dict[str, dict[str, Any]]] = Store(
            hass, _VERSION, f"{DOMAIN}.descriptions"
        )
        self._kept: dict[str, _Kept] = {}

    async def async_load(self) -> None:
        """Read what is stored; what cannot be read is as good as not there."""
        stored = await self._store.async_load()
        for key, each in stored.items() if isinstance(stored, dict) else ():
            try:
                self._kept[key] = _Kept(
                    _packed(each["accessories"]),
                    each["config_num"],
                    each.get("takes_large"),
                )
            except AttributeError, KeyError, TypeError:
                continue

    def get(self, pairing_id: str) -> Known | None:
        """Give what is known of an accessory; None when nothing is, or it cannot be understood."""
        kept = self._kept.get(pairing_id.lower())
        try:
            return kept and Known(Database.load(decompress(kept.accessories)), *kept[1:])
        except VendorError:
            del self._kept[pairing_id.lower()]
            return None

    @callback
    def put(
        self,
        pairing_id: str,
        database: Database,
        configuration: int | None,
        takes_large: bool | None = None,
        fresh: bool = True,
    ) -> None:
        """Keep what is known of an accessory."""
        self._kept[pairing_id.lower()] = _Kept(
            _packed(database.store()), configuration, takes_large, fresh
        )
        self._save()

    @callback
    def drop(self, pairing_id: str) -> None:
        """Forget an accessory."""
        if self._kept.pop(pairing_id.lower(), None):
            self._save()

    def _save(self) -> None:
        self._store.async_delay_save(
            lambda: {key: each.store() for key, each in self._kept.items()}, _SAVE_AFTER_S
        )


def _packed(accessories: Any) -> bytes:
    return compress(json_bytes({"accessories": accessories}), level=_QUICKLY)


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
