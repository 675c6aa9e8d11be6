"""A server that does nothing but answer, so that the client is all there is to see of a round trip.

The strict simulator reads, checks and carries out each command, and that takes as long as the round trip itself.
"""

from aiohttp import web
import orjson

# Nobody presses a switch without a pause; what comes after one finds no warm caches.
PAUSE_S = 0.002
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
    """Offer ``/echo`` and, as far as a client needs it to send commands, the vendor's two addresses."""
    made = web.Application()
    made.router.add_get("/echo", _echo)
    made.router.add_get("/ws", _acknowledge)
    made.router.add_post("/login", _login)
    return made


async def _echo(request: web.Request) -> web.WebSocketResponse:
    """Send back what comes: what a round trip costs at least."""
    ws = web.WebSocketResponse(compress=False)
    await ws.prepare(request)
    async for message in ws:
        await ws.send_str(message.data)
    return ws


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
