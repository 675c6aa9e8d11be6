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


@asynccontextmanager
async def announced(appliances: Iterable[tuple[Profile, str, int]]) -> AsyncIterator[None]:
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
        yield
    finally:
        await zeroconf.async_unregister_all_services()
        await zeroconf.async_close()
