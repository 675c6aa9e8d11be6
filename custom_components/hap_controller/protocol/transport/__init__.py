"""The only rooms that touch the network."""

from .ip import TcpTransport, open_tcp, plain_address, resolve

__all__ = ["TcpTransport", "open_tcp", "plain_address", "resolve"]
