"""What this vendor's errors are called; the table that all share is tested with its first component."""

from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    ConfigEntryError,
    ConfigEntryNotReady,
    HomeAssistantError,
)
import pytest

from custom_components.homismart import errors, protocol
from custom_components.homismart.protocol import (
    AuthError,
    CommandError,
    ConnectError,
    DeviceSilentError,
    FrameError,
    LinkClosedError,
    LinkError,
    PeerSilentError,
    RedirectError,
    RefusedError,
    SessionRefusedError,
    SupersededError,
    ThrottledError,
    UnansweredError,
    UnsupportedError,
    VendorError,
    VerificationError,
)
from tests.common import load_vectors

CASES = [
    ("unknown", VendorError("why")),
    ("cannot_connect", LinkError("why")),
    ("cannot_connect", ConnectError("why")),
    ("cannot_connect", LinkClosedError("why")),
    ("cannot_connect", FrameError("why")),
    ("cannot_connect", SessionRefusedError("why")),
    ("cannot_connect", RedirectError("s2.homismart.com", 0)),
    ("timeout", PeerSilentError("why")),
    ("rate_limited", ThrottledError("why", 60)),
    ("invalid_auth", AuthError("why")),
    ("verification_required", VerificationError("why")),
    ("unsupported", UnsupportedError("why")),
    ("command_failed", CommandError("why")),
    ("refused", RefusedError("why", 1)),
    ("refused", RefusedError("why", 17)),
    ("hub_offline", RefusedError("why", 5)),
    ("hub_unknown", RefusedError("why", 7)),
    ("permission_denied", RefusedError("why", 11)),
    ("permission_denied", RefusedError("why", 72)),
    ("outside_hours", RefusedError("why", 94)),
    ("professional_account", RefusedError("why", 96)),
    ("device_silent", DeviceSilentError("why", 40)),
    ("no_answer", UnansweredError("why")),
    ("superseded", SupersededError("why")),
]
for_each_case = pytest.mark.parametrize(
    ("key", "err"), CASES, ids=lambda value: getattr(value, "code", None) or type(value).__name__
)


@for_each_case
def test_command(key: str, err: VendorError) -> None:
    """The caller of an action gets the text of the remedy."""
    caught = errors.command_error(err)
    assert type(caught) is HomeAssistantError
    assert caught.translation_domain == "homismart"
    assert caught.translation_key == key
    code = getattr(err, "code", None)
    assert caught.translation_placeholders["code"] == ("?" if code is None else str(code))


@for_each_case
def test_set_up(key: str, err: VendorError) -> None:
    """Set-up asks the user, gives up, or tries again."""
    wanted = {
        "invalid_auth": ConfigEntryAuthFailed,
        "verification_required": ConfigEntryAuthFailed,
        "unsupported": ConfigEntryError,
    }
    assert type(errors.setup_error(err)) is wanted.get(key, ConfigEntryNotReady)


def test_every_error_is_covered() -> None:
    """No class of the protocol is left out of the cases above."""
    public = {
        item
        for name in protocol.__all__
        if isinstance(item := getattr(protocol, name), type) and issubclass(item, VendorError)
    }
    assert public == {type(err) for _, err in CASES}


def test_codes_are_the_vendors() -> None:
    """Each code that has a text of its own stands in the vendor's table."""
    from custom_components.homismart.const import CODE_KEYS

    table = load_vectors("homismart", "error_codes")
    known = {row["code"] for row in table["rows"]}
    assert set(CODE_KEYS) <= known
