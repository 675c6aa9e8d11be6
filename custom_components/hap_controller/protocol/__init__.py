"""The door of the protocol package: everything its users need, and nothing else.

Speaks with HomeKit accessories over IP, as their controller. A ``Browser`` tells which there are, and where;
``PairingAttempt`` pairs once; with the keys that it gives make a ``HapClient``, keep ``run()`` as a task, and wait for
``ready()``. ``Pairings`` are what a file holds of that. The other role, for accessories of one's own, has a door of its
own: ``accessory``.
"""

from . import catalogue
from .accessories import Accessory, Characteristic, Service
from .attempt import PairingAttempt
from .catalogue import BASE_SUFFIX, CharacteristicUuid, ServiceUuid
from .client import Change, HapClient
from .connection import Statistics
from .const import ControllerPermission, HapStatus, Permission
from .conversation import LinkStatistics
from .discovery import (
    SERVICE_TYPE,
    THREAD_SERVICE_TYPE,
    Announcement,
    feature_text,
    parse_host,
    read_announcement,
    status_texts,
)
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
from .messages import Key
from .model import Database, Difference, difference
from .pairing import Pairing
from .records import (
    ConnectionKind,
    HalfKeys,
    PairingKeys,
    PairingRecord,
    Pairings,
    PreparedPairing,
    RecordError,
    import_pairings,
    load_pairings,
    parse_descriptions,
    read_file,
    save_pairings,
)
from .refusals import (
    AlreadyPairedError,
    BackoffError,
    BusyError,
    InsecureCodeError,
    MalformedCodeError,
    MaxPeersError,
    MaxTriesError,
    NotAdminError,
    PairingLostError,
    PairingRefusedError,
    SetupCodeError,
    SetupPayloadError,
    SignatureError,
    StatusError,
    UnknownPairingError,
    WrongAccessoryError,
    status_text,
)
from .setup_code import SetupPayload, parse_code, read_code, setup_hash_text
from .structures import read_structure
from .transport import AccessoryChanged, AccessoryFound, AccessoryGone, Browser, Discovery, is_host
from .upkeep import DatabaseChanged, ValuesChanged
from .values import Format, FormatError, Metadata, full_type, short_type, standard_metadata, to_wire
from .visit import check_pairing, revoke_pairing

__all__ = [
    "BASE_SUFFIX",
    "SERVICE_TYPE",
    "THREAD_SERVICE_TYPE",
    "Accessory",
    "AccessoryChanged",
    "AccessoryFound",
    "AccessoryGone",
    "AlreadyPairedError",
    "Announcement",
    "AuthError",
    "BackoffError",
    "Browser",
    "BusyError",
    "Change",
    "Characteristic",
    "CharacteristicUuid",
    "CommandError",
    "ConnectError",
    "ConnectionKind",
    "ControllerPermission",
    "Database",
    "DatabaseChanged",
    "DeviceSilentError",
    "Difference",
    "Discovery",
    "Format",
    "FormatError",
    "FrameError",
    "HalfKeys",
    "HapClient",
    "HapStatus",
    "InsecureCodeError",
    "Key",
    "LinkChanged",
    "LinkClosedError",
    "LinkError",
    "LinkStatistics",
    "MalformedCodeError",
    "MaxPeersError",
    "MaxTriesError",
    "Metadata",
    "NotAdminError",
    "Pairing",
    "PairingAttempt",
    "PairingKeys",
    "PairingLostError",
    "PairingRecord",
    "PairingRefusedError",
    "Pairings",
    "PeerSilentError",
    "Permission",
    "PreparedPairing",
    "RecordError",
    "RefusedError",
    "Service",
    "ServiceUuid",
    "SessionRefusedError",
    "SetupCodeError",
    "SetupPayload",
    "SetupPayloadError",
    "SignatureError",
    "Statistics",
    "StatusError",
    "SupersededError",
    "ThrottledError",
    "UnansweredError",
    "UnknownPairingError",
    "UnsupportedError",
    "ValuesChanged",
    "VendorError",
    "WrongAccessoryError",
    "catalogue",
    "check_pairing",
    "difference",
    "feature_text",
    "full_type",
    "import_pairings",
    "is_host",
    "load_pairings",
    "parse_code",
    "parse_descriptions",
    "parse_host",
    "read_announcement",
    "read_code",
    "read_file",
    "read_structure",
    "revoke_pairing",
    "save_pairings",
    "setup_hash_text",
    "short_type",
    "standard_metadata",
    "status_text",
    "status_texts",
    "to_wire",
]
