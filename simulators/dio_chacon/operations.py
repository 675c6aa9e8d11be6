"""What can be done through the control address: hands on the devices, and faults.

Each operation is a function whose signature is the schema of its JSON members and whose docstring is its
documentation, shown on the page. Devices are named by id, or by name where it is unique.
"""

from collections.abc import Mapping
from typing import Any

from ..control import Operation
from ..faults import Option
from .devices import LAST_EVENT, MOVEMENT, OPEN_LEVEL, QUIET_MODE, SWITCH, Device, Json
from .home import SNAPSHOT_URL, Home
from .service import Service

# Lines of the past that the page shows.
_SHOWN = 100


def operations(service: Service) -> Mapping[str, Operation]:
    """List the operations of a cloud by name."""
    return _hands(service) | _app(service) | _link(service) | _switches(service)


def _home_of(service: Service, device: str) -> Home:
    """Find the home a device stands in; raises LookupError."""
    for home in service.homes:
        if any(device in {known.device_id, known.name} for known in home.devices.values()):
            return home
    raise LookupError(f"there is no device {device!r}")


def _hands(service: Service) -> dict[str, Operation]:
    """What people do to the devices themselves."""

    def press(device: str, on: bool | None = None) -> bool:
        """Press the button of a switch or plug, or switch it on or off; tells whether it is on now."""
        return _home_of(service, device).press(device, on)

    def move(device: str, movement: str) -> None:
        """Press "up", "down" or "stop" on the remote of a shutter."""
        _home_of(service, device).move(device, movement)

    def level(device: str, level: int) -> None:
        """Send a shutter to a level, 0 closed to 100 open."""
        _home_of(service, device).move_to(device, level)

    def ring(
        device: str,
        kind: str = "ring",
        image: str | bool = False,
        ts: str | None = None,
        repeat: bool = False,
        empty: bool = False,
    ) -> str:
        """Ring a doorbell; gives the time stamp of the event.

        kind: the vendor's word, such as "motion". image: the address of a snapshot, or true for a made-up one.
        ts: a stamp of your own, older ones too. repeat: the stamp of the last event again. empty: no details.
        """
        home = _home_of(service, device)
        if repeat:
            ts = str(home.device(device).read(LAST_EVENT, "ts"))
        url = SNAPSHOT_URL if image is True else image or None
        return home.ring(device, kind=kind, image=url, ts=ts, empty=empty)

    def quiet(device: str, on: bool) -> None:
        """Change the quiet mode (status light) of a switch or plug."""
        _home_of(service, device).set_quiet(device, on)

    def online(device: str, online: bool) -> None:
        """Take a device off the Wi-Fi, or bring it back."""
        _home_of(service, device).set_connected(device, online)

    def reported(device: str, reported: bool) -> None:
        """Let the state of a device be null, as of one with old firmware, or let it report."""
        _home_of(service, device).set_reported(device, reported)

    def write(device: str, resource: str, members: dict[str, Any]) -> None:
        """Change any members of any resource type, and report it."""
        _home_of(service, device).write(device, resource, members)

    return {
        "press": press,
        "move": move,
        "level": level,
        "ring": ring,
        "quiet": quiet,
        "online": online,
        "reported": reported,
        "write": write,
    }


def _app(service: Service) -> dict[str, Operation]:
    """What people do in the vendor's app."""

    def rename(device: str, name: str | None) -> None:
        """Give a device another name, or none."""
        _home_of(service, device).rename(device, name)

    def room(device: str, room: str | None) -> None:
        """Move a device to a room, which is made when there is none of that name; null for no room."""
        _home_of(service, device).assign_room(device, room)

    def firmware(device: str, version: str) -> None:
        """Update the firmware of a device."""
        _home_of(service, device).set_firmware(device, version)

    def type_(device: str, type: str) -> None:
        """Give a device another type text."""
        _home_of(service, device).change_type(device, type)

    def add(kind: str, name: str, room: str | None = None, announce: bool = False) -> str:
        """Pair a device; gives its id. Only the next list shows it, unless announce lets it report at once.

        kind: shutter, light_switch, plug, plain_plug, doorbell, camera, unknown_switch or unknown_cover.
        """
        return service.home.add(kind, name, room=room, announce=announce).device_id

    def remove(device: str) -> None:
        """Delete a device."""
        _home_of(service, device).remove(device)

    def password(password: str, email: str | None = None) -> None:
        """Change the password of an account, the first by default; its tokens expire, connections live on."""
        homes = {home.email: home for home in service.homes}
        if email is not None and email not in homes:
            raise LookupError(f"there is no account {email!r}")
        service.change_password(password, homes[email] if email else service.home)

    return {
        "rename": rename,
        "room": room,
        "firmware": firmware,
        "type": type_,
        "add": add,
        "remove": remove,
        "password": password,
    }


