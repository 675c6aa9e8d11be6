"""What the coordinators of cloud accounts share: signals of their devices, the device registry."""

from abc import abstractmethod
import asyncio
from collections.abc import Callable, Mapping
import logging
from typing import Any, ClassVar, Final, Protocol, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util.signal_type import SignalType

from .const import ACCOUNT_MODEL, DOMAIN, MANUFACTURER
from .errors import setup_error
from .lifeline import LinkCoordinator, LinkedClient
from .protocol import (
    Change,
    Device,
    DeviceAdded,
    DeviceChanged,
    DeviceRemoved,
    LinkChanged,
    PeerSilentError,
    VendorError,
)
from .signals import (
    ACCOUNT,
    AVAILABLE,
    CONNECTED,
    signal_changed,
    signal_device_added,
    signal_device_removed,
)

_LOGGER = logging.getLogger(__name__)

# A set-up or a form that takes longer tells the user so; Home Assistant tries again by itself.
CONNECT_LIMIT_S: Final = 30.0


class CloudClient(LinkedClient, Protocol):
    """What the client of every cloud offers."""

    @property
    def devices(self) -> Mapping[str, Device]:
        """All devices by id."""

    async def refresh(self) -> None:
        """Read everything now."""

    def subscribe(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Have every change told."""


async def async_first_verdict(client: CloudClient) -> None:
    """Wait until a running client is through, or has failed once; raises VendorError."""
    try:
        async with asyncio.timeout(CONNECT_LIMIT_S):
            await client.ready(patient=False)
    except TimeoutError as err:
        raise client.last_error or PeerSilentError("no answer in time") from err


class CloudCoordinator[ClientT: CloudClient](LinkCoordinator[ClientT]):
    """What the entities of one account read, ask and listen to."""

    account_device_id: str

    record_fields: ClassVar[frozenset[str]]
    """Fields that the device registry shows of a device."""
    reach_field: ClassVar[str]
    """The field that tells whether the cloud reaches a device."""
    state_fields: ClassVar[frozenset[str]] = frozenset()
    """Fields that only entities care for, and that make none exist: what most pushes are about."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
        """Prepare; nothing happens before ``async_connect``."""
        super().__init__(hass, entry)
        self._signals: dict[str, dict[str, SignalType[()]]] = {}

    # --- what differs between vendors -------------------------------------------------------

    @abstractmethod
    def _new_client(self) -> ClientT:
        """Make the client of the entry; raises UnsupportedError for unsafe addresses."""

    @property
    @abstractmethod
    def account_id(self) -> str:
        """What identifies the account, for identifiers and unique ids."""

    @property
    @abstractmethod
    def account_name(self) -> str:
        """Name of the account's own device."""

    @abstractmethod
    def device_info(self, device: Device) -> dr.DeviceInfo:
        """Describe a device for the device registry."""

    @abstractmethod
    async def async_refresh_device(self, device_id: str) -> None:
        """Ask for the state of one device."""

    @abstractmethod
    def _take_in(self, device: Device) -> None:
        """Start to follow a device."""

    @abstractmethod
    def _let_go(self, device: Device) -> None:
        """Stop to follow a device that is gone."""

    @abstractmethod
    def _shaped(self, device: Device, fields: frozenset[str]) -> bool:
        """Tell whether a change can make an entity exist that did not before."""

    @abstractmethod
    def _vendor_changed(self, change: Change) -> None:
        """Take a change that only this vendor has."""

    # --- life -------------------------------------------------------------------------------

    @property
    def devices(self) -> Mapping[str, Device]:
        """All devices of the account as last known."""
        return self.client.devices

    async def async_connect(self) -> None:
        """Start the client and wait for all states; raises what Home Assistant expects of a set-up.

        What was started belongs to the entry: Home Assistant stops it when this raises, and at unload.
        """
        try:
            self.client = self._new_client()
            self._start()
            await async_first_verdict(self.client)
        except VendorError as err:
            raise setup_error(err) from err
        self._set_up()
        self.entry.async_on_unload(self.client.subscribe(self._on_change))
        if not self.client.connected:  # lost again before anyone listened
            self._link_lost(self.client.last_error)
        self.account_device_id = self._register_account()
        for device in self.devices.values():
            self._take_in(device)
        if stale := self._stale_devices():
            self.entry.async_create_background_task(
                self.hass, self._drop_stale(stale), f"{DOMAIN} stale devices"
            )

    def is_available(self, device: Device) -> bool:
        """Tell whether what is known of a device may be shown."""
        return self.linked and getattr(device, self.reach_field) is True

    # --- news -------------------------------------------------------------------------------

    @callback
    def _on_change(self, change: Change) -> None:
        """Turn one change into the signals of those who show it."""
        match change:
            case DeviceChanged():
                self._device_changed(change.device, change.fields)
            case LinkChanged(connected=True):
                self._link_back()
            case LinkChanged():
                self._link_lost(change.error)
            case DeviceAdded():
                self._device_added(change.device)
            case DeviceRemoved():
                self._device_removed(change.device)
            case _:
                self._vendor_changed(change)

    def _device_changed(self, device: Device, fields: frozenset[str]) -> None:
        """Signal every changed field, so that only those who show it wake."""
        if self._up and fields <= self.state_fields:
            for field in fields:
                self._send(device.device_id, field)
        else:
            self._much_changed(device, fields)

    def _much_changed(self, device: Device, fields: frozenset[str]) -> None:
        """Take a change that may concern more than the entities that show its fields."""
        if "kind" in fields:  # as if another device had come in its place
            self._device_removed(device)
            self._device_added(device)
            return
        if not fields.isdisjoint(self.record_fields):
            self._update_registry(device)
        if self._shaped(device, fields):
            async_dispatcher_send(self.hass, signal_device_added(self.entry_id), device)
        if not self._up:  # every entity is told once when the link is back
            return
        if self.reach_field in fields:  # which every entity of the device listens to
            fields = frozenset((AVAILABLE,))
        for field in fields:
            self._send(device.device_id, field)

    def _device_added(self, device: Device) -> None:
        _LOGGER.info("New device %s", device.name)
        self._take_in(device)
        async_dispatcher_send(self.hass, signal_device_added(self.entry_id), device)

    def _device_removed(self, device: Device) -> None:
        _LOGGER.info("Device %s is gone", device.name)
        self._let_go(device)
        self._signals.pop(device.device_id, None)
        async_dispatcher_send(self.hass, signal_device_removed(self.entry_id), device)
        if entry := self._registered(device.device_id):
            dr.async_get(self.hass).async_remove_device(entry.id)

    @override
    def _tell_connected(self) -> None:
        self._send(ACCOUNT, CONNECTED)

    @override
    def _tell_available(self) -> None:
        self._send(ACCOUNT, AVAILABLE)
        for device_id in self.devices:
            self._send(device_id, AVAILABLE)

    def _send(self, device_id: str, field: str) -> None:
        # Building the name anew for each push would cost as much as all else here.
        signals = self._signals.setdefault(device_id, {})
        if (signal := signals.get(field)) is None:
            signal = signals[field] = signal_changed(self.entry_id, device_id, field)
        async_dispatcher_send(self.hass, signal)

    # --- registries -------------------------------------------------------------------------

    def _register_account(self) -> str:
        """Enter the account as a device, which the others hang on."""
        return (
            dr.async_get(self.hass)
            .async_get_or_create(
                config_entry_id=self.entry_id,
                identifiers={(DOMAIN, self.account_id)},
                entry_type=dr.DeviceEntryType.SERVICE,
                manufacturer=MANUFACTURER,
                model=ACCOUNT_MODEL,
                name=self.account_name,
            )
            .id
        )

    def _registered(self, device_id: str) -> dr.DeviceEntry | None:
        return dr.async_get(self.hass).async_get_device_by_identifier(
            (DOMAIN, device_id), self.entry_id
        )

    def _update_registry(self, device: Device) -> None:
        """Carry what is new about a device over, unless nothing shows it."""
        if self._registered(device.device_id):
            dr.async_get(self.hass).async_get_or_create(
                config_entry_id=self.entry_id, **self.device_info(device)
            )

    def _stale_devices(self) -> list[str]:
        """List ids that are registered from earlier but were not in the list."""
        return [
            device_id
            for entry in dr.async_entries_for_config_entry(dr.async_get(self.hass), self.entry_id)
            for domain, device_id in entry.identifiers
            if domain == DOMAIN and device_id != self.account_id and device_id not in self.devices
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
                dr.async_get(self.hass).async_remove_device(entry.id)


@callback
def async_delete_issues(hass: HomeAssistant, entry_id: str) -> None:
    """Forget what the user was told about an entry."""
    for domain, issue_id in list(ir.async_get(hass).issues):
        if domain == DOMAIN and issue_id.startswith(entry_id):
            ir.async_delete_issue(hass, DOMAIN, issue_id)
