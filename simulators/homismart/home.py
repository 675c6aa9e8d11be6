"""A home with hubs and devices that live: hands, apps and commands move them, and they report."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from hashlib import md5
import re
from typing import Any, override

from .. import home
from ..motion import Motion
from .devices import (
    CURTAIN_TYPES,
    LOCK_TYPE,
    STANDING,
    STOP,
    SWITCHED_TYPES,
    Device,
    Json,
    make_device,
    read_integer,
)
from .requests import LAST_ON_FORMAT

type Listener = Callable[[str, Json, Device | None], None]
"""Takes the prefix and the body of a push, and the device it is about."""

# What a client's 0006 cannot write: identity, what the cloud knows better, and what a share grants.
_NOT_WRITTEN = {
    "id",
    "deviceId",
    "type",
    "pid",
    "version",
    "onLine",
    "consumption",
    "shared",
    "permission",
    "allowedTime",
}
# Codes of §11.
HUB_OFFLINE = 5
HUB_UNKNOWN = 7
NO_RESPONSE = 40
PERMISSION_DENIED = 72
OUTSIDE_HOURS = 94
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")
NOTICES = ("push", "members", "bare", "both", "none")
ANNOUNCEMENTS = ("push", "answer", "partial", "none")


@dataclass(slots=True)
class Pace:
    """How quick and how talkative the devices of a home are; may be changed at any time."""

    speed: float = 1.0
    """All times below, travel times and opening times are divided by this."""
    reaction_s: float = 0.4
    """From a command until the device acts and reports; transcripts show 0.3 to 0.6."""
    progress_s: float = 0.0
    """Interval of reports from a moving curtain; 0 for none, as nothing is known of them (§18)."""
    bare_stop: bool = False
    """Whether a stop is reported as 99 instead of 200 and the level."""
    report_unchanged: bool = False
    """Whether a group command makes devices report that it does not change."""
    partial: bool = False
    """Whether reports hold only what changed instead of the whole object."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Something that stands in the way of a curtain."""

    at: float = 50.0
    """Where, in percent of the way."""
    report: bool = True
    """Whether the curtain tells that it stands."""


@dataclass(slots=True)
class Terms:
    """The terms of use of an account."""

    changed: bool = False
    """Whether a login asks for them to be confirmed."""
    withhold: bool = False
    """Whether lists are withheld until they are."""


