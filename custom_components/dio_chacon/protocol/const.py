"""Numbers and names of the wire, as the vendor's cloud uses them.

Source: docs/dio_chacon/wire.md; section numbers below refer to it.
"""

from enum import StrEnum
from typing import Final

# §2: one host serves all countries.
LOGIN_URL: Final = "https://l4hfront-prod.chacon.cloud/api/session/login"
WEBSOCKET_URL: Final = "wss://l4hfront-prod.chacon.cloud/ws"

# §4: large accounts with schedules stay well below this.
MAX_FRAME_BYTES: Final = 4 * 1024 * 1024
# A login answer holds one token; anything longer is not the vendor's.
MAX_LOGIN_BYTES: Final = 64 * 1024
# Doorbell snapshots are JPEGs of a few hundred kilobytes.
MAX_IMAGE_BYTES: Final = 5 * 1024 * 1024
# Names reach Home Assistant's registries; longer ones are cut.
MAX_NAME_CHARS: Final = 64
# Type texts and ids are a few dozen characters; a device with a longer id cannot be addressed and is left out.
MAX_ID_CHARS: Final = 128
# Signed addresses of snapshots have a few hundred characters.
MAX_URL_CHARS: Final = 2048
# An account with more devices than this is not a home.
MAX_DEVICES: Final = 2000
# Resources of one device; the richest one seen has seven.
MAX_LINKS: Final = 64

# §11, in seconds.
CONNECT_LIMIT_S: Final = 10.0
GREETING_LIMIT_S: Final = 10.0
ANSWER_LIMIT_S: Final = 15.0
LOGOUT_LIMIT_S: Final = 2.0
PING_INTERVAL_S: Final = 20.0
PONG_LIMIT_S: Final = 10.0
LIST_INTERVAL_S: Final = 15 * 60.0
STATES_INTERVAL_S: Final = 60 * 60.0
LOGIN_INTERVAL_S: Final = 60.0
SLIDER_S: Final = 0.25
REPORT_LIMIT_S: Final = 10.0
# §10: first wait after a 429, doubled on repetition up to the cap of §12.
THROTTLE_S: Final = 60.0
MAX_THROTTLE_S: Final = 300.0
# Calls for a fresh state within this time share one request.
BATCH_S: Final = 0.1
# A hint that the list is out of date (§13.6) is followed at most this often, however many hints come.
HINT_INTERVAL_S: Final = 30.0
# §12: back-off, and how long a connection must live before its next loss starts from the beginning.
FIRST_DELAY_S: Final = 2.0
MAX_DELAY_S: Final = 300.0
HEALTHY_AFTER_S: Final = 60.0
IMAGE_LIMIT_S: Final = 10.0
# Travel time assumed for a shutter that never reported its calibration; the slowest motors need about a minute.
DEFAULT_TRAVEL_S: Final = 60.0
# Calibrations beyond this are not travel times.
MAX_TRAVEL_MS: Final = 10 * 60 * 1000

MAX_IN_FLIGHT: Final = 10
MAX_QUEUED: Final = 1000
# §6.3: ids per states request.
STATES_CHUNK: Final = 50
# §4: so many unanswered requests in a row on a link with living pongs mean a stuck session.
MAX_UNANSWERED: Final = 2

STATUS_DONE: Final = 200
STATUS_THROTTLED: Final = 429


class Kind(StrEnum):
    """What a device is, decided by its type text (§8)."""

    SHUTTER = "shutter"
    LIGHT_SWITCH = "light_switch"
    PLUG = "plug"
    DOORBELL = "doorbell"
    UNKNOWN = "unknown"


# §8: first hit wins; newer products drop or change the family token in front.
TYPE_PARTS: Final = (
    (".wifi.shutter.", Kind.SHUTTER),
    (".wifi.genericSwitch.", Kind.LIGHT_SWITCH),
    (".wifi.plug.", Kind.PLUG),
    (".wifi.doorBell.", Kind.DOORBELL),
)


class Movement(StrEnum):
    """Direction of a shutter motor (§7)."""

    STOP = "stop"
    UP = "up"
    DOWN = "down"


class Resource(StrEnum):
    """Resource types this package reads (§7)."""

    SWITCH = "oic.r.switch.binary"
    QUIET_MODE = "gw.r.quietmode"
    MOVEMENT = "oic.r.movement.linear"
    OPEN_LEVEL = "oic.r.openlevel"
    CALIBRATION = "gw.r.shutter.calibration"
    SD_CARD = "gw.r.camera.sdcard"
    LAST_EVENT = "gw.r.lastEvent"


# §7: the one event of a doorbell that is documented.
RING: Final = "ring"

# Resource types seen on devices that carry nothing for us; any other is reported as unknown.
SILENT_RESOURCES: Final = frozenset(
    {
        "oic.wk.p",
        "gw.r.schedule",
        "gw.r.dio1.switch",
        "gw.r.dio1.paired",
        "gw.r.camera.streamQuality",
    }
)
