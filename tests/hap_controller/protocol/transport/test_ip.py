"""The TCP connection to an accessory: which address is taken, and what becomes of one that is none."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
import socket
from typing import Any
from unittest.mock import patch

import pytest
from pytest_socket import socket_allow_hosts

from custom_components.hap_controller.protocol.const import CONNECT_LIMIT_S
from custom_components.hap_controller.protocol.errors import ConnectError, LinkClosedError
from custom_components.hap_controller.protocol.transport import is_host, open_tcp, resolve
from custom_components.hap_controller.protocol.transport.ip import TcpTransport, _address_info
from tests.support.clock import run_real, run_virtual
from tests.support.fault_proxy import Cut, FaultProxy

pytestmark = pytest.mark.usefixtures("socket_enabled")

HOST = "127.0.0.1"


class Echo:
    """A server that says everything back."""

    def __init__(self) -> None:
        """Count."""
        self.port = 0
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client."""
        self.connections += 1
        while data := await reader.read(1000):
            writer.write(data)
        writer.close()


@asynccontextmanager
async def echo(host: str = HOST) -> AsyncIterator[Echo]:
    """Listen."""
    served = Echo()
    server = await asyncio.start_server(served.serve, host, 0)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        server.close()
        server.abort_clients()
        await server.wait_closed()


def test_bytes_both_ways() -> None:
    """What is sent comes back, in an open connection with the options it should have."""

    async def main() -> None:
        async with echo() as there, open_tcp([HOST], there.port) as transport:
            await transport.send(b"hello")
            assert await transport.receive() == b"hello"
            assert transport.host == HOST
            sock: socket.socket = transport._writer.get_extra_info("socket")
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 20

    run_real(main())


def test_cancelled_receive_loses_nothing() -> None:
    """Bytes that come later are there for the next call."""

    async def main() -> None:
        async with echo() as there, open_tcp([HOST], there.port) as transport:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await transport.receive()
            await transport.send(b"hello")
            assert await transport.receive() == b"hello"

    run_real(main())


async def flood(transport: TcpTransport) -> None:
    """Write until it fails."""
    while True:
        await transport.send(b"hello")
        await asyncio.sleep(0.001)


@pytest.mark.parametrize("cut", list(Cut))
def test_closed(cut: Cut) -> None:
    """The end of a connection is one error, whichever way it came."""

    async def main() -> None:
        async with (
            echo() as there,
            FaultProxy(there.port) as proxy,
            open_tcp([HOST], proxy.port) as transport,
        ):
            await transport.send(b"hello")
            await transport.receive()
            proxy.drop_all(cut)
            with pytest.raises(LinkClosedError):
                await transport.receive()
            await asyncio.sleep(0.01)
            with pytest.raises(LinkClosedError):
                await flood(transport)

    run_real(main())


def test_refused() -> None:
    """Nobody listens."""

    async def main() -> None:
        async with echo() as there:
            port = there.port
        with pytest.raises(ConnectError):
            async with open_tcp([HOST], port):
                pytest.fail("it is open")

    run_real(main())


@pytest.mark.parametrize(
    "hosts",
    [[], ["127.0.0.256", ""], ["lamp local", "http://lamp", "lamp:80"], [".", "x" * 254, "1"]],
)
def test_no_address(hosts: list[str]) -> None:
    """What can be neither an address nor a name is not looked up either."""

    async def main() -> None:
        asyncio.get_running_loop().getaddrinfo = never  # type: ignore[method-assign]
        with pytest.raises(ConnectError, match="no address"):
            async with open_tcp(hosts, 1):
                pytest.fail("it is open")

    run_real(main())


async def never(*_: object, **__: object) -> list[Any]:
    """Be no name server."""
    pytest.fail("it was looked up")


@contextmanager
def known(names: dict[str, list[tuple[Any, ...]]]) -> Iterator[None]:
    """Be the name server of the running loop."""

    async def look_up(host: str, port: object, **_: object) -> list[tuple[Any, ...]]:
        if host == "slow.local":
            await asyncio.sleep(3600)
        host.encode("idna")  # as the system does
        if host not in names:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [
            (socket.AF_INET6 if ":" in end[0] else socket.AF_INET, socket.SOCK_STREAM, 6, "", end)
            for end in names[host]
        ]

    with patch.object(asyncio.get_running_loop(), "getaddrinfo", look_up):
        yield


def test_name_of_this_machine() -> None:
    """Names are looked up as the system does; what requests name is the address behind them."""

    async def main() -> None:
        async with echo() as there, open_tcp(["localhost"], there.port) as transport:
            assert transport.host == HOST

    run_real(main())


