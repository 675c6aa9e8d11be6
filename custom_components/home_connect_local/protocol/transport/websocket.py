"""Frames over one websocket to an appliance.

Errors of the libraries carry addresses and contexts. So they are never chained nor quoted: a reason is a class name
or a number.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
import ssl
from typing import Final

import aiohttp
from yarl import URL

from ..const import CONNECT_LIMIT_S, MAX_FRAME_BYTES, PATH
from ..errors import ConnectError, FrameError, LinkClosedError
from ..frames import Control
from ..refusals import (
    KeyRefusedError,
    PeerClosedError,
    SessionsExhaustedError,
    SwitchedOffError,
    WrongLinkError,
)

# What the libraries raise for networks and peers that do not do what they should.
_NETWORK_ERRORS: Final = (aiohttp.ClientError, OSError, TimeoutError, ValueError)
# Bytes that are no TLS at all: mostly plain HTTP.
_NO_TLS: Final = frozenset({"HTTP_REQUEST", "WRONG_VERSION_NUMBER"})
# Nearly all frames are of these types, and looking them up by name costs as much as taking the frame.
_TEXT: Final = aiohttp.WSMsgType.TEXT
_BINARY: Final = aiohttp.WSMsgType.BINARY
_STATUS_EXHAUSTED: Final = 404
_STATUS_OFF: Final = 503
_REDIRECTS: Final = range(300, 400)
# An appliance that is there answers a close frame at once.
_CLOSE_LIMIT_S: Final = 1.0
# What stands for a close frame without a code.
_NO_STATUS: Final = 1005


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where one appliance listens, and how."""

    host: str
    """Name or address; an IPv6 address with or without brackets and zone."""
    port: int
    context: ssl.SSLContext | None = None
    """TLS with the key of the appliance; None for the AES link."""

    @property
    def url(self) -> URL:
        """Address of the websocket; raises ValueError when the host is none."""
        scheme = "ws" if self.context is None else "wss"
        return URL.build(scheme=scheme, host=self._address, port=self.port, path=PATH)

    @property
    def name(self) -> str:
        """What the peer may be told: the host without its zone, which means nothing elsewhere."""
        return self._address.partition("%")[0]

    @property
    def _address(self) -> str:
        return self.host.removeprefix("[").removesuffix("]")


class WebSocketTransport:
    """One open websocket."""

    def __init__(self, websocket: aiohttp.ClientWebSocketResponse) -> None:
        """Wrap a websocket that is open."""
        self._websocket = websocket
        # The library's own code says that all was well even when the peer just vanished.
        self._code: int = aiohttp.WSCloseCode.ABNORMAL_CLOSURE

    async def send(self, data: str | bytes | Control) -> None:
        """Write one frame; raises LinkClosedError."""
        try:
            if isinstance(data, str):
                await self._websocket.send_str(data)
            elif isinstance(data, bytes):
                await self._websocket.send_bytes(data)
            else:
                await self._websocket.ping()
        except _NETWORK_ERRORS as err:
            raise _lost(err) from None

    async def receive(self) -> str | bytes | Control:
        """Wait for the next frame; the library keeps it when this is cancelled.

        Raises PeerClosedError when the appliance ended the link or vanished, LinkClosedError when a ping could not be
        answered, and FrameError when the peer broke the rules of websockets.
        """
        message = await self._websocket.receive()
        if message.type is _TEXT or message.type is _BINARY:
            data: str | bytes = message.data
            return data
        match message.type:
            case aiohttp.WSMsgType.PONG:
                return Control.PONG
            case aiohttp.WSMsgType.PING:
                try:
                    await self._websocket.pong(message.data)
                except _NETWORK_ERRORS as err:
                    raise _lost(err) from None
                return Control.PING
            case aiohttp.WSMsgType.ERROR:
                raise FrameError(f"unreadable websocket frame: {type(message.data).__name__}")
            case aiohttp.WSMsgType.CLOSE:
                self._code = message.data or _NO_STATUS
        raise PeerClosedError(f"the appliance closed the link, code {self._code}", self._code)


