"""An accessory for others to pair with: what the older tools' demo server is, and more kinds of it."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from pathlib import Path
import sys
from typing import Any, override

from custom_components.hap_controller.protocol.accessory import (
    Accessory,
    AccessoryServer,
    AccessoryState,
    Bridge,
    Characteristic,
    CharacteristicUuid,
    Service,
    ServiceUuid,
    StateFileError,
)

from ...actions import warn
from ...errors import CliError, ExitStatus
from ...options import Arguments
from ...output import Json, printable, say, say_json
from ...reads import now

DEFAULT_NAME = "DemoAccessory"
_MAX_PORT = 65535
_MAX_NAME_CHARS = 64


def _switch(found: Characteristic) -> None:
    found.value = not found.value


def _next_state(found: Characteristic) -> None:
    """Go on to the next of the valid values."""
    values = list(found.metadata.valid_values or (0,))
    found.value = values[(values.index(found.value) + 1) % len(values)]


def _press(found: Characteristic) -> None:
    found.value = 0  # a single press


@dataclass(frozen=True)
class Kind:
    """What an accessory can be."""

    name: str
    category: int
    service: str
    moves: str
    """The characteristic that Enter changes."""
    by_hand: Callable[[Characteristic], None]
    optional: tuple[str, ...] = ()


SINGLE: Mapping[str, Kind] = {
    "lightbulb": Kind("Lightbulb", 5, ServiceUuid.LIGHTBULB, CharacteristicUuid.ON, _switch),
    "color-lightbulb": Kind(
        "Colour lightbulb",
        5,
        ServiceUuid.LIGHTBULB,
        CharacteristicUuid.ON,
        _switch,
        (CharacteristicUuid.BRIGHTNESS, CharacteristicUuid.HUE, CharacteristicUuid.SATURATION),
    ),
    "fan": Kind("Fan", 3, ServiceUuid.FAN, CharacteristicUuid.ON, _switch),
    "outlet": Kind("Outlet", 7, ServiceUuid.OUTLET, CharacteristicUuid.ON, _switch),
    "thermostat": Kind(
        "Thermostat",
        9,
        ServiceUuid.THERMOSTAT,
        CharacteristicUuid.TARGET_HEATING_COOLING_STATE,
        _next_state,
    ),
    "button": Kind(
        "Button",
        15,
        ServiceUuid.STATELESS_PROGRAMMABLE_SWITCH,
        CharacteristicUuid.PROGRAMMABLE_SWITCH_EVENT,
        _press,
    ),
}
BRIDGE = "bridge"
"""All of them behind one bridge."""
KINDS = (*SINGLE, BRIDGE)
ROOM_TEMPERATURE = 21.0


class State(AccessoryState):
    """A state that tells when it was written: then a controller came or went."""

    saved: Callable[[], None] = staticmethod(lambda: None)

    @override
    async def save(self) -> None:
        await super().save()
        self.saved()


async def serve(arguments: Arguments) -> ExitStatus:
    """Serve until the time is over or the program is stopped."""
    told = Told(as_json=arguments.json, by_hand=sys.stdin.isatty())
    state = await open_state(arguments)
    accessory, moving = _build(arguments.kind, state.name, told)
    with _hand(moving):
        await serve_until(arguments, accessory, state, told)
    return ExitStatus.DONE


async def serve_until(arguments: Arguments, accessory: Accessory, state: State, told: Told) -> None:
    """Serve an accessory until the time is over; raises CliError when that is not possible."""
    server = AccessoryServer(accessory, state, announce=not arguments.no_announce)
    try:
        await server.start()
    except (OSError, ValueError) as err:  # the latter for a name where an address should be
        where = f"{state.host} port {state.port}" if state.port else state.host
        raise CliError(
            f"{where} cannot be served at: {err}; name another port or address in a new file,"
            " or leave mDNS out with --no-announce",
            ExitStatus.NO_LINK,
        ) from err
    try:
        if not state.port:  # the same next time: whoever paired without mDNS has noted it
            state.port = server.address[1]
            await state.save()
        state.saved = partial(told.pairings, state)
        told.serving(server)
        told.pairings(state)
        with suppress(TimeoutError):
            async with asyncio.timeout(arguments.duration):
                await server.serve_forever()
    finally:
        await server.stop()


async def open_state(arguments: Arguments, name: str = DEFAULT_NAME) -> State:
    """Read the state, or make a new one; raises CliError."""
    told = _told_state(arguments, name)
    try:
        return await State.open(arguments.state, **told)
    except StateFileError as err:
        fault = str(err).removesuffix("!")
        raise CliError(f"{fault}; mend it, or name another one with -f", ExitStatus.USAGE) from err


def _told_state(arguments: Arguments, name: str) -> dict[str, Any]:
    """Give what a new state is made of; raises CliError."""
    if arguments.port is not None and not 0 <= arguments.port <= _MAX_PORT:
        raise CliError(f"{arguments.port} is no port", ExitStatus.USAGE)
    if arguments.name is not None and not 0 < len(arguments.name) <= _MAX_NAME_CHARS:
        raise CliError(f"--name takes 1 to {_MAX_NAME_CHARS} characters", ExitStatus.USAGE)
    if arguments.address is not None:
        try:
            ip_address(arguments.address)
        except ValueError as err:
            raise CliError(f"{arguments.address!r} is no address", ExitStatus.USAGE) from err
    wanted = {"name": arguments.name, "host": arguments.address, "port": arguments.port}
    given = {name: value for name, value in wanted.items() if value is not None}
    path: Path = arguments.state
    if given and path.exists():
        warn(f"{path} has its own name, address and port; another -f makes another accessory")
    return {"name": name[:_MAX_NAME_CHARS]} | given


# --- what is served ------------------------------------------------------------------------------


def _build(kind: str, name: str, told: Told) -> tuple[Accessory, Callable[[], None]]:
    """Make the accessory; gives it with what a hand does to it."""
    if kind == BRIDGE:
        bridge = Bridge(name, identify=partial(told.identified, name))
        moves = []
        for each in SINGLE.values():
            accessory, move = _build_one(each, each.name, told)
            bridge.add_accessory(accessory)
            moves.append(move)
        return bridge, moves[0]
    return _build_one(SINGLE[kind], name, told)


def _build_one(kind: Kind, name: str, told: Told) -> tuple[Accessory, Callable[[], None]]:
    accessory = Accessory(
        name, category=kind.category, model=kind.name, identify=partial(told.identified, name)
    )
    service = accessory.add_service(kind.service, kind.optional)
    for each in service.characteristics:
        if each.metadata.writable:
            each.setter = partial(told.written, name, each)
    if CharacteristicUuid.CURRENT_TEMPERATURE in service:
        _warm(service)
    moved = service[kind.moves]

    def move() -> None:
        kind.by_hand(moved)
        told.moved(name, moved)

    return accessory, move


def _warm(service: Service) -> None:
    """Begin at the temperature of a room."""
    for type_ in (CharacteristicUuid.CURRENT_TEMPERATURE, CharacteristicUuid.TARGET_TEMPERATURE):
        service[type_].value = ROOM_TEMPERATURE


@contextmanager
def _hand(move: Callable[[], None]) -> Iterator[None]:
    """Have Enter move the accessory, where there is somebody to press it."""
    if not sys.stdin.isatty():
        yield
        return
    loop = asyncio.get_running_loop()

    def read() -> None:
        if sys.stdin.readline():
            move()
        else:  # the end of the input, once and for all
            loop.remove_reader(sys.stdin.fileno())

    loop.add_reader(sys.stdin.fileno(), read)
    try:
        yield
    finally:
        loop.remove_reader(sys.stdin.fileno())


def _place(host: str) -> str:
    """Say where a server listens; nothing for everywhere."""
    return "" if ip_address(host).is_unspecified else f"{host} "


# --- what is told --------------------------------------------------------------------------------


class Told:
    """Prints what happens to the accessory."""

    def __init__(self, *, as_json: bool, by_hand: bool = False) -> None:
        """Print text, or JSON; ``by_hand`` when somebody can press Enter."""
        self._as_json = as_json
        self._by_hand = by_hand
        self._controllers: int | None = None

    def say(self, event: str, text: str, **about: object) -> None:
        """Print one event."""
        if self._as_json:
            line: Json = {"time": now(), "event": event, **about}
            say_json(line)
        else:
            say(printable(text))

    def serving(self, server: AccessoryServer) -> None:
        """Tell who it is, and how to pair it."""
        host, port = server.address
        state = server.state
        device_id = state.register.accessory_id
        self.say(
            "serving",
            f'"{state.name}", device id {device_id}, is served at {_place(host)}port {port}.',
            name=state.name,
            device_id=device_id,
            host=host,
            port=port,
            announced_as=server.announced_name,
            setup_code=server.setup_code,
            setup_payload=server.setup_payload,
        )
        if self._as_json:
            return
        say(f"Setup code: {server.setup_code}")
        say(f"Setup payload: {server.setup_payload}")
        if server.announced_name is None:
            say(f"It is not announced: reach it with --host HOST:{port}.")
        say("Enter moves it by hand, Ctrl-C ends it." if self._by_hand else "Ctrl-C ends it.")

    def pairings(self, state: AccessoryState) -> None:
        """Tell by how many it is paired, if that is news."""
        count = len(state.register.pairings)
        if count == self._controllers:
            return
        self._controllers = count
        text = (
            f"Paired with {count} controller{'s' if count > 1 else ''}." if count else "Not paired."
        )
        self.say("pairings", text, controllers=count)

    def identified(self, name: str) -> None:
        """Be the light that blinks."""
        self.say("identified", f"{name}: Here I am!", name=name)

    def written(self, name: str, found: Characteristic, value: Any) -> None:
        """Tell what a controller wrote."""
        self._tell("written", name, found, value, "by a controller")

    def moved(self, name: str, found: Characteristic) -> None:
        """Tell what a hand did."""
        self._tell("moved", name, found, found.value, "by hand")

    def _tell(self, event: str, name: str, found: Characteristic, value: Any, who: str) -> None:
        what = found.metadata.description or found.type
        self.say(
            event,
            f"{name}: {what} is {value} ({who})"
            if value is not None
            else f"{name}: {what} ({who})",
            name=name,
            id=f"{found.aid}.{found.iid}",
            characteristic=what,
            value=value,
        )
