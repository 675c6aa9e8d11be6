"""The archive of profiles, and the appliance in it that is meant."""

from pathlib import Path

from custom_components.home_connect_local.protocol import (
    MAX_ARCHIVE_BYTES,
    Archive,
    Profile,
    ProfileError,
    read_archive,
)

from ...actions import warn
from ...errors import CliError, ExitStatus
from ...output import printable, table

HEADINGS = ("NAME", "MODEL", "ID")


def read(path: Path) -> Archive:
    """Read an archive; what is wrong with single appliances is told, and the others are used.

    Raises CliError.
    """
    try:
        if path.stat().st_size > MAX_ARCHIVE_BYTES:
            raise ProfileError("too_large", f"{path} is beyond {MAX_ARCHIVE_BYTES >> 20} MiB")
        archive = read_archive(path.read_bytes())
    except OSError as err:
        raise CliError(f"{path} cannot be read: {err.strerror}", ExitStatus.USAGE) from err
    except ProfileError as err:
        about = f"{printable(err.appliance)}: " if err.appliance else ""
        raise CliError(
            f"{path}: {about}{err}; fetch the profiles of your account anew and name that file",
            ExitStatus.USAGE,
        ) from err
    for failure in archive.failures:
        warn(f"{printable(failure.appliance or '?')} cannot be used: {failure}")
    return archive


def choose(archive: Archive, wanted: str | None) -> Profile:
    """Find an appliance by its id, the end of it, its type or its model; the only one needs no name.

    Raises CliError when there is none, or more than one.
    """
    profiles = archive.profiles
    if wanted is None:
        found = list(profiles)
        problem = f"there are {len(found)} appliances in the archive; name one with --appliance"
    else:
        found = [each for each in profiles if _is_meant(each, wanted.strip().casefold())]
        problem = f"{len(found) or 'no'} appliances of the archive fit {wanted!r}"
    if len(found) == 1:
        return found[0]
    rows = [(name_of(each), each.description.model or "", each.ha_id) for each in found or profiles]
    raise CliError(f"{problem}:\n{table(HEADINGS, sorted(rows))}", ExitStatus.USAGE)


def _is_meant(profile: Profile, wanted: str) -> bool:
    description = profile.description
    names = {profile.ha_id, description.type or "", description.model or "", name_of(profile)}
    return wanted in {name.casefold() for name in names} or (
        len(wanted) >= 4 and profile.ha_id.casefold().endswith(wanted)
    )


def name_of(profile: Profile) -> str:
    """Name an appliance by brand and type."""
    description = profile.description
    return f"{(description.brand or '').capitalize()} {description.type or 'appliance'}".strip()
