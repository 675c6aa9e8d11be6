"""The vendor's two addresses: they own the homes and answer by their own rules.

Only the codec is borrowed, to write frames; what clients send is read by stricter rules (``requests``).
Source: docs/dio_chacon/wire.md.
"""

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
import re
import secrets
from typing import Any, override

from aiohttp import web

from custom_components.dio_chacon.protocol.frames import encode

from ..cloud import CloudService
from ..link import WebSocketLink
from ..websocket import http_fault
from .answers import LOGOUT_PATH, answer
from .devices import Json
from .faults import FAULTS
from .home import Home
from .requests import Refusal, Request, read_login, read_query, read_request
from .session import DioSession

PATH = "/ws"
LOGIN_PATH = "/api/session/login"


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
    """Of a request as sent; of a login or opening the credentials as decoded; of a close the code;
    of any other address method and path."""
    number: int = 0
    """The id of a request."""

    def as_json(self) -> Json:
        """Describe it without secrets."""
        shown = asdict(self) | {"at": round(self.at, 3)}
        if self.what in {"login", "open"}:
            shown["parameters"] = sorted(self.parameters or ())
        return {name: value for name, value in shown.items() if value not in ("", None, 0)}


class Service(CloudService[DioSession, Received, Home]):
    """Login and websocket of the cloud, for the accounts of some homes.

    All of it may be used and changed while it runs, from the same event loop.
    """

    def __init__(
        self,
        home: Home,
        *others: Home,
        rules: Rules | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        """Serve the accounts of one or more homes; with port 0 the system picks one."""
        login = web.post(LOGIN_PATH, self._login)
        super().__init__(PATH, FAULTS, (home, *others), host=host, port=port, routes=[login])
        self.rules = rules or Rules()
        self._tokens: dict[str, Home] = {}

    @property
    def ws_url(self) -> str:
        """Address of the websocket, without a query."""
        return f"ws://{self.listener.authority}{PATH}"

    @property
    def auth_url(self) -> str:
        """Address of the HTTP login."""
        return f"http://{self.listener.authority}{LOGIN_PATH}"

    @property
    def tokens(self) -> tuple[str, ...]:
        """The session tokens that are valid."""
        return tuple(self._tokens)

    def requests(self, pattern: str = "") -> list[Received]:
        """Give the requests whose method and path, like ``GET /device``, hold a pattern."""
        return [
            item
            for item in self.journal.received
            if item.what == "request" and re.search(pattern, f"{item.method} {item.path}")
        ]

    # --- accounts --------------------------------------------------------------------------

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

    # --- HTTP ------------------------------------------------------------------------------

    async def _login(self, request: web.Request) -> web.Response:
        body = await request.read()
        try:
            login = read_login(request.headers.get("Content-Type"), body)
        except Refusal as refusal:
            self.journal.note(Received(self.now(), "login", parameters={}))
            return self._refuse(f"login: {refusal}")
        self.journal.note(Received(self.now(), "login", parameters=asdict(login)))
        if self.faults.take("login_hang"):
            await asyncio.Future()  # until the client gives up
        if fault := self.faults.take("login_delay"):
            await asyncio.sleep(fault["seconds"])
        if fault := self.faults.take("login_status"):
            return http_fault(fault)
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

    # --- websocket -------------------------------------------------------------------------

    @property
    @override
    def sample(self) -> str:
        """A report of a device."""
        return '{"name":"deviceState","action":"update","data":{"di":"L4H"}}'

    @override
    def entry(self, what: str, session: int = 0, body: Any = None) -> Received:
        """Build a line of the journal."""
        return Received(self.now(), what, session, parameters=body)

    @override
    def read_opening(self, request: web.Request) -> dict[str, str]:
        """Read the credentials out of the query."""
        return read_query(request.raw_path)

    @override
    def welcome(self, number: int, link: WebSocketLink, opening: dict[str, str]) -> DioSession:
        """Begin a session, and greet."""
        token = opening.get("sessionToken")
        home = (
            self._account(opening["email"], opening["password"])
            if token is None
            else self._tokens.get(token)
        )
        session = DioSession(number, link, home, token, self.faults, self._timers)
        if self.faults.take("greeting_none"):
            pass
        elif fault := self.faults.take("greeting_delay"):
            self._timers.after(fault["seconds"], partial(self._greet, session))
        else:
            self._greet(session)
        return session

    def _account(self, email: str, password: str) -> Home | None:
        for home in self.homes:
            if home.email == email and home.password == password:
                return home
        return None

    def _greet(self, session: DioSession) -> None:
        if self.faults.take("greeting_invalid"):
            session.home = None
        session.greet(accepted=session.home is not None)
        if session.home is None:
            if self.rules.close_after_invalid:
                session.link.close(1000)
        elif fault := self.faults.take("greeting_close"):
            session.end(fault["how"], fault["code"])
        self.let_in(session)

    @override
    def take_text(self, session: DioSession, text: str) -> None:
        """Take a frame of a client."""
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
                self.now(),
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

    def _serve(self, session: DioSession, home: Home, request: Request) -> None:
        """Answer one request of a session that is in order, unless a fault forbids."""
        number, path = request.number, request.path
        if fault := self.faults.take("cut", path=path):
            status, data = self._answer(session, home, request) if fault["act"] else (200, None)
            if fault["how"] == "mid_frame":
                session.cut_answer(number, status, data)
            else:
                session.end(fault["how"], 1001)
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

    def _answer(self, session: DioSession, home: Home, request: Request) -> tuple[int, object]:
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

    @override
    def listen(self, home: Home) -> Callable[[], None]:
        """Hear of the pushes of a home."""
        return home.subscribe(partial(self._push, home))

    def _push(self, home: Home, name: str, action: str, data: Json) -> None:
        device_id = str(data.get("di") or data.get("id"))
        if not self.faults.take("lost_push", device=device_id):
            text = encode({"name": name, "action": action, "data": data})
            for session in self.sessions:
                if session.home is home:
                    session.push(text)
