"""The only rooms that touch the network."""

from .ip import TcpTransport, is_host, open_tcp, plain_address, resolve
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
    "plain_address",
    "resolve",
]
