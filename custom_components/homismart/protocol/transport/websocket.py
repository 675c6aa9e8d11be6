"""Text frames over one websocket.

Errors of the HTTP library carry addresses, and some addresses hold credentials. So they are never chained nor
quoted: a reason is the library's class name, a status or a host, nothing else.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
from yarl import URL

from ..const import CONNECT_LIMIT_S, MAX_FRAME_BYTES
from ..errors import ConnectError, FrameError, LinkClosedError, ThrottledError
from ..frames import Control
from ..servers import is_loopback

# What the library raises for networks, peers and addresses that do not do what they should.
NETWORK_ERRORS: Final = (aiohttp.ClientError, OSError, TimeoutError, ValueError)
# A server that asks for silence without saying how long.
THROTTLE_S: Final = 60.0
# Nearly all frames are of this type, and looking it up by name costs as much as taking the frame.
_TEXT: Final = aiohttp.WSMsgType.TEXT
_STATUS_THROTTLED: Final = 429
_STATUS_UNAVAILABLE: Final = 503
_MAX_RETRY_AFTER_S: Final = 3600.0
_CLOSE_LIMIT_S: Final = 1.0


class WebSocketTransport:
    """One open websocket."""

    def __init__(self, websocket: aiohttp.ClientWebSocketResponse) -> None:
        """Wrap a websocket that is open."""
        self._websocket = websocket

    async def send(self, data: str | Control) -> None:
        """Write one frame; raises LinkClosedError."""
        try:
            if isinstance(data, str):
                await self._websocket.send_str(data)
            else:
                await self._websocket.ping()
        except NETWORK_ERRORS as err:
            raise LinkClosedError(
                f"the link was lost while writing: {type(err).__name__}"
            ) from None

    async def receive(self) -> str | Control:
        """Wait for the next frame; the library keeps it when this is cancelled.

        Raises LinkClosedError when the link ended and FrameError when the peer broke the rules of websockets.
        """
        while True:
            message = await self._websocket.receive()
            if message.type is _TEXT:
                text: str = message.data
                return text
            match message.type:
                case aiohttp.WSMsgType.PONG:
                    return Control.PONG
                case aiohttp.WSMsgType.PING:
                    try:
                        await self._websocket.pong(message.data)
                    except NETWORK_ERRORS as err:
                        raise LinkClosedError(
                            f"the link was lost while writing: {type(err).__name__}"
                        ) from None
                    return Control.PING
                case aiohttp.WSMsgType.BINARY:
                    continue  # neither vendor uses them, and one is not worth a link
                case aiohttp.WSMsgType.ERROR:
                    raise FrameError(f"unreadable websocket frame: {type(message.data).__name__}")
                case _:
                    raise LinkClosedError(
                        f"the cloud closed the link, code {self._websocket.close_code}"
                    )


@asynccontextmanager
async def open_websocket(
    session: aiohttp.ClientSession, url: URL, *, server_hostname: str | None = None
) -> AsyncIterator[WebSocketTransport]:
    """Open a websocket and close it in the end.

    ``server_hostname`` is the name on the certificate when it is not the host of ``url``. Raises ConnectError.
    """
    websocket = await _connect(session, url, server_hostname)
    try:
        if not _reached(websocket, url, server_hostname):
            raise ConnectError("the cloud redirects the websocket to another server")
        yield WebSocketTransport(websocket)
    finally:
        await websocket.close()


def retry_after_s(status: int, headers: Mapping[str, str]) -> float | None:
    """Tell how many seconds a server wants us to stay away; None when it does not say so."""
    if status not in (_STATUS_THROTTLED, _STATUS_UNAVAILABLE):
        return None
    text = headers.get("Retry-After", "")
    if text.isascii() and text.isdigit() and len(text) < 10:
        return min(_MAX_RETRY_AFTER_S, float(text))
    return THROTTLE_S if status == _STATUS_THROTTLED else None


def _reached(
    websocket: aiohttp.ClientWebSocketResponse, url: URL, server_hostname: str | None
) -> bool:
    """Tell whether the other end is the one that was asked for: the library follows redirects by itself."""
    if url.scheme == "wss":
        tls = websocket.get_extra_info("ssl_object")
        return tls is not None and tls.server_hostname == (server_hostname or url.raw_host)
    peer = websocket.get_extra_info("peername")
    return bool(peer) and is_loopback(peer[0]) and peer[1] == url.port


async def _connect(
    session: aiohttp.ClientSession, url: URL, server_hostname: str | None
) -> aiohttp.ClientWebSocketResponse:
    error: ConnectError
    try:
        async with asyncio.timeout(CONNECT_LIMIT_S):
            return await session.ws_connect(
                url,
                autoping=False,
                max_msg_size=MAX_FRAME_BYTES + 1,  # the library refuses the limit itself
                timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_LIMIT_S),
                server_hostname=server_hostname,
            )
    except aiohttp.WSServerHandshakeError as err:
        reason = f"the cloud refuses the websocket with HTTP status {err.status}"
        wait = retry_after_s(err.status, err.headers or {})
        error = ConnectError(reason) if wait is None else ThrottledError(reason, wait)
    except aiohttp.ClientConnectorDNSError:
        error = ConnectError(f"the name {url.host} does not resolve")
    except NETWORK_ERRORS as err:
        error = ConnectError(f"the cloud cannot be reached: {type(err).__name__}")
    raise error  # outside of the handlers, so that nothing holds the address
