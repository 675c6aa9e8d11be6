"""A client runs as long as its command, and a first failure is told at once."""

import asyncio
from typing import NoReturn

import pytest

from script.latchkey_cli.errors import CliError, ExitStatus
from script.latchkey_cli.link import run_linked


class FakeClient:
    """A client whose link does what the test says."""

    def __init__(self) -> None:
        """Start before the first verdict."""
        self.verdict: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self.lasting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.running = False

    async def run(self) -> NoReturn:
        """Run until something lasting happens."""
        self.running = True
        try:
            await self.lasting
            raise AssertionError("only an error is lasting")
        finally:
            self.running = False

    async def ready(self, *, patient: bool) -> object:
        """Wait for the verdict; a person is not patient."""
        assert not patient
        return await self.verdict


async def test_result_of_the_command() -> None:
    """The command runs on a ready client, which is stopped behind it."""
    client = FakeClient()
    client.verdict.set_result(None)

    async def command() -> int:
        assert client.running
        return 7

    assert await run_linked(client, 5, command) == 7
    assert not client.running


async def test_first_failure_is_told() -> None:
    """The verdict may be an error: of the credentials, or of the first attempt."""
    client = FakeClient()
    client.verdict.set_exception(PermissionError("refused"))
    with pytest.raises(PermissionError):
        await run_linked(client, 60, _never)
    assert not client.running


async def test_silence_is_bounded() -> None:
    """A peer that neither answers nor fails meets the time limit."""
    client = FakeClient()
    with pytest.raises(CliError, match=r"within 0\.01 s") as caught:
        await run_linked(client, 0.01, _never)
    assert caught.value.status is ExitStatus.NO_LINK
    assert not client.running


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
        await run_linked(client, 5, command)
    assert cancelled.is_set()


async def test_cancelling_stops_client_and_command() -> None:
    """Ctrl-C leaves nothing behind."""
    client = FakeClient()
    client.verdict.set_result(None)
    started = asyncio.Event()

    async def command() -> None:
        started.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(run_linked(client, 5, command))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not client.running


async def _never() -> None:
    raise AssertionError("the command must not run")
