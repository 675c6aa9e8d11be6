"""The appliance's address: sessions, the greeting, and who answers what.

Source: docs/home_connect_local/wire.md §5 to §7.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
import random
import ssl
from typing import Any, override

from aiohttp import WSMessage, WSMsgType, web

from ..link import WebSocketLink
from ..listener import Listener
from ..refusal import Refusal
from ..websocket import WebSocketService
from .answers import act
from .appliance import Appliance
from .codes import VARIED, Refused
from .description import ACTIVE_PROGRAM
from .faults import FAULTS
from .manners import Rules
from .profile import Json
from .requests import Message, read_greeting, read_message
from .scenario import Scenario
from .seals import FORWARD_SUITES, HINT, BrokenSeal, psk_context
from .session import ApplianceSession, make_seal, reset_link, write

PATH = "/homeconnect"
_FIRST = "/ei/initialValues"
_PROTOCOL_ERROR, _NORMAL = 1002, 1000
_COUNTER = 1 << 32
_SECRET = {_FIRST, "/ci/authentication"}
_LEAVE_LIMIT_S = 1.0


@dataclass(frozen=True, slots=True)
class Received:
    """Something a client did."""

    at: float
    """Reading of the loop's clock."""
    what: str
    """``open``, ``message``, ``close``, or ``http`` for any other address."""
    session: int = 0
    """Number of the connection, counted from 1; 0 for HTTP."""
    message: Message | None = field(default=None, repr=False)
    body: Any = None
    """Of a close the code; of any other address method and path."""

    def as_json(self) -> Json:
        """Describe it without secrets."""
        shown: Json = {"at": round(self.at, 3), "what": self.what, "session": self.session}
        if self.message:
            message = asdict(self.message)
            data = message.pop("data")
            shown |= message
            if data:
                hidden = self.message.resource in _SECRET
                shown["data"] = sorted(data[0]) if hidden else data
        return {
            name: value
            for name, value in {**shown, "body": self.body}.items()
            if value not in ("", None, 0)
        }


class ApplianceListener(Listener):
    """A port that may speak TLS, whose links are reset also while they are being closed."""

    @override
    def reset_connections(self) -> None:
        """Reset every open connection, also those over TLS that are being closed."""
        server = self._runner.server
        for connection in server.connections if server else ():
            if connection.transport is not None:
                reset_link(connection.transport)


