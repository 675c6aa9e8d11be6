"""A home with devices that live, as far as homes of all vendors are alike."""

from abc import ABC, abstractmethod
import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

from .timers import Timers


class Device(Protocol):
    """What homes know of a device."""

    @property
    def device_id(self) -> str:
        """The id by which it is addressed."""

    @property
    def name(self) -> str:
        """The name the user gave it."""

    def has(self, part: str) -> bool:
        """Tell whether it has a resource, or its object a member."""


class Home[D: Device, Listener: Callable[..., None]](ABC):
    """One account and its devices.

    Everything here is what people and devices do; a cloud that serves the home hears of it by ``subscribe``.
    Devices are named by id or, where that is unique, by name. An unknown one raises LookupError.
    """

    def __init__(self, devices: Iterable[D]) -> None:
        """Furnish a home."""
        self.devices = {device.device_id: device for device in devices}
        self._listeners: list[Listener] = []
        self._timers = Timers()
        self._acts: dict[str, list[asyncio.TimerHandle]] = {}
        """The timers of what each device is doing."""

    @property
    @abstractmethod
    def account(self) -> str:
        """The address of the account."""

    @abstractmethod
    def stop(self) -> None:
        """Let nothing happen any more by itself; what moves stays where it is."""

    @property
    def watched(self) -> bool:
        """Whether a cloud serves it."""
        return bool(self._listeners)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Tell ``listener`` of every push until the returned function is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def settle(self) -> None:
        """Wait until no command is about to act, nothing is on its way and no door is being opened."""
        await self._timers.settle()

    def device(self, reference: str) -> D:
        """Find a device by its id or its name."""
        if device := self.devices.get(reference):
            return device
        named = [device for device in self.devices.values() if device.name == reference]
        if len(named) != 1:
            raise LookupError(f"there is no device {reference!r} or more than one of that name")
        return named[0]

    def knows(self, reference: str) -> bool:
        """Tell whether any device has this id or name."""
        return any(reference in {known.device_id, known.name} for known in self.devices.values())

    def put(self, device: D) -> None:
        """Pair a device that was made elsewhere or removed before; only the next list shows it."""
        self.devices[device.device_id] = device

    @staticmethod
    def now() -> float:
        """Read the clock that movements follow."""
        return asyncio.get_running_loop().time()

    # --- for the vendor's home -------------------------------------------------------------

    def _with(self, reference: str, part: str) -> D:
        """Find a device that has a resource or member; raises ValueError for one that has not."""
        device = self.device(reference)
        if not device.has(part):
            raise ValueError(f"{device.name} has no {part}")
        return device

    def _end_act(self, device: D) -> None:
        """Call off what the device is doing."""
        self._timers.cancel(*self._acts.pop(device.device_id, ()))
