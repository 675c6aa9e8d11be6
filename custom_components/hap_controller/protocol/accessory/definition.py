"""What an accessory consists of, and how a program takes part in it.

A program builds an ``Accessory`` or a ``Bridge`` from the catalogue, or with types of its own, and hands it to the
server. Source: docs/hap_controller/wire.md §8, §12.3.
"""

from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextvars import ContextVar
import hashlib
from typing import Any, Final, override

from ..catalogue import (
    CharacteristicUuid,
    ServiceUuid,
    characteristic as known_characteristic,
    service as known_service,
)
from ..values import (
    Metadata,
    check_value,
    dumps,
    full_type,
    initial_value,
    measured_value,
    short_type,
    standard_metadata,
)

# §8.1: what controllers take.
MAX_ACCESSORIES: Final = 150
MAX_SERVICES: Final = 100
MAX_CHARACTERISTICS: Final = 100
PRIMARY_AID: Final = 1
BRIDGE_CATEGORY: Final = 2
# §8.1: phones misbehave on it.
_UNLUCKY_AID: Final = 7
# §12.3: what a primary accessory must say of the protocol.
_PROTOCOL_VERSION: Final = "1.1.0"
_INFORMATION: Final = (
    CharacteristicUuid.MANUFACTURER,
    CharacteristicUuid.MODEL,
    CharacteristicUuid.NAME,
    CharacteristicUuid.SERIAL_NUMBER,
    CharacteristicUuid.FIRMWARE_REVISION,
)

type Getter = Callable[[], Any]
"""Gives the value as it is now, or an awaitable of it. StatusError is told as its status, all else as unreachable."""
type Setter = Callable[[Any], Any]
"""Takes a value that a controller wrote, may be a coroutine function; StatusError refuses it.

What it gives back, unless None, is the answer where the characteristic has one (``wr``). While it runs, what it sets
its own characteristic to is the outcome of the write; the controller is told behind the answer if that is not what it
wrote.
"""
type Authorizer = Callable[[bytes | None], bool]
"""Judges the authorization data that came with a write."""
type Identifier = Callable[[], Any]
"""Makes an accessory noticeable, may be a coroutine function."""
type ImageMaker = Callable[[int, int], bytes | Awaitable[bytes]]
"""Gives a JPEG of about so many pixels in width and height."""
type Watcher = Callable[[Characteristic, Any, object | None], None]
"""Told a characteristic, its new value and who wrote it, None for the accessory itself."""


class Write:
    """A controller's write while the program's setter has it: what that sets answers the write, until ``over``."""

    __slots__ = ("characteristic", "over", "settled", "source")

    def __init__(self, characteristic: Characteristic, source: object) -> None:
        """Begin, for this task and what it starts."""
        self.characteristic = characteristic
        self.source = source
        self.settled = False
        """Whether the setter has set the value itself."""
        self.over = False
        _write_under_way.set(self)


_write_under_way: Final[ContextVar[Write | None]] = ContextVar("write_under_way", default=None)


