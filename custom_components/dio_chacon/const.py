"""Names that the rooms around the protocol share."""

from typing import Final

from homeassistant.const import Platform
from homeassistant.util.signal_type import SignalType

from .protocol import Kind, LastEvent, VendorError

DOMAIN: Final = "dio_chacon"
MANUFACTURER: Final = "Chacon"
PEER_NAME: Final = "DIO cloud"
ACCOUNT_MODEL: Final = "DiO cloud"

CONF_INSTALLATION_ID: Final = "installation_id"
CONF_LOGIN_URL: Final = "login_url"
CONF_WEBSOCKET_URL: Final = "websocket_url"
CONF_ADVANCED: Final = "advanced"

CONF_LIGHTS_AS: Final = "lights_as"
CONF_ESTIMATE_POSITION: Final = "estimate_position"
CONF_UNKNOWN_DEVICES: Final = "unknown_devices"
CONF_LIST_REFRESH_MINUTES: Final = "list_refresh_minutes"
MIN_LIST_REFRESH_MINUTES: Final = 5
MAX_LIST_REFRESH_MINUTES: Final = 120
DEFAULT_LIST_REFRESH_MINUTES: Final = 15

PLATFORMS: Final = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.COVER,
    Platform.EVENT,
    Platform.IMAGE,
    Platform.LIGHT,
    Platform.SENSOR,
    Platform.SWITCH,
]

# Kinds that a row is for when it does not say.
DEVICE_KINDS: Final = frozenset(Kind) - {Kind.UNKNOWN}

# The cloud has no state of a device for this long: its firmware does not report.
SILENT_LIMIT_S: Final = 24 * 60 * 60.0

# Field name of a signal of the account.
UNSUPPORTED: Final = "unsupported"

ISSUE_NO_SUPPORTED_DEVICE: Final = "no_supported_device"
ISSUE_FIRMWARE_TOO_OLD: Final = "firmware_too_old"

# Texts for errors that only this vendor has, by class and by the vendor's status: there are none.
ERROR_KEYS: Final[dict[type[VendorError], str]] = {}
CODE_KEYS: Final[dict[int, str]] = {}


def signal_rang(entry_id: str, device_id: str) -> SignalType[LastEvent]:
    """Name the signal sent when something happens at a doorbell."""
    return SignalType(f"{DOMAIN}.{entry_id}.{device_id}.rang")
