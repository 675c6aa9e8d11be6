"""What can be done through the control address: hands on the devices, and faults.

Each operation is a function whose signature is the schema of its JSON members and whose docstring is its
documentation, shown on the page. Devices are named by id, or by name where it is unique.
"""

from collections.abc import Mapping
from typing import Any

from ..control import Operation
from ..panel import (
    LINK_BUTTONS,
    apply,
    button,
    cloud_operations,
    describe_service,
    describe_session,
    link_operations,
    switch_operations,
)
from .devices import LAST_EVENT, MOVEMENT, OPEN_LEVEL, QUIET_MODE, SWITCH, Device, Json
from .home import SNAPSHOT_URL, Home
from .service import Service


def operations(service: Service) -> Mapping[str, Operation]:
    """List the operations of a cloud by name."""
    return (
        _hands(service)
        | _app(service)
        | link_operations(service)
        | cloud_operations(service)
        | _tokens(service)
        | switch_operations(service)
        | _manners(service)
    )


def _hands(service: Service) -> dict[str, Operation]:
    """What people do to the devices themselves."""

    def press(device: str, on: bool | None = None) -> bool:
        """Press the button of a switch or plug, or switch it on or off; tells whether it is on now."""
        return service.home_with(device).press(device, on)

    def move(device: str, movement: str) -> None:
        """Press "up", "down" or "stop" on the remote of a shutter."""
        service.home_with(device).move(device, movement)

    def level(device: str, level: int) -> None:
        """Send a shutter to a level, 0 closed to 100 open."""
        service.home_with(device).move_to(device, level)

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
        home = service.home_with(device)
        if repeat:
            ts = str(home.device(device).read(LAST_EVENT, "ts"))
        url = SNAPSHOT_URL if image is True else image or None
        return home.ring(device, kind=kind, image=url, ts=ts, empty=empty)

    def quiet(device: str, on: bool) -> None:
        """Change the quiet mode (status light) of a switch or plug."""
        service.home_with(device).set_quiet(device, on)

    def online(device: str, online: bool) -> None:
        """Take a device off the Wi-Fi, or bring it back."""
        service.home_with(device).set_connected(device, online)

    def reported(device: str, reported: bool) -> None:
        """Let the state of a device be null, as of one with old firmware, or let it report."""
        service.home_with(device).set_reported(device, reported)

    def write(device: str, resource: str, members: dict[str, Any]) -> None:
        """Change any members of any resource type, and report it."""
        service.home_with(device).write(device, resource, members)

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
        service.home_with(device).rename(device, name)

    def room(device: str, room: str | None) -> None:
        """Move a device to a room, which is made when there is none of that name; null for no room."""
        service.home_with(device).assign_room(device, room)

    def firmware(device: str, version: str) -> None:
        """Update the firmware of a device."""
        service.home_with(device).set_firmware(device, version)

    def type_(device: str, type: str) -> None:
        """Give a device another type text."""
        service.home_with(device).change_type(device, type)

    def add(kind: str, name: str, room: str | None = None, announce: bool = False) -> str:
        """Pair a device; gives its id. Only the next list shows it, unless announce lets it report at once.

        kind: shutter, light_switch, plug, plain_plug, doorbell, camera, unknown_switch or unknown_cover.
        """
        return service.home.add(kind, name, room=room, announce=announce).device_id

    def remove(device: str) -> None:
        """Delete a device."""
        service.home_with(device).remove(device)

    def password(password: str, email: str | None = None) -> None:
        """Change the password of an account, the first by default; its tokens expire, connections live on."""
        service.change_password(password, service.home_of(email))

    return {
        "rename": rename,
        "room": room,
        "firmware": firmware,
        "type": type_,
        "add": add,
        "remove": remove,
        "password": password,
    }


def _tokens(service: Service) -> dict[str, Operation]:
    """What happens to the tokens of sessions."""

    def expire_tokens(live: bool = False) -> None:
        """Forget all session tokens; live: open sessions on them are answered 401 from now on."""
        service.expire_tokens(live=live)

    return {"expire_tokens": expire_tokens}


def _manners(service: Service) -> dict[str, Operation]:
    """Pace and rules."""

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
            apply(home.pace, given)

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
        apply(service.rules, given)
        service.rules.states_limit = service.rules.states_limit or None

    return {"pace": pace, "rules": rules}


def describe(service: Service) -> Json:
    """Give the state of everything for the control address, without secrets."""
    common = describe_service(service)
    return {
        "domain": "dio_chacon",
        "title": "DIO Chacon cloud",
        "summary": f"Link {common['link']}, connections: {len(service.sessions)}, "
        f"tokens: {len(service.tokens)}, violations: {len(service.violations)}",
        "accounts": [home.account for home in service.homes],
        "connections": [
            describe_session(session)
            | {
                "account": session.account,
                "by_token": session.token is not None,
                "greeted": session.greeted,
                "peak_unanswered": session.peak_unanswered,
            }
            for session in service.sessions
        ],
        "actions": _ACTIONS,
        "devices": [
            _describe_device(home, device)
            for home in service.homes
            for device in home.devices.values()
        ],
        **common,
    }


_ACTIONS = [
    *LINK_BUTTONS,
    button("Session invalid", "invalid"),
    button("Expire tokens", "expire_tokens"),
    button("Oversized frame", "oversized"),
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
        buttons.append(button("Press", "press", device=it))
    if device.has(MOVEMENT):
        buttons += [
            button("Up", "move", device=it, movement="up"),
            button("Stop", "move", device=it, movement="stop"),
            button("Down", "move", device=it, movement="down"),
        ]
    if device.has(OPEN_LEVEL):
        buttons.append(button("Half", "level", device=it, level=50))
    if device.has(LAST_EVENT):
        buttons += [
            button("Ring", "ring", device=it),
            button("Ring with image", "ring", device=it, image=True),
            button("Motion", "ring", device=it, kind="motion"),
            button("Same again", "ring", device=it, repeat=True),
        ]
    if device.has(QUIET_MODE):
        quiet = bool(device.read(QUIET_MODE, "value"))
        buttons.append(button("Light on" if quiet else "Quiet", "quiet", device=it, on=not quiet))
    online = device.connected
    buttons.append(
        button("Offline" if online else "Online", "online", device=it, online=not online)
    )
    if device.resources is not None:
        known = device.reported
        label = "Null state" if known else "Report"
        buttons.append(button(label, "reported", device=it, reported=not known))
    buttons.append(button("Remove", "remove", device=it))
    return buttons
