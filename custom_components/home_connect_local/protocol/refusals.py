"""Errors that only appliances have, below those that all vendors share.

Source: docs/home_connect_local/wire.md §5.1, §5.3, §6.3.
"""

from enum import StrEnum

from .const import EXHAUSTED_DELAY_S
from .errors import ConnectError, FrameError, LinkClosedError, ThrottledError, VendorError


class SealFailure(StrEnum):
    """What a frame of the AES link lacks, in the order of the checks (§5.3)."""

    NOT_BINARY = "not_binary"
    LENGTH = "length_error"
    MAC = "mac_failure"
    PADDING = "padding_error"


class Unreadable(StrEnum):
    """What makes a message of no use while the link is sound."""

    DECODE = "decode_error"
    """Not UTF-8."""
    JSON = "json"
    """Beyond repair, or too large to try."""
    ENVELOPE = "envelope"
    """Not a message: no object, no resource, no action of those known."""


class SealError(FrameError):
    """A frame cannot be opened; the chains cannot be picked up again, so the link is of no more use."""

    def __init__(self, kind: SealFailure, *, first: bool = False) -> None:
        """Keep what is wrong, and whether no frame was opened before: then it is the key."""
        super().__init__(f"a frame cannot be opened: {kind}")
        self.kind = kind
        self.first = first


class UnreadableError(VendorError):
    """One message cannot be understood; the link goes on."""

    def __init__(self, kind: Unreadable) -> None:
        """Keep what is wrong."""
        super().__init__(f"a message cannot be read: {kind}")
        self.kind = kind


class KeyRefusedError(ConnectError):
    """The appliance is there but TLS did not come about: wrong key, wrong kind of link, or no common suite."""


class WrongLinkError(ConnectError):
    """What answers is no appliance of this kind: plain HTTP instead of TLS, or another answer than a websocket."""


class SwitchedOffError(ConnectError):
    """The appliance says that it is switched off, as hobs do."""


class SessionsExhaustedError(ThrottledError):
    """All sessions of the appliance are taken, often by dead ones; only time or a power cycle frees them."""

    def __init__(self, message: str, retry_after_s: float = EXHAUSTED_DELAY_S) -> None:
        """Stay away for a minute unless told otherwise."""
        super().__init__(message, retry_after_s)


class PeerClosedError(LinkClosedError):
    """The appliance closed the link."""

    def __init__(self, message: str, code: int = 1006) -> None:
        """Keep the websocket's code: 1000 and 1001 are deliberate, 1006 means that no close frame came."""
        super().__init__(message)
        self.code = code


class WrongApplianceError(ConnectError):
    """The appliance that answers is another than the profile is of."""
