"""A home with devices that live: hands, remotes and commands move them, and they report."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
import re
from typing import Any, override

from .. import home
from ..motion import Motion
from .devices import (
    CALIBRATION,
    LAST_EVENT,
    MOVEMENT,
    OPEN_LEVEL,
    QUIET_MODE,
    SWITCH,
    Device,
    Json,
    make_device,
)

type Listener = Callable[[str, str, Json], None]
"""Takes the name, the action and the data of a push."""

_MISSING: Json = {}
"""Stands for the state of a device that the cloud has none for."""
SNAPSHOT_URL = "https://snapshots.example.invalid/ring.jpeg?Expires=1&Signature=x"
# Travel time of a motor that tells no calibration.
_FULL_MS = 20_000


@dataclass(slots=True)
class Pace:
    """How quick and how talkative the devices of a home are; may be changed at any time."""

    speed: float = 1.0
    """All times below and the travel times of shutters are divided by this."""
    reaction_s: float = 0.2
    """From the acknowledgement of a command until the device acts and reports; captures show 0.2 to 0.3."""
    progress_s: float = 0.0
    """Interval of reports from a running shutter; 0 for none, as only start and stop are documented."""
    report_unchanged: bool = False
    """Whether a shutter reports when a command changes nothing."""
    partial: bool = False
    """Whether reports hold only what changed instead of the whole state."""


class Home(home.Home[Device, Listener]):
    """One account: its user, its rooms and its devices."""

    def __init__(
        self, user: Json, password: str, devices: Iterable[Device] = (), *, pace: Pace | None = None
    ) -> None:
        """Furnish a home; ``user`` is what the cloud answers about the account."""
        super().__init__(devices)
        self.user = user
        self.password = password
        self.pace = pace or Pace()
        self.rooms: dict[str, str] = {}
        self._made = 0

    @classmethod
    def from_fixture(cls, fixture: Json, password: str, *, pace: Pace | None = None) -> Home:
        """Furnish a home from records and state objects as the cloud would answer them.

        ``fixture`` has ``user``, ``records``, ``states`` (null for a device that never reported, missing for one
        without a state) and ``rooms_assumed``.
        """
        devices = [
            _device_from(record, fixture["states"].get(record["id"], _MISSING))
            for record in fixture["records"]
        ]
        home = cls(dict(fixture["user"]), password, devices, pace=pace)
        home.rooms = {room["id"]: room["name"] for room in fixture["rooms_assumed"]}
        return home

    @property
    def email(self) -> str:
        """The address of the account."""
        return str(self.user["email"])

    @property
    @override
    def account(self) -> str:
        """The address of the account."""
        return self.email

    # --- what the cloud sees ---------------------------------------------------------------

    def state(self, device: Device) -> Json | None:
        """Give the state of a device as the cloud answers it; None when it never reported."""
        return device.state(self.now()) if device.reported else None

    def command(self, device: Device, resource_type: str, value: Any) -> None:
        """Let a device do what the cloud was asked for, after its time to react."""
        act: Callable[[], None]
        if resource_type == MOVEMENT:
            act = partial(self._move, device, value)
        elif resource_type == OPEN_LEVEL:
            act = partial(self._run, device, value)
        else:
            act = partial(self._switch, device, resource_type, value)
        self._later(self.pace.reaction_s, act)

    @override
    def stop(self) -> None:
        """Let nothing happen any more by itself; shutters stay where they are."""
        self._timers.clear()
        self._acts.clear()
        now = self.now()
        for device in self.devices.values():
            if device.motion:
                device.write(OPEN_LEVEL, openLevel=round(device.level_at(now)))
                device.write(MOVEMENT, movement="stop")
                device.motion = None

    # --- hands on the devices --------------------------------------------------------------

    def press(self, reference: str, on: bool | None = None) -> bool:
        """Press the button of a switch or plug, or its 433 MHz remote; tells whether it is on now."""
        device = self._with(reference, SWITCH)
        value = int(not device.read(SWITCH, "value")) if on is None else int(on)
        self._switch(device, SWITCH, value)
        return bool(value)

    def set_quiet(self, reference: str, on: bool) -> None:
        """Change the status light in the vendor's app."""
        self._switch(self._with(reference, QUIET_MODE), QUIET_MODE, int(on))

    def move(self, reference: str, movement: str) -> None:
        """Press ``up``, ``down`` or ``stop`` on the remote of a shutter."""
        if movement not in {"up", "down", "stop"}:
            raise ValueError("a shutter moves 'up', 'down' or is told to 'stop'")
        self._move(self._with(reference, MOVEMENT), movement)

    def move_to(self, reference: str, level: int) -> None:
        """Send a shutter to ``level`` percent open from the vendor's app."""
        if not 0 <= level <= 100:
            raise ValueError("a level is 0 to 100")
        self._run(self._with(reference, OPEN_LEVEL), level)

    def ring(
        self,
        reference: str,
        *,
        kind: str = "ring",
        image: str | None = None,
        ts: str | None = None,
        empty: bool = False,
    ) -> str:
        """Press the button of a doorbell; returns the time stamp that identifies the event.

        ``ts`` gives the stamp, for repeated, late or odd ones; ``image`` the address of a snapshot; ``empty``
        leaves the details of the event null.
        """
        device = self._with(reference, LAST_EVENT)
        last = str(device.read(LAST_EVENT, "ts"))
        stamp = ts if ts is not None else _stamp_after(last)
        event = {
            "rt": LAST_EVENT,
            "href": "lastEvent",
            "type": kind,
            "ts": stamp,
            "data": None if empty else {"reason": None} | ({"image": image} if image else {}),
        }
        state = {"di": device.device_id, "rc": int(device.connected), "links": [event]}
        if stamp >= last:  # the cloud keeps the newest, also when an older one arrives late
            device.write(LAST_EVENT, **event)
        if device.connected and device.reported:
            self._push("deviceState", "update", state)
        return stamp

    def write(self, reference: str, resource_type: str, members: Mapping[str, object]) -> None:
        """Change any value of any resource on the device itself, and report it."""
        device = self.device(reference)
        device.update(resource_type, members)
        self._report(device, resource_type)

    def set_connected(self, reference: str, connected: bool) -> None:
        """Pull the plug of a device, or bring it back."""
        device = self.device(reference)
        if device.connected != connected:
            device.connected = connected
            if device.reported and device.resources is not None:
                self._push("deviceState", "update", device.state(self.now()))

    def set_reported(self, reference: str, reported: bool) -> None:
        """Let the cloud forget the state of a device, or let the device report for the first time."""
        device = self.device(reference)
        device.reported = reported
        self._report(device, *(device.resources or ()))

    # --- hands on the vendor's app ---------------------------------------------------------

    def rename(self, reference: str, name: str | None) -> None:
        """Give a device another name."""
        self._amend(self.device(reference), name=name)

    def assign_room(self, reference: str, room: str | None) -> None:
        """Move a device to a room, which is made when there is none of that name."""
        self._amend(self.device(reference), roomId=self.room_id(room))

    def set_firmware(self, reference: str, version: str) -> None:
        """Update a device."""
        self._amend(self.device(reference), softwareVersion=version)

    def change_type(self, reference: str, type_text: str) -> None:
        """Let the cloud give a device another type text, as after an update."""
        self._amend(self.device(reference), type=type_text)

    def add(
        self, kind: str, name: str, *, room: str | None = None, announce: bool = False
    ) -> Device:
        """Pair a device, which only the next list shows; with ``announce`` it reports its state at once."""
        self._made += 1
        device = make_device(
            kind, name, seed=f"{self.email}/{self._made}", room_id=self.room_id(room)
        )
        self.devices[device.device_id] = device
        if announce:
            self._report(device, *(device.resources or ()))
        return device

    def remove(self, reference: str) -> Device:
        """Delete a device; no push tells of it."""
        device = self.device(reference)
        self._end_act(device)
        device.motion = None
        return self.devices.pop(device.device_id)

    def room_id(self, name: str | None) -> str | None:
        """Find a room by name, and make it when there is none."""
        if name is None:
            return None
        for room_id, known in self.rooms.items():
            if known == name:
                return room_id
        slug = re.sub(r"\W+", "-", name.casefold()).strip("-")
        room_id = f"rm-{slug}" if f"rm-{slug}" not in self.rooms else f"rm-{len(self.rooms)}"
        self.rooms[room_id] = name
        return room_id

    # --- devices by themselves -------------------------------------------------------------

    def _switch(self, device: Device, resource_type: str, value: int) -> None:
        device.write(resource_type, value=value)
        self._report(device, resource_type)

    def _move(self, device: Device, movement: str) -> None:
        if movement != "stop":
            self._run(device, 100 if movement == "up" else 0)
        elif device.motion:
            self._arrive(device)
        elif self.pace.report_unchanged:
            self._report(device, MOVEMENT, OPEN_LEVEL)

    def _run(self, device: Device, target: int) -> None:
        """Start a shutter towards ``target``, from wherever it is and whatever it is doing."""
        now = self.now()
        level = device.level_at(now)
        if round(level) == target:
            if device.motion:
                self._arrive(device)
            elif self.pace.report_unchanged:
                self._report(device, MOVEMENT, OPEN_LEVEL)
            return
        up = target > level
        full_ms = device.read(CALIBRATION, "up_ms" if up else "down_ms") or _FULL_MS
        motion = Motion(level, target, now, full_ms / 1000 / self.pace.speed)
        turned = device.motion is None or _direction(device.motion) != _direction(motion)
        self._end_act(device)
        device.motion = motion
        device.write(MOVEMENT, movement=_direction(motion))
        timers = [self._timers.at(now + motion.duration_s, lambda: self._arrive(device))]
        if self.pace.progress_s:
            timers.append(self._later(self.pace.progress_s, lambda: self._progress(device)))
        self._acts[device.device_id] = timers
        if turned:
            self._report(device, MOVEMENT, OPEN_LEVEL, now=now)

    def _progress(self, device: Device) -> None:
        self._report(device, MOVEMENT, OPEN_LEVEL)
        timer = self._later(self.pace.progress_s, lambda: self._progress(device))
        self._acts[device.device_id].append(timer)

    def _arrive(self, device: Device) -> None:
        """Stop a shutter where it is, and report."""
        level = round(device.level_at(self.now()))
        self._end_act(device)
        device.motion = None
        device.write(OPEN_LEVEL, openLevel=level)
        device.write(MOVEMENT, movement="stop")
        self._report(device, MOVEMENT, OPEN_LEVEL)

    def _report(self, device: Device, *resource_types: str, now: float | None = None) -> None:
        """Push the state a device has ``now``, unless it keeps quiet or has been deleted meanwhile."""
        if not device.connected or not device.reported or device.resources is None:
            return
        if device.device_id in self.devices:
            now = self.now() if now is None else now
            state = (
                device.partial_state(resource_types, now)
                if self.pace.partial
                else device.state(now)
            )
            self._push("deviceState", "update", state)

    def _amend(self, device: Device, **members: object) -> None:
        """Change the record of a device, and push it as far as pushes tell it."""
        device.record.update(members)
        pushed = {
            name: value
            for name, value in device.record.items()
            if name not in {"createdAt", "defaultName"}
        }
        room = self.rooms.get(str(device.record.get("roomId")))
        self._push("device", "update", pushed | {"roomName": room, "isNew": False})

    def _push(self, name: str, action: str, data: Json) -> None:
        for listener in tuple(self._listeners):
            listener(name, action, data)

    def _later(self, delay_s: float, act: Callable[[], None]) -> asyncio.TimerHandle:
        return self._timers.after(delay_s / self.pace.speed, act)


def _direction(motion: Motion) -> str:
    """Give the word of the wire for where a shutter goes."""
    return "up" if motion.target > motion.start else "down"


def _stamp_after(last: str) -> str:
    """Give the present time as the doorbell writes it, later than its last event."""
    now = datetime.now(UTC)
    with suppress(ValueError, TypeError):  # the last one may be odd on purpose
        now = max(now, datetime.fromisoformat(last) + timedelta(milliseconds=1))
    return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _device_from(record: Json, state: Json | None) -> Device:
    """Make a device from its line in the list and its state object, null or ``_MISSING``."""
    if state is _MISSING:
        return Device(dict(record), "oic.d.unknown", None)
    if state is None:  # it has the resources of its product, the cloud just never heard of them
        kinds = {".shutter.": "shutter", ".genericSwitch.": "light_switch", ".plug.": "plug"}
        kind = next((kinds[part] for part in kinds if part in record["type"]), "doorbell")
        device = make_device(kind, record["name"], seed=record["id"])
        return replace(device, record=dict(record), reported=False)
    links = {link["rt"]: dict(link) for link in state["links"]}
    return Device(dict(record), state["rt"], links, connected=bool(state["rc"]))
