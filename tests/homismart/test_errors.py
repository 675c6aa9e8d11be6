"""What this vendor's errors are called."""

from custom_components.homismart import errors, protocol
from tests.common import load_vectors
from tests.support.contract.errors import ErrorsContract

from .helpers import VENDOR


class TestErrors(ErrorsContract):
    """What the errors of all vendors do."""

    vendor = VENDOR
    own_cases = (
        ("cannot_connect", protocol.RedirectError("s2.homismart.com", 0)),
        ("rate_limited", protocol.ThrottledError("why", 60)),
        ("verification_required", protocol.VerificationError("why")),
        ("refused", protocol.RefusedError("why", 1)),
        ("refused", protocol.RefusedError("why", 17)),
        ("hub_offline", protocol.RefusedError("why", 5)),
        ("hub_unknown", protocol.RefusedError("why", 7)),
        ("permission_denied", protocol.RefusedError("why", 11)),
        ("permission_denied", protocol.RefusedError("why", 72)),
        ("outside_hours", protocol.RefusedError("why", 94)),
        ("professional_account", protocol.RefusedError("why", 96)),
        ("device_silent", protocol.DeviceSilentError("why", 40)),
    )


def test_codes_are_the_vendors() -> None:
    """Each code that has a text of its own stands in the vendor's table."""
    table = load_vectors("homismart", "error_codes")
    known = {row["code"] for row in table["rows"]}
    assert set(errors.CODE_KEYS) <= known
