"""The table of errors and the texts that belong to it."""

import json
from pathlib import Path
import re
from typing import Any
from unittest.mock import patch

from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    ConfigEntryError,
    ConfigEntryNotReady,
    HomeAssistantError,
)
import pytest

from custom_components.dio_chacon import errors, protocol
from custom_components.dio_chacon.protocol import (
    AuthError,
    CommandError,
    ConnectError,
    DeviceSilentError,
    FrameError,
    LinkClosedError,
    LinkError,
    PeerSilentError,
    RefusedError,
    SessionRefusedError,
    SupersededError,
    ThrottledError,
    UnansweredError,
    UnsupportedError,
    VendorError,
)

TEXTS = {
    language: json.loads(
        (Path(errors.__file__).parent / "translations" / f"{language}.json").read_text("utf-8")
    )
    for language in ("en", "fr")
}
ERRORS = {
    "unknown": [VendorError("why")],
    "cannot_connect": [
        LinkError("why"),
        ConnectError("why"),
        LinkClosedError("why"),
        FrameError("why"),
        SessionRefusedError("why"),
    ],
    "timeout": [PeerSilentError("why")],
    "rate_limited": [ThrottledError("why", 60)],
    "invalid_auth": [AuthError("why")],
    "unsupported": [UnsupportedError("why")],
    "command_failed": [CommandError("why")],
    "refused": [RefusedError("why", 403)],
    "no_answer": [UnansweredError("why")],
    "device_silent": [DeviceSilentError("why", 504)],
    "superseded": [SupersededError("why")],
}
CASES = [(key, err) for key, group in ERRORS.items() for err in group]


@pytest.mark.parametrize(("key", "err"), CASES, ids=lambda value: type(value).__name__)
def test_key(key: str, err: VendorError) -> None:
    """Each error has the text of its remedy."""
    assert errors.error_key(err) == key
    caught = errors.command_error(err)
    assert type(caught) is HomeAssistantError
    assert caught.translation_domain == "dio_chacon"
    assert caught.translation_key == key


def test_key_of_a_status() -> None:
    """A vendor's status that has a text of its own comes before the class; DIO has none so far."""
    assert errors.CODE_KEYS == {}
    with patch.dict(errors.CODE_KEYS, {423: "locked"}):
        assert errors.error_key(RefusedError("why", 423)) == "locked"
        assert errors.error_key(RefusedError("why", 424)) == "refused"


def test_every_error_is_covered() -> None:
    """No class of the protocol is left out of the cases above."""
    public = {
        item
        for name in protocol.__all__
        if isinstance(item := getattr(protocol, name), type) and issubclass(item, VendorError)
    }
    assert public == {type(err) for _, err in CASES}


@pytest.mark.parametrize(("key", "err"), CASES, ids=lambda value: type(value).__name__)
def test_set_up(key: str, err: VendorError) -> None:
    """Set-up asks the user, gives up, or tries again."""
    wanted = {"invalid_auth": ConfigEntryAuthFailed, "unsupported": ConfigEntryError}
    caught = errors.setup_error(err)
    assert type(caught) is wanted.get(key, ConfigEntryNotReady)
    assert caught.translation_key == key


@pytest.mark.parametrize("language", TEXTS)
def test_texts(language: str) -> None:
    """Every key has a text in each language, which uses nothing but what the table gives."""
    texts = TEXTS[language]["exceptions"]
    assert texts.keys() == ERRORS.keys()
    for key, group in ERRORS.items():
        given = errors.details(group[0])["translation_placeholders"]
        assert set(re.findall(r"{(\w+)}", texts[key]["message"])) <= given.keys()
    link_keys = {"cannot_connect", "timeout", "rate_limited", "invalid_auth", "unknown"}
    assert TEXTS[language]["config"]["error"].keys() >= link_keys


def test_status_is_told() -> None:
    """The caller learns the vendor's number, or that there is none."""
    assert errors.details(RefusedError("why", 403))["translation_placeholders"]["code"] == "403"
    assert errors.details(RefusedError("why"))["translation_placeholders"]["code"] == "?"


def leaves(texts: dict[str, Any], path: str = "") -> dict[str, str]:
    """Flatten a translation file."""
    found = {}
    for key, value in texts.items():
        found |= (
            leaves(value, f"{path}.{key}") if isinstance(value, dict) else {f"{path}.{key}": value}
        )
    return found


def test_languages_say_the_same() -> None:
    """French has every text that English has, with the same blanks to fill in."""
    english, french = leaves(TEXTS["en"]), leaves(TEXTS["fr"])
    assert english.keys() == french.keys()
    for key, text in english.items():
        assert sorted(re.findall(r"{\w+}", text)) == sorted(re.findall(r"{\w+}", french[key])), key
