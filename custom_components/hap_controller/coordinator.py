"""One pairing: its client, and the turning of its news into signals."""

import asyncio
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
import logging
from typing import Any, Final, override

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir
from homeassistant.helpers.debounce import Debouncer
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util
from homeassistant.util.signal_type import SignalType

from .cache import DescriptionCache, Known, async_announced_numbers
from .const import (
    ABSENT_AFTER_S,
    BUSY_AGAIN_S,
    CONF_ALL_CHARACTERISTICS,
    CONF_LEVEL_IS_OPEN,
    CONF_POLL_INTERVAL,
    CONF_TRUST_EVENTS,
    CONF_VALVES_AS_SWITCHES,
    DEFAULT_POLL_S,
    DOMAIN,
    DOUBT_S,
    MIN_POLL_S,
    PEER_NAME,
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
from .dispatch import platforms_of
from .errors import setup_error
from .lifeline import LinkCoordinator
from .naming import Names
from .protocol import (
    Accessory,
    Change,
    Characteristic,
    CharacteristicUuid,
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

_LOGGER = logging.getLogger(__name__)

type HapConfigEntry = ConfigEntry[Coordinator]

# One request's worth of what the accessory tells by itself is read at each interval, in turn (mapping §3.3).
_CHECKED_AT_ONCE: Final = 49
# For how much was told in the last hour, as often as values can be read.
_HOUR: Final = timedelta(hours=1)
_SAMPLES: Final = 3600 // MIN_POLL_S + 1
# So often an event must have been missed before a characteristic is asked for at each interval.
_MISSES: Final = 2
# A description without some accessory is read again after this before its device goes.
_READ_AGAIN_S: Final = 60.0

_ALIVE: Final = (ConfigEntryState.LOADED, ConfigEntryState.SETUP_IN_PROGRESS)

# Its own number for the first accessory, behind which all others of a bridge are.
BRIDGE_AID: Final = 1

_UNREACHABLE: Final = int(HapStatus.UNREACHABLE)

# Repair issues of an entry that its coordinator raises and takes back.
ABSENT: Final = "absent"
NO_EVENTS: Final = "no_events"
WRONG_ACCESSORY: Final = "wrong_accessory"
# This one is raised by the form that was left before the accessory was paired again.
PAIRING_LOST: Final = "pairing_lost"
_ISSUES: Final = (ABSENT, NO_EVENTS, PAIRING_LOST, WRONG_ACCESSORY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user prefers."""

    poll_s: float = DEFAULT_POLL_S
    """How often what the accessory does not tell by itself is read, in seconds."""
    trust_events: bool = False
    """Whether what the accessory tells by itself is never asked for, as some cannot bear it."""
    all_characteristics: bool = False
    """Whether characteristics that nobody knows become entities."""
    valves_as_switches: bool = False
    """Whether valves are switches, as the built-in integration has them."""
    level_is_open: bool = False
    """Whether slats are open when they are level, instead of half open."""

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Options:
        """Read the options of an entry; what is not there is as by default."""
        return cls(
            poll_s=options.get(CONF_POLL_INTERVAL, DEFAULT_POLL_S),
            trust_events=options.get(CONF_TRUST_EVENTS, False),
            all_characteristics=options.get(CONF_ALL_CHARACTERISTICS, False),
            valves_as_switches=options.get(CONF_VALVES_AS_SWITCHES, False),
            level_is_open=options.get(CONF_LEVEL_IS_OPEN, False),
        )


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
        self._tracked: dict[Key, int] = {}
        self._signals: dict[Key, SignalType[()]] = {}
        self._available = signal_available(self.entry_id)
        self._connected = signal_connected(self.entry_id)
        self._unreachable: set[Key] = set()
        self._away: set[int] = set()
        """Accessories of which nothing can be had: their bridge does not reach them."""
        self._aids: set[int] = set()
        """All accessories that ever were described."""
        self._known: Known | None = None
        """What is kept of the accessory."""
        self._misses: dict[Key, int] = {}
        self._before: dict[Key, Any] = {}
        """Values that are told by themselves, when they were asked for last to see whether they are."""
        self._checked = False
        """Whether that has been done since values were read because it was time."""
        self._next_check = 0
        self._polling = False
        self._polled: tuple[datetime, float] | None = None
        """When values were read last because it was time, and for how many seconds."""
        self._pushes: deque[tuple[datetime, int]] = deque(maxlen=_SAMPLES)
        """How much the accessory had told by some moments of the last hour."""
        self._described: datetime | None = None
        """When the description was read last."""
        self._poll_timer: CALLBACK_TYPE | None = None
        self._absence: CALLBACK_TYPE | None = None
        self._reads: list[tuple[float, CALLBACK_TYPE]] = []
        """When reads are still to come, and what ends them."""
        self._missing: dict[int, datetime] = {}
        """Accessories that the description lacks, and since when; their devices go when that is confirmed."""
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
        return self.linked and aid in self.client.database.accessories and aid not in self._away

    @property
    def all_reachable(self) -> bool:
        """Whether nothing at all is out of a bridge's reach."""
        return not self._unreachable

    def names(self, accessory: Accessory) -> Names:
        """Give the names in an accessory as it is described now."""
        found = self._names.get(accessory.aid)
        if found is None:
            found = self._names[accessory.aid] = Names(accessory)
        return found

    def identifiers(self, aid: int) -> set[tuple[str, str]]:
        """Identify the device of an accessory."""
        return {(DOMAIN, f"{self.pairing_id}:aid:{aid}")}

    def signal_changed(self, key: Key) -> SignalType[()]:
        """Name the signal sent when a characteristic has changed.

        Building the name anew for each push would cost as much as all else.
        """
        if (signal := self._signals.get(key)) is None:
            signal = self._signals[key] = signal_changed(self.entry_id, *key)
        return signal

    def track(self, keys: Collection[Key]) -> CALLBACK_TYPE:
        """Have these kept up to date, also when the accessory does not tell them; gives back what ends that."""
        for key in keys:
            self._tracked[key] = self._tracked.get(key, 0) + 1
        return partial(self._untrack, keys)

    def _untrack(self, keys: Collection[Key]) -> None:
        for key in keys:
            self._tracked[key] -= 1
            if not self._tracked[key]:
                del self._tracked[key]

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
            self.client.choose = self._choose
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
        self._remove_stale()
        if self.client.connected:
            self._try_large()
            self._forget_absence()
        else:
            self._await_return()
        self._poll_later()

    @callback
    def announced(
        self, configuration: int | None, hosts: Collection[str], port: int | None
    ) -> None:
        """Take what the accessory announces of itself."""
        if configuration is not None:
            async_announced_numbers(self.hass)[self.pairing_id.lower()] = configuration
        self.client.announced(configuration, tuple(hosts), port)

    @override
    @callback
    def _forget_timers(self) -> None:
        super()._forget_timers()
        self._keep_description()
        self._refresher.async_shutdown()
        for timer in (
            self._poll_timer,
            self._absence,
            self._confirmation,
            *(timer for _, timer in self._reads),
        ):
            if timer:
                timer()
        self._reads.clear()
        self._poll_timer = self._absence = self._confirmation = None

    # --- news -------------------------------------------------------------------------------

    @callback
    def _on_change(self, change: Change) -> None:
        """Turn one change into the signals of those who show it."""
        self.revision += 1
        match change:
            case ValuesChanged(changes=changes, asked=asked):
                if asked:
                    self._note_misses(changes)
                # All of it before anybody is told anything: who is told writes once.
                self._note_reach(changes)
                for characteristic, value in changes:
                    self._tell_value(characteristic, value)
            case LinkChanged(connected=True):
                self._link_back()
                self._keep_description()
                self._try_large()
                self._forget_absence()
            case LinkChanged(error=error):
                self._link_lost(error)
                self._await_return()
            case DatabaseChanged():
                self._follow_description()

    def _tell_value(self, characteristic: Characteristic, value: Any) -> None:
        key = characteristic.key
        if characteristic.metadata.stateless:
            async_dispatcher_send(self.hass, signal_told(self.entry_id, *key), value)
            return
        async_dispatcher_send(self.hass, self.signal_changed(key))

    def _note_reach(self, changes: Iterable[tuple[Characteristic, Any]]) -> None:
        """Note what can be reached now or no longer, and tell when that is true of a whole accessory."""
        unreachable = self._unreachable
        flipped = [
            each
            for each, _ in changes
            if (each.status == _UNREACHABLE) is not (each.key in unreachable)
        ]
        if not flipped:
            return
        self._unreachable ^= {each.key for each in flipped}
        for aid, accessory in {each.aid: each.service.accessory for each in flipped}.items():
            # Its values are all taken by now, so the accessory itself cannot tell what it was before.
            if accessory.reachable is (aid in self._away):
                self._away ^= {aid}
                async_dispatcher_send(self.hass, signal_accessory(self.entry_id, aid), False)

    def _reach_all(self) -> None:
        """Note of everything whether it can be reached."""
        self._unreachable = {
            key for key, each in self.database.characteristics.items() if not each.available
        }
        accessories = self.database.accessories
        affected = {aid for aid, _ in self._unreachable}
        self._away = {aid for aid in affected if not accessories[aid].reachable}

    @override
    def _tell_connected(self) -> None:
        async_dispatcher_send(self.hass, self._connected)

    @override
    def _tell_available(self) -> None:
        self.revision += 1
        self._reach_all()
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
        self._remove_stale()
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
        self._reach_all()
        self._misses.clear()
        self._register()
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

    def _register(self) -> None:
        """Describe the accessories to the device registry, the bridge first."""
        registry = dr.async_get(self.hass)
        bridge_id: str | None = None
        serials = [
            accessory.information(CharacteristicUuid.SERIAL_NUMBER)
            for accessory in self.database.accessories.values()
        ]
        for aid, accessory in sorted(self.database.accessories.items()):
            serial = accessory.information(CharacteristicUuid.SERIAL_NUMBER)
            hardware = accessory.information(CharacteristicUuid.HARDWARE_REVISION)
            usable = _is_serial(serial) and serial != hardware and serials.count(serial) == 1
            manufacturer = accessory.information(CharacteristicUuid.MANUFACTURER)
            model = accessory.information(CharacteristicUuid.MODEL)
            device = registry.async_get_or_create(
                config_entry_id=self.entry_id,
                identifiers=self.identifiers(aid),
                name=accessory.name or model or manufacturer or self.entry.title,
                manufacturer=manufacturer,
                model=model,
                sw_version=accessory.information(CharacteristicUuid.FIRMWARE_REVISION),
                hw_version=hardware,
                serial_number=serial if usable else None,
                via_device_id=bridge_id,
            )
            if aid == BRIDGE_AID:
                bridge_id = device.id

    def aid_of(self, device: dr.DeviceEntry) -> int | None:
        """Give the accessory that a device stands for; None when it is none of this pairing."""
        prefix = f"{self.pairing_id}:aid:"
        for domain, identifier in device.identifiers:
            if domain == DOMAIN and identifier.startswith(prefix):
                number = identifier.removeprefix(prefix)
                return int(number) if number.isdecimal() else None
        return None

    def _devices(self) -> dict[int, dr.DeviceEntry]:
        devices = dr.async_entries_for_config_entry(dr.async_get(self.hass), self.entry_id)
        return {aid: device for device in devices if (aid := self.aid_of(device)) is not None}

    def _look_for_missing(self) -> None:
        """Remove devices of accessories that are gone, once that is sure (mapping §8.2)."""
        devices = self._devices()
        gone = devices.keys() - self.database.accessories.keys()
        now = dt_util.utcnow()
        self._missing = {aid: self._missing.get(aid, now) for aid in gone}
        if not gone:
            return
        # Bridges that have just started list some of their accessories, or none.
        doubt = DOUBT_S if 2 * len(gone) >= len(devices) else _READ_AGAIN_S
        due = {
            aid for aid, since in self._missing.items() if now - since >= timedelta(seconds=doubt)
        }
        if due and self.client.connected:
            registry = dr.async_get(self.hass)
            for aid in due:
                registry.async_remove_device(devices[aid].id)
                del self._missing[aid]
        if self._missing:
            self._confirm_later(doubt)

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
            self._confirm_later(_READ_AGAIN_S)
            return
        self._look_for_missing()

    def _remove_stale(self) -> None:
        """Remove entities of services and characteristics that accessories have no longer (mapping §8.2)."""
        registry = er.async_get(self.hass)
        accessories = self.database.accessories
        for entity in er.async_entries_for_config_entry(registry, self.entry_id):
            place = parse_unique_id(self.pairing_id, entity.unique_id)
            if (
                place is None or place[0] not in accessories
            ):  # those of whole accessories go with the device
                continue
            aid, *rest = place
            present = {service.iid for service in accessories[aid].services}
            if (rest and rest[0] not in present) or (
                len(rest) > 1 and (aid, rest[1]) not in self.database.characteristics
            ):
                registry.async_remove(entity.entity_id)

    # --- what is not told -------------------------------------------------------------------

    def _poll_later(self) -> None:
        self._poll_timer = async_call_later(
            self.hass, self.options.poll_s, HassJob(self._poll, cancel_on_shutdown=True)
        )

    @callback
    def _poll(self, _now: datetime) -> None:
        self._poll_later()
        self._keep_description()
        self._pushes.append((dt_util.utcnow(), self.client.statistics.pushes))
        self._keep_description()
        self._look_at_link()
        if self.client.connected and not self._polling:
            self.entry.async_create_background_task(
                self.hass, self._async_poll(), f"{DOMAIN} poll of {self.entry_id}"
            )

    async def _async_poll(self) -> None:
        """Read what is not told by itself, and check some of what is (mapping §3.3)."""
        self._polling = True
        started = dt_util.utcnow()
        try:
            if keys := self._due():
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
            "unreachable": len(self._unreachable),
            "missed": sum(self._misses.values()),
        }

    def _due(self) -> list[Key]:
        """Choose what to read now: all that is not told, and, unless that was done, a request's worth of the rest."""
        told = self.client.subscribed
        untold = [
            key
            for key in self.database.readable()
            if key in self._tracked and (key not in told or self._is_missed(key))
        ]
        checked, self._checked = self._checked, False
        if checked:
            self._before = {}
            return untold
        return untold + self._next_checks(_CHECKED_AT_ONCE - len(untold) % _CHECKED_AT_ONCE)

    def _choose(self, count: int) -> Collection[Key]:
        """Choose what to read as a sign of life: what is told by itself, in turn, if there is any."""
        self._checked = True
        return self._next_checks(min(count, _CHECKED_AT_ONCE)) or self.database.readable()[:1]

    def _next_checks(self, count: int) -> list[Key]:
        """Choose the next of what is told by itself, to see whether it is."""
        if self.options.trust_events:
            return []
        told = self.client.subscribed
        every = [
            key
            for key in self.database.readable()
            if key in self._tracked and key in told and not self._is_missed(key)
        ]
        start = self._next_check if self._next_check < len(every) else 0
        self._next_check = start + count
        chosen = every[start : start + count]
        self._before = {key: self.database.characteristics[key].value for key in chosen}
        return chosen

    def _is_missed(self, key: Key) -> bool:
        """Tell whether a value is told by itself in name only."""
        return self._misses.get(key, 0) >= _MISSES

    def _note_misses(self, changes: Iterable[tuple[Characteristic, Any]]) -> None:
        """Note what had changed without a word."""
        for characteristic, value in changes:
            key = characteristic.key
            if key in self._before and self._before.pop(key) != value:
                self._misses[key] = self._misses.get(key, 0) + 1

    # --- what the user is told --------------------------------------------------------------

    def _look_at_link(self) -> None:
        wrong = type(self.client.last_error).__name__ == "WrongAccessoryError"
        self._show_issue(WRONG_ACCESSORY, shown=not self.client.connected and wrong)
        silent = self.client.connected and not self.client.subscribed
        self._show_issue(NO_EVENTS, shown=silent and bool(self.database.subscribable()))

    def _await_return(self) -> None:
        if self._absence is None:
            self._absence = async_call_later(
                self.hass, ABSENT_AFTER_S, HassJob(self._tell_absence, cancel_on_shutdown=True)
            )

    @callback
    def _tell_absence(self, _now: datetime) -> None:
        self._absence = None
        self._show_issue(ABSENT, shown=True)

    def _forget_absence(self) -> None:
        if self._absence:
            self._absence()
            self._absence = None
        for what in (ABSENT, PAIRING_LOST, WRONG_ACCESSORY):
            self._show_issue(what, shown=False)

    def _show_issue(self, what: str, *, shown: bool) -> None:
        issue_id = f"{self.entry_id}_{what}"
        if not shown:
            ir.async_delete_issue(self.hass, DOMAIN, issue_id)
            return
        ir.async_create_issue(
            self.hass,
            DOMAIN,
            issue_id,
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key=what,
            translation_placeholders={"accessory": self.entry.title},
        )


@callback
def async_delete_issues(hass: HomeAssistant, entry_id: str) -> None:
    """Forget what the user was told about an entry."""
    for what in _ISSUES:
        ir.async_delete_issue(hass, DOMAIN, f"{entry_id}_{what}")


def parse_unique_id(pairing_id: str, unique_id: str) -> tuple[int, ...] | None:
    """Read accessory, service and characteristic numbers out of a unique id; None when it is none of the pairing's."""
    if not unique_id.startswith(f"{pairing_id}_"):
        return None
    parts = unique_id.removeprefix(f"{pairing_id}_").split("_")
    numbers = [int(part) for part in parts if part.isdecimal()]
    # A word behind the numbers tells apart what is of the same service.
    return tuple(numbers) if numbers and len(parts) - len(numbers) <= 1 else None


def _is_serial(serial: str | None) -> bool:
    """Tell whether a serial number is one: many are empty, a version or a counter (mapping §1.2)."""
    if not serial:
        return False
    try:
        return float(serial.replace(".", "", 1)) > 1
    except ValueError:
        return True
