"""What the tests of the simulators share."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import aiohttp
import pytest

from tests.support.clock import VirtualLoop

# Where one end or the other is a process of its own, or a thread, time cannot be left out.
REAL_TIME = ("test_main", "test_hap_controller", "process")


def pytest_asyncio_loop_factories(
    item: pytest.Item,
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Let time pass by itself only where it must: devices travel at once, and a busy machine is late for nothing."""
    real = item.path.stem.endswith(REAL_TIME)
    return {"real": asyncio.new_event_loop} if real else {"virtual": VirtualLoop}


@pytest.fixture
async def http(socket_enabled: None) -> AsyncIterator[aiohttp.ClientSession]:
    """Give a plain HTTP client."""
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture(autouse=True)
async def own_clock() -> None:
    """Take back the clock that the plugin of Home Assistant gives to every loop."""
    loop = asyncio.get_running_loop()
    if isinstance(loop, VirtualLoop):
        vars(loop).pop("time", None)  # not by every release
