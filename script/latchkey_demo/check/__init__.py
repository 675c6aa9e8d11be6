"""The check: the demo without a person, from both sides, with a table and an exit code."""

import asyncio
from functools import partial

from ..api import Socket
from ..arguments import Arguments
from ..demo import Demo, Outside, home_assistant_in, simulated_homes
from ..errors import DemoError
from ..house import House
from ..progress import Progress
from ..simulators import Simulator
from ..state import StateFolder
from ..states import UNAVAILABLE, States
from .homes import check_home, timed
from .log import faults
from .table import FAILED, PASSED, Row, table

HOME_ASSISTANT = "Home Assistant"


async def check(folder: StateFolder, arguments: Arguments, progress: Progress) -> int:
    """Run the whole check and return the exit code."""
    rows: list[Row] = []
    async with simulated_homes(folder, arguments, progress) as outside:
        if not outside.simulators:
            raise DemoError("there is no component with a simulated home to check")
        async with home_assistant_in(outside, folder, arguments, progress) as up:
            rows += await _operated(outside, up, progress)
        rows.append(_log_row("log of the first run", folder))
        async with home_assistant_in(outside, folder, arguments, progress) as up:
            rows.append(await timed(HOME_ASSISTANT, "second start", _all_there(up)))
        rows.append(_log_row("log of the second run", folder))
    failed = sum(row.failed for row in rows)
    verdict = f"{failed} of {len(rows)} failed" if failed else "all is well"
    progress.show(f"\n{table(rows)}\n\n{verdict} ({progress.elapsed_s:.0f} s)")
    return 1 if failed else 0


async def _operated(outside: Outside, up: Demo, progress: Progress) -> list[Row]:
    """Check all homes at the same time: they know nothing of each other."""
    async with up.api.socket() as socket:
        states = States()
        await states.follow(socket)
        found = await asyncio.gather(
            *(_one(item, outside, socket, states, progress) for item in outside.simulators)
        )
        rows = [row for rows in found for row in rows]
        rows.append(await timed(HOME_ASSISTANT, "repairs", _repairs(socket)))
    return rows


async def _one(
    simulator: Simulator, outside: Outside, socket: Socket, states: States, progress: Progress
) -> list[Row]:
    """Check one home and tell when it is done."""
    home, session = simulator.home, outside.session
    vendor = partial(simulator.control, session), partial(simulator.describe, session)
    house = House(home.domain, *vendor, socket, states)
    await house.look()
    rows = await check_home(home, house)
    progress.say(f"{home.title}: {len(rows)} things checked")
    return rows


async def _repairs(socket: Socket) -> str:
    """Ask for repair issues.

    Raises DemoError when there are any.
    """
    issues = (await socket.call("repairs/list_issues"))["issues"]
    if issues:
        names = ", ".join(f"{issue['domain']}: {issue['issue_id']}" for issue in issues)
        raise DemoError(f"Home Assistant asks for repairs: {names}")
    return "none asked for"


async def _all_there(up: Demo) -> str:
    """Look whether every enabled entity has a state after a start with stored entries.

    Raises DemoError when one is missing or unavailable.
    """
    async with up.api.socket() as socket:
        states = States()
        await states.follow(socket)
        registry = await socket.call("config/entity_registry/list")
    rightly = {name for item in up.simulators for name in item.home.unavailable}
    domains = {item.home.domain for item in up.simulators}
    enabled = [e for e in registry if e["platform"] in domains and not e["disabled_by"]]
    missing = [
        entity["entity_id"]
        for entity in enabled
        if (state := states.get(entity["entity_id"])) is None
        or (state.value == UNAVAILABLE and entity["unique_id"] not in rightly)
    ]
    if missing:
        raise DemoError(f"not there after the second start: {', '.join(missing)}")
    return f"{len(enabled)} entities with their state, no form filled in"


def _log_row(what: str, folder: StateFolder) -> Row:
    """Read what the Home Assistant that has ended wrote."""
    path = folder.output
    with path.open(encoding="utf-8", errors="replace") as lines:
        found = faults(lines)
    if found:
        detail = "\n".join(record.excerpt for record in found)
        return Row(HOME_ASSISTANT, what, FAILED, detail=detail)
    return Row(HOME_ASSISTANT, what, PASSED, detail="no error, no deprecation, no misuse")
