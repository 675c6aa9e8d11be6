"""A server that does nothing but answer, so that the client is all there is to see of a round trip.

The strict simulators read, check and carry out each command, and that takes as long as the round trip itself.
"""

import asyncio
from statistics import median
import time

import aiohttp
from aiohttp import web

from .clouds import CloudClient, expect

# Nobody presses a switch without a pause; what comes after one finds no warm caches.
PAUSE_S = 0.002


def application() -> web.Application:
    """Offer ``/echo``; a vendor adds what a client needs to send commands."""
    made = web.Application()
    made.router.add_get("/echo", _echo)
    return made


async def _echo(request: web.Request) -> web.WebSocketResponse:
    """Send back what comes: what a round trip costs at least."""
    ws = web.WebSocketResponse(compress=False)
    await ws.prepare(request)
    async for message in ws:
        await ws.send_str(message.data)
    return ws


async def echoed(url: str, times: int, size: int) -> float:
    """Give the time of one round trip with so many bytes, in milliseconds."""
    text = "x" * size
    taken = []
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as ws:
        for _ in range(times):
            started = time.perf_counter()
            await ws.send_str(text)
            message = await ws.receive()
            taken.append((time.perf_counter() - started) * 1e3)
            expect(message.data, text, "echo")
            await asyncio.sleep(PAUSE_S)
    return median(taken)


async def commanded(client: CloudClient, device_id: str, times: int) -> float:
    """Give the time of a command to a server that has one device and only answers, in milliseconds."""
    expect(await client.connect(), 1, "devices with a state")
    taken = []
    for number in range(times):
        started = time.perf_counter()
        await client.switch(device_id, number % 2 == 0)
        taken.append((time.perf_counter() - started) * 1e3)
        await asyncio.sleep(PAUSE_S)
    await client.disconnect()
    return median(taken)