def test_names() -> None:
    """Addresses stay as they are, names become theirs, each once and in order; what is not known is left out."""
    names = {
        "lamp.local": [
            ("fe80::1", 0, 0, 7),
            ("fe80::2%eth0", 0, 0, 8),
            (HOST, 0),
            ("192.0.2.1", 0),
        ],
        "many.local": [(f"192.0.2.{number}", 0) for number in range(100)],
    }

    async def main() -> None:
        with known(names):
            found = await resolve(["192.0.2.1", "lamp.local", "unknown.local", "fe80::1%7"])
            assert found == ("192.0.2.1", "fe80::1%7", "fe80::2%eth0", HOST)
            assert len(await resolve(["many.local"])) == 16
            with pytest.raises(ConnectError, match="the name of the accessory is not known"):
                await resolve(["unknown.local"])

    run_real(main())


def test_name_that_no_server_takes() -> None:
    """A label of more than 63 letters cannot even be asked for."""

    async def main() -> None:
        with known({}), pytest.raises(ConnectError, match="the name of the accessory is not"):
            await resolve([f"{'ü' * 64}.local"])

    run_real(main())


def test_slow_name_server() -> None:
    """A name is not waited for for ever, and costs the others nothing."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        with known({}):
            begun = loop.time()
            assert await resolve(["slow.local", HOST]) == (HOST,)
            assert loop.time() - begun == pytest.approx(CONNECT_LIMIT_S, abs=0.5)

    run_virtual(main())


def silent_listener() -> socket.socket:
    """Listen with a full backlog: connections are neither taken nor refused."""
    listener = socket.socket()
    listener.bind((HOST, 0))
    listener.listen(0)
    return listener


def test_silent_address() -> None:
    """An address from which nothing comes is given up in time."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        with silent_listener() as listener:
            address = listener.getsockname()
            fillers = []
            for _ in range(4):
                filler = socket.socket()
                filler.setblocking(False)
                filler.connect_ex(address)
                fillers.append(filler)
            begun = loop.time()
            with pytest.raises(ConnectError, match="TimeoutError"):
                async with open_tcp([HOST], address[1]):
                    pytest.fail("it is open")
            assert loop.time() - begun == pytest.approx(CONNECT_LIMIT_S, abs=0.5)
            for filler in fillers:
                filler.close()

    run_virtual(main())


def test_next_address() -> None:
    """When one address refuses, the other is taken; both run side by side when one is silent."""
    socket_allow_hosts([HOST, "127.0.0.2"])

    async def main() -> None:
        async with echo() as there:
            async with open_tcp(["127.0.0.2", HOST], there.port) as transport:
                assert transport.host == HOST
            async with open_tcp(["no such host", HOST, "127.0.0.2"], there.port) as transport:
                assert transport.host == HOST
            assert there.connections == 2

    run_real(main())


def test_gone_at_once() -> None:
    """A peer that hangs up before we have looked is a lost link, nothing worse."""

    class Gone:
        def get_extra_info(self, name: str) -> Any:
            return None

    with pytest.raises(LinkClosedError):
        TcpTransport(asyncio.StreamReader, Gone())  # type: ignore[arg-type]  # never read


def test_cancelled_amid_opening() -> None:
    """Nothing is left open by an attempt that is cancelled at the last moment."""

    async def main() -> None:
        async with echo() as there:
            with (
                patch("asyncio.open_connection", side_effect=asyncio.CancelledError),
                pytest.raises(asyncio.CancelledError),
            ):
                async with open_tcp([HOST], there.port):
                    pytest.fail("it is open")

    run_real(main())


@pytest.mark.parametrize(
    ("host", "end"),
    [
        ("192.0.2.1", ("192.0.2.1", 80)),
        ("2001:db8::1", ("2001:db8::1", 80, 0, 0)),
        ("fe80::1%7", ("fe80::1", 80, 0, 7)),
        ("fe80::1%lo", ("fe80::1", 80, 0, socket.if_nametoindex("lo"))),
        ("fe80::1%nothing", ("fe80::1", 80, 0, 0)),
    ],
)
def test_address_info(host: str, end: tuple[Any, ...]) -> None:
    """Link-local addresses belong to an interface, by number or name."""
    assert _address_info(host, 80)[4] == end


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.7", True),
        ("2001:db8::7", True),
        ("fe80::1%eth0", True),
        ("lamp.local", True),
        ("lamp", True),
        ("", False),
        ("192.0.2.300", False),
        ("lamp local", False),
        ("http://lamp", False),
        ("[2001:db8::7]", False),
    ],
)
def test_is_host(text: str, expected: bool) -> None:
    """Addresses and names are hosts, slips of the keyboard are not."""
    assert is_host(text) is expected
