"""Pictures that doorbells take."""

import asyncio
import logging
from typing import Final, override

from homeassistant.components.image import ImageEntity, ImageEntityDescription
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN, signal_rang
from .coordinator import Coordinator, DioConfigEntry
from .entity import DeviceEntity, DeviceRow, async_add_rows
from .protocol import Device, Kind, LastEvent, VendorError

_LOGGER = logging.getLogger(__name__)

PARALLEL_UPDATES = 0


class DioImageDescription(DeviceRow, ImageEntityDescription):
    """A picture."""


IMAGES: Final = (
    DioImageDescription(
        key="snapshot",
        translation_key="snapshot",
        kinds=(Kind.DOORBELL,),
        exists_fn=lambda device: device.snapshot_offered,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: DioConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the pictures of an account."""
    async_add_rows(hass, entry, async_add_entities, Platform.IMAGE, IMAGES, DioImage)


class DioImage(DeviceEntity, ImageEntity):
    """The last picture, kept in memory: its address is good for minutes only."""

    entity_description: DioImageDescription

    _picture: bytes | None = None
    _fetching: asyncio.Task[None] | None = None

    def __init__(self, coordinator: Coordinator, device: Device, row: DioImageDescription) -> None:
        """Start without a picture; the one of an event long ago can no longer be fetched."""
        DeviceEntity.__init__(self, coordinator, device, row)
        ImageEntity.__init__(self, coordinator.hass, verify_ssl=True)

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the doorbell."""
        await super().async_added_to_hass()
        signal = signal_rang(self.coordinator.entry_id, self._subject_id)
        self.async_on_remove(async_dispatcher_connect(self.hass, signal, self._async_rang))
        self.async_on_remove(self._end_fetching)

    @override
    async def async_image(self) -> bytes | None:
        """Give the picture."""
        return self._picture

    @callback
    def _async_rang(self, event: LastEvent) -> None:
        """Fetch what a new event offers; what the one before offered is of no interest any more."""
        self._end_fetching()
        if event.image_url:
            self._fetching = self.coordinator.entry.async_create_background_task(
                self.hass, self._async_fetch(event), f"{DOMAIN} snapshot"
            )

    async def _async_fetch(self, event: LastEvent) -> None:
        try:
            found = await self.coordinator.client.fetch_snapshot(self._subject_id)
        except VendorError as err:
            _LOGGER.debug("No snapshot for %s: %s", self.entity_id, err)
            return
        if found:
            self._picture, self._attr_content_type = found
            self._attr_image_last_updated = event.time
            self.async_write_ha_state()

    @callback
    def _end_fetching(self) -> None:
        if self._fetching:
            self._fetching.cancel()
            self._fetching = None
