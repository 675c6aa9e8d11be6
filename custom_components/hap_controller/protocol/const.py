"""Numbers and names of the wire, as accessories use them.

Source: docs/hap_controller/wire.md; section numbers below refer to it.
"""

from enum import IntEnum, IntFlag, StrEnum
from typing import Final

# --- bounds of what a peer may send, in bytes ---------------------------------------------------

# §5: what one frame carries of ours, and the most that the accessory role takes.
MAX_FRAME_BYTES: Final = 1024
# §5: controllers take whatever two bytes of length can say.
MAX_RECEIVED_FRAME_BYTES: Final = 0xFFFF
# Heads seen have some hundred bytes.
MAX_HEAD_BYTES: Final = 8 * 1024
# The largest bodies but the database are images.
MAX_BODY_BYTES: Final = 1024 * 1024
# A bridge of 150 accessories describes itself in some 600 kilobytes.
MAX_DATABASE_BYTES: Final = 8 * 1024 * 1024
# The richest pairing messages, a list of all controllers or the certificate of §3.3, have some kilobytes.
MAX_TLV_BYTES: Final = 64 * 1024
# §4.2
MAX_IDENTIFIER_BYTES: Final = 36
# Names of peers are shown to people, and kept in registries.
MAX_NAME_CHARS: Final = 64

# --- time limits, in seconds --------------------------------------------------------------------

# §6.7
CONNECT_LIMIT_S: Final = 10.0
HAPPY_EYEBALLS_S: Final = 0.25
READY_LIMIT_S: Final = 10.0
REQUEST_LIMIT_S: Final = 30.0
# §4: both answers of pair verify are a matter of milliseconds, on small accessories of a second.
VERIFY_LIMIT_S: Final = 10.0
# §6.7: some accessories need over ten seconds for each; they are given the time when they did not make it in the other.
SLOW_VERIFY_LIMIT_S: Final = 40.0
# Database, subscriptions and values of the largest bridge with slow answers: some fifty of ten seconds. Each has a limit
# of its own.
GREETING_LIMIT_S: Final = 600.0
# After so long a silence a small request asks for a sign of life; with the grace that entities are given, less than a
# minute goes by until nothing is shown any more.
PROBE_SILENCE_S: Final = 35.0
PROBE_LIMIT_S: Final = 10.0
# §6.7: what the accessory role takes at most, because phones wait 10 s.
RESPONSE_LIMIT_S: Final = 9.0
# §10.3: each wait is so many times the one before it, from the first to the last.
FIRST_DELAY_S: Final = 0.75
DELAY_FACTOR: Final = 1.5
MAX_DELAY_S: Final = 60.0
# §2.5: no accessory may keep us away for longer, or one that is broken would for good.
MAX_RETRY_DELAY_S: Final = 3600.0
# A link that lived this long starts the waits anew.
HEALTHY_AFTER_S: Final = 30.0
# §7.4
TIMED_WRITE_LIMIT_S: Final = 5.0

# --- counts -------------------------------------------------------------------------------------

# §7.2: ids in one read.
MAX_IDS_PER_READ: Final = 49
# Of accessories that have proved to take more than one frame: what servers of HTTP in general take as a head, in which
# ids to read stand; and no more ids than the largest bridges have.
LARGE_REQUEST_BYTES: Final = 8000
LARGE_REQUEST_IDS: Final = 1000
# §3.6: failed attempts after which an accessory lets nobody pair.
MAX_TRIES: Final = 100
# §12.4, §12.5
MIN_CONNECTIONS: Final = 8
MIN_PAIRINGS: Final = 16

# --- pairing ------------------------------------------------------------------------------------

# §3.1
SRP_USERNAME: Final = b"Pair-Setup"
SALT_BYTES: Final = 16
PROOF_BYTES: Final = 64
KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
TAG_BYTES: Final = 16

# §3.3, §4: four zero bytes and the eight characters that name the message.
SETUP_M4_NONCE: Final = b"\0\0\0\0PS-Msg04"
SETUP_M5_NONCE: Final = b"\0\0\0\0PS-Msg05"
SETUP_M6_NONCE: Final = b"\0\0\0\0PS-Msg06"
VERIFY_M2_NONCE: Final = b"\0\0\0\0PV-Msg02"
VERIFY_M3_NONCE: Final = b"\0\0\0\0PV-Msg03"
# §4.3
RESUME_M1_NONCE: Final = b"\0\0\0\0PR-Msg01"
RESUME_M2_NONCE: Final = b"\0\0\0\0PR-Msg02"

type Derivation = tuple[bytes, bytes]
"""Salt and info of a derived key, as ``crypto.hkdf`` takes them behind the input key."""

