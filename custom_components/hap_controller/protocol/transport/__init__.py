"""The only rooms that touch the network."""

from .ip import TcpTransport, is_host, open_tcp, resolve
from .zeroconf import AccessoryChanged, AccessoryFound, AccessoryGone, Browser, Discovery

__all__ = [
    "AccessoryChanged",
    "AccessoryFound",
    "AccessoryGone",
    "Browser",
    "Discovery",
    "TcpTransport",
    "is_host",
    "open_tcp",
    "resolve",
]
