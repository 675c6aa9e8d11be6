"""The vendor's two addresses: they own the homes and answer by their own rules.

Only the codec is borrowed, to write frames; what clients send is read by stricter rules (``requests``).
Source: docs/dio_chacon/wire.md.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
import re
import secrets
from typing import Any

from aiohttp import WSMessage, WSMsgType, web

from custom_components.dio_chacon.protocol.frames import encode

from ..faults import Fault, Faults
from ..journal import Journal, Violation
from ..link import WebSocketLink
from ..listener import Listener
from .answers import LOGOUT_PATH, answer
from .devices import Json
from .faults import FAULTS
from .home import Home
from .requests import Refusal, Request, read_login, read_query, read_request
from .session import Session

_MAX_REQUEST_BYTES = 4 * 1024 * 1024


@dataclass(slots=True)
class Rules:
    """What nobody has published about the real service, to be chosen; may be changed at any time."""

    close_after_invalid: bool = False
    """Whether the server closes after a greeting that refuses."""
    close_after_logout: bool = False
    """Whether the server closes after the answer to a logout."""
    states_limit: int | None = None
    """How many ids one request for states may hold; None for no limit."""


@dataclass(frozen=True, slots=True)
class Received:
    """Something a client did."""

    at: float
    """Reading of the loop's clock."""
    what: str
    """``login``, ``open``, ``request``, ``close``, or ``http`` for any other address."""
    session: int = 0
    """Number of the connection, counted from 1; 0 for HTTP."""
    method: str = ""
    path: str = ""
    parameters: Any = field(default=None, repr=False)
    """Of a request as sent; of a login or opening the credentials as decoded; of a close the code."""
    number: int = 0
    """The id of a request."""

    def as_json(self) -> Json:
        """Describe it without secrets."""
        shown = asdict(self) | {"at": round(self.at, 3)}
        if self.what in {"login", "open"}:
            shown["parameters"] = sorted(self.parameters)
        return {name: value for name, value in shown.items() if value not in ("", None, 0)}


