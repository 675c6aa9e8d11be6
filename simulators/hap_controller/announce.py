"""What an accessory announces of itself by multicast DNS, as long as it does (§1, §12.2)."""

import asyncio
from collections.abc import Mapping
from ipaddress import ip_address
import re

import ifaddr
from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

SERVICE_TYPE = "_hap._tcp.local."


class Announcer:
    """One announcement, which follows what it is told."""

    def __init__(self, name: str, host: str) -> None:
        """Announce a name on the interface of ``host``, or on all where that is none."""
        self.name = f"{name}.{SERVICE_TYPE}"
        self._host = host
        self._zeroconf: AsyncZeroconf | None = None
        self._wanted: tuple[int, Mapping[str, str]] | None = None
        self._telling: asyncio.Task[None] | None = None

    async def open(self, port: int, texts: Mapping[str, str]) -> None:
        """Begin. Raises OSError without a network to announce in."""
        if ip_address(self._host).is_unspecified:
            self._zeroconf = AsyncZeroconf(ip_version=IPVersion.V4Only)
        else:
            self._zeroconf = AsyncZeroconf(interfaces=[self._host])
        info = self._describe(port, texts)
        await (await self._zeroconf.async_register_service(info, allow_name_change=True))
        self.name = info.name

    def tell(self, port: int, texts: Mapping[str, str]) -> None:
        """Announce something else from now on."""
        self._wanted = port, texts
        if self._zeroconf is not None and (self._telling is None or self._telling.done()):
            self._telling = asyncio.create_task(self._tell(self._zeroconf))

    async def _tell(self, zeroconf: AsyncZeroconf) -> None:
        """Announce what is wanted, until nothing else is: each time takes half a second."""
        while self._wanted is not None:
            wanted, self._wanted = self._wanted, None
            await (await zeroconf.async_update_service(self._describe(*wanted)))

    async def close(self) -> None:
        """Say goodbye."""
        zeroconf, self._zeroconf = self._zeroconf, None
        self._wanted = None
        if self._telling is not None:
            await self._telling
        if zeroconf is not None:
            await zeroconf.async_unregister_all_services()
            await zeroconf.async_close()

    def _describe(self, port: int, texts: Mapping[str, str]) -> AsyncServiceInfo:
        host = f"{texts['id'].replace(':', '')[-6:]}-{self.name.partition('.')[0]}"
        return AsyncServiceInfo(
            SERVICE_TYPE,
            self.name,
            parsed_addresses=_addresses(self._host),
            port=port,
            properties=dict(texts),
            server=f"{re.sub('[^0-9A-Za-z]+', '-', host)}.local.",
        )


def _addresses(host: str) -> list[str]:
    """Give where controllers find us; those of the machine when we listen on all of them."""
    if not ip_address(host).is_unspecified:
        return [host]
    own = [
        str(each.ip) for adapter in ifaddr.get_adapters() for each in adapter.ips if each.is_IPv4
    ]
    return [each for each in own if not ip_address(each).is_loopback] or own
