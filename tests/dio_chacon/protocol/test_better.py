"""Weaknesses of other clients (§15) that no test of a single room shows to be absent here."""

import asyncio
from typing import Any
from unittest.mock import patch

import aiohttp
import pytest

from custom_components.dio_chacon.protocol import (
    ConnectError,
    DioClient,
    LinkClosedError,
    Movement,
    VendorError,
)
from tests.support.clock import run_real, run_virtual

from .cloud import CREDENTIALS, Cloud, Link
from .home import PLUG, SHUTTER, level, moving, push
from .running import at_once, running, until

pytestmark = pytest.mark.usefixtures("socket_enabled")


def test_nobody_listens() -> None:
    """§15.11: while connections are refused, whoever asks gets an error of ours, each time."""

    async def main() -> None:
        async with Cloud() as gone:
            servers = gone.servers
        async with aiohttp.ClientSession() as session:
            client = DioClient(CREDENTIALS, session, servers=servers, backoff=at_once)
            task = asyncio.create_task(client.run())
            try:
                with pytest.raises(ConnectError):
                    await client.ready(patient=False)
                for _ in range(3):
                    with pytest.raises(LinkClosedError):
                        await client.set_on(PLUG, True)
                    with pytest.raises(LinkClosedError):
                        await client.refresh()
            finally:
                task.cancel()
                await asyncio.wait([task])
            assert isinstance(client.last_error, VendorError)

    run_real(main())


def test_late_answers_are_forgotten() -> None:
    """§15.2: however many answers come too late, none is kept, and the answers in time are still found."""

    async def main() -> None:
        rounds = 30
        async with running() as run:
            late: list[dict[str, Any]] = []

            async def keep(link: Link, request: dict[str, Any]) -> None:
                if "/action/" in request["path"]:
                    late.append(request)
                else:
                    await run.cloud.answer(link, request)

            for value in range(rounds):
                run.cloud.on_request = keep
                with pytest.raises(VendorError, match="no answer"):
                    await run.client.set_on(PLUG, bool(value % 2))
                run.cloud.on_request = run.cloud.answer
                await run.cloud.answer(run.cloud.link, late.pop())
                await run.client.set_on(PLUG, bool(value % 2))
            assert run.client.statistics.strays == rounds
            assert run.cloud.connections == 1
            connection = run.client._connection
            assert connection is not None
            assert not connection._in_flight
            assert not connection._waiting
            assert not run.client._waiters

    run_virtual(main())


def test_stopping_is_quick_and_complete() -> None:
    """§15.15: after many reconnections one stop ends all there is, at once, and the HTTP session is still its owner's."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        made = 0
        new_session = aiohttp.ClientSession.__init__

        def count(session: aiohttp.ClientSession, *args: Any, **options: Any) -> None:
            nonlocal made
            made += 1
            new_session(session, *args, **options)

        async with Cloud() as cloud, aiohttp.ClientSession() as session:
            before = asyncio.all_tasks()
            client = DioClient(CREDENTIALS, session, servers=cloud.servers, backoff=at_once)
            task = asyncio.create_task(client.run())
            await client.ready()
            with patch.object(aiohttp.ClientSession, "__init__", count):
                for number in range(10):
                    cloud.link.abort()
                    await until(lambda least=number + 1: cloud.connections > least)
                    await until(lambda: client.connected)
            started = loop.time()
            task.cancel()
            await asyncio.wait([task])
            assert loop.time() - started < 0.5
            await until(lambda: all(link.ended.is_set() for link in cloud.links))
            await until(lambda: asyncio.all_tasks() <= before)
            assert made == 0
            assert not session.closed

    run_virtual(main())


@pytest.mark.parametrize(
    ("before", "movement"),
    [
        ([moving("up")], Movement.UP),
        ([moving("down")], Movement.DOWN),
        ([moving("stop"), level(100)], Movement.UP),
        ([moving("stop"), level(0)], Movement.DOWN),
        ([moving("stop"), level(50)], Movement.STOP),
    ],
    ids=["runs up", "runs down", "open", "closed", "stands"],
)
def test_a_wrong_state_can_be_corrected(before: list[dict[str, Any]], movement: Movement) -> None:
    """§15.18: a direction is sent also when the stored state says that the shutter is there, or on its way."""

    async def main() -> None:
        async with running() as run:
            run.cloud.link.send(push(SHUTTER, *before))
            await until(lambda: run.fields(SHUTTER))
            await run.client.move(SHUTTER, movement)
            (sent,) = run.cloud.requests("/action/")
            assert sent["parameters"] == {"movement": movement.value}

    run_real(main())


def test_push_without_a_level() -> None:
    """§15.20: each report tells what it tells, in any order; the listener hears of that field and the rest stays."""

    async def main() -> None:
        async with running() as run:
            run.cloud.link.send(
                push(SHUTTER, moving("up")),
                push(SHUTTER, level(100)),
                push(SHUTTER, moving("stop")),
            )
            await until(lambda: len(run.fields(SHUTTER)) == 3)
            assert run.fields(SHUTTER) == [{"movement"}, {"position"}, {"movement"}]
            shutter = run.device(SHUTTER)
            assert (shutter.connected, shutter.position) == (True, 100)
            assert shutter.movement is Movement.STOP
            assert run.client.connected

    run_real(main())
