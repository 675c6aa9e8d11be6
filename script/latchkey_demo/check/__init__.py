"""The check: the demo without a person, from both sides, with a table and an exit code."""

import asyncio
from collections.abc import Sequence
from functools import partial

import aiohttp

from ..api import Json, Socket
from ..arguments import Arguments
from ..demo import Demo, Outside, home_assistant_in, simulated_homes
from ..errors import DemoError
from ..homes import Home
from ..house import House
from ..progress import Progress
from ..simulators import Simulator
from ..state import StateFolder
from ..states import UNAVAILABLE, States
from .homes import check_home, timed
from .log import faults
from .table import FAILED, PASSED, Row, in_full, table

HOME_ASSISTANT = "Home Assistant"


async def check(folder: StateFolder, arguments: Arguments, progress: Progress) -> int:
    """Run the whole check and return the exit code."""
    rows: list[Row] = []
    async with simulated_homes(folder, arguments, progress) as outside:
        if not outside.simulators:
            raise DemoError("there is no component with a simulated home to check")
        for number, visit in enumerate((_operated, _all_there), start=1):
            try:
                async with home_assistant_in(outside, folder, arguments, progress) as up:
                    rows += await visit(up, outside, progress)
            except (DemoError, aiohttp.ClientError) as err:
                rows.append(Row(HOME_ASSISTANT, f"run {number}", FAILED, detail=str(err)))
            rows.append(_log_row(f"log of run {number}", folder))
    failed = sum(row.failed for row in rows)
    verdict = f"{failed} of {len(rows)} failed" if failed else "all is well"
    shown = [table(rows), in_full(rows), f"{verdict} ({progress.elapsed_s:.0f} s)"]
    progress.show("\n" + "\n\n".join(filter(None, shown)))
    return 1 if failed else 0


async def _operated(up: Demo, outside: Outside, progress: Progress) -> list[Row]:
    """Check all homes at the same time: they know nothing of each other."""
    async with up.api.socket() as socket:
        states = States()
        await states.follow(socket)
        found = await asyncio.gather(
            *(_one(item, up, outside, socket, states, progress) for item in outside.simulators)
        )
        rows = [row for rows in found for row in rows]
        rows.append(await timed(HOME_ASSISTANT, "repairs", _repairs(socket)))
    return rows


# Issues that a plain virtual environment raises on some machines: nothing a component could do about them.
_INSTALLATION = ("deprecated_method", "deprecated_architecture", "deprecated_system_packages")


async def _one(
    simulator: Simulator,
    up: Demo,
    outside: Outside,
    socket: Socket,
    states: States,
    progress: Progress,
) -> list[Row]:
    """Check one home and tell when it is done."""
    home, session = simulator.home, outside.session
    vendor = partial(simulator.control, session), partial(simulator.describe, session)
    announced = simulator.line.get("announced", False)
    house = House(home.domain, *vendor, socket, states, up.api, announced=announced)
    await house.look()
    rows = await check_home(home, house)
    progress.say(f"{home.title}: {len(rows)} things checked")
    return rows


async def _repairs(socket: Socket) -> str:
    """Ask for repair issues.

    Raises DemoError when there are any, save those about the way Home Assistant itself was installed.
    """
    issues = [
        issue
        for issue in (await socket.call("repairs/list_issues"))["issues"]
        if not (issue["domain"] == "homeassistant" and issue["issue_id"].startswith(_INSTALLATION))
    ]
    if issues:
        names = ", ".join(f"{issue['domain']}: {issue['issue_id']}" for issue in issues)
        raise DemoError(f"Home Assistant asks for repairs: {names}")
    return "none asked for"


async def _all_there(up: Demo, outside: Outside, progress: Progress) -> list[Row]:
    """Look at all homes after a start with stored entries."""
    async with up.api.socket() as socket:
        states = States()
        await states.follow(socket)
        registry = await socket.call("config/entity_registry/list")
    progress.say("second start looked at")
    return [_there(simulator.home, registry, states) for simulator in outside.simulators]


def _there(home: Home, registry: Sequence[Json], states: States) -> Row:
    """Tell whether every enabled entity of a home has a state."""
    own = [e for e in registry if e["platform"] == home.domain and not e["disabled_by"]]
    missing = [
        entity["entity_id"]
        for entity in own
        if (state := states.get(entity["entity_id"])) is None
        or (state.value == UNAVAILABLE and entity["unique_id"] not in home.unavailable)
    ]
    what = "second start"
    if missing or not own:
        return Row(
            home.title, what, FAILED, detail=f"not there: {', '.join(missing) or 'anything'}"
        )
    return Row(home.title, what, PASSED, detail=f"{len(own)} entities, no form filled in")


def _log_row(what: str, folder: StateFolder) -> Row:
    """Read what the Home Assistant that has ended wrote."""
    path = folder.output
    with path.open(encoding="utf-8", errors="replace") as lines:
        found = faults(lines)
    if found:
        detail = "\n".join([f"{len(found)} faults", *(record.excerpt for record in found)])
        return Row(HOME_ASSISTANT, what, FAILED, detail=detail)
    return Row(HOME_ASSISTANT, what, PASSED, detail="no error, no deprecation, no misuse")
