"""One account: its client, and the turning of its news into signals."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
import re
from typing import Any, ClassVar, Final, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_USERNAME, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.util import dt as dt_util

from .cloud import CloudCoordinator
from .const import (
    CONF_ACCEPT_TERMS,
    CONF_DOOR_OPEN,
    CONF_LIGHTS_AS,
    CONF_LIST_REFRESH_MINUTES,
    CONF_PASSWORD_MD5,
    CONF_TERMS_CONFIRMED,
    CONF_UNKNOWN_DEVICES,
    CONF_WEBSOCKET_URL,
    CONFIRM_S,
    DEFAULT_LIST_REFRESH_MINUTES,
    DOMAIN,
    ISSUE_TERMS,
    MANUFACTURER,
)
from .protocol import (
    WEBSOCKET_URL,
    Change,
    Credentials,
    Device,
    HomismartClient,
    Kind,
    Servers,
    TermsChanged,
)

# What can make an entity exist that did not before.
_SHAPING_FIELDS: Final = frozenset(
    {
        "closed_position",
        "consumption",
        "is_on",
        "last_on",
        "led",
        "level",
        "locked",
        "operation_time_s",
        "updated_at",
    }
)
# What entities show as wanted while a command is on the way.
_WANTED_FIELDS: Final = ("closed_position", "is_on", "led", "locked")
_HUB_MAC: Final = re.compile(r"00([0-9A-Fa-f]{12})")
_MODELS: Final = {
    Kind.HUB: "Main unit",
    Kind.SOCKET: "Socket",
    Kind.LIGHT_SWITCH: "Light switch",
    Kind.SHUTTER: "Shutter",
    Kind.CURTAIN: "Curtain",
    Kind.MULTI_GANG: "Multi-gang switch",
    Kind.DOUBLE_SWITCH: "Double switch",
    Kind.OTHER_SOCKET: "Socket",
    Kind.DOOR_LOCK: "Door lock",
}

type HomismartConfigEntry = ConfigEntry[Coordinator]
type CloudConfigEntry = HomismartConfigEntry
type Client = HomismartClient


@dataclass(frozen=True, slots=True)
class Options:
    """What the user prefers."""

    lights_as: str
    door_open: bool
    unknown_devices: bool
    list_refresh_minutes: int
    accept_terms: bool

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Options:
        """Read the options of an entry; what was never set has its default."""
        return cls(
            lights_as=options.get(CONF_LIGHTS_AS, Platform.LIGHT.value),
            door_open=options.get(CONF_DOOR_OPEN, False),
            unknown_devices=options.get(CONF_UNKNOWN_DEVICES, False),
            list_refresh_minutes=options.get(
                CONF_LIST_REFRESH_MINUTES, DEFAULT_LIST_REFRESH_MINUTES
            ),
            accept_terms=options.get(CONF_ACCEPT_TERMS, False),
        )


def account_id_of(data: Mapping[str, Any]) -> str:
    """Identify an account by entry data: the cloud offers nothing but the user name."""
    username: str = data[CONF_USERNAME]
    return username.strip().lower()


def hub_mac(device_id: str) -> str | None:
    """Read the MAC address that the id of a hub holds; None when it holds none."""
    found = _HUB_MAC.fullmatch(device_id)
    return found[1] if found else None


def new_client(
    hass: HomeAssistant,
    data: Mapping[str, Any],
    options: Options | None = None,
    *,
    accept_terms: bool = False,
) -> HomismartClient:
    """Make a client from the data of an entry or a form; raises UnsupportedError for unsafe addresses."""
    options = options or Options.of({})
    return HomismartClient(
        Credentials(data[CONF_USERNAME], data[CONF_PASSWORD_MD5]),
        async_get_clientsession(hass),
        servers=Servers(data.get(CONF_WEBSOCKET_URL, WEBSOCKET_URL)),
        list_interval_s=options.list_refresh_minutes * 60.0,
        accept_terms=options.accept_terms or accept_terms,
        wall=dt_util.now,
    )


def _shown(device: Device, wanted: Mapping[str, Any], name: str) -> Any:
    """Give a field as wanted, else as reported."""
    return wanted.get(name, getattr(device, name))


class Coordinator(CloudCoordinator[HomismartClient]):
    """What the entities of one Homismart account read, ask and listen to."""

    record_fields: ClassVar[frozenset[str]] = frozenset(
        {"name", "version", "hub_id", "type_number"}
    )
    reach_field: ClassVar[str] = "reachable"
    state_fields: ClassVar[frozenset[str]] = _SHAPING_FIELDS | {
        "lit_led",
        "motion",
        "standing_level",
    }

    def __init__(self, hass: HomeAssistant, entry: HomismartConfigEntry) -> None:
        """Prepare; nothing happens before ``async_connect``."""
        super().__init__(hass, entry)
        self.options = Options.of(entry.options)
        self._shown: dict[str, frozenset[str]] = {}
        self._wanted: dict[str, Mapping[str, Any]] = {}

    @property
    @override
    def account_id(self) -> str:
        """What identifies the account: its name, as there is no number."""
        return f"account-{self.entry.unique_id}"

    @property
    @override
    def account_name(self) -> str:
        """The user name as typed."""
        username: str = self.entry.data[CONF_USERNAME]
        return username

    @override
    def _new_client(self) -> HomismartClient:
        data = self.entry.data
        confirmed = data.get(CONF_TERMS_CONFIRMED, False)
        client = new_client(self.hass, data, self.options, accept_terms=confirmed)
        # From the first login on: the cloud may hold the list back until its terms are confirmed.
        client.subscribe(self._vendor_changed)
        return client

    @override
    async def async_connect(self) -> None:
        """Start the client and wait for the list; raises what Home Assistant expects of a set-up."""
        await super().async_connect()
        self._show_terms(required=self.client.terms_required)
        if CONF_TERMS_CONFIRMED in self.entry.data:  # that was for this once
            self.client.accept_terms = self.options.accept_terms
            data = {
                key: value for key, value in self.entry.data.items() if key != CONF_TERMS_CONFIRMED
            }
            self.hass.config_entries.async_update_entry(self.entry, data=data)

    @override
    async def async_refresh_device(self, device_id: str) -> None:
        """Ask for the list: there is no other way to ask for a device."""
        await self.client.refresh()

    @override
    def _vendor_changed(self, change: Change) -> None:
        if isinstance(change, TermsChanged):
            self._show_terms(required=change.required)

    @override
    def _device_changed(self, device: Device, fields: frozenset[str]) -> None:
        """Signal every changed field, and those whose wishes changed."""
        fields = self._fields_shown(device, fields)
        if fields & _SHAPING_FIELDS <= self._shown.get(device.device_id, frozenset()):
            super()._device_changed(device, fields)
        else:  # told for the first time: that may make an entity
            self._much_changed(device, fields)

    @override
    def _shaped(self, device: Device, fields: frozenset[str]) -> bool:
        shown = self._shown.get(device.device_id, frozenset())
        new = {
            name for name in (fields & _SHAPING_FIELDS) - shown if getattr(device, name) is not None
        }
        if not new:
            return False
        self._shown[device.device_id] = shown | new
        return True

    @override
    def _take_in(self, device: Device) -> None:
        self._shown[device.device_id] = frozenset(
            name for name in _SHAPING_FIELDS if getattr(device, name) is not None
        )
        if device.is_hub:  # before its devices; those that were there before it are linked now
            hub = dr.async_get(self.hass).async_get_or_create(
                config_entry_id=self.entry_id, **self.device_info(device)
            )
            self._link_devices(device, hub.id)
        elif (
            device.kind is Kind.UNKNOWN
            and not self.options.unknown_devices
            and (entry := self._registered(device.device_id))
        ):  # from when the user still wanted to see it
            dr.async_get(self.hass).async_remove_device(entry.id)

    @override
    def _let_go(self, device: Device) -> None:
        self._shown.pop(device.device_id, None)
        self._wanted.pop(device.device_id, None)

    @override
    def _device_removed(self, device: Device) -> None:
        super()._device_removed(device)
        if device.is_hub:  # its devices stay until they are gone themselves
            self._link_devices(device, self.account_device_id)

    def _link_devices(self, hub: Device, via_device_id: str) -> None:
        """Show what the devices of a hub hang on."""
        registry = dr.async_get(self.hass)
        for device in self.devices.values():
            if device.hub_id == hub.device_id and (entry := self._registered(device.device_id)):
                registry.async_update_device(entry.id, via_device_id=via_device_id)

    @override
    async def _drop_stale(self, stale: list[str]) -> None:
        await asyncio.sleep(CONFIRM_S)
        await super()._drop_stale(stale)

    def _fields_shown(self, device: Device, fields: frozenset[str]) -> frozenset[str]:
        """Name the fields that look different now: in place of all that is pending, those that are wanted otherwise."""
        if "pending" not in fields:
            return fields
        before, wanted = self._wanted.get(device.device_id, {}), device.pending
        self._wanted[device.device_id] = wanted
        differing = {
            name
            for name in _WANTED_FIELDS
            if before.get(name) != wanted.get(name)
            # A wish that ends with what it wanted looks no different, except at a lock, which shows that it turns.
            and (name == "locked" or _shown(device, before, name) != _shown(device, wanted, name))
        }
        return fields - {"pending"} | differing

    @override
    def device_info(self, device: Device) -> dr.DeviceInfo:
        """Describe a device or hub for the device registry."""
        mac = hub_mac(device.device_id)
        hub = self.devices.get(device.hub_id) if device.hub_id else None
        via = self._registered(hub.device_id) if hub and hub.is_hub else None
        return dr.DeviceInfo(
            identifiers={(DOMAIN, device.device_id)},
            connections={(dr.CONNECTION_NETWORK_MAC, dr.format_mac(mac))} if mac else set(),
            manufacturer=MANUFACTURER,
            model=_MODELS.get(device.kind),
            model_id=None
            if device.is_hub or device.type_number is None
            else str(device.type_number),
            name=device.name or f"{_MODELS.get(device.kind, 'Device')} {device.device_id[-4:]}",
            serial_number=device.device_id,
            sw_version=device.version,
            via_device_id=via.id if via else self.account_device_id,
        )

    def _show_terms(self, *, required: bool) -> None:
        """Ask the user to agree to new terms of use, for nobody else may."""
        issue_id = f"{self.entry_id}_{ISSUE_TERMS}"
        if required:
            ir.async_create_issue(
                self.hass,
                DOMAIN,
                issue_id,
                data={"entry_id": self.entry_id},
                is_fixable=True,
                severity=ir.IssueSeverity.WARNING,
                translation_key=ISSUE_TERMS,
                translation_placeholders={"account": self.entry.title},
            )
        else:
            ir.async_delete_issue(self.hass, DOMAIN, issue_id)