class Home(home.Home[Device, Listener]):
    """One account: its user, its hubs and its devices."""

    def __init__(
        self,
        username: str,
        password: str,
        devices: Iterable[Device] = (),
        *,
        pace: Pace | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        """Furnish a home; ``clock`` tells its local time, that of the machine unless given."""
        super().__init__(devices)
        self.username = username
        self.password = password
        self.pace = pace or Pace()
        self.clock = clock or _local_time
        self.terms = Terms()
        self._remembered: dict[str, Json] = {}
        self._made = 0

    @classmethod
    def from_fixture(cls, fixture: Mapping[str, Any], *, pace: Pace | None = None) -> Home:
        """Furnish a home from ``username``, ``password`` and ``devices``, objects as the cloud would answer them."""
        devices = [Device(dict(members)) for members in fixture["devices"]]
        return cls(fixture["username"], fixture["password"], devices, pace=pace)

    @property
    @override
    def account(self) -> str:
        """The address of the account."""
        return self.username

    # --- what the cloud sees ---------------------------------------------------------------

    @property
    def password_digest(self) -> str:
        """What clients send instead of the password (§4)."""
        return md5(self.password.encode(), usedforsecurity=False).hexdigest()

    def find(self, device_id: str) -> Device | None:
        """Find a device by the id that a client sent."""
        if device := self.devices.get(device_id):
            return device
        return next(
            (device for device in self.devices.values() if device.answers_to(device_id)), None
        )

    def hub_of(self, device: Device) -> Device | None:
        """Find the hub of a device, which may be gone; a hub is its own."""
        return device if device.is_hub else self.devices.get(device.hub_id or "")

    def reachable(self, device: Device) -> bool:
        """Tell whether the device can be heard and told anything."""
        hub = self.hub_of(device)
        return hub is not None and hub.online and device.online

    def objection(self, device: Device) -> int | None:
        """Give the code of the error (§11) that a command to the device would meet; None when it would act."""
        if device.members.get("shared"):
            if device.members.get("permission") != "control":
                return PERMISSION_DENIED
            if not self._in_hours(device):
                return OUTSIDE_HOURS
        hub = self.hub_of(device)
        if hub is None:
            return HUB_UNKNOWN
        if not hub.online:
            return HUB_OFFLINE
        return None if device.online else NO_RESPONSE

    def _in_hours(self, device: Device) -> bool:
        """Tell whether it is an hour of a share; so it is when the hours cannot be read."""
        hours = _HOURS.fullmatch(str(device.members.get("allowedTime")))
        if hours is None:
            return True
        now = self.clock().time()
        start = time(int(hours[1]), int(hours[2]))
        end = time(int(hours[3]), int(hours[4])) if hours[3] else time.max
        return start <= now < end if start <= end else now >= start or now < end

    def command(
        self,
        device: Device,
        changes: Mapping[str, Any],
        *,
        obstacle: Obstacle | None = None,
        stale_after_s: float | None = None,
    ) -> None:
        """Let a device do what the cloud was asked for, after its time to react.

        With ``stale_after_s`` another client then writes the object as it was before.
        """
        act = partial(self._obey, device, changes, obstacle, stale_after_s)
        self._later(self.pace.reaction_s, act)

    def group(self, number: int, on: bool) -> None:
        """Let all devices of a group command act that can be reached and may be operated; on opens curtains."""
        match number:
            case 10:
                types: Collection[int] = SWITCHED_TYPES
            case 45:
                types = CURTAIN_TYPES
            case _:
                types = {number} & (SWITCHED_TYPES | CURTAIN_TYPES)
        self._later(self.pace.reaction_s, partial(self._act_together, types, on))

    @override
    def stop(self) -> None:
        """Let nothing happen any more by itself; curtains stay where they are."""
        self._acts.clear()
        for device in self.devices.values():
            if device.motion:
                device.members["curtainState"] = str(STANDING + self._halt(device))
            if device.type_number == LOCK_TYPE:
                device.members["power"] = False
        self._timers.clear()

    # --- hands on the devices --------------------------------------------------------------

    def press(self, reference: str, on: bool | None = None) -> bool:
        """Press the button of a switch, socket or door opener; tells whether it is on now."""
        device = self._with(reference, "power")
        if device.type_number in CURTAIN_TYPES:
            raise ValueError(f"{device.name} has no switch")
        value = not device.read("power") if on is None else on
        self._write(device, {"power": value} | ({"lastOn": self.local_time()} if value else {}))
        return value

    def move(self, reference: str, movement: str) -> None:
        """Press ``open``, ``close`` or ``stop`` on the button of a curtain."""
        states = {"open": "0", "close": "100", "stop": str(STOP)}
        if movement not in states:
            raise ValueError("a curtain is told to 'open', 'close' or 'stop'")
        self._write(self._with(reference, "curtainState"), {"curtainState": states[movement]})

    def move_to(self, reference: str, level: int) -> None:
        """Send a curtain to a level, 0 open to 100 closed, from the vendor's app."""
        if level not in range(101) or level == STOP:
            raise ValueError(f"a level is 0 to 100, and {STOP} is none")
        self._write(self._with(reference, "curtainState"), {"curtainState": str(level)})

    def block(self, reference: str, *, at: float = 50.0, report: bool = True) -> None:
        """Stop a moving curtain ``at`` percent of the rest of its way; without ``report`` it does not tell."""
        device = self._with(reference, "curtainState")
        if device.motion is None:
            raise ValueError(f"{device.name} is not moving")
        self._run(device, device.motion.target, Obstacle(at, report))

    def set_lock(self, reference: str, locked: bool) -> None:
        """Lock or unlock a door, or the buttons of another device."""
        self._write(self._with(reference, "lock"), {"lock": "2" if locked else "1"})

    def set_led(self, reference: str, level: int) -> None:
        """Change the indicator light."""
        if level not in range(101):
            raise ValueError("the light is 0 to 100")
        self._write(self._with(reference, "led"), {"led": level})

    def set_closed_position(self, reference: str, position: int) -> None:
        """Calibrate a curtain anew."""
        if position not in range(11):
            raise ValueError("a closed position is 0 to 10")
        self._write(self._with(reference, "closedPosition"), {"closedPosition": position})

    def set_connected(self, reference: str, connected: bool, notice: str = "push") -> None:
        """Take a hub or a device off line, or bring it back.

        ``notice`` says how the cloud tells of it: by a ``push`` of the object, by 0049 with its ``members`` or
        ``bare``, by ``both`` a push and a bare 0049, or not at all (``none``).
        """
        if notice not in NOTICES:
            raise ValueError(f"notice is one of {', '.join(NOTICES)}")
        device = self.device(reference)
        hub = self.hub_of(device)
        if device is not hub and (hub is None or not hub.online):
            device.unseen["onLine"] = connected  # nobody can tell the cloud
            return
        device.members |= {"onLine": connected, "updateTime": self._now_ms()}
        if connected:
            self._catch_up(device)
        if notice in {"push", "both"}:
            self._report(device, "onLine")
        if notice == "members":
            body = {"id": device.device_id, "onLine": connected}
            self._push("0049", body, device)
        elif notice in {"bare", "both"}:
            self._push("0049", {}, device)
        if connected and device.is_hub:
            for other in self.devices.values():
                if other.hub_id == device.device_id and self._catch_up(other):
                    self._report(other, *other.members)

    # --- hands on the vendor's app ---------------------------------------------------------

    def rename(self, reference: str, name: str) -> None:
        """Give a hub or device another name."""
        self.write(reference, {"name": name})

    def set_icon(self, reference: str, icon_id: str) -> None:
        """Give a hub or device another icon."""
        self.write(reference, {"iconId": icon_id})

    def set_version(self, reference: str, version: int | str) -> None:
        """Update the firmware of a hub or device."""
        self.write(reference, {"version": version})

    def change_type(self, reference: str, type_number: int) -> None:
        """Let the cloud take a device for another one."""
        self.write(reference, {"type": type_number})

    def share(
        self, reference: str, *, hours: str = "00:00-24:00", permission: str = "control"
    ) -> None:
        """Let a device be one that another account shares with this one, for some ``HH:MM-HH:MM`` of the day.

        Any ``permission`` but ``control`` forbids to operate it.
        """
        changes = {"shared": True, "permission": permission, "allowedTime": hours}
        self.write(reference, changes)

    def unshare(self, reference: str) -> None:
        """Let a device be the account's own, without limits."""
        device = self.device(reference)
        for name in ("permission", "allowedTime"):
            device.members.pop(name, None)
        self.write(reference, {"shared": False})

    def write(self, reference: str, members: Mapping[str, Any]) -> None:
        """Change any members of an object, known or not, as the cloud itself can; and push it."""
        device = self.device(reference)
        if members.get("id", device.device_id) != device.device_id:
            raise ValueError("an id does not change")
        if "curtainState" in members:
            self._halt(device)
        device.members |= {"updateTime": self._now_ms(), **members}
        if "curtainState" in members:
            device.place()
        self._report(device, *members)

    def add(self, kind: str, name: str, hub: str | None = None, announce: str = "push") -> Device:
        """Pair a hub or device, with the first hub unless another is named.

        ``announce`` says how the cloud tells of it: by a ``push`` of the whole object, by the ``answer`` that an app
        gets, by a push that is ``partial`` and names no type, or not at all (``none``).
        """
        if announce not in ANNOUNCEMENTS:
            raise ValueError(f"announce is one of {', '.join(ANNOUNCEMENTS)}")
        hub_id = None
        if kind != "hub":
            hub_id = self.device(hub).device_id if hub is not None else self.first_hub()
        self._made += 1
        device = make_device(
            kind,
            name,
            seed=f"{self.username}/{self._made}",
            hub_id=hub_id,
            updated_ms=self._now_ms(),
        )
        self.put(device)
        match announce:
            case "push":
                self._push("0009", dict(device.members), device)
            case "answer":
                self._push("0013", {"result": True, "status": dict(device.members)}, device)
            case "partial":
                body = {"id": device.device_id, "power": device.members.get("power", False)}
                self._push("0009", body, device)
        return device

    def remove(self, reference: str, *, announce: bool = True) -> Device:
        """Delete a hub or device; without ``announce`` only the next list tells of it."""
        device = self.device(reference)
        self._halt(device)
        del self.devices[device.device_id]
        if announce:
            self._push("0015", {"result": True, "status": {"id": device.device_id}}, device)
        return device

    def remember(self, reference: str) -> None:
        """Let another client remember the object of a device as it is now."""
        device = self.device(reference)
        self._remembered[device.device_id] = dict(device.members)

    def rewrite(self, reference: str, members: Mapping[str, Any] | None = None) -> None:
        """Let that client write the object it remembers, but for ``members``, however old it is."""
        device = self.device(reference)
        if (stale := self._remembered.get(device.device_id)) is None:
            raise LookupError(f"nobody remembers {device.name}")
        self._write(device, {**stale, "updateTime": self._now_ms(), **(members or {})})

    def first_hub(self) -> str | None:
        """Give the id of the first hub, None when there is none."""
        return next((item.device_id for item in self.devices.values() if item.is_hub), None)

    # --- devices by themselves -------------------------------------------------------------

    def _obey(
        self,
        device: Device,
        changes: Mapping[str, Any],
        obstacle: Obstacle | None,
        stale_after_s: float | None,
    ) -> None:
        if device.device_id not in self.devices:
            return
        stale = dict(device.members)
        self._write(device, changes, obstacle)
        if stale_after_s is not None:
            self._timers.after(stale_after_s, partial(self._write_again, device, stale))

    def _write_again(self, device: Device, stale: Json) -> None:
        self._write(device, {**stale, "updateTime": self._now_ms()})

    def _act_together(self, types: Collection[int], on: bool) -> None:
        for device in tuple(self.devices.values()):
            if device.type_number not in types or self.objection(device) is not None:
                continue
            if device.type_number in CURTAIN_TYPES:
                target = 0 if on else 100
                if self.pace.report_unchanged or device.level_at(self.now()) != target:
                    self._write(device, {"curtainState": str(target)})
            elif self.pace.report_unchanged or device.members["power"] is not on:
                last_on = {"lastOn": self.local_time()} if on else {}
                self._write(device, {"power": on, **last_on})

    def _write(
        self, device: Device, members: Mapping[str, Any], obstacle: Obstacle | None = None
    ) -> None:
        """Write the members of an object that can be written, act upon them, and report."""
        changes = {name: value for name, value in members.items() if name not in _NOT_WRITTEN}
        state = read_integer(changes.pop("curtainState", None))
        if state == STOP:
            level = self._halt(device)
            changes["curtainState"] = str(STOP if self.pace.bare_stop else STANDING + level)
        elif state is not None and 0 <= state <= 100:
            self._run(device, state, obstacle)
            changes["curtainState"] = str(state)
        # Any other state is carried along and moves nothing.
        if device.type_number == LOCK_TYPE and "power" in changes:
            self._end_act(device)
            if changes["power"]:
                seconds = float(device.read("operationTime") or 1)
                timer = self._later(seconds, partial(self._happen, device, {"power": False}))
                self._acts[device.device_id] = [timer]
        self._happen(device, changes)

    def _happen(self, device: Device, changes: Mapping[str, Any]) -> None:
        """Let members change on the device itself; the cloud hears of it when the device can be reached."""
        stamped = {"updateTime": self._now_ms(), **changes}
        if self.reachable(device):
            device.members |= stamped
            self._report(device, *changes)
        else:
            device.unseen |= stamped

    def _catch_up(self, device: Device) -> bool:
        """Let the cloud hear what it missed; tells whether there was anything."""
        missed, device.unseen = device.unseen, {}
        device.members |= missed
        return bool(missed)

    def _run(self, device: Device, target: float, obstacle: Obstacle | None) -> None:
        """Start a curtain towards ``target``, from wherever it is and whatever it is doing."""
        now = self.now()
        start = device.level_at(now)
        self._end_act(device)
        goal = start + (target - start) * obstacle.at / 100 if obstacle else target
        device.motion = Motion(start, goal, now, device.travel_s / self.pace.speed)
        silent = obstacle is not None and not obstacle.report
        end = now + device.motion.duration_s
        timers = [self._timers.at(end, partial(self._arrive, device, silent=silent))]
        if self.pace.progress_s:
            timers.append(self._later(self.pace.progress_s, partial(self._progress, device)))
        self._acts[device.device_id] = timers

    def _progress(self, device: Device) -> None:
        level = _plain(device.level_at(self.now()))
        self._happen(device, {"curtainState": str(level)})
        timer = self._later(self.pace.progress_s, partial(self._progress, device))
        self._acts[device.device_id].append(timer)

    def _arrive(self, device: Device, *, silent: bool) -> None:
        level = self._halt(device)
        if not silent:
            self._happen(device, {"curtainState": str(STANDING + level)})

    def _halt(self, device: Device) -> int:
        """Let a curtain stand where it is; gives the level."""
        level = _plain(device.level_at(self.now()))
        self._end_act(device)
        device.motion, device.level = None, level
        return level

    def _report(self, device: Device, *changed: str) -> None:
        """Push the object of a device, unless it has been deleted meanwhile."""
        if device.device_id in self.devices:
            members = device.members
            if self.pace.partial:
                names = ("id", *changed, "updateTime")
                members = {name: members[name] for name in names}
            self._push("0009", dict(members), device)

    def _push(self, prefix: str, body: Json, device: Device | None) -> None:
        for listener in tuple(self._listeners):
            listener(prefix, body, device)

    # --- time ------------------------------------------------------------------------------

    def local_time(self, ago: timedelta = timedelta()) -> str:
        """Write the local time of the home as ``lastOn`` has it."""
        return (self.clock() - ago).strftime(LAST_ON_FORMAT)

    def _now_ms(self) -> int:
        return int(self.clock().timestamp() * 1000)

    def _later(self, delay_s: float, act: Callable[[], None]) -> asyncio.TimerHandle:
        return self._timers.after(delay_s / self.pace.speed, act)


def _local_time() -> datetime:
    return datetime.now().astimezone()


def _plain(level: float) -> int:
    """Round a level; next to either end is the end, as 1 and 99 mean something else on the wire (§7.3)."""
    return {1: 0, STOP: 100}.get(round(level), round(level))
