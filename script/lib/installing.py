"""Copy components into the configuration of a Home Assistant, update them and remove them."""

from dataclasses import dataclass
import hashlib
import json
from pathlib import Path
import re
import shutil
import tempfile
from typing import Any, Optional

from .console import ROOT, ScriptError
from .project import component_folders, minimum_home_assistant, read_json

RECORD = ".latchkey.json"
"""What was installed, so that nothing else is ever overwritten or removed unnoticed."""

LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", ".DS_Store", RECORD)


@dataclass(frozen=True)
class Outcome:
    """What was done about one component, in words for the user."""

    domain: str
    text: str


def check_configuration(folder: Path) -> None:
    """Refuse what is not a configuration folder of Home Assistant."""
    if not folder.is_dir():
        raise ScriptError(f"{folder} is not a folder")
    if not any((folder / name).exists() for name in ("configuration.yaml", ".HA_VERSION")):
        raise ScriptError(
            f"{folder} holds neither configuration.yaml nor .HA_VERSION;"
            " name the configuration folder of Home Assistant"
        )


def check_version(folder: Path, minimum: str) -> str:
    """Return the release that last ran with this configuration; empty when none did yet.

    Raises ScriptError when it is older than ``minimum``.
    """
    path = folder / ".HA_VERSION"
    if not path.is_file():
        return ""
    found = path.read_text(encoding="utf-8", errors="replace").strip()
    if not _numbers(found):
        raise ScriptError(
            f"the version of Home Assistant cannot be read from {path}; {minimum} or newer is needed."
            " Start it once, and run this again"
        )
    if _numbers(found) < _numbers(minimum):
        raise ScriptError(
            f"{folder} belongs to Home Assistant {found}; {minimum} or newer is needed."
            " Update Home Assistant first, start it once, and run this again"
        )
    return found


def _numbers(release: str) -> tuple[int, ...]:
    """Read the numbers of a release such as 2026.10.0b3, without the pre-release part."""
    match = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", release)
    return tuple(int(part or 0) for part in match.groups()) if match else ()


def choose(domains: list[str], root: Path = ROOT) -> list[Path]:
    """Return the folders of the named components, or of all.

    Raises ScriptError for a name that is not ours.
    """
    known = {folder.name: folder for folder in component_folders(root)}
    if unknown := [domain for domain in domains if domain not in known]:
        raise ScriptError(
            f"no such component: {', '.join(unknown)} (there are: {', '.join(known)})"
        )
    return [known[domain] for domain in domains] or list(known.values())


def install(source: Path, configuration: Path, *, replace: bool = False) -> Outcome:
    """Put one component in place as a whole; an interrupted copy changes nothing.

    Raises ScriptError when something is there that was not installed by this, unless ``replace``.
    """
    target = configuration / "custom_components" / source.name
    version = read_json(source / "manifest.json").get("version", "?")
    foreign = _foreign(target)
    if foreign and not replace:
        raise ScriptError(
            f"{target} was not installed by this script ({foreign}); remove it where it came from,"
            " or run this again with --replace"
        )
    lost = [] if foreign else changed_files(target)
    before = _installed_version(target)
    target.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{source.name}-", dir=target.parent) as name:
        new, old = Path(name) / "new", Path(name) / "old"
        shutil.copytree(source, new, ignore=LEFT_OUT)
        record = {"domain": source.name, "version": version, "files": _digests(new)}
        (new / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        _swap(new, target, old)
    if foreign:
        return Outcome(source.name, f"replaced what was there ({foreign}) by {version}")
    text = f"updated from {before} to {version}" if before else f"installed {version}"
    return Outcome(source.name, text + _mention(lost, "replaced, with your changes in"))


def remove(domain: str, configuration: Path, *, replace: bool = False) -> Outcome:
    """Take one component away.

    Raises ScriptError when something is there that was not installed by this, unless ``replace``.
    """
    target = configuration / "custom_components" / domain
    if not target.exists() and not target.is_symlink():
        return Outcome(domain, "was not installed")
    foreign = _foreign(target)
    if foreign and not replace:
        raise ScriptError(
            f"{target} was not installed by this script ({foreign}); remove it where it came from,"
            " or run this again with --replace"
        )
    lost = [] if foreign else changed_files(target)
    with tempfile.TemporaryDirectory(prefix=f".{domain}-", dir=target.parent) as name:
        target.rename(Path(name) / "old")
    return Outcome(domain, "removed" + _mention(lost, "removed, with your changes in"))


def _swap(new: Path, target: Path, old: Path) -> None:
    """Put ``new`` in the place of ``target``, or leave everything as it was."""
    if target.exists() or target.is_symlink():
        target.rename(old)
    try:
        new.rename(target)
    except OSError:
        if old.exists() or old.is_symlink():
            old.rename(target)
        raise


def _record(target: Path) -> dict[str, Any]:
    """Read what was installed; empty when there is no record, or none that can be read."""
    try:
        record = read_json(target / RECORD)
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) and isinstance(record.get("files"), dict) else {}


def _foreign(target: Path) -> str:
    """Say what is at ``target`` when this script did not put it there; empty when it did."""
    if target.is_symlink():
        return "a link"
    if not target.exists() or _record(target):
        return ""
    return "a damaged record" if (target / RECORD).exists() else "no record of an installation"


def _installed_version(target: Path) -> Optional[str]:
    """Return the version that the record names; None when there is no record."""
    record = _record(target)
    return str(record.get("version")) if record else None


def changed_files(target: Path) -> list[str]:
    """Name the files below ``target`` that were added or changed since the installation."""
    record = _record(target)
    if not record:
        return []
    recorded = record["files"]
    return sorted(name for name, digest in _digests(target).items() if recorded.get(name) != digest)


def _digests(folder: Path) -> dict[str, str]:
    """Digest each file below a folder, the record and compiled files left out."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != RECORD and "__pycache__" not in path.parts
    }


def _mention(lost: list[str], words: str) -> str:
    """Tell which changes of the user's went."""
    return f" ({words} {', '.join(lost)})" if lost else ""


__all__ = [
    "RECORD",
    "Outcome",
    "changed_files",
    "check_configuration",
    "check_version",
    "choose",
    "install",
    "minimum_home_assistant",
    "remove",
]