class Characteristic:
    """One value of a service.

    A program that learns of a change sets ``value``, and every subscriber is told. ``getter`` and ``setter`` may be
    set at any time. Values are bool, int, float or str by the format, base64 text for data and TLV8.
    """

    __slots__ = ("_value", "_watchers", "aid", "authorize", "getter", "iid", "metadata", "setter")

    def __init__(
        self,
        metadata: Metadata,
        *,
        iid: int,
        aid: int = PRIMARY_AID,
        value: Any = None,
        getter: Getter | None = None,
        setter: Setter | None = None,
        authorize: Authorizer | None = None,
    ) -> None:
        """Begin with ``value`` or the nearest valid one to zero; raises FormatError when it is not valid."""
        self.metadata = metadata
        self.aid = aid
        self.iid = iid
        self.getter = getter
        self.setter = setter
        self.authorize = authorize
        """Needed where writes take additional authorization (``aa``): without it all are refused."""
        self._watchers: tuple[Watcher, ...] = ()
        self._value: Any = None
        if not metadata.stateless:
            self._value = initial_value(metadata) if value is None else self.fit(value)

    @override
    def __repr__(self) -> str:
        """Name it as the tools do."""
        return f"<Characteristic {self.aid}.{self.iid} {short_type(self.type)}>"

    @property
    def type(self) -> str:
        """Its full UUID."""
        return self.metadata.type

    @property
    def value(self) -> Any:
        """The value as last set or written; None for what has no state. Setting it tells all subscribers.

        A number is brought to the next step. Setting raises FormatError when the value is not valid. A button press (a stateless event) is set as well and
        told even if it is the same as the last one.
        """
        return self._value

    @value.setter
    def value(self, value: Any) -> None:
        """Take a new value."""
        write = _write_under_way.get()
        if write is None or write.over or write.characteristic is not self:
            self.store(value, None)
        else:
            self.store(value, write.source)
            write.settled = True

    def check(self, value: Any) -> Any:
        """Convert what a controller wrote to the format. Raises FormatError when it is not valid."""
        return check_value(value, self.metadata)

    def fit(self, value: Any) -> Any:
        """Convert a value of the program: bytes become base64, numbers go to the next step. Raises FormatError."""
        if isinstance(value, bytes | bytearray):
            value = b64encode(value).decode()
        return measured_value(value, self.metadata)

    def store(self, value: Any, source: object | None) -> None:
        """Take a value as ``value`` does; ``source`` is who wrote it and is not told."""
        value = self.fit(value)
        if self.metadata.stateless:
            self._tell(value, source)
        elif value != self._value:
            self._value = value
            self.tell(source)

    def tell(self, source: object | None) -> None:
        """Tell the value again to all but ``source``."""
        self._tell(self._value, source)

    def _tell(self, value: Any, source: object | None) -> None:
        for watcher in self._watchers:
            watcher(self, value, source)

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Have every change told; gives back what ends that."""
        self._watchers = (*self._watchers, watcher)

        def unwatch() -> None:
            self._watchers = tuple(each for each in self._watchers if each is not watcher)

        return unwatch

    def describe(self) -> dict[str, Any]:
        """Give what is fixed about it, in the keys of §8.1; a limit of 0 is one (§12.8)."""
        metadata = self.metadata
        told = {
            "iid": self.iid,
            "type": short_type(metadata.type),
            "perms": list(metadata.perms),
            "format": metadata.format,
            "description": metadata.description,
            **self.metadata.limits(),
        }
        return {key: value for key, value in told.items() if value is not None}


class Service:
    """One function of an accessory: characteristics that belong together."""

    def __init__(
        self,
        accessory: Accessory,
        type_: str,
        iid: int,
        *,
        primary: bool = False,
        hidden: bool = False,
    ) -> None:
        """Begin without characteristics; ``Accessory.add_service`` is the way to have one."""
        self.type = type_
        self.iid = iid
        self.primary = primary
        self.hidden = hidden
        self.linked: list[Service] = []
        """Others of the same accessory that belong to it."""
        self.characteristics: list[Characteristic] = []
        self._accessory = accessory

    def __getitem__(self, type_: str) -> Characteristic:
        """Find a characteristic by its type, in any spelling; raises KeyError when there is none."""
        uuid = full_type(type_)
        for each in self.characteristics:
            if each.type == uuid:
                return each
        raise KeyError(type_)

    def __contains__(self, type_: str) -> bool:
        """Tell whether there is a characteristic of the type."""
        return any(each.type == full_type(type_) for each in self.characteristics)

    def add(
        self,
        type_: str,
        *,
        value: Any = None,
        getter: Getter | None = None,
        setter: Setter | None = None,
        authorize: Authorizer | None = None,
        iid: int | None = None,
        **metadata: Any,
    ) -> Characteristic:
        """Add a characteristic.

        ``type_`` is a UUID, also short. What the catalogue says of it can be overridden with the fields of
        ``Metadata``, and must be given (``format``, ``perms``) for types that it does not know. Raises ValueError for
        a type that is there, and when there are too many; FormatError for a value that is not valid.
        """
        uuid = full_type(type_)
        if uuid in self:
            raise ValueError("the service has this characteristic already")
        if len(self.characteristics) >= MAX_CHARACTERISTICS:
            raise ValueError("the service has too many characteristics")
        told = standard_metadata(uuid, **metadata)
        if told.format is None or not told.perms:
            raise ValueError("format and permissions of the characteristic are not known")
        characteristic = Characteristic(
            told,
            iid=self._accessory.assign(iid),
            aid=self._accessory.aid,
            value=value,
            getter=getter,
            setter=setter,
            authorize=authorize,
        )
        self.characteristics.append(characteristic)
        return characteristic

    def describe(self) -> dict[str, Any]:
        """Give what is fixed about it, in the keys of §8.1."""
        told: dict[str, Any] = {
            "iid": self.iid,
            "type": short_type(self.type),
            "characteristics": [each.describe() for each in self.characteristics],
        }
        if self.primary:
            told["primary"] = True
        if self.hidden:
            told["hidden"] = True
        if self.linked:
            told["linked"] = [each.iid for each in self.linked]
        return told


class Accessory:
    """An accessory: what it is, and its services.

    Ids are given in the order in which services and characteristics are added, so they stay the same over restarts as
    long as a program builds the accessory alike; one that may change gives ``iid`` itself.
    """

    def __init__(
        self,
        name: str,
        *,
        category: int | None = None,
        manufacturer: str = "Latchkey",
        model: str = "Accessory",
        serial_number: str = "0000-0001",
        firmware_revision: str = "1.0.0",
        identify: Identifier | None = None,
        image: ImageMaker | None = None,
    ) -> None:
        """Begin with the services that every accessory has; raises FormatError for texts of more than 64 characters.

        ``category`` is a number of §1.4, for the icon that controllers show; None leaves it to the state file.
        """
        self.aid = PRIMARY_AID
        self.category = category
        self.identify = identify
        self.image = image
        self.services: list[Service] = []
        self._iids: set[int] = set()
        texts = (manufacturer, model, name, serial_number, firmware_revision)
        self.information = self._new_service(ServiceUuid.ACCESSORY_INFORMATION)
        self.information.add(
            CharacteristicUuid.IDENTIFY, setter=lambda on: self.make_noticeable() if on else None
        )
        for type_, text in zip(_INFORMATION, texts, strict=True):
            self.information.add(type_, value=text)
        self._protocol = self._new_service(ServiceUuid.PROTOCOL_INFORMATION)
        self._protocol.add(CharacteristicUuid.VERSION, value=_PROTOCOL_VERSION)

    @property
    def name(self) -> str:
        """What it is called."""
        return str(self.information[CharacteristicUuid.NAME].value)

    def make_noticeable(self) -> Any:
        """Do what ``identify`` does, if there is such a thing; gives what is to be awaited, if anything."""
        return None if self.identify is None else self.identify()

    @property
    def accessories(self) -> list[Accessory]:
        """All accessories behind one server, this one first."""
        return [self]

    @property
    def characteristics(self) -> Iterator[Characteristic]:
        """All characteristics of all its services."""
        return (each for service in self.services for each in service.characteristics)

    def add_service(
        self,
        type_: str,
        optional: Iterable[str] = (),
        *,
        name: str | None = None,
        primary: bool = False,
        hidden: bool = False,
        iid: int | None = None,
    ) -> Service:
        """Add a service with all characteristics that its type requires, and some that are ``optional``.

        ``type_`` is a UUID, also short; of types that the catalogue does not know nothing is required. Raises
        ValueError when there are too many services, and for an optional characteristic that the catalogue does not
        know: ``Service.add`` takes those.
        """
        service = self._new_service(type_, iid, primary=primary, hidden=hidden)
        known = known_service(service.type)
        for each in known.required if known else ():
            told = known_characteristic(each)
            if told is not None and told.format is not None:
                service.add(each)
        for each in optional:
            if each not in service:
                service.add(each)
        if name is not None:
            if CharacteristicUuid.NAME in service:
                service[CharacteristicUuid.NAME].value = name
            else:
                service.add(CharacteristicUuid.NAME, value=name)
        return service

    def _new_service(
        self, type_: str, iid: int | None = None, *, primary: bool = False, hidden: bool = False
    ) -> Service:
        if len(self.services) >= MAX_SERVICES:
            raise ValueError("the accessory has too many services")
        service = Service(self, full_type(type_), self.assign(iid), primary=primary, hidden=hidden)
        self.services.append(service)
        return service

    def assign(self, iid: int | None = None) -> int:
        """Take an instance id, the next one unless it is given; raises ValueError when it is taken."""
        if iid is None:
            iid = max(self._iids, default=0) + 1
        if iid in self._iids or not 0 < iid < 1 << 64:
            raise ValueError(f"instance id {iid} is taken or none")
        self._iids.add(iid)
        return iid

    def bridged(self, aid: int) -> None:
        """Become one of the accessories behind a bridge; for ``Bridge`` only."""
        self.aid = aid
        self.services.remove(self._protocol)
        for each in self.characteristics:
            each.aid = aid

    def describe(self) -> dict[str, Any]:
        """Give what is fixed about it, in the keys of §8.1."""
        return {"aid": self.aid, "services": [each.describe() for each in self.services]}


class Bridge(Accessory):
    """An accessory that stands for others."""

    def __init__(self, name: str, *, model: str = "Bridge", **told: Any) -> None:
        """Begin without others; arguments are those of ``Accessory``."""
        told.setdefault("category", BRIDGE_CATEGORY)
        super().__init__(name, model=model, **told)
        self._others: dict[int, Accessory] = {}

    @property
    @override
    def accessories(self) -> list[Accessory]:
        """All accessories behind one server, the bridge first."""
        return [self, *self._others.values()]

    def add_accessory(self, accessory: Accessory, aid: int | None = None) -> None:
        """Put an accessory behind the bridge, complete with its services; 150 with the bridge are possible.

        Ids are given in order unless a program gives them. Raises ValueError when the id is taken or none, for a
        bridge, for an accessory that is behind one already, and when there are too many.
        """
        if aid is None:
            aid = max(self._others, default=PRIMARY_AID) + 1
            aid += aid == _UNLUCKY_AID
        if aid in self._others or not PRIMARY_AID < aid < 1 << 64:
            raise ValueError(f"accessory id {aid} is taken or none")
        if isinstance(accessory, Bridge) or accessory.aid != PRIMARY_AID:
            raise ValueError("a bridge, or what is behind one, cannot be put behind a bridge")
        if len(self._others) + 1 >= MAX_ACCESSORIES:
            raise ValueError("the bridge has too many accessories")
        accessory.bridged(aid)
        self._others[aid] = accessory


def fingerprint(primary: Accessory) -> str:
    """Give a hash of all that is fixed: it differs exactly when controllers must read the description anew."""
    described = [each.describe() for each in primary.accessories]
    return hashlib.sha512(dumps(described)).hexdigest()


def admin_only(characteristic: Characteristic, access: str) -> bool:
    """Tell whether only administrators may ``read``, ``write`` or ``notify`` (subscribe to) a characteristic."""
    known = known_characteristic(characteristic.type)
    return known is not None and access in known.admin_only
