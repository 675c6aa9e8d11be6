"""What can be wrong with a profile."""

from typing import Literal

from ..errors import VendorError

type Reason = Literal[
    "invalid_profile_file",
    "wrong_tool_format",
    "no_profile",
    "missing_file",
    "invalid_key",
    "parse_error",
    "too_large",
    "encrypted",
    "unsafe",
    "stored_format",
]


class ProfileError(VendorError):
    """A profile, its archive or its stored form cannot be used: ask the user for another file.

    ``reason`` is one of a closed set, for a translated text. Neither the text nor ``detail`` holds a key.
    """

    def __init__(
        self,
        reason: Reason,
        detail: str = "",
        *,
        appliance: str | None = None,
        ha_id: str | None = None,
    ) -> None:
        """Keep what is wrong, and with which appliance; None when the archive as a whole is meant.

        ``appliance`` is what a user calls it, as far as known; ``ha_id`` is its id.
        """
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason: Reason = reason
        self.detail = detail
        self.appliance = appliance
        self.ha_id = ha_id
