"""What can be asked of the account."""

from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import DioConfigEntry
from .platforms import AccountButton, AccountButtonDescription
from .protocol import DioClient

PARALLEL_UPDATES = 0

BUTTONS: Final = (
    AccountButtonDescription(key="refresh", translation_key="refresh", press_fn=DioClient.refresh),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: DioConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the buttons of an account."""
    async_add_entities(AccountButton(entry.runtime_data, row) for row in BUTTONS)
