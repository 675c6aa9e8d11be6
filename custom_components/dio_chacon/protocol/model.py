"""State of the account's devices as last reported, and what changes when news come.

A device is frozen and replaced as a whole. Every step says what changed; no news, no change.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from .const import DEFAULT_TRAVEL_S, MAX_DEVICES, MAX_LINKS, REPORT_LIMIT_S, RING, Kind, Movement
from .messages import Calibration, LastEvent, Record, Report, SdCard


@dataclass(frozen=True)
class Device:
    """One device of the account; None means "not known".

    Without slots, so that a changed copy is one merged dictionary: see ``changed``.
    """

    record: Record
    connected: bool | None = None
    """Whether the cloud reaches the device; False also when the cloud has no state of it."""
    reported: bool = False
    """Whether the cloud has a state of the device; too old a firmware never reports one."""
    is_on: bool | None = None
    quiet: bool | None = None
    movement: Movement | None = None
    position: int | None = None
    """Percent open, 0–100."""
    acknowledged_movement: Movement | None = None
    """Direction that the cloud took as a command and no report has confirmed or denied yet."""
    calibration: Calibration | None = None
    last_event: LastEvent | None = None
    last_ring: datetime | None = None
    """When somebody last pressed the button, by the server's clock; other events leave it alone."""
    snapshot_offered: bool = False
    """Whether any event so far came with a picture."""
    sd_card: SdCard | None = None
    resources: Mapping[str, Mapping[str, Any]] = field(
        default_factory=dict, repr=False, compare=False
    )
    """All resources as received, by type, for diagnostics only."""

    def changed(self, values: dict[str, Any]) -> Device:
        """Give a copy with other values; a tenth of the time of ``dataclasses.replace``, once per push."""
        device = object.__new__(Device)
        object.__setattr__(device, "__dict__", self.__dict__ | values)
        return device

    @property
    def device_id(self) -> str:
        """The cloud's id; stays the same for good."""
        return self.record.device_id

    @property
    def kind(self) -> Kind:
        """What the device is."""
        return self.record.kind

    @property
    def name(self) -> str:
        """Name given by the user, else the model."""
        return self.record.name or self.record.model or self.record.kind.value

    @property
    def room_name(self) -> str | None:
        """Room the user put it in."""
        return self.record.room_name

    @property
    def travel_s(self) -> float:
        """Seconds of the longer full run of a shutter."""
        return (
            max(self.calibration.up_s, self.calibration.down_s)
            if self.calibration
            else DEFAULT_TRAVEL_S
        )

    @property
    def report_limit_s(self) -> float:
        """Seconds within which a report is due after the cloud took a command (§10)."""
        return REPORT_LIMIT_S + (self.travel_s if self.kind is Kind.SHUTTER else 0)

    @property
    def stop_limit_s(self) -> float:
        """Seconds within which a running shutter must have reported that it stopped."""
        return REPORT_LIMIT_S + 1.5 * self.travel_s


@dataclass(frozen=True, slots=True)
class DeviceAdded:
    """A device appeared in the account."""

    device: Device


@dataclass(frozen=True, slots=True)
class DeviceRemoved:
    """A device left the account."""

    device: Device


class DeviceChanged(NamedTuple):
    """Some fields of a device have new values."""

    device: Device
    fields: frozenset[str]
    """Names of attributes of the device or of its record."""


@dataclass(frozen=True, slots=True)
class Rang:
    """Something happened at a doorbell, just now."""

    device: Device
    event: LastEvent


type ModelChange = DeviceAdded | DeviceRemoved | DeviceChanged | Rang

_STATE_FIELDS: Final = (
    "connected",
    "is_on",
    "quiet",
    "movement",
    "position",
    "calibration",
    "sd_card",
)
# What the cloud has no state for, nobody knows; what cannot change by itself (calibration, last event) stays.
_UNREPORTED: Final = {
    "connected": False,
    "reported": False,
    "is_on": None,
    "quiet": None,
    "movement": None,
    "position": None,
    "acknowledged_movement": None,
}
_NAMES: Final = {"type_text": "kind"}


