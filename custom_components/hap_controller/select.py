"""Selects: one of several settings (mapping §5.12, §9, §12)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN
from .coordinator import Coordinator, HapConfigEntry
from .dispatch import is_shown
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

    members: Mapping[int, str]
    """The options."""
    writes: str | None = None
    """UUID of another characteristic of the service that takes what is selected; None for the same one."""
    reported: Mapping[int, str] | None = None
    """What cannot be selected, but may be so; an option only while it is."""

    @override
    def suits(self, characteristic: Characteristic) -> bool:
        """Take what can be written; else it is a sensor."""
        target: Characteristic | None = characteristic
        if self.writes is not None:
            target = characteristic.service.characteristic(self.writes)
        return target is not None and target.metadata.writable and super().suits(characteristic)


def _row(key: str, uuid: str, members: Mapping[int, str], **told: Any) -> SelectRow:
    return SelectRow(
        key=key,
        uuid=uuid,
        translation_key=key,
        members=members,
        **{"entity_category": EntityCategory.CONFIG, **told},
    )


def _has_fan(characteristic: Characteristic) -> bool:
    """Tell whether a fan offers the same as a preset."""
    return characteristic.service.type == S.AIR_PURIFIER and is_shown(characteristic.service)


_AIR_PURIFIER: Final = {0: "manual", 1: "automatic"}

_ROWS: Final = (
    _row("temperature_display_units", C.TEMPERATURE_DISPLAY_UNITS, {0: "celsius", 1: "fahrenheit"}),
    _row(
        "air_purifier_state_target",
        C.TARGET_AIR_PURIFIER_STATE,
        _AIR_PURIFIER,
        exists_fn=_has_fan,
        entity_registry_enabled_default=False,
    ),
    _row("air_purifier_state_target", C.TARGET_AIR_PURIFIER_STATE, _AIR_PURIFIER),
    _row("motion_sensitivity", C.EVE_MOTION_SENSITIVITY, {0: "high", 4: "medium", 7: "low"}),
    _row(
        "ecobee_mode",
        C.ECOBEE_CURRENT_MODE,
        {0: "home", 1: "sleep", 2: "away"},
        writes=C.ECOBEE_SET_HOLD_SCHEDULE,
        reported={3: "temporary"},
        entity_category=None,
    ),
    _row(
        "picture_mode",
        C.PICTURE_MODE,
        {
            0: "other",
            1: "standard",
            2: "calibrated",
            3: "calibrated_dark",
            4: "vivid",
            5: "game",
            6: "computer",
            7: "custom",
        },
        entity_registry_enabled_default=False,
    ),
)
ROWS: Final = by_uuid(*_ROWS)

OPTIONS: Final = {row.uuid: (row.key, {**row.members, **(row.reported or {})}) for row in _ROWS}
"""What there is, by UUID, with the key of its texts: where it cannot be selected, it can still be shown."""


def is_selectable(characteristic: Characteristic) -> bool:
    """Tell whether a select shows a characteristic."""
    return any(row.suits(characteristic) for row in ROWS.get(characteristic.type, ()))


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
    return SelectRow(key="generic", uuid=characteristic.type, members=members)


class CharacteristicSelect(CharacteristicEntity, SelectEntity):
    """A setting."""

    entity_description: SelectRow

    _target: Characteristic | None = None

    @override
    def _describe(self) -> None:
        super()._describe()
        row = self.entity_description
        self._target = self.characteristic
        if row.writes is not None:
            self._target = self.characteristic.service.characteristic(row.writes)
        self._selectable = {
            row.members[value]: value for value in allowed(self._target, row.members)
        }

    @property
    @override
    def options(self) -> list[str]:
        """What can be selected, and what is the case though it cannot."""
        reported = self._reported
        return [*self._selectable, *([reported] if reported else [])]

    @property
    def _reported(self) -> str | None:
        return named(self.characteristic, self.entity_description.reported or {})

    @property
    @override
    def current_option(self) -> str | None:
        """What is selected; None while unknown, or when it is nothing that is known."""
        option = named(self.characteristic, self.entity_description.members)
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
