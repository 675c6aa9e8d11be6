"""The HTTP login, and snapshots of doorbells.

As in the websocket's room, errors of the library are never chained nor quoted: they carry addresses.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urljoin

import aiohttp
import orjson
from yarl import URL

from ..const import CONNECT_LIMIT_S, IMAGE_LIMIT_S, MAX_IMAGE_BYTES, MAX_LOGIN_BYTES
from ..errors import ConnectError, FrameError
from ..frames import Frame
from ..messages import safe_image_url
from .websocket import NETWORK_ERRORS, retry_after_s

_MAX_REDIRECTS: Final = 3
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_CHUNK_BYTES: Final = 64 * 1024
# No SVG: Home Assistant serves the picture under its own address, where a script in it would run.
_PICTURES: Final = frozenset({"image/gif", "image/jpeg", "image/png", "image/webp"})


@dataclass(frozen=True, slots=True)
class LoginAnswer:
    """What the login endpoint said."""

    status: int
    """The status of HTTP."""
    body: Frame | None = field(repr=False)
    """The JSON object; None when there was none."""
    retry_after_s: float | None = None


async def post_login(session: aiohttp.ClientSession, address: str, body: Frame) -> LoginAnswer:
    """Send the login request; raises ConnectError when there is no answer at all."""
    try:
        async with (
            asyncio.timeout(CONNECT_LIMIT_S),
            session.post(URL(address), json=body, allow_redirects=False) as response,
        ):
            data = await _read(response, MAX_LOGIN_BYTES)
            wait = retry_after_s(response.status, response.headers)
            return LoginAnswer(response.status, _json_object(data), wait)
    except FrameError as err:
        reason = str(err)
    except aiohttp.ClientConnectorDNSError:
        reason = f"the name {URL(address).host} does not resolve"
    except NETWORK_ERRORS as err:
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
                    if response.status in _REDIRECTS:
                        address = urljoin(url, response.headers.get("Location", ""))
                        continue
                    content_type = response.content_type
                    if response.status != 200 or content_type not in _PICTURES:
                        reason = f"no picture, HTTP status {response.status}"
                        break
                    return await _read(response, MAX_IMAGE_BYTES), content_type
    except FrameError as err:
        reason = str(err)
    except NETWORK_ERRORS as err:
        reason = type(err).__name__
    raise ConnectError(f"the snapshot cannot be fetched: {reason}")


async def _read(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """Read a body of at most ``limit`` bytes; raises FrameError beyond."""
    data = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
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
