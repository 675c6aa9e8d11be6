"""The only rooms that touch the network: the websocket, and TLS with the key of a profile."""

from .tls import psk_context
from .websocket import Endpoint, WebSocketTransport, open_websocket

__all__ = ["Endpoint", "WebSocketTransport", "open_websocket", "psk_context"]
