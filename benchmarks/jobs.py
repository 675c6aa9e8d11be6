"""The child's side of ``children``: do jobs as they come, one at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
import json
import sys
import traceback
from typing import Any

type Job = Callable[..., Awaitable[Any]]


async def serve(jobs: Mapping[str, Job], announcement: Mapping[str, Any]) -> None:
    """Announce that all is ready, and do what standard input asks for until it ends.

    A thread waits for the input, so links stay alive between jobs; it costs nothing while it waits.
    """
    loop = asyncio.get_running_loop()
    say(announcement)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        members = json.loads(line)
        try:
            say({"result": await jobs[members.pop("job")](**members)})
        except Exception:  # noqa: BLE001  whatever it is, the conductor tells the user
            say({"error": traceback.format_exc(limit=-4)})


def say(answer: Mapping[str, Any]) -> None:
    """Write one line to the conductor."""
    print(json.dumps(answer), flush=True)
