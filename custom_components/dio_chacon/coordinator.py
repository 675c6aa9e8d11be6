"""One account: its client, and the turning of its news into signals."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
import re
from typing import Any, ClassVar, Final, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_PASSWORD, CONF_USERNAME, Platform
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers import area_registry as ar, device_registry as dr, issue_registry as ir
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.event import async_call_later

from .cloud import CloudCoordinator
from .const import (
    CONF_ESTIMATE_POSITION,
    CONF_INSTALLATION_ID,
    CONF_LIGHTS_AS,
    CONF_LIST_REFRESH_MINUTES,
    CONF_LOGIN_URL,
    CONF_UNKNOWN_DEVICES,
    CONF_WEBSOCKET_URL,
    DEFAULT_LIST_REFRESH_MINUTES,
    DOMAIN,
    ISSUE_FIRMWARE_TOO_OLD,
    ISSUE_NO_SUPPORTED_DEVICE,
    MANUFACTURER,
    SILENT_LIMIT_S,
    UNSUPPORTED,
    signal_rang,
)
from .protocol import (
    LOGIN_URL,
    WEBSOCKET_URL,
    Account,
    Change,
    Credentials,
    Device,
    DioClient,
    Kind,
    Rang,
    Servers,
)
from .signals import ACCOUNT

# What can make an entity exist that did not before; seldom among the changes of a push.
_SHAPING_FIELDS: Final = frozenset(
    {"reported", "quiet", "calibration", "sd_card", "snapshot_offered"}
)
_MAC: Final = r"[0-9A-Fa-f]{2}(?:([:-]?)[0-9A-Fa-f]{2})(?:\1[0-9A-Fa-f]{2}){4}"

type DioConfigEntry = ConfigEntry[Coordinator]
type CloudConfigEntry = DioConfigEntry
type Client = DioClient


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
            lights_as=options.get(CONF_LIGHTS_AS, Platform.SWITCH.value),
            estimate_position=options.get(CONF_ESTIMATE_POSITION, False),
            unknown_devices=options.get(CONF_UNKNOWN_DEVICES, False),
            list_refresh_minutes=options.get(
                CONF_LIST_REFRESH_MINUTES, DEFAULT_LIST_REFRESH_MINUTES
            ),
        )


def complete(data: Mapping[str, Any], entry_id: str) -> dict[str, Any]:
    """Fill in what the data of the core integration does not have."""
    return {
        CONF_INSTALLATION_ID: entry_id,
        CONF_LOGIN_URL: LOGIN_URL,
        CONF_WEBSOCKET_URL: WEBSOCKET_URL,
        **data,
    }


def new_client(
    hass: HomeAssistant, data: Mapping[str, Any], options: Options | None = None
) -> DioClient:
    """Make a client from the data of an entry or a form; raises UnsupportedError for unsafe addresses."""
    options = options or Options.of({})
    return DioClient(
        Credentials(data[CONF_USERNAME], data[CONF_PASSWORD], data[CONF_INSTALLATION_ID]),
        async_get_clientsession(hass),
        servers=Servers(
            login_url=data[CONF_LOGIN_URL],
            websocket_url=data[CONF_WEBSOCKET_URL],
        ),
        list_interval_s=options.list_refresh_minutes * 60.0,
        read_unknown=options.unknown_devices,
    )


class Coordinator(CloudCoordinator[DioClient]):
    """What the entities of one DiO account read, ask and listen to."""

    record_fields: ClassVar[frozenset[str]] = frozenset(
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
    reach_field: ClassVar[str] = "connected"
    state_fields: ClassVar[frozenset[str]] = frozenset(
        {"is_on", "movement", "position", "acknowledged_movement"}
    )

    def __init__(self, hass: HomeAssistant, entry: DioConfigEntry) -> None:
        """Prepare; nothing happens before ``async_connect``."""
        super().__init__(hass, entry)
        self.options = Options.of(entry.options)
        self._silent: dict[str, CALLBACK_TYPE] = {}
        self._rooms: dict[str, str | None] = {}
        self._shared_macs: set[str] = set()

    @property
    def account(self) -> Account:
        """The account, which is known once the client is ready."""
        assert self.client.account
        return self.client.account

    @property
    @override
    def account_id(self) -> str:
        """What the cloud calls the account."""
        return self.account.account_id

    @property
    @override
    def account_name(self) -> str:
        """What the user calls it, else the e-mail address."""
        username: str = self.entry.data[CONF_USERNAME]
        return self.account.name or username

    @property
    def unsupported(self) -> list[Device]:
        """Devices of types that nobody knows."""
        return [device for device in self.devices.values() if device.kind is Kind.UNKNOWN]

    @override
    def _new_client(self) -> DioClient:
        return new_client(self.hass, complete(self.entry.data, self.entry_id), self.options)

    @override
    async def async_connect(self) -> None:
        """Start the client and wait for all states; raises what Home Assistant expects of a set-up."""
        await super().async_connect()
        self._count_macs()
        self._check_support()

    @override
    async def async_refresh_device(self, device_id: str) -> None:
        """Ask for the state of one device; requests at the same time are sent together."""
        await self.client.refresh_state(device_id)

    # --- news -------------------------------------------------------------------------------

    @override
    def _vendor_changed(self, change: Change) -> None:
        if isinstance(change, Rang):
            signal = signal_rang(self.entry_id, change.device.device_id)
            async_dispatcher_send(self.hass, signal, change.event)

    @override
    def _shaped(self, device: Device, fields: frozenset[str]) -> bool:
        if fields.isdisjoint(_SHAPING_FIELDS):
            return False
        self._watch_silence(device)
        return True

    @override
    def _device_added(self, device: Device) -> None:
        self._count_macs()
        super()._device_added(device)
        self._check_support()

    @override
    def _device_removed(self, device: Device) -> None:
        super()._device_removed(device)
        self._check_support()

    @override
    def _take_in(self, device: Device) -> None:
        self._rooms[device.device_id] = device.room_name
        self._watch_silence(device)

    @override
    def _let_go(self, device: Device) -> None:
        self._rooms.pop(device.device_id, None)
        self._end_silence(device.device_id)

    @override
    def _forget_timers(self) -> None:
        super()._forget_timers()
        while self._silent:
            self._silent.popitem()[1]()

    # --- registries -------------------------------------------------------------------------

    @override
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
        if mac is None or not re.fullmatch(_MAC, mac) or mac in self._shared_macs:
            return None
        return None if set(mac.lower()) - {":", "-"} in ({"0"}, {"f"}) else mac

    def _count_macs(self) -> None:
        """Note addresses that several devices claim: by these Home Assistant would take them for one."""
        macs = Counter(device.record.mac for device in self.devices.values() if device.record.mac)
        self._shared_macs = {mac for mac, uses in macs.items() if uses > 1}

    @override
    def _update_registry(self, device: Device) -> None:
        """Carry a new name, version or room over, unless nothing shows the device."""
        super()._update_registry(device)
        if entry := self._registered(device.device_id):
            self._follow_room(entry, device)

    def _follow_room(self, entry: dr.DeviceEntry, device: Device) -> None:
        """Move a device with its room, unless the user has put it elsewhere."""
        old_room = self._rooms.get(device.device_id)
        self._rooms[device.device_id] = device.room_name
        if device.room_name is None or device.room_name == old_room:
            return
        areas = ar.async_get(self.hass)
        old_area = areas.async_get_area_by_name(old_room) if old_room else None
        if entry.area_id == (old_area.id if old_area else None):
            area = areas.async_get_or_create(device.room_name)
            dr.async_get(self.hass).async_update_device(entry.id, area_id=area.id)

    @override
    async def _drop_stale(self, stale: list[str]) -> None:
        """Remove what left the account while we were away, with what the user was told about it."""
        await super()._drop_stale(stale)
        for device_id in stale:
            if not self._registered(device_id):
                self._end_silence(device_id)

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
