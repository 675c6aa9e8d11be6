"""Switches: switches, outlets, watering systems, and what else accessories let be switched (mapping §5.14, §5.15)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, override

from homeassistant.components.switch import SwitchDeviceClass, SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import CONF_TAKE_OVER, DOMAIN
from .coordinator import Coordinator, HapConfigEntry
from .dispatch import is_main_switch, is_of_player
from .entity import (
    CharacteristicEntity,
    CharacteristicRow,
    GenericEntity,
    HapEntity,
    ServiceEntity,
    async_add_platform,
    by_uuid,
    described,
    generic,
    shown_services,
)
from .limits import number, truth
from .protocol import Accessory, Characteristic, CharacteristicUuid, Service, ServiceUuid

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class ServiceSwitchRow(SwitchEntityDescription):
    """A switch for a service."""

    on: str = CharacteristicUuid.ON
    """What switches it."""
    flags: Mapping[str, str] = field(default_factory=dict)
    """Characteristics that are true or false, by the names of their attributes."""
    numbers: Mapping[str, str] = field(default_factory=dict)
    """Characteristics that are numbers, likewise."""


@dataclass(frozen=True, kw_only=True)
class SwitchRow(CharacteristicRow, SwitchEntityDescription):
    """A switch for one characteristic."""


def _is_writable(characteristic: Characteristic) -> bool:
    return characteristic.metadata.writable


def _is_of_its_own(characteristic: Characteristic) -> bool:
    """Tell whether it is muted by this: a player mutes itself."""
    return _is_writable(characteristic) and not is_of_player(characteristic.service)


def _setting(key: str, uuid: str, *, enabled: bool = True, **details: Any) -> SwitchRow:
    """Describe a switch of something that is set once."""
    return SwitchRow(
        key=key,
        translation_key=key,
        uuid=uuid,
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=enabled,
        **{"exists_fn": _is_writable} | details,
    )


ROWS: Final = by_uuid(
    _setting("lock_physical_controls", CharacteristicUuid.LOCK_PHYSICAL_CONTROLS),
    _setting(
        "microphone_mute",
        CharacteristicUuid.MUTE,
        services=frozenset({ServiceUuid.MICROPHONE}),
        exists_fn=_is_of_its_own,
    ),
    _setting(
        "speaker_mute",
        CharacteristicUuid.MUTE,
        services=frozenset({ServiceUuid.SPEAKER}),
        exists_fn=_is_of_its_own,
    ),
    _setting("mute", CharacteristicUuid.MUTE, exists_fn=_is_of_its_own),
    _setting("airplay_enable", CharacteristicUuid.AIRPLAY_ENABLE),
    # Fans and climates swing by themselves.
    SwitchRow(
        key="swing_mode",
        translation_key="swing_mode",
        uuid=CharacteristicUuid.SWING_MODE,
        services=frozenset({ServiceUuid.HUMIDIFIER_DEHUMIDIFIER}),
        exists_fn=_is_writable,
    ),
    _setting("audio_feedback", CharacteristicUuid.AUDIO_FEEDBACK),
    _setting("administrator_only", CharacteristicUuid.ADMINISTRATOR_ONLY_ACCESS),
    _setting("closed_captions", CharacteristicUuid.CLOSED_CAPTIONS, enabled=False),
    _setting("sleep_discovery", CharacteristicUuid.SLEEP_DISCOVERY_MODE, enabled=False),
    _setting("camera_active", CharacteristicUuid.HOMEKIT_CAMERA_ACTIVE),
    _setting("camera_indicator", CharacteristicUuid.CAMERA_OPERATING_MODE_INDICATOR),
    _setting("event_snapshots", CharacteristicUuid.EVENT_SNAPSHOTS_ACTIVE),
    _setting("periodic_snapshots", CharacteristicUuid.PERIODIC_SNAPSHOTS_ACTIVE),
    _setting("recording_audio", CharacteristicUuid.RECORDING_AUDIO_ACTIVE),
    _setting("night_vision", CharacteristicUuid.NIGHT_VISION),
    _setting("pairing_mode", CharacteristicUuid.AQARA_PAIRING_MODE),
    _setting("pairing_mode", CharacteristicUuid.AQARA_E1_PAIRING_MODE),
    _setting("sleep_mode", CharacteristicUuid.AIRVERSA_SLEEP_MODE),
)

_SERVICES: Final = {
    ServiceUuid.SWITCH: ServiceSwitchRow(
        key="switch", translation_key="switch", device_class=SwitchDeviceClass.SWITCH
    ),
    ServiceUuid.OUTLET: ServiceSwitchRow(
        key="outlet", translation_key="outlet", device_class=SwitchDeviceClass.OUTLET
    ),
    ServiceUuid.FAUCET: ServiceSwitchRow(
        key="faucet", translation_key="faucet", on=CharacteristicUuid.ACTIVE
    ),
    ServiceUuid.VALVE: ServiceSwitchRow(
        key="valve",
        translation_key="valve",
        on=CharacteristicUuid.ACTIVE,
        flags={
            "in_use": CharacteristicUuid.IN_USE,
            "is_configured": CharacteristicUuid.IS_CONFIGURED,
        },
        numbers={"remaining_duration": CharacteristicUuid.REMAINING_DURATION},
    ),
    ServiceUuid.IRRIGATION_SYSTEM: ServiceSwitchRow(
        key="irrigation_system", translation_key="irrigation_system", on=CharacteristicUuid.ACTIVE
    ),
}


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HapConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the switches; those of valves that are valves again go."""
    registry = er.async_get(hass)
    for accessory in entry.runtime_data.database.accessories.values():
        for service in shown_services(accessory, *_SERVICES):
            unique_id = f"{entry.runtime_data.pairing_id}_{accessory.aid}_{service.iid}"
            entity_id = registry.async_get_entity_id(Platform.SWITCH, DOMAIN, unique_id)
            # What is just being taken over, and is of no use here, goes back to where it came from.
            taking_over = CONF_TAKE_OVER in entry.data
            if entity_id and not taking_over and not _is_switch(entry.runtime_data, service):
                registry.async_remove(entity_id)
    async_add_platform(hass, entry, async_add_entities, Platform.SWITCH, _new_entities)


