"""The vendor's address: it owns the homes and answers by its own rules.

Only the codec is borrowed, to write frames; what clients send is read by stricter rules (``requests``).
Source: docs/homismart/wire.md.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, timedelta
from functools import partial
import json
import re
from typing import Any, override

from aiohttp import web

from ..cloud import CloudService
from ..link import WebSocketLink
from ..refusal import Refusal
from .devices import STOP, Device, Json, read_integer
from .faults import FAULTS
from .home import HUB_UNKNOWN, NO_RESPONSE, Home, Obstacle, Terms
from .requests import SET_OBJECT, read_frame, read_last_on, read_object
from .session import HomismartSession, described

PATH = "/homismartmain/websocket"
_LOGIN = "0002"
_WRONG_CREDENTIALS, _UNKNOWN_ADDRESS, _BAD_ADDRESS, _NOT_ALLOWED, _BAD_PARAMETER = 2, 3, 9, 11, 17
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
# What no websocket request of this vendor's clients has (§2).
_FOREIGN_HEADERS = ("Authorization", "Cookie", "Sec-WebSocket-Protocol")
# Clocks of homes run up to so far apart from UTC.
_ZONES = timedelta(hours=14)
# Lists that nothing is known of; an empty one is a safe answer (§10.8).
_EMPTY_LISTS = {"0028": "0029", "0044": "0045", "0112": "0113"}
# Where each request names its device.
_DEVICE_MEMBERS = {
    SET_OBJECT: "id",
    "0014": "devid",
    "0016": "devid",
    "0028": "devid",
    "0030": "devid",
    "0144": "deviceSN",
}
# Frames a client must survive, none of which changes anything in the home (§3).
ODD_TEXTS = (
    "",
    "0",
    "000",
    "0009",
    "0009{",
    "0009[]",
    "0009null",
    "00095",
    "ABCD{}",
    '0777{"x":1}',
    "0073{}",
    "0005{}",
    '0009{"name":"no id"}',
    '0013{"result":false}',
    '0015{"result":false}',
    "9999",
)


@dataclass(slots=True)
class Rules:
    """What nobody has published about the real service, to be chosen; may be changed at any time."""

    refuse_before_login: bool = False
    """Whether a request before the login gets an error frame instead of silence."""
    close_after_refusal: bool = False
    """Whether the server closes after it refused a login."""
    close_after_redirect: bool = False
    """Whether the server closes after it sent a redirect."""
    max_frames_per_s: int | None = 10
    """More frames of one client within a second are a violation; None for no limit."""
    fresh_s: float | None = 300.0
    """How far ``updateTime`` may be from now, and ``lastOn`` from now in some time zone; None for any value."""


@dataclass(frozen=True, slots=True)
class Received:
    """Something a client did."""

    at: float
    """Reading of the loop's clock."""
    what: str
    """``open``, ``request``, ``close``, or ``http`` for any other address."""
    session: int = 0
    """Number of the connection, counted from 1; 0 for HTTP."""
    prefix: str = ""
    body: Any = field(default=None, repr=False)
    """Of a request its members; of a close the code; of any other address method and path."""

    def as_json(self) -> Json:
        """Describe it without secrets."""
        shown = asdict(self) | {"at": round(self.at, 3)}
        if self.prefix == _LOGIN:
            shown["body"] = sorted(self.body)
        return {name: value for name, value in shown.items() if value not in ("", None, 0)}


