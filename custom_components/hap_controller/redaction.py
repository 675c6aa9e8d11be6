"""Makes a snapshot fit to be published: secrets are hidden, ids replaced alike wherever they occur."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
import re
from typing import Any, Final

HIDDEN: Final = "**REDACTED**"

# Hidden by their look, wherever a peer puts them: addresses with what they carry, e-mail and MAC addresses.
_TELLTALE: Final = (
    r"\b(?:https?|wss?|rtsps?)://\S+"
    r"|[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"
    r"|\b[0-9A-Fa-f]{2}(?:[:-]?[0-9A-Fa-f]{2}){5}\b"
    r"|\b(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}\b"
    r"|\br:[0-9A-Fa-f]{16,}\b"
)
# Names of members that hold something personal with any vendor.
_PERSONAL: Final = frozenset(
    {
        "address",
        "ip",
        "key",
        "lat",
        "latitude",
        "localkey",
        "lon",
        "longitude",
        "mac",
        "password",
        "phone",
        "secret",
        "serial",
        "serialnumber",
        "sn",
        "ssid",
        "token",
        "wifi",
    }
)
# A shorter secret would black out half of the text around; it is hidden where it is the whole text.
_MIN_PART_CHARS: Final = 4


class Redactor:
    """Knows what is secret in one snapshot."""

    def __init__(
        self, *, keys: Collection[str], secrets: Iterable[str], replacements: Mapping[str, str]
    ) -> None:
        """Prepare.

        Values under ``keys`` (in any letter case) are hidden, ``secrets`` and ``replacements`` apply to every
        text, member names included; ``replacements`` gives what stands for an id.
        """
        self._keys = _PERSONAL | {key.lower() for key in keys}
        words = dict.fromkeys(filter(None, secrets), HIDDEN) | dict(replacements)
        self._words = words
        # Longest first: one id may be the beginning of another.
        parts = sorted((word for word in words if len(word) >= _MIN_PART_CHARS), key=len)
        self._parts = re.compile("|".join(map(re.escape, reversed(parts)))) if parts else None

    def __call__(self, value: Any) -> Any:
        """Give a copy of ``value`` with nothing secret in it."""
        match value:
            case str():
                return self._text(value)
            case Mapping():
                return {
                    self(key): HIDDEN if item and self._is_secret(key) else self(item)
                    for key, item in value.items()
                }
            case list() | tuple() | set() | frozenset():
                return [self(item) for item in value]
            case datetime():
                return value.isoformat()
        return value

    def _is_secret(self, key: object) -> bool:
        return isinstance(key, str) and key.lower() in self._keys

    def _text(self, text: str) -> str:
        if text in self._words:
            return self._words[text]
        if self._parts:
            text = self._parts.sub(lambda found: self._words[found[0]], text)
        return re.sub(_TELLTALE, HIDDEN, text)
