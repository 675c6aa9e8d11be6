"""The clock of appliances that have no calendar."""

from dataclasses import dataclass
from datetime import time
from typing import Final, override

from homeassistant.components.time import TimeEntity, TimeEntityDescription
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .coordinator import HomeConnectConfigEntry
from .entity import FeatureRow, SettableEntity, async_add_features, table

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class TimeRow(FeatureRow, TimeEntityDescription):
    """A time of day."""


ROWS: Final = table(
    TimeRow(
        key="time_appliance",
        features=("BSH.Common.Setting.ApplianceTime",),
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HomeConnectConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the clock of an appliance."""
    async_add_features(hass, entry, async_add_entities, Platform.TIME, ROWS, ApplianceTime)


class ApplianceTime(SettableEntity, TimeEntity):
    """A clock."""

    entity_description: TimeRow

    @property
    @override
    def native_value(self) -> time | None:
        """What the clock shows; None when unknown or no time."""
        value = self.reading
        return dt_util.parse_time(value) if isinstance(value, str) else None

    @override
    async def async_set_value(self, value: time) -> None:
        """Set the clock."""
        await self.async_set(value.isoformat(timespec="seconds"))