def _link(service: Service) -> dict[str, Operation]:
    """What happens to all connections at once."""

    async def link(action: str) -> None:
        """Kill the link of the vendor and refuse new connections ("down"), or restore it ("up")."""
        match action:
            case "down":
                await service.link_down()
            case "up":
                await service.link_restored()
            case _:
                raise ValueError("action is 'down' or 'up'")

    def drop(code: int | None = 1001) -> None:
        """Close all connections with this code, or with FIN and no closing frame when it is null."""
        if code is None:
            service.hang_up()
        else:
            service.close_sessions(code)

    def abort(mid_frame: bool = False) -> None:
        """Reset all connections (RST), or end them in the middle of a frame."""
        if mid_frame:
            service.cut_mid_frame()
        else:
            service.abort()

    def stall(later: bool = False) -> None:
        """Make all connections half-open: nothing is read or sent, nothing closed; later: new ones too."""
        service.stall(later=later)

    def stick(later: bool = False) -> None:
        """Answer nothing but pings on all connections; later: on new ones too."""
        service.stick(later=later)

    def invalid() -> None:
        """Tell all clients in mid-session that they are not accepted any more."""
        service.send_invalid()

    def expire_tokens(live: bool = False) -> None:
        """Forget all session tokens; live: open sessions on them are answered 401 from now on."""
        service.expire_tokens(live=live)

    def oversized() -> None:
        """Send all clients a frame above 4 MiB."""
        service.send_oversized()

    def send(text: str) -> None:
        """Send all clients this text as a frame."""
        service.send_text(text)

    def ping() -> None:
        """Send all clients a websocket ping."""
        service.ping()

    return {
        "link": link,
        "drop": drop,
        "abort": abort,
        "stall": stall,
        "stick": stick,
        "invalid": invalid,
        "expire_tokens": expire_tokens,
        "oversized": oversized,
        "send": send,
        "ping": ping,
    }


def _switches(service: Service) -> dict[str, Operation]:
    """Faults, pace and rules."""

    def fault(name: str, count: int | None = None, **options: Option) -> None:
        """Switch a fault on, for count strikes or until it is cleared; its options stand in "fault_kinds"."""
        service.faults.arm(name, count=count, **options)

    def clear(name: str | None = None) -> None:
        """Switch one fault off, or all of them."""
        service.faults.clear(name)

    async def reset() -> None:
        """Clear all faults, restore the link, forget what was received and the violations."""
        await service.reset()

    def pace(
        speed: float | None = None,
        reaction_s: float | None = None,
        progress_s: float | None = None,
        report_unchanged: bool | None = None,
        partial: bool | None = None,
    ) -> None:
        """Set how quick and talkative devices are.

        speed divides all times. reaction_s: from command to report. progress_s: interval of reports from a
        running shutter, 0 for none. report_unchanged: also when a shutter is there already. partial: reports
        hold only what changed.
        """
        if speed is not None and speed <= 0:
            raise ValueError("speed is above 0")
        given = {
            "speed": speed,
            "reaction_s": reaction_s,
            "progress_s": progress_s,
            "report_unchanged": report_unchanged,
            "partial": partial,
        }
        for home in service.homes:
            _set(home.pace, given)

    def rules(
        close_after_invalid: bool | None = None,
        close_after_logout: bool | None = None,
        states_limit: int | None = None,
    ) -> None:
        """Choose what nobody knows of the real service.

        Whether it closes after a refusing greeting or a logout; how many ids a states request may hold, 0 for any.
        """
        given = {
            "close_after_invalid": close_after_invalid,
            "close_after_logout": close_after_logout,
            "states_limit": states_limit,
        }
        _set(service.rules, given)
        service.rules.states_limit = service.rules.states_limit or None

    return {"fault": fault, "clear": clear, "reset": reset, "pace": pace, "rules": rules}


