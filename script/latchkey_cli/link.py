"""Run a client for as long as a command needs it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
import random
from typing import NoReturn, Protocol

from .errors import CliError, ExitStatus

FIRST_WAIT_S = 2.0
MAX_WAIT_S = 300.0


class Client(Protocol):
    """What the clients of all vendors have in common."""

    @property
    def last_error(self) -> Exception | None:
        """Why the last attempt failed."""

    async def run(self) -> NoReturn:
        """Hold the link until cancelled."""

    async def ready(self) -> object:
        """Wait for the first verdict."""


class Attempts:
    """The waits between attempts to connect; tells when one has failed.

    A person gets to know about a wrong address at once. After a good start, ``watch`` tries again for ever.
    """

    def __init__(self) -> None:
        """Start without a failure."""
        self.failed = asyncio.Event()

    def __call__(self) -> Iterator[float]:
        """Give the waits of one series of failures in seconds."""
        wait = FIRST_WAIT_S
        while True:
            self.failed.set()
            yield min(MAX_WAIT_S, wait * random.uniform(0.5, 1.5))
            wait = min(MAX_WAIT_S, wait * 2)


async def run_linked[Result](
    client: Client,
    attempts: Attempts,
    limit_s: float,
    command: Callable[[], Coroutine[None, None, Result]],
) -> Result:
    """Run a command on a client that knows everything, and stop the client in the end.

    Raises the error of the first attempt that fails, CliError when none comes to an end within ``limit_s``, and
    whatever ends the client for good while the command runs.
    """
    async with _task(client.run()) as running:
        await _first_verdict(client, attempts, limit_s)
        async with _task(command()) as work:
            await asyncio.wait({running, work}, return_when=asyncio.FIRST_COMPLETED)
            return work.result() if work.done() else await running


async def _first_verdict(client: Client, attempts: Attempts, limit_s: float) -> None:
    """Wait until the client is ready or one attempt has failed."""
    async with _task(client.ready()) as ready, _task(attempts.failed.wait()) as failed:
        await asyncio.wait({ready, failed}, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            ready.result()
        elif failed.done() and client.last_error:
            raise client.last_error
        else:
            raise CliError(
                f"no complete answer within {limit_s:g} s; try again, or allow more with --timeout",
                ExitStatus.NO_LINK,
            )


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
