"""What the tests of the simulators share."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from tests.support.clock import VirtualLoop

# Where one end or the other is a process of its own, or a thread, time cannot be left out.
REAL_TIME = ("test_main", "test_hap_controller", "process")


@pytest.fixture
def _function_scoped_runner(request: pytest.FixtureRequest) -> Iterator[asyncio.Runner]:
    """Let time pass by itself only where it must: devices travel at once, and a busy machine is late for nothing.

    In place of the fixture of pytest-asyncio. Its hook for other loops makes fixtures of the session anew for each
    test, and with them a resolver that nobody closes.
    """
    real = request.path.stem.endswith(REAL_TIME)
    with asyncio.Runner(loop_factory=None if real else VirtualLoop) as runner:
        asyncio.set_event_loop(runner.get_loop())
        yield runner
        asyncio.set_event_loop(None)


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
