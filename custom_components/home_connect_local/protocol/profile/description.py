"""What an appliance is able to do, typed; and the form in which it is stored.

The stored form is the normative result of parsing (docs/home_connect_local/wire.md §4.5): plain JSON values.
A typed feature is a thin, read-only view of its stored mapping, so that loading 1,250 of them takes a
millisecond and next to no memory: the configuration entry holds the stored form anyway.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from operator import itemgetter
from types import MappingProxyType, NoneType
from typing import Any, Final, NamedTuple, NoReturn, final, override

from ..const import Access, Execution, Kind
from .errors import ProfileError

FORMAT: Final = 1
"""Number of the stored form; another one needs a new upload of the archive."""

type Number = int | float

_KINDS: Final = {kind.value: kind for kind in Kind}
_ACCESS: Final[dict[str | None, Access | None]] = {None: None} | {one.value: one for one in Access}
_EXECUTION: Final[dict[str | None, Execution | None]] = {None: None} | {
    one.value: one for one in Execution
}

_INT: Final = frozenset({int})
_BOOL: Final = frozenset({bool})
_TEXT_OR_NULL: Final = frozenset({str, NoneType})

_set: Final = object.__setattr__


class _StoredView:
    """An object whose attributes are the members of a stored mapping, which it never changes.

    The mapping itself serves as the instance's dictionary: attributes are read at full speed and
    nothing is copied. What a mapping lacks is found on the class.
    """

    __slots__ = ("__dict__",)

    available: bool
    """At the start; changes at run time."""
    enum: int | None = None
    """Id of the enumeration with the members allowed; it may be undefined."""
    min: Number | None = None
    """Range of what may be set: of the value, of the length of a text or list, of the raw member."""
    max: Number | None = None
    step: Number | None = None
    """As declared: 0 and negative ones have been seen in no file, but nothing forbids them."""
    default: Any = None
    """Value of a program's option when none is given."""

    @property
    def access(self) -> Access | None:
        """What may be done at the start; None when not declared."""
        return _ACCESS[self.__dict__.get("access")]

    @property
    def live_update(self) -> bool | None:
        """Whether the option may be changed while its program runs; None when not declared."""
        return self.__dict__.get("liveUpdate")

    @override
    def __setattr__(self, name: str, value: object) -> NoReturn:
        """Refuse."""
        raise AttributeError(f"{type(self).__name__} is read-only")

    @override
    def __delattr__(self, name: str) -> NoReturn:
        """Refuse."""
        raise AttributeError(f"{type(self).__name__} is read-only")

    @override
    def __eq__(self, other: object) -> bool:
        """Compare what is stored."""
        if type(other) is not type(self):
            return NotImplemented
        return self.__dict__ == other.__dict__

    @override
    def __hash__(self) -> int:
        """Hash what identifies it among its siblings."""
        return hash(self.__dict__.get("uid", self.__dict__.get("ref")))


@final
class ProgramOption(_StoredView):
    """What one program says of one of its options; None where it leaves that to the option itself (§9.2)."""

    __slots__ = ()

    ref: int
    """uid of the option."""

    @override
    def __repr__(self) -> str:
        """Name the option meant."""
        return f"ProgramOption({self.ref})"


@final
class Feature(_StoredView):
    """One feature as its description declares it (§4.1, §4.5); None where it does not."""

    __slots__ = ("_options",)

    _options: tuple[ProgramOption, ...]
    """Made when they are first asked for."""
    uid: int
    key: str | None
    """Name, as in ``BSH.Common.Setting.PowerState``; None when the mapping lacks it."""
    parent: int | None
    """uid of the nearest list around it."""
    wire: str | None = None
    """JSON kind of its values: ``boolean``, ``integer``, ``number``, ``string`` or ``object``."""
    cid: int | None = None
    """Number of the content type, 0x80 added for a list."""
    did: int | None = None
    """Number of the storage type (§4.4)."""
    initial: Any = None
    """Value before the first message; of ``READ_STATIC`` features the only one ever."""
    validate: bool | None = None
    """False when the appliance does not check the set of options; None counts as True."""
    handling: str | None = None
    """What the user may do about an event: ``none``, ``acknowledge`` or ``decision``."""
    level: str | None = None
    """Severity of an event: ``info``, ``hint``, ``warning``, ``alert`` or ``critical``."""

    @property
    def kind(self) -> Kind:
        """What it is."""
        return _KINDS[self.__dict__["kind"]]

    @property
    def content_type(self) -> str | None:
        """Name of the content type, for lists of their items; None when unknown (§4.3)."""
        return self.__dict__.get("contentType")

    @property
    def is_list(self) -> bool:
        """Whether values are lists."""
        return bool(self.__dict__.get("list"))

    @property
    def notify_on_change(self) -> bool | None:
        """False when changes are not pushed; None counts as True."""
        return self.__dict__.get("notifyOnChange")

    @property
    def password_protected(self) -> bool | None:
        """Whether elevated rights are needed."""
        return self.__dict__.get("passwordProtected")

    @property
    def full_option_set(self) -> bool | None:
        """Whether a write must hold every writable option; what None means depends on the kind (§4.1)."""
        return self.__dict__.get("fullOptionSet")

    @property
    def execution(self) -> Execution | None:
        """What may be done with a program at the start; None on other kinds."""
        return _EXECUTION[self.__dict__.get("execution")]

    @property
    def options(self) -> tuple[ProgramOption, ...]:
        """Options of a program; empty on other kinds."""
        stored = self.__dict__.get("options")
        if not stored:
            return ()
        with suppress(AttributeError):
            return self._options
        _set(self, "_options", tuple(_view(ProgramOption, option) for option in stored))
        return self._options

    @override
    def __repr__(self) -> str:
        """Name it."""
        return f"Feature({self.uid}, {self.key})"


