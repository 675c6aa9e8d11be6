"""The vendor's two addresses as far as a client needs them to send commands: every request is only acknowledged."""

from aiohttp import web
import orjson

from .. import echo

DEVICE = "L4HActuator_00000000-0000-4000-8000-000000000001"
_STATE = {
    "rt": "oic.d.switch",
    "rc": 1,
    "di": DEVICE,
    "links": [{"rt": "oic.r.switch.binary", "value": 0}],
}
_ANSWERS = {
    "/user": {"id": "benchmark", "name": "Benchmark"},
    "/device": [{"id": DEVICE, "name": "Plug", "type": ".dio1.wifi.plug.switch."}],
    "/room": [],
    "/device/states": {DEVICE: _STATE},
}


def application() -> web.Application:
    """Offer ``/echo``, ``/ws`` and ``/login``."""
    made = echo.application()
    made.router.add_get("/ws", _acknowledge)
    made.router.add_post("/login", _login)
    return made


async def _login(request: web.Request) -> web.Response:
    return web.json_response({"status": 200, "data": {"sessionToken": "r:0"}})


async def _acknowledge(request: web.Request) -> web.WebSocketResponse:
    """Answer every request at once, commands with nothing but their number."""
    ws = web.WebSocketResponse(compress=False)
    await ws.prepare(request)
    await ws.send_str('{"name":"connection","action":"success","data":""}')
    async for message in ws:
        frame = orjson.loads(message.data)
        answer = {"id": frame["id"], "status": 200}
        if frame["path"] in _ANSWERS:
            answer["data"] = _ANSWERS[frame["path"]]
        await ws.send_str(orjson.dumps(answer).decode())
    return ws
