"""The public face: one appliance, what is known of it, and what can be asked of it."""

import asyncio
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
import secrets
import ssl
from typing import Any, ClassVar, Concatenate, Final, NoReturn, override

import aiohttp

from .connection import (
    Codec,
    Connection,
    Described,
    Event,
    Identity,
    Introduced,
    Listed,
    Networked,
    Programmed,
    Redescribed,
    Statistics,
    Valued,
)
from .const import (
    ACTIVE_PROGRAM_UID,
    AES_PORT,
    BACKOFF_SPREAD,
    FIRST_DELAY_S,
    HEALTHY_AFTER_S,
    KEY_REFUSALS,
    KEY_REFUSALS_WITHIN_S,
    MAX_DELAY_S,
    MAX_UIDS_PER_READ,
    MOVE_INTERVAL_S,
    QUICK_CLOSINGS,
    SELECTED_PROGRAM_UID,
    SLOTS_TROUBLE_S,
    STARTED_LIMIT_S,
    TLS_PORT,
    Action,
    Code,
    ConnectionType,
    Kind,
    Resource,
)
from .conversation import Established, Settled
from .errors import (
    AuthError,
    CommandError,
    LinkClosedError,
    LinkError,
    RefusedError,
    ThrottledError,
    UnansweredError,
    VendorError,
)
from .frames import PlainCodec
from .link import LinkChanged, LinkClient
from .messages import (
    UNSET,
    ApplianceInfo,
    DescriptionChange,
    NetworkInterface,
    Request,
    read_values,
)
from .model import Appliance
from .profile import Profile
from .programs import (
    Plan,
    acknowledge_plan,
    check_start,
    command_plan,
    option_plan,
    pause_plan,
    resume_plan,
    select_plan,
    start_plan,
    stop_plan,
    values_plan,
    venting_plan,
)
from .refusals import KeyRefusedError, PeerClosedError, SessionsExhaustedError, SwitchedOffError
from .supervisor import Backoff, exponential_backoff
from .transport import Endpoint, WebSocketTransport, open_websocket, psk_context

# §7.3: how appliances hang up that are switched off.
_DELIBERATE: Final = frozenset({1000, 1001})
_UNKNOWN_UID: Final = frozenset({Code.UNKNOWN_UID, Code.UNKNOWN_UID_READ, Code.UNKNOWN_UID_WRITE})
# §10.3: what is refused as long as the program is not live.
_NOT_LIVE: Final = frozenset(
    {Code.BAD_REQUEST, Code.NO_ACCESS, Code.NO_ACCESS_WRITE, Code.PROCESS_STATE}
)
_PROGRAM_UIDS: Final = {
    Resource.ACTIVE_PROGRAM: ACTIVE_PROGRAM_UID,
    Resource.SELECTED_PROGRAM: SELECTED_PROGRAM_UID,
}


class Trouble(StrEnum):
    """What only the user can mend."""

    SLOTS = "slots"
    """All sessions of the appliance are taken for long: it wants to be unplugged for a moment (§12)."""
    IDENTITY = "identity"
    """Somebody else uses our name: the appliance hangs up on us again and again (§7.4)."""
    DESCRIPTION = "description"
    """The appliance does not know features of its description: it wants a fresh profile (§8)."""


@dataclass(frozen=True, slots=True)
class ValuesChanged:
    """Values of features, or what may be done with them, changed."""

    uids: frozenset[int]


@dataclass(frozen=True, slots=True)
class InfoChanged:
    """The appliance told about itself or its network."""


@dataclass(frozen=True, slots=True)
class TroubleChanged:
    """There is something the user should do, or no longer."""

    troubles: frozenset[Trouble]


type Change = InfoChanged | LinkChanged | TroubleChanged | ValuesChanged
type Listener = Callable[[Change], None]


