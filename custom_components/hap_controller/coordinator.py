"""One pairing: its client, and the turning of its news into signals."""

import asyncio
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
import logging
from typing import Any, Final, override

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.debounce import Debouncer
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util
from homeassistant.util.signal_type import SignalType

from .cache import DescriptionCache, Known, async_announced_numbers
from .checks import Checks
from .const import (
    BUSY_AGAIN_S,
    DOMAIN,
    MIN_POLL_S,
    PEER_NAME,
    READ_AGAIN_S,
    REFRESH_AFTER_S,
    REFUSED_AGAIN_S,
    SETUP_LIMIT_S,
    signal_accessory,
    signal_added,
    signal_available,
    signal_changed,
    signal_connected,
    signal_described,
    signal_told,
)
from .devices import Devices
from .dispatch import platforms_of
from .errors import setup_error
from .issues import Issues
from .lifeline import LinkCoordinator
from .naming import Names
from .options import Options
from .protocol import (
    Accessory,
    Change,
    Characteristic,
    CommandError,
    Database,
    DatabaseChanged,
    HapClient,
    HapStatus,
    Key,
    LinkChanged,
    LinkError,
    PairingRecord,
    StatusError,
    ValuesChanged,
    VendorError,
)
from .reach import Reach

_LOGGER = logging.getLogger(__name__)

type HapConfigEntry = ConfigEntry[Coordinator]

# For how much was told in the last hour, as often as values can be read.
_HOUR: Final = timedelta(hours=1)
_SAMPLES: Final = 3600 // MIN_POLL_S + 1
_ALIVE: Final = (ConfigEntryState.LOADED, ConfigEntryState.SETUP_IN_PROGRESS)


def new_client(record: PairingRecord, known: Known | None = None) -> HapClient:
    """Make a client of a pairing; ``known`` is what is known of the accessory from before."""
    return HapClient(
        record.keys,
        record.hosts,
        record.port or 0,
        database=known and known.database,
        configuration=known and known.configuration,
        # Without a number nothing would tell that the accessory is another one by now.
        trusted=known is not None and (known.fresh or known.configuration is not None),
        takes_large=known and known.takes_large,
    )


