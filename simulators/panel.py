"""What the control addresses of simulators with a websocket offer alike.

Each operation is a function whose signature is the schema of its JSON members and whose docstring is its
documentation, shown on the page.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from .cloud import CloudService
from .control import Json, Operation
from .faults import Faults, Option
from .journal import Violation
from .websocket import Session, WebSocketService

# Lines of the past that the page shows.
_SHOWN = 100


class Entry(Protocol):
    """A line of a journal."""

    def as_json(self) -> Json:
        """Describe it for the control address."""


class Faulty(Protocol):
    """What can be told to do wrong."""

    @property
    def faults(self) -> Faults:
        """Its switches."""

    async def reset(self) -> None:
        """Be as at the beginning, apart from what lives in it."""


class Shown(Faulty, Protocol):
    """What the page tells of."""

    @property
    def link_up(self) -> bool:
        """Whether it can be reached."""

    @property
    def violations(self) -> Sequence[Violation]:
        """What clients should not have done."""

    @property
    def received(self) -> Sequence[Entry]:
        """What clients did."""


def button(label: str, op: str, **members: object) -> Json:
    """Describe a button of the page."""
    return {"label": label, "do": {"op": op, **members}}


LINK_BUTTONS = [
    button("Link down", "link", action="down"),
    button("Link up", "link", action="up"),
    button("Drop", "drop"),
    button("Abort", "abort"),
    button("Stall", "stall"),
    button("Stick", "stick"),
    button("Reset", "reset"),
]


def link_operations(service: WebSocketService[Any, Any]) -> dict[str, Operation]:
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
        "send": send,
        "ping": ping,
    }


def cloud_operations(service: CloudService[Any, Any, Any]) -> dict[str, Operation]:
    """What a cloud can tell all its clients."""

    def invalid() -> None:
        """Tell all clients in mid-session that they are not accepted any more."""
        service.send_invalid()

    def oversized() -> None:
        """Send all clients a frame that is longer than any client must take."""
        service.send_oversized()

    return {"invalid": invalid, "oversized": oversized}


def switch_operations(service: Faulty) -> dict[str, Operation]:
    """Faults on and off."""

    def fault(name: str, count: int | None = None, **options: Option) -> None:
        """Switch a fault on, for count strikes or until it is cleared; its options stand in "fault_kinds"."""
        service.faults.arm(name, count=count, **options)

    def clear(name: str | None = None) -> None:
        """Switch one fault off, or all of them."""
        service.faults.clear(name)

    async def reset() -> None:
        """Clear all faults, restore the link, forget what was received and the violations."""
        await service.reset()

    return {"fault": fault, "clear": clear, "reset": reset}


def apply(settings: object, given: Mapping[str, object]) -> None:
    """Change those settings that are given."""
    for name, value in given.items():
        if value is not None:
            setattr(settings, name, value)


def describe_session(session: Session) -> Json:
    """Tell how one connection is."""
    return {
        "number": session.number,
        "stalled": session.link.stalled,
        "stuck": session.stuck,
        "pings": len(session.pings),
        "pongs": len(session.pongs),
    }


def describe_service(service: Shown) -> Json:
    """Tell how the link is, what is switched on, and what happened last."""
    return {
        "link": "up" if service.link_up else "down",
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
        "violations": [violation.as_json() for violation in service.violations][-_SHOWN:],
        "received": [entry.as_json() for entry in service.received[-_SHOWN:]],
    }
