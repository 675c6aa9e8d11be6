"""What can be asked of the account."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import HomismartConfigEntry
from .entity import AccountEntity, AccountRow
from .protocol import HomismartClient

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class HomismartButtonDescription(AccountRow, ButtonEntityDescription):
    """A button: what it asks."""

    press_fn: Callable[[HomismartClient], Awaitable[None]]


BUTTONS: Final = (
    HomismartButtonDescription(
        key="refresh", translation_key="refresh", press_fn=HomismartClient.refresh
    ),
    HomismartButtonDescription(
        key="all_off",
        translation_key="all_off",
        press_fn=lambda client: client.switch_all(on=False),
        entity_registry_enabled_default=False,
    ),
    HomismartButtonDescription(
        key="close_all",
        translation_key="close_all",
        press_fn=lambda client: client.move_all(opening=False),
        entity_registry_enabled_default=False,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HomismartConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the buttons of an account."""
    async_add_entities(HomismartButton(entry.runtime_data, row) for row in BUTTONS)


class HomismartButton(AccountEntity, ButtonEntity):
    """A button of the account."""

    entity_description: HomismartButtonDescription

    @override
    async def async_press(self) -> None:
        """Ask."""
        await self.coordinator.async_command(
            self.entity_description.press_fn(self.coordinator.client)
        )
