"""The table of errors of every component, and the texts that belong to it."""

from collections.abc import Sequence
import json
from pathlib import Path
import re
from typing import Any, ClassVar

from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    ConfigEntryError,
    ConfigEntryNotReady,
    HomeAssistantError,
)

from .base import Contract, for_each

_KEYS = {
    "VendorError": "unknown",
    "LinkError": "cannot_connect",
    "ConnectError": "cannot_connect",
    "LinkClosedError": "cannot_connect",
    "FrameError": "cannot_connect",
    "SessionRefusedError": "cannot_connect",
    "PeerSilentError": "timeout",
    "AuthError": "invalid_auth",
    "UnsupportedError": "unsupported",
    "CommandError": "command_failed",
    "RefusedError": "refused",
    "UnansweredError": "no_answer",
    "SupersededError": "superseded",
}
# What set-up does about an error, unless trying again will do.
_AT_SET_UP = {
    "invalid_auth": ConfigEntryAuthFailed,
    "verification_required": ConfigEntryAuthFailed,
    "unsupported": ConfigEntryError,
}


class ErrorsContract(Contract):
    """Each error of the core is told by its remedy, in every language."""

    own_cases: ClassVar[Sequence[tuple[str, Exception]]]
    """Key of the text, and an error: at least one of each class that not every core has, and of each code with a text."""

    @property
    def cases(self) -> list[tuple[str, Exception]]:
        """Key of the text, and an error: at least one of each class of the core."""
        protocol = self.vendor.module("protocol")
        return [(key, getattr(protocol, name)("why")) for name, key in _KEYS.items()] + [
            *self.own_cases
        ]

    @property
    def errors(self) -> Any:
        """The component's table."""
        return self.vendor.module("errors")

    def languages(self) -> dict[str, dict[str, Any]]:
        """Read all translations."""
        folder = Path(self.errors.__file__).parent / "translations"
        return {
            path.stem: json.loads(path.read_text(encoding="utf-8"))
            for path in sorted(folder.glob("*.json"))
        }

    @for_each("key, err", "cases")
    def test_command(self, key: str, err: Exception) -> None:
        """The caller of an action gets the text of the remedy, and the vendor's number if there is one."""
        assert self.errors.error_key(err) == key
        caught = self.errors.command_error(err)
        assert type(caught) is HomeAssistantError
        assert caught.translation_domain == self.vendor.domain
        assert caught.translation_key == key
        code = getattr(err, "code", None)
        assert caught.translation_placeholders["code"] == ("?" if code is None else str(code))

    @for_each("key, err", "cases")
    def test_set_up(self, key: str, err: Exception) -> None:
        """Set-up asks the user, gives up, or tries again."""
        caught = self.errors.setup_error(err)
        assert type(caught) is _AT_SET_UP.get(key, ConfigEntryNotReady)
        assert caught.translation_key == key

    def test_every_error_is_covered(self) -> None:
        """No class of the protocol is left out of the cases."""
        protocol = self.vendor.module("protocol")
        public = {
            item
            for name in protocol.__all__
            if isinstance(item := getattr(protocol, name), type)
            and issubclass(item, protocol.VendorError)
        }
        assert public == {type(err) for _, err in self.cases}

    def test_texts(self) -> None:
        """Every key has a text in each language, which uses nothing but what the table gives."""
        languages = self.languages()
        assert len(languages) > 1
        for texts in languages.values():
            assert texts["exceptions"].keys() == {key for key, _ in self.cases}
            for key, err in self.cases:
                given = self.errors.details(err)["translation_placeholders"]
                used = re.findall(r"{(\w+)}", texts["exceptions"][key]["message"])
                assert set(used) <= given.keys()
            link_keys = {"cannot_connect", "timeout", "rate_limited", "invalid_auth", "unknown"}
            assert texts["config"]["error"].keys() >= link_keys

    def test_languages_say_the_same(self) -> None:
        """Each language has every text that English has, with the same blanks to fill in."""
        languages = {name: _leaves(texts) for name, texts in self.languages().items()}
        english = languages.pop("en")
        for other in languages.values():
            assert other.keys() == english.keys()
            for key, text in english.items():
                blanks = sorted(re.findall(r"{\w+}", text))
                assert sorted(re.findall(r"{\w+}", other[key])) == blanks, key


def _leaves(texts: dict[str, Any], path: str = "") -> dict[str, str]:
    """Flatten a translation file."""
    found = {}
    for key, value in texts.items():
        found |= (
            _leaves(value, f"{path}.{key}") if isinstance(value, dict) else {f"{path}.{key}": value}
        )
    return found
