"""The surroundings of every test do what the tests rely on."""

import asyncio
import time

from homeassistant.core import HomeAssistant
from homeassistant.loader import async_get_custom_components
from hypothesis import settings
import pytest

from .. import common


async def test_our_components_are_found(hass: HomeAssistant) -> None:
    """Home Assistant loads the components of this repository, not the plugin's empty package."""
    found = await async_get_custom_components(hass)
    expected = {
        path.parent.name for path in common.TESTS.parent.glob("custom_components/*/manifest.json")
    }
    assert set(found) == expected
    assert expected


async def test_blocking_calls_are_caught_in_the_loop() -> None:
    """A sleep inside the event loop is an error, as in a real Home Assistant."""
    with pytest.raises(RuntimeError, match="blocking call to sleep"):
        time.sleep(0)


def test_blocking_calls_are_free_outside_of_the_loop() -> None:
    """Synchronous tests may wait for programs they start."""
    time.sleep(0)


async def test_loopback_can_be_opened(socket_enabled: None) -> None:
    """The fixture permits real servers on loopback."""
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()


def test_random_examples_are_repeatable() -> None:
    """The profile in use draws the same examples every time, in bounded number."""
    assert settings.default is not None
    assert settings.default.derandomize
    assert settings.default.max_examples <= 200
