"""Cameras: still images (mapping §5.4)."""

import asyncio
from collections.abc import Iterator
from datetime import datetime
import logging
from typing import Final, override

from homeassistant.components.camera import Camera, CameraEntityDescription
from homeassistant.const import Platform
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.event import async_call_later

from .const import DOMAIN
from .coordinator import Coordinator, HapConfigEntry
from .entity import HapEntity, async_add_platform, shown_services
from .protocol import Accessory, Service, ServiceUuid, VendorError

PARALLEL_UPDATES = 0

_LOGGER = logging.getLogger(__name__)

type _Size = tuple[int, int]

# What is asked for when nobody says how large an image shall be.
_USUAL_SIZE: Final = (640, 480)
# So many sizes are waited for at once; who wants yet another is given one of those.
_MAX_SIZES: Final = 4
# An image is given again to those who ask within this time.
_KEPT_S: Final = 1.0
_CAMERA: Final = CameraEntityDescription(key="camera", translation_key="camera")


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HapConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the cameras."""
    async_add_platform(hass, entry, async_add_entities, Platform.CAMERA, _new_entities)


def _new_entities(coordinator: Coordinator, accessory: Accessory) -> Iterator[HapEntity]:
    service = _stream_of(accessory)
    if service is not None:
        yield HapCamera(coordinator, service)


def _stream_of(accessory: Accessory) -> Service | None:
    """Give the first of the services that make an accessory a camera."""
    return next(shown_services(accessory, ServiceUuid.CAMERA_RTP_STREAM_MANAGEMENT), None)


class HapCamera(HapEntity, Camera):
    """A camera that takes pictures when asked to."""

    def __init__(self, coordinator: Coordinator, service: Service) -> None:
        """Describe the entity."""
        HapEntity.__init__(self, coordinator, service.accessory, _CAMERA)
        Camera.__init__(self)
        self._attr_unique_id = f"{coordinator.pairing_id}_{service.accessory.aid}"
        self._name(coordinator.names(service.accessory).of_service(service))
        self._shots: dict[_Size, asyncio.Task[bytes | None]] = {}
        """The picture that is being taken, and those that wait for it."""
        self._kept: dict[_Size, bytes] = {}
        self._drop: CALLBACK_TYPE | None = None
        self._turn = asyncio.Lock()
        self._failed = False

    @override
    def _rebind(self) -> bool:
        super()._rebind()
        if self.accessory.aid not in self.coordinator.database.accessories:
            return True
        service = _stream_of(self.accessory)
        if service is not None:
            self._name(self.coordinator.names(self.accessory).of_service(service))
        return service is not None

    @override
    async def async_will_remove_from_hass(self) -> None:
        """Take no more pictures."""
        await super().async_will_remove_from_hass()
        self._forget()
        for shot in self._shots.values():
            shot.cancel()

    @override
    async def async_camera_image(
        self, width: int | None = None, height: int | None = None
    ) -> bytes | None:
        """Take a picture, or give that of a moment ago; None when there is none."""
        size = width or _USUAL_SIZE[0], height or _USUAL_SIZE[1]
        if (kept := self._kept.get(size)) is not None:
            return kept
        if len(self._shots) >= _MAX_SIZES and size not in self._shots:
            size = next(reversed(self._shots))
        if (shot := self._shots.get(size)) is None:
            shot = self._shots[size] = self.coordinator.entry.async_create_background_task(
                self.hass, self._shoot(size), f"{DOMAIN} picture of {self.entity_id}"
            )
            shot.add_done_callback(lambda _: self._shots.pop(size, None))
        # Others wait for the same picture, whoever of them gives up.
        return await asyncio.shield(shot)

    async def _shoot(self, size: _Size) -> bytes | None:
        """Take one picture at a time: some cameras run on batteries, and take seconds for each."""
        async with self._turn:
            try:
                image = await self.coordinator.client.image(self.accessory.aid, *size)
            except VendorError as err:
                if not self._failed:
                    _LOGGER.warning("Camera %s gives no picture: %s", self.entity_id, err)
                self._failed = True
                return None
        self._failed = False
        self._keep(size, image)
        return image

    def _keep(self, size: _Size, image: bytes) -> None:
        self._forget()
        self._kept[size] = image
        self._drop = async_call_later(
            self.hass, _KEPT_S, HassJob(self._expired, cancel_on_shutdown=True)
        )

    @callback
    def _expired(self, _now: datetime) -> None:
        self._drop = None
        self._kept.clear()

    def _forget(self) -> None:
        self._kept.clear()
        if self._drop:
            self._drop()
            self._drop = None
