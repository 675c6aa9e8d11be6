"""A client at work against a cloud of the tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import aiohttp

from custom_components.dio_chacon import protocol
from custom_components.dio_chacon.protocol import DioClient, Rang
from tests.support.running import RunningClient, at_once, until

from .cloud import CREDENTIALS, Cloud

__all__ = ["Running", "at_once", "running", "until"]


class Running(RunningClient):
    """A client of DIO, its task, and all that it told; and its cloud."""

    protocol: ClassVar = protocol
    client: DioClient

    def __init__(self, client: DioClient, cloud: Cloud) -> None:
        """Subscribe, and let it run."""
        super().__init__(client)
        self.cloud = cloud

    def rings(self) -> list[Rang]:
        """Give what rang."""
        return [each for each in self.changes if isinstance(each, Rang)]


@asynccontextmanager
async def running(
    cloud: Cloud | None = None, *, ready: bool = True, **options: Any
) -> AsyncIterator[Running]:
    """Run a client against a cloud, and stop both in the end."""
    async with cloud or Cloud() as server, aiohttp.ClientSession() as session:
        options.setdefault("servers", server.servers)
        options.setdefault("backoff", at_once)
        credentials = options.pop("credentials", CREDENTIALS)
        run = Running(DioClient(credentials, session, **options), server)
        try:
            if ready:
                await run.ready()
            yield run
        finally:
            await run.stop()
