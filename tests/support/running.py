"""A client at work against a peer of the tests, whatever the vendor: its task, and all that it told."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import repeat
from types import ModuleType
from typing import Any, ClassVar, override

from .clock import real_limit_s


def at_once() -> Iterator[float]:
    """Wait a virtual second between attempts, whatever happened."""
    return repeat(1.0)


def now() -> float:
    """Read the loop's clock."""
    return asyncio.get_running_loop().time()


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


class RunningClient:
    """A client, its task, and all that it told."""

    protocol: ClassVar[ModuleType]
    """The door of the vendor's core."""

    def __init__(self, client: Any) -> None:
        """Subscribe, and let it run."""
        self.client = client
        self.changes: list[Any] = []
        self._losses = 0
        self._news = asyncio.Event()
        self.drops = client.statistics.drops = Drops(self._news)
        client.subscribe(self._heard)
        self.task: asyncio.Task[Any] = asyncio.create_task(client.run())

    def _heard(self, change: Any) -> None:
        self.changes.append(change)
        self._news.set()

    # --- what it told -----------------------------------------------------------------------

    def device(self, device_id: str) -> Any:
        """Give a device as it is now."""
        return self.client.devices[device_id]

    def links(self) -> list[bool]:
        """Give the changes of the link."""
        return [
            each.connected for each in self.changes if isinstance(each, self.protocol.LinkChanged)
        ]

    def added(self) -> list[str]:
        """Name the devices that appeared, in order."""
        return self._ids(self.protocol.DeviceAdded)

    def removed(self) -> list[str]:
        """Name the devices that went, in order."""
        return self._ids(self.protocol.DeviceRemoved)

    def _ids(self, kind: type) -> list[str]:
        return [each.device.device_id for each in self.changes if isinstance(each, kind)]

    def fields(self, device_id: str) -> list[set[str]]:
        """Give the changed fields of one device."""
        return [
            set(each.fields)
            for each in self.changes
            if isinstance(each, self.protocol.DeviceChanged) and each.device.device_id == device_id
        ]

    # --- waiting ----------------------------------------------------------------------------

    async def when(self, condition: Callable[[], object], limit_s: float = 60.0) -> None:
        """Wait until something holds that only news can bring about, without letting time pass for it."""
        async with asyncio.timeout(real_limit_s(limit_s)):
            while not condition():
                self._news.clear()
                await self._news.wait()

    async def ready(self) -> None:
        """Wait until everything is read."""
        async with asyncio.timeout(120):
            await self.client.ready()

    async def lost(self) -> None:
        """Wait until the link is lost, once more than last time."""
        self._losses += 1
        await self.when(lambda: self.links().count(False) >= self._losses, 100)

    async def back(self, limit_s: float = 30.0) -> None:
        """Wait until the link is up."""
        await self.when(lambda: self.client.connected, limit_s)

    async def dropped(self, than: int) -> None:
        """Wait until more attempts have failed, and links were lost, than that."""
        await self.when(lambda: self.drops.total() > than)

    async def another_drop(self) -> None:
        """Wait until one more attempt has failed, or one more link is lost."""
        await self.dropped(self.drops.total())

    async def end(self) -> BaseException | None:
        """Wait until the task ends by itself; gives its error."""
        async with asyncio.timeout(600):
            await asyncio.wait([self.task])
        return self.task.exception()

    async def stop(self) -> None:
        """Cancel the task and await it."""
        self.task.cancel()
        with suppress(asyncio.CancelledError, self.protocol.VendorError):
            await self.task


def shown_by(error: BaseException) -> str:
    """Collect what an error and everything that hangs on it would show."""
    texts, pending, seen = [], [error], set()
    while pending:
        err = pending.pop()
        if id(err) in seen:
            continue
        seen.add(id(err))
        texts += [str(err), repr(err), repr(err.args), repr(vars(err))]
        pending += [each for each in (err.__cause__, err.__context__) if each]
    return " ".join(texts)
