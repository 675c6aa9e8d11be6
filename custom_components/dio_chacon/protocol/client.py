"""The public face: one account, its devices, and what can be asked of them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import override

import aiohttp
from yarl import URL

from .connection import (
    AccountRead,
    Connection,
    Event,
    Listed,
    Overdue,
    RoomsRead,
    StatesRead,
    Statistics,
)
from .const import (
    FIRST_DELAY_S,
    HEALTHY_AFTER_S,
    LIST_INTERVAL_S,
    LOGIN_URL,
    LOGOUT_LIMIT_S,
    MAX_DELAY_S,
    WEBSOCKET_URL,
    Kind,
    Movement,
)
from .conversation import Established, Noticed, Settled
from .errors import LinkError, SessionRefusedError, VendorError
from .link import LinkChanged, LinkClient
from .login import Credentials, Login
from .messages import (
    Account,
    Command,
    Greeting,
    RecordPush,
    Report,
    move_shutter,
    set_open_level,
    set_quiet_mode,
    set_switch,
)
from .model import Device, Inventory, ModelChange
from .servers import checked_address
from .supervisor import Backoff, exponential_backoff
from .transport import WebSocketTransport, fetch_image, open_websocket, post_login


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the cloud is; raises UnsupportedError for addresses that are not safe to log in to."""

    login_url: str = LOGIN_URL
    websocket_url: str = WEBSOCKET_URL

    def __post_init__(self) -> None:
        """Refuse plain text on a network."""
        object.__setattr__(self, "login_url", checked_address(self.login_url, "https"))
        object.__setattr__(self, "websocket_url", checked_address(self.websocket_url, "wss"))


type Change = LinkChanged | ModelChange
type Listener = Callable[[Change], None]


