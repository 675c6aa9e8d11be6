"""Numbers and names of the wire, as the vendor's cloud uses them.

Source: docs/homismart/wire.md; section numbers below refer to it.
"""

from enum import IntEnum, StrEnum
from typing import Final

# §2: the host was renamed in 2026; it stands here and nowhere else.
WEBSOCKET_URL: Final = "wss://prod.homismart.com:443/homismartmain/websocket"
VENDOR_DOMAIN: Final = "homismart.com"

# §3: the list of a large home comes in one frame.
MAX_FRAME_BYTES: Final = 16 * 1024 * 1024
# Names reach Home Assistant's registries; longer ones are cut.
MAX_NAME_CHARS: Final = 64
# Ids have 14 characters; an object with a much longer one is left out.
MAX_ID_CHARS: Final = 64
# A list with more objects than this is not a home.
MAX_OBJECTS: Final = 2000
# The richest object seen has about twenty members, and all of them are sent back.
MAX_MEMBERS: Final = 100
# ... and in text they have some hundred bytes.
MAX_OBJECT_BYTES: Final = 64 * 1024

# §14, in seconds.
CONNECT_LIMIT_S: Final = 10.0
LOGIN_LIMIT_S: Final = 10.0
TERMS_LIMIT_S: Final = 3.0
LIST_LIMIT_S: Final = 15.0
COMMAND_LIMIT_S: Final = 10.0
HEARTBEAT_INTERVAL_S: Final = 30.0
PING_INTERVAL_S: Final = 20.0
PONG_LIMIT_S: Final = 10.0
LIST_INTERVAL_S: Final = 10 * 60.0
# §8: how often a hint that the list is out of date is followed, however many come.
HINT_INTERVAL_S: Final = 30.0
# A list that lost more than half of the home is asked for again before anything goes.
CONFIRM_LIST_S: Final = 10.0
# §7.3: a motor that has not reported by then is not moving any more.
MOTION_LIMIT_S: Final = 90.0
# Back-off: min(300, 5 * 2^n) seconds times 1.0 to 1.25; a link that lived this long starts it anew.
FIRST_DELAY_S: Final = 5.0
MAX_DELAY_S: Final = 300.0
BACKOFF_SPREAD: Final = (1.0, 1.25)
HEALTHY_AFTER_S: Final = 60.0
# §4: logins answered by hanging up, in a row, that look like refused credentials.
MAX_LOGIN_DROPS: Final = 3
# §6
MAX_REDIRECTS: Final = 5
QUICK_REDIRECTS: Final = 2
REDIRECT_DELAY_S: Final = 1.0

LIST_ATTEMPTS: Final = 3
MAX_FRAMES_PER_S: Final = 10
MAX_QUEUED: Final = 1000
# §12: unanswered commands in a row that mean a stuck session.
MAX_UNANSWERED: Final = 2


class Prefix(StrEnum):
    """Prefixes this package sends or reads; several mean something else in the other direction (§13)."""

    LOGIN = "0002"
    LOGIN_ANSWER = "0003"
    LIST = "0004"
    LIST_ANSWER = "0005"
    SET = "0006"
    OBJECT = "0009"
    ADDED = "0013"
    DELETE = "0014"
    DELETED = "0015"
    MODIFY = "0016"
    DELETE_TIMER = "0022"
    TIMER_DELETED = "0023"
    DELETE_TIMERS = "0024"
    TIMERS_DELETED = "0025"
    DEVICE_TIMERS = "0028"
    DEVICE_TIMERS_ANSWER = "0029"
    LED = "0030"
    REDIRECT = "0039"
    TIMERS = "0044"
    TIMERS_ANSWER = "0045"
    HUB_NOTICE = "0049"
    HEARTBEAT = "0072"
    SCENES = "0112"
    SCENES_ANSWER = "0113"
    GROUP = "0138"
    CLOSED_POSITION = "0144"
    CONFIRM_TERMS = "0222"
    TERMS_CONFIRMED = "0223"
    ERROR = "9999"


class Kind(StrEnum):
    """What a device is, decided by its type number and, for hubs, by its id (§9)."""

    HUB = "hub"
    SOCKET = "socket"
    LIGHT_SWITCH = "light_switch"
    SHUTTER = "shutter"
    CURTAIN = "curtain"
    MULTI_GANG = "multi_gang"
    DOUBLE_SWITCH = "double_switch"
    OTHER_SOCKET = "other_socket"
    DOOR_LOCK = "door_lock"
    UNKNOWN = "unknown"


KIND_BY_TYPE: Final = {
    1: Kind.SOCKET,
    2: Kind.LIGHT_SWITCH,
    4: Kind.SHUTTER,
    5: Kind.CURTAIN,
    6: Kind.MULTI_GANG,
    7: Kind.DOUBLE_SWITCH,
    8: Kind.OTHER_SOCKET,
    9: Kind.DOOR_LOCK,
}
SWITCHED_TYPES: Final = frozenset({1, 2, 6, 7, 8})
CURTAIN_TYPES: Final = frozenset({4, 5})


class Group(IntEnum):
    """What a group command acts upon, beside the device types (§10.6)."""

    EVERYTHING = 10
    CURTAINS = 45


# §7.1: hubs are told by the beginning of their id.
HUB_ID_START: Final = "00"

# §7.3
LEVEL_OPEN: Final = 0
LEVEL_CLOSED: Final = 100
LEVEL_STOP: Final = 99
STANDING_OFFSET: Final = 200

LOCKED: Final = "2"
UNLOCKED: Final = "1"
MAX_LED: Final = 100
MAX_CLOSED_POSITION: Final = 10

# §11: several numbers share one meaning.
SAME_CODES: Final = {
    12: 1,
    19: 17,
    22: 17,
    26: 17,
    28: 4,
    30: 24,
    31: 24,
    36: 33,
    41: 24,
    47: 24,
    54: 3,
}
CODE_HUB_OFFLINE: Final = 5
CODE_HUB_UNKNOWN: Final = 7
CODE_CONNECTION: Final = 18
CODE_NOT_ALLOWED: Final = 11
CODE_VERIFICATION: Final = 24
CODE_DEVICE_SILENT: Final = 40
CODE_BAD_PARAMETER: Final = 17
AUTH_CODES: Final = frozenset({2, 3, 9, CODE_VERIFICATION})
KNOWN_CODES: Final = AUTH_CODES | {0, 1, 4, 5, 7, 11, 15, 17, 18, 33, 34, 40, 72, 76, 94, 96, 109}