class FeatureList(NamedTuple):
    """A list or group of features; its access and availability hold for all in it (§9.1)."""

    uid: int
    key: str | None
    kind: str
    """``statusList``, ``settingList``, ``eventList``, ``commandList``, ``optionList`` or ``programGroup``."""
    parent: int | None
    access: Access | None
    available: bool


class Enumeration(NamedTuple):
    """Raw values and their names (§4.2); names of a subset are those of what it is a subset of."""

    enid: int
    key: str | None
    subset_of: int | None
    members: Mapping[int, str | None]
    """None for a member without a name."""


@dataclass(frozen=True, slots=True)
class Head:
    """What the head file of a profile tells of the appliance (§3.2); None where it is silent."""

    ha_id: str
    type: str | None = None
    brand: str | None = None
    vib: str | None = None
    """Model, the E-number without its index."""
    mac: str | None = field(default=None, repr=False)
    serial_number: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Info:
    """What the description file tells of the appliance; None where it is silent."""

    type: str | None = None
    brand: str | None = None
    model: str | None = None
    version: int | None = None
    revision: int | None = None
    pairable_device_types: tuple[str, ...] = ()


@final
class Description:
    """Everything an appliance declares of itself."""

    __slots__ = (
        "_stored",
        "by_key",
        "enums",
        "errors",
        "features",
        "head",
        "info",
        "lists",
        "warnings",
    )

    features: Mapping[int, Feature]
    """By uid, in the order of the description."""
    by_key: Mapping[str, Feature]
    """By name; of several with one name the first declared."""
    lists: Mapping[int, FeatureList]
    enums: Mapping[int, Enumeration]
    errors: Mapping[int, str]
    """Names of result codes."""
    warnings: tuple[str, ...]
    """What was wrong with the files and could be tolerated."""
    head: Head
    info: Info

    def __init__(self, stored: Mapping[str, Any]) -> None:
        """Read the stored form; use ``load``, which says what is wrong with it, unless it is known to be right."""
        self._stored = stored
        if stored["format"] != FORMAT:
            raise ValueError("another format")
        self.head = _head(stored["appliance"])
        self.info = _info(stored["info"])
        features, by_key = _features(stored["features"])
        self.features = MappingProxyType(features)
        self.by_key = MappingProxyType(by_key)
        self.lists = {int(uid): _list(item) for uid, item in stored["lists"].items()}
        self.enums = {int(enid): _enum(int(enid), item) for enid, item in stored["enums"].items()}
        self.errors = {int(code): _text(name) for code, name in stored["errors"].items()}
        self.warnings = tuple(_text(text) for text in _exact(stored["warnings"], list))

    @classmethod
    def load(cls, stored: Mapping[str, Any]) -> Description:
        """Read the stored form, which must not change from then on.

        Raises ProfileError ``stored_format`` when it is not what ``store`` gives.
        """
        try:
            return cls(stored)
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as err:
            raise ProfileError("stored_format", f"{type(err).__name__} while loading") from err

    def store(self) -> dict[str, Any]:
        """Give the stored form (§4.5): JSON values, shared with this description; do not change them."""
        return dict(self._stored)

    def find(self, *keys: str) -> Feature | None:
        """Give the feature with the first of these names that is declared: generations differ in names."""
        by_key = self.by_key
        for key in keys:
            if (feature := by_key.get(key)) is not None:
                return feature
        return None

    @property
    def brand(self) -> str | None:
        """Brand, in capitals."""
        return self.head.brand or self.info.brand

    @property
    def type(self) -> str | None:
        """Type, as in ``Dishwasher`` (§3.3); there are others."""
        return self.head.type or self.info.type

    @property
    def model(self) -> str | None:
        """Model, the E-number without its index."""
        return self.head.vib or self.info.model

    @override
    def __repr__(self) -> str:
        """Name the appliance without its id."""
        return f"Description({self.brand} {self.type} {self.model}, {len(self.features)} features)"


