"""Errors that only accessories have, below those that all vendors share.

Source: docs/hap_controller/wire.md §1.7, §2.5, §4.1, §6.6.
"""

from typing import Final

from .const import HapStatus, PairingErrorCode
from .errors import AuthError, CommandError, ConnectError, FrameError, LinkError

# --- the peer's bytes ---------------------------------------------------------------------------


class TlvError(FrameError):
    """Bytes are no TLV8."""


class HttpError(FrameError):
    """Bytes are no HTTP, or more of it than is taken."""


class AuthTagError(FrameError):
    """Sealed bytes were not sealed with the key, or not at this place of the conversation."""


class IllegalKeyError(FrameError):
    """A public key is one that no honest peer sends; the exchange must not go on (§3.1, §4)."""


class PairingMessageError(FrameError):
    """A pairing message lacks an item, or is not the one that is due (§2.2)."""


class SignatureError(LinkError):
    """The peer's signature does not belong to the key that is known of it."""


class CountersExhaustedError(LinkError):
    """A key has sealed as many frames as it may; a new session has a new one."""


# --- whom we talk to ----------------------------------------------------------------------------


class WrongAccessoryError(ConnectError):
    """Another accessory than ours answers at this address (§4.1)."""


class PairingLostError(AuthError):
    """The accessory does not know us any more: it was reset, or the pairing was removed elsewhere."""


# --- refusals of pairing, §2.5 ------------------------------------------------------------------


class PairingRefusedError(CommandError):
    """The accessory refuses a pairing message; ``code`` is its number, also one that nobody knows."""


class UnknownPairingError(PairingRefusedError):
    """The accessory refuses without a reason; in adding a pairing: the id is taken by another key."""


class SetupCodeError(PairingRefusedError):
    """The setup code is wrong."""


class ProofError(SetupCodeError):
    """The accessory could not prove that it knows the setup code."""


class NotAdminError(PairingRefusedError):
    """Only an administrator may add, remove and list pairings."""


class BackoffError(PairingRefusedError):
    """The accessory wants to be left alone for a while."""

    def __init__(
        self,
        message: str,
        code: int | None = PairingErrorCode.BACKOFF,
        *,
        retry_after_s: float | None = None,
    ) -> None:
        """Keep how many seconds, None when it did not say."""
        super().__init__(message, code)
        self.retry_after_s = retry_after_s


class MaxPeersError(PairingRefusedError):
    """The accessory has no room for another controller."""


class MaxTriesError(PairingRefusedError):
    """Too many attempts failed; a restart of the accessory, often a reset, is needed."""


class AlreadyPairedError(PairingRefusedError):
    """The accessory is paired; whoever has it must remove it first, or it must be reset."""


class BusyError(PairingRefusedError):
    """Somebody else is just pairing the accessory."""


_REFUSALS: Final[dict[int, tuple[type[PairingRefusedError], str]]] = {
    PairingErrorCode.UNKNOWN: (UnknownPairingError, "the accessory refused without a reason"),
    PairingErrorCode.AUTHENTICATION: (SetupCodeError, "the accessory refused the setup code"),
    PairingErrorCode.MAX_PEERS: (MaxPeersError, "the accessory has no room for another controller"),
    PairingErrorCode.MAX_TRIES: (MaxTriesError, "the accessory saw too many failed attempts"),
    PairingErrorCode.UNAVAILABLE: (AlreadyPairedError, "the accessory is already paired"),
    PairingErrorCode.BUSY: (BusyError, "the accessory is being paired by another controller"),
}


def setup_refusal(code: int, *, retry_after_s: float | None = None) -> PairingRefusedError:
    """Give the error for the Error item of a message of pair setup.

    Elsewhere only AUTHENTICATION means something else: PairingLostError in pair verify, NotAdminError in pairings.
    """
    if code == PairingErrorCode.BACKOFF:
        return BackoffError("the accessory asks to wait", code, retry_after_s=retry_after_s)
    cls, message = _REFUSALS.get(
        code, (PairingRefusedError, f"the accessory refused with error {code}")
    )
    return cls(message, code)


# --- what people enter, §1.7 --------------------------------------------------------------------


class MalformedCodeError(CommandError):
    """A setup code is not eight digits."""


class InsecureCodeError(CommandError):
    """A setup code is one of those that nobody may use."""


class SetupPayloadError(CommandError):
    """A text is no setup payload."""


# --- refusals of requests, §6.6 -----------------------------------------------------------------


class StatusError(CommandError):
    """One characteristic could not be read, written or subscribed; ``code`` is its HAP status."""

    code: int

    def __init__(self, code: int) -> None:
        """Name the status; ``code`` is zero or negative, as ``normalised_status`` gives it."""
        super().__init__(status_text(code), code)


_STATUS_TEXTS: Final[dict[int, str]] = {
    HapStatus.SUCCESS: "success",
    HapStatus.INSUFFICIENT_PRIVILEGES: "insufficient privileges",
    HapStatus.UNREACHABLE: "the accessory cannot reach the service",
    HapStatus.BUSY: "the accessory is busy",
    HapStatus.READ_ONLY: "the characteristic cannot be written",
    HapStatus.WRITE_ONLY: "the characteristic cannot be read",
    HapStatus.NO_NOTIFICATIONS: "the characteristic tells no changes",
    HapStatus.OUT_OF_RESOURCES: "the accessory is out of resources",
    HapStatus.TIMED_OUT: "the accessory ran out of time",
    HapStatus.NOT_FOUND: "the characteristic does not exist",
    HapStatus.INVALID_VALUE: "the accessory does not take this value",
    HapStatus.INSUFFICIENT_AUTHORIZATION: "insufficient authorization",
    HapStatus.NOT_ALLOWED: "not allowed in the present state",
}


def normalised_status(code: int) -> int:
    """Give a status the sign it should have; some accessories send it positive (§6.6)."""
    return -abs(code)


def status_text(code: int) -> str:
    """Say what a normalised status means."""
    return _STATUS_TEXTS.get(code, f"Unknown error code: {code}")
