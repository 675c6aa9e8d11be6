"""One attempt to pair: two steps, and every way to fail by its cause."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from custom_components.hap_controller.protocol import (
    AlreadyPairedError,
    BusyError,
    ConnectError,
    FrameError,
    LinkClosedError,
    MaxTriesError,
    PairingAttempt,
    PeerSilentError,
    SetupCodeError,
)
from custom_components.hap_controller.protocol.accessory import AccessoryState
from custom_components.hap_controller.protocol.const import MAX_TRIES
from custom_components.hap_controller.protocol.http import RequestParser
from custom_components.hap_controller.protocol.refusals import HttpError, PairingMessageError
from tests.support.clock import run_virtual
from tests.support.fault_proxy import Cut, FaultProxy

from .running import HOST, at_home, bulb, paired, running, serving

pytestmark = pytest.mark.usefixtures("socket_enabled")


def test_pair() -> None:
    """The code is asked for between two steps; what comes of it opens links."""

    async def main() -> None:
        lamp, _ = bulb()
        async with serving(lamp) as server:
            async with PairingAttempt.open([HOST], server.address[1]) as attempt:
                await attempt.begin()
                await asyncio.sleep(60)  # somebody looks for the code
                keys = await attempt.finish(server.setup_code)
            assert keys.accessory_id == server.state.register.accessory_id
            assert list(server.state.register.pairings) == [keys.controller_id]
            assert keys.controller_ltsk.hex() not in repr(keys)
            async with running(keys, server.address[1]) as run:
                assert run.client.connected

    run_virtual(main())


def test_wrong_code() -> None:
    """A wrong code is an error of its own and costs one try; nothing is paired."""

    async def main() -> None:
        lamp, _ = bulb()
        state = AccessoryState.fresh(host=HOST, setup_code="518-08-582")
        async with serving(lamp, state) as server:
            with pytest.raises(SetupCodeError):
                await paired(server.address[1], "518-08-583")
            assert not server.paired
            assert state.register.failed_attempts == 1
            await paired(server.address[1], "518-08-582")
            assert server.paired

    run_virtual(main())


def test_refusals() -> None:
    """Paired already, busy, or closed for good: each has its own name, before any code is asked for."""

    async def main() -> None:
        lamp, _ = bulb()
        async with serving(lamp) as server:
            port = server.address[1]
            async with (
                PairingAttempt.open([HOST], port) as first,
                PairingAttempt.open([HOST], port) as second,
            ):
                await first.begin()
                with pytest.raises(BusyError):
                    await second.begin()
            server.state.register.failed_attempts = MAX_TRIES
            async with PairingAttempt.open([HOST], port) as attempt:
                with pytest.raises(MaxTriesError):
                    await attempt.begin()
        async with (
            at_home(bulb()[0]) as (_, server),
            PairingAttempt.open([HOST], server.address[1]) as attempt,
        ):
            with pytest.raises(AlreadyPairedError):
                await attempt.begin()

    run_virtual(main())


def test_identify() -> None:
    """Whoever is not paired can ask which one it is, of an accessory that is not either."""

    async def main() -> None:
        lamp, _ = bulb()
        shown: list[int] = []
        lamp.identify = lambda: shown.append(1)
        async with serving(lamp) as server:
            async with PairingAttempt.open([HOST], server.address[1]) as attempt:
                await attempt.identify()
                assert shown == [1]
                await attempt.begin()
                await attempt.finish(server.setup_code)
            async with PairingAttempt.open([HOST], server.address[1]) as attempt:
                with pytest.raises(AlreadyPairedError):
                    await attempt.identify()

    run_virtual(main())


def test_nobody_there() -> None:
    """No connection, no attempt."""

    async def main() -> None:
        with pytest.raises(ConnectError):
            async with PairingAttempt.open([HOST], 1):
                pytest.fail("it is open")

    run_virtual(main())


@asynccontextmanager
async def answering(answer: Callable[[bytes], bytes]) -> AsyncIterator[PairingAttempt]:
    """Attempt to pair with something that gives the same answer to everything."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        parser = RequestParser()
        while data := await reader.read(4096):
            for request in parser.feed(data):
                writer.write(answer(request.body))
        writer.close()

    server = await asyncio.start_server(serve, HOST, 0)
    try:
        port = server.sockets[0].getsockname()[1]
        async with PairingAttempt.open([HOST], port) as attempt:
            yield attempt
    finally:
        server.close()
        server.abort_clients()
        await server.wait_closed()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"HTTP/1.1 429 Too Many\r\n\r\n", BusyError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n\x06\x01\x02\x07\x01\x07", BusyError),
        (
            b"HTTP/1.1 405 No\r\nContent-Length: 6\r\n\r\n\x06\x01\x02\x07\x01\x06",
            AlreadyPairedError,
        ),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", PairingMessageError),
        (b"EVENT/1.0 200 OK\r\n\r\n", HttpError),
        (b"HTTP/1.1 204 x\r\n\r\nHTTP/1.1 204 x\r\n\r\n", HttpError),
        (b"220 smtp.example.org ready\r\n\r\n", FrameError),
        (b"", PeerSilentError),
    ],
)
def test_odd_answers(answer: bytes, expected: type[Exception]) -> None:
    """Whatever answers, the attempt ends with an error that says why."""

    async def main() -> None:
        async with answering(lambda _: answer) as attempt:
            with pytest.raises(expected):
                await attempt.begin()

    run_virtual(main())


def test_second_step_first() -> None:
    """Who gives a code that was not asked for made a mistake."""

    async def main() -> None:
        lamp, _ = bulb()
        async with (
            serving(lamp) as server,
            PairingAttempt.open([HOST], server.address[1]) as attempt,
        ):
            with pytest.raises(RuntimeError):
                await attempt.finish(server.setup_code)

    run_virtual(main())


@pytest.mark.parametrize("cut", list(Cut))
def test_cut(cut: Cut) -> None:
    """A link that is lost amid pairing ends the attempt at once; the accessory can be paired afterwards."""

    async def main() -> None:
        lamp, _ = bulb()
        async with serving(lamp) as server, FaultProxy(server.address[1]) as proxy:
            keys = await paired(proxy.port, server.setup_code)
            length = proxy.passed
            for offset in range(0, length, 97):
                server.state.register.pairings.clear()
                proxy.count_from_here()
                proxy.cut, proxy.cut_after = cut, offset
                with pytest.raises(LinkClosedError):
                    await paired(proxy.port, server.setup_code)
                proxy.cut = None
            server.state.register.pairings.clear()
            again = await paired(proxy.port, server.setup_code)
            assert again != keys
            assert (
                replace(again, accessory_id=keys.accessory_id).accessory_ltpk == keys.accessory_ltpk
            )

    run_virtual(main())
