"""The public face: one paired accessory or bridge, what is known of it, and what can be asked of it."""

import asyncio
from collections.abc import (
    AsyncIterator,
    Callable,
    Collection,
    Coroutine,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
import logging
from typing import Any, Final, NoReturn, override

from .catalogue import CharacteristicUuid
from .connection import Connection, Event, Found, Pushed, Statistics, Steps
from .const import (
    DELAY_FACTOR,
    FIRST_DELAY_S,
    HEALTHY_AFTER_S,
    MAX_DELAY_S,
    PROBE_LIMIT_S,
    READY_LIMIT_S,
    REQUEST_LIMIT_S,
    SLOW_VERIFY_LIMIT_S,
    VERIFY_LIMIT_S,
    ContentType,
    ControllerPermission,
    HapStatus,
    HttpCode,
    Path,
)
from .conversation import Established, Settled
from .discovery import Whereabouts
from .errors import LinkClosedError, LinkError, PeerSilentError, SessionRefusedError, VendorError
from .link import LinkChanged, LinkClient
from .messages import Key, Request, Write, Written, parse_status, resource_request
from .model import Database
from .pairing import (
    Pairing,
    PairVerifyController,
    add_pairing,
    list_pairings,
    read_pairings,
    remove_pairing,
)
from .records import PairingKeys
from .refusals import PairingLostError, StatusError, WrongAccessoryError
from .supervisor import Backoff, exponential_backoff
from .transport import TcpTransport, open_tcp, resolve
from .upkeep import DatabaseChanged, Upkeep, ValuesChanged
from .values import read_value

_LOGGER = logging.getLogger(__name__)

# §10.3: the waits grow by half each time; a little spread keeps many accessories from coming back at once.
_SPREAD: Final = (0.8, 1.2)
# Anybody can announce anything: that ends a wait between attempts only so often.
_HURRY_AGAIN_S: Final = 2.0
# What is in doubt shows a moment later: a scene takes several requests.
_DOUBT_S: Final = 0.25

type Change = DatabaseChanged | LinkChanged | ValuesChanged


@dataclass(slots=True)
class _Parcel:
    """What one caller wants to be written."""

    writes: Sequence[Write]
    done: asyncio.Future[dict[Key, Written]]
    results: dict[Key, Written] = field(default_factory=dict)
    error: VendorError | None = None

    def settle(self) -> None:
        """Tell the caller what became of it, unless it is gone."""
        if self.done.done():
            return
        if self.error:
            self.done.set_exception(self.error)
        else:
            self.done.set_result(self.results)


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
        trusted: bool = True,
        takes_large: bool | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        """Prepare a client of the accessory at ``hosts``, addresses or names: the first that answers is taken.

        ``database`` is a description kept from earlier, and ``configuration`` its number: unless it is not ``trusted``
        it is read anew only when the accessory announces another one. ``takes_large`` is what ``try_large`` found out
        earlier. ``backoff`` replaces the waits between attempts.
        """
        super().__init__(
            backoff=backoff
            or exponential_backoff(FIRST_DELAY_S, MAX_DELAY_S, _SPREAD, factor=DELAY_FACTOR),
            healthy_after_s=HEALTHY_AFTER_S,
        )
        self.statistics = Statistics()
        self._keys = keys
        self._whereabouts = Whereabouts(hosts, port)
        self._upkeep = Upkeep(
            database, configuration, trusted=trusted, takes_large=takes_large, clock=self._now
        )
        self._aligning = asyncio.Lock()
        self._slow = False
        """Whether the accessory verified too slowly last time, and has more time for it now."""
        self._outbox: list[_Parcel] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._describer: asyncio.Task[None] | None = None
        self._refresher: asyncio.Task[Any] | None = None
        self._resolving: asyncio.TimerHandle | None = None
        self._hurrying: asyncio.TimerHandle | None = None
        self._hurried = float("-inf")

    # --- what is known ----------------------------------------------------------------------

    @property
    def accessory_id(self) -> str:
        """The accessory's pairing id, which it signs with."""
        return self._keys.accessory_id

    @property
    def endpoint(self) -> tuple[tuple[str, ...], int]:
        """Addresses and port of the next attempt."""
        return self._whereabouts.hosts, self._whereabouts.port

    @property
    def database(self) -> Database:
        """What the accessory has, with its values; replaced when it changes."""
        return self._upkeep.database

    @property
    def configuration(self) -> int | None:
        """Number of the description that ``database`` is, ``c#``; None while the accessory announced none."""
        return self._upkeep.configuration

    @property
    def takes_large(self) -> bool | None:
        """Whether the accessory bears requests of more than one frame; None as long as that was not tried."""
        return self._upkeep.takes_large

    @property
    def choose(self) -> Callable[[int], Collection[Key]]:
        """Chooses so many values at most, to be read when nothing was heard for long: a sign of life that is of use."""
        return self._upkeep.choose

    @choose.setter
    def choose(self, choose: Callable[[int], Collection[Key]]) -> None:
        """Have another one choose."""
        self._upkeep.choose = choose

    @property
    def subscribed(self) -> frozenset[Key]:
        """What the accessory tells by itself on this link; all else has to be read with ``refresh``."""
        return frozenset(self._upkeep.subscribed)

    def announced(
        self, configuration: int | None, hosts: Sequence[str] = (), port: int | None = None
    ) -> None:
        """Take what the accessory announces of itself: where it is, and the number of its description (§10).

        Anyone can announce anything, but only the accessory can verify: a link that is up stays.
        """
        self._whereabouts.announced(hosts, port)
        if configuration is not None:
            self._upkeep.announced(configuration)
            self._keep_up()
        self._hurry()

    # --- what can be asked ------------------------------------------------------------------

    async def read(self, keys: Iterable[Key]) -> dict[Key, Any]:
        """Read values now; gives those that could be read, and tells changes as always.

        Like all that asks it waits some seconds for a link that is down. Raises StatusError when none could be read,
        LinkError when the link does not come up, or drops, and AuthError when there is no pairing any more.
        """
        values: dict[Key, Any] = {}
        failure: int | None = None
        for key, value, status in await self._ask(self._upkeep.reading(keys)):
            if status:
                failure = status
            else:
                found = self.database.characteristics.get(key)
                values[key] = read_value(value, found.metadata) if found else value
        if not values and failure is not None:
            raise StatusError(failure)
        return values

    async def write(self, values: Mapping[Key, Any]) -> dict[Key, Any]:
        """Write values, converted to what the accessory takes; gives write responses where it gave any.

        What is written within one turn of the loop goes in as few requests as can be, each caller learning what became
        of its own. Raises StatusError for the first that was refused, FormatError for what cannot be written. After a
        LinkError nobody knows what was done; nothing is written twice.
        """
        writes = [self._upkeep.write(key, value) for key, value in values.items()]
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
        self._upkeep.watch(keys)
        with suppress(LinkError):  # the next link is greeted with what is wanted then
            async with self._aligning:
                if self.connected:
                    await self._ask(self._upkeep.align())

    async def identify(self, aid: int = 1) -> None:
        """Have an accessory show which one it is."""
        accessory = self.database.accessories.get(aid)
        for each in accessory.characteristics if accessory else ():
            if each.type == CharacteristicUuid.IDENTIFY:
                await self.write({each.key: True})
                return
        raise StatusError(HapStatus.NOT_FOUND)

    async def image(self, aid: int | None, width: int, height: int) -> bytes:
        """Take a picture, JPEG; raises StatusError when there is none."""
        return await self._ask(_taking_picture(resource_request(aid, width, height)))

    async def refresh(self) -> None:
        """Read all values, as those that are not told by themselves, or were missed; one such round at a time."""
        if self._refresher is None or self._refresher.done():
            self._refresher = self._spawn(self._ask(self._upkeep.reading_all()))
        await asyncio.shield(self._refresher)

    async def try_large(self) -> None:
        """Find out, once, whether the accessory bears requests of more than one frame, if that would spare it many.

        Many small accessories do not (§6.1); so nothing is at stake while that is tried: values are read and told again
        that are known. Raises LinkError when the link was lost by it.
        """
        if self._upkeep.may_take_large:
            await self._ask(self._upkeep.trying_large(), limit_s=PROBE_LIMIT_S)

    async def describe(self) -> None:
        """Read the description again, whatever number was announced; tells of it when it is another one."""
        await self._ask(self._upkeep.describing_anew())

    async def list_pairings(self) -> list[Pairing]:
        """List who may talk to the accessory; raises NotAdminError for other than administrators."""
        return await self._ask(_changing_pairings(list_pairings()))

    async def add_pairing(
        self, controller_id: str, public_key: bytes, permissions: ControllerPermission
    ) -> None:
        """Let another controller in; raises PairingRefusedError."""
        await self._ask(_changing_pairings(add_pairing(controller_id, public_key, permissions)))

    async def remove_pairing(self, controller_id: str | None = None) -> None:
        """Lock a controller out, by default ourselves: then the accessory can be paired anew, and ``run`` ends.

        Raises PairingRefusedError when the accessory refuses, LinkError when it may still be paired.
        """
        if controller_id not in (None, self._keys.controller_id):
            await self._ask(_changing_pairings(remove_pairing(controller_id)))
            return
        await self._reach()
        try:
            await self._ask(_leaving(remove_pairing(self._keys.controller_id)))
        except LinkError:
            # Either it went well, or the accessory hung up: why shows when it is to verify again.
            if not await self._is_forgotten():
                raise

    # --- life -------------------------------------------------------------------------------

    @override
    async def run(self) -> NoReturn:
        """Keep the link up until cancelled; see LinkClient."""
        try:
            await super().run()
        finally:
            for timer in (self._hurrying, self._resolving):
                if timer is not None:
                    timer.cancel()
            # Without a link each of them comes to its end at once.
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn[Result](self, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        """Have something done that goes on without the caller."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waits for it has it too, and nobody may be left to

    def _hurry(self) -> None:
        """End a wait between attempts, though not the next one right behind it."""
        loop = asyncio.get_running_loop()
        if self._connection is None and self._hurrying is None and not self._ended:
            due = max(loop.time(), self._hurried + _HURRY_AGAIN_S)
            self._hurrying = loop.call_at(due, self._hurry_now)

    def _hurry_now(self) -> None:
        self._hurrying = None
        self._hurried = self._now()
        self._supervisor.hurry()

    # --- the way out ------------------------------------------------------------------------

    async def _ask[Result](
        self, steps: Steps[Result], *, together: bool = False, limit_s: float = REQUEST_LIMIT_S
    ) -> Result:
        """Have steps taken, on a link that is waited for; gives their result."""
        await self._reach()
        result: Result = await self._settled(
            lambda connection: connection.submit(
                steps, self._now(), together=together, limit_s=limit_s
            )
        )
        return result

    async def _reach(self) -> None:
        """Wait for the link if it is down, but not for long (§10.4)."""
        if self.connected:
            return
        self._hurry()
        try:
            async with asyncio.timeout(READY_LIMIT_S):
                await self.ready()
        except TimeoutError:
            reason = type(self.last_error).__name__ if self.last_error else "no answer"
            raise LinkClosedError(f"{self.peer} cannot be reached: {reason}") from self.last_error

    async def _is_forgotten(self) -> bool:
        """Find out on a new link whether the accessory still knows us."""
        try:
            await self._reach()
        except PairingLostError:
            return True
        except LinkError:
            pass
        return False

    async def _post(self) -> None:
        """Write what has come together within a turn of the loop."""
        await asyncio.sleep(0)
        parcels, self._outbox = self._outbox, []
        owners = {id(write): parcel for parcel in parcels for write in parcel.writes}
        writes = [write for parcel in parcels for write in parcel.writes]
        try:
            for batch, timed in self._upkeep.write_batches(writes):
                await self._put(batch, owners, timed=timed)
            for parcel in parcels:
                parcel.settle()
        finally:
            for parcel in parcels:  # of those that are settled this changes nothing
                parcel.done.cancel()

    def _resolve_soon(self) -> None:
        """Have read what another may have changed while we wrote, all of a scene at once."""
        if self._upkeep.doubtful and self._resolving is None:
            loop = asyncio.get_running_loop()
            self._resolving = loop.call_later(_DOUBT_S, self._resolve_now)

    def _resolve_now(self) -> None:
        self._resolving = None
        self._spawn(self._resolve())

    async def _resolve(self) -> None:
        with suppress(VendorError):  # a new link reads all
            await self._ask(self._upkeep.resolving())

    async def _put(
        self, batch: Sequence[Write], owners: Mapping[int, _Parcel], *, timed: bool
    ) -> None:
        """Write one batch, and note what became of it for each who had a part in it."""

        def wanted() -> list[Write]:  # a caller may be gone when it is their turn
            return [write for write in batch if not owners[id(write)].done.done()]

        try:
            results = await self._ask(self._upkeep.writing(wanted, timed=timed), together=timed)
        except VendorError as err:
            for write in batch:
                owners[id(write)].error = err
        else:
            for write in batch:
                if write.key in results:
                    owners[id(write)].results[write.key] = results[write.key]

    # --- steps ------------------------------------------------------------------------------

    # --- description ------------------------------------------------------------------------

    def _keep_up(self) -> None:
        """Read the description again if the accessory announced another one; on a new link the greeting does."""
        underway = self._describer is not None and not self._describer.done()
        if self.connected and self._upkeep.outdated and not underway:
            self._describer = self._spawn(self._describe_anew())

    async def _describe_anew(self) -> None:
        try:
            while self.connected and self._upkeep.outdated:
                await self._ask(self._upkeep.describing_anew())
        except VendorError as err:
            _LOGGER.debug("The new description of %s could not be read: %s", self.peer, err)

    # --- the link ---------------------------------------------------------------------------

    @asynccontextmanager
    @override
    async def _open_link(self) -> AsyncIterator[tuple[TcpTransport, Connection]]:
        """Connect to one of the accessory's addresses."""
        hosts, port = await self._whereabouts.aim(resolve)
        async with open_tcp(hosts, port) as transport:
            opened = self._now()
            self._whereabouts.reached(transport.host)
            connection = Connection(
                opened,
                transport.host,
                PairVerifyController(self._keys),
                self._upkeep.greet,
                verify_limit_s=SLOW_VERIFY_LIMIT_S if self._slow else VERIFY_LIMIT_S,
                probe=self._upkeep.probe,
                tickets=self._tickets,
                statistics=self.statistics,
            )
            self._upkeep.begin(connection, transport.host)
            with self._conversing(connection):
                try:
                    yield transport, connection
                except PairingLostError as err:
                    if connection.verified or self._whereabouts.refused():
                        raise
                    raise SessionRefusedError(
                        "whoever is where the accessory announces to be does not know us"
                    ) from err
                except WrongAccessoryError as err:
                    if self._whereabouts.wrong(transport.host):
                        err.delay_s = 0.0
                    raise
                except (LinkClosedError, PeerSilentError) as err:
                    self._upkeep.bear_less(connection.at_stake)
                    silent = isinstance(err, PeerSilentError) and not connection.verified
                    self._slow = silent and not self._slow
                    if connection.established and self._now() - opened >= HEALTHY_AFTER_S:
                        err.delay_s = 0.0  # §10.4
                    raise
                finally:
                    self._upkeep.end()

    @override
    def _report(self, err: VendorError) -> None:
        self.statistics.closings.append(str(err))
        super()._report(err)

    @override
    def _lost(self) -> None:
        """Keep the values: who shows them decides for how long."""
        self._upkeep.lost()

    # --- the way in -------------------------------------------------------------------------

    @override
    def _deliver(self, event: Event) -> None:
        """Turn what the connection understood into changes."""
        if type(event) is Pushed:  # as nearly all are; a match takes twice as long to find out
            changes = self._upkeep.hear(event.reports)
            if self._upkeep.doubtful:
                self._resolve_soon()
            # That the link is up tells all values. Presses are not told with it: some accessories send the last one
            # again to whoever subscribes.
            if changes and self._was_connected:
                self._emit(ValuesChanged(changes))
            return
        match event:
            case Found(what):
                change = self._upkeep.take(what)
                self._resolve_soon()
                # As with presses: values that the greeting reads are told with the link, another description at once.
                if change and (self._was_connected or isinstance(change, DatabaseChanged)):
                    self._emit(change)
            case Settled():
                self._settle(event)
            case Established():
                self._whereabouts.proved()
                self._established()
                self._keep_up()


def _taking_picture(request: Request) -> Steps[bytes]:
    answer = yield request
    if answer.code != HttpCode.OK or not answer.body:
        raise StatusError(parse_status(answer.code, answer.body) or HapStatus.UNREACHABLE)
    return answer.body


def _leaving(message: bytes) -> Steps[None]:
    """Have ourselves locked out, and end with that whatever the accessory does with the link (§10.7)."""
    yield from _changing_pairings(message)
    raise PairingLostError("the pairing was removed as asked for")


def _changing_pairings(message: bytes) -> Steps[list[Pairing]]:
    answer = yield Request("POST", Path.PAIRINGS, ContentType.TLV, message)
    return read_pairings(answer.body)
