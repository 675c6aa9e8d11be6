"""An appliance that runs programs, whoever asked for them.

Source: docs/home_connect_local/wire.md §10.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from .codes import Refused
from .description import ACTIVE_PROGRAM, SELECTED_PROGRAM, Feature, read_literal
from .keys import (
    ABORT,
    ABORTED,
    CAVITY,
    CAVITY_1,
    DELAYS,
    DOOR,
    DURATION,
    FANS,
    FINISH_IN,
    FINISHED,
    LEVEL,
    OPERATION,
    PAUSE,
    PREHEATED,
    PROGRESS,
    REMAINING,
    RESUME,
    STAGES,
    START_IN,
    STARTED,
    TOTAL,
    VENTING,
    ZONE,
)
from .process import ROOM_C, Process, duration_of, ending, telling
from .profile import Json
from .state import WRITABLE
from .teller import EVENT_OFF, EVENT_PRESENT, Teller


class Runner(Teller):
    """Programs that are selected, wait, run, rest and end, and the descriptions that follow them."""

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
        start, finish = (options.get(self.state.uid(key) or -1) for key in DELAYS)
        delay = start or (finish - (total or 0) if finish else 0)
        self.process = Process(program, total, int(delay))
        self.state.values.update(options)
        self.tell_values({ACTIVE_PROGRAM: program, **options}, again=True)
        if isinstance(started := self.state.get(STARTED), int):
            self.tell({STARTED: started + 1})
        self.tell({FINISHED: EVENT_OFF, ABORTED: EVENT_OFF})
        self._heat.clear()
        self._enter("DelayedStart" if delay else "Run")
        self._look_at_fan()
        if feature.key in STAGES:
            self.tell({FANS[0]: self.state.get(STAGES[feature.key] or "") or 1})

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
            | {PROGRESS: 100, FINISHED: EVENT_PRESENT, START_IN: 0, FINISH_IN: 0}
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
            {FINISHED: EVENT_OFF, ABORTED: EVENT_OFF, PREHEATED: EVENT_OFF, PROGRESS: 0, **left}
            | self._word(OPERATION, "Ready" if self.is_on else "Inactive")
        )
        self.tell_values({ACTIVE_PROGRAM: 0})
        self.tell(dict.fromkeys(FANS, 0))
        self._unlock()
        self._follow_program()
        self._cool()

    def _cool(self) -> None:
        """Let an oven get cold by half of its heat, again and again."""
        heat = (self.state.get(CAVITY) or ROOM_C) - ROOM_C
        if heat > 0:
            heat = round(heat) / 2 if heat > 1 else 0
            self.tell({CAVITY: ROOM_C + heat, CAVITY_1: ROOM_C + heat})
            self._after(self._heat, self.pace.report_s, self._cool)

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
        self.tell(ending(self.state, finished=False) | {ABORTED: EVENT_PRESENT})
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

    @property
    def _is_venting(self) -> bool:
        venting = self.state.uid(VENTING)
        return venting is not None and self.state.values.get(ACTIVE_PROGRAM) == venting

    def _look_at_fan(self) -> None:
        """End venting when no level is left (§10.6)."""
        if self._is_venting and not any(self.state.get(key) for key in FANS):
            self._stop_fan()

    def _stop_fan(self) -> None:
        self.process = None
        self._clock.clear()
        self.tell(dict.fromkeys(FANS, 0) | self._word(OPERATION, "Inactive"))
        self.tell_values({ACTIVE_PROGRAM: 0})
        self._follow_program()

    def _heat_zone(self, program: Feature, options: Mapping[int, Any]) -> None:
        """Let a zone of a hob do what was asked for by selecting."""
        self.tell_values({SELECTED_PROGRAM: program.uid, **options}, again=True)
        zone = options.get(self.state.uid(ZONE) or -1)
        level = options.get(self.state.uid(LEVEL) or -1, 0)
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
        if (handle := self._zones.pop(status, None)) is not None:
            self._heat.cancel(handle)
        if level and seconds:
            end = partial(self._leave_zone, status)
            self._zones[status] = self._after(self._heat, seconds, end)

    def _leave_zone(self, status: str) -> None:
        """Let a zone end whose time is over."""
        del self._zones[status]
        self.tell(
            {
                f"{status}.PowerLevel": 0,
                f"{status}.RemainingProgramTime": 0,
                **self._word(f"{status}.State", "Off"),
                **self._word(f"{status}.OperationState", "Inactive"),
            }
        )


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