class Service(CloudService[HomismartSession, Received, Home]):
    """The websocket of the cloud, for the accounts of some homes.

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
        super().__init__(PATH, FAULTS, (home, *others), host=host, port=port)
        self.rules = rules or Rules()
        self.second: Service | None = None
        """Another server of the same homes, where redirects lead unless they name a target."""

    @property
    def ws_url(self) -> str:
        """Address of the websocket."""
        return f"ws://{self.listener.authority}{PATH}"

    def requests(self, pattern: str = "") -> list[Received]:
        """Give the requests whose prefix holds a pattern."""
        return [
            item
            for item in self.journal.received
            if item.what == "request" and re.search(pattern, item.prefix)
        ]

    # --- the whole cloud suffers -----------------------------------------------------------

    def send_error(self, code: int, info: str = "") -> None:
        """Send every client an error frame that belongs to nothing."""
        for session in self._let_in():
            session.error(code, info)

    def send_frame(self, prefix: str, body: object) -> None:
        """Send every client that is logged in any frame."""
        for session in self._let_in():
            session.send(prefix, body)

    def send_odd_frames(self) -> None:
        """Send every client one frame of each odd kind that means nothing."""
        for text in ODD_TEXTS:
            self.send_text(text)

    def redirect(self, ip: str | None = None, port: str | None = None) -> None:
        """Send every client elsewhere: to the second server unless a target is named."""
        body = {"ip": ip, "port": port} if ip is not None else self._elsewhere()
        for session in self.sessions:
            self._redirect(session, body)

    def change_password(self, password: str, home: Home | None = None) -> None:
        """Change the password of an account; open connections live on."""
        (home or self.home).password = password

    # --- websocket -------------------------------------------------------------------------

    @property
    @override
    def sample(self) -> str:
        """A report of a device."""
        return '0009{"id":"02664110009301","power":true}'

    @override
    def entry(self, what: str, session: int = 0, body: Any = None) -> Received:
        """Build a line of the journal."""
        return Received(self.now(), what, session, body=body)

    @override
    def read_opening(self, request: web.Request) -> None:
        """Refuse a query, a sub-protocol and credentials in headers (§2)."""
        if request.query_string:
            raise Refusal("the address has a query")
        if foreign := [name for name in _FOREIGN_HEADERS if name in request.headers]:
            raise Refusal(f"unknown headers: {', '.join(foreign)}")

    @override
    def welcome(self, number: int, link: WebSocketLink, opening: None) -> HomismartSession:
        """Begin a session, which is nobody's until a login."""
        return HomismartSession(number, link, self.faults, self._timers)

    @override
    def take_text(self, session: HomismartSession, text: str) -> None:
        """Take a frame of a client."""
        limit = self.rules.max_frames_per_s
        if limit is not None and session.hurries(limit):
            self.journal.violate(f"more than {limit} frames within a second", session.number)
        try:
            prefix, body = read_frame(text)
        except Refusal as refusal:
            self.journal.violate(str(refusal), session.number)
            if session.home is not None or text.startswith(_LOGIN):
                self._refuse_parameter(session)
            return
        self.journal.note(Received(self.now(), "request", session.number, prefix, body))
        if prefix == _LOGIN:
            self._log_in(session, body)
        elif session.home is None:
            why = f"{prefix} before a login that was accepted"
            self.journal.violate(why, session.number)
            if self.rules.refuse_before_login:
                session.error(_NOT_ALLOWED)
        elif not session.stuck and not session.dismissed:
            self._serve(session, session.home, prefix, body)

    # --- login -----------------------------------------------------------------------------

    def _log_in(self, session: HomismartSession, body: Json) -> None:
        if session.home is not None:
            self.journal.violate("a second login on one connection", session.number)
            self._refuse_parameter(session)
        elif self.faults.take("login_silence"):
            pass
        elif fault := self.faults.take("login_delay"):
            self._timers.after(fault["seconds"], partial(self._answer_login, session, body))
        else:
            self._answer_login(session, body)

    def _answer_login(self, session: HomismartSession, body: Json) -> None:
        if fault := self.faults.take("login_close"):
            if fault["answer"]:
                self._decide_login(session, body)
            session.end(fault["how"], fault["code"])
        elif fault := self.faults.take("login_redirect"):
            if fault["body"]:  # as it stands, JSON or not
                session.link.send_text(f"0039{fault['body']}")
            elif fault["ip"]:
                self._redirect(session, {"ip": fault["ip"], "port": fault["port"]})
            else:
                self._redirect(session, self._elsewhere())
            if fault["answer"]:
                self._decide_login(session, body)
        else:
            self._decide_login(session, body)

    def _decide_login(self, session: HomismartSession, body: Json) -> None:
        username = body["username"]
        # Not told: whether letters of an address may differ in case. They may where it is delivered.
        home = next(
            (home for home in self.homes if home.username.casefold() == username.casefold()), None
        )
        if fault := self.faults.take("login_refuse"):
            match fault["how"]:
                case "error":
                    session.error(fault["code"], fault["info"])
                case "missing":
                    session.send("0003", {})
                case _:
                    session.send("0003", {"result": False})
        elif not _ADDRESS.fullmatch(username):
            session.error(_BAD_ADDRESS)
        elif home is None:
            session.error(_UNKNOWN_ADDRESS)
        elif home.password_digest != body["password"]:
            session.send("0003", {"result": False})
        else:
            session.home = home
            terms = {"shouldConfirmTerms": 1} if home.terms.changed else {}
            session.send("0003", {"result": True, **terms})
            self.let_in(session)
            return
        if self.rules.close_after_refusal:
            session.link.close(1000)

    def _elsewhere(self) -> Json:
        """Build the redirect to the second server; without one it leads back here, which makes a loop."""
        listener = (self.second or self).listener
        return {"ip": listener.host, "port": str(listener.port)}

    def _redirect(self, session: HomismartSession, body: object) -> None:
        session.send("0039", body)
        if self.rules.close_after_redirect:
            session.link.close(1000)

    # --- requests --------------------------------------------------------------------------

    def _serve(self, session: HomismartSession, home: Home, prefix: str, body: Json) -> None:
        """Serve one request of a session that is in order, unless a fault forbids."""
        device_id = str(body[member]) if (member := _DEVICE_MEMBERS.get(prefix)) else None
        device = home.find(device_id) if device_id is not None else None
        subject = {"prefix": prefix, "device": described(device) if device else ""}
        serve = partial(self._carry_out, session, home, prefix, body, device)
        if fault := self.faults.take("cut", **subject):
            if fault["act"]:
                serve()
            if fault["how"] == "mid_frame":
                session.link.cut_mid_frame("0009" + json.dumps(body))
            else:
                session.end(fault["how"], 1001)
        elif self.faults.take("silence", **subject):
            pass
        elif fault := self.faults.take("error", **subject):
            if fault["act"]:
                serve()
            session.error(fault["code"], fault["info"], text=fault["text"])
        else:
            serve()

    def _carry_out(
        self, session: HomismartSession, home: Home, prefix: str, body: Json, device: Device | None
    ) -> None:
        match prefix:
            case "0004":
                self._list(session, home)
            case "0014":
                self._delete(session, home, device)
            case "0022":  # there are no timers
                session.send("0023", {"result": False})
            case "0024":
                session.send("0025", {"result": True})
            case "0028" | "0044" | "0112":
                session.send(_EMPTY_LISTS[prefix], [])
            case "0072":
                pass  # no answer to a heartbeat is known
            case "0138":
                home.group(body["type"], body["action"] == "1")
            case "0222":
                home.terms = Terms()
                session.send("0223", {"result": True})
            case _:
                self._command(session, home, prefix, body, device)

    def _list(self, session: HomismartSession, home: Home) -> None:
        if home.terms.changed and home.terms.withhold:
            return
        objects: list[Any] = [
            session.shown(device.members, device) for device in home.devices.values()
        ]
        fault = self.faults.take("list")
        match fault["how"] if fault else "":
            case "truncated":
                text = json.dumps(objects)
                session.link.send_text(f"0005{text[: len(text) // 2]}")
            case "bare":
                session.link.send_text("0005")
            case "object":
                session.send("0005", {})
            case "null":
                session.send("0005", None)
            case "empty":
                session.send("0005", [])
            case "shrunk":
                session.send("0005", objects[: len(objects) // 3])
            case "strangers":
                strangers = [1, {"name": "no id"}, {"id": 5, "type": 2}]
                session.send("0005", [*strangers, *objects])
            case _:
                session.send("0005", objects)

    def _delete(self, session: HomismartSession, home: Home, device: Device | None) -> None:
        if device is None:
            session.send("0015", {"result": False})
            return

        def remove() -> None:
            if device.device_id in home.devices:
                home.remove(device.device_id)

        self._after_reaction(home, remove)

    def _command(
        self, session: HomismartSession, home: Home, prefix: str, body: Json, device: Device | None
    ) -> None:
        """Carry out a request that changes members of one device."""
        if device is None:  # deleted meanwhile, perhaps: no fault of the client
            hub = str(body[_DEVICE_MEMBERS[prefix]]).startswith("00")
            session.error(HUB_UNKNOWN if hub else _BAD_PARAMETER)
            return
        try:
            changes = _changes(prefix, body, device)
        except Refusal as refusal:
            self.journal.violate(str(refusal), session.number)
            self._refuse_parameter(session)
            return
        if prefix == SET_OBJECT:
            self._remark_times(session, home, device, changes)
        match home.objection(device):
            case None:
                self._act(home, device, changes)
            case code if code == NO_RESPONSE:
                self._after_reaction(home, partial(session.error, code))
            case code:
                session.error(code)

    def _act(self, home: Home, device: Device, changes: Mapping[str, Any]) -> None:
        name = described(device)
        obstacle = stale = None
        level = read_integer(changes.get("curtainState"))
        if level is not None and 0 <= level <= 100 and level != STOP:
            obstacle = self.faults.take("obstacle", device=name)
        stale = self.faults.take("stale_rewrite", device=name)
        home.command(
            device,
            changes,
            obstacle=Obstacle(obstacle["at"], obstacle["report"]) if obstacle else None,
            stale_after_s=stale["seconds"] if stale else None,
        )

    def _remark_times(
        self, session: HomismartSession, home: Home, device: Device, changes: Mapping[str, Any]
    ) -> None:
        """Note times that the client did not renew (§10.1); the real service would hardly look at them."""
        if self.rules.fresh_s is None:
            return
        now, slack = home.clock(), timedelta(seconds=self.rules.fresh_s)
        if abs(changes["updateTime"] / 1000 - now.timestamp()) > self.rules.fresh_s:
            self.journal.violate("0006: 'updateTime' is not now", session.number)
        if changes.get("power") is True and not device.members["power"]:
            last_on = read_last_on(changes.get("lastOn", ""))
            universal = now.astimezone(UTC).replace(tzinfo=None)
            if last_on is None or abs(last_on - universal) > _ZONES + slack:
                self.journal.violate("0006: 'lastOn' is not now, in any zone", session.number)

    # --- the rest --------------------------------------------------------------------------

    def _refuse_parameter(self, session: HomismartSession) -> None:
        if not session.dismissed:
            session.error(_BAD_PARAMETER)

    def _let_in(self) -> list[HomismartSession]:
        return [session for session in self.sessions if session.home is not None]

    @override
    def listen(self, home: Home) -> Callable[[], None]:
        """Hear of the pushes of a home."""
        return home.subscribe(partial(self._push, home))

    def _push(self, home: Home, prefix: str, body: Json, device: Device | None) -> None:
        if not self.faults.take("lost_push", device=described(device) if device else ""):
            for session in self.sessions:
                if session.home is home:
                    session.push(prefix, body, device)

    def _after_reaction(self, home: Home, act: Callable[[], None]) -> None:
        self._timers.after(home.pace.reaction_s / home.pace.speed, act)


def _changes(prefix: str, body: Json, device: Device) -> Json:
    """Give the members that a request writes.

    Raises Refusal.
    """
    match prefix:
        case "0006":
            if device.is_hub:
                raise Refusal("0006: a hub has no properties to set")
            return read_object(body, device)
        case "0016":
            names = ["name", "iconId"]
            if device.has("lock"):
                names.append("lock")
            return {name: body[name] for name in names}
        case "0030":
            if not device.has("led"):
                raise Refusal("0030: the device has no indicator light")
            return {"led": body["ledDevice"]}
        case _:
            if not device.has("closedPosition"):
                raise Refusal("0144: the device has no closed position")
            return {"closedPosition": body["closedPosition"]}
