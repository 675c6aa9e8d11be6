"""Pairings as they are stored: our own file, and those of other controllers.

Our file is that of the older controllers, an object of records by alias, with more members: either side reads the
other's. What is not understood stays in the file as it was. File functions block; an event loop hands them to a thread.
Source: docs/hap_controller/wire.md §11.1 to §11.3.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
import json
import os
from pathlib import Path
import tempfile
from typing import Any, Final, override
from uuid import UUID

from .const import KEY_BYTES, MAX_IDENTIFIER_BYTES
from .crypto import Random, SigningKey
from .errors import UnsupportedError

# Some thousand pairings with the descriptions of their bridges.
MAX_FILE_BYTES: Final = 256 * 1024 * 1024
# Some controllers keep the public half behind the seed.
_LONG_KEY_BYTES: Final = 2 * KEY_BYTES
_MAX_PORT: Final = 65535
_MAX_HOSTS: Final = 32
_UUID_BYTES: Final = 16

type Members = Mapping[str, Any]


class RecordError(UnsupportedError):
    """A file of pairings cannot be read or written, or a record is none; names the file, never what is in it."""


class ConnectionKind(StrEnum):
    """How an accessory is reached, as records spell it."""

    IP = "IP"
    BLE = "BLE"
    COAP = "CoAP"
    PREPARED = "ADDITIONAL_PAIRING"
    """Prepared to be added by another controller, which has not happened yet."""


@dataclass(frozen=True, slots=True)
class PairingKeys:
    """What an accessory and its controller know of each other."""

    accessory_id: str
    """As the accessory spells it: it is signed and compared byte for byte."""
    accessory_ltpk: bytes
    """The accessory's Ed25519 public key."""
    controller_id: str = field(repr=False)
    controller_ltsk: bytes = field(repr=False)
    """The controller's Ed25519 seed."""
    controller_ltpk: bytes


@dataclass(frozen=True, slots=True)
class HalfKeys:
    """What a controller knows of a pairing when the accessory's last message was lost: not who the accessory is.

    Whoever answers to them may be anybody; they are good for nothing but to take the pairing back.
    """

    accessory_id: str | None
    """As announced, in any case; None when the accessory was found by its address alone."""
    controller_id: str = field(repr=False)
    controller_ltsk: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PairingRecord:
    """One pairing, with where the accessory was last and what it was like."""

    keys: PairingKeys
    connection: ConnectionKind = ConnectionKind.IP
    hosts: tuple[str, ...] = ()
    """Addresses, the last one that worked first."""
    port: int | None = None
    bluetooth_address: str | None = None
    config_number: int | None = None
    """``c#`` of the stored description; None without one."""
    state_number: int | None = None
    broadcast_key: bytes | None = field(default=None, repr=False)
    """Opens what a Bluetooth accessory tells everybody."""
    accessories: Any = field(default=None, repr=False)
    """The stored description, as ``Database.store`` gives it."""
    members: Members = field(default_factory=dict, repr=False, compare=False)
    """All members as they were read; those nobody understands are written again."""

    @property
    def device_id(self) -> str:
        """The accessory's id as discoveries are compared, in lower case."""
        return self.keys.accessory_id.lower()

    @classmethod
    def read(cls, members: Any) -> PairingRecord:
        """Read a record of any of the known controllers, or the data of a Home Assistant entry.

        Raises RecordError when it lacks what a session needs.
        """
        connection = _connection(members)
        controller_id, seed, public_key = _controller(members)
        keys = PairingKeys(
            _identifier(members, "AccessoryPairingID"),
            _key(members, "AccessoryLTPK"),
            controller_id,
            seed,
            public_key,
        )
        return cls(
            keys,
            connection,
            _hosts(members),
            _whole(members.get("AccessoryPort"), _MAX_PORT) or None,
            _text(members.get("AccessoryAddress")) or _text(members.get("AccessoryMAC")),
            _whole(members.get("config_num")),
            _whole(members.get("state_num")),
            _hex(members.get("broadcast_key")),
            members.get("accessories"),
            members,
        )

    def store(self) -> dict[str, Any]:
        """Give the record as it is written; members that still say the same stay as they were read."""
        with suppress(RecordError):
            return _overlay(
                self.members, PairingRecord.read(self.members)._fields(), self._fields()
            )
        return _overlay(self.members, {}, self._fields())  # of a pairing just made or finished

    def _fields(self) -> dict[str, Any]:
        keys = self.keys
        bluetooth = "AccessoryMAC" if "AccessoryMAC" in self.members else "AccessoryAddress"
        return {
            "AccessoryPairingID": keys.accessory_id,
            "AccessoryLTPK": keys.accessory_ltpk.hex(),
            **_store_controller(keys.controller_id, keys.controller_ltsk, keys.controller_ltpk),
            "AccessoryIP": self.hosts[0] if self.hosts else None,
            "AccessoryIPs": list(self.hosts) or None,
            "AccessoryPort": self.port,
            bluetooth: self.bluetooth_address,
            "Connection": str(self.connection),
            "config_num": self.config_number,
            "state_num": self.state_number,
            "broadcast_key": None if self.broadcast_key is None else self.broadcast_key.hex(),
            "accessories": self.accessories,
        }


