"""What to send to select, start, change and stop programs (§10), and what has to be done first.

A plan is one or more requests: the next one is for the case that the appliance refuses the one before with one
of the named codes. A plan without any means that there is nothing to do. Nothing here sends.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
import math
from typing import Any, Final, NamedTuple

from .casts import Fault, InvalidValueError, snapped
from .const import ACTIVE_PROGRAM_UID, SELECTED_PROGRAM_UID, Execution, Kind
from .errors import CommandError
from .messages import Request, select_program, start_program, write_values
from .model import SELECTABLE, STARTABLE, WRITABLE, Appliance, Effective
from .profile import Feature, ProgramOption

# --- names (§9.4, §10) ----------------------------------------------------------------------

_POWER: Final = "BSH.Common.Setting.PowerState"
_OPERATION: Final = "BSH.Common.Status.OperationState"
_DOOR: Final = "BSH.Common.Status.DoorState"
_REMOTE_START: Final = "BSH.Common.Status.RemoteControlStartAllowed"
_ABORT: Final = "BSH.Common.Command.AbortProgram"
_PAUSE: Final = "BSH.Common.Command.PauseProgram"
_RESUME: Final = "BSH.Common.Command.ResumeProgram"
_ACKNOWLEDGE: Final = "BSH.Common.Command.AcknowledgeEvent"
_REJECT: Final = "BSH.Common.Command.RejectEvent"
_START_IN: Final = "BSH.Common.Option.StartInRelative"
_FINISH_IN: Final = "BSH.Common.Option.FinishInRelative"
_DURATION: Final = "BSH.Common.Option.Duration"
_TOTAL_TIME: Final = "BSH.Common.Option.EstimatedTotalProgramTime"
_REMAINING_TIME: Final = "BSH.Common.Option.RemainingProgramTime"
_BASE_PROGRAM: Final = "BSH.Common.Option.BaseProgram"
_VENTING: Final = "Cooking.Common.Program.Hood.Venting"
VENTING_OPTIONS: Final = (
    "Cooking.Common.Option.Hood.VentingLevel",
    "Cooking.Common.Option.Hood.IntensiveLevel",
)
"""Levels of a hood's fan, from weak to strong."""
_BOOST: Final = "Cooking.Common.Option.Hood.Boost"
_BUILDING_BLOCKS: Final = "BSH.Common.Program.BuildingBlock."
_FAVORITES: Final = "BSH.Common.Program.Favorite."
_FAVORITE_SETTINGS: Final = "BSH.Common.Setting.Favorite."
_HOB_PROGRAMS: Final = "Cooking.Hob.Program."
_HOBS: Final = frozenset({"Cooktop", "Hob"})
_DRYER_PROGRAMS: Final = "LaundryCare.Dryer.Program."

# More than any panel shows; states and lists show it whole.
MAX_NAME_CHARS: Final = 100

# §10.4: they tell, and are never sent.
_TELEMETRY: Final = frozenset(
    {
        "BaseProgram",
        "CurrentStepRemainingTime",
        "ElapsedProgramTime",
        "EnergyForecast",
        "EstimatedTotalProgramTime",
        "LoadRecommendation",
        "ProcessPhase",
        "ProgramName",
        "ProgramProgress",
        "ReferToProgram",
        "RemainingProgramTime",
        "WaterForecast",
    }
)

# §9.4: for appliances whose enumerations have no names.
_POWER_STATES: Final = {0: "mainsoff", 1: "off", 2: "on", 3: "standby"}
_OPERATION_STATES: Final = {
    2: "delayedstart",
    3: "run",
    4: "pause",
    6: "finished",
}
_DOOR_STATES: Final = {0: "open", 1: "closed"}

_RUNNING: Final = frozenset({"delayedstart", "pause", "run"})
# §10.5: a finished program has to be cleared on the panel, or clears itself.
_BUSY: Final = _RUNNING | {"finished"}
_DOOR_OPEN: Final = frozenset({"ajar", "open"})

# --- codes (§8) that another way may help against -------------------------------------------

