"""Names that the rooms around the protocol share."""

from typing import Final

from homeassistant.const import Platform
from homeassistant.util.signal_type import SignalType

from .protocol import (
    KeyRefusedError,
    ProfileError,
    SessionsExhaustedError,
    SwitchedOffError,
    VendorError,
    WrongApplianceError,
    WrongLinkError,
)

DOMAIN: Final = "home_connect_local"
PEER_NAME: Final = "appliance"

CONF_HA_ID: Final = "ha_id"
CONF_CONNECTION_TYPE: Final = "connection_type"
CONF_KEY: Final = "key"
CONF_IV: Final = "iv"
CONF_DEVICE_ID: Final = "device_id"
CONF_DESCRIPTION: Final = "description"
CONF_PROFILE: Final = "profile"
CONF_SKIP_TEST: Final = "skip_test"
# Entry data: the entry of another integration that this one replaces, until its entities are ours.
CONF_TAKE_OVER: Final = "take_over"

CONF_ALL_FEATURES: Final = "all_features"
CONF_SIGNAL_STRENGTH: Final = "signal_strength"
CONF_DEBUGGING: Final = "debugging"
CONF_NEW_DEVICE_ID: Final = "new_device_id"

PLATFORMS: Final = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.CLIMATE,
    Platform.DATETIME,
    Platform.EVENT,
    Platform.FAN,
    Platform.LIGHT,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
    Platform.TIME,
    Platform.UPDATE,
]

# A set-up waits so long for an appliance before it goes on without: most are switched off most of the time.
SETUP_LIMIT_S: Final = 10.0
# The one attempt of a form.
CONNECT_LIMIT_S: Final = 20.0
# Signal strength is the only thing that has to be asked for.
NETWORK_INTERVAL_S: Final = 300.0

# Texts for errors that only appliances have, by class, by reason and by code (wire.md §8).
ERROR_KEYS: Final[dict[type[VendorError], str]] = {
    KeyRefusedError: "auth_failed",
    ProfileError: "stored_profile",
    SessionsExhaustedError: "sessions_exhausted",
    SwitchedOffError: "offline",
    WrongApplianceError: "wrong_device",
    WrongLinkError: "wrong_link",
}
CODE_KEYS: Final[dict[int, str]] = {
    403: "forbidden",
    429: "rate_limited",
    **dict.fromkeys((512, 513, 514), "unknown_feature"),
    **dict.fromkeys((515, 516, 517), "busy"),
    **dict.fromkeys((518, 519, 520, 521, 522, 523), "no_access"),
    **dict.fromkeys((524, 525, 526, 527, 528, 529), "not_available"),
    530: "not_executable",
    531: "out_of_range",
    532: "not_a_member",
    533: "options_incomplete",
    534: "options_contradict",
    535: "device_state",
    536: "wrong_format",
    537: "remote_control_off",
    538: "remote_start_off",
    539: "local_control",
    540: "device_state",
    541: "process_state",
}


def signal_changed(entry_id: str, uid: int) -> SignalType[()]:
    """Name the signal sent when one feature has changed: its value, or what may be done with it."""
    return SignalType(f"{DOMAIN}.{entry_id}.{uid}")


def signal_available(entry_id: str) -> SignalType[()]:
    """Name the signal sent when the link came up, with all values new, or was lost for longer than a moment."""
    return SignalType(f"{DOMAIN}.{entry_id}.available")


def signal_info(entry_id: str) -> SignalType[()]:
    """Name the signal sent when the appliance told about itself or its network."""
    return SignalType(f"{DOMAIN}.{entry_id}.info")


def signal_connected(entry_id: str) -> SignalType[()]:
    """Name the signal sent when the link came up or was lost, at once."""
    return SignalType(f"{DOMAIN}.{entry_id}.connected")
