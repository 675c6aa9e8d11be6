"""The one table from our errors to what Home Assistant tells the user.

Forms, set-up and commands use the same keys: ``config.error`` and ``exceptions`` of the translations.
"""

from typing import Final, TypedDict

from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    ConfigEntryError,
    ConfigEntryNotReady,
    HomeAssistantError,
)

from .const import CODE_KEYS, DOMAIN, ERROR_KEYS
from .protocol import (
    AuthError,
    CommandError,
    DeviceSilentError,
    LinkError,
    PeerSilentError,
    RefusedError,
    SupersededError,
    ThrottledError,
    UnansweredError,
    UnsupportedError,
    VendorError,
)

TRANSLATION_KEYS: Final[dict[type[VendorError], str]] = {
    VendorError: "unknown",
    LinkError: "cannot_connect",
    PeerSilentError: "timeout",
    ThrottledError: "rate_limited",
    AuthError: "invalid_auth",
    UnsupportedError: "unsupported",
    CommandError: "command_failed",
    RefusedError: "refused",
    UnansweredError: "no_answer",
    DeviceSilentError: "device_silent",
    SupersededError: "superseded",
    **ERROR_KEYS,
}


class Details(TypedDict):
    """Arguments of a translated exception."""

    translation_domain: str
    translation_key: str
    translation_placeholders: dict[str, str]


def error_key(err: VendorError) -> str:
    """Name the text that belongs to an error: that of its reason or code, else of the nearest class in the table."""
    if isinstance(err, CommandError):
        if err.reason:
            return err.reason
        if err.code in CODE_KEYS:
            return CODE_KEYS[err.code]
    return next(TRANSLATION_KEYS[cls] for cls in type(err).__mro__ if cls in TRANSLATION_KEYS)


def details(err: VendorError) -> Details:
    """Build the arguments of a translated exception."""
    code = err.code if isinstance(err, CommandError) else None
    return {
        "translation_domain": DOMAIN,
        "translation_key": error_key(err),
        "translation_placeholders": {
            "reason": str(err),
            "code": "?" if code is None else str(code),
        },
    }


def command_error(err: VendorError) -> HomeAssistantError:
    """Tell the caller of an action that it failed."""
    return HomeAssistantError(**details(err))


def setup_error(err: VendorError) -> HomeAssistantError:
    """Tell Home Assistant how to go on when an entry cannot be set up."""
    match err:
        case AuthError():
            return ConfigEntryAuthFailed(**details(err))
        case UnsupportedError():
            return ConfigEntryError(**details(err))
        case _:
            return ConfigEntryNotReady(**details(err))