# §10.3; 518 comes as 519 where an appliance tells writes from reads.
_OPTION_REFUSED: Final = frozenset({400, 518, 519, 541})
# §10.6: heat-pump dryers.
_START_REFUSED: Final = frozenset({541})
_INCOMPLETE: Final = frozenset({533})
# §8: an option that the firmware does not know, or not with these others.
_NOT_TAKEN: Final = frozenset({400, 512, 513, 534})
# All but those that only the user or time can do something about.
_REFUSED: Final = frozenset(range(400, 600)) - {429, 515, 516, 517, 537, 538, 539}


class Step(NamedTuple):
    """One request of a plan."""

    request: Request
    fallback_on: frozenset[int] = frozenset()
    """Codes after which the next step is worth a try."""
    telling: bool = True
    """Whether its own refusal says more than that of the step before."""


type Plan = tuple[Step, ...]


class Obstacle(StrEnum):
    """What stands against a command before it is sent."""

    POWER_OFF = "power_off"
    REMOTE_START_OFF = "remote_start_off"
    DOOR_OPEN = "door_open"
    PROGRAM_RUNNING = "program_running"
    NO_PROGRAM = "no_program"
    UNKNOWN_PROGRAM = "unknown_program"
    NOT_EXECUTABLE = "not_executable"
    NOT_AVAILABLE = "not_available"
    NOT_WRITABLE = "not_writable"
    NOT_LIVE = "not_live"
    """The option cannot be changed while its program runs."""
    NOT_RUNNING = "not_running"
    NOT_SUPPORTED = "not_supported"
    NO_DELAY = "no_delay"
    """The program can be delayed neither by its start nor by its end."""
    UNKNOWN_DURATION = "unknown_duration"
    """A delay by the other end needs how long the program takes."""


_TEXTS: Final = {
    Obstacle.POWER_OFF: "the appliance is switched off",
    Obstacle.REMOTE_START_OFF: "remote start is not enabled on the appliance",
    Obstacle.DOOR_OPEN: "the door is open",
    Obstacle.PROGRAM_RUNNING: "a program is running",
    Obstacle.NO_PROGRAM: "no program is selected",
    Obstacle.UNKNOWN_PROGRAM: "the description has no such program",
    Obstacle.NOT_EXECUTABLE: "the appliance does not allow that",
    Obstacle.NOT_AVAILABLE: "that is not available now",
    Obstacle.NOT_WRITABLE: "that cannot be changed now",
    Obstacle.NOT_LIVE: "that cannot be changed while the program runs",
    Obstacle.NOT_RUNNING: "no program is running",
    Obstacle.NOT_SUPPORTED: "the appliance cannot do that",
    Obstacle.NO_DELAY: "the program cannot be delayed",
    Obstacle.UNKNOWN_DURATION: "it is not known how long the program takes",
}


class PreconditionError(CommandError):
    """Something has to be different before the appliance would do it; nothing was sent."""

    def __init__(self, reason: Obstacle) -> None:
        """Keep what stands against it."""
        super().__init__(_TEXTS[reason])
        self.reason = reason


# --- which programs there are (§10.1) -------------------------------------------------------


class Favorite(NamedTuple):
    """A program that a user put together (§10.1)."""

    uid: int
    number: str
    """As in the feature's name: ``001``."""
    name: str | None
    base_program: int | None
    """The uid of the program it is made of."""
    is_program: bool
    """False when it is empty, or a button for something outside the appliance."""


def favorites(appliance: Appliance) -> dict[int, Favorite]:
    """Read the favorites by uid."""
    found: dict[int, Favorite] = {}
    for uid, program in appliance.programs.items():
        if program.key is None or not program.key.startswith(_FAVORITES):
            continue
        number = program.key.removeprefix(_FAVORITES)
        settings = f"{_FAVORITE_SETTINGS}{number}."
        role = _state(appliance, f"{settings}Functionality", {})
        name = _value(appliance, f"{settings}Name")
        content = _value(appliance, f"{settings}Program")
        base = content.get("program") if isinstance(content, dict) else None
        # Coffee makers have a hundred, most of them without a program.
        empty = isinstance(content, dict) and not base
        found[uid] = Favorite(
            uid,
            number,
            (name.strip()[:MAX_NAME_CHARS] or None) if isinstance(name, str) else None,
            base if isinstance(base, int) and base else None,
            role in {None, "program"} and not empty,
        )
    return found


