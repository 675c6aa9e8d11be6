"""Pairings that accessories may still hold for us although no entry has them, kept until they are taken back.

Two kinds: that of an entry which was removed while its accessory was away, and that of an accessory whose last message
of pairing was lost. Either way nobody could pair the accessory without a factory reset, were the keys forgotten.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
import logging
import secrets
from typing import Any, Final, TypedDict

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.singleton import singleton
from homeassistant.helpers.storage import Store
from homeassistant.util.hass_dict import HassKey

from .announcements import async_find
from .const import (
    BUILT_IN_DOMAIN,
    CONF_ADDRESS,
    CONF_ADDRESS_PORT,
    CONF_ADDRESSES,
    CONF_CONTROLLER_ID,
    CONF_PAIRING_ID,
    DOMAIN,
    PEER_NAME,
)
from .protocol import (
    Announcement,
    ConnectionKind,
    HalfKeys,
    LinkError,
    Pairing,
    PairingKeys,
    PairingRecord,
    PreparedPairing,
    RecordError,
    VendorError,
    revoke_pairing,
)

_LOGGER = logging.getLogger(__name__)

_VERSION: Final = 1
# The entry that holds the pairing now is stored before.
_SAVE_AFTER_S: Final = 10.0
# Two visits, the second because an accessory may hang up before its answer is read.
_LIMIT_S: Final = 15.0
_VISITS: Final = 2
_KEY_BYTES: Final = 8

STILL_PAIRED: Final = "still_paired"
OTHERS_DROPPED: Final = "others_dropped"


class Leftover(TypedDict):
    """One pairing to be taken back."""

    name: str
    """What people call the accessory."""
    record: dict[str, Any]
    """As pairing records are spelled; without the accessory's key, perhaps its id, when its last message was lost."""


class Leftovers:
    """All such pairings, by keys of our own."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Prepare; ``async_load`` reads what is stored."""
        self._hass = hass
        self._store: Store[dict[str, Leftover]] = Store(
            hass, _VERSION, f"{DOMAIN}.leftovers", private=True
        )
        self._kept: dict[str, Leftover] = {}
        self._busy: set[str] = set()
        """Those that somebody else is at, such as an attempt to pair that still goes on."""

    async def async_load(self) -> None:
        """Read what is stored; what cannot be read is as good as not there."""
        stored = await self._store.async_load()
        self._kept = stored if isinstance(stored, dict) else {}

    async def async_keep(self, name: str, record: Mapping[str, Any]) -> str:
        """Keep a pairing, on disk as of now; gives its key. Nobody takes it back before ``release``."""
        key = secrets.token_hex(_KEY_BYTES)
        self._kept[key] = {"name": name, "record": dict(record)}
        self._busy.add(key)
        await self._store.async_save(self._kept)
        return key

    @callback
    def release(self, key: str) -> None:
        """Let whoever comes across the accessory take a pairing back."""
        self._busy.discard(key)

    @callback
    def forget(self, key: str) -> None:
        """Keep a pairing no longer."""
        self._busy.discard(key)
        if self._kept.pop(key, None):
            self._store.async_delay_save(lambda: self._kept, _SAVE_AFTER_S)
        ir.async_delete_issue(self._hass, DOMAIN, _issue_id(key))

    def find(self, announcement: Announcement) -> str | None:
        """Find the pairing of an accessory that announces itself; by its address if nothing else is known of it."""
        for key, leftover in self._kept.items():
            record = leftover["record"]
            accessory_id = record.get(CONF_PAIRING_ID)
            if key in self._busy:
                continue
            if accessory_id is None:
                hosts = record.get(CONF_ADDRESSES) or ()
                if record.get(CONF_ADDRESS_PORT) == announcement.port and not set(hosts).isdisjoint(
                    announcement.addresses
                ):
                    return key
            elif accessory_id.lower() == announcement.key:
                return key
        return None

    async def async_take_back_all(self) -> None:
        """Try all of them, one after the other: some accessory may be back that was away."""
        for key in [key for key in self._kept if key not in self._busy]:
            await self.async_take_back(key)

    async def async_take_back(self, key: str) -> bool:
        """Visit the accessory and have it forget us; the user is told when that fails. Tells whether it is done."""
        leftover = self._kept.get(key)
        if leftover is None:
            return True
        if self._is_in_use(leftover["record"]):
            self.forget(key)
            return True
        self._busy.add(key)
        try:
            keys = _read_keys(leftover["record"])
            others = await self._async_visit(keys, leftover["record"])
        except RecordError:  # it is worth nothing to anybody
            self.forget(key)
            return True
        except VendorError as err:
            _LOGGER.debug("A pairing cannot be taken back from the %s: %s", PEER_NAME, err)
            self.release(key)
            self._tell(key, leftover["name"])
            return False
        except BaseException:
            self.release(key)
            raise
        self.forget(key)
        if others and not any(each.admin for each in others):
            self._tell_dropped(key, leftover["name"], len(others))
        return True

    async def _async_visit(
        self, keys: PairingKeys | HalfKeys, record: Mapping[str, Any]
    ) -> list[Pairing]:
        """Have the accessory forget us, wherever it is now; gives the other controllers that it knew."""
        hosts, port = tuple(record.get(CONF_ADDRESSES) or ()), record.get(CONF_ADDRESS_PORT) or 0
        if keys.accessory_id and (found := await async_find(self._hass, keys.accessory_id)):
            hosts, port = found.addresses or hosts, found.port or port
        others: list[Pairing] = []
        error: LinkError = LinkError("no answer in time")
        with suppress(TimeoutError):
            async with asyncio.timeout(_LIMIT_S):
                for _ in range(_VISITS):
                    try:
                        others += await revoke_pairing(keys, hosts, port)
                    except LinkError as err:
                        error = err
                    else:
                        return others
        raise error

    def _is_in_use(self, record: Mapping[str, Any]) -> bool:
        """Tell whether an entry, ours or the built-in integration's, lives by a pairing."""
        controller_id = record.get(CONF_CONTROLLER_ID)
        return any(
            entry.data.get(CONF_CONTROLLER_ID) == controller_id
            for domain in (DOMAIN, BUILT_IN_DOMAIN)
            for entry in self._hass.config_entries.async_entries(domain)
        )

    def _tell(self, key: str, name: str) -> None:
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            _issue_id(key),
            data={"leftover": key, "accessory": name},
            is_fixable=True,
            is_persistent=True,
            severity=ir.IssueSeverity.WARNING,
            translation_key=STILL_PAIRED,
            translation_placeholders={"accessory": name},
        )

    def _tell_dropped(self, key: str, name: str, count: int) -> None:
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            f"{OTHERS_DROPPED}_{key}",
            # A click says that it was read; nothing else would ever take it away.
            data={"dropped": count},
            is_fixable=True,
            is_persistent=True,
            severity=ir.IssueSeverity.WARNING,
            translation_key=OTHERS_DROPPED,
            translation_placeholders={"accessory": name, "count": str(count)},
        )


