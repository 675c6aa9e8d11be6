"""A conversation without sockets or clocks: what a connection hears, says and understands at given times."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count
import json
from typing import Any

from custom_components.homismart.protocol.connection import (
    Connection,
    Event,
    Listed,
    Pending,
    Statistics,
    StoodStill,
)
from custom_components.homismart.protocol.const import WEBSOCKET_URL
from custom_components.homismart.protocol.conversation import Settled
from custom_components.homismart.protocol.errors import CommandError
from custom_components.homismart.protocol.frames import Control
from custom_components.homismart.protocol.login import Route
from custom_components.homismart.protocol.messages import Command, Deleted, ObjectPush
from custom_components.homismart.protocol.model import Device, Inventory, ModelChange

from .home import CREDENTIALS, MORNING, Json, objects

type Spoken = tuple[str, Any]
"""Prefix and body of a frame."""

START = 1000.0


class Talk:
    """Plays the server of one connection, keeps its clock, and keeps what the client would keep."""

    def __init__(
        self,
        *,
        inventory: Inventory | None = None,
        route: Route | None = None,
        **options: Any,
    ) -> None:
        """Open a connection at a thousand seconds; it says its login."""
        self.now = START
        self.inventory = inventory or Inventory()
        self.statistics = Statistics()
        self.connection = Connection(
            self.now,
            count(1),
            CREDENTIALS,
            self.inventory.devices,
            route or Route(WEBSOCKET_URL),
            wall=self.wall,
            statistics=self.statistics,
            **options,
        )
        self.events: list[Event] = []
        self.changes: list[ModelChange] = []
        self.sent: list[Spoken] = []
        """Frames that were not taken yet."""
        self.said_at: list[float] = []
        """When frames were sent, from the login on; pings do not count."""
        self.pings = 0
        self.flush()

    def wall(self) -> datetime:
        """Tell the time of the home."""
        return MORNING + timedelta(seconds=self.now - START)

    # --- the server -------------------------------------------------------------------------

    def flush(self) -> None:
        """Take what the connection wants to write."""
        for data in self.connection.outgoing():
            if isinstance(data, Control):
                assert data is Control.PING
                self.pings += 1
                continue
            assert data[:4].isdigit()
            self.sent.append((data[:4], json.loads(data[4:])))
            self.said_at.append(self.now)

    def hear(self, *frames: str | Control | Spoken) -> Sequence[Event]:
        """Let the connection hear frames; gives the events of these."""
        seen = len(self.events)
        for frame in frames:
            data = frame[0] + json.dumps(frame[1]) if isinstance(frame, tuple) else frame
            self._take(self.connection.receive(data, self.now))
            self.act()
        return self.events[seen:]

    def wait(self, seconds: float) -> Sequence[Event]:
        """Let time pass; the connection ticks when it is due, and must not be due again for nothing."""
        end, seen, idle = self.now + seconds, len(self.events), 0
        self.flush()
        while (due := self.connection.deadline) <= end:
            idle = idle + 1 if due <= self.now else 0
            assert idle < 5, "it ticks without end"
            self.now = max(self.now, due)
            self._take(self.connection.tick(self.now))
            self.flush()
        self.now = end
        return self.events[seen:]

    def act(self) -> None:
        """Let the connection do all that needs no time."""
        self.wait(0)

    def take(self) -> list[Spoken]:
        """Give what was sent since the last time."""
        taken, self.sent = self.sent, []
        return taken

    def taken(self, prefix: str) -> Any:
        """Give the body of the only frame that was sent since the last time."""
        ((found, body),) = self.take()
        assert found == prefix
        return body

    def prefixes(self) -> list[str]:
        """Give what was sent since the last time, in short."""
        return [prefix for prefix, _ in self.take()]

    def log_in(self, listed: Sequence[object] | None = None) -> Talk:
        """Let the client in, answer its list, and forget what was said."""
        self.hear(("0003", {"result": True}))
        self.hear(("0005", objects() if listed is None else listed))
        assert self.connection.established
        self.forget()
        return self

    def forget(self) -> None:
        """Forget what was said and told."""
        self.sent.clear()
        self.events.clear()
        self.changes.clear()

    def push(self, device_id: str, /, **members: object) -> Sequence[Event]:
        """Report members of one device."""
        return self.hear(("0009", {"id": device_id, **members}))

    # --- the client -------------------------------------------------------------------------

    def submit(self, command: Command) -> int:
        """Submit a command and take what it makes the connection write."""
        ticket = self.connection.submit(command, self.now)
        self.act()
        return ticket

    def _take(self, events: Any) -> None:
        """Do with events what the client does, one after the other."""
        for event in events:
            self.events.append(event)
            match event:
                case ObjectPush(report=report):
                    self.changes += self.inventory.reported(report)
                case Listed(reports=reports):
                    self.changes += self.inventory.listed(reports)
                case Deleted(device_id=device_id):
                    self.changes += self.inventory.deleted(device_id)
                case Pending(device_id=device_id, wants=wants):
                    self.changes += self.inventory.pending(device_id, wants)
                case StoodStill(device_id=device_id):
                    self.changes += self.inventory.stood_still(device_id)

    @property
    def devices(self) -> dict[str, Device]:
        """What is stored now."""
        return dict(self.inventory.devices)

    @property
    def outcomes(self) -> dict[int, type[CommandError] | None]:
        """Tell by ticket how wishes ended; none may end twice."""
        ended = [event for event in self.events if isinstance(event, Settled)]
        assert len({each.ticket for each in ended}) == len(ended)
        return {each.ticket: type(each.error) if each.error else None for each in ended}

    def error_of(self, ticket: int) -> CommandError:
        """Give what a wish ended with."""
        (found,) = (
            event.error
            for event in self.events
            if isinstance(event, Settled) and event.ticket == ticket
        )
        assert found is not None
        return found


def answer(body: Json | None = None, **members: object) -> Spoken:
    """Build the answer to a login."""
    return "0003", {"result": True, **(body or {}), **members}
