"""Where a cloud is, and which addresses are safe to send credentials to."""

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from .errors import UnsupportedError

_PLAIN: Final = {"https": "http", "wss": "ws"}
MAX_ADDRESS_CHARS: Final = 512


def checked_address(address: str, secure_scheme: str) -> str:
    """Give back a server address that may be used, without surrounding blanks.

    ``secure_scheme`` is ``https`` or ``wss``. Its plain counterpart is accepted for this very machine only,
    where simulators run. Raises UnsupportedError for anything else; the message does not repeat the address.
    """
    address = address.strip()
    if len(address) > MAX_ADDRESS_CHARS:
        raise UnsupportedError("server address is too long")
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise UnsupportedError("server address is malformed") from None
    if not host or not address.isascii() or not address.isprintable() or " " in address:
        raise UnsupportedError("server address is malformed")
    if parts.username is not None or parts.password is not None or "?" in address or "#" in address:
        raise UnsupportedError("server address holds more than scheme, host, port and path")
    if parts.scheme == secure_scheme or (
        parts.scheme == _PLAIN[secure_scheme] and is_loopback(host)
    ):
        return address
    raise UnsupportedError(
        f"server address must start with {secure_scheme}://, except on this machine"
    )


def is_loopback(host: str) -> bool:
    """Tell whether a host of an address is this very machine."""
    if "%" in host:  # a scope can hide anything
        return False
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
