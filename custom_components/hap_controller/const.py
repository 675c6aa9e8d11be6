"""Names that the rooms around the protocol share."""

from typing import Final

from homeassistant.util.signal_type import SignalType

from .protocol import (
    AlreadyPairedError,
    BackoffError,
    BusyError,
    HapStatus,
    InsecureCodeError,
    MalformedCodeError,
    MaxPeersError,
    MaxTriesError,
    NotAdminError,
    PairingLostError,
    RecordError,
    SetupCodeError,
    SetupPayloadError,
    UnknownPairingError,
    VendorError,
    WrongAccessoryError,
)

DOMAIN: Final = "hap_controller"
PEER_NAME: Final = "accessory"

# Entry data is a pairing record as all HomeKit controllers spell it (mapping §1.1); these are read by name.
CONF_PAIRING_ID: Final = "AccessoryPairingID"
CONF_CONTROLLER_ID: Final = "iOSPairingId"
CONF_ADDRESS: Final = "AccessoryIP"
CONF_ADDRESSES: Final = "AccessoryIPs"
CONF_ADDRESS_PORT: Final = "AccessoryPort"
# Secrets among its members, and what says who or where somebody is.
SECRET_MEMBERS: Final = (
    "iOSDeviceLTSK",
    "iOSDeviceLTPK",
    CONF_CONTROLLER_ID,
    "AccessoryLTPK",
    CONF_ADDRESS,
    CONF_ADDRESSES,
    "AccessoryAddress",
)
# Entry data: the entry of the built-in integration whose names and areas are still to be taken over.
CONF_TAKE_OVER: Final = "take_over"
# Entry data: registry ids of the entities that came from there, and would go back.
CONF_TAKEN_OVER: Final = "taken_over"
BUILT_IN_DOMAIN: Final = "homekit_controller"

CONF_POLL_INTERVAL: Final = "poll_interval"
CONF_ALL_CHARACTERISTICS: Final = "all_characteristics"
CONF_VALVES_AS_SWITCHES: Final = "valves_as_switches"
CONF_LEVEL_IS_OPEN: Final = "level_is_open"
CONF_TRUST_EVENTS: Final = "trust_events"

MIN_POLL_S: Final = 30
MAX_POLL_S: Final = 3600
DEFAULT_POLL_S: Final = 60
# A set-up waits so long for an accessory before it goes on without, if its description is known.
SETUP_LIMIT_S: Final = 10.0
# After so long without a link the user is told (mapping §11.2).
ABSENT_AFTER_S: Final = 24 * 3600.0
# A debounced request to read everything waits so long for others (mapping §3.3).
REFRESH_AFTER_S: Final = 10.0
# An accessory that is busy is asked once more after this (mapping §3.6).
BUSY_AGAIN_S: Final = 0.5
# After a refusal what was to be written is read: some accessories refuse what they have done.
REFUSED_AGAIN_S: Final = 2.0
# A list of accessories that has shrunk by half is not believed for so long (mapping §8.2).
DOUBT_S: Final = 600.0
# A description without some accessory is read again after this before its device goes.
READ_AGAIN_S: Final = 60.0

# Texts for errors that only accessories have, by class and by HAP status.
ERROR_KEYS: Final[dict[type[VendorError], str]] = {
    AlreadyPairedError: "already_paired",
    BackoffError: "back_off",
    BusyError: "pairing_busy",
    InsecureCodeError: "insecure_setup_code",
    MalformedCodeError: "malformed_code",
    MaxPeersError: "max_peers",
    MaxTriesError: "max_tries",
    NotAdminError: "not_admin",
    PairingLostError: "pairing_lost",
    RecordError: "stored_record",
    SetupCodeError: "wrong_code",
    SetupPayloadError: "malformed_payload",
    UnknownPairingError: "pairing_refused",
    WrongAccessoryError: "wrong_accessory",
}
CODE_KEYS: Final[dict[int, str]] = {
    HapStatus.INSUFFICIENT_PRIVILEGES: "no_permission",
    HapStatus.UNREACHABLE: "unreachable",
    HapStatus.BUSY: "busy",
    HapStatus.READ_ONLY: "read_only",
    HapStatus.WRITE_ONLY: "write_only",
    HapStatus.OUT_OF_RESOURCES: "out_of_resources",
    HapStatus.TIMED_OUT: "timed_out",
    HapStatus.NOT_FOUND: "not_found",
    HapStatus.INVALID_VALUE: "invalid_value",
    HapStatus.INSUFFICIENT_AUTHORIZATION: "no_authorization",
    HapStatus.NOT_ALLOWED: "not_allowed",
}


def signal_changed(entry_id: str, aid: int, iid: int) -> SignalType[()]:
    """Name the signal sent when one characteristic has changed: its value, or whether it can be had."""
    return SignalType(f"{DOMAIN}.{entry_id}.{aid}.{iid}")


def signal_told(entry_id: str, aid: int, iid: int) -> SignalType[object]:
    """Name the signal sent with what a characteristic without a state told: that a button was pressed."""
    return SignalType(f"{DOMAIN}.{entry_id}.{aid}.{iid}.told")


def signal_accessory(entry_id: str, aid: int) -> SignalType[bool]:
    """Name the signal sent to all that shows an accessory: it can be had again or no longer, or, with true, is described anew.

    So each entity listens to one signal beside those of its values; a bridge has hundreds of them.
    """
    return SignalType(f"{DOMAIN}.{entry_id}.{aid}")


def signal_available(entry_id: str) -> SignalType[()]:
    """Name the signal sent when the link came up, with all values new, or was lost for longer than a moment."""
    return SignalType(f"{DOMAIN}.{entry_id}.available")


def signal_connected(entry_id: str) -> SignalType[()]:
    """Name the signal sent when the link came up or was lost, at once."""
    return SignalType(f"{DOMAIN}.{entry_id}.connected")


def signal_described(entry_id: str) -> SignalType[()]:
    """Name the signal sent when the accessory describes itself anew: entities look for what they show."""
    return SignalType(f"{DOMAIN}.{entry_id}.described")


def signal_added(entry_id: str) -> SignalType[()]:
    """Name the signal sent behind that, when entities of what is gone are gone: platforms add what is new."""
    return SignalType(f"{DOMAIN}.{entry_id}.added")
