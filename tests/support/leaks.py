"""What must be gone when a test is over: tasks, timers, sockets."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
import gc
from pathlib import Path
import sys
import tracemalloc

# What caches of the interpreter and the last of whatever was done may hold.
_NOISE_BYTES, _NOISE_BLOCKS = 64 * 1024, 500


def open_sockets() -> set[str]:
    """Name the sockets this process holds."""
    names = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            target = entry.readlink()
        except OSError:  # closed since the folder was listed
            continue
        if str(target).startswith("socket:"):
            names.add(str(target))
    return names


def pending_timers(loop: asyncio.AbstractEventLoop) -> list[asyncio.TimerHandle]:
    """List what a loop would still call later."""
    return [handle for handle in loop._scheduled if not handle.cancelled()]  # type: ignore[attr-defined]


def living(*kinds: type) -> list[object]:
    """List the objects of some classes that are still reachable or not collected."""
    gc.collect()
    return [each for each in gc.get_objects() if isinstance(each, kinds)]


async def no_leaks[Result](main: Coroutine[object, object, Result], turns: int = 20) -> Result:
    """Await ``main``; fail when tasks, timers or sockets outlive it for longer than so many turns of a millisecond."""
    loop = asyncio.get_running_loop()
    tasks, sockets, timers = asyncio.all_tasks(), open_sockets(), len(pending_timers(loop))
    result = await main
    for _ in range(turns):  # what was closed says goodbye within a few turns of the loop
        if asyncio.all_tasks() == tasks and open_sockets() <= sockets:
            break
        await asyncio.sleep(0.001)
    assert asyncio.all_tasks() == tasks, "a task was left behind"
    assert open_sockets() <= sockets, "a socket was left open"
    assert len(pending_timers(loop)) <= timers, pending_timers(loop)
    return result


async def stays_flat(act: Callable[[int], Awaitable[None]], times: int) -> None:
    """Do something so many times; fail when anything is kept of it.

    Blocks of memory are counted over most of it, which costs nothing and finds what is kept of each. What is larger
    than such a block is traced, which takes several times as long as what is done, over a tenth.
    """
    few = times // 20
    await act(2 * few)  # what is made once is there from then on
    gc.collect()
    blocks = sys.getallocatedblocks()
    await act(times - 4 * few)
    gc.collect()
    assert sys.getallocatedblocks() - blocks < _NOISE_BLOCKS
    tracemalloc.start()
    try:
        await act(few)
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        await act(few)
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] - before < _NOISE_BYTES
    finally:
        tracemalloc.stop()