class DioClient(LinkClient[Connection, Event, Change]):
    """One account of the DiO cloud; stopping ``run()`` logs out too."""

    peer = "the cloud"
    statistics: Statistics

    def __init__(
        self,
        credentials: Credentials,
        session: aiohttp.ClientSession,
        *,
        servers: Servers | None = None,
        list_interval_s: float = LIST_INTERVAL_S,
        read_unknown: bool = False,
        backoff: Backoff | None = None,
    ) -> None:
        """Prepare a client that uses, and never closes, ``session``.

        ``list_interval_s`` is how often added and removed devices are looked for; ``read_unknown`` reads the states
        of devices of unknown types too; ``backoff`` replaces the waits between attempts.
        """
        super().__init__(
            backoff=backoff or exponential_backoff(FIRST_DELAY_S, MAX_DELAY_S),
            healthy_after_s=HEALTHY_AFTER_S,
        )
        self.account: Account | None = None
        """Who is logged in; known for good once ``ready()`` was."""
        self.statistics = Statistics()
        self._session = session
        self._servers = servers or Servers()
        self._list_interval_s = list_interval_s
        self._read_unknown = read_unknown
        self._login = Login(credentials)
        self._inventory = Inventory()

    @property
    def devices(self) -> Mapping[str, Device]:
        """All devices by id, as last known; changes with the news."""
        return self._inventory.devices

    # --- commands ---------------------------------------------------------------------------
    # Each returns when the cloud has taken the command: that is not yet the device's report. Each raises LinkError
    # when there is no link or it drops, and CommandError when the cloud refuses or does not answer.

    async def move(self, device_id: str, movement: Movement) -> None:
        """Run a shutter up or down, or stop it."""
        direction = None if movement is Movement.STOP else movement
        await self._run_shutter(move_shutter(device_id, movement), device_id, direction)

    async def set_position(self, device_id: str, position: int) -> None:
        """Move a shutter to ``position`` percent open, 0–100; of a quick sequence only the last counts."""
        if not 0 <= position <= 100:
            raise ValueError(f"position {position} is not within 0 and 100")
        device = self.devices.get(device_id)
        known = device.position if device else None
        direction = (
            None
            if known in (None, position)
            else Movement.UP
            if position > known
            else Movement.DOWN
        )
        await self._run_shutter(set_open_level(device_id, position), device_id, direction)

    async def set_on(self, device_id: str, on: bool) -> None:
        """Switch a light switch or plug."""
        await self._switch(set_switch(device_id, on), device_id, "is_on", on)

    async def set_quiet(self, device_id: str, on: bool) -> None:
        """Set the quiet mode of a light switch or plug."""
        await self._switch(set_quiet_mode(device_id, on), device_id, "quiet", on)

    async def refresh(self) -> None:
        """Read the device list and all states now."""
        await self._settled(lambda connection: connection.refresh(self._now()))

    async def refresh_state(self, device_id: str) -> None:
        """Read the state of one device; calls in quick succession share one request."""
        await self._settled(lambda connection: connection.refresh_state(device_id, self._now()))

    async def fetch_snapshot(self, device_id: str) -> tuple[bytes, str] | None:
        """Fetch the picture of the last event; gives bytes and content type, None when none was offered."""
        device = self.devices.get(device_id)
        if device is None or device.last_event is None or device.last_event.image_url is None:
            return None
        return await fetch_image(self._session, device.last_event.image_url)

    # --- the way out ------------------------------------------------------------------------

    async def _run_shutter(
        self, command: Command, device_id: str, direction: Movement | None
    ) -> None:
        """Send a shutter off; what the cloud took shows as movement until a report tells better."""
        before, connection = self._inventory.motion_reports(device_id), self._connection
        await self._settled(lambda connection: connection.submit(command, self._now()))
        device = self.devices.get(device_id)
        if (
            connection is None or connection is not self._connection
        ):  # answered with its last breath
            return
        if device and before == self._inventory.motion_reports(device_id):
            connection.expect(device_id, "movement", self._now() + device.report_limit_s)
            self._tell(self._inventory.acknowledged(device_id, direction))
            self._supervisor.wake()

    async def _switch(self, command: Command, device_id: str, what: str, on: bool) -> None:
        """Send a command that a report of ``what`` being ``on`` confirms."""
        device = self.devices.get(device_id)
        limit_s = device.report_limit_s if device else 0

        def submit(connection: Connection) -> int:
            # The report may come before the answer, so it is expected before the command leaves.
            ticket = connection.submit(command, self._now())
            if device:
                connection.expect(device_id, what, self._now() + limit_s, on)
            return ticket

        await self._settled(submit)

    # --- the link ---------------------------------------------------------------------------

    @override
    @asynccontextmanager
    async def _open_link(self) -> AsyncIterator[tuple[WebSocketTransport, Connection]]:
        """Log in where needed, open the websocket, and say goodbye when stopped."""
        if (body := self._login.request(self._now())) is not None:
            answer = await post_login(self._session, self._servers.login_url, body)
            self._login.answered(answer.status, answer.body, answer.retry_after_s, self._now())
        address = URL(f"{self._servers.websocket_url}?{self._login.query()}", encoded=True)
        async with open_websocket(self._session, address) as transport:
            connection = Connection(
                self._now(),
                self._tickets,
                account_known=self.account is not None,
                read_unknown=self._read_unknown,
                list_interval_s=self._list_interval_s,
                statistics=self.statistics,
            )
            with self._conversing(connection):
                try:
                    yield transport, connection
                except asyncio.CancelledError:
                    await self._log_out(transport, connection)
                    raise
                except LinkError as err:
                    self._link_ended(connection, err)
                    raise

    def _link_ended(self, connection: Connection, err: LinkError) -> None:
        """Forget a token that the cloud no longer takes, and go on at once with a new one."""
        if isinstance(err, SessionRefusedError):
            if self._login.refused():
                err.delay_s = 0
        elif connection.greeted:  # also if no more came of it: refused later, the token has expired
            self._login.accepted()

    async def _log_out(self, transport: WebSocketTransport, connection: Connection) -> None:
        """End the session on the server; a password connection has none."""
        if not self._login.has_token or not connection.greeted:
            return
        ticket = connection.log_out(self._now())
        with suppress(VendorError, TimeoutError):
            async with asyncio.timeout(LOGOUT_LIMIT_S):
                for data in connection.outgoing():
                    await transport.send(data)
                answered = False
                while not answered:
                    events = connection.receive(await transport.receive(), self._now())
                    answered = any(isinstance(e, Settled) and e.ticket == ticket for e in events)

    @override
    def _lost(self) -> None:
        self._tell(self._inventory.lost())

    # --- the way in -------------------------------------------------------------------------

    @override
    def _deliver(self, event: Event) -> None:
        if type(event) is Report:  # nearly always
            if event.device_id in self._inventory.devices:
                self._take_report(event.device_id, event, pushed=True)
            return
        match event:
            case Settled():
                self._settle(event)
            case StatesRead(reports=reports):
                for device_id, answer in reports.items():
                    if device_id in self._inventory.devices:
                        self._take_report(device_id, answer)
            case Listed(records=records, reports=reports):
                self._tell(self._inventory.listed(records, reports))
                self._watch_all(reports)
            case RecordPush(record=record):
                if record.device_id in self._inventory.devices:
                    self._tell(self._inventory.recorded(record))
            case RoomsRead(rooms=rooms):
                self._tell(self._inventory.roomed(rooms))
            case Overdue(device_ids=device_ids):
                for device_id in device_ids:
                    self._tell(self._inventory.overdue(device_id))
            case AccountRead(account=account):
                self.account = account
            case Greeting():
                self.statistics.last_greeting = datetime.now().astimezone()
            case Established():
                self._login.accepted()
                self._established()
            case Noticed(what=what):
                self._notice(what)

    def _take_report(self, device_id: str, report: Report | None, *, pushed: bool = False) -> None:
        self._tell(self._inventory.reported(device_id, report, pushed=pushed))
        if report and self._connection:
            self._watch(self._connection, device_id, report)

    def _watch(self, connection: Connection, device_id: str, report: Report) -> None:
        """Strike off what was expected, and expect a running shutter to stop."""
        values = report.values
        if connection.expects:
            for what in ("is_on", "quiet"):
                if what in values:
                    connection.came(device_id, what, values[what])
        if "movement" not in values and "position" not in values:
            return
        device = self._inventory.devices[device_id]
        if device.movement in (Movement.UP, Movement.DOWN):
            connection.expect(device_id, "movement", self._now() + device.stop_limit_s)
        else:
            connection.came(device_id, "movement")

    def _watch_all(self, reports: Mapping[str, Report | None]) -> None:
        """Look after the list: shutters that run already, devices that vanished, kinds nobody knows."""
        if not self._connection:
            return
        for device_id, report in reports.items():
            if report and device_id in self._inventory.devices:
                self._watch(self._connection, device_id, report)
        if self._inventory.missing():
            self._connection.recheck_list()
        for device in self._inventory.devices.values():
            if device.kind is Kind.UNKNOWN:
                self._notice(f"type {device.record.type_text}")

    def _tell(self, changes: Iterable[ModelChange]) -> None:
        for change in changes:
            self._emit(change)
