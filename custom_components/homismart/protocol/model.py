"""State of the account's hubs and devices as last reported, and what changes when news come.

A device is frozen and replaced as a whole. Every step says what changed; no news, no change.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from .const import HUB_ID_START, KIND_BY_TYPE, LEVEL_CLOSED, MAX_MEMBERS, MAX_OBJECTS, Kind
from .messages import CurtainState, Report


class Motion(StrEnum):
    """Which way a curtain moves."""

    OPENING = "opening"
    CLOSING = "closing"


@dataclass(frozen=True)
class Device:
    """One device or hub of the account; None means "not known".

    Without slots, so that a changed copy is one merged dictionary: see ``changed``.
    """

    device_id: str
    type_number: int | None = None
    """The vendor's number of the type; kept as first told."""
    name: str | None = None
    hub_id: str | None = None
    """The hub it belongs to, as told; that hub may be unknown."""
    version: str | None = None
    online: bool | None = None
    """As told by the cloud; a device whose hub is away may still claim it."""
    reachable: bool | None = None
    """Whether commands can reach it: on line, and so is its hub when that is known."""
    is_on: bool | None = None
    level: int | None = None
    """Level of a curtain as last told, 0 open to 100 closed; where it goes to while it moves."""
    motion: Motion | None = None
    """Derived: the cloud tells targets and standing levels only."""
    standing_level: int | None = None
    """Where the curtain last stood still."""
    closed_position: int | None = None
    """Calibration of a curtain, 0–10."""
    locked: bool | None = None
    led: int | None = None
    """Indicator light, 0–100."""
    lit_led: int | None = None
    """What the indicator light was set to when it was last lit."""
    icon_id: str | None = None
    shared: bool | None = None
    """Shared with us by another account."""
    consumption: float | None = None
    """Unit unknown."""
    operation_time_s: float | None = None
    """How long a door is kept open; seconds are a guess."""
    last_on: str | None = None
    """Local time of the home when it was last switched on."""
    updated_at: datetime | None = None
    pending: Mapping[str, Any] = field(default_factory=dict)
    """What commands on the way want, by field."""
    members: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """All members as received; a control command sends them back."""

    def changed(self, values: dict[str, Any]) -> Device:
        """Give a copy with other values; a tenth of the time of ``dataclasses.replace``, once per push."""
        device = object.__new__(Device)
        object.__setattr__(device, "__dict__", self.__dict__ | values)
        return device

    @property
    def is_hub(self) -> bool:
        """Whether this is a hub."""
        return self.device_id.startswith(HUB_ID_START)

    @property
    def kind(self) -> Kind:
        """What the device is."""
        if self.is_hub:
            return Kind.HUB
        return KIND_BY_TYPE.get(self.type_number or 0, Kind.UNKNOWN)

    def expected(self, name: str) -> Any:
        """Give a field as commands on the way want it, else as last reported."""
        return self.pending.get(name, getattr(self, name))

    @property
    def position(self) -> int | None:
        """Percent open, 0–100."""
        return None if self.level is None else LEVEL_CLOSED - self.level

    @property
    def is_closed(self) -> bool | None:
        """Whether a curtain stands closed; one on its way is not."""
        return None if self.level is None else self.level == LEVEL_CLOSED and self.motion is None


@dataclass(frozen=True, slots=True)
class DeviceAdded:
    """A device or hub appeared in the account."""

    device: Device


@dataclass(frozen=True, slots=True)
class DeviceRemoved:
    """A device or hub left the account."""

    device: Device


@dataclass(frozen=True, slots=True)
class DeviceChanged:
    """Some fields of a device or hub have new values."""

    device: Device
    fields: frozenset[str]
    """Names of attributes of the device."""


type ModelChange = DeviceAdded | DeviceRemoved | DeviceChanged

_NO_PENDING: Final[Mapping[str, Any]] = MappingProxyType({})