def base_program(appliance: Appliance) -> int | None:
    """Give the uid of the program that the running favorite is made of (§10.1)."""
    favorite = favorites(appliance).get(appliance.active_program or 0)
    if favorite is None:
        return None
    told = _value(appliance, _BASE_PROGRAM)
    return told if isinstance(told, int) else favorite.base_program


def is_hidden(program: Feature) -> bool:
    """Say whether a program is a part of others."""
    return program.key is not None and program.key.startswith(_BUILDING_BLOCKS)


def selectable_programs(appliance: Appliance) -> list[int]:
    """Give the uids of programs that can be selected right now, sorted by name."""
    return _choices(appliance, SELECTABLE)


def startable_programs(appliance: Appliance) -> list[int]:
    """Give the uids of programs that can be started right now, sorted by name."""
    return _choices(appliance, STARTABLE)


def program_labels(appliance: Appliance) -> dict[int, str]:
    """Name all programs, none twice: the key in lower case with ``_``, favorites as their user named them."""
    labels: dict[int, str] = {}
    taken: set[str] = set()
    known = favorites(appliance)
    for uid in _sorted(appliance.programs.values()):
        key = appliance.programs[uid].key
        favorite = known.get(uid)
        if favorite is not None:
            label = favorite.name or f"favorite_{favorite.number}"
            if label in taken:
                label = f"{label} {favorite.number}"
        else:
            label = f"program_{uid}" if key is None else key.lower().replace(".", "_")
        if label in taken:
            label = f"{label} {uid}"
        taken.add(label)
        labels[uid] = label
    return labels


def _choices(appliance: Appliance, executions: frozenset[Execution]) -> list[int]:
    known = favorites(appliance)
    return [
        uid
        for uid in _sorted(appliance.programs.values())
        if (effective := appliance.effective(uid)).available
        and effective.execution in executions
        and not is_hidden(appliance.programs[uid])
        and (uid not in known or known[uid].is_program)
    ]


def _sorted(programs: Iterable[Feature]) -> list[int]:
    return [each.uid for each in sorted(programs, key=lambda each: (each.key or "~", each.uid))]


# --- what has to be done first (§10.2, §10.5) -----------------------------------------------


def check_start(appliance: Appliance, program: int | None = None) -> None:
    """Raise PreconditionError for the first obstacle to starting a program, by default the selected one.

    That the link is up is the caller's. Programs that can only be started are functions: the fan of a hood has no
    remote start to allow, and its programs take each other's place.
    """
    wanted = appliance.selected_program if program is None else program
    is_function = wanted is not None and appliance.execution(wanted) is Execution.START_ONLY
    _check_power(appliance)
    if not is_function and _value(appliance, _REMOTE_START) is False:
        raise PreconditionError(Obstacle.REMOTE_START_OFF)
    if _state(appliance, _DOOR, _DOOR_STATES) in _DOOR_OPEN:
        raise PreconditionError(Obstacle.DOOR_OPEN)
    if not is_function and _operation(appliance) in _BUSY:
        raise PreconditionError(Obstacle.PROGRAM_RUNNING)
    wanted = _wanted(appliance, program)
    _check_execution(appliance, wanted, STARTABLE)
    if not appliance.writable(_start_uid(appliance, wanted)):
        raise PreconditionError(Obstacle.NOT_WRITABLE)


def check_select(appliance: Appliance, program: int) -> None:
    """Raise PreconditionError for the first obstacle to selecting a program."""
    _check_power(appliance)
    if _operation(appliance) in _RUNNING:
        raise PreconditionError(Obstacle.PROGRAM_RUNNING)
    _check_execution(appliance, _wanted(appliance, program), SELECTABLE)
    if not appliance.writable(SELECTED_PROGRAM_UID):
        raise PreconditionError(Obstacle.NOT_WRITABLE)


def _check_power(appliance: Appliance) -> None:
    if _state(appliance, _POWER, _POWER_STATES) not in {None, "on"}:
        raise PreconditionError(Obstacle.POWER_OFF)