class _Acknowledged:
    """What the appliance agreed to and has not reported yet: its reports come a moment after its answers.

    A start that follows at once must not go by what was so before.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.kept: dict[int, tuple[Any, float]] = {}
        """Raw values by uid, each with the loop time until which it counts."""

    def keep(self, items: Iterable[tuple[int, Any]], now: float) -> None:
        """Note raw values that the appliance will report within a moment."""
        self.kept.update({uid: (raw, now + STARTED_LIMIT_S) for uid, raw in items})

    def forget(self, uids: Iterable[int] | None = None) -> None:
        """Drop what was reported, or all: what an appliance reports is the truth."""
        for uid in list(self.kept) if uids is None else uids:
            self.kept.pop(uid, None)

    def current(self, now: float) -> dict[int, Any]:
        """Give what still counts."""
        return {uid: raw for uid, (raw, until) in self.kept.items() if now < until}


class HomeConnectClient(LinkClient[Connection, Event, Change]):
    """One appliance on the local network.

    ``appliance`` is there from the start: what the profile describes, without values until the link is up.
    """

    peer = "the appliance"
    statistics: Statistics
    _aes: ClassVar[Callable[[bytes, bytes], Codec] | None] = None
    """Makes the codec of an AES link, once any client had need of one."""

    def __init__(
        self,
        profile: Profile,
        host: str,
        session: aiohttp.ClientSession,
        *,
        device_id: str,
        device_name: str,
        port: int | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        """Prepare a client that uses, and never closes, ``session``.

        ``device_id`` (8 to 16 hex digits) is what the appliance knows us by: always the same, and nobody else's;
        ``port`` is another than that of the kind of link; ``backoff`` replaces the waits between attempts.
        """
        super().__init__(
            backoff=backoff or exponential_backoff(FIRST_DELAY_S, MAX_DELAY_S, BACKOFF_SPREAD),
            healthy_after_s=HEALTHY_AFTER_S,
        )
        self.statistics = Statistics()
        self.appliance = Appliance(profile.description)
        self.info: ApplianceInfo | None = None
        self.network: NetworkInterface | None = None
        self.services: Mapping[str, int] = {}
        self.switched_off = False
        """Whether the appliance ended the last link on purpose, or said since that it is off."""
        self.troubles: frozenset[Trouble] = frozenset()
        self.pending: Mapping[int, Any] = {}
        """Options that the appliance does not take before the start of the selected program, as they travel."""
        self._pending_for: int | None = None
        self._acknowledged = _Acknowledged()
        self._profile = profile
        self._session = session
        self._identity = Identity(device_id, device_name)
        self._host = host
        self._port = port
        self._context: ssl.SSLContext | None = None
        self._told: set[int] = set()
        self._missing: dict[int, list[int]] = {}
        """What the lost end of a list may have told, by the ticket of the request that asks for it."""
        self._refused_at: list[float] = []
        self._exhausted_since: float | None = None
        self._quick_closings = 0
        self._attempted_at = float("-inf")
        self._hurrying: asyncio.TimerHandle | None = None

    # --- what is known ----------------------------------------------------------------------

    @property
    def endpoint(self) -> tuple[str, int]:
        """Host and port of the next attempt."""
        aes = self._profile.connection_type is ConnectionType.AES
        return self._host, self._port or (AES_PORT if aes else TLS_PORT)

    def move_to(self, host: str, port: int | None = None) -> None:
        """Take the address that discovery tells; tried at once when the link is down.

        A link that is up stays: anyone can announce anything, and only the key proves who is there.
        """
        if (host, port) != (self._host, self._port):
            self._host, self._port = host, port
            self._refused_at.clear()  # that was elsewhere, and perhaps another appliance
        self.hurry()

    def hurry(self) -> None:
        """Try without waiting out the back-off: the appliance was heard of. Not twice within ten seconds (§7.3).

        Does nothing while the link is up, or all sessions of the appliance are taken: hammering keeps them so.
        """
        if self._connection is None and self._hurrying is None and not self._ended:
            loop = asyncio.get_running_loop()
            due = max(loop.time(), self._attempted_at + MOVE_INTERVAL_S)
            self._hurrying = loop.call_at(due, self._hurry_now)

    def _hurry_now(self) -> None:
        self._hurrying = None
        if not isinstance(self.last_error, ThrottledError):
            self._supervisor.hurry()

    # --- what can be asked ------------------------------------------------------------------

    async def write(self, uid: int, value: Any) -> None:
        """Set one feature; ``value`` as the model shows it, or as it travels.

        Raises InvalidValueError for what the feature does not take, CommandError when refused or unanswered, and
        LinkError when the link is down or drops. The same goes for all commands.
        """
        await self.write_many(((uid, value),))

    async def write_many(self, items: Iterable[tuple[int, Any]]) -> None:
        """Set several features in one request, in this order."""
        await self._carry_out(values_plan, list(items))

    async def set_option(self, uid: int, value: Any) -> None:
        """Set an option of the selected or the running program.

        One that the appliance does not take yet, since the program is not live, is kept in ``pending`` and goes along
        with the start of that program.
        """
        self._check_link()
        raw = self.appliance.encode(uid, value)
        try:
            await self._carry_out(option_plan, uid, raw)
        except RefusedError as err:
            if err.code not in _NOT_LIVE or not self._may_wait(uid):
                raise
            self._keep_pending({**self.pending, uid: raw})
        else:
            self._acknowledged.keep(((uid, raw),), self._now())
            self._keep_pending({each: kept for each, kept in self.pending.items() if each != uid})

    async def command(self, uid: int, value: Any = True) -> None:
        """Give a command."""
        await self._carry_out(command_plan, uid, value)

    async def select_program(self, program: int, options: Mapping[int, Any] | None = None) -> None:
        """Select a program without starting it."""
        self._check_link()
        raws = {
            uid: self.appliance.encode(uid, value, program)
            for uid, value in (options or {}).items()
        }
        await self._carry_out(select_plan, program, raws)
        self._acknowledged.forget()  # options of the program before are none of this one
        self._acknowledged.keep(((SELECTED_PROGRAM_UID, program), *raws.items()), self._now())

    async def start_program(
        self,
        program: int | None = None,
        options: Mapping[int, Any] | None = None,
        *,
        start_in: int | None = None,
        finish_in: int | None = None,
    ) -> None:
        """Start a program, by default the selected one; delays are in seconds.

        Raises PreconditionError when something on the appliance has to be done first.
        """
        self._check_link()
        agreed = self._acknowledged.current(self._now())
        selected = agreed.pop(SELECTED_PROGRAM_UID, self.appliance.selected_program)
        if program is None and selected != self.appliance.selected_program:
            program = selected
        check_start(self.appliance, program)
        wishes: dict[int, Any] = {}
        if program in (None, selected):
            wishes |= {
                uid: raw
                for uid, raw in agreed.items()
                if selected and self.appliance.option(selected, uid)
            }
        if program in (None, self._pending_for):
            wishes |= self.pending
        if await self._carry_out(
            start_plan,
            program,
            wishes | dict(options or {}),
            start_in=start_in,
            finish_in=finish_in,
        ):
            # Most appliances accept the way round without going it (§10.6): only the program itself is proof.
            await self._started()
        self._keep_pending({})

    async def stop(self) -> None:
        """Abort the running program."""
        await self._carry_out(stop_plan)

    async def pause(self) -> None:
        """Pause the running program."""
        await self._carry_out(pause_plan)

    async def resume(self) -> None:
        """Go on with the paused program."""
        await self._carry_out(resume_plan)

    async def vent(self, option: int | None, level: int = 0) -> None:
        """Have a hood vent: ``option`` is the uid of its level, ``level`` as it travels; 0 stops."""
        await self._carry_out(venting_plan, option, level)

    async def acknowledge(self, event_uid: int, *, reject: bool = False) -> None:
        """Acknowledge or reject an event."""
        await self._carry_out(acknowledge_plan, event_uid, reject=reject)

    async def read_values(self, uids: Iterable[int]) -> None:
        """Ask for values of features; they come as changes."""
        for request in _reads(uids):
            try:
                await self._ask(request)
            except RefusedError as err:
                if all(self.appliance.feature(item["uid"]) for item in request.data):
                    self._doubt_description(err)
                raise

    async def read_network(self) -> NetworkInterface | None:
        """Ask for the network, of which the signal strength is not told by itself."""
        await self._ask(Request(Resource.NETWORK, Action.GET))
        return self.network

    async def refresh(self) -> None:
        """Ask for all values."""
        await self._ask(Request(Resource.MANDATORY_VALUES, Action.GET))

    async def request(
        self, resource: str, action: Action, data: Iterable[dict[str, Any]] = ()
    ) -> list[dict[str, Any]]:
        """Say anything; gives the data of the answer."""
        answer: list[dict[str, Any]] = await self._ask(Request(resource, action, tuple(data)))
        return answer

    # --- the way out ------------------------------------------------------------------------

    def _may_wait(self, uid: int) -> bool:
        """Tell whether an option can go along with the start of the selected program."""
        program = self.appliance.feature(self.appliance.selected_program or 0)
        return (
            program is not None
            and not self.appliance.active_program
            and any(option.ref == uid for option in program.options)
        )

    def _keep_pending(self, pending: Mapping[int, Any]) -> None:
        changed = self.pending.keys() ^ pending.keys() | {
            uid for uid, raw in pending.items() if self.pending.get(uid) != raw
        }
        self.pending = pending
        self._pending_for = self.appliance.selected_program if pending else None
        self._changed(frozenset(changed))

    def _check_link(self) -> None:
        """Raise LinkClosedError without a link: then it is of no use to say what else is in the way."""
        if not self.connected:
            raise LinkClosedError(f"there is no link to {self.peer}")

    async def _carry_out[**Wish](
        self,
        plan: Callable[Concatenate[Appliance, Wish], Plan],
        *args: Wish.args,
        **kwargs: Wish.kwargs,
    ) -> int:
        """Take the steps of a plan until one is accepted; gives its place. An empty plan is done already."""
        self._check_link()
        steps = plan(self.appliance, *args, **kwargs)
        refusal: RefusedError | None = None
        for place, step in enumerate(steps):
            try:
                await self._ask(step.request)
            except RefusedError as err:
                self._doubt_description(err)
                if step.telling or refusal is None:
                    refusal = err
                if err.code not in step.fallback_on or place + 1 == len(steps):
                    raise refusal from None
            else:
                return place
        return 0  # nothing to do

    async def _ask(self, request: Request) -> Any:
        return await self._settled(lambda connection: connection.submit(request, self._now()))

    def _doubt_description(self, err: RefusedError) -> None:
        """Take a refusal of what the description has."""
        if err.code in _UNKNOWN_UID:
            self._trouble(Trouble.DESCRIPTION, there=True)

    async def _started(self) -> None:
        """Wait until a program runs; raises UnansweredError when none does, LinkClosedError without a link."""
        started = asyncio.Event()

        def look(_change: object = None) -> None:
            if self.appliance.active_program or not self.connected:
                started.set()

        unsubscribe = self.subscribe(look)
        look()
        try:
            async with asyncio.timeout(STARTED_LIMIT_S):
                await started.wait()
        except TimeoutError:
            raise UnansweredError(
                "the appliance accepted the program but did not start it"
            ) from None
        finally:
            unsubscribe()
        self._check_link()

    # --- the link ---------------------------------------------------------------------------

    @override
    async def run(self) -> NoReturn:
        """Keep the link up until cancelled; see LinkClient."""
        self._refused_at.clear()
        try:
            await super().run()
        finally:
            if self._hurrying is not None:
                self._hurrying.cancel()

    @asynccontextmanager
    @override
    async def _open_link(self) -> AsyncIterator[tuple[WebSocketTransport, Connection]]:
        """Open the websocket of the appliance."""
        self._attempted_at = self._now()
        host, port = self.endpoint
        try:
            endpoint, codec = Endpoint(host, port, await self._tls()), await self._codec()
            async with open_websocket(self._session, endpoint) as transport:
                connection = Connection(
                    self._now(),
                    codec,
                    self._identity,
                    nonce=_nonce,
                    tickets=self._tickets,
                    statistics=self.statistics,
                )
                self._told = set()
                self._missing.clear()
                self._acknowledged.forget()
                with self._conversing(connection):
                    try:
                        yield transport, connection
                    finally:
                        self._judge_end(connection)
        except KeyRefusedError as err:
            self._key_refused(err)
            raise

    async def _tls(self) -> ssl.SSLContext | None:
        """Give the context of the key, made once and where it may block."""
        if self._profile.connection_type is ConnectionType.AES:
            return None
        if self._context is None:
            loop = asyncio.get_running_loop()
            self._context = await loop.run_in_executor(None, psk_context, self._profile.key)
        return self._context

    async def _codec(self) -> Codec:
        """Begin the cipher chains of a link anew."""
        if self._profile.iv is None or self._profile.connection_type is ConnectionType.TLS:
            return PlainCodec()
        cls = HomeConnectClient
        if cls._aes is None:
            cls._aes = await asyncio.get_running_loop().run_in_executor(None, _load_aes)
        return cls._aes(self._profile.key, self._profile.iv)

    def _key_refused(self, err: KeyRefusedError) -> None:
        """Give up on the key when it was refused repeatedly: once can be an appliance that boots (§5.1)."""
        now = self._now()
        self._refused_at = [at for at in self._refused_at if at > now - KEY_REFUSALS_WITHIN_S]
        self._refused_at.append(now)
        if len(self._refused_at) >= KEY_REFUSALS:
            raise AuthError("the appliance refuses the key of the profile") from err

    def _judge_end(self, connection: Connection) -> None:
        """Tell a link that was closed at once from one that was in use."""
        if connection.established:
            self._quick_closings = 0

    @override
    def _report(self, err: VendorError) -> None:
        """Take the reason why an attempt failed or the link was lost."""
        now = self._now()
        self.statistics.closings.append(str(err))
        if self._was_connected:
            self.switched_off = isinstance(err, PeerClosedError) and err.code in _DELIBERATE
        elif isinstance(err, SwitchedOffError):
            self.switched_off = True
        if isinstance(err, SessionsExhaustedError):
            if self._exhausted_since is None:
                self._exhausted_since = now
            if now >= self._exhausted_since + SLOTS_TROUBLE_S:
                self._trouble(Trouble.SLOTS, there=True)
        else:
            self._exhausted_since = None
        if isinstance(err, PeerClosedError) and not self._was_connected:
            self._quick_closings += 1
            if self._quick_closings >= QUICK_CLOSINGS:
                self._trouble(Trouble.IDENTITY, there=True)
        elif isinstance(err, LinkError) and not isinstance(err, PeerClosedError):
            self._quick_closings = 0
        super()._report(err)

    @override
    def _lost(self) -> None:
        """Keep the values: who shows them decides for how long."""

    # --- the way in -------------------------------------------------------------------------

    @override
    def _deliver(self, event: Event) -> None:
        """Turn what the connection understood into changes."""
        if type(event) is Valued:  # by the hundred
            if self._missing or not self._was_connected:
                self._note_told(uid for uid, _ in event.items)
            if self._acknowledged.kept:
                self._acknowledged.forget([uid for uid, _ in event.items])
            self._changed(self.appliance.apply_values(event.items))
            return
        match event:
            case Settled():
                if missing := self._missing.pop(event.ticket, None):
                    self._take_missing(missing, event)
                self._settle(event)
            case Redescribed(changes=changes):
                self._redescribe(changes, frozenset())
            case Programmed(resource=resource, reports=reports):
                uid = _PROGRAM_UIDS[Resource(resource)]
                for report in reports:
                    self._note_told((uid, *(option for option, _ in report.options)))
                    self._acknowledged.forget((uid, *(option for option, _ in report.options)))
                    self._changed(self.appliance.apply_program(uid, report))
            case Described(changes=changes):
                self._redescribe(changes, self.appliance.reset_changes())
            case Listed(items=items, cut=cut):
                self._take_list(items, cut=cut)
            case Introduced(info=info, services=services):
                self.info, self.services = info or self.info, services
                self._emit(InfoChanged())
            case Networked(interface=interface):
                if interface != self.network:
                    self.network = interface
                    self._emit(InfoChanged())
            case Established():
                self._up_again()
            case _:
                self._notice(event.what)

    def _changed(self, uids: frozenset[int]) -> None:
        if self.pending and self.appliance.selected_program != self._pending_for:
            uids |= self.pending.keys()
            self.pending = {}
        # Before the link is up all is told at once, by its coming up.
        if uids and self._was_connected:
            self._emit(ValuesChanged(uids))

    def _redescribe(self, changes: list[DescriptionChange], before: frozenset[int]) -> None:
        self._note_told(change.uid for change in changes if change.value is not UNSET)
        self._changed(before | self.appliance.apply_changes(changes))

    def _note_told(self, uids: Iterable[int]) -> None:
        """Note what was told on this link while there is a list to come that decides about all others."""
        if self._missing or not self.connected:
            self._told.update(self.appliance.description.features.keys() & set(uids))

    def _take_list(self, items: list[tuple[int, Any]], *, cut: bool) -> None:
        """Take all values: what the list leaves out, and was not told on this link, is not known any more.

        What the lost end of a list would have told is asked for.
        """
        told = self._told.union([uid for uid, _ in items])
        features = self.appliance.description.features.values()
        asks = cut and bool(items)  # of one that gave no list at all, notifications tell (§7.1)
        # An event that is asked for yet must not look as if it were over, and then come anew.
        events = {each.uid for each in features if each.kind is Kind.EVENT} if asks else set()
        self.appliance.forget_values(told | events)
        self.appliance.apply_values(items)
        if asks:
            self._ask_missing(
                [
                    each.uid
                    for each in features
                    if each.uid not in told
                    and each.kind is not Kind.PROGRAM
                    and self.appliance.readable(each.uid)
                ]
            )

    def _ask_missing(self, uids: Iterable[int]) -> None:
        """Ask for values that nobody waits for."""
        assert self._connection is not None
        for request in _reads(uids):
            asked = [item["uid"] for item in request.data]
            try:
                self._missing[self._connection.submit(request, self._now())] = asked
            except CommandError:
                self._forget_untold(asked)

    def _take_missing(self, uids: list[int], settled: Settled) -> None:
        """Take the end of a request for missing values: what it did not bring is not known.

        A refusal is for all of them, even when it is about one: so each half is asked for again.
        """
        if isinstance(settled.error, RefusedError):
            if len(uids) > 1:
                middle = len(uids) // 2
                self._ask_missing(uids[:middle])
                self._ask_missing(uids[middle:])
                return
            self._doubt_description(settled.error)
        self._forget_untold(uids)

    def _forget_untold(self, uids: Iterable[int]) -> None:
        """Forget what was asked for in vain."""
        others = self.appliance.description.features.keys() - set(uids)
        self._changed(self.appliance.forget_values(self._told | others))

    def _up_again(self) -> None:
        self.switched_off = False
        self._refused_at.clear()
        self._exhausted_since = None
        self._trouble(Trouble.SLOTS, there=False)
        self._trouble(Trouble.IDENTITY, there=False)
        self._established()
        self._changed(frozenset())  # another program may have been selected meanwhile

    def _trouble(self, trouble: Trouble, *, there: bool) -> None:
        troubles = self.troubles | {trouble} if there else self.troubles - {trouble}
        if troubles != self.troubles:
            self.troubles = troubles
            self._emit(TroubleChanged(troubles))


def _reads(uids: Iterable[int]) -> list[Request]:
    """Ask for values in requests that an appliance can take."""
    wanted = list(uids)
    return [
        read_values(wanted[start : start + MAX_UIDS_PER_READ])
        for start in range(0, len(wanted), MAX_UIDS_PER_READ)
    ]


def _load_aes() -> Callable[[bytes, bytes], Codec]:
    """Import what only the AES link needs: the library of the cipher loads as long as this whole package."""
    from .crypto import AesCodec  # noqa: PLC0415

    return AesCodec


def _nonce() -> str:
    """Make what the old generations want to authenticate us with (§7.1, step 4)."""
    return urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
