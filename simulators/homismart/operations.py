"""What can be done through the control address: hands on the devices, and faults.

Each operation is a function whose signature is the schema of its JSON members and whose docstring is its
documentation, shown on the page. Devices and hubs are named by id, or by name where it is unique.
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
from .devices import CURTAIN_TYPES, LOCK_TYPE, PRODUCTS, Device, Json
from .home import Home, Terms
from .service import Service

_KINDS = {product.type_number: kind for kind, product in PRODUCTS.items()}


def operations(service: Service) -> Mapping[str, Operation]:
    """List the operations of a cloud by name."""
    return (
        _hands(service)
        | _app(service)
        | _account(service)
        | link_operations(service)
        | cloud_operations(service)
        | _link(service)
        | switch_operations(service)
        | _manners(service)
    )


def _hands(service: Service) -> dict[str, Operation]:
    """What people do to the devices themselves."""

    def press(device: str, on: bool | None = None) -> bool:
        """Press the button of a switch, socket or door opener, or set it; tells whether it is on now."""
        return service.home_with(device).press(device, on)

    def move(device: str, movement: str) -> None:
        """Press "open", "close" or "stop" on the button of a curtain or shutter."""
        service.home_with(device).move(device, movement)

    def level(device: str, level: int) -> None:
        """Send a curtain or shutter to a level, 0 open to 100 closed."""
        service.home_with(device).move_to(device, level)

    def block(device: str, at: float = 50.0, report: bool = True) -> None:
        """Stop a moving curtain so many percent of the rest of its way; report: whether it tells."""
        service.home_with(device).block(device, at=at, report=report)

    def lock(device: str, locked: bool) -> None:
        """Lock or unlock a door, or the buttons of another device."""
        service.home_with(device).set_lock(device, locked)

    def led(device: str, level: int) -> None:
        """Set the indicator light, 0 to 100."""
        service.home_with(device).set_led(device, level)

    def closed_position(device: str, position: int) -> None:
        """Calibrate where a curtain is closed, 0 to 10."""
        service.home_with(device).set_closed_position(device, position)

    def online(device: str, online: bool, notice: str = "push") -> None:
        """Take a hub or device off line, or bring it back.

        notice: how the cloud tells: "push" (0009), "members" (0049 with id and onLine), "bare" (empty 0049), "both"
        (0009 and an empty 0049) or "none".
        """
        service.home_with(device).set_connected(device, online, notice=notice)

    return {
        "press": press,
        "move": move,
        "level": level,
        "block": block,
        "lock": lock,
        "led": led,
        "closed_position": closed_position,
        "online": online,
    }


def _app(service: Service) -> dict[str, Operation]:
    """What people do in the vendor's app."""

    def rename(device: str, name: str) -> None:
        """Give a hub or device another name."""
        service.home_with(device).rename(device, name)

    def icon(device: str, icon_id: str) -> None:
        """Give a hub or device another icon, by its number as text."""
        service.home_with(device).set_icon(device, icon_id)

    def firmware(device: str, version: int | str) -> None:
        """Update the firmware of a hub or device."""
        service.home_with(device).set_version(device, version)

    def type_(device: str, type: int) -> None:
        """Give a device another type number."""
        service.home_with(device).change_type(device, type)

    def add(kind: str, name: str, hub: str | None = None, announce: str = "push") -> str:
        """Pair a hub or device, with the first hub by default; gives its id.

        kind: hub, socket, light_switch, undefined, shutter, curtain, multi_gang, double_switch, other_socket,
        door_lock, strange_switch or strange_curtain. announce: how the cloud tells: "push" (0009), "answer" (0013),
        "partial" (0009 without a type) or "none".
        """
        home = service.home_with(hub) if hub is not None else service.home
        return home.add(kind, name, hub=hub, announce=announce).device_id

    def remove(device: str, announce: bool = True) -> None:
        """Delete a hub or device; without announce only the next list tells of it."""
        service.home_with(device).remove(device, announce=announce)

    def share(device: str, hours: str = "00:00-24:00", permission: str = "control") -> None:
        """Let a device be shared by another account, for hours such as "08:00-20:00"; other permissions forbid."""
        service.home_with(device).share(device, hours=hours, permission=permission)

    def unshare(device: str) -> None:
        """Let a device be the account's own."""
        service.home_with(device).unshare(device)

    def write(device: str, members: dict[str, Any]) -> None:
        """Change any members of an object, known or not, and push it."""
        service.home_with(device).write(device, members)

    def remember(device: str) -> None:
        """Let another client remember the object of a device as it is now."""
        service.home_with(device).remember(device)

    def rewrite(device: str, members: dict[str, Any] | None = None) -> None:
        """Let that client write the object it remembers, with these members changed, however old it is."""
        service.home_with(device).rewrite(device, members)

    return {
        "rename": rename,
        "icon": icon,
        "firmware": firmware,
        "type": type_,
        "add": add,
        "remove": remove,
        "share": share,
        "unshare": unshare,
        "write": write,
        "remember": remember,
        "rewrite": rewrite,
    }


def _account(service: Service) -> dict[str, Operation]:
    """What happens to an account."""

    def password(password: str, username: str | None = None) -> None:
        """Change the password of an account, the first by default; open connections live on."""
        service.change_password(password, service.home_of(username))

    def terms(changed: bool = True, withhold: bool = False, username: str | None = None) -> None:
        """Change the terms of use, so that a login asks to confirm them; withhold: no list before that."""
        service.home_of(username).terms = Terms(changed, withhold)

    return {"password": password, "terms": terms}


