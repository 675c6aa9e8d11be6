"""What all entities share: what they show, what they listen to, and how they follow a new description."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
import logging
from typing import Any, ClassVar, Final, override

from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN, signal_accessory, signal_added
from .coordinator import Coordinator, HapConfigEntry
from .dispatch import SERVICES, generic_platform, is_shown
from .naming import Name
from .protocol import Accessory, Characteristic, HapStatus, Service

_LOGGER = logging.getLogger(__name__)

_UNREACHABLE: Final = int(HapStatus.UNREACHABLE)


def _always(_characteristic: Characteristic) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class CharacteristicRow(EntityDescription):
    """A row about a characteristic, wherever it occurs. Its key identifies texts and icon."""

    uuid: str
    services: frozenset[str] | None = None
    """The services in which it becomes an entity; None for any."""
    not_in: frozenset[str] = frozenset()
    """Services in which another entity shows it."""
    exists_fn: Callable[[Characteristic], bool] = _always
    """Whether this characteristic, as it is described, becomes an entity."""
    alike: frozenset[str] = frozenset()
    """Other characteristics whose entities are called the same; ``by_uuid`` finds them."""

    def suits(self, characteristic: Characteristic) -> bool:
        """Tell whether the row is about a characteristic."""
        service = characteristic.service.type
        return (
            characteristic.type == self.uuid
            and (self.services is None or service in self.services)
            and service not in self.not_in
            and self.exists_fn(characteristic)
        )

    def names(self, characteristic: Characteristic) -> bool:
        """Tell whether the entity of a characteristic is called as this row says."""
        return self.suits(characteristic) or (
            characteristic.type in self.alike
            and replace(self, uuid=characteristic.type).suits(characteristic)
        )


@callback
def async_add_platform(
    hass: HomeAssistant,
    entry: HapConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    platform: Platform,
    new_entities: Callable[[Coordinator, Accessory], Iterable[HapEntity]],
) -> None:
    """Add all entities of one platform, and later those of what is new; one that cannot be made costs no other."""
    coordinator = entry.runtime_data
    live: set[str] = set()

    @callback
    def add() -> None:
        made: dict[str, HapEntity] = {}
        # Disabled ones never live, so that nothing tells of their end but the registry.
        registry = er.async_get(hass)
        live.intersection_update(
            [each for each in live if registry.async_get_entity_id(platform, DOMAIN, each)]
        )
        for accessory in coordinator.database.accessories.values():
            try:
                for entity in new_entities(coordinator, accessory):
                    assert entity.unique_id
                    if entity.unique_id not in live:
                        made.setdefault(entity.unique_id, entity)
            except Exception:  # an odd accessory must not take the others along
                _LOGGER.exception("Accessory %s has entities that cannot be made", accessory.aid)
        for unique_id, entity in made.items():
            live.add(unique_id)
            entity.forget = live.discard
        async_add_entities(made.values())

    entry.async_on_unload(async_dispatcher_connect(hass, signal_added(entry.entry_id), add))
    add()


def shown_services(accessory: Accessory, *types: str) -> Iterator[Service]:
    """Give the services of some types that have what their entity needs."""
    return (
        service for service in accessory.services if service.type in types and is_shown(service)
    )


def described[RowT: CharacteristicRow](
    accessory: Accessory, rows: Mapping[str, Iterable[RowT]]
) -> Iterator[tuple[Characteristic, RowT]]:
    """Give the characteristics of an accessory that rows are about; ``rows`` are by UUID."""
    for characteristic in accessory.characteristics:
        for row in rows.get(characteristic.type, ()):
            if row.suits(characteristic):
                yield characteristic, row
                break


def generic(
    coordinator: Coordinator, accessory: Accessory, platform: Platform
) -> Iterator[Characteristic]:
    """Give the characteristics without a row that a platform shows, if the user wants them (mapping §12.2)."""
    if coordinator.options.all_characteristics:
        for characteristic in accessory.characteristics:
            if generic_platform(characteristic) is platform:
                yield characteristic


def by_uuid[RowT: CharacteristicRow](*rows: RowT) -> dict[str, tuple[RowT, ...]]:
    """Arrange rows by what they are about; the first that suits counts."""
    table: dict[str, tuple[RowT, ...]] = {}
    for row in rows:
        alike = frozenset(each.uuid for each in rows if each.key == row.key) - {row.uuid}
        known = replace(row, alike=alike) if alike else row
        table[row.uuid] = (*table.get(row.uuid, ()), known)
    return table


class HapEntity(Entity):
    """An entity of an accessory, which writes its state once per push that concerns it."""

    _attr_has_entity_name = True
    _attr_should_poll = False
    forget: Callable[[str], None]
    """Called with the unique id when the entity is removed, so that another can have it."""

    def __init__(
        self, coordinator: Coordinator, accessory: Accessory, row: EntityDescription
    ) -> None:
        """Describe the entity; the unique id is for those below."""
        self.coordinator = coordinator
        self.accessory = accessory
        self.entity_description = row
        self._watched: dict[tuple[int, int], Characteristic] = {}
        self._unlisten: list[Callable[[], None]] = []
        self._revision: int | None = None

    # --- what differs -----------------------------------------------------------------------

    def _describe(self) -> None:
        """Work out what the description decides: features, ranges, options; and track what is shown.

        Called at the beginning and with each new description.
        """

    def _rebind(self) -> bool:
        """Look in a new description for what is shown; False when it is gone."""
        accessory = self.coordinator.database.accessories.get(self.accessory.aid)
        if accessory is None:  # it may come back: its device goes when that is sure
            return True
        self.accessory = accessory
        return True

    @callback
    def _async_take(self) -> None:
        """Take note of the moment, for entities that have to, before the state is written."""

    # --- what is shown ----------------------------------------------------------------------

    @property
    @override
    def device_info(self) -> dr.DeviceInfo:
        """Whose entity it is; only asked for once, so that nobody has to keep it."""
        return dr.DeviceInfo(identifiers=self.coordinator.devices.identifiers(self.accessory.aid))

    @property
    @override
    def available(self) -> bool:
        """Whether the accessory can be heard, and reaches all that the entity shows."""
        coordinator = self.coordinator
        return coordinator.is_reachable(self.accessory.aid) and (
            # Which is as good as always, and quicker to see.
            coordinator.all_reachable
            or all(each.status != _UNREACHABLE for each in self._watched.values())
        )

    def _name(self, name: Name) -> None:
        """Take a name; the first time, Home Assistant keeps what the user makes of it."""
        if name.is_main:
            self._attr_name = None
        elif name.text is not None:
            self._attr_name = name.text
        else:
            self._attr_translation_placeholders = name.placeholders

    def _track(self, service: Service | None, uuid: str) -> Characteristic | None:
        """Find a characteristic and have the state written when it changes; None when there is none."""
        found = service.characteristic(uuid) if service else None
        if found is not None:
            self._watch(found)
        return found

    def _watch(self, *characteristics: Characteristic) -> None:
        """Have the state written when one of these changes."""
        for each in characteristics:
            self._watched[each.key] = each

    async def _write(self, values: Mapping[Characteristic | None, Any]) -> None:
        """Write values in one request; what the accessory lacks is left out. Raises a translated error."""
        present = {each: value for each, value in values.items() if each is not None}
        if present:
            await self.coordinator.async_write(present)

    async def async_update(self) -> None:
        """Have everything read soon."""
        await self.coordinator.async_request_refresh()

    # --- life -------------------------------------------------------------------------------

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to what it shows, and to the link."""
        await super().async_added_to_hass()
        signal = signal_accessory(self.coordinator.entry_id, self.accessory.aid)
        self.async_on_remove(async_dispatcher_connect(self.hass, signal, self._async_told))
        self.async_on_remove(self._stop_listening)
        self._listen()

    @override
    async def async_will_remove_from_hass(self) -> None:
        """Leave the unique id to another."""
        await super().async_will_remove_from_hass()
        assert self.unique_id
        self.forget(self.unique_id)

    def _listen(self) -> None:
        """Listen to what is shown as it is described now."""
        self._stop_listening()
        # What is only written never changes: each bridge has a button for each accessory.
        keys = tuple(key for key, each in self._watched.items() if each.metadata.has_news)
        signals = map(self.coordinator.signal_changed, keys)
        self._unlisten = [
            async_dispatcher_connect(self.hass, signal, self._async_changed) for signal in signals
        ]
        if keys:
            self._unlisten.append(self.coordinator.checks.track(keys))

    def _stop_listening(self) -> None:
        for stop in self._unlisten:
            stop()
        self._unlisten = []

    @callback
    def _async_changed(self) -> None:
        """Write the state, unless this push made us do so already."""
        if self._revision != self.coordinator.revision:
            self._revision = self.coordinator.revision
            self._async_take()
            self.async_write_ha_state()

    @callback
    def _async_told(self, anew: bool) -> None:
        """Follow what became of the accessory as a whole."""
        if anew:
            self._async_described()
        else:
            self._async_changed()

    @callback
    def _async_described(self) -> None:
        """Follow a new description: look for what is shown, and work everything out anew, or go."""
        if not self._rebind():
            self._stop_listening()
            self.coordinator.async_leave(
                self.hass.async_create_task(self.async_remove(force_remove=True))
            )
            return
        if self.accessory.aid in self.coordinator.database.accessories:
            self._watched.clear()
            self._describe()
            self._listen()
            self._rename()
        self._async_changed()

    def _rename(self) -> None:
        """Tell the registry the name that the accessory gives now; what the user chose stays."""
        name = self._attr_name if hasattr(self, "_attr_name") else None
        if self.registry_entry and name and self.registry_entry.original_name != name:
            er.async_get(self.hass).async_update_entity(self.entity_id, original_name=name)


