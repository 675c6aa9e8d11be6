"""A proxy in front of a paired accessory, to see what controllers do with it."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, override

from custom_components.hap_controller.protocol import (
    Accessory as Known,
    Change,
    Characteristic as KnownCharacteristic,
    DatabaseChanged,
    FormatError,
    HapClient,
    Key,
    LinkChanged,
    StatusError,
    ValuesChanged,
)
from custom_components.hap_controller.protocol.accessory import Accessory, Characteristic, Service

from ...actions import warn
from ...errors import CliError, ExitStatus
from ...options import Arguments
from . import words
from .reach import Link
from .serve import Told, open_state, serve_until

type Filters = Mapping[int, Mapping[int, Callable[[Any], Any]]]


async def debug_proxy(arguments: Arguments) -> ExitStatus:
    """Serve what a paired accessory has, and show all that goes through."""
    link = Link.named(arguments)
    link.wanted, link.follow = None, True
    gets, sets = _filters(arguments.code)
    told = Told(as_json=arguments.json)
    state = await open_state(arguments, name=f"{link.alias} proxy")

    async def command(client: HapClient) -> ExitStatus:
        way = _Way(client, told, gets, sets)
        accessories = [_Mirror(each, way) for each in client.database.accessories.values()]
        primary = accessories[0]
        primary.others = accessories[1:]
        client.subscribe(way.hear)
        await serve_until(arguments, primary, state, told)
        return ExitStatus.DONE

    return await link.run(command)


def _filters(path: Path | None) -> tuple[Filters, Filters]:
    """Load the functions that change values; raises CliError."""
    if path is None:
        return {}, {}
    spec = spec_from_file_location("filters", path)
    if spec is None or spec.loader is None:
        raise CliError(f"{path} is no Python file", ExitStatus.USAGE)
    module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as err:
        raise CliError(
            f"{path} cannot be loaded: {type(err).__name__}: {err}", ExitStatus.USAGE
        ) from err
    return getattr(module, "get_filters", {}), getattr(module, "set_filters", {})


class _Way:
    """The way of values between the accessory and the controllers of the proxy."""

    def __init__(self, client: HapClient, told: Told, gets: Filters, sets: Filters) -> None:
        self.client = client
        self.mirrored: dict[Key, Characteristic] = {}
        self._told = told
        self._gets = gets
        self._sets = sets
        self._wanted: set[Key] = set()
        self._reading: asyncio.Task[None] | None = None
        self._writing: set[Key] = set()

    async def get(self, found: KnownCharacteristic) -> Any:
        """Read for a controller; what is wanted at once is asked for at once."""
        self._wanted.add(found.key)
        if self._reading is None:
            self._reading = asyncio.create_task(self._read())
            self._reading.add_done_callback(_heeded)
        await asyncio.shield(self._reading)
        if found.status:
            raise StatusError(found.status)
        return self._through(self._gets, found, found.value, "get")

    async def _read(self) -> None:
        await asyncio.sleep(0)
        keys, self._wanted, self._reading = self._wanted, set(), None
        with suppress(StatusError):  # each has its own
            await self.client.read(keys)

    async def set(self, found: KnownCharacteristic, value: Any) -> Any:
        """Write for a controller; gives the answer, if there is one."""
        value = self._through(self._sets, found, value, "set")
        self._writing.add(found.key)  # the controller that wrote it needs no event of it
        try:
            answer = await self.client.write({found.key: value})
        finally:
            self._writing.discard(found.key)
        return answer.get(found.key)

    def hear(self, change: Change) -> None:
        """Pass on what the accessory tells."""
        match change:
            case ValuesChanged(changes=changes):
                for found, value in changes:
                    if found.key not in self._writing and value is not None:
                        self._pass_on(found, value)
            case LinkChanged(connected=connected, error=error):
                text = "connected again" if connected else f"connection lost: {error}"
                self._told.say("link", text, connected=connected)
            case DatabaseChanged():
                warn("the accessory describes itself in another way now; start the proxy anew")

    def _pass_on(self, found: KnownCharacteristic, value: Any) -> None:
        mirrored = self.mirrored.get(found.key)
        value = self._through(self._gets, found, value, "event")
        try:
            if mirrored is not None:
                mirrored.value = value
        except FormatError as err:
            warn(f"{words.key_text(found)} told {value!r}, against its own limits: {err}")

    def _through(self, filters: Filters, found: KnownCharacteristic, value: Any, event: str) -> Any:
        """Put a value through its filter, and show it."""
        given = value
        if change := filters.get(found.aid, {}).get(found.iid):
            changed = change(value)
            value = value if changed is None else changed
        text = f"{event} {words.change_text(found, given)}"
        self._told.say(
            event,
            text if value == given else f"{text}, made {value!r}",
            id=words.key_text(found),
            characteristic=words.characteristic_label(found),
            value=given,
            filtered=value,
        )
        return value


def _heeded(task: asyncio.Task[None]) -> None:
    """Take an error for known: of those who wait for it nobody may be left."""
    if not task.cancelled():
        task.exception()


class _Mirror(Accessory):
    """An accessory that has what another one has, under the same numbers."""

    def __init__(self, known: Known, way: _Way) -> None:
        super().__init__("Proxy", identify=lambda: way.client.identify(known.aid))
        self.image = lambda width, height: way.client.image(known.aid, width, height)
        self.aid = known.aid
        self.others: list[_Mirror] = []
        """Those behind the same bridge."""
        self.services = [self._mirrored(each, way) for each in known.services]
        by_iid = {each.iid: each for each in self.services}
        for service in known.services:
            by_iid[service.iid].linked = [by_iid[iid] for iid in service.linked_iids]

    @property
    @override
    def accessories(self) -> list[Accessory]:
        return [self, *self.others]

    def _mirrored(self, known: Any, way: _Way) -> Service:
        service = Service(
            self, known.type, known.iid, primary=bool(known.primary), hidden=bool(known.hidden)
        )
        for found in known.characteristics:
            mirrored = _mirrored(found, way)
            way.mirrored[found.key] = mirrored
            service.characteristics.append(mirrored)
        return service


def _mirrored(found: KnownCharacteristic, way: _Way) -> Characteristic:
    """Make a characteristic whose values are those of another one."""
    metadata = found.metadata

    async def get() -> Any:
        return await way.get(found)

    async def put(value: Any) -> Any:
        return await way.set(found, value)

    mirrored = Characteristic(metadata, iid=found.iid, aid=found.aid)
    if metadata.readable and not metadata.stateless:
        mirrored.getter = get
    if metadata.writable:
        mirrored.setter = put
    return mirrored
