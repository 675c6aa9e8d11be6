"""A conversation without sockets or clocks: what a connection hears, says and understands at given times."""

from collections.abc import Iterable, Mapping, Sequence
import json
from typing import Any

from custom_components.home_connect_local.protocol.connection import (
    Codec,
    Connection,
    Event,
    Identity,
    Statistics,
)
from custom_components.home_connect_local.protocol.const import Action
from custom_components.home_connect_local.protocol.conversation import Settled
from custom_components.home_connect_local.protocol.errors import CommandError
from custom_components.home_connect_local.protocol.frames import Control, PlainCodec
from custom_components.home_connect_local.protocol.messages import Request

type Json = dict[str, Any]

START = 1000.0
DEVICE_ID, DEVICE_NAME = "c0ffee01", "Local Test"
NONCE = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
SESSION_ID, FIRST_ID = 0x8000_0001, 500
OLD: Mapping[str, int] = {"ci": 1, "ei": 1, "ro": 1}
MIDDLE: Mapping[str, int] = {"ci": 2, "ei": 2, "ni": 1, "ro": 1}
CURRENT: Mapping[str, int] = {"ci": 3, "ei": 2, "iz": 1, "ni": 1, "ro": 1}
SERVICES, AUTHENTICATION, OLD_INFO = "/ci/services", "/ci/authentication", "/ci/info"
INFO, READY, NETWORK = "/iz/info", "/ei/deviceReady", "/ni/info"
CHANGES, ALL, VALUES = "/ro/allDescriptionChanges", "/ro/allMandatoryValues", "/ro/values"


def listed(services: Mapping[str, int]) -> list[Json]:
    """Write a list of services."""
    return [{"service": name, "version": version} for name, version in services.items()]


class Talk:
    """Plays the appliance of one connection, and keeps its clock."""

    def __init__(self, codec: Codec | None = None) -> None:
        """Open a connection at a thousand seconds; the appliance has to speak first."""
        self.now = START
        self.statistics = Statistics()
        self.connection = Connection(
            self.now,
            codec or PlainCodec(),
            Identity(DEVICE_ID, DEVICE_NAME),
            nonce=lambda: NONCE,
            statistics=self.statistics,
        )
        self.events: list[Event] = []
        self.sent: list[Json] = []
        """Messages that were not taken yet."""
        self.said: list[Json] = []
        """All messages."""
        self.said_at: list[float] = []
        self.pings: list[float] = []
        self.flush()

    # --- the appliance ----------------------------------------------------------------------

    def flush(self) -> None:
        """Take what the connection wants to write."""
        for data in self.connection.outgoing():
            if data is Control.PING:
                self.pings.append(self.now)
                continue
            assert isinstance(data, str)
            message = json.loads(data)
            self.sent.append(message)
            self.said.append(message)
            self.said_at.append(self.now)

    def hear(self, *frames: str | bytes | Control | Json) -> Sequence[Event]:
        """Let the connection hear frames; gives the events of these."""
        seen = len(self.events)
        for frame in frames:
            data = json.dumps(frame) if isinstance(frame, dict) else frame
            self.events += self.connection.receive(data, self.now)
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
            self.events += self.connection.tick(self.now)
            self.flush()
        self.now = end
        return self.events[seen:]

    def alive(self, seconds: float) -> Sequence[Event]:
        """Let time pass on a link that answers pings."""
        end, seen = self.now + seconds, len(self.events)
        while self.now < end:
            self.wait(min(5.0, end - self.now))
            self.hear(Control.PONG)
        return self.events[seen:]

    def act(self) -> None:
        """Let the connection do all that needs no time."""
        self.wait(0)

    def take(self) -> list[Json]:
        """Give what was sent since the last time."""
        taken, self.sent = self.sent, []
        return taken

    def asked(self) -> list[str]:
        """Give the resources of what was sent since the last time."""
        return [message["resource"] for message in self.take()]

    # --- what it says -----------------------------------------------------------------------

    def greet(self, version: int = 2, **members: Any) -> Sequence[Event]:
        """Say the first message."""
        return self.hear(
            {
                "sID": SESSION_ID,
                "msgID": 7,
                "resource": "/ei/initialValues",
                "version": version,
                "action": "POST",
                "data": [{"edMsgID": FIRST_ID}],
                **members,
            }
        )

    def response(self, data: object = None, **members: Any) -> Json:
        """Build the answer to what was asked last."""
        asked = next(each for each in reversed(self.said) if each["action"] in {"GET", "POST"})
        body = {name: asked[name] for name in ("sID", "msgID", "resource", "version")}
        body["action"] = "RESPONSE"
        if data is not None:
            body["data"] = data
        return {**body, **members}

    def answer(self, data: object = None, **members: Any) -> Sequence[Event]:
        """Answer what was asked last; with ``code`` refuse it."""
        return self.hear(self.response(data, **members))

    def notify(self, resource: str, *items: Json, **members: Any) -> Sequence[Event]:
        """Tell something."""
        return self.hear(
            {
                "sID": SESSION_ID,
                "msgID": 90,
                "resource": resource,
                "version": 1,
                "action": "NOTIFY",
                "data": list(items),
                **members,
            }
        )

    def reach(
        self, resource: str, services: Mapping[str, int] = CURRENT, *, version: int | None = None
    ) -> Talk:
        """Go through the greeting until a resource is asked for."""
        if not self.connection.greeted:
            self.greet(services["ei"] if version is None else version)
        for _ in range(20):
            if self.said[-1]["resource"] == resource:
                break
            data = listed(services) if self.said[-1]["resource"] == SERVICES else []
            self.answer(data)
        assert self.said[-1]["resource"] == resource
        return self

    def establish(self, services: Mapping[str, int] = CURRENT) -> Talk:
        """Go through the whole greeting, and forget what was said."""
        self.reach(ALL, services).answer([])
        assert self.connection.established
        self.forget()
        return self

    def forget(self) -> None:
        """Forget what was said and told."""
        self.sent.clear()
        self.said_at.clear()
        self.events.clear()

    # --- the client -------------------------------------------------------------------------

    def submit(self, request: Request) -> int:
        """Submit a request and take what it makes the connection write."""
        ticket = self.connection.submit(request, self.now)
        self.events += self.connection.told()
        self.act()
        return ticket

    def read(self, *uids: int) -> int:
        """Ask for values."""
        return self.submit(get(VALUES, *({"uid": uid} for uid in uids)))

    @property
    def settled(self) -> dict[int, Any]:
        """Tell by ticket how requests ended: the error, or the data of the answer; none may end twice."""
        ended = [event for event in self.events if isinstance(event, Settled)]
        assert len({each.ticket for each in ended}) == len(ended)
        return {each.ticket: each.error or each.answer for each in ended}

    def outcomes(self, tickets: Iterable[int]) -> list[type[CommandError] | None]:
        """Tell how requests ended, in this order."""
        settled = self.settled
        return [
            type(settled[ticket]) if isinstance(settled[ticket], CommandError) else None
            for ticket in tickets
        ]


def get(resource: str, *items: Json) -> Request:
    """Build a question."""
    return Request(resource, Action.GET, items)


def post(resource: str, *items: Json) -> Request:
    """Build a wish."""
    return Request(resource, Action.POST, items)