@dataclass(frozen=True, slots=True)
class PreparedPairing:
    """A controller's own half of a pairing that another controller is asked to add."""

    controller_id: str = field(repr=False)
    controller_ltsk: bytes = field(repr=False)
    controller_ltpk: bytes
    members: Members = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def generate(cls, random: Random = os.urandom) -> PreparedPairing:
        """Make a new controller."""
        key = SigningKey.generate(random)
        identifier = str(UUID(bytes=random(_UUID_BYTES), version=4))
        return cls(identifier, key.seed, key.public_key)

    @classmethod
    def read(cls, members: Any) -> PreparedPairing:
        """Read a record that is not finished.

        Raises RecordError when it lacks the controller's half.
        """
        return cls(*_controller(members), members)

    def store(self) -> dict[str, Any]:
        """Give the record as it is written."""
        controller = _store_controller(
            self.controller_id, self.controller_ltsk, self.controller_ltpk
        )
        return {**controller, "Connection": str(ConnectionKind.PREPARED)} | dict(self.members)

    def finish(
        self,
        accessory_id: str,
        accessory_ltpk: bytes,
        connection: ConnectionKind = ConnectionKind.IP,
        *,
        bluetooth_address: str | None = None,
    ) -> PairingRecord:
        """Give the pairing, now that the other controller has added it."""
        keys = PairingKeys(
            accessory_id,
            accessory_ltpk,
            self.controller_id,
            self.controller_ltsk,
            self.controller_ltpk,
        )
        return PairingRecord(
            keys, connection, bluetooth_address=bluetooth_address, members=self.members
        )


type Entry = PairingRecord | PreparedPairing