class Inventory:
    """All devices of one account."""

    def __init__(self) -> None:
        """Start without devices."""
        self._devices: dict[str, Device] = {}
        self._missing: set[str] = set()
        self._rooms: Mapping[str, str] = {}
        self._motion_reports: dict[str, int] = {}
        self._stuck: set[str] = set()
        self.devices: Mapping[str, Device] = MappingProxyType(self._devices)

    def missing(self) -> bool:
        """Tell whether the last list lacked a device that is still kept."""
        return bool(self._missing)

    def motion_reports(self, device_id: str) -> int:
        """Count the reports about the motion of a device; tells whether one came since a command was sent."""
        return self._motion_reports.get(device_id, 0)

    def listed(
        self, records: Iterable[Record], reports: Mapping[str, Report | None]
    ) -> Iterator[ModelChange]:
        """Take a complete device list, with the states of those devices that were asked for.

        A device goes only when two lists in a row lack it.
        """
        listed = {record.device_id: record for record in records}
        for device_id in [device_id for device_id in self._devices if device_id not in listed]:
            if device_id in self._missing:
                self._missing.discard(device_id)
                self._stuck.discard(device_id)
                self._motion_reports.pop(device_id, None)
                yield DeviceRemoved(self._devices.pop(device_id))
            else:
                self._missing.add(device_id)
        self._missing -= listed.keys()
        for device_id, record in listed.items():
            if device_id in self._devices:
                yield from self.recorded(record)
                if device_id in reports:
                    yield from self.reported(device_id, reports[device_id])
            else:
                device = Device(self._with_room(record))
                if device_id in reports:
                    device, _ = apply(device, reports[device_id])
                self._devices[device_id] = device
                yield DeviceAdded(device)

    def recorded(self, record: Record) -> Iterator[ModelChange]:
        """Take what the cloud says about a device itself: name, room, versions, type."""
        room_id, room_name = record.room_id, record.room_name
        if room_id and room_name and (room_id in self._rooms or len(self._rooms) < MAX_DEVICES):
            self._rooms = {**self._rooms, room_id: room_name}
        old = self._devices[record.device_id]
        yield from self._rerecorded(old, self._with_room(_merged(old.record, record)))

    def roomed(self, rooms: Mapping[str, str]) -> Iterator[ModelChange]:
        """Take the names of the rooms by their ids; without any, those learned so far stay."""
        self._rooms = rooms or self._rooms
        for device in list(self._devices.values()):
            yield from self._rerecorded(device, self._with_room(device.record))

    def _rerecorded(self, old: Device, record: Record) -> Iterator[ModelChange]:
        changed = frozenset(
            _NAMES.get(name, name)
            for name in (item.name for item in fields(Record))
            if getattr(record, name) != getattr(old.record, name) and name != "kind"
        )
        if record.kind is old.kind:  # another type text of the same kind is no news
            changed -= {"kind"}
        device = self._devices[old.device_id] = old.changed({"record": record})
        if changed:
            yield DeviceChanged(device, changed)

    def reported(
        self, device_id: str, report: Report | None, *, pushed: bool = False
    ) -> Sequence[ModelChange]:
        """Take a state; None when the cloud has none.

        Only a report that was ``pushed`` can ring: an answer tells of the last event, possibly days old.
        """
        old = self._devices[device_id]
        if report and ("movement" in report.values or "position" in report.values):
            report = self._moved(device_id, report, pushed=pushed)
        device, changed = apply(old, report)
        if device is not old:
            self._devices[device_id] = device
        if not changed:
            return ()
        news = DeviceChanged(device, changed)
        if pushed and "last_event" in changed and device.last_event:
            return news, Rang(device, device.last_event)
        return (news,)

    def _moved(self, device_id: str, report: Report, *, pushed: bool) -> Report:
        """Count a report about motion; one that the motor has contradicted by silence loses its direction."""
        self._motion_reports[device_id] = self._motion_reports.get(device_id, 0) + 1
        if device_id in self._stuck and "movement" in report.values:
            if pushed or report.values["movement"] is Movement.STOP:
                self._stuck.discard(device_id)
            else:
                values = {
                    name: value for name, value in report.values.items() if name != "movement"
                }
                return report._replace(values=values)
        return report

    def acknowledged(self, device_id: str, movement: Movement | None) -> Iterator[ModelChange]:
        """Note the direction the cloud has just taken as a command; None when it has none."""
        yield from self._change(device_id, acknowledged_movement=movement)

    def lost(self) -> Iterator[ModelChange]:
        """Note that the link is lost: what was only acknowledged on it will not be confirmed any more."""
        for device_id in list(self._devices):
            yield from self._change(device_id, acknowledged_movement=None)

    def overdue(self, device_id: str) -> Iterator[ModelChange]:
        """Forget directions that no report confirmed in time; the position stays what was reported."""
        device = self._devices.get(device_id)
        if device and device.movement in (Movement.UP, Movement.DOWN):
            self._stuck.add(device_id)
            yield from self._change(device_id, acknowledged_movement=None, movement=None)
        elif device:
            yield from self._change(device_id, acknowledged_movement=None)

    def _change(self, device_id: str, **values: Any) -> Iterator[ModelChange]:
        device = self._devices.get(device_id)
        if device and (
            changed := frozenset(name for name in values if getattr(device, name) != values[name])
        ):
            device = device.changed(values)
            self._devices[device_id] = device
            yield DeviceChanged(device, changed)

    def _with_room(self, record: Record) -> Record:
        name = self._rooms.get(record.room_id) if record.room_id else None
        return replace(record, room_name=name) if name else record


