"""A client at work against a cloud of the tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import aiohttp

from custom_components.homismart import protocol
from custom_components.homismart.protocol import HomismartClient, Servers
from tests.support.running import RunningClient, at_once, now, until

from .cloud import Cloud, prompt_session
from .home import CREDENTIALS, MORNING

__all__ = ["Running", "at_home", "now", "running", "until"]


class Running(RunningClient):
    """A client of Homismart, its task, and all that it told."""

    protocol: ClassVar = protocol
    client: HomismartClient


@asynccontextmanager
async def running(
    url: str | None = None,
    *,
    session: aiohttp.ClientSession | None = None,
    ready: bool = True,
    **options: Any,
) -> AsyncIterator[Running]:
    """Run a client against the server at ``url``, the vendor's by default, and stop it in the end."""
    options.setdefault("backoff", at_once)
    options.setdefault("wall", lambda: MORNING)
    credentials = options.pop("credentials", CREDENTIALS)
    if url is not None:
        options["servers"] = Servers(url)
    async with session or prompt_session() as own:
        run = Running(HomismartClient(credentials, own, **options))
        try:
            if ready:
                await run.ready()
            yield run
        finally:
            await run.stop()


@asynccontextmanager
async def at_home(
    cloud: Cloud | None = None, **options: Any
) -> AsyncIterator[tuple[Running, Cloud]]:
    """Run a client against a cloud of its own."""
    async with cloud or Cloud() as server, running(server.url, **options) as run:
        yield run, server
