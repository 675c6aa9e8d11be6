"""Doorbells."""

from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.event import (
    DoorbellEventType,
    EventDeviceClass,
    EventEntity,
    EventEntityDescription,
)
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import signal_rang
from .coordinator import DioConfigEntry
from .entity import DeviceEntity, DeviceRow, async_add_rows
from .protocol import Kind, LastEvent

PARALLEL_UPDATES = 0

EVENT_OTHER: Final = "other"


@dataclass(frozen=True, kw_only=True)
class DioEventDescription(DeviceRow, EventEntityDescription):
    """Events of a device."""


EVENTS: Final = (
    DioEventDescription(
        key="doorbell",
        name=None,
        translation_key="doorbell",
        kinds=(Kind.DOORBELL,),
        device_class=EventDeviceClass.DOORBELL,
        event_types=[DoorbellEventType.RING, EVENT_OTHER],
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: DioConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the doorbells of an account."""
    async_add_rows(hass, entry, async_add_entities, Platform.EVENT, EVENTS, DioEvent)


class DioEvent(DeviceEntity, EventEntity):
    """Fires when the cloud pushes news of a doorbell; never for what it tells when asked."""

    entity_description: DioEventDescription

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the doorbell."""
        await super().async_added_to_hass()
        signal = signal_rang(self.coordinator.entry_id, self._subject_id)
        self.async_on_remove(async_dispatcher_connect(self.hass, signal, self._async_rang))

    @callback
    def _async_rang(self, event: LastEvent) -> None:
        is_ring = event.kind == DoorbellEventType.RING
        self._trigger_event(
            DoorbellEventType.RING if is_ring else EVENT_OTHER,
            {"timestamp": event.time.isoformat(), "kind": event.kind},
        )
        self.async_write_ha_state()
