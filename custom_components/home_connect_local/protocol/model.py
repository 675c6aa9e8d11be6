"""State of one appliance: values as last reported, and what may be done with each feature right now.

The description says what there is; the appliance changes much of it at run time (§9.1, §9.2). Every step gives
the uids of what changed; no news, no uid. Nothing here fails for what an appliance says.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from .casts import Fault, InvalidValueError, Limits, Shows, encode, reader
from .const import ACTIVE_PROGRAM_UID, SELECTED_PROGRAM_UID, Access, Execution, Kind
from .messages import UNSET, DescriptionChange, ProgramReport
from .profile import Description, Feature, ProgramOption

# Ten times what appliances were seen to report beyond their description; it is for diagnostics only.
MAX_UNKNOWN: Final = 256
# Texts of unknown uids have been whole base64 blobs.
MAX_UNKNOWN_CHARS: Final = 64
# Lists nest two deep in real descriptions; a description that was tampered with could have a cycle.
MAX_LIST_DEPTH: Final = 32
# Subsets of subsets; the same.
MAX_ENUM_DEPTH: Final = 32

_PROGRAM_UIDS: Final = frozenset({ACTIVE_PROGRAM_UID, SELECTED_PROGRAM_UID})
_NOTHING: Final[frozenset[int]] = frozenset()
_NO_CHANGES: Final[Mapping[str, Any]] = MappingProxyType({})
_NO_MEMBERS: Final[Mapping[int, str]] = MappingProxyType({})

READABLE: Final = frozenset({Access.READ, Access.READ_STATIC, Access.READ_WRITE})
WRITABLE: Final = frozenset({Access.READ_WRITE, Access.WRITE_ONLY})
STARTABLE: Final = frozenset({Execution.START_ONLY, Execution.SELECT_AND_START})
SELECTABLE: Final = frozenset({Execution.SELECT_ONLY, Execution.SELECT_AND_START})

# What a feature allows that declares nothing.
_USUAL_ACCESS: Final = {
    Kind.STATUS: Access.READ,
    Kind.SETTING: Access.READ_WRITE,
    Kind.EVENT: Access.READ,
    Kind.COMMAND: Access.WRITE_ONLY,
    Kind.OPTION: Access.READ_WRITE,
    Kind.PROGRAM: Access.READ,
    Kind.ACTIVE_PROGRAM: Access.READ_WRITE,
    Kind.SELECTED_PROGRAM: Access.READ_WRITE,
    Kind.PROTECTION_PORT: Access.READ,
}

# §9.4: events that the list of all values does not mention are off.
_EVENT_OFF: Final = 0


class Effective(NamedTuple):
    """What may be done with a feature right now."""

    access: Access
    available: bool
    min: int | float | None
    max: int | float | None
    step: int | float | None
    default: Any
    enum: int | None
    execution: Execution
    """``NONE`` on all but programs."""

    @property
    def writable(self) -> bool:
        """Whether the appliance takes a value."""
        return self.available and self.access in WRITABLE

    @property
    def limits(self) -> Limits:
        """The range of what may be set."""
        return Limits(self.min, self.max, self.step)


_ABSENT: Final = Effective(Access.NONE, False, None, None, None, None, None, Execution.NONE)


class _State:
    """What is known of one feature."""

    __slots__ = (
        "changes",
        "effective",
        "exact",
        "feature",
        "members",
        "names",
        "raw",
        "read",
        "shows",
    )

    effective: Effective | None
    names: Mapping[int, str] | None
    members: Mapping[int, str] | None

    def __init__(self, feature: Feature) -> None:
        """Begin as described."""
        self.feature = feature
        self.exact, self.read, self.shows = reader(feature)
        initial = feature.initial
        self.raw = None if initial is None else self.read(initial)
        self.changes = _NO_CHANGES
        """Deviations from the description that the appliance told."""
        self.effective = self.names = self.members = None

    def start(self) -> Any:
        """Give the value before the first message."""
        initial = self.feature.initial
        return None if initial is None else self.read(initial)

    def forget(self) -> None:
        """Drop what was worked out from description, deviations and program."""
        self.effective = self.names = self.members = None


class Appliance:
    """One appliance as described by its profile, and as it last reported itself."""

    def __init__(self, description: Description) -> None:
        """Begin with what the description says; no value is known but initial ones."""
        self.description = description
        features = description.features
        self._states = {uid: _State(feature) for uid, feature in features.items()}
        self.programs: Mapping[int, Feature] = MappingProxyType(
            {uid: each for uid, each in features.items() if each.kind is Kind.PROGRAM}
        )
        # Options that belong to programs; all others (time left, progress) are always there.
        self._listed = {
            option.ref for program in self.programs.values() for option in program.options
        }
        self._options: dict[int, Mapping[int, ProgramOption]] = {}
        self._list_changes: dict[int, dict[str, Any]] = {}
        self._deviating: set[int] = set()
        """Features that have changes of their own."""
        self._children: Mapping[int, list[int]] | None = None
        self._names: dict[tuple[int | None, int | None], Mapping[int, str]] = {}
        self._unknown: dict[int, Any] = {}
        self.unknown: Mapping[int, Any] = MappingProxyType(self._unknown)
        """Values of uids that the description lacks, the first few, long ones cut; for diagnostics."""
        self._current = self._find_current()

    # --- what is there ----------------------------------------------------------------------

    def feature(self, uid: int) -> Feature | None:
        """Give what the description says of a uid."""
        return self.description.features.get(uid)

    def find(self, *keys: str) -> Feature | None:
        """Give the feature with the first of these names that the appliance has."""
        return self.description.find(*keys)

    @property
    def deviations(self) -> Mapping[int, Mapping[str, Any]]:
        """What the appliance told otherwise than its description, by uid of feature or list."""
        found = {uid: self._states[uid].changes for uid in sorted(self._deviating)}
        return found | self._list_changes

    # --- values -----------------------------------------------------------------------------

    def raw(self, uid: int) -> Any:
        """Give a value as it travels, in the type of its kind; None when not known."""
        state = self._states.get(uid)
        return None if state is None else state.raw

    def value(self, uid: int) -> Any:
        """Give a value as it is meant; None when not known.

        An enumeration gives the name of its member, None for one that has no name here while ``raw`` has its number;
        of an undefined enumeration the number. A uid is None instead of 0, and may be of no feature.
        """
        state = self._states.get(uid)
        if state is None:
            return None
        raw = state.raw
        if raw is None or state.shows is Shows.PLAIN:
            return raw
        if state.shows is Shows.UID:
            return raw or None
        names = self._names_of(state)
        if not names:
            return raw
        if state.shows is Shows.MEMBER:
            return names.get(raw)
        return [names.get(each, each) if isinstance(each, int) else each for each in raw]

    @property
    def active_program(self) -> int | None:
        """The uid of the running program; the description may lack it."""
        return self.raw(ACTIVE_PROGRAM_UID) or None

    @property
    def selected_program(self) -> int | None:
        """The uid of the selected program; the description may lack it."""
        return self.raw(SELECTED_PROGRAM_UID) or None

    @property
    def current_program(self) -> int | None:
        """The program that options belong to: the running one, else the selected one; only if described."""
        return self._current

    # --- what may be done -------------------------------------------------------------------

    def effective(self, uid: int, program: int | None = None) -> Effective:
        """Say what may be done with a feature, or would be while ``program`` is the current one."""
        state = self._states.get(uid)
        if state is None:
            return _ABSENT
        if program is not None and program != self._current and uid in self._listed:
            # What the appliance told about its options is about the current program.
            return self._work_out(state, _NO_CHANGES, program)
        return state.effective or self._worked_out(state)

    def access(self, uid: int) -> Access:
        """Say what may be done right now."""
        return self.effective(uid).access

    def available(self, uid: int) -> bool:
        """Say whether the feature is there right now."""
        return self.effective(uid).available

    def limits(self, uid: int) -> Limits:
        """Give the range of what may be set right now."""
        return self.effective(uid).limits

    def execution(self, uid: int) -> Execution:
        """Say what may be done with a program right now."""
        return self.effective(uid).execution

    def readable(self, uid: int) -> bool:
        """Say whether the appliance tells a value right now."""
        effective = self.effective(uid)
        return effective.available and effective.access in READABLE

    def writable(self, uid: int) -> bool:
        """Say whether the appliance takes a value right now."""
        return self.effective(uid).writable

    def executable(self, uid: int) -> bool:
        """Say whether a program can be started, or a command given, right now."""
        effective = self.effective(uid)
        if uid in self.programs:
            return effective.available and effective.execution in STARTABLE
        return effective.writable

    def option(self, program: int, uid: int) -> ProgramOption | None:
        """Give what a program says of one of its options."""
        options = self._options.get(program)
        if options is None:
            described = self.programs.get(program)
            if described is None:
                return None
            # The first of several entries counts.
            options = {each.ref: each for each in reversed(described.options)}
            self._options[program] = options
        return options.get(uid)

    def live_update(self, uid: int) -> bool | None:
        """Say whether an option may be changed while the current program runs; None when not declared."""
        feature = self.feature(uid)
        if feature is None:
            return None
        option = None if self._current is None else self.option(self._current, uid)
        live = None if option is None else option.live_update
        return feature.live_update if live is None else live

    def members(self, uid: int, program: int | None = None) -> Mapping[int, str]:
        """Give the members of an enumeration that may be set, by raw number, in the declared order."""
        state = self._states.get(uid)
        if state is None:
            return _NO_MEMBERS
        effective = self.effective(uid, program)
        if effective is not state.effective:
            return self._settable(state, effective)
        if state.members is None:
            state.members = self._settable(state, effective)
        return state.members

    def all_members(self, uid: int) -> Mapping[int, str]:
        """Give all members of an enumeration that can be named, by raw number; values are among them."""
        state = self._states.get(uid)
        return _NO_MEMBERS if state is None else self._names_of(state)

    def encode(self, uid: int, value: Any, program: int | None = None) -> Any:
        """Give what has to travel so that a feature takes ``value``, as a value or raw.

        ``program`` is the one that an option is meant for, if not the current one. Raises InvalidValueError.
        """
        state = self._states.get(uid)
        if state is None:
            raise InvalidValueError("the appliance has no such feature", Fault.UNKNOWN_FEATURE)
        feature = state.feature
        if state.shows is Shows.UID:
            return self._encode_uid(value)
        effective = self.effective(uid, program)
        known = state.shows is Shows.MEMBER and effective.enum in self.description.enums
        return encode(
            feature, value, effective.limits, self.members(uid, program) if known else None
        )

    # --- news -------------------------------------------------------------------------------

    def apply_values(self, items: Iterable[tuple[int, Any]]) -> frozenset[int]:
        """Take values; gives the uids of what changed, in value or in what may be done with it."""
        changed: list[int] = []
        states = self._states
        for uid, raw in items:
            try:
                state = states[uid]
            except KeyError:
                self._note_unknown(uid, raw)
                continue
            if type(raw) is not state.exact:
                raw = state.read(raw)  # noqa: PLW2901
            if raw != state.raw:
                state.raw = raw
                changed.append(uid)
        if not changed:
            return _NOTHING
        uids = frozenset(changed)
        return uids if uids.isdisjoint(_PROGRAM_UIDS) else uids | self._follow_program()

    def apply_program(self, uid: int, report: ProgramReport) -> frozenset[int]:
        """Take a program message (§10.8); ``uid`` is that of the active or the selected program."""
        items = list(report.options)
        if report.program is not None:
            items.append((uid, report.program))
        return self.apply_values(items)

    def apply_changes(self, changes: Iterable[DescriptionChange]) -> frozenset[int]:
        """Take deviations from the description, and values that come along (§9.1)."""
        changes = list(changes)
        before = self._snapshot(self._touched(changes))
        values: list[tuple[int, Any]] = []
        for change in changes:
            self._deviate(change)
            if change.value is not UNSET:
                values.append((change.uid, change.value))
        self._forget(before)
        # The program may change with it: what that does to options is compared as a whole.
        known = {uid: state.raw for uid, _ in values if (state := self._states.get(uid))}
        self.apply_values(values)
        return self._differing(before) | {
            uid for uid, raw in known.items() if raw != self._states[uid].raw
        }

    def reset_changes(self) -> frozenset[int]:
        """Return to the description, as a new link begins (§7.3)."""
        touched = set(self._descendants(self._list_changes))
        touched |= self._deviating
        before = self._snapshot(touched)
        self._list_changes.clear()
        self._deviating.clear()
        for uid in before:
            self._states[uid].changes = _NO_CHANGES
        self._forget(before)
        return self._differing(before)

    def forget_values(self, keep: Collection[int] = _NOTHING) -> frozenset[int]:
        """Forget all values but those of ``keep``: the appliance told all it has without mentioning others.

        Initial values return, and events are off (§9.4).
        """
        changed: list[int] = []
        for uid in self._states.keys() - keep:
            state = self._states[uid]
            raw = state.start()
            if raw is None and state.feature.kind is Kind.EVENT and state.exact is int:
                raw = _EVENT_OFF
            if raw != state.raw:
                state.raw = raw
                changed.append(uid)
        changed.extend(self._follow_program())
        return frozenset(changed)

    # --- how the current program matters ----------------------------------------------------

    def _find_current(self) -> int | None:
        for uid in (self.active_program, self.selected_program):
            if uid is not None:
                return uid if uid in self.programs else None
        return None

    def _follow_program(self) -> frozenset[int]:
        """Bring the options after the current program."""
        current = self._find_current()
        if current == self._current:
            return _NOTHING
        before = self._snapshot(self._listed)
        self._current = current
        self._forget(before)
        return self._differing(before)

    # --- the effective description ----------------------------------------------------------

    def _worked_out(self, state: _State) -> Effective:
        effective = state.effective = self._work_out(state, state.changes, self._current)
        return effective

    def _work_out(
        self, state: _State, changes: Mapping[str, Any], program: int | None
    ) -> Effective:
        """Combine deviations, the program's entry and the description: the first that says something counts."""
        feature = state.feature
        layers: tuple[Feature | ProgramOption, ...] = (feature,)
        available = feature.available
        if program is not None and feature.kind is Kind.OPTION:
            option = self.option(program, feature.uid)
            if option is not None:
                layers = (option, feature)
                available = option.available
            elif feature.uid in self._listed:
                available = False
        found: dict[str, Any] = {}
        for name in ("access", "min", "max", "step", "default", "enum"):
            value = changes.get(name)
            for layer in layers:
                if value is not None:
                    break
                value = getattr(layer, name)
            found[name] = value
        execution = Execution.NONE
        if feature.kind is Kind.PROGRAM:
            execution = changes.get("execution") or feature.execution or Execution.SELECT_AND_START
        allowed, present = self._lists_allow(feature.parent)
        return Effective(
            (found["access"] or _USUAL_ACCESS[feature.kind]) if allowed else Access.NONE,
            changes.get("available", available) and present,
            found["min"],
            found["max"],
            found["step"],
            found["default"],
            found["enum"],
            execution,
        )

    def _lists_allow(self, uid: int | None) -> tuple[bool, bool]:
        """Say whether no list around has access ``none``, and whether all are available."""
        allowed = present = True
        for _ in range(MAX_LIST_DEPTH):
            around = None if uid is None else self.description.lists.get(uid)
            if around is None:
                break
            changes = self._list_changes.get(around.uid, _NO_CHANGES)
            allowed = allowed and changes.get("access", around.access) is not Access.NONE
            present = present and changes.get("available", around.available)
            uid = around.parent
        return allowed, present

    def _snapshot(self, uids: Iterable[int]) -> dict[int, Effective]:
        states = self._states
        return {
            uid: state.effective or self._worked_out(state)
            for uid in uids
            if (state := states.get(uid)) is not None
        }

    def _forget(self, uids: Iterable[int]) -> None:
        for uid in uids:
            self._states[uid].forget()

    def _differing(self, before: Mapping[int, Effective]) -> frozenset[int]:
        return frozenset(uid for uid, then in before.items() if self.effective(uid) != then)

    # --- deviations -------------------------------------------------------------------------

    def _touched(self, changes: Iterable[DescriptionChange]) -> set[int]:
        """Name the features that such changes may have an effect on."""
        touched: set[int] = set()
        for change in changes:
            if change.uid in self._states:
                touched.add(change.uid)
            elif change.uid in self.description.lists:
                touched.update(self._descendants((change.uid,)))
            if change.uid in _PROGRAM_UIDS and change.value is not UNSET:
                touched.update(self._listed)
        return touched

    def _descendants(self, lists: Iterable[int]) -> Iterator[int]:
        """Name the features in lists, at any depth."""
        seen = set(lists)
        if not seen:
            return
        if self._children is None:
            children: dict[int, list[int]] = {}
            described = self.description
            parents = [(each.uid, each.parent) for each in described.lists.values()]
            parents += [(each.uid, each.parent) for each in described.features.values()]
            for uid, parent in parents:
                if parent is not None:
                    children.setdefault(parent, []).append(uid)
            self._children = children
        waiting = list(seen)
        while waiting:
            for uid in self._children.get(waiting.pop(), ()):
                if uid in self._states:
                    yield uid
                elif uid not in seen:
                    seen.add(uid)
                    waiting.append(uid)

    def _deviate(self, change: DescriptionChange) -> None:
        """Keep what a change says."""
        told = {
            "access": change.access,
            "available": change.available,
            "min": change.min,
            "max": change.max,
            "step": change.step,
            "default": change.default,
            "execution": change.execution,
            "enum": change.enum,
        }
        told = {name: each for name, each in told.items() if each is not None and each is not UNSET}
        if (state := self._states.get(change.uid)) is not None:
            if "enum" in told and (enum := self._known_enum(told.pop("enum"))) is not None:
                told["enum"] = enum
            if "default" in told:
                told["default"] = state.read(told["default"])
            if told:
                state.changes = {**state.changes, **told}
                self._deviating.add(change.uid)
        elif change.uid in self.description.lists:
            self._list_changes.setdefault(change.uid, {}).update(told)
        elif change.value is UNSET:
            self._note_unknown(change.uid, None)

    def _known_enum(self, enid: int) -> int | None:
        """Give an enumeration that is described: of others the members cannot be told apart.

        It may have come as hexadecimal text that has digits only (§9.1).
        """
        for each in (enid, int(str(enid), 16)):
            if each in self.description.enums:
                return each
        return None

    # --- members ----------------------------------------------------------------------------

    def _settable(self, state: _State, effective: Effective) -> Mapping[int, str]:
        """Give the members of the effective enumeration within the effective range."""
        enum = self.description.enums.get(effective.enum) if effective.enum is not None else None
        if enum is None:
            return _NO_MEMBERS
        low, high, _ = effective.limits
        names = self._named(enum.enid, state.feature.enum)
        return MappingProxyType(
            {
                raw: names[raw]
                for raw in enum.members
                if (low is None or raw >= low) and (high is None or raw <= high)
            }
        )

    def _names_of(self, state: _State) -> Mapping[int, str]:
        if state.names is None:
            effective = state.effective or self._worked_out(state)
            state.names = self._named(effective.enum, state.feature.enum)
        return state.names

    def _named(self, enum: int | None, base: int | None) -> Mapping[int, str]:
        """Give the names of all members of an enumeration, of the declared one, and of what they are subsets of."""
        key = (enum, base)
        found = self._names.get(key)
        if found is None:
            names: dict[int, str | None] = {}
            for enid in dict.fromkeys(key):
                for raw, name in self._enum_members(enid):
                    if names.get(raw) is None:
                        names[raw] = name
            found = MappingProxyType(
                {raw: str(raw) if name is None else name for raw, name in names.items()}
            )
            self._names[key] = found
        return found

    def _enum_members(self, enid: int | None) -> Iterator[tuple[int, str | None]]:
        """Go through an enumeration and what it is a subset of."""
        for _ in range(MAX_ENUM_DEPTH):
            enum = None if enid is None else self.description.enums.get(enid)
            if enum is None:
                break
            yield from enum.members.items()
            enid = enum.subset_of

    # --- the rest ---------------------------------------------------------------------------

    def _encode_uid(self, value: Any) -> int:
        """Take a uid or the name of a feature."""
        if isinstance(value, str) and (feature := self.find(value)) is not None:
            return feature.uid
        uid = None
        if isinstance(value, int | str) and not isinstance(value, bool):
            with suppress(ValueError):
                uid = int(value)
        if uid is None:
            raise InvalidValueError("only a feature can be set", Fault.WRONG_TYPE)
        if uid and uid not in self._states:
            raise InvalidValueError("the appliance has no such feature", Fault.UNKNOWN_FEATURE)
        return uid

    def _note_unknown(self, uid: int, raw: Any) -> None:
        if uid in self._unknown or len(self._unknown) < MAX_UNKNOWN:
            if isinstance(raw, str):
                raw = raw[:MAX_UNKNOWN_CHARS]
            elif isinstance(raw, dict | list):
                raw = f"{type(raw).__name__} of {len(raw)}"
            self._unknown[uid] = raw