def _set(settings: object, given: Mapping[str, object]) -> None:
    for name, value in given.items():
        if value is not None:
            setattr(settings, name, value)


def describe(service: Service) -> Json:
    """Give the state of everything for the control address, without secrets."""
    violations = [violation.as_json() for violation in service.violations]
    link = "up" if service.link_up else "down"
    return {
        "domain": "dio_chacon",
        "title": "DIO Chacon cloud",
        "summary": f"Link {link}, connections: {len(service.sessions)}, "
        f"tokens: {len(service.tokens)}, violations: {len(violations)}",
        "link": link,
        "accounts": [home.email for home in service.homes],
        "connections": [
            {
                "number": session.number,
                "account": session.home.email if session.home else None,
                "by_token": session.token is not None,
                "greeted": session.greeted,
                "stalled": session.link.stalled,
                "stuck": session.stuck,
                "pings": len(session.pings),
                "pongs": len(session.pongs),
                "peak_unanswered": session.peak_unanswered,
            }
            for session in service.sessions
        ],
        "actions": _LINK_BUTTONS,
        "devices": [
            _describe_device(home, device)
            for home in service.homes
            for device in home.devices.values()
        ],
        "faults": [fault.as_json() for fault in service.faults.armed],
        "fault_kinds": [
            {
                "name": kind.name,
                "about": kind.about,
                "options": kind.options,
                "choices": kind.choices,
            }
            for kind in service.faults.kinds.values()
        ],
        "violations": violations[-_SHOWN:],
        "received": [entry.as_json() for entry in service.received[-_SHOWN:]],
    }


def _button(label: str, op: str, **members: object) -> Json:
    return {"label": label, "do": {"op": op, **members}}


_LINK_BUTTONS = [
    _button("Link down", "link", action="down"),
    _button("Link up", "link", action="up"),
    _button("Drop", "drop"),
    _button("Abort", "abort"),
    _button("Stall", "stall"),
    _button("Stick", "stick"),
    _button("Session invalid", "invalid"),
    _button("Expire tokens", "expire_tokens"),
    _button("Oversized frame", "oversized"),
    _button("Reset", "reset"),
]


def _describe_device(home: Home, device: Device) -> Json:
    """Show what a device says about itself, and buttons for what its resources allow."""
    state = device.state(home.now())
    values: Json = {"online": device.connected, "reported": device.reported}
    shown = {
        SWITCH: "value",
        QUIET_MODE: "value",
        MOVEMENT: "movement",
        OPEN_LEVEL: "openLevel",
        LAST_EVENT: "ts",
    }
    for link in state["links"]:
        if member := shown.get(link["rt"]):
            values[link["href"]] = link.get(member)
    room = home.rooms.get(str(device.record.get("roomId")))
    return {
        "id": device.device_id,
        "name": device.record.get("name"),
        "type": device.record.get("type"),
        "room": room,
        "about": " · ".join(filter(None, [device.record.get("modelName"), room])),
        "values": values,
        "state": state,
        "actions": _device_buttons(device),
    }


def _device_buttons(device: Device) -> list[Json]:
    it = device.device_id
    buttons: list[Json] = []
    if device.has(SWITCH):
        buttons.append(_button("Press", "press", device=it))
    if device.has(MOVEMENT):
        buttons += [
            _button("Up", "move", device=it, movement="up"),
            _button("Stop", "move", device=it, movement="stop"),
            _button("Down", "move", device=it, movement="down"),
        ]
    if device.has(OPEN_LEVEL):
        buttons.append(_button("Half", "level", device=it, level=50))
    if device.has(LAST_EVENT):
        buttons += [
            _button("Ring", "ring", device=it),
            _button("Ring with image", "ring", device=it, image=True),
            _button("Motion", "ring", device=it, kind="motion"),
            _button("Same again", "ring", device=it, repeat=True),
        ]
    if device.has(QUIET_MODE):
        quiet = bool(device.read(QUIET_MODE, "value"))
        buttons.append(_button("Light on" if quiet else "Quiet", "quiet", device=it, on=not quiet))
    online = device.connected
    buttons.append(
        _button("Offline" if online else "Online", "online", device=it, online=not online)
    )
    if device.resources is not None:
        known = device.reported
        label = "Null state" if known else "Report"
        buttons.append(_button(label, "reported", device=it, reported=not known))
    buttons.append(_button("Remove", "remove", device=it))
    return buttons
