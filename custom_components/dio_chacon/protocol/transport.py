"""The only room that touches the network: HTTP login, websocket, snapshots.

Errors of the HTTP library carry addresses, and ours hold credentials. So they are never chained nor quoted:
a reason is the library's class name or a status, nothing else.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urljoin

import aiohttp
import orjson
from yarl import URL

from .const import (
    CONNECT_LIMIT_S,
    IMAGE_LIMIT_S,
    MAX_FRAME_BYTES,
    MAX_IMAGE_BYTES,
    MAX_LOGIN_BYTES,
    STATUS_THROTTLED,
    THROTTLE_S,
)
from .errors import ConnectError, FrameError, LinkClosedError, LinkError, ThrottledError
from .frames import Control, Frame
from .messages import safe_image_url

_CLOSE_LIMIT_S = 1.0
_MAX_REDIRECTS = 3
_MAX_RETRY_AFTER_S = 3600.0
_NETWORK_ERRORS = (aiohttp.ClientError, OSError, TimeoutError, ValueError)


@dataclass(frozen=True, slots=True)
class LoginAnswer:
    """What the login endpoint said."""

    status: int
    """The status of HTTP."""
    body: Frame | None = field(repr=False)
    """The JSON object; None when there was none."""
    retry_after_s: float | None = None


class WebSocketTransport:
    """Text frames over one websocket."""

    def __init__(self, websocket: aiohttp.ClientWebSocketResponse) -> None:
        """Wrap a websocket that is open."""
        self._websocket = websocket

    async def send(self, data: str | Control) -> None:
        """Write one frame; raises LinkClosedError."""
        try:
            if isinstance(data, str):
                await self._websocket.send_str(data)
            elif data is Control.PING:
                await self._websocket.ping()
        except _NETWORK_ERRORS as err:
            raise LinkClosedError(
                f"the link was lost while writing: {type(err).__name__}"
            ) from None

    async def receive(self) -> str | Control:
        """Wait for the next frame; the library keeps it when this is cancelled.

        Raises LinkClosedError when the link ended and FrameError when the peer broke the rules of websockets.
        """
        while True:
            message = await self._websocket.receive()
            match message.type:
                case aiohttp.WSMsgType.TEXT:
                    text: str = message.data
                    return text
                case aiohttp.WSMsgType.PONG:
                    return Control.PONG
                case aiohttp.WSMsgType.PING:
                    try:
                        await self._websocket.pong(message.data)
                    except _NETWORK_ERRORS as err:
                        raise LinkClosedError(
                            f"the link was lost while writing: {type(err).__name__}"
                        ) from None
                    return Control.PING
                case aiohttp.WSMsgType.BINARY:
                    continue  # never used by the vendor, and not worth a link (§4)
                case aiohttp.WSMsgType.ERROR:
                    raise FrameError(f"unreadable websocket frame: {type(message.data).__name__}")
                case _:
                    code = self._websocket.close_code
                    raise LinkClosedError(f"the cloud closed the link, code {code}")


@asynccontextmanager
async def open_websocket(
    session: aiohttp.ClientSession, address: str, query: str
) -> AsyncIterator[WebSocketTransport]:
    """Open a websocket; ``query`` is encoded already and secret. Raises ConnectError."""
    websocket = await _connect(session, URL(f"{address}?{query}", encoded=True))
    try:
        yield WebSocketTransport(websocket)
    finally:
        await websocket.close()


async def _connect(session: aiohttp.ClientSession, url: URL) -> aiohttp.ClientWebSocketResponse:
    error: ConnectError
    try:
        async with asyncio.timeout(CONNECT_LIMIT_S):
            return await session.ws_connect(
                url,
                autoping=False,
                max_msg_size=MAX_FRAME_BYTES,
                timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_LIMIT_S),
            )
    except aiohttp.WSServerHandshakeError as err:
        reason = f"the cloud refuses the websocket with HTTP status {err.status}"
        retry_after_s = _retry_after(err.status, err.headers or {})
        error = (
            ConnectError(reason) if retry_after_s is None else ThrottledError(reason, retry_after_s)
        )
    except _NETWORK_ERRORS as err:
        error = ConnectError(f"the cloud cannot be reached: {type(err).__name__}")
    raise error  # outside of the handlers, so that nothing holds the address


async def post_login(session: aiohttp.ClientSession, address: str, body: Frame) -> LoginAnswer:
    """Send the login request; raises ConnectError when there is no answer at all."""
    try:
        async with (
            asyncio.timeout(CONNECT_LIMIT_S),
            session.post(URL(address), json=body, allow_redirects=False) as response,
        ):
            data = await _read(response, MAX_LOGIN_BYTES)
            retry_after_s = _retry_after(response.status, response.headers)
            return LoginAnswer(response.status, _json_object(data), retry_after_s)
    except _NETWORK_ERRORS as err:
        reason = f"the login server cannot be reached: {type(err).__name__}"
    raise ConnectError(reason)


async def fetch_image(session: aiohttp.ClientSession, address: str) -> tuple[bytes, str]:
    """Fetch a snapshot; gives its bytes and content type.

    Every address on the way is checked like the first. Raises ConnectError when there is no picture to be had.
    """
    reason = "too many redirects"
    try:
        async with asyncio.timeout(IMAGE_LIMIT_S):
            for _ in range(_MAX_REDIRECTS + 1):
                if (url := safe_image_url(address)) is None:
                    reason = "the address is not safe to fetch"
                    break
                async with session.get(URL(url, encoded=True), allow_redirects=False) as response:
                    if response.status in (301, 302, 303, 307, 308):
                        address = urljoin(url, response.headers.get("Location", ""))
                        continue
                    content_type = response.content_type
                    if response.status != 200 or not content_type.startswith("image/"):
                        reason = f"no picture but HTTP status {response.status}"
                        break
                    return await _read(response, MAX_IMAGE_BYTES), content_type
    except LinkError as err:
        reason = str(err)
    except _NETWORK_ERRORS as err:
        reason = type(err).__name__
    raise ConnectError(f"the snapshot cannot be fetched: {reason}")


async def _read(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """Read a body of at most ``limit`` bytes; raises FrameError beyond."""
    data = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        data += chunk
        if len(data) > limit:
            raise FrameError("the answer is too long")
    return bytes(data)


def _json_object(data: bytes) -> Frame | None:
    try:
        value = orjson.loads(data)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _retry_after(status: int, headers: Mapping[str, str]) -> float | None:
    """Tell how many seconds the server wants us to stay away; None when it does not say so."""
    if status not in (STATUS_THROTTLED, 503):
        return None
    text = headers.get("Retry-After", "")
    if text.isascii() and text.isdigit():
        return min(_MAX_RETRY_AFTER_S, float(text))
    return THROTTLE_S if status == STATUS_THROTTLED else None
