"""Simulators as programs of their own, and what other programs say to their control addresses."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
import json
from pathlib import Path
import socket
import sys
from typing import Any

import aiohttp

ROOT = Path(__file__).parents[2]
LIMIT_S = 90.0


@asynccontextmanager
async def run(
    *words: str, interpreter: Sequence[str] = ()
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run ``python -m simulators``; whatever happens it is gone afterwards."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *interpreter,
        "-m",
        "simulators",
        *words,
        cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(LIMIT_S):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def ready(process: asyncio.subprocess.Process) -> Any:
    """Read the line that says that it serves; None when it ends without one."""
    assert process.stdout
    line = await process.stdout.readline()
    return json.loads(line) if line else None


@asynccontextmanager
async def running(
    *words: str, interpreter: Sequence[str] = ()
) -> AsyncIterator[tuple[asyncio.subprocess.Process, Any]]:
    """Run a simulator until it serves; gives the process and what its line says."""
    async with run(*words, interpreter=interpreter) as process:
        yield process, await ready(process)


async def said(
    http: aiohttp.ClientSession, url: str, op: str, **members: object
) -> tuple[bool, Any]:
    """Ask the control address for something; gives whether it was done, and its result or why it cannot be done."""
    async with http.post(url, json={"op": op, **members}) as answer:
        body = await answer.json()
    assert body["ok"] is (answer.status == 200), body
    return body["ok"], body["result"] if body["ok"] else body["error"]


async def operate(http: aiohttp.ClientSession, url: str, op: str, **members: object) -> Any:
    """Do something through the control address; gives its result, or why it cannot be done."""
    return (await said(http, url, op, **members))[1]


async def state(http: aiohttp.ClientSession, url: str) -> Any:
    """Read the state that the control address shows."""
    async with http.get(url, headers={"Accept": "application/json"}) as answer:
        return await answer.json()


def free_port() -> int:
    """Find a port that nothing else will take before a program serves there."""
    with socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        port: int = own.getsockname()[1]
    return port
