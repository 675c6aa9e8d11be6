"""What tests of the accessory server share."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from typing import Any

import pytest

from custom_components.hap_controller.protocol.accessory import (
    Accessory,
    AccessoryServer,
    AccessoryState,
)

from .controller import RawController

CODE = "518-08-582"

type Serve = Callable[..., Awaitable[AccessoryServer]]
type Connect = Callable[..., Awaitable[RawController]]


@pytest.fixture(autouse=True)
def sockets(socket_enabled: None) -> None:
    """Use sockets, of loopback."""


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    """Close everything at the end."""
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
def serve(stack: AsyncExitStack) -> Serve:
    """Start servers that stop at the end."""

    async def serve(
        primary: Accessory, state: AccessoryState | None = None, **told: Any
    ) -> AccessoryServer:
        state = state or AccessoryState.fresh(primary.name, host="127.0.0.1", setup_code=CODE)
        told = {"announce": False, "event_interval_s": 0.0} | told
        return await stack.enter_async_context(AccessoryServer(primary, state, **told))

    return serve


@pytest.fixture
def connect(stack: AsyncExitStack) -> Connect:
    """Connect controllers that hang up at the end; with keys they are verified."""

    async def connect(server: AccessoryServer, keys: Any = None) -> RawController:
        controller = await stack.enter_async_context(await RawController.connect(server.address))
        if keys is not None:
            await controller.verify(keys)
        return controller

    return connect


async def pair(server: AccessoryServer) -> Any:
    """Pair a controller; gives its keys."""
    async with await RawController.connect(server.address) as controller:
        with suppress(ConnectionError):
            return await controller.pair(CODE)
    raise AssertionError("hung up amid pairing")