class Service:
    """Login and websocket of the cloud, for the accounts of some homes.

    All of it may be used and changed while it runs, from the same event loop.
    """

    def __init__(
        self, homes: Sequence[Home], *, rules: Rules | None = None, host: str, port: int
    ) -> None:
        """Serve ``homes``; with port 0 the system picks one when the service opens."""
        self.homes = tuple(homes)
        self.rules = rules or Rules()
        self.faults = Faults(FAULTS)
        self.journal = Journal[Received]()
        self.sessions: list[Session] = []
        self._tokens: dict[str, Home] = {}
        self._opened = 0
        self._stall_later = self._stick_later = False
        self._timers: set[asyncio.TimerHandle] = set()
        self._unsubscribe: list[Callable[[], None]] = []
        application = web.Application()
        application.router.add_post("/api/session/login", self._login)
        application.router.add_get("/ws", self._open)
        application.router.add_route("*", "/{path:.*}", self._refuse_address)
        self._listener = Listener(application, host, port)

    # --- life ------------------------------------------------------------------------------

    async def open(self) -> None:
        """Start to serve. Raises OSError when the address cannot be had."""
        await self._listener.open()
        for home in self.homes:
            self._unsubscribe.append(home.subscribe(partial(self._push, home)))

    async def close(self) -> None:
        """Stop at once, with every connection, timer and movement."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe.clear()
        for home in self.homes:
            home.stop()
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        await self._listener.close()

    @property
    def home(self) -> Home:
        """The first of the homes."""
        return self.homes[0]

    @property
    def ws_url(self) -> str:
        """Address of the websocket, without a query."""
        return f"ws://{self._listener.authority}/ws"

    @property
    def auth_url(self) -> str:
        """Address of the HTTP login."""
        return f"http://{self._listener.authority}/api/session/login"

    @property
    def link_up(self) -> bool:
        """Whether clients can connect."""
        return self._listener.accepting

    @property
    def tokens(self) -> tuple[str, ...]:
        """The session tokens that are valid."""
        return tuple(self._tokens)

    @property
    def received(self) -> list[Received]:
        """What clients did, oldest first."""
        return list(self.journal.received)

    @property
    def violations(self) -> list[Violation]:
        """What clients should not have done, oldest first."""
        return list(self.journal.violations)

    def requests(self, pattern: str = "") -> list[Received]:
        """Give the requests whose method and path, like ``GET /device``, hold a pattern."""
        return [
            item
            for item in self.journal.received
            if item.what == "request" and re.search(pattern, f"{item.method} {item.path}")
        ]

    # --- the whole cloud suffers -----------------------------------------------------------

    async def link_down(self) -> None:
        """Reset all clients and refuse new ones."""
        await self._listener.refuse()

    async def link_restored(self) -> None:
        """Take clients again."""
        await self._listener.accept()

    def close_sessions(self, code: int = 1001) -> None:
        """Close every connection in the orderly way."""
        for session in self.sessions:
            session.link.close(code)

    def hang_up(self) -> None:
        """End every connection with FIN and no closing frame."""
        for session in self.sessions:
            session.link.hang_up()

    def abort(self) -> None:
        """End every connection with RST."""
        for session in tuple(self.sessions):
            session.link.abort()

    def cut_mid_frame(self) -> None:
        """End every connection with half a frame."""
        for session in self.sessions:
            session.link.cut_mid_frame(
                '{"name":"deviceState","action":"update","data":{"di":"L4H"}}'
            )

    def stall(self, *, later: bool = False) -> None:
        """Make every connection half-open: it stays, and nothing is read or written, not even pongs.

        With ``later`` that happens to new connections too, right after the greeting.
        """
        self._stall_later |= later
        for session in self.sessions:
            session.link.stall()

    def stick(self, *, later: bool = False) -> None:
        """Answer pings on every connection and nothing else; with ``later`` on new ones too."""
        self._stick_later |= later
        for session in self.sessions:
            session.stuck = True

    def send_invalid(self) -> None:
        """Tell every client in the middle of its session that it is not accepted any more."""
        for session in self.sessions:
            session.dismiss()

    def expire_tokens(self, *, live: bool = False) -> None:
        """Forget all tokens; with ``live`` the open sessions on them are answered 401 from now on."""
        self._tokens.clear()
        for session in self.sessions:
            session.revoked |= live and session.token is not None

    def add_token(self, token: str, home: Home | None = None) -> None:
        """Make a token valid as if a login had given it."""
        self._tokens[token] = home or self.home

    def change_password(self, password: str, home: Home | None = None) -> None:
        """Change the password of an account; its tokens are gone, open connections live on."""
        home = home or self.home
        home.password = password
        self._tokens = {token: owner for token, owner in self._tokens.items() if owner is not home}

    def send_oversized(self) -> None:
        """Send every client a frame above 4 MiB."""
        for session in self.sessions:
            session.send_oversized()

    def send_text(self, text: str) -> None:
        """Send every client any text."""
        for session in self.sessions:
            session.link.send_text(text)

    def ping(self) -> None:
        """Ask every client for a pong; ``pongs`` of its session tells when it came."""
        for session in self.sessions:
            session.link.ping()

    async def reset(self) -> None:
        """Clear every fault and restore the link; forget what was received and the violations."""
        self.faults.clear()
        self._stall_later = self._stick_later = False
        for session in self.sessions:
            session.link.resume()
            session.stuck = False
        self.journal.clear()
        await self.link_restored()

    # --- HTTP ------------------------------------------------------------------------------

    async def _login(self, request: web.Request) -> web.Response:
        body = await request.read()
        try:
            login = read_login(request.headers.get("Content-Type"), body)
        except Refusal as refusal:
            self.journal.note(Received(self._now(), "login", parameters={}))
            return self._refuse_http(f"login: {refusal}")
        self.journal.note(Received(self._now(), "login", parameters=asdict(login)))
        if self.faults.take("login_hang"):
            await asyncio.Future()  # until the client gives up
        if fault := self.faults.take("login_delay"):
            await asyncio.sleep(fault["seconds"])
        if fault := self.faults.take("login_status"):
            return _http_fault(fault)
        if fault := self.faults.take("login_refuse"):
            return web.json_response(
                {"status": 400, "data": fault["text"]}, status=fault["http_status"]
            )
        home = self._account(login.email, login.password)
        if home is None:
            return web.json_response({"status": 400, "data": "Invalid username/password."})
        token = f"r:{secrets.token_hex(16)}"
        self._tokens[token] = home
        return web.json_response({"status": 200, "data": {"sessionToken": token}})

    async def _refuse_address(self, request: web.Request) -> web.Response:
        self.journal.note(Received(self._now(), "http", method=request.method, path=request.path))
        return self._refuse_http(f"no such address: {request.method} {request.path}", 404)

    def _refuse_http(self, why: str, status: int = 400) -> web.Response:
        self.journal.violate(why)
        return web.json_response({"status": status, "data": why}, status=status)

    # --- websocket -------------------------------------------------------------------------

    async def _open(self, request: web.Request) -> web.StreamResponse:
        try:
            query = read_query(request.raw_path)
        except Refusal as refusal:
            self.journal.note(Received(self._now(), "open", parameters={}))
            return self._refuse_http(f"websocket: {refusal}")
        self._opened += 1
        number = self._opened
        self.journal.note(Received(self._now(), "open", number, parameters=query))
        if self.faults.take("upgrade_hang"):
            await asyncio.Future()  # until the client gives up
        if fault := self.faults.take("upgrade_status"):
            return _http_fault(fault)
        ws = web.WebSocketResponse(
            autoping=False, compress=False, timeout=1.0, max_msg_size=_MAX_REQUEST_BYTES
        )
        if not ws.can_prepare(request):
            return self._refuse_http("websocket: no handshake")
        await ws.prepare(request)
        if request.transport is None:  # the client left during the handshake
            return ws
        session = self._session(number, WebSocketLink(ws, request.transport), query)
        self.sessions.append(session)
        try:
            self._greet(session)
            self.journal.wake()
            await session.link.run(partial(self._take, session))
        finally:
            self.sessions.remove(session)
            self.journal.note(
                Received(self._now(), "close", number, parameters=session.link.close_code)
            )
        return ws

    def _session(self, number: int, link: WebSocketLink, query: dict[str, str]) -> Session:
        token = query.get("sessionToken")
        home = (
            self._account(query["email"], query["password"])
            if token is None
            else self._tokens.get(token)
        )
        return Session(number, link, home, token, self.faults, self._later)

    def _account(self, email: str, password: str) -> Home | None:
        for home in self.homes:
            if home.email == email and home.password == password:
                return home
        return None

    def _greet(self, session: Session) -> None:
        if self.faults.take("greeting_none"):
            return
        if fault := self.faults.take("greeting_delay"):
            self._later(fault["seconds"], partial(self._say_greeting, session))
        else:
            self._say_greeting(session)

    def _say_greeting(self, session: Session) -> None:
        if self.faults.take("greeting_invalid"):
            session.home = None
        session.greet(accepted=session.home is not None)
        if session.home is None:
            if self.rules.close_after_invalid:
                session.link.close(1000)
        elif fault := self.faults.take("greeting_close"):
            _end(session, fault["how"], fault["code"])
        session.stuck = self._stick_later
        if self._stall_later:
            # Once the greeting is out.
            self._later(0, session.link.stall)

    def _take(self, session: Session, message: WSMessage) -> None:
        match message.type:
            case WSMsgType.TEXT:
                self._take_text(session, message.data)
            case WSMsgType.BINARY:
                self.journal.violate("a binary frame", session.number)
                session.link.close(1003, "frames are text")
            case WSMsgType.PING:
                session.ping(message.data)
            case WSMsgType.PONG:
                session.pongs.append(self._now())
            case WSMsgType.ERROR:
                self.journal.violate(f"no websocket frame: {message.data}", session.number)
        self.journal.wake()

    def _take_text(self, session: Session, text: str) -> None:
        try:
            request = read_request(text, session.last_id)
        except Refusal as refusal:
            self.journal.violate(str(refusal), session.number)
            if type(refusal.number) in (int, str) and session.greeted:
                session.answer(refusal.number, 400, str(refusal), "")
            else:  # there is no id to answer to
                session.link.close(1008, str(refusal))
            return
        session.count(request.number)
        self.journal.note(
            Received(
                self._now(),
                "request",
                session.number,
                request.method,
                request.path,
                request.parameters,
                request.number,
            )
        )
        if not session.greeted or session.home is None:
            why = f"{request.method} {request.path} without a good greeting"
            self.journal.violate(why, session.number)
        elif not session.stuck and not session.dismissed:
            self._serve(session, session.home, request)

    def _serve(self, session: Session, home: Home, request: Request) -> None:
        """Answer one request of a session that is in order, unless a fault forbids."""
        number, path = request.number, request.path
        if fault := self.faults.take("cut", path=path):
            status, data = self._answer(session, home, request) if fault["act"] else (200, None)
            if fault["how"] == "mid_frame":
                session.cut_answer(number, status, data)
            else:
                _end(session, fault["how"], 1001)
        elif fault := self.faults.take("silence", path=path):
            if fault["act"]:
                self._answer(session, home, request)
        elif fault := self.faults.take("answer_status", path=path):
            session.answer(number, fault["status"], fault["data"], path)
        else:
            status, data = self._answer(session, home, request)
            session.answer(number, status, data, path)
            if path == LOGOUT_PATH and self.rules.close_after_logout:
                session.link.close(1000)

    def _answer(self, session: Session, home: Home, request: Request) -> tuple[int, object]:
        """Carry out one request; gives the status and the data, None for no data."""
        if session.revoked:
            return 401, "Invalid session token"
        try:
            status, data = answer(request, home, self.faults, self.rules.states_limit)
        except Refusal as refusal:
            self.journal.violate(f"{request.method} {request.path}: {refusal}", session.number)
            return refusal.status, str(refusal)
        if request.path == LOGOUT_PATH and session.token is not None:
            self._tokens.pop(session.token, None)
            session.revoked = True
        return status, data

    # --- the rest --------------------------------------------------------------------------

    def _push(self, home: Home, name: str, action: str, data: Json) -> None:
        device_id = str(data.get("di") or data.get("id"))
        if not self.faults.take("lost_push", device=device_id):
            text = encode({"name": name, "action": action, "data": data})
            for session in self.sessions:
                if session.home is home:
                    session.push(text)

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        def fire() -> None:
            self._timers.discard(timer)
            act()

        timer = asyncio.get_running_loop().call_later(seconds, fire)
        self._timers.add(timer)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def _http_fault(fault: Fault) -> web.Response:
    """Answer an HTTP request with what a fault says."""
    text = fault["text"]
    headers = {
        name: fault[option]
        for name, option in (("Retry-After", "retry_after"), ("Location", "location"))
        if fault[option]
    }
    kind = "application/json" if text.startswith("{") else "text/html"
    return web.Response(status=fault["status"], text=text, content_type=kind, headers=headers)


def _end(session: Session, how: str, code: int) -> None:
    """End a connection with a closing frame, with FIN alone, or with RST."""
    match how:
        case "close":
            session.link.close(code)
        case "fin":
            session.link.hang_up()
        case _:
            session.link.abort()
