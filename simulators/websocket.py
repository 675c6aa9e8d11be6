"""A vendor's websocket address: its sessions, and the ways in which all of them can suffer at once."""

from abc import ABC, abstractmethod
import asyncio
from collections import deque
from collections.abc import Iterable
from functools import partial
from typing import Any

from aiohttp import WSMessage, WSMsgType, web

from .faults import Fault, FaultKind, Faults
from .journal import KEPT, Journal, Violation
from .link import WebSocketLink
from .listener import Listener
from .refusal import Refusal
from .timers import Timers

_MAX_REQUEST_BYTES = 4 * 1024 * 1024

UPGRADE_FAULTS = (
    FaultKind(
        "upgrade_status",
        "The websocket is refused with an HTTP status.",
        {"status": 503, "text": "Service unavailable", "retry_after": "", "location": ""},
    ),
    FaultKind("upgrade_hang", "The websocket request is never answered."),
)
"""What can go wrong before there is a session."""


class Session:
    """The server's side of one connection."""

    def __init__(self, number: int, link: WebSocketLink) -> None:
        """Count it from 1."""
        self.number = number
        self.link = link
        self.stuck = False
        """Whether it answers pings and nothing else."""
        self.pings: deque[float] = deque(maxlen=KEPT)
        self.pongs: deque[float] = deque(maxlen=KEPT)

    def end(self, how: str, code: int) -> None:
        """End the connection with a closing frame, with FIN alone, or with RST."""
        match how:
            case "close":
                self.link.close(code)
            case "fin":
                self.link.hang_up()
            case _:
                self.link.abort()