def _check_execution(appliance: Appliance, program: int, executions: frozenset[Execution]) -> None:
    effective = appliance.effective(program)
    if effective.execution not in executions:
        raise PreconditionError(Obstacle.NOT_EXECUTABLE)
    if not effective.available:
        raise PreconditionError(Obstacle.NOT_AVAILABLE)


def _check_writable(appliance: Appliance, uid: int) -> None:
    effective = appliance.effective(uid)
    if not effective.available:
        raise PreconditionError(Obstacle.NOT_AVAILABLE)
    if not effective.writable:
        raise PreconditionError(Obstacle.NOT_WRITABLE)


# --- starting and selecting (§10.2, §10.4, §10.6) -------------------------------------------


def start_plan(
    appliance: Appliance,
    program: int | None = None,
    options: Mapping[int, Any] | None = None,
    *,
    start_in: float | None = None,
    finish_in: float | None = None,
) -> Plan:
    """Plan to start a program, by default the selected one; delays are in seconds, 0 is none.

    ``options`` are values by uid. Does not check what has to be done first: see ``check_start``.
    Raises PreconditionError for what the program does not have, InvalidValueError for what an option does not take.
    """
    wanted = _wanted(appliance, program)
    wishes = dict(options or {})
    wished = [_delay_wish(appliance, wishes, key) for key in (_START_IN, _FINISH_IN)]
    if start_in is not None or finish_in is not None:
        wished = [start_in, finish_in]  # what is said of the start goes before options kept for it
    start_in, finish_in = map(_seconds, wished)
    if start_in and finish_in:
        raise InvalidValueError("either the start or the end can be delayed", Fault.CONFLICT)
    explicit = _encoded(appliance, wanted, wishes)
    delay = _delay(appliance, wanted, explicit, start_in, finish_in)
    if delay is not None:
        explicit[delay[0]] = delay[1]
    root = _start_uid(appliance, wanted)
    chosen, guessed = _option_set(appliance, wanted, explicit, root)
    if root == SELECTED_PROGRAM_UID:
        return (Step(select_program(wanted, chosen.items())),)
    dryer = _dryer_step(appliance, wanted, delay)
    if dryer is not None:
        return (Step(start_program(wanted, chosen.items()), _START_REFUSED), dryer)
    steps = [Step(start_program(wanted, chosen.items()))]
    if guessed:
        steps = [
            steps[0]._replace(fallback_on=_INCOMPLETE),
            Step(start_program(wanted, (chosen | guessed).items())),
        ]
    if chosen != explicit:
        # What the appliance does not take may be none of what the caller named; it has values of its own for the rest.
        steps = [each._replace(fallback_on=each.fallback_on | _NOT_TAKEN) for each in steps]
        steps.append(Step(start_program(wanted, explicit.items()), telling=False))
    return tuple(steps)


def select_plan(
    appliance: Appliance, program: int, options: Mapping[int, Any] | None = None
) -> Plan:
    """Plan to select a program; one that can only be started is started.

    Raises PreconditionError, also for what has to be done first, and InvalidValueError.
    """
    if appliance.execution(program) is Execution.START_ONLY:
        check_start(appliance, program)
        return start_plan(appliance, program, options)
    check_select(appliance, program)
    explicit = _encoded(appliance, program, dict(options or {}))
    if not _full_option_set(appliance, program, SELECTED_PROGRAM_UID):
        # Values of the program before would be refused.
        return (Step(select_program(program, explicit.items())),)
    chosen, guessed = _option_set(appliance, program, explicit, SELECTED_PROGRAM_UID)
    return (
        Step(select_program(program, (chosen | guessed).items()), _NOT_TAKEN),
        Step(select_program(program, explicit.items()), telling=False),
    )


def _wanted(appliance: Appliance, program: int | None) -> int:
    """Give the program that is meant."""
    wanted = appliance.selected_program if program is None else program
    if not wanted:
        raise PreconditionError(Obstacle.NO_PROGRAM)
    if wanted not in appliance.programs:
        raise PreconditionError(Obstacle.UNKNOWN_PROGRAM)
    return wanted


