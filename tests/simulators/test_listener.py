"""A port that is taken away and given back, by several hands at once."""

import asyncio

from aiohttp import web
import pytest

from simulators.listener import Listener

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def accepts(listener: Listener) -> bool:
    """Try to connect."""
    try:
        _, writer = await asyncio.open_connection(listener.host, listener.port)
    except ConnectionRefusedError:
        return False
    writer.close()
    return True


@pytest.mark.parametrize("turns", range(4))
async def test_given_back_while_it_is_given_back(turns: int) -> None:
    """Whoever breaks off giving it back, or does the same at the same time, is in nobody's way."""
    listener = Listener(web.Application(), "127.0.0.1")
    await listener.open()
    for _ in range(2):
        await listener.refuse()
        assert not await accepts(listener)
        first = asyncio.create_task(listener.accept())
        for _ in range(turns):
            await asyncio.sleep(0)
        first.cancel()
        await asyncio.gather(listener.accept(), listener.accept(), first, return_exceptions=True)
        assert listener.accepting and await accepts(listener)
    await listener.close()