class WebSocketService[S: Session, Entry](ABC):
    """One websocket address. All of it may be used and changed while it runs, from the same event loop."""

    def __init__(
        self,
        path: str,
        kinds: Iterable[FaultKind],
        *,
        host: str,
        port: int,
        routes: Iterable[web.RouteDef] = (),
    ) -> None:
        """Serve ``path``, and ``routes`` beside it; with port 0 the system picks one when the service opens."""
        self.faults = Faults(kinds)
        self.journal = Journal[Entry]()
        self.sessions: list[S] = []
        self._timers = Timers()
        self._opened = 0
        self._stall_later = self._stick_later = False
        application = web.Application()
        application.router.add_get(path, self._open)
        application.router.add_routes(routes)
        application.router.add_route("*", "/{path:.*}", self._refuse_address)
        self.listener = Listener(application, host, port)

    # --- what the vendor decides -----------------------------------------------------------

    @property
    @abstractmethod
    def sample(self) -> str:
        """A frame as clients are sent many, to be cut in the middle."""

    @abstractmethod
    def entry(self, what: str, session: int = 0, body: Any = None) -> Entry:
        """Build a line of the journal.

        ``what`` is ``open`` with what the request for a websocket brought along, ``close`` with the code, or
        ``http`` with method and path.
        """

    @abstractmethod
    def read_opening(self, request: web.Request) -> Any:
        """Read what the request for a websocket brings along.

        Raises Refusal when it is not what the vendor's clients send.
        """

    @abstractmethod
    def welcome(self, number: int, link: WebSocketLink, opening: Any) -> S:
        """Begin a session, and speak first where the vendor does."""

    @abstractmethod
    def take_text(self, session: S, text: str) -> None:
        """Take a frame of a client."""

    # --- life ------------------------------------------------------------------------------

    async def open(self) -> None:
        """Start to serve. Raises OSError when the address cannot be had."""
        await self.listener.open()

    async def close(self) -> None:
        """Stop at once, with every connection and everything that was to happen."""
        self._timers.clear()
        await self.listener.close()

    @property
    def link_up(self) -> bool:
        """Whether clients can connect."""
        return self.listener.accepting

    @property
    def received(self) -> list[Entry]:
        """What clients did, oldest first."""
        return list(self.journal.received)

    @property
    def violations(self) -> list[Violation]:
        """What clients should not have done, oldest first."""
        return list(self.journal.violations)

    # --- the whole cloud suffers -----------------------------------------------------------

    async def link_down(self) -> None:
        """Reset all clients and refuse new ones."""
        await self.listener.refuse()

    async def link_restored(self) -> None:
        """Take clients again."""
        await self.listener.accept()

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
            session.link.cut_mid_frame(self.sample)

    def stall(self, *, later: bool = False) -> None:
        """Make every connection half-open: it stays, and nothing is read or written, not even pongs.

        With ``later`` that happens to new connections too, once they are let in.
        """
        self._stall_later |= later
        for session in self.sessions:
            session.link.stall()

    def stick(self, *, later: bool = False) -> None:
        """Answer pings on every connection and nothing else; with ``later`` on new ones too, once they are let in."""
        self._stick_later |= later
        for session in self.sessions:
            session.stuck = True

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

    # --- for the vendor's service ----------------------------------------------------------

    def let_in(self, session: S) -> None:
        """Apply to a session that was let in what shall happen to new ones."""
        session.stuck = self._stick_later
        if self._stall_later:
            # Once the welcome is out.
            self._timers.after(0, session.link.stall)

    @staticmethod
    def now() -> float:
        """Read the clock of the journal."""
        return asyncio.get_running_loop().time()

    # --- HTTP and websocket ----------------------------------------------------------------

    async def _refuse_address(self, request: web.Request) -> web.Response:
        self.journal.note(self.entry("http", body=f"{request.method} {request.path}"))
        return self._refuse(f"no such address: {request.method} {request.path}", 404)

    def _refuse(self, why: str, status: int = 400) -> web.Response:
        self.journal.violate(why)
        return web.json_response({"status": status, "data": why}, status=status)

    async def _open(self, request: web.Request) -> web.StreamResponse:
        try:
            opening = self.read_opening(request)
        except Refusal as refusal:
            self.journal.note(self.entry("open"))
            return self._refuse(f"websocket: {refusal}")
        self._opened += 1
        number = self._opened
        self.journal.note(self.entry("open", number, opening))
        if self.faults.take("upgrade_hang"):
            await asyncio.Future()  # until the client gives up
        if fault := self.faults.take("upgrade_status"):
            return http_fault(fault)
        ws = web.WebSocketResponse(
            autoping=False, compress=False, timeout=1.0, max_msg_size=_MAX_REQUEST_BYTES
        )
        if not ws.can_prepare(request):
            return self._refuse("websocket: no handshake")
        await ws.prepare(request)
        if request.transport is None:  # the client left during the handshake
            return ws
        session = self.welcome(number, WebSocketLink(ws, request.transport), opening)
        self.sessions.append(session)
        try:
            self.journal.wake()
            await session.link.run(partial(self._take, session))
        finally:
            self.sessions.remove(session)
            self.journal.note(self.entry("close", number, session.link.close_code))
        return ws

    def _take(self, session: S, message: WSMessage) -> None:
        match message.type:
            case WSMsgType.TEXT:
                self.take_text(session, message.data)
            case WSMsgType.BINARY:
                self.journal.violate("a binary frame", session.number)
                session.link.close(1003, "frames are text")
            case WSMsgType.PING:
                session.pings.append(self.now())
                session.link.pong(message.data)
            case WSMsgType.PONG:
                session.pongs.append(self.now())
            case WSMsgType.ERROR:
                self.journal.violate(f"no websocket frame: {message.data}", session.number)
        self.journal.wake()


def http_fault(fault: Fault) -> web.Response:
    """Answer an HTTP request with what a fault says."""
    text = fault["text"]
    headers = {
        name: fault[option]
        for name, option in (("Retry-After", "retry_after"), ("Location", "location"))
        if fault[option]
    }
    kind = "application/json" if text.startswith("{") else "text/html"
    return web.Response(status=fault["status"], text=text, content_type=kind, headers=headers)
