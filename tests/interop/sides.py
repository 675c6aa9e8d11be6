"""Two clients of one simulated vendor, side by side: a published one and ours."""

from abc import ABC, abstractmethod
import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

LIMIT_S = 60

type View = dict[str, dict[str, Any]]
"""What is known of each device, in the words of the published client."""


class Side(ABC):
    """One of the two clients: what it knows, what it was told, and a way to wait for that."""

    def __init__(self) -> None:
        """Begin without news."""
        self.told: list[Any] = []
        self._news = asyncio.Event()

    @property
    @abstractmethod
    def view(self) -> View:
        """What is known of all devices."""

    def hear(self, news: Any) -> None:
        """Keep what the client tells."""
        self.told.append(news)
        self._news.set()

    async def until(self, condition: Callable[[View], object]) -> None:
        """Wait until something that is told makes a condition on what is known true."""
        async with asyncio.timeout(LIMIT_S):
            while not condition(self.view):
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def running(client: Any, *endings: type[Exception]) -> AsyncIterator[None]:
    """Let a client of ours run until the block ends; before that it may only end as ``endings`` say."""
    task = asyncio.create_task(client.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, *endings):
            await task
