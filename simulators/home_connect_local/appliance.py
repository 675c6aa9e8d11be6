"""One appliance that lives: requests, hands and time change it, and it tells what changed.

It decides by itself, from the notes on the wire alone, what a request does or why it is refused.
Source: docs/home_connect_local/wire.md §8 to §11.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from ..timers import Timers
from .codes import Code, Refused
from .description import ACTIVE_PROGRAM, SELECTED_PROGRAM, Feature, read_literal
from .manners import Character, Pace
from .process import (
    DURATION,
    FINISH_IN,
    PREHEATED,
    PROGRESS,
    REMAINING,
    START_IN,
    TOTAL,
    Process,
    duration_of,
    ending,
    telling,
)
from .profile import Json, Profile
from .state import READABLE, WRITABLE, State

type Listener = Callable[[str, list[Json]], None]
"""Takes the resource and the data of a notification."""
type Option = tuple[int, Any]

POWER = "BSH.Common.Setting.PowerState"
OPERATION = "BSH.Common.Status.OperationState"
DOOR = "BSH.Common.Status.DoorState"
REMOTE_CONTROL = "BSH.Common.Status.RemoteControlActive"
REMOTE_START = "BSH.Common.Status.RemoteControlStartAllowed"
REMOTE_LEVEL = "BSH.Common.Setting.RemoteControlLevel"
LOCAL_CONTROL = "BSH.Common.Status.LocalControlActive"
FINISHED = "BSH.Common.Event.ProgramFinished"
ABORTED = "BSH.Common.Event.ProgramAborted"
ABORT = "BSH.Common.Command.AbortProgram"
PAUSE = "BSH.Common.Command.PauseProgram"
RESUME = "BSH.Common.Command.ResumeProgram"
_RUNNING = {"DelayedStart", "Run", "Pause", "ActionRequired", "Finished", "Aborting"}
_OFF, _PRESENT, _CONFIRMED = 0, 1, 2
_FANS = ("Cooking.Common.Option.Hood.VentingLevel", "Cooking.Common.Option.Hood.IntensiveLevel")
_VENTING = "Cooking.Common.Program.Hood.Venting"
_ALARM_CLOCK = "BSH.Common.Setting.AlarmClock"
_ALARM = "BSH.Common.Event.AlarmClockElapsed"
_CUSTOM_COLOUR = "BSH.Common.Setting.AmbientLightCustomColor"
_COLOUR = "BSH.Common.Setting.AmbientLightColor"
_ZONE = "Cooking.Hob.Option.ZoneSelector"
# Delays are no part of a full set, and never wanted together (§10.4).
_DELAYS = (START_IN, FINISH_IN)


class Appliance:
    """One appliance with its values, its programs and its quirks.

    All of it may be used and changed while it is served, from the same event loop.
    """

    def __init__(
        self, profile: Profile, *, pace: Pace | None = None, character: Character | None = None
    ) -> None:
        """Begin with what the profile's seed says."""
        self.profile = profile
        self.pace = pace or Pace()
        self.character = character or Character.of(profile.type)
        self.state = State(profile.description, profile.seed)
        self.process: Process | None = None
        self.on_leave: Callable[[], None] = lambda: None
        """Called when it leaves the network, switched off."""
        self.on_return: Callable[[], None] = lambda: None
        """Called when it comes back."""
        self._idle = {uid: dict(deviation) for uid, deviation in self.state.deviations.items()}
        self._idle_program = self.state.program
        self._listeners: list[Listener] = []
        self._reactions = Timers()
        self._clock = Timers()
        self._alarms = Timers()
        self._permanent_asked = False

    # --- what it tells ---------------------------------------------------------------------

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Tell ``listener`` of every notification until the returned function is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def tell(self, told: Mapping[str, Any], *, again: bool = False) -> None:
        """Take over values by keys, and notify what is new; what does not exist is left out."""
        self.tell_values(
            {
                uid: value
                for key, value in told.items()
                if value is not None and (uid := self.state.uid(key)) is not None
            },
            again=again,
        )

    def tell_values(self, values: Mapping[int, Any], *, again: bool = False) -> None:
        """Take over values by uids, and notify what is new, or all of it if ``again`` says so."""
        news = {
            uid: value
            for uid, value in values.items()
            if again or uid not in self.state.values or self.state.values[uid] != value
        }
        self.state.values.update(news)
        items = [
            {"uid": uid, "value": value} for uid, value in news.items() if self._is_pushed(uid)
        ]
        if items:
            self.notify("/ro/values", items)
        if self.character.tells_programs:
            for uid, name in ((ACTIVE_PROGRAM, "active"), (SELECTED_PROGRAM, "selected")):
                if uid in news:
                    self.notify(f"/ro/{name}Program", self.program_report(uid))

    def deviate(self, items: Iterable[Json], *, again: bool = False) -> None:
        """Take over description changes, and notify those that are new."""
        news: list[Json] = []
        for item in items:
            known = self.state.apart_from_program(item["uid"])
            changes = {
                name: value
                for name, value in item.items()
                if name in {"uid", "value"} or again or known.get(_OURS.get(name, name)) != value
            }
            if len(changes) > 1:
                self.state.deviate(changes)
                told = {_OURS.get(name, name): value for name, value in changes.items()}
                news.append(self.state.told(item["uid"], told))
                if "value" in changes:
                    news[-1]["value"] = changes["value"]
        if news:
            self.notify("/ro/descriptionChange", news)

    def notify(self, resource: str, data: list[Json]) -> None:
        """Tell any message to all who listen, true or not."""
        for listener in tuple(self._listeners):
            listener(resource, data)

    def program_report(self, uid: int) -> list[Json]:
        """Give the active or selected program with its options (§10.8)."""
        program = self.state.values.get(uid) or 0
        feature = self.profile.description.features.get(program)
        options = [
            {"uid": option, "value": self.state.values[option]}
            for option in (feature.options if feature else ())
            if option in self.state.values
        ]
        return [{"program": program, "options": options}]

    def _is_pushed(self, uid: int) -> bool:
        feature = self.profile.description.features.get(uid)
        return feature is None or bool(feature.fields.get("notifyOnChange", True))

    # --- time ------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Wait until nothing that was accepted is still to take effect."""
        await self._reactions.settle()

    def stop(self) -> None:
        """Let nothing happen any more by itself."""
        for timers in (self._reactions, self._clock, self._alarms):
            timers.clear()

    def _react(self, act: Callable[[], object]) -> None:
        self._reactions.after(self.pace.reaction_s / self.pace.speed, act)

    def _after(self, timers: Timers, seconds: float, act: Callable[[], object]) -> None:
        timers.after(seconds / self.pace.speed, act)

    # --- how it is -------------------------------------------------------------------------

    @property
    def is_on(self) -> bool:
        """Whether its power is on."""
        return self.state.word(POWER) in {"On", None}

    @property
    def is_busy(self) -> bool:
        """Whether a program waits, runs or has just ended."""
        return self.state.word(OPERATION) in _RUNNING or bool(self.state.values.get(ACTIVE_PROGRAM))

    @property
    def door_open(self) -> bool:
        """Whether its door is not closed."""
        return self.state.word(DOOR) in {"Open", "Ajar"}

    def _word(self, key: str, word: str) -> Json:
        """Give a value to tell: an enumeration at the member of this name."""
        uid = self.state.uid(key)
        return {} if uid is None else {key: self.state.raw_of(uid, word)}

    # --- requests about values -------------------------------------------------------------

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
            case key if key == _CUSTOM_COLOUR:
                colour = self.state.uid(_COLOUR)
                custom = None if colour is None else self.state.raw_of(colour, "CustomColor")
                if colour is not None and given.get(colour, self.state.values[colour]) != custom:
                    raise Refused(Code.DEVICE_STATE)
            case "BSH.Common.Command.AcknowledgeEvent" | "BSH.Common.Command.RejectEvent":
                self._check_event(value)
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
        if event.fields.get("handling", "none") == "none" or self.state.values.get(uid) != _PRESENT:
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
            case key if key == _ALARM_CLOCK:
                self._wind_alarm(value)
            case key if key in _FANS:
                self.tell_values({feature.uid: value})
                self._look_at_fan()
            case _:
                self.tell_values({feature.uid: value}, again=True)

    def _ask_for_permanence(self, value: int) -> None:
        """Wait for the confirmation that raising the level needs, of those that know one (§9.4)."""
        if self.state.uid("BSH.Common.Command.ConfirmPermanentRemoteStart") is None:
            self.tell({REMOTE_LEVEL: value})
        else:
            self._permanent_asked = True

    def _wind_alarm(self, seconds: int) -> None:
        self._alarms.clear()
        self.tell({_ALARM_CLOCK: seconds})
        if seconds:
            self._after(self._alarms, seconds, self._ring)

    def _ring(self) -> None:
        self.tell({_ALARM_CLOCK: 0, _ALARM: _PRESENT})
        self._after(self._alarms, 60, partial(self.tell, {_ALARM: _OFF}))

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
                self.tell_values({value: _CONFIRMED})
            case "RejectEvent":
                self.tell_values({value: _OFF})
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
                f"{event}NearlyReached": _OFF,
                f"{event}Reached": _OFF,
            }
        )

    # --- requests about programs -----------------------------------------------------------

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
        changes_fan = self._is_venting and feature.key == _VENTING
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
        delays = [self.state.uid(key) for key in _DELAYS]
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
        delays = {self.state.uid(key) for key in _DELAYS}
        return {
            uid
            for uid, option in program.options.items()
            if option.fields.get("access") in WRITABLE
            and option.fields.get("available", True)
            and uid not in delays
        }

    # --- programs --------------------------------------------------------------------------

    def settle_on(self, program: int, options: Mapping[int, Any]) -> None:
        """Have a program selected, with its options at what was asked for or at their defaults."""
        values: dict[int, Any] = {SELECTED_PROGRAM: program}
        feature = self.profile.description.features.get(program)
        for uid in feature.options if feature else ():
            values[uid] = options.get(uid, self._preset(program, uid))
        self.state.values[SELECTED_PROGRAM] = program
        self.tell_values(
            {uid: value for uid, value in values.items() if value is not None}, again=True
        )
        if feature:
            total = duration_of(self.state, self.profile.type, program, values)
            self.tell({REMAINING: total, TOTAL: total})
        self._follow_program()

    def _preset(self, program: int, uid: int) -> Any:
        """Give the value of an option when its program is selected: default, else what it was, else the least."""
        feature = self.profile.description.features.get(uid)
        if feature is None:
            return None
        entry = self.profile.description.features[program].options[uid].fields
        literal = entry.get("default", feature.fields.get("default"))
        if literal is not None:
            return read_literal(feature, literal)
        fields = {**feature.fields, **entry}
        for value in (self.state.values.get(uid), fields.get("min"), 0, False):
            try:
                self.state.check_value(feature, value, fields, strictly=False)
            except Refused, TypeError:
                continue
            return value
        members = self.profile.description.enums.get(fields.get("enum", -1))
        return min(members) if members else self.state.values.get(uid)

    def _follow_program(self) -> None:
        """Let the description of options and roots follow the program and its progress."""
        running = bool(self.state.values.get(ACTIVE_PROGRAM))
        entries = self.profile.description.features.get(self.state.program)
        options = {
            uid for program in self.profile.description.programs() for uid in program.options
        }
        items: list[Json] = []
        for uid in sorted(options):
            feature = self.profile.description.features.get(uid)
            if feature is None:
                continue
            item = _of(feature.fields)
            entry = entries.options.get(uid) if entries else None
            if entry:
                item |= _of(entry.fields)
                if running and not entry.fields.get("liveUpdate") and item["access"] in WRITABLE:
                    item["access"] = "READ"
                if feature.key == FINISH_IN and not running and entries:
                    total = duration_of(self.state, self.profile.type, entries.uid, {})
                    item["min"] = total or 0
            elif not self.state.program and not self._idle_program:
                item |= _of(self._idle.get(uid, {}))
            items.append({"uid": uid, **item})
        self.deviate([*items, *self._roots()])

    def _roots(self) -> list[Json]:
        """Give the accesses of programs and commands as they are at this moment of a process."""
        word = self.state.word(OPERATION)
        busy = self.is_busy
        startable = self.is_on and not busy and not self.character.starts_by_selecting
        if self.character.starts_by_value:
            startable = startable and self.character.window_open
        accesses = {
            ABORT: word in {"DelayedStart", "Run", "Pause", "ActionRequired"},
            PAUSE: word == "Run" and self.process is not None and self.process.total_s is not None,
            RESUME: word == "Pause",
        }
        items: list[Json] = [
            {"uid": uid, "access": "WRITEONLY" if on else "NONE"}
            for key, on in accesses.items()
            if (uid := self.state.uid(key)) is not None
        ]
        closed = "READ" if busy or self.character.starts_by_value else "NONE"
        roots = {
            ACTIVE_PROGRAM: "READWRITE" if startable else closed,
            SELECTED_PROGRAM: "READ" if busy else "READWRITE",
        }
        features = self.profile.description.features
        return items + [
            {"uid": uid, "access": access} for uid, access in roots.items() if uid in features
        ]

    def begin(self, program: int, options: Mapping[int, Any]) -> None:
        """Start a program, whoever asked for it."""
        if self._is_venting and self.process and self.process.program == program:
            self.tell_values(options)
            self._look_at_fan()
            return
        self._clock.clear()
        feature = self.profile.description.features[program]
        if self.state.values.get(SELECTED_PROGRAM) != program and self._is_selectable(feature):
            self.settle_on(program, options)
        total = duration_of(self.state, self.profile.type, program, options)
        start, finish = (options.get(self.state.uid(key) or -1) for key in _DELAYS)
        delay = start or (finish - (total or 0) if finish else 0)
        self.process = Process(program, total, int(delay))
        self.state.values.update(options)
        self.tell_values({ACTIVE_PROGRAM: program, **options}, again=True)
        count = "BSH.Common.Status.Program.All.Count.Started"
        if isinstance(started := self.state.get(count), int):
            self.tell({count: started + 1})
        self.tell({FINISHED: _OFF, ABORTED: _OFF})
        self._enter("DelayedStart" if delay else "Run")
        self._look_at_fan()

    def _is_selectable(self, program: Feature) -> bool:
        execution = self.state.field(program.uid, "execution", "SELECTANDSTART")
        return execution in {"SELECTONLY", "SELECTANDSTART"}

    def _enter(self, word: str) -> None:
        """Enter a state of operation, and tell how the process stands."""
        told = self._word(OPERATION, word)
        if self.process:
            told |= telling(self.state, self.process)
        if self.character.locks_door and self.state.uid(DOOR) is not None:
            locked = self._word(DOOR, "Locked")
            if word in {"Run", "Pause"} and locked[DOOR] is not None:
                told |= locked
        self.tell(told)
        self._follow_program()
        self._clock.clear()
        if self.process and word in {"DelayedStart", "Run"}:
            self._after(
                self._clock, step := self.process.step_s(self.pace), partial(self._tick, step)
            )

    def _tick(self, step: float) -> None:
        """Let some time of the program pass."""
        process = self.process
        if process is None:
            return
        if process.delay_s:
            process.delay_s = max(0, process.delay_s - round(step))
            if not process.delay_s:
                self._enter("Run")
                return
        else:
            process.elapsed_s += step
            if process.total_s is not None and process.elapsed_s >= process.total_s:
                self.finish()
                return
        self.tell(telling(self.state, process))
        self._after(self._clock, step := process.step_s(self.pace), partial(self._tick, step))

    def finish(self) -> None:
        """Bring the program to its end."""
        left = {} if self.character.remaining_stays else {REMAINING: 0}
        self.tell(
            ending(self.state, finished=True)
            | self._word(OPERATION, "Finished")
            | {PROGRESS: 100, FINISHED: _PRESENT, START_IN: 0, FINISH_IN: 0}
            | left
        )
        self._unlock()
        self._follow_program()
        self._clock.clear()
        self._after(self._clock, self.pace.finished_s, self._clear_away)

    def _unlock(self) -> None:
        if self.state.word(DOOR) == "Locked":
            self.tell(self._word(DOOR, "Closed"))

    def _clear_away(self) -> None:
        """Come to rest after a program."""
        self._clock.clear()
        self.process = None
        left = {} if self.character.remaining_stays else {REMAINING: 0}
        self.tell(
            {FINISHED: _OFF, ABORTED: _OFF, PREHEATED: _OFF, PROGRESS: 0, **left}
            | self._word(OPERATION, "Ready" if self.is_on else "Inactive")
        )
        self.tell_values({ACTIVE_PROGRAM: 0})
        self._unlock()
        self._follow_program()

    def abort(self) -> None:
        """Break off the program."""
        if not self.process:
            return
        self._clock.clear()
        if self._is_venting:
            self._stop_fan()
            return
        self.tell(self._word(OPERATION, "Aborting"))
        self._follow_program()
        self._after(self._clock, self.pace.aborting_s, self._aborted)

    def _aborted(self) -> None:
        self.tell(ending(self.state, finished=False) | {ABORTED: _PRESENT})
        self._after(self._clock, self.pace.aborting_s, self._clear_away)

    def pause(self) -> None:
        """Let the program rest."""
        if self.process and self.state.word(OPERATION) == "Run":
            self.process.paused = True
            self._enter("Pause")

    def resume(self) -> None:
        """Let the program go on."""
        if self.process and self.state.word(OPERATION) == "Pause":
            self.process.paused = False
            self._enter("Run")

    # --- hoods and hobs --------------------------------------------------------------------

    @property
    def _is_venting(self) -> bool:
        venting = self.state.uid(_VENTING)
        return venting is not None and self.state.values.get(ACTIVE_PROGRAM) == venting

    def _look_at_fan(self) -> None:
        """End venting when no level is left (§10.6)."""
        if self._is_venting and not any(self.state.get(key) for key in _FANS):
            self._stop_fan()

    def _stop_fan(self) -> None:
        self.process = None
        self._clock.clear()
        self.tell(dict.fromkeys(_FANS, 0) | self._word(OPERATION, "Inactive"))
        self.tell_values({ACTIVE_PROGRAM: 0})
        self._follow_program()

    def _check_zone(self, options: list[Option]) -> None:
        zone = self.state.uid(_ZONE)
        if zone is not None and zone not in dict(options):
            raise Refused(Code.INCOMPLETE)

    def _heat_zone(self, program: Feature, options: Mapping[int, Any]) -> None:
        """Let a zone of a hob do what was asked for by selecting."""
        self.tell_values({SELECTED_PROGRAM: program.uid, **options}, again=True)
        zone = options.get(self.state.uid(_ZONE) or -1)
        level = options.get(self.state.uid("Cooking.Hob.Option.PowerLevel") or -1, 0)
        seconds = options.get(self.state.uid(DURATION) or -1, 0)
        status = f"Cooking.Hob.Status.Zone.{zone}"
        on = "Active" if level else "Off"
        self.tell(
            {
                f"{status}.PowerLevel": level,
                f"{status}.Duration": seconds,
                f"{status}.RemainingProgramTime": seconds,
                **self._word(f"{status}.State", on),
                **self._word(f"{status}.OperationState", "Run" if level else "Inactive"),
            }
        )
        self._follow_program()

    # --- hands -----------------------------------------------------------------------------

    def press_select(self, program: int) -> None:
        """Select a program at the panel. Raises LookupError for none."""
        if program not in {feature.uid for feature in self.profile.description.programs()}:
            raise LookupError(f"there is no program {program}")
        self.settle_on(program, {})

    def press_start(self, program: int | None = None) -> None:
        """Start a program, the selected one by default, at the panel. Raises ValueError."""
        chosen = program or self.state.values.get(SELECTED_PROGRAM)
        if chosen not in {feature.uid for feature in self.profile.description.programs()}:
            raise ValueError("no program is selected")
        if not self.is_on or self.is_busy or self.door_open:
            raise ValueError("it is off, busy or open")
        self.begin(chosen, {})

    def power(self, word: str) -> None:
        """Bring the power to a member of its enumeration, by hand or on request. Raises LookupError."""
        uid = self.state.uid(POWER)
        raw = None if uid is None else self.state.raw_of(uid, word)
        if uid is None or raw is None:
            raise LookupError(f"there is no power state {word!r}")
        was_on = self.is_on
        if word == "On":
            self.on_return()
        self.tell(self._word(POWER, word))
        if word != "On":
            self._go_dark()
        elif not was_on:
            self.tell(self._word(OPERATION, "Ready"))
            self._follow_program()
        if word in {"Off", "MainsOff"} and self.character.leaves_network:
            self.on_leave()

    def _go_dark(self) -> None:
        self._clock.clear()
        self.process = None
        self.tell_values({ACTIVE_PROGRAM: 0} if ACTIVE_PROGRAM in self.state.values else {})
        self.tell(self._word(OPERATION, "Inactive") | {REMAINING: 0, PROGRESS: 0})
        self.tell({FINISHED: _OFF, ABORTED: _OFF})
        self._follow_program()

    def open_door(self, compartment: str | None = None, *, ajar: bool = False) -> None:
        """Open the door, or one of a fridge's. Raises ValueError when it is locked, LookupError for none."""
        running = self.state.word(OPERATION) in {"Run", "Pause"}
        if running and self.character.locks_door:
            raise ValueError("the door is locked while a program runs")
        word = "Ajar" if ajar and self._word(DOOR, "Ajar").get(DOOR) is not None else "Open"
        if compartment is not None:
            self._open_compartment(compartment)
        self.tell(self._word(DOOR, word))
        if self.state.word(OPERATION) == "Finished":
            self._clear_away()
        if running and self.character.pauses_at_door:
            self.pause()
        permanent = self.state.word(REMOTE_LEVEL) == "PermanentRemoteStart"
        if self.character.needs_remote_start and not permanent and compartment is None:
            self.remote_start(False)

    def close_door(self, compartment: str | None = None) -> None:
        """Close the door, or one of a fridge's. Raises LookupError for none."""
        if compartment is not None:
            door, alarm = self._compartment(compartment)
            self.tell({**self._word(door, "Closed"), alarm: _OFF})
            if any(self.state.word(key) == "Open" for key in self.compartments().values()):
                return
        else:
            for name in self.compartments():
                door, alarm = self._compartment(name)
                self.tell({**self._word(door, "Closed"), alarm: _OFF})
        self._alarms.clear()
        self.tell(self._word(DOOR, "Closed"))
        if self.process and self.process.paused and self.character.pauses_at_door:
            self.resume()

    def compartments(self) -> dict[str, str]:
        """List the doors of a fridge: their keys by the names of the compartments."""
        found: dict[str, str] = {}
        for key in self.profile.description.by_key:
            if key.startswith("Refrigeration.") and ".Status.Door" in key:
                found.setdefault(key.rpartition(".Status.Door")[2].removeprefix("."), key)
        return found

    def _compartment(self, name: str) -> tuple[str, str]:
        key = self.compartments().get(name)
        if key is None:
            known = ", ".join(self.compartments()) or "none"
            raise LookupError(f"there is no compartment {name!r}; there are: {known}")
        alarm = key.replace(".Status.Door.", ".Event.Door.Alarm")
        return key, alarm.replace(".Status.Door", ".Event.DoorAlarm")

    def _open_compartment(self, name: str) -> None:
        door, alarm = self._compartment(name)
        self.tell(self._word(door, "Open"))
        self._after(self._alarms, self.pace.door_alarm_s, partial(self._complain, door, alarm))

    def _complain(self, door: str, alarm: str) -> None:
        if self.state.word(door) == "Open":
            self.tell({alarm: _PRESENT})

    def remote_start(self, allowed: bool) -> None:
        """Press the button that allows programs to be started from afar, or take it back."""
        self.tell({REMOTE_START: allowed})
        if self.character.starts_by_value:
            self.character.window_open = allowed
            self._follow_program()
            if allowed:
                self._after(self._alarms, self.pace.window_s, self._close_window)

    def _close_window(self) -> None:
        self.character.window_open = False
        self._follow_program()

    def local_control(self, active: bool) -> None:
        """Begin or end to use the panel."""
        self.tell({LOCAL_CONTROL: active})

    def remote_control(self, active: bool) -> None:
        """Allow or forbid to be operated from afar at all."""
        self.tell({REMOTE_CONTROL: active})

    def event(self, uid: int, word: str) -> None:
        """Bring an event to ``Off``, ``Present`` or ``Confirmed``; it is told even when it is not new."""
        feature = self.profile.description.features.get(uid)
        if feature is None or feature.kind != "event":
            raise LookupError(f"there is no event {uid}")
        states = {"Off": _OFF, "Present": _PRESENT, "Confirmed": _CONFIRMED}
        if word not in states:
            raise ValueError(f"an event is {', '.join(states)}")
        self.tell_values({uid: states[word]}, again=True)


# What description changes call what the description calls otherwise, and back.
_OURS = {"enumerationType": "enum"}


def _of(fields: Mapping[str, Any]) -> Json:
    """Give what of the fields of a description a description change can tell."""
    item = {
        name: fields[name]
        for name in ("access", "available", "min", "max", "stepSize")
        if name in fields
    }
    if "enum" in fields:
        item["enumerationType"] = fields["enum"]
    return item