def _issue_id(key: str) -> str:
    return f"{STILL_PAIRED}_{key}"


def _read_keys(record: Mapping[str, Any]) -> PairingKeys | HalfKeys:
    """Read what is known of a pairing; raises RecordError when that is too little."""
    with suppress(RecordError):
        return PairingRecord.read(dict(record)).keys
    prepared = PreparedPairing.read(dict(record))
    return HalfKeys(record.get(CONF_PAIRING_ID), prepared.controller_id, prepared.controller_ltsk)


def store_half(keys: HalfKeys, hosts: tuple[str, ...], port: int) -> dict[str, Any]:
    """Write what is known of a pairing before its last message, as records are spelled."""
    record: dict[str, Any] = {
        CONF_CONTROLLER_ID: keys.controller_id,
        "iOSDeviceLTSK": keys.controller_ltsk.hex(),
        CONF_ADDRESS: hosts[0] if hosts else None,
        CONF_ADDRESSES: list(hosts),
        CONF_ADDRESS_PORT: port,
    }
    if keys.accessory_id is not None:
        record[CONF_PAIRING_ID] = keys.accessory_id
    return record


_LEFTOVERS: Final[HassKey[Leftovers]] = HassKey(f"{DOMAIN}.leftovers")


@singleton(_LEFTOVERS, async_=True)
async def async_get_leftovers(hass: HomeAssistant) -> Leftovers:
    """Give the one collection, loaded."""
    leftovers = Leftovers(hass)
    await leftovers.async_load()
    return leftovers


async def async_unpair(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Have the accessory of an entry that is being removed forget us, so that it can be paired anew."""
    try:
        record = PairingRecord.read(dict(entry.data))
    except RecordError:
        return
    if record.connection is ConnectionKind.IP:
        leftovers = await async_get_leftovers(hass)
        key = await leftovers.async_keep(entry.title, record.store())
        await leftovers.async_take_back(key)
