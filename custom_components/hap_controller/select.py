"""Selects: one of several settings (mapping §5.12, §9, §12)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN
from .coordinator import Coordinator, HapConfigEntry
from .dispatch import SETTINGS, Setting, is_selectable, is_shown
from .entity import (
    CharacteristicEntity,
    CharacteristicRow,
    GenericEntity,
    HapEntity,
    async_add_platform,
    by_uuid,
    described,
    generic,
)
from .limits import allowed, named
from .protocol import Accessory, Characteristic, CharacteristicUuid as C, ServiceUuid as S

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class SelectRow(CharacteristicRow, SelectEntityDescription):
    """A select: what its options are on the wire."""

    setting: Setting

    @override
    def suits(self, characteristic: Characteristic) -> bool:
        """Take what can be written; else it is a sensor."""
        return is_selectable(characteristic, self.setting) and super().suits(characteristic)


def _row(uuid: str, **told: Any) -> SelectRow:
    setting = SETTINGS[uuid]
    return SelectRow(
        key=setting.key,
        uuid=uuid,
        translation_key=setting.key,
        setting=setting,
        **{"entity_category": EntityCategory.CONFIG, **told},
    )


def _has_fan(characteristic: Characteristic) -> bool:
    """Tell whether a fan offers the same as a preset."""
    return characteristic.service.type == S.AIR_PURIFIER and is_shown(characteristic.service)


_OFF: Final[dict[str, Any]] = {"entity_registry_enabled_default": False}

ROWS: Final = by_uuid(
    _row(C.TEMPERATURE_DISPLAY_UNITS),
    _row(C.TARGET_AIR_PURIFIER_STATE, exists_fn=_has_fan, **_OFF),
    _row(C.TARGET_AIR_PURIFIER_STATE),
    _row(C.EVE_MOTION_SENSITIVITY),
    _row(C.ECOBEE_CURRENT_MODE, entity_category=None),
    _row(C.PICTURE_MODE, **_OFF),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HapConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the selects."""
    async_add_platform(hass, entry, async_add_entities, Platform.SELECT, _new_entities)


def _new_entities(coordinator: Coordinator, accessory: Accessory) -> Iterator[HapEntity]:
    for characteristic, row in described(accessory, ROWS):
        yield CharacteristicSelect(coordinator, characteristic, row)
    for characteristic in generic(coordinator, accessory, Platform.SELECT):
        yield GenericSelect(coordinator, characteristic, _generic_row(characteristic))


def _generic_row(characteristic: Characteristic) -> SelectRow:
    """Describe a select for what nobody knows, of which only the numbers are known."""
    values = characteristic.metadata.valid_values or ()
    members = {int(each): str(int(each)) for each in values}
    setting = Setting("generic", members)
    return SelectRow(key=setting.key, uuid=characteristic.type, setting=setting)


class CharacteristicSelect(CharacteristicEntity, SelectEntity):
    """A setting."""

    entity_description: SelectRow

    _target: Characteristic | None = None

    @override
    def _describe(self) -> None:
        super()._describe()
        setting = self.entity_description.setting
        self._target = setting.target(self.characteristic)
        self._selectable = {
            setting.members[value]: value for value in allowed(self._target, setting.members)
        }

    @property
    @override
    def options(self) -> list[str]:
        """What can be selected, and what is the case though it cannot."""
        reported = self._reported
        return [*self._selectable, *([reported] if reported else [])]

    @property
    def _reported(self) -> str | None:
        return named(self.characteristic, self.entity_description.setting.reported)

    @property
    @override
    def current_option(self) -> str | None:
        """What is selected; None while unknown, or when it is nothing that is known."""
        option = named(self.characteristic, self.entity_description.setting.members)
        return option if option in self._selectable else self._reported

    @override
    async def async_select_option(self, option: str) -> None:
        """Select."""
        if option not in self._selectable:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="not_selectable",
                translation_placeholders={"option": option},
            )
        await self._write({self._target: self._selectable[option]})


class GenericSelect(GenericEntity, CharacteristicSelect):
    """A setting that nobody knows."""

    @override
    def _describe(self) -> None:
        self.entity_description = _generic_row(self.characteristic)
        super()._describe()
