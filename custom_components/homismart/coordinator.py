"""One account: its client, and the turning of its news into signals."""

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
    DeviceChanged,
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


class Coordinator(CloudCoordinator[HomismartClient]):
    """What the entities of one Homismart account read, ask and listen to."""

    record_fields: ClassVar[frozenset[str]] = frozenset(
        {"name", "version", "hub_id", "type_number"}
    )
    reach_field: ClassVar[str] = "reachable"

    def __init__(self, hass: HomeAssistant, entry: HomismartConfigEntry) -> None:
        """Prepare; nothing happens before ``async_connect``."""
        super().__init__(hass, entry)
        self.options = Options.of(entry.options)
        self._shown: dict[str, frozenset[str]] = {}

    @property
    @override
    def account_id(self) -> str:
        return f"account-{self.entry.unique_id}"

    @property
    @override
    def account_name(self) -> str:
        username: str = self.entry.data[CONF_USERNAME]
        return username

    @override
    def _new_client(self) -> HomismartClient:
        data = self.entry.data
        confirmed = data.get(CONF_TERMS_CONFIRMED, False)
        return new_client(self.hass, data, self.options, accept_terms=confirmed)

    @override
    async def async_connect(self) -> None:
        """Start the client and wait for the list; raises what Home Assistant expects of a set-up."""
        try:
            await super().async_connect()
        finally:  # a cloud that wants its terms confirmed first may hold the list back
            if hasattr(self, "client"):
                self._show_terms(required=self.client.terms_required)
        if CONF_TERMS_CONFIRMED in self.entry.data:  # that was for this once
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
        match change:
            case DeviceChanged():
                self._device_changed(change.device, change.fields)
            case TermsChanged():
                self._show_terms(required=change.required)

    @override
    def _shaped(self, device: Device, fields: frozenset[str]) -> bool:
        shown = self._shown.get(device.device_id, frozenset())
        new = (fields & _SHAPING_FIELDS) - shown
        if not new:
            return False
        self._shown[device.device_id] = shown | new
        return True

    @override
    def _take_in(self, device: Device) -> None:
        self._shown[device.device_id] = frozenset(
            name for name in _SHAPING_FIELDS if getattr(device, name) is not None
        )
        if device.is_hub:
            self._register_hub(device)

    @override
    def _let_go(self, device: Device) -> None:
        self._shown.pop(device.device_id, None)

    def _register_hub(self, hub: Device) -> None:
        """Enter a hub before its devices, and link those that were there before it."""
        registry = dr.async_get(self.hass)
        hub_entry = registry.async_get_or_create(
            config_entry_id=self.entry_id, **self.device_info(hub)
        )
        for device in self.devices.values():
            if device.hub_id == hub.device_id and (entry := self._registered(device.device_id)):
                registry.async_update_device(entry.id, via_device_id=hub_entry.id)

    @override
    def device_info(self, device: Device) -> dr.DeviceInfo:
        """Describe a device or hub for the device registry."""
        mac = _HUB_MAC.fullmatch(device.device_id) if device.is_hub else None
        hub = None
        if device.hub_id is not None and device.hub_id in self.devices:
            hub = self._registered(device.hub_id)
        return dr.DeviceInfo(
            identifiers={(DOMAIN, device.device_id)},
            connections={(dr.CONNECTION_NETWORK_MAC, dr.format_mac(mac[1]))} if mac else set(),
            manufacturer=MANUFACTURER,
            model=_MODELS.get(device.kind),
            model_id=None if device.is_hub or not device.type_number else str(device.type_number),
            name=device.name or f"{_MODELS.get(device.kind, 'Device')} {device.device_id[-4:]}",
            serial_number=device.device_id,
            sw_version=device.version,
            via_device_id=hub.id if hub else self.account_device_id,
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
