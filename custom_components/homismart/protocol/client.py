"""The public face: one account, its hubs and devices, and what can be asked of them."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
import logging
from typing import Any, override

import aiohttp
from yarl import URL

from .connection import (
    Connection,
    Event,
    Failed,
    Listed,
    LoggedIn,
    Pending,
    Statistics,
    StoodStill,
    TermsRequired,
)
from .const import (
    BACKOFF_SPREAD,
    CONFIRM_LIST_S,
    CURTAIN_TYPES,
    FIRST_DELAY_S,
    HEALTHY_AFTER_S,
    LIST_INTERVAL_S,
    MAX_CLOSED_POSITION,
    MAX_DELAY_S,
    MAX_LED,
    MAX_LOGIN_DROPS,
    MOTION_LIMIT_S,
    SWITCHED_TYPES,
    WEBSOCKET_URL,
    Group,
)
from .conversation import Established, Noticed, Settled
from .errors import LinkClosedError, SessionRefusedError, VendorError
from .frames import bytes_of
from .link import LinkChanged, LinkClient
from .login import Credentials, RedirectError, Route
from .messages import (
    Command,
    Deleted,
    ObjectPush,
    Report,
    delete_device_timers,
    delete_object,
    delete_timer,
    level_for_position,
    list_device_timers,
    list_scenes,
    list_timers,
    rename,
    set_closed_position,
    set_icon,
    set_led,
    set_level,
    set_lock,
    set_power,
    stop_curtain,
    switch_group,
)
from .model import Device, DeviceChanged, Inventory, ModelChange
from .servers import checked_address
from .supervisor import Backoff, exponential_backoff
from .transport import WebSocketTransport, open_websocket


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the cloud is; raises UnsupportedError for addresses that are not safe to log in to."""

    websocket_url: str = WEBSOCKET_URL

    def __post_init__(self) -> None:
        """Refuse plain text on a network."""
        object.__setattr__(self, "websocket_url", checked_address(self.websocket_url, "wss"))


@dataclass(frozen=True, slots=True)
class TermsChanged:
    """The cloud wants its terms of use confirmed, or no longer."""

    required: bool


type Change = Failed | LinkChanged | ModelChange | TermsChanged
type Listener = Callable[[Change], None]


