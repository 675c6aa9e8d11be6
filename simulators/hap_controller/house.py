"""The accessories behind one address, with all that happens in them by itself or by hand.

Nothing here knows of controllers; who serves the house hears of it by ``subscribe``.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from custom_components.hap_controller.protocol.catalogue import (
    CharacteristicUuid as C,
    ServiceUuid as S,
)

from ..timers import Timers
from .description import Accessory, Characteristic, Json, Key, Service, next_aid, short, spelled
from .life import Life
from .lives import life_of
from .manners import Pace

type Listener = Callable[[Key, Any, object | None], None]
"""Told which characteristic has which value now, and who wrote it; None for the accessory itself."""


class House:
    """Accessories that live; the first one is the primary, and the bridge of the others."""

    def __init__(self, accessories: Iterable[Accessory], pace: Pace | None = None) -> None:
        """Furnish it."""
        self.pace = pace or Pace()
        self.timers = Timers()
        self.accessories: dict[int, Accessory] = {}
        self.on_reshaped: Callable[[], None] = lambda: None
        """Called when accessories come or go, or describe themselves in another way."""
        self.gone: set[int] = set()
        """Accessories that were here once: who asks for them may not know yet."""
        self._listeners: list[Listener] = []
        self.places: dict[Key, tuple[Accessory, Service, Characteristic]] = {}
        """Where each characteristic is."""
        self._lives: dict[tuple[int, int], Life] = {}
        for accessory in accessories:
            self._put(accessory)

    def _put(self, accessory: Accessory) -> None:
        self.accessories[accessory.aid] = accessory
        for service in accessory.services:
            for each in service.characteristics:
                self.places[accessory.aid, each.iid] = accessory, service, each
        for service in accessory.services:
            place = accessory.aid, service.iid
            self._lives[place] = life_of(self, accessory, service)

    @property
    def primary(self) -> Accessory:
        """The accessory itself, or the bridge."""
        return next(iter(self.accessories.values()))

    def start(self) -> None:
        """Let everything begin to live."""
        for life in self._lives.values():
            life.start()

    def stop(self) -> None:
        """Let nothing happen any more by itself."""
        self.timers.clear()

    async def settle(self) -> None:
        """Wait until nothing is on its way any more."""
        await self.timers.settle()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Tell ``listener`` of every change until the returned function is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @staticmethod
    def now() -> float:
        """Read the clock that everything follows."""
        return asyncio.get_running_loop().time()

    # --- finding ------------------------------------------------------------------------------

    def describe(self) -> list[Json]:
        """Give what is fixed about all accessories."""
        return [accessory.describe() for accessory in self.accessories.values()]

    @property
    def shape(self) -> object:
        """What controllers read once only: the description, and names, which are never told."""
        return [(each.name, each.describe()) for each in self.accessories.values()]

    def place(self, key: Key) -> tuple[Accessory, Service, Characteristic] | None:
        """Find a characteristic and where it belongs."""
        return self.places.get(key)

    def life(self, accessory: Accessory, service: Service) -> Life:
        """Find what a service does by itself."""
        return self._lives[accessory.aid, service.iid]

    def accessory(self, reference: str | int | None = None) -> Accessory:
        """Find an accessory by its aid or name; the primary one by default. Raises LookupError."""
        if reference is None:
            return self.primary
        named = [
            accessory
            for accessory in self.accessories.values()
            if str(reference) in {str(accessory.aid), accessory.name}
        ]
        if len(named) != 1:
            raise LookupError(f"there is no accessory {reference!r} or more than one of that name")
        return named[0]

    def find(
        self,
        accessory: str | int | None,
        characteristic: str | int,
        service: str | int | None = None,
    ) -> Key:
        """Find a characteristic by its iid, or by the name or type of it; if need be in a service named alike.

        Raises LookupError.
        """
        owner = self.accessory(accessory)
        places = [
            each
            for place in owner.services
            if service is None or _is_called(service, place, place.name, place.kind)
            for each in place.characteristics
            if _is_called(characteristic, each, each.name)
        ]
        if not places:
            raise LookupError(f"{owner.name} has no {characteristic}")
        return owner.aid, places[0].iid

    def each(self, uuid: str) -> list[tuple[Accessory, Service]]:
        """Find all services of a type."""
        return [
            (accessory, service)
            for accessory in self.accessories.values()
            for service in accessory.services
            if service.type == uuid
        ]

    # --- values -------------------------------------------------------------------------------

    def value(self, key: Key) -> Any:
        """Give a value as it is at this moment. Raises KeyError."""
        accessory, service, each = self.places[key]
        return self.life(accessory, service).read(each)

    def put(self, key: Key, value: Any, source: object | None = None) -> None:
        """Let a characteristic have a value, and tell it if it is news. Raises KeyError."""
        _, _, each = self.places[key]
        if not each.stateless:
            if each.value == value and type(each.value) is type(value):
                return
            each.value = value
        self.tell(key, value, source)

    def tell(self, key: Key, value: Any, source: object | None = None) -> None:
        """Tell a value, whether it is true or not."""
        for listener in tuple(self._listeners):
            listener(key, value, source)

    def write(self, key: Key, value: Any, source: object | None = None) -> Any:
        """Let a controller, or a hand on the accessory, operate something; gives what it answers to a controller.

        Raises Refused when it cannot be done now, KeyError when there is no such characteristic.
        """
        accessory, service, each = self.places[key]
        return self.life(accessory, service).write(each, value, source)

    # --- the accessories themselves --------------------------------------------------------------

    def rename(self, accessory: Accessory, name: str) -> None:
        """Give an accessory another name, as its user does in the vendor's app."""
        information = accessory.service(S.ACCESSORY_INFORMATION)
        each = information.find(C.NAME) if information else None
        if each is None:
            raise LookupError("the accessory has no name")
        each.value = name
        self.on_reshaped()

    def add(self, accessory: Accessory) -> None:
        """Let another accessory hang on the bridge."""
        if accessory.aid in self.accessories:
            raise ValueError(f"there is an accessory {accessory.aid} already")
        self._put(accessory)
        for service in accessory.services:
            self.life(accessory, service).start()
        self.gone.discard(accessory.aid)
        self.on_reshaped()

    def remove(self, accessory: Accessory) -> None:
        """Take an accessory off the bridge."""
        if accessory is self.primary:
            raise ValueError("the primary accessory cannot be removed")
        for service in accessory.services:
            self._lives.pop((accessory.aid, service.iid)).stop()
            for each in service.characteristics:
                del self.places[accessory.aid, each.iid]
        del self.accessories[accessory.aid]
        self.gone.add(accessory.aid)
        self.on_reshaped()

    def next_aid(self) -> int:
        """Give the id of the next accessory; none is ever given twice."""
        return next_aid([*self.accessories, *self.gone])


def _is_called(reference: str | int, what: Service | Characteristic, *names: str) -> bool:
    """Tell whether this is meant: by a number its iid, by a text one of its names or its type."""
    if isinstance(reference, int):
        return reference == what.iid
    return spelled(reference) in map(spelled, (*names, what.type, short(what.type)))
