"""What every measurement needs: clocks, a clean heap, and a loop whose time runs fast."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import gc
import selectors
import time
import tracemalloc
from typing import override


@dataclass(slots=True)
class Spent:
    """What a block cost."""

    cpu_s: float = 0.0
    """CPU time of this process, kernel included."""
    wall_s: float = 0.0


@contextmanager
def spending() -> Iterator[Spent]:
    """Measure a block, on a heap without old garbage."""
    gc.collect()
    spent = Spent()
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        yield spent
    finally:
        spent.cpu_s = time.process_time() - cpu
        spent.wall_s = time.perf_counter() - wall


@dataclass(slots=True)
class Held:
    """What a block left behind."""

    bytes: int = 0


@contextmanager
def holding() -> Iterator[Held]:
    """Measure by how much the heap has grown when a block ends."""
    held = Held()
    gc.collect()
    tracemalloc.start()
    try:
        yield held
        gc.collect()
        held.bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()


class _HurriedSelector(selectors.DefaultSelector):
    """Waits a fraction of what it is asked to."""

    def __init__(self, speed: float) -> None:
        super().__init__()
        self._speed = speed

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(timeout / self._speed if timeout else timeout)


class HurriedLoop(asyncio.SelectorEventLoop):
    """A loop whose clock runs ``speed`` times as fast; work takes the CPU time that it takes.

    So ten minutes of keep-alive are seen in seconds. The network is as slow as ever and appears slower by the
    factor, which loopback can bear.
    """

    def __init__(self, speed: float) -> None:
        """Run ``speed`` times as fast as the wall clock."""
        self._speed = speed
        super().__init__(_HurriedSelector(speed))

    @override
    def time(self) -> float:
        return time.monotonic() * self._speed
