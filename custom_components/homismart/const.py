"""Names that the rooms around the protocol share."""

from typing import Final

from homeassistant.const import Platform

from .protocol import Kind, VendorError, VerificationError

DOMAIN: Final = "homismart"
MANUFACTURER: Final = "HomiSmart"
PEER_NAME: Final = "Homismart cloud"
ACCOUNT_MODEL: Final = "Homismart cloud"

CONF_PASSWORD_MD5: Final = "password_md5"  # noqa: S105 - the name of a member, not its value
CONF_WEBSOCKET_URL: Final = "websocket_url"
CONF_ADVANCED: Final = "advanced"
# Entry data: the user agreed to new terms of use while the entry was not loaded.
CONF_TERMS_CONFIRMED: Final = "terms_confirmed"

CONF_ACCEPT_TERMS: Final = "accept_terms"
CONF_DOOR_OPEN: Final = "door_open"
CONF_LIGHTS_AS: Final = "lights_as"
CONF_LIST_REFRESH_MINUTES: Final = "list_refresh_minutes"
CONF_UNKNOWN_DEVICES: Final = "unknown_devices"
MIN_LIST_REFRESH_MINUTES: Final = 2
MAX_LIST_REFRESH_MINUTES: Final = 60
DEFAULT_LIST_REFRESH_MINUTES: Final = 10

PLATFORMS: Final = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.COVER,
    Platform.LIGHT,
    Platform.LOCK,
    Platform.NUMBER,
    Platform.SENSOR,
    Platform.SWITCH,
]

# Kinds that a row is for when it does not say.
DEVICE_KINDS: Final = frozenset(Kind) - {Kind.HUB}

# What was there before a restart goes only when a list so much later lacks it, too.
CONFIRM_S: Final = 10.0

ISSUE_TERMS: Final = "terms"

# Texts for errors that only this vendor has, by class and by the vendor's code (wire.md §11).
ERROR_KEYS: Final[dict[type[VendorError], str]] = {VerificationError: "verification_required"}
CODE_KEYS: Final[dict[int, str]] = {
    5: "hub_offline",
    7: "hub_unknown",
    11: "permission_denied",
    72: "permission_denied",
    94: "outside_hours",
    96: "professional_account",
}
