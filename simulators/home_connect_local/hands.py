"""An appliance that people operate by hand."""

from functools import partial

from .description import ACTIVE_PROGRAM, SELECTED_PROGRAM
from .keys import (
    ABORTED,
    DOOR,
    FANS,
    FINISHED,
    LOCAL_CONTROL,
    OPERATION,
    POWER,
    PROGRESS,
    REMAINING,
    REMOTE_CONTROL,
    REMOTE_LEVEL,
    REMOTE_START,
)
from .runner import Runner
from .teller import EVENT_CONFIRMED, EVENT_OFF, EVENT_PRESENT


class Operated(Runner):
    """Doors, buttons and switches."""

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
        self.tell(dict.fromkeys(FANS, 0))
        self.tell({FINISHED: EVENT_OFF, ABORTED: EVENT_OFF})
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
        """Close the door, or one of a fridge's, or all of them. Raises LookupError for none."""
        for name in self.compartments() if compartment is None else (compartment,):
            door, alarm = self._compartment(name)
            if (handle := self._open_doors.pop(name, None)) is not None:
                self._alarms.cancel(handle)
            self.tell({**self._word(door, "Closed"), alarm: EVENT_OFF})
        if any(self.state.word(key) == "Open" for key in self.compartments().values()):
            return
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
        if name not in self._open_doors:
            complain = partial(self.tell, {alarm: EVENT_PRESENT})
            self._open_doors[name] = self._after(self._alarms, self.pace.door_alarm_s, complain)

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
        states = {"Off": EVENT_OFF, "Present": EVENT_PRESENT, "Confirmed": EVENT_CONFIRMED}
        if word not in states:
            raise ValueError(f"an event is {', '.join(states)}")
        self.tell_values({uid: states[word]}, again=True)
