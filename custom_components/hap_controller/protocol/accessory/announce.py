"""How controllers find the accessory: what it announces by mDNS, and when.

Source: docs/hap_controller/wire.md §1, §12.2.
"""

import asyncio
from collections.abc import Awaitable
from ipaddress import ip_address
import logging
import re
from typing import Final

import ifaddr
from zeroconf import Error, IPVersion, NotRunningException, Zeroconf
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from ..catalogue import OTHER_CATEGORY
from ..const import MAX_NAME_CHARS, StatusFlag
from ..setup_code import setup_hash_text
from .state import AccessoryState

_LOGGER = logging.getLogger(__name__)

SERVICE_TYPE: Final = "_hap._tcp.local."
# Timed writes and write responses are understood.
_PROTOCOL_VERSION: Final = "1.1"
# How often is looked whether the machine has got another address; nothing tells that in the same way everywhere.
_LOOK_S: Final = 60.0
# A label of a domain name has 63; four are left for a number where a name is taken.
_MAX_LABEL_BYTES: Final = 59
# An entry of a TXT record has 255 with its key.
_MAX_MODEL_BYTES: Final = 250


def txt_record(state: AccessoryState) -> dict[str, str]:
    """Give what is announced of an accessory as it is now."""
    register = state.register
    told = {
        "md": _cut(state.name[:MAX_NAME_CHARS], _MAX_MODEL_BYTES),
        "ci": str(state.category or OTHER_CATEGORY),
        "pv": _PROTOCOL_VERSION,
        "c#": str(state.config_number),
        "id": register.accessory_id,
        "ff": "0",
        "s#": "1",
        "sf": str(0 if register.paired else int(StatusFlag.UNPAIRED)),
    }
    if state.setup_id is not None:
        told["sh"] = setup_hash_text(state.setup_id, register.accessory_id)
    return told


class Announcer:
    """One announcement; ``refresh`` makes it say what is true now, and it follows the addresses of the machine."""

    def __init__(
        self,
        state: AccessoryState,
        host: str,
        port: int,
        zeroconf: AsyncZeroconf | Zeroconf | None = None,
    ) -> None:
        """Prepare; ``zeroconf`` is left running, without one there is one of our own on the address of ``host``."""
        self._state = state
        self._host = host
        self._port = port
        self._own = zeroconf is None
        self._zeroconf = AsyncZeroconf(zc=zeroconf) if isinstance(zeroconf, Zeroconf) else zeroconf
        self._info: AsyncServiceInfo | None = None
        self._broadcast: Awaitable[None] | None = None
        """Repeats the first announcement; lost if nobody holds it."""
        self._told: dict[str, str] = {}
        self._addresses: list[str] = []
        self._following: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        """Announce; if the name is taken, under another one. Raises OSError without a network to announce in."""
        self._told = txt_record(self._state)
        self._addresses = addresses_of(self._host)
        await self._register(f"{_label(self._state.name)}.{SERVICE_TYPE}")
        if ip_address(self._host).is_unspecified:
            self._following = asyncio.create_task(self._follow())

    async def _register(self, name: str) -> None:
        if self._zeroconf is None:
            self._zeroconf = self._open()
        info = self._describe(name)
        self._broadcast = await self._zeroconf.async_register_service(info, allow_name_change=True)
        self._info = info

    def _open(self) -> AsyncZeroconf:
        address = ip_address(self._host)
        version = IPVersion.V4Only if address.version == 4 else IPVersion.V6Only
        if address.is_unspecified:
            return AsyncZeroconf(ip_version=version)
        return AsyncZeroconf(interfaces=[self._host], ip_version=version)

    @property
    def name(self) -> str | None:
        """The name under which it is announced, None when it is not."""
        return None if self._info is None else self._info.name

    async def refresh(self) -> None:
        """Announce what changed, if anything did."""
        async with self._turn:
            told = txt_record(self._state)
            if self._info is None or self._zeroconf is None or told == self._told:
                return
            self._told = told
            await self._renew()

    async def _renew(self) -> bool:
        """Announce what is true now under the name of before; tells whether that went well."""
        assert self._info is not None and self._zeroconf is not None
        info = self._describe(self._info.name)
        try:
            await (await self._zeroconf.async_update_service(info))
        except Error, OSError, NotRunningException:  # whoever owns it has stopped it
            _LOGGER.warning("The announcement of the accessory could not be renewed")
            return False
        self._info = info
        return True

    async def _follow(self) -> None:
        """Announce the addresses that the machine gets, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_S)
            async with self._turn:
                before = self._addresses
                try:
                    addresses = addresses_of(self._host)
                except OSError:  # the system would not tell
                    continue
                if addresses == before or not addresses:  # without a network nobody would hear
                    continue
                self._addresses = addresses
                if not await (self._reopen() if self._own else self._renew()):
                    self._addresses = before  # and once more next time

    async def _reopen(self) -> bool:
        """Announce from the addresses of now: the sockets of before are bound to others. Tells whether that went well."""
        assert self._info is not None
        name = self._info.name
        self._told = txt_record(self._state)
        try:
            if self._zeroconf is not None:
                old, self._zeroconf = self._zeroconf, None
                self._silence()
                await old.async_close()
            await self._register(name)
        except Error, OSError, NotRunningException:
            _LOGGER.debug("The accessory cannot be announced at its new address yet")
            return False
        return True

    def _silence(self) -> None:
        """End the repetition of the first announcement: it would come behind a goodbye."""
        if isinstance(self._broadcast, asyncio.Future):
            self._broadcast.cancel()

    async def stop(self) -> None:
        """Say goodbye."""
        async with self._turn:
            if self._following is not None:  # not amid anything, or it would have the turn
                self._following.cancel()
                await asyncio.wait([self._following])
            self._silence()
            info, self._info = self._info, None
            if self._zeroconf is None:
                return
            try:
                if info is not None:
                    await (await self._zeroconf.async_unregister_service(info))
            except Error, OSError, NotRunningException:
                _LOGGER.debug("No goodbye could be said")
            finally:
                if self._own:
                    await self._zeroconf.async_close()

    def _describe(self, name: str) -> AsyncServiceInfo:
        octets = self._state.register.accessory_id.replace(":", "")[-6:].upper()
        host = re.sub(r"[^0-9A-Za-z]+", "-", self._state.name).strip("-")[:40] or "Accessory"
        return AsyncServiceInfo(
            SERVICE_TYPE,
            name,
            port=self._port,
            properties=self._told,
            server=f"{host}-{octets}.local.",
            parsed_addresses=self._addresses,
        )


def addresses_of(host: str) -> list[str]:
    """Give the addresses at which a server that listens on ``host`` can be reached from elsewhere."""
    address = ip_address(host)
    if not address.is_unspecified:
        return [host]
    own = [
        ip_address(each.ip if isinstance(each.ip, str) else each.ip[0])
        for adapter in ifaddr.get_adapters()
        for each in adapter.ips
        if bool(each.is_IPv4) == (address.version == 4)
    ]
    found = [each for each in own if not each.is_link_local]
    outer = [each for each in found if not each.is_loopback]
    return [str(each) for each in outer or found]


def _label(name: str) -> str:
    """Make one label of a name: no dots, they would make several, and nothing that cannot be seen."""
    text = "".join(each if each.isprintable() and each != "." else " " for each in name)
    return _cut(" ".join(text.split()), _MAX_LABEL_BYTES).strip() or "Accessory"


def _cut(text: str, limit: int) -> str:
    """Shorten a text to so many bytes at most, between two characters."""
    return text.encode()[:limit].decode(errors="ignore")