def _link(service: Service) -> dict[str, Operation]:
    """What happens to all connections at once and is this vendor's own."""

    def error(code: int, info: str = "") -> None:
        """Send all clients an error frame that belongs to nothing."""
        service.send_error(code, info)

    def redirect(ip: str | None = None, port: str | None = None) -> None:
        """Send all clients elsewhere: to the second server unless a target is named."""
        service.redirect(ip, port)

    def frame(prefix: str, body: dict[str, Any] | list[Any] | None = None) -> None:
        """Send all clients that are logged in any frame."""
        service.send_frame(prefix, body)

    def odd_frames() -> None:
        """Send all clients one frame of each odd kind that means nothing."""
        service.send_odd_frames()

    return {
        "error": error,
        "redirect": redirect,
        "frame": frame,
        "odd_frames": odd_frames,
    }


def _manners(service: Service) -> dict[str, Operation]:
    """Pace and rules."""

    def pace(
        speed: float | None = None,
        reaction_s: float | None = None,
        progress_s: float | None = None,
        bare_stop: bool | None = None,
        report_unchanged: bool | None = None,
        partial: bool | None = None,
    ) -> None:
        """Set how quick and talkative devices are.

        speed divides all times. reaction_s: from command to report. progress_s: interval of reports from a moving
        curtain, 0 for none. bare_stop: a stop is reported as 99. report_unchanged: after group commands all devices
        report. partial: reports hold only what changed.
        """
        if speed is not None and speed <= 0:
            raise ValueError("speed is above 0")
        given = {
            "speed": speed,
            "reaction_s": reaction_s,
            "progress_s": progress_s,
            "bare_stop": bare_stop,
            "report_unchanged": report_unchanged,
            "partial": partial,
        }
        for home in service.homes:
            apply(home.pace, given)

    def rules(
        refuse_before_login: bool | None = None,
        close_after_refusal: bool | None = None,
        close_after_redirect: bool | None = None,
        max_frames_per_s: int | None = None,
        fresh_s: float | None = None,
    ) -> None:
        """Choose what nobody knows of the real service.

        Whether a request before the login gets an error, and whether the server closes after a refusal or a
        redirect. max_frames_per_s: more are a violation, 0 for any. fresh_s: how old times in a command may be, 0 for
        any age.
        """
        given = {
            "refuse_before_login": refuse_before_login,
            "close_after_refusal": close_after_refusal,
            "close_after_redirect": close_after_redirect,
            "max_frames_per_s": max_frames_per_s,
            "fresh_s": fresh_s,
        }
        apply(service.rules, given)
        service.rules.max_frames_per_s = service.rules.max_frames_per_s or None
        service.rules.fresh_s = service.rules.fresh_s or None

    return {"pace": pace, "rules": rules}


def describe(service: Service) -> Json:
    """Give the state of everything for the control address, without secrets."""
    common = describe_service(service)
    return {
        "domain": "homismart",
        "title": "Homismart cloud",
        "summary": f"Link {common['link']}, connections: {len(service.sessions)}, "
        f"violations: {len(service.violations)}",
        "accounts": [home.account for home in service.homes],
        "second": service.second.ws_url if service.second else None,
        "connections": [
            describe_session(session) | {"account": session.account} for session in service.sessions
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
    button("Redirect", "redirect"),
    button("New terms", "terms", withhold=True),
    button("Error 1", "error", code=1),
    button("Odd frames", "odd_frames"),
    button("Oversized frame", "oversized"),
]
_SHOWN_MEMBERS = ("power", "curtainState", "lock", "led", "closedPosition", "shared", "allowedTime")


def _describe_device(home: Home, device: Device) -> Json:
    """Show what a device says about itself, and buttons for what its object allows."""
    kind = "hub" if device.is_hub else _KINDS.get(device.type_number or 0, "of unknown type")
    hub = home.hub_of(device)
    place = [] if device.is_hub else [hub.name if hub else "no hub"]
    values: Json = {"onLine": device.online}
    values |= {name: device.members[name] for name in _SHOWN_MEMBERS if device.has(name)}
    return {
        "id": device.device_id,
        "name": device.name,
        "type": device.type_number,
        "hub": device.hub_id,
        "about": " · ".join([kind.replace("_", " "), *place]),
        "values": values,
        "state": device.members,
        "actions": _device_buttons(device),
    }


def _device_buttons(device: Device) -> list[Json]:
    it = device.device_id
    buttons: list[Json] = []
    if device.has("curtainState"):
        buttons += [
            button("Open", "move", device=it, movement="open"),
            button("Stop", "move", device=it, movement="stop"),
            button("Close", "move", device=it, movement="close"),
            button("Half", "level", device=it, level=50),
        ]
    if device.has("power") and device.type_number not in CURTAIN_TYPES:
        buttons.append(button("Press", "press", device=it))
    if device.type_number == LOCK_TYPE:
        locked = device.read("lock") == "2"
        buttons.append(button("Unlock" if locked else "Lock", "lock", device=it, locked=not locked))
    if device.has("led"):
        dark = not device.read("led")
        label = "Light on" if dark else "Light off"
        buttons.append(button(label, "led", device=it, level=100 if dark else 0))
    online = device.online
    label = "Off line" if online else "On line"
    buttons.append(button(label, "online", device=it, online=not online))
    buttons.append(button("Remove", "remove", device=it))
    return buttons
