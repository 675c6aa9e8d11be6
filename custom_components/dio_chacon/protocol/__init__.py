"""The DiO (Chacon) cloud for asyncio, without Home Assistant.

``DioClient`` is all that is needed; docs/dio_chacon/README.md has a complete example.
"""

from .client import Change, DioClient, Listener, Servers
from .connection import Statistics
from .const import LIST_INTERVAL_S, LOGIN_URL, WEBSOCKET_URL, Kind, Movement
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
from .login import Credentials
from .messages import Account, Calibration, LastEvent, Record, SdCard
from .model import (
    Device,
    DeviceAdded,
    DeviceChanged,
    DeviceRemoved,
    ModelChange,
    Rang,
    estimated_position,
)
from .supervisor import Backoff

__all__ = [
    "LIST_INTERVAL_S",
    "LOGIN_URL",
    "WEBSOCKET_URL",
    "Account",
    "AuthError",
    "Backoff",
    "Calibration",
    "Change",
    "CommandError",
    "ConnectError",
    "Credentials",
    "Device",
    "DeviceAdded",
    "DeviceChanged",
    "DeviceRemoved",
    "DeviceSilentError",
    "DioClient",
    "FrameError",
    "Kind",
    "LastEvent",
    "LinkChanged",
    "LinkClosedError",
    "LinkError",
    "LinkStatistics",
    "Listener",
    "ModelChange",
    "Movement",
    "PeerSilentError",
    "Rang",
    "Record",
    "RefusedError",
    "SdCard",
    "Servers",
    "SessionRefusedError",
    "Statistics",
    "SupersededError",
    "ThrottledError",
    "UnansweredError",
    "UnsupportedError",
    "VendorError",
    "estimated_position",
]
