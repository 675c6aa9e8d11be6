"""The only rooms that touch the network."""

from .ip import TcpTransport, is_host, open_tcp, plain_address, resolve

__all__ = ["TcpTransport", "is_host", "open_tcp", "plain_address", "resolve"]