def _view[View: _StoredView](cls: type[View], stored: dict[str, Any]) -> View:
    """Make a view of a stored mapping."""
    view = object.__new__(cls)
    _set(view, "__dict__", stored)
    return view


def _features(stored: Mapping[str, Any]) -> tuple[dict[int, Feature], dict[str, Feature]]:
    """Make the features by uid and by name.

    Checks what every reader relies on, not each member of each row: the stored form is our own.
    """
    rows = list(stored.values())
    if not (
        _INT.issuperset(map(type, map(itemgetter("uid"), rows)))
        and _TEXT_OR_NULL.issuperset(map(type, map(itemgetter("key"), rows)))
        and _BOOL.issuperset(map(type, map(itemgetter("available"), rows)))
        and _KINDS.keys() >= set(map(itemgetter("kind"), rows))
        and _EXECUTION.keys() >= {row.get("execution") for row in rows}
    ):
        raise TypeError("no features")
    _check_access(rows)
    for row in rows:
        if "options" in row:
            _check_options(row["options"])
    new, put, view = object.__new__, _set, Feature
    views = [new(view) for _ in rows]
    for feature, row in zip(views, rows, strict=True):
        put(feature, "__dict__", row)
    features = dict(zip(map(itemgetter("uid"), rows), views, strict=True))
    if list(map(int, stored)) != list(features):
        raise ValueError("a uid is not its own")
    # Of several with one name the last put in wins.
    by_key = dict(zip(map(itemgetter("key"), reversed(rows)), reversed(views), strict=True))
    by_key.pop(None, None)
    return features, by_key


def _check_options(options: Any) -> None:
    rows = _exact(options, list)
    if not (
        _INT.issuperset(map(type, map(itemgetter("ref"), rows)))
        and _BOOL.issuperset(map(type, map(itemgetter("available"), rows)))
    ):
        raise TypeError("no options")
    _check_access(rows)


def _check_access(rows: list[dict[str, Any]]) -> None:
    if not _ACCESS.keys() >= {row.get("access") for row in rows}:
        raise ValueError("no such access")


def _list(members: Mapping[str, Any]) -> FeatureList:
    parent = members["parent"]
    access = members.get("access")
    return FeatureList(
        _exact(members["uid"], int),
        _optional(members["key"], str),
        _text(members["kind"]),
        _optional(parent, int),
        _ACCESS[access],
        _exact(members["available"], bool),
    )


def _enum(enid: int, stored: Mapping[str, Any]) -> Enumeration:
    members = {int(raw): name for raw, name in stored["members"].items()}
    if not _TEXT_OR_NULL.issuperset(map(type, members.values())):
        raise TypeError("a name is no text")
    return Enumeration(
        enid, _optional(stored["key"], str), _optional(stored["subsetOf"], int), members
    )


def _head(stored: Mapping[str, Any]) -> Head:
    names = ("type", "brand", "vib", "mac", "serialNumber")
    return Head(_text(stored["haId"]), *(_optional(stored[name], str) for name in names))


def _info(stored: Mapping[str, Any]) -> Info:
    return Info(
        _optional(stored["type"], str),
        _optional(stored["brand"], str),
        _optional(stored["model"], str),
        _optional(stored["version"], int),
        _optional(stored["revision"], int),
        tuple(_text(name) for name in _exact(stored["pairableDeviceTypes"], list)),
    )


def _exact[Value](value: Any, kind: type[Value]) -> Value:
    """Give the value if it is exactly of this type."""
    if type(value) is not kind:
        raise TypeError("a value is of the wrong type")
    return value


def _optional[Value](value: Any, kind: type[Value]) -> Value | None:
    """Give the value if it is None or exactly of this type."""
    return None if value is None else _exact(value, kind)


def _text(value: Any) -> str:
    return _exact(value, str)
