"""Run a client for as long as a command needs it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import NoReturn, Protocol

from .errors import CliError, ExitStatus


class Client(Protocol):
    """What the clients of all vendors have in common."""

    async def run(self) -> NoReturn:
        """Hold the link until cancelled."""

    async def ready(self, *, patient: bool) -> object:
        """Wait until everything is known; an impatient caller gets the first failure."""


async def run_linked[Result](
    client: Client, limit_s: float, command: Callable[[], Coroutine[None, None, Result]]
) -> Result:
    """Run a command on a client that knows everything, and stop the client in the end.

    Raises the error of the first attempt that fails, so that a person hears of a wrong address at once, CliError
    when none comes to an end within ``limit_s``, and whatever ends the client for good while the command runs.
    """
    async with _task(client.run()) as running:
        try:
            async with asyncio.timeout(limit_s):
                await client.ready(patient=False)
        except TimeoutError:
            raise CliError(
                f"no complete answer within {limit_s:g} s; try again, or allow more with --timeout",
                ExitStatus.NO_LINK,
            ) from None
        async with _task(command()) as work:
            await asyncio.wait({running, work}, return_when=asyncio.FIRST_COMPLETED)
            return work.result() if work.done() else await running


@asynccontextmanager
async def _task[Result](
    coroutine: Coroutine[None, None, Result],
) -> AsyncIterator[asyncio.Task[Result]]:
    """Run something beside the body, and end it with the body."""
    task = asyncio.create_task(coroutine)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
