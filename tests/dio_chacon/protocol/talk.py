"""A conversation without sockets or clocks: what a connection hears, says and understands at given times."""

from collections.abc import Mapping, Sequence
from itertools import count
import json
from typing import Any

from custom_components.dio_chacon.protocol.connection import Connection, Event
from custom_components.dio_chacon.protocol.frames import Control

from .home import BELL, CAMERA, GREETING, LIGHT, PLUG, SHUTTER, USER, record, states


class Talk:
    """Plays the server of one connection and keeps its clock."""

    def __init__(self, *, greet: bool = True, **options: Any) -> None:
        """Open a connection at a thousand seconds, and greet it."""
        self.now = 1000.0
        self.connection = Connection(self.now, count(1), **options)
        self.events: list[Event] = []
        self.sent: list[dict[str, Any]] = []
        """Requests in the order of the wire that were not taken yet."""
        self.open: dict[int, dict[str, Any]] = {}
        """Requests that were not answered yet, by number."""
        self.pings = 0
        self.records = [record(each) for each in (SHUTTER, PLUG, LIGHT, BELL, CAMERA)]
        self.states: Mapping[str, Any] = states()
        if greet:
            self.hear(GREETING)

    def flush(self) -> None:
        """Take what the connection wants to write."""
        for data in self.connection.outgoing():
            if isinstance(data, Control):
                assert data is Control.PING
                self.pings += 1
                continue
            request = json.loads(data)
            assert list(request) == ["method", "path", "parameters", "id"]
            self.sent.append(request)
            self.open[request["id"]] = request

    def hear(self, *frames: object) -> Sequence[Event]:
        """Let the connection hear frames; gives the events of these."""
        heard: list[Event] = []
        for frame in frames:
            data = frame if isinstance(frame, str | Control) else json.dumps(frame)
            heard += self.connection.receive(data, self.now)
        self.events += heard
        self.flush()
        return heard

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

    def take(self) -> list[tuple[str, str]]:
        """Give what was sent since the last time, in short."""
        taken = [(request["method"], request["path"]) for request in self.sent]
        self.sent.clear()
        return taken

    def find(self, path: str) -> dict[str, Any]:
        """Find the oldest open request of a path."""
        return next(request for request in self.open.values() if request["path"].endswith(path))

    def answer(
        self, request: dict[str, Any] | str, data: object = None, status: object = 200
    ) -> Sequence[Event]:
        """Answer an open request."""
        if isinstance(request, str):
            request = self.find(request)
        del self.open[request["id"]]
        return self.hear({"id": request["id"], "status": status, "data": data})

    def data_for(self, request: dict[str, Any]) -> object:
        """Give what the home has to say to a request."""
        match request["path"]:
            case "/user":
                return USER
            case "/device":
                return self.records
            case "/room":
                return []
            case "/device/states":
                return {each: self.states.get(each) for each in request["parameters"]["devices"]}
            case _:
                return None

    def answer_all(self) -> Sequence[Event]:
        """Answer whatever is open, and what follows from that, as the home would."""
        heard: list[Event] = []
        while self.open:
            request = next(iter(self.open.values()))
            heard += self.answer(request, self.data_for(request))
        return heard

    def establish(self) -> Talk:
        """Finish the handshake and forget what was said."""
        self.answer_all()
        assert self.connection.established
        self.sent.clear()
        self.events.clear()
        return self
