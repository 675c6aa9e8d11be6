"""Announcements of appliances by multicast DNS (§2)."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from errno import EADDRINUSE
from ipaddress import ip_address

from zeroconf import NonUniqueNameException
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from .profile import Profile

SERVICE_TYPE = "_homeconnect._tcp.local."
FORGOTTEN_S = 1.2
"""Who is told a goodbye keeps the record for another second, and takes what comes meanwhile for a repetition (RFC 6762 §10.1)."""


def announcement(profile: Profile, host: str, port: int) -> AsyncServiceInfo:
    """Build what an appliance announces about itself."""
    brand = str(profile.head.get("brand") or profile.description.brand)
    vib = str(profile.head.get("vib") or profile.description.model)
    texts = {"id": profile.ha_id, "brand": brand.upper(), "type": profile.type, "vib": vib}
    if mac := profile.head.get("mac"):
        texts["mac"] = str(mac)
    return AsyncServiceInfo(
        SERVICE_TYPE,
        f"{brand} {profile.type} {vib} {profile.ha_id[-6:]}.{SERVICE_TYPE}",
        addresses=[ip_address(host).packed],
        port=port,
        properties=texts,
        server=f"{brand.lower()}-{profile.type.lower()}-{profile.ha_id}.local.",
    )


class Announcer:
    """Announces appliances, each as long as it is in the network."""

    def __init__(self, zeroconf: AsyncZeroconf, infos: Iterable[AsyncServiceInfo]) -> None:
        """Take what is announced already."""
        self._zeroconf = zeroconf
        self._infos = {info.decoded_properties["id"]: info for info in infos}
        self._turns = {ha_id: asyncio.Lock() for ha_id in self._infos}

    async def tell(self, ha_id: str, *, present: bool) -> None:
        """Announce an appliance that is back, or say goodbye for one that leaves."""
        info = self._infos[ha_id]
        async with self._turns[ha_id]:
            if present:  # nobody else took its name since it left
                await (
                    await self._zeroconf.async_register_service(info, cooperating_responders=True)
                )
            else:
                await (await self._zeroconf.async_unregister_service(info))
                await asyncio.sleep(FORGOTTEN_S)


@asynccontextmanager
async def announced(appliances: Iterable[tuple[Profile, str, int]]) -> AsyncIterator[Announcer]:
    """Announce appliances at their addresses on those interfaces only, while the context is open.

    Raises OSError when somebody announces them already.
    """
    infos = [announcement(*each) for each in appliances]
    hosts = sorted({address for info in infos for address in info.parsed_addresses()})
    zeroconf = AsyncZeroconf(interfaces=hosts)
    try:
        # At once: before each of them the network is asked for a second whether the name is free.
        try:
            sent = await asyncio.gather(*map(zeroconf.async_register_service, infos))
        except NonUniqueNameException as err:
            raise OSError(EADDRINUSE, "somebody announces these appliances already") from err
        await asyncio.gather(*sent)
        yield Announcer(zeroconf, infos)
    finally:
        await zeroconf.async_unregister_all_services()
        await zeroconf.async_close()
