"""A client at work against a cloud of the tests."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from itertools import repeat
from typing import Any, override

import aiohttp

from custom_components.dio_chacon.protocol import (
    Change,
    Device,
    DeviceChanged,
    DioClient,
    LinkChanged,
    Rang,
    VendorError,
)
from tests.support.clock import real_limit_s

from .cloud import CREDENTIALS, Cloud


def at_once() -> Iterator[float]:
    """Wait a virtual second between attempts, whatever happened."""
    return repeat(1.0)


async def until(condition: Callable[[], object], limit_s: float = 10.0) -> None:
    """Wait until something holds; fail when it does not in time."""
    pause_s = 0.001
    async with asyncio.timeout(real_limit_s(limit_s)):
        while not condition():
            await asyncio.sleep(pause_s)
            pause_s = min(limit_s / 100, pause_s * 1.3)


class Drops(Counter[str]):
    """Counts lost links and failed attempts, and wakes who waits for one."""

    def __init__(self, news: asyncio.Event) -> None:
        """Count from nothing."""
        super().__init__()
        self._news = news

    @override
    def __setitem__(self, key: str, value: int) -> None:
        """Count and wake."""
        super().__setitem__(key, value)
        self._news.set()


class Running:
    """A client, its task, and all that it told."""

    def __init__(self, client: DioClient, cloud: Cloud) -> None:
        """Subscribe."""
        self.client, self.cloud = client, cloud
        self.changes: list[Change] = []
        self._losses = 0
        self._news = asyncio.Event()
        self.drops = client.statistics.drops = Drops(self._news)
        client.subscribe(self._heard)
        self.task: asyncio.Task[Any] = asyncio.create_task(client.run())

    def _heard(self, change: Change) -> None:
        self.changes.append(change)
        self._news.set()

    async def when(self, condition: Callable[[], object], limit_s: float = 60.0) -> None:
        """Wait until something holds that only news can bring about, without letting time pass for it."""
        async with asyncio.timeout(limit_s):
            while not condition():
                self._news.clear()
                await self._news.wait()

    async def another_drop(self) -> None:
        """Wait until one more attempt has failed, or one more link is lost."""
        before = self.drops.total()
        await self.when(lambda: self.drops.total() > before)

    def device(self, device_id: str) -> Device:
        """Give a device as it is now."""
        return self.client.devices[device_id]

    def links(self) -> list[bool]:
        """Give the changes of the link."""
        return [each.connected for each in self.changes if isinstance(each, LinkChanged)]

    def fields(self, device_id: str) -> list[set[str]]:
        """Give the changed fields of one device."""
        return [
            set(each.fields)
            for each in self.changes
            if isinstance(each, DeviceChanged) and each.device.device_id == device_id
        ]

    def rings(self) -> list[Rang]:
        """Give what rang."""
        return [each for each in self.changes if isinstance(each, Rang)]

    async def ready(self) -> None:
        """Wait until everything is read."""
        async with asyncio.timeout(30):
            await self.client.ready()

    async def lost(self) -> None:
        """Wait until the link is lost, once more than last time."""
        self._losses += 1
        await self.when(lambda: self.links().count(False) >= self._losses, 100)

    async def back(self, limit_s: float = 30.0) -> None:
        """Wait until the link is up."""
        await self.when(lambda: self.client.connected, limit_s)

    async def end(self) -> BaseException | None:
        """Wait until the task ends by itself; gives its error."""
        async with asyncio.timeout(600):
            await asyncio.wait([self.task])
        return self.task.exception()

    async def stop(self) -> None:
        """Cancel the task and await it."""
        self.task.cancel()
        with suppress(asyncio.CancelledError, VendorError):
            await self.task


@asynccontextmanager
async def running(
    cloud: Cloud | None = None, *, ready: bool = True, **options: Any
) -> AsyncIterator[Running]:
    """Run a client against a cloud, and stop both in the end."""
    async with cloud or Cloud() as server, aiohttp.ClientSession() as session:
        options.setdefault("servers", server.servers)
        options.setdefault("backoff", at_once)
        credentials = options.pop("credentials", CREDENTIALS)
        run = Running(DioClient(credentials, session, **options), server)
        try:
            if ready:
                await run.ready()
            yield run
        finally:
            await run.stop()
