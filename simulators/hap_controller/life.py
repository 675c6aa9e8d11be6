"""What a service does by itself: the common part of all kinds."""

import asyncio
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from custom_components.hap_controller.protocol.catalogue import CharacteristicUuid as C

from .description import Accessory, Characteristic, Service

if TYPE_CHECKING:
    from .house import House

INVALID = -70410
"""What is none of the values that can be."""
NOT_ALLOWED = -70412
"""What cannot be done in the state something is in."""


class Refused(Exception):
    """A write that is not carried out; ``status`` says why."""

    def __init__(self, status: int) -> None:
        """Refuse with a status."""
        super().__init__(f"refused with {status}")
        self.status = status


class Life:
    """A service without a life of its own: it keeps what is written."""

    def __init__(self, house: House, accessory: Accessory, service: Service) -> None:
        """Take over a service."""
        self.house = house
        self.accessory = accessory
        self.service = service
        self._ahead: list[asyncio.TimerHandle] = []

    # --- what others call -------------------------------------------------------------------

    def start(self) -> None:
        """Begin to live."""

    def stop(self) -> None:
        """Let nothing happen any more by itself."""
        self.house.timers.cancel(*self._ahead)
        self._ahead.clear()

    def read(self, each: Characteristic) -> Any:
        """Give a value as it is at this moment."""
        return each.value

    def write(self, each: Characteristic, value: Any, source: object | None) -> Any:
        """Take a value that was checked; gives the answer to who wants one. Raises Refused."""
        self.judge(each.type, value)
        if each.type == C.IDENTIFY:
            self.accessory.identified += 1
            return None
        if "pr" in each.perms:
            self.house.put((self.accessory.aid, each.iid), value, source)
        self.follow(each.type, value)
        return each.value if "pr" in each.perms else None

    # --- what kinds differ in -----------------------------------------------------------------

    def judge(self, uuid: str, value: Any) -> None:
        """Raise Refused for what cannot be done now."""

    def follow(self, uuid: str, value: Any) -> None:
        """Act on what was written."""

    # --- for the kinds ------------------------------------------------------------------------

    def get(self, uuid: str, default: Any = None) -> Any:
        """Give the value of a characteristic of the service; ``default`` where there is none."""
        each = self.service.find(uuid)
        return default if each is None or each.value is None else each.value

    def has(self, uuid: str) -> bool:
        """Tell whether the service has a characteristic."""
        return self.service.find(uuid) is not None

    def put(self, uuid: str, value: Any) -> None:
        """Let a characteristic have a value, and tell it if it is news; nothing where there is none."""
        each = self.service.find(uuid)
        if each is not None:
            self.house.put((self.accessory.aid, each.iid), value)

    def tell(self, uuid: str, value: Any) -> None:
        """Tell an event."""
        each = self.service.find(uuid)
        if each is not None:
            self.house.tell((self.accessory.aid, each.iid), value)

    def after(self, seconds: float, act: Callable[[], object]) -> asyncio.TimerHandle:
        """Let something happen after so many seconds of a real accessory."""
        lasting = self.house.pace.lasting(seconds)

        def fire() -> None:
            self._ahead.remove(handle)
            act()

        handle = self.house.timers.after(lasting, fire)
        self._ahead.append(handle)
        return handle

    def call_off(self) -> None:
        """Call off what is about to happen."""
        self.house.timers.cancel(*self._ahead)
        self._ahead.clear()

    def siblings(self, uuid: str) -> Iterator[Life]:
        """Go through the services of a type in the same accessory: those linked if any are, else all."""
        services = [each for each in self.accessory.services if each.type == uuid]
        linked = [each for each in services if each.iid in self.service.linked]
        for service in linked or services:
            yield self.house.life(self.accessory, service)
