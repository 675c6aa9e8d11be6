"""What is ahead happens in its time, can be waited for, and can be called off."""

import asyncio

from simulators.timers import Timers


async def test_everything_happens_in_its_time() -> None:
    """Whoever waits goes on once nothing is ahead, also of what was added on the way."""
    timers, happened = Timers(), []
    timers.after(0.01, lambda: happened.append("second"))
    timers.at(0, lambda: timers.after(0.02, lambda: happened.append("third")))
    timers.after(0, lambda: happened.append("first"))
    await asyncio.gather(timers.settle(), timers.settle())
    assert happened == ["first", "second", "third"]
    await timers.settle()


async def test_called_off() -> None:
    """What is called off does not happen, and nobody waits for it."""
    timers, happened = Timers(), []
    one, two = (timers.after(60, lambda: happened.append(1)) for _ in range(2))
    waiting = asyncio.ensure_future(timers.settle())
    await asyncio.sleep(0)
    timers.cancel(one)
    assert not waiting.done()
    timers.cancel(one, two)
    await waiting
    timers.after(60, lambda: happened.append(1))
    waiting = asyncio.ensure_future(timers.settle())
    gone = asyncio.ensure_future(timers.settle())
    await asyncio.sleep(0)
    gone.cancel()
    timers.clear()
    await waiting
    assert happened == []


async def test_failure_is_not_the_end() -> None:
    """Something that fails is reported by the loop, and whoever waits goes on."""
    timers, happened, reported = Timers(), [], []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
    timers.after(0, lambda: happened.append(int("on purpose")))
    await timers.settle()
    assert happened == []
    assert "on purpose" in str(reported[0]["exception"])
