"""The accessory server: sockets, one task per connection, and who is told what.

Source: docs/hap_controller/wire.md §12.
"""

import asyncio
from contextlib import suppress
import logging
import socket
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from ..const import MIN_CONNECTIONS, RESPONSE_LIMIT_S, HttpCode
from ..conversation import NEVER
from ..errors import LinkError
from ..http import encode_response
from ..setup_code import SetupPayload
from .definition import Accessory, Characteristic, admin_only
from .endpoints import Endpoints
from .session import EVENT_INTERVAL_S, Session
from .state import AccessoryState

if TYPE_CHECKING:
    from zeroconf import Zeroconf
    from zeroconf.asyncio import AsyncZeroconf

    from .announce import Announcer

_LOGGER = logging.getLogger(__name__)

MAX_CONNECTIONS: Final = 2 * MIN_CONNECTIONS
# Connections that never got as far as pair-verify make room for others when they are silent this long.
_IDLE_LIMIT_S: Final = 10.0
# Others do when nothing else helps: phones come back when they want something. Some controllers ask once a minute.
_VERIFIED_IDLE_LIMIT_S: Final = 90.0
# So many that did not verify do not push out those that did: anybody can connect.
_MAX_STRANGERS: Final = 4
# §12.6: how long a removed controller may still be connected.
_REMOVED_LIMIT_S: Final = 5.0
_CLOSE_LIMIT_S: Final = 5.0
_WRITE_LIMIT_S: Final = 30.0
# How long a controller that is one too many may take to ask something, and how many such are waited for.
_REJECT_LIMIT_S: Final = 2.0
_MAX_REJECTED: Final = 8
_READ_BYTES: Final = 64 * 1024
# Whoever does not confirm anything for two minutes is gone. The last, in milliseconds, is for when something was sent:
# then nothing is asked, and the system would send it again for a quarter of an hour.
_KEEP_ALIVE: Final = (
    ("TCP_KEEPIDLE", 60),
    ("TCP_KEEPINTVL", 15),
    ("TCP_KEEPCNT", 4),
    ("TCP_USER_TIMEOUT", 120_000),
)
# Beyond this a controller does not read; its events are kept, the last of each characteristic.
_MAX_BACKLOG_BYTES: Final = 256 * 1024


