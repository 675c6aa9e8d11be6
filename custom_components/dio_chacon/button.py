"""What can be asked of the account."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import DioConfigEntry
from .entity import AccountEntity, AccountRow
from .protocol import DioClient

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class DioButtonDescription(AccountRow, ButtonEntityDescription):
    """A button: what it asks."""

    press_fn: Callable[[DioClient], Awaitable[None]]


BUTTONS: Final = (
    DioButtonDescription(key="refresh", translation_key="refresh", press_fn=DioClient.refresh),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: DioConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the buttons of an account."""
    async_add_entities(DioButton(entry.runtime_data, row) for row in BUTTONS)


class DioButton(AccountEntity, ButtonEntity):
    """A button of the account."""

    entity_description: DioButtonDescription

    @override
    async def async_press(self) -> None:
        """Ask."""
        await self.coordinator.async_command(
            self.entity_description.press_fn(self.coordinator.client)
        )
