"""Hears what accessories announce by mDNS, and finds one of them.

Announcements are hints: a goodbye says nothing about a link that is up, and only keys prove who is at an address.
Source: docs/hap_controller/wire.md §1.1, §1.6.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
import logging
from types import MappingProxyType, TracebackType
from typing import Final, Self, override

from zeroconf import (
    BadTypeInNameException,
    Error,
    IPVersion,
    NotRunningException,
    RecordUpdate,
    RecordUpdateListener,
    ServiceStateChange,
    Zeroconf,
    current_time_millis,
)
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from ..discovery import SERVICE_TYPE, Announcement, read_announcement
from ..errors import ConnectError

_LOGGER = logging.getLogger(__name__)

FIND_LIMIT_S: Final = 10.0
# Several networks and relays tell the same several times within a moment; nobody is asked more often than this.
_PAUSE_S: Final = 0.5
_ASK_LIMIT_MS: Final = 3000
_TRIES: Final = 3
# Anybody can announce anything; the largest homes have some hundred.
_MAX_INSTANCES: Final = 1024
# Class of all records, and types of text and service records (RFC 1035, RFC 2782).
_INTERNET: Final = 1
_DESCRIBING: Final = (16, 33)


@dataclass(frozen=True, slots=True)
class AccessoryFound:
    """An accessory announces itself."""

    announcement: Announcement


@dataclass(frozen=True, slots=True)
class AccessoryChanged:
    """An accessory announces something else of itself."""

    announcement: Announcement
    before: Announcement


@dataclass(frozen=True, slots=True)
class AccessoryGone:
    """An accessory said goodbye, or its announcement ran out; a link to it may well be up."""

    announcement: Announcement


type Discovery = AccessoryChanged | AccessoryFound | AccessoryGone


class Browser:
    """All accessories that announce themselves, for as long as its context lasts.

    Accessories are told apart by their device id; of one that is announced under several names the latest counts.
    """

    def __init__(
        self,
        zeroconf: AsyncZeroconf | Zeroconf | None = None,
        *,
        interfaces: Sequence[str] = (),
        service_type: str = SERVICE_TYPE,
    ) -> None:
        """Prepare; ``zeroconf`` is left running, as that of Home Assistant must be.

        Without one there is one of our own, on ``interfaces``, addresses of this machine, or else on all. Accessories
        on Thread have a ``service_type`` of their own.
        """
        self._given = AsyncZeroconf(zc=zeroconf) if isinstance(zeroconf, Zeroconf) else zeroconf
        self._interfaces = list(interfaces)
        self._type = service_type
        self._zeroconf: AsyncZeroconf | None = None
        self._browser: AsyncServiceBrowser | None = None
        self._again = _Again(self._heard_again)
        self._instances: dict[str, _Instance] = {}
        self._known: dict[str, Announcement] = {}
        self._listeners: tuple[tuple[object, Callable[[Discovery], None]], ...] = ()

    async def __aenter__(self) -> Self:
        """Begin to listen and ask; raises ConnectError where mDNS is not possible."""
        try:
            self._zeroconf = self._given or _open(self._interfaces)
        except OSError as err:
            raise ConnectError(f"mDNS is not possible here: {type(err).__name__}") from err
        zeroconf = self._zeroconf.zeroconf
        zeroconf.async_add_listener(self._again, None)
        self._browser = AsyncServiceBrowser(zeroconf, self._type, handlers=[self._heard])
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop; what was announced stays known."""
        assert self._zeroconf and self._browser
        self._zeroconf.zeroconf.async_remove_listener(self._again)
        tasks = [task for each in self._instances.values() if (task := each.cancel())]
        self._instances.clear()
        await asyncio.gather(self._browser.async_cancel(), *tasks, return_exceptions=True)
        if self._given is None:
            await self._zeroconf.async_close()

    @property
    def announcements(self) -> Mapping[str, Announcement]:
        """All that are announced now, by ``Announcement.key``."""
        return MappingProxyType(self._known)

    def subscribe(self, listener: Callable[[Discovery], None]) -> Callable[[], None]:
        """Have every change told, in order; gives back what ends that. What is known already is not told."""
        entry = (object(), listener)
        self._listeners = (*self._listeners, entry)

        def unsubscribe() -> None:
            self._listeners = tuple(each for each in self._listeners if each is not entry)

        return unsubscribe

    async def find(self, device_id: str, limit_s: float = FIND_LIMIT_S) -> Announcement | None:
        """Wait until an accessory tells where it can be reached; None when it does not in time.

        ``device_id`` may be in any case.
        """
        key = device_id.lower()
        found: asyncio.Future[Announcement] = asyncio.get_running_loop().create_future()

        def look(_: object = None) -> None:
            announcement = self._known.get(key)
            if announcement and announcement.usable and not found.done():
                found.set_result(announcement)

        unsubscribe = self.subscribe(look)
        look()
        try:
            async with asyncio.timeout(limit_s):
                return await found
        except TimeoutError:
            return None
        finally:
            unsubscribe()

    # --- what is heard ----------------------------------------------------------------------

    def _heard(
        self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        """Take news of one instance of the service."""
        del zeroconf, service_type
        instance = self._instances.get(name.lower())
        if state_change is ServiceStateChange.Removed:
            if instance is not None:
                del self._instances[name.lower()]
                instance.cancel()
                self._withdraw(instance)
            return
        if instance is None:
            if len(self._instances) >= _MAX_INSTANCES:
                return
            instance = self._instances[name.lower()] = _Instance(name)
        self._look_soon(instance)

    def _heard_again(self, name: str) -> None:
        """Take a record that the library has in its cache; see ``_Again``."""
        if instance := self._instances.get(name):
            self._look_soon(instance)

    def _look_soon(self, instance: _Instance) -> None:
        """Look at once, unless that was done a moment ago."""
        if instance.timer is not None:
            return
        if instance.task is not None:
            instance.outdated = True
            return
        loop = asyncio.get_running_loop()
        due = max(loop.time(), instance.looked + _PAUSE_S)
        instance.timer = loop.call_at(due, self._look, instance)

    def _look(self, instance: _Instance) -> None:
        """Read what is known of an instance; ask for it if need be."""
        assert self._zeroconf
        instance.timer = None
        instance.looked = asyncio.get_running_loop().time()
        try:
            info = AsyncServiceInfo(self._type, instance.name)
        except BadTypeInNameException:  # whatever it is, it is no accessory
            return
        zeroconf = self._zeroconf.zeroconf
        info.load_from_cache(zeroconf)
        info.async_update_records(zeroconf, current_time_millis(), _newest(zeroconf, info.key))
        if info.text and info.port and info.parsed_addresses():
            self._take(instance, info)
        else:
            instance.task = asyncio.create_task(self._ask(instance, info))

    async def _ask(self, instance: _Instance, info: AsyncServiceInfo) -> None:
        """Ask for what an announcement did not bring along."""
        assert self._zeroconf
        try:
            for _ in range(_TRIES):
                if await info.async_request(self._zeroconf.zeroconf, _ASK_LIMIT_MS):
                    self._take(instance, info)
                    break
        except (Error, NotRunningException, OSError) as err:  # whoever owns it may have stopped it
            _LOGGER.debug("An announcement could not be asked for: %s", type(err).__name__)
        finally:
            instance.task = None
        if instance.outdated:
            instance.outdated = False
            self._look_soon(instance)

    # --- what is known ----------------------------------------------------------------------

    def _take(self, instance: _Instance, info: AsyncServiceInfo) -> None:
        """Take what an instance says; without an id it says nothing yet (§1.2)."""
        announcement = read_announcement(
            instance.name, info.properties, info.parsed_scoped_addresses(), info.port
        )
        before = instance.announcement
        if announcement is None or announcement == before:
            return
        if before is not None and before.key != announcement.key:  # it was reset
            self._withdraw(instance)
        instance.announcement = announcement
        self._tell(announcement)

    def _tell(self, announcement: Announcement) -> None:
        before = self._known.get(announcement.key)
        self._known[announcement.key] = announcement
        if before is None:
            self._emit(AccessoryFound(announcement))
        elif before != announcement:
            self._emit(AccessoryChanged(announcement, before))

    def _withdraw(self, instance: _Instance) -> None:
        """Forget what an instance said; another one may say the same."""
        gone, instance.announcement = instance.announcement, None
        if gone is None or self._known.get(gone.key) != gone:
            return
        others = [each.announcement for each in self._instances.values()]
        if same := [each for each in others if each is not None and each.key == gone.key]:
            self._tell(same[-1])
        else:
            del self._known[gone.key]
            self._emit(AccessoryGone(gone))

    def _emit(self, change: Discovery) -> None:
        """Tell every listener; one that fails costs the others nothing."""
        for _, listener in self._listeners:
            try:
                listener(change)
            except Exception:  # the listener's fault must not end the browsing
                _LOGGER.exception("A listener failed on %s", type(change).__name__)


class _Instance:
    """One name under which something is announced."""

    __slots__ = ("announcement", "looked", "name", "outdated", "task", "timer")

    def __init__(self, name: str) -> None:
        self.name = name
        self.announcement: Announcement | None = None
        self.looked = float("-inf")
        self.timer: asyncio.TimerHandle | None = None
        self.task: asyncio.Task[None] | None = None
        self.outdated = False
        """Whether there was news while it was asked for."""

    def cancel(self) -> asyncio.Task[None] | None:
        """Look no more; gives what is still to be waited for."""
        if self.timer is not None:
            self.timer.cancel()
        if self.task is not None:
            self.task.cancel()
        return self.task


class _Again(RecordUpdateListener):
    """Hears what the library's browser does not tell.

    What is in its cache is no news to it, although another record may have taken the place for a while: an accessory
    that is paired and unpaired again within seconds would count as paired for ever.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__()
        self._tell = tell

    @override
    def async_update_records(self, zc: Zeroconf, now: float, records: list[RecordUpdate]) -> None:
        """Tell names whose records were told again."""
        for update in records:
            if update.old is not None and update.new.type in _DESCRIBING:
                self._tell(update.new.key)


def _newest(zeroconf: Zeroconf, name: str) -> list[RecordUpdate]:
    """Give the records that describe an instance now; the library would take the last one that was new to it."""
    every = (zeroconf.cache.get_all_by_details(name, type_, _INTERNET) for type_ in _DESCRIBING)
    # One that was replaced has the time of that, and a second to live.
    return [
        RecordUpdate(max(records, key=lambda record: (record.created, record.ttl)), None)
        for records in every
        if records
    ]


def _open(interfaces: list[str]) -> AsyncZeroconf:
    """Speak mDNS on the interfaces with these addresses, or on all."""
    if interfaces:
        return AsyncZeroconf(interfaces=interfaces)
    return AsyncZeroconf(ip_version=IPVersion.V4Only)
