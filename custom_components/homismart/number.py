"""What can be adjusted on devices."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.number import NumberEntity, NumberEntityDescription, NumberMode
from homeassistant.const import PERCENTAGE, EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import HomismartConfigEntry
from .entity import DeviceEntity, DeviceRow, async_add_rows
from .protocol import MAX_CLOSED_POSITION, MAX_LED, Device, HomismartClient, Kind

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class HomismartNumberDescription(DeviceRow, NumberEntityDescription):
    """A number: how it reads and writes."""

    value_fn: Callable[[Device], int | None]
    set_fn: Callable[[HomismartClient, str, int], Awaitable[None]]


NUMBERS: Final = (
    HomismartNumberDescription(
        key="led_level",
        translation_key="led_level",
        exists_fn=lambda device: device.led is not None,
        watches=("led",),
        value_fn=lambda device: device.expected("led"),
        set_fn=HomismartClient.set_led,
        native_min_value=0,
        native_max_value=MAX_LED,
        native_step=1,
        native_unit_of_measurement=PERCENTAGE,
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
    ),
    HomismartNumberDescription(
        key="closed_position",
        translation_key="closed_position",
        kinds=(Kind.SHUTTER, Kind.CURTAIN),
        exists_fn=lambda device: device.closed_position is not None,
        watches=("closed_position",),
        value_fn=lambda device: device.expected("closed_position"),
        set_fn=HomismartClient.set_closed_position,
        native_min_value=0,
        native_max_value=MAX_CLOSED_POSITION,
        native_step=1,
        mode=NumberMode.BOX,
        entity_category=EntityCategory.CONFIG,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HomismartConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the numbers of an account."""
    async_add_rows(hass, entry, async_add_entities, Platform.NUMBER, NUMBERS, HomismartNumber)


class HomismartNumber(DeviceEntity, NumberEntity):
    """A number that shows what the device reports, or what is wanted of it while that is on the way."""

    entity_description: HomismartNumberDescription

    @property
    @override
    def native_value(self) -> int | None:
        """The value; None until reported."""
        return self.entity_description.value_fn(self.device)

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Adjust it."""
        coordinator = self.coordinator
        await coordinator.async_command(
            self.entity_description.set_fn(coordinator.client, self._subject_id, int(value))
        )
