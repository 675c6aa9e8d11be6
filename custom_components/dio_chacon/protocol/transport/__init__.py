"""The only rooms that touch the network: the websocket, the HTTP login, snapshots."""

from .http import LoginAnswer, fetch_image, post_login
from .websocket import WebSocketTransport, open_websocket

__all__ = ["LoginAnswer", "WebSocketTransport", "fetch_image", "open_websocket", "post_login"]