def _start_uid(appliance: Appliance, program: int) -> int:
    """Say what is written to start a program: hobs start what is selected (§10.2)."""
    return SELECTED_PROGRAM_UID if _starts_by_selecting(appliance, program) else ACTIVE_PROGRAM_UID


def _starts_by_selecting(appliance: Appliance, program: int) -> bool:
    key = appliance.programs[program].key
    if key is None:
        return appliance.description.type in _HOBS
    return key.startswith(_HOB_PROGRAMS)


def _full_option_set(appliance: Appliance, program: int, root: int) -> bool:
    """Say whether every writable option has to be sent (§4.1)."""
    for uid in (program, root):
        feature = appliance.feature(uid)
        if feature is not None and feature.full_option_set is not None:
            return feature.full_option_set
    return root == ACTIVE_PROGRAM_UID


def _encoded(appliance: Appliance, program: int, wishes: Mapping[int, Any]) -> dict[int, Any]:
    """Give what travels for the options that a caller names."""
    explicit: dict[int, Any] = {}
    for uid, value in wishes.items():
        feature = appliance.feature(uid)
        if feature is None:
            raise InvalidValueError("the appliance has no such feature", Fault.UNKNOWN_FEATURE)
        if not _may_send(appliance, program, feature):
            raise PreconditionError(Obstacle.NOT_WRITABLE)
        explicit[uid] = appliance.encode(uid, value, program)
    return explicit


def _may_send(appliance: Appliance, program: int, feature: Feature) -> bool:
    """Say whether an option can be given to a program; the appliance has the last word."""
    if feature.kind is not Kind.OPTION or _is_telemetry(feature):
        return False
    option = appliance.option(program, feature.uid)
    if option is not None and option.access in WRITABLE:
        return True
    return appliance.effective(feature.uid, program).writable


def _is_telemetry(feature: Feature) -> bool:
    return feature.key is not None and feature.key.rpartition(".")[2] in _TELEMETRY


def _option_set(
    appliance: Appliance, program: int, explicit: Mapping[int, Any], root: int
) -> tuple[dict[int, Any], dict[int, Any]]:
    """Give the options to send, in the order of the program, and those that nobody knows a good value of.

    Values as last told belong to the current program: another one begins with its own defaults.
    """
    full = _full_option_set(appliance, program, root)
    is_current = program == appliance.current_program
    chosen: dict[int, Any] = {}
    guessed: dict[int, Any] = {}
    for option in appliance.programs[program].options:
        feature = appliance.feature(option.ref)
        if option.ref in explicit:
            chosen[option.ref] = explicit[option.ref]
            continue
        if feature is None or _is_telemetry(feature) or feature.key in {_START_IN, _FINISH_IN}:
            continue
        effective = appliance.effective(option.ref, program)
        if not effective.writable:
            continue
        known = [appliance.raw(option.ref)] if is_current else []
        if full:
            known += [effective.default, option.default, feature.default]
        value = _first_fitting(appliance, program, option, known)
        if value is not None:
            chosen[option.ref] = value
        elif full and (guess := _guess(appliance, program, option, effective)) is not None:
            # A time span that nobody wished is more likely one that nobody wants.
            target = guessed if feature.content_type == "timeSpan" else chosen
            target[option.ref] = guess
    return {**chosen, **explicit}, guessed


def _first_fitting(
    appliance: Appliance, program: int, option: ProgramOption, values: Iterable[Any]
) -> Any:
    """Give what travels for the first of these values that the option takes; None when there is none."""
    for value in values:
        if value is not None:
            try:
                return appliance.encode(option.ref, value, program)
            except InvalidValueError:
                continue
    return None


def _guess(appliance: Appliance, program: int, option: ProgramOption, effective: Effective) -> Any:
    """Give the least that the option takes (§10.4); None when nothing suggests itself."""
    members = appliance.members(option.ref, program)
    return _first_fitting(
        appliance, program, option, (effective.min, next(iter(members), None), False)
    )