class ServiceEntity(HapEntity):
    """An entity of a service."""

    tail: ClassVar[str] = ""
    """What tells several entities of a service on one platform apart in unique ids; empty for the usual one."""

    def __init__(self, coordinator: Coordinator, service: Service, row: EntityDescription) -> None:
        """Describe the entity."""
        super().__init__(coordinator, service.accessory, row)
        self.service = service
        unique_id = f"{coordinator.pairing_id}_{service.accessory.aid}_{service.iid}"
        self._attr_unique_id = f"{unique_id}_{self.tail}" if self.tail else unique_id
        self._take_name()
        self._describe()

    def _take_name(self) -> None:
        names = self.coordinator.names(self.accessory)
        self._name(names.of_service(self.service, further=bool(self.tail)))

    def _characteristic(self, uuid: str) -> Characteristic | None:
        """Find and track a characteristic of the service; None when it has none."""
        return self._track(self.service, uuid)

    @override
    def _rebind(self) -> bool:
        super()._rebind()
        if self.accessory.aid not in self.coordinator.database.accessories:
            return True
        service = next(
            (each for each in self.accessory.services if each.iid == self.service.iid), None
        )
        if service is None or service.type != self.service.type or not self._is_shown(service):
            return False
        self.service = service
        self._take_name()
        return True

    def _is_shown(self, service: Service) -> bool:
        """Tell whether a service still has what the entity needs."""
        return service.type not in SERVICES or is_shown(service)


