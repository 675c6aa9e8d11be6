"""What a refusal says."""

from custom_components.home_connect_local.protocol.errors import VendorError
from custom_components.home_connect_local.protocol.profile import ProfileError


def test_profile_error() -> None:
    """It carries a reason for a translated text, and what it is about."""
    err = ProfileError("missing_file", "no mapping", appliance="BOSCH Hood", ha_id="X")
    assert isinstance(err, VendorError)
    assert (err.reason, err.detail) == ("missing_file", "no mapping")
    assert (err.appliance, err.ha_id) == ("BOSCH Hood", "X")
    assert str(err) == "missing_file: no mapping"
    assert str(ProfileError("no_profile")) == "no_profile"
