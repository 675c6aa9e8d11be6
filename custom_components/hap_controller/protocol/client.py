"""The public face: one paired accessory or bridge, what is known of it, and what can be asked of it."""

import asyncio
from collections import deque
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
from dataclasses import dataclass, field, replace
from itertools import chain
import logging
import secrets
from typing import Any, Final, NoReturn, override

from .catalogue import CharacteristicUuid
from .connection import Connection, Event, Found, Pushed, Statistics, Steps
from .const import (
    DELAY_FACTOR,
    FIRST_DELAY_S,
    HEALTHY_AFTER_S,
    MAX_DELAY_S,
    MAX_FRAME_BYTES,
    MAX_IDS_PER_READ,
    PROBE_LIMIT_S,
    READY_LIMIT_S,
    REQUEST_LIMIT_S,
    SLOW_VERIFY_LIMIT_S,
    TIMED_WRITE_LIMIT_S,
    VERIFY_LIMIT_S,
    ContentType,
    ControllerPermission,
    HapStatus,
    HttpCode,
    Path,
    Permission,
)
from .conversation import Established, Settled
from .errors import (
    CommandError,
    LinkClosedError,
    LinkError,
    PeerSilentError,
    RefusedError,
    VendorError,
)
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
from .model import UNTOLD, Change as ValueChange, Database, Difference, difference
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
from .transport import TcpTransport, open_tcp, plain_address, resolve
from .values import read_value, to_wire

_LOGGER = logging.getLogger(__name__)

# §10.3: the waits grow by half each time; a little spread keeps many accessories from coming back at once.
_SPREAD: Final = (0.8, 1.2)
_MAX_PID: Final = 2**53 - 1
# An accessory that hangs up on so few at once has another reason to.
_FEWEST: Final = 6
# Anybody can announce anything: that ends a wait between attempts only so often.
_HURRY_AGAIN_S: Final = 2.0
# Who is done with so few need not try whether fewer would do.
_FEW_REQUESTS: Final = 5
# A sign of life is as many values as should take no longer than this, far below what ends the link; what an accessory
# took for one is forgotten by and by.
_SOON_S: Final = 2.0
_FORGET: Final = 0.9