class Pairings:
    """All records of one file, by alias; those that nobody understands too."""

    def __init__(self) -> None:
        """Begin without any."""
        self._entries: dict[str, Any] = {}
        self.faults: dict[str, str] = {}
        """Why records could not be read, by alias; they are kept."""

    @override
    def __repr__(self) -> str:
        """Count them."""
        return f"<Pairings: {len(self._entries)}>"

    def __len__(self) -> int:
        """Count all records, also those that nobody understands."""
        return len(self._entries)

    def __contains__(self, alias: str) -> bool:
        """Tell whether an alias is taken."""
        return alias in self._entries

    @property
    def records(self) -> dict[str, PairingRecord]:
        """The pairings, by alias."""
        return {alias: each for alias, each in self._entries.items() if type(each) is PairingRecord}

    @property
    def prepared(self) -> dict[str, PreparedPairing]:
        """Those that are not finished, by alias."""
        return {
            alias: each for alias, each in self._entries.items() if type(each) is PreparedPairing
        }

    def find(self, accessory_id: str) -> str | None:
        """Find the alias of the pairing with an accessory, however its id is spelled; None when there is none."""
        wanted = accessory_id.lower()
        return next(
            (alias for alias, each in self.records.items() if each.device_id == wanted), None
        )

    def put(self, alias: str, entry: Entry) -> None:
        """Add a record, or put it in the place of the one with this alias."""
        self._entries[alias] = entry
        self.faults.pop(alias, None)

    def remove(self, alias: str) -> None:
        """Forget a record; raises KeyError when there is none."""
        del self._entries[alias]
        self.faults.pop(alias, None)

    def adopt(self, others: Pairings) -> list[str]:
        """Take over the records of another file; gives the aliases they have here.

        An accessory that is paired here already is left alone; an alias that is taken gets a number behind it.
        """
        adopted = []
        paired = {each.device_id for each in self.records.values()}
        numbers: dict[str, int] = {}
        for alias, entry in others.entries():
            if type(entry) is PairingRecord:
                if entry.device_id in paired:
                    continue
                paired.add(entry.device_id)
            free = _free(alias, self._entries, numbers)
            self._entries[free] = entry
            if alias in others.faults:
                self.faults[free] = others.faults[alias]
            adopted.append(free)
        return adopted

    def entries(self) -> Iterator[tuple[str, Any]]:
        """Give all aliases with what belongs to them, in the order of the file."""
        return iter(self._entries.items())

    @classmethod
    def parse(cls, data: bytes, source: str) -> Pairings:
        """Read a controller's file, ours or another's; ``source`` names it in errors.

        Raises RecordError when it is not a JSON object.
        """
        return cls._of(_object(data, source))

    @classmethod
    def _of(cls, root: Members) -> Pairings:
        pairings = cls()
        for alias, members in root.items():
            entry: Any = members
            try:
                if _connection(members) is ConnectionKind.PREPARED:
                    entry = PreparedPairing.read(members)
                else:
                    entry = PairingRecord.read(members)
            except RecordError as err:
                pairings.faults[alias] = str(err)
            pairings._entries[alias] = entry
        return pairings

    def dump(self) -> bytes:
        """Write all records as the file has them."""
        root = {
            alias: entry.store() if isinstance(entry, PairingRecord | PreparedPairing) else entry
            for alias, entry in self._entries.items()
        }
        return json.dumps(root, indent=2).encode()

    def add_descriptions(self, descriptions: Mapping[str, Members]) -> None:
        """Add what ``parse_descriptions`` read to the records without a description of their own."""
        for alias, record in self.records.items():
            # Older files have the id in lower case (§11.3).
            found = descriptions.get(record.keys.accessory_id) or descriptions.get(record.device_id)
            if found and record.accessories is None:
                self._entries[alias] = replace(
                    record,
                    accessories=found.get("accessories"),
                    config_number=_whole(found.get("config_num")),
                    state_number=_whole(found.get("state_num")),
                    broadcast_key=_hex(found.get("broadcast_key")),
                )


# --- other programs' files ----------------------------------------------------------------------

_HOME_ASSISTANT_DOMAIN: Final = "homekit_controller"


def import_pairings(data: bytes, source: str) -> Pairings:
    """Read pairings of another program: a controller's file, Home Assistant's list of entries, one entry, or its data.

    Raises RecordError when it is none of them.
    """
    root = _object(data, source)
    inner = root.get("data")
    if "AccessoryPairingID" in root:
        entries = [{"data": root}]
    elif type(inner) is dict and type(inner.get("entries")) is list:
        entries = [
            each
            for each in inner["entries"]
            if type(each) is dict and each.get("domain") == _HOME_ASSISTANT_DOMAIN
        ]
    elif type(inner) is dict and "AccessoryPairingID" in inner:
        entries = [root]
    else:
        return Pairings.parse(data, source)
    by_alias: dict[str, Any] = {}
    numbers: dict[str, int] = {}
    for entry in entries:
        members = entry.get("data")
        name = members.get("AccessoryPairingID") if type(members) is dict else None
        alias = _text(entry.get("title")) or _text(name) or "accessory"
        by_alias[_free(alias, by_alias, numbers)] = members
    return Pairings._of(by_alias)  # noqa: SLF001 - the same room


def parse_descriptions(data: bytes) -> dict[str, Members]:
    """Read the descriptions that other programs keep beside their pairings, by accessory id (§11.2, §11.3).

    They can be read anew from the accessories: what cannot be understood is left out.
    """
    with suppress(RecordError):
        root = _object(data, "")
        inner = root.get("data")
        pairings = (inner if type(inner) is dict else root).get("pairings")
        if type(pairings) is dict:
            return {name: each for name, each in pairings.items() if type(each) is dict}
    return {}


def _free(alias: str, taken: Mapping[str, Any], numbers: dict[str, int]) -> str:
    """Give an alias that is not taken, with a number behind it where it must be; ``numbers`` are those given so far."""
    free = alias
    while free in taken:
        numbers[alias] = numbers.get(alias, 1) + 1
        free = f"{alias} {numbers[alias]}"
    return free


# --- files --------------------------------------------------------------------------------------


def load_pairings(path: Path) -> Pairings:
    """Read a controller's file.

    Raises RecordError when it is missing, not readable, or not one.
    """
    return Pairings.parse(read_file(path), path.name)