class HomismartClient(LinkClient[Connection, Event, Change]):
    """One account of the Homismart cloud."""

    peer = "the cloud"
    notice_level = logging.DEBUG
    statistics: Statistics

    def __init__(
        self,
        credentials: Credentials,
        session: aiohttp.ClientSession,
        *,
        servers: Servers | None = None,
        list_interval_s: float = LIST_INTERVAL_S,
        accept_terms: bool = False,
        wall: Callable[[], datetime] | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        """Prepare a client that uses, and never closes, ``session``.

        ``list_interval_s`` is how often the list is read; ``accept_terms`` confirms changed terms of use without
        asking; ``wall`` gives local time of the home; ``backoff`` replaces the waits between attempts.
        """
        super().__init__(
            backoff=backoff or exponential_backoff(FIRST_DELAY_S, MAX_DELAY_S, BACKOFF_SPREAD),
            healthy_after_s=HEALTHY_AFTER_S,
        )
        self.statistics = Statistics()
        self.terms_required = False
        self._credentials = credentials
        self._session = session
        self._route = Route((servers or Servers()).websocket_url)
        self._list_interval_s = list_interval_s
        self.accept_terms = accept_terms
        """Whether changed terms of use are confirmed without asking."""
        self._wall = wall or (lambda: datetime.now().astimezone())
        self._inventory = Inventory()
        self._doubted_at: float | None = None
        self._login_drops = 0

    @property
    def host(self) -> str:
        """Host of the server in use: another than the configured one after a redirect."""
        return self._route.host

    @property
    def devices(self) -> Mapping[str, Device]:
        """All hubs and devices by id, as last known; changes with the news."""
        return self._inventory.devices

    # --- commands ---------------------------------------------------------------------------
    # Each returns when a report shows what was wanted. Each raises LinkError when there is no link or it drops, and
    # CommandError when the cloud refuses, or when neither a report nor the list shows it in time.

    async def set_on(self, device_id: str, on: bool) -> None:
        """Switch a device."""
        await self._command(set_power(device_id, on))

    async def toggle(self, device_id: str) -> None:
        """Switch a device to the other state than it has, or will have; an unknown one is switched on."""
        device = self.devices.get(device_id)
        await self.set_on(device_id, not (device and device.expected("is_on")))

    async def set_position(self, device_id: str, position: int) -> None:
        """Move a curtain to percent open, 0–100, in steps of ten; of a quick sequence only the last counts."""
        await self._command(set_level(device_id, level_for_position(_within(position, 100))))

    async def stop(self, device_id: str) -> None:
        """Stop a curtain."""
        await self._command(stop_curtain(device_id))

    async def set_locked(self, device_id: str, locked: bool) -> None:
        """Lock or unlock a door, or the buttons of another device."""
        await self._command(set_lock(device_id, locked))

    async def set_led(self, device_id: str, level: int) -> None:
        """Set the indicator light, 0–100."""
        await self._command(set_led(device_id, _within(level, MAX_LED)))

    async def set_closed_position(self, device_id: str, position: int) -> None:
        """Calibrate where a curtain is closed, 0–10."""
        await self._command(set_closed_position(device_id, _within(position, MAX_CLOSED_POSITION)))

    async def rename(self, device_id: str, name: str) -> None:
        """Name a device or hub; raises ValueError for a name that is empty or no text that can be sent."""
        if not (name := name.strip()):
            raise ValueError("a name must not be empty")
        await self._command(rename(device_id, name))

    async def set_icon(self, device_id: str, icon_id: str) -> None:
        """Choose the icon that the vendor's application shows; raises ValueError for no text."""

        await self._command(set_icon(device_id, icon_id))

    async def delete(self, device_id: str) -> None:
        """Remove a device from the vendor's account."""
        await self._command(delete_object(device_id))

    async def switch_all(self, on: bool, type_number: int | None = None) -> None:
        """Switch everything, or all devices of one type number; raises ValueError for one without power.

        Everything is switched on type by type: what "on" for everything does to doors and curtains nobody knows.
        """
        if type_number is None and not on:
            everything = switch_group(on, Group.EVERYTHING, SWITCHED_TYPES, curtains=False)
            await self._command(everything)
            return
        if type_number is None:
            numbers = {device.type_number or 0 for device in self.devices.values()} & SWITCHED_TYPES
        elif type_number in SWITCHED_TYPES:
            numbers = {type_number}
        else:
            raise ValueError(f"devices of type {type_number} cannot be switched")
        for number in sorted(numbers):
            await self._command(switch_group(on, number, {number}, curtains=False))

    async def move_all(self, *, opening: bool) -> None:
        """Open or close all curtains."""
        await self._command(switch_group(opening, Group.CURTAINS, CURTAIN_TYPES, curtains=True))

    async def list_timers(self, device_id: str | None = None) -> Any:
        """Read all timers, or those of a device; gives the vendor's JSON, whose shape is not known."""
        command = list_timers() if device_id is None else list_device_timers(device_id)
        return await self._command(command)

    async def list_scenes(self) -> Any:
        """Read all scenes; gives the vendor's JSON, whose shape is not known."""
        return await self._command(list_scenes())

    async def delete_timer(self, timer_id: str) -> None:
        """Delete a timer."""
        await self._command(delete_timer(timer_id))

    async def delete_device_timers(self, device_id: str) -> None:
        """Delete all timers of a device."""
        await self._command(delete_device_timers(device_id))

    async def refresh(self) -> None:
        """Read the list now."""
        await self._settled(lambda connection: connection.refresh(self._now()))

    def confirm_terms(self) -> None:
        """Confirm the terms of use, this time; raises LinkError without a link."""
        if self._connection is None or not self._connection.logged_in:
            raise LinkClosedError("there is no link to the cloud")
        self._connection.confirm_terms()
        self._supervisor.wake()
        self._terms(required=False)

    # --- the way out ------------------------------------------------------------------------

    async def _command(self, command: Command) -> Any:
        if bytes_of(dict(command.changes)) is None:
            raise ValueError("text that cannot be sent")
        return await self._settled(lambda connection: connection.submit(command, self._now()))

    # --- the link ---------------------------------------------------------------------------

    @override
    @asynccontextmanager
    async def _open_link(self) -> AsyncIterator[tuple[WebSocketTransport, Connection]]:
        """Open the websocket of the server we are to log in to."""
        address = self._route.take()
        async with open_websocket(
            self._session, URL(address.url), server_hostname=address.server_hostname
        ) as transport:
            connection = Connection(
                self._now(),
                self._tickets,
                self._credentials,
                self._inventory.devices,
                self._route,
                wall=self._wall,
                accept_terms=lambda: self.accept_terms,
                list_interval_s=self._list_interval_s,
                statistics=self.statistics,
            )
            with self._conversing(connection):
                try:
                    yield transport, connection
                except LinkClosedError as err:
                    self._closed(connection, err)
                    raise

    def _closed(self, connection: Connection, err: LinkClosedError) -> None:
        """Count logins that are answered by hanging up: some servers refuse like that (§4)."""
        if connection.logged_in:
            return
        self._login_drops += 1
        if self._login_drops >= MAX_LOGIN_DROPS:
            refused = SessionRefusedError(
                "the cloud hangs up on the login; the credentials may be refused"
            )
            refused.retry_after_s = MAX_DELAY_S
            raise refused from err

    @override
    def _report(self, err: VendorError) -> None:
        if not isinstance(err, RedirectError):
            self._route.forget()
        super()._report(err)

    @override
    def _lost(self) -> None:
        self._tell(self._inventory.lost())

    # --- the way in -------------------------------------------------------------------------

    @override
    def _deliver(self, event: Event) -> None:
        match event:
            case ObjectPush(report=report):
                self._tell(self._inventory.reported(report))
            case Settled():
                self._settle(event)
            case Pending(device_id=device_id, wants=wants):
                self._tell(self._inventory.pending(device_id, wants))
            case Listed(reports=reports):
                self._take_list(reports)
            case Deleted(device_id=device_id):
                self._tell(self._inventory.deleted(device_id))
            case StoodStill(device_id=device_id):
                self._tell(self._inventory.stood_still(device_id))
            case Failed():
                self._emit(event)
            case LoggedIn():
                self._login_drops = 0
            case TermsRequired():
                self._terms(required=not self.accept_terms)
            case Established():
                if self._connection and not self._connection.terms_asked:
                    self._terms(required=False)  # confirmed elsewhere meanwhile
                self._established()
            case Noticed(what=what):
                self._notice(what)

    def _take_list(self, reports: tuple[Report, ...]) -> None:
        """Take the list; one that lost too much only when another one says the same some time later."""
        connection, now = self._connection, self._now()
        if not self._inventory.shrinks(reports):
            self._doubted_at = None
        elif self._doubted_at is None:
            self._doubted_at = now
        confirmed = self._doubted_at is None or now >= self._doubted_at + CONFIRM_LIST_S
        self._tell(self._inventory.listed(reports, complete=confirmed))
        if connection is None:
            return
        if confirmed:
            self._doubted_at = None
        elif self._doubted_at is not None:
            connection.confirm_list(self._doubted_at + CONFIRM_LIST_S)
        for device in self._inventory.devices.values():
            # Also what began on a link before; a list must not prolong what is timed already.
            if device.motion and not connection.expects_standing(device.device_id):
                connection.expect_standing(device.device_id, now + MOTION_LIMIT_S)

    def _terms(self, *, required: bool) -> None:
        if required != self.terms_required:
            self.terms_required = required
            self._emit(TermsChanged(required))

    def _tell(self, changes: Iterable[ModelChange]) -> None:
        for change in changes:
            if isinstance(change, DeviceChanged) and self._connection and _moves(change):
                by = self._now() + MOTION_LIMIT_S if change.device.motion else None
                self._connection.expect_standing(change.device.device_id, by)
            self._emit(change)


def _moves(change: DeviceChanged) -> bool:
    """Tell whether a change is news about a movement."""
    return "motion" in change.fields or (
        "level" in change.fields and change.device.motion is not None
    )


def _within(value: int, limit: int) -> int:
    if not 0 <= value <= limit:
        raise ValueError(f"{value} is not within 0 and {limit}")
    return value
