"""What tests of exact counts share."""

from abc import ABC, abstractmethod
import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
import gc
import sys
import tracemalloc
from typing import Any

from benchmarks.children import Child

# Heap blocks that may come and go with caches of the interpreter, however many pushes there were.
NOISE_BLOCKS = 50
# Rooms of a protocol core, and of a whole component with it; a handful more than the cloud components have.
CORE_MODULES, COMPONENT_MODULES = 20, 40


def peak_bytes(action: Callable[[], object]) -> int:
    """Measure how much an action holds at most while it runs, its result included."""
    action()  # what is made once is not its own
    gc.collect()
    tracemalloc.start()
    try:
        result = action()
        _, peak = tracemalloc.get_traced_memory()
        del result
    finally:
        tracemalloc.stop()
    return peak


def blocks_left(act: Callable[[], object], times: int = 5_000) -> int:
    """Count the blocks that the heap has more after doing something so many times."""

    def repeatedly(times: int) -> int:
        for _ in range(times):
            act()
        gc.collect()
        return sys.getallocatedblocks()

    before = repeatedly(100)  # what is made once is not left behind
    return repeatedly(times) - before


def imported_by(importer: Child, *modules: str, core: str | None = None) -> list[str]:
    """List what importing modules loads on top of a running Home Assistant; ``core`` is whose core is wanted alone."""
    names: list[str] = importer.ask("import", modules=modules, core=core)["names"]
    return names


def imported_by_core(importer: Child, domain: str) -> list[str]:
    """List what a protocol core loads on top of a running Home Assistant."""
    return imported_by(importer, f"custom_components.{domain}.protocol", core=domain)


@asynccontextmanager
async def running[Client: Any](client: Client) -> AsyncIterator[Client]:
    """Run a client of a core, which has read everything when the block begins."""
    task = asyncio.create_task(client.run())
    try:
        async with asyncio.timeout(60):
            await client.ready()
        yield client
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def reconnected(client: Any, interrupt: Callable[[], object]) -> None:
    """Interrupt the link of a client and wait until it is back."""
    again = asyncio.Event()

    def hear(change: Any) -> None:
        if client.connected:
            again.set()

    client.subscribe(hear)
    interrupt()
    async with asyncio.timeout(60):
        await again.wait()


class Conversation(ABC):
    """A connection without sockets, its own clock, and a server that answers at once."""

    def __init__(self) -> None:
        """Begin at zero; the vendor's makes the connection."""
        self.now = 0.0
        self.asked: list[str] = []
        self.pings = 0
        self.connection: Any

    @abstractmethod
    def hear(self, frame: Any) -> None:
        """Take a frame of the server, text or pong."""

    @abstractmethod
    def answer(self, text: str) -> None:
        """Note what the client asked, and answer it."""

    def exchange(self) -> None:
        """Answer what was asked until nothing is."""
        while frames := self.connection.outgoing():
            for frame in frames:
                if isinstance(frame, str):
                    self.answer(frame)
                else:  # a ping
                    self.pings += 1
                    self.hear(type(frame).PONG)

    def pass_time(self, seconds: float) -> int:
        """Let time pass; gives how often the connection wanted to be woken."""
        end, ticks = self.now + seconds, 0
        while (due := self.connection.deadline) <= end:
            self.now = max(self.now, due)
            ticks += 1
            for _ in self.connection.tick(self.now):
                pass
            self.exchange()
        self.now = end
        return ticks
