"""The proxy does what its switches say; without that no fault test means anything."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from .clock import run_real, run_virtual
from .fault_proxy import Accept, Cut, FaultProxy, Way

pytestmark = pytest.mark.usefixtures("socket_enabled")

type Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def echo() -> AsyncIterator[tuple[FaultProxy, Streams]]:
    """Give a proxy before a server that repeats what it hears, and a client."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(1000):
                writer.write(data)
        writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, FaultProxy(server.sockets[0].getsockname()[1]) as proxy:
        streams = await asyncio.open_connection("127.0.0.1", proxy.port)
        try:
            yield proxy, streams
        finally:
            streams[1].transport.abort()
            await asyncio.sleep(0.005)


def test_everything_passes() -> None:
    """Without switches nothing is changed."""

    async def main() -> None:
        async with echo() as (proxy, (reader, writer)):
            writer.write(b"hello" * 1000)
            assert await reader.readexactly(5000) == b"hello" * 1000
            assert proxy.passed == 10_000
            assert proxy.passed_by == {Way.UP: 5000, Way.DOWN: 5000}
            assert proxy.open == proxy.connections == 1

    run_real(main())


@pytest.mark.parametrize("cut", list(Cut))
@pytest.mark.parametrize("after", range(10))
def test_cut(cut: Cut, after: int) -> None:
    """So many bytes pass and no more, in both directions together."""

    async def main() -> None:
        async with echo() as (proxy, (reader, writer)):
            proxy.cut, proxy.cut_after = cut, after
            writer.write(b"12345")
            heard = b""
            try:
                async with asyncio.timeout(60):
                    while data := await reader.read(100):
                        heard += data
            except ConnectionResetError:
                assert cut is Cut.RST
            else:
                assert cut is Cut.FIN
            assert b"12345"[: max(0, after - 5)].startswith(heard)
            if cut is Cut.FIN:
                assert heard == b"12345"[: max(0, after - 5)]
            assert proxy.passed == after
            assert proxy.open == 0

    run_real(main())


def test_offsets() -> None:
    """Every byte that has passed, or some of them with those around the ends of pieces."""

    async def main() -> None:
        async with echo() as (proxy, (reader, writer)):
            writer.write(b"x" * 50)
            await reader.readexactly(50)
            assert proxy.offsets(Cut.RST) == list(range(100))
            found = proxy.offsets(Cut.FIN)
            assert {0, 7, 14, 49, 50, 51, 98, 99} <= set(found)
            assert len(found) < 25
            proxy.count_from_here()
            assert proxy.offsets(Cut.RST) == proxy.offsets(Cut.FIN) == []

    run_real(main())


def test_blackhole() -> None:
    """Bytes vanish, the connection stays."""

    async def main() -> None:
        async with echo() as (proxy, (reader, writer)):
            proxy.blackhole = True
            writer.write(b"12345")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.read(5), 1000)
            proxy.blackhole = False
            writer.write(b"67")
            assert await reader.readexactly(2) == b"67"

    run_virtual(main())


def test_pacing() -> None:
    """Late, in pieces, or gathered: the bytes are the same."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with echo() as (proxy, (reader, writer)):
            for chunk, delay_s, coalesce_s in (
                (1, None, None),
                (None, 2.0, None),
                (None, None, 2.0),
            ):
                proxy.chunk, proxy.coalesce_s = chunk, coalesce_s
                proxy.delay_s = (lambda: 2.0) if delay_s else None
                started = loop.time()
                for part in (b"a" * 50, b"b" * 50):
                    writer.write(part)
                    await asyncio.sleep(0.01)
                assert await reader.readexactly(100) == b"a" * 50 + b"b" * 50
                assert loop.time() - started >= (3.9 if delay_s or coalesce_s else 0)

    run_virtual(main())


@pytest.mark.parametrize(
    ("flip", "repeat", "heard"),
    [
        ((Way.UP, 1), None, b"1g345"),
        ((Way.DOWN, 4), None, b"1234`"),
        (None, (Way.UP, 1), b"1212345"),
        (None, (Way.DOWN, 4), b"1234512345"),
    ],
)
def test_damage(flip: tuple[Way, int] | None, repeat: tuple[Way, int] | None, heard: bytes) -> None:
    """A byte is damaged, or bytes come twice; once."""

    async def main() -> None:
        async with echo() as (proxy, (reader, writer)):
            proxy.flip, proxy.repeat = flip, repeat
            writer.write(b"12345")
            assert await reader.readexactly(len(heard)) == heard
            writer.write(b"12345")
            assert await reader.readexactly(5) == b"12345"

    run_real(main())


def test_refusals() -> None:
    """Refused, reset or kept waiting at the door."""

    async def main() -> None:
        async with echo() as (proxy, _):
            port = proxy.port
            proxy.accept = Accept.HANG
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"x")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.read(1), 100)
            writer.transport.abort()
            proxy.accept = Accept.RESET
            with pytest.raises(OSError):  # noqa: PT012
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                if not await reader.read(1):
                    raise ConnectionResetError
            await proxy.refuse()
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", port)

    run_virtual(main())


def test_drop_all() -> None:
    """Everything ends at a word."""

    async def main() -> None:
        async with echo() as (proxy, (reader, _)):
            while not proxy.open:
                await asyncio.sleep(0.001)
            proxy.drop_all(Cut.FIN)
            assert await reader.read() == b""

    run_real(main())
