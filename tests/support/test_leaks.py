"""What is kept of what is done many times is found; without that no test of memory means anything."""

import asyncio

import pytest

from .leaks import stays_flat

TIMES = 2000


@pytest.mark.parametrize("size", [0, 8, 4000], ids=["nothing", "small", "large"])
def test_stays_flat(size: int) -> None:
    """A few bytes of each are found, and larger blocks, which are counted elsewhere."""
    kept: list[bytes] = []
    done = 0

    async def act(times: int) -> None:
        nonlocal done
        for _ in range(times):
            done += 1
            if size:
                kept.append(bytes(size))

    if size:
        with pytest.raises(AssertionError):
            asyncio.run(stays_flat(act, TIMES))
    else:
        asyncio.run(stays_flat(act, TIMES))
        assert done == TIMES
