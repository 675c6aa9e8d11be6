"""The simulated home of DIO Chacon."""

from functools import partial

from ..api import Json
from ..errors import DemoError
from ..house import House
from ..scenarios import blip, offline, press_twice, rename
from . import Form, Home, Scenario

SHUTTER = "Volet chambre"
LIGHT = "Plafonnier couloir"
PLUG = "Prise lampadaire"
DOORBELL = "Portier"
ADDED = "Prise balcon"

_press_wall_switch = partial(press_twice, LIGHT)


def _forms(line: Json) -> tuple[Form, ...]:
    """Fill in the form: the same when adding and when reconfiguring."""
    form = {
        "username": line["email"],
        "password": line["password"],
        "advanced": {"websocket_url": line["ws_url"], "login_url": line["auth_url"]},
    }
    return (Form(answers={"user": form, "reconfigure": form}),)


def _by_hand(line: Json) -> tuple[str, ...]:
    """Tell a person what to type."""
    return (
        "Settings → Devices & services → Add integration → DIO Chacon, then type:",
        f"e-mail {line['email']}   password {line['password']}",
        f"server addresses: WebSocket {line['ws_url']}   login {line['auth_url']}",
    )


async def _press_plug(house: House) -> str:
    """Press the button of a plug, and change its status light in the app."""
    device = await house.id_of(PLUG)
    before = house.state(device).value
    await house.control("press", device=device)
    after = (await house.until(device, "off" if before == "on" else "on")).value
    quiet = f"{device}-quietmode"
    for value in ("on", "off"):
        await house.control("quiet", device=device, on=value == "on")
        await house.until(quiet, value)
    return f"{after}; quiet mode on, off"


async def _move_by_remote(house: House) -> str:
    """Move a shutter with its remote and from the app; it was closed before."""
    device = await house.id_of(SHUTTER)
    await house.control("move", device=device, movement="up")
    await house.until(device, "opening")
    await house.until_state(
        device, lambda state: int(state.attributes["current_position"]) > 0, "on its way up"
    )
    await house.control("move", device=device, movement="stop")
    stopped = await house.until_state(device, lambda state: state.value == "open", "stopped open")
    await house.control("level", device=device, level=70)
    await house.until(device, "open", current_position=70)
    await house.control("move", device=device, movement="down")
    await house.until(device, "closing")
    await house.until(device, "closed", current_position=0)
    return f"opening, stopped at {stopped.attributes['current_position']}, 70, closing, closed"


async def _ring(house: House) -> str:
    """Ring with a picture on offer, then tell the same ring again: it counts once."""
    device = await house.id_of(DOORBELL)
    entity_id, before = house.entity_id(device), house.state(device).value
    start = len(house.states.changes)
    await house.control("ring", device=device)
    rang = await house.until_state(device, lambda state: state.value != before, "rung")
    if rang.attributes["event_type"] != "ring":
        raise DemoError(f"the event is {rang.attributes['event_type']}, not ring")
    await house.until_state(
        f"{device}-last_ring", lambda state: state.value[:4].isdigit(), "the time of the ring"
    )
    await house.control("ring", device=device, repeat=True)
    await house.act(house.entity_id(house.account("refresh")), "press")
    # What is pushed and answered later is shown later: then the repetition has been through.
    await _press_wall_switch(house)
    values = {s.value for s in house.states.changes[start:] if s.entity_id == entity_id}
    if values != {rang.value}:
        raise DemoError(f"one ring made {len(values)} events")
    return "ring, exactly once although told twice"


async def _add_and_remove(house: House) -> str:
    """Pair a device and delete it again; the list is asked for by the account's button."""
    refresh = house.entity_id(house.account("refresh"))
    device = await house.control("add", kind="plug", name=ADDED, room="Balcon")
    await house.act(refresh, "press")
    await house.until_registered(lambda: device in house.entities, f"there: {ADDED}")
    await house.until_state(device, lambda state: state.value in {"on", "off"}, "shown")
    await house.act(house.entity_id(device), "turn_on")
    await house.until(device, "on")
    await house.control("remove", device=device)
    # Only the second list without it makes a device go: one list can be wrong.
    await house.act(refresh, "press")
    await house.look()
    if device not in house.entities:
        raise DemoError(f"{ADDED} is gone after one list without it")
    await house.act(refresh, "press")
    await house.until_registered(lambda: device not in house.entities, f"gone: {ADDED}")
    return "added, operated, removed after the second list without it"


HOME = Home(
    domain="dio_chacon",
    title="DIO Chacon",
    icon="mdi:window-shutter",
    simulator=("--progress", "1"),
    hurried=("--speed", "6", "--progress", "1"),
    forms=_forms,
    by_hand=_by_hand,
    try_this=(
        "Open, stop and close the shutters, and send one to a position.",
        f"Be the hand on the wall: press {LIGHT} on the simulated home's page.",
        f"Ring {DOORBELL} there: its event and the time of the last ring follow.",
        "Take the link down there: after ten seconds all is unavailable; bring it up again.",
    ),
    scenarios=(
        Scenario(name="hand on the wall switch", play=_press_wall_switch),
        Scenario(name="hand on the plug, quiet mode in the app", play=_press_plug),
        Scenario(name="remote and app on a shutter", play=_move_by_remote),
        Scenario(name="doorbell rings exactly once", play=_ring),
        Scenario(name="renamed in the app", play=partial(rename, PLUG, "Prise lecture")),
        Scenario(name="device offline and online", play=partial(offline, LIGHT, (LIGHT,), PLUG)),
        Scenario(name="device paired and deleted", play=_add_and_remove),
        Scenario(name="connection dropped for a moment", play=partial(blip, _press_wall_switch)),
    ),
    outlives_link=frozenset({"-connection"}),
)
