"""The only rooms that touch the network: the websocket."""

from .websocket import WebSocketTransport, open_websocket

__all__ = ["WebSocketTransport", "open_websocket"]