def save_pairings(path: Path, pairings: Pairings) -> None:
    """Write a controller's file in one step: whatever interrupts it, the old one or the new one is there, whole.

    Raises RecordError when it cannot be written.
    """
    write_file(path, pairings.dump())


def read_file(path: Path) -> bytes:
    """Read a file that holds keys.

    Raises RecordError when it is missing, not readable or too large.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as err:
        raise RecordError(f"{path.name} cannot be read: {err.strerror}") from err
    if len(data) > MAX_FILE_BYTES:
        raise RecordError(f"{path.name} is too large")
    return data


def write_file(path: Path, data: bytes) -> None:
    """Replace a file that holds keys in one step; nobody but its owner may read it. Missing folders are made.

    Raises RecordError when it cannot be written; then the old one is still there.
    """
    path = Path(os.path.realpath(path))  # the file behind a link is replaced, not the link
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _replace(path, data)
    except OSError as err:
        raise RecordError(f"{path.name} cannot be written: {err.strerror}") from err


def _replace(path: Path, data: bytes) -> None:
    # Temporary files are made with mode 0600.
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor is no path
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)  # noqa: PTH105 - as the ones beside it
    except BaseException:
        with suppress(OSError):
            os.unlink(name)  # noqa: PTH108
        raise
    # The new name must reach the disk too; not every file system lets folders be synchronised.
    with suppress(OSError):
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


# --- members ------------------------------------------------------------------------------------


def _object(data: bytes, source: str) -> dict[str, Any]:
    """Read a JSON object; what is wrong with it is not told, for it holds keys."""
    try:
        root = json.loads(data, object_pairs_hook=_unambiguous)
    except ValueError, RecursionError:
        root = None
    if type(root) is not dict:
        raise RecordError(f"{source} is not a JSON object")
    return root


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name that stands twice: one of the two would be lost."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands twice")
    return members


def _connection(members: Any) -> ConnectionKind:
    if type(members) is not dict:
        raise RecordError("the record is no object")
    try:
        return ConnectionKind(members.get("Connection", ConnectionKind.IP))
    except ValueError:
        raise RecordError("the record is of an unknown kind of connection") from None


def _controller(members: Members) -> tuple[str, bytes, bytes]:
    """Read id, seed and public key of the controller; the last follows from the seed, whatever is written."""
    seed = _key(members, "iOSDeviceLTSK")
    return _identifier(members, "iOSPairingId"), seed, SigningKey(seed).public_key


def _store_controller(identifier: str, seed: bytes, public_key: bytes) -> dict[str, Any]:
    return {
        "iOSPairingId": identifier,
        "iOSDeviceLTSK": seed.hex(),
        "iOSDeviceLTPK": public_key.hex(),
    }


def _identifier(members: Members, name: str) -> str:
    value = members.get(name)
    if (
        type(value) is not str
        or not value.isprintable()
        or not 0 < len(value.encode()) <= MAX_IDENTIFIER_BYTES
    ):
        raise RecordError(f"the record has no usable {name}")
    return value


def _key(members: Members, name: str) -> bytes:
    """Read a key; of a longer one the first half counts (§11.1)."""
    key = _hex(members.get(name))
    if key is None or len(key) not in (KEY_BYTES, _LONG_KEY_BYTES):
        raise RecordError(f"the record has no usable {name}")
    return key[:KEY_BYTES]


def _hex(value: object) -> bytes | None:
    if type(value) is not str:
        return None
    try:
        return bytes.fromhex(value)
    except ValueError:
        return None


def _text(value: object) -> str | None:
    return value or None if type(value) is str else None


def _whole(value: object, limit: int | None = None) -> int | None:
    if type(value) is not int or value < 0 or (limit is not None and value > limit):
        return None
    return value


def _hosts(members: Members) -> tuple[str, ...]:
    """Read the addresses; the single one of the older controllers counts where there is no list (§11.1)."""
    several = members.get("AccessoryIPs")
    hosts = (
        several[:_MAX_HOSTS] if type(several) is list and several else [members.get("AccessoryIP")]
    )
    return tuple(dict.fromkeys(host for each in hosts if (host := _text(each))))


def _overlay(members: Members, before: Members, now: Members) -> dict[str, Any]:
    """Write those fields over the members they came from that changed since."""
    stored = dict(members)
    for name, value in now.items():
        if value == before.get(name):
            continue
        if value is None:
            stored.pop(name, None)
        else:
            stored[name] = value
    stored.setdefault("Connection", now["Connection"])
    return stored
