"""A connection that comes when its server ends."""

import asyncio
import gc
import socket
import sys

import pytest

from .clock import run_real
from .leaks import open_sockets


def test_connection_amid_the_end(socket_enabled: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is closed, and no test that runs later fails because of it."""
    wrong: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", wrong.append)
    closed: list[bool] = []

    async def main() -> None:
        sockets = open_sockets()
        server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
        with socket.socket() as client:
            client.setblocking(False)
            client.connect_ex(server.sockets[0].getsockname())
            for _ in range(2):  # it is taken, and what serves it has not begun
                await asyncio.sleep(0)
            server.close()
            await server.wait_closed()
            await asyncio.sleep(0.01)
            gc.collect()
        closed.append(open_sockets() <= sockets)

    with pytest.warns(ResourceWarning, match="unclosed transport"):
        run_real(main())
    assert closed == [True]
    assert wrong == []
