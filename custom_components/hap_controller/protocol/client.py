"""The public face: one paired accessory or bridge, what is known of it, and what can be asked of it."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
import logging
import secrets
from typing import Any, Final, override

from .catalogue import CharacteristicUuid
from .connection import Connection, Event, Greeting, Pushed, Statistics
from .const import (
    DELAY_FACTOR,
    FIRST_DELAY_S,
    HEALTHY_AFTER_S,
    MAX_DELAY_S,
    TIMED_WRITE_LIMIT_S,
    ContentType,
    ControllerPermission,
    HapStatus,
    HttpCode,
    Path,
)
from .conversation import Established, Noticed, Settled
from .errors import LinkError, RefusedError, VendorError
from .http import Response
from .link import LinkChanged, LinkClient
from .messages import (
    ACCESSORIES,
    Batching,
    Key,
    Report,
    Request,
    Write,
    Written,
    parse_read_answer,
    parse_status,
    parse_write_answer,
    prepare_request,
    read_request,
    resource_request,
    subscribe_request,
    write_request,
)
from .model import Change as ValueChange, Characteristic, Database, Difference, difference
from .pairing import (
    Pairing,
    PairVerifyController,
    add_pairing,
    list_pairings,
    read_pairings,
    remove_pairing,
)
from .records import PairingKeys
from .refusals import StatusError, WrongAccessoryError
from .supervisor import Backoff, exponential_backoff
from .transport import TcpTransport, open_tcp
from .values import to_wire

_LOGGER = logging.getLogger(__name__)

# §10.3: the waits grow by half each time; a little spread keeps many accessories from coming back at once.
_SPREAD: Final = (0.8, 1.2)
# No accessory has a version of its description below this, so that the first one announced is news.
_NO_CONFIGURATION: Final = -1
_MAX_PID: Final = 2**53 - 1
_TOO_MUCH: Final = frozenset({HapStatus.OUT_OF_RESOURCES})


@dataclass(frozen=True, slots=True)
class ValuesChanged:
    """Values, or whether they can be had, changed; in the order in which they did."""

    changes: Sequence[ValueChange]


@dataclass(frozen=True, slots=True)
class DatabaseChanged:
    """The accessory describes itself in another way now."""

    difference: Difference


type Change = DatabaseChanged | LinkChanged | ValuesChanged


@dataclass(slots=True)
class _Parcel:
    """What one caller wants to be written."""

    writes: Sequence[Write]
    done: asyncio.Future[dict[Key, Written]]
    results: dict[Key, Written] = field(default_factory=dict)
    error: VendorError | None = None


class HapClient(LinkClient[Connection, Event, Change]):
    """One pairing: an accessory, or a bridge with all that hangs on it."""

    peer = "the accessory"
    statistics: Statistics

    def __init__(
        self,
        keys: PairingKeys,
        hosts: Sequence[str],
        port: int,
        *,
        database: Database | None = None,
        configuration: int | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        """Prepare a client of the accessory at ``hosts``, addresses of which the first that answers is taken.

        ``database`` is a description kept from earlier, and ``configuration`` its number: it is read anew only when
        the accessory announces another one. ``backoff`` replaces the waits between attempts.
        """
        super().__init__(
            backoff=backoff
            or exponential_backoff(FIRST_DELAY_S, MAX_DELAY_S, _SPREAD, factor=DELAY_FACTOR),
            healthy_after_s=HEALTHY_AFTER_S,
        )
        self.statistics = Statistics()
        self.database = database or Database()
        """What the accessory has, with its values; replaced when it changes."""
        self.configuration = _NO_CONFIGURATION if configuration is None else configuration
        """Number of the description that ``database`` is."""
        self._keys = keys
        self._hosts = tuple(hosts)
        self._port = port
        self._wrong_hosts: set[str] = set()
        self._announced: int | None = configuration
        self._known = database is not None
        self._wanted: set[Key] = set()
        self._subscribed: set[Key] = set()
        self._all_wanted = True
        self._batching = Batching(host="")
        self._outbox: list[_Parcel] = []
        self._tasks: set[asyncio.Task[None]] = set()

    # --- what is known ----------------------------------------------------------------------

    @property
    def accessory_id(self) -> str:
        """The accessory's pairing id, which it signs with."""
        return self._keys.accessory_id

    @property
    def endpoint(self) -> tuple[tuple[str, ...], int]:
        """Addresses and port of the next attempt."""
        return self._hosts, self._port

    def announced(
        self, configuration: int | None, hosts: Sequence[str] = (), port: int | None = None
    ) -> None:
        """Take what the accessory announces of itself: where it is, and the number of its description (§10).

        Anyone can announce anything, but only the accessory can verify: a link that is up stays.
        """
        if hosts and set(hosts) != set(self._hosts):
            self._hosts = tuple(hosts)
            self._wrong_hosts.clear()
        self._port = port or self._port
        if configuration is not None:
            self._announced = configuration
            if self.connected and configuration != self.configuration:
                self._spawn(self._describe_anew())
        if self._connection is None:
            self._supervisor.hurry()

    # --- what can be asked ------------------------------------------------------------------

    async def read(self, keys: Iterable[Key]) -> dict[Key, Any]:
        """Read values now; gives those that could be read, and tells changes as always.

        Raises StatusError when none could be, LinkError when the link is down or drops, as all that asks.
        """
        wanted = list(dict.fromkeys(keys))
        values: dict[Key, Any] = {}
        failure: int | None = None
        for key, value, status in await self._read(wanted):
            if status:
                failure = status
            else:
                values[key] = value
        if wanted and not values and failure is not None:
            raise StatusError(failure)
        return values

    async def write(self, values: Mapping[Key, Any]) -> dict[Key, Any]:
        """Write values, converted to what the accessory takes; gives write responses where it gave any.

        What is written within one turn of the loop goes in as few requests as can be, each caller learning what became
        of its own. Raises StatusError for the first that was refused, FormatError for what cannot be written.
        """
        writes = [Write(key, self._wire_value(key, value)) for key, value in values.items()]
        parcel = _Parcel(writes, asyncio.get_running_loop().create_future())
        self._outbox.append(parcel)
        if len(self._outbox) == 1:
            self._spawn(self._post())
        results = await parcel.done
        for result in results.values():
            if result.status:
                raise StatusError(result.status)
        return {key: result.value for key, result in results.items() if result.value is not None}

    async def watch(self, keys: Collection[Key] | None = None) -> None:
        """Have changes of these told, and of no others; None for all that can be. Holds over reconnections."""
        self._all_wanted = keys is None
        self._wanted = set(keys or ())
        if self.connected:
            await self._subscribe_anew()

    async def identify(self, aid: int = 1) -> None:
        """Have an accessory show which one it is."""
        accessory = self.database.accessories.get(aid)
        found = next(
            (
                each
                for each in (accessory.characteristics if accessory else ())
                if each.metadata.type == CharacteristicUuid.IDENTIFY
            ),
            None,
        )
        if found is None:
            raise StatusError(HapStatus.NOT_FOUND)
        await self.write({found.key: True})

    async def image(self, aid: int | None, width: int, height: int) -> bytes:
        """Take a picture, JPEG; raises StatusError when there is none."""
        answer = await self._ask(resource_request(aid, width, height))
        if answer.code != HttpCode.OK or not answer.body:
            raise StatusError(parse_status(answer.code, answer.body) or HapStatus.UNREACHABLE)
        return answer.body

    async def refresh(self) -> None:
        """Read all values that are not told by themselves, or may have been missed."""
        await self._read(self.database.readable())

    async def list_pairings(self) -> list[Pairing]:
        """List who may talk to the accessory; raises NotAdminError for other than administrators."""
        return read_pairings(await self._pairings(list_pairings()))

    async def add_pairing(
        self, controller_id: str, public_key: bytes, permissions: ControllerPermission
    ) -> None:
        """Let another controller in."""
        read_pairings(await self._pairings(add_pairing(controller_id, public_key, permissions)))

    async def remove_pairing(self, controller_id: str | None = None) -> None:
        """Lock a controller out, by default ourselves: then the accessory can be paired anew."""
        own = controller_id in (None, self._keys.controller_id)
        message = remove_pairing(controller_id or self._keys.controller_id)
        try:
            read_pairings(await self._pairings(message))
        except LinkError:
            if not own or self.connected:  # an accessory may hang up before it answers
                raise

    # --- life -------------------------------------------------------------------------------

    @override
    async def run(self) -> Any:
        """Keep the link up until cancelled; see LinkClient."""
        try:
            await super().run()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            for parcel in self._outbox:
                parcel.done.cancel()

    def _spawn(self, work: Any) -> None:
        """Have something done that no caller waits for, for as long as the client runs."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- the way out ------------------------------------------------------------------------

    def _wire_value(self, key: Key, value: Any) -> Any:
        found = self._characteristic(key)
        return to_wire(value, found.metadata)

    def _characteristic(self, key: Key) -> Characteristic:
        found = self.database.characteristics.get(key)
        if found is None:
            raise StatusError(HapStatus.NOT_FOUND)
        return found

    async def _ask(self, request: Request) -> Response:
        answer: Response = await self._settled(
            lambda connection: connection.submit(request, self._now())
        )
        return answer

    async def _pairings(self, message: bytes) -> bytes:
        answer = await self._ask(Request("POST", Path.PAIRINGS, ContentType.TLV, message))
        return answer.body

    async def _read(self, keys: Collection[Key]) -> list[Report]:
        """Read in requests that the accessory bears; tells what changed."""
        reports: list[Report] = []
        left = list(keys)
        while left:
            batch = self._batching.reads(left)[0]
            answer = await self._ask(read_request(batch))
            got = parse_read_answer(answer.code, answer.body, batch).reports
            if self._too_much(batch, got):
                continue
            left = left[len(batch) :]
            reports += got
            self._tell(self.database.apply(got))
        return reports

    def _too_much(self, batch: Sequence[Any], reports: Sequence[Report]) -> bool:
        """Ask for half from now on when the accessory could not bear so much at once (§7.2)."""
        if len(batch) < 2 or not any(status in _TOO_MUCH for _, _, status in reports):
            return False
        self._batching = self._batching.halved(len(batch))
        return True

    async def _post(self) -> None:
        """Write what has come together within a turn of the loop."""
        await asyncio.sleep(0)
        parcels, self._outbox = self._outbox, []
        writes = [write for parcel in parcels for write in parcel.writes]
        timed = [write for write in writes if self._is_timed(write.key)]
        plain = [write for write in writes if not self._is_timed(write.key)]
        for batch in self._batching.writes(plain):
            await self._put(batch, parcels, pid=None)
        for batch in self._batching.writes(timed):
            await self._put(batch, parcels, pid=secrets.randbelow(_MAX_PID) + 1)
        for parcel in parcels:
            if parcel.done.done():
                continue
            if parcel.error:
                parcel.done.set_exception(parcel.error)
            else:
                parcel.done.set_result(parcel.results)

    def _is_timed(self, key: Key) -> bool:
        found = self.database.characteristics.get(key)
        return found is not None and found.metadata.timed

    async def _put(
        self, batch: Sequence[Write], parcels: Sequence[_Parcel], *, pid: int | None
    ) -> None:
        """Write one batch, and note what became of it for each who had a part in it."""
        keys = [write.key for write in batch]
        results: dict[Key, Written] = {}
        error: VendorError | None = None
        try:
            if pid is not None:
                await self._prepare(pid)
            answer = await self._ask(write_request(batch, pid=pid))
            results = parse_write_answer(answer.code, answer.body, keys)
            self._tell(self.database.written({write.key: write.value for write in batch}, results))
        except VendorError as err:
            error = err
        for parcel in parcels:
            own = [write.key for write in parcel.writes if write in batch]
            parcel.results |= {key: results[key] for key in own if key in results}
            if own and error:
                parcel.error = error

    async def _prepare(self, pid: int) -> None:
        """Announce a timed write (§7.4)."""
        answer = await self._ask(prepare_request(round(TIMED_WRITE_LIMIT_S * 1000), pid))
        if status := parse_status(answer.code, answer.body):
            raise StatusError(status)

    async def _subscribe_anew(self) -> None:
        """Bring the subscriptions of the link in line with what is wanted."""
        wanted = self._watchable()
        for keys, on in ((self._subscribed - wanted, False), (wanted - self._subscribed, True)):
            for batch in self._batching.subscriptions(keys):
                answer = await self._ask(subscribe_request(batch, on))
                self._take_subscriptions(batch, answer, on=on)

    async def _describe_anew(self) -> None:
        """Read the description again, since the accessory announced another one (§10.5)."""
        try:
            self._take_database(await self._ask(ACCESSORIES))
            await self._subscribe_anew()
            await self.refresh()
        except VendorError as err:
            _LOGGER.debug("The new description of %s could not be read: %s", self.peer, err)

    # --- the link ---------------------------------------------------------------------------

    @asynccontextmanager
    @override
    async def _open_link(self) -> AsyncIterator[tuple[TcpTransport, Connection]]:
        """Connect to one of the accessory's addresses."""
        hosts = [host for host in self._hosts if host not in self._wrong_hosts]
        if not hosts:
            self._wrong_hosts.clear()
            hosts = list(self._hosts)
        async with open_tcp(hosts, self._port) as transport:
            self._batching = Batching(host=transport.host, max_items=self._batching.max_items)
            self._subscribed = set()
            connection = Connection(
                self._now(),
                transport.host,
                PairVerifyController(self._keys),
                self._greet,
                probe=self._probe,
                tickets=self._tickets,
                statistics=self.statistics,
            )
            with self._conversing(connection):
                try:
                    yield transport, connection
                except WrongAccessoryError as err:
                    self._wrong_address(transport.host, err)
                    raise

    def _wrong_address(self, host: str, err: WrongAccessoryError) -> None:
        """Remember an address at which another accessory is; the next one is tried at once (§10.3)."""
        known = host in self._wrong_hosts
        self._wrong_hosts.add(host)
        if not known and set(self._hosts) - self._wrong_hosts:
            err.delay_s = 0.0

    def _greet(self) -> Greeting:
        """Learn all there is to know on a new link: description if need be, subscriptions, values."""
        if not self._known or self._announced not in (None, self.configuration):
            self._take_database((yield ACCESSORIES))
        for batch in self._batching.subscriptions(self._watchable()):
            answer = yield subscribe_request(batch, True)
            self._take_subscriptions(batch, answer, on=True)
        left = self.database.readable()
        while left:
            batch = self._batching.reads(left)[0]
            answer = yield read_request(batch)
            with suppress(RefusedError):
                got = parse_read_answer(answer.code, answer.body, batch).reports
                if self._too_much(batch, got):
                    continue
                # All is told at once when the link is up.
                self.database.apply(got)
            left = left[len(batch) :]

    def _probe(self) -> Request | None:
        """Choose something small to read."""
        return next((read_request((key,)) for key in self.database.readable()[:1]), None)

    def _watchable(self) -> set[Key]:
        every = set(self.database.subscribable())
        return every if self._all_wanted else self._wanted & every

    def _take_subscriptions(self, keys: Sequence[Key], answer: Response, *, on: bool) -> None:
        """Note which changes are told on this link; some accessories refuse some."""
        try:
            results = parse_write_answer(answer.code, answer.body, keys)
        except RefusedError:
            return
        done = {key for key, result in results.items() if not result.status}
        self._subscribed = self._subscribed | done if on else self._subscribed - set(keys)

    def _take_database(self, answer: Response) -> None:
        """Take a description; raises LinkError when there is none in the answer."""
        if answer.code != HttpCode.OK:
            raise LinkError(f"the accessory does not describe itself: HTTP status {answer.code}")
        new, old = Database.load(answer.body), self.database
        self.database = new
        self._known = True
        self.configuration = self._announced if self._announced is not None else self.configuration
        if changed := difference(old, new):
            self._emit(DatabaseChanged(changed))

    @override
    def _report(self, err: VendorError) -> None:
        self.statistics.closings.append(str(err))
        super()._report(err)

    @override
    def _lost(self) -> None:
        """Keep the values: who shows them decides for how long."""

    # --- the way in -------------------------------------------------------------------------

    @override
    def _deliver(self, event: Event) -> None:
        """Turn what the connection understood into changes."""
        match event:
            case Pushed(reports=reports):
                changes = self.database.apply(reports, pushed=True)
                if changes and self.connected:
                    self._emit(ValuesChanged(changes))
            case Settled():
                self._settle(event)
            case Established():
                self._established()
            case Noticed(what=what):
                self._notice(what)

    def _tell(self, changes: Sequence[ValueChange]) -> None:
        if changes:
            self._emit(ValuesChanged(changes))
