"""The state of one appliance, and how it tells what changes.

Source: docs/home_connect_local/wire.md §9.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..timers import Timers
from .description import ACTIVE_PROGRAM, SELECTED_PROGRAM
from .keys import DOOR, OPERATION, POWER
from .manners import Character, Pace
from .process import Process
from .profile import Json, Profile
from .state import State

type Listener = Callable[[str, list[Json]], None]
"""Takes the resource and the data of a notification."""

_RUNNING = {"DelayedStart", "Run", "Pause", "ActionRequired", "Finished", "Aborting"}
# What description changes call what the description calls otherwise, and back.
_OURS = {"enumerationType": "enum"}
# The states of an event (§9.4).
EVENT_OFF, EVENT_PRESENT, EVENT_CONFIRMED = 0, 1, 2


class Teller:
    """Values and descriptions that change, and those who want to know."""

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
        """Of the program that runs."""
        self._heat = Timers()
        """Of what gets cold by itself."""
        self._alarm_clock = Timers()
        self._alarms = Timers()
        """Of doors that stand open and of permissions that lapse."""
        self._zones: dict[str, asyncio.TimerHandle] = {}
        self._open_doors: dict[str, asyncio.TimerHandle] = {}
        self._permanent_asked = False

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

    async def settle(self) -> None:
        """Wait until nothing that was accepted is still to take effect."""
        await self._reactions.settle()

    def stop(self) -> None:
        """Let nothing happen any more by itself."""
        for timers in (
            self._reactions,
            self._clock,
            self._heat,
            self._alarm_clock,
            self._alarms,
        ):
            timers.clear()

    def _react(self, act: Callable[[], object]) -> None:
        self._reactions.after(self.pace.reaction_s / self.pace.speed, act)

    def _after(
        self, timers: Timers, seconds: float, act: Callable[[], object]
    ) -> asyncio.TimerHandle:
        return timers.after(seconds / self.pace.speed, act)

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