class Inventory:
    """All hubs and devices of one account."""

    def __init__(self) -> None:
        """Start without devices."""
        self._devices: dict[str, Device] = {}
        self.devices: Mapping[str, Device] = MappingProxyType(self._devices)

    def shrinks(self, reports: Iterable[Report]) -> bool:
        """Tell whether a list lost so much that it must be confirmed before anything goes."""
        listed = {report.device_id for report in reports}
        kept = sum(device_id in listed for device_id in self._devices)
        return bool(self._devices) and (not listed or kept * 2 < len(self._devices))

    def listed(self, reports: Iterable[Report], *, complete: bool = True) -> Iterator[ModelChange]:
        """Take the list of everything; what is missing from it goes when it is ``complete``.

        Hubs come first, so that a device never appears before the hub it belongs to.
        """
        listed = {report.device_id: report for report in reports}
        for report in sorted(listed.values(), key=lambda report: not report.is_hub):
            yield from self.reported(report, listed=True)
        if complete:
            for device_id in [device_id for device_id in self._devices if device_id not in listed]:
                yield from self.deleted(device_id)

    def reported(self, report: Report, *, listed: bool = False) -> Iterator[ModelChange]:
        """Take one report; an unknown device without a type is left for the list to tell."""
        old = self._devices.get(report.device_id)
        if old is None:
            if not report.is_hub and "type_number" not in report.values:
                return
            if len(self._devices) >= MAX_OBJECTS:
                return
            device, _ = apply(Device(report.device_id), report, listed=True)
            device = device.changed({"reachable": self._reachable(device)})
            self._devices[report.device_id] = device
            yield DeviceAdded(device)
        else:
            device, changed = apply(old, report, listed=listed)
            if device.kind is not old.kind:
                changed |= {"kind"}
            reachable = self._reachable(device)
            if reachable != device.reachable:
                device = device.changed({"reachable": reachable})
                changed |= {"reachable"}
            self._devices[report.device_id] = device
            if not changed:
                return
            yield DeviceChanged(device, changed)
            if not {"online", "reachable"} & changed:
                return
        if device.is_hub:
            yield from self._follow(device.device_id)

    def deleted(self, device_id: str) -> Iterator[ModelChange]:
        """Take out a device or hub; the devices of a hub stay until they are gone themselves."""
        device = self._devices.pop(device_id, None)
        if device is not None:
            yield DeviceRemoved(device)
            if device.is_hub:
                yield from self._follow(device_id)

    def pending(self, device_id: str, wants: Mapping[str, Any]) -> Iterator[ModelChange]:
        """Note what commands on the way want of a device; nothing when they are settled."""
        yield from self._change(device_id, pending=dict(wants) if wants else _NO_PENDING)

    def lost(self) -> Iterator[ModelChange]:
        """Note that the link is lost: what was on the way on it will not be settled any more."""
        for device_id in list(self._devices):
            yield from self.pending(device_id, _NO_PENDING)

    def stood_still(self, device_id: str) -> Iterator[ModelChange]:
        """Note that a motor has not reported for so long that it cannot be moving any more.

        Where it stands nobody knows: the level told last was only where it went to.
        """
        device = self._devices.get(device_id)
        if device and device.motion:
            yield from self._change(device_id, motion=None, level=None, standing_level=None)

    def _follow(self, hub_id: str) -> Iterator[ModelChange]:
        """Bring the devices of a hub after it."""
        for device in [device for device in self._devices.values() if device.hub_id == hub_id]:
            yield from self._change(device.device_id, reachable=self._reachable(device))

    def _reachable(self, device: Device) -> bool | None:
        hub = self._devices.get(device.hub_id) if device.hub_id else None
        return False if hub is not None and hub.is_hub and hub.online is False else device.online

    def _change(self, device_id: str, **values: Any) -> Iterator[ModelChange]:
        device = self._devices.get(device_id)
        if device and (
            changed := frozenset(name for name in values if getattr(device, name) != values[name])
        ):
            device = device.changed(values)
            self._devices[device_id] = device
            yield DeviceChanged(device, changed)


def apply(device: Device, report: Report, *, listed: bool = False) -> tuple[Device, frozenset[str]]:
    """Merge a report into a device; gives the device and the names of the fields that changed.

    Members that the report does not mention stay, also those nobody understands. A report that was ``listed``, like
    the first one of a device, repeats what the cloud knew already.
    """
    changes = {
        name: value for name, value in report.values.items() if value != getattr(device, name)
    }
    if device.type_number and not changes.get("type_number"):
        changes.pop("type_number", None)
    if changes.get("led"):
        changes["lit_led"] = changes["led"]
    if report.curtain is not None:
        # A list, a push about something else, or the echo of a command only carries the target along.
        about_motion = (
            not listed and changes.keys() <= {"updated_at"} and "level" not in device.pending
        )
        changes |= _moved(device, report.curtain, about_motion=about_motion, listed=listed)
    members = {**device.members, **report.members}
    if len(members) > MAX_MEMBERS:  # the peer names them: what is new counts
        members = dict(report.members)
    changed = frozenset(changes)
    changes["members"] = members
    return device.changed(changes), changed


def _moved(
    device: Device, state: CurtainState, *, about_motion: bool, listed: bool
) -> dict[str, Any]:
    """Derive where a curtain is and which way it moves (§7.3).

    That it is closed needs more than a target: somebody at the wall who asks to close once more has it told twice.
    """
    values: dict[str, Any] = {}
    if state.standing:
        values["motion"] = None
        if state.level is not None:
            values["level"] = values["standing_level"] = state.level
        elif device.motion is not None:  # stopped on its way, nobody knows where
            values["level"] = values["standing_level"] = None
    elif state.level is not None:
        # A target for one that moves is a new movement, also back to where it came from; told twice, it is reached.
        start = device.level if device.motion else device.standing_level
        values["level"] = state.level
        if _is_on_its_way(device, state.level):
            pass  # and goes on
        elif (
            device.motion
            and state.level == device.level
            and (not about_motion or state.level == LEVEL_CLOSED)
        ):
            pass  # not told twice by the motor, or perhaps not
        elif start is None and state.level == LEVEL_CLOSED and not listed:
            values["motion"] = Motion.CLOSING  # nobody knows from where, perhaps from open
        elif start is None or state.level == start:
            values["motion"] = None
            values["standing_level"] = state.level
        else:
            values["motion"] = Motion.CLOSING if state.level > start else Motion.OPENING
    return {name: value for name, value in values.items() if value != getattr(device, name)}


def _is_on_its_way(device: Device, level: int) -> bool:
    """Tell whether a moving curtain only passes a level between where it stood and where it goes."""
    if device.motion is None or device.standing_level is None or device.level is None:
        return False
    return (
        min(device.standing_level, device.level) < level < max(device.standing_level, device.level)
    )