class CharacteristicEntity(HapEntity):
    """An entity of one characteristic."""

    entity_description: CharacteristicRow

    def __init__(
        self, coordinator: Coordinator, characteristic: Characteristic, row: CharacteristicRow
    ) -> None:
        """Describe the entity."""
        service = characteristic.service
        super().__init__(coordinator, service.accessory, row)
        self.characteristic = characteristic
        self._attr_unique_id = (
            f"{coordinator.pairing_id}_{characteristic.aid}_{service.iid}_{characteristic.iid}"
        )
        self._take_name()
        self._describe()

    def _take_name(self) -> None:
        names = self.coordinator.names(self.accessory)
        self._name(names.of_characteristic(self.characteristic, self.entity_description))

    @override
    def _rebind(self) -> bool:
        super()._rebind()
        if self.accessory.aid not in self.coordinator.database.accessories:
            return True
        found = self.coordinator.database.characteristics.get(self.characteristic.key)
        if (
            found is None
            or found.service.iid != self.characteristic.service.iid
            or not self.entity_description.suits(found)
        ):
            return False
        self.characteristic = found
        return True

    @override
    def _describe(self) -> None:
        """Watch the characteristic as it is described now."""
        self._watch(self.characteristic)


class GenericEntity(CharacteristicEntity):
    """An entity of a characteristic that nobody has a row for, named by the accessory's own words for it."""

    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_entity_registry_enabled_default = False

    @override
    def _take_name(self) -> None:
        names = self.coordinator.names(self.accessory)
        self._attr_name = names.of_unknown(self.characteristic)

    @override
    def _rebind(self) -> bool:
        before = generic_platform(self.characteristic)
        return super()._rebind() and generic_platform(self.characteristic) is before
