"""How to get into the cloud: as whom, and at which of its servers.

Source: docs/homismart/wire.md §4 to §6.
"""

from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from .const import MAX_REDIRECTS, QUICK_REDIRECTS, REDIRECT_DELAY_S, VENDOR_DOMAIN
from .errors import AuthError, LinkError
from .messages import Redirect
from .servers import is_loopback

# Addresses of the other family hide in these.
_NAT64: Final = ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What proves who we are."""

    username: str = field(repr=False)
    """E-mail address of the account, as typed."""
    password_digest: str = field(repr=False)
    """As good as the password for this cloud; ``digest()`` makes it."""


class VerificationError(AuthError):
    """The cloud wants a verification code, which its own application asks for at a login."""


class RedirectError(LinkError):
    """The cloud wants us at another server; what is open here is of no more use."""

    def __init__(self, host: str, delay_s: float) -> None:
        """Keep when to go there: in a row of redirects not at once."""
        super().__init__(f"the cloud sends us to {host}")
        self.delay_s = delay_s


@dataclass(frozen=True, slots=True)
class Address:
    """One server to open a websocket to."""

    url: str
    server_hostname: str | None = None
    """Name that the certificate must be valid for when it is not the host of ``url``."""


class Route:
    """Which server to open next, and which redirects are safe to follow (§6): a login carries a reusable digest."""

    def __init__(self, base_url: str) -> None:
        """Start at the configured server."""
        self._base = Address(base_url)
        parts = urlsplit(base_url)
        self._base_host = parts.hostname or ""
        self._next = self._current = self._base
        self._in_a_row = 0

    @property
    def host(self) -> str:
        """Host of the server in use, or of the one that was tried last."""
        return urlsplit(self._current.url).hostname or ""

    def take(self) -> Address:
        """Give the server to open now; after a loss that is the configured one again."""
        self._current, self._next = self._next, self._base
        return self._current

    def forget(self) -> None:
        """Note that a row of redirects has ended: with a link that stayed, or was lost for another reason."""
        self._in_a_row = 0

    def follow(self, redirect: Redirect) -> float | None:
        """Plan to follow a redirect; gives the seconds to wait before, None when it must not be followed."""
        target = self._target(redirect)
        if target is None or self._in_a_row >= MAX_REDIRECTS or _same(target, self._current):
            return None
        self._in_a_row += 1
        self._next = target
        return 0 if self._in_a_row <= QUICK_REDIRECTS else REDIRECT_DELAY_S

    def _target(self, redirect: Redirect) -> Address | None:
        host, parts = redirect.host, urlsplit(self._base.url)
        if is_loopback(self._base_host):
            return self._address(host, redirect.port) if is_loopback(host) else None
        # The vendor's own application ignores the announced port; so do we on its servers.
        on_vendor_port = _is_vendor_host(self._base_host) and parts.port in (None, 443)
        port = 443 if on_vendor_port else redirect.port
        if _is_vendor_host(host):
            return self._address(host, port)
        if _is_public_address(host) and _is_vendor_host(self._base_host):
            return Address(self._address(host, port).url, self._base_host)
        return None

    def _address(self, host: str, port: int) -> Address:
        """Put another server in the place of the configured one."""
        literal = f"[{host}]" if ":" in host else host
        return Address(urlunsplit(urlsplit(self._base.url)._replace(netloc=f"{literal}:{port}")))


def _same(one: Address, other: Address) -> bool:
    """Tell whether two addresses are of one server, however they are written."""

    def key(address: Address) -> tuple[str, int]:
        parts = urlsplit(address.url)
        host = parts.hostname or ""
        return "loopback" if is_loopback(host) else host, parts.port or 443

    return key(one) == key(other)


def _is_public_address(host: str) -> bool:
    """Tell whether a host is a plain literal address of the public network."""
    if "%" in host:
        return False
    try:
        address = ip_address(host)
    except ValueError:
        return False
    hidden = isinstance(address, IPv6Address) and (
        address in _NAT64 or address.ipv4_mapped or address.sixtofour or address.teredo
    )
    return address.is_global and not address.is_multicast and not hidden


def _is_vendor_host(host: str) -> bool:
    """Tell whether a name is under the vendor's domain, and nothing but a name."""
    labels = host.split(".")
    return host.endswith(f".{VENDOR_DOMAIN}") and all(
        label and label.isascii() and label.replace("-", "").isalnum() for label in labels
    )
