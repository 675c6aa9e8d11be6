"""The Homismart cloud for asyncio, without Home Assistant.

``HomismartClient`` is all that is needed; docs/homismart/README.md has a complete example.
"""

from .client import Change, HomismartClient, Listener, Servers, TermsChanged
from .connection import Failed, Statistics
from .const import LIST_INTERVAL_S, MAX_CLOSED_POSITION, MAX_LED, WEBSOCKET_URL, Kind
from .conversation import LinkStatistics
from .errors import (
    AuthError,
    CommandError,
    ConnectError,
    DeviceSilentError,
    FrameError,
    LinkClosedError,
    LinkError,
    PeerSilentError,
    RefusedError,
    SessionRefusedError,
    SupersededError,
    ThrottledError,
    UnansweredError,
    UnsupportedError,
    VendorError,
)
from .link import LinkChanged
from .login import Credentials, RedirectError, VerificationError
from .messages import digest
from .model import Device, DeviceAdded, DeviceChanged, DeviceRemoved, ModelChange, Motion
from .supervisor import Backoff

__all__ = [
    "LIST_INTERVAL_S",
    "MAX_CLOSED_POSITION",
    "MAX_LED",
    "WEBSOCKET_URL",
    "AuthError",
    "Backoff",
    "Change",
    "CommandError",
    "ConnectError",
    "Credentials",
    "Device",
    "DeviceAdded",
    "DeviceChanged",
    "DeviceRemoved",
    "DeviceSilentError",
    "Failed",
    "FrameError",
    "HomismartClient",
    "Kind",
    "LinkChanged",
    "LinkClosedError",
    "LinkError",
    "LinkStatistics",
    "Listener",
    "ModelChange",
    "Motion",
    "PeerSilentError",
    "RedirectError",
    "RefusedError",
    "Servers",
    "SessionRefusedError",
    "Statistics",
    "SupersededError",
    "TermsChanged",
    "ThrottledError",
    "UnansweredError",
    "UnsupportedError",
    "VendorError",
    "VerificationError",
    "digest",
]