@dataclass(slots=True)  # frozen it would take twice as long to make, for each event
class ValuesChanged:
    """Values, or whether they can be had, changed; in the order in which they did."""

    changes: Sequence[ValueChange]
    asked: bool = False
    """Whether that was found by asking, without the accessory having told it by itself."""


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
        self.database = database or Database()
        """What the accessory has, with its values; replaced when it changes."""
        self.configuration = configuration
        """Number of the description that ``database`` is, ``c#``; None while the accessory announced none."""
        self.takes_large = takes_large
        """Whether the accessory bears requests of more than one frame; None as long as that was not tried."""
        self.choose: Callable[[int], Collection[Key]] = self._first
        """Chooses so many values at most, to be read when nothing was heard for long: a sign of life that is of use."""
        self._keys = keys
        self._hosts = tuple(hosts)
        self._port = port
        self._wrong_hosts: set[str] = set()
        self._here: tuple[str, int] | None = None
        """Where the link goes that is open."""
        self._proven: tuple[str, int] | None = None
        """Where the accessory was when it proved last that it is the one."""
        self._elsewhere = False
        """Whether the last attempt went to where the accessory announces to be, and that is another place."""
        self._announced: int | None = None
        self._known = database is not None and trusted
        """Whether the description needs no reading as long as no other one is announced."""
        self._wanted: set[Key] = set()
        self._all_wanted = True
        self._subscribed: set[Key] = set()
        self._aligning = asyncio.Lock()
        self._batching = Batching(host="")
        if takes_large:
            self._batching = self._batching.large()
        self._slowest_s = 0.0
        """How long the accessory took for one value of late, when it was slow."""
        self._at_once = 0
        """How many characteristics the greeting is just reading or subscribing to."""
        self._slow = False
        """Whether the accessory verified too slowly last time, and has more time for it now."""
        self._several = False
        """Whether it is subscribing to those of several accessories."""
        self._several_lost = 0
        """How many links in a row were lost at that."""
        self._outbox: list[_Parcel] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._describer: asyncio.Task[None] | None = None
        self._refresher: asyncio.Task[Any] | None = None
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
        return self._hosts, self._port

    @property
    def subscribed(self) -> frozenset[Key]:
        """What the accessory tells by itself on this link; all else has to be read with ``refresh``."""
        return frozenset(self._subscribed)

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
        self._elsewhere = False  # the next attempt goes there
        if configuration is not None:
            self._announced = configuration
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
        for key, value, status in await self._ask(self._reading(keys)):
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
        writes = [self._write(key, value) for key, value in values.items()]
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
        with suppress(LinkError):  # the next link is greeted with what is wanted then
            async with self._aligning:
                if self.connected:
                    await self._ask(self._align())

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
            self._refresher = self._spawn(self._ask(self._reading_all()))
        await asyncio.shield(self._refresher)

    async def try_large(self) -> None:
        """Find out, once, whether the accessory bears requests of more than one frame, if that would spare it many.

        Many small accessories do not (§6.1); so nothing is at stake while that is tried: values are read and told again
        that are known. Raises LinkError when the link was lost by it.
        """
        if self.takes_large is not None or not self.connected or not self._is_many():
            return
        self.takes_large = False
        if await self._ask(self._trying_large(), limit_s=PROBE_LIMIT_S):
            self.takes_large = True
            self._batching = self._batching.large()

    async def describe(self) -> None:
        """Read the description again, whatever number was announced; tells of it when it is another one."""
        await self._ask(self._describing_anew())

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
            if self._hurrying is not None:
                self._hurrying.cancel()
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

    def _write(self, key: Key, value: Any) -> Write:
        found = self.database.characteristics.get(key)
        if found is None:
            raise StatusError(HapStatus.NOT_FOUND)
        metadata = found.metadata
        response = Permission.WRITE_RESPONSE in metadata.perms
        return Write(key, to_wire(value, metadata), response=response)

    async def _post(self) -> None:
        """Write what has come together within a turn of the loop."""
        await asyncio.sleep(0)
        parcels, self._outbox = self._outbox, []
        owners = {id(write): parcel for parcel in parcels for write in parcel.writes}
        writes = [write for parcel in parcels for write in parcel.writes]
        try:
            for timed in (False, True):
                chosen = (write for write in writes if self._is_timed(write.key) is timed)
                for batch in self._batching.writes(chosen):
                    await self._put(batch, owners, timed=timed)
            for parcel in parcels:
                parcel.settle()
        finally:
            for parcel in parcels:  # of those that are settled this changes nothing
                parcel.done.cancel()

    def _is_timed(self, key: Key) -> bool:
        found = self.database.characteristics.get(key)
        return found is not None and found.metadata.timed

    async def _put(
        self, batch: Sequence[Write], owners: Mapping[int, _Parcel], *, timed: bool
    ) -> None:
        """Write one batch, and note what became of it for each who had a part in it."""

        def wanted() -> list[Write]:  # a caller may be gone when it is their turn
            return [write for write in batch if not owners[id(write)].done.done()]

        try:
            results = await self._ask(self._writing(wanted, timed=timed), together=timed)
        except VendorError as err:
            for write in batch:
                owners[id(write)].error = err
        else:
            for write in batch:
                if write.key in results:
                    owners[id(write)].results[write.key] = results[write.key]

    # --- steps ------------------------------------------------------------------------------

    def _writing(
        self, wanted: Callable[[], list[Write]], *, timed: bool
    ) -> Steps[dict[Key, Written]]:
        """Write, if need be announced (§7.4); gives what became of each."""
        pid = None
        if timed and wanted():
            pid = secrets.randbelow(_MAX_PID) + 1
            answer = yield prepare_request(round(TIMED_WRITE_LIMIT_S * 1000), pid)
            if status := parse_status(answer.code, answer.body):
                raise StatusError(status)
        writes = wanted()
        if not writes:
            return {}
        answer = yield write_request(writes, pid=pid)
        results = parse_write_answer(answer.code, answer.body, [write.key for write in writes])
        self._tell(self.database.written({write.key: write.value for write in writes}, results))
        return results

    def _reading(self, keys: Iterable[Key]) -> Steps[list[Report]]:
        """Read in requests that the accessory bears; gives what it told. Raises RefusedError when that is nothing."""
        reports: list[Report] = []
        refusal: CommandError | None = None
        batches = deque(self._batching.reads(keys))
        while batches:
            batch = batches.popleft()
            self._at_once = 0 if self.connected else len(batch)
            asked = self._now()
            answer = yield read_request(batch)
            self._at_once = 0
            # A slow answer is remembered for some while: it may depend on what was read.
            each_s = (self._now() - asked) / len(batch)
            self._slowest_s = max(each_s, self._slowest_s * _FORGET)
            try:
                got = parse_read_answer(answer.code, answer.body, batch).reports
            except RefusedError as err:  # others may well be told
                refusal = err
                self._tell(self.database.apply(_untold(batch)))
                continue
            if _too_much(batch, got):
                self._batching = self._batching.halved(len(batch))
                batches = deque(self._batching.reads(chain(batch, *batches)))
                continue
            reports += got
            told = {key for key, _, _ in got}
            rest = _untold(key for key in batch if key not in told)
            self._tell(self.database.apply([*got, *rest]), asked=True)
        if refusal and not reports:
            raise refusal
        return reports

    def _reading_all(self) -> Steps[list[Report]]:
        return (yield from self._reading(self.database.readable()))

    def _trying_large(self) -> Steps[bool]:
        """Read and subscribe to as much at once as ever will be, all of which was done before; tells whether it went well."""
        large = self._batching.large()
        reading = large.reads(self.database.readable())[0]
        # Some accessories tell a press again to those who subscribe to it.
        told = {key for key in self._subscribed if not self._is_stateless(key)}
        answer = yield read_request(reading)
        try:
            reports = parse_read_answer(answer.code, answer.body, reading).reports
            if _too_much(reading, reports) or len(reports) < len(reading):
                return False
            self._tell(self.database.apply(reports))
            for batch in large.subscriptions(told)[:1]:
                answer = yield subscribe_request(batch, True)
                results = parse_write_answer(answer.code, answer.body, batch)
                if any(result.status for result in results.values()):
                    return False
        except RefusedError:
            return False
        return True

    def _is_many(self) -> bool:
        """Tell whether an accessory that bears what is usual has to be asked for everything in many requests."""
        if self._batching != self._batching.small() or self._batching.one_accessory:
            return False  # it minds even that
        reads = self._batching.reads(self.database.readable())
        return len(reads) + len(self._batching.subscriptions(self._watchable())) > _FEW_REQUESTS

    def _is_stateless(self, key: Key) -> bool:
        found = self.database.characteristics.get(key)
        return found is not None and found.metadata.stateless

    def _subscribing(self, keys: Iterable[Key], *, on: bool) -> Steps[None]:
        """Have changes told, or not any more; some accessories refuse some, and those are to be polled."""
        batches = deque(self._batching.subscriptions(keys))
        while batches:
            batch = batches.popleft()
            several = len({aid for aid, _ in batch}) > 1
            if not self.connected:
                self._at_once, self._several = len(batch), several
            answer = yield subscribe_request(batch, on)
            self._at_once, self._several, self._several_lost = 0, False, 0
            try:
                results = parse_write_answer(answer.code, answer.body, batch)
            except RefusedError:
                results = {}
            done = {key for key, result in results.items() if not result.status}
            if not done and several:  # §6.1: some bridges bear one each
                self._batching = replace(self._batching, one_accessory=True)
                batches = deque(self._batching.subscriptions(chain(batch, *batches)))
            elif on:
                self._subscribed |= done
            else:
                self._subscribed -= set(batch)

    def _align(self) -> Steps[None]:
        """Bring the subscriptions of the link in line with what is wanted."""
        wanted = self._watchable()
        yield from self._subscribing(self._subscribed - wanted, on=False)
        yield from self._subscribing(wanted - self._subscribed, on=True)

    def _describing(self) -> Steps[None]:
        """Read the description; raises RefusedError when there is none."""
        announced = self._announced
        answer = yield ACCESSORIES
        if answer.code != HttpCode.OK:
            raise RefusedError("the accessory does not describe itself", answer.code)
        self._take_database(Database.load(answer.body))
        self._known = True
        self.configuration = self.configuration if announced is None else announced

    def _describing_anew(self) -> Steps[None]:
        """Read the description of an accessory that announced another one (§10.5)."""
        yield from self._describing()
        self._subscribed = set()
        yield from self._align()
        yield from self._reading_all()

    def _greet(self) -> Steps[None]:
        """Learn all there is to know on a new link: description if need be, subscriptions, values."""
        # One that has announced no number may be another one than when it was described (mapping of numbers included).
        if not self._known or self._announced is None or self._is_outdated():
            yield from self._describing()
        yield from self._subscribing(self._watchable(), on=True)
        try:
            yield from self._reading_all()
        except RefusedError as err:  # commands may work
            _LOGGER.debug("Values of %s cannot be read: %s", self.peer, err)

    # --- description ------------------------------------------------------------------------

    def _is_outdated(self) -> bool:
        return self._announced is not None and self._announced != self.configuration

    def _keep_up(self) -> None:
        """Read the description again if the accessory announced another one; on a new link the greeting does."""
        underway = self._describer is not None and not self._describer.done()
        if self.connected and self._is_outdated() and not underway:
            self._describer = self._spawn(self._describe_anew())

    async def _describe_anew(self) -> None:
        try:
            while self.connected and self._is_outdated():
                await self._ask(self._describing_anew())
        except VendorError as err:
            _LOGGER.debug("The new description of %s could not be read: %s", self.peer, err)

    def _take_database(self, new: Database) -> None:
        """Take a description: another one takes the place of the old, of the same one only values count."""
        old = self.database
        if changed := difference(old, new):
            self.database = new
            assert self._connection is not None
            self._connection.tell(DatabaseChanged(changed))
        else:
            self._tell(
                old.apply([(key, each.value, 0) for key, each in new.characteristics.items()])
            )

    def _watchable(self) -> set[Key]:
        every = set(self.database.subscribable())
        return every if self._all_wanted else self._wanted & every

    # --- the link ---------------------------------------------------------------------------

    @asynccontextmanager
    @override
    async def _open_link(self) -> AsyncIterator[tuple[TcpTransport, Connection]]:
        """Connect to one of the accessory's addresses."""
        everywhere, port = await self._whereabouts()
        hosts = [host for host in everywhere if plain_address(host) not in self._wrong_hosts]
        if not hosts:
            self._wrong_hosts.clear()
            hosts = list(everywhere)
        async with open_tcp(hosts, port) as transport:
            opened = self._now()
            # As it was given: an address of one link only is nothing without its zone.
            here = next((each for each in hosts if plain_address(each) == transport.host), None)
            self._here = (here, port) if here else None
            self._batching = replace(self._batching, host=transport.host)
            self._subscribed = set()
            self._at_once, self._several = 0, False
            connection = Connection(
                opened,
                transport.host,
                PairVerifyController(self._keys),
                self._greet,
                verify_limit_s=SLOW_VERIFY_LIMIT_S if self._slow else VERIFY_LIMIT_S,
                probe=self._probe,
                tickets=self._tickets,
                statistics=self.statistics,
            )
            with self._conversing(connection):
                try:
                    yield transport, connection
                except WrongAccessoryError as err:
                    self._wrong_address(transport.host, everywhere, err)
                    raise
                except (LinkClosedError, PeerSilentError) as err:
                    self._bear_less(connection.at_stake)
                    silent = isinstance(err, PeerSilentError) and not connection.verified
                    self._slow = silent and not self._slow
                    if connection.established and self._now() - opened >= HEALTHY_AFTER_S:
                        err.delay_s = 0.0  # §10.4
                    raise
                finally:
                    self._subscribed = set()

    async def _whereabouts(self) -> tuple[Sequence[str], int]:
        """Tell where to try: where the accessory announces to be, and in turn with that where it was, if it proved it.

        Anyone can announce anything; nobody may keep us away with that.
        """
        self._elsewhere = not self._elsewhere and self._proven is not None
        if not self._elsewhere and self._proven is not None:
            host, port = self._proven
            return (host,), port
        everywhere = await resolve(self._hosts)
        if self._proven in {(host, self._port) for host in everywhere}:
            self._elsewhere = False
        return everywhere, self._port

    def _bear_less(self, lost_bytes: int) -> None:
        """Ask for less, if the link was lost when much was asked for (§6.1, §7.2): it may be that it was too much."""
        if self.takes_large and lost_bytes > MAX_FRAME_BYTES:
            self.takes_large = None  # it had borne that before, so it may do so again
            self._batching = self._batching.small()
        elif self._several:
            # Once may be chance; but a bridge that bears one accessory per request would never let us get further.
            self._several_lost += 1
            if self._several_lost > 1:
                self._batching = replace(self._batching, one_accessory=True)
        elif self._at_once >= 2 * _FEWEST:
            self._batching = self._batching.halved(self._at_once)

    def _wrong_address(
        self, host: str, everywhere: Iterable[str], err: WrongAccessoryError
    ) -> None:
        """Remember an address at which another accessory is; the next one is tried at once (§10.3)."""
        known = host in self._wrong_hosts
        self._wrong_hosts.add(host)
        if not known and {plain_address(each) for each in everywhere} - self._wrong_hosts:
            err.delay_s = 0.0

    def _probe(self) -> Steps[None] | None:
        """Read something that the accessory can answer soon."""
        soon = int(_SOON_S / max(self._slowest_s, _SOON_S / MAX_IDS_PER_READ))
        keys = self.choose(max(1, soon))
        return self._probing(keys) if keys else None

    def _probing(self, keys: Collection[Key]) -> Steps[None]:
        with suppress(RefusedError):  # that it answers is what counts
            yield from self._reading(keys)

    def _first(self, _count: int) -> Collection[Key]:
        return self.database.readable()[:1]

    @override
    def _report(self, err: VendorError) -> None:
        self.statistics.closings.append(str(err))
        super()._report(err)

    @override
    def _lost(self) -> None:
        """Keep the values: who shows them decides for how long."""
        if self._announced is None:  # nothing would tell that it came back as another one
            self._known = False

    # --- the way in -------------------------------------------------------------------------

    @override
    def _deliver(self, event: Event) -> None:
        """Turn what the connection understood into changes."""
        match event:
            case Pushed():
                changes = self.database.apply(event.reports, pushed=True)
                # That the link is up tells all values. Presses are not told with it: some accessories send the last
                # one again to whoever subscribes.
                if changes and self._was_connected:
                    self._emit(ValuesChanged(changes))
            case Found(what=change):
                self._emit(change)
            case Settled():
                self._settle(event)
            case Established():
                self._proven = self._here or self._proven
                self._established()
                self._keep_up()

    def _tell(self, changes: Sequence[ValueChange], *, asked: bool = False) -> None:
        """Have changes told that steps found, in the order of events; that the link is up tells all of before."""
        if changes and self._connection is not None and self._connection.established:
            self._connection.tell(ValuesChanged(changes, asked))


def _untold(keys: Iterable[Key]) -> list[Report]:
    """Tell of values that nobody told: what is known of them may be long out of date."""
    return [(key, None, UNTOLD) for key in keys]


def _too_much(batch: Sequence[Key], reports: Sequence[Report]) -> bool:
    """Tell whether the accessory could not bear to be asked for so much at once (§7.2)."""
    failed = sum(status == HapStatus.OUT_OF_RESOURCES for _, _, status in reports)
    return len(batch) > 1 and 2 * failed > len(batch)


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
