"""What this vendor's errors are called."""

from unittest.mock import patch

from custom_components.dio_chacon import errors, protocol
from tests.support.contract.errors import ErrorsContract

from .helpers import VENDOR


class TestErrors(ErrorsContract):
    """What the errors of all vendors do."""

    vendor = VENDOR
    own_cases = (
        ("rate_limited", protocol.ThrottledError("why", 60)),
        ("refused", protocol.RefusedError("why", 403)),
        ("device_silent", protocol.DeviceSilentError("why", 504)),
    )


def test_key_of_a_status() -> None:
    """A vendor's status that has a text of its own comes before the class; DIO has none so far."""
    assert errors.CODE_KEYS == {}
    with patch.dict(errors.CODE_KEYS, {423: "locked"}):
        assert errors.error_key(protocol.RefusedError("why", 423)) == "locked"
        assert errors.error_key(protocol.RefusedError("why", 424)) == "refused"
