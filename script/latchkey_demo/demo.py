"""Bring the whole demo up, and take it down whatever happens."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from . import ROOT, dashboard, entries, home_assistant, simulators
from .api import Api, Socket
from .arguments import OWN, Arguments
from .errors import DemoError
from .homes import homes
from .ports import LOOPBACK, is_free, keep_or_pick, next_free
from .processes import Child
from .progress import Progress
from .simulators import Simulator
from .state import StateFolder

NAME = "Demo"
USERNAME = "demo"
PASSWORD = "demo"
"""Printed for the user; the server listens on loopback only."""
DEFAULT_PORT = 8123


@dataclass
class Demo:
    """All that runs."""

    folder: StateFolder
    simulators: Sequence[Simulator]
    child: Child
    api: Api

    @property
    def url(self) -> str:
        """Address of the web page."""
        return self.api.url


def components() -> list[Path]:
    """Return the folders of the repository's components."""
    return sorted(path.parent for path in (ROOT / "custom_components").glob("*/manifest.json"))


def chosen_port(arguments: Arguments, stored: int | None) -> int:
    """Choose the port of the web page: as asked, as before, or the usual one, if free.

    Raises DemoError when the port asked for is taken.
    """
    if arguments.port is not None:
        if not is_free(arguments.port):
            raise DemoError(f"port {arguments.port} is taken; name another --port")
        return arguments.port
    if arguments.check:
        return keep_or_pick(stored)
    if stored is not None and is_free(stored):
        return stored
    return next_free(DEFAULT_PORT)


@dataclass(frozen=True)
class Outside:
    """What is outside Home Assistant: the simulated homes, and our own HTTP session."""

    session: aiohttp.ClientSession
    simulators: Sequence[Simulator]


@asynccontextmanager
async def simulated_homes(
    folder: StateFolder, arguments: Arguments, progress: Progress
) -> AsyncIterator[Outside]:
    """Run a simulated home for every component that has one."""
    present = {path.name for path in components()}
    wanted = [home for home in homes().values() if home.domain in present]
    async with AsyncExitStack() as stack:
        session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        await stack.enter_async_context(session)
        found = await asyncio.gather(
            *(
                simulators.start(
                    home, folder, hurried=arguments.check, announced=arguments.network == OWN
                )
                for home in wanted
            ),
            return_exceptions=True,
        )
        started = [item for item in found if isinstance(item, Simulator)]
        for simulator in started:
            stack.push_async_callback(_stop, simulator.child, simulators.STOP_LIMIT_S, progress)
        for item in found:
            if isinstance(item, BaseException):
                raise item
        for simulator in started:
            progress.say(f"{simulator.home.title}: simulated home ready")
        yield Outside(session, started)


@asynccontextmanager
async def home_assistant_in(
    outside: Outside, folder: StateFolder, arguments: Arguments, progress: Progress
) -> AsyncIterator[Demo]:
    """Run a Home Assistant to which every component has been added."""
    async with AsyncExitStack() as stack:
        port = folder.state.port = chosen_port(arguments, folder.state.port)
        home_assistant.prepare(folder, components(), port)
        folder.save()
        child = await home_assistant.start(folder, skip_pip=arguments.check, debug=arguments.check)
        stack.push_async_callback(_stop, child, home_assistant.STOP_LIMIT_S, progress)
        api = Api(outside.session, f"http://{LOOPBACK}:{port}")
        await _sign_in(api, child, progress)
        stack.push_async_callback(_sign_out, api)
        await _furnish(api, folder, outside, arguments, progress)
        yield Demo(folder, outside.simulators, child, api)


async def _stop(child: Child, grace_s: float, progress: Progress) -> None:
    """End one child and tell when it had to be forced."""
    if await child.stop(grace_s):
        progress.say(f"{child.name} stopped")
    else:
        progress.say(f"{child.name} did not stop in {grace_s:.0f} s and was killed")


async def _sign_in(api: Api, child: Child, progress: Progress) -> None:
    """Wait for Home Assistant and become its user."""
    await home_assistant.answering(api, child, progress)
    progress.say(f"Home Assistant answers at {api.url}")
    if await api.onboard(NAME, USERNAME, PASSWORD):
        progress.say(f"user {USERNAME} made")
    else:
        await api.sign_in(USERNAME, PASSWORD)
    version = await home_assistant.running(api, child)
    progress.say(f"Home Assistant {version} runs")


async def _sign_out(api: Api) -> None:
    """Give the tokens back if Home Assistant is still there."""
    await asyncio.gather(api.sign_out(), return_exceptions=True)


async def _furnish(
    api: Api,
    folder: StateFolder,
    outside: Outside,
    arguments: Arguments,
    progress: Progress,
) -> None:
    """Add every component and lay out the dashboard."""
    async with api.socket() as socket:
        for simulator in outside.simulators:
            home = simulator.home
            if home.domain in arguments.by_hand:
                continue
            done = await entries.ensure(api, socket, folder.state, home, simulator.line)
            folder.save()
            await entries.loaded(socket, home.domain)
            progress.say(f"{home.title}: {done}")
        progress.say(f"dashboard: {await _show(socket, folder, outside)}")


async def _show(socket: Socket, folder: StateFolder, outside: Outside) -> str:
    """Lay out the dashboard of all homes."""
    homes = [(item.home, item.line["control_url"]) for item in outside.simulators]
    done = await dashboard.show(socket, folder.state, homes)
    folder.save()
    return done


async def keep_dashboard(up: Demo, outside: Outside) -> None:
    """Let the dashboard follow what is added and removed, until cancelled."""
    async with up.api.socket() as socket:
        await dashboard.keep_current(socket, lambda: _show(socket, up.folder, outside))
