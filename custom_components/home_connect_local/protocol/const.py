"""Numbers and names of the wire, as appliances use them.

Source: docs/home_connect_local/wire.md; section numbers below refer to it.
"""

from enum import IntEnum, StrEnum
from typing import Final

# §1
PATH: Final = "/homeconnect"
TLS_PORT: Final = 443
AES_PORT: Final = 80
# The richest answers seen, all values of a large oven, have some ten kilobytes.
MAX_FRAME_BYTES: Final = 1024 * 1024
# §6.1: counters of the wire have 32 bits.
MAX_COUNTER: Final = 0xFFFF_FFFF

# Time limits, in seconds: §5.2, §6.1, §7.
CONNECT_LIMIT_S: Final = 10.0
FIRST_MESSAGE_LIMIT_S: Final = 30.0
HANDSHAKE_STEP_LIMIT_S: Final = 30.0
HANDSHAKE_LIMIT_S: Final = 60.0
# §7.1: an optional step that stays unanswered for so long counts as refused.
OPTIONAL_STEP_LIMIT_S: Final = 8.0
REQUEST_LIMIT_S: Final = 20.0
PING_INTERVAL_S: Final = 20.0
PONG_LIMIT_S: Final = 10.0
# §7.1: waits before all values are asked for again.
VALUE_RETRIES_S: Final = (1.0, 3.0, 10.0)
DESCRIPTION_RETRIES: Final = 2
# §8: busy appliances are asked again, others are left alone for a while.
BUSY_DELAY_S: Final = 2.0
BUSY_RETRIES: Final = 3
THROTTLE_S: Final = 30.0
# §7.3: 5, 10, 20 … 300 s, each times 0.8 to 1.2; a link that lived this long starts them anew.
FIRST_DELAY_S: Final = 5.0
MAX_DELAY_S: Final = 300.0
BACKOFF_SPREAD: Final = (0.8, 1.2)
HEALTHY_AFTER_S: Final = 60.0
# §5.1: no session slot is free; hammering keeps it so.
EXHAUSTED_DELAY_S: Final = 60.0
# §5.1: how often the key must be refused, within what time, before the user is asked for a new profile.
KEY_REFUSALS: Final = 3
KEY_REFUSALS_WITHIN_S: Final = 600.0
# §7.3: news of an address cut a wait short, but not more often than this.
MOVE_INTERVAL_S: Final = 10.0

# §12: how long no session is free before the user is told what helps.
SLOTS_TROUBLE_S: Final = 3600.0
# §7.4: how often in a row an appliance hangs up on our greeting before somebody else is suspected to use our name.
QUICK_CLOSINGS: Final = 5
# §10.4
STARTED_LIMIT_S: Final = 10.0
# §8: appliances have little memory for one request.
MAX_UIDS_PER_READ: Final = 50

# §4.1: every description uses these uids.
ACTIVE_PROGRAM_UID: Final = 256
SELECTED_PROGRAM_UID: Final = 257

# §7.1: what an appliance speaks that does not tell.
ASSUMED_SERVICES: Final[dict[str, int]] = {"ci": 3, "ei": 2, "iz": 1, "ni": 1, "ro": 1}


class ConnectionType(StrEnum):
    """The two kinds of links; an appliance speaks exactly one (§1)."""

    TLS = "TLS"
    AES = "AES"


class Action(StrEnum):
    """What a message is (§6.1)."""

    GET = "GET"
    POST = "POST"
    RESPONSE = "RESPONSE"
    NOTIFY = "NOTIFY"


class Kind(StrEnum):
    """What a feature is (§4.5)."""

    STATUS = "status"
    SETTING = "setting"
    EVENT = "event"
    COMMAND = "command"
    OPTION = "option"
    PROGRAM = "program"
    ACTIVE_PROGRAM = "activeProgram"
    SELECTED_PROGRAM = "selectedProgram"
    PROTECTION_PORT = "protectionPort"


class Access(StrEnum):
    """What may be done with a feature (§4.1); changes at run time."""

    NONE = "none"
    READ = "read"
    READ_STATIC = "readstatic"
    READ_WRITE = "readwrite"
    WRITE_ONLY = "writeonly"


class Execution(StrEnum):
    """What may be done with a program (§10.1); changes at run time."""

    NONE = "none"
    SELECT_ONLY = "selectonly"
    START_ONLY = "startonly"
    SELECT_AND_START = "selectandstart"


class Code(IntEnum):
    """Result codes that this package acts on (§8)."""

    BAD_REQUEST = 400
    FORBIDDEN = 403
    NOT_FOUND = 404
    TOO_MANY_REQUESTS = 429
    SERVER_ERROR = 500
    NOT_IMPLEMENTED = 501
    BAD_GATEWAY = 502
    SERVICE_UNAVAILABLE = 503
    GATEWAY_TIMEOUT = 504
    UNKNOWN_UID = 512
    UNKNOWN_UID_WRITE = 513
    UNKNOWN_UID_READ = 514
    BUSY = 515
    BUSY_WRITE = 516
    BUSY_READ = 517
    NO_ACCESS = 518
    NO_ACCESS_WRITE = 519
    PROCESS_STATE = 541


class Resource(StrEnum):
    """Paths of messages (§6.2)."""

    INITIAL_VALUES = "/ei/initialValues"
    DEVICE_READY = "/ei/deviceReady"
    SERVICES = "/ci/services"
    AUTHENTICATION = "/ci/authentication"
    OLD_INFO = "/ci/info"
    INFO = "/iz/info"
    NETWORK = "/ni/info"
    DESCRIPTION_CHANGES = "/ro/allDescriptionChanges"
    MANDATORY_VALUES = "/ro/allMandatoryValues"
    VALUES = "/ro/values"
    DESCRIPTION_CHANGE = "/ro/descriptionChange"
    SELECTED_PROGRAM = "/ro/selectedProgram"
    ACTIVE_PROGRAM = "/ro/activeProgram"
