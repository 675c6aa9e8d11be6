"""The simulated home of Homismart."""

import asyncio
from functools import partial

from ..api import Json
from ..errors import DemoError
from ..house import House
from ..scenarios import blip, interrupted, offline, press_twice, rename
from . import Form, Home, Scenario

LIGHT = "Corridor light"
SOCKET = "Boiler"
CURTAIN = "Bedroom curtain"
SHUTTER = "Balcony shutter"
DOOR = "Street door"
HUB = "Garden unit"
BEHIND_HUB = ("Garden path light", "Fountain", "Pergola shutter")
ADDED = "Terrace light"
SECOND = "second_control_url"
TERMS_CONFIRMED = "0222"
ON_THE_WAY_S = 0.5
"""Curtains report nothing on their way: there is nothing to wait for but time."""

_press = partial(press_twice, LIGHT)


def _forms(line: Json) -> tuple[Form, ...]:
    """Fill in the form: the same when adding and when reconfiguring."""
    form = {
        "username": line["username"],
        "password": line["password"],
        "advanced": {"websocket_url": line["ws_url"]},
    }
    return (Form(answers={"user": form, "reconfigure": form}),)


def _by_hand(line: Json) -> tuple[str, ...]:
    """Tell a person what to type."""
    return (
        "Settings → Devices & services → Add integration → Homismart, then type:",
        f"user name {line['username']}   password {line['password']}",
        f"server address: {line['ws_url']}",
    )


async def _press_socket(house: House) -> str:
    """Press the button of a socket, and change its indicator light in the app."""
    device = await house.id_of(SOCKET)
    done = await press_twice(SOCKET, house)
    for level, value in ((0, "off"), (60, "on")):
        await house.control("led", device=device, level=level)
        await house.until(f"{device}-led", value)
    return f"{done}; indicator light off, on"


async def _move_by_hand(house: House) -> str:
    """Move a curtain with its button and from the app; it was closed before."""
    device = await house.id_of(CURTAIN)
    await house.control("move", device=device, movement="open")
    await house.until(device, "opening")
    await asyncio.sleep(ON_THE_WAY_S)
    await house.control("move", device=device, movement="stop")
    stopped = await house.until(device, "open")
    await house.control("level", device=device, level=70)
    await house.until(device, "open", current_position=30)
    await house.control("move", device=device, movement="close")
    await house.until(device, "closing")
    await house.until(device, "closed", current_position=0)
    return f"opening, stopped at {stopped.attributes['current_position']}, 30, closing, closed"


async def _stop_half_way(house: House) -> str:
    """Put something in the way of a shutter that is opened from Home Assistant."""
    device = await house.id_of(SHUTTER)
    if house.state(device).value != "closed":
        raise DemoError(f"{SHUTTER} is not closed to begin with")
    await house.control("fault", name="obstacle", device=device, at=40.0, count=1)
    await house.act(house.entity_id(device), "open_cover")
    stood = await house.until(device, "open", current_position=40)
    await house.act(house.entity_id(device), "close_cover")
    await house.until(device, "closed", current_position=0)
    return f"sent to 100, stands at {stood.attributes['current_position']}, closed again"


async def _turn_key(house: House) -> str:
    """Unlock the door with the app and lock it again; then let the opener buzz, which locks and unlocks nothing."""
    device = await house.id_of(DOOR)
    start = len(house.states.changes)
    for locked, value in ((False, "unlocked"), (True, "locked")):
        await house.control("lock", device=device, locked=locked)
        await house.until(device, value)
    await house.control("press", device=device, on=True)
    # What is pushed later is shown later: then the opener has been through.
    await _press(house)
    door = house.entity_id(device)
    values = [s.value for s in house.states.changes[start:] if s.entity_id == door]
    if values[:1] != ["unlocked"] or set(values[1:]) - {"locked"}:
        raise DemoError(f"{door} went through {', '.join(values)}")
    return "unlocked, locked"


async def _add_and_remove(house: House) -> str:
    """Pair a device and delete it again: both are pushed."""
    device = await house.control("add", kind="light_switch", name=ADDED)
    await house.until_registered(lambda: device in house.entities, f"there: {ADDED}")
    await house.until(device, "off")
    await house.act(house.entity_id(device), "turn_on")
    await house.until(device, "on")
    await house.control("remove", device=device)
    await house.until_registered(lambda: device not in house.entities, f"gone: {ADDED}")
    return "added, operated, removed, all at once"


async def _redirect(house: House) -> str:
    """Send the client to the second server while it runs."""
    await interrupted(house, lambda: house.control("redirect"))
    await _press(house)
    return "nothing became unavailable, and pushes arrive from there"


async def _agree(house: House) -> str:
    """Change the terms of use and send the client back: it is asked there, and its user agrees with a click."""
    await house.control("terms", changed=True)
    await interrupted(house, lambda: house.control("redirect", through=SECOND))
    await house.repair("terms")
    received = (await house.describe())["received"]
    if not any(entry.get("prefix") == TERMS_CONFIRMED for entry in received):
        raise DemoError("nobody told the cloud of the agreement")
    await _press(house)
    return "asked for, agreed to, told to the cloud"


HOME = Home(
    domain="homismart",
    title="Homismart",
    icon="mdi:curtains",
    simulator=("--second",),
    hurried=("--second", "--speed", "6"),
    forms=_forms,
    by_hand=_by_hand,
    try_this=(
        "Open, stop and close the curtains, send one to a position, lock the street door.",
        f"Be the hand on the wall: press {LIGHT} on the simulated home's page.",
        f"Take {HUB} off line there: its devices become unavailable, the others stay.",
        "Take the link down there: after ten seconds all is unavailable; bring it up again.",
    ),
    scenarios=(
        Scenario(name="hand on the wall switch", play=_press),
        Scenario(name="hand on the socket, indicator light in the app", play=_press_socket),
        Scenario(name="hand and app on a curtain", play=_move_by_hand),
        Scenario(name="shutter stops half-way", play=_stop_half_way),
        Scenario(name="door unlocked and locked in the app", play=_turn_key),
        Scenario(
            name="hub off line takes its devices along",
            play=partial(offline, HUB, BEHIND_HUB, LIGHT),
        ),
        Scenario(name="renamed in the app", play=partial(rename, CURTAIN, "Dressing room")),
        Scenario(name="device paired and deleted", play=_add_and_remove),
        Scenario(name="redirected to another server", play=_redirect),
        Scenario(name="new terms of use", play=_agree),
        Scenario(name="connection dropped for a moment", play=partial(blip, _press)),
    ),
    outlives_link=frozenset({"-connection"}),
    left_out=frozenset({"-led", "-closed_position"}),
)
