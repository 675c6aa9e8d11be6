"""What can go wrong, named by what the caller should do about it.

The tree is the same for every vendor. A library's exception is caught once, in the transport, and
chained to one of these; a message never holds a credential, an address with a query or a peer's free text.
"""


class VendorError(Exception):
    """Base of every error this package raises on purpose."""


class LinkError(VendorError):
    """The link is down or unusable: open it again."""

    retry_after_s: float | None = None
    """Seconds the peer wants us to stay away; never shortens the back-off."""
    delay_s: float | None = None
    """Seconds to wait instead of the back-off, by our own decision; None leaves it to the back-off."""


class ConnectError(LinkError):
    """The link could not be opened: refused, unreachable, name or certificate wrong, or no usable answer."""


class ThrottledError(ConnectError):
    """The peer asked for fewer attempts."""

    def __init__(self, message: str, retry_after_s: float) -> None:
        """Keep how many seconds to stay away."""
        super().__init__(message)
        self.retry_after_s = retry_after_s


class LinkClosedError(LinkError):
    """The open link ended: closed or reset by the peer, or by the network."""


class PeerSilentError(LinkError):
    """The peer stopped answering on a link that looks open."""


class SessionRefusedError(LinkError):
    """The peer no longer accepts the session; a new login decides whether the credentials still hold."""


class FrameError(LinkError):
    """Bytes that cannot be what the protocol allows."""


class AuthError(VendorError):
    """The peer refuses the credentials: ask the user for new ones and stop trying until then."""


class UnsupportedError(VendorError):
    """The peer or a setting is of a kind this package cannot serve; trying again does not help."""


class CommandError(VendorError):
    """One command failed; the link stays up and the caller is told."""

    reason: str | None = None
    """What is in the way, one of a closed set, when that is known before anything is sent."""

    def __init__(self, message: str, code: int | None = None) -> None:
        """Keep the vendor's number of the failure, None when there was none."""
        super().__init__(message)
        self.code = code


class RefusedError(CommandError):
    """The peer answered the command with a failure."""


class UnansweredError(CommandError):
    """The peer did not answer the command in time; whether it was carried out is not known."""


class DeviceSilentError(CommandError):
    """The peer took the command but could not reach the device."""


class SupersededError(CommandError):
    """A later command for the same device took the place of this one before it was sent."""