def _dryer_step(appliance: Appliance, program: int, delay: tuple[int, int] | None) -> Step | None:
    """Plan how heat-pump dryers start that refuse the usual way (§10.6)."""
    key = appliance.programs[program].key
    finish = appliance.find(_FINISH_IN)
    if finish is None or key is None or not key.startswith(_DRYER_PROGRAMS):
        return None
    if delay is not None and delay[0] == finish.uid:
        seconds: Any = delay[1]
    else:
        seconds = _duration(appliance, program, {}) or appliance.raw(finish.uid)
        if not seconds:
            return None
        seconds = _fitting_delay(appliance.effective(finish.uid, program), seconds, up=True)
    return Step(write_values(((finish.uid, seconds), (ACTIVE_PROGRAM_UID, program))))


# --- delays (§10.4) -------------------------------------------------------------------------


def _delay_wish(appliance: Appliance, wishes: dict[int, Any], key: str) -> Any:
    """Take a delay out of the options that a caller wishes."""
    feature = appliance.find(key)
    return None if feature is None else wishes.pop(feature.uid, None)


def _seconds(delay: Any) -> int:
    """Take a delay as seconds; none is 0."""
    if delay is None:
        return 0
    if isinstance(delay, bool) or not isinstance(delay, int | float):
        raise InvalidValueError("a delay is a number of seconds", Fault.WRONG_TYPE)
    if not 0 <= delay < math.inf:
        raise InvalidValueError("a delay cannot be negative", Fault.OUT_OF_RANGE)
    return round(delay)


def _delay(
    appliance: Appliance,
    program: int,
    explicit: Mapping[int, Any],
    start_in: int,
    finish_in: int,
) -> tuple[int, int] | None:
    """Give the option that delays, and its value; converted when the program only has the other one."""
    if not start_in and not finish_in:
        return None
    start, finish = (
        feature.uid if feature is not None and _may_send(appliance, program, feature) else None
        for feature in (appliance.find(_START_IN), appliance.find(_FINISH_IN))
    )
    duration = _duration(appliance, program, explicit)
    if start is not None and (start_in or finish is None):
        if not start_in:
            if duration is None:
                raise PreconditionError(Obstacle.UNKNOWN_DURATION)
            start_in = finish_in - duration
        # What ends sooner than it takes starts at once.
        seconds = (
            _fitting_delay(appliance.effective(start, program), start_in) if start_in > 0 else 0
        )
        return (start, seconds) if seconds else None
    if finish is None:
        raise PreconditionError(Obstacle.NO_DELAY)
    if start_in:
        if duration is None:
            raise PreconditionError(Obstacle.UNKNOWN_DURATION)
        finish_in = start_in + duration
    wanted = max(finish_in, duration or 0)
    return finish, _fitting_delay(appliance.effective(finish, program), wanted, up=True)


def _duration(appliance: Appliance, program: int, explicit: Mapping[int, Any]) -> int | None:
    """Estimate how long a program takes, in seconds."""
    sources: list[Any] = []
    duration = appliance.find(_DURATION)
    if duration is not None:
        sources.append(explicit.get(duration.uid))
    if program == appliance.current_program:
        sources.append(_value(appliance, _TOTAL_TIME))
        if _operation(appliance) != "finished":  # some keep the last value (§11)
            sources.append(_value(appliance, _REMAINING_TIME))
        if duration is not None and appliance.effective(duration.uid).available:
            sources.append(appliance.raw(duration.uid))
    finish = appliance.find(_FINISH_IN)
    if finish is not None:
        # No program can end sooner than it takes.
        sources.append(appliance.effective(finish.uid, program).min)
    return next((int(each) for each in sources if each and each > 0), None)


def _fitting_delay(effective: Effective, seconds: int, *, up: bool = False) -> int:
    """Bring a delay into the range, and to a step: the nearest, or the next when it must not be less."""
    low, high, step = effective.limits
    limits = effective.limits
    seconds = max(seconds, math.ceil(low or 0))
    if high is not None:
        seconds = min(seconds, math.floor(high))
    found = int(snapped(seconds, limits))
    if up and found < seconds and step and (high is None or found + step <= high):
        found = int(found + step)
    return found