class Service(WebSocketService[ApplianceSession, Received]):
    """The websocket of one appliance.

    All of it may be used and changed while it runs, from the same event loop.
    """

    def __init__(
        self, appliance: Appliance, *, rules: Rules | None = None, host: str, port: int
    ) -> None:
        """Serve ``appliance``; with port 0 the system picks one when the service opens."""
        super().__init__(PATH, FAULTS, host=host, port=port)
        self.appliance = appliance
        self.rules = rules or Rules.of(appliance.profile)
        self.key = appliance.profile.key
        """The key of the link as it is now; ``appliance.profile`` has the one of the archive."""
        self.suites = FORWARD_SUITES
        self.hint: str | None = HINT
        self.scenarios: list[Scenario] = []
        """Those that are being played."""
        self.dead_slots = 0
        """Sessions that have gone without a closing frame and still hold a slot."""
        self.gone = False
        """Whether the appliance has left the network."""
        self.on_presence: Callable[[bool], Coroutine[Any, Any, None]] | None = None
        """Tells the network that the appliance leaves it, or is back."""
        self._leaving: asyncio.Task[None] | None = None
        self._closing = False
        self._serving: dict[asyncio.Task[Any] | None, ApplianceSession] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._unsubscribe: Callable[[], None] = lambda: None
        application = web.Application()
        application.router.add_get(PATH, self._open)
        application.router.add_route("*", "/{path:.*}", self._refuse_address)
        self.listener: ApplianceListener = ApplianceListener(application, host, port)

    # --- life ------------------------------------------------------------------------------

    @override
    async def open(self) -> None:
        """Start to serve. Raises OSError when the address cannot be had."""
        if self.appliance.profile.connection_type == "TLS":
            self.listener.context = await asyncio.to_thread(self._context)
        await super().open()
        self._unsubscribe = self.appliance.subscribe(self._notify)
        self.appliance.on_leave = self._leave
        self.appliance.on_return = self._return

    @override
    async def close(self) -> None:
        """Stop at once, with every connection and everything that was to happen."""
        self._closing = True
        self._unsubscribe()
        self.appliance.stop()
        for scenario in self.scenarios:
            scenario.stop()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await super().close()

    def _context(self) -> ssl.SSLContext:
        return psk_context(lambda: self.key, hint=self.hint, suites=self.suites)

    async def speak_tls(self, suites: str = FORWARD_SUITES, hint: str | None = HINT) -> None:
        """Offer other suites or another hint to those who connect from now on."""
        self.suites, self.hint = suites, hint
        self.listener.context = await asyncio.to_thread(self._context)
        await self.listener.refuse()
        await self.listener.accept()

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Let something happen beside; it ends with the service."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # --- the appliance leaves and comes back -----------------------------------------------

    def _leave(self) -> None:
        self.gone = True
        self._leaving = self.spawn(self.vanish(self.rules.off_code))
        self._tell_presence()

    def _return(self) -> None:
        if self.gone:
            self.gone = False
            self.spawn(self._come_back())

    async def _come_back(self) -> None:
        await self._gone_out()
        await self.link_restored()
        self._tell_presence()

    async def _gone_out(self) -> None:
        """Wait for one that is still on its way out: it would refuse all who come to it back."""
        if self._leaving is not None:
            await asyncio.wait([self._leaving])

    def _tell_presence(self) -> None:
        if self.on_presence is not None:
            self.spawn(self.on_presence(not self.gone))

    async def vanish(self, code: int) -> None:
        """Close every connection in the orderly way, then refuse new ones."""
        for session in self.sessions:
            session.finish(code)
        try:
            async with asyncio.timeout(_LEAVE_LIMIT_S):
                while self.sessions:
                    await asyncio.sleep(0.01)
        except TimeoutError:
            pass  # a client that does not close is reset below
        await self.listener.refuse()

    async def refuse_for(self, seconds: float) -> None:
        """Refuse connections for a while; those that are open are reset."""
        await self.listener.refuse()
        await asyncio.sleep(seconds)
        await self.listener.accept()

    def reboot(self, seconds: float) -> None:
        """Drop everything, and come back with other numbers."""
        self.abort()
        self.dead_slots = 0
        self.spawn(self.refuse_for(seconds))

    def change_key(self, key: bytes) -> None:
        """Take no other key from now on, and close what was opened with the one before."""
        self.key = key
        self.close_sessions(_NORMAL)

    @override
    async def reset(self) -> None:
        """Clear every fault, give back link, slots and key; forget what was received and the violations."""
        for scenario in tuple(self.scenarios):
            scenario.stop()
        self.scenarios.clear()
        self.dead_slots = 0
        was_gone, self.gone = self.gone, False
        self.key = self.appliance.profile.key
        await self._gone_out()
        await super().reset()
        if was_gone:
            self._tell_presence()

    # --- what all vendors' services are asked for ------------------------------------------

    @property
    @override
    def sample(self) -> str:
        """A frame as clients are sent many, to be cut in the middle."""
        return write({"resource": "/ro/values", "action": "NOTIFY", "data": [{"uid": 1}] * 9})

    @override
    def entry(self, what: str, session: int = 0, body: Any = None) -> Received:
        """Build a line of the journal."""
        shown = None if isinstance(body, web.Request) else body
        return Received(self.now(), what, session, body=shown)

    @override
    def read_opening(self, request: web.Request) -> web.Request:
        """Take what comes, but note what appliances are not asked for (§1)."""
        for header in ("Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol", "Authorization"):
            if header in request.headers:
                self.journal.violate(f"the websocket request has {header}")
        if request.query_string:
            self.journal.violate("the websocket request has a query")
        return request

    @override
    def welcome(self, number: int, link: WebSocketLink, opening: web.Request) -> ApplianceSession:
        """Begin a session, and speak first."""
        assert opening.transport
        profile, rules = self.appliance.profile, self.rules
        iv = profile.iv if profile.connection_type == "AES" else b""
        client_id = _chosen(rules.client_message_id)
        session = ApplianceSession(
            number,
            link,
            opening.transport,
            make_seal(profile.connection_type, self.key, iv),
            self.faults,
            session_id=_chosen(rules.session_id),
            message_id=_chosen(rules.message_id),
            client_message_id=client_id,
        )
        self._serving[asyncio.current_task()] = session
        self.let_in(session)
        if fault := self.faults.take("upgrade_close"):
            session.cut(fault["how"], fault["code"], "")
        else:
            self._speak_first(session, client_id)
        return session

    def _speak_first(self, session: ApplianceSession, client_id: int) -> None:
        version = self.rules.initial_version
        session.first_id = session.message_id
        fault = self.faults.take("first_message")
        match fault and fault["how"]:
            case None:
                session.say(_FIRST, "POST", version, [{"edMsgID": client_id}])
            case "other":
                session.say("/ro/values", "NOTIFY", 1, [{"uid": ACTIVE_PROGRAM, "value": 0}])
            case "garbage":
                session.put("not json")
            case "no_id":
                session.say(_FIRST, "POST", version, [{"other": 1}])
            case "text":
                session.say(_FIRST, "POST", version, [{"edMsgID": str(client_id)}])

    @override
    def take_text(self, session: ApplianceSession, text: str) -> None:
        """Take a frame of a client."""
        self._take_frame(session, text)

    @override
    def send_text(self, text: str) -> None:
        """Send every client any clear text, sealed as its link is."""
        for session in self.sessions:
            session.put(text)

    @override
    def close_sessions(self, code: int = 1001) -> None:
        """Close every connection in the orderly way."""
        for session in self.sessions:
            session.finish(code)

    @override
    def hang_up(self) -> None:
        """End every connection with FIN and no closing frame."""
        for session in self.sessions:
            session.cut("fin", 0, "")

    @override
    def abort(self) -> None:
        """End every connection with RST."""
        for session in tuple(self.sessions):
            session.cut("rst", 0, "")

    @override
    def cut_mid_frame(self) -> None:
        """End every connection with half a frame."""
        for session in tuple(self.sessions):
            session.cut("mid_frame", 0, self.sample)

    # --- slots -----------------------------------------------------------------------------

    @override
    async def _open(self, request: web.Request) -> web.StreamResponse:
        if self.gone:
            raise web.HTTPServiceUnavailable
        if len(self.sessions) + self.dead_slots >= self.rules.slots:
            self.journal.note(self.entry("open", body="no slot is free"))
            raise web.HTTPNotFound
        task = asyncio.current_task()
        try:
            return await super()._open(request)
        finally:
            session = self._serving.pop(task, None)
            # The client's FIN cancels this without a code; a closing frame leaves one.
            if session:
                session.bury()
                if session.link.close_code is None and not session.hung_up:
                    self._keep_slot()

    def _keep_slot(self) -> None:
        if self.rules.dead_slot_s > 0 and not self._closing:
            self.dead_slots += 1
            self._timers.after(self.rules.dead_slot_s, self._free_slot)

    def _free_slot(self) -> None:
        self.dead_slots = max(0, self.dead_slots - 1)

    # --- frames of clients -----------------------------------------------------------------

    @override
    def _take(self, session: ApplianceSession, message: WSMessage) -> None:
        if message.type is WSMsgType.BINARY:
            self._take_frame(session, message.data)
            self.journal.wake()
        else:
            super()._take(session, message)

    def _take_frame(self, session: ApplianceSession, data: str | bytes) -> None:
        if session.hung_up:
            return
        try:
            message = read_message(session.read(data))
        except (BrokenSeal, Refusal) as err:
            self._end(session, str(err))
            return
        self.journal.note(Received(self.now(), "message", session.number, message))
        if session.stuck:
            return
        try:
            if message.session_id != session.session_id:
                raise Refusal(f"sID {message.session_id} is not that of the session")
            if message.action == "RESPONSE":
                self._take_response(session, message)
            else:
                self._take_request(session, message)
        except Refusal as err:
            self._end(session, str(err))

    def _end(self, session: ApplianceSession, why: str) -> None:
        """Close on a client that does what none should do."""
        self.journal.violate(why, session.number)
        session.finish(_PROTOCOL_ERROR, why)

    def _take_response(self, session: ApplianceSession, message: Message) -> None:
        if session.greeted or message.resource != _FIRST:
            raise Refusal(f"a response nobody asked for: {message.resource}")
        if message.message_id != session.first_id or message.version != self.rules.initial_version:
            raise Refusal("the answer to the first message has another msgID or version")
        name, device_id = read_greeting(message, self.rules.initial_version)
        others = [other for other in self.sessions if other.device_id == device_id]
        if others and self.rules.duplicate == "new":
            session.finish(_NORMAL, "duplicate connection")
            return
        for other in others:
            other.finish(_NORMAL, "duplicate connection")
        session.device_name, session.device_id = name, device_id

    def _take_request(self, session: ApplianceSession, message: Message) -> None:
        if not session.greeted:
            raise Refusal(f"{message.resource} before the first message was answered")
        if message.message_id != session.expected_id:
            raise Refusal(f"msgID {message.message_id} instead of {session.expected_id}")
        session.advance()
        if message.action == "NOTIFY":
            self._take_notice(session, message)
            return
        if session.waiting:
            session.crowded += 1
        which = {"resource": message.resource, "action": message.action}
        fault = self.faults.take("delay", **which)
        wait = fault["seconds"] if fault else self.rules.answer_s
        act = partial(self._answer, session, message)
        if not wait and not session.waiting:
            act()
        else:
            session.waiting.append(partial(self._wait, wait, partial(self._next, session, act)))
            if len(session.waiting) == 1:
                session.waiting[0]()

    def _wait(self, seconds: float, act: Callable[[], None]) -> None:
        self._timers.after(seconds, act)

    def _next(self, session: ApplianceSession, act: Callable[[], None]) -> None:
        """Answer what has waited long enough, and let the next wait."""
        act()
        session.waiting.popleft()
        if session.waiting:
            session.waiting[0]()

    def _take_notice(self, session: ApplianceSession, message: Message) -> None:
        if message.resource != "/ei/deviceReady" or message.data:
            raise Refusal(f"a notification of a client: {message.resource}")
        if self.rules.services.get("ei") != 2 or message.version != 2:
            raise Refusal("/ei/deviceReady belongs to version 2 of ei")
        session.ready = True

    # --- answers ---------------------------------------------------------------------------

    def _answer(self, session: ApplianceSession, message: Message) -> None:
        which = {"resource": message.resource, "action": message.action}
        if self.faults.take("silence", **which):
            return
        if fault := self.faults.take("early", **which):
            item = {"uid": fault["uid"], "value": fault["value"]}
            session.say("/ro/values", "NOTIFY", self.version_of("ro"), [item])
        data: Sequence[Json] | None = None
        code: int | None = None
        edit = ""
        fault = self.faults.take("refuse", **which)
        if fault:
            code = fault["code"]
        if fault is None or fault["act"]:
            try:
                data, taken, edit = self._play(session, message)
                code = taken if taken is not None else code
            except Refused as refusal:
                code = code or self._varied(refusal.code, message.action)
        if code is not None and not 200 <= code < 300:
            data = None
        body = session.message(
            message.message_id, message.resource, "RESPONSE", message.version, data, code
        )
        self._send_answer(session, body, edit, which)

    def _send_answer(
        self, session: ApplianceSession, body: Json, edit: str, which: dict[str, str]
    ) -> None:
        if fault := self.faults.take("cut", **which):
            session.cut(fault["how"], fault["code"], write(body))
            return
        if edit:
            head, _, tail = write(body).rpartition("]")
            session.put(head + tail)
            return
        session.send(body)
        if fault := self.faults.take("stray", **which):
            number = body["msgID"] if fault["how"] == "again" else body["msgID"] ^ (1 << 31)
            session.send({**body, "msgID": number})

    def _play(
        self, session: ApplianceSession, message: Message
    ) -> tuple[Sequence[Json] | None, int | None, str]:
        """Let a scenario that waits for this request answer it, else the appliance."""
        for scenario in self.scenarios:
            if (reply := scenario.take(message)) is not None:
                if reply.act:
                    return act(self, session, message), reply.code, reply.edit
                return None, reply.code, ""
        return act(self, session, message), None, ""

    def _varied(self, code: int, action: str) -> int:
        if self.appliance.character.varied_codes and code in VARIED:
            return code + (2 if action == "GET" else 1)
        return code

    def version_of(self, service: str) -> int:
        """Tell the version of a service; 1 of one that is not listed."""
        return self.rules.services.get(service, 1)

    # --- notifications ---------------------------------------------------------------------

    def _notify(self, resource: str, data: list[Json]) -> None:
        version = self.version_of(resource.split("/")[1])
        for session in self.sessions:
            if session.greeted:
                session.say(resource, "NOTIFY", version, data)

    def flood(self, count: int, uid: int | None = None) -> None:
        """Tell the same value over and over."""
        values = self.appliance.state.values
        chosen = next(iter(values)) if uid is None else uid
        for _ in range(count):
            self._notify("/ro/values", [{"uid": chosen, "value": values.get(chosen)}])

    def play(self, name: str, pause_s: float = 0.0) -> Scenario:
        """Begin a scenario of the seed. Raises LookupError."""
        steps = self.appliance.profile.seed.scenarios.get(name)
        if steps is None:
            known = ", ".join(self.appliance.profile.seed.scenarios) or "none"
            raise LookupError(f"there is no scenario {name!r}; there are: {known}")
        scenario = Scenario(name, steps, self, pause_s)
        self.scenarios.append(scenario)
        self.spawn(scenario.run())
        return scenario

    def messages(self, pattern: str = "") -> list[Message]:
        """List the messages of clients whose resource starts like this, oldest first."""
        return [
            entry.message
            for entry in self.received
            if entry.message and entry.message.resource.startswith(pattern)
        ]


def _chosen(number: int | None) -> int:
    """Give a counter's beginning: the one that was chosen, or any that does not wrap soon."""
    return random.randrange(1, _COUNTER // 2) if number is None else number % _COUNTER
