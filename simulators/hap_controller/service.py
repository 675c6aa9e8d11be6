"""The address of an accessory: connections, what is answered to whom, and who is told what.

Source: docs/hap_controller/wire.md §6, §7, §9, §12.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
import re
import socket
from typing import Any

from ..faults import Faults
from ..journal import Journal, Violation
from ..listener import bind
from ..timers import Timers
from .answers import TOO_MUCH, Answers
from .description import Json, Key
from .faults import FAULTS
from .house import House
from .manners import Rules
from .memory import Memory, write
from .pairing import Claim, Exchange
from .requests import Request
from .session import Session
from .writing import Answer, status_answer, write_answer, write_event

# How events are called where faults ask for a method and a path.
_EVENT = "EVENT"
_HUGE = 64 * 1024 * 1024
_MANY = 2000


@dataclass(frozen=True, slots=True)
class Received:
    """One line of the journal: what a controller did."""

    at: float
    what: str
    """``open``, ``close`` or ``request``."""
    session: int = 0
    method: str = ""
    target: str = ""
    body: Any = None
    """What the JSON of a request says; None for pairing messages, which hold keys."""
    code: int = 0
    """What was answered; 0 for nothing."""

    def as_json(self) -> Json:
        """Describe it for the control address."""
        told = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in told.items() if value or name == "at"}


@dataclass(frozen=True, slots=True)
class Wish:
    """One value that a controller wrote and the accessory took."""

    key: Key
    value: Any
    session: int


class Service:
    """Serves a house to controllers."""

    def __init__(
        self,
        house: House,
        memory: Memory,
        *,
        rules: Rules | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        """Prepare; nothing happens before ``open``. With port 0 the system picks one."""
        self.house = house
        self.memory = memory
        self.rules = rules or Rules()
        self.host = host
        self.port = port
        self.faults = Faults(FAULTS)
        self.journal: Journal[Received] = Journal()
        self.wishes: deque[Wish] = deque(maxlen=10_000)
        """What controllers wrote and the accessory took, oldest first."""
        self.sessions: list[Session] = []
        self.timers = Timers()
        self.on_announced: Callable[[], None] = lambda: None
        """Called when what is announced has changed."""
        self._answers = Answers(self)
        self._claim = Claim()
        self._numbers = 0
        self._server: asyncio.Server | None = None
        self._keeper: socket.socket | None = None
        self._stalling = False
        self._unsubscribe: Callable[[], None] = lambda: None
        self._storing = asyncio.Lock()
        self._saving: set[asyncio.Task[None]] = set()

    # --- what everybody may look at -------------------------------------------------------------

    @property
    def violations(self) -> list[Violation]:
        """What controllers should not have done, oldest first."""
        return list(self.journal.violations)

    @property
    def received(self) -> list[Received]:
        """What controllers did, oldest first."""
        return list(self.journal.received)

    @property
    def link_up(self) -> bool:
        """Whether connections are taken."""
        return self._server is not None

    def requests(self, path: str = "", method: str = "") -> list[Received]:
        """List the requests to paths that begin like this."""
        return [
            entry
            for entry in self.journal.received
            if entry.what == "request"
            and entry.target.startswith(path)
            and entry.method.startswith(method)
        ]

    def written(self, key: Key | None = None) -> list[Any]:
        """List the values that controllers wrote, of one characteristic or of all."""
        return [wish.value for wish in self.wishes if key in {None, wish.key}]

    # --- life -----------------------------------------------------------------------------------

    async def open(self) -> None:
        """Start to live and to serve. Raises OSError when the address cannot be had."""
        self._keeper = bind(self.host, self.port)
        self.port = self._keeper.getsockname()[1]
        try:
            self.memory.describe(self.house.shape)
            await self.saved()
            await self.link_restored()
        except BaseException:
            await self.close()
            raise
        self._unsubscribe = self.house.subscribe(self._changed)
        self.house.on_reshaped = self.reshaped
        self.house.start()

    async def close(self) -> None:
        """Stop at once, whatever controllers do."""
        self._unsubscribe()
        self.house.stop()
        self.timers.clear()
        await self.link_down()
        await asyncio.gather(*self._saving)
        if self._keeper is not None:
            self._keeper.close()
            self._keeper = None

    async def link_restored(self) -> None:
        """Take connections, again."""
        if self._server is None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(self._session, sock=bind(self.host, self.port))

    async def link_down(self) -> None:
        """Refuse connections and reset those that are open."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for session in tuple(self.sessions):
            session.abort()
        if server is not None:
            await server.wait_closed()
        await asyncio.sleep(0)  # closed transports give back their sockets in the next round

    async def move(self, port: int = 0) -> int:
        """Go to another port, as with another address; connections are reset. Gives the port."""
        await self.link_down()
        old, self._keeper = self._keeper, bind(self.host, port)
        self.port = self._keeper.getsockname()[1]
        if old is not None:
            old.close()
        await self.link_restored()
        self.on_announced()
        return self.port

    async def saved(self) -> None:
        """Write down what is to survive a restart."""
        if (path := self.memory.path) is not None:
            async with self._storing:
                await asyncio.to_thread(write, path, self.memory.dump())

    def _save(self) -> None:
        if self.memory.path is not None:
            task = asyncio.create_task(self.saved())
            self._saving.add(task)
            task.add_done_callback(self._saving.discard)

    def reshaped(self) -> None:
        """Let the number of the description follow the accessories."""
        if self.memory.describe(self.house.shape):
            self._save()
            self.on_announced()

    # --- what happens to connections --------------------------------------------------------------

    def drop(self, how: str = "fin") -> None:
        """End all connections, with ``fin`` or ``rst``."""
        for session in tuple(self.sessions):
            session.end(how)

    def stall(self, *, later: bool = False) -> None:
        """Make all connections half-open: nothing is read or sent, nothing closed; with ``later`` new ones too."""
        self._stalling = later
        for session in self.sessions:
            session.stall()

    def resume(self) -> None:
        """End all stalls."""
        self._stalling = False
        for session in self.sessions:
            session.resume()

    async def flap(self, times: int, period_s: float, how: str = "rst") -> None:
        """End all connections again and again."""
        for _ in range(times):
            await asyncio.sleep(period_s)
            self.drop(how)

    async def reboot(self, seconds: float = 0.0, *, count_up: bool = False) -> None:
        """Drop everything and come back, with another ``c#`` if wanted."""
        await self.link_down()
        if count_up:
            self.memory.count_up()
            await self.saved()
        if seconds:
            await asyncio.sleep(seconds)
        await self.link_restored()
        self.on_announced()

    async def factory_reset(self, *, new_id: bool = True) -> None:
        """Forget all controllers, and by default who it was."""
        self.memory.forget(new_id=new_id)
        await self.reboot()
        await self.saved()

    async def reset(self) -> None:
        """Clear every fault, restore the link, forget what was received and the violations."""
        self.faults.clear()
        self.resume()
        self.journal.clear()
        self.wishes.clear()
        await self.link_restored()

    def unpair(self, controller_id: str | None = None) -> None:
        """Forget a controller, or all, as when another one removed it; its connections end."""
        if controller_id is None:
            self.memory.controllers.clear()
        else:
            self.memory.controllers.pop(controller_id, None)
            self.memory.keep_admins()
        self.settle_controllers()

    def settle_controllers(self) -> None:
        """End the connections of controllers that are not known any more, and announce how it is."""
        for session in tuple(self.sessions):
            known = self.memory.controllers.get(session.controller_id or "")
            if session.controller_id is not None and known is None:
                session.end("fin")
        self._save()
        self.on_announced()

    # --- connections --------------------------------------------------------------------------

    def _session(self) -> Session:
        self._numbers += 1
        return Session(self, self._numbers, Exchange(self.memory, self.faults, self._claim))

    def opened(self, session: Session) -> None:
        """Take a connection that a controller opened."""
        self.sessions.append(session)
        self.journal.note(Received(self.house.now(), "open", session.number))
        fault = self.faults.take("accept")
        if self._stalling or (fault and fault["how"] == "silence"):
            session.stall()
        elif fault:
            session.end(fault["how"])

    def closed(self, session: Session) -> None:
        """Take note of its end."""
        if session in self.sessions:
            self.sessions.remove(session)
        self.journal.note(Received(self.house.now(), "close", session.number))

    def offended(self, session: Session, why: str) -> None:
        """End a connection on something that no controller should send."""
        self.journal.violate(why, session.number)
        session.end("fin")

    # --- requests -----------------------------------------------------------------------------

    async def serve(self, session: Session, request: Request) -> None:
        """Answer a request, as it should be or as wrongly as was asked for."""
        which = {"method": request.method, "path": request.path, "step": request.step}
        await self._wait(which)
        if session.hung_up:
            return
        answer = await self._considered(session, request, which)
        for why in request.misdeeds:
            self.journal.violate(why, session.number)
        self.journal.note(
            Received(
                self.house.now(),
                "request",
                session.number,
                request.method,
                request.target,
                request.told,
                answer.code if answer else 0,
            )
        )

    async def _wait(self, which: dict[str, str]) -> None:
        fault = self.faults.take("delay", **which)
        if seconds := fault["seconds"] if fault else self.rules.answer_s:
            await asyncio.sleep(seconds)

    async def _considered(
        self, session: Session, request: Request, which: dict[str, str]
    ) -> Answer | None:
        """Carry a request out and answer it, unless it is too much or a fault is in the way; gives the answer sent."""
        if len(self.sessions) > self.rules.max_sessions and not session.secured:
            session.put(write_answer(Answer(503), self.rules))
            session.end()
            return None
        cut, silence, code = (
            self.faults.take(name, **which) for name in ("cut", "silence", "code")
        )
        answer: Answer | None = None
        if all(fault["act"] for fault in (cut, silence, code) if fault):
            answer = await self._act(session, request)
        if code:
            answer = status_answer(code["code"], code["status"])
        if answer is None or silence or (cut and cut["answer"] == "none"):
            if answer:
                answer.then()
            if cut:
                session.end(cut["how"])
            return None
        if cut and cut["answer"] == "half":
            session.half(write_answer(answer, self.rules), cut["how"])
            answer.then()
            return None
        self._send(session, request, answer, which)
        if cut:
            session.end(cut["how"])
        return answer

    async def _act(self, session: Session, request: Request) -> Answer | None:
        """Carry a request out; gives the answer, None when there is to be none."""
        refusal = self._too_much(session, request)
        if refusal or session.hung_up or session.stalled:
            return refusal
        return await self._answers.answer(session, request)

    def _too_much(self, session: Session, request: Request) -> Answer | None:
        """Look whether a request is more than this accessory bears; what becomes of it then."""
        rules = self.rules
        if rules.one_read and request.reads > 1:
            session.end("rst")
            return None
        aids = set(re.findall(rb'"aid":(\d+)', request.body))
        if rules.one_aid and len(aids) > 1:
            session.end("rst")
            return None
        ids = request.target.count(",") + 1 + request.body.count(b'"iid"')
        if not (0 < rules.max_ids < ids or 0 < rules.max_request_bytes < request.size):
            return None
        match rules.too_much:
            case "close":
                session.end("fin")
            case "reset":
                session.end("rst")
            case "silence":
                session.stall()
            case _:
                return status_answer(207, TOO_MUCH)
        return None

    def _send(
        self, session: Session, request: Request, answer: Answer, which: dict[str, str]
    ) -> None:
        """Send an answer, and let happen what follows it."""
        where = {"method": request.method, "path": request.path}
        spoiled = self.faults.take("json", **where) if answer.told is not None else None
        if which["step"] and (fault := self.faults.take("pair_http", step=which["step"])):
            answer = replace(answer, code=fault["code"])
        data = write_answer(answer, self.rules, spoiled["how"] if spoiled else "")
        if fault := self.faults.take("http", **where):
            data = _broken(data, fault["how"])
        if fault := self.faults.take("dribble", **which):
            session.dribble_s = fault["pause_s"]
        frame = self.faults.take("frame", **where) if session.secured else None
        session.put(data, frame["how"] if frame else "")
        answer.then()

    def wished(self, key: Key, value: Any, session: Session) -> None:
        """Note that a controller wrote something."""
        self.wishes.append(Wish(key, value, session.number))

    # --- events ---------------------------------------------------------------------------------

    def _changed(self, key: Key, value: Any, source: object | None) -> None:
        """Tell all who want to know, but the one who did it."""
        accessory, _, each = self.house.places[key]
        if not accessory.reachable or "ev" not in each.perms or self.rules.push == "mute":
            return
        for session in self.sessions:
            if session is source:  # what waits to be told is older than what it wrote
                session.waiting.pop(key, None)
                continue
            if key not in session.subscriptions:
                continue
            if each.stateless:
                aid, iid = key
                self._tell(session, {"characteristics": [{"aid": aid, "iid": iid, "value": value}]})
            else:
                interval_s = self.house.pace.lasting(self.house.pace.event_s)
                session.tell_later(key, value, interval_s, partial(self._tell, session))

    def _tell(self, session: Session, told: Json) -> None:
        if self.faults.take("lost"):
            return
        where = {"method": _EVENT, "path": _EVENT}
        spoiled = self.faults.take("json", **where)
        frame = self.faults.take("frame", **where)
        data = write_event(told, self.rules, spoiled["how"] if spoiled else "")
        for _ in range(2 if self.faults.take("doubled") else 1):
            session.put(data, frame["how"] if frame else "")

    def send(self, told: Json) -> None:
        """Tell all controllers anything as an event, subscribed to or not."""
        for session in self.sessions:
            if session.secured:
                session.put(write_event(told, self.rules))


def _broken(data: bytes, how: str) -> bytes:
    """Spoil an answer."""
    head, _, body = data.partition(b"\r\n\r\n")
    match how:
        case "twice":
            return data + data
        case "endless_head":
            return head + b"\r\nX-More: more" * _MANY
        case "endless_body":
            return b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + body[:900]
        case "huge":
            return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % _HUGE
        case "stray_event":
            event = b'{"characteristics":[{"aid":4711,"iid":1,"value":1}]}'
            start = b"EVENT/1.0 200 OK\r\nContent-Type: application/hap+json\r\n"
            return start + b"Content-Length: %d\r\n\r\n%b" % (len(event), event) + data
        case _:
            return b"SSH-2.0-nothing\r\n\r\n"
