"""What this vendor's errors are called."""

from unittest.mock import patch

from custom_components.dio_chacon import errors, protocol
from tests.support.contract.errors import ErrorsContract

from .helpers import VENDOR


class TestErrors(ErrorsContract):
    """What the errors of all vendors do."""

    vendor = VENDOR
    cases = [
        ("unknown", protocol.VendorError("why")),
        ("cannot_connect", protocol.LinkError("why")),
        ("cannot_connect", protocol.ConnectError("why")),
        ("cannot_connect", protocol.LinkClosedError("why")),
        ("cannot_connect", protocol.FrameError("why")),
        ("cannot_connect", protocol.SessionRefusedError("why")),
        ("timeout", protocol.PeerSilentError("why")),
        ("rate_limited", protocol.ThrottledError("why", 60)),
        ("invalid_auth", protocol.AuthError("why")),
        ("unsupported", protocol.UnsupportedError("why")),
        ("command_failed", protocol.CommandError("why")),
        ("refused", protocol.RefusedError("why", 403)),
        ("refused", protocol.RefusedError("why")),
        ("no_answer", protocol.UnansweredError("why")),
        ("device_silent", protocol.DeviceSilentError("why", 504)),
        ("superseded", protocol.SupersededError("why")),
    ]


def test_key_of_a_status() -> None:
    """A vendor's status that has a text of its own comes before the class; DIO has none so far."""
    assert errors.CODE_KEYS == {}
    with patch.dict(errors.CODE_KEYS, {423: "locked"}):
        assert errors.error_key(protocol.RefusedError("why", 423)) == "locked"
        assert errors.error_key(protocol.RefusedError("why", 424)) == "refused"
