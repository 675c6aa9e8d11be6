"""What the tests of the simulators share."""

from collections.abc import AsyncIterator

import aiohttp
import pytest


@pytest.fixture
async def http(socket_enabled: None) -> AsyncIterator[aiohttp.ClientSession]:
    """Give a plain HTTP client."""
    async with aiohttp.ClientSession() as session:
        yield session
