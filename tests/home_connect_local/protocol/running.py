"""A client at work against a simulated appliance."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp

from custom_components.home_connect_local.protocol import (
    Appliance,
    Change,
    ConnectionType,
    HomeConnectClient,
    LinkChanged,
    Profile,
    Trouble,
    TroubleChanged,
    ValuesChanged,
    VendorError,
)
from simulators.home_connect_local import Pace, SimulatedAppliance
from tests.support.clock import real_limit_s
from tests.support.running import at_once, until

from .appliances import described

TLS_NAME, AES_NAME = "dishwasher", "washer"
DEVICE_ID = "c0ffee01"


async def spin(condition: Callable[[], object]) -> None:
    """Wait without letting time pass until something holds that needs none."""
    for _ in range(200_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it does not happen by itself")


def profile_of(simulated: SimulatedAppliance, **members: Any) -> Profile:
    """Give the profile that a user has of an appliance; the description is shared."""
    files = simulated.profile
    known: dict[str, Any] = {
        "ha_id": simulated.ha_id,
        "connection_type": ConnectionType(simulated.connection_type),
        "key": files.key,
        "iv": files.iv if simulated.connection_type == "AES" else None,
        "created": None,
        "description": described(simulated.ha_id),
    }
    return Profile(**known | members)


class Running:
    """A client, its task, and all that it told."""

    def __init__(self, client: HomeConnectClient) -> None:
        """Subscribe."""
        self.client = client
        self.changes: list[Change] = []
        client.subscribe(self.changes.append)
        self.task: asyncio.Task[Any] = asyncio.create_task(client.run())

    @property
    def appliance(self) -> Appliance:
        """What is known of the appliance."""
        return self.client.appliance

    def uid(self, key: str) -> int:
        """Find a feature by its name."""
        feature = self.appliance.find(key)
        assert feature is not None
        return feature.uid

    def value(self, key: str) -> Any:
        """Give the value of a feature by its name."""
        return self.appliance.value(self.uid(key))

    def links(self) -> list[bool]:
        """Give the changes of the link."""
        return [each.connected for each in self.changes if isinstance(each, LinkChanged)]

    def changed(self) -> list[frozenset[int]]:
        """Give what changed at once, one after the other."""
        return [each.uids for each in self.changes if isinstance(each, ValuesChanged)]

    def troubles(self) -> list[frozenset[Trouble]]:
        """Give what was told about troubles."""
        return [each.troubles for each in self.changes if isinstance(each, TroubleChanged)]

    async def ready(self) -> None:
        """Wait until everything is read."""
        async with asyncio.timeout(600):
            await self.client.ready()

    async def lost(self) -> None:
        """Wait until the link is lost."""
        await until(lambda: not self.client.connected, 200)
        await asyncio.sleep(0)

    async def back(self, limit_s: float = 30.0) -> None:
        """Wait until the link is up."""
        async with asyncio.timeout(real_limit_s(limit_s)):
            await self.client.ready()

    async def end(self) -> BaseException | None:
        """Wait until the task ends by itself; gives its error."""
        async with asyncio.timeout(900):
            await asyncio.wait([self.task])
        return self.task.exception()

    async def stop(self) -> None:
        """Cancel the task and await it."""
        self.task.cancel()
        with suppress(asyncio.CancelledError, VendorError):
            await self.task


@asynccontextmanager
async def running(
    simulated: SimulatedAppliance,
    *,
    port: int | None = None,
    ready: bool = True,
    profile: Profile | None = None,
    **options: Any,
) -> AsyncIterator[Running]:
    """Run a client against an appliance, at another port if told, and stop it in the end."""
    options = {
        "backoff": at_once,
        "device_id": DEVICE_ID,
        "device_name": "Test",
        "port": simulated.port if port is None else port,
    } | options
    async with aiohttp.ClientSession() as session:
        client = HomeConnectClient(
            profile or profile_of(simulated), simulated.host, session, **options
        )
        run = Running(client)
        try:
            if ready:
                await run.ready()
            yield run
        finally:
            await run.stop()


def simulate(name: str = AES_NAME, **options: Any) -> SimulatedAppliance:
    """Make an appliance that acts at once; it may be started from afar."""
    simulated = SimulatedAppliance(
        name, pace=Pace(speed=options.pop("speed", 1000.0), reaction_s=0.0), **options
    )
    simulated.appliance.remote_start(True)
    return simulated


@asynccontextmanager
async def at_home(
    name: str = AES_NAME, *, speed: float = 1.0, **options: Any
) -> AsyncIterator[tuple[Running, SimulatedAppliance]]:
    """Run a client against an appliance of its own; what it asks must be what appliances understand."""
    async with simulate(name, speed=speed) as simulated:
        async with running(simulated, **options) as run:
            yield run, simulated
        assert simulated.violations == []
