"""Read Home Assistant's log: what must not be in it, and what a small machine brings with it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
import re

HEAD = re.compile(
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} (?P<level>[A-Z]+) \(.*?\) \[(?P<logger>[^\]]*)\] "
)
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
BAD_LEVELS = frozenset({"ERROR", "CRITICAL", "FATAL"})
MISUSE = re.compile(
    r"Detected (that|code that)|deprecat|will stop working in|will be removed in"
    r"|is no longer supported|Traceback \(most recent call last\)|was never awaited",
    re.IGNORECASE,
)
"""What Home Assistant and Python write at whatever level when code is misused or out of date."""
SHOWN_LINES = 12


@dataclass(frozen=True)
class Record:
    """One entry of the log with the lines that belong to it."""

    level: str
    logger: str
    text: str

    @property
    def is_fault(self) -> bool:
        """Tell whether a clean run must not have this."""
        return self.level in BAD_LEVELS or bool(MISUSE.search(self.text))

    @property
    def excerpt(self) -> str:
        """The first lines, where it was and what happened, and the last, which say why."""
        lines = self.text.splitlines()
        if len(lines) > SHOWN_LINES:
            half = SHOWN_LINES // 2
            lines = [*lines[:half], "    …", *lines[-half:]]
        return "\n".join(lines)


@dataclass(frozen=True)
class Harmless:
    """A fault that a minimal machine brings with it."""

    logger: str
    pattern: str
    reason: str

    def covers(self, record: Record) -> bool:
        """Tell whether this is the record that is meant."""
        return record.logger == self.logger and re.search(self.pattern, record.text) is not None


HARMLESS = (
    Harmless(
        "haffmpeg.core",
        r"FFmpeg fails .*'ffmpeg'",
        "no ffmpeg on the machine; only needed to convert sound and video",
    ),
    Harmless(
        "homeassistant.components.camera.img_util",
        r"Error loading libturbojpeg",
        "no libturbojpeg on the machine; only makes camera images faster",
    ),
    Harmless(
        "homeassistant.components.home_connect",
        r"Error occurred loading flow .*No module named 'aiohomeconnect'",
        "Home Assistant's integration of the vendor's cloud would take the announced appliances too; the check"
        " installs nothing for it",
    ),
    Harmless(
        "homeassistant",
        r"(?s)in _async_get_flow_handler\n.*\nhomeassistant\.data_entry_flow\.UnknownHandler$",
        "comes after such an error, which tells of which integration",
    ),
)


def records(lines: Iterable[str]) -> Iterator[Record]:
    """Split a log into records; what stands before the first is a record without logger."""
    level, logger, kept = "", "", list[str]()
    for line in lines:
        plain = COLOURS.sub("", line.rstrip("\n"))
        if head := HEAD.match(plain):
            if kept:
                yield Record(level, logger, "\n".join(kept))
            level, logger, kept = head["level"], head["logger"], []
        kept.append(plain)
    if kept:
        yield Record(level, logger, "\n".join(kept))


def faults(lines: Iterable[str], harmless: Iterable[Harmless] = HARMLESS) -> list[Record]:
    """Return the records that a clean run must not have."""
    known = tuple(harmless)
    return [
        record
        for record in records(lines)
        if record.is_fault and not any(item.covers(record) for item in known)
    ]
