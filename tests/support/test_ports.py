"""Servers of tests come back at their port."""

import asyncio
from contextlib import ExitStack, closing, suppress
import socket

import pytest

from .ports import FIRST, LAST, own_ports


async def _nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


@pytest.mark.usefixtures("socket_enabled")
async def test_servers_get_own_ports() -> None:
    """Each gets another, and none that an outgoing connection could have."""
    async with (
        await asyncio.start_server(_nothing, "127.0.0.1", 0) as one,
        await asyncio.start_server(_nothing, "127.0.0.1", 0) as two,
    ):
        ports = {server.sockets[0].getsockname()[1] for server in (one, two)}
    assert len(ports) == 2
    assert all(FIRST <= port <= LAST for port in ports)


@pytest.mark.usefixtures("socket_enabled")
def test_a_port_in_use_is_passed_over() -> None:
    """Something else on the machine may listen in our range."""
    with closing(socket.create_server(("127.0.0.1", 0))) as first:
        port = first.getsockname()[1]
        with ExitStack() as stack:
            for taken in (port + 1, port + 2):
                with suppress(OSError):  # taken by somebody else
                    stack.enter_context(closing(socket.create_server(("127.0.0.1", taken))))
            with closing(socket.create_server(("127.0.0.1", 0))) as other:
                assert other.getsockname()[1] not in {port, port + 1, port + 2}


@pytest.mark.usefixtures("socket_enabled")
def test_a_wished_port_is_kept() -> None:
    """Only who leaves the choice gets one of ours."""
    port = next(own_ports())
    with closing(socket.create_server(("127.0.0.1", port))) as server:
        assert server.getsockname()[1] == port


def test_workers_have_different_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two workers at the same time never meet."""
    seen = []
    for worker in ("gw0", "gw1"):
        monkeypatch.setenv("PYTEST_XDIST_WORKER", worker)
        ports = own_ports()
        seen.append({next(ports) for _ in range(2_500)})
    assert not seen[0] & seen[1]
