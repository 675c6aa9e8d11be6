"""What the bare clients of all simulated clouds have in common: a websocket that is read frame by frame."""

import asyncio
from typing import Any

import aiohttp

LIMIT_S = 60.0
MUTE_S = 0.05

type Json = dict[str, Any]


class BareSocket:
    """One websocket, which leaves pings and pongs to its user."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse, home: Any) -> None:
        """Speak over ``ws`` to the cloud of ``home``."""
        self.ws = ws
        self.home = home

    async def text(self) -> str:
        """Read one text frame."""
        async with asyncio.timeout(LIMIT_S):
            message = await self.ws.receive()
        assert message.type is aiohttp.WSMsgType.TEXT, message
        text: str = message.data
        return text

    async def end(self) -> aiohttp.WSMessage:
        """Read the end of the connection, whatever comes before."""
        async with asyncio.timeout(LIMIT_S):
            while (message := await self.ws.receive()).type in {
                aiohttp.WSMsgType.TEXT,
                aiohttp.WSMsgType.BINARY,
            }:
                pass
        return message

    async def quiet(self) -> bool:
        """Tell whether nothing is waiting to be read once the devices have come to rest."""
        await self.home.settle()
        await self.ws.ping()
        async with asyncio.timeout(LIMIT_S):
            return (await self.ws.receive()).type is aiohttp.WSMsgType.PONG

    async def mute(self) -> bool:
        """Tell whether not even a ping is answered for a moment."""
        await self.ws.ping()
        try:
            async with asyncio.timeout(MUTE_S):
                await self.ws.receive()
        except TimeoutError:
            return True
        return False
