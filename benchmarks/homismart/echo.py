"""The vendor's address as far as a client needs it to send commands: what is written is reported at once."""

from typing import Any

from aiohttp import web
import orjson

from .. import echo

DEVICE = "02664110009301"
_OBJECT: dict[str, Any] = {
    "id": DEVICE,
    "deviceId": DEVICE,
    "name": "Light",
    "type": 2,
    "pid": "",
    "version": 2,
    "onLine": True,
    "power": False,
    "consumption": 0,
    "updateTime": 1775000000000,
    "lock": "1",
    "lastOn": "2026-03-31 21:15:00",
    "led": 100,
    "iconId": "0",
    "shared": False,
}
_ANSWERS = {"0002": '0003{"result":true}', "0004": f"0005{orjson.dumps([_OBJECT]).decode()}"}
COMMAND_BYTES = len(orjson.dumps(_OBJECT)) + 4


def application() -> web.Application:
    """Offer ``/echo`` and ``/ws``."""
    made = echo.application()
    made.router.add_get("/ws", _report)
    return made


async def _report(request: web.Request) -> web.WebSocketResponse:
    """Answer every request at once, a written object with itself."""
    ws = web.WebSocketResponse(compress=False)
    await ws.prepare(request)
    async for message in ws:
        prefix = message.data[:4]
        await ws.send_str("0009" + message.data[4:] if prefix == "0006" else _ANSWERS[prefix])
    return ws