# --- options and other values (§10.3) -------------------------------------------------------


def option_plan(appliance: Appliance, uid: int, value: Any) -> Plan:
    """Plan to change an option of the selected or running program.

    Raises PreconditionError and InvalidValueError.
    """
    feature = appliance.feature(uid)
    if feature is None or feature.kind is not Kind.OPTION:
        return values_plan(appliance, ((uid, value),))
    _check_writable(appliance, uid)
    is_running = _operation(appliance) in _RUNNING
    if is_running and appliance.live_update(uid) is False:
        raise PreconditionError(Obstacle.NOT_LIVE)
    raw = appliance.encode(uid, value)
    write = write_values(((uid, raw),))
    program = appliance.selected_program
    if (
        is_running
        or program is None
        or program != appliance.current_program
        or appliance.execution(program) not in SELECTABLE
        or not appliance.writable(SELECTED_PROGRAM_UID)
        or _starts_by_selecting(appliance, program)
    ):
        return (Step(write),)
    options = {uid: raw}
    if _full_option_set(appliance, program, SELECTED_PROGRAM_UID):
        chosen, guessed = _option_set(appliance, program, options, SELECTED_PROGRAM_UID)
        options = chosen | guessed
    return (
        Step(write, _OPTION_REFUSED),
        Step(select_program(program, options.items())),
    )


def values_plan(appliance: Appliance, items: Iterable[tuple[int, Any]]) -> Plan:
    """Plan to write several features at once, in this order.

    Raises PreconditionError and InvalidValueError.
    """
    encoded = []
    for uid, value in items:
        if appliance.feature(uid) is None:
            raise InvalidValueError("the appliance has no such feature", Fault.UNKNOWN_FEATURE)
        _check_writable(appliance, uid)
        encoded.append((uid, appliance.encode(uid, value)))
    return (Step(write_values(encoded)),) if encoded else ()


# --- commands (§10.7) and events (§9.4) -----------------------------------------------------


def command_plan(appliance: Appliance, uid: int, value: Any = True) -> Plan:
    """Plan to give a command; raises PreconditionError while the appliance does not take it."""
    feature = appliance.feature(uid)
    if feature is None or feature.kind is not Kind.COMMAND:
        raise PreconditionError(Obstacle.NOT_SUPPORTED)
    if not appliance.executable(uid):
        raise PreconditionError(Obstacle.NOT_EXECUTABLE)
    return (Step(write_values(((uid, appliance.encode(uid, value)),))),)


def pause_plan(appliance: Appliance) -> Plan:
    """Plan to pause the running program."""
    return _named_command(appliance, _PAUSE)


def resume_plan(appliance: Appliance) -> Plan:
    """Plan to go on with the paused program."""
    return _named_command(appliance, _RESUME)


def stop_plan(appliance: Appliance) -> Plan:
    """Plan to abort the running program; hoods stop venting.

    Raises PreconditionError when the appliance takes neither.
    """
    abort = appliance.find(_ABORT)
    steps: list[Step] = []
    if abort is not None and appliance.executable(abort.uid):
        steps.append(Step(write_values(((abort.uid, True),)), _REFUSED))
    steps += _stand_still(appliance)
    if not steps:
        if not appliance.active_program:
            raise PreconditionError(Obstacle.NOT_RUNNING)
        raise PreconditionError(
            Obstacle.NOT_SUPPORTED if abort is None else Obstacle.NOT_EXECUTABLE
        )
    return tuple(steps)


def acknowledge_plan(appliance: Appliance, event_uid: int, *, reject: bool = False) -> Plan:
    """Plan to acknowledge or reject an event; raises PreconditionError when that is not possible."""
    event = appliance.feature(event_uid)
    if event is None or event.kind is not Kind.EVENT:
        raise InvalidValueError("the appliance has no such event", Fault.UNKNOWN_FEATURE)
    if event.handling not in ({"decision"} if reject else {"acknowledge", "decision"}):
        raise PreconditionError(Obstacle.NOT_SUPPORTED)
    return _named_command(appliance, _REJECT if reject else _ACKNOWLEDGE, event_uid)


