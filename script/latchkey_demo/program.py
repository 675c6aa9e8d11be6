"""The demo and its check as one program."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
import os
from pathlib import Path
import signal
import sys
import tempfile
import webbrowser

import aiohttp

from . import home_assistant
from .arguments import DEFAULT_FOLDER, Arguments, parse
from .check import check
from .demo import PASSWORD, USERNAME, Demo, home_assistant_in, keep_dashboard, simulated_homes
from .errors import DemoError
from .homes import homes
from .network import enter
from .processes import kill_all
from .progress import Progress
from .state import StateFolder

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
INTERRUPTED = 130


def main() -> int:
    """Do what the command line says and return the exit code."""
    arguments = parse(None, tuple(homes()))
    progress = Progress()
    try:
        with tempfile.TemporaryDirectory(prefix="latchkey-check-") as temporary:
            kept = None if arguments.check else DEFAULT_FOLDER
            folder = StateFolder(arguments.folder or kept or Path(temporary))
            with folder.locked():
                if arguments.check:
                    arguments = replace(arguments, network=enter(arguments.network, progress))
                if arguments.reset:
                    folder.reset()
                    progress.say(f"{folder.path} is as new")
                work = check if arguments.check else demo
                return asyncio.run(_until_stopped(work, folder, arguments, progress))
    except (DemoError, aiohttp.ClientError) as err:
        progress.complain(str(err) or repr(err))
        return 1


type Work = Callable[[StateFolder, Arguments, Progress], Awaitable[int]]


async def _until_stopped(
    work: Work, folder: StateFolder, arguments: Arguments, progress: Progress
) -> int:
    """Run until done or told to stop; a stop lets everything end in order."""
    task = asyncio.ensure_future(work(folder, arguments, progress))
    told: list[int] = []

    def stop(number: int) -> None:
        if told:
            kill_all()
            return
        told.append(number)
        progress.show("")
        progress.say("stopping; once more to stop at once")
        task.cancel()

    for number in STOP_SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stop, number)
    with suppress(asyncio.CancelledError):
        return await task
    return INTERRUPTED if arguments.check else 0


async def demo(folder: StateFolder, arguments: Arguments, progress: Progress) -> int:
    """Run the demo until the user stops it."""
    async with simulated_homes(folder, arguments, progress) as outside:
        while True:
            async with home_assistant_in(outside, folder, arguments, progress) as up:
                _present(up, arguments, progress)
                keeping = asyncio.create_task(keep_dashboard(up, outside))
                try:
                    code = await _first_end(up)
                finally:
                    keeping.cancel()
                    folder.withdraw()
                    await asyncio.gather(keeping, return_exceptions=True)
            if code != home_assistant.RESTART_EXIT_CODE:
                return code
            progress.say("Home Assistant asks for a restart")


def _present(up: Demo, arguments: Arguments, progress: Progress) -> None:
    """Tell people and programs what is there."""
    lines = ["", "The demo is ready.", ""]
    lines.append(f"  {up.url}   user {USERNAME}   password {PASSWORD}")
    for simulator in up.simulators:
        home = simulator.home
        lines += ["", f"{home.title}   simulated home's page {simulator.line['control_url']}"]
        if home.domain in arguments.by_hand:
            lines += [f"  {line}" for line in home.by_hand(simulator.line)]
        lines += [f"  - {line}" for line in home.try_this]
    progress.show("\n".join([*lines, "", f"State: {up.folder.path}. Ctrl-C stops the demo."]))
    up.folder.publish(
        {
            "url": up.url,
            "username": USERNAME,
            "password": PASSWORD,
            "homes": {simulator.home.domain: simulator.line for simulator in up.simulators},
        }
    )
    if arguments.open_browser and _has_screen():
        webbrowser.open(up.url)


def _has_screen() -> bool:
    """Tell whether a browser could show anything."""
    if sys.platform in {"darwin", "win32"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


async def _first_end(up: Demo) -> int:
    """Wait until Home Assistant is stopped from its own page, or a part fails.

    Raises DemoError when a part ends that should not.
    """
    children = {up.child, *(simulator.child for simulator in up.simulators)}
    tasks = {asyncio.ensure_future(child.ended()): child for child in children}
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
    task = done.pop()
    child, code = tasks[task], task.result()
    if child is up.child and code in {0, home_assistant.RESTART_EXIT_CODE}:
        return code
    raise DemoError(f"{child.name} has ended by itself ({code}){child.tail()}")