def apply(device: Device, report: Report | None) -> tuple[Device, frozenset[str]]:
    """Merge a report into a device; gives the device and the names of the fields that changed.

    A report of None means that the cloud has no state: everything it would tell becomes unknown.
    """
    if report is None:
        lost = {
            name: value for name, value in _UNREPORTED.items() if getattr(device, name) != value
        }
        return device.changed(lost) if lost else device, frozenset(lost)
    state = device.__dict__
    values = report.values
    changes = {name: value for name, value in values.items() if value != state[name]}
    if "last_event" in changes:
        changes |= _happened(device, changes.pop("last_event"))
    if not device.reported:
        changes["reported"] = True
    if device.acknowledged_movement and ("movement" in values or "position" in values):
        changes["acknowledged_movement"] = None
    changed = frozenset(changes)
    if report.resources:
        resources = {**device.resources, **report.resources}
        if (
            len(resources) > MAX_LINKS
        ):  # the peer names them: what is new counts, the rest is not worth keeping
            resources = dict(report.resources)
        changes["resources"] = resources
    return device.changed(changes) if changes else device, changed


def _happened(device: Device, event: LastEvent) -> dict[str, Any]:
    """Take an event of a doorbell; one that is not newer than the last one known is no news."""
    changes: dict[str, Any] = {}
    if device.last_event is None or event.time > device.last_event.time:
        changes["last_event"] = event
        if event.image_url and not device.snapshot_offered:
            changes["snapshot_offered"] = True
    if event.kind == RING and (device.last_ring is None or event.time > device.last_ring):
        changes["last_ring"] = event.time
    return changes


def estimated_position(
    start: int, movement: Movement, elapsed_s: float, calibration: Calibration
) -> int:
    """Guess how far open a running shutter is, in percent.

    ``start`` is the position it left ``elapsed_s`` seconds ago. The guess never reaches an end: only the motor's
    own report says open or closed.
    """
    if movement is Movement.UP:
        return min(99, round(start + 100 * elapsed_s / calibration.up_s))
    if movement is Movement.DOWN:
        return max(1, round(start - 100 * elapsed_s / calibration.down_s))
    return start


def _merged(old: Record, new: Record) -> Record:
    """Lay a new record over an old one; what the new one does not say stays."""
    said = {
        item.name: value
        for item in fields(Record)
        if (value := getattr(new, item.name)) is not None
    }
    if not new.type_text:
        said["type_text"], said["kind"] = old.type_text, old.kind
    if new.room_id and new.room_id != old.room_id and not new.room_name:
        said["room_name"] = None
    return replace(old, **said)
