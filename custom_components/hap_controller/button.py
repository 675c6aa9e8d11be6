"""Buttons: identify, and what else is done once when asked for (mapping §5.3, §9)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.button import ButtonDeviceClass, ButtonEntity, ButtonEntityDescription
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import Coordinator, HapConfigEntry
from .entity import (
    CharacteristicEntity,
    CharacteristicRow,
    HapEntity,
    async_add_platform,
    by_uuid,
    described,
)
from .protocol import Accessory, CharacteristicUuid

PARALLEL_UPDATES = 0

_HAA_COMMAND: Final = "#HAA@trcmd"


@dataclass(frozen=True, kw_only=True)
class ButtonRow(CharacteristicRow, ButtonEntityDescription):
    """A button for one characteristic."""

    presses: tuple[Any, ...]
    """What a press writes, one after the other."""


ROWS: Final = by_uuid(
    ButtonRow(
        key="identify",
        uuid=CharacteristicUuid.IDENTIFY,
        translation_key="identify",
        device_class=ButtonDeviceClass.IDENTIFY,
        entity_category=EntityCategory.DIAGNOSTIC,
        presses=(True,),
    ),
    ButtonRow(
        key="reset_filter",
        uuid=CharacteristicUuid.RESET_FILTER_INDICATION,
        translation_key="reset_filter",
        entity_category=EntityCategory.CONFIG,
        presses=(1,),
    ),
    ButtonRow(
        key="setup",
        uuid=CharacteristicUuid.HAA_SETUP,
        translation_key="setup",
        entity_category=EntityCategory.CONFIG,
        presses=(_HAA_COMMAND,),
    ),
    ButtonRow(
        key="update",
        uuid=CharacteristicUuid.HAA_UPDATE,
        translation_key="update",
        device_class=ButtonDeviceClass.UPDATE,
        entity_category=EntityCategory.CONFIG,
        presses=(_HAA_COMMAND,),
    ),
    ButtonRow(
        key="clear_hold",
        uuid=CharacteristicUuid.ECOBEE_CLEAR_HOLD,
        translation_key="clear_hold",
        entity_category=EntityCategory.CONFIG,
        # One of them alone is often ignored.
        presses=(False, True),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HapConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the buttons."""
    async_add_platform(hass, entry, async_add_entities, Platform.BUTTON, _new_entities)


def _new_entities(coordinator: Coordinator, accessory: Accessory) -> Iterator[HapEntity]:
    for characteristic, row in described(accessory, ROWS):
        yield HapButton(coordinator, characteristic, row)


class HapButton(CharacteristicEntity, ButtonEntity):
    """A button."""

    entity_description: ButtonRow

    @override
    async def async_press(self) -> None:
        """Write what the press means."""
        for value in self.entity_description.presses:
            await self._write({self.characteristic: value})
