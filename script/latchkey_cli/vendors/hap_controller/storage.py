"""The file with the pairings: made, read, changed without losing what others write, and filled from other programs."""

from collections.abc import Iterator
from contextlib import contextmanager
import fcntl
import os
from pathlib import Path

from custom_components.hap_controller.protocol import (
    ConnectionKind,
    PairingRecord,
    Pairings,
    PreparedPairing,
    RecordError,
    import_pairings,
    load_pairings,
    parse_descriptions,
    read_file,
    save_pairings,
)

from ...actions import warn
from ...errors import CliError, ExitStatus
from ...options import Arguments
from ...output import printable, say, say_json, table

FILE = "HAP_CONTROLLER_FILE"
REACHED_BY = {
    ConnectionKind.BLE: "Bluetooth LE",
    ConnectionKind.COAP: "Thread",
    ConnectionKind.IP: "IP",
}


class Storage:
    """One file of pairings. It is read anew for every change: another command may have written it meanwhile."""

    def __init__(self, path: Path) -> None:
        """Name the file; nothing is read yet."""
        self.path = path

    @classmethod
    def named(cls, arguments: Arguments) -> Storage:
        """Take the file that was named, or that of the environment; raises CliError."""
        path = arguments.file or os.environ.get(FILE)
        if not path:
            raise CliError(f"name the file with the pairings with -f or {FILE}", ExitStatus.USAGE)
        return cls(Path(path))

    def load(self) -> Pairings:
        """Read all pairings; raises CliError."""
        try:
            return load_pairings(self.path)
        except RecordError as err:
            advice = "name another one" if self.path.exists() else "make one with init-storage"
            raise CliError(f"{err}; {advice}", ExitStatus.USAGE) from err

    @contextmanager
    def changed(self) -> Iterator[Pairings]:
        """Change pairings and write them, one program at a time; raises CliError."""
        with _alone(self.path.parent):
            pairings = self.load()
            yield pairings
            self.save(pairings)

    def save(self, pairings: Pairings) -> None:
        """Write all pairings; raises CliError."""
        try:
            save_pairings(self.path, pairings)
        except RecordError as err:
            raise CliError(
                f"{err}; see to the folder and its permissions", ExitStatus.USAGE
            ) from err

    def record(self, alias: str | None) -> tuple[str, PairingRecord]:
        """Find a pairing over IP by its alias; the only one needs no name. Raises CliError."""
        pairings = self.load()
        if alias is None:
            alias = _only(pairings)
        if alias in pairings.prepared:
            raise CliError(
                f'"{alias}" is prepared only; have its id and key added to an accessory, then use'
                " finish-add-remote-pairing",
                ExitStatus.USAGE,
            )
        if alias in pairings.faults:
            raise CliError(f'"{alias}" cannot be used: {pairings.faults[alias]}', ExitStatus.USAGE)
        if alias not in pairings.records:
            raise unknown(alias, pairings)
        record = pairings.records[alias]
        if record.connection is not ConnectionKind.IP:
            raise CliError(
                f'"{alias}" is reached by {REACHED_BY[record.connection]}; these tools speak IP',
                ExitStatus.USAGE,
            )
        return alias, record

    def check_new(self, alias: str) -> None:
        """Raise CliError for an alias that is taken, and for a file that cannot be written.

        Keys that an accessory knows already must not be lost for such a reason.
        """
        with self.changed() as pairings:
            if alias in pairings:
                raise CliError(
                    f'"{alias}" is a known alias already; choose another', ExitStatus.USAGE
                )

    def put(self, alias: str, record: PairingRecord | PreparedPairing) -> None:
        """Write a record."""
        with self.changed() as pairings:
            pairings.put(alias, record)


def unknown(alias: str, pairings: Pairings) -> CliError:
    """Say that there is no such alias, and which there are."""
    names = ", ".join(f'"{printable(name)}"' for name, _ in pairings.entries())
    return CliError(
        f'"{alias}" is no known alias; '
        + (f"there are: {names}" if names else "the file is empty"),
        ExitStatus.USAGE,
    )