# §3.3
SETUP_ENCRYPT: Final = (b"Pair-Setup-Encrypt-Salt", b"Pair-Setup-Encrypt-Info")
SETUP_CONTROLLER_SIGN: Final = (
    b"Pair-Setup-Controller-Sign-Salt",
    b"Pair-Setup-Controller-Sign-Info",
)
SETUP_ACCESSORY_SIGN: Final = (
    b"Pair-Setup-Accessory-Sign-Salt",
    b"Pair-Setup-Accessory-Sign-Info",
)
MFI_CHALLENGE: Final = (b"MFi-Pair-Setup-Salt", b"MFi-Pair-Setup-Info")
# §3.5
TRANSIENT_READ: Final = (b"SplitSetupSalt", b"AccessoryEncrypt-Control")
TRANSIENT_WRITE: Final = (b"SplitSetupSalt", b"ControllerEncrypt-Control")
# §4; "read" and "write" are the controller's words.
VERIFY_ENCRYPT: Final = (b"Pair-Verify-Encrypt-Salt", b"Pair-Verify-Encrypt-Info")
CONTROL_READ: Final = (b"Control-Salt", b"Control-Read-Encryption-Key")
CONTROL_WRITE: Final = (b"Control-Salt", b"Control-Write-Encryption-Key")
# §4.3: the salt of the last three is an ephemeral key and a session id.
RESUME_SESSION_ID: Final = (
    b"Pair-Verify-ResumeSessionID-Salt",
    b"Pair-Verify-ResumeSessionID-Info",
)
RESUME_REQUEST_INFO: Final = b"Pair-Resume-Request-Info"
RESUME_RESPONSE_INFO: Final = b"Pair-Resume-Response-Info"
RESUME_SECRET_INFO: Final = b"Pair-Resume-Shared-Secret-Info"


class TlvType(IntEnum):
    """Items of pairing messages (§2.3)."""

    METHOD = 0x00
    IDENTIFIER = 0x01
    SALT = 0x02
    PUBLIC_KEY = 0x03
    PROOF = 0x04
    ENCRYPTED_DATA = 0x05
    STATE = 0x06
    ERROR = 0x07
    RETRY_DELAY = 0x08
    CERTIFICATE = 0x09
    SIGNATURE = 0x0A
    PERMISSIONS = 0x0B
    FRAGMENT_DATA = 0x0C
    FRAGMENT_LAST = 0x0D
    SESSION_ID = 0x0E
    FLAGS = 0x13
    SEPARATOR = 0xFF


class Method(IntEnum):
    """What a pairing message is about (§2.4)."""

    PAIR_SETUP = 0
    PAIR_SETUP_WITH_AUTH = 1
    PAIR_VERIFY = 2
    ADD_PAIRING = 3
    REMOVE_PAIRING = 4
    LIST_PAIRINGS = 5
    PAIR_RESUME = 6


class State(IntEnum):
    """Which message of an exchange it is (§2.3)."""

    M1 = 1
    M2 = 2
    M3 = 3
    M4 = 4
    M5 = 5
    M6 = 6


class PairingErrorCode(IntEnum):
    """Why a pairing message is refused (§2.5)."""

    UNKNOWN = 1
    AUTHENTICATION = 2
    BACKOFF = 3
    MAX_PEERS = 4
    MAX_TRIES = 5
    UNAVAILABLE = 6
    BUSY = 7


class SetupFlag(IntFlag):
    """How to pair (§3.5)."""

    TRANSIENT = 0x10
    SPLIT = 0x0100_0000


class ControllerPermission(IntFlag):
    """What a paired controller may (§2.3); without any bit it is a regular user."""

    ADMIN = 0x01


class HapStatus(IntEnum):
    """What became of one characteristic of a request (§6.6)."""

    SUCCESS = 0
    INSUFFICIENT_PRIVILEGES = -70401
    UNREACHABLE = -70402
    BUSY = -70403
    READ_ONLY = -70404
    WRITE_ONLY = -70405
    NO_NOTIFICATIONS = -70406
    OUT_OF_RESOURCES = -70407
    TIMED_OUT = -70408
    NOT_FOUND = -70409
    INVALID_VALUE = -70410
    INSUFFICIENT_AUTHORIZATION = -70411
    NOT_ALLOWED = -70412


class Permission(StrEnum):
    """What may be done with a characteristic (§8.3)."""

    READ = "pr"
    WRITE = "pw"
    EVENTS = "ev"
    ADDITIONAL_AUTHORIZATION = "aa"
    TIMED_WRITE = "tw"
    WRITE_RESPONSE = "wr"
    HIDDEN = "hd"


class StatusFlag(IntFlag):
    """What an accessory announces of itself, ``sf`` (§1.3)."""

    UNPAIRED = 0x01
    NO_WIFI = 0x02
    PROBLEM = 0x04


class FeatureFlag(IntFlag):
    """How an accessory authenticates itself, ``ff`` (§1.3)."""

    HARDWARE_AUTH = 0x01
    SOFTWARE_AUTH = 0x02


# --- HTTP ---------------------------------------------------------------------------------------


class HttpCode(IntEnum):
    """Answers that this package acts on or gives (§6.5)."""

    OK = 200
    NO_CONTENT = 204
    MULTI_STATUS = 207
    BAD_REQUEST = 400
    UNAUTHORIZED = 401
    NOT_FOUND = 404
    METHOD_NOT_ALLOWED = 405
    UNPROCESSABLE = 422
    TOO_MANY_REQUESTS = 429
    AUTHORIZATION_REQUIRED = 470
    INTERNAL_ERROR = 500
    UNAVAILABLE = 503


class ContentType(StrEnum):
    """What bodies are (§6.2)."""

    TLV = "application/pairing+tlv8"
    JSON = "application/hap+json"
    JPEG = "image/jpeg"
    BINARY = "application/octet-stream"


class Path(StrEnum):
    """Where requests go (§7)."""

    PAIR_SETUP = "/pair-setup"
    PAIR_VERIFY = "/pair-verify"
    IDENTIFY = "/identify"
    PAIRINGS = "/pairings"
    ACCESSORIES = "/accessories"
    CHARACTERISTICS = "/characteristics"
    PREPARE = "/prepare"
    RESOURCE = "/resource"
