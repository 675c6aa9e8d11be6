"""What all entities share: who they belong to, what they listen to, how they ask."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import override

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DEVICE_KINDS, DOMAIN
from .coordinator import CloudConfigEntry, Coordinator, Options
from .protocol import Device, Kind
from .signals import ACCOUNT, AVAILABLE, signal_changed, signal_device_added, signal_device_removed


@dataclass(frozen=True, kw_only=True)
class DeviceRow(EntityDescription):
    """A row about a device: what it is for and what it watches. One without a name is the main entity."""

    kinds: Collection[Kind] = DEVICE_KINDS
    """Kinds of devices it is for."""
    wanted_fn: Callable[[Options], bool] = lambda options: True
    """Whether the user's options want it; else it is taken out of the registry."""
    exists_fn: Callable[[Device], bool] = lambda device: True
    """Whether the device has shown what it needs; once it has, the entity stays."""
    watches: tuple[str, ...] = ()
    """Fields of the device that it shows, besides its availability."""

    def suits(self, device: Device, options: Options) -> bool:
        """Tell whether the device can have this entity; nothing shows unknown devices unless the user wants it."""
        known = device.kind is not Kind.UNKNOWN or options.unknown_devices
        return known and device.kind in self.kinds and self.wanted_fn(options)

    def unique_id(self, device: Device) -> str:
        """Build what identifies the entity; main entities are compatible with the core integration."""
        return device.device_id if self.name is None else f"{device.device_id}-{self.key}"


@dataclass(frozen=True, kw_only=True)
class AccountRow(EntityDescription):
    """A row about the account itself."""

    watches: tuple[str, ...] = ()


class CloudEntity(Entity):
    """An entity that writes its state when, and only when, what it shows has changed."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, coordinator: Coordinator, row: EntityDescription, subject_id: str) -> None:
        """Bind a row to a device, or to the account."""
        self.coordinator = coordinator
        self.entity_description = row
        self._subject_id = subject_id

    def _listen(self, field: str, target: Callable[[], None]) -> None:
        signal = signal_changed(self.coordinator.entry_id, self._subject_id, field)
        self.async_on_remove(async_dispatcher_connect(self.hass, signal, target))


class DeviceEntity(CloudEntity):
    """An entity of a device."""

    entity_description: DeviceRow

    def __init__(self, coordinator: Coordinator, device: Device, row: DeviceRow) -> None:
        """Describe the entity."""
        super().__init__(coordinator, row, device.device_id)
        self._attr_unique_id = row.unique_id(device)
        self._attr_device_info = coordinator.device_info(device)
        self.device = device
        """What the entity shows: its state is read from here whenever it is written."""

    @property
    @override
    def available(self) -> bool:
        """Whether the cloud is there and reaches the device."""
        return self.coordinator.is_available(self.device)

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the fields it shows."""
        await super().async_added_to_hass()
        self.device = self.coordinator.devices.get(self._subject_id, self.device)
        for field in self.entity_description.watches:
            self._listen(field, self._async_changed)
        self._listen(AVAILABLE, self._async_write)

    async def async_update(self) -> None:
        """Ask for the state of the device, as the action to update an entity wants."""
        await self.coordinator.async_command(
            self.coordinator.async_refresh_device(self._subject_id)
        )

    @callback
    def _async_changed(self) -> None:
        """Write once per push, however many of the fields it changed."""
        if self.coordinator.devices[self._subject_id] is not self.device:
            self._async_write()

    @callback
    def _async_write(self) -> None:
        """Show the device as it is now."""
        self.device = self.coordinator.devices[self._subject_id]
        self.async_write_ha_state()


class AccountEntity(CloudEntity):
    """An entity of the account."""

    entity_description: AccountRow

    def __init__(self, coordinator: Coordinator, row: AccountRow) -> None:
        """Describe the entity."""
        super().__init__(coordinator, row, ACCOUNT)
        account_id = coordinator.account_id
        self._attr_unique_id = f"{account_id}-{row.key}"
        self._attr_device_info = dr.DeviceInfo(identifiers={(DOMAIN, account_id)})

    @property
    @override
    def available(self) -> bool:
        """Whether the cloud is there."""
        return self.coordinator.linked

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to what it shows of the account."""
        await super().async_added_to_hass()
        for field in (*self.entity_description.watches, AVAILABLE):
            self._listen(field, self.async_write_ha_state)

    async def async_update(self) -> None:
        """Ask for the device list and all states."""
        await self.coordinator.async_command(self.coordinator.client.refresh())


@callback
def async_add_rows[RowT: DeviceRow](
    hass: HomeAssistant,
    entry: CloudConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    platform: Platform,
    rows: Iterable[RowT],
    new_entity: Callable[[Coordinator, Device, RowT], Entity],
) -> None:
    """Add what the rows say about all devices, now and as devices come, grow and go."""
    coordinator = entry.runtime_data
    registry = er.async_get(hass)
    added: dict[str, set[str]] = {}

    def registered(unique_id: str) -> str | None:
        return registry.async_get_entity_id(platform, DOMAIN, unique_id)

    def new_entities(device: Device) -> Iterable[Entity]:
        known = added.setdefault(device.device_id, set())
        suiting = [row for row in rows if row.suits(device, coordinator.options)]
        # Of several rows with one id the one that fits comes first.
        suiting.sort(key=lambda row: not row.exists_fn(device))
        wanted = {row.unique_id(device) for row in suiting}
        for unique_id in {row.unique_id(device) for row in rows} - wanted:
            if entity_id := registered(unique_id):
                registry.async_remove(entity_id)
        for row in suiting:
            unique_id = row.unique_id(device)
            if unique_id not in known and (row.exists_fn(device) or registered(unique_id)):
                known.add(unique_id)
                yield new_entity(coordinator, device, row)

    @callback
    def add(device: Device) -> None:
        if entities := list(new_entities(device)):
            async_add_entities(entities)

    @callback
    def forget(device: Device) -> None:
        added.pop(device.device_id, None)

    for signal, target in (
        (signal_device_added(entry.entry_id), add),
        (signal_device_removed(entry.entry_id), forget),
    ):
        entry.async_on_unload(async_dispatcher_connect(hass, signal, target))
    async_add_entities(
        [entity for device in coordinator.devices.values() for entity in new_entities(device)]
    )