def _only(pairings: Pairings) -> str:
    records = list(pairings.records)
    if len(records) == 1:
        return records[0]
    if not records and pairings.prepared:
        names = ", ".join(f'"{printable(name)}"' for name in pairings.prepared)
        raise CliError(
            f"the file has only what was prepared: {names}; finish-add-remote-pairing makes a pairing of it",
            ExitStatus.USAGE,
        )
    if not records:
        raise CliError("the file has no pairings; begin with discover and pair", ExitStatus.USAGE)
    names = ", ".join(f'"{printable(name)}"' for name in records)
    raise CliError(f"name one of the pairings with -a: {names}", ExitStatus.USAGE)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other commands out; the folder is locked, since the file is replaced by each."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as err:
        raise CliError(f"{folder} cannot be opened: {err.strerror}", ExitStatus.USAGE) from err
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


# --- commands ------------------------------------------------------------------------------------


async def init_storage(arguments: Arguments) -> ExitStatus:
    """Make an empty file."""
    storage = Storage.named(arguments)
    made = _make(storage)
    if arguments.json:
        say_json({"file": str(storage.path), "created": made})
    elif made:
        say(f'File "{storage.path}" was created.')
    else:
        say(f'File "{storage.path}" already exists.')
    return ExitStatus.DONE


def _make(storage: Storage) -> bool:
    """Make an empty file unless there is one; tells whether it did. Raises CliError."""
    path = storage.path
    made = not path.exists()
    if made:
        if not path.parent.is_dir():
            raise CliError(f"there is no folder {path.parent}; make it first", ExitStatus.USAGE)
        with _alone(path.parent):
            if made := not path.exists():  # another command may have been quicker
                storage.save(Pairings())
    if not made:
        storage.load()  # what is there may be something else
    return made


async def import_(arguments: Arguments) -> ExitStatus:
    """Take over what another program has."""
    storage = Storage.named(arguments)
    found = _foreign(arguments.source)
    if arguments.descriptions:
        found.add_descriptions(parse_descriptions(_read(arguments.descriptions)))
    if arguments.alias:
        found = _renamed(found, arguments.alias)
    if _make(storage) and not arguments.json:
        say(f'File "{storage.path}" was created.')
    with storage.changed() as pairings:
        known = [alias for alias, _ in pairings.entries()]
        adopted = pairings.adopt(found)
        left = len(found) - len(adopted)
    rows = [_row(alias, pairings) for alias in adopted]
    if arguments.json:
        say_json(
            {
                "file": str(storage.path),
                "imported": [
                    dict(zip(("alias", "device_id", "connection", "fault"), row, strict=True))
                    for row in rows
                ],
                "left_out": left,
            }
        )
        return ExitStatus.DONE
    if rows:
        say(table(("ALIAS", "DEVICE ID", "REACHED BY", "NOTE"), rows))
    else:
        say("Nothing new was found.")
    if left:
        say(f"{left} left out: paired in {storage.path.name} already")
    assert not set(known) & set(adopted)
    return ExitStatus.DONE


def _foreign(source: Path) -> Pairings:
    try:
        found = import_pairings(_read(source), source.name)
    except RecordError as err:
        raise CliError(f"{err}; name a file of pairings", ExitStatus.USAGE) from err
    if not len(found):
        raise CliError(f"{source.name} has no pairings of HomeKit accessories", ExitStatus.USAGE)
    for alias, fault in found.faults.items():
        warn(f'"{printable(alias)}" cannot be used: {fault}; it is kept as it is')
    return found


def _read(path: Path) -> bytes:
    try:
        return read_file(path)
    except RecordError as err:
        raise CliError(str(err), ExitStatus.USAGE) from err


def _renamed(found: Pairings, alias: str) -> Pairings:
    """Give the only pairing another alias."""
    if len(found) != 1:
        raise CliError(f"-a is for one pairing, and there are {len(found)}", ExitStatus.USAGE)
    renamed = Pairings()
    for old, entry in found.entries():
        renamed.put(alias, entry)
        if old in found.faults:
            renamed.faults[alias] = found.faults[old]
    return renamed


def _row(alias: str, pairings: Pairings) -> tuple[str, str, str, str]:
    """Describe an entry: alias, device id, way, and what is wrong."""
    if record := pairings.records.get(alias):
        return alias, record.keys.accessory_id, REACHED_BY[record.connection], ""
    note = "prepared" if alias in pairings.prepared else pairings.faults.get(alias, "")
    return alias, "", "", note