def _new_entities(coordinator: Coordinator, accessory: Accessory) -> Iterator[HapEntity]:
    for service in shown_services(accessory, *_SERVICES):
        if _is_switch(coordinator, service):
            yield ServiceSwitch(coordinator, service, _SERVICES[service.type])
    for characteristic, row in described(accessory, ROWS):
        yield CharacteristicSwitch(coordinator, characteristic, row)
    for characteristic in generic(coordinator, accessory, Platform.SWITCH):
        yield GenericSwitch(
            coordinator, characteristic, SwitchRow(key="generic", uuid=characteristic.type)
        )


def _is_switch(coordinator: Coordinator, service: Service) -> bool:
    """Tell whether a service is a switch: valves are where the user wants that, watering systems that can be switched."""
    if service.type == ServiceUuid.VALVE:
        return coordinator.options.valves_as_switches
    if service.type == ServiceUuid.FAUCET:
        return coordinator.options.valves_as_switches or is_main_switch(service)
    if service.type == ServiceUuid.IRRIGATION_SYSTEM:
        active = service.characteristic(CharacteristicUuid.ACTIVE)
        return active is not None and active.metadata.writable
    return True


class ServiceSwitch(ServiceEntity, SwitchEntity):
    """A service that is on or off."""

    entity_description: ServiceSwitchRow

    _on: Characteristic | None
    _flags: Mapping[str, Characteristic]
    _numbers: Mapping[str, Characteristic]

    @override
    def _describe(self) -> None:
        row = self.entity_description
        self._on = self._characteristic(row.on)
        self._flags = self._present(row.flags)
        self._numbers = self._present(row.numbers)

    def _present(self, uuids: Mapping[str, str]) -> dict[str, Characteristic]:
        """Find characteristics that the service may have, by the names of their attributes."""
        found = {name: self._characteristic(uuid) for name, uuid in uuids.items()}
        return {name: each for name, each in found.items() if each}

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether it is on; None until reported."""
        return truth(self._on)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """What valves tell beside, for those who have them as switches."""
        flags: dict[str, Any] = {name: truth(each) for name, each in self._flags.items()}
        return flags | {name: number(each) for name, each in self._numbers.items()} or None

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Switch it on."""
        await self._write({self._on: 1})

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Switch it off."""
        await self._write({self._on: 0})

    @override
    def _is_shown(self, service: Service) -> bool:
        return super()._is_shown(service) and _is_switch(self.coordinator, service)


class CharacteristicSwitch(CharacteristicEntity, SwitchEntity):
    """Something else that is on or off."""

    entity_description: SwitchRow

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether it is on; None until reported."""
        return truth(self.characteristic)

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Switch it on."""
        await self._write({self.characteristic: 1})

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Switch it off."""
        await self._write({self.characteristic: 0})


class GenericSwitch(GenericEntity, CharacteristicSwitch):
    """Something that nobody knows, and that is on or off."""
