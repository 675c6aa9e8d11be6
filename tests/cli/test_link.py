"""A client runs as long as its command, and a first failure is told at once."""

import asyncio
from itertools import islice
from typing import NoReturn

import pytest

from script.latchkey_cli.errors import CliError, ExitStatus
from script.latchkey_cli.link import MAX_WAIT_S, Attempts, run_linked


class FakeClient:
    """A client whose link does what the test says."""

    def __init__(self) -> None:
        """Start before the first verdict."""
        self.last_error: Exception | None = None
        self.verdict: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self.lasting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.stopped = False

    async def run(self) -> NoReturn:
        """Run until something lasting happens."""
        try:
            await self.lasting
            raise AssertionError("only an error is lasting")
        finally:
            self.stopped = True

    async def ready(self) -> object:
        """Wait for the verdict."""
        return await self.verdict


async def test_result_of_the_command() -> None:
    """The command runs on a ready client, which is stopped behind it."""
    client = FakeClient()
    client.verdict.set_result(None)

    async def command() -> int:
        assert not client.stopped
        return 7

    assert await run_linked(client, Attempts(), 5, command) == 7
    assert client.stopped


async def test_first_failed_attempt_is_told() -> None:
    """Nobody waits for the time limit to learn that an address is wrong."""
    client, attempts = FakeClient(), Attempts()
    client.last_error = ConnectionError("refused")
    next(attempts())
    with pytest.raises(ConnectionError, match="refused"):
        await run_linked(client, attempts, 60, _never)
    assert client.stopped


async def test_refused_credentials() -> None:
    """The verdict may be an error."""
    client = FakeClient()
    client.verdict.set_exception(PermissionError("refused"))
    with pytest.raises(PermissionError):
        await run_linked(client, Attempts(), 60, _never)
    assert client.stopped


async def test_silence_is_bounded() -> None:
    """A peer that neither answers nor fails meets the time limit."""
    client = FakeClient()
    with pytest.raises(CliError, match=r"within 0\.01 s") as caught:
        await run_linked(client, Attempts(), 0.01, _never)
    assert caught.value.status is ExitStatus.NO_LINK
    assert client.stopped


async def test_lasting_error_ends_the_command() -> None:
    """When the client ends by itself its error comes out, and the command is cancelled."""
    client = FakeClient()
    client.verdict.set_result(None)
    cancelled = asyncio.Event()

    async def command() -> None:
        client.lasting.set_exception(PermissionError("password changed"))
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    with pytest.raises(PermissionError):
        await run_linked(client, Attempts(), 5, command)
    assert cancelled.is_set()


async def test_cancelling_stops_client_and_command() -> None:
    """Ctrl-C leaves nothing behind."""
    client = FakeClient()
    client.verdict.set_result(None)
    started = asyncio.Event()

    async def command() -> None:
        started.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(run_linked(client, Attempts(), 5, command))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert client.stopped


async def test_waits_grow_and_are_bounded() -> None:
    """A watch over days tries again for ever, ever less often up to a bound."""
    waits = list(islice(Attempts()(), 20))
    assert 1 <= waits[0] <= 3
    assert waits[-1] >= MAX_WAIT_S / 2
    assert all(0 < wait <= MAX_WAIT_S for wait in waits)


async def _never() -> None:
    raise AssertionError("the command must not run")
