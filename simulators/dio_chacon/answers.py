"""What the cloud answers to a request that is well formed: reads, states and actions.

Source: docs/dio_chacon/wire.md §6 and §10.
"""

from collections.abc import Callable

from ..faults import Faults
from .devices import Json
from .home import Home
from .requests import Refusal, Request, read_device_ids, read_target, read_value

LOGOUT_PATH = "/session/logout"
_NOT_FOUND = "Object not found."


def answer(
    request: Request, home: Home, faults: Faults, states_limit: int | None
) -> tuple[int, object]:
    """Carry out one request; gives the status and the data, None for no data.

    Raises Refusal when no client should have asked.
    """
    method, path = request.method, request.path
    if target := read_target(path):
        return _act(home, request, faults, *target)
    if (method, path) == ("POST", "/device/states"):
        return 200, _states(home, request, faults, states_limit)
    if (read := _PLAIN.get((method, path))) is None:
        raise Refusal(f"{_NOT_FOUND} There is no {method} {path}", status=404)
    if request.parameters:
        raise Refusal("'parameters' is not empty")
    return 200, read(home)


def _states(home: Home, request: Request, faults: Faults, limit: int | None) -> Json:
    states: Json = {}
    for device_id in read_device_ids(request.parameters, limit):
        device = home.devices.get(device_id)
        if device is None or device.resources is None:
            continue
        if faults.take("missing_state", device=device_id):
            continue
        null = faults.take("null_state", device=device_id)
        states[device_id] = None if null else home.state(device)
    return states


def _act(
    home: Home, request: Request, faults: Faults, device_id: str, href: str
) -> tuple[int, object]:
    if request.method != "POST":
        raise Refusal("actions are asked for by POST", status=404)
    resource, value = read_value(href, request.parameters)
    device = home.devices.get(device_id)
    if device is None:  # deleted meanwhile, perhaps: no fault of the client
        return 404, _NOT_FOUND
    if not device.has(resource):
        raise Refusal(f"the device has no {resource}", status=404)
    if not device.connected:
        return 500, "timeout"
    if not faults.take("deaf", device=device_id):
        home.command(device, resource, value)
    return 200, None


_PLAIN: dict[tuple[str, str], Callable[[Home], object]] = {
    ("GET", "/user"): lambda home: home.user,
    ("GET", "/device"): lambda home: [device.record for device in home.devices.values()],
    # The shapes of these three are not published (§6.8).
    ("GET", "/room"): lambda home: [
        {"id": room_id, "name": name} for room_id, name in home.rooms.items()
    ],
    ("GET", "/group"): lambda home: [],
    ("GET", "/static/all"): lambda home: {},
    ("POST", LOGOUT_PATH): lambda home: None,
}