class Coordinator(LinkCoordinator[HapClient]):
    """What the entities of one pairing read, ask and listen to."""

    tries_refused_again = True
    devices: Devices
    checks: Checks

    def __init__(self, hass: HomeAssistant, entry: HapConfigEntry, cache: DescriptionCache) -> None:
        """Prepare; nothing happens before ``async_connect``."""
        super().__init__(hass, entry)
        self.linked = False  # until the accessory answers, which may take until it is plugged in
        self.cache = cache
        self.options = Options.of(entry.options)
        self.revision = 0
        """Counts what was told at once, so that an entity writes once, however much of it concerns it."""
        self.platforms: set[Platform] = set()
        """Those that were set up."""
        self._names: dict[int, Names] = {}
        self._signals: dict[Key, SignalType[()]] = {}
        self._available = signal_available(self.entry_id)
        self._connected = signal_connected(self.entry_id)
        self._reach = Reach()
        self._aids: set[int] = set()
        """All accessories that ever were described."""
        self._known: Known | None = None
        """What is kept of the accessory."""
        self._issues = Issues(hass, entry)
        self._polling = False
        self._polled: tuple[datetime, float] | None = None
        """When values were read last because it was time, and for how many seconds."""
        self._pushes: deque[tuple[datetime, int]] = deque(maxlen=_SAMPLES)
        """How much the accessory had told by some moments of the last hour."""
        self._described: datetime | None = None
        """When the description was read last."""
        self._poll_timer: CALLBACK_TYPE | None = None
        self._reads: list[tuple[float, CALLBACK_TYPE]] = []
        """When reads are still to come, and what ends them."""
        self._confirmation: CALLBACK_TYPE | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self._adding = asyncio.Lock()
        """Held while what a new description has is added."""
        self._refresher = Debouncer(
            hass,
            _LOGGER,
            cooldown=REFRESH_AFTER_S,
            immediate=False,
            function=self._async_refresh,
            background=True,
        )

    # --- what entities read -----------------------------------------------------------------

    @property
    def database(self) -> Database:
        """What there is, and its values."""
        return self.client.database

    @property
    def pairing_id(self) -> str:
        """The accessory's id as it spells it."""
        return self.client.accessory_id

    @property
    def connected(self) -> bool:
        """Whether the link is up and all values were read on it."""
        return self.client.connected

    def is_reachable(self, aid: int) -> bool:
        """Tell whether values of an accessory may be shown: it is there, and the bridge can reach it."""
        return (
            self.linked and aid in self.client.database.accessories and aid not in self._reach.away
        )

    @property
    def all_reachable(self) -> bool:
        """Whether nothing at all is out of a bridge's reach."""
        return not self._reach

    def names(self, accessory: Accessory) -> Names:
        """Give the names in an accessory as it is described now."""
        found = self._names.get(accessory.aid)
        if found is None:
            found = self._names[accessory.aid] = Names(accessory)
        return found

    def signal_changed(self, key: Key) -> SignalType[()]:
        """Name the signal sent when a characteristic has changed.

        Building the name anew for each push would cost as much as all else.
        """
        if (signal := self._signals.get(key)) is None:
            signal = self._signals[key] = signal_changed(self.entry_id, *key)
        return signal

    # --- what entities ask ------------------------------------------------------------------

    async def async_write(self, values: Mapping[Characteristic, Any]) -> None:
        """Write values, all in one request; raises a translated HomeAssistantError when one is refused."""
        try:
            await self.async_command(
                self._write({each.key: value for each, value in values.items()})
            )
        except HomeAssistantError as err:
            known = [each.key for each in values if each.metadata.readable]
            # Some of it may have been done; a link that was lost has all values read when it is back.
            if known and isinstance(err.__cause__, CommandError):
                self.async_read_later(known, REFUSED_AGAIN_S)
            raise

    async def _write(self, values: Mapping[Key, Any]) -> None:
        try:
            await self.client.write(values)
        except StatusError as err:
            if err.code != HapStatus.BUSY:
                raise
            await asyncio.sleep(BUSY_AGAIN_S)
            await self.client.write(values)

    async def async_request_refresh(self) -> None:
        """Have everything read soon, once for all who ask."""
        await self._refresher.async_call()

    @callback
    def async_read_later(self, keys: Collection[Key], *delays: float) -> None:
        """Read some characteristics after a while, as an accessory may not tell what became of a command."""

        @callback
        def read(_now: datetime) -> None:
            self.entry.async_create_background_task(
                self.hass, self._async_read(keys), f"{DOMAIN} read of {self.entry_id}"
            )

        now = self.hass.loop.time()
        self._reads = [(due, timer) for due, timer in self._reads if due > now]
        self._reads += (
            (
                now + delay,
                async_call_later(self.hass, delay, HassJob(read, cancel_on_shutdown=True)),
            )
            for delay in delays
        )

    async def _async_read(self, keys: Collection[Key]) -> None:
        with suppress(VendorError):  # the link tells of itself, values of theirs
            await self.client.read(keys)

    async def _async_refresh(self) -> None:
        with suppress(VendorError):
            await self.client.refresh()

    # --- life -------------------------------------------------------------------------------

    async def async_connect(self) -> None:
        """Start the client, and give the accessory a moment to tell its values; raises what Home Assistant expects.

        An accessory whose description is known does not hold the set-up when it is off: its entities are unavailable
        until it comes back. What was started belongs to the entry: Home Assistant stops it when this raises.
        """
        try:
            record = PairingRecord.read(dict(self.entry.data))
            self._known = self.cache.get(record.keys.accessory_id)
            self.client = new_client(record, self._known)
            self.devices = Devices(self.hass, self.entry, self.pairing_id)
            self.checks = Checks(self.client, trust_events=self.options.trust_events)
            self.client.choose = self.checks.choose
            # What was announced while there was nobody to tell counts as well.
            if number := async_announced_numbers(self.hass).get(self.pairing_id.lower()):
                self.client.announced(number)
            self._start()
            async with asyncio.timeout(SETUP_LIMIT_S):
                await self.client.ready(patient=False)
            self.linked = True
        except TimeoutError, LinkError:
            error = self.client.last_error
            self.last_error = type(error).__name__ if error else None
            if not self.database.accessories:
                raise setup_error(error or LinkError("no answer")) from error
            _LOGGER.info("The %s does not answer: %s (entry %s)", PEER_NAME, error, self.entry_id)
        except VendorError as err:
            raise setup_error(err) from err
        self._set_up()
        self.entry.async_on_unload(self.client.subscribe(self._on_change))
        if self.linked and not self.client.connected:  # lost again before anyone listened
            self._link_lost(self.client.last_error)
        self._take_description()
        if self.linked:
            self._keep_description()
        self.devices.remove_stale_entities(self.database)
        if self.client.connected:
            self._try_large()
            self._issues.link_back()
        else:
            self._issues.link_lost()
        self._poll_later()

    @callback
    def announced(
        self, configuration: int | None, hosts: Collection[str], port: int | None
    ) -> None:
        """Take what the accessory announces of itself."""
        if configuration is not None:
            async_announced_numbers(self.hass)[self.pairing_id.lower()] = configuration
        self.client.announced(configuration, tuple(hosts), port)
        self._try_again()

    @override
    @callback
    def _forget_timers(self) -> None:
        super()._forget_timers()
        self._keep_description()
        self._refresher.async_shutdown()
        self._issues.forget_timers()
        for timer in (
            self._poll_timer,
            self._confirmation,
            *(timer for _, timer in self._reads),
        ):
            if timer:
                timer()
        self._reads.clear()
        self._poll_timer = self._confirmation = None

    # --- news -------------------------------------------------------------------------------

    @callback
    def _on_change(self, change: Change) -> None:
        """Turn one change into the signals of those who show it."""
        self.revision += 1
        match change:
            case ValuesChanged(changes=changes, asked=asked):
                if asked:
                    self.checks.note(changes)
                # All of it before anybody is told anything: who is told writes once.
                self._note_reach(changes)
                for characteristic, value in changes:
                    self._tell_value(characteristic, value)
            case LinkChanged(connected=True):
                self._link_back()
                self._keep_description()
                self._try_large()
                self._issues.link_back()
            case LinkChanged(error=error):
                self._link_lost(error)
                self._issues.link_lost()
            case DatabaseChanged():
                self._follow_description()

    def _tell_value(self, characteristic: Characteristic, value: Any) -> None:
        key = characteristic.key
        if characteristic.metadata.stateless:
            async_dispatcher_send(self.hass, signal_told(self.entry_id, *key), value)
            return
        async_dispatcher_send(self.hass, self.signal_changed(key))

    def _note_reach(self, changes: Iterable[tuple[Characteristic, Any]]) -> None:
        for aid in self._reach.note(changes):
            async_dispatcher_send(self.hass, signal_accessory(self.entry_id, aid), False)

    @override
    def _tell_connected(self) -> None:
        async_dispatcher_send(self.hass, self._connected)

    @override
    def _tell_available(self) -> None:
        self.revision += 1
        self._reach.note_all(self.database)
        self._tell_accessories(anew=False)
        async_dispatcher_send(self.hass, self._available)
        async_dispatcher_send(self.hass, self._connected)

    def _tell_accessories(self, *, anew: bool) -> None:
        for aid in self._aids:
            async_dispatcher_send(self.hass, signal_accessory(self.entry_id, aid), anew)

    # --- descriptions -----------------------------------------------------------------------

    def _follow_description(self) -> None:
        """Have everything look for what it shows in a new description (mapping §3.5)."""
        self._take_description()
        self._keep_description()
        self.devices.remove_stale_entities(self.database)
        self.revision += 1
        self._tell_accessories(anew=True)
        async_dispatcher_send(self.hass, signal_described(self.entry_id))
        self.entry.async_create_task(
            self.hass, self._async_add_new(), f"{DOMAIN} description of {self.entry_id}"
        )

    async def _async_add_new(self) -> None:
        """Add what is new in a description, once what is gone is gone; one after the other."""
        async with self._adding:
            while self._leaving:
                await asyncio.wait(self._leaving)
            if self.entry.state not in _ALIVE:  # nobody would unload what is set up now
                return
            await self.async_load_platforms()
            async_dispatcher_send(self.hass, signal_added(self.entry_id))

    async def async_unload_platforms(self) -> bool:
        """Remove all entities, once what is just being added is there."""
        async with self._adding:
            return await self.hass.config_entries.async_unload_platforms(self.entry, self.platforms)

    async def async_load_platforms(self) -> None:
        """Set up the platforms that the description needs and that are not there yet."""
        needed = platforms_of(self.database, generic=self.options.all_characteristics)
        new = sorted(needed - self.platforms)
        self.platforms.update(new)
        await self.hass.config_entries.async_forward_entry_setups(self.entry, new)
        self._names.clear()  # whoever needs one now has it

    @callback
    def async_leave(self, removal: asyncio.Task[None]) -> None:
        """Have what is new wait until an entity of what is gone is gone."""
        self._leaving.add(removal)
        removal.add_done_callback(self._leaving.discard)

    def _take_description(self) -> None:
        self._names.clear()
        self._aids |= self.database.accessories.keys()
        self._reach.note_all(self.database)
        self.checks.forget()
        self.devices.describe(self.database)
        self._look_for_missing()

    def _keep_description(self) -> None:
        """Keep what is known of the accessory, when that is not what is kept."""
        client = self.client
        known = Known(client.database, client.configuration, client.takes_large)
        if known == self._known or not known.database.accessories:
            return
        if self._known is None or known.database is not self._known.database:
            self._described = dt_util.utcnow()
        self._known = known
        self.cache.put(self.pairing_id, *known)

    def _try_large(self) -> None:
        """Find out whether fewer requests would do, if nobody knows yet."""
        if self.client.takes_large is None:
            self.entry.async_create_background_task(
                self.hass, self._async_try_large(), f"{DOMAIN} trial of {self.entry_id}"
            )

    async def _async_try_large(self) -> None:
        with suppress(VendorError):  # the link tells of itself
            await self.client.try_large()
        self._keep_description()

    def _look_for_missing(self) -> None:
        delay_s = self.devices.remove_missing(self.database.accessories, sure=self.client.connected)
        if delay_s is not None:
            self._confirm_later(delay_s)

    def _confirm_later(self, delay_s: float) -> None:
        if not self._confirmation:
            self._confirmation = async_call_later(
                self.hass, delay_s, HassJob(self._confirm, cancel_on_shutdown=True)
            )

    @callback
    def _confirm(self, _now: datetime) -> None:
        """Read the description again before anything is removed for good."""
        self._confirmation = None
        self.entry.async_create_background_task(
            self.hass, self._async_confirm(), f"{DOMAIN} confirmation of {self.entry_id}"
        )

    async def _async_confirm(self) -> None:
        try:
            await self.client.describe()
        except VendorError:  # which confirms nothing
            self._confirm_later(READ_AGAIN_S)
            return
        self._look_for_missing()

    # --- what is not told -------------------------------------------------------------------

    def _poll_later(self) -> None:
        self._poll_timer = async_call_later(
            self.hass, self.options.poll_s, HassJob(self._poll, cancel_on_shutdown=True)
        )

    @callback
    def _poll(self, _now: datetime) -> None:
        self._poll_later()
        self._pushes.append((dt_util.utcnow(), self.client.statistics.pushes))
        self._keep_description()
        self._issues.look_at(self.client)
        if self.client.connected and not self._polling:
            self.entry.async_create_background_task(
                self.hass, self._async_poll(), f"{DOMAIN} poll of {self.entry_id}"
            )

    async def _async_poll(self) -> None:
        """Read what is not told by itself, and check some of what is (mapping §3.3)."""
        self._polling = True
        started = dt_util.utcnow()
        try:
            if keys := self.checks.due():
                await self.client.read(keys)
        except VendorError as err:
            _LOGGER.debug("Values of %s could not be read: %s", PEER_NAME, err)
        finally:
            self._polling = False
            self._polled = started, (dt_util.utcnow() - started).total_seconds()

    def describe_polls(self) -> dict[str, Any]:
        """Tell what was read and heard, for diagnostics."""
        now = dt_util.utcnow()
        pushes = self.client.statistics.pushes
        hour = [told for when, told in self._pushes if now - when <= _HOUR]
        return {
            "last_poll": self._polled and self._polled[0],
            "last_poll_s": self._polled and self._polled[1],
            "pushes_last_hour": pushes - (hour[0] if hour else 0),
            "described": self._described,
            "unreachable": len(self._reach),
            "missed": self.checks.missed,
        }
