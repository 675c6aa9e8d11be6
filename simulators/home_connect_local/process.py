"""A program that runs: its time, its phases, and what it leaves behind."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .description import ACTIVE_PROGRAM
from .keys import (
    CAVITY,
    CAVITY_1,
    COMPLETED,
    DURATION,
    ELAPSED,
    END_TRIGGER,
    FINISH_IN,
    HEATUP,
    PREHEATED,
    PROGRESS,
    REMAINING,
    SETPOINT,
    SHUT_OFF_TIME,
    START_IN,
    SUMMARY,
    TOTAL,
)
from .manners import Pace
from .profile import Json
from .state import State

_HOUR_S = 3600
# How long programs take that do not say so; those of the types that are absent last an hour.
_DURATION_S: Mapping[str, int | None] = {
    "Dishwasher": 12600,
    "Washer": 8400,
    "WasherDryer": 14400,
    "Dryer": 7200,
    "CoffeeMaker": 60,
    "CookProcessor": 1800,
    "Hood": None,
    "Hob": None,
    "Cooktop": None,
    "AirConditioner": None,
}
_SHORT = ("Quick", "Super", "Speed", "PreRinse", "Mini")
_REPORTS = 10
# An oven is hot after this part of its program.
_HOT_AT = 0.2
ROOM_C = 21.0
# What a beverage counts as, by a part of the key of its program; the first that fits.
_COUNTERS = (
    ("Espresso", "RistrettoEspresso"),
    ("Ristretto", "RistrettoEspresso"),
    ("Cappuccino", "CoffeeAndMilk"),
    ("Latte", "CoffeeAndMilk"),
    ("MilkFroth", "FrothyMilk"),
    ("WarmMilk", "HotMilk"),
    ("HotWater", "HotWaterCups"),
    ("Coffee", "Coffee"),
)
_COFFEE = "ConsumerProducts.CoffeeMaker"


def duration_of(state: State, kind: str, program: int, options: Mapping[int, Any]) -> int | None:
    """Tell how many seconds a program takes with these options; None for one that goes on until stopped."""
    feature = state.description.features[program]
    wanted = state.uid(DURATION)
    if (
        wanted is not None
        and wanted in feature.options
        and (seconds := options.get(wanted, state.values.get(wanted)))
    ):
        return int(seconds)
    key = feature.key or ""
    if key.endswith("DelayedShutOff"):
        return int(state.get(SHUT_OFF_TIME) or 600)
    seconds = _DURATION_S.get(kind, _HOUR_S)
    if seconds and any(part in key.rpartition(".Program.")[2] for part in _SHORT):
        return seconds // 4
    return seconds


@dataclass(slots=True)
class Process:
    """One run of a program."""

    program: int
    total_s: int | None
    """How long it takes, None for until it is stopped."""
    delay_s: int = 0
    """How long until it begins."""
    elapsed_s: float = 0.0
    paused: bool = False

    @property
    def remaining_s(self) -> int:
        """Seconds until it ends."""
        return 0 if self.total_s is None else max(0, round(self.total_s - self.elapsed_s))

    @property
    def part(self) -> float:
        """How much of it is done, 0 to 1."""
        return min(1.0, self.elapsed_s / self.total_s) if self.total_s else 0.0

    def step_s(self, pace: Pace) -> float:
        """Tell after how many of its seconds it reports next."""
        if self.delay_s:
            return min(pace.report_s, self.delay_s)
        if self.total_s is None:
            return pace.report_s
        return max(1.0, min(pace.report_s, self.total_s / _REPORTS, self.remaining_s or 1))


def telling(state: State, process: Process) -> Json:
    """Give what a process tells while it waits or runs, by keys."""
    if process.delay_s:
        left = process.delay_s
        return {START_IN: left, FINISH_IN: left + (process.total_s or 0), TOTAL: process.total_s}
    told: Json = {START_IN: 0, FINISH_IN: 0, ELAPSED: round(process.elapsed_s)}
    if process.total_s is not None:
        told |= {
            REMAINING: process.remaining_s,
            PROGRESS: round(process.part * 100),
            TOTAL: process.total_s,
        }
    return told | _phase(state, process) | _heat(state, process)


def _phase(state: State, process: Process) -> Json:
    """Walk through the phases that an appliance knows, in the order of their numbers."""
    told: Json = {}
    for key, uid in state.description.by_key.items():
        if not key.endswith((".ProgramPhase", ".ProcessPhase")):
            continue
        members = sorted(state.description.enums.get(state.field(uid, "enum", -1), ()))[1:]
        if members:
            told[key] = members[min(len(members) - 1, int(process.part * len(members)))]
    return told


def _heat(state: State, process: Process) -> Json:
    target = state.get(SETPOINT)
    if state.uid(CAVITY) is None or not target or process.total_s is None:
        return {}
    warm = min(1.0, process.part / _HOT_AT)
    degrees = round((ROOM_C + (target - ROOM_C) * warm) * 2) / 2
    told: Json = {CAVITY: degrees, CAVITY_1: degrees, HEATUP: round(warm * 100)}
    if warm >= 1:
        told[PREHEATED] = 1
    return told


def ending(state: State, *, finished: bool) -> Json:
    """Give what changes when a program has ended, by keys."""
    told: Json = {
        END_TRIGGER: 0 if finished else 1,
        PREHEATED: 0,
        HEATUP: 0,
    }
    for key, uid in state.description.by_key.items():
        if key.endswith((".ProgramPhase", ".ProcessPhase")):
            told[key] = min(state.description.enums.get(state.field(uid, "enum", -1), {0}))
    if not finished:
        return told
    if isinstance(count := state.get(COMPLETED), int):
        told[COMPLETED] = count + 1
    program = state.description.features.get(state.values.get(ACTIVE_PROGRAM, 0))
    return told | _beverage(state, (program.key if program else None) or "") | _summary(state)


def _beverage(state: State, program: str) -> Json:
    word = next((name for part, name in _COUNTERS if part in program.rpartition(".")[2]), None)
    told: Json = {}
    if word and isinstance(count := state.get(f"{_COFFEE}.Status.BeverageCounter{word}"), int):
        told[f"{_COFFEE}.Status.BeverageCounter{word}"] = count + 1
        for key in state.description.by_key:
            if key.startswith(f"{_COFFEE}.Status.BeverageCountdown"):
                told[key] = max(0, state.get(key) - 1)
    return told


def _summary(state: State) -> Json:
    latest = state.get(SUMMARY)
    if not isinstance(latest, dict):
        return {}
    now = datetime.now().replace(microsecond=0)
    program = state.description.features[state.values[ACTIVE_PROGRAM]]
    options = [
        {"uid": uid, "value": state.values[uid]} for uid in program.options if uid in state.values
    ]
    return {
        SUMMARY: {
            "counter": latest.get("counter", 0) + 1,
            "start": (now - timedelta(hours=1)).isoformat(),
            "end": now.isoformat(),
            "sequence": [
                {"configuration": {"program": program.uid, "options": options}, "details": []}
            ],
        }
    }
