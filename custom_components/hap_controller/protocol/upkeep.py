"""What is known of an accessory, and what is asked of it to learn that and to go on knowing it.

Each wish is steps for a conversation. What they find out is told through it and taken with ``take``, so that it counts
in the order in which it came, events included. Source: docs/hap_controller/wire.md §7, §9, §10.5.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
import logging
import secrets
from typing import Any, Final, NamedTuple

from .connection import Connection, Steps
from .const import (
    MAX_FRAME_BYTES,
    MAX_IDS_PER_READ,
    TIMED_WRITE_LIMIT_S,
    HapStatus,
    HttpCode,
    Permission,
)
from .errors import FrameError, RefusedError
from .messages import (
    ACCESSORIES,
    Batching,
    Key,
    Report,
    Write,
    Written,
    parse_read_answer,
    parse_status,
    parse_write_answer,
    prepare_request,
    read_request,
    subscribe_request,
    write_request,
)
from .model import UNTOLD, Change, Database, Difference, difference
from .refusals import StatusError
from .values import to_wire

_LOGGER = logging.getLogger(__name__)

_MAX_PID: Final = 2**53 - 1
# An accessory that hangs up on so few at once has another reason to.
_FEWEST: Final = 6
# One among as many as a request may ask for is found in fewer; an accessory that refuses more can tell nothing at all.
_REFUSALS_IN_A_ROW: Final = 8
# It may have been chance.
_LEFT_OUT_S: Final = 3600.0
# Who is done with so few need not try whether fewer would do.
_FEW_REQUESTS: Final = 5
# A sign of life is as many values as should take no longer than this, far below what ends the link; what an accessory
# took for one is forgotten by and by.
_SOON_S: Final = 2.0
# §9: accessories may keep changes for a second before they tell them, also such as were undone by our own write meanwhile.
_LATE_S: Final = 1.5
_FORGET: Final = 0.9


@dataclass(slots=True)  # frozen it would take twice as long to make, for each event
class ValuesChanged:
    """Values, or whether they can be had, changed; in the order in which they did."""

    changes: Sequence[Change]
    asked: bool = False
    """Whether that was found by asking, without the accessory having told it by itself."""


@dataclass(frozen=True, slots=True)
class DatabaseChanged:
    """The accessory describes itself in another way now."""

    difference: Difference


class _Read(NamedTuple):
    """Values that were read."""

    reports: list[Report]
    asked: bool = False


class _Echo:
    """Values of our own on their way, which the accessory does not tell us when it has taken them (§7.3)."""

    __slots__ = ("heard", "results", "values")

    def __init__(self, writes: Iterable[Write]) -> None:
        """Begin when the request is on its way."""
        self.values = {write.key: write.value for write in writes}
        self.results: dict[Key, Written] = {}
        self.heard: set[Key] = set()
        """What the accessory told something of meanwhile."""


class _Refusals:
    """What an accessory would not tell in one round of reading."""

    __slots__ = ("in_a_row", "last", "sizes", "spoilers")

    def __init__(self) -> None:
        """Begin without any."""
        self.in_a_row = 0
        self.sizes: list[int] = []
        """Of requests of which parts were tried."""
        self.spoilers: dict[Key, RefusedError | FrameError] = {}
        """What cannot be told by itself."""
        self.last: RefusedError | FrameError | None = None
        """Why something was not told in the end; what ends the link comes first."""

    def take(self, batch: Sequence[Key], err: RefusedError | FrameError) -> bool:
        """Tell whether parts of a request may be answered: it may be too much, or there may be one that cannot be told.

        Raises what would end the link anyway.
        """
        self.in_a_row += 1
        if len(batch) == 1:
            self.spoilers[batch[0]] = err
        elif self.in_a_row <= _REFUSALS_IN_A_ROW:
            self.sizes.append(len(batch))
            return True
        elif isinstance(err, FrameError):
            raise err
        if self.last is None or isinstance(err, FrameError):
            self.last = err
        return False


class Upkeep:
    """The model of one pairing and the steps that keep it true, on whatever link there is."""

    def __init__(
        self,
        database: Database | None,
        configuration: int | None,
        *,
        trusted: bool,
        takes_large: bool | None,
        clock: Callable[[], float],
    ) -> None:
        """Begin with what is known from earlier; see ``HapClient``."""
        self.database = database or Database()
        self.configuration = configuration
        self.takes_large = takes_large
        self.choose: Callable[[int], Collection[Key]] = self._first
        self.subscribed: set[Key] = set()
        """What the accessory tells by itself on this link."""
        self.doubtful: set[Key] = set()
        """What another may have changed while we did: only reading tells."""
        self._announced: int | None = None
        self._known = database is not None and trusted
        """Whether the description needs no reading as long as no other one is announced."""
        self._wanted: set[Key] | None = None
        self._clock = clock
        self._link: Connection | None = None
        self._echoes: list[_Echo] = []
        self._wrote: dict[Key, float] = {}
        """What was written of late, and until when older news of it may come."""
        self._batching = Batching(host="")
        if takes_large:
            self._batching = self._batching.large()
        self._slowest_s = 0.0
        """How long the accessory took for one value of late, when it was slow."""
        self._alone: set[Key] = set()
        """What cannot be told, and spoils the answer about others."""
        self._left_out: dict[Key, float] = {}
        """What cannot even be refused in JSON, which ends the link (§6.4), and until when it is not asked for again."""
        self._at_once = 0
        """How many characteristics the greeting is just reading or subscribing to."""
        self._several = False
        """Whether it is subscribing to those of several accessories."""
        self._several_lost = 0
        """How many links in a row were lost at that."""

    # --- the link -------------------------------------------------------------------------------

    def begin(self, link: Connection, host: str) -> None:
        """Ask on a new link to this address from now on."""
        self._link = link
        self._batching = replace(self._batching, host=host)
        self._at_once, self._several = 0, False
        self._echoes.clear()
        self._wrote.clear()
        self.doubtful.clear()  # the greeting reads all
        self.subscribed = set()

    def end(self) -> None:
        """Ask no more on a link that ends."""
        self._link = None
        self.subscribed = set()

    def lost(self) -> None:
        """Keep what was known on a link that was up and is lost: who shows it decides for how long."""
        if self._announced is None:  # nothing would tell that it came back as another one
            self._known = False

    def bear_less(self, lost_bytes: int) -> None:
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

    @property
    def _up(self) -> bool:
        return self._link is not None and self._link.established

    def _tell(self, what: Any) -> None:
        """Have something taken in its turn; when there is no link any more, nobody waits for it."""
        if self._link is not None:
            self._link.tell(what)

    # --- news -----------------------------------------------------------------------------------

    def hear(self, reports: list[Report]) -> list[Change]:
        """Take what the accessory tells by itself; gives what changed by it."""
        if self._echoes or self._wrote:
            self._compare(reports)
        return self.database.apply(reports, pushed=True)

    def _compare(self, reports: list[Report]) -> None:
        """Doubt what contradicts a write of our own: it may be of before or of after."""
        for echo in self._echoes:
            echo.heard.update(key for key, _, _ in reports)
        now = self._clock()
        self._wrote = {key: until for key, until in self._wrote.items() if until > now}
        self.doubtful.update(
            report[0]
            for report in reports
            if report[0] in self._wrote and not self.database.agrees(report)
        )

    def take(self, what: Any) -> DatabaseChanged | ValuesChanged | None:
        """Take what steps found out; gives the change that it is, if any."""
        match what:
            case _Read(reports, asked):
                self.doubtful.difference_update(key for key, _, _ in reports)
                changes = self.database.apply(reports)
                return ValuesChanged(changes, asked) if changes else None
            case _Echo():
                changes = self._confirm(what)
                return ValuesChanged(changes) if changes else None
            case DatabaseChanged():
                return what
        return None

    def _confirm(self, echo: _Echo) -> list[Change]:
        """Take our own writes that the accessory confirmed.

        What it told of the same characteristic meanwhile may be of before or of after: it stays until it is read.
        """
        self._echoes.remove(echo)
        certain = []
        for report in self.database.confirmed(echo.values, echo.results):
            if report[0] in echo.heard and not self.database.agrees(report):
                self.doubtful.add(report[0])
            else:
                certain.append(report)
                self._wrote[report[0]] = self._clock() + _LATE_S
        return self.database.apply(certain)

    # --- writing --------------------------------------------------------------------------------

    def write(self, key: Key, value: Any) -> Write:
        """Prepare to write a value; raises StatusError or FormatError for what cannot be written."""
        found = self.database.characteristics.get(key)
        if found is None:
            raise StatusError(HapStatus.NOT_FOUND)
        metadata = found.metadata
        response = Permission.WRITE_RESPONSE in metadata.perms
        return Write(key, to_wire(value, metadata), response=response)

    def write_batches(self, writes: Sequence[Write]) -> list[tuple[list[Write], bool]]:
        """Split writes into requests that the accessory bears; tells of each whether it has to be announced (§7.4)."""
        return [
            (batch, timed)
            for timed in (False, True)
            for batch in self._batching.writes(
                write for write in writes if self._is_timed(write.key) is timed
            )
        ]

    def _is_timed(self, key: Key) -> bool:
        found = self.database.characteristics.get(key)
        return found is not None and found.metadata.timed

    def writing(
        self, wanted: Callable[[], list[Write]], *, timed: bool
    ) -> Steps[dict[Key, Written]]:
        """Write what is still wanted when it is its turn, if need be announced; gives what became of each."""
        pid = None
        if timed and wanted():
            pid = secrets.randbelow(_MAX_PID) + 1
            answer = yield prepare_request(round(TIMED_WRITE_LIMIT_S * 1000), pid)
            if status := parse_status(answer.code, answer.body):
                raise StatusError(status)
        writes = wanted()
        if not writes:
            return {}
        echo = _Echo(writes)
        self._echoes.append(echo)
        answer = yield write_request(writes, pid=pid)
        try:
            echo.results = parse_write_answer(answer.code, answer.body, echo.values)
        finally:
            self._tell(echo)
        return echo.results

    # --- reading --------------------------------------------------------------------------------

    def resolving(self) -> Steps[None]:
        """Read what another may have changed while we wrote; that it changed is no sign of an event that was missed."""
        yield from self.reading(self.doubtful, asked=False)

    def reading(self, keys: Iterable[Key], *, asked: bool = True) -> Steps[list[Report]]:
        """Read in requests that the accessory bears; gives what it told. Raises RefusedError when that is nothing."""
        keys = list(dict.fromkeys(keys))
        reports: list[Report] = []
        refusals = _Refusals()
        batches = deque(self._batching.reads(key for key in keys if key not in self._alone))
        batches.extend([key] for key in keys if key in self._alone)
        while batches:
            batch = batches.popleft()
            self._at_once = 0 if self._up else len(batch)
            begun = self._clock()
            answer = yield read_request(batch)
            self._at_once = 0
            # A slow answer is remembered for some while: it may depend on what was read.
            each_s = (self._clock() - begun) / len(batch)
            self._slowest_s = max(each_s, self._slowest_s * _FORGET)
            try:
                got = parse_read_answer(answer.code, answer.body, batch).reports
            except (RefusedError, FrameError) as err:
                if refusals.take(batch, err):
                    batches.extendleft(reversed(self._batching.halved(len(batch)).reads(batch)))
                else:
                    self._tell(_Read(_untold(batch)))
                continue
            refusals.in_a_row = 0
            self._alone.difference_update(batch)
            if _too_much(batch, got):
                self._batching = self._batching.halved(len(batch))
                batches = deque(self._batching.reads(chain(batch, *batches)))
                continue
            reports += got
            told = {key for key, _, _ in got}
            rest = _untold(key for key in batch if key not in told)
            self._tell(_Read([*got, *rest], asked))
        if reports:
            self._learn(refusals)
        if refusals.last and (not reports or isinstance(refusals.last, FrameError)):
            raise refusals.last
        return reports

    def _learn(self, refusals: _Refusals) -> None:
        """Ask for less, or apart for what spoils the answer about others: not for a while if that ends the link."""
        if refusals.sizes and not refusals.last:
            self._batching = self._batching.halved(min(refusals.sizes))
        for key, err in refusals.spoilers.items():
            if isinstance(err, FrameError):
                self._left_out[key] = self._clock() + _LEFT_OUT_S
            else:
                self._alone.add(key)

    def reading_all(self) -> Steps[list[Report]]:
        """Read all values that may change."""
        now = self._clock()
        keys = [key for key in self.database.readable() if self._left_out.get(key, now) <= now]
        return (yield from self.reading(keys))

    def probe(self) -> Steps[None] | None:
        """Read something that the accessory can answer soon; None when there is nothing."""
        soon = int(_SOON_S / max(self._slowest_s, _SOON_S / MAX_IDS_PER_READ))
        keys = self.choose(max(1, soon))
        return self._probing(keys) if keys else None

    def _probing(self, keys: Collection[Key]) -> Steps[None]:
        with suppress(RefusedError):  # that it answers is what counts
            yield from self.reading(keys)

    def _first(self, _count: int) -> Collection[Key]:
        return self.database.readable()[:1]

    # --- large requests -------------------------------------------------------------------------

    @property
    def may_take_large(self) -> bool:
        """Whether it is not known that the accessory bears large requests, and would be spared many."""
        if self.takes_large is not None or not self._up:
            return False
        if self._batching != self._batching.small() or self._batching.one_accessory:
            return False  # it minds even what is usual
        reads = self._batching.reads(self.database.readable())
        return len(reads) + len(self._batching.subscriptions(self._watchable())) > _FEW_REQUESTS

    def trying_large(self) -> Steps[None]:
        """Read and subscribe to as much at once as ever will be, all of which was done before."""
        self.takes_large = False
        large = self._batching.large()
        reading = large.reads(self.database.readable())[0]
        # Some accessories tell a press again to those who subscribe to it.
        told = {key for key in self.subscribed if not self._is_stateless(key)}
        answer = yield read_request(reading)
        try:
            reports = parse_read_answer(answer.code, answer.body, reading).reports
            if _too_much(reading, reports) or len(reports) < len(reading):
                return
            self._tell(_Read(reports))
            for batch in large.subscriptions(told)[:1]:
                answer = yield subscribe_request(batch, True)
                results = parse_write_answer(answer.code, answer.body, batch)
                if any(result.status for result in results.values()):
                    return
        except RefusedError:
            return
        self.takes_large = True
        self._batching = self._batching.large()

    def _is_stateless(self, key: Key) -> bool:
        found = self.database.characteristics.get(key)
        return found is not None and found.metadata.stateless

    # --- subscriptions --------------------------------------------------------------------------

    def watch(self, keys: Collection[Key] | None) -> None:
        """Want changes of these told; None for all that can be."""
        self._wanted = None if keys is None else set(keys)

    def _watchable(self) -> set[Key]:
        every = set(self.database.subscribable())
        return every if self._wanted is None else self._wanted & every

    def align(self) -> Steps[None]:
        """Bring the subscriptions of the link in line with what is wanted."""
        wanted = self._watchable()
        yield from self._subscribing(self.subscribed - wanted, on=False)
        yield from self._subscribing(wanted - self.subscribed, on=True)

    def _subscribing(self, keys: Iterable[Key], *, on: bool) -> Steps[None]:
        """Have changes told, or not any more; some accessories refuse some, and those are to be polled."""
        batches = deque(self._batching.subscriptions(keys))
        while batches:
            batch = batches.popleft()
            several = len({aid for aid, _ in batch}) > 1
            if not self._up:
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
                self.subscribed |= done
            else:
                self.subscribed -= set(batch)

    # --- the description ------------------------------------------------------------------------

    def announced(self, configuration: int) -> None:
        """Take the number of the description that the accessory announces."""
        self._announced = configuration

    @property
    def outdated(self) -> bool:
        """Whether the accessory announces another description than the one that is known."""
        return self._announced is not None and self._announced != self.configuration

    def greet(self) -> Steps[None]:
        """Learn all there is to know on a new link: description if need be, subscriptions, values."""
        # One that has announced no number may be another one than when it was described (mapping of numbers included).
        if not self._known or self._announced is None or self.outdated:
            yield from self._describing()
        while True:
            wanted = self._wanted
            yield from self.align()
            try:
                yield from self.reading_all()
            except RefusedError as err:  # commands may work
                _LOGGER.debug("Values of the accessory cannot be read: %s", err)
            if self._wanted is wanted:  # else somebody changed their mind meanwhile
                return

    def describing_anew(self) -> Steps[None]:
        """Read the description of an accessory that announced another one (§10.5)."""
        yield from self._describing()
        self.subscribed = set()
        yield from self.align()
        yield from self.reading_all()

    def _describing(self) -> Steps[None]:
        """Read the description; raises RefusedError when there is none."""
        announced = self._announced
        answer = yield ACCESSORIES
        if answer.code != HttpCode.OK:
            raise RefusedError("the accessory does not describe itself", answer.code)
        self._take_database(Database.load(answer.body))
        self._known = True
        self.configuration = self.configuration if announced is None else announced

    def _take_database(self, new: Database) -> None:
        """Take a description: another one takes the place of the old, of the same one only values count."""
        if changed := difference(self.database, new):
            self.database = new
            self._alone.clear()
            self._left_out.clear()
            self._wrote.clear()
            self._tell(DatabaseChanged(changed))
        else:
            self._tell(_Read([(key, each.value, 0) for key, each in new.characteristics.items()]))


def _untold(keys: Iterable[Key]) -> list[Report]:
    """Tell of values that nobody told: what is known of them may be long out of date."""
    return [(key, None, UNTOLD) for key in keys]


def _too_much(batch: Sequence[Key], reports: Sequence[Report]) -> bool:
    """Tell whether the accessory could not bear to be asked for so much at once (§7.2)."""
    failed = sum(status == HapStatus.OUT_OF_RESOURCES for _, _, status in reports)
    return len(batch) > 1 and 2 * failed > len(batch)