@asynccontextmanager
async def open_websocket(
    session: aiohttp.ClientSession, endpoint: Endpoint
) -> AsyncIterator[WebSocketTransport]:
    """Open a websocket, and close it in the end with a close frame: half-open ones use up the appliance's sessions.

    Raises ConnectError and its kinds in ``refusals``.
    """
    if session.closed:
        raise ConnectError("the HTTP session is closed")
    # Only a session can say how often and where the library may try, and cookies are nothing for appliances. What
    # costs, connector and resolver, stays that of the given session.
    async with aiohttp.ClientSession(
        connector=session.connector,
        connector_owner=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
        middlewares=(_once,),
    ) as own:
        websocket = await _connect(own, endpoint)
        try:
            yield WebSocketTransport(websocket)
        finally:
            # A peer that does not read can hold up even the close frame.
            with suppress(TimeoutError):
                await asyncio.wait_for(websocket.close(), 2 * _CLOSE_LIMIT_S)


async def _connect(
    session: aiohttp.ClientSession, endpoint: Endpoint
) -> aiohttp.ClientWebSocketResponse:
    error: ConnectError
    try:
        url = endpoint.url
        async with asyncio.timeout(CONNECT_LIMIT_S):
            return await session.ws_connect(
                url,
                headers={"Host": url.with_host(endpoint.name).host_port_subcomponent or ""},
                autoping=False,
                compress=0,
                max_msg_size=MAX_FRAME_BYTES + 1,  # the library refuses the limit itself
                timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_LIMIT_S),
                ssl=endpoint.context or True,
                server_hostname=endpoint.name if endpoint.context else None,
            )
    except _NETWORK_ERRORS as err:
        error = _classified(err, tls=endpoint.context is not None)
    raise error  # outside of the handler, so that nothing holds address and context


async def _once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Ask once, here: the library would try again at once, and elsewhere.

    An appliance must not be hammered, and its key belongs to it alone.
    """
    try:
        response = await handler(request)
    except aiohttp.ClientConnectorError:  # not tried again
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as err:
        raise _CutError(type(err).__name__) from None
    if response.status in _REDIRECTS:
        response.close()
        raise _RedirectError
    return response


class _CutError(aiohttp.ClientError):
    """The peer hung up before its answer was whole; holds the name of the library's error."""


class _RedirectError(aiohttp.ClientError):
    """The peer redirects."""


def _classified(err: Exception, *, tls: bool) -> ConnectError:
    """Tell what a failure to connect means (§5.1)."""
    match err:
        case aiohttp.WSServerHandshakeError(status=status):
            return _refused(status)
        case _RedirectError():
            return WrongLinkError("what answers redirects elsewhere")
        case aiohttp.ClientResponseError():
            return WrongLinkError("what answers does not speak HTTP")
        case aiohttp.ClientConnectorDNSError():
            return ConnectError("the name does not resolve")
        case aiohttp.ClientConnectorError(os_error=ssl.SSLError(reason=reason)) if tls:
            if reason in _NO_TLS:
                return WrongLinkError("what answers does not speak TLS")
            return KeyRefusedError(f"TLS failed: {reason}")
        # A socket that connects is refused, not reset: this came after it, amid TLS.
        case aiohttp.ClientConnectorError(
            os_error=BrokenPipeError() | ConnectionAbortedError() | ConnectionResetError() as lost
        ) if tls:
            return KeyRefusedError(f"TLS failed: {type(lost).__name__}")
        case aiohttp.ClientConnectorError(os_error=cause):
            return ConnectError(f"the appliance cannot be reached: {type(cause).__name__}")
        case _CutError():
            return ConnectError(f"the appliance hung up: {err}")
    return ConnectError(f"the appliance cannot be reached: {type(err).__name__}")


def _refused(status: int) -> ConnectError:
    """Tell what an HTTP status means instead of a websocket."""
    if status == _STATUS_EXHAUSTED:
        return SessionsExhaustedError("all sessions of the appliance are taken")
    if status == _STATUS_OFF:
        return SwitchedOffError("the appliance is switched off")
    return WrongLinkError(f"what answers is no appliance: HTTP status {status}")


def _lost(err: Exception) -> LinkClosedError:
    return LinkClosedError(f"the link was lost while writing: {type(err).__name__}")
