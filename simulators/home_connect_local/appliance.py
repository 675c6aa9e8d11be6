"""One appliance that lives: requests, hands and time change it, and it tells what changed.

It decides by itself, from the notes on the wire alone, what a request does or why it is refused.
Source: docs/home_connect_local/wire.md §8 to §11.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from .codes import Code, Refused
from .description import ACTIVE_PROGRAM, SELECTED_PROGRAM, Feature
from .hands import Operated
from .keys import (
    ALARM,
    ALARM_CLOCK,
    BACKEND,
    COLOUR,
    CONFIRM,
    CUSTOM_COLOUR,
    DELAYS,
    FANS,
    LOCAL_CONTROL,
    POWER,
    REMOTE_CONTROL,
    REMOTE_LEVEL,
    REMOTE_START,
    VENTING,
    ZONE,
)
from .process import duration_of
from .profile import Json
from .state import READABLE, WRITABLE
from .teller import EVENT_CONFIRMED, EVENT_OFF, EVENT_PRESENT

type Option = tuple[int, Any]

# What the vendor's servers have to bring about.
_SOFTWARE = "BSH.Common.Command.AllowSoftware"


class Appliance(Operated):
    """One appliance with its values, its programs and its quirks, and what it says to requests.

    All of it may be used and changed while it is served, from the same event loop.
    """

    def read(self, uids: Iterable[int]) -> list[Json]:
        """Give values. Raises Refused."""
        found: list[Json] = []
        for uid in uids:
            self.state.check_known(uid)
            self.state.check_reachable(uid, READABLE)
            if uid in self.state.values:
                found.append({"uid": uid, "value": self.state.values[uid]})
        return found

    def write(self, items: list[Option]) -> None:
        """Write values: all of them or none. Raises Refused."""
        given = dict(items)
        if self.character.starts_by_value and ACTIVE_PROGRAM in given:
            self._start_by_value(items)
            return
        for uid, value in items:
            feature = self.state.check_known(uid)
            self._check_write(feature, value, given)
        for uid, value in items:
            feature = self.profile.description.features[uid]
            if uid in {ACTIVE_PROGRAM, SELECTED_PROGRAM}:
                continue  # accepted and ignored by most (§10.6)
            if feature.kind == "command":
                self._react(partial(self._obey, feature, value))
            else:
                self._react(partial(self._set, feature, value))

    def _check_write(self, feature: Feature, value: Any, given: Mapping[int, Any]) -> None:
        uid = feature.uid
        try:
            self.state.check_reachable(uid, WRITABLE)
        except Refused as refusal:
            if feature.kind == "option" and self._is_for_a_running_program(uid):
                raise Refused(Code.PROCESS_STATE) from None
            raise refusal from None
        self._check_locks()
        self.state.check_value(
            feature, value, self.state.fields(uid), strictly=self.character.strict_numbers
        )
        match feature.key:
            case key if key == POWER and value != self.state.values.get(uid) and self.is_busy:
                raise Refused(Code.PROCESS_STATE)
            case key if key == CUSTOM_COLOUR:
                colour = self.state.uid(COLOUR)
                custom = None if colour is None else self.state.raw_of(colour, "CustomColor")
                if colour is not None and given.get(colour, self.state.values[colour]) != custom:
                    raise Refused(Code.DEVICE_STATE)
            case "BSH.Common.Command.AcknowledgeEvent" | "BSH.Common.Command.RejectEvent":
                self._check_event(value)
            case key if (key or "").startswith(_SOFTWARE) and self.state.get(BACKEND) is False:
                raise Refused(Code.BACKEND)
        if feature.kind == "command" and feature.json_kind == "boolean" and value is not True:
            raise Refused(Code.OUT_OF_RANGE)

    def _is_for_a_running_program(self, uid: int) -> bool:
        """Tell whether an option could be written while some program runs, or at another moment of it."""
        if self.state.values.get(ACTIVE_PROGRAM):
            return bool(self.state.entry(uid))
        if self.state.program:
            return False
        return any(
            uid in program.options and program.options[uid].fields.get("access") in WRITABLE
            for program in self.profile.description.programs()
        )

    def _check_event(self, uid: int) -> None:
        event = self.profile.description.features.get(uid)
        if event is None or event.kind != "event":
            raise Refused(Code.INVALID_UID)
        if (
            event.fields.get("handling", "none") == "none"
            or self.state.values.get(uid) != EVENT_PRESENT
        ):
            raise Refused(Code.COMMAND_VIOLATION)

    def _check_locks(self) -> None:
        if self.state.get(LOCAL_CONTROL) is True:
            raise Refused(Code.LOCAL_CONTROL)
        if self.state.get(REMOTE_CONTROL) is False:
            raise Refused(Code.REMOTE_CONTROL_OFF)

    def _set(self, feature: Feature, value: Any) -> None:
        """Let a written value take effect."""
        word = self.state.names(feature.uid).get(value) if type(value) is int else None
        match feature.key:
            case key if key == POWER and word:
                self.power(word)
            case key if key == REMOTE_LEVEL and word == "PermanentRemoteStart":
                self._ask_for_permanence(value)
            case key if key == ALARM_CLOCK:
                self._wind_alarm(value)
            case key if key in FANS:
                self.tell_values({feature.uid: value})
                self._look_at_fan()
            case _:
                self.tell_values({feature.uid: value}, again=True)

    def _ask_for_permanence(self, value: int) -> None:
        """Wait for the confirmation that raising the level needs, of those that know one (§9.4)."""
        if self.state.uid(CONFIRM) is None:
            self.tell({REMOTE_LEVEL: value})
        else:
            self._permanent_asked = True

    def _wind_alarm(self, seconds: int) -> None:
        self._alarm_clock.clear()
        self.tell({ALARM_CLOCK: seconds})
        if seconds:
            self._after(self._alarm_clock, seconds, self._ring)

    def _ring(self) -> None:
        self.tell({ALARM_CLOCK: 0, ALARM: EVENT_PRESENT})
        self._after(self._alarm_clock, 60, partial(self.tell, {ALARM: EVENT_OFF}))

    def _obey(self, command: Feature, value: Any) -> None:
        """Carry out a command."""
        match (command.key or "").rpartition(".Command.")[2]:
            case "AbortProgram":
                self.abort()
            case "PauseProgram":
                self.pause()
            case "ResumeProgram":
                self.resume()
            case "OpenDoor":
                self.open_door()
            case "PartlyOpenDoor":
                self.open_door(ajar=True)
            case "MainsPowerOff":
                self.power("MainsOff")
            case "AcknowledgeEvent":
                self.tell_values({value: EVENT_CONFIRMED})
            case "RejectEvent":
                self.tell_values({value: EVENT_OFF})
            case "DeactivateRemoteControlStart":
                self.remote_start(False)
            case "ConfirmPermanentRemoteStart" if self._permanent_asked:
                self._permanent_asked = False
                self.tell(self._word(REMOTE_LEVEL, "PermanentRemoteStart") | {REMOTE_START: True})
            case "Hood.GreaseFilterReset":
                self._change_filter("Grease")
            case "Hood.CarbonFilterReset" | "Hood.RegenerativeCarbonFilterReset":
                self._change_filter("Carbon")
            case _:
                pass

    def _change_filter(self, kind: str) -> None:
        event = f"Cooking.Common.Event.Hood.{kind}FilterMaxSaturation"
        self.tell(
            {
                f"Cooking.Hood.Status.{kind}FilterSaturation": 0,
                f"{event}NearlyReached": EVENT_OFF,
                f"{event}Reached": EVENT_OFF,
            }
        )

    def select(self, program: int, options: list[Option]) -> None:
        """Select a program. Raises Refused."""
        feature = self._check_program(program, {"SELECTONLY", "SELECTANDSTART"})
        self._check_locks()
        if self.character.starts_by_selecting:
            self._check_power(Code.DEVICE_STATE)
        else:
            self._check_power(Code.NOT_AVAILABLE_READ)
        if self.is_busy:
            raise Refused(Code.PROCESS_STATE)
        self.state.check_reachable(SELECTED_PROGRAM, WRITABLE)
        self._check_options(feature, options, full=self._wants_all(SELECTED_PROGRAM, default=False))
        if self.character.starts_by_selecting:
            self._check_zone(options)
            self._react(partial(self._heat_zone, feature, dict(options)))
        else:
            self._react(partial(self.settle_on, program, dict(options)))

    def start(self, program: int, options: list[Option]) -> None:
        """Start a program. Raises Refused."""
        feature = self._check_program(program, {"STARTONLY", "SELECTANDSTART"})
        self._check_locks()
        self._check_power(Code.DEVICE_STATE)
        if self.character.needs_remote_start and self.state.get(REMOTE_START) is False:
            raise Refused(Code.REMOTE_START_OFF)
        if self.door_open:
            raise Refused(Code.DEVICE_STATE)
        changes_fan = self._is_venting and feature.key == VENTING
        if self.character.starts_by_value or (self.is_busy and not changes_fan):
            raise Refused(Code.PROCESS_STATE)
        if not changes_fan:
            self.state.check_reachable(ACTIVE_PROGRAM, WRITABLE)
        self._check_options(feature, options, full=self._wants_all(ACTIVE_PROGRAM, default=True))
        self._react(partial(self.begin, program, dict(options)))

    def _start_by_value(self, items: list[Option]) -> None:
        """Start as some dryers want it: the delay first, uid 256 behind it, while the window is open (§10.6)."""
        program = items[-1][1]
        if items[-1][0] != ACTIVE_PROGRAM or type(program) is not int:
            raise Refused(Code.BAD_REQUEST)
        feature = self._check_program(program, {"STARTONLY", "SELECTANDSTART"})
        self._check_locks()
        self._check_power(Code.DEVICE_STATE)
        if not self.character.window_open:
            raise Refused(Code.NO_ACCESS)
        if self.door_open:
            raise Refused(Code.DEVICE_STATE)
        if self.is_busy:
            raise Refused(Code.PROCESS_STATE)
        self._check_options(feature, items[:-1], full=False)
        self._react(partial(self.begin, program, dict(items[:-1])))

    def _check_program(self, program: int, executions: set[str]) -> Feature:
        if not program and self.character.zero_is_unknown:
            raise Refused(Code.UNKNOWN_UID)
        feature = self.profile.description.features.get(program)
        if feature is None or feature.kind != "program":
            raise Refused(Code.INVALID_UID)
        if not self.state.field(program, "available", True):
            raise Refused(Code.NOT_AVAILABLE)
        if self.state.field(program, "execution", "SELECTANDSTART") not in executions:
            raise Refused(Code.NO_EXECUTION)
        return feature

    def _check_power(self, code: Code) -> None:
        if not self.is_on:
            raise Refused(code)

    def _wants_all(self, uid: int, *, default: bool) -> bool:
        """Tell whether a program must come with all its options (§10.4)."""
        feature = self.profile.description.features.get(uid)
        return bool(feature and feature.fields.get("fullOptionSet", default))

    def _check_options(self, program: Feature, options: list[Option], *, full: bool) -> None:
        """Raise Refused unless the options are the program's, may be written, and have values that may be."""
        given = dict(options)
        if len(given) < len(options):
            raise Refused(Code.INCONSISTENT)
        for uid, value in options:
            feature = self.state.check_known(uid)
            entry = program.options.get(uid)
            if entry is None:
                raise Refused(Code.BAD_REQUEST)
            if not entry.fields.get("available", True):
                raise Refused(Code.NOT_AVAILABLE)
            if entry.fields.get("access", "READ") not in WRITABLE:
                raise Refused(Code.NO_ACCESS)
            fields = self.state.fields_in(program.uid, uid)
            self.state.check_value(feature, value, fields, strictly=self.character.strict_numbers)
        delays = [self.state.uid(key) for key in DELAYS]
        if all(given.get(uid) for uid in delays if uid is not None) and None not in delays:
            raise Refused(Code.INCONSISTENT)
        finish = delays[1]
        if finish is not None and given.get(finish):
            total = duration_of(self.state, self.profile.type, program.uid, given)
            if total is not None and given[finish] < total:
                raise Refused(Code.OUT_OF_RANGE)
        if full and not self._full_set(program) <= given.keys():
            raise Refused(Code.INCOMPLETE)

    def _full_set(self, program: Feature) -> set[int]:
        delays = {self.state.uid(key) for key in DELAYS}
        return {
            uid
            for uid, option in program.options.items()
            if option.fields.get("access") in WRITABLE
            and option.fields.get("available", True)
            and uid not in delays
        }

    def _check_zone(self, options: list[Option]) -> None:
        zone = self.state.uid(ZONE)
        if zone is not None and zone not in dict(options):
            raise Refused(Code.INCOMPLETE)
