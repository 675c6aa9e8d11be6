"""The clock of appliances that have a calendar."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, override

from homeassistant.components.datetime import DateTimeEntity, DateTimeEntityDescription
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .coordinator import HomeConnectConfigEntry
from .entity import FeatureRow, SettableEntity, async_add_features, local_moment, table

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class DateTimeRow(FeatureRow, DateTimeEntityDescription):
    """A date with a time."""


ROWS: Final = table(
    DateTimeRow(
        key="datetime_appliance",
        features=("BSH.Common.Setting.ApplianceDateTime",),
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
    async_add_features(hass, entry, async_add_entities, Platform.DATETIME, ROWS, ApplianceDateTime)


class ApplianceDateTime(SettableEntity, DateTimeEntity):
    """A clock with a calendar, which knows no time zone: it shows the time of the home."""

    entity_description: DateTimeRow

    @property
    @override
    def native_value(self) -> datetime | None:
        """What the clock shows; None when unknown or no date."""
        return local_moment(self.reading)

    @override
    async def async_set_value(self, value: datetime) -> None:
        """Set the clock."""
        text = dt_util.as_local(value).replace(tzinfo=None).isoformat(timespec="seconds")
        await self.async_set(text)
