"""Every error of the core has a text, in commands and at set-up."""

from pathlib import Path

from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    ConfigEntryError,
    ConfigEntryNotReady,
    HomeAssistantError,
)
import pytest

from custom_components.hap_controller import errors
from custom_components.hap_controller.const import CODE_KEYS
from custom_components.hap_controller.protocol import (
    AuthError,
    CommandError,
    FormatError,
    HapStatus,
    LinkError,
    PairingLostError,
    RecordError,
    RefusedError,
    StatusError,
    UnsupportedError,
    VendorError,
    WrongAccessoryError,
)
from tests.rules.texts import texts_of

COMPONENT = Path(errors.__file__).parent


@pytest.mark.parametrize("language", ["en", "de"])
def test_texts(language: str) -> None:
    """Each key that an error can have has a text."""
    texts = texts_of(COMPONENT, language)["exceptions"]
    assert {*errors.TRANSLATION_KEYS.values(), *CODE_KEYS.values()} <= texts.keys()


@pytest.mark.parametrize(
    ("error", "key", "code"),
    [
        (VendorError("x"), "unknown", "?"),
        (LinkError("x"), "cannot_connect", "?"),
        (PairingLostError("x"), "pairing_lost", "?"),
        (WrongAccessoryError("x"), "wrong_accessory", "?"),
        (StatusError(HapStatus.UNREACHABLE), "unreachable", "-70402"),
        (StatusError(-70499), "command_failed", "-70499"),
        (RefusedError("x", 500), "refused", "500"),
        (CommandError("x"), "command_failed", "?"),
        (FormatError("x"), "command_failed", "?"),
    ],
)
def test_commands(error: VendorError, key: str, code: str) -> None:
    """The nearest class, the code, or the reason of an error says what the user is told."""
    told = errors.command_error(error)
    assert isinstance(told, HomeAssistantError)
    assert told.translation_key == key
    assert told.translation_placeholders == {"reason": str(error), "code": code}


def test_reason() -> None:
    """What is known to be in the way goes before the code."""
    error = RefusedError("x", 500)
    error.reason = "busy"
    assert errors.error_key(error) == "busy"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (LinkError("x"), ConfigEntryNotReady),
        (WrongAccessoryError("x"), ConfigEntryNotReady),
        (VendorError("x"), ConfigEntryNotReady),
        (AuthError("x"), ConfigEntryAuthFailed),
        (PairingLostError("x"), ConfigEntryAuthFailed),
        (UnsupportedError("x"), ConfigEntryError),
        (RecordError("x"), ConfigEntryError),
    ],
)
def test_set_up(error: VendorError, kind: type[HomeAssistantError]) -> None:
    """At set-up the class says how to go on."""
    assert type(errors.setup_error(error)) is kind
