"""What can be asked of the account."""

from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import HomismartConfigEntry
from .platforms import AccountButton, AccountButtonDescription
from .protocol import HomismartClient

PARALLEL_UPDATES = 0

BUTTONS: Final = (
    AccountButtonDescription(
        key="refresh", translation_key="refresh", press_fn=HomismartClient.refresh
    ),
    AccountButtonDescription(
        key="all_off",
        translation_key="all_off",
        press_fn=lambda client: client.switch_all(on=False),
        entity_registry_enabled_default=False,
    ),
    AccountButtonDescription(
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
    async_add_entities(AccountButton(entry.runtime_data, row) for row in BUTTONS)
