"""Shutters and curtains."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.cover import (
    ATTR_POSITION,
    CoverDeviceClass,
    CoverEntity,
    CoverEntityDescription,
    CoverEntityFeature,
)
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import HomismartConfigEntry
from .entity import DeviceEntity, DeviceRow, async_add_rows
from .protocol import Kind, Motion

PARALLEL_UPDATES = 0

_OPEN: Final = 100
_CLOSED: Final = 0


@dataclass(frozen=True, kw_only=True)
class HomismartCoverDescription(DeviceRow, CoverEntityDescription):
    """A cover."""

    watches: tuple[str, ...] = ("level", "motion")


COVERS: Final = (
    HomismartCoverDescription(
        key="shutter", name=None, kinds=(Kind.SHUTTER,), device_class=CoverDeviceClass.SHUTTER
    ),
    HomismartCoverDescription(
        key="curtain", name=None, kinds=(Kind.CURTAIN,), device_class=CoverDeviceClass.CURTAIN
    ),
    HomismartCoverDescription(
        key="generic",
        name=None,
        kinds=(Kind.UNKNOWN,),
        exists_fn=lambda device: "curtainState" in device.members,
        entity_registry_enabled_default=False,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: HomismartConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the covers of an account."""
    async_add_rows(hass, entry, async_add_entities, Platform.COVER, COVERS, HomismartCover)


class HomismartCover(DeviceEntity, CoverEntity):
    """A cover that shows what the device reports."""

    entity_description: HomismartCoverDescription

    # Also while the position is not known.
    _attr_supported_features = (
        CoverEntityFeature.OPEN
        | CoverEntityFeature.CLOSE
        | CoverEntityFeature.STOP
        | CoverEntityFeature.SET_POSITION
    )

    @property
    @override
    def is_opening(self) -> bool:
        """Whether it is on its way to a more open position."""
        return self.device.motion is Motion.OPENING

    @property
    @override
    def is_closing(self) -> bool:
        """Whether it is on its way to a more closed position."""
        return self.device.motion is Motion.CLOSING

    @property
    @override
    def is_closed(self) -> bool | None:
        """Whether it stands closed; None until it has reported a level."""
        return self.device.is_closed

    @property
    @override
    def current_cover_position(self) -> int | None:
        """Percent open as reported: where it is, or where it goes to."""
        return self.device.position

    @override
    async def async_open_cover(self, **kwargs: Any) -> None:
        """Open fully."""
        await self._async_ask(self.coordinator.client.set_position(self._subject_id, _OPEN))

    @override
    async def async_close_cover(self, **kwargs: Any) -> None:
        """Close fully."""
        await self._async_ask(self.coordinator.client.set_position(self._subject_id, _CLOSED))

    @override
    async def async_stop_cover(self, **kwargs: Any) -> None:
        """Stop where it is."""
        await self._async_ask(self.coordinator.client.stop(self._subject_id))

    @override
    async def async_set_cover_position(self, **kwargs: Any) -> None:
        """Move to a position in percent open; the motors know steps of ten."""
        position = kwargs[ATTR_POSITION]
        await self._async_ask(self.coordinator.client.set_position(self._subject_id, position))

    async def _async_ask(self, command: Awaitable[None]) -> None:
        """Send a command, whatever is believed of the cover: a wrong belief must be corrigible."""
        await self.coordinator.async_command(command)