class AccessoryServer:
    """Serves an accessory, or a bridge and what is behind it, to controllers.

    ``async with`` starts and stops it; ``serve_forever`` in between runs until it is cancelled. All calls, and all
    settings of values, belong to the loop that runs it.
    """

    def __init__(
        self,
        primary: Accessory,
        state: AccessoryState,
        *,
        announce: bool = True,
        zeroconf: AsyncZeroconf | Zeroconf | None = None,
        max_connections: int = MAX_CONNECTIONS,
        event_interval_s: float = EVENT_INTERVAL_S,
        response_limit_s: float = RESPONSE_LIMIT_S,
    ) -> None:
        """Prepare; nothing happens before ``start``.

        It listens where ``state`` says. ``zeroconf`` is used for the announcement if given, and left running; without
        ``announce`` controllers must be told host and port. Between two messages of events to a controller there are
        ``event_interval_s``; callbacks have ``response_limit_s``.
        """
        if primary.category is not None:
            state.category = primary.category
        self._primary = primary
        self._state = state
        self._announce = announce
        self._zeroconf = zeroconf
        self._max_connections = max_connections
        self._event_interval_s = event_interval_s
        self._response_limit_s = response_limit_s
        self._endpoints: Endpoints | None = None
        self._unwatch: list[Any] = []
        self._running = False
        self._server: asyncio.Server | None = None
        self._announcer: Announcer | None = None
        self._connections: set[_Connection] = set()
        self._rejected: set[asyncio.Task[None]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    # --- what a program sees ----------------------------------------------------------------

    @property
    def state(self) -> AccessoryState:
        """What the accessory remembers."""
        return self._state

    @property
    def address(self) -> tuple[str, int]:
        """Host and port it listens at; raises RuntimeError when it does not."""
        if self._server is None or not self._server.sockets:
            raise RuntimeError("the server does not listen")
        host, port = self._server.sockets[0].getsockname()[:2]
        return host, port

    @property
    def paired(self) -> bool:
        """Whether any controller is paired."""
        return self._state.register.paired

    @property
    def setup_code(self) -> str:
        """What a person enters to pair."""
        return self._state.register.setup_code

    @property
    def setup_payload(self) -> str:
        """What a person scans to pair, as a text for a QR code."""
        return SetupPayload(
            category=self._state.category,
            setup_code=self.setup_code,
            setup_id=self._state.setup_id,
            ip=True,
        ).encode()

    @property
    def connections(self) -> int:
        """How many controllers are connected."""
        return len(self._connections)

    @property
    def announced_name(self) -> str | None:
        """Under which name it is announced, None when it is not."""
        return None if self._announcer is None else self._announcer.name

    async def start(self) -> None:
        """Listen, and announce.

        Raises OSError when the address cannot be had or the state not be stored, and RuntimeError when it runs.
        """
        if self._running:
            raise RuntimeError("the server runs")
        self._running = True
        try:
            await self._open()
        except BaseException:
            await self.stop()
            raise

    async def _open(self) -> None:
        await self._describe()
        self._server = await asyncio.start_server(
            self._accept, self._state.host or None, self._state.port
        )
        if self._announce:
            from .announce import Announcer  # noqa: PLC0415  Only who announces needs the library

            self._announcer = Announcer(self._state, *self.address, self._zeroconf)
            await self._announcer.start()

    async def stop(self) -> None:
        """Say goodbye, end all connections at once, and be ready to start again."""
        self._running = False
        server, self._server = self._server, None
        announcer, self._announcer = self._announcer, None
        if server is not None:
            server.close()
        self._stop_watching()
        tasks = {*self._tasks, *self._rejected}
        for task in tasks:
            task.cancel()
        try:
            if announcer is not None:
                await announcer.stop()
        finally:
            await asyncio.gather(*tasks, return_exceptions=True)
            if server is not None:
                await server.wait_closed()

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop."""
        await self.stop()

    async def serve_forever(self) -> None:
        """Wait until cancelled; raises RuntimeError when it was not started."""
        if self._server is None:
            raise RuntimeError("the server does not listen")
        await self._server.serve_forever()

    async def redefined(self) -> None:
        """Take what was added to, or is new in, the accessory since it started; controllers read it anew.

        Raises OSError when the state cannot be stored.
        """
        await self._describe()
        self._settle()

    async def forget_pairings(self) -> None:
        """Forget all controllers, as a reset does, and end their connections.

        Raises OSError when the state cannot be stored; then nobody is forgotten.
        """
        register = self._state.register
        before = dict(register.pairings), register.failed_attempts
        register.pairings.clear()
        register.failed_attempts = 0
        try:
            await self._state.save()
        except OSError:
            register.pairings, register.failed_attempts = before
            raise
        self._settle()

    # --- what is served ---------------------------------------------------------------------

    async def _describe(self) -> None:
        """Serve the accessory as it is defined now."""
        changed = self._state.describe(self._primary)
        self._stop_watching()
        self._endpoints = Endpoints(
            self._primary,
            self._state.register,
            store=self._state.save,
            now=asyncio.get_running_loop().time,
            limit_s=self._response_limit_s,
        )
        self._unwatch = [
            each.watch(self._changed) for each in self._endpoints.characteristics.values()
        ]
        if changed:
            await self._state.save()

    def _stop_watching(self) -> None:
        for unwatch in self._unwatch:
            unwatch()
        self._unwatch = []

    def _keep(self, task: asyncio.Task[None]) -> None:
        """Have a task ended by ``stop``, if it does not end before."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- connections ------------------------------------------------------------------------

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._running:
            writer.transport.abort()
            return
        if len(self._connections) >= self._max_connections and not self._make_room():
            if len(self._rejected) >= _MAX_REJECTED:
                writer.transport.abort()
                return
            task = asyncio.create_task(_reject(reader, writer))
            self._rejected.add(task)
            task.add_done_callback(self._rejected.discard)
            return
        _keep_alive(writer)
        loop = asyncio.get_running_loop()
        session = Session(
            self._state.register, loop.time(), event_interval_s=self._event_interval_s
        )
        connection = _Connection(writer, session)
        self._connections.add(connection)
        self._keep(asyncio.create_task(self._serve(reader, connection)))

    def _make_room(self) -> bool:
        """Close the connection that can be spared most, if one can."""
        now = asyncio.get_running_loop().time()
        strangers = [
            each
            for each in self._connections
            if not (each.session.secured or each.session.setup.busy or each.answering)
        ]
        spare = [each for each in strangers if each.session.last_heard < now - _IDLE_LIMIT_S]
        if not spare and len(strangers) < _MAX_STRANGERS:
            before = now - _VERIFIED_IDLE_LIMIT_S
            spare = [
                each
                for each in self._connections
                if each.session.secured and not each.answering and each.session.last_heard < before
            ]
        if not spare:
            return False
        oldest = min(
            spare, key=lambda each: (bool(each.session.subscriptions), each.session.last_heard)
        )
        oldest.writer.transport.abort()
        self._connections.discard(oldest)
        return True

    async def _serve(self, reader: asyncio.StreamReader, connection: _Connection) -> None:
        """Hold one connection until either side ends it."""
        session, writer = connection.session, connection.writer
        try:
            await self._converse(reader, connection)
        except LinkError as err:
            _LOGGER.debug("A connection is closed: %s", err)
        except (OSError, TimeoutError) as err:
            _LOGGER.debug("A connection is lost: %s", type(err).__name__)
        except asyncio.CancelledError:  # the server stops and waits for nobody
            writer.transport.abort()
            raise
        finally:
            self._connections.discard(connection)
            connection.stop_timer()
            if connection.end is not None:
                connection.end.cancel()
            session.close()
            await _close(writer)

    async def _converse(self, reader: asyncio.StreamReader, connection: _Connection) -> None:
        session, writer = connection.session, connection.writer
        now = asyncio.get_running_loop().time
        while True:
            deadline = session.deadline
            async with asyncio.timeout_at(None if deadline == NEVER else deadline):
                data = await reader.read(_READ_BYTES)
            if not data:
                return
            session.feed(data, now())
            while (request := session.next_request()) is not None:
                assert self._endpoints is not None
                connection.answering = True
                try:
                    response = await self._endpoints.answer(session, request)
                    writer.write(session.respond(response))
                    async with asyncio.timeout(_WRITE_LIMIT_S):
                        await writer.drain()
                finally:  # what was done is done, also when nobody is left to hear of it
                    connection.answering = False
                    self._settle()
                self._schedule(connection)
                if session.outlived or writer.is_closing():
                    return
                if session.more:  # who sends thousands at once must not keep the others waiting
                    await asyncio.sleep(0)

    def _settle(self) -> None:
        """Draw what follows from an answer that was sent: who must go, what is announced."""
        loop = asyncio.get_running_loop()
        for connection in self._connections:
            if not connection.session.outlived:
                continue
            if connection.answering:  # it ends by itself when that is done
                connection.end = connection.end or loop.call_later(
                    _REMOVED_LIMIT_S, connection.writer.transport.abort
                )
            else:
                connection.writer.close()
        if self._announcer is not None:
            self._keep(asyncio.create_task(self._announcer.refresh()))

    # --- events -----------------------------------------------------------------------------

    def _changed(self, characteristic: Characteristic, value: Any, source: object | None) -> None:
        """Tell all who want to know, but the one who did it."""
        key = characteristic.aid, characteristic.iid
        press = characteristic.metadata.stateless
        restricted = admin_only(characteristic, "notify")
        for connection in self._connections:
            if connection.session is source:
                connection.session.knows(key)
            elif not restricted or connection.session.admin:
                connection.session.notify(key, value, press=press)
                self._schedule(connection)

    def _schedule(self, connection: _Connection) -> None:
        """Have events written when they are due, together with all that changes until then."""
        due = connection.session.events_due
        if due == NEVER:
            return
        loop = asyncio.get_running_loop()
        due = max(due, loop.time())
        if connection.timer is None or connection.timer.when() > due:
            connection.stop_timer()
            connection.timer = loop.call_at(due, self._tell, connection)

    def _tell(self, connection: _Connection) -> None:
        connection.timer = None
        transport = connection.writer.transport
        if transport.is_closing():
            return
        loop = asyncio.get_running_loop()
        now = loop.time()
        if transport.get_write_buffer_size() > _MAX_BACKLOG_BYTES:
            connection.stuck_since = min(connection.stuck_since, now)
            if now - connection.stuck_since > _WRITE_LIMIT_S:
                transport.abort()
            else:
                connection.timer = loop.call_later(EVENT_INTERVAL_S, self._tell, connection)
            return
        connection.stuck_since = NEVER
        if data := connection.session.events(now):
            connection.writer.write(data)
        self._schedule(connection)


class _Connection:
    """One socket, its session and its task."""

    def __init__(self, writer: asyncio.StreamWriter, session: Session) -> None:
        self.writer = writer
        self.session = session
        self.answering = False
        self.timer: asyncio.TimerHandle | None = None
        """Writes events."""
        self.stuck_since = NEVER
        self.end: asyncio.TimerHandle | None = None
        """Ends it whatever it is at."""

    def stop_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


def _keep_alive(writer: asyncio.StreamWriter) -> None:
    """Have a controller that vanished noticed within minutes; it may be silent for as long as it likes."""
    sock = writer.get_extra_info("socket")
    with suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEP_ALIVE:
            if (option := getattr(socket, name, None)) is not None:
                sock.setsockopt(socket.IPPROTO_TCP, option, value)


async def _reject(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Tell a controller that it is one too many, once it has asked something: earlier it would not read that."""
    try:
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_REJECT_LIMIT_S):
                await reader.read(_READ_BYTES)
                writer.write(encode_response(HttpCode.UNAVAILABLE))
    finally:
        await _close(writer)


async def _close(writer: asyncio.StreamWriter) -> None:
    """Close a socket; what it still has to say is said within seconds or never."""
    writer.close()
    try:
        async with asyncio.timeout(_CLOSE_LIMIT_S):
            await writer.wait_closed()
    except OSError, TimeoutError:
        writer.transport.abort()
    except asyncio.CancelledError:
        writer.transport.abort()
        raise
