"""Check one home: every device from both sides, and the link."""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Sequence
import time

import aiohttp

from ..api import Json
from ..errors import DemoError
from ..homes import Home
from ..house import House
from ..states import UNAVAILABLE, State
from .operations import plan
from .table import FAILED, LISTED, PASSED, Row

LOST_LIMIT_S = 40.0
"""An integration may take a short outage for a blip, but not for longer than this."""
BACK_LIMIT_S = 90.0
"""Clients wait longer from failure to failure; after the outage one such wait may be under way."""


async def check_home(home: Home, house: House) -> list[Row]:
    """Do all that is checked with one home, one thing after the other."""
    rows = [Row(home.title, "disabled entities", LISTED, detail=_disabled(house))]
    rows += await asyncio.gather(
        *(
            timed(home.title, name, _operate(home, house, entities))
            for name, entities in _devices(house).items()
        )
    )
    for scenario in home.scenarios:
        if scenario.announced and not house.announced:
            continue
        row = await timed(home.title, scenario.name, scenario.play(house))
        rows.append(row)
    rows.append(await timed(home.title, "link cut and restored", _cut(home, house)))
    rows.append(await timed(home.title, "what the vendor complains of", _complaints(house)))
    return rows


async def timed(title: str, what: str, work: Awaitable[str]) -> Row:
    """Do one thing and note how it went and how long it took."""
    started = time.monotonic()
    try:
        detail, result = await work, PASSED
    except (DemoError, aiohttp.ClientError) as err:
        detail, result = str(err) or repr(err), FAILED
    return Row(title, what, result, time.monotonic() - started, detail)


def _disabled(house: House) -> str:
    """Count the entities that users have to enable first, by name."""
    names = Counter(
        entity.get("original_name") or entity["entity_id"]
        for entity in house.registered
        if entity["disabled_by"]
    )
    counted = (f"{count} × {name}" for name, count in sorted(names.items()))
    return f"{names.total()}: {', '.join(counted)}" if names else "none"


def _devices(house: House) -> dict[str, list[Json]]:
    """Sort the enabled entities by the name of their device."""
    found: dict[str, list[Json]] = {}
    for entity in house.registered:
        if not entity["disabled_by"]:
            device = house.devices[entity["device_id"]]
            found.setdefault(device["name_by_user"] or device["name"], []).append(entity)
    return found


async def _operate(home: Home, house: House, entities: Sequence[Json]) -> str:
    """Operate every entity of one device through Home Assistant.

    Raises DemoError when one does not follow, or shows nothing.
    """
    done: list[str] = []
    for entity in sorted(entities, key=lambda entity: str(entity["entity_id"])):
        unique_id, entity_id = entity["unique_id"], entity["entity_id"]
        state = house.shown(entity_id)
        if unique_id in home.unavailable:
            if state.value != UNAVAILABLE:
                raise DemoError(f"{entity_id} is {state} and ought to be unavailable")
            done.append(f"{state.domain}: unavailable as it ought to be")
            continue
        if state.value == UNAVAILABLE:
            raise DemoError(f"{entity_id} is unavailable")
        reason = next((why for end, why in home.hands_off.items() if unique_id.endswith(end)), "")
        done.append(f"{state.domain}: {reason or await _run(house, state)}")
    return "; ".join(done)


async def _run(house: House, state: State) -> str:
    """Go through the steps for one entity."""
    steps = plan(state)
    if steps is None:
        raise DemoError(f"{state.entity_id}: the check does not know how to operate this platform")
    done: list[str] = []
    ahead = deque(steps)
    while ahead:
        step = ahead.popleft()
        await house.act(state.entity_id, step.action, **step.data)
        reached = await house.states.until(state.entity_id, step.met, step.wanted, step.limit_s)
        ahead.extendleft(reversed(list(step.then(reached))))
        done.append(step.wanted)
    return ", ".join(done) or str(state)


async def _complaints(house: House) -> str:
    """Ask the simulator, which is strict, what of all this it would not have accepted.

    Raises DemoError when there is anything.
    """
    violations = (await house.describe()).get("violations", [])
    if violations:
        raise DemoError("\n".join([f"{len(violations)} violations", *map(str, violations)]))
    return "nothing"


async def _everywhere(home: Home, house: House, operation: Json) -> None:
    """Do something at the vendor's side, for each link where there are several."""
    links = home.links(await house.describe())
    await asyncio.gather(*(house.control(**operation, **each) for each in links))


async def _cut(home: Home, house: House) -> str:
    """Cut the vendor's link until everything is unavailable, restore it, and wait for all.

    Raises DemoError when an entity goes on showing what is no longer known, or stays away.
    """
    entities = [entity for entity in house.registered if not entity["disabled_by"]]
    ends = tuple(home.outlives_link)
    before = {
        state.entity_id
        for entity in entities
        if (state := house.shown(entity["entity_id"])).value != UNAVAILABLE
    }
    outlive = {e["entity_id"] for e in entities if ends and e["unique_id"].endswith(ends)}
    falling = before - outlive

    def away() -> set[str]:
        return {s.entity_id for s in house.states.existing(before) if s.value == UNAVAILABLE}

    started = time.monotonic()
    await _everywhere(home, house, home.link_down)
    try:
        await house.states.until_all(
            lambda: away() == falling,
            lambda: (
                f"unavailable: {', '.join(sorted(falling - away())) or 'only what ought to be'}"
            ),
            LOST_LIMIT_S,
        )
        lost_s = time.monotonic() - started
    finally:
        await _everywhere(home, house, home.link_up)
    started = time.monotonic()
    await house.states.until_all(
        lambda: not away(), lambda: f"available again: {', '.join(sorted(away()))}", BACK_LIMIT_S
    )
    back_s = time.monotonic() - started
    return (
        f"{len(falling)} entities unavailable after {lost_s:.1f} s, back after {back_s:.1f} s;"
        f" {len(outlive)} told of it"
    )
