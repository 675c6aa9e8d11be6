"""A client at work against a cloud of the tests."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from itertools import repeat
from typing import Any

import aiohttp

from custom_components.homismart.protocol import (
    Change,
    Device,
    DeviceAdded,
    DeviceChanged,
    DeviceRemoved,
    HomismartClient,
    LinkChanged,
    Servers,
    VendorError,
)
from tests.support.clock import real_limit_s

from .cloud import Cloud, prompt_session
from .home import CREDENTIALS, MORNING


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


class Running:
    """A client, its task, and all that it told."""

    def __init__(self, client: HomismartClient) -> None:
        """Subscribe."""
        self.client = client
        self.changes: list[Change] = []
        self._losses = 0
        client.subscribe(self.changes.append)
        self.task: asyncio.Task[Any] = asyncio.create_task(client.run())

    def device(self, device_id: str) -> Device:
        """Give a device as it is now."""
        return self.client.devices[device_id]

    def links(self) -> list[bool]:
        """Give the changes of the link."""
        return [each.connected for each in self.changes if isinstance(each, LinkChanged)]

    def added(self) -> list[str]:
        """Name the devices that appeared, in order."""
        return [each.device.device_id for each in self.changes if isinstance(each, DeviceAdded)]

    def removed(self) -> list[str]:
        """Name the devices that went, in order."""
        return [each.device.device_id for each in self.changes if isinstance(each, DeviceRemoved)]

    def fields(self, device_id: str) -> list[set[str]]:
        """Give the changed fields of one device."""
        return [
            set(each.fields)
            for each in self.changes
            if isinstance(each, DeviceChanged) and each.device.device_id == device_id
        ]

    async def ready(self) -> None:
        """Wait until everything is read."""
        async with asyncio.timeout(120):
            await self.client.ready()

    async def lost(self) -> None:
        """Wait until the link is lost, once more than last time."""
        self._losses += 1
        await until(lambda: self.links().count(False) >= self._losses, 100)

    async def back(self, limit_s: float = 30.0) -> None:
        """Wait until the link is up."""
        await until(lambda: self.client.connected, limit_s)

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
    url: str | None = None,
    *,
    session: aiohttp.ClientSession | None = None,
    ready: bool = True,
    **options: Any,
) -> AsyncIterator[Running]:
    """Run a client against the server at ``url``, the vendor's by default, and stop it in the end."""
    options.setdefault("backoff", at_once)
    options.setdefault("wall", lambda: MORNING)
    credentials = options.pop("credentials", CREDENTIALS)
    if url is not None:
        options["servers"] = Servers(url)
    async with session or prompt_session() as own:
        run = Running(HomismartClient(credentials, own, **options))
        try:
            if ready:
                await run.ready()
            yield run
        finally:
            await run.stop()


@asynccontextmanager
async def at_home(
    cloud: Cloud | None = None, **options: Any
) -> AsyncIterator[tuple[Running, Cloud]]:
    """Run a client against a cloud of its own."""
    async with cloud or Cloud() as server, running(server.url, **options) as run:
        yield run, server
