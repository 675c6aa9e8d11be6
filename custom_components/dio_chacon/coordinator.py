"""One account: its client, and the turning of its news into signals."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
import logging
import re
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_PASSWORD, CONF_USERNAME
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers import area_registry as ar, device_registry as dr, issue_registry as ir
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util

from .const import (
    ACCOUNT,
    AVAILABLE,
    CONF_ESTIMATE_POSITION,
    CONF_INSTALLATION_ID,
    CONF_LIGHTS_AS,
    CONF_LIST_REFRESH_MINUTES,
    CONF_LOGIN_URL,
    CONF_UNKNOWN_DEVICES,
    CONF_WEBSOCKET_URL,
    CONNECT_LIMIT_S,
    CONNECTED,
    DEFAULT_LIST_REFRESH_MINUTES,
    DOMAIN,
    GRACE_S,
    ISSUE_FIRMWARE_TOO_OLD,
    ISSUE_NO_SUPPORTED_DEVICE,
    MANUFACTURER,
    SILENT_LIMIT_S,
    UNSUPPORTED,
    signal_changed,
    signal_device_added,
    signal_device_removed,
    signal_rang,
)
from .errors import command_error, setup_error
from .protocol import (
    LOGIN_URL,
    WEBSOCKET_URL,
    Account,
    AuthError,
    Change,
    Credentials,
    Device,
    DeviceAdded,
    DeviceChanged,
    DeviceRemoved,
    DioClient,
    Kind,
    LinkChanged,
    PeerSilentError,
    Rang,
    Servers,
    UnsupportedError,
    VendorError,
)

_LOGGER = logging.getLogger(__name__)

# What the device registry shows of a device.
_RECORD_FIELDS: Final = frozenset(
    {
        "name",
        "model",
        "vendor",
        "hardware_version",
        "software_version",
        "mac",
        "room_name",
    }
)
# What can make an entity exist that did not before; seldom among the changes of a push.
_SHAPING_FIELDS: Final = frozenset(
    {"reported", "quiet", "calibration", "sd_card", "snapshot_offered"}
)
_MAC: Final = re.compile(r"[0-9A-Fa-f]{2}(?:([:-]?)[0-9A-Fa-f]{2})(?:\1[0-9A-Fa-f]{2}){4}")

type DioConfigEntry = ConfigEntry[DioCoordinator]


@dataclass(frozen=True, slots=True)
class Options:
    """What the user prefers."""

    lights_as: str
    estimate_position: bool
    unknown_devices: bool
    list_refresh_minutes: int

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Options:
        """Read the options of an entry; what was never set has its default."""
        return cls(
            lights_as=options.get(CONF_LIGHTS_AS, "switch"),
            estimate_position=options.get(CONF_ESTIMATE_POSITION, False),
            unknown_devices=options.get(CONF_UNKNOWN_DEVICES, False),
            list_refresh_minutes=options.get(
                CONF_LIST_REFRESH_MINUTES, DEFAULT_LIST_REFRESH_MINUTES
            ),
        )


def new_client(
    hass: HomeAssistant, data: Mapping[str, Any], options: Options | None = None
) -> DioClient:
    """Make a client from the data of an entry or a form; raises UnsupportedError for unsafe addresses."""
    options = options or Options.of({})
    return DioClient(
        Credentials(data[CONF_USERNAME], data[CONF_PASSWORD], data[CONF_INSTALLATION_ID]),
        async_get_clientsession(hass),
        servers=Servers(
            login_url=data.get(CONF_LOGIN_URL, LOGIN_URL),
            websocket_url=data.get(CONF_WEBSOCKET_URL, WEBSOCKET_URL),
        ),
        list_interval_s=options.list_refresh_minutes * 60.0,
        read_unknown=options.unknown_devices,
    )


async def async_first_verdict(client: DioClient) -> Account:
    """Wait until a running client is through, or has failed once; raises VendorError."""
    try:
        async with asyncio.timeout(CONNECT_LIMIT_S):
            return await client.ready(patient=False)
    except TimeoutError as err:
        raise client.last_error or PeerSilentError("no answer in time") from err


class DioCoordinator:
    """What the entities of one account read, ask and listen to."""

    account: Account
    account_device_id: str
    client: DioClient

    def __init__(self, hass: HomeAssistant, entry: DioConfigEntry) -> None:
        """Prepare; nothing happens before ``async_connect``."""
        self.hass = hass
        self.entry = entry
        self.entry_id = entry.entry_id
        self.options = Options.of(entry.options)
        self.linked = True
        """Whether entities may show states: the link is up, or was lost only just now."""
        self.since: datetime = dt_util.utcnow()
        """When the link came up or was lost."""
        self.last_error: str | None = None
        """Class of the error that broke the link last."""
        self._ready = False
        self._up = True
        self._grace: CALLBACK_TYPE | None = None
        self._silent: dict[str, CALLBACK_TYPE] = {}
        self._rooms: dict[str, str | None] = {}
        self._shared_macs: set[str] = set()

    @property
    def devices(self) -> Mapping[str, Device]:
        """All devices of the account as last known."""
        return self.client.devices

    @property
    def unsupported(self) -> list[Device]:
        """Devices of types that nobody knows."""
        return [device for device in self.devices.values() if device.kind is Kind.UNKNOWN]

    # --- life -------------------------------------------------------------------------------

    async def async_connect(self) -> None:
        """Start the client and wait for all states; raises what Home Assistant expects of a set-up.

        What was started belongs to the entry: Home Assistant stops it when this raises, and at unload.
        """
        try:
            # Data that the core integration stored has no installation id.
            data = {CONF_INSTALLATION_ID: self.entry_id, **self.entry.data}
            self.client = new_client(self.hass, data, self.options)
            self._start()
            self.account = await async_first_verdict(self.client)
        except VendorError as err:
            raise setup_error(err) from err
        self._ready = True
        self.since = dt_util.utcnow()
        self.entry.async_on_unload(self._forget_timers)
        self.entry.async_on_unload(self.client.subscribe(self._on_change))
        if not self.client.connected:  # lost again before anyone listened
            self._link_lost(self.client.last_error)
        self.account_device_id = self._register_account()
        self._count_macs()
        for device in self.devices.values():
            self._take_in(device)
        self._check_support()
        if stale := self._stale_devices():
            self.entry.async_create_background_task(
                self.hass, self._drop_stale(stale), f"{DOMAIN} stale devices"
            )

    async def async_command[T](self, command: Awaitable[T]) -> T:
        """Await what the client was asked for; raises a translated HomeAssistantError when it fails."""
        try:
            return await command
        except AuthError as err:
            self.entry.async_start_reauth(self.hass)
            raise command_error(err) from err
        except VendorError as err:
            raise command_error(err) from err

    def is_available(self, device: Device) -> bool:
        """Tell whether what is known of a device may be shown."""
        return self.linked and device.connected is True

    def _start(self) -> None:
        task = self.entry.async_create_background_task(
            self.hass, self.client.run(), f"{DOMAIN} link of {self.entry_id}"
        )
        task.add_done_callback(self._on_end)

    @callback
    def _on_end(self, task: asyncio.Task[Any]) -> None:
        """Act on what ended the client for good."""
        if task.cancelled():
            return
        error = task.exception()
        if not isinstance(error, VendorError):
            _LOGGER.error("The link to the DIO cloud ended unexpectedly", exc_info=error)
        if not self._ready:  # the set-up hears of it and says so
            return
        self._grace_over()
        if isinstance(error, AuthError):
            self.entry.async_start_reauth(self.hass)
        elif isinstance(error, UnsupportedError):
            self.hass.config_entries.async_schedule_reload(self.entry_id)

    @callback
    def _forget_timers(self) -> None:
        self._end_grace()
        while self._silent:
            self._silent.popitem()[1]()

    # --- news -------------------------------------------------------------------------------

    @callback
    def _on_change(self, change: Change) -> None:
        """Turn one change into the signals of those who show it."""
        match change:
            case DeviceChanged():
                self._device_changed(change.device, change.fields)
            case Rang():
                signal = signal_rang(self.entry_id, change.device.device_id)
                async_dispatcher_send(self.hass, signal, change.event)
            case LinkChanged(connected=True):
                self._link_back()
            case LinkChanged():
                self._link_lost(change.error)
            case DeviceAdded():
                self._device_added(change.device)
            case DeviceRemoved():
                self._device_removed(change.device)

    def _device_changed(self, device: Device, fields: frozenset[str]) -> None:
        if "kind" in fields:  # as if another device had come in its place
            self._device_removed(device)
            self._device_added(device)
            return
        if not fields.isdisjoint(_RECORD_FIELDS):
            self._update_registry(device)
        if not fields.isdisjoint(_SHAPING_FIELDS):
            self._watch_silence(device)
            async_dispatcher_send(self.hass, signal_device_added(self.entry_id), device)
        if not self._up:  # every entity is told once when the link is back
            return
        if "connected" in fields:  # which every entity of the device listens to
            fields = frozenset((AVAILABLE,))
        for field in fields:
            self._send(device.device_id, field)

    def _device_added(self, device: Device) -> None:
        _LOGGER.info("New device %s", device.name)
        self._count_macs()
        self._take_in(device)
        async_dispatcher_send(self.hass, signal_device_added(self.entry_id), device)
        self._check_support()

    def _device_removed(self, device: Device) -> None:
        _LOGGER.info("Device %s is gone", device.name)
        self._rooms.pop(device.device_id, None)
        self._end_silence(device.device_id)
        async_dispatcher_send(self.hass, signal_device_removed(self.entry_id), device)
        if entry := self._registered(device.device_id):
            dr.async_get(self.hass).async_remove_device(entry.id)
        self._check_support()

    def _link_lost(self, error: VendorError | None) -> None:
        _LOGGER.info("Connection to the DIO cloud lost: %s", error)
        self._up = False
        self.since = dt_util.utcnow()
        self.last_error = type(error).__name__
        self._end_grace()
        self._grace = async_call_later(
            self.hass, GRACE_S, HassJob(self._grace_over, cancel_on_shutdown=True)
        )
        self._send(ACCOUNT, CONNECTED)

    def _link_back(self) -> None:
        _LOGGER.info("Connection to the DIO cloud is back")
        self._end_grace()
        self._up = self.linked = True
        self.since = dt_util.utcnow()
        self._send_all_available()

    @callback
    def _grace_over(self, _now: datetime | None = None) -> None:
        """Stop showing states that nobody vouches for any more."""
        self._end_grace()
        self._up = self.linked = False
        self._send_all_available()

    def _end_grace(self) -> None:
        if self._grace:
            self._grace()
            self._grace = None

    def _send_all_available(self) -> None:
        self._send(ACCOUNT, AVAILABLE)
        for device_id in self.devices:
            self._send(device_id, AVAILABLE)

    def _send(self, device_id: str, field: str) -> None:
        async_dispatcher_send(self.hass, signal_changed(self.entry_id, device_id, field))

    # --- registries -------------------------------------------------------------------------

    def device_info(self, device: Device) -> dr.DeviceInfo:
        """Describe a device for the device registry."""
        record = device.record
        return dr.DeviceInfo(
            identifiers={(DOMAIN, device.device_id)},
            connections={(dr.CONNECTION_NETWORK_MAC, mac)} if (mac := self._mac(device)) else set(),
            manufacturer=record.vendor or MANUFACTURER,
            model=record.model,
            name=device.name,
            sw_version=record.software_version,
            hw_version=record.hardware_version,
            suggested_area=device.room_name,
            via_device_id=self.account_device_id,
        )

    def _mac(self, device: Device) -> str | None:
        """Give the address of a device when it is one, and its own."""
        mac = device.record.mac
        if mac is None or not _MAC.fullmatch(mac) or mac in self._shared_macs:
            return None
        return None if set(mac.lower()) - {":", "-"} in ({"0"}, {"f"}) else mac

    def _count_macs(self) -> None:
        """Note addresses that several devices claim: by these Home Assistant would take them for one."""
        macs = Counter(device.record.mac for device in self.devices.values() if device.record.mac)
        self._shared_macs = {mac for mac, uses in macs.items() if uses > 1}

    def _take_in(self, device: Device) -> None:
        """Start to follow a device."""
        self._rooms[device.device_id] = device.room_name
        self._watch_silence(device)

    def _register_account(self) -> str:
        """Enter the account as a device, which the others hang on."""
        return (
            dr.async_get(self.hass)
            .async_get_or_create(
                config_entry_id=self.entry_id,
                identifiers={(DOMAIN, self.account.account_id)},
                entry_type=dr.DeviceEntryType.SERVICE,
                manufacturer=MANUFACTURER,
                model="DiO cloud",
                name=self.account.name or self.entry.data[CONF_USERNAME],
            )
            .id
        )

    def _registered(self, device_id: str) -> dr.DeviceEntry | None:
        return dr.async_get(self.hass).async_get_device_by_identifier(
            (DOMAIN, device_id), self.entry_id
        )

    def _update_registry(self, device: Device) -> None:
        """Carry a new name, version or room over, unless nothing shows the device."""
        if (entry := self._registered(device.device_id)) is None:
            return
        registry = dr.async_get(self.hass)
        registry.async_get_or_create(config_entry_id=self.entry_id, **self.device_info(device))
        old_room = self._rooms.get(device.device_id)
        self._rooms[device.device_id] = device.room_name
        if device.room_name is None or device.room_name == old_room:
            return
        areas = ar.async_get(self.hass)
        old_area = areas.async_get_area_by_name(old_room) if old_room else None
        # A user who has put it elsewhere wins.
        if entry.area_id == (old_area.id if old_area else None):
            area = areas.async_get_or_create(device.room_name)
            registry.async_update_device(entry.id, area_id=area.id)

    def _stale_devices(self) -> list[str]:
        """List ids that are registered from earlier but were not in the list."""
        return [
            device_id
            for entry in dr.async_entries_for_config_entry(dr.async_get(self.hass), self.entry_id)
            for domain, device_id in entry.identifiers
            if domain == DOMAIN
            and device_id != self.account.account_id
            and device_id not in self.devices
        ]

    async def _drop_stale(self, stale: list[str]) -> None:
        """Remove what left the account while we were away, once a second list confirms it."""
        try:
            await self.client.refresh()
        except VendorError as err:
            _LOGGER.debug("Stale devices stay for now: %s", err)
            return
        for device_id in stale:
            if device_id not in self.devices and (entry := self._registered(device_id)):
                _LOGGER.info("Device %s is gone", entry.name)
                self._end_silence(device_id)
                dr.async_get(self.hass).async_remove_device(entry.id)

    # --- what the user must know ------------------------------------------------------------

    def _check_support(self) -> None:
        """Say so when nothing in the account can be shown."""
        self._send(ACCOUNT, UNSUPPORTED)
        issue_id = f"{self.entry_id}_{ISSUE_NO_SUPPORTED_DEVICE}"
        if self.devices and len(self.unsupported) == len(self.devices):
            ir.async_create_issue(
                self.hass,
                DOMAIN,
                issue_id,
                is_fixable=False,
                severity=ir.IssueSeverity.WARNING,
                translation_key=ISSUE_NO_SUPPORTED_DEVICE,
                translation_placeholders={"account": self.entry.title},
            )
        else:
            ir.async_delete_issue(self.hass, DOMAIN, issue_id)

    def _watch_silence(self, device: Device) -> None:
        """Start a day's wait for a device that has no state, end it for one that has."""
        if device.reported or device.kind is Kind.UNKNOWN:
            self._end_silence(device.device_id)
        elif device.device_id not in self._silent:
            job = HassJob(partial(self._still_silent, device.device_id), cancel_on_shutdown=True)
            self._silent[device.device_id] = async_call_later(self.hass, SILENT_LIMIT_S, job)

    def _end_silence(self, device_id: str) -> None:
        if cancel := self._silent.pop(device_id, None):
            cancel()
        ir.async_delete_issue(self.hass, DOMAIN, self._silence_issue(device_id))

    @callback
    def _still_silent(self, device_id: str, _now: datetime) -> None:
        device = self.devices[device_id]
        ir.async_create_issue(
            self.hass,
            DOMAIN,
            self._silence_issue(device_id),
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key=ISSUE_FIRMWARE_TOO_OLD,
            translation_placeholders={
                "name": device.name,
                "version": device.record.software_version or "?",
            },
        )

    def _silence_issue(self, device_id: str) -> str:
        return f"{self.entry_id}_{ISSUE_FIRMWARE_TOO_OLD}_{device_id}"


@callback
def async_delete_issues(hass: HomeAssistant, entry_id: str) -> None:
    """Forget what the user was told about an entry."""
    for domain, issue_id in list(ir.async_get(hass).issues):
        if domain == DOMAIN and issue_id.startswith(entry_id):
            ir.async_delete_issue(hass, DOMAIN, issue_id)