def _named_command(appliance: Appliance, key: str, value: Any = True) -> Plan:
    feature = appliance.find(key)
    if feature is None:
        raise PreconditionError(Obstacle.NOT_SUPPORTED)
    return command_plan(appliance, feature.uid, value)


# --- the fan of a hood (§10.6) --------------------------------------------------------------


def venting_speeds(appliance: Appliance) -> list[tuple[int, int]]:
    """Give the speeds of a hood's fan from weak to strong, each as option and raw level."""
    program = appliance.find(_VENTING)
    if program is None:
        return []
    return [
        (feature.uid, raw)
        for key in VENTING_OPTIONS
        if (feature := appliance.find(key)) is not None
        for raw in sorted(appliance.members(feature.uid, program.uid))
        if raw
    ]


def venting_plan(appliance: Appliance, option: int | None, level: Any = 0) -> Plan:
    """Plan to vent at a level, raw or by name; ``option`` is its uid. Level 0, or no option, stops.

    Levels cannot be written while the fan stands still: the program is started with them (§10.6). Raises
    PreconditionError and InvalidValueError.
    """
    program = appliance.find(_VENTING)
    options = [feature.uid for key in VENTING_OPTIONS if (feature := appliance.find(key))]
    if program is None or not options:
        raise PreconditionError(Obstacle.NOT_SUPPORTED)
    if option is not None and option not in options:
        raise InvalidValueError("that is no level of a fan", Fault.UNKNOWN_FEATURE)
    raw = 0 if option is None else appliance.encode(option, level, program.uid)
    if option is None or not raw:
        if appliance.raw(ACTIVE_PROGRAM_UID) == 0:
            return ()
        steps = _stand_still(appliance)
        if (abort := appliance.find(_ABORT)) is not None:
            steps.append(Step(write_values(((abort.uid, True),))))
        if not steps:
            raise PreconditionError(Obstacle.NOT_SUPPORTED)
        return tuple(steps)
    levels = {option: raw} | {
        uid: 0 for uid in options if uid != option and _can_be_zero(appliance, uid, program.uid)
    }
    start = start_plan(appliance, program.uid, levels)
    if appliance.active_program == program.uid and appliance.writable(option):
        return (Step(write_values(levels.items()), _REFUSED), *start)
    return start


def _stand_still(appliance: Appliance) -> list[Step]:
    """Plan to stop a fan by its levels; nothing for what is no hood, or has no program running."""
    program = appliance.find(_VENTING)
    if program is None or appliance.raw(ACTIVE_PROGRAM_UID) == 0:
        return []
    zeros: dict[int, Any] = {
        feature.uid: 0
        for key in VENTING_OPTIONS
        if (feature := appliance.find(key)) is not None
        and _can_be_zero(appliance, feature.uid, program.uid)
    }
    if not zeros:
        return []
    steps = []
    if appliance.active_program == program.uid:
        steps.append(Step(write_values(zeros.items()), _REFUSED))
    boost = appliance.find(_BOOST)
    if boost is not None and appliance.effective(boost.uid, program.uid).writable:
        zeros[boost.uid] = False  # known values go along with a start, and this one contradicts
    start = start_plan(appliance, program.uid, zeros)
    return [*steps, *(step._replace(fallback_on=_REFUSED) for step in start)]


def _can_be_zero(appliance: Appliance, uid: int, program: int) -> bool:
    return appliance.effective(uid, program).writable and 0 in appliance.members(uid, program)


# --- reading by name ------------------------------------------------------------------------


def _value(appliance: Appliance, key: str) -> Any:
    feature = appliance.find(key)
    return None if feature is None else appliance.value(feature.uid)


def _state(appliance: Appliance, key: str, names: Mapping[int, str]) -> str | None:
    """Give the member of an enumeration in lower case; ``names`` are for one without."""
    feature = appliance.find(key)
    if feature is None:
        return None
    value = appliance.value(feature.uid)
    if isinstance(value, str) and not value.isdecimal():
        return value.lower()
    return names.get(appliance.raw(feature.uid))


def _operation(appliance: Appliance) -> str | None:
    return _state(appliance, _OPERATION, _OPERATION_STATES)
