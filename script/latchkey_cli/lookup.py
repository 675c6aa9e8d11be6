"""Find what a person named."""

from collections.abc import Callable, Iterable, Mapping

from .errors import CliError, ExitStatus
from .output import table

HEADINGS = ("NAME", "ROOM", "ID")


def find[Device](
    devices: Mapping[str, Device], wanted: str, describe: Callable[[Device], tuple[str, str, str]]
) -> Device:
    """Find a device by its id, or by its name in upper or lower case.

    ``describe`` gives name, room and id. Raises CliError when there is none, or more than one.
    """
    if wanted in devices:
        return devices[wanted]
    name = wanted.strip().casefold()
    found = [device for device in devices.values() if describe(device)[0].casefold() == name]
    if len(found) == 1:
        return found[0]
    if found:
        problem = f"{len(found)} devices are named {wanted!r}; use the id"
    elif devices:
        problem = f"there is no device {wanted!r}; there are"
    else:
        raise CliError(f"there is no device {wanted!r}, nor any other", ExitStatus.USAGE)
    rows = _sorted(map(describe, found or devices.values()))
    raise CliError(f"{problem}:\n{table(HEADINGS, rows)}", ExitStatus.USAGE)


def _sorted(rows: Iterable[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    return sorted(rows, key=lambda row: tuple(map(str.casefold, row)))
