"""The only rooms that touch the network."""

from .ip import TcpTransport, open_tcp

__all__ = ["TcpTransport", "open_tcp"]
